"""What an export consists of: its tables, and how its text files are written (separator, encoding, decimal sign)."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal

import pandas as pd

from schemas.errors import DataError
from schemas.plans import FilePlan
from schemas.readers import READABLE_FILES, READERS, TEXT_FILES, WORKBOOKS, read_table
from schemas.reading.database import is_url, list_tables
from schemas.reading.excel import list_sheets
from schemas.reading.source import DAMAGED, PACKED, list_members

SEPARATORS = (",", ";", "\t", "|")
SNIFFED_BYTES = 1 << 26
SNIFFED_SIGNS = 1 << 20
SNIFFED_ROWS = 500
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
POINT = re.compile(r"[+-]?\d+\.\d+")
COMMA = re.compile(r"[+-]?\d+,\d+")


MOST_TABLES = 20
"""A database with more is read by a query: it is no export of one registry."""

Part = tuple[str, dict[str, str], str | Path, FilePlan]
"""Name, keys of its table in the definition, where it is, and how it is read."""


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
    sniffed, notes = (plan, ()) if is_url(data) else _sniff(Path(data), plan)
    parts = list(_database_parts(str(data), plan) if is_url(data) else _parts(Path(data), sniffed))
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
        raise DataError(f"{_name_of(data)}: must hold one table at least:\n" + "\n".join(unread))
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
    """Refuse headers that cannot be written down."""
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


def _name_of(data: str | Path) -> str:
    return "the database" if is_url(data) else Path(data).name


def _database_parts(address: str, plan: FilePlan) -> Iterator[Part]:
    """Yield the tables and views of a database, where no query says what is read."""
    names = list_tables(address) if plan.query is None else []
    if len(names) > MOST_TABLES:
        raise DataError(
            f"the database must have {MOST_TABLES} tables and views at most to be drafted as a whole, it has "
            f"{len(names)}; name the table of the operations, or write a SELECT, with --query"
        )
    for name in names:
        yield name, {"query": name}, address, plan.model_copy(update={"query": name})


def _parts(path: Path, plan: FilePlan) -> Iterator[Part]:
    """Yield name, keys of its table, file and plan of every part; none where the data is one table."""
    if path.is_dir() and plan.files is None:
        for at in sorted(path.iterdir()):
            if at.is_file() and at.suffix.lower() in READABLE_FILES and not at.name.startswith((".", "~")):
                yield _bare_name(at.name), {"file": at.name}, at, plan
    elif path.suffix.lower() == ".zip" and plan.member is None:
        for member in _members(path):
            yield _bare_name(member), {"file": member}, path, plan.model_copy(update={"member": member})
    elif path.suffix.lower() in WORKBOOKS and plan.sheet is None:
        for sheet in list_sheets(path):
            yield sheet, {"sheet": sheet}, path, plan.model_copy(update={"sheet": sheet})


def _bare_name(name: str) -> str:
    """Return the name of a file without its folder and the suffixes that say how it is read."""
    path = PurePath(name)
    if path.suffix.lower() in PACKED:
        path = PurePath(path.stem)
    return path.stem if path.suffix.lower() in READERS else path.name


def _members(path: Path) -> list[str]:
    return [name for name in list_members(path) if PurePath(name).suffix.lower() in READERS]


def _sniff(path: Path, plan: FilePlan) -> tuple[FilePlan, tuple[str, ...]]:
    """Sniff the first text file; the others are written alike, or will be said not to be readable."""
    for suffix, content in _beginnings(path, plan):
        return sniff_text(content, plan, suffix)
    return plan, ()


def _beginnings(path: Path, plan: FilePlan) -> Iterator[tuple[str, bytes]]:
    """Yield suffix and first bytes of every text file; what is damaged is said when it is read."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    for at in files:
        if at.is_file() and not (path.is_dir() and at.name.startswith(".")):
            try:
                yield from _begin(at, plan)
            except (*DAMAGED, RuntimeError):
                return


def _begin(path: Path, plan: FilePlan) -> Iterator[tuple[str, bytes]]:
    suffix = path.suffix.lower()
    if suffix == ".zip":
        members = [name for name in _members(path) if plan.member in (None, name)]
        with zipfile.ZipFile(path) as archive:
            for member in members:
                if (inner := PurePath(member).suffix.lower()) in TEXT_FILES:
                    with archive.open(member) as opened:
                        yield inner, opened.read(SNIFFED_BYTES)
    elif suffix == ".gz" and (inner := path.with_suffix("").suffix.lower()) in TEXT_FILES:
        with gzip.open(path) as opened:
            yield inner, opened.read(SNIFFED_BYTES)
    elif suffix in TEXT_FILES:
        with path.open("rb") as opened:
            yield suffix, opened.read(SNIFFED_BYTES)


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
