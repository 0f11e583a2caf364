"""Later: dates move rounds on, who took part hears how a round ended, who owes an answer is
reminded.
"""

import structlog

from service.channels import deliveries
from service.database import now
from service.errors import GabineteError
from service.installation import Installation
from service.rounds import actions, letters, queries
from service.rounds.reminding import remind
from service.rounds.support import queries as support
from service.trail.actions import MACHINE

__all__ = ["move_on", "remind", "tell_round"]

CHUNK = 500

log = structlog.get_logger()


async def move_on(here: Installation) -> None:
    """Open, end and close what is due to be, each round in a transaction of its own."""
    async with here.database.read() as session:
        waiting = await queries.to_move(session, now())
    for round_id in waiting:
        try:
            await _move_one(here, round_id)
        except GabineteError as error:
            log.warning("round_not_moved", round=round_id, code=error.code)


async def _move_one(here: Installation, round_id: int) -> None:
    """As the round is by then: staff may have moved it meanwhile."""
    async with here.database.write() as session:
        told = await actions.find(session, round_id)
        if told.state == "planned" and told.opens_at <= now():
            await actions.begin(session, round_id, actor=MACHINE)
        if told.state == "open" and told.closes_at <= now():
            await actions.end(session, here.settings, round_id, actor=MACHINE)
        await actions.fulfil(session, round_id)


async def tell_round(here: Installation, round_id: int) -> None:
    """Everybody who took part hears once how the round ended, where they last took part; many at a
    time, so that nobody else waits for the database. Safe to do twice.
    """
    async with here.database.read() as session:
        told = await queries.told(session, round_id)
        if told is None:
            return
        due = [one for one in await queries.questions(session, told.round) if one.due_at]
        people = await support.people(session, round_id)
    for start in range(0, len(people), CHUNK):
        some = people[start : start + CHUNK]
        async with here.database.write() as session:
            reached = await support.supporters(session, round_id, people=some)
            await deliveries.post(session, here.vault, letters.ended(told, due, reached, here))
