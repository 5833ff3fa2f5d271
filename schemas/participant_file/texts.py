"""Texts of an ACS NSQIP participant use file: looked at once per unique text, never once per row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.raw import as_text

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

MISSING = frozenset(
    {
        "",
        ".",
        "-99",
        "-99.0",
        "-99.00",
        "na",
        "n/a",
        "nan",
        "null",
        "none assigned",
        "u",
        "unknown",
        "unknown/not reported",
    }
)
"""Folded texts that say nothing; where -99 says that something did not happen, the caller looks before."""

NOT_OCCURRED = frozenset({"-99", "-99.0", "-99.00", "null"})
"""Folded texts of a day or a count that stand for: did not happen by day 30."""

YES, NO = frozenset({"yes", "y"}), frozenset({"no", "n"})


def fold(text: str) -> str:
    """Return a text in small letters with single spaces, as labels are compared."""
    return " ".join(text.casefold().split())


def is_missing(folded: str) -> bool:
    """Tell whether a folded text says nothing."""
    return folded in MISSING


@dataclass(frozen=True, kw_only=True)
class Coded:
    """A column as its unique texts and, for each row, the number of its text."""

    codes: npt.NDArray[np.intp]
    unique: tuple[str, ...]

    def mark(self, test: Callable[[str], bool]) -> BoolArray:
        """Return the rows whose folded text passes the test, shape (n,)."""
        return np.array([test(fold(text)) for text in self.unique], dtype=np.bool_)[self.codes]

    def among(self, folded: Collection[str]) -> BoolArray:
        """Return the rows whose folded text is one of these, shape (n,)."""
        return self.mark(folded.__contains__)

    def spread(self, made: Sequence[str]) -> pd.Series:
        """Return texts of shape (n,), given one for each unique text."""
        return pd.Series(made, dtype="str").take(self.codes).reset_index(drop=True)

    def numbers(self) -> FloatArray:
        """Return the numbers, NaN for missing and for what is no number."""
        texts = pd.Series(["" if is_missing(fold(text)) else text for text in self.unique], dtype="str")
        return pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)[self.codes]


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A column that says yes or no.

    Attributes
    ----------
    values
        1, 0, or NaN for unknown, shape (n,).
    texts
        The same as texts of a raw table, and `UNKNOWN_LABEL` for a text that is no known label.
    faulty
        Rows with such a text.
    """

    values: FloatArray
    texts: pd.Series
    faulty: BoolArray

    def without(self, rows: BoolArray) -> Flag:
        """Return the flag with 0 in these rows."""
        return Flag(
            values=np.where(rows, 0.0, self.values), texts=self.texts.mask(rows, "0"), faulty=self.faulty & ~rows
        )


@dataclass(frozen=True, kw_only=True)
class Part:
    """Columns of a raw table by header, and what was noticed."""

    columns: Mapping[str, pd.Series] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PufTable:
    """A raw table with headers in capitals."""

    table: pd.DataFrame

    def has(self, header: str) -> bool:
        """Tell whether the file has the column."""
        return header in self.table.columns

    def present(self, headers: Collection[str]) -> list[str]:
        """Return those of the headers that the file has."""
        return [header for header in headers if header in self.table.columns]

    def coded(self, header: str) -> Coded:
        """Return a column by its unique texts; one of blanks where the file lacks it."""
        if not self.has(header):
            return Coded(codes=np.zeros(len(self.table), dtype=np.intp), unique=("",))
        codes, unique = pd.factorize(as_text(self.table[header]))
        return Coded(codes=codes, unique=tuple(unique))

    def flag(self, header: str, yes: Collection[str] = YES, no: Collection[str] = NO) -> Flag:
        """Return a column of labels as yes and no; `yes` and `no` are folded texts."""
        coded = self.coded(header)
        texts = [_flag_text(fold(text), yes, no) for text in coded.unique]
        values = np.array([float(text) if text in ("0", "1") else np.nan for text in texts], dtype=np.float64)
        faulty = np.array([text == UNKNOWN_LABEL for text in texts], dtype=np.bool_)
        return Flag(values=values[coded.codes], texts=coded.spread(texts), faulty=faulty[coded.codes])

    def numbers(self, header: str) -> pd.Series:
        """Return a column of numbers as raw, missing where -99 or a word for missing stands."""
        raw = self.table[header]
        if pd.api.types.is_float_dtype(raw.dtype):
            return raw.mask(raw == -99.0)
        texts = as_text(raw)
        return texts.mask(texts.isin(NUMBERLESS), "")


UNKNOWN_LABEL = "an unknown label"
"""Stands where the file's text is none of the labels of all years; as no level and no flag it is a fault of its row.

The text itself cannot stand: "No" or "1" where a label should be would be read as one.
"""

NUMBERLESS = sorted({made for text in MISSING for made in (text, text.upper(), text.capitalize())} | {"NaN"})
"""Texts that stand for a missing number, in the letters in which files have them."""


def _flag_text(folded: str, yes: Collection[str], no: Collection[str]) -> str:
    if folded in yes:
        return "1"
    if folded in no:
        return "0"
    return "" if is_missing(folded) else UNKNOWN_LABEL


def flag_texts(values: FloatArray) -> pd.Series:
    """Return 1, 0 and NaN as texts of a raw table, shape (n,)."""
    places = np.where(np.isnan(values), 2, np.where(values == 1, 1, 0))
    return pd.Series(["0", "1", ""], dtype="str").take(places).reset_index(drop=True)


def any_of(parts: Sequence[FloatArray]) -> FloatArray:
    """Combine flags: 1 where any is 1, 0 where all are 0, else NaN; shape (n,)."""
    values = np.stack(parts)
    return np.where((values == 1).any(axis=0), 1.0, np.where((values == 0).all(axis=0), 0.0, np.nan))


def with_faults(texts: pd.Series, flags: Sequence[Flag]) -> pd.Series:
    """Put an unknown label of any of these flags into the cells that were made of them."""
    faulty = np.logical_or.reduce([flag.faulty for flag in flags])
    return texts.mask(faulty, UNKNOWN_LABEL) if faulty.any() else texts


def count_rows(rows: BoolArray) -> str:
    """Return a number of rows in words."""
    n = int(rows.sum())
    return "1 row" if n == 1 else f"{n} rows"
