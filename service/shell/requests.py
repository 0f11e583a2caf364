"""What a request is given: the installation, and one session that is one transaction. What was
written may be work for later or a letter to send: who waits for those is woken.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from service.bell import JOBS, OUTBOX, Bell
from service.database import Session
from service.installation import Installation


# Not sync: what is sync is sent through a thread at each request.
async def installation(request: Request) -> Installation:
    """The installation that serves this request."""
    found: Installation = request.app.state.installation
    return found


Here = Annotated[Installation, Depends(installation)]


async def _read(here: Here) -> AsyncIterator[Session]:
    async with here.database.read() as session:
        yield session


async def _write(request: Request, here: Here) -> AsyncIterator[Session]:
    async with here.database.write() as session:
        yield session
    bell: Bell = request.app.state.bell
    bell.ring([JOBS, OUTBOX])


# Function scope: the commit happens before the reply, so that a failing commit is not answered
# with 200.
Reading = Annotated[Session, Depends(_read, scope="function")]
Writing = Annotated[Session, Depends(_write, scope="function")]
