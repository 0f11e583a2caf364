"""The Governor Asks on Telegram and Discord, in each language: proposed, edited, supported."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

import pytest
from httpx2 import AsyncClient

from service.installation import Installation
from service.settings import Settings
from tests.doubles import discord as discords
from tests.doubles import telegram as telegrams
from tests.journeys.discord_citizen import DiscordCitizen
from tests.journeys.hearing_room import OTHER, SEED, Hearing, open_hearing
from tests.journeys.telegram_citizen import TelegramCitizen
from tests.journeys.test_asking import TALKS


class Somebody(Protocol):
    """A citizen on any channel that knows edits."""

    def say(self, text: str) -> Awaitable[str]:
        """Say something and read the answer."""
        ...

    def press(self, label: str) -> Awaitable[str]:
        """Press a button and read the answer."""
        ...

    def edit(self, text: str) -> Awaitable[str]:
        """Change what was said last and read the answer."""
        ...

    def waits(self) -> Awaitable[str]:
        """What comes without having said anything."""
        ...


@dataclass(frozen=True)
class Words:
    """What is pressed in one language, and what must come back."""

    changed: str
    fixed: str
    withdraw: str
    withdrawn: str
    supported: tuple[str, str]


WORDS = {
    "pt": Words("Trocamos o texto", "A equipe já decidiu", "Retirar a nº {}", "Retiramos",
                ("Apoiar a nº {}", "Você apoia")),
    "es": Words("Cambiamos el texto", "El equipo ya decidió", "Retirar la n.º {}", "Retiramos",
                ("Apoyar la n.º {}", "Usted apoya")),
    "en": Words("We replaced the text", "The team has decided", "Withdraw no. {}", "We withdrew",
                ("Support no. {}", "You support")),
}  # fmt: skip


@pytest.fixture
def settings(everywhere: Settings) -> Settings:
    """On the web, on Telegram and on Discord."""
    return everywhere


@pytest.fixture
async def hearing(
    client: AsyncClient, installation: Installation, platform: discords.Discord
) -> Hearing:
    await platform.until(lambda: platform.sockets and platform.commands)
    return await open_hearing(client, installation)


async def all_the_way(hearing: Hearing, ana: Somebody, lang: str, led: str) -> int:
    """Proposed in one message, mended by an edit, admitted, fixed, replied to."""
    talk, words = TALKS[lang], WORDS[lang]
    assert talk.question in led
    assert talk.short[1] in await ana.say(talk.short[0])
    assert talk.received in await ana.say(talk.proposal)
    number = int((await hearing.queue())[0]["proposal"]["id"])
    assert words.changed in await ana.edit(f"{talk.proposal} 24 h.")
    (waiting,) = await hearing.queue()
    assert waiting["proposal"]["id"] == number
    assert waiting["proposal"]["text"].endswith("24 h.")
    await hearing.comms.post(f"/proposals/{number}/admit")
    assert talk.admitted in await ana.waits()
    assert words.fixed in await ana.edit(f"{talk.proposal} Sempre.")
    kept = await hearing.comms.get(f"/proposals/{number}")
    assert kept["text"].endswith("24 h.")
    await hearing.comms.post(f"/proposals/{number}/reply", {"text": "Começa em março."})
    assert "Começa em março." in await ana.waits()
    return number


@pytest.mark.parametrize("lang", TALKS)
async def test_on_telegram(
    client: AsyncClient, hearing: Hearing, telegram: telegrams.Telegram, lang: str
) -> None:
    ana, talk = TelegramCitizen(telegram, lang), TALKS[lang]
    number = await all_the_way(hearing, ana, lang, await ana.say(talk.command))
    bruno, (support, supported) = TelegramCitizen(telegram, lang), WORDS[lang].supported
    await bruno.say(talk.command)
    assert talk.received in await bruno.say(f"{talk.proposal} 24 h, sim.")
    assert supported in await bruno.press(support.format(number))
    assert (await hearing.comms.get(f"/proposals/{number}"))["supports"] == 1
    await ana.say(talk.command)
    assert WORDS[lang].withdrawn in await ana.press(WORDS[lang].withdraw.format(number))
    assert (await hearing.comms.get(f"/proposals/{number}"))["state"] == "withdrawn"


@pytest.mark.parametrize("lang", TALKS)
async def test_on_discord(
    client: AsyncClient, hearing: Hearing, platform: discords.Discord, lang: str
) -> None:
    ana = DiscordCitizen(platform, lang)
    led = await ana.use("consultation")
    number = await all_the_way(hearing, ana, lang, led)
    assert WORDS[lang].withdrawn in await ana.delete()
    kept = await hearing.comms.get(f"/proposals/{number}")
    assert (kept["state"], kept["text"]) == ("withdrawn", "")


async def test_who_comes_from_a_link_on_telegram_is_led_into_it(
    hearing: Hearing, telegram: telegrams.Telegram
) -> None:
    await hearing.seed(SEED)
    ana = TelegramCitizen(telegram)
    assert "Como melhorar" in await ana.say(f"/start consultation-{hearing.id}")
    assert "Recebemos sua proposta" in await ana.say(OTHER)
