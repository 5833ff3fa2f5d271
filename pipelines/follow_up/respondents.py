"""Patients whose outcome is known against those whose outcome is not, in what was known of both before."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.follow_up.group_differences import Codes, Difference, compare_levels, compare_number
from pipelines.suppression import count_fates, find_small, hide_over_all
from schemas.column import Column
from schemas.tables import RESPONSE

SUPPRESSED: dict[str, object] = {
    **dict.fromkeys(("known", "unknown", "difference", "lower", "upper"), math.nan), "status": "suppressed",
}  # fmt: skip


def compare_respondents(cohort: Cohort, *, dataset: str, suppress_below: int) -> pd.DataFrame:
    """Compare the predictors of patients whose outcome counts and of those for whom they stand.

    Parameters
    ----------
    cohort
        The patients of one outcome; those of unknown outcome are in it where the study weights them.
    dataset
        Name of the dataset.
    suppress_below
        Counts from 1 to one less are not shown, nor what could be computed back to them.

    Returns
    -------
    DataFrame
        The columns of `schemas.tables.RESPONSE`; no rows where every outcome is known. `n_known` and `n_unknown` are
        the sizes of the groups, the same for all predictors; means and percentages are of the recorded values.

    Notes
    -----
    No test is made: with many patients every difference would be significant. An outcome that is unknown because it
    was not answered, because follow-up was too short, or by the study's choice, is unknown alike; so is one that is
    known only because of what occurred (`outcomes.cohort.Cohort.counted`). Whom an event settled is known. A level that
    the table of characteristics hides is hidden here too: its percentage of so many patients would be its count.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107. Hedges LV, Olkin I. Statistical methods for meta-analysis. 1985.
    """
    known = cohort.counted.astype(np.intp)
    sizes = np.bincount(known, minlength=2)
    if not sizes[0]:
        return pd.DataFrame(columns=list(RESPONSE))
    hidden = bool(find_small(sizes, suppress_below).any())
    rows = [
        {"predictor": name, **(_row(found) if found.level not in few else {"level": found.level} | SUPPRESSED)}
        for name, column in cohort.columns.items()
        for few in [_hide_levels(cohort, column, suppress_below)]
        for found in _compare(cohort.X[name], column, known, sizes, suppress_below, hidden=hidden)
    ]
    table = pd.DataFrame(rows).assign(outcome=cohort.outcome.name, dataset=dataset)
    for name, size in zip(("n_unknown", "n_known"), sizes, strict=True):
        table[name] = pd.Series(pd.NA if hidden else int(size), index=table.index, dtype="Int64")
    return table[list(RESPONSE)]


def _hide_levels(cohort: Cohort, column: Column, suppress_below: int) -> list[str]:
    """Return the levels that the table of characteristics hides over all."""
    if column.kind == "number":
        return []
    values, y = cohort.X.loc[cohort.counted, column.name], cohort.y[cohort.counted]
    levels: dict[str, object] = {level: level for level in column.levels or values.dropna().astype(str).unique()}
    levels = {"0": 0.0, "1": 1.0} if column.kind == "flag" else levels
    is_split = not cohort.outcome.score and min((y == 1).sum(), (y == 0).sum()) >= suppress_below
    counts = count_fates(values, levels, y if is_split else None)
    return hide_over_all(counts, suppress_below, range(1, counts.shape[1]))


def _compare(
    values: pd.Series, column: Column, known: Codes, sizes: Codes, suppress_below: int, *, hidden: bool
) -> Iterator[Difference]:
    if hidden or sizes.min() < 2:
        yield Difference(n=sizes.astype(np.int64), status="suppressed" if hidden else "not assessable")
    elif column.kind == "category":
        levels = column.levels or tuple(sorted(str(level) for level in values.dropna().unique()))
        codes = pd.Index(levels).get_indexer(pd.Index(values))
        yield from compare_levels(codes, levels, known, suppress_below)
    elif column.kind == "flag":
        codes = np.nan_to_num(values.to_numpy(dtype=np.float64), nan=-1.0).astype(np.intp)
        yield from compare_levels(codes, ("0", "1"), known, suppress_below)
    else:
        yield compare_number(values.to_numpy(dtype=np.float64), known, suppress_below)


def _row(found: Difference) -> dict[str, object]:
    return {
        "level": found.level, "known": found.second, "unknown": found.first, "difference": found.difference,
        "lower": found.lower, "upper": found.upper, "status": found.status,
    }  # fmt: skip
