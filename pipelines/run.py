"""A study from registry to result: the only file that knows the order."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import pandas as pd
from threadpoolctl import threadpool_limits

from outcomes.cohort import Cohort
from pipelines.alarms import find_alarms, find_doubts
from pipelines.assemble import (
    Results,
    assemble_explanations,
    assemble_models,
    assemble_predictions,
    assemble_row_explanations,
    assemble_tuning,
    join_predictions,
    predict_outside,
)
from pipelines.coefficients import list_coefficients
from pipelines.conclude import Predicted, Refits, conclude
from pipelines.executors import run_tasks
from pipelines.fold_tasks import list_borrowed_weights, list_skipped_sites, list_tasks
from pipelines.folds import Plan, work_fold
from pipelines.predictions import DEVELOPMENT
from pipelines.prepare import Prepared, prepare_study
from pipelines.refitting.refits import join_refits, list_refit_tasks, work_refit
from pipelines.refitting.stability import list_patients
from pipelines.result import StudyResult
from pipelines.size_criteria import list_shortfalls, tabulate_sample_size
from pipelines.suppression import hide_small_counts
from schemas.registry import Registry
from schemas.study import Study

Progress = Callable[[int, int, str], None]
"""Called with the number of finished and of all steps, and what comes next."""

Task = TypeVar("Task")
Result = TypeVar("Result")


def run_study(
    study: Study,
    registry: Registry,
    *,
    validate_on: Mapping[str, Registry] | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> StudyResult:
    """Run a pre-specified study.

    Parameters
    ----------
    study
        The plan.
    registry
        The data to develop on.
    validate_on
        Further registries by name; the final models are applied to them unchanged.
    workers
        Number of local processes; the result is the same to the byte.
    progress
        Told about each finished step.

    Returns
    -------
    StudyResult

    Raises
    ------
    StudyError
        If the study names what does not exist, a predictor leaks, or every outcome has fewer events than folds.
    """
    tell = progress or _silent
    started = time.perf_counter()
    prepared = prepare_study(study, registry, validate_on or {})
    analysed = prepared.analysed(DEVELOPMENT)
    sample_size = tabulate_sample_size(study, prepared.cohorts, suppress_below=study.suppress_below)
    fitted = time.perf_counter()
    everything = _fit_all(study, prepared, workers=workers, tell=tell)
    results = [(task, result) for task, result in everything if task.outcome in analysed]
    refits = _refit_all(study, analysed, results, workers=workers, tell=tell)
    evaluated = time.perf_counter()
    tell(0, 1, "evaluating")
    # One thread, as in the workers: threads would change the order of sums, and are slower here.
    with threadpool_limits(limits=1):
        predicted = Predicted(
            predictions=_predict_all(study, prepared, results),
            varied=join_predictions([pair for pair in everything if pair[0].outcome not in analysed]),
            refits=refits,
            tuning=assemble_tuning(results),
        )
        tables, curves = conclude(study, prepared, predicted)
        explanations, contributions = assemble_explanations(study, analysed, results)
    models, further = assemble_models(results)
    timings = {
        "cohorts": fitted - started, "fits": evaluated - fitted, "evaluation": time.perf_counter() - evaluated,
    }  # fmt: skip
    tell(1, 1, "writing")
    return StudyResult(
        study=study,
        datasets=prepared.datasets,
        outcomes=prepared.outcomes,
        skipped=prepared.skipped,
        comparators=prepared.comparators,
        predictions=predicted.predictions,
        varied_predictions=predicted.varied,
        curves=curves,
        sample_size=sample_size,
        tuning=predicted.tuning,
        explanations=explanations,
        contributions=contributions,
        coefficients=list_coefficients(
            models, registry.columns, cohorts=analysed, further=further, suppress_below=study.suppress_below
        ),
        row_explanations=assemble_row_explanations(results),
        instability=list_patients(predicted.predictions, refits),
        models=models,
        further_models=further,
        warnings=find_alarms(prepared.datasets, prepared.skipped, prepared.cohorts, tables["evaluation"]),
        notes=_list_notes(study, prepared, sample_size, tables["evaluation"]),
        timings_seconds=timings,
        **tables,
    )


def _list_notes(
    study: Study, prepared: Prepared, sample_size: pd.DataFrame, evaluation: pd.DataFrame
) -> tuple[str, ...]:
    analysed = prepared.analysed(DEVELOPMENT)
    return (
        *list_shortfalls(sample_size),
        *find_doubts(evaluation, analysed),
        *prepared.remarks,
        *prepared.omitted,
        *list_skipped_sites(study, prepared),
        *list_borrowed_weights(study, prepared),
        *(f"{name}: {doubt}" for name, cohort in analysed.items() for doubt in cohort.outcome.doubts),
        *(
            f"{dataset.name}: {hide_small_counts(note, study.suppress_below)}"
            for dataset in prepared.datasets
            for note in dataset.registry.warnings
        ),
    )


def _fit_all(study: Study, prepared: Prepared, *, workers: int, tell: Progress) -> Results:
    cohorts = {**prepared.analysed(DEVELOPMENT), **prepared.varied}
    plan = Plan(study=study, cohorts=cohorts, simple=prepared.simple.get(DEVELOPMENT, {}))
    return _work(work_fold, plan, list_tasks(study, prepared), workers=workers, tell=tell, words="tuning and fitting")


def _refit_all(
    study: Study, cohorts: Mapping[str, Cohort], results: Results, *, workers: int, tell: Progress
) -> Refits:
    settled = {
        (task.outcome, model): tuned
        for task, result in results
        if task.is_final and task.imputation == 0
        for model, tuned in result.tuned.items()
    }
    tasks = list_refit_tasks(study, cohorts, settled)
    plan = Plan(study=study, cohorts=cohorts)
    done = _work(work_refit, plan, tasks, workers=workers, tell=tell, words="refitting on resamples")
    return join_refits(study, cohorts, done)


def _work(
    work: Callable[[Plan, Task], Result],
    plan: Plan,
    tasks: Sequence[Task],
    *,
    workers: int,
    tell: Progress,
    words: str,
) -> list[tuple[Task, Result]]:
    """Work through all tasks; the order of the results is that of the tasks, whoever finished first."""
    found: dict[int, Result] = {}
    if tasks:
        tell(0, len(tasks), words)
    for position, result in run_tasks(work, plan, tasks, workers=workers):
        found[position] = result
        tell(len(found), len(tasks), words)
    return [(task, found[position]) for position, task in enumerate(tasks)]


def _predict_all(study: Study, prepared: Prepared, results: Results) -> pd.DataFrame:
    tables = [assemble_predictions(study, prepared.analysed(DEVELOPMENT), prepared.comparators, results)]
    tables += [
        predict_outside(
            study,
            prepared.analysed(dataset.name),
            prepared.comparators,
            results,
            simple=prepared.simple.get(dataset.name, {}),
            dataset=dataset.name,
            validation=str(dataset.validation),
        )
        for dataset in prepared.datasets[1:]
    ]
    return pd.concat(tables, ignore_index=True)


def _silent(done: int, total: int, text: str) -> None:
    """Tell nobody."""
