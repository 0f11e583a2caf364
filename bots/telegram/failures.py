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
    "chat not found",
    "chat_id is empty",
    "user not found",
    "user is deactivated",
    "peer_id_invalid",
    "user_is_blocked",
    "input_user_deactivated",
    "group chat was deactivated",
    "group chat was deleted",
    "have no rights to send",
    "not enough rights to send",
    "chat_write_forbidden",
    "topic_deleted",
    "message thread not found",
)
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
MALFORMED = (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError)

NAME = "Telegram"
EMPTY = "GABINETE_TELEGRAM_TOKEN is empty: ask @BotFather for a token and set it."
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
        return Failure.recipient_gone, "the group became a supergroup with another id"
    if isinstance(error, Forbidden):
        return Failure.recipient_gone, error.message
    if isinstance(error, InvalidToken | EndPointNotFound):
        return Failure.configuration, REFUSED
    if isinstance(error, BadRequest):
        return _refusal(error)
    if isinstance(error, Conflict):
        return Failure.configuration, error.message
    return _trouble(error)


def _refusal(error: BadRequest) -> tuple[Failure, str]:
    gone = any(sign in error.message.lower() for sign in GONE)
    return Failure.recipient_gone if gone else Failure.rejected, error.message


def _trouble(error: Exception) -> tuple[Failure, str]:
    """Whether a request may have arrived when the network failed."""
    cause = error.__cause__
    if isinstance(cause, UNSENT):
        return Failure.retry, saying("unreachable", name=NAME, why=type(cause).__name__)
    if isinstance(cause, MALFORMED):
        return Failure.configuration, saying("malformed")
    if isinstance(cause, UnicodeError):
        return Failure.rejected, "the message has signs that cannot be written"
    if isinstance(error, TelegramError):
        name = type(cause or error).__name__
        return Failure.ambiguous, saying("half", name=NAME, why=name)
    return Failure.ambiguous, saying("unreadable", name=NAME, why=type(error).__name__)
