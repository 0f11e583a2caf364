"""Join what a person says in several short messages into one contribution."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nlp import talk, text
from service.conversations.hearing import Heard, Key
from service.messages.models import Contribution


@dataclass
class Woven:
    """A contribution in the making. `grows` is the stored one it adds to; `issue_id` fixes where
    it belongs, `nominates` is the round whose question it is; `mends` are all texts of the stored
    one after a message of it was edited or deleted.
    """

    heard: list[Heard]
    grows: Contribution | None = None
    issue_id: int | None = None
    answer_id: int | None = None
    mends: list[str] | None = None
    nominates: int | None = None

    @property
    def first(self) -> Heard:
        """The message that opened it here."""
        return self.heard[0]

    @property
    def text(self) -> str:
        """The masked text, all messages together."""
        if self.mends is not None:
            return "\n".join(self.mends)
        before = [self.grows.text] if self.grows else []
        return "\n".join([*before, *(one.text for one in self.heard)])

    @property
    def fingerprint(self) -> str:
        """Content hash: copies of one text share it."""
        return text.fingerprint(self.text)

    @property
    def kind(self) -> str:
        """What it wants, by the first of its messages that says so."""
        return next((one.kind for one in self.heard if one.wants), "question")


@dataclass
class Thread:
    """What one conversation said in this batch: contributions, and talk that wants nothing."""

    key: Key | None
    woven: list[Woven] = field(default_factory=list)
    talk: list[Heard] = field(default_factory=list)


def weave(
    heard: Sequence[Heard],
    open_ones: dict[Key, Contribution],
    reopened: dict[Key, tuple[int, int]],
    nominating: dict[Key, int],
) -> list[Thread]:
    """Contributions and talk, by conversation, in order.

    `open_ones` are contributions a short message may still add to; `reopened` are conversations
    whose next words belong to an issue (and answer) the person reopened, `nominating` those whose
    next words are a question of a round.
    """
    threads: dict[object, Thread] = {}
    for one in heard:
        thread = threads.setdefault(one.thread or ("alone", one.row_id), Thread(one.thread))
        _take(thread, one, open_ones, reopened, nominating)
    return list(threads.values())


def _take(
    thread: Thread,
    one: Heard,
    open_ones: dict[Key, Contribution],
    reopened: dict[Key, tuple[int, int]],
    nominating: dict[Key, int],
) -> None:
    if one.imported:
        if one.wants:
            thread.woven.append(Woven([one]))
        else:
            thread.talk.append(one)
        return
    fixed = reopened.pop(thread.key, None) if thread.key and (one.wants or one.adds) else None
    if fixed:
        thread.woven.append(Woven([one], issue_id=fixed[0], answer_id=fixed[1]))
    elif thread.key in nominating and _is_whole(one):
        thread.woven.append(Woven([one], nominates=nominating.pop(thread.key)))
    elif one.adds and (current := _current(thread, open_ones)):
        if not current.heard:
            thread.woven.append(current)
        current.heard.append(one)
    elif one.wants and talk.needs_more(one.text, one.lang):
        thread.talk.append(one)
    elif one.wants:
        _begin(thread, one)
    else:
        thread.talk.append(one)


def _is_whole(one: Heard) -> bool:
    """Whether it says what it wants; a mere announcement is waited on."""
    return (one.wants or one.adds) and not talk.needs_more(one.text, one.lang)


def _current(thread: Thread, open_ones: dict[Key, Contribution]) -> Woven | None:
    if thread.woven:
        return thread.woven[-1]
    stored = open_ones.get(thread.key) if thread.key else None
    return Woven([], grows=stored) if stored else None


def _begin(thread: Thread, one: Heard) -> None:
    """A whole matter right after a mere fragment is what the fragment was the beginning of."""
    if thread.woven and all(said.adds for said in thread.woven[-1].heard):
        thread.woven[-1].heard.append(one)
    else:
        thread.woven.append(Woven([one]))
