"""A message of the service as Discord's requests: escaped, split, with buttons and pictures."""

import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from discord import File

from service.channels.contract import Button, Capabilities, Outbound, Pace, Picture, render, units

CAPABILITIES = Capabilities(
    buttons=True, repeat_seconds=120, max_text=2000, max_button_data=100, pace=Pace(45)
)
QUIET: dict[str, Any] = {"parse": []}
NO_PREVIEWS = 1 << 2
EPHEMERAL = 1 << 6
LINK, CHOICE = 5, 2
ROW, ROWS, LONGEST_LABEL, LONGEST_ALT, MOST_FILES = 5, 5, 80, 1024, 10
# Addresses stay as they are; signs that Discord reads as formatting, mentions or times are escaped.
SIGNS = re.compile(
    r"(?P<url>https?://[^\s<]+[^<.,:;\"'\]\s])"
    r"|(?P<start>^[ \t]*(?:[0-9]+(?=\.))?)(?P<mark>[#>-]|(?<=[0-9])\.)"
    r"|(?P<sign>[\\_*~|`\[]|<(?=[@#:/]|a:|t:|id:)|@(?=everyone|here))",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Request:
    """What is posted: a payload, and files that go with it."""

    payload: dict[str, Any]
    pictures: tuple[Picture, ...] = field(default=(), repr=False)

    def arguments(self) -> dict[str, Any]:
        """The same for discord.py's `request`: as JSON, or as a form where there are files."""
        if not self.pictures:
            return {"json": self.payload}
        files = [
            File(io.BytesIO(one.data), one.name, description=one.alt[:LONGEST_ALT])
            for one in self.pictures
        ]
        told = [file.to_dict(at) for at, file in enumerate(files)]
        payload = json.dumps({**self.payload, "attachments": told})
        form: list[dict[str, Any]] = [{"name": "payload_json", "value": payload}]
        for at, (file, one) in enumerate(zip(files, self.pictures, strict=True)):
            form.append(
                {
                    "name": f"files[{at}]",
                    "value": file.fp,
                    "filename": file.filename,
                    "content_type": one.mime,
                }
            )
        return {"files": files, "form": form}


def escape(text: str) -> str:
    """The text so that it shows as it was written, and nothing in it can pass for ours."""
    return SIGNS.sub(_escaped, re.sub("\r\n?", "\n", text))


def _escaped(found: re.Match[str]) -> str:
    if found["url"]:
        return found["url"]
    if found["mark"]:
        return f"{found['start']}\\{found['mark']}"
    return f"\\{found['sign']}"


def requests(outbound: Outbound) -> list[Request]:
    """The requests that a message becomes, in order: always the same for the same message."""
    parts = [
        fitted for part in render(outbound, CAPABILITIES) for fitted in _fit(part, len(part.text))
    ]
    texts, pictures = [part.text for part in parts], outbound.pictures
    shown = [pictures[start : start + MOST_FILES] for start in range(0, len(pictures), MOST_FILES)]
    beside: list[tuple[Picture, ...]] = [()] * (len(texts) - 1) + (shown or [()])
    texts += [""] * (len(beside) - len(texts))
    last = len(texts) - 1
    return [
        request(
            text,
            outbound.buttons if at == last else (),
            beside[at],
            nonce=f"{outbound.id}-{at + 1}",
        )
        for at, text in enumerate(texts)
    ]


def _fit(part: Outbound, length: int) -> list[Outbound]:
    """An escaped part, in as many pieces as it takes."""
    text = escape(part.text)
    if units(text) <= CAPABILITIES.max_text:
        return [replace(part, text=text)]
    half = replace(CAPABILITIES, max_text=(length + 1) // 2)
    return [fitted for piece in render(part, half) for fitted in _fit(piece, half.max_text)]


def request(
    text: str,
    buttons: Sequence[Button] = (),
    pictures: tuple[Picture, ...] = (),
    *,
    nonce: str = "",
) -> Request:
    """One message: no mention rings, no preview opens."""
    payload: dict[str, Any] = {
        "content": text,
        "allowed_mentions": QUIET,
        "flags": NO_PREVIEWS,
        "components": components(buttons),
    }
    if nonce:
        payload |= {"nonce": nonce, "enforce_nonce": True}
    return Request(payload, pictures)


def components(buttons: Sequence[Button]) -> list[dict[str, Any]]:
    """Buttons in rows of five."""
    shown = [_button(one) for one in buttons[: ROW * ROWS]]
    return [
        {"type": 1, "components": shown[start : start + ROW]} for start in range(0, len(shown), ROW)
    ]


def _button(button: Button) -> dict[str, Any]:
    basis = {"type": 2, "label": button.label[:LONGEST_LABEL]}
    if button.url:
        return {**basis, "style": LINK, "url": button.url}
    return {**basis, "style": CHOICE, "custom_id": button.action or ""}


def for_interaction(made: Request, *, first: bool) -> Request:
    """The same as an answer to an interaction; only who asked reads what follows the first."""
    payload = {k: v for k, v in made.payload.items() if k not in ("nonce", "enforce_nonce")}
    if not first:
        payload["flags"] |= EPHEMERAL
    return Request(payload, made.pictures)
