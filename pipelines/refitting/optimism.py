"""Optimism: by how much a model looks better on the patients it was developed on than on others."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from pipelines.evaluate import finish_table
from pipelines.intervals import CountArray, FloatArray
from pipelines.measures.calibration import fit_calibration_slope
from pipelines.measures.discrimination import compute_c_statistic
from pipelines.measures.overall import (
    clip_probability,
    compute_event_rates,
    linearise_brier_score,
    linearise_log_loss,
    linearise_scaled_brier,
)
from pipelines.measures.scores import linearise_root_mean_square, linearise_slope
from pipelines.measures.utility import count_decisions, linearise_net_benefit
from pipelines.predictions import DEVELOPMENT
from pipelines.refitting.refitted import Developed, Refitted, average_usable, match_all
from pipelines.suppression import find_small
from schemas.tables import OPTIMISM

LEAST_FOR_INTERVAL = 100
"""Fewer resamples give no percentiles worth printing."""
INSIDE = 0.632
"""Share of the patients that a resample holds on average, ``1 - 1 / e``."""

Measure = Callable[[FloatArray, FloatArray, FloatArray], float]
"""From outcome, prediction and weights, shape (n,) each, to one number; NaN where it cannot be had."""


@dataclass(frozen=True, kw_only=True)
class Optimism:
    """Harrell's optimism of one measure.

    Attributes
    ----------
    apparent
        The measure of the model on the patients it was developed on.
    in_resample
        Of each refit, on the resample that it was developed on, shape (b,).
    in_all
        Of each refit, on all patients, shape (b,).
    """

    apparent: float
    in_resample: FloatArray
    in_all: FloatArray

    @property
    def each(self) -> FloatArray:
        """Optimism of each refit, shape (b,)."""
        return self.in_resample - self.in_all

    @property
    def optimism(self) -> float:
        """Mean optimism over the refits that have one; NaN where most have none."""
        return average_usable(self.each)

    @property
    def corrected(self) -> float:
        """Apparent minus mean optimism."""
        return self.apparent - self.optimism


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """The .632+ estimate and what it is made of.

    Attributes
    ----------
    leave_one_out
        Of models that did not see the patients.
    no_information
        If predictions and outcomes had nothing to do with each other.
    overfitting
        Relative overfitting rate, in [0, 1].
    weight
        Of the leave-one-out part, from .632 without overfitting to 1.
    estimate
        The .632+ estimate.
    """

    leave_one_out: float
    no_information: float
    overfitting: float
    weight: float
    estimate: float


NOT_WEIGHED = Weighed(
    leave_one_out=math.nan, no_information=math.nan, overfitting=math.nan, weight=math.nan, estimate=math.nan
)


def compute_optimism(measure: Measure, developed: Developed) -> Optimism:
    """Compute the optimism of a measure by the bootstrap.

    Parameters
    ----------
    measure
        What is measured; how often a patient was drawn enters as a weight.
    developed
        The model's own predictions and those of its refits.

    Returns
    -------
    Optimism

    Notes
    -----
    With the model M0 of the data D, and M_b developed on the resample D_b by the complete procedure, the optimism is
    ``mean_b[measure(M_b, D_b) - measure(M_b, D)]``, and the corrected value ``measure(M0, D)`` minus it. Meant for
    regression: of learners that nearly repeat their training data it corrects too little.

    References
    ----------
    Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361-387.
    """
    y, weights = developed.y, developed.weights
    pairs = zip(developed.predicted, developed.counts, strict=True)
    return Optimism(
        apparent=measure(y, developed.p, weights),
        in_resample=np.array([measure(y, p, weights * count) for p, count in pairs]),
        in_all=np.array([measure(y, p, weights) for p in developed.predicted]),
    )


def shift_interval(found: Optimism) -> tuple[float, float]:
    """Compute the location-shifted bootstrap interval of a corrected measure.

    Returns
    -------
    tuple of float
        NaN with fewer than `LEAST_FOR_INTERVAL` usable refits.

    Notes
    -----
    The 2.5 and 97.5 percentiles of ``measure(M_b, D_b)``, both minus the mean optimism: the spread of developing and
    measuring anew, around the corrected value.

    References
    ----------
    Noma H, Shinozaki T, Iba K, Teramukai S, Furukawa TA. Stat Med 2021;40:5691-5701.
    """
    usable = found.in_resample[np.isfinite(found.in_resample)]
    if usable.size < LEAST_FOR_INTERVAL:
        return math.nan, math.nan
    lower, upper = np.percentile(usable, [2.5, 97.5]) - found.optimism
    return float(lower), float(upper)


def compute_leave_one_out_loss(losses: FloatArray, counts: CountArray, weights: FloatArray) -> float:
    """Compute the mean loss of patients under the models that did not see them.

    Parameters
    ----------
    losses
        Loss of each patient under each refit, shape (b, n).
    counts
        How often each was drawn, shape (b, n).
    weights
        Shape (n,).

    Returns
    -------
    float
        Each patient's mean first, then the mean over patients; whom every resample holds is left out. NaN where nobody
        is ever outside.
    """
    outside = counts == 0
    times = outside.sum(axis=0)
    seen = times > 0
    if not seen.any():
        return math.nan
    own = np.where(outside, losses, 0.0).sum(axis=0)[seen] / times[seen]
    return float(np.average(own, weights=weights[seen]))


def compute_leave_one_out_c(developed: Developed) -> float:
    """Compute the mean over refits of the c-statistic among the patients that they did not see."""
    values = [
        compute_c_statistic(developed.y, p, developed.weights * (count == 0))
        for p, count in zip(developed.predicted, developed.counts, strict=True)
    ]
    return average_usable(np.array(values))


def weigh_loss(apparent: float, leave_one_out: float, no_information: float) -> Weighed:
    """Compute the .632+ estimate of a loss.

    Parameters
    ----------
    apparent, leave_one_out
        Mean loss on the patients of development, and under models that did not see them.
    no_information
        Mean loss over all pairs of one patient's outcome and another's prediction.

    Notes
    -----
    ``R = (leave_one_out - apparent) / (no_information - apparent)`` kept in [0, 1], ``w = .632 / (1 - .368 R)``, and
    the estimate is ``(1 - w) apparent + w min(leave_one_out, no_information)``.

    References
    ----------
    Efron B, Tibshirani R. J Am Stat Assoc 1997;92:548-560.
    """
    if not math.isfinite(leave_one_out):
        return NOT_WEIGHED
    overfits = leave_one_out > apparent and no_information > apparent
    ratio = min(1.0, (leave_one_out - apparent) / (no_information - apparent)) if overfits else 0.0
    weight = INSIDE / (1 - (1 - INSIDE) * ratio)
    estimate = (1 - weight) * apparent + weight * min(leave_one_out, no_information)
    return Weighed(
        leave_one_out=leave_one_out,
        no_information=no_information,
        overfitting=ratio,
        weight=weight,
        estimate=estimate,
    )


def weigh_c_statistic(apparent: float, leave_one_out: float) -> Weighed:
    """Compute the .632+ estimate of a c-statistic: as of the loss ``1 - c``, with 0.5 where nothing is known."""
    as_loss = weigh_loss(1 - apparent, 1 - leave_one_out, 0.5)
    return Weighed(
        leave_one_out=1 - as_loss.leave_one_out,
        no_information=1 - as_loss.no_information,
        overfitting=as_loss.overfitting,
        weight=as_loss.weight,
        estimate=1 - as_loss.estimate,
    )


def compute_brier_without_information(y: FloatArray, p: FloatArray, weights: FloatArray) -> float:
    """Compute the mean of ``(p_j - y_i)^2`` over all pairs of patients, each weighing the product of its weights."""
    rate, mean = np.average(y, weights=weights), np.average(p, weights=weights)
    return float(np.average(p**2, weights=weights) - 2 * mean * rate + np.average(y**2, weights=weights))


def compute_log_loss_without_information(y: FloatArray, p: FloatArray, weights: FloatArray) -> float:
    """Compute the mean log loss over all pairs of one patient's outcome and another's risk."""
    p, rate = clip_probability(p), np.average(y, weights=weights)
    log_p, log_rest = np.average(np.log(p), weights=weights), np.average(np.log1p(-p), weights=weights)
    return float(-(rate * log_p + (1 - rate) * log_rest))


def tabulate_optimism(
    predictions: pd.DataFrame,
    refitted: Mapping[tuple[str, str], Refitted],
    evaluation: pd.DataFrame,
    *,
    regression: Collection[str],
    thresholds: Mapping[str, Sequence[float]],
    acts_below: Collection[str] = (),
    suppress_below: int = 5,
) -> pd.DataFrame:
    """Set apparent, optimism, corrected and cross-validated performance side by side for every model.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables`; its apparent rows are what the models say of their own patients.
    refitted
        Refits by outcome and model; of the other models the columns of the bootstrap are missing.
    evaluation
        The EVALUATION columns; its internal rows are what stands beside.
    regression
        Models that count as regression. Other refitted models have the leave-one-out and the .632+ estimates alone:
        where a learner nearly repeats its training data, subtracting the optimism leaves it far too good.
    thresholds
        Threshold probabilities by outcome, for the net benefit.
    acts_below
        Outcomes whose action is for patients below the threshold; of the others it is for those at or above it.
    suppress_below
        Counts from 1 to one less are not shown, nor what could be computed back to them.

    Returns
    -------
    DataFrame
        The columns of `schemas.tables.OPTIMISM`. ``n_failed`` counts the resamples without a fit and, of the others,
        those in which the measure could not be had.

    Notes
    -----
    The calibration slope has no interval: the slope of a refit on its own resample is near 1 whatever the sample, so
    its percentiles say nothing. The .632+ estimate is given for the losses and the c-statistic.
    """
    rows: list[dict[str, object]] = []
    for (outcome, model), developed in match_all(predictions, refitted).items():
        beside = evaluation[
            (evaluation["outcome"] == outcome)
            & (evaluation["model"] == model)
            & (evaluation["dataset"] == DEVELOPMENT)
            & (evaluation["validation"] == "internal")
            & (evaluation["subgroup"] == "overall")
        ]
        decisions = [
            (threshold, partial(_measure_net_benefit, threshold=threshold, acts_below=outcome in acts_below))
            for threshold in thresholds.get(outcome, ())
        ]
        for name, threshold, found in _measure_all(developed, decisions, suppress_below):
            kept = found if model in regression else {key: found[key] for key in found if key not in CORRECTED}
            rows.append(
                {"outcome": outcome, "model": model, "metric": name, "threshold_probability": threshold}
                | _count(developed, hidden=found["status"] == "suppressed")
                | kept
                | ({} if found["status"] == "suppressed" else _look_up(beside, name, threshold))
            )
    return finish_table(rows, OPTIMISM)


def _measure_all(
    developed: Developed, decisions: Sequence[tuple[float, Measure]], suppress_below: int
) -> Iterator[tuple[str, float, dict[str, object]]]:
    """Yield name, threshold and columns of every measure of the kind of outcome; `decisions` give the net benefit."""
    hidden = developed.is_small(suppress_below)
    for name, measure in (SCORE_MEASURES if developed.in_points else RISK_MEASURES).items():
        yield name, math.nan, SUPPRESSED if hidden else _describe(name, measure, developed)
    if developed.in_points:
        return
    for threshold, measure in decisions:
        decided = count_decisions(developed.y, developed.p, threshold)
        few = bool(find_small(decided, suppress_below).any())
        yield "net_benefit", threshold, SUPPRESSED if hidden or few else _describe("net_benefit", measure, developed)


SUPPRESSED: dict[str, object] = {"status": "suppressed"}


def _describe(name: str, measure: Measure, developed: Developed) -> dict[str, object]:
    found = compute_optimism(measure, developed)
    if not math.isfinite(found.apparent):
        return {"status": "not assessable"}
    lower, upper = (math.nan, math.nan) if name in WITHOUT_INTERVAL else shift_interval(found)
    weighed = WEIGHED[name](developed, found.apparent) if name in WEIGHED and found.each.size else NOT_WEIGHED
    return {
        "apparent": found.apparent,
        "optimism": found.optimism,
        "corrected": found.corrected,
        "lower": lower,
        "upper": upper,
        "interval_kind": "location-shifted bootstrap" if math.isfinite(lower) else "",
        "leave_one_out": weighed.leave_one_out,
        "no_information": weighed.no_information,
        "point_632_plus": weighed.estimate,
        "n_failed": developed.n_failed + int((~np.isfinite(found.each)).sum()),
        "status": "ok",
    }


def _count(developed: Developed, *, hidden: bool) -> dict[str, object]:
    """Return the columns of the resamples and of the operations; the latter missing where hidden."""
    return {
        "tuning": developed.tuning,
        "n_resamples": developed.n_resamples,
        "n_failed": developed.n_failed,
        "n": pd.NA if hidden else developed.n,
        "events": pd.NA if hidden or developed.in_points else developed.events,
    }


def _look_up(beside: pd.DataFrame, name: str, threshold: float) -> dict[str, object]:
    rows = beside[(beside["metric"] == name) & (beside["status"] == "ok")]
    if math.isfinite(threshold):
        rows = rows[rows["threshold_probability"] == threshold]
    return {"cross_validated": float(rows["estimate"].iloc[0]) if len(rows) else math.nan}


def _alone(y: FloatArray) -> np.ndarray:
    """Return the code of one complete set of predictions."""
    return np.zeros(y.size, dtype=np.int64)


def _has_both(y: FloatArray, weights: FloatArray) -> bool:
    return bool(0 < np.sum(weights * y) < np.sum(weights))


def _measure_brier_score(y: FloatArray, p: FloatArray, weights: FloatArray) -> float:
    return linearise_brier_score(y, p, weights, _alone(y)).estimate


def _measure_log_loss(y: FloatArray, p: FloatArray, weights: FloatArray) -> float:
    return linearise_log_loss(y, p, weights, _alone(y)).estimate


def _measure_scaled_brier(y: FloatArray, p: FloatArray, weights: FloatArray) -> float:
    if not _has_both(y, weights):
        return math.nan
    null = compute_event_rates(y, weights, _alone(y))
    return linearise_scaled_brier(y, p, null, weights, _alone(y)).estimate


def _measure_slope(y: FloatArray, p: FloatArray, weights: FloatArray) -> float:
    drawn = weights > 0
    fit = fit_calibration_slope(y[drawn], p[drawn], weights[drawn]) if _has_both(y, weights) else None
    return math.nan if fit is None else float(fit.coefficients[1])


def _measure_net_benefit(
    y: FloatArray, p: FloatArray, weights: FloatArray, *, threshold: float, acts_below: bool
) -> float:
    return linearise_net_benefit(y, p, threshold, weights, _alone(y), acts_below=acts_below).estimate


def _measure_rmse(y: FloatArray, p: FloatArray, weights: FloatArray) -> float:
    return linearise_root_mean_square(y, p, weights, _alone(y)).estimate


def _measure_r_squared(y: FloatArray, p: FloatArray, weights: FloatArray) -> float:
    null = np.full_like(y, np.average(y, weights=weights))
    return linearise_scaled_brier(y, p, null, weights, _alone(y)).estimate if np.ptp(y[weights > 0]) else math.nan


def _measure_score_slope(y: FloatArray, p: FloatArray, weights: FloatArray) -> float:
    return linearise_slope(y, p, weights, _alone(y)).estimate


def _weigh_brier_score(developed: Developed, apparent: float) -> Weighed:
    losses = (developed.predicted - developed.y) ** 2
    err = compute_leave_one_out_loss(losses, developed.counts, developed.weights)
    return weigh_loss(apparent, err, compute_brier_without_information(developed.y, developed.p, developed.weights))


def _weigh_log_loss(developed: Developed, apparent: float) -> Weighed:
    p = clip_probability(developed.predicted)
    losses = -np.where(developed.y == 1, np.log(p), np.log1p(-p))
    err = compute_leave_one_out_loss(losses, developed.counts, developed.weights)
    return weigh_loss(apparent, err, compute_log_loss_without_information(developed.y, developed.p, developed.weights))


def _weigh_c_statistic(developed: Developed, apparent: float) -> Weighed:
    return weigh_c_statistic(apparent, compute_leave_one_out_c(developed))


RISK_MEASURES: dict[str, Measure] = {
    "c_statistic": compute_c_statistic,
    "brier_score": _measure_brier_score,
    "scaled_brier": _measure_scaled_brier,
    "log_loss": _measure_log_loss,
    "calibration_slope": _measure_slope,
}
SCORE_MEASURES: dict[str, Measure] = {
    "rmse": _measure_rmse,
    "r_squared": _measure_r_squared,
    "score_slope": _measure_score_slope,
}
CORRECTED = ("optimism", "corrected", "lower", "upper", "interval_kind")
"""Columns that only regression models have."""
WITHOUT_INTERVAL = ("calibration_slope", "score_slope")
WEIGHED: dict[str, Callable[[Developed, float], Weighed]] = {
    "brier_score": _weigh_brier_score,
    "log_loss": _weigh_log_loss,
    "c_statistic": _weigh_c_statistic,
}
"""Measures that have a .632+ estimate."""
