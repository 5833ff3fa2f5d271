"""How a registry's file holds each column: its header, codes and unit; checked against the data dictionary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.column import Column
from schemas.columns import COLUMNS
from schemas.errors import suggest
from schemas.plans import Code, ColumnPlan
from schemas.units import known_units

STRUCTURAL_KINDS: dict[str, str] = {
    "patient": "identifier",
    "operation": "identifier",
    "site": "identifier",
    "surgeon": "identifier",
    "operation_date": "date",
    "year": "number",
}
"""Columns that every floor above understands by name, hence of one kind in every registry."""

OWN_KEYS = ("kind", "known_at", "text")
"""What a column that is not in the dictionary must say of itself."""

KEYS_OF_KIND: dict[str, str] = {
    "levels": "category",
    "unit": "number",
    "range": "number",
    "plausible": "number",
    "unit_in_file": "number",
    "date_format": "date",
}
"""Keys that make sense for columns of one kind only."""


@dataclass(frozen=True, kw_only=True)
class SourceColumn:
    """A column of the dictionary or of the registry, and how it is found in the file.

    Attributes
    ----------
    column
        What it is.
    header
        Its header in the file.
    optional
        Whether the file may lack it.
    missing
        Texts that mean missing in this column, besides blank.
    recode
        Text in the file -> level (category), 0 or 1 (flag), number, or text (identifier).
    unit_in_file
        Unit of the file's numbers where it is not the dictionary's.
    date_format
        Format of the file's dates (``strftime`` codes) where it is not 2024-12-31.
    constant
        What every row has, where the file has no such column: the version of a questionnaire.
    table
        The further table that the column is made of; blank where it stands in a row of the operations.
    """

    column: Column
    header: str
    optional: bool
    missing: tuple[str, ...] = ()
    recode: Mapping[str, float | str] = field(default_factory=dict)
    unit_in_file: str | None = None
    date_format: str | None = None
    constant: float | str | None = None
    table: str = ""


def columns_of_cohort(cohort: str | None) -> dict[str, Column]:
    """Return the dictionary columns of a built-in cohort, by name; none without a cohort."""
    return {name: column for name, column in COLUMNS.items() if cohort in column.cohorts}


def build_source(
    name: str, plan: ColumnPlan, base: Mapping[str, Column]
) -> tuple[SourceColumn | None, tuple[str, ...]]:
    """Join a column's plan with the dictionary.

    Parameters
    ----------
    name
        Canonical name.
    plan
        What the definition says.
    base
        Dictionary columns of the definition's base.

    Returns
    -------
    SourceColumn or None, tuple of str
        The column, or None and what is wrong with its plan.
    """
    column, faults = _column(name, plan, base)
    if column is None:
        return None, faults
    faults = (*faults, *_describe_misfits(plan, column))
    recode, recode_faults = _build_recode(plan.recode, column)
    faults = (*faults, *recode_faults, *_constant_faults(plan, column))
    if faults:
        return None, faults
    source = SourceColumn(
        column=column,
        header=(plan.header or name).strip(),
        optional=plan.optional,
        missing=plan.missing,
        recode=recode,
        unit_in_file=plan.unit_in_file,
        date_format=plan.date_format,
        constant=plan.constant,
    )
    return source, ()


def _column(name: str, plan: ColumnPlan, base: Mapping[str, Column]) -> tuple[Column | None, tuple[str, ...]]:
    """Return the dictionary's column or the registry's own, and what is wrong with it.

    A definition that says what a column is (`kind`) owns it: a later dictionary cannot change its meaning.
    """
    if name in base:
        return base[name], _contradictions(plan, base[name])
    if plan.kind is None and name in COLUMNS:
        return COLUMNS[name], _contradictions(plan, COLUMNS[name])
    faults = _own_faults(name, plan)
    return (None, faults) if faults else (_own_column(name, plan), ())


def _contradictions(plan: ColumnPlan, column: Column) -> tuple[str, ...]:
    """Return what the plan says of a dictionary column that the dictionary does not."""
    declared = {
        "kind": column.kind,
        "known_at": column.known_at,
        "text": column.text,
        "unit": column.unit,
        "range": column.hard,
        "plausible": column.plausible,
        "levels": column.levels,
        "predictor": column.predictor,
        "source": column.source,
    }
    return tuple(
        f"{key}: must be left out or be {known!r} as in the dictionary; a column of another meaning needs another name"
        for key, known in declared.items()
        if getattr(plan, key) is not None and getattr(plan, key) != known
    )


def _own_faults(name: str, plan: ColumnPlan) -> tuple[str, ...]:
    lacking = [key for key in OWN_KEYS if not getattr(plan, key)]
    if lacking:
        return (f"must have {', '.join(lacking)}: {_why_own(name, plan)}",)
    faults = []
    wanted = STRUCTURAL_KINDS.get(name, plan.kind)
    if name == "row_id":
        faults.append("must have another name: row_id is the number of the row")
    if plan.kind != wanted:
        faults.append(f"kind: must be {wanted} for a column of this name, got {plan.kind}")
    if plan.kind == "number" and plan.range is None:
        faults.append("range: a number must have its lowest and highest possible value, range = [low, high]")
    if plan.kind == "category" and plan.levels is None:
        faults.append('levels: a category must have its levels, levels = ["a", "b"]')
    return (*faults, *_range_faults(plan), *_level_faults(plan.levels or ()))


def _why_own(name: str, plan: ColumnPlan) -> str:
    if name in COLUMNS:
        return "with a kind it is the registry's own; leave out kind to take it from the dictionary"
    alike = [column.name for column in COLUMNS.values() if plan.kind in (None, column.kind)]
    return f"it is not in the dictionary{suggest(name, alike)}"


def _range_faults(plan: ColumnPlan) -> Iterable[str]:
    low, high = plan.range or (float("-inf"), float("inf"))
    if not low < high:
        yield "range: the first number must be below the second"
    if plan.plausible and not low <= plan.plausible[0] < plan.plausible[1] <= high:
        yield "plausible: must be increasing and within range"


def _level_faults(levels: tuple[str, ...]) -> Iterable[str]:
    if len(set(levels)) < len(levels):
        yield "levels: each level must stand once"
    if any(not level or level != level.strip() for level in levels):
        yield "levels: a level must not be blank or begin or end with a space"


def _own_column(name: str, plan: ColumnPlan) -> Column:
    assert plan.kind is not None
    assert plan.known_at is not None
    usable = plan.kind not in ("identifier", "date")
    return Column(
        name=name,
        kind=plan.kind,
        known_at=plan.known_at,
        text=plan.text or "",
        unit=plan.unit,
        hard=plan.range,
        plausible=plan.plausible,
        levels=plan.levels or (),
        predictor=usable if plan.predictor is None else plan.predictor,
        source=plan.source or "",
    )


def _describe_misfits(plan: ColumnPlan, column: Column) -> Iterable[str]:
    """Yield keys that a column of this kind cannot have, and a unit that cannot be converted."""
    for key, kind in KEYS_OF_KIND.items():
        if getattr(plan, key) is not None and column.kind != kind:
            yield f"{key}: only a {kind} can have it, the column is a {column.kind}"
            return
    units = known_units(column.unit)
    if plan.unit_in_file is not None and plan.unit_in_file not in units:
        known = ", ".join(units) or "none, as the column has no unit"
        yield f"unit_in_file: must be a known unit, got {plan.unit_in_file!r}; known: {known}"


def _build_recode(recode: Mapping[str, Code], column: Column) -> tuple[dict[str, float | str], tuple[str, ...]]:
    """Return the codes with targets of the column's kind, and what is wrong with them."""
    if recode and column.kind == "date":
        return {}, ("recode: a date cannot have codes; use date_format and missing",)
    made: dict[str, float | str] = {}
    faults = []
    for text, given in recode.items():
        fault = _target_fault(given, column)
        if fault:
            faults.append(f"recode: the code {text!r} must become {fault}, got {given!r}")
        else:
            made[text.strip()] = str(given) if column.kind in ("category", "identifier") else float(given)
    return made, tuple(faults)


def _constant_faults(plan: ColumnPlan, column: Column) -> Iterable[str]:
    """Yield why a column cannot have one value in all rows."""
    if plan.constant is None:
        return
    if column.kind not in ("category", "identifier"):
        yield f"constant: only a category or an identifier can have it, the column is a {column.kind}"
    elif fault := _target_fault(plan.constant, column):
        yield f"constant: must be {fault}, got {plan.constant!r}"
    if plan.header is not None:
        yield "constant: must stand without a header, as no column of the file is read"


def _target_fault(given: Code, column: Column) -> str:
    """Return what a code should become, or an empty string where it does."""
    if column.kind == "category" and given not in column.levels:
        return f"one of the levels {', '.join(column.levels)}"
    if column.kind == "flag" and (isinstance(given, str) or given not in (0, 1)):
        return "0 or 1"
    if column.kind == "number" and (isinstance(given, (str, bool))):
        return "a number"
    if column.kind == "identifier" and not isinstance(given, str):
        return "a text"
    return ""
