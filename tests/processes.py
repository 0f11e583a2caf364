"""Start the product's own commands as processes, as an installation would, and stop them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

PATIENCE = 90.0
BIN = Path(sys.executable).parent


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, port: int, **more: str) -> dict[str, str]:
    """The environment of an installation in `folder` with the tiny encoder."""
    return {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(folder),
        "GABINETE_DATA_DIR": str(folder),
        "GABINETE_PORT": str(port),
        "GABINETE_EMBEDDING_MODEL": "hash",
        "GABINETE_GOVERNMENT": "Vale Claro",
        "GABINETE_MESSAGES_PER_MINUTE": "100000",
        **more,
    }


@contextmanager
def running(
    command: Sequence[str], env: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A command until the end of the block; then SIGTERM, which it must obey."""
    with log.open("ab") as out:
        child = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]], env=env, stdout=out, stderr=out, cwd=log.parent
        )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        child.wait(timeout=30)


def answers(
    url: str, child: subprocess.Popen[bytes], log: Path, patience: float = PATIENCE
) -> None:
    """Wait until a server answers. Fails with its log when it ends instead."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        assert child.poll() is None, log.read_text()
        try:
            if httpx2.get(url, timeout=2).status_code < 500:
                return
        except httpx2.HTTPError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def until(done: Callable[[], bool]) -> None:
    """Wait until something has happened."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def says(text: str, child: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a command has printed something. Fails with its log when it ends instead."""
    end = time.monotonic() + PATIENCE
    while text not in log.read_text():
        assert child.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)
