"""What a channel and the service say to each other. Imports nothing of ours."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

InboundKind = Literal[
    "text", "command", "button", "media", "joined", "left", "blocked", "edited", "deleted"
]


Medium = Literal["photo", "voice", "video", "document", "location", "contact", "sticker", "other"]
State = Literal["up", "degraded", "down"]
LONGEST_WISH = 86_400.0


@dataclass(frozen=True)
class Pace:
    """How fast a platform takes messages: so many a second over all, and the seconds between two
    to one conversation.
    """

    per_second: float
    apart: float = 0.0


@dataclass(frozen=True)
class Capabilities:
    """What a platform can do. `pull` channels fetch their messages instead of being sent them.

    For `repeat_seconds` after a message was sent, the platform recognises it when it is sent again.
    """

    buttons: bool = False
    pull: bool = False
    repeat_seconds: float = 0.0
    max_text: int = 4000
    max_button_data: int = 64
    pace: Pace | None = None


@dataclass(frozen=True)
class Address:
    """Where to send: a conversation of an account of a channel."""

    channel: str
    account: str
    conversation: str
    thread: str | None = None


@dataclass(frozen=True)
class Inbound:
    """One thing that a platform told us. `external_id` and `version` tell repeats from edits.

    `address` is where its sender is answered in private, also when it was said in a group. `text`
    of a `media` is its caption. A `deleted` may come without a sender: `external_id` finds it.
    `device` is what a browser told of itself, its address first; nothing where accounts vouch.
    """

    kind: InboundKind
    external_id: str
    address: Address
    sender: str
    text: str
    occurred_at: datetime
    payload: str | None = None
    reply_to: str | None = None
    lang: str | None = None
    version: int = 0
    medium: Medium | None = None
    device: tuple[str, ...] = ()


@dataclass(frozen=True)
class Button:
    """A choice under a message: an `action` comes back to us as a payload, a `url` opens a page."""

    label: str
    action: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Picture:
    """A picture that goes with a message, as a file; `alt` says in words what it shows.

    `url` is where our own pages show it, without a host.
    """

    name: str
    mime: Literal["image/png", "image/jpeg"]
    data: bytes
    alt: str
    url: str = ""


@dataclass(frozen=True)
class Outbound:
    """One message to one conversation. `id` is ours and stays the same when it is sent again.

    Its pictures come after the whole text or with its end, so that nothing of the text depends on
    them. `taken` are the platform's ids of those of its parts that an earlier try brought there;
    `unasked`: it is no reply to what was just said.
    """

    id: int
    address: Address
    text: str
    buttons: tuple[Button, ...] = ()
    created_at: datetime | None = None
    pictures: tuple[Picture, ...] = ()
    taken: tuple[str, ...] = ()
    unasked: bool = False


@dataclass(frozen=True)
class Said:
    """A line of a conversation's history, oldest first; `id` orders lines of both directions."""

    direction: Literal["in", "out"]
    id: int
    external_id: str
    text: str
    at: datetime
    buttons: tuple[Button, ...] = ()
    pictures: tuple[Picture, ...] = ()


class Outcome(StrEnum):
    """What became of an inbound at the door."""

    stored = "stored"
    duplicate = "duplicate"
    ignored = "ignored"
    too_long = "too_long"
    too_many = "too_many"
    failed = "failed"


class Failure(StrEnum):
    """Why a message could not be sent: the closed list."""

    retry = "retry"
    rejected = "rejected"
    recipient_gone = "recipient_gone"
    configuration = "configuration"
    ambiguous = "ambiguous"

    @property
    def retryable(self) -> bool:
        """Whether sending again may help."""
        return self is Failure.retry

    @property
    def ours(self) -> bool:
        """Whether staff must mend something."""
        return self in (Failure.rejected, Failure.configuration)


# What channels say of themselves and of why a send failed: the closed list, by code. The console
# words each in the reader's language; what platforms say in their own words stays as it is.
SAYINGS: Mapping[str, str] = {
    "here": "is there",
    "part": "is part of the web server",
    "never": "no process has run it yet",
    "silent": "the process that ran it has ended or hangs",
    "not_started": "is not started",
    "stopped": "is stopped",
    "connecting": "is connecting to {name}",
    "blind": "listens as {name}, without the message content intent",
    "listens": "listens as {name}",
    "not_stored": "messages cannot be stored now",
    "kept": "what arrives cannot be stored now; it is kept by {name}",
    "undelivered": "{name} cannot deliver to us: {why}",
    "disputed": "somebody else takes this bot's messages: {why}",
    "cut": "the connection to {name} was cut; trying again",
    "again": "{why}; trying again",
    "ended": "the session ended",
    "not_allowed": "{name} does not allow what we listen for",
    "token_set": "{name} refuses the token: {why}.",
    "token": "{name} refuses the token",
    "patience": "{name} asks for patience",
    "unreachable": "{name} cannot be reached ({why})",
    "closed": "the connection to {name} is closed",
    "lost": "{name}'s answer was lost ({why})",
    "half": "{name} did not answer to the end ({why})",
    "unreadable": "{name}'s answer cannot be read ({why})",
    "answered": "{name} answered {status} (code {why})",
    "malformed": "the Bot API's address or the token is malformed",
    "no_telegram": "GABINETE_TELEGRAM_TOKEN is empty: ask @BotFather for a token and set it.",
    "no_discord": "GABINETE_DISCORD_TOKEN is empty: copy the bot's token from Discord's portal.",
    "unsigned": "{why} must be set for webhooks: 1 to 256 letters, digits, - and _.",
    "fetched": "the web chat fetches its messages",
    "blocked": "has blocked us on {name}",
    "deactivated": "has no account on {name} any more",
    "shut": "takes no private messages from us on {name}",
    "apart": "shares no server with us on {name} any more",
    "no_chat": "{name} knows no such conversation",
    "no_id": "the conversation has no {name} id",
    "moved": "the group became a supergroup with another id",
    "no_address": "came from a file, without an address",
    "interrupted": "the process that was sending it ended before the platform answered",
    "sealed": "the installation's key does not open it",
    "broke": "something failed here while it was sent ({why})",
    "doubted": "{name}'s answer to it was lost",
    "empty": "the message says nothing",
    "dead_button": "a button has neither an action nor an address",
    "long_button": "a button's action is longer than {most} bytes",
    "unwritable": "the message has signs that cannot be written",
}


def saying(code: str, **places: object) -> str:
    """A sentence of the closed list."""
    return SAYINGS[code].format(**places)


def understood(says: str) -> tuple[str, dict[str, str]] | None:
    """The code of a sentence and what stands in its places; None where it is not on the list."""
    for code, template in SAYINGS.items():
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(template))
        found = re.fullmatch(pattern, says, re.DOTALL)
        if found:
            return code, found.groupdict()
    return None


class SendError(Exception):
    """A platform did not take a message; `after` is its wish in seconds before the next try, a day
    at most.

    `taken` are the platform's ids of the parts it took before.
    """

    def __init__(
        self,
        failure: Failure,
        message: str,
        after: float | None = None,
        taken: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.after = None if after is None else min(max(0.0, after), LONGEST_WISH)
        self.taken = taken


class Sink(Protocol):
    """What a channel may ask of the service."""

    async def accept(self, inbounds: Sequence[Inbound]) -> list[Outcome]:
        """Store what arrived, durably, before this returns: one outcome for each, in order."""
        ...

    async def history(self, address: Address, *, limit: int = 200) -> list[Said]:
        """The conversation so far, both directions, oldest first."""
        ...

    async def lately(self, channel: str, account: str, *, limit: int) -> list[Address]:
        """Whom a channel heard last: where each is written to, the latest first."""
        ...

    async def waiting(self, address: Address) -> list[Outbound]:
        """For pull channels: what has not been confirmed yet, oldest first."""
        ...

    async def fetched(self, address: Address, ids: Sequence[int]) -> None:
        """For pull channels: the citizen's device has these messages."""
        ...

    def news(self, address: Address) -> AsyncIterator[None]:
        """Yields once at the start and whenever something may have become waiting."""
        ...


class Channel(Protocol):
    """One platform. `send` raises `SendError` and never retries: the delivery loop owns that."""

    name: str
    account: str
    capabilities: Capabilities

    async def start(self, sink: Sink) -> None:
        """Begin to listen."""
        ...

    async def stop(self) -> None:
        """Stop listening; what was taken is already stored."""
        ...

    async def check(self) -> str:
        """What the platform says of our account, in a sentence. Raises `SendError`."""
        ...

    def health(self) -> tuple[State, str]:
        """Whether it listens now, and a sentence for staff."""
        ...

    async def send(self, outbound: Outbound) -> tuple[str, ...]:
        """Send one message; gives the platform's ids of what it became."""
        ...

    def routes(self) -> Sequence[Any]:
        """HTTP routes (Starlette's) that the service mounts for this channel."""
        ...


@dataclass(frozen=True)
class ChannelConfig:
    """What a channel is given at its making: its settings, and where citizens reach the service.

    `say(key, lang, **values)` words a phrase; `menu` gives, by language, each command and what it
    does. `lang` is the installation's language.
    """

    account: str
    public_url: str
    government: str
    say: Callable[..., str]
    lang: str = "pt"
    menu: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


def units(text: str) -> int:
    """How long a text is in units of UTF-16, as chat apps count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def render(outbound: Outbound, capabilities: Capabilities) -> list[Outbound]:
    """Fit a message to a platform: buttons become numbered lines where there are none, long text
    is split.
    """
    text, buttons = outbound.text, outbound.buttons
    if buttons and not capabilities.buttons:
        lines = [
            f"{n}. {b.label}" + (f": {b.url}" if b.url else "") for n, b in enumerate(buttons, 1)
        ]
        text, buttons = "\n".join([text, "", *lines]), ()
    parts = _split(text, capabilities.max_text)
    last = len(parts) - 1
    return [
        replace(outbound, text=p, buttons=buttons if i == last else ()) for i, p in enumerate(parts)
    ]


def _split(text: str, limit: int) -> list[str]:
    """Cut at paragraph, line, sentence or word borders, in that order of preference.

    Parts of nothing but blanks are left out: platforms refuse them.
    """
    parts = []
    while len(text) > limit:
        window = text[:limit]
        cut = next(
            (
                at + len(mark)
                for mark in ("\n\n", "\n", ". ", " ")
                if (at := window.rfind(mark)) > limit // 3
            ),
            limit,
        )
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [part for part in [*parts, text] if part.strip()] or [text]
