"""How often something is taken from one account or browser, as this process remembers it."""

from weakref import WeakKeyDictionary

from service.conversations.hearing import Heard
from service.conversations.room import Room
from service.database import Database
from service.limiting import Limit, Limiter

_limiters: WeakKeyDictionary[Database, Limiter] = WeakKeyDictionary()


def limiter(room: Room) -> Limiter:
    """Counts what is done in this installation."""
    made = Limiter()
    return _limiters.setdefault(room.here.database, made)


def spent(room: Room, limit: Limit, *key: str) -> bool:
    """Count one more; gives whether that is too many."""
    return not limiter(room).hit(limit, *key)


def source(one: Heard) -> str:
    """Whose act it is: a browser makes up as many accounts as it likes, an app does not."""
    return "\n".join(one.inbound.device) or "\n".join(one.who or ())
