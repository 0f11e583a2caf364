"""The log says where it failed and how; it quotes neither citizens nor keys."""

import asyncio
import io
import logging
import secrets

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select

from service import logs
from service.channels.models import InboxRow
from service.installation import Installation
from tests.service.channels import sabotage

WORDS = "segredo da vizinha"


async def test_a_message_that_cannot_be_written_is_logged_without_its_words(
    client: AsyncClient, installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    await sabotage.poison(installation.database, "segredo")
    headers = {"authorization": f"Bearer {secrets.token_urlsafe(32)}"}
    body = {"id": "1", "text": f"o {WORDS} é que falta água na rua"}
    assert (await client.post("/chat/v1/messages", json=body, headers=headers)).status_code == 202
    async with asyncio.timeout(60):
        while await state(installation) != "set_aside":
            await asyncio.sleep(0.02)
    told = "".join(capsys.readouterr())
    assert "message_set_aside" in told
    assert "IntegrityError" in told or "RaiseException" in told
    assert "segredo" not in told


async def state(here: Installation) -> str | None:
    """What became of the one row."""
    async with here.database.read() as session:
        return await session.scalar(select(InboxRow.state))


def fail() -> None:
    """Fail over somebody's words, twice."""
    words = WORDS
    try:
        int(words)
    except ValueError as error:
        raise KeyError(words) from error


def test_an_error_is_told_by_place_and_kind_with_its_causes() -> None:
    with pytest.raises(KeyError) as failed:
        fail()
    told = logs.told(failed.value)
    assert "segredo" not in told
    assert told.index("KeyError") < told.index("ValueError")
    assert "in fail" in told
    assert "No space left" in logs.told(OSError(28, "No space left on device"))


def test_libraries_are_as_discreet() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Discreet("%(message)s"))
    with pytest.raises(KeyError) as failed:
        fail()
    error = failed.value
    record = logging.LogRecord(
        "uvicorn.error", logging.ERROR, "", 1, "it failed", (), (KeyError, error, None)
    )
    handler.handle(record)
    assert "it failed" in stream.getvalue()
    assert "KeyError" in stream.getvalue()
    assert "segredo" not in stream.getvalue()
