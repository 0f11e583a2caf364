"""The base of every error a reader may meet: a code, a status and a sentence."""

from nlp.errors import Unusable


class GabineteError(Exception):
    """An expected refusal. Subclasses set `code` and `status`; the message is the reader's."""

    code = "refused"
    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(GabineteError):
    """What was asked for is not there, or not for this reader."""

    code = "not_found"
    status = 404


class Forbidden(GabineteError):
    """The reader is known but may not do this."""

    code = "forbidden"
    status = 403


class Conflict(GabineteError):
    """The thing is in a state that does not allow this."""

    code = "conflict"
    status = 409


class SetupError(GabineteError):
    """The installation is not set up so that it could work; the message says what to mend."""

    code = "setup"
    status = 500


# What is told by its message alone; of anything else the traceback is wanted.
TOLD = (GabineteError, Unusable)
