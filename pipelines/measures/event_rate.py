"""The weighted event rate of a predictions table with its interval: the same number wherever it is shown."""

from __future__ import annotations

import numpy as np

from pipelines.intervals import (
    NOT_ASSESSABLE,
    Estimate,
    FloatArray,
    IntArray,
    compute_logit_wald,
    compute_standard_error,
    compute_wilson,
)
from pipelines.measures.overall import linearise_mean

KIND = "Wald, cluster-robust by patient"
LOGIT_KIND = f"{KIND}, logit scale"
WILSON_KIND = "Wilson"


def compute_event_rate(y: FloatArray, weights: FloatArray, *, replicate: IntArray, patient: IntArray) -> Estimate:
    """Compute the weighted event rate within each replicate, averaged over replicates.

    Parameters
    ----------
    y
        1 or 0, shape (n,); any finite number where the weight is 0.
    weights
        Weights of the rows, 0 or more, shape (n,).
    replicate
        Code of the complete set of predictions (repeat of cross-validation), from 0 without gaps, shape (n,).
    patient
        Code of the patient, shape (n,).

    Returns
    -------
    Estimate
        With Wilson's interval where all patients weigh the same and each says one thing; else with the Wald interval on
        the logit scale, its error summed by patient over all replicates. Not assessable where nobody, or everybody,
        had the event. The weights are taken as given.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927;22:209-212. Newcombe RG. Stat Med 1998;17:857-872.
    """
    rate = linearise_mean(y, weights, replicate)
    if not 0 < rate.estimate < 1:
        return NOT_ASSESSABLE
    weighs = weights > 0  # patients without a weight say nothing, nor do they count among those who do
    if n := _count_alike(y[weighs], weights[weighs], replicate=replicate[weighs], patient=patient[weighs]):
        return compute_wilson(rate.estimate, n, kind=WILSON_KIND)
    error = compute_standard_error(rate.influence[weighs], patient[weighs])
    return compute_logit_wald(rate.estimate, error, kind=LOGIT_KIND)


def _count_alike(y: FloatArray, weights: FloatArray, *, replicate: IntArray, patient: IntArray) -> int:
    """Count the patients if all weigh the same, and the rows of each are alike and as many as of others; else return 0.

    Then a patient says one thing, however often it is said.
    """
    codes, sets = (np.unique(values, return_inverse=True)[1] for values in (patient, replicate))
    rows, events = np.bincount(codes), np.bincount(codes, weights=y)
    stands = np.bincount(sets * rows.size + codes, minlength=rows.size * (int(sets.max()) + 1))
    even = np.ptp(stands) == 0 and np.ptp(weights) == 0
    return rows.size if even and bool(((events == 0) | (events == rows)).all()) else 0
