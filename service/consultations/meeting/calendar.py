"""A meeting as a file that calendars read (RFC 5545)."""

from datetime import timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit

from icalendar import Alarm, Calendar, Event, vCalAddress

from service.consultations.meeting.models import Meeting
from service.settings import Settings

PRODUCT = "-//Gabinete//Meetings//EN"
BEFORE = timedelta(days=-1)


def file(row: Meeting, title: str, settings: Settings) -> bytes:
    """The meeting as one event, in UTC; the same event in a newer edition after a change, and
    cancelled once it is called off (RFC 5546).
    """
    made = Calendar()
    made.add("version", "2.0")
    made.add("prodid", PRODUCT)
    made.add("method", method(row))
    event = Event()
    event.add("uid", f"meeting-{row.id}@{urlsplit(settings.url).hostname}")
    event.add("dtstamp", row.changed_at)
    event.add("last-modified", row.changed_at)
    event.add("sequence", row.edition)
    event.add("dtstart", row.starts_at)
    event.add("dtend", row.ends_at)
    event.add("organizer", _organizer(settings))
    event.add("summary", f"{settings.government}: {title}")
    event.add("status", "CANCELLED" if row.called_off_at else "CONFIRMED")
    if row.address or row.link:
        event.add("location", row.address or row.link)
    if row.link:
        event.add("url", row.link)
    if row.called_off_at is None:
        event.add_component(_alarm(title))
    made.add_component(event)
    written: bytes = made.to_ical()
    return written


def method(row: Meeting) -> str:
    """What a calendar is to do with it; the type it is sent with says the same."""
    return "CANCEL" if row.called_off_at else "PUBLISH"


def _organizer(settings: Settings) -> vCalAddress:
    address = vCalAddress(f"mailto:{parseaddr(settings.mail_from)[1]}")
    address.params["cn"] = settings.government
    return address


def _alarm(title: str) -> Alarm:
    """A day before."""
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", BEFORE)
    return alarm
