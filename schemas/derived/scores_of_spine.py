"""Scores made of their items: instruments of the spine and of the limbs that it serves."""

from __future__ import annotations

from functools import partial

import pandas as pd

from schemas.derivation import Excuse
from schemas.derived.item_score import ItemScore, Place, where_both, where_incomplete
from schemas.derived.scoring import (
    compute_comi,
    compute_mean,
    compute_percentage,
    compute_points_of_ten,
    compute_share,
    compute_srs22r_total,
    compute_sum,
    compute_worst,
)
from schemas.dictionary.items import SATISFACTION_ITEMS
from schemas.dictionary.visits import number_items
from schemas.sources_of_scores import (
    ASHER,
    BEATON,
    BENZEL,
    CASEY,
    FAIRBANK,
    HUDAK,
    IZUMIDA,
    MANNION,
    ROLAND,
    STUCKI,
    VERNON,
    YONENOBU,
)

SRS_SCALES = {
    "function": (5, 9, 12, 15, 18),
    "pain": (1, 2, 8, 11, 17),
    "self_image": (4, 6, 10, 14, 19),
    "mental_health": (3, 7, 13, 16, 20),
}
"""Numbers of the items of each scale of the SRS-22r; a scale needs three answers."""

SRS_TOLERANCE = 0.1


def _fits_scales(rows: pd.DataFrame, name: str, items: tuple[str, ...]) -> pd.Series:
    scales = [
        compute_mean(*(rows[items[number - 1]] for number in numbers), min_answered=1)
        for numbers in (*SRS_SCALES.values(), SATISFACTION_ITEMS)
    ]
    return (rows[name] - compute_mean(*scales, min_answered=1)).abs() <= SRS_TOLERANCE + 1e-9


def _where_mean_of_scales(at: Place) -> Excuse:
    return Excuse(
        text=f"where it is the mean of the scales' means, within {SRS_TOLERANCE:g}",
        holds=partial(_fits_scales, name=at.column, items=at.items),
    )


DISABILITY = (
    ItemScore(
        name="odi", items=number_items("odi", *range(1, 11)), tolerance=1, excuse=where_incomplete,
        compute=partial(compute_percentage, highest=5, min_answered=9),
        text="Sum in percent of 5 points for each answered section, nine of ten at least.",
        source=FAIRBANK,
    ),
    ItemScore(
        name="ndi", items=number_items("ndi", *range(1, 11)), tolerance=1, excuse=where_incomplete,
        compute=partial(compute_percentage, highest=5, min_answered=9),
        text="Sum in percent of 5 points for each answered section, nine of ten at least.",
        source=VERNON,
    ),
    ItemScore(
        name="rmdq", items=number_items("rmdq", *range(1, 25)), tolerance=0, compute=compute_sum,
        text="Number of statements that are true, all 24 answered.", source=ROLAND,
    ),
    ItemScore(
        name="dash", items=number_items("dash", *range(1, 31)), tolerance=1, excuse=where_incomplete,
        compute=partial(compute_share, lowest=1, highest=5, min_answered=27),
        text="25 times the mean of the answered items less 1, 27 of 30 at least.",
        source=HUDAK,
    ),
    ItemScore(
        name="quickdash", items=number_items("quickdash", *range(1, 12)), tolerance=1, excuse=where_incomplete,
        compute=partial(compute_share, lowest=1, highest=5, min_answered=10),
        text="25 times the mean of the answered items less 1, ten of eleven at least.",
        source=BEATON,
    ),
    *(
        ItemScore(
            name=f"zcq_{scale}", items=number_items(f"zcq_{scale}", *range(1, count + 1)), tolerance=0.1, binding=False,
            compute=partial(compute_mean, min_answered=count - 2), before=scale != "satisfaction", source=STUCKI,
            text=f"Mean of the answered items, {count - 2} of {count} at least.",
        )
        for scale, count in (("symptom", 7), ("function", 5), ("satisfaction", 6))
    ),
)  # fmt: skip

MYELOPATHY = (
    ItemScore(
        name="mjoa", items=("mjoa_ue_motor", "mjoa_le_motor", "mjoa_ue_sensory", "mjoa_sphincter"), tolerance=0,
        compute=compute_sum, text="Sum of the four parts, all needed.", source=BENZEL,
    ),
    ItemScore(
        name="joa_cervical", tolerance=0, compute=compute_sum, text="Sum of the six parts, all needed.",
        items=tuple(f"joa_cervical_{part}" for part in (
            "ue_motor", "le_motor", "ue_sensory", "le_sensory", "trunk_sensory", "bladder",
        )),
        source=YONENOBU,
    ),
    ItemScore(
        name="joa_lumbar", tolerance=0, binding=False, compute=compute_sum, text="Sum of the four parts, all needed.",
        items=tuple(f"joa_lumbar_{part}" for part in ("subjective", "signs", "daily", "bladder")),
        source=IZUMIDA,
    ),
    ItemScore(
        name="mdi", items=number_items("mdi", *range(1, 11)), tolerance=0, binding=False, compute=compute_sum,
        text="Sum of the ten items, all needed.", source=CASEY,
    ),
)  # fmt: skip

DEFORMITY = (
    ItemScore(
        name="srs22r_total", items=number_items("srs22r", *range(1, 23)), tolerance=SRS_TOLERANCE,
        excuse=_where_mean_of_scales,
        compute=partial(compute_srs22r_total, scales=tuple(SRS_SCALES.values())),
        text="Mean of the answered items, three of five at least in each of the four scales.", source=ASHER,
    ),
    ItemScore(
        name="srs22r_subscore", items=number_items("srs22r", *range(1, 21)), tolerance=SRS_TOLERANCE, binding=False,
        compute=partial(compute_srs22r_total, scales=tuple(SRS_SCALES.values())), source=ASHER,
        text="Mean of the answered items but satisfaction, three of five at least in each of the four scales.",
    ),
    *(
        ItemScore(
            name=f"srs22r_{scale}", items=number_items("srs22r", *numbers), tolerance=SRS_TOLERANCE, binding=False,
            compute=partial(compute_mean, min_answered=3), text="Mean of the answered items, three of five at least.",
            source=ASHER,
        )
        for scale, numbers in SRS_SCALES.items()
    ),
    ItemScore(
        name="srs22r_satisfaction", items=number_items("srs22r", *SATISFACTION_ITEMS), tolerance=SRS_TOLERANCE,
        binding=False, compute=partial(compute_mean, min_answered=1), text="Mean of the answered items.", source=ASHER,
    ),
)  # fmt: skip

PAINS, OPTIONS, DISABILITIES = ("axial_pain", "limb_pain"), ("function", "wellbeing", "qol"), ("social", "work")
COMI_ITEMS = tuple(f"comi_item_{item}" for item in (*PAINS, *OPTIONS, *DISABILITIES))

CORE = (
    *(
        ItemScore(
            name=name, items=COMI_ITEMS, tolerance=0.1, compute=compute_comi, source=MANNION,
            excuse=partial(where_both, other=other),
            text="Mean of pain (the worse of two), function, well-being, quality of life and disability (mean of two).",
        )
        for name, other in (("comi_back", "comi_neck"), ("comi_neck", "comi_back"))
    ),
    ItemScore(
        name="comi_pain", items=tuple(f"comi_item_{item}" for item in PAINS), tolerance=0.1, binding=False,
        compute=compute_worst, text="The worse of the two pains, both needed.", source=MANNION,
    ),
    *(
        ItemScore(
            name=f"comi_{item}", items=(f"comi_item_{item}",), tolerance=0.1, binding=False,
            compute=compute_points_of_ten, text="The options 1 to 5 as 0, 2.5, 5, 7.5 and 10.", source=MANNION,
        )
        for item in OPTIONS
    ),
    ItemScore(
        name="comi_disability", items=tuple(f"comi_item_{item}" for item in DISABILITIES), tolerance=0.1,
        binding=False, compute=compute_points_of_ten, source=MANNION,
        text="Mean of social life and work, the options 1 to 5 as 0 to 10, both needed.",
    ),
)  # fmt: skip

SPINE_SCORES: tuple[ItemScore, ...] = DISABILITY + MYELOPATHY + DEFORMITY + CORE
