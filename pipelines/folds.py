"""The work of one fold: every model tuned and fitted on its training rows, then asked about the held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.cohort import Cohort, learn_threshold
from pipelines.explain import Explanation, explain
from pipelines.fit import FittedPipeline, choose_knots, fit_pipeline, prepare_training
from pipelines.intervals import IntArray
from pipelines.models import MODELS
from pipelines.predictions import FINAL_FOLD, build_predictions
from pipelines.seeds import child_seed
from pipelines.tuning import Tuned
from schemas.study import Study

EXPLAINED_ROWS = 2000
"""At most this many held-out patients are explained per outcome, spread evenly over the folds."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What every fold's work reads: the study and the cohorts by outcome."""

    study: Study
    cohorts: Mapping[str, Cohort]


@dataclass(frozen=True, kw_only=True)
class FoldTask:
    """One fold of one outcome and the models that are fitted on it; the final fit has fold -1 and no held-out rows."""

    outcome: str
    models: tuple[str, ...]
    repeat: int
    fold: int
    train: IntArray
    test: IntArray
    explained: bool = True


@dataclass(frozen=True, kw_only=True)
class ExplainedRows:
    """Held-out rows of one fold and what each predictor contributed to their predictions."""

    fold: int
    row_id: npt.NDArray[np.object_]
    X: pd.DataFrame
    explanation: Explanation


@dataclass(frozen=True, kw_only=True)
class FoldResult:
    """What one fold gave: predictions of all models, settings and explanations by model."""

    predictions: pd.DataFrame
    tuned: Mapping[str, Tuned]
    explained: Mapping[str, ExplainedRows]
    pipelines: Mapping[str, FittedPipeline]


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
    """
    study, cohort = plan.study, learn_threshold(plan.cohorts[task.outcome], task.train)
    place = (task.outcome, task.repeat, task.fold)
    training = prepare_training(
        cohort,
        task.train,
        n_knots=choose_knots(cohort),
        inner_folds=study.split.inner_folds,
        seed=child_seed(study.seed, *place),
    )
    final = task.fold == FINAL_FOLD
    rows = task.train if final else task.test
    weights = training.learned.observation.weigh(cohort, rows)
    encoded = training.learned.preprocessor.encode(cohort.X.iloc[rows])
    pipelines = {
        name: fit_pipeline(
            MODELS[name], training, trials=study.tuning.trials, seed=child_seed(study.seed, *place, name)
        )
        for name in task.models
    }
    tables = [
        build_predictions(
            cohort, rows, model=name, predicted=pipeline.predict_encoded(encoded), forecast=pipeline.forecast,
            weights=weights, n_train=pipeline.n_train, validation="apparent" if final else "internal",
            repeat=task.repeat, fold=task.fold,
        )
        for name, pipeline in pipelines.items()
    ]  # fmt: skip
    return FoldResult(
        predictions=pd.concat(tables, ignore_index=True),
        tuned={name: pipeline.tuned for name, pipeline in pipelines.items()},
        explained={} if final or task.repeat or not task.explained else _explain_rows(plan, task, pipelines),
        pipelines=pipelines if final else {},
    )


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
            explanation=explain(pipeline.form, pipeline.model.design, pipeline.fitted, pipeline.preprocessor, encoded),
        )
        for name, pipeline in pipelines.items()
    }
