"""How a score made of items is written down, and where a registry's own value of it is no fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd

from schemas.derivation import Excuse


@dataclass(frozen=True, kw_only=True)
class Place:
    """A score at a visit: its column, those of its items, and the visit's ending."""

    column: str
    items: tuple[str, ...]
    ending: str


@dataclass(frozen=True, kw_only=True)
class ItemScore:
    """A score made of items, all by the stems of their columns; the rest as in `Derivation`.

    `fixed` and `further` are columns without a visit: the former are needed behind the items. `before` says whether the
    score makes sense before the operation. `excuse` is made for each visit.
    """

    name: str
    items: tuple[str, ...]
    text: str
    compute: Callable[..., pd.Series]
    tolerance: float
    binding: bool = True
    excuse: Callable[[Place], Excuse] | None = None
    source: str
    fixed: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    before: bool = True


def _lacks_an_item(rows: pd.DataFrame, items: tuple[str, ...]) -> pd.Series:
    return rows[list(items)].isna().any(axis=1)


def where_incomplete(at: Place) -> Excuse:
    """Excuse rows with an unanswered item: registries differ in what they make of one."""
    return Excuse(text="where an item is unanswered", holds=partial(_lacks_an_item, items=at.items))


def _is_given(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows.reindex(columns=[name])[name].notna()


def where_both(at: Place, *, other: str) -> Excuse:
    """Excuse two scores of one set of items: nobody knows which of them the items are of."""
    name = f"{other}_{at.ending}"
    return Excuse(text=f"where {name} is given too", holds=partial(_is_given, name=name), further=(name,))


def _is_other(rows: pd.DataFrame, name: str, level: str) -> pd.Series:
    return rows.reindex(columns=[name])[name].ne(level).fillna(value=True).astype("bool")


def unless_declared(_at: Place, *, name: str, level: str) -> Excuse:
    """Excuse rows of another version, or of one that nobody names, at every visit: its arithmetic is another."""
    return Excuse(text=f"unless {name} is {level}", holds=partial(_is_other, name=name, level=level), further=(name,))
