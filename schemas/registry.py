"""A registry: valid by construction, its faulty rows quarantined with reasons, never lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.column import Column
from schemas.columns import COLUMNS
from schemas.convert import Converted, convert_column
from schemas.definition import Definition, read_definition
from schemas.derivations import Derived, derive_columns
from schemas.dictionary.identity import BIRTH_DATE
from schemas.duplicates import Duplicates, find_duplicates
from schemas.errors import DataError, DefinitionError, unknown_name
from schemas.fault import OPERATIONS, Fault
from schemas.fingerprint import compute_fingerprint
from schemas.headers import describe_ignored, match_headers
from schemas.linking import RawData, read_raw
from schemas.long_tables import Linked, link_long, quarantine_orphans
from schemas.mapping import SourceColumn
from schemas.prepared import Prepared
from schemas.quarantine import WHOLE_COLUMN, list_faults, mark_faulty, quarantine_rows, tabulate_faults
from schemas.raw import find_blank_rows
from schemas.rules import find_broken_rules
from schemas.sources import SOURCES
from schemas.validation import describe_range, find_faults


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
        SHA-256 of what was read, in hex: typed columns, long tables and quarantined rows.
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

    @property
    def n_quarantined(self) -> int:
        """Number of faulty rows in all tables."""
        return len(self.quarantine) + sum(len(rows) for rows in self.further_quarantine.values())


def read_registry(data: str | Path | pd.DataFrame, definition: str | Path | Definition = "lumbar") -> Registry:
    """Read and validate registry data.

    Parameters
    ----------
    data
        A file (`schemas.readers`), a folder, a database URL, or a data frame; one row per index operation, unless the
        definition says which further tables there are.
    definition
        A built-in name (lumbar, cervical, deformity, nsqip), the path of a TOML file, or a definition.

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
    raw = read_raw(data, definition)
    ready = _prepare(raw, definition)
    found = match_headers(list(ready.table.columns), definition, raw.source)
    converted = {name: convert_column(ready.table[at.header], at, definition.file) for name, at in found.items()}
    if ready.label_rule:
        converted = {name: _reword(column, found[name], ready.label_rule) for name, column in converted.items()}
    constants = {name: at for name, at in definition.sources.items() if at.constant is not None}
    columns = {name: at.column for name, at in {**found, **constants}.items()}
    series = {name: column.values for name, column in converted.items()}
    series |= {name: pd.Series(at.constant, raw.table.index, dtype="str") for name, at in constants.items()}
    values = pd.DataFrame(series, index=raw.table.index, copy=False)
    linked = link_long(raw, values, definition)
    whole = derive_columns(values.join(linked.wide), {**columns, **linked.columns}, definition)
    twice = find_duplicates(raw.table, whole.values, whole.columns)
    faults = [*_find_blank(raw.table, whole.columns), *_collect_faults(whole, converted, linked, twice)]
    _refuse_whole_columns(faults, converted, found, raw.source)
    ignored = describe_ignored(list(ready.table.columns), definition)
    notes = (*raw.notes, *ready.notes, *linked.notes, *whole.notes, *twice.notes, *ignored)
    return _split(raw, linked, whole, faults, definition, notes)


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


def _prepare(raw: RawData, definition: Definition) -> Prepared:
    """Make the rows of a source that needs logic ready; what goes to quarantine is the file's own rows."""
    if definition.source is None:
        return Prepared(table=raw.table)
    if definition.source not in SOURCES:
        raise DefinitionError(unknown_name("the source of a definition", definition.source, SOURCES))
    return SOURCES[definition.source].prepare(raw.table)


def _reword(converted: Converted, at: SourceColumn, rule: str) -> Converted:
    """Say of labels what the source's file must have."""
    if converted.fault is None or at.column.kind not in ("flag", "category"):
        return converted
    return replace(converted, fault=replace(converted.fault, rule=rule))


def _find_blank(table: pd.DataFrame, columns: Mapping[str, Column]) -> list[Fault]:
    """Find rows without any value, which are of nobody; the fault is said of the first column."""
    positions = find_blank_rows([table[header] for header in table])
    rule = "must stand in a row that holds something"
    return [Fault(column=next(iter(columns)), rule=rule, positions=positions)] if len(positions) else []


def _collect_faults(
    whole: Derived, converted: Mapping[str, Converted], linked: Linked, twice: Duplicates
) -> list[Fault]:
    """Return all faults of operations by column: of conversion, of one column, of several, of tables, of rows."""
    faults = [column.fault for column in converted.values() if column.fault]
    faults += find_faults(whole.values, whole.columns)
    faults += find_broken_rules(whole.values, whole.columns, whole.own)
    faults += [fault for fault in linked.faults if fault.table == OPERATIONS]
    faults += twice.faults
    order = {name: position for position, name in enumerate(whole.columns)}
    return sorted(faults, key=lambda fault: order[fault.column])


def _refuse_whole_columns(
    faults: Sequence[Fault], converted: Mapping[str, Converted], found: Mapping[str, SourceColumn], source: str
) -> None:
    lines = []
    for name, group in groupby(faults, key=lambda fault: fault.column):
        if name not in converted:
            continue
        rules, present = list(group), converted[name].present
        n = int(present.sum())
        if n >= WHOLE_COLUMN and mark_faulty(rules, len(present))[present].all():
            broken = " and ".join(fault.rule for fault in rules)
            lines.append(f"  column {name!r} (header {found[name].header!r}) {broken}; none of its {n} values is")
    if lines:
        raise DataError(
            f"{source}: must have usable values in each of its columns:\n"
            + "\n".join(lines)
            + "\ncheck the header, codes, missing codes, unit and decimal sign of the column in the definition"
        )


def _split(
    raw: RawData,
    linked: Linked,
    whole: Derived,
    faults: Sequence[Fault],
    definition: Definition,
    notes: Sequence[str],
) -> Registry:
    """Put the rows without a fault into the registry, and the others into quarantine."""
    n = len(raw.table)
    valid = ~mark_faulty(faults, n)
    if not valid.any():
        raise DataError(f"{raw.source}: must have one valid row at least, all {n} are faulty:\n" + list_faults(faults))
    frame, columns = _finish(whole.values, whole.columns, valid)
    quarantine = quarantine_rows(raw.table, faults, definition.file)
    orphans = quarantine_orphans(raw, linked, ~valid, definition)
    further = _join_quarantines(raw.quarantine, linked.quarantine, orphans)
    long = [_of_valid(rows, valid, frame["row_id"]) for rows in (linked.visits, linked.levels, linked.events)]
    return Registry(
        frame=frame,
        definition=definition,
        columns=columns,
        source=raw.source,
        fingerprint=compute_fingerprint(frame, *long, quarantine, *further.values()),
        n_read=n,
        faults=tabulate_faults(
            [*faults, *raw.faults, *(fault for fault in linked.faults if fault.table != OPERATIONS)]
        ),
        quarantine=quarantine,
        warnings=(
            *notes,
            *_patientless_rows(whole.values, valid),
            *_doubtful_values(frame, columns),
        ),
        visits=long[0],
        levels=long[1],
        events=long[2],
        tables=_count_tables(raw.files, {OPERATIONS: quarantine, **further}),
        further_quarantine=further,
        synthetic=definition.synthetic,
    )


def _finish(
    values: pd.DataFrame, columns: Mapping[str, Column], valid: npt.NDArray[np.bool_]
) -> tuple[pd.DataFrame, dict[str, Column]]:
    """Put ``row_id`` and ``patient`` in front of the valid rows, and the year behind where only the date is known."""
    columns = {name: column for name, column in columns.items() if name != BIRTH_DATE}
    kept = values if valid.all() else values[valid]
    row_id = pd.Series(np.flatnonzero(valid) + 1, index=kept.index).astype("str")
    patient = kept["patient"].fillna(_stand_in(row_id)) if "patient" in kept else row_id
    parts = [pd.DataFrame({"row_id": row_id, "patient": patient})]
    parts.append(kept.drop(columns=["patient", BIRTH_DATE], errors="ignore"))
    if "operation_date" in columns and "year" not in columns:
        parts.append(kept["operation_date"].dt.year.astype("float64").rename("year").to_frame())
        columns["year"] = COLUMNS["year"]
    frame = pd.concat(parts, axis=1)
    return frame.reset_index(drop=True), columns


def _stand_in(row_id: pd.Series) -> pd.Series:
    """Return the patients of rows that name none; no text of a file begins with a space: nobody else is called so."""
    return " row " + row_id


def _join_quarantines(*quarantines: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the faulty rows of the further tables, by table and by the number of the row."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for quarantine in quarantines:
        for name, rows in quarantine.items():
            parts.setdefault(name, []).append(rows)
    joined = {name: pd.concat(rows, ignore_index=True) for name, rows in parts.items()}
    return {
        name: rows.sort_values("row_id", key=lambda ids: ids.astype("int64"), ignore_index=True)
        for name, rows in joined.items()
    }


def _count_tables(files: pd.DataFrame, quarantines: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    n_quarantined = [len(quarantines.get(name, ())) for name in files["table"]]
    return files.assign(n_valid=files["n_read"] - n_quarantined, n_quarantined=n_quarantined)


def _of_valid(rows: pd.DataFrame, valid: npt.NDArray[np.bool_], row_id: pd.Series) -> pd.DataFrame:
    """Return the long rows of the valid operations, with the operation's ``row_id`` in front."""
    if rows.empty:
        return rows
    of_operation = pd.Series(row_id.to_numpy(), index=np.flatnonzero(valid))
    kept = rows[valid[rows["position"].to_numpy()]].reset_index(drop=True)
    numbered: pd.DataFrame = kept.assign(row_id=kept["position"].map(of_operation))
    return numbered[["row_id", *rows.columns.drop("position")]]


def _patientless_rows(values: pd.DataFrame, valid: npt.NDArray[np.bool_]) -> list[str]:
    count = int((values["patient"].isna() & valid).sum()) if "patient" in values else 0
    told = f"column 'patient': {count} of {valid.sum()} rows have none; each counts as a patient of its own"
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
