"""A study from registry to result: the only file that knows the order."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from outcomes.cohort import ATTAINABLE, Cohort
from outcomes.kinds.score import list_derived
from pipelines.alarms import find_alarms, find_doubts
from pipelines.assemble import (
    assemble_explanations,
    assemble_flow,
    assemble_followed,
    assemble_incidence,
    assemble_predictions,
    assemble_response,
    assemble_row_explanations,
    assemble_table1,
    assemble_tuning,
    join_predictions,
    predict_outside,
)
from pipelines.comparison import compare_fold_predictions
from pipelines.curves import compute_curves
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.executors import run_tasks
from pipelines.folds import FoldResult, FoldTask, Plan, work_fold
from pipelines.predictands import predictand_of
from pipelines.predictions import DEVELOPMENT, FINAL_FOLD
from pipelines.prepare import Prepared, keep_unknown, prepare_study
from pipelines.result import StudyResult
from pipelines.sensitivity import tabulate_sensitivity
from pipelines.splits import SPLITS
from pipelines.unknown_outcomes import shift_unknown_outcomes
from schemas.registry import Registry
from schemas.study import Study
from schemas.tables import CURVES, SHARE

_UNWIRED = (
    "sample_size", "procedures", "verdicts", "optimism", "stability", "sites", "meta", "case_mix", "gaps",
    "ascertainment", "coefficients",
)  # fmt: skip

Progress = Callable[[int, int, str], None]
"""Called with the number of finished and of all steps, and what comes next."""


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
    fitted = time.perf_counter()
    tasks = [*_list_tasks(study, analysed), *_list_variant_tasks(study, prepared)]
    everything = _fit_all(study, {**analysed, **prepared.varied}, tasks, workers=workers, tell=tell)
    results = [(task, result) for task, result in everything if task.outcome in analysed]
    varied = join_predictions([(task, result) for task, result in everything if task.outcome not in analysed])
    evaluated = time.perf_counter()
    # One thread, as in the workers: threads would change the order of sums, and are slower here.
    with threadpool_limits(limits=1):
        predictions = _predict_all(study, prepared, results)
        evaluation, comparison, curves = _evaluate_all(study, prepared, predictions)
        explanations, contributions = assemble_explanations(study, analysed, results)
        said = _describe_all(study, prepared, predictions, varied)
    timings = {
        "cohorts": fitted - started, "fits": evaluated - fitted, "evaluation": time.perf_counter() - evaluated,
    }  # fmt: skip
    return StudyResult(
        study=study,
        datasets=prepared.datasets,
        outcomes=prepared.outcomes,
        skipped=prepared.skipped,
        predictions=predictions,
        varied_predictions=varied,
        evaluation=evaluation,
        comparison=comparison,
        curves=curves,
        tuning=assemble_tuning(results),
        explanations=explanations,
        contributions=contributions,
        row_explanations=assemble_row_explanations(results),
        models={
            (task.outcome, model): pipeline for task, result in results for model, pipeline in result.pipelines.items()
        },
        warnings=find_alarms(prepared.datasets, prepared.skipped, prepared.cohorts, evaluation),
        notes=(
            *find_doubts(evaluation, analysed),
            *prepared.omitted,
            *(f"{name}: {doubt}" for name, cohort in analysed.items() for doubt in cohort.outcome.doubts),
            *(f"{dataset.name}: {note}" for dataset in prepared.datasets for note in dataset.registry.warnings),
        ),
        timings_seconds=timings,
        **said,
    )


def _describe_all(
    study: Study, prepared: Prepared, predictions: pd.DataFrame, varied: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return the tables of the participants, of those of unknown outcome, and of other choices, by name."""
    cohorts, small = prepared.cohorts, study.suppress_below
    return {
        "flow": assemble_flow(prepared.everyone, suppress_below=small),
        "table1": assemble_table1(cohorts, suppress_below=small),
        "response": assemble_response(keep_unknown(study, prepared), suppress_below=small),
        **{name: pd.DataFrame(columns=list(SHARE[name])) for name in _UNWIRED},
        "incidence": assemble_incidence(cohorts, suppress_below=small),
        "followed": assemble_followed(cohorts, suppress_below=small),
        "unknown_outcomes": shift_unknown_outcomes(
            predictions, reference=study.reference, deltas=study.sensitivity.deltas, suppress_below=small
        ),
        "sensitivity": tabulate_sensitivity(
            predictions[predictions["validation"] == "internal"],
            varied,
            outcomes=prepared.outcomes,
            variants=prepared.variants,
            cohorts=cohorts[DEVELOPMENT],
            dataset=DEVELOPMENT,
            seed=study.seed,
            suppress_below=small,
        ),
    }


def _list_tasks(study: Study, cohorts: Mapping[str, Cohort]) -> list[FoldTask]:
    """List the final fits first, since they take longest, then the outer folds."""
    nothing = np.empty(0, dtype=np.int64)
    tasks = [
        FoldTask(
            outcome=name, models=study.all_models, repeat=0, fold=FINAL_FOLD, train=np.arange(len(cohort.y)),
            test=nothing,
        )
        for name, cohort in cohorts.items()
    ]  # fmt: skip
    for name, cohort in cohorts.items():
        tasks += _list_outer_folds(study, name, cohort, study.all_models, explained=True)
    return tasks


def _list_variant_tasks(study: Study, prepared: Prepared) -> list[FoldTask]:
    """List the outer folds of the sensitivity analyses: fitted and evaluated, neither explained nor deployed."""
    tasks: list[FoldTask] = []
    for variant in prepared.variants:
        models = (study.reference,) if variant.reference_only else study.all_models
        name = variant.outcome.name
        tasks += _list_outer_folds(study, name, prepared.varied[name], models, explained=False)
    return tasks


def _list_outer_folds(
    study: Study, name: str, cohort: Cohort, models: tuple[str, ...], *, explained: bool
) -> list[FoldTask]:
    make = SPLITS[study.split.name].make
    strata = predictand_of(cohort.outcome).strata(cohort.y_counted)
    folds = make(strata, cohort.patient, plan=study.split, seed=study.seed, outcome=name)
    return [
        FoldTask(
            outcome=name, models=models, repeat=fold.repeat, fold=fold.fold, train=fold.train, test=fold.test,
            explained=explained,
        )
        for fold in folds
    ]  # fmt: skip


def _fit_all(
    study: Study, cohorts: Mapping[str, Cohort], tasks: list[FoldTask], *, workers: int, tell: Progress
) -> list[tuple[FoldTask, FoldResult]]:
    """Work through all folds; the order of the results is that of the tasks, whoever finished first."""
    found: dict[int, FoldResult] = {}
    tell(0, len(tasks), "tuning and fitting")
    for position, result in run_tasks(work_fold, Plan(study=study, cohorts=cohorts), tasks, workers=workers):
        found[position] = result
        tell(len(found), len(tasks), "tuning and fitting" if len(found) < len(tasks) else "evaluating")
    return [(task, found[position]) for position, task in enumerate(tasks)]


def _predict_all(study: Study, prepared: Prepared, results: list[tuple[FoldTask, FoldResult]]) -> pd.DataFrame:
    comparators = prepared.datasets[0].registry.definition.comparators
    finals = {task.outcome: result for task, result in results if task.fold == FINAL_FOLD}
    tables = [assemble_predictions(study, prepared.analysed(DEVELOPMENT), comparators, results)]
    tables += [
        predict_outside(
            study,
            prepared.analysed(dataset.name),
            comparators,
            finals,
            dataset=dataset.name,
            validation=str(dataset.validation),
        )
        for dataset in prepared.datasets[1:]
    ]
    return pd.concat(tables, ignore_index=True)


def _evaluate_all(
    study: Study, prepared: Prepared, predictions: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, pd.DataFrame]]:
    """Return the evaluation, the comparison with the reference, and the curves."""
    thresholds = {name: plan.values for name, plan in study.threshold_probabilities.items()}
    named_sets = {name: outcome.threshold_set for name, outcome in prepared.outcomes.items()}
    named_sets |= {name: one.threshold_set for name, one in list_derived(prepared.outcomes.values()).items()}
    small = study.suppress_below
    evaluation = evaluate_fold_predictions(
        predictions,
        thresholds=thresholds,
        threshold_sets=named_sets,
        subgroups=(*study.subgroups, *([ATTAINABLE] if ATTAINABLE in predictions else [])),
        seed=study.seed,
        suppress_below=small,
    )
    # Outcomes without a threshold know nobody who could not have reached it.
    evaluation = evaluation[(evaluation["subgroup"] != ATTAINABLE) | (evaluation["level"] != "unknown")]
    comparison = compare_fold_predictions(
        predictions,
        reference=study.reference,
        thresholds=thresholds,
        threshold_sets=named_sets,
        seed=study.seed,
        suppress_below=small,
    )
    evaluation = evaluation.reset_index(drop=True)
    curves = compute_curves(predictions, thresholds=thresholds, suppress_below=small)
    empty = {name: pd.DataFrame(columns=list(columns)) for name, columns in CURVES.items() if name not in curves}
    return evaluation, comparison, curves | empty


def _silent(done: int, total: int, text: str) -> None:
    """Tell nobody."""
