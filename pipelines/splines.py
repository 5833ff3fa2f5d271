"""Restricted cubic splines in Harrell's form: curved inside the outer knots, straight outside."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from schemas.errors import InputError

Array = npt.NDArray[np.float64]

OUTER_QUANTILE = {3: 0.10, 4: 0.05, 5: 0.05, 6: 0.05, 7: 0.025}
"""Lowest quantile that carries a knot, by number of knots; the highest is its mirror image (Harrell 2015, 2.4.6)."""
LEAST_AT_KNOT = 5
"""Rows that a knot rests on before it may leave the training data."""


def compute_knots(x: npt.ArrayLike, n_knots: int) -> Array:
    """Place knots at equally spaced quantiles.

    Parameters
    ----------
    x
        Values, shape (n,); missing values are ignored. Pass training rows only.
    n_knots
        Number of knots, 3 to 7.

    Returns
    -------
    ndarray
        Distinct knots in ascending order, at most `n_knots`; empty where fewer than three are distinct, which
        means that the variable enters as a straight line.

    Raises
    ------
    InputError
        If `n_knots` is outside 3 to 7.

    Notes
    -----
    Plain type-7 quantiles. Two further rules of R's Hmisc (fewer than 100 rows, ties at an end) are not applied.

    Examples
    --------
    >>> compute_knots([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0], 3).tolist()
    [1.0, 5.0, 9.0]
    """
    if n_knots not in OUTER_QUANTILE:
        raise InputError(f"the number of knots must be 3 to 7, got {n_knots}; 3 to 5 suit most registries")
    values = np.asarray(x, dtype=np.float64)
    values = values[~np.isnan(values)]
    if values.size == 0:
        return np.empty(0)
    outer = OUTER_QUANTILE[n_knots]
    knots = np.unique(np.quantile(values, np.linspace(outer, 1 - outer, n_knots)))
    return knots if knots.size >= 3 else np.empty(0)


def blunt_knots(x: npt.ArrayLike, knots: npt.ArrayLike) -> Array:
    """Replace knots that would tell single patients' values by means over neighbours.

    Parameters
    ----------
    x
        Values, shape (n,); missing values are ignored.
    knots
        What `compute_knots` made of them.

    Returns
    -------
    ndarray
        Distinct knots in ascending order; empty where fewer than three are distinct, or there are fewer than
        `LEAST_AT_KNOT` values.

    Notes
    -----
    A quantile of an odd number of values is one of them, and any other lies between two. A knot that at least
    `LEAST_AT_KNOT` rows have as their value stays; any other becomes the mean of the `LEAST_AT_KNOT` sorted values
    around it.

    Examples
    --------
    >>> x = [0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 55.0, 89.0]
    >>> blunt_knots(x, compute_knots(x, 3)).tolist()
    [2.2, 10.0, 42.4]
    """
    values = np.asarray(x, dtype=np.float64)
    values = np.sort(values[~np.isnan(values)])
    if values.size < LEAST_AT_KNOT:
        return np.empty(0)
    given = np.asarray(knots, dtype=np.float64)
    first, beyond = (np.searchsorted(values, given, side=side) for side in ("left", "right"))
    starts = np.clip((first + beyond - LEAST_AT_KNOT) // 2, 0, values.size - LEAST_AT_KNOT)
    means = np.array([values[start : start + LEAST_AT_KNOT].mean() for start in starts])
    blunted = np.unique(np.where(beyond - first >= LEAST_AT_KNOT, given, means))
    return blunted if blunted.size >= 3 else np.empty(0)


def compute_rcs_basis(x: npt.ArrayLike, knots: npt.ArrayLike) -> Array:
    """Expand a variable into its restricted cubic spline basis.

    Parameters
    ----------
    x
        Values, shape (n,). Missing values give missing rows.
    knots
        Ascending distinct knots, shape (k,) with k >= 3, or empty for the straight line alone.

    Returns
    -------
    ndarray
        Shape (n, k - 1): the value itself, then k - 2 cubic terms; (n, 1) without knots.

    Notes
    -----
    For j = 1..k-2: ``[(x - t_j)+^3 - (x - t_{k-1})+^3 (t_k - t_j)/(t_k - t_{k-1}) + (x - t_k)+^3 (t_{k-1} - t_j)/(t_k
    - t_{k-1})] / (t_k - t_1)^2``. The divisor keeps every column in the units of `x` (Hmisc's ``norm = 2``).

    Examples
    --------
    >>> compute_rcs_basis([0.0, 2.0, 10.0], [1.0, 3.0, 6.0]).round(2).tolist()
    [[0.0, 0.0], [2.0, 0.04], [10.0, 8.0]]
    """
    values = np.asarray(x, dtype=np.float64)[:, None]
    knots = np.asarray(knots, dtype=np.float64)
    if knots.size == 0:
        return values.copy()
    inner, second_last, last = knots[:-2], knots[-2], knots[-1]
    width = last - second_last
    cubic = (
        _cube_above(values, inner)
        - _cube_above(values, second_last) * (last - inner) / width
        + _cube_above(values, last) * (second_last - inner) / width
    )
    return np.hstack([values, cubic / (last - knots[0]) ** 2])


def _cube_above(x: Array, knot: Array | np.float64) -> Array:
    return np.maximum(x - knot, 0.0) ** 3
