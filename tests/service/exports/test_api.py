"""Exports over HTTP: who may take them, what stands in them, and the trace they leave."""

import csv
import io
import json

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select

from service.installation import Installation
from service.staff import actions as staff
from service.trail.models import Event
from tests.journeys.citizen import Citizen

ASKED = "=1+1 quando volta a água na Rua das Flores?"


async def bearer(here: Installation, role: str) -> dict[str, str]:
    """The header of a member of staff with one role."""
    async with here.database.write() as session:
        row = await staff.add(
            session,
            email=f"{role}@porto.example",
            name=role.title(),
            roles=[role],
            departments=[],
            password=None,
            actor="cli",
        )
        _, secret = await staff.issue_token(session, row.id, "test")
    return {"authorization": f"Bearer {secret}"}


async def test_messages_come_as_lines_and_as_cells(
    client: AsyncClient, installation: Installation, app: FastAPI
) -> None:
    await Citizen(client).say(ASKED)
    comms = await bearer(installation, "comms")
    rows = await client.get("/api/v1/export/messages", headers=comms)
    assert rows.headers["content-disposition"] == 'attachment; filename="messages.jsonl"'
    (row,) = [json.loads(line) for line in rows.text.splitlines()]
    assert (row["text"], row["channel"], row["state"]) == (ASKED, "web", "received")

    cells = await client.get("/api/v1/export/messages", params={"form": "csv"}, headers=comms)
    (cell,) = list(csv.DictReader(io.StringIO(cells.text)))
    assert cell["text"] == f"'{ASKED}"
    assert cell["issue"] == str(row["issue"])


async def test_issues_are_exported_as_the_api_shows_them(
    client: AsyncClient, installation: Installation, app: FastAPI
) -> None:
    await Citizen(client).say("Quando volta a água na Rua das Flores?")
    auditor = await bearer(installation, "auditor")
    exported = await client.get("/api/v1/export/issues", headers=auditor)
    shown = await client.get("/api/v1/issues", params={"singles": True}, headers=auditor)
    ids = [json.loads(line)["id"] for line in exported.text.splitlines()]
    assert ids == [one["id"] for one in shown.json()["items"]]


async def test_taking_an_export_is_on_the_trail(
    client: AsyncClient, installation: Installation
) -> None:
    auditor = await bearer(installation, "auditor")
    await client.get("/api/v1/export/answers", headers=auditor)
    async with installation.database.read() as session:
        query = select(Event.act, Event.details).where(Event.thing == "export")
        assert (await session.execute(query)).all() == [("answers", {"form": "jsonl"})]


@pytest.mark.parametrize(
    ("role", "path", "status", "code"),
    [
        ("official", "messages", 403, "forbidden"),
        ("comms", "secrets", 422, "malformed"),
        (None, "messages", 401, "not_logged_in"),
    ],
)
async def test_export_is_refused(
    client: AsyncClient,
    installation: Installation,
    role: str | None,
    path: str,
    status: int,
    code: str,
) -> None:
    headers = await bearer(installation, role) if role else {}
    answer = await client.get(f"/api/v1/export/{path}", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
