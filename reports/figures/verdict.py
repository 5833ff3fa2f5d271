"""Differences between procedures with their regions of practical equivalence."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.canvas import PALETTE, Pen
from reports.figures.forest import draw_differences
from reports.tables import rows_where


def draw_procedures(
    frame: pd.DataFrame, ax: Axes, *, metric: str, models: tuple[str, ...], pens: dict[str, Pen]
) -> None:
    """Draw the differences of one measure to the reference over the region in which they do not matter.

    Parameters
    ----------
    frame
        Rows of one outcome with the columns of `schemas.tables.PROCEDURES`.
    ax
        Where to.
    metric
        The measure.
    models
        From top to bottom.
    pens
        How each model is drawn.
    """
    ropes = rows_where(frame, metric=metric, status="ok")["rope"]
    rope = float(ropes.iloc[0]) if len(ropes) else math.nan
    if math.isfinite(rope):
        ax.axvspan(-rope, rope, color=PALETTE["faint"], alpha=0.5, linewidth=0, zorder=0)
    draw_differences(frame, ax, metric=metric, models=models, pens=pens, margin=None)
