"""Derivations: scores made of their items, at every visit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd

from schemas.derivation import Derivation, Excuse
from schemas.derived.scoring import compute_comi, compute_mean, compute_percentage, compute_srs22r_total, compute_sum
from schemas.dictionary.items import SATISFACTION_ITEMS
from schemas.dictionary.proms import VISITS

ENDINGS: tuple[str, ...] = ("0", *(ending for ending, _ in VISITS))
"""Endings of the columns of a score, before the operation and at each visit."""


@dataclass(frozen=True, kw_only=True)
class ItemScore:
    """A score made of items, all by the stems of their columns; the rest as in `Derivation`.

    `excuse` is made for each visit, of the score's column, those of the items and the visit's ending.
    """

    name: str
    items: tuple[str, ...]
    text: str
    compute: Callable[..., pd.Series]
    tolerance: float
    binding: bool = True
    excuse: Callable[[str, tuple[str, ...], str], Excuse] | None = None
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

SRS_TOLERANCE = 0.1


def _lacks_an_item(rows: pd.DataFrame, items: tuple[str, ...]) -> pd.Series:
    return rows[list(items)].isna().any(axis=1)


def _where_incomplete(_: str, items: tuple[str, ...], __: str) -> Excuse:
    """Registries differ in what they make of an unanswered section."""
    return Excuse(text="where an item is unanswered", holds=partial(_lacks_an_item, items=items))


def _fits_scales(rows: pd.DataFrame, name: str, items: tuple[str, ...]) -> pd.Series:
    scales = [
        compute_mean(*(rows[items[number - 1]] for number in numbers), min_answered=1)
        for numbers in (*SRS_SCALES.values(), SATISFACTION_ITEMS)
    ]
    return (rows[name] - compute_mean(*scales, min_answered=1)).abs() <= SRS_TOLERANCE + 1e-9


def _where_mean_of_scales(name: str, items: tuple[str, ...], _: str) -> Excuse:
    return Excuse(
        text=f"where it is the mean of the scales' means, within {SRS_TOLERANCE:g}",
        holds=partial(_fits_scales, name=name, items=items),
    )


def _is_given(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows.reindex(columns=[name])[name].notna()


def _where_both(_: str, __: tuple[str, ...], ending: str, *, other: str) -> Excuse:
    """Excuse two scores of one set of items: nobody knows which of them the items are of."""
    name = f"{other}_{ending}"
    return Excuse(text=f"where {name} is given too", holds=partial(_is_given, name=name), further=(name,))


ITEM_SCORES = (
    ItemScore(
        name="odi", items=_items("odi", *range(1, 11)), tolerance=1, excuse=_where_incomplete,
        compute=partial(compute_percentage, highest=5, min_answered=9),
        text="Sum in percent of 5 points for each answered section, nine of ten at least.",
        source="Fairbank 2000, Spine 25:2940",
    ),
    ItemScore(
        name="ndi", items=_items("ndi", *range(1, 11)), tolerance=1, excuse=_where_incomplete,
        compute=partial(compute_percentage, highest=5, min_answered=9),
        text="Sum in percent of 5 points for each answered section, nine of ten at least.",
        source="Vernon and Mior 1991, J Manipulative Physiol Ther 14:409",
    ),
    ItemScore(
        name="mjoa", items=("mjoa_ue_motor", "mjoa_le_motor", "mjoa_ue_sensory", "mjoa_sphincter"), tolerance=0,
        compute=compute_sum, text="Sum of the four parts, all needed.", source="Benzel 1991, J Spinal Disord 4:286",
    ),
    ItemScore(
        name="srs22r_total", items=_items("srs22r", *range(1, 23)), tolerance=SRS_TOLERANCE,
        excuse=_where_mean_of_scales,
        compute=partial(compute_srs22r_total, scales=tuple(SRS_SCALES.values())),
        text="Mean of the answered items, three of five at least in each of the four scales.", source=ASHER,
    ),
    *(
        ItemScore(
            name=f"srs22r_{scale}", items=_items("srs22r", *numbers), tolerance=SRS_TOLERANCE, binding=False,
            compute=partial(compute_mean, min_answered=3), text="Mean of the answered items, three of five at least.",
            source=ASHER,
        )
        for scale, numbers in SRS_SCALES.items()
    ),
    ItemScore(
        name="srs22r_satisfaction", items=_items("srs22r", *SATISFACTION_ITEMS), tolerance=SRS_TOLERANCE, binding=False,
        compute=partial(compute_mean, min_answered=1), text="Mean of the answered items.", source=ASHER,
    ),
    *(
        ItemScore(
            name=name, items=COMI_ITEMS, tolerance=0.1, compute=compute_comi, source=MANNION,
            excuse=partial(_where_both, other=other),
            text="Mean of pain (the worse of two), function, well-being, quality of life and disability (mean of two).",
        )
        for name, other in (("comi_back", "comi_neck"), ("comi_neck", "comi_back"))
    ),
)  # fmt: skip


def _at_visit(score: ItemScore, ending: str) -> Derivation:
    name, items = f"{score.name}_{ending}", tuple(f"{item}_{ending}" for item in score.items)
    return Derivation(
        name=name,
        needs=items,
        text=score.text,
        compute=score.compute,
        tolerance=score.tolerance,
        binding=score.binding,
        excuse=score.excuse(name, items, ending) if score.excuse else None,
        source=score.source,
    )


SCORES_OF_ITEMS = tuple(_at_visit(score, ending) for score in ITEM_SCORES for ending in ENDINGS)
STEMS: dict[str, tuple[str, ...]] = {
    score.name: tuple(f"{score.name}_{ending}" for ending in ENDINGS) for score in ITEM_SCORES
}
"""What a score's name alone stands for: its columns at all visits."""
