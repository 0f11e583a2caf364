"""Read people."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from service.database import Session
from service.people.models import Identity, LinkCode, Person

BY_DIGEST = (
    select(Identity, Person)
    .join(Person, Person.id == Identity.person_id)
    .where(
        tuple_(Identity.channel, Identity.account, Identity.digest).in_(
            bindparam("keys", expanding=True)
        )
    )
)


async def by_digest(
    session: Session, keys: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], tuple[Identity, Person]]:
    """Identities and their people by (channel, account, digest)."""
    if not keys:
        return {}
    rows = await session.execute(BY_DIGEST, {"keys": list(keys)})
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


async def for_act(session: Session, person_ids: Collection[int]) -> Sequence[Person]:
    """These people, who came first before the others, locked until the transaction ends."""
    found = await session.scalars(
        select(Person)
        .where(Person.id.in_(person_ids))
        .order_by(Person.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.all()


async def link_code(session: Session, digest: str, moment: datetime) -> LinkCode | None:
    """A code that can still be used, locked until the transaction ends."""
    return await session.scalar(
        select(LinkCode)
        .where(LinkCode.digest == digest, LinkCode.ends_at > moment)
        .with_for_update()
    )


async def claimed(
    session: Session, code_id: int, identity_id: int, moment: datetime
) -> LinkCode | None:
    """A code that this account wrote, while it can be used, locked until the transaction ends."""
    return await session.scalar(
        select(LinkCode)
        .where(LinkCode.id == code_id, LinkCode.claimed_by == identity_id)
        .where(LinkCode.ends_at > moment)
        .with_for_update()
    )


async def rows_of(session: Session, table: type[Any], person_ids: Collection[int]) -> Sequence[Any]:
    """The rows of a table that belong to these people, oldest first."""
    mine = select(table).where(table.person_id.in_(person_ids)).order_by(table.id)
    return (await session.scalars(mine)).all()
