"""Measure the targets: `python -m tests.benchmarks [NAME …] [--quick]`, or
`python -m tests.benchmarks understanding --sets FOLDER [--json FILE] [--chart FILE.svg]`.

Every figure that is a time is measured against another in the same run, because machines differ.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import broadcast, intake, killing, pages, scale, starting, throughput
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


def carried(folder: Path, quick: bool) -> Iterator[Figure]:
    """One answer to many askers on Telegram, and the same with a kill in the middle."""
    for askers, kills in ((600, False), (300, True)) if quick else ((10_000, False), (2000, True)):
        place = folder / f"{askers}"
        place.mkdir()
        found = asyncio.run(broadcast.measure(place, askers, kills=kills))
        told = f"{found.missed}, {found.doubled}, {found.uncertain}"
        how = "killed half-way" if kills else "undisturbed"
        yield Figure(
            f"one answer to {askers} on Telegram, {how}: missed, doubled, uncertain",
            told,
            f"0, 0, ≤ {broadcast.FLYING if kills else 0}",
            found.missed == found.doubled == 0
            and found.uncertain <= (broadcast.FLYING if kills else 0),
        )
        if not kills:
            yield Figure(
                "time, in what Telegram's limits allow",
                f"{found.share:.3f} ({found.seconds:.0f} s, {found.refused} refused)",
                f"≤ {broadcast.TARGET}",
                found.share <= broadcast.TARGET,
            )


def shown(folder: Path, quick: bool) -> Iterator[Figure]:
    """The console's screens over a large store, the slowest ones by name."""
    messages = 10_000 if quick else 100_000
    each, overall = pages.measure(folder, messages, 5 if quick else 20)
    yield Figure(
        f"{len(each) - 1} screens over {messages} messages: server time, p95 of all",
        f"{overall * 1e3:.0f} ms",
        f"< {pages.TARGET * 1e3:.0f} ms",
        overall < pages.TARGET,
    )
    for one in sorted(each, key=lambda timed: -timed.p95)[:5]:
        yield Figure(
            f"slow: {one.path}",
            f"p50 {one.p50 * 1e3:.0f} ms, p95 {one.p95 * 1e3:.0f} ms",
            f"< {pages.TARGET * 1e3:.0f} ms",
            one.p95 < pages.TARGET,
        )


def grown(folder: Path, quick: bool) -> Iterator[Figure]:
    """A message over a small store and a large one, a round of consolidation, and searching."""
    sizes = (2000, 50_000) if quick else (10_000, 1_000_000)
    found = []
    for size in sizes:
        place = folder / f"{size}"
        place.mkdir()
        found.append(scale.measure(place, "messages", size))
    small, large = found
    for name, how in (("lone", "alone"), ("many", "in batches")):
        ratio = large[name] / small[name]
        yield Figure(
            f"placing a message {how}, over {sizes[1]:,} and over {sizes[0]:,}",
            f"{ratio:.2f} ({large[name]:.1f} and {small[name]:.1f} ms of processor)",
            f"≤ {scale.PLACING:.0f}",
            ratio <= scale.PLACING,
        )
    yield Figure(
        f"consolidating {large['issues']:,.0f} issues of {sizes[1]:,} messages",
        f"{large['consolidating']:.0f} s of processor",
        f"≤ {scale.CONSOLIDATING:.0f} s",
        large["consolidating"] <= scale.CONSOLIDATING,
    )
    yield Figure(
        "memory of the worker, and with a round of consolidation",
        f"{large['memory']:.0f}, {large['round_memory']:.0f} MB "
        f"(over {sizes[0]:,}: {small['memory']:.0f}, {small['round_memory']:.0f} MB)",
        "stated",
        True,
    )
    yield from _searched(folder, 5000 if quick else 100_000)


def _searched(folder: Path, passages: int) -> Iterator[Figure]:
    place = folder / "passages"
    place.mkdir()
    found = scale.measure(place, "passages", passages)
    yield Figure(
        f"search over {passages:,} passages, p95",
        f"{found['p95']:.1f} ms of processor (p50 {found['p50']:.1f}; {found['memory']:.0f} MB)",
        f"≤ {scale.SEARCHING:.0f} ms",
        found["p95"] <= scale.SEARCHING,
    )
    yield Figure(
        "passages indexed, words and vectors",
        f"{found['rate']:.0f} a second of processor",
        f"≥ {scale.RATE:.0f}",
        found["rate"] >= scale.RATE,
    )


ALL: dict[str, Callable[[Path, bool], Iterator[Figure]]] = {
    "throughput": drained,
    "intake": posted,
    "kill": killed,
    "start": started,
    "broadcast": carried,
    "pages": shown,
    "scale": grown,
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
