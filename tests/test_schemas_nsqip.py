"""Participant use files of the ACS NSQIP: each trap of the format by name, against files whose truth is known.

The files are drawn here: facts first, then the texts that a file of that year would have for them. No row is real.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from schemas.definition import BUILT_IN, read_definition
from schemas.errors import DataError
from schemas.nsqip import prepare
from schemas.participant_file.labels import CATEGORIES, COMPLICATIONS, FLAGS, NUMBERS, TEXTS
from schemas.participant_file.procedures import FAMILIES
from schemas.participant_file.texts import UNKNOWN_LABEL
from schemas.raw import as_raw
from schemas.registry import Registry, read_registry
from schemas.sources import SOURCES

YEARS = (2014, 2018, 2021, 2022)
N = 600
DEFINITION = read_definition("nsqip")
each_year = pytest.mark.parametrize("year", YEARS)

# name of the event, header, label until 2021, label in 2022, "present at the time of surgery"
EVENTS = (
    ("superficial_ssi", "SUPINFEC", "Superficial Incisional SSI", "Superficial Incisional SSI", "SSSIPATOS"),
    ("deep_ssi", "WNDINFD", "Deep Incisional SSI", "Deep Incisional SSI", "DSSIPATOS"),
    ("organ_space_ssi", "ORGSPCSSI", "Organ/Space SSI", "Organ/Space SSI", "OSSIPATOS"),
    ("wound_disruption", "DEHIS", "Wound Disruption", "Wound Disruption", ""),
    ("pneumonia", "OUPNEUMO", "Pneumonia", "Pneumonia", "PNAPATOS"),
    ("unplanned_intubation", "REINTUB", "Unplanned Intubation", "Unplanned Intubation", ""),
    (
        "ventilator_over_48h",
        "FAILWEAN",
        "On Ventilator greater than 48 Hours",
        "On Ventilator greater than 48 Hours",
        "VENTPATOS",
    ),
    ("pulmonary_embolism", "PULEMBOL", "Pulmonary Embolism", "Pulmonary Embolism", ""),
    ("deep_vein_thrombosis", "OTHDVT", "DVT Requiring Therapy", "Venous Thrombosis Requiring Therapy", ""),
    (
        "progressive_renal_insufficiency",
        "RENAINSF",
        "Progressive Renal Insufficiency",
        "Progressive Renal Insufficiency",
        "",
    ),
    ("acute_renal_failure", "OPRENAFL", "Acute Renal Failure", "Acute Renal Failure", ""),
    ("urinary_tract_infection", "URNINFEC", "Urinary Tract Infection", "Urinary Tract Infection", "UTIPATOS"),
    ("stroke", "CNSCVA", "Stroke/CVA", "Stroke/CVA", ""),
    ("cardiac_arrest", "CDARREST", "Cardiac Arrest Requiring CPR", "Cardiac Arrest Requiring CPR", ""),
    ("myocardial_infarction", "CDMI", "Myocardial Infarction", "Myocardial Infarction", ""),
    ("transfusion", "OTHBLEED", "Transfusions/Intraop/Postop", "Blood Transfusion", ""),
    ("systemic_sepsis", "OTHSYSEP", "Sepsis", "Sepsis", "SEPSISPATOS"),
    ("septic_shock", "OTHSESHOCK", "Septic Shock", "Septic Shock", "SEPSHOCKPATOS"),
    ("clostridium_difficile", "OTHCDIFF", "C. diff", "C. diff", ""),
)
COMPOSITE_TRUTH = {
    "surgical_site_infection_30d": ("superficial_ssi_30d", "deep_ssi_30d", "organ_space_ssi_30d"),
    "venous_thromboembolism_30d": ("deep_vein_thrombosis_30d", "pulmonary_embolism_30d"),
    "sepsis_30d": ("systemic_sepsis_30d", "septic_shock_30d"),
}
ABSENT_2021 = ("RENAFAIL", "RENAINSF", "DRENAINSF", "WNDINF", "WTLOSS", "DYSPNEA", "WNDCLAS")
UNTIL_2020 = ("ELECTSURG", "EMERGNCY", "PRPT", "PODIAG")
FROM_2021 = ("CASETYPE", "HEMO", "BLEED_UNITS_TOT", "HOMESUP", "HXFALL", "HXDEMENTIA", "DELIRIUM", "DISHOMESVC")
SPINE_CODES = {
    "22551": ("anterior_cervical_fusion", "cervical"),
    "22856": ("cervical_disc_arthroplasty", "cervical"),
    "22600": ("posterior_cervical_fusion", "cervical"),
    "63045": ("cervical_decompression", "cervical"),
    "22633": ("posterior_lumbar_fusion", "thoracolumbar"),
    "22558": ("anterior_lumbar_fusion", "thoracolumbar"),
    "63030": ("lumbar_discectomy", "thoracolumbar"),
    "63042": ("repeat_lumbar_discectomy", "thoracolumbar"),
    "63040": ("repeat_cervical_discectomy", "cervical"),
    "63081": ("cervical_corpectomy", "cervical"),
    "63087": ("thoracolumbar_corpectomy", "thoracolumbar"),
    "63090": ("thoracolumbar_corpectomy", "thoracolumbar"),
    "63047": ("lumbar_decompression", "thoracolumbar"),
    "22804": ("deformity_fusion", "deformity"),
    "22206": ("spinal_osteotomy", "deformity"),
    "44120": (None, None),
}
DESTINATIONS = {
    "Home": "home",
    "Facility Which was Home": "home",
    "Rehab": "rehabilitation",
    "Skilled Care, Not Home": "skilled_care",
    "Separate Acute Care": "acute_care_hospital",
    "Unskilled Facility Not Home": "unskilled_facility",
    "Multi-level Senior Community": "senior_community",
    "Hospice": "hospice",
    "Unknown": None,
}
DESTINATIONS_2021 = {
    "Home/Permanent Residence": "home",
    "Acute Care Hospital": "acute_care_hospital",
    "Other Facility": "other_facility",
    "Against Medical Advice (AMA)": "against_advice",
    "Unknown": None,
}


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Texts of a file of one year, and what is true of its rows."""

    texts: pd.DataFrame
    truth: pd.DataFrame


def draw_file(year: int, n: int = N, seed: int = 0) -> Drawn:
    """Draw facts, and write them as the file of that year would."""
    rng = np.random.default_rng((year, seed))
    texts: dict[str, object] = {"CASEID": (np.arange(n) + 1000).astype(str)}
    truth: dict[str, object] = {"operation": [f"{year}-{1000 + i}" for i in range(n)], "year": np.full(n, float(year))}
    if year >= 2016:
        texts["PUFYEAR"] = np.full(n, str(year))
    texts["OPERYR"] = np.full(n, str(year))
    _draw_patient(rng, year, n, texts, truth)
    _draw_operation(rng, year, n, texts, truth)
    _draw_course(rng, year, n, texts, truth)
    _draw_events(rng, year, n, texts, truth)
    absent = (*(ABSENT_2021 if year == 2021 else ()), *(UNTIL_2020 if year > 2020 else FROM_2021))
    return Drawn(
        texts=_headers_of_year(pd.DataFrame(texts).drop(columns=list(absent), errors="ignore"), year),
        truth=pd.DataFrame(truth),
    )


def _headers_of_year(texts: pd.DataFrame, year: int) -> pd.DataFrame:
    mixed = {"AGE": "Age", "OPERYR": "OperYR", "DOPERTOD": "DOpertoD", "DOPTODIS": "DOptoDis", "HTOODAY": "HtoODay"}
    if year == 2021:
        return texts.rename(columns=str.lower)
    return texts.rename(columns=mixed) if year in (2014, 2022) else texts


def _draw_patient(rng: np.random.Generator, year: int, n: int, texts: dict, truth: dict) -> None:
    age = rng.integers(18, 97, n)
    texts["AGE"] = np.where(age >= 90, "90+", age.astype(str))
    truth["age"], truth["age_top_coded"] = np.minimum(age, 90).astype(float), (age >= 90).astype(float)
    male = rng.random(n) < 0.5
    texts["SEX"] = np.where(male, "male" if year < 2021 else "Male", "female" if year < 2021 else "Female")
    truth["sex"] = np.where(male, "male", "female")
    for header, name, low, high, unit in (
        ("HEIGHT", "height_cm", 58, 78, 2.54),
        ("WEIGHT", "weight_kg", 110, 290, 0.45359237),
    ):
        value, lost = rng.integers(low, high, n), rng.random(n) < 0.05
        texts[header] = np.where(lost, "-99", value.astype(str))
        truth[name] = np.where(lost, np.nan, value * unit)
    truth["bmi"] = truth["weight_kg"] / (truth["height_cm"] / 100) ** 2
    labs = (
        ("PRALBUM", "albumin_g_dl", 2, 5),
        ("PRHCT", "haematocrit_percent", 25, 50),
        ("HEMO", "hba1c_percent", 5, 9),
    )
    for header, name, low, high in labs:
        value, lost = np.round(rng.uniform(low, high, n), 1), rng.random(n) < 0.3
        texts[header] = np.where(lost, "-99", value.astype(str))
        truth[name] = np.where(lost, np.nan, value)
    texts["DPRALBUM"] = np.where(np.isnan(truth["albumin_g_dl"]), "-99", "14")
    truth["albumin_days_before"] = np.where(np.isnan(truth["albumin_g_dl"]), np.nan, 14.0)
    for header, name in (
        ("HXCOPD", "copd"), ("HXCHF", "heart_failure"), ("HYPERMED", "hypertension"), ("STEROID", "steroid_use"),
        ("RENAFAIL", "acute_renal_failure_pre"), ("WNDINF", "open_wound"), ("WTLOSS", "weight_loss_10pct"),
        ("SMOKE", "smoked_past_year"),
    ):  # fmt: skip
        ill = rng.random(n) < 0.15
        texts[header], truth[name] = np.where(ill, "Yes", "No"), ill.astype(float)
    kind = rng.integers(0, 3, n)
    words = ["NO", "NON-INSULIN", "INSULIN"] if year < 2022 else ["No", "Non-insulin", "Insulin"]
    texts["DIABETES"] = np.array(words)[kind]
    truth["diabetes"], truth["diabetes_treatment"] = (
        (kind > 0).astype(float),
        np.array(["no_diabetes", "oral", "insulin"])[kind],
    )
    shortness = rng.integers(0, 3, n)
    texts["DYSPNEA"] = np.array(["No", "MODERATE EXERTION", "AT REST"])[shortness]
    truth["dyspnea"] = np.array(["no_dyspnea", "moderate_exertion", "at_rest"])[shortness]
    function = rng.integers(0, 4, n)
    texts["FNSTATUS2"] = np.array(["Independent", "Partially Dependent", "Totally Dependent", "Unknown"])[function]
    truth["functional_status"] = np.array(
        ["independent", "partially_dependent", "totally_dependent", None], dtype=object
    )[function]
    asa = rng.integers(1, 7, n)
    labels = ["1-No Disturb", "2-Mild Disturb", "3-Severe Disturb", "4-Life Threat", "5-Moribund", "None assigned"]
    texts["ASACLAS"] = np.array(labels)[asa - 1]
    truth["asa_class"] = np.array(["1", "2", "3", "4", "5", None], dtype=object)[asa - 1]
    septic = rng.integers(0, 4, n)
    texts["PRSEPIS"] = np.array(["None", "SIRS", "Sepsis", "Septic Shock"])[septic]
    truth["sepsis_pre"] = np.array(["no_sepsis", "sirs", "sepsis", "septic_shock"])[septic]


def _draw_operation(rng: np.random.Generator, year: int, n: int, texts: dict, truth: dict) -> None:
    codes = list(SPINE_CODES)
    which = rng.integers(0, len(codes), n)
    texts["CPT"] = np.array(codes)[which]
    truth["cpt_code"] = np.array(codes)[which]
    truth["procedure_family"] = np.array([SPINE_CODES[code][0] for code in codes], dtype=object)[which]
    truth["spine_region"] = np.array([SPINE_CODES[code][1] for code in codes], dtype=object)[which]
    further = rng.integers(0, 11, n)
    torn = rng.random(n) < 0.05
    for k in range(1, 11):
        texts[f"OTHERCPT{k}"] = np.where(further >= k, np.where(torn & (further == k), "63707", "20936"), "NULL")
        texts[f"CONCPT{k}"] = np.full(n, "NULL")
    truth["further_procedures"] = further.astype(float)
    truth["dural_repair"] = (torn & (further > 0)).astype(float)
    minutes = rng.integers(30, 400, n)
    texts["OPTIME"] = np.where(rng.random(n) < 0.03, "-99", minutes.astype(str))
    truth["operative_minutes"] = np.where(texts["OPTIME"] == "-99", np.nan, minutes)
    urgency = rng.integers(0, 3, n)
    texts["ELECTSURG"] = np.array(["Yes", "No", "No"])[urgency]
    texts["EMERGNCY"] = np.array(["No", "No", "Yes"])[urgency]
    texts["CASETYPE"] = np.array(["Elective", "Urgent", "Emergent"])[urgency]
    truth["urgency"] = np.array(["elective", "urgent", "emergency"])[urgency]
    truth["urgent_operation"] = (urgency > 0).astype(float)
    wound = rng.integers(0, 4, n)
    texts["WNDCLAS"] = np.array(["1-Clean", "2-Clean/Contaminated", "3-Contaminated", "4-Dirty/Infected"])[wound]
    truth["wound_class"] = np.array(["clean", "clean_contaminated", "contaminated", "dirty"])[wound]
    texts["MORTPROB"] = rng.uniform(0, 0.1, n).round(6).astype(str)
    for header in ("CNSCOMA", "NEURODEF", "OTHGRAFL"):
        texts[header] = np.full(n, "No Complication")


def _draw_events(rng: np.random.Generator, year: int, n: int, texts: dict, truth: dict) -> None:
    last = np.where(truth["death_30d"] == 1, truth["death_days"], 30).astype(int)
    for name, header, label, label_2022, patos in EVENTS:
        recorded = rng.random(n) < 0.12
        before = recorded & (rng.random(n) < 0.3) & bool(patos)
        day = np.minimum(rng.integers(0, 31, n), last)
        texts[header] = np.where(recorded, label_2022 if year == 2022 else label, "No Complication")
        texts[f"D{header}"] = np.where(recorded, day.astype(str), "-99")
        texts[f"N{header}"] = recorded.astype(int).astype(str)
        if patos:
            texts[patos] = np.where(before, "Yes", "No")
        event = recorded & ~before
        truth[f"{name}_30d"] = event.astype(float)
        truth[f"{name}_days"] = np.where(event, day, np.nan)
    if year == 2014:
        del texts["OTHCDIFF"], truth["clostridium_difficile_30d"], truth["clostridium_difficile_days"]
    units = np.where(truth["transfusion_30d"] == 1, rng.integers(1, 6, n), 0)
    texts["BLEED_UNITS_TOT"] = np.where(units > 0, units.astype(str), "-99")
    truth["transfused_units"] = units.astype(float)


def _draw_course(rng: np.random.Generator, year: int, n: int, texts: dict, truth: dict) -> None:
    stay = np.where(rng.random(n) < 0.9, rng.integers(0, 12, n), rng.integers(12, 45, n))
    died = rng.random(n) < 0.06
    day = rng.integers(0, 31, n)
    in_hospital_death = died & (day <= stay)
    stay = np.where(in_hospital_death, day, stay)
    texts["DOPERTOD"] = np.where(died, day.astype(str), "-99")
    truth["death_30d"], truth["death_days"] = died.astype(float), np.where(died, day, np.nan)
    texts["YRDEATH"] = np.where(died, str(year), "-99")
    texts["DOPTODIS"], texts["TOTHLOS"], texts["HTOODAY"] = stay.astype(str), (stay + 1).astype(str), np.full(n, "1")
    truth["length_of_stay_days"] = stay.astype(float)
    texts["STILLINHOSP"] = np.where(stay > 30, "Yes", "No")
    kept = (stay >= 30) | in_hospital_death
    truth["in_hospital_30d"] = (stay >= 30).astype(float)
    table = DESTINATIONS_2021 if year >= 2021 else DESTINATIONS
    which = rng.integers(0, len(table), n)
    texts["DISCHDEST"] = np.where(in_hospital_death, "Expired", np.array(list(table))[which])
    to = np.where(in_hospital_death, "died", np.array(list(table.values()), dtype=object)[which])
    truth["discharge_destination"] = to
    unknown = np.isin(to.astype(str), ["died", "against_advice", "None"])
    truth["non_home_discharge"] = np.where(unknown, np.nan, (to != "home").astype(float))
    again = (rng.random(n) < 0.2) & ~kept
    planned = again & (rng.random(n) < 0.3)
    first_day = np.minimum(30, stay + 1)
    second = again & ~died & (rng.random(n) < 0.3)
    for k in range(1, 6):
        there = again if k == 1 else second if k == 2 else np.zeros(n, dtype=bool)
        unplanned = ~planned if k == 1 else np.full(n, k % 2 == 0)
        none = "No" if k == 1 else "NULL"
        texts[f"READMISSION{k}"] = np.where(there, "Yes", none)
        texts[f"UNPLANNEDREADMISSION{k}"] = np.where(there, np.where(unplanned, "Yes", "No"), "NULL")
        texts[f"READMPODAYS{k}"] = np.where(there, (first_day if k == 1 else np.full(n, 30)).astype(str), "-99")
    event = (again & ~planned) | second
    # A death in hospital by day 30 competes: no readmission. Who was still there is unknown.
    truth["readmission_30d"] = np.where((stay >= 30) & ~in_hospital_death, np.nan, event.astype(float))
    truth["readmission_days"] = np.where(again & ~planned, first_day, np.where(second, 30, np.nan))
    returned = rng.random(n) < 0.1
    return_day = np.where(died, np.minimum(day, 9), 9)
    texts["REOPERATION1"] = np.where(returned, "Yes", "No")
    texts["RETORPODAYS"] = np.where(returned, return_day.astype(str), "-99")
    texts["REOPERATION2"] = texts["REOPERATION3"] = np.full(n, "NULL")
    texts["RETURNOR"] = np.where(returned, "Yes", "No")
    truth["reoperation_30d"] = returned.astype(float)
    truth["return_to_theatre_days"] = np.where(returned, return_day, np.nan)


def write_file(drawn: Drawn, path: Path) -> Path:
    drawn.texts.to_csv(path, sep="\t", index=False)
    return path


@pytest.fixture(scope="module")
def drawn() -> dict[int, Drawn]:
    return {year: draw_file(year) for year in YEARS}


@pytest.fixture(scope="module")
def registries(drawn: dict[int, Drawn], tmp_path_factory: pytest.TempPathFactory) -> dict[int, Registry]:
    folder = tmp_path_factory.mktemp("puf")
    return {year: read_registry(write_file(drawn[year], folder / f"puf{year}.txt"), "nsqip") for year in YEARS}


def assert_true(registry: Registry, drawn: Drawn, names: list[str]) -> None:
    """Compare columns with what is true of the rows, in the order of the file."""
    assert registry.n_read == len(registry.frame) == len(drawn.truth), registry.faults
    for name in names:
        pd.testing.assert_series_equal(
            registry.frame[name].astype(object).where(registry.frame[name].notna(), None),
            drawn.truth[name].astype(object).where(drawn.truth[name].notna(), None),
            check_dtype=False,
            obj=name,
        )


HEALTHY = {
    "PUFYEAR": "2018", "CASEID": "1", "OPERYR": "2018", "AGE": "61", "SEX": "female", "CPT": "63030",
    "HEIGHT": "65", "WEIGHT": "150", "HXCHF": "No", "DIABETES": "NO", "HXCOPD": "No", "HYPERMED": "No",
    "FNSTATUS2": "Independent", "DOPERTOD": "-99", "DOPTODIS": "2", "STILLINHOSP": "No", "DISCHDEST": "Home",
    "READMISSION1": "No", "UNPLANNEDREADMISSION1": "NULL", "READMPODAYS1": "-99", "REOPERATION1": "No",
    "RETORPODAYS": "-99", "SUPINFEC": "No Complication",
}  # fmt: skip


def read_rows(*changes: dict[str, str]) -> Registry:
    """Read one row per set of changes to a healthy patient; a column of some rows only is blank in the others."""
    rows = [HEALTHY | {"CASEID": str(i)} | change for i, change in enumerate(changes)]
    return read_registry(pd.DataFrame(rows).fillna("").astype("str"), DEFINITION)


def values_of(registry: Registry, name: str) -> list[object]:
    column = registry.frame[name]
    return column.astype(object).where(column.notna(), None).tolist()


def reasons(registry: Registry) -> list[str]:
    return registry.quarantine["reasons"].tolist()


@each_year
def test_file_of_each_year_is_read_as_it_was_drawn(
    year: int, registries: dict[int, Registry], drawn: dict[int, Drawn]
) -> None:
    registry, truth = registries[year], drawn[year].truth
    absent = {"hba1c_percent", "transfused_units"} if year < 2021 else set()
    if year == 2021:
        absent |= {"acute_renal_failure_pre", "open_wound", "weight_loss_10pct", "dyspnea", "wound_class"}
        absent |= {"progressive_renal_insufficiency_30d", "progressive_renal_insufficiency_days"}
    assert_true(registry, drawn[year], [name for name in truth if name not in absent])
    assert not absent & set(registry.frame)


@each_year
def test_composites_are_any_of_their_components(
    year: int, registries: dict[int, Registry], drawn: dict[int, Drawn]
) -> None:
    for name, components in COMPOSITE_TRUTH.items():
        truth = drawn[year].truth[list(components)].max(axis=1)
        np.testing.assert_array_equal(registries[year].frame[name], truth)


def test_nsqip_is_built_in_and_no_cohort() -> None:
    definition = read_definition("nsqip")
    assert "nsqip" not in BUILT_IN
    assert (definition.name, definition.source, definition.base) == ("nsqip", "nsqip", None)
    assert SOURCES["nsqip"].prepare is prepare


# --- -99, NULL and words for missing ---------------------------------------------------------------------------------


def test_minus_99_in_a_measurement_is_missing() -> None:
    measured = {
        "HEIGHT": "70", "WEIGHT": "160", "AGE": "50", "OPTIME": "90", "PRALBUM": "4", "PRSODM": "140", "PRINR": "1.1",
        "HEMO": "5", "DPRNA": "3", "DPRALBUM": "14",
    }  # fmt: skip
    registry = read_rows(*(dict.fromkeys(measured, text) for text in ("-99", "NULL", "-99.0", "")), measured)
    for name in (
        "height_cm", "weight_kg", "age", "operative_minutes", "albumin_g_dl", "sodium_mmol_l", "inr", "hba1c_percent",
        "sodium_days_before", "albumin_days_before", "bmi",
    ):  # fmt: skip
        assert registry.frame[name].isna().tolist() == [True, True, True, True, False], name


def test_minus_99_in_the_day_of_a_complication_means_that_there_was_none() -> None:
    absent = {entry.header: "No Complication" for entry in COMPLICATIONS}
    events = {entry.header: entry.labels[0].upper() for entry in COMPLICATIONS}
    days = [entry.day for entry in COMPLICATIONS]
    registry = read_rows(absent | dict.fromkeys(days, "-99"), events | dict.fromkeys(days, "7"))
    for entry in COMPLICATIONS:
        assert values_of(registry, entry.name) == [0.0, 1.0], entry.name
        assert values_of(registry, entry.name.replace("_30d", "_days")) == [None, 7.0], entry.name


def test_minus_99_in_the_day_of_a_complication_nobody_looked_for_says_nothing() -> None:
    registry = read_rows({"OTHCDIFF": "NULL", "DOTHCDIFF": "-99"}, {"OTHCDIFF": "No Complication", "DOTHCDIFF": "-99"})
    assert values_of(registry, "clostridium_difficile_30d") == [None, 0.0]


def test_a_day_without_its_complication_is_dropped_and_told() -> None:
    registry = read_rows({"DEHIS": "No Complication", "DDEHIS": "7"}, {"DEHIS": "Wound Disruption", "DDEHIS": "8"})
    assert values_of(registry, "wound_disruption_days") == [None, 8.0]
    assert (
        "column 'wound_disruption_30d': 1 row with a day and no complication; the day is dropped" in registry.warnings
    )


def test_minus_99_in_the_day_of_death_means_alive() -> None:
    texts = ("-99", "NULL", "0", "30", "45", "")
    registry = read_rows(*({"DOPERTOD": text, "DOPTODIS": "0"} for text in texts))
    assert values_of(registry, "death_30d") == [0.0, 0.0, 1.0, 1.0, 0.0, None]
    assert values_of(registry, "death_days") == [None, None, 0.0, 30.0, None, None]


def test_discharged_dead_without_a_day_of_death_is_unknown_and_told() -> None:
    registry = read_rows({"DISCHDEST": "Expired"}, {"DISCHDEST": "Expired", "DOPTODIS": "41"}, {})
    assert values_of(registry, "death_30d") == [None, 0.0, 0.0]
    assert any("'death_30d': 1 row discharged dead before day 30" in warning for warning in registry.warnings)


def test_minus_99_in_the_year_of_death_means_alive_where_the_day_says_nothing() -> None:
    years = ("-99", "NULL", "2018", "", "Unknown")
    rows = [HEALTHY | {"CASEID": str(k), "YRDEATH": year} for k, year in enumerate(years)]
    without = pd.DataFrame(rows, dtype="str").drop(columns="DOPERTOD")
    for registry in (
        read_registry(without, DEFINITION),
        read_registry(without.assign(DOPERTOD=pd.Series([""] * len(rows), dtype="str")), DEFINITION),
    ):
        assert values_of(registry, "death_30d") == [0.0, 0.0, None, None, None]
        assert values_of(registry, "death_year") == [None, None, 2018.0, None, None]
    both = read_rows({"DOPERTOD": "4", "YRDEATH": "2018"}, {"DOPERTOD": "-99", "YRDEATH": "2018"}, {"YRDEATH": "-99"})
    assert values_of(both, "death_30d") == [1.0, 0.0, 0.0]


def test_minus_99_in_the_days_of_readmission_and_return_means_none() -> None:
    registry = read_rows(
        {"READMISSION1": "", "READMPODAYS1": "-99"},
        {"READMISSION1": "", "READMPODAYS1": ""},
        {
            "READMISSION1": "Yes",
            "UNPLANNEDREADMISSION1": "Yes",
            "READMPODAYS1": "12",
            "REOPERATION1": "Yes",
            "RETORPODAYS": "4",
        },
    )
    assert values_of(registry, "readmission_30d") == [0.0, None, 1.0]
    assert values_of(registry, "readmission_days") == [None, None, 12.0]
    assert values_of(registry, "return_to_theatre_days") == [None, None, 4.0]


def test_minus_99_in_units_of_blood_is_0_and_a_blank_is_unknown() -> None:
    given = {"OTHBLEED": "Blood Transfusion"}
    registry = read_rows(
        {"BLEED_UNITS_TOT": "-99"}, {"BLEED_UNITS_TOT": "3"} | given, {"BLEED_UNITS_TOT": "-99"} | given, {}
    )
    assert values_of(registry, "transfused_units") == [0.0, 3.0, None, None]


def test_null_in_a_slot_of_codes_means_no_such_procedure() -> None:
    none = {f"{kind}{k}": "NULL" for kind in ("OTHERCPT", "CONCPT") for k in range(1, 11)}
    registry = read_rows(
        none, none | {"OTHERCPT8": "63707", "CONCPT10": "22840"}, none | {"OTHERCPT1": "69990"}, none | {"CPT": "22853"}
    )
    assert values_of(registry, "further_procedures") == [0.0, 2.0, 1.0, 0.0]
    assert values_of(registry, "dural_repair") == [0.0, 1.0, 0.0, 0.0]
    assert values_of(registry, "instrumentation") == [0.0, 1.0, 0.0, 1.0]


def test_words_for_missing_are_missing() -> None:
    words = (
        ("ASACLAS", "asa_class", "None assigned"), ("SEX", "sex", "NULL"), ("RACE_NEW", "race", "Unknown/Not Reported"),
        ("FNSTATUS2", "functional_status", "Unknown"), ("ETHNICITY_HISPANIC", "ethnicity", "Unknown"),
        ("DISCHDEST", "discharge_destination", "NULL"), ("TRANST", "transfer_status", "Unknown"),
        ("HXCOPD", "copd", "NULL"), ("SUPINFEC", "superficial_ssi_30d", "NULL"), ("HOMESUP", "living_alone", "Unknown"),
        ("DELIRIUM", "delirium", "Not screened for delirium"), ("DISFXNSTAT", "discharge_functional_status", "Unknown"),
        ("CPT", "cpt_code", "NULL"), ("PODIAG10", "diagnosis_code", "NULL"), ("WNDCLAS", "wound_class", "Unknown"),
    )  # fmt: skip
    registry = read_rows({header: text for header, _, text in words}, {})
    assert len(registry.frame) == 2
    for _, name, _ in words:
        assert values_of(registry, name)[0] is None, name


def test_none_is_a_level_where_it_says_no_sepsis() -> None:
    assert values_of(read_rows({"PRSEPIS": "None"}, {"PRSEPIS": "SIRS"}), "sepsis_pre") == ["no_sepsis", "sirs"]


# --- the patient -----------------------------------------------------------------------------------------------------


def test_90_plus_is_90_and_flagged() -> None:
    registry = read_rows({"AGE": "90+"}, {"AGE": "90"}, {"AGE": "44"}, {"AGE": "-99"})
    assert values_of(registry, "age") == [90.0, 90.0, 44.0, None]
    assert values_of(registry, "age_top_coded") == [1.0, 0.0, 0.0, None]
    assert "column 'age': 1 row of 90 years or over, held as 90" in registry.warnings


def test_inches_and_pounds_become_centimetres_kilograms_and_bmi() -> None:
    registry = read_rows({"HEIGHT": "65", "WEIGHT": "150"}, {"HEIGHT": "-99", "WEIGHT": "150"})
    assert registry.frame["height_cm"].tolist()[0] == pytest.approx(165.1)
    assert registry.frame["weight_kg"].tolist()[0] == pytest.approx(68.0389)
    # 703 lb/in^2 is the rule of thumb
    assert registry.frame["bmi"].tolist()[0] == pytest.approx(703 * 150 / 65**2, rel=1e-3)
    assert values_of(registry, "bmi")[1] is None


def test_asa_class_is_the_first_digit() -> None:
    texts = ("1-No Disturb", "3-Severe Disturb", "4-Life Threat", "5-Moribund", "2-Mild Disturbance")
    assert values_of(read_rows(*({"ASACLAS": text} for text in texts)), "asa_class") == ["1", "3", "4", "5", "2"]


def test_several_races_are_mixed_and_both_words_for_pacific_islanders_are_one() -> None:
    texts = (
        "White", "White,Some Other Race", "Race combinations with low frequency", "Native Hawaiian or Pacific Islander",
        "Native Hawaiian or Other Pacific Islander", "Some Other Race",
    )  # fmt: skip
    wanted = ["white", "mixed", "mixed", "pacific_islander", "pacific_islander", "other"]
    assert values_of(read_rows(*({"RACE_NEW": text} for text in texts)), "race") == wanted


def test_sex_and_ethnicity_are_read_in_all_their_spellings() -> None:
    registry = read_rows(
        {"SEX": "Male", "ETHNICITY_HISPANIC": "Y"}, {"SEX": "female", "ETHNICITY_HISPANIC": "No"},
        {"SEX": "non-binary", "ETHNICITY_HISPANIC": "U"},
    )  # fmt: skip
    assert values_of(registry, "sex") == ["male", "female", "other"]
    assert values_of(registry, "ethnicity") == ["hispanic", "not_hispanic", None]


def test_urgency_is_one_column_over_the_change_of_2021() -> None:
    registry = read_rows(
        {"ELECTSURG": "Yes", "EMERGNCY": "No"}, {"ELECTSURG": "No", "EMERGNCY": "No"},
        {"ELECTSURG": "No", "EMERGNCY": "Yes"}, {"ELECTSURG": "Yes", "EMERGNCY": "Yes"},
        {"ELECTSURG": "Unknown", "EMERGNCY": "No"}, {"ELECTSURG": "No", "EMERGNCY": "Unknown"},
        {"CASETYPE": "Elective"}, {"CASETYPE": "Urgent"}, {"CASETYPE": "Emergent"}, {"CASETYPE": "NULL"},
    )  # fmt: skip
    levels = ["elective", "urgent", "emergency", "emergency", None, None, "elective", "urgent", "emergency", None]
    assert values_of(registry, "urgency") == levels
    assert values_of(registry, "urgent_operation") == [0.0, 1.0, 1.0, 1.0, None, 1.0, 0.0, 1.0, 1.0, None]


def test_columns_of_the_older_patient_are_read() -> None:
    registry = read_rows(
        {"HXFALL": "Yes, within 6 months", "HXDEMENTIA": "No (no conclusive evidence)",
         "HOMESUP": "Lives alone at home", "DELIRIUM": "Delirium present on screening",
         "DISHOMESVC": "Discharged to home with services"},
        {"HXFALL": "No", "HXDEMENTIA": "Yes", "HOMESUP": "Lives at home with other individuals",
         "DELIRIUM": "No delirium present on screening", "DISHOMESVC": "Discharged to home without services"},
    )  # fmt: skip
    names = ["fall_past_6_months", "dementia", "living_alone", "delirium", "discharge_home_services"]
    assert registry.frame[names].to_numpy().tolist() == [[1, 0, 1, 1, 1], [0, 1, 0, 0, 0]]


def test_the_dead_have_a_level_of_function_at_discharge() -> None:
    registry = read_rows(*({"DISFXNSTAT": text} for text in ("Expired", "Partially Dependent")))
    assert values_of(registry, "discharge_functional_status") == ["died", "partially_dependent"]


def test_kinds_of_immunosuppressants_are_read_and_no_kind_is_missing() -> None:
    texts = ("Corticosteroids", "Anti-rejection/transplant immunosuppressants", "Other", "NULL", "")
    registry = read_rows(*({"IMMUNO_CAT": text} for text in texts))
    assert values_of(registry, "immunosuppressant") == ["corticosteroid", "anti_rejection", "other", None, None]


def test_the_approach_is_named_as_not_read() -> None:
    registry = read_rows({"OP_APPROACH": "Hybrid"}, {})
    assert "access_used" not in registry.frame
    assert any("'OP_APPROACH'" in warning and "ignored" in warning for warning in registry.warnings)


@pytest.mark.parametrize("header", [*CATEGORIES])
def test_every_level_of_the_labels_is_one_of_the_definition(header: str) -> None:
    found = [at.column for at in DEFINITION.sources.values() if at.header == header]
    assert len(found) == 1
    assert {level for level in CATEGORIES[header].values() if level} <= set(found[0].levels)


# --- complications ---------------------------------------------------------------------------------------------------


def test_no_complication_is_0_in_any_case() -> None:
    texts = ("No Complication", "no complication", " NO  COMPLICATION ", "PNEUMONIA")
    assert values_of(read_rows(*({"OUPNEUMO": text} for text in texts)), "pneumonia_30d") == [0.0, 0.0, 0.0, 1.0]


def test_any_other_text_is_a_fault_of_its_row_and_never_0() -> None:
    texts = ("A new label", "1", "Yes", "true", "No", "0", "No complications")
    wrong = [(entry, text) for entry in COMPLICATIONS for text in (*texts, f"{entry.labels[0]} (suspected)")]
    absent = {entry.header: "No Complication" for entry in COMPLICATIONS}
    events = {entry.header: entry.labels[-1] for entry in COMPLICATIONS}
    registry = read_rows(absent, events, *(absent | {entry.header: text} for entry, text in wrong))
    assert registry.frame[[entry.name for entry in COMPLICATIONS]].to_numpy().tolist() == [[0.0] * 19, [1.0] * 19]
    assert len(registry.quarantine) == len(wrong)
    for (entry, _), reason in zip(wrong, reasons(registry), strict=True):
        assert reason.startswith(f"{entry.name}: must be a label that is known"), reason
    assert "new label" not in " ".join([*registry.faults["rule"], *registry.warnings])
    assert registry.quarantine["SUPINFEC"].tolist()[0] == "A new label"


def test_an_unknown_label_is_not_repeated_in_the_prepared_table() -> None:
    planted = dict.fromkeys(("SUPINFEC", "DISCHDEST", "ASACLAS", "CASETYPE", "SMOKE", "REOPERATION1"), "Unmistakable")
    table = prepare(pd.DataFrame([HEALTHY | planted], dtype="str")).table
    assert not table.isin(["Unmistakable"]).to_numpy().any()
    made = table[["SUPINFEC", "DISCHDEST", "ASACLAS", "urgency", "SMOKE", "reoperation_30d"]]
    assert set(made.iloc[0]) == {UNKNOWN_LABEL}


def test_a_file_in_which_no_text_is_a_known_label_is_refused() -> None:
    with pytest.raises(
        DataError,
        match=r"column 'wound_disruption_30d' \(header 'DEHIS'\) must be a label that is known.*none of its 20",
    ):
        read_rows(*[{"DEHIS": "?"}] * 20)


def test_pneumonia_is_oupneumo_and_a_column_called_pneumo_is_not_taken_for_it() -> None:
    registry = read_rows({"OUPNEUMO": "No Complication", "PNEUMO": "Pneumonia"}, {"OUPNEUMO": "Pneumonia"})
    assert values_of(registry, "pneumonia_30d") == [0.0, 1.0]
    assert any("'PNEUMO'" in warning and "ignored" in warning for warning in registry.warnings)


def test_vein_thrombosis_is_known_by_the_labels_of_all_years() -> None:
    texts = ("DVT Requiring Therapy", "DVT Requiring Therap", "Venous Thrombosis Requiring Therapy", "No Complication")
    registry = read_rows(*({"OTHDVT": text} for text in texts))
    assert values_of(registry, "deep_vein_thrombosis_30d") == [1.0, 1.0, 1.0, 0.0]


def test_transfusion_is_known_by_the_labels_of_all_years() -> None:
    texts = ("Transfusions/Intraop/Postop", "Blood transfusion", "Bleeding/Transfusions", "No Complication")
    registry = read_rows(*({"OTHBLEED": text} for text in texts))
    assert values_of(registry, "transfusion_30d") == [1.0, 1.0, 1.0, 0.0]


def test_present_at_the_time_of_surgery_is_no_event_and_told() -> None:
    asked = [entry for entry in COMPLICATIONS if entry.patos]
    assert len(asked) == 8
    events = {entry.header: entry.labels[0] for entry in asked} | {entry.day: "3" for entry in asked}
    registry = read_rows(
        *(events | {str(entry.patos): text for entry in asked} for text in ("Yes", "No", "NULL")),
        {entry.header: "No Complication" for entry in asked},
    )
    for entry in asked:
        assert values_of(registry, entry.name) == [0.0, 1.0, 1.0, 0.0], entry.name
        assert f"column {entry.name!r}: in 1 row the complication was present" in " ".join(registry.warnings)
    assert "and no complication" not in " ".join(registry.warnings)


def test_composites_are_three_valued() -> None:
    no = {"SUPINFEC": "No Complication", "WNDINFD": "No Complication", "ORGSPCSSI": "No Complication"}
    registry = read_rows(
        no, no | {"WNDINFD": "Deep Incisional SSI", "DWNDINFD": "9"}, no | {"ORGSPCSSI": "NULL"},
        no | {"SUPINFEC": "Superficial Incisional SSI", "DSUPINFEC": "4", "ORGSPCSSI": "NULL"},
    )  # fmt: skip
    assert values_of(registry, "surgical_site_infection_30d") == [0.0, 1.0, None, 1.0]
    assert values_of(registry, "infection_days") == [None, 9.0, None, 4.0]


def test_a_composite_without_one_of_its_columns_is_never_0() -> None:
    registry = read_rows({"PULEMBOL": "No Complication"}, {"PULEMBOL": "Pulmonary Embolism"})
    assert values_of(registry, "venous_thromboembolism_30d") == [None, 1.0]


def test_complications_nobody_collects_since_2010_are_not_read() -> None:
    headers = ("CNSCOMA", "NEURODEF", "OTHGRAFL")
    registry = read_rows(dict.fromkeys(headers, "No Complication"), dict.fromkeys(headers, "Coma"))
    assert len(registry.frame) == 2
    for header in headers:
        assert any(header in warning and "where nobody looked" in warning for warning in registry.warnings)
        assert header not in prepare(pd.DataFrame({header: ["No Complication"]}, dtype="str")).table


# --- return, readmission, stay, discharge ----------------------------------------------------------------------------


def test_readmission_is_unplanned_and_any_of_five() -> None:
    again = {"READMISSION1": "Yes", "UNPLANNEDREADMISSION1": "No"}
    registry = read_rows(
        {"READMISSION1": "No", "UNPLANNEDREADMISSION1": "NULL"},
        again,
        again | {"READMISSION5": "Yes", "UNPLANNEDREADMISSION5": "Yes", "READMPODAYS5": "28"},
        {"READMISSION1": "Yes", "UNPLANNEDREADMISSION1": "NULL"},
        {"READMISSION1": "Yes", "UNPLANNEDREADMISSION1": "Yes", "READMRELATED1": "Yes"},
        {"READMISSION1": "NULL", "READMPODAYS1": "NULL", "UNPLANNEDREADMISSION1": "No"},
    )
    assert values_of(registry, "readmission_30d") == [0.0, 0.0, 1.0, None, 1.0, 0.0]
    assert values_of(registry, "readmission_related_30d") == [0.0, 0.0, None, None, 1.0, 0.0]


def test_readmission_says_that_its_clock_starts_at_the_operation() -> None:
    registry = read_rows({})
    assert "of the operation" in registry.columns["readmission_30d"].text
    assert any("counted from the operation, not from discharge" in warning for warning in registry.warnings)


def test_who_is_in_hospital_on_day_30_cannot_be_readmitted_and_is_unknown_not_0() -> None:
    registry = read_rows(
        {}, {"STILLINHOSP": "Yes", "DOPTODIS": "-99"}, {"DOPTODIS": "30"}, {"DOPTODIS": "29"},
        {"DISCHDEST": "Expired", "DOPERTOD": "5", "DOPTODIS": "5"},
        {"STILLINHOSP": "Yes", "READMISSION1": "Yes", "UNPLANNEDREADMISSION1": "Yes"},
        {"STILLINHOSP": "NULL", "DOPTODIS": "-99"},
    )  # fmt: skip
    assert values_of(registry, "readmission_30d") == [0.0, None, None, 0.0, 0.0, 1.0, 0.0]
    assert values_of(registry, "in_hospital_30d") == [0.0, 1.0, 1.0, 0.0, 0.0, 0.0, None]
    assert any("2 rows of patients who were in hospital until day 30" in warning for warning in registry.warnings)


def test_a_death_before_a_readmission_competes_with_it() -> None:
    """In hospital by day 30: no readmission, also where nobody answered the question; later: unknown."""
    expired = {"DISCHDEST": "Expired"}
    silent = {"READMISSION1": "NULL", "UNPLANNEDREADMISSION1": "NULL"}
    registry = read_rows(
        expired | {"DOPERTOD": "5", "DOPTODIS": "5"}, expired | silent | {"DOPERTOD": "5", "DOPTODIS": "5"},
        expired | {"DOPERTOD": "30", "DOPTODIS": "30"}, expired | {"DOPERTOD": "-99", "DOPTODIS": "41"},
        {"DOPERTOD": "20", "DOPTODIS": "4"},
    )  # fmt: skip
    assert values_of(registry, "readmission_30d") == [0.0, 0.0, 0.0, None, 0.0]
    assert values_of(registry, "readmission_related_30d") == [0.0, 0.0, 0.0, None, 0.0]


def test_a_known_discharge_overrules_still_in_hospital_and_the_contradictions_are_counted() -> None:
    still = {"STILLINHOSP": "Yes"}
    registry = read_rows(
        still | {"DOPTODIS": "4"}, still | {"DOPTODIS": "29"}, still | {"DOPTODIS": "30"}, still | {"DOPTODIS": "-99"},
        {"STILLINHOSP": "No", "DOPTODIS": "41"}, {"STILLINHOSP": "No", "DOPTODIS": "-99"},
    )  # fmt: skip
    assert values_of(registry, "in_hospital_30d") == [0.0, 0.0, 1.0, 1.0, 1.0, 0.0]
    assert values_of(registry, "readmission_30d") == [0.0, 0.0, None, None, None, 0.0]
    assert values_of(registry, "still_in_hospital_30d") == [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    told = "column 'in_hospital_30d': 2 rows discharged before day 30 and still in hospital on that day"
    assert any(warning.startswith(told) for warning in registry.warnings)
    assert not any("still in hospital on that day" in warning for warning in read_rows({}).warnings)


def test_reoperation_is_unplanned_and_the_wider_return_only_excludes_it() -> None:
    registry = read_rows(
        {"REOPERATION1": "No", "RETURNOR": "Yes"}, {"REOPERATION1": "Yes"}, {"REOPERATION1": "NULL", "RETURNOR": "No"},
        {"REOPERATION1": "NULL", "RETURNOR": "Yes"}, {"REOPERATION1": "No", "REOPERATION3": "Yes"},
        {"REOPERATION1": "Yes", "RETORRELATED": "No", "REOPERATION2": "NULL", "RETORPODAYS": "6"},
        {"REOPERATION1": "Yes", "RETORRELATED": "No", "REOPERATION2": "Yes", "RETOR2RELATED": "Yes"},
    )  # fmt: skip
    assert values_of(registry, "reoperation_30d") == [0.0, 1.0, 0.0, None, 1.0, 1.0, 1.0]
    assert values_of(registry, "returned_to_theatre_30d") == [1.0, None, 0.0, 1.0, None, None, None]
    assert values_of(registry, "reoperation_related_30d") == [0.0, None, 0.0, None, None, 0.0, 1.0]
    assert values_of(registry, "return_to_theatre_days")[-2] == 6.0


def test_unknown_texts_of_columns_that_are_joined_are_faults_too() -> None:
    headers = ("READMISSION1", "UNPLANNEDREADMISSION1", "READMRELATED1", "REOPERATION1", "STILLINHOSP", "EMERGNCY")
    headers += ("ELECTSURG", "CASETYPE", "SEPSISPATOS", "RETURNOR")
    registry = read_rows({}, *({header: "Perhaps"} for header in headers))
    assert (len(registry.frame), len(registry.quarantine)) == (1, len(headers))


def test_destinations_of_both_codings() -> None:
    table = DESTINATIONS | DESTINATIONS_2021 | {"Expired": "died", "Unskilled Facility Not": "unskilled_facility"}
    registry = read_rows(*({"DISCHDEST": text, "DOPERTOD": "9", "DOPTODIS": "9"} for text in table))
    away = [None if to in (None, "died", "against_advice") else float(to != "home") for to in table.values()]
    assert values_of(registry, "discharge_destination") == list(table.values())
    assert values_of(registry, "non_home_discharge") == away


def test_from_2021_nursing_and_rehabilitation_cannot_be_told_apart_and_this_is_told() -> None:
    registry = read_rows({"DISCHDEST": "Other Facility"}, {})
    assert any("1 row of 'other facility'" in warning and "rehabilitation" in warning for warning in registry.warnings)
    assert not any("other facility" in warning for warning in read_rows({}).warnings)


# --- leaks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        *(entry.header for entry in COMPLICATIONS), *(entry.day for entry in COMPLICATIONS),
        *(entry.patos for entry in COMPLICATIONS if entry.patos), "STILLINHOSP", "DISFXNSTAT", "DISHOMESVC", "DELIRIUM",
        "BLEED_UNITS_TOT", "DISCHDEST", "DOPTODIS", "TOTHLOS", "DOPERTOD", "YRDEATH", "RETURNOR", "REOPORCPT1",
        "POSTOP_COVID", "EOL_WDCARE", "INOUT", "WORKRVU", "OPTIME", "CPT", "PODIAG", "PODIAG10", "WNDCLAS", "ANESTHES",
        "readmission_30d", "readmission_days", "reoperation_30d", "procedure_family", "spine_region", "dural_repair",
        "instrumentation", "further_procedures", "in_hospital_30d", "non_home_discharge", "death_30d",
    ],
)  # fmt: skip
def test_what_is_known_after_the_operation_is_never_preoperative(header: str) -> None:
    found = [at.column for at in DEFINITION.sources.values() if at.header == header]
    assert found
    assert not any(column.known_by("planned") for column in found)


def test_predictions_fitted_to_the_same_outcomes_are_no_predictors() -> None:
    columns = DEFINITION.columns_of()
    assert not columns["predicted_mortality"].predictor
    assert not columns["predicted_morbidity"].predictor


def test_counts_of_complications_are_dropped(registries: dict[int, Registry]) -> None:
    for registry in registries.values():
        assert not [warning for warning in registry.warnings if "ignored" in warning]
    assert "NSUPINFEC" not in prepare(draw_file(2018, n=5).texts).table


# --- years, cases, procedures ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def several_years(drawn: dict[int, Drawn], tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("years")
    for year in YEARS:
        write_file(drawn[year], folder / f"acs_nsqip_puf{year}.txt")
    return read_registry(folder, "nsqip")


def test_a_folder_of_years_is_one_registry(several_years: Registry, drawn: dict[int, Drawn]) -> None:
    assert len(several_years.frame) == len(YEARS) * N
    truth = pd.concat([drawn[year].truth for year in YEARS]).set_index("operation")
    got = several_years.frame.set_index("operation").loc[truth.index]
    for name in ("age", "year", "deep_vein_thrombosis_30d", "transfusion_30d", "death_30d", "readmission_30d", "bmi"):
        np.testing.assert_allclose(got[name], truth[name].astype(float), err_msg=name)
    assert got["urgency"].tolist() == truth["urgency"].tolist()


def test_columns_that_2021_lacks_are_unknown_there_and_not_no(several_years: Registry) -> None:
    frame = several_years.frame
    for name in (
        "acute_renal_failure_pre", "progressive_renal_insufficiency_30d", "open_wound", "weight_loss_10pct", "dyspnea",
        "wound_class",
    ):  # fmt: skip
        assert frame.loc[frame["year"] == 2021, name].isna().all(), name
        assert frame.loc[frame["year"] == 2018, name].notna().all(), name
    assert "header 'DYSPNEA': empty in 2021; unknown there, never 'no'" in several_years.warnings


def test_a_text_in_the_place_of_the_year_is_counted_and_never_named() -> None:
    known = {"DYSPNEA": "No"}
    registry = read_rows(
        known, {"PUFYEAR": "Unmistakable Name", "OPERYR": "Unmistakable Name"}, {"PUFYEAR": "017", "OPERYR": "017"},
        {"PUFYEAR": "2021", "OPERYR": "2021"},
    )  # fmt: skip
    told = [warning for warning in registry.warnings if warning.startswith("header 'DYSPNEA'")]
    assert told == ["header 'DYSPNEA': empty in 2021, 2 rows without a year; unknown there, never 'no'"]
    said = " ".join([*registry.warnings, *registry.faults["rule"], *registry.faults["column"]])
    assert "Unmistakable" not in said
    assert "017" not in said


def test_columns_that_begin_or_end_with_2021_are_unknown_elsewhere(several_years: Registry) -> None:
    known = several_years.frame.groupby("year")[["hba1c_percent", "transfused_units", "hypertension"]].count() > 0
    assert known["hba1c_percent"].tolist() == [False, False, True, True]
    assert known["transfused_units"].tolist() == [False, False, True, True]
    assert known["hypertension"].all()
    assert any(warning.startswith("header 'CASETYPE': empty in 2014, 2018") for warning in several_years.warnings)


def test_a_case_number_is_unique_within_a_year_only(several_years: Registry) -> None:
    assert several_years.frame["operation"].is_unique
    assert "2014-1000" in set(several_years.frame["operation"])
    assert several_years.frame["patient"].is_unique


def test_a_case_that_stands_twice_in_a_year_is_not_read_twice() -> None:
    registry = read_rows(
        {"CASEID": "7"}, {"CASEID": "7", "AGE": "70"}, {"CASEID": "7", "PUFYEAR": "2019"}, {"CASEID": "8"}
    )
    assert values_of(registry, "operation") == ["2019-7", "2018-8"]
    assert len(registry.quarantine) == 2


def test_the_file_s_year_names_the_case_and_the_operation_s_year_is_the_year() -> None:
    registry = read_rows({"PUFYEAR": "2018", "OPERYR": "2017"}, {"PUFYEAR": "", "OPERYR": "2014"}, {"OPERYR": "-99"})
    assert values_of(registry, "year") == [2017.0, 2014.0, 2018.0]
    assert values_of(registry, "operation") == ["2018-0", "2014-1", "2018-2"]


def test_the_limits_of_the_files_are_told() -> None:
    registry = read_rows({})
    assert not {"site", "surgeon", "operation_date"} & set(registry.frame)
    assert any("no hospital, surgeon, date or patient" in warning for warning in registry.warnings)


def test_procedures_are_grouped_by_the_principal_code() -> None:
    registry = read_rows(*({"CPT": code} for code in SPINE_CODES))
    families, regions = values_of(registry, "procedure_family"), values_of(registry, "spine_region")
    assert list(zip(families, regions, strict=True)) == list(SPINE_CODES.values())


def test_operations_of_no_family_are_kept_and_counted_and_not_said_to_be_elsewhere_than_on_the_spine() -> None:
    registry = read_rows({"CPT": "44120"}, {"CPT": "63030"}, {"CPT": "22614"}, {"CPT": "22840"})
    assert len(registry.frame) == 4
    told = "'procedure_family': 3 rows of 4 with a principal code of no family"
    assert any(told in warning for warning in registry.warnings)


def test_every_corpectomy_and_repeat_discectomy_has_a_family() -> None:
    codes = [str(code) for code in (63040, 63042, 63043, 63044, 63081, 63082, *range(63085, 63089), 63090, 63091)]
    assert all(values_of(read_rows(*({"CPT": code} for code in codes)), "procedure_family"))


def test_no_code_belongs_to_two_families() -> None:
    codes = [code for family in FAMILIES for code in family.codes]
    assert len(set(codes)) == len(codes)
    levels = DEFINITION.columns_of()["procedure_family"].levels
    assert [family.name for family in FAMILIES] == list(levels)


# --- shapes of tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [str.lower, str.upper, str.title])
def test_headers_are_read_in_any_case(write: Callable[[str], str]) -> None:
    texts = draw_file(2018, n=40).texts
    plain = prepare(texts).table
    pd.testing.assert_frame_equal(prepare(texts.rename(columns=write)).table[list(plain.columns)], plain)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("BLEEDIS", "BLEEDDIS"),
        ("UNPLANREADMISSION", "UNPLANNEDREADMISSION1"),
        ("READMISSION", "READMISSION1"),
        ("REOPERATION", "REOPERATION1"),
    ],
)
def test_names_of_other_years_are_read_and_fill_each_other(old: str, new: str) -> None:
    table = pd.DataFrame({"CASEID": ["1", "2", "3"], old: ["Yes", "", "No"]}, dtype="str")
    both = table.assign(**{new: pd.Series(["NULL", "Yes", ""], dtype="str")})
    wanted = pd.DataFrame({"CASEID": ["1", "2", "3"], new: ["Yes", "Yes", "No"]}, dtype="str")
    pd.testing.assert_frame_equal(prepare(both).table, prepare(wanted).table)
    assert prepare(both.drop(columns=new)).table.columns.tolist() == prepare(wanted).table.columns.tolist()


def test_numbers_of_a_typed_file_mean_the_same_as_texts() -> None:
    drawn = draw_file(2022, n=200)
    numbers = [
        "CASEID",
        "OperYR",
        "PUFYEAR",
        "HEIGHT",
        "WEIGHT",
        "PRALBUM",
        "DPRALBUM",
        "OPTIME",
        "DOpertoD",
        "DOptoDis",
    ]
    numbers += ["BLEED_UNITS_TOT", "READMPODAYS1", "RETORPODAYS", "DSUPINFEC", "HEMO", "MORTPROB", "CPT"]
    typed = drawn.texts.assign(**{name: pd.to_numeric(drawn.texts[name]).astype("float64") for name in numbers})
    typed = typed.rename(columns=str.upper)
    first, second = read_registry(typed, "nsqip"), read_registry(drawn.texts.rename(columns=str.upper), "nsqip")
    pd.testing.assert_frame_equal(first.frame, second.frame)


def test_an_spss_file_means_the_same_as_the_text(tmp_path: Path) -> None:
    drawn = draw_file(2022, n=200)
    numbers = ["CASEID", "OperYR", "PUFYEAR", "HEIGHT", "WEIGHT", "PRALBUM", "OPTIME", "DOpertoD", "DOptoDis"]
    typed = drawn.texts.assign(**{name: pd.to_numeric(drawn.texts[name]) for name in numbers})
    pyreadstat.write_sav(typed, tmp_path / "puf22.sav")
    assert_true(read_registry(tmp_path / "puf22.sav", DEFINITION), drawn, list(drawn.truth))


def test_prepare_keeps_rows_and_their_order_and_headers_it_does_not_know() -> None:
    texts = draw_file(2018, n=30).texts.assign(OUR_OWN="x")
    table = prepare(texts.apply(as_raw)).table
    assert table.index.equals(texts.index)
    assert table["AGE"].tolist() == texts["AGE"].replace("90+", "90").tolist()
    assert table["OUR_OWN"].eq("x").all()
    assert {str(dtype) for dtype in table.dtypes} <= {"str", "float64"}


def test_prepare_takes_a_table_with_next_to_nothing_in_it() -> None:
    assert prepare(pd.DataFrame({"AGE": []}, dtype="str")).table.columns.tolist() == ["AGE", "age_top_coded"]
    assert prepare(pd.DataFrame({"OUR_OWN": ["x"]}, dtype="str")).table.columns.tolist() == ["OUR_OWN"]


def test_every_header_of_the_definition_is_one_that_prepare_makes() -> None:
    texts = {header: ["NULL"] for header in (*FLAGS, *CATEGORIES, *NUMBERS, *TEXTS)}
    for entry in COMPLICATIONS:
        texts |= {entry.header: ["No Complication"], entry.day: ["-99"]}
    texts |= {name: ["NULL"] for name in ("CASETYPE", "BLEED_UNITS_TOT", "OTHERCPT1", "REOPERATION1")}
    made = set(prepare(pd.DataFrame([HEALTHY | {k: v[0] for k, v in texts.items()}], dtype="str")).table)
    assert {at.header for at in DEFINITION.sources.values()} == made
