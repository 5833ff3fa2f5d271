"""Net benefit: whether acting on the predicted risk is better than acting on everyone or no one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.intervals import BoolArray, FloatArray, IntArray, Linear
from pipelines.measures.overall import linearise_mean


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who is acted on at a threshold probability, who should be, and what acting on the others costs.

    Parameters
    ----------
    acted
        Whether a patient is acted on, shape (n,), or (n, k) at k thresholds.
    due
        1 for patients for whom the action is meant, else 0: those with the event, or those without one that is wanted.
    odds
        Harm of acting on a patient without need, where the good of acting on one in need is 1; shape () or (k,).
    inverse_odds
        One over `odds`.
    """

    acted: BoolArray
    due: FloatArray
    odds: FloatArray
    inverse_odds: FloatArray


def decide(y: FloatArray, p: FloatArray, threshold: npt.ArrayLike, *, acts_below: bool = False) -> Decision:
    """Decide at a threshold probability; the only place that knows which side of it is acted on.

    Parameters
    ----------
    y, p
        Events (0 or 1) and predicted risks, shape (n,), or (n, 1) for several thresholds.
    threshold
        Threshold probability t, in (0, 1), or k of them.
    acts_below
        Whether patients with ``p < t`` are acted on, as where the event is wanted and help is for those who are
        unlikely to have it; else those with ``p >= t``.

    Notes
    -----
    The odds are ``t / (1 - t)``. Acting below t is the usual decision about not having the event, on 1 - y and 1 - p at
    1 - t, so that the odds are ``(1 - t) / t``: whoever acts below 0.8 takes 4 needless actions for 1 that was needed
    at no gain and no loss.

    Examples
    --------
    >>> import numpy as np
    >>> found = decide(np.array([1.0, 0.0]), np.array([0.9, 0.5]), 0.75, acts_below=True)
    >>> found.acted.tolist(), found.due.tolist(), round(float(found.inverse_odds), 6)
    ([False, True], [0.0, 1.0], 3.0)
    """
    t = np.asarray(threshold, dtype=np.float64)
    odds, inverse = np.asarray(t / (1 - t)), np.asarray((1 - t) / t)
    if acts_below:
        return Decision(acted=np.asarray(p < t), due=1 - y, odds=inverse, inverse_odds=odds)
    return Decision(acted=np.asarray(p >= t), due=y, odds=odds, inverse_odds=inverse)


def compute_benefits(y: FloatArray, p: FloatArray, threshold: float, *, acts_below: bool = False) -> FloatArray:
    """Compute each patient's contribution to the net benefit.

    Parameters
    ----------
    y, p, threshold, acts_below
        As in `decide`.

    Returns
    -------
    ndarray
        ``1(p >= t) (y - (1 - y) t / (1 - t))``, or ``1(p < t) (1 - y - y (1 - t) / t)`` of those below, shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> y, p = np.array([1.0, 0.0, 0.0]), np.array([0.9, 0.5, 0.1])
    >>> compute_benefits(y, p, 0.5).tolist(), compute_benefits(y, p, 0.5, acts_below=True).tolist()
    ([1.0, -1.0, 0.0], [0.0, 0.0, 1.0])
    """
    decision = decide(y, p, threshold, acts_below=acts_below)
    return np.where(decision.acted, decision.due - (1 - decision.due) * decision.odds, 0.0)


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
    y: FloatArray,
    p: FloatArray,
    threshold: float,
    weights: FloatArray,
    replicate: IntArray,
    *,
    acts_below: bool = False,
) -> Linear:
    """Net benefit, the mean of `compute_benefits`.

    Notes
    -----
    ``TP / n - FP / n * t / (1 - t)``, a positive being ``p >= t``. Where those below are acted on it is
    ``TN / n - FN / n * (1 - t) / t`` (opting out).
    """
    return linearise_mean(compute_benefits(y, p, threshold, acts_below=acts_below), weights, replicate)


def linearise_standardised_net_benefit(
    y: FloatArray,
    p: FloatArray,
    threshold: float,
    weights: FloatArray,
    replicate: IntArray,
    *,
    acts_below: bool = False,
) -> Linear:
    """Net benefit over the share of patients who should be acted on: 1 is acting on all of them and nobody else.

    Returns
    -------
    Linear
        NaN where a replicate has nobody who should be acted on.

    Notes
    -----
    That share is the event rate; where those below are acted on, one minus it, and what follows holds of ``1 - y``.
    ``sensitivity - (1 - specificity) (1 - rate) / rate * t / (1 - t)``. The influence ``w (d - sNB y) / sum(w y)`` of
    a ratio, d from `compute_benefits`, gives on independent rows the delta-method variance ``[se (1 - se) / rate +
    v^2 sp (1 - sp) / (1 - rate) + v^2 (1 - sp)^2 / (rate (1 - rate))] / n``, v the factor of ``1 - specificity``.

    References
    ----------
    Marsh TL, Janes H, Pepe MS. Biometrics 2020;76:843-852.
    """
    benefits = compute_benefits(y, p, threshold, acts_below=acts_below)
    due = decide(y, p, threshold, acts_below=acts_below).due
    total = np.bincount(replicate, weights=weights * due)
    if not (total > 0).all():
        return Linear(math.nan, np.full_like(y, math.nan))
    values = np.bincount(replicate, weights=weights * benefits) / total
    influence = weights * (benefits - values[replicate] * due) / (total[replicate] * values.size)
    return Linear(float(values.mean()), influence)


def linearise_interventions_avoided(
    y: FloatArray,
    p: FloatArray,
    threshold: float,
    weights: FloatArray,
    replicate: IntArray,
    *,
    acts_below: bool = False,
) -> Linear:
    """Interventions avoided per 100 patients against acting on everyone, nobody more missed who needs the action.

    Notes
    -----
    ``100 (NB - NB of acting on everyone) / (t / (1 - t))``, which is the mean of ``1(p < t) (1 - y - y (1 - t) / t)``
    times 100. Where those below are acted on, it holds of ``1 - y``, ``1 - p`` and ``1 - t``.
    """
    decision = decide(y, p, threshold, acts_below=acts_below)
    spared = np.where(decision.acted, 0.0, 1 - decision.due - decision.due * decision.inverse_odds)
    return linearise_mean(100 * spared, weights, replicate)


def compute_threshold_grid(event_rate: float, declared: Iterable[float], *, acts_below: bool = False) -> FloatArray:
    """Return the thresholds of a decision curve: steps of 0.01 below ``min(2 event_rate, 0.99)``, and `declared`.

    Notes
    -----
    Where those below are acted on, 1 minus the threshold goes up to twice the share without the event: the curve ends
    on the left. The declared thresholds keep their exact values; a grid point that equals one of them is not doubled.
    """
    steps = np.arange(1, 100)
    needed, due_rate = (100 - steps, 1 - event_rate) if acts_below else (steps, event_rate)
    grid = steps[needed / 100 <= min(2 * due_rate, 0.99)] / 100
    own = np.unique(np.fromiter(declared, dtype=np.float64))
    doubled = np.isclose(grid[:, None], own[None, :], rtol=0, atol=1e-9).any(axis=1)
    return np.sort(np.concatenate([grid[~doubled], own]))
