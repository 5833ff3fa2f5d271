"""What is wrong with a table of the registry: a rule and the rows that break it, never a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

OPERATIONS = "operations"
"""Name of the table that has one row per index operation."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with a column in some rows.

    Attributes
    ----------
    column
        Canonical name; of a rule that looks at several columns, the one that is checked.
    rule
        "must be ...", without any value.
    positions
        Rows from 0, shape (n,), increasing.
    table
        Table of the export that the rows are of.
    """

    column: str
    rule: str
    positions: npt.NDArray[np.intp]
    table: str = OPERATIONS
