"""Faulty rows: which they are, why, and how they are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.fault import OPERATIONS, Fault
from schemas.plans import FilePlan
from schemas.raw import as_text

SHOWN_ROWS = 20
SHOWN_FAULTS = 20

WHOLE_COLUMN = 20
"""From so many values on, a column without one usable value means a wrong definition, not slips in some rows."""

FAULTS = ("column", "rule", "count", "rows")
"""Columns of the table of faults; rows are numbers of data rows from 1, the first `SHOWN_ROWS` of them."""

FRONT = ("row_id", "reasons")
"""What stands in front of a quarantined row's own texts."""


def mark_faulty(faults: Sequence[Fault], n: int) -> npt.NDArray[np.bool_]:
    """Tell which of `n` rows are at fault, shape (n,)."""
    faulty = np.zeros(n, dtype=np.bool_)
    for fault in faults:
        faulty[fault.positions] = True
    return faulty


def quarantine_rows(table: pd.DataFrame, faults: Sequence[Fault], plan: FilePlan) -> pd.DataFrame:
    """Return the faulty rows of a raw table as texts.

    Returns
    -------
    DataFrame
        ``row_id`` (number of the data row from 1), ``reasons`` (joined by "; "), then the columns of the file as
        texts; a column of the file that has one of these names gets " (file)" behind it. Patient data.
    """
    faulty = np.flatnonzero(mark_faulty(faults, len(table)))
    reasons: dict[int, list[str]] = {position: [] for position in faulty.tolist()}
    for fault in faults:
        reason = f"{fault.column}: {fault.rule}"
        for position in fault.positions.tolist():
            reasons[position].append(reason)
    front = {
        "row_id": [str(position + 1) for position in reasons],
        "reasons": ["; ".join(row) for row in reasons.values()],
    }
    rows = table.iloc[faulty]
    texts = {_free_name(name, table.columns): as_text(rows[name], plan.decimal).to_numpy() for name in table.columns}
    return pd.DataFrame({**front, **texts}, dtype="str")


def tabulate_faults(faults: Sequence[Fault]) -> pd.DataFrame:
    """Return the table of faults, columns `FAULTS`; a column of a further table has the table's name before it."""
    rows = [(_full_name(fault), fault.rule, len(fault.positions), number_rows(fault.positions)) for fault in faults]
    return pd.DataFrame(rows, columns=list(FAULTS))


def number_rows(positions: npt.NDArray[np.intp]) -> str:
    """Return the numbers of data rows from 1 as a person reads them: "2, 5, ..."."""
    shown = ", ".join(str(position + 1) for position in positions[:SHOWN_ROWS].tolist())
    return shown + (", ..." if len(positions) > SHOWN_ROWS else "")


def list_faults(faults: Sequence[Fault]) -> str:
    """Return the faults as lines of a message, without values."""
    lines = [
        f"  {_full_name(fault)}: {fault.rule} (rows at fault: {len(fault.positions)})"
        for fault in faults[:SHOWN_FAULTS]
    ]
    return "\n".join([*lines, "  ..."] if len(faults) > SHOWN_FAULTS else lines)


def _full_name(fault: Fault) -> str:
    return fault.column if fault.table == OPERATIONS else f"{fault.table}.{fault.column}"


def _free_name(name: str, headers: Collection[str]) -> str:
    """Return the header itself, or one that is neither in front nor another header of the file."""
    free = name
    while free in FRONT or (free != name and free in headers):
        free += " (file)"
    return free
