"""Moderate calibration: the flexible curve, and the mean distance of the risks from it (ICI).

The curve is a logistic regression of the outcome on a restricted cubic spline of the logit of the predicted risk.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from pipelines.intervals import CountArray, FloatArray, IntArray, Z
from pipelines.measures.calibration import LogisticFit, compute_logit, fit_logistic
from pipelines.splines import compute_knots, compute_rcs_basis

CHUNK_CELLS = 2_000_000
MAX_GROUPS = 500
REFIT_STEPS = 25
REFIT_TOLERANCE = 1e-4
"""Mean change of the logit at which a refit of the index stops."""
LARGEST_STEP = 3.0
LARGEST_LOGIT = 30.0


@dataclass(frozen=True, kw_only=True)
class CalibrationCurve:
    """A fitted curve: `knots` on the logit scale (empty: a straight line), its `fit`, and the `design` of its rows."""

    knots: FloatArray
    fit: LogisticFit
    design: FloatArray

    @property
    def fitted(self) -> FloatArray:
        """Observed risk by the curve for each row it was fitted to, shape (n,)."""
        return np.asarray(expit(self.design @ self.fit.coefficients))


def choose_n_knots(y: FloatArray, weights: FloatArray) -> int:
    """Return 3 knots below 100 events or non-events, 4 below 200, else 5.

    Notes
    -----
    Whole-number weights count as repeated rows. Other weights, as those of inverse probabilities, add no patients:
    events count as their effective number ``sum(w)^2 / sum(w^2)`` (Kish), rounded, and so do non-events.
    """
    smaller = min(_count_rows(weights[y == 1]), _count_rows(weights[y == 0]))
    return 3 if smaller < 100 else 4 if smaller < 200 else 5


def _count_rows(weights: FloatArray) -> int:
    squares = float(weights @ weights)
    if np.all(weights == np.rint(weights)) or squares == 0:
        return round(float(weights.sum()))
    return round(float(weights.sum()) ** 2 / squares)


def fit_calibration_curve(
    y: FloatArray, p: FloatArray, weights: FloatArray, *, n_knots: int | None = None
) -> CalibrationCurve | None:
    """Fit the flexible calibration curve.

    Parameters
    ----------
    y, p, weights
        Events (0 or 1), predicted risks and weights, shape (n,).
    n_knots
        Number of knots; by default `choose_n_knots`.

    Returns
    -------
    CalibrationCurve or None
        None where not even a straight line can be fitted (separated data, no event or no non-event).

    Notes
    -----
    Tied risks may leave fewer distinct knots; below three the curve is a straight line, and with one distinct risk a
    constant. Where a curve cannot be fitted, one with fewer knots is tried. Knots stand at quantiles of the rows;
    whole-number weights place them as repeated rows would, other weights do not move them.
    """
    logit = compute_logit(p)
    if np.unique(logit).size == 1:
        return _fit(np.ones((y.size, 1)), np.empty(0), y, weights)
    repeated = np.repeat(logit, weights.astype(np.int64)) if np.all(weights == np.rint(weights)) else logit
    for n in range(n_knots or choose_n_knots(y, weights), 2, -1):
        knots = compute_knots(repeated, n)
        curve = _fit(compute_design(logit, knots), knots, y, weights)
        if curve is not None:
            return curve
    return _fit(compute_design(logit, np.empty(0)), np.empty(0), y, weights)


def compute_design(logit: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the constant and the spline terms, shape (n, 1 + terms)."""
    return np.column_stack([np.ones_like(logit), compute_rcs_basis(logit, knots)])


def _fit(design: FloatArray, knots: FloatArray, y: FloatArray, weights: FloatArray) -> CalibrationCurve | None:
    # from the diagonal, which is not far for any model worth a curve
    start = np.zeros(design.shape[1])
    start[1:2] = 1.0
    fit = fit_logistic(design, y, weights, start=start)
    return None if fit is None else CalibrationCurve(knots=knots, fit=fit, design=design)


def predict_curve(
    curve: CalibrationCurve, p: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the observed risk at `p` with its pointwise 95 % band, Wald on the logit scale.

    Parameters
    ----------
    curve
        The fitted curve.
    p
        Predicted risks, shape (m,).
    covariance
        Covariance of the coefficients: the model's own or a cluster-robust one.

    Returns
    -------
    tuple of ndarray
        Observed risk, lower and upper limit, each of shape (m,).
    """
    design = _design_at(curve, p)
    centre = design @ curve.fit.coefficients
    half = Z * np.sqrt(np.einsum("ij,jk,ik->i", design, covariance, design))
    return expit(centre), expit(centre - half), expit(centre + half)


def _design_at(curve: CalibrationCurve, p: FloatArray) -> FloatArray:
    if curve.design.shape[1] == 1:
        return np.ones((p.size, 1))
    return compute_design(compute_logit(p), curve.knots)


def compute_robust_covariance(influence: FloatArray, patient: IntArray) -> FloatArray:
    """Return the cluster-robust covariance of coefficients from row influences, shape (n, k)."""
    sums = np.stack([np.bincount(patient, weights=column) for column in influence.T], axis=1)
    n_patients = np.unique(patient).size
    return np.asarray(sums.T @ sums * n_patients / (n_patients - 1))


def compute_ici(curve: CalibrationCurve, p: FloatArray, weights: FloatArray) -> float:
    """Integrated calibration index: the weighted mean of ``|p - curve(p)|`` (Austin & Steyerberg 2019)."""
    return float(np.average(np.abs(p - curve.fitted), weights=weights))


def compute_distance_quantile(curve: CalibrationCurve, p: FloatArray, weights: FloatArray, share: float) -> float:
    """Quantile of ``|p - curve(p)|`` over the rows: E50 at 0.5, E90 at 0.9, the greatest at 1."""
    return compute_weighted_quantile(np.abs(p - curve.fitted), weights, share)


def compute_weighted_quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    """Compute a quantile of weighted values.

    Parameters
    ----------
    values, weights
        Shape (n,), n at least 1; weights above 0.
    share
        In [0, 1].

    Notes
    -----
    Type 7, with whole-number weights as repeated rows; other weights are first scaled to a mean of 1.

    Examples
    --------
    >>> import numpy as np
    >>> compute_weighted_quantile(np.array([1.0, 2.0, 4.0]), np.array([1.0, 1.0, 2.0]), 0.5)
    3.0
    """
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    if not np.all(weights == np.rint(weights)):
        weights = weights / weights.mean()
    ends = np.cumsum(weights)
    place = share * max(ends[-1] - 1, 0.0)
    below = math.floor(place)
    # the place may be a hair beside a whole number, and so may the ends of scaled weights
    first, second = np.searchsorted(ends, np.array([below, below + 1]) + 1e-9, side="right").clip(max=values.size - 1)
    return float(values[first] + (place - below) * (values[second] - values[first]))


@dataclass(frozen=True, kw_only=True)
class RiskGroups:
    """Rows of neighbouring risk taken together, so that hundreds of refits stay quick: m groups of equal size.

    `order` (n,) sorts the rows by risk, `starts` (m,) are the first positions of the groups in that order, `p` (m,)
    the mean risks and `design` (m, k) the terms of the curve there.
    """

    order: IntArray
    starts: IntArray
    p: FloatArray
    design: FloatArray

    def add_up(self, values: FloatArray) -> FloatArray:
        """Sum the columns of `values` (draws, n), which are in the sorted order, by group: (draws, m)."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=1))


def group_risks(curve: CalibrationCurve, p: FloatArray) -> RiskGroups:
    """Form at most `MAX_GROUPS` groups of rows; with fewer rows each is its own group and nothing is approximated."""
    order = np.argsort(p, kind="stable")
    n_groups = min(p.size, MAX_GROUPS)
    starts = (np.arange(n_groups) * p.size) // n_groups
    means = np.add.reduceat(p[order], starts) / np.diff(np.append(starts, p.size))
    return RiskGroups(order=order, starts=starts, p=means, design=_design_at(curve, means))


def bootstrap_ici(
    curve: CalibrationCurve, y: FloatArray, p: FloatArray, weights: FloatArray, *, patient: IntArray, counts: CountArray
) -> FloatArray:
    """Compute the index of each resample of patients, the curve refitted with the knots kept, shape (resamples,)."""
    groups = group_risks(curve, p)
    y, weights, patient = y[groups.order], weights[groups.order], patient[groups.order]
    values = np.empty(counts.shape[0])
    for part in _chunks(counts.shape[0], y.size):
        drawn = counts[part][:, patient] * weights
        values[part] = _refit_ici(groups, curve.fit.coefficients, groups.add_up(drawn * y), groups.add_up(drawn))
    return values


def simulate_null_ici(
    curve: CalibrationCurve, p: FloatArray, weights: FloatArray, *, rng: np.random.Generator, n_draws: int
) -> FloatArray:
    """Compute the index under perfect calibration: outcomes drawn from the predicted risks, the curve refitted.

    Parameters
    ----------
    curve
        Gives the knots.
    p, weights
        Shape (n,).
    rng
        Generator of one uniform number per draw and row.
    n_draws
        Number of simulated outcomes.

    Returns
    -------
    ndarray
        Shape (n_draws,).
    """
    groups = group_risks(curve, p)
    p, weights = p[groups.order], weights[groups.order]
    group_weights = groups.add_up(weights[None, :])
    # under perfect calibration the curve is the diagonal
    start = np.asarray(np.linalg.lstsq(groups.design, compute_logit(groups.p), rcond=None)[0])
    values = np.empty(n_draws)
    for part in _chunks(n_draws, p.size):
        n_part = len(range(*part.indices(n_draws)))
        events = groups.add_up((rng.random((n_part, p.size)) < p) * weights)
        values[part] = _refit_ici(groups, start, events, np.tile(group_weights, (n_part, 1)))
    return values


def _chunks(n_draws: int, n_rows: int) -> Iterator[slice]:
    step = max(1, CHUNK_CELLS // n_rows)
    for start in range(0, n_draws, step):
        yield slice(start, start + step)


def _refit_ici(groups: RiskGroups, start: FloatArray, events: FloatArray, weights: FloatArray) -> FloatArray:
    """Index of many refits at once: weighted `events` and `weights` by group, each (draws, m); result (draws,)."""
    logit = np.tile(groups.design @ start, (weights.shape[0], 1))
    fitted = expit(logit)
    for _ in range(REFIT_STEPS):
        step = _newton_step(groups.design, events - weights * fitted, weights * fitted * (1 - fitted))
        # a resample may send the curve's ends towards 0 or 1 for ever; a limited step keeps its middle in place
        step *= LARGEST_STEP / np.maximum(np.abs(step).max(axis=1, keepdims=True), LARGEST_STEP)
        logit = np.clip(logit + step, -LARGEST_LOGIT, LARGEST_LOGIT)
        fitted = expit(logit)
        if np.abs(step).mean(axis=1).max() < REFIT_TOLERANCE:
            break
    return np.asarray(np.einsum("ij,ij->i", weights, np.abs(groups.p - fitted)) / weights.sum(axis=1))


def _newton_step(design: FloatArray, residuals: FloatArray, information_weights: FloatArray) -> FloatArray:
    """Newton's step of each draw on the logit scale, (draws, m)."""
    n_terms = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(design.shape[0], -1)
    information = (information_weights @ products).reshape(-1, n_terms, n_terms)
    # the whiff of a penalty keeps a resample solvable whose terms repeat one another
    penalty = 1e-9 * (np.trace(information, axis1=1, axis2=2)[:, None, None] + 1) * np.eye(n_terms)
    step = np.linalg.solve(information + penalty, (residuals @ design)[:, :, None])[:, :, 0]
    return np.asarray(step @ design.T)
