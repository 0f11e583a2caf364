"""Let people in, and forget where they said they live."""

from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from nlp.text import words
from service.consultations.models import Consultation, Participant
from service.database import Session, now
from service.errors import Forbidden
from service.people.linking import actions as linking
from service.people.models import Person
from service.vault import Vault

SHORTEST_CODE = 6


class NotLetIn(Forbidden):
    """This is not the code, or there is none."""

    code = "not_let_in"


def digest(vault: Vault, code: str) -> str | None:
    """A code's keyed hash, whatever its case, spaces and marks; None for one that is too short."""
    plain = "".join(words(code))
    return vault.digest("entry", plain) if len(plain) >= SHORTEST_CODE else None


async def let_in(session: Session, row: Consultation, person_id: int, by: str) -> None:
    """A person may take part: they said they live there, or gave the code; once is enough."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    values: dict[str, Any] = {
        "consultation_id": row.id, "person_id": person_id, "by": by, "at": now(),
    }  # fmt: skip
    await session.execute(
        insert(Participant)
        .values(values)
        .on_conflict_do_nothing(index_elements=["consultation_id", "person_id"])
    )


def check_code(vault: Vault, row: Consultation, code: str) -> None:
    """Raises `NotLetIn` where this is not the code of the consultation."""
    if row.entry_digest is None or digest(vault, code) != row.entry_digest:
        raise NotLetIn("This is not the code of this consultation.")


async def unite(session: Session, kept: Person, gone: Person) -> None:
    """Two people are one: either was let in for both."""
    await linking.hand_over(session, Participant, ("consultation_id",), kept, gone)


async def forget(session: Session, person_id: int) -> None:
    """Where a person said they live, or was given a code, is not kept of who is erased."""
    await session.execute(delete(Participant).where(Participant.person_id == person_id))
