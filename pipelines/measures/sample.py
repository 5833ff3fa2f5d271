"""One model's predictions of one analysis as arrays: what every metric is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.intervals import Draws, FloatArray, IntArray
from pipelines.measures.calibration_curve import CalibrationCurve, fit_calibration_curve
from pipelines.measures.discrimination import split_rows
from pipelines.measures.overall import compute_event_rates, compute_training_event_rates, find_clipped

FOLDED = ("internal", "internal-external")
"""Validations whose rows come from models of several folds."""
GROUP = ["outcome", "model", "dataset", "validation"]
ANALYSIS = ["outcome", "dataset", "validation"]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Known outcomes and predictions, one entry per row of the predictions table, shape (n_rows,) each.

    Parameters
    ----------
    y
        1 or 0, or a follow-up score; rows whose outcome is unknown are not here.
    p
        Predicted risk, or predicted mean of a follow-up score; all NaN for a score that only ranks.
    score
        What ranks the patients: the prediction, or the score.
    low, high
        Interval of a predicted follow-up score, else NaN.
    weights
        Weight of each row, above 0.
    null
        Prediction that knows no predictor: the event rate, or the mean score.
    row, patient, replicate, fold
        Codes from 0. A replicate is one complete set of predictions (a repeat of cross-validation); folds are
        numbered through all replicates.
    folded
        Whether rows belong to folds.
    fitted_by_fold
        Whether the folds' own models made the predictions; not so for published predictions beside them.
    in_points
        Whether `y` and `p` are follow-up scores: there are no events then.
    validation
        Kind of validation.
    thresholds
        Threshold probabilities declared for the outcome.
    acts_below
        Whether the action at these is for patients below the threshold, else for those at or above it.
    draws
        Random numbers of the analysis.
    """

    y: FloatArray
    p: FloatArray
    score: FloatArray
    low: FloatArray
    high: FloatArray
    weights: FloatArray
    null: FloatArray
    row: IntArray
    patient: IntArray
    replicate: IntArray
    fold: IntArray
    n_patients: int
    folded: bool
    fitted_by_fold: bool
    in_points: bool
    validation: str
    thresholds: tuple[float, ...]
    draws: Draws
    acts_below: bool = False

    @cached_property
    def n(self) -> int:
        """Number of operations, each counted once whatever the repeats."""
        return int(np.unique(self.row).size)

    @cached_property
    def events(self) -> int:
        """Number of operations with the event; 0 where a follow-up score is predicted."""
        return 0 if self.in_points else int(np.unique(self.row[self.y == 1]).size)

    @property
    def non_events(self) -> int:
        """Number of operations without the event."""
        return self.n - self.events

    @property
    def fewest(self) -> int:
        """Number of operations that limits what can be said: the rarer kind of outcome, or all of a follow-up score."""
        return self.n if self.in_points else min(self.events, self.non_events)

    @property
    def ranks_only(self) -> bool:
        """Whether the model gives a score and no risk."""
        return bool(np.isnan(self.p).all())

    @cached_property
    def robust(self) -> bool:
        """Whether rows are dependent or unequally weighted, so that plain standard errors do not hold."""
        return bool(np.unique(self.patient).size < self.y.size or np.ptp(self.weights) > 0)

    @cached_property
    def constant(self) -> bool:
        """Whether all patients of a fold have the same prediction, so that nobody is told apart."""
        return all(np.ptp(self.score[rows]) == 0 for rows in split_rows(self.fold))

    @cached_property
    def clipped(self) -> int:
        """Number of operations with a predicted risk that is moved before a logarithm is taken."""
        return int(np.unique(self.row[find_clipped(self.p)]).size)

    @cached_property
    def curves(self) -> list[tuple[CalibrationCurve, Sample]] | None:
        """Flexible calibration curve of each replicate with its rows; None where one cannot be fitted."""
        parts = [self.take(self.replicate == code) for code in range(len(self.replicates))]
        fitted = [(fit_calibration_curve(part.y, part.p, part.weights), part) for part in parts]
        found = [(curve, part) for curve, part in fitted if curve is not None]
        return found if len(found) == len(parts) else None

    @cached_property
    def replicates(self) -> list[npt.NDArray[np.intp]]:
        """Row positions of each replicate."""
        return split_rows(self.replicate)

    @property
    def patient_counts(self) -> tuple[int, int, int]:
        """Distinct patients in all, with the event and without it, for the suppression of small cells.

        Of a follow-up score there are none of the last two.
        """
        if self.in_points:
            return int(np.unique(self.patient).size), 0, 0
        n, events, others = (np.unique(self.patient[rows]).size for rows in (self.y >= 0, self.y == 1, self.y == 0))
        return n, events, others

    def with_risk(self, p: FloatArray) -> Sample:
        """Return the same patients with other predicted risks."""
        return replace(self, p=p, score=p)

    def take(self, rows: npt.NDArray[np.bool_]) -> Sample:
        """Return the sample of some of the rows; null risks, patients' codes and random numbers stay as they are."""
        if rows.all():
            return self
        return replace(
            self,
            y=self.y[rows],
            p=self.p[rows],
            score=self.score[rows],
            low=self.low[rows],
            high=self.high[rows],
            weights=self.weights[rows],
            null=self.null[rows],
            row=self.row[rows],
            patient=self.patient[rows],
            replicate=_close_gaps(self.replicate[rows]),
            fold=_close_gaps(self.fold[rows]),
        )


def _close_gaps(codes: IntArray) -> IntArray:
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def select_usable(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one model's rows with a known outcome, a weight and a prediction, in an order of their own.

    Notes
    -----
    The order (repeat, imputation, row_id) makes results independent of the order of the table.
    """
    score = find_score(rows)
    usable = rows[rows["y_true"].notna() & (rows["weight"] > 0) & score.notna()]
    return usable.sort_values(["repeat", "imputation", "row_id"], kind="stable")


def find_score(rows: pd.DataFrame) -> pd.Series:
    """Return what ranks the patients: ``y_prob`` where the scale is a probability, else ``y_pred``."""
    return rows["y_prob"].where(rows["scale"] == "probability", rows["y_pred"]).astype(np.float64)


def build_sample(
    rows: pd.DataFrame, *, validation: str, thresholds: Sequence[float], draws: Draws, acts_below: bool = False
) -> Sample:
    """Build a sample from usable rows (`select_usable`) of one model in one analysis."""
    y, weights = (rows[name].to_numpy(dtype=np.float64) for name in ("y_true", "weight"))
    in_points = bool((rows["scale"] == "points").any())
    p = find_score(rows).where(rows["scale"] != "score").to_numpy(dtype=np.float64)
    low, high = (_read_optional(rows, name) for name in ("y_low", "y_high"))
    replicate = code_groups(rows, ["repeat", "imputation"])
    fold = code_groups(rows, ["repeat", "imputation", "fold"])
    folded = validation in FOLDED
    patient = code_groups(rows, ["patient"])
    null = (
        compute_training_event_rates(y, weights, replicate, fold)
        if folded
        else compute_event_rates(y, weights, replicate)
    )
    return Sample(
        y=y,
        p=p,
        score=find_score(rows).to_numpy(),
        low=low,
        high=high,
        weights=weights,
        null=null,
        row=code_groups(rows, ["row_id"]),
        patient=patient,
        replicate=replicate,
        fold=fold if folded else np.zeros_like(fold),
        n_patients=int(patient.max(initial=-1)) + 1,
        folded=folded,
        fitted_by_fold=folded and not ("n_train" in rows and bool((rows["n_train"] == 0).all())),
        in_points=in_points,
        validation=validation,
        thresholds=tuple(thresholds),
        draws=draws,
        acts_below=acts_below,
    )


def _read_optional(rows: pd.DataFrame, name: str) -> FloatArray:
    """Return a column of numbers, or NaN where the table, which may be anyone's, has none."""
    return rows[name].to_numpy(dtype=np.float64) if name in rows else np.full(len(rows), np.nan)


def code_groups(rows: pd.DataFrame, names: list[str]) -> IntArray:
    """Return codes from 0 in the sorted order of the values of one or several columns, shape (n,)."""
    return np.asarray(rows.groupby(names, sort=True, dropna=False).ngroup(), dtype=np.int64)


def split_groups(predictions: pd.DataFrame, names: list[str]) -> list[tuple[tuple[str, ...], pd.DataFrame]]:
    """Return the groups of rows with their key, in the order in which they first occur."""
    return [(tuple(str(part) for part in key), rows) for key, rows in predictions.groupby(names, sort=False)]


def find_levels(rows: pd.DataFrame, name: str) -> npt.NDArray[np.object_]:
    """Return the level of each row in a subgroup variable as text; a missing level is called unknown."""
    levels = rows[name]
    return np.asarray(levels.astype(object).where(levels.notna(), "unknown").astype(str), dtype=object)
