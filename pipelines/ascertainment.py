"""By group, before anything is said of a model: whose outcome is known, and how many predictor values are missing."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.intervals import BoolArray, FloatArray, IntArray, compute_wilson
from pipelines.suppression import find_hidden_levels, find_suppressed
from schemas.tables import ASCERTAINMENT

Row = dict[str, object]
SUPPRESSED: Row = {
    "n": pd.NA, "n_known": pd.NA, "percent_known": math.nan, "lower": math.nan, "upper": math.nan,
    "percent_predictors_missing": math.nan, "status": "suppressed",
}  # fmt: skip


def describe_ascertainment(cohort: Cohort, *, dataset: str, suppress_below: int) -> pd.DataFrame:
    """Describe what is known of the patients of every subgroup.

    Parameters
    ----------
    cohort
        The patients of one outcome, those of unknown outcome among them.
    dataset
        Name of the dataset.
    suppress_below
        Counts from 1 to one less are not shown, nor what could be computed back to them.

    Returns
    -------
    DataFrame
        The columns of `schemas.tables.ASCERTAINMENT`; no rows where the study declares no subgroup. Shares are in per
        cent, that of a known outcome with Wilson's interval, that of missing predictor values over all predictors
        and patients of the level, to one decimal.

    Notes
    -----
    An outcome is known where it counts (`outcomes.cohort.Cohort.counted`). A level that is hidden in an evaluation of
    all patients of known outcome is hidden here too, so that neither table completes the other. Where the number of
    missing values is small, their percentage alone is left out, with that of another level if need be.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927;22:209-212.
    """
    levels = {str(name): cohort.subgroups[name].to_numpy(dtype=object) for name in cohort.subgroups}
    if not levels or not len(cohort.y):
        return pd.DataFrame(columns=list(ASCERTAINMENT))
    hidden = _hide(cohort, levels, suppress_below)
    missing = cohort.X.isna().to_numpy().sum(axis=1)
    rows = [
        {"subgroup": name, **row}
        for name, values in levels.items()
        for row in _describe(values, cohort, missing, hidden[name], suppress_below)
    ]
    table = pd.DataFrame(rows).assign(outcome=cohort.outcome.name, dataset=dataset)
    return table.astype({"n": "Int64", "n_known": "Int64"})[list(ASCERTAINMENT)]


def _hide(cohort: Cohort, levels: dict[str, np.ndarray], suppress_below: int) -> dict[str, frozenset[str]]:
    """Return the levels that are hidden, first as an evaluation hides them, then for what is counted here."""
    known = cohort.counted
    patient, _ = pd.factorize(cohort.patient)
    y = cohort.y[known]
    kinds = [known[known]] if cohort.outcome.score else [known[known], y == 1, y == 0]
    before = find_hidden_levels(
        {name: values[known] for name, values in levels.items()}, kinds, patient=patient[known],
        suppress_below=suppress_below, fates=range(1, len(kinds)),
    )  # fmt: skip
    return find_hidden_levels(
        levels, [np.ones_like(known), known, ~known], patient=patient, suppress_below=suppress_below, hidden=before
    )


def _describe(
    values: np.ndarray, cohort: Cohort, missing: IntArray, hidden: frozenset[str], suppress_below: int
) -> Iterator[Row]:
    code, names = pd.factorize(values, sort=True)
    n = np.bincount(code, minlength=len(names))
    n_known = np.bincount(code[cohort.counted], minlength=len(names))
    gaps = np.bincount(code, weights=missing, minlength=len(names)).astype(np.int64)
    percent = _compute_missing(n, gaps, cohort.X.shape[1], suppress_below)
    for i, level in enumerate(names):
        row: Row = {"level": level, **SUPPRESSED}
        if level not in hidden:
            known = compute_wilson(n_known[i] / n[i], int(n[i]), kind="Wilson")
            row |= {
                "n": int(n[i]), "n_known": int(n_known[i]), "percent_known": 100 * known.estimate,
                "lower": 100 * known.lower, "upper": 100 * known.upper, "percent_predictors_missing": percent[i],
                "status": "ok",
            }  # fmt: skip
        yield row


def _compute_missing(n: IntArray, missing: IntArray, n_predictors: int, suppress_below: int) -> FloatArray:
    """Return the percentage of missing values by level, NaN where their number would be small or give one away."""
    few: BoolArray = find_suppressed(np.column_stack([missing, n * n_predictors - missing]), suppress_below)
    share = np.round(100 * missing / (n * n_predictors), 1)
    return np.where(few, math.nan, share)
