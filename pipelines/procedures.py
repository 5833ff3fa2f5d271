"""Differences between procedures over the outer folds: intervals and probabilities that know the folds overlap."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student

from pipelines.evaluate import finish_table
from pipelines.intervals import FloatArray, IntArray
from pipelines.measures.discrimination import compute_c_statistic, split_rows
from pipelines.measures.overall import clip_probability
from pipelines.measures.sample import ANALYSIS, code_groups, find_score, select_usable, split_groups
from pipelines.measures.utility import compute_benefits, count_decisions
from pipelines.suppression import find_small
from schemas.study import MarginPlan
from schemas.tables import PROCEDURES

MATCH = ["repeat", "imputation", "row_id"]
CORRECTED = "Nadeau-Bengio, corrected for overlapping training folds"
ALIKE = "none needed: the difference is the same in every fold"
"""Kind of interval where the differences have no variance, as between a model and itself."""
LEAST_SPREAD = 1e-12
"""Differences that spread less than this are rounding, and count as the same."""


@dataclass(frozen=True, kw_only=True)
class CorrectedDifference:
    """A mean of paired differences over resampled folds, with the standard error of Nadeau and Bengio.

    Parameters
    ----------
    estimate
        Mean of the differences.
    variance
        Sample variance of the differences, over ``n_folds - 1``.
    standard_error
        Corrected for the overlap of the training folds; 0 where the differences are all the same.
    n_folds
        Number of differences.
    correlation
        What that takes the correlation of two differences to be.
    """

    estimate: float
    variance: float
    standard_error: float
    n_folds: int
    correlation: float

    @property
    def df(self) -> int:
        """Degrees of freedom."""
        return self.n_folds - 1

    @property
    def t_statistic(self) -> float:
        """Estimate over standard error; NaN where that is 0."""
        return self.estimate / self.standard_error if self.standard_error else math.nan

    @property
    def p_value(self) -> float:
        """Two-sided, of no difference; printed nowhere, since the question is the margin and not zero."""
        return float(2 * student.sf(abs(self.t_statistic), self.df))

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval."""
        half = float(student.ppf(0.975, self.df)) * self.standard_error
        return self.estimate - half, self.estimate + half

    def probabilities(self, rope: float) -> tuple[float, float, float]:
        """Return the probabilities that the difference is below ``-rope``, from ``-rope`` to `rope`, and above it.

        Notes
        -----
        The Bayesian correlated t-test: with a flat prior the difference has a t-distribution with this mean, this
        standard error and these degrees of freedom. Without variance all of it lies where the estimate is.
        """
        if not self.standard_error:
            left, right = float(self.estimate < -rope), float(self.estimate > rope)
        else:
            left = float(student.cdf((-rope - self.estimate) / self.standard_error, self.df))
            right = float(student.sf((rope - self.estimate) / self.standard_error, self.df))
        return left, max(0.0, 1 - left - right), right


def correct_differences(differences: FloatArray, *, n_test: float, n_train: float) -> CorrectedDifference | None:
    """Correct the standard error of the mean of paired differences for the overlap of the training folds.

    Parameters
    ----------
    differences
        One per outer fold of every repeat, shape (n_folds,).
    n_test, n_train
        Patients in a test fold, and in the folds that train.

    Returns
    -------
    CorrectedDifference or None
        None with fewer than two differences: one alone has no variance.

    Notes
    -----
    ``se = sqrt((1 / J + n_test / n_train) s^2)`` with J differences of variance s^2, and J - 1 degrees of freedom. It
    takes the correlation of two folds to be ``n_test / (n_test + n_train)``, a heuristic: the ordinary standard error,
    ``n_test = 0``, is too small, since any two training sets share most of their patients.

    References
    ----------
    Nadeau C, Bengio Y. Mach Learn 2003;52:239-281.
    Corani G, Benavoli A. Mach Learn 2015;100:285-304.

    Examples
    --------
    >>> import numpy as np
    >>> found = correct_differences(np.array([0.0, 1.0, 2.0, 1.0]), n_test=25, n_train=75)
    >>> round(found.standard_error**2 / found.variance, 6)
    0.583333
    """
    n_folds = differences.size
    if n_folds < 2:
        return None
    alike = float(np.ptp(differences)) <= LEAST_SPREAD
    variance = 0.0 if alike else float(np.var(differences, ddof=1))
    return CorrectedDifference(
        estimate=float(differences.mean()),
        variance=variance,
        standard_error=math.sqrt((1 / n_folds + n_test / n_train) * variance),
        n_folds=n_folds,
        correlation=n_test / (n_test + n_train),
    )


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A model and the reference on the rows that both predict, one entry per row, shape (n_rows,) each.

    Parameters
    ----------
    y, weights
        Outcome (1 or 0, or a follow-up score) and weight, above 0.
    model, reference
        What ranks the patients: predicted risks, predicted scores, or a score that only ranks.
    fold
        Code of the outer fold through all repeats and imputations.
    place
        Code of repeat and outer fold of each fold code, shape (n_fold_codes,): imputations of one fold share it.
    first
        Whether the row is of the first repeat and imputation.
    n_test, n_train
        Mean number of rows of known outcome in a test fold and in its training part.
    n, events
        Operations, and those with the event.
    patients
        Distinct patients in all, with the event and without it; of follow-up scores in all only.
    in_points, ranks_only
        Whether follow-up scores are predicted; whether either of the two is a score and no risk.
    """

    y: FloatArray
    weights: FloatArray
    model: FloatArray
    reference: FloatArray
    fold: IntArray
    place: IntArray
    first: npt.NDArray[np.bool_]
    n_test: float
    n_train: float
    n: int
    events: int
    patients: tuple[int, ...]
    in_points: bool
    ranks_only: bool

    def mean_over_imputations(self, by_fold: FloatArray) -> FloatArray:
        """Average over the imputations of each outer fold; folds without a value are left out."""
        found = np.isfinite(by_fold)
        counts = np.bincount(self.place[found])
        sums = np.bincount(self.place[found], weights=by_fold[found])
        return np.asarray(sums[counts > 0] / counts[counts > 0])


ByFold = Callable[[FloatArray, FloatArray, FloatArray, IntArray], FloatArray]
"""Outcome, prediction, weights and fold codes, shape (n,) each -> one value per fold code, NaN where there is none."""


@dataclass(frozen=True, kw_only=True)
class FoldMeasure:
    """A measure taken within every outer fold.

    Parameters
    ----------
    name
        As in the table of metrics.
    by_fold
        The measure.
    rope
        Half-width of the region of practical equivalence, from the margins and the reference's mean over the folds.
    lower_is_better
        Direction.
    ranks
        Whether it can be had from a score that only ranks.
    threshold
        Threshold probability, of the net benefit.
    """

    name: str
    by_fold: ByFold
    rope: Callable[[MarginPlan, float], float]
    lower_is_better: bool
    ranks: bool = False
    threshold: float = math.nan


def compare_procedures(
    predictions: pd.DataFrame,
    *,
    reference: str,
    margin: MarginPlan,
    thresholds: Mapping[str, Sequence[float]],
    acts_below: Collection[str] = (),
    suppress_below: int = 5,
) -> pd.DataFrame:
    """Compare every model with the reference as procedures: fold by fold, on the same outer folds.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables`; only internal validation is used.
    reference
        Name of the model that the others are compared with; outcomes without it give no rows.
    margin
        Regions of practical equivalence; relative ones are times the reference's mean over the folds.
    thresholds
        Threshold probabilities by outcome, for the net benefit.
    acts_below
        Outcomes whose action is for patients below the threshold; of the others it is for those at or above it.
    suppress_below
        Counts from 1 to one less are not shown, nor what could be computed back to them.

    Returns
    -------
    DataFrame
        The PROCEDURES columns: estimates are model minus reference.

    Notes
    -----
    Every outer fold of every repeat gives one difference, the weighted measure of the model minus that of the
    reference on the rows that both predict. With several imputations the differences of one fold are averaged first: an
    imputation is no further fold. Folds count alike whatever their size, as the correction assumes, and its sizes of
    the test and training parts are the means over the folds; stratified folds differ by a few patients. A fold without
    events or without non-events has no c-statistic and is left out of it. Of follow-up scores the measure is the mean
    squared error. Where the differences have no variance the interval is the estimate itself. Suppressed where the
    comparison has a count of patients that must not be shown; not assessable with fewer than two folds.
    """
    rows: list[dict[str, object]] = []
    internal = predictions[predictions["validation"] == "internal"].reset_index(drop=True)
    for (outcome, _, _), analysis in split_groups(internal, ANALYSIS):
        models = {model: select_usable(own) for (model,), own in split_groups(analysis, ["model"])}
        base = models.pop(reference, None)
        if base is None or base.empty:
            continue
        for model, own in models.items():
            key = {"outcome": outcome, "model": model, "reference": reference}
            pair = pair_rows(own, base)
            measures = list_measures(pair, thresholds.get(outcome, ()), acts_below=outcome in acts_below)
            rows += [key | _compare(pair, measure, margin, suppress_below) for measure in measures]
    return finish_table(rows, PROCEDURES)


def pair_rows(own: pd.DataFrame, base: pd.DataFrame) -> Pair:
    """Pair the usable rows of a model with those of the reference; all but the prediction is the reference's."""
    if not own[MATCH].reset_index(drop=True).equals(base[MATCH].reset_index(drop=True)):
        keys = pd.merge(base[MATCH], own[MATCH], on=MATCH)
        own, base = keys.merge(own, on=MATCH), keys.merge(base, on=MATCH)
    y = base["y_true"].to_numpy(dtype=np.float64)
    fold = code_groups(base, ["repeat", "imputation", "fold"])
    in_points = bool((base["scale"] == "points").any())
    # one row of each fold, in the order of the codes
    heads = base.iloc[np.unique(fold, return_index=True)[1]]
    row, patient = (pd.factorize(base[name])[0] for name in ("row_id", "patient"))
    event = y == 1
    everyone = np.ones_like(event)
    kinds = (everyone,) if in_points else (everyone, event, ~event)
    return Pair(
        y=y,
        weights=base["weight"].to_numpy(dtype=np.float64),
        model=find_score(own).to_numpy(),
        reference=find_score(base).to_numpy(),
        fold=fold,
        place=code_groups(heads, ["repeat", "fold"]),
        first=code_groups(base, ["repeat", "imputation"]) == 0,
        n_test=len(base) / max(1, len(heads)),
        n_train=float(heads["n_train"].mean()),
        n=np.unique(row).size,
        events=0 if in_points else np.unique(row[event]).size,
        patients=tuple(np.unique(patient[kept]).size for kept in kinds),
        in_points=in_points,
        ranks_only=bool((own["scale"] == "score").any() or (base["scale"] == "score").any()),
    )


def list_measures(pair: Pair, thresholds: Sequence[float], *, acts_below: bool = False) -> tuple[FoldMeasure, ...]:
    """Return what is compared: of risks log loss, c-statistic, Brier score and net benefit, of scores squared error."""
    if pair.in_points:
        return (SQUARED_ERROR,)
    return (*RISK_MEASURES, *(_make_net_benefit(threshold, acts_below=acts_below) for threshold in thresholds))


def _compare(pair: Pair, measure: FoldMeasure, margin: MarginPlan, suppress_below: int) -> dict[str, object]:
    hidden = bool(find_small(np.array(pair.patients), suppress_below).any())
    frame: dict[str, object] = {
        "metric": measure.name,
        "threshold_probability": measure.threshold,
        "interval_kind": "",
        "n": pd.NA if hidden else pair.n,
        "events": pd.NA if hidden or pair.in_points else pair.events,
    }
    if hidden or _rests_on_few(pair, measure, suppress_below):
        return frame | {"status": "suppressed"}
    if pair.n == 0 or (pair.ranks_only and not measure.ranks):
        return frame | {"n_folds": 0, "status": "not assessable"}
    by_fold = [measure.by_fold(pair.y, values, pair.weights, pair.fold) for values in (pair.model, pair.reference)]
    differences = pair.mean_over_imputations(by_fold[0] - by_fold[1])
    found = correct_differences(differences, n_test=pair.n_test, n_train=pair.n_train)
    if found is None:
        return frame | {"n_folds": differences.size, "status": "not assessable"}
    rope = measure.rope(margin, float(pair.mean_over_imputations(by_fold[1]).mean()))
    return frame | _describe(found, rope, lower_is_better=measure.lower_is_better)


def _describe(found: CorrectedDifference, rope: float, *, lower_is_better: bool) -> dict[str, object]:
    lower, upper = found.interval()
    below, within, above = found.probabilities(rope)
    return {
        "n_folds": found.n_folds,
        "estimate": found.estimate,
        "standard_error": found.standard_error,
        "lower": lower,
        "upper": upper,
        "interval_kind": CORRECTED if found.standard_error else ALIKE,
        "rope": rope,
        "p_worse": above if lower_is_better else below,
        "p_equivalent": within,
        "p_better": below if lower_is_better else above,
        "status": "ok",
    }


def _rests_on_few(pair: Pair, measure: FoldMeasure, suppress_below: int) -> bool:
    """Tell whether the measure's threshold puts a small number of patients on one side, of either model."""
    if not math.isfinite(measure.threshold) or pair.ranks_only:
        return False
    counts = [
        count_decisions(pair.y[pair.first], values[pair.first], measure.threshold)
        for values in (pair.model, pair.reference)
    ]
    return bool(find_small(np.concatenate(counts), suppress_below).any())


def _mean_by_fold(values: FloatArray, weights: FloatArray, fold: IntArray) -> FloatArray:
    return np.asarray(np.bincount(fold, weights=weights * values) / np.bincount(fold, weights=weights))


def _log_loss_by_fold(y: FloatArray, p: FloatArray, weights: FloatArray, fold: IntArray) -> FloatArray:
    p = clip_probability(p)
    return _mean_by_fold(-(y * np.log(p) + (1 - y) * np.log1p(-p)), weights, fold)


def _squared_error_by_fold(y: FloatArray, p: FloatArray, weights: FloatArray, fold: IntArray) -> FloatArray:
    return _mean_by_fold((p - y) ** 2, weights, fold)


def _c_statistic_by_fold(y: FloatArray, score: FloatArray, weights: FloatArray, fold: IntArray) -> FloatArray:
    return np.array([compute_c_statistic(y[rows], score[rows], weights[rows]) for rows in split_rows(fold)])


def _net_benefit_by_fold(
    y: FloatArray, p: FloatArray, weights: FloatArray, fold: IntArray, *, threshold: float, acts_below: bool
) -> FloatArray:
    return _mean_by_fold(compute_benefits(y, p, threshold, acts_below=acts_below), weights, fold)


def _make_net_benefit(threshold: float, *, acts_below: bool) -> FoldMeasure:
    return FoldMeasure(
        name="net_benefit",
        by_fold=partial(_net_benefit_by_fold, threshold=threshold, acts_below=acts_below),
        rope=lambda margin, _: margin.net_benefit,
        lower_is_better=False,
        threshold=threshold,
    )


RISK_MEASURES = (
    FoldMeasure(
        name="log_loss",
        by_fold=_log_loss_by_fold,
        rope=lambda margin, reference: margin.relative * reference,
        lower_is_better=True,
    ),
    FoldMeasure(
        name="c_statistic",
        by_fold=_c_statistic_by_fold,
        rope=lambda margin, _: margin.c_statistic,
        lower_is_better=False,
        ranks=True,
    ),
    FoldMeasure(
        name="brier_score",
        by_fold=_squared_error_by_fold,
        rope=lambda margin, reference: margin.brier_relative * reference,
        lower_is_better=True,
    ),
)
SQUARED_ERROR = FoldMeasure(
    name="mean_squared_error",
    by_fold=_squared_error_by_fold,
    rope=lambda margin, reference: margin.relative * reference,
    lower_is_better=True,
)
PRIMARY = (RISK_MEASURES[0].name, SQUARED_ERROR.name)
"""The measures of which the verdict speaks: of risks log loss, of follow-up scores the mean squared error."""
