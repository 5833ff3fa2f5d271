"""The participants' way from the file to the analysis, as boxes."""

from __future__ import annotations

import textwrap
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from reports.canvas import PALETTE
from reports.tables import HIDDEN, event_status, format_count, records

LINE_HEIGHT = 1.0
GAP = 0.9
WRAP = 34
BOX = {"boxstyle": "square,pad=0.55", "linewidth": 0.7}
ARROW = {
    "arrowstyle": "-|>",
    "mutation_scale": 6,
    "shrinkA": 0,
    "shrinkB": 0,
    "linewidth": 0.7,
    "color": PALETTE["soft"],
}


def compute_height(frame: pd.DataFrame) -> float:
    """Return the height of a flow diagram in lines of text."""
    shown = [row for row in records(frame) if row["step"] > 0 and row["excluded"] != 0]
    return 6.0 + sum(_lines(_wrapped(row, "00000")) + 2 * GAP for row in shown)


def _lines(text: str) -> int:
    return text.count("\n") + 1


def _wrapped(row: dict[str, Any], count: str) -> str:
    return textwrap.fill(f"{row['reason']}: {count}", WRAP)


def draw_flow(frame: pd.DataFrame, ax: Axes, *, title: str, suppress_below: int) -> None:
    """Draw who was read, who was left out and why, and who was analysed.

    Parameters
    ----------
    frame
        Rows of one outcome and dataset with the columns of `schemas.tables.FLOW`, in order of ``step``.
    ax
        Where to; its axes are hidden.
    title
        What the column is about.
    suppress_below
        Printed in the place of a hidden count.
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
        _draw_box(ax, 3.4, y, text, side=True)
        ax.annotate("", (3.28, y), (2.1, y), arrowprops=ARROW)
        start = y + _lines(text) / 2 + GAP
    ax.annotate("", (2.1, start + 0.6), (2.1, 2.5), arrowprops=ARROW)
    _draw_box(ax, 2.1, start + 1.9, _last_text(rows[-1], suppress_below))


def _last_text(row: dict[str, Any], suppress_below: int) -> str:
    if row["status"] == "suppressed":
        return f"Analysed\nn = {HIDDEN}"
    few = event_status(row, suppress_below) == "suppressed"
    events = HIDDEN if few else format_count(row["events"])
    return f"Analysed\nn = {format_count(row['remaining'])}, events {events}"


def _draw_box(ax: Axes, x: float, y: float, text: str, *, side: bool = False) -> None:
    box = {**BOX, "facecolor": PALETTE["paper"], "edgecolor": PALETTE["faint" if side else "soft"]}
    ax.text(x, y, text, ha="left" if side else "center", va="center", bbox=box, fontsize=6.5 if side else 7)
