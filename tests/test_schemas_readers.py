"""Readers: one table, whatever holds it; every broken file gets a clear message."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.columns import COLUMNS
from schemas.errors import DataError, suggest
from schemas.plans import FilePlan
from schemas.raw import as_raw, as_text, stack_raw
from schemas.readers import frame_as_raw, read_table
from schemas.reading.headerless import refuse_headerless
from schemas.reading.text import BLOCK_BYTES

PLAN = FilePlan()
CSV = 'id,age,note\na1,50,"one, two"\na2,,Müller\na3,60.5,"line\nbreak"\n'
TABLE = pd.DataFrame(
    {"id": ["a1", "a2", "a3"], "age": ["50", "", "60.5"], "note": ["one, two", "Müller", "line\nbreak"]}, dtype="str"
)


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


HOLDERS: dict[str, Callable[[], bytes]] = {
    "t.csv": CSV.encode,
    "T.CSV": CSV.encode,
    "bom.csv": lambda: CSV.encode("utf-8-sig"),
    "crlf.csv": lambda: CSV.replace('"line\nbreak"', "@").replace("\n", "\r\n").replace("@", '"line\nbreak"').encode(),
    "blank_lines.csv": lambda: ("\n" + CSV + "\n\n").encode(),
    "spaces.csv": lambda: CSV.replace("a2", " a2 ").replace("age", " age").encode(),
    "t.tsv": lambda: (
        CSV.replace("id,age,note", "id\tage\tnote")
        .replace('a1,50,"one, two"', "a1\t50\tone, two")
        .replace("a2,,", "a2\t\t")
        .replace("a3,60.5,", "a3\t60.5\t")
        .encode()
    ),
    "t.csv.gz": lambda: gzip.compress(CSV.encode()),
    "t.zip": lambda: zipped(
        {"folder/": b"", "folder/t.csv": CSV.encode(), "__MACOSX/folder/._t.csv": b"\0", ".DS_Store": b""}
    ),
    "t.parquet": lambda: parquet(TABLE.replace("", None)),
    "t.xlsx": lambda: workbook(
        Sheet=[
            ["id", "age", "note"],
            ["a1", 50, "one, two"],
            ["a2", None, "Müller"],
            ["a3", 60.5, "line\nbreak"],
            [None, ""],
        ]
    ),
}


def write_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE t (id TEXT, age REAL, note TEXT)")
        rows = TYPED.astype(object).where(TYPED.notna(), None)
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", rows.itertuples(index=False, name=None))
        database.commit()


TYPED = TABLE.assign(age=[50.0, np.nan, 60.5])
TYPED_HOLDERS: dict[str, Callable[[Path], object]] = {
    "t.parquet": TYPED.to_parquet,
    "t.dta": lambda path: pyreadstat.write_dta(TYPED, path),
    "t.sav": lambda path: pyreadstat.write_sav(TYPED, path),
    "t.zsav": lambda path: pyreadstat.write_sav(TYPED, path, compress=True),
    "t.xpt": lambda path: pyreadstat.write_xport(TYPED, path),
    "t.db": write_database,
}


@pytest.mark.parametrize("name", HOLDERS)
def test_every_file_gives_the_same_table(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(HOLDERS[name]())
    read = read_table(tmp_path / name, PLAN)
    pd.testing.assert_frame_equal(read.table, TABLE)
    assert read.name == name
    assert read.sha256 == hashlib.sha256(HOLDERS[name]()).hexdigest()


@pytest.mark.parametrize("name", TYPED_HOLDERS)
def test_every_typed_file_gives_the_same_types(name: str, tmp_path: Path) -> None:
    TYPED_HOLDERS[name](tmp_path / name)
    data = f"sqlite:///{tmp_path / name}" if name.endswith(".db") else tmp_path / name
    read = read_table(data, PLAN).table
    pd.testing.assert_frame_equal(read, TYPED)
    texts = pd.DataFrame({header: as_text(read[header]) for header in read})
    pd.testing.assert_frame_equal(texts, TABLE)


def test_cells_of_mixed_types_become_what_a_csv_would_hold() -> None:
    cells = [
        1.0,
        1.5,
        2**60,
        True,
        np.bool_(False),
        np.nan,
        None,
        pd.NaT,
        pd.NA,
        Decimal("1.50"),
        " x ",
        date(2020, 1, 2),
    ]
    cells += [datetime(2020, 1, 2), datetime(2020, 1, 2, 3, 4, 5), pd.Timestamp("2020-01-02"), float("inf")]
    table = frame_as_raw(pd.DataFrame({"cell": pd.Series(cells, dtype=object)}))
    assert table["cell"].tolist() == [
        "1", "1.5", "1152921504606846976", "true", "false", "", "", "", "", "1.50", "x", "2020-01-02",
        "2020-01-02", "2020-01-02 03:04:05", "2020-01-02", "inf",
    ]  # fmt: skip


ZONE = timezone(timedelta(hours=2))
RAW: dict[str, tuple[object, str, list[object]]] = {
    "whole": (pd.Series([1, 2]), "float64", [1.0, 2.0]),
    "whole, missing": (pd.array([1, None], dtype="Int64"), "float64", [1.0, np.nan]),
    "long": (pd.Series([2**53 + 1, 1]), "str", [str(2**53 + 1), "1"]),
    "least": (pd.Series([-(2**63), 1]), "str", [str(-(2**63)), "1"]),
    "narrow": (pd.Series([60.1, 0.1, 1e-30, 16777216.0, np.nan], dtype="float32"), "float64",
               [60.1, 0.1, 1e-30, 16777216.0, np.nan]),
    "objects": (pd.Series([1, None, 2.5], dtype=object), "float64", [1.0, np.nan, 2.5]),
    "long objects": (pd.Series([2**70, pd.NA], dtype=object), "str", [str(2**70), ""]),
    "decimals": (pd.Series([Decimal("1.50"), None]), "float64", [1.5, np.nan]),
    "no decimal": (pd.Series([Decimal("NaN"), Decimal("1"), "x"]), "str", ["", "1", "x"]),
    "long decimals": (pd.Series([Decimal(2**53 + 1), None]), "str", [str(2**53 + 1), ""]),
    "bools": (pd.Series([True, False]), "str", ["true", "false"]),
    "bools, missing": (pd.array([True, None], dtype="boolean"), "str", ["true", ""]),
    "object bools": (pd.Series([True, None], dtype=object), "str", ["true", ""]),
    "texts": (pd.Series([" a ", None, pd.NA], dtype=object), "str", ["a", "", ""]),
    "categories": (pd.Categorical(["a", None]), "str", ["a", ""]),
    "numbered categories": (pd.Categorical([1.5, None]), "float64", [1.5, np.nan]),
    "whole categories": (pd.Categorical([50, None, 50]), "float64", [50.0, np.nan, 50.0]),
    "no category": (pd.Categorical([None, None], categories=["a"]), "str", ["", ""]),
    "dated categories": (pd.Categorical(pd.to_datetime(["2020-01-02", None])), "datetime64[us]",
                         [pd.Timestamp("2020-01-02"), pd.NaT]),
    "true categories": (pd.Categorical([True, None]), "str", ["true", ""]),
    "huge objects": (pd.Series([10**309, None, 1.5], dtype=object), "str", [str(10**309), "", "1.5"]),
    "objects too long to print": (pd.Series([10**5000], dtype=object), "str", ["1" + "0" * 5000]),
    "long among decimals": (pd.Series([12345678901234567, 1.5], dtype=object), "str", ["12345678901234567", "1.5"]),
    "large decimals": (pd.Series([1e300, 1.5, 3], dtype=object), "float64", [1e300, 1.5, 3.0]),
    "python texts": (pd.array([" a ", None], dtype="string[python]"), "str", ["a", ""]),
    "durations": (pd.to_timedelta(["1 day", None]), "str", ["1 days 00:00:00", ""]),
    "complex": (pd.Series([1 + 2j, np.nan]), "str", ["(1+2j)", ""]),
    "periods": (pd.PeriodIndex(["2020-01", None], freq="M"), "str", ["2020-01", ""]),
    "nothing": (pd.Series([None, None], dtype=object), "str", ["", ""]),
    "dates": (pd.Series([date(2020, 1, 2), None]), "datetime64[us]", [pd.Timestamp("2020-01-02"), pd.NaT]),
    "moments": (pd.Series([datetime(2020, 1, 2, 0, 30, tzinfo=ZONE), None], dtype=object), "datetime64[us]",
                [pd.Timestamp("2020-01-02 00:30"), pd.NaT]),
    "zone": (pd.Series(pd.to_datetime(["2020-01-02 00:30"])).dt.tz_localize("Europe/Zurich"), "datetime64[us]",
             [pd.Timestamp("2020-01-02 00:30")]),
    "nanoseconds": (pd.Series(["2020-01-02"], dtype="datetime64[ns]"), "datetime64[us]", [pd.Timestamp("2020-01-02")]),
    "no calendar": (pd.Series(np.array([10**12, -(10**12)], dtype="datetime64[s]")), "datetime64[us]",
                    [pd.Timestamp("9999-12-31"), pd.Timestamp("0001-01-01")]),
    "times": (pd.Series([time(8, 30), None]), "str", ["08:30:00", ""]),
    "arrow": (pd.Series([1, None], dtype=pd.ArrowDtype(pa.int64())), "float64", [1.0, np.nan]),
    "arrow dates": (pd.Series([date(2020, 1, 2)], dtype=pd.ArrowDtype(pa.date32())), "datetime64[us]",
                    [pd.Timestamp("2020-01-02")]),
}  # fmt: skip
"""What a column of a data frame becomes."""
NOT_IN_PARQUET = (
    "long objects", "no decimal", "moments", "huge objects", "objects too long to print", "long among decimals",
    "complex", "periods", "dated categories", "true categories",
)  # fmt: skip


@pytest.mark.parametrize("case", RAW)
def test_a_column_becomes_one_of_three_types(case: str) -> None:
    given, kind, values = RAW[case]
    expected = pd.Series(values, dtype=kind, name="a")
    pd.testing.assert_series_equal(frame_as_raw(pd.DataFrame({"a": given}))["a"], expected)


@pytest.mark.parametrize("case", RAW)
def test_parquet_and_a_data_frame_give_the_same(case: str, tmp_path: Path) -> None:
    if case in NOT_IN_PARQUET:
        pytest.skip("Parquet cannot hold it")
    frame = pd.DataFrame({"a": RAW[case][0]})
    frame.to_parquet(tmp_path / "t.parquet")
    read = read_table(tmp_path / "t.parquet", PLAN).table
    pd.testing.assert_frame_equal(read, frame_as_raw(frame))


@given(st.floats(width=32, allow_nan=False))
def test_a_narrow_float_becomes_a_wide_one_that_stands_for_it(narrow: float) -> None:
    (wide,) = as_raw(pd.Series([narrow], dtype="float32"))
    assert np.float32(wide) == np.float32(narrow)
    assert len(repr(float(wide))) <= len(repr(float(narrow)))


def test_numbers_are_written_with_the_decimal_sign_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(workbook(one=[["a"], [1.5], [2.0]]))
    assert read_table(tmp_path / "t.xlsx", FilePlan(decimal=",")).table["a"].tolist() == ["1,5", "2"]
    assert as_text(pd.Series([1.5, 2.0]), ",").tolist() == ["1,5", "2"]


def test_long_whole_numbers_survive_missing_ones(tmp_path: Path) -> None:
    """As floats, identifiers beyond 2 to the 53rd would run together."""
    numbers = pd.DataFrame({"id": pd.array([2**53 + 1, None, 2**53], dtype="Int64")})
    numbers.to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet", PLAN).table["id"].tolist() == [str(2**53 + 1), "", str(2**53)]
    assert frame_as_raw(numbers)["id"].tolist() == [str(2**53 + 1), "", str(2**53)]


def test_separator_and_encoding_are_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("id;name\n1;Müller\n".encode("cp1252"))
    assert read_table(path, FilePlan(separator=";", encoding="cp1252")).table["name"].tolist() == ["Müller"]


def test_a_member_and_a_sheet_are_chosen(tmp_path: Path) -> None:
    (tmp_path / "t.zip").write_bytes(zipped({"a.csv": b"x\n1\n", "b.csv": b"x\n2\n"}))
    assert read_table(tmp_path / "t.zip", FilePlan(member="b.csv")).table["x"].tolist() == ["2"]
    (tmp_path / "t.xlsx").write_bytes(workbook(one=[["x"], [1]], two=[["x"], [2]]))
    assert read_table(tmp_path / "t.xlsx", FilePlan(sheet="two")).table["x"].tolist() == ["2"]


BROKEN: dict[str, tuple[str, bytes, str]] = {
    "empty": ("t.csv", b"", "must not be empty"),
    "blank": ("t.csv", b" \n\n", "must not be empty"),
    "bom only": ("t.csv", b"\xef\xbb\xbf", "must not be empty"),
    "headers only": ("t.csv", b"id,age\n", "must have one data row at least, got headers only"),
    "twice": ("t.csv", b"id,age,id\n1,2,3\n", r"each header must stand once, got the same in columns 1, 3"),
    "no header": ("t.csv", b",age\n1,2\n", "every column must have a header; none in column 1"),
    "no headers": ("t.csv", b",\n1,2\n", "the first row must be headers; there is none"),
    "ragged": ("t.csv", b"id,age\n1,2\n3\n4,5,6\n", r"as there are headers \(2\); 2 have not: row 3, 4 of the file"),
    "encoding": ("t.csv", "id\nMüller\n".encode("cp1252"), r"must be text in utf-8; .* under \[file\] encoding"),
    "quote": ("t.csv", b'id,age\n"1,2\n' + b"3,4\n" * 5, "must be a table|as many fields|one data row"),
    "gz": ("t.csv.gz", b"id\n1\n", r"must be a whole \.gz archive"),
    "cut gz": ("t.csv.gz", gzip.compress(CSV.encode())[:-9], r"must be a whole \.gz archive"),
    "zip": ("t.zip", b"PK nonsense", r"must be a whole \.zip archive"),
    "cut zip": ("t.zip", zipped({"a.csv": CSV.encode()})[20:], r"must be a whole \.zip archive"),
    "empty zip": ("t.zip", zipped({"__MACOSX/a.csv": b""}), "must hold one file; it holds: none"),
    "two members": (
        "t.zip",
        zipped({"a.csv": b"", "b.csv": b""}),
        r"it holds: a\.csv, b\.csv; name one under \[file\]",
    ),
    "parquet": ("t.parquet", b"PAR1 nonsense", "must be a Parquet file"),
    "lists": ("t.parquet", parquet(pd.DataFrame({"a": [[1, 2]]})), "must hold single values, got lists or bytes in: a"),
    "xlsx": ("t.xlsx", b"nonsense", "must be an Excel workbook"),
    "not excel": ("t.xlsx", zipped({"a.csv": b""}), "must be an Excel workbook"),
    "blank sheet": ("t.xlsx", workbook(one=[]), "must not be empty"),
    "two sheets": (
        "t.xlsx",
        workbook(one=[["x"], [1]], two=[["x"]]),
        r"must have one sheet; it has: one, two; name one",
    ),
    "headers only in parquet": ("t.parquet", parquet(pd.DataFrame({"a": [], "b": []})), "got headers only"),
    "bytes": ("t.parquet", parquet(pd.DataFrame({"a": [b"x"]})), "must hold single values, got lists or bytes in: a"),
    "utf-16 cut": ("t.csv", "id\nMüller".encode()[:5], "must be text in utf-8"),
    "no suffix": ("export", b"id\n1\n", r"must be CSV .* or SPSS .*, got 'export'; save it as one of these"),
    "database": ("t.db", b"SQLite format 3", r"URL of a database \(sqlite:///registry\.db\), got 't\.db'"),
    "old excel": ("t.xls", b"x", "save it as one of these"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_refused(case: str, tmp_path: Path) -> None:
    name, content, message = BROKEN[case]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_table(tmp_path / name, PLAN)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert str(tmp_path) not in str(caught.value)


def test_a_missing_file_gets_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "lumbar.csv").write_text(CSV, encoding="utf-8")
    with pytest.raises(DataError, match=r"No such file or directory; nearest is 'lumbar\.csv'"):
        read_table(tmp_path / "lumbr.csv", PLAN)


@pytest.mark.parametrize("name", ["lumbr.sav", "lumbr.DTA", "lumbr.sas7bdat", "lumbr.xpt", "lumbr.por"])
def test_where_data_are_missing_no_plan_is_the_nearest(name: str) -> None:
    assert suggest(name, ["lumbar.toml"]) == ""
    assert suggest(name, ["lumbar.toml", "lumbar.dta", "lumbar.sas7bdat"]).startswith("; nearest is 'lumbar.")


def test_an_unknown_member_or_sheet_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.zip").write_bytes(zipped({"a.csv": b"x\n1\n"}))
    with pytest.raises(DataError, match=r"must hold one file, 'b\.csv' among them; it holds: a\.csv"):
        read_table(tmp_path / "t.zip", FilePlan(member="b.csv"))
    (tmp_path / "t.xlsx").write_bytes(workbook(data=[["x"], [1]]))
    with pytest.raises(DataError, match=r"must have the sheet 'date'; nearest is 'data'; it has: data"):
        read_table(tmp_path / "t.xlsx", FilePlan(sheet="date"))


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"a": []}), pd.DataFrame([[1, 2]], columns=["a", "a"])])
def test_frames_that_are_no_tables_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="data frame: "):
        frame_as_raw(frame)


def test_no_message_shows_a_cell(tmp_path: Path) -> None:
    """Without its headers, the first row of a file is a patient's; a ragged row is one, too."""
    path = tmp_path / "t.csv"
    for text in ("ZEBRA,ZEBRA\n1,2\n", "id,age\nZEBRA\n", 'id,age\n"ZEBRA,2\n1,2\n3,4\n'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DataError) as caught:
            read_table(path, PLAN)
        assert "ZEBRA" not in str(caught.value)


def write_years(folder: Path) -> None:
    (folder / "Year2.TXT").write_text("ID,Bmi,Year\nb1,31,2021\n", encoding="utf-8")
    (folder / "year1.txt").write_text("id,year,age\na1,2020,50\na2,2020,\n", encoding="utf-8")
    (folder / ".hidden.txt").write_text("x", encoding="utf-8")
    (folder / "readme.md").write_text("x", encoding="utf-8")


def test_files_of_a_folder_are_one_table(tmp_path: Path) -> None:
    write_years(tmp_path)
    read = read_table(tmp_path, FilePlan(files="year*.txt", headers="upper"))
    expected = pd.DataFrame(
        {
            "ID": ["b1", "a1", "a2"],
            "BMI": ["31", "", ""],
            "YEAR": ["2021", "2020", "2020"],
            "AGE": ["", "50", ""],
        },
        dtype="str",
    )
    pd.testing.assert_frame_equal(read.table, expected)
    assert read.name == tmp_path.name
    hashes = [f"{name} {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()}\n" for name in FOLDER_ORDER]
    assert read.sha256 == hashlib.sha256("".join(hashes).encode()).hexdigest()


FOLDER_ORDER = ("Year2.TXT", "year1.txt")
"""Sorted by name, capital letters first."""


def test_without_upper_headers_stay_apart(tmp_path: Path) -> None:
    write_years(tmp_path)
    table = read_table(tmp_path, FilePlan(files="*.txt")).table
    assert list(table) == ["ID", "Bmi", "Year", "id", "year", "age"]


def test_typed_files_of_a_folder_keep_their_types_where_they_agree(tmp_path: Path) -> None:
    day = pd.Timestamp("2020-01-02")
    pd.DataFrame({"n": [1.5], "code": [1.0], "day": [day]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"n": [2], "code": ["x"], "empty": [None]}).to_parquet(tmp_path / "b.parquet")
    table = read_table(tmp_path, FilePlan(files="*.parquet")).table
    expected = pd.DataFrame({"n": [1.5, 2.0], "code": ["1", "x"], "day": [day, pd.NaT], "empty": ["", ""]})
    pd.testing.assert_frame_equal(table, expected.astype({"day": "datetime64[us]"}))


def test_a_folder_with_one_readable_file_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "readme.md").write_text("x", encoding="utf-8")
    (tmp_path / "t.csv").write_text(CSV, encoding="utf-8")
    pd.testing.assert_frame_equal(read_table(tmp_path, PLAN).table, TABLE)


def test_a_folder_with_several_files_wants_a_pattern(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must have one file that can be read; it has: none that can be read"):
        read_table(tmp_path, PLAN)
    write_years(tmp_path)
    with pytest.raises(DataError, match=r'Year2\.TXT, year1\.txt; say under \[file\] files .* files = "\*\.csv"'):
        read_table(tmp_path, PLAN)
    with pytest.raises(DataError, match=r"must have files like 'nosuch\*'; it has: Year2\.TXT, year1\.txt"):
        read_table(tmp_path, FilePlan(files="nosuch*"))


def test_a_faulty_file_of_a_folder_is_named(tmp_path: Path) -> None:
    write_years(tmp_path)
    (tmp_path / "year3.txt").write_text("ID,id\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"^year3\.txt: each header must stand once, got the same in columns 1, 2"):
        read_table(tmp_path, FilePlan(files="*.txt", headers="upper"))


def test_numbers_among_texts_have_the_decimal_sign_of_the_file(tmp_path: Path) -> None:
    """So that a CSV of the same cells says the same: as texts, as parts of a folder, in a database."""
    plan = FilePlan(decimal=",", files="*.parquet")
    mixed = pd.DataFrame({"n": pd.Series([1.5, "x"], dtype=object)})
    assert frame_as_raw(mixed, plan)["n"].tolist() == ["1,5", "x"]
    pd.DataFrame({"n": [1.5]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"n": ["x"]}).to_parquet(tmp_path / "b.parquet")
    assert read_table(tmp_path, plan).table["n"].tolist() == ["1,5", "x"]


def test_a_table_is_nobody_elses_and_may_be_written_to(tmp_path: Path) -> None:
    cells = np.array([[1.0, 2.0], [3.0, 4.0]])
    frame = pd.DataFrame(cells, columns=["a", "b"], copy=False)
    frame.to_parquet(tmp_path / "t.parquet")
    table = frame_as_raw(frame)
    cells[0, 0] = 9
    assert table.loc[0, "a"] == 1
    for made in (table, read_table(tmp_path / "t.parquet", PLAN).table):
        made.loc[0, "b"] = 7
        assert made["b"].tolist() == [7.0, 4.0]
        assert made["a"].tolist() == [1.0, 3.0]
    assert frame.loc[0, "b"] == 2


def test_rows_of_separators_at_the_end_are_none(tmp_path: Path) -> None:
    for name, content in {
        "t.csv": b"a,b\n1,2\n,\n3,\n, \n,\n",
        "t.tsv": b"a\tb\n1\t2\n\t\n3\t\n\t\n",
        "t.xlsx": workbook(one=[["a", "b"], [1, 2], [None, None], [3, None], [None, " "]]),
    }.items():
        (tmp_path / name).write_bytes(content)
        assert read_table(tmp_path / name, PLAN).table.to_numpy().tolist() == [["1", "2"], ["", ""], ["3", ""]]
    (tmp_path / "t.csv").write_text("a,b\n,\n,\n", encoding="utf-8")
    with pytest.raises(DataError, match="must have one data row at least, got headers only"):
        read_table(tmp_path / "t.csv", PLAN)
    assert read_table(tmp_path / "t.csv", PLAN, least_rows=0).table.shape == (0, 2)


def refused(headers: list[str], *rows: list[str]) -> str:
    columns = [pd.Series([row[at] for row in rows], dtype="str") for at in range(len(headers))]
    try:
        refuse_headerless(headers, columns, "t.csv")
    except DataError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "headers",
    [
        ["patient", "2010"],
        ["patient", "2010", "2011", "2012"],
        ["id", *map(str, range(1, 11))],
        ["id", "0", "3", "6", "12", "24"],
        ["patient", "L4/5", "12 months", "2010", "<65", "65+"],
        ["id", "No", "NA", "K", "CT12YR", "ODI 3m", "1a", "Q1.1"],
        ["id", "1.1", "a", "b"],
        list(COLUMNS),
    ],
)
def test_honest_headers_are_no_patient(headers: list[str]) -> None:
    assert refused(headers) == ""


@given(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=2, unique=True), st.data())
def test_a_few_odd_headers_among_names_are_allowed(headers: list[str], data: st.DataObject) -> None:
    odd = st.integers(0, 9999).map(str) | st.dates().map(str) | st.sampled_from(["1.5", "?", "true"])
    few = data.draw(st.lists(odd, max_size=(len(headers) - 1) // 2, unique=True))
    assert refused([*headers, *few]) == ""


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        (["P001", "61", "2020-01-01", "male"], "2, 3"),
        (["Hansen", "61", "44"], "2, 3"),
        (["61", "44"], "1, 2"),
        (["a", "12.5"], "2"),
        (["kari@nordmann.no", "a", "b", "c"], "1"),
        (["a", "b", "c", "+47 912 34 567"], "4"),
        (["a", "b", "c", "010190-1234", "d"], "4"),
        (["a", "b", "c", "01019040034", "d"], "4"),
        (["a", "b", "c", "SW1A 1AA", "d"], "4"),
        (["P001;61;2020-01-01"], "2, 3"),
    ],
)
def test_a_patient_is_no_row_of_headers(row: list[str], columns: str) -> None:
    message = refused(row)
    assert f"the first row must be headers; {columns.count(',') + 1} of " in message
    assert f"(columns {columns})" in message
    assert not [cell for cell in row if len(cell) > 2 and cell in message]


def test_a_postcode_without_a_space_is_a_patient_s_if_those_below_are_postcodes() -> None:
    assert "1 of 3" in refused(["LS12QA", "a", "b"], ["LS29JT", "", ""], ["SW1A1AA", "", ""])
    assert refused(["CT12YR", "a", "b"], ["1", "", ""], ["0", "", ""]) == ""


def test_headers_that_stand_among_the_values_below_them_are_a_patient_s() -> None:
    rows = (["P2", "female", "never", "60"], ["P3", "male", "never", "70"], ["P4", "male", "current", "80"])
    assert "3 of 4" in refused(["P1", "male", "never", "61"], *rows)
    assert refused(["patient", "sex", "smoking", "61"], *rows) == ""
    ticked = (["Diabetes", "", "x"], ["", "Pain", "y"])
    assert refused(["Diabetes", "Pain", "note"], *ticked) == ""
    stacked = (["P1", "male", "61"], ["patient", "sex", "age"], ["P1", "male", "62"])
    assert refused(["patient", "sex", "age"], *stacked) == ""


DATA_CELLS = st.one_of(
    st.floats(-1e6, 1e6).map(lambda number: f"{number:.2f}"),
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat(sep=" ", timespec="seconds")),
    st.sampled_from(["kari@example.no", "ola.nordmann@mail.example.org"]),
)


@given(
    st.lists(st.text(st.characters(categories=["L"]), min_size=3, max_size=8).map("ZEBRA".__add__), max_size=4),
    st.lists(DATA_CELLS, min_size=4, max_size=6),
    st.randoms(),
)
def test_a_first_row_of_data_is_refused_and_not_shown(words: list[str], data: list[str], rng: random.Random) -> None:
    row = [*words, *data]
    rng.shuffle(row)
    message = refused(row)
    assert "the first row must be headers" in message
    assert not [cell for cell in row if cell in message.replace("t.csv", "")]


def test_a_file_without_headers_is_refused_whatever_holds_it(tmp_path: Path) -> None:
    row = ["ZEBRA", "61", "2020-01-01"]
    (tmp_path / "t.csv").write_text(",".join(row) + "\nx,62,2020-01-02\n", encoding="utf-8")
    (tmp_path / "t.xlsx").write_bytes(workbook(one=[row, ["x", 62, "2020-01-02"]]))
    pd.read_csv(tmp_path / "t.csv").to_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.xlsx", "t.parquet"):
        with pytest.raises(
            DataError, match=r"the first row must be headers; 2 of 3 look like .* \(columns 2, 3\)"
        ) as caught:
            read_table(tmp_path / name, PLAN)
        assert "ZEBRA" not in str(caught.value)


def test_columns_without_a_value_have_no_say_in_the_type() -> None:
    parts = [pd.Series(["", ""], dtype="str"), pd.Series([1.0, np.nan]), pd.Series([np.nan])]
    pd.testing.assert_series_equal(stack_raw(parts), pd.Series([np.nan, np.nan, 1.0, np.nan, np.nan]))
    pd.testing.assert_series_equal(stack_raw(parts[:1]), parts[0])


def test_a_long_file_is_read_in_blocks(tmp_path: Path) -> None:
    """Longer than one block, with a wrong row in the last one and letters of several bytes across the borders."""
    n = 500_000
    path = tmp_path / "t.csv"
    lines = (f"{i},Müller-Lüdenscheidt über Öhringen\n" for i in range(n))
    path.write_text("id,name\n" + "".join(lines), encoding="utf-8")
    assert path.stat().st_size > BLOCK_BYTES
    table = read_table(path, PLAN).table
    assert len(table) == n
    assert table["id"].iloc[-1] == str(n - 1)
    assert table["name"].unique().tolist() == ["Müller-Lüdenscheidt über Öhringen"]
    with path.open("a", encoding="utf-8") as file:
        file.write("1,2,3\n")
    with pytest.raises(DataError, match=rf"1 have not: row {n + 2} of the file"):
        read_table(path, PLAN)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "t.zip", "t.parquet", "t.xlsx"])
def test_damaged_files_are_read_or_refused(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    path = tmp_path / name
    for _ in range(150):
        path.write_bytes(damage(HOLDERS[name](), rng))
        assert "Müller" not in refusal(path)


def refusal(path: Path) -> str:
    """Return the message, blank where the file can be read all the same."""
    try:
        read_table(path, PLAN)
    except DataError as error:
        return str(error)
    return ""


def damage(content: bytes, rng: random.Random) -> bytes:
    """Cut bytes off, or change some, or put others in their place."""
    place = rng.randrange(len(content))
    if rng.random() < 0.3:
        return content[:place]
    noise = rng.randbytes(rng.randrange(1, 30))
    return content[:place] + noise + content[place + rng.choice([0, len(noise)]) :]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_wrong_separator_is_told_before_anything_else(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(
        separator.join(("patient", "date of birth", "age")) + "\n" + separator.join(("a", "1950-01-01", "60"))
    )
    with pytest.raises(DataError, match=r"one column only; state its separator under \[file\] separator"):
        read_table(path, FilePlan())
