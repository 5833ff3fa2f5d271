"""Rows that stand twice, and patients who seem to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from schemas.column import Column
from schemas.fault import Fault


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """Faults, and what was noticed where nobody can say that it is one."""

    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def find_duplicates(table: pd.DataFrame, values: pd.DataFrame, columns: Mapping[str, Column]) -> Duplicates:
    """Find rows of the raw `table` that repeat an earlier one, and patients with two rows for one operation."""
    return Duplicates()
