"""A file with many different faults: each is named once, in one run, with its rows, and everything else is kept."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from schemas.definition import Definition, parse_definition
from schemas.registry import Registry, read_registry
from spinerisk.checking import write_check

N = 80
ITEMS = [f"odi_q{item:02d}_0" for item in range(1, 11)]
SRS = [f"srs22r_q{item:02d}_0" for item in range(1, 23)]
MJOA = ["mjoa_ue_motor_0", "mjoa_le_motor_0", "mjoa_ue_sensory_0", "mjoa_sphincter_0"]

NECK = "".join(f"columns.{name} = {{}}\n" for name in ("mjoa_0", "mjoa_variant", "srs22r_total_0", *MJOA, *SRS))
DEFINITION = f"""
name = "planted"
title = "A file with faults"
base = "lumbar"
{NECK}
"""


def clean() -> pd.DataFrame:
    """Return a file without a fault, as texts; patient by patient different."""
    number = np.arange(N)
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(number * 7, unit="D")
    born = day - pd.to_timedelta((40 + number % 30) * 365.25 + 100, unit="D")
    columns: dict[str, object] = {
        "patient": [f"P{i}" for i in number],
        "operation": [f"O{i}" for i in number],
        "operation_date": day.strftime("%Y-%m-%d"),
        "year": day.year,
        "birth_date": born.strftime("%Y-%m-%d"),
        "age": 40 + number % 30,
        "sex": np.where(number % 2, "male", "female"),
        "height_cm": 170 + number % 20,
        "weight_kg": 70 + number % 25,
        "bmi": ((70 + number % 25) / ((170 + number % 20) / 100) ** 2).round(1),
        "smoking": "never",
        "diabetes": number % 2,
        "diabetes_treatment": np.where(number % 2, "oral", "no_diabetes"),
        "diagnosis": "stenosis",
        "upper_level": "l3_4",
        "lower_level": "l4_5",
        "n_levels_planned": 2,
        "admission_date": (day - pd.Timedelta(days=1)).strftime("%Y-%m-%d"),
        "discharge_date": (day + pd.Timedelta(days=4)).strftime("%Y-%m-%d"),
        "length_of_stay_days": 4,
        "death_date": "",
        "death_days": "",
        "death_30d": 0,
        "last_seen_date": (day + pd.Timedelta(days=800)).strftime("%Y-%m-%d"),
        "follow_up_days": 800,
        "nrs_back_0": number % 11,
        "nrs_leg_0": (number + 3) % 11,
        "odi_0": 40,
        "odi_12m": 20,
        **dict.fromkeys(ITEMS, 2),
        "mjoa_variant": "benzel18",
        "mjoa_0": 11,
        **dict(zip(MJOA, (3, 4, 2, 2), strict=True)),
        "srs22r_total_0": 3,
        **dict.fromkeys(SRS, 3),
    }
    return pd.DataFrame(columns, index=number).astype("str")


PLANTED: list[tuple[dict[str, str], str, str]] = [
    ({"age": "sixty"}, "age", "must be a number"),
    ({"age": "130"}, "age", "must be within 0 to 110"),
    ({"age": "85"}, "age", "must be the age at operation_date by birth_date"),
    ({"sex": "w"}, "sex", "must be one of the levels"),
    ({"smoking": "sometimes"}, "smoking", "must be one of the levels"),
    ({"diabetes": "perhaps"}, "diabetes", "must be 0 or 1, no or yes"),
    ({"diabetes_treatment": "insulin", "diabetes": "0"}, "diabetes", "must be 1 where diabetes_treatment is"),
    ({"operation_date": "31.12.2020"}, "operation_date", "must be a date like 2024-12-31"),
    ({"birth_date": "1850-01-01"}, "birth_date", "must be a date like 2024-12-31 from 1900"),
    ({"birth_date": "2022-01-01"}, "birth_date", "must not be after operation_date"),
    ({"admission_date": "2023-01-01"}, "admission_date", "must not be after operation_date"),
    ({"discharge_date": "2019-01-01"}, "discharge_date", "must not be before operation_date"),
    ({"discharge_date": "2019-01-01"}, "discharge_date", "must not be before admission_date"),
    ({"death_date": "2018-01-01"}, "death_date", "must not be before operation_date"),
    ({"last_seen_date": "2018-01-01"}, "last_seen_date", "must not be before operation_date"),
    ({"length_of_stay_days": "40"}, "length_of_stay_days", "must agree with operation_date, discharge_date"),
    ({"year": "2012"}, "year", "must agree with operation_date"),
    ({"bmi": "45"}, "bmi", "must agree with weight_kg, height_cm"),
    ({"bmi": "3"}, "bmi", "must be within 12 to 75"),
    ({"height_cm": "17"}, "height_cm", "must be within 90 to 250"),
    ({"upper_level": "l5_s1", "lower_level": "l3_4"}, "upper_level", "must not be below lower_level"),
    ({"upper_level": "c4_5", "lower_level": "c5_6"}, "lower_level", "must not be cervical"),
    ({"n_levels_planned": "9"}, "n_levels_planned", "must be at most one more than the segments"),
    ({"nrs_back_0": "77"}, "nrs_back_0", "must be in one unit"),
    ({"odi_0": "80"}, "odi_0", "must agree with odi_q01_0"),
    ({"srs22r_total_0": "4.5"}, "srs22r_total_0", "must agree with srs22r_q01_0"),
    ({"mjoa_0": "17"}, "mjoa_0", "must agree with mjoa_ue_motor_0"),
    ({"mjoa_variant": "jpn17"}, "mjoa_0", "must be blank where mjoa_variant is not benzel18"),
    ({"death_30d": "1", "death_days": "400"}, "death_30d", "must be 1 where death_days is at most 30"),
    ({"death_days": "100"}, "odi_12m", "must be blank where death_days is below"),
]  # fmt: skip
"""What is written into one row each, from row 11 on, and the column and rule that must be told."""

FIRST = 10


def plant() -> pd.DataFrame:
    file = clean()
    for position, (cells, _, _) in enumerate(PLANTED, start=FIRST):
        for name, text in cells.items():
            file.loc[position, name] = text
    # Faults of several rows: behind those of one row.
    at = FIRST + len(PLANTED)
    file.loc[at + 1, "operation"] = file.loc[at, "operation"]
    file.loc[at + 3, "patient"] = file.loc[at + 2, "patient"]
    file.loc[at + 6, ["patient", "operation_date"]] = file.loc[at + 5, ["patient", "operation_date"]].to_numpy()
    return pd.concat([file, file.iloc[[0]]], ignore_index=True)


@pytest.fixture(scope="module")
def definition() -> Definition:
    return parse_definition(DEFINITION)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, definition: Definition) -> Registry:
    path: Path = tmp_path_factory.mktemp("planted") / "planted.csv"
    plant().to_csv(path, index=False)
    return read_registry(path, definition)


def test_the_file_without_faults_has_none(definition: Definition) -> None:
    registry = read_registry(clean(), definition)
    assert registry.faults.to_numpy().tolist() == []
    assert len(registry.frame) == N


@pytest.mark.parametrize("position", range(len(PLANTED)), ids=lambda at: f"{PLANTED[at][1]}: {PLANTED[at][2]}")
def test_each_fault_is_named_with_its_row(registry: Registry, position: int) -> None:
    _, column, rule = PLANTED[position]
    named = registry.faults[(registry.faults["column"] == column) & registry.faults["rule"].str.startswith(rule)]
    assert len(named) == 1
    assert str(FIRST + position + 1) in named["rows"].iloc[0].split(", ")


def test_faults_of_several_rows_are_named(registry: Registry) -> None:
    at = FIRST + len(PLANTED) + 1
    told = {(row["column"], row["rule"]): row["rows"] for row in registry.faults.to_dict("records")}
    assert told["operation", "must stand in one row only"] == f"{at}, {at + 1}"
    assert told["sex", "must be the same in every row of one patient"].startswith(f"{at + 2}, {at + 3}")
    assert told["birth_date", "must be the same in every row of one patient"].startswith(f"{at + 2}, {at + 3}")
    (one_day,) = [rows for (_, rule), rows in told.items() if rule.startswith("must be one row per operation")]
    assert f"{at + 5}, {at + 6}" in one_day
    assert [rows for (_, rule), rows in told.items() if "repeat" in rule] == [str(N + 1)]


def test_at_least_25_rules_are_told_apart(registry: Registry) -> None:
    assert len(registry.faults[["column", "rule"]].drop_duplicates()) >= len(PLANTED) + 4


def test_nothing_is_lost_and_nothing_told(registry: Registry) -> None:
    file = plant()
    assert registry.n_read == len(file) == len(registry.frame) + len(registry.quarantine)
    assert set(registry.frame["patient"]) >= {f"P{i}" for i in range(FIRST)}
    kept = file.iloc[[int(row) - 1 for row in registry.quarantine["row_id"]]].reset_index(drop=True)
    pd.testing.assert_frame_equal(registry.quarantine[list(file)], kept.astype("str"))
    shown = registry.faults.to_csv() + "\n".join(registry.warnings)
    for value in ("sixty", "sometimes", "perhaps", "31.12.2020", "1850-01-01", "P41", "O41"):
        assert value not in shown


def test_one_command_names_all_of_them_on_one_page(tmp_path: Path, registry: Registry) -> None:
    page = html.unescape(write_check(registry, tmp_path).read_text(encoding="utf-8"))
    for fault in registry.faults.to_dict("records"):
        assert re.search(
            rf"{fault['column']}\b(?:<[^>]*>|\s)+{re.escape(fault['rule'])}(?:<[^>]*>|\s)+{fault['count']}\b", page
        ), fault
    assert len(pd.read_parquet(tmp_path / "private" / "quarantine.parquet")) == len(registry.quarantine)
