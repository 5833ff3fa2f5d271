"""Predicted scores against observed ones: how far, how much is explained, whether the mean and the interval are right.

Each measure comes as an estimate with the influence of every row, as in `pipelines.measures.overall`: taken within each
complete set of predictions (`replicate`) and averaged.
"""

from __future__ import annotations

import math

import numpy as np

from pipelines.intervals import FloatArray, IntArray, Linear
from pipelines.measures.overall import linearise_mean

SLACK = 1e-9
"""Rounding by which a score may lie outside an interval and still count as inside."""


def linearise_absolute_error(y: FloatArray, predicted: FloatArray, weights: FloatArray, replicate: IntArray) -> Linear:
    """Mean absolute error, ``mean(|y - predicted|)``, in points."""
    return linearise_mean(np.abs(y - predicted), weights, replicate)


def linearise_root_mean_square(
    y: FloatArray, predicted: FloatArray, weights: FloatArray, replicate: IntArray
) -> Linear:
    """Root mean squared error, ``sqrt(mean((y - predicted)^2))``, in points; delta method."""
    squares = (y - predicted) ** 2
    weight_sum = np.bincount(replicate, weights=weights)
    means = np.bincount(replicate, weights=weights * squares) / weight_sum
    roots = np.sqrt(means)
    scale = weight_sum * 2 * np.maximum(roots, np.finfo(float).tiny) * roots.size
    influence = weights * (squares - means[replicate]) / scale[replicate]
    return Linear(float(roots.mean()), influence)


def linearise_difference(y: FloatArray, predicted: FloatArray, weights: FloatArray, replicate: IntArray) -> Linear:
    """Mean of observed minus predicted, in points."""
    return linearise_mean(y - predicted, weights, replicate)


def linearise_slope(y: FloatArray, predicted: FloatArray, weights: FloatArray, replicate: IntArray) -> Linear:
    """Least-squares slope of the observed on the predicted score.

    Returns
    -------
    Linear
        1 is perfect; below 1 predictions are too far apart. NaN where all predictions of a replicate are the same.

    Notes
    -----
    Influence of a row on the slope of a straight line: ``w (x - mean(x)) e / sum(w (x - mean(x))^2)``, e the residual
    of the line; with the patients summed it is the robust (sandwich) variance.
    """
    weight_sum = np.bincount(replicate, weights=weights)

    def centre(values: FloatArray) -> FloatArray:
        return np.asarray(values - (np.bincount(replicate, weights=weights * values) / weight_sum)[replicate])

    x, z = centre(predicted), centre(y)
    spread = np.bincount(replicate, weights=weights * x**2)
    if (spread <= SLACK * weight_sum).any():
        return Linear(math.nan, np.full_like(y, math.nan))
    slopes = np.bincount(replicate, weights=weights * x * z) / spread
    influence = weights * x * (z - slopes[replicate] * x) / (spread[replicate] * slopes.size)
    return Linear(float(slopes.mean()), influence)


def linearise_coverage(
    y: FloatArray, low: FloatArray, high: FloatArray, weights: FloatArray, replicate: IntArray
) -> Linear:
    """Share of scores from `low` to `high`, ends included."""
    inside = (y >= low - SLACK) & (y <= high + SLACK)
    return linearise_mean(inside.astype(np.float64), weights, replicate)


def linearise_width(low: FloatArray, high: FloatArray, weights: FloatArray, replicate: IntArray) -> Linear:
    """Mean width of the interval, in points."""
    return linearise_mean(high - low, weights, replicate)
