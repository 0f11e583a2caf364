"""How an answer, its correction, its withdrawal and its measures are told to one person."""

from service.answers.models import Answer, Measure
from service.answers.queries import Published, Told
from service.channels.contract import Button
from service.channels.deliveries import BROADCAST, Cause, Letter
from service.installation import Installation
from service.issues.queries import Asker
from service.phrases import day, say


def answer(ready: Published, edition: int, asker: Asker, here: Installation) -> Letter:
    """The published answer, in the asker's language or the original with a note."""
    lang = asker.lang or here.settings.default_language
    code = here.vault.open(asker.receipt) if asker.receipt else None
    head = _head("answer.head" if code else "answer.head.followed", ready, lang, here, code=code)
    buttons: tuple[Button, ...] = ()
    if asker.contribution_id is not None:
        buttons = tuple(
            Button(say(f"button.{act}", lang), f"{act}:{ready.id}:{asker.contribution_id}")
            for act in ("helpful", "reopen")
        )
    return Letter(
        key=f"answer:{ready.id}:{edition}:{asker.person_id}",
        identity_id=asker.identity_id,
        channel=asker.channel,
        cause="answer",
        cause_id=ready.id,
        text=_body(head, ready, lang, here),
        lang=lang,
        buttons=buttons,
        priority=BROADCAST,
    )


def correction(ready: Published, answer: Answer, told: Told, here: Installation) -> Letter:
    """The corrected text, and why it was corrected."""
    lang = told.lang or here.settings.default_language
    head = _head("answer.corrected", ready, lang, here, reason=answer.reason)
    key = f"answer:{ready.id}:{answer.edition}:{told.person_id}"
    return _letter(key, ready.id, told, _body(head, ready, lang, here), lang)


def retraction(answer: Answer, told: Told, here: Installation) -> Letter:
    """The answer does not hold any more, and why."""
    lang = told.lang or here.settings.default_language
    text = say("answer.retracted", lang, title=answer.title, reason=answer.reason)
    return _letter(f"retraction:{answer.id}:{told.person_id}", answer.id, told, text, lang)


def measure(measure: Measure, told: Told, here: Installation) -> Letter:
    """What was announced has moved on."""
    lang = told.lang or here.settings.default_language
    state = say(f"measure.{measure.state}", lang)
    text = say("measure.changed", lang, text=measure.text, state=state)
    key = f"measure:{measure.id}:{measure.state}:{told.person_id}"
    return _letter(key, measure.id, told, text, lang, cause="measure")


def _letter(
    key: str, cause_id: int, told: Told, text: str, lang: str, cause: Cause = "answer"
) -> Letter:
    return Letter(
        key=key,
        identity_id=told.identity_id,
        channel=told.channel,
        cause=cause,
        cause_id=cause_id,
        text=text,
        lang=lang,
        priority=BROADCAST,
    )


def _head(
    key: str,
    ready: Published,
    lang: str,
    here: Installation,
    *,
    code: str | None = None,
    reason: str | None = None,
) -> str:
    department = ready.department_name or here.settings.government
    date = day(ready.published_at, lang, here.settings.zone)
    return say(key, lang, code=code, reason=reason, department=department, date=date)


def _body(head: str, ready: Published, lang: str, here: Installation) -> str:
    text, original = ready.text(lang)
    lines = [head]
    if original:
        lines.append(say("answer.original", lang))
    lines += ["", text]
    if ready.video_url:
        lines += ["", say("answer.video", lang, url=ready.video_url)]
    page = f"{here.settings.url}/answers/{ready.id}" if here.settings.public_url else None
    if url := ready.url or page:
        lines += ["", say("instant.source", lang, url=url)]
    return "\n".join(lines)
