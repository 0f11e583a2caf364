"""Consultations that are far on, for tests of what is shown of them: proposals, votes, results."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from sqlalchemy import update

from service.consultations import actions, queries
from service.consultations.models import Consultation
from service.consultations.proposals import actions as proposals
from service.consultations.proposals.models import Proposal
from service.consultations.proposals.screening import actions as screening
from service.consultations.voting import actions as voting
from service.consultations.voting import tasks
from service.consultations.voting.actions import Ballot, Elector
from service.consultations.voting.weighing import QUICK, TOO_FAST
from service.database import Session, now
from service.installation import Installation
from service.staff.access import Staffer
from tests.service.consultations import assembly
from tests.service.issues import town


@dataclass(frozen=True)
class Poll:
    """A consultation, its proposals, and who runs it."""

    id: int
    proposals: list[int]
    by: Staffer


async def proposed(
    session: Session, here: Installation, *, count: int = 4, words: str = "", **more: object
) -> Poll:
    """A consultation open for proposals: one seed, and others of citizens, the first theme's."""
    by = await town.official(session, role="comms")
    row = await assembly.opened(session, here.vault, by, **more)
    theme = (await queries.themes_of(session, [row.id]))[row.id][0].id
    seed = await screening.seed(session, row.id, theme, "en", assembly.text(0), by=by)
    made = [seed.id]
    for number in range(1, count):
        said = f"{assembly.text(number)} {words}".strip()
        who = await assembly.citizen(session)
        await actions.let_in(session, row, who[0].id, row.open_to)
        one = await assembly.proposed(session, row.id, who, said)
        await screening.admit(session, here, one.id, by=by)
        made.append(one.id)
    return Poll(row.id, made, by)


async def voted_on(session: Session, here: Installation, **more: object) -> Poll:
    """One that is being voted on."""
    poll = await proposed(session, here, **more)  # type: ignore[arg-type]
    for state in ("screening", "voting"):
        await actions.move(session, poll.id, state, by=poll.by, why="It is time.")
    return poll


async def support(session: Session, poll: Poll, proposal_id: int, people: int) -> None:
    """So many people stand behind a proposal."""
    for _ in range(people):
        person, identity = await assembly.citizen(session)
        await proposals.support(session, proposal_id, person, identity)


async def busy(session: Session, here: Installation, poll: Poll, words: str) -> None:
    """What staff and citizens do before the voting: an extension, an edited wording, proposals
    shown together, one refused that asks for a review, and others that wait.
    """
    row = await actions.find(session, poll.id)
    until = row.proposing_until + timedelta(days=2)
    await actions.extend(
        session, poll.id, "proposing", until, by=poll.by, reason=f"No internet. {words}"
    )
    await screening.edit(
        session, here, poll.proposals[1], f"{assembly.text(7)} Edited.", by=poll.by
    )
    await screening.show_together(session, poll.proposals[2], poll.proposals[1], by=poll.by)
    await screening.reply(session, here, poll.proposals[1], f"We look at it. {words}", by=poll.by)
    for number in range(40, 44):
        who = await assembly.citizen(session)
        said = f"{assembly.text(number)} {words}"
        one = await assembly.proposed(session, poll.id, who, said)
        if number > 41:
            await screening.refuse(session, here, one.id, by=poll.by, reason=f"Off. {words}")
            await proposals.ask_review(session, one.id, who[0])


async def settled(session: Session, here: Installation, poll: Poll, words: str) -> None:
    """What staff do after the voting: they change the shortlist and reply."""
    first, last = poll.proposals[0], poll.proposals[-1]
    for id_, listed in ((first, False), (last, True)):
        await voting.adjust(
            session, poll.id, id_, listed=listed, reason=f"A reason. {words}", by=poll.by
        )
    await screening.reply(session, here, first, f"It is done. {words}", by=poll.by)


async def cast(
    session: Session, poll: Poll, voters: int, *, seconds: float = 4.0, name: str = "v"
) -> None:
    """So many browsers vote once on each pair, for the one that was proposed first."""
    row = await session.get_one(Proposal, poll.proposals[0])
    flags = TOO_FAST if seconds < QUICK else ""
    pairs = list(combinations(poll.proposals, 2))
    ballots = [
        Ballot(_voter(poll, name, n), row.theme_id, *sides, choice, None, seconds, flags)
        for n in range(voters)
        for at, pair in enumerate(pairs)
        for sides, choice in [(pair, "left") if (n + at) % 2 else (pair[::-1], "right")]
    ]
    await voting.cast_all(session, ballots)


def _voter(poll: Poll, name: str, number: int) -> Elector:
    return Elector(poll.id, f"{name}{number}", "web")


async def ended(here: Installation, poll: Poll) -> None:
    """Its voting is over, counted, and its shortlist made."""
    async with here.database.write() as session:
        await session.execute(
            update(Consultation)
            .where(Consultation.id == poll.id)
            .values(state="shortlisted", voting_until=now() - timedelta(minutes=1))
        )
    await tasks.close(here)
