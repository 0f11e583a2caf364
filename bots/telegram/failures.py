"""What Telegram's refusals mean to the service: one of the closed list, without secrets."""

from collections.abc import Callable

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    TelegramError,
)

from bots.telegram.line import Busy, Unavailable
from service.channels.contract import Failure, SendError, saying

GONE = (
    "chat_id is empty",
    "group chat was deactivated",
    "group chat was deleted",
    "have no rights to send",
    "not enough rights to send",
    "chat_write_forbidden",
    "topic_deleted",
    "message thread not found",
)
# What Telegram says in several ways, in ours.
KNOWN = {
    "bot was blocked": "blocked",
    "user_is_blocked": "blocked",
    "user is deactivated": "deactivated",
    "input_user_deactivated": "deactivated",
    "chat not found": "no_chat",
    "user not found": "no_chat",
    "peer_id_invalid": "no_chat",
}
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
MALFORMED = (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError)

NAME = "Telegram"
EMPTY = saying("no_telegram")
REFUSED = saying("token_set", name=NAME, why="GABINETE_TELEGRAM_TOKEN")


def failure_of(
    error: Exception, hide: Callable[[str], str], taken: tuple[str, ...] = ()
) -> SendError:
    """The error as the delivery loop understands it; `taken` are the parts that had arrived."""
    failure, words = _meaning(error)
    after = error.after if isinstance(error, Busy) else None
    return SendError(failure, hide(words), after, taken)


def _meaning(error: Exception) -> tuple[Failure, str]:
    if isinstance(error, Busy):
        return Failure.retry, error.message
    if isinstance(error, Unavailable):
        return Failure.ambiguous if error.status == 504 else Failure.retry, error.message
    if isinstance(error, ChatMigrated):
        return Failure.recipient_gone, saying("moved")
    if isinstance(error, Forbidden):
        return Failure.recipient_gone, _known(error.message) or error.message
    if isinstance(error, InvalidToken | EndPointNotFound):
        return Failure.configuration, REFUSED
    if isinstance(error, BadRequest):
        return _refusal(error)
    if isinstance(error, Conflict):
        return Failure.configuration, error.message
    return _trouble(error)


def _refusal(error: BadRequest) -> tuple[Failure, str]:
    if known := _known(error.message):
        return Failure.recipient_gone, known
    gone = any(sign in error.message.lower() for sign in GONE)
    return Failure.recipient_gone if gone else Failure.rejected, error.message


def _known(words: str) -> str | None:
    found = next((code for sign, code in KNOWN.items() if sign in words.lower()), None)
    return saying(found, name=NAME) if found else None


def _trouble(error: Exception) -> tuple[Failure, str]:
    """Whether a request may have arrived when the network failed."""
    cause = error.__cause__
    if isinstance(cause, UNSENT):
        return Failure.retry, saying("unreachable", name=NAME, why=type(cause).__name__)
    if isinstance(cause, MALFORMED):
        return Failure.configuration, saying("malformed")
    if isinstance(cause, UnicodeError):
        return Failure.rejected, saying("unwritable")
    if isinstance(error, TelegramError):
        name = type(cause or error).__name__
        return Failure.ambiguous, saying("half", name=NAME, why=name)
    return Failure.ambiguous, saying("unreadable", name=NAME, why=type(error).__name__)
