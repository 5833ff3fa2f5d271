"""Derivations: scores made of their items, at every visit, and the recovery rates."""

from __future__ import annotations

from functools import partial

from schemas.derivation import Derivation
from schemas.derived.item_score import ItemScore, Place
from schemas.derived.scores_of_health import HEALTH_SCORES
from schemas.derived.scores_of_spine import COMI_ITEMS, SPINE_SCORES, SRS_SCALES
from schemas.derived.scoring import compute_recovery_rate
from schemas.dictionary.proms import VISITS
from schemas.sources_of_scores import (
    HIRABAYASHI,
)

__all__ = [
    "COMI_ITEMS", "ENDINGS", "ITEM_SCORES", "RECOVERY", "SCORES_OF_ITEMS", "SRS_SCALES", "STEMS", "ItemScore",
]  # fmt: skip

ENDINGS: tuple[str, ...] = ("0", *(ending for ending, _ in VISITS))
"""Endings of the columns of a score, before the operation and at each visit."""

ITEM_SCORES: tuple[ItemScore, ...] = SPINE_SCORES + HEALTH_SCORES
"""A score stands after those that it is made of."""

BEST_JAPANESE: dict[str, float] = {"joa_cervical": 17.0, "mjoa": 18.0, "joa_lumbar": 29.0}
"""Highest score of each version."""


def _at_visit(score: ItemScore, ending: str) -> Derivation:
    name, items = f"{score.name}_{ending}", tuple(f"{item}_{ending}" for item in score.items)
    return Derivation(
        name=name,
        needs=(*items, *score.fixed),
        text=score.text,
        compute=score.compute,
        tolerance=score.tolerance,
        binding=score.binding,
        excuse=score.excuse(Place(column=name, items=items, ending=ending)) if score.excuse else None,
        further=score.further,
        source=score.source,
    )


def _recover(stem: str, best: float, ending: str) -> Derivation:
    return Derivation(
        name=f"{stem}_recovery_rate_{ending}",
        needs=(f"{stem}_0", f"{stem}_{ending}"),
        text=f"Gain in percent of the gain that was possible up to {best:g}; unknown where none was.",
        compute=partial(compute_recovery_rate, best=best),
        tolerance=1,
        source=HIRABAYASHI,
    )


def _endings(score: ItemScore) -> tuple[str, ...]:
    return ENDINGS if score.before else ENDINGS[1:]


RECOVERY: tuple[Derivation, ...] = tuple(
    _recover(stem, best, ending) for stem, best in BEST_JAPANESE.items() for ending in ENDINGS[1:]
)
SCORES_OF_ITEMS: tuple[Derivation, ...] = (
    *(_at_visit(score, ending) for score in ITEM_SCORES for ending in _endings(score)), *RECOVERY,
)  # fmt: skip
STEMS: dict[str, tuple[str, ...]] = {
    **{score.name: tuple(f"{score.name}_{ending}" for ending in _endings(score)) for score in ITEM_SCORES},
    **{f"{stem}_recovery_rate": tuple(f"{stem}_recovery_rate_{at}" for at in ENDINGS[1:]) for stem in BEST_JAPANESE},
}  # fmt: skip
"""What a score's name alone stands for: its columns at all visits."""
