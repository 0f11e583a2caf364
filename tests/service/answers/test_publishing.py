"""Publishing: everybody who asked hears, once, and only what was approved."""

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from service.answers import actions, queries, tasks
from service.answers.actions import (
    AlreadyPublished,
    NotApproved,
    SameAuthor,
    UnknownDraft,
)
from service.answers.models import Draft
from service.channels.models import Delivery
from service.database import Database, now
from service.installation import Installation
from service.issues import actions as issues
from service.issues.models import Issue
from service.messages.models import Contribution
from service.trail import queries as trail
from tests.service.answers import desk
from tests.service.issues import town


async def test_everybody_who_asked_is_told_once_merged_askers_included(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        first, people, _ = await town.asked(session, installation.vault, 3)
        second, others, _ = await town.asked(session, installation.vault, 2, name="dry taps")
        again = await town.contribution(session, installation.vault, people[0], "still no water")
        await town.join(session, second, [again], [people[0][0]])
        await issues.merge(
            session, installation.vault, installation.settings, second, first, by=author
        )
        answer = await desk.published(installation, session, first, author, editor)
        told = await desk.letters(session, installation, answer.id)
        expected = {identity for _, identity in (*people, *others)}
        assert sorted(identity for identity, _ in told) == sorted(expected)
        states = await session.scalars(select(Contribution.state))
        assert set(states.all()) == {"answered"}
        assert (await town.at(session, first)).state == "answered"
        assert all(
            desk.TEXT in text and "https://porto.example/answers/" in text for _, text in told
        )


async def test_telling_twice_writes_nothing_more(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, _, _ = await town.asked(session, installation.vault, 3)
        answer = await desk.published(installation, session, issue_id, author, editor)
    await tasks.catch_up(installation, issue_id)
    await tasks.catch_up(installation, issue_id)
    async with database.write() as session:
        assert len(await desk.letters(session, installation, answer.id)) == 3
        with pytest.raises(AlreadyPublished):
            await actions.publish(session, installation, answer.id, actor=editor.actor)
        assert len(await desk.letters(session, installation, answer.id)) == 3


async def test_who_joins_an_answered_issue_by_merging_gets_its_answer(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        first, _, _ = await town.asked(session, installation.vault, 2)
        late, newcomers, _ = await town.asked(session, installation.vault, 2, name="dry taps")
        answer = await desk.published(installation, session, first, author, editor)
        await issues.merge(
            session, installation.vault, installation.settings, late, first, by=author
        )
    await tasks.catch_up(installation, first)
    async with database.read() as session:
        told = [identity for identity, _ in await desk.letters(session, installation, answer.id)]
        assert {identity for _, identity in newcomers} <= set(told)
        assert len(told) == len(set(told)) == 4


async def test_an_edit_takes_back_the_approval_of_what_it_changes(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, _, _ = await town.asked(session, installation.vault, 1)
        texts = {"en": desk.TEXT, "pt": "A água volta."}
        answer = await desk.approved(session, issue_id, author, editor, texts=texts)
        await actions.edit(session, answer.id, by=author, lang="pt", text="A água não volta.")
        assert answer.state == "drafted"
        versions = await queries.versions(session, answer.id)
        assert {one.lang: one.approved_at is not None for one in versions} == {
            "en": True,
            "pt": False,
        }


async def test_followers_hear_and_those_who_stopped_do_not_unless_they_asked(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, ((asker, own), *_), _ = await town.asked(session, installation.vault, 1)
        follower, stopper = await town.person(session), await town.person(session)
        await issues.follow(session, *follower, issue_id)
        await issues.follow(session, *stopper, issue_id)
        await issues.unfollow(session, *stopper, issue_id)
        await issues.unfollow(session, asker, own, issue_id)
        answer = await desk.published(installation, session, issue_id, author, editor)
        told = {identity for identity, _ in await desk.letters(session, installation, answer.id)}
        assert told == {own, follower[1]}


async def test_each_reads_their_language_or_the_original_with_a_note(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        people = {lang: await town.person(session, lang) for lang in ("pt", "es", "en")}
        said = [
            await town.contribution(session, installation.vault, who) for who in people.values()
        ]
        issue_id = await town.issue(session, said, [who[0] for who in people.values()])
        texts = {"pt": "A água volta na terça.", "en": "Water is back on Tuesday."}
        answer = await desk.published(installation, session, issue_id, author, editor, texts=texts)
        told = dict(await desk.letters(session, installation, answer.id))
    assert "A água volta na terça." in told[people["pt"][1]]
    assert "Water is back on Tuesday." in told[people["en"][1]]
    assert "A água volta na terça." in told[people["es"][1]]
    assert "español" in told[people["es"][1]]
    assert "English" not in told[people["en"][1]]


async def test_an_unapproved_version_reaches_nobody(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        who = await town.person(session, "en")
        said = await town.contribution(session, installation.vault, who)
        issue_id = await town.issue(session, [said], [who[0]])
        answer = await actions.begin(
            session, issue_id, by=author, lang="pt", title="Água", text="A água volta."
        )
        await actions.edit(session, answer.id, by=author, lang="en", text="Nobody read this.")
        await actions.submit(session, answer.id, by=author)
        await actions.approve(session, answer.id, by=editor, langs=["pt"])
        await actions.publish(session, installation, answer.id, actor=editor.actor)
        ((_, text),) = await desk.letters(session, installation, answer.id)
        assert "A água volta." in text
        assert "Nobody read this." not in text


async def test_thousands_of_askers_are_written_in_one_go(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id = await desk.crowd(session, installation, 2_000)
        answer = await desk.approved(session, issue_id, author, editor)
    statements: list[str] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def count(*args: object) -> None:
        statements.append(str(args[2]))

    async with database.write() as session:
        await actions.publish(session, installation, answer.id, actor=editor.actor)
    async with database.read() as session:
        told = await session.scalar(select(func.count(Delivery.identity_id.distinct())))
    assert told == 2_000
    assert len(statements) < 40, f"{len(statements)} statements"


async def test_a_scheduled_answer_goes_out_when_its_time_has_come(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, _, _ = await town.asked(session, installation.vault, 1)
        answer = await desk.approved(session, issue_id, author, editor)
        await actions.schedule(session, answer.id, by=editor, at=now() + timedelta(hours=1))
    await tasks.publish_due(installation)
    async with database.write() as session:
        found = await actions.find(session, answer.id)
        assert found.state == "scheduled"
        await actions.schedule(session, answer.id, by=editor, at=now() - timedelta(seconds=1))
    await tasks.publish_due(installation)
    async with database.read() as session:
        assert len(await desk.letters(session, installation, answer.id)) == 1


async def test_one_that_cannot_be_published_does_not_hold_up_the_others(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        ids = []
        for name in ("first", "second"):
            issue_id, _, _ = await town.asked(session, installation.vault, 1, name=name)
            answer = await desk.approved(session, issue_id, author, editor)
            await actions.schedule(session, answer.id, by=editor, at=now())
            ids.append((issue_id, answer.id))
        await issues.close(
            session,
            installation.vault,
            installation.settings,
            ids[0][0],
            by=editor,
            reason="solved",
        )
    await tasks.publish_due(installation)
    async with database.read() as session:
        states = [(await queries.answer(session, one)) for _, one in ids]
        assert [one.state for one in states if one] == ["approved", "published"]
        events = await trail.of(session, "answer", ids[0][1])
        assert events[0].why == "issue_wrong_state"


async def test_a_draft_of_another_issue_is_refused_and_citations_open(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, _ = await desk.pair(session)
        one, _, _ = await town.asked(session, installation.vault, 1)
        other, _, _ = await town.asked(session, installation.vault, 1)
        draft = Draft(
            issue_id=one, origin="passages", supported=True, lang="en", created_at=now(),
            sentences=[{"text": "First."}, {"text": "Second."}],
        )  # fmt: skip
        await actions.keep_drafts(session, one, [draft])
        with pytest.raises(UnknownDraft):
            await actions.begin(
                session, other, by=author, lang="en", title="", text="", draft=draft
            )
        answer = await actions.begin(
            session, one, by=author, lang="en", title="", text="", draft=draft
        )
        (version,) = await queries.versions(session, answer.id)
        assert version.text == "First.\nSecond."
        assert (await town.at(session, one)).touched_at is not None


async def test_answers_past_their_review_date_are_not_sent_at_once(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, _, _ = await town.asked(session, installation.vault, 1)
        answer = await desk.approved(session, issue_id, author, editor)
        today = now().date()
        await actions.edit(session, answer.id, by=author, review_by=today)
        assert answer.state == "approved"
        await actions.publish(session, installation, answer.id, actor=editor.actor)
        assert await queries.usable(session, [answer.id], today) == {answer.id}
        assert await queries.usable(session, [answer.id], today + timedelta(days=1)) == set()


async def test_a_changed_title_or_video_needs_approval_anew(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        for title, video in (("Other", None), (None, "https://porto.example/v")):
            issue_id, _, _ = await town.asked(session, installation.vault, 1)
            answer = await desk.approved(session, issue_id, author, editor)
            await actions.edit(session, answer.id, by=editor, title=title, video_url=video)
            with pytest.raises(NotApproved):
                await actions.publish(session, installation, answer.id, actor=editor.actor)
            await actions.submit(session, answer.id, by=editor)
            with pytest.raises(SameAuthor):
                await actions.approve(session, answer.id, by=editor)


async def test_an_imported_answer_is_public_at_once_and_messages_nobody(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        outcomes = []
        for text in ("On Tuesday.", "On Tuesday.", "On Thursday."):
            answer, outcome = await actions.import_answer(
                session, source="a-1", title="Water", question="When is the water back?",
                question_indexed=True, lang="en", url=None, department_id=None, published_at=None,
                text=text,
            )  # fmt: skip
            outcomes.append(outcome)
        assert outcomes == ["added", "unchanged", "changed"]
        ready = (await queries.published(session, [answer.id]))[answer.id]
        assert ready.versions == {"en": "On Thursday."}
        assert await session.scalar(select(func.count()).select_from(Delivery)) == 0
        assert await session.scalar(select(func.count()).select_from(Issue)) == 0
