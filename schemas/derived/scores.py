"""Derivations: scores made of their items, at every visit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd

from schemas.derivation import Derivation
from schemas.derived.scoring import compute_comi, compute_mean, compute_percentage, compute_srs22r_total, compute_sum
from schemas.dictionary.proms import VISITS

ENDINGS: tuple[str, ...] = ("0", *(ending for ending, _ in VISITS))
"""Endings of the columns of a score, before the operation and at each visit."""


@dataclass(frozen=True, kw_only=True)
class ItemScore:
    """A score made of items, all by the stems of their columns; the rest as in `Derivation`."""

    name: str
    items: tuple[str, ...]
    text: str
    compute: Callable[..., pd.Series]
    tolerance: float
    binding: bool = True
    source: str


def _items(stem: str, *numbers: int) -> tuple[str, ...]:
    return tuple(f"{stem}_q{number:02d}" for number in numbers)


COMI_ITEMS = tuple(
    f"comi_item_{item}" for item in ("axial_pain", "limb_pain", "function", "wellbeing", "qol", "social", "work")
)
MANNION = "Mannion 2009, Eur Spine J 18 Suppl 3:367"
ASHER = "Asher 2003, Spine 28:63"

SRS_SCALES = {
    "function": (5, 9, 12, 15, 18),
    "pain": (1, 2, 8, 11, 17),
    "self_image": (4, 6, 10, 14, 19),
    "mental_health": (3, 7, 13, 16, 20),
}
"""Numbers of the items of each scale of the SRS-22r; a scale needs three answers."""

ITEM_SCORES = (
    ItemScore(
        name="odi", items=_items("odi", *range(1, 11)), tolerance=1,
        compute=partial(compute_percentage, highest=5, min_answered=9),
        text="Sum in percent of 5 points for each answered section, nine of ten at least.",
        source="Fairbank 2000, Spine 25:2940",
    ),
    ItemScore(
        name="ndi", items=_items("ndi", *range(1, 11)), tolerance=1,
        compute=partial(compute_percentage, highest=5, min_answered=9),
        text="Sum in percent of 5 points for each answered section, nine of ten at least.",
        source="Vernon and Mior 1991, J Manipulative Physiol Ther 14:409",
    ),
    ItemScore(
        name="mjoa", items=("mjoa_ue_motor", "mjoa_le_motor", "mjoa_ue_sensory", "mjoa_sphincter"), tolerance=0,
        compute=compute_sum, text="Sum of the four parts, all needed.", source="Benzel 1991, J Spinal Disord 4:286",
    ),
    ItemScore(
        name="srs22r_total", items=_items("srs22r", *range(1, 23)), tolerance=0.1,
        compute=partial(compute_srs22r_total, scales=tuple(SRS_SCALES.values())),
        text="Mean of the answered items, three of five at least in each of the four scales.", source=ASHER,
    ),
    *(
        ItemScore(
            name=f"srs22r_{scale}", items=_items("srs22r", *numbers), tolerance=0.1, binding=False,
            compute=partial(compute_mean, min_answered=3), text="Mean of the answered items, three of five at least.",
            source=ASHER,
        )
        for scale, numbers in SRS_SCALES.items()
    ),
    ItemScore(
        name="srs22r_satisfaction", items=_items("srs22r", 21, 22), tolerance=0.1, binding=False,
        compute=partial(compute_mean, min_answered=1), text="Mean of the answered items.", source=ASHER,
    ),
    *(
        ItemScore(
            name=name, items=COMI_ITEMS, tolerance=0.1, compute=compute_comi, source=MANNION,
            text="Mean of pain (the worse of two), function, well-being, quality of life and disability (mean of two).",
        )
        for name in ("comi_back", "comi_neck")
    ),
)  # fmt: skip


def _at_visit(score: ItemScore, ending: str) -> Derivation:
    return Derivation(
        name=f"{score.name}_{ending}",
        needs=tuple(f"{item}_{ending}" for item in score.items),
        text=score.text,
        compute=score.compute,
        tolerance=score.tolerance,
        binding=score.binding,
        source=score.source,
    )


SCORES_OF_ITEMS = tuple(_at_visit(score, ending) for score in ITEM_SCORES for ending in ENDINGS)
STEMS: dict[str, tuple[str, ...]] = {
    score.name: tuple(f"{score.name}_{ending}" for ending in ENDINGS) for score in ITEM_SCORES
}
"""What a score's name alone stands for: its columns at all visits."""
