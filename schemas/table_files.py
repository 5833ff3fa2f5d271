"""Where the tables of an export are: files of a folder or archive, sheets, queries, or rows of one file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.codes import match_codes
from schemas.definition import Definition
from schemas.errors import DataError, suggest
from schemas.fault import OPERATIONS
from schemas.identifiers import note_absent, protect_identifiers
from schemas.keys import require_headers
from schemas.plans import FilePlan, TablePlan
from schemas.raw import as_text
from schemas.readers import READABLE_FILES, WORKBOOKS, ReadTable, frame_as_raw, read_table
from schemas.reading.database import is_url
from schemas.reading.excel import list_sheets
from schemas.reading.source import list_members

FRAME = "data frame"


@dataclass(frozen=True)
class Place:
    """What is read, once: a path or URL, and how. A URL may hold a password, hence no text of it."""

    path: str = field(repr=False)
    plan: FilePlan


@dataclass(frozen=True, kw_only=True)
class PlacedTable:
    """A raw table of an export, without identifiers, and where it was found."""

    table: pd.DataFrame
    place: Place
    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class PlacedTables:
    """The tables of an export by name, the operations first; optional ones that are absent are noted.

    `left` are whole raw tables with rows that no table takes, and which these rows are, shape (n,).
    """

    tables: Mapping[str, PlacedTable]
    notes: tuple[str, ...]
    left: tuple[tuple[PlacedTable, npt.NDArray[np.bool_]], ...] = ()


def read_single(data: str | Path | pd.DataFrame, definition: Definition) -> ReadTable:
    """Read an export of one table, without identifiers."""
    place = Place(FRAME if isinstance(data, pd.DataFrame) else str(data), definition.file)
    read = _read(place, data, definition.file, 1)
    return replace(read, table=_protect(read, definition))


def read_tables(data: str | Path | pd.DataFrame, definition: Definition) -> PlacedTables:
    """Read every table of an export, each file, sheet or query once.

    Raises
    ------
    DataError
        If a table that is not optional is absent, or lacks a header by which its rows are told.
    """
    places, notes = _find_places(data, definition)
    # Nothing may have happened to anyone, but there is no export without an operation.
    least = {place: int(place == places[OPERATIONS]) for place in places.values()}
    reads = {place: _read(place, data, definition.file, rows) for place, rows in least.items()}
    headers = [header for read in reads.values() for header in read.table.columns]
    protected = {place: _protect(read, definition) for place, read in reads.items()}
    tables, taken = {}, {place: np.zeros(len(table), dtype=np.bool_) for place, table in protected.items()}
    for name, place in places.items():
        chosen = _choose_rows(reads[place].table, definition.tables[name], name, definition.file.decimal)
        taken[place] |= chosen
        tables[name] = PlacedTable(
            table=protected[place] if chosen.all() else protected[place][chosen].reset_index(drop=True),
            place=place,
            name=_label(reads[place].name, place.plan),
            sha256=reads[place].sha256,
        )
    if tables[OPERATIONS].table.empty:
        raise DataError(f"table {OPERATIONS!r}: must have one row at least; check its `where` in the definition")
    left = tuple(
        (
            PlacedTable(
                table=protected[place],
                place=place,
                name=_label(reads[place].name, place.plan),
                sha256=reads[place].sha256,
            ),
            ~rows,
        )
        for place, rows in taken.items()
        if not rows.all()
    )
    told = [f"{at.name}: {int(rows.sum())} of {len(rows)} rows belong to no table" for at, rows in left]
    notes = [*notes, *told, *_describe_unread(data, places.values()), *note_absent(definition.identifiers, headers)]
    return PlacedTables(tables=tables, notes=tuple(notes), left=left)


def _describe_unread(data: str | Path | pd.DataFrame, places: Collection[Place]) -> list[str]:
    """Note files of a folder or archive, and sheets of a workbook, that no table names."""
    if isinstance(data, pd.DataFrame) or is_url(data):
        return []
    path, suffix = Path(data), Path(data).suffix.lower()
    used: set[str | None]
    if path.is_dir():
        kind, used = "files", {None if place.path == str(path) else Path(place.path).name for place in places}
        held = sorted(other.name for other in path.iterdir() if other.suffix.lower() in READABLE_FILES)
    elif suffix == ".zip":
        kind, used, held = "files", {place.plan.member for place in places}, list_members(path)
    elif suffix in WORKBOOKS:
        kind, used, held = "sheets", {place.plan.sheet for place in places}, list_sheets(path)
    else:
        return []
    unread = [] if None in used else [repr(name) for name in held or () if name not in used]
    return [f"{kind} of {path.name!r} that no table of the definition names: {', '.join(unread)}"] if unread else []


def _read(place: Place, data: str | Path | pd.DataFrame, file: FilePlan, least_rows: int) -> ReadTable:
    if isinstance(data, pd.DataFrame):
        return ReadTable(table=frame_as_raw(data, file), name=FRAME, sha256="")
    return read_table(place.path, place.plan, least_rows=least_rows)


def _protect(read: ReadTable, definition: Definition) -> pd.DataFrame:
    births = [definition.sources["birth_date"].header] if "birth_date" in definition.sources else []
    return protect_identifiers(
        read.table,
        definition.identifiers,
        source=read.name,
        dates=births,
        decimal=definition.file.decimal,
        known=_list_known(definition),
    )


def _list_known(definition: Definition) -> set[str]:
    """Return every header that the definition reads of any table, or decides on."""
    plan = definition.identifiers
    named = {*plan.drop, *plan.pseudonymise, *plan.allow, *(at.header for at in definition.sources.values())}
    for name, table in definition.tables.items():
        named |= {*table.key, *(at.header for at in definition.table_columns.get(name, {}).values())}
    return named


def _find_places(data: str | Path | pd.DataFrame, definition: Definition) -> tuple[dict[str, Place], list[str]]:
    places, notes = {}, []
    names = [OPERATIONS, *(name for name in definition.tables if name != OPERATIONS)]
    for name in names:
        plan = definition.tables[name]
        found = _find_place(data, name, plan, definition.file)
        if isinstance(found, Place):
            places[name] = found
        elif plan.optional and name != OPERATIONS:
            notes.append(f"table {name!r} is optional and absent: {found}")
        else:
            raise DataError(f"table {name!r} must be in the data: {found}")
    return places, notes


def _find_place(data: str | Path | pd.DataFrame, name: str, table: TablePlan, file: FilePlan) -> Place | str:
    """Return where a table is, or why it is not there."""
    stated = {key: getattr(table, key) for key in ("sheet", "member", "query") if getattr(table, key) is not None}
    plan = file.model_copy(update=stated)
    if isinstance(data, pd.DataFrame):
        return (
            Place(FRAME, file) if _whole(table, name) else "the data are one data frame; take tables from it by where"
        )
    if is_url(data):
        return Place(str(data), plan) if table.query else "the data are a database; state its query"
    path = Path(data)
    alone = _describe_alone(path, table)
    if alone and name != OPERATIONS:
        return alone
    if path.is_dir():
        found = _in_folder(path, table)
        if isinstance(found, str):
            return found
        path = found
    elif path.suffix.lower() == ".zip" and table.file is not None:
        plan = plan.model_copy(update={"member": table.file})
    elif table.file not in (None, path.name) and name != OPERATIONS:
        return f"the data are one file, {path.name!r}, not a folder with {table.file!r}"
    absent = _absent_part(path, plan) if table.optional else ""
    return absent or Place(str(path), plan)


def _describe_alone(path: Path, table: TablePlan) -> str:
    """Say why a table cannot be in a file that is no database and no book, blank where it can."""
    suffix = "".join(path.suffixes[-1:]).lower()
    if table.query and not path.is_dir():
        return f"the data are one file, {path.name!r}, not a database with its query"
    if table.sheet and not path.is_dir() and suffix not in (*WORKBOOKS, ".zip", ".gz"):
        return f"the data are one file, {path.name!r}, not a workbook with the sheet {table.sheet!r}"
    return ""


def _whole(table: TablePlan, name: str) -> bool:
    return name == OPERATIONS or not (table.file or table.sheet or table.member or table.query)


def _in_folder(folder: Path, table: TablePlan) -> Path | str:
    if table.file is None:
        return folder
    path = folder / table.file
    if not path.exists():
        near = suggest(table.file, [other.name for other in folder.iterdir()])
        return f"there is no file {table.file!r} in the folder {folder.name!r}{near}"
    return path


def _absent_part(path: Path, plan: FilePlan) -> str:
    """Say what an archive or workbook lacks; whether it can be read at all is seen when it is."""
    suffix = path.suffix.lower()
    if suffix == ".zip" and plan.member:
        kind, wanted, held = "file", plan.member, list_members(path)
    elif suffix in WORKBOOKS and plan.sheet:
        kind, wanted, held = "sheet", plan.sheet, list_sheets(path)
    else:
        return ""
    return (
        f"there is no {kind} {wanted!r} in {path.name!r}{suggest(wanted, held)}" if held and wanted not in held else ""
    )


def _choose_rows(table: pd.DataFrame, plan: TablePlan, name: str, decimal: str) -> npt.NDArray[np.bool_]:
    """Tell which rows of what was read are the table's."""
    require_headers(table, list(plan.where), f"table {name!r}")
    chosen = np.ones(len(table), dtype=np.bool_)
    for header, texts in plan.where.items():
        codes, unique = pd.factorize(as_text(table[header], decimal))
        wanted = [text.strip() for text in texts]
        is_wanted = match_codes(pd.Series(unique, dtype="str"), wanted, decimal).isin(wanted)
        chosen &= is_wanted.to_numpy(dtype=np.bool_)[codes]
    return chosen


def _label(name: str, plan: FilePlan) -> str:
    """Return the name of a file, and of its part that was read."""
    return "/".join(part for part in (name, plan.member, plan.sheet) if part)
