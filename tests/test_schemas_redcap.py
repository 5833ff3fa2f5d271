"""The data dictionary of REDCap, written here in the shape in which a project writes it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from schemas.definition import parse_definition
from schemas.drafting import Draft, draft_definition
from schemas.errors import DataError
from schemas.redcap import RedcapField, export_headers, parse_choices, plain_event, plain_label, read_dictionary
from schemas.registry import read_registry

COLUMNS = [
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
]  # fmt: skip
"""The eighteen columns of a project's data dictionary, in their order."""

FIELDS: list[dict[str, str]] = [
    {"name": "record_id", "form": "demographics", "type": "text", "label": "Record ID"},
    {"name": "pt_surname", "form": "demographics", "type": "text", "label": "Surname", "identifier": "y"},
    {"name": "pt_sex", "form": "demographics", "type": "radio", "label": "Sex", "choices": "1, Male | 2, Female"},
    {"name": "pt_age", "form": "demographics", "type": "text", "label": "Age", "validation": "integer"},
    {"name": "tobacco_q3", "form": "demographics", "type": "dropdown", "label": "<b>Smoking</b>",
     "choices": "0, Never | 1, Ex-smoker | 2, Smoker | 9, Unknown", "required": "y"},
    {"name": "ill", "form": "demographics", "type": "checkbox", "label": "Illnesses",
     "choices": "1, Diabetes | 2, Hypertension | 3, Something else"},
    {"name": "work", "form": "demographics", "type": "radio", "label": "Living alone", "choices": "1, Yes | 0, No"},
    {"name": "dx", "form": "demographics", "type": "radio", "label": "Diagnosis",
     "choices": "1, Disc herniation | 2, Lumbar spinal stenosis | 3, Something the surgeon knows"},
    {"name": "surgery_date", "form": "surgery", "type": "text", "label": "Date of surgery", "validation": "date_dmy"},
    {"name": "logo", "form": "surgery", "type": "descriptive", "label": "<p>Welcome</p>"},
    {"name": "odi", "form": "proms", "type": "calc", "label": "ODI", "choices": "round(sum([q1],[q2])*2)"},
    {"name": "back_vas", "form": "proms", "type": "slider", "label": "Back pain", "choices": "None | | Worst"},
]  # fmt: skip

POSITIONS = {
    "name": 0, "form": 1, "type": 3, "label": 4, "choices": 5, "validation": 7, "identifier": 10, "branching": 11,
    "required": 12,
}  # fmt: skip


def write_dictionary(path: Path, fields: Sequence[dict[str, str]] = FIELDS) -> Path:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for field in fields:
            row = [""] * len(COLUMNS)
            for key, text in field.items():
                row[POSITIONS[key]] = text
            writer.writerow(row)
    return path


def write_rows(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def make_patients(n: int = 60) -> list[dict[str, object]]:
    rng = np.random.default_rng(3)
    return [
        {
            "record_id": number,
            "pt_surname": f"Hansen{number}",
            "pt_sex": int(rng.integers(1, 3)),
            "pt_age": int(rng.integers(25, 85)),
            "tobacco_q3": int(rng.choice([0, 1, 2, 9])),
            "ill___1": int(rng.integers(0, 2)),
            "ill___2": int(rng.integers(0, 2)),
            "ill___3": int(rng.integers(0, 2)),
            "work": int(rng.integers(0, 2)),
            "dx": int(rng.integers(1, 4)),
            "surgery_date": f"20{rng.integers(15, 23)}-0{rng.integers(1, 9)}-{rng.integers(13, 28)}",
            "demographics_complete": 2,
        }
        for number in range(1, n + 1)
    ]


def with_labels(row: dict[str, object]) -> dict[str, object]:
    """Return a row as the export with labels writes it, under the headers of the labels."""
    said = {"pt_sex": {1: "Male", 2: "Female"}, "work": {1: "Yes", 0: "No"}}
    said |= {"tobacco_q3": {0: "Never", 1: "Ex-smoker", 2: "Smoker", 9: "Unknown"}}
    said |= {"dx": {1: "Disc herniation", 2: "Lumbar spinal stenosis", 3: "Something the surgeon knows"}}
    said |= {name: {1: "Checked", 0: "Unchecked"} for name in ("ill___1", "ill___2", "ill___3")}
    headers = {"record_id": "Record ID", "pt_surname": "Surname", "pt_sex": "Sex", "pt_age": "Age"}
    headers |= {"tobacco_q3": "Smoking", "work": "Living alone", "dx": "Diagnosis", "surgery_date": "Date of surgery"}
    headers |= {"ill___1": "Illnesses (choice=Diabetes)", "ill___2": "Illnesses (choice=Hypertension)"}
    headers |= {"ill___3": "Illnesses (choice=Something else)", "demographics_complete": "Complete?"}
    return {headers[name]: said.get(name, {}).get(value, value) for name, value in row.items()}


def proposal(draft: Draft, header: str) -> dict[str, object]:
    rows = draft.proposals[draft.proposals["header"] == header].to_dict("records")
    assert len(rows) == 1, draft.text
    return {str(key): value for key, value in rows[0].items()}


def test_dictionary_is_read(tmp_path: Path) -> None:
    fields = read_dictionary(write_dictionary(tmp_path / "dictionary.csv"))
    assert len(fields) == len(FIELDS)
    assert fields[1].identifier
    assert not fields[2].identifier
    assert fields[2].choices == (("1", "Male"), ("2", "Female"))
    assert fields[4] == RedcapField(
        name="tobacco_q3",
        form="demographics",
        kind="dropdown",
        label="Smoking",
        choices=(("0", "Never"), ("1", "Ex-smoker"), ("2", "Smoker"), ("9", "Unknown")),
        required=True,
    )
    assert fields[8].is_date
    # what a calculated field or a slider has in the column of the choices are none
    assert fields[10].choices == fields[11].choices == ()


def test_headers_of_an_export(tmp_path: Path) -> None:
    headers = export_headers(read_dictionary(write_dictionary(tmp_path / "dictionary.csv")))
    assert headers["ill___2"].label == headers["Illnesses (choice=Hypertension)"].label == "Hypertension"
    assert headers["pt_sex"].choices == headers["Sex"].choices
    assert "ill" not in headers
    assert "logo" not in headers


def test_box_with_a_negative_code() -> None:
    box = RedcapField(name="ill", form="f", kind="checkbox", label="Ill", choices=(("-99", "Unknown"), ("A", "Other")))
    assert {"ill____99", "ill___a"} <= set(export_headers([box]))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1, Male | 2, Female", (("1", "Male"), ("2", "Female"))),
        ("0, No|1, Yes, sometimes", (("0", "No"), ("1", "Yes, sometimes"))),
        ("a, <b>Left</b>\\n b, Right", (("a", "Left"), ("b", "Right"))),
    ],
)
def test_choices(text: str, wanted: tuple[tuple[str, str], ...]) -> None:
    assert parse_choices(text) == wanted


def test_labels_and_events() -> None:
    assert plain_label("<div>Age&nbsp;at <b>surgery</b></div>") == "Age at surgery"
    assert plain_event("month_3_arm_1") == "month 3"
    assert plain_event("Month 3 (Arm 1: All patients)") == "Month 3"


def test_what_is_no_dictionary_is_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "export.csv", make_patients())
    with pytest.raises(DataError, match=r"must be a REDCap data dictionary.*\n.*'Variable / Field Name'"):
        read_dictionary(path)


def test_wrong_rows_of_a_dictionary_are_named(tmp_path: Path) -> None:
    wrong = [FIELDS[0], {**FIELDS[2], "choices": "Male Female"}, {**FIELDS[3], "type": "number"}]
    with pytest.raises(DataError, match=r"row 3: choices must be codes and labels(.|\n)*row 4: the field type must be"):
        read_dictionary(write_dictionary(tmp_path / "dictionary.csv", wrong))


@pytest.fixture
def dictionary(tmp_path: Path) -> Path:
    return write_dictionary(tmp_path / "dictionary.csv")


@pytest.mark.parametrize("labelled", [False, True], ids=["raw", "labels"])
def test_export_is_drafted_and_read(tmp_path: Path, dictionary: Path, labelled: bool) -> None:
    rows = make_patients()
    data = write_rows(tmp_path / "export.csv", [with_labels(row) for row in rows] if labelled else rows)
    draft = draft_definition(data, base="lumbar", dictionary=dictionary)
    registry = read_registry(data, parse_definition(draft.text))
    frame = registry.frame
    assert len(registry.quarantine) == 0
    assert frame["sex"].tolist() == [{1: "male", 2: "female"}[row["pt_sex"]] for row in rows]
    smoking = [{0: "never", 1: "former", 2: "current", 9: None}[row["tobacco_q3"]] for row in rows]
    assert frame["smoking"].astype(object).where(frame["smoking"].notna(), None).tolist() == smoking
    assert frame["diabetes"].tolist() == [row["ill___1"] for row in rows]
    assert frame["hypertension"].tolist() == [row["ill___2"] for row in rows]
    assert frame["living_alone"].tolist() == [row["work"] for row in rows]
    assert frame["age"].tolist() == [row["pt_age"] for row in rows]
    assert frame["operation_date"].dt.strftime("%Y-%m-%d").tolist() == [str(row["surgery_date"]) for row in rows]


def test_identifiers_of_the_dictionary_are_dropped(tmp_path: Path, dictionary: Path) -> None:
    data = write_rows(tmp_path / "export.csv", make_patients())
    draft = draft_definition(data, base="lumbar", dictionary=dictionary)
    assert parse_definition(draft.text).identifiers.drop == ("pt_surname",)
    assert "Hansen" not in draft.text


def test_choices_without_a_level_are_left_to_be_filled_in(tmp_path: Path, dictionary: Path) -> None:
    data = write_rows(tmp_path / "export.csv", make_patients())
    draft = draft_definition(data, base="lumbar", dictionary=dictionary)
    assert '# recode = { "1" = "disc_herniation", "2" = "stenosis", "3" = "..." }' in draft.text
    assert "# # 3 is Something the surgeon knows" in draft.text
    assert draft.unplaced.set_index("header").loc["dx", "candidates"] == "diagnosis"


def test_how_says_redcap(tmp_path: Path, dictionary: Path) -> None:
    data = write_rows(tmp_path / "export.csv", make_patients())
    draft = draft_definition(data, base="lumbar", dictionary=dictionary)
    found = proposal(draft, "tobacco_q3")
    assert (found["column"], found["how"], found["certainty"]) == ("smoking", "REDCap", "check")


def make_longitudinal(n: int = 40) -> list[dict[str, object]]:
    """Return rows of an export with events and a repeating instrument: each fills its own columns only."""
    rng = np.random.default_rng(8)
    patients = make_patients(n)
    blank: dict[str, object] = dict.fromkeys((*patients[0], "odi", "reop_kind", "reop_date"), "")
    made = []
    for patient in patients:
        number = patient["record_id"]
        for event in ("baseline_arm_1", "month_3_arm_1", "month_12_arm_1"):
            head = {"record_id": number, "redcap_event_name": event}
            head |= {"redcap_repeat_instrument": "", "redcap_repeat_instance": ""}
            asked = patient if event == "baseline_arm_1" else {}
            made.append(blank | asked | head | {"odi": int(rng.integers(0, 50)) * 2})
        if rng.random() < 0.3:
            head = {"record_id": number, "redcap_event_name": "baseline_arm_1"}
            head |= {"redcap_repeat_instrument": "reoperation", "redcap_repeat_instance": 1}
            made.append(blank | head | {"reop_kind": "infection", "reop_date": "2024-01-20"})
    front = ("record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")
    return [{name: row[name] for name in (*front, *(key for key in blank if key not in front))} for row in made]


def test_events_that_are_no_visits_are_joined(tmp_path: Path, dictionary: Path) -> None:
    blank: dict[str, object] = {}
    rows: list[dict[str, object]] = []
    for patient in make_patients(40):
        front = dict.fromkeys(("record_id", "redcap_event_name"), "")
        blank = {**front, **dict.fromkeys(patient, ""), "odi": ""}
        asked = {name: value for name, value in patient.items() if name != "surgery_date"}
        number = patient["record_id"]
        rows.append({**blank, **asked, "redcap_event_name": "Enrolment (Arm 1: All)"})
        day = {"record_id": number, "surgery_date": patient["surgery_date"]}
        rows.append({**blank, **day, "redcap_event_name": "Surgery (Arm 1: All)"})
        rows += [
            {**blank, "record_id": number, "odi": odi, "redcap_event_name": f"{month} months (Arm 1: All)"}
            for month, odi in ((3, 20), (12, 60))
        ]
    data = write_rows(tmp_path / "export.csv", rows)
    draft = draft_definition(data, base="lumbar", dictionary=dictionary)
    definition = parse_definition(draft.text)
    assert definition.tables["operations"].where == {"redcap_event_name": ("Surgery (Arm 1: All)",)}
    registry = read_registry(data, definition)
    assert registry.n_read == 40
    assert registry.frame["age"].tolist() == [row["pt_age"] for row in make_patients(40)]
    assert registry.frame["odi_12m"].eq(60).all()
    assert registry.frame["operation_date"].notna().all()


def test_longitudinal_export_becomes_operations_and_visits(tmp_path: Path, dictionary: Path) -> None:
    rows = make_longitudinal()
    data = write_rows(tmp_path / "export.csv", rows)
    draft = draft_definition(data, base="lumbar", dictionary=dictionary)
    definition = parse_definition(draft.text)
    assert definition.tables["operations"].where == {
        "redcap_event_name": ("baseline_arm_1",),
        "redcap_repeat_instrument": ("",),
    }
    assert definition.tables["visits"].label == "redcap_event_name"
    assert definition.tables["visits"].labels == {
        "baseline_arm_1": "0",
        "month_3_arm_1": "3m",
        "month_12_arm_1": "12m",
    }
    registry = read_registry(data, definition)
    assert registry.n_read == 40
    for event, column in {"baseline_arm_1": "odi_0", "month_3_arm_1": "odi_3m", "month_12_arm_1": "odi_12m"}.items():
        wanted = [
            row["odi"] for row in rows if row["redcap_event_name"] == event and not row["redcap_repeat_instrument"]
        ]
        assert registry.frame[column].tolist() == wanted
    # the repeating instrument is drafted as a comment: what its rows are is for somebody to say
    assert '# where = { "redcap_repeat_instrument" = ["reoperation"] }' in draft.text


def test_headers_that_redcap_adds_are_listed_and_are_no_event(tmp_path: Path, dictionary: Path) -> None:
    rows = [{**row, "reop_kind": row["reop_kind"] and "1", "reop_complete": row["reop_kind"] and "2"}
            for row in make_longitudinal()]  # fmt: skip
    fields = [*FIELDS, {"name": "reop_date", "form": "reop", "type": "text", "label": "Day", "validation": "date_dmy"},
              {"name": "reop_kind", "form": "reop", "type": "radio", "label": "Kind",
               "choices": "1, Infection | 2, Leak"},
              {"name": "unused", "form": "reop", "type": "text", "label": "Unused"}]  # fmt: skip
    data = write_rows(tmp_path / "export.csv", [{**row, "unused": ""} for row in rows])
    told = write_dictionary(tmp_path / "fields.csv", fields)
    draft = draft_definition(data, base="lumbar", dictionary=told)
    block = draft.text.split("# [tables.reoperation.columns.event]")[1].splitlines()[1:4]
    assert block == ['# header = "reop_kind"', "# # 1 is Infection", "# # 2 is Leak"]
    assert '# date = "reop_date"' in draft.text
    listed = {*draft.proposals["header"], *draft.used["header"], *draft.unplaced["header"]}
    assert listed == {*rows[0], "unused"}
    reasons = draft.unplaced.set_index("header")["reason"]
    assert "to count repetitions" in reasons["redcap_repeat_instance"]
    assert "whether a form was filled in" in reasons["demographics_complete"]
    assert "whether a form was filled in" in reasons["reop_complete"]
    assert reasons["reop_kind"] == "the table 'reoperation' is left out, see there"
    assert reasons["unused"] == "it holds no value in this file"
    uses = draft.used.set_index("header")["use"]
    assert uses["pt_surname"] == "dropped: looks like a field that the REDCap dictionary marks as an identifier"
    assert uses["redcap_event_name"] == "name of the visit"
    assert uses["redcap_repeat_instrument"] == "says which rows belong to a table"


@pytest.mark.parametrize("labelled", [False, True])
def test_codes_of_smoking_are_levels_whatever_the_field_is_called(tmp_path: Path, *, labelled: bool) -> None:
    choices = ("Never", "Former", "Current")
    field = {"name": "smoke", "form": "base", "type": "radio", "label": "Smoke",
             "choices": " | ".join(f"{code}, {label}" for code, label in enumerate(choices))}  # fmt: skip
    told = write_dictionary(tmp_path / "fields.csv", [FIELDS[0], field])
    rows: list[dict[str, object]] = [
        {"Record ID": row, "Smoke": choices[row % 3]} if labelled else {"record_id": row, "smoke": row % 3}
        for row in range(60)
    ]
    data = write_rows(tmp_path / "export.csv", rows)
    draft = draft_definition(data, base="lumbar", dictionary=told)
    found = read_registry(data, parse_definition(draft.text)).frame["smoking"]
    assert found.tolist() == [choices[row % 3].lower() for row in range(60)]


def test_repeated_form_status_says_what_to_do(tmp_path: Path, dictionary: Path) -> None:
    data = tmp_path / "export.csv"
    data.write_text("Record ID,Sex,Complete?,Age,Complete?\n1,Male,Complete,40,Complete\n", encoding="utf-8")
    told = r"in columns 3, 5; these are the columns Complete\? that REDCap adds .* export raw headers instead of labels"
    with pytest.raises(DataError, match=told):
        draft_definition(data, base="lumbar", dictionary=dictionary)
