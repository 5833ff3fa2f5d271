"""Keys of an export's tables: which row belongs to which operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.codes import without_decimals
from schemas.errors import DataError, suggest
from schemas.fault import Fault
from schemas.raw import as_text

Codes = npt.NDArray[np.intp]

NONE = -1
"""No key, or no row with it."""
SEVERAL = -2
"""More than one row with the key."""

LEAST_MATCHED = 20
"""From so many rows on, a table of which none belongs to an operation means a wrong key, not rows without one."""


@dataclass(frozen=True, kw_only=True)
class MatchedKeys:
    """Keys of the operations and of a further table as the same numbers, `NONE` for a blank key; `n` are different."""

    operations: Codes
    table: Codes
    n: int

    def find_operation(self) -> Codes:
        """Return the operation of each row of the table: its position, `NONE` or `SEVERAL`; shape (rows,)."""
        return _look_up(_rows_by_key(self.operations, self.n), self.table)

    def find_row(self) -> Codes:
        """Return the row of the table of each operation: its position, `NONE` or `SEVERAL`; shape (operations,)."""
        return _look_up(_rows_by_key(self.table, self.n), self.operations)


def require_headers(table: pd.DataFrame, headers: Sequence[str], what: str) -> None:
    """Refuse a table without the headers that its keys, times or conditions name."""
    lacking = [header for header in headers if header not in table.columns]
    if lacking:
        lines = [f"  {header!r}; not found{suggest(header, table.columns)}" for header in lacking]
        raise DataError(f"{what} must have the headers that the definition names:\n" + "\n".join(lines))


def match_keys(
    operations: pd.DataFrame, operations_key: Sequence[str], table: pd.DataFrame, key: Sequence[str], decimal: str
) -> MatchedKeys:
    """Compare the keys of two raw tables as stripped texts, a whole number with or without decimals.

    Parameters
    ----------
    operations, table
        Raw tables.
    operations_key, key
        Headers of each, as many in both; where one is blank there is no key.
    decimal
        Decimal sign of the file.
    """
    joined = np.zeros(len(operations) + len(table), dtype=np.intp)
    blank = np.zeros(len(joined), dtype=np.bool_)
    for left, right in zip(operations_key, key, strict=True):
        texts = pd.concat([as_text(operations[left], decimal), as_text(table[right], decimal)], ignore_index=True)
        codes, is_blank = _encode(texts, decimal)
        blank |= is_blank
        joined = pd.factorize(joined * (int(codes.max(initial=0)) + 1) + codes)[0]
    joined[blank] = NONE
    n = int(joined.max(initial=-1)) + 1
    return MatchedKeys(operations=joined[: len(operations)], table=joined[len(operations) :], n=n)


def describe_key_faults(found: Codes, keyed: Codes, key: Sequence[str], table: str) -> list[Fault]:
    """Return the faults of rows that belong to no operation or to several; `keyed` is `NONE` where a key is blank."""
    rules = {
        "must be given": keyed == NONE,
        "must be the key of an operation": (found == NONE) & (keyed != NONE),
        "must be the key of one operation only": found == SEVERAL,
    }
    column = " + ".join(key)
    return [
        Fault(column=column, rule=rule, positions=np.flatnonzero(broken), table=table)
        for rule, broken in rules.items()
        if broken.any()
    ]


def refuse_unmatched(found: Codes, key: Sequence[str], operations_key: Sequence[str], table: str) -> None:
    """Refuse a table of which no row belongs to an operation."""
    if len(found) >= LEAST_MATCHED and (found == NONE).all():
        raise DataError(
            f"table {table!r}: must have rows that belong to operations, none of its {len(found)} does; check its key "
            f"({', '.join(map(repr, key))}) and that of the operations ({', '.join(map(repr, operations_key))})"
        )


def _encode(texts: pd.Series, decimal: str) -> tuple[Codes, npt.NDArray[np.bool_]]:
    """Return texts as numbers and where they are blank; 12.0, which some program made of 12, is 12."""
    codes, unique = pd.factorize(texts)
    plain = without_decimals(pd.Series(unique, dtype="str").str.strip(), decimal)
    again = pd.factorize(plain)[0]
    return again[codes], plain.eq("").to_numpy(dtype=np.bool_)[codes]


def _rows_by_key(codes: Codes, n: int) -> Codes:
    rows = np.full(n, NONE, dtype=np.intp)
    keyed = np.flatnonzero(codes != NONE)
    rows[codes[keyed]] = keyed
    rows[np.bincount(codes[keyed], minlength=n) > 1] = SEVERAL
    return rows


def _look_up(rows: Codes, codes: Codes) -> Codes:
    padded = np.append(rows, NONE)
    return np.asarray(padded[codes], dtype=np.intp)
