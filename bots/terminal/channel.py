"""A conversation in a terminal: lines in, lines out, buttons as numbers."""

import math
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from service.channels.contract import (
    Address,
    Button,
    Capabilities,
    ChannelConfig,
    Inbound,
    InboundKind,
    Outbound,
    Outcome,
    Sink,
    State,
    render,
    saying,
)


class TerminalChannel:
    """One conversation; `write` shows a line, `transcript` keeps (who, text) of both sides."""

    name = "terminal"
    capabilities = Capabilities(repeat_seconds=math.inf)

    def __init__(self, write: Callable[[str], None], *, conversation: str = "terminal") -> None:
        self.account = conversation
        self.address = Address(self.name, self.account, conversation)
        self.transcript: list[tuple[str, str]] = []
        self._write = write
        self._buttons: Sequence[Button] = ()
        self._sink: Sink | None = None

    async def start(self, sink: Sink) -> None:
        """Begin to listen."""
        self._sink = sink

    async def stop(self) -> None:
        """Nothing to stop."""
        self._sink = None

    async def check(self) -> str:
        """A terminal has nobody to ask."""
        return "is there"

    def health(self) -> tuple[State, str]:
        """A terminal is always there."""
        return "up", saying("here")

    async def send(self, outbound: Outbound) -> tuple[str, ...]:
        """Show a message."""
        if outbound.buttons:
            self._buttons = outbound.buttons
        self.transcript.append(("bot", outbound.text))
        for part in render(outbound, self.capabilities):
            self._write(part.text)
        for picture in outbound.pictures:
            self._write(f"[{picture.alt}]")
        return (str(outbound.id),)

    def routes(self) -> Sequence[Any]:
        """A terminal has no web routes."""
        return ()

    async def say(self, text: str) -> Outcome:
        """A line that was typed; a number presses the button of that number."""
        choices = {str(number): one.action for number, one in enumerate(self._buttons, 1)}
        if action := choices.get(text):
            return await self.press(action)
        self.transcript.append(("citizen", text))
        return await self._accept("command" if text.startswith("/") else "text", text, None)

    async def press(self, action: str) -> Outcome:
        """A button that was pressed."""
        self._buttons = ()
        self.transcript.append(("citizen", f"[{action}]"))
        return await self._accept("button", "", action)

    async def _accept(self, kind: InboundKind, text: str, payload: str | None) -> Outcome:
        assert self._sink is not None, "start() comes first"
        inbound = Inbound(
            kind=kind,
            external_id=uuid.uuid4().hex,
            address=self.address,
            sender=self.address.conversation,
            text=text,
            payload=payload,
            occurred_at=datetime.now(UTC),
        )
        (outcome,) = await self._sink.accept([inbound])
        return outcome


def make(config: ChannelConfig) -> TerminalChannel:
    """The channel, for the registry."""
    return TerminalChannel(lambda line: None, conversation=config.account)
