"""Add and change staff; log in and out; issue and withdraw tokens."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import timedelta
from weakref import WeakKeyDictionary

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import delete

from service.database import Database, Session, now
from service.errors import Conflict, GabineteError, NotFound
from service.staff import queries
from service.staff.access import ROLES
from service.staff.models import Attempt, Staff, StaffSession, Token
from service.trail import actions as trail

HASHER = PasswordHash((Argon2Hasher(memory_cost=19_456, time_cost=2, parallelism=1),))
TURNS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
SESSION = timedelta(hours=12)
LINK = timedelta(days=1)
WINDOW = timedelta(minutes=15)
MOST_ATTEMPTS = 10
SHORTEST = 10
ABSENT = HASHER.hash(secrets.token_hex(8))


class WrongPassword(GabineteError):
    """E-mail and password do not go together."""

    code = "wrong_password"
    status = 401


class TooManyAttempts(GabineteError):
    """Too many failed log-ins for this e-mail or from this address."""

    code = "too_many_attempts"
    status = 429


class WeakPassword(GabineteError):
    """The password is too short."""

    code = "weak_password"


class UnknownRole(GabineteError):
    """There is no such role."""

    code = "unknown_role"


class EmailTaken(Conflict):
    """Somebody has this e-mail already."""

    code = "email_taken"


class UnknownStaff(NotFound):
    """There is no such member of staff."""

    code = "unknown_staff"


class LinkUsed(GabineteError):
    """The log-in link was used, or is too old."""

    code = "link_used"
    status = 410


async def hash_password(password: str) -> str:
    """Argon2id, in a thread, two at a time. Raises `WeakPassword`."""
    if len(password) < SHORTEST:
        raise WeakPassword(f"A password needs at least {SHORTEST} characters.")
    async with _turn():
        return await asyncio.to_thread(HASHER.hash, password)


def _turn() -> asyncio.Semaphore:
    """Two hashes at a time in each event loop: they take a core and memory."""
    return TURNS.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(2))


async def add(
    session: Session,
    *,
    email: str,
    name: str,
    roles: Sequence[str],
    departments: Sequence[str],
    actor: str,
    password: str | None = None,
    lang: str = "pt",
) -> Staff:
    """Add a member of staff; `password` is hashed already. Raises `UnknownRole`, `EmailTaken`."""
    _check_roles(roles)
    if await queries.by_email(session, email):
        raise EmailTaken(f"Somebody has the e-mail {email} already.")
    row = Staff(
        email=email.strip().lower(),
        name=name.strip(),
        lang=lang,
        password=password,
        roles=sorted(set(roles)),
        departments=sorted(set(departments)),
        active=True,
        created_at=now(),
    )
    session.add(row)
    await session.flush()
    await trail.record(session, "staff", row.id, "add", actor=actor, became=_duties(row))
    return row


def _duties(row: Staff) -> str:
    """Roles and departments, as the trail keeps them."""
    return ", ".join(row.roles) + (f": {', '.join(row.departments)}" if row.departments else "")


async def change(
    session: Session,
    staff_id: int,
    *,
    roles: Sequence[str],
    departments: Sequence[str],
    active: bool,
    actor: str,
) -> Staff:
    """Change what a member of staff may do; who is deactivated is logged out at once."""
    _check_roles(roles)
    row = await queries.by_id(session, staff_id)
    if row is None:
        raise UnknownStaff("There is no such member of staff.")
    was = _duties(row)
    row.roles, row.departments = sorted(set(roles)), sorted(set(departments))
    row.active = active
    if not active:
        await session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id))
    became = _duties(row) if active else "deactivated"
    await trail.record(session, "staff", staff_id, "change", actor=actor, was=was, became=became)
    return row


def _check_roles(roles: Sequence[str]) -> None:
    strange = [role for role in roles if role not in ROLES]
    if strange or not roles:
        raise UnknownRole(f"Roles are {', '.join(ROLES)}; not {', '.join(strange) or 'none'}.")


async def log_in(database: Database, email: str, password: str, address: str) -> str:
    """Check a password and open a session; gives the cookie.

    The hash is checked outside any transaction. Each try is noted before the next one is looked
    at, so that many at once are counted too.
    """
    subjects = [f"email:{email.strip().lower()}", f"address:{address}"]
    async with _turn():
        async with database.read() as session:
            if await queries.attempts(session, subjects, now() - WINDOW) >= MOST_ATTEMPTS:
                raise TooManyAttempts("Too many failed log-ins; try again in a quarter of an hour.")
            row = await queries.by_email(session, email)
        kept = row.password if row is not None and row.password and row.active else ABSENT
        right = await asyncio.to_thread(HASHER.verify, password, kept)
        async with database.write() as session:
            if row is not None and kept != ABSENT and right:
                return await open_session(session, row.id)
            session.add_all([Attempt(subject=subject, at=now()) for subject in subjects])
    raise WrongPassword("E-mail and password do not go together.")


async def open_session(session: Session, staff_id: int) -> str:
    """Log a browser in; gives the cookie."""
    cookie, moment = secrets.token_urlsafe(32), now()
    await session.execute(delete(StaffSession).where(StaffSession.expires_at < moment))
    await session.execute(delete(Attempt).where(Attempt.at < moment - timedelta(days=1)))
    session.add(
        StaffSession(
            staff_id=staff_id,
            digest=queries.digest(cookie),
            created_at=moment,
            expires_at=moment + SESSION,
        )
    )
    await trail.record(session, "staff", staff_id, "log_in", actor=f"staff:{staff_id}")
    return cookie


async def log_out(session: Session, cookie: str) -> None:
    """Forget a browser."""
    forgotten = await session.scalar(
        delete(StaffSession)
        .where(StaffSession.digest == queries.digest(cookie))
        .returning(StaffSession.staff_id)
    )
    if forgotten is not None:
        await trail.record(session, "staff", forgotten, "log_out", actor=f"staff:{forgotten}")


async def issue_token(
    session: Session, staff_id: int, name: str, *, days: int | None = None
) -> tuple[Token, str]:
    """A token for programs; its secret is shown this once."""
    secret = f"gab_{secrets.token_urlsafe(32)}"
    row = _token(staff_id, name, secret, once=False, lasts=timedelta(days=days) if days else None)
    session.add(row)
    await session.flush()
    await trail.record(session, "staff", staff_id, "issue_token", actor=f"staff:{staff_id}")
    return row, secret


async def withdraw_token(session: Session, staff_id: int, token_id: int) -> None:
    """A token stops working at once."""
    for row in await queries.tokens(session, staff_id):
        if row.id == token_id:
            row.withdrawn_at = now()
            actor = f"staff:{staff_id}"
            await trail.record(session, "staff", staff_id, "withdraw_token", actor=actor)
            return
    raise NotFound("There is no such token of yours.")


async def issue_link(session: Session, staff_id: int, *, actor: str = "cli") -> str:
    """The secret of a one-time log-in link, good for a day."""
    secret = secrets.token_urlsafe(32)
    session.add(_token(staff_id, "log-in link", secret, once=True, lasts=LINK))
    await session.flush()
    await trail.record(session, "staff", staff_id, "issue_link", actor=actor)
    return secret


async def use_link(session: Session, secret: str) -> str:
    """Log in by a link, once; gives the cookie. Raises `LinkUsed`."""
    row = await queries.link(session, secret)
    if row is None:
        raise LinkUsed("This log-in link was used already, or is older than a day.")
    row.used_at = now()
    return await open_session(session, row.staff_id)


def _token(staff_id: int, name: str, secret: str, *, once: bool, lasts: timedelta | None) -> Token:
    moment = now()
    return Token(
        staff_id=staff_id,
        name=name,
        prefix=secret[:8],
        digest=queries.digest(secret),
        once=once,
        created_at=moment,
        expires_at=moment + lasts if lasts else None,
    )
