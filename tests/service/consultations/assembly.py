"""A consultation for tests of what stands below the wire: who asks, who proposes, and how."""

from datetime import timedelta

from service.consultations import actions
from service.consultations.actions import Plan
from service.consultations.models import Consultation
from service.consultations.proposals import actions as proposals
from service.consultations.proposals.actions import NewProposal, Vectors
from service.consultations.proposals.models import Proposal
from service.database import Session, now
from service.people.models import Identity, Person
from service.staff.access import Staffer
from service.vault import Vault
from tests.service.issues import town

THEMES = [{"en": "Health posts"}, {"en": "Medicines"}]
DAY = timedelta(days=1)


def text(number: int) -> str:
    """A proposal that is long enough, and unlike any other."""
    return f"Open the health post number {number} of our neighbourhood until ten at night."


def dates(**more: object) -> Plan:
    """Dates that follow each other, the first of them gone by."""
    start = now() - DAY
    told = {
        "lang": "en", "proposing_from": start, "proposing_until": start + 10 * DAY,
        "screening_until": start + 20 * DAY, "voting_until": start + 30 * DAY, **more,
    }  # fmt: skip
    return Plan(**told)  # type: ignore[arg-type]


async def opened(session: Session, vault: Vault, by: Staffer, **more: object) -> Consultation:
    """A consultation with two themes that takes proposals."""
    row = await actions.draft(session, vault, dates(**more), by=by)
    await actions.word(session, row.id, "en", title="Health", question="What first?", by=by)
    await actions.divide(session, row.id, THEMES, by=by)
    return await actions.open_(session, row.id, by=by)


async def citizen(session: Session) -> tuple[Person, Identity]:
    """Somebody who writes."""
    person_id, identity_id = await town.person(session)
    return await session.get_one(Person, person_id), await session.get_one(Identity, identity_id)


async def proposed(
    session: Session, consultation_id: int, who: tuple[Person, Identity], words: str
) -> Proposal:
    """What somebody proposes, encoded by the tiny encoder."""
    vector = town.EMBEDDER.encode([words])[0].tobytes()
    new = NewProposal(
        who[1], who[0], None, "en", words, len(words),
        vectors=Vectors(town.EMBEDDER.name, vector),
    )  # fmt: skip
    return await proposals.propose(session, consultation_id, new)
