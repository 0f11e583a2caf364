"""What a job's kind means, which jobs come round by themselves, and what is done when nothing else
is.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from service import jobs
from service.answers import tasks as answers
from service.answers import telling
from service.channels import deliveries, inbox
from service.consultations import tasks as consultations
from service.consultations.meeting import tasks as meetings
from service.consultations.voting import tasks as voting
from service.database import Session, now
from service.installation import Installation
from service.issues import actions as issue_actions
from service.issues import tasks as issues
from service.jobs import Job
from service.messages import actions as messages
from service.messages import queries as message_queries
from service.people import actions as people
from service.report import tasks as report
from service.retrieval.retriever import Retriever
from service.rounds import queries as round_queries
from service.rounds import tasks as rounds

Task = Callable[[Installation, Retriever, Job], Awaitable[set[int] | None]]

REFRESH = timedelta(minutes=1)
CONSOLIDATE = timedelta(minutes=10)
HOURLY = timedelta(hours=1)
KEPT_JOBS = timedelta(days=30)
CHUNK = 500
FLUSH = 200


async def do(job: Job, here: Installation, retriever: Retriever) -> set[int]:
    """Do one job; gives the identities it wrote to."""
    return await TASKS[job.kind](here, retriever, job) or set()


def turn(job: Job) -> timedelta | None:
    """After how long a job comes round again, if it does."""
    return ROUND.get(job.key or "")


async def consolidate_soon(session: Session) -> None:
    """The next round is now, not when its turn comes."""
    await jobs.add(session, "consolidate_issues", key="consolidate_issues")


async def after_drain(here: Installation, retriever: Retriever) -> None:
    """What a drained installation expects to be done: names, counts, growth, and the index
    written.
    """
    async with here.database.read() as session:
        await retriever.refresh(session)
    await _bring_together(here, retriever)
    await issues.refresh(here, retriever)
    async with here.database.read() as session:
        await retriever.refresh(session)


async def _bring_together(here: Installation, retriever: Retriever) -> None:
    """What is a question of a round keeps those who asked it: its answer is theirs."""
    async with here.database.read() as session:
        kept = await round_queries.asked(session)
    await issues.consolidate(here, retriever, kept=kept)


async def when_idle(here: Installation, retriever: Retriever) -> None:
    """Write some of what is pending to the vector store, off the message's way."""
    async with here.database.read() as session:
        await retriever.refresh(session)
    await retriever.flush(FLUSH)


async def _refresh(here: Installation, retriever: Retriever, job: Job) -> None:
    await issues.refresh(here, retriever)


async def _consolidate(here: Installation, retriever: Retriever, job: Job) -> None:
    await _bring_together(here, retriever)


async def _digest(here: Installation, retriever: Retriever, job: Job) -> None:
    await issues.digest(here)


async def _publish_due(here: Installation, retriever: Retriever, job: Job) -> None:
    await answers.publish_due(here)


async def _index_answer(here: Installation, retriever: Retriever, job: Job) -> None:
    await answers.index_answer(here, retriever, job.args["answer_id"])


async def _compose_drafts(here: Installation, retriever: Retriever, job: Job) -> None:
    await answers.compose_drafts(here, retriever, job.args["issue_id"])


async def _catch_up(here: Installation, retriever: Retriever, job: Job) -> None:
    await answers.catch_up(here, job.args["issue_id"])


async def _tell_correction(here: Installation, retriever: Retriever, job: Job) -> None:
    async with here.database.write() as session:
        await telling.tell_correction(session, here, job.args["answer_id"])


async def _tell_ending(here: Installation, retriever: Retriever, job: Job) -> None:
    async with here.database.write() as session:
        await issue_actions.tell_ending(session, here.vault, here.settings, job.args["issue_id"])


async def _date_issue(here: Installation, retriever: Retriever, job: Job) -> None:
    async with here.database.write() as session:
        await issue_actions.date(session, here.settings, job.args["issue_id"])


async def _move_consultations(here: Installation, retriever: Retriever, job: Job) -> None:
    await consultations.advance(here)
    await voting.close(here)
    await voting.catch_up(here)
    await meetings.pass_on(here)
    await meetings.remind(here)


async def _reckon_votes(here: Installation, retriever: Retriever, job: Job) -> None:
    await voting.reckon(here, job.args["consultation_id"])


async def _encode_proposals(here: Installation, retriever: Retriever, job: Job) -> None:
    await consultations.encode(here, retriever)


async def _tell_cancelled(here: Installation, retriever: Retriever, job: Job) -> None:
    await consultations.tell_cancelled(here, job.args["consultation_id"])
    await meetings.tell_cancelled(here, job.args["consultation_id"])
    await voting.unknow(here, job.args["consultation_id"])


async def _tell_outcome(here: Installation, retriever: Retriever, job: Job) -> None:
    await meetings.tell_outcome(here, job.args["consultation_id"])


async def _move_rounds(here: Installation, retriever: Retriever, job: Job) -> None:
    await rounds.move_on(here)


async def _tell_round(here: Installation, retriever: Retriever, job: Job) -> None:
    await rounds.tell_round(here, job.args["round_id"])


async def _remind_rounds(here: Installation, retriever: Retriever, job: Job) -> None:
    await rounds.remind(here)


async def _let_go(here: Installation, retriever: Retriever, job: Job) -> None:
    async with here.database.write() as session:
        gone = await people.let_go(session, job.args["identities"])
        await messages.let_go(session, gone)
        await deliveries.forget(session, gone)


async def _pack_days(here: Installation, retriever: Retriever, job: Job) -> None:
    await report.pack(here)


async def _tidy_up(here: Installation, retriever: Retriever, job: Job) -> None:
    """Forget finished jobs, and originals that are older than the installation keeps them."""
    async with here.database.write() as session:
        await jobs.prune(session, now() - KEPT_JOBS)
    days = here.settings.retention_days
    before = now() - timedelta(days=days)
    while days:
        async with here.database.write() as session:
            await inbox.expire(session, before)
            old = await message_queries.sealed_before(session, before, limit=CHUNK)
            await messages.blank_originals(session, old)
        if len(old) < CHUNK:
            return


ROUND: dict[str, timedelta] = {
    "refresh_issues": REFRESH,
    "consolidate_issues": CONSOLIDATE,
    "publish_due": REFRESH,
    "move_consultations": REFRESH,
    "move_rounds": REFRESH,
    "pack_days": REFRESH,
    "digest": HOURLY,
    "remind_rounds": HOURLY,
    "tidy_up": HOURLY,
    "encode_proposals": HOURLY,
}

TASKS: dict[str, Task] = {
    "refresh_issues": _refresh,
    "consolidate_issues": _consolidate,
    "publish_due": _publish_due,
    "move_rounds": _move_rounds,
    "tell_round": _tell_round,
    "digest": _digest,
    "remind_rounds": _remind_rounds,
    "tidy_up": _tidy_up,
    "pack_days": _pack_days,
    "index_answer": _index_answer,
    "compose_drafts": _compose_drafts,
    "catch_up": _catch_up,
    "tell_correction": _tell_correction,
    "tell_ending": _tell_ending,
    "date_issue": _date_issue,
    "move_consultations": _move_consultations,
    "encode_proposals": _encode_proposals,
    "reckon_votes": _reckon_votes,
    "tell_cancelled": _tell_cancelled,
    "tell_outcome": _tell_outcome,
    "let_go": _let_go,
}
