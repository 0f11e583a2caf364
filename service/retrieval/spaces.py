"""The space issues are compared in: shipped at first, then learnt from what this
installation hears.
"""

import base64
import json

import numpy as np

from nlp.embed import Embedder, Space
from service.database import Session
from service.installation import note, recall


async def load(session: Session, embedder: Embedder) -> Space:
    """The space that was learnt for a model, else the one it ships with."""
    held = await recall(session, _name(embedder.name))
    if held is None:
        return Space.shipped(embedder)
    known = json.loads(held)
    means = np.frombuffer(base64.b64decode(known["means"]), dtype=np.float32)
    return Space.of(embedder.name, means.reshape(-1, embedder.size), known["join"])


async def learnt_from(session: Session, model: str) -> int:
    """From how many texts the space of a model was learnt."""
    held = await recall(session, _name(model))
    return int(json.loads(held)["texts"]) if held else 0


async def keep(session: Session, space: Space, texts: int) -> None:
    """Note the space learnt from `texts` texts."""
    means = base64.b64encode(space.means.tobytes()).decode()
    told = {"texts": texts, "means": means, "join": space.join}
    await note(session, _name(space.model), json.dumps(told))


def _name(model: str) -> str:
    return f"space:{model}"
