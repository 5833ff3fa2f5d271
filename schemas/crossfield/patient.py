"""Rules: one patient's rows, diseases, and the plan of the operation."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from schemas.crossfield.implication import is_above, is_known, is_one_of, is_zero, must_be_no, must_be_yes
from schemas.derived.spine import compute_n_segments, compute_rank
from schemas.dictionary.spine import SEGMENTS, VERTEBRAE
from schemas.rule import Rule

CERVICAL = SEGMENTS[: SEGMENTS.index("c7_t1") + 1]
LUMBAR = SEGMENTS[SEGMENTS.index("t12_l1") :]
LAMINAE = 1
"""How many more there are where the registry counts laminae: two of them enclose one segment."""

PELVIC_TOLERANCE_DEG = 10.0

LEAST_SLIP = {0.0: 0.0, 1.0: 0.0, 2.0: 25.0, 3.0: 50.0, 4.0: 75.0, 5.0: 100.0}
MOST_SLIP = {0.0: 0.0, 1.0: 25.0, 2.0: 50.0, 3.0: 75.0, 4.0: 100.0}
SLIP_TOLERANCE = 10.0
"""Bounds of each Meyerding grade in percent of the endplate, and by how much a slip may lie outside them: readings of
one film differ by as much."""


def _differs_between_rows(rows: pd.DataFrame, name: str) -> pd.Series:
    """Mark all rows of a patient whose known values are not all the same."""
    patient, value = pd.factorize(rows["patient"])[0], pd.factorize(rows[name])[0]
    known = (patient >= 0) & (value >= 0)
    one, several = np.zeros(len(rows) + 1, dtype=np.intp), np.zeros(len(rows) + 1, dtype=np.bool_)
    one[patient[known]] = value[known]
    several[patient[known & (one[patient] != value)]] = True
    return pd.Series(known & several[patient], index=rows.index)


def _same_in_all_rows(name: str) -> Rule:
    return Rule(
        name=f"{name}_of_one_patient",
        columns=(name, "patient"),
        text="must be the same in every row of one patient",
        broken=partial(_differs_between_rows, name=name),
    )


def _is_below(rows: pd.DataFrame, upper: str, lower: str, order: tuple[str, ...]) -> pd.Series:
    return compute_rank(rows[upper], order) > compute_rank(rows[lower], order)


def _has_too_many_levels(rows: pd.DataFrame) -> pd.Series:
    return rows["n_levels_planned"] > compute_n_segments(rows["upper_level"], rows["lower_level"]) + LAMINAE


def _is_elsewhere(rows: pd.DataFrame, level: str, region: tuple[str, ...], what: str, other: str) -> pd.Series:
    """Mark an end in the wrong region for `what`, unless the row has the `other` region's too."""
    marked = rows[what].notna() & is_one_of(rows[level], region)
    return marked & rows[other].isna() if other in rows else marked


def _not_cervical(what: str, other: str, name: str, words: str) -> Rule:
    """Return the rule that what is of the lumbar spine alone does not end in the neck."""
    return Rule(
        name=name,
        columns=("lower_level", what),
        further=(other,),
        text=f"must not be cervical where the {words} is lumbar alone",
        broken=partial(_is_elsewhere, level="lower_level", region=CERVICAL, what=what, other=other),
    )


def _not_lumbar(what: str, other: str, name: str, words: str) -> Rule:
    """Return the rule that what is of the neck alone does not begin in the lumbar spine."""
    return Rule(
        name=name,
        columns=("upper_level", what),
        further=(other,),
        text=f"must not be lumbar where the {words} is cervical alone",
        broken=partial(_is_elsewhere, level="upper_level", region=LUMBAR, what=what, other=other),
    )


def _breaks_pelvic_sum(rows: pd.DataFrame) -> pd.Series:
    """Pelvic incidence is the sum of tilt and slope by geometry (Legaye 1998, Eur Spine J 7:99)."""
    total = rows["pelvic_tilt_deg"] + rows["sacral_slope_deg"]
    return (rows["pelvic_incidence_deg"] - total).abs() > PELVIC_TOLERANCE_DEG


def _is_other_grade(rows: pd.DataFrame) -> pd.Series:
    grade, slip = rows["meyerding_grade"], rows["slip_percent"]
    too_little = slip < grade.map(LEAST_SLIP) - SLIP_TOLERANCE
    return too_little | (slip > grade.map(MOST_SLIP) + SLIP_TOLERANCE)


PATIENT = (
    _same_in_all_rows("sex"),
    _same_in_all_rows("birth_date"),
)

DISEASES = (
    must_be_yes("previous_spine_surgery", "same_level_surgery", "1"),
    must_be_yes("previous_spine_surgery", "previous_fusion", "1"),
    must_be_yes("previous_spine_surgery", "n_previous_operations", "more than 0", partial(is_above, least=0)),
    must_be_no("previous_spine_surgery", "n_previous_operations", "0", is_zero),
    must_be_yes("previous_spine_surgery", "revision", "1"),
    # diabetes that diet alone treats is no contradiction of no drugs
    must_be_yes("diabetes", "diabetes_treatment", "oral or insulin", partial(is_one_of, levels=("oral", "insulin"))),
    must_be_yes("urgent_operation", "urgency", "urgent or emergency",
                partial(is_one_of, levels=("urgent", "emergency"))),
    must_be_no("urgent_operation", "urgency", "elective", partial(is_one_of, levels=("elective",))),
)  # fmt: skip

PLAN = (
    Rule(
        name="upper_level_above_lower", columns=("upper_level", "lower_level"), text="must not be below lower_level",
        broken=partial(_is_below, upper="upper_level", lower="lower_level", order=SEGMENTS),
    ),
    Rule(
        name="upper_vertebra_above_lower", columns=("upper_vertebra", "lower_vertebra"),
        text="must not be below lower_vertebra",
        broken=partial(_is_below, upper="upper_vertebra", lower="lower_vertebra", order=VERTEBRAE),
    ),
    Rule(
        name="levels_within_span", columns=("n_levels_planned", "upper_level", "lower_level"),
        text="must be at most one more than the segments from upper_level to lower_level", broken=_has_too_many_levels,
    ),
    _not_cervical("diagnosis", "cervical_diagnosis", "levels_of_lumbar_diagnosis", "diagnosis"),
    _not_lumbar("cervical_diagnosis", "diagnosis", "levels_of_cervical_diagnosis", "diagnosis"),
    _not_cervical("planned_procedure", "planned_cervical_procedure", "levels_of_lumbar_procedure", "procedure"),
    _not_lumbar("planned_cervical_procedure", "planned_procedure", "levels_of_cervical_procedure", "procedure"),
    Rule(
        name="pelvic_sum", columns=("pelvic_incidence_deg", "pelvic_tilt_deg", "sacral_slope_deg"),
        text="must be pelvic_tilt_deg plus sacral_slope_deg, within 10 degrees", broken=_breaks_pelvic_sum,
    ),
    Rule(
        name="meyerding_by_slip", columns=("meyerding_grade", "slip_percent"),
        text="must be the grade of slip_percent, within 10 percent of the endplate", broken=_is_other_grade,
    ),
    must_be_yes("planned_fusion", "planned_procedure", "a fusion",
                partial(is_one_of, levels=("fusion", "decompression_fusion"))),
    must_be_no("planned_fusion", "planned_procedure", "discectomy or decompression alone",
                partial(is_one_of, levels=("discectomy", "decompression"))),
    must_be_yes("planned_fusion", "planned_cervical_procedure", "a fusion",
                partial(is_one_of, levels=("anterior_fusion", "posterior_fusion"))),
    must_be_yes("planned_fusion", "planned_fusion_technique", "given", is_known),
    must_be_yes("planned_fusion", "n_fused_levels_planned", "more than 0", partial(is_above, least=0)),
    must_be_no("planned_fusion", "n_fused_levels_planned", "0", is_zero),
)  # fmt: skip
