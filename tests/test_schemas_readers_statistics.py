"""Files of SAS, Stata and SPSS: codes, labels, dates, every kind of missing, and files that bring down their reader."""

from __future__ import annotations

import ctypes
import gzip
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from pyreadstat import _readstat_writer

from schemas.errors import DataError
from schemas.plans import FilePlan
from schemas.readers import read_table
from schemas.reading.statistics import TITLES
from schemas.reading.statistics_formats import PACKAGES

PLAN = FilePlan()
FRAME = pd.DataFrame(
    {
        "ID": ["a1", "a2", "Zébra"],
        "AGE": [50.0, np.nan, 60.1],
        "SEX": [1.0, 2.0, np.nan],
        "PAIN": [0.0, 5.0, 7.0],
        "DAY": [date(2020, 1, 2), None, date(1899, 12, 31)],
        "MOMENT": [datetime(2020, 1, 2, 3, 4, 5), None, datetime(2020, 1, 2)],
        "CUT": [time(8, 30), None, time(23, 59, 59)],
    }
)
LABELS = {"SEX": {1: "male", 2: "female"}, "PAIN": {0: "none", 10: "worst"}}
EXPECTED = pd.DataFrame(
    {
        "ID": ["a1", "a2", "Zébra"],
        "AGE": [50.0, np.nan, 60.1],
        "SEX": [1.0, 2.0, np.nan],
        "PAIN": [0.0, 5.0, 7.0],
        "DAY": pd.to_datetime(["2020-01-02", None, "1899-12-31"]).astype("datetime64[us]"),
        "MOMENT": pd.to_datetime(["2020-01-02 03:04:05", None, "2020-01-02"], format="ISO8601").astype(
            "datetime64[us]"
        ),
        "CUT": pd.Series(["08:30:00", "", "23:59:59"], dtype="str"),
    }
)
DATE_FORMATS = {"DAY": "DATE9.", "MOMENT": "DATETIME20.", "CUT": "TIME8."}
SINCE = pd.Timestamp("1960-01-01")


def write_sas7bdat(path: Path, frame: pd.DataFrame, formats: dict[str, str]) -> None:
    """Write with the C library inside pyreadstat, which has a writer for SAS but does not show it."""
    lib = ctypes.CDLL(_readstat_writer.__file__)
    for name in ("writer_init", "add_variable"):
        getattr(lib, f"readstat_{name}").restype = ctypes.c_void_p
    written: list[bytes] = []

    @ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
    def keep(data: int, n: int, context: int | None) -> int:
        written.append(ctypes.string_at(data, n))
        return n

    writer = ctypes.c_void_p(lib.readstat_writer_init())
    lib.readstat_set_data_writer(writer, keep)
    variables = {}
    for name, column in frame.items():
        kind, width = (0, 20) if isinstance(column.dtype, pd.StringDtype) else (5, 8)
        variables[name] = ctypes.c_void_p(
            lib.readstat_add_variable(writer, str(name).encode(), kind, ctypes.c_size_t(width))
        )
        if name in formats:
            lib.readstat_variable_set_format(variables[name], formats[name].encode())
    assert lib.readstat_begin_writing_sas7bdat(writer, None, ctypes.c_long(len(frame))) == 0
    for row in frame.to_dict("records"):
        lib.readstat_begin_row(writer)
        for name, value in row.items():
            insert_value(lib, writer, variables[name], value)
        assert lib.readstat_end_row(writer) == 0
    assert lib.readstat_end_writing(writer) == 0
    lib.readstat_writer_free(writer)
    path.write_bytes(b"".join(written))


def insert_value(lib: ctypes.CDLL, writer: ctypes.c_void_p, variable: ctypes.c_void_p, value: object) -> None:
    if isinstance(value, str):
        lib.readstat_insert_string_value(writer, variable, value.encode())
    elif value is None or value != value:
        lib.readstat_insert_missing_value(writer, variable)
    else:
        lib.readstat_insert_double_value(writer, variable, ctypes.c_double(value))


def seconds_since(moments: Sequence[object]) -> list[float]:
    return [np.nan if m is None else (pd.Timestamp(str(m)) - SINCE).total_seconds() for m in moments]


def write(path: Path, frame: pd.DataFrame = FRAME) -> None:
    if path.suffix in (".sav", ".zsav"):
        pyreadstat.write_sav(frame, path, variable_value_labels=LABELS, compress=path.suffix == ".zsav")
    elif path.suffix == ".dta":
        pyreadstat.write_dta(frame, path, variable_value_labels=LABELS)
    elif path.suffix == ".por":
        pyreadstat.write_por(frame, path)
    elif path.suffix == ".xpt":
        pyreadstat.write_xport(frame, path)
    else:
        numbers = frame.assign(
            ID=frame["ID"].astype("str"),
            DAY=np.array(seconds_since(frame["DAY"])) / 86_400,
            MOMENT=seconds_since(frame["MOMENT"]),
            CUT=[np.nan if t is None else t.hour * 3600 + t.minute * 60 + t.second for t in frame["CUT"]],
        )
        write_sas7bdat(path, numbers, DATE_FORMATS)


SUFFIXES = [".sas7bdat", ".xpt", ".dta", ".sav", ".zsav", ".por"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_package_gives_the_same_table(suffix: str, tmp_path: Path) -> None:
    """Codes stay codes; dates and times are what they show."""
    frame, expected = FRAME, EXPECTED
    if suffix == ".por":  # it holds no letters beyond ASCII
        frame, expected = FRAME.replace("Zébra", "Zebra"), EXPECTED.replace("Zébra", "Zebra")
    write(tmp_path / f"t{suffix}", frame)
    pd.testing.assert_frame_equal(read_table(tmp_path / f"t{suffix}", PLAN).table, expected)


def test_a_packed_file_is_read_without_unpacking_it_on_the_disk(tmp_path: Path) -> None:
    write(tmp_path / "t.sav")
    (tmp_path / "t.sav.gz").write_bytes(gzip.compress((tmp_path / "t.sav").read_bytes()))
    (tmp_path / "t.sav").unlink()
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.sav.gz", PLAN).table, EXPECTED)
    assert [path.name for path in tmp_path.iterdir()] == ["t.sav.gz"]


@pytest.mark.parametrize("suffix", [".dta", ".sav"])
def test_labels_are_read_where_most_codes_have_one(suffix: str, tmp_path: Path) -> None:
    """A scale of which only the ends are labelled stays a number; a code without a label stays a code."""
    frame = pd.concat([FRAME.replace("Zébra", "Zebra"), FRAME[:1].assign(ID="a4", SEX=3.0)])
    write(tmp_path / f"t{suffix}", frame)
    table = read_table(tmp_path / f"t{suffix}", FilePlan(labels=True)).table
    assert table["SEX"].tolist() == ["male", "female", "", "3"]
    assert table["PAIN"].tolist() == [0.0, 5.0, 7.0, 0.0]
    assert table["SEX"].dtype == "str"


def test_what_a_user_declared_missing_is_missing(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.0, -9.0, -8.0, 99.0], "b": ["x", "none", "y", "z"]})
    missing = {"a": [{"lo": -9, "hi": -8}, 99], "b": ["none"]}
    pyreadstat.write_sav(frame, tmp_path / "t.sav", missing_ranges=missing)
    table = read_table(tmp_path / "t.sav", PLAN).table
    assert table["a"].fillna(-1).tolist() == [1.0, -1, -1, -1]
    assert table["b"].tolist() == ["x", "", "y", "z"]


def test_extended_missing_values_are_missing(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.0, "a", "z", 2.0]}, dtype=object)
    pyreadstat.write_dta(frame, tmp_path / "t.dta", missing_user_values={"a": ["a", "z"]})
    table = read_table(tmp_path / "t.dta", PLAN).table
    assert table["a"].fillna(-1).tolist() == [1.0, -1, -1, 2.0]


def test_whole_and_narrow_numbers_of_stata_are_what_they_show(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "narrow": pd.Series([60.1, np.nan], dtype="float32"),
            "small": pd.Series([1, 2], dtype="int8"),
            "whole": pd.Series([2**30, -5], dtype="int32"),
        }
    )
    frame.to_stata(tmp_path / "t.dta", write_index=False)
    expected = pd.DataFrame({"narrow": [60.1, np.nan], "small": [1.0, 2.0], "whole": [2.0**30, -5.0]})
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.dta", PLAN).table, expected)


DAY = 366.0  # 1961-01-01, after a leap year
SPSS_DAY = (date(2014, 7, 6) - date(1582, 10, 14)).days * 86_400.0
CLOCKS = {
    (".sas7bdat", "DATE9."): (DAY, "1961-01-01"),
    (".sas7bdat", "YYMMDDN8."): (DAY, "1961-01-01"),
    (".sas7bdat", "DDMMYYP10."): (DAY, "1961-01-01"),
    (".sas7bdat", "E8601DA10."): (DAY, "1961-01-01"),
    (".sas7bdat", "MONYY7."): (DAY, "1961-01-01"),
    (".sas7bdat", "WORDDATE18."): (DAY, "1961-01-01"),
    (".sas7bdat", "DTDATE9."): (DAY * 86_400, "1961-01-01"),
    (".sas7bdat", "DATETIME22.3"): (DAY * 86_400 + 1.5, "1961-01-01 00:00:01.500000"),
    (".sas7bdat", "E8601DT19."): (DAY * 86_400, "1961-01-01"),
    (".sas7bdat", "HHMM5."): (100 * 3600.0, "100:00:00"),
    (".sas7bdat", "TIME8."): (-90.0, "-00:01:30"),
    (".sas7bdat", "BEST12."): (DAY, DAY),
    (".sas7bdat", "DOLLAR8."): (DAY, DAY),
    (".dta", "%td"): (DAY, "1961-01-01"),
    (".dta", "%tdD_m_Y"): (DAY, "1961-01-01"),
    (".dta", "%-tdCCYY.NN.DD"): (DAY, "1961-01-01"),
    (".dta", "%d"): (DAY, "1961-01-01"),
    (".dta", "%tc"): (DAY * 86_400_000 + 1, "1961-01-01 00:00:00.001000"),
    (".dta", "%tcHH:MM:SS"): (DAY * 86_400_000 + 61_000, "00:01:01"),
    (".dta", "%tcCCYY-NN-DD_HH:MM"): (DAY * 86_400_000, "1961-01-01"),
    (".dta", "%tm"): (13.0, "1961-02-01"),
    (".dta", "%tq"): (-1.0, "1959-10-01"),
    (".dta", "%th"): (3.0, "1961-07-01"),
    (".dta", "%ty"): (2020.0, 2020.0),
    (".dta", "%9.0g"): (DAY, DAY),
    (".sav", "DATE11"): (SPSS_DAY, "2014-07-06"),
    (".sav", "EDATE10"): (SPSS_DAY, "2014-07-06"),
    (".sav", "MOYR8"): (SPSS_DAY, "2014-07-06"),
    (".sav", "DATETIME20"): (SPSS_DAY + 1, "2014-07-06 00:00:01"),
    (".sav", "DTIME12"): (100 * 3600.0, "100:00:00"),
    (".sav", "MONTH3"): (7.0, 7.0),
    (".sav", "F8.2"): (7.0, 7.0),
}
"""A number under a display format, and what it means."""


@pytest.mark.parametrize("suffix", [".sas7bdat", ".dta", ".sav"])
def test_a_display_format_says_what_a_number_means(suffix: str, tmp_path: Path) -> None:
    cases = {display: clock for (kind, display), clock in CLOCKS.items() if kind == suffix}
    formats = {f"c{i}": display for i, display in enumerate(cases)}
    frame = pd.DataFrame({name: [cases[display][0], np.nan] for name, display in formats.items()})
    path = tmp_path / f"t{suffix}"
    if suffix == ".sas7bdat":
        write_sas7bdat(path, frame, formats)
    else:
        writer = {".dta": pyreadstat.write_dta, ".sav": pyreadstat.write_sav}[suffix]
        writer(frame, path, variable_format=formats)
    table = read_table(path, PLAN).table
    for name, display in formats.items():
        meaning = cases[display][1]
        is_day = isinstance(meaning, str) and meaning[4] == "-"
        assert table[name].iloc[0] == (pd.Timestamp(meaning) if is_day else meaning), display
        assert table[name].iloc[1:].replace("", np.nan).isna().all(), display


@pytest.mark.parametrize(("number", "day"), [(1e300, "9999-12-31"), (-1e300, "0001-01-01")])
def test_numbers_that_are_no_day_become_the_calendars_ends(number: float, day: str, tmp_path: Path) -> None:
    pyreadstat.write_sav(pd.DataFrame({"a": [number, 1e10]}), tmp_path / "t.sav", variable_format={"a": "DATE11"})
    assert read_table(tmp_path / "t.sav", PLAN).table["a"].iloc[0] == pd.Timestamp(day)


def test_a_wrong_encoding_can_be_corrected(tmp_path: Path) -> None:
    write(tmp_path / "t.xpt", FRAME[["ID"]].replace("Zébra", "Z@bra"))
    content = (tmp_path / "t.xpt").read_bytes().replace(b"Z@bra", "Zébra".encode("cp1252"))
    (tmp_path / "t.xpt").write_bytes(content)
    assert read_table(tmp_path / "t.xpt", FilePlan(encoding="cp1252")).table["ID"].iloc[2] == "Zébra"


def test_a_file_that_brings_down_its_reader_is_refused(tmp_path: Path) -> None:
    """A kind of value label that the variable cannot have: the library follows a pointer to nowhere."""
    write(tmp_path / "t.sav")
    content = bytearray((tmp_path / "t.sav").read_bytes())
    place = content.index((3).to_bytes(4, "little") + (2).to_bytes(4, "little"))
    content[place + 4] = 255
    (tmp_path / "t.sav").write_bytes(content)
    with pytest.raises(
        DataError, match=r"^t\.sav: must be a whole SPSS file .* could not be read as one: copy or save"
    ):
        read_table(tmp_path / "t.sav", PLAN)


def test_a_header_that_promises_too_many_rows_is_refused(tmp_path: Path) -> None:
    """Memory for a thousand million rows would be taken before the first of them is missed."""
    write(tmp_path / "t.sav")
    content = bytearray((tmp_path / "t.sav").read_bytes())
    assert content[80:84] == (3).to_bytes(4, "little")
    content[80:84] = (10**9).to_bytes(4, "little")
    (tmp_path / "t.sav").write_bytes(content)
    with pytest.raises(DataError, match="must be a whole SPSS file"):
        read_table(tmp_path / "t.sav", PLAN)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_of_another_kind_are_refused(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"t{suffix}").write_bytes(b"id,age\n1,2\n" * 300)
    with pytest.raises(DataError, match=r"must be a whole S[A-Za-z ]+ \(\."):
        read_table(tmp_path / f"t{suffix}", PLAN)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_files_are_read_or_refused(suffix: str, tmp_path: Path) -> None:
    rng = random.Random(suffix)
    path = tmp_path / f"t{suffix}"
    write(path, FRAME.replace("Zébra", "Zebra"))
    whole = path.read_bytes()
    for _ in range(6):
        content = bytearray(whole)
        if rng.random() < 0.3:
            del content[rng.randrange(len(content)) :]
        else:
            place = rng.randrange(min(len(content), 2000))
            content[place : place + 4] = rng.randbytes(4)
        path.write_bytes(content)
        assert "Zebra" not in refusal(path)


def refusal(path: Path) -> str:
    """Return the message, blank where the file can be read all the same."""
    try:
        read_table(path, PLAN)
    except DataError as error:
        return str(error)
    return ""


def test_the_library_is_loaded_by_the_other_process_only() -> None:
    """It is written in C and slow to load; who reads a CSV needs neither."""
    assert list(TITLES) == list(PACKAGES)
    code = "import sys, schemas.registry; sys.exit('pyreadstat' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_codes_beside_labels_have_the_decimal_sign_of_the_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 2.5]})
    pyreadstat.write_sav(frame, tmp_path / "t.sav", variable_value_labels={"x": {1: "one", 2: "two"}})
    assert read_table(tmp_path / "t.sav", FilePlan(labels=True, decimal=",")).table["x"].tolist() == [
        "one", "two", "2,5",
    ]  # fmt: skip
