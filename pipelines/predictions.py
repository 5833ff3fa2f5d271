"""The predictions table: everything said about a model is a function of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from outcomes.threshold_rules import attainable
from pipelines.forecast import Forecast
from pipelines.intervals import FloatArray, IntArray
from schemas.tables import PREDICTIONS

DEVELOPMENT = "development"
"""Name of the dataset that the models are developed on."""

FINAL_FOLD = -1
"""Fold number of the model fitted on all rows."""


def build_predictions(
    cohort: Cohort,
    rows: IntArray,
    *,
    model: str,
    predicted: FloatArray,
    forecast: Forecast | None,
    weights: FloatArray,
    n_train: int,
    dataset: str = DEVELOPMENT,
    validation: str = "internal",
    repeat: int = 0,
    fold: int = FINAL_FOLD,
    imputation: int = 0,
) -> pd.DataFrame:
    """Build the predictions table of one model on some rows of a cohort.

    Parameters
    ----------
    cohort
        The patients of one outcome.
    rows
        Positions of the rows, shape (n,).
    model, dataset, validation, repeat, fold, imputation, n_train
        What made the predictions, on what, and how it is to be read.
    predicted
        Predicted risks in [0, 1], or predicted scores, shape (n,).
    forecast
        Of a score: how it spreads around the prediction, and which thresholds are derived from it; else None.
    weights
        Inverse probability of a known outcome, 0 where it is unknown, shape (n,).

    Returns
    -------
    DataFrame
        One row per patient; of a score further rows for each derived threshold, whose outcome is the threshold's name.
    """
    frame = _identity(cohort, rows).assign(
        model=model, dataset=dataset, validation=validation, repeat=repeat, fold=fold, imputation=imputation,
        y_prob=predicted, y_pred=np.nan, y_low=np.nan, y_high=np.nan, scale="probability", weight=weights,
        n_train=n_train,
    )  # fmt: skip
    if forecast is None:
        return _ordered(frame, cohort)
    lower, upper = forecast.spread.interval(predicted)
    scores = frame.assign(y_prob=np.nan, y_pred=predicted, y_low=lower, y_high=upper, scale="points")
    baseline = cohort.basis[forecast.score.baseline].to_numpy(dtype=np.float64)[rows]
    tables = [scores, *_derive(frame, predicted, baseline, forecast)]
    return pd.concat([_ordered(table, cohort) for table in tables], ignore_index=True)


def _derive(frame: pd.DataFrame, mean: FloatArray, baseline: FloatArray, forecast: Forecast) -> Iterator[pd.DataFrame]:
    """Yield the rows of each derived threshold: whether the recorded score reached it, and its probability."""
    instrument = forecast.score.instrument
    follow_up = frame["y_true"].to_numpy(dtype=np.float64)
    probabilities = forecast.probabilities(mean, baseline)
    for derived in forecast.score.derived:
        rows = frame.assign(
            outcome=derived.name,
            y_true=forecast.met(follow_up, baseline=baseline, derived=derived),
            y_prob=probabilities[derived.name],
        )
        if derived.attainable_only:
            rows = rows[attainable(baseline, instrument=instrument, threshold=derived.threshold)]
        # a follow-up score that is known and cannot be judged by the threshold is no unknown outcome: it leaves
        yield rows[np.isfinite(rows["y_true"]) | (rows["weight"] == 0)]


def build_comparator_predictions(
    predictions: pd.DataFrame, cohort: Cohort, *, scales: Mapping[str, str]
) -> pd.DataFrame:
    """Set published predictions beside one model's predictions, on the same rows and folds.

    Parameters
    ----------
    predictions
        The predictions table of one model (the reference) on this cohort.
    cohort
        The cohort whose `comparators` are wanted.
    scales
        ``score`` or ``probability`` by comparator.

    Returns
    -------
    DataFrame
        Predictions table; rows without the published prediction keep weight 0.
    """
    position = pd.Series(np.arange(len(cohort.row_id)), index=cohort.row_id)
    at = position.loc[predictions["row_id"]].to_numpy()
    tables = []
    for name in map(str, cohort.comparators):
        values = cohort.comparators[name].to_numpy(dtype=np.float64)[at]
        is_score = scales[name] == "score"
        table = predictions.assign(
            model=name, scale=scales[name], n_train=0,
            y_prob=np.nan if is_score else values, y_pred=values if is_score else np.nan,
            weight=np.where(np.isfinite(values), predictions["weight"], 0.0),
        )  # fmt: skip
        tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else predictions.iloc[:0]


def _identity(cohort: Cohort, rows: IntArray) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "row_id": cohort.row_id[rows].astype(str),
            "patient": cohort.patient[rows].astype(str),
            "outcome": cohort.outcome.name,
            "y_true": cohort.y[rows],
            "site": cohort.site[rows].astype(str),
            "year": cohort.year[rows].astype(str),
        }
    )
    subgroups = cohort.subgroups.iloc[rows].reset_index(drop=True)
    return frame.assign(**{str(name): subgroups[name] for name in subgroups})


def _ordered(frame: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    extra = [name for name in cohort.subgroups if name not in PREDICTIONS]
    return frame[[*PREDICTIONS, *extra]]
