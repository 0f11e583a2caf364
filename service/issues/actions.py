"""Every act on issues: how they gather, who has them, what they are called, which are one, how
they end.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import insert

from service.database import Session, now
from service.departments import actions as departments
from service.errors import Conflict, NotFound
from service.issues import queries
from service.issues.grouping.actions import (
    CannotUndo,
    NothingLeft,
    NotMerged,
    SameIssue,
    UnknownBatch,
    UnknownContribution,
    clipped,
    merge,
    move,
    split,
    undo,
    unmerge,
)
from service.issues.members import queries as trees
from service.issues.members.actions import Joined, NewIssue, join_many, open_many, recentre, recount
from service.issues.models import Follow, Issue, Proposal
from service.issues.routing.actions import (
    AlreadyClaimed,
    NoDepartment,
    UnknownOfficial,
    assign,
    claim,
)
from service.issues.standing.actions import (
    SETTLED,
    WAITING,
    Author,
    IssueMerged,
    Machine,
    NoReason,
    UnknownIssue,
    WrongDueDate,
    WrongState,
    answer,
    close,
    date,
    decline,
    hasten,
    live,
    redate,
    reopen,
    tell_ending,
    touch,
)
from service.people.linking import actions as linking
from service.people.models import Person
from service.settings import Settings
from service.trail import actions as trail
from service.vault import Vault

__all__ = [
    "SETTLED",
    "WAITING",
    "AlreadyClaimed",
    "Author",
    "CannotUndo",
    "IssueMerged",
    "Joined",
    "Machine",
    "NewIssue",
    "NoDepartment",
    "NoReason",
    "NotMerged",
    "NothingLeft",
    "SameIssue",
    "UnknownBatch",
    "UnknownContribution",
    "UnknownIssue",
    "UnknownOfficial",
    "WrongDueDate",
    "WrongState",
    "answer",
    "assign",
    "claim",
    "close",
    "date",
    "decline",
    "hasten",
    "join_many",
    "merge",
    "move",
    "open_many",
    "recentre",
    "recount",
    "redate",
    "reopen",
    "split",
    "tell_ending",
    "undo",
    "unmerge",
]


class UnknownProposal(NotFound):
    """There is no such proposal."""

    code = "unknown_proposal"


class ProposalDecided(Conflict):
    """The proposal was accepted or refused before."""

    code = "proposal_decided"


async def rename(session: Session, issue_id: int, name: str, *, by: Author) -> Issue:
    """Give an issue a name that the machine will not change again."""
    issue = await live(session, issue_id)
    issue.name, issue.named_by = name.strip(), by.actor
    touch(issue, by)
    await session.flush()
    await trail.record(session, "issue", issue.id, "rename", actor=by.actor)
    return issue


async def follow(session: Session, person_id: int, identity_id: int, issue_id: int) -> None:
    """A person wants to hear of an issue, on this identity; saying it twice changes nothing."""
    await _follow(session, person_id, identity_id, issue_id, stopped=False)


async def unfollow(session: Session, person_id: int, identity_id: int, issue_id: int) -> None:
    """A person wants no more news of an issue; what settles their own question still reaches
    them.
    """
    await _follow(session, person_id, identity_id, issue_id, stopped=True)


async def _follow(
    session: Session, person_id: int, identity_id: int, issue_id: int, *, stopped: bool
) -> None:
    root = await queries.root_id(session, issue_id)
    if root is None:
        raise UnknownIssue("There is no such issue.")
    held = await queries.follow_rows(session, person_id, root)
    for row in held:
        row.stopped, row.identity_id, row.at = stopped, identity_id, now()
    if not held:
        session.add(
            Follow(
                person_id=person_id,
                issue_id=root,
                identity_id=identity_id,
                stopped=stopped,
                at=now(),
            )
        )
    await session.flush()


async def unite(
    session: Session, kept: Person, gone: Person, contribution_ids: Collection[int]
) -> None:
    """Two people are one: they follow once what either did, and are counted once where both wrote;
    `contribution_ids` are of who is nobody any more.
    """
    await linking.hand_over(session, Follow, ("issue_id",), kept, gone)
    where = await queries.issues_of(session, list(contribution_ids))
    await recount(session, set(where.values()))


async def propose(session: Session, pairs: Sequence[tuple[int, int, float]]) -> int:
    """Put regroupings (issue, into, similarity) before staff; pairs proposed before are left.

    Gives how many.
    """
    before = await queries.proposed(
        session, {id_ for one, other, _ in pairs for id_ in (one, other)}
    )
    fresh = {frozenset(pair[:2]): pair for pair in pairs if frozenset(pair[:2]) not in before}
    rows = [
        {"issue_id": one, "into_id": into, "similarity": similarity, "state": "open", "at": now()}
        for one, into, similarity in fresh.values()
    ]
    if rows:
        await session.execute(insert(Proposal), rows)
    return len(rows)


async def accept(
    session: Session, vault: Vault, settings: Settings, proposal_id: int, *, by: Author
) -> Issue:
    """Merge as the machine proposed.

    Raises `UnknownProposal`, `ProposalDecided`, and what `merge` raises.
    """
    proposal = await _open_proposal(session, proposal_id)
    proposal.state = "accepted"
    return await merge(session, vault, settings, proposal.issue_id, proposal.into_id, by=by)


async def refuse(session: Session, proposal_id: int, *, by: Author) -> None:
    """The two stay apart, and it is not proposed again.

    Raises `UnknownProposal`, `ProposalDecided`.
    """
    proposal = await _open_proposal(session, proposal_id)
    proposal.state = "refused"
    await session.flush()
    details = {"into": proposal.into_id}
    await trail.record(
        session, "issue", proposal.issue_id, "refuse_merge", actor=by.actor, details=details
    )


async def _open_proposal(session: Session, proposal_id: int) -> Proposal:
    proposal = await queries.proposal(session, proposal_id)
    if proposal is None:
        raise UnknownProposal("There is no such proposal.")
    if proposal.state != "open":
        raise ProposalDecided(f"This proposal was {proposal.state} already.")
    return proposal


async def forget_members(session: Session, contribution_ids: Collection[int]) -> set[int]:
    """After somebody's words were erased: names, phrases, vectors and routing are made again from
    what is left. The contributions stay as blank members, so that counts hold.

    Gives the issues concerned: what else was made from them is to be forgotten too.
    """
    held = await trees.where(session, contribution_ids)
    roots = set((await queries.roots_of(session, contribution_ids)).values())
    concerned = {*held.values(), *roots}
    if not concerned:
        return concerned
    left = await queries.wordless(session, concerned)
    for issue in await queries.issues(session, concerned):
        issue.representatives = [i for i in issue.representatives if i not in held]
        issue.phrases, issue.labelled_size = [], 0
        if issue.named_by == trail.MACHINE:
            issue.name = clipped(left.get(issue.id, "—"))
    await session.flush()
    await recentre(session, set(held.values()))
    await _teach_again(session, roots)
    return concerned


async def _teach_again(session: Session, roots: Collection[int]) -> None:
    """Corrections were learned from members' words: those that are left teach in their stead."""
    await departments.unlearn(session, list(roots))
    for issue in await queries.issues(session, roots):
        if issue.routed_by == "staff" and issue.department_id is not None:
            for one in await trees.speaking(session, issue.id):
                await departments.learn(
                    session, issue.department_id, issue.id, one.text, one.vector, one.model
                )
