"""Cells and words that the parts of the data-quality page share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isnan
from typing import Any

from reports.blocks import Cell
from reports.tables import HIDDEN, format_count, format_interval, format_number, number_cell

NOT_ASSESSABLE = "not assessable"
UNITS = {"d": "day", "w": "week", "m": "month", "y": "year"}
Row = Mapping[str, Any]


def visit_in_words(visit: str) -> str:
    """Return when a visit is.

    Examples
    --------
    >>> visit_in_words("12m"), visit_in_words("0"), visit_in_words("6w")
    ('12 months', 'baseline', '6 weeks')
    """
    found = re.fullmatch(r"(\d+)([dwmy])", visit)
    if not found:
        return "baseline" if visit == "0" else visit
    number, unit = int(found.group(1)), UNITS[found.group(2)]
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def status_cell(row: Row) -> Cell | None:
    """Return what stands in the place of numbers that are not shown, or None where they are."""
    if row["status"] == "suppressed":
        return Cell(text=HIDDEN, style="suppressed")
    return Cell(text=NOT_ASSESSABLE, style="muted") if row["status"] == NOT_ASSESSABLE else None


def count_in(row: Row, name: str) -> Cell:
    """Return a count of a row, or why it is not shown."""
    return status_cell(row) or number_cell(format_count(float(row[name])))


def size_cell(size: float) -> Cell:
    """Return how many rows there are; one that is missing is hidden."""
    return Cell(text=HIDDEN, style="suppressed") if isnan(size) else number_cell(format_count(size))


def share_cell(row: Row, digits: int, name: str = "percent") -> Cell:
    """Return an estimate with its interval beneath, or why it is not shown."""
    shown = format_interval(float(row["lower"]), float(row["upper"]), digits)
    return status_cell(row) or number_cell(format_number(float(row[name]), digits), detail=shown)
