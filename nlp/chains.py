"""Programs that feed each other and stay open, fed with texts that end with a null byte."""

import os
import select
import subprocess
import time
from collections.abc import Sequence
from typing import IO, cast


class Stuck(Exception):
    """A chain ended, or did not answer in time."""


class Chain:
    """Programs that feed each other, kept open."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._children: list[subprocess.Popen[bytes]] = []
        source: int | IO[bytes] = subprocess.PIPE
        try:
            for command in commands:
                child = _start(command, source)
                if self._children:
                    cast(IO[bytes], source).close()
                self._children.append(child)
                source = cast(IO[bytes], child.stdout)
        except OSError:
            self.stop()
            raise
        self._into = cast(IO[bytes], self._children[0].stdin)
        self._out = cast(IO[bytes], self._children[-1].stdout)
        for pipe in (self._into, self._out):
            os.set_blocking(pipe.fileno(), False)

    @property
    def pids(self) -> list[int]:
        """The processes, in the order of the programs."""
        return [child.pid for child in self._children]

    def pass_on(self, texts: Sequence[bytes], limit: float) -> list[bytes]:
        """Send texts through, at most `limit` seconds. Raises `Stuck`."""
        waiting, came = memoryview(b"".join(text + b"\0" for text in texts)), bytearray()
        until, missing = time.monotonic() + limit, len(texts)
        while missing:
            writing = [self._into] if waiting else []
            left = until - time.monotonic()
            readable, writable, _ = select.select([self._out], writing, [], max(left, 0.0))
            if not readable and not writable:
                raise Stuck
            if writable:
                waiting = waiting[os.write(self._into.fileno(), waiting[:32768]) :]
            if readable:
                part = os.read(self._out.fileno(), 65536)
                if not part:
                    raise Stuck
                came += part
                missing -= part.count(b"\0")
        return bytes(came).split(b"\0")[: len(texts)]

    def stop(self) -> None:
        """End the children."""
        for child in self._children:
            child.kill()
        for child in self._children:
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None and not pipe.closed:
                    _shut(pipe)


def _start(command: Sequence[str], source: int | IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 (programs of the installed translator, no shell)
        command,
        stdin=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    )


def _shut(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        return
