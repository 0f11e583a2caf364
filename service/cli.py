"""The command line: `gabinete …`.

Reads the settings once, wires, and says errors in one sentence.
"""

import asyncio
import gc
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nlp.embed import Embedder
from nlp.pivot import close
from service import logs
from service.errors import TOLD
from service.exports.lines import Form, What, lines
from service.exports.queries import totals
from service.installation import Installation
from service.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A digital cabinet in a chat app.",
)
imports = typer.Typer(no_args_is_help=True, help="Import from JSONL or CSV.")
users = typer.Typer(no_args_is_help=True, help="Members of staff.")
samples = typer.Typer(no_args_is_help=True, help="The sample installation.")
app.add_typer(imports, name="import")
app.add_typer(users, name="user")
app.add_typer(samples, name="sample")

RARELY = (20_000, 20, 20)

T = TypeVar("T")
screen = Console(stderr=True, markup=False)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
File = Annotated[Path, typer.Argument(help="A .jsonl or .csv file.")]


def main() -> None:
    """Run a command; expected errors are one sentence and exit status 2."""
    logs.keep(sys.stderr)
    gc.set_threshold(*RARELY)  # most of what is made while modules are loaded stays
    try:
        app()
    except TOLD as error:
        screen.print(f"gabinete: {error}", style="red", highlight=False)
        sys.exit(2)
    except ValidationError as error:
        for one in error.errors():
            name = "GABINETE_" + "_".join(str(part) for part in one["loc"]).upper()
            screen.print(f"gabinete: {name}: {one['msg']}", style="red", highlight=False)
        sys.exit(2)


def _with(work: Callable[[Installation], Awaitable[T]]) -> T:
    """Open the installation, do the work, close it."""
    from service.opening import open_installation

    async def run() -> T:
        here = await open_installation(Settings())
        try:
            return await work(here)
        finally:
            await here.database.close()

    return asyncio.run(run())


def _encoding(work: Callable[[Installation, Embedder], Awaitable[T]]) -> T:
    """The same with the encoder, reading as the stored vectors were read."""
    from service.retrieval.keeper import open_embedder

    async def run(here: Installation) -> T:
        embedder = await open_embedder(here.settings, here.database)
        try:
            return await work(here, embedder)
        finally:
            close(embedder)

    return _with(run)


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error; nothing where that is not a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as progress:
        task = progress.add_task(label)
        yield lambda at, total: progress.update(task, completed=at, total=total)


@app.command()
def run() -> None:
    """Serve web chat, console and API with a worker inside: one process."""
    from service.commands import serving

    serving.serve(Settings(), worker=True)


@app.command()
def web() -> None:
    """Serve without a worker; run `gabinete worker` beside it."""
    from service.commands import serving

    serving.serve(Settings(), worker=False)


@app.command()
def worker(
    drain: Annotated[bool, typer.Option(help="Finish what waits, then exit.")] = False,
) -> None:
    """Understand, deliver and do jobs, without a web server."""
    from service.commands import serving

    with _bar("waiting messages") as progress:
        left = _with(lambda here: serving.work(here, drain=drain, progress=progress))
    if drain:
        screen.print(f"Drained; {left} waiting.")


@app.command()
def bot(
    channel: Annotated[str, typer.Argument(help="telegram or discord")],
    with_worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Whether it has a worker inside.")
    ] = True,
) -> None:
    """Run one channel alone: listen and send for it, with a worker inside unless told."""
    from service.commands import serving

    serving.bot(Settings(), channel, worker=with_worker)


@app.command()
def chat(name: Annotated[str, typer.Option(help="Who you are in this conversation.")] = "") -> None:
    """Talk to the service in this terminal, as a citizen would."""
    from service.commands import chatting

    _with(lambda here: chatting.chat(here, name))


@imports.command("messages")
def import_messages(file: File, as_json: AsJson = False) -> None:
    """Put messages into the inbox: id, text, optional body, ts, person, lang, place."""
    from service.commands import importing

    with _bar("messages") as progress:
        report = _with(lambda here: importing.messages(here, file, progress))
    _report(report, as_json)


@imports.command("departments")
def import_departments(file: File, as_json: AsJson = False) -> None:
    """Add departments: key, name, remit, examples, norm_days."""
    from service.commands import importing

    with _bar("departments") as progress:
        report = _encoding(lambda here, by: importing.department_rows(here, by, file, progress))
    _report(report, as_json)


@imports.command("answers")
def import_answers(
    file: File,
    answer_only: Annotated[bool, typer.Option(help="Leave the question out of the index.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import published answers: id, answer with text as its question, or text alone as the
    answer.
    """
    from service.commands import importing

    with _bar("answers") as progress:
        report = _encoding(
            lambda here, by: importing.answer_rows(
                here, by, file, progress, answer_only=answer_only
            )
        )
    _report(report, as_json)


@imports.command("knowledge")
def import_knowledge(
    file: Annotated[Path, typer.Argument(help="A .md, .html, .pdf or .jsonl file, or a folder.")],
    as_json: AsJson = False,
) -> None:
    """Import documents that drafts may rest on."""
    from service.commands import importing

    with _bar("documents") as progress:
        report = _encoding(lambda here, by: importing.knowledge(here, by, file, progress))
    _report(report, as_json)


@app.command()
def export(
    what: Annotated[What, typer.Argument(help="messages, issues or answers")],
    form: Annotated[Form, typer.Option("--format", help="jsonl or csv")] = "jsonl",
    out: Annotated[Path | None, typer.Option(help="File; else standard output.")] = None,
) -> None:
    """Export messages, issues or answers."""

    async def write(here: Installation) -> int:
        async with here.database.read() as session:
            total = (await totals(session))[what]
            count = 0
            with _bar(what) as progress, _opened(out) as file:
                async for line in lines(session, what, form):
                    file.write(line)
                    count += 1
                    progress(count, total)
        return count

    screen.print(f"{_with(write)} {what} exported.")


@contextmanager
def _opened(out: Path | None) -> Iterator[Any]:
    if out is None:
        yield sys.stdout
        return
    try:
        file = out.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise typer.BadParameter(f"{out} cannot be written: {error.strerror}") from error
    with file:
        yield file


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="A question.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="Questions as JSONL: id, text, optional lang.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File; else standard output.")] = None,
) -> None:
    """What would be answered, by whom and how surely. Nothing is stored. A question that tells none
    of our languages is read in the default one.
    """
    from service.commands import serving

    if bool(text) == bool(file):
        raise typer.BadParameter("give a question, or --file with questions")
    with _bar("questions") as progress:
        found = _with(lambda here: serving.ask(here, text, file, progress))
    with _opened(out) as target:
        target.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in found)


@users.command("add")
def add_user(
    email: str,
    name: str,
    role: Annotated[list[str], typer.Option(help="official, moderator, comms, admin or auditor")],
    department: Annotated[
        list[str] | None, typer.Option(help="Keys of an official's departments.")
    ] = None,
) -> None:
    """Add a member of staff and print a one-time log-in link."""
    from service.commands import accounts

    link = _with(lambda here: accounts.add(here, email, name, role, department or []))
    typer.echo(link)


@app.command()
def token(email: str, name: str = "command line") -> None:
    """Print a bearer token for a member of staff; it is shown once."""
    from service.commands import accounts

    typer.echo(_with(lambda here: accounts.token(here, email, name)))


@samples.command("run")
def sample_run() -> None:
    """Serve the invented state: loads it the first time, goes on from there after."""
    from service.commands import sample

    sample.run(Settings())


@samples.command("remove")
def sample_remove(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove everything of a sample installation, so that a real one can begin."""
    from service.commands import sample

    if not yes:
        typer.confirm(
            "This removes the sample installation's whole data folder. Go on?", abort=True
        )
    sample.remove(Settings())
    screen.print("The sample is gone; `gabinete run` starts a real installation.")


@app.command()
def reindex() -> None:
    """Encode everything again with the model that is set, and rebuild the index."""
    from service.commands import reindexing

    with _bar("vectors") as progress:
        count = _with(lambda here: reindexing.reindex(here, progress))
    screen.print(f"{count} vectors written.")


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="A new file.")]) -> None:
    """Copy everything that is stored to a new file, also while the service runs. The key is not
    in it.
    """
    from service.commands import backup as backups

    with _bar("pages") as progress:
        told = asyncio.run(backups.make(Settings(), file, progress))
    screen.print(told, highlight=False, soft_wrap=True)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """What is wrong with this set-up, and how to mend it."""
    from service.commands import checking

    found = asyncio.run(checking.check(Settings()))
    if as_json:
        typer.echo(json.dumps([one.as_dict() for one in found], ensure_ascii=False))
    else:
        for one in found:
            screen.print(f"{'ok ' if one.good else 'BAD'} {one.what}: {one.says}", highlight=False)
    raise typer.Exit(0 if all(one.good for one in found) else 1)


def _report(report: Any, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    else:
        screen.print(
            f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged, "
            f"{len(report.rejected)} rejected."
        )
        for line, reason, _ in report.rejected[:20]:
            screen.print(f"  line {line}: {reason}", highlight=False)
        if report.unknown:
            screen.print(f"Fields that are not used: {', '.join(sorted(report.unknown))}.")
        if report.rejected_file:
            screen.print(f"Rejected rows are in {report.rejected_file}.")
    if report.rejected:
        raise typer.Exit(1)
