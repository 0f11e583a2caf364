"""`gabinete chat`: a conversation in this terminal, with a worker inside."""

import asyncio
import contextlib
import getpass
import sys
from importlib import import_module
from typing import Any

from nlp.folder import IndexInUse
from service.bell import INBOX, Bell
from service.channels.inbox import Intake
from service.channels.station import Station
from service.conversations.picturing import Easel
from service.conversations.reception import Reception
from service.installation import Installation
from service.retrieval.keeper import Keeper
from service.worker import Worker

PAUSE = 2.5


async def chat(here: Installation, name: str) -> None:
    """Talk until end of input (Ctrl-D). Beside a running service, that one understands."""
    bell = Bell()
    keeper = Keeper(here.settings, here.database)
    terminal: Any = import_module("bots.terminal.channel").TerminalChannel(
        _show, conversation=name or getpass.getuser()
    )
    intake = Intake(here.database, here.vault, here.settings, lambda: bell.ring([INBOX]))
    station = Station(here.database, here.vault, terminal, bell, Easel(here).draw)
    await station.open(Reception(here, intake, bell))
    with contextlib.suppress(IndexInUse):
        keeper.reserve()
    working = asyncio.create_task(_work(here, keeper, bell) if keeper.alone else _nothing())
    sys.stdout.write(f"{here.settings.government}: escreva, escriba, write. Ctrl-D.\n")
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip():
                await terminal.say(line.strip())
        await _settle(terminal, working)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await station.close()


async def _work(here: Installation, keeper: Keeper, bell: Bell) -> None:
    """A worker until this is cancelled."""
    worker = Worker(here, await keeper.open(), bell, mend=keeper.mend, alone=keeper.alone)
    working = asyncio.create_task(worker.run())
    try:
        await asyncio.shield(working)
    finally:
        worker.stop()
        await working
        await keeper.close()


async def _nothing() -> None:
    """Another process understands."""
    await asyncio.Event().wait()


async def _settle(terminal: Any, working: "asyncio.Task[None]") -> None:
    """At the end of piped input, wait until no reply has come for a moment."""
    heard = -1
    while heard != len(terminal.transcript) and not working.done():
        heard = len(terminal.transcript)
        await asyncio.sleep(PAUSE)


def _show(text: str) -> None:
    sys.stdout.write(f"\n{text}\n\n")
    sys.stdout.flush()
