"""Rows that stand twice, and patients who seem to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.column import Column
from schemas.fault import Fault

NAMING = ("patient", "operation")
"""Columns that make two equal rows one row entered twice; without them two people may be alike."""

PERSON = ("birth_date", "sex", "operation_date")

WHAT = (
    "upper_level", "lower_level", "upper_vertebra", "lower_vertebra", "operated_side", "planned_approach",
    "planned_procedure", "planned_cervical_procedure", "planned_fusion_technique", "procedure", "cpt_code",
)  # fmt: skip
"""Level, side and procedure: what tells two operations of a day from one that stands twice."""

AT_ONCE = 8
"""Columns that are hashed before the rows that are unique by then are left out."""

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""An odd number whose bits are spread (2**64 by the golden ratio)."""


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """Faults, and what was noticed where nobody can say that it is one."""

    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def find_duplicates(table: pd.DataFrame, values: pd.DataFrame, columns: Mapping[str, Column]) -> Duplicates:
    """Find rows of the raw `table` that repeat an earlier one, and patients with two rows for one operation.

    Parameters
    ----------
    table
        Raw table (`schemas.raw`), shape (n, p).
    values
        Its typed columns, n rows in the same order.
    columns
        Their dictionary entries.

    Returns
    -------
    Duplicates
        Faults: rows that repeat an earlier one, where the file names patients or operations; all rows that share an
        operation's identifier, and all rows of a patient that share an operation date, where they are no repeats,
        unless each has an identifier of its own and they differ in level, side or procedure.
        Notes: equal rows of nobody, several operations of a patient on a day, and patients of different names with the
        same birth date, sex and operation date.
    """
    repeats = find_repeats(table)
    naming = next((name for name in NAMING if name in columns), None)
    same_day = _find_several_a_day(values, columns, repeats)
    distinct = _are_told_apart(values, columns, same_day)
    several = same_day[~distinct]
    twice = _find_shared_operation(values, repeats)
    faults = []
    if len(twice):
        faults.append(Fault(column="operation", rule="must stand in one row only", positions=twice))
    if naming is not None and len(repeats):
        faults.append(Fault(column=naming, rule="must not repeat an earlier row, cell by cell", positions=repeats))
    if len(several):
        rule = "must be one row per operation; the patient has others of the same day"
        faults.append(Fault(column="operation_date", rule=rule, positions=several))
    notes = [
        *_note_equal_rows(repeats, naming),
        *_note_several_a_day(int(distinct.sum())),
        *_note_two_names(values, columns),
    ]
    return Duplicates(faults=tuple(faults), notes=tuple(notes))


def find_repeats(table: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the positions of rows that are equal to an earlier one in every cell, increasing.

    Examples
    --------
    >>> find_repeats(pd.DataFrame({"a": ["x", "y", "x"], "b": [1.0, 2.0, 1.0]})).tolist()
    [2]
    """
    left: npt.NDArray[np.intp] = np.arange(len(table), dtype=np.intp)
    key: npt.NDArray[np.uint64] = np.zeros(len(table), dtype=np.uint64)
    for start in range(0, table.shape[1], AT_ONCE):
        for place in range(start, min(start + AT_ONCE, table.shape[1])):
            key = np.asarray(key * MULTIPLIER + _hash(table.iloc[left, place]), dtype=np.uint64)
        alike = pd.Series(key).duplicated(keep=False).to_numpy()
        left, key = left[alike], key[alike]
        if not len(left):
            return left
    # rows of one hash may differ all the same
    return np.asarray(left[table.iloc[left].duplicated().to_numpy()], dtype=np.intp)


def _hash(column: pd.Series) -> npt.NDArray[np.uint64]:
    """Return a hash of each cell; adding 0 makes 0.0 of -0.0, which not every version of pandas hashes alike."""
    plain = column + 0.0 if column.dtype == "float64" else column
    return np.asarray(pd.util.hash_pandas_object(plain, index=False), dtype=np.uint64)


def _find_shared_operation(values: pd.DataFrame, repeats: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Find rows of one operation that differ, so that nobody knows which is right."""
    if "operation" not in values:
        return np.array([], dtype=np.intp)
    asked = values["operation"].notna().to_numpy(copy=True)
    asked[repeats] = False
    return np.asarray(np.flatnonzero(asked)[values.loc[asked, "operation"].duplicated(keep=False)], dtype=np.intp)


def _find_several_a_day(
    values: pd.DataFrame, columns: Mapping[str, Column], repeats: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    if not {"patient", "operation_date"} <= set(columns):
        return np.array([], dtype=np.intp)
    day = values["operation_date"].dt.normalize()
    asked = (values["patient"].notna() & day.notna()).to_numpy(copy=True)
    asked[repeats] = False
    pairs = pd.DataFrame({"patient": values["patient"], "day": day})[asked]
    return np.asarray(np.flatnonzero(asked)[pairs.duplicated(keep=False).to_numpy()], dtype=np.intp)


def _are_told_apart(
    values: pd.DataFrame, columns: Mapping[str, Column], rows: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_]:
    """Mark those of `rows` that are operations of their own: they differ from the patient's others of the day.

    A row does where all rows of the day have identifiers of their own, some column of `WHAT` has two values among them,
    and the row says something in these columns that no other row says in all of them alike.
    """
    asked = [name for name in WHAT if name in columns]
    if "operation" not in columns or not asked or not len(rows):
        return np.zeros(len(rows), dtype=np.bool_)
    day = ["patient", "operation_date"]
    held = values.iloc[rows][[*day, "operation", *asked]].reset_index(drop=True)
    held["operation_date"] = held["operation_date"].dt.normalize()
    unnamed = held["operation"].isna() | held["operation"].duplicated(keep=False)
    groups = held.groupby(day, sort=False)
    named = ~unnamed.groupby([held[name] for name in day], sort=False).transform("any")
    differ = (groups[asked].transform("nunique") > 1).any(axis=1)
    own = held[asked].notna().any(axis=1) & ~held.duplicated([*day, *asked], keep=False)
    return (named & differ & own).to_numpy(dtype=np.bool_)


def _note_several_a_day(count: int) -> list[str]:
    told = f"{count} rows are of a patient with another operation of the same day, of its own identifier and another"
    return [f"{told} level, side or procedure; kept, please check whether they are one"] if count else []


def _note_equal_rows(repeats: npt.NDArray[np.intp], naming: str | None) -> list[str]:
    if naming is not None or not len(repeats):
        return []
    told = (
        f"{len(repeats)} rows are equal to an earlier one in every cell; kept, as the file names neither patients nor"
    )
    return [f"{told} operations, and two people may be alike"]


def _note_two_names(values: pd.DataFrame, columns: Mapping[str, Column]) -> list[str]:
    if not {"patient", *PERSON} <= set(columns):
        return []
    people = values[["patient", *PERSON]].dropna().drop_duplicates()
    count = int(people.duplicated(list(PERSON), keep=False).sum())
    told = (
        f"{count} patients have the birth date, sex and operation date of another one; kept, please check whether they"
    )
    return [f"{told} are one person under two names"] if count else []
