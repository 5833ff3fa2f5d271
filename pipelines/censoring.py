"""Inverse probability of censoring weights, by Kaplan-Meier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

LEAST_PROBABILITY = 0.1
"""Weights are truncated at 1 / this: a patient stands for at most ten."""


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
        """Return each patient's weight.

        Parameters
        ----------
        y
            1, 0 or NaN (unknown by the horizon), shape (n,).
        time_days
            Day of the first event of any cause or of the end of follow-up, shape (n,).
        horizon_days
            The horizon.

        Returns
        -------
        ndarray of float, shape (n,)
            1/G(T-) for an event of any cause by the horizon, 1/G(H-) for those followed past it, 0 for the censored.

        Notes
        -----
        Censoring is taken to be independent of the outcome; G is estimated without predictors. Weights are truncated
        at ``1 / LEAST_PROBABILITY``.
        """
        still = self.still_followed_before(np.minimum(time_days, float(horizon_days)))
        return np.where(np.isfinite(y), 1.0 / np.maximum(still, LEAST_PROBABILITY), 0.0)


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
