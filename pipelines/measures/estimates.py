"""Estimates of a sample: each metric with its interval, and the paired difference between two models."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

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
    explain_absence,
)
from pipelines.measures.calibration import (
    LogisticFit,
    fit_calibration_in_the_large,
    fit_calibration_slope,
    linearise_fits,
    linearise_oe_ratio,
)
from pipelines.measures.calibration_curve import compute_distance_quantile, compute_ici, simulate_null_ici
from pipelines.measures.classification import count_effective_patients
from pipelines.measures.discrimination import (
    bootstrap_c_statistic,
    compute_average_precision,
    compute_delong,
    compute_within_fold_c_statistic,
    linearise_discrimination_slope,
    split_rows,
)
from pipelines.measures.event_rate import compute_event_rate
from pipelines.measures.overall import (
    LEAST_PROBABILITY,
    clip_probability,
    linearise_brier_score,
    linearise_log_loss,
    linearise_mean,
    linearise_nagelkerke,
    linearise_scaled_brier,
)
from pipelines.measures.sample import Sample

FEW = 10
"""Below this number of events or non-events a variance estimate of the c-statistic is not to be trusted."""
OTHER_CLIP = 1e-4
"""Where risks of 0 and 1 are moved to in order to see whether a calibration rests on it."""
LARGEST_ERROR = 2.0
"""Standard error of the calibration in the large, on the log-odds, beyond which it says nothing."""
ROUNDING = 1e-12
"""A standard error below this, relative to an estimate above 1, is left over from the order of sums."""

BY_PATIENT = ", cluster-robust by patient"
NO_VARIATION = explain_absence("no variation between patients")
NOBODY_TOLD_APART = explain_absence("the same prediction for everyone")
DESCRIBED = explain_absence("it describes the predictions")
NO_COVERAGE = explain_absence("no interval is known to cover near perfect calibration")
RESTS_ON_CLIP = Estimate(
    status=NOT_ASSESSABLE.status,
    interval_kind=explain_absence("it would rest on where the risks of 0 and 1 are moved to"),
)

Linearise = Callable[[Sample], Linear]
Compute = Callable[[Sample], tuple[Estimate, ...]]
Compare = Callable[[Sample, Sample], tuple[Estimate, ...]]


def name_wald(sample: Sample, detail: str = "") -> str:
    """Return the words for a Wald interval of the sample."""
    return "Wald" + (f", {detail}" if detail else "") + name_robust(sample)


def name_robust(sample: Sample) -> str:
    """Return the words for what a standard error allows for: several rows of a patient, or else unequal weights."""
    if not sample.robust:
        return ""
    return BY_PATIENT if np.unique(sample.patient).size < sample.y.size else ", robust to weights"


def tell_clipped(sample: Sample) -> str:
    """Return how many risks were moved before a logarithm was taken, in words; small numbers of patients as such."""
    if not sample.clipped:
        return ""
    shown = f"fewer than {FEW}" if sample.clipped < FEW else f"{sample.clipped}"
    shown = f"all but fewer than {FEW}" if 0 < sample.n - sample.clipped < FEW else shown
    return f"risks of 0 or 1 moved by {LEAST_PROBABILITY:f} in {shown} operations"


def is_nil(error: float, estimate: float) -> bool:
    """Tell whether a standard error is none but for rounding, since no patient differs from another."""
    return error <= ROUNDING * max(1.0, abs(estimate))


def estimate_linear(linear: Linear, sample: Sample, *, detail: str = "", lowest: float = -math.inf) -> Estimate:
    """Return the Wald interval of an estimate whose rows have influences; none where no row differs from another."""
    error = compute_standard_error(linear.influence, sample.patient)
    if is_nil(error, linear.estimate):
        return Estimate(estimate=linear.estimate, interval_kind=NO_VARIATION)
    return compute_wald(linear.estimate, error, kind=name_wald(sample, detail), lowest=lowest)


def make_mean_metric(
    linearise: Linearise, *, lowest: float = -math.inf, tell: Callable[[Sample], str] | None = None
) -> tuple[Compute, Compare]:
    """Make the estimate and the paired difference of a metric whose rows have influences; `tell` adds to its words."""

    def compute(sample: Sample) -> tuple[Estimate, ...]:
        detail = tell(sample) if tell else ""
        return (estimate_linear(linearise(sample), sample, detail=detail, lowest=lowest),)

    def compare(model: Sample, reference: Sample) -> tuple[Estimate, ...]:
        detail = (tell(model) or tell(reference)) if tell else ""
        return (compare_linear(linearise(model), linearise(reference), model, detail=detail),)

    return compute, compare


def compare_linear(model: Linear, reference: Linear, sample: Sample, *, ddof: int = 1, detail: str = "") -> Estimate:
    """Return the paired difference of two estimates of the same rows with its Wald interval.

    Without one where the models differ alike in every patient, such as two that predict the same.
    """
    error = compute_standard_error(model.influence - reference.influence, sample.patient, ddof=ddof)
    difference = model.estimate - reference.estimate
    if is_nil(error, max(abs(model.estimate), abs(reference.estimate))):
        return Estimate(estimate=difference, interval_kind=NO_VARIATION)
    return compute_wald(difference, error, kind="paired " + name_wald(sample, detail))


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


def _linearise_nagelkerke(sample: Sample) -> Linear:
    return linearise_nagelkerke(sample.y, sample.p, sample.null, sample.weights, sample.replicate)


def compute_nagelkerke(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate Nagelkerke's R-squared; not where it rests on where risks of 0 and 1 are moved to."""
    linear = _linearise_nagelkerke(sample)
    if sample.clipped:
        p = clip_probability(sample.p, OTHER_CLIP)
        other = linearise_nagelkerke(sample.y, p, sample.null, sample.weights, sample.replicate)
        error, moved = (compute_standard_error(one.influence, sample.patient) for one in (linear, other))
        if is_nil(error, linear.estimate) or _rests_on_clip([(linear, error)], [(other, moved)]):
            return (RESTS_ON_CLIP,)
    return (estimate_linear(linear, sample, detail=tell_clipped(sample)),)


def _linearise_discrimination_slope(sample: Sample) -> Linear:
    return linearise_discrimination_slope(sample.y, sample.p, sample.weights, sample.replicate)


def compute_c_statistic(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the c-statistic: DeLong for fixed predictions of independent patients, else a patient bootstrap."""
    value, _ = compute_within_fold_c_statistic(sample.y, sample.score, sample.weights, sample.fold)
    if not math.isfinite(value):
        return (NOT_ASSESSABLE,)
    if sample.constant:
        return (Estimate(estimate=value, interval_kind=NOBODY_TOLD_APART),)
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
    _, with_event, without = sample.patient_counts
    lower, upper = compute_newcombe(value, with_event, without)
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
    error = math.sqrt(max(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1], 0.0))
    if is_nil(error, 1.0):
        return (Estimate(estimate=difference, interval_kind=NO_VARIATION),)
    return (compute_wald(difference, error, kind="paired DeLong" + _note_few(model)),)


def compute_average_precisions(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the average precision within each complete set of predictions, and average it."""
    parts = split_rows(sample.replicate)
    values = [compute_average_precision(sample.y[rows], sample.score[rows], sample.weights[rows]) for rows in parts]
    value = float(np.mean(values))
    if not 0 < value < 1:
        return (Estimate(estimate=value, interval_kind=explain_absence("every event ranks above everyone else")),)
    events = count_effective_patients(sample.y == 1, sample.weights, sample.patient)
    if events < FEW:
        return (Estimate(estimate=value, interval_kind=explain_absence(f"fewer than {FEW} events")),)
    error = math.sqrt(value * (1 - value) / events)
    return (compute_logit_wald(value, error, kind="logit scale, by the number of patients with the event"),)


def compute_share_of_events(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the event rate, which is what average precision is without discrimination."""
    found = compute_event_rate(sample.y, sample.weights, replicate=sample.replicate, patient=sample.patient)
    return (replace(found, interval_kind=found.interval_kind.replace(BY_PATIENT, name_robust(sample))),)


def compute_mean_risk(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the mean predicted risk, a property of the patients and the model: without an interval."""
    value = linearise_mean(sample.p, sample.weights, sample.replicate).estimate
    return (Estimate(estimate=value, interval_kind=DESCRIBED),)


def compute_oe_ratio(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate observed over expected events; not where no event was expected."""
    if not np.bincount(sample.replicate, weights=sample.weights * sample.p).all():
        return (NOT_ASSESSABLE,)
    ratio, influence = linearise_oe_ratio(sample.y, sample.p, sample.weights, sample.replicate)
    error = compute_standard_error(influence, sample.patient)
    if is_nil(error, 1.0):
        return (Estimate(estimate=ratio, interval_kind=NO_VARIATION),)
    return (compute_log_wald(ratio, error, kind=name_wald(sample, "log scale")),)


Fit = Callable[..., LogisticFit | None]


def _fit_terms(sample: Sample, fit: Fit, least: float) -> list[tuple[Linear, float]] | None:
    """Fit each replicate; return the coefficients with their standard errors, or None where a fit failed."""
    fits = [fit(sample.y[rows], sample.p[rows], sample.weights[rows], least) for rows in sample.replicates]
    first = fits[0]
    if first is None:
        return None
    terms = []
    for term in range(first.coefficients.size):
        linear = linearise_fits(fits, sample.replicates, sample.y.size, term)
        if linear is None:
            return None
        plain = math.sqrt(first.covariance[term, term])
        terms.append((linear, compute_standard_error(linear.influence, sample.patient) if sample.robust else plain))
    return terms


def _coefficient(sample: Sample, fit: Fit, term: int, *, largest_error: float = math.inf) -> tuple[Estimate, ...]:
    found = _fit_terms(sample, fit, LEAST_PROBABILITY)
    if found is None:
        return (NOT_ASSESSABLE,)
    if sample.clipped and _rests_on_clip(found, _fit_terms(sample, fit, OTHER_CLIP)):
        return (RESTS_ON_CLIP,)
    linear, error = found[term]
    if error > largest_error:
        return (NOT_ASSESSABLE,)
    return (compute_wald(linear.estimate, error, kind=name_wald(sample, tell_clipped(sample))),)


def _rests_on_clip(found: list[tuple[Linear, float]], others: list[tuple[Linear, float]] | None) -> bool:
    """Tell whether moving risks of 0 and 1 further in moves an estimate by its error, or the error by a tenth."""
    if others is None:
        return True
    pairs = zip(found, others, strict=True)
    return any(
        abs(other.estimate - linear.estimate) > error or not 0.9 < other_error / error < 1.1
        for (linear, error), (other, other_error) in pairs
    )


def compute_calibration_in_the_large(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the intercept with the logit of the risk as an offset."""
    return _coefficient(sample, fit_calibration_in_the_large, 0, largest_error=LARGEST_ERROR)


def compute_calibration_intercept(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the intercept of the joint calibration model, which is not the calibration in the large."""
    return _joint_coefficient(sample, 0)


def compute_calibration_slope(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the slope of the joint calibration model."""
    return _joint_coefficient(sample, 1)


def _joint_coefficient(sample: Sample, term: int) -> tuple[Estimate, ...]:
    """Estimate a term of the joint calibration model; not from folds that differ in nothing but their event rates."""
    if sample.constant:
        return (Estimate(status=NOT_ASSESSABLE.status, interval_kind=NOBODY_TOLD_APART),)
    return _coefficient(sample, fit_calibration_slope, term)


def compute_mean_distance(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate the integrated calibration index, without an interval."""
    if sample.curves is None:
        return (NOT_ASSESSABLE,)
    value = float(np.mean([compute_ici(curve, part.p, part.weights) for curve, part in sample.curves]))
    return (Estimate(estimate=value, interval_kind=NO_COVERAGE),)


def make_distance_quantile(share: float) -> Compute:
    """Make the estimate of a quantile of the distance between risk and flexible curve, without an interval."""

    def compute(sample: Sample) -> tuple[Estimate, ...]:
        if sample.curves is None:
            return (NOT_ASSESSABLE,)
        values = [compute_distance_quantile(curve, part.p, part.weights, share) for curve, part in sample.curves]
        return (Estimate(estimate=float(np.mean(values)), interval_kind=NO_COVERAGE),)

    return compute


def compute_ici_null(sample: Sample) -> tuple[Estimate, ...]:
    """Estimate what the index would be under perfect calibration: mean, and 95th percentile as the upper limit."""
    if sample.curves is None:
        return (NOT_ASSESSABLE,)
    draws = np.mean(
        [
            simulate_null_ici(
                curve, s.p, s.weights, rng=sample.draws.rng("perfect calibration"), n_draws=sample.draws.n_small
            )
            for curve, s in sample.curves
        ],
        axis=0,
    )
    kind = "mean and 95th percentile under perfect calibration"
    return (Estimate(estimate=float(draws.mean()), upper=float(np.percentile(draws, 95)), interval_kind=kind),)


compute_brier_score, compare_brier_score = make_mean_metric(_linearise_brier, lowest=0.0)
compute_scaled_brier, compare_scaled_brier = make_mean_metric(_linearise_scaled_brier)
compute_log_loss, compare_log_loss = make_mean_metric(_linearise_log_loss, lowest=0.0, tell=tell_clipped)
compute_discrimination_slope, _ = make_mean_metric(_linearise_discrimination_slope)
compute_e50, compute_e90, compute_e_max = (make_distance_quantile(share) for share in (0.5, 0.9, 1.0))

compare_calibration_slope = _compare_described(compute_calibration_slope)
compare_ici = _compare_described(compute_mean_distance)
