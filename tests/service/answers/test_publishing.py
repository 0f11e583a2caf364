"""Publishing, correcting and retracting: everybody who asked hears, once."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from service.answers import actions, queries, tasks
from service.answers.actions import (
    AlreadyPublished,
    NoReasonGiven,
    NotApproved,
    SameAuthor,
    UnknownDraft,
    WrongAnswerState,
    WrongMeasureState,
    WrongVerdict,
)
from service.answers.models import Draft
from service.channels import deliveries
from service.channels.deliveries import Letter
from service.channels.models import Delivery
from service.database import Database, Session, now
from service.installation import Installation
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.issues.models import Issue
from service.jobs import Job
from service.messages.models import Contribution
from service.people.models import Identity, Person
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


async def test_who_asks_later_gets_the_published_answer_once(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, _, _ = await town.asked(session, installation.vault, 1)
        answer = await desk.published(installation, session, issue_id, author, editor)
        late = await town.person(session)
        said = await town.contribution(session, installation.vault, late, "no water here either")
        await town.join(session, issue_id, [said], [late[0]])
        for expected in (1, 0):
            assert await actions.deliver_to(session, installation, answer.id, said) == expected
        assert [one for one, _ in await desk.letters(session, installation, answer.id)][-1] == late[
            1
        ]


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


async def test_ten_thousand_askers_are_written_in_one_go(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id = await _crowd(session, installation, 10_000)
        answer = await desk.approved(session, issue_id, author, editor)
    statements: list[str] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def count(*args: object) -> None:
        statements.append(str(args[2]))

    began = time.perf_counter()
    async with database.write() as session:
        await actions.publish(session, installation, answer.id, actor=editor.actor)
    took = time.perf_counter() - began
    async with database.read() as session:
        told = await session.scalar(select(func.count(Delivery.identity_id.distinct())))
    assert told == 10_000
    assert took < 5, f"{took:.1f} s"
    assert len(statements) < 100, f"{len(statements)} statements"


async def _crowd(session: Session, here: Installation, count: int) -> int:
    """Many people in one issue, written in bulk."""
    moment, sealed = now(), here.vault.seal("CODE")
    people = [Person(code=f"C-{n}", lang=None, created_at=moment) for n in range(count)]
    session.add_all(people)
    await session.flush()
    accounts = [
        Identity(
            person_id=one.id, channel="web", account="main", digest=f"crowd{one.id}", sealed=None,
            created_at=moment,
        )
        for one in people
    ]  # fmt: skip
    session.add_all(accounts)
    said = [
        Contribution(
            person_id=one.id, channel="web", kind="complaint", text="no water", lang="en",
            fingerprint="f", sealed_receipt=sealed, state="received", said_at=moment,
            created_at=moment,
        )
        for one in people
    ]  # fmt: skip
    session.add_all(said)
    await session.flush()
    return await town.issue(session, [one.id for one in said], [one.id for one in people])


async def test_a_correction_waits_for_a_second_person_and_reaches_instant_receivers(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, people, _ = await town.asked(session, installation.vault, 2)
        answer = await desk.published(installation, session, issue_id, author, editor)
        quick, said = await _answered_at_once(session, installation, answer.id)
        await actions.correct(
            session, answer.id, by=author, texts={"en": "It is Thursday."}, reason="a mistake"
        )
        assert await queries.published(session, [answer.id]) == {}
        assert await queries.usable(session, [answer.id], now().date()) == set()
        with pytest.raises(SameAuthor):
            await actions.approve(session, answer.id, by=author)
        await actions.approve(session, answer.id, by=editor)
        assert answer.edition == 2
        with pytest.raises(WrongAnswerState):
            await actions.approve(session, answer.id, by=editor)
        for _ in range(2):
            await actions.tell_correction(session, installation, answer.id)
        told = await desk.letters(session, installation, answer.id)
        corrected = [identity for identity, text in told if "It is Thursday." in text]
        assert sorted(corrected) == sorted([*(identity for _, identity in people), quick[1]])
        assert await session.scalar(select(Job.id).where(Job.kind == "tell_correction"))
        assert await queries.usable(session, [answer.id], now().date()) == {answer.id}
        assert said


async def _answered_at_once(
    session: Session, here: Installation, answer_id: int
) -> tuple[tuple[int, int], int]:
    """Somebody whose question a published answer settled when it came."""
    who = await town.person(session)
    said = await town.contribution(session, here.vault, who, "when is the water back")
    issue_id = await town.issue(session, [said], [who[0]], name="water back")
    letter = Letter(
        f"instant:{said}:1", who[1], "web", "instant", answer_id, "There is an answer.", "en"
    )
    await deliveries.post(session, here.vault, [letter])
    await actions.answer_at_once(session, [(said, issue_id, answer_id)])
    return who, said


async def test_a_translation_is_approved_and_used_without_telling_anybody_again(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, _, _ = await town.asked(session, installation.vault, 1)
        answer = await desk.published(installation, session, issue_id, author, editor)
        await actions.translate(session, answer.id, by=editor, lang="pt", text="A água volta.")
        assert set((await queries.published(session, [answer.id]))[answer.id].versions) == {"en"}
        with pytest.raises(SameAuthor):
            await actions.approve(session, answer.id, by=editor)
        await actions.approve(session, answer.id, by=author)
        assert (await queries.published(session, [answer.id]))[answer.id].text("pt") == (
            "A água volta.",
            False,
        )
        assert answer.edition == 1
        assert len(await desk.letters(session, installation, answer.id)) == 1
        with pytest.raises(WrongAnswerState):
            await actions.translate(session, answer.id, by=editor, lang="pt", text="outra")


async def test_a_retraction_tells_everybody_and_what_it_settled_waits_again(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, people, said = await town.asked(session, installation.vault, 2)
        answer = await desk.published(installation, session, issue_id, author, editor)
        quick, at_once = await _answered_at_once(session, installation, answer.id)
        with pytest.raises(NoReasonGiven):
            await actions.retract(session, installation, answer.id, by=editor, reason=" ")
        await actions.retract(
            session, installation, answer.id, by=editor, reason="the pump broke again"
        )
        told = await desk.letters(session, installation, answer.id)
        heard = [identity for identity, text in told if "the pump broke again" in text]
        assert sorted(heard) == sorted([*(identity for _, identity in people), quick[1]])
        waiting = await issue_queries.with_state(session, [*said, at_once], ["received"])
        assert sorted(waiting) == sorted([*said, at_once])
        where = await issue_queries.roots_of(session, [at_once])
        for one in (issue_id, where[at_once]):
            issue = await town.at(session, one)
            assert issue.state == "open"
            assert issue.due_at is not None
        assert await queries.published(session, [answer.id]) == {}


async def test_taking_back_an_old_answer_leaves_what_a_newer_one_settled(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, _, _ = await town.asked(session, installation.vault, 1)
        old = await desk.published(installation, session, issue_id, author, editor)
        await desk.published(installation, session, issue_id, author, editor)
        await actions.retract(session, installation, old.id, by=editor, reason="outdated")
        assert (await town.at(session, issue_id)).state == "answered"


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


async def test_measures_are_told_to_those_who_have_the_answer(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, _, _ = await town.asked(session, installation.vault, 2)
        answer = await desk.published(installation, session, issue_id, author, editor)
        measure = await actions.add_measure(
            session, answer.id, by=author, text="A new pump", due_on=None
        )
        await actions.change_measure(
            session, installation, measure.id, by=author, became="under_way"
        )
        rows = await session.scalars(select(Delivery).where(Delivery.cause == "measure"))
        texts = [installation.vault.open(row.sealed or b"") for row in rows.all()]
        assert len(texts) == 2
        assert all("A new pump" in text and "under way" in text for text in texts)
        with pytest.raises(WrongMeasureState):
            await actions.change_measure(
                session, installation, measure.id, by=author, became="planned"
            )


async def test_the_last_verdict_counts(installation: Installation, database: Database) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, _, said = await town.asked(session, installation.vault, 1)
        answer = await desk.published(installation, session, issue_id, author, editor)
        await actions.feedback(session, answer.id, said[0], "reopen")
        await actions.feedback(session, answer.id, said[0], "helpful")
        assert await queries.verdicts(session, answer.id) == {"helpful": 1}
        with pytest.raises(WrongVerdict):
            await actions.feedback(session, answer.id, said[0], "great")


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
