"""One training part, from raw predictors to a tuned, fitted model: the unit of resampling.

Everything that is learned (imputation, knots, scaling, censoring weights, settings) is learned here, from the rows
handed in and from no others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.follow_up.observation import Observation, fit_observation
from pipelines.forecast import Forecast
from pipelines.intervals import FloatArray, IntArray
from pipelines.models import Fitted, Form, Model
from pipelines.predictands import Predictand, predictand_of
from pipelines.preprocess import Missing, Preprocessor, fit_inner_preprocessor, fit_preprocessor
from pipelines.recalibration import Calibrator
from pipelines.seeds import child_seed
from pipelines.splits import assign_folds
from pipelines.tuning import Found, InnerFold, Params, Tuned, evaluate_settings, tune


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What was learned from training rows before any model: preprocessing, and who stands for whom."""

    preprocessor: Preprocessor
    observation: Observation


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows with a known outcome, encoded: (n, p) matrix, outcome and weights of mean 1."""

    encoded: FloatArray
    y: FloatArray
    weights: FloatArray


@dataclass(frozen=True, kw_only=True)
class TrainingPart:
    """A training part prepared once and shared by all models and all their trials."""

    predictand: Predictand
    learned: Learned
    part: Part
    inner: tuple[tuple[Learned, Part, Part], ...]
    n_train: int


@dataclass(frozen=True, kw_only=True)
class FittedPipeline:
    """A tuned and fitted model with the preprocessing that belongs to it, and of a score how it spreads.

    With a `calibrator` the fit's risks are recalibrated: that is what the pipeline predicts.
    """

    model: Model
    predictand: Predictand
    preprocessor: Preprocessor
    fitted: Fitted
    tuned: Tuned
    forecast: Forecast | None
    n_train: int
    calibrator: Calibrator | None = None

    @property
    def form(self) -> Form:
        """The model's form for the kind of outcome."""
        return self.predictand.form(self.model)

    def predict(self, X: pd.DataFrame) -> FloatArray:
        """Return predicted risks in [0, 1], or scores, shape (n,), from predictors as recorded."""
        return self.predict_encoded(self.preprocessor.encode(X))

    def predict_encoded(self, encoded: FloatArray) -> FloatArray:
        """Return predicted risks or scores from rows that `preprocessor` has encoded."""
        predicted = self.predictand.bound(self.fitted.predict(self.preprocessor.design(self.model.design, encoded)))
        return predicted if self.calibrator is None else self.calibrator.apply(predicted)


def choose_knots(cohort: Cohort) -> int:
    """Return the number of spline knots that a cohort affords: 3, 4 or 5; fixed for all of its folds."""
    informative = predictand_of(cohort.outcome).count_informative(cohort.y_counted)
    if informative < 100:
        return 3
    return 4 if informative <= 500 else 5


def prepare_training(
    cohort: Cohort, rows: IntArray, *, n_knots: int, inner_folds: int, seed: int, missing: Missing = "chained"
) -> TrainingPart:
    """Prepare a training part and its inner folds.

    Parameters
    ----------
    cohort
        The patients of one outcome.
    rows
        Positions of the training rows, shape (n,).
    n_knots
        Number of spline knots.
    inner_folds
        Number of inner folds; fewer where fewer patients are in the rarest stratum of the outcome.
    seed
        Seed of the inner folds and of draws of what is missing.
    missing
        What is made of missing predictors; see `pipelines.preprocess.Preprocessor`.
    """
    predictand = predictand_of(cohort.outcome)
    cohort = replace(cohort, X=_code_texts(cohort.X))
    learn = partial(_learn, cohort, n_knots=n_knots, missing=missing)
    learned = learn(rows, fit=fit_preprocessor, seed=child_seed(seed, "missing"))
    inner = partial(learn, fit=fit_inner_preprocessor)
    strata = predictand.strata(cohort.y_counted[rows])
    patients = cohort.patient[rows]
    n_folds = max(2, min(inner_folds, _count_rarest(strata, patients)))
    folds = assign_folds(strata, patients, n_folds=n_folds, seed=child_seed(seed, "inner folds"))
    return TrainingPart(
        predictand=predictand,
        learned=learned,
        part=_apply(learned, cohort, rows),
        inner=tuple(
            _inner(cohort, inner(rows[folds != k], seed=child_seed(seed, "missing", k)), rows, folds == k)
            for k in range(n_folds)
        ),
        n_train=int(np.isfinite(strata).sum()),
    )


def _code_texts(X: pd.DataFrame) -> pd.DataFrame:
    """Return the predictors with texts as codes of their levels: looked up once, and not in every encoding."""
    texts = [name for name in X if not pd.api.types.is_numeric_dtype(X[name].dtype)]
    return X.astype(dict.fromkeys(texts, "category"))


def fit_pipeline(
    model: Model, training: TrainingPart, *, trials: int, seed: int, calibration: str = "none"
) -> FittedPipeline:
    """Tune a model in the inner folds, fit it on the whole training part, and recalibrate it where that is asked for.

    Parameters
    ----------
    model
        Entry of the table of models.
    training
        The prepared training part.
    trials
        Number of trials of the search.
    seed
        Seed of the search and of the fit.
    calibration
        ``logistic``: a calibrator is fitted on the inner folds' held-out risks under the chosen settings; ``none``.
        A score has no calibrator.
    """
    folds = [_inner_fold(model, learned, train, held) for learned, train, held in training.inner]
    found = tune(model, training.predictand, folds, trials=trials, seed=child_seed(seed, "search"))
    return _finish(model, training, folds, found, seed=seed, calibration=calibration)


def fit_settled(
    model: Model, training: TrainingPart, *, params: Params, seed: int, calibration: str = "none"
) -> FittedPipeline:
    """Fit a model whose settings were chosen elsewhere; as `fit_pipeline` in all else."""
    folds = [_inner_fold(model, learned, train, held) for learned, train, held in training.inner]
    found = evaluate_settings(model, training.predictand, folds, params, seed=child_seed(seed, "search"))
    return _finish(model, training, folds, found, seed=seed, calibration=calibration)


def _finish(
    model: Model, training: TrainingPart, folds: list[InnerFold], found: Found, *, seed: int, calibration: str
) -> FittedPipeline:
    predictand = training.predictand
    y, weights = (np.concatenate([getattr(fold, name) for fold in folds]) for name in ("y_held", "weights_held"))
    held = np.concatenate(found.held)
    calibrator = predictand.learn_calibrator(y, held, weights) if calibration == "logistic" else None
    preprocessor = training.learned.preprocessor
    X = preprocessor.design(model.design, training.part.encoded)
    fit = predictand.form(model).fit
    fitted = fit(X, training.part.y, training.part.weights, found.tuned.params, child_seed(seed, "fit"))
    return FittedPipeline(
        model=model,
        predictand=predictand,
        preprocessor=preprocessor,
        fitted=fitted,
        tuned=found.tuned,
        forecast=predictand.learn_forecast(y, held, weights),
        n_train=training.n_train,
        calibrator=calibrator,
    )


def _count_rarest(strata: FloatArray, patients: npt.NDArray[np.object_]) -> int:
    """Return the number of patients in the rarest stratum of the outcome; 0 where it has one stratum only."""
    known = np.unique(strata[np.isfinite(strata)])
    if known.size < 2:
        return 0
    return min(len(set(patients[strata == stratum])) for stratum in known)


def _learn(
    cohort: Cohort, rows: IntArray, *, fit: Callable[..., Preprocessor], n_knots: int, missing: Missing, seed: int
) -> Learned:
    preprocessor = fit(
        cohort.X.iloc[rows], cohort.columns, n_knots=n_knots, missing=missing, seed=seed, counted=cohort.counted[rows]
    )
    return Learned(preprocessor=preprocessor, observation=fit_observation(cohort, rows, preprocessor))


def _apply(learned: Learned, cohort: Cohort, rows: IntArray) -> Part:
    known = rows[cohort.counted[rows]]
    weights = learned.observation.weigh(cohort, known)
    return Part(
        encoded=learned.preprocessor.encode(cohort.X.iloc[known]),
        y=cohort.y[known],
        weights=weights * len(known) / weights.sum(),
    )


def _inner(cohort: Cohort, learned: Learned, rows: IntArray, held: npt.NDArray[np.bool_]) -> tuple[Learned, Part, Part]:
    return learned, _apply(learned, cohort, rows[~held]), _apply(learned, cohort, rows[held])


def _inner_fold(model: Model, learned: Learned, train: Part, held: Part) -> InnerFold:
    design = learned.preprocessor.design
    return InnerFold(
        X_train=design(model.design, train.encoded),
        y_train=train.y,
        weights_train=train.weights,
        X_held=design(model.design, held.encoded),
        y_held=held.y,
        weights_held=held.weights,
    )
