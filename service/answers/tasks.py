"""Later: index what was published, publish what is due, compose drafts, tell who came late."""

import asyncio
from collections.abc import Sequence

import structlog

from nlp import draft as drafting
from nlp.draft import Source, Uncited
from nlp.embed import FloatArray
from nlp.label import title as title_of
from nlp.search import Found
from nlp.text import detect, fold, sentences, words
from service import llm
from service.answers import actions, composing, queries, telling
from service.answers.models import Answer, AnswerVersion, Draft
from service.answers.settling import queries as settling
from service.database import Session, now
from service.errors import GabineteError
from service.installation import Installation
from service.issues import queries as issue_queries
from service.issues.actions import UnknownIssue
from service.issues.members import queries as members
from service.issues.members.queries import Spoken
from service.phrases import say
from service.retrieval import actions as retrieval
from service.retrieval.actions import NewEntry
from service.retrieval.retriever import Retriever
from service.settings import Settings

PIECE = 120
SOURCES = 6
SPOKEN = 3
MOST_DRAFTS = 3
EXTRACTED = "passages"
MACHINE = "machine"

log = structlog.get_logger()


def entries_of(
    answer: Answer, versions: Sequence[AnswerVersion], called: str | None = None
) -> list[tuple[int, str, str]]:
    """What of an answer is searched: part, language, text. Part 0 is the question; where it has
    none, what its issue is `called`, in the words of those who ask: nobody reads it there.
    """
    found = []
    asked = answer.question or called
    if asked and answer.question_indexed:
        found.append((0, answer.lang, asked))
    texts = [
        (version.lang, piece)
        for version in versions
        if version.approved_at
        for piece in pieces(_heading(answer), version.text)
    ]
    return [*found, *((part, lang, text) for part, (lang, text) in enumerate(texts, 1))]


def _heading(answer: Answer) -> str:
    """The title, without one that is made of a question that is to be left out."""
    left_out = answer.question if not answer.question_indexed else None
    return "" if left_out and answer.title == title_of(left_out) else answer.title


def pieces(title: str, text: str) -> list[str]:
    """A text in parts of about 120 words, cut at sentences; the first carries the title, unless it
    begins with it.
    """
    parts: list[str] = []
    held: list[str] = []
    count = 0
    for sentence in sentences(text):
        held.append(sentence)
        count += len(words(sentence))
        if count >= PIECE:
            parts.append(" ".join(held))
            held, count = [], 0
    if held:
        parts.append(" ".join(held))
    if parts and title and not fold(parts[0]).startswith(fold(title.removesuffix("…"))):
        parts[0] = f"{title}\n{parts[0]}"
    return parts or [title]


def new_entries(
    answer_id: int, told: Sequence[tuple[int, str, str]], vectors: FloatArray
) -> list[NewEntry]:
    """Index rows of an answer from its parts and their vectors (n, size)."""
    return [
        NewEntry("answer", answer_id, part, lang, text, vector)
        for (part, lang, text), vector in zip(told, vectors, strict=True)
    ]


async def index_answer(here: Installation, retriever: Retriever, answer_id: int) -> None:
    """Bring the index in step with a published, corrected or retracted answer."""
    async with here.database.read() as session:
        told = await _told(session, answer_id)
    vectors = await retriever.encode([text for _, _, text in told], [lang for _, lang, _ in told])
    async with here.database.write() as session:
        if told != await _told(session, answer_id):
            return
        await retrieval.drop(session, "answer", [answer_id])
        await retrieval.put(session, retriever.embedder.name, new_entries(answer_id, told, vectors))


async def _told(session: Session, answer_id: int) -> list[tuple[int, str, str]]:
    """What is to be found of an answer now; what changed it since has put a job of its own."""
    answer = await queries.answer(session, answer_id)
    if answer is None or answer.state != queries.PUBLIC:
        return []
    context = await issue_queries.context(session, [answer.issue_id] if answer.issue_id else [])
    called = next((issue.name for issue in context.values()), None)
    return entries_of(answer, await queries.versions(session, answer_id), called)


async def publish_due(here: Installation) -> None:
    """Publish scheduled answers whose time has come, each in a transaction of its own.

    One that cannot be published, because its issue was closed meanwhile, waits for staff again.
    """
    async with here.database.read() as session:
        due = await queries.due(session)
    for answer_id in due:
        try:
            async with here.database.write() as session:
                await actions.publish(session, here, answer_id, actor=MACHINE)
        except GabineteError as error:
            log.warning("answer_not_published", answer=answer_id, code=error.code)
            async with here.database.write() as session:
                if (await actions.find(session, answer_id)).state == "scheduled":
                    await actions.unschedule(session, answer_id, actor=MACHINE, why=error.code)


async def catch_up(here: Installation, issue_id: int) -> None:
    """Those who joined an answered issue, by merging for instance, get its answer."""
    async with here.database.write() as session:
        root = await issue_queries.root_id(session, issue_id)
        answer = await settling.newest_published(session, root or issue_id)
        if answer is not None:
            await telling.catch_up(session, here, answer)


async def compose_drafts(here: Installation, retriever: Retriever, issue_id: int) -> list[int]:
    """Make one to three drafts for an issue and keep them; gives their ids.

    A draft of the language model comes first; where it failed or cited something else, the draft
    taken from the sources says so. Raises `UnknownIssue`.
    """
    async with here.database.read() as session:
        await retriever.refresh(session)
        root = await issue_queries.root_id(session, issue_id)
        if root is None:
            raise UnknownIssue("There is no such issue.")
        asked = await members.speaking(session, root, limit=SPOKEN)
    texts, lang = [one.text for one in asked], here.settings.default_language
    question = "\n".join(texts)
    sources = await find_sources(here, retriever, asked, lang) if asked else []
    made = await asyncio.to_thread(
        drafting.compose, texts, sources, retriever.embedder, langs=[one.lang for one in asked]
    )
    rows = [_row(root, draft.sentences, sources, EXTRACTED, lang) for draft in made]
    if rows:
        rows = await _worded(here.settings, root, question, sources, rows)
    else:
        rows = [_structure(root, question, lang)]
    async with here.database.write() as session:
        await actions.keep_drafts(session, root, rows)
    return [row.id for row in rows]


async def _worded(
    settings: Settings, root: int, question: str, sources: Sequence[Source], rows: list[Draft]
) -> list[Draft]:
    """The language model's draft before the extracted ones, or why there is none."""
    try:
        worded = await composing.word(settings, question, sources)
    except Uncited:
        rows[0].origin = f"{EXTRACTED}, because the language model cited something else"
    except llm.Unavailable:
        rows[0].origin = f"{EXTRACTED}, because the language model did not answer"
    else:
        if worded:
            model = settings.llm_model or "language model"
            rows = [_row(root, worded, sources, model, rows[0].lang), *rows][:MOST_DRAFTS]
    return rows


async def find_sources(
    here: Installation, retriever: Retriever, asked: Sequence[Spoken], lang: str
) -> list[Source]:
    """The passages and usable published answers that bear most on what was asked, each by what it
    bears on most; answers in `lang` where they are.
    """
    texts, langs = [one.text for one in asked], [one.lang for one in asked]
    vectors = await retriever.encode(texts, langs)
    passages = _best(retriever.find("passage", texts, langs, vectors, SOURCES))
    answers = _best(retriever.find("answer", texts, langs, vectors, SOURCES))
    async with here.database.read() as session:
        told = await queries.passages(session, list(passages))
        ready = await queries.published(session, list(answers))
    found = [
        Source(id_, "passage", *told[id_][:2], score)
        for id_, score in passages.items()
        if id_ in told
    ]
    found += [
        Source(id_, "answer", ready[id_].text(lang)[0], ready[id_].title, score)
        for id_, score in answers.items()
        if id_ in ready
    ]
    return sorted(found, key=lambda source: -source.score)[:SOURCES]


def _best(found: Sequence[Sequence[Found]]) -> dict[int, float]:
    """The highest score of each that was found for any of several questions."""
    best: dict[int, float] = {}
    for one in (one for hits in found for one in hits):
        best[one.id] = max(one.score, best.get(one.id, 0.0))
    return best


def _row(
    issue_id: int,
    cited: Sequence[drafting.Cited],
    sources: Sequence[Source],
    origin: str,
    prior: str,
) -> Draft:
    """A draft in the language that its sentences are in, `prior` where they do not tell."""
    told = []
    for one in cited:
        source = sources[one.source]
        named = {"passage_id": source.id} if source.kind == "passage" else {"answer_id": source.id}
        told.append({"text": one.text, "title": source.title, **named})
    return Draft(
        issue_id=issue_id,
        origin=origin,
        supported=True,
        lang=detect("\n".join(one.text for one in cited), prior=prior).lang,
        sentences=told,
        created_at=now(),
    )


def _structure(issue_id: int, question: str, lang: str) -> Draft:
    """Nothing supports an answer: say so, and offer what to fill in."""
    about = next(iter(sentences(question)), "…")
    keys = ("draft.heard", "draft.now", "draft.next", "draft.where")
    return Draft(
        issue_id=issue_id,
        origin="structure",
        supported=False,
        lang=lang,
        sentences=[{"text": say(key, lang, about=about)} for key in keys],
        created_at=now(),
    )
