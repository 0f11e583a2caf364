"""The officials' digest over a real mail server on this machine."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from service.database import Database
from service.installation import Installation
from service.issues import tasks
from service.settings import Settings
from service.vault import Vault
from tests.service.issues import town

MORNING = datetime(2026, 3, 4, 9, 30, tzinfo=Settings(_env_file=None).zone)


class Postbox:
    """Keeps what a mail server takes."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.refusing = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusing:
            return "451 try later"
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def text(self, at: int = -1) -> str:
        """The words of a mail."""
        return str(self.mails[at].get_content())  # type: ignore[attr-defined]


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def _here(database: Database, vault: Vault, port: int, **more: Any) -> Installation:
    settings = Settings(
        _env_file=None,
        government="Porto Belo",
        public_url="https://porto.example",
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_starttls=False,
        **more,
    )
    return Installation(settings, database, vault)


async def test_official_hears_of_new_due_and_overdue_issues_once_a_day(
    database: Database, vault: Vault, postbox: tuple[Postbox, int]
) -> None:
    box, port = postbox
    here = _here(database, vault, port)
    async with database.write() as session:
        water, roads = await town.body(session, "water"), await town.body(session, "roads")
        ana = await town.official(session, "water", lang="pt")
        rui = await town.official(session, "water", lang="en")
        await town.official(session, "parks")
        ids = []
        for name, body, due in (
            ("Late leak", water, MORNING - timedelta(days=1)),
            ("Soon leak", water, MORNING + timedelta(days=1)),
            ("Far leak", water, MORNING + timedelta(days=60)),
            ("Rui's own", water, MORNING - timedelta(days=1)),
            ("A hole", roads, MORNING - timedelta(days=1)),
        ):
            id_, _, _ = await town.asked(session, vault, 1, name=name, department_id=body)
            row = await town.at(session, id_)
            row.due_at, row.created_at = due, MORNING - timedelta(hours=2)
            ids.append(id_)
        (await town.at(session, ids[3])).official_id = rui.id
    assert await tasks.digest(here, moment=MORNING) == 2
    by_reader = {mail["To"]: at for at, mail in enumerate(box.mails)}
    text = box.text(by_reader[ana.email])
    assert "1 assunto passou do prazo" in text
    assert "1 assunto vence em até três dias úteis" in text
    assert "1 assunto novo" in text
    assert f"https://porto.example/console/issues/{ids[0]}" in text
    assert "Rui's own" not in text
    assert "A hole" not in text
    english = box.text(by_reader[rui.email])
    assert "2 issues are overdue" in english
    assert box.mails[by_reader[rui.email]]["Subject"] == "Porto Belo: 4 issues are waiting for you"
    assert box.mails[0].get_content_type() == "text/plain"
    assert await tasks.digest(here, moment=MORNING + timedelta(hours=1)) == 0
    assert await tasks.digest(here, moment=MORNING + timedelta(days=1)) == 2


async def test_nothing_is_sent_when_there_is_nothing_or_it_is_too_early(
    database: Database, vault: Vault, postbox: tuple[Postbox, int]
) -> None:
    box, port = postbox
    here = _here(database, vault, port)
    async with database.write() as session:
        water = await town.body(session, "water")
        await town.official(session, "water")
    assert await tasks.digest(here, moment=MORNING) == 0
    async with database.write() as session:
        id_, _, _ = await town.asked(session, vault, 1, department_id=water)
        (await town.at(session, id_)).due_at = MORNING
    assert await tasks.digest(here, moment=MORNING.replace(hour=6) + timedelta(days=1)) == 0
    assert box.mails == []


async def test_mail_server_that_fails_is_tried_again(
    database: Database, vault: Vault, postbox: tuple[Postbox, int]
) -> None:
    box, port = postbox
    here = _here(database, vault, port)
    async with database.write() as session:
        water = await town.body(session, "water")
        await town.official(session, "water")
        id_, _, _ = await town.asked(session, vault, 1, department_id=water)
        (await town.at(session, id_)).due_at = MORNING
    box.refusing = True
    assert await tasks.digest(here, moment=MORNING) == 0
    box.refusing = False
    assert await tasks.digest(here, moment=MORNING + timedelta(hours=1)) == 1


async def test_name_with_line_breaks_cannot_forge_a_header_or_a_line(
    database: Database, vault: Vault, postbox: tuple[Postbox, int]
) -> None:
    box, port = postbox
    here = _here(database, vault, port, smtp_user="")
    async with database.write() as session:
        water = await town.body(session, "water")
        await town.official(session, "water")
        id_, _, _ = await town.asked(
            session, vault, 1, name="leak\r\nBcc: all@porto.example", department_id=water
        )
        (await town.at(session, id_)).due_at = MORNING
    assert await tasks.digest(here, moment=MORNING) == 1
    assert box.mails[0]["Bcc"] is None
    assert "leak Bcc: all@porto.example" in box.text()
