"""The life of an answer: begin, edit, submit, approve, schedule, publish, correct, retract."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete

from service import jobs
from service.answers import queries, telling
from service.answers.commenting import actions as commenting
from service.answers.importing.actions import import_answer
from service.answers.measures.actions import (
    MEASURES,
    UnknownMeasure,
    WrongMeasureState,
    add_measure,
    change_measure,
)
from service.answers.models import Answer, Citation, Draft, Feedback
from service.answers.standing.actions import (
    MOVES,
    AlreadyPublished,
    EmptyAnswer,
    UnknownAnswer,
    WrongAnswerState,
    find,
    index_later,
    move,
    put_version,
)
from service.answers.telling import answer_at_once, tell_askers, tell_correction
from service.database import Session, now
from service.errors import Conflict, GabineteError, NotFound
from service.installation import Installation
from service.issues import actions as issues
from service.issues.models import Issue
from service.issues.standing.actions import live, touch
from service.retrieval import actions as retrieval
from service.staff.access import Staffer
from service.trail import actions as trail

__all__ = [
    "EDITABLE", "MEASURES", "MOVES", "AlreadyPublished", "EmptyAnswer", "NoReasonGiven", "NoTitle",
    "NoVersion", "NotApproved", "SameAuthor", "UnknownAnswer", "UnknownDraft", "UnknownMeasure",
    "WrongAnswerState", "WrongMeasureState", "WrongVerdict", "add_measure", "answer_at_once",
    "approve", "begin", "change_measure", "correct", "edit", "feedback", "find", "import_answer",
    "keep_drafts", "publish", "retract", "schedule", "send_back", "submit",
    "tell_askers", "tell_correction", "translate", "unschedule",
]  # fmt: skip

EDITABLE = ("drafted", "in_review", "approved", "scheduled")
REVIEWED = ("in_review", "approved", "scheduled", "published")
VERDICTS = ("helpful", "reopen", "not_asked")


class UnknownDraft(NotFound):
    """There is no such draft for this issue."""

    code = "unknown_draft"


class NotApproved(Conflict):
    """The answer, or its original version, is not approved."""

    code = "answer_not_approved"


class NoVersion(NotFound):
    """The answer has no version in a language that was named."""

    code = "answer_no_version"


class SameAuthor(Conflict):
    """Author and approver must be different people."""

    code = "same_author"


class NoReasonGiven(GabineteError):
    """This needs a reason that people can read."""

    code = "no_reason"


class NoTitle(GabineteError):
    """An answer needs a title before it is reviewed: the public reads it."""

    code = "answer_no_title"


class WrongVerdict(GabineteError):
    """A verdict is helpful, reopen or not_asked."""

    code = "wrong_verdict"


async def keep_drafts(session: Session, issue_id: int, rows: Sequence[Draft]) -> None:
    """Replace an issue's drafts by newer ones."""
    await session.execute(delete(Draft).where(Draft.issue_id == issue_id))
    session.add_all(rows)
    await session.flush()


async def begin(
    session: Session,
    issue_id: int,
    *,
    by: Staffer,
    lang: str,
    title: str,
    text: str,
    question: str | None = None,
    draft: Draft | None = None,
) -> Answer:
    """Start an answer to an issue, from nothing or from one of its drafts, with its citations.

    Without a title it has staff's name of the issue, or what an answer is called that the draft
    rests on; else none, since the machine's names are citizens' words. Its question is staff's too.

    Raises `EmptyAnswer`, `UnknownDraft`, and what finding the issue raises.
    """
    issue = await live(session, issue_id)
    if draft is not None and draft.issue_id != issue.id:
        raise UnknownDraft("There is no such draft for this issue.")
    moment = now()
    answer = Answer(
        issue_id=issue.id, state="drafted", title=title.strip() or _titled(issue, draft),
        question=question or _titled(issue, None) or None, question_indexed=True, lang=lang,
        edition=1, author_id=by.id, created_at=moment, updated_at=moment,
    )  # fmt: skip
    session.add(answer)
    await session.flush()
    await put_version(session, answer, lang, text if text.strip() else _text_of(draft))
    if draft is not None:
        _cite(session, answer, draft)
    touch(issue, by)
    await session.flush()
    await trail.record(
        session, "answer", answer.id, "begin", actor=by.actor, became="drafted",
        details={"langs": [lang]},
    )  # fmt: skip
    return answer


def _titled(issue: Issue, draft: Draft | None) -> str:
    if issue.named_by != trail.MACHINE:
        return issue.name
    sentences = draft.sentences if draft else []
    return next((str(one["title"]) for one in sentences if one.get("answer_id")), "")


def _text_of(draft: Draft | None) -> str:
    return "\n".join(one["text"] for one in draft.sentences) if draft else ""


def _cite(session: Session, answer: Answer, draft: Draft) -> None:
    for position, one in enumerate(draft.sentences):
        if one.get("passage_id") or one.get("answer_id"):
            row = Citation(
                answer_id=answer.id, position=position, sentence=one["text"],
                passage_id=one.get("passage_id"), cited_answer_id=one.get("answer_id"),
            )  # fmt: skip
            session.add(row)


async def edit(
    session: Session,
    answer_id: int,
    *,
    by: Staffer,
    lang: str | None = None,
    text: str | None = None,
    title: str | None = None,
    video_url: str | None = None,
    review_by: date | None = None,
) -> Answer:
    """Change what was not published yet; what citizens will read needs approval anew.

    An empty `video_url` takes the video away. Raises `AlreadyPublished`, `EmptyAnswer`.
    """
    answer = await find(session, answer_id)
    if answer.state not in EDITABLE:
        raise AlreadyPublished("This answer was published: correct or retract it instead.")
    if text is not None:
        await put_version(session, answer, lang or answer.lang, text)
    shown = text is not None or bool(title and title.strip()) or video_url is not None
    if shown and answer.state != "drafted":
        await move(session, answer, "drafted", by.actor, why="it was changed")
    answer.title = title.strip() if title and title.strip() else answer.title
    answer.video_url = answer.video_url if video_url is None else video_url or None
    answer.review_by = review_by or answer.review_by
    answer.updated_at = now()
    await session.flush()
    act = "edit" if shown else "date_review"
    details = {"langs": [lang or answer.lang]} if text is not None else None
    await trail.record(session, "answer", answer.id, act, actor=by.actor, details=details)
    return answer


async def submit(session: Session, answer_id: int, *, by: Staffer) -> Answer:
    """Ask for review. Raises `NoTitle`, `WrongAnswerState`."""
    answer = await find(session, answer_id)
    if not answer.title:
        raise NoTitle("Give the answer a title first: the public reads it.")
    await move(session, answer, "in_review", by.actor)
    return answer


async def send_back(session: Session, answer_id: int, *, by: Staffer, reason: str) -> Answer:
    """The reviewer asks for changes, in a comment. Raises `NoReasonGiven`, `WrongAnswerState`."""
    if not reason.strip():
        raise NoReasonGiven("Say what should change.")
    answer = await find(session, answer_id)
    was = answer.state
    await move(session, answer, "drafted", by.actor, why="sent back")
    await commenting.keep(session, answer, was, reason, by=by)
    return answer


async def approve(
    session: Session, answer_id: int, *, by: Staffer, langs: Sequence[str] | None = None
) -> Answer:
    """Somebody who wrote none of it approves language versions (all, when none are named).

    With its original approved the answer is. In a published one, the last version that waited
    sends a correction out. Raises `SameAuthor`, `NoVersion`, `WrongAnswerState`.
    """
    answer = await find(session, answer_id)
    if answer.state not in REVIEWED:
        raise WrongAnswerState(f"An answer that is {answer.state} does not wait for approval.")
    if by.actor in await queries.writers(session, answer.id, langs):
        raise SameAuthor("Somebody else than who wrote or edited it must approve an answer.")
    waiting = await _approve_versions(session, answer, by, langs)
    if answer.state == "in_review" and answer.lang not in waiting:
        await move(session, answer, "approved", by.actor)
        answer.approver_id = by.id
    elif answer.state == "published":
        corrected = answer.author_id is not None and answer.approver_id is None
        if corrected and not waiting:
            await _new_edition(session, answer, by)
        await index_later(session, answer)
    await session.flush()
    return answer


async def _approve_versions(
    session: Session, answer: Answer, by: Staffer, langs: Sequence[str] | None
) -> set[str]:
    """Gives the languages that still wait."""
    versions = {version.lang: version for version in await queries.versions(session, answer.id)}
    missing = sorted(set(langs or ()) - set(versions))
    if missing:
        raise NoVersion(f"This answer has no version in {', '.join(missing)}.")
    waiting = {lang for lang, version in versions.items() if version.approved_at is None}
    chosen = waiting if langs is None else waiting & set(langs)
    if answer.state == "published" and not chosen:
        raise WrongAnswerState("Nothing of this answer waits for approval.")
    for lang in chosen:
        versions[lang].approved_by, versions[lang].approved_at = by.id, now()
    await session.flush()
    if chosen:
        details = {"langs": sorted(chosen)}
        await trail.record(session, "answer", answer.id, "approve", actor=by.actor, details=details)
    return waiting - chosen


async def _new_edition(session: Session, answer: Answer, by: Staffer) -> None:
    answer.edition += 1
    answer.corrected_at, answer.approver_id = now(), by.id
    await session.flush()
    await trail.record(
        session, "answer", answer.id, "edition", actor=by.actor,
        was=str(answer.edition - 1), became=str(answer.edition), why=answer.reason,
    )  # fmt: skip
    key = f"tell_correction:{answer.id}:{answer.edition}"
    await jobs.add(session, "tell_correction", key=key, answer_id=answer.id)


async def schedule(session: Session, answer_id: int, *, by: Staffer, at: datetime) -> Answer:
    """Publish an approved answer later; a scheduled one gets another time."""
    answer = await find(session, answer_id)
    await move(session, answer, "scheduled", by.actor)
    answer.scheduled_at = at
    await session.flush()
    return answer


async def unschedule(session: Session, answer_id: int, *, actor: str, why: str) -> Answer:
    """A scheduled answer is merely approved again."""
    answer = await find(session, answer_id)
    await move(session, answer, "approved", actor, why=why)
    return answer


async def publish(session: Session, here: Installation, answer_id: int, *, actor: str) -> Answer:
    """Publish an approved answer; everybody who asked is written to, and the issue is answered.

    Raises `AlreadyPublished`, `NotApproved`, and what answering the issue raises.
    """
    answer = await find(session, answer_id)
    if answer.state in ("published", "retracted"):
        raise AlreadyPublished("This answer was published already.")
    approved = {one.lang for one in await queries.versions(session, answer.id) if one.approved_at}
    if answer.state not in ("approved", "scheduled") or answer.lang not in approved:
        raise NotApproved("An answer is published after a second person approved it.")
    await move(session, answer, "published", actor)
    answer.published_at = now()
    await session.flush()
    if answer.issue_id is not None:
        await issues.answer(session, answer.issue_id, actor=actor, answer_id=answer.id)
        await tell_askers(session, here, answer)
    await index_later(session, answer)
    return answer


async def correct(
    session: Session, answer_id: int, *, by: Staffer, texts: dict[str, str], reason: str
) -> Answer:
    """Write a correction of a published answer; `approve` by a second person sends it out.

    Until then the corrected versions go to nobody. Raises `WrongAnswerState`, `NoReasonGiven`,
    `EmptyAnswer`.
    """
    if not reason.strip():
        raise NoReasonGiven("Say why the answer is corrected.")
    answer = await _published(session, answer_id)
    if not texts:
        raise EmptyAnswer("A correction needs a text.")
    for lang, text in texts.items():
        await put_version(session, answer, lang, text)
    answer.author_id, answer.approver_id = answer.author_id or by.id, None
    answer.reason, answer.updated_at = reason.strip(), now()
    await session.flush()
    details = {"langs": sorted(texts)}
    await trail.record(session, "answer", answer.id, "correct", actor=by.actor, details=details)
    await index_later(session, answer)
    return answer


async def translate(
    session: Session, answer_id: int, *, by: Staffer, lang: str, text: str
) -> Answer:
    """Add a language to a published answer; it is used once a second person approved it.

    A language it has already is changed by a correction. Raises `WrongAnswerState`, `EmptyAnswer`.
    """
    answer = await _published(session, answer_id)
    held = {one.lang: one.approved_at for one in await queries.versions(session, answer.id)}
    if held.get(lang) is not None:
        raise WrongAnswerState(f"This answer has a version in {lang}: correct it instead.")
    await put_version(session, answer, lang, text)
    await trail.record(
        session, "answer", answer.id, "translate", actor=by.actor, became=lang,
        details={"langs": [lang]},
    )  # fmt: skip
    return answer


async def _published(session: Session, answer_id: int) -> Answer:
    answer = await find(session, answer_id)
    if answer.state != "published":
        raise WrongAnswerState("Only a published answer can be corrected or translated.")
    return answer


async def retract(
    session: Session, here: Installation, answer_id: int, *, by: Staffer, reason: str
) -> Answer:
    """Take a published answer back; everyone who ever received it hears why.

    What it settled waits again. Raises `NoReasonGiven`, `WrongAnswerState`.
    """
    if not reason.strip():
        raise NoReasonGiven("Say why the answer is taken back.")
    answer = await find(session, answer_id)
    await move(session, answer, "retracted", by.actor)
    answer.reason = reason.strip()
    await session.flush()
    await telling.tell_retraction(session, here, answer)
    await telling.unsettle(session, here, answer, actor=by.actor)
    await retrieval.drop(session, "answer", [answer.id])
    return answer


async def feedback(session: Session, answer_id: int, contribution_id: int, verdict: str) -> None:
    """What a person said of an answer they got; the last word counts. Raises `WrongVerdict`."""
    if verdict not in VERDICTS:
        raise WrongVerdict("A verdict is helpful, reopen or not_asked.")
    if await queries.answer(session, answer_id) is None:
        raise UnknownAnswer("There is no such answer.")
    held = await queries.feedback(session, answer_id, contribution_id)
    said = held or Feedback(answer_id=answer_id, contribution_id=contribution_id)
    said.verdict, said.at = verdict, now()
    session.add(said)
    await session.flush()
