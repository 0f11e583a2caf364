"""Every chart, drawn in one place: own SVG with classes only, as the content policy wants.

A chart is decoration of numbers that are on the page too: in a table beside it, or in its label.
"""

from collections.abc import Sequence

from markupsafe import Markup

TALL = 100
SPARK_STEP, SPARK_TALL = 6, 20
LEAST = 3
RANGE_TALL = 10


def spark(values: Sequence[int], label: str) -> Markup:
    """A few bars in a line of text, the last one now; `label` says them in words.

    The scale begins at `LEAST`, so that one voice does not look like a crowd.
    """
    most = max([*values, LEAST])
    bars = []
    for at, value in enumerate(values):
        top = round(SPARK_TALL - 1 - (SPARK_TALL - 1) * value / most, 1)
        bars.append(f"M{at * SPARK_STEP} {top:g}h{SPARK_STEP - 2}V{SPARK_TALL}h{2 - SPARK_STEP}z")
    wide = max(len(values), 1) * SPARK_STEP
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}"><path d="{}"/></svg>'
    ).format(wide, SPARK_TALL, label, "".join(bars))


def columns(values: Sequence[int], labels: Sequence[str]) -> Markup:
    """One column for each value, from left to right, as wide as its place; `labels` show on
    pointing.
    """
    most = max([*values, LEAST])
    drawn = []
    for at, (value, label) in enumerate(zip(values, labels, strict=True)):
        tall = TALL * value / most
        drawn.append(
            Markup("<g><title>{}</title>{}{}</g>").format(
                label,
                _bar("column-ground", at, 0, 1, TALL),
                _bar("column", at + 0.1, TALL - tall, 0.8, tall),
            )
        )
    return Markup(
        '<svg class="columns" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        "{}</svg>"
    ).format(max(len(values), 1), TALL, Markup("").join(drawn))


def share(value: float, whole: float) -> Markup:
    """How much of `whole` a value is, as a bar; the number stands beside it."""
    wide = round(100 * min(value / whole, 1), 2) if whole else 0
    return Markup(
        '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        "{}{}</svg>"
    ).format(_bar("share-ground", 0, 0, 100, 8), _bar("share-bar", 0, 0, wide, 8))


def ranges(drawn: Sequence[tuple[float, float, float]]) -> Markup:
    """Numbers from 0 to 1 as (low, likeliest, high), below each other on one scale that is marked
    in its middle: the first is what counts, the others are fainter.
    """
    marks = [_bar("range-middle", 49.85, 0, 0.3, RANGE_TALL * len(drawn))]
    for at, (low, likeliest, high) in enumerate(drawn):
        kind, y = "range" if at == 0 else "range-faint", RANGE_TALL * at
        marks += [
            _bar("share-ground", 0, y + 4, 100, 2),
            _bar(kind, 100 * low, y + 3, 100 * (high - low), 4),
            _bar(f"{kind}-point", min(max(100 * likeliest - 0.6, 0), 98.8), y + 1, 1.2, 8),
        ]
    return Markup(
        '<svg class="ranges" viewBox="0 0 100 {}" preserveAspectRatio="none" aria-hidden="true">'
        "{}</svg>"
    ).format(RANGE_TALL * len(drawn), Markup("").join(marks))


def _bar(kind: str, x: float, y: float, wide: float, tall: float) -> Markup:
    """Of numbers and a word of ours: nothing of others is in it."""
    return Markup(  # noqa: S704 - see above
        f'<rect class="{kind}" x="{x:g}" y="{round(y, 2):g}" width="{wide:g}"'
        f' height="{round(tall, 2):g}"/>'
    )
