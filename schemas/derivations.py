"""Columns that are computed from others: what a definition's ``derive`` may name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from schemas.column import Column
from schemas.definition import Definition


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """How a column of the dictionary is computed; `compute` takes the typed columns of `needs`, in that order."""

    name: str
    needs: tuple[str, ...]
    text: str
    compute: Callable[..., pd.Series]
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Derived:
    """Typed columns with the derived ones among them, and what was noticed."""

    values: pd.DataFrame
    columns: dict[str, Column]
    notes: tuple[str, ...] = ()


ENTRIES: tuple[Derivation, ...] = ()

DERIVATIONS: dict[str, Derivation] = {entry.name: entry for entry in ENTRIES}


def derive_columns(values: pd.DataFrame, columns: Mapping[str, Column], definition: Definition) -> Derived:
    """Add the columns that the definition asks for; what the file says itself is kept, the rest is filled."""
    return Derived(values=values, columns=dict(columns))
