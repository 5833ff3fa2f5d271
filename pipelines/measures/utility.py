"""Net benefit: whether acting on the predicted risk is better than acting on everyone or no one."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from pipelines.intervals import FloatArray, IntArray, Linear
from pipelines.measures.overall import linearise_mean


def compute_benefits(y: FloatArray, p: FloatArray, threshold: float) -> FloatArray:
    """Compute each patient's contribution to the net benefit.

    Parameters
    ----------
    y, p
        Events (0 or 1) and predicted risks, shape (n,).
    threshold
        Threshold probability, in (0, 1): act where ``p >= threshold``.

    Returns
    -------
    ndarray
        ``1(p >= t) (y - (1 - y) t / (1 - t))``, shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> compute_benefits(np.array([1.0, 0.0, 0.0]), np.array([0.9, 0.5, 0.1]), 0.5).tolist()
    [1.0, -1.0, 0.0]
    """
    return np.where(p >= threshold, y - (1 - y) * threshold / (1 - threshold), 0.0)


def count_decisions(y: FloatArray, p: FloatArray, threshold: float) -> IntArray:
    """Count true and false positives and negatives at a threshold, shape (4,): TP, FP, FN, TN.

    Examples
    --------
    >>> import numpy as np
    >>> count_decisions(np.array([1.0, 0.0, 0.0]), np.array([0.9, 0.5, 0.1]), 0.5).tolist()
    [1, 1, 0, 1]
    """
    acted, event = p >= threshold, y == 1
    counts = [(acted & event).sum(), (acted & ~event).sum(), (~acted & event).sum(), (~acted & ~event).sum()]
    return np.array(counts, dtype=np.int64)


def linearise_net_benefit(
    y: FloatArray, p: FloatArray, threshold: float, weights: FloatArray, replicate: IntArray
) -> Linear:
    """Net benefit, ``TP / n - FP / n * t / (1 - t)``, the mean of `compute_benefits`."""
    return linearise_mean(compute_benefits(y, p, threshold), weights, replicate)


def linearise_standardised_net_benefit(
    y: FloatArray, p: FloatArray, threshold: float, weights: FloatArray, replicate: IntArray
) -> Linear:
    """Net benefit over the event rate: 1 is that of acting on all events and nobody else.

    Returns
    -------
    Linear
        NaN where a replicate has no event.

    Notes
    -----
    ``sensitivity - (1 - specificity) (1 - rate) / rate * t / (1 - t)``. The influence ``w (d - sNB y) / sum(w y)`` of
    a ratio, d from `compute_benefits`, gives on independent rows the delta-method variance ``[se (1 - se) / rate +
    v^2 sp (1 - sp) / (1 - rate) + v^2 (1 - sp)^2 / (rate (1 - rate))] / n``, v the factor of ``1 - specificity``.

    References
    ----------
    Marsh TL, Janes H, Pepe MS. Biometrics 2020;76:843-852.
    """
    benefits = compute_benefits(y, p, threshold)
    events = np.bincount(replicate, weights=weights * y)
    if not (events > 0).all():
        return Linear(math.nan, np.full_like(y, math.nan))
    values = np.bincount(replicate, weights=weights * benefits) / events
    influence = weights * (benefits - values[replicate] * y) / (events[replicate] * values.size)
    return Linear(float(values.mean()), influence)


def linearise_interventions_avoided(
    y: FloatArray, p: FloatArray, threshold: float, weights: FloatArray, replicate: IntArray
) -> Linear:
    """Interventions avoided per 100 patients against acting on everyone, no more events missed.

    Notes
    -----
    ``100 (NB - NB of acting on everyone) / (t / (1 - t))``, which is the mean of ``1(p < t) (1 - y - y (1 - t) / t)``
    times 100.
    """
    spared = np.where(p < threshold, 1 - y - y * (1 - threshold) / threshold, 0.0)
    return linearise_mean(100 * spared, weights, replicate)


def compute_threshold_grid(event_rate: float, declared: Iterable[float]) -> FloatArray:
    """Return the thresholds of a decision curve: steps of 0.01 below ``min(2 event_rate, 0.99)``, and `declared`.

    Notes
    -----
    The declared thresholds keep their exact values; a grid point that equals one of them is not doubled.
    """
    grid = np.arange(1, 100) / 100
    grid = grid[grid <= min(2 * event_rate, 0.99)]
    own = np.unique(np.fromiter(declared, dtype=np.float64))
    doubled = np.isclose(grid[:, None], own[None, :], rtol=0, atol=1e-9).any(axis=1)
    return np.sort(np.concatenate([grid[~doubled], own]))
