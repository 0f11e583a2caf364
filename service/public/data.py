"""Open data: published answers, measures and heard issues, as JSON and CSV, under a licence."""

import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from service.database import Session, now
from service.exports.lines import cells
from service.installation import Installation
from service.issues.showing import queries as showing
from service.public import consulted, queries
from service.public.answers import Asked, At, Code, Key, Year, cleaned, find, narrowed
from service.public.keeping import kept
from service.public.rounds import in_order
from service.rounds import queries as rounds
from service.shell import docs
from service.shell.pages import language, page
from service.shell.requests import Here, Reading

router = APIRouter(tags=["open data"], responses=docs.REFUSALS)

What = Literal["answers", "measures", "heard", "rounds", "consultations", "proposals"]
Form = Literal["json", "csv"]
Row = dict[str, Any]

PART, CHUNK = 500, 64 * 1024
MEDIA: dict[Form, str] = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
OPEN = {
    "cache-control": "public, max-age=60",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}
SPDX = re.compile(r"[A-Za-z0-9.+-]+")
FIELDS: dict[What, tuple[str, ...]] = {
    "answers": (
        "id", "url", "title", "question", "lang", "text", "department", "people", "edition",
        "published_at", "corrected_at", "source_url", "video_url",
    ),
    "measures": ("id", "answer_id", "url", "text", "state", "due_on", "department"),
    "heard": ("id", "url", "name", "state", "department", "people", "since"),
    "rounds": (
        "id", "url", "title", "state", "opens_at", "closes_at", "question", "supporters", "due_at",
        "answered_at", "answer",
    ),
    "consultations": consulted.ASKED,
    "proposals": consulted.PROPOSED,
}  # fmt: skip


@router.get("/data", include_in_schema=False)
async def described(request: Request, here: Here) -> Response:
    """What is in the open data, and under which licence."""
    shown = page(
        request, "data.html", fields=FIELDS, licence=licence(here.settings.open_data_licence),
        least=here.settings.public_minimum, url=here.settings.url,
    )  # fmt: skip
    return kept(request, shown)


def licence(name: str) -> str | None:
    """Where a licence of this SPDX name can be read."""
    return f"https://spdx.org/licenses/{name}.html" if SPDX.fullmatch(name) else None


@router.get("/data/search.json")
async def search(
    request: Request,
    response: Response,
    here: Here,
    session: Reading,
    q: Asked = "",
    department: Key = "",
    spoken: Code = "",
    year: Year = "",
    at: At = 1,
) -> dict[str, Any]:
    """Answers as the page finds them, twenty at a time, in the asker's language or the original.

    `in` is a language they can be read in, `department` a key, `at` the page.
    """
    wanted = narrowed(department, spoken, year)
    ids, total, _ = await find(request, here, session, cleaned(q), wanted, at)
    lang = language(request)
    rows = await queries.shown(session, ids, here.settings.public_minimum)
    response.headers.update(OPEN | {"vary": "accept-language, cookie"})
    items = [_answer(one, *_said(one, lang), here.settings.url) for one in rows]
    return {"licence": here.settings.open_data_licence, "total": total, "items": items}


def _said(one: queries.Shown, lang: str) -> tuple[str, str]:
    """The language and the text that a reader of `lang` gets."""
    text, original = one.text.text(lang)
    return (one.text.lang if original else lang), text


@router.get("/data/{what}.{form}", response_class=StreamingResponse)
async def file(what: What, form: Form, here: Here) -> StreamingResponse:
    """All published answers (a row for each language), their measures, or what is being heard.

    Counts of people are rounded down and left out below a least number.
    """
    headers = OPEN | {"content-disposition": f'inline; filename="{what}.{form}"'}
    where = licence(here.settings.open_data_licence)
    if where:
        headers["link"] = f'<{where}>; rel="license"'
    written = _json(here, what) if form == "json" else _csv(here, what)
    return StreamingResponse(_chunks(written), media_type=MEDIA[form], headers=headers)


async def _chunks(written: AsyncIterator[str]) -> AsyncIterator[str]:
    """A text in larger pieces."""
    held, size = [], 0
    async for piece in written:
        held.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)


async def _csv(here: Installation, what: What) -> AsyncIterator[str]:
    yield cells({name: name for name in FIELDS[what]})
    async with here.database.read() as session:
        async for row in ROWS[what](session, here):
            yield cells(row)


async def _json(here: Installation, what: What) -> AsyncIterator[str]:
    settings = here.settings
    head = {
        "government": settings.government,
        "licence": settings.open_data_licence,
        "made_at": now().isoformat(),
        "fewest_people_counted": settings.public_minimum,
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "items": ['
    comma = ""
    async with here.database.read() as session:
        async for row in ROWS[what](session, here):
            yield f"{comma}\n{json.dumps(row, ensure_ascii=False)}"
            comma = ","
    yield "\n]}\n"


async def _answers(session: Session, here: Installation) -> AsyncIterator[Row]:
    """One row for each approved language version of each published answer."""
    last, zone, least = 0, here.settings.zone, here.settings.public_minimum
    while ids := await queries.after(session, last, PART, zone):
        for one in await queries.shown(session, ids, least):
            for lang, text in sorted(one.text.versions.items()):
                yield _answer(one, lang, text, here.settings.url)
        last = ids[-1]


def _answer(one: queries.Shown, lang: str, text: str, url: str) -> Row:
    return {
        "id": one.text.id,
        "url": f"{url}/answers/{one.text.id}",
        "title": one.text.title,
        "question": one.question,
        "lang": lang,
        "text": text,
        "department": one.department_key,
        "people": one.people,
        "edition": one.edition,
        "published_at": one.published_at.isoformat(),
        "corrected_at": one.corrected_at.isoformat() if one.corrected_at else None,
        "source_url": one.text.url,
        "video_url": one.text.video_url,
    }


async def _measures(session: Session, here: Installation) -> AsyncIterator[Row]:
    last = 0
    while rows := await queries.measures(session, last, PART):
        for one, department in rows:
            yield {
                "id": one.id,
                "answer_id": one.answer_id,
                "url": f"{here.settings.url}/answers/{one.answer_id}",
                "text": one.text,
                "state": one.state,
                "due_on": one.due_on.isoformat() if one.due_on else None,
                "department": department,
            }
        last = rows[-1][0].id


async def _heard(session: Session, here: Installation) -> AsyncIterator[Row]:
    for one in await showing.heard(session, here.settings.public_minimum, here.settings.zone):
        yield {
            "id": one.id,
            "url": f"{here.settings.url}/heard/{one.id}",
            "name": one.name,
            "state": one.state,
            "department": one.department_key,
            "people": one.people,
            "since": f"{one.since:%Y-%m}",
        }


async def _rounds(session: Session, here: Installation) -> AsyncIterator[Row]:
    """A row for each question that everybody reads, drawn while it can be supported."""
    for told in await rounds.page(session):
        found = in_order(await rounds.questions(session, told.round), told, str(told.round.id))
        answers = await queries.newest_of(session, [one.issue_id for one in found if one.answered])
        for one in found:
            yield {
                "id": told.round.id,
                "url": f"{here.settings.url}/rounds/{told.round.id}",
                "title": told.title(told.round.lang),
                "state": told.round.state,
                "opens_at": told.round.opens_at.isoformat(),
                "closes_at": told.round.closes_at.isoformat(),
                "question": one.name if one.named else None,
                "supporters": one.supporters if told.counted else None,
                "due_at": one.due_at.isoformat() if one.due_at else None,
                "answered_at": one.answered_at.isoformat() if one.answered_at else None,
                "answer": answers.get(one.issue_id),
            }


ROWS: dict[What, Callable[[Session, Installation], AsyncIterator[Row]]] = {
    "answers": _answers,
    "measures": _measures,
    "heard": _heard,
    "rounds": _rounds,
    "consultations": consulted.asked,
    "proposals": consulted.proposed,
}
