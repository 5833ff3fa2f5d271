"""Reading a table, whatever holds it: a file, a folder of files, a database or a data frame.

Files of texts (CSV, Excel) give texts; files with types (Parquet, SAS, Stata, SPSS), databases and data frames give
texts, numbers and dates: see `schemas.raw`. Messages name the file, headers and row numbers, never a cell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd

from schemas.errors import DataError, suggest
from schemas.plans import FilePlan
from schemas.raw import as_raw, blank_raw, is_nested, stack_raw
from schemas.reading.database import is_url, read_database
from schemas.reading.excel import read_excel
from schemas.reading.headerless import refuse_headerless
from schemas.reading.parquet import read_parquet
from schemas.reading.source import PACKED, Columns, SourceFile, compute_sha256, find_source
from schemas.reading.statistics import TITLES, read_statistics
from schemas.reading.text import SEPARATORS, read_text

READABLE = (
    "CSV (.csv, .tsv, .txt), Excel (.xlsx), Parquet (.parquet), SAS (.sas7bdat, .xpt), Stata (.dta) or SPSS (.sav, "
    ".zsav, .por), also as .gz or .zip, a folder of such files, or the URL of a database (sqlite:///registry.db)"
)
SHOWN_FILES = 12
COMPLETE = "Complete?"
FORMS_COMPLETE = (
    f"these are the columns {COMPLETE} that REDCap adds for every form: export raw headers instead of labels, or take "
    "them out"
)
"""What to do with an export of REDCap with labels."""


@dataclass(frozen=True, kw_only=True)
class ReadTable:
    """A raw table (`schemas.raw`), the name of what it was read from without its folder, and its SHA-256 in hex.

    `sha256` is that of the file's bytes, and blank for a database. For a folder it is that of the lines
    ``<name> <sha256>``, one for each file, sorted by name and each ended by a line feed.
    """

    table: pd.DataFrame
    name: str
    sha256: str


def read_table(data: str | Path, plan: FilePlan, *, least_rows: int = 1) -> ReadTable:
    """Read a file, a folder of files or a table of a database as a raw table.

    Parameters
    ----------
    data
        A file, whose suffix says what it is; a folder; or the SQLAlchemy URL of a database.
    plan
        Separator, encoding, decimal sign, sheet, member of an archive, files of a folder, query of a database.
    least_rows
        0 for a table that may have headers only, as that of events of which none happened.

    Returns
    -------
    ReadTable
        One row per data row, columns in the file's order; rows without any value at the end of a text file or a sheet
        are none, as programs leave them behind. Of a folder, the files' rows under one another by the names
        of the headers: a header that a file lacks is missing there.

    Raises
    ------
    DataError
        If the data are missing, empty, without a data row, without headers or with one twice, or no table.
    """
    if is_url(data):
        name, columns = read_database(str(data), plan)
        return ReadTable(table=_checked(columns, name, plan, least_rows), name=name, sha256="")
    path = Path(data)
    if path.is_dir():
        return _read_folder(path, plan, least_rows)
    return _read_file(path, plan, least_rows)


def frame_as_raw(frame: pd.DataFrame, plan: FilePlan | None = None) -> pd.DataFrame:
    """Return a data frame as `read_table` would read it from a typed file; its index is not read."""
    headers = [str(header) for header in frame.columns]
    columns = [frame.iloc[:, position] for position in range(frame.shape[1])]
    nested = [header for header, column in zip(headers, columns, strict=True) if is_nested(column)]
    if nested:
        raise DataError(f"data frame: every column must hold single values, got lists or bytes in: {', '.join(nested)}")
    plan = plan or FilePlan()
    # A copy: what the caller does to the frame's own memory later is not done to the registry.
    return _checked((headers, [as_raw(column, plan.decimal).copy() for column in columns]), "data frame", plan, 1)


def _read_file(path: Path, plan: FilePlan, least_rows: int) -> ReadTable:
    sha256 = compute_sha256(path)
    source = find_source(path, plan.member)
    reader = READERS.get(source.suffix)
    if reader is None:
        raise DataError(f"the data must be {READABLE}, got {source.name!r}; save it as one of these")
    if not source.size:
        raise DataError(
            f"{source.name}: must not be empty; the first row must be headers, followed by one row per operation"
        )
    table = _checked(reader(source, plan), source.name, plan, least_rows)
    return ReadTable(table=table, name=path.name, sha256=sha256)


def _read_folder(folder: Path, plan: FilePlan, least_rows: int) -> ReadTable:
    read = [_read_file(path, plan, least_rows) for path in _find_files(folder, plan.files)]
    lines = "".join(f"{part.name} {part.sha256}\n" for part in read)
    return ReadTable(
        table=_stack_tables([part.table for part in read], plan.decimal),
        name=folder.name,
        sha256=hashlib.sha256(lines.encode()).hexdigest(),
    )


def _find_files(folder: Path, pattern: str | None) -> list[Path]:
    """Return the files of a folder that match, by name; small and capital letters are the same."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    readable = [path for path in files if path.suffix.lower() in READABLE_FILES]
    if pattern is not None:
        found = [path for path in files if fnmatchcase(path.name.lower(), pattern.lower())]
    else:
        found = readable if len(readable) == 1 else []
    if found:
        return found
    names = [path.name for path in readable]
    shown = ", ".join(names[:SHOWN_FILES]) + (f", ... ({len(names)} in all)" if len(names) > SHOWN_FILES else "")
    asked = f"files like {pattern!r}{suggest(pattern, names)}" if pattern else "one file that can be read"
    raise DataError(
        f"{folder.name}: the folder must have {asked}; it has: {shown or 'none that can be read'}; say under "
        f'[file] files in the definition which ones are one table, such as files = "*.csv"'
    )


def _stack_tables(tables: list[pd.DataFrame], decimal: str) -> pd.DataFrame:
    """Put tables under one another, by the names of their headers, in the order in which these first appear."""
    if len(tables) == 1:
        return tables[0]
    first = {header: table[header] for table in reversed(tables) for header in table}
    headers = dict.fromkeys(header for table in tables for header in table)
    return pd.DataFrame(
        {
            header: stack_raw(
                [table[header] if header in table else blank_raw(len(table), like=first[header]) for table in tables],
                decimal,
            )
            for header in headers
        },
        copy=False,
    )


def _checked(columns: Columns, name: str, plan: FilePlan, least_rows: int) -> pd.DataFrame:
    """Join headers and columns to a table, or say why they are none."""
    headers = [header.strip().upper() if plan.headers == "upper" else header.strip() for header in columns[0]]
    if not headers or not any(headers):
        raise DataError(f"{name}: the first row must be headers; there is none")
    blank = [str(position) for position, header in enumerate(headers, start=1) if not header]
    if blank:
        raise DataError(f"{name}: every column must have a header; none in column {', '.join(blank)}")
    # By position: where a file lacks its headers, the first row is a patient's.
    twice = [str(position) for position, header in enumerate(headers, start=1) if headers.count(header) > 1]
    if twice:
        what = FORMS_COMPLETE if headers.count(COMPLETE) > 1 else "rename them"
        raise DataError(f"{name}: each header must stand once, got the same in columns {', '.join(twice)}; {what}")
    refuse_headerless(headers, columns[1], name)
    if len(columns[1][0]) < least_rows:
        raise DataError(f"{name}: must have one data row at least, got headers only")
    held = [series.reset_index(drop=True) for series in columns[1]]
    # To copy all columns into one block takes longer than to read them.
    return pd.DataFrame(dict(zip(headers, held, strict=True)), copy=False)


READERS: dict[str, Callable[[SourceFile, FilePlan], Columns]] = {
    **dict.fromkeys(SEPARATORS, read_text),
    ".parquet": read_parquet,
    ".xlsx": read_excel,
    ".xlsm": read_excel,
    **dict.fromkeys(TITLES, read_statistics),
}
"""What reads a file, by its suffix."""
TEXT_FILES = tuple(suffix for suffix, reader in READERS.items() if reader is read_text)
WORKBOOKS = tuple(suffix for suffix, reader in READERS.items() if reader is read_excel)
READABLE_FILES = (*READERS, *PACKED)
"""Suffixes of all files that can be read, packed ones among them."""
