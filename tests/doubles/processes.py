"""The product's commands as processes beside a double: the double goes on answering meanwhile."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.doubles.telegram import TOKEN, Telegram
from tests.processes import BIN, environment

PATIENCE = 60.0


def on_telegram(folder: Path, port: int, telegram: Telegram, **more: str) -> dict[str, str]:
    """The environment of an installation on Telegram."""
    return environment(
        folder, port,
        GABINETE_CHANNELS="web,telegram",
        GABINETE_TELEGRAM_TOKEN=TOKEN,
        GABINETE_TELEGRAM_API_URL=telegram.url,
        **more,
    )  # fmt: skip


@asynccontextmanager
async def running(
    command: Sequence[str], env: dict[str, str], log: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command until the end of the block; then SIGTERM, which it must obey."""
    with log.open("ab") as out:
        child = await asyncio.create_subprocess_exec(
            str(BIN / command[0]), *command[1:], env=env, stdout=out, stderr=out, cwd=log.parent
        )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)
        await asyncio.wait_for(child.wait(), PATIENCE)


async def kill(child: asyncio.subprocess.Process) -> None:
    """As a power cut would."""
    child.send_signal(signal.SIGKILL)
    await child.wait()
