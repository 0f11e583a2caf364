"""What the votes of a consultation say, in chat: the first places in words and as a picture."""

from collections.abc import Awaitable, Callable

from service.channels.contract import Button
from service.consultations import queries as consultations
from service.consultations.voting import charting, results
from service.consultations.voting import queries as voting
from service.consultations.voting.ranking import queries as ranking
from service.consultations.voting.results import ScoresNotShown
from service.conversations.consulting import short
from service.conversations.hearing import Heard
from service.conversations.room import Reply, Room
from service.phrases import say
from service.shell.pictures import share

MOST, FIRST = 8, 3


async def command(room: Room, one: Heard, rest: str) -> Reply:
    """The results that have landed; of which consultation, where there are several."""
    lang = room.lang(one)
    closed = await voting.closed(room.session, MOST)
    voted, _ = await consultations.page(room.session, states=("voting",), limit=MOST)
    rows = [row for row in voted if row.scores_shown == "live"]
    rows += await consultations.some(room.session, [one.consultation_id for one in closed])
    if not rows:
        return say("results.none", lang), ()
    if len(rows) == 1:
        return await _results(room, one, [rows[0].id])
    wholes = await consultations.wholes(room.session, rows[:MOST])
    return say("results.which", lang), tuple(
        Button(short(whole.text(lang).title), f"results:{whole.row.id}") for whole in wholes
    )


async def _results(room: Room, one: Heard, numbers: list[int]) -> Reply:
    (consultation_id,) = numbers
    lang, whole = room.lang(one), await consultations.whole(room.session, consultation_id)
    if whole is None or not consultations.opened(whole.row):
        return say("consultation.none", lang), ()
    try:
        found = await results.readable(room.session, whole.row)
    except ScoresNotShown:
        return say("results.later", lang), ()
    title = whole.text(lang).title
    lines = [say("results.head", lang, title=title, votes=found.votes, n=found.voters)]
    if not found.closed:
        lines.append(say("results.live", lang))
    for theme in whole.themes:
        placed, _ = await ranking.placed(room.session, whole.row.id, theme.id, limit=FIRST)
        name = consultations.theme_name(theme, lang, whole.row.lang)
        heading = [name] if len(whole.themes) > 1 and placed else []
        ranked = [f"{p.rank}. {p.proposal.shown} ({share(p.trusted.score, lang)})" for p in placed]
        lines.append("\n".join([*heading, *ranked]))
    lines.append(say("results.meaning", lang))
    if room.here.settings.public_url:
        url = f"{room.here.settings.url}/consultations/{whole.row.id}/results"
        lines.append(say("consultation.read", lang, url=url))
    room.show(one, charting.reference(whole.row.id))
    return "\n\n".join(filter(None, lines)), ()


PRESSES: dict[str, Callable[[Room, Heard, list[int]], Awaitable[Reply]]] = {"results": _results}
