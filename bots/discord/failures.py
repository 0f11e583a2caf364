"""What went wrong between Discord and us, as the service's closed list. Quotes nobody's words."""

from collections.abc import Sequence

import aiohttp
import discord

from service.channels.contract import Failure, SendError, saying

EMPTY = saying("no_discord")
NAME = "Discord"
NO_ENTRY = 50007
GONE = {10003, 10013, 50001, NO_ENTRY, 50278}
KNOWN = {10003: "no_chat", 10013: "deactivated", NO_ENTRY: "shut", 50278: "apart"}
OPENED_TOO_FAST = 40003
REFUSED_ACCOUNT = {40001, 40333}
CLOSED_INTERACTION = {10008, 10015, 10062, 50027}
A_WHILE = 60.0


def failure_of(
    error: BaseException, *, taken: Sequence[str] = (), leaving: bool = True
) -> SendError:
    """The error in the service's words. `leaving`: whether the message itself was on its way."""
    failure, told, after = _kind(error, leaving)
    return SendError(failure, told, after, tuple(taken))


def _kind(error: BaseException, leaving: bool) -> tuple[Failure, str, float | None]:
    name = type(error).__name__
    if isinstance(error, discord.LoginFailure):
        return Failure.configuration, saying("token", name=NAME), None
    if isinstance(error, discord.RateLimited):
        return Failure.retry, saying("patience", name=NAME), error.retry_after
    if isinstance(error, discord.HTTPException):
        return _answer(error)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Failure.retry, saying("unreachable", name=NAME, why=name), None
    if isinstance(error, RuntimeError):
        return Failure.retry, saying("closed", name=NAME), None
    if leaving:
        return Failure.ambiguous, saying("lost", name=NAME, why=name), None
    return Failure.retry, saying("lost", name=NAME, why=name), None


def _answer(error: discord.HTTPException) -> tuple[Failure, str, float | None]:
    told = saying("answered", name=NAME, status=error.status, why=error.code)
    if error.status == 401 or error.code in REFUSED_ACCOUNT:
        return Failure.configuration, told, None
    if error.status == 429 or error.code == OPENED_TOO_FAST:
        return Failure.retry, told, _patience(error)
    if error.status >= 500:
        return Failure.retry, told, None
    if error.code in GONE:
        known = KNOWN.get(error.code)
        return Failure.recipient_gone, saying(known, name=NAME) if known else told, None
    return Failure.rejected, told, None


def _patience(error: discord.HTTPException) -> float:
    """What Discord wishes, or a while where it does not say."""
    try:
        return max(0.0, float(error.response.headers.get("Retry-After", A_WHILE)))
    except ValueError:
        return A_WHILE


def is_closed(error: discord.HTTPException) -> bool:
    """Whether an interaction can no longer be answered."""
    return error.status in (401, 404) or error.code in CLOSED_INTERACTION
