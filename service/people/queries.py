"""Read people."""

from collections.abc import Sequence

from sqlalchemy import select, tuple_

from service.database import Session
from service.people.models import Identity, Person


async def by_digest(
    session: Session, keys: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], tuple[Identity, Person]]:
    """Identities and their people by (channel, account, digest)."""
    if not keys:
        return {}
    rows = await session.execute(
        select(Identity, Person)
        .join(Person, Person.id == Identity.person_id)
        .where(tuple_(Identity.channel, Identity.account, Identity.digest).in_(list(keys)))
    )
    return {(i.channel, i.account, i.digest): (i, p) for i, p in rows.all()}


async def lately(session: Session, channel: str, account: str, *, limit: int) -> Sequence[Identity]:
    """Who can be written to on a channel, those heard last first."""
    found = await session.scalars(
        select(Identity)
        .join(Person, Person.id == Identity.person_id)
        .where(Identity.channel == channel, Identity.account == account)
        .where(Identity.sealed.is_not(None), Person.heard_at.is_not(None))
        .order_by(Person.heard_at.desc())
        .limit(limit)
    )
    return found.all()


async def identities(session: Session, person_id: int) -> Sequence[Identity]:
    """All accounts a person writes from."""
    found = await session.scalars(select(Identity).where(Identity.person_id == person_id))
    return found.all()


async def silent(session: Session, identity_ids: Sequence[int]) -> Sequence[Identity]:
    """Those of the identities whose person never wrote."""
    found = await session.scalars(
        select(Identity)
        .join(Person, Person.id == Identity.person_id)
        .where(Identity.id.in_(identity_ids), Person.heard_at.is_(None))
    )
    return found.all()
