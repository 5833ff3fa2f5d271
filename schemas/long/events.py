"""Operated levels and later events: kept long, and what has one value per operation made of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.definition import Definition
from schemas.dictionary.long import EVENT_DAYS
from schemas.dictionary.spine import SEGMENTS
from schemas.errors import DataError
from schemas.fault import OPERATIONS, Fault
from schemas.long.rows import LinkedTable, LongRows, describe_read, sort_rows
from schemas.quarantine import WHOLE_COLUMN

BoolArray = npt.NDArray[np.bool_]


def link_levels(long: LongRows, n: int, definition: Definition) -> LinkedTable:
    """Keep the operated levels, and make their number and their ends.

    Parameters
    ----------
    long
        Typed levels.
    n
        Number of operations.
    definition
        Says which columns are made.

    Returns
    -------
    LinkedTable
        The number of different levels under the name of `count`, ``upper_level`` and ``lower_level`` where the base has
        them; rows with ``position, level, side`` and own columns, a level that stands twice counted once.

    Notes
    -----
    Of an operation without levels, or with a faulty one, number and ends are unknown.
    """
    valid = long.valid
    codes = long.values["level"].map({segment: code for code, segment in enumerate(SEGMENTS)})
    rows = pd.DataFrame({"position": long.position, "code": codes})[valid].astype("int64").drop_duplicates()
    grouped = rows.groupby("position")["code"]
    spoilt = np.unique(long.position[long.spoilt])
    made: dict[str, pd.Series] = {}
    for name, at in definition.sources.items():
        if at.table == long.name:
            of_kind = {"upper_level": grouped.min(), "lower_level": grouped.max()}.get(name, grouped.size())
            one = of_kind.reindex(range(n)).astype("float64")
            one[spoilt] = np.nan
            made[name] = one.map(dict(enumerate(SEGMENTS))).astype("str") if at.column.kind == "category" else one
    return LinkedTable(
        wide=made,
        rows=_tidy(long, []),
        faults=long.faults,
        notes=(describe_read(long), *_describe_levels(long, made, n, len(spoilt), len(grouped))),
    )


def link_events(long: LongRows, n: int, definition: Definition) -> LinkedTable:
    """Keep the later events, and make the days to the first of the kinds that a column counts.

    Parameters
    ----------
    long
        Typed events.
    n
        Number of operations.
    definition
        Of which the table is one.

    Returns
    -------
    LinkedTable
        Days from the operation to the first event by column, missing where none is recorded; rows with ``position,
        event, event_days`` and own columns.

    Notes
    -----
    An event before the operation is at fault; the operation is not. An event that a column counts and that is faulty
    or of unknown day makes its operation faulty: the days to its first event are unknown, and missing would say that
    there was none.
    """
    days = long.values[EVENT_DAYS.name].to_numpy()
    before = np.flatnonzero(days < 0)
    faults = list(long.faults)
    if len(before):
        rule = "must not be before the operation"
        faults.append(Fault(column=EVENT_DAYS.name, rule=rule, positions=before, table=long.name))
    usable = long.valid & (days >= 0)
    wide, notes = {}, _describe_kinds(long)
    for column, kinds in long.plan.first.items():
        counted = long.values["event"].isin(list(kinds)).to_numpy(dtype=np.bool_)
        if not counted.any():
            notes.append(f"table {long.name!r}: no event is {' or '.join(map(repr, kinds))}, of which {column} is made")
        wide[column] = _first_days(long, usable & counted, n)
        faults += _find_unusable(long, counted & ~usable & ~(days < 0), column)
    described = describe_read(long) + (f", {len(before)} before the operation" if len(before) else "")
    return LinkedTable(
        wide=wide,
        rows=_tidy(long, before.tolist()),
        faults=tuple(faults),
        notes=(described, *notes),
    )


def _describe_kinds(long: LongRows) -> list[str]:
    """Note events that no column counts; a table of which none is counted means a wrong definition.

    Raises
    ------
    DataError
        As missing days would be read as "no such event" in every row.
    """
    counted = [kind for kinds in long.plan.first.values() for kind in kinds]
    known = long.values["event"].notna()
    others = int((known & ~long.values["event"].isin(counted)).sum())
    if counted and others >= WHOLE_COLUMN and others == known.sum():
        raise DataError(
            f"table {long.name!r}: must have events of the kinds that `first` counts ({', '.join(counted)}), none of "
            f"its {others} is one; check header and recode of the column event"
        )
    told = f"table {long.name!r}: {others} of {int(known.sum())} events are of kinds that no column counts"
    return [told] if counted and others else []


def _first_days(long: LongRows, counted: BoolArray, n: int) -> pd.Series:
    rows = pd.Series(long.values[EVENT_DAYS.name].to_numpy()[counted], dtype="float64")
    return rows.groupby(long.position[counted]).min().reindex(range(n))


def _find_unusable(long: LongRows, unusable: BoolArray, column: str) -> list[Fault]:
    """Find the operations with a faulty event, or one of unknown day, among those that a column counts."""
    positions = np.unique(long.position[unusable & (long.position >= 0)])
    rule = f"must be made of events without a fault and of known day, the table {long.name!r} has another"
    return [Fault(column=column, rule=rule, positions=positions, table=OPERATIONS)] if len(positions) else []


def _tidy(long: LongRows, left_out: list[int]) -> pd.DataFrame:
    """Return the valid rows, in an order that is not the file's."""
    kept = long.valid
    kept[left_out] = False
    rows = long.values.copy()
    if EVENT_DAYS.name in rows:
        front = ["event", EVENT_DAYS.name]
        rows = rows[[*front, *(name for name in rows.columns if name not in front)]]
    rows.insert(0, "position", long.position)
    return sort_rows(rows[kept])


def _describe_levels(long: LongRows, made: Mapping[str, pd.Series], n: int, n_spoilt: int, n_known: int) -> list[str]:
    notes = []
    if made:
        notes.append(f"table {long.name!r}: made of it: {', '.join(made)}")
    if n > n_known:
        notes.append(f"table {long.name!r}: {n - n_known} of {n} operations have no valid level")
    if n_spoilt:
        notes.append(f"table {long.name!r}: {n_spoilt} of {n} operations have a faulty level; what is made is unknown")
    return notes
