"""Rules that look at several columns of a row, or at the rows of one patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from schemas.column import Column
from schemas.fault import Fault


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What must be so; `broken` takes a frame with `columns` and marks the faulty rows, never one for being unknown."""

    name: str
    columns: tuple[str, ...]
    text: str
    broken: Callable[[pd.DataFrame], pd.Series]


ENTRIES: tuple[Rule, ...] = ()

RULES: dict[str, Rule] = {rule.name: rule for rule in ENTRIES}


def find_broken_rules(values: pd.DataFrame, columns: Mapping[str, Column]) -> list[Fault]:
    """Return one fault per rule that is broken; rules whose columns are absent do not apply."""
    return []
