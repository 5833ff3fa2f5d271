"""Weights by which patients of known outcome stand for those of unknown outcome, fitted on training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from outcomes.cohort import Cohort
from pipelines.follow_up.censoring import (
    LEAST_PROBABILITY,
    CensoringByPredictors,
    CensoringModel,
    fit_censoring,
    fit_censoring_by_predictors,
)
from pipelines.intervals import BoolArray, FloatArray, IntArray
from pipelines.learners.linear_models import LogisticFit, fit_ridge
from pipelines.preprocess import Preprocessor

RESPONSE_PENALTY = 1e-3
"""Ridge penalty of the response model, on the scale of the mean log loss."""


class Observation(Protocol):
    """What makes weights for the rows of a cohort."""

    def weigh(self, cohort: Cohort, rows: IntArray) -> FloatArray:
        """Return the weight of each row, shape (n,); 0 where the outcome does not count (`Cohort.counted`)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Unweighted:
    """Every patient of known outcome stands for one."""

    def weigh(self, cohort: Cohort, rows: IntArray) -> FloatArray:
        """Return 1, or 0 where the outcome does not count; shape (n,)."""
        return cohort.counted[rows].astype(np.float64)


@dataclass(frozen=True, kw_only=True)
class Censored:
    """Patients followed long enough stand for those lost before the horizon, whoever they are."""

    model: CensoringModel
    horizon_days: int

    def weigh(self, cohort: Cohort, rows: IntArray) -> FloatArray:
        """Return the inverse probability of having been followed, 0 where the outcome is unknown; shape (n,)."""
        assert cohort.time_days is not None
        return self.model.weights(cohort.y[rows], cohort.time_days[rows], horizon_days=self.horizon_days)


@dataclass(frozen=True, kw_only=True)
class CensoredByPredictors:
    """Patients followed long enough stand for those like them who were lost before the horizon."""

    preprocessor: Preprocessor
    model: CensoringByPredictors
    horizon_days: int

    def weigh(self, cohort: Cohort, rows: IntArray) -> FloatArray:
        """Return the inverse probability of having been followed given the predictors; 0 where unknown; shape (n,)."""
        assert cohort.time_days is not None
        X = self.preprocessor.design("splines", self.preprocessor.encode(cohort.X.iloc[rows]))
        return self.model.weights(X, cohort.y[rows], cohort.time_days[rows], horizon_days=self.horizon_days)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Patients who answered stand for those like them who did not; whom an event settled stand for themselves."""

    preprocessor: Preprocessor
    model: LogisticFit

    def weigh(self, cohort: Cohort, rows: IntArray) -> FloatArray:
        """Return the inverse probability of an answer given the predictors, 1 where settled, else 0; shape (n,)."""
        encoded = self.preprocessor.encode(cohort.X.iloc[rows])
        probability = self.model.predict(self.preprocessor.design("splines", encoded))
        stands_for = np.where(_find_settled(cohort, rows), 1.0, 1.0 / np.maximum(probability, LEAST_PROBABILITY))
        return np.where(cohort.counted[rows], stands_for, 0.0)


def fit_observation(cohort: Cohort, rows: IntArray, preprocessor: Preprocessor) -> Observation:
    """Fit what makes the weights on the training rows of a cohort.

    Parameters
    ----------
    cohort
        The patients of one outcome.
    rows
        Positions of the training rows, shape (n,).
    preprocessor
        Fitted on the same rows.

    Notes
    -----
    Of an outcome by a horizon the end of follow-up is modelled, by Kaplan-Meier or by the study's predictors
    (``cohort.censoring``); of any other, whether the outcome is answered, by the study's predictors, for whatever
    reason it is not. Whom an event settles (a reoperation that counts as a failure) is known for certain: such patients
    weigh 1, and the model is of the others, P(answered | predictors, not settled). Both models have the design and a
    small fixed ridge penalty, so that a level in which everyone is known, or no one, does no harm. Sites are no
    predictors of either unless the study has them.
    """
    if cohort.outcome.follow_up:
        return _fit_censored(cohort, rows, preprocessor)
    asked = rows[~_find_settled(cohort, rows)]
    answered = cohort.counted[asked].astype(np.float64)
    if answered.all() or not answered.any():
        return Unweighted()
    X = preprocessor.design("splines", preprocessor.encode(cohort.X.iloc[asked]))
    fit = fit_ridge(X, answered, np.ones(len(answered)), {"penalty": RESPONSE_PENALTY}, 0)
    return Answered(preprocessor=preprocessor, model=fit)


def _find_settled(cohort: Cohort, rows: IntArray) -> BoolArray:
    return np.zeros(len(rows), dtype=np.bool_) if cohort.settled is None else cohort.settled[rows]


def _fit_censored(cohort: Cohort, rows: IntArray, preprocessor: Preprocessor) -> Observation:
    assert cohort.outcome.follow_up
    assert cohort.time_days is not None
    assert cohort.cause is not None
    time, ended = cohort.time_days[rows], cohort.cause[rows] > 0
    horizon = cohort.outcome.follow_up.horizon_days
    if cohort.censoring == "by_predictors":
        X = preprocessor.design("splines", preprocessor.encode(cohort.X.iloc[rows]))
        model = fit_censoring_by_predictors(X, time, ended)
        if model is not None:
            return CensoredByPredictors(preprocessor=preprocessor, model=model, horizon_days=horizon)
    return Censored(model=fit_censoring(time, ended), horizon_days=horizon)
