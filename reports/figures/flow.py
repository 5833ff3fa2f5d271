"""The participants' way from the file to the analysis, as boxes."""

from __future__ import annotations

import textwrap
from math import isnan
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.canvas import PALETTE
from reports.tables import HIDDEN, format_count, records

GAP = 0.9
WRAP = 32
UNKNOWN = "unknown, kept with weight 0"
"""What the reason says of those who stay in the cohort with weight 0."""
BOX = {"boxstyle": "square,pad=0.4", "linewidth": 0.7}
ARROW = {
    "arrowstyle": "-|>",
    "mutation_scale": 6,
    "shrinkA": 0,
    "shrinkB": 0,
    "linewidth": 0.7,
    "color": PALETTE["soft"],
}


def has_weight_zero(row: dict[str, Any]) -> bool:
    """Tell whether a step is about those who are kept with weight 0: they are not left out."""
    return UNKNOWN in str(row["reason"])


def compute_height(frame: pd.DataFrame) -> float:
    """Return the height of a flow diagram in lines of text."""
    shown = [row for row in records(frame) if row["step"] > 0 and row["excluded"] != 0]
    return 6.0 + sum(_lines(_wrapped(row, "00000")) + 2 * GAP for row in shown)


def _lines(text: str) -> int:
    return text.count("\n") + 1


def _wrapped(row: dict[str, Any], count: str) -> str:
    return textwrap.fill(f"{row['reason']}: {count}", WRAP)


def draw_flow(frame: pd.DataFrame, ax: Axes, *, title: str) -> None:
    """Draw who was read, who was left out and why (in a dashed box: kept with weight 0), and who was analysed.

    Parameters
    ----------
    frame
        Rows of one outcome and dataset with the columns of `schemas.tables.FLOW`, in order of ``step``.
    ax
        Where to; its axes are hidden.
    title
        What the column is about.
    """
    rows = records(frame.sort_values("step"))
    height = compute_height(frame)
    ax.set(xlim=(0, 10), ylim=(height, 0), title=title)
    ax.set_axis_off()
    y = 1.2
    _draw_box(ax, 2.1, y, f"Rows read\nn = {format_count(rows[0]['remaining'])}")
    start = y + 1.3
    for row in rows[1:]:
        if row["excluded"] == 0:
            continue
        hidden = row["status"] == "suppressed"
        text = _wrapped(row, HIDDEN if hidden else format_count(row["excluded"]))
        y = start + GAP + _lines(text) / 2
        _draw_side_box(ax, 3.4, y, text, line="--" if has_weight_zero(row) else "-")
        ax.annotate("", (3.28, y), (2.1, y), arrowprops=ARROW)
        start = y + _lines(text) / 2 + GAP
    ax.annotate("", (2.1, start + 0.6), (2.1, 2.5), arrowprops=ARROW)
    _draw_box(ax, 2.1, start + 1.9, _last_text(rows[-1]))


def _last_text(row: dict[str, Any]) -> str:
    """Name those analysed; the status of this row is that of the events, which a follow-up score does not have."""
    if isnan(row["remaining"]):
        return f"Analysed\nn = {HIDDEN}"
    events = HIDDEN if row["status"] == "suppressed" else format_count(row["events"])
    return f"Analysed\nn = {format_count(row['remaining'])}" + (f", events {events}" if events else "")


def _draw_box(ax: Axes, x: float, y: float, text: str) -> None:
    box = {**BOX, "facecolor": PALETTE["paper"], "edgecolor": PALETTE["soft"]}
    ax.text(x, y, text, ha="center", va="center", bbox=box, fontsize=7)


def _draw_side_box(ax: Axes, x: float, y: float, text: str, *, line: str) -> None:
    box = {**BOX, "facecolor": PALETTE["paper"], "edgecolor": PALETTE["faint"], "linestyle": line}
    ax.text(x, y, text, ha="left", va="center", bbox=box, fontsize=6.5)
