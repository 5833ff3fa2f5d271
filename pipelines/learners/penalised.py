"""Penalised logistic and linear regression over a path of penalties: ridge, lasso and what lies between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import expit

Array = npt.NDArray[np.float64]

VIOLATION = 1e-9
"""Largest departure from the optimality conditions at which a fit is finished, in units of the mean log loss."""
STEP = 1e-10
"""A proposed step smaller than this in every coefficient ends the fit as well: rounding is reached."""
MAX_STEPS = 500
STALE = 0.1
"""The curvature is computed anew when a step leaves more than this share of the violation."""
SLACK = 1e-13
"""Rounding of the objective, below which two values count as equal."""


@dataclass(frozen=True, kw_only=True)
class PenaltyPath:
    """Coefficients along a path of k penalties: `intercepts` (k,), `coefficients` (k, p)."""

    intercepts: Array
    coefficients: Array


@dataclass(kw_only=True)
class _State:
    intercept: float
    coefficients: Array


def compute_logistic_path(
    X: Array, y: Array, weights: Array, *, penalties: tuple[float, ...], l1_ratio: float
) -> PenaltyPath:
    """Fit penalised logistic regressions, each started from the one before.

    Parameters
    ----------
    X
        Standardised design, shape (n, p).
    y
        Outcome, 0 or 1, shape (n,), both present.
    weights
        Row weights, shape (n,).
    penalties
        Penalties, best in descending order.
    l1_ratio
        Share of the absolute penalty in [0, 1]: 0 is ridge, 1 is lasso.

    Returns
    -------
    PenaltyPath

    Notes
    -----
    Minimises ``sum(w * loss) / sum(w) + penalty * [(1 - l1_ratio) / 2 * |b|^2 + l1_ratio * |b|_1]`` with a free
    intercept, by Newton steps on the loss with the penalty kept exact (proximal Newton) and step halving, so that
    every step lowers the objective. The curvature is reused while it serves: it costs ten times a gradient.

    The fit ends where the conditions of optimality hold to `VIOLATION` or rounding is reached.
    """
    problem = _LogLoss(X, y, weights)
    rate = float(problem.weights @ y)
    start = _State(intercept=float(np.log(rate / (1 - rate))), coefficients=np.zeros(X.shape[1]))
    return _follow(problem, start, penalties=penalties, l1_ratio=l1_ratio)


def compute_linear_path(
    X: Array, y: Array, weights: Array, *, penalties: tuple[float, ...], l1_ratio: float
) -> PenaltyPath:
    """Fit penalised linear regressions, each started from the one before.

    Parameters
    ----------
    X, weights, penalties, l1_ratio
        As in `compute_logistic_path`.
    y
        Numbers, shape (n,), not all the same.

    Returns
    -------
    PenaltyPath

    Notes
    -----
    Minimises ``sum(w * z^2) / (8 * sum(w)) + penalty * [(1 - l1_ratio) / 2 * |b|^2 + l1_ratio * |b|_1]`` with
    ``z = (y - intercept - X b) / s`` and the coefficients in units of s, the weighted standard deviation of y. An
    eighth: a row's curvature is then 1/4, that of the log loss at a risk of one half, so that the same penalties span
    the same range of shrinkage in both regressions.
    """
    centre = float(np.average(y, weights=weights))
    spread = float(np.sqrt(np.average((y - centre) ** 2, weights=weights)))
    problem = _SquaredLoss(X, (y - centre) / spread, weights)
    start = _State(intercept=0.0, coefficients=np.zeros(X.shape[1]))
    path = _follow(problem, start, penalties=penalties, l1_ratio=l1_ratio)
    return PenaltyPath(intercepts=centre + spread * path.intercepts, coefficients=spread * path.coefficients)


def _follow(problem: _Problem, state: _State, *, penalties: tuple[float, ...], l1_ratio: float) -> PenaltyPath:
    """Go from one penalty to the next."""
    curvature = _Curvature(problem, problem.mean(state))
    intercepts, coefficients = [], []
    for penalty in penalties:
        curvature = _descend(problem, state, curvature, l1=penalty * l1_ratio, l2=penalty * (1 - l1_ratio))
        intercepts.append(state.intercept)
        coefficients.append(state.coefficients.copy())
    return PenaltyPath(intercepts=np.array(intercepts), coefficients=np.array(coefficients))


class _Problem(Protocol):
    """A weighted mean loss of a linear predictor, convex and smooth."""

    X: Array
    y: Array
    weights: Array

    def objective(self, state: _State, *, l1: float, l2: float) -> float:
        """Return loss and penalty."""
        ...

    def mean(self, state: _State) -> Array:
        """Return the expected outcome of each row, shape (n,)."""
        ...

    def gradient(self, mean: Array) -> tuple[float, Array]:
        """Return the gradient for the intercept and the coefficients."""
        ...

    def spread(self, mean: Array) -> Array:
        """Return the second derivative of each row's loss by its linear predictor, shape (n,)."""
        ...


class _LogLoss:
    """The weighted mean log loss of a linear predictor."""

    def __init__(self, X: Array, y: Array, weights: Array) -> None:
        self.X = X
        self.y = y
        self.weights: Array = weights / weights.sum()

    def objective(self, state: _State, *, l1: float, l2: float) -> float:
        eta = state.intercept + self.X @ state.coefficients
        loss = float(self.weights @ (np.logaddexp(0.0, eta) - self.y * eta))
        b = state.coefficients
        return loss + l1 * float(np.abs(b).sum()) + l2 / 2 * float(b @ b)

    def mean(self, state: _State) -> Array:
        risk: Array = expit(state.intercept + self.X @ state.coefficients)
        return risk

    def gradient(self, mean: Array) -> tuple[float, Array]:
        residual = self.weights * (mean - self.y)
        return float(residual.sum()), self.X.T @ residual

    def spread(self, mean: Array) -> Array:
        return self.weights * mean * (1 - mean)


class _SquaredLoss:
    """An eighth of the weighted mean squared distance from a linear predictor."""

    def __init__(self, X: Array, y: Array, weights: Array) -> None:
        self.X = X
        self.y = y
        self.weights: Array = weights / weights.sum()

    def objective(self, state: _State, *, l1: float, l2: float) -> float:
        b = state.coefficients
        loss = float(self.weights @ (self.mean(state) - self.y) ** 2) / 8
        return loss + l1 * float(np.abs(b).sum()) + l2 / 2 * float(b @ b)

    def mean(self, state: _State) -> Array:
        mean: Array = state.intercept + self.X @ state.coefficients
        return mean

    def gradient(self, mean: Array) -> tuple[float, Array]:
        residual = self.weights * (mean - self.y) / 4
        return float(residual.sum()), self.X.T @ residual

    def spread(self, mean: Array) -> Array:
        return self.weights / 4


class _Curvature:
    """Second derivatives of the loss, with the intercept profiled out, in the form of their eigenvectors."""

    def __init__(self, problem: _Problem, mean: Array) -> None:
        spread = np.maximum(problem.spread(mean), np.finfo(float).tiny)
        self.total = float(spread.sum())
        self.means: Array = (problem.X.T @ spread) / self.total
        products = problem.X.T @ (problem.X * spread[:, None])
        self.hessian: Array = products - self.total * np.outer(self.means, self.means)
        values, self.vectors = np.linalg.eigh(self.hessian)
        self.values: Array = np.maximum(values, 0.0)

    def minimise(self, b: Array, slope: Array, *, l1: float, l2: float) -> Array:
        """Return the minimum of the quadratic model plus penalty around `b`, where the loss has gradient `slope`."""
        if l1 == 0:
            step: Array = self.vectors @ ((self.vectors.T @ (slope + l2 * b)) / (self.values + l2))
            return b - step
        return self._active_set(b, self.hessian @ b - slope, l1=l1, l2=l2)

    def _active_set(self, b: Array, linear: Array, *, l1: float, l2: float) -> Array:
        """Minimise ``v' H v / 2 - linear' v`` plus penalty exactly: solve for known signs, then let signs change.

        The search of Lee et al. 2007 (feature-sign): a coefficient that would cross 0 stops there and rests; of those
        at rest the one that breaks its condition most is let in. The objective falls at each step, so it ends.
        """
        system = self.hessian + (l2 + SLACK) * np.eye(len(b))
        found, signs = b.copy(), np.sign(b)
        for _ in range(20 * len(b) + 20):
            active = np.flatnonzero(signs)
            goal = np.zeros_like(found)
            goal[active] = np.linalg.solve(system[np.ix_(active, active)], linear[active] - l1 * signs[active])
            turned = np.flatnonzero(goal * signs < 0)
            if turned.size:
                shares = found[turned] / (found[turned] - goal[turned])
                found = found + shares.min() * (goal - found)
                stopped = turned[shares == shares.min()]
                found[stopped] = signs[stopped] = 0.0
                continue
            found = goal
            slope = linear - system @ found
            excess = np.where(signs == 0, np.abs(slope) - l1, 0.0)
            worst = int(np.argmax(excess))
            if excess[worst] <= VIOLATION / 10:
                break
            signs[worst] = np.sign(slope[worst])
        return found


def _descend(problem: _Problem, state: _State, curvature: _Curvature, *, l1: float, l2: float) -> _Curvature:
    """Move `state` to the optimum of one penalty; return the curvature last used."""
    before = np.inf
    for _ in range(MAX_STEPS):
        mean = problem.mean(state)
        slope0, slope = problem.gradient(mean)
        violation = _violation(state, slope0, slope, l1=l1, l2=l2)
        if violation <= VIOLATION:
            break
        if STALE * before < violation:
            curvature = _Curvature(problem, mean)
        before = violation
        step = curvature.minimise(state.coefficients, slope - slope0 * curvature.means, l1=l1, l2=l2)
        step -= state.coefficients
        step0 = -slope0 / curvature.total - float(curvature.means @ step)
        if max(abs(step0), float(np.abs(step).max(initial=0.0))) <= STEP:
            break
        if not _move(problem, state, step0, step, l1=l1, l2=l2):
            break
    return curvature


def _violation(state: _State, slope0: float, slope: Array, *, l1: float, l2: float) -> float:
    """Return the largest departure from the optimality conditions."""
    b = state.coefficients
    total = slope + l2 * b
    active = np.abs(total + l1 * np.sign(b))
    resting = np.maximum(np.abs(total) - l1, 0.0)
    return max(abs(slope0), float(np.where(b != 0, active, resting).max(initial=0.0)))


def _move(problem: _Problem, state: _State, step0: float, step: Array, *, l1: float, l2: float) -> bool:
    """Take the step, halved until the objective is not higher; tell whether there was such a step."""
    start = _State(intercept=state.intercept, coefficients=state.coefficients)
    height = problem.objective(start, l1=l1, l2=l2)
    share = 1.0
    while share > 1e-10:
        state.intercept = start.intercept + share * step0
        state.coefficients = start.coefficients + share * step
        if problem.objective(state, l1=l1, l2=l2) <= height + SLACK:
            return True
        share /= 2
    state.intercept, state.coefficients = start.intercept, start.coefficients
    return False
