"""Rounds over HTTP: who may run them, and what each reads."""

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from service.database import now
from service.installation import Installation
from service.rounds import actions
from tests.journeys.colleague import Colleague, hire
from tests.service.issues import town
from tests.service.rounds import polls

BODY: dict[str, Any] = {"lang": "en", "texts": {"en": {"title": "Questions of May"}}}


async def plan(comms: Colleague, **more: Any) -> Any:
    """A new round."""
    return await comms.post("/rounds", {**BODY, **more})


async def test_comms_run_rounds_and_others_read_them(
    client: AsyncClient, installation: Installation
) -> None:
    comms = await hire(client, installation, "comms")
    official = await hire(client, installation, "official", departments=("water",))
    assert await official.refused("/rounds", BODY) == "forbidden"
    made = await plan(comms)
    assert (made["state"], made["answer_days"], made["per_theme"]) == ("open", 10, 0)
    path = f"/rounds/{made['id']}"
    for act, body in (
        ("extend", {"until": made["closes_at"], "reason": "x"}), ("end", {"reason": "x"}),
        ("begin", None), ("questions/1/set_aside", {"reason": "x"}), ("questions/1/let_in", None),
    ):  # fmt: skip
        assert await official.refused(f"{path}/{act}", body) == "forbidden", act
    assert [one["id"] for one in await official.get("/rounds")] == [made["id"]]
    longer = (now() + timedelta(days=40)).isoformat()
    extended = await comms.post(f"{path}/extend", {"until": longer, "reason": "Floods."})
    assert extended["closes_at"] > made["closes_at"]
    changed = await comms.change(path, {"texts": {"pt": {"title": "Perguntas"}}})
    assert set(changed["texts"]) == {"en", "pt"}
    ended = await comms.post(f"{path}/end", {"reason": "Elections."})
    assert (ended["state"], ended["reason"]) == ("closed", "Elections.")


@pytest.mark.parametrize(
    ("body", "error"),
    [({"texts": {"pt": {"title": "x"}}}, "no_round_text"),
     ({"closes_at": "2020-01-01T00:00:00Z"}, "wrong_round_dates"),
     ({"closes_at": "2020-01-01T00:00:00"}, "malformed"),
     ({"per_theme": -1}, "malformed"), ({"counts_shown": "never"}, "malformed")],
)  # fmt: skip
async def test_what_cannot_be_a_round_is_refused(
    client: AsyncClient, installation: Installation, body: dict[str, Any], error: str
) -> None:
    comms = await hire(client, installation, "comms")
    assert await comms.refused("/rounds", {**BODY, **body}) == error
    assert await comms.get("/rounds") == []


async def test_other_departments_questions_are_read_only_where_everybody_reads_them(
    client: AsyncClient, installation: Installation
) -> None:
    comms = await hire(client, installation, "comms")
    official = await hire(client, installation, "official", departments=("water",))
    made = await plan(comms)
    async with installation.database.write() as session:
        await town.body(session, "water")
        roads = await town.body(session, "roads")
        told = await actions.find(session, made["id"])
        await polls.question(session, installation, told, 2, name="A bridge", body=roads)
        secret = await polls.question(
            session, installation, told, 1, name="words of Ana", named=False, body=roads
        )
    path = f"/rounds/{made['id']}"
    assert {one["name"] for one in (await official.get(path))["questions"]} == {"A bridge"}
    assert len((await comms.get(path))["questions"]) == 2
    await comms.post(f"{path}/questions/{secret}/set_aside", {"reason": "Private."})
    aside = {one["name"]: one["aside"] for one in (await comms.get(path))["questions"]}
    assert aside == {"A bridge": None, "words of Ana": "Private."}
    await comms.post(f"{path}/questions/{secret}/let_in")
    assert await comms.refused(f"{path}/questions/99/let_in") == "unknown_question"
    assert await comms.refused("/rounds/99/end", {"reason": "x"}) == "unknown_round"


async def test_a_planned_round_is_opened_changed_and_called_off(
    client: AsyncClient, installation: Installation
) -> None:
    comms = await hire(client, installation, "comms")
    later = (now() + timedelta(days=3)).isoformat()
    made, other = [await plan(comms, opens_at=later) for _ in range(2)]
    assert made["state"] == "planned"
    await comms.change(f"/rounds/{made['id']}", {"per_theme": 2})
    begun = await comms.post(f"/rounds/{made['id']}/begin")
    assert (begun["state"], begun["per_theme"]) == ("open", 2)
    off = await comms.post(f"/rounds/{other['id']}/end", {"reason": "Not now."})
    assert off["state"] == "closed"
    assert await comms.refused(f"/rounds/{other['id']}/begin") == "wrong_round_state"
