"""Scores before and after, with what is known beside them: what thresholds of a change are derived from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.deriving.anchor_based import Logistic, compute_correlation, compute_log_odds, fit_change_model
from pipelines.deriving.measurement_error import Repeatability, compute_repeatability
from pipelines.intervals import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class ChangeScores:
    """Scores of operations, one entry per operation; unknown is NaN, and None is what was not asked for.

    Parameters
    ----------
    patient
        Codes of the patients, shape (n,).
    baseline
        Score before the operation, shape (n,).
    lower_is_better
        Direction of the score.
    follow_up, repeat
        Score after the operation, and measured again while nothing had changed, shape (n,).
    improved
        1 improved by the anchor question, 0 not, shape (n,).
    grade
        The answers as numbers in order, shape (n,).
    minimal
        1 where the answer is the least improvement that counts, else NaN, shape (n,).
    items
        Items of the baseline score, shape (n, k).
    reliability, anchor_reliability
        Of the score and of the anchor question, known from elsewhere, in (0, 1].
    """

    patient: IntArray
    baseline: FloatArray
    lower_is_better: bool
    follow_up: FloatArray | None = None
    repeat: FloatArray | None = None
    improved: FloatArray | None = None
    grade: FloatArray | None = None
    minimal: FloatArray | None = None
    items: FloatArray | None = None
    reliability: float | None = None
    anchor_reliability: float | None = None

    def has(self, names: Sequence[str]) -> bool:
        """Tell whether all of `names` were asked for."""
        return all(getattr(self, name) is not None for name in names)

    def known(self, names: Sequence[str]) -> BoolArray:
        """Mark the operations of which all of `names` are known, shape (n,)."""
        marked = np.ones(self.patient.size, dtype=np.bool_)
        for name in names:
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                marked &= np.isfinite(value).reshape(value.shape[0], -1).all(axis=1)
        return marked

    def take(self, rows: npt.NDArray[Any]) -> ChangeScores:
        """Return the operations marked or numbered by `rows`, which may repeat."""
        arrays: dict[str, Any] = {
            field.name: value[rows]
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), np.ndarray)
        }
        return replace(self, **arrays)

    def in_order(self) -> ChangeScores:
        """Return the operations in an order of their own, so that the order in the file does not count."""
        keys = [getattr(self, field.name) for field in fields(self)]
        flat = [key for key in keys if isinstance(key, np.ndarray) and key.ndim == 1]
        return self.take(np.lexsort(flat[::-1]))

    @property
    def n_patients(self) -> int:
        """Number of distinct patients."""
        return int(np.unique(self.patient).size)

    @cached_property
    def change(self) -> FloatArray:
        """Change in the units of the score, positive where the patient got better."""
        assert self.follow_up is not None
        change = self.follow_up - self.baseline
        return -change if self.lower_is_better else change

    @property
    def got_better(self) -> FloatArray:
        """Who improved by the anchor, where it was asked for."""
        assert self.improved is not None
        return self.improved

    @cached_property
    def sd_change(self) -> float:
        """Standard deviation of the change."""
        return compute_sd(self.change)

    @cached_property
    def model(self) -> Logistic:
        """Logistic regression of having improved on the change."""
        return fit_change_model(self.change, self.got_better)

    @cached_property
    def log_odds(self) -> float:
        """Log odds of having improved."""
        return compute_log_odds(self.got_better)

    @cached_property
    def correlation(self) -> float:
        """Correlation of the change with having improved."""
        return compute_correlation(self.change, self.got_better)

    @cached_property
    def repeatability(self) -> Repeatability:
        """Reliability and standard error of measurement from the repeat."""
        assert self.repeat is not None
        return compute_repeatability(self.baseline, self.repeat)

    def better_up(self, score: FloatArray) -> FloatArray:
        """Return a score of the instrument turned so that more is better."""
        return -score if self.lower_is_better else score


def compute_sd(values: FloatArray) -> float:
    """Compute the standard deviation with n - 1; NaN with fewer than two values."""
    return float(values.std(ddof=1)) if values.size > 1 else float("nan")


def split_thirds(scores: ChangeScores, by: str) -> dict[str, BoolArray]:
    """Split operations into thirds of a score before the operation.

    Parameters
    ----------
    scores
        The operations.
    by
        ``repeat`` or ``baseline``.

    Returns
    -------
    dict
        ``worst``, ``middle`` and ``best`` third to its rows, shape (n,). Ties stay together, so thirds may be unequal;
        a row without the score is in none.
    """
    value = scores.better_up(getattr(scores, by))
    known = np.isfinite(value)
    if not known.any():
        return {}
    low, high = np.quantile(value[known], [1 / 3, 2 / 3])
    return {"worst": value <= low, "middle": (value > low) & (value <= high), "best": value > high}
