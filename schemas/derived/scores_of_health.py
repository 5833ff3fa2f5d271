"""Scores made of their items: general health, and anxiety and depression."""

from __future__ import annotations

from functools import partial

import pandas as pd

from schemas.derivation import Excuse
from schemas.derived.item_score import ItemScore, Place, unless_declared, where_incomplete
from schemas.derived.scoring import compute_sum
from schemas.derived.scoring_eq5d import TARIFF, compute_eq5d_index
from schemas.derived.scoring_sf36 import MENTAL, PHYSICAL, SCALES, VERSION, compute_sf36_scale, compute_sf36_summary
from schemas.dictionary.visits import number_items
from schemas.sources_of_scores import (
    DOLAN,
    KROENKE_2001,
    KROENKE_2003,
    WARE_1992,
    WARE_1994,
    ZIGMOND,
)

VERSION_COLUMN = "sf36_version"


def _holds_either(rows: pd.DataFrame, one: Excuse, other: Excuse) -> pd.Series:
    return one.holds(rows) | other.holds(rows)


def _of_version_1_and_complete(at: Place) -> Excuse:
    version = unless_declared(at, name=VERSION_COLUMN, level=VERSION)
    gap = where_incomplete(at)
    return Excuse(
        text=f"{gap.text}, or {version.text}",
        holds=partial(_holds_either, one=version, other=gap),
        further=version.further,
    )


SF36 = (
    *(
        ItemScore(
            name=f"sf36_{name}", items=number_items("sf36", *scale.items), tolerance=0.5,
            compute=partial(compute_sf36_scale, scale=name), excuse=_of_version_1_and_complete, source=WARE_1992,
            text=f"Version 1: mean of the recoded answers from 0 to 100, {scale.min_answered} of {len(scale.items)} at "
            "least.",
        )
        for name, scale in SCALES.items()
    ),
    *(
        ItemScore(
            name=f"sf36_{part}cs", items=tuple(f"sf36_{name}" for name in SCALES), tolerance=0.1, binding=False,
            fixed=(VERSION_COLUMN,), compute=partial(compute_sf36_summary, weights=weights), source=WARE_1994,
            text="Version 1: the eight scales, all needed, with the norms of the United States of 1990.",
        )
        for part, weights in (("p", PHYSICAL), ("m", MENTAL))
    ),
)  # fmt: skip

EQ5D = (
    ItemScore(
        name="eq5d_index", tolerance=0.001, compute=compute_eq5d_index,
        further=("eq5d_version", "eq5d_value_set"),
        items=tuple(f"eq5d_{item}" for item in ("mobility", "self_care", "activity", "discomfort", "anxiety")),
        excuse=partial(unless_declared, name="eq5d_value_set", level=TARIFF), source=DOLAN,
        text="EQ-5D-3L with the value set of the United Kingdom; unknown where neither eq5d_version (3l) nor "
        f"eq5d_value_set ({TARIFF}) says so of the row.",
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
        text="Sum of the nine items, all needed.", source=KROENKE_2001,
    ),
    ItemScore(
        name="phq2", items=number_items("phq9", 1, 2), tolerance=0, compute=compute_sum,
        text="Sum of the first two items of the PHQ-9, both needed.", source=KROENKE_2003,
    ),
)  # fmt: skip

HEALTH_SCORES: tuple[ItemScore, ...] = SF36 + EQ5D + MIND
