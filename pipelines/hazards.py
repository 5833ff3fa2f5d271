"""Cox's proportional hazards model of one cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipelines.intervals import BoolArray, FloatArray

MAX_STEPS = 50
MAX_HALVINGS = 20
TOLERANCE = 1e-10
LARGEST_CONDITION = 1e13


@dataclass(frozen=True, kw_only=True)
class HazardFit:
    """Coefficients (p,), their covariance (p, p), and the cumulative hazard where all predictors are 0, by day (k,)."""

    coefficients: FloatArray
    covariance: FloatArray
    days: FloatArray
    cumulative_hazard: FloatArray

    def spent(self, days: FloatArray) -> FloatArray:
        """Return the cumulative hazard before, not at, each day where all predictors are 0; same shape as `days`."""
        steps = np.concatenate([[0.0], self.cumulative_hazard])
        return np.asarray(steps[np.searchsorted(self.days, days, side="left")])


@dataclass(frozen=True, kw_only=True)
class _Derivatives:
    """Log partial likelihood, its gradient (p,), minus its second derivatives (p, p), and hazard steps (events,)."""

    value: float
    gradient: FloatArray
    information: FloatArray
    steps: FloatArray


def fit_cox(X: FloatArray, time: FloatArray, event: BoolArray, *, penalty: float = 0.0) -> HazardFit | None:
    """Fit Cox's proportional hazards model, ties after Efron.

    Parameters
    ----------
    X
        Predictors without a constant, shape (n, p).
    time
        Day of the event or of the end of follow-up, shape (n,).
    event
        Whether it was the event, shape (n,); any other cause ends follow-up.
    penalty
        Of the ridge ``penalty / 2 * sum(coefficients^2)``, beside the mean log partial likelihood.

    Returns
    -------
    HazardFit or None
        None where there is no event, or the maximum does not exist or is not unique. The covariance is the inverse of
        the information, the penalty included.

    References
    ----------
    Efron B. J Am Stat Assoc 1977;72:557-565.
    """
    if not event.any():
        return None
    order = np.argsort(time, kind="stable")
    rows = _Ordered(X=X[order], time=time[order], event=event[order])
    found = _maximise(rows.differentiate, X.shape[1], penalty * len(time))
    if found is None:
        return None
    coefficients, inverse, steps = found
    return HazardFit(
        coefficients=coefficients, covariance=inverse, days=rows.time[rows.event], cumulative_hazard=np.cumsum(steps)
    )


class _Ordered:
    """Rows in order of time, and where each one stands among the events."""

    def __init__(self, *, X: FloatArray, time: FloatArray, event: BoolArray) -> None:
        self.X, self.time, self.event = X, time, event
        days = time[event]
        self.at_risk_from = np.searchsorted(time, days, side="left")
        first = np.searchsorted(days, days, side="left")
        self.starts, self.day = np.unique(first, return_inverse=True)
        self.share = (np.arange(days.size) - first) / (np.searchsorted(days, days, side="right") - first)
        """Efron: of the events of one day, the share that is no longer at risk."""
        self.last = np.searchsorted(days, time, side="right")
        """Number of events up to each row's own day."""

    def differentiate(self, coefficients: FloatArray) -> _Derivatives:
        """Return the log partial likelihood and its derivatives."""
        score = self.X @ coefficients
        shift = score.max()
        risk = np.exp(score - shift)
        total = self._at_risk(risk)
        mean = self._at_risk(risk[:, None] * self.X) / total[:, None]
        steps = 1.0 / total
        spent = np.concatenate([[0.0], np.cumsum(steps)])[self.last]
        spent[self.event] -= self._own(self.share * steps)
        own = self.X[self.event]
        return _Derivatives(
            value=float((score[self.event] - shift - np.log(total)).sum()),
            gradient=(own - mean).sum(axis=0),
            information=(self.X * (risk * spent)[:, None]).T @ self.X - mean.T @ mean,
            steps=steps * np.exp(-shift),
        )

    def _at_risk(self, values: FloatArray) -> FloatArray:
        """Sum of those at risk at each event, less Efron's share of those who have it that day; shape (events, ...)."""
        later = np.cumsum(values[::-1], axis=0)[::-1][self.at_risk_from]
        share = self.share.reshape(-1, *([1] * (values.ndim - 1)))
        return np.asarray(later - share * self._own(values[self.event]))

    def _own(self, values: FloatArray) -> FloatArray:
        """Sum over the events of the same day, for each event."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=0)[self.day])


def _maximise(
    differentiate: Callable[[FloatArray], _Derivatives], p: int, penalty: float
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Return coefficients, the inverse of the information, and hazard steps, by Newton's method with halving."""
    coefficients: FloatArray = np.zeros(p)
    now = differentiate(coefficients)
    for _ in range(MAX_STEPS):
        information = now.information + penalty * np.eye(p)
        if not np.linalg.cond(information) < LARGEST_CONDITION:
            return None
        step = np.linalg.solve(information, now.gradient - penalty * coefficients)
        if np.max(np.abs(step), initial=0.0) < TOLERANCE * (1 + np.max(np.abs(coefficients), initial=0.0)):
            return coefficients, np.asarray(np.linalg.inv(information)), now.steps
        best = now.value - penalty / 2 * coefficients @ coefficients
        for _ in range(MAX_HALVINGS):
            moved = coefficients + step
            now = differentiate(moved)
            if now.value - penalty / 2 * moved @ moved >= best - 1e-9 * abs(best):
                break
            step = step / 2
        coefficients = moved
    return None
