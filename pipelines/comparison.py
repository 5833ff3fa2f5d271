"""Paired differences between models on the same patients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from pipelines.evaluate import (
    FIXED_MODEL,
    PROCEDURE,
    SUPPRESSED,
    Group,
    build_groups,
    describe_counts,
    describe_estimate,
    finish_table,
    hide_few,
    is_assessable,
    is_small,
    repeat_for_thresholds,
)
from pipelines.intervals import NOT_ASSESSABLE
from pipelines.metrics import list_metrics
from pipelines.sample import ANALYSIS, Sample, build_sample, split_groups
from schemas.tables import COMPARISON

MATCH = ["repeat", "imputation", "row_id"]


def compare_fold_predictions(
    predictions: pd.DataFrame,
    *,
    reference: str,
    thresholds: Mapping[str, Sequence[float]],
    threshold_sets: Mapping[str, str],
    seed: int,
    suppress_below: int = 5,
) -> pd.DataFrame:
    """Compare every model with the reference, patient by patient.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables`.
    reference
        Name of the model that the others are compared with; analyses without it give no rows.
    thresholds, threshold_sets, seed, suppress_below
        As in `pipelines.evaluate.evaluate_fold_predictions`.

    Returns
    -------
    DataFrame
        The COMPARISON columns: estimates are model minus reference.

    Notes
    -----
    Apparent performance is not compared: a paired test of models on their own training data means nothing. Rows that
    only one of the two predicts are left out, so a difference need not equal the difference of two rows of
    the evaluation. The calibration slope and the calibration index are described without an interval: noise in them
    is too large for a comparison to mean much. A model that only ranks is compared by the c-statistic alone.
    """
    rows: list[dict[str, object]] = []
    honest = predictions[predictions["validation"] != "apparent"]
    for _, analysis in split_groups(honest.reset_index(drop=True), ANALYSIS):
        if not (analysis["model"] == reference).any():
            continue
        groups = list(build_groups(analysis, thresholds=thresholds, seed=seed))
        base = next(group for group in groups if group.model == reference)
        for group in groups:
            if group.model != reference:
                rows += _compare_groups(group, base, threshold_sets.get(group.outcome, ""), suppress_below)
    return finish_table(rows, COMPARISON)


def _compare_groups(group: Group, base: Group, threshold_set: str, suppress_below: int) -> Iterator[dict[str, object]]:
    model, reference = pair_samples(group, base)
    hidden = is_small(reference, suppress_below)
    frame = group.key | {
        "reference": base.model,
        "threshold_set": threshold_set,
        "interval_target": PROCEDURE if reference.fitted_by_fold else FIXED_MODEL,
        **describe_counts(reference, hidden=hidden),
    }
    for metric in list_metrics(reference):
        if metric.compare is None:
            continue
        if hidden:
            estimates = repeat_for_thresholds(metric, reference, SUPPRESSED)
        elif not (is_assessable(metric, model) and is_assessable(metric, reference)):
            estimates = repeat_for_thresholds(metric, reference, NOT_ASSESSABLE)
        else:
            estimates = hide_few(metric, reference, metric.compare(model, reference), suppress_below)
            estimates = hide_few(metric, model, estimates, suppress_below)
        for estimate in estimates:
            yield frame | describe_estimate(metric, estimate)


def pair_samples(group: Group, base: Group) -> tuple[Sample, Sample]:
    """Return the samples of a model and of the reference on the rows that both predict, in the same order.

    Outcome, weight, patient, fold and the null risk are the reference's, so that only predictions differ.
    """
    if group.rows[MATCH].reset_index(drop=True).equals(base.rows[MATCH].reset_index(drop=True)):
        common = base.rows
        own = group.rows
    else:
        keys = pd.merge(base.rows[MATCH], group.rows[MATCH], on=MATCH)
        common = keys.merge(base.rows, on=MATCH)
        own = keys.merge(group.rows, on=MATCH)
    reference = build_sample(
        common, validation=base.validation, thresholds=base.sample.thresholds, draws=base.sample.draws
    )
    model = build_sample(own, validation=base.validation, thresholds=base.sample.thresholds, draws=base.sample.draws)
    own_values = {name: getattr(model, name) for name in ("p", "score", "low", "high")}
    return replace(reference, **own_values), reference
