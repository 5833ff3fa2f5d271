"""Training values of the same order that are no patient's: what a tree splits at is written into its model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

MANTISSAS = np.array([1.0, 2.0, 5.0])
MOST_WITH_MARGIN = 64.0
"""Up to here single precision feels the 1e-5 by which XGBoost splits further out."""


def blunt_values(X: Array) -> Singles:
    """Replace the values of each column, in single precision, by round numbers between neighbouring ones.

    Parameters
    ----------
    X
        Shape (n, p); NaN is missing and stays so.

    Returns
    -------
    ndarray
        Shape (n, p). Of a column's different values v_0 < v_1 < ..., v_k becomes a number u_k with
        v_(k-1) < u_k < v_k, from the middle half of that gap and with no more digits than the gap is wide; where single
        precision has no number between, v_k itself. The lowest value counts as having a neighbour at half of it
        (of a negative one, at twice of it), and the highest too where it needs one.

    Notes
    -----
    XGBoost splits at training values, ``x < v_k``, and what is missing from all else at ``v_0 - |v_0| - 1e-5`` or
    ``v_n + |v_n| + 1e-5``. The map is increasing, so a booster grows the same trees on ``u`` as on ``v``, and since
    ``v_(k-1) < u_k <= v_k`` its splits part the rows of ``X`` themselves as those on ``v`` would: the model is fitted
    on ``u`` and predicts on ``X``. Only a new value between two neighbours may fall on the other side. At the two outer
    splits this takes ``u_0 <= v_0`` and ``u_n + |u_n| + 1e-5 > v_n``.
    """
    singles = X.astype(np.float32)
    return np.column_stack([_blunt_column(column) for column in singles.T]) if singles.size else singles


def _blunt_column(column: Singles) -> Singles:
    known = ~np.isnan(column)
    if not known.any():
        return column
    values, place = np.unique(column[known], return_inverse=True)
    blunted = column.copy()
    blunted[known] = _blunt_distinct(values)[place]
    return blunted


def _blunt_distinct(values: Singles) -> Singles:
    """Blunt different values in ascending order, shape (k,)."""
    upper = values.astype(np.float64)
    lower = np.concatenate([[upper[0] / 2 if upper[0] > 0 else 2 * upper[0]], upper[:-1]])
    found = _round_within(lower, upper)
    if not _reaches(float(found[-1]), float(upper[-1])):
        lower[-1] = max(lower[-1], upper[-1] / 2)
        found[-1:] = _round_within(lower[-1:], upper[-1:])
    parted = (lower < found) & (found < values)
    return np.where(parted, found, values)


def _reaches(found: float, highest: float) -> bool:
    """Tell whether the highest value lies below the split above all values, if `found` stands for it in training."""
    outer = found + abs(found)
    return outer > highest or 0 < highest == outer <= MOST_WITH_MARGIN


def _round_within(lower: Array, upper: Array) -> Singles:
    """Return the middles of gaps, rounded to 1, 2 or 5 times a power of ten that is at most half of the gap."""
    gap = upper - lower
    # a gap of 0, around the value 0, is left to the caller, who keeps the value
    half = np.where(gap > 0, gap, 1.0) / 2
    power = 10.0 ** np.floor(np.log10(half))
    step = power * MANTISSAS[np.searchsorted(MANTISSAS, half / power, side="right").clip(1) - 1]
    return np.asarray(np.rint((lower + upper) / 2 / step) * step, dtype=np.float32)
