"""SIGTERM ends the service soon, however many pages are open."""

import signal
from pathlib import Path

import httpx2
import pytest

from tests import processes

pytestmark = pytest.mark.processes


def test_an_open_chat_does_not_hold_the_service_up(tmp_path: Path) -> None:
    """uvicorn waits ten seconds for open connections before it cuts them."""
    port, log = processes.free_port(), tmp_path / "log"
    base = f"http://127.0.0.1:{port}"
    env = processes.environment(tmp_path, port, GABINETE_CHANNELS="web")
    with processes.running(["gabinete", "run"], env, log) as child:
        processes.answers(f"{base}/login", child, log)
        with httpx2.Client(base_url=base, timeout=processes.PATIENCE) as browser:
            token = browser.post("/chat/v1/conversations").json()["token"]
            headers = {"authorization": f"Bearer {token}"}
            with browser.stream("GET", "/chat/v1/stream", headers=headers) as stream:
                lines = stream.iter_lines()
                assert next(lines) == ": hello"
                child.send_signal(signal.SIGTERM)
                assert list(lines) == [""], "the stream ends, it is not cut"
                assert child.wait(timeout=processes.PATIENCE) == 0
    assert "graceful" not in log.read_text()
