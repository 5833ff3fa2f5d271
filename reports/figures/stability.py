"""Stability: where models developed on resamples put patients of one predicted risk."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.canvas import PALETTE, Pen


def draw_instability(
    frame: pd.DataFrame, ax: Axes, *, pen: Pen, title: str, limits: tuple[float, float], words: str
) -> None:
    """Draw the middle and the 95 % range of the resampled models' predictions against the model's own.

    Parameters
    ----------
    frame
        Rows of one outcome and model with the columns of `schemas.tables.INSTABILITY_CURVE`; hidden points are absent
        or have a status other than ok.
    ax
        Where to; both axes run over `limits`.
    pen
        How the model is drawn.
    title
        The model's title.
    limits
        Lowest and highest prediction shown, the same for all models of a figure.
    words
        What is predicted: predicted risk, or predicted score.
    """
    curve = frame[frame["status"] == "ok"].sort_values("predicted")
    ax.plot(limits, limits, color=PALETTE["soft"], linewidth=0.6, linestyle=(0, (3, 2)), zorder=1)
    ax.fill_between(curve["predicted"], curve["lower"], curve["upper"], color=pen.color, alpha=0.18, linewidth=0)
    ax.plot(curve["predicted"], curve["middle"], color=pen.color, linewidth=1.5)
    ax.set(xlim=limits, ylim=limits, title=title, xlabel=words[:1].upper() + words[1:], ylabel="On other samples")
    ax.set_aspect("equal")
