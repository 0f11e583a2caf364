"""The table of understanding: what measures is found, and the chart is drawn."""

import json
from pathlib import Path
from xml.etree import ElementTree

from nlp.embed import HashEmbedder
from tests.benchmarks.understanding import Score, drafts, table

SCORES = (
    Score("routing", "a & b", "accuracy", 0.7, 0.6, peers={"other": 0.5}, seconds=1.0),
    Score("routing", "late", "seconds", 2.0, 1.0, at_most=True),
)


def test_measurements_are_found_by_themselves() -> None:
    assert "routing" in dict(table.measurements())


def test_table_tells_what_is_met() -> None:
    met = list(table.table_of(SCORES).columns[6].cells)
    assert met == ["yes", "no"]


def test_chart_is_drawn_of_what_is_a_share() -> None:
    root = ElementTree.fromstring(table.chart_of(SCORES))  # noqa: S314 - our own
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["a & b: accuracy", "0.70"]
    assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) == 2


PETITIONS = (
    ("mend", "Mend the old bridge over the river", "accepted", ()),
    ("again", "Please mend the old bridge over the river", "duplicate", ("mend",)),
    ("repair", "Repair the old bridge over the river soon", "accepted", ()),
    ("swim", "Open the swimming pool on Sundays too", "accepted", ()),
)
REPLIES = (
    ("mend", "We will mend the old bridge over the river in May."),
    ("repair", "We will mend the old bridge over the river in May."),
    ("swim", "The swimming pool opens on Sundays too."),
)
HASH = HashEmbedder()


def test_drafts_are_measured_with_a_petitions_own_reply_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "uk_petitions"
    folder.mkdir()
    petitions = [
        {"id": id_, "text": text, "moderation": told, "duplicate_of": of, "component": id_}
        for id_, text, told, of in PETITIONS
    ]
    replies = [{"petition": one, "text": text, "label": one} for one, text in REPLIES]
    for name, rows in (("petitions", petitions), ("answers", replies)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    found = {(one.of, one.measure): one.ours for one in drafts.measure(tmp_path, HASH.encode)}
    assert {of: share for (of, what), share in found.items() if what == "cites such a reply"} == {
        "2 whose reply others have too, own left out": 1.0,
        "duplicates of one with a reply": 1.0,
    }
    assert [share for (_, what), share in found.items() if what.startswith("that their")] == [0.0]
    alone = "1 whose reply is the only one, left out"
    assert found[alone, "says nothing supports one"] == 1.0
