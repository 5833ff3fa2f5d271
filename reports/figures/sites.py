"""Sites that the models never saw, one row each, and what they say together."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.canvas import PALETTE, Pen, number_axis, scale_ratio, soften
from reports.measures import MEASURES
from reports.tables import first_row, title_of, words_of

STEP, ROW = 0.24, 0.82
"""Distance between models in a site's row, and what all of them fill of it at most."""


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
    step = min(STEP, ROW / len(models)) if models else STEP
    for k, model in enumerate(models):
        shift = step * (k - (len(models) - 1) / 2)
        for y, site in enumerate(sites):
            _draw_site(ax, first_row(frame, model=model, site=site, metric=metric), y + shift, pens[model])
        _draw_summary(ax, first_row(meta, model=model, metric=metric), len(sites) + shift, pens[model])
    ax.axhline(len(sites) - 0.5, color=PALETTE["faint"], linewidth=0.6)
    ax.set(ylim=(len(sites) + 1.6, -0.6))
    ax.set_xlabel(f"Difference in {words_of(metric)}" if compared else title_of(metric))
    if metric == "oe_ratio":
        scale_ratio(ax)
    else:
        number_axis(ax)
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
