"""Later: scores made anew after votes, off the request's way, and the shortlist when it is over."""

import asyncio
from weakref import WeakKeyDictionary

from service.consultations import queries as consultations
from service.consultations.voting import actions, queries, scoring
from service.consultations.voting.ranking import queries as ranking
from service.consultations.voting.tally import SETTLED, Tally
from service.database import Database, now
from service.installation import Installation

KEPT = 8

# What was read of the consultations that are voted on; rebuilt from the rows where it is lost.
_tallies: WeakKeyDictionary[Database, dict[tuple[int, int], Tally]] = WeakKeyDictionary()


async def reckon(here: Installation, consultation_id: int) -> None:
    """Make the scores of a consultation anew from its votes."""
    await _reckon(here, consultation_id, closing=False)


async def unknow(here: Installation, consultation_id: int) -> None:
    """Nobody votes any more in what was cancelled: erased voters are not known again."""
    async with here.database.write() as session:
        await actions.unknow(session, consultation_id)


async def catch_up(here: Installation) -> None:
    """Ask for scores where votes may not be in them: who asks for them a second after the last vote
    may have been killed before that.
    """
    async with here.database.read() as session:
        behind = await queries.behind(session, SETTLED)
    for consultation_id in behind:
        async with here.database.write() as session:
            await actions.reckon_soon(session, consultation_id)


async def close(here: Installation) -> list[int]:
    """Read the votes of consultations whose voting is over for the last time, and make their
    shortlists; gives the consultations.
    """
    async with here.database.read() as session:
        ended = await queries.unclosed(session)
    for consultation_id in ended:
        await _reckon(here, consultation_id, closing=True)
        async with here.database.write() as session:
            await actions.close(
                session, consultation_id, await ranking.ranking(session, consultation_id)
            )
    return ended


async def _reckon(here: Installation, consultation_id: int, *, closing: bool) -> None:
    async with here.database.read() as session:
        united = await queries.united(session, consultation_id)
        tally = Tally(consultation_id) if closing else _tally(here, consultation_id, united)
        row = await consultations.consultation(session, consultation_id)
        held = await queries.reading(session, consultation_id)
        if row is None or (held is not None and held.closed):
            return
        await tally.read(session)
        candidates = await queries.candidates(session, consultation_id)
    least = here.settings.public_minimum
    found = await asyncio.to_thread(scoring.reckon, tally, candidates, least=least, grouped=closing)
    moment = now()
    scores = [{**one, "at": moment} for one in found.scores]
    reading = {**found.reading, "closed": closing, "at": moment}
    async with here.database.write() as session:
        await actions.keep_reckoning(session, reading, scores, found.flags)
    tally.flags.update(found.flags)


def _tally(here: Installation, consultation_id: int, united: int) -> Tally:
    """What was read so far, since voters became one the last time."""
    held = _tallies.setdefault(here.database, {})
    key = (consultation_id, united)
    if key not in held:
        while len(held) >= KEPT:
            held.pop(next(iter(held)))
        held[key] = Tally(consultation_id)
    return held[key]
