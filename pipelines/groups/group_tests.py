"""Tests over all groups of an attribute: does calibration differ between them at all? Secondary to the gaps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from pipelines.groups.group_gaps import GAP_METRICS, Measured, Split, list_gap_metrics, measure_line
from pipelines.intervals import BoolArray, FloatArray, IntArray, Linear
from pipelines.measures.calibration import (
    LogisticFit,
    compute_logit,
    fit_calibration_in_the_large,
    fit_calibration_slope,
    fit_logistic,
)
from pipelines.measures.discrimination import split_rows
from pipelines.measures.sample import Sample

LIKELIHOOD_RATIO = "likelihood ratio"
WALD = "Wald, cluster-robust by patient"
LINES = "calibration_intercept_and_slope"


@dataclass(frozen=True, kw_only=True)
class GroupTest:
    """A chi-squared test; `kind` says which one it is."""

    statistic: float
    df: int
    kind: str

    @property
    def p_value(self) -> float:
        """Probability of a statistic as large as this one if the groups do not differ."""
        return float(chi2.sf(self.statistic, self.df))


def compare_groups(sample: Sample, groups: Sequence[Split]) -> dict[str, GroupTest | None]:
    """Test what the groups of an attribute have in common.

    Parameters
    ----------
    sample
        One model's predictions of one analysis.
    groups
        Each group of the attribute.

    Returns
    -------
    dict
        By measure; None where fewer than two groups have enough events and non-events (as for a gap), or a model has
        no maximum. Of risks: calibration in the large, slope, and both. Of scores: mean difference and slope. Nothing
        of a score that only ranks.

    Notes
    -----
    Likelihood ratio for independent rows of equal weight. Else a Wald test with influences summed by patient, since
    a likelihood would count repeats as new patients and weights as numbers of patients.
    """
    if sample.ranks_only:
        return {}
    if sample.in_points:
        return {metric.name: _compare_measures(metric.name, sample, groups) for metric in list_gap_metrics(sample)}
    names = ("calibration_in_the_large", "calibration_slope", LINES)
    if sample.robust:
        return {name: _compare_measures(name, sample, groups) for name in names}
    tests = (compare_intercepts, compare_slopes, compare_lines)
    return {name: _compare_likelihoods(name, test, sample, groups) for name, test in zip(names, tests, strict=True)}


def _select(name: str, groups: Sequence[Split]) -> list[Split]:
    least = GAP_METRICS["calibration_slope" if name == LINES else name].least
    return [split for split in groups if split.part.fewest >= least]


def _compare_likelihoods(
    name: str, test: Callable[..., GroupTest | None], sample: Sample, groups: Sequence[Split]
) -> GroupTest | None:
    enough = _select(name, groups)
    if len(enough) < 2:
        return None
    rows = np.stack([split.rows for split in enough])
    code, part = rows.argmax(axis=0), rows.any(axis=0)
    return test(sample.y[part], sample.p[part], sample.weights[part], code[part])


def _compare_measures(name: str, sample: Sample, groups: Sequence[Split]) -> GroupTest | None:
    found = [_measure(name, split) for split in _select(name, groups)]
    if any(not coefficients for coefficients in found):
        return None
    return compare_by_wald(found, sample.patient)


def _measure(name: str, split: Split) -> list[Linear]:
    """Return a group's coefficients with influences on all rows of the sample; none where there is no estimate."""
    own = measure_line(split.part) if name == LINES else (GAP_METRICS[name].measure(split.part),)
    return [_spread(one, split.rows) for one in own if one is not None]


def _spread(measured: Measured, rows: BoolArray) -> Linear:
    influence = np.zeros(rows.size)
    influence[rows] = measured.influence
    return Linear(measured.estimate, influence)


def compare_intercepts(y: FloatArray, p: FloatArray, weights: FloatArray, group: IntArray) -> GroupTest | None:
    """Test whether calibration in the large differs between groups.

    Parameters
    ----------
    y, p, weights
        Events, predicted risks, weights (all equal: independent rows), shape (n,).
    group
        Code of each row's group, from 0, shape (n,).

    Returns
    -------
    GroupTest or None
        None with one group, or where a model has no maximum (a group without events).

    Notes
    -----
    Likelihood ratio of ``logit P(y = 1) = a_group + l`` against ``a + l``, l the logit of the risk as an offset:
    k - 1 degrees of freedom.
    """
    rows = split_rows(group)
    common = fit_calibration_in_the_large(y, p, weights)
    own = [fit_calibration_in_the_large(y[part], p[part], weights[part]) for part in rows]
    logit = compute_logit(p)
    one = np.ones((y.size, 1))
    full = _sum_likelihoods(own, rows, one, y, weights, offset=logit)
    return _likelihood_ratio(full, _likelihood(common, one, y, weights, offset=logit), len(rows) - 1)


def compare_slopes(y: FloatArray, p: FloatArray, weights: FloatArray, group: IntArray) -> GroupTest | None:
    """Test whether the calibration slope differs between groups, each with an intercept of its own.

    Parameters
    ----------
    y, p, weights, group
        As in `compare_intercepts`.

    Notes
    -----
    Likelihood ratio of ``a_group + b_group l`` against ``a_group + b l``: k - 1 degrees of freedom.
    """
    rows = split_rows(group)
    logit = compute_logit(p)
    design = np.column_stack([group[:, None] == np.arange(len(rows)), logit]).astype(np.float64)
    common = fit_logistic(design, y, weights)
    full = _fit_lines(y, p, weights, rows)
    return _likelihood_ratio(full, _likelihood(common, design, y, weights), len(rows) - 1)


def compare_lines(y: FloatArray, p: FloatArray, weights: FloatArray, group: IntArray) -> GroupTest | None:
    """Test jointly whether intercept or slope of the calibration model differs between groups.

    Parameters
    ----------
    y, p, weights, group
        As in `compare_intercepts`.

    Notes
    -----
    Likelihood ratio of ``a_group + b_group l`` against ``a + b l``: 2 (k - 1) degrees of freedom.
    """
    rows = split_rows(group)
    design = np.column_stack([np.ones_like(y), compute_logit(p)])
    common = _likelihood(fit_calibration_slope(y, p, weights), design, y, weights)
    return _likelihood_ratio(_fit_lines(y, p, weights, rows), common, 2 * (len(rows) - 1))


def compare_by_wald(groups: Sequence[Sequence[Linear]], patient: IntArray) -> GroupTest | None:
    """Test whether coefficients differ between groups where rows are dependent or unequally weighted.

    Parameters
    ----------
    groups
        Of each group its coefficients, the same number in each; influences on all n rows, shape (n,).
    patient
        Patient of each row as a code from 0, shape (n,).

    Returns
    -------
    GroupTest or None
        None with one group, or where the covariance cannot be inverted.

    Notes
    -----
    ``W = d' V^-1 d`` with d the differences of every group to the first one and V their covariance from influences
    summed by patient; (k - 1) times the number of coefficients degrees of freedom.
    """
    size = len(groups[0]) if groups else 0
    values = np.array([coefficient.estimate for group in groups for coefficient in group])
    if len(groups) < 2 or not np.isfinite(values).all():
        return None
    by_patient = np.column_stack(
        [np.bincount(patient, weights=coefficient.influence) for group in groups for coefficient in group]
    )
    n_patients = np.unique(patient).size
    contrast = np.kron(np.column_stack([-np.ones(len(groups) - 1), np.eye(len(groups) - 1)]), np.eye(size))
    covariance = contrast @ (by_patient.T @ by_patient) @ contrast.T * n_patients / max(n_patients - 1, 1)
    difference = contrast @ values
    if np.linalg.matrix_rank(covariance, hermitian=True) < difference.size:
        return None
    return GroupTest(
        statistic=float(difference @ np.linalg.solve(covariance, difference)), df=difference.size, kind=WALD
    )


def _fit_lines(y: FloatArray, p: FloatArray, weights: FloatArray, rows: Sequence[IntArray]) -> float:
    fits = [fit_calibration_slope(y[part], p[part], weights[part]) for part in rows]
    return _sum_likelihoods(fits, rows, np.column_stack([np.ones_like(y), compute_logit(p)]), y, weights)


def _sum_likelihoods(
    fits: Sequence[LogisticFit | None],
    rows: Sequence[IntArray],
    design: FloatArray,
    y: FloatArray,
    weights: FloatArray,
    *,
    offset: FloatArray | None = None,
) -> float:
    return math.fsum(
        _likelihood(fit, design[part], y[part], weights[part], offset=None if offset is None else offset[part])
        for fit, part in zip(fits, rows, strict=True)
    )


def _likelihood(
    fit: LogisticFit | None, design: FloatArray, y: FloatArray, weights: FloatArray, *, offset: FloatArray | None = None
) -> float:
    """Return the log-likelihood at the maximum, NaN where there is none; weights count relative to their mean."""
    if fit is None:
        return math.nan
    logit = design @ fit.coefficients + (0.0 if offset is None else offset)
    return float((weights / weights.mean()) @ (y * logit - np.logaddexp(0, logit)))


def _likelihood_ratio(full: float, restricted: float, df: int) -> GroupTest | None:
    statistic = 2 * (full - restricted)
    if df < 1 or not math.isfinite(statistic):
        return None
    return GroupTest(statistic=max(statistic, 0.0), df=df, kind=LIKELIHOOD_RATIO)
