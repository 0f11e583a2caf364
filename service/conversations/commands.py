"""The few words that are commands, with or without a slash, in each language."""

import re

from nlp.text import fold, words
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
    "consultation": ("consultation", "consulta", "consultas"),
    "round": ("round", "rodada", "ronda"),
    "vote": ("vote", "votar", "voto"),
    "link": ("link", "vincular"),
    "results": ("results", "resultados", "resultado"),
    "person": ("person", "pessoa", "persona", "atendente", "humano"),
}
NAMES = {word: name for name, forms in WORDS.items() for word in forms}
BARE = {
    "help",
    "status",
    "language",
    "privacy",
    "person",
    "consultation",
    "round",
    "vote",
    "results",
}
CODE = re.compile(r"^(?:[0-9A-Za-z]{4}[- ]){2}[0-9A-Za-z]{4}$")

# Whole sentences that mean a command, as people say them.
SAYINGS: dict[tuple[str, str], tuple[str, ...]] = {
    ("status", ""): (
        "e aí", "e aí?", "alguma novidade", "tem novidade", "novidades", "e o meu pedido",
        "quando vão resolver", "e aí, quando vão resolver", "como está meu pedido",
        "hay novedades", "alguna novedad", "y mi pedido", "cuándo lo van a resolver",
        "any news", "any update", "any updates", "what about my request", "where is my answer",
        "cadê minha resposta", "onde está minha resposta", "dónde está mi respuesta",
    ),
    ("person", ""): (
        "quero falar com uma pessoa", "falar com uma pessoa", "quero falar com um atendente",
        "falar com atendente", "quero um atendente", "quiero hablar con una persona",
        "hablar con una persona", "quiero hablar con alguien", "i want to talk to a person",
        "talk to a person", "speak to a human", "talk to a human", "i want to speak to someone",
        "posso falar com uma pessoa", "quero falar com alguém", "puedo hablar con una persona",
        "puedo hablar con alguien", "can i talk to a person", "can i speak to a person",
        "can i talk to someone", "can i speak to someone",
    ),
    ("erase", ""): (
        "quero apagar meus dados", "apague meus dados", "apagar meus dados", "quero apagar tudo",
        "quiero borrar mis datos", "borre mis datos", "borrar mis datos",
        "apaga isso", "apague isso", "apagar isso", "borra esto", "borre esto", "borrar esto",
        "delete this", "erase this", "erase my data", "delete my data", "i want to erase my data",
        "i want to delete my data",
    ),
    ("show", ""): (
        "quero ver meus dados", "ver meus dados", "mostrar meus dados", "mostre meus dados",
        "quais dados vocês têm de mim", "que dados vocês têm de mim",
        "quero saber quais dados vocês têm de mim", "o que vocês sabem de mim",
        "quiero ver mis datos", "ver mis datos", "mostrar mis datos", "muestre mis datos",
        "qué datos tienen de mí", "quiero saber qué datos tienen de mí", "qué saben de mí",
        "show my data", "see my data", "i want to see my data", "what data do you have about me",
        "what data do you have on me", "what do you know about me",
    ),
    ("export", ""): (
        "quero levar meus dados", "levar meus dados", "exportar meus dados", "baixar meus dados",
        "quiero llevarme mis datos", "llevarme mis datos", "exportar mis datos",
        "descargar mis datos", "export my data", "download my data", "i want to export my data",
    ),
    ("privacy", ""): (
        "meus dados", "mis datos", "my data", "é anônimo", "isso é anônimo", "aqui é anônimo",
        "é sigiloso", "isso é sigiloso", "vocês sabem quem eu sou", "meu nome aparece",
        "quem lê isso", "quem vê isso", "quem vai ler isso", "es anónimo", "esto es anónimo",
        "es confidencial", "esto es confidencial", "saben quién soy", "quién lee esto",
        "quién ve esto", "is this anonymous", "is it anonymous", "is this confidential",
        "do you know who i am", "who reads this", "who sees this",
    ),
    ("language", "en"): ("english", "english please", "in english", "in english please",
                         "mude para inglês", "em inglês", "en inglés"),
    ("language", "es"): ("español", "en español", "em espanhol", "mude para espanhol",
                         "in spanish", "en español por favor"),
    ("language", "pt"): ("português", "em português", "in portuguese", "en portugués",
                         "em português por favor"),
}  # fmt: skip
POLITE = re.compile(r"^(?:please|por favor) | (?:please|por favor)$")
WISHES = {" ".join(words(said)): wish for wish, sayings in SAYINGS.items() for said in sayings}
# The word of each language for what the menu offers, in the order of `LANGUAGES`.
MENU: dict[str, tuple[str, str, str]] = {
    "help": ("ajuda", "ayuda", "help"),
    "status": ("situacao", "estado", "status"),
    "consultation": ("consulta", "consulta", "consultation"),
    "vote": ("votar", "votar", "vote"),
    "results": ("resultados", "resultados", "results"),
    "language": ("idioma", "idioma", "language"),
    "follow": ("seguir", "seguir", "follow"),
    "unfollow": ("parar", "dejar", "unfollow"),
    "privacy": ("privacidade", "privacidad", "privacy"),
    "round": ("rodada", "ronda", "round"),
    "link": ("vincular", "vincular", "link"),
}


def read(text: str) -> tuple[str, str] | None:
    """The command and what follows it; `("", …)` for a slash nobody knows, None for free text."""
    head, _, rest = text.strip().partition(" ")
    if head.startswith("/"):
        return NAMES.get(fold(head[1:].partition("@")[0]), ""), rest.strip()
    if CODE.match(text.strip()):
        return "status", text.strip()
    if wish := WISHES.get(POLITE.sub("", " ".join(words(text)))):
        return wish
    name = NAMES.get(fold(head).rstrip("!?.")) if not rest else None
    return (name, "") if name in BARE else None


def menu() -> dict[str, list[tuple[str, str]]]:
    """The commands that channels register, by language: each with what it does."""
    return {
        lang: [(words[at], say(f"menu.{name}", lang)) for name, words in MENU.items()]
        for at, lang in enumerate(LANGUAGES)
    }
