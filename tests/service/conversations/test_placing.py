"""Which issues are looked up for what was said."""

from collections.abc import Collection
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from nlp.index import Hit
from service.conversations import placing
from service.conversations.weaving import Woven
from service.database import Session, now
from service.installation import Installation
from service.issues import queries as issues
from service.issues.members.actions import NewIssue, open_many
from service.issues.regrouping import actions as regrouping
from service.retrieval.retriever import Retriever


async def test_only_issues_near_enough_to_join_are_looked_up(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = now() - timedelta(days=40)
    made = [NewIssue(name, [name], None, 0.0, [], None, then, then) for name in "abc"]
    async with installation.database.write() as session:
        alike, barely, strange = await open_many(session, made)
    asked: set[int] = set()
    spans = issues.spans

    async def watched(session: Session, ids: Collection[int]) -> dict[int, Any]:
        asked.update(ids)
        return dict(await spans(session, ids))

    monkeypatch.setattr(issues, "spans", watched)
    hits = [Hit(alike, 0.8), Hit(barely, 0.4), Hit(strange, 0.39)]
    retriever = SimpleNamespace(near_issues=lambda *_: [hits], space=SimpleNamespace(join=0.4))
    said = [now().timestamp() / placing.DAY]
    (found,) = await placing.near(
        np.zeros((1, 4), dtype=np.float32), said, installation, cast(Retriever, retriever)
    )
    assert asked == {alike, barely}
    assert [hit.id for hit in found] == [alike, barely]
    assert all(hit.score < was.score for hit, was in zip(found, hits, strict=False)), "both faded"


async def test_an_issue_of_another_theme_than_most_around_counts_as_less_alike(
    installation: Installation,
) -> None:
    made = [NewIssue(name, [name], None, 0.0, [], None, now(), now()) for name in "abc"]
    async with installation.database.write() as session:
        ids = await open_many(session, made)
        for name, mine in (("Streets", ids[:1]), ("Water", ids[1:])):
            await regrouping.put_themes(session, [(None, name, [name], mine)])
        for issue in await issues.issues(session, ids):
            issue.size = 3
    hits = [Hit(id_, score) for id_, score in zip(ids, (0.7, 0.66, 0.65), strict=True)]
    retriever = SimpleNamespace(near_issues=lambda *_: [hits], space=SimpleNamespace(join=0.4))
    said = [now().timestamp() / placing.DAY]
    (found,) = await placing.near(
        np.zeros((1, 4), dtype=np.float32), said, installation, cast(Retriever, retriever)
    )
    assert [hit.score for hit in found] == pytest.approx([0.6, 0.66, 0.65], abs=1e-4)


def _said(*, imported: bool) -> Woven:
    first = SimpleNamespace(
        lang="pt", imported=imported, inbound=SimpleNamespace(occurred_at=now())
    )
    return cast(Woven, SimpleNamespace(text="falta água", first=first))


@pytest.mark.parametrize(
    ("imported", "issues_held", "joins"),
    [(False, 0, True), (True, 0, False), (True, placing.ROUND, True)],
)
def test_imported_words_join_at_once_only_what_says_almost_the_same(
    imported: bool, issues_held: int, joins: bool
) -> None:
    vectors = np.array([[1.0, 0.0], [0.6, 0.8]], dtype=np.float32)
    space = SimpleNamespace(join=0.4, place=lambda raw: raw)
    retriever = cast(
        Retriever,
        SimpleNamespace(
            space=space,
            count=lambda kind: issues_held,
            find=lambda kind, texts, *_, **__: [[] for _ in texts],
        ),
    )
    woven = [_said(imported=imported), _said(imported=imported)]
    for second, together in ((vectors[1], joins), (np.array([0.8, 0.6], np.float32), True)):
        rows = np.stack([vectors[0], second])
        found = placing.place(woven, rows, [[], []], retriever, None)
        leaders = [one.placement.leader for one in found]
        assert leaders == ([0, 0] if together else [0, 1])
