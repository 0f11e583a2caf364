"""Write a batch: contributions placed in issues, replies and their deliveries.

Bulk statements only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from nlp import copies
from nlp.embed import FloatArray
from service.answers import queries as answer_queries
from service.answers import telling
from service.channels import deliveries, inbox
from service.conversations import replies, rounds
from service.conversations.hearing import Heard
from service.conversations.placing import Decision
from service.conversations.room import Room
from service.conversations.weaving import Thread, Woven
from service.database import now
from service.departments import queries as departments
from service.departments.norm import due
from service.issues import actions as issues
from service.issues import queries as issue_queries
from service.issues.actions import Joined, NewIssue
from service.messages import actions as messages
from service.messages import queries as message_queries
from service.messages import receipts
from service.people import actions as people
from service.retrieval import actions as retrieval
from service.retrieval import queries as retrieval_queries
from service.retrieval.actions import NewEntry


@dataclass(eq=False)
class Placed:
    """A contribution as it was stored: where it is, and what its author is to hear; `more` comes
    after it.
    """

    woven: Woven
    decision: Decision
    contribution_id: int
    issue_id: int
    receipt: str | None
    grew: bool
    answer_id: int | None = None
    more: str = ""


async def contributions(
    room: Room, threads: Sequence[Thread], decisions: Sequence[Decision]
) -> None:
    """Store what was said, put it into issues, and word the replies."""
    woven = [one for thread in threads for one in thread.woven]
    placed = await _store(room, woven, decisions)
    await _keep_messages(room, threads, placed)
    if placed:
        await _into_issues(room, placed)
        await rounds.nominate(room, placed)
        await _answer_at_once(room, placed)
        await _expect_nothing(room, placed)
    await replies.word(room, threads, placed)


async def _expect_nothing(room: Room, placed: Sequence[Placed]) -> None:
    """What was still missing has been said: the next words are about something else."""
    for one in placed:
        conversation = room.conversation(one.woven.first)
        expected = one.woven.issue_id or one.woven.nominates
        if expected is not None and conversation is not None:
            await messages.expect(room.session, conversation.id, None)


async def _store(room: Room, woven: Sequence[Woven], decisions: Sequence[Decision]) -> list[Placed]:
    fresh = [one for one in woven if one.grows is None]
    codes = {id(one): receipts.new() for one in fresh if not one.first.imported}
    ids = await _contribute(room, fresh, codes)
    placed = []
    for one, decision in zip(woven, decisions, strict=True):
        if one.grows is None:
            placed.append(Placed(one, decision, ids[id(one)], 0, codes.get(id(one)), grew=False))
        else:
            await _grow(room, one, decision)
            sealed = one.grows.sealed_receipt
            code = room.here.vault.open(sealed) if sealed else None
            placed.append(Placed(one, decision, one.grows.id, 0, code, grew=True))
    await messages.keep_vectors(
        room.session,
        [
            {
                "contribution_id": one.contribution_id,
                "model": room.model,
                "digest": one.woven.fingerprint,
                "vector": one.decision.vector.tobytes(),
            }
            for one in placed
            if not one.grew
        ],
    )
    return placed


async def _contribute(room: Room, fresh: Sequence[Woven], codes: dict[int, str]) -> dict[int, int]:
    """Insert contributions with what their copies are known by; gives their row ids by `id`."""
    texts = [one.text for one in fresh]
    sketches = [copies.sketch(one) for one in texts]
    known = await message_queries.sketched(room.session, {b for bands in sketches for b in bands})
    folded = copies.fold(texts, sketches, known)
    rows = [
        _contribution(one, copy.fingerprint, codes.get(id(one)), room)
        for one, copy in zip(fresh, folded, strict=True)
    ]
    ids = await messages.contribute(room.session, rows)
    known_by = [
        {"contribution_id": row, "band": band}
        for row, copy in zip(ids, folded, strict=True)
        for band in copy.bands
    ]
    await messages.keep_sketches(room.session, known_by)
    return dict(zip(map(id, fresh), ids, strict=True))


def _contribution(one: Woven, fingerprint: str, code: str | None, room: Room) -> dict[str, Any]:
    first = one.first
    person, conversation = room.person(first), room.conversation(first)
    vault = room.here.vault
    return {
        "person_id": person.id if person else None,
        "conversation_id": conversation.id if conversation and not first.imported else None,
        "source": first.inbound.external_id if first.imported else None,
        "channel": first.inbound.address.channel,
        "kind": one.kind,
        "text": one.text,
        "lang": first.lang,
        "place": first.place,
        "fingerprint": fingerprint,
        "receipt": vault.digest("receipt", code) if code else None,
        "sealed_receipt": vault.seal(code) if code else None,
        "state": "received",
        "said_at": first.inbound.occurred_at,
        "created_at": now(),
    }


async def _grow(room: Room, one: Woven, decision: Decision) -> None:
    assert one.grows is not None, "only stored contributions grow"
    await messages.extend(
        room.session,
        one.grows.id,
        text=one.text,
        fingerprint=one.fingerprint,
        model=room.model,
        vector=decision.vector.tobytes(),
    )


async def _keep_messages(room: Room, threads: Sequence[Thread], placed: Sequence[Placed]) -> None:
    owner = {one.row_id: p.contribution_id for p in placed for one in p.woven.heard}
    said = [one for thread in threads for w in thread.woven for one in w.heard]
    said += [one for thread in threads for one in thread.talk]
    said.sort(key=lambda one: one.row_id)
    await put_away(room, said)
    kept = [one for one in said if one.inbound.kind != "deleted"]
    await messages.keep_messages(
        room.session, [message(one, owner.get(one.row_id), room) for one in kept]
    )


async def put_away(room: Room, said: Sequence[Heard]) -> None:
    """An edited message is kept beside its newer version; of a deleted one no word stays."""
    before = [
        (one, room.earlier[one.row_id].message.id) for one in said if one.row_id in room.earlier
    ]
    if not before:
        return
    deleted = [id_ for one, id_ in before if one.inbound.kind == "deleted"]
    await messages.blank(room.session, deleted)
    await messages.retire(room.session, [id_ for _, id_ in before if id_ not in deleted])


def message(one: Heard, contribution_id: int | None, room: Room) -> dict[str, Any]:
    """An inbound as a message row; a newer version stands where the first one was said."""
    conversation, before = room.conversation(one), room.earlier.get(one.row_id)
    return {
        "conversation_id": conversation.id if conversation else None,
        "contribution_id": contribution_id,
        "source": one.inbound.external_id if one.imported else None,
        "inbox_id": one.row_id,
        "external_id": None if one.imported else one.inbound.external_id,
        "kind": one.kind,
        "sealed": room.here.vault.seal(one.original),
        "text": one.text,
        "lang": one.lang,
        "found": list(one.found),
        "said_at": before.message.said_at if before else one.inbound.occurred_at,
    }


async def _into_issues(room: Room, placed: Sequence[Placed]) -> None:
    grown = await issue_queries.issues_of(
        room.session, [p.contribution_id for p in placed if p.grew]
    )
    for one in placed:
        if one.grew:
            one.issue_id = grown[one.contribution_id]
    fresh = [one for one in placed if not one.grew]
    await _open_new(room, placed)
    joined = [_joined(one, room) for one in fresh]
    # First the issues, then their means, as whoever merges or moves takes them.
    await issues.join_many(room.session, joined)
    await _move_centroids(room, placed)
    if grown:
        await issues.recount(room.session, set(grown.values()))


def _joined(one: Placed, room: Room) -> Joined:
    person = room.person(one.woven.first)
    return Joined(
        contribution_id=one.contribution_id,
        issue_id=one.issue_id,
        similarity=one.decision.placement.similarity,
        person_id=person.id if person else None,
        messages=len(one.woven.heard),
        said_at=one.woven.first.inbound.occurred_at,
    )


async def _open_new(room: Room, placed: Sequence[Placed]) -> None:
    """Those that join nothing open an issue; those led by another of the batch follow it there."""
    leaders: dict[int, NewIssue] = {}
    bodies = await departments.by_keys(room.session)
    for at, one in enumerate(placed):
        if one.grew:
            continue
        placement = one.decision.placement
        fixed = one.woven.issue_id or placement.issue
        if fixed is not None:
            one.issue_id = fixed
        elif placement.leader == at or placement.leader is None or placed[placement.leader].grew:
            leaders[at] = _new_issue(one, bodies, room)
    ids = dict(
        zip(leaders, await issues.open_many(room.session, list(leaders.values())), strict=True)
    )
    for at, one in enumerate(placed):
        if at in ids:
            one.issue_id = ids[at]
        elif not one.issue_id:
            leader = one.decision.placement.leader
            one.issue_id = ids.get(leader, 0) if leader is not None else 0
            one.issue_id = one.issue_id or placed[leader or 0].issue_id


def _new_issue(one: Placed, bodies: dict[str, Any], room: Room) -> NewIssue:
    settings, route, first = room.here.settings, one.decision.route, one.woven.first
    sure = route is not None and route.confidence >= settings.triage_confidence
    body = bodies.get(route.department or "") if route and sure else None
    start = first.inbound.occurred_at
    norm = body.norm_days if body else settings.norm_days
    return NewIssue(
        name=replies.about(one.woven.text),
        phrases=[],
        department_id=body.id if body else None,
        confidence=route.confidence if route else 0.0,
        route_reason=list(route.terms) if route else [],
        due_at=None
        if first.imported
        else due(now(), norm, settings.zone, _holidays(settings.holidays)),
        first_seen=start,
        last_seen=start,
    )


def _holidays(days: Sequence[str]) -> set[date]:
    return {date.fromisoformat(day) for day in days}


async def _move_centroids(room: Room, placed: Sequence[Placed]) -> None:
    """Each issue's entry is the mean of its members, those who just joined included; one written
    again alone is just its new self.
    """
    fresh: dict[int, list[FloatArray]] = {}
    for one in placed:
        if not one.grew:
            fresh.setdefault(one.issue_id, []).append(one.decision.vector)
    ids = list(fresh)
    sizes = await issue_queries.sizes(room.session, ids)
    owners, means = await retrieval_queries.vectors(room.session, "issue", ids)
    old = dict(zip(owners, means, strict=True))
    entries = []
    for issue_id, vectors in fresh.items():
        size = sizes.get(issue_id, 0) - len(vectors) if issue_id in old else 0
        total = np.sum(vectors, axis=0) + (old[issue_id] * size if size else 0)
        mean = (total / (size + len(vectors))).astype(np.float32)
        entries.append(NewEntry("issue", issue_id, 0, None, None, mean))
    await retrieval.put(room.session, room.model, entries)


async def _answer_at_once(room: Room, placed: Sequence[Placed]) -> None:
    """A published answer that fits well enough goes out now; the others wait for one."""
    live = [one for one in placed if not one.woven.first.imported and not one.grew]
    usable = await answer_queries.usable(
        room.session,
        list({found.id for one in live for found in one.decision.answers[:1]}),
        now().astimezone(room.here.settings.zone).date(),
    )
    for one in live:
        best = one.decision.answers[0].id if one.decision.answers else None
        sure = one.decision.confidence >= room.here.settings.answer_confidence
        if best is not None and sure and best in usable and one.woven.answer_id != best:
            one.answer_id = best
    await telling.answer_at_once(
        room.session,
        [(one.contribution_id, one.issue_id, one.answer_id) for one in live if one.answer_id],
    )
    await _wait(room, live + [one for one in placed if one.grew and one.woven.mends is None])


async def _wait(room: Room, placed: Sequence[Placed]) -> None:
    """What joins a settled issue, or adds to what was answered, waits for an answer again, unless
    one went out; an issue that waits has a due date from its first live contribution.
    """
    left = [one for one in placed if not one.answer_id]
    answered = [
        one.contribution_id
        for one in left
        if one.woven.grows is not None and one.woven.grows.state != "received"
    ]
    await messages.move_state(
        room.session, answered, "received", actor="machine", why="added to after the answer"
    )
    again = {one.issue_id for one in left}
    context = await issue_queries.context(room.session, {one.issue_id for one in placed})
    for issue_id, issue in context.items():
        if issue_id in again and issue.state in issues.SETTLED:
            await issues.reopen(
                room.session, room.here.settings, issue_id, actor="machine", why="asked again"
            )
        elif issue.due_at is None and issue.state in issues.WAITING:
            await issues.date(room.session, room.here.settings, issue.root_id)
            await room.session.flush()


async def finish(room: Room, done: Sequence[int], later: Sequence[int]) -> None:
    """Post the letters, mark the rows understood, give back those that wait for the next batch."""
    await deliveries.post(room.session, room.here.vault, room.letters)
    room.wake = {letter.identity_id for letter in room.letters}
    await people.told(room.session, room.told)
    await inbox.done(room.session, done)
    if later:
        await inbox.release(room.session, later)
