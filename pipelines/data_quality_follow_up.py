"""Who came to the visits that are due, by site and year, and how those differ who did not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.data_quality_sheet import (
    Z95,
    Groups,
    Row,
    Sheet,
    Visit,
    compute_percent,
    compute_wilson,
    hide_groups,
    tidy,
)
from pipelines.intervals import FloatArray, IntArray
from pipelines.suppression import BoolArray, find_small, find_suppressed
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
        base: Row = {"visit": visit.name, "column": name}
        if sizes.min() < 2 or hidden:
            status = "suppressed" if hidden else "not assessable"
            yield _row(base, "", sizes, status=status)
        elif column.kind == "number":
            yield _compare_number(base, sheet.values(name), answered, sheet.suppress_below)
        elif column.kind in ("flag", "category"):
            yield from _compare_levels(base, sheet, name, answered)


def _row(base: Row, level: str, n: IntArray, *, status: str, **numbers: float) -> Row:
    """Return one row; `n` is that of the others, then of the responders."""
    empty = dict.fromkeys(("responders", "others", "difference", "lower", "upper"), np.nan)
    sizes = n if status == "ok" else np.array([np.nan, np.nan])
    shown = {**empty, **numbers} if status == "ok" else empty
    alarm = bool(abs(shown["difference"]) >= DIFFERENCE_ALARM)
    return {
        **base, "level": level, "n_responders": float(sizes[1]), "n_others": float(sizes[0]), **shown, "alarm": alarm,
        "status": status,
    }  # fmt: skip


def _compare_number(base: Row, values: FloatArray, answered: npt.NDArray[np.intp], suppress_below: int) -> Row:
    known = np.isfinite(values)
    code, part = answered[known], values[known]
    n = np.bincount(code, minlength=3)[:2]
    if n.min() < max(2, suppress_below):
        return _row(base, "", n, status="suppressed" if n.min() else "not assessable")
    centre = part.mean()  # sums of squares lose no digits about the mean
    means = np.bincount(code, part - centre, minlength=3)[:2] / n
    variances = (np.bincount(code, (part - centre) ** 2, minlength=3)[:2] - n * means**2) / (n - 1)
    difference, lower, upper = _standardise(means, variances, n)
    digits = 2 if np.sqrt(variances.max()) < 1 else 1
    return _row(
        base, "", n, status="ok" if np.isfinite(difference) else "not assessable", difference=difference, lower=lower,
        upper=upper, responders=round(float(means[1] + centre), digits), others=round(float(means[0] + centre), digits),
    )  # fmt: skip


def _compare_levels(base: Row, sheet: Sheet, name: str, answered: npt.NDArray[np.intp]) -> Iterator[Row]:
    codes, levels = _levels_of(sheet, name)
    known = codes >= 0
    counts = np.bincount(answered[known] * len(levels) + codes[known], minlength=3 * len(levels))
    counts = counts.reshape(3, len(levels))[:2]
    n = counts.sum(axis=1)
    hidden = find_suppressed(np.column_stack([counts.sum(axis=0), *counts]), sheet.suppress_below)
    few: BoolArray = (n > 0) & (n < sheet.suppress_below)
    for i, level in _told_levels(levels):
        if hidden[i] or few.any():
            yield _row(base, level, n, status="suppressed")
            continue
        share = counts[:, i] / np.where(n > 0, n, np.nan)
        difference, lower, upper = _standardise(share, share * (1 - share), n)
        yield _row(
            base, level, n, status="ok" if np.isfinite(difference) else "not assessable", difference=difference,
            lower=lower, upper=upper, responders=100 * float(share[1]), others=100 * float(share[0]),
        )  # fmt: skip


def _levels_of(sheet: Sheet, name: str) -> tuple[npt.NDArray[np.intp], tuple[str, ...]]:
    if name in sheet.levels:
        codes, levels = sheet.levels[name]
        return codes.astype(np.intp), levels
    return np.nan_to_num(sheet.values(name), nan=-1.0).astype(np.intp), ("0", "1")


def _told_levels(levels: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return the levels that are told: of two the second one says it all."""
    numbered = list(enumerate(levels))
    return numbered[1:] if len(levels) == 2 else numbered


def _standardise(means: FloatArray, variances: FloatArray, n: IntArray) -> tuple[float, float, float]:
    """Return the standardised difference, responders minus others, and its interval; 0 where both are alike."""
    pooled = float(np.sqrt(variances.mean()))
    gap = float(means[1] - means[0])
    difference = gap / pooled if pooled else (np.nan if gap else 0.0)
    half = Z95 * np.sqrt(n.sum() / n.prod() + difference**2 / (2 * n.sum())) if n.all() else np.nan
    return difference, difference - half, difference + half
