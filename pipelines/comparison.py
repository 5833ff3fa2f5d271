"""Paired differences between models on the same patients."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

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
from pipelines.intervals import NOT_ASSESSABLE, Estimate, FloatArray, compute_percentile
from pipelines.measures.bootstrap import COMPARED, observe_measures, resample_measures
from pipelines.measures.estimates import FEW
from pipelines.measures.metric import Metric
from pipelines.measures.sample import ANALYSIS, Sample, build_sample, split_groups
from pipelines.metrics import list_metrics
from schemas.tables import COMPARISON

MATCH = ["repeat", "imputation", "row_id"]
KIND = "paired patient bootstrap, percentile"


@dataclass(frozen=True)
class Resampled:
    """A sample with the values of its compared measures, observed and in every resample, computed once."""

    sample: Sample

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The measures that are compared by the bootstrap: of a score that only ranks, the c-statistic."""
        kinds = [metric for metric in list_metrics(self.sample) if metric.name in COMPARED]
        return tuple(metric.name for metric in kinds if metric.for_scores or not self.sample.ranks_only)

    @cached_property
    def observed(self) -> dict[str, FloatArray]:
        """By name, one value or one for each threshold."""
        return observe_measures(self.sample, self.names)

    @cached_property
    def drawn(self) -> dict[str, FloatArray]:
        """By name, shape (resamples, 1) or (resamples, thresholds)."""
        return resample_measures(self.sample, self.names, self.sample.draws.patient_counts(self.sample.n_patients))


def compare_fold_predictions(
    predictions: pd.DataFrame,
    *,
    reference: str,
    thresholds: Mapping[str, Sequence[float]],
    acts_below: Collection[str] = (),
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
    thresholds, acts_below, threshold_sets, seed, suppress_below
        As in `pipelines.evaluate.evaluate_fold_predictions`.

    Returns
    -------
    DataFrame
        The COMPARISON columns: estimates are model minus reference.

    Notes
    -----
    Predictions of models that were fitted fold by fold are compared by a paired bootstrap of patients: all rows of a
    patient, in every repeat and of both models, are drawn together, and the limits are percentiles of the difference.
    These intervals are about the procedure, conditional on the fitted fold models. Fixed models are compared by the
    paired interval of DeLong and by the standard error of the mean difference.

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
        groups = list(build_groups(analysis, thresholds=thresholds, acts_below=acts_below, seed=seed))
        base = next(group for group in groups if group.model == reference)
        resampled = Resampled(base.sample)
        for group in groups:
            if group.model != reference:
                rows += _compare_groups(group, base, resampled, threshold_sets.get(group.outcome, ""), suppress_below)
    return finish_table(rows, COMPARISON)


def _compare_groups(
    group: Group, base: Group, resampled: Resampled, threshold_set: str, suppress_below: int
) -> Iterator[dict[str, object]]:
    model, reference = pair_samples(group, base)
    first = Resampled(model)
    second = resampled if reference is base.sample else Resampled(reference)
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
            estimates = hide_few(metric, reference, _compare(metric, first, second), suppress_below)
            estimates = hide_few(metric, model, estimates, suppress_below)
        for estimate in estimates:
            yield frame | describe_estimate(metric, estimate)


def _compare(metric: Metric, model: Resampled, reference: Resampled) -> tuple[Estimate, ...]:
    """Return the differences of a metric, one for each threshold where it has thresholds."""
    if metric.compare is None:
        return ()
    if not reference.sample.folded or metric.name not in model.names or metric.name not in reference.names:
        return metric.compare(model.sample, reference.sample)
    sample = reference.sample
    few = not sample.in_points and sample.fewest < FEW
    kind = KIND + (f"; fewer than {FEW} events or non-events" if few else "")
    differences = model.observed[metric.name] - reference.observed[metric.name]
    draws = model.drawn[metric.name] - reference.drawn[metric.name]
    steps = sample.thresholds if metric.by_threshold else (math.nan,)
    return tuple(
        replace(
            compute_percentile(float(difference), draws[:, k], kind=kind)
            if math.isfinite(difference)
            else NOT_ASSESSABLE,
            threshold_probability=step,
        )
        for k, (step, difference) in enumerate(zip(steps, differences, strict=True))
    )


def pair_samples(group: Group, base: Group) -> tuple[Sample, Sample]:
    """Return the samples of a model and of the reference on the rows that both predict, in the same order.

    Outcome, weight, patient, fold and the null risk are the reference's, so that only predictions differ.
    """
    if group.rows[MATCH].reset_index(drop=True).equals(base.rows[MATCH].reset_index(drop=True)):
        model, reference = group.sample, base.sample
    else:
        keys = pd.merge(base.rows[MATCH], group.rows[MATCH], on=MATCH)
        model, reference = (
            build_sample(
                keys.merge(rows, on=MATCH),
                validation=base.validation,
                thresholds=base.sample.thresholds,
                draws=base.sample.draws,
                acts_below=base.sample.acts_below,
            )
            for rows in (group.rows, base.rows)
        )
    own_values = {name: getattr(model, name) for name in ("p", "score", "low", "high")}
    return replace(reference, **own_values), reference
