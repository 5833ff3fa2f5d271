"""Groups of patients: a calibration curve of each in small multiples, and sites as a funnel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from reports.figures.canvas import PALETTE, Pen, spread, wrap_title
from reports.tables import rows_where

PANEL_SIGNS = 27
"""Signs in a line above a panel, four of which stand side by side."""
SPARSE = 3
"""Knots of a curve from few events."""
FIELDS = ("within", "above", "below")
SMALL: dict[str, Any] = {"fontsize": 6.5, "color": PALETTE["soft"]}


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One group's panel: its title, the attribute above it, why there is no curve, and what to bear in mind of one."""

    title: str
    head: str = ""
    missing: str = ""
    note: str = ""


def draw_group_curve(
    frame: pd.DataFrame, ax: Axes, *, panel: Panel, models: Sequence[str], pens: dict[str, Pen], limit: float
) -> None:
    """Draw the calibration curves of one group, that of the first model with its band.

    Parameters
    ----------
    frame
        Rows of one group with the columns of `schemas.tables.GROUP_CALIBRATION`; none where the group has no curve.
    ax
        Where to; both axes are risks from 0 to `limit`.
    panel
        What is written above and inside.
    models
        Those drawn, the reference first.
    pens
        How each model is drawn.
    limit
        Highest risk shown, the same for all groups of a figure.
    """
    if not panel.missing:
        ax.plot([0, limit], [0, limit], color=PALETTE["soft"], linewidth=0.6, linestyle=(0, (3, 2)), zorder=1)
    for place, model in enumerate(models):
        curve = rows_where(frame, model=model).sort_values("predicted")
        if curve.empty:
            continue
        pen = pens[model]
        if place == 0:
            ax.fill_between(
                curve["predicted"], curve["lower"], curve["upper"], color=pen.color, alpha=0.18, linewidth=0
            )
        ax.plot(curve["predicted"], curve["observed"], color=pen.color, linewidth=1.2, linestyle=pen.line)
    if panel.missing:
        ax.text(0.5, 0.5, panel.missing, transform=ax.transAxes, ha="center", va="center", **SMALL)
    if panel.note:
        ax.text(0.97, 0.04, panel.note, transform=ax.transAxes, ha="right", va="bottom", **SMALL)
    ax.set(xlim=(0, limit), ylim=(0, limit))
    lines = [wrap_title(line, PANEL_SIGNS) for line in (panel.head, panel.title) if line]
    ax.set_title("\n".join(lines), fontsize=6.5, fontweight="normal", pad=2.5)
    ax.set_xticks([0, limit / 2, limit], ["0", f"{limit / 2:g}", f"{limit:g}"])
    ax.set_yticks([0, limit / 2, limit], ["0", f"{limit / 2:g}", f"{limit:g}"])
    ax.tick_params(labelsize=6.5)


def draw_site_funnel(frame: pd.DataFrame, ax: Axes, *, pen: Pen) -> None:
    """Draw sites by observed over expected events and by the precision that their expected events allow.

    Parameters
    ----------
    frame
        Rows of one outcome, model, dataset and validation with the columns of `schemas.tables.SITE_FUNNEL`.
    ax
        Where to.
    pen
        How the model is drawn; sites outside the limits are filled and named.
    """
    limits = rows_where(frame, part="limit").sort_values("precision")
    sites = rows_where(frame, part="site", status="ok")
    ax.axhline(1, color=PALETTE["soft"], linewidth=0.7, zorder=1)
    for name in ("lower", "upper"):
        ax.plot(limits["precision"], limits[name], color=PALETTE["soft"], linewidth=0.8, linestyle=(0, (3, 2)))
    for position in FIELDS:
        rows = rows_where(sites, position=position)
        ax.plot(
            rows["precision"], rows["estimate"], linestyle="none", marker=pen.marker, markersize=3.8,
            color=pen.color, markerfacecolor=PALETTE["paper"] if position == "within" else pen.color,
        )  # fmt: skip
    _name_sites(sites[sites["position"] != "within"], ax)
    if not limits.empty:
        last = limits.iloc[-1]
        ax.annotate(
            "95 % limits", (float(last["precision"]), float(last["lower"])), xytext=(0, -4),
            textcoords="offset points", ha="right", va="top", **SMALL,
        )  # fmt: skip
    ax.set(xlabel="Precision: expected events / their standard deviation", ylabel="Observed / expected events")


def _name_sites(rows: pd.DataFrame, ax: Axes) -> None:
    """Write the names of sites beside their marks, moved apart where they would overlap."""
    low, high = ax.get_ylim()
    heights = spread([float(value) for value in rows["estimate"]], (high - low) / 24)
    for (_, row), height in zip(rows.iterrows(), heights, strict=True):
        ax.annotate(
            str(row["level"]), (float(row["precision"]), height), xytext=(5, 0), textcoords="offset points",
            va="center", fontsize=6.5,
        )  # fmt: skip
