"""Give a code, claim it, and make two people one."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete

from service.database import Session, now
from service.errors import Conflict, NotFound
from service.people import queries
from service.people.models import Identity, LinkCode, Person
from service.trail import actions as trail
from service.vault import Vault

LIFE = timedelta(minutes=10)


class UnknownCode(NotFound):
    """There is no such code, it was used, or its time is over."""

    code = "unknown_link_code"


class SamePerson(Conflict):
    """Both accounts are one person's already."""

    code = "same_person"


async def offer(session: Session, vault: Vault, identity: Identity, code: str) -> None:
    """Keep a code that was made for a person, in place of an earlier one; only its keyed hash."""
    ended = (LinkCode.ends_at <= now()) | (LinkCode.person_id == identity.person_id)
    await session.execute(delete(LinkCode).where(ended))
    made = LinkCode(
        person_id=identity.person_id, identity_id=identity.id,
        digest=vault.digest("link", code), ends_at=now() + LIFE,
    )  # fmt: skip
    session.add(made)
    await session.flush()


async def claim(session: Session, vault: Vault, identity: Identity, code: str) -> LinkCode:
    """An account writes the code; it is asked whether both are the same person's before anything
    happens. Raises `UnknownCode`, `SamePerson`.
    """
    found = await queries.link_code(session, vault.digest("link", code), now())
    if found is None or found.claimed_by not in (None, identity.id):
        raise UnknownCode("This code cannot be used.")
    if found.person_id == identity.person_id:
        raise SamePerson("Both accounts are one person's already.")
    found.claimed_by = identity.id
    await session.flush()
    return found


async def take(session: Session, code_id: int, identity: Identity) -> LinkCode:
    """The account that claimed it says yes or no: the code is used up. Raises `UnknownCode`."""
    found = await queries.claimed(session, code_id, identity.id, now())
    if found is None:
        raise UnknownCode("This code cannot be used.")
    await session.delete(found)
    await session.flush()
    return found


async def unite(session: Session, person_ids: Sequence[int]) -> tuple[Person, Person]:
    """Of two people, who came first stays and has both their accounts; gives who stays, and who is
    nobody any more. What else they have, each feature hands over.
    """
    kept, gone = await queries.for_act(session, person_ids)
    identities = await queries.identities(session, gone.id)
    for identity in identities:
        identity.person_id = kept.id
    kept.lang, kept.told_at = kept.lang or gone.lang, kept.told_at or gone.told_at
    gone.erased_at, gone.lang = now(), None
    await session.flush()
    await trail.record(
        session, "person", kept.id, "unite", actor=f"person:{kept.code}",
        details={"person": gone.id, "identities": [one.id for one in identities]},
    )  # fmt: skip
    return kept, gone


async def hand_over(
    session: Session, table: type[Any], per: Sequence[str], kept: Person, gone: Person
) -> None:
    """What one person has in a table becomes another's; where both have a row for the same columns
    `per`, the first stands.
    """
    seen: set[tuple[Any, ...]] = set()
    later, theirs = [], []
    for row in await queries.rows_of(session, table, (kept.id, gone.id)):
        key = tuple(getattr(row, name) for name in per)
        if key in seen:
            later.append(row)
        elif row.person_id == gone.id:
            theirs.append(row)
        seen.add(key)
    for row in later:
        await session.delete(row)
    await session.flush()
    for row in theirs:
        row.person_id = kept.id
    await session.flush()
