"""Who owes the answer of a round is reminded: when it is won, before it is due, when it is late."""

from datetime import timedelta
from pathlib import Path

import pytest

from service.database import Database, now
from service.installation import Installation
from service.rounds import queries, tasks
from service.vault import Vault
from tests.conftest import make_settings
from tests.service.issues import town
from tests.service.issues.test_digest import Postbox, postbox
from tests.service.public import printing
from tests.service.rounds import polls

__all__ = ["postbox"]


@pytest.fixture
def here(
    tmp_path: Path, database: Database, vault: Vault, postbox: tuple[Postbox, int]
) -> Installation:
    """An installation whose mail goes out at any hour."""
    settings = make_settings(
        tmp_path, database.url, smtp_host="127.0.0.1", smtp_port=postbox[1], smtp_starttls=False,
        public_url="https://porto.example", digest_hour=0,
    )  # fmt: skip
    return Installation(settings, database, vault)


async def test_official_and_comms_are_reminded_until_it_is_answered(
    here: Installation, postbox: tuple[Postbox, int]
) -> None:
    box, _ = postbox
    async with here.database.write() as session:
        water = await town.body(session, "water")
        ana = await town.official(session, "water", lang="pt")
        await town.official(session, "roads")
        rui = await town.official(session, role="comms")
        told = await polls.opened(session, by=rui)
        issue = await polls.question(
            session, here, told, 3, name="When does\nthe water come?", body=water
        )
        assert await tasks.remind(here) == 0
        await polls.ended(session, here, told.id)
    assert await tasks.remind(here) == 2
    assert await tasks.remind(here) == 0, "once"
    assert {mail["To"] for mail in box.mails} == {ana.email, rui.email}
    portuguese = next(mail for mail in box.mails if mail["To"] == ana.email)
    assert "a pergunta mais apoiada espera resposta" in str(portuguese["Subject"])
    text = str(portuguese.get_content())  # type: ignore[attr-defined]
    assert "3 pessoas apoiam" in text
    assert "When does the water come?" in text
    assert f"https://porto.example/console/issues/{issue}" in text

    soon, late = now() + timedelta(days=8), now() + timedelta(days=11)
    assert [await tasks.remind(here, moment=soon) for _ in range(2)] == [2, 0]
    assert [await tasks.remind(here, moment=late) for _ in range(2)] == [2, 0]
    assert await tasks.remind(here, moment=late + timedelta(days=1)) == 2, "each day"
    assert "is late since" in " ".join(str(mail["Subject"]) for mail in box.mails)
    async with here.database.write() as session:
        await printing.published(session, here, issue)
        assert await queries.due(session) == []
    assert await tasks.remind(here, moment=late + timedelta(days=2)) == 0


async def test_a_mail_server_that_fails_is_tried_again(
    here: Installation, postbox: tuple[Postbox, int]
) -> None:
    box, _ = postbox
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        await polls.question(session, here, told, 1, named=False)
        await polls.ended(session, here, told.id)
    box.refusing = True
    assert await tasks.remind(here) == 0
    box.refusing = False
    assert await tasks.remind(here) == 1


async def test_what_nobody_has_is_put_before_who_routes(
    here: Installation, postbox: tuple[Postbox, int]
) -> None:
    box, _ = postbox
    async with here.database.write() as session:
        moderator = await town.official(session, role="moderator")
        await town.official(session, "water")
        told = await polls.opened(session, by=moderator)
        await polls.question(session, here, told, 1, named=False)
        await polls.ended(session, here, told.id)
    assert await tasks.remind(here) == 1
    assert box.mails[0]["To"] == moderator.email
