"""Remind those who owe the answer of a round, by e-mail: when it is won, three days before it is
due, and each day that it is late.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

import aiosmtplib
import structlog

from service import jobs
from service.database import Session, now
from service.installation import Installation
from service.issues import digest
from service.issues.noticing import queries as noticing
from service.phrases import day, say
from service.rounds import queries
from service.rounds.queries import Question, Told
from service.staff import queries as staff
from service.staff.models import Staff

SOON = timedelta(days=3)

log = structlog.get_logger()


@dataclass(frozen=True)
class Reminder:
    """What one member of staff is to be told of one question; `key` makes it the only one."""

    key: str
    who: Staff
    told: Told
    question: Question
    step: str


async def remind(here: Installation, *, moment: datetime | None = None) -> int:
    """Write to the official, or the department's officials, and to the comms team; gives how many.

    From the digest's hour on; a mail server that fails is tried again at the next call.
    """
    moment = moment or now()
    local = moment.astimezone(here.settings.zone)
    if not here.settings.smtp_host or local.hour < here.settings.digest_hour:
        return 0
    async with here.database.read() as session:
        wanted = await _reminders(session, here, moment)
        sent = await noticing.known_jobs(session, [one.key for one in wanted])
    return sum([await _send(here, one, moment) for one in wanted if one.key not in sent])


async def _reminders(session: Session, here: Installation, moment: datetime) -> list[Reminder]:
    everyone = await staff.everyone(session)
    found = []
    for told, one in await queries.due(session):
        step = _step(one, moment)
        stamp = str(moment.astimezone(here.settings.zone).date()) if step == "late" else step
        found += [
            Reminder(f"round_due:{one.nomination_id}:{who.id}:{stamp}", who, told, one, step)
            for who in everyone
            if who.active and _owes(who, one)
        ]
    return found


def _step(one: Question, moment: datetime) -> str:
    assert one.due_at is not None, "only what is due is reminded of"
    if one.due_at <= moment:
        return "late"
    return "soon" if one.due_at - moment <= SOON else "won"


def _owes(who: Staff, one: Question) -> bool:
    """The official who has it, else its department's, else who routes; the comms team always."""
    if "comms" in who.roles:
        return True
    if one.official_id is not None:
        return who.id == one.official_id
    if one.department_key is not None:
        return "official" in who.roles and one.department_key in who.departments
    return bool({"moderator", "admin"} & set(who.roles))


async def _send(here: Installation, one: Reminder, moment: datetime) -> bool:
    """Sent outside any transaction, then noted."""
    try:
        await digest.send(here.settings, compose(here, one, moment))
    except (aiosmtplib.SMTPException, OSError) as error:
        log.warning("reminder not sent", staff=one.who.id, error=type(error).__name__)
        return False
    async with here.database.write() as session:
        await jobs.add(session, "remind_rounds", key=one.key)
        (job_id,) = await noticing.job_ids(session, one.key)
        await jobs.finish(session, job_id)
    return True


def compose(here: Installation, one: Reminder, moment: datetime) -> EmailMessage:
    """The reminder in the language of who gets it."""
    settings, lang = here.settings, one.who.lang
    message = EmailMessage()
    message["From"], message["To"] = settings.mail_from, one.who.email
    assert one.question.due_at is not None, "only what is due is reminded of"
    due = day(one.question.due_at, lang, settings.zone)
    subject = say(f"round.mail.{one.step}", lang, government=settings.government, day=due)
    message["Subject"] = " ".join(subject.split())
    said = say(
        "round.mail.text", lang, name=one.who.name, title=one.told.title(lang), day=due,
        question=" ".join(one.question.name.split()), n=one.question.supporters,
        url=f"{settings.url}/console/issues/{one.question.issue_id}",
    )  # fmt: skip
    message.set_content(said)
    return message
