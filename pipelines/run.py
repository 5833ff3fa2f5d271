"""A study from registry to result: the only file that knows the order."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcome import Outcome, Variant
from outcomes.outcomes import build_outcomes
from outcomes.variants import build_variants
from pipelines.alarms import find_alarms, find_doubts
from pipelines.assemble import (
    assemble_explanations,
    assemble_flow,
    assemble_predictions,
    assemble_row_explanations,
    assemble_table1,
    assemble_tuning,
    join_predictions,
    predict_outside,
)
from pipelines.checks import check_study, reason_to_skip
from pipelines.comparison import compare_fold_predictions
from pipelines.curves import compute_curves
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.executors import run_tasks
from pipelines.folds import FoldResult, FoldTask, Plan, work_fold
from pipelines.leaks import refuse_leaks
from pipelines.predictions import DEVELOPMENT, FINAL_FOLD
from pipelines.result import Dataset, StudyResult
from pipelines.sensitivity import pick_variants, tabulate_sensitivity
from pipelines.splits import SPLITS
from schemas.errors import StudyError
from schemas.registry import Registry
from schemas.study import Study

Progress = Callable[[int, int, str], None]
"""Called with the number of finished and of all steps, and what comes next."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Cohorts of every dataset by outcome, and what is skipped; development comes first.

    `variants` are the sensitivity analyses that are run, on development only, and `varied` their cohorts by name.
    """

    datasets: tuple[Dataset, ...]
    outcomes: Mapping[str, Outcome]
    everyone: Mapping[str, Mapping[str, Cohort]]
    skipped: Mapping[str, str]
    variants: tuple[Variant, ...]
    varied: Mapping[str, Cohort]

    def analysed(self, dataset: str) -> dict[str, Cohort]:
        """Return the cohorts of a dataset that are not skipped."""
        return {name: cohort for name, cohort in self.everyone[dataset].items() if name not in self.skipped}


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
    prepared = _prepare(study, registry, validate_on or {})
    analysed = prepared.analysed(DEVELOPMENT)
    fitted = time.perf_counter()
    tasks = [*_list_tasks(study, analysed), *_list_variant_tasks(study, prepared)]
    everything = _fit_all(study, {**analysed, **prepared.varied}, tasks, workers=workers, tell=tell)
    results = [(task, result) for task, result in everything if task.outcome in analysed]
    variant_results = [(task, result) for task, result in everything if task.outcome not in analysed]
    evaluated = time.perf_counter()
    # One thread, as in the workers: threads would change the order of sums, and are slower here.
    with threadpool_limits(limits=1):
        predictions = _predict_all(study, prepared, results)
        evaluation, comparison, curves = _evaluate_all(study, prepared, predictions)
        explanations, contributions = assemble_explanations(study, analysed, results)
        varied_predictions = join_predictions(variant_results)
        sensitivity = tabulate_sensitivity(
            predictions[predictions["validation"] == "internal"],
            varied_predictions,
            outcomes=prepared.outcomes,
            variants=prepared.variants,
            cohorts=analysed,
            dataset=DEVELOPMENT,
            seed=study.seed,
            suppress_below=study.suppress_below,
        )
    ended = time.perf_counter()
    datasets = [dataset.name for dataset in prepared.datasets]
    return StudyResult(
        study=study,
        datasets=prepared.datasets,
        outcomes=prepared.outcomes,
        skipped=prepared.skipped,
        predictions=predictions,
        evaluation=evaluation,
        comparison=comparison,
        curves=curves,
        flow=assemble_flow(prepared.everyone, suppress_below=study.suppress_below),
        table1=assemble_table1(
            {name: prepared.analysed(name) for name in datasets}, suppress_below=study.suppress_below
        ),
        tuning=assemble_tuning(results),
        explanations=explanations,
        contributions=contributions,
        sensitivity=sensitivity,
        varied_predictions=varied_predictions,
        row_explanations=assemble_row_explanations(results),
        models={
            (task.outcome, model): pipeline for task, result in results for model, pipeline in result.pipelines.items()
        },
        warnings=find_alarms(
            prepared.datasets,
            prepared.skipped,
            {name: prepared.analysed(name) for name in datasets},
            evaluation,
        ),
        notes=(
            *find_doubts(evaluation, analysed),
            *(f"{dataset.name}: {note}" for dataset in prepared.datasets for note in dataset.registry.warnings),
        ),
        timings_seconds={
            "cohorts": fitted - started,
            "fits": evaluated - fitted,
            "evaluation": ended - evaluated,
        },
    )


def name_validation(development: Registry, other: Registry) -> str:
    """Return ``temporal`` where the other data follow in time under the same definition, else ``external``.

    Notes
    -----
    Temporal means that every operation of the other data falls in a later calendar year than all of development's.
    """
    same = development.definition.sha256 == other.definition.sha256
    if not same or "year" not in development.frame or "year" not in other.frame:
        return "external"
    return "temporal" if other.frame["year"].min() > development.frame["year"].max() else "external"


def _prepare(study: Study, registry: Registry, validate_on: Mapping[str, Registry]) -> Prepared:
    outcomes = build_outcomes(study, registry.definition, registry.columns)
    check_study(study, registry)
    if DEVELOPMENT in validate_on:
        raise StudyError(f"a dataset to validate on must not be called {DEVELOPMENT!r}; rename it")
    for name, other in validate_on.items():
        if other.fingerprint == registry.fingerprint:
            raise StudyError(
                f"data to validate on must be other data than those of development, got the same in {name!r}"
            )
    datasets = (
        Dataset(name=DEVELOPMENT, registry=registry),
        *(
            Dataset(name=name, registry=other, validation=name_validation(registry, other))
            for name, other in validate_on.items()
        ),
    )
    everyone = {dataset.name: _build_cohorts(dataset, outcomes, study) for dataset in datasets}
    cohorts = everyone[DEVELOPMENT]
    skipped = {name: reason for name, cohort in cohorts.items() if (reason := reason_to_skip(cohort, study))}
    if len(skipped) == len(cohorts):
        reasons = "\n".join(f"  {name}: {reason}" for name, reason in skipped.items())
        raise StudyError(f"at least one outcome must have enough events, none has:\n{reasons}")
    analysed = {name: cohort for name, cohort in cohorts.items() if name not in skipped}
    for cohort in analysed.values():
        refuse_leaks(cohort)
    variants, varied = _prepare_variants(study, datasets[0], analysed)
    return Prepared(
        datasets=datasets, outcomes=outcomes, everyone=everyone, skipped=skipped, variants=variants, varied=varied
    )


def _prepare_variants(
    study: Study, development: Dataset, analysed: Mapping[str, Cohort]
) -> tuple[tuple[Variant, ...], dict[str, Cohort]]:
    """Build the sensitivity analyses that differ from the analysis itself and can be fitted, with their cohorts."""
    registry = development.registry
    asked = build_variants(study, registry.definition, registry.columns)
    varied = _build_cohorts(development, {variant.outcome.name: variant.outcome for variant in asked}, study)
    picked = pick_variants(asked, analysed, varied, suppress_below=study.suppress_below)
    kept = tuple(one for one in picked if not reason_to_skip(varied[one.outcome.name], study))
    return kept, {one.outcome.name: varied[one.outcome.name] for one in kept}


def _build_cohorts(dataset: Dataset, outcomes: Mapping[str, Outcome], study: Study) -> dict[str, Cohort]:
    try:
        return {name: build_cohort(dataset.registry, outcome, study) for name, outcome in outcomes.items()}
    except StudyError as error:
        raise StudyError(f"{dataset.registry.source}: {error}") from None


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
    folds = make(cohort.y, cohort.patient, plan=study.split, seed=study.seed, outcome=name)
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
    small = study.suppress_below
    evaluation = evaluate_fold_predictions(
        predictions,
        thresholds=thresholds,
        threshold_sets=named_sets,
        subgroups=study.subgroups,
        seed=study.seed,
        suppress_below=small,
    )
    comparison = compare_fold_predictions(
        predictions,
        reference=study.reference,
        thresholds=thresholds,
        threshold_sets=named_sets,
        seed=study.seed,
        suppress_below=small,
    )
    return evaluation, comparison, compute_curves(predictions, thresholds=thresholds, suppress_below=small)


def _silent(done: int, total: int, text: str) -> None:
    """Tell nobody."""
