"""Predicted follow-up scores: the calibration curve in points."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.canvas import PALETTE, Pen, head_panel, number_both
from reports.figures.risk import PANEL_SIGNS


def draw_score_calibration(
    frame: pd.DataFrame, ax: Axes, *, pen: Pen, title: str, labels: str, limits: tuple[float, float]
) -> None:
    """Draw the calibration curve of one model's predicted score.

    Parameters
    ----------
    frame
        Rows of one outcome, model, dataset and validation with the columns of `schemas.tables.SCORE_CALIBRATION`.
    ax
        Where to; both axes are points.
    pen
        How the model is drawn.
    title
        The model's title.
    labels
        Text above the panel: what the curve's numbers are.
    limits
        Ends of both axes, the same for all models of a figure.
    """
    curve = frame.sort_values("predicted")
    ax.plot(limits, limits, color=PALETTE["soft"], linewidth=0.6, linestyle=(0, (3, 2)), zorder=1)
    ax.fill_between(curve["predicted"], curve["lower"], curve["upper"], color=pen.color, alpha=0.18, linewidth=0)
    ax.plot(curve["predicted"], curve["observed"], color=pen.color, linewidth=1.5)
    head_panel(ax, title, labels, PANEL_SIGNS)
    ax.set(xlim=limits, ylim=limits)
    number_both(ax, labels=2)
    ax.set(xlabel="Predicted score", ylabel="Mean observed score")
