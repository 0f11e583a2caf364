"""A citizen on Telegram: says things to the bot, presses its buttons, reads what it sends."""

import itertools
import time
from typing import Any

from tests.doubles.telegram import ME, Raw, Telegram

PATIENCE = 60.0
GROUP = -1009000000001
FILE = {"file_id": "F1", "file_unique_id": "U1"}
PHOTO = [{**FILE, "file_size": 1200, "width": 90, "height": 67}]
VOICE = {**FILE, "duration": 7, "mime_type": "audio/ogg", "file_size": 28123}

numbers = itertools.count(300)
people = itertools.count(50_001)


class TelegramCitizen:
    """One person with a Telegram client in one language."""

    def __init__(self, telegram: Telegram, lang: str = "pt") -> None:
        self._telegram, self.id, self._lang = telegram, next(people), lang
        self._read = 0
        self._last: Raw = {}

    async def say(self, text: str, **more: Any) -> str:
        """Say something in private and read the answer."""
        self.post(text, **more)
        return await self.waits()

    def post(self, text: str = "", **more: Any) -> Raw:
        """Say something in private, without waiting for what comes back."""
        said: Raw = {"text": text} if text else {}
        if text.startswith("/"):
            length = len(text.split()[0])
            said["entities"] = [{"offset": 0, "length": length, "type": "bot_command"}]
        return self._send("message", {**self._message(), **said, **more})

    async def edit(self, text: str) -> str:
        """Edit what was said last and read the answer."""
        (said,) = (self._last[kind] for kind in ("message", "edited_message") if kind in self._last)
        at = max(int(time.time()), said.get("edit_date", 0)) + 1
        changed = {**said, "text": text, "edit_date": at}
        self._send("edited_message", changed)
        return await self.waits()

    def mention(self, text: str) -> Raw:
        """Say something to the bot in a group."""
        name = f"@{ME['username']}"
        chat = {"id": GROUP, "title": "Rua das Flores", "type": "supergroup"}
        entities = [{"offset": 0, "length": len(name), "type": "mention"}]
        message = {**self._message(), "chat": chat, "text": f"{name} {text}", "entities": entities}
        return self._send("message", message)

    async def press(self, label: str) -> str:
        """Press a button under the newest message that has it and read the answer."""
        return await self.press_action(self.button(label)["callback_data"])

    async def press_action(self, action: str) -> str:
        """Send a button's action, offered or not, and read the answer."""
        message = {**self._message(), "from": ME, "text": "…"}
        query = {
            "id": f"{self.id}{next(numbers)}",
            "from": self._user(),
            "message": message,
            "chat_instance": "-31",
            "data": action,
        }
        self._send("callback_query", query)
        return await self.waits()

    def button(self, label: str) -> Raw:
        """A button under the newest message that has it."""
        for said in reversed(self.heard()):
            for row in said.get("reply_markup", {}).get("inline_keyboard", []):
                for button in row:
                    if button["text"] == label:
                        return dict(button)
        raise AssertionError(f"there is no button {label!r}")

    def heard(self) -> list[Raw]:
        """Everything the bot has sent to this person."""
        return [c.said for c in self._telegram.sent if str(c.said["chat_id"]) == str(self.id)]

    async def waits(self, least: int = 1) -> str:
        """What comes, once so many messages are there; they are joined by a blank line."""
        await self._telegram.until(lambda: len(self.heard()) >= self._read + least, PATIENCE)
        fresh, self._read = self.heard()[self._read :], len(self.heard())
        return "\n\n".join(said.get("text") or said.get("caption", "") for said in fresh)

    def again(self) -> None:
        """Telegram repeats the last update."""
        self._telegram.feed(self._last, repeat=True)

    def _send(self, kind: str, content: Raw) -> Raw:
        self._last = self._telegram.feed({kind: content})
        return self._last

    def _message(self) -> Raw:
        return {
            "message_id": next(numbers),
            "from": self._user(),
            "chat": {"id": self.id, "first_name": "Ana", "type": "private"},
            "date": int(time.time()),
        }

    def _user(self) -> Raw:
        return {
            "id": self.id, "is_bot": False, "first_name": "Ana", "language_code": self._lang,
        }  # fmt: skip
