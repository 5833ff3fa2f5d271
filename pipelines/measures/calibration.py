"""Mean and weak calibration: whether predicted risks add up, and whether they are too extreme or too modest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from pipelines.intervals import FloatArray, IntArray, Linear
from pipelines.measures.overall import LEAST_PROBABILITY, clip_probability

MAX_STEPS = 50
MAX_HALVINGS = 30
SAFE_STEP = 1.0
"""Change of the logit below which Newton's step needs no check of the likelihood."""
TOLERANCE = 1e-9
"""Largest last step, relative to the coefficients; Newton's next would be its square."""
LARGEST_CONDITION = 1e13


@dataclass(frozen=True, kw_only=True)
class LogisticFit:
    """Maximum likelihood fit of a logistic regression with few terms.

    `coefficients` (k,), `covariance` (k, k) from the model, `influence` (n, k) of every row on the coefficients.
    """

    coefficients: FloatArray
    covariance: FloatArray
    influence: FloatArray


def fit_logistic(
    design: FloatArray,
    y: FloatArray,
    weights: FloatArray,
    *,
    offset: FloatArray | None = None,
    start: FloatArray | None = None,
) -> LogisticFit | None:
    """Fit a logistic regression by Newton's method.

    Parameters
    ----------
    design
        Shape (n, k), the constant included.
    y, weights, offset
        Shape (n,).
    start
        Where Newton's method begins, shape (k,); by default at 0.

    Returns
    -------
    LogisticFit or None
        None where the maximum does not exist or is not unique: separated data, or terms that repeat one another.

    Notes
    -----
    The model's covariance takes the weights as relative: multiplying all of them by a number changes nothing.
    """
    offset = np.zeros_like(y) if offset is None else offset
    coefficients = np.zeros(design.shape[1]) if start is None else start
    for _ in range(MAX_STEPS):
        fitted = expit(design @ coefficients + offset)
        information = (design * (weights * fitted * (1 - fitted))[:, None]).T @ design
        if not np.linalg.cond(information) < LARGEST_CONDITION:
            return None
        step = np.linalg.solve(information, design.T @ (weights * (y - fitted)))
        if np.max(np.abs(step)) < TOLERANCE * (1 + np.max(np.abs(coefficients))):
            inverse = np.linalg.inv(information)
            influence = (design * (weights * (y - fitted))[:, None]) @ inverse
            return LogisticFit(coefficients=coefficients, covariance=inverse * weights.mean(), influence=influence)
        coefficients = _move(coefficients, step, design, y, weights, offset)
    return None


def _move(
    coefficients: FloatArray,
    step: FloatArray,
    design: FloatArray,
    y: FloatArray,
    weights: FloatArray,
    offset: FloatArray,
) -> FloatArray:
    """Return the coefficients after the step; a large one is halved until the likelihood does not fall."""
    if np.max(np.abs(design @ step)) < SAFE_STEP:
        return coefficients + step

    def minus_log_likelihood(at: FloatArray) -> float:
        logit = design @ at + offset
        return float(weights @ (np.logaddexp(0, logit) - y * logit))

    now = minus_log_likelihood(coefficients)
    for _ in range(MAX_HALVINGS):
        moved = coefficients + step
        if minus_log_likelihood(moved) <= now * (1 + 1e-12):
            return moved
        step = step / 2
    return moved


def compute_logit(p: FloatArray, least: float = LEAST_PROBABILITY) -> FloatArray:
    """Return ``log(p / (1 - p))`` with risks clipped to at least `least` from 0 and 1."""
    p = clip_probability(p, least)
    return np.asarray(np.log(p) - np.log1p(-p))


def fit_calibration_in_the_large(
    y: FloatArray, p: FloatArray, weights: FloatArray, least: float = LEAST_PROBABILITY
) -> LogisticFit | None:
    """Fit ``logit P(y = 1) = a + logit(p)``, the logit as an OFFSET: a below 0 means that the risks are too high."""
    return fit_logistic(np.ones((y.size, 1)), y, weights, offset=compute_logit(p, least))


def fit_calibration_slope(
    y: FloatArray, p: FloatArray, weights: FloatArray, least: float = LEAST_PROBABILITY
) -> LogisticFit | None:
    """Fit ``logit P(y = 1) = a' + b logit(p)``; b below 1 means that the risks are too extreme.

    The joint intercept a' is not the calibration in the large.
    """
    design = np.column_stack([np.ones_like(y), compute_logit(p, least)])
    return fit_logistic(design, y, weights, start=np.array([0.0, 1.0]))


def linearise_oe_ratio(
    y: FloatArray, p: FloatArray, weights: FloatArray, replicate: IntArray
) -> tuple[float, FloatArray]:
    """Ratio of observed to expected events, with the influence of each row on its LOGARITHM.

    Returns
    -------
    tuple
        The ratio, averaged over replicates, and influences on the log ratio, shape (n,).

    Notes
    -----
    Row by row ``y / mean(y) - p / mean(p)``, divided by n: both totals vary, and together. `compute_oe_standard_error`
    is for published totals only.
    """
    observed = np.bincount(replicate, weights=weights * y)
    expected = np.bincount(replicate, weights=weights * p)
    ratios = observed / expected
    influence = weights * (y / observed[replicate] - p / expected[replicate]) / ratios.size
    return float(ratios.mean()), influence


def compute_oe_standard_error(events: int, n: int) -> float:
    """Standard error of log(O:E) where nothing but totals is known: ``sqrt((1 - events / n) / events)``.

    Conservative, since it takes nothing of the outcome as explained by the predictions (Debray 2017).
    """
    return math.sqrt((1 - events / n) / events)


def linearise_fits(fits: list[LogisticFit | None], rows: list[IntArray], n: int, term: int) -> Linear | None:
    """Average one coefficient over replicates, with the influences of all rows; None if any fit failed.

    Parameters
    ----------
    fits, rows
        The fit of each replicate and the positions of its rows.
    n
        Number of rows in all.
    term
        Position of the coefficient.
    """
    influence = np.zeros(n)
    values = []
    for fit, positions in zip(fits, rows, strict=True):
        if fit is None:
            return None
        influence[positions] = fit.influence[:, term] / len(fits)
        values.append(fit.coefficients[term])
    return Linear(float(np.mean(values)), influence)
