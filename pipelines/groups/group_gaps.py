"""A group of patients against the rest of the sample: gaps in calibration and discrimination, and the largest of them.

Each measure of some of the rows comes with the influence of every row, so that a gap's standard error takes the
patient as the unit, also where one patient is in the group with one operation and in the rest with another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.stats import norm, rankdata

from pipelines.intervals import (
    BoolArray,
    CountArray,
    Estimate,
    FloatArray,
    IntArray,
    Linear,
    compute_standard_error,
    compute_wald,
)
from pipelines.measures.calibration import (
    LogisticFit,
    fit_calibration_in_the_large,
    fit_calibration_slope,
    linearise_fits,
    linearise_oe_ratio,
)
from pipelines.measures.discrimination import compute_delong, split_rows
from pipelines.measures.estimates import name_wald
from pipelines.measures.sample import Sample
from pipelines.measures.scores import linearise_difference, linearise_slope

CHUNK_CELLS = 4_000_000
"""Resamples are taken in chunks of about this many cells."""
LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A measure of some rows: `influence` of each of them, shape (n,), and the model's variance where one is known."""

    estimate: float
    influence: FloatArray
    variance: float = math.nan


@dataclass(frozen=True, kw_only=True)
class GapMetric:
    """One measure whose gaps are reported.

    Parameters
    ----------
    name
        As in the table; a ratio is compared on the logarithm, and the name says so.
    measure
        Sample -> measure with influences; None where it cannot be computed.
    least
        Fewest events and non-events, or follow-up scores, in the group and in the rest.
    in_points
        Whether it is of a predicted follow-up score.
    for_scores
        Whether it can be had from a score that only ranks.
    judged
        Whether the margin of the audit is on its scale.
    fixed_by_folds
        Whether folds hold the value of a group that the model knows at its ideal (`pipelines.groups.held_groups`).
    """

    name: str
    measure: Callable[[Sample], Measured | None]
    least: int
    in_points: bool = False
    for_scores: bool = False
    judged: bool = False
    fixed_by_folds: bool = False


@dataclass(frozen=True, kw_only=True)
class Split:
    """A group and the rest of its sample; `rows` says which rows are the group, shape (n,)."""

    sample: Sample
    rows: BoolArray

    @cached_property
    def part(self) -> Sample:
        """The group."""
        return self.sample.take(self.rows)

    @cached_property
    def rest(self) -> Sample:
        """Everyone else."""
        return self.sample.take(~self.rows)

    @cached_property
    def fewest(self) -> int:
        """The rarer kind of outcome in the group or in the rest, whichever has fewer."""
        return min(self.part.fewest, self.rest.fewest)


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Group minus rest, with the influence of every row of the sample on the difference, shape (n,)."""

    estimate: float
    standard_error: float
    influence: FloatArray
    kind: str

    def __neg__(self) -> Gap:
        """Return the gap seen from the rest."""
        return replace(self, estimate=-self.estimate, influence=-self.influence)

    @property
    def interval(self) -> Estimate:
        """The gap with its 95 % interval, unadjusted for other groups."""
        return compute_wald(self.estimate, self.standard_error, kind=self.kind)

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no gap."""
        return compute_wald_p(self.estimate, self.standard_error)


def compute_wald_p(estimate: float, standard_error: float) -> float:
    """Return the two-sided p-value of an estimate that is normal about 0; NaN without a standard error."""
    if not standard_error > 0:
        return math.nan
    return float(2 * norm.sf(abs(estimate) / standard_error))


def compute_gap(metric: GapMetric, split: Split) -> Gap | None:
    """Compare a group with the rest of its sample.

    Parameters
    ----------
    metric
        The measure.
    split
        The group and the rest.

    Returns
    -------
    Gap or None
        None where group or rest has too few events or non-events, or the measure has no value.

    Notes
    -----
    Independent rows of equal weight: the variance is the sum of the two variances, each from its model. Else the
    influences of the group, and those of the rest with the other sign, are summed by patient.
    """
    sample, rows = split.sample, split.rows
    if split.fewest < metric.least or (sample.ranks_only and not metric.for_scores):
        return None
    first, second = metric.measure(split.part), metric.measure(split.rest)
    if first is None or second is None:
        return None
    influence = np.empty(sample.y.size)
    influence[rows], influence[~rows] = first.influence, -second.influence
    variance = first.variance + second.variance
    if sample.robust or not math.isfinite(variance):
        error = compute_standard_error(influence, sample.patient)
    else:
        error = math.sqrt(variance)
    return Gap(
        estimate=first.estimate - second.estimate, standard_error=error, influence=influence, kind=name_wald(sample)
    )


def compute_largest_gap(gaps: Sequence[Gap], errors: FloatArray) -> Estimate:
    """Estimate the largest absolute gap of an attribute with an interval that holds for all groups at once.

    Parameters
    ----------
    gaps
        Those of the groups, one at least.
    errors
        Errors of the gaps in resamples of patients (`resample_errors`), shape (resamples, gaps).

    Returns
    -------
    Estimate
        The limits are both 0 or more.

    Notes
    -----
    The 95th percentile c of ``max over groups of |error| / se`` widens every interval to ``gap -/+ c se``, and these
    cover all gaps at once. Where they do, the largest absolute gap lies between the largest of the smallest and the
    largest of the largest absolute values that they hold. The same draws of patients are used for every group, so that
    c takes into account how the gaps go together.

    References
    ----------
    Westfall PH, Young SS. Resampling-based multiple testing. Wiley; 1993.
    """
    estimate = np.array([gap.estimate for gap in gaps])
    error = np.array([gap.standard_error for gap in gaps])
    standardised = np.abs(errors) / np.where(error > 0, error, np.inf)
    critical = float(np.quantile(standardised.max(axis=1), LEVEL))
    size = np.abs(estimate)
    return Estimate(
        estimate=float(size.max()),
        lower=float(np.maximum(size - critical * error, 0.0).max()),
        upper=float((size + critical * error).max()),
        interval_kind="simultaneous over groups, bootstrap of patients (largest standardised gap)",
    )


def resample_errors(gaps: Sequence[Gap], patient: IntArray, counts: CountArray) -> FloatArray:
    """Compute the first-order error of each gap in resamples of patients.

    Parameters
    ----------
    gaps
        Of one model on one sample.
    patient
        Patient of each row, a column of `counts`; shape (n,).
    counts
        How often each patient is drawn, shape (resamples, patients).

    Returns
    -------
    ndarray
        Shape (resamples, gaps): the influences of the drawn patients summed, less those of all patients.
    """
    by_patient = np.column_stack(
        [np.bincount(patient, weights=gap.influence, minlength=counts.shape[1]) for gap in gaps]
    )
    step = max(1, CHUNK_CELLS // counts.shape[1])
    parts = [counts[start : start + step] @ by_patient for start in range(0, counts.shape[0], step)]
    return np.asarray(np.concatenate(parts) - by_patient.sum(axis=0))


def _measure_fits(sample: Sample, fit: Callable[..., LogisticFit | None], term: int) -> Measured | None:
    fits = [fit(sample.y[rows], sample.p[rows], sample.weights[rows]) for rows in sample.replicates]
    linear = linearise_fits(fits, sample.replicates, sample.y.size, term)
    if linear is None or fits[0] is None:
        return None
    return Measured(
        estimate=linear.estimate, influence=linear.influence, variance=float(fits[0].covariance[term, term])
    )


def measure_calibration_in_the_large(sample: Sample) -> Measured | None:
    """Measure the intercept with the logit of the risk as an offset."""
    return _measure_fits(sample, fit_calibration_in_the_large, 0)


def measure_calibration_slope(sample: Sample) -> Measured | None:
    """Measure the slope of the joint calibration model."""
    return _measure_fits(sample, fit_calibration_slope, 1)


def measure_line(sample: Sample) -> tuple[Measured | None, Measured | None]:
    """Measure intercept and slope of the joint calibration model."""
    return _measure_fits(sample, fit_calibration_slope, 0), _measure_fits(sample, fit_calibration_slope, 1)


def measure_log_oe_ratio(sample: Sample) -> Measured | None:
    """Measure the logarithm of observed over expected events: a gap is then the logarithm of a ratio of two O:E."""
    ratio, influence = linearise_oe_ratio(sample.y, sample.p, sample.weights, sample.replicate)
    return Measured(estimate=math.log(ratio), influence=influence) if ratio > 0 else None


def measure_c_statistic(sample: Sample) -> Measured | None:
    """Measure the c-statistic, within folds where there are several, with influences from the placement values."""
    folds = split_rows(sample.fold)
    found = [(rows, _place(sample.y[rows], sample.score[rows], sample.weights[rows])) for rows in folds]
    usable = [(rows, linear) for rows, linear in found if linear is not None]
    if not usable:
        return None
    value = float(np.mean([linear.estimate for _, linear in usable]))
    influence = np.zeros(sample.y.size)
    for rows, linear in usable:
        influence[rows] = _about(linear, sample, rows, value) / len(usable)
    variance = math.nan
    if not (sample.folded or sample.robust):
        variance = float(compute_delong(sample.y, sample.score[None, :])[1][0, 0])
    return Measured(estimate=value, influence=influence, variance=variance)


def _place(y: FloatArray, score: FloatArray, weights: FloatArray) -> Linear | None:
    """Return the c-statistic of one fold and the placement value of each row, None without events or non-events.

    The placement of an event is the weighted share of non-events below it (ties one half), of a non-event that of
    events above it.
    """
    case = y == 1
    if case.all() or not case.any():
        return None
    placement = np.empty(y.size)
    placement[case] = _share_below(score[case], score[~case], weights[~case])
    placement[~case] = _share_below(-score[~case], -score[case], weights[case])
    return Linear(float(np.average(placement[case], weights=weights[case])), placement)


def _share_below(at: FloatArray, others: FloatArray, weights: FloatArray) -> FloatArray:
    if np.ptp(weights) == 0:  # midranks are quicker than two searches
        joined = rankdata(np.concatenate([at, others]))
        return np.asarray((joined[: at.size] - rankdata(at)) / others.size)
    order = np.argsort(others, kind="stable")
    cumulated = np.concatenate([[0.0], np.cumsum(weights[order])])
    left, right = (np.searchsorted(others[order], at, side=side) for side in ("left", "right"))
    return np.asarray((cumulated[left] + cumulated[right]) / (2 * cumulated[-1]))


def _about(linear: Linear, sample: Sample, rows: IntArray, value: float) -> FloatArray:
    """Return the influences of a fold's rows on its c-statistic.

    About the mean over folds, not the fold's own value: with two or three events in a fold, deviations from its own
    value would lose half of the variance.
    """
    y, weights = sample.y[rows], sample.weights[rows]
    total = np.where(y == 1, weights[y == 1].sum(), weights[y == 0].sum())
    return np.asarray(weights * (linear.influence - value) / total)


def measure_mean_difference(sample: Sample) -> Measured | None:
    """Measure the mean of observed minus predicted score, in points."""
    estimate, influence = linearise_difference(sample.y, sample.p, sample.weights, sample.replicate)
    return Measured(estimate=estimate, influence=influence)


def measure_score_slope(sample: Sample) -> Measured | None:
    """Measure the slope of the observed on the predicted score."""
    estimate, influence = linearise_slope(sample.y, sample.p, sample.weights, sample.replicate)
    return Measured(estimate=estimate, influence=influence) if math.isfinite(estimate) else None


_ENTRIES = (
    GapMetric(
        name="calibration_in_the_large", measure=measure_calibration_in_the_large, least=10, judged=True,
        fixed_by_folds=True,
    ),
    GapMetric(name="log_oe_ratio", measure=measure_log_oe_ratio, least=10, fixed_by_folds=True),
    GapMetric(name="calibration_slope", measure=measure_calibration_slope, least=20),
    GapMetric(name="c_statistic", measure=measure_c_statistic, least=10, for_scores=True),
    GapMetric(name="mean_difference", measure=measure_mean_difference, least=10, in_points=True, fixed_by_folds=True),
    GapMetric(name="score_slope", measure=measure_score_slope, least=20, in_points=True),
)  # fmt: skip
GAP_METRICS: dict[str, GapMetric] = {entry.name: entry for entry in _ENTRIES}


def list_gap_metrics(sample: Sample) -> tuple[GapMetric, ...]:
    """Return the measures of what the sample predicts: follow-up scores, or everything else."""
    return tuple(metric for metric in GAP_METRICS.values() if metric.in_points == sample.in_points)
