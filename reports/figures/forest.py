"""Estimates with their intervals in rows: differences between models, and subgroups."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.canvas import PALETTE, Pen, number_axis, scale_ratio, soften
from reports.measures import MEASURES
from reports.tables import first_row, title_of, words_of


def draw_differences(
    frame: pd.DataFrame, ax: Axes, *, metric: str, models: tuple[str, ...], pens: dict[str, Pen], margin: float | None
) -> None:
    """Draw the paired differences of one measure to the reference.

    Parameters
    ----------
    frame
        Rows of one outcome, dataset and validation with the columns of `schemas.tables.COMPARISON`.
    ax
        Where to.
    metric
        The measure.
    models
        From top to bottom.
    pens
        How each model is drawn.
    margin
        Smallest difference worth having on the measure's scale, drawn on the side of a gain; None for no line.
    """
    ax.axvline(0, color=PALETTE["ink"], linewidth=0.8, zorder=1)
    if margin is not None:
        ax.axvline(-margin, color=PALETTE["soft"], linewidth=0.7, linestyle=(0, (3, 2)), zorder=1)
        ax.set_title("margin: dashed line", fontsize=6.5, fontweight="normal", color=PALETTE["soft"], loc="left")
    for y, model in enumerate(models):
        _draw_interval(ax, first_row(frame, model=model, metric=metric), y, pens[model])
    ax.set(ylim=(len(models) - 0.5, -0.5), xlabel=f"Difference in {words_of(metric)}")
    number_axis(ax)
    soften(ax)


def draw_estimates(
    frame: pd.DataFrame, ax: Axes, *, metric: str, models: tuple[str, ...], pens: dict[str, Pen], title: str = ""
) -> None:
    """Draw one measure of several models with its interval.

    Parameters
    ----------
    frame
        Rows of one outcome, dataset and validation with the columns of `schemas.tables.EVALUATION`, whole sample.
    ax
        Where to; rows are at 0, 1, ... from the top.
    metric
        The measure; its perfect value is the line.
    models
        From top to bottom.
    pens
        How each model is drawn: marker and line as in a panel beside, so that the rows are its key.
    title
        What the axis is called; the measure's own title if empty.
    """
    neutral = MEASURES[metric].reference
    if neutral is not None:
        ax.axvline(neutral, color=PALETTE["soft"], linewidth=0.7, zorder=1)
    for y, model in enumerate(models):
        row = first_row(frame, model=model, metric=metric)
        _draw_interval(ax, row, y, pens[model])
    ax.set(ylim=(len(models) - 0.5, -0.5), xlabel=title or title_of(metric))
    number_axis(ax)
    soften(ax)


def draw_swatches(ax: Axes, *, models: tuple[str, ...], pens: dict[str, Pen]) -> None:
    """Draw a short piece of each model's line, a row each: the key of the curves in a panel beside."""
    for y, model in enumerate(models):
        pen = pens[model]
        ax.plot([0, 0.5, 1], [y, y, y], color=pen.color, linestyle=pen.line, marker=pen.marker, markersize=2.6,
                markevery=[1], linewidth=1.0)  # fmt: skip
    ax.set(ylim=(len(models) - 0.5, -0.5), xlim=(-0.1, 1.1))
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    soften(ax)


def _draw_interval(ax: Axes, row: pd.Series | None, y: float, pen: Pen, *, size: float = 3.6) -> None:
    """Draw one estimate; where there is none, say so in its place."""
    if row is None:
        return
    if row["status"] != "ok":
        ax.text(
            0.5, y, str(row["status"]), transform=ax.get_yaxis_transform(), ha="center", va="center", fontsize=6.5,
            color=PALETTE["soft"], bbox={"facecolor": PALETTE["paper"], "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
        return
    ax.plot([row["lower"], row["upper"]], [y, y], color=pen.color, linewidth=1.1, solid_capstyle="butt")
    ax.plot([row["estimate"]], [y], color=pen.color, marker=pen.marker, markersize=size, linestyle="none")


def draw_levels(frame: pd.DataFrame, ax: Axes, *, metric: str, levels: tuple[tuple[str, str], ...], pen: Pen) -> None:
    """Draw one measure over the levels of the subgroups.

    Parameters
    ----------
    frame
        Rows of one outcome, model, dataset and validation with the columns of `schemas.tables.EVALUATION`.
    ax
        Where to; rows are at 0, 1, ... from the top.
    metric
        The measure; its perfect value is the line.
    levels
        Subgroup and level of each row; an empty level is a heading and has no estimate.
    pen
        How the model is drawn.
    """
    neutral = MEASURES[metric].reference
    if neutral is not None:
        ax.axvline(neutral, color=PALETTE["soft"], linewidth=0.7, zorder=1)
    for y, (subgroup, level) in enumerate(levels):
        if level:
            _draw_interval(ax, first_row(frame, subgroup=subgroup, level=level, metric=metric), y, pen)
    ax.set(ylim=(len(levels) - 0.5, -0.5), xlabel=title_of(metric))
    if metric == "oe_ratio":
        scale_ratio(ax)
    else:
        number_axis(ax)
    soften(ax)


def draw_gaps(
    frame: pd.DataFrame, ax: Axes, *, metric: str, levels: tuple[tuple[str, str], ...], pen: Pen, margin: float | None
) -> None:
    """Draw the gap of every group to all other patients, with the margin within which it is taken as none.

    Parameters
    ----------
    frame
        Rows of one outcome, model, dataset and validation with the columns of `schemas.tables.GAPS`.
    ax
        Where to; rows are at 0, 1, ... from the top.
    metric
        The measure.
    levels
        Subgroup and level of each row; an empty level is a heading and has no estimate.
    pen
        How the model is drawn.
    margin
        On the measure's scale, shaded on both sides of 0; None for none.
    """
    ax.axvline(0, color=PALETTE["soft"], linewidth=0.7, zorder=1)
    if margin is not None:
        ax.axvspan(-margin, margin, color=PALETTE["faint"], alpha=0.45, linewidth=0, zorder=0)
        ax.set_title("margin: grey band", fontsize=6.5, fontweight="normal", color=PALETTE["soft"], loc="left")
    for y, (subgroup, level) in enumerate(levels):
        if level:
            _draw_interval(ax, first_row(frame, subgroup=subgroup, level=level, metric=metric), y, pen)
    ax.set(ylim=(len(levels) - 0.5, -0.5), xlabel=f"Gap in {words_of(metric)},\ngroup minus all others")
    number_axis(ax)
    soften(ax)
