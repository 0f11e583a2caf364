"""Read departments, and make the router their examples teach."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, case, column, func, or_, select, table

from nlp.embed import Embedder, FloatArray
from nlp.pivot import MARK, family, rendered
from nlp.route import Example, Router
from service.database import Session, UtcDateTime
from service.departments.models import Department, DepartmentExample
from service.staff.models import Staff

WEIGHTS = {"remit": 1.0, "example": 1.0, "correction": 1.15}

# Issues stand above departments and may not be imported here; only their counts are read.
_issue = table(
    "issue",
    column("id"),
    column("root_id"),
    column("department_id"),
    column("state"),
    column("size"),
    column("due_at", UtcDateTime()),
)


@dataclass(frozen=True)
class Load:
    """How many issues wait for a department, and how many of them are late."""

    open: int
    overdue: int


async def everyone(session: Session, *, active: bool = True) -> Sequence[Department]:
    """All departments, by name."""
    query = select(Department).order_by(Department.name)
    return (await session.scalars(query.where(Department.active) if active else query)).all()


async def by_keys(session: Session) -> dict[str, Department]:
    """Active departments by key."""
    return {body.key: body for body in await everyone(session)}


async def by_key(session: Session, key: str) -> Department | None:
    """One department."""
    return await session.scalar(select(Department).where(Department.key == key))


async def by_id(session: Session, department_id: int | None) -> Department | None:
    """One department, or None for None."""
    return await session.get(Department, department_id) if department_id else None


async def examples(
    session: Session, department_id: int, *, limit: int = 100
) -> Sequence[DepartmentExample]:
    """What taught us to route to a department, newest first."""
    found = await session.scalars(
        select(DepartmentExample)
        .where(DepartmentExample.department_id == department_id)
        .order_by(DepartmentExample.id.desc())
        .limit(limit)
    )
    return found.all()


async def router(
    session: Session, embedder: Embedder, held: tuple[Any, Router | None]
) -> tuple[Any, Router | None]:
    """The router and its version; the one held when nothing changed since."""
    row = (
        await session.execute(
            select(
                func.count(), func.max(DepartmentExample.id), func.max(DepartmentExample.created_at)
            )
        )
    ).one()
    active = await session.scalar(select(func.count()).where(Department.active))
    version = (*row, active, embedder.name)
    if version == held[0]:
        return held
    before, known = held
    if known is not None and before[3:] == version[3:] and before[1] is not None:
        rows = await _taught(session, embedder, after=before[1])
        if rows and before[0] + len(rows) == version[0]:
            return version, await asyncio.to_thread(known.with_examples, *_examples_of(rows))
    rows = await _taught(session, embedder)
    if not rows:
        return version, None
    taught, vectors = _examples_of(rows)
    read = embedder.languages | rendered(embedder)
    return version, await asyncio.to_thread(Router, taught, vectors, read, patient=False)


async def _taught(session: Session, embedder: Embedder, *, after: int = 0) -> Sequence[Any]:
    """What was taught after an example, in order."""
    return (
        await session.execute(
            select(
                Department.key,
                DepartmentExample.origin,
                DepartmentExample.text,
                DepartmentExample.vector,
            )
            .join(Department, Department.id == DepartmentExample.department_id)
            .where(
                Department.active,
                _comparable(embedder.name),
                DepartmentExample.id > after,
            )
            .order_by(DepartmentExample.id)
        )
    ).all()


def _examples_of(rows: Sequence[Any]) -> tuple[list[Example], FloatArray]:
    taught = [
        Example(row.key, row.text, WEIGHTS[row.origin], remit=row.origin == "remit") for row in rows
    ]
    return taught, np.stack([np.frombuffer(row.vector, dtype=np.float32) for row in rows])


def _comparable(model: str) -> ColumnElement[bool]:
    """Examples encoded by a model, through whatever rendering."""
    ours = family(model)
    through = DepartmentExample.model.startswith(ours + MARK, autoescape=True)
    return or_(DepartmentExample.model == ours, through)


async def officials(session: Session, key: str) -> list[Staff]:
    """Active officials who work in a department, by name."""
    found = await session.scalars(select(Staff).where(Staff.active).order_by(Staff.name, Staff.id))
    return [who for who in found.all() if "official" in who.roles and key in who.departments]


async def loads(session: Session, moment: datetime) -> dict[int, Load]:
    """For each department, its issues that wait and those past their due date at `moment`."""
    late = func.sum(case((_issue.c.due_at < moment, 1), else_=0))
    rows = await session.execute(
        select(_issue.c.department_id, func.count(), late)
        .where(
            _issue.c.id == _issue.c.root_id,
            _issue.c.size > 0,
            _issue.c.department_id.is_not(None),
            _issue.c.state.in_(("open", "assigned")),
        )
        .group_by(_issue.c.department_id)
    )
    return {id_: Load(waiting, int(overdue)) for id_, waiting, overdue in rows.all()}
