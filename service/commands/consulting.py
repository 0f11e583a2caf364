"""The sample's consultation: open for proposals, some admitted, some to be screened."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from service.channels.inbox import IMPORT
from service.consultations import actions, queries
from service.consultations.actions import Plan
from service.consultations.proposals import actions as proposals
from service.consultations.proposals.actions import NewProposal
from service.consultations.proposals.screening import actions as screening
from service.database import Session, now
from service.installation import Installation
from service.people import actions as people
from service.people import queries as people_queries
from service.people.actions import Stranger
from service.staff.access import Staffer

OPENED, PROPOSING, SCREENING, VOTING = (timedelta(days=n) for n in (4, 17, 27, 48))


async def load(here: Installation, path: Path, by: Staffer) -> None:
    """Open the consultation of a file with its invented proposals, once."""
    told = _read(path)
    async with here.database.write() as session:
        if (await queries.page(session, limit=1))[1]:
            return
        start = now() - OPENED
        plan = Plan(told["lang"], start, now() + PROPOSING, now() + SCREENING, now() + VOTING)
        row = await actions.draft(session, here.vault, plan, by=by)
        for lang, words in told["texts"].items():
            await actions.word(session, row.id, lang, **words, by=by)
        themes = await actions.divide(session, row.id, told["themes"], by=by)
        await actions.open_(session, row.id, by=by)
        for at, one in enumerate(told["proposals"]):
            theme_id = themes[one["theme"] - 1].id
            if one.get("seed"):
                await screening.seed(session, row.id, theme_id, one["lang"], one["text"], by=by)
            else:
                await _propose(session, here, row.id, theme_id, one, f"sample-{at}", by)


def _read(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


async def _propose(
    session: Session,
    here: Installation,
    consultation_id: int,
    theme_id: int,
    one: dict[str, Any],
    name: str,
    by: Staffer,
) -> None:
    """Somebody invented proposes it, as if it came from a file; staff decide on it."""
    digest = here.vault.digest("identity", IMPORT, "main", name)
    sealed = here.vault.seal(json.dumps({"conversation": name, "thread": None, "sender": name}))
    await people.meet(session, [Stranger(IMPORT, "main", digest, sealed, one["lang"])])
    key = (IMPORT, "main", digest)
    identity, person = (await people_queries.by_digest(session, [key]))[key]
    new = NewProposal(identity, person, None, one["lang"], one["text"], len(one["text"]), theme_id)
    made = await proposals.propose(session, consultation_id, new)
    if one["state"] == "admitted":
        await screening.admit(session, here, made.id, by=by)
    elif one["state"] == "refused":
        await screening.refuse(session, here, made.id, by=by, reason=one["reason"])
