"""What moved the models' predictions: ranked predictors, and contribution by value."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from reports.figures.canvas import PALETTE, Pen, cut_title, number_axis, soften, word_tick, wrap_title
from reports.tables import distinct, records

SCALE_WORDS = {"log_odds": "log-odds", "probability": "probability", "points": "points"}
TOP = 8
"""Predictors drawn in a ranking; the table beside it has all."""
TITLE_SIGNS, LEVEL_SIGNS, SLANTED_SIGNS = 28, 32, 18
"""Signs in a line of a title, in a line beneath a panel, and of a level that is written aslant."""
MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Weight:
    """How heavily a model is drawn: line width and marker in points, and what lies on top."""

    line: float
    marker: float
    order: int


HEAVY = Weight(line=1.7, marker=3.4, order=3)
LIGHT = Weight(line=0.9, marker=2.2, order=2)


def draw_ranking(frame: pd.DataFrame, ax: Axes, *, pen: Pen, title: str, titles: dict[str, str]) -> None:
    """Draw the predictors of one model by mean absolute contribution, with the extremes over folds.

    Parameters
    ----------
    frame
        Rows of one outcome and model with the columns of `schemas.tables.EXPLANATION`; the first `TOP` are drawn.
    ax
        Where to.
    pen
        How the model is drawn.
    title
        The model's title.
    titles
        Label of each predictor.
    """
    ranked = frame.sort_values("rank").head(TOP)
    y = np.arange(len(ranked))
    ax.hlines(y, ranked["lower"], ranked["upper"], color=pen.color, linewidth=1.1)
    ax.plot(
        ranked["mean_absolute_contribution"], y, color=pen.color, marker=pen.marker, markersize=3.6, linestyle="none"
    )
    at = ax.get_yaxis_transform()
    for row, place in zip(records(ranked), y.tolist(), strict=True):
        ax.text(
            1.03,
            place,
            _word_ranks(row["rank_lower"], row["rank_upper"]),
            transform=at,
            va="center",
            fontsize=6.5,
            color=PALETTE["soft"],
        )
    ax.text(1.03, -1.0, "ranks", transform=at, va="center", fontsize=6.5, color=PALETTE["soft"])
    ax.set_yticks(y, [_short(titles.get(name, name)) for name in ranked["predictor"]])
    ax.set(ylim=(min(TOP, len(ranked)) - 0.4, -1.3), title=wrap_title(title, TITLE_SIGNS))
    ax.set_xlim(left=0)
    ax.set_xlabel(f"Mean absolute contribution, {SCALE_WORDS[str(ranked['scale'].iloc[0])]}")
    number_axis(ax)
    soften(ax)


def _word_ranks(lower: float, upper: float) -> str:
    return f"{lower:.0f}" if lower == upper else f"{lower:.0f}\u2013{upper:.0f}"


def _short(text: str) -> str:
    return textwrap.shorten(text, 36, placeholder=" \u2026")


def draw_contribution(frame: pd.DataFrame, ax: Axes, *, title: str, pens: dict[str, Pen], emphasised: str) -> None:
    """Draw the mean contribution by value of one predictor, for one or more models on one scale.

    Parameters
    ----------
    frame
        Rows of one outcome and predictor with the columns of `schemas.tables.CONTRIBUTION`; suppressed cells are
        left out. A number has rows without a level, and its level ``missing`` stands apart at the right.
    ax
        Where to.
    title
        The predictor's title with its unit.
    pens
        How each model is drawn; drawn in this order.
    emphasised
        The model in the heavy line.
    """
    ax.axhline(0, color=PALETTE["faint"], linewidth=0.7, zorder=0)
    is_number = bool((frame["level"] == "").any())
    draw = _draw_number if is_number else _draw_category
    for k, (name, pen) in enumerate(pens.items()):
        rows = frame[(frame["model"] == name) & (frame["status"] == "ok")]
        weight = HEAVY if name == emphasised else LIGHT
        draw(ax, rows, pen, weight, frame, k - (len(pens) - 1) / 2)
    ax.set_title(wrap_title(title, TITLE_SIGNS))
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: word_tick(value)))
    if not is_number:
        levels = distinct(frame["level"])
        _name_levels(ax, levels)
        ax.set_xlim(-0.6, len(levels) - 0.4)


def _name_levels(ax: Axes, levels: tuple[str, ...]) -> None:
    """Write the levels beneath their points: level where every word fits, else aslant."""
    signs = LEVEL_SIGNS // len(levels)
    lines = [textwrap.wrap(level, signs, break_long_words=False) for level in levels] if signs else []
    if lines and all(len(line) <= signs for level in lines for line in level):
        ax.set_xticks(range(len(levels)), ["\n".join(level) for level in lines], fontsize=6.5)
    else:
        short = [cut_title(level, signs=SLANTED_SIGNS) for level in levels]
        ax.set_xticks(
            range(len(levels)), short, fontsize=6.5, rotation=35, ha="right", va="top", rotation_mode="anchor"
        )


def _draw_category(ax: Axes, rows: pd.DataFrame, pen: Pen, weight: Weight, frame: pd.DataFrame, place: float) -> None:
    """Draw one model's levels, beside those of the other models."""
    levels = distinct(frame["level"])
    x = [levels.index(level) + 0.09 * place for level in rows["level"]]
    _draw_points(ax, x, rows["mean_contribution"], pen, weight)


def _draw_number(ax: Axes, rows: pd.DataFrame, pen: Pen, weight: Weight, frame: pd.DataFrame, place: float) -> None:
    """Draw one model's line, and the mean contribution of missing values right of it."""
    ordered = rows[rows["level"] == ""].sort_values("value")
    line = ax.plot(ordered["value"], ordered["mean_contribution"], color=pen.color, zorder=weight.order)[0]
    line.set(linestyle=pen.line, linewidth=weight.line, marker=pen.marker, markersize=0.8 * weight.marker)
    missing = rows[rows["level"] == MISSING]
    if len(missing):
        low, high = frame["value"].min(), frame["value"].max()
        x = high + (0.16 + 0.02 * place) * (high - low)
        _draw_points(ax, [x], missing["mean_contribution"], pen, weight)
        if weight is HEAVY:
            ax.text(
                x, 0.02, MISSING, transform=ax.get_xaxis_transform(), rotation=90, ha="center", va="bottom",
                fontsize=6.5, color=PALETTE["soft"],
            )  # fmt: skip


def _draw_points(ax: Axes, x: list[float], y: pd.Series, pen: Pen, weight: Weight) -> None:
    line = ax.plot(x, y, color=pen.color, linestyle="none", zorder=weight.order)[0]
    line.set(marker=pen.marker, markersize=weight.marker)
