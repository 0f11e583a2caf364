"""`gabinete chat`: a conversation in this terminal, with a worker inside."""

import asyncio
import contextlib
import getpass
import sys
from importlib import import_module
from typing import Any

from service.channels.bell import Bell
from service.channels.inbox import Intake
from service.conversations.reception import Reception
from service.installation import Installation
from service.retrieval.keeper import Keeper
from service.worker import INBOX, Worker


async def chat(here: Installation, name: str) -> None:
    """Talk until end of input. Ctrl-D ends it."""
    keeper, bell = Keeper(here.settings, here.database, searching_only=True), Bell()
    terminal: Any = import_module("bots.terminal.channel").TerminalChannel(
        _show, conversation=name or getpass.getuser()
    )
    intake = Intake(here.database, here.vault, here.settings, lambda: bell.ring([INBOX]))
    await terminal.start(Reception(here, intake, bell))
    sys.stdout.write("…\n")
    worker = Worker(here, await keeper.open(), bell, {"terminal": terminal}, mend=keeper.mend)
    working = asyncio.create_task(worker.run())
    sys.stdout.write(f"{here.settings.government}: escreva, escriba, write. Ctrl-D.\n")
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip():
                await terminal.say(line.strip())
        await _settle(here, worker)
    finally:
        worker.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        await keeper.close()


async def _settle(here: Installation, worker: Worker) -> None:
    """At the end of piped input, let what was said be answered before leaving."""
    while await worker.understand() or await worker.deliver():
        pass


def _show(text: str) -> None:
    sys.stdout.write(f"\n{text}\n\n")
    sys.stdout.flush()
