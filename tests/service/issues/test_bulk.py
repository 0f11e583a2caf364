"""The worker's bulk paths: thousands of contributions in a handful of statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, insert

from service.database import Database, now
from service.issues import actions, queries
from service.issues.actions import Joined, NewIssue
from service.messages.models import Contribution
from service.people.models import Person
from service.vault import Vault
from tests.service.issues import town

ROWS = 2000


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Statements that were sent in the block."""
    sent: list[str] = []

    def note(c: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def _said(database: Database) -> tuple[list[int], list[int]]:
    async with database.write() as session:
        people = [{"code": f"P{n}", "created_at": now()} for n in range(ROWS // 2)]
        found = await session.scalars(
            insert(Person).returning(Person.id, sort_by_parameter_order=True), people
        )
        ids = list(found.all())
        rows = [
            {
                "person_id": ids[n // 2] if n % 4 else None,
                "channel": "web",
                "kind": "complaint",
                "text": f"text {n}",
                "lang": "en",
                "fingerprint": str(n),
                "state": "received",
                "said_at": town.START,
                "created_at": town.START,
            }
            for n in range(ROWS)
        ]
        statement = insert(Contribution).returning(Contribution.id, sort_by_parameter_order=True)
        said = list((await session.scalars(statement, rows)).all())
    return said, ids


async def test_two_thousand_contributions_open_and_join_without_a_statement_each(
    database: Database,
) -> None:
    said, _ = await _said(database)
    new = [
        NewIssue(f"issue {n}", ["x"], None, 0.0, [], None, town.START, town.START)
        for n in range(ROWS // 4)
    ]
    with counted(database) as sent:
        async with database.write() as session:
            ids = await actions.open_many(session, new)
            joined = [
                Joined(id_, ids[n % len(ids)], 0.5, None, 2, town.START)
                for n, id_ in enumerate(said)
            ]
            await actions.join_many(session, joined)
    assert ids == sorted(ids)
    assert len(sent) < 20
    async with database.read() as session:
        issue = await town.at(session, ids[1])
        assert (issue.name, issue.root_id, issue.size, issue.messages) == ("issue 1", ids[1], 4, 8)
        assert issue.people == 4


async def test_people_are_counted_apart_from_messages_and_imports_one_each(
    database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        ana, rui = await town.person(session), await town.person(session)
        said = [await town.contribution(session, vault, who) for who in (ana, ana, rui, None, None)]
        issue_id = await town.issue(session, said, [ana[0], ana[0], rui[0], None, None])
        issue = await town.at(session, issue_id)
        assert (issue.size, issue.people) == (5, 4)


async def test_joining_a_merged_issue_counts_at_its_survivor_too(
    database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        by = actions.Machine()
        a, b, c = [(await town.asked(session, vault, 1))[0] for _ in range(3)]
        settings_free: Any = None  # a machine's merge of waiting issues writes no letters
        await actions.merge(session, vault, settings_free, a, b, by=by)
        await actions.merge(session, vault, settings_free, b, c, by=by)
        who = await town.person(session)
        said = await town.contribution(session, vault, who)
        await town.join(session, a, [said], [who[0]])
        counts = [(await town.at(session, id_)).people for id_ in (a, b, c)]
        assert counts == [2, 3, 4]
        assert (await town.at(session, a)).root_id == c


async def test_ten_thousand_askers_are_found_in_two_statements(
    database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        issue_id, people, _ = await town.asked(session, vault, 30)
    with counted(database) as sent:
        async with database.write() as session:
            askers = await queries.askers(session, issue_id)
    assert {a.person_id for a in askers} == {who for who, _ in people}
    assert len([s for s in sent if s.lstrip().upper().startswith("SELECT")]) == 2


async def test_import_with_a_person_asks_through_that_persons_account(
    database: Database, vault: Vault
) -> None:
    async with database.write() as session:
        who = await town.person(session, channel="import")
        said = await town.contribution(session, vault, None)
        row = await session.get_one(Contribution, said)
        row.person_id = who[0]
        issue_id = await town.issue(session, [said], [who[0]])
        (asker,) = await queries.askers(session, issue_id)
        assert (asker.identity_id, asker.channel, asker.receipt) == (who[1], "import", None)
