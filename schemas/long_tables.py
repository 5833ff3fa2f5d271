"""Tables with many rows per operation: visits brought into windows, levels and events kept long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.column import Column
from schemas.convert import convert_column
from schemas.definition import Definition
from schemas.errors import DataError
from schemas.fault import Fault
from schemas.keys import Codes
from schemas.linking import RawData
from schemas.long.events import link_events, link_levels
from schemas.long.rows import LinkedTable, LongRows, quarantine_long, read_long
from schemas.long.visits import link_visits
from schemas.quarantine import mark_faulty, quarantine_rows


@dataclass(frozen=True, kw_only=True)
class Linked:
    """The further tables of an export, typed and checked.

    Attributes
    ----------
    wide
        Typed columns made of the long tables, indexed like the operations.
    columns
        Their dictionary entries.
    visits, levels, events
        Typed rows without faults, sorted: ``position`` (row of the operation from 0), then columns.
    quarantine
        Faulty rows by table, as texts, with ``row_id`` and ``reasons`` in front.
    position
        By table: operation of each of its rows, from 0; below 0 where there is none.
    faults
        By table; positions are rows of that table. Some may be of the operations, for what a long table says of them.
    notes
        What was noticed: visits in no window, visits that another one replaced; never values.
    """

    wide: pd.DataFrame
    columns: Mapping[str, Column] = field(default_factory=dict)
    visits: pd.DataFrame = field(default_factory=pd.DataFrame)
    levels: pd.DataFrame = field(default_factory=pd.DataFrame)
    events: pd.DataFrame = field(default_factory=pd.DataFrame)
    quarantine: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    position: Mapping[str, Codes] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


ORPHAN = "must be one without a fault; it is in quarantine itself"

LINKERS: dict[str, Callable[[LongRows, int, Definition], LinkedTable]] = {
    "visits": link_visits,
    "levels": link_levels,
    "events": link_events,
}
"""What becomes of the typed rows of a table, by their kind."""


def link_long(raw: RawData, values: pd.DataFrame, definition: Definition) -> Linked:
    """Type and check the long tables and join what has one value per operation to it.

    Parameters
    ----------
    raw
        What was read (`schemas.linking`).
    values
        Typed columns of the operations, shape (n, p), in the order of ``raw.table``.
    definition
        Whose tables they are.

    Returns
    -------
    Linked
        Of each table the valid and the quarantined rows add up to those read.

    Raises
    ------
    DataError
        If a table lacks a header that is read, or no row of it can be used.
    """
    read = {name: read_long(name, raw, values, definition) for name in raw.long}
    parts = {name: LINKERS[long.plan.rows](long, len(values), definition) for name, long in read.items()}
    flat = _read_flat(raw, definition)
    wide = {column: made for part in (*parts.values(), flat) for column, made in part.wide.items()}
    ordered = {name: wide[name] for name in definition.sources if name in wide}
    rows = {
        kind: [part.rows for name, part in parts.items() if definition.tables[name].rows == kind] for kind in LINKERS
    }
    return Linked(
        wide=pd.DataFrame({name: made.set_axis(values.index) for name, made in ordered.items()}, index=values.index),
        columns={name: definition.sources[name].column for name in ordered},
        **{kind: _stack(tables) for kind, tables in rows.items()},
        quarantine={name: quarantine_long(raw, name, part.faults, definition) for name, part in parts.items()},
        position={name: long.position for name, long in read.items()},
        faults=tuple(fault for part in (*parts.values(), flat) for fault in part.faults),
        notes=(*_describe_unread(raw, definition), *(note for part in parts.values() for note in part.notes)),
    )


def quarantine_orphans(
    raw: RawData, linked: Linked, at_fault: npt.NDArray[np.bool_], definition: Definition
) -> dict[str, pd.DataFrame]:
    """Return the rows without a fault of operations at fault, by table: they go where their operation goes.

    Parameters
    ----------
    at_fault
        Which operations are at fault, shape (n,).

    Returns
    -------
    dict of DataFrame
        As texts, with ``row_id`` and ``reasons`` in front.
    """
    made = {}
    for name, position in linked.position.items():
        own = mark_faulty([fault for fault in linked.faults if fault.table == name], len(position))
        orphans = np.flatnonzero((position >= 0) & at_fault[position] & ~own)
        fault = Fault(column="operation", rule=ORPHAN, positions=orphans, table=name)
        made[name] = quarantine_rows(raw.long[name], [fault], definition.file)
    return made


def _stack(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Join the rows of tables of one kind, by operation."""
    if len(tables) < 2:
        return tables[0] if tables else pd.DataFrame()
    return pd.concat(tables, ignore_index=True).sort_values("position", kind="stable", ignore_index=True)


def _read_flat(raw: RawData, definition: Definition) -> LinkedTable:
    """Read columns that are made of an absent table from the operations, where they stand under their own names."""
    absent = {name: at for name, at in definition.sources.items() if at.table and at.table not in raw.long}
    lacking = [at for name, at in absent.items() if not at.optional and name not in raw.table.columns]
    if lacking:
        lines = [f"  column {at.header!r} is made of the absent table {at.table!r}; not found" for at in lacking]
        raise DataError(
            f"{raw.source}: must have the table or, under their own names, its columns:\n" + "\n".join(lines)
        )
    converted = {
        name: convert_column(raw.table[name], at, definition.file)
        for name, at in absent.items()
        if name in raw.table.columns
    }
    return LinkedTable(
        wide={name: one.values for name, one in converted.items()},
        rows=pd.DataFrame(),
        faults=tuple(one.fault for one in converted.values() if one.fault),
    )


def _describe_unread(raw: RawData, definition: Definition) -> list[str]:
    """Note headers of the operations that have the name of a column made of a table."""
    return [
        f"column {name!r} is made of a further table; the header {name!r} of the operations is not read: to read it "
        f"instead, declare [columns.{name}]"
        for name, at in definition.sources.items()
        if at.table in raw.long and name in raw.table.columns
    ]
