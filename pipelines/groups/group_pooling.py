"""Calibration of a group with too few events for an estimate of its own, drawn towards the other groups."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from pipelines.groups.group_gaps import measure_calibration_in_the_large
from pipelines.intervals import Estimate, FloatArray, compute_standard_error, compute_wald
from pipelines.measures.calibration import compute_logit
from pipelines.measures.sample import Sample

MEASURED = 3
"""Fewest groups with an estimate of their own from which the spread between groups is taken."""
WIDEST = 30.0
KIND = "empirical Bayes, from {count} groups with enough events"


def pool_calibration(few: Sample, enough: Sequence[Sample]) -> Estimate | None:
    """Estimate calibration in the large of a group with few events, partially pooled.

    Parameters
    ----------
    few
        The group.
    enough
        Groups of the same attribute with an estimate of their own, at least `MEASURED`.

    Returns
    -------
    Estimate or None
        None where one of the others has no estimate.

    Notes
    -----
    The groups' intercepts are taken as drawn from a normal distribution; its mean and its variance (DerSimonian-Laird)
    are those of the groups with enough events. The estimate is the mode of the likelihood of the group's own rows
    times that distribution, widened by the error of its mean; the interval comes from the curvature there. A group
    without any event has an estimate too. With few groups the spread between them is hardly known, and the interval
    is then too narrow: it is a flagged substitute, no result to conclude from.

    References
    ----------
    DerSimonian R, Laird N. Control Clin Trials 1986;7:177-188.
    """
    found = [(measure_calibration_in_the_large(sample), sample) for sample in enough]
    measured = [(one, sample) for one, sample in found if one is not None]
    if len(measured) < len(enough) or few.n == 0:
        return None
    estimates = np.array([one.estimate for one, _ in measured])
    variances = np.array([compute_standard_error(one.influence, sample.patient) ** 2 for one, sample in measured])
    centre, variance = summarise_spread(estimates, variances)
    weights = few.weights / few.weights.mean() / len(few.replicates)
    logit = compute_logit(few.p)

    def score(a: float) -> float:
        return float(weights @ (few.y - expit(logit + a)) - (a - centre) / variance)

    mode = float(brentq(score, centre - WIDEST, centre + WIDEST))
    risk = expit(logit + mode)
    error = 1 / math.sqrt(float(weights @ (risk * (1 - risk))) + 1 / variance)
    return compute_wald(mode, error, kind=KIND.format(count=len(enough)))


def summarise_spread(estimates: FloatArray, variances: FloatArray) -> tuple[float, float]:
    """Return the mean of the distribution of groups, and its variance with the error of the mean.

    Parameters
    ----------
    estimates, variances
        Of each group, shape (k,), k at least 2.

    Notes
    -----
    ``tau^2 = max(0, (Q - (k - 1)) / (sum w - sum w^2 / sum w))`` with ``w = 1 / v`` and Q the weighted sum of squares.
    """
    w = 1 / variances
    common = np.average(estimates, weights=w)
    q = float(w @ (estimates - common) ** 2)
    tau_squared = max(0.0, (q - (estimates.size - 1)) / float(w.sum() - (w @ w) / w.sum()))
    w = 1 / (variances + tau_squared)
    return float(np.average(estimates, weights=w)), tau_squared + 1 / float(w.sum())
