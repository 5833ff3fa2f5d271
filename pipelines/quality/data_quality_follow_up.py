"""Who came to the visits that are due, by site and year, and how those differ who did not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.follow_up.group_differences import Difference, compare_levels, compare_number
from pipelines.quality.data_quality_sheet import (
    Groups,
    Row,
    Sheet,
    Visit,
    compute_percent,
    compute_wilson,
    hide_groups,
    tidy,
)
from pipelines.suppression import find_small
from schemas.tables import FOLLOW_UP, RESPONDERS

LEAST_FOLLOW_UP = 80.0
"""Percent of due visits that registries are commonly asked to reach."""
GAP = 10.0
"""Percentage points by which a site's or year's upper limit must stay below the whole file."""
DIFFERENCE_ALARM = 0.1
"""Standardised difference from which groups are commonly said to be out of balance (Austin 2009)."""
BASELINE = ("preop", "planned")
MAIN = "12m"


def scored_visits(sheet: Sheet) -> tuple[Visit, ...]:
    """Return the visits at which scores are asked for, in order of time."""
    return tuple(visit for visit in sheet.visits.values() if visit.scores)


def compute_follow_up(sheet: Sheet) -> pd.DataFrame:
    """Compute how many of the due visits were answered, as `schemas.tables.FOLLOW_UP`.

    Notes
    -----
    A visit is due if its window had closed by the latest date in the data and the patient is not known to have died
    before; it is answered if any score of it is known. Intervals are Wilson's, 95 %. The alarm: for the whole,
    `LEAST_FOLLOW_UP` is not reached; for a site or year, its upper limit lies `GAP` points or more below the whole.
    """
    parts = [
        _follow(visit, groups, sheet.suppress_below) for visit in scored_visits(sheet) for groups in sheet.groupings
    ]
    if not parts:
        return tidy([], FOLLOW_UP)
    table = pd.concat(parts, ignore_index=True)
    whole = table["visit"].map(table[table["by"] == "all"].set_index("visit")["percent"])
    low = np.where(table["by"] == "all", table["percent"] < LEAST_FOLLOW_UP, table["upper"] <= whole - GAP)
    return table.assign(alarm=low & (table["status"] == "ok"))[list(FOLLOW_UP)]


def _follow(visit: Visit, groups: Groups, suppress_below: int) -> pd.DataFrame:
    due = np.zeros(len(groups.codes), dtype=bool) if visit.due is None else visit.due
    n_due, n_answered = groups.count(due), groups.count(due & visit.answered)
    no_size, hidden = hide_groups(n_due, n_answered, suppress_below)
    lower, upper = compute_wilson(n_answered, n_due)
    shown = ~hidden
    return pd.DataFrame(
        {
            "visit": visit.name,
            "window_end_days": visit.window_end_days,
            "by": groups.by,
            "level": groups.labels,
            "n_due": np.where(no_size | (visit.due is None), np.nan, n_due),
            "n_answered": np.where(shown & (visit.due is not None), n_answered, np.nan),
            "percent": np.where(shown, compute_percent(n_answered, n_due), np.nan),
            "lower": np.where(shown, lower, np.nan),
            "upper": np.where(shown, upper, np.nan),
            "status": np.where(hidden, "suppressed", np.where(n_due > 0, "ok", "not assessable")),
        }
    )


def compute_responders(sheet: Sheet) -> pd.DataFrame:
    """Compare those who answered a due visit with those who did not, as `schemas.tables.RESPONDERS`.

    Notes
    -----
    Numbers: ``(mean_1 - mean_0) / sqrt((s_1^2 + s_0^2) / 2)``. Flags and levels: the same with p and p (1 - p). The
    interval is ``d -/+ Z sqrt((n_1 + n_0) / (n_1 n_0) + d^2 / (2 (n_1 + n_0)))`` with the known values of each. No
    test is made: with many patients every difference would be significant. The alarm is `DIFFERENCE_ALARM` or more in
    size. The visit at 12 months stands first.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107. Hedges LV, Olkin I. Statistical methods for meta-analysis. 1985.
    """
    visits = sorted(scored_visits(sheet), key=lambda visit: (visit.name != MAIN, visit.days))
    rows = [row for visit in visits for row in _compare(sheet, visit)]
    return tidy(rows, RESPONDERS)


def _compare(sheet: Sheet, visit: Visit) -> Iterator[Row]:
    if visit.due is None:
        return
    # 0 did not answer, 1 answered, 2 not due.
    answered = np.where(visit.due, visit.answered.astype(np.intp), 2)
    sizes = np.bincount(answered, minlength=3)[:2]
    hidden = bool(find_small(sizes, sheet.suppress_below).any())
    for name, column in sheet.columns.items():
        if column.known_at not in BASELINE or not column.predictor:
            continue
        if sizes.min() < 2 or hidden:
            found = [Difference(n=sizes, status="suppressed" if hidden else "not assessable")]
        elif column.kind == "number":
            found = [compare_number(sheet.values(name), answered, sheet.suppress_below)]
        elif column.kind in ("flag", "category"):
            found = list(compare_levels(*_levels_of(sheet, name), answered, sheet.suppress_below))
        else:
            found = []
        yield from ({"visit": visit.name, "column": name, **_row(difference)} for difference in found)


def _row(found: Difference) -> Row:
    sizes = found.n if found.status == "ok" else np.array([np.nan, np.nan])
    return {
        "level": found.level, "n_responders": float(sizes[1]), "n_others": float(sizes[0]), "responders": found.second,
        "others": found.first, "difference": found.difference, "lower": found.lower, "upper": found.upper,
        "alarm": bool(abs(found.difference) >= DIFFERENCE_ALARM), "status": found.status,
    }  # fmt: skip


def _levels_of(sheet: Sheet, name: str) -> tuple[npt.NDArray[np.intp], tuple[str, ...]]:
    if name in sheet.levels:
        codes, levels = sheet.levels[name]
        return codes.astype(np.intp), levels
    return np.nan_to_num(sheet.values(name), nan=-1.0).astype(np.intp), ("0", "1")
