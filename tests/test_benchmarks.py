"""The table of understanding: what measures is found, and the chart is drawn."""

from xml.etree import ElementTree

from tests.benchmarks.understanding import Score, table

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
