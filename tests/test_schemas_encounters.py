"""A hospital's export, one row per encounter, read with a definition alone: patients repeated, codes as text, "?"."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

from schemas.definition import read_definition
from schemas.registry import Registry, read_registry

EXPORT = """\
encounter_id,patient_nbr,race,gender,age,weight,admission_type_id,time_in_hospital,num_medications,A1Cresult,insulin,readmitted
2278392,8222157,Caucasian,Female,[0-10),?,6,1,1,None,No,NO
149190,55629189,Caucasian,Female,[10-20),?,1,3,18,None,Up,>30
64410,86047875,AfricanAmerican,Female,[20-30),?,1,2,13,None,No,NO
500364,82442376,Caucasian,Male,[30-40),?,1,2,16,None,Up,NO
16680,42519267,?,Male,[40-50),[75-100),1,1,8,>8,Steady,NO
35754,82637451,Caucasian,Male,[50-60),?,2,3,16,Norm,Steady,<30
55842,82637451,Caucasian,Male,[50-60),?,3,4,21,>7,Steady,<30
63768,8222157,Caucasian,Female,[0-10),?,1,5,12,None,No,>30
12522,48330783,Caucasian,Unknown/Invalid,[80-90),?,2,13,28,None,Steady,NO
28236,63555939,Caucasian,Female,[90-100),?,3,12,eighteen,None,Steady,NO
"""

DEFINITION = """
name = "encounters"
title = "Encounters of a hospital"
required = ["patient", "sex"]

[file]
missing = ["?"]

[columns.patient]
header = "patient_nbr"

[columns.operation]
header = "encounter_id"

[columns.sex]
header = "gender"
recode = { "Female" = "female", "Male" = "male" }
missing = ["Unknown/Invalid"]

[columns.age_band]
header = "age"
kind = "category"
levels = ["under 50", "50 or over"]
known_at = "preop"
text = "Age in tens of years, joined to two bands."
recode = { "[0-10)" = "under 50", "[10-20)" = "under 50", "[20-30)" = "under 50", "[30-40)" = "under 50", \
"[40-50)" = "under 50", "[50-60)" = "50 or over", "[80-90)" = "50 or over", "[90-100)" = "50 or over" }

[columns.admission_type]
header = "admission_type_id"
kind = "category"
levels = ["emergency", "urgent", "elective"]
known_at = "preop"
text = "Type of the admission."
recode = { "1" = "emergency", "2" = "urgent", "3" = "elective" }
missing = ["5", "6", "8"]

[columns.hba1c_band]
header = "A1Cresult"
kind = "category"
levels = ["normal", "over 7", "over 8"]
known_at = "preop"
text = "Result of the last HbA1c."
recode = { "Norm" = "normal", ">7" = "over 7", ">8" = "over 8" }
missing = ["None"]

[columns.n_medications]
header = "num_medications"
kind = "number"
unit = "drugs"
range = [0, 100]
known_at = "discharge"
text = "Different drugs given during the stay."

[columns.length_of_stay_days]
header = "time_in_hospital"

[columns.readmission_within_30_days]
header = "readmitted"
kind = "flag"
known_at = "followup"
text = "Readmitted within 30 days of the discharge."
recode = { "NO" = 0, ">30" = 0, "<30" = 1 }
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder: Path = tmp_path_factory.mktemp("encounters")
    (folder / "encounters.csv").write_text(EXPORT, encoding="utf-8")
    (folder / "encounters.toml").write_text(DEFINITION, encoding="utf-8")
    return read_registry(folder / "encounters.csv", folder / "encounters.toml")


def test_the_one_faulty_row_is_kept_apart(registry: Registry) -> None:
    assert registry.faults[["column", "rule", "rows"]].to_numpy().tolist() == [
        ["n_medications", "must be a number", "10"]
    ]
    assert (registry.n_read, len(registry.frame), len(registry.quarantine)) == (10, 9, 1)


def test_patients_are_repeated_and_encounters_are_not(registry: Registry) -> None:
    assert registry.frame["patient"].value_counts().head(2).to_dict() == {"8222157": 2, "82637451": 2}
    assert registry.frame["operation"].is_unique


def test_question_marks_and_codes_are_unknown_or_mean_something(registry: Registry) -> None:
    frame = registry.frame
    assert frame["sex"].isna().tolist() == [False] * 8 + [True]
    assert frame["admission_type"].isna().tolist() == [True] + [False] * 8
    assert frame["hba1c_band"].dropna().tolist() == ["over 8", "normal", "over 7"]
    assert frame["readmission_within_30_days"].sum() == 2
    assert frame["age_band"].value_counts().to_dict() == {"under 50": 6, "50 or over": 3}
    assert frame["length_of_stay_days"].tolist() == [1, 3, 2, 2, 1, 3, 4, 5, 13]


def test_headers_without_a_column_are_named(registry: Registry) -> None:
    assert [note for note in registry.warnings if "'race', 'weight', 'insulin'" in note]


def test_an_unlisted_code_is_a_fault_and_not_a_no(tmp_path: Path) -> None:
    text = EXPORT.replace("12,None,No,>30", "12,None,No,maybe")
    (tmp_path / "e.toml").write_text(DEFINITION, encoding="utf-8")
    (tmp_path / "e.csv").write_text(text, encoding="utf-8")
    registry = read_registry(tmp_path / "e.csv", read_definition(tmp_path / "e.toml"))
    assert registry.faults.query("column == 'readmission_within_30_days'")["rows"].tolist() == ["8"]
    assert "maybe" not in registry.faults.to_csv()


def test_the_same_rows_from_parquet_give_the_same_registry(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "encounters.parquet"
    pd.read_csv(StringIO(EXPORT), keep_default_na=False).to_parquet(path)
    assert read_registry(path, registry.definition).fingerprint == registry.fingerprint
