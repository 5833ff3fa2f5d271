"""What is said of one patient's follow-up score beyond the mean: an interval, and the probability of a threshold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from outcomes.outcome import BoolArray, DerivedThreshold, Score
from outcomes.threshold_rules import attainable, reached
from pipelines.intervals import FloatArray
from schemas.specs import InstrumentSpec, ThresholdSpec

POINTS = 199
"""Most points that stand for the distribution around a prediction."""
LEAST_PER_POINT = 5
"""Each point is a mean over at least this many patients' residuals: no single patient's is kept."""
GROUPS = 5
LEAST_PER_GROUP = 250
"""The distribution differs between groups of predicted scores where each has this many patients."""
COVERAGE = 0.9
"""Of the interval, half of the rest on either side; with fewer than 19 patients no score is far enough out for it."""
COARSE, FINE = 20, 1000
"""Parts of the range to which an end of the interval is rounded, outward: so that no patient's residual is kept, the
coarse ones where fewer than `LEAST_PER_POINT` patients lie at the end or beyond."""
STEPS = (10.0, 5.0, 2.5, 2.0, 1.0, 0.5, 0.25, 0.2, 0.1, 0.05, 0.01, 0.001)
RANK_SLACK = 1e-9
"""Rounding by which a share may miss a level that it meets."""
LEFT_OUT = "such patients were left out"
NOT_REACHED = "such patients count as not having reached it"
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
    below, above
        How far the ends of the interval lie from the prediction in each group, shape (g,); NaN where the group has too
        few patients.
    """

    low: float
    high: float
    step: float
    centres: FloatArray
    residuals: FloatArray
    below: FloatArray
    above: FloatArray

    def bound(self, mean: FloatArray) -> FloatArray:
        """Keep predicted scores, shape (n,), inside the instrument's range."""
        return np.clip(mean, self.low, self.high)

    def interval(self, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the ends of the interval that holds 90 per cent of scores, shape (n,) each; NaN from too few."""
        lower, upper = (self.bound(mean + np.interp(mean, self.centres, end)) for end in (self.below, self.above))
        return lower, upper

    def probability(self, mean: FloatArray, met: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """Return the share of the points at which `met` holds, shape (n,); NaN where it cannot be told.

        Notes
        -----
        Points that cannot be judged are left out of the share. A share of none or all of the k points is known only to
        half a point, and is moved in by so much: with fewer than ten points (50 patients) no probability lies below
        0.05 or above 0.95.
        """
        k = self.residuals.shape[1]
        total, judged = np.zeros(len(mean)), np.zeros(len(mean))
        for column in self.residuals.T:
            found = met(self._round(mean + np.interp(mean, self.centres, column)))
            total += np.nan_to_num(found)
            judged += np.isfinite(found)
        share = np.divide(total, judged, out=np.full(len(mean), np.nan), where=judged > 0)
        return np.asarray(np.clip(share, 0.5 / k, 1 - 0.5 / k))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict; floats survive the round trip exactly."""
        return {
            "low": self.low,
            "high": self.high,
            "step": self.step,
            "centres": self.centres.tolist(),
            "residuals": self.residuals.tolist(),
            "below": [float(end) if np.isfinite(end) else None for end in self.below],
            "above": [float(end) if np.isfinite(end) else None for end in self.above],
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
        """Return predicted score, ends of its interval, and probabilities, by the name of their column.

        Notes
        -----
        Where the study left out whom the baseline gives no room, their probability of that threshold is NaN.
        """
        lower, upper = self.spread.interval(mean)
        probabilities = self.probabilities(mean, baseline)
        for derived in self.score.derived:
            if derived.attainable_only:
                without = self.has_no_room(baseline, derived)
                probabilities[derived.name] = np.where(without, np.nan, probabilities[derived.name])
        return {"y_pred": mean, "y_low": lower, "y_high": upper, **probabilities}

    def has_no_room(self, baseline: FloatArray, derived: DerivedThreshold) -> BoolArray:
        """Mark patients who cannot reach a threshold from their baseline, shape (n,); none of unknown baseline."""
        if not derived.threshold.needs_baseline:
            return np.zeros(len(baseline), dtype=np.bool_)
        room = attainable(baseline, instrument=self.score.instrument, threshold=derived.threshold)
        return np.asarray(np.isfinite(baseline) & ~room)

    def remark(self, baseline: FloatArray) -> list[str]:
        """Return for each patient which thresholds their baseline leaves no room for, and what was made of it."""
        remarks: list[list[str]] = [[] for _ in baseline]
        for derived in self.score.derived:
            made = LEFT_OUT if derived.attainable_only else NOT_REACHED
            for row in np.flatnonzero(self.has_no_room(baseline, derived)):
                remarks[row].append(f"{derived.name}: cannot be reached from the baseline; {made}")
        return ["; ".join(own) for own in remarks]

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
                    "published_c_statistic": derived.published_c_statistic,
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
    derived = tuple(_derived_from_json(entry) for entry in values["derived"])
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
            below=np.array(spread["below"], dtype=np.float64),
            above=np.array(spread["above"], dtype=np.float64),
        ),
    )


def _derived_from_json(values: Mapping[str, Any]) -> DerivedThreshold:
    published = values["published_c_statistic"]
    made = {
        "threshold": ThresholdSpec.model_validate(values["threshold"]),
        "published_c_statistic": None if published is None else (float(published[0]), float(published[1])),
    }
    return DerivedThreshold(**{**values, **made})


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

    An end of the interval is the residual of rank ``ceil((m + 1) * 0.95)`` of the m of a group, counted from the other
    side (of weighted rows, the next patient has the mean weight), rounded outward. So an interval holds at least 90 per
    cent of new scores however few the patients are, if they are like these.

    References
    ----------
    Lei J, G'Sell M, Rinaldo A, Tibshirani RJ, Wasserman L. J Am Stat Assoc 2018;113:1094-1111.
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
        below=-np.array([_find_end(-residual[own], weights[own], high - low) for own in rows]),
        above=np.array([_find_end(residual[own], weights[own], high - low) for own in rows]),
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


def _find_end(residuals: FloatArray, weights: FloatArray, width: float) -> float:
    """Return the residual that a new one exceeds with a probability of at most 5 per cent, rounded up; else NaN."""
    order = np.argsort(residuals, kind="stable")
    share = np.cumsum(weights[order]) / (weights.sum() + weights.mean())
    rank = int(np.searchsorted(share, (1 + COVERAGE) / 2 - RANK_SLACK))
    if rank == len(residuals):
        return math.nan
    part = width / (FINE if len(residuals) - rank >= LEAST_PER_POINT else COARSE)
    return float(part * np.ceil(residuals[order[rank]] / part - RANK_SLACK))


def _average_shares(values: FloatArray, weights: FloatArray, k: int) -> FloatArray:
    """Return the weighted means of k equal shares of the sorted values, shape (k,)."""
    order = np.argsort(values, kind="stable")
    share = np.concatenate([[0.0], np.cumsum(weights[order])]) / weights.sum()
    total = np.concatenate([[0.0], np.cumsum(weights[order] * values[order])]) / weights.sum()
    return np.asarray(k * np.diff(np.interp(np.arange(k + 1) / k, share, total)))
