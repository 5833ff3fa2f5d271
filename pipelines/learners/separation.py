"""Whether predictors separate an outcome, so that maximum likelihood has no finite answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import expit

Array = npt.NDArray[np.float64]

LARGEST = 10.0
"""Standard deviation of a predictor's contribution to the log-odds above which it separates the outcome."""
NEAREST = 1e-8
"""A fitted risk this close to 0 or 1 means separation."""
MOST_STEPS = 100
SCORE = 1e-11
LONGEST = 5.0
RANK = 1e-10


def find_separating(X: Array, y: Array, names: Sequence[str]) -> tuple[str, ...]:
    """Name the predictors that separate an outcome, completely or in some rows.

    Parameters
    ----------
    X
        Standardised design, shape (n, p); several columns may belong to one predictor.
    y
        Outcome, 0 or 1, shape (n,), both present.
    names
        Predictor of each column, p of them.

    Returns
    -------
    tuple of str
        Empty where the likelihood has a maximum of ordinary size, as it has without any predictor.

    Notes
    -----
    The unpenalised fit is followed until it is found or a fitted risk comes within `NEAREST` of 0 or 1. Named are the
    predictors whose contribution to the log-odds, all columns together, has a standard deviation above `LARGEST` (of a
    predictor with one column that is its standardised coefficient; single spline terms balance each other), and in the
    rows of such a risk the one that contributes most.
    """
    if not X.shape[1]:
        return ()
    basis, singular, turn = np.linalg.svd(np.column_stack([np.ones(len(y)), X]), full_matrices=False)
    kept = singular > RANK * singular[0]
    position = _follow_likelihood(basis[:, kept], y)
    coefficients = ((turn[kept].T / singular[kept]) @ position)[1:]
    predictors = tuple(dict.fromkeys(names))
    columns = {name: [at for at, other in enumerate(names) if other == name] for name in predictors}
    parts = np.column_stack([X[:, columns[name]] @ coefficients[columns[name]] for name in predictors])
    separating = parts.std(axis=0) > LARGEST
    extreme = _is_extreme(expit(basis[:, kept] @ position))
    if extreme.any():
        separating[np.argmax(np.abs(parts - parts.mean(axis=0))[extreme].mean(axis=0))] = True
    return tuple(name for name, found in zip(predictors, separating, strict=True) if found)


def _follow_likelihood(basis: Array, y: Array) -> Array:
    """Climb the likelihood until its top, or until a risk is extreme; Newton steps, halved where they overshoot."""
    position = np.zeros(basis.shape[1])
    height = _likelihood(basis @ position, y)
    for _ in range(MOST_STEPS):
        risk = expit(basis @ position)
        score = basis.T @ (y - risk)
        if float(np.abs(score).max()) <= SCORE or _is_extreme(risk).any():
            break
        step = np.linalg.lstsq(basis.T @ (basis * (risk * (1 - risk))[:, None]), score, rcond=None)[0]
        step *= min(1.0, LONGEST / float(np.abs(basis @ step).max()))
        while _likelihood(basis @ (position + step), y) < height - 1e-12 * abs(height):
            step /= 2
        position = position + step
        height = _likelihood(basis @ position, y)
    return position


def _likelihood(log_odds: Array, y: Array) -> float:
    return float(np.sum(y * log_odds - np.logaddexp(0.0, log_odds)))


def _is_extreme(risk: Array) -> npt.NDArray[np.bool_]:
    return (risk < NEAREST) | (risk > 1 - NEAREST)
