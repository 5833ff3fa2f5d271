"""Rules: one patient's rows, diseases, and the plan of the operation."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

import pandas as pd

from schemas.derived.spine import compute_n_segments, compute_rank
from schemas.dictionary.spine import SEGMENTS, VERTEBRAE
from schemas.rule import Rule

FIRST_LUMBAR = SEGMENTS.index("t12_l1")
LAST_CERVICAL = SEGMENTS.index("c7_t1")
PELVIC_TOLERANCE_DEG = 10.0


def _differs_between_rows(rows: pd.DataFrame, name: str) -> pd.Series:
    """Mark all rows of a patient whose known values are not all the same."""
    pairs = rows.loc[rows["patient"].notna() & rows[name].notna(), ["patient", name]].drop_duplicates()
    several = pairs.loc[pairs["patient"].duplicated(), "patient"]
    return rows["patient"].isin(several) & rows[name].notna()


def _same_in_all_rows(name: str) -> Rule:
    return Rule(
        name=f"{name}_of_one_patient",
        columns=(name, "patient"),
        text="must be the same in every row of one patient",
        broken=partial(_differs_between_rows, name=name),
    )


def _contradicts(rows: pd.DataFrame, name: str, other: str, present: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Mark where the flag `name` is 0 although `other` implies it."""
    return rows[name].eq(0) & present(rows[other])


def _is_present(flag: pd.Series) -> pd.Series:
    return flag.eq(1)


def _is_positive(number: pd.Series) -> pd.Series:
    return number > 0


def _is_known(values: pd.Series) -> pd.Series:
    return values.notna()


def _is_zero(number: pd.Series) -> pd.Series:
    return number.eq(0)


def _is_one_of(values: pd.Series, levels: Collection[str]) -> pd.Series:
    return values.isin(list(levels))


def _must_be_yes(name: str, other: str, when: str, present: Callable[[pd.Series], pd.Series] = _is_present) -> Rule:
    return Rule(
        name=f"{name}_by_{other}",
        columns=(name, other),
        text=f"must be 1 where {other} is {when}",
        broken=partial(_contradicts, name=name, other=other, present=present),
    )


def _contradicts_no(rows: pd.DataFrame, name: str, other: str, absent: Callable[[pd.Series], pd.Series]) -> pd.Series:
    return rows[name].eq(1) & absent(rows[other])


def _must_be_no(name: str, other: str, when: str, absent: Callable[[pd.Series], pd.Series]) -> Rule:
    return Rule(
        name=f"{name}_not_by_{other}",
        columns=(name, other),
        text=f"must be 0 where {other} is {when}",
        broken=partial(_contradicts_no, name=name, other=other, absent=absent),
    )


def _is_below(rows: pd.DataFrame, upper: str, lower: str, order: tuple[str, ...]) -> pd.Series:
    return compute_rank(rows[upper], order) > compute_rank(rows[lower], order)


def _has_too_many_levels(rows: pd.DataFrame) -> pd.Series:
    return rows["n_levels_planned"] > compute_n_segments(rows["upper_level"], rows["lower_level"])


def _is_cervical_only(rows: pd.DataFrame) -> pd.Series:
    """Mark a lumbar diagnosis alone where even the lowest level is in the neck."""
    marked = rows["diagnosis"].notna() & (compute_rank(rows["lower_level"], SEGMENTS) <= LAST_CERVICAL)
    return marked & rows["cervical_diagnosis"].isna() if "cervical_diagnosis" in rows else marked


def _is_lumbar_only(rows: pd.DataFrame) -> pd.Series:
    """Mark a cervical diagnosis alone where even the highest level is in the lumbar spine."""
    marked = rows["cervical_diagnosis"].notna() & (compute_rank(rows["upper_level"], SEGMENTS) >= FIRST_LUMBAR)
    return marked & rows["diagnosis"].isna() if "diagnosis" in rows else marked


def _breaks_pelvic_sum(rows: pd.DataFrame) -> pd.Series:
    """Pelvic incidence is the sum of tilt and slope by geometry (Legaye 1998, Eur Spine J 7:99)."""
    total = rows["pelvic_tilt_deg"] + rows["sacral_slope_deg"]
    return (rows["pelvic_incidence_deg"] - total).abs() > PELVIC_TOLERANCE_DEG


PATIENT = (
    _same_in_all_rows("sex"),
    _same_in_all_rows("birth_date"),
)

DISEASES = (
    _must_be_yes("previous_spine_surgery", "same_level_surgery", "1"),
    _must_be_yes("previous_spine_surgery", "previous_fusion", "1"),
    _must_be_yes("previous_spine_surgery", "n_previous_operations", "more than 0", _is_positive),
    _must_be_no("previous_spine_surgery", "n_previous_operations", "0", _is_zero),
    _must_be_yes("urgent_operation", "urgency", "urgent or emergency",
                 partial(_is_one_of, levels=("urgent", "emergency"))),
    _must_be_no("urgent_operation", "urgency", "elective", partial(_is_one_of, levels=("elective",))),
    _must_be_yes("sepsis_30d", "septic_shock_30d", "1"),
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
        text="must be at most the number of segments from upper_level to lower_level", broken=_has_too_many_levels,
    ),
    Rule(
        name="levels_of_lumbar_diagnosis", columns=("lower_level", "diagnosis"), further=("cervical_diagnosis",),
        text="must not be cervical where the diagnosis is lumbar alone", broken=_is_cervical_only,
    ),
    Rule(
        name="levels_of_cervical_diagnosis", columns=("upper_level", "cervical_diagnosis"), further=("diagnosis",),
        text="must not be lumbar where the diagnosis is cervical alone", broken=_is_lumbar_only,
    ),
    Rule(
        name="pelvic_sum", columns=("pelvic_incidence_deg", "pelvic_tilt_deg", "sacral_slope_deg"),
        text="must be pelvic_tilt_deg plus sacral_slope_deg, within 10 degrees", broken=_breaks_pelvic_sum,
    ),
    _must_be_yes("planned_fusion", "planned_procedure", "a fusion",
                 partial(_is_one_of, levels=("fusion", "decompression_fusion"))),
    _must_be_no("planned_fusion", "planned_procedure", "discectomy or decompression alone",
                partial(_is_one_of, levels=("discectomy", "decompression"))),
    _must_be_yes("planned_fusion", "planned_cervical_procedure", "a fusion",
                 partial(_is_one_of, levels=("anterior_fusion", "posterior_fusion"))),
    _must_be_yes("planned_fusion", "planned_fusion_technique", "given", _is_known),
    _must_be_yes("planned_fusion", "n_fused_levels_planned", "more than 0", _is_positive),
    _must_be_no("planned_fusion", "n_fused_levels_planned", "0", _is_zero),
)  # fmt: skip
