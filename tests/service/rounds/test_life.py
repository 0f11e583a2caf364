"""The life of a round: dates move it, staff move it with a public reason, and what wins is due."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from service.channels.models import Delivery
from service.database import Session, now
from service.errors import GabineteError
from service.installation import Installation
from service.issues import actions as issues
from service.issues.models import Issue, Theme
from service.rounds import actions, clock, queries, tally, tasks
from service.rounds.models import Nomination, Round
from service.rounds.queries import Question
from service.rounds.support import actions as support
from service.trail.actions import MACHINE
from service.trail.models import Event
from tests.service.issues import town
from tests.service.public import printing
from tests.service.rounds import polls


async def state(here: Installation, round_id: int) -> str:
    async with here.database.read() as session:
        told = await queries.round_(session, round_id)
    assert told is not None
    return told.state


async def test_dates_move_a_round_from_plan_to_answer(installation: Installation) -> None:
    here = installation
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        later = now() + timedelta(days=1)
        told = await polls.opened(session, by=comms, opens_at=later)
    await tasks.move_on(here)
    assert await state(here, told.id) == "planned"
    async with here.database.write() as session:
        await session.execute(update(Round).values(opens_at=now()))
    await tasks.move_on(here)
    assert await state(here, told.id) == "open"
    async with here.database.write() as session:
        most = await polls.question(session, here, told, 3, name="hospital beds")
        await polls.question(session, here, told, 1, name="school meals")
        await session.execute(update(Round).values(closes_at=now()))
    await tasks.move_on(here)
    assert await state(here, told.id) == "due"
    async with here.database.read() as session:
        ((_, won),) = await queries.due(session)
        issue = await town.at(session, most)
    assert (won.issue_id, won.supporters) == (most, 3)
    assert won.due_at is not None
    assert issue.due_at == won.due_at, "the official's own clock shows it"
    async with here.database.write() as session:
        await printing.published(session, here, most)
    await tasks.move_on(here)
    assert await state(here, told.id) == "closed"
    async with here.database.read() as session:
        told_of = select(Event.act).where(Event.thing == "round").order_by(Event.id)
        acts = (await session.scalars(told_of)).all()
        assert await queries.due(session) == []
    assert acts == ["begin", "open", "owe", "end", "end"]


async def test_the_days_to_answer_are_days_of_the_calendar_also_over_a_change_of_clocks(
    installation: Installation,
) -> None:
    lisbon = installation.settings.model_copy(update={"time_zone": "Europe/Lisbon"})
    closes = datetime(2026, 3, 20, 23, 59, tzinfo=lisbon.zone)
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        await polls.question(session, installation, told, 1)
        await session.execute(update(Round).values(closes_at=closes))
    async with installation.database.write() as session:
        await actions.end(session, lisbon, told.id, actor=MACHINE)
        ((_, won),) = await queries.due(session)
    assert won.due_at == datetime(2026, 3, 30, 23, 59, tzinfo=lisbon.zone)
    assert clock.days_until(won.due_at, closes, lisbon.zone) == 10


async def test_one_question_wins_two_rounds_and_one_answer_closes_both(
    installation: Installation,
) -> None:
    here = installation
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        first, second = [
            await polls.opened(session, by=comms, title=title) for title in ("May", "June")
        ]
        issue = await polls.question(session, here, first, 2)
        person, identity = await town.person(session, "pt")
        for told in (first, second):
            await support.support(session, told.id, issue, person_id=person, identity_id=identity)
        for told in (first, second):
            assert (await polls.ended(session, here, told.id)).state == "due"
        assert [q.supporters for _, q in await queries.due(session)] == [3, 1]
        await printing.published(session, here, issue)
    for told in (first, second):
        await tasks.tell_round(here, told.id)
    await tasks.move_on(here)
    assert [await state(here, told.id) for told in (first, second)] == ["closed", "closed"]
    async with here.database.read() as session:
        keys = (await session.scalars(select(Delivery.key))).all()
    ended = [key for key in keys if key.startswith("round-ended:")]
    assert sorted(key.split(":")[1] for key in ended) == [str(first.id)] * 3 + [str(second.id)]


async def test_an_end_nobody_asked_in_closes_the_round(installation: Installation) -> None:
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        await polls.ended(session, installation, told.id)
    assert await state(installation, told.id) == "closed"


async def test_staff_move_a_round_only_with_a_reason(installation: Installation) -> None:
    here = installation
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        await polls.question(session, here, told, 2)
        with pytest.raises(issues.NoReason):
            await actions.end(session, here.settings, told.id, actor=comms.actor, reason=" ")
        longer = told.closes_at + timedelta(days=5)
        with pytest.raises(issues.NoReason):
            await actions.extend(session, told.id, by=comms, until=longer, reason="")
        shorter = told.closes_at - timedelta(days=5)
        with pytest.raises(actions.WrongDates):
            await actions.extend(session, told.id, by=comms, until=shorter, reason="x")
        await actions.extend(session, told.id, by=comms, until=longer, reason="The floods.")
        await actions.end(session, here.settings, told.id, actor=comms.actor, reason="Elections.")
        assert told.state == "due"
        assert told.closes_at <= now()
        with pytest.raises(issues.NoReason):
            await actions.end(session, here.settings, told.id, actor=comms.actor)
        await actions.end(session, here.settings, told.id, actor=comms.actor, reason="No money.")
        with pytest.raises(actions.WrongRoundState):
            await actions.extend(session, told.id, by=comms, until=longer, reason="Again.")
        whys = [event.why for event in await queries.history(session, told.id)]
    assert (told.state, told.reason) == ("closed", "No money.")
    assert whys == ["The floods.", "Elections.", "No money."]


async def test_rules_stay_as_they_were_when_it_began(installation: Installation) -> None:
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms, opens_at=now() + timedelta(days=1))
        await actions.change(session, told.id, by=comms, per_theme=2, answer_days=5)
        await actions.begin(session, told.id, actor=comms.actor)
        with pytest.raises(actions.WrongRoundState):
            await actions.change(session, told.id, by=comms, per_theme=1)
        texts = {"pt": ("Perguntas", ""), "en": ("Questions", "")}
        await actions.change(session, told.id, by=comms, texts=texts, counts_shown="after")
        with pytest.raises(actions.NoRoundText):
            await actions.change(session, told.id, by=comms, texts={"en": ("", "")})
    assert (told.per_theme, told.answer_days, told.counts_shown) == (2, 5, "after")


async def test_declining_the_leading_question_does_not_end_its_vote(
    installation: Installation,
) -> None:
    here = installation
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        most = await polls.question(session, here, told, 3, name="hospital beds")
        await polls.question(session, here, told, 1, name="school meals")
        await issues.decline(session, here.vault, here.settings, most, by=comms, reason="No.")
        await polls.ended(session, here, told.id)
        (won,) = [q for q in await queries.questions(session, told) if q.due_at]
        assert won.issue_id == most
        assert (await town.at(session, most)).state in ("open", "assigned"), "it waits again"
        await issues.decline(session, here.vault, here.settings, most, by=comms, reason="No.")
        await actions.fulfil(session, told.id)
    assert told.state == "due", "only an answer fulfils what was promised"


async def test_what_was_answered_meanwhile_makes_room(installation: Installation) -> None:
    here = installation
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        most = await polls.question(session, here, told, 3, name="hospital beds")
        next_one = await polls.question(session, here, told, 2, name="school meals")
        await printing.published(session, here, most)
        await polls.ended(session, here, told.id)
        won = [q.issue_id for q in await queries.questions(session, told) if q.due_at]
    assert won == [next_one]


async def test_each_theme_has_its_winners(installation: Installation) -> None:
    here = installation
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms, per_theme=1)
        ids = [await polls.question(session, here, told, n, name=f"q{n}") for n in (4, 3, 2, 1)]
        for name, mine in (("a", ids[:2]), ("b", ids[2:])):
            theme = await themed(session, name)
            await session.execute(update(Issue).where(Issue.id.in_(mine)).values(theme_id=theme))
        await polls.ended(session, here, told.id)
        won = {q.issue_id for q in await queries.questions(session, told) if q.due_at}
    assert won == {ids[0], ids[2]}


async def themed(session: Session, name: str) -> int:
    row = Theme(name=name, phrases=[], created_at=now())
    session.add(row)
    await session.flush()
    return row.id


async def test_everybody_who_took_part_hears_once_how_it_ended(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "CHUNK", 2)
    here = installation
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        await polls.question(session, here, told, 2, name="hospital beds")
        await polls.question(session, here, told, 1, name="school meals")
        await polls.ended(session, here, told.id)
    for _ in range(2):
        await tasks.tell_round(here, told.id)
    async with here.database.read() as session:
        said = [text for _, key, text in await town.told(session, here.vault) if "ended" in key]
        causes = set((await session.scalars(select(Delivery.cause))).all())
    assert len(said) == 3
    assert sum("A question you support is due an answer" in text for text in said) == 2
    assert sum("The question with the most support" in text for text in said) == 1
    assert all("hospital beds" in text for text in said)
    assert "round" in causes


def voted(supporters: Sequence[int], **more: object) -> list[Question]:
    """Questions with so many supporters."""
    base = {
        "name": "q", "named": True, "state": "open", "ended": None, "theme_id": None, "theme": None,
        "department_key": None, "department": None, "official_id": None, "official": None,
        "aside": None, "due_at": None, "by_lot": False, "answered_at": None, "at": now(),
    }  # fmt: skip
    return [
        Question(nomination_id=n, issue_id=n, supporters=count, **{**base, **more})  # type: ignore[arg-type]
        for n, count in enumerate(supporters, 1)
    ]


@given(
    supporters=st.lists(st.integers(0, 5), max_size=8),
    per_theme=st.integers(0, 3),
    seed=st.text(max_size=5),
)
def test_nobody_is_passed_over_by_a_question_with_less_support(
    supporters: list[int], per_theme: int, seed: str
) -> None:
    found = voted(supporters)
    chosen = tally.choose(found, per_theme, seed)
    able = [one for one in found if one.supporters]
    assert len(chosen) == min(per_theme or 1, len(able))
    won = {one.question.issue_id for one in chosen}
    left = [one.supporters for one in able if one.issue_id not in won]
    assert all(one.question.supporters >= max(left, default=0) for one in chosen)
    drawn = {one.question.supporters for one in chosen if one.by_lot}
    assert drawn <= set(left), "a lot is drawn among equals only"
    assert tally.choose(found[::-1], per_theme, seed) == chosen, "who came first does not count"


def test_a_lot_favours_nobody() -> None:
    found = voted([2, 2, 2, 2])
    wins = [tally.choose(found, 0, str(seed))[0].question.issue_id for seed in range(400)]
    assert all(60 < wins.count(one.issue_id) < 140 for one in found)


STEPS = st.sampled_from(["begin", "extend", "end", "fulfil", "answer", "support", "time"])


@settings(
    max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(steps=st.lists(STEPS, max_size=9))
async def test_whatever_is_tried_a_round_only_moves_on(
    installation: Installation, steps: list[str]
) -> None:
    """Its state never goes back, it is due exactly while something won waits, and every move is on
    the trail.
    """
    here, order = installation, ("planned", "open", "due", "closed")
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms, opens_at=now() + timedelta(days=1))
        issue, *_ = await town.asked(session, here.vault, 1)
        await issues.rename(session, issue, "A question", by=comms)
    before = "planned"
    for step in steps:
        await _try(here, told.id, issue, step)
        after = await state(here, told.id)
        assert order.index(after) >= order.index(before)
        before = after
        async with here.database.read() as session:
            rows = (
                await session.scalars(select(Nomination).where(Nomination.round_id == told.id))
            ).all()
            moves = await session.execute(
                select(Event.was, Event.became)
                .where(Event.thing == "round", Event.thing_id == told.id)
                .where(Event.became.is_not(None))
                .order_by(Event.id)
            )
        trail = [tuple(row) for row in moves.all()]
        assert [None, *(became for _, became in trail)][:-1] == [was for was, _ in trail]
        assert trail[-1][1] == after
        if after == "due":
            assert any(row.due_at and row.answered_at is None for row in rows)
        if after in ("planned", "open"):
            assert not any(row.due_at for row in rows)


async def _try(here: Installation, round_id: int, issue: int, step: str) -> None:
    """One step of staff, of citizens or of the clock; it may be refused, and then nothing
    changes.
    """

    async def act() -> None:
        async with here.database.write() as session:
            comms = await town.official(session, role="comms")
            if step == "begin":
                await actions.begin(session, round_id, actor=comms.actor)
            elif step == "extend":
                until = now() + timedelta(days=90)
                await actions.extend(session, round_id, by=comms, until=until, reason="r")
            elif step == "end":
                await actions.end(session, here.settings, round_id, actor=comms.actor, reason="r")
            elif step == "fulfil":
                await actions.fulfil(session, round_id)
            elif step == "answer":
                await printing.published(session, here, issue)
            elif step == "support":
                person, identity = await town.person(session)
                await support.support(
                    session, round_id, issue, person_id=person, identity_id=identity
                )
            else:
                over = update(Round).where(Round.id == round_id, Round.state == "open")
                await session.execute(over.values(closes_at=now()))
        await tasks.move_on(here)

    try:
        await act()
    except GabineteError:
        return
