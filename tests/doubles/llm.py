"""A language model behind an OpenAI-compatible address on this machine."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from service.installation import Installation
from service.settings import Settings


@dataclass
class Model:
    """A language model on this machine that says what it is told to."""

    address: str
    says: str = ""
    status: int = 200
    asked: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def model() -> Iterator[Model]:
    """The model's server, until the end of the block."""

    class Mouth(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            made.asked.append({**json.loads(self.rfile.read(length)), "path": self.path})
            body = {"choices": [{"message": {"content": made.says}}]}
            self.send_response(made.status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Mouth) as server:
        made = Model(f"http://127.0.0.1:{server.server_port}/v1")
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def with_model(here: Installation, model: Model) -> Installation:
    """The same installation with a language model set."""
    told = {"llm_url": model.address, "llm_model": "wordsmith", "llm_key": "secret"}
    settings = Settings(_env_file=None, **{**here.settings.model_dump(), **told})
    return Installation(settings, here.database, here.vault)
