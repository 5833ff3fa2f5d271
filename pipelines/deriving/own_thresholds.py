"""Thresholds of a score's change derived from a registry's own data, each with its patients and its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any, Literal

import numpy as np
import pandas as pd

from pipelines.deriving.anchor_based import (
    adjust_for_reliability,
    adjust_for_share,
    compute_correlation,
    compute_grade_correlation,
    compute_predictive,
    find_roc_cut,
)
from pipelines.deriving.change_scores import ChangeScores, compute_sd, split_thirds
from pipelines.deriving.measurement_error import Z90, compute_cronbach_alpha, compute_detectable_change, compute_sem
from pipelines.intervals import CountArray, Estimate, FloatArray, IntArray, compute_percentile, create_draws
from pipelines.measures.discrimination import compute_c_statistic
from pipelines.suppression import find_small, find_suppressed
from schemas.tables import OWN_THRESHOLDS

Role = Literal["threshold", "measurement error", "support"]
Basis = Literal["baseline", "scores", "reliability", "repeat", "items", "anchor"]

SMALLEST_GROUP = 50
"""Patients in all, and on each side of the anchor, below which nothing is estimated."""
CREDIBLE = 0.3
"""Correlation of the change with the anchor below which the anchor asks about something else."""
INTERVAL = "patient bootstrap"


@dataclass(frozen=True, kw_only=True)
class Method:
    """One way to a threshold, or a number that says how far to trust one.

    Attributes
    ----------
    name, title
        Identifier, and the words of a methods section.
    role
        ``threshold`` (a change worth having), ``measurement error`` (a change that can be told from none), ``support``.
    basis
        What it rests on.
    needs
        Entries of `ChangeScores` that must be known of an operation.
    estimate
        Operations to the number; NaN where there is none.
    """

    name: str
    title: str
    role: Role
    basis: Basis
    needs: tuple[str, ...]
    estimate: Callable[[ChangeScores], float]


PAIR = ("follow_up", "baseline")
ANCHORED = (*PAIR, "improved")


def _half_sd(scores: ChangeScores) -> float:
    return compute_sd(scores.baseline) / 2


def _sem_given(scores: ChangeScores) -> float:
    return compute_sem(compute_sd(scores.baseline), scores.reliability or math.nan)


def _sem_repeat(scores: ChangeScores) -> float:
    return scores.repeatability.sem


def _alpha(scores: ChangeScores) -> float:
    return math.nan if scores.items is None else compute_cronbach_alpha(scores.items)


def _sem_items(scores: ChangeScores) -> float:
    return compute_sem(compute_sd(scores.baseline), _alpha(scores))


def _times(scores: ChangeScores, *, sem: Callable[[ChangeScores], float], factor: float) -> float:
    return factor * sem(scores)


def _predictive(scores: ChangeScores) -> float:
    return compute_predictive(scores.model, scores.log_odds)


def _adjusted_2017(scores: ChangeScores) -> float:
    return adjust_for_share(
        _predictive(scores), correlation=scores.correlation, sd_change=scores.sd_change, log_odds=scores.log_odds
    )


def _adjusted_2022(scores: ChangeScores) -> float:
    return adjust_for_reliability(
        _predictive(scores), correlation=scores.correlation, sd_change=scores.sd_change, log_odds=scores.log_odds,
        anchor_reliability=scores.anchor_reliability or math.nan,
    )  # fmt: skip


def _follow_up_correlation(scores: ChangeScores) -> float:
    after = scores.baseline if scores.follow_up is None else scores.follow_up
    return compute_correlation(scores.better_up(after), scores.got_better)


def _grade_correlation(scores: ChangeScores) -> float:
    grade = np.full(scores.patient.size, np.nan) if scores.grade is None else scores.grade
    return compute_grade_correlation(scores.change, grade, scores.got_better)


def _list_measurement_error() -> tuple[Method, ...]:
    """Return standard error and detectable changes for each source of the reliability."""
    sources: tuple[tuple[Basis, tuple[str, ...], Callable[[ChangeScores], float], str], ...] = (
        ("reliability", ("baseline", "reliability"), _sem_given, "a stated reliability"),
        ("repeat", ("baseline", "repeat"), _sem_repeat, "a repeat measurement"),
        ("items", ("baseline", "items"), _sem_items, "Cronbach's alpha"),
    )
    made = []
    for basis, needs, sem, words in sources:
        for name, title, factor in (
            ("sem", "standard error of measurement", 1.0),
            ("mdc90", "minimal detectable change, 90 %", compute_detectable_change(1.0, Z90)),
            ("mdc95", "minimal detectable change, 95 %", compute_detectable_change(1.0)),
        ):
            made.append(
                Method(
                    name=f"{name}_{basis}",
                    title=f"{title}, from {words}",
                    role="measurement error",
                    basis=basis,
                    needs=needs,
                    estimate=partial(_times, sem=sem, factor=factor),
                )
            )
    return tuple(made)


_ENTRIES = (
    Method(name="half_sd", title="half a standard deviation of the baseline", role="threshold",
           basis="baseline", needs=("baseline",), estimate=_half_sd),
    *_list_measurement_error(),
    Method(name="roc_youden", title="cut of the ROC curve, Youden", role="threshold", basis="anchor", needs=ANCHORED,
           estimate=lambda scores: find_roc_cut(scores.change, scores.got_better, "youden")),
    Method(name="roc_corner", title="cut of the ROC curve, nearest to the corner", role="threshold", basis="anchor",
           needs=ANCHORED, estimate=lambda scores: find_roc_cut(scores.change, scores.got_better, "corner")),
    Method(name="predictive", title="predictive modelling", role="threshold", basis="anchor", needs=ANCHORED,
           estimate=_predictive),
    Method(name="predictive_adjusted_2017", title="predictive modelling, adjusted for the share improved, anchor "
           "without error (Terluin 2017)", role="threshold", basis="anchor", needs=ANCHORED, estimate=_adjusted_2017),
    Method(name="predictive_adjusted_2022", title="predictive modelling, adjusted for the share improved and the "
           "anchor's reliability (Terluin 2022)", role="threshold", basis="anchor",
           needs=(*ANCHORED, "anchor_reliability"), estimate=_adjusted_2022),
    Method(name="mean_change", title="mean change of the minimally improved", role="threshold", basis="anchor",
           needs=(*PAIR, "minimal"), estimate=lambda scores: float(scores.change.mean())),
    Method(name="sd_baseline", title="standard deviation of the baseline", role="support", basis="baseline",
           needs=("baseline",), estimate=lambda scores: compute_sd(scores.baseline)),
    Method(name="reliability_repeat", title="reliability from a repeat measurement, ICC(A,1)", role="support",
           basis="repeat", needs=("baseline", "repeat"), estimate=lambda scores: scores.repeatability.reliability),
    Method(name="reliability_items", title="Cronbach's alpha", role="support", basis="items",
           needs=("baseline", "items"), estimate=_alpha),
    Method(name="sd_change", title="standard deviation of the change", role="support", basis="scores", needs=PAIR,
           estimate=lambda scores: scores.sd_change),
    Method(name="mean_baseline", title="mean baseline", role="support", basis="anchor", needs=ANCHORED,
           estimate=lambda scores: float(scores.baseline.mean())),
    Method(name="improved_percent", title="improved by the anchor, per cent", role="support", basis="anchor",
           needs=ANCHORED, estimate=lambda scores: 100 * float(scores.got_better.mean())),
    Method(name="c_statistic", title="c-statistic of the change for the anchor", role="support", basis="anchor",
           needs=ANCHORED, estimate=lambda scores: compute_c_statistic(scores.got_better, scores.change)),
    Method(name="correlation", title="correlation of the change with having improved", role="support", basis="anchor",
           needs=ANCHORED, estimate=lambda scores: scores.correlation),
    Method(name="correlation_answers", title="rank correlation of the change with the anchor's answers",
           role="support", basis="anchor", needs=(*ANCHORED, "grade"), estimate=_grade_correlation),
    Method(name="correlation_follow_up", title="correlation of the follow-up score with having improved",
           role="support", basis="anchor", needs=ANCHORED, estimate=_follow_up_correlation),
    Method(name="correlation_baseline", title="correlation of the baseline with having improved", role="support",
           basis="anchor", needs=ANCHORED,
           estimate=lambda scores: compute_correlation(scores.better_up(scores.baseline), scores.got_better)),
)  # fmt: skip

METHODS: dict[str, Method] = {entry.name: entry for entry in _ENTRIES}

IN_THIRDS = (
    "roc_youden", "roc_corner", "predictive", "predictive_adjusted_2017", "predictive_adjusted_2022", "mean_change",
    "mean_baseline", "improved_percent", "c_statistic", "correlation", "correlation_answers",
)  # fmt: skip
"""What is shown by thirds of the baseline too."""

OVERALL = "overall"
THIRDS = "third"


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Operations of one group, and the numbers that may be said of them by what is needed of an operation."""

    group: str
    level: str
    scores: ChangeScores
    hidden: Mapping[tuple[str, ...], bool] = field(default_factory=dict)


def compute_own_thresholds(
    scores: ChangeScores, *, seed: int, names: tuple[str, ...] = (), n_resamples: int = 1000, suppress_below: int = 5
) -> pd.DataFrame:
    """Derive thresholds from scores, in all and by thirds of the baseline.

    Parameters
    ----------
    scores
        What is known; methods whose needs are None are left out.
    seed, names
        The same give the same intervals.
    n_resamples
        Resamples of patients of each interval (percentiles).
    suppress_below
        Smallest count of patients that may be shown.

    Returns
    -------
    DataFrame
        Columns `schemas.tables.OWN_THRESHOLDS`; thresholds are improvements in the units of the score. ``events``
        counts who improved. ``status`` is ok, suppressed, not assessable (fewer than `SMALLEST_GROUP` patients, on
        either side of the anchor where there is one, or no number), or not credible (the correlation of the change
        with the anchor is below `CREDIBLE`).

    Notes
    -----
    Thirds are of the repeat measurement where there is one: thirds of the baseline itself sort patients by their
    measurement error too, so that thresholds seem to slide where none does (Terluin 2021, Qual Life Res 30:2773).
    """
    scores = scores.in_order()
    draws = create_draws(seed, "own thresholds", *names, n_resamples=n_resamples)
    counts = draws.patient_counts(int(scores.patient.max(initial=0)) + 1)
    asked = [method for method in METHODS.values() if scores.has(method.needs)]
    whole = _Part(group=OVERALL, level="", scores=scores)
    rows = _describe(_hide([whole], asked, suppress_below), asked, counts)
    if scores.improved is not None:
        inside = [method for method in asked if method.name in IN_THIRDS]
        by = "baseline" if scores.repeat is None else "repeat"
        pairs = scores.take(scores.known(ANCHORED))
        thirds = [
            _Part(group=THIRDS, level=level, scores=pairs.take(marked))
            for level, marked in split_thirds(pairs, by).items()
        ]
        rows += _describe(_hide(thirds, inside, suppress_below), inside, counts)
    return pd.DataFrame(rows, columns=list(OWN_THRESHOLDS))


def _hide(parts: list[_Part], methods: Iterable[Method], suppress_below: int) -> list[_Part]:
    """Mark in each group what rests on too few patients, or gives them away beside the other groups."""
    hidden: list[dict[tuple[str, ...], bool]] = [{} for _ in parts]
    for needs in dict.fromkeys(method.needs for method in methods):
        counts = np.array([_count(part.scores.take(part.scores.known(needs)), needs) for part in parts])
        alone = len(parts) == 1
        found = find_small(counts, suppress_below).any(axis=1) if alone else find_suppressed(counts, suppress_below)
        for own, mark in zip(hidden, np.atleast_1d(found), strict=True):
            own[needs] = bool(mark)
    return [
        _Part(group=part.group, level=part.level, scores=part.scores, hidden=own)
        for part, own in zip(parts, hidden, strict=True)
    ]


def _count(scores: ChangeScores, needs: tuple[str, ...]) -> IntArray:
    """Count patients: all, improved, not improved."""
    if "improved" not in needs:
        return np.array([scores.n_patients] * 3)
    better = scores.got_better == 1
    sides = [np.unique(scores.patient[side]).size for side in (better, ~better)]
    return np.array([scores.n_patients, *sides])


def _describe(parts: list[_Part], methods: list[Method], counts: CountArray) -> list[dict[str, Any]]:
    """Return one row per group and method, in the order of the methods."""
    rows = []
    for part in parts:
        found: dict[str, dict[str, Any]] = {}
        ordered = sorted(methods, key=lambda method: method.needs)
        for needs, group in groupby(ordered, key=lambda method: method.needs):
            found |= _estimate(part, needs, list(group), counts)
        _doubt(found, methods)
        rows += [found[method.name] for method in methods]
    return rows


def _estimate(
    part: _Part, needs: tuple[str, ...], methods: list[Method], counts: CountArray
) -> dict[str, dict[str, Any]]:
    """Estimate the methods that rest on the same operations of a group."""
    own = part.scores.take(part.scores.known(needs))
    head = {"group": part.group, "level": part.level, "n": math.nan, "events": math.nan}
    status = "suppressed" if part.hidden[needs] else ""
    if not status:
        head["n"] = own.patient.size
        if "improved" in needs:
            head["events"] = int(own.got_better.sum())
        status = "not assessable" if _count(own, needs).min() < SMALLEST_GROUP else ""
    if status:
        estimates = [Estimate(status=status)] * len(methods)
    else:
        drawn = _resample(own, methods, counts)
        estimates = [
            compute_percentile(method.estimate(own), values, kind=INTERVAL)
            for method, values in zip(methods, drawn.T, strict=True)
        ]
    return {method.name: head | _tell(method, estimate) for method, estimate in zip(methods, estimates, strict=True)}


def _tell(method: Method, estimate: Estimate) -> dict[str, Any]:
    known = math.isfinite(estimate.estimate)
    return {
        "method": method.name,
        "title": method.title,
        "role": method.role,
        "basis": method.basis,
        "estimate": estimate.estimate,
        "lower": estimate.lower,
        "upper": estimate.upper,
        "interval_kind": estimate.interval_kind,
        "status": "not assessable" if estimate.status == "ok" and not known else estimate.status,
    }


def _resample(scores: ChangeScores, methods: list[Method], counts: CountArray) -> FloatArray:
    """Estimate each method in each resample of patients, shape (resamples, methods)."""
    values = np.empty((counts.shape[0], len(methods)))
    every = np.arange(scores.patient.size)
    for resample, count in enumerate(counts):
        drawn = scores.take(np.repeat(every, count[scores.patient]))
        values[resample] = [method.estimate(drawn) if drawn.patient.size else math.nan for method in methods]
    return values


def _doubt(found: Mapping[str, dict[str, Any]], methods: Iterable[Method]) -> None:
    """Mark the thresholds of an anchor that hardly goes with the change."""
    evidence = found.get("correlation_answers", found.get("correlation", {}))
    if evidence.get("status") == "ok" and evidence["estimate"] < CREDIBLE:
        for method in methods:
            row = found[method.name]
            if method.role == "threshold" and method.basis == "anchor" and row["status"] == "ok":
                row["status"] = "not credible"
