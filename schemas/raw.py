"""A table as it was read: texts, numbers or dates, not yet what the dictionary calls them.

A raw table is a data frame with a RangeIndex and stripped headers whose columns are of three types only: ``str`` (stripped
texts, blank for missing), ``float64`` (NaN for missing) and ``datetime64[us]`` (NaT for missing). What comes from a file of
texts is text; what comes from a typed file keeps its type, so that a large one is not written out and read again.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd

EXACT = 2.0**53
"""Whole numbers beyond are not exact as float64; they are identifiers and become texts."""


def as_raw(series: pd.Series) -> pd.Series:
    """Return a column of any type as one of a raw table: text, float64 or datetime64[us].

    Parameters
    ----------
    series
        Shape (n,), of any type; of objects, each is written as a CSV would hold it.

    Returns
    -------
    Series
        Shape (n,), named and indexed as before.
    """
    kind = series.dtype
    if isinstance(kind, pd.StringDtype):
        return series.fillna("").astype("str").str.strip()
    if isinstance(kind, pd.CategoricalDtype):
        return as_raw(series.astype(kind.categories.dtype))
    if pd.api.types.is_bool_dtype(kind):
        return _by_unique_value(series, ".")
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind):
        return _number(series)
    if pd.api.types.is_datetime64_any_dtype(kind):
        plain = series if getattr(kind, "tz", None) is None else series.dt.tz_localize(None)
        return plain.astype("datetime64[us]")
    return pd.Series([cell_as_text(value) for value in series.astype(object)], index=series.index, dtype="str").rename(
        series.name
    )


def as_text(series: pd.Series, decimal: str = ".") -> pd.Series:
    """Return a column of a raw table as the texts that a CSV would hold: 1.0 as "1", midnight as the date alone.

    Examples
    --------
    >>> as_text(pd.Series([1.0, 2.5, None]), ",").tolist()
    ['1', '2,5', '']
    """
    if isinstance(series.dtype, pd.StringDtype):
        return series
    return _by_unique_value(series, decimal)


def cell_as_text(value: object, decimal: str = ".") -> str:
    """Return one typed cell as a CSV would hold it, blank where it is missing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return _number_as_text(float(value), decimal)
    if isinstance(value, datetime):
        midnight = value.time() == datetime.min.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return "" if value.is_nan() else format(value, "f").replace(".", decimal)
    return str(value).strip()


def _number(series: pd.Series) -> pd.Series:
    if pd.api.types.is_integer_dtype(series.dtype) and series.notna().any() and series.abs().max() > EXACT:
        return _by_unique_value(series, ".")
    return series.astype("float64")


def _by_unique_value(series: pd.Series, decimal: str) -> pd.Series:
    """Write each value once, however often it stands."""
    codes, values = pd.factorize(series)
    texts = np.array([*(cell_as_text(_plain(value), decimal) for value in values), ""], dtype=object)
    return pd.Series(texts[codes], index=series.index, dtype="str", name=series.name)


def _plain(value: Hashable) -> Hashable:
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value)
    return value


def _number_as_text(value: float, decimal: str) -> str:
    if np.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() else repr(value).replace(".", decimal)
