"""A consultation whose votes are counted, with people who took part, for tests of its meeting."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from service.channels.models import Delivery
from service.consultations.meeting import actions
from service.consultations.meeting.actions import Plan
from service.consultations.meeting.models import Invitation, Meeting
from service.consultations.models import ConsultationText
from service.consultations.proposals.models import Proposal, Support
from service.consultations.voting.models import Shortlisted, Voter
from service.database import Session, now
from service.installation import Installation
from service.messages.models import Contribution
from service.people.models import Person
from service.staff.access import Staffer
from tests.service.consultations.voting.polling import Poll, open_poll
from tests.service.issues import town

DAY = timedelta(days=1)
LISTED = 4


def plan(**more: Any) -> Plan:
    """A meeting in ten days."""
    starts = now() + 10 * DAY
    told: dict[str, Any] = {
        "starts_at": starts, "ends_at": starts + timedelta(hours=2),
        "answer_until": now() + 5 * DAY, "author_seats": 2, "lottery_seats": 3,
        "address": "Rua da Praia 100", **more,
    }  # fmt: skip
    return Plan(**told)


@dataclass
class Gathering:
    """A shortlisted consultation, its staff, and who proposed what."""

    here: Installation
    poll: Poll
    by: Staffer
    authors: list[int]
    others: list[int]

    @property
    def id(self) -> int:
        """Of the consultation."""
        return self.poll.id

    async def invite(self, **more: Any) -> int:
        """Plan the meeting and draw the lots; gives the meeting."""
        async with self.here.database.write() as session:
            await actions.plan(session, self.here, self.id, plan(**more), by=self.by)
            return (await actions.invite(session, self.here, self.id, by=self.by)).id

    async def rows(self) -> list[Invitation]:
        """All invitations."""
        async with self.here.database.read() as session:
            found = await session.scalars(select(Invitation).order_by(Invitation.id))
            return list(found.all())

    async def states(self) -> dict[str, int]:
        """How many invitations are in each state."""
        states = [one.state for one in await self.rows()]
        return {state: states.count(state) for state in sorted(set(states))}

    async def told(self, prefix: str) -> list[str]:
        """What was written to people under keys that begin so."""
        async with self.here.database.read() as session:
            found = await session.scalars(
                select(Delivery).where(Delivery.key.like(f"{prefix}%")).order_by(Delivery.id)
            )
            return [self.here.vault.open(one.sealed) for one in found.all() if one.sealed]

    async def later(self) -> None:
        """The time to answer is over for all who were asked."""
        async with self.here.database.write() as session:
            await session.execute(
                update(Invitation)
                .where(Invitation.state == "invited")
                .values(answer_until=now() - timedelta(seconds=1))
            )

    async def set(self, **values: Any) -> None:
        """The meeting is otherwise from now on."""
        async with self.here.database.write() as session:
            await session.execute(update(Meeting).values(**values))


async def gather(here: Installation, *, authors: int = 3, others: int = 12) -> Gathering:
    """Four proposals on the shortlist: the first so many of citizens, the others seeds; the others
    supported or voted, on three channels and from two places.
    """
    poll = await open_poll(
        here, (6,), state="shortlisted", voting_until=now() - DAY, ready_at=now()
    )
    async with here.database.write() as session:
        by = await town.official(session, role="comms")
        session.add(
            ConsultationText(consultation_id=poll.id, lang="en", title="Health", question="How?")
        )
        writing = [await _author(session, id_) for id_ in poll.proposals[0][:authors]]
        session.add_all(
            Shortlisted(
                proposal_id=id_, consultation_id=poll.id, theme_id=poll.themes[0], rank=rank,
                listed=True, at=now(),
            )
            for rank, id_ in enumerate(poll.proposals[0][:LISTED], 1)
        )  # fmt: skip
        rest = [await other(session, poll, at) for at in range(others)]
    return Gathering(here, poll, by, writing, rest)


async def _author(session: Session, proposal_id: int) -> int:
    person, identity = await town.person(session, "pt")
    await session.execute(
        update(Proposal)
        .where(Proposal.id == proposal_id)
        .values(person_id=person, identity_id=identity, origin="citizen")
    )
    return person


async def other(session: Session, poll: Poll, at: int) -> int:
    """Somebody who supported a proposal, or voted."""
    channel = ("web", "telegram", "discord")[at % 3]
    person, identity = await town.person(session, ("pt", "es", "en")[at % 3], channel)
    if at % 2:
        session.add(
            Support(
                proposal_id=poll.proposals[0][0], person_id=person, identity_id=identity, at=now()
            )
        )
    else:
        session.add(
            Voter(
                consultation_id=poll.id, channel=channel, digest=f"voter-{person}",
                person_id=person, created_at=now(),
            )
        )  # fmt: skip
    if at % 4:
        session.add(
            Contribution(
                person_id=person, channel=channel, kind="question", text="x", lang="pt",
                place=("Vila Nova", "Centro")[at % 2], fingerprint="f", said_at=now(),
                created_at=now(),
            )
        )  # fmt: skip
    await session.flush()
    return person


async def person_of(session: Session, person_id: int) -> Person:
    """A person."""
    return await session.get_one(Person, person_id)
