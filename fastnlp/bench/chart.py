"""The speeds of a run as bars."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fastnlp.bench.names import ENCODE, ENCODE_DATASET, OWN, REFERENCE
from fastnlp.bench.rows import Row, format_number, format_threads

PANELS = {ENCODE: "From a Python list of str", ENCODE_DATASET: "Inside tf.data, batches of 1,024"}

# inches
WIDTH, LEFT, RIGHT, TOP, BOTTOM = 8, 2.1, 1.3, 0.8, 0.4
TITLE, ROW, BAR = 0.52, 0.47, 0.175  # the heights of a panel's title, of an implementation, of one bar
MARGIN = 0.3
DOTS_PER_INCH = 200

INK, FAINT = "#1f2933", "#66727f"
FASTNLP_COLORS = "#8ccfc7", "#0b7f75"  # with the fewest threads, with the most
PEER_COLORS = "#d8dde3", "#a3adb8"


def draw_encode(rows: list[Row], subtitle: str) -> bytes:
    """A PNG of how fast compiled implementations encode, the fastest with the most threads first."""
    panels = {
        title: sorted(
            (row for row in rows if row.task == task and row.implementation != REFERENCE),
            key=lambda row: -row.speed(max(row.timings)),
        )
        for task, title in PANELS.items()
    }
    panels = {title: shown for title, shown in panels.items() if shown}
    starred = [row for shown in panels.values() for row in shown if row.different]
    footnote = f"* other ids in {starred[0].different:,} of {starred[0].documents:,} documents" if starred else ""
    return draw("Text to WordPiece ids, MB/s", subtitle, footnote, panels)


def draw(title: str, subtitle: str, footnote: str, panels: dict[str, list[Row]]) -> bytes:
    """A PNG of speeds: a bar for each number of threads, all on one linear scale.

    Args:
        title: what is shown, and its unit.
        subtitle: stands below it, in small letters.
        footnote: stands at the foot, for the rows with a star: those whose ids are not the right ones.
        panels: the rows to show, from top to bottom, by the title of their panel.
    """
    inner = sum(TITLE + ROW * len(rows) for rows in panels.values())
    height = TOP + inner + BOTTOM
    figure = Figure((WIDTH, height), dpi=DOTS_PER_INCH, facecolor="white")
    figure.text(MARGIN / WIDTH, 1 - 0.47 / height, title, size=14, weight="bold", color=INK)
    figure.text(MARGIN / WIDTH, 1 - 0.74 / height, subtitle, size=8.5, color=FAINT)
    figure.text(MARGIN / WIDTH, 0.22 / height, footnote, size=7.5, color=FAINT)
    axes = figure.add_axes((LEFT / WIDTH, BOTTOM / height, (WIDTH - LEFT - RIGHT) / WIDTH, inner / height))
    axes.set_axis_off()
    axes.set_ylim(inner, 0)  # inches from the top
    axes.set_xlim(0, max(row.speed(threads) for rows in panels.values() for row in rows for threads in row.timings))

    top = 0.0
    for panel, rows in panels.items():
        _write(axes, top + 0.32, panel, size=10, weight="bold")
        top += TITLE
        for number, row in enumerate(rows):
            _draw_row(axes, top, row, name_threads=number == 0)
            top += ROW
    png = BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _draw_row(axes: Axes, top: float, row: Row, *, name_threads: bool) -> None:
    own = row.implementation in OWN
    name, _, part = row.implementation.partition(" ")
    if own:
        part = f'rules="{row.rules}"' + (f", {part}" if part else "")
    if row.different:
        part += " *"
    weight = "bold" if own else "normal"
    _write(axes, top + BAR / 2, name, size=9.5, weight=weight)
    _write(axes, top + BAR * 3 / 2, part, size=7.5, color=FAINT)
    for line, threads in enumerate(sorted(row.timings)):
        middle = top + BAR * (line + 0.5)
        color = (FASTNLP_COLORS if own else PEER_COLORS)[line > 0]
        axes.barh(middle, row.speed(threads), height=BAR - 0.02, color=color)
        value = axes.annotate(
            format_number(row.speed(threads)),
            (row.speed(threads), middle),
            (4, 0),
            textcoords="offset points",
            va="center",
            size=8.5,
            weight=weight,
            color=INK,
        )
        if name_threads:
            axes.annotate(
                format_threads(threads),
                (1, 0.5),
                (5, 0),
                xycoords=value,
                textcoords="offset points",
                va="center",
                size=7.5,
                color=FAINT,
            )


def _write(axes: Axes, y: float, text: str, **style: Any) -> None:
    """Text at the left of the bars."""
    left = (MARGIN - LEFT) / (WIDTH - LEFT - RIGHT)
    axes.text(left, y, text, transform=axes.get_yaxis_transform(), va="center", **{"color": INK, **style})
