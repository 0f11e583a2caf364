"""A citizen on Discord: writes to the bot, uses its commands and buttons, reads what it sends."""

import itertools
from typing import Any

from tests.doubles.discord import Discord
from tests.doubles.discord_shapes import BOT, HALL, mention

PATIENCE = 60.0
EPHEMERAL = 1 << 6
LOCALES = {"pt": "pt-BR", "es": "es-419", "en": "en-GB"}
PHOTO = {"id": "1", "filename": "rua.jpg", "size": 1200, "content_type": "image/jpeg"}
VOICE = {"id": "1", "filename": "voice-message.ogg", "size": 2812, "content_type": "audio/ogg"}

people = itertools.count(410_000_000_000_000_017)


class DiscordCitizen:
    """One person with a Discord client in one language. `say`, `use`, `press` and the like give
    what the bot answered; several messages are joined by a blank line.
    """

    def __init__(self, platform: Discord, lang: str = "pt") -> None:
        self._platform, self.id, self._locale = platform, str(next(people)), LOCALES[lang]
        self._read = 0
        self._last: dict[str, Any] = {}

    async def say(self, text: str, **more: Any) -> str:
        """Write in private."""
        await self.post(text, **more)
        return await self.waits()

    async def post(self, text: str, **more: Any) -> dict[str, Any]:
        """Write in private, without waiting for what comes back."""
        self._last = await self._platform.say(self.id, text, **more)
        return self._last

    async def call(self, text: str) -> dict[str, Any]:
        """Call the bot by name in a server."""
        self._last = await self._platform.say(self.id, f"<@{BOT}> {text}", HALL, mentions=mention())
        return self._last

    async def edit(self, text: str) -> str:
        """Change what was written last."""
        await self._platform.edit(self._last, text)
        return await self.waits()

    async def delete(self) -> str:
        """Take back what was written last."""
        gone = {key: self._last[key] for key in ("id", "channel_id")}
        self._platform.messages[gone["channel_id"]].remove(self._last)
        await self._platform.tell("MESSAGE_DELETE", gone)
        return await self.waits()

    async def use(self, name: str, rest: str = "", *, guild: bool = False) -> str:
        """Use a slash command, in private or in a server."""
        await self._platform.command(self.id, name, rest, guild=guild, locale=self._locale)
        return await self.waits()

    async def press(self, label: str, *, guild: bool = False) -> str:
        """Press a button under the newest message that has it."""
        for shown in reversed(self.heard):
            for row in shown["components"]:
                for one in row["components"]:
                    if one["label"] == label:
                        return await self._press(shown, one["custom_id"], guild=guild)
        raise AssertionError(f"there is no button {label!r}")

    async def _press(self, shown: dict[str, Any], action: str, *, guild: bool) -> str:
        await self._platform.press(self.id, shown, action, guild=guild, locale=self._locale)
        return await self.waits()

    @property
    def heard(self) -> list[dict[str, Any]]:
        """Everything the bot has shown to this person and to nobody else."""
        return self._platform.read[self.id]

    async def waits(self) -> str:
        """What comes without having said anything."""
        await self._platform.until(lambda: len(self.heard) > self._read, PATIENCE)
        fresh, self._read = self.heard[self._read :], len(self.heard)
        return "\n\n".join(one["content"] for one in fresh)
