"""Findings of a finished study that need a person before anyone uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.discrimination import compute_c_statistic
from pipelines.result import Dataset

NEAR_PERFECT = 0.95
"""A single predictor that separates the outcome this well is more likely a leak than a discovery."""

IMPLAUSIBLE = 0.85
"""Published models validated honestly in large registries lie between 0.62 and 0.82."""

LEAST_RECORDED = 50
"""Fewer recorded values than this say nothing about a leak."""


def find_alarms(
    datasets: Sequence[Dataset],
    skipped: Mapping[str, str],
    cohorts: Mapping[str, Mapping[str, Cohort]],
    evaluation: pd.DataFrame,
) -> tuple[str, ...]:
    """List what needs a person.

    Parameters
    ----------
    datasets
        Development first, then those validated on.
    skipped
        Reason by outcome.
    cohorts
        Analysed cohorts by dataset and outcome.
    evaluation
        The evaluation of the study.

    Returns
    -------
    tuple of str
        Quarantined rows, skipped outcomes, predictors that look like leaks, discrimination too good to be true,
        patients in both development and validation, and outcomes that a validation dataset cannot assess.
    """
    development = datasets[0]
    return (
        *_quarantined(datasets),
        *(f"outcome {name} was skipped: {reason}" for name, reason in skipped.items()),
        *(alarm for cohort in cohorts[development.name].values() for alarm in _near_perfect(cohort)),
        *_implausible(evaluation),
        *(alarm for other in datasets[1:] for alarm in _shared(development, other)),
        *(alarm for other in datasets[1:] for alarm in _unassessable(other.name, cohorts[other.name])),
    )


def _implausible(evaluation: pd.DataFrame) -> Iterator[str]:
    """Alarm for each outcome on which a model discriminates better than honest models of this field do."""
    internal = evaluation[
        (evaluation["metric"] == "c_statistic")
        & (evaluation["validation"] == "internal")
        & (evaluation["subgroup"] == "overall")
        & (evaluation["estimate"] > IMPLAUSIBLE)
    ]
    for outcome, part in internal.groupby("outcome", sort=False):
        yield (
            f"{', '.join(part['model'])} reach a c-statistic above {IMPLAUSIBLE} for {outcome}, more than honest "
            "models of spine surgery do; look for predictors made from the outcome, for patients recorded twice, and "
            "for patients with and without the event that were chosen in different ways"
        )


def _shared(development: Dataset, other: Dataset) -> Iterator[str]:
    """Alarm where both datasets record patients and some are in both."""
    if all("patient" in dataset.registry.columns for dataset in (development, other)):
        shared = set(development.registry.frame["patient"]) & set(other.registry.frame["patient"])
        if shared:
            yield (
                f"patients of {other.name} are also among those of development: its results are not those of new "
                "patients; remove them, or make sure that the identifiers mean different people"
            )


def _unassessable(name: str, cohorts: Mapping[str, Cohort]) -> Iterator[str]:
    for outcome, cohort in cohorts.items():
        if not 0 < cohort.events < cohort.n:
            yield f"{outcome} cannot be assessed on {name}: it must have patients with and without the event there"


def _quarantined(datasets: Sequence[Dataset]) -> Iterator[str]:
    for dataset in datasets:
        count = len(dataset.registry.quarantine)
        if count:
            yield (
                f"{count} of {dataset.registry.n_read} rows of {dataset.name} were quarantined; "
                "the reasons stand beside the rows in private/quarantine.parquet"
            )
        for table, rows in dataset.registry.further_quarantine.items():
            if len(rows):
                yield (
                    f"{len(rows)} rows of the table {table} of {dataset.name} were quarantined; "
                    f"the reasons stand beside the rows in private/quarantine_{table}.parquet"
                )


def _near_perfect(cohort: Cohort) -> Iterator[str]:
    """Alarm for each predictor of which a value, a level, or being recorded at all nearly separates the outcome."""
    for name, column in cohort.columns.items():
        values = cohort.X[name]
        candidates = [values] if column.kind != "category" else [values == level for level in column.levels]
        recorded = values.notna().to_numpy()
        separation = max(
            _separation(values.isna(), np.ones(len(values), dtype=bool), cohort),
            *(_separation(candidate, recorded, cohort) for candidate in candidates),
        )
        if separation > NEAR_PERFECT:
            yield (
                f"predictor {name} alone separates {cohort.outcome.name} with a c-statistic of {separation:.2f}; "
                "check that it is known before the operation and not made from the outcome"
            )


def _separation(candidate: pd.Series, considered: npt.NDArray[np.bool_], cohort: Cohort) -> float:
    used = considered & np.isfinite(cohort.y)
    y = cohort.y[used]
    if used.sum() < LEAST_RECORDED or y.min() == y.max():
        return 0.5
    c_statistic = compute_c_statistic(y, candidate.to_numpy(dtype=np.float64)[used])
    return max(c_statistic, 1 - c_statistic)
