"""Read a file in a child process that cannot hurt the service, whatever the file does."""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Any

import service
from service.errors import GabineteError
from service.knowledge.documents import ReadDocument, ReadFile, Rejected

PATIENCE = 60.0
GRACE = 0.5
LARGEST = 50_000_000
LARGEST_OUTPUT = 64_000_000
PIECE = 1 << 16
ROOT = Path(service.__file__).parent.parent


class UnreadableDocument(GabineteError):
    """The file is of no known kind, broken, empty, or too much; the message says which."""

    code = "unreadable_document"


async def read_bounded(data: bytes, name: str, *, patience: float = PATIENCE) -> ReadFile:
    """The documents of a file, parsed by its name's ending. `patience` in seconds of wall time.

    The child gets 1 GB of memory, 30 s of computing, and neither our environment nor our open
    files. Raises `UnreadableDocument`.
    """
    if len(data) > LARGEST:
        raise UnreadableDocument(
            f"{name} is too large: at most {LARGEST // 1_000_000} MB are read."
        )
    child = await _start(name)
    try:
        said = await asyncio.wait_for(_converse(child, data), patience)
    except TimeoutError as error:
        raise UnreadableDocument(f"Reading {name} took too long; it was given up.") from error
    finally:
        await _end(child)
    return _understood(said, name)


async def _start(name: str) -> Process:
    """Without our environment: no key, no address of a database reaches the child."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-B", "-m", "service.knowledge.parsing", name,
        stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd="/",
        env={"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
    )  # fmt: skip


async def _converse(child: Process, data: bytes) -> bytes:
    into, out = child.stdin, child.stdout
    if into is None or out is None:
        return b""
    feeding = asyncio.create_task(_feed(into, data))
    try:
        said = bytearray()
        while piece := await out.read(PIECE):
            said += piece
            if len(said) > LARGEST_OUTPUT:
                return b""
        return bytes(said)
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)


async def _feed(into: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        into.write(data)
        await into.drain()
        into.close()


async def _end(child: Process) -> None:
    """Kill it if it does not end by itself; a cancelled upload leaves no child behind."""
    try:
        await asyncio.wait_for(child.wait(), GRACE)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def _understood(said: bytes, name: str) -> ReadFile:
    try:
        told: dict[str, Any] = json.loads(said)
    except ValueError as error:
        raise UnreadableDocument(
            f"{name} could not be read: it takes more memory or time than a document may."
        ) from error
    if "error" in told:
        raise UnreadableDocument(f"{name} {told['error']}")
    documents = [
        ReadDocument(
            **{**one, "passages": tuple((heading, text) for heading, text in one["passages"])}
        )
        for one in told["documents"]
    ]
    return ReadFile(tuple(documents), tuple(Rejected(**one) for one in told["rejected"]))
