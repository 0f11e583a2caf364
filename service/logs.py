"""What is written to the log: where something failed and what kind of failure it was.

Never the words of an error or of a variable: they may quote a citizen, or a key.
"""

import logging
import traceback
from typing import Any, TextIO

import structlog
from sqlalchemy.exc import OperationalError


def keep(stream: TextIO) -> None:
    """Write our own log, and the warnings of libraries, to a stream."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream),
        processors=processors(),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Discreet("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def processors() -> list[Any]:
    """How a line of our own log is made; the last one writes failures down."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.set_exc_info,
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
        structlog.dev.ConsoleRenderer(exception_formatter=_write),
    ]


class Discreet(logging.Formatter):
    """The same for libraries' failures."""

    def formatException(self, ei: Any) -> str:
        """Where it failed and its kind."""
        return told(ei[1])


def _write(stream: TextIO, failed: Any) -> None:
    stream.write("\n" + told(failed[1]))


def told(error: BaseException | None) -> str:
    """An error and its causes, newest first; only the machine's own failures say more."""
    lines = []
    while error is not None:
        lines += traceback.format_tb(error.__traceback__)
        more = f": {error}" if isinstance(error, OSError | OperationalError) else ""
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}{more}\n")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "".join(lines).rstrip()
