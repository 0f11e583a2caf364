"""Replies as requests, and what becomes of those that Discord does not take."""

import asyncio
import time
from typing import Any

import discord
import pytest

from bots.discord import sending
from bots.discord.channel import DiscordChannel
from service.channels.contract import Button, Failure, Picture, SendError
from tests.bots.discord.conftest import ANA, BIA, channel, out
from tests.doubles.discord import Discord

POSTS = r"/channels/\d+/messages"
BASIS = {"allowed_mentions": {"parse": []}, "flags": 4, "enforce_nonce": True}


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("Olá, Ana. (1-2)", "Olá, Ana. (1-2)"),
        ("_a_ *b* ~~c~~ `d` ||e|| \\", r"\_a\_ \*b\* \~\~c\~\~ \`d\` \|\|e\|\| " + "\\\\"),
        ("> a\n# b\n - c\n-# d\n7. e\n9. f", "\\> a\n\\# b\n \\- c\n\\-# d\n7\\. e\n9\\. f"),
        ("a > b, c # d - e", "a > b, c # d - e"),
        ("a\r\n# b\r> c", "a\n\\# b\n\\> c"),
        ("[gov](https://evil.example/a_b)", r"\[gov](https://evil.example/a_b)"),
        ("[a](https://x.example) [b\nc](https://y.example)",
         "\\[a](https://x.example) \\[b\nc](https://y.example)"),
        ("veja https://gov.example/a_b*c?d=_e_ e *f*",
         r"veja https://gov.example/a_b*c?d=_e_ e \*f\*"),
        ("@everyone @here <@1> <@&2> <#3> <t:1:R> <:x:1> </a:1>",
         r"\@everyone \@here \<@1> \<@&2> \<#3> \<t:1:R> \<:x:1> \</a:1>"),
        ("ana@porto.example 1 < 2", "ana@porto.example 1 < 2"),
    ],
)  # fmt: skip
def test_what_somebody_wrote_cannot_pass_for_formatting(text: str, escaped: str) -> None:
    assert sending.escape(text) == escaped


@pytest.mark.parametrize(
    ("outbound", "payloads"),
    [
        (out(7, "Olá"), [{"content": "Olá", "nonce": "7-1", "components": []}]),
        (
            out(8, "a" * 1500 + "\n\n" + "b" * 1500, Button("Sim", action="yes:1")),
            [
                {"content": "a" * 1500, "nonce": "8-1", "components": []},
                {"content": "b" * 1500, "nonce": "8-2", "components": [{"type": 1, "components": [
                    {"type": 2, "style": 2, "label": "Sim", "custom_id": "yes:1"}]}]},
            ],
        ),
        (
            out(9, "*" * 1500),
            [
                {"content": "\\*" * 750, "nonce": "9-1", "components": []},
                {"content": "\\*" * 750, "nonce": "9-2", "components": []},
            ],
        ),
        (
            out(10, "Veja", Button("Abrir " + "x" * 90, url="https://gov.example")),
            [{"content": "Veja", "nonce": "10-1", "components": [{"type": 1, "components": [
                {"type": 2, "style": 5, "label": ("Abrir " + "x" * 90)[:80],
                 "url": "https://gov.example"}]}]}],
        ),
        (
            out(11, "a" * 1500 + "\n\n" + "b" * 1500, taken=("5:6",)),
            [{"content": "b" * 1500, "nonce": "11-2", "components": []}],
        ),
    ],
)  # fmt: skip
async def test_a_message_becomes_these_requests(
    platform: Discord, outbound: Any, payloads: list[dict[str, Any]]
) -> None:
    made = channel(platform)
    ids = await made.send(outbound)
    assert [one.told for one in platform.of("POST", POSTS)] == [
        {**BASIS, **payload} for payload in payloads
    ]
    there = platform.messages[platform.conversation(ANA)]
    assert list(ids) == [*outbound.taken, *(f"{one['channel_id']}:{one['id']}" for one in there)]
    await made.stop()


async def test_many_pictures_take_several_messages_with_the_buttons_last(
    platform: Discord,
) -> None:
    many = tuple(Picture(f"{n}.png", "image/png", bytes([n]), "") for n in range(11))
    made = channel(platform)
    await made.send(out(1, "Veja", Button("Sim", action="yes:1"), pictures=many))
    first, second = platform.of("POST", POSTS)
    assert (len(first.files), len(second.files)) == (10, 1)
    assert (first.told["content"], second.told["content"]) == ("Veja", "")
    assert (first.told["components"], len(second.told["components"])) == ([], 1)
    await made.stop()


async def test_signs_that_count_twice_fit_too(platform: Discord) -> None:
    made = channel(platform)
    await made.send(out(1, "😀" * 1001))
    assert [len(one.told["content"]) for one in platform.of("POST", POSTS)] == [501, 500]
    await made.stop()


async def test_what_is_still_to_be_sent_after_stopping_arrives(
    platform: Discord, bot: DiscordChannel
) -> None:
    await bot.stop()
    await bot.send(out(1, "Recebido"))
    assert len(platform.messages[platform.conversation(ANA)]) == 1


async def test_seven_buttons_stand_in_two_rows(platform: Discord) -> None:
    made = channel(platform)
    await made.send(out(1, "Qual?", *(Button(str(n), action=f"pick:{n}") for n in range(7))))
    rows = platform.of("POST", POSTS)[0].told["components"]
    assert [len(row["components"]) for row in rows] == [5, 2]
    await made.stop()


async def test_pictures_go_as_files_with_their_words(platform: Discord) -> None:
    made = channel(platform)
    picture = Picture("queda.png", "image/png", b"\x89PNG", "A queda das filas")
    await made.send(out(1, "Veja", Button("Bom", action="a"), pictures=(picture,)))
    (asked,) = platform.of("POST", POSTS)
    assert asked.files == {"files[0]": b"\x89PNG"}
    (told,) = asked.told["attachments"]
    assert (told["id"], told["filename"], told["description"]) == (
        0, "queda.png", "A queda das filas",
    )  # fmt: skip
    assert asked.told["components"]
    await made.stop()


async def test_a_picture_that_is_refused_can_be_left_out(platform: Discord) -> None:
    made, picture = channel(platform), Picture("a.png", "image/png", b"\x89PNG", "A queda")
    long = "a" * 1500 + "\n\n" + "b" * 1500
    platform.trouble("POST", POSTS, status=400, body={"code": 50046, "message": "Invalid asset"})
    with pytest.raises(SendError) as refused:
        await made.send(out(1, "Veja", pictures=(picture,)))
    assert (refused.value.failure, refused.value.taken) == (Failure.rejected, ())
    await made.send(out(1, "Veja"))
    ids = await made.send(out(2, long, pictures=(picture,)))
    assert await made.send(out(2, long, taken=ids)) == ids, "as many messages as without"
    there = platform.messages[platform.conversation(ANA)]
    assert [one["content"][:4] for one in there] == ["Veja", "aaaa", "bbbb"]
    await made.stop()


async def test_a_message_sent_again_is_recognised(platform: Discord) -> None:
    made = channel(platform)
    platform.trouble("POST", POSTS, after=True)
    with pytest.raises(SendError) as lost:
        await made.send(out(1, "Olá"))
    assert lost.value.failure is Failure.ambiguous
    assert lost.value.taken == ()
    await made.send(out(1, "Olá"))
    assert len(platform.messages[platform.conversation(ANA)]) == 1
    await made.stop()


async def test_a_failure_in_the_middle_says_what_is_there_already(platform: Discord) -> None:
    made = channel(platform)
    long = "\n\n".join("abc"[n] * 1900 for n in range(3))
    platform.trouble("POST", POSTS, status=200, body={"channel_id": "1", "id": "2"})
    platform.trouble("POST", POSTS, status=503, body={"message": "no", "code": 0})
    with pytest.raises(SendError) as failed:
        await made.send(out(1, long))
    assert (failed.value.failure, failed.value.taken) == (Failure.retry, ("1:2",))
    ids = await made.send(out(1, long, taken=failed.value.taken))
    assert ids[0] == "1:2"
    assert len(ids) == 3
    await made.stop()


@pytest.mark.parametrize(
    ("status", "body", "failure", "after"),
    [
        (403, {"code": 50007, "message": "Cannot send"}, Failure.recipient_gone, None),
        (403, {"code": 50001, "message": "Missing Access"}, Failure.recipient_gone, None),
        (403, {"code": 50278, "message": "No mutual guilds"}, Failure.recipient_gone, None),
        (403, {"code": 50013, "message": "Missing Permissions"}, Failure.rejected, None),
        (403, {"code": 40003, "message": "Too fast"}, Failure.retry, 60.0),
        (404, {"code": 10003, "message": "Unknown Channel"}, Failure.recipient_gone, None),
        (404, {"code": 10013, "message": "Unknown User"}, Failure.recipient_gone, None),
        (404, {"code": 0, "message": "404"}, Failure.rejected, None),
        (401, {"code": 0, "message": "401: Unauthorized"}, Failure.configuration, None),
        (400, {"code": 50035, "message": "Invalid Form Body"}, Failure.rejected, None),
        (429, {"retry_after": 45.5, "global": False}, Failure.retry, 45.5),
        (503, {"code": 0, "message": "Unavailable"}, Failure.retry, None),
        (200, {"unexpected": True}, Failure.ambiguous, None),
    ],
)
@pytest.mark.parametrize("path", [POSTS, "/users/@me/channels"])
async def test_a_refusal_is_one_of_the_closed_list(
    platform: Discord,
    status: int,
    body: dict[str, Any],
    failure: Failure,
    after: float | None,
    path: str,
) -> None:
    made = channel(platform)
    platform.trouble("POST", path, status=status, body=body, headers={"Via": "1.1 google"})
    with pytest.raises(SendError) as refused:
        await made.send(out(1, "segredo"))
    if failure is Failure.ambiguous and path != POSTS:
        failure = Failure.retry
    assert (refused.value.failure, refused.value.after) == (failure, after)
    assert "segredo" not in str(refused.value)
    await made.send(out(2))
    await made.stop()


@pytest.mark.parametrize(
    ("headers", "after"),
    [({"Retry-After": "7"}, 7.0), ({}, 60.0), ({"Retry-After": "soon"}, 60.0)],
)
async def test_a_ban_of_the_network_is_waited_out(
    platform: Discord, headers: dict[str, str], after: float
) -> None:
    made = channel(platform)
    platform.trouble("POST", POSTS, status=429, body={"message": "blocked"}, headers=headers)
    with pytest.raises(SendError) as refused:
        await made.send(out())
    assert (refused.value.failure, refused.value.after) == (Failure.retry, after)
    await made.stop()


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        (POSTS, Failure.ambiguous),
        ("/users/@me/channels", Failure.retry),
        ("/users/@me", Failure.retry),
    ],
)
async def test_a_cut_is_ambiguous_only_where_the_message_was_on_its_way(
    platform: Discord, path: str, failure: Failure
) -> None:
    made = channel(platform)
    if path == "/users/@me":
        platform.trouble("GET", path, 2)  # one cut of a GET is mended beneath the library
    else:
        platform.trouble("POST", path)
    with pytest.raises(SendError) as cut:
        await made.send(out())
    assert cut.value.failure is failure
    await made.stop()


async def test_a_platform_that_is_not_there_is_tried_again() -> None:
    made = channel()
    with pytest.raises(SendError) as refused:
        await made.send(out())
    assert refused.value.failure is Failure.retry
    await made.stop()


async def test_a_short_wait_that_discord_asks_for_is_kept(platform: Discord) -> None:
    made = channel(platform)
    platform.patience("POST", POSTS, 0.2)
    before = time.monotonic()
    await made.send(out())
    assert time.monotonic() - before >= 0.2
    assert len(platform.of("POST", POSTS)) == 2
    await made.stop()


async def test_the_limit_over_all_holds_everybody_back(platform: Discord) -> None:
    made = channel(platform)
    await asyncio.gather(made.send(out(1)), made.send(out(2, to=BIA)))
    platform.asked.clear()
    body = {"message": "You are being rate limited.", "retry_after": 0.3, "global": True}
    platform.trouble("POST", POSTS, status=429, body=body, headers={"Via": "1.1 google"})
    before = time.monotonic()
    first = asyncio.create_task(made.send(out(3)))
    await platform.until(lambda: platform.asked)
    await asyncio.sleep(0.05)
    await asyncio.gather(first, made.send(out(4, to=BIA)))
    assert time.monotonic() - before >= 0.3
    assert len(platform.of("POST", POSTS)) == 3, "nothing was tried meanwhile"
    await made.stop()


async def test_a_bucket_that_is_empty_is_waited_for(platform: Discord) -> None:
    made = channel(platform)
    await made.send(out(1))
    headers = {
        "X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "0.3",
        "X-RateLimit-Reset": str(time.time() + 0.3), "X-RateLimit-Bucket": "80c17d2f203122d9",
    }  # fmt: skip
    body = {"id": "77", "channel_id": "66"}
    platform.trouble("POST", POSTS, status=200, body=body, headers=headers)
    before = time.monotonic()
    await made.send(out(2))
    await made.send(out(3))
    assert time.monotonic() - before >= 0.25
    assert len(platform.of("POST", POSTS)) == 3, "no request was refused"
    await made.stop()


async def test_a_storm_of_errors_passes(platform: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hasty:
        """asyncio, for a library that would wait half a minute between its tries."""

        def __getattr__(self, name: str) -> Any:
            return getattr(asyncio, name)

        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(0)

    monkeypatch.setattr(discord.http, "asyncio", Hasty())
    made = channel(platform)
    platform.trouble("POST", POSTS, 7, status=502, body={"message": "no", "code": 0})
    with pytest.raises(SendError) as refused:
        await made.send(out())
    assert refused.value.failure is Failure.retry
    await made.send(out())
    assert len(platform.messages[platform.conversation(ANA)]) == 1
    await made.stop()


async def test_one_who_left_does_not_hold_up_the_others(
    platform: Discord, bot: DiscordChannel
) -> None:
    platform.closed_to_us.add(ANA)
    sent = await asyncio.gather(
        *(bot.send(out(n, to=who)) for n, who in enumerate((ANA, BIA, ANA, BIA))),
        return_exceptions=True,
    )
    assert [isinstance(one, SendError) for one in sent] == [True, False, True, False]
