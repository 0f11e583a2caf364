"""Word what a citizen reads after writing: a receipt, a published answer, or a few words of
talk.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from nlp import talk, text
from service import phrases
from service.answers import queries as answers
from service.channels.contract import Button
from service.channels.deliveries import Cause, Letter
from service.issues import queries as issues
from service.issues.queries import IssueContext
from service.phrases import say

if TYPE_CHECKING:
    from service.conversations.hearing import Heard
    from service.conversations.room import Room
    from service.conversations.weaving import Thread
    from service.conversations.writing import Placed

ABOUT = 80


async def word(room: "Room", threads: Sequence["Thread"], placed: Sequence["Placed"]) -> None:
    """Gather the letters of a batch: one for each contribution, or one for talk that stands
    alone.
    """
    live = [one for one in placed if not one.woven.first.imported]
    context = await issues.context(room.session, list({one.issue_id for one in live}))
    ready = await answers.published(room.session, [one.answer_id for one in live if one.answer_id])
    told: set[int] = set()
    said = [
        h for thread in threads for w in (thread.talk, *(v.heard for v in thread.woven)) for h in w
    ]
    shown = [heard for heard in said if heard.inbound.medium]
    for one in live:
        lang = room.lang(one.woven.first)
        call = danger(one.woven.heard, lang, room)
        if one.answer_id:
            body, buttons = instant(ready[one.answer_id], one, lang, room)
        else:
            issue = context[one.issue_id]
            body, buttons = receipt(issue, one, lang, room, counted=not call), ()
        body = f"{call}{body}"
        if one.more:
            body = f"{body}\n\n{one.more}"
        if any(heard.thread == one.woven.first.thread for heard in shown):
            body = f"{body}\n\n{say('media.words', lang)}"
        cause: Cause = "instant" if one.answer_id else "receipt"
        key = f"{cause}:{one.contribution_id}:{one.woven.first.row_id}"
        about_what = one.answer_id or one.contribution_id
        write(room, one.woven.first, key, cause, about_what, body, buttons, told)
    for thread in threads:
        if thread.talk and not thread.woven and not thread.talk[-1].imported:
            last = thread.talk[-1]
            lang = room.lang(last)
            body = f"{danger(thread.talk, lang, room)}{small_talk(last, lang)}"
            write(room, last, f"talk:{last.row_id}", "talk", None, body, (), told)


def write(
    room: "Room",
    heard: "Heard",
    key: str,
    cause: Cause,
    cause_id: int | None,
    body: str,
    buttons: tuple[Button, ...],
    told: set[int],
) -> None:
    """One letter to who wrote `heard`; somebody's first carries the line on privacy."""
    identity, person = room.identity(heard), room.person(heard)
    if identity is None or person is None:
        return
    lang = room.lang(heard)
    if person.told_at is None and person.id not in told:
        told.add(person.id)
        room.told.append(person.id)
        body = f"{body}\n\n{say('privacy.line', lang)}"
    room.letters.append(
        Letter(
            key, identity.id, identity.channel, cause, cause_id, body, lang, buttons,
            picture=room.shown.pop(heard.row_id, None),
        )
    )  # fmt: skip


def receipt(issue: IssueContext, one: "Placed", lang: str, room: "Room", *, counted: bool) -> str:
    """The code, how many ask the same (not where somebody is not `counted` among others), who has
    it and until when.
    """
    if one.grew:
        return say("added" if one.woven.mends is None else "mended", lang, code=one.receipt)
    if one.woven.issue_id:
        return say("reopen.added", lang, code=one.receipt)
    lines = [say("receipt.first", lang, code=one.receipt)]
    if issue.people > 1 and counted:
        lines.append(say("receipt.same", lang, n=issue.people - 1))
    lines.append(whose("receipt", issue, lang, room))
    if any(heard.found for heard in one.woven.heard):
        lines.append(say("receipt.masked", lang))
    return "\n".join([*lines, say("receipt.told", lang)])


def danger(said: Iterable["Heard"], lang: str, room: "Room") -> str:
    """Whom to call and a blank line, where somebody may be in danger; else nothing."""
    if not any(talk.urgent(heard.text, heard.lang) for heard in said):
        return ""
    numbers = room.here.settings.emergency
    key = "receipt.danger" if numbers else "receipt.danger.unset"
    return f"{say(key, lang, numbers=numbers)}\n\n"


def whose(prefix: str, issue: IssueContext, lang: str, room: "Room") -> str:
    """Who has an issue, and until when; the triage desk when no department has it yet."""
    due = day(issue.due_at, lang, room) if issue.due_at else "—"
    if issue.department_name:
        key = "receipt.with" if prefix == "receipt" else "status.received.with"
        return say(key, lang, department=issue.department_name, due=due)
    return say("receipt.triage" if prefix == "receipt" else "status.received.triage", lang, due=due)


def instant(
    ready: answers.Published, one: "Placed", lang: str, room: "Room"
) -> tuple[str, tuple[Button, ...]]:
    """A published answer with its date, department and source, and the way to say it is not it."""
    body, original = ready.text(lang)
    when = day(ready.published_at, lang, room)
    parts = [
        say(
            "instant.header",
            lang,
            department=ready.department_name or room.here.settings.government,
            date=when,
        )
    ]
    if original:
        parts.append(say("answer.original", lang))
    parts += ["", body, ""]
    if ready.video_url:
        parts.append(say("answer.video", lang, url=ready.video_url))
    if ready.url:
        parts.append(say("instant.source", lang, url=ready.url))
    parts.append(say("instant.code", lang, code=one.receipt))
    buttons = (
        Button(say("button.helpful", lang), f"helpful:{ready.id}:{one.contribution_id}"),
        Button(say("button.not_asked", lang), f"not_asked:{ready.id}:{one.contribution_id}"),
    )
    return "\n".join(parts), buttons


def small_talk(heard: "Heard", lang: str) -> str:
    """A few words back for talk that wants nothing."""
    if heard.wants and talk.needs_more(heard.text, heard.lang):
        return say("talk.more", lang)
    if heard.kind == "media":
        return say(f"media.{heard.inbound.medium or 'other'}", lang)
    return say(f"talk.{heard.kind}", lang)


def about(words: str) -> str:
    """A contribution in a few words: its first clause, at most 80 characters; "…" stands for what
    was masked.
    """
    words = text.MASKED.sub("…", words) if text.unlabelled(words) else ""
    first = next(iter(text.sentences(words)), words).split("\n")[0].strip()
    if len(first) <= ABOUT:
        return first
    return (
        first[: first.rfind(" ", 20, ABOUT - 1) if " " in first[20 : ABOUT - 1] else ABOUT - 1]
        + "…"
    )


def day(at: datetime, lang: str, room: "Room") -> str:
    """A date as the reader writes it, in the installation's time zone."""
    return phrases.day(at, lang, room.here.settings.zone)
