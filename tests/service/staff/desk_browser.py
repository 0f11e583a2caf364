"""Browsers of members of staff: logged in by a one-time link, as from the command line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from service.installation import Installation
from service.staff import actions

BROWSER = {"accept": "text/html", "accept-language": "en"}


@asynccontextmanager
async def logged_in(
    app: FastAPI, here: Installation, role: str, *departments: str, name: str = "Ana Prado"
) -> AsyncIterator[AsyncClient]:
    """The browser of a new member of staff with this role."""
    async with here.database.write() as session:
        row = await actions.add(
            session,
            email=f"{'-'.join([role, *departments])}@desk.example",
            name=name,
            roles=[role],
            departments=departments,
            lang="en",
            actor="cli",
        )
        secret = await actions.issue_link(session, row.id)
    async with blank(app) as browser:
        await browser.post(f"/login/once/{secret}")
        yield browser


@asynccontextmanager
async def blank(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A browser of its own, with no cookies yet; what fails inside is answered, not raised."""
    transport = ASGITransport(app, raise_app_exceptions=False)
    where = "http://testserver"
    async with AsyncClient(transport=transport, base_url=where, headers=BROWSER) as browser:
        yield browser
