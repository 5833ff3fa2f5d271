"""Sites that the models never saw: results of each, and what they say together."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipelines.by_site.meta import IDENTITY, LOG, LOGIT, Scale
from pipelines.comparison import pair_samples
from pipelines.evaluate import (
    SUPPRESSED,
    Group,
    describe_counts,
    describe_estimate,
    finish_table,
    is_assessable,
    repeat_for_thresholds,
)
from pipelines.intervals import (
    NOT_ASSESSABLE,
    BoolArray,
    Estimate,
    FloatArray,
    IntArray,
    Z,
    compute_logit_wald,
    compute_newcombe,
    compute_standard_error,
    compute_wald,
    create_draws,
)
from pipelines.measures.metric import Metric
from pipelines.measures.placements import linearise_c_statistic
from pipelines.measures.sample import Sample, build_sample, code_groups, select_usable, split_groups
from pipelines.measures.utility import count_decisions
from pipelines.metrics import METRICS
from pipelines.suppression import find_suppressed, gives_away
from schemas.tables import SITES

INTERNAL_EXTERNAL = "internal-external"
UNKNOWN = "unknown"
"""Name of the site of operations without a recorded one: predicted, never trained on, and no site of the summary."""
LEAST = 10
LEAST_FOR_SLOPE = 20
"""Fewest events and non-events with which a site is assessed; of a score, fewest patients."""
FATES = (1, 2)
"""Which of the counts of patients are what became of them."""


@dataclass(frozen=True, kw_only=True)
class SiteMeasure:
    """A measure that is given by site: the scale of its standard error, and whether it is compared too."""

    name: str
    scale: Scale = IDENTITY
    least: int = LEAST
    compared: bool = False

    @property
    def metric(self) -> Metric:
        """The metric itself."""
        return METRICS[self.name]


MEASURES = {
    measure.name: measure
    for measure in (
        SiteMeasure(name="c_statistic", scale=LOGIT, compared=True),
        SiteMeasure(name="calibration_in_the_large"),
        SiteMeasure(name="calibration_slope", least=LEAST_FOR_SLOPE),
        SiteMeasure(name="oe_ratio", scale=LOG),
        SiteMeasure(name="brier_score"),
        SiteMeasure(name="log_loss", compared=True),
        SiteMeasure(name="net_benefit"),
        SiteMeasure(name="mae", compared=True),
        SiteMeasure(name="mean_difference"),
        SiteMeasure(name="score_slope", least=LEAST_FOR_SLOPE),
    )
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """What was left out together: its name in the tables, the sites in it, and its fold."""

    fold: int
    name: str
    sites: tuple[str, ...]


def list_parts(rows: pd.DataFrame) -> list[Part]:
    """Return the parts that were left out in turn, in the order of their folds.

    Parameters
    ----------
    rows
        Predictions of one outcome with validation internal-external; a fold is a site, or sites left out together.

    Notes
    -----
    Several sites together are called by their number, and by the number of the group where there are several groups:
    their names stand in the column ``members``.
    """
    by_fold = {
        int(str(fold)): tuple(sorted({str(site) or UNKNOWN for site in own["site"]}))
        for fold, own in rows.groupby("fold", sort=True)
    }
    groups = [fold for fold, sites in by_fold.items() if len(sites) > 1]
    return [Part(fold=fold, name=_name(fold, sites, groups), sites=sites) for fold, sites in by_fold.items()]


def _name(fold: int, sites: tuple[str, ...], groups: list[int]) -> str:
    if len(sites) == 1:
        return sites[0]
    number = f", group {groups.index(fold) + 1}" if len(groups) > 1 else ""
    return f"{len(sites)} sites together{number}"


def tabulate_sites(
    predictions: pd.DataFrame,
    *,
    reference: str,
    thresholds: Mapping[str, Sequence[float]],
    acts_below: Collection[str] = (),
    seed: int,
    suppress_below: int = 5,
    sites_shown: bool = False,
) -> pd.DataFrame:
    """Evaluate every model in every site that it never saw, and compare it with the reference there.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables`; rows of other validations than internal-external are passed over.
    reference
        The model that the others are compared with.
    thresholds
        Threshold probabilities by outcome, for the net benefit.
    acts_below
        Outcomes whose action is for patients below the threshold; of the others it is for those at or above it.
    seed
        The study's seed.
    suppress_below
        Counts from 1 to one less are not shown, nor what could be computed back to them.
    sites_shown
        Whether single sites are counted elsewhere too, as levels of a subgroup: then a group is hidden from which a
        hidden site could be found by subtraction.

    Returns
    -------
    DataFrame
        The SITES columns of `schemas.tables`; ``standard_error`` is on the logit scale for the c-statistic, on the log
        scale for the ratio of observed to expected events, else on the measure's own.

    Notes
    -----
    Inside a site predictions come from models that never saw it, so that all measures are taken as of fixed
    predictions: nothing is refitted, nothing is recalibrated. The c-statistic has DeLong's standard error, and where
    patients repeat or weigh unequally its clustered, weighted form. Fewer than 10 events or non-events are not
    assessed, fewer than 20 for the slope.
    """
    hiding = _Hiding(below=suppress_below, sites_shown=sites_shown)
    rows: list[dict[str, object]] = []
    own = predictions[predictions["validation"] == INTERNAL_EXTERNAL].reset_index(drop=True)
    for (outcome, dataset), analysis in split_groups(own, ["outcome", "dataset"]):
        reader = _Reader(
            analysis=analysis, outcome=outcome, dataset=dataset, declared=tuple(thresholds.get(outcome, ())),
            acts_below=outcome in acts_below, seed=seed,
        )  # fmt: skip
        base = reader.read(reference) if (analysis["model"] == reference).any() else []
        for model in dict.fromkeys(analysis["model"]):
            groups = reader.read(str(model))
            rows += _evaluate(groups, reader.parts, hiding)
            if base and model != reference:
                rows += _compare(groups, base, reader.parts, hiding)
    return finish_table(rows, SITES).astype({"merged": "Int64"})


@dataclass(frozen=True, kw_only=True)
class _Hiding:
    """Below which count nothing is shown, and whether single sites are counted elsewhere too."""

    below: int
    sites_shown: bool


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """Reads the samples of one analysis, site by site."""

    analysis: pd.DataFrame
    outcome: str
    dataset: str
    declared: tuple[float, ...]
    acts_below: bool
    seed: int

    @property
    def parts(self) -> list[Part]:
        """The parts that were left out in turn."""
        return list_parts(self.analysis)

    def read(self, model: str) -> list[Group]:
        """Return the model's sample of every part."""
        rows = self.analysis[self.analysis["model"] == model]
        draws = create_draws(self.seed, self.outcome, self.dataset, INTERNAL_EXTERNAL)
        usable = [select_usable(rows[rows["fold"] == part.fold]) for part in self.parts]
        return [
            Group(
                outcome=self.outcome, model=model, dataset=self.dataset, validation=INTERNAL_EXTERNAL, rows=own,
                sample=build_sample(
                    own, validation=INTERNAL_EXTERNAL, thresholds=self.declared, draws=draws,
                    acts_below=self.acts_below,
                ),
            )
            for own in usable
        ]  # fmt: skip


def _evaluate(groups: list[Group], parts: list[Part], hiding: _Hiding) -> Iterator[dict[str, object]]:
    hidden = _find_hidden(groups, hiding)
    hidden_at = _hide_decisions(groups, hidden, hiding.below)
    for k, (group, part) in enumerate(zip(groups, parts, strict=True)):
        frame = _describe(group, part, "", group.sample, hidden=bool(hidden[k]))
        for measure in _list_measures(groups):
            for estimate in _judge(measure, group.sample, hidden=bool(hidden[k])):
                at = estimate.threshold_probability
                unsafe = estimate.status == "ok" and at in hidden_at and bool(hidden_at[at][k])
                shown = replace(SUPPRESSED, threshold_probability=at) if unsafe else estimate
                yield frame | _write(measure, shown, measure.scale)


def _compare(groups: list[Group], base: list[Group], parts: list[Part], hiding: _Hiding) -> Iterator[dict[str, object]]:
    pairs = [pair_samples(group, own) for group, own in zip(groups, base, strict=True)]
    either = _find_hidden(groups, hiding) | _find_hidden(base, hiding)
    hidden = find_suppressed(_count_patients([second for _, second in pairs]), hiding.below, hidden=either)
    for group, part, (first, second), is_hidden in zip(groups, parts, pairs, hidden, strict=True):
        frame = _describe(group, part, base[0].model, second, hidden=bool(is_hidden))
        for measure in _list_measures(groups):
            if measure.compared:
                yield frame | _write(measure, _judge_pair(measure, first, second, hidden=bool(is_hidden)), IDENTITY)


def _list_measures(groups: list[Group]) -> list[SiteMeasure]:
    in_points = _in_points(groups)
    return [measure for measure in MEASURES.values() if measure.metric.in_points == in_points]


def _in_points(groups: list[Group]) -> bool:
    return any(group.sample.in_points for group in groups)


def _find_hidden(groups: list[Group], hiding: _Hiding) -> BoolArray:
    """Tell which parts are hidden: small ones, and those that would give away a hidden part or a hidden site."""
    counts = _count_patients([group.sample for group in groups])
    fates = () if _in_points(groups) else FATES
    if not hiding.sites_shown:
        return find_suppressed(counts, hiding.below, fates=fates)
    inside = [_count_sites(group) for group in groups]
    sites = np.concatenate(inside)
    masked = find_suppressed(sites, hiding.below, fates=fates)
    hidden = np.split(masked, np.cumsum([len(own) for own in inside])[:-1])
    leaks = np.array(
        [mask.any() and gives_away(own, mask, hiding.below, fates) for own, mask in zip(inside, hidden, strict=True)]
    )
    return find_suppressed(counts, hiding.below, hidden=leaks, fates=fates)


def _hide_decisions(groups: list[Group], hidden: BoolArray, suppress_below: int) -> dict[float, BoolArray]:
    """Tell by threshold which parts have few patients on one side of it, or would give such a part away."""
    samples = [group.sample for group in groups]
    if not samples or any(sample.in_points or sample.ranks_only for sample in samples if sample.n):
        return {}
    return {
        threshold: find_suppressed(
            np.array([(sample.n, *_count_sides(sample, threshold)) for sample in samples], dtype=np.int64),
            suppress_below,
            hidden=hidden,
        )
        for threshold in samples[0].thresholds
    }


def _count_sides(sample: Sample, threshold: float) -> IntArray:
    first = sample.replicate == 0
    return count_decisions(sample.y[first], sample.p[first], threshold)


def _count_sites(group: Group) -> IntArray:
    code = code_groups(group.rows, ["site"])
    parts = [group.sample.take(code == k) for k in range(int(code.max(initial=-1)) + 1)]
    return _count_patients(parts)


def _count_patients(samples: Sequence[Sample]) -> IntArray:
    return np.array([sample.patient_counts for sample in samples], dtype=np.int64).reshape(-1, 3)


def _describe(group: Group, part: Part, reference: str, sample: Sample, *, hidden: bool) -> dict[str, object]:
    return {
        "outcome": group.outcome,
        "model": group.model,
        "reference": reference,
        "site": part.name,
        "merged": len(part.sites),
        "members": "; ".join(part.sites),
        **describe_counts(sample, hidden=hidden),
    }


def _judge(measure: SiteMeasure, sample: Sample, *, hidden: bool) -> tuple[Estimate, ...]:
    if hidden:
        return repeat_for_thresholds(measure.metric, sample, SUPPRESSED)
    if not is_assessable(measure.metric, sample) or sample.fewest < measure.least:
        return repeat_for_thresholds(measure.metric, sample, NOT_ASSESSABLE)
    return (_estimate_c(sample),) if measure.name == "c_statistic" else measure.metric.compute(sample)


def _judge_pair(measure: SiteMeasure, first: Sample, second: Sample, *, hidden: bool) -> Estimate:
    if hidden:
        return SUPPRESSED
    assessable = is_assessable(measure.metric, first) and is_assessable(measure.metric, second)
    if not assessable or second.fewest < measure.least or measure.metric.compare is None:
        return NOT_ASSESSABLE
    if measure.name == "c_statistic":
        return _compare_c(first, second)
    return measure.metric.compare(first, second)[0]


def _estimate_c(sample: Sample) -> Estimate:
    value, influence = linearise_c_statistic(sample.y, sample.score, sample.weights, sample.replicate)
    if value in (0.0, 1.0):
        lower, upper = compute_newcombe(value, sample.events, sample.non_events)
        return Estimate(estimate=value, lower=lower, upper=upper, interval_kind="Newcombe (at 0 or 1)")
    error = compute_standard_error(influence, sample.patient, ddof=0)
    return compute_logit_wald(value, error, kind=f"{_name_delong(sample)}, logit scale")


def _compare_c(first: Sample, second: Sample) -> Estimate:
    both = [linearise_c_statistic(s.y, s.score, s.weights, s.replicate) for s in (first, second)]
    error = compute_standard_error(both[0].influence - both[1].influence, second.patient, ddof=0)
    return compute_wald(both[0].estimate - both[1].estimate, error, kind=f"paired {_name_delong(second)}")


def _name_delong(sample: Sample) -> str:
    return "DeLong, cluster-robust by patient" if sample.robust else "DeLong"


def _write(measure: SiteMeasure, estimate: Estimate, scale: Scale) -> dict[str, object]:
    return describe_estimate(measure.metric, estimate) | {"standard_error": read_standard_error(estimate, scale)}


def read_standard_error(estimate: Estimate, scale: Scale) -> float:
    """Return the standard error behind a Wald interval, on the scale on which it is symmetric; NaN without one.

    Notes
    -----
    From the upper end: the lower one may have been held at 0.
    """
    if estimate.status != "ok" or "Newcombe" in estimate.interval_kind:
        return math.nan
    return (scale.forth(estimate.upper) - scale.forth(estimate.estimate)) / Z


def list_values(frame: pd.DataFrame, scale: Scale) -> tuple[FloatArray, FloatArray]:
    """Return the estimates of sites on a scale and their variances, shape (k,) each; only what is shown goes in."""
    shown = frame[(frame["status"] == "ok") & ~((frame["merged"] == 1) & (frame["site"] == UNKNOWN))]
    values = np.array([scale.forth(float(value)) for value in shown["estimate"]], dtype=np.float64)
    return values, shown["standard_error"].to_numpy(dtype=np.float64) ** 2
