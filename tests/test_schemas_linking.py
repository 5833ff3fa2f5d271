"""Exports with several tables: wherever they lie, one raw row per operation, nothing lost; levels and events."""

from __future__ import annotations

import sqlite3
import zipfile
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.definition import Definition, parse_definition
from schemas.errors import DataError
from schemas.identifiers import KEY_VARIABLE
from schemas.keys import NONE, SEVERAL, match_keys
from schemas.linking import RawData, read_raw
from schemas.long_tables import Linked, link_long
from schemas.registry import Registry, read_registry

OPERATIONS = """\
OpID,Pat,Day,Weight
o1,7,2020-01-01,70
o2,8,2020-02-01,80
o3,7,2021-01-01,75
o4,9,2020-05-01,
"""
PATIENTS = """\
PatID,Gender,Smokes
9,1,0
7,2,1
6,2,0
8,1,0
8,2,0
,1,1
"""
VISITS = """\
OpID,VisitDate,ODI
o2,2021-02-01,24
o1,2019-12-20,50
o1,2021-01-02,20
o9,2021-01-02,99
"""
LEVELS = """\
OpID,Segment,Side
o1,L4/5,L
o1,L4/5,R
o1,L5/S1,L
o2,L3/4,
o3,T12/L1,L
o3,C9/10,L
o9,L4/5,L
o2,,R
"""
EVENTS = """\
OpID,Kind,When
o1,RH,2020-07-01
o1,RH,2020-03-01
o1,FU,2020-02-01
o2,RH,2020-01-31
o2,OTHER,
o3,FU,2021-01-01
o8,RH,2020-01-01
"""
FILES = {"operations": OPERATIONS, "patients": PATIENTS, "visits": VISITS, "levels": LEVELS, "events": EVENTS}

HEAD = """
name = "export"
title = "Export"
base = "lumbar"
required = ["odi_12m"]
[columns.operation]
header = "OpID"
[columns.patient]
header = "Pat"
[columns.operation_date]
header = "Day"
[columns.sex]
header = "Gender"
recode = { "1" = "male", "2" = "female" }
[columns.ever_smoker]
header = "Smokes"
kind = "flag"
known_at = "preop"
text = "Ever smoked."
[columns.fusion_days]
kind = "number"
range = [0, 4000]
known_at = "followup"
text = "Days to the first fusion."
"""
TABLES = """
[tables.operations]
{operations}
[tables.patients]
{patients}
key = ["PatID"]
operations_key = ["Pat"]
[tables.visits]
{visits}
rows = "visits"
key = ["OpID"]
date = "VisitDate"
[tables.visits.columns.odi]
header = "ODI"
[tables.levels]
{levels}
rows = "levels"
key = ["OpID"]
count = "n_levels_planned"
[tables.levels.columns.level]
header = "Segment"
recode = {{ "L3/4" = "l3_4", "L4/5" = "l4_5", "L5/S1" = "l5_s1", "T12/L1" = "t12_l1" }}
[tables.levels.columns.side]
header = "Side"
recode = {{ "L" = "left", "R" = "right" }}
[tables.events]
{events}
rows = "events"
key = ["OpID"]
date = "When"
first = {{ reherniation_days = ["reherniation"], fusion_days = ["fusion", "FU"] }}
[tables.events.columns.event]
header = "Kind"
recode = {{ "RH" = "reherniation" }}
"""
PLACES = {
    "folder": 'file = "{}.csv"',
    "archive": 'file = "{}.csv"',
    "workbook": 'sheet = "{}"',
    "database": 'query = "SELECT * FROM {}"',
    "one file": 'where = {{ form = ["{}"] }}',
}


def definition_in(place: str, head: str = HEAD) -> Definition:
    return parse_definition(head + TABLES.format(**{name: PLACES[place].format(name) for name in FILES}))


def write_export(folder: Path, place: str, files: dict[str, str] = FILES) -> str | Path:
    """Write the same tables as a folder, an archive, a workbook, a database, or one file with blank cells."""
    tables = {name: pd.read_csv(StringIO(text), dtype="str") for name, text in files.items()}
    if place == "folder":
        for name, text in files.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        return folder
    if place == "archive":
        with zipfile.ZipFile(folder / "export.zip", "w") as archive:
            for name, text in files.items():
                archive.writestr(f"{name}.csv", text)
        return folder / "export.zip"
    if place == "workbook":
        with pd.ExcelWriter(folder / "export.xlsx") as book:
            for name, text in files.items():
                pd.read_csv(StringIO(text)).to_excel(book, sheet_name=name, index=False)
        return folder / "export.xlsx"
    if place == "database":
        base = sqlite3.connect(folder / "export.db")
        for name, text in files.items():
            pd.read_csv(StringIO(text)).to_sql(name, base, index=False)
        base.close()
        return f"sqlite:///{folder / 'export.db'}"
    stacked = pd.concat([table.assign(form=name) for name, table in tables.items()], ignore_index=True)
    stacked.to_csv(folder / "export.csv", index=False)
    return folder / "export.csv"


def link(raw: RawData, definition: Definition) -> Linked:
    days = pd.to_datetime(raw.table["Day"]).astype("datetime64[us]")
    return link_long(raw, pd.DataFrame({"operation_date": days}), definition)


def listed(series: pd.Series) -> list[object]:
    return [None if pd.isna(value) else value for value in series]


@pytest.fixture
def raw(tmp_path: Path) -> RawData:
    return read_raw(write_export(tmp_path, "folder"), definition_in("folder"))


@pytest.mark.parametrize("place", PLACES)
def test_tables_are_joined_wherever_they_lie(tmp_path: Path, place: str) -> None:
    """Patient 8 stands twice and patient 6 has no operation: neither is joined; 7 was operated on twice."""
    definition = definition_in(place)
    raw = read_raw(write_export(tmp_path, place), definition)
    assert raw.table["OpID"].tolist() == ["o1", "o2", "o3", "o4"]
    joined = raw.table["Gender"].astype("str").str.replace(".0", "").fillna("").replace("nan", "")
    assert joined.tolist() == ["2", "", "2", "1"]
    quarantine = raw.quarantine["patients"]
    assert quarantine["row_id"].tolist() == ["3", "4", "5", "6"]
    assert quarantine["reasons"].tolist() == [
        "PatID: must be the key of an operation",
        "PatID: must stand in one row only",
        "PatID: must stand in one row only",
        "PatID: must be given",
    ]
    assert raw.files["table"].tolist() == list(FILES)
    assert raw.files["n_read"].tolist() == [4, 6, 4, 8, 7]
    assert "table 'patients': 1 of 4 operations found no row" in raw.notes
    assert "table 'patients': 4 of 6 rows could not be joined to an operation" in raw.notes
    assert {fault.table for fault in raw.faults} == {"patients"}
    linked = link(raw, definition)
    assert listed(linked.wide["odi_12m"]) == [20.0, 24.0, None, None]
    assert listed(linked.wide["odi_0"]) == [50.0, None, None, None]


@pytest.mark.parametrize("place", PLACES)
def test_a_registry_is_made_of_all_tables(tmp_path: Path, place: str) -> None:
    """End to end: o2 has an event of unknown day that no column counts; o3 has a faulty level."""
    registry = read_registry(write_export(tmp_path, place), definition_in(place))
    frame = registry.frame.set_index("operation")
    assert frame.index.tolist() == ["o1", "o2", "o3", "o4"]
    assert listed(frame["sex"]) == ["female", None, "female", "male"]
    assert listed(frame["odi_12m"]) == [20.0, 24.0, None, None]
    assert listed(frame["n_levels_planned"]) == [2.0, None, None, None]
    assert listed(frame["reherniation_days"]) == [60.0, None, None, None]
    assert registry.columns["odi_12m"].known_at == "followup"
    counts = registry.tables.set_index("table")
    assert (counts["n_valid"] + counts["n_quarantined"]).tolist() == counts["n_read"].tolist() == [4, 6, 4, 8, 7]
    assert counts["n_quarantined"].tolist() == [0, 4, 1, 3, 2]
    assert set(registry.faults["column"]) == {
        "patients.PatID", "visits.OpID", "levels.OpID", "levels.level", "events.OpID", "events.event_days",
    }  # fmt: skip


def test_levels_are_kept_and_counted(raw: RawData) -> None:
    """o1: two segments, one of them from both sides. o2 has a blank level and o3 an unknown one: not known how many."""
    linked = link(raw, definition_in("folder"))
    assert listed(linked.wide["n_levels_planned"]) == [2.0, None, None, None]
    assert listed(linked.wide["upper_level"]) == ["l4_5", None, None, None]
    assert listed(linked.wide["lower_level"]) == ["l5_s1", None, None, None]
    assert linked.levels[["position", "level", "side"]].astype(object).where(
        linked.levels.notna(), None
    ).values.tolist() == [
        [0, "l4_5", "left"],
        [0, "l4_5", "right"],
        [0, "l5_s1", "left"],
        [1, "l3_4", None],
        [2, "t12_l1", "left"],
    ]
    quarantine = linked.quarantine["levels"]
    assert quarantine["row_id"].tolist() == ["6", "7", "8"]
    assert quarantine["reasons"].tolist()[1:] == ["OpID: must be the key of an operation", "level: must be given"]
    assert quarantine["reasons"].iloc[0].startswith("level: must be one of the levels c0_1, c1_2")
    assert "table 'levels': made of it: upper_level, lower_level, n_levels_planned" in [
        note.replace("n_levels_planned, upper_level, lower_level", "upper_level, lower_level, n_levels_planned")
        for note in linked.notes
    ]
    assert "table 'levels': 1 of 4 operations have no valid level" in linked.notes
    assert "table 'levels': 2 of 4 operations have a faulty level; what is made is unknown" in linked.notes


def test_events_are_kept_and_the_first_is_found(raw: RawData) -> None:
    """The reherniation of o2 was the day before its operation; a fusion on the day itself counts."""
    linked = link(raw, definition_in("folder"))
    assert listed(linked.wide["reherniation_days"]) == [60.0, None, None, None]
    assert listed(linked.wide["fusion_days"]) == [31.0, None, 0.0, None]
    assert linked.events.drop(columns="event_days").values.tolist() == [
        [0, "FU"], [0, "reherniation"], [0, "reherniation"], [1, "OTHER"], [2, "FU"],
    ]  # fmt: skip
    assert listed(linked.events["event_days"]) == [31.0, 60.0, 182.0, None, 0.0]
    quarantine = linked.quarantine["events"]
    assert quarantine[["row_id", "reasons"]].values.tolist() == [
        ["4", "event_days: must not be before the operation"],
        ["7", "OpID: must be the key of an operation"],
    ]
    assert "table 'events': 7 rows read, 1 of no known operation, 1 before the operation" in linked.notes


@pytest.mark.parametrize("day", ["", "soon", "2220-01-01"])
def test_an_event_of_unknown_day_is_not_taken_for_none(tmp_path: Path, day: str) -> None:
    files = {**FILES, "events": EVENTS + f"o4,RH,{day}\n"}
    definition = definition_in("folder")
    linked = link(read_raw(write_export(tmp_path, "folder", files), definition), definition)
    (fault,) = [fault for fault in linked.faults if fault.table == "operations"]
    assert (fault.column, fault.positions.tolist()) == ("reherniation_days", [3])
    assert fault.rule.startswith("must be made of events without a fault and of known day")
    assert listed(linked.wide["reherniation_days"])[3] is None
    registry = read_registry(tmp_path, definition)
    assert registry.frame["operation"].tolist() == ["o1", "o2", "o3"]
    assert registry.quarantine["row_id"].tolist() == ["4"]
    assert (
        registry.quarantine["reasons"].iloc[0].startswith("reherniation_days: must be made of events without a fault")
    )


def test_a_kind_of_event_that_never_comes_is_noted(tmp_path: Path) -> None:
    files = {**FILES, "events": "OpID,Kind,When\no1,FU,2020-02-01\n"}
    definition = definition_in("folder")
    linked = link(read_raw(write_export(tmp_path, "folder", files), definition), definition)
    assert "table 'events': no event is 'reherniation', of which reherniation_days is made" in linked.notes
    assert linked.wide["reherniation_days"].isna().all()


def test_the_order_of_no_table_counts(tmp_path: Path) -> None:
    definition = definition_in("folder")
    first = link(read_raw(write_export(tmp_path, "folder"), definition), definition)
    random = np.random.default_rng(1)
    for _ in range(5):
        for name, text in FILES.items():
            head, *rows = text.splitlines()
            (tmp_path / f"{name}.csv").write_text("\n".join([head, *random.permutation(rows)]) + "\n", encoding="utf-8")
        raw = read_raw(tmp_path, definition)
        linked = link(raw, definition)
        back = np.argsort(raw.table["OpID"].to_numpy(dtype=object))
        pd.testing.assert_frame_equal(linked.wide.iloc[back].reset_index(drop=True), first.wide)
        for kind in ("visits", "levels", "events"):
            rows_now, rows_then = getattr(linked, kind), getattr(first, kind)
            place = np.argsort(back)[rows_now["position"].to_numpy()]
            moved = rows_now.assign(position=place).sort_values(list(rows_now.columns), ignore_index=True)
            then = rows_then.sort_values(list(rows_then.columns), ignore_index=True)
            pd.testing.assert_frame_equal(moved, then, check_dtype=False)
        assert {name: len(rows) for name, rows in linked.quarantine.items()} == {"visits": 1, "levels": 3, "events": 2}


def test_one_header_in_two_joined_tables_is_refused(tmp_path: Path) -> None:
    files = {**FILES, "operations": OPERATIONS.replace("Weight", "Gender")}
    data = write_export(tmp_path, "folder", files)
    with pytest.raises(
        DataError, match=r"got 'Gender' in 'operations' \(operations\.csv\) and 'patients' \(patients\.csv\); say in"
    ):
        read_raw(data, definition_in("folder"))


def test_take_settles_whose_header_is_meant(tmp_path: Path) -> None:
    files = {**FILES, "operations": OPERATIONS.replace("Weight", "Gender")}
    data = write_export(tmp_path, "folder", files)
    text = HEAD + TABLES.format(**{name: PLACES["folder"].format(name) for name in FILES})
    theirs = parse_definition(text.replace('key = ["PatID"]', 'key = ["PatID"]\ntake = ["Gender", "Smokes"]'))
    assert read_raw(data, theirs).table["Gender"].tolist() == ["2", "", "2", "1"]
    ours = parse_definition(text.replace('key = ["PatID"]', 'key = ["PatID"]\ntake = ["Smokes"]'))
    table = read_raw(data, ours).table
    assert table["Gender"].tolist() == ["70", "80", "75", ""]
    assert table["Smokes"].tolist() == ["1", "", "1", "0"]
    wrong = parse_definition(text.replace('key = ["PatID"]', 'key = ["PatID"]\ntake = ["Smoke"]'))
    with pytest.raises(
        DataError, match=r"table 'patients' must have the headers .*\n  'Smoke'; not found; nearest is 'Smokes'"
    ):
        read_raw(data, wrong)


def test_a_header_that_nobody_reads_stays_that_of_the_operations(tmp_path: Path) -> None:
    files = {**FILES, "patients": PATIENTS.replace("Smokes", "Weight")}
    head = HEAD.replace('header = "Smokes"', 'header = "Smokes"\noptional = true')
    raw = read_raw(write_export(tmp_path, "folder", files), definition_in("folder", head))
    assert raw.table["Weight"].tolist() == ["70", "80", "75", ""]
    assert "table 'patients': headers that the operations have too are not joined: 'Weight'" in raw.notes


def test_keys_without_any_match_are_a_wrong_definition(tmp_path: Path) -> None:
    rows = "".join(f"x{number},1,0\n" for number in range(20))
    data = write_export(tmp_path, "folder", {**FILES, "patients": "PatID,Gender,Smokes\n" + rows})
    with pytest.raises(
        DataError, match=r"none of its 20 does; check its key \('PatID'\) and that of the operations \('Pat'\)"
    ):
        read_raw(data, definition_in("folder"))


def test_a_missing_key_header_gets_the_nearest(tmp_path: Path) -> None:
    data = write_export(tmp_path, "folder", {**FILES, "patients": PATIENTS.replace("PatID", "PatId")})
    with pytest.raises(
        DataError, match=r"table 'patients' must have the headers .*\n  'PatID'; not found; nearest is 'PatId'"
    ):
        read_raw(data, definition_in("folder"))


@pytest.mark.parametrize("place", ["folder", "archive", "workbook"])
def test_an_absent_table_is_an_error_unless_it_is_optional(tmp_path: Path, place: str) -> None:
    files = {name: text for name, text in FILES.items() if name != "events"}
    data = write_export(tmp_path, place, files)
    with pytest.raises(DataError, match="events"):
        read_raw(data, definition_in(place))
    text = HEAD + TABLES.format(**{name: PLACES[place].format(name) for name in FILES})
    optional = parse_definition(text.replace("[tables.events]\n", "[tables.events]\noptional = true\n"))
    raw = read_raw(data, optional)
    assert raw.files["table"].tolist() == ["operations", "patients", "visits", "levels"]
    (note,) = [note for note in raw.notes if "optional and absent" in note]
    assert note.startswith("table 'events' is optional and absent: there is no ")


def test_a_folder_may_hold_workbooks_and_archives(tmp_path: Path) -> None:
    write_export(tmp_path, "workbook")
    write_export(tmp_path, "archive")
    places = {name: f'file = "export.xlsx"\nsheet = "{name}"' for name in FILES}
    places["visits"] = 'file = "export.zip"\noptional = true'
    definition = parse_definition(HEAD + TABLES.format(**places))
    with pytest.raises(DataError, match=r"export\.zip: must hold one file; it holds: operations\.csv, "):
        read_raw(tmp_path, definition)
    places["visits"] = 'file = "export.xlsx"\nsheet = "visit"\noptional = true'
    raw = read_raw(tmp_path, parse_definition(HEAD + TABLES.format(**places)))
    absent = "table 'visits' is optional and absent: there is no sheet 'visit' in 'export.xlsx'; nearest is 'visits'"
    assert absent in raw.notes
    assert raw.files["file"].tolist() == [f"export.xlsx/{name}" for name in FILES if name != "visits"]
    assert raw.source == tmp_path.name


def test_tables_are_joined_by_pseudonyms_as_by_the_numbers_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "k" * 40)
    decimals = PATIENTS.replace("\n7,", "\n7.0,").replace("\n9,", "\n9.00,")
    data = write_export(tmp_path, "folder", FILES | {"patients": decimals})
    plain = read_raw(data, definition_in("folder"))
    hidden = read_raw(data, definition_in("folder", HEAD + '[identifiers]\npseudonymise = ["Pat", "PatID"]\n'))
    assert plain.table["Gender"].tolist() == hidden.table["Gender"].tolist() == ["2", "", "2", "1"]
    assert set(hidden.table["Pat"]).isdisjoint(plain.table["Pat"])


@pytest.mark.parametrize("place", ["folder", "archive", "workbook", "database"])
def test_a_further_table_may_have_headers_only(tmp_path: Path, place: str) -> None:
    """Nothing happened to anyone; an export without an operation is none."""
    for name in set(FILES) - {"operations"}:
        empty = FILES | {name: FILES[name].partition("\n")[0] + "\n"}
        (tmp_path / name).mkdir()
        registry = read_registry(
            write_export(tmp_path / name, place, empty),
            definition_in(place, HEAD.replace('required = ["odi_12m"]', "")),
        )
        counts = registry.tables.set_index("table").loc[name]
        assert counts[["n_read", "n_valid", "n_quarantined"]].tolist() == [0, 0, 0]
        assert len(registry.frame) + len(registry.quarantine) == 4
    data = write_export(tmp_path, place, FILES | {"operations": "OpID,Pat,Day,Weight\n"})
    with pytest.raises(DataError, match="must have one data row at least, got headers only"):
        read_registry(data, definition_in(place))


def test_a_damaged_book_or_archive_is_no_absent_table(tmp_path: Path) -> None:
    """The one looks like an archive and lacks what makes it a workbook, the other's list of members is cut."""
    write_export(tmp_path, "folder")
    with zipfile.ZipFile(tmp_path / "v.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<broken")
    places = {table: PLACES["folder"].format(table) for table in FILES}
    places["visits"] = 'file = "v.xlsx"\nsheet = "visits"\noptional = true'
    with pytest.raises(DataError, match=r"v\.xlsx: must be an Excel workbook"):
        read_raw(tmp_path, parse_definition(HEAD + TABLES.format(**places)))
    whole = Path(write_export(tmp_path, "archive"))
    whole.write_bytes(whole.read_bytes()[:-8])
    places["visits"] = 'file = "visits.csv"\noptional = true'
    with pytest.raises(DataError, match=r"export\.zip: must be a whole \.zip archive"):
        read_raw(whole, parse_definition(HEAD + TABLES.format(**places)))


@pytest.mark.parametrize(("written", "meant"), [("1", "1.0"), ("1.0", "1"), ("01", "1"), ("1", "1.00")])
def test_rows_and_labels_are_told_by_numbers_as_by_texts(tmp_path: Path, written: str, meant: str) -> None:
    head = 'name = "x"\ntitle = "X"\nbase = "lumbar"\n[columns.operation]\nheader = "OpID"\n'
    # A label is an identifier: zeros in front of it count.
    label, known = (written, meant) if not written.startswith("0") else ("7", "7")
    tables = f"""
[tables.operations]
where = {{ Form = ["{meant}"] }}
[tables.visits]
where = {{ Form = ["2"] }}
rows = "visits"
key = ["OpID"]
label = "When"
labels = {{ "{known}" = "12m" }}
[tables.visits.columns.odi]
header = "ODI"
"""
    path = tmp_path / "export.csv"
    path.write_text(f"Form,OpID,age,When,ODI\n{written},o1,50,,\n2,o1,,{label},20\n", encoding="utf-8")
    definition = parse_definition(head + "[columns.age]\n" + tables)
    assert read_registry(path, definition).frame["odi_12m"].tolist() == [20.0]
    frame = pd.read_csv(path)
    assert read_registry(frame, definition).frame["odi_12m"].tolist() == [20.0]


def test_an_absent_file_is_named_with_the_nearest(tmp_path: Path) -> None:
    data = write_export(tmp_path, "folder")
    (tmp_path / "visits.csv").rename(tmp_path / "visit.csv")
    with pytest.raises(
        DataError,
        match=r"table 'visits' must be in the data: there is no file 'visits\.csv' in the folder .* is 'visit\.",
    ):
        read_raw(data, definition_in("folder"))


def test_a_prediction_reads_the_operations_alone(tmp_path: Path) -> None:
    """New patients come in one file, before anything happened to them."""
    (tmp_path / "new.csv").write_text("OpID,Pat,Day,Weight,Gender,Smokes\np1,1,2024-01-01,80,1,1\n", encoding="utf-8")
    definition = definition_in("folder")
    with pytest.raises(
        DataError, match=r"table 'patients' must be in the data: the data are one file, 'new\.csv', not a"
    ):
        read_raw(tmp_path / "new.csv", definition)
    ready = definition.for_prediction(["sex", "ever_smoker"])
    registry = read_registry(tmp_path / "new.csv", ready)
    assert registry.frame["sex"].tolist() == ["male"]
    assert next(note for note in registry.warnings if "absent" in note).startswith("table 'patients' is optional")


def test_a_prediction_takes_a_score_from_the_visits_or_from_a_flat_file(tmp_path: Path) -> None:
    ready = definition_in("folder").for_prediction(["sex", "odi_0"])
    path = tmp_path / "new.csv"
    path.write_text("OpID,Pat,Day,Gender\np1,1,2024-01-01,1\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"new\.csv: must have the table or, .*\n  column 'odi_0' is made of the absent table 'visits'"
    ):
        read_registry(path, ready)
    path.write_text("OpID,Pat,Day,Gender,odi_0\np1,1,2024-01-01,1,44\np2,2,2024-01-01,1,144\n", encoding="utf-8")
    registry = read_registry(path, ready)
    assert registry.frame["odi_0"].tolist() == [44.0]
    assert registry.quarantine["reasons"].tolist() == ["odi_0: must be within 0 to 100"]
    both = read_registry(write_export(tmp_path, "folder"), ready)
    assert listed(both.frame["odi_0"]) == [50.0, None, None, None]
    (tmp_path / "operations.csv").write_text(OPERATIONS.replace(",Day,", ",When,"), encoding="utf-8")
    with pytest.raises(DataError, match=r"the column 'operation_date' must be among those of the operations"):
        read_registry(tmp_path, ready)


def test_visits_with_dates_need_the_date_of_the_operation(raw: RawData) -> None:
    definition = definition_in("folder")
    values = pd.DataFrame({"age": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(
        DataError, match=r"the column 'operation_date' must be among those of the operations: the visits"
    ):
        link_long(raw, values, definition)
    linked = link_long(raw, values, definition.for_prediction(["sex"]))
    assert "odi_12m" not in linked.wide


LONGITUDINAL = """\
record_id,redcap_event_name,redcap_repeat_instrument,date_op,sex,odi,comp,comp_day,left_over
1,baseline_arm_1,,2020-01-01,1,55,,,
1,3_months_arm_1,,,,30,,,
1,12_months_arm_1,,,,20,,,
1,12_months_arm_1,complication,,,,infection,12,
1,12_months_arm_1,complication,,,,infection,40,
2.0,baseline_arm_1,,2020-02-01,2,44,,,
2.0,12_months_arm_1,,,,18,,,
3,screening_arm_1,,,2,,,,x
"""
REDCAP = """
name = "project"
title = "Project"
base = "lumbar"
[columns.operation]
header = "record_id"
[columns.operation_date]
header = "date_op"
[columns.sex]
header = "sex"
recode = { "1" = "male", "2" = "female" }
[tables.operations]
where = { redcap_event_name = ["baseline_arm_1"], redcap_repeat_instrument = [""] }
[tables.visits]
where = { redcap_repeat_instrument = [""] }
rows = "visits"
key = ["record_id"]
label = "redcap_event_name"
labels = { baseline_arm_1 = "0", 3_months_arm_1 = "3m", 12_months_arm_1 = "12m", screening_arm_1 = "" }
[tables.visits.columns.odi]
[tables.events]
where = { redcap_repeat_instrument = ["complication"] }
rows = "events"
key = ["record_id"]
days = "comp_day"
first = { infection_days = ["infection"] }
[tables.events.columns.event]
header = "comp"
"""


def test_one_longitudinal_export_is_taken_apart(tmp_path: Path) -> None:
    """As a longitudinal project with a repeating instrument is exported: one file, a row per event of a record."""
    path = tmp_path / "project.csv"
    path.write_text(LONGITUDINAL, encoding="utf-8")
    registry = read_registry(path, parse_definition(REDCAP))
    frame = registry.frame
    assert frame["sex"].tolist() == ["male", "female"]
    assert frame["odi_0"].tolist() == [55.0, 44.0]
    assert listed(frame["odi_3m"]) == [30.0, None]
    assert frame["odi_12m"].tolist() == [20.0, 18.0]
    assert listed(frame["infection_days"]) == [12.0, None]
    assert registry.tables["n_read"].tolist() == [2, 6, 2]
    assert registry.tables["n_quarantined"].tolist() == [0, 1, 0]
    assert registry.tables["sha256"].nunique() == 1


def test_rows_that_no_table_takes_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "project.csv"
    path.write_text(LONGITUDINAL, encoding="utf-8")
    part = REDCAP.partition("[tables.visits]")[0].replace("where = {", 'where = { sex = ["1"],')
    assert "project.csv: 7 of 8 rows belong to no table" in read_raw(path, parse_definition(part)).notes
    none = REDCAP.replace('["baseline_arm_1"]', '["base"]')
    with pytest.raises(DataError, match=r"table 'operations': must have one row at least; check its `where`"):
        read_raw(path, parse_definition(none))
    wrong = REDCAP.replace("where = { redcap_event_name =", "where = { redcap_event =")
    with pytest.raises(
        DataError, match=r"table 'operations' must have the headers .*\n  'redcap_event'; not found; nearest"
    ):
        read_raw(path, parse_definition(wrong))


def test_two_forms_of_one_file_join_though_each_has_all_headers(tmp_path: Path) -> None:
    """A demographics event beside the operation's: what is blank throughout in one comes from the other."""
    path = tmp_path / "forms.csv"
    path.write_text(
        "id,event,age,sex,odi_0\n1,operation,,,40\n2,operation,,,50\n1,person,60,male,\n2,person,70,female,\n",
        encoding="utf-8",
    )
    definition = parse_definition(
        'name = "forms"\ntitle = "Forms"\nbase = "lumbar"\n[tables.operations]\nwhere = { event = ["operation"] }\n'
        '[tables.persons]\nwhere = { event = ["person"] }\nkey = ["id"]\n'
    )
    table = read_raw(path, definition).table
    assert table[["age", "sex", "odi_0"]].values.tolist() == [["60", "male", "40"], ["70", "female", "50"]]
    path.write_text(path.read_text().replace("1,operation,,", "1,operation,61,"), encoding="utf-8")
    with pytest.raises(DataError, match="got 'age' in 'operations'"):
        read_raw(path, definition)


def test_a_data_frame_is_one_file(tmp_path: Path) -> None:
    frame = pd.read_csv(StringIO(LONGITUDINAL), dtype="str")
    raw = read_raw(frame, parse_definition(REDCAP))
    assert raw.source == "data frame"
    assert raw.files["file"].tolist() == ["data frame"] * 3
    assert raw.files["n_read"].tolist() == [2, 6, 2]
    with pytest.raises(DataError, match=r"table 'patients' must be in the data: the data are one data frame"):
        read_raw(pd.DataFrame({"OpID": ["1"]}), definition_in("folder"))


def test_a_database_wants_queries(tmp_path: Path) -> None:
    data = write_export(tmp_path, "database")
    with pytest.raises(
        DataError, match=r"table 'operations' must be in the data: the data are a database; state its query"
    ):
        read_raw(data, definition_in("folder"))


def test_identifiers_leave_every_table_and_keys_join_as_pseudonyms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPINERISK_PSEUDONYM_KEY", "k" * 32)
    plan = '[identifiers]\npseudonymise = ["Pat", "PatID"]\ndrop = ["Weight", "Nowhere"]\n'
    definition = definition_in("folder", HEAD + plan)
    raw = read_raw(write_export(tmp_path, "folder"), definition)
    assert raw.table["Gender"].tolist() == ["2", "", "2", "1"]
    assert not set(raw.table["Pat"]) & {"7", "8", "9"}
    assert not set(raw.quarantine["patients"]["PatID"]) & {"6", "8"}
    assert "Weight" not in raw.table
    assert any("identifiers.drop names 'Nowhere', which no table has" in note for note in raw.notes)


def test_a_made_column_hides_the_header_of_the_operations_and_says_so(tmp_path: Path) -> None:
    files = {**FILES, "operations": OPERATIONS.replace("Weight", "odi_0")}
    definition = definition_in("folder")
    linked = link(read_raw(write_export(tmp_path, "folder", files), definition), definition)
    assert listed(linked.wide["odi_0"]) == [50.0, None, None, None]
    assert (
        "column 'odi_0' is made of a further table; the header 'odi_0' of the operations is not read: to read it "
        "instead, declare [columns.odi_0]" in linked.notes
    )


def test_a_single_table_is_read_as_before(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("age\n61\n", encoding="utf-8")
    raw = read_raw(tmp_path / "one.csv", parse_definition('name = "one"\ntitle = "One"\nbase = "lumbar"'))
    assert raw.files[["table", "file", "n_read"]].values.tolist() == [["operations", "one.csv", 1]]
    assert (raw.source, dict(raw.long), raw.notes) == ("one.csv", {}, ())


def raw_table(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.Series(cells, dtype="float64" if isinstance(cells[0], float) else "str")
            for name, cells in columns.items()
        }
    )


def test_keys_are_texts_whatever_held_them() -> None:
    operations = raw_table(id=["1", "2", " 3", "", "007", "1e3"])
    table = raw_table(id=[3.0, 1.0, np.nan, 7.0, 1000.0])
    matched = match_keys(operations, ["id"], table, ["id"], ".")
    assert matched.find_operation().tolist() == [2, 0, NONE, NONE, NONE]
    assert matched.find_row().tolist() == [1, NONE, 0, NONE, NONE, NONE]
    texts = raw_table(id=["1.0", "2", "2.00", "A1.0"])
    assert match_keys(operations, ["id"], texts, ["id"], ".").find_row().tolist() == [
        0,
        SEVERAL,
        NONE,
        NONE,
        NONE,
        NONE,
    ]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["", "a", "b", "1"]), st.sampled_from(["", "x", "y"])), min_size=1, max_size=8),
    st.lists(st.tuples(st.sampled_from(["", "a", "b", "1"]), st.sampled_from(["", "x", "y"])), min_size=1, max_size=8),
)
def test_keys_of_two_headers_match_as_pairs(left: list[tuple[str, str]], right: list[tuple[str, str]]) -> None:
    operations = raw_table(p=[one for one, _ in left], q=[two for _, two in left])
    table = raw_table(r=[one for one, _ in right], s=[two for _, two in right])
    found = match_keys(operations, ["p", "q"], table, ["r", "s"], ".").find_operation()
    for pair, position in zip(right, found.tolist(), strict=True):
        places = [place for place, other in enumerate(left) if other == pair and "" not in pair]
        assert position == (NONE if not places else places[0] if len(places) == 1 else SEVERAL)


def test_a_labelled_visit_on_the_wrong_side_of_the_operation_is_at_fault(tmp_path: Path) -> None:
    text = """
name = "own"
title = "Own"
base = "lumbar"
[tables.operations]
file = "o.csv"
[tables.visits]
rows = "visits"
file = "v.csv"
key = ["operation"]
label = "when"
date = "day"
labels = { "before" = "0", "year" = "12m" }
columns.odi.header = "odi"
"""
    (tmp_path / "o.csv").write_text("patient,operation,operation_date,age,sex\na,1,2020-01-10,60,male\n")
    (tmp_path / "v.csv").write_text(
        "operation,when,day,odi\n1,before,2020-01-05,50\n1,before,2020-02-05,10\n1,year,2019-12-01,44\n1,year,2021-08-01,20\n"
        "1,year,2020-02-20,33\n1,before,2018-01-01,12\n"
    )
    registry = read_registry(tmp_path, parse_definition(text))
    assert registry.faults[["column", "rule", "rows"]].to_numpy().tolist() == [
        ["visits.visit_days", "must not be after the operation where the label says before it", "2"],
        ["visits.visit_days", "must be at most 180 days before the operation where the label says before it", "6"],
        ["visits.visit_days", "must not be before the operation where the label says after it", "3"],
        ["visits.visit_days", "must not be in the days of another visit than that of the label", "5"],
    ]
    assert [note for note in registry.warnings if "1 of these by their label, outside the days of the window" in note]
    assert registry.frame[["odi_0", "odi_12m"]].to_numpy().tolist() == [[50.0, 20.0]]
    assert list(registry.further_quarantine["visits"]["row_id"]) == ["2", "3", "5", "6"]


def test_rows_of_an_operation_in_quarantine_are_in_quarantine_with_it(tmp_path: Path) -> None:
    text = """
name = "own"
title = "Own"
base = "lumbar"
[tables.operations]
file = "o.csv"
[tables.visits]
rows = "visits"
file = "v.csv"
key = ["operation"]
days = "day"
columns.odi.header = "odi"
"""
    (tmp_path / "o.csv").write_text("patient,operation,age,sex\na,1,60,male\nb,2,600,male\n")
    (tmp_path / "v.csv").write_text("operation,day,odi\n2,0,50\n1,0,40\n2,90,20\n2,365,400\n3,0,10\n1,365,12\n")
    registry = read_registry(tmp_path, parse_definition(text))
    assert registry.visits[["row_id", "visit_days", "odi"]].to_numpy().tolist() == [["1", 0, 40], ["1", 365, 12]]
    kept = registry.further_quarantine["visits"]
    assert kept[["row_id", "operation", "odi"]].to_numpy().tolist() == [
        ["1", "2", "50"], ["3", "2", "20"], ["4", "2", "400"], ["5", "3", "10"],
    ]  # fmt: skip
    orphaned = kept["reasons"].str.startswith("operation: must be one without a fault")
    assert orphaned.tolist() == [True, True, False, False]
    counts = registry.tables.set_index("table").loc["visits", ["n_read", "n_valid", "n_quarantined"]]
    assert counts.tolist() == [6, 2, 4]
    assert "without a fault" not in registry.faults.to_csv()


def events(tmp_path: Path, kinds: list[str], days: list[str]) -> Registry:
    text = """
name = "own"
title = "Own"
base = "lumbar"
[tables.operations]
file = "o.csv"
[tables.events]
rows = "events"
file = "e.csv"
key = ["operation"]
days = "day"
first = { reherniation_days = ["reherniation"] }
columns.event.header = "kind"
"""
    (tmp_path / "o.csv").write_text("patient,operation,age,sex\na,1,60,male\nb,2,61,male\n")
    rows = "\n".join(f"1,{kind},{day}" for kind, day in zip(kinds, days, strict=True))
    (tmp_path / "e.csv").write_text(f"operation,kind,day\n{rows}\n")
    return read_registry(tmp_path, parse_definition(text))


def test_events_of_no_kind_that_is_counted_are_a_wrong_definition(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"of the kinds that `first` counts \(reherniation\), none of its 20 is one"):
        events(tmp_path, ["RH"] * 20, ["5"] * 20)
    registry = events(tmp_path, ["RH"] * 19 + ["reherniation"], ["5"] * 20)
    assert "table 'events': 19 of 20 events are of kinds that no column counts" in registry.warnings
    assert registry.frame["reherniation_days"].tolist()[:1] == [5.0]


def test_times_without_one_usable_value_are_a_wrong_definition(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'event_days' \(header 'day'\) must be a number; none of its 20 values is"):
        events(tmp_path, ["reherniation"] * 20, ["soon"] * 20)


def test_rows_that_no_table_takes_are_in_quarantine(tmp_path: Path) -> None:
    text = """
name = "own"
title = "Own"
base = "lumbar"
[tables.operations]
where = { form = ["op"] }
[tables.visits]
rows = "visits"
where = { form = ["visit"] }
key = ["operation"]
days = "day"
columns.odi.header = "odi"
"""
    (tmp_path / "e.csv").write_text(
        "form,operation,patient,age,sex,day,odi\nop,1,a,60,male,,\nvisit,1,,,,0,40\nreop,1,,,,9,\nvisit,1,,,,365,9\n"
    )
    registry = read_registry(tmp_path / "e.csv", parse_definition(text))
    kept = registry.further_quarantine["unclaimed-1"]
    assert kept[["row_id", "form"]].to_numpy().tolist() == [["3", "reop"]]
    counts = registry.tables.set_index("table")[["n_read", "n_valid", "n_quarantined"]]
    assert counts.to_numpy().tolist() == [[1, 1, 0], [2, 2, 0], [1, 0, 1]]
    assert registry.n_quarantined == 1


@pytest.mark.parametrize("place", ['query = "SELECT * FROM visits"', 'sheet = "visits"', 'file = "visits.csv"'])
def test_one_flat_file_of_new_patients_is_enough(tmp_path: Path, place: str) -> None:
    text = f"""
name = "own"
title = "Own"
base = "lumbar"
[tables.operations]
{place.replace("visits", "operations")}
[tables.visits]
rows = "visits"
{place}
key = ["operation"]
days = "day"
columns.odi.header = "odi"
"""
    (tmp_path / "new.csv").write_text("patient,age,sex,odi_0\na,60,male,44\n")
    registry = read_registry(tmp_path / "new.csv", parse_definition(text).for_prediction(["age", "odi_0"]))
    assert registry.frame[["age", "odi_0"]].to_numpy().tolist() == [[60.0, 44.0]]


def test_files_that_no_table_names_are_noted(tmp_path: Path) -> None:
    text = """
name = "own"
title = "Own"
base = "lumbar"
[tables.operations]
file = "o.csv"
"""
    for name in ("o.csv", "later.csv"):
        (tmp_path / name).write_text("patient,age,sex\na,60,male\n")
    (tmp_path / "notes.docx").write_text("no table")
    registry = read_registry(tmp_path, parse_definition(text))
    assert [note for note in registry.warnings if note.endswith("that no table of the definition names: 'later.csv'")]
