"""An issue from its first message to its end, as those who asked live it."""

import pytest
from sqlalchemy import select

from service.database import Database, now
from service.departments import actions as departments
from service.departments import queries as department_queries
from service.issues import actions, queries
from service.jobs import Job
from service.messages import actions as messages
from service.messages import queries as message_queries
from service.people import actions as people
from service.settings import Settings
from service.trail import queries as trail
from service.vault import Vault
from tests.service.issues import town


async def test_first_department_dates_the_issue_and_a_correction_teaches_at_once(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        water = await town.body(session, "water", norm_days=5)
        await town.body(session, "roads", norm_days=20)
        ana = await town.official(session, "water")
        issue_id, _, _ = await town.asked(session, vault, 2)
        version, _ = await department_queries.router(session, town.EMBEDDER, (None, None))
        issue = await actions.assign(session, settings, issue_id, department_key="water", by=ana)
        first_due = issue.due_at
        assert (issue.department_id, issue.routed_by, issue.state) == (water, "staff", "open")
        assert first_due is not None
        assert first_due > now()
        newer, router = await department_queries.router(session, town.EMBEDDER, (version, None))
        assert newer != version
        assert router is not None
        learned = [
            e for e in await department_queries.examples(session, water) if e.origin == "correction"
        ]
        assert [e.text for e in learned] == ["no water in our street"]
        await actions.assign(session, settings, issue_id, department_key="roads", by=ana)
        assert (await town.at(session, issue_id)).due_at == first_due
        left = await department_queries.examples(session, water)
        assert not [e for e in left if e.origin == "correction"]


async def test_later_due_date_stands_when_a_department_comes(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        await town.body(session, "water", norm_days=1)
        ana = await town.official(session, "water")
        said = await town.contribution(session, vault, await town.person(session))
        late = town.START.replace(year=2090)
        issue_id = await town.issue(session, [said], [1], due_at=late)
        issue = await actions.assign(session, settings, issue_id, department_key="water", by=ana)
        assert issue.due_at == late


async def test_official_claims_from_the_triage_desk_and_colleagues_cannot_take_it(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        water = await town.body(session, "water")
        ana, rui = [await town.official(session, "water") for _ in range(2)]
        issue_id, _, _ = await town.asked(session, vault, 1)
        issue = await actions.claim(session, issue_id, by=ana, settings=settings)
        assert (issue.state, issue.official_id, issue.department_id) == ("assigned", ana.id, water)
        assert issue.touched_at is not None
        with pytest.raises(actions.AlreadyClaimed):
            await actions.claim(session, issue_id, by=rui, settings=settings)


async def test_official_does_not_go_along_to_a_department_that_is_not_theirs(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        await town.body(session, "water")
        await town.body(session, "roads")
        ana, boss = (
            await town.official(session, "water"),
            await town.official(session, role="admin"),
        )
        issue_id, _, _ = await town.asked(session, vault, 1)
        await actions.claim(session, issue_id, by=ana, settings=settings)
        issue = await actions.assign(session, settings, issue_id, department_key="roads", by=boss)
        assert (issue.state, issue.official_id) == ("open", None)
        with pytest.raises(actions.UnknownOfficial):
            await actions.assign(session, settings, issue_id, official_id=ana.id, by=boss)
        with pytest.raises(departments.UnknownDepartment):
            await actions.assign(session, settings, issue_id, department_key="moon", by=boss)


async def test_authors_of_a_merged_issue_hear_how_many_now_ask_the_same(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        small, (author,), _ = await town.asked(session, vault, 1)
        large, _, _ = await town.asked(session, vault, 3, lang="pt")
        into = await actions.merge(session, vault, settings, small, large, by=ana)
        assert (into.people, into.size) == (4, 4)
        ((identity, _, text),) = await town.told(session, vault)
        assert identity == author[1]
        assert "4 people" in text
        assert "CODE-" in text
        await actions.unmerge(session, small, by=ana)
        await actions.merge(session, vault, settings, small, large, by=ana)
        assert len(await town.told(session, vault)) == 1, "the same news is not told twice"


async def test_machine_merges_in_silence_and_touches_nothing(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        one, _, _ = await town.asked(session, vault, 1)
        other, _, _ = await town.asked(session, vault, 1)
        into = await actions.merge(session, vault, settings, one, other, by=actions.Machine())
        assert into.touched_at is None
        assert await town.told(session, vault) == []


async def test_merging_into_an_answered_issue_queues_its_answer_for_those_who_wait(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        one, _, _ = await town.asked(session, vault, 1)
        other, _, said = await town.asked(session, vault, 1)
        await actions.answer(session, other, actor=ana.actor, answer_id=7)
        assert await message_queries.states(session, said) == {said[0]: "answered"}
        await actions.merge(session, vault, settings, one, other, by=ana)
        job = (await session.scalars(select(Job))).one()
        assert (job.kind, job.args) == ("catch_up", {"issue_id": other})


async def test_acting_on_a_merged_issue_names_the_survivor(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        one, _, _ = await town.asked(session, vault, 1)
        other, _, _ = await town.asked(session, vault, 1)
        await actions.merge(session, vault, settings, one, other, by=ana)
        with pytest.raises(actions.IssueMerged, match=str(other)):
            await actions.rename(session, one, "x", by=ana)
        with pytest.raises(actions.IssueMerged):
            await actions.merge(session, vault, settings, other, one, by=ana)
        with pytest.raises(actions.SameIssue):
            await actions.merge(session, vault, settings, other, other, by=ana)
        with pytest.raises(actions.UnknownIssue):
            await actions.rename(session, 999, "x", by=ana)
        with pytest.raises(actions.NotMerged):
            await actions.unmerge(session, other, by=ana)
        context = await queries.context(session, [one])
        assert (context[one].root_id, context[one].people) == (other, 2)


async def test_everybody_who_asked_hears_once_why_an_issue_was_declined(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        one, people_one, said = await town.asked(session, vault, 2)
        other, people_two, _ = await town.asked(session, vault, 1)
        again = await town.contribution(session, vault, people_one[0], lang="pt")
        await town.join(session, other, [again], [people_one[0][0]])
        follower = await town.person(session, lang="es")
        await actions.follow(session, *follower, other)
        quitter = await town.person(session)
        await actions.follow(session, *quitter, other)
        await actions.unfollow(session, *quitter, other)
        await actions.merge(session, vault, settings, one, other, by=actions.Machine())
        reason = "The street belongs to the neighbouring town."
        await actions.decline(session, vault, settings, other, by=ana, reason=reason)
        told = await town.told(session, vault)
        reached = sorted(identity for identity, _, _ in told)
        assert reached == sorted(i for _, i in [*people_one, *people_two, follower])
        assert all(reason in text for _, _, text in told)
        words = {identity: text for identity, _, text in told}
        assert words[people_one[0][1]].startswith("Sobre CODE"), "in the language they last wrote"
        assert "usted sigue" in words[follower[1]]
        states = await message_queries.states(session, [*said, again])
        assert set(states.values()) == {"declined"}


async def test_reopening_dates_anew_and_a_second_ending_is_told_again(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        await town.body(session, "water", norm_days=2)
        ana = await town.official(session, "water")
        issue_id, _, said = await town.asked(session, vault, 1)
        await actions.claim(session, issue_id, by=ana, settings=settings)
        await actions.close(session, vault, settings, issue_id, by=ana, reason="mended")
        with pytest.raises(actions.WrongState):
            await actions.decline(session, vault, settings, issue_id, by=ana, reason="no")
        issue = await actions.reopen(
            session, settings, issue_id, actor=ana.actor, why="broke again"
        )
        assert (issue.state, issue.reason) == ("assigned", None)
        assert issue.due_at is not None
        assert issue.due_at > now()
        assert await message_queries.states(session, said) == {said[0]: "received"}
        events = len(await trail.of(session, "issue", issue_id))
        await actions.reopen(session, settings, issue_id, actor="machine", why="asked again")
        assert len(await trail.of(session, "issue", issue_id)) == events, "it waits already"
        await actions.close(session, vault, settings, issue_id, by=ana, reason="mended for good")
        assert len({key for _, key, _ in await town.told(session, vault)}) == 2
        with pytest.raises(actions.NoReason):
            await actions.close(session, vault, settings, issue_id, by=ana, reason="  ")


async def test_citizen_who_reopens_does_not_take_the_answer_from_the_others(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        issue_id, _, said = await town.asked(session, vault, 2)
        await actions.answer(session, issue_id, actor="staff:1", answer_id=1)
        issue = await actions.reopen(session, settings, issue_id, actor="person:P-1", why="no")
        assert issue.state == "open"
        assert set((await message_queries.states(session, said)).values()) == {"answered"}


async def test_who_comes_to_a_closed_issue_by_a_move_learns_why_it_ended(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        closed, _, _ = await town.asked(session, vault, 1)
        await actions.close(session, vault, settings, closed, by=ana, reason="mended")
        other, people_two, said = await town.asked(session, vault, 2)
        await actions.move(session, said[:1], closed, by=ana)
        job = (await session.scalars(select(Job).where(Job.kind == "tell_ending"))).one()
        await actions.tell_ending(session, vault, settings, job.args["issue_id"])
        await actions.tell_ending(session, vault, settings, job.args["issue_id"])
        told = [identity for identity, _, _ in await town.told(session, vault)]
        assert told.count(people_two[0][1]) == 1
        assert len(told) == 2
        assert (await message_queries.states(session, said)) == {
            said[0]: "closed",
            said[1]: "received",
        }
        assert (await town.at(session, other)).people == 1


async def test_split_makes_a_dated_issue_of_its_own_and_undo_folds_it_back(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        water = await town.body(session, "water")
        ana = await town.official(session, "water")
        issue_id, _, said = await town.asked(session, vault, 3, department_id=water)
        await actions.claim(session, issue_id, by=ana, settings=settings)
        fresh = await actions.split(session, issue_id, said[:1], by=ana, name="Dirty water")
        assert (fresh.name, fresh.named_by, fresh.state) == ("Dirty water", ana.actor, "assigned")
        assert (fresh.people, fresh.department_id, fresh.official_id) == (1, water, ana.id)
        assert (await town.at(session, issue_id)).people == 2
        with pytest.raises(actions.UnknownContribution):
            await actions.split(session, issue_id, said[:1], by=ana)
        with pytest.raises(actions.NothingLeft):
            await actions.split(session, issue_id, said[1:], by=ana)
        batch = await queries.last_batch(session, fresh.id)
        assert batch is not None
        await actions.undo(session, batch, by=ana)
        assert (await town.at(session, issue_id)).people == 3
        assert (await town.at(session, fresh.id)).root_id == issue_id
        with pytest.raises(actions.CannotUndo):
            await actions.undo(session, batch, by=ana)
        with pytest.raises(actions.UnknownBatch):
            await actions.undo(session, "nothing", by=ana)


async def test_erasing_leaves_no_words_in_names_phrases_vectors_or_routing(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        water = await town.body(session, "water")
        ana = await town.official(session, "water")
        who = await town.person(session)
        secret = "my neighbour Zulmira steals water"
        said = await town.contribution(session, vault, who, secret)
        issue_id = await town.issue(session, [said], [who[0]], name=secret)
        await actions.assign(session, settings, issue_id, department_key="water", by=ana)
        ids = await messages.erase(session, who[0], actor="person:P-1")
        await actions.forget_members(session, ids)
        await people.forget(session, who[0])
        issue = await town.at(session, issue_id)
        assert (issue.name, issue.phrases, issue.people) == ("—", [], 1)
        texts = [e.text for e in await department_queries.examples(session, water)]
        assert not any("Zulmira" in text for text in texts)
        assert await queries.askers(session, issue_id) == []


async def test_trail_of_an_issue_never_holds_citizens_words(
    database: Database, vault: Vault, settings: Settings
) -> None:
    async with database.write() as session:
        ana = await town.official(session, role="moderator")
        issue_id, _, said = await town.asked(
            session, vault, 3, name="zebra crossing", text="zebra crossing"
        )
        other, _, _ = await town.asked(session, vault, 1, name="zebra", text="zebra")
        await actions.rename(session, issue_id, "Crossings", by=ana)
        await actions.split(session, issue_id, said[:1], by=ana)
        await actions.merge(session, vault, settings, other, issue_id, by=ana)
        for id_ in (issue_id, other):
            for event in await trail.of(session, "issue", id_):
                assert "zebra" not in f"{event.was}{event.became}{event.why}{event.details}"
