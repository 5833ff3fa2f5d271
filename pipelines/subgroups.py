"""The audit of subgroups: how far is a group's calibration from that of all others, and what may be said of it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.evaluate import Group, build_groups, finish_table
from pipelines.groups.group_gaps import (
    GAP_METRICS,
    Gap,
    GapMetric,
    Split,
    compute_gap,
    compute_largest_gap,
    list_gap_metrics,
    resample_errors,
)
from pipelines.groups.group_pooling import MEASURED, pool_calibration
from pipelines.groups.group_tests import LINES, GroupTest, compare_groups
from pipelines.groups.held_groups import NOT_INFORMATIVE, UNKNOWN, Predictors, find_held
from pipelines.groups.multiplicity import adjust_benjamini_hochberg, adjust_holm
from pipelines.intervals import Estimate, Z
from pipelines.measures.calibration import compute_oe_standard_error
from pipelines.measures.hidden_levels import hide_levels
from pipelines.measures.sample import Sample, find_levels
from schemas.errors import InputError, unknown_name
from schemas.tables import GAPS

Row = dict[str, object]

ANY = "(any)"
"""Level of what is said of all groups of an attribute."""
REST = "rest"
POOLED = "calibration_in_the_large_pooled"
HALF_WIDTH = "expected_log_oe_half_width"
HOLM = "Holm over {count} groups"
MIRRORED = "none: two groups are one comparison"
SCREENING = "Benjamini-Hochberg over {count} attributes"
ALONE = "none: one test"
INTERNALLY = "not informative internally"
EQUIVALENT, OUTSIDE, INCONCLUSIVE, NOT_ASSESSABLE = "equivalent", "outside", "inconclusive", "not assessable"


@dataclass(frozen=True, kw_only=True)
class Level:
    """One group of an attribute against the rest, and whether its numbers must not be shown."""

    name: str
    split: Split
    hidden: bool

    @property
    def sample(self) -> Sample:
        """The group's rows."""
        return self.split.part

    @property
    def counts(self) -> Row:
        """The columns ``n`` and ``events``."""
        if self.hidden:
            return {"n": pd.NA, "events": pd.NA}
        return {"n": self.sample.n, "events": pd.NA if self.sample.in_points else self.sample.events}


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One subgroup variable: its groups, and the gaps that can be assessed by (metric, level).

    `held` are the groups whose means the folds hold (`pipelines.groups.held_groups`).
    """

    name: str
    levels: tuple[Level, ...]
    gaps: dict[tuple[str, str], Gap]
    held: frozenset[str]

    def gaps_of(self, metric: str) -> dict[str, Gap]:
        """Return the gaps of one measure by level."""
        return {level: gap for (name, level), gap in self.gaps.items() if name == metric}

    def free_gaps_of(self, metric: str) -> dict[str, Gap]:
        """Return the gaps of one measure that the folds do not hold, by level."""
        return {level: gap for level, gap in self.gaps_of(metric).items() if level not in self.held}


def audit_subgroups(
    predictions: pd.DataFrame,
    *,
    subgroups: Sequence[str],
    margin: float,
    seed: int,
    predictors: Predictors | None = None,
    suppress_below: int = 5,
) -> pd.DataFrame:
    """Compare the calibration of every group with that of the rest of the sample, for every model.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables` and one column per subgroup variable. Apparent predictions are left
        out.
    subgroups
        Names of the subgroup variables; a missing level is called unknown, and is a group. A variable that is not
        recorded of anyone is left out.
    margin
        Largest gap in calibration in the large, in log-odds, that is taken as none, set before the results.
    seed
        The study's seed.
    predictors
        Names of the predictors by model, for what folds hold by construction (`find_held`); may lack models.
    suppress_below
        Counts from 1 to one less are not shown, nor what could be computed back to them.

    Returns
    -------
    DataFrame
        The GAPS columns.

    Raises
    ------
    InputError
        If a subgroup variable is no column.

    Notes
    -----
    Gaps are group minus the rest, with 95 % intervals that are not adjusted for the number of groups. The conclusion of
    a group is equivalent where the interval lies inside the margin, outside where it lies wholly beyond it, else
    inconclusive; with fewer than 10 events or non-events (20 for a slope) in the group or in the rest nothing is
    concluded. P-values are secondary: of a group by Wald, adjusted by Holm over the groups of its attribute; of an
    attribute by likelihood ratio (rows that depend on each other or weigh unequally: cluster-robust Wald), adjusted by
    Benjamini-Hochberg over the attributes. Repeats of cross-validation are averaged and count the patient once.
    A follow-up score has gaps in points, on which the margin says nothing.
    Where an attribute is a predictor of models fitted by fold, its gaps in calibration in the large, O:E and mean
    difference are near 0 whatever is true: they stand without interval, test or conclusion, as not informative. This
    goes for the group unknown only if the models see that the attribute is missing. Otherwise it is judged as any
    group, and the largest gap and the test of the mean are about it alone, against all of whom it is recorded.
    """
    for name in subgroups:
        if name not in predictions.columns:
            raise InputError(unknown_name("a subgroup variable", name, [str(c) for c in predictions.columns]))
    honest = predictions[predictions["validation"] != "apparent"]
    rows: list[Row] = []
    for group in build_groups(honest, thresholds={}, seed=seed):
        recorded = [name for name in subgroups if set(find_levels(group.rows, name)) - {UNKNOWN}]
        if recorded:
            known = (predictors or {}).get(group.model, ())
            rows += [group.key | row for row in _audit_model(group, recorded, known, margin, suppress_below)]
    return finish_table(rows, GAPS)


def decide(interval: Estimate, margin: float) -> str:
    """Return what the interval of a gap says by the margin."""
    if math.isnan(interval.lower):
        return NOT_ASSESSABLE
    if -margin < interval.lower and interval.upper < margin:
        return EQUIVALENT
    if interval.lower > margin or interval.upper < -margin:
        return OUTSIDE
    return INCONCLUSIVE


def _audit_model(
    group: Group, subgroups: Sequence[str], predictors: Collection[str], margin: float, suppress_below: int
) -> Iterator[Row]:
    sample = group.sample
    hidden = hide_levels(sample, group.rows, subgroups, suppress_below)
    attributes = [_measure(sample, name, find_levels(group.rows, name), hidden[name], predictors) for name in subgroups]
    for attribute in attributes:
        yield from _describe_levels(attribute, sample, margin)
    yield from _describe_attributes(attributes, sample, margin)


def _measure(
    sample: Sample, name: str, values: npt.NDArray[np.object_], hidden: frozenset[str], predictors: Collection[str]
) -> Attribute:
    names = sorted(set(values))
    splits = {level: Split(sample=sample, rows=values == level) for level in names}
    levels = tuple(Level(name=level, split=split, hidden=level in hidden) for level, split in splits.items())
    gaps: dict[tuple[str, str], Gap] = {}
    for metric, level in product(list_gap_metrics(sample), levels):
        if len(names) == 1 or level.hidden:
            continue
        other = gaps.get((metric.name, names[0])) if len(names) == 2 else None
        gap = compute_gap(metric, level.split) if other is None else -other
        if gap is not None:
            gaps[metric.name, level.name] = gap
    return Attribute(name=name, levels=levels, gaps=gaps, held=find_held(sample, name, names, predictors))


def _describe_levels(attribute: Attribute, sample: Sample, margin: float) -> Iterator[Row]:
    """Yield the rows of every group: gaps, expected precision, and what is pooled where events are too few."""
    for metric in list_gap_metrics(sample):
        gaps = attribute.gaps_of(metric.name)
        held = attribute.held if metric.fixed_by_folds else frozenset()
        adjusted = _adjust_levels(attribute, attribute.free_gaps_of(metric.name)) if _is_primary(metric) else {}
        for level in attribute.levels:
            row = _frame(attribute, level) | {"against": REST, "metric": metric.name}
            gap = _describe_gap(level, gaps.get(level.name), metric, margin, held=level.name in held)
            yield row | gap | adjusted.get(level.name, {})
    if not (sample.in_points or sample.ranks_only):
        yield from _describe_precision(attribute)
        yield from _describe_pooled(attribute)


def _frame(attribute: Attribute, level: Level) -> Row:
    return {"subgroup": attribute.name, "level": level.name, **level.counts}


def _describe_gap(level: Level, gap: Gap | None, metric: GapMetric, margin: float, *, held: bool) -> Row:
    if level.hidden:
        return ({"margin": margin} if metric.judged else {}) | {"status": "suppressed"}
    return _judge(None if gap is None else gap.interval, metric, margin, held=held)


def _judge(interval: Estimate | None, metric: GapMetric, margin: float, *, held: bool) -> Row:
    """Return an estimate with its conclusion, where the margin is on its scale."""
    judged: Row = {"margin": margin} if metric.judged else {}
    if interval is None:
        return judged | {"status": NOT_ASSESSABLE, "conclusion": NOT_ASSESSABLE if metric.judged else ""}
    if held:
        interval = interval.without_interval(NOT_INFORMATIVE)
    conclusion = INTERNALLY if held else decide(interval, margin)
    return judged | _describe_interval(interval) | {"conclusion": conclusion if metric.judged else ""}


def _describe_interval(interval: Estimate) -> Row:
    return {
        "estimate": interval.estimate,
        "lower": interval.lower,
        "upper": interval.upper,
        "interval_kind": interval.interval_kind,
        "largest_compatible": max(abs(interval.lower), abs(interval.upper)),
        "status": interval.status,
    }


def _is_primary(metric: GapMetric) -> bool:
    return metric.name in ("calibration_in_the_large", "mean_difference")


def _adjust_levels(attribute: Attribute, gaps: dict[str, Gap]) -> dict[str, Row]:
    """Return the p-values of the groups; the two groups of an attribute of two have the same one comparison."""
    p_values = np.array([gap.p_value for gap in gaps.values()])
    single = len(attribute.levels) == 2
    adjusted = p_values if single else adjust_holm(p_values)
    words = MIRRORED if single else _name_adjustment(HOLM, len(gaps))
    return {
        level: {"test": gap.kind, "p_value": p, "p_adjusted": q, "adjustment": words}
        for (level, gap), p, q in zip(gaps.items(), p_values, adjusted, strict=True)
    }


def _name_adjustment(words: str, count: int) -> str:
    return words.format(count=count) if count > 1 else ALONE


def _describe_precision(attribute: Attribute) -> Iterator[Row]:
    """Yield, for every group, half the width of the interval of log(O:E) that its events lead one to expect."""
    for level in attribute.levels:
        row = _frame(attribute, level) | {"against": "", "metric": HALF_WIDTH, "status": "suppressed"}
        if not level.hidden:
            events, n = level.sample.events, level.sample.n
            status = {"status": "ok" if events else NOT_ASSESSABLE}
            width = Z * compute_oe_standard_error(events, n) if events else math.nan
            row |= status | {"estimate": width, "interval_kind": "sqrt((1 - event rate) / events), times 1.96"}
        yield row


def _describe_pooled(attribute: Attribute) -> Iterator[Row]:
    """Yield calibration in the large of groups with too few events, drawn towards the groups that have enough."""
    least = GAP_METRICS["calibration_in_the_large"].least
    shown = [level for level in attribute.levels if not level.hidden]
    enough = [level.sample for level in shown if level.sample.fewest >= least]
    few = [level for level in shown if level.sample.fewest < least]
    if len(enough) < MEASURED:
        return
    for level in few:
        estimate = pool_calibration(level.sample, enough)
        if estimate is not None:
            estimate = estimate.without_interval(NOT_INFORMATIVE) if attribute.held else estimate
            described = _describe_interval(estimate) | {"largest_compatible": math.nan}
            yield _frame(attribute, level) | {"against": "", "metric": POOLED} | described


def _describe_attributes(attributes: Sequence[Attribute], sample: Sample, margin: float) -> Iterator[Row]:
    """Yield, for every attribute, the largest gap and the tests over all of its groups."""
    primary = next(metric for metric in list_gap_metrics(sample) if _is_primary(metric))
    largest = _find_largest(attributes, primary, sample)
    tests = [_test(attribute, primary, sample) for attribute in attributes]
    for name in dict.fromkeys(name for found in tests for name in found):
        held = [_is_out(attribute, name, primary) for attribute in attributes]
        made = [None if out else found.get(name) for found, out in zip(tests, held, strict=True)]
        for attribute, found, row, out in zip(attributes, tests, _adjust_attributes(made), held, strict=True):
            frame = {"subgroup": attribute.name, "level": ANY, "against": REST, "metric": name, **_count(attribute)}
            if name == primary.name:
                row = row | _judge(largest[attribute.name], primary, margin, held=out)
            assessed = found.get(name) is not None or "estimate" in row
            status = NOT_ASSESSABLE if not assessed else NOT_INFORMATIVE if out else "ok"
            yield frame | row | {"status": status}


def _test(attribute: Attribute, primary: GapMetric, sample: Sample) -> dict[str, GroupTest | None]:
    """Compare the groups; in their mean, groups that the folds hold are one beside those that they do not hold."""
    found = compare_groups(sample, [level.split for level in _testable(attribute)])
    if attribute.held and attribute.free_gaps_of(primary.name):
        known = [level.split.rows for level in _testable(attribute) if level.name in attribute.held]
        free = [level.split for level in _testable(attribute) if level.name not in attribute.held]
        joined = [Split(sample=sample, rows=np.any(known, axis=0))] if known else []
        found[primary.name] = compare_groups(sample, [*joined, *free]).get(primary.name)
    return found


def _is_out(attribute: Attribute, name: str, primary: GapMetric) -> bool:
    """Tell whether nothing is to be learnt from a test: the folds hold what it is about in all groups, or in some."""
    is_free = name == primary.name and attribute.free_gaps_of(name)
    return bool(attribute.held) and _is_fixed(name) and not is_free


def _is_fixed(name: str) -> bool:
    """Tell whether a test is about what folds may hold; that of intercept and slope together is."""
    return name == LINES or GAP_METRICS[name].fixed_by_folds


def _testable(attribute: Attribute) -> list[Level]:
    return [level for level in attribute.levels if not level.hidden]


def _count(attribute: Attribute) -> Row:
    """Count the patients of the groups that are shown: nothing that their rows do not say."""
    shown = [level.sample for level in attribute.levels if not level.hidden]
    if not shown:
        return {"n": pd.NA, "events": pd.NA}
    events = pd.NA if shown[0].in_points else sum(part.events for part in shown)
    return {"n": sum(part.n for part in shown), "events": events}


def _find_largest(attributes: Iterable[Attribute], metric: GapMetric, sample: Sample) -> dict[str, Estimate | None]:
    """Return the largest gap of each attribute, from the same resamples of patients for all.

    Where the folds hold some groups and not others, it is of the others.
    """
    gaps = {
        attribute.name: list((attribute.free_gaps_of(metric.name) or attribute.gaps_of(metric.name)).values())
        for attribute in attributes
    }
    joined = [gap for of_attribute in gaps.values() for gap in of_attribute]
    if not joined:
        return dict.fromkeys(gaps)
    errors = resample_errors(joined, sample.patient, sample.draws.patient_counts(sample.n_patients))
    found: dict[str, Estimate | None] = {}
    start = 0
    for name, of_attribute in gaps.items():
        stop = start + len(of_attribute)
        found[name] = compute_largest_gap(of_attribute, errors[:, start:stop]) if of_attribute else None
        start = stop
    return found


def _adjust_attributes(tests: Sequence[GroupTest | None]) -> list[Row]:
    p_values = np.array([math.nan if test is None else test.p_value for test in tests])
    words = _name_adjustment(SCREENING, int(np.isfinite(p_values).sum()))
    return [
        {}
        if test is None
        else {"test": f"{test.kind}, {test.df} df", "p_value": p, "p_adjusted": q, "adjustment": words}
        for test, p, q in zip(tests, p_values, adjust_benjamini_hochberg(p_values), strict=True)
    ]
