"""Reading a registry: what is converted, what is faulty, and that no row is lost and no value told."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.columns import COLUMNS
from schemas.definition import Definition, parse_definition, read_definition
from schemas.errors import DataError, DefinitionError
from schemas.quarantine import FAULTS
from schemas.registry import Registry, read_registry, recorded_identifiers
from schemas.validation import build_schema

ROOT = Path(__file__).resolve().parents[1]
STUDIES = ROOT / "studies" / "definitions"
SHARED = ROOT.parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder ../shared with public data is absent")

OWN = parse_definition(
    """
name = "own"
title = "Own"

[file]
missing = ["*"]

[columns.patient]
optional = true

[columns.operation]
optional = true

[columns.operation_date]
header = "Date"
date_format = "%d/%m/%Y"
optional = true

[columns.age]
header = "Age"

[columns.sex]
header = "Gender"
recode = { "1" = "male", "2" = "female" }
missing = ["9"]

[columns.height_cm]
kind = "number"
unit = "cm"
range = [50, 250]
plausible = [130, 210]
known_at = "preop"
text = "Height."
header = "height"
unit_in_file = "inches"
recode = { "tall" = 200 }
optional = true

[columns.diabetes]
recode = { "1" = 1, "2" = 0 }
optional = true

[columns.smoker]
kind = "flag"
known_at = "preop"
text = "Smokes."
optional = true
"""
)


def read(definition: Definition = OWN, **columns: list[object]) -> Registry:
    n = max(len(cells) for cells in columns.values())
    table = {"Age": [50] * n, "Gender": ["male"] * n} | columns
    return read_registry(pd.DataFrame(table), definition)


def values(registry: Registry, name: str) -> list[object]:
    return registry.frame[name].replace({np.nan: None}).tolist()


def faults(registry: Registry) -> list[tuple[object, ...]]:
    return list(registry.faults.itertuples(index=False, name=None))


CODED = """
name = "own"
title = "Own"
[file]
missing = ["-99.0", "1900-01-01"]
[columns.patient]
missing = ["0.0"]
[columns.operation_date]
date_format = "%d/%m/%Y"
missing = ["31/12/2099"]
[columns.age]
[columns.sex]
recode = { "1.0" = "male", "2" = "female" }
[columns.years_waited]
kind = "number"
range = [0, 100]
known_at = "preop"
text = "Years."
recode = { "88.0" = 50 }
"""


@pytest.mark.parametrize("suffix", [".csv", ".parquet", "frame"])
def test_codes_mean_the_same_as_texts_and_as_typed_cells(tmp_path: Path, suffix: str) -> None:
    days = ["2020-01-02", "1900-01-01", "2099-12-31", "2021-01-01"]
    table = pd.DataFrame(
        {
            "patient": [7, 0, -99, 10],
            "operation_date": pd.to_datetime(days),
            "age": [50, -99, 61, 62],
            "sex": [1, 2, -99, 2],
            "years_waited": [88, 2, 3, -99],
        }
    )
    path = tmp_path / f"t{suffix}"
    if suffix == ".csv":
        table.to_csv(path, index=False)
    elif suffix == ".parquet":
        table.to_parquet(path)
    registry = read_registry(table if suffix == "frame" else path, parse_definition(CODED))
    assert faults(registry) == []
    assert values(registry, "patient")[::3] == ["7", "10"]
    assert recorded_identifiers(registry)["patient"].isna().tolist() == [False, True, True, False]
    assert registry.frame["operation_date"].isna().tolist() == [False, True, True, False]
    assert values(registry, "age") == [50, None, 61, 62]
    assert values(registry, "sex") == ["male", "female", None, "female"]
    assert values(registry, "years_waited") == [50, 2, 3, None]


def test_codes_that_stand_as_they_are_come_first_and_identifiers_keep_their_zeros() -> None:
    definition = parse_definition(
        'name = "own"\ntitle = "Own"\n[columns.patient]\nmissing = ["7"]\n[columns.sex]\n'
        'recode = { "1" = "male", "01" = "female" }\n'
    )
    registry = read(definition, patient=["007", "7.0", "7,0"], sex=["01", "1", "1.00"], Age=["", "", ""])
    assert recorded_identifiers(registry)["patient"].replace({np.nan: None}).tolist() == ["007", None, "7,0"]
    assert values(registry, "sex") == ["female", "male", "male"]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_a_blank_row_is_no_patient(tmp_path: Path, suffix: str) -> None:
    """In the middle it keeps its number; at the end of texts it is what a spreadsheet leaves behind."""
    table = pd.DataFrame(
        {"Age": [50, None, 61, 300, None, None], "Gender": ["male", None, "female", "male", None, None]}
    )
    path = tmp_path / f"t{suffix}"
    writers = {".csv": table.to_csv, ".xlsx": table.to_excel}
    if suffix == ".parquet":
        table.to_parquet(path)
    else:
        writers[suffix](path, index=False)
    registry = read_registry(path, OWN)
    last = ["5", "6"] if suffix == ".parquet" else []
    assert values(registry, "row_id") == ["1", "3"]
    assert registry.quarantine["row_id"].tolist() == ["2", "4", *last]
    assert registry.quarantine["reasons"].iloc[0] == "age: must stand in a row that holds something"
    assert registry.n_read == 4 + len(last)
    assert "300" not in str(registry.faults)


def test_texts_become_typed_values() -> None:
    registry = read(
        patient=["p1", "p2", None, "p4"],
        operation=["o1", "o2", "o3", None],
        Date=["31/12/2019", "", "01/02/2020", "*"],
        Age=["50", "60.5", "*", " 7e1 "],
        Gender=["1", "2.0", "9", "female"],
        height=["70", "tall", None, "60.5"],
        diabetes=["1", "2", "1.0", ""],
        smoker=["Yes", "0", "FALSE", "true"],
    )
    frame = registry.frame
    assert list(frame) == [
        "row_id", "patient", "operation", "operation_date", "age", "sex", "height_cm", "diabetes", "smoker", "year",
    ]  # fmt: skip
    assert values(registry, "row_id") == ["1", "2", "3", "4"]
    assert values(registry, "patient") == ["p1", "p2", " row 3", "p4"]
    assert values(registry, "operation") == ["o1", "o2", "o3", None]
    assert frame["operation_date"].tolist()[::2] == [pd.Timestamp("2019-12-31"), pd.Timestamp("2020-02-01")]
    assert values(registry, "year") == [2019, None, 2020, None]
    assert values(registry, "age") == [50, 60.5, None, 70]
    assert values(registry, "sex") == ["male", "female", None, "female"]
    assert values(registry, "height_cm") == pytest.approx([177.8, 200, None, 153.67])
    assert values(registry, "diabetes") == [1, 0, 1, None]
    assert values(registry, "smoker") == [1, 0, 0, 1]
    assert faults(registry) == []
    assert registry.quarantine.empty
    assert registry.warnings == ("column 'patient': 1 of 4 rows have none; each counts as a patient of its own",)
    build_schema(registry.columns).validate(frame)
    assert set(registry.columns) == set(frame) - {"row_id"}
    assert registry.columns["year"] is COLUMNS["year"]


def test_types_do_not_depend_on_what_is_missing() -> None:
    full = read(Date=["01/02/2020"], height=["70"], smoker=["1"], operation=["o"], Gender=["1"])
    bare = read(Date=["", ""], height=["", ""], smoker=["", ""], operation=["", ""], Gender=["9", "9"])
    assert full.frame.dtypes.to_dict() == bare.frame.dtypes.to_dict()
    assert [str(full.frame[name].dtype) for name in ("row_id", "sex", "age", "smoker")] == [
        "str",
        "str",
        "float64",
        "float64",
    ]
    assert "column 'smoker' is missing in every valid row" in bare.warnings


def test_without_patients_each_row_is_its_own() -> None:
    assert values(read(Age=[50, 60]), "patient") == ["1", "2"]


def test_every_fault_is_in_one_table() -> None:
    registry = read(
        operation=["a", "b", "a", "", "", "c", "d", "e"],
        Date=["31/12/2019", "2019-12-31", "31/12/19", "12/31/2019", "01/01/1900", "", "", ""],
        Age=["50", "fifty", "111", "1,5", "nan", "50", "-0.1", "110"],
        Gender=["1", "1", "1", "3", "Male", "", "1", "2"],
        height=["70", "70", "70", "70", "small", "1", "70", "70"],
        diabetes=["1", "2", "0", "yes", "1", "1", "1", "1"],
        smoker=["1", "0", "0", "2", "y", "1", "1", ""],
    )
    assert faults(registry) == [
        ("operation", "must stand in one row only", 2, "1, 3"),
        ("operation_date", "must be a date like 31/12/2024 from 1900 to 2100", 3, "3, 4, 5"),
        ("age", "must be a number", 3, "2, 4, 5"),
        ("age", "must be within 0 to 110", 2, "3, 7"),
        ("sex", "must be one of the levels female, male, other", 2, "4, 5"),
        ("height_cm", "must be a number", 1, "5"),
        ("height_cm", "must be within 50 to 250", 1, "6"),
        ("diabetes", "must be one of the codes 1, 2", 2, "3, 4"),
        ("smoker", "must be 0 or 1, no or yes, false or true", 2, "4, 5"),
    ]
    assert list(registry.faults.columns) == list(FAULTS)
    assert values(registry, "row_id") == ["8"]
    assert registry.n_read == 8
    assert registry.quarantine["row_id"].tolist() == ["1", "2", "3", "4", "5", "6", "7"]
    assert registry.quarantine["reasons"].tolist()[:3] == [
        "operation: must stand in one row only",
        "age: must be a number",
        "operation: must stand in one row only; operation_date: must be a date like 31/12/2024 from 1900 to 2100; "
        "age: must be within 0 to 110; diabetes: must be one of the codes 1, 2",
    ]
    assert registry.quarantine["Age"].tolist() == ["50", "fifty", "111", "1,5", "nan", "50", "-0.1"]


def test_many_rows_are_counted_and_the_first_shown() -> None:
    registry = read(Age=["x"] * 30 + [50])
    assert faults(registry) == [("age", "must be a number", 30, ", ".join(map(str, range(1, 21))) + ", ...")]


def test_a_decimal_comma_is_obeyed() -> None:
    definition = parse_definition('name="a"\ntitle="A"\n[file]\ndecimal=","\n[columns.age]\n')
    table = pd.DataFrame({"age": ["50,5", "1.5", "1.000", "60,0", "2"]})
    registry = read_registry(table, definition)
    assert values(registry, "age") == [50.5, 60, 2]
    assert faults(registry) == [("age", "must be a number with the decimal sign ','", 2, "2, 3")]
    typed = read_registry(pd.DataFrame({"age": [50.5, 60.0]}), definition)
    assert values(typed, "age") == [50.5, 60]


def test_dates_are_read_by_the_calendar() -> None:
    definition = parse_definition('name="a"\ntitle="A"\n[columns.operation_date]\n')
    cells = ["2020-02-29", "2020-02-29T08:30", "2019-02-29", "2020", "29/02/2020", "9999-12-31"]
    registry = read_registry(pd.DataFrame({"operation_date": cells}), definition)
    assert registry.frame["operation_date"].tolist() == [pd.Timestamp("2020-02-29")] * 2
    assert registry.faults["rows"].tolist() == ["3, 4, 5, 6"]
    typed = read_registry(pd.DataFrame({"Date": pd.to_datetime(["2020-02-29"]), "Age": [1], "Gender": ["1"]}), OWN)
    assert values(typed, "year") == [2020]


def test_a_code_may_be_a_level_of_another_meaning() -> None:
    definition = parse_definition(
        'name="a"\ntitle="A"\n[columns.side]\nkind="category"\nlevels=["1","2"]\nknown_at="preop"\ntext="S."\n'
        'recode={ "1"="2", "2"="1" }\n'
    )
    assert values(read_registry(pd.DataFrame({"side": ["1", "2", "2"]}), definition), "side") == ["2", "1", "1"]


def test_two_columns_may_come_from_one_header() -> None:
    own = 'kind="flag"\nknown_at="planned"\ntext="T."\nheader="code"\n'
    definition = parse_definition(
        f'name="a"\ntitle="A"\n[columns.fusion]\n{own}recode={{ F=1, D=0 }}\n'
        f"[columns.disc]\n{own}recode={{ F=0, D=1 }}\n"
    )
    registry = read_registry(pd.DataFrame({"code": ["F", "D", ""], "other": "x"}), definition)
    assert (values(registry, "fusion"), values(registry, "disc")) == ([1, 0, None], [0, 1, None])


def test_implausible_values_are_kept_and_warned_of() -> None:
    registry = read(height=["30", "95", "70", "x"], Age=[50, 50, 17, 1])
    assert values(registry, "age") == [50, 50, 17]
    assert registry.warnings == (
        "column 'age': 1 of 3 values outside the plausible range of 18 to 95; kept, please check",
        "column 'height_cm': 2 of 3 values outside the plausible range of 130 to 210; kept, please check",
    )


def test_unknown_headers_are_ignored_and_named() -> None:
    registry = read(smokr=["1"], zip_code=["1"], colour=["1"])
    assert registry.warnings == (
        "header 'smokr' is not in the definition 'own' and is ignored; nearest is 'smoker'",
        "headers that are not in the definition 'own' and are ignored: 'zip_code', 'colour'",
    )
    assert "zip_code" not in registry.frame


def test_all_absent_columns_are_named_with_the_nearest_header() -> None:
    table = pd.DataFrame({"Jahre": [50], "Gendre": ["1"]})
    with pytest.raises(DataError) as caught:
        read_registry(table, OWN)
    assert str(caught.value) == (
        "data frame: must have the columns that the definition 'own' requires:\n"
        "  column 'age' must be in the file under the header 'Age'; not found\n"
        "  column 'sex' must be in the file under the header 'Gender'; not found; nearest header is 'Gendre'"
    )


def test_a_header_in_use_is_not_the_nearest() -> None:
    definition = parse_definition('name="a"\ntitle="A"\n[columns.odi_3m]\n[columns.odi_12m]\n')
    with pytest.raises(DataError, match=r"under the header 'odi_12m'; not found$"):
        read_registry(pd.DataFrame({"odi_3m": [20]}), definition)


def test_recorded_identifiers_hold_no_stand_in() -> None:
    identifiers = recorded_identifiers(read(patient=["p1", None], operation=["o1", None]))
    assert identifiers.replace({np.nan: None}).to_numpy().tolist() == [["1", "p1", "o1"], ["2", None, None]]
    assert list(recorded_identifiers(read(Age=[50, 60]))) == ["row_id"]


def test_a_wrong_separator_is_guessed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Age;Gender\n50;1\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"seems to have one column only; state its separator under \[file\]"):
        read_registry(path, OWN)


def test_a_file_of_another_registry_is_refused() -> None:
    definition = parse_definition('name="a"\ntitle="A"\nbase="lumbar"\n')
    with pytest.raises(DataError, match="must have a header of the definition 'a' at least, got none of them"):
        read_registry(pd.DataFrame({"ZEBRA": [1]}), definition)


def test_a_column_without_any_usable_value_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        read(Age=[50] * 40, smoker=["", "ZEBRA"] * 20, height=["2000"] * 39 + ["ZEBRA"])
    assert str(caught.value) == (
        "data frame: must have usable values in each of its columns:\n"
        "  column 'height_cm' (header 'height') must be a number and must be within 50 to 250; "
        "none of its 40 values is\n"
        "  column 'smoker' (header 'smoker') must be 0 or 1, no or yes, false or true; none of its 20 values is\n"
        "check the header, codes, missing codes, unit and decimal sign of the column in the definition"
    )


def test_a_few_slips_in_a_sparse_column_are_quarantined() -> None:
    registry = read(Age=[50] * 40, smoker=["maybe"] * 19 + [""] * 21)
    assert len(registry.quarantine) == 19


def test_no_valid_row_is_refused() -> None:
    with pytest.raises(
        DataError,
        match=r"one valid row at least, all 2 are faulty:\n  age: must be a number \(rows at fault: 1\)\n  sex",
    ):
        read(Age=["x", 50], Gender=["1", "x"])


def test_a_header_called_like_ours_stays_in_quarantine() -> None:
    registry = read(Age=["x", 50], row_id=["7", "8"], reasons=["none", ""])
    assert list(registry.quarantine) == ["row_id", "reasons", "Age", "Gender", "row_id (file)", "reasons (file)"]
    assert registry.quarantine.iloc[0].tolist() == ["1", "age: must be a number", "x", "male", "7", "none"]


def test_files_and_frames_agree(tmp_path: Path) -> None:
    table = pd.DataFrame({"Age": ["50", "x", "61"], "Gender": ["1", "2", ""], "Date": ["01/02/2020", "", ""]})
    table.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes()))
    table.to_csv(tmp_path / "t.zip", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    table.to_excel(tmp_path / "t.xlsx", index=False)
    wanted = read_registry(table, OWN)
    assert wanted.source == "data frame"
    # pandas names the member of its archive like the archive.
    for name in ("t.csv", "t.csv.gz", "t.parquet", "t.xlsx"):
        registry = read_registry(tmp_path / name, OWN)
        assert (registry.source, registry.fingerprint) == (name, wanted.fingerprint)
        pd.testing.assert_frame_equal(registry.frame, wanted.frame)
        pd.testing.assert_frame_equal(registry.faults, wanted.faults)
        pd.testing.assert_frame_equal(registry.quarantine, wanted.quarantine)


def test_a_definition_is_found_by_name_or_path(tmp_path: Path) -> None:
    table = pd.DataFrame({"patient": ["p"], "age": [50], "sex": ["male"]})
    assert read_registry(table).definition.name == "lumbar"
    (tmp_path / "own.toml").write_text(OWN.text, encoding="utf-8")
    table = table.rename(columns={"age": "Age", "sex": "Gender"})
    assert read_registry(table, tmp_path / "own.toml").definition == OWN
    with pytest.raises(DefinitionError, match="nearest is 'lumbar'"):
        read_registry(table, "lumbr")


def test_simulated_data_are_marked_by_their_definition() -> None:
    definition = parse_definition('name="a"\ntitle="A"\nbase="lumbar"\nsynthetic=true\n')
    assert read_registry(pd.DataFrame({"age": [50]}), definition).synthetic
    assert not read(Age=[50]).synthetic


CELLS = st.sampled_from(
    ["", "*", "50", "49.5", "1", "2", "9", "male", "x", "1e400", "-1", "9999", "ZEBRA", "0", "31/12/2019"]
)
HEADERS = ("patient", "operation", "Date", "Age", "Gender", "height", "diabetes", "smoker")


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(*[CELLS] * len(HEADERS)), min_size=1, max_size=30))
def test_no_row_is_lost_however_corrupt(rows: list[tuple[str, ...]]) -> None:
    table = pd.DataFrame(rows, columns=list(HEADERS))
    try:
        registry = read_registry(table, OWN)
    except DataError as error:
        assert "ZEBRA" not in str(error)  # noqa: PT017
        return
    assert len(registry.frame) + len(registry.quarantine) == registry.n_read == len(rows)
    together = [*registry.frame["row_id"], *registry.quarantine["row_id"]]
    assert sorted(together, key=int) == [str(number) for number in range(1, len(rows) + 1)]
    build_schema(registry.columns).validate(registry.frame)
    assert registry.frame["patient"].notna().all()
    assert (registry.quarantine["reasons"] != "").all()
    raw = registry.quarantine.set_index("row_id")[list(HEADERS)]
    pd.testing.assert_frame_equal(
        raw.reset_index(drop=True), table.iloc[raw.index.astype(int) - 1].reset_index(drop=True), check_dtype=False
    )


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(12)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    table = pd.DataFrame({"Age": ["50", "x", "", "200"] * 3, "Gender": ["1", "2", "z", "1", "", "9"] * 2})
    straight, mixed = read_registry(table, OWN), read_registry(table.iloc[order], OWN)
    back = [str(order.index(int(row_id) - 1) + 1) for row_id in straight.frame["row_id"]]
    assert sorted(back, key=int) == mixed.frame["row_id"].tolist()
    assert straight.faults[["column", "rule", "count"]].equals(mixed.faults[["column", "rule", "count"]])


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("n", [3, 40])
def test_a_planted_value_is_never_told(header: str, n: int) -> None:
    """Neither in a table, a warning, a message, the printed registry, nor in an error that hangs behind another."""
    table = pd.DataFrame({"Age": ["50"] * n, "Gender": ["1"] * n})
    usual = {"Date": "01/02/2020", "height": "70", "operation": [str(number) for number in range(n)]}
    table[header] = usual.get(header, "1")
    for planted in ("ZEBRA", "987654321"):
        one, every = table.copy(), table.copy()
        one.loc[1, header] = planted
        every[header] = planted
        registry = read_registry(one, OWN)
        told = [registry.faults.to_csv(), repr(registry), *registry.warnings, *registry.quarantine["reasons"]]
        assert not any(planted in text for text in told)
        try:
            read_registry(every, OWN)
        except DataError as error:
            chain = [error, error.__cause__, None if error.__suppress_context__ else error.__context__]
            assert not any(planted in str(link) for link in chain)


# Figures of the publisher's tables and of the data's description, not of this code.
NHS = [
    ("knee_2016-17.csv.zip", 47_604, 0.839, 0.082, 2016),
    pytest.param("knee_2017-18.csv.zip", 45_997, 0.856, 0.077, 2017, marks=pytest.mark.slow),
]


@needs_shared
@pytest.mark.parametrize(("name", "n", "improved", "readmitted", "year"), NHS)
def test_nhs_figures(name: str, n: int, improved: float, readmitted: float, year: int) -> None:
    registry = read_registry(SHARED / "nhs_proms" / name, STUDIES / "nhs_proms_knee.toml")
    frame = registry.frame
    assert len(frame) == registry.n_read == n
    assert registry.faults.empty
    gain = (frame["oks_6m"] - frame["oks_0"]).dropna()
    assert (gain >= 7).mean() == pytest.approx(improved, abs=0.0005)
    assert frame["readmitted_6m"].mean() == pytest.approx(readmitted, abs=0.0005)
    assert frame["further_surgery_6m"].mean() == pytest.approx(0.030, abs=0.001)
    assert frame["wound_problem_6m"].mean() == pytest.approx(0.119, abs=0.003)
    assert set(frame["year"]) == {year}
    items = frame.filter(regex=r"^oks_(?!predicted)[a-z_]+_0$")
    assert items.shape[1] == 12
    both = items.notna().all(axis=1) & frame["oks_0"].notna()
    assert (items[both].sum(axis=1) == frame.loc[both, "oks_0"]).all()
    assert frame["sex"].isna().mean() == pytest.approx(0.07, abs=0.01)
    assert not frame.filter(regex="disease|diabetes|cancer|stroke").isna().any(axis=None)


def test_nhs_times_of_knowledge() -> None:
    columns = read_definition(STUDIES / "nhs_proms_knee.toml").columns_of()
    assert all(
        column.known_at == "followup" for name, column in columns.items() if name.endswith("_6m") and column.predictor
    )
    assert not columns["oks_predicted_6m"].predictor
    assert len(columns) == 70


@needs_shared
def test_spinal_fusion_figures() -> None:
    registry = read_registry(SHARED / "spinal_fusion" / "spinal_fusion.csv", STUDIES / "spinal_fusion.toml")
    raw = pd.read_csv(SHARED / "spinal_fusion" / "spinal_fusion.csv")
    assert registry.n_read == len(raw) == 1063
    assert faults(registry) == [("bmi", "must be within 12 to 75", 1, "557")]
    assert raw["complication"].sum() == 430
    assert registry.frame["complication"].sum() == raw["complication"].drop(556).sum()
    assert (registry.frame["sex"] == "male").sum() == raw["gender"].drop(556).sum()
    leaks = ("complication_rsi", "mortality_rsi", "ccs_complication_rate", "ccs_mort30_rate")
    assert all(registry.columns[name].known_at == "followup" for name in leaks)
    assert all("derived from" in registry.columns[name].text for name in leaks)
    assert not any(registry.columns[name].predictor for name in ("hour", "dow", "month", "moonphase", "race"))
