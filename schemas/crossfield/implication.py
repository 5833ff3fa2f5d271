"""Rules of one form: where a column says something, a flag must be yes, or must be no."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

import pandas as pd

from schemas.rule import Rule

Condition = Callable[[pd.Series], pd.Series]
"""Takes a column of shape (n,) and marks the rows in which it says so; never an unknown one."""


def is_present(flag: pd.Series) -> pd.Series:
    """Mark a flag that is yes."""
    return flag.eq(1)


def is_known(values: pd.Series) -> pd.Series:
    """Mark what is given."""
    return values.notna()


def is_zero(number: pd.Series) -> pd.Series:
    """Mark what is 0."""
    return number.eq(0)


def is_above(number: pd.Series, least: float) -> pd.Series:
    """Mark what is more than `least`."""
    return number > least


def is_one_of(values: pd.Series, levels: Collection[str]) -> pd.Series:
    """Mark what is one of `levels`."""
    return values.isin(list(levels))


def must_be_yes(name: str, other: str, when: str, present: Condition = is_present) -> Rule:
    """Return the rule that the flag `name` is not 0 where `other` implies it; `when` says it in words."""
    return Rule(
        name=f"{name}_by_{other}",
        columns=(name, other),
        text=f"must be 1 where {other} is {when}",
        broken=partial(_is_flag, name=name, flag=0.0, other=other, says=present),
    )


def must_be_no(name: str, other: str, when: str, absent: Condition) -> Rule:
    """Return the rule that the flag `name` is not 1 where `other` excludes it; `when` says it in words."""
    return Rule(
        name=f"{name}_not_by_{other}",
        columns=(name, other),
        text=f"must be 0 where {other} is {when}",
        broken=partial(_is_flag, name=name, flag=1.0, other=other, says=absent),
    )


def _is_flag(rows: pd.DataFrame, name: str, flag: float, other: str, says: Condition) -> pd.Series:
    return rows[name].eq(flag) & says(rows[other])
