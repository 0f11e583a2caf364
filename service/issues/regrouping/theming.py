"""Themes take over who they were, and are named by what their issues are called."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from nlp.embed import FloatArray
from nlp.label import Phrases, label
from nlp.neighbours import IntArray
from service.issues.regrouping.queries import Standing

THEME_TEXTS = 50
THEME_WORDS = 3

Themed = Sequence[tuple[Standing, FloatArray]]
NewTheme = tuple[int | None, str, Sequence[str], Sequence[int]]


def name_themes(
    held: Themed, marks: IntArray, langs: dict[int, str], default: str
) -> list[NewTheme]:
    """Coarse groups with names; a group takes over the theme that most of its issues had."""
    vectors = np.stack([vector for _, vector in held])
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, mark in enumerate(marks.tolist()):
        rows_of[mark].append(row)
    background = Phrases.count(
        [one.name for one, _ in held], [langs.get(one.id, default) for one, _ in held]
    )
    taken: set[int] = set()
    made: list[NewTheme] = []
    for rows in sorted(rows_of.values(), key=lambda rows: (-len(rows), rows[0])):
        before = Counter(held[row][0].theme_id for row in rows if held[row][0].theme_id is not None)
        kept = next((id_ for id_, _ in before.most_common() if id_ not in taken), None)
        if kept is not None:
            taken.add(kept)
        chosen = rows[:THEME_TEXTS]
        found = label(
            [held[row][0].name for row in chosen],
            [langs.get(held[row][0].id, default) for row in chosen],
            vectors[chosen],
            background,
        )
        name = " · ".join(found.phrases[:THEME_WORDS]) if len(rows) > 1 else ""
        changed = [held[row][0].id for row in rows if kept is None or held[row][0].theme_id != kept]
        made.append((kept, name or found.name, found.phrases, changed))
    return made
