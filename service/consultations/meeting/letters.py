"""Word what the invited and all who took part are told: seats, changes, and what came of it."""

from collections.abc import Sequence
from datetime import datetime

from babel.dates import format_date, format_time, get_timezone_gmt

from service.channels.contract import Button
from service.channels.deliveries import BROADCAST, Letter
from service.consultations.meeting.models import Invitation, Meeting, Outcome
from service.consultations.meeting.queries import Invitee, Participant
from service.consultations.queries import Whole
from service.consultations.voting import charting
from service.installation import Installation
from service.phrases import locale, say


def invited(one: Invitee, row: Meeting, whole: Whole, here: Installation) -> Letter:
    """A seat is theirs if they say so in time; why they, and what it is about."""
    lang = _lang(one, whole)
    text = "\n".join(asked(one.row, row, whole, lang, here))
    return _letter(f"meeting-invited:{one.row.id}", one, row, text, lang, answers(one.row, lang))


def asked(one: Invitation, row: Meeting, whole: Whole, lang: str, here: Installation) -> list[str]:
    """The words of an invitation."""
    head = say(f"meeting.invited.{one.kind}", lang, title=whole.text(lang).title)
    return _offer(head, one, row, lang, here)


def _offer(head: str, one: Invitation, row: Meeting, lang: str, here: Installation) -> list[str]:
    until = moment(one.answer_until or row.answer_until, lang, here)
    return [head, "", *facts(row, lang, here), "", say("meeting.until", lang, until=until)]


def answers(one: Invitation, lang: str) -> tuple[Button, ...]:
    """What can be answered now."""
    yes = Button(say("button.attend", lang), f"attend:{one.id}")
    no = Button(say("button.absent", lang), f"absent:{one.id}")
    return {"invited": (yes, no), "accepted": (no,)}.get(one.state, ())


def accepted(one: Invitation, row: Meeting, lang: str, here: Installation) -> str:
    """The seat is theirs: when, where, and a file for their calendar."""
    return _seat(say("meeting.accepted", lang), one, row, lang, here)


def reminder(one: Invitee, row: Meeting, whole: Whole, here: Installation) -> Letter:
    """It is soon: when and where, once more."""
    lang = _lang(one, whole)
    head = say("meeting.reminder", lang, title=whole.text(lang).title)
    text = _seat(head, one.row, row, lang, here)
    key = f"meeting-reminder:{one.row.id}:{row.edition}"
    return _letter(key, one, row, text, lang, answers(one.row, lang))


def _seat(head: str, one: Invitation, row: Meeting, lang: str, here: Installation) -> str:
    lines = [head, "", *facts(row, lang, here)]
    if here.settings.public_url and one.calendar:
        url = f"{here.settings.url}/meetings/{one.calendar}.ics"
        lines += ["", say("meeting.calendar", lang, url=url)]
    return "\n".join([*lines, "", say("meeting.absent_later", lang)])


def lapsed(one: Invitee, row: Meeting, whole: Whole, here: Installation) -> Letter:
    """No answer came in time: the seat goes on."""
    lang = _lang(one, whole)
    title = whole.text(lang).title
    text = say("meeting.lapsed", lang, title=title, until=_until(one.row, lang, here))
    return _letter(f"meeting-lapsed:{one.row.id}", one, row, text, lang)


def changed(one: Invitee, row: Meeting, whole: Whole, here: Installation) -> Letter:
    """Time, place or deadline are others now."""
    lang = _lang(one, whole)
    title = whole.text(lang).title
    lines = [say("meeting.changed", lang, title=title), "", *facts(row, lang, here)]
    if one.row.state == "invited":
        lines += ["", say("meeting.until", lang, until=_until(one.row, lang, here))]
    key = f"meeting-changed:{one.row.id}:{row.edition}"
    return _letter(key, one, row, "\n".join(lines), lang, answers(one.row, lang))


def again(one: Invitee, row: Meeting, whole: Whole, here: Installation) -> Letter:
    """It was called off and is planned again: the seat is offered once more."""
    lang = _lang(one, whole)
    head = say("meeting.again", lang, title=whole.text(lang).title)
    text = "\n".join(_offer(head, one.row, row, lang, here))
    return _letter(
        f"meeting-again:{one.row.id}:{row.edition}", one, row, text, lang, answers(one.row, lang)
    )


def called_off(one: Invitee, row: Meeting, whole: Whole) -> Letter:
    """The meeting does not take place, and why."""
    lang = _lang(one, whole)
    title = whole.text(lang).title
    text = say("meeting.called_off", lang, title=title, reason=row.reason or "")
    return _letter(f"meeting-called-off:{one.row.id}:{row.edition}", one, row, text, lang)


def cancelled(one: Invitee, row: Meeting, whole: Whole) -> Letter:
    """The whole consultation is cancelled; who proposed something hears it by the same key."""
    lang = _lang(one, whole)
    title, reason = whole.text(lang).title, whole.row.reason or ""
    text = say("consultation.cancelled", lang, title=title, reason=reason)
    key = f"consultation-cancelled:{whole.row.id}:{one.row.person_id}"
    return _letter(key, one, row, text, lang)


def outcome(
    one: Participant,
    said: dict[str, Outcome],
    whole: Whole,
    left_out: Sequence[tuple[int, str]],
    here: Installation,
) -> Letter:
    """What came of the consultation, to somebody who took part, in their language."""
    lang = one.lang or whole.row.lang
    told = said.get(lang) or said[whole.row.lang]
    lines = [say("outcome.head", lang, title=whole.text(lang).title)]
    lines += outcome_lines(told, lang)
    for number, reason in left_out:
        lines += ["", say("outcome.left_out", lang, number=number, reason=reason)]
    if here.settings.public_url:
        url = f"{here.settings.url}/consultations/{whole.row.id}"
        lines += ["", say("consultation.read", lang, url=url)]
    return Letter(
        key=f"consultation-outcome:{whole.row.id}:{one.person_id}",
        identity_id=one.identity_id,
        channel=one.channel,
        cause="consultation",
        cause_id=whole.row.id,
        text="\n".join(lines),
        lang=lang,
        priority=BROADCAST,
        picture=charting.reference(whole.row.id),
    )


def outcome_lines(told: Outcome, lang: str) -> list[str]:
    """The decision, in the reader's language or the original with a note, and the video."""
    lines = [] if told.lang == lang else [say("answer.original", lang)]
    lines += ["", told.decision]
    return [*lines, "", say("answer.video", lang, url=told.video_url)] if told.video_url else lines


def facts(row: Meeting, lang: str, here: Installation) -> list[str]:
    """When and where."""
    lines = [say("meeting.when", lang, when=span(row, lang, here))]
    if row.address:
        lines.append(say("meeting.where", lang, address=row.address))
    if row.link:
        lines.append(say("meeting.link", lang, link=row.link))
    return lines


def span(row: Meeting, lang: str, here: Installation) -> str:
    """From when to when, on the clock of the installation's zone."""
    starts, ends = (at.astimezone(here.settings.zone) for at in (row.starts_at, row.ends_at))
    if starts.date() != ends.date():
        return f"{moment(row.starts_at, lang, here)} \N{EN DASH} {moment(row.ends_at, lang, here)}"
    clocks = f"{_clock(starts, lang)}\N{EN DASH}{_clock(ends, lang)}"
    return f"{_day(starts, lang)}, {clocks} ({get_timezone_gmt(starts, locale=locale(lang))})"


def moment(at: datetime, lang: str, here: Installation) -> str:
    """A day and a time as the reader writes them."""
    local = at.astimezone(here.settings.zone)
    zone = get_timezone_gmt(local, locale=locale(lang))
    return f"{_day(local, lang)}, {_clock(local, lang)} ({zone})"


def _day(local: datetime, lang: str) -> str:
    return format_date(local.date(), "full", locale=locale(lang))


def _clock(local: datetime, lang: str) -> str:
    return format_time(local, "HH:mm", locale=locale(lang))


def _until(one: Invitation, lang: str, here: Installation) -> str:
    return moment(one.answer_until, lang, here) if one.answer_until else "—"


def _lang(one: Invitee, whole: Whole) -> str:
    return one.lang or whole.row.lang


def _letter(
    key: str, one: Invitee, row: Meeting, text: str, lang: str, buttons: tuple[Button, ...] = ()
) -> Letter:
    return Letter(
        key=key,
        identity_id=one.identity.id,
        channel=one.identity.channel,
        cause="consultation",
        cause_id=row.consultation_id,
        text=text,
        lang=lang,
        buttons=buttons,
        priority=BROADCAST,
    )
