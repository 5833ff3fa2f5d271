"""Findings of a finished study that need a person before anyone uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from outcomes.cohort import Cohort
from outcomes.kinds.score import list_derived
from pipelines.leaks import describe_separation
from pipelines.result import Dataset

Range = tuple[float, float]

IMPLAUSIBLE = 0.85
"""Published models of spine surgery that were validated honestly lie below, unless the outcome says otherwise."""


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
        *(alarm for cohort in cohorts[development.name].values() for alarm in describe_separation(cohort)),
        *_implausible(evaluation, cohorts[development.name]),
        *(alarm for other in datasets[1:] for alarm in _shared(development, other)),
        *(alarm for other in datasets[1:] for alarm in _unassessable(other.name, cohorts[other.name])),
    )


def find_doubts(evaluation: pd.DataFrame, cohorts: Mapping[str, Cohort]) -> tuple[str, ...]:
    """List results that are above what honest published models of such an outcome reach, short of an alarm.

    Parameters
    ----------
    evaluation
        The evaluation of the study.
    cohorts
        Analysed cohorts of development by outcome.

    Notes
    -----
    The published ranges stand with the outcomes (`Outcome.published_c_statistic`), and with the thresholds that are
    derived from a score.
    """
    return tuple(
        f"{', '.join(models)} reach a c-statistic above {published[1]:g} for {outcome}; honest published models of "
        f"such an outcome lie between {published[0]:g} and {published[1]:g}: look at how the patients were chosen and "
        "what the predictors know"
        for outcome, published in _list_published(cohorts)
        if published
        and (models := _list_above(evaluation, outcome, published[1]))
        and not _list_above(evaluation, outcome, _limit(published))
    )


def _list_published(cohorts: Mapping[str, Cohort]) -> Iterator[tuple[str, Range | None]]:
    """Yield each outcome, and each threshold derived from a score, with its published range."""
    for name, cohort in cohorts.items():
        yield name, cohort.outcome.published_c_statistic
        for derived in list_derived([cohort.outcome]).values():
            yield derived.name, derived.published_c_statistic


def _limit(published: Range | None) -> float:
    return max(IMPLAUSIBLE, published[1] if published else 0.0)


def _list_above(evaluation: pd.DataFrame, outcome: str, limit: float) -> list[str]:
    """Return the models whose internal c-statistic is above a limit."""
    internal = evaluation[
        (evaluation["outcome"] == outcome)
        & (evaluation["metric"] == "c_statistic")
        & (evaluation["validation"] == "internal")
        & (evaluation["subgroup"] == "overall")
        & (evaluation["estimate"] > limit)
    ]
    return [str(model) for model in internal["model"]]


def _implausible(evaluation: pd.DataFrame, cohorts: Mapping[str, Cohort]) -> Iterator[str]:
    """Alarm for each outcome on which a model discriminates better than honest models of this field do."""
    for outcome, published in _list_published(cohorts):
        limit = _limit(published)
        if models := _list_above(evaluation, outcome, limit):
            yield _word_implausible(models, limit, outcome)


def _word_implausible(models: list[str], limit: float, outcome: str) -> str:
    return (
        f"{', '.join(models)} reach a c-statistic above {limit:g} for {outcome}, more than honest models of "
        "spine surgery do; look for predictors made from the outcome, for patients recorded twice, and for "
        "patients with and without the event that were chosen in different ways"
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
        if cohort.outcome.score:
            if cohort.n < 2:
                yield f"{outcome} cannot be assessed on {name}: it must have patients of known score there"
        elif not 0 < cohort.events < cohort.n:
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
