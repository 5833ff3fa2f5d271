"""Predictors that tell the outcome: one that separates it almost perfectly is a leak before it is a discovery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from outcomes.cohort import Cohort
from pipelines.intervals import BoolArray, FloatArray
from pipelines.measures.discrimination import compute_c_statistic
from schemas.column import Column
from schemas.errors import StudyError

NEAR_PERFECT = 0.95
"""A c-statistic of one predictor alone, or for a score its rank correlation, above this is refused."""

LEAST_RECORDED = 50
"""Fewer recorded values than this say nothing about a leak."""

LEAST_OF_EACH = 10
"""With fewer events or non-events a predictor may separate them by chance: that is told, not refused."""


@dataclass(frozen=True, kw_only=True)
class Separation:
    """How well one predictor alone tells the outcome, and whether there were enough patients to judge it."""

    predictor: str
    value: float
    judged: bool


def find_separating(cohort: Cohort) -> Iterator[Separation]:
    """Yield each predictor of which a value, a level, or being recorded at all nearly separates the outcome.

    Parameters
    ----------
    cohort
        The patients of one outcome; those of unknown outcome are left out.

    Notes
    -----
    Judged in both directions. Of a score the absolute rank correlation is taken instead of the c-statistic.
    """
    for name, column in cohort.columns.items():
        value = max(
            _separate(candidate, considered, cohort) for candidate, considered in _list_views(name, column, cohort)
        )
        if value > NEAR_PERFECT:
            yield Separation(predictor=name, value=value, judged=_enough(cohort))


def refuse_leaks(cohort: Cohort) -> None:
    """Refuse a cohort in which one predictor alone separates the outcome almost perfectly.

    Raises
    ------
    StudyError
        Naming every such predictor.
    """
    found = [separation for separation in find_separating(cohort) if separation.judged]
    if not found:
        return
    measure = "a rank correlation" if cohort.outcome.score else "a c-statistic"
    lines = "\n".join(f"  {one.predictor}: {measure} of {one.value:.2f}" for one in found)
    raise StudyError(
        f"no predictor alone must separate {cohort.outcome.name} by more than {NEAR_PERFECT}, as no honest one does, "
        f"got:\n{lines}\nlook at when each was recorded, what it was made from, and whether patients were chosen by "
        "it; then remove it from the predictors, or correct known_at of the column in the definition"
    )


def describe_separation(cohort: Cohort) -> Iterator[str]:
    """Yield what to say of predictors that separate an outcome with few events; a score has none to be few."""
    for one in find_separating(cohort):
        if not one.judged:
            yield (
                f"predictor {one.predictor} alone separates {cohort.outcome.name} with a c-statistic of "
                f"{one.value:.2f}, in fewer than {LEAST_OF_EACH} patients with or without the event; check that it is "
                "known when the prediction is made and not made from the outcome"
            )


def _list_views(name: str, column: Column, cohort: Cohort) -> Iterator[tuple[FloatArray, BoolArray]]:
    """Yield the ways to look at a predictor: whether it is recorded, its value or each of its levels."""
    values = cohort.X[name]
    recorded: BoolArray = np.asarray(values.notna(), dtype=np.bool_)
    yield np.where(recorded, 0.0, 1.0), np.ones(len(values), dtype=np.bool_)
    candidates = [values] if column.kind != "category" else [values == level for level in column.levels]
    for candidate in candidates:
        yield np.asarray(candidate, dtype=np.float64), recorded


def _separate(candidate: FloatArray, considered: BoolArray, cohort: Cohort) -> float:
    used = considered & cohort.counted
    y, x = cohort.y[used], candidate[used]
    if used.sum() < LEAST_RECORDED or np.ptp(y) == 0 or np.ptp(x) == 0:
        return 0.0
    if cohort.outcome.score:
        return float(abs(np.corrcoef(rankdata(y), rankdata(x))[0, 1]))
    c_statistic = compute_c_statistic(y, x)
    return max(c_statistic, 1 - c_statistic)


def _enough(cohort: Cohort) -> bool:
    """Tell whether an outcome has enough patients of each kind; of a score `LEAST_RECORDED` are enough."""
    return bool(cohort.outcome.score) or min(cohort.events, cohort.n - cohort.events) >= LEAST_OF_EACH
