"""Data dictionary: everything that has a column per visit, joined from its tables.

``SCORES`` holds what is a number; its names are the stems of columns such as ``odi_0`` and ``odi_12m``.
"""

from __future__ import annotations

from schemas.dictionary.common import ALL, category, identifier, number
from schemas.dictionary.items import IMAGES_AT_VISITS, ITEMS
from schemas.dictionary.scores import INSTRUMENT_SCORES
from schemas.dictionary.visits import VISITS, Score, make_baselines, make_follow_ups
from schemas.sources_of_scores import (
    WARE_1992,
)

__all__ = ["BASELINE_SCORES", "FOLLOW_UP_SCORES", "PROMS", "SCORES", "SINGLE_ANSWERS", "VISITS", "Score"]

SCORES: tuple[Score, ...] = INSTRUMENT_SCORES + ITEMS + IMAGES_AT_VISITS

BASELINE_SCORES = make_baselines(INSTRUMENT_SCORES)
FOLLOW_UP_SCORES = make_follow_ups(INSTRUMENT_SCORES)
BASELINE_ITEMS = make_baselines(ITEMS + IMAGES_AT_VISITS)
FOLLOW_UP_ITEMS = make_follow_ups(ITEMS + IMAGES_AT_VISITS)

VERSIONS = (
    category("eq5d_version", ("3l", "5l"), "Number of levels of the EQ-5D that the registry holds.", predictor=False,
             source="Herdman 2011, Qual Life Res 20:1727"),
    category("sf36_version", ("v1", "v2", "rand36"), "Version of the SF-36 that the registry holds, with its scoring.",
             predictor=False, source=WARE_1992),
    identifier("eq5d_value_set", "Name of the value set behind the EQ-5D index, such as united_kingdom_1997."),
)  # fmt: skip

CLASSES = (
    ("satisfaction", ("satisfied", "uncertain", "dissatisfied"), "Satisfaction with the result", ""),
    ("employment", ("working", "sick_leave", "unemployed", "retired", "disability"), "Work status",
     "ICHOM low back pain set 2017"),
    ("opioid_use", ("not_used", "intermittent", "daily"), "Use of opioids", ""),
    ("analgesic_use", ("not_used", "intermittent", "daily"), "Use of painkillers of any kind", "ICHOM low back pain "
     "set 2017"),
)  # fmt: skip
"""Stem, levels, text and source of what is no number and is asked for at every visit."""

VISIT_CLASSES = tuple(
    category(f"{stem}_{ending}", levels, f"{text}; {when} after the operation.", at="followup", cohorts=ALL,
             source=source)
    for stem, levels, text, source in CLASSES
    for ending, when in VISITS
)  # fmt: skip

VISIT_DAYS = tuple(
    number(f"visit_days_{ending}", "days", (0, 4000), f"Days from the operation to the visit that is held as this one; "
           f"{when} after the operation.", at="followup")
    for ending, when in VISITS
)  # fmt: skip

PROMS = BASELINE_SCORES + FOLLOW_UP_SCORES + VISIT_CLASSES + VISIT_DAYS + VERSIONS
SINGLE_ANSWERS = BASELINE_ITEMS + FOLLOW_UP_ITEMS
