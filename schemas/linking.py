"""From the file or the files of an export to one raw row per operation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.definition import Definition
from schemas.errors import DataError
from schemas.fault import OPERATIONS, Fault
from schemas.keys import (
    NONE,
    SEVERAL,
    Codes,
    MatchedKeys,
    describe_key_faults,
    match_keys,
    refuse_unmatched,
    require_headers,
)
from schemas.plans import TablePlan
from schemas.quarantine import mark_faulty, quarantine_rows
from schemas.reading.database import is_url
from schemas.table_files import PlacedTable, PlacedTables, read_single, read_tables

FILES = ("table", "file", "sha256", "n_read")
SHOWN_HEADERS = 20


@dataclass(frozen=True, kw_only=True)
class RawData:
    """What was read.

    Attributes
    ----------
    table
        Raw table with one row per operation, the columns of tables with one row per key joined to it.
    source
        Name of the file or folder without what it lies in, or "data frame".
    files
        Columns `FILES`, one row per table; the operations first.
    long
        Raw rows of the tables with many rows per operation, by name.
    quarantine
        By table: rows with one per key that belong to no operation or whose key stands twice, with ``reasons``.
    faults
        The same rows as faults, with the table that they are of.
    notes
        What was noticed while joining; never values.
    """

    table: pd.DataFrame
    source: str
    files: pd.DataFrame
    long: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    quarantine: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Joined:
    """The operations with the columns of a further table, the rows of that table that are at fault, and notes."""

    table: pd.DataFrame
    faults: list[Fault]
    notes: list[str]


def read_raw(data: str | Path | pd.DataFrame, definition: Definition) -> RawData:
    """Read the table or the tables of an export, as the definition says where they are.

    Parameters
    ----------
    data
        A file, a folder, a database URL or a data frame.
    definition
        Where its tables are and by which key they belong together.

    Returns
    -------
    RawData
        The operations in the order of their table, whatever is joined.

    Raises
    ------
    DataError
        If something cannot be read, a table or a header is absent, or a header that the definition reads stands in
        the operations and in a table that joins them.
    """
    if not definition.tables:
        read = read_single(data, definition)
        one = [(OPERATIONS, read.name, read.sha256, len(read.table))]
        return RawData(table=read.table, source=read.name, files=pd.DataFrame(one, columns=list(FILES)))
    placed = read_tables(data, definition)
    table, notes = placed.tables[OPERATIONS].table, list(placed.notes)
    faults: dict[str, list[Fault]] = {}
    for name, rows in _of_rows(placed, definition, single=True).items():
        joined = _join(table, rows, name, placed.tables[OPERATIONS], definition)
        table, faults[name] = joined.table, joined.faults
        notes += joined.notes
    files = [(name, at.name, at.sha256, len(at.table)) for name, at in placed.tables.items()]
    unclaimed = _quarantine_unclaimed(placed, definition)
    files += [(name, at.name, at.sha256, len(unclaimed[name])) for name, (at, _) in _name_unclaimed(placed).items()]
    return RawData(
        table=table,
        source=_source(data, placed),
        files=pd.DataFrame(files, columns=list(FILES)),
        long={name: rows.table for name, rows in _of_rows(placed, definition, single=False).items()},
        quarantine={
            name: quarantine_rows(placed.tables[name].table, found, definition.file) for name, found in faults.items()
        }
        | unclaimed,
        faults=tuple(fault for found in faults.values() for fault in found),
        notes=tuple(notes),
    )


def _name_unclaimed(placed: PlacedTables) -> dict[str, tuple[PlacedTable, npt.NDArray[np.bool_]]]:
    """Return files with rows of no table, by a name that no table of a definition can have."""
    return {f"unclaimed-{number}": left for number, left in enumerate(placed.left, start=1)}


def _quarantine_unclaimed(placed: PlacedTables, definition: Definition) -> dict[str, pd.DataFrame]:
    """Return rows that no table takes: what they hold must not be lost without anybody knowing."""
    made = {}
    for name, (at, rows) in _name_unclaimed(placed).items():
        fault = Fault(
            column="where", rule="must be that of a table; none takes the row", positions=np.flatnonzero(rows)
        )
        made[name] = quarantine_rows(at.table, [fault], definition.file)
    return made


def match_operations(operations: pd.DataFrame, rows: pd.DataFrame, name: str, definition: Definition) -> MatchedKeys:
    """Compare the key of a further table with that of the operations, both raw tables."""
    plan = definition.tables[name]
    require_headers(rows, plan.key, f"table {name!r}")
    require_headers(operations, _operations_key(plan), f"table {OPERATIONS!r}")
    matched = match_keys(operations, _operations_key(plan), rows, plan.key, definition.file.decimal)
    refuse_unmatched(matched.find_operation(), plan.key, _operations_key(plan), name)
    return matched


def _operations_key(plan: TablePlan) -> tuple[str, ...]:
    return plan.operations_key or plan.key


def _of_rows(placed: PlacedTables, definition: Definition, *, single: bool) -> dict[str, PlacedTable]:
    """Return the further tables with one row per key, or those with many per operation."""
    return {
        name: rows
        for name, rows in placed.tables.items()
        if name != OPERATIONS and (definition.tables[name].rows == "one") == single
    }


def _source(data: str | Path | pd.DataFrame, placed: PlacedTables) -> str:
    if isinstance(data, pd.DataFrame) or is_url(data):
        return placed.tables[OPERATIONS].name
    return Path(data).name or Path(data).resolve().name


def _join(table: pd.DataFrame, rows: PlacedTable, name: str, operations: PlacedTable, definition: Definition) -> Joined:
    """Join the columns of a table with one row per key to the operations."""
    matched = match_operations(table, rows.table, name, definition)
    found = matched.find_row()
    faults = _describe_rows(matched, name, definition.tables[name])
    table, wanted, notes = _settle_headers(table, rows, name, operations, definition)
    columns = {header: _take(rows.table[header], found) for header in wanted}
    unmatched = int((found == NONE).sum()) + int((found == SEVERAL).sum())
    if unmatched:
        notes.append(f"table {name!r}: {unmatched} of {len(table)} operations found no row")
    n_faulty = int(mark_faulty(faults, len(rows.table)).sum())
    if n_faulty:
        notes.append(f"table {name!r}: {n_faulty} of {len(rows.table)} rows could not be joined to an operation")
    return Joined(
        table=pd.concat([table, pd.DataFrame(columns, index=table.index)], axis=1), faults=faults, notes=notes
    )


def _describe_rows(matched: MatchedKeys, name: str, plan: TablePlan) -> list[Fault]:
    """Return the faults of rows with a key that is blank, of no operation, or of another row too."""
    keyed = matched.table != NONE
    known = np.isin(matched.table, matched.operations[matched.operations != NONE])
    # A key of several operations is none of the table's faults: a patient may be operated on twice.
    found = np.where(keyed & known, 0, NONE).astype(np.intp)
    faults = describe_key_faults(found, matched.table, plan.key, name)
    twice = keyed & pd.Series(matched.table).duplicated(keep=False).to_numpy()
    if twice.any():
        rule = "must stand in one row only"
        faults.append(Fault(column=" + ".join(plan.key), rule=rule, positions=np.flatnonzero(twice), table=name))
    return faults


def _settle_headers(
    table: pd.DataFrame, rows: PlacedTable, name: str, operations: PlacedTable, definition: Definition
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return the operations, the headers that join them, and notes on headers that stand in both tables.

    Of two tables taken from the same rows each has all headers, and those of the other's forms are blank throughout.
    A header that `take` names is that of the further table.
    """
    plan = definition.tables[name]
    require_headers(rows.table, plan.take, f"table {name!r}")
    wanted = [header for header in plan.take or rows.table.columns if header not in (*plan.key, *plan.where)]
    shared = [header for header in wanted if header in table.columns]
    if rows.place == operations.place:
        blank = _blank_columns(rows.table, shared)
        empty = _blank_columns(table, [header for header in shared if header not in blank])
        table = table.drop(columns=empty)
        wanted = [header for header in wanted if header not in blank]
        shared = [header for header in shared if header not in (*blank, *empty)]
    _refuse_shared(shared, name, rows, operations, definition)
    if plan.take:
        return table.drop(columns=shared), wanted, []
    notes = []
    if shared:
        shown = ", ".join(map(repr, shared[:SHOWN_HEADERS])) + (", ..." if len(shared) > SHOWN_HEADERS else "")
        notes.append(f"table {name!r}: headers that the operations have too are not joined: {shown}")
    return table, [header for header in wanted if header not in shared], notes


def _refuse_shared(
    shared: Collection[str], name: str, rows: PlacedTable, operations: PlacedTable, definition: Definition
) -> None:
    """Refuse a header of both tables that the definition reads where no `take` says which one is meant."""
    keys = {header for plan in definition.tables.values() for header in (plan.operations_key or plan.key)}
    read = {source.header for source in definition.sources.values() if not source.table}
    doubtful = [header for header in shared if header in (keys if definition.tables[name].take else keys | read)]
    if doubtful:
        raise DataError(
            f"a header must stand in one of the tables that are joined, got {', '.join(map(repr, doubtful))} in "
            f"{OPERATIONS!r} ({operations.name}) and {name!r} ({rows.name}); say in [tables.{name}] take which headers "
            "that table adds"
        )


def _blank_columns(table: pd.DataFrame, headers: Collection[str]) -> list[str]:
    return [header for header in headers if not _is_filled(table[header]).any()]


def _is_filled(series: pd.Series) -> pd.Series:
    return series.ne("") if isinstance(series.dtype, pd.StringDtype) else series.notna()


def _take(series: pd.Series, found: Codes) -> pd.Series:
    """Return the cells of the rows that were found, missing where there is none."""
    rows = series.reindex(np.where(found < 0, NONE, found)).reset_index(drop=True)
    return rows.fillna("") if isinstance(series.dtype, pd.StringDtype) else rows
