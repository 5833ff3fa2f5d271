"""The pandera schema of a registry, built from the dictionary, and its faults without the values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from schemas.column import Column
from schemas.fault import Fault

DTYPES = {
    "number": "float64",
    "flag": "float64",
    "category": "str",
    "identifier": "str",
    "date": "datetime64[us]",
}
"""Type of the values of each kind of column in a registry's frame."""

SHOWN_LEVELS = 12


def build_schema(columns: Mapping[str, Column]) -> pa.DataFrameSchema:
    """Return the pandera schema of a frame with these columns; every value may be missing."""
    return pa.DataFrameSchema(
        {
            name: pa.Column(DTYPES[column.kind], _checks(column), nullable=True, required=True)
            for name, column in columns.items()
        }
    )


def find_faults(frame: pd.DataFrame, columns: Mapping[str, Column]) -> list[Fault]:
    """Check typed values against the dictionary, all columns at once.

    Parameters
    ----------
    frame
        One column per entry of `columns`, with a RangeIndex.
    columns
        Dictionary entries by name.

    Returns
    -------
    list of Fault
        One per column and rule that is broken, in the order of the columns.

    Notes
    -----
    pandera's error carries the faulty values; it ends here and only positions go on.
    """
    try:
        build_schema(columns).validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases[["column", "check", "index"]]
    else:
        return []
    faults = [
        Fault(column=str(column), rule=str(rule), positions=np.unique(group["index"].to_numpy(dtype=np.intp)))
        for (column, rule), group in cases.groupby(["column", "check"], sort=True)
    ]
    order = list(columns)
    return sorted(faults, key=lambda fault: order.index(fault.column))


def describe_range(hard: tuple[float, float]) -> str:
    """Return a range in words: "0 to 110"."""
    return f"{hard[0]:g} to {hard[1]:g}"


def _checks(column: Column) -> list[pa.Check]:
    if column.kind == "number" and column.hard is not None:
        low, high = column.hard
        return [
            pa.Check(lambda values: values.between(low, high), error=f"must be within {describe_range(column.hard)}")
        ]
    if column.kind == "flag":
        return [pa.Check(lambda values: values.isin((0.0, 1.0)), error="must be 0 or 1")]
    if column.kind == "category":
        shown = ", ".join(column.levels[:SHOWN_LEVELS]) + (", ..." if len(column.levels) > SHOWN_LEVELS else "")
        return [pa.Check(lambda values: values.isin(column.levels), error=f"must be one of the levels {shown}")]
    return []
