"""The few words that are commands, with or without a slash, in each language."""

from nlp.text import fold

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


def read(text: str) -> tuple[str, str] | None:
    """The command and what follows it; `("", …)` for a slash nobody knows, None for free text."""
    head, _, rest = text.strip().partition(" ")
    if head.startswith("/"):
        return NAMES.get(fold(head[1:].partition("@")[0]), ""), rest.strip()
    name = NAMES.get(fold(head).rstrip("!?.")) if not rest else None
    return (name, "") if name in BARE else None
