"""Answers to the items of the SRS-22r whose mean is the total that was drawn, and the scales that they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.derived.scores import SRS_SCALES
from schemas.dictionary.items import SATISFACTION_ITEMS
from schemas.simulation.specs import Computed, Draw, FloatArray, Values

N_ITEMS = 22
LOWEST, HIGHEST = 1, 5
SPREAD = 0.8
HALVINGS = 24
"""Leaves the shift of a patient's answers uncertain by less than a millionth."""

SCALES: dict[str, tuple[int, ...]] = {
    **SRS_SCALES,
    "satisfaction": SATISFACTION_ITEMS,
    "subscore": tuple(item for item in range(1, N_ITEMS + 1) if item not in SATISFACTION_ITEMS),
}


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Whole answers from 1 to 5, shape (n, 22), that add up to 22 times the `total`, as nearly as whole ones can."""

    name: str
    total: str
    stays: bool = False

    def draw(self, values: Values, rng: np.random.Generator) -> FloatArray:
        """Draw answers about the total, then shift all of a patient's until they add up."""
        total = np.asarray(values[self.total], dtype=np.float64)
        raw = total[:, None] + SPREAD * rng.standard_normal((len(total), N_ITEMS))
        known = np.isfinite(total)
        raw[known] = _add_up(raw[known], np.round(N_ITEMS * total[known]))
        return np.asarray(raw)


def _add_up(raw: FloatArray, wanted: FloatArray) -> FloatArray:
    low, high = np.full(len(raw), -6.0), np.full(len(raw), 6.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        short = _answer(raw, middle).sum(axis=1) < wanted
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return _answer(raw, high)


def _answer(raw: FloatArray, shift: FloatArray) -> FloatArray:
    return np.asarray(np.clip(np.rint(raw + shift[:, None]), LOWEST, HIGHEST))


def draw_srs_items(visit: str) -> tuple[Draw, ...]:
    """Return the items at a visit, and the scales as their means."""
    hidden = f"_srs22r_answers_{visit}"
    items = (
        Computed(name=f"srs22r_q{item:02d}_{visit}", value=_mean_of(hidden, (item,))) for item in range(1, N_ITEMS + 1)
    )
    scales = (
        Computed(name=f"srs22r_{scale}_{visit}", value=_mean_of(hidden, chosen)) for scale, chosen in SCALES.items()
    )
    return (Answers(name=hidden, total=f"srs22r_total_{visit}"), *items, *scales)


def _mean_of(hidden: str, items: Sequence[int]) -> Callable[[Values], FloatArray]:
    places = [item - 1 for item in items]
    return lambda values: np.asarray(np.round(values[hidden][:, places].mean(axis=1), 6))
