"""The whole way on Discord, in each language, with its real library: asked, answered, erased."""

import asyncio
import re
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select

from bots.discord import listening
from service.channels.models import Delivery
from service.installation import Installation
from service.phrases import say
from service.settings import Settings
from tests.conftest import make_settings
from tests.doubles.discord import TOKEN, Discord
from tests.doubles.discord_shapes import HALL
from tests.journeys import test_rounds as rounds
from tests.journeys.discord_citizen import EPHEMERAL, PHOTO, VOICE, DiscordCitizen
from tests.journeys.test_whole_loop import ANSWER, SPANISH, Cabinet, open_cabinet

CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
ASKED = {
    "pt": ("oi", "quando volta a água na rua das flores?", "o poste caiu em cima do banco"),
    "es": ("hola", "¿cuándo vuelve el agua a la calle de las flores?",
           "el poste cayó encima del banco de la plaza"),
    "en": ("hello", "when will the water be back in flower street?",
           "the lamp post fell on the bench in the square"),
}  # fmt: skip
FURTHER = {
    "pt": "o poste da praça caiu em cima do carro",
    "es": "el poste de la plaza cayó encima del coche",
    "en": "the lamp post in the square fell on the car",
}
READ = {"pt": ANSWER, "es": SPANISH, "en": ANSWER}


@pytest.fixture
def settings(
    tmp_path: Path, database_url: str, platform: Discord, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """On the web and on Discord."""
    monkeypatch.setattr(listening, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(listening, "BETWEEN_SESSIONS", 0.0)
    return make_settings(
        tmp_path,
        database_url,
        channels=("web", "discord"),
        discord_token=TOKEN,
        discord_api_url=platform.api_url,
        discord_gateway_url=platform.gateway_url,
    )


@pytest.fixture
async def cabinet(client: AsyncClient, installation: Installation, platform: Discord) -> Cabinet:
    """A water department, once the bot listens."""
    await platform.until(lambda: platform.sockets and platform.commands)
    return await open_cabinet(client, installation)


async def answered(cabinet: Cabinet, issue: int) -> int:
    """An answer in Portuguese and Spanish is published."""
    await cabinet.admin.post(f"/issues/{issue}/assign", {"department": "water"})
    return await cabinet.publish(issue, {"pt": ANSWER, "es": SPANISH})


def public(platform: Discord) -> list[str]:
    """What the bot said in the server for everybody to read."""
    said = [one for one in platform.messages[HALL] if one["author"].get("bot")]
    return [one["content"] for one in said]


@pytest.mark.parametrize("lang", ASKED)
async def test_a_citizen_asks_is_answered_and_says_whether_it_helped(
    cabinet: Cabinet, platform: Discord, lang: str
) -> None:
    ana = DiscordCitizen(platform, lang)
    greeting, asked, _ = ASKED[lang]
    assert say("talk.greeting", lang)[:10] in await ana.say(greeting)
    (code,) = CODE.findall(await ana.say(asked))
    assert platform.of("POST", r"/channels/\d+/typing"), "it types while it works"
    assert code in await ana.use("status")

    answer = await answered(cabinet, await cabinet.issue_of(asked))
    heard = await ana.waits()
    assert READ[lang] in heard
    assert code in heard
    assert say("helpful.done", lang) in await ana.press(say("button.helpful", lang))
    assert say("reopen.done", lang) in await ana.press(say("button.reopen", lang))
    shown = await cabinet.comms.get(f"/answers/{answer}")
    assert shown["feedback"] == {"reopen": 1}, "the last word counts"

    assert say("unfollow.done", lang, about="")[:-3] in await ana.use("unfollow")
    assert say("follow.done", lang, about="")[:-3] in await ana.use("follow")
    other = "en" if lang != "en" else "pt"
    assert await ana.use("language", other) == say("language.done", other)
    assert len(platform.callbacks) == 6, "each command and each button is acknowledged once"


@pytest.mark.parametrize("lang", ASKED)
async def test_who_was_told_something_else_says_so(
    cabinet: Cabinet, platform: Discord, lang: str
) -> None:
    _, asked, _ = ASKED[lang]
    await DiscordCitizen(platform, lang).say(asked)
    await answered(cabinet, await cabinet.issue_of(asked))
    await cabinet.rests()
    late = DiscordCitizen(platform, lang)
    assert READ[lang] in await late.say(asked), "a published answer is sent at once"
    told = await late.press(say("button.not_asked", lang))
    (code,) = CODE.findall(told)
    assert told == say("not_asked.done", lang, code=code)


@pytest.mark.parametrize("lang", ASKED)
async def test_a_citizen_sees_takes_and_erases_what_is_kept(
    cabinet: Cabinet, platform: Discord, lang: str
) -> None:
    ana = DiscordCitizen(platform, lang)
    _, asked, _ = ASKED[lang]
    await ana.say(asked)
    await ana.use("privacy")
    assert asked in await ana.press(say("button.show", lang))
    assert asked in await ana.press(say("button.export", lang))
    assert say("erase.sure", lang) in await ana.press(say("button.erase", lang))
    assert say("erase.done", lang) in await ana.press(say("button.erase_yes", lang))
    assert CODE.findall(await ana.use("status")) == []


@pytest.mark.parametrize("lang", ASKED)
async def test_captions_are_used_edits_followed_and_deletions_honoured(
    cabinet: Cabinet, platform: Discord, client: AsyncClient, lang: str
) -> None:
    ana = DiscordCitizen(platform, lang)
    _, _, seen = ASKED[lang]
    await ana.use("start")
    assert say("media.voice", lang) in await ana.say("", flags=1 << 13, attachments=[VOICE])
    told = await ana.say(seen, attachments=[PHOTO])
    assert say("media.words", lang) in told
    (code,) = CODE.findall(told)
    assert say("mended", lang, code=code) in await ana.edit(FURTHER[lang])
    assert await cabinet.issue_of(FURTHER[lang])
    assert await ana.delete() == say("withdrawn", lang, code=code)
    exported = await client.get(
        "/api/v1/export/messages", params={"format": "jsonl"}, headers=cabinet.admin.headers
    )
    assert FURTHER[lang] not in exported.text
    assert seen not in exported.text


async def failures(here: Installation) -> list[str | None]:
    """Why deliveries failed, once one has."""
    failed = select(Delivery.failure).where(Delivery.state == "failed")
    async with asyncio.timeout(60):
        while True:
            async with here.database.read() as session:
                if found := (await session.scalars(failed)).all():
                    return list(found)
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("lang", ASKED)
async def test_who_calls_us_in_a_server_is_answered_in_private(
    cabinet: Cabinet, platform: Discord, installation: Installation, lang: str
) -> None:
    ana, bia = DiscordCitizen(platform, lang), DiscordCitizen(platform, lang)
    _, asked, other = ASKED[lang]
    await platform.say(bia.id, other, HALL)
    await ana.call(asked)
    assert CODE.search(await ana.waits())
    platform.closed_to_us.add(bia.id)
    await bia.call(asked)
    await platform.until(lambda: len(public(platform)) == 2)
    notes = {say("channel.group", one) for one in ASKED}
    closed = {say("channel.group.closed", one) for one in ASKED}
    assert public(platform)[0] in notes
    assert public(platform)[1] in closed
    assert not any(CODE.search(one) for one in public(platform))
    assert await failures(installation) == ["recipient_gone"]
    listed = await cabinet.admin.get("/issues", singles=True)
    assert listed["total"] == 1, "what was said to neighbours is nobody's request"


@pytest.mark.parametrize("lang", ASKED)
async def test_commands_in_a_server_are_answered_for_who_used_them_and_codes_lead_to_an_issue(
    cabinet: Cabinet, platform: Discord, client: AsyncClient, lang: str
) -> None:
    ana, bia = DiscordCitizen(platform, lang), DiscordCitizen(platform, lang)
    _, asked, other = ASKED[lang]
    assert CODE.search(await ana.use("gabinete", asked, guild=True))
    issue = await cabinet.issue_of(asked)
    await cabinet.admin.post(f"/issues/{issue}/rename", {"name": "Água na Rua das Flores"})
    assert "Água na Rua das Flores" in await bia.use("start", f"issue-{issue}", guild=True)
    joined = await bia.press(say("button.join", lang), guild=True)
    assert joined == say("follow.done", lang, about="Água na Rua das Flores")
    await answered(cabinet, issue)
    for citizen in (ana, bia):
        assert READ[lang] in await citizen.waits()
    shown = [one for one in [*ana.heard, *bia.heard] if one["channel_id"] == HALL]
    firsts = [one for one in shown if one in platform.originals.values()]
    deferred = [told["data"]["flags"] for told in platform.callbacks.values() if "data" in told]
    assert deferred == [EPHEMERAL] * len(firsts), "first replies are for who asked"
    assert all(one["flags"] & EPHEMERAL for one in shown if one not in firsts)
    assert public(platform) == []

    carla = DiscordCitizen(platform, lang)
    await carla.use("start", "spring-2027")
    await carla.say(other)
    exported = await client.get(
        "/api/v1/export/messages", params={"format": "jsonl"}, headers=cabinet.admin.headers
    )
    (line,) = [one for one in exported.text.splitlines() if other in one]
    assert '"spring-2027"' in line


async def test_whatever_happens_on_the_way_each_is_answered_once(
    cabinet: Cabinet, platform: Discord
) -> None:
    ana = DiscordCitizen(platform)
    posts = r"/channels/\d+/messages"
    platform.patience("POST", posts, 0.05)
    assert "Olá" in await ana.say("oi")
    platform.trouble("POST", posts, after=True)
    made = await ana.post("falta água na minha rua")
    await platform.tell("MESSAGE_CREATE", made)
    assert CODE.search(await ana.waits())
    down = {"message": "no", "code": 0}
    platform.trouble("POST", posts, status=503, body=down)
    platform.forget_session()
    await platform.cut()
    await ana.post("e o ônibus 12 não passa no bairro novo", tell=False)
    assert CODE.search(await ana.waits())
    assert "Você tem 2 pedidos" in await ana.use("status")
    assert len(ana.heard) == 4


@pytest.mark.parametrize("lang", ASKED)
async def test_a_question_of_a_round_is_asked_supported_and_answered_to_both(
    cabinet: Cabinet, platform: Discord, installation: Installation, lang: str
) -> None:
    talk, round_id = rounds.TALKS[lang], await rounds.open_round(cabinet)
    ana, bia = DiscordCitizen(platform, lang), DiscordCitizen(platform, lang)
    assert rounds.TEXTS[lang]["title"] in await ana.use("start", f"round-{round_id}")
    await ana.press(talk.ask)
    assert talk.entered in await ana.say(talk.asked)
    issue = await cabinet.issue_of(talk.asked)
    await cabinet.comms.post(f"/issues/{issue}/rename", {"name": rounds.NAME})
    assert rounds.NAME in await bia.use("round", guild=True)
    assert talk.counts in await bia.press(talk.support, guild=True)
    assert talk.already in await bia.press(talk.support, guild=True), "a double tap"
    assert public(platform) == [], "in a server too, only they read it"
    (question,) = (await rounds.shown(cabinet, round_id))["questions"]
    assert question["supporters"] == 2
    await rounds.end_in_time(installation)
    for citizen in (ana, bia):
        assert talk.ended in await citizen.waits()
    assert talk.over in await bia.press(talk.support, guild=True)
    await answered(cabinet, issue)
    for citizen in (ana, bia):
        assert (await citizen.waits()).count(READ[lang]) == 1
