"""Read staff, their sessions and tokens."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from service.database import Session, now
from service.staff.models import Attempt, Staff, StaffSession, Token


def digest(secret: str) -> str:
    """How a cookie or token is kept: SHA-256; they are random, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def by_cookie(session: Session, cookie: str) -> Staff | None:
    """Whose browser this is."""
    return await session.scalar(
        select(Staff)
        .join(StaffSession, StaffSession.staff_id == Staff.id)
        .where(StaffSession.digest == digest(cookie), StaffSession.expires_at > now(), Staff.active)
    )


async def by_token(session: Session, token: str) -> Staff | None:
    """Whose program this is; log-in links are no tokens."""
    return await session.scalar(
        select(Staff)
        .join(Token, Token.staff_id == Staff.id)
        .where(Token.digest == digest(token), ~Token.once, *_valid(), Staff.active)
    )


async def link(session: Session, secret: str) -> Token | None:
    """An unused one-time log-in link, locked: of two who come at once, one finds it."""
    return await session.scalar(
        select(Token)
        .where(Token.digest == digest(secret), Token.once, Token.used_at.is_(None), *_valid())
        .with_for_update()
    )


def _valid() -> tuple[ColumnElement[bool], ...]:
    return (
        Token.withdrawn_at.is_(None),
        or_(Token.expires_at.is_(None), Token.expires_at > now()),
    )


async def by_email(session: Session, email: str) -> Staff | None:
    """A member of staff by e-mail, whatever its case."""
    return await session.scalar(select(Staff).where(Staff.email == email.strip().lower()))


async def by_id(session: Session, staff_id: int) -> Staff | None:
    """A member of staff."""
    return await session.get(Staff, staff_id)


async def everyone(session: Session) -> Sequence[Staff]:
    """All members of staff, by name."""
    return (await session.scalars(select(Staff).order_by(Staff.name))).all()


async def names(session: Session) -> dict[str, str]:
    """The names of all members of staff by how the trail names them."""
    rows = await session.execute(select(Staff.id, Staff.name))
    return {f"staff:{id_}": name for id_, name in rows.all()}


async def officials(session: Session, department_key: str) -> list[Staff]:
    """Active officials of a department."""
    return [
        one
        for one in await everyone(session)
        if one.active and "official" in one.roles and department_key in one.departments
    ]


async def tokens(session: Session, staff_id: int) -> Sequence[Token]:
    """A member's tokens that were not withdrawn, newest first."""
    found = await session.scalars(
        select(Token)
        .where(Token.staff_id == staff_id, ~Token.once, Token.withdrawn_at.is_(None))
        .order_by(Token.id.desc())
    )
    return found.all()


async def attempts(session: Session, subjects: Sequence[str], since: datetime) -> int:
    """The most failed log-ins of any of these subjects since a moment."""
    rows = await session.execute(
        select(func.count())
        .where(Attempt.subject.in_(subjects), Attempt.at > since)
        .group_by(Attempt.subject)
    )
    return max((count for (count,) in rows.all()), default=0)
