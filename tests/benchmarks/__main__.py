"""Measure the targets: `python -m tests.benchmarks [throughput|intake|kill|start …] [--quick]`, or
`python -m tests.benchmarks understanding --sets FOLDER [--json FILE] [--chart FILE.svg]`.

Every figure that is a time is measured against another in the same run, because machines differ.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import intake, killing, starting, throughput
from tests.benchmarks.understanding import table


@dataclass(frozen=True)
class Figure:
    """What was measured: the figure as read, its target, and whether it was met."""

    what: str
    read: str
    target: str
    met: bool


def drained(folder: Path, quick: bool) -> Iterator[Figure]:
    """Rows in the inbox to drained, against plain encoding."""
    scale = 4 if quick else 1
    for name, short, long in (("short texts", 2000, 0), ("long texts", 0, 300)):
        found = throughput.measure(throughput.texts(short // scale, long // scale))
        ratio = found["plain"] / found["drained"]
        yield Figure(
            f"drained, {name}: share of the plain encoding rate",
            f"{ratio:.2f} ({found['plain']:.1f} s plain, {found['drained']:.1f} s drained)",
            f"≥ {throughput.TARGET}",
            ratio >= throughput.TARGET,
        )
        gain = found["plain"] / found["fast"]
        yield Figure(
            f"the fast path, {name}: times the plain encoding rate",
            f"{gain:.2f} (drained at {found['fast'] / found['drained']:.2f} of the fast path's)",
            f"≥ {throughput.GAIN}",
            gain >= throughput.GAIN,
        )


def posted(folder: Path, quick: bool) -> Iterator[Figure]:
    """Messages over HTTP at a steady rate."""
    found = intake.measure(folder, 1000 if quick else 10_000)
    whole = found.lost == found.doubled == 0
    yield Figure(
        f"{found.messages} messages at {intake.RATE:.0f}/s: lost, doubled",
        f"{found.lost}, {found.doubled}",
        "0, 0",
        whole,
    )
    times = found.p95 / found.lone_encoding
    yield Figure(
        "post to acknowledgement, p95 in lone encodings",
        f"{times:.1f} (p50 {found.p50 * 1e3:.0f} ms, p95 {found.p95 * 1e3:.0f} ms)",
        f"< {intake.TARGET:.0f}",
        times < intake.TARGET,
    )


def killed(folder: Path, quick: bool) -> Iterator[Figure]:
    """Killed at random moments during intake."""
    kills = 5 if quick else 20
    found = killing.kill_and_count(folder, kills)
    told = ", ".join(f"{count} {name}" for name, count in found.items())
    bad = sum(count for name, count in found.items() if name != "acknowledged")
    yield Figure(f"{kills} kills during intake", told, "nothing lost or twice", bad == 0)


def started(folder: Path, quick: bool) -> Iterator[Figure]:
    """The first reply over a large store."""
    messages = 2000 if quick else 20_000
    found = starting.measure(folder, messages)
    beyond = found["first_reply"] - found["loading"]
    yield Figure(
        f"first reply over {messages} messages, beyond imports and encoder",
        f"{beyond:.1f} s ({found['first_reply']:.1f} s in all)",
        f"≤ {starting.TARGET:.0f} s",
        beyond <= starting.TARGET,
    )


ALL: dict[str, Callable[[Path, bool], Iterator[Figure]]] = {
    "throughput": drained,
    "intake": posted,
    "kill": killed,
    "start": started,
}


UNDERSTANDING = "understanding"


def main() -> None:
    """Run what was asked for and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    names = [*ALL, UNDERSTANDING, []]
    parser.add_argument("what", nargs="*", choices=names, help="the first four if none is named")
    parser.add_argument("--quick", action="store_true", help="smaller runs")
    parser.add_argument("--sets", type=Path, help="folder of labelled sets, for understanding")
    parser.add_argument("--json", type=Path, help="write the scores of understanding there")
    parser.add_argument("--chart", type=Path, help="draw them there, as SVG")
    asked = parser.parse_args()
    if UNDERSTANDING in asked.what:
        if asked.sets is None:
            parser.error("understanding needs --sets FOLDER")
        with tempfile.TemporaryDirectory() as folder:
            table.run(asked.sets, to_json=asked.json, chart=asked.chart, graphs=Path(folder))
        asked.what.remove(UNDERSTANDING)
        if not asked.what:
            return
    told, screen = Table("what", "figure", "target", "met"), Console()
    for name in asked.what or ALL:
        with tempfile.TemporaryDirectory() as folder, screen.status(name):
            for one in ALL[name](Path(folder), asked.quick):
                told.add_row(one.what, one.read, one.target, "yes" if one.met else "no")
    screen.print(told)


if __name__ == "__main__":
    main()
