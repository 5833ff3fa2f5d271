"""Estimates with their intervals in rows: differences between models, and subgroups."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from reports.figures.canvas import PALETTE, Pen, soften
from reports.measures import MEASURES
from reports.tables import first_row, format_number, title_of, words_of


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
        ax.text(
            -margin, 1.0, "margin", transform=ax.get_xaxis_transform(), ha="center", va="bottom", fontsize=6,
            color=PALETTE["soft"],
        )  # fmt: skip
    for y, model in enumerate(models):
        _draw_interval(ax, first_row(frame, model=model, metric=metric), y, pens[model])
    ax.set(ylim=(len(models) - 0.5, -0.5), xlabel=f"Difference in {words_of(metric)}")
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "\u2212")))
    soften(ax)


def _draw_interval(ax: Axes, row: pd.Series | None, y: float, pen: Pen, *, size: float = 3.6) -> None:
    """Draw one estimate; where there is none, say so in its place."""
    if row is None:
        return
    if row["status"] != "ok":
        ax.text(
            0.5, y, str(row["status"]), transform=ax.get_yaxis_transform(), ha="center", va="center", fontsize=6,
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
        _scale_ratio(ax)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(4))
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
        ax.text(
            0, 1.0, "margin", transform=ax.get_xaxis_transform(), ha="center", va="bottom", fontsize=6,
            color=PALETTE["soft"],
        )  # fmt: skip
    for y, (subgroup, level) in enumerate(levels):
        if level:
            _draw_interval(ax, first_row(frame, subgroup=subgroup, level=level, metric=metric), y, pen)
    ax.set(ylim=(len(levels) - 0.5, -0.5), xlabel=f"Gap in {words_of(metric)},\ngroup minus all others")
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "\u2212")))
    soften(ax)


def _scale_ratio(ax: Axes) -> None:
    """Give a ratio a logarithmic axis on which 0.5 is as far from 1 as 2."""
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    inside = [tick for tick in (0.25, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 4.0) if low <= tick <= high]
    ax.xaxis.set_major_locator(FixedLocator(inside if len(inside) <= 5 else inside[::2]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_number(value, 2)))
