"""What leaves: letters become rows in the transaction of their cause, one loop sends them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from sqlalchemy import Integer, and_, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import aliased

from service.channels.contract import Address, Button, Failure, Outbound, SendError, saying
from service.channels.inbox import IMPORT
from service.channels.models import Delivery
from service.database import Session, now, storable
from service.errors import Conflict, NotFound
from service.people.models import Identity
from service.trail import actions as trail
from service.vault import BadKey, Vault

Cause = Literal[
    "receipt", "instant", "talk", "answer", "measure", "issue", "proposal", "consultation", "round"
]

REPLY, BROADCAST = 0, 10
LEASE = timedelta(minutes=2)
# After the first few an hour apart: together a day, longer than platforms are ever down.
TRIES = 30
BACK_OFF = (1, 5, 20, 60, 300, 900, 3600)
MEND = 60
FOREVER = 10 * 365 * 86_400
BATCH = 500
LOST, SEALED = saying("interrupted"), saying("sealed")
# Beside the platforms' own failures: who was imported has no account to write to.
NO_ADDRESS = "no_address"

log = structlog.get_logger()


_other = aliased(Delivery)
_before = or_(
    _other.priority < Delivery.priority,
    and_(_other.priority == Delivery.priority, _other.id < Delivery.id),
)
_in_the_way = (
    select(_other.id)
    .where(
        _other.identity_id == Delivery.identity_id,
        or_(_other.state == "sending", and_(_other.state == "waiting", _before)),
    )
    .exists()
)
DUE = (
    select(Delivery, Identity)
    .join(Identity, Identity.id == Delivery.identity_id)
    .where(Delivery.state == "waiting", Delivery.next_at <= bindparam("moment"), ~_in_the_way)
    .where(Delivery.channel == bindparam("channel"), Identity.account == bindparam("account"))
    .where(Delivery.identity_id.not_in(bindparam("resting", expanding=True)))
    .order_by(Delivery.priority, Delivery.id)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(of=Delivery, skip_locked=True)
)


class NotResendable(Conflict):
    """Only failed and uncertain deliveries can be sent again."""

    code = "delivery_not_resendable"


@dataclass(frozen=True)
class Letter:
    """A message to one identity. `key` is unique for its cause and reader: posted twice, it is
    sent once. `picture` names what is drawn beside it when it leaves.
    """

    key: str
    identity_id: int
    channel: str
    cause: Cause
    cause_id: int | None
    text: str
    lang: str
    buttons: tuple[Button, ...] = ()
    priority: int = REPLY
    picture: str | None = None


@dataclass(frozen=True)
class Claimed:
    """A delivery that is being sent, with what the channel needs; its picture is still to be
    drawn.
    """

    id: int
    identity_id: int
    outbound: Outbound
    picture: str | None = None
    lang: str | None = None


async def post(session: Session, vault: Vault, letters: Sequence[Letter]) -> int:
    """Write deliveries; those whose key exists are left as they are. Gives how many are new."""
    moment = now()
    written = 0
    rows = [_row(letter, vault, moment) for letter in letters]
    dialect = session.get_bind().dialect.name
    insert = sqlite_insert if dialect == "sqlite" else postgresql_insert
    for start in range(0, len(rows), BATCH):
        statement = insert(Delivery).on_conflict_do_nothing(index_elements=["key"])
        found = await session.scalars(statement.returning(Delivery.id), rows[start : start + BATCH])
        written += len(found.all())
    return written


def _row(letter: Letter, vault: Vault, moment: datetime) -> dict[str, Any]:
    """Imported people have no address: their delivery says so at once."""
    gone = letter.channel == IMPORT
    return {
        "key": letter.key,
        "identity_id": letter.identity_id,
        "channel": letter.channel,
        "cause": letter.cause,
        "cause_id": letter.cause_id,
        "priority": letter.priority,
        "lang": letter.lang,
        "sealed": vault.seal(letter.text),
        "buttons": [asdict(button) for button in letter.buttons],
        "picture": letter.picture,
        "state": "failed" if gone else "waiting",
        "failure": NO_ADDRESS if gone else None,
        "error": saying(NO_ADDRESS) if gone else None,
        "created_at": moment,
        "next_at": moment,
        "attempts": 0,
    }


async def claim(
    session: Session,
    vault: Vault,
    owner: str,
    place: tuple[str, str],
    *,
    limit: int,
    resting: Collection[int] = (),
) -> list[Claimed]:
    """Take due deliveries of a (channel, account) to send: marked `sending` before anything leaves.

    Replies go before broadcasts; who is `resting` or has one under way waits, and so does whatever
    was written after one that could not be sent yet: each reader gets one at a time, in order. What
    the key does not open fails, and holds up nobody else.
    """
    moment = now()
    claimed = []
    channel, account = place
    asked = {"channel": channel, "account": account, "moment": moment, "limit": limit}
    due = await session.execute(DUE, {**asked, "resting": list(resting)})
    for delivery, identity in due.all():
        try:
            outbound = outbound_of(delivery, identity, vault)
        except BadKey:
            log.error("delivery_not_readable", delivery=delivery.id)
            delivery.state, delivery.failure = "failed", Failure.rejected.value
            delivery.error = SEALED
            continue
        delivery.state, delivery.leased_by = "sending", owner
        delivery.leased_until, delivery.attempts = moment + LEASE, delivery.attempts + 1
        claimed.append(Claimed(delivery.id, identity.id, outbound, delivery.picture, delivery.lang))
    return claimed


def outbound_of(delivery: Delivery, identity: Identity, vault: Vault) -> Outbound:
    """A delivery as its channel takes it."""
    text = vault.open(delivery.sealed) if delivery.sealed else ""
    buttons = tuple(Button(**button) for button in delivery.buttons)
    return Outbound(
        delivery.id,
        address_of(identity, vault),
        text,
        buttons,
        delivery.created_at,
        taken=tuple(delivery.external_ids or ()),
        unasked=delivery.priority >= BROADCAST,
    )


def address_of(identity: Identity, vault: Vault) -> Address:
    """Where an identity is written to."""
    held = json.loads(vault.open(identity.sealed)) if identity.sealed else {"conversation": ""}
    return Address(identity.channel, identity.account, held["conversation"], held.get("thread"))


def address_text(address: Address, sender: str) -> str:
    """What is sealed in an identity so that it can be written to."""
    held = {"conversation": address.conversation, "thread": address.thread, "sender": sender}
    return json.dumps(held)


async def sent(session: Session, delivery_id: int, external_ids: Sequence[str]) -> None:
    """The platform took it."""
    delivery = await session.get_one(Delivery, delivery_id)
    delivery.state, delivery.sent_at = "sent", now()
    delivery.external_ids, delivery.failure, delivery.error = list(external_ids), None, None
    delivery.leased_by = delivery.leased_until = None


async def failed(
    session: Session, delivery_id: int, error: SendError, *, repeat_seconds: float
) -> None:
    """The platform did not take it: wait and try again, give up, or say that nobody knows.

    While our own account is refused everything waits, and a platform that asks for patience uses up
    no try. What was erased meanwhile is not tried again.
    """
    delivery = await session.get_one(Delivery, delivery_id, with_for_update=True)
    delivery.failure, delivery.error = error.failure.value, storable(str(error), 300)
    delivery.leased_by = delivery.leased_until = None
    delivery.external_ids = [*(delivery.external_ids or []), *error.taken] or None
    ours = error.failure is Failure.configuration
    free = ours or (error.failure.retryable and error.after is not None)
    again = free or error.failure.retryable or _recognised(delivery, error, repeat_seconds)
    if again and delivery.sealed is None:
        delivery.state = "cancelled"
    elif free or (again and delivery.attempts < TRIES):
        wait = error.after or (MEND if ours else _back_off(delivery.attempts))
        delivery.state, delivery.next_at = "waiting", now() + timedelta(seconds=wait)
        delivery.attempts -= free
    else:
        delivery.state = "uncertain" if error.failure is Failure.ambiguous else "failed"


def _recognised(delivery: Delivery, error: SendError, repeat_seconds: float) -> bool:
    """Whether the platform still knows the first try when the next one comes."""
    by_then = sum(_back_off(number) for number in range(1, delivery.attempts + 1))
    return error.failure is Failure.ambiguous and by_then < repeat_seconds


def _back_off(attempts: int) -> int:
    return BACK_OFF[min(attempts, len(BACK_OFF)) - 1]


async def recover(session: Session, channel: str, repeat_seconds: float, *, alone: bool) -> None:
    """What dead processes were sending: sent again while a repeat is recognised, else uncertain.

    Who works `alone` knows that everybody else is dead; others wait for the leases to end.
    """
    moment = now()
    lost = and_(Delivery.state == "sending", Delivery.channel == channel)
    if not alone:
        lost = and_(lost, Delivery.leased_until < moment)
    free = {"leased_by": None, "leased_until": None}
    await session.execute(
        update(Delivery).where(lost, Delivery.sealed.is_(None)).values(state="cancelled", **free)
    )
    if repeat_seconds:
        window = timedelta(seconds=min(repeat_seconds, FOREVER))
        await session.execute(
            update(Delivery)
            .where(lost, Delivery.leased_until > moment + LEASE - window)
            .values(state="waiting", next_at=moment, **free)
        )
    why = {"failure": Failure.ambiguous.value, "error": LOST}
    await session.execute(update(Delivery).where(lost).values(state="uncertain", **why, **free))


async def resend(session: Session, delivery_id: int, *, actor: str) -> None:
    """Staff send a failed or uncertain delivery again."""
    delivery = await session.get(Delivery, delivery_id)
    if delivery is None:
        raise NotFound("There is no such delivery.")
    if delivery.state not in ("failed", "uncertain"):
        raise NotResendable(
            f"This delivery is {delivery.state}; only failed or uncertain ones are sent again."
        )
    if delivery.sealed is None:
        raise NotResendable("What this delivery said was erased; there is nothing to send.")
    if delivery.channel == IMPORT:
        raise NotResendable("Who asked was imported without an address; nobody can be written to.")
    was, delivery.state, delivery.attempts, delivery.next_at = delivery.state, "waiting", 0, now()
    await trail.record(
        session, "delivery", delivery.id, "resend", actor=actor, was=was, became="waiting"
    )


async def reached_again(session: Session, identity_id: int) -> None:
    """Who could not be reached has opened a conversation: what was meant for them goes out."""
    await session.execute(
        update(Delivery)
        .where(
            Delivery.identity_id == identity_id,
            Delivery.state == "failed",
            Delivery.failure == Failure.recipient_gone.value,
            Delivery.sealed.is_not(None),
        )
        .values(state="waiting", attempts=0, next_at=now())
    )


async def forget(session: Session, identity_ids: Sequence[int]) -> None:
    """Blank every text that went to these identities, and cancel what still waits."""
    mine = Delivery.identity_id.in_(identity_ids)
    await session.execute(
        update(Delivery).where(mine, Delivery.state == "waiting").values(state="cancelled")
    )
    blank: dict[str, Any] = {"sealed": None, "buttons": [], "picture": None}
    await session.execute(update(Delivery).where(mine).values(blank))


async def waiting_for(session: Session, identity_id: int) -> Sequence[Delivery]:
    """What an identity of a pull channel has not confirmed yet, oldest first."""
    found = await session.scalars(
        select(Delivery)
        .where(Delivery.identity_id == identity_id, Delivery.state == "waiting")
        .order_by(Delivery.id)
        .limit(BATCH)
    )
    return found.all()


async def fetched(session: Session, identity_id: int, ids: Sequence[int]) -> None:
    """The reader's device has these."""
    await session.execute(
        update(Delivery)
        .where(
            Delivery.id.in_(ids), Delivery.identity_id == identity_id, Delivery.state == "waiting"
        )
        .values(state="sent", sent_at=now())
    )


async def history(session: Session, identity_id: int, *, limit: int) -> Sequence[Delivery]:
    """The newest deliveries to an identity that were not cancelled, oldest first."""
    found = await session.scalars(
        select(Delivery)
        .where(
            Delivery.identity_id == identity_id,
            Delivery.state != "cancelled",
            Delivery.sealed.is_not(None),
        )
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    return list(reversed(found.all()))
