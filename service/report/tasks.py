"""Pack the days that have settled, so that reports read them at once."""

from service.database import now
from service.installation import Installation
from service.messages.days import actions, queries
from service.report import heard
from service.report.queries import said

MOST = 100


async def pack(here: Installation, *, most: int = MOST) -> int:
    """Pack settled days that are not packed, or have changed since; gives how many.

    What had changed is read first: a change that is not committed yet is noted after it, and the
    day is packed once more.
    """
    async with here.database.read() as session:
        days = await queries.unpacked(session, queries.settled_before(now()))
    for day in days[:most]:
        async with here.database.write() as session:
            seen = await queries.changes(session, day)
            packed = heard.pack(await said(session, day, day))
            await actions.keep(session, day, packed, seen)
    return len(days[:most])
