"""Meet, know and forget people."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, update

from service.database import Session, insert_many, now
from service.people import queries
from service.people.models import Identity, LinkCode, Person
from service.trail import actions as trail

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Stranger:
    """An account we have not heard from: how to find it again, and its real ids, sealed."""

    channel: str
    account: str
    digest: str
    sealed: bytes
    lang: str | None


async def meet(session: Session, strangers: Sequence[Stranger]) -> None:
    """Make a person and an identity for each stranger, in two statements."""
    if not strangers:
        return
    moment = now()
    codes = [new_code() for _ in strangers]
    people = [
        {"code": code, "lang": s.lang, "created_at": moment}
        for code, s in zip(codes, strangers, strict=True)
    ]
    ids = await insert_many(session, Person, people)
    rows = [
        {
            "person_id": person_id,
            "channel": s.channel,
            "account": s.account,
            "digest": s.digest,
            "sealed": s.sealed,
            "created_at": moment,
        }
        for person_id, s in zip(ids, strangers, strict=True)
    ]
    await session.execute(insert(Identity), rows)


def new_code() -> str:
    """A pseudonym: P- and ten letters or digits."""
    return "P-" + "".join(ALPHABET[byte % 32] for byte in secrets.token_bytes(10))


async def told(session: Session, person_ids: Sequence[int]) -> None:
    """These people have been shown the line on privacy."""
    if person_ids:
        await session.execute(update(Person).where(Person.id.in_(person_ids)).values(told_at=now()))


async def heard(session: Session, person_ids: Sequence[int]) -> None:
    """These people wrote just now."""
    if person_ids:
        await session.execute(
            update(Person).where(Person.id.in_(person_ids)).values(heard_at=now())
        )


async def speak(session: Session, person_id: int, lang: str) -> None:
    """The language a person chose."""
    await session.execute(update(Person).where(Person.id == person_id).values(lang=lang))


async def forget(session: Session, person_id: int) -> list[int]:
    """Erase who a person is: the code stays so that counts and the trail hold.

    Their accounts pass to a fresh person without a past, so that a last word can be delivered;
    gives those identities, for `let_go`.
    """
    person = await session.get_one(Person, person_id)
    moment = now()
    person.erased_at, person.lang = moment, None
    await session.execute(delete(LinkCode).where(LinkCode.person_id == person_id))
    fresh = Person(code=new_code(), created_at=moment, told_at=moment)
    session.add(fresh)
    await session.flush()
    identities = await queries.identities(session, person_id)
    for identity in identities:
        identity.person_id = fresh.id
    await trail.record(session, "person", person_id, "erase", actor=f"person:{person.code}")
    return [identity.id for identity in identities]


async def let_go(session: Session, identity_ids: Sequence[int]) -> list[int]:
    """Remove the accounts of erased people, and gives them; whoever has written again since is
    kept.
    """
    gone = await queries.silent(session, identity_ids)
    for identity in gone:
        identity.sealed, identity.digest, identity.gone_at = None, f"erased-{identity.id}", now()
    return [identity.id for identity in gone]
