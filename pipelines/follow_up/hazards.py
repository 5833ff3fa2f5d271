"""Proportional hazards: Cox's model of one cause, and Fine and Gray's of a cumulative incidence.

A study uses Cox's model for the censoring; Fine and Gray's is for an analyst who wants a second opinion on a study's
absolute risks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipelines.intervals import BoolArray, FloatArray, IntArray

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


def fit_fine_gray(
    X: FloatArray, time: FloatArray, cause: IntArray, still_followed: FloatArray, *, of: int = 1
) -> HazardFit | None:
    """Fit Fine and Gray's proportional hazards of a cumulative incidence, ties after Breslow.

    Parameters
    ----------
    X
        Predictors without a constant, shape (n, p).
    time
        Day of the first event of any cause or of the end of follow-up, shape (n,).
    cause
        0 the end of follow-up, else the cause, shape (n,).
    still_followed
        Probability of being followed up to, not including, each patient's day (`CensoringModel`), shape (n,).
    of
        The cause of interest.

    Returns
    -------
    HazardFit or None
        As of `fit_cox`; the covariance is robust and has the censoring as estimated.

    Notes
    -----
    Who has had a competing event stays at risk with the probability of being followed still, given that he was on the
    day of that event.

    References
    ----------
    Fine JP, Gray RJ. J Am Stat Assoc 1999;94:496-509.
    """
    order = np.lexsort((cause == 0, time))
    rows = _SubDistribution(X[order], time[order], cause[order], still_followed[order], of)
    if not rows.event.any():
        return None
    found = _maximise(rows.differentiate, X.shape[1], 0.0)
    if found is None:
        return None
    coefficients, inverse, steps = found
    scores = rows.compute_scores(coefficients, steps)
    return HazardFit(
        coefficients=coefficients,
        covariance=inverse @ (scores.T @ scores) @ inverse,
        days=rows.time[rows.event],
        cumulative_hazard=np.cumsum(steps),
    )


class _SubDistribution:
    """Rows in order of time, ends of follow-up last within a day."""

    def __init__(self, X: FloatArray, time: FloatArray, cause: IntArray, followed: FloatArray, of: int) -> None:
        self.X, self.time, self.followed = X, time, followed
        self.event, self.competing, self.censored = cause == of, (cause != of) & (cause != 0), cause == 0
        days = time[self.event]
        self.at_risk_from = np.searchsorted(time, days, side="left")
        self.last = np.searchsorted(days, time, side="right")
        self.weight = followed[self.event]

    def differentiate(self, coefficients: FloatArray) -> _Derivatives:
        """Return the log partial likelihood and its derivatives."""
        score = self.X @ coefficients
        shift = score.max()
        risk = np.exp(score - shift)
        total, mean = self._means(risk)
        steps = 1.0 / total
        spent = self._spent(steps)
        return _Derivatives(
            value=float((score[self.event] - shift - np.log(total)).sum()),
            gradient=(self.X[self.event] - mean).sum(axis=0),
            information=(self.X * (risk * spent)[:, None]).T @ self.X - mean.T @ mean,
            steps=steps * np.exp(-shift),
        )

    def compute_scores(self, coefficients: FloatArray, steps: FloatArray) -> FloatArray:
        """Return each row's contribution to the score, with that of the estimated censoring; shape (n, p)."""
        risk = np.exp(self.X @ coefficients)
        _, mean = self._means(risk)
        hazard = self._spent(steps)
        scores = -risk[:, None] * (self.X * hazard[:, None] - self._spent(steps[:, None] * mean))
        scores[self.event] += self.X[self.event] - mean
        return scores + self._censoring_scores(risk, steps, mean)

    def _means(self, risk: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the sum of risks at each event and the mean of the predictors, so weighted."""
        columns = np.column_stack([risk, risk[:, None] * self.X])
        sums = np.cumsum(columns[::-1], axis=0)[::-1][self.at_risk_from]
        sums = sums + self.weight[:, None] * self._had_other(columns)[self.at_risk_from]
        return sums[:, 0], sums[:, 1:] / sums[:, :1]

    def _had_other(self, columns: FloatArray) -> FloatArray:
        """Sum over the competing events before each row, over the probability of being followed then; (n + 1, p)."""
        weighted = np.where(self.competing, 1.0 / self.followed, 0.0)[:, None] * columns
        return np.concatenate([np.zeros((1, columns.shape[1])), np.cumsum(weighted, axis=0)])

    def _spent(self, steps: FloatArray) -> FloatArray:
        """Sum of steps in which each row was at risk, with its weights; shape (n, ...)."""
        zero = np.zeros((1, *steps.shape[1:]))
        upto = np.concatenate([zero, np.cumsum(steps, axis=0)])[self.last]
        share = self.weight.reshape(-1, *([1] * (steps.ndim - 1)))
        weighted = np.concatenate([zero, np.cumsum(share * steps, axis=0)])
        later = weighted[-1] - weighted[self.last]
        factor = np.where(self.competing, 1.0 / self.followed, 0.0).reshape(-1, *([1] * (steps.ndim - 1)))
        return np.asarray(upto + factor * later)

    def _censoring_scores(self, risk: FloatArray, steps: FloatArray, mean: FloatArray) -> FloatArray:
        """Return what each row's own censoring moves in the weights of those who had a competing event; (n, p)."""
        at_risk = np.arange(len(self.time), 0, -1, dtype=np.float64)
        weighted = (self.weight * steps)[:, None] * np.column_stack([np.ones_like(steps), mean])
        left = np.concatenate([np.cumsum(weighted[::-1], axis=0)[::-1], np.zeros((1, weighted.shape[1]))])
        first = np.searchsorted(self.time[self.event], self.time, side="left")
        before = self._had_other(np.column_stack([risk, risk[:, None] * self.X]))
        before = before[np.searchsorted(self.time, self.time, side="left")]
        pull = left[first][:, :1] * before[:, 1:] - left[first][:, 1:] * before[:, :1]
        own = np.where(self.censored, 1.0, 0.0)[:, None] * pull / at_risk[:, None]
        # those censored on one day are at risk together: each is counted out after the one before him
        return np.asarray(own - np.cumsum(own / at_risk[:, None], axis=0))
