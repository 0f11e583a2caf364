"""What arrives: committed before it is acknowledged, claimed in batches, blanked once
understood.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Integer, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import aliased

from service.channels.contract import Address, Inbound, Outcome
from service.channels.models import InboxRow
from service.database import Database, Session, now
from service.errors import NotFound
from service.limiting import Limiter, per_minute
from service.settings import Settings
from service.trail import actions as trail
from service.vault import BadKey, Vault

LEASE = timedelta(minutes=1)
WAIT = 1.0
IMPORT = "import"
SAID = ("text", "command", "button", "media")
BATCH = 300

log = structlog.get_logger()


_other = aliased(InboxRow)
_busy = (
    select(_other.id)
    .where(
        _other.conversation == InboxRow.conversation,
        _other.state == "waiting",
        _other.leased_until >= bindparam("moment"),
        _other.leased_by != bindparam("owner"),
    )
    .exists()
)
NEXT = (
    select(InboxRow)
    .where(
        InboxRow.state == "waiting",
        or_(InboxRow.leased_until.is_(None), InboxRow.leased_until < bindparam("moment")),
        ~_busy,
    )
    .order_by(InboxRow.id)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(skip_locked=True)
)


class NotSetAside(NotFound):
    """Only what was set aside is read again."""

    code = "message_not_set_aside"


@dataclass(frozen=True)
class Arrived:
    """A claimed row, opened. `extra` holds what only imported rows have (place, body)."""

    id: int
    inbound: Inbound
    extra: dict[str, Any]
    attempts: int = 1


class Intake:
    """Takes what channels hand in.

    Posts that wait for the writer at the same time share one commit.
    """

    def __init__(
        self, database: Database, vault: Vault, settings: Settings, ring: Callable[[], None]
    ) -> None:
        self._database, self._vault, self._ring = database, vault, ring
        self._longest = settings.max_message_length
        self._limiter = Limiter()
        self._limit = per_minute(settings.messages_per_minute)
        self._waiting: list[tuple[list[dict[str, Any]], asyncio.Future[set[str]]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def accept(self, inbounds: Sequence[Inbound]) -> list[Outcome]:
        """Store what arrived; returns only when it is durable (or was refused): one outcome
        each.
        """
        refused = [self._refusal(inbound) for inbound in inbounds]
        if Outcome.too_many in refused:
            refused = await self._spare_repeats(inbounds, refused)
        rows = [
            row_of(i, self._vault) for i, no in zip(inbounds, refused, strict=True) if no is None
        ]
        try:
            stored = await self._store(rows) if rows else set()
        except Exception:
            log.exception("inbox_failed", rows=len(rows))
            return [no or Outcome.failed for no in refused]
        outcomes, left = [], iter(rows)
        for no in refused:
            key = None if no else next(left)["key"]
            outcomes.append(no or (Outcome.stored if key in stored else Outcome.duplicate))
            stored.discard(key or "")
        return outcomes

    def _refusal(self, inbound: Inbound) -> Outcome | None:
        if len(inbound.text) > self._longest:
            return Outcome.too_long
        address = inbound.address
        if inbound.kind in SAID and not self._limiter.hit(
            self._limit, address.channel, address.account, address.conversation
        ):
            return Outcome.too_many
        return None

    async def _spare_repeats(
        self, inbounds: Sequence[Inbound], refused: list[Outcome | None]
    ) -> list[Outcome | None]:
        """What was stored before is a repeat, however many come."""
        keys = [row_of(inbound, self._vault)["key"] for inbound in inbounds]
        async with self._database.read() as session:
            found = await session.scalars(select(InboxRow.key).where(InboxRow.key.in_(keys)))
            known = set(found.all())
        return [
            Outcome.duplicate if no is Outcome.too_many and key in known else no
            for no, key in zip(refused, keys, strict=True)
        ]

    async def _store(self, rows: list[dict[str, Any]]) -> set[str]:
        done: asyncio.Future[set[str]] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await done

    async def _write(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            try:
                async with self._database.write() as session:
                    stored = await insert_rows(session, [row for rows, _ in taken for row in rows])
            except Exception as error:
                for _, done in taken:
                    if not done.done():
                        done.set_exception(error)
                continue
            for rows, done in taken:
                mine = {row["key"] for row in rows} & stored
                stored -= mine
                if not done.done():
                    done.set_result(mine)
            self._ring()


def row_of(inbound: Inbound, vault: Vault, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """An inbound as an inbox row; repeats of it have the same key."""
    address = inbound.address
    key = (
        address.channel,
        address.account,
        inbound.kind,
        inbound.external_id,
        str(inbound.version),
    )
    held = {
        "kind": inbound.kind,
        "external_id": inbound.external_id,
        "account": address.account,
        "conversation": address.conversation,
        "thread": address.thread,
        "sender": inbound.sender,
        "text": inbound.text,
        "payload": inbound.payload,
        "reply_to": inbound.reply_to,
        "lang": inbound.lang,
        "version": inbound.version,
        "medium": inbound.medium,
        "device": inbound.device,
        "occurred_at": inbound.occurred_at.isoformat(),
        "extra": extra or {},
    }
    whose = "" if address.channel == IMPORT else address.conversation
    return {
        "key": vault.digest("inbox", *key, whose),
        "channel": address.channel,
        "conversation": vault.digest(
            "conversation", address.channel, address.account, address.conversation
        ),
        "sealed": vault.seal(_writable(json.dumps(held, ensure_ascii=False))),
        "received_at": now(),
        "state": "waiting",
        "attempts": 0,
    }


def _writable(text: str) -> str:
    """The text with a question mark for what was cut in the middle of a sign."""
    return text.encode("utf-8", "replace").decode()


async def insert_rows(session: Session, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Insert rows that are not there yet; gives the keys that are new."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    fresh: set[str] = set()
    for start in range(0, len(rows), BATCH):
        statement = insert(InboxRow).on_conflict_do_nothing(index_elements=["key"])
        found = await session.scalars(
            statement.returning(InboxRow.key), list(rows[start : start + BATCH])
        )
        fresh.update(found.all())
    return fresh


async def claim(session: Session, vault: Vault, owner: str, *, limit: int) -> list[Arrived]:
    """Lease the oldest waiting rows; a conversation that another worker has in hand waits its
    turn.
    """
    moment = now()
    asked = {"moment": moment, "owner": owner, "limit": limit}
    claimed = (await session.scalars(NEXT, asked)).all()
    ids = [row.id for row in claimed]
    if ids:
        await session.execute(
            update(InboxRow)
            .where(InboxRow.id.in_(ids))
            .values(leased_by=owner, leased_until=moment + LEASE, attempts=InboxRow.attempts + 1)
        )
    return await _without_early_deletions(session, await _open_all(session, vault, claimed), ids)


async def _without_early_deletions(
    session: Session, opened: list[Arrived], claimed: Sequence[int]
) -> list[Arrived]:
    """Platforms do not say whose message was deleted: while an older row of the channel is in other
    hands, it may be that one, and the deletion waits.
    """
    ready = []
    for one in opened:
        if one.inbound.kind == "deleted" and await _has_older(session, one, claimed):
            await release(session, [one.id])
            await rest(session, one.id, WAIT)
        else:
            ready.append(one)
    return ready


async def _has_older(session: Session, one: Arrived, claimed: Sequence[int]) -> bool:
    older = (InboxRow.id < one.id, InboxRow.channel == one.inbound.address.channel)
    found = await session.scalars(
        select(InboxRow.id)
        .where(*older, InboxRow.state == "waiting", InboxRow.id.not_in(claimed))
        .limit(1)
    )
    return found.first() is not None


async def _open_all(session: Session, vault: Vault, rows: Sequence[InboxRow]) -> list[Arrived]:
    """What can be opened; what cannot is set aside, so that it holds up nobody else."""
    opened = []
    for row in rows:
        try:
            opened.append(_open(row, vault))
        except BadKey as error:
            log.error("message_set_aside", row=row.id, kind=type(error).__name__)
            await set_aside(session, row.id, type(error).__name__)
    return opened


def _open(row: InboxRow, vault: Vault) -> Arrived:
    held = json.loads(vault.open(row.sealed or b""))
    address = Address(row.channel, held["account"], held["conversation"], held["thread"])
    inbound = Inbound(
        kind=held["kind"],
        external_id=held["external_id"],
        address=address,
        sender=held["sender"],
        text=held["text"],
        occurred_at=datetime.fromisoformat(held["occurred_at"]),
        payload=held["payload"],
        reply_to=held["reply_to"],
        lang=held["lang"],
        version=held["version"],
        medium=held.get("medium"),
        device=tuple(held.get("device", ())),
    )
    return Arrived(row.id, inbound, held["extra"], row.attempts)


async def done(session: Session, ids: Sequence[int]) -> None:
    """These are understood: their payloads are blanked in the same transaction as what they
    became.
    """
    await session.execute(
        update(InboxRow)
        .where(InboxRow.id.in_(ids))
        .values(
            state="done", sealed=None, leased_by=None, leased_until=None, done_at=now(), error=None
        )
    )


async def release(session: Session, ids: Sequence[int]) -> None:
    """Give rows back unread, to be claimed again at once."""
    await session.execute(
        update(InboxRow)
        .where(InboxRow.id.in_(ids))
        .values(leased_by=None, leased_until=None, attempts=InboxRow.attempts - 1)
    )


async def rest(session: Session, row_id: int, seconds: float) -> None:
    """A row that failed waits a while before it is tried again; its conversation waits with it."""
    until = now() + timedelta(seconds=seconds)
    await session.execute(
        update(InboxRow)
        .where(InboxRow.id == row_id, InboxRow.state == "waiting")
        .values(leased_by="resting", leased_until=until)
    )


async def release_all(session: Session, owner: str | None = None) -> None:
    """Give back everything a worker had leased when it ended; everybody's when none is named."""
    held = InboxRow.leased_by == owner if owner else InboxRow.leased_by.is_not(None)
    await session.execute(
        update(InboxRow)
        .where(held, InboxRow.state == "waiting")
        .values(leased_by=None, leased_until=None)
    )


async def set_aside(session: Session, row_id: int, error: str) -> None:
    """A row that cannot be understood is kept, sealed, and shown to staff; not one that another
    worker has understood meanwhile.
    """
    changed = await session.scalars(
        update(InboxRow)
        .where(InboxRow.id == row_id, InboxRow.state == "waiting")
        .values(state="set_aside", error=error[:300], leased_by=None, leased_until=None)
        .returning(InboxRow.id)
    )
    if changed.first() is None:
        return
    await trail.record(
        session, "inbox", row_id, "set_aside", actor=trail.MACHINE, became="set_aside", why=error
    )


async def retry(session: Session, row_id: int, *, actor: str) -> None:
    """Staff let a set-aside row be read again. Raises `NotSetAside`."""
    row = await session.get(InboxRow, row_id)
    if row is None or row.state != "set_aside":
        raise NotSetAside("No message is set aside under this number.")
    row.state, row.attempts, row.error = "waiting", 0, None
    await trail.record(
        session, "inbox", row_id, "retry", actor=actor, was="set_aside", became="waiting"
    )


async def forget(session: Session, conversations: Sequence[str]) -> None:
    """What was set aside of these conversations (digests) is gone for good."""
    await session.execute(
        update(InboxRow)
        .where(InboxRow.state == "set_aside", InboxRow.conversation.in_(conversations))
        .values(state="done", sealed=None)
    )


async def expire(session: Session, before: datetime) -> None:
    """What was set aside before a moment is not kept any longer."""
    await session.execute(
        update(InboxRow)
        .where(InboxRow.state == "set_aside", InboxRow.received_at < before)
        .values(state="done", sealed=None)
    )


async def aside(session: Session, *, limit: int = 200) -> Sequence[InboxRow]:
    """What could not be understood and waits for staff, oldest first."""
    found = await session.scalars(
        select(InboxRow).where(InboxRow.state == "set_aside").order_by(InboxRow.id).limit(limit)
    )
    return found.all()


async def waiting(session: Session) -> int:
    """How many rows wait to be understood."""
    return await session.scalar(select(func.count()).where(InboxRow.state == "waiting")) or 0
