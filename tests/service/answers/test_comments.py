"""Review comments: a thread that stays, also when the answer is approved and published."""

from alembic import command
from httpx2 import AsyncClient
from sqlalchemy import Connection, select, update

from service.answers import actions
from service.answers.commenting import queries
from service.answers.models import Answer
from service.database import Database
from service.installation import Installation
from service.migrations import config, migrate
from service.vault import Vault
from tests.journeys.colleague import hire
from tests.service.answers.desk import pair
from tests.service.issues import town


async def test_what_is_said_in_review_stays_with_who_when_and_in_which_state(
    client: AsyncClient, installation: Installation
) -> None:
    official = await hire(client, installation, "official", departments=("water",))
    comms = await hire(client, installation, "comms")
    stranger = await hire(client, installation, "official", departments=("roads",))
    auditor = await hire(client, installation, "auditor")
    async with installation.database.write() as session:
        water = await town.body(session, "water")
        issue, _, _ = await town.asked(session, installation.vault, 1, department_id=water)
    body = {"issue_id": issue, "lang": "en", "title": "Water", "text": "Soon."}
    path = f"/answers/{(await official.post('/answers', body))['id']}"
    await official.post(f"{path}/comments", {"text": "Is the pump ordered?"})
    await official.post(f"{path}/submit")
    await comms.post(f"{path}/send-back", {"reason": "Say on which day."})
    await official.post(f"{path}/submit")
    await comms.post(f"{path}/comments", {"text": "<b>Good.</b>"})
    assert await auditor.refused(f"{path}/comments", {"text": "x"}) == "forbidden"
    assert await stranger.refused(f"{path}/comments", {"text": "x"}) == "unknown_answer"
    assert await official.refused(f"{path}/comments", {"text": "  "}) == "empty_comment"
    approved = await comms.post(f"{path}/approve", {})
    assert (approved["state"], approved["reason"]) == ("approved", None)
    thread = await auditor.get(f"{path}/comments")
    assert [(one["author"], one["state"], one["text"]) for one in thread] == [
        ("Official", "drafted", "Is the pump ordered?"),
        ("Comms", "in_review", "Say on which day."),
        ("Comms", "in_review", "<b>Good.</b>"),
    ]
    await comms.post(f"{path}/publish")
    public = await client.get(path)
    assert public.status_code == 200
    assert "Say on which day." not in public.text, "between colleagues"


async def test_a_refused_sending_back_leaves_no_comment(
    client: AsyncClient, installation: Installation
) -> None:
    admin = await hire(client, installation, "admin")
    async with installation.database.write() as session:
        issue, _, _ = await town.asked(session, installation.vault, 1)
    body = {"issue_id": issue, "lang": "en", "title": "Water", "text": "Soon."}
    path = f"/answers/{(await admin.post('/answers', body))['id']}"
    back = {"reason": "Say on which day."}
    assert await admin.refused(f"{path}/send-back", back) == "answer_wrong_state"
    assert await admin.get(f"{path}/comments") == []


async def test_what_reviewers_had_asked_for_before_becomes_a_comment(
    database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        author, editor = await pair(session)
        issue, _, _ = await town.asked(session, vault, 1)
        waiting, written = [
            await actions.begin(session, issue, by=author, lang="en", title="Water", text="Soon.")
            for _ in range(2)
        ]
        await actions.submit(session, waiting.id, by=author)
        await actions.send_back(session, waiting.id, by=editor, reason="gone with the table")
        id_ = waiting.id
    async with database.engine.connect() as connection:
        await connection.run_sync(_before)
        await connection.execute(
            update(Answer).where(Answer.id == id_).values(reason="Say on which day.")
        )
        await connection.commit()
    await migrate(database)
    async with database.read() as session:
        (one,) = await queries.of(session, id_)
        assert (one.comment.text, one.comment.state) == ("Say on which day.", "in_review")
        assert one.comment.author_id == editor.id
        assert await queries.of(session, written.id) == []
        assert set((await session.scalars(select(Answer.reason))).all()) == {None}


def _before(connection: Connection) -> None:
    command.downgrade(config(connection), "0010-1")
