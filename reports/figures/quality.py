"""The state of a registry's data as pictures: completeness, ends of scores, follow-up, responders, digits, coding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from pipelines.quality.data_quality_completeness import FULL, SPARSE
from reports.figures.canvas import PALETTE, PENS, soften, spread
from reports.tables import records

Rectangles = list[tuple[int, int]]
GAP = 0.06
WHOLE = ("all", "all")
"""``by`` and ``level`` of all rows: a site may be called all as well."""


@dataclass(frozen=True, kw_only=True)
class Shade:
    """How one class of completeness is drawn: the fuller the colour, the more is missing."""

    words: str
    color: str
    alpha: float


BOUNDS = (100.0, FULL, 80.0, SPARSE, 0.0)
"""Least completeness of each shade."""
SHADES = (
    Shade(words="all known", color=PALETTE["faint"], alpha=0.28),
    Shade(words=f"{BOUNDS[1]:g} % or more", color=PALETTE["orange"], alpha=0.16),
    Shade(words=f"{BOUNDS[2]:g} to {BOUNDS[1]:g} %", color=PALETTE["orange"], alpha=0.36),
    Shade(words=f"{BOUNDS[3]:g} to {BOUNDS[2]:g} %", color=PALETTE["orange"], alpha=0.66),
    Shade(words=f"below {BOUNDS[3]:g} %", color=PALETTE["orange"], alpha=1.0),
)


def find_shade(percent: float, few: str) -> int | None:
    """Return which shade a cell has: one with few missing is nearly full; None where nothing can be said."""
    if few:
        return 1 if few == "missing" else len(SHADES) - 1
    if np.isnan(percent):
        return None
    return next(i for i, bound in enumerate(BOUNDS) if percent >= bound)


def draw_heat_map(frame: pd.DataFrame, ax: Axes, *, columns: Sequence[str], levels: Sequence[str]) -> None:
    """Draw how complete each column is at each site or in each year.

    Parameters
    ----------
    frame
        Rows with the columns of `schemas.tables.COMPLETENESS`, of one ``by``.
    ax
        Where to; columns of the registry from top to bottom.
    columns, levels
        What is shown, in order.
    """
    rows = {name: y for y, name in enumerate(columns)}
    places = {level: x for x, level in enumerate(levels)}
    shaded: dict[int, Rectangles] = {}
    hidden: Rectangles = []
    for row in records(frame):
        if row["column"] not in rows or row["level"] not in places:
            continue
        at = (places[row["level"]], rows[row["column"]])
        shade = find_shade(row["percent"], row["few"])
        if shade is not None:
            shaded.setdefault(shade, []).append(at)
        elif row["status"] == "suppressed":
            hidden.append(at)
    for shade, cells in sorted(shaded.items()):
        ax.add_patch(_join(cells, color=SHADES[shade].color, alpha=SHADES[shade].alpha))
    if hidden:
        ax.add_patch(_join(hidden, color=PALETTE["soft"], alpha=1.0, inset=0.42))
    ax.set(xlim=(-0.5, len(levels) - 0.5), ylim=(len(columns) - 0.5, -0.5))
    long = len(levels) > 24 or max((len(level) for level in levels), default=0) * len(levels) > 130
    ax.set_xticks(range(len(levels)), levels, rotation=90 if long else 0, fontsize=6.5 if long else 7)
    ax.set_yticks(range(len(columns)), columns, fontsize=6.5)
    ax.tick_params(length=0)
    ax.xaxis.tick_top()
    for spine in ax.spines.values():
        spine.set_visible(False)


def _join(cells: Rectangles, *, color: str, alpha: float, inset: float = GAP) -> PathPatch:
    """Return all cells of one class as one path, which keeps the page small."""
    corners: list[tuple[float, float]] = []
    for x, y in cells:
        left, right, top, bottom = x - 0.5 + inset, x + 0.5 - inset, y - 0.5 + inset, y + 0.5 - inset
        corners += [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(cells)
    return PathPatch(Path(corners, codes), facecolor=color, alpha=alpha, edgecolor="none", linewidth=0)


def list_shades(*, hidden: bool, blank: bool) -> list[Patch | Line2D]:
    """Return the key of a heat map."""
    keys: list[Patch | Line2D] = [
        Patch(facecolor=shade.color, alpha=shade.alpha, edgecolor="none", label=shade.words) for shade in SHADES
    ]
    if hidden:
        keys.append(
            Line2D([], [], color=PALETTE["soft"], marker="_", markersize=4, linestyle="none", label="suppressed")
        )
    if blank:
        keys.append(Patch(facecolor="none", edgecolor=PALETTE["faint"], linewidth=0.5, label="not due"))
    return keys


def draw_ends(
    frame: pd.DataFrame, ax: Axes, *, rows: Sequence[tuple[str, str]], names: Sequence[str], bound: float
) -> None:
    """Draw the shares at the worst end to the left and at the best end to the right.

    Parameters
    ----------
    frame
        Rows with the columns of `schemas.tables.EXTREMES`.
    ax
        Where to.
    rows
        Score and visit of each row, from top to bottom.
    names
        What is written at each row.
    bound
        Percent at an end from which change cannot be told any more.
    """
    places = {row: y for y, row in enumerate(rows)}
    widest = 20.0
    for row in records(frame):
        place = places.get((row["score"], row["visit"]))
        if place is None or row["status"] != "ok":
            continue
        side, color = (-1, "orange") if row["end"] in ("worst", "lowest") else (1, "blue")
        alpha = 1.0 if row["alarm"] else 0.45
        ax.barh(place, side * row["percent"], height=0.62, color=PALETTE[color], alpha=alpha, linewidth=0)
        ax.plot(
            [side * row["lower"], side * row["upper"]], [place, place], color=PALETTE["ink"], linewidth=0.7, zorder=3
        )
        widest = max(widest, row["upper"])
    for line in (-bound, bound):
        ax.axvline(line, color=PALETTE["soft"], linewidth=0.7, linestyle=(0, (3, 2)), zorder=1)
    ax.axvline(0, color=PALETTE["ink"], linewidth=0.8)
    edge = float(np.ceil(widest / 5) * 5)
    ax.set(xlim=(-edge, edge), ylim=(len(rows) - 0.5, -0.5))
    ticks = np.arange(-edge, edge + 1, 5 if edge <= 30 else 20)
    ax.set_xticks(ticks, [f"{abs(tick):.0f}" for tick in ticks])
    ax.set_yticks(range(len(rows)), names, fontsize=6.5)
    ax.set_xlabel("Percent of patients at the worst value (left) and at the best value (right)")
    soften(ax)


def draw_follow_up(
    frame: pd.DataFrame, ax: Axes, *, groups: Sequence[tuple[str, str]], asked: float, title: str
) -> None:
    """Draw the share of answered visits with its interval, by site.

    Parameters
    ----------
    frame
        Rows of one visit with the columns of `schemas.tables.FOLLOW_UP`; the row of the whole is the line.
    ax
        Where to.
    groups
        ``by`` and ``level`` of what is shown, from top to bottom.
    asked
        Percent that registries are asked to reach.
    title
        The visit.
    """
    found = {(row["by"], row["level"]): row for row in records(frame)}
    ax.axvline(asked, color=PALETTE["soft"], linewidth=0.7, linestyle=(0, (3, 2)), zorder=1)
    whole = found.get(WHOLE)
    if whole is not None and whole["status"] == "ok":
        ax.axvline(whole["percent"], color=PALETTE["faint"], linewidth=1.2, zorder=0)
    for y, group in enumerate(groups):
        _draw_share(ax, found.get(group), y)
    ax.set(xlim=(0, 100), ylim=(len(groups) - 0.5, -0.5), title=title, xlabel="Percent answered")
    names = ["All" if group == WHOLE else group[1] for group in groups]
    ax.set_yticks(range(len(groups)), names, fontsize=6.5)
    soften(ax)


def _draw_share(ax: Axes, row: dict[str, Any] | None, y: int) -> None:
    if row is None or row["status"] != "ok":
        words = "suppressed" if row is not None and row["status"] == "suppressed" else "none due"
        ax.text(50, y, words, ha="center", va="center", fontsize=6.5, color=PALETTE["soft"])
        return
    color = PALETTE["orange"] if row["alarm"] else PALETTE["blue"]
    if row["by"] == "all":
        color = PALETTE["ink"]
    ax.plot([row["lower"], row["upper"]], [y, y], color=color, linewidth=1.1, solid_capstyle="butt")
    marker = "D" if row["alarm"] and row["by"] != "all" else "o"
    ax.plot([row["percent"]], [y], color=color, marker=marker, markersize=3.4, linestyle="none")


def draw_love(frame: pd.DataFrame, ax: Axes, *, names: Sequence[str], bound: float) -> None:
    """Draw standardised differences with their intervals, from top to bottom in the order of the rows.

    Parameters
    ----------
    frame
        Rows with the columns of `schemas.tables.RESPONDERS`.
    ax
        Where to.
    names
        What is written at each row.
    bound
        Size of a difference from which groups are out of balance.
    """
    ax.axvline(0, color=PALETTE["ink"], linewidth=0.8, zorder=1)
    for line in (-bound, bound):
        ax.axvline(line, color=PALETTE["soft"], linewidth=0.7, linestyle=(0, (3, 2)), zorder=1)
    for y, row in enumerate(records(frame)):
        color = PALETTE["orange"] if row["alarm"] else PALETTE["blue"]
        ax.plot([row["lower"], row["upper"]], [y, y], color=color, linewidth=1.0, solid_capstyle="butt")
        ax.plot([row["difference"]], [y], color=color, marker="D" if row["alarm"] else "o", markersize=3.4)
    reach = max([0.25, *frame["lower"].abs(), *frame["upper"].abs()]) * 1.05
    ax.set(xlim=(-reach, reach), ylim=(len(names) - 0.5, -0.5))
    ax.set_yticks(range(len(names)), names, fontsize=6.5)
    ax.set_xlabel("Standardised difference: lower in those who answered (left), higher (right)")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "\u2212"))
    soften(ax)


def draw_digits(frame: pd.DataFrame, ax: Axes, *, names: Sequence[str]) -> None:
    """Draw the share of preferred digits as a bar with its interval, and what is expected as a tick.

    Parameters
    ----------
    frame
        Rows with the columns of `schemas.tables.DIGITS`, from top to bottom.
    ax
        Where to.
    names
        What is written at each row.
    """
    for y, row in enumerate(records(frame)):
        color, alpha = (PALETTE["orange"], 0.9) if row["alarm"] else (PALETTE["blue"], 0.45)
        ax.barh(y, row["percent"], height=0.62, color=color, alpha=alpha, linewidth=0)
        ax.plot([row["lower"], row["upper"]], [y, y], color=PALETTE["ink"], linewidth=0.7)
        ax.plot([row["expected"]] * 2, [y - 0.42, y + 0.42], color=PALETTE["ink"], linewidth=1.3)
    ax.set(xlim=(0, 100), ylim=(len(names) - 0.5, -0.5), xlabel="Percent of values; upright tick: expected")
    ax.set_yticks(range(len(names)), names, fontsize=6.5)
    soften(ax)


def draw_coding(frame: pd.DataFrame, ax: Axes, *, title: str) -> None:
    """Draw a column over time, one line a level, with its intervals; a diamond marks a sudden change.

    Parameters
    ----------
    frame
        Rows of one column, statistic and site with the columns of `schemas.tables.CODING`.
    ax
        Where to.
    title
        What is drawn.
    """
    periods = list(dict.fromkeys(frame["period"]))
    place = {period: x for x, period in enumerate(periods)}
    ends: list[tuple[float, str]] = []
    for k, (level, part) in enumerate(frame.groupby("level", sort=False)):
        shown = part[part["status"] == "ok"]
        pen = PENS[k % len(PENS)]
        x = shown["period"].map(place).to_numpy(dtype=float)
        ax.fill_between(x, shown["lower"], shown["upper"], color=pen.color, alpha=0.15, linewidth=0)
        ax.plot(x, shown["estimate"], color=pen.color, linestyle=pen.line, linewidth=1.0)
        at = shown["changed"].to_numpy(dtype=bool)
        ax.plot(x[at], shown["estimate"][at], color=pen.color, marker="D", markersize=3.6, linestyle="none")
        if level and len(shown):
            ends.append((float(shown["estimate"].iloc[-1]), str(level)))
    if set(frame["statistic"]) <= {"missing", "share"}:
        ax.set_ylim(0, max(10.0, float(frame["upper"].max(skipna=True)) * 1.05))
    ax.set_title(title, fontsize=6.5)
    step = max(1, -(-len(periods) // 6))
    ax.set_xticks(range(0, len(periods), step), periods[::step], fontsize=6.5)
    ax.tick_params(axis="y", labelsize=6.5)
    ax.set_xlim(-0.3, len(periods) - 0.7)
    _name_lines(ax, ends)


def _name_lines(ax: Axes, ends: Sequence[tuple[float, str]]) -> None:
    """Write each line's level at its end, apart from its neighbours."""
    low, high = ax.get_ylim()
    heights = spread([end[0] for end in ends], (high - low) * 0.1)
    for height, (_, level) in zip(heights, ends, strict=True):
        ax.annotate(
            level.replace("_", " "), (1.0, height), xycoords=ax.get_yaxis_transform(), xytext=(2, 0),
            textcoords="offset points", va="center", fontsize=6.5,
        )  # fmt: skip
