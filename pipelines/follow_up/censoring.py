"""Inverse probability of censoring weights, by Kaplan-Meier or by predictors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipelines.follow_up.hazards import HazardFit, fit_cox
from pipelines.intervals import BoolArray, FloatArray

LEAST_PROBABILITY = 0.1
"""Weights are truncated at 1 / this: a patient stands for at most ten."""

CENSORING_PENALTY = 1e-3
"""Ridge penalty of the censoring model, on the scale of the mean log partial likelihood."""


@dataclass(frozen=True, kw_only=True)
class CensoringModel:
    """Probability of still being followed, a step function of the days since the operation."""

    days: FloatArray
    probability: FloatArray

    def still_followed_before(self, days: FloatArray) -> FloatArray:
        """G(t-): probability of being followed up to, not including, each day; shape (n,), in (0, 1]."""
        steps = np.concatenate([[1.0], self.probability])
        return np.asarray(steps[np.searchsorted(self.days, days, side="left")])

    def weights(self, y: FloatArray, time_days: FloatArray, *, horizon_days: int) -> FloatArray:
        """Return each patient's weight; see `weigh_by_censoring`."""
        still = self.still_followed_before(np.minimum(time_days, float(horizon_days)))
        return weigh_by_censoring(y, still)

    @property
    def median_days(self) -> float:
        """Median follow-up (reverse Kaplan-Meier): the first day after which half or fewer are followed, or NaN."""
        reached = self.probability <= 0.5
        return float(self.days[np.argmax(reached)]) if reached.any() else math.nan


@dataclass(frozen=True, kw_only=True)
class CensoringByPredictors:
    """Probability of still being followed given the predictors: Cox's model of the end of follow-up."""

    fit: HazardFit

    def weights(self, X: FloatArray, y: FloatArray, time_days: FloatArray, *, horizon_days: int) -> FloatArray:
        """Return each patient's weight from a design `X` of shape (n, p); see `weigh_by_censoring`."""
        spent = self.fit.spent(np.minimum(time_days, float(horizon_days)))
        # summed row by row, so that a patient gets the same weight alone or among others
        score = np.einsum("ij,j->i", X, self.fit.coefficients)
        return weigh_by_censoring(y, np.exp(-spent * np.exp(score)))


def weigh_by_censoring(y: FloatArray, still_followed: FloatArray) -> FloatArray:
    """Return the inverse probability of having been followed, 0 where the outcome is unknown; shape (n,).

    Parameters
    ----------
    y
        1, 0 or NaN (unknown by the horizon), shape (n,).
    still_followed
        Probability of being followed up to, not including, the day of the first event of any cause, or the horizon
        where that is earlier, shape (n,).

    Notes
    -----
    1/G(T-) for an event of any cause by the horizon, 1/G(H-) for those followed past it. Censoring is taken to be
    independent of the outcome (given the predictors). Weights are truncated at ``1 / LEAST_PROBABILITY``.
    """
    return np.where(np.isfinite(y), 1.0 / np.maximum(still_followed, LEAST_PROBABILITY), 0.0)


def describe_weights(weights: FloatArray) -> dict[str, float]:
    """Describe the weights of the patients of known outcome, those above 0.

    Returns
    -------
    dict
        ``mean_weight``, and ``largest_weight`` rounded to one decimal; ``effective_n``, the number of patients of equal
        weight who would say as much, ``sum(w)^2 / sum(w^2)``; ``percent_truncated``.
    """
    known = weights[weights > 0]
    if not known.size:
        return dict.fromkeys(("mean_weight", "largest_weight", "effective_n", "percent_truncated"), math.nan)
    return {
        "mean_weight": float(known.mean()),
        "largest_weight": round(float(known.max()), 1),
        "effective_n": float(known.sum() ** 2 / (known**2).sum()),
        "percent_truncated": 100.0 * count_truncated(known) / known.size,
    }


def count_truncated(weights: FloatArray) -> int:
    """Return how many weights are at the limit."""
    return int((weights >= (1.0 - 1e-12) / LEAST_PROBABILITY).sum())


def fit_censoring(time_days: FloatArray, ended_by_event: BoolArray) -> CensoringModel:
    """Fit the Kaplan-Meier estimate of remaining under follow-up.

    Parameters
    ----------
    time_days
        Day of the first event of any cause or of the end of follow-up, shape (n,), of training rows only.
    ended_by_event
        True where it was an event, shape (n,).

    Returns
    -------
    CensoringModel

    Notes
    -----
    The end of follow-up is the event here. On the same day events come before ends of follow-up, so the patients with
    an event that day are no longer at risk of censoring.
    """
    order = np.argsort(time_days, kind="stable")
    days, starts = np.unique(time_days[order], return_index=True)
    ended = np.add.reduceat(ended_by_event[order].astype(np.float64), starts)
    all_ended = np.diff(np.append(starts, len(time_days))).astype(np.float64)
    at_risk = len(time_days) - starts - ended
    censored = all_ended - ended
    survival = np.where(at_risk > 0, 1.0 - censored / np.where(at_risk > 0, at_risk, 1.0), 1.0)
    return CensoringModel(days=days, probability=np.cumprod(survival, dtype=np.float64))


def fit_censoring_by_predictors(
    X: FloatArray, time_days: FloatArray, ended_by_event: BoolArray
) -> CensoringByPredictors | None:
    """Fit Cox's model of the end of follow-up, with the ridge `CENSORING_PENALTY`.

    Parameters
    ----------
    X
        Standardised design of the training rows, shape (n, p).
    time_days, ended_by_event
        As in `fit_censoring`.

    Returns
    -------
    CensoringByPredictors or None
        None where nobody's follow-up ended without an event.

    Notes
    -----
    On the same day events come before ends of follow-up, as in `fit_censoring`.
    """
    days, code = np.unique(time_days, return_inverse=True)
    fit = fit_cox(X, (2 * code + ~ended_by_event).astype(np.float64), ~ended_by_event, penalty=CENSORING_PENALTY)
    if fit is None:
        return None
    at = days[(fit.days // 2).astype(np.intp)]
    return CensoringByPredictors(
        fit=HazardFit(
            coefficients=fit.coefficients, covariance=fit.covariance, days=at, cumulative_hazard=fit.cumulative_hazard
        )
    )
