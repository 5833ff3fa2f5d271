"""Tables with many rows per operation: visits brought into windows, levels and events kept long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from schemas.column import Column
from schemas.definition import Definition
from schemas.fault import Fault
from schemas.linking import RawData


@dataclass(frozen=True, kw_only=True)
class Linked:
    """The further tables of an export, typed and checked.

    Attributes
    ----------
    wide
        Typed columns made of the long tables, indexed like the operations.
    columns
        Their dictionary entries.
    visits, levels, events
        Typed rows without faults: ``position`` (row of the operation from 0), then columns.
    quarantine
        Faulty rows by table, as texts, with ``row_id`` and ``reasons`` in front.
    faults
        By table; positions are rows of that table.
    notes
        What was noticed: visits in no window, visits that another one replaced; never values.
    """

    wide: pd.DataFrame
    columns: Mapping[str, Column] = field(default_factory=dict)
    visits: pd.DataFrame = field(default_factory=pd.DataFrame)
    levels: pd.DataFrame = field(default_factory=pd.DataFrame)
    events: pd.DataFrame = field(default_factory=pd.DataFrame)
    quarantine: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def link_long(raw: RawData, values: pd.DataFrame, definition: Definition) -> Linked:
    """Type and check the long tables and join what has one value per operation to it."""
    return Linked(wide=pd.DataFrame(index=values.index))
