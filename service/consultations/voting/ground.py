"""What stands on the ballot of one consultation, as a process holds it for a few seconds, and who
was shown what lately.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from nlp.pairs import Field, ordered
from nlp.rank import PRIOR, Ints, Ranking
from service.consultations import queries as consultations
from service.consultations.models import Consultation, ConsultationTheme
from service.consultations.standing.actions import UnknownConsultation, WrongTheme
from service.consultations.voting import queries, tokens
from service.consultations.voting.actions import PairChanged, VotingClosed, wording
from service.consultations.voting.queries import Candidate
from service.database import Session, now

TIRED = 6
MINDS = 100_000


@dataclass(frozen=True)
class Part:
    """One theme: its ids by row, the row of each, and the pairs that can be drawn."""

    theme_id: int
    ids: list[int]
    rows: dict[int, int]
    field: Field


@dataclass
class Mind:
    """What a process remembers of a voter: the pairs they voted on, what they were shown lately,
    and by theme the pair that waits for their choice.
    """

    seen: set[tuple[int, int]] = field(default_factory=set)
    lately: deque[int] = field(default_factory=lambda: deque(maxlen=TIRED))
    waiting: dict[int, tuple[int, int]] = field(default_factory=dict)

    def saw(self, pairs: Sequence[tuple[int, int]]) -> None:
        """They voted on these, in this order."""
        self.seen.update(pairs)
        for pair in pairs[-TIRED // 2 :]:
            self.lately += pair


class Ground:
    """One consultation's ballot at a moment."""

    def __init__(
        self,
        row: Consultation,
        themes: Sequence[ConsultationTheme],
        candidates: Sequence[Candidate],
        random: np.random.Generator,
    ) -> None:
        self.row, self.lang = row, row.lang
        self.names = {theme.id: theme.names for theme in themes}
        self.candidates = {one.id: one for one in candidates}
        self.parts = [
            _part(theme.id, [one for one in candidates if one.theme_id == theme.id], row, random)
            for theme in themes
        ]
        self._random = random

    def check_open(self, moment: datetime | None = None) -> None:
        """Raises `VotingClosed`."""
        if self.row.state != "voting" or (moment or now()) >= self.row.voting_until:
            raise VotingClosed("This consultation is not voted on now.")

    def pair(self, mind: Mind, theme_id: int | None) -> tuple[Candidate, Candidate] | None:
        """Two to compare, of a theme or of any: those that wait for the voter's choice, so that
        asking anew does not choose among pairs, or others. None when they have voted on all.

        Raises `WrongTheme`.
        """
        if theme_id is not None and theme_id not in self.names:
            raise WrongTheme("This consultation has no such theme.")
        return self._waiting(mind, theme_id) or self._draw(mind, theme_id)

    def _waiting(self, mind: Mind, theme_id: int | None) -> tuple[Candidate, Candidate] | None:
        for theme, (left, right) in reversed(mind.waiting.items()):
            asked = theme_id in (None, theme) and ordered(left, right) not in mind.seen
            if asked and left in self.candidates and right in self.candidates:
                return self.candidates[left], self.candidates[right]
        return None

    def _draw(self, mind: Mind, theme_id: int | None) -> tuple[Candidate, Candidate] | None:
        """Of a theme by chance, the larger the likelier; sides by chance."""
        parts = [one for one in self.parts if theme_id in (None, one.theme_id)]
        sizes = np.array([len(part.ids) if len(part.ids) > 1 else 0 for part in parts], float)
        while sizes.sum() > 0:
            at = int(self._random.choice(len(parts), p=sizes / sizes.sum()))
            if (pair := self._pair(parts[at], mind)) is not None:
                return pair
            sizes[at] = 0
        return None

    def _pair(self, part: Part, mind: Mind) -> tuple[Candidate, Candidate] | None:
        seen = {
            (part.rows[low], part.rows[high])
            for low, high in mind.seen
            if low in part.rows and high in part.rows
        }
        tired = {part.rows[one] for one in mind.lately if one in part.rows}
        found = part.field.pair(seen, tired)
        if found is None:
            return None
        one, other = (part.ids[row] for row in found)
        if self._random.random() < 0.5:
            one, other = other, one
        mind.lately += [one, other]
        mind.waiting[part.theme_id] = (one, other)
        return self.candidates[one], self.candidates[other]

    def check(self, pair: tokens.Pair) -> int:
        """The theme of a pair that stands as it was shown. Raises `PairChanged`."""
        left, right = self.candidates.get(pair.left), self.candidates.get(pair.right)
        if left is None or right is None or left.theme_id != right.theme_id:
            raise PairChanged("One of the two is not voted on any more: here is a new pair.")
        if pair.wording and wording(left.fingerprint, right.fingerprint) != pair.wording:
            raise PairChanged("One of the two reads otherwise now: here is a new pair.")
        return left.theme_id


def _part(
    theme_id: int, held: Sequence[Candidate], row: Consultation, random: np.random.Generator
) -> Part:
    strength = np.array([one.strength for one in held], dtype=float)
    spread = np.array([one.spread or PRIOR for one in held], dtype=float)
    kin = np.array([one.kin for one in held], dtype=np.int64)
    shown: Ints = np.array([one.shown for one in held], dtype=np.int64)
    known = Ranking(strength, spread, strength, strength, strength)
    ids = [one.id for one in held]
    rows = {id_: at for at, id_ in enumerate(ids)}
    return Part(theme_id, ids, rows, Field(known, shown, row.shortlist_size, random, kin))


async def load(session: Session, consultation_id: int, random: np.random.Generator) -> Ground:
    """The ballot as it stands in the database. Raises `UnknownConsultation`."""
    whole = await consultations.whole(session, consultation_id)
    if whole is None or whole.row.state == "drafted":
        raise UnknownConsultation("There is no such consultation.")
    candidates = await queries.candidates(session, consultation_id)
    return Ground(whole.row, whole.themes, candidates, random)


class Minds:
    """What is remembered of voters, those of long ago forgotten first."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Mind] = OrderedDict()

    def get(self, digest: str) -> Mind | None:
        """What is remembered of a voter."""
        if (mind := self._held.get(digest)) is not None:
            self._held.move_to_end(digest)
        return mind

    def put(self, digest: str, mind: Mind) -> Mind:
        """Remember a voter."""
        self._held[digest] = mind
        while len(self._held) > MINDS:
            self._held.popitem(last=False)
        return mind

    def drop(self, digest: str) -> None:
        """Forget one."""
        self._held.pop(digest, None)
