"""Who and what is there on the Discord of the double."""

from typing import Any

BOT, APPLICATION = "900000000000000001", "900000000000000009"
GUILD, HALL = "700000000000000001", "710000000000000001"


def person(user: str) -> dict[str, Any]:
    """Somebody, as Discord shows them."""
    return {
        "id": user, "username": f"person{user}", "discriminator": "0", "avatar": None,
        "global_name": "Alguém", "public_flags": 0,
    }  # fmt: skip


def bot() -> dict[str, Any]:
    """The bot itself."""
    return {**person(BOT), "username": "gabinete", "bot": True}


def mention() -> list[dict[str, Any]]:
    """The bot, among the mentioned."""
    return [bot()]


def application() -> dict[str, Any]:
    """The bot's application."""
    return {
        "id": APPLICATION, "name": "Gabinete", "icon": None, "description": "", "flags": 0,
        "bot_public": True, "bot_require_code_grant": False, "verify_key": "00", "owner": bot(),
        "team": None, "summary": "",
    }  # fmt: skip


def guild() -> dict[str, Any]:
    """A server in which people talk."""
    return {
        "id": GUILD, "name": "Bairro", "preferred_locale": "pt-BR", "features": ["COMMUNITY"],
        "owner_id": "1", "channels": [{"id": HALL, "type": 0, "name": "geral"}], "members": [],
        "member_count": 3, "roles": [], "emojis": [], "threads": [], "voice_states": [],
    }  # fmt: skip
