"""A citizen in the web chat: says things, presses buttons, reads what comes back."""

import asyncio
import uuid
from typing import Any

from httpx2 import AsyncClient

PATIENCE = 60.0
LOOK = 0.05


class Citizen:
    """One conversation over HTTP. `say` and `press` give what the bot answered to it."""

    def __init__(self, client: AsyncClient, lang: str = "pt") -> None:
        self._client, self._lang = client, lang
        self._token = ""
        self._read = 0

    async def say(self, text: str) -> str:
        """Say something and read the answer; several messages are joined by a blank line."""
        return await self._exchange({"text": text})

    async def press(self, label: str) -> str:
        """Press a button of the newest message that has it."""
        for line in reversed(await self.heard()):
            for button in line["buttons"]:
                if button["label"] == label:
                    return await self._exchange({"action": button["action"]})
        raise AssertionError(f"there is no button {label!r}")

    async def forge(self, action: str) -> str:
        """Press a button that nobody offered."""
        return await self._exchange({"action": action})

    async def post(self, body: dict[str, str]) -> None:
        """Send something, without waiting for what comes back."""
        message = {"id": uuid.uuid4().hex, "lang": self._lang, **body}
        headers = await self._headers()
        response = await self._client.post("/chat/v1/messages", json=message, headers=headers)
        assert response.status_code == 202, response.text

    async def heard(self) -> list[dict[str, Any]]:
        """Everything the bot has said."""
        response = await self._client.get("/chat/v1/messages", headers=await self._headers())
        assert response.status_code == 200, response.text
        return [line for line in response.json()["messages"] if line["direction"] == "out"]

    async def waits(self) -> str:
        """What comes without having said anything."""
        return await self._answer()

    async def _exchange(self, body: dict[str, str]) -> str:
        await self._see(await self._fresh())
        await self.post(body)
        return await self._answer()

    async def _answer(self) -> str:
        async with asyncio.timeout(PATIENCE):
            fresh: list[dict[str, Any]] = []
            while not fresh:
                await asyncio.sleep(LOOK)
                fresh = await self._fresh()
        await self._see(fresh)
        return "\n\n".join(line["text"] for line in fresh)

    async def _fresh(self) -> list[dict[str, Any]]:
        return [line for line in await self.heard() if line["id"] > self._read]

    async def _see(self, fresh: list[dict[str, Any]]) -> None:
        ids = [line["id"] for line in fresh]
        self._read = max([self._read, *ids])
        if ids:
            headers = await self._headers()
            await self._client.post("/chat/v1/seen", json={"ids": ids}, headers=headers)

    async def _headers(self) -> dict[str, str]:
        if not self._token:
            response = await self._client.post("/chat/v1/conversations")
            self._token = response.json()["token"]
        return {"authorization": f"Bearer {self._token}"}
