"""Later: move what a date moves, encode what was worded, tell that a consultation was cancelled."""

import structlog

from nlp.text import unlabelled
from service.channels import deliveries
from service.consultations import actions, queries
from service.consultations.proposals import actions as proposal_actions
from service.consultations.proposals import letters
from service.consultations.proposals import queries as proposals
from service.database import now
from service.errors import GabineteError
from service.installation import Installation
from service.retrieval.retriever import Retriever

CHUNK = 200

log = structlog.get_logger()


async def advance(here: Installation) -> list[tuple[int, str]]:
    """Make every move that a date asks for, each in a transaction of its own, also those of dates
    that passed while nothing ran; gives (consultation, what it became), in order.
    """
    async with here.database.read() as session:
        due = await queries.due(session, now())
    moves = []
    for consultation_id in due:
        while became := await _advance(here, consultation_id):
            moves.append((consultation_id, became))
    return moves


async def _advance(here: Installation, consultation_id: int) -> str | None:
    try:
        async with here.database.write() as session:
            return await actions.advance(session, consultation_id)
    except GabineteError as error:
        log.warning("consultation_not_moved", consultation=consultation_id, why=error.code)
        return None


async def encode(here: Installation, retriever: Retriever) -> None:
    """Encode themes, with the question they are part of, and proposals in the wording that is
    shown, as far as this model has not.
    """
    model = retriever.embedder.name
    await _encode_themes(here, retriever, model)
    while True:
        async with here.database.read() as session:
            rows = await proposals.without_vectors(session, model, limit=CHUNK)
        if not rows:
            return
        texts = [unlabelled(row.shown) for row in rows]
        vectors = await retriever.encode(texts, [row.lang for row in rows])
        made = [
            {
                "proposal_id": row.id, "model": model, "digest": row.fingerprint,
                "vector": vector.tobytes(),
            }
            for row, vector in zip(rows, vectors, strict=True)
        ]  # fmt: skip
        async with here.database.write() as session:
            still = await proposals.some(session, [row.id for row in rows])
            live = {id_ for id_, row in still.items() if row.state not in proposals.GONE}
            kept = [one for one in made if one["proposal_id"] in live]
            await proposal_actions.put_vectors(session, kept)


async def _encode_themes(here: Installation, retriever: Retriever, model: str) -> None:
    async with here.database.read() as session:
        themes = await queries.without_vectors(session, model)
        asked = await queries.some(session, {theme.consultation_id for theme in themes})
        wholes = {one.row.id: one for one in await queries.wholes(session, asked)}
    texts, langs, ids = [], [], []
    for theme in themes:
        whole = wholes[theme.consultation_id]
        if whole.row.lang in whole.texts:
            lang = whole.row.lang
            name = queries.theme_name(theme, lang, lang)
            texts.append(f"{name}. {whole.texts[lang].question}")
            langs.append(lang)
            ids.append(theme.id)
    if not texts:
        return
    vectors = await retriever.encode(texts, langs)
    rows = [
        {"id": id_, "model": model, "vector": vector.tobytes()}
        for id_, vector in zip(ids, vectors, strict=True)
    ]
    async with here.database.write() as session:
        await actions.keep_theme_vectors(session, rows)


async def tell_cancelled(here: Installation, consultation_id: int) -> None:
    """Who proposed something hears that the consultation was cancelled, and why."""
    async with here.database.write() as session:
        whole = await queries.whole(session, consultation_id)
        if whole is None or whole.row.state != "cancelled":
            return
        told = await proposals.authors_in(session, consultation_id, ("waiting", "admitted"))
        title = whole.text(whole.row.lang).title
        await deliveries.post(session, here.vault, letters.cancelled(told, whole.row, title))
