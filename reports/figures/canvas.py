"""The one look of every figure, and the way from a figure to SVG. No pyplot, no state that outlives a drawing."""

from __future__ import annotations

import io
import re
import textwrap
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

MM_PER_INCH = 25.4
SINGLE_COLUMN_MM, DOUBLE_COLUMN_MM = 84.0, 174.0
"""The two widths of journals."""
MARK_MM = 3.5
"""Room kept free at the top for the mark."""
KEY_SIGNS, CUT_SIGNS, ROW_SIGNS = 30, 48, 30
"""Signs of a title in a key of three columns and of two, and in a line beside a row."""

PALETTE = {
    "ink": "#1b1e23",
    "soft": "#5d646e",
    "faint": "#c9cdd3",
    "paper": "#ffffff",
    "blue": "#0072b2",
    "orange": "#d55e00",
    "green": "#009e73",
    "purple": "#b8558f",
    "amber": "#c98a00",
    "sky": "#3c9fd9",
}
"""Okabe and Ito's colours, the light ones darkened for thin lines on paper. A renderer may exchange them by name."""


@dataclass(frozen=True, kw_only=True)
class Pen:
    """How one model is drawn everywhere: told apart by line and marker where there is no colour."""

    color: str
    line: Literal["-"] | tuple[float, tuple[float, ...]]
    marker: str


REFERENCE_PEN = Pen(color=PALETTE["ink"], line="-", marker="o")
PENS = (
    Pen(color=PALETTE["blue"], line=(0, (6, 2)), marker="s"),
    Pen(color=PALETTE["orange"], line=(0, (4, 1, 1, 1)), marker="^"),
    Pen(color=PALETTE["green"], line=(0, (2, 1)), marker="D"),
    Pen(color=PALETTE["purple"], line=(0, (8, 2, 1, 2, 1, 2)), marker="v"),
    Pen(color=PALETTE["amber"], line=(0, (1, 1)), marker="P"),
    Pen(color=PALETTE["sky"], line=(0, (10, 3)), marker="X"),
)

STYLE: dict[str, Any] = {
    # Matplotlib carries DejaVu Sans, so that the layout is the same on every machine.
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 7,
    "axes.labelcolor": PALETTE["ink"],
    "axes.facecolor": "none",
    "axes.edgecolor": PALETTE["soft"],
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.color": PALETTE["soft"],
    "ytick.color": PALETTE["soft"],
    "xtick.labelcolor": PALETTE["ink"],
    "ytick.labelcolor": PALETTE["ink"],
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "text.color": PALETTE["ink"],
    "text.parse_math": False,
    "lines.solid_capstyle": "round",
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-6, 7),
    # Text stays text: small files, searchable, set in the reader's own sans-serif and editable by a journal.
    "svg.fonttype": "none",
}

RATIOS = (
    (0.01, 0.1, 1.0, 10.0, 100.0),
    (0.25, 0.5, 1.0, 2.0, 4.0),
    (0.5, 1.0, 2.0),
    (0.67, 1.0, 1.5),
    (0.8, 1.0, 1.25),
    (0.9, 1.0, 1.1),
    (0.95, 1.0, 1.05),
)
"""Labels of an axis of ratios, from wide to narrow: the first of which enough lie inside the axis is taken."""
LEAST_TICKS = 3
MOST_TICKS = 5
LONG_TICK = 6
"""Signs from which a label is long."""
LINE_HEIGHT = 1.2
"""Of a title of several lines, of the size of its letters."""
LINE_POINTS = 8
"""Height of a small line above a panel."""
LEADER = {"arrowstyle": "-", "linewidth": 0.8, "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5)}
LABEL_SIGNS = 26
LABEL_GAP = 0.055
"""Signs in a line of a label beside a panel, and the height of a line as a share of the panel's."""

_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_FAMILIES = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"


def pens_of(models: Sequence[str], reference: str) -> dict[str, Pen]:
    """Give every model its pen: the reference in ink, the others in order."""
    others = [name for name in models if name != reference]
    return {reference: REFERENCE_PEN, **{name: PENS[i % len(PENS)] for i, name in enumerate(others)}}


def render_svg(
    draw: Callable[[Canvas], None], *, name: str, height_mm: float, width_mm: float = DOUBLE_COLUMN_MM, mark: str = ""
) -> str:
    """Draw a figure and return it as SVG.

    Parameters
    ----------
    draw
        Fills the empty figure.
    name
        Salt of the identifiers inside, so that several figures can stand on one page.
    height_mm, width_mm
        Size on paper.
    mark
        Small text in the corner that goes wherever the figure goes ("Synthetic data").

    Returns
    -------
    str
        A whole SVG file; the same bytes for the same drawing.
    """
    style: Any = {**STYLE, "svg.hashsalt": name}
    with mpl.rc_context(style), warnings.catch_warnings():
        # The reader's font sets the text, so a sign that DejaVu lacks is no fault.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas = Canvas(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH))
        top = 1.0 - (MARK_MM / height_mm if mark else 0.0)
        canvas.set_layout_engine("constrained", rect=(0, 0, 1, top), h_pad=0.06, hspace=0.03)
        canvas.patch.set_visible(False)
        draw(canvas)
        if mark:
            canvas.text(0.998, 1.0, mark, ha="right", va="top", fontsize=6.5, color=PALETTE["soft"])
        buffer = io.StringIO()
        FigureCanvasSVG(canvas).print_svg(buffer, metadata=_NO_METADATA)  # type: ignore[no-untyped-call]
    return _tidy(buffer.getvalue())


def _tidy(svg: str) -> str:
    """Drop what matplotlib adds for itself: outer document type, names of groups, its style sheet, its font."""
    svg = re.sub(r"<!DOCTYPE.*?>\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"\s*<defs>\s*<style type=\"text/css\">.*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL)
    return svg.replace("'DejaVu Sans'", _FAMILIES)


def draw_key(canvas: Canvas, titles: Sequence[str], pens: Sequence[Pen]) -> None:
    """Write beneath a figure which line belongs to which model."""
    handles = [
        Line2D([], [], color=pen.color, linestyle=pen.line, marker=pen.marker, markersize=3, linewidth=1)
        for pen in pens
    ]
    columns = 3 if max(map(len, titles), default=0) <= KEY_SIGNS else 2
    labels = [cut_title(title, signs=CUT_SIGNS) for title in titles]
    canvas.legend(handles, labels, loc="outside lower left", ncols=columns, frameon=False, handlelength=3.5, fontsize=7)


def wrap_title(title: str, signs: int) -> str:
    """Break a title into at most two lines; what does not fit is left out of its middle, since endings differ.

    Examples
    --------
    >>> print(wrap_title("Elastic net with splines and interactions, second variant", 20))
    Elastic net with
    … second variant
    """
    lines = textwrap.wrap(title, signs)
    return "\n".join(lines) if len(lines) <= 2 else f"{lines[0]}\n\u2026 {_find_tail(title, signs - 2)}"


def head_panel(axes: Axes, title: str, numbers: str, signs: int) -> None:
    """Write a panel's title, and small beneath it, above the panel, what its numbers are."""
    lines = numbers.count("\n") + 1 if numbers else 0
    axes.set_title(wrap_title(title, signs), pad=4 + LINE_POINTS * lines)
    axes.text(0, 1.02, numbers, transform=axes.transAxes, va="bottom", fontsize=6.5, linespacing=1.3)


def cut_title(title: str, *, signs: int) -> str:
    """Cut a title to one line; what does not fit is left out of its middle."""
    if len(title) <= signs:
        return title
    tail = _find_tail(title, signs // 2 - 2)
    return f"{textwrap.wrap(title, max(1, signs - len(tail) - 3))[0]} \u2026 {tail}"


def _find_tail(title: str, signs: int) -> str:
    """Return the last words that fit, or the end of the last word."""
    words = title.split()
    starts = [start for start in range(len(words)) if len(" ".join(words[start:])) <= signs]
    return " ".join(words[starts[0] :]) if starts else words[-1][-signs:]


def label_rows(axes: Axes, titles: Sequence[str]) -> None:
    """Name the rows of a panel that is read from top to bottom, at 0, 1, ...; no titles leave them without names.

    Notes
    -----
    Each line is a text of its own that ends at the axis: in a text of several lines matplotlib would place every line
    by the width that it measured, and the reader's font may be narrower.
    """
    axes.set_yticks(range(len(titles)), [""] * len(titles))
    size = mpl.rcParams["ytick.labelsize"]
    outside = mpl.rcParams["ytick.major.size"] + mpl.rcParams["ytick.major.pad"]
    for row, title in enumerate(titles):
        lines = wrap_title(title, ROW_SIGNS).splitlines()
        for k, line in enumerate(lines):
            above = ((len(lines) - 1) / 2 - k) * LINE_HEIGHT * size
            axes.annotate(
                line, (0, row), (-outside, above), xycoords=("axes fraction", "data"), textcoords="offset points",
                ha="right", va="center", fontsize=size, annotation_clip=False,
            )  # fmt: skip


def label_ends(axes: Axes, ends: Mapping[str, tuple[float, float]], colors: Mapping[str, str]) -> None:
    """Write each curve's name right of the panel, moved apart and tied to the curve's end by a thin line.

    Parameters
    ----------
    axes
        The panel, its limits set.
    ends
        Where each curve ends, by the name to be written.
    colors
        Of the line that ties each name to its curve; the names are in ink, since light colours cannot be read.
    """
    low, high = axes.get_ylim()
    names = {name: wrap_title(name, LABEL_SIGNS) for name in ends}
    lines = max((name.count("\n") + 1 for name in names.values()), default=1)
    gap = min(LABEL_GAP * lines, 1 / max(len(ends), 1))
    heights = [(y - low) / (high - low) for _, y in ends.values()]
    places = spread(heights, gap)
    lift = max(0.0, -min(places, default=0.0)) - max(0.0, max(places, default=1.0) - 1.0)
    for (name, end), place in zip(ends.items(), places, strict=True):
        axes.annotate(
            names[name], end, (1.045, place + lift), textcoords="axes fraction", va="center", fontsize=6.5,
            annotation_clip=False, arrowprops={**LEADER, "color": colors[name]},
        )  # fmt: skip


class ShortTicks(MaxNLocator):
    """Few round numbers, and still fewer where they are long."""

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Return the numbers between the ends."""
        ticks = super().tick_values(vmin, vmax)
        longest = max(len(word_tick(tick)) for tick in ticks)
        return MaxNLocator(2).tick_values(vmin, vmax) if longest > LONG_TICK else ticks


def number_axis(axes: Axes, *, labels: int = 4) -> None:
    """Give the horizontal axis few labels, written out however small or large, with a true minus sign."""
    axes.xaxis.set_major_locator(ShortTicks(labels))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: word_tick(value)))


def number_both(axes: Axes, *, labels: int = 4) -> None:
    """Give both axes the same few labels."""
    number_axis(axes, labels=labels)
    axes.yaxis.set_major_locator(MaxNLocator(labels))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: word_tick(value)))


def scale_ratio(axes: Axes) -> None:
    """Give a ratio a logarithmic axis, on which 0.5 is as far from 1 as 2, with few labels."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    inside = [[tick for tick in ticks if low <= tick <= high] for ticks in RATIOS]
    few = next((ticks for ticks in inside if LEAST_TICKS <= len(ticks) <= MOST_TICKS), None)
    ticks = MaxNLocator(3).tick_values(low, high) if few is None else few
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: word_tick(value)))


def word_tick(value: float) -> str:
    """Write a number of an axis without exponent.

    Examples
    --------
    >>> word_tick(0.00005), word_tick(-0.30000000000000004)
    ('0.00005', '−0.3')
    """
    return np.format_float_positional(value, precision=8, trim="-").replace("-", "\u2212")


def soften(axes: Axes) -> None:
    """Leave only the lower axis: for lists read from top to bottom."""
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Move labels apart until neighbours are at least `gap` away from each other, as little as possible.

    Parameters
    ----------
    positions
        Wanted positions, any order.
    gap
        Smallest distance.

    Returns
    -------
    list of float
        In the order of `positions`.
    """
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    groups: list[tuple[float, int]] = []
    for i in order:
        centre, size = positions[i], 1
        while groups and centre - groups[-1][0] < gap * (size + groups[-1][1]) / 2:
            other, count = groups.pop()
            centre, size = (centre * size + other * count) / (size + count), size + count
        groups.append((centre, size))
    placed = [centre + gap * (k - (size - 1) / 2) for centre, size in groups for k in range(size)]
    return [placed[order.index(i)] for i in range(len(order))]
