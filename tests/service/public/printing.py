"""A press for tests: answers that are published, issues that many people speak of."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from service.answers import actions as answers
from service.answers.models import Answer
from service.database import Session, now
from service.installation import Installation
from service.issues import actions as issues
from service.issues.models import Membership
from service.issues.showing import actions as showing
from service.messages.models import Contribution
from tests.service.issues import town


async def published(
    session: Session,
    here: Installation,
    issue_id: int,
    *,
    title: str = "Water",
    text: str = "The water is back.",
    lang: str = "en",
    more: dict[str, str] | None = None,
    at: datetime | None = None,
) -> Answer:
    """An answer to an issue, written by one person and published by another."""
    author, second = await town.official(session), await town.official(session, role="comms")
    made = await answers.begin(session, issue_id, by=author, lang=lang, title=title, text=text)
    for code, words in (more or {}).items():
        await answers.edit(session, made.id, by=author, lang=code, text=words)
    await answers.submit(session, made.id, by=author)
    await answers.approve(session, made.id, by=second)
    await answers.publish(session, here, made.id, actor=second.actor)
    made.published_at = at or made.published_at
    await session.flush()
    return made


async def crowded(session: Session, issue_id: int) -> None:
    """All of an issue was said on one day of last week, in one place."""
    said = select(Membership.contribution_id).where(Membership.issue_id == issue_id)
    await session.execute(
        update(Contribution)
        .where(Contribution.id.in_(said))
        .values(said_at=now() - timedelta(days=7), place="Cedar Hill")
    )


async def spoken_of(
    session: Session,
    here: Installation,
    people: int,
    *,
    name: str = "No water in the north",
    text: str = "no water in our street",
    body: int | None = None,
    shown: bool = True,
) -> int:
    """An issue that so many people speak of, named by staff, shown to the public."""
    id_, _, _ = await town.asked(
        session, here.vault, people, name="words of a citizen", text=text, department_id=body
    )
    comms = await town.official(session, role="comms")
    await issues.rename(session, id_, name, by=comms)
    if shown:
        await showing.show(session, id_, by=comms)
    return id_
