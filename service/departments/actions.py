"""Put departments, and learn from corrections."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sqlalchemy import delete

from nlp.embed import FloatArray
from nlp.text import fingerprint, sentences
from service.database import Session, now
from service.departments import queries
from service.departments.models import Department, DepartmentExample
from service.errors import NotFound
from service.trail import actions as trail

Origin = Literal["remit", "example", "correction"]


class UnknownDepartment(NotFound):
    """There is no department with this key."""

    code = "unknown_department"


@dataclass(frozen=True)
class Teaching:
    """A text that belongs to a department, with its vector (size,)."""

    origin: Origin
    text: str
    vector: FloatArray


def texts_of(name: str, remit: str, examples: Sequence[str]) -> list[tuple[Origin, str]]:
    """What a department's description teaches: each sentence of its remit, and its examples."""
    told: list[tuple[Origin, str]] = [("remit", f"{name}: {line}") for line in sentences(remit)]
    return [*told, *(("example", text) for text in examples)]


async def put(
    session: Session,
    *,
    key: str,
    name: str,
    remit: str,
    norm_days: int,
    taught: Sequence[Teaching],
    model: str,
    actor: str,
) -> Literal["added", "changed", "unchanged"]:
    """Add a department or bring it up to date; what corrections taught stays."""
    body = await queries.by_key(session, key)
    if body is None:
        body = Department(key=key, name=name, remit=remit, norm_days=norm_days, created_at=now())
        session.add(body)
        await session.flush()
        await _teach(session, body, taught, model)
        await trail.record(session, "department", body.id, "add", actor=actor, became=key)
        return "added"
    held = {
        e.digest
        for e in await queries.examples(session, body.id, limit=100_000)
        if e.origin != "correction"
    }
    same = held == {fingerprint(t.text) for t in taught}
    if same and (body.name, body.remit, body.norm_days) == (name, remit, norm_days) and body.active:
        return "unchanged"
    body.name, body.remit, body.norm_days, body.active = name, remit, norm_days, True
    if not same:
        await session.execute(
            delete(DepartmentExample).where(
                DepartmentExample.department_id == body.id, DepartmentExample.origin != "correction"
            )
        )
        await _teach(session, body, taught, model)
    await trail.record(session, "department", body.id, "change", actor=actor, became=key)
    return "changed"


async def learn(
    session: Session, department_id: int, issue_id: int, text: str, vector: FloatArray, model: str
) -> None:
    """A corrected routing is an example from now on; what the issue taught others gives way."""
    await session.execute(
        delete(DepartmentExample).where(
            DepartmentExample.issue_id == issue_id,
            DepartmentExample.origin == "correction",
            DepartmentExample.department_id != department_id,
        )
    )
    body = await session.get_one(Department, department_id)
    await _teach(session, body, [Teaching("correction", text, vector)], model, issue_id=issue_id)


async def unlearn(session: Session, issue_ids: Sequence[int]) -> None:
    """What these issues taught is forgotten, as when somebody's words are erased."""
    await session.execute(
        delete(DepartmentExample).where(
            DepartmentExample.issue_id.in_(issue_ids), DepartmentExample.origin == "correction"
        )
    )


async def change(
    session: Session,
    key: str,
    *,
    actor: str,
    name: str | None = None,
    norm_days: int | None = None,
    active: bool | None = None,
) -> Department:
    """Change what is given; a new remit is put with its vectors. Raises `UnknownDepartment`."""
    body = await known(session, key)
    given = {"name": name, "norm_days": norm_days, "active": active}
    differing = {k: v for k, v in given.items() if v is not None and v != getattr(body, k)}
    for field, value in differing.items():
        setattr(body, field, value)
    if differing:
        details = {"fields": sorted(differing)}
        await trail.record(
            session, "department", body.id, "change", actor=actor, became=key, details=details
        )
    return body


async def known(session: Session, key: str) -> Department:
    """A department, inactive ones included. Raises `UnknownDepartment`."""
    body = await queries.by_key(session, key)
    if body is None:
        raise UnknownDepartment(f"There is no department {key!r}.")
    return body


async def deactivate(session: Session, key: str, *, actor: str) -> None:
    """A department that no longer answers; its past stays. Raises `UnknownDepartment`."""
    body = await known(session, key)
    body.active = False
    await trail.record(session, "department", body.id, "deactivate", actor=actor)


async def _teach(
    session: Session,
    body: Department,
    taught: Sequence[Teaching],
    model: str,
    *,
    issue_id: int | None = None,
) -> None:
    known = {e.digest for e in await queries.examples(session, body.id, limit=100_000)}
    for one in taught:
        digest = fingerprint(one.text)
        if digest in known:
            continue
        known.add(digest)
        session.add(
            DepartmentExample(
                department_id=body.id,
                origin=one.origin,
                issue_id=issue_id,
                digest=digest,
                text=one.text,
                model=model,
                vector=np.asarray(one.vector, np.float32).tobytes(),
                created_at=now(),
            )
        )
    await session.flush()
