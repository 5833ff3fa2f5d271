"""Cross-field rules: each with rows that break it and rows at its edge that do not."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.column import Column
from schemas.columns import COLUMNS
from schemas.crossfield.dates import DAYS, ORDER
from schemas.crossfield.patient import DISEASES, PATIENT, PLAN
from schemas.derivations import DERIVATIONS
from schemas.fault import Fault
from schemas.rules import AGREEMENT, ENTRIES, RULES, find_broken_rules
from schemas.validation import DTYPES

Row = dict[str, object]


def make_frame(rows: list[Row]) -> pd.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in rows], dtype=DTYPES[COLUMNS[name].kind]) for name in names}
    )


def find(frame: pd.DataFrame, **own: Column) -> list[Fault]:
    return find_broken_rules(frame, {name: own.get(name, COLUMNS[name]) for name in frame})


def faulty_rows(rows: list[Row], rule: str) -> list[int]:
    found = [fault for fault in find(make_frame(rows)) if fault.rule == RULES[rule].text]
    found = [fault for fault in found if fault.column == RULES[rule].columns[0]]
    assert len(found) <= 1
    return found[0].positions.tolist() if found else []


def items(stem: str, count: int, ending: str, answers: list[float | None]) -> Row:
    return {f"{stem}_q{i + 1:02d}_{ending}": answers[i] for i in range(count)}


def parts_of_mjoa(*answers: float | None) -> Row:
    parts = ("ue_motor", "le_motor", "ue_sensory", "sphincter")
    return {f"mjoa_{part}_12m": answer for part, answer in zip(parts, answers, strict=True)}


CASES: dict[str, tuple[list[Row], list[Row]]] = {
    "birth_date_not_after_operation_date": (
        [{"birth_date": "1960-01-01", "operation_date": "2020-01-01"}],
        [{"birth_date": "2020-01-02", "operation_date": "2020-01-01"}],
    ),
    "admission_date_not_after_operation_date": (
        [{"admission_date": "2020-01-01 15:00", "operation_date": "2020-01-01"}],
        [{"admission_date": "2020-01-02", "operation_date": "2020-01-01"}],
    ),
    "baseline_date_not_after_operation_date": (
        [{"baseline_date": "2020-01-01", "operation_date": "2020-01-01"}],
        [{"baseline_date": "2020-01-02", "operation_date": "2020-01-01"}],
    ),
    "discharge_date_not_before_operation_date": (
        [{"discharge_date": "2020-01-01", "operation_date": "2020-01-01 10:00"}],
        [{"discharge_date": "2019-12-31", "operation_date": "2020-01-01"}],
    ),
    "discharge_date_not_before_admission_date": (
        [{"discharge_date": "2020-01-01", "admission_date": "2020-01-01"}],
        [{"discharge_date": "2019-12-31", "admission_date": "2020-01-01"}],
    ),
    "death_date_not_before_operation_date": (
        [{"death_date": "2020-01-01", "operation_date": "2020-01-01"}],
        [{"death_date": "2019-12-31", "operation_date": "2020-01-01"}],
    ),
    "death_date_not_before_discharge_date": (
        [{"death_date": "2020-01-01", "discharge_date": "2020-01-02"}],
        [{"death_date": "2020-01-01", "discharge_date": "2020-01-03"}],
    ),
    "last_seen_date_not_before_operation_date": (
        [{"last_seen_date": "2020-01-01", "operation_date": "2020-01-01"}],
        [{"last_seen_date": "2019-12-31", "operation_date": "2020-01-01"}],
    ),
    "last_seen_date_not_after_death_date": (
        [
            {"last_seen_date": "2020-01-02", "death_date": "2020-01-01"},
            {"last_seen_date": "2020-01-01", "death_date": "2020-01-01"},
            {"last_seen_date": "2024-01-01", "death_date": None},
        ],
        [{"last_seen_date": "2020-01-03", "death_date": "2020-01-01"}],
    ),
    "return_to_work_date_not_before_operation_date": (
        [{"return_to_work_date": "2020-02-01", "operation_date": "2020-01-01"}],
        [{"return_to_work_date": "2019-12-31", "operation_date": "2020-01-01"}],
    ),
    "age_of_dates": (
        [
            {"age": 60, "birth_date": "1960-06-01", "operation_date": "2020-01-01", "age_top_coded": 0},
            {"age": 58, "birth_date": "1960-06-01", "operation_date": "2020-01-01", "age_top_coded": 0},
            {"age": 59.6, "birth_date": "1960-06-01", "operation_date": "2020-01-01", "age_top_coded": None},
            {"age": 90, "birth_date": "1924-06-01", "operation_date": "2020-01-01", "age_top_coded": 1},
        ],
        [
            {"age": 61, "birth_date": "1960-06-01", "operation_date": "2020-01-01", "age_top_coded": 0},
            {"age": 57, "birth_date": "1960-06-01", "operation_date": "2020-01-01"},
            {"age": 90, "birth_date": "1924-06-01", "operation_date": "2020-01-01", "age_top_coded": 0},
            {"age": 90, "birth_date": "1950-06-01", "operation_date": "2020-01-01", "age_top_coded": 1},
        ],
    ),
    "reherniation_days_within_life": (
        [{"reherniation_days": 400, "death_days": 400}],
        [{"reherniation_days": 401, "death_days": 400}],
    ),
    "other_fusion_days_within_life": (
        [{"other_fusion_days": 400, "death_days": 400}],
        [{"other_fusion_days": 401, "death_days": 400}],
    ),
    "pneumonia_days_within_life": (
        [{"pneumonia_days": 9, "death_days": 9}, {"pneumonia_days": 9, "death_days": None}],
        [{"pneumonia_days": 10, "death_days": 9}],
    ),
    "pseudarthrosis_days_within_life": (
        [{"pseudarthrosis_days": 400, "death_days": 400}],
        [{"pseudarthrosis_days": 401, "death_days": 400}],
    ),
    "reoperation_days_within_life": (
        [{"reoperation_days": 4, "death_days": 400}],
        [{"reoperation_days": 401, "death_days": 400}],
    ),
    "return_to_work_days_within_life": (
        [{"return_to_work_days": 40, "death_days": 400}],
        [{"return_to_work_days": 401, "death_days": 400}],
    ),
    "follow_up_within_life": (
        [{"follow_up_days": 400, "death_days": 400}, {"follow_up_days": 900, "death_days": None}],
        [{"follow_up_days": 401, "death_days": 400}],
    ),
    "stay_within_life": (
        [{"length_of_stay_days": 6, "death_days": 5}],
        [{"length_of_stay_days": 7, "death_days": 5}],
    ),
    "early_death_by_days": (
        [{"death_30d": 1, "death_days": 30}, {"death_30d": 0, "death_days": 31}, {"death_30d": 1, "death_days": None}],
        [{"death_30d": 0, "death_days": 30}, {"death_30d": 1, "death_days": 31}],
    ),
    "early_death_by_destination": (
        [
            {"death_30d": 1, "discharge_destination": "died", "length_of_stay_days": 3},
            {"death_30d": 0, "discharge_destination": "died", "length_of_stay_days": 31},
            {"death_30d": 0, "discharge_destination": "home", "length_of_stay_days": 3},
        ],
        [{"death_30d": 0, "discharge_destination": "died", "length_of_stay_days": 30}],
    ),
    "reoperation_30d_by_reoperation_days": (
        [{"reoperation_30d": 1, "reoperation_days": 30}, {"reoperation_30d": 0, "reoperation_days": 31}],
        [{"reoperation_30d": 0, "reoperation_days": 30}],
    ),
    "readmission_30d_by_readmission_days": (
        [{"readmission_30d": 1, "readmission_days": None}, {"readmission_30d": 0, "readmission_days": 31}],
        [{"readmission_30d": 0, "readmission_days": 30}],
    ),
    "deep_ssi_30d_by_deep_ssi_days": (
        [
            {"deep_ssi_30d": 1, "deep_ssi_days": 12, "deep_ssi_patos": 0},
            {"deep_ssi_30d": 0, "deep_ssi_days": None},
            {"deep_ssi_30d": 0, "deep_ssi_days": 2, "deep_ssi_patos": 1},
        ],
        [{"deep_ssi_30d": 0, "deep_ssi_days": 12}],
    ),
    "readmission_after_discharge": (
        [{"readmission_30d": 1, "length_of_stay_days": 30}, {"readmission_30d": 0, "length_of_stay_days": 40}],
        [{"readmission_30d": 1, "length_of_stay_days": 31}],
    ),
    "readmission_of_the_living": (
        [
            {"readmission_30d": 1, "discharge_destination": "home"},
            {"readmission_30d": 0, "discharge_destination": "died"},
        ],
        [{"readmission_30d": 1, "discharge_destination": "died"}],
    ),
    "same_day_discharge_not_by_length_of_stay_days": (
        [
            {"same_day_discharge": 1, "length_of_stay_days": 0},
            {"same_day_discharge": 1, "length_of_stay_days": 0.6},
            {"same_day_discharge": 0, "length_of_stay_days": 5},
        ],
        [{"same_day_discharge": 1, "length_of_stay_days": 1}, {"same_day_discharge": 1, "length_of_stay_days": 2}],
    ),
    "death_of_who_died_in_hospital": (
        [
            {"discharge_destination": "died", "death_days": 6, "length_of_stay_days": 5},
            {"discharge_destination": "home", "death_days": 60, "length_of_stay_days": 5},
        ],
        [{"discharge_destination": "died", "death_days": 7, "length_of_stay_days": 5}],
    ),
    "follow_up_of_who_died_in_hospital": (
        [
            {"discharge_destination": "died", "follow_up_days": 6, "length_of_stay_days": 5},
            {"discharge_destination": "home", "follow_up_days": 900, "length_of_stay_days": 5},
        ],
        [{"discharge_destination": "died", "follow_up_days": 7, "length_of_stay_days": 5}],
    ),
    "reoperation_30d_not_by_reoperation_days": (
        [{"reoperation_30d": 1, "reoperation_days": 30}, {"reoperation_30d": 0, "reoperation_days": 31}],
        [{"reoperation_30d": 1, "reoperation_days": 31}],
    ),
    **{
        f"{stem}_90d_by_{stem}_30d": (
            [{f"{stem}_90d": 1, f"{stem}_30d": 1}, {f"{stem}_90d": 1, f"{stem}_30d": 0}, {f"{stem}_90d": 0}],
            [{f"{stem}_90d": 0, f"{stem}_30d": 1}],
        )
        for stem in ("death", "readmission", "reoperation")
    },
    "return_to_work_by_return_to_work_days": (
        [{"return_to_work": 1, "return_to_work_days": 40}, {"return_to_work": 0, "return_to_work_days": None}],
        [{"return_to_work": 0, "return_to_work_days": 40}, {"return_to_work": 0, "return_to_work_days": 0}],
    ),
    "sex_of_one_patient": (
        [{"patient": "a", "sex": "male"}, {"patient": "a", "sex": None}, {"patient": None, "sex": "female"}],
        [{"patient": "b", "sex": "male"}, {"patient": "b", "sex": "female"}, {"patient": "b", "sex": "male"}],
    ),
    "birth_date_of_one_patient": (
        [{"patient": "a", "birth_date": "1960-01-01"}, {"patient": "a", "birth_date": "1960-01-01"}],
        [{"patient": "b", "birth_date": "1960-01-01"}, {"patient": "b", "birth_date": "1960-01-10"}],
    ),
    "previous_spine_surgery_by_same_level_surgery": (
        [
            {"previous_spine_surgery": 1, "same_level_surgery": 1},
            {"previous_spine_surgery": 0, "same_level_surgery": 0},
        ],
        [{"previous_spine_surgery": 0, "same_level_surgery": 1}],
    ),
    "previous_spine_surgery_by_previous_fusion": (
        [{"previous_spine_surgery": 1, "previous_fusion": 0}],
        [{"previous_spine_surgery": 0, "previous_fusion": 1}],
    ),
    "previous_spine_surgery_by_n_previous_operations": (
        [{"previous_spine_surgery": 1, "n_previous_operations": 2}],
        [{"previous_spine_surgery": 0, "n_previous_operations": 1}],
    ),
    "previous_spine_surgery_not_by_n_previous_operations": (
        [{"previous_spine_surgery": 0, "n_previous_operations": 0}],
        [{"previous_spine_surgery": 1, "n_previous_operations": 0}],
    ),
    "previous_spine_surgery_by_revision": (
        [{"previous_spine_surgery": 1, "revision": 1}, {"previous_spine_surgery": 1, "revision": 0}],
        [{"previous_spine_surgery": 0, "revision": 1}],
    ),
    "diabetes_by_diabetes_treatment": (
        [
            {"diabetes": 1, "diabetes_treatment": "oral"},
            {"diabetes": 0, "diabetes_treatment": "no_diabetes"},
            {"diabetes": 1, "diabetes_treatment": "no_diabetes"},  # on diet alone
        ],
        [{"diabetes": 0, "diabetes_treatment": "insulin"}, {"diabetes": 0, "diabetes_treatment": "oral"}],
    ),
    "urgent_operation_by_urgency": (
        [{"urgent_operation": 1, "urgency": "urgent"}, {"urgent_operation": 0, "urgency": "elective"}],
        [{"urgent_operation": 0, "urgency": "urgent"}, {"urgent_operation": 0, "urgency": "emergency"}],
    ),
    "urgent_operation_not_by_urgency": (
        [{"urgent_operation": 1, "urgency": "emergency"}],
        [{"urgent_operation": 1, "urgency": "elective"}],
    ),
    "sepsis_30d_by_septic_shock_30d": (
        [{"sepsis_30d": 1, "septic_shock_30d": 0}],
        [{"sepsis_30d": 0, "septic_shock_30d": 1}],
    ),
    "upper_level_above_lower": (
        [{"upper_level": "l4_5", "lower_level": "l4_5"}, {"upper_level": "c7_t1", "lower_level": "t1_2"}],
        [{"upper_level": "l5_s1", "lower_level": "l4_5"}, {"upper_level": "t10_11", "lower_level": "t9_10"}],
    ),
    "upper_vertebra_above_lower": (
        [{"upper_vertebra": "t10", "lower_vertebra": "ilium"}],
        [{"upper_vertebra": "s1", "lower_vertebra": "l5"}],
    ),
    "levels_within_span": (
        [
            {"n_levels_planned": 2, "upper_level": "l4_5", "lower_level": "l5_s1"},
            {"n_levels_planned": 2, "upper_level": "l3_4", "lower_level": "l5_s1"},
            {"n_levels_planned": 3, "upper_level": "l4_5", "lower_level": "l5_s1"},  # laminae
        ],
        [{"n_levels_planned": 4, "upper_level": "l4_5", "lower_level": "l5_s1"}],
    ),
    "levels_of_lumbar_diagnosis": (
        [
            {"diagnosis": "stenosis", "lower_level": "t1_2", "cervical_diagnosis": None},
            {"diagnosis": "stenosis", "lower_level": "c5_6", "cervical_diagnosis": "myelopathy"},
        ],
        [{"diagnosis": "stenosis", "lower_level": "c7_t1", "cervical_diagnosis": None}],
    ),
    "levels_of_cervical_diagnosis": (
        [
            {"cervical_diagnosis": "myelopathy", "upper_level": "t11_12"},
            {"cervical_diagnosis": None, "upper_level": "l4_5"},
        ],
        [{"cervical_diagnosis": "myelopathy", "upper_level": "t12_l1"}],
    ),
    "levels_of_lumbar_procedure": (
        [
            {"planned_procedure": "fusion", "lower_level": "t1_2", "planned_cervical_procedure": None},
            {"planned_procedure": "fusion", "lower_level": "c5_6", "planned_cervical_procedure": "laminectomy"},
            {"planned_procedure": None, "lower_level": "c5_6", "planned_cervical_procedure": None},
        ],
        [{"planned_procedure": "discectomy", "lower_level": "c7_t1", "planned_cervical_procedure": None}],
    ),
    "levels_of_cervical_procedure": (
        [
            {"planned_cervical_procedure": "laminectomy", "upper_level": "t11_12"},
            {"planned_cervical_procedure": "laminectomy", "upper_level": "c6_7"},
            {"planned_cervical_procedure": None, "upper_level": "l4_5"},
        ],
        [
            {"planned_cervical_procedure": "anterior_fusion", "upper_level": "t12_l1"},
            {"planned_cervical_procedure": "anterior_fusion", "upper_level": "l5_s1"},
        ],
    ),
    "meyerding_by_slip": (
        [
            {"meyerding_grade": 0, "slip_percent": 10},
            {"meyerding_grade": 1, "slip_percent": 0},
            {"meyerding_grade": 1, "slip_percent": 35},
            {"meyerding_grade": 2, "slip_percent": 15},
            {"meyerding_grade": 4, "slip_percent": 110},
            {"meyerding_grade": 5, "slip_percent": 150},
            {"meyerding_grade": 1.5, "slip_percent": 90},
        ],
        [
            {"meyerding_grade": 0, "slip_percent": 11},
            {"meyerding_grade": 1, "slip_percent": 36},
            {"meyerding_grade": 2, "slip_percent": 14},
            {"meyerding_grade": 3, "slip_percent": 20},
            {"meyerding_grade": 4, "slip_percent": 111},
            {"meyerding_grade": 5, "slip_percent": 89},
        ],
    ),
    "pelvic_sum": (
        [{"pelvic_incidence_deg": 60, "pelvic_tilt_deg": 20, "sacral_slope_deg": 30}],
        [{"pelvic_incidence_deg": 61, "pelvic_tilt_deg": 20, "sacral_slope_deg": 30}],
    ),
    "planned_fusion_by_planned_procedure": (
        [
            {"planned_fusion": 1, "planned_procedure": "fusion"},
            {"planned_fusion": 0, "planned_procedure": "discectomy"},
        ],
        [{"planned_fusion": 0, "planned_procedure": "decompression_fusion"}],
    ),
    "planned_fusion_not_by_planned_procedure": (
        [{"planned_fusion": 0, "planned_procedure": "decompression"}],
        [{"planned_fusion": 1, "planned_procedure": "discectomy"}],
    ),
    "planned_fusion_by_planned_cervical_procedure": (
        [
            {"planned_fusion": 1, "planned_cervical_procedure": "anterior_fusion"},
            {"planned_fusion": 0, "planned_cervical_procedure": "laminoplasty"},
        ],
        [{"planned_fusion": 0, "planned_cervical_procedure": "posterior_fusion"}],
    ),
    "planned_fusion_by_planned_fusion_technique": (
        [
            {"planned_fusion": 1, "planned_fusion_technique": "tlif"},
            {"planned_fusion": 0, "planned_fusion_technique": None},
        ],
        [{"planned_fusion": 0, "planned_fusion_technique": "tlif"}],
    ),
    "planned_fusion_by_n_fused_levels_planned": (
        [{"planned_fusion": 1, "n_fused_levels_planned": 2}],
        [{"planned_fusion": 0, "n_fused_levels_planned": 1}],
    ),
    "planned_fusion_not_by_n_fused_levels_planned": (
        [{"planned_fusion": 0, "n_fused_levels_planned": 0}],
        [{"planned_fusion": 1, "n_fused_levels_planned": 0}],
    ),
    "year_as_derived": (
        [{"year": 2020, "operation_date": "2020-12-31"}],
        [{"year": 2021, "operation_date": "2020-12-31"}],
    ),
    "bmi_as_derived": (
        [
            {"bmi": 26, "weight_kg": 81, "height_cm": 180},
            {"bmi": 48.6, "weight_kg": 128, "height_cm": 160},  # 50.0: 3 percent are more than 1
        ],
        [
            {"bmi": 26.2, "weight_kg": 81, "height_cm": 180},
            {"bmi": 48.4, "weight_kg": 82, "height_cm": 180},
            {"bmi": 25, "weight_kg": 180, "height_cm": 81},
        ],
    ),
    "admission_to_operation_days_as_derived": (
        [{"admission_to_operation_days": 2, "admission_date": "2020-01-01", "operation_date": "2020-01-02"}],
        [{"admission_to_operation_days": 3, "admission_date": "2020-01-01", "operation_date": "2020-01-02"}],
    ),
    "length_of_stay_days_as_derived": (
        [
            {"length_of_stay_days": 3, "operation_date": "2020-01-01", "discharge_date": "2020-01-05"},
            {"length_of_stay_days": 5, "operation_date": "2020-01-01", "discharge_date": "2020-01-05"},
        ],
        [{"length_of_stay_days": 2, "operation_date": "2020-01-01", "discharge_date": "2020-01-05"}],
    ),
    "total_stay_days_as_derived": (
        [{"total_stay_days": 4, "admission_date": "2020-01-01", "discharge_date": "2020-01-05"}],
        [{"total_stay_days": 6, "admission_date": "2020-01-01", "discharge_date": "2020-01-05"}],
    ),
    "facet_orientation_deg_as_derived": (
        [{"facet_orientation_deg": 45.5, "facet_orientation_left_deg": 40, "facet_orientation_right_deg": 50}],
        [{"facet_orientation_deg": 47, "facet_orientation_left_deg": 40, "facet_orientation_right_deg": 50}],
    ),
    "facet_tropism_deg_as_derived": (
        [{"facet_tropism_deg": 10, "facet_orientation_left_deg": 40, "facet_orientation_right_deg": 50}],
        [{"facet_tropism_deg": 0, "facet_orientation_left_deg": 40, "facet_orientation_right_deg": 50}],
    ),
    "pi_ll_mismatch_deg_as_derived": (
        [{"pi_ll_mismatch_deg": 12, "pelvic_incidence_deg": 50, "lumbar_lordosis_deg": 40}],
        [
            {"pi_ll_mismatch_deg": 12.5, "pelvic_incidence_deg": 50, "lumbar_lordosis_deg": 40},
            {"pi_ll_mismatch_deg": -10, "pelvic_incidence_deg": 50, "lumbar_lordosis_deg": 40},
        ],
    ),
    "surgical_site_infection_30d_as_derived": (
        [{"surgical_site_infection_30d": 0, "superficial_ssi_30d": 0, "deep_ssi_30d": None, "organ_space_ssi_30d": 0}],
        [
            {"surgical_site_infection_30d": 0, "superficial_ssi_30d": 0, "deep_ssi_30d": 1},
            {"surgical_site_infection_30d": 1, "superficial_ssi_30d": 0, "deep_ssi_30d": 0, "organ_space_ssi_30d": 0},
        ],
    ),
    "venous_thromboembolism_30d_as_derived": (
        [{"venous_thromboembolism_30d": 1, "deep_vein_thrombosis_30d": 1, "pulmonary_embolism_30d": 0}],
        [{"venous_thromboembolism_30d": 0, "deep_vein_thrombosis_30d": 0, "pulmonary_embolism_30d": 1}],
    ),
    "death_days_as_derived": (
        [{"death_days": 4, "operation_date": "2020-01-01", "death_date": "2020-01-05"}],
        [{"death_days": 40, "operation_date": "2020-01-01", "death_date": "2020-01-05"}],
    ),
    "follow_up_days_as_derived": (
        [{"follow_up_days": 366, "operation_date": "2020-01-01", "last_seen_date": "2021-01-01"}],
        [{"follow_up_days": 12, "operation_date": "2020-01-01", "last_seen_date": "2021-01-01"}],
    ),
    "mjoa_12m_as_derived": (
        [
            {"mjoa_12m": 14, **parts_of_mjoa(4, 5, 2, 3)},
            {"mjoa_12m": 14, **parts_of_mjoa(4, 5, 2, None)},
        ],
        [{"mjoa_12m": 15, **parts_of_mjoa(4, 5, 2, 3)}],
    ),
    "odi_0_as_derived": (
        [
            {"odi_0": 40, **items("odi", 10, "0", [2.0] * 10)},
            {"odi_0": 44, **items("odi", 10, "0", [2.0] * 9 + [None] ), "odi_q01_0": 4.0},  # 20 of 45
            {"odi_0": 90, **items("odi", 10, "0", [2.0] * 8 + [None] * 2)},
            {"odi_0": 36, **items("odi", 10, "0", [2.0] * 9 + [None])},  # 18 of 50
        ],
        [
            {"odi_0": 20, **items("odi", 10, "0", [2.0] * 10)},
            {"odi_0": 36, **items("odi", 10, "0", [2.0] * 10)},
        ],
    ),
    "ndi_24m_as_derived": (
        [{"ndi_24m": 41, **items("ndi", 10, "24m", [2.0] * 10)}],
        [{"ndi_24m": 20, **items("ndi", 10, "24m", [2.0] * 10)}],
    ),
    "srs22r_total_0_as_derived": (
        [
            {"srs22r_total_0": 3.7, **items("srs22r", 22, "0", [4.0] * 20 + [1.0, 1.0])},
            # the mean of the five scales' means: (4 + 4 + 4 + 4 + 1) / 5
            {"srs22r_total_0": 3.4, **items("srs22r", 22, "0", [4.0] * 20 + [1.0, 1.0])},
            {"srs22r_total_0": 3.3, **items("srs22r", 22, "0", [4.0] * 20 + [1.0, 1.0])},
        ],
        [
            {"srs22r_total_0": 3.29, **items("srs22r", 22, "0", [4.0] * 20 + [1.0, 1.0])},
            {"srs22r_total_0": 3.55, **items("srs22r", 22, "0", [4.0] * 20 + [1.0, 1.0])},
            {"srs22r_total_0": 4, **items("srs22r", 22, "0", [4.0] * 20 + [1.0, 1.0])},
            {"srs22r_total_0": 82, **items("srs22r", 22, "0", [4.0] * 20 + [1.0, 1.0])},
        ],
    ),
    "comi_neck_0_as_derived": (
        [
            {
                "comi_neck_0": 6.1, "comi_item_axial_pain_0": 3, "comi_item_limb_pain_0": 8, "comi_item_function_0": 3,
                "comi_item_wellbeing_0": 5, "comi_item_qol_0": 2, "comi_item_social_0": 1, "comi_item_work_0": 5,
            },
            {
                # the items are those of the back
                "comi_neck_0": 5.1, "comi_back_0": 6.1, "comi_item_axial_pain_0": 3, "comi_item_limb_pain_0": 8,
                "comi_item_function_0": 3, "comi_item_wellbeing_0": 5, "comi_item_qol_0": 2, "comi_item_social_0": 1,
                "comi_item_work_0": 5,
            },
        ],
        [
            {
                "comi_neck_0": 5.1, "comi_item_axial_pain_0": 3, "comi_item_limb_pain_0": 8, "comi_item_function_0": 3,
                "comi_item_wellbeing_0": 5, "comi_item_qol_0": 2, "comi_item_social_0": 1, "comi_item_work_0": 5,
            }
        ],
    ),
    "nrs_leg_0_in_one_unit": (
        [{"nrs_leg_0": 10}, {"nrs_leg_0": 0}, {"nrs_leg_0": 999}, {"nrs_leg_0": -1}],
        [{"nrs_leg_0": 63}, {"nrs_leg_0": 10.5}, {"nrs_leg_0": 100}],
    ),
    "odi_12m_in_percent": (
        [{"odi_12m": 0}, {"odi_12m": 1}, {"odi_12m": 2.2}],
        [{"odi_12m": 0.42}],
    ),
    "mjoa_0_of_benzel": (
        [{"mjoa_0": 14, "mjoa_variant": "benzel18"}, {"mjoa_0": 14, "mjoa_variant": None}, {"mjoa_variant": "jpn17"}],
        [{"mjoa_0": 14, "mjoa_variant": "jpn17"}, {"mjoa_0": 2, "mjoa_variant": "other"}],
    ),
    "mjoa_sphincter_3m_of_benzel": (
        [{"mjoa_sphincter_3m": 3, "mjoa_variant": "benzel18"}],
        [{"mjoa_sphincter_3m": 3, "mjoa_variant": "jpn17"}],
    ),
    "eq5d_mobility_12m_of_three_levels": (
        [
            {"eq5d_mobility_12m": 3, "eq5d_version": "3l"},
            {"eq5d_mobility_12m": 5, "eq5d_version": "5l"},
            {"eq5d_mobility_12m": 5, "eq5d_version": None},
        ],
        [{"eq5d_mobility_12m": 4, "eq5d_version": "3l"}],
    ),
    "eq5d_anxiety_0_of_three_levels": (
        [{"eq5d_anxiety_0": 1, "eq5d_version": "3l"}],
        [{"eq5d_anxiety_0": 5, "eq5d_version": "3l"}],
    ),
    "ndi_24m_in_life": (
        [{"ndi_24m": 30, "death_days": 600}, {"ndi_24m": 30, "death_days": None}, {"ndi_24m": None, "death_days": 2}],
        [{"ndi_24m": 30, "death_days": 599}],
    ),
    "odi_12m_in_life": (
        [
            {"odi_12m": 30, "death_days": 270},
            {"odi_12m": 30, "death_days": 260, "visit_days_12m": 255},
            {"odi_12m": 30, "death_days": 400, "visit_days_12m": 400},
            {"odi_12m": None, "death_days": 2, "visit_days_12m": 400},
        ],
        [
            {"odi_12m": 30, "death_days": 269, "visit_days_12m": None},
            {"odi_12m": 30, "death_days": 399, "visit_days_12m": 400},
        ],
    ),
}  # fmt: skip
"""By rule: rows that keep it, most of them only just, and rows that break it."""


@pytest.mark.parametrize("rule", CASES)
def test_rule_finds_the_rows_that_break_it_and_no_others(rule: str) -> None:
    good, bad = CASES[rule]
    assert faulty_rows([*good, *bad], rule) == list(range(len(good), len(good) + len(bad)))


@pytest.mark.parametrize("rule", CASES)
def test_nothing_unknown_breaks_a_rule(rule: str) -> None:
    good, bad = CASES[rule]
    for name in RULES[rule].columns:
        # a patient's other row, an item among others or a second kind of event may well be unknown
        if len(RULES[rule].columns) > 4 or name == "patient" or rule.endswith("_30d_as_derived"):
            continue
        assert faulty_rows([{**row, name: None} for row in [*good, *bad]], rule) == []


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_with_an_absent_column_does_not_apply(rule: str) -> None:
    good, bad = CASES[rule]
    frame = make_frame([*good, *bad])
    for name in RULES[rule].columns:
        left = [fault for fault in find(frame.drop(columns=name)) if fault.rule == RULES[rule].text]
        assert not [fault for fault in left if fault.column == RULES[rule].columns[0]]


def test_every_single_rule_has_its_cases() -> None:
    single = {rule.name for rule in (*PATIENT, *ORDER, *DISEASES, *PLAN)}
    single |= {rule.name for rule in DAYS if not re.search(r"_30d_by_|days_within_life", rule.name)}
    single |= {rule.name for rule in AGREEMENT if not re.search(r"_(0|6w|\d+m)_as_derived", rule.name)}
    assert single <= set(CASES)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_order_of_rows_changes_nothing(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(sorted(CASES)))
    good, bad = CASES[rule]
    order = data.draw(st.permutations(range(len(good) + len(bad))))
    rows = [*good, *bad]
    assert [order[i] for i in faulty_rows([rows[i] for i in order], rule)] == [i for i in order if i >= len(good)]


def test_a_whole_column_in_mm_is_left_to_the_range() -> None:
    assert faulty_rows([{"nrs_leg_0": 63}, {"nrs_leg_0": 27}], "nrs_leg_0_in_one_unit") == []


def draw_pain(n: int, low: float, high: float, seed: int = 0) -> list[float]:
    return np.random.default_rng(seed).uniform(low, high, n).round().tolist()


def rows_of(column: str, name: str, groups: dict[object, list[float]]) -> list[Row]:
    return [{column: group, name: value} for group, values in groups.items() for value in values]


@pytest.mark.parametrize(
    ("column", "in_cm", "in_mm"),
    [("site", "a", "b"), ("year", 2015, 2016), ("operation_date", "2015-12-31", "2016-01-01")],
)
@pytest.mark.parametrize("name", ["vas_back_0", "vas_leg_12m", "vas_numbness_0"])
def test_a_site_or_year_in_cm_among_others_in_mm_is_at_fault(
    name: str, column: str, in_cm: object, in_mm: object
) -> None:
    groups = {in_cm: draw_pain(60, 5, 8), in_mm: draw_pain(40, 50, 89)}
    assert faulty_rows(rows_of(column, name, groups), f"{name}_in_one_unit") == list(range(60))


def test_most_sites_may_be_in_cm() -> None:
    groups: dict[object, list[float]] = {
        "a": draw_pain(100, 3, 10), "b": draw_pain(100, 2, 9), "c": draw_pain(30, 40, 90), None: [7.0] * 5,
    }  # fmt: skip
    found = faulty_rows(
        [*rows_of("site", "vas_back_0", groups), {"site": "a", "vas_back_0": 999}], "vas_back_0_in_one_unit"
    )
    assert found == list(range(200))


def test_a_slip_at_a_site_in_cm_is_at_fault_with_it() -> None:
    groups: dict[object, list[float]] = {"a": [*draw_pain(39, 4, 9), 61.0], "b": draw_pain(40, 40, 90)}
    assert faulty_rows(rows_of("site", "vas_back_0", groups), "vas_back_0_in_one_unit") == list(range(40))


@pytest.mark.parametrize(
    "groups",
    [
        pytest.param({"a": draw_pain(19, 5, 8), "b": draw_pain(40, 50, 89)}, id="too few to tell"),
        pytest.param({"a": draw_pain(60, 5, 8), "b": draw_pain(40, 3, 9)}, id="all in cm"),
        pytest.param({"a": draw_pain(60, 50, 80), "b": draw_pain(40, 20, 95)}, id="all in mm"),
        pytest.param({"a": [0.0] * 40 + [3.0, 5.0, 8.0] * 10, "b": draw_pain(40, 50, 89)}, id="no pain of that kind"),
        pytest.param({"a": [8.0] * 36 + [40.0, 20.0, 60.0], "b": draw_pain(40, 50, 89)}, id="some above 10"),
        pytest.param({"a": draw_pain(60, 3, 9), "b": draw_pain(60, 5, 45)}, id="all without much pain"),
        pytest.param({None: draw_pain(60, 5, 8), "b": draw_pain(40, 50, 89)}, id="site unknown"),
    ],
)
def test_honest_answers_in_mm_are_no_fault(groups: dict[object, list[float]]) -> None:
    assert faulty_rows(rows_of("site", "vas_leg_0", groups), "vas_leg_0_in_one_unit") == []


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(2, 30), st.floats(2, 30))
def test_low_pain_after_the_operation_is_never_taken_for_cm(seed: int, mean: float, other: float) -> None:
    """Pain after an operation falls off from 0; a good and a bad site differ in its mean."""
    rng = np.random.default_rng(seed)
    site = rng.choice(["a", "b"], 200)
    values = rng.exponential(np.where(site == "a", mean, other)).clip(0, 100).round()
    rows = [{"site": one, "vas_leg_12m": value} for one, value in zip(site, values, strict=True)]
    assert faulty_rows(rows, "vas_leg_12m_in_one_unit") == []


def test_without_site_and_year_nothing_tells_cm_from_mm() -> None:
    rows: list[Row] = [{"vas_back_0": value} for value in [*draw_pain(60, 5, 8), *draw_pain(40, 50, 89)]]
    assert faulty_rows(rows, "vas_back_0_in_one_unit") == []


def test_a_site_of_the_registry_s_own_kind_is_not_looked_at() -> None:
    frame = make_frame(rows_of("site", "vas_back_0", {"a": draw_pain(60, 5, 8), "b": draw_pain(40, 50, 89)}))
    own = Column(name="site", kind="category", known_at="preop", text="Own.", levels=("a", "b"))
    assert [fault.column for fault in find(frame)] == ["vas_back_0"]
    assert find(frame, site=own) == []


def test_the_end_of_the_data_for_all_is_no_fault_of_dates_and_of_who_died_in_hospital() -> None:
    seen: list[Row] = [{"last_seen_date": "2024-12-31", "death_date": f"2020-01-0{day}"} for day in (1, 2, 3)]
    assert faulty_rows(seen, "last_seen_date_not_after_death_date") == []
    followed: list[Row] = [
        {"discharge_destination": "died", "follow_up_days": 900, "length_of_stay_days": days} for days in (1, 2, 3)
    ]
    assert faulty_rows(followed, "follow_up_of_who_died_in_hospital") == []


def test_the_end_of_the_data_for_all_is_no_fault() -> None:
    """Where most of the dead are followed beyond death the registry writes the end of its data."""
    dead = [{"follow_up_days": 900, "death_days": days} for days in (100, 200, 300)]
    assert faulty_rows(dead, "follow_up_within_life") == []
    alive_until = [{"follow_up_days": days, "death_days": days} for days in (100, 200, 300)]
    assert faulty_rows([*alive_until, dead[0]], "follow_up_within_life") == [3]


def test_a_fault_names_the_checked_column_and_no_value() -> None:
    (fault,) = find(make_frame([{"bmi": 61.25, "weight_kg": 81, "height_cm": 180}]))
    assert fault.column == "bmi"
    assert fault.rule == "must agree with weight_kg, height_cm, within 1 or 3 percent, whichever is more"
    assert fault.table == "operations"
    assert "61" not in repr(fault)


def test_faults_are_those_of_a_sound_table_never() -> None:
    rows: list[Row] = [
        {
            "patient": "a", "birth_date": "1960-06-01", "operation_date": "2020-01-02", "admission_date": "2020-01-01",
            "discharge_date": "2020-01-05", "age": 59, "sex": "female", "bmi": 25, "weight_kg": 81, "height_cm": 180,
            "length_of_stay_days": 3, "death_30d": 0, "readmission_30d": 1, "nrs_leg_0": 8, "odi_0": 44,
        },
        {"patient": "a"},
        {"patient": None, "sex": "male"},
    ]  # fmt: skip
    assert find(make_frame(rows)) == []


def test_no_rows_break_no_rule() -> None:
    assert find(make_frame([{"bmi": 25, "weight_kg": 81, "height_cm": 180}]).iloc[:0]) == []


def test_a_column_of_the_registry_s_own_is_not_judged_by_the_dictionary_s_rules() -> None:
    own = Column(name="bmi", kind="number", known_at="preop", text="Own.", unit="percentile", hard=(0, 100))
    assert find(make_frame([{"bmi": 99, "weight_kg": 81, "height_cm": 180}]), bmi=own) == []


def test_many_faulty_rows_are_all_found() -> None:
    n = 3000
    frame = pd.DataFrame({"bmi": np.full(n, 40.0), "weight_kg": np.full(n, 81.0), "height_cm": np.full(n, 180.0)})
    (fault,) = find(frame)
    assert fault.positions.tolist() == list(range(n))


@pytest.mark.parametrize("rule", ENTRIES, ids=[rule.name for rule in ENTRIES])
def test_entry_is_whole(rule: object) -> None:
    assert rule.text.startswith("must ")  # type: ignore[attr-defined]
    assert not re.search(r"\bmust\b.*\bmust\b", rule.text)  # type: ignore[attr-defined]
    assert set(rule.columns) | set(rule.further) <= set(COLUMNS)  # type: ignore[attr-defined]


def test_names_are_unique_and_agreement_comes_from_the_derivations() -> None:
    assert len(RULES) == len(ENTRIES)
    binding = {f"{entry.name}_as_derived" for entry in DERIVATIONS.values() if entry.binding}
    assert {rule.name for rule in AGREEMENT} == binding
