"""Understand what arrived: tidy, tell the language, mask, and see what is wanted.

No database, no encoder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nlp import talk, text
from nlp.talk import WANTS
from service.channels.contract import Inbound
from service.channels.inbox import IMPORT, Arrived
from service.conversations import commands
from service.vault import Vault

Key = tuple[str, str, str]
FREE = ("text", "edited", "media")
CHANGES = ("edited", "deleted")
SILENT = ("left", "blocked")
LONGEST_TITLE = 300


@dataclass(frozen=True)
class Heard:
    """One inbound, understood. `who` and `thread` find the identity and the conversation (None:
    unknown); `told` says that the words themselves tell their language, `adds` that they look like
    an addition to what was said just before.
    """

    row_id: int
    inbound: Inbound
    who: Key | None
    thread: Key | None
    original: str
    text: str
    found: tuple[str, ...]
    lang: str
    told: bool
    kind: str
    adds: bool
    place: str | None

    @property
    def free(self) -> bool:
        """Whether it is free text, rather than a command or a button."""
        return free(self.inbound)

    @property
    def wants(self) -> bool:
        """Whether it wants something."""
        return self.kind in WANTS

    @property
    def imported(self) -> bool:
        """Whether it came from a file: no reply, no receipt, no clock."""
        return self.inbound.address.channel == IMPORT


@dataclass(frozen=True)
class Tongues:
    """Which language to expect: what people chose, by identity, what was `spoken` last, by
    conversation, and the installation's own.
    """

    default: str
    chosen: Mapping[Key, str | None] = field(default_factory=dict)
    spoken: dict[Key, str] = field(default_factory=dict)

    def expected(self, who: Key | None, thread: Key | None, inbound: Inbound) -> str | None:
        """The language that a person is known by; None where nothing tells it yet."""
        chosen = self.chosen.get(who) if who else None
        spoken = self.spoken.get(thread) if thread else None
        return chosen or spoken or _language(inbound.lang)


def free(inbound: Inbound) -> bool:
    """Whether an inbound is free text."""
    if inbound.address.channel == IMPORT:
        return True
    return inbound.kind in FREE and commands.read(inbound.text) is None


def hear(arrived: Sequence[Arrived], vault: Vault, tongues: Tongues, *, region: str) -> list[Heard]:
    """Understand a batch, in order: what tells no language is in the one spoken before it."""
    heard = []
    for one in arrived:
        heard.append(_hear_one(one, vault, tongues, region))
        if heard[-1].told and heard[-1].thread:
            tongues.spoken[heard[-1].thread] = heard[-1].lang
    return heard


def keys(arrived: Arrived, vault: Vault) -> tuple[Key | None, Key | None]:
    """How the identity and the conversation of an inbound are found; imported rows may have
    neither.
    """
    inbound, address = arrived.inbound, arrived.inbound.address
    if not inbound.sender:
        return None, None
    who = vault.digest("identity", address.channel, address.account, inbound.sender)
    thread = vault.digest("conversation", address.channel, address.account, address.conversation)
    return (address.channel, address.account, who), (address.channel, address.account, thread)


def _hear_one(arrived: Arrived, vault: Vault, tongues: Tongues, region: str) -> Heard:
    who, thread = keys(arrived, vault)
    inbound = arrived.inbound
    said = inbound.payload or "" if inbound.kind == "button" else inbound.text
    original = _with_body(said, arrived.extra.get("body"))
    tidy = text.tidy(original)
    prior = tongues.expected(who, thread, inbound)
    words = tidy if free(inbound) or not prior else ""
    detected = text.detect(words, prior=prior or tongues.default)
    lang = arrived.extra.get("lang") or detected.lang
    masked = text.mask(tidy, region=region, lang=lang)
    kind = _kind(inbound, tidy, lang)
    if kind == "noise" and prior:
        lang = prior
    return Heard(
        row_id=arrived.id,
        inbound=inbound,
        who=who,
        thread=thread,
        original=original,
        text=masked.text,
        found=masked.found,
        lang=lang,
        told=free(inbound) and kind != "noise" and detected.confidence >= text.SURE,
        kind=kind,
        adds=talk.is_fragment(masked.text, lang),
        place=arrived.extra.get("place"),
    )


def _kind(inbound: Inbound, tidy: str, lang: str) -> str:
    """What it wants; commands, buttons and the like are just that."""
    if inbound.kind == "media" and not tidy:
        return "media"
    if free(inbound):
        return talk.kind(tidy, lang)
    return "command" if inbound.kind == "text" else inbound.kind


def _with_body(title: str, body: str | None) -> str:
    return f"{title}\n\n{body}" if body else title


def _language(tag: str | None) -> str | None:
    code = (tag or "").split("-")[0].lower()
    return code if code in text.LANGUAGES else None


def encodable(words: str) -> str:
    """A contribution as the encoder reads it: without the marks of what was masked, and with an
    opening line of its own counted twice.
    """
    words = text.unlabelled(words)
    head, gap, rest = words.partition("\n\n")
    return f"{head}\n{head}\n{rest}" if gap and len(head) <= LONGEST_TITLE else words
