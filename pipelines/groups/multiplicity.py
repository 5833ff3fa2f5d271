"""Adjusted p-values of several tests: Holm for claims about each of them, Benjamini-Hochberg for screening."""

from __future__ import annotations

import numpy as np

from pipelines.intervals import FloatArray, IntArray


def adjust_holm(p_values: FloatArray) -> FloatArray:
    """Adjust p-values so that the chance of any false claim is kept (family-wise error).

    Parameters
    ----------
    p_values
        In [0, 1], NaN where a test could not be made; shape (m,).

    Returns
    -------
    ndarray
        Shape (m,); tests that could not be made stay NaN and do not count.

    Notes
    -----
    With the p-values in increasing order, ``max over j <= i of min(1, (m - j + 1) p_j)``. Valid whatever the
    dependence between the tests.

    References
    ----------
    Holm S. Scand J Stat 1979;6:65-70.

    Examples
    --------
    >>> import numpy as np
    >>> adjust_holm(np.array([0.03, 0.01, np.nan])).tolist()
    [0.03, 0.02, nan]
    """
    order = _order(p_values)
    factors = np.arange(order.size, 0, -1)
    return _put(p_values, order, np.maximum.accumulate(p_values[order] * factors))


def adjust_benjamini_hochberg(p_values: FloatArray) -> FloatArray:
    """Adjust p-values so that the expected share of false discoveries is kept.

    Parameters
    ----------
    p_values
        In [0, 1], NaN where a test could not be made; shape (m,).

    Returns
    -------
    ndarray
        Shape (m,); tests that could not be made stay NaN and do not count.

    Notes
    -----
    With the p-values in increasing order, ``min over j >= i of min(1, m p_j / j)``. For independent tests and for
    positively dependent ones.

    References
    ----------
    Benjamini Y, Hochberg Y. J R Stat Soc B 1995;57:289-300.

    Examples
    --------
    >>> import numpy as np
    >>> adjust_benjamini_hochberg(np.array([0.04, 0.01])).tolist()
    [0.04, 0.02]
    """
    order = _order(p_values)[::-1]
    factors = order.size / np.arange(order.size, 0, -1)
    return _put(p_values, order, np.minimum.accumulate(p_values[order] * factors))


def _order(p_values: FloatArray) -> IntArray:
    """Positions of the tests that were made, from the smallest p-value on."""
    order = np.argsort(p_values, kind="stable")
    return np.asarray(order[np.isfinite(p_values[order])], dtype=np.int64)


def _put(p_values: FloatArray, order: IntArray, adjusted: FloatArray) -> FloatArray:
    found = np.full(p_values.shape, np.nan)
    found[order] = np.minimum(adjusted, 1.0)
    return found
