"""Who is asking, and whether they may: by cookie in a browser, by bearer token for programs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Request

from service.errors import Forbidden, GabineteError
from service.shell.requests import Here, Reading
from service.staff import queries
from service.staff.models import Staff

Role = Literal["official", "moderator", "comms", "admin", "auditor"]
ROLES: tuple[Role, ...] = ("official", "moderator", "comms", "admin", "auditor")
EVERYWHERE = ("admin", "comms", "moderator", "auditor")
TRIAGE = ("admin", "moderator", "official", "comms", "auditor")


class NotLoggedIn(GabineteError):
    """Nobody is logged in, or the token is not valid any more."""

    code = "not_logged_in"
    status = 401


@dataclass(frozen=True)
class Staffer:
    """The member of staff who is asking."""

    id: int
    name: str
    email: str
    roles: frozenset[str]
    departments: frozenset[str]
    lang: str

    @property
    def actor(self) -> str:
        """How the trail names them."""
        return f"staff:{self.id}"

    def may(self, *roles: str) -> bool:
        """Whether they have one of these roles; an admin has all."""
        return "admin" in self.roles or bool(self.roles & set(roles))

    def sees(self, department_key: str | None) -> bool:
        """Whether a department's issues (None: the triage desk's) are theirs to see."""
        if self.roles & set(EVERYWHERE):
            return True
        return department_key is None or department_key in self.departments


def staffer(row: Staff) -> Staffer:
    """A row as who is asking."""
    return Staffer(
        row.id, row.name, row.email, frozenset(row.roles), frozenset(row.departments), row.lang
    )


def cookie_name(url: str) -> str:
    """The session cookie's name; over https it is bound to the host."""
    return "__Host-gabinete" if url.startswith("https://") else "gabinete"


async def find(request: Request, here: Here, session: Reading) -> Staffer | None:
    """Who is asking, or None."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        row = await queries.by_token(session, value.strip())
    else:
        cookie = request.cookies.get(cookie_name(here.settings.url))
        row = await queries.by_cookie(session, cookie) if cookie else None
    found = staffer(row) if row is not None else None
    request.state.asker = found  # so that an error's page knows whose it is
    return found


Perhaps = Annotated[Staffer | None, Depends(find, scope="function")]


async def asking(perhaps: Perhaps) -> Staffer:
    """Who is asking. Raises `NotLoggedIn`."""
    if perhaps is None:
        raise NotLoggedIn("Log in, or send a token as `Authorization: Bearer …`.")
    return perhaps


Asker = Annotated[Staffer, Depends(asking, scope="function")]


def require(*roles: Role) -> Callable[[Staffer], Awaitable[Staffer]]:
    """A dependency that lets only these roles (and admins) through."""

    async def allowed(asker: Asker) -> Staffer:
        if not asker.may(*roles):
            raise Forbidden(f"This needs the role {' or '.join(roles)}.")
        return asker

    return allowed
