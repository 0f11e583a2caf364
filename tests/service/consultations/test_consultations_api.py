"""Consultations over HTTP: planned, opened, moved, put off; who may do what; what programs read."""

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select

from service.consultations.tasks import advance
from service.database import now
from service.installation import Installation
from service.trail.models import Event
from tests.journeys.citizen import Citizen
from tests.journeys.colleague import hire
from tests.journeys.hearing_room import LIKE, OTHER, SEED, Hearing, open_hearing, plan


@pytest.fixture
async def hearing(client: AsyncClient, installation: Installation) -> Hearing:
    return await open_hearing(client, installation)


async def test_a_drafted_one_is_read_by_nobody_outside(
    client: AsyncClient, installation: Installation
) -> None:
    hearing = await open_hearing(client, installation, opened=False)
    assert (await client.get(f"/v1/consultations/{hearing.id}")).status_code == 404
    assert (await client.get("/v1/consultations")).json()["total"] == 0
    assert "Não há consulta" in await Citizen(client).say(f"/start consultation-{hearing.id}")
    await hearing.comms.post(f"/consultations/{hearing.id}/open")
    told = (await client.get(f"/v1/consultations/{hearing.id}")).json()
    assert told["texts"]["en"]["title"] == "Health nearby"
    assert [one["names"]["es"] for one in told["themes"]] == ["Centros de salud", "Medicamentos"]
    assert "created_by" not in told


async def test_it_opens_by_its_date_and_goes_on_by_its_dates(
    client: AsyncClient, installation: Installation
) -> None:
    later = now() + timedelta(days=1)
    hearing = await open_hearing(client, installation, proposing_from=later.isoformat())
    assert (await hearing.state())["state"] == "drafted"
    await hearing.passes("proposing_from")
    assert (await hearing.state())["state"] == "proposing"
    await hearing.passes("proposing_until")
    await hearing.passes("screening_until")
    assert (await hearing.state())["state"] == "screening", "there is nothing to vote on"
    await hearing.seed(SEED)
    await hearing.seed(LIKE)
    await advance(installation)
    assert (await hearing.state())["state"] == "voting"
    await hearing.passes("voting_until")
    assert (await hearing.state())["state"] == "shortlisted"
    await advance(installation)
    async with installation.database.read() as session:
        found = await session.scalars(
            select(Event)
            .where(Event.thing == "consultation", Event.act == "move")
            .order_by(Event.id)
        )
        moves = [(one.was, one.became, one.actor) for one in found.all()]
    assert moves == [
        ("drafted", "proposing", "machine"), ("proposing", "screening", "machine"),
        ("screening", "voting", "machine"), ("voting", "shortlisted", "machine"),
    ]  # fmt: skip


async def test_what_was_drafted_but_not_opened_waits_for_nobody(
    client: AsyncClient, installation: Installation
) -> None:
    hearing = await open_hearing(client, installation, opened=False)
    await hearing.passes("proposing_from")
    assert (await hearing.state())["state"] == "drafted"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"proposing_until": plan()["proposing_from"]}, "wrong_dates"),
        ({"open_to": "place"}, "wrong_opening"),
        ({"open_to": "code", "entry_code": "ab-1"}, "wrong_opening"),
    ],
)
async def test_a_plan_that_cannot_be_is_refused(
    client: AsyncClient, installation: Installation, more: dict[str, Any], error: str
) -> None:
    comms = await hire(client, installation, "comms")
    assert await comms.refused("/consultations", {**plan(), **more}) == error


async def test_nothing_incomplete_is_opened_and_nothing_open_is_planned_anew(
    client: AsyncClient, installation: Installation
) -> None:
    comms = await hire(client, installation, "comms")
    made = await comms.post("/consultations", plan())
    path = f"/consultations/{made['id']}"
    assert await comms.refused(f"{path}/open") == "consultation_not_complete"
    await comms.put(f"{path}/texts/pt", {"title": "Saúde", "question": "O que primeiro?"})
    assert await comms.refused(f"{path}/open") == "consultation_not_complete"
    themes = {"themes": [{"pt": "Postos"}, {"pt": "Remédios"}]}
    two = (await comms.put(f"{path}/themes", themes))["themes"]
    one = (await comms.put(f"{path}/themes", {"themes": [{"pt": "Postos de saúde"}]}))["themes"]
    assert one == [{"id": two[0]["id"], "names": {"pt": "Postos de saúde"}}]
    await comms.post(f"{path}/open")
    for body, method in ((plan(), "PUT"), (None, "POST")):
        where = path if method == "PUT" else f"{path}/open"
        response = await client.request(method, f"/api/v1{where}", json=body, headers=comms.headers)
        assert response.json()["error"] == "consultation_wrong_state"
    said = {"title": "Salud", "question": "¿Qué primero?"}
    await comms.put(f"{path}/texts/es", said)
    changed = await client.put(f"/api/v1{path}/texts/pt", json=said, headers=comms.headers)
    assert changed.json()["error"] == "consultation_wrong_state"


async def test_a_theme_that_has_proposals_stays(
    client: AsyncClient, installation: Installation
) -> None:
    hearing = await open_hearing(client, installation, opened=False)
    await hearing.seed(theme=1)
    body = {"themes": [{"pt": "Postos"}]}
    response = await client.put(
        f"/api/v1/consultations/{hearing.id}/themes", json=body, headers=hearing.comms.headers
    )
    assert response.json()["error"] == "wrong_themes"


async def test_an_extension_pushes_what_follows_only_as_far_as_it_must(
    hearing: Hearing,
) -> None:
    before = await hearing.state()
    path = f"/consultations/{hearing.id}/extend"
    body = {"phase": "proposing", "until": before["screening_until"], "reason": "Uma enchente."}
    assert await hearing.comms.refused(path, {**body, "reason": " "}) == "no_public_reason"
    late = {**body, "until": before["proposing_from"]}
    assert await hearing.comms.refused(path, late) == "wrong_dates"
    after = await hearing.comms.post(path, body)
    assert after["proposing_until"] == before["screening_until"]
    assert after["screening_until"] == before["voting_until"]
    assert after["voting_until"] > before["voting_until"]
    assert [one["phase"] for one in after["extensions"]] == ["proposing", "screening", "voting"]
    assert {one["reason"] for one in after["extensions"]} == {"Uma enchente."}


async def test_moving_by_hand_makes_the_date_true(hearing: Hearing) -> None:
    path = f"/consultations/{hearing.id}/move"
    body = {"to": "screening", "why": "Já há propostas bastantes."}
    assert await hearing.comms.refused(path, {**body, "why": ""}) == "no_public_reason"
    wrong = await hearing.comms.refused(path, {**body, "to": "shortlisted"})
    assert wrong == "consultation_wrong_state"
    after = await hearing.comms.post(path, body)
    assert after["state"] == "screening"
    assert after["proposing_until"] <= now().isoformat()
    nothing = await hearing.comms.refused(path, {**body, "to": "voting"})
    assert nothing == "nothing_to_vote_on"


async def test_officials_read_and_do_not_act(
    client: AsyncClient, installation: Installation, hearing: Hearing
) -> None:
    number = await hearing.seed()
    official = await hire(client, installation, "official", departments=("water",))
    path = f"/consultations/{hearing.id}"
    assert (await official.get(f"{path}/proposals"))["total"] == 1
    assert (await official.get(f"{path}/queue"))["total"] == 0
    acts: list[tuple[str, object]] = [
        ("/consultations", plan()), (f"{path}/open", None),
        (f"{path}/cancel", {"reason": "porque sim"}),
        (f"{path}/proposals", {"theme_id": 1, "lang": "pt", "text": SEED}),
        (f"/proposals/{number}/refuse", {"reason": "porque sim"}),
        (f"/proposals/{number}/admit", None), (f"/proposals/{number}/reply", {"text": "Sim."}),
    ]  # fmt: skip
    for where, body in acts:
        assert await official.refused(where, body) == "forbidden", where
    assert (await client.get(f"/api/v1{path}")).status_code == 401


async def test_seeds_are_of_staff_and_of_the_right_length(hearing: Hearing) -> None:
    path = f"/consultations/{hearing.id}/proposals"
    body = {"theme_id": hearing.themes[0], "lang": "pt", "text": SEED}
    for text in ("curto", "muito " * 101):
        wrong = await hearing.comms.refused(path, {**body, "text": text})
        assert wrong == "proposal_wrong_length"
    assert await hearing.comms.refused(path, {**body, "theme_id": 99}) == "wrong_theme"
    seed = await hearing.comms.post(path, body)
    assert (seed["origin"], seed["state"], seed["channel"]) == ("staff", "admitted", None)
    assert await hearing.comms.refused(f"/proposals/{seed['id']}/ask-to-join", {
        "with_id": seed["id"],
    }) == "proposals_not_together"  # fmt: skip


async def test_shown_together_keeps_both_and_the_oldest_inherits(hearing: Hearing) -> None:
    one, two, three = [await hearing.seed(f"{SEED} Número {at}.") for at in range(3)]
    other = await hearing.seed(OTHER, theme=1)
    act = hearing.comms.post
    assert await hearing.comms.refused(
        f"/proposals/{other}/together", {"with_id": one}
    ) == "proposals_not_together"  # fmt: skip
    await act(f"/proposals/{two}/together", {"with_id": one})
    await act(f"/proposals/{three}/together", {"with_id": two})
    shown = {id_: (await hearing.comms.get(f"/proposals/{id_}")) for id_ in (one, two, three)}
    assert [one_["shown_with"] for one_ in shown.values()] == [None, one, one]
    await act(f"/proposals/{one}/refuse", {"reason": "repetida"})
    shown = {id_: (await hearing.comms.get(f"/proposals/{id_}")) for id_ in (two, three)}
    assert [one_["shown_with"] for one_ in shown.values()] == [None, two]
    moved = await hearing.comms.put(f"/proposals/{three}/theme", {"theme_id": hearing.themes[1]})
    assert moved["shown_with"] is None


async def test_once_people_vote_no_wording_changes(hearing: Hearing) -> None:
    number = await hearing.seed()
    await hearing.seed(LIKE)
    await hearing.passes("proposing_until")
    await hearing.passes("screening_until")
    assert (await hearing.state())["state"] == "voting"
    response = await hearing.comms._send(
        "PUT", f"/proposals/{number}/wording", json={"text": OTHER}
    )
    assert response.json()["error"] == "consultation_wrong_state"


async def test_programs_read_what_was_admitted_and_no_more(
    client: AsyncClient, hearing: Hearing
) -> None:
    seed = await hearing.seed()
    ana = Citizen(client)
    await ana.say("/consulta")
    await ana.say(OTHER)
    path = f"/v1/consultations/{hearing.id}/proposals"
    response = await client.get(path)
    assert response.headers["access-control-allow-origin"] == "*"
    (only,) = response.json()["items"]
    assert (only["id"], only["origin"], only["supports"]) == (seed, "staff", None)
    (waiting,) = await hearing.queue()
    await hearing.comms.post(f"/proposals/{waiting['proposal']['id']}/admit")
    told = (await client.get(path)).json()
    assert [one["shown"] for one in told["items"]] == [SEED, OTHER]
    assert {"person_id", "channel", "identity_id"}.isdisjoint(told["items"][1])
    assert (await client.get("/v1/consultations/99/proposals")).status_code == 404


async def test_an_export_has_every_proposal(client: AsyncClient, hearing: Hearing) -> None:
    await hearing.seed("=" + SEED)
    response = await client.get(
        "/api/v1/export/proposals", params={"form": "csv"}, headers=hearing.comms.headers
    )
    head, line = response.text.splitlines()
    assert head.startswith("id,consultation,theme,text,edited")
    assert "'=Abrir" in line
