"""Tidy text, tell its language, mask personal data. On the way of every message, so it is quick."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES: tuple[str, ...] = ("pt", "es", "en")

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n ?(?:\n ?)*")
_ASCII = re.compile(r"^[\x00-\x7f]*$")
SURE = 0.80
SHORT = 3
FEW = 0.15
ENOUGH = 200


def tidy(text: str) -> str:
    """Composed characters, no control or direction marks, single blanks, at most one empty line."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = unicodedata.normalize("NFC", text)
    text = _BLANKS.sub(" ", text)
    return _LINES.sub(lambda m: "\n\n" if m.group().count("\n") > 1 else "\n", text).strip()


def fold(text: str) -> str:
    """Lower case without accents, for comparing and never for showing."""
    if _ASCII.match(text):
        return text.lower()
    return "".join(
        c for c in unicodedata.normalize("NFKD", text).lower() if not unicodedata.combining(c)
    )


def words(text: str) -> list[str]:
    """The folded words of a text, in order; apostrophes are straight."""
    return _WORD.findall(fold(text).replace("’", "'"))


def written(text: str) -> dict[str, str]:
    """The folded words of a text and how they are first written there, in small letters."""
    found: dict[str, str] = {}
    for word in _WORD.findall(text.lower().replace("’", "'")):
        found.setdefault(fold(word), word)
    return found


ABBREVIATIONS = {
    "sr", "sra", "dr", "dra", "srta", "prof", "profa", "exmo", "exma", "art", "arts", "inc", "av",
    "r", "tel", "pag", "p", "pp", "cap", "vol", "ed", "obs", "n", "no", "num", "nº", "mr", "mrs",
    "ms", "st", "vs",
    "etc", "e.g", "i.e", "p.ex", "d", "ud", "uds", "lic", "ing", "gral", "apto", "ap", "sec",
}  # fmt: skip
_BORDER = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[¿¡]?[A-ZÀ-Þ0-9¿¡])|\n+\s*(?:[-•*]\s+)?")


def sentences(text: str) -> list[str]:
    """The sentences of the tidied text, each a part of it; lines and bullets end one too."""
    whole, found, start = tidy(text), [], 0
    for border in _BORDER.finditer(whole):
        before = whole[start : border.start()]
        if "\n" not in border.group() and _abbreviated(before):
            continue
        found.append(before.strip())
        start = border.end()
    return [s for s in [*found, whole[start:].strip()] if s]


def _abbreviated(before: str) -> bool:
    if not before.endswith("."):
        return False
    last = before[:-1].rsplit(None, 1)[-1] if before[:-1].strip() else ""
    return fold(last).lstrip("(\"'“") in ABBREVIATIONS or (len(last) == 1 and last.isupper())


def fingerprint(text: str) -> str:
    """Content hash over the folded words: copies share it, whatever case and punctuation."""
    return hashlib.blake2b(" ".join(words(text)).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Detected:
    """A language and how sure that is, 0 to 1."""

    lang: str
    confidence: float


FOLDER = Path(__file__).parent / "words"


def detect(
    text: str, *, prior: str | None = None, languages: Sequence[str] = LANGUAGES
) -> Detected:
    """The language of a text among `languages`, by how it begins; the prior decides where the text
    itself does not, be it that it is in none of them.
    """
    text = text[:ENOUGH]
    said = words(text)
    if not said:
        return Detected(prior or languages[0], 0.0)
    counts = {lang: sum(word in _telling(lang) for word in said) for lang in languages}
    ranked = sorted(counts.values(), reverse=True)
    clear = ranked[0] - (ranked[1] if len(ranked) > 1 else 0)
    found = None
    if clear >= 2 or (clear == 1 and len(said) <= SHORT):
        found = Detected(max(languages, key=lambda lang: counts[lang]), 1.0)
    if len(said) >= SHORT and ranked[0] <= FEW * len(said):
        found = _among_all(text, languages, found)
    found = found or _identify(text, tuple(languages))
    if found.confidence >= SURE or prior not in languages:
        return found
    return Detected(str(prior), found.confidence)


def _among_all(text: str, languages: Sequence[str], found: Detected | None) -> Detected | None:
    """What its words told of a text, unless it is surely in a language that is none of these; where
    they told nothing, what it surely is in.
    """
    likeliest = _identify(text, None)
    if likeliest.confidence < SURE:
        return found
    if likeliest.lang not in languages:
        return Detected(languages[0], 0.0)
    return found or likeliest


@cache
def _telling(lang: str) -> frozenset[str]:
    """Words that tell a language, without those that others of ours share."""
    words_of = {one: _told(one) for one in LANGUAGES}
    others = {word for one in LANGUAGES if one != lang for word in words_of[one]}
    return frozenset(words_of.get(lang, set()) - others)


def _told(lang: str) -> set[str]:
    return set(fold((FOLDER / f"telling_{lang}.txt").read_text(encoding="utf-8")).split())


def _identify(text: str, languages: tuple[str, ...] | None) -> Detected:
    """The likeliest of some languages, or of all there are."""
    lang, score = _identifier(languages).classify(text)
    return Detected(str(lang), float(score))


@cache
def _identifier(languages: tuple[str, ...] | None) -> Any:
    identifier = copy(_every())
    identifier.set_languages(languages)
    return identifier


@cache
def _every() -> Any:
    """Knows all languages; eighty megabytes that the others share."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@dataclass(frozen=True)
class Masked:
    """A text with personal data replaced by its kind in brackets, and the kinds found, in order."""

    text: str
    found: tuple[str, ...]


_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CNPJ = re.compile(r"(?<![\w.])\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}(?!\w)")
_CPF = re.compile(r"(?<!\d)(?<!\d\.)\d{3}[. ]?\d{3}[. ]?\d{3}[-. ]?\d{2}(?!\w)")
_CARD = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?!\w)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_MANY_DIGITS = re.compile(r"(?:\d[^\w\n]{0,3}){8,}")
_NOT_PHONE = re.compile(
    r"^\d{5}-\d{3}$|^\d{1,3}(?:\.\d{3})+(?:,\d+)?$|^\d{1,2}/\d{1,2}/\d{2,4}|^\d{4}-\d{2}-\d{2}"
)


LABELS = {
    "pt": {"email": "e-mail", "card": "cartão", "phone": "telefone"},
    "es": {"email": "correo", "card": "tarjeta", "phone": "teléfono"},
}
MASKED = re.compile(
    r"\[(?:"
    + "|".join(
        sorted(
            {"email", "cnpj", "cpf", "iban", "card", "phone"}
            | {label for labels in LABELS.values() for label in labels.values()}
        )
    )
    + r")\]"
)


def unlabelled(text: str) -> str:
    """A masked text without what stands for personal data: nobody is alike for having a phone."""
    return _BLANKS.sub(" ", MASKED.sub("", text)).strip() if "[" in text else text


def mask(text: str, *, region: str = "BR", lang: str = "en") -> Masked:
    """Replace e-mails, CPF, CNPJ, cards, IBANs and phones of `region` by what they are, in `lang`;
    numbers that fail their check stay.
    """
    spans = [(m.start(), m.end(), "email") for m in _EMAIL.finditer(text)] if "@" in text else []
    if _MANY_DIGITS.search(text):
        spans += _checked(text)
        spans += _phones(text, region)
    kept: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end, kind))
    parts, at = [], 0
    for start, end, kind in kept:
        parts += [text[at:start], f"[{LABELS.get(lang, {}).get(kind, kind)}]"]
        at = end
    return Masked("".join([*parts, text[at:]]), tuple(kind for _, _, kind in kept))


def _checked(text: str) -> list[tuple[int, int, str]]:
    from stdnum import iban, luhn
    from stdnum.br import cnpj, cpf

    rules = (
        (_CNPJ, cnpj.is_valid, "cnpj"),
        (_CPF, cpf.is_valid, "cpf"),
        (_IBAN, iban.is_valid, "iban"),
    )
    spans = [
        (m.start(), m.end(), kind)
        for pattern, valid, kind in rules
        for m in pattern.finditer(text)
        if valid(m.group())
    ]
    cards = ((m, re.sub(r"\D", "", m.group())) for m in _CARD.finditer(text))
    return spans + [(m.start(), m.end(), "card") for m, digits in cards if luhn.is_valid(digits)]


def _phones(text: str, region: str) -> list[tuple[int, int, str]]:
    from phonenumbers import Leniency, PhoneNumberMatcher

    found = PhoneNumberMatcher(text, region, Leniency.VALID)
    return [(m.start, m.end, "phone") for m in found if not _NOT_PHONE.match(m.raw_string)]
