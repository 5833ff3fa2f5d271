"""One rule that looks at several columns of a row, or at the rows of one patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What must be so.

    Attributes
    ----------
    name
        Of the entry.
    columns
        What the rule needs; the first is the one that is checked and named in the fault.
    text
        "must be ...", without any value.
    broken
        Takes a frame with `columns` and those of `further` that there are, and marks the faulty rows, shape (n,), bool;
        never one for being unknown.
    further
        Columns that are looked at where there are any.
    """

    name: str
    columns: tuple[str, ...]
    text: str
    broken: Callable[[pd.DataFrame], pd.Series]
    further: tuple[str, ...] = ()
