"""The ranking of a consultation as a picture, for chats and for where its address is shared."""

from service.consultations import queries as consultations
from service.consultations.models import Consultation
from service.consultations.voting import results
from service.consultations.voting.ranking import queries
from service.database import Session
from service.shell import pictures
from service.shell.pages import word
from service.shell.pictures import Drawn, Ranked

RANKING = "ranking"
MOST = 10


def reference(consultation_id: int) -> str:
    """What a delivery keeps of the picture."""
    return f"{RANKING}:{consultation_id}"


async def ranking(session: Session, row: Consultation, lang: str, government: str) -> Drawn:
    """The first proposals of each theme, ten in all where there are no more themes than that.

    Raises `ScoresNotShown`.
    """
    await results.readable(session, row)
    (whole,) = await consultations.wholes(session, [row])
    each = max(MOST // max(len(whole.themes), 1), 1)
    groups = []
    for theme in whole.themes:
        placed, _ = await queries.placed(session, row.id, theme.id, limit=each)
        name = consultations.theme_name(theme, lang, row.lang) if len(whole.themes) > 1 else ""
        ranked = [
            Ranked(one.proposal.shown, one.trusted.score, one.trusted.low, one.trusted.high)
            for one in placed
        ]
        if ranked:
            groups.append((name, ranked))
    caption = f"{word('results.chart', lang)} · {government}"
    return pictures.ranking(whole.text(lang).title, caption, groups, lang)
