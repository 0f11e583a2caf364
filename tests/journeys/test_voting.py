"""Voting in chat, in each language on the web, Telegram and Discord: chosen, undecided, tapped
twice, replayed, too late, reworded, on two channels, and erased.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, update

from service.consultations.models import Consultation
from service.consultations.proposals.models import Proposal
from service.consultations.voting import booth
from service.consultations.voting.models import Vote, Voter
from service.conversations import voting
from service.database import now
from service.installation import Installation
from service.people.models import Identity
from service.phrases import say
from service.settings import Settings
from tests.doubles.discord import Discord
from tests.doubles.telegram import Telegram
from tests.journeys.citizen import Citizen
from tests.journeys.discord_citizen import DiscordCitizen
from tests.journeys.telegram_citizen import TelegramCitizen
from tests.service.consultations.voting.polling import Browser, Poll, open_poll

WORDS = {"pt": "votar", "es": "votar", "en": "vote"}


@dataclass(frozen=True)
class Chat:
    """Somebody on any channel."""

    lang: str
    command: Callable[[str], Awaitable[str]]
    press: Callable[[str], Awaitable[str]]


@pytest.fixture
def settings(everywhere: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """On every channel; ballots are read anew each time."""
    monkeypatch.setattr(booth, "FRESH", 0.0)
    return everywhere


@pytest.fixture
async def poll(client: AsyncClient, installation: Installation, platform: Discord) -> Poll:
    """Eight proposals, once the bots listen."""
    await platform.until(lambda: platform.sockets and platform.commands)
    return await open_poll(installation, (8,))


def somebody(
    channel: str, lang: str, client: AsyncClient, telegram: Telegram, platform: Discord
) -> Chat:
    """A new citizen on a channel."""
    if channel == "discord":
        on_discord = DiscordCitizen(platform, lang)
        return Chat(lang, on_discord.use, on_discord.press)
    one = Citizen(client, lang) if channel == "web" else TelegramCitizen(telegram, lang)
    return Chat(lang, lambda word: one.say(f"/{word}"), one.press)


async def votes(here: Installation) -> list[Vote]:
    """What was counted."""
    async with here.database.read() as session:
        return list((await session.scalars(select(Vote).order_by(Vote.id))).all())


@pytest.mark.parametrize("channel", ["web", "telegram", "discord"])
@pytest.mark.parametrize("lang", ["pt", "es", "en"])
async def test_two_are_compared_and_who_cannot_decide_says_why(
    lang: str,
    channel: str,
    client: AsyncClient,
    installation: Installation,
    telegram: Telegram,
    platform: Discord,
    poll: Poll,
) -> None:
    chat = somebody(channel, lang, client, telegram, platform)
    first = await chat.command(WORDS[lang])
    assert "A: Abrir o posto" in first
    assert "B: Abrir o posto" in first
    assert say("vote.counted", lang, n=1) in await chat.press("A")
    assert say("vote.why", lang) in await chat.press(say("button.undecided", lang))
    assert say("vote.counted", lang, n=2) in await chat.press(say("button.same", lang))
    told = await votes(installation)
    assert [(one.choice in ("low", "high"), one.why) for one in told] == [
        (True, None), (False, "same"),
    ]  # fmt: skip


async def double_tap(client: AsyncClient) -> Citizen:
    """A citizen of the web chat with a pair before them."""
    one = Citizen(client)
    assert "A: " in await one.say("/votar")
    return one


async def offered(one: Citizen, label: str) -> str:
    """The action of a button of the newest message that has it."""
    for line in reversed(await one.heard()):
        for button in line["buttons"]:
            if button["label"] == label:
                return str(button["action"])
    raise AssertionError(label)


async def test_a_replayed_tap_says_what_counts_and_nobody_presses_for_another(
    client: AsyncClient, installation: Installation, poll: Poll
) -> None:
    one, other = await double_tap(client), await double_tap(client)
    action = await offered(one, "A")
    assert "Contado: 1 voto" in await one.forge(action)
    assert "vale o primeiro voto: A" in await one.forge(action)
    head, choice, mark = action.rsplit(":", 2)
    assert "vale o primeiro voto: A" in await one.forge(f"{head}:2:{mark}")
    assert choice == "1"
    assert "não foi mostrado a você" in await other.forge(action)
    assert "não foi mostrado a você" in await one.forge(f"{head}:1:{int(mark) + 1}")
    assert len(await votes(installation)) == 1


async def test_asking_again_in_chat_does_not_choose_among_pairs(
    client: AsyncClient, poll: Poll
) -> None:
    one = await double_tap(client)
    first = await offered(one, "A")
    for _ in range(3):
        await one.say("/votar")
        assert (await offered(one, "A")).split(":")[2:4] == first.split(":")[2:4]
    assert "Contado: 1 voto" in await one.press("A")
    assert (await offered(one, "A")).split(":")[2:4] != first.split(":")[2:4]


async def test_conversations_of_one_browser_are_one_device_in_chat_and_on_the_page(
    client: AsyncClient, installation: Installation, poll: Poll
) -> None:
    for _ in range(2):
        assert "Contado" in await (await double_tap(client)).press("A")
    browser = Browser(client, poll)
    await browser.enter()
    await browser.vote("left")
    async with installation.database.read() as session:
        devices = (await session.scalars(select(Voter.device))).all()
    assert len(devices) == 3
    assert len(set(devices)) == 1
    assert devices[0]


async def test_too_late_and_reworded_are_said_so(
    client: AsyncClient, installation: Installation, poll: Poll
) -> None:
    one = await double_tap(client)
    _, _, left, *_ = (await offered(one, "A")).split(":")
    await poll.change(Proposal, int(left), edited="Outra redação do posto.", fingerprint="new")
    assert "Este par não vale mais" in await one.press("A")
    await poll.change(Consultation, poll.id, voting_until=now() - timedelta(seconds=1))
    assert "não está aberta: este voto não foi contado" in await one.press("B")
    assert await votes(installation) == []
    await poll.change(Consultation, poll.id, state="shortlisted")
    assert "Nenhuma consulta está em votação" in await one.say("/votar")


async def test_a_pause_after_twenty(
    client: AsyncClient, installation: Installation, poll: Poll
) -> None:
    one = await double_tap(client)
    for _ in range(19):
        assert "Contado" in await one.press("B")
    assert "Já são 20 votos" in await one.press("B")
    assert "A: " in await one.press("Continuar")
    for _ in range(7):
        await one.press("A")
    assert "todos os pares" in await one.press("A")


async def test_one_person_on_two_channels_is_one_voter_when_linked_and_two_when_not(
    client: AsyncClient, installation: Installation, poll: Poll
) -> None:
    one, other = await double_tap(client), await double_tap(client)
    await one.press("A")
    await other.press("A")
    async with installation.database.write() as session:
        voters = list((await session.scalars(select(Voter).order_by(Voter.id))).all())
        assert len(voters) == 2
        third = Citizen(client)
        first = voters[0].person_id
    assert "A: " in await third.say("/votar")
    async with installation.database.write() as session:
        newest = await session.scalar(select(Identity).order_by(Identity.id.desc()).limit(1))
        assert newest is not None
        await session.execute(
            update(Identity).where(Identity.id == newest.id).values(person_id=first)
        )
    assert "A: " in await third.say("/votar")
    assert "Contado: 2 votos" in await third.press("A")
    async with installation.database.read() as session:
        assert len((await session.scalars(select(Voter))).all()) == 2


async def test_who_is_erased_stays_counted_and_does_not_vote_again(
    client: AsyncClient, installation: Installation, poll: Poll
) -> None:
    one = await double_tap(client)
    await one.press("A")
    action = await offered(one, "B")
    await one.say("/apagar")
    done = await one.press("Sim, apagar tudo")
    assert "Apagamos tudo" in done
    assert "continuam contados, sem você" in done
    assert "Seus dados foram apagados" in await one.forge(action)
    assert "Seus dados foram apagados" in await one.say("/votar")
    async with installation.database.read() as session:
        (voter,) = (await session.scalars(select(Voter))).all()
    assert (voter.person_id, voter.campaign) == (None, None)
    assert len(await votes(installation)) == 1
    await poll.ends()
    async with installation.database.read() as session:
        (voter,) = (await session.scalars(select(Voter))).all()
    assert voter.digest == f"erased-{voter.id}"


async def test_who_takes_their_data_sees_how_often_they_voted(
    client: AsyncClient, poll: Poll
) -> None:
    one = await double_tap(client)
    await one.press("A")
    assert '"votes": 1' in await one.say("/exportar")


async def test_who_may_not_take_part_is_asked_first(client: AsyncClient, poll: Poll) -> None:
    await poll.change(Consultation, poll.id, open_to="place", place="Vale Claro")
    one = Citizen(client)
    assert "Vale Claro" in await one.say("/votar")
    assert "em votação" in await one.press(say("button.lives", "pt"))
    assert "A: " in await one.press("Votar")


def test_buttons_fit_into_what_platforms_carry() -> None:
    longest = f"pick:{9_999}:{9_999_999}:{9_999_998}:{1_790_000_000_000}:6:{2**48}"
    assert len(longest) <= 64
    assert set(voting.REASONS.values()) == {"same", "unknown", "unclear"}
