"""Departments: set up, learned from, put away."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.database import Database, Session
from service.departments import actions, queries
from service.departments.actions import Teaching
from service.trail import queries as trail
from tests.service.issues import town


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    async with database.write() as session:
        yield session


def taught(*texts: str) -> list[Teaching]:
    """A remit and examples with their vectors."""
    told = actions.texts_of("Water", texts[0], texts[1:])
    vectors = town.EMBEDDER.encode([text for _, text in told])
    return [Teaching(o, t, v) for (o, t), v in zip(told, vectors, strict=True)]


async def put(session: Session, teaching: list[Teaching], **more: Any) -> str:
    """The water department."""
    values = {"name": "Water", "remit": "Pipes and taps.", "norm_days": 5, **more}
    return await actions.put(
        session, key="water", taught=teaching, model=town.EMBEDDER.name, actor="cli", **values
    )


async def test_same_description_twice_changes_nothing(session: Session) -> None:
    teaching = taught("Pipes and taps.", "My tap is dry.")
    assert await put(session, teaching) == "added"
    assert await put(session, teaching) == "unchanged"
    assert await put(session, teaching, norm_days=7) == "changed"
    found = await queries.by_key(session, "water")
    assert found is not None
    assert [e.act for e in await trail.of(session, "department", found.id)] == ["change", "add"]


async def test_new_examples_replace_old_ones_and_corrections_stay(session: Session) -> None:
    await put(session, taught("Pipes and taps.", "My tap is dry."))
    body = await actions.known(session, "water")
    vector = town.EMBEDDER.encode(["brown water"])[0]
    await actions.learn(session, body.id, 7, "brown water", vector, town.EMBEDDER.name)
    assert await put(session, taught("Pipes and taps.", "No pressure.")) == "changed"
    texts = {e.text for e in await queries.examples(session, body.id)}
    assert "brown water" in texts
    assert "No pressure." in texts
    assert "My tap is dry." not in texts


async def test_several_texts_of_one_issue_teach_and_give_way_together(session: Session) -> None:
    await put(session, taught("Pipes and taps."))
    await town.body(session, "roads")
    water, roads = await actions.known(session, "water"), await actions.known(session, "roads")
    model = town.EMBEDDER.name
    for text in ("brown water", "smelly water"):
        await actions.learn(session, water.id, 7, text, town.EMBEDDER.encode([text])[0], model)
    assert {e.issue_id for e in await queries.examples(session, water.id)} == {7, None}
    held = [e for e in await queries.examples(session, water.id) if e.issue_id == 7]
    assert len(held) == 2
    vector = town.EMBEDDER.encode(["brown water"])[0]
    await actions.learn(session, roads.id, 7, "brown water", vector, model)
    assert not [e for e in await queries.examples(session, water.id) if e.issue_id == 7]
    await actions.unlearn(session, [7])
    assert not [e for e in await queries.examples(session, roads.id) if e.issue_id == 7]


async def test_department_put_away_is_routed_to_no_more(session: Session) -> None:
    await put(session, taught("Pipes and taps."))
    await actions.deactivate(session, "water", actor="staff:1")
    assert await queries.by_keys(session) == {}
    _, router = await queries.router(session, town.EMBEDDER, (None, None))
    assert router is None
    body = await actions.change(session, "water", actor="staff:1", active=True, name="Waters")
    assert (body.active, body.name) == (True, "Waters")
    with pytest.raises(actions.UnknownDepartment):
        await actions.change(session, "moon", actor="staff:1", norm_days=3)


async def test_officials_of_a_department_are_those_who_work_there(session: Session) -> None:
    ana = await town.official(session, "water", "roads")
    await town.official(session, "roads")
    await town.official(session, "water", role="auditor")
    assert [who.id for who in await queries.officials(session, "water")] == [ana.id]
