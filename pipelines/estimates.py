"""Estimates of a sample: each metric with its interval, and the paired difference between two models."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from pipelines.calibration import (
    LogisticFit,
    fit_calibration_in_the_large,
    fit_calibration_slope,
    linearise_fits,
    linearise_oe_ratio,
)
from pipelines.calibration_curve import (
    CalibrationCurve,
    bootstrap_ici,
    compute_ici,
    fit_calibration_curve,
    simulate_null_ici,
)
from pipelines.discrimination import bootstrap_c_statistic, compute_delong, compute_within_fold_c_statistic
from pipelines.intervals import (
    NOT_ASSESSABLE,
    Estimate,
    FloatArray,
    Linear,
    compute_log_wald,
    compute_logit_wald,
    compute_newcombe,
    compute_percentile,
    compute_standard_error,
    compute_wald,
)
from pipelines.overall import linearise_brier_score, linearise_log_loss, linearise_scaled_brier
from pipelines.sample import Sample
from pipelines.utility import linearise_net_benefit

FEW = 10
"""Below this number of events or non-events a variance estimate of the c-statistic is not to be trusted."""

Linearise = Callable[[Sample], Linear]
Compute = Callable[[Sample], tuple[Estimate, ...]]
Compare = Callable[[Sample, Sample], tuple[Estimate, ...]]


def name_wald(sample: Sample, detail: str = "") -> str:
    """Return the words for a Wald interval of the sample."""
    return "Wald" + (f", {detail}" if detail else "") + (", cluster-robust by patient" if sample.robust else "")


def make_mean_metric(linearise: Linearise, *, lowest: float = -math.inf) -> tuple[Compute, Compare]:
    """Make the estimate and the paired difference of a metric whose rows have influences."""

    def compute(sample: Sample) -> tuple[Estimate, ...]:
        estimate, influence = linearise(sample)
        error = compute_standard_error(influence, sample.patient)
        return (compute_wald(estimate, error, kind=name_wald(sample), lowest=lowest),)

    def compare(model: Sample, reference: Sample) -> tuple[Estimate, ...]:
        return (_compare_linear(linearise(model), linearise(reference), model),)

    return compute, compare


def _compare_linear(model: Linear, reference: Linear, sample: Sample, *, ddof: int = 1) -> Estimate:
    error = compute_standard_error(model.influence - reference.influence, sample.patient, ddof=ddof)
    return compute_wald(model.estimate - reference.estimate, error, kind="paired " + name_wald(sample))


def _compare_described(compute: Compute) -> Compare:
    """Make the difference of a metric that is described only: no interval and no test."""

    def compare(model: Sample, reference: Sample) -> tuple[Estimate, ...]:
        (first,), (second,) = compute(model), compute(reference)
        if "not assessable" in (first.status, second.status):
            return (NOT_ASSESSABLE,)
        return (Estimate(estimate=first.estimate - second.estimate, interval_kind="described only"),)

    return compare


def _linearise_brier(sample: Sample) -> Linear:
    return linearise_brier_score(sample.y, sample.p, sample.weights, sample.replicate)


def _linearise_scaled_brier(sample: Sample) -> Linear:
    return linearise_scaled_brier(sample.y, sample.p, sample.null, sample.weights, sample.replicate)


def _linearise_log_loss(sample: Sample) -> Linear:
    return linearise_log_loss(sample.y, sample.p, sample.weights, sample.replicate)


def compute_c_statistic(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the c-statistic: DeLong for fixed predictions of independent patients, else a patient bootstrap."""
    value, _ = compute_within_fold_c_statistic(sample.y, sample.score, sample.weights, sample.fold)
    if not math.isfinite(value):
        return (NOT_ASSESSABLE,)
    if value in (0.0, 1.0):
        return (_newcombe(value, sample, "at 0 or 1"),)
    if sample.folded or sample.robust:
        kind = "patient bootstrap, percentile" + _note_few(sample)
        return (compute_percentile(value, _bootstrap_c(sample), kind=kind),)
    if _note_few(sample):
        return (_newcombe(value, sample, f"fewer than {FEW} events or non-events"),)
    _, covariance = compute_delong(sample.y, sample.score[None, :])
    return (compute_logit_wald(value, math.sqrt(covariance[0, 0]), kind="DeLong, logit scale"),)


def _note_few(sample: Sample) -> str:
    return f"; fewer than {FEW} events or non-events" if min(sample.events, sample.non_events) < FEW else ""


def _newcombe(value: float, sample: Sample, reason: str) -> Estimate:
    lower, upper = compute_newcombe(value, sample.events, sample.non_events)
    return Estimate(estimate=value, lower=lower, upper=upper, interval_kind=f"Newcombe ({reason})")


def _bootstrap_c(sample: Sample) -> FloatArray:
    counts = sample.draws.patient_counts(sample.n_patients)
    return bootstrap_c_statistic(
        sample.y, sample.score, sample.weights, fold=sample.fold, patient=sample.patient, counts=counts
    )


def compare_c_statistic(model: Sample, reference: Sample) -> tuple[Estimate, ...]:
    """Estimate the paired difference in the c-statistic."""
    values = [compute_within_fold_c_statistic(s.y, s.score, s.weights, s.fold)[0] for s in (model, reference)]
    difference = values[0] - values[1]
    if not math.isfinite(difference):
        return (NOT_ASSESSABLE,)
    if model.folded or model.robust:
        draws = _bootstrap_c(model) - _bootstrap_c(reference)
        return (compute_percentile(difference, draws, kind="paired patient bootstrap, percentile" + _note_few(model)),)
    if min(model.events, model.non_events) < 2:
        return (Estimate(estimate=difference),)
    _, covariance = compute_delong(model.y, np.stack([model.score, reference.score]))
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return (compute_wald(difference, math.sqrt(max(variance, 0.0)), kind="paired DeLong" + _note_few(model)),)


def compute_oe_ratio(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate observed over expected events."""
    ratio, influence = linearise_oe_ratio(sample.y, sample.p, sample.weights, sample.replicate)
    error = compute_standard_error(influence, sample.patient)
    return (compute_log_wald(ratio, error, kind=name_wald(sample, "log scale")),)


def _fit_replicates(sample: Sample, fit: Callable[..., LogisticFit | None]) -> list[LogisticFit | None]:
    return [fit(sample.y[rows], sample.p[rows], sample.weights[rows]) for rows in sample.replicates]


def _coefficient(sample: Sample, fit: Callable[..., LogisticFit | None], term: int) -> tuple[Estimate, ...]:
    fits = _fit_replicates(sample, fit)
    linear = linearise_fits(fits, sample.replicates, sample.y.size, term)
    if linear is None or fits[0] is None:
        return (NOT_ASSESSABLE,)
    error = (
        compute_standard_error(linear.influence, sample.patient)
        if sample.robust
        else math.sqrt(fits[0].covariance[term, term])
    )
    return (compute_wald(linear.estimate, error, kind=name_wald(sample)),)


def compute_calibration_in_the_large(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the intercept with the logit of the risk as an offset."""
    return _coefficient(sample, fit_calibration_in_the_large, 0)


def compute_calibration_slope(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the slope of the joint calibration model."""
    return _coefficient(sample, fit_calibration_slope, 1)


def _fit_curves(sample: Sample) -> list[tuple[CalibrationCurve, Sample]] | None:
    parts = [sample.take(sample.replicate == code) for code in range(len(sample.replicates))]
    fitted = [(fit_calibration_curve(part.y, part.p, part.weights), part) for part in parts]
    found = [(curve, part) for curve, part in fitted if curve is not None]
    return found if len(found) == len(parts) else None


def compute_ici_alone(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the integrated calibration index without an interval."""
    curves = _fit_curves(sample)
    if curves is None:
        return (NOT_ASSESSABLE,)
    return (Estimate(estimate=float(np.mean([compute_ici(curve, s.p, s.weights) for curve, s in curves]))),)


def compute_ici_with_interval(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the integrated calibration index with percentiles that claim no coverage near perfect calibration."""
    curves = _fit_curves(sample)
    if curves is None:
        return (NOT_ASSESSABLE,)
    value = float(np.mean([compute_ici(curve, s.p, s.weights) for curve, s in curves]))
    counts = sample.draws.patient_counts(sample.n_patients)[: sample.draws.n_small]
    draws = np.mean(
        [bootstrap_ici(curve, s.y, s.p, s.weights, patient=s.patient, counts=counts) for curve, s in curves], axis=0
    )
    return (compute_percentile(value, draws, kind="bootstrap percentile, no coverage claimed"),)


def compute_ici_null(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate what the index would be under perfect calibration: mean, and 95th percentile as the upper limit."""
    curves = _fit_curves(sample)
    if curves is None:
        return (NOT_ASSESSABLE,)
    draws = np.mean(
        [
            simulate_null_ici(
                curve, s.p, s.weights, rng=sample.draws.rng("perfect calibration"), n_draws=sample.draws.n_small
            )
            for curve, s in curves
        ],
        axis=0,
    )
    kind = "mean and 95th percentile under perfect calibration"
    return (Estimate(estimate=float(draws.mean()), upper=float(np.percentile(draws, 95)), interval_kind=kind),)


def _linearise_thresholds(sample: Sample) -> Iterator[tuple[float, Linear]]:
    for threshold in sample.thresholds:
        yield threshold, linearise_net_benefit(sample.y, sample.p, threshold, sample.weights, sample.replicate)


def compute_net_benefit(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the net benefit at each declared threshold."""
    return tuple(
        replace(
            # the sum of squares over n, not n - 1: as in the published closed form
            compute_wald(value, compute_standard_error(influence, sample.patient, ddof=0), kind=name_wald(sample)),
            threshold_probability=threshold,
        )
        for threshold, (value, influence) in _linearise_thresholds(sample)
    )


def compare_net_benefit(model: Sample, reference: Sample) -> tuple[Estimate, ...]:
    """Estimate the paired difference in net benefit at each declared threshold."""
    pairs = zip(_linearise_thresholds(model), _linearise_thresholds(reference), strict=True)
    return tuple(
        replace(_compare_linear(first, second, model, ddof=0), threshold_probability=threshold)
        for (threshold, first), (_, second) in pairs
    )


compute_brier_score, compare_brier_score = make_mean_metric(_linearise_brier, lowest=0.0)
compute_scaled_brier, compare_scaled_brier = make_mean_metric(_linearise_scaled_brier)
compute_log_loss, compare_log_loss = make_mean_metric(_linearise_log_loss, lowest=0.0)

compare_calibration_slope = _compare_described(compute_calibration_slope)
compare_ici = _compare_described(compute_ici_alone)
