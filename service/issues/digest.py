"""The officials' daily e-mail: what is new, due soon and overdue in their departments, in plain
text.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

import aiosmtplib
import structlog

from service import jobs
from service.database import Session, now
from service.departments.norm import due_here
from service.installation import Installation
from service.issues.models import Issue
from service.issues.noticing import queries
from service.phrases import day, say
from service.settings import Settings
from service.staff.models import Staff

SOON = 3
NEW = timedelta(days=1)
SHOWN = 20
TLS_PORT = 465

log = structlog.get_logger()


@dataclass(frozen=True)
class News:
    """What an official should see; an issue is in one list only, the most pressing."""

    overdue: list[Issue]
    due: list[Issue]
    new: list[Issue]

    @property
    def count(self) -> int:
        """How many issues in all."""
        return len(self.overdue) + len(self.due) + len(self.new)


async def digest(here: Installation, *, moment: datetime | None = None) -> int:
    """Write to each official who has something to see, once a day from the hour set.

    Gives how many were sent.

    A mail server that fails is tried again at the next call; others are not kept waiting for it.
    """
    moment = moment or now()
    local = moment.astimezone(here.settings.zone)
    if not here.settings.smtp_host or local.hour < here.settings.digest_hour:
        return 0
    async with here.database.read() as session:
        officials = await queries.officials(session)
        keys = {who.id: f"digest:{who.id}:{local.date()}" for who in officials}
        sent = await queries.known_jobs(session, list(keys.values()))
    waiting = [who for who in officials if keys[who.id] not in sent]
    return sum([await _write_to(here, who, keys[who.id], moment) for who in waiting])


async def _write_to(here: Installation, who: Staff, key: str, moment: datetime) -> bool:
    """Read, send outside any transaction, then note that today's was sent."""
    async with here.database.read() as session:
        news = await _news(session, here.settings, who, moment)
    if news.count:
        try:
            await send(here.settings, compose(here.settings, who, news))
        except (aiosmtplib.SMTPException, OSError) as error:
            log.warning("digest not sent", staff=who.id, error=type(error).__name__)
            return False
    async with here.database.write() as session:
        await jobs.add(session, "digest", key=key, staff_id=who.id)
        (job_id,) = await queries.job_ids(session, key)
        await jobs.finish(session, job_id)
    return news.count > 0


async def _news(session: Session, settings: Settings, who: Staff, moment: datetime) -> News:
    found = await queries.waiting_for(session, who.id, who.departments)
    soon = due_here(settings, moment, SOON)
    overdue = [i for i in found if i.due_at is not None and i.due_at < moment]
    due = [i for i in found if i.due_at is not None and moment <= i.due_at <= soon]
    pressing = {issue.id for issue in [*overdue, *due]}
    new = [i for i in found if i.id not in pressing and i.created_at >= moment - NEW]
    return News(overdue, due, new)


def compose(settings: Settings, who: Staff, news: News) -> EmailMessage:
    """The message in the official's language."""
    message = EmailMessage()
    message["From"], message["To"] = settings.mail_from, who.email
    subject = say("digest.subject", who.lang, n=news.count, government=settings.government)
    message["Subject"] = " ".join(subject.split())
    parts = [say("digest.hello", who.lang, name=who.name)]
    for kind in ("overdue", "due", "new"):
        issues = getattr(news, kind)
        if issues:
            parts.append(_section(settings, who.lang, kind, issues))
    parts.append(say("digest.end", who.lang, url=f"{settings.url}/console"))
    message.set_content("\n\n".join(parts))
    return message


def _section(settings: Settings, lang: str, kind: str, issues: list[Issue]) -> str:
    lines = [say(f"digest.{kind}", lang, n=len(issues))]
    for issue in issues[:SHOWN]:
        due = day(issue.due_at, lang, settings.zone) if issue.due_at else say("digest.no_due", lang)
        name = " ".join(issue.name.split())
        lines.append(say("digest.line", lang, n=issue.people, name=name, due=due))
        lines.append(f"  {settings.url}/console/issues/{issue.id}")
    if len(issues) > SHOWN:
        url = f"{settings.url}/console/issues"
        lines.append(say("digest.more", lang, n=len(issues) - SHOWN, url=url))
    return "\n".join(lines)


async def send(settings: Settings, message: EmailMessage) -> None:
    """Hand a message to the mail server. Raises what aiosmtplib raises, and OSError."""
    implicit = settings.smtp_port == TLS_PORT
    await aiosmtplib.send(
        message,
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_user or None,
        password=settings.smtp_password.get_secret_value() or None,
        use_tls=implicit,
        start_tls=settings.smtp_starttls and not implicit,
        timeout=30,
    )
