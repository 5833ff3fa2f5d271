"""Drafts of definitions: what is placed reads back as it was, what is not is said, and no patient's value is shown."""

from __future__ import annotations

import csv
import gzip
import sqlite3
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.definition import parse_definition
from schemas.drafting import PROPOSALS, UNPLACED, Draft, draft_definition
from schemas.drafts.files import sniff_text
from schemas.drafts.match import find_candidates, find_visit, make_name
from schemas.errors import DataError, InputError
from schemas.plans import FilePlan
from schemas.registry import Registry, read_registry
from schemas.synthetic import simulate_registry, write_synthetic
from schemas.toml_text import write_value
from schemas.wording import split_words

N = 200
Table = dict[str, Sequence[object]]


def write_csv(path: Path, table: Table, *, separator: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    return path


def make_table(**columns: Sequence[object]) -> Table:
    """Return a patient, an age and further columns of `N` rows."""
    rng = np.random.default_rng(5)
    first: Table = {"patient": [f"p{row}" for row in range(N)], "age": rng.integers(20, 90, N).tolist()}
    return first | columns


def cycle(*texts: object) -> list[object]:
    return [texts[row % len(texts)] for row in range(N)]


def draft(tmp_path: Path, table: Table, base: str = "lumbar") -> Draft:
    return draft_definition(write_csv(tmp_path / "export.csv", table), base=base)


def keys_of(made: Draft, column: str) -> dict[str, object]:
    """Return what the draft's TOML says of a column."""
    return dict(tomllib.loads(made.text)["columns"][column])


def reason_of(made: Draft, header: str) -> str:
    return str(made.unplaced.set_index("header").loc[header, "reason"])


def uncomment(text: str, heading: str) -> str:
    """Return a draft with the table under `heading` written for real, as somebody would do it in an editor."""
    lines = text.splitlines()
    at = lines.index(f"# [{heading}]")
    end = next((row for row in range(at, len(lines)) if not lines[row].startswith("# ")), len(lines))
    return "\n".join([*lines[:at], *(line.removeprefix("# ") for line in lines[at:end]), *lines[end:]])


# --- what is placed reads back as it was


@pytest.mark.parametrize(
    "cohort",
    ["lumbar", pytest.param("cervical", marks=pytest.mark.slow), pytest.param("deformity", marks=pytest.mark.slow)],
)
def test_file_with_the_dictionary_s_names_is_sure(tmp_path: Path, cohort: str) -> None:
    registry = simulate_registry(cohort, n=300, seed=4)
    data = write_synthetic(registry, tmp_path)
    made = draft_definition(data, base=cohort)
    assert not made.needs_a_person, made.text
    assert set(made.proposals["certainty"]) == {"sure"}
    back = read_registry(data, parse_definition(made.text))
    pd.testing.assert_frame_equal(back.frame[list(registry.frame.columns)], registry.frame)


def rewrite_as_registry(registry: Registry) -> pd.DataFrame:
    """Write the frame as a Norwegian export would: its own headers, codes, units, decimal comma and missing codes."""
    frame = registry.frame
    made = pd.DataFrame(index=frame.index)
    made["PatientID"] = frame["patient"]
    made["Date of surgery"] = frame["operation_date"].dt.strftime("%d.%m.%Y")
    made["Alder"] = frame["age"].map("{:g}".format, na_action="ignore").str.replace(".", ",", regex=False)
    made["Gender"] = frame["sex"].map({"male": "1", "female": "2"})
    made["ASA"] = frame["asa_class"]
    made["Body Mass Index"] = [f"{value:.1f}".replace(".", ",") if value == value else "-99" for value in frame["bmi"]]
    made["Smoking status"] = frame["smoking"].str.capitalize().fillna("Unknown")
    for name, header in (("odi_0", "ODI preop"), ("odi_3m", "ODI 3 months"), ("odi_12m", "ODI 12 months")):
        made[header] = frame[name].div(2).map("{:g}".format, na_action="ignore").str.replace(".", ",", regex=False)
    made["NRS leg preop (mm)"] = (frame["nrs_leg_0"] * 10).map("{:g}".format, na_action="ignore")
    made["DIABETES"] = frame["diabetes"].map({1.0: "Ja", 0.0: "Nei"})
    return made


def test_renamed_and_recoded_registry_is_drafted_back(tmp_path: Path) -> None:
    registry = simulate_registry("lumbar", n=600, seed=2)
    data = tmp_path / "eksport.csv"
    rewrite_as_registry(registry).to_csv(data, sep=";", index=False, encoding="cp1252", lineterminator="\r\n")
    made = draft_definition(data, base="lumbar")
    definition = parse_definition(made.text)
    assert (definition.file.separator, definition.file.decimal) == (";", ",")
    back = read_registry(data, definition)
    assert len(back.quarantine) == 0
    wanted = [
        "patient", "operation_date", "age", "sex", "asa_class", "smoking", "odi_0", "odi_3m", "odi_12m", "nrs_leg_0",
        "diabetes",
    ]  # fmt: skip
    assert not set(wanted) - set(back.frame.columns), made.text
    pd.testing.assert_frame_equal(back.frame[wanted], registry.frame[wanted])
    np.testing.assert_allclose(back.frame["bmi"], registry.frame["bmi"].round(1))
    units = {name: keys_of(made, name).get("unit_in_file") for name in ("odi_0", "odi_12m", "nrs_leg_0")}
    assert units == {"odi_0": "points_of_50", "odi_12m": "points_of_50", "nrs_leg_0": "mm_of_100"}
    assert keys_of(made, "bmi")["missing"] == ["-99"]


def test_columns_of_the_results(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(Gender=cycle("m", "f"), oddity=cycle("x", "y")))
    assert tuple(made.proposals.columns) == PROPOSALS
    assert tuple(made.unplaced.columns) == UNPLACED
    assert made.needs_a_person
    row = made.proposals.set_index("column").loc["sex"]
    assert (row["header"], row["how"], row["certainty"], row["what"]) == ("Gender", "alias", "check", "recode")
    assert row["n_known"] == N


def test_every_proposal_that_is_not_sure_says_why(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(Gender=cycle("m", "f"), diabetes=cycle("ja", "nei"), bmi=cycle("24.5", "NULL")))
    for row in made.proposals.to_dict("records"):
        above = made.text.split(f"[columns.{row['column']}]")[0].splitlines()[-1]
        assert above.startswith("# check: ") == (row["certainty"] == "check"), made.text


@pytest.mark.parametrize(
    ("texts", "recode"),
    [
        (("yes", "no"), None),
        (("1", "0"), None),
        (("Ja", "Nei"), {"Ja": 1, "Nei": 0}),
        (("j", "n"), {"j": 1, "n": 0}),
        (("Y", "N"), {"Y": 1, "N": 0}),
        (("True", "False"), None),
        (("Checked", "Unchecked"), {"Checked": 1, "Unchecked": 0}),
    ],
)
def test_codes_of_yes_and_no(tmp_path: Path, texts: tuple[str, str], recode: dict[str, int] | None) -> None:
    made = draft(tmp_path, make_table(diabetes=cycle(*texts)))
    assert keys_of(made, "diabetes").get("recode") == recode
    back = read_registry(tmp_path / "export.csv", parse_definition(made.text))
    assert back.frame["diabetes"].tolist() == cycle(1.0, 0.0)


def test_missing_codes_that_can_be_no_values(tmp_path: Path) -> None:
    table = make_table(bmi=cycle("24.5", "-99", "31", "999"), odi_0=cycle("40", "60", "82", "?"))
    made = draft(tmp_path, table)
    assert keys_of(made, "bmi")["missing"] == ["-99", "999"]
    assert keys_of(made, "odi_0")["missing"] == ["?"]
    frame = read_registry(tmp_path / "export.csv", parse_definition(made.text)).frame
    assert frame["bmi"].notna().tolist() == cycle(True, False, True, False)


def test_code_that_may_be_a_value_is_said_and_kept(tmp_path: Path) -> None:
    ages = [99 if row % 6 == 0 else 30 + row % 40 for row in range(N)]
    made = draft(tmp_path, {**make_table(), "age": ages})
    assert '# check: 99 stands far above the other values; if it means missing, add missing = ["99"]' in made.text
    assert "missing" not in keys_of(made, "age")


@pytest.mark.parametrize(
    ("header", "column", "values", "unit"),
    [
        ("Height", "height_cm", np.linspace(58, 78, N).round(1), "inches"),
        ("Height", "height_cm", np.linspace(1.5, 1.98, N).round(2), "m"),
        ("Height", "height_cm", np.linspace(150, 198, N).round(), None),
        ("Weight", "weight_kg", np.linspace(110, 290, N).round(), "pounds"),
        ("Weight (lbs)", "weight_kg", np.linspace(110, 200, N).round(), "pounds"),
        ("Weight", "weight_kg", np.linspace(50, 120, N).round(), None),
        ("odi_0", "odi_0", np.linspace(2, 48, N).round(), "points_of_50"),
        ("odi_0", "odi_0", np.linspace(0.1, 0.9, N).round(2), "fraction"),
        ("odi_0", "odi_0", np.linspace(2, 90, N).round(), None),
        ("nrs_back_0", "nrs_back_0", np.linspace(5, 100, N).round(), "mm_of_100"),
        ("VAS back pain preop", "vas_back_0", np.linspace(0.1, 9.9, N).round(1), "cm_of_10"),
        ("VAS back pain preop", "vas_back_0", np.linspace(1, 99, N).round(), None),
        ("Creatinine (umol/l)", "creatinine_mg_dl", np.linspace(45, 160, N).round(), "umol/l creatinine"),
        ("Albumin", "albumin_g_dl", np.linspace(28, 50, N).round(), "g/l"),
    ],
)  # fmt: skip
def test_units_by_the_size_of_the_values(
    tmp_path: Path, header: str, column: str, values: np.ndarray, unit: str | None
) -> None:
    table = make_table(**{header: values.tolist()})
    made = draft(tmp_path, table)
    assert keys_of(made, column).get("unit_in_file") == unit
    certainty = made.proposals.set_index("column").loc[column, "certainty"]
    assert certainty == "sure" if unit is None and header == column else certainty == "check"


def test_score_that_is_in_percent_at_one_visit_is_in_percent_at_all(tmp_path: Path) -> None:
    table = make_table(odi_0=np.linspace(10, 90, N).round().tolist(), odi_12m=np.linspace(0, 48, N).round().tolist())
    made = draft(tmp_path, table)
    assert "unit_in_file" not in keys_of(made, "odi_12m")
    assert "but other visits of the score are in percent" in made.text


def test_mixed_units_are_not_placed(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(nrs_leg_0=cycle(3, 5, 7, 8, 65, 2, 4)))
    assert "or are units mixed" in reason_of(made, "nrs_leg_0")


@pytest.mark.parametrize("shape", ["%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d-%b-%Y", "%d/%m/%Y %H:%M"])
def test_formats_of_days(tmp_path: Path, shape: str) -> None:
    days = pd.date_range("2019-01-02", periods=N, freq="9D")
    made = draft(tmp_path, make_table(operation_date=days.strftime(shape).tolist()))
    assert keys_of(made, "operation_date")["date_format"] == shape
    back = read_registry(tmp_path / "export.csv", parse_definition(made.text))
    assert back.frame["operation_date"].tolist() == days.tolist()


def test_first_day_that_a_program_knows_means_missing(tmp_path: Path) -> None:
    days = pd.date_range("2019-01-02", periods=N, freq="9D").strftime("%d.%m.%Y").tolist()
    made = draft(
        tmp_path, make_table(operation_date=["01.01.1900" if row % 5 == 0 else day for row, day in enumerate(days)])
    )
    assert keys_of(made, "operation_date") == {"missing": ["01.01.1900"], "date_format": "%d.%m.%Y"}


def test_follow_up_is_optional_so_that_new_patients_can_be_read(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(odi_12m=cycle(10, 60), odi_0=cycle(10, 70)))
    assert keys_of(made, "odi_12m") == {"optional": True}
    assert "optional" not in keys_of(made, "odi_0")


# --- what is not placed is said


def test_header_without_a_visit_is_ambiguous(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(ODI=cycle(10, 40, 60)))
    row = made.unplaced.set_index("header").loc["ODI"]
    assert "the header names a score and no visit" in row["reason"]
    assert {"odi_0", "odi_3m", "odi_12m"} <= set(row["candidates"].split(", "))
    assert "# [columns.odi_0]\n" in made.text
    assert "[columns.odi_0]\n" not in made.text.replace("# [columns.odi_0]\n", "")


def test_of_two_headers_for_one_column_none_is_chosen(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(Gender=cycle("m", "f"), Kjonn=cycle("f", "m")))
    assert "sex" not in made.proposals["column"].tolist()
    assert reason_of(made, "Gender") == "sex: the header 'Kjonn' may be it as well"


def test_exact_name_wins_over_an_alias(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(sex=cycle("male", "female"), Gender=cycle("f", "m")))
    assert made.proposals.set_index("column").loc["sex", "header"] == "sex"
    assert reason_of(made, "Gender") == "sex: the header 'sex' may be it as well"


def test_day_and_month_either_way_round(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(operation_date=cycle("03/04/2020", "11/12/2021")))
    assert "either way round" in reason_of(made, "operation_date")
    edited = uncomment(made.text, "columns.operation_date").replace(
        '[columns.operation_date]\nheader = "operation_date (not read)"\noptional = true\n', ""
    )
    assert parse_definition(edited).sources["operation_date"].date_format == "%d/%m/%Y"
    assert '# # or date_format = "%m/%d/%Y"' in made.text


@pytest.mark.parametrize(
    ("column", "texts", "why"),
    [
        ("bmi", ("24", "a lot", "31"), "numbers are due, and 67 of 200 values are texts"),
        ("bmi", ("24", "3000", "31"), "67 of 200 values are outside 12 to 75"),
        ("operation_date", ("spring", "autumn"), "dates are due"),
        ("operation", ("a", "b"), "200 of 200 values stand in more than one row"),
        ("diabetes", ("1", "2"), "registries differ in which of them is yes"),
        ("diabetes", ("1", "9"), "either not ticked or not answered"),
        ("diabetes", ("a bit", "very"), "nobody but the registry knows"),
        ("sex", ("0", "1"), "registries differ in which is which"),
        ("smoking", ("1", "2", "3"), "nobody but the registry knows"),
    ],
)
def test_values_that_do_not_fit_are_not_placed(tmp_path: Path, column: str, texts: tuple[str, ...], why: str) -> None:
    made = draft(tmp_path, make_table(**{column: cycle(*texts)}))
    assert why in reason_of(made, column)
    # although the header is that of a column of the base, it is not read: the draft can be used at once
    back = read_registry(tmp_path / "export.csv", parse_definition(made.text))
    assert column not in back.columns
    assert len(back.frame) == N


def test_few_impossible_values_are_placed_and_said(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(bmi=["300" if row < 3 else "24" for row in range(N)]))
    assert "# check: 3 of 200 values cannot be read as it; their rows would be kept apart\n[columns.bmi]" in made.text
    assert len(read_registry(tmp_path / "export.csv", parse_definition(made.text)).quarantine) == 3


def test_codes_are_left_to_be_filled_in(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(smoking=cycle("1", "2", "3")))
    assert '# recode = { "1" = "...", "2" = "...", "3" = "..." }' in made.text
    assert "# # on the right one of: never, former, current" in made.text
    edited = uncomment(made.text, "columns.smoking")
    edited = edited.replace('[columns.smoking]\nheader = "smoking (not read)"\noptional = true\n', "")
    for level in ("never", "former", "current"):
        edited = edited.replace('"..."', f'"{level}"', 1)
    assert parse_definition(edited).sources["smoking"].recode == {"1": "never", "2": "former", "3": "current"}


def test_unknown_header_has_a_table_ready(tmp_path: Path) -> None:
    table = make_table(
        **{"Walks outdoors?": cycle("yes", "no"), "Øst/West": cycle("7", "300", "12000"), "2nd": cycle("q", "r")}
    )
    made = draft(tmp_path, table)
    for name in ("walks_outdoors", "ost_west", "x_2nd"):
        own = parse_definition(uncomment(made.text, f"columns.{name}")).sources[name].column
        assert own.known_at == "preop"
    assert reason_of(made, "2nd") == "no column of the dictionary has a name like it"


def test_draft_is_told_of_patients_without_identifier(tmp_path: Path) -> None:
    table = make_table()
    del table["patient"]
    assert "no header is the patient's identifier" in draft(tmp_path, table).notes[0]


def test_draft_that_reads_nothing_says_so(tmp_path: Path) -> None:
    made = draft(tmp_path, {"colour": cycle("red", "blue"), "ward": cycle("x", "y")})
    assert made.notes == ("no header could be placed: nothing can be read before a table below is filled in",)


# --- what nothing is known of but its values


@pytest.mark.parametrize(
    ("values", "missing", "bounds"),
    [
        ([-99 if row % 9 == 0 else row % 97 for row in range(N)], ["-99"], [0, 100]),
        ([999 if row % 9 == 0 else row % 97 for row in range(N)], ["999"], [0, 100]),
        ([(-99, 88)[row % 2] if row % 9 == 0 else row % 11 for row in range(N)], ["-99", "88"], [0, 10]),
        ([-99 if row % 9 == 0 else row % 21 - 10 for row in range(N)], ["-99"], [-10, 10]),
        ([row % 100 for row in range(N)], None, [0, 100]),
        ([99 if row == 7 else row % 11 for row in range(N)], None, [0, 10]),
        ([row % 31 - 15 for row in range(N)], None, [-20, 20]),
    ],
)
def test_code_for_missing_is_kept_out_of_the_bounds(
    tmp_path: Path, values: list[object], missing: list[str] | None, bounds: list[int]
) -> None:
    made = draft(tmp_path, make_table(oddity=values))
    own = tomllib.loads(uncomment(made.text, "columns.oddity"))["columns"]["oddity"]
    assert (own.get("missing"), own["range"]) == (missing, bounds)


def test_code_for_missing_is_no_level(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(oddity=cycle("1", "2", "3", "-99")))
    own = tomllib.loads(uncomment(made.text, "columns.oddity"))["columns"]["oddity"]
    assert (own["missing"], own["levels"]) == (["-99"], ["1", "2", "3"])


@pytest.mark.parametrize("header", ["Smoker", "smoking", "Røyker"])
def test_yes_and_no_of_smoking_are_a_flag(tmp_path: Path, header: str) -> None:
    made = draft(tmp_path, make_table(**{header: cycle("yes", "no")}))
    assert keys_of(made, "smoked_past_year") == {"header": header}
    assert made.proposals.set_index("column").loc["smoked_past_year", "certainty"] == "check"
    assert read_registry(tmp_path / "export.csv", parse_definition(made.text)).frame["smoked_past_year"].notna().all()


def test_smoking_in_codes_may_be_either(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(Smoker=cycle("1", "2", "9")))
    assert made.unplaced.set_index("header").loc["Smoker", "candidates"] == "smoking, smoked_past_year"


def test_sexes_by_number_with_a_code_for_missing(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(Kjønn=cycle("1", "2", "2", "9")))
    wanted = {"header": "Kjønn", "missing": ["9"], "recode": {"1": "male", "2": "female"}}
    assert keys_of(made, "sex") == wanted
    assert made.proposals.set_index("column").loc["sex", "certainty"] == "check"


def test_date_of_birth_alone_gives_no_age(tmp_path: Path) -> None:
    table = make_table(dob=[f"19{40 + row % 40}-03-{1 + row % 28:02d}" for row in range(N)])
    del table["age"]
    told = "the age cannot be derived from birth_date without operation_date, and no header is placed as that"
    assert told in draft(tmp_path, table).notes
    days = [f"20{15 + row % 5}-03-{1 + row % 28:02d}" for row in range(N)]
    made = draft(tmp_path, table | {"Operasjonsdato": days})
    assert told not in made.notes
    assert "age" in parse_definition(made.text).derive


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (
            "discharge_destination",
            {
                "Skilled Care, Not Home": "skilled_care", "SNF": "skilled_care", "Home": "home",
                "Unskilled Facility Not Home": "unskilled_facility", "Nursing home": "nursing_home",
                "Multi-level Senior Community": "senior_community", "Expired": "died",
            },
        ),
        ("education", {"No schooling": "no_schooling", "Illiterate": "no_schooling", "College": "tertiary"}),
    ],
)  # fmt: skip
def test_words_for_levels(tmp_path: Path, column: str, words: dict[str, str]) -> None:
    made = draft(tmp_path, make_table(**{column: cycle(*words)}))
    recode = keys_of(made, column)["recode"]
    assert {word: recode[word] for word in words} == words  # type: ignore[index]


# --- privacy


@pytest.mark.parametrize(
    "text",
    [
        "hit by a bus", "two words_that_are_long_enough", "Kari Nordmann", "NORDMANN KARI", "Nordmann, Kari",
        "Anne-Lise O'Brien", "01019040034", "kari@nordmann.no", "+47 912 34 567",
    ],
)  # fmt: skip
def test_text_that_somebody_wrote_is_counted_and_not_shown(tmp_path: Path, text: str) -> None:
    made = draft(tmp_path, make_table(diagnosis=cycle(text, "kind A", "kind B")))
    assert text not in made.text
    assert '# recode = { "kind A" = "...", "kind B" = "..." }' in made.text
    assert "# # and 1 code(s) of few rows, or texts that could be somebody's, are not shown" in made.text


def test_long_word_of_the_dictionary_is_shown(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(diagnosis=cycle("Lumbar Spinal Stenosis", "other")))
    assert '# recode = { "Lumbar Spinal Stenosis" = "...", "other" = "..." }' in made.text


def test_codes_of_few_rows_are_counted_and_not_shown(tmp_path: Path) -> None:
    diagnoses = ["Rare syndrome" if row < 4 else f"kind {row % 3}" for row in range(N)]
    made = draft(tmp_path, make_table(diagnosis=diagnoses))
    assert "Rare syndrome" not in made.text
    assert '"kind 0" = "...", "kind 1" = "...", "kind 2" = "..."' in made.text
    assert "# # and 1 code(s) of few rows, or texts that could be somebody's, are not shown" in made.text


def test_scheme_does_not_say_which_words_few_patients_have(tmp_path: Path) -> None:
    common = cycle("Never", "Current")
    some = draft(tmp_path, make_table(smoking=["Former" if row < 3 else text for row, text in enumerate(common)]))
    none = draft(tmp_path, make_table(smoking=common))
    assert keys_of(some, "smoking") == keys_of(none, "smoking")
    assert keys_of(some, "smoking")["recode"]["Former"] == "former"  # type: ignore[index]


def test_texts_of_an_unknown_column_are_not_shown(tmp_path: Path) -> None:
    table = make_table(team=cycle("Kari Nordmann", "Ola Hansen", "AB"), ward=cycle("1", "2", "x"))
    made = draft(tmp_path, table)
    assert not [text for text in ("Kari", "Ola", '"AB"') if text in made.text]
    assert '# levels = ["1", "2", "x"]' in made.text


def test_free_text_and_identifiers_are_not_shown(tmp_path: Path) -> None:
    table = make_table(
        Surname=cycle("Hansen", "Nordmann", "Berg", "Li", "Haug", "Moe", "Dahl"),
        email=[f"kari{row}@mail.no" for row in range(N)],
        remarks=[f"patient {row} told of a cat" for row in range(N)],
        weight_kg=[57.3 + row / 7 for row in range(N)],
    )
    made = draft(tmp_path, table)
    definition = parse_definition(made.text)
    assert definition.identifiers.drop == ("Surname", "email")
    assert not [text for text in ("Hansen", "kari", "cat", "57.3", "p17") if text in made.text]
    told = made.proposals.to_csv() + made.unplaced.to_csv() + " ".join(made.notes)
    assert not [text for text in ("Hansen", "kari", "cat", "57.3", "p17") if text in told]
    assert len(read_registry(tmp_path / "export.csv", definition).frame) == N


def test_number_that_links_rows_is_the_patient_s_as_a_pseudonym(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = make_table(MRN=[f"{8_412_007 + 37 * row}" for row in range(N)])
    del table["patient"]
    made = draft(tmp_path, table)
    definition = parse_definition(made.text)
    assert definition.identifiers.pseudonymise == ("MRN",)
    assert keys_of(made, "patient") == {"header": "MRN"}
    assert any("SPINERISK_PSEUDONYM_KEY" in note for note in made.notes)
    monkeypatch.setenv("SPINERISK_PSEUDONYM_KEY", "k" * 40)
    frame = read_registry(tmp_path / "export.csv", definition).frame
    assert frame["patient"].nunique() == N
    assert not frame["patient"].isin(list(map(str, table["MRN"]))).any()


def test_file_without_headers_is_refused_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Hansen,61,2020-01-01,44\nNordmann,72,2020-01-02,20\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"3 of 4 look like numbers, days or addresses \(columns 2, 3, 4\)") as caught:
        draft_definition(path, base="lumbar")
    assert "Hansen" not in str(caught.value)


def test_password_of_a_database_is_not_written() -> None:
    with pytest.raises(InputError) as caught:
        draft_definition("nowhere://me:secret@host/db", base="lumbar")
    assert "secret" not in str(caught.value)


# --- files


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_separator_and_encoding_are_sniffed(tmp_path: Path, separator: str, encoding: str) -> None:
    table = make_table(**{"Røyker": cycle("ja", "nei")})
    path = write_csv(tmp_path / "export.csv", table, separator=separator, encoding=encoding)
    plan, _ = sniff_text(path.read_bytes(), FilePlan(), ".csv")
    assert plan.separator == (None if separator == "," else separator)
    made = draft_definition(path, base="lumbar")
    assert "Røyker" in {*made.unplaced["header"], *made.proposals["header"]}
    assert len(read_registry(path, parse_definition(made.text)).frame) == N


def test_what_the_plan_says_is_not_sniffed(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "export.csv", make_table(), separator=";")
    made = draft_definition(path, base="lumbar", plan=FilePlan(separator=";", missing=("*",)))
    assert tomllib.loads(made.text)["file"] == {"separator": ";", "missing": ["*"]}


def write_folder(folder: Path) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(1)
    n = 120
    patients = {"PatID": [f"p{row}" for row in range(n)], "Gender": rng.choice(["m", "f"], n).tolist()}
    operations = {
        "OpID": [f"o{row}" for row in range(n)],
        "PatID": [f"p{row - row % 11 // 10}" for row in range(n)],
        "Date of surgery": pd.date_range("2018-01-14", periods=n, freq="5D").strftime("%d.%m.%Y").tolist(),
        "age": rng.integers(30, 80, n).tolist(),
    }
    rows = [(op, day) for op in range(n) for day in (-10, 90, 365)]
    dates = [pd.Timestamp("2018-01-14") + pd.Timedelta(days=5 * op + day) for op, day in rows]
    visits = {
        "OpID": [f"o{op}" for op, _ in rows],
        "VisitDate": [date.strftime("%d.%m.%Y") for date in dates],
        "ODI": rng.integers(0, 100, len(rows)).tolist(),
    }
    for name, table in {"patients": patients, "operations": operations, "visits": visits}.items():
        write_csv(folder / f"{name}.csv", table, separator=";")
    (folder / "readme.md").write_text("not a table", encoding="utf-8")
    return folder


def as_zip(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.glob("*.csv")):
            archive.write(file, file.name)
    return path


def as_workbook(folder: Path) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for file in sorted(folder.glob("*.csv")):
        sheet = book.create_sheet(file.stem)
        with file.open(encoding="utf-8", newline="") as opened:
            for row in csv.reader(opened, delimiter=";"):
                sheet.append([int(cell) if cell.isdigit() else cell for cell in row])
    book.save(path := folder.with_suffix(".xlsx"))
    return path


@pytest.mark.parametrize("pack", [lambda folder: folder, as_zip, as_workbook], ids=["folder", "zip", "workbook"])
def test_tables_of_an_export_are_joined(tmp_path: Path, pack: Callable[[Path], Path]) -> None:
    folder = write_folder(tmp_path / "export")
    data = pack(folder)
    made = draft_definition(data, base="lumbar")
    definition = parse_definition(made.text)
    assert definition.tables["patients"].rows == "one"
    assert definition.tables["patients"].key == ("PatID",)
    visits = definition.tables["visits"]
    assert (visits.rows, visits.key, visits.date, visits.date_format) == ("visits", ("OpID",), "VisitDate", "%d.%m.%Y")
    registry = read_registry(data, definition)
    assert registry.n_read == 120
    odi = pd.read_csv(folder / "visits.csv", sep=";")["ODI"].to_numpy().reshape(120, 3)
    for at, column in enumerate(("odi_0", "odi_3m", "odi_12m")):
        assert registry.frame[column].tolist() == odi[:, at].tolist()
    assert registry.frame["sex"].notna().all()


def test_files_of_a_folder_are_named_without_what_says_how_they_are_read(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "export")
    visits = folder / "visits.csv"
    (folder / "visits.csv.gz").write_bytes(gzip.compress(visits.read_bytes()))
    visits.unlink()
    patients = pd.read_csv(folder / "patients.csv", sep=";", dtype="str")
    pyreadstat.write_por(patients, str(folder / "patients.por"))
    (folder / "patients.csv").unlink()
    made = draft_definition(folder, base="lumbar")
    definition = parse_definition(made.text)
    assert {name: table.file for name, table in definition.tables.items()} == {
        "operations": "operations.csv",
        "patients": "patients.por",
        "visits": "visits.csv.gz",
    }
    assert read_registry(folder, definition).frame["odi_12m"].notna().all()


@pytest.mark.parametrize(("between", "letter"), [("/", ""), ("-", "L")])
def test_levels_of_an_export(tmp_path: Path, between: str, letter: str) -> None:
    folder = write_folder(tmp_path / "export")
    rows = [(f"o{op}", f"L{level}{between}{letter}{level + 1}") for op in range(120) for level in (3, 4)]
    write_csv(
        folder / "levels.csv", {"OpID": [op for op, _ in rows], "Segment": [level for _, level in rows]}, separator=";"
    )
    definition = parse_definition(draft_definition(folder, base="lumbar").text)
    assert definition.tables["levels"].rows == "levels"
    registry = read_registry(folder, definition)
    assert registry.levels["level"].value_counts().to_dict() == {"l3_4": 120, "l4_5": 120}


def test_typed_file_with_the_dictionary_s_names_is_sure(tmp_path: Path) -> None:
    registry = simulate_registry("lumbar", n=300, seed=4)
    data = tmp_path / "export.parquet"
    registry.frame.drop(columns="row_id").to_parquet(data, index=False)
    made = draft_definition(data, base="lumbar")
    assert not made.needs_a_person, made.text
    pd.testing.assert_frame_equal(read_registry(data, parse_definition(made.text)).frame, registry.frame)


def test_columns_that_can_be_computed_are_derived(tmp_path: Path) -> None:
    table = make_table(height_cm=cycle(170, 181), weight_kg=cycle(70, 83), odi_0=cycle(30, 70))
    made = draft(tmp_path, table)
    assert "bmi" in parse_definition(made.text).derive
    assert "age" not in parse_definition(made.text).derive


def test_table_without_a_shared_header_is_left_out(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "export")
    write_csv(folder / "wards.csv", {"ward": ["1", "2", "3"], "beds": ["10", "20", "15"]}, separator=";")
    made = draft_definition(folder, base="lumbar")
    assert "wards" not in parse_definition(made.text).tables
    assert "# check: the table 'wards' is left out: no header is shared with the operations" in made.text


def test_every_header_is_listed_with_what_becomes_of_it(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "export")
    events = {"OpID": [f"o{row}" for row in range(0, 120, 3)] * 2, "EventDate": ["14.02.2022"] * 80}
    events |= {"Kind": ["reop", "death"] * 40}
    write_csv(folder / "events.csv", events, separator=";")
    visits = pd.read_csv(folder / "visits.csv", sep=";").assign(nurse=lambda table: table["OpID"].str[-1])
    visits.to_csv(folder / "visits.csv", sep=";", index=False)
    made = draft_definition(folder, base="lumbar")
    listed = [(row["table"], row["header"]) for part in (made.proposals, made.used, made.unplaced)
              for row in part.to_dict("records")]  # fmt: skip
    assert len(set(listed)) == len(listed)
    assert set(listed) == {
        (file.stem, header) for file in folder.glob("*.csv") for header in pd.read_csv(file, sep=";").columns
    }
    used = {(row["table"], row["header"]): row["use"] for row in made.used.to_dict("records")}
    assert used == {
        ("patients", "PatID"): "joins tables",
        ("visits", "OpID"): "joins tables",
        ("visits", "VisitDate"): "date of the visit",
    }
    assert reason_of(made, "EventDate") == reason_of(made, "Kind") == "the table 'events' is left out, see there"
    assert "only scores are read" in reason_of(made, "nurse")
    assert '# "EventDate" (table events): date, 1 distinct, in 80 of 80 rows. Not placed: the table' in made.text


def test_dropped_header_is_listed(tmp_path: Path) -> None:
    made = draft(tmp_path, make_table(Surname=cycle("Hansen", "Berg", "Li")))
    assert made.used.to_dict("records") == [
        {"table": "operations", "header": "Surname", "use": "dropped: looks like a name", "n_known": N}
    ]


def test_tables_of_a_database_are_drafted(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "export")
    url = f"sqlite:///{tmp_path / 'registry.db'}"
    with closing(sqlite3.connect(tmp_path / "registry.db")) as connection:
        for file in folder.glob("*.csv"):
            pd.read_csv(file, sep=";").to_sql(file.stem, connection, index=False)
    made = draft_definition(url, base="lumbar")
    definition = parse_definition(made.text)
    assert {name: table.query for name, table in definition.tables.items()} == {
        "operations": "operations",
        "patients": "patients",
        "visits": "visits",
    }
    frame = read_registry(url, definition).frame
    assert len(frame) == 120
    assert frame["odi_12m"].notna().all()
    single = draft_definition(url, base="lumbar", plan=FilePlan(query="operations"))
    assert 'query = "operations"' in single.text
    assert parse_definition(single.text).tables == {}


def test_database_of_many_tables_is_asked_for_a_query(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "registry.db")) as connection:
        for number in range(21):
            connection.execute(f"CREATE TABLE t{number} (patient TEXT)")
        connection.commit()
    with pytest.raises(DataError, match=r"tables and views at most .* it has 21; name the table .* with --query"):
        draft_definition(f"sqlite:///{tmp_path / 'registry.db'}", base="lumbar")


def test_unknown_base_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "export.csv", make_table())
    with pytest.raises(InputError, match="the base of a definition must be a known name, got 'lumber'"):
        draft_definition(path, base="lumber")


# --- headers


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("AlderVedOpr", ("alder", "ved", "opr")),
        ("Rückenschmerz_VAS", ("ruckenschmerz", "vas")),
        ("BMI kg/m2", ("bmi", "kg", "m2")),
        ("Kjønn", ("kjonn",)),
    ],
)
def test_words_of_a_header(header: str, words: tuple[str, ...]) -> None:
    assert split_words(header) == words


@pytest.mark.parametrize(
    ("text", "visit"),
    [
        ("3 months", "3m"),
        ("baseline", "0"),
        ("month 12", "12m"),
        ("ODI 2 years", "24m"),
        ("discharge letter", None),
        ("spørreskjema før", "0"),
        ("etter", None),
        ("forms for surgeons", None),
        ("12 mnd", "12m"),
    ],
)
def test_visits_that_a_text_names(text: str, visit: str | None) -> None:
    assert find_visit(text) == visit


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Operation Date", {"operation_date"}),
        ("hypertention", {"hypertension"}),
        ("zzz", set()),
        ("Sex (M/F)", {"sex"}),
        ("Readmission within 30 days", {"readmission_30d"}),
        ("Post-op ODI 12 months", {"odi_12m"}),
        ("Post-op hypertension", set()),
        ("Pre-Op Q EQ5D Index", {"eq5d_index_0"}),
        ("Oswestry (percent), 2 years", {"odi_24m"}),
        ("OswTot12mnd", {"odi_12m"}),
        ("SmBePre", {"nrs_leg_0"}),
        ("baseline_hypertension", {"hypertension"}),
        ("preop sex", {"sex"}),
        ("baseline readmission 30d", set()),
        ("Operasjonsdato", {"operation_date"}),
        ("Operationsdatum", {"operation_date"}),
        ("Kjønn", {"sex"}),
        ("Fødselsdato", {"birth_date"}),
        ("Ålder", {"age"}),
        ("Høyde (cm)", {"height_cm"}),
        ("Vægt", {"weight_kg"}),
        ("Røyker", {"smoking"}),
        ("Sykehus", {"site"}),
        ("ODI før", {"odi_0"}),
        ("före operation ODI", {"odi_0"}),
        ("innan ODI", {"odi_0"}),
        ("ODI 12 mnd", {"odi_12m"}),
        ("ODI 12 mnd etter", {"odi_12m"}),
        ("ODI 1 år", {"odi_12m"}),
        ("efter 12 månader ODI", {"odi_12m"}),
        ("NRS ben før (0-10)", {"nrs_leg_0"}),
        ("EQ5D før", {"eq5d_index_0"}),
        ("ODI etter", {"odi_12m"}),
    ],
)
def test_columns_that_a_header_may_mean(header: str, columns: set[str]) -> None:
    known = ("operation_date", "hypertension", "sex", "readmission_30d", "odi_0", "odi_12m", "nrs_leg_0")
    assert {candidate.column for candidate in find_candidates(header, known)} == columns


def test_names_for_own_columns() -> None:
    assert make_name("2nd try (Øst)", ()) == "x_2nd_try_ost"
    assert make_name("age", ("age", "age_2")) == "age_3"
    assert make_name("???", ()) == "x"


@settings(max_examples=40)
@given(st.recursive(st.text() | st.integers(-9, 9), lambda part: st.lists(part) | st.dictionaries(st.text(), part)))
def test_values_are_written_as_toml(value: object) -> None:
    assert tomllib.loads(f"key = {write_value(value)}") == {"key": value}


# --- whatever the file holds


CELLS = st.sampled_from(
    ["", "1", "2", "0", "9", "-99", "3,5", "4.5", "m", "Ja", "NULL", "2020-01-02", "03/04/2020", "x y"]
)
HEADERS = st.sampled_from(
    ["age", "Gender", "odi_0", "ODI", "odi 12m", "patient", "operation", "operation_date", "Navn", "diabetes", "x",
     "a\tb", '"q"', "bmi", "birth_date", "redcap_event_name", "height", "\\", "smoking", "ny\u2028lin", "DOB"]
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headers=st.lists(HEADERS | st.text(min_size=1, max_size=8), min_size=1, max_size=6, unique=True),
    rows=st.data(),
    n=st.integers(1, 30),
)
def test_any_table_is_drafted_or_refused(tmp_path: Path, headers: list[str], rows: st.DataObject, n: int) -> None:
    table = {header: rows.draw(st.lists(CELLS | st.text(max_size=5), min_size=n, max_size=n)) for header in headers}
    path = tmp_path / "export.csv"
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(table)
            writer.writerows(zip(*table.values(), strict=True))
        made = draft_definition(path, base="lumbar")
    except (InputError, UnicodeEncodeError):
        return
    assert parse_definition(made.text).name == "export"


# --- real files


DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
KNEE = DATA / "nhs_proms" / "knee_2016-17.csv.zip"
FUSION = DATA / "spinal_fusion" / "spinal_fusion.csv"


@pytest.mark.skipif(not KNEE.exists(), reason=f"the NHS PROMs are not in {KNEE.parent}")
@pytest.mark.slow
def test_public_proms_file_is_drafted() -> None:
    made = draft_definition(KNEE, base="lumbar")
    keys = keys_of(made, "sex")
    assert (keys["header"], keys["recode"], keys["missing"]) == ("Gender", {"1": "male", "2": "female"}, ["*"])
    placed = made.proposals.set_index("column")
    assert placed.loc["eq5d_index_0", "header"] == "Pre-Op Q EQ5D Index"
    assert placed.loc["eq_vas_0", "what"] == "missing"
    assert "either not ticked or not answered" in reason_of(made, "Heart Disease")
    assert len(made.proposals) + len(made.unplaced) == 81


@pytest.mark.skipif(not FUSION.exists(), reason=f"the spinal fusion data are not in {FUSION.parent}")
def test_public_fusion_file_is_drafted() -> None:
    made = draft_definition(FUSION, base="lumbar")
    assert {"age", "bmi"} <= set(made.proposals["column"])
    assert "which is which" in reason_of(made, "gender")
    assert len(read_registry(FUSION, parse_definition(made.text)).frame) == 1062
