"""Sites that the models never saw, one row each, and what they say together."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from reports.figures.canvas import PALETTE, Pen, soften
from reports.measures import MEASURES
from reports.tables import first_row, format_number, title_of, words_of

STEP = 0.24
"""Distance between models in a site's row."""
COARSE = (0.25, 0.5, 0.8, 1.0, 1.25, 2.0, 4.0)
"""Labels of a wide axis of ratios."""


def draw_sites(
    frame: pd.DataFrame,
    meta: pd.DataFrame,
    ax: Axes,
    *,
    metric: str,
    sites: tuple[str, ...],
    models: tuple[str, ...],
    pens: dict[str, Pen],
    margin: float | None = None,
) -> None:
    """Draw one measure in every site, its summary, and the prediction interval for a new site.

    Parameters
    ----------
    frame
        Rows of one outcome with the columns of `schemas.tables.SITES`, estimates or differences.
    meta
        The summaries of the same measure, with the columns of `schemas.tables.META`.
    ax
        Where to: sites are at 0, 1, ... from the top, the summary at ``len(sites)``, the new site below it.
    metric
        The measure.
    sites
        From top to bottom.
    models
        Side by side in each row, the first uppermost.
    pens
        How each model is drawn.
    margin
        Smallest difference worth having, drawn on the side of a gain; None for no line.

    Notes
    -----
    A site without an estimate has no mark: the table says why. The prediction interval is a pale bar, since it says
    where a site lies and not how well the mean is known.
    """
    compared = bool((frame["reference"] != "").any())
    neutral = 0.0 if compared else MEASURES[metric].reference
    if neutral is not None:
        ax.axvline(neutral, color=PALETTE["soft"], linewidth=0.7, zorder=1)
    if margin is not None and math.isfinite(margin):
        ax.axvline(-margin, color=PALETTE["soft"], linewidth=0.7, linestyle=(0, (3, 2)), zorder=1)
    for k, model in enumerate(models):
        shift = STEP * (k - (len(models) - 1) / 2)
        for y, site in enumerate(sites):
            _draw_site(ax, first_row(frame, model=model, site=site, metric=metric), y + shift, pens[model])
        _draw_summary(ax, first_row(meta, model=model, metric=metric), len(sites) + shift, pens[model])
    ax.axhline(len(sites) - 0.5, color=PALETTE["faint"], linewidth=0.6)
    ax.set(ylim=(len(sites) + 1.6, -0.6))
    ax.set_xlabel(f"Difference in {words_of(metric)}" if compared else title_of(metric))
    if metric == "oe_ratio":
        _scale_ratio(ax)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(4))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "\u2212")))
    soften(ax)


def _draw_site(ax: Axes, row: pd.Series | None, y: float, pen: Pen) -> None:
    if row is None or row["status"] != "ok" or math.isnan(float(row["estimate"])):
        return
    ax.plot([row["lower"], row["upper"]], [y, y], color=pen.color, linewidth=0.7, solid_capstyle="butt")
    ax.plot([row["estimate"]], [y], color=pen.color, marker=pen.marker, markersize=2.4, linestyle="none")


def _draw_summary(ax: Axes, row: pd.Series | None, y: float, pen: Pen) -> None:
    if row is None or row["status"] != "ok":
        return
    ax.plot([row["lower"], row["upper"]], [y, y], color=pen.color, linewidth=2.2, solid_capstyle="butt")
    ax.plot([row["estimate"]], [y], color=pen.color, marker=pen.marker, markersize=4, linestyle="none")
    if not math.isnan(float(row["prediction_lower"])):
        ends = [row["prediction_lower"], row["prediction_upper"]]
        ax.plot(ends, [y + 1, y + 1], color=pen.color, linewidth=3.2, alpha=0.35, solid_capstyle="butt")


def _scale_ratio(ax: Axes) -> None:
    """Give a ratio a logarithmic axis, with few labels."""
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    inside = [
        tick for tick in (0.25, 0.5, 0.67, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.25, 1.5, 2.0, 4.0) if low <= tick <= high
    ]
    ax.xaxis.set_major_locator(FixedLocator([tick for tick in inside if len(inside) <= 5 or tick in COARSE]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_number(value, 2)))
