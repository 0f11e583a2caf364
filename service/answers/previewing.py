"""How an answer will look to those who asked, before anybody sends it."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.answers import letters
from service.answers.models import Answer
from service.answers.queries import Published
from service.channels.contract import Address, Channel, Outbound, render
from service.database import now
from service.departments.models import Department
from service.installation import Installation
from service.issues.queries import Asker

CODE = "XXXX-XXXX-XXXX"


@dataclass(frozen=True)
class Wording:
    """What is in the editor."""

    lang: str
    text: str
    video_url: str | None


@dataclass(frozen=True)
class Part:
    """One message, with the labels of its buttons."""

    text: str
    buttons: list[str]


@dataclass(frozen=True)
class Preview:
    """The messages in which a channel tells it."""

    channel: str
    parts: list[Part]


def preview(
    answer: Answer,
    shown: Wording,
    body: Department | None,
    here: Installation,
    channels: Mapping[str, Channel],
) -> list[Preview]:
    """The letter to somebody who asked in this language, on each channel that is open."""
    ready = Published(
        answer.id, answer.title, body.name if body else None, answer.published_at or now(),
        answer.url, shown.video_url or None, shown.lang, {shown.lang: shown.text},
    )  # fmt: skip
    someone = here.vault.seal(CODE)
    made = []
    for name, channel in channels.items():
        letter = letters.answer(
            ready, answer.edition, Asker(0, 0, name, shown.lang, 0, someone), here
        )
        whole = Outbound(0, Address(name, "", ""), letter.text, letter.buttons)
        parts = render(whole, channel.capabilities)
        made.append(
            Preview(name, [Part(one.text, [b.label for b in one.buttons]) for one in parts])
        )
    return made
