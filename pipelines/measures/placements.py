"""The c-statistic with each patient's influence, for weighted rows and patients that repeat."""

from __future__ import annotations

import math

import numpy as np

from pipelines.intervals import FloatArray, IntArray, Linear
from pipelines.measures.discrimination import split_rows


def linearise_c_statistic(y: FloatArray, score: FloatArray, weights: FloatArray, replicate: IntArray) -> Linear:
    """Compute the c-statistic within each replicate, averaged, with the influence of every row.

    Parameters
    ----------
    y
        Events, 0 or 1, shape (n,).
    score
        Anything that ranks the patients, shape (n,).
    weights
        Weight of each row, shape (n,); a pair weighs the product of its two weights.
    replicate
        Code of the set of predictions within which patients are ranked (a repeat, or a fold), from 0 without gaps,
        shape (n,).

    Returns
    -------
    Linear
        NaN where a replicate has no event or no non-event.

    Notes
    -----
    A row's influence is its weighted placement among the rows of the other kind, less the c-statistic, times the root
    of ``m / (m - 1)``, m the rows of its kind: with one unweighted row per patient the sum of squares is DeLong's
    variance exactly; summed by patient first it is that of Obuchowski for clustered data.

    References
    ----------
    DeLong ER, et al. Biometrics 1988;44:837-845. Obuchowski NA. Biometrics 1997;53:567-578.

    Examples
    --------
    >>> import numpy as np
    >>> linearise_c_statistic(np.array([0.0, 0, 1, 1]), np.array([1.0, 3, 2, 4]), np.ones(4), np.zeros(4, int)).estimate
    0.75
    """
    influence = np.zeros(y.size)
    parts = split_rows(replicate)
    values = []
    for rows in parts:
        value, own = _linearise_part(y[rows] == 1, score[rows], weights[rows])
        influence[rows] = own / len(parts)
        values.append(value)
    return Linear(float(np.mean(values)), influence)


def _linearise_part(case: np.ndarray, score: FloatArray, weights: FloatArray) -> tuple[float, FloatArray]:
    if not 0 < case.sum() < case.size:
        return math.nan, np.full(case.size, math.nan)
    of_cases = _place(score[case], score[~case], weights[~case])
    of_controls = 1 - _place(score[~case], score[case], weights[case])
    value = float(np.average(of_cases, weights=weights[case]))
    influence = np.zeros(case.size)
    for kind, placed in ((case, of_cases), (~case, of_controls)):
        w = weights[kind]
        influence[kind] = w / w.sum() * (placed - value) * math.sqrt(w.size / max(w.size - 1, 1))
    return value, influence


def _place(scores: FloatArray, others: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the weighted share of `others` below each score, ties counting one half."""
    order = np.argsort(others, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(weights[order])])
    left = np.searchsorted(others[order], scores, side="left")
    right = np.searchsorted(others[order], scores, side="right")
    return np.asarray((below[left] + below[right]) / (2 * below[-1]))
