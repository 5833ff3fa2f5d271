"""Refits: the whole pipeline developed anew on resamples of the patients, for the optimism and the stability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from outcomes.cohort import Cohort, learn_threshold
from pipelines.fit import FittedPipeline, TrainingPart, choose_knots, fit_pipeline, fit_settled, prepare_training
from pipelines.folds import Plan, add_arm
from pipelines.intervals import CountArray, FloatArray, IntArray
from pipelines.models import MACHINE_LEARNING, MODELS, has_arm, list_learners
from pipelines.refitting.refitted import Refitted
from pipelines.seeds import child_seed
from pipelines.tuning import Tuned
from schemas.errors import InputError
from schemas.study import Study

USUAL_RESAMPLES = 200
MOST_PATIENTS = 5000
"""Patients of known outcome up to which the reference is refitted without being asked for."""

FAILURES = (InputError, ArithmeticError, np.linalg.LinAlgError)
"""What a fit raises where a resample does not carry it: one outcome only, no value of a predictor, no solution."""

Settled = Mapping[tuple[str, str], Tuned]
"""What was chosen for the final models, by outcome and model."""


@dataclass(frozen=True, kw_only=True)
class RefitTask:
    """One resample of one outcome and the models that are refitted on it.

    With `settled`, by model, nothing is searched: the settings are those of the final models.
    """

    outcome: str
    models: tuple[str, ...]
    resample: int
    settled: Mapping[str, Tuned] | None = None


@dataclass(frozen=True, kw_only=True)
class RefitResult:
    """Predictions for all operations of known outcome, shape (n,), by outcome and model; failed models are absent."""

    predicted: Mapping[tuple[str, str], FloatArray]


def count_resamples(study: Study, cohort: Cohort) -> dict[str, int]:
    """Return how often each model is refitted, models that are not left out.

    Notes
    -----
    The reference is refitted ``bootstrap.resamples`` times (unless the study says otherwise `USUAL_RESAMPLES` times up
    to `MOST_PATIENTS` patients of known outcome). Only where the study asks for the stability so are the other
    regression models, and the others ``bootstrap.resamples_of_others`` times, which then is the least for all.
    """
    plan = study.bootstrap
    usual = USUAL_RESAMPLES if len(set(cohort.patient[cohort.counted])) <= MOST_PATIENTS else 0
    often = usual if plan.resamples is None else plan.resamples
    few = plan.resamples_of_others if plan.stability else 0
    models = study.all_models if plan.stability else (study.reference,)
    wanted = {name: max(often, few) if MODELS[name].family == "regression" else few for name in models}
    return {name: n for name, n in wanted.items() if n}


def list_refit_tasks(study: Study, cohorts: Mapping[str, Cohort], settled: Settled | None = None) -> list[RefitTask]:
    """List the refits of every outcome, those of most models first.

    Parameters
    ----------
    study
        The plan.
    cohorts
        Patients by outcome.
    settled
        What was chosen for the final models, the machine-learning arm among them; needed where the study holds the
        tuning fixed.

    Raises
    ------
    InputError
        If the tuning is to be held fixed and `settled` is absent.
    """
    fixed = study.bootstrap.tuning == "fixed"
    if fixed and settled is None:
        raise InputError("refits with fixed tuning must be given the settings of the final models, got none")
    tasks = []
    for outcome, cohort in cohorts.items():
        wanted = count_resamples(study, cohort)
        own = {model: tuned for (name, model), tuned in (settled or {}).items() if name == outcome}
        tasks += [
            RefitTask(
                outcome=outcome,
                models=tuple(name for name, n in wanted.items() if resample < n),
                resample=resample,
                settled=own if fixed else None,
            )
            for resample in range(max(wanted.values(), default=0))
        ]
    return sorted(tasks, key=lambda task: -len(task.models))


def draw_counts(seed: int, outcome: str, resample: int, patient: np.ndarray) -> CountArray:
    """Draw patients with replacement, as many as there are.

    Parameters
    ----------
    seed
        The study's seed.
    outcome, resample
        What the draw is named after: every model meets the same.
    patient
        Patient of each operation, shape (n,).

    Returns
    -------
    ndarray of int, shape (n,)
        How often the patient of each operation was drawn; whatever the order of the operations.
    """
    codes = np.unique(patient.astype(str), return_inverse=True)[1]
    n_patients = int(codes.max()) + 1
    rng = np.random.default_rng(child_seed(seed, "refit", outcome, resample))
    counts = np.bincount(rng.integers(0, n_patients, size=n_patients), minlength=n_patients)
    return np.asarray(counts[codes], dtype=np.uint8)


def work_refit(plan: Plan, task: RefitTask) -> RefitResult:
    """Develop the models of a task on its resample and let them predict all operations of known outcome.

    Parameters
    ----------
    plan
        Study and cohorts.
    task
        Which outcome, models and resample.

    Returns
    -------
    RefitResult

    Notes
    -----
    A patient who is drawn twice is there twice, with all operations, and always on one side of the inner folds.
    Everything that the final model learned is learned again: an outcome's threshold, imputation, knots, weights of
    unknown outcomes, settings, calibration. With multiple imputation every resample has one draw of what is missing, as
    the model of the first imputation has, with which the refits are compared.
    The machine-learning arm is there where all its learners are.
    """
    whole = plan.cohorts[task.outcome]
    counts = draw_counts(plan.study.seed, task.outcome, task.resample, whole.patient)
    rows = np.repeat(np.arange(len(counts)), counts)
    cohort = learn_threshold(whole, rows)
    try:
        training = prepare_training(
            cohort,
            rows,
            n_knots=choose_knots(cohort),
            inner_folds=plan.study.split.inner_folds,
            seed=_name_seed(plan, task),
            missing=plan.study.missing,
        )
    except FAILURES:
        return RefitResult(predicted={})
    return RefitResult(predicted=_predict_all(plan, task, training, cohort))


def join_refits(
    study: Study, cohorts: Mapping[str, Cohort], results: Iterable[tuple[RefitTask, RefitResult]]
) -> dict[tuple[str, str], Refitted]:
    """Join the refits by outcome and model, thresholds derived from a score among the outcomes.

    Parameters
    ----------
    study, cohorts
        As in `list_refit_tasks`.
    results
        Tasks and results, in any order.

    Returns
    -------
    dict of Refitted
        A model of which every refit failed has no resample.
    """
    ordered = sorted(results, key=lambda pair: pair[0].resample)
    found: dict[tuple[str, str], Refitted] = {}
    for outcome, cohort in cohorts.items():
        own = [(task, result) for task, result in ordered if task.outcome == outcome]
        counted = find_counted(cohort)
        for model in dict.fromkeys(name for task, _ in own for name in _name_models(task)):
            asked = [(task, result) for task, result in own if model in _name_models(task)]
            names = dict.fromkeys((outcome, *(key[0] for _, result in asked for key in result.predicted)))
            for name in names:
                found[name, model] = _join(study, cohort, counted, asked, (name, model))
    return found


def find_counted(cohort: Cohort) -> IntArray:
    """Return the positions of the operations of known outcome, as all patients together define it."""
    return np.flatnonzero(learn_threshold(cohort, np.arange(len(cohort.y))).counted)


def _join(
    study: Study,
    cohort: Cohort,
    counted: IntArray,
    asked: list[tuple[RefitTask, RefitResult]],
    key: tuple[str, str],
) -> Refitted:
    made = [(task, result.predicted[key]) for task, result in asked if key in result.predicted]
    drawn = [draw_counts(study.seed, task.outcome, task.resample, cohort.patient)[counted] for task, _ in made]
    return Refitted(
        tuning=study.bootstrap.tuning,
        row_id=cohort.row_id[counted],
        resample=np.array([task.resample for task, _ in made], dtype=np.int64),
        predicted=np.array([own for _, own in made]).reshape(len(made), counted.size),
        counts=np.array(drawn, dtype=np.uint8).reshape(len(made), counted.size),
        n_resamples=len(asked),
    )


def _name_seed(plan: Plan, task: RefitTask, *names: str) -> int:
    return child_seed(plan.study.seed, "refit", task.outcome, task.resample, "fit", *names)


def _name_models(task: RefitTask) -> tuple[str, ...]:
    return (*task.models, MACHINE_LEARNING) if has_arm(task.models) else task.models


def _predict_all(
    plan: Plan, task: RefitTask, training: TrainingPart, cohort: Cohort
) -> dict[tuple[str, str], FloatArray]:
    """Return what each model that could be fitted predicts, by outcome and model."""
    pipelines = {}
    for name in task.models:
        try:
            pipelines[name] = _fit(plan, task, name, training)
        except FAILURES:
            continue
    counted = find_counted(plan.cohorts[task.outcome])
    encoded = training.learned.preprocessor.encode(cohort.X.iloc[counted])
    return {
        (outcome, model): predicted
        for model, pipeline in _choose_arm(task, pipelines).items()
        for outcome, predicted in _predict(pipeline, cohort, counted, encoded, task.outcome).items()
    }


def _fit(plan: Plan, task: RefitTask, name: str, training: TrainingPart) -> FittedPipeline:
    seed, study = _name_seed(plan, task, name), plan.study
    if task.settled is None:
        return fit_pipeline(
            MODELS[name], training, trials=study.tuning.trials, seed=seed, calibration=study.calibration
        )
    params = task.settled[name].params
    return fit_settled(MODELS[name], training, params=params, seed=seed, calibration=study.calibration)


def _choose_arm(task: RefitTask, pipelines: dict[str, FittedPipeline]) -> dict[str, FittedPipeline]:
    """Set the machine-learning arm beside the models; with fixed tuning the learner is that of the final model."""
    if not has_arm(task.models) or not set(list_learners(task.models)) <= set(pipelines):
        return pipelines
    if task.settled is None:
        return add_arm(pipelines)
    return {**pipelines, MACHINE_LEARNING: pipelines[task.settled[MACHINE_LEARNING].learner]}


def _predict(
    pipeline: FittedPipeline, cohort: Cohort, rows: IntArray, encoded: FloatArray, outcome: str
) -> dict[str, FloatArray]:
    """Return risks, or scores and the probabilities of the thresholds that are derived from them, by outcome."""
    predicted = pipeline.predict_encoded(encoded)
    if pipeline.forecast is None:
        return {outcome: predicted}
    baseline = cohort.basis[pipeline.forecast.score.baseline].to_numpy(dtype=np.float64)[rows]
    return {outcome: predicted, **pipeline.forecast.probabilities(predicted, baseline)}
