"""Evaluation: everything said about a model, from the table of predictions alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.groups.held_groups import NOT_INFORMATIVE, Predictors, find_held
from pipelines.intervals import NOT_ASSESSABLE, Estimate, IntArray, create_draws
from pipelines.measures.hidden_levels import hide_levels, hide_levels_at_thresholds
from pipelines.measures.metric import Metric
from pipelines.measures.sample import ANALYSIS, GROUP, Sample, build_sample, find_levels, select_usable, split_groups
from pipelines.measures.utility import count_decisions
from pipelines.metrics import list_metrics
from pipelines.suppression import find_small
from schemas.errors import InputError, unknown_name
from schemas.tables import EVALUATION

APPARENT = "apparent"
FIXED_MODEL = "this fixed model"
PROCEDURE = "the procedure, conditional on the fitted fold models"
SUPPRESSED = Estimate(status="suppressed")


@dataclass(frozen=True, kw_only=True)
class Group:
    """One model in one analysis: its key in the tables and its sample."""

    outcome: str
    model: str
    dataset: str
    validation: str
    rows: pd.DataFrame
    sample: Sample

    @property
    def interval_target(self) -> str:
        """What the intervals are about."""
        return PROCEDURE if self.sample.fitted_by_fold else FIXED_MODEL

    @property
    def key(self) -> dict[str, str]:
        """The columns that name the group."""
        return {name: getattr(self, name) for name in GROUP}


def build_groups(
    predictions: pd.DataFrame,
    *,
    thresholds: Mapping[str, Sequence[float]],
    acts_below: Collection[str] = (),
    seed: int,
) -> Iterator[Group]:
    """Yield the models of every analysis, those of one analysis sharing their random numbers.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables`. Rows of unknown outcome, of weight 0 or without a prediction are
        left out here.
    thresholds
        Threshold probabilities by outcome.
    acts_below
        Outcomes whose action is for patients below the threshold; of the others it is for those at or above it.
    seed
        The study's seed.
    """
    predictions = predictions.reset_index(drop=True)
    # analysis by analysis, so that the random numbers of one only are held: they are the largest thing
    for analysis, of_analysis in split_groups(predictions, ANALYSIS):
        outcome, dataset, validation = analysis
        draws = create_draws(seed, *analysis)
        for (model,), rows in split_groups(of_analysis, ["model"]):
            usable = select_usable(rows)
            sample = build_sample(
                usable,
                validation=validation,
                thresholds=thresholds.get(outcome, ()),
                draws=draws,
                acts_below=outcome in acts_below,
            )
            yield Group(
                outcome=outcome, model=model, dataset=dataset, validation=validation, rows=usable, sample=sample
            )


def evaluate_fold_predictions(
    predictions: pd.DataFrame,
    *,
    thresholds: Mapping[str, Sequence[float]],
    acts_below: Collection[str] = (),
    threshold_sets: Mapping[str, str],
    subgroups: Sequence[str],
    predictors: Predictors | None = None,
    seed: int,
    suppress_below: int = 5,
) -> pd.DataFrame:
    """Evaluate every model of a predictions table, overall and by subgroup.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables` and one column per subgroup variable.
    thresholds
        Threshold probabilities by outcome, for the net benefit.
    acts_below
        Outcomes whose action is for patients below the threshold; of the others it is for those at or above it.
    threshold_sets
        Name of the set of thresholds (of a patient-reported outcome) by outcome; may lack outcomes.
    subgroups
        Names of the subgroup variables; a missing level is called unknown.
    predictors
        Names of the predictors by model, for what folds hold by construction (`find_held`); may lack models.
    seed
        The study's seed.
    suppress_below
        Counts from 1 to one less are not shown, nor what could be computed back to them.

    Returns
    -------
    DataFrame
        The EVALUATION columns; ``n`` and ``events`` are whole numbers, missing where suppressed.

    Raises
    ------
    InputError
        If a subgroup variable is no column.

    Notes
    -----
    Groups are outcome, model, data set and validation. In cross-validation the c-statistic is the mean of the values
    within folds; every other metric is taken on all out-of-fold predictions of a repeat and averaged over repeats. A
    predicted follow-up score has metrics of its own, and no events. Where a subgroup variable is a predictor of models
    fitted by fold, the means of its levels are not informative; that of unknown only if the models see what is missing.
    Rows whose outcome is unknown, whose weight is 0 or that have no prediction are left out.
    """
    for name in subgroups:
        if name not in predictions.columns:
            raise InputError(unknown_name("a subgroup variable", name, [str(c) for c in predictions.columns]))
    rows: list[dict[str, object]] = []
    for group in build_groups(predictions, thresholds=thresholds, acts_below=acts_below, seed=seed):
        key = group.key | {"threshold_set": threshold_sets.get(group.outcome, "")}
        key |= {"interval_target": group.interval_target}
        rows += [key | row for row in _evaluate_overall(group.sample, suppress_below)]
        if group.validation == APPARENT:
            continue  # groups are never audited on what their own models were made of
        hidden = hide_levels(group.sample, group.rows, subgroups, suppress_below)
        hidden_at = hide_levels_at_thresholds(group.sample, group.rows, hidden, suppress_below)
        for name in subgroups:
            levels = find_levels(group.rows, name)
            held = find_held(group.sample, name, set(levels), (predictors or {}).get(group.model, ()))
            hides = Hides(everywhere=hidden[name], at={t: found[name] for t, found in hidden_at.items()})
            rows += [key | row for row in _evaluate_subgroup(group.sample, name, levels, hides, held=held)]
    return finish_table(rows, EVALUATION)


def finish_table(rows: list[dict[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    """Return rows as a table with columns in order, counts as whole numbers that may be missing."""
    table = pd.DataFrame(rows, columns=list(columns))
    counts = {name: "Int64" for name in ("n", "events", "count", "knots") if name in table.columns}
    return table.astype(counts)


def describe_counts(sample: Sample, *, hidden: bool) -> dict[str, object]:
    """Return the columns ``n`` and ``events``, missing where hidden; a follow-up score has no events."""
    events = pd.NA if hidden or sample.in_points else sample.events
    return {"n": pd.NA if hidden else sample.n, "events": events}


def is_small(sample: Sample, suppress_below: int) -> bool:
    """Tell whether the sample has a count of patients that must not be shown."""
    return bool(find_small(np.array(sample.patient_counts), suppress_below).any())


def describe_estimate(metric: Metric, estimate: Estimate) -> dict[str, object]:
    """Return the columns of one estimate."""
    return {
        "metric": metric.name,
        "threshold_probability": estimate.threshold_probability,
        "estimate": estimate.estimate,
        "lower": estimate.lower,
        "upper": estimate.upper,
        "interval_kind": estimate.interval_kind,
        "status": estimate.status,
    }


def repeat_for_thresholds(metric: Metric, sample: Sample, estimate: Estimate) -> tuple[Estimate, ...]:
    """Return an estimate that could not be computed, once per threshold where the metric has thresholds."""
    if not metric.by_threshold:
        return (estimate,)
    return tuple(Estimate(status=estimate.status, threshold_probability=t) for t in sample.thresholds)


def hide_few(
    metric: Metric, sample: Sample, estimates: tuple[Estimate, ...], suppress_below: int
) -> tuple[Estimate, ...]:
    """Suppress values at thresholds that put few patients on one side: their counts could be solved for."""
    if not metric.by_threshold:
        return estimates
    return tuple(
        Estimate(status=SUPPRESSED.status, threshold_probability=estimate.threshold_probability)
        if rests_on_few(sample, estimate.threshold_probability, suppress_below)
        else estimate
        for estimate in estimates
    )


def rests_on_few(sample: Sample, threshold: float, suppress_below: int) -> bool:
    """Tell whether a threshold leaves a small number of true or false positives or negatives."""
    return bool(find_small(_count_sides(sample, threshold), suppress_below).any())


def is_assessable(metric: Metric, sample: Sample) -> bool:
    """Tell whether a metric can be computed at all: a risk where it needs one, events and non-events likewise."""
    if sample.n == 0 or (sample.ranks_only and not metric.for_scores):
        return False
    return not metric.needs_both or min(sample.events, sample.non_events) > 0


def _evaluate_overall(sample: Sample, suppress_below: int) -> Iterator[dict[str, object]]:
    hidden = is_small(sample, suppress_below)
    frame = {"subgroup": "overall", "level": "all", **describe_counts(sample, hidden=hidden)}
    for metric in list_metrics(sample):
        if hidden:
            estimates = repeat_for_thresholds(metric, sample, SUPPRESSED)
        elif not is_assessable(metric, sample):
            estimates = repeat_for_thresholds(metric, sample, NOT_ASSESSABLE)
        else:
            estimates = hide_few(metric, sample, metric.compute(sample), suppress_below)
        if metric.fixed_by_folds and sample.fitted_by_fold and sample.validation == "internal":
            estimates = tuple(_not_informative(estimate) for estimate in estimates)
        for estimate in estimates:
            yield frame | describe_estimate(metric, estimate)


def _not_informative(estimate: Estimate) -> Estimate:
    return estimate.without_interval(NOT_INFORMATIVE) if estimate.status == "ok" else estimate


@dataclass(frozen=True, kw_only=True)
class Hides:
    """Levels of an attribute that are not shown: everywhere, and at each threshold probability."""

    everywhere: frozenset[str]
    at: Mapping[float, frozenset[str]]

    def hide(self, estimate: Estimate, level: str) -> Estimate:
        """Return an estimate without its number where its threshold puts few patients on one side."""
        at = estimate.threshold_probability
        is_hidden = estimate.status == "ok" and level in self.at.get(at, frozenset())
        return replace(SUPPRESSED, threshold_probability=at) if is_hidden else estimate


def _evaluate_subgroup(
    sample: Sample, name: str, levels: npt.NDArray[np.object_], hides: Hides, *, held: frozenset[str]
) -> Iterator[dict[str, object]]:
    for level in sorted(set(levels)):
        part = sample.take(levels == level)
        hidden = str(level) in hides.everywhere
        frame = {"subgroup": name, "level": level, **describe_counts(part, hidden=hidden)}
        for metric in list_metrics(part):
            if metric.least_in_subgroup is None:
                continue
            if hidden:
                estimates = repeat_for_thresholds(metric, part, SUPPRESSED)
            else:
                estimates = _evaluate_level(metric, part, metric.least_in_subgroup)
            if metric.fixed_by_folds and level in held:
                estimates = tuple(_not_informative(estimate) for estimate in estimates)
            for estimate in estimates:
                yield frame | describe_estimate(metric, hides.hide(estimate, str(level)))


def _count_sides(sample: Sample, threshold: float) -> IntArray:
    first = sample.replicate == 0
    return count_decisions(sample.y[first], sample.p[first], threshold)


def _evaluate_level(metric: Metric, sample: Sample, least: int) -> tuple[Estimate, ...]:
    if not is_assessable(metric, sample) or sample.fewest < least:
        return repeat_for_thresholds(metric, sample, NOT_ASSESSABLE)
    return metric.compute(sample)
