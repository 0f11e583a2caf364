"""The meeting in chat, in each language on the web and on Telegram: invited, accepted, declined,
pressed twice, too late, by somebody else, after erasure; and what came of it.
"""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, update

from service.consultations.meeting import tasks
from service.consultations.meeting.models import Invitation, Meeting
from service.consultations.models import Consultation
from service.consultations.voting import booth
from service.consultations.voting import tasks as voting
from service.database import now
from service.installation import Installation
from service.phrases import say
from service.settings import Settings
from tests.conftest import make_settings
from tests.doubles.telegram import TOKEN, Telegram
from tests.journeys.citizen import Citizen
from tests.journeys.colleague import Colleague, hire
from tests.journeys.telegram_citizen import TelegramCitizen
from tests.service.consultations.meeting.test_meeting_api import body
from tests.service.consultations.voting.polling import Poll, open_poll

PUBLIC = "https://vale.example"
WORDS = {"pt": "votar", "es": "votar", "en": "vote"}
CALENDAR = re.compile(rf"{PUBLIC}(/meetings/\S+\.ics)")


@dataclass(frozen=True)
class Hall:
    """A consultation of seeds that people vote on, and who runs it."""

    here: Installation
    poll: Poll
    comms: Colleague

    async def ends(self, seats: int) -> None:
        """The voting ends, and so many are invited by lot."""
        await self.poll.change(Consultation, self.poll.id, state="shortlisted")
        await voting.close(self.here)
        path = f"/consultations/{self.poll.id}/meeting"
        await self.comms.put(path, body(author_seats=0, lottery_seats=seats))
        await self.comms.post(f"{path}/invite")

    async def rows(self) -> list[Invitation]:
        """All invitations, by person."""
        async with self.here.database.read() as session:
            found = await session.scalars(select(Invitation).order_by(Invitation.person_id))
            return list(found.all())

    async def late(self) -> None:
        """The time to answer is over."""
        async with self.here.database.write() as session:
            await session.execute(
                update(Invitation)
                .where(Invitation.state == "invited")
                .values(answer_until=now() - timedelta(seconds=1))
            )


@pytest.fixture
def settings(
    tmp_path: Path, database_url: str, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """On the web and on Telegram; ballots are read anew each time."""
    monkeypatch.setattr(booth, "FRESH", 0.0)
    return make_settings(
        tmp_path, database_url, channels=("web", "telegram"), telegram_token=TOKEN,
        telegram_api_url=telegram.url, public_url=PUBLIC,
    )  # fmt: skip


@pytest.fixture
async def hall(client: AsyncClient, installation: Installation) -> Hall:
    """Six proposals of staff."""
    comms = await hire(client, installation, "comms")
    return Hall(installation, await open_poll(installation, (6,)), comms)


async def voted(one: Citizen | TelegramCitizen, lang: str) -> None:
    """Somebody takes part."""
    await one.say(f"/{WORDS[lang]}")
    await one.press("A")


@pytest.mark.parametrize("channel", ["web", "telegram"])
@pytest.mark.parametrize("lang", ["pt", "es", "en"])
async def test_invited_accepted_twice_and_given_on_after_all(
    lang: str, channel: str, client: AsyncClient, telegram: Telegram, hall: Hall
) -> None:
    one = Citizen(client, lang) if channel == "web" else TelegramCitizen(telegram, lang)
    await voted(one, lang)
    await hall.ends(1)
    asked = await one.waits()
    assert say("meeting.invited.lottery", lang, title="Saúde") in asked
    assert say("meeting.where", lang, address="Rua da Praia 100") in asked
    taken = await one.press(say("button.attend", lang))
    assert say("meeting.accepted", lang) in taken
    found = CALENDAR.search(taken)
    assert found is not None
    assert (await client.get(found.group(1))).status_code == 200
    again = await one.say(f"/start consultation-{hall.poll.id}")
    assert say("meeting.accepted", lang) in again
    (row,) = await hall.rows()
    if isinstance(one, Citizen):
        twice = await one.forge(f"attend:{row.id}")
        assert say("meeting.accepted_before", lang) in twice
    left = await one.press(say("button.absent", lang))
    assert say("meeting.declined", lang) in left
    assert (await client.get(found.group(1))).status_code == 404
    if isinstance(one, Citizen):
        assert await one.forge(f"attend:{row.id}") == say("meeting.declined_before", lang)
        assert await one.forge(f"absent:{row.id}") == say("meeting.declined_before", lang)


@pytest.mark.parametrize("channel", ["web", "telegram"])
@pytest.mark.parametrize("lang", ["pt", "es", "en"])
async def test_who_comes_is_reminded_where_they_write_and_asked_anew_after_a_call_off(
    lang: str, channel: str, client: AsyncClient, telegram: Telegram, hall: Hall
) -> None:
    one = Citizen(client, lang) if channel == "web" else TelegramCitizen(telegram, lang)
    await voted(one, lang)
    await hall.ends(1)
    await one.waits()
    await one.press(say("button.attend", lang))
    soon = now() + timedelta(hours=23)
    async with hall.here.database.write() as session:
        await session.execute(update(Meeting).values(starts_at=soon))
        await session.execute(update(Invitation).values(answered_at=now() - timedelta(days=2)))
    assert await tasks.remind(hall.here) == 1
    told = await one.waits()
    assert say("meeting.reminder", lang, title="Saúde") in told
    assert say("meeting.where", lang, address="Rua da Praia 100") in told
    assert CALENDAR.search(told)
    path = f"/consultations/{hall.poll.id}/meeting"
    await hall.comms.post(f"{path}/call-off", {"reason": "Chuva."})
    assert say("meeting.called_off", lang, title="Saúde", reason="Chuva.") in await one.waits()
    starts = now() + timedelta(days=9)
    plan = {
        "starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat(),
        "answer_until": (starts - timedelta(days=1)).isoformat(), "author_seats": 1,
        "lottery_seats": 1, "address": "Rua da Praia 200",
    }  # fmt: skip
    await hall.comms.put(path, plan)
    again = await one.waits()
    assert say("meeting.again", lang, title="Saúde") in again
    assert say("meeting.where", lang, address="Rua da Praia 200") in again
    assert say("meeting.accepted", lang) in await one.press(say("button.attend", lang))


async def three(client: AsyncClient, hall: Hall) -> dict[int, Citizen]:
    """Three people who voted, by person; one seat is offered."""
    people = [Citizen(client) for _ in range(3)]
    for one in people:
        await voted(one, "pt")
    await hall.ends(1)
    return dict(zip([row.person_id or 0 for row in await hall.rows()], people, strict=True))


async def seated(hall: Hall) -> Invitation:
    """Who is offered the seat."""
    (one,) = [row for row in await hall.rows() if row.state in ("invited", "accepted")]
    return one


async def test_a_seat_that_is_declined_or_not_answered_goes_to_the_next(
    client: AsyncClient, hall: Hall
) -> None:
    people = await three(client, hall)
    first = await seated(hall)
    await people[first.person_id or 0].press("Não posso ir")
    second = await seated(hall)
    next_one = people[second.person_id or 0]
    assert "sorteio" in await next_one.waits()
    await hall.late()
    assert "O prazo para responder acabou, e o lugar" in await next_one.press("Vou participar")
    third = await seated(hall)
    assert len({first.id, second.id, third.id}) == 3
    assert "sorteio" in await people[third.person_id or 0].waits()
    await tasks.pass_on(hall.here)
    said = [line["text"] for line in await next_one.heard()]
    assert sum("passa para outra pessoa" in line for line in said) == 1


async def test_nobody_answers_for_another_nor_after_the_meeting_nor_once_erased(
    client: AsyncClient, hall: Hall
) -> None:
    people = await three(client, hall)
    row = await seated(hall)
    mine = people.pop(row.person_id or 0)
    other = next(iter(people.values()))
    for act in ("attend", "absent"):
        assert "Este convite não é seu" in await other.forge(f"{act}:{row.id}")
    assert await other.forge("attend:x") == say("button.gone", "pt")
    held = json.loads(await mine.say("/exportar"))
    assert held["invitations"][0]["state"] == "invited"
    await mine.press("Vou participar")
    await mine.say("/apagar")
    erased = await mine.press(say("button.erase_yes", "pt"))
    assert "Seu lugar no encontro passa para outra pessoa" in erased
    assert "Este convite não é seu" in await mine.forge(f"attend:{row.id}")
    heir = await seated(hall)
    assert heir.id != row.id
    async with hall.here.database.write() as session:
        await session.execute(update(Meeting).values(starts_at=now() - timedelta(minutes=1)))
    late = await people[heir.person_id or 0].forge(f"attend:{heir.id}")
    assert "não pode mais ser respondido" in late
    said = await people[heir.person_id or 0].say(f"/start consultation-{hall.poll.id}")
    assert "Rua da Praia 100" not in said, "no seat is offered once it has begun"


@pytest.mark.parametrize("lang", ["pt", "es", "en"])
async def test_who_voted_hears_what_came_of_it(
    lang: str, client: AsyncClient, telegram: Telegram, hall: Hall
) -> None:
    people: list[Citizen | TelegramCitizen] = [
        Citizen(client, lang), TelegramCitizen(telegram, lang),
    ]  # fmt: skip
    for one in people:
        await voted(one, lang)
    path = f"/consultations/{hall.poll.id}"
    await hall.poll.change(Consultation, hall.poll.id, state="shortlisted")
    await voting.close(hall.here)
    for told in {"pt", lang}:
        await hall.comms.put(f"{path}/outcome/{told}", {"decision": f"Decidido ({told})."})
    await hall.comms.post(f"{path}/move", {"to": "reported", "why": "Feito."})
    for one in people:
        words_and_chart = one.waits() if isinstance(one, Citizen) else one.waits(2)
        heard = await words_and_chart
        assert say("outcome.head", lang, title="Saúde") in heard
        assert f"Decidido ({lang})." in heard
        assert f"Decidido ({lang})." in await one.say(f"/start consultation-{hall.poll.id}")
