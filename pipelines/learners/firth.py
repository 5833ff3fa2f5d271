"""Firth's logistic regression: estimates that stay finite under separation, with the intercept put right (FLIC)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import chi2

from pipelines.risk import check_outcome

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

MOST_STEPS = 500
SCORE = 1e-10
"""Largest modified score at which a fit is finished, per unit of standardised column."""
LONGEST = 5.0
"""No step changes the log-odds of a row by more."""
RANK = 1e-10
"""Singular values below this share of the largest one belong to columns that others make up."""
WIDEST = 60
"""So many standard errors from the estimate an interval is called open."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FirthFit:
    """A Firth fit of a design with p columns.

    Attributes
    ----------
    intercept
        The penalised estimate, whose mean risk is pulled towards one half.
    flic_intercept
        The intercept refitted by maximum likelihood with the slopes kept: the mean risk is the event rate.
    coefficients
        Slopes, shape (p,).
    standard_errors
        Of intercept and slopes, shape (p + 1,), from the inverse information at the estimate.
    log_likelihood
        Penalised log likelihood, ``l + log|I| / 2``.
    """

    intercept: float
    flic_intercept: float
    coefficients: Array
    standard_errors: Array
    log_likelihood: float


@dataclass(frozen=True, kw_only=True, eq=False)
class FirthProfile:
    """Of each slope: interval and test from the profile penalised likelihood; all arrays have shape (p,)."""

    lower: Array
    upper: Array
    chi_squared: Array
    p_value: Array


def compute_firth(X: Array, y: Array, weights: Array) -> FirthFit:
    """Fit a logistic regression by Firth's penalised likelihood.

    Parameters
    ----------
    X
        Design without the intercept, shape (n, p).
    y
        Outcome, 0 or 1, shape (n,), both present.
    weights
        Row weights, shape (n,), best of mean 1: unlike a likelihood alone, the estimate depends on their sum.

    Returns
    -------
    FirthFit

    Raises
    ------
    StudyError
        If all rows of positive weight have the same outcome.

    Notes
    -----
    Maximises ``sum(w l_i) + log|X' W X| / 2`` with ``W = w p (1 - p)``, by Newton steps on the modified score ``sum((w
    (y - p) + h (1/2 - p)) x)``, h the diagonal of the hat matrix, halved until the penalised likelihood does not fall.
    A column that is constant, or that others make up, takes no part of its own: of all slopes with the same risks
    those of the smallest length are returned, so that a constant column has 0.

    References
    ----------
    Firth 1993, Biometrika 80:27. Heinze & Schemper 2002, Stat Med 21:2409. Puhr 2017, Stat Med 36:2302 (FLIC).

    Examples
    --------
    >>> separated = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> fit = compute_firth(separated, np.array([0.0, 0.0, 1.0, 1.0]), np.ones(4))
    >>> bool(0 < fit.coefficients[0] < 3)
    True
    """
    check_outcome(y, weights)
    used = weights > 0
    X, y, weights = X[used], y[used], weights[used]
    mean, sd = _centre_and_scale(X)
    standardised = (X - mean) / sd
    basis, singular, turn = np.linalg.svd(np.column_stack([np.ones(len(y)), standardised]), full_matrices=False)
    kept = singular > RANK * singular[0]
    basis, singular, turn = basis[:, kept], singular[kept], turn[kept]
    found = _climb(basis, y, weights, np.zeros(int(kept.sum())), free=np.arange(int(kept.sum())))
    # from the basis back to the columns in their own units
    back = (turn.T / singular) / np.concatenate([[1.0], sd])[:, None]
    shift = np.concatenate([[1.0], -mean])
    back[0] = shift @ back
    estimate = back @ found.position
    covariance = back @ np.linalg.inv(found.information) @ back.T
    volume = float(np.log(singular).sum() + np.log(sd).sum())
    return FirthFit(
        intercept=float(estimate[0]),
        flic_intercept=_refit_intercept(X @ estimate[1:], y, weights),
        coefficients=estimate[1:],
        standard_errors=np.sqrt(np.diag(covariance)),
        log_likelihood=found.height + volume,
    )


def compute_firth_profile(X: Array, y: Array, weights: Array, *, level: float = 0.95) -> FirthProfile:
    """Return profile penalised-likelihood intervals and tests of the slopes.

    Parameters
    ----------
    X, y, weights
        As in `compute_firth`; no column of X may be constant or made up by others.
    level
        Coverage of the intervals.

    Returns
    -------
    FirthProfile
        An end is infinite where the profile does not fall far enough; NaN for columns that cannot be told apart.

    Notes
    -----
    The interval holds the values v with ``2 (l*(b) - max l*(b | b_j = v)) <= chi2(level, 1)``; the penalty keeps the
    fixed coefficient's column. The intercept has no profile.
    """
    check_outcome(y, weights)
    mean, sd = _centre_and_scale(X)
    D = np.column_stack([np.ones(len(y)), (X - mean) / sd])
    p = X.shape[1]
    if np.linalg.matrix_rank(D, tol=RANK * np.linalg.norm(D, 2)) < p + 1:
        nothing = np.full(p, math.nan)
        return FirthProfile(lower=nothing, upper=nothing, chi_squared=nothing, p_value=nothing)
    best = _climb(D, y, weights, np.zeros(p + 1), free=np.arange(p + 1))
    errors = np.sqrt(np.diag(np.linalg.inv(best.information)))
    drop = float(chi2.ppf(level, 1)) / 2
    profiles = [_Profile(D, y, weights, best, at=at, drop=drop) for at in range(1, p + 1)]
    ends = np.array([[one.find_end(way * errors[one.at]) for one in profiles] for way in (-1, 1)])
    tests = np.array([2 * (best.height - one.height(0.0)) for one in profiles])
    return FirthProfile(lower=ends[0] / sd, upper=ends[1] / sd, chi_squared=tests, p_value=chi2.sf(tests, 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Peak:
    """Where the penalised likelihood is highest, how high, and the information there."""

    position: Array
    height: float
    information: Array


class _Profile:
    """The highest penalised likelihood with one coefficient held at a value."""

    def __init__(self, D: Array, y: Array, weights: Array, best: _Peak, *, at: int, drop: float) -> None:
        self.D, self.y, self.weights, self.best, self.at, self.drop = D, y, weights, best, at, drop
        self.free = np.delete(np.arange(D.shape[1]), at)

    def height(self, value: float) -> float:
        """Return the penalised log likelihood with the coefficient at `value`."""
        start = self.best.position.copy()
        start[self.at] = value
        return _climb(self.D, self.y, self.weights, start, free=self.free).height

    def find_end(self, step: float) -> float:
        """Return the value on the side of `step` at which the likelihood has fallen by `drop`."""
        inner = float(self.best.position[self.at])
        for _ in range(WIDEST):
            outer = inner + step
            if self._excess(outer) <= 0:
                return float(brentq(self._excess, inner, outer, xtol=1e-10, rtol=1e-12))
            inner = outer
        return math.copysign(math.inf, step)

    def _excess(self, value: float) -> float:
        return self.height(value) - self.best.height + self.drop


def _climb(D: Array, y: Array, weights: Array, start: Array, *, free: Positions) -> _Peak:
    """Move the free coefficients of the design D to the highest penalised likelihood."""
    position, height = start.copy(), _penalised_likelihood(D, y, weights, start)
    for _ in range(MOST_STEPS):
        risk = expit(D @ position)
        information = _information(D, weights, risk)
        leverage = weights * risk * (1 - risk) * np.einsum("ij,ji->i", D, np.linalg.solve(information, D.T))
        score = (D.T @ (weights * (y - risk) + leverage * (0.5 - risk)))[free]
        if float(np.abs(score).max(initial=0.0)) <= SCORE:
            break
        step = np.zeros_like(position)
        step[free] = np.linalg.solve(information[np.ix_(free, free)], score)
        step *= min(1.0, LONGEST / float(np.abs(D @ step).max()))
        reached = _halve(D, y, weights, position, step, height)
        if reached is None:
            break
        position, height = reached
    return _Peak(position=position, height=height, information=_information(D, weights, expit(D @ position)))


def _halve(
    D: Array, y: Array, weights: Array, position: Array, step: Array, height: float
) -> tuple[Array, float] | None:
    """Take the step, halved until the penalised likelihood does not fall; None where rounding is reached."""
    share = 1.0
    while share > 1e-8:
        reached = _penalised_likelihood(D, y, weights, position + share * step)
        if reached >= height - 1e-13 * max(1.0, abs(height)):
            return position + share * step, reached
        share /= 2
    return None


def _penalised_likelihood(D: Array, y: Array, weights: Array, position: Array) -> float:
    log_odds = D @ position
    log_likelihood = float(weights @ (y * log_odds - np.logaddexp(0.0, log_odds)))
    sign, volume = np.linalg.slogdet(_information(D, weights, expit(log_odds)))
    return log_likelihood + float(volume) / 2 if sign > 0 else -math.inf


def _information(D: Array, weights: Array, risk: Array) -> Array:
    information: Array = D.T @ (D * (weights * risk * (1 - risk))[:, None])
    return information


def _refit_intercept(log_odds: Array, y: Array, weights: Array) -> float:
    """Return the intercept at which the weighted mean risk is the event rate, the rest of the log-odds kept."""
    events = float(weights @ y)
    start = math.log(events / (float(weights.sum()) - events))
    low, high = start - float(log_odds.max()) - 1e-6, start - float(log_odds.min()) + 1e-6
    return float(brentq(lambda a: float(weights @ expit(a + log_odds)) - events, low, high, xtol=1e-13, rtol=1e-14))


def _centre_and_scale(X: Array) -> tuple[Array, Array]:
    """Return means and standard deviations of the columns, shape (p,); 1 instead of 0 for a constant column."""
    mean, sd = X.mean(axis=0), X.std(axis=0)
    # a constant column keeps a rounding error instead of 0
    return mean, np.where(sd > 1e-10 * np.maximum(np.abs(mean), 1e-10), sd, 1.0)
