"""What citizens do: propose, support, write again, withdraw, ask for review, join; be forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from nlp.text import fingerprint
from service.consultations import queries as consultations
from service.consultations.models import Consultation
from service.consultations.proposals import queries
from service.consultations.proposals.models import Proposal, ProposalVector, Support
from service.consultations.proposals.standing.actions import (
    MOVES,
    UnknownProposal,
    WrongProposalState,
    find,
    move,
)
from service.consultations.standing.actions import find as find_consultation
from service.database import Session, now
from service.errors import Conflict, Forbidden, GabineteError
from service.messages import actions as messages
from service.people.linking import actions as linking
from service.people.models import Identity, Person
from service.trail import actions as trail

__all__ = [
    "LONGEST", "MOST", "MOVES", "SHORTEST", "AlreadyProposed", "AlreadyReviewed", "NewProposal",
    "NotOpen", "NotTakingPart", "OwnProposal", "TooManyProposals", "UnknownProposal", "Vectors",
    "WrongLength", "WrongProposalState", "agree", "ask_review", "check_length", "differ",
    "encoded", "find", "forget", "move", "open_to", "propose", "put_vectors", "rewrite", "stay",
    "support", "unite", "withdraw",
]  # fmt: skip

SHORTEST, LONGEST = 50, 600
MOST = 20


class WrongLength(GabineteError):
    """A proposal has 50 to 600 characters."""

    code = "proposal_wrong_length"


class NotOpen(Conflict):
    """The consultation does not take this now."""

    code = "consultation_not_open"


class NotTakingPart(Forbidden):
    """The consultation is open to others only."""

    code = "not_taking_part"


class AlreadyProposed(Conflict):
    """The same person proposed the same words already."""

    code = "already_proposed"


class TooManyProposals(Conflict):
    """One person proposes twenty things at most."""

    code = "too_many_proposals"


class OwnProposal(Conflict):
    """Nobody supports their own proposal: they stand behind it anyway."""

    code = "own_proposal"


class AlreadyReviewed(Conflict):
    """A refusal is reviewed once."""

    code = "already_reviewed"


@dataclass(frozen=True)
class Vectors:
    """What the encoder `model` gave for a proposal, float32."""

    model: str
    vector: bytes


@dataclass(frozen=True)
class NewProposal:
    """What a person proposes: `length` is that of their own words, `text` is masked."""

    identity: Identity
    person: Person
    message_id: int | None
    lang: str
    text: str
    length: int
    theme_id: int | None = None
    vectors: Vectors | None = None


def check_length(length: int) -> None:
    """Raises `WrongLength`."""
    if not SHORTEST <= length <= LONGEST:
        raise WrongLength(f"A proposal has {SHORTEST} to {LONGEST} characters.")


async def open_to(
    session: Session, consultation_id: int, person_id: int, *states: str
) -> Consultation:
    """The consultation, where a person may take part in it now. Raises `NotOpen`,
    `NotTakingPart`, `UnknownConsultation`.
    """
    row = await find_consultation(session, consultation_id)
    if row.state not in states:
        raise NotOpen("This consultation does not take this now.")
    if not await consultations.takes_part(session, row, person_id):
        raise NotTakingPart("This consultation is open to others.")
    return row


async def propose(session: Session, consultation_id: int, new: NewProposal) -> Proposal:
    """Take a proposal; staff read it before others do.

    Raises `WrongLength`, `NotOpen`, `NotTakingPart`, `AlreadyProposed`, `TooManyProposals`.
    """
    check_length(new.length)
    row = await open_to(session, consultation_id, new.person.id, "proposing")
    mine = await queries.of_person(session, new.person.id, row.id)
    if any(one.text == new.text and one.state != "withdrawn" for one in mine):
        raise AlreadyProposed("You proposed this already.")
    if len(mine) >= MOST:
        raise TooManyProposals(f"One person proposes {MOST} things at most.")
    made = Proposal(
        consultation_id=row.id,
        theme_id=new.theme_id or await _first_theme(session, row.id),
        themed_by=trail.MACHINE,
        person_id=new.person.id,
        identity_id=new.identity.id,
        message_id=new.message_id,
        channel=new.identity.channel,
        origin="citizen",
        lang=new.lang,
        text=new.text,
        fingerprint=fingerprint(new.text),
        state="waiting",
        created_at=now(),
    )
    session.add(made)
    await session.flush()
    if new.vectors:
        await encoded(session, made, new.vectors)
    actor = f"person:{new.person.code}"
    await trail.record(session, "proposal", made.id, "propose", actor=actor, became="waiting")
    return made


async def _first_theme(session: Session, consultation_id: int) -> int:
    themes = await consultations.themes_of(session, [consultation_id])
    return themes[consultation_id][0].id


async def encoded(session: Session, row: Proposal, vectors: Vectors) -> None:
    """Keep what the encoder gave for a proposal as it is shown now."""
    made = {"proposal_id": row.id, "digest": row.fingerprint}
    made |= {"model": vectors.model, "vector": vectors.vector}
    await put_vectors(session, [made])


async def put_vectors(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write vectors of proposals: proposal_id, model, digest, vector; older ones are replaced."""
    if not rows:
        return
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    made = insert(ProposalVector)
    fresh = {name: made.excluded[name] for name in ("model", "digest", "vector")}
    statement = made.on_conflict_do_update(index_elements=["proposal_id"], set_=fresh)
    await session.execute(statement, list(rows))


async def differ(session: Session, proposal_id: int, person: Person) -> Proposal:
    """Its author was shown near ones, and says that theirs is another."""
    row = await _own(session, proposal_id, person)
    if row.state not in queries.LIVE:
        raise WrongProposalState("It was taken back or decided on.")
    if not row.differs:
        row.differs = True
        await session.flush()
        actor = f"person:{person.code}"
        await trail.record(session, "proposal", row.id, "differ", actor=actor)
    return row


async def support(session: Session, proposal_id: int, person: Person, identity: Identity) -> bool:
    """Stand behind what somebody else proposed; gives whether that is new.

    Raises `UnknownProposal`, `OwnProposal`, `NotOpen`, `NotTakingPart`.
    """
    row = await find(session, proposal_id)
    if row.state != "admitted":
        raise UnknownProposal("There is no such proposal to support.")
    await open_to(session, row.consultation_id, person.id, "proposing", "screening")
    if row.person_id == person.id:
        raise OwnProposal("This is your own proposal.")
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    values = {
        "proposal_id": row.id, "person_id": person.id, "identity_id": identity.id, "at": now(),
    }  # fmt: skip
    made = await session.scalar(
        insert(Support)
        .values(values)
        .on_conflict_do_nothing(index_elements=["proposal_id", "person_id"])
        .returning(Support.id)
    )
    return made is not None


async def rewrite(
    session: Session,
    proposal_id: int,
    person: Person,
    text: str,
    length: int,
    *,
    message_id: int,
) -> Proposal:
    """Its author edited what they wrote, before anybody decided on it.

    Raises `WrongLength`, `WrongProposalState`, `NotOpen`.
    """
    row = await _own(session, proposal_id, person)
    if row.state != "waiting" or row.edited:
        raise WrongProposalState("What was decided on stays as it is: withdraw it instead.")
    await open_to(session, row.consultation_id, person.id, "proposing")
    check_length(length)
    row.text, row.fingerprint, row.differs = text, fingerprint(text), False
    row.message_id = message_id
    await session.flush()
    await trail.record(session, "proposal", row.id, "rewrite", actor=f"person:{person.code}")
    return row


async def withdraw(
    session: Session, proposal_id: int, person: Person, *, why: str | None = None
) -> Proposal:
    """Its author takes it back: its words and vector go. Raises `WrongProposalState`."""
    row = await _own(session, proposal_id, person)
    await move(session, row, "withdrawn", f"person:{person.code}", why=why)
    if row.message_id is not None:
        await messages.blank(session, [row.message_id])
    await _forget_words(session, [row.id])
    return row


async def ask_review(session: Session, proposal_id: int, person: Person) -> Proposal:
    """Its author wants somebody else to look at a refusal; asking twice changes nothing.

    Raises `AlreadyReviewed`, `WrongProposalState`, `NotOpen`.
    """
    row = await _own(session, proposal_id, person)
    if row.reviewed_at is not None:
        raise AlreadyReviewed("This was reviewed already.")
    if row.state != "refused":
        raise WrongProposalState("Only a refused proposal is reviewed.")
    if row.review_asked_at is None:
        consultation = await find_consultation(session, row.consultation_id)
        if consultation.state not in consultations.OPEN:
            raise NotOpen("Nothing can be admitted any more.")
        row.review_asked_at = now()
        await session.flush()
        actor = f"person:{person.code}"
        await trail.record(session, "proposal", row.id, "ask_review", actor=actor)
    return row


async def agree(session: Session, proposal_id: int, into_id: int, person: Person) -> Proposal:
    """Its author lets it become part of another: author and supporters stand behind that one, each
    once. Raises `WrongProposalState`, `NotOpen`.
    """
    row = await _asked(session, proposal_id, into_id, person)
    await move(session, row, "joined", f"person:{person.code}", why=f"proposal {into_id}")
    return row


async def stay(session: Session, proposal_id: int, into_id: int, person: Person) -> Proposal:
    """Its author keeps it apart. Raises `WrongProposalState`, `NotOpen`."""
    row = await _asked(session, proposal_id, into_id, person)
    row.joins_id = row.joins_asked_at = None
    await session.flush()
    await trail.record(session, "proposal", row.id, "stay", actor=f"person:{person.code}")
    return row


async def _asked(session: Session, proposal_id: int, into_id: int, person: Person) -> Proposal:
    row = await _own(session, proposal_id, person)
    if row.joins_id != into_id or row.state not in queries.LIVE:
        raise WrongProposalState("This is not asked any more.")
    consultation = await find_consultation(session, row.consultation_id)
    if consultation.state not in ("proposing", "screening"):
        raise NotOpen("The voting began: proposals stay as they are.")
    return row


async def _own(session: Session, proposal_id: int, person: Person) -> Proposal:
    """Nobody decides about what another proposed. Raises `UnknownProposal`."""
    row = await find(session, proposal_id)
    if row.person_id != person.id:
        raise UnknownProposal("There is no such proposal of yours.")
    return row


async def forget(session: Session, person: Person) -> None:
    """Erase a person: their proposals' words, vectors and accounts go; the voices they gave stay as
    a count.
    """
    ids = await queries.ids_of_person(session, person.id)
    for id_ in ids:
        await move(session, await find(session, id_), "erased", f"person:{person.code}")
    await _forget_words(session, ids)
    await session.execute(
        update(Proposal).where(Proposal.person_id == person.id).values(identity_id=None)
    )
    await session.execute(
        update(Support).where(Support.person_id == person.id).values(identity_id=None)
    )


async def unite(session: Session, kept: Person, gone: Person) -> None:
    """Two people are one: they stand once behind what either supported."""
    await linking.hand_over(session, Support, ("proposal_id",), kept, gone)
    await session.execute(
        update(Proposal).where(Proposal.person_id == gone.id).values(person_id=kept.id)
    )


async def _forget_words(session: Session, ids: Sequence[int]) -> None:
    await session.execute(delete(ProposalVector).where(ProposalVector.proposal_id.in_(ids)))
    await session.execute(
        update(Proposal)
        .where(Proposal.id.in_(ids))
        .values(text="", fingerprint="", edited=None, reply=None, reason=None)
        .execution_options(synchronize_session="fetch")
    )
