"""Results in chat, in each language on the web, Telegram and Discord: in words and as a picture."""

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from service.consultations.models import Consultation
from service.database import now
from service.installation import Installation
from service.phrases import say
from service.settings import Settings
from tests.doubles.discord import Discord
from tests.doubles.telegram import Telegram
from tests.journeys.citizen import Citizen
from tests.journeys.discord_citizen import DiscordCitizen
from tests.journeys.telegram_citizen import TelegramCitizen
from tests.service.consultations.voting.polling import Browser, Poll, open_poll

WORDS = {"pt": "resultados", "es": "resultados", "en": "results"}
PNG = b"\x89PNG"
POSTS = r".*/messages.*"


@pytest.fixture
def settings(everywhere: Settings) -> Settings:
    """On every channel."""
    return everywhere


@pytest.fixture
async def poll(client: AsyncClient, installation: Installation, platform: Discord) -> Poll:
    """Voted on by one browser, that prefers what was proposed first."""
    await platform.until(lambda: platform.sockets and platform.commands)
    made = await open_poll(installation, (4, 3), ready_at=now())
    browser = Browser(client, made)
    await browser.enter()
    strength = {id_: -float(id_) for ids in made.proposals for id_ in ids}
    for _ in range(6):
        await browser.prefer(strength)
    return made


def words_of(said: str, lang: str) -> None:
    """The first places of each theme are said."""
    assert "Saúde" in said
    assert "Tema 1\n1. Abrir o posto da rua 0" in said
    assert "Tema 2\n1. " in said
    assert "%" in said
    assert say("results.meaning", lang) in said


@pytest.mark.parametrize("lang", ["pt", "es", "en"])
async def test_on_the_web_the_picture_stands_at_our_own_address(
    lang: str, client: AsyncClient, poll: Poll
) -> None:
    chat = Citizen(client, lang)
    assert say("results.none", lang) in await chat.say(f"/{WORDS[lang]}")
    await poll.ends()
    words_of(await chat.say(WORDS[lang]), lang)
    (picture,) = (await chat.heard())[-1]["pictures"]
    assert picture["url"] == f"/consultations/{poll.id}/results/chart.png?lang={lang}"
    assert "1. Abrir o posto da rua 0" in picture["alt"]
    assert (picture["width"], picture["height"]) > (500, 300)
    shown = await client.get(picture["url"])
    assert (shown.headers["content-type"], shown.content[:4]) == ("image/png", PNG)


@pytest.mark.parametrize("lang", ["pt", "es", "en"])
async def test_on_telegram_it_follows_the_words_with_a_caption(
    lang: str, telegram: Telegram, poll: Poll
) -> None:
    await poll.ends()
    chat = TelegramCitizen(telegram, lang)
    chat.post(f"/{WORDS[lang]}")
    await telegram.until(lambda: len(chat.heard()) == 2)
    text, photo = chat.heard()
    words_of(text["text"], lang)
    assert photo["photo"].startswith(PNG)
    assert "1. Abrir o posto da rua 0" in photo["caption"]
    assert len(photo["caption"]) <= 1024


@pytest.mark.parametrize("lang", ["pt", "es", "en"])
async def test_on_discord_it_is_a_file_beside_the_words(
    lang: str, platform: Discord, poll: Poll
) -> None:
    await poll.ends()
    chat = DiscordCitizen(platform, lang)
    words_of((await chat.use(WORDS[lang])).replace("\\", ""), lang)
    (asked,) = with_files(platform)
    assert asked.files["files[0]"].startswith(PNG)
    (told,) = asked.told["attachments"]
    assert told["filename"] == f"results-{poll.id}.png"
    assert "1. Abrir o posto da rua 0" in told["description"]


def with_files(platform: Discord) -> list[Any]:
    """What was sent to Discord with files."""
    return [one for one in platform.asked if one.files]


async def test_a_picture_that_telegram_refuses_leaves_the_words_and_comes_to_rest(
    telegram: Telegram, poll: Poll, installation: Installation
) -> None:
    await poll.ends()
    telegram.fail("sendPhoto", 400, "Bad Request: IMAGE_PROCESS_FAILED")
    chat = TelegramCitizen(telegram)
    words_of(await chat.say("/resultados"), "pt")
    assert say("hello", "pt", government="Vale Claro") in await chat.say("/start")
    assert telegram.counts["sendPhoto"] == 1
    assert len(chat.heard()) == 2, "the results once, and what was asked for afterwards"


async def test_live_results_say_that_they_still_change_and_those_of_several_are_chosen(
    client: AsyncClient, installation: Installation, poll: Poll
) -> None:
    await poll.ends()
    other = await open_poll(installation, (3,), voting_until=now() + timedelta(days=2))
    await other.change(Consultation, other.id, scores_shown="live")
    chat = Citizen(client, "en")
    assert say("results.which", "en") in await chat.say("/results")
    said = await chat.press("Saúde")
    assert say("results.later", "en") in said or say("results.live", "en") in said


async def test_a_consultation_that_is_over_leads_to_its_results(
    client: AsyncClient, poll: Poll
) -> None:
    await poll.ends()
    chat = Citizen(client, "pt")
    assert say("consultation.over", "pt") in await chat.say(f"/start consultation-{poll.id}")
    words_of(await chat.press(say("button.results", "pt")), "pt")
    assert (await chat.heard())[-1]["pictures"]
