"""Estimates at each declared threshold probability: net benefit, and who is told apart rightly or wrongly."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pipelines.intervals import (
    NOT_ASSESSABLE,
    BoolArray,
    Estimate,
    Linear,
    compute_standard_error,
    compute_wald,
    compute_wilson,
)
from pipelines.measures.classification import compute_effective_n, count_effective_patients, linearise_share
from pipelines.measures.estimates import NO_VARIATION, Compute, compare_linear, name_wald
from pipelines.measures.sample import Sample
from pipelines.measures.utility import (
    linearise_interventions_avoided,
    linearise_net_benefit,
    linearise_standardised_net_benefit,
)

LinearAt = Callable[[Sample, float], Linear]
PartAndWhole = Callable[[Sample, BoolArray], tuple[BoolArray, BoolArray]]
"""From the sample, and who is at or above the threshold, to whom a share counts and of whom it is."""


def _linearise_net_benefit(sample: Sample, threshold: float) -> Linear:
    return linearise_net_benefit(
        sample.y, sample.p, threshold, sample.weights, sample.replicate, acts_below=sample.acts_below
    )


def _linearise_standardised(sample: Sample, threshold: float) -> Linear:
    return linearise_standardised_net_benefit(
        sample.y, sample.p, threshold, sample.weights, sample.replicate, acts_below=sample.acts_below
    )


def _linearise_avoided(sample: Sample, threshold: float) -> Linear:
    return linearise_interventions_avoided(
        sample.y, sample.p, threshold, sample.weights, sample.replicate, acts_below=sample.acts_below
    )


def make_benefit(linearise: LinearAt) -> Compute:
    """Make the estimate at each declared threshold of a measure whose rows have influences."""

    def compute(sample: Sample) -> tuple[Estimate, ...]:
        return tuple(_estimate_benefit(linearise(sample, t), sample, t) for t in sample.thresholds)

    return compute


def _estimate_benefit(linear: Linear, sample: Sample, threshold: float) -> Estimate:
    if not math.isfinite(linear.estimate):
        return replace(NOT_ASSESSABLE, threshold_probability=threshold)
    # the sum of squares over n, not n - 1: as in the published closed form
    error = compute_standard_error(linear.influence, sample.patient, ddof=0)
    if error == 0:
        return Estimate(estimate=linear.estimate, interval_kind=NO_VARIATION, threshold_probability=threshold)
    return replace(compute_wald(linear.estimate, error, kind=name_wald(sample)), threshold_probability=threshold)


def compare_net_benefit(model: Sample, reference: Sample) -> tuple[Estimate, ...]:
    """Estimate the paired difference in net benefit at each declared threshold."""
    return tuple(
        replace(
            compare_linear(_linearise_net_benefit(model, t), _linearise_net_benefit(reference, t), model, ddof=0),
            threshold_probability=t,
        )
        for t in model.thresholds
    )


def make_share(select: PartAndWhole) -> Compute:
    """Make the estimate of a share at each declared threshold, with Wilson's interval."""

    def compute(sample: Sample) -> tuple[Estimate, ...]:
        return tuple(
            replace(_estimate_share(sample, *select(sample, sample.p >= t)), threshold_probability=t)
            for t in sample.thresholds
        )

    return compute


def _estimate_share(sample: Sample, part: BoolArray, whole: BoolArray) -> Estimate:
    share, influence = linearise_share(part, whole, sample.weights, sample.replicate)
    if not math.isfinite(share):
        return NOT_ASSESSABLE
    patients = count_effective_patients(whole, sample.weights, sample.patient)
    if not sample.robust:
        return compute_wilson(share, patients, kind="Wilson")
    error = compute_standard_error(influence, sample.patient, ddof=0)
    kind = "Wilson, effective number of patients"
    return compute_wilson(share, compute_effective_n(share, error, patients), kind=kind)


def _of_events(sample: Sample, above: BoolArray) -> tuple[BoolArray, BoolArray]:
    return above, sample.y == 1


def _of_non_events(sample: Sample, above: BoolArray) -> tuple[BoolArray, BoolArray]:
    return ~above, sample.y == 0


def _of_those_above(sample: Sample, above: BoolArray) -> tuple[BoolArray, BoolArray]:
    return sample.y == 1, above


def _of_those_below(sample: Sample, above: BoolArray) -> tuple[BoolArray, BoolArray]:
    return sample.y == 0, ~above


def _of_everyone(sample: Sample, above: BoolArray) -> tuple[BoolArray, BoolArray]:
    acted = ~above if sample.acts_below else above
    return acted, np.ones_like(acted)


compute_net_benefit = make_benefit(_linearise_net_benefit)
compute_standardised_net_benefit = make_benefit(_linearise_standardised)
compute_interventions_avoided = make_benefit(_linearise_avoided)
compute_sensitivity = make_share(_of_events)
compute_specificity = make_share(_of_non_events)
compute_ppv = make_share(_of_those_above)
compute_npv = make_share(_of_those_below)
compute_share_acted_on = make_share(_of_everyone)
