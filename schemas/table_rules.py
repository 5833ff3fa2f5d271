"""What the further tables of a definition must say, and which columns they make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from schemas.column import Column, KnownAt
from schemas.columns import COLUMNS
from schemas.dictionary.long import LONG, NEEDED
from schemas.errors import suggest, unknown_name
from schemas.fault import OPERATIONS
from schemas.mapping import SourceColumn, build_source
from schemas.plans import ColumnPlan, TablePlan
from schemas.study import describe_faults
from schemas.visits import Window, build_windows, describe_window_faults

ROWS_OF_KEY: dict[str, tuple[str, ...]] = {
    "take": ("one",),
    "date": ("visits", "events"),
    "date_format": ("visits", "events"),
    "days": ("visits", "events"),
    "months": ("visits", "events"),
    "label": ("visits",),
    "labels": ("visits",),
    "windows": ("visits",),
    "endings": ("visits",),
    "choose": ("visits",),
    "count": ("levels",),
    "first": ("events",),
    "columns": ("visits", "levels", "events"),
}
"""Keys that make sense for some rows only."""

OF_OPERATIONS = ("rows", "file", "sheet", "member", "query", "where")
"""What the table of the operations may say."""

ENDS = ("upper_level", "lower_level")
"""Columns of the base that a table of levels fills."""


AT_A_VISIT = re.compile(r"[;,]? *((at|before) the operation|\d+ (weeks|months|years) after the operation)?\.$")
"""What the dictionary adds to the text of a score for one visit."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a definition says outside its further tables: its columns so far, and those it declares by name."""

    base: Mapping[str, Column]
    sources: Mapping[str, SourceColumn]
    declared: Mapping[str, Mapping[str, Any]]
    dropped: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TableColumns:
    """Columns of the rows of a table, by canonical name or stem, and the columns of the operations made of them."""

    rows: Mapping[str, SourceColumn]
    made: Mapping[str, SourceColumn]


def describe_table_faults(tables: Mapping[str, TablePlan], known: Known) -> list[str]:
    """Return what is wrong with the keys of all tables, each with the place where it stands."""
    if not tables:
        return []
    faults = [] if OPERATIONS in tables else [f"tables: one of the tables must be {OPERATIONS!r}"]
    for name, plan in tables.items():
        check = _describe_operations if name == OPERATIONS else _describe_further
        faults += [f"tables.{name}.{fault}" for fault in (*_describe_place(plan), *check(plan, known))]
    return faults


def build_table_columns(name: str, plan: TablePlan, known: Known) -> tuple[TableColumns, list[str]]:
    """Return the columns of a further table and what is wrong with them."""
    faults: list[str] = []
    if name == OPERATIONS or plan.rows == "one":
        return TableColumns(rows={}, made={}), faults
    own = {column.name: column for column in LONG[plan.rows]}
    rows = {
        column.name: SourceColumn(column=column, header=column.name, optional=column.name != NEEDED.get(plan.rows))
        for column in own.values()
    }
    windows = windows_of(plan)
    for entry, values in plan.columns.items():
        place = f"tables.{name}.columns.{entry}"
        column_plan = _checked_plan(values, place, faults)
        if column_plan is None:
            continue
        if plan.rows == "visits":
            source, wrong = _build_stem(entry, column_plan, known.base, windows)
        else:
            source, wrong = build_source(entry, column_plan, own)
        faults += [f"{place}: {fault}" for fault in wrong]
        if source is not None:
            rows[entry] = source
    made, unmade = _MADE[plan.rows](name, plan, rows, known)
    return TableColumns(rows=rows, made=made), [*faults, *unmade]


def windows_of(plan: TablePlan) -> dict[str, Window]:
    """Return the windows of a table of visits, in the order of time; of one with labels those that the labels name."""
    if plan.label is None:
        return build_windows(plan.windows, plan.endings)
    named = [ending for ending in plan.labels.values() if ending]
    return build_windows(plan.windows, named) if named else {}


def _describe_place(plan: TablePlan) -> Iterator[str]:
    if plan.query is not None and (plan.file or plan.sheet or plan.member):
        yield "query: must stand alone, without file, sheet and member"
    if plan.file is not None and plan.member is not None:
        yield "member: must be left out where there is a file"
    path = PurePath(plan.file or "")
    if path.is_absolute() or ".." in path.parts:
        yield f"file: must be the name of a file inside the data, got {plan.file!r}"


def _describe_operations(plan: TablePlan, _known: Known) -> Iterator[str]:
    if plan.rows != "one":
        yield "rows: must be left out, the table has one row per index operation"
    for key in sorted(plan.model_fields_set - set(OF_OPERATIONS)):
        yield f"{key}: must be left out of the table of the operations; it can have {', '.join(OF_OPERATIONS[1:])}"


def _describe_further(plan: TablePlan, known: Known) -> Iterator[str]:
    for key in sorted(plan.model_fields_set & set(ROWS_OF_KEY)):
        if plan.rows not in ROWS_OF_KEY[key]:
            kinds = " or ".join(repr(kind) for kind in ROWS_OF_KEY[key])
            hint = "; its columns stand under [columns]" if key == "columns" else ""
            yield f"{key}: only a table with rows = {kinds} can have it, the rows are {plan.rows!r}{hint}"
    yield from _describe_key(plan, known)
    if plan.rows in ("visits", "events"):
        yield from _describe_time(plan, known)
    if plan.rows == "visits":
        yield from _describe_labels(plan)
        yield from describe_window_faults(plan.windows, () if plan.label else plan.endings)
        if not plan.columns:
            yield "columns: a table of visits must have a column at least, [tables.<name>.columns.<score>]"


def _describe_key(plan: TablePlan, known: Known) -> Iterator[str]:
    if not plan.key:
        yield 'key: must be given, the headers that say which operation a row belongs to, key = ["OperationID"]'
    if plan.operations_key and len(plan.operations_key) != len(plan.key):
        yield f"operations_key: must have as many headers as key ({len(plan.key)}), got {len(plan.operations_key)}"
    for header in dict.fromkeys((*plan.key, *plan.operations_key)):
        if header in known.dropped:
            yield f"key: the header {header!r} must not be among identifiers.drop; pseudonymise it instead"


def _describe_time(plan: TablePlan, known: Known) -> Iterator[str]:
    stated = [key for key in ("date", "days", "months") if getattr(plan, key) is not None]
    if len(stated) > 1:
        yield f"{stated[1]}: must be left out where there is {stated[0]}"
    if not stated and plan.label is None:
        wanted = "date, days, months or label" if plan.rows == "visits" else "date, days or months"
        yield f"date: must be given: one of {wanted} says when a row of {plan.rows} was"
    if plan.date_format is not None and plan.date is None:
        yield "date_format: must be left out where there is no date"
    if plan.date is not None and "operation_date" not in known.sources:
        yield "date: needs the column operation_date, from which its days are counted; add [columns.operation_date]"


def _describe_labels(plan: TablePlan) -> Iterator[str]:
    if (plan.label is None) != (not plan.labels):
        yield 'labels: must be given where there is a label, and only there, labels = { "3 months" = "3m" }'
    if plan.label is not None and plan.endings:
        yield "endings: must be left out where there is a label, the labels name the windows"
    known = build_windows(plan.windows)
    for ending in dict.fromkeys(plan.labels.values()):
        if ending and ending not in known:
            yield f"labels: {unknown_name('a window', ending, known)}; a label of no window is blank"


def _checked_plan(values: Mapping[str, Any], place: str, faults: list[str]) -> ColumnPlan | None:
    try:
        return ColumnPlan.model_validate(values)
    except ValidationError as error:
        faults += [f"{place}.{line.strip()}" for line in describe_faults(error, ColumnPlan).splitlines()]
        return None


def _build_stem(
    stem: str, plan: ColumnPlan, base: Mapping[str, Column], windows: Mapping[str, Window]
) -> tuple[SourceColumn | None, tuple[str, ...]]:
    """Build the column of a score as it stands in a row of visits, whatever the window."""
    if plan.known_at is not None:
        return None, ("known_at: must be left out, the window of the visit says it",)
    alike = _of_stem(stem, base, windows) or ({} if plan.kind else _of_stem(stem, COLUMNS, windows))
    if alike:
        column = next(iter(alike.values()))
        text = AT_A_VISIT.sub("", column.text)
        return build_source(stem, plan, {stem: replace(column, name=stem, text=text)})
    if plan.kind is None:
        stems = {name.rpartition("_")[0] for name in COLUMNS if name.rpartition("_")[2] in windows}
        return None, (f"must have kind, text: the dictionary has no score of this name{suggest(stem, stems)}",)
    return build_source(stem, plan.model_copy(update={"known_at": "followup"}), {})


def _of_stem(stem: str, columns: Mapping[str, Column], windows: Iterable[str]) -> dict[str, Column]:
    names = (f"{stem}_{ending}" for ending in windows)
    return {name: columns[name] for name in names if name in columns}


def _make_visits(
    name: str, plan: TablePlan, rows: Mapping[str, SourceColumn], known: Known
) -> tuple[dict[str, SourceColumn], list[str]]:
    """Return a column per score and window, save what the definition finds in the operations' own table."""
    made = {}
    for stem, source in rows.items():
        own = "kind" in plan.columns[stem]
        for window in windows_of(plan).values():
            column = _column_of_window(stem, source.column, window, {**({} if own else COLUMNS), **known.base})
            if column.name not in known.declared:
                made[column.name] = SourceColumn(column=column, header=column.name, optional=True, table=name)
    return made, []


def _column_of_window(stem: str, column: Column, window: Window, known: Mapping[str, Column]) -> Column:
    name = f"{stem}_{window.ending}"
    if name in known:
        return known[name]
    days = f"from day {window.low} to {window.high} after the operation"
    known_at: KnownAt = "preop" if window.preoperative else "followup"
    return replace(column, name=name, known_at=known_at, text=f"{column.text.rstrip('.')}; {days}.", cohorts=())


def _make_levels(
    name: str, plan: TablePlan, _rows: Mapping[str, SourceColumn], known: Known
) -> tuple[dict[str, SourceColumn], list[str]]:
    ends = [end for end in ENDS if end in known.base and end not in known.declared]
    made = {end: replace(known.sources[end], table=name) for end in ends}
    counted, faults = _make_numbers(name, "count", [plan.count] if plan.count else [], known)
    return {**made, **counted}, faults


def _make_events(
    name: str, plan: TablePlan, _rows: Mapping[str, SourceColumn], known: Known
) -> tuple[dict[str, SourceColumn], list[str]]:
    return _make_numbers(name, "first", list(plan.first), known)


_MADE = {"visits": _make_visits, "levels": _make_levels, "events": _make_events}


def _make_numbers(
    table: str, key: str, names: Iterable[str], known: Known
) -> tuple[dict[str, SourceColumn], list[str]]:
    """Return numbers that are made of a table; they are of the dictionary, or declared without a header."""
    made, faults = {}, []
    for name in names:
        place = f"tables.{table}.{key}"
        column = known.sources[name].column if name in known.sources else COLUMNS.get(name)
        if name in known.declared and "header" in known.declared[name]:
            faults.append(f"columns.{name}: header: must be left out, the column is made of the table {table!r}")
        elif column is None and name not in known.declared:
            unknown = unknown_name("a column that is made of a table", name, known.sources)
            faults.append(f"{place}: {unknown}; or declare it under [columns.{name}], without a header")
        elif column is not None and column.kind != "number":
            faults.append(f"{place}: the column {name!r} must be a number, it is a {column.kind}")
        elif column is not None:
            made[name] = SourceColumn(column=column, header=name, optional=True, table=table)
    return made, faults
