"""Regression models written out in the predictors' own units, so that a risk can be computed by hand."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.fit import FittedPipeline
from pipelines.intervals import FloatArray
from pipelines.learners.linear_models import LinearFit, LogisticFit
from pipelines.preprocess import Preprocessor
from pipelines.suppression import count_fates, find_suppressed, find_telling
from schemas.column import Column
from schemas.tables import COEFFICIENTS

RISK_FORMULA = "risk = 1 / (1 + exp(-sum)), the sum of this and of every coefficient times its term"
SCORE_FORMULA = "score = sum of this and of every coefficient times its term, kept within {low:g} to {high:g}"
VALUE, SPLINE, YES, IS_LEVEL, REFERENCE, ABSENT = (
    "value",
    "spline {}",
    "yes",
    "level",
    "reference level",
    "not recorded",
)
HIDDEN = "(hidden)"

SUPPRESS_BELOW = 5
"""A level that the definition does not declare is named only if at least so many patients of the training had it."""


def list_coefficients(
    models: Mapping[tuple[str, str], FittedPipeline],
    columns: Mapping[str, Column],
    *,
    cohorts: Mapping[str, Cohort] | None = None,
    further: Mapping[tuple[str, str], Sequence[FittedPipeline]] | None = None,
    suppress_below: int = SUPPRESS_BELOW,
) -> pd.DataFrame:
    """Write out every regression among the fitted models.

    Parameters
    ----------
    models
        Final models by outcome and model; those that are no regression are passed over.
    columns
        Dictionary entries of the predictors, for units and declared levels.
    cohorts
        Patients of the development by outcome, for what became of those of each level.
    further
        Of a multiple imputation the final models of the imputations after the first, by outcome and model.
    suppress_below
        Smallest number of training patients with a level that no dictionary declares, for its name to be shown, and
        smallest count of patients, events and patients without the event of a level, for its coefficient to be.

    Returns
    -------
    DataFrame
        The columns of `schemas.tables.COEFFICIENTS`, one row per imputation and term. ``coefficient`` is that of the
        term as ``formula`` gives it, in the units of the predictor as it is recorded; nothing is standardised. The row
        ``intercept`` says how the sum becomes a risk, or a score. Of several imputations the prediction is the mean of
        those that each gives by itself.

    Notes
    -----
    A model that is fitted on ``z = (x - mean) / sd`` with the coefficient b has ``b / sd`` per unit of x, and its
    intercept falls by ``b mean / sd``. A recalibration ``intercept + slope * log-odds`` is multiplied in. Of a patient
    with a missing predictor the term is that of the value that is filled in, which the table does not give.

    A coefficient is missing where few of the level had the event, or few had not, or where from this level and the
    total such a number could be had: of six patients who all had the event a large one says so. Where that level is the
    reference, the intercept and the other levels would tell it, and another becomes the reference; what the model
    predicts for a level that is shown stays the same.
    """
    rows = [
        {"outcome": outcome, "model": model, "imputation": imputation, **row}
        for (outcome, model), first in models.items()
        for imputation, pipeline in enumerate((first, *(further or {}).get((outcome, model), ())))
        if isinstance(pipeline.fitted, LogisticFit | LinearFit)
        for row in _list_terms(pipeline, pipeline.fitted, columns, (cohorts or {}).get(outcome), suppress_below)
    ]
    return pd.DataFrame(rows, columns=list(COEFFICIENTS))


@dataclass(frozen=True, kw_only=True)
class _Levels:
    """Levels of a category or flag, their coefficients against `reference`, and those that must not be shown.

    `shift` is what the reference adds to the intercept.
    """

    names: tuple[str, ...]
    coefficients: FloatArray
    reference: int
    shift: float
    hidden: frozenset[str]

    def coefficient(self, level: int) -> float:
        """Return what a level adds to the intercept, NaN where this is hidden."""
        is_shown = level == self.reference or self.names[level] not in self.hidden
        return float(self.coefficients[level]) if is_shown else math.nan


def _list_terms(
    pipeline: FittedPipeline,
    fitted: LogisticFit | LinearFit,
    columns: Mapping[str, Column],
    cohort: Cohort | None,
    suppress_below: int,
) -> Iterator[dict[str, object]]:
    design, preprocessor = pipeline.model.design, pipeline.preprocessor
    intercept, slopes = _unscale(pipeline, fitted)
    score = pipeline.forecast.score.instrument if pipeline.forecast else None
    formula = SCORE_FORMULA.format(low=score.low, high=score.high) if score else RISK_FORMULA
    owners = np.array(preprocessor.design_predictor(design))
    found = {
        name: _weigh_levels(name, preprocessor, slopes[owners == name], cohort, suppress_below)
        for name in preprocessor.predictors
    }
    yield _row(term="intercept", coefficient=intercept + sum(one.shift for one in found.values()), formula=formula)
    position = count()
    for predictor in preprocessor.predictors:
        kind, levels = preprocessor.kinds[predictor], found[predictor]
        if kind == "category":
            named = _name_levels(predictor, preprocessor, pipeline.n_train, columns[predictor], suppress_below)
            yield from _list_levels(predictor, levels, named)
            deque(islice(position, len(named) - 1), maxlen=0)
        elif kind == "flag":
            next(position)
            formula = "0 if yes; suppressed if no" if levels.reference else "1 if yes, 0 if no"
            coefficient = math.nan if levels.reference else levels.coefficient(1)
            yield _row(predictor, term=YES, coefficient=coefficient, formula=formula)
        else:
            knots = preprocessor.knots[predictor] if design == "splines" else ()
            yield from _list_spline(predictor, knots, slopes, position, columns[predictor].unit or "")
    for at in range(next(position), len(owners)):
        formula = "1 if not recorded, else 0"
        coefficient = math.nan if ABSENT in found[owners[at]].hidden else slopes[at]
        yield _row(str(owners[at]), term=ABSENT, coefficient=coefficient, formula=formula)


def _weigh_levels(
    predictor: str, preprocessor: Preprocessor, slopes: FloatArray, cohort: Cohort | None, suppress_below: int
) -> _Levels:
    """Find what is hidden of a predictor, and against which level the others are written."""
    kind = preprocessor.kinds[predictor]
    values: dict[str, object] = {level: level for level in preprocessor.levels.get(predictor, ())}
    values = {"0": 0.0, "1": 1.0} if kind == "flag" else values
    names = tuple(values)
    own = np.concatenate([[0.0], slopes[: max(len(names) - 1, 0)]])
    if cohort is None:
        return _Levels(names=names, coefficients=own, reference=0, shift=0.0, hidden=frozenset())
    y = None if cohort.outcome.score else cohort.y[cohort.counted]
    counts = count_fates(cohort.X.loc[cohort.counted, predictor], values, y).to_numpy()
    fates = range(1, counts.shape[1])
    few = find_suppressed(counts[:-1], suppress_below, fates=fates)
    reference = 0
    if few[:1].any():
        # A level that nobody had has the coefficient of the reference, and would tell it.
        few |= counts[:-1, 0] == 0
        reference = int(np.argmin(few) if not few.all() else np.argmax(counts[:-1, 0]))
    hidden = {name for name, is_few in zip(names, few, strict=True) if is_few}
    hidden |= {ABSENT} if find_telling(counts[-1:], suppress_below, fates).any() else set()
    shift = float(own[reference])
    return _Levels(names=names, coefficients=own - shift, reference=reference, shift=shift, hidden=frozenset(hidden))


def _unscale(pipeline: FittedPipeline, fitted: LogisticFit | LinearFit) -> tuple[float, FloatArray]:
    """Return intercept and coefficients per unit of the design's columns, a recalibration multiplied in."""
    scaling = pipeline.preprocessor.scalings[pipeline.model.design]
    slopes = np.divide(fitted.coefficients, scaling.sd, out=np.zeros_like(scaling.sd), where=scaling.sd > 0)
    intercept = fitted.intercept - math.fsum(slopes * scaling.mean)
    calibrator = pipeline.calibrator
    if calibrator is None:
        return intercept, slopes
    return calibrator.intercept + calibrator.slope * intercept, calibrator.slope * slopes


def _list_spline(
    predictor: str, knots: tuple[float, ...], slopes: FloatArray, position: Iterator[int], unit: str
) -> Iterator[dict[str, object]]:
    text = "; ".join(repr(float(knot)) for knot in knots)
    yield _row(
        predictor, term=VALUE, unit=unit, knots=text, coefficient=slopes[next(position)], formula=f"x = {predictor}"
    )
    for j in range(1, len(knots) - 1):
        yield _row(
            predictor, term=SPLINE.format(j), unit=unit, knots=text, coefficient=slopes[next(position)],
            formula=_write_cubic(j, len(knots)),
        )  # fmt: skip


def _write_cubic(j: int, k: int) -> str:
    """Return a cubic term of the basis in words of the knots t1 to tk; ``pos(v)`` is v where above 0, else 0.

    Examples
    --------
    >>> _write_cubic(1, 3)
    '(pos(x - t1)^3 - pos(x - t2)^3 * (t3 - t1) / (t3 - t2) + pos(x - t3)^3 * (t2 - t1) / (t3 - t2)) / (t3 - t1)^2'
    """
    last, before = f"t{k}", f"t{k - 1}"
    return (
        f"(pos(x - t{j})^3 - pos(x - {before})^3 * ({last} - t{j}) / ({last} - {before}) "
        f"+ pos(x - {last})^3 * ({before} - t{j}) / ({last} - {before})) / ({last} - t1)^2"
    )


def _list_levels(predictor: str, levels: _Levels, named: Sequence[str]) -> Iterator[dict[str, object]]:
    yield _row(predictor, term=REFERENCE, level=named[levels.reference], coefficient=0.0, formula="0")
    for at, level in enumerate(named):
        if at != levels.reference:
            formula = "1 if of this level, else 0"
            yield _row(predictor, term=IS_LEVEL, level=level, coefficient=levels.coefficient(at), formula=formula)


def _name_levels(
    predictor: str, preprocessor: Preprocessor, n_train: int, column: Column, suppress_below: int
) -> list[str]:
    """Return the levels; one that only a few patients had and no dictionary declares stays unnamed."""
    levels = preprocessor.levels[predictor]
    if column.levels:
        return list(levels)
    owners = np.array(preprocessor.design_predictor("linear"))
    shares = preprocessor.scalings["linear"].mean[owners == predictor][: len(levels) - 1]
    counts = n_train * np.concatenate([[1 - shares.sum()], shares])
    return [level if found >= suppress_below - 0.5 else HIDDEN for level, found in zip(levels, counts, strict=True)]


def _row(
    predictor: str = "",
    *,
    term: str,
    coefficient: float,
    formula: str,
    level: str = "",
    unit: str = "",
    knots: str = "",
) -> dict[str, object]:
    return {
        "predictor": predictor, "term": term, "level": level, "unit": unit, "knots": knots,
        "coefficient": float(coefficient), "formula": formula,
    }  # fmt: skip
