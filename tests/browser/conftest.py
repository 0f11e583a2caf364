"""A service of its own with an invented town in it, as an installation would run it."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from service.answers import actions as answers
from service.answers.commenting import actions as commenting
from service.answers.measures import actions as measures
from service.consultations.meeting import actions as meetings
from service.database import Session, now
from service.installation import Installation
from service.issues import actions as issues
from service.issues.notes import actions as notes
from service.opening import open_installation
from service.rounds import actions as rounds
from service.rounds import queries
from service.rounds.support import actions as support
from service.settings import Settings
from service.staff import actions as staff
from service.staff import queries as staff_queries
from service.staff.access import staffer
from tests import processes
from tests.browser.chromium import installed
from tests.service.issues import town
from tests.service.public import plebiscite, printing
from tests.service.rounds import polls

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'><b>x"
ROLES = ("official", "comms", "admin")
LINKS = 16
ASKED = {
    "open": ("Hospital beds at weekends", "Meals for pupils", "Midnight trains northwards"),
    "due": ("Rubbish collected twice", "Vaccines against measles", "Wages of teachers"),
    "closed": ("Bridges over Alder creek", "Swimming lessons", "Taxes on small shops"),
}


@dataclass
class Place:
    """A running service: its address, one-time log-in links by role, and its issues."""

    base: str
    links: dict[str, list[str]]
    issues: list[int]
    public: dict[str, int] = field(default_factory=dict)

    def link(self, role: str) -> str:
        """A link that nobody used yet."""
        return f"{self.base}/login/once/{self.links[role].pop()}"


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The service, started once for all browser tests."""
    installed()
    folder, port = tmp_path_factory.mktemp("browser"), processes.free_port()
    made = Place(f"http://127.0.0.1:{port}", {}, [])
    _apart(folder, made)
    log = folder / "log"
    env = processes.environment(folder, port, GABINETE_CHANNELS="web")
    with processes.running(["gabinete", "run"], env, log) as child:
        processes.answers(f"{made.base}/login", child, log)
        yield made


def _apart(folder: Path, made: Place) -> None:
    """Furnish in a thread: a loop may be running in this one."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_furnish(folder, made))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


async def _furnish(folder: Path, made: Place) -> None:
    settings = Settings(_env_file=None, data_dir=folder, embedding_model="hash")
    here = await open_installation(settings)
    try:
        await _people(here, made)
        await _town(here, made)
        await _shown(here, made)
        await _asked(here, made)
        await _rounds(here, made)
    finally:
        await here.database.close()


async def _people(here: Installation, made: Place) -> None:
    async with here.database.write() as session:
        for role in ROLES:
            row = await staff.add(
                session, email=f"{role}@desk.example", name=f"{role.title()} {EVIL[:20]}",
                roles=[role], departments=["water"] if role == "official" else [], lang="en",
                actor="cli",
            )  # fmt: skip
            made.links[role] = [await staff.issue_link(session, row.id) for _ in range(LINKS)]


async def _town(here: Installation, made: Place) -> None:
    """Issues with words a stranger might send, one with an answer, measures and a note."""
    async with here.database.write() as session:
        water = await town.body(session, "water")
        await town.body(session, "roads")
        row = await staff_queries.by_email(session, "official@desk.example")
        assert row is not None
        who = staffer(row)
        for number, name in enumerate(
            ["No water on Flower Street", "Brown water in Cedar Hill", EVIL, "Dark square"]
        ):
            people = [await town.person(session) for _ in range(3)]
            said = [
                await town.contribution(
                    session, here.vault, one, f"{name}: for {day} days now", lang="en",
                    at=now() - timedelta(days=day, minutes=number),
                )
                for day, one in enumerate(people)
            ]  # fmt: skip
            body = water if number < 3 else None
            made.issues.append(
                await town.issue(
                    session, said, [one for one, _ in people], name=name, department_id=body
                )
            )
        answer = await answers.begin(
            session, made.issues[2], by=who, lang="en", title=EVIL, text=f"It is back. {EVIL}"
        )
        await answers.edit(session, answer.id, by=who, lang="pt", text="Voltou.")
        for days in (3, 2):
            await measures.add_measure(
                session, answer.id, by=who, text=EVIL, due_on=now().date() - timedelta(days=days)
            )
        await commenting.comment(session, answer.id, f"Say on which day. {EVIL}", by=who)
        untitled = await answers.begin(
            session, made.issues[1], by=who, lang="en", title="", text="Soon."
        )
        made.public["untitled"] = untitled.id
        await issues.propose(
            session, [(made.issues[0], made.issues[1], 0.6), (made.issues[0], made.issues[3], 0.5)]
        )
        await notes.add(session, made.issues[2], EVIL, by=who)


async def _shown(here: Installation, made: Place) -> None:
    """What the public reads: a crowd that is heard, its answer, and one that was taken back."""
    async with here.database.write() as session:
        crowd = await printing.spoken_of(session, here, 24, name=f"No bus after ten {EVIL}")
        answer = await printing.published(
            session, here, crowd, title=f"Night buses {EVIL}", text=f"From May on. {EVIL}",
            more={"pt": "A partir de maio."},
        )  # fmt: skip
        author, second = await town.official(session), await town.official(session, role="comms")
        for text in ("Two more buses", f"A later train {EVIL}"):
            await measures.add_measure(
                session, answer.id, by=author, text=text, due_on=now().date() + timedelta(days=30)
            )
        await answers.correct(
            session, answer.id, by=author, texts={"en": f"From June on. {EVIL}"},
            reason=f"The month was wrong. {EVIL}",
        )  # fmt: skip
        await answers.approve(session, answer.id, by=second)
        gone = await printing.published(session, here, crowd, title=EVIL)
        await answers.retract(session, here, gone.id, by=second, reason=f"Wrong. {EVIL}")
        later = await printing.published(session, here, crowd, title=f"Waits {EVIL}")
        await answers.correct(session, later.id, by=author, texts={"en": "x"}, reason="r")
        await printing.crowded(session, crowd)
    made.public |= {
        "crowd": crowd, "answer": answer.id, "gone": gone.id, "waiting": later.id,
    }  # fmt: skip


async def _asked(here: Installation, made: Place) -> None:
    """Consultations: one open for proposals, one that is voted on, one with results."""
    async with here.database.write() as session:
        open_ = await plebiscite.proposed(session, here, count=3, words=EVIL)
        await plebiscite.busy(session, here, open_, EVIL)
        voting = await plebiscite.voted_on(session, here, count=8, words=EVIL)
        ended = await plebiscite.voted_on(session, here, count=6, words=EVIL, shortlist_size=3)
        await plebiscite.cast(session, ended, 30)
        await plebiscite.cast(session, ended, 4, seconds=0.2, name="quick")
    await plebiscite.ended(here, ended)
    async with here.database.write() as session:
        await plebiscite.settled(session, here, ended, EVIL)
        await _meeting(session, here, ended.id)
    made.public |= {"asked": open_.id, "voting": voting.id, "ended": ended.id}
    made.public |= {"proposal": open_.proposals[1]}


async def _meeting(session: Session, here: Installation, asked: int) -> None:
    """Lots are drawn for its seats."""
    comms, starts = await town.official(session, role="comms"), now() + timedelta(days=10)
    plan = meetings.Plan(
        starts_at=starts, ends_at=starts + timedelta(hours=2), author_seats=2, lottery_seats=3,
        answer_until=now() + timedelta(days=5), address=f"Main hall {EVIL}",
        link="https://meet.example/health",
    )  # fmt: skip
    await meetings.plan(session, here, asked, plan, by=comms)
    await meetings.invite(session, here, asked, by=comms)


async def _rounds(here: Installation, made: Place) -> None:
    """Rounds that run, wait for an answer, are over, and come; one was extended."""
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        for key, name in (("open", f"Questions of May {EVIL}"), ("due", f"Of April {EVIL}"),
                          ("closed", "Of March")):  # fmt: skip
            told = await polls.opened(session, by=comms, title=name)
            for many, words in zip((3, 2, 1), ASKED[key], strict=True):
                await polls.question(session, here, told, many, name=words + EVIL, text=words)
            made.public[f"round_{key}"] = told.id
        await polls.question(session, here, told, 1, name="Unnamed", named=False)
        extended = await rounds.find(session, made.public["round_open"])
        until = extended.closes_at + timedelta(days=3)
        await rounds.extend(
            session, extended.id, by=comms, until=until, reason=f"The floods. {EVIL}"
        )
        await polls.question(session, here, extended, 4, name="Ana's own words", named=False)
        gone = await polls.question(session, here, extended, 1, name="Gossip of neighbours")
        await support.set_aside(session, here, extended.id, gone, by=comms, reason=f"Why. {EVIL}")
        for key in ("due", "closed"):
            await polls.ended(session, here, made.public[f"round_{key}"])
        won = await queries.questions(session, await rounds.find(session, told.id))
        await printing.published(session, here, won[0].issue_id, title="In May")
        await rounds.fulfil(session, told.id)
        later = now() + timedelta(days=9)
        made.public["round_planned"] = (
            await polls.opened(session, by=comms, title="Of June", opens_at=later)
        ).id
