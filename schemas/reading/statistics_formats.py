"""The files of SAS, Stata and SPSS: codes as numbers, dates as dates, every kind of missing as missing.

Value labels are not read, unless the definition says so: it is the codes that codebooks, missing codes and ranges
speak of, and SAS keeps its labels in another file. What a user declared missing in SPSS, and the extended missing
values of SAS and Stata (.a to .z, ._), are missing.
"""

from __future__ import annotations

import io
import json
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as arrow
import pyreadstat

from schemas.raw import FIRST_DAY, LAST_DAY, as_raw, as_text

SQUEEZED = 1100
"""More cells than this to a byte cannot be packed, neither by deflation nor as runs of the same byte."""

DAY = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Clock:
    """What the numbers under a display format mean: a date, a month, a duration or the time of a day.

    `unit` is that of the numbers: seconds, or of months, months.
    """

    kind: Literal["date", "month", "duration", "time"]
    unit: float


@dataclass(frozen=True, kw_only=True)
class Package:
    """One kind of file: who reads it, the day from which it counts, and its display formats of dates as patterns."""

    read: Callable[..., tuple[pd.DataFrame, Any]]
    origin: np.datetime64
    clocks: Mapping[str, Clock]
    packed: bool = False
    has_encoding: bool = True


DAYS, SECONDS, LENGTHS = (
    Clock(kind="date", unit=DAY),
    Clock(kind="date", unit=1.0),
    Clock(kind="duration", unit=1.0),
)
SAS_CLOCKS = {
    r"TIME|TIMEAMPM|TOD|HHMM|MMSS|NLTIME|(E8601|IS8601|B8601)(TM|TZ|LZ)": LENGTHS,
    r"DATETIME|DATEAMPM|MDYAMPM|DT(DATE|MONYY|WKDATX|YEAR|YYQC)|(E8601|IS8601|B8601)(DT|DN|DZ|LX)|NLDATM\w*": SECONDS,
    r"DATE|(DDMMYY|MMDDYY|YYMMDD|MMYY|YYMM|YYQR?)[BCDNPS]?|YYMON|MONYY|JULIAN|(WEEK|WORD)DAT[EX]"
    r"|(E8601|IS8601|B8601)DA|NLDATE\w*|EURDFD[DE]|EURDFMY": DAYS,
}
SPSS_CLOCKS = {
    r"DATE|ADATE|EDATE|JDATE|SDATE|MOYR|QYR|WKYR|DATETIME|YMDHMS": SECONDS,
    r"TIME|DTIME|MTIME": LENGTHS,
}
STATA_CLOCKS = {
    r"%-?t[cC][HhMSs:._ ]+(am|AM|a\.m\.)?": Clock(kind="time", unit=0.001),
    r"%-?t[cC].*": Clock(kind="date", unit=0.001),
    r"%-?t?d.*": DAYS,
    r"%-?tm.*": Clock(kind="month", unit=1.0),
    r"%-?tq.*": Clock(kind="month", unit=3.0),
    r"%-?th.*": Clock(kind="month", unit=6.0),
}
"""Years (%ty) are numbers, and so are weeks (%tw), of which no calendar knows the day."""

SAS_DAY, SPSS_DAY = np.datetime64("1960-01-01", "us"), np.datetime64("1582-10-14", "us")
SAS = Package(read=pyreadstat.read_sas7bdat, origin=SAS_DAY, clocks=SAS_CLOCKS, packed=True)
TRANSPORT = Package(read=pyreadstat.read_xport, origin=SAS_DAY, clocks=SAS_CLOCKS)
STATA = Package(read=pyreadstat.read_dta, origin=SAS_DAY, clocks=STATA_CLOCKS)
SPSS = Package(read=pyreadstat.read_sav, origin=SPSS_DAY, clocks=SPSS_CLOCKS, packed=True)
PORTABLE = Package(read=pyreadstat.read_por, origin=SPSS_DAY, clocks=SPSS_CLOCKS, has_encoding=False)
PACKAGES = {
    ".sas7bdat": SAS,
    ".xpt": TRANSPORT,
    ".dta": STATA,
    ".sav": SPSS,
    ".zsav": SPSS,
    ".por": PORTABLE,
}
"""Packages by the suffix of their files; what these are called is in `schemas.reading.statistics`."""


def main() -> None:
    """Read the file that the first argument describes, and write its raw table to the standard output (Arrow's stream).

    The argument is JSON: ``suffix``, ``encoding``, ``labels``, ``decimal`` and ``path``; without a path the file comes
    from the standard input.
    """
    asked = json.loads(sys.argv[1])
    held = asked["path"] or sys.stdin.buffer.read()
    table = read_package(
        held, asked["suffix"], encoding=asked["encoding"], labels=asked["labels"], decimal=asked["decimal"]
    )
    with arrow.ipc.new_stream(sys.stdout.buffer, table.schema) as stream:
        stream.write_table(table)


def read_package(
    held: str | bytes, suffix: str, *, encoding: str | None, labels: bool, decimal: str = "."
) -> arrow.Table:
    """Read a path or the bytes of a file.

    Raises
    ------
    Exception
        Of any kind, if the file is damaged; and the library may fall over it with the whole process.
    """
    package = PACKAGES[suffix]
    frame, about = _read(held, package, encoding)
    columns = [
        _column_as_raw(frame.iloc[:, position], header, about, package, decimal if labels else None)
        for position, header in enumerate(about.column_names)
    ]
    return arrow.Table.from_arrays([arrow.Array.from_pandas(column) for column in columns], names=about.column_names)


def _read(held: str | bytes, package: Package, encoding: str | None) -> tuple[pd.DataFrame, Any]:
    options: dict[str, Any] = {"disable_datetime_conversion": True}
    if encoding is not None and package.has_encoding:
        options["encoding"] = encoding
    size = Path(held).stat().st_size if isinstance(held, str) else len(held)
    with warnings.catch_warnings():
        # Headers that stand twice are refused later, with all the others.
        warnings.simplefilter("ignore", UserWarning)
        _, about = package.read(_rewind(held), metadataonly=True, **options)
        cells = (about.number_rows or 0) * max(1, about.number_columns)
        # Memory for all rows is taken before the first is read; a damaged header may promise any number of them.
        if cells > size * (SQUEEZED if package.packed else 1):
            raise ValueError("more cells than bytes")
        return package.read(_rewind(held), **options)


def _rewind(held: str | bytes) -> str | io.BytesIO:
    return held if isinstance(held, str) else io.BytesIO(held)


def _column_as_raw(series: pd.Series, header: str, about: Any, package: Package, labelled: str | None) -> pd.Series:
    """Return a column; its labels take the place of codes where `labelled` gives the decimal sign of the others."""
    kind = about.readstat_variable_types[header]
    if kind == "string":
        raw = as_raw(series)
    else:
        # Stata's usual type is half as long; its decimals are meant, not its bits.
        raw = as_raw(series.astype("float64").astype("float32" if kind == "float" else "float64"))
    texts = about.variable_value_labels.get(header, {}) if labelled else {}
    if labelled and texts and _are_usual(raw, texts):
        return as_raw(raw.map(texts).astype(object).where(raw.isin(list(texts)), as_text(raw, labelled)))
    clock = _find_clock(about.original_variable_types[header], package)
    return raw if clock is None or kind == "string" else CONVERTERS[clock.kind](raw, clock.unit, package.origin)


def _are_usual(raw: pd.Series, labels: Mapping[Any, str]) -> bool:
    """Tell whether most codes have a label, so that a scale of which the ends are labelled stays a number."""
    codes = set(raw[raw != ""].dropna().unique())
    return 2 * len(codes & set(labels)) > len(codes)


def _find_clock(display: str | None, package: Package) -> Clock | None:
    """Find what a display format such as ``DATE9.`` means; its width is of no concern."""
    name = re.sub(r"\d*(\.\d*)?$", "", display or "")
    return next((clock for pattern, clock in package.clocks.items() if re.fullmatch(pattern, name)), None)


def _as_dates(numbers: pd.Series, unit: float, origin: np.datetime64) -> pd.Series:
    ends = [float((day - origin) / np.timedelta64(1, "us")) for day in (FIRST_DAY, LAST_DAY)]
    since = np.rint((numbers * unit * 1e6).clip(*ends))
    return _after(origin, since, "us")


def _as_first_days(numbers: pd.Series, unit: float, origin: np.datetime64) -> pd.Series:
    month = origin.astype("datetime64[M]")
    ends = [float((day.astype("datetime64[M]") - month).astype("int64")) for day in (FIRST_DAY, LAST_DAY)]
    return _after(month, np.floor(numbers * unit).clip(*ends), "M")


def _after(origin: np.datetime64, since: pd.Series, unit: str) -> pd.Series:
    known = since.notna().to_numpy()
    days = np.full(len(since), np.datetime64("NaT"), dtype="datetime64[us]")
    whole = since.to_numpy()[known].astype("int64").astype(f"timedelta64[{unit}]")
    days[known] = (origin + whole).astype("datetime64[us]")
    return pd.Series(days, index=since.index, name=since.name)


def _as_durations(numbers: pd.Series, unit: float, origin: np.datetime64) -> pd.Series:
    """Write seconds as a clock would show them, which may be more than 24 hours."""
    codes, values = pd.factorize(np.rint(numbers * unit))
    texts = np.array([*(_time_as_text(value) for value in values), ""], dtype=object)
    return pd.Series(texts[codes], index=numbers.index, dtype="str", name=numbers.name)


def _as_times(numbers: pd.Series, unit: float, origin: np.datetime64) -> pd.Series:
    return _as_durations((numbers * unit) % DAY, 1.0, origin)


def _time_as_text(seconds: float) -> str:
    if not np.isfinite(seconds):
        return str(seconds)
    minutes, second = divmod(abs(int(seconds)), 60)
    return f"{'-' if seconds < 0 else ''}{minutes // 60:02}:{minutes % 60:02}:{second:02}"


CONVERTERS: dict[str, Callable[[pd.Series, float, np.datetime64], pd.Series]] = {
    "date": _as_dates,
    "month": _as_first_days,
    "duration": _as_durations,
    "time": _as_times,
}
"""How the numbers of a clock become dates or texts."""
