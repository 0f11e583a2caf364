"""Published answers: searched, narrowed, one by one, and as a feed."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from service.answers import queries as answers
from service.answers.models import Answer
from service.database import Session
from service.departments import queries as departments
from service.errors import NotFound
from service.public import consulted, queries, searching
from service.public.feed import atom
from service.public.keeping import kept
from service.public.queries import Wanted
from service.shell.pages import language, page, word
from service.shell.requests import Here, Reading

router = APIRouter(include_in_schema=False)

SHOWN, FED, BRIEF = 20, 50, 160
HIGHEST = 2**53
Id = Annotated[int, Path(ge=1, le=HIGHEST)]
At = Annotated[int, Query(ge=1, le=100_000)]
Asked = Annotated[str, Query(max_length=300)]
Key = Annotated[str, Query(max_length=100)]
Year = Annotated[str, Query(pattern=r"^([12]\d{3})?$")]
Code = Annotated[str, Query(alias="in", pattern=r"^([a-z]{2,3})?$")]


@router.get("/answers")
async def answer_list(
    request: Request,
    here: Here,
    session: Reading,
    q: Asked = "",
    department: Key = "",
    spoken: Code = "",
    year: Year = "",
    at: At = 1,
) -> Response:
    """Published answers, newest first, or those that bear on a question, best first."""
    q, wanted = cleaned(q), narrowed(department, spoken, year)
    ids, total, by_words = await find(request, here, session, q, wanted, at)
    if at > 1 and not ids:
        raise NotFound("There is no such page.")
    chosen = {"q": q, "department": wanted.department, "in": spoken, "year": year}
    told = {key: value for key, value in chosen.items() if value}
    shown = page(
        request, "public_answers.html", at=at, total=total, pages=-(-total // SHOWN), chosen=chosen,
        asked=bool(told),
        rows=await queries.shown(session, ids, here.settings.public_minimum), by_words=by_words,
        choices=await queries.choices(session, here.settings.zone), brief=brief,
        query=f"{urlencode(told)}&" if told else "", feed=_feed(wanted.department),
    )  # fmt: skip
    return kept(request, shown)


def cleaned(asked: str) -> str:
    """A question on one line, without the sign that databases refuse."""
    return " ".join(asked.replace("\0", "").split())


def narrowed(department: str, spoken: str, year: str) -> Wanted:
    """What the address narrows a list to."""
    return Wanted(department.replace("\0", ""), spoken, int(year) if year else None)


async def find(
    request: Request, here: Here, session: Session, asked: str, wanted: Wanted, at: int
) -> tuple[list[int], int, bool]:
    """The answers of a page, how many there are, and whether only words were searched."""
    first = (at - 1) * SHOWN
    zone = here.settings.zone
    found = None
    if asked:
        found = await searching.find(request, here, session, asked, wanted, language(request))
    if found is not None:
        return found[first : first + SHOWN], len(found), False
    ids, total = await queries.newest(session, wanted, zone, words=asked, limit=SHOWN, offset=first)
    return ids, total, bool(asked)


def brief(text: str, most: int = BRIEF) -> str:
    """The beginning of a text, cut between words."""
    flat = " ".join(text.split())
    if len(flat) <= most:
        return flat
    return flat[:most].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def _feed(department: str) -> str:
    return f"/answers/feed.atom{'?' + urlencode({'department': department}) if department else ''}"


@router.get("/answers/feed.atom")
async def feed(request: Request, here: Here, session: Reading, department: Key = "") -> Response:
    """The newest answers, all or one department's, for programs that follow them."""
    settings = here.settings
    body = await departments.by_key(session, department.replace("\0", "")) if department else None
    if department and body is None:
        raise NotFound("There is no such department.")
    wanted = Wanted(body.key if body else "")
    ids, _ = await queries.newest(session, wanted, settings.zone, limit=FED)
    lang = language(request)
    landed = [] if department else await consulted.landed(session, lang, FED)
    title = f"{word('nav.answers', lang)} · {body.name if body else settings.government}"
    made = atom(
        await queries.shown(session, ids, settings.public_minimum), lang, url=settings.url,
        path=_feed(wanted.department), title=title, government=settings.government,
        landed=landed,
    )  # fmt: skip
    return kept(request, Response(made, media_type="application/atom+xml"))


@router.get("/answers/{answer_id}")
async def answer(request: Request, here: Here, session: Reading, answer_id: Id) -> Response:
    """One published answer, with what it announced; one that was taken back says why."""
    held = await answers.answer(session, answer_id)
    if held is None or held.published_at is None:
        raise NotFound("There is no such published answer.")
    if held.state == "retracted":
        at = await queries.retracted(session, held.id)
        return page(request, "public_withdrawn.html", status=410, answer=held, at=at)
    found = await queries.shown(session, [answer_id], here.settings.public_minimum)
    if not found:
        return page(request, "public_waiting.html", answer=held)
    return kept(request, await _whole(request, here, session, held, found[0]))


async def _whole(
    request: Request, here: Here, session: Session, held: Answer, shown: queries.Shown
) -> Response:
    lang = language(request)
    text, original = shown.text.text(lang)
    return page(
        request, "public_answer.html", shown=shown, answer=shown.text, text=text,
        original=original, spoken=shown.text.lang if original else lang,
        measures=await answers.measures(session, held.id), brief=brief(text, 200),
        corrections=await queries.corrections(session, held), web=_web,
        facts=_facts(here.settings.url, here.settings.government, shown, text),
    )  # fmt: skip


def _web(address: str | None) -> str | None:
    """An address that a link may lead to: imported answers bring any."""
    return address if address and address.startswith(("https://", "http://")) else None


def _facts(url: str, government: str, shown: queries.Shown, text: str) -> dict[str, Any]:
    """The answer as search engines read it (schema.org)."""
    by = {"@type": "GovernmentOrganization", "name": shown.text.department_name or government}
    given = {
        "@type": "Answer",
        "text": text,
        "url": f"{url}/answers/{shown.text.id}",
        "dateCreated": shown.published_at.isoformat(),
        "dateModified": shown.changed_at.isoformat(),
        "author": by,
    }
    asked = {
        "@type": "Question",
        "name": shown.question or shown.text.title,
        "text": shown.question or shown.text.title,
        "answerCount": 1,
        "acceptedAnswer": given,
    }
    return {"@context": "https://schema.org", "@type": "QAPage", "mainEntity": asked}
