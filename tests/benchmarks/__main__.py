"""Measure the targets: `python -m tests.benchmarks [NAME …] [--quick]`, or on labelled sets
`python -m tests.benchmarks understanding --sets FOLDER [--json FILE] [--chart FILE.svg]` and
`python -m tests.benchmarks polis --sets FOLDER`; `python -m tests.benchmarks replay [--size N]`.

Every figure that is a time is measured against another in the same run, because machines differ.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.benchmarks import (
    broadcast,
    intake,
    killing,
    pages,
    rounds,
    scale,
    starting,
    throughput,
)
from tests.benchmarks.understanding import table
from tests.benchmarks.voting import polis, replay, simulated


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


def ranked(folder: Path, quick: bool) -> Iterator[Figure]:
    """Simulated votes: the ranking against a reference fit, chosen pairs against chance."""
    seeds = range(2 if quick else 5)
    least = min(simulated.agreement(seed) for seed in seeds)
    yield Figure(
        f"Kendall's tau with the reference fit, {simulated.VOTES} votes, least of {len(seeds)}",
        f"{least:.4f}", f"≥ {simulated.FIT}", least >= simulated.FIT,
    )  # fmt: skip
    size = (simulated.PROPOSALS, simulated.VOTES, simulated.BEST)
    fewer = (simulated.PROPOSALS, int(simulated.VOTES * simulated.SHARE), simulated.BEST)
    for late in (0.0, simulated.LATE):
        ours = [simulated.recall(seed, *fewer, adaptive=True, late=late) for seed in seeds]
        chance = [simulated.recall(seed, *size, adaptive=False, late=late) for seed in seeds]
        found, usual = (np.mean([one.found for one in told]) for told in (ours, chance))
        shown = min(one.least for one in ours)
        yield Figure(
            f"best {simulated.BEST} found with {simulated.SHARE:.0%} of the votes, {late:.0%} late",
            f"{found:.3f} (by chance, with all votes: {usual:.3f})", f"≥ {usual:.3f}",
            bool(found >= usual),
        )  # fmt: skip
        yield Figure(
            f"shown least, as a share of the average, {late:.0%} late",
            f"{shown:.2f}", f"≥ {simulated.LEAST}", shown >= simulated.LEAST,
        )  # fmt: skip


def replayed(folder: Path, size: float) -> Iterator[Figure]:
    """A consultation of 2011's size over HTTP, on a service of its own."""
    found = replay.measure(folder, size)
    wrong = found.lost, found.more, found.failed
    yield Figure(
        f"{found.votes} votes of {found.people} voters: lost, not asked for, refused",
        ", ".join(map(str, wrong)), "0, 0, 0", not any(wrong),
    )  # fmt: skip
    yield Figure(
        "votes each second, the load generator and everybody's entering included",
        f"{found.rate:.0f} (p50 {found.p50 * 1e3:.0f} ms, p95 {found.p95 * 1e3:.0f} ms)",
        f"≥ {replay.RATE:.0f}", found.rate >= replay.RATE,
    )  # fmt: skip
    yield Figure(
        "the ranking holds the last vote after",
        f"{found.refreshed:.1f} s", f"≤ {replay.REFRESHED:.0f} s",
        found.refreshed <= replay.REFRESHED,
    )  # fmt: skip
    yield Figure(
        "Kendall's tau with the reference fit, mean of the themes",
        f"{found.tau:.4f}", f"≥ {simulated.FIT}", found.tau >= simulated.FIT,
    )  # fmt: skip


def supported(folder: Path, quick: bool) -> Iterator[Figure]:
    """Questions of a round supported over HTTP, on a service of its own."""
    found = rounds.measure(folder, rounds.SUPPORTERS // 4 if quick else rounds.SUPPORTERS)
    wrong = found.lost, found.more, found.refused
    yield Figure(
        f"{found.supports} supports of {found.people} people: lost, twice, refused",
        ", ".join(map(str, wrong)), "0, 0, 0", not any(wrong),
    )  # fmt: skip
    yield Figure(
        "supports each second until the last one counts, half as many repeats beside them",
        f"{found.rate:.0f} (p50 {found.p50 * 1e3:.0f} ms, p95 {found.p95 * 1e3:.0f} ms)",
        f"≥ {rounds.RATE:.0f}", found.rate >= rounds.RATE,
    )  # fmt: skip


def grouped(sets: Path) -> Iterator[Figure]:
    """Opinion groups and foretold votes on real conversations."""
    told = list(polis.measure(sets))
    for one in told:
        yield Figure(
            f"{one.name}: masked votes foretold; ARI with the exported groups {one.agreement:.2f}",
            f"{one.foretold:.3f}", f"> {one.majority:.3f}", one.foretold > one.majority,
        )  # fmt: skip
    middle = float(np.median([one.agreement for one in told]))
    yield Figure(
        f"ARI with the exported groups, median of {len(told)} conversations",
        f"{middle:.2f}", f"≥ {polis.AGREEMENT}", middle >= polis.AGREEMENT,
    )  # fmt: skip


def grown(folder: Path, quick: bool) -> Iterator[Figure]:
    """A message over a small store and a large one, and a round of consolidation."""
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


def searched(folder: Path, quick: bool) -> Iterator[Figure]:
    """Passages indexed, by words and by meaning, and found again."""
    total = 5000 if quick else 100_000
    found = scale.measure(folder, "passages", total)
    yield Figure(
        f"search over {total:,} passages beyond encoding, p95",
        f"{found['p95']:.1f} ms of processor (p50 {found['p50']:.1f}; by the clock "
        f"{found['clock']:.1f}; {found['memory']:.0f} MB)",
        f"< {scale.SEARCHING:.0f} ms",
        found["p95"] < scale.SEARCHING,
    )
    gain = found["rate"] / found["encoded"]
    yield Figure(
        "passages indexed, words and vectors: times the encoder's rate",
        f"{gain:.2f} ({found['rate']:.0f} and {found['encoded']:.0f} a second of processor)",
        f"≥ {scale.INDEXING:.0f}",
        gain >= scale.INDEXING,
    )


ALL: dict[str, Callable[[Path, bool], Iterator[Figure]]] = {
    "throughput": drained,
    "intake": posted,
    "kill": killed,
    "start": started,
    "broadcast": carried,
    "pages": shown,
    "ranking": ranked,
    "scale": grown,
    "passages": searched,
    "rounds": supported,
}


UNDERSTANDING, POLIS, REPLAY = "understanding", "polis", "replay"


def main() -> None:
    """Run what was asked for and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    names = [*ALL, UNDERSTANDING, POLIS, REPLAY, []]
    parser.add_argument(
        "what", nargs="*", choices=names, help="all that need no sets if none is named"
    )
    parser.add_argument("--quick", action="store_true", help="smaller runs")
    parser.add_argument("--sets", type=Path, help="folder of sets, for understanding and polis")
    parser.add_argument("--json", type=Path, help="write the scores of understanding there")
    parser.add_argument("--chart", type=Path, help="draw them there, as SVG")
    parser.add_argument("--size", type=float, default=1.0, help="share of 2011's size, for replay")
    asked = parser.parse_args()
    on_sets = {UNDERSTANDING, POLIS} & set(asked.what)
    if on_sets and asked.sets is None:
        parser.error(f"{' and '.join(sorted(on_sets))} need --sets FOLDER")
    if UNDERSTANDING in on_sets:
        with tempfile.TemporaryDirectory() as folder:
            table.run(asked.sets, to_json=asked.json, chart=asked.chart, graphs=Path(folder))
    wanted = [name for name in ALL if name in asked.what or not asked.what]
    screen, figures = Console(), list[Figure]()
    if POLIS in on_sets:
        figures += grouped(asked.sets)
    if REPLAY in asked.what:
        with tempfile.TemporaryDirectory() as folder, screen.status(REPLAY):
            figures += replayed(Path(folder), asked.size)
    for name in wanted:
        with tempfile.TemporaryDirectory() as folder, screen.status(name):
            figures += ALL[name](Path(folder), asked.quick)
    if figures:
        screen.print(_table_of(figures))


def _table_of(figures: Sequence[Figure]) -> Table:
    told = Table("what", "figure", "target", "met")
    for one in figures:
        told.add_row(one.what, one.read, one.target, "yes" if one.met else "no")
    return told


if __name__ == "__main__":
    main()
