"""Characteristics of the participants (the first table of a report), with small cells suppressed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.intervals import BoolArray, Z
from pipelines.suppression import find_small, hide_levels, hide_over_all
from schemas.column import Column
from schemas.tables import SHIFT, TABLE1

Row = dict[str, object]

NUMBER_STATISTICS = ("mean", "sd", "median", "q1", "q3")
GROUPS = ("all", "event", "no_event")


def describe_characteristics(cohort: Cohort, *, dataset: str, suppress_below: int) -> pd.DataFrame:
    """Describe the analysed patients, overall and by outcome.

    Parameters
    ----------
    cohort
        The patients of one outcome; those with an unknown outcome are left out.
    dataset
        Name of the dataset.
    suppress_below
        Counts from 1 to this minus 1 are not shown.

    Returns
    -------
    DataFrame
        The columns of `schemas.tables.TABLE1`. Numbers: mean, sd, median, q1 and q3, rounded, and missing; flags and
        categories: count and percent (of those recorded) by level, and missing. A follow-up score has no
        outcome groups.

    Notes
    -----
    Where the count of a level is small in one outcome group, or 0, it is suppressed in both, so that it cannot be
    found by subtraction from the whole, and in the whole too (`pipelines.suppression.hide_over_all`). Where a group
    itself is small, all of its figures are, and those of the other.
    See `pipelines.suppression.find_suppressed`. Where the number of missing values is hidden, percentages are of all
    patients of the group: those of the recorded ones would say how many these are.
    """
    known = cohort.counted
    X, groups = cohort.X[known], _group(cohort)
    rows = [row for name, column in cohort.columns.items() for row in _describe(X[name], column, groups)]
    table = pd.DataFrame(rows).assign(outcome=cohort.outcome.name, dataset=dataset, status="ok")
    sizes = {group: int(rows.sum()) for group, rows in groups.items()}
    table["n"] = table["group"].map(sizes).astype("Int64")
    return _suppress(_suppress_groups(table, sizes, suppress_below), suppress_below)[list(TABLE1)]


def compare_characteristics(table1: pd.DataFrame, *, development: str) -> pd.DataFrame:
    """Compare the predictors of other data with those of the development, by what is published of both.

    Parameters
    ----------
    table1
        The TABLE1 columns of `schemas.tables`.
    development
        Name of the dataset that the others are held against.

    Returns
    -------
    DataFrame
        The columns of `schemas.tables.SHIFT`: one row per number, and per level of a flag or category, of two levels
        the second; no rows where there is one dataset only. What is suppressed in either table is suppressed here.

    Notes
    -----
    Numbers: ``(mean_1 - mean_0) / sqrt((s_1^2 + s_0^2) / 2)`` of the rounded means and standard deviations, so that
    nothing can be had from it that the table does not say. Levels: ``(p_1 - p_0) / sqrt((p_1 q_1 + p_0 q_0) / 2)`` of
    those recorded. The interval is that of two independent samples; without one where the number of missing values is
    suppressed.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107.
    """
    everyone = table1[table1["group"] == "all"]
    rows: list[Row] = []
    for (outcome, dataset), other in everyone.groupby(["outcome", "dataset"], sort=False):
        base = everyone[(everyone["outcome"] == outcome) & (everyone["dataset"] == development)]
        if dataset != development and len(base):
            frame = {"outcome": outcome, "dataset": dataset}
            rows += [frame | row for row in _compare(_index(other), _index(base))]
    table = pd.DataFrame(rows, columns=list(SHIFT))
    return table.astype({"n": "Int64", "n_developed": "Int64"})


Figures = dict[tuple[str, str, str], tuple[float, str, float]]
"""Value, status and size of the group, by predictor, level and statistic."""
NOWHERE = (math.nan, "not assessable", math.nan)


@dataclass(frozen=True, kw_only=True)
class _Side:
    """One of two datasets in a number, or in the share of a level: `n` are all patients, `known` those with a value."""

    mean: float
    variance: float
    n: float
    known: float
    status: str


def _index(table: pd.DataFrame) -> Figures:
    keys = zip(table["predictor"], table["level"], table["statistic"], strict=True)
    n = table["n"].astype("float64")
    return dict(zip(keys, zip(table["value"], table["status"], n, strict=True), strict=True))


def _compare(other: Figures, base: Figures) -> Iterator[Row]:
    levels: dict[str, list[str]] = {}
    for predictor, level, statistic in other:
        if statistic in ("mean", "percent"):
            levels.setdefault(predictor, []).append(level)
    for predictor, own in levels.items():
        for level in own[1:] if len(own) == 2 else own:
            sides = [_summarise(figures, predictor, level) for figures in (other, base)]
            yield {"predictor": predictor, "level": level, **_standardise(*sides, scale=100.0 if level else 1.0)}


def _summarise(figures: Figures, predictor: str, level: str) -> _Side:
    value, status, n = figures.get((predictor, level, "percent" if level else "mean"), NOWHERE)
    missing, _, _ = figures.get((predictor, "", "missing"), NOWHERE)
    mean = value / 100 if level else value
    variance = mean * (1 - mean) if level else figures.get((predictor, "", "sd"), NOWHERE)[0] ** 2
    return _Side(mean=mean, variance=variance, n=n, known=n - missing, status=status)


def _standardise(other: _Side, base: _Side, *, scale: float) -> Row:
    """Return both means on their scale, and the standardised difference where there is one."""
    if "suppressed" in (other.status, base.status):
        return {"status": "suppressed"}
    pooled, gap = math.sqrt((other.variance + base.variance) / 2), other.mean - base.mean
    difference = gap / pooled if pooled else (math.nan if gap else 0.0)
    row: Row = {"value": scale * other.mean, "developed": scale * base.mean, "n": other.n, "n_developed": base.n}
    if not math.isfinite(difference):
        return row | {"status": "not assessable"}
    total = other.known + base.known
    half = Z * math.sqrt(total / (other.known * base.known) + difference**2 / (2 * total))
    return row | {"difference": difference, "lower": difference - half, "upper": difference + half, "status": "ok"}


def _group(cohort: Cohort) -> dict[str, BoolArray]:
    """Return the rows of each group among the patients of known outcome."""
    y = cohort.y[cohort.counted]
    everyone = {"all": np.ones(len(y), dtype=np.bool_)}
    return everyone if cohort.outcome.score else {**everyone, "event": y == 1, "no_event": y == 0}


def _describe(values: pd.Series, column: Column, groups: dict[str, BoolArray]) -> Iterator[Row]:
    for group, members in groups.items():
        part = values[members]
        base: Row = {"group": group, "predictor": column.name}
        rows = _number(part) if column.kind == "number" else _levels(part, column)
        for level, statistic, value in rows:
            yield {**base, "level": level, "statistic": statistic, "value": value}
        yield {**base, "level": "", "statistic": "missing", "value": float(part.isna().sum())}


def _number(values: pd.Series) -> Iterator[tuple[str, str, float]]:
    known = values.dropna().to_numpy(dtype=np.float64)
    enough = len(known) >= 2
    figures = (known.mean(), known.std(ddof=1), *np.quantile(known, [0.5, 0.25, 0.75])) if enough else (np.nan,) * 5
    # Rounded: full precision times n would give away one patient's value as the difference of two cohorts.
    digits = 2 if enough and known.std(ddof=1) < 1 else 1
    for statistic, value in zip(NUMBER_STATISTICS, figures, strict=True):
        yield "", statistic, round(float(value), digits)


def _levels(values: pd.Series, column: Column) -> Iterator[tuple[str, str, float]]:
    names = {"0": 0.0, "1": 1.0} if column.kind == "flag" else {level: level for level in column.levels}
    recorded = int(values.notna().sum())
    for name, value in names.items():
        count = int((values == value).sum())
        yield name, "count", float(count)
        yield name, "percent", 100.0 * count / recorded if recorded else np.nan


def _suppress_groups(table: pd.DataFrame, sizes: dict[str, int], suppress_below: int) -> pd.DataFrame:
    """Blank every figure of the outcome groups where one of them is small, and of all where all are few."""
    small = {group for group, size in sizes.items() if 0 < size < suppress_below}
    hidden = table["group"].isin(small | {"event", "no_event"} if small else small)
    return table.assign(
        value=table["value"].mask(hidden), n=table["n"].mask(hidden), status=table["status"].mask(hidden, "suppressed")
    )


def _suppress(table: pd.DataFrame, suppress_below: int) -> pd.DataFrame:
    """Blank small counts, what would reveal them, and the figures that rest on so few."""
    mask = pd.Series(data=False, index=table.index)
    is_count = table["statistic"].isin(["count", "percent", "missing"])
    grouped = set(table["group"])
    told_apart = bool((table["n"].fillna(0) > 0).all())
    for predictor, part in table.groupby("predictor", sort=False):
        own = table["predictor"] == predictor
        counted = part[part["statistic"].isin(["count", "missing"])]
        counts = counted.pivot(index="level", columns="group", values="value")
        counts = counts.reindex(columns=list(GROUPS)).fillna(0).astype(np.int64)
        fates = [position for position, group in enumerate(GROUPS[1:], start=1) if group in grouped]
        by_fate = hide_levels(counts, suppress_below, fates)
        mask |= own & is_count & table["group"].isin(GROUPS[1:]) & table["level"].isin(by_fate)
        hidden = hide_levels(counts[["all"]], suppress_below, [])
        hidden += hide_over_all(counts, suppress_below, fates) if told_apart else []
        mask |= own & is_count & (table["group"] == "all") & table["level"].isin(hidden)
        missing = counted[counted["statistic"] == "missing"]
        recorded = (missing["n"] - missing["value"]).fillna(0).to_numpy(dtype=np.int64)
        if find_small(recorded, suppress_below).any():
            mask |= own & ~is_count
    shown = _percent_of_all(table, mask)
    return table.assign(value=shown.mask(mask), status=table["status"].mask(mask, "suppressed"))


def _percent_of_all(table: pd.DataFrame, hidden: pd.Series) -> pd.Series:
    """Return the values with percentages of the whole group where its number of missing values is hidden."""
    keys = ["group", "predictor"]
    unknown = table.loc[hidden & (table["statistic"] == "missing"), keys].assign(unknown=True)
    counts = table.loc[table["statistic"] == "count", [*keys, "level", "value"]].rename(columns={"value": "count"})
    joined = table.merge(unknown, on=keys, how="left").merge(counts, on=[*keys, "level"], how="left")
    of_all = joined["unknown"].notna() & (joined["statistic"] == "percent")
    share = 100 * joined["count"] / joined["n"].astype("float64")
    return table["value"].mask(of_all.to_numpy(), share.to_numpy())
