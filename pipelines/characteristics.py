"""Characteristics of the participants (the first table of a report), with small cells suppressed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.intervals import BoolArray
from pipelines.suppression import find_small, find_suppressed
from schemas.column import Column
from schemas.tables import TABLE1

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
    Where the count of a level is small in one outcome group, it is suppressed in both, so that it cannot be found
    by subtraction from the whole. Where a group itself is small, all of its figures are, and those of the other.
    See `pipelines.suppression.find_suppressed`.
    """
    known = cohort.counted
    X, groups = cohort.X[known], _group(cohort)
    rows = [row for name, column in cohort.columns.items() for row in _describe(X[name], column, groups)]
    table = pd.DataFrame(rows).assign(outcome=cohort.outcome.name, dataset=dataset, status="ok")
    sizes = {group: int(rows.sum()) for group, rows in groups.items()}
    table["n"] = table["group"].map(sizes).astype("Int64")
    return _suppress(_suppress_groups(table, sizes, suppress_below), suppress_below)[list(TABLE1)]


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
    for predictor, part in table.groupby("predictor", sort=False):
        own = table["predictor"] == predictor
        counted = part[part["statistic"].isin(["count", "missing"])]
        counts = counted.pivot(index="level", columns="group", values="value")
        counts = counts.reindex(columns=list(GROUPS)).fillna(0).astype(np.int64)
        for groups, judged in ((["event", "no_event"], list(GROUPS)), (["all"], ["all"])):
            hidden = counts.index[find_suppressed(counts[judged].to_numpy(), suppress_below)]
            mask |= own & is_count & table["group"].isin(groups) & table["level"].isin(hidden)
        missing = counted[counted["statistic"] == "missing"]
        recorded = (missing["n"] - missing["value"]).fillna(0).to_numpy(dtype=np.int64)
        if find_small(recorded, suppress_below).any():
            mask |= own & ~is_count
    return table.assign(value=table["value"].mask(mask), status=table["status"].mask(mask, "suppressed"))
