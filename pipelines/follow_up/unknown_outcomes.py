"""What the patients of unknown outcome could change: left out, stood for, or different from those like them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit

from pipelines.follow_up.censoring import count_truncated, describe_weights
from pipelines.intervals import (
    BoolArray,
    Estimate,
    FloatArray,
    IntArray,
    compute_log_wald,
    compute_logit_wald,
    compute_standard_error,
    compute_wald,
)
from pipelines.measures.calibration import compute_logit
from pipelines.measures.event_rate import KIND, LOGIT_KIND, compute_event_rate
from pipelines.measures.overall import linearise_mean
from pipelines.measures.sample import ANALYSIS, code_groups, split_groups
from pipelines.suppression import find_small
from schemas.tables import UNKNOWN_OUTCOMES

CALIBRATION = ("calibration_in_the_large", "oe_ratio")
"""Of a score the first one only, which is then the mean of what was observed minus what was predicted."""
WIDEST = 50.0
"""Log-odds beyond which no shift is looked for."""

Row = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class _Link:
    """Scale on which patients are shifted: its inverse, the slope of that, and the shift that gives a mean."""

    inverse: Callable[[FloatArray], FloatArray]
    slope: Callable[[FloatArray], FloatArray]
    solve: Callable[[FloatArray, float], float]


def _logistic_slope(score: FloatArray) -> FloatArray:
    return np.asarray(expit(score) * expit(-score))


def _solve_logit(score: FloatArray, mean: float) -> float:
    """Return the shift of the log-odds under which the mean risk is as wanted; NaN where there is none."""

    def gap(by: float) -> float:
        return float(expit(score + by).mean() - mean)

    if not gap(-WIDEST) < 0 < gap(WIDEST):
        return math.nan
    return float(brentq(gap, -WIDEST, WIDEST, xtol=1e-12))


LOGIT = _Link(inverse=expit, slope=_logistic_slope, solve=_solve_logit)
IDENTITY = _Link(inverse=np.asarray, slope=np.ones_like, solve=lambda score, mean: float(mean - score.mean()))


@dataclass(frozen=True, kw_only=True)
class _Patients:
    """One model's predictions of one analysis, of known and of unknown outcome; shape (n,) each.

    `y` is NaN where unknown, `p` a risk or, of a score, its prediction, `weights` 0 where unknown, and where `y` is
    known only because of an event; `replicate` codes complete sets of predictions (repeats of cross-validation).
    """

    y: FloatArray
    p: FloatArray
    weights: FloatArray
    patient: IntArray
    replicate: IntArray
    is_score: bool

    @property
    def known(self) -> BoolArray:
        """Whether the outcome is known."""
        return np.isfinite(self.y)

    @property
    def partly(self) -> BoolArray:
        """Whether the outcome is known only because of an event, so that it carries no weight."""
        return self.known & ~(self.weights > 0)


@dataclass(frozen=True, kw_only=True)
class _Shifted:
    """Estimates under one shift, with the influence of each row, shape (n,); `mean` is that of the predictions."""

    level: float
    level_influence: FloatArray
    calibration: float
    calibration_influence: FloatArray
    mean: float
    mean_influence: FloatArray


def shift_unknown_outcomes(
    predictions: pd.DataFrame, *, reference: str, deltas: Sequence[float], suppress_below: int
) -> pd.DataFrame:
    """Compute the event rate and the calibration if patients of unknown outcome differed from others like them.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables`, with the rows of unknown outcome.
    reference
        The model whose predictions say who is like whom.
    deltas
        Shifts of the log-odds of patients of unknown outcome; of a score, in standard deviations of its residuals.
    suppress_below
        Counts from 1 to one less are not shown, nor what rests on so few.

    Returns
    -------
    DataFrame
        The columns of `schemas.tables.UNKNOWN_OUTCOMES`; no rows for outcomes that are all known, nor for apparent
        predictions.

    Notes
    -----
    ``known_only`` leaves out the unknown, and those known only because of an event, and weighs all others alike; it is
    the answer only if the unknown are missing by pure chance and no event settles an outcome. ``weighted`` is the
    analysis. Under ``shifted`` the patients of unknown outcome have the log-odds ``logit(p) + c + delta``, p the
    reference's out-of-fold risk and c such that at delta 0 the mean of everybody is the weighted mean: exactly, also
    where weights are truncated or do not add up to the number of patients. The same holds where follow-up was too
    short, when unknown patients were free of the event for some time and their risk is lower than p. For a score c and
    delta move the prediction itself. Intervals are from the influence of each patient, c included. Where the weighted
    mean and the known outcomes leave the unknown a mean beyond 0 or 1, as can happen where they are few, no shift is
    assessable.
    """
    own = predictions[(predictions["model"] == reference) & (predictions["validation"] != "apparent")]
    rows = [
        {**dict(zip(ANALYSIS, key, strict=True)), "model": reference, **row}
        for key, part in split_groups(own.reset_index(drop=True), ANALYSIS)
        for row in _describe(part, deltas, suppress_below)
    ]
    table = pd.DataFrame(rows, columns=list(UNKNOWN_OUTCOMES))
    return table.astype({"n": "Int64", "n_unknown": "Int64"})


def _describe(rows: pd.DataFrame, deltas: Sequence[float], suppress_below: int) -> Iterator[Row]:
    patients = _read(rows)
    first = patients.replicate == 0
    unknown = int((first & ~patients.known).sum())
    if not unknown:
        return
    few = _count(patients, first)
    hidden = bool(find_small(few, suppress_below).any())
    truncated = np.array([count_truncated(patients.weights[first])])
    unsafe = {"percent_truncated"} if find_small(truncated, suppress_below).any() else set[str]()
    counts = {"n": pd.NA if hidden else int(first.sum()), "n_unknown": pd.NA if hidden else unknown}
    assessable = bool((few[:-2] > 0).all())
    for assumption, delta, metric, estimate in _list_estimates(patients, deltas, assessable=assessable):
        found = Estimate(status="suppressed") if hidden or metric in unsafe else estimate
        yield {
            "assumption": assumption, "delta": delta, "metric": metric, "estimate": found.estimate,
            "lower": found.lower, "upper": found.upper, **counts, "status": found.status,
        }  # fmt: skip


def _read(rows: pd.DataFrame) -> _Patients:
    is_score = bool((rows["scale"] == "points").all())
    p = rows["y_pred" if is_score else "y_prob"].to_numpy(dtype=np.float64)
    rows, p = rows[np.isfinite(p)], p[np.isfinite(p)]
    y, weights = (rows[name].to_numpy(dtype=np.float64) for name in ("y_true", "weight"))
    return _Patients(
        y=y, p=p, weights=np.where(np.isfinite(y), weights, 0.0),
        patient=code_groups(rows, ["patient"]), replicate=code_groups(rows, ["repeat", "imputation"]),
        is_score=is_score,
    )  # fmt: skip


def _count(patients: _Patients, rows: BoolArray) -> IntArray:
    """Count patients who carry a weight, with and without the event, those who carry none, and the unknown, last."""
    known = patients.known & ~patients.partly & rows
    groups = [known] if patients.is_score else [known & (patients.y == 1), known & (patients.y == 0)]
    parts = (*groups, rows & patients.partly, rows & ~patients.known)
    return np.array([np.unique(patients.patient[part]).size for part in parts])


def _list_estimates(
    patients: _Patients, deltas: Sequence[float], *, assessable: bool
) -> Iterator[tuple[str, float, str, Estimate]]:
    level = "mean_score" if patients.is_score else "event_rate"
    nothing = Estimate(status="not assessable")
    known = patients.known
    counted = (known & ~patients.partly).astype(np.float64)
    for assumption, weights in (("known_only", counted), ("weighted", patients.weights)):
        yield assumption, math.nan, level, _estimate_level(patients, weights) if assessable else nothing
    for name, value in describe_weights(patients.weights[patients.replicate == 0]).items():
        yield "weighted", math.nan, name, Estimate(estimate=value)
    for delta in deltas:
        shifted = _shift_all(patients, delta) if assessable else None
        for metric in (level, *CALIBRATION[: 1 if patients.is_score else 2]):
            yield "shifted", delta, metric, _say(shifted, metric, patients) if shifted else nothing


def _estimate_level(patients: _Patients, weights: FloatArray) -> Estimate:
    y = np.where(patients.known, patients.y, 0.0)
    if not patients.is_score:
        return compute_event_rate(y, weights, replicate=patients.replicate, patient=patients.patient)
    mean = linearise_mean(y, weights, patients.replicate)
    return _wald(mean.estimate, mean.influence, patients)


def _say(shifted: _Shifted, metric: str, patients: _Patients) -> Estimate:
    if metric == "calibration_in_the_large":
        error = compute_standard_error(shifted.calibration_influence, patients.patient)
        return compute_wald(shifted.calibration, error, kind=KIND)
    if metric == "oe_ratio":
        influence = shifted.level_influence / shifted.level - shifted.mean_influence / shifted.mean
        error = compute_standard_error(influence, patients.patient)
        return compute_log_wald(shifted.level / shifted.mean, error, kind=KIND)
    return _wald(shifted.level, shifted.level_influence, patients)


def _wald(estimate: float, influence: FloatArray, patients: _Patients) -> Estimate:
    error = compute_standard_error(influence, patients.patient)
    if patients.is_score:
        return compute_wald(estimate, error, kind=KIND)
    return compute_logit_wald(estimate, error, kind=LOGIT_KIND)


def _shift_all(patients: _Patients, delta: float) -> _Shifted | None:
    """Shift within each complete set of predictions, and average over the sets."""
    n_sets = int(patients.replicate.max()) + 1
    influence = np.zeros((3, patients.y.size))
    values = np.zeros(3)
    for code in range(n_sets):
        rows = patients.replicate == code
        found = _shift(patients, rows, delta)
        if found is None:
            return None
        values += np.array([found.level, found.calibration, found.mean]) / n_sets
        parts = (found.level_influence, found.calibration_influence, found.mean_influence)
        influence[:, rows] = np.stack(parts) / n_sets
    return _Shifted(
        level=float(values[0]), level_influence=influence[0], calibration=float(values[1]),
        calibration_influence=influence[1], mean=float(values[2]), mean_influence=influence[2],
    )  # fmt: skip


def _shift(patients: _Patients, rows: BoolArray, delta: float) -> _Shifted | None:
    """Shift the patients of unknown outcome of one complete set of predictions.

    Notes
    -----
    With h the inverse link and l a patient's logit or predicted score: m is the weighted mean of y; c solves
    ``sum over known of y + sum over unknown of h(l + c) = n m``; the level is the mean of y and of
    ``h(l + c + delta)``, at delta 0 m itself; the calibration a solves ``sum over all of (y* - h(l + a)) = 0``. Every
    step is linearised, so that a row's influence has its part in m and c. The residuals' standard deviation is taken as
    given.
    """
    link = IDENTITY if patients.is_score else LOGIT
    known, weights = patients.known[rows], patients.weights[rows]
    y = np.where(known, patients.y[rows], 0.0)
    predicted = patients.p[rows]
    score = predicted if patients.is_score else compute_logit(predicted)
    weighted = linearise_mean(y, weights, np.zeros(y.size, dtype=np.int64))
    c = link.solve(score[~known], float((y.size * weighted.estimate - y.sum()) / (~known).sum()))
    if patients.is_score:
        delta = delta * math.sqrt(np.cov((y - score)[known], aweights=weights[known]))
    filled = np.where(known, y, link.inverse(score + c + delta))
    level = float(filled.mean())
    a = link.solve(score, level) if math.isfinite(level) else math.nan
    if not math.isfinite(a):
        return None
    # first what c owes to the weighted mean and to who is unknown, then what the estimates owe to c
    at_0 = np.where(known, y, link.inverse(score + c))
    own = (y.size * weighted.influence - (at_0 - weighted.estimate)) / link.slope(score[~known] + c).sum()
    moved = link.slope(score[~known] + c + delta).sum() * own
    return _Shifted(
        level=level,
        level_influence=(filled - level + moved) / filled.size,
        calibration=a,
        calibration_influence=(filled - link.inverse(score + a) + moved) / link.slope(score + a).sum(),
        mean=float(predicted.mean()),
        mean_influence=(predicted - predicted.mean()) / predicted.size,
    )
