"""How what became of a proposal is told to its author."""

from collections.abc import Sequence

from service.channels.contract import Button
from service.channels.deliveries import BROADCAST, Letter
from service.consultations.models import Consultation
from service.consultations.proposals.models import Proposal
from service.consultations.proposals.queries import Author
from service.database import now
from service.installation import Installation
from service.phrases import say


def admitted(author: Author, here: Installation) -> Letter:
    """Everybody can read it now, in its author's words or in the wording of staff."""
    row, lang = author.proposal, author.lang
    lines = [say("proposal.admitted", lang, number=row.id)]
    if row.edited:
        lines += ["", say("proposal.worded", lang), row.edited]
    if here.settings.public_url:
        url = f"{here.settings.url}/consultations/{row.consultation_id}"
        lines += ["", say("consultation.read", lang, url=url)]
    return _letter(author, "admitted", "\n".join(lines))


def worded(author: Author) -> Letter:
    """Staff show it in another wording; what its author wrote stays beside it."""
    row, lang = author.proposal, author.lang
    lines = [say("proposal.reworded", lang, number=row.id), "", row.shown]
    return _letter(author, "worded", "\n".join(lines))


def refused(author: Author) -> Letter:
    """It is not admitted, and why; once, its author can have somebody else look at it."""
    row, lang = author.proposal, author.lang
    key = "proposal.refused" if row.reviewed_at is None else "proposal.upheld"
    text = say(key, lang, number=row.id, reason=row.reason or "")
    if row.reviewed_at is not None:
        return _letter(author, "refused", text)
    button = Button(say("button.review", lang), f"review:{row.id}")
    return _letter(author, "refused", text, (button,))


def joining(author: Author, into: Proposal) -> Letter:
    """May it become part of another one? Its author decides."""
    row, lang = author.proposal, author.lang
    text = say("proposal.join", lang, number=row.id, other=into.id, text=into.shown)
    buttons = tuple(
        Button(say(f"button.{act}", lang), f"{act}:{row.id}:{into.id}")
        for act in ("joins", "stays")
    )
    return _letter(author, "join", text, buttons)


def reply(author: Author, number: int, words: str) -> Letter:
    """What the government replies to a proposal: to its author and to those who joined it."""
    lines = [say("proposal.reply", author.lang, number=number), "", words]
    return _letter(author, "reply", "\n".join(lines))


def cancelled(authors: Sequence[Author], row: Consultation, title: str) -> list[Letter]:
    """Nothing comes of the consultation: one letter to each person who proposed something."""
    first = {author.proposal.person_id: author for author in reversed(authors)}
    return [
        Letter(
            key=f"consultation-cancelled:{row.id}:{person_id}",
            identity_id=author.identity.id,
            channel=author.identity.channel,
            cause="consultation",
            cause_id=row.id,
            text=say("consultation.cancelled", author.lang, title=title, reason=row.reason or ""),
            lang=author.lang,
            priority=BROADCAST,
        )
        for person_id, author in first.items()
    ]


def _letter(author: Author, act: str, text: str, buttons: tuple[Button, ...] = ()) -> Letter:
    row = author.proposal
    return Letter(
        key=f"proposal-{act}:{row.id}:{now().isoformat()}",
        identity_id=author.identity.id,
        channel=author.identity.channel,
        cause="proposal",
        cause_id=row.id,
        text=text,
        lang=author.lang,
        buttons=buttons,
        priority=BROADCAST,
    )
