"""After the answer: what is added, disputed, forged, and the next matter."""

from datetime import timedelta

import time_machine
from httpx2 import AsyncClient
from sqlalchemy import select

from service.channels.models import InboxRow
from service.database import now
from service.installation import Installation
from service.messages.models import Contribution
from tests.journeys.citizen import Citizen
from tests.journeys.test_whole_loop import ANSWER, ASKED, Cabinet, cabinet

__all__ = ["cabinet"]

MISSING = "ainda não chegou água no fim da rua, nem ontem nem hoje"
BUS = "o ônibus da linha 12 não passa mais no bairro aos domingos"


async def answered(client: AsyncClient, cabinet: Cabinet) -> tuple[Citizen, int, int]:
    """A citizen who has an answer, the issue, and the answer."""
    citizen = Citizen(client)
    await citizen.say(ASKED)
    issue = await cabinet.issue_of(ASKED)
    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    answer = await cabinet.publish(issue, {"pt": ANSWER})
    await citizen.waits()
    return citizen, issue, answer


async def test_only_the_next_words_after_a_reopening_go_with_it(
    client: AsyncClient, cabinet: Cabinet
) -> None:
    citizen, issue, _ = await answered(client, cabinet)
    await citizen.press("Ainda não resolveu")
    assert "Juntamos o que você escreveu" in await citizen.say(MISSING)
    assert "Recebemos" in await citizen.say(BUS)
    assert await cabinet.issue_of(MISSING) == issue
    assert await cabinet.issue_of(BUS) != issue


async def test_a_reopening_nobody_spoke_after_is_over_in_an_hour(
    client: AsyncClient, cabinet: Cabinet
) -> None:
    citizen, issue, _ = await answered(client, cabinet)
    await citizen.press("Ainda não resolveu")
    with time_machine.travel(now() + timedelta(hours=1, minutes=1)):
        await citizen.say(BUS)
    assert await cabinet.issue_of(BUS) != issue


async def test_what_is_added_to_an_answered_matter_makes_it_wait_again(
    client: AsyncClient, cabinet: Cabinet, installation: Installation
) -> None:
    citizen, issue, _ = await answered(client, cabinet)
    assert "Juntamos isso" in await citizen.say("desde segunda-feira")
    assert (await cabinet.admin.get(f"/issues/{issue}"))["state"] in ("open", "assigned")
    async with installation.database.read() as session:
        assert (await session.scalars(select(Contribution.state))).all() == ["received"]
    again = await cabinet.publish(issue, {"pt": "Volta na quarta."})
    assert "Volta na quarta." in await citizen.waits()
    assert again


async def test_nobody_judges_an_answer_they_were_not_sent(
    client: AsyncClient, cabinet: Cabinet, installation: Installation
) -> None:
    _, _, answer = await answered(client, cabinet)
    mallory = Citizen(client)
    await mallory.say(BUS)
    declined = await cabinet.issue_of(BUS)
    await cabinet.admin.post(f"/issues/{declined}/decline", {"reason": "não é nosso"})
    await mallory.waits()
    async with installation.database.read() as session:
        own = (await session.scalars(select(Contribution.id).order_by(Contribution.id))).all()[-1]
    for act in ("helpful", "reopen", "not_asked"):
        assert "Esta escolha já não vale" in await mallory.forge(f"{act}:{answer}:{own}")
    assert (await cabinet.comms.get(f"/answers/{answer}"))["feedback"] == {}
    assert (await cabinet.admin.get(f"/issues/{declined}"))["state"] == "declined"


async def test_a_forged_number_is_answered_and_sets_nothing_aside(
    client: AsyncClient, cabinet: Cabinet, installation: Installation
) -> None:
    citizen = Citizen(client)
    await citizen.say("bom dia")
    for action in (
        "helpful:1:99999999999999999999",
        "reopen:99999999999999999999:1",
        "helpful:-1:0",
    ):
        assert "Esta escolha já não vale" in await citizen.forge(action)
    async with installation.database.read() as session:
        states = set((await session.scalars(select(InboxRow.state))).all())
    assert states == {"done"}


async def test_status_counts_every_request_also_those_it_does_not_list(
    client: AsyncClient, cabinet: Cabinet
) -> None:
    citizen = Citizen(client)
    for number, letter in enumerate("abcdefghijklmnopqrstuv"):
        await citizen.say(
            f"na escola {letter * 5} falta professor de turma desde março, sala {number}"
        )
    said = await citizen.say("/situacao")
    assert said.startswith("Você tem 22 pedidos")
    assert "mais 2" in said
