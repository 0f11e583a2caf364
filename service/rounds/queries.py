"""Read rounds, their questions with who supports them, and what is due an answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import aliased

from service.database import Session
from service.departments.models import Department
from service.issues.models import Issue, Theme
from service.rounds.models import Nomination, Round, RoundText, Support
from service.staff.models import Staff
from service.trail.actions import MACHINE
from service.trail.models import Event

OVER = ("due", "closed")
MOST = 200

Found = Row[*tuple[Any, ...]]
_own, _root = aliased(Issue), aliased(Issue)


@dataclass(frozen=True)
class Told:
    """A round with what it says in each language: (title, text)."""

    round: Round
    texts: dict[str, tuple[str, str]]

    def said(self, lang: str) -> tuple[str, str, str]:
        """Title, text and the language they are in: the reader's, else the round's own."""
        found = lang if lang in self.texts else self.round.lang
        return (*self.texts[found], found)

    def title(self, lang: str) -> str:
        """What it is called."""
        return self.said(lang)[0]

    @property
    def counted(self) -> bool:
        """Whether everybody may see how many support each question."""
        return self.round.counts_shown == "live" or self.round.state in OVER


@dataclass(frozen=True)
class Question:
    """A question of a round, as its surviving issue stands.

    `supporters` are counted as they are now, and stay as they were when the round ended. Only
    staff read `name` while it is the machine's, which is made of citizens' words.
    """

    nomination_id: int
    issue_id: int
    name: str
    named: bool
    supporters: int
    state: str
    ended: str | None
    theme_id: int | None
    theme: str | None
    department_key: str | None
    department: str | None
    official_id: int | None
    official: str | None
    aside: str | None
    due_at: datetime | None
    by_lot: bool
    answered_at: datetime | None
    at: datetime

    @property
    def open(self) -> bool:
        """Whether the public reads and supports it."""
        return self.named and self.aside is None and self.supporters > 0

    @property
    def answered(self) -> bool:
        """Whether it has its answer."""
        return self.state == "answered" or self.answered_at is not None


async def round_(session: Session, round_id: int) -> Round | None:
    """One round."""
    return await session.get(Round, round_id)


async def for_act(session: Session, round_id: int) -> Round | None:
    """A round as it is now, locked until the transaction ends."""
    return await session.scalar(
        select(Round)
        .where(Round.id == round_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def while_open(session: Session, round_id: int) -> Round | None:
    """A round whose end waits until this transaction ends: what is given in it is counted."""
    return await session.scalar(
        select(Round)
        .where(Round.id == round_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )


async def told(session: Session, round_id: int) -> Told | None:
    """One round with its texts."""
    found = await session.get(Round, round_id)
    return (await _told(session, [found]))[0] if found else None


async def page(session: Session, states: Collection[str] = ()) -> list[Told]:
    """Rounds, in some states or all, the newest first."""
    query = select(Round).order_by(Round.opens_at.desc(), Round.id.desc()).limit(MOST)
    if states:
        query = query.where(Round.state.in_(states))
    return await _told(session, (await session.scalars(query)).all())


async def running(session: Session, moment: datetime) -> list[Told]:
    """Rounds in which questions are supported at a moment, the one that ends first before."""
    found = await session.scalars(
        select(Round)
        .where(Round.state == "open", Round.closes_at > moment)
        .order_by(Round.closes_at, Round.id)
    )
    return await _told(session, found.all())


async def _told(session: Session, rounds: Sequence[Round]) -> list[Told]:
    texts: dict[int, dict[str, tuple[str, str]]] = {one.id: {} for one in rounds}
    found = await session.scalars(
        select(RoundText).where(RoundText.round_id.in_(list(texts))).order_by(RoundText.id)
    )
    for text in found.all():
        texts[text.round_id][text.lang] = (text.title, text.text)
    return [Told(one, texts[one.id]) for one in rounds]


async def texts(session: Session, round_id: int) -> Sequence[RoundText]:
    """What a round says, by language."""
    found = await session.scalars(select(RoundText).where(RoundText.round_id == round_id))
    return found.all()


async def to_move(session: Session, moment: datetime) -> list[int]:
    """Rounds that a date moves on, and those that wait for answers."""
    opens = (Round.state == "planned") & (Round.opens_at <= moment)
    ends = (Round.state == "open") & (Round.closes_at <= moment)
    found = await session.scalars(
        select(Round.id).where(opens | ends | (Round.state == "due")).order_by(Round.id)
    )
    return list(found.all())


async def questions(session: Session, told: Round) -> list[Question]:
    """All questions of a round, those set aside and those without a name included, the most
    supported first.
    """
    rows = await _rows(session, Nomination.round_id == told.id)
    if told.state in OVER:
        counted = [row for row in rows if row[0].supporters is not None]
        found = [_question(row, row[0].supporters or 0, row[0].reason) for row in counted]
    else:
        found = _gathered(rows, await _supporters(session, told.id))
    return sorted(found, key=lambda one: (-one.supporters, one.issue_id, one.nomination_id))


async def _rows(session: Session, wanted: ColumnElement[bool]) -> Sequence[Found]:
    rows = await session.execute(
        select(Nomination, _root, Department.key, Department.name, Staff.name, Theme.name)
        .join(_own, _own.id == Nomination.issue_id)
        .join(_root, _root.id == _own.root_id)
        .outerjoin(Department, Department.id == _root.department_id)
        .outerjoin(Staff, Staff.id == _root.official_id)
        .outerjoin(Theme, Theme.id == _root.theme_id)
        .where(wanted)
        .order_by(Nomination.id)
    )
    return rows.all()


def _gathered(rows: Sequence[Found], supporters: dict[int, int]) -> list[Question]:
    """Nominations whose issues were merged are one question; it is aside when all of them are."""
    by_root: dict[int, list[Found]] = {}
    for row in rows:
        by_root.setdefault(row[1].id, []).append(row)
    found = []
    for root, same in by_root.items():
        own = next((row for row in same if row[0].issue_id == root), same[0])
        aside = None if any(row[0].aside_at is None for row in same) else own[0].reason
        found.append(_question(own, supporters.get(root, 0), aside))
    return found


def _question(row: Found, supporters: int, aside: str | None) -> Question:
    own, root, key, body, official, theme = row
    ended = root.reason if root.state in ("declined", "closed") else None
    return Question(
        own.id, root.id, root.name, root.named_by != MACHINE, supporters, root.state, ended,
        root.theme_id, theme, key, body, root.official_id, official, aside, own.due_at,
        own.by_lot, own.answered_at, own.at,
    )  # fmt: skip


async def _supporters(session: Session, round_id: int) -> dict[int, int]:
    """Different people by surviving issue."""
    rows = await session.execute(
        select(_own.root_id, func.count(func.distinct(Support.person_id)))
        .join(_own, _own.id == Support.issue_id)
        .where(Support.round_id == round_id)
        .group_by(_own.root_id)
    )
    return {row[0]: row[1] for row in rows.all()}


async def people(session: Session, rounds: Collection[Round]) -> dict[int, int]:
    """How many different people take part in each, or took part until its end."""
    running = [one.id for one in rounds if one.people is None]
    rows = await session.execute(
        select(Support.round_id, func.count(func.distinct(Support.person_id)))
        .where(Support.round_id.in_(running))
        .group_by(Support.round_id)
    )
    counted = {row[0]: row[1] for row in rows.all()}
    return {one.id: counted.get(one.id, 0) if one.people is None else one.people for one in rounds}


async def nominations(session: Session, round_id: int) -> Sequence[Nomination]:
    """The rows of a round's questions."""
    found = await session.scalars(select(Nomination).where(Nomination.round_id == round_id))
    return found.all()


async def asked(session: Session) -> set[int]:
    """Surviving issues that are a question of any round, whatever became of it."""
    found = await session.scalars(
        select(Issue.root_id).join(Nomination, Nomination.issue_id == Issue.id).distinct()
    )
    return set(found.all())


async def due(session: Session) -> list[tuple[Told, Question]]:
    """Questions that wait for the answer they won, the most pressing first."""
    waits = Nomination.due_at.is_not(None) & Nomination.answered_at.is_(None)
    rounds = {one.round.id: one for one in await page(session, ["due"])}
    rows = await _rows(session, waits & Nomination.round_id.in_(list(rounds)))
    found = [
        (rounds[row[0].round_id], _question(row, row[0].supporters or 0, row[0].reason))
        for row in rows
        if row[1].state != "answered"
    ]
    return sorted(found, key=lambda pair: (pair[1].due_at or pair[1].at, pair[1].issue_id))


async def history(session: Session, round_id: int) -> Sequence[Event]:
    """What moved a round and why, for everybody: extensions, the end; the oldest first."""
    public = ("extend", "end")
    found = await session.scalars(
        select(Event)
        .where(Event.thing == "round", Event.thing_id == round_id, Event.act.in_(public))
        .order_by(Event.id)
    )
    return found.all()


async def times_aside(session: Session, round_id: int) -> int:
    """How many times a question of a round was set aside."""
    event = (Event.thing == "round") & (Event.thing_id == round_id) & (Event.act == "set_aside")
    return await session.scalar(select(func.count()).select_from(Event).where(event)) or 0


def shuffled(found: Sequence[Question], seed: str) -> list[Question]:
    """Questions in an order that only `seed` decides; one more moves none of the others."""
    return sorted(
        found,
        key=lambda one: sha256(f"{seed}:{one.issue_id}:{one.nomination_id}".encode()).digest(),
    )
