"""Readers: one table, whatever holds it; every broken file gets a clear message."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from schemas.errors import DataError
from schemas.plans import FilePlan
from schemas.readers import compute_fingerprint, frame_as_text, read_table

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
    "typed.parquet": lambda: parquet(TABLE.assign(age=[50.0, np.nan, 60.5])),
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


@pytest.mark.parametrize("name", HOLDERS)
def test_every_file_gives_the_same_table_and_fingerprint(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(HOLDERS[name]())
    table = read_table(tmp_path / name, PLAN)
    pd.testing.assert_frame_equal(table, TABLE)
    assert compute_fingerprint(table) == compute_fingerprint(frame_as_text(TABLE))


def test_a_fingerprint_sees_every_cell_and_header() -> None:
    seen = {
        compute_fingerprint(table)
        for table in (
            TABLE,
            TABLE.rename(columns={"age": "Age"}),
            TABLE.iloc[::-1],
            TABLE[["age", "id", "note"]],
            TABLE.replace("a1", "a1a2").replace("a2", ""),
            TABLE.replace("50", "51"),
        )
    }
    assert len(seen) == 6


def test_typed_cells_become_what_a_csv_would_hold() -> None:
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
    table = frame_as_text(pd.DataFrame({"cell": pd.Series(cells, dtype=object)}))
    assert table["cell"].tolist() == [
        "1", "1.5", "1152921504606846976", "true", "false", "", "", "", "", "1.50", "x", "2020-01-02",
        "2020-01-02", "2020-01-02 03:04:05", "2020-01-02", "inf",
    ]  # fmt: skip


def test_typed_numbers_are_written_with_the_decimal_sign_of_the_file() -> None:
    assert frame_as_text(pd.DataFrame({"a": [1.5, 2.0]}), FilePlan(decimal=","))["a"].tolist() == ["1,5", "2"]


def test_long_whole_numbers_survive_missing_ones(tmp_path: Path) -> None:
    """As floats, identifiers beyond 2 to the 53rd would run together."""
    numbers = pd.DataFrame({"id": pd.array([2**53 + 1, None, 2**53], dtype="Int64")})
    numbers.to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet", PLAN)["id"].tolist() == [str(2**53 + 1), "", str(2**53)]
    assert frame_as_text(numbers)["id"].tolist() == [str(2**53 + 1), "", str(2**53)]


def test_separator_and_encoding_are_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("id;name\n1;Müller\n".encode("cp1252"))
    assert read_table(path, FilePlan(separator=";", encoding="cp1252"))["name"].tolist() == ["Müller"]


def test_a_member_and_a_sheet_are_chosen(tmp_path: Path) -> None:
    (tmp_path / "t.zip").write_bytes(zipped({"a.csv": b"x\n1\n", "b.csv": b"x\n2\n"}))
    assert read_table(tmp_path / "t.zip", FilePlan(member="b.csv"))["x"].tolist() == ["2"]
    (tmp_path / "t.xlsx").write_bytes(workbook(one=[["x"], [1]], two=[["x"], [2]]))
    assert read_table(tmp_path / "t.xlsx", FilePlan(sheet="two"))["x"].tolist() == ["2"]


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
    "lists": ("t.parquet", parquet(pd.DataFrame({"a": [[1, 2]]})), "must hold single values, got lists in: a"),
    "xlsx": ("t.xlsx", b"nonsense", "must be an Excel workbook"),
    "not excel": ("t.xlsx", zipped({"a.csv": b""}), "must be an Excel workbook"),
    "blank sheet": ("t.xlsx", workbook(one=[]), "must not be empty"),
    "two sheets": (
        "t.xlsx",
        workbook(one=[["x"], [1]], two=[["x"]]),
        r"must have one sheet; it has: one, two; name one",
    ),
    "sas": ("t.sas7bdat", b"x", r"must be CSV .*, Parquet \(\.parquet\) or Excel \(\.xlsx\), got 't\.sas7bdat'"),
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
        frame_as_text(frame)


def test_no_message_shows_a_cell(tmp_path: Path) -> None:
    """Without its headers, the first row of a file is a patient's; a ragged row is one, too."""
    path = tmp_path / "t.csv"
    for text in ("ZEBRA,ZEBRA\n1,2\n", "id,age\nZEBRA\n", 'id,age\n"ZEBRA,2\n1,2\n3,4\n'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DataError) as caught:
            read_table(path, PLAN)
        assert "ZEBRA" not in str(caught.value)
