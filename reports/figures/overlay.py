"""Calibration curves of all models in one panel; which is whose says the panel beside it, row by row."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.canvas import PALETTE, Pen, number_both

MARKS = 6
"""Markers on a curve, so that it is told apart where there is no colour."""


def draw_overlay(
    frame: pd.DataFrame, ax: Axes, *, reference: str, pens: dict[str, Pen], limits: tuple[float, float]
) -> None:
    """Draw the calibration curves of several models over each other, the reference with its band.

    Parameters
    ----------
    frame
        Rows of one outcome, dataset and validation with the columns of `schemas.tables.CALIBRATION_CURVE` or
        `schemas.tables.SCORE_CALIBRATION`.
    ax
        Where to; both axes run over `limits` and are equally long.
    reference
        The model that is drawn with its band and a heavy line, below the others.
    pens
        How each model is drawn.
    limits
        Ends of both axes.
    """
    ax.plot(limits, limits, color=PALETTE["soft"], linewidth=0.6, linestyle=(0, (3, 2)), zorder=1)
    for k, (name, pen) in enumerate(pens.items()):
        curve = frame[frame["model"] == name].sort_values("predicted")
        if curve.empty:
            continue
        if name == reference:
            x, low, high = (curve[name] for name in ("predicted", "lower", "upper"))
            ax.fill_between(x, low, high, color=pen.color, alpha=0.14, linewidth=0)
        step = max(1, len(curve) // MARKS)
        ax.plot(
            curve["predicted"], curve["observed"], color=pen.color, linestyle=pen.line, marker=pen.marker,
            markersize=2.6, markevery=(k % step, step), linewidth=1.9 if name == reference else 1.0, zorder=2,
        )  # fmt: skip
    ax.set(xlim=limits, ylim=limits)
    ax.set_box_aspect(1)
    number_both(ax)
