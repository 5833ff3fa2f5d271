"""What models developed on resamples of the patients predict for all of them, beside the model itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.intervals import BoolArray, CountArray, FloatArray, IntArray
from pipelines.measures.sample import find_score, select_usable
from pipelines.suppression import find_small

LEAST_IN_HALF = 2
"""Values are averaged over resamples where at least one in so many of them gave one."""
FIRST_IMPUTATION = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Refitted:
    """The refits of one model of one outcome.

    Attributes
    ----------
    tuning
        ``repeated`` in every resample, or ``fixed``.
    row_id
        Operations of known outcome, shape (n,).
    resample
        Number of each resample whose refit succeeded, shape (b,).
    predicted
        Risks in [0, 1], or scores in points, that each refit predicts for all operations, shape (b, n).
    counts
        How often the patient of each operation was drawn, shape (b, n).
    n_resamples
        Number of resamples that were drawn, of which b succeeded.
    """

    tuning: str
    row_id: npt.NDArray[np.object_]
    resample: IntArray
    predicted: FloatArray
    counts: CountArray
    n_resamples: int

    @property
    def n_failed(self) -> int:
        """Number of resamples in which no model could be fitted; they are counted and never replaced."""
        return self.n_resamples - self.resample.size

    def first(self, n_resamples: int) -> Refitted:
        """Return the refits of the first resamples alone."""
        kept = self.resample < n_resamples
        return replace(
            self,
            resample=self.resample[kept],
            predicted=self.predicted[kept],
            counts=self.counts[kept],
            n_resamples=min(n_resamples, self.n_resamples),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Developed:
    """A model's predictions of the very operations that it was developed on, and those of its refits.

    Attributes
    ----------
    y
        1 and 0, or a follow-up score, shape (n,).
    p
        Predicted risks, or scores in points, of the model itself (apparent), shape (n,).
    weights
        Inverse probability of a known outcome, shape (n,), above 0.
    row_id, patient
        Identifiers, shape (n,).
    in_points
        Whether `y` and `p` are follow-up scores.
    predicted, counts, tuning, n_resamples
        As in `Refitted`; where the model was not refitted, without rows, empty and 0.
    """

    y: FloatArray
    p: FloatArray
    weights: FloatArray
    row_id: npt.NDArray[np.object_]
    patient: npt.NDArray[np.object_]
    in_points: bool
    predicted: FloatArray
    counts: CountArray
    tuning: str
    n_resamples: int

    @property
    def n_failed(self) -> int:
        """Number of resamples in which no model could be fitted."""
        return self.n_resamples - len(self.predicted)

    @property
    def n(self) -> int:
        """Number of operations."""
        return self.y.size

    @property
    def events(self) -> int:
        """Number of operations with the event; 0 of a follow-up score."""
        return 0 if self.in_points else int(np.sum(self.y == 1))

    def is_small(self, suppress_below: int) -> bool:
        """Tell whether there is a count of patients that must not be shown."""
        kinds = [np.ones(self.n, dtype=np.bool_)] if self.in_points else [self.y >= 0, self.y == 1, self.y == 0]
        return bool(find_small(np.array([len(set(self.patient[rows])) for rows in kinds]), suppress_below).any())


def match_developed(apparent: pd.DataFrame, refitted: Refitted | None) -> Developed:
    """Set a model's apparent predictions beside those of its refits, operation by operation.

    Parameters
    ----------
    apparent
        Rows of one outcome and model of the table of predictions, apparent ones. Of a multiple imputation the first
        alone counts: a refit is developed on one draw of what is missing, and the mean over many would be another
        procedure, more stable and less optimistic than any of them.
    refitted
        The refits of the same model, or None.

    Returns
    -------
    Developed
        In the order of ``row_id``; operations that only one of the two has are left out.
    """
    usable = select_usable(apparent[apparent["imputation"] == FIRST_IMPUTATION])
    numbers = usable.assign(score=find_score(usable))[["row_id", "y_true", "score", "weight"]]
    means = numbers.groupby("row_id", sort=True).mean()
    row_id = means.index.to_numpy(dtype=object)
    at = np.empty(0, dtype=np.int64) if refitted is None else pd.Index(refitted.row_id).get_indexer(pd.Index(row_id))
    kept: BoolArray = np.ones(len(row_id), dtype=np.bool_) if refitted is None else np.asarray(at >= 0)
    patients = usable.drop_duplicates("row_id").set_index("row_id")["patient"]
    y, p, weights = (means[name].to_numpy(dtype=np.float64)[kept] for name in ("y_true", "score", "weight"))
    none = np.empty((0, int(kept.sum())))
    return Developed(
        y=y,
        p=p,
        weights=weights,
        row_id=row_id[kept],
        patient=patients.loc[row_id[kept]].to_numpy(dtype=object),
        in_points=bool((usable["scale"] == "points").any()),
        predicted=none if refitted is None else refitted.predicted[:, at[kept]],
        counts=none.astype(np.uint8) if refitted is None else refitted.counts[:, at[kept]],
        tuning="" if refitted is None else refitted.tuning,
        n_resamples=0 if refitted is None else refitted.n_resamples,
    )


def match_all(
    predictions: pd.DataFrame, refitted: Mapping[tuple[str, str], Refitted]
) -> dict[tuple[str, str], Developed]:
    """Match every developed model of a table of predictions with its refits; see `match_developed`.

    Parameters
    ----------
    predictions
        The PREDICTIONS columns of `schemas.tables`.
    refitted
        Refits by outcome and model; models that were not refitted are absent.
    """
    apparent = predictions[predictions["validation"] == "apparent"]
    return {
        (str(outcome), str(model)): match_developed(rows, refitted.get((str(outcome), str(model))))
        for (outcome, model), rows in apparent.groupby(["outcome", "model"], sort=False)
    }


def average_usable(values: FloatArray) -> float:
    """Return the mean over resamples, shape (b,), without those that gave none (NaN); NaN where most gave none."""
    usable = values[np.isfinite(values)]
    return float(usable.mean()) if usable.size and usable.size * LEAST_IN_HALF >= values.size else float("nan")
