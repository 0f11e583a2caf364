"""The slash commands, as they are registered with Discord."""

from collections.abc import Sequence
from typing import Any

from bots.discord.parsing import MATTER
from service.channels.contract import ChannelConfig

LOCALES = {"pt": ("pt-BR",), "es": ("es-ES", "es-419"), "en": ("en-GB",)}
BASE = "en"
LONGEST = 100
STRING = 3
EVERYWHERE = {"integration_types": [0, 1], "contexts": [0, 1, 2]}


def commands(config: ChannelConfig) -> list[dict[str, Any]]:
    """Every command with its names and descriptions by language; the English ones are the base."""
    menu = config.menu
    base = menu.get(BASE) or next(iter(menu.values()), ())
    made = [_start(config), _matter(config)]
    taken = {one["name"] for one in made}
    for at, (name, described) in enumerate(base):
        if name not in taken:
            named = {lang: rows[at] for lang, rows in menu.items() if at < len(rows)}
            made.append(_command(config, name, described, named))
    return made


def _command(
    config: ChannelConfig, name: str, described: str, named: dict[str, tuple[str, str]]
) -> dict[str, Any]:
    names = {lang: row[0] for lang, row in named.items() if row[0] != name}
    about = {lang: row[1] for lang, row in named.items() if row[1] != described}
    return {
        **_basis(name, described, about),
        "name_localizations": _by_locale(names),
        "options": [_option(config, "text", "discord.rest", required=False)],
    }


def _start(config: ChannelConfig) -> dict[str, Any]:
    return {
        **_basis("start", *_phrases(config, "discord.start")),
        "options": [_option(config, "code", "discord.code", required=False)],
    }


def _matter(config: ChannelConfig) -> dict[str, Any]:
    return {
        **_basis(MATTER, *_phrases(config, "discord.matter")),
        "options": [_option(config, "text", "discord.words", required=True)],
    }


def _basis(name: str, described: str, about: dict[str, str]) -> dict[str, Any]:
    return {
        "type": 1,
        "name": name,
        "description": described[:LONGEST],
        "description_localizations": _by_locale(about),
        **EVERYWHERE,
    }


def _option(config: ChannelConfig, name: str, key: str, *, required: bool) -> dict[str, Any]:
    described, about = _phrases(config, key)
    return {
        "type": STRING,
        "name": name,
        "description": described[:LONGEST],
        "description_localizations": _by_locale(about),
        "required": required,
    }


def _phrases(config: ChannelConfig, key: str) -> tuple[str, dict[str, str]]:
    base = config.say(key, BASE)
    others: Sequence[str] = [lang for lang in LOCALES if lang != BASE]
    return base, {lang: config.say(key, lang) for lang in others}


def _by_locale(texts: dict[str, str]) -> dict[str, str]:
    return {
        locale: text[:LONGEST] for lang, text in texts.items() for locale in LOCALES.get(lang, ())
    }
