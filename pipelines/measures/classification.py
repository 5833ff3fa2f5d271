"""Classification at a threshold: shares of patients who are told apart by it, rightly or wrongly.

Only for thresholds that were declared with a reason; none is searched for here.
"""

from __future__ import annotations

import math

import numpy as np

from pipelines.intervals import BoolArray, FloatArray, IntArray, Linear


def linearise_share(part: BoolArray, whole: BoolArray, weights: FloatArray, replicate: IntArray) -> Linear:
    """Weighted share of `part` in `whole`, within each replicate and averaged.

    Parameters
    ----------
    part, whole
        Shape (n,); rows of `part` outside `whole` do not count.
    weights, replicate
        As in `pipelines.measures.overall.linearise_mean`.

    Returns
    -------
    Linear
        NaN where `whole` is empty in a replicate. Influences are of a ratio of two sums: ``w (part - share)``
        over the weight of the whole, for rows of the whole.
    """
    inside = weights * whole
    total = np.bincount(replicate, weights=inside)
    if not (total > 0).all():
        return Linear(math.nan, np.full(weights.size, math.nan))
    shares = np.bincount(replicate, weights=inside * part) / total
    influence = inside * (part - shares[replicate]) / (total[replicate] * shares.size)
    return Linear(float(shares.mean()), influence)


def count_effective_patients(whole: BoolArray, weights: FloatArray, patient: IntArray) -> float:
    """Count the patients of `whole` as if all weighed the same: ``sum(w)^2 / sum(w^2)`` over patients (Kish)."""
    by_patient = np.bincount(patient, weights=weights * whole)
    squares = float((by_patient**2).sum())
    return float(by_patient.sum() ** 2 / squares) if squares > 0 else 0.0


def compute_effective_n(share: float, standard_error: float, patients: float) -> float:
    """Return the number of independent patients whose share would have this standard error, at most `patients`.

    Notes
    -----
    ``share (1 - share) / se^2`` (Korn & Graubard). At 0 and 1 there is no error to go by; then it is `patients`.

    References
    ----------
    Korn EL, Graubard BI. Surv Methodol 1998;24:193-201.

    Examples
    --------
    >>> compute_effective_n(0.5, 0.1, 40)
    25.0
    """
    if not standard_error > 0:
        return patients
    return min(round(share * (1 - share) / standard_error**2, 9), patients)
