"""Curves of a run: calibration, ROC, decision and the distribution of predicted risks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from pipelines.evaluate import (
    APPARENT,
    Group,
    build_groups,
    describe_counts,
    finish_table,
    is_small,
    rests_on_few,
)
from pipelines.groups.group_curves import select_recorded, take_first, trace_curve, trace_group_curves
from pipelines.groups.held_groups import Predictors, find_held
from pipelines.groups.site_funnel import trace_site_funnel
from pipelines.intervals import FloatArray, compute_standard_error, compute_wald
from pipelines.measures.calibration_curve import fit_calibration_curve
from pipelines.measures.discrimination import compute_sensitivity, split_rows
from pipelines.measures.hidden_levels import hide_levels
from pipelines.measures.overall import compute_event_rates
from pipelines.measures.sample import ANALYSIS, Sample, find_levels, split_groups
from pipelines.measures.score_curve import fit_score_curve, predict_score_curve
from pipelines.measures.utility import compute_threshold_grid, linearise_net_benefit
from pipelines.suppression import find_suppressed
from schemas.tables import CURVES

CURVE_POINTS = 100
END_DECIMALS = 3
"""Of the ends of a calibration curve: a quantile may be one patient's prediction."""
FALSE_POSITIVE_RATES: FloatArray = np.arange(101) / 100
"""A fixed grid: the steps of an empirical ROC curve are single patients."""
BIN_EDGES: FloatArray = np.arange(21) / 20
SITE = "site"
"""The attribute whose groups are also drawn as a funnel."""

BY_GROUP = ("group_calibration", "site_funnel")

Row = dict[str, object]


def compute_curves(
    predictions: pd.DataFrame,
    *,
    thresholds: Mapping[str, Sequence[float]],
    acts_below: Collection[str] = (),
    subgroups: Sequence[str] = (),
    predictors: Predictors | None = None,
    suppress_below: int = 5,
) -> dict[str, pd.DataFrame]:
    """Compute the curves of every model of a predictions table.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables`.
    thresholds
        Threshold probabilities by outcome, marked as declared in the decision curve.
    acts_below
        Outcomes whose action is for patients below the threshold; of the others it is for those at or above it.
    subgroups
        Names of the subgroup variables, columns of the predictions, whose groups have curves of their own.
    predictors
        Names of the predictors by model, for what folds hold by construction (`find_held`); may lack models.
    suppress_below
        Samples with a count from 1 to one less give no curve; bins with such a count are hidden.

    Returns
    -------
    dict of DataFrame
        ``calibration``, ``roc``, ``decision``, ``risk_distribution``, ``score_calibration``, ``group_calibration`` and
        ``site_funnel``, with the columns of `schemas.tables.CURVES`.

    Notes
    -----
    Calibration curve and risk distribution show one complete set of predictions (the first repeat of a
    cross-validation). The ROC curve is the vertical average over folds, so that its area is the c-statistic of the
    evaluation; net benefit is averaged over repeats. A score that only ranks has a ROC curve alone. A predicted
    follow-up score has a calibration curve of its own, in points, and each threshold derived from it all of a risk.
    """
    makers: dict[str, Callable[[Sample, int], Iterator[Row]]] = {
        "calibration": _trace_calibration,
        "roc": _trace_roc,
        "decision": _trace_decision,
        "risk_distribution": _count_risks,
    }
    rows: dict[str, list[Row]] = {name: [] for name in (*makers, "score_calibration", *BY_GROUP)}
    for _, analysis in split_groups(predictions.reset_index(drop=True), ANALYSIS):
        groups = build_groups(analysis, thresholds=thresholds, acts_below=acts_below, seed=0)
        known = [group for group in groups if group.sample.n > 0]
        for group in (group for group in known if group.sample.in_points):
            traced = _trace_score_calibration(group.sample, suppress_below)
            rows["score_calibration"] += [group.key | row for row in traced]
        of_risks = [group for group in known if not group.sample.in_points]
        for group in of_risks:
            for name, make in makers.items():
                if name == "roc" or not group.sample.ranks_only:
                    rows[name] += [group.key | row for row in make(group.sample, suppress_below)]
            for name, traced in _trace_groups(group, subgroups, predictors or {}, suppress_below):
                rows[name] += [group.key | row for row in traced]
        rows["decision"] += _trace_defaults(of_risks, suppress_below)
    return {name: finish_table(rows[name], CURVES[name]) for name in rows}


def _trace_groups(
    group: Group, subgroups: Sequence[str], predictors: Predictors, suppress_below: int
) -> Iterator[tuple[str, Iterator[Row]]]:
    """Yield what is drawn of the groups of one model; groups are never audited on apparent predictions."""
    sample = group.sample
    if not subgroups or sample.ranks_only or group.validation == APPARENT:
        return
    levels = select_recorded({name: find_levels(group.rows, name) for name in subgroups})
    hidden = hide_levels(sample, group.rows, subgroups, suppress_below)
    yield "group_calibration", trace_group_curves(sample, levels, hidden, suppress_below)
    if SITE in levels:
        held = find_held(sample, SITE, set(levels[SITE]), predictors.get(group.model, ()))
        yield "site_funnel", trace_site_funnel(sample, levels[SITE], hidden[SITE], held=held)


def _is_drawable(sample: Sample, suppress_below: int) -> bool:
    return min(sample.events, sample.non_events) > 0 and not is_small(sample, suppress_below)


def _trace_calibration(sample: Sample, suppress_below: int) -> Iterator[Row]:
    sample = take_first(sample)
    curve = fit_calibration_curve(sample.y, sample.p, sample.weights)
    if curve is None or not _is_drawable(sample, suppress_below):
        return
    low, high = np.quantile(sample.p, [0.01, 0.99]).round(END_DECIMALS)
    predicted = np.linspace(low, high, CURVE_POINTS) if high > low else np.array([low])
    yield from trace_curve(curve, sample, predicted)


def _trace_score_calibration(sample: Sample, suppress_below: int) -> Iterator[Row]:
    sample = take_first(sample)
    if is_small(sample, suppress_below):
        return
    curve = fit_score_curve(sample.y, sample.p, sample.weights, patient=sample.patient)
    if curve is None:
        return
    low, high = np.quantile(sample.p, [0.01, 0.99]).round(END_DECIMALS)
    predicted = np.linspace(low, high, CURVE_POINTS)
    band = predict_score_curve(curve, predicted)
    for x, observed, lower, upper in zip(predicted.tolist(), *(part.tolist() for part in band), strict=True):
        yield {
            "predicted": x,
            "observed": observed,
            "lower": lower,
            "upper": upper,
            "knots": curve.knots.size,
            "n": sample.n,
        }


def _trace_roc(sample: Sample, suppress_below: int) -> Iterator[Row]:
    if not _is_drawable(sample, suppress_below):
        return
    curves = [
        compute_sensitivity(sample.y[rows], sample.score[rows], sample.weights[rows], FALSE_POSITIVE_RATES)
        for rows in split_rows(sample.fold)
    ]
    complete = [curve for curve in curves if np.isfinite(curve).all()]
    if not complete:
        return
    for rate, sensitivity in zip(FALSE_POSITIVE_RATES.tolist(), np.mean(complete, axis=0).tolist(), strict=True):
        yield {
            "false_positive_rate": rate,
            "sensitivity": sensitivity,
            **describe_counts(sample, hidden=False),
        }


def _trace_decision(sample: Sample, suppress_below: int) -> Iterator[Row]:
    if not _is_drawable(sample, suppress_below):
        return
    event_rate = float(compute_event_rates(sample.y, sample.weights, np.zeros_like(sample.replicate))[0])
    for threshold in compute_threshold_grid(event_rate, sample.thresholds, acts_below=sample.acts_below).tolist():
        if rests_on_few(sample, threshold, suppress_below):
            continue
        value, influence = linearise_net_benefit(
            sample.y, sample.p, threshold, sample.weights, sample.replicate, acts_below=sample.acts_below
        )
        interval = compute_wald(value, compute_standard_error(influence, sample.patient, ddof=0), kind="Wald")
        yield {
            "threshold_probability": threshold,
            "net_benefit": interval.estimate,
            "lower": interval.lower,
            "upper": interval.upper,
            "declared": threshold in sample.thresholds,
            **describe_counts(sample, hidden=False),
        }


def _trace_defaults(groups: list[Group], suppress_below: int) -> Iterator[Row]:
    """Trace acting on everyone and on no one, on the rows of the model that predicts most."""
    if not groups:
        return
    largest = max(groups, key=lambda group: group.sample.n)
    sample = take_first(largest.sample)
    highest, lowest = ("treat_none", "treat_all") if sample.acts_below else ("treat_all", "treat_none")
    for name, risk in ((highest, 1.0), (lowest, 0.0)):
        key = largest.key | {"model": name}
        everyone = sample.with_risk(np.full_like(sample.y, risk))
        yield from (key | row for row in _trace_decision(everyone, suppress_below))


def _count_risks(sample: Sample, suppress_below: int) -> Iterator[Row]:
    sample = take_first(sample)
    for group, value in (("event", 1.0), ("no_event", 0.0)):
        counts = np.histogram(sample.p[sample.y == value], bins=BIN_EDGES)[0]
        hidden = find_suppressed(counts[:, None], suppress_below)
        total = max(int(counts.sum()), 1)
        for low, high, count, is_hidden in zip(
            BIN_EDGES[:-1].tolist(), BIN_EDGES[1:].tolist(), counts.tolist(), hidden.tolist(), strict=True
        ):
            yield {
                "group": group,
                "bin_low": low,
                "bin_high": high,
                "count": pd.NA if is_hidden else count,
                "percent": np.nan if is_hidden else 100 * count / total,
                "status": "suppressed" if is_hidden else "ok",
            }
