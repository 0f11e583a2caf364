"""Pages: templates of every feature in one environment, with the reader's language, dates and
numbers.
"""

import hashlib
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.staticfiles import StaticFiles

SERVICE = Path(__file__).parent.parent
STATIC = Path(__file__).parent / "static"
WORDS = Path(__file__).parent / "words"
REFUSALS = Path(__file__).parent / "refusals"
LOCALES = {"pt": "pt_BR", "es": "es", "en": "en_GB"}


def install(app: FastAPI) -> None:
    """Serve the shell's style sheet and script."""
    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A template as a response, in the reader's language."""
    here = request.app.state.installation
    asker = context.pop("asker", None)
    lang = language(request, asker.lang if asker else None)
    html = (
        _environment()
        .get_template(template)
        .render(
            request=request,
            settings=here.settings,
            sample=here.sample,
            asker=asker,
            lang=lang,
            word=lambda key, **values: word(key, lang, **values),
            day=lambda at: day(at, lang, here.settings.zone),
            moment=lambda at: moment(at, lang, here.settings.zone),
            number=lambda value: format_decimal(value, locale=LOCALES[lang]),
            static=static,
            **context,
        )
    )
    response = HTMLResponse(html, status)
    wanted = request.query_params.get("lang")
    if wanted in LOCALES:
        response.set_cookie("lang", wanted, max_age=31_536_000, samesite="lax", httponly=True)
    return response


def language(request: Request, chosen: str | None = None) -> str:
    """What the reader chose in the address, in their profile or cookie, or what the browser
    prefers.
    """
    for wanted in (request.query_params.get("lang"), chosen, request.cookies.get("lang")):
        if wanted in LOCALES:
            return str(wanted)
    for part in request.headers.get("accept-language", "").split(","):
        code = part.split(";")[0].strip()[:2].lower()
        if code in LOCALES:
            return code
    default: str = request.app.state.installation.settings.default_language
    return default if default in LOCALES else "en"


def word(key: str, lang: str, **values: object) -> str:
    """A word or sentence of the staff's and public pages. Raises KeyError for an unknown key."""
    message = _catalogue(WORDS, lang).get(key)
    if message is None:
        raise KeyError(key)
    return str(message.string).format(**values)


def refusal(code: str, message: str, lang: str) -> str:
    """An error in the reader's language; `message` is how it was raised, in English."""
    if lang == "en":
        return message
    told = _catalogue(REFUSALS, lang).get(code)
    return str(told.string) if told else message


def day(at: datetime | date | None, lang: str, zone: Any) -> str:
    """A date as the reader writes it."""
    if at is None:
        return "—"
    local = at.astimezone(zone).date() if isinstance(at, datetime) else at
    return format_date(local, "medium", locale=LOCALES[lang])


def moment(at: datetime | None, lang: str, zone: Any) -> str:
    """A date and time as the reader writes it."""
    return format_datetime(at.astimezone(zone), "short", locale=LOCALES[lang]) if at else "—"


@cache
def static(name: str) -> str:
    """The address of a static file, with its content's hash so that it can be kept."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


@cache
def _catalogue(folder: Path, lang: str) -> Any:
    with (folder / f"{lang}.po").open("rb") as file:
        return read_po(file, locale=lang)


@cache
def _environment() -> Environment:
    folders = sorted(SERVICE.glob("*/templates"))
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
