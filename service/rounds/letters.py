"""Word what those who take part in a round are told: how it ended, what was set aside."""

from collections.abc import Sequence

from service.channels.deliveries import BROADCAST, Letter
from service.installation import Installation
from service.phrases import day, say
from service.rounds.queries import Question, Told
from service.rounds.support.queries import Supporter


def ended(
    told: Told, due: Sequence[Question], reached: Sequence[Supporter], here: Installation
) -> list[Letter]:
    """How the round ended: what is due an answer and until when, theirs first."""
    return [
        _letter(f"round-ended:{told.round.id}:{one.person_id}", told, one, here, due=due)
        for one in reached
    ]


def _letter(
    key: str, told: Told, one: Supporter, here: Installation, *, due: Sequence[Question]
) -> Letter:
    lang = one.lang or here.settings.default_language
    theirs = [question for question in due if question.issue_id in one.issues]
    lines = [say("round.ended.told", lang, title=told.title(lang)), ""]
    if theirs:
        lines += [say("round.ended.yours", lang, n=len(theirs))]
    elif due:
        lines += [say("round.ended.others", lang, n=len(due))]
    else:
        lines += [say("round.ended.nobody", lang)]
    lines += [_line(question, lang, here) for question in theirs or due]
    if due and not theirs:
        lines += ["", say("round.ended.still", lang)]
    return _to(key, told, one, "\n".join(lines), lang)


def _line(one: Question, lang: str, here: Installation) -> str:
    name = one.name if one.named else say("round.unnamed", lang)
    supporters = say("round.supporters", lang, n=one.supporters)
    assert one.due_at is not None, "it is told because it is due"
    due = say("round.due", lang, day=day(one.due_at, lang, here.settings.zone))
    return f"• {name} ({supporters})\n  {due}"


def aside(
    told: Told,
    issue_id: int,
    nth: int,
    reason: str,
    reached: Sequence[Supporter],
    here: Installation,
) -> list[Letter]:
    """To who supports a question: it is not put to the vote, and why."""
    found = []
    for one in reached:
        lang = one.lang or here.settings.default_language
        text = say("round.aside", lang, title=told.title(lang), reason=reason)
        key = f"round-aside:{told.round.id}:{issue_id}:{nth}:{one.person_id}"
        found.append(_to(key, told, one, text, lang))
    return found


def _to(key: str, told: Told, one: Supporter, text: str, lang: str) -> Letter:
    return Letter(
        key=key,
        identity_id=one.identity_id,
        channel=one.channel,
        cause="round",
        cause_id=told.round.id,
        text=text,
        lang=lang,
        priority=BROADCAST,
    )
