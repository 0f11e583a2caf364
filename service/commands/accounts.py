"""Add members of staff and tokens from the command line."""

from collections.abc import Sequence

from service.departments import queries as bodies
from service.departments.actions import UnknownDepartment
from service.installation import Installation
from service.staff import actions, queries
from service.staff.actions import UnknownStaff

ACTOR = "command line"


async def add(
    here: Installation, email: str, name: str, roles: Sequence[str], departments: Sequence[str]
) -> str:
    """Add a member of staff; gives the address of a one-time log-in. Raises `UnknownDepartment`."""
    async with here.database.write() as session:
        there_are = await bodies.by_keys(session)
        for key in departments:
            if key not in there_are:
                known = ", ".join(there_are) or "none yet"
                raise UnknownDepartment(f"There is no department {key}; there are: {known}.")
        row = await actions.add(
            session, email=email, name=name, roles=roles, departments=departments, actor=ACTOR
        )
        return link(here, await actions.issue_link(session, row.id))


def link(here: Installation, secret: str) -> str:
    """The address of a one-time log-in."""
    return f"{here.settings.url}/login/once/{secret}"


async def token(here: Installation, email: str, name: str) -> str:
    """Issue a token for a member of staff. Raises `UnknownStaff`."""
    async with here.database.write() as session:
        row = await queries.by_email(session, email)
        if row is None:
            raise UnknownStaff(f"There is nobody with the e-mail {email}: see `gabinete user add`.")
        _, secret = await actions.issue_token(session, row.id, name)
        return secret
