"""The work of one fold: every model tuned and fitted on its training rows, then asked about the held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.cohort import Cohort, learn_threshold
from pipelines.explain import Explanation, explain
from pipelines.fit import FittedPipeline, Learned, TrainingPart, choose_knots, fit_pipeline, prepare_training
from pipelines.follow_up.observation import Observation
from pipelines.follow_up.own_weights import fit_own_observation
from pipelines.intervals import IntArray
from pipelines.models import MACHINE_LEARNING, MODELS, has_arm, list_learners
from pipelines.predictions import FINAL_FOLD, build_predictions
from pipelines.seeds import child_seed
from pipelines.tuning import Tuned
from schemas.study import Study

EXPLAINED_ROWS = 2000
"""At most this many held-out patients are explained per outcome, spread evenly over the folds."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What every fold's work reads: the study and the cohorts by outcome.

    `simple` has, by outcome and comparator, the cohorts of what is fitted beside the models on a column of its own.
    """

    study: Study
    cohorts: Mapping[str, Cohort]
    simple: Mapping[str, Mapping[str, Cohort]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FoldTask:
    """One fold of one outcome and the models that are fitted on it; the final fit has fold -1 and no held-out rows.

    `validation` is internal or internal-external (a fold is a site then); `imputation` the draw of a multiple
    imputation.
    """

    outcome: str
    models: tuple[str, ...]
    repeat: int
    fold: int
    train: IntArray
    test: IntArray
    explained: bool = True
    validation: str = "internal"
    imputation: int = 0

    @property
    def is_final(self) -> bool:
        """Whether it is the fit on all rows."""
        return self.fold == FINAL_FOLD

    @property
    def place(self) -> tuple[str | int, ...]:
        """What its random numbers are named after."""
        further = () if self.validation == "internal" else (self.validation,)
        return (self.outcome, self.repeat, self.fold, *further, *((self.imputation,) if self.imputation else ()))


@dataclass(frozen=True, kw_only=True)
class ExplainedRows:
    """Held-out rows of one fold and what each predictor contributed to their predictions."""

    fold: int
    row_id: npt.NDArray[np.object_]
    X: pd.DataFrame
    explanation: Explanation


@dataclass(frozen=True, kw_only=True)
class FoldResult:
    """What one fold gave: predictions of all models, settings and explanations by model.

    Of the final fit `pipelines` are deployed, and `simple` are the comparators' fits, which are not.
    """

    predictions: pd.DataFrame
    tuned: Mapping[str, Tuned]
    explained: Mapping[str, ExplainedRows]
    pipelines: Mapping[str, FittedPipeline]
    simple: Mapping[str, FittedPipeline] = field(default_factory=dict)


def work_fold(plan: Plan, task: FoldTask) -> FoldResult:
    """Tune and fit every model of the study on the task's training rows.

    Parameters
    ----------
    plan
        Study and cohorts.
    task
        Which outcome and rows.

    Returns
    -------
    FoldResult
        Held-out predictions, or for the final fit the apparent ones together with the fitted models.

    Notes
    -----
    The models are fitted with the weights of the training rows. Held-out rows of a random fold are weighed by these
    too; the rows of a site that is left out are weighed by their own follow-up, as other data are.
    """
    study, cohort = plan.study, learn_threshold(plan.cohorts[task.outcome], task.train)
    training = _prepare(study, task, cohort)
    rows = task.train if task.is_final else task.test
    weights = _observe(task, cohort, training.learned).weigh(cohort, rows)
    encoded = training.learned.preprocessor.encode(cohort.X.iloc[rows])
    pipelines = {name: _fit(study, task, training, model=name, seeded=name) for name in task.models}
    simple = _fit_simple(plan, task, training)
    arms = add_arm(pipelines)
    predicted = {name: pipeline.predict_encoded(encoded) for name, pipeline in arms.items()}
    own = plan.simple.get(task.outcome, {})
    predicted |= {name: pipeline.predict(own[name].X.iloc[rows]) for name, pipeline in simple.items()}
    tables = [
        build_predictions(
            cohort, rows, model=name, predicted=predicted[name], forecast=pipeline.forecast,
            weights=weights, n_train=pipeline.n_train, validation="apparent" if task.is_final else task.validation,
            repeat=task.repeat, fold=task.fold, imputation=task.imputation,
        )
        for name, pipeline in {**arms, **simple}.items()
    ]  # fmt: skip
    return FoldResult(
        predictions=pd.concat(tables, ignore_index=True),
        tuned=_list_tuned(arms),
        explained=_explain_rows(plan, task, pipelines) if _is_explained(task) else {},
        pipelines=pipelines if task.is_final else {},
        simple=simple if task.is_final else {},
    )


def _observe(task: FoldTask, cohort: Cohort, learned: Learned) -> Observation:
    """Return what makes the weights of the rows that are predicted."""
    if task.validation == "internal":
        return learned.observation
    return fit_own_observation(cohort, task.test, learned.preprocessor, others=learned.observation)


def _prepare(study: Study, task: FoldTask, cohort: Cohort) -> TrainingPart:
    return prepare_training(
        cohort,
        task.train,
        n_knots=choose_knots(cohort),
        inner_folds=study.split.inner_folds,
        seed=child_seed(study.seed, *task.place),
        missing=study.missing,
    )


def _fit(study: Study, task: FoldTask, training: TrainingPart, *, model: str, seeded: str) -> FittedPipeline:
    return fit_pipeline(
        MODELS[model],
        training,
        trials=study.tuning.trials,
        seed=child_seed(study.seed, *task.place, seeded),
        calibration=study.calibration,
    )


def _fit_simple(plan: Plan, task: FoldTask, full: TrainingPart) -> dict[str, FittedPipeline]:
    """Fit the reference's procedure on the own column of each simple comparator, in the same inner folds.

    Notes
    -----
    Who stands for whom is learned from all of the study's predictors: the weights are those of the full training part.
    """
    study = plan.study
    if task.validation != "internal" or study.reference not in task.models:
        return {}
    fitted = {}
    for name, cohort in plan.simple.get(task.outcome, {}).items():
        training = _borrow_weights(_prepare(study, task, learn_threshold(cohort, task.train)), full)
        fitted[name] = _fit(study, task, training, model=study.reference, seeded=name)
    return fitted


def _borrow_weights(training: TrainingPart, full: TrainingPart) -> TrainingPart:
    """Give a training part the weights of another one of the same patients and inner folds."""
    inner = tuple(
        (learned, replace(train, weights=train_of.weights), replace(held, weights=held_of.weights))
        for (learned, train, held), (_, train_of, held_of) in zip(training.inner, full.inner, strict=True)
    )
    return replace(training, part=replace(training.part, weights=full.part.weights), inner=inner)


def add_arm(pipelines: Mapping[str, FittedPipeline]) -> dict[str, FittedPipeline]:
    """Set the machine-learning arm beside the models of a training part, where it has several learners.

    Notes
    -----
    The arm is the learner with the lowest inner loss in this training part; of equal ones the first in the study.
    """
    learners = list_learners(pipelines)
    if not has_arm(pipelines):
        return dict(pipelines)
    chosen = min(learners, key=lambda name: pipelines[name].tuned.inner_loss)
    return {**pipelines, MACHINE_LEARNING: pipelines[chosen]}


def _list_tuned(arms: Mapping[str, FittedPipeline]) -> dict[str, Tuned]:
    """Return the settings of each model; of the arm the learner alone, with the trials of all its learners."""
    tuned = {name: pipeline.tuned for name, pipeline in arms.items()}
    if MACHINE_LEARNING in arms:
        searches = [arms[name].tuned for name in list_learners(name for name in arms if name != MACHINE_LEARNING)]
        tuned[MACHINE_LEARNING] = replace(
            tuned[MACHINE_LEARNING],
            params={},
            learner=arms[MACHINE_LEARNING].model.name,
            # the arm has been searched as far as the learner that was searched least
            trials=min(search.trials for search in searches),
            late_gain=max(search.late_gain for search in searches),
        )
    return tuned


def _is_explained(task: FoldTask) -> bool:
    return task.explained and not (task.is_final or task.repeat or task.imputation)


def _explain_rows(plan: Plan, task: FoldTask, pipelines: Mapping[str, FittedPipeline]) -> dict[str, ExplainedRows]:
    """Explain an even share of the held-out rows, the same ones for every model."""
    cohort, study = plan.cohorts[task.outcome], plan.study
    known = task.test[cohort.counted[task.test]]
    share = min(len(known), EXPLAINED_ROWS // study.split.outer_folds)
    rng = np.random.default_rng(child_seed(study.seed, "explained rows", task.outcome, task.fold))
    rows = np.sort(rng.choice(known, size=share, replace=False))
    X = cohort.X.iloc[rows]
    encoded = next(iter(pipelines.values())).preprocessor.encode(X)
    return {
        name: ExplainedRows(
            fold=task.fold,
            row_id=cohort.row_id[rows],
            X=X,
            explanation=explain(
                pipeline.form,
                pipeline.model.design,
                pipeline.fitted,
                pipeline.preprocessor,
                encoded,
                calibrator=pipeline.calibrator,
            ),
        )
        for name, pipeline in pipelines.items()
    }
