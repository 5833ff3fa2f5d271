"""A registry: valid by construction, its faulty rows quarantined with reasons, never lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.column import Column
from schemas.columns import COLUMNS
from schemas.convert import Converted, Fault, convert_column
from schemas.definition import Definition, read_definition
from schemas.errors import DataError, suggest
from schemas.mapping import SourceColumn
from schemas.readers import compute_fingerprint, frame_as_text, read_table
from schemas.validation import describe_range, find_faults

SHOWN_ROWS = 20
SHOWN_HEADERS = 40
SHOWN_FAULTS = 20
WHOLE_COLUMN = 20
"""From so many values on, a column without one usable value means a wrong definition, not slips in some rows."""

FAULTS = ("column", "rule", "count", "rows")
"""Columns of the table of faults; rows are numbers of data rows from 1."""


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Validated registry data.

    Attributes
    ----------
    frame
        One row per index operation with a RangeIndex: ``row_id`` (number of the data row in the file, from 1, as
        text), ``patient``, then the canonical columns: float64 (number; flag, 0 and 1), str (category, identifier)
        or datetime64 (date); unknown is missing.
    definition
        How the file was read.
    columns
        Dictionary entries of the columns in `frame`.
    source
        Name of the file without its folder, or "data frame".
    fingerprint
        SHA-256 of headers and texts, in hex.
    n_read
        Number of data rows; `frame` and `quarantine` add up to it.
    faults
        Columns ``column, rule, count, rows``; never values.
    quarantine
        Faulty rows: ``row_id``, ``reasons``, then the texts of the file. Patient data.
    warnings
        Ignored headers, implausible and wholly missing columns; never values.
    visits, levels, events
        Rows of an export's further tables that belong to a valid operation: ``row_id``, then typed columns
        (`schemas.long_tables`); without rows where the export has no such table.
    tables
        Columns ``table, file, sha256, n_read, n_valid, n_quarantined``: what was read; the first row is the operations.
    further_quarantine
        Faulty rows of the further tables by the table's name, shaped like `quarantine`. Patient data.
    truth
        Of simulated data: ``row_id`` and the true risk of each outcome in [0, 1]; else None.
    synthetic
        Whether the data are simulated.
    """

    frame: pd.DataFrame = field(repr=False)
    definition: Definition = field(repr=False)
    columns: dict[str, Column] = field(repr=False)
    source: str
    fingerprint: str
    n_read: int
    faults: pd.DataFrame
    quarantine: pd.DataFrame = field(repr=False)
    warnings: tuple[str, ...]
    visits: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    levels: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    events: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    tables: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    further_quarantine: Mapping[str, pd.DataFrame] = field(repr=False, default_factory=dict)
    truth: pd.DataFrame | None = field(default=None, repr=False)
    synthetic: bool = False


def read_registry(data: str | Path | pd.DataFrame, definition: str | Path | Definition = "lumbar") -> Registry:
    """Read and validate registry data.

    Parameters
    ----------
    data
        A CSV (plain, .gz, .zip), Parquet or Excel file, or a data frame; one row per index operation.
    definition
        A built-in name (lumbar, cervical, deformity), the path of a TOML file, or a definition.

    Returns
    -------
    Registry
        Valid rows, and the others in quarantine with their reasons.

    Raises
    ------
    DataError
        If the file cannot be read, lacks a required column, holds a column without one usable value, or has no
        valid row. No message carries a value.
    DefinitionError
        If the definition cannot be used.

    Notes
    -----
    A row with one fault in any column is quarantined as a whole. Missing values are no faults. Rows of one patient
    are kept together by ``patient``; where the file has no patient, or none in a row, that row is its own patient.

    Examples
    --------
    >>> table = pd.DataFrame({"patient": ["a", "b"], "age": [61, 140], "sex": ["female", "male"]})
    >>> read_registry(table, "lumbar").faults[["column", "rule", "rows"]].values.tolist()
    [['age', 'must be within 0 to 110', '2']]
    """
    if not isinstance(definition, Definition):
        definition = read_definition(definition)
    if isinstance(data, pd.DataFrame):
        table, source = frame_as_text(data, definition.file), "data frame"
    else:
        table, source = read_table(data, definition.file), Path(data).name
    found = match_headers(list(table.columns), definition, source)
    converted = {name: convert_column(table[at.header], at, definition.file) for name, at in found.items()}
    columns = {name: at.column for name, at in found.items()}
    values = pd.DataFrame({name: column.values for name, column in converted.items()}, index=table.index)
    faults = _collect_faults(values, columns, converted)
    _refuse_whole_columns(faults, converted, found, source)
    reasons = _reasons(faults, len(table))
    valid = reasons == ""
    if not valid.any():
        raise DataError(f"{source}: must have one valid row at least, all {len(table)} are faulty:\n" + _lines(faults))
    frame, columns = _finish(values, columns, valid.to_numpy())
    return Registry(
        frame=frame,
        definition=definition,
        columns=columns,
        source=source,
        fingerprint=compute_fingerprint(table),
        n_read=len(table),
        faults=_fault_table(faults),
        quarantine=_quarantine(table, reasons[~valid]),
        warnings=(
            *_ignored_headers(table, definition),
            *_patientless_rows(values[valid]),
            *_doubtful_values(frame, columns),
        ),
        synthetic=definition.synthetic,
    )


def recorded_identifiers(registry: Registry) -> pd.DataFrame:
    """Return whose rows they are, as the file says it.

    Returns
    -------
    DataFrame
        One row per valid row: ``row_id``, and ``patient`` and ``operation`` where the file has them; missing where it
        names none, never the stand-in of `Registry.frame`.
    """
    recorded = [name for name in ("patient", "operation") if name in registry.columns]
    made = registry.frame[["row_id", *recorded]].copy()
    if "patient" in recorded:
        made["patient"] = made["patient"].mask(made["patient"] == _stand_in(made["row_id"]))
    return made


def match_headers(headers: Sequence[str], definition: Definition, source: str) -> dict[str, SourceColumn]:
    """Return the columns that the file has, in the definition's order.

    Raises
    ------
    DataError
        Naming every required column whose header is absent, each with the nearest header of the file.
    """
    found = {name: at for name, at in definition.sources.items() if at.header in headers}
    absent = [at for name, at in definition.sources.items() if name not in found and not at.optional]
    if absent:
        taken = {at.header for at in found.values()}
        free = [header for header in headers if header not in taken]
        lines = [
            f"  column {at.column.name!r} must be in the file under the header {at.header!r}; not found"
            f"{_nearest_header(at.header, free)}"
            for at in absent
        ]
        raise DataError(
            f"{source}: must have the columns that the definition {definition.name!r} requires:\n"
            + "\n".join(lines)
            + _separator_hint(headers)
        )
    if not found:
        raise DataError(
            f"{source}: must have a header of the definition {definition.name!r} at least, got none of them; the first "
            f"row must be headers{_separator_hint(headers)}"
        )
    return found


def _nearest_header(header: str, headers: Sequence[str]) -> str:
    return suggest(header, headers).replace("nearest is", "nearest header is")


def _separator_hint(headers: Sequence[str]) -> str:
    if len(headers) > 1 or not any(sign in headers[0] for sign in ";,\t|"):
        return ""
    return "\nthe file seems to have one column only; state its separator under [file] separator in the definition"


def _collect_faults(
    values: pd.DataFrame, columns: Mapping[str, Column], converted: Mapping[str, Converted]
) -> list[Fault]:
    """Return all faults in the order of the columns, those of conversion first."""
    faults = [column.fault for column in converted.values() if column.fault]
    faults += find_faults(values, columns)
    order = list(columns)
    return sorted(faults, key=lambda fault: order.index(fault.column))


def _refuse_whole_columns(
    faults: Sequence[Fault], converted: Mapping[str, Converted], found: Mapping[str, SourceColumn], source: str
) -> None:
    lines = []
    for name, group in groupby(faults, key=lambda fault: fault.column):
        rules = list(group)
        count, present = sum(len(fault.positions) for fault in rules), converted[name].present
        if count == present.sum() and (count == len(present) or count >= WHOLE_COLUMN):
            broken = " and ".join(fault.rule for fault in rules)
            lines.append(f"  column {name!r} (header {found[name].header!r}) {broken}; none of its {count} values is")
    if lines:
        raise DataError(
            f"{source}: must have usable values in each of its columns:\n"
            + "\n".join(lines)
            + "\ncheck the header, codes, missing codes, unit and decimal sign of the column in the definition"
        )


def _reasons(faults: Sequence[Fault], n: int) -> pd.Series:
    """Return the reasons of each row, blank for a valid one."""
    reasons: list[list[str]] = [[] for _ in range(n)]
    for fault in faults:
        for position in fault.positions:
            reasons[position].append(f"{fault.column}: {fault.rule}")
    return pd.Series(["; ".join(row) for row in reasons], dtype="str")


def _finish(
    values: pd.DataFrame, columns: Mapping[str, Column], valid: npt.NDArray[np.bool_]
) -> tuple[pd.DataFrame, dict[str, Column]]:
    """Put ``row_id`` and ``patient`` in front of the valid rows, and the year behind where only the date is known."""
    columns = dict(columns)
    row_id = _row_ids(values.index)
    if "patient" in values:
        patient = values["patient"].fillna(_stand_in(row_id))
        values = values.drop(columns="patient")
    else:
        patient = row_id
    frame = pd.concat([row_id.rename("row_id"), patient.rename("patient"), values], axis=1)
    if "operation_date" in columns and "year" not in columns:
        frame["year"] = frame["operation_date"].dt.year.astype("float64")
        columns["year"] = COLUMNS["year"]
    return frame[valid].reset_index(drop=True), columns


def _stand_in(row_id: pd.Series) -> pd.Series:
    """Return the patients of rows that name none; without a prefix a row number could be another's identifier."""
    return "row " + row_id


def _row_ids(index: pd.Index) -> pd.Series:
    return pd.Series(np.arange(1, len(index) + 1), index=index).astype("str")


def _fault_table(faults: Sequence[Fault]) -> pd.DataFrame:
    rows = [(fault.column, fault.rule, len(fault.positions), _row_numbers(fault)) for fault in faults]
    return pd.DataFrame(rows, columns=list(FAULTS))


def _row_numbers(fault: Fault) -> str:
    shown = ", ".join(str(position + 1) for position in fault.positions[:SHOWN_ROWS])
    return shown + (", ..." if len(fault.positions) > SHOWN_ROWS else "")


def _lines(faults: Sequence[Fault]) -> str:
    lines = [
        f"  {fault.column}: {fault.rule} (rows at fault: {len(fault.positions)})" for fault in faults[:SHOWN_FAULTS]
    ]
    return "\n".join([*lines, "  ..."] if len(faults) > SHOWN_FAULTS else lines)


def _quarantine(table: pd.DataFrame, reasons: pd.Series) -> pd.DataFrame:
    raw = table.loc[reasons.index].rename(columns={name: f"{name} (file)" for name in ("row_id", "reasons")})
    row_id = _row_ids(table.index).loc[reasons.index].rename("row_id")
    return pd.concat([row_id, reasons.rename("reasons"), raw], axis=1).reset_index(drop=True)


def _ignored_headers(table: pd.DataFrame, definition: Definition) -> list[str]:
    known = {at.header for at in definition.sources.values()}
    absent = known - set(table.columns)
    unknown = [header for header in table.columns if header not in known]
    near = {header: suggest(header, absent) for header in unknown}
    warnings = [
        f"header {header!r} is not in the definition {definition.name!r} and is ignored{hint}"
        for header, hint in near.items()
        if hint
    ]
    others = [header for header, hint in near.items() if not hint]
    if others:
        shown = ", ".join(repr(header) for header in others[:SHOWN_HEADERS])
        more = f", ... ({len(others)} in all)" if len(others) > SHOWN_HEADERS else ""
        warnings.append(f"headers that are not in the definition {definition.name!r} and are ignored: {shown}{more}")
    return warnings


def _patientless_rows(values: pd.DataFrame) -> list[str]:
    count = int(values["patient"].isna().sum()) if "patient" in values else 0
    told = f"column 'patient': {count} of {len(values)} rows have none; each counts as a patient of its own"
    return [told] if count else []


def _doubtful_values(frame: pd.DataFrame, columns: Mapping[str, Column]) -> list[str]:
    warnings = []
    for name, column in columns.items():
        if frame[name].isna().all():
            warnings.append(f"column {name!r} is missing in every valid row")
        if column.plausible is not None:
            low, high = column.plausible
            count, known = int(((frame[name] < low) | (frame[name] > high)).sum()), int(frame[name].notna().sum())
            if count:
                rule = f"outside the plausible range of {describe_range(column.plausible)}"
                warnings.append(f"column {name!r}: {count} of {known} values {rule}; kept, please check")
    return warnings
