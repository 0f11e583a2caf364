"""The few words that are commands, with or without a slash, in each language."""

from nlp.text import fold
from service.phrases import LANGUAGES, say

WORDS: dict[str, tuple[str, ...]] = {
    "start": ("start", "inicio", "comecar", "empezar"),
    "help": ("help", "ajuda", "ayuda", "menu"),
    "status": ("status", "situacao", "estado", "andamento"),
    "language": ("language", "idioma", "lingua", "lang"),
    "follow": ("follow", "seguir"),
    "unfollow": ("unfollow", "parar", "dejar"),
    "privacy": ("privacy", "privacidade", "privacidad"),
    "show": ("show", "mostrar", "ver"),
    "export": ("export", "exportar"),
    "erase": ("erase", "apagar", "borrar"),
}
NAMES = {word: name for name, words in WORDS.items() for word in words}
BARE = {"help", "status", "language", "privacy"}
# The word of each language for what the menu offers, in the order of `LANGUAGES`.
MENU: dict[str, tuple[str, str, str]] = {
    "help": ("ajuda", "ayuda", "help"),
    "status": ("situacao", "estado", "status"),
    "language": ("idioma", "idioma", "language"),
    "follow": ("seguir", "seguir", "follow"),
    "unfollow": ("parar", "dejar", "unfollow"),
    "privacy": ("privacidade", "privacidad", "privacy"),
}


def read(text: str) -> tuple[str, str] | None:
    """The command and what follows it; `("", …)` for a slash nobody knows, None for free text."""
    head, _, rest = text.strip().partition(" ")
    if head.startswith("/"):
        return NAMES.get(fold(head[1:].partition("@")[0]), ""), rest.strip()
    name = NAMES.get(fold(head).rstrip("!?.")) if not rest else None
    return (name, "") if name in BARE else None


def menu() -> dict[str, list[tuple[str, str]]]:
    """The commands that channels register, by language: each with what it does."""
    return {
        lang: [(words[at], say(f"menu.{name}", lang)) for name, words in MENU.items()]
        for at, lang in enumerate(LANGUAGES)
    }
