"""Findings of a finished study that need a person before anyone uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.discrimination import compute_c_statistic
from pipelines.result import Dataset

NEAR_PERFECT = 0.95
"""A single predictor that separates the outcome this well is more likely a leak than a discovery."""

LEAST_RECORDED = 50
"""Fewer recorded values than this say nothing about a leak."""


def find_alarms(
    datasets: Sequence[Dataset], skipped: Mapping[str, str], cohorts: Mapping[str, Cohort]
) -> tuple[str, ...]:
    """List what needs a person: quarantined rows, skipped outcomes and predictors that look like leaks."""
    return (
        *_quarantined(datasets),
        *(f"outcome {name} was skipped: {reason}" for name, reason in skipped.items()),
        *(alarm for cohort in cohorts.values() for alarm in _near_perfect(cohort)),
    )


def _quarantined(datasets: Sequence[Dataset]) -> Iterator[str]:
    for dataset in datasets:
        count = len(dataset.registry.quarantine)
        if count:
            yield (
                f"{count} of {dataset.registry.n_read} rows of {dataset.name} were quarantined; "
                "the reasons stand beside the rows in private/quarantine.parquet"
            )


def _near_perfect(cohort: Cohort) -> Iterator[str]:
    """Alarm for each number or level that alone nearly separates the outcome."""
    for name, column in cohort.columns.items():
        values = cohort.X[name]
        candidates = [values] if column.kind != "category" else [values == level for level in column.levels]
        separation = max((_separation(candidate, values, cohort) for candidate in candidates), default=0.5)
        if separation > NEAR_PERFECT:
            yield (
                f"predictor {name} alone separates {cohort.outcome.name} with a c-statistic of {separation:.2f}; "
                "check that it is known before the operation and not made from the outcome"
            )


def _separation(candidate: pd.Series, values: pd.Series, cohort: Cohort) -> float:
    used = (values.notna() & np.isfinite(cohort.y)).to_numpy()
    y = cohort.y[used]
    if used.sum() < LEAST_RECORDED or y.min() == y.max():
        return 0.5
    c_statistic = compute_c_statistic(y, candidate.to_numpy(dtype=np.float64)[used])
    return max(c_statistic, 1 - c_statistic)
