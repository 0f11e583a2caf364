"""A small town for tests: departments, staff, people, and what they say."""

import hashlib
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

import service.answers.models
import service.channels.models
import service.installation
import service.jobs
import service.knowledge.models
import service.retrieval.models
import service.trail.models  # noqa: F401 - every table must be known to create them
from nlp.embed import HashEmbedder
from service.channels.models import Delivery
from service.database import Base, Database, Session, now
from service.departments import actions as departments
from service.departments import queries as department_queries
from service.issues import actions
from service.issues.actions import Joined, NewIssue
from service.issues.models import Issue
from service.messages import actions as messages
from service.people.models import Identity, Person
from service.retrieval import actions as retrieval
from service.staff.access import Staffer
from service.staff.models import Staff
from service.vault import Vault

EMBEDDER = HashEmbedder()
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
_numbers = itertools.count(1)


async def create(database: Database) -> None:
    """All tables, empty."""
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


async def body(session: Session, key: str, norm_days: int = 5) -> int:
    """A department."""
    remit = f"everything about {key}"
    await departments.put(
        session,
        key=key,
        name=key.title(),
        remit=remit,
        norm_days=norm_days,
        taught=[departments.Teaching("remit", remit, EMBEDDER.encode([remit])[0])],
        model=EMBEDDER.name,
        actor="machine",
    )
    found = await department_queries.by_key(session, key)
    assert found is not None
    return found.id


async def official(
    session: Session, *keys: str, role: str = "official", lang: str = "en"
) -> Staffer:
    """A member of staff of these departments."""
    email = f"staff{next(_numbers)}@porto.example"
    row = Staff(
        email=email, name="Ana", lang=lang, password=None, roles=[role], departments=list(keys),
        active=True, created_at=now(),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return Staffer(row.id, row.name, email, frozenset([role]), frozenset(keys), lang)


async def person(
    session: Session, lang: str | None = None, channel: str = "web"
) -> tuple[int, int]:
    """A person and their identity."""
    one = Person(code=f"P-{next(_numbers)}", lang=lang, created_at=now())
    session.add(one)
    await session.flush()
    identity = Identity(
        person_id=one.id, channel=channel, account="main", digest=f"d{one.id}", sealed=None,
        created_at=now(),
    )  # fmt: skip
    session.add(identity)
    await session.flush()
    return one.id, identity.id


async def contribution(
    session: Session,
    vault: Vault,
    who: tuple[int, int] | None,
    text: str = "no water in our street",
    *,
    lang: str = "en",
    at: datetime = START,
) -> int:
    """What somebody (None: an import without a person) said, with its vector, not yet in an
    issue.
    """
    number = next(_numbers)
    conversation_id = await _conversation(session, who[1], lang) if who else None
    code = f"CODE-{number}"
    row = {
        "person_id": who[0] if who else None,
        "conversation_id": conversation_id,
        "source": None if who else f"row-{number}",
        "channel": "web" if who else "import",
        "kind": "complaint",
        "text": text,
        "lang": lang,
        "place": None,
        "fingerprint": hashlib.sha256(text.encode()).hexdigest(),
        "receipt": vault.digest("receipt", code) if who else None,
        "sealed_receipt": vault.seal(code) if who else None,
        "state": "received",
        "said_at": at,
        "created_at": at,
    }
    (id_,) = await messages.contribute(session, [row])
    vector = EMBEDDER.encode([text])[0].tobytes()
    held = {"contribution_id": id_, "model": EMBEDDER.name, "digest": "x", "vector": vector}
    await messages.keep_vectors(session, [held])
    return id_


async def _conversation(session: Session, identity_id: int, lang: str) -> int:
    digest = f"c{identity_id}"
    key = ("web", "main", digest)
    found = await message_conversations(session, key)
    if found is None:
        row = {
            "identity_id": identity_id, "channel": "web", "account": "main", "digest": digest,
            "lang": lang, "created_at": now(),
        }  # fmt: skip
        await messages.open_conversations(session, [row])
        found = await message_conversations(session, key)
    assert found is not None
    return found


async def message_conversations(session: Session, key: tuple[str, str, str]) -> int | None:
    from service.messages import queries

    found = (await queries.conversations(session, [key])).get(key)
    return found.id if found else None


async def issue(
    session: Session,
    contribution_ids: Sequence[int],
    people: Sequence[int | None],
    *,
    name: str = "no water",
    department_id: int | None = None,
    due_at: datetime | None = None,
) -> int:
    """An issue that these contributions open."""
    row = NewIssue(name, [name], department_id, 0.9, ["water"], due_at, START, START)
    (id_,) = await actions.open_many(session, [row])
    await join(session, id_, contribution_ids, people)
    vector = EMBEDDER.encode([name])[0]
    entry = retrieval.NewEntry("issue", id_, 0, None, None, vector)
    await retrieval.put(session, EMBEDDER.name, [entry])
    return id_


async def join(
    session: Session, issue_id: int, contribution_ids: Sequence[int], people: Sequence[int | None]
) -> None:
    """Contributions join an issue."""
    await actions.join_many(
        session,
        [
            Joined(id_, issue_id, 0.8, who, 1, START + timedelta(minutes=id_))
            for id_, who in zip(contribution_ids, people, strict=True)
        ],
    )


async def asked(
    session: Session,
    vault: Vault,
    count: int,
    *,
    name: str = "no water",
    text: str = "no water in our street",
    department_id: int | None = None,
    lang: str = "en",
) -> tuple[int, list[tuple[int, int]], list[int]]:
    """An issue asked by so many people: its id, the people, their contributions."""
    people = [await person(session) for _ in range(count)]
    said = [await contribution(session, vault, who, text, lang=lang) for who in people]
    id_ = await issue(session, said, [p for p, _ in people], name=name, department_id=department_id)
    return id_, people, said


async def at(session: Session, issue_id: int) -> Issue:
    """An issue as the database has it now."""
    found = await session.scalar(
        select(Issue).where(Issue.id == issue_id).execution_options(populate_existing=True)
    )
    assert found is not None
    return found


async def told(session: Session, vault: Vault) -> list[tuple[int, str, str]]:
    """Deliveries so far: identity, key, text."""
    rows = (await session.scalars(select(Delivery).order_by(Delivery.id))).all()
    return [(row.identity_id, row.key, vault.open(row.sealed or b"")) for row in rows]
