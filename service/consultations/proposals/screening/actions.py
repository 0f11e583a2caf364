"""What staff do with proposals, each with the reason that its author or the public reads."""

from collections.abc import Callable, Sequence

from nlp.text import fingerprint
from service import jobs
from service.channels import deliveries
from service.channels.deliveries import Letter
from service.consultations import queries as consultations
from service.consultations.models import Consultation
from service.consultations.proposals import letters, queries
from service.consultations.proposals.actions import check_length
from service.consultations.proposals.models import Proposal
from service.consultations.proposals.standing.actions import (
    WrongProposalState,
    find,
    find_both,
    move,
    unlist,
)
from service.consultations.standing.actions import WrongConsultationState, WrongTheme
from service.consultations.standing.actions import find as find_consultation
from service.database import Session, now
from service.errors import Conflict, GabineteError
from service.installation import Installation
from service.staff.access import Staffer
from service.trail import actions as trail

Writer = Callable[[queries.Author], Letter]

SEEDED = ("drafted", "proposing", "screening")
BEFORE_VOTING = ("proposing", "screening")


class NoReasonForAuthor(GabineteError):
    """The author reads why."""

    code = "no_reason_for_author"


class SameScreener(Conflict):
    """A review is made by somebody else than who refused."""

    code = "same_screener"


class NotTogether(Conflict):
    """These cannot be shown together or become one."""

    code = "proposals_not_together"


class EmptyReply(GabineteError):
    """A reply needs words."""

    code = "empty_reply"


async def seed(
    session: Session, consultation_id: int, theme_id: int, lang: str, text: str, *, by: Staffer
) -> Proposal:
    """A proposal of staff, marked as such, to begin with. Raises `WrongLength`, `WrongTheme`,
    `WrongConsultationState`.
    """
    consultation = await _in(session, consultation_id, SEEDED)
    text = text.strip()
    check_length(len(text))
    await _check_theme(session, consultation.id, theme_id)
    made = Proposal(
        consultation_id=consultation.id, theme_id=theme_id, themed_by=by.actor, origin="staff",
        lang=lang, text=text, fingerprint=fingerprint(text), state="admitted", decided_by=by.id,
        admitted_at=now(), created_at=now(),
    )  # fmt: skip
    session.add(made)
    await session.flush()
    await trail.record(session, "proposal", made.id, "seed", actor=by.actor, became="admitted")
    await _encode(session)
    return made


async def admit(session: Session, here: Installation, proposal_id: int, *, by: Staffer) -> Proposal:
    """Everybody may read it; its author hears so. After a review was asked for, somebody else does
    it than who refused. Raises `SameScreener`, `WrongProposalState`, `WrongConsultationState`.
    """
    row = await find(session, proposal_id)
    await _in(session, row.consultation_id, consultations.OPEN)
    if row.state == "joined":
        raise WrongProposalState("It is part of another one, as its author agreed.")
    reviewed = _review(row, by)
    await move(session, row, "admitted", by.actor, why="after a review" if reviewed else None)
    row.reason, row.decided_by, row.admitted_at = None, by.id, now()
    await session.flush()
    await _tell(session, here, row, lambda author: letters.admitted(author, here))
    return row


async def refuse(
    session: Session, here: Installation, proposal_id: int, *, by: Staffer, reason: str
) -> Proposal:
    """It is not shown; its author hears why and can ask for a review. Refusing again what was
    refused is the review, and the last word. Raises `NoReasonForAuthor`, `SameScreener`,
    `WrongProposalState`, `WrongConsultationState`.
    """
    if not reason.strip():
        raise NoReasonForAuthor("Say to its author why.")
    row = await find(session, proposal_id)
    await _in(session, row.consultation_id, consultations.OPEN)
    if _review(row, by):
        await trail.record(session, "proposal", row.id, "uphold", actor=by.actor)
    else:
        await move(session, row, "refused", by.actor)
    row.reason, row.decided_by = reason.strip(), by.id
    await session.flush()
    await _tell(session, here, row, letters.refused)
    return row


def _review(row: Proposal, by: Staffer) -> bool:
    """Whether this decides on a review that its author asked for. Raises `SameScreener`."""
    if row.state != "refused" or row.review_asked_at is None or row.reviewed_at is not None:
        return False
    if row.decided_by == by.id:
        raise SameScreener("Somebody else than who refused it reviews it.")
    row.reviewed_at = now()
    return True


async def edit(
    session: Session, here: Installation, proposal_id: int, text: str, *, by: Staffer
) -> Proposal:
    """Show it in another wording, beside which its author's own stays; an empty one shows theirs
    again. Once people vote no wording changes. Raises `WrongLength`, `WrongConsultationState`.
    """
    row = await find(session, proposal_id)
    await _in(session, row.consultation_id, BEFORE_VOTING)
    if row.state not in queries.LIVE:
        raise WrongProposalState("This proposal is not shown to anybody.")
    text = text.strip()
    if text:
        check_length(len(text))
    edited = text if text and text != row.text else None
    if edited == row.edited:
        return row
    row.edited = edited
    row.fingerprint = fingerprint(row.shown)
    await session.flush()
    await trail.record(session, "proposal", row.id, "edit", actor=by.actor)
    await _encode(session)
    if row.state == "admitted":
        await _tell(session, here, row, letters.worded)
    return row


async def put_under(session: Session, proposal_id: int, theme_id: int, *, by: Staffer) -> Proposal:
    """It belongs to another theme. Raises `WrongTheme`, `WrongConsultationState`."""
    row = await find(session, proposal_id)
    await _in(session, row.consultation_id, SEEDED)
    await _check_theme(session, row.consultation_id, theme_id)
    if theme_id != row.theme_id:
        await unlist(session, row)
    was, row.theme_id, row.themed_by = row.theme_id, theme_id, by.actor
    await session.flush()
    await trail.record(
        session, "proposal", row.id, "put_under", actor=by.actor,
        was=str(was), became=str(theme_id),
    )  # fmt: skip
    return row


async def show_together(
    session: Session, proposal_id: int, with_id: int, *, by: Staffer
) -> Proposal:
    """List it with another; both keep their authors and their votes. What was listed with it comes
    along. Raises `NotTogether`, `UnknownProposal`.
    """
    row, head = await find_both(session, proposal_id, with_id)
    if head.shown_with is not None:
        head = await find(session, head.shown_with)
    if row.id == head.id or row.theme_id != head.theme_id:
        raise NotTogether("Two proposals of one theme can be shown together.")
    if {row.state, head.state} - set(queries.LIVE):
        raise NotTogether("Only proposals that wait or were admitted are shown together.")
    for one in (row, *await queries.listed_with(session, row.id)):
        one.shown_with = head.id
    await session.flush()
    await trail.record(
        session, "proposal", row.id, "show_together", actor=by.actor, became=str(head.id)
    )
    return row


async def show_alone(session: Session, proposal_id: int, *, by: Staffer) -> Proposal:
    """List it by itself again."""
    row = await find(session, proposal_id)
    if row.shown_with is not None:
        was, row.shown_with = row.shown_with, None
        await session.flush()
        await trail.record(session, "proposal", row.id, "show_alone", actor=by.actor, was=str(was))
    return row


async def ask_to_join(
    session: Session, here: Installation, proposal_id: int, into_id: int, *, by: Staffer
) -> Proposal:
    """Ask its author whether it may become part of another, with its supporters; nothing changes
    until they say yes. Raises `NotTogether`, `WrongConsultationState`.
    """
    row, into = await find_both(session, proposal_id, into_id)
    await _in(session, row.consultation_id, BEFORE_VOTING)
    if row.id == into.id or row.consultation_id != into.consultation_id:
        raise NotTogether("A proposal joins another of its consultation.")
    if row.person_id is None or row.state not in queries.LIVE or into.state != "admitted":
        raise NotTogether("What a citizen proposed joins what was admitted.")
    if await queries.joined_to(session, row.id):
        raise NotTogether("Others joined this one, and agreed to no other.")
    row.joins_id, row.joins_asked_at = into.id, now()
    await session.flush()
    await trail.record(
        session, "proposal", row.id, "ask_to_join", actor=by.actor, became=str(into.id)
    )
    await _tell(session, here, row, lambda author: letters.joining(author, into))
    return row


async def reply(
    session: Session, here: Installation, proposal_id: int, text: str, *, by: Staffer
) -> Proposal:
    """What becomes of it, or what the government says to it: its author hears it, and so does who
    joined it. A new reply is sent again, the same is not.

    Raises `EmptyReply`, `WrongProposalState`.
    """
    text = text.strip()
    if not text:
        raise EmptyReply("A reply needs words.")
    row = await find(session, proposal_id)
    if row.state not in ("admitted", "refused"):
        raise WrongProposalState("Only what was decided on gets a reply.")
    if row.reply == text:
        return row
    row.reply, row.replied_at = text, now()
    await session.flush()
    await trail.record(session, "proposal", row.id, "reply", actor=by.actor)
    told = {author.identity.person_id: author for author in await _authors(session, row)}
    made = [letters.reply(author, row.id, text) for author in told.values()]
    await deliveries.post(session, here.vault, made)
    return row


async def _authors(session: Session, row: Proposal) -> Sequence[queries.Author]:
    return list(reversed(await queries.authors(session, [row.id])))


async def _tell(session: Session, here: Installation, row: Proposal, letter: Writer) -> None:
    """A letter to its author alone; seeds and the erased have none."""
    told = [one for one in await queries.authors(session, [row.id]) if one.proposal.id == row.id]
    await deliveries.post(session, here.vault, [letter(author) for author in told])


async def _encode(session: Session) -> None:
    await jobs.add(session, "encode_proposals", key="encode_proposals")


async def _check_theme(session: Session, consultation_id: int, theme_id: int) -> None:
    themes = (await consultations.themes_of(session, [consultation_id])).get(consultation_id, [])
    if theme_id not in {theme.id for theme in themes}:
        raise WrongTheme("This consultation has no such theme.")


async def _in(session: Session, consultation_id: int, states: Sequence[str]) -> Consultation:
    row = await find_consultation(session, consultation_id)
    if row.state not in states:
        raise WrongConsultationState(f"Not while the consultation is {row.state}.")
    return row
