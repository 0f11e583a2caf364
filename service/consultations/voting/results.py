"""Results as they are shown: per theme, both countings side by side."""

from collections.abc import Sequence

from service.consultations import queries as consultations
from service.consultations.models import Consultation
from service.consultations.voting import queries
from service.consultations.voting.models import Reading
from service.consultations.voting.ranking import queries as ranking
from service.consultations.voting.ranking.queries import Scored
from service.consultations.voting.schemas import (
    ListedOut,
    ResultOut,
    ResultsOut,
    ScoreOut,
    ThemeResultOut,
)
from service.database import Session
from service.errors import Conflict

CLOSED = ("shortlisted", "met", "reported")


class ScoresNotShown(Conflict):
    """The consultation shows its scores later, or has none yet."""

    code = "scores_not_shown"


async def readable(session: Session, row: Consultation) -> Reading:
    """What the votes say as a whole, where the public may read it now. Raises `ScoresNotShown`."""
    live = row.scores_shown == "live" and row.state == "voting"
    if not live and row.state not in CLOSED:
        raise ScoresNotShown("The scores are shown once the voting has ended.")
    found = await read(session, row)
    if not live and not found.closed:
        raise ScoresNotShown("The last votes are being counted.")
    return found


async def read(session: Session, row: Consultation) -> Reading:
    """What the votes say as a whole so far. Raises `ScoresNotShown` before any was read."""
    found = await queries.reading(session, row.id)
    if found is None:
        raise ScoresNotShown("No votes have been read yet.")
    return found


async def shown(session: Session, row: Consultation) -> ResultsOut:
    """What the public may read of the votes now. Raises `ScoresNotShown`."""
    await readable(session, row)
    return await told(session, row)


async def told(session: Session, row: Consultation) -> ResultsOut:
    """What the votes say so far. Raises `ScoresNotShown` before any was read."""
    reading = await read(session, row)
    themes = (await consultations.themes_of(session, [row.id])).get(row.id, [])
    listed = await ranking.shortlist(session, row.id)
    scores = await ranking.scores(session, row.id)
    return ResultsOut(
        votes=reading.votes, voters=reading.voters, closed=reading.closed, at=reading.at,
        suspicious=reading.suspicious, campaigns=reading.campaigns, groups=reading.groups,
        apart=reading.apart,
        themes=[
            ThemeResultOut(
                theme_id=theme.id, names=theme.names,
                proposals=_ranked([one for one in scores if one.theme_id == theme.id]),
                shortlist=[
                    ListedOut.model_validate(one) for one in listed if one.theme_id == theme.id
                ],
            )
            for theme in themes
        ],
    )  # fmt: skip


def _ranked(scores: Sequence[Scored]) -> list[ResultOut]:
    trusted, plain = (
        {
            row.id: (place, row)
            for place, row in enumerate((row for row in scores if row.counting == counting), 1)
        }
        for counting in queries.COUNTINGS
    )
    return [
        ResultOut(
            proposal_id=id_, rank=place, text=row.text, lang=row.lang, shown=row.shown,
            consensus=row.consensus, trusted=_score(row), all=_score(plain[id_][1]),
            rank_all=plain[id_][0],
        )
        for id_, (place, row) in trusted.items()
        if id_ in plain
    ]  # fmt: skip


def _score(row: Scored) -> ScoreOut:
    return ScoreOut(
        score=row.score, low=row.low, high=row.high,
        wins=row.wins, losses=row.losses, ties=row.ties,
    )  # fmt: skip
