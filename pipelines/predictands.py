"""The two kinds of what is predicted, a risk and a score: which form of a model, by which loss, in which strata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from outcomes.outcome import Outcome, Score
from pipelines.forecast import Forecast, fit_spread
from pipelines.intervals import FloatArray
from pipelines.measures.overall import clip_probability
from pipelines.models import Form, Model
from pipelines.recalibration import Calibrator, fit_calibrator

STRATA = 5
"""Folds of a score are stratified by fifths of it."""


class Predictand(Protocol):
    """What the steps of fitting ask about the kind of outcome; arrays have shape (n,)."""

    def form(self, model: Model) -> Form:
        """Return the model's form for this kind."""
        ...

    def loss(self, y: FloatArray, predicted: FloatArray, weights: FloatArray) -> float:
        """Return the weighted mean loss that settings are chosen by."""
        ...

    def bound(self, predicted: FloatArray) -> FloatArray:
        """Return predictions inside the range that they can have."""
        ...

    def strata(self, y: FloatArray) -> FloatArray:
        """Return what folds are stratified by: whole numbers from 0, NaN where unknown."""
        ...

    def count_informative(self, y: FloatArray) -> int:
        """Return the number of patients that limits how much can be learned."""
        ...

    def learn_forecast(self, y: FloatArray, held: FloatArray, weights: FloatArray) -> Forecast | None:
        """Learn from held-out predictions what is said beyond the prediction itself, where there is such a thing."""
        ...

    def learn_calibrator(self, y: FloatArray, held: FloatArray, weights: FloatArray) -> Calibrator | None:
        """Learn from held-out predictions how to put the next ones right, where that is defined."""
        ...


@dataclass(frozen=True, kw_only=True)
class RiskPredictand:
    """An outcome that occurs or not."""

    def form(self, model: Model) -> Form:
        """Return the form that gives risks."""
        return model.risk

    def loss(self, y: FloatArray, predicted: FloatArray, weights: FloatArray) -> float:
        """Return the weighted mean log loss."""
        p = clip_probability(predicted)
        losses = -(y * np.log(p) + (1 - y) * np.log1p(-p))
        return float(np.average(losses, weights=weights))

    def bound(self, predicted: FloatArray) -> FloatArray:
        """Return the risks as they are: every model keeps them inside (0, 1)."""
        return predicted

    def strata(self, y: FloatArray) -> FloatArray:
        """Return the outcome itself."""
        return y

    def count_informative(self, y: FloatArray) -> int:
        """Return the events or the non-events, whichever are fewer."""
        return min(int(np.sum(y == 1)), int(np.sum(y == 0)))

    def learn_forecast(self, y: FloatArray, held: FloatArray, weights: FloatArray) -> Forecast | None:
        """Return None: a risk is the whole distribution."""
        return None

    def learn_calibrator(self, y: FloatArray, held: FloatArray, weights: FloatArray) -> Calibrator | None:
        """Learn a logistic recalibration."""
        return fit_calibrator(y, held, weights)


@dataclass(frozen=True, kw_only=True)
class ScorePredictand:
    """A score on the range of its instrument."""

    score: Score

    def form(self, model: Model) -> Form:
        """Return the form that gives points."""
        return model.score

    def loss(self, y: FloatArray, predicted: FloatArray, weights: FloatArray) -> float:
        """Return the weighted mean squared error of predictions kept inside the range."""
        return float(np.average((y - self.bound(predicted)) ** 2, weights=weights))

    def bound(self, predicted: FloatArray) -> FloatArray:
        """Return points inside the instrument's range."""
        return np.clip(predicted, self.score.instrument.low, self.score.instrument.high)

    def strata(self, y: FloatArray) -> FloatArray:
        """Return the fifth of the known scores that each lies in; fewer where scores are tied."""
        edges = np.unique(np.nanquantile(y, np.linspace(0, 1, STRATA + 1)[1:-1]))
        return np.where(np.isnan(y), np.nan, np.searchsorted(edges, y, side="left"))

    def count_informative(self, y: FloatArray) -> int:
        """Return the number of known scores."""
        return int(np.isfinite(y).sum())

    def learn_forecast(self, y: FloatArray, held: FloatArray, weights: FloatArray) -> Forecast | None:
        """Learn how scores spread around predictions that were made without them."""
        instrument = self.score.instrument
        spread = fit_spread(y, self.bound(held), weights, low=instrument.low, high=instrument.high)
        return Forecast(score=self.score, spread=spread)

    def learn_calibrator(self, y: FloatArray, held: FloatArray, weights: FloatArray) -> Calibrator | None:
        """Return None: a predicted score is not recalibrated."""
        return None


RISK = RiskPredictand()


def predictand_of(outcome: Outcome) -> Predictand:
    """Return the kind of an outcome."""
    return ScorePredictand(score=outcome.score) if outcome.score else RISK
