"""What is said of one patient's follow-up score beyond the mean: an interval, and the probability of a threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from outcomes.outcome import DerivedThreshold, Score
from outcomes.threshold_rules import reached
from schemas.specs import InstrumentSpec, ThresholdSpec

FloatArray = npt.NDArray[np.float64]

POINTS = 199
"""Most points that stand for the distribution around a prediction."""
LEAST_PER_POINT = 5
"""Each point is a mean over at least this many patients' residuals: no single patient's is kept."""
GROUPS = 5
LEAST_PER_GROUP = 250
"""The distribution differs between groups of predicted scores where each has this many patients."""
COVERAGE = 0.9
STEPS = (10.0, 5.0, 2.5, 2.0, 1.0, 0.5, 0.25, 0.2, 0.1, 0.05, 0.01, 0.001)
ON_GRID = 0.95
"""Share of the scores that must lie on a grid for it to count as the score's own."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Spread:
    """How far scores lie from their predicted mean.

    Parameters
    ----------
    low, high
        Range of the instrument.
    step
        Distance between possible scores; 0 where they lie on no grid.
    centres
        Mean prediction of each group of patients, increasing, shape (g,).
    residuals
        Observed minus predicted in each group, as k equally likely points in ascending order, shape (g, k).
    """

    low: float
    high: float
    step: float
    centres: FloatArray
    residuals: FloatArray

    def bound(self, mean: FloatArray) -> FloatArray:
        """Keep predicted scores, shape (n,), inside the instrument's range."""
        return np.clip(mean, self.low, self.high)

    def interval(self, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the ends of the interval that holds 90 per cent of scores, shape (n,) each."""
        at = (np.arange(self.residuals.shape[1]) + 0.5) / self.residuals.shape[1]
        ends = [
            np.array([np.interp(share, at, row) for row in self.residuals])
            for share in ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)
        ]
        lower, upper = (self.bound(mean + np.interp(mean, self.centres, end)) for end in ends)
        return lower, upper

    def probability(self, mean: FloatArray, met: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """Return the share of the points at which `met` holds, shape (n,); NaN where it cannot be told.

        Notes
        -----
        A share of none or all of the k points is known only to half a point, and is moved in by so much.
        """
        k = self.residuals.shape[1]
        total = np.zeros(len(mean))
        for column in self.residuals.T:
            total += met(self._round(mean + np.interp(mean, self.centres, column)))
        return np.asarray(np.clip(total / k, 0.5 / k, 1 - 0.5 / k))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict; floats survive the round trip exactly."""
        return {
            "low": self.low,
            "high": self.high,
            "step": self.step,
            "centres": self.centres.tolist(),
            "residuals": self.residuals.tolist(),
        }

    def _round(self, scores: FloatArray) -> FloatArray:
        if self.step:
            scores = self.low + self.step * np.round((scores - self.low) / self.step)
        return self.bound(scores)


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """What a model of a score says beyond the mean: which score, and how scores spread around the prediction."""

    score: Score
    spread: Spread

    def probabilities(self, mean: FloatArray, baseline: FloatArray) -> dict[str, FloatArray]:
        """Return the probability of each derived threshold by its name, shape (n,); NaN where the baseline is."""
        return {
            derived.name: self.spread.probability(mean, partial(self.met, baseline=baseline, derived=derived))
            for derived in self.score.derived
        }

    def describe(self, mean: FloatArray, baseline: FloatArray) -> dict[str, FloatArray]:
        """Return predicted score, ends of its interval, and probabilities, by the name of their column."""
        lower, upper = self.spread.interval(mean)
        return {"y_pred": mean, "y_low": lower, "y_high": upper, **self.probabilities(mean, baseline)}

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict."""
        return {
            "instrument": self.score.instrument.model_dump(),
            "baseline": self.score.baseline,
            "follow_up": self.score.follow_up,
            "derived": [
                {
                    "name": derived.name,
                    "title": derived.title,
                    "threshold_set": derived.threshold_set,
                    "rule": derived.rule,
                    "desirable": derived.desirable,
                    "attainable_only": derived.attainable_only,
                    "threshold": derived.threshold.model_dump(),
                }
                for derived in self.score.derived
            ],
            "spread": self.spread.to_json(),
        }

    def met(self, scores: FloatArray, *, baseline: FloatArray, derived: DerivedThreshold) -> FloatArray:
        """Return whether scores reach a threshold, shape (n,): 1, 0, or NaN where a score that it needs is unknown."""
        before = baseline if derived.threshold.needs_baseline else np.zeros_like(scores)
        return reached(before, scores, instrument=self.score.instrument, threshold=derived.threshold)


def forecast_from_json(values: Mapping[str, Any]) -> Forecast:
    """Build a forecast from what `Forecast.to_json` returned."""
    derived = tuple(
        DerivedThreshold(**{**entry, "threshold": ThresholdSpec.model_validate(entry["threshold"])})
        for entry in values["derived"]
    )
    spread = values["spread"]
    return Forecast(
        score=Score(
            instrument=InstrumentSpec.model_validate(values["instrument"]),
            baseline=values["baseline"],
            follow_up=values["follow_up"],
            derived=derived,
        ),
        spread=Spread(
            low=spread["low"],
            high=spread["high"],
            step=spread["step"],
            centres=np.array(spread["centres"], dtype=np.float64),
            residuals=np.array(spread["residuals"], dtype=np.float64),
        ),
    )


def fit_spread(y: FloatArray, mean: FloatArray, weights: FloatArray, *, low: float, high: float) -> Spread:
    """Learn how scores spread around predictions that were made without them.

    Parameters
    ----------
    y
        Scores, shape (n,).
    mean
        Their predictions by models that did not see them (held-out inner folds), inside the range, shape (n,).
    weights
        Row weights, above 0, shape (n,).
    low, high
        Range of the instrument.

    Returns
    -------
    Spread

    Notes
    -----
    Near the ends of its range a score spreads less and to one side. So patients are cut into up to `GROUPS` groups of
    equal size by their prediction, and between the groups' centres the points are interpolated; beyond the outermost
    centres they are those of the outermost group. Each point is the weighted mean over an equal share of a group's
    sorted residuals. What is added to a prediction is clipped to the range; for the probability of a threshold it is
    also rounded to the score's own grid, without which a threshold met exactly would be missed by half a step. The
    residuals come from models fitted on fewer patients than the final one: they are slightly too wide rather than
    too narrow.
    """
    groups = _cut(mean)
    sizes = np.bincount(groups)
    k = int(np.clip(sizes.min() // LEAST_PER_POINT, 1, POINTS))
    residual = y - mean
    rows = [groups == group for group in range(len(sizes))]
    return Spread(
        low=low,
        high=high,
        step=find_step(y, low=low),
        centres=np.array([np.average(mean[own], weights=weights[own]) for own in rows]),
        residuals=np.array([_average_shares(residual[own], weights[own], k) for own in rows]),
    )


def find_step(y: FloatArray, *, low: float) -> float:
    """Return the widest grid from `low` on which nearly all scores lie, or 0.

    Examples
    --------
    >>> import numpy as np
    >>> find_step(np.array([0.0, 14.0, 38.0, 22.0]), low=0.0), find_step(np.array([0.1, 3.14159]), low=0.0)
    (2.0, 0.0)
    """
    for step in STEPS:
        places = (y - low) / step
        if np.mean(np.abs(places - np.round(places)) < 1e-6) >= ON_GRID:
            return step
    return 0.0


def _cut(mean: FloatArray) -> npt.NDArray[np.int64]:
    """Return the group of each row by its prediction, from 0 without gaps."""
    groups = int(np.clip(len(mean) // LEAST_PER_GROUP, 1, GROUPS))
    edges = np.quantile(mean, np.linspace(0, 1, groups + 1)[1:-1])
    return np.unique(np.searchsorted(np.unique(edges), mean, side="right"), return_inverse=True)[1].astype(np.int64)


def _average_shares(values: FloatArray, weights: FloatArray, k: int) -> FloatArray:
    """Return the weighted means of k equal shares of the sorted values, shape (k,)."""
    order = np.argsort(values, kind="stable")
    share = np.concatenate([[0.0], np.cumsum(weights[order])]) / weights.sum()
    total = np.concatenate([[0.0], np.cumsum(weights[order] * values[order])]) / weights.sum()
    return np.asarray(k * np.diff(np.interp(np.arange(k + 1) / k, share, total)))
