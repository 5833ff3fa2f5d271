"""Stability: where models developed on resamples put patients of one predicted risk."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.canvas import PALETTE, Pen, number_axis, number_both, soften, wrap_title

TITLE_SIGNS = 28
MEAN, HIGH = "mean_mape", "p95_mape"


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
    ax.set(xlim=limits, ylim=limits, title=wrap_title(title, TITLE_SIGNS))
    ax.set(xlabel=words[:1].upper() + words[1:], ylabel="On other samples")
    ax.set_aspect("equal")
    number_both(ax, labels=3)


def draw_instabilities(frame: pd.DataFrame, ax: Axes, *, models: tuple[str, ...], pens: dict[str, Pen]) -> None:
    """Draw how far predictions move on average, and for one patient in twenty, model by model.

    Parameters
    ----------
    frame
        Rows of one outcome with the columns of `schemas.tables.STABILITY`.
    ax
        Where to; rows are at 0, 1, ... from the top, and the axis begins at 0.
    models
        From top to bottom.
    pens
        How each model is drawn.
    """
    shown = frame[frame["status"] == "ok"]
    for y, model in enumerate(models):
        rows = shown[shown["model"] == model].drop_duplicates("metric").set_index("metric")["estimate"]
        pen = pens[model]
        if MEAN in rows.index:
            ax.plot([rows[MEAN]], [y], color=pen.color, marker=pen.marker, markersize=3.6, linestyle="none")
        if {MEAN, HIGH} <= set(rows.index):
            ax.plot([rows[MEAN], rows[HIGH]], [y, y], color=pen.color, linewidth=0.9, linestyle=(0, (1, 1)))
            ax.plot([rows[HIGH]], [y], color=pen.color, marker="|", markersize=5, linestyle="none")
    ax.set(ylim=(len(models) - 0.5, -0.5))
    ax.set_xlim(left=0)
    number_axis(ax)
    soften(ax)
