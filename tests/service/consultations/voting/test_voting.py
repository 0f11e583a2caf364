"""Voting in a browser: pairs, what is counted once, and every refusal that tells the truth."""

import asyncio
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select

from service.consultations import actions as consultations
from service.consultations.models import Consultation
from service.consultations.proposals.models import Proposal
from service.consultations.voting import actions, devices, tokens
from service.consultations.voting.models import Vote, Voter
from service.database import now
from service.installation import Installation
from service.jobs import Job
from service.tasks import do
from service.vault import Vault
from tests.service.consultations.voting.polling import Browser, Poll, open_poll
from tests.service.issues import town


@pytest.fixture
async def poll(installation: Installation, client: AsyncClient) -> Poll:
    """Six proposals of one theme."""
    return await open_poll(installation)


@pytest.fixture
async def browser(client: AsyncClient, poll: Poll) -> Browser:
    """Somebody who has their first pair."""
    made = Browser(client, poll)
    assert (await made.enter()).status_code == 201
    return made


async def count(here: Installation, table: type[Vote] | type[Voter]) -> int:
    """How many rows there are."""
    from sqlalchemy import func, select

    async with here.database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_every_pair_is_voted_on_once_and_then_it_is_over(
    browser: Browser, installation: Installation
) -> None:
    seen = set()
    for cast in range(15):
        assert browser.said["cast"] == cast
        shown = browser.said["next"]
        seen.add(frozenset((shown["left"]["id"], shown["right"]["id"])))
        assert shown["theme"] == "Tema 1"
        answer = (await browser.vote("left")).json()
        assert answer["counted"] is True
    assert len(seen) == 15
    assert browser.said["next"] is None
    assert (await count(installation, Vote), await count(installation, Voter)) == (15, 1)


async def test_a_pause_is_offered_every_twenty_votes(
    client: AsyncClient, installation: Installation
) -> None:
    browser = Browser(client, await open_poll(installation, (9,)))
    await browser.enter()
    paused = []
    for _ in range(25):
        await browser.vote("right")
        paused.append(browser.said["pause"])
    assert [at + 1 for at, one in enumerate(paused) if one] == [20]


async def test_nobody_becomes_a_voter_by_looking(
    browser: Browser, installation: Installation
) -> None:
    await browser.pair()
    assert await count(installation, Voter) == 0


async def test_asking_again_does_not_choose_among_pairs(browser: Browser) -> None:
    first = browser.said["next"]
    again = (await browser.pair()).json()["next"]
    for side in ("left", "right"):
        assert again[side]["id"] == first[side]["id"]


async def test_nor_does_asking_for_one_theme_after_the_other(
    client: AsyncClient, installation: Installation
) -> None:
    poll = await open_poll(installation, (8, 8))
    browser = Browser(client, poll)
    await browser.enter()
    offered = set()
    for turn in range(10):
        shown = (await browser.pair(theme_id=poll.themes[turn % 2])).json()["next"]
        offered.add(frozenset((shown["left"]["id"], shown["right"]["id"])))
    assert len(offered) == 2


async def test_a_double_tap_counts_once_and_says_what_counts(
    browser: Browser, installation: Installation
) -> None:
    pair = browser.said["next"]["pair"]
    first, second = await asyncio.gather(browser.vote("left", pair), browser.vote("left", pair))
    assert sorted([first.json()["counted"], second.json()["counted"]]) == [False, True]
    later = (await browser.vote("right", pair)).json()
    assert (later["counted"], later["choice"]) == (False, "left")
    assert await count(installation, Vote) == 1


async def test_another_voters_pair_an_altered_one_and_an_old_one_are_refused(
    client: AsyncClient, poll: Poll, browser: Browser, vault: Vault
) -> None:
    other = Browser(client, poll)
    await other.enter()
    stolen = await other.vote("left", browser.said["next"]["pair"])
    assert (stolen.status_code, stolen.json()["error"]) == (403, "unknown_pair")
    left, right, *rest = browser.said["next"]["pair"].split(".")
    altered = await browser.vote("left", ".".join([right, left, *rest]))
    assert altered.json()["error"] == "unknown_pair"
    assert (await browser.vote("left", "nonsense")).json()["error"] == "unknown_pair"
    digest, _ = tokens.read_voter(vault, poll.id, browser.token)
    old = tokens.Pair(poll.proposals[0][0], poll.proposals[0][1], 1_700_000_000_000, "0" * 8)
    stale = await browser.vote("left", tokens.write_pair(vault, digest, old))
    assert (stale.status_code, stale.json()["error"]) == (409, "stale_pair")


@pytest.mark.parametrize("token", ["", "x", "0" * 32 + ".." + "0" * 32])
async def test_tokens_cannot_be_made_up(browser: Browser, token: str) -> None:
    browser.token = token
    answer = await browser.pair()
    assert (answer.status_code, answer.json()["error"]) == (403, "unknown_voter")


async def test_a_token_is_for_one_consultation(
    client: AsyncClient, installation: Installation, browser: Browser, poll: Poll
) -> None:
    async with installation.database.write() as session:
        row = await session.get_one(Consultation, poll.id)
        copy = {
            column.name: getattr(row, column.name)
            for column in Consultation.__table__.columns
            if column.name != "id"
        }
        made = Consultation(**copy)
        session.add(made)
        await session.flush()
    browser.poll = Poll(installation, made.id, [], [])
    assert (await browser.pair()).json()["error"] == "unknown_voter"


async def test_after_closing_no_vote_is_taken(
    browser: Browser, poll: Poll, installation: Installation
) -> None:
    await poll.change(Consultation, poll.id, voting_until=now() - timedelta(seconds=1))
    late = await browser.vote("left")
    assert (late.status_code, late.json()["error"]) == (409, "voting_closed")
    assert await count(installation, Vote) == 0


async def test_what_was_withdrawn_or_reworded_meanwhile_is_not_voted_on(
    browser: Browser, poll: Poll
) -> None:
    shown = browser.said["next"]
    await poll.change(Proposal, shown["left"]["id"], edited="Outra redação.", fingerprint="new")
    changed = await browser.vote("left")
    assert (changed.status_code, changed.json()["error"]) == (409, "pair_changed")
    fresh = (await browser.pair()).json()["next"]
    texts = {shown["left"]["id"]: "Outra redação."}
    for side in ("left", "right"):
        assert fresh[side]["text"] == texts.get(fresh[side]["id"], fresh[side]["text"])
    await poll.change(Proposal, fresh["right"]["id"], state="withdrawn")
    gone = await browser.vote("right", fresh["pair"])
    assert gone.json()["error"] == "pair_changed"
    after = (await browser.pair()).json()["next"]
    assert fresh["right"]["id"] not in (after["left"]["id"], after["right"]["id"])


async def test_an_erased_voter_is_told_so_and_the_votes_stay(
    browser: Browser, installation: Installation
) -> None:
    await browser.vote("left")
    assert (await browser.leave()).status_code == 204
    for answer in (await browser.pair(), await browser.vote("left")):
        assert (answer.status_code, answer.json()["error"]) == (409, "voter_erased")
    assert await count(installation, Vote) == 1
    async with installation.database.read() as session:
        voter = await session.get_one(Voter, 1)
    assert (voter.device, voter.campaign, voter.person_id) == (None, None, None)
    assert voter.erased_at is not None


async def test_who_is_erased_after_the_end_or_of_what_was_cancelled_is_not_known_again(
    client: AsyncClient, browser: Browser, poll: Poll, installation: Installation, app: FastAPI
) -> None:
    other = Browser(client, poll)
    await other.enter()
    for one in (browser, other):
        await one.vote("left")
    await browser.leave()
    async with installation.database.write() as session:
        by = await town.official(session, role="comms")
        await consultations.cancel(session, poll.id, by=by, reason="No money.")
    job = Job(kind="tell_cancelled", args={"consultation_id": poll.id})
    await do(job, installation, app.state.retriever)
    await other.leave()
    async with installation.database.read() as session:
        voters = (await session.scalars(select(Voter).order_by(Voter.id))).all()
    assert [one.digest for one in voters] == [f"erased-{one.id}" for one in voters]


@pytest.mark.parametrize(
    ("address", "home"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_household_has_one_address(address: str, home: str) -> None:
    assert devices.household(address) == home


async def test_undecided_with_a_reason(browser: Browser, installation: Installation) -> None:
    await browser.vote("neither", why="same")
    await browser.vote("left", why="unknown")
    async with installation.database.read() as session:
        undecided, decided = [await session.get_one(Vote, id_) for id_ in (1, 2)]
    assert (undecided.choice, undecided.why) == ("neither", "same")
    assert decided.choice in ("low", "high")
    assert decided.why is None


async def test_themes_can_be_chosen_and_never_mix(
    client: AsyncClient, installation: Installation
) -> None:
    poll = await open_poll(installation, (4, 4, 1))
    browser = Browser(client, poll)
    await browser.enter(theme_id=poll.themes[1])
    shown = browser.said["next"]
    assert {shown["left"]["id"], shown["right"]["id"]} <= set(poll.proposals[1])
    for _ in range(12):
        shown = browser.said["next"]
        sides = {shown["left"]["id"], shown["right"]["id"]}
        assert any(sides <= set(theme) for theme in poll.proposals)
        await browser.vote("left")
    assert browser.said["next"] is None
    assert (await browser.pair(theme_id=poll.themes[2])).json()["next"] is None
    unknown = await browser.pair(theme_id=max(poll.themes) + 1)
    assert (unknown.status_code, unknown.json()["error"]) == (400, "wrong_theme")


async def test_those_shown_together_never_meet(
    client: AsyncClient, installation: Installation
) -> None:
    poll = await open_poll(installation, (3,))
    first, second, third = poll.proposals[0]
    await poll.change(Proposal, second, shown_with=first)
    browser = Browser(client, poll)
    await browser.enter()
    met = set()
    while (shown := browser.said["next"]) is not None:
        met.add(frozenset((shown["left"]["id"], shown["right"]["id"])))
        await browser.vote("left")
    assert met == {frozenset((first, third)), frozenset((second, third))}


async def test_a_code_or_a_place_asks_for_it(
    client: AsyncClient, installation: Installation
) -> None:
    from service.consultations.entering.actions import digest

    poll = await open_poll(
        installation, open_to="code", entry_digest=digest(installation.vault, "FEIRA-2026")
    )
    browser = Browser(client, poll)
    assert (await browser.enter()).json()["error"] == "not_let_in"
    for _ in range(12):
        entered = await browser.enter(code="feira 2026")
        assert entered.status_code == 201, "who has the code is no guesser"
    tried = [(await browser.enter(code=f"guess-{n}")).json()["error"] for n in range(11)]
    assert tried == ["not_let_in"] * 10 + ["too_many_voters"], "nobody guesses codes"
    await poll.change(Consultation, poll.id, open_to="place", place="Vale Claro")
    assert (await browser.enter()).json()["error"] == "not_living_there"
    assert (await browser.enter(lives_there=True)).status_code == 201


async def test_too_many_votes_and_voters_are_slowed_down(
    client: AsyncClient, installation: Installation, poll: Poll
) -> None:
    limit = installation.settings.voters_per_hour
    browser = Browser(client, poll)
    for _ in range(limit):
        assert (await browser.enter()).status_code == 201
    assert (await browser.enter()).json()["error"] == "too_many_voters"


async def test_nobody_votes_faster_than_the_limit(
    client: AsyncClient, installation: Installation
) -> None:
    browser = Browser(client, await open_poll(installation, (12,)))
    await browser.enter()
    for _ in range(installation.settings.votes_per_minute):
        assert (await browser.vote("left")).status_code == 200
    answer = await browser.vote("left")
    assert (answer.status_code, answer.json()["error"]) == (429, "too_many_votes")


async def test_unknown_consultations_are_not_voted_on(client: AsyncClient, poll: Poll) -> None:
    for state in ("drafted", "proposing", "shortlisted"):
        await poll.change(Consultation, poll.id, state=state)
        answer = await Browser(client, poll).enter()
        wanted = "unknown_consultation" if state == "drafted" else "voting_closed"
        assert answer.json()["error"] == wanted
    await poll.change(Consultation, poll.id, state="voting")


async def test_many_at_the_same_time_are_each_counted_once(
    client: AsyncClient, installation: Installation
) -> None:
    poll = await open_poll(installation, (20,))
    browsers = [Browser(client, poll) for _ in range(40)]

    async def vote(one: Browser) -> None:
        assert (await one.enter()).status_code == 201
        for _ in range(3):
            assert (await one.vote("right")).json()["counted"] is True

    await asyncio.gather(*(vote(one) for one in browsers))
    assert (await count(installation, Vote), await count(installation, Voter)) == (120, 40)


async def test_a_failing_commit_is_no_counted_vote(
    browser: Browser, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(actions, "cast_all", fail)
        with pytest.raises(RuntimeError):
            await browser.vote("left")
    assert await count(installation, Vote) == 0
    assert (await browser.vote("left")).json()["counted"] is True
