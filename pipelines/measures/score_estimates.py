"""Estimates of predicted scores with their intervals, and the paired differences between two models."""

from __future__ import annotations

import math

import numpy as np

from pipelines.intervals import NOT_ASSESSABLE, Estimate, Linear, compute_standard_error, compute_wald
from pipelines.measures.estimates import NO_VARIATION, is_nil, make_mean_metric, name_wald
from pipelines.measures.overall import linearise_scaled_brier
from pipelines.measures.sample import Sample
from pipelines.measures.scores import (
    linearise_absolute_error,
    linearise_coverage,
    linearise_difference,
    linearise_root_mean_square,
    linearise_slope,
    linearise_width,
)


def _linearise_mae(sample: Sample) -> Linear:
    return linearise_absolute_error(sample.y, sample.p, sample.weights, sample.replicate)


def _linearise_rmse(sample: Sample) -> Linear:
    return linearise_root_mean_square(sample.y, sample.p, sample.weights, sample.replicate)


def _linearise_r_squared(sample: Sample) -> Linear:
    # The same ratio as of the scaled Brier score: squared error over that of a prediction that knows no predictor.
    return linearise_scaled_brier(sample.y, sample.p, sample.null, sample.weights, sample.replicate)


def _linearise_difference(sample: Sample) -> Linear:
    return linearise_difference(sample.y, sample.p, sample.weights, sample.replicate)


def _linearise_width(sample: Sample) -> Linear:
    return linearise_width(sample.low, sample.high, sample.weights, sample.replicate)


def compute_score_slope(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the slope of the observed on the predicted score."""
    slope, influence = linearise_slope(sample.y, sample.p, sample.weights, sample.replicate)
    if not math.isfinite(slope):
        return (NOT_ASSESSABLE,)
    return (compute_wald(slope, compute_standard_error(influence, sample.patient), kind=name_wald(sample)),)


def compute_r_squared(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the share of the score's variance that is explained; not where all scores are the same."""
    if np.ptp(sample.y) == 0:
        return (NOT_ASSESSABLE,)
    return _compute_r_squared(sample)


def compare_r_squared(model: Sample, reference: Sample) -> tuple[Estimate, ...]:
    """Estimate the paired difference in the share of variance that is explained."""
    if np.ptp(reference.y) == 0:
        return (NOT_ASSESSABLE,)
    return _compare_r_squared(model, reference)


def compute_coverage(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the share of scores inside their intervals; not where a model had too few patients for intervals."""
    if not _has_intervals(sample):
        return (NOT_ASSESSABLE,)
    share, influence = linearise_coverage(sample.y, sample.low, sample.high, sample.weights, sample.replicate)
    error = compute_standard_error(influence, sample.patient)
    if is_nil(error, share):
        return (Estimate(estimate=share, interval_kind=NO_VARIATION),)
    return (compute_wald(share, error, kind=name_wald(sample), lowest=0.0, highest=1.0),)


def compute_width(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the mean width of the intervals; not where a model had too few patients for intervals."""
    return _compute_width(sample) if _has_intervals(sample) else (NOT_ASSESSABLE,)


def _has_intervals(sample: Sample) -> bool:
    return bool(np.isfinite(sample.low).all() and np.isfinite(sample.high).all())


compute_mae, compare_mae = make_mean_metric(_linearise_mae, lowest=0.0)
compute_rmse, compare_rmse = make_mean_metric(_linearise_rmse, lowest=0.0)
_compute_r_squared, _compare_r_squared = make_mean_metric(_linearise_r_squared)
compute_mean_difference, _ = make_mean_metric(_linearise_difference)
_compute_width, _ = make_mean_metric(_linearise_width, lowest=0.0)
