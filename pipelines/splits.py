"""Folds: stratified by the outcome, with a patient's operations always on the same side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from pipelines.intervals import FloatArray, IntArray
from pipelines.seeds import child_seed
from schemas.study import SplitPlan

StringArray = npt.NDArray[np.object_]


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One outer fold: row positions of training and held-out rows."""

    repeat: int
    fold: int
    train: IntArray
    test: IntArray


@dataclass(frozen=True, kw_only=True)
class Split:
    """A way of making the outer folds."""

    name: str
    title: str
    text: str
    make: Callable[..., list[Fold]]


def assign_folds(y: FloatArray, patient: StringArray, *, n_folds: int, seed: int) -> IntArray:
    """Assign each row to a fold.

    Parameters
    ----------
    y
        Stratum of the outcome (1 and 0, or the fifth of a score) or NaN (unknown), shape (n,).
    patient
        Patient of each row, shape (n,); all rows of a patient share a fold.
    n_folds
        Number of folds, at least 2.
    seed
        Seed; the same data and seed give the same folds, whatever the models are.

    Returns
    -------
    ndarray of int, shape (n,)
        Fold from 0 to ``n_folds - 1``.

    Notes
    -----
    Where no patient repeats, plain stratified folds are the same thing and keep the event rates closer.
    """
    # Strata rarer than the folds cannot be in each of them: they are put with the commonest stratum.
    # Patients of unknown outcome are a stratum of their own.
    unknown = np.isnan(y)
    strata = _merge_rare(np.where(unknown, 1 + np.max(y, where=~unknown, initial=0), y).astype(np.int64), n_folds)
    groups = np.unique(patient.astype(str), return_inverse=True)[1]
    rows = np.zeros((len(y), 1))
    if groups.max() + 1 < len(y):
        parts = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed).split(rows, strata, groups)
    else:
        parts = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(rows, strata)
    folds = np.empty(len(y), dtype=np.int64)
    for k, (_, held) in enumerate(parts):
        folds[held] = k
    return folds


def _merge_rare(strata: IntArray, n_folds: int) -> IntArray:
    values, counts = np.unique(strata, return_counts=True)
    rare = values[counts < n_folds]
    return np.where(np.isin(strata, rare), values[np.argmax(counts)], strata)


def make_nested_cv(y: FloatArray, patient: StringArray, *, plan: SplitPlan, seed: int, outcome: str) -> list[Fold]:
    """Make the outer folds of repeated nested cross-validation; see `assign_folds`."""
    return list(_outer_folds(y, patient, plan, seed, outcome))


def _outer_folds(y: FloatArray, patient: StringArray, plan: SplitPlan, seed: int, outcome: str) -> Iterator[Fold]:
    for repeat in range(plan.repeats):
        folds = assign_folds(
            y, patient, n_folds=plan.outer_folds, seed=child_seed(seed, "outer folds", outcome, repeat)
        )
        for fold in range(plan.outer_folds):
            yield Fold(
                repeat=repeat, fold=fold, train=np.flatnonzero(folds != fold), test=np.flatnonzero(folds == fold)
            )


SPLITS: dict[str, Split] = {
    split.name: split
    for split in (
        Split(
            name="nested_cv",
            title="Repeated nested cross-validation",
            text="Outer folds stratified by the outcome and grouped by patient; tuning in inner folds of each "
            "training part. The same folds for every model.",
            make=make_nested_cv,
        ),
    )
}
