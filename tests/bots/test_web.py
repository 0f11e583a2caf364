"""Every request of the web chat: what is taken, what is refused in whose words, what is served."""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette

import bots.web
from bots.web.channel import WebChannel
from service.channels.contract import (
    Address,
    Button,
    ChannelConfig,
    Failure,
    Inbound,
    Outbound,
    Outcome,
    Said,
    SendError,
)
from service.phrases import say

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STATIC = Path(bots.web.__file__).parent / "static"
BASE = "http://porto.example"


class Door:
    """A service that keeps what it was given, and answers as it is told to."""

    def __init__(self) -> None:
        self.outcome = Outcome.stored
        self.taken: list[Inbound] = []
        self.due: list[Outbound] = []
        self.confirmed: list[int] = []
        self.bell = asyncio.Event()

    async def accept(self, inbounds: Sequence[Inbound]) -> list[Outcome]:
        self.taken += inbounds
        return [self.outcome for _ in inbounds]

    async def history(self, address: Address, *, limit: int = 200) -> list[Said]:
        said = [Said("in", n, one.external_id, one.text, NOON) for n, one in enumerate(self.taken)]
        return said[-limit:]

    async def lately(self, channel: str, account: str, *, limit: int) -> list[Address]:
        return []

    async def waiting(self, address: Address) -> list[Outbound]:
        return [one for one in self.due if one.id not in self.confirmed]

    async def fetched(self, address: Address, ids: Sequence[int]) -> None:
        self.confirmed += ids

    async def news(self, address: Address) -> AsyncIterator[None]:
        yield
        while True:
            await self.bell.wait()
            self.bell.clear()
            yield


def channel(**options: Any) -> WebChannel:
    """The web chat of Porto Belo."""
    return WebChannel(
        ChannelConfig("main", BASE, "Porto <Belo>", say, "en", options={"max_text": 100, **options})
    )


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
async def web(door: Door) -> AsyncIterator[AsyncClient]:
    """A browser of somebody with a conversation."""
    made = channel()
    await made.start(door)
    app = Starlette(routes=list(made.routes()))
    headers = {"authorization": f"Bearer {secrets.token_urlsafe(32)}"}
    async with AsyncClient(transport=ASGITransport(app), base_url=BASE, headers=headers) as client:
        yield client
    await made.stop()


def out(number: int, text: str = "Olá") -> Outbound:
    """A reply that waits."""
    address = Address("web", "main", "x")
    return Outbound(number, address, text, (Button("Ajudou", action="helpful:1"),), NOON)


async def test_a_message_is_stored_under_its_id_and_conversation(
    web: AsyncClient, door: Door
) -> None:
    answer = await web.post("/chat/v1/messages", json={"id": "a", "text": "oi", "lang": "pt-BR"})
    assert (answer.status_code, answer.json()) == (202, {"outcome": "stored"})
    (taken,) = door.taken
    token = web.headers["authorization"].removeprefix("Bearer ")
    assert (taken.kind, taken.external_id, taken.text, taken.lang) == ("text", "a", "oi", "pt-BR")
    assert taken.address == Address("web", "main", token)
    assert taken.sender == token


@pytest.mark.parametrize(
    ("body", "kind", "payload"),
    [
        ({"id": "a", "text": "/ajuda"}, "command", None),
        ({"id": "a", "action": "helpful:3"}, "button", "helpful:3"),
        ({"id": "a", "text": "sem água"}, "text", None),
    ],
)
async def test_commands_and_buttons_are_told_from_words(
    web: AsyncClient, door: Door, body: dict[str, str], kind: str, payload: str | None
) -> None:
    assert (await web.post("/chat/v1/messages", json=body)).status_code == 202
    assert (door.taken[0].kind, door.taken[0].payload) == (kind, payload)


@pytest.mark.parametrize("outcome", [Outcome.duplicate, Outcome.ignored])
async def test_a_repeat_is_acknowledged_too(web: AsyncClient, door: Door, outcome: Outcome) -> None:
    door.outcome = outcome
    answer = await web.post("/chat/v1/messages", json={"id": "a", "text": "oi"})
    assert (answer.status_code, answer.json()["outcome"]) == (202, outcome.value)


@pytest.mark.parametrize("lang", ["pt-BR", "es-AR", "en"])
@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome.too_long, 413), (Outcome.too_many, 429), (Outcome.failed, 503)],
)
async def test_what_is_not_stored_says_why_in_the_readers_language(
    web: AsyncClient, door: Door, outcome: Outcome, status: int, lang: str
) -> None:
    door.outcome = outcome
    answer = await web.post(
        "/chat/v1/messages", json={"id": "a", "text": "oi"}, headers={"accept-language": lang}
    )
    assert (answer.status_code, answer.json()["error"]) == (status, outcome.value)
    assert answer.json()["message"] == say(f"channel.{outcome.value}", lang[:2], max=100)
    assert ("retry-after" in answer.headers) == (outcome is Outcome.too_many)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"id": ' + b"9" * 5000 + b"}",
        b'{"text": "oi"}',
        b'{"id": "", "text": "oi"}',
        b'{"id": 7, "text": "oi"}',
        b'{"id": "a", "text": "  "}',
        b'{"id": "a", "text": 7}',
        b'{"id": "a", "text": "oi", "action": "x"}',
        json.dumps({"id": "a" * 65, "text": "oi"}).encode(),
        json.dumps({"id": "\ud83d", "text": "oi"}).encode(),
        json.dumps({"id": "a\0", "text": "oi"}).encode(),
        json.dumps({"id": "a", "action": "\ud83d"}).encode(),
        json.dumps({"id": "a", "action": "x" * 65}).encode(),
    ],
)
async def test_a_malformed_message_is_422_and_nothing_is_taken(
    web: AsyncClient, door: Door, body: bytes
) -> None:
    answer = await web.post("/chat/v1/messages", content=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "malformed")
    assert door.taken == []


async def test_half_a_sign_at_the_end_does_not_lose_the_message(
    web: AsyncClient, door: Door
) -> None:
    body = json.dumps({"id": "a", "text": "sem água \ud83d", "lang": "\ud83d"})
    assert (await web.post("/chat/v1/messages", content=body)).status_code == 202
    (taken,) = door.taken
    assert (taken.text, taken.lang) == ("sem água ?", None)


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer short", "Bearer " + "a" * 65, "Basic x"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/chat/v1/messages"),
        ("GET", "/chat/v1/messages"),
        ("GET", "/chat/v1/stream"),
        ("POST", "/chat/v1/seen"),
    ],
)
async def test_nothing_is_said_without_a_conversations_token(
    web: AsyncClient, method: str, path: str, given: str
) -> None:
    answer = await web.request(method, path, headers={"authorization": given}, json={})
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")


async def test_tokens_cannot_be_guessed(web: AsyncClient) -> None:
    tokens = {(await web.post("/chat/v1/conversations")).json()["token"] for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 43 for token in tokens)


async def test_history_gives_the_newest_lines(web: AsyncClient) -> None:
    for text in ("um", "dois", "três"):
        await web.post("/chat/v1/messages", json={"id": text, "text": text})
    lines = (await web.get("/chat/v1/messages", params={"limit": 2})).json()["messages"]
    assert [line["text"] for line in lines] == ["dois", "três"]
    for limit in ("all", "", "²", "-1", "9" * 5000):
        answer = await web.get("/chat/v1/messages", params={"limit": limit})
        assert len(answer.json()["messages"]) == 3, limit[:9]


async def test_what_the_device_has_shown_is_confirmed(web: AsyncClient, door: Door) -> None:
    assert (await web.post("/chat/v1/seen", json={"ids": [3, 4]})).status_code == 204
    assert door.confirmed == [3, 4]
    for ids in (None, "3", [True], ["3"], [-1], [10**30], list(range(1, 502))):
        assert (await web.post("/chat/v1/seen", json={"ids": ids})).status_code == 422


async def events(made: WebChannel, count: int) -> list[dict[str, Any]]:
    """The first messages of a stream."""
    found: list[dict[str, Any]] = []
    async for text in made._events(Address("web", "main", "x")):
        if data := re.search(r"^data: (.+)$", text, re.MULTILINE):
            found.append(json.loads(data.group(1)))
        if len(found) == count:
            break
    return found


async def test_a_stream_gives_what_waits_and_what_comes_each_once(door: Door) -> None:
    made = channel()
    await made.start(door)
    door.due = [out(1, "primeira")]
    reading = asyncio.create_task(events(made, 2))
    await asyncio.sleep(0)
    door.due.append(out(2, "segunda"))
    door.bell.set()
    found = await asyncio.wait_for(reading, 5)
    assert [one["text"] for one in found] == ["primeira", "segunda"]
    assert found[0]["buttons"] == [{"label": "Ajudou", "action": "helpful:1", "url": None}]
    again = await asyncio.wait_for(events(made, 2), 5)
    assert [one["id"] for one in again] == [1, 2], "unconfirmed replies are given again"
    door.confirmed = [1, 2]
    door.due.append(out(3))
    (only,) = await asyncio.wait_for(events(made, 1), 5)
    assert only["id"] == 3


async def test_a_stream_beats_while_nothing_comes_and_ends_with_the_service(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.web.channel.HEARTBEAT", 0.01)
    made = channel()
    await made.start(door)
    seen = []
    async with asyncio.timeout(60):
        async for text in made._events(Address("web", "main", "x")):
            seen.append(text)
            if len(seen) == 3:
                await made.stop()
    assert seen[0].startswith(":")
    assert seen[1] == ": still here\n\n"


async def test_the_stream_is_kept_by_nobody_and_ends_with_the_service(door: Door) -> None:
    made = channel()
    await made.start(door)
    door.due = [out(1, "primeira")]
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    header = (b"authorization", f"Bearer {secrets.token_urlsafe(32)}".encode())
    scope = {
        "type": "http", "method": "GET", "path": "/chat/v1/stream", "headers": [header],
        "query_string": b"",
    }  # fmt: skip
    stays = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await stays.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        heard.put_nowait(message)

    app = Starlette(routes=list(made.routes()))
    streaming = asyncio.create_task(app(scope, receive, send))
    async with asyncio.timeout(60):
        begun = await heard.get()
        while b"primeira" not in (await heard.get())["body"]:
            continue
        await made.stop()
        await streaming
    headers = dict(begun["headers"])
    assert (begun["status"], headers[b"cache-control"]) == (200, b"no-store")
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert door.confirmed == [], "sent is not shown"


async def test_before_it_is_started_the_channel_says_it_cannot_store(door: Door) -> None:
    app = Starlette(routes=list(channel().routes()))
    headers = {"authorization": f"Bearer {secrets.token_urlsafe(32)}"}
    async with AsyncClient(transport=ASGITransport(app), base_url=BASE, headers=headers) as client:
        answer = await client.post("/chat/v1/messages", json={"id": "a", "text": "oi"})
    assert (answer.status_code, answer.json()["error"]) == (503, "failed")


async def test_nothing_is_ever_pushed_to_a_browser() -> None:
    with pytest.raises(SendError) as refused:
        await channel().send(out(1))
    assert refused.value.failure is Failure.configuration


async def test_the_page_stands_alone_and_the_frame_only_where_allowed(door: Door) -> None:
    app = Starlette(routes=list(channel(origins=("https://city.example",)).routes()))
    async with AsyncClient(transport=ASGITransport(app), base_url=BASE) as client:
        whole, framed = await client.get("/chat"), await client.get("/chat/embed")
    assert "frame-ancestors 'none'" in whole.headers["content-security-policy"]
    policy = framed.headers["content-security-policy"]
    assert "frame-ancestors 'self' https://city.example" in policy
    for page in (whole, framed):
        assert "Porto &lt;Belo&gt;" in page.text
        assert "Porto <Belo>" not in page.text
        assert "unsafe" not in page.headers["content-security-policy"]
        assert "set-cookie" not in page.headers


@pytest.mark.parametrize(
    ("asked", "headers", "lang"),
    [
        ("/chat", {"accept-language": "es-AR,es;q=0.9"}, "es"),
        ("/chat?lang=en", {"accept-language": "es"}, "en"),
        ("/chat", {"accept-language": "de-DE,pt;q=0.5"}, "pt"),
        ("/chat?lang=xx", {"accept-language": "de"}, "en"),
    ],
)
async def test_the_page_speaks_the_readers_language(
    web: AsyncClient, asked: str, headers: dict[str, str], lang: str
) -> None:
    assert f'<html lang="{lang}"' in (await web.get(asked, headers=headers)).text


async def test_files_are_served_to_keep_and_nothing_else_is(web: AsyncClient) -> None:
    page = (await web.get("/chat")).text
    addresses = re.findall(r'(?:src|href)="(/chat/static/[^"]+)"', page)
    assert addresses
    for address in addresses:
        answer = await web.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]
    for path in ("/chat/static/chat.html", "/chat/static/..%2fchannel.py", "/chat/static/no.js"):
        assert (await web.get(path)).status_code == 404, path


def test_no_file_names_another_host_or_carries_code_in_its_markup() -> None:
    for path in STATIC.iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text), path.name
        if path.suffix == ".html":
            assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*src=)", text), path.name
