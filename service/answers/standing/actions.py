"""Find an answer to act on, move it, and keep its words: what every act on answers rests on."""

from sqlalchemy import delete

from service import jobs
from service.answers import queries
from service.answers.models import Answer, AnswerVersion, Draft
from service.database import Session, now
from service.errors import Conflict, GabineteError, NotFound
from service.trail import actions as trail

MOVES: dict[str, set[str]] = {
    "drafted": {"in_review"},
    "in_review": {"drafted", "approved"},
    "approved": {"drafted", "scheduled", "published"},
    "scheduled": {"approved", "drafted", "scheduled", "published"},
    "published": {"retracted"},
    "retracted": set(),
}


class UnknownAnswer(NotFound):
    """There is no such answer, or it is another department's."""

    code = "unknown_answer"


class WrongAnswerState(Conflict):
    """The answer is not in a state that allows this."""

    code = "answer_wrong_state"


class AlreadyPublished(Conflict):
    """The answer was published; correct or retract it."""

    code = "answer_already_published"


class EmptyAnswer(GabineteError):
    """An answer needs a text."""

    code = "empty_answer"


async def find(session: Session, answer_id: int) -> Answer:
    """The answer as it is now, locked until the transaction ends. Raises `UnknownAnswer`."""
    answer = await queries.for_act(session, answer_id)
    if answer is None:
        raise UnknownAnswer("There is no such answer.")
    return answer


async def move(
    session: Session, answer: Answer, became: str, actor: str, *, why: str | None = None
) -> None:
    """The only place where an answer's state changes: where the table allows it, on the trail.

    Raises `AlreadyPublished`, `WrongAnswerState`.
    """
    if became not in MOVES[answer.state]:
        if answer.state == "published":
            raise AlreadyPublished("This answer was published: correct or retract it.")
        raise WrongAnswerState(f"An answer that is {answer.state} does not become {became}.")
    was, answer.state, answer.updated_at = answer.state, became, now()
    if became != "scheduled":
        answer.scheduled_at = None
    await session.flush()
    await trail.record(
        session, "answer", answer.id, "move", actor=actor, was=was, became=became, why=why
    )


async def put_version(session: Session, answer: Answer, lang: str, text: str) -> AnswerVersion:
    """The text in a language, unapproved. Raises `EmptyAnswer`."""
    if not text.strip():
        raise EmptyAnswer("An answer needs a text.")
    held = {version.lang: version for version in await queries.versions(session, answer.id)}
    version = held.get(lang) or AnswerVersion(answer_id=answer.id, lang=lang)
    version.text = text.strip()
    version.approved_by = version.approved_at = None
    session.add(version)
    await session.flush()
    return version


async def unsay(session: Session, issue_id: int) -> None:
    """After words of an issue were erased: what was drafted from them goes, and its answers are
    found by what it is called now.
    """
    await session.execute(delete(Draft).where(Draft.issue_id == issue_id))
    for answer in await queries.of_issue(session, issue_id):
        await index_later(session, answer)


async def index_later(session: Session, answer: Answer) -> None:
    """The index follows what is public of an answer; each change has a job of its own."""
    key = f"index_answer:{answer.id}:{now().timestamp():.6f}"
    await jobs.add(session, "index_answer", key=key, answer_id=answer.id)
