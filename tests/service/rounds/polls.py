"""Rounds for tests: opened, with questions that so many support, ended."""

from datetime import datetime, timedelta

from sqlalchemy import update

from service.database import Session, now
from service.installation import Installation
from service.issues import actions as issues
from service.rounds import actions
from service.rounds.models import Round
from service.rounds.support import actions as support
from service.staff.access import Staffer
from service.trail.actions import MACHINE
from tests.service.issues import town


async def opened(
    session: Session,
    *,
    by: Staffer,
    title: str = "Questions of May",
    opens_at: datetime | None = None,
    per_theme: int = 0,
    counts_shown: str = "live",
) -> Round:
    """A round that runs for a month, from now unless said otherwise."""
    begins = opens_at or now()
    return await actions.create(
        session, by=by, lang="en", texts={"en": (title, "Support what matters to you.")},
        opens_at=begins, closes_at=begins + timedelta(days=30), per_theme=per_theme,
        counts_shown=counts_shown,
    )  # fmt: skip


async def question(
    session: Session,
    here: Installation,
    told: Round,
    supporters: int,
    *,
    name: str = "When does the water come back?",
    text: str = "",
    named: bool = True,
    body: int | None = None,
) -> int:
    """A question of a round that so many asked, with a citizen's `text`; gives its issue."""
    issue, people, said = await town.asked(
        session, here.vault, supporters, name=text or name, text=text or name, department_id=body
    )  # fmt: skip
    for (person, identity), contribution in zip(people, said, strict=True):
        await support.support(
            session, told.id, issue, person_id=person, identity_id=identity,
            contribution_id=contribution,
        )  # fmt: skip
    if named:
        moderator = await town.official(session, role="moderator")
        await issues.rename(session, issue, name, by=moderator)
    return issue


async def ended(session: Session, here: Installation, round_id: int) -> Round:
    """Its time is over, and its support counted."""
    over = now() - timedelta(seconds=1)
    await session.execute(update(Round).where(Round.id == round_id).values(closes_at=over))
    return await actions.end(session, here.settings, round_id, actor=MACHINE)
