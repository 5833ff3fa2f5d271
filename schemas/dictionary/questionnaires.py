"""Data dictionary: answers to the longer questionnaires, by the number of the item; the wording belongs to others."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.dictionary.common import ALL, BACK, LUMBAR, NECK
from schemas.dictionary.visits import Score, number_items
from schemas.sources_of_scores import (
    BEATON,
    CASEY,
    HUDAK,
    IZUMIDA,
    KROENKE_2001,
    ROLAND,
    STUCKI,
    WARE_1992,
    YONENOBU,
    ZIGMOND,
)


def _list_items(
    stem: str,
    numbers: Iterable[int],
    ends: tuple[float, float],
    text: str,
    *,
    unit: str = "option",
    cohorts: tuple[str, ...] = ALL,
    source: str,
) -> tuple[Score, ...]:
    """Return items of one form; `text` has a place for the number."""
    return tuple(
        Score(name=name, unit=unit, hard=ends, cohorts=cohorts, source=source, text=text.format(item))
        for item, name in zip(numbers, number_items(stem, *numbers), strict=True)
    )


ZCQ_SATISFACTION = "Zurich Claudication Questionnaire, satisfaction, item {}, 1 very satisfied to 4"

SF36_OPTIONS = (
    (5, (1, 2)), (3, range(3, 13)), (2, range(13, 20)), (5, (20,)), (6, (21,)), (5, (22,)), (6, range(23, 32)),
    (5, range(32, 37)),
)  # fmt: skip
"""Number of options of runs of items in version 1 of the SF-36."""

SF36_ITEMS = tuple(
    item
    for options, numbers in SF36_OPTIONS
    for item in _list_items(
        "sf36", numbers, (1, options), f"SF-36 version 1, item {{}}, printed option 1 to {options}", source=WARE_1992
    )
)

QUESTIONNAIRES = (
    *SF36_ITEMS,
    *_list_items("rmdq", range(1, 25), (0, 1), "Roland-Morris Disability Questionnaire, item {}, 1 ticked or 0",
                 unit="yes_or_no", cohorts=BACK, source=ROLAND),
    *_list_items("dash", range(1, 31), (1, 5), "Disabilities of the Arm, Shoulder and Hand, item {}, 1 best to 5",
                 cohorts=NECK, source=HUDAK),
    *_list_items("quickdash", range(1, 12), (1, 5), "Short form of the Disabilities of the Arm, Shoulder and Hand, "
                 "item {}, 1 best to 5", cohorts=NECK, source=BEATON),
    *_list_items("hads", range(1, 15, 2), (0, 3), "Hospital Anxiety and Depression Scale, item {}, on anxiety, 0 "
                 "best to 3", unit="points_of_3", source=ZIGMOND),
    *_list_items("hads", range(2, 15, 2), (0, 3), "Hospital Anxiety and Depression Scale, item {}, on depression, 0 "
                 "best to 3", unit="points_of_3", source=ZIGMOND),
    *_list_items("phq9", range(1, 10), (0, 3), "Patient Health Questionnaire, item {}, 0 best to 3",
                 unit="points_of_3", source=KROENKE_2001),
    *_list_items("mdi", range(1, 11), (0, 3), "Myelopathy Disability Index, item {}, 0 best to 3",
                 unit="points_of_3", cohorts=NECK, source=CASEY),
    *_list_items("zcq_symptom", range(1, 8), (1, 5), "Zurich Claudication Questionnaire, symptoms, item {}, 1 best "
                 "to 5", cohorts=LUMBAR, source=STUCKI),
    *_list_items("zcq_function", range(1, 6), (1, 4), "Zurich Claudication Questionnaire, function, item {}, 1 best "
                 "to 4", cohorts=LUMBAR, source=STUCKI),
    *(
        Score(name=f"zcq_satisfaction_q{item:02d}", unit="option", hard=(1, 4), cohorts=LUMBAR, before=False,
              source=STUCKI, text=ZCQ_SATISFACTION.format(item))
        for item in range(1, 7)
    ),
)  # fmt: skip


JAPANESE_PARTS = (
    *(
        Score(name=f"joa_cervical_{part}", unit=f"points_of_{highest}", hard=(0, highest), cohorts=NECK,
              source=YONENOBU, text=f"{words} in the 17-point Japanese score of the neck, 0 to {highest}, higher is "
              "better")
        for part, words, highest in (
            ("ue_motor", "Movement of the hands", 4), ("le_motor", "Movement of the legs", 4),
            ("ue_sensory", "Feeling of the arms", 2), ("le_sensory", "Feeling of the legs", 2),
            ("trunk_sensory", "Feeling of the trunk", 2), ("bladder", "Bladder", 3),
        )
    ),
    *(
        Score(name=f"joa_lumbar_{part}", unit="points", hard=hard, cohorts=LUMBAR, source=IZUMIDA,
              text=f"{words} in the Japanese score of the low back, {hard[0]} to {hard[1]}, higher is better")
        for part, words, hard in (
            ("subjective", "Symptoms", (0, 9)), ("signs", "Signs", (0, 6)), ("daily", "Daily activities", (0, 14)),
            ("bladder", "Bladder", (-6, 0)),
        )
    ),
)  # fmt: skip
