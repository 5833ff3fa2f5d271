"""The predictions table: everything said about a model is a function of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.cohort import Cohort
from schemas.tables import PREDICTIONS

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DEVELOPMENT = "development"
"""Name of the dataset that the models are developed on."""

FINAL_FOLD = -1
"""Fold number of the model fitted on all rows."""


def build_predictions(
    cohort: Cohort,
    rows: IntArray,
    *,
    model: str,
    y_prob: FloatArray,
    weights: FloatArray,
    n_train: int,
    dataset: str = DEVELOPMENT,
    validation: str = "internal",
    repeat: int = 0,
    fold: int = FINAL_FOLD,
) -> pd.DataFrame:
    """Build the predictions table of one model on some rows of a cohort.

    Parameters
    ----------
    cohort
        The patients of one outcome.
    rows
        Positions of the rows, shape (n,).
    model, dataset, validation, repeat, fold, n_train
        What made the predictions, on what, and how it is to be read.
    y_prob
        Predicted risks in [0, 1], shape (n,).
    weights
        Inverse probability of censoring weights, 0 where the outcome is unknown, shape (n,).
    """
    frame = _identity(cohort, rows)
    filled = frame.assign(
        model=model, dataset=dataset, validation=validation, repeat=repeat, fold=fold, imputation=0,
        y_prob=y_prob, y_pred=np.nan, scale="probability", weight=weights, n_train=n_train,
    )  # fmt: skip
    return _ordered(filled, cohort)


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
