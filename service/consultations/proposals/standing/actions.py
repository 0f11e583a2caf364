"""Find a proposal to act on and move it: what every act on proposals rests on."""

from service.consultations.proposals import queries
from service.consultations.proposals.models import Proposal
from service.database import Session
from service.errors import Conflict, NotFound
from service.trail import actions as trail

MOVES: dict[str, set[str]] = {
    "waiting": {"admitted", "refused", "withdrawn", "joined", "erased"},
    "admitted": {"refused", "withdrawn", "joined", "erased"},
    "refused": {"admitted", "withdrawn", "erased"},
    "joined": {"waiting", "admitted", "withdrawn", "erased"},
    "withdrawn": {"erased"},
    "erased": set(),
}
# An author who is erased takes nothing from those who stood behind what had joined another; being
# admitted ends no question.
KEEPS_JOINING = {("joined", "erased"), ("waiting", "admitted")}


class UnknownProposal(NotFound):
    """There is no such proposal, or it is not yours."""

    code = "no_such_proposal"


class WrongProposalState(Conflict):
    """The proposal is not in a state that allows this."""

    code = "proposal_wrong_state"


async def find(session: Session, proposal_id: int) -> Proposal:
    """The proposal as it is now, locked until the transaction ends. Raises `UnknownProposal`."""
    row = await queries.for_act(session, proposal_id)
    if row is None:
        raise UnknownProposal("There is no such proposal.")
    return row


async def find_both(session: Session, one_id: int, other_id: int) -> tuple[Proposal, Proposal]:
    """Two proposals as they are now, locked until the transaction ends. Raises
    `UnknownProposal`.
    """
    found = await queries.some_for_act(session, {one_id, other_id})
    if {one_id, other_id} - set(found):
        raise UnknownProposal("There is no such proposal.")
    return found[one_id], found[other_id]


async def move(
    session: Session, row: Proposal, became: str, actor: str, *, why: str | None = None
) -> None:
    """The only place where a proposal's state changes: where the table allows it, on the trail.

    What was listed with it or had joined it goes on without it when it goes. Raises
    `WrongProposalState`.
    """
    was = row.state
    if became not in MOVES[was]:
        raise WrongProposalState(f"A proposal that is {was} cannot become {became}.")
    row.state = became
    if became != "joined" and (was, became) not in KEEPS_JOINING:
        row.joins_id = row.joins_asked_at = None
    await session.flush()
    await trail.record(
        session, "proposal", row.id, "move", actor=actor, was=was, became=became, why=why
    )
    if was in ("waiting", "admitted") and became != "admitted":
        await _part(session, row, actor)


async def _part(session: Session, row: Proposal, actor: str) -> None:
    """Those that are listed with it go on without it, those that joined it stand alone."""
    await unlist(session, row)
    for one in await queries.joined_to(session, row.id):
        back = "admitted" if one.admitted_at else "waiting"
        await move(session, one, back, actor, why="what it had joined is gone")
    for one in await queries.asked_to_join(session, row.id):
        one.joins_id = one.joins_asked_at = None
    await session.flush()


async def unlist(session: Session, row: Proposal) -> None:
    """It is listed by itself; the oldest of those that were listed with it takes its place."""
    row.shown_with = None
    heirs = await queries.listed_with(session, row.id)
    for at, heir in enumerate(heirs):
        heir.shown_with = heirs[0].id if at else None
    await session.flush()
