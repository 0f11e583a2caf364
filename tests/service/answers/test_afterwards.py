"""After an answer is published: corrected, translated, taken back, followed up, judged."""

import pytest
from sqlalchemy import select

from service.answers import actions, queries, tasks
from service.answers.actions import (
    NoReasonGiven,
    SameAuthor,
    WrongAnswerState,
    WrongMeasureState,
    WrongVerdict,
)
from service.channels import deliveries
from service.channels.deliveries import Letter
from service.channels.models import Delivery
from service.database import Database, now
from service.installation import Installation
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.jobs import Job
from service.people.models import Identity
from tests.service.answers import desk
from tests.service.issues import town


async def test_who_got_it_at_once_is_not_answered_again_by_a_merge(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, _, _ = await town.asked(session, installation.vault, 1)
        answer = await desk.published(installation, session, issue_id, author, editor)
        quick, said = await desk.answered_at_once(session, installation, answer.id)
        where = await issue_queries.roots_of(session, [said])
        await issues.merge(
            session, installation.vault, installation.settings, where[said], issue_id, by=author
        )
    await tasks.catch_up(installation, issue_id)
    async with database.read() as session:
        told = [identity for identity, _ in await desk.letters(session, installation, answer.id)]
        assert quick[1] not in told


async def test_a_person_with_two_accounts_hears_of_a_correction_once_where_they_got_it_last(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, (who,), _ = await town.asked(session, installation.vault, 1)
        answer = await desk.published(installation, session, issue_id, author, editor)
        other = Identity(
            person_id=who[0], channel="forum", account="main", digest="two", created_at=now()
        )
        session.add(other)
        await session.flush()
        letter = Letter("instant:1:1", other.id, "forum", "instant", answer.id, "Again.", "en")
        await deliveries.post(session, installation.vault, [letter])
        assert [
            (one.identity_id, one.channel) for one in await queries.told(session, answer.id)
        ] == [(other.id, "forum")]


async def test_the_first_author_may_approve_somebody_elses_correction(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, _, _ = await town.asked(session, installation.vault, 1)
        answer = await desk.published(installation, session, issue_id, author, editor)
        for edition, (by, second) in enumerate(((editor, author), (author, editor)), 2):
            await actions.correct(
                session, answer.id, by=by, texts={"en": f"Edition {edition}."}, reason="wrong"
            )
            await actions.approve(session, answer.id, by=second)
            assert answer.edition == edition


async def test_a_correction_waits_for_a_second_person_and_reaches_instant_receivers(
    installation: Installation, database: Database
) -> None:
    async with database.write() as session:
        author, editor = await desk.pair(session)
        issue_id, people, _ = await town.asked(session, installation.vault, 2)
        answer = await desk.published(installation, session, issue_id, author, editor)
        quick, said = await desk.answered_at_once(session, installation, answer.id)
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
        assert all("(a mistake)" in text for _, text in told if "It is Thursday." in text)
        assert await session.scalar(select(Job.id).where(Job.kind == "tell_correction"))
        assert await queries.usable(session, [answer.id], now().date()) == {answer.id}
        assert said


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
        quick, at_once = await desk.answered_at_once(session, installation, answer.id)
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
