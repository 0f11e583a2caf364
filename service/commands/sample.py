"""The sample installation: an invented state, its people and officials, with dates relative to
now.
"""

import asyncio
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from nlp.pivot import close
from service.channels import inbox
from service.commands import accounts, consulting, importing, serving
from service.database import Session, now
from service.errors import SetupError
from service.installation import Installation, note, recall
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.issues.showing import actions as showing
from service.messages import queries as message_queries
from service.opening import open_installation
from service.retrieval.keeper import open_embedder
from service.rounds import actions as rounds
from service.rounds import queries as round_queries
from service.rounds.support import actions as support
from service.settings import Settings
from service.staff import actions as staff
from service.staff import queries as staff_queries
from service.staff.access import Staffer, staffer

DATA = Path(__file__).parents[2] / "data"
GOVERNMENT = "Estado de Vale Claro"
EMERGENCY = "190, 192, 193"
SAMPLE = "sample"
BATCH = 300

PEOPLE: tuple[tuple[str, str, list[str], list[str]], ...] = (
    ("oficial@valeclaro.example", "Helena Prado", ["official"], ["water", "transport", "health"]),
    ("comunicacao@valeclaro.example", "Rui Salgado", ["comms"], []),
    ("admin@valeclaro.example", "Teresa Lins", ["admin"], []),
)

TOUR = """
{government} — sample installation, everything in it is invented.

  Public     {url}/
  Web chat   {url}/chat
  Console    {url}/console
  API docs   {url}/api/docs

  Log in once as official:   {official}
  Log in once as comms:      {comms}

Once round the loop, in five minutes:
  1. Open the web chat and write, for instance: a linha 214 só passa de hora em hora
     You get a code, and learn how many ask the same and who has it.
  2. Log in as official. Open the issue, claim it, compose drafts, use one, ask for review.
  3. Log in as comms in another browser (a private window). Approve the answer and publish it.
  4. Look at the web chat: the answer has come to you, and to everybody who asked.
  5. Press "Ainda não resolveu" and see the issue wait again; /privacidade shows what is stored.
  6. Write /consulta, and propose something: what is like it is offered to be supported instead.

Ctrl-C stops. The next `make run` goes on from here; `gabinete sample remove` clears it away.
"""


class NotASample(SetupError):
    """There is a real installation where the sample would be loaded."""

    code = "not_a_sample"


def run(settings: Settings) -> None:
    """Load the sample the first time, then serve it."""
    if settings.government == "Our government":
        settings = settings.model_copy(update={"government": GOVERNMENT})
    if not settings.emergency:
        settings = settings.model_copy(update={"emergency": EMERGENCY})
    links = asyncio.run(_prepare(settings))
    text = TOUR.format(government=settings.government, url=settings.url, **links)
    serving.serve(settings, worker=True, greet=lambda: _print(text))


def remove(settings: Settings) -> None:
    """Remove the sample's data folder. Raises `NotASample` for anything else."""
    asyncio.run(_check_removable(settings))
    shutil.rmtree(settings.data_dir)


async def _check_removable(settings: Settings) -> None:
    if settings.database_url:
        raise NotASample("Only a sample in the data folder is removed; drop the database yourself.")
    here = await open_installation(settings)
    await here.database.close()
    if not here.sample:
        raise NotASample(f"{settings.data_dir} holds a real installation; nothing was removed.")


async def _prepare(settings: Settings) -> dict[str, str]:
    here = await open_installation(settings)
    try:
        if not here.sample:
            await _refuse_real(here)
            await load(here)
        return await _links(here)
    finally:
        await here.database.close()


async def _refuse_real(here: Installation) -> None:
    async with here.database.read() as session:
        if await recall(session, "loading_sample") is None and await staff_queries.everyone(
            session
        ):
            raise NotASample(
                f"{here.settings.data_dir} holds a real installation: set GABINETE_DATA_DIR to "
                "another folder for the sample."
            )


async def load(here: Installation) -> None:
    """Load departments, knowledge, answers, people and messages.

    What was half loaded is completed.
    """
    async with here.database.write() as session:
        await note(session, "loading_sample", "yes")
    embedder = await open_embedder(here.settings, here.database)
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        step = _stepper(bar)
        await importing.department_rows(
            here, embedder, DATA / "departments.jsonl", step("departments")
        )
        await importing.knowledge(here, embedder, DATA / "knowledge", step("documents"))
        await _answers(here, embedder, step("answers"))
        close(embedder)
        await _people(here)
        await _consultation(here)
        await _messages(here)
        await serving.work(here, drain=True, progress=step("messages"))
        await _rounds(here)
    async with here.database.write() as session:
        await note(session, SAMPLE, "Vale Claro")


def _stepper(bar: Progress) -> Callable[[str], Callable[[int, int], None]]:
    def step(label: str) -> Callable[[int, int], None]:
        task = bar.add_task(label)
        return lambda done, total: bar.update(task, completed=done, total=total)

    return step


async def _answers(here: Installation, embedder: Any, progress: Callable[[int, int], None]) -> None:
    """Answers were published so many days before now."""
    path = here.settings.data_dir / "sample_answers.jsonl"
    rows = [{**row, "ts": _ago(days=row.pop("ago_days"))} for row in _rows("answers.jsonl")]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    await importing.answer_rows(here, embedder, path, progress)
    path.unlink()


async def _messages(here: Installation) -> None:
    """Messages were written so many hours before now."""
    rows = [
        importing.MessageRow.model_validate({**row, "ts": _ago(hours=row["ago_hours"])})
        for row in _rows("messages.jsonl")
    ]
    for part in importing.chunks(sorted(rows, key=lambda row: str(row.ts)), BATCH):
        async with here.database.write() as session:
            await inbox.insert_rows(session, [importing.inbox_row(here, row) for row in part])


async def _rounds(here: Installation) -> None:
    """Rounds began so many days before now; who asks what was nominated supports it, and the public
    reads of it.
    """
    async with here.database.write() as session:
        row = await staff_queries.by_email(session, PEOPLE[1][0])
        if row is None or await round_queries.page(session):
            return
        for one in _rows("rounds.jsonl"):
            began = now() - timedelta(days=one["began_days"])
            made = await rounds.create(
                session, by=staffer(row), lang=one["lang"], opens_at=began,
                texts={lang: (title, text) for lang, (title, text) in one["texts"].items()},
                closes_at=began + timedelta(days=one["lasts_days"]), answer_days=one["answer_days"],
            )  # fmt: skip
            for question in one["questions"]:
                await _nominate(session, made.id, question, staffer(row))


async def _nominate(session: Session, round_id: int, question: dict[str, str], by: Staffer) -> None:
    said = await message_queries.by_source(session, question["message"])
    if said is None:
        return
    (root,) = (await issue_queries.roots_of(session, [said.id])).values()
    await issues.rename(session, root, question["name"], by=by)
    await showing.show(session, root, by=by)
    for who in await issue_queries.askers(session, root):
        await support.support(
            session, round_id, root, person_id=who.person_id, identity_id=who.identity_id,
            contribution_id=who.contribution_id,
        )  # fmt: skip


def _ago(*, days: float = 0, hours: float = 0) -> str:
    return (now() - timedelta(days=days, hours=hours)).isoformat()


def _rows(name: str) -> Iterator[dict[str, Any]]:
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


async def _people(here: Installation) -> None:
    async with here.database.write() as session:
        for email, name, roles, departments in PEOPLE:
            if await staff_queries.by_email(session, email) is None:
                await staff.add(
                    session,
                    email=email,
                    name=name,
                    roles=roles,
                    departments=departments,
                    actor="sample",
                )


async def _consultation(here: Installation) -> None:
    """The comms team asks; some answered already."""
    async with here.database.read() as session:
        row = await staff_queries.by_email(session, PEOPLE[1][0])
    if row is not None:
        await consulting.load(here, DATA / "consultation.json", staffer(row))


async def _links(here: Installation) -> dict[str, str]:
    links = {}
    for label, email in (("official", PEOPLE[0][0]), ("comms", PEOPLE[1][0])):
        async with here.database.write() as session:
            row = await staff_queries.by_email(session, email)
            if row is None:
                raise NotASample("The sample's people were removed: run `gabinete sample remove`.")
            links[label] = accounts.link(here, await staff.issue_link(session, row.id))
    return links


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
