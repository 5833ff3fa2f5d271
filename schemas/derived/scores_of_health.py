"""Scores made of their items: general health, and anxiety and depression."""

from __future__ import annotations

from functools import partial

import pandas as pd

from schemas.derivation import Excuse
from schemas.derived.item_score import ItemScore, number_items, unless_declared, where_incomplete
from schemas.derived.scoring import compute_sum
from schemas.derived.scoring_eq5d import compute_eq5d_index
from schemas.derived.scoring_sf36 import MENTAL, PHYSICAL, SCALES, VERSION, compute_sf36_scale, compute_sf36_summary

WARE = "Ware 1992, Med Care 30:473"
SUMMARIES = "Ware 1994, SF-36 Summary Scales"
ZIGMOND = "Zigmond 1983, Acta Psychiatr Scand 67:361"
VERSION_COLUMN = "sf36_version"
TARIFF = "united_kingdom_1997"
"""What ``eq5d_value_set`` is where the index is that of Dolan 1997."""


def _holds_either(rows: pd.DataFrame, one: Excuse, other: Excuse) -> pd.Series:
    return one.holds(rows) | other.holds(rows)


def _of_version_1_and_complete(name: str, items: tuple[str, ...], ending: str) -> Excuse:
    version = unless_declared(name, items, ending, name=VERSION_COLUMN, level=VERSION)
    gap = where_incomplete(name, items, ending)
    return Excuse(
        text=f"{gap.text}, or {version.text}",
        holds=partial(_holds_either, one=version, other=gap),
        further=version.further,
    )


SF36 = (
    *(
        ItemScore(
            name=f"sf36_{name}", items=number_items("sf36", *scale.items), tolerance=0.5,
            compute=partial(compute_sf36_scale, scale=name), excuse=_of_version_1_and_complete, source=WARE,
            text=f"Version 1: mean of the recoded answers from 0 to 100, {scale.min_answered} of {len(scale.items)} at "
            "least.",
        )
        for name, scale in SCALES.items()
    ),
    *(
        ItemScore(
            name=f"sf36_{part}cs", items=tuple(f"sf36_{name}" for name in SCALES), tolerance=0.1, binding=False,
            fixed=(VERSION_COLUMN,), compute=partial(compute_sf36_summary, weights=weights), source=SUMMARIES,
            text="Version 1: the eight scales, all needed, with the norms of the United States of 1990.",
        )
        for part, weights in (("p", PHYSICAL), ("m", MENTAL))
    ),
)  # fmt: skip

EQ5D = (
    ItemScore(
        name="eq5d_index", tolerance=0.001, compute=compute_eq5d_index, further=("eq5d_version",),
        items=tuple(f"eq5d_{item}" for item in ("mobility", "self_care", "activity", "discomfort", "anxiety")),
        excuse=partial(unless_declared, name="eq5d_value_set", level=TARIFF), source="Dolan 1997, Med Care 35:1095",
        text="EQ-5D-3L with the value set of the United Kingdom; unknown where there are five levels.",
    ),
)  # fmt: skip

MIND = (
    *(
        ItemScore(
            name=f"hads_{part}", items=number_items("hads", *numbers), tolerance=0, compute=compute_sum,
            text=f"Sum of the {word} items, all seven needed.", source=ZIGMOND,
        )
        for part, word, numbers in (("a", "odd", range(1, 15, 2)), ("d", "even", range(2, 15, 2)))
    ),
    ItemScore(
        name="phq9", items=number_items("phq9", *range(1, 10)), tolerance=0, compute=compute_sum,
        text="Sum of the nine items, all needed.", source="Kroenke 2001, J Gen Intern Med 16:606",
    ),
    ItemScore(
        name="phq2", items=number_items("phq9", 1, 2), tolerance=0, compute=compute_sum,
        text="Sum of the first two items of the PHQ-9, both needed.", source="Kroenke 2003, Med Care 41:1284",
    ),
)  # fmt: skip

HEALTH_SCORES: tuple[ItemScore, ...] = SF36 + EQ5D + MIND
