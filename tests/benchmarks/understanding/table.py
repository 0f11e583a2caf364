"""Run every measurement of understanding over a folder of sets: one table, JSON and a chart.

A measurement is a module beside this one with `measure(folder, encode)`.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from xml.sax.saxutils import escape

from rich.console import Console
from rich.table import Table

from nlp.embed import BUNDLED, FloatArray, load
from tests.benchmarks import understanding
from tests.benchmarks.understanding import Score
from tests.benchmarks.understanding.sets import NoSuchSet

Measure = Callable[[Path, Callable[[Sequence[str]], FloatArray]], Iterator[Score]]

ROW, BAR, LEFT, WIDTH = 22, 9, 420, 820


def run(folder: Path, *, to_json: Path | None, chart: Path | None, graphs: Path) -> None:
    """Measure all that is there and print it, part by part; write JSON and a chart where asked,
    each time with all there is so far.
    """
    screen, scores = Console(), list[Score]()
    encode = load(BUNDLED, graphs=graphs).encode
    for name, measure in measurements():
        with screen.status(name):
            try:
                scores += (fresh := list(measure(folder, encode)))
            except NoSuchSet as missing:
                screen.print(f"{name}: {missing}")
                continue
        screen.print(table_of(fresh))
        if to_json is not None:
            told = [{**asdict(one), "met": one.met} for one in scores]
            to_json.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
        if chart is not None:
            chart.write_text(chart_of(scores), encoding="utf-8")


def measurements() -> Iterator[tuple[str, Measure]]:
    """The modules of this package that measure something."""
    for found in pkgutil.iter_modules(understanding.__path__):
        module = importlib.import_module(f"{understanding.__name__}.{found.name}")
        measure = getattr(module, "measure", None)
        if measure is not None:
            yield found.name, measure


def table_of(scores: Sequence[Score]) -> Table:
    """Ours beside the peers and the target."""
    table = Table("part", "of", "measure", "ours", "peers", "target", "met", "seconds")
    for one in scores:
        peers = ", ".join(f"{name} {value:.3f}" for name, value in one.peers.items())
        sign = "≤" if one.at_most else "≥"
        target = "" if one.target is None else f"{sign} {one.target:g}"
        met = {None: "", True: "yes", False: "no"}[one.met]
        table.add_row(
            one.part, one.of, one.measure, f"{one.ours:.3f}", peers, target, met, _seconds(one)
        )
    return table


def _seconds(score: Score) -> str:
    if score.seconds is None:
        return ""
    theirs = ", ".join(f"{name} {value:.1f}" for name, value in score.peer_seconds.items())
    return f"{score.seconds:.1f}" + (f" ({theirs})" if theirs else "")


def chart_of(scores: Sequence[Score]) -> str:
    """Bars of ours and the best peer, with a line at the target: an SVG of its own."""
    shown = [one for one in scores if 0 <= one.ours <= 1]
    height = ROW * len(shown) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="12" role="img">',
        "<title>Understanding: ours (dark), the best peer (light), the target (line)</title>",
    ]
    for row, one in enumerate(shown):
        parts += _bars(one, 10 + row * ROW)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bars(score: Score, top: int) -> list[str]:
    name = escape(f"{score.of}: {score.measure}")
    ours, room = score.ours, WIDTH - LEFT - 60
    parts = [
        f'<text x="{LEFT - 8}" y="{top + 13}" text-anchor="end">{name}</text>',
        f'<rect x="{LEFT}" y="{top}" width="{ours * room:.0f}" height="{BAR}" fill="#1c5d8c"/>',
        f'<text x="{LEFT + ours * room + 6:.0f}" y="{top + 9}">{ours:.2f}</text>',
    ]
    if score.peers:
        best = max(score.peers.values()) * room
        parts.append(
            f'<rect x="{LEFT}" y="{top + BAR}" width="{best:.0f}" height="{BAR}" fill="#b9cfdd"/>'
        )
    if score.target is not None:
        at = LEFT + score.target * room
        parts.append(
            f'<path d="M{at:.0f} {top}v{2 * BAR}" stroke="#b3261e" stroke-width="2" fill="none"/>'
        )
    return parts
