"""One person with two accounts: a code from one, written in the other, and a yes there; afterwards
they have one voice, and nobody is joined to a stranger's account.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, update

from service.consultations.proposals.models import Proposal, Support
from service.consultations.voting import tasks
from service.consultations.voting.models import Reading, Voter
from service.conversations.commands import MENU
from service.database import now
from service.installation import Installation
from service.issues.models import Issue
from service.messages.models import Contribution
from service.people.models import Identity, LinkCode, Person
from service.phrases import LANGUAGES, say
from service.trail.models import Event
from tests.doubles.discord import Discord
from tests.doubles.telegram import Telegram
from tests.journeys.citizen import Citizen
from tests.journeys.discord_citizen import DiscordCitizen
from tests.journeys.hearing_room import LIKE, OTHER, open_hearing
from tests.journeys.telegram_citizen import TelegramCitizen
from tests.journeys.test_voting import double_tap, offered, poll, settings, votes
from tests.service.consultations.voting.polling import Poll

__all__ = ["poll", "settings"]

CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
WHERE = {"telegram": "Telegram", "discord": "Discord"}


@dataclass(frozen=True)
class Account:
    """Somebody's account on a channel."""

    channel: str
    lang: str
    use: Callable[[str, str], Awaitable[str]]
    press: Callable[[str], Awaitable[str]]
    waits: Callable[[], Awaitable[str]]

    async def link(self, code: str = "") -> str:
        """Use the command, as this person writes it."""
        return await self.use(MENU["link"][LANGUAGES.index(self.lang)], code)

    def called(self, lang: str) -> str:
        """What its app is called."""
        return WHERE.get(self.channel) or say("link.web", lang)


@dataclass(frozen=True)
class Apps:
    """Where accounts are."""

    client: AsyncClient
    telegram: Telegram
    platform: Discord

    def account(self, channel: str, lang: str) -> Account:
        """A new one."""
        if channel == "discord":
            there = DiscordCitizen(self.platform, lang)
            return Account(channel, lang, there.use, there.press, there.waits)
        one = (
            Citizen(self.client, lang) if channel == "web" else TelegramCitizen(self.telegram, lang)
        )

        async def use(word: str, rest: str) -> str:
            return await one.say(f"/{word} {rest}".strip())

        return Account(channel, lang, use, one.press, one.waits)


@pytest.fixture
async def apps(client: AsyncClient, telegram: Telegram, platform: Discord, poll: Poll) -> Apps:
    """Once the bots listen."""
    return Apps(client, telegram, platform)


def code_in(said: str) -> str:
    """The code in what the bot said."""
    (found,) = CODE.findall(said)
    return str(found)


async def rows(here: Installation, table: type[Any]) -> list[Any]:
    """Everything in a table."""
    async with here.database.read() as session:
        return list((await session.scalars(select(table).order_by(table.id))).all())


@pytest.mark.parametrize(
    ("one", "other", "lang"),
    [("web", "telegram", "pt"), ("telegram", "discord", "es"), ("discord", "web", "en")],
)
async def test_a_code_from_one_account_joins_the_other_once_they_say_yes(
    one: str, other: str, lang: str, apps: Apps, installation: Installation
) -> None:
    first, second = apps.account(one, lang), apps.account(other, lang)
    code = code_in(await first.link())
    asked = await second.link(code.lower())
    assert say("link.sure", lang, channel=first.called(lang)) in asked
    done = await second.press(say("button.link_yes", lang))
    assert done == say("link.done", lang, channel=first.called(lang))
    assert await first.waits() == say("link.told", lang, channel=second.called(lang))
    identities = await rows(installation, Identity)
    assert len({row.person_id for row in identities}) == 1
    kept, gone = await rows(installation, Person)
    assert (kept.erased_at, gone.erased_at is not None) == (None, True)
    assert await second.press(say("button.link_yes", lang)) == say("link.unknown", lang)
    again = code_in(await first.link())
    assert await second.link(again) == say("link.same", lang)
    events = [event for event in await rows(installation, Event) if event.act == "unite"]
    assert [(event.thing, event.thing_id) for event in events] == [("person", kept.id)]


async def test_afterwards_they_have_one_voice_and_the_first_vote_on_a_pair_stands(
    client: AsyncClient, installation: Installation, poll: Poll
) -> None:
    for id_ in poll.proposals[0][4:]:
        await poll.change(Proposal, id_, state="refused")
    one, other = await double_tap(client), await double_tap(client)
    for _ in range(6):
        await one.press("A")
    action = await offered(one, "A")
    for _ in range(3):
        await other.press("B")
    await tasks.reckon(installation, poll.id)
    stood = {row.id: row.choice for row in await votes(installation)}
    assert len(stood) == 9
    code = code_in(await one.say("/vincular"))
    await other.say(f"/vincular {code}")
    done = await other.press("Sim, as duas contas são minhas")
    assert "Em 3 pares você tinha votado nas duas" in done
    left = await votes(installation)
    assert [(row.id, row.choice) for row in left] == list(stood.items())[:6]
    (voter,) = await rows(installation, Voter)
    assert {row.voter_id for row in left} == {voter.id}
    for account in (one, other):
        assert "todos os pares" in await account.say("/votar")
    assert "vale o primeiro voto" in await one.forge(action)
    await tasks.reckon(installation, poll.id)
    async with installation.database.read() as session:
        reading = await session.get_one(Reading, poll.id)
    assert (reading.votes, reading.voters) == (6, 1)


async def test_who_erases_joined_accounts_votes_again_on_none(
    client: AsyncClient, installation: Installation, poll: Poll
) -> None:
    one, other = await double_tap(client), Citizen(client)
    await one.press("A")
    code = code_in(await one.say("/vincular"))
    await other.say(f"/vincular {code}")
    await other.press("Sim, as duas contas são minhas")
    await other.say("/apagar")
    assert "continuam contados, sem você" in await other.press("Sim, apagar tudo")
    for account in (one, other):
        assert "Seus dados foram apagados" in await account.say("/votar")
    await poll.ends()
    assert all(row.digest == f"erased-{row.id}" for row in await rows(installation, Voter))


async def test_what_both_wrote_and_supported_is_one_persons(
    client: AsyncClient, installation: Installation, poll: Poll
) -> None:
    hearing = await open_hearing(client, installation)
    seed = await hearing.seed()
    one, other = Citizen(client), Citizen(client)
    for account, words in ((one, LIKE), (other, OTHER)):
        await account.say(f"/start consultation-{hearing.id}")
        assert "Recebemos sua proposta" in await account.say(words)
        await account.say("/menu")
        await account.say("falta água na rua das flores desde segunda-feira")
        await account.forge(f"support:{seed}")
    assert {row.people for row in await rows(installation, Issue)} == {2}
    code = code_in(await other.say("/vincular"))
    await one.say(f"/vincular {code}")
    await one.press("Sim, as duas contas são minhas")
    assert len(await rows(installation, Support)) == 1
    assert {row.people for row in await rows(installation, Issue)} == {1}
    kept = (await rows(installation, Person))[0]
    assert {row.person_id for row in await rows(installation, Contribution)} == {kept.id}
    shown = await one.say("/mostrar")
    for words in (LIKE, OTHER):
        assert words in shown
    await other.say("/apagar")
    await other.press("Sim, apagar tudo")
    assert {row.text for row in await rows(installation, Contribution)} == {""}


async def test_a_code_is_used_once_in_time_by_one_account_and_not_guessed(
    client: AsyncClient, installation: Installation
) -> None:
    one, other, thief = Citizen(client), Citizen(client), Citizen(client)
    unknown = "Este código não vale"
    code = code_in(await one.say("/vincular"))
    assert code not in str([row.digest for row in await rows(installation, LinkCode)])
    assert unknown in await other.say("/vincular ABCD-EFGH-JKMN")
    assert unknown in await other.say("/vincular nada")
    assert "é sua também?" in await other.say(f"/vincular {code}")
    assert unknown in await thief.say(f"/vincular {code}")
    action = await offered(other, "Sim, as duas contas são minhas")
    assert unknown in await thief.forge(action)
    assert "continuam separadas" in await other.press("Não")
    assert unknown in await other.forge(action)
    late = code_in(await one.say("/vincular"))
    async with installation.database.write() as session:
        await session.execute(update(LinkCode).values(ends_at=now() - timedelta(seconds=1)))
    assert unknown in await other.say(f"/vincular {late}")
    for _ in range(9):
        assert unknown in await thief.say("/vincular ABCD-EFGH-JKMN")
    assert "muitos códigos" in await thief.say("/vincular ABCD-EFGH-JKMN")
    assert len({row.person_id for row in await rows(installation, Identity)}) == 3


async def test_a_code_that_was_replaced_or_whose_person_was_erased_is_nobodys(
    client: AsyncClient, installation: Installation
) -> None:
    one, other = Citizen(client), Citizen(client)
    first = code_in(await one.say("/vincular"))
    second = code_in(await one.say("/vincular"))
    assert "Este código não vale" in await other.say(f"/vincular {first}")
    await one.say("/apagar")
    await one.press("Sim, apagar tudo")
    assert "Este código não vale" in await other.say(f"/vincular {second}")
    assert await rows(installation, LinkCode) == []
