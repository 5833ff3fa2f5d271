"""One column that is computed from others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

import pandas as pd

from schemas.column import Column


@dataclass(frozen=True, kw_only=True)
class Excuse:
    """Where a value of the file that is not the derived one is no fault after all, only counted.

    Attributes
    ----------
    text
        "where ...".
    holds
        Takes rows with the column, what it is made of and those of `further` that there are; marks the excused ones.
    further
        Columns that are looked at where there are any.
    """

    text: str
    holds: Callable[[pd.DataFrame], pd.Series]
    further: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """How a column of the dictionary is computed.

    Attributes
    ----------
    name
        Column of the dictionary.
    needs
        Columns that it is made of.
    text
        How, in one line.
    compute
        Takes the typed columns of `needs`, in that order, and those of `further` that there are, by name; returns one
        of shape (n,); unknown is missing.
    tolerance, share
        A value of the file may differ by `tolerance`, or by `share` of the computed one where that is more.
    binding
        Whether a value of the file that differs by more is a fault of its row; else it is only counted, as registries
        may well compute it in another way.
    excuse
        Where it is only counted all the same.
    further
        Columns that are looked at where there are any.
    column
        What it makes where the dictionary has no such column: a score of the registry's own.
    source
        Where the formula comes from.
    """

    name: str
    needs: tuple[str, ...]
    text: str
    compute: Callable[..., pd.Series]
    tolerance: float = 0.0
    share: float = 0.0
    binding: bool = False
    excuse: Excuse | None = None
    further: tuple[str, ...] = ()
    column: Column | None = None
    source: str = ""

    def compute_from(self, held: Mapping[Hashable, pd.Series] | pd.DataFrame) -> pd.Series:
        """Return the column from a table or dict with `needs` and those of `further` that there are, shape (n,)."""
        further = {name: held[name] for name in self.further if name in held}
        return self.compute(*(held[name] for name in self.needs), **further)

    def differs(self, own: pd.Series, computed: pd.Series) -> pd.Series:
        """Mark values of the file that are not the computed ones, shape (n,), bool; never where one is unknown."""
        known = own.notna() & computed.notna()
        if not pd.api.types.is_numeric_dtype(own.dtype):
            return known & own.ne(computed)
        # what differs by the tolerance itself passes, whatever the last binary digit says
        allowed = (computed.abs() * self.share).clip(lower=self.tolerance) + 1e-9
        return known & (own - computed).abs().gt(allowed)
