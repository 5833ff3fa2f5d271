"""What an export consists of: its tables, and how its text files are written (separator, encoding, decimal sign)."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal

import openpyxl
import pandas as pd

from schemas.errors import DataError
from schemas.plans import FilePlan
from schemas.readers import read_table
from schemas.reading.excel import NO_WORKBOOK
from schemas.reading.source import DAMAGED

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
BOOK_SUFFIXES = (".xlsx", ".xlsm")
TABLE_SUFFIXES = (*TEXT_SUFFIXES, *BOOK_SUFFIXES, ".gz", ".parquet", ".sas7bdat", ".xpt", ".dta", ".sav", ".zsav")
SEPARATORS = (",", ";", "\t", "|")
SNIFFED_BYTES = 1 << 26
SNIFFED_SIGNS = 1 << 20
SNIFFED_ROWS = 500
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
WHOLE = re.compile(r"[+-]?\d+")
POINT = re.compile(r"[+-]?\d+\.\d+")
COMMA = re.compile(r"[+-]?\d+,\d+")
HEADERLESS = re.compile(r"[+-]?\d+([.,]\d+)?|\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}|[^@\s]+@[^@\s]+\.[a-z]+")
"""What no header looks like: numbers, days, addresses. More than half of them, and the first row is a patient's."""


@dataclass(frozen=True, kw_only=True)
class ExportTable:
    """One table of an export: the name that a definition may give it, the keys that say where it is, and its rows."""

    name: str
    keys: Mapping[str, Any]
    table: pd.DataFrame = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Export:
    """What was read: how text files are written, the tables, and what was noticed (never values)."""

    plan: FilePlan
    stated: Mapping[str, str]
    tables: tuple[ExportTable, ...]
    notes: tuple[str, ...] = ()


def read_export(data: str | Path, plan: FilePlan) -> Export:
    """Read every table of a file, a folder, an archive, a workbook or a database query.

    Parameters
    ----------
    data
        The data, as `schemas.registry.read_registry` takes it.
    plan
        What is known of the file; what it leaves at its default is sniffed.

    Returns
    -------
    Export
        `stated` are the keys of ``[file]`` that differ from the defaults.

    Raises
    ------
    DataError
        If nothing can be read, or the first row is no row of headers.
    """
    if "://" in str(data):
        return _single(data, plan, ())
    path = Path(data)
    sniffed, notes = _sniff(path, plan)
    parts = list(_parts(path, sniffed))
    if len(parts) < 2:
        return _single(data, sniffed, notes)
    tables, unread = [], []
    for name, keys, where, how in parts:
        try:
            table = read_table(where, how).table
        except DataError as error:
            unread.append(f"{next(iter(keys.values()))} is no table and was passed over: {str(error).splitlines()[0]}")
        else:
            tables.append(ExportTable(name=name, keys=keys, table=_checked(table, name)))
    if not tables:
        raise DataError(f"{path.name}: must hold one table at least:\n" + "\n".join(unread))
    return Export(plan=sniffed, stated=_stated(sniffed), tables=tuple(tables), notes=(*notes, *unread))


def sniff_text(content: bytes, plan: FilePlan, suffix: str) -> tuple[FilePlan, tuple[str, ...]]:
    """Find encoding, separator and decimal sign of the beginning of a text file, as far as `plan` does not say them."""
    encoding, notes = _sniff_encoding(content, plan)
    text = content.decode(encoding, errors="replace").lstrip("\ufeff")
    separator = plan.separator or _sniff_separator(text)
    default = "\t" if suffix == ".tsv" else ","
    decimal = plan.decimal
    if decimal == ".":
        decimal, told = _sniff_decimal(text, separator or default)
        notes = (*notes, *told)
    shown = None if separator == default and plan.separator is None else separator
    return plan.model_copy(update={"encoding": encoding, "separator": shown, "decimal": decimal}), notes


def _single(data: str | Path, plan: FilePlan, notes: tuple[str, ...]) -> Export:
    table = ExportTable(name="operations", keys={}, table=_checked(read_table(data, plan).table, PurePath(data).name))
    return Export(plan=plan, stated=_stated(plan), tables=(table,), notes=notes)


def _stated(plan: FilePlan) -> dict[str, str]:
    told = plan.model_dump(exclude_defaults=True)
    return {key: value for key, value in told.items() if value is not None}


def _checked(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Refuse a file without headers: its first row would be shown as if it were headers."""
    odd = [position for position, header in enumerate(table.columns, start=1) if HEADERLESS.fullmatch(str(header))]
    if len(odd) * 2 > len(table.columns):
        raise DataError(
            f"{name}: the first row must be headers; {len(odd)} of {len(table.columns)} look like numbers, days or "
            f"addresses (columns {', '.join(map(str, odd[:10]))}); put a row of headers on top"
        )
    wrong = [str(at) for at, header in enumerate(table.columns, start=1) if not _is_text(str(header))]
    if wrong:
        raise DataError(f"{name}: every header must be text; columns {', '.join(wrong)} hold something else")
    return table


def _is_text(header: str) -> bool:
    try:
        header.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parts(path: Path, plan: FilePlan) -> Iterator[tuple[str, dict[str, str], Path, FilePlan]]:
    """Yield name, keys of its table, file and plan of every part; none where the data is one table."""
    if path.is_dir() and plan.files is None:
        for at in sorted(path.iterdir()):
            if at.is_file() and at.suffix.lower() in TABLE_SUFFIXES and not at.name.startswith((".", "~")):
                yield PurePath(at.name).stem.removesuffix(".csv"), {"file": at.name}, at, plan
    elif path.suffix.lower() == ".zip" and plan.member is None:
        for member in _members(path):
            yield PurePath(member).stem, {"file": member}, path, plan.model_copy(update={"member": member})
    elif path.suffix.lower() in BOOK_SUFFIXES and plan.sheet is None:
        for sheet in _sheets(path):
            yield sheet, {"sheet": sheet}, path, plan.model_copy(update={"sheet": sheet})


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except DAMAGED:
        return []
    real = [name for name in names if "__MACOSX" not in name and not PurePath(name).name.startswith(".")]
    return [name for name in real if PurePath(name).suffix.lower() in TABLE_SUFFIXES]


def _sheets(path: Path) -> list[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(path, read_only=True)
        names = [sheet.title for sheet in book.worksheets]
        book.close()
    except (*DAMAGED, *NO_WORKBOOK):
        return []
    return names


def _sniff(path: Path, plan: FilePlan) -> tuple[FilePlan, tuple[str, ...]]:
    """Sniff the first text file; the others are written alike, or will be said not to be readable."""
    for suffix, content in _beginnings(path, plan):
        return sniff_text(content, plan, suffix)
    return plan, ()


def _beginnings(path: Path, plan: FilePlan) -> Iterator[tuple[str, bytes]]:
    try:
        if path.is_dir():
            for at in sorted(path.iterdir()):
                if at.is_file() and not at.name.startswith("."):
                    yield from _beginnings(at, plan)
        elif path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                for member in _members(path):
                    if PurePath(member).suffix.lower() in TEXT_SUFFIXES and plan.member in (None, member):
                        with archive.open(member) as opened:
                            yield PurePath(member).suffix.lower(), opened.read(SNIFFED_BYTES)
        elif path.suffix.lower() == ".gz":
            with gzip.open(path) as opened:
                yield path.with_suffix("").suffix.lower(), opened.read(SNIFFED_BYTES)
        elif path.suffix.lower() in TEXT_SUFFIXES:
            with path.open("rb") as opened:
                yield path.suffix.lower(), opened.read(SNIFFED_BYTES)
    except (*DAMAGED, RuntimeError):
        return


def _sniff_encoding(content: bytes, plan: FilePlan) -> tuple[str, tuple[str, ...]]:
    marked = next((name for mark, name in MARKS.items() if content.startswith(mark)), None)
    if marked:
        return marked, ()
    if plan.encoding != "utf-8":
        return plan.encoding, ()
    try:
        # The part that is looked at may end inside a sign of several bytes.
        codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return _sniff_single_bytes(content)
    return "utf-8", ()


def _sniff_single_bytes(content: bytes) -> tuple[str, tuple[str, ...]]:
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1", ("the file is not in UTF-8; latin-1 is taken: look whether names with accents are right",)
    return "cp1252", ("the file is not in UTF-8; cp1252 is taken: look whether names with accents are right",)


def _sniff_separator(text: str) -> str | None:
    """Return the sign that cuts the rows into most fields, the same number in nearly every row; None for one column."""
    lines = text[:SNIFFED_SIGNS].splitlines()[:SNIFFED_ROWS]
    complete = "\n".join(lines[:-1] if len(lines) > 2 else lines)
    best: tuple[int, str] | None = None
    for separator in SEPARATORS:
        widths = Counter(len(row) for row in _rows(complete, separator) if row)
        width, count = max(widths.items(), key=lambda item: item[1], default=(0, 0))
        if width > 1 and count >= 0.9 * widths.total() and (best is None or width > best[0]):
            best = (width, separator)
    return best[1] if best else None


def _sniff_decimal(text: str, separator: str) -> tuple[Literal[".", ","], tuple[str, ...]]:
    """Return the comma where more cells are numbers with a comma than with a point, and a note where both occur."""
    cells = [cell.strip() for row in _rows(text[:SNIFFED_SIGNS], separator)[1:SNIFFED_ROWS] for cell in row]
    commas, points = (sum(1 for cell in cells if sign.fullmatch(cell)) for sign in (COMMA, POINT))
    told = ("numbers with a comma and numbers with a point occur; only one of them can be the decimal sign",)
    return ("," if commas > points else "."), told if commas and points else ()


def _rows(text: str, separator: str) -> list[list[str]]:
    made: list[list[str]] = []
    try:
        made.extend(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return made
    return made
