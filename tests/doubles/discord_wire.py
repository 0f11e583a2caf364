"""How the double of Discord reads and writes: requests, frames, and troubles on the way."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.doubles.discord_rules import Refusal


@dataclass
class Asked:
    """One request, as it came."""

    method: str
    path: str
    told: Any = None
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Trouble:
    """What happens to the next requests that match, instead of an answer."""

    method: str
    path: re.Pattern[str]
    times: int
    status: int = 0
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after: bool = False


async def read(request: web.Request, asked: Asked) -> None:
    """What a request says; JSON only under exactly its content type."""
    if request.content_type == "multipart/form-data":
        form = await request.post()
        asked.told = json.loads(str(form["payload_json"]))
        for name, value in form.items():
            if isinstance(value, web.FileField):
                asked.files[name] = value.file.read()
    elif body := await request.read():
        if request.headers.get("Content-Type") != "application/json":
            raise Refusal(400, 50109, "The request body contains invalid JSON.")
        asked.told = json.loads(body)


async def send(socket: web.WebSocketResponse, op: int, data: Any) -> None:
    """A frame of the gateway."""
    await socket.send_str(json.dumps({"op": op, "d": data, "s": None, "t": None}))


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    """discord.py reads JSON only under exactly this content type."""
    if body is None:
        return web.Response(status=status, headers=headers)
    told = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(status=status, body=json.dumps(body).encode(), headers=told)
