"""Pages: templates of every feature in one environment, with the reader's language, dates and
numbers.
"""

import hashlib
import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from service.shell import charts

SERVICE = Path(__file__).parent.parent
STATIC = Path(__file__).parent / "static"
WORDS = Path(__file__).parent / "words"
REFUSALS = Path(__file__).parent / "refusals"
LOCALES = {"pt": Locale("pt", "BR"), "es": Locale("es"), "en": Locale("en", "GB")}
NAMES = {"pt": "Português", "es": "Español", "en": "English"}
FLASH = "done"
UNDO = re.compile(r"/console/[a-z0-9/]{1,60}")


def install(app: FastAPI) -> None:
    """Serve the shell's style sheets and scripts, and send pages small."""
    app.mount("/static", Hashed(directory=STATIC), name="static")
    app.add_middleware(GZipMiddleware, minimum_size=2000, compresslevel=4)


class Hashed(StaticFiles):
    """Files whose addresses carry their content's hash may be kept for good."""

    def file_response(self, full_path: Any, stat_result: Any, scope: Any, *rest: Any) -> Response:
        """A file; a year where the hash is asked for, else until it has changed."""
        response = super().file_response(full_path, stat_result, scope, *rest)
        named = b"v=" in scope["query_string"]
        kept = "public, max-age=31536000, immutable" if named else "no-cache"
        response.headers["cache-control"] = kept
        return response


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A template as a response, in the reader's language."""
    here = request.app.state.installation
    asker = context.pop("asker", None)
    lang = language(request, asker.lang if asker else None)
    done = request.cookies.get(FLASH, "")
    html = (
        _environment()
        .get_template(template)
        .render(
            request=request,
            settings=here.settings,
            sample=here.sample,
            status=status,
            asker=asker,
            lang=lang,
            languages=_languages(request),
            flash=_flash(done, lang),
            **writing(lang, here.settings.zone),
            static=static,
            charts=charts,
            **context,
        )
    )
    response = HTMLResponse(html, status)
    wanted = request.query_params.get("lang")
    if wanted in LOCALES:
        response.set_cookie("lang", wanted, max_age=31_536_000, samesite="lax", httponly=True)
    if done:
        response.delete_cookie(FLASH)
    return response


def writing(lang: str, zone: Any) -> dict[str, Any]:
    """Words, dates and numbers as a reader of this language writes them."""
    return {
        "word": lambda key, **values: word(key, lang, **values),
        "known": lambda key, otherwise: word(key, lang) if known(key, lang) else otherwise,
        "day": lambda at: day(at, lang, zone),
        "month": lambda at: format_skeleton("yMMMM", at, locale=LOCALES[lang]),
        "moment": lambda at: moment(at, lang, zone),
        "number": lambda value: number(value, lang),
        "percent": lambda value: format_percent(value, locale=LOCALES[lang]),
        "tongue": lambda code: tongue(code, lang),
    }


def back(address: str, done: str = "", *, undo: str = "") -> Response:
    """To a page after a form was taken; there `done` names what is said of it, once.

    `undo` is the address whose form takes it back.
    """
    response = RedirectResponse(address, 303)
    if done:
        told = f"{done} {undo}".strip()
        response.set_cookie(FLASH, told, max_age=60, samesite="lax", httponly=True)
    return response


def _flash(done: str, lang: str) -> tuple[str, str] | None:
    """What is said of an act, and where it is taken back."""
    told, _, undo = done.partition(" ")
    if not known(f"done.{told}", lang):
        return None
    return word(f"done.{told}", lang), undo if UNDO.fullmatch(undo) else ""


def _languages(request: Request) -> list[tuple[str, str, str]]:
    """Code, name and address of this page in each language."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return [(code, name, f"?{urlencode([*kept, ('lang', code)])}") for code, name in NAMES.items()]


def language(request: Request, chosen: str | None = None) -> str:
    """What the reader chose in the address, before in this browser, or in their profile, or what
    the browser prefers.
    """
    for wanted in (request.query_params.get("lang"), request.cookies.get("lang"), chosen):
        if wanted in LOCALES:
            return str(wanted)
    for part in request.headers.get("accept-language", "").split(","):
        code = part.split(";")[0].strip()[:2].lower()
        if code in LOCALES:
            return code
    default: str = request.app.state.installation.settings.default_language
    return default if default in LOCALES else "en"


def word(key: str, lang: str, *, n: int | None = None, **values: object) -> str:
    """A word or sentence of the staff's and public pages. Raises KeyError for an unknown key.

    `n` chooses the plural form and fills `{n}`, as the reader writes numbers.
    """
    message = _catalogue(WORDS, lang).get(key)
    if message is None:
        raise KeyError(key)
    text = message.string
    if isinstance(text, tuple | list):
        text = text[_plural(lang, 1 if n is None else n)]
    if n is not None:
        values["n"] = format_decimal(n, locale=LOCALES[lang])
    return str(text).format(**values)


def _plural(lang: str, n: int) -> int:
    """0 for one, 1 for many: Brazilian Portuguese says nothing and one in the singular."""
    return int(n > 1) if lang == "pt" else int(n != 1)


def known(key: str, lang: str) -> bool:
    """Whether there is a word for this."""
    return _catalogue(WORDS, lang).get(key) is not None


def refusal(code: str, message: str, lang: str) -> str:
    """An error in the reader's language; `message` is how it was raised, in English."""
    if lang == "en":
        return message
    told = _catalogue(REFUSALS, lang).get(code)
    return str(told.string) if told else message


def day(at: datetime | date | str | None, lang: str, zone: Any) -> str:
    """A date as the reader writes it; also one that the trail holds, as YYYY-MM-DD or a moment."""
    if at is None:
        return "—"
    if isinstance(at, str):
        at = datetime.fromisoformat(at) if "T" in at else date.fromisoformat(at)
    local = at.astimezone(zone).date() if isinstance(at, datetime) else at
    return format_date(local, "medium", locale=LOCALES[lang])


def moment(at: datetime | None, lang: str, zone: Any) -> str:
    """A date and time as the reader writes it."""
    return format_datetime(at.astimezone(zone), "short", locale=LOCALES[lang]) if at else "—"


def number(value: float, lang: str) -> str:
    """A number as the reader writes it."""
    return format_decimal(value, locale=LOCALES[lang])


def spoken(lang: str) -> str:
    """A language that pages are written in: this one, or English."""
    return lang if lang in LOCALES else "en"


def tongue(code: str, lang: str) -> str:
    """The name of a language in the reader's; its code where it has none."""
    try:
        return Locale.parse(code).get_display_name(LOCALES[lang]) or code
    except (ValueError, UnknownLocaleError):
        return code


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
