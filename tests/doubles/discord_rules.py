"""What Discord refuses: the strict half of its double."""

import re
from collections.abc import Mapping
from typing import Any

NAME = re.compile(r"[-_\w]{1,32}")
LOCALES = {"pt-BR", "es-ES", "es-419", "en-GB", "en-US"}
MESSAGE = {
    "content", "nonce", "enforce_nonce", "tts", "embeds", "allowed_mentions", "message_reference",
    "components", "sticker_ids", "attachments", "flags", "poll",
}  # fmt: skip


class Refusal(Exception):
    """A request that the platform refuses, with its status and its code."""

    def __init__(self, status: int, code: int, told: str) -> None:
        super().__init__(told)
        self.status, self.code, self.told = status, code, told


def _must(right: object, told: str) -> None:
    if not right:
        raise Refusal(400, 50035, f"Invalid Form Body: {told}")


def check_message(told: Any, files: Mapping[str, bytes]) -> None:
    """Refuse what Discord would refuse of a message."""
    _must(isinstance(told, dict) and set(told) <= MESSAGE, "unknown fields")
    text = told.get("content") or ""
    _must(len(text) <= 2000, "content too long")
    if not text.strip() and not files and not told.get("embeds"):
        raise Refusal(400, 50006, "Cannot send an empty message")
    _must(len(str(told.get("nonce", ""))) <= 25, "nonce")
    _must({f"files[{one['id']}]" for one in told.get("attachments", ())} == set(files), "files")
    _must(len(files) <= 10, "too many files")
    rows = told.get("components", [])
    _must(len(rows) <= 5, "too many rows")
    actions: list[str] = []
    for row in rows:
        _must(row["type"] == 1 and 1 <= len(row["components"]) <= 5, "row")
        for one in row["components"]:
            _check_button(one)
            actions += [one["custom_id"]] if "custom_id" in one else []
    _must(len(actions) == len(set(actions)), "an action twice")


def _check_button(one: Mapping[str, Any]) -> None:
    _must(one["type"] == 2 and 1 <= len(one["label"]) <= 80, "label")
    if one["style"] == 5:
        _must(re.match(r"https?://", one.get("url", "")) and "custom_id" not in one, "url")
    else:
        _must(1 <= len(one["custom_id"]) <= 100 and "url" not in one, "custom_id")


def check_commands(told: Any) -> None:
    """Refuse what Discord would refuse of a list of commands."""
    _must(isinstance(told, list) and len(told) <= 100, "commands")
    _must(len({one["name"] for one in told}) == len(told), "a name twice")
    for one in told:
        _check_named(one)
        _must(
            set(one["integration_types"]) <= {0, 1} and set(one["contexts"]) <= {0, 1, 2}, "where"
        )
        for option in one.get("options", ()):
            _check_named(option)


def _check_named(one: Mapping[str, Any]) -> None:
    names = [one["name"], *one.get("name_localizations", {}).values()]
    _must(all(NAME.fullmatch(name) and name == name.lower() for name in names), "name")
    texts = [one["description"], *one.get("description_localizations", {}).values()]
    _must(all(1 <= len(text) <= 100 for text in texts), "description")
    for key in ("name_localizations", "description_localizations"):
        _must(set(one.get(key, {})) <= LOCALES, key)
