"""What `docker/` describes, started as processes: PostgreSQL and Chroma included."""

import time
import uuid
from pathlib import Path

import httpx2
import pytest

from tests import processes

pytestmark = pytest.mark.processes

SAID = "falta água na minha rua"


def _converse(url: str) -> str:
    """Say something and wait for the reply."""
    with httpx2.Client(base_url=url, timeout=10) as client:
        token = client.post("/chat/v1/conversations").json()["token"]
        headers = {"authorization": f"Bearer {token}"}
        message = {"id": uuid.uuid4().hex, "text": SAID}
        assert client.post("/chat/v1/messages", json=message, headers=headers).status_code == 202
        end = time.monotonic() + processes.PATIENCE
        while time.monotonic() < end:
            lines = client.get("/chat/v1/messages", headers=headers).json()["messages"]
            told = [line["text"] for line in lines if line["direction"] == "out"]
            if told:
                return str(told[0])
            time.sleep(0.1)
    raise AssertionError("no reply came")


def test_the_embedded_profile_answers_and_stops_cleanly(tmp_path: Path) -> None:
    port, log = processes.free_port(), tmp_path / "log"
    env = processes.environment(tmp_path, port)
    url = f"http://127.0.0.1:{port}"
    with processes.running(["gabinete", "run"], env, log) as child:
        processes.answers(f"{url}/healthz", child, log)
        assert "Recebemos" in _converse(url)
    assert child.returncode in (0, -15, 143), log.read_text()
    assert not (tmp_path / "index" / "dirty").exists(), "the index was not closed cleanly"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_server_profile_answers_from_separate_processes(
    database_url: str, tmp_path: Path
) -> None:
    port, vectors = processes.free_port(), processes.free_port()
    env = processes.environment(
        tmp_path,
        port,
        GABINETE_DATABASE_URL=database_url.replace("+psycopg", ""),
        GABINETE_CHROMA_URL=f"http://127.0.0.1:{vectors}",
        GABINETE_KEY="11" * 32,
        ANONYMIZED_TELEMETRY="False",
    )
    chroma = ["chroma", "run", "--host", "127.0.0.1", "--port", str(vectors), "--path", "chroma"]
    logs = [tmp_path / name for name in ("chroma.log", "web.log", "worker.log")]
    url = f"http://127.0.0.1:{port}"
    with processes.running(chroma, env, logs[0]) as store:
        processes.answers(f"http://127.0.0.1:{vectors}/api/v2/heartbeat", store, logs[0])
        with (
            processes.running(["gabinete", "web"], env, logs[1]) as web,
            processes.running(["gabinete", "worker"], env, logs[2]) as worker,
        ):
            processes.answers(f"{url}/healthz", web, logs[1])
            assert "Recebemos" in _converse(url)
            assert worker.poll() is None, logs[2].read_text()
