"""Rows of a table with many per operation: typed, checked, and each put to its operation and its day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.column import Column
from schemas.convert import Converted, convert_column
from schemas.definition import Definition
from schemas.dictionary.long import EVENT_DATE, EVENT_DAYS, NEEDED, VISIT_DATE, VISIT_DAYS, VISIT_LABEL
from schemas.errors import DataError
from schemas.fault import Fault
from schemas.keys import Codes, describe_key_faults, require_headers
from schemas.linking import RawData, match_operations
from schemas.mapping import SourceColumn
from schemas.plans import TablePlan
from schemas.quarantine import WHOLE_COLUMN, mark_faulty, quarantine_rows
from schemas.validation import find_faults

TIMES = {"visits": (VISIT_DATE, VISIT_DAYS), "events": (EVENT_DATE, EVENT_DAYS)}
"""Column of the day of a row, and of the days from the operation, by the kind of rows."""


@dataclass(frozen=True, kw_only=True)
class LongRows:
    """Typed rows of a table.

    Attributes
    ----------
    name, plan
        The table.
    position
        Operation of each row, from 0; below 0 where there is none, shape (n,).
    values
        Typed columns, and ``visit_days`` or ``event_days`` of a table with times, shape (n, p).
    label
        Name of each visit where the table has names, else missing.
    faults
        What is wrong, in the order of the columns; positions are rows of the table.
    """

    name: str
    plan: TablePlan
    position: Codes
    values: pd.DataFrame
    label: pd.Series
    faults: tuple[Fault, ...]

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """Which rows have no fault, shape (n,)."""
        return ~mark_faulty(self.faults, len(self.values))

    @property
    def spoilt(self) -> npt.NDArray[np.bool_]:
        """Which rows have a fault and a known operation all the same, shape (n,)."""
        return ~self.valid & (self.position >= 0)


@dataclass(frozen=True, kw_only=True)
class LinkedTable:
    """What a table gives: typed columns of the operations, its own valid rows, its faults and notes.

    `faults` may also be of the operations.
    """

    wide: Mapping[str, pd.Series]
    rows: pd.DataFrame
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = field(default=())


def read_long(name: str, raw: RawData, values: pd.DataFrame, definition: Definition) -> LongRows:
    """Type and check the rows of a table, each value once.

    Parameters
    ----------
    name
        The table.
    raw
        What was read.
    values
        Typed columns of the operations, for the date of the operation.
    definition
        Of which the table is one.
    """
    table, plan = raw.long[name], definition.tables[name]
    matched = match_operations(raw.table, table, name, definition)
    position = matched.find_operation()
    sources = _find_sources(name, table, definition)
    converted = {column: convert_column(table[at.header], at, definition.file) for column, at in sources.items()}
    typed = pd.DataFrame({column: one.values for column, one in converted.items()}, index=table.index)
    columns = {column: at.column for column, at in sources.items()}
    days, time_faults = _compute_days(name, table, position, values, definition)
    faults = [one.fault for one in converted.values() if one.fault] + find_faults(typed, columns)
    _refuse_whole_columns(name, faults, converted, sources)
    faults += _find_lacking(converted, columns, NEEDED.get(plan.rows))
    label = _read_label(table, plan, definition)
    return LongRows(
        name=name,
        plan=plan,
        position=position,
        values=typed if days is None else typed.assign(**{str(days.name): days}),
        label=label,
        faults=(
            *describe_key_faults(position, matched.table, plan.key, name),
            *_of_table([*time_faults, *faults], name),
        ),
    )


def quarantine_long(raw: RawData, name: str, faults: Sequence[Fault], definition: Definition) -> pd.DataFrame:
    """Return the faulty rows of a table as texts."""
    return quarantine_rows(raw.long[name], [fault for fault in faults if fault.table == name], definition.file)


def sort_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort typed rows by all their columns, so that the order in the file does not count."""
    front = list(rows.columns[:2])
    order = _order(rows[front])
    tied = rows.duplicated(front, keep=False).to_numpy()
    if tied.any():
        # Of most rows operation and day settle the place; the other columns are looked at for the rest only.
        among = np.flatnonzero(tied)
        order[tied[order]] = among[_order(rows.iloc[among])]
    return rows.iloc[order].reset_index(drop=True)


def describe_read(long: LongRows) -> str:
    """Return how many rows were read, and how many of them are not used and why."""
    n, lost = len(long.values), int((long.position < 0).sum())
    parts = [f"{n} rows read"]
    if lost:
        parts.append(f"{lost} of no known operation")
    if long.spoilt.any():
        parts.append(f"{int(long.spoilt.sum())} faulty")
    return f"table {long.name!r}: " + ", ".join(parts)


def _order(rows: pd.DataFrame) -> npt.NDArray[np.intp]:
    return np.asarray(np.lexsort([_sort_key(rows[column]) for column in reversed(rows.columns)]), dtype=np.intp)


def _sort_key(column: pd.Series) -> npt.NDArray[np.float64]:
    if isinstance(column.dtype, pd.StringDtype):
        return np.asarray(pd.factorize(column, sort=True)[0], dtype=np.float64)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.to_numpy().astype("int64").astype(np.float64)
    return column.to_numpy(dtype=np.float64)


def _find_sources(name: str, table: pd.DataFrame, definition: Definition) -> dict[str, SourceColumn]:
    sources = definition.table_columns[name]
    require_headers(table, [at.header for at in sources.values() if not at.optional], f"table {name!r}")
    return {column: at for column, at in sources.items() if at.header in table.columns}


def _of_table(faults: Sequence[Fault], name: str) -> list[Fault]:
    return [Fault(column=fault.column, rule=fault.rule, positions=fault.positions, table=name) for fault in faults]


def _find_lacking(converted: Mapping[str, Converted], columns: Mapping[str, Column], needed: str | None) -> list[Fault]:
    """Find the rows that do not say what they are of: no level, no event."""
    lacking = {name: np.flatnonzero(~converted[name].present) for name in columns if name == needed}
    return [
        Fault(column=name, rule="must be given", positions=positions)
        for name, positions in lacking.items()
        if len(positions)
    ]


def _refuse_whole_columns(
    name: str, faults: Sequence[Fault], converted: Mapping[str, Converted], sources: Mapping[str, SourceColumn]
) -> None:
    lines = []
    for column, one in converted.items():
        broken = [fault for fault in faults if fault.column == column]
        faulty, n = mark_faulty(broken, len(one.present)), int(one.present.sum())
        if n >= WHOLE_COLUMN and faulty[one.present].all():
            rules = " and ".join(fault.rule for fault in broken)
            lines.append(f"  column {column!r} (header {sources[column].header!r}) {rules}; none of its {n} values is")
    if lines:
        raise DataError(
            f"table {name!r}: must have usable values in each of its columns:\n"
            + "\n".join(lines)
            + "\ncheck the header, codes, missing codes, unit and decimal sign of the column in the definition"
        )


def _read_label(table: pd.DataFrame, plan: TablePlan, definition: Definition) -> pd.Series:
    if plan.label is None:
        return pd.Series(pd.NA, index=table.index, dtype="str")
    labels = {label.strip(): label.strip() for label in plan.labels}
    source = SourceColumn(column=VISIT_LABEL, header=plan.label, optional=False, recode=labels)
    require_headers(table, [plan.label], "the table of visits")
    return convert_column(table[plan.label], source, definition.file).values


def _compute_days(
    name: str, table: pd.DataFrame, position: Codes, values: pd.DataFrame, definition: Definition
) -> tuple[pd.Series | None, list[Fault]]:
    """Return whole days from the operation, missing where unknown, and what is wrong with the times of the rows."""
    plan = definition.tables[name]
    if plan.rows not in TIMES:
        return None, []
    date, days = TIMES[plan.rows]
    header = plan.date or plan.days or plan.months
    if header is None:
        return pd.Series(np.nan, index=table.index, name=days.name), []
    require_headers(table, [header], f"table {name!r}")
    source = SourceColumn(
        column=date if plan.date else days,
        header=header,
        optional=False,
        date_format=plan.date_format,
        unit_in_file="months" if plan.months else None,
    )
    converted = convert_column(table[header], source, definition.file)
    own = [converted.fault] if converted.fault else []
    _refuse_whole_columns(name, own, {date.name if plan.date else days.name: converted}, {source.column.name: source})
    made = converted.values
    if plan.date:
        needed = not plan.optional or any(at.table == name and not at.optional for at in definition.sources.values())
        made = _count_days(made, position, values, plan, needed=needed)
    made = made.round().rename(days.name)
    found = find_faults(pd.DataFrame({days.name: made}), {days.name: days})
    return made, [*own, *found]


def _count_days(dates: pd.Series, position: Codes, values: pd.DataFrame, plan: TablePlan, *, needed: bool) -> pd.Series:
    """Return days from the operation of each row, NaN where one of the two dates is unknown."""
    if "operation_date" not in values.columns:
        if needed:
            raise DataError(
                f"the column 'operation_date' must be among those of the operations: the {plan.rows} have dates "
                f"({plan.date!r}), from which their days are counted"
            )
        return pd.Series(np.nan, index=dates.index)
    operated = values["operation_date"].reset_index(drop=True).reindex(np.where(position < 0, -1, position))
    passed = dates.dt.normalize().to_numpy() - operated.dt.normalize().to_numpy()
    return pd.Series(passed / np.timedelta64(1, "D"), index=dates.index)
