"""One voice a person for each question: also after merges, on two channels, after an erasure."""

import pytest
from sqlalchemy import select, update

from service.database import Session, now
from service.installation import Installation
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.issues.models import Follow
from service.people.linking import actions as linking
from service.people.models import Identity
from service.rounds import actions, queries
from service.rounds.models import Round
from service.rounds.support import actions as support
from service.rounds.support import queries as supporting
from service.rounds.support.actions import QuestionAside, UnknownQuestion
from tests.service.issues import town
from tests.service.rounds import polls


async def counts(session: Session, told: Round) -> dict[int, int]:
    """How many support each question."""
    return {one.issue_id: one.supporters for one in await queries.questions(session, told)}


async def test_a_person_counts_once_and_may_take_it_back(installation: Installation) -> None:
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        issue = await polls.question(session, installation, told, 1)
        person, identity = await town.person(session)
        who = {"person_id": person, "identity_id": identity}
        assert await support.support(session, told.id, issue, **who)
        assert not await support.support(session, told.id, issue, **who)
        assert await counts(session, told) == {issue: 2}
        assert person in {one.person_id for one in await issue_queries.askers(session, issue)}
        assert await support.take_back(session, told.id, issue, **who)
        assert not await support.take_back(session, told.id, issue, **who)
        assert await counts(session, told) == {issue: 1}
        reached = {one.person_id for one in await issue_queries.askers(session, issue)}
    assert person not in reached, "they follow it no more"


async def test_two_people_who_are_one_support_once(installation: Installation) -> None:
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        issue = await polls.question(session, installation, told, 1)
        people = []
        for channel in ("web", "telegram"):
            person, identity = await town.person(session, "pt", channel)
            await support.support(session, told.id, issue, person_id=person, identity_id=identity)
            people.append(person)
        assert await counts(session, told) == {issue: 3}
        kept, gone = await linking.unite(session, people)
        await issues.unite(session, kept, gone, [])
        await support.unite(session, kept, gone)
        assert await counts(session, told) == {issue: 2}
        followed = (await session.scalars(select(Follow.person_id))).all()
    assert list(followed) == [kept.id]


async def test_who_followed_before_follows_after_taking_support_back(
    installation: Installation,
) -> None:
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        issue = await polls.question(session, installation, told, 1)
        person, identity = await town.person(session)
        await issues.follow(session, person, identity, issue)
        who = {"person_id": person, "identity_id": identity}
        await support.support(session, told.id, issue, **who)
        await support.take_back(session, told.id, issue, **who)
        stopped = await session.scalar(select(Follow.stopped).where(Follow.person_id == person))
    assert stopped is False


async def test_merging_gathers_supporters_and_parting_parts_them(
    installation: Installation,
) -> None:
    here = installation
    async with here.database.write() as session:
        comms = await town.official(session, role="moderator")
        told = await polls.opened(session, by=comms)
        one = await polls.question(session, here, told, 3, name="hospital beds")
        other = await polls.question(session, here, told, 2, name="beds of the hospital")
        person, identity = await town.person(session)
        who = {"person_id": person, "identity_id": identity}
        for issue in (one, other):
            await support.support(session, told.id, issue, **who)
        assert await counts(session, told) == {one: 4, other: 3}
        await issues.merge(session, here.vault, here.settings, other, one, by=comms)
        assert await counts(session, told) == {one: 6}, "who supports both counts once"
        assert not await support.support(session, told.id, other, **who), "by its old number too"
        await issues.unmerge(session, other, by=comms)
        assert await counts(session, told) == {one: 4, other: 3}
        await issues.merge(session, here.vault, here.settings, other, one, by=comms)
        await support.take_back(session, told.id, one, **who)
        assert await counts(session, told) == {one: 5}, "taken back of both"


async def test_a_result_stays_when_questions_are_merged_after_the_end(
    installation: Installation,
) -> None:
    here = installation
    async with here.database.write() as session:
        comms = await town.official(session, role="moderator")
        told = await polls.opened(session, by=comms)
        one = await polls.question(session, here, told, 3, name="hospital beds")
        other = await polls.question(session, here, told, 2, name="school meals")
        await polls.ended(session, here, told.id)
        await issues.merge(session, here.vault, here.settings, other, one, by=comms)
        found = [q.supporters for q in await queries.questions(session, told)]
    assert found == [3, 2]


async def test_two_accounts_of_one_person_are_one_voice_and_unlinked_ones_two(
    installation: Installation,
) -> None:
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        issue = await polls.question(session, installation, told, 1)
        web, telegram = await town.person(session), await town.person(session, channel="telegram")
        for person, identity in (web, telegram):
            assert await support.support(
                session, told.id, issue, person_id=person, identity_id=identity
            )
        assert await counts(session, told) == {issue: 3}
        other = await polls.question(session, installation, told, 1, name="school meals")
        linked = update(Identity).where(Identity.id == telegram[1]).values(person_id=web[0])
        await session.execute(linked)
        first, second = [
            await support.support(session, told.id, other, person_id=web[0], identity_id=identity)
            for identity in (web[1], telegram[1])
        ]
        assert (first, second) == (True, False)
        reached = await supporting.supporters(session, told.id, root_id=other)
    where = {one.person_id: one.channel for one in reached}
    assert where[web[0]] == "telegram", "told where they said so last"


async def test_who_erases_themselves_has_no_second_voice_and_an_old_result_stays(
    installation: Installation,
) -> None:
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        old, told = [await polls.opened(session, by=comms) for _ in range(2)]
        issue = await polls.question(session, installation, old, 1)
        person, identity = await town.person(session)
        for one in (old, told):
            await support.support(session, one.id, issue, person_id=person, identity_id=identity)
        await polls.ended(session, installation, old.id)
        assert await support.forget(session, person) == 2
        assert await counts(session, old) == {issue: 2}, "a number, of nobody any more"
        assert await queries.people(session, [old]) == {old.id: 2}
        assert await counts(session, told) == {issue: 0}
        assert person not in {one.person_id for one in await supporting.supporters(session, old.id)}


async def test_what_staff_have_not_named_is_supported_by_its_authors_only(
    installation: Installation,
) -> None:
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        issue = await polls.question(session, installation, told, 2, named=False)
        person, identity = await town.person(session)
        for unread in (issue, 9_999):
            with pytest.raises(UnknownQuestion):
                await support.support(
                    session, told.id, unread, person_id=person, identity_id=identity
                )
        (question,) = await queries.questions(session, told)
    assert (question.supporters, question.open) == (2, False)


async def test_what_is_set_aside_takes_no_support_and_its_supporters_read_why(
    installation: Installation,
) -> None:
    here = installation
    async with here.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        issue = await polls.question(session, here, told, 2)
        with pytest.raises(issues.NoReason):
            await support.set_aside(session, here, told.id, issue, by=comms, reason=" ")
        for _ in range(2):
            await support.set_aside(session, here, told.id, issue, by=comms, reason="Private.")
            person, identity = await town.person(session)
            with pytest.raises(QuestionAside):
                await support.support(
                    session, told.id, issue, person_id=person, identity_id=identity
                )
            await support.let_in(session, told.id, issue, by=comms)
        said = [text for _, _, text in await town.told(session, here.vault)]
        assert len(said) == 4, "two of them, each time"
        assert all("Private." in text for text in said)
        await support.set_aside(session, here, told.id, issue, by=comms, reason="Private.")
        await polls.ended(session, here, told.id)
        assert told.state == "closed", "nothing else was asked"
        with pytest.raises(actions.WrongRoundState):
            await support.let_in(session, told.id, issue, by=comms)


async def test_the_clock_ends_a_round_before_its_minute_comes_round(
    installation: Installation,
) -> None:
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        issue = await polls.question(session, installation, told, 1)
        who = dict(zip(("person_id", "identity_id"), await town.person(session), strict=True))
        told.closes_at = now()
        await session.flush()
        with pytest.raises(actions.RoundEnded):
            await support.support(session, told.id, issue, **who)
        with pytest.raises(actions.RoundEnded):
            await support.take_back(session, told.id, issue, **who)
        with pytest.raises(actions.UnknownRound):
            await support.support(session, 99, issue, **who)


async def test_a_question_taken_back_takes_its_support_along(installation: Installation) -> None:
    async with installation.database.write() as session:
        comms = await town.official(session, role="comms")
        told = await polls.opened(session, by=comms)
        issue = await polls.question(session, installation, told, 2)
        said = await issue_queries.members(session, issue)
        await support.withdraw(session, said[:1])
        assert await counts(session, told) == {issue: 1}
        await polls.ended(session, installation, told.id)
        await support.withdraw(session, said)
        assert await counts(session, told) == {issue: 1}
