"""The one look of every figure, and the way from a figure to SVG. No pyplot, no state that outlives a drawing."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

MM_PER_INCH = 25.4
DOUBLE_COLUMN_MM = 174.0
MARK_MM = 3.5
"""Room kept free at the top for the mark."""

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
    # Text stays text: small files, searchable, set in the reader's own sans-serif and editable by a journal.
    "svg.fonttype": "none",
}

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
            canvas.text(1.0, 1.0, mark, ha="right", va="top", fontsize=6, color=PALETTE["soft"])
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
    canvas.legend(handles, titles, loc="outside lower left", ncols=3, frameon=False, handlelength=3.5, fontsize=7)


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
