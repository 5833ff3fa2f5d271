"""Units of a file: against published conversions and whole worked values, never against the table itself."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.columns import COLUMNS
from schemas.units import OFFSETS, UNITS, convert_unit, known_units


@pytest.mark.parametrize(
    ("number", "unit", "wanted", "expected"),
    [
        (70, "inches", "cm", 177.8),
        (5.5, "feet", "cm", 167.64),
        (180, "pounds", "kg", 81.6466),
        (12, "stones", "kg", 76.2035),
        (63, "mm_of_100", "points_of_10", 6.3),
        (6.3, "cm_of_10", "mm_of_100", 63),
        (21, "points_of_50", "percent", 42),
        (0.42, "fraction", "percent", 42),
        (77, "points_of_110", "points_of_5", 3.5),
        (6, "weeks", "days", 42),
        (2, "years", "months", 24),
        (10, "days", "weeks", 10 / 7),
        (90, "seconds", "minutes", 1.5),
        (1.2, "l", "mL", 1200),
        (38, "g/l", "g/dl", 3.8),
        # 1 mg/dl of creatinine is 88.4 umol/l, of bilirubin 17.1 umol/l; 7 mmol/l of urea are 19.6 mg/dl of nitrogen
        (88.4, "umol/l creatinine", "mg/dl", 1),
        (0.1768, "mmol/l creatinine", "mg/dl", 2),
        (34.2, "umol/l bilirubin", "mg/dl", 2),
        (7, "mmol/l urea", "mg/dl", 19.6),
        (0.41, "fraction", "percent", 41),
        (8.7, "mmol/l haemoglobin", "g/dl", 14.02),
        (140, "meq/l", "mmol/l", 140),
        (250, "1e9/l", "1e3/ul", 250),
        (250000, "per_ul", "1e3/ul", 250),
        (0.5, "ukat/l", "U/l", 30),
        (1.5, "mg/dl", "mg/l", 15),
    ],
)
def test_units_against_worked_values(number: float, unit: str, wanted: str, expected: float) -> None:
    assert convert_unit(float(number), unit, wanted) == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize(("ifcc", "ngsp"), [(31, 5.0), (42, 6.0), (48, 6.5), (53, 7.0), (64, 8.0), (86, 10.0)])
def test_hba1c_against_the_published_pairs(ifcc: float, ngsp: float) -> None:
    """Pairs of the consensus statement on the reporting of HbA1c (2007), rounded to one decimal."""
    assert convert_unit(float(ifcc), "mmol/mol hba1c", "percent") == pytest.approx(ngsp, abs=0.051)


def test_a_series_is_converted_and_unknown_stays_unknown() -> None:
    made = convert_unit(pd.Series([48.0, None]), "mmol/mol hba1c", "percent")
    assert made.round(1).iloc[0] == 6.5
    assert made.isna().tolist() == [False, True]


@given(st.sampled_from(sorted(UNITS)), st.floats(0, 1000), st.floats(0.001, 1000))
def test_more_in_the_file_is_more_in_the_dictionary(pair: tuple[str, str], number: float, more: float) -> None:
    assert convert_unit(number + more, *pair) > convert_unit(number, *pair)


def test_only_affine_scales_have_an_offset() -> None:
    assert set(OFFSETS) == {("mmol/mol hba1c", "percent")}
    assert all(factor > 0 for factor in UNITS.values())
    assert all(given != wanted for given, wanted in UNITS)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("height_cm", "inches"),
        ("weight_kg", "stones"),
        ("albumin_g_dl", "g/l"),
        ("creatinine_mg_dl", "umol/l creatinine"),
        ("bilirubin_mg_dl", "umol/l bilirubin"),
        ("bun_mg_dl", "mmol/l urea"),
        ("hba1c_percent", "mmol/mol hba1c"),
        ("haematocrit_percent", "fraction"),
        ("haemoglobin_g_dl", "g/l"),
        ("sodium_mmol_l", "meq/l"),
        ("platelets_1e3_ul", "1e9/l"),
        ("wbc_1e3_ul", "per_ul"),
        ("sgot_u_l", "ukat/l"),
        ("crp_mg_l", "mg/dl"),
        ("ndi_0", "points_of_50"),
        ("odi_0", "fraction"),
        ("nrs_leg_0", "mm_of_100"),
        ("vas_leg_0", "cm_of_10"),
        ("srs22r_total_0", "points_of_110"),
        ("symptom_duration_months", "weeks"),
        ("follow_up_days", "years"),
        ("operative_minutes", "hours"),
        ("blood_loss_ml", "l"),
        ("sva_mm", "cm"),
        ("canal_area_mm2", "cm2"),
    ],
)
def test_a_column_of_the_dictionary_can_be_held_in_the_unit(name: str, unit: str) -> None:
    assert unit in known_units(COLUMNS[name].unit)


def test_the_target_of_every_unit_is_the_unit_of_a_column_or_stated_as_general() -> None:
    general = {"points", "g/l", "years", "ng/ml"}
    used = {column.unit for column in COLUMNS.values()}
    assert {wanted for _, wanted in UNITS} - used <= general
