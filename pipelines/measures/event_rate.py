"""The weighted event rate of a predictions table with its interval: the same number wherever it is shown."""

from __future__ import annotations

from pipelines.intervals import (
    NOT_ASSESSABLE,
    Estimate,
    FloatArray,
    IntArray,
    compute_logit_wald,
    compute_standard_error,
)
from pipelines.measures.overall import linearise_mean

KIND = "Wald, cluster-robust by patient"
LOGIT_KIND = f"{KIND}, logit scale"


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
        With the Wald interval on the logit scale, its error summed by patient over all replicates; not assessable
        where nobody, or everybody, had the event. The weights are taken as given.
    """
    rate = linearise_mean(y, weights, replicate)
    if not 0 < rate.estimate < 1:
        return NOT_ASSESSABLE
    weighs = weights > 0  # patients without a weight say nothing, nor do they count among those who do
    error = compute_standard_error(rate.influence[weighs], patient[weighs])
    return compute_logit_wald(rate.estimate, error, kind=LOGIT_KIND)
