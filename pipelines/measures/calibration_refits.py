"""Calibration models refitted to every resample of patients at once, without a loop over the resamples.

Neighbouring risks are taken together first, which settles all but a last small step; that step is taken with the risk
of every row, so nothing of the grouping is left in the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from pipelines.intervals import BoolArray, CountArray, FloatArray, IntArray
from pipelines.measures.calibration import LARGEST_CONDITION, compute_logit, fit_logistic

CHUNK_CELLS = 400_000
"""Resamples are taken in chunks of about this many cells: what fits a processor's cache is quickest."""
MAX_GROUPS = 500
MAX_STEPS = 200
MAX_POLISHES = 20
TOLERANCE = 1e-9
POLISH_TOLERANCE = 1e-4
"""Largest last step with the risk of every row, relative to the coefficients: the next would be a thousandth of it."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows sorted by risk, shape (n,), and the first positions of the groups of neighbours, shape (m,)."""

    y: FloatArray
    logit: FloatArray
    weights: FloatArray
    patient: IntArray
    starts: npt.NDArray[np.intp]
    counts: CountArray

    @property
    def alone(self) -> bool:
        """Whether every row is a group of its own."""
        return self.starts.size == self.y.size

    def chunks(self, chosen: npt.NDArray[np.intp]) -> Iterator[tuple[slice, FloatArray]]:
        """Yield parts of the chosen resamples with the weight of each row in them, shape (part, n)."""
        step = max(1, CHUNK_CELLS // self.y.size)
        for start in range(0, chosen.size, step):
            part = slice(start, start + step)
            yield part, np.take(self.counts[chosen[part]], self.patient, axis=1) * self.weights


@dataclass(frozen=True, kw_only=True)
class Model:
    """A logistic regression on one risk: its terms and its offset at given logits."""

    n_terms: int
    """1: the constant alone, the logit being the offset; 2: constant and logit."""

    def design(self, logit: FloatArray) -> FloatArray:
        """Return the terms, shape (n, n_terms)."""
        return np.stack([np.ones_like(logit), logit], axis=1)[:, : self.n_terms]

    def offset(self, logit: FloatArray) -> FloatArray:
        """Return the offset, shape (n,)."""
        return logit if self.n_terms == 1 else np.zeros_like(logit)


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """What Newton's method needs of the groups: logits (m,), weights and events of each resample, (resamples, m)."""

    logit: FloatArray
    weights: FloatArray
    events: FloatArray


def bootstrap_calibration(
    y: FloatArray, p: FloatArray, weights: FloatArray, *, patient: IntArray, counts: CountArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Compute calibration in the large, joint calibration intercept and slope of each resample of patients.

    Parameters
    ----------
    y, p, weights
        Events (0 or 1), predicted risks in [0, 1], and weights above 0, shape (n,).
    patient
        Patient code of each row, shape (n,): a column of `counts`.
    counts
        How often each patient is drawn, shape (resamples, patients).

    Returns
    -------
    tuple of ndarray
        Intercept with the logit as offset, then intercept and slope of the joint model, shape (resamples,) each; NaN
        where the maximum of the likelihood does not exist or is not unique: one class only, separated data, or one
        risk only.

    Notes
    -----
    The same maxima as those of `pipelines.measures.calibration`, to about 1e-6.
    """
    rows = _sort_rows(y, p, weights, patient, counts)
    grouped = _group(rows)
    events, total = grouped.events.sum(axis=1), grouped.weights.sum(axis=1)
    # the sum over a resample without non-events can differ from 0 by rounding alone
    both = np.flatnonzero((events > 0) & (total - events > 1e-9 * total))
    in_the_large, joint = (_refit(Model(n_terms=k), rows, grouped, both) for k in (1, 2))
    return in_the_large[:, 0], joint[:, 0], joint[:, 1]


def _sort_rows(y: FloatArray, p: FloatArray, weights: FloatArray, patient: IntArray, counts: CountArray) -> Rows:
    logit = compute_logit(p)
    order = np.argsort(logit, kind="stable")
    logit = logit[order]
    if y.size <= MAX_GROUPS:
        starts = np.arange(y.size)
    else:
        # of equal width on the logit scale, so that no group is wide
        width = max((logit[-1] - logit[0]) / MAX_GROUPS, np.finfo(float).tiny)
        starts = np.flatnonzero(np.diff(np.floor((logit - logit[0]) / width), prepend=-1.0))
    return Rows(
        y=y[order], logit=logit, weights=weights[order], patient=patient[order], starts=starts, counts=counts
    )  # fmt: skip


def _group(rows: Rows) -> Grouped:
    n_resamples, n_groups = rows.counts.shape[0], rows.starts.size
    weights, events = np.empty((n_resamples, n_groups)), np.empty((n_resamples, n_groups))
    for part, drawn in rows.chunks(np.arange(n_resamples)):
        np.add.reduceat(drawn, rows.starts, axis=1, out=weights[part])
        drawn *= rows.y
        np.add.reduceat(drawn, rows.starts, axis=1, out=events[part])
    mean = np.add.reduceat(rows.logit, rows.starts) / np.diff(np.append(rows.starts, rows.y.size))
    return Grouped(logit=mean, weights=weights, events=events)


def _refit(model: Model, rows: Rows, grouped: Grouped, both: npt.NDArray[np.intp]) -> FloatArray:
    """Return the coefficients of each resample, (resamples, terms), NaN outside `both` and where there are none."""
    found = np.full((rows.counts.shape[0], model.n_terms), np.nan)
    diagonal = np.array([0.0, 1.0])[: model.n_terms]
    usual = fit_logistic(
        model.design(rows.logit), rows.y, rows.weights, offset=model.offset(rows.logit), start=diagonal
    )  # fmt: skip
    start = diagonal if usual is None else usual.coefficients
    coefficients, information, settled = _solve_grouped(model, grouped, both, start)
    chosen = both[settled]
    found[chosen] = coefficients[settled]
    if not rows.alone:
        found[chosen] = _polish(model, rows, chosen, coefficients[settled], information[settled])
    return found


def _solve_grouped(
    model: Model, grouped: Grouped, chosen: npt.NDArray[np.intp], start: FloatArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Newton's method of every chosen resample: coefficients, information there, and whether it came to rest."""
    design, offset = model.design(grouped.logit), model.offset(grouped.logit)
    products = (design[:, :, None] * design[:, None, :]).reshape(design.shape[0], -1)
    coefficients = np.tile(start, (chosen.size, 1))
    information = np.tile(np.eye(start.size), (chosen.size, 1, 1))
    settled = np.zeros(chosen.size, dtype=bool)
    moving = np.arange(chosen.size)
    for _ in range(MAX_STEPS):
        weights, events = grouped.weights[chosen[moving]], grouped.events[chosen[moving]]
        fitted = expit(coefficients[moving] @ design.T + offset)
        curvature = ((weights * fitted * (1 - fitted)) @ products).reshape(-1, start.size, start.size)
        solvable = np.linalg.cond(curvature) < LARGEST_CONDITION
        moving, curvature = moving[solvable], curvature[solvable]
        step = _solve(curvature, ((events - weights * fitted) @ design)[solvable])
        coefficients[moving] += step * _shorten(np.abs(step @ design.T).max(axis=1, initial=0.0, keepdims=True))
        information[moving] = curvature
        at_rest = _is_small(step, coefficients[moving], TOLERANCE)
        settled[moving[at_rest]] = True
        moving = moving[~at_rest]
        if moving.size == 0:
            break
    return coefficients, information, settled


def _solve(information: FloatArray, gradient: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.solve(information, gradient[:, :, None])[:, :, 0])


def _shorten(largest: FloatArray) -> FloatArray:
    """Return the share of Newton's step to take, given the largest change of a logit that all of it would make.

    With ``s`` the change, the likelihood of a logistic regression cannot fall on the way to ``log(1 + s)``, nor to 1
    (Bach F. Electron J Stat 2010;4:384-414), so that no step needs a check.
    """
    safe = np.maximum(1.0, np.log1p(largest))
    return np.asarray(safe / np.maximum(largest, safe))


def _is_small(step: FloatArray, coefficients: FloatArray, tolerance: float) -> BoolArray:
    size = 1 + np.abs(coefficients).max(axis=1, initial=0.0)
    return np.asarray(np.abs(step).max(axis=1, initial=0.0) < tolerance * size)


def _polish(
    model: Model, rows: Rows, chosen: npt.NDArray[np.intp], coefficients: FloatArray, information: FloatArray
) -> FloatArray:
    """Take the last steps with the risk of every row and the information of the groups; NaN without rest."""
    moving = np.arange(chosen.size)
    for _ in range(MAX_POLISHES):
        step = _solve(information[moving], _compute_gradient(model, rows, chosen[moving], coefficients[moving]))
        coefficients[moving] += step
        moving = moving[~_is_small(step, coefficients[moving], POLISH_TOLERANCE)]
        if moving.size == 0:
            break
    coefficients[moving] = np.nan
    return coefficients


def _compute_gradient(model: Model, rows: Rows, chosen: npt.NDArray[np.intp], coefficients: FloatArray) -> FloatArray:
    """Slope of the log-likelihood of each chosen resample over all rows, (chosen, terms)."""
    design, offset = model.design(rows.logit), model.offset(rows.logit)
    gradient = np.empty_like(coefficients)
    for part, drawn in rows.chunks(chosen):
        residual = coefficients[part] @ design.T
        residual += offset
        expit(residual, out=residual)
        np.subtract(rows.y, residual, out=residual)
        residual *= drawn
        gradient[part] = residual @ design
    return gradient
