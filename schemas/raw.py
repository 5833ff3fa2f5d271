"""A table as it was read: texts, numbers or dates, not yet what the dictionary calls them.

A raw table is a data frame with a RangeIndex and stripped headers whose columns are of three types only: ``str``
(stripped texts, blank for missing), ``float64`` (NaN for missing) and ``datetime64[us]`` (NaT for missing). What comes
from a file of texts is text; what comes from a typed file keeps its type, so that a large one is not written out and
read again.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as arrow
import pyarrow.compute as arrow_compute

EXACT = 2.0**53
"""Whole numbers from here on are not exact as float64; they are identifiers and become texts."""

NO_SINGLE_VALUE = (list, tuple, set, dict, bytes, bytearray, memoryview, np.ndarray)
FIRST_DAY, LAST_DAY = np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31", "us")
"""What Python's calendar holds; days beyond are slips that cannot even be written down, and are brought to its ends."""

PRINTED_BITS = 8192
"""Python refuses to write whole numbers that are much longer than this in the usual way."""

FLOAT32_DIGITS = (6, 7, 8, 9)


def as_raw(series: pd.Series, decimal: str = ".") -> pd.Series:
    """Return a column of any type as one of a raw table: text, float64 or datetime64[us].

    Parameters
    ----------
    series
        Shape (n,), of any type. Objects that are all numbers, truth values or dates become what they are; of others
        each is written as a CSV would hold it.
    decimal
        Decimal sign of numbers that become texts.

    Returns
    -------
    Series
        Shape (n,), named and indexed as before.

    Notes
    -----
    Of times with a time zone, what the clock shows there is kept. A float32 becomes the shortest decimal that stands
    for it: 60.1 rather than 60.099998474.
    """
    kind = series.dtype
    if isinstance(kind, pd.StringDtype):
        return series.fillna("").astype("str").str.strip()
    if isinstance(kind, pd.ArrowDtype):
        raw = arrow_as_raw(arrow.chunked_array([arrow.Array.from_pandas(series)]))
        raw.index, raw.name = series.index, series.name
        return raw
    if isinstance(kind, pd.CategoricalDtype):
        return _categories(series, decimal)
    if pd.api.types.is_bool_dtype(kind):
        return _by_unique_value(series, ".")
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind):
        return _number(series)
    if pd.api.types.is_datetime64_any_dtype(kind):
        plain = series if getattr(kind, "tz", None) is None else series.dt.tz_localize(None)
        return bound_days(plain)
    return _objects(series.astype(object), decimal)


def arrow_as_raw(column: arrow.ChunkedArray) -> pd.Series:
    """Return a column of Arrow, of single values, as one of a raw table.

    Notes
    -----
    It is converted as far as possible before pandas sees it, for which a missing whole number is an object.
    """
    kind = plain_type(column.type)
    column = column.cast(kind)
    if arrow.types.is_integer(kind) or arrow.types.is_decimal(kind):
        long = _is_long_in_arrow(column) and (arrow.types.is_integer(kind) or kind.scale == 0)
        column = column.cast(arrow.string() if long else arrow.float64(), safe=False)
    elif arrow.types.is_boolean(kind) or arrow.types.is_null(kind):
        column = column.cast(arrow.string())
    elif arrow.types.is_date(kind):
        column = column.cast(arrow.timestamp("s"))
    if arrow.types.is_string(column.type) or arrow.types.is_large_string(column.type):
        texts = arrow_compute.utf8_trim_whitespace(column.cast(arrow.large_string()).fill_null(""))
        return pd.Series(texts.to_pandas(), dtype="str")
    # A copy: what Arrow lends may not be written to.
    return as_raw(pd.Series(column.to_pandas()).copy())


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
        return format(value, "f").replace(".", decimal) if value.is_finite() else str(value).replace("NaN", "")
    if isinstance(value, int) and value.bit_length() > PRINTED_BITS:
        return format(Decimal(value), "f")
    return str(value).strip()


def stack_raw(parts: Sequence[pd.Series], decimal: str = ".") -> pd.Series:
    """Put columns of raw tables under one another.

    Parameters
    ----------
    parts
        One or more, each of shape (n_i,). Those without any value do not count towards the type.
    decimal
        Decimal sign of numbers that become texts.

    Returns
    -------
    Series
        Shape (sum of n_i,), with a RangeIndex; of one type where all agree, else texts.

    Examples
    --------
    >>> stack_raw([pd.Series([1.0]), pd.Series([""], dtype="str"), pd.Series(["x"], dtype="str")]).tolist()
    ['1', '', 'x']
    """
    holding = [part for part in parts if _has_value(part)] or parts[:1]
    kinds = {part.dtype for part in holding}
    if len(kinds) > 1:
        return pd.concat([as_text(part, decimal) for part in parts], ignore_index=True)
    (kind,) = kinds
    same = [part if part.dtype == kind else blank_raw(len(part), like=holding[0]) for part in parts]
    return pd.concat(same, ignore_index=True)


def blank_raw(n: int, *, like: pd.Series) -> pd.Series:
    """Return a column of `n` missing values of the type of another."""
    missing = "" if isinstance(like.dtype, pd.StringDtype) else None
    return pd.Series(missing, index=range(n), dtype=like.dtype)


def find_blank_rows(columns: Sequence[pd.Series]) -> npt.NDArray[np.intp]:
    """Return the positions of rows without a value in any of a raw table's columns, increasing.

    Examples
    --------
    >>> find_blank_rows([pd.Series(["x", "", ""], dtype="str"), pd.Series([None, 1.0, None])]).tolist()
    [2]
    """
    left: npt.NDArray[np.intp] = np.arange(len(columns[0]) if len(columns) else 0, dtype=np.intp)
    for column in columns:
        left = left[~_held(column.iloc[left])]
        if not len(left):
            break
    return left


def bound_days(days: pd.Series) -> pd.Series:
    """Return dates of any unit as datetime64[us]; beyond Python's calendar they become its first or last day."""
    values = days.to_numpy()
    if np.datetime_data(values.dtype)[0] != "ns":
        first, last = FIRST_DAY.astype(values.dtype), LAST_DAY.astype(values.dtype)
        if ((values < first) | (values > last)).any():
            values = np.clip(values, first, last)
    return pd.Series(values.astype("datetime64[us]"), index=days.index, name=days.name)


def is_nested(series: pd.Series) -> bool:
    """Tell whether cells hold lists, bytes or the like, which no raw table does."""
    if isinstance(series.dtype, pd.ArrowDtype):
        return is_nested_type(series.dtype.pyarrow_dtype)
    if series.dtype != object:
        return False
    suspect = pd.api.types.infer_dtype(series, skipna=True) in ("mixed", "bytes")
    return suspect and any(isinstance(value, NO_SINGLE_VALUE) for value in series)


def is_nested_type(kind: arrow.DataType) -> bool:
    """Tell the same of a type of Arrow's."""
    kind = plain_type(kind)
    of_bytes = (arrow.types.is_binary, arrow.types.is_large_binary, arrow.types.is_fixed_size_binary)
    return bool(arrow.types.is_nested(kind)) or any(is_so(kind) for is_so in of_bytes)


def plain_type(kind: arrow.DataType) -> arrow.DataType:
    """Return what a dictionary of Arrow's, or a type of somebody's own, holds."""
    if isinstance(kind, arrow.BaseExtensionType):
        return plain_type(kind.storage_type)
    return plain_type(kind.value_type) if arrow.types.is_dictionary(kind) else kind


def _has_value(series: pd.Series) -> bool:
    return bool(_held(series).any())


def _held(series: pd.Series) -> npt.NDArray[np.bool_]:
    found = series.ne("") if isinstance(series.dtype, pd.StringDtype) else series.notna()
    return found.to_numpy(dtype=np.bool_)


def _categories(series: pd.Series, decimal: str) -> pd.Series:
    """Look at each category that occurs once, and put it where it stands."""
    used = series.cat.remove_unused_categories()
    raw = as_raw(pd.Series(used.cat.categories), decimal)
    # Missing has the number -1: it is the last one.
    padded = pd.concat([raw, blank_raw(1, like=raw)], ignore_index=True)
    placed = padded.take(used.cat.codes.to_numpy()).set_axis(series.index)
    placed.name = series.name
    return placed


def _objects(series: pd.Series, decimal: str) -> pd.Series:
    """Look at what the objects are, missing ones aside."""
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind == "decimal" or kind.startswith("mixed"):
        # A signalling NaN raises on every comparison, also on the question whether it is missing.
        quiet = [None if _signals(value) else value for value in series]
        series = pd.Series(quiet, index=series.index, dtype=object, name=series.name)
    known = series.notna()
    if kind == "string":
        return as_raw(series.where(known, None).astype("str"))
    if kind in ("integer", "floating", "mixed-integer-float", "decimal"):
        return _number_objects(series.where(known, np.nan), decimal)
    if kind in ("date", "datetime", "datetime64"):
        local = [_without_zone(value) for value in series.where(known, None)]
        return bound_days(pd.Series(np.array(local, dtype="datetime64[us]"), index=series.index, name=series.name))
    return _cells_as_text(series.where(known, None), decimal)


def _number_objects(series: pd.Series, decimal: str) -> pd.Series:
    """Return numbers as float64, or as texts where a whole one among them would not be exact."""
    try:
        numbers = series.astype("float64")
    except OverflowError:
        return _cells_as_text(series, decimal)
    large = series[numbers.abs() >= EXACT]
    whole = any(isinstance(value, (int, np.integer, Decimal)) for value in large)
    return _cells_as_text(series, decimal) if whole else numbers


def _cells_as_text(series: pd.Series, decimal: str) -> pd.Series:
    texts = [cell_as_text(value, decimal) for value in series]
    return pd.Series(texts, index=series.index, dtype="str", name=series.name)


def _signals(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_snan()


def _without_zone(value: object) -> object:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _number(series: pd.Series) -> pd.Series:
    if pd.api.types.is_integer_dtype(series.dtype) and series.notna().any() and _is_long(series):
        return _by_unique_value(series, ".")
    if series.dtype == np.float32:
        return pd.Series(_shortest(series.to_numpy()), index=series.index, name=series.name)
    return series.astype("float64")


def _is_long(whole: pd.Series) -> bool:
    # Not by abs(): that of the least int64 is negative.
    return bool(whole.max() >= EXACT or whole.min() <= -EXACT)


def _is_long_in_arrow(whole: arrow.ChunkedArray) -> bool:
    ends = arrow_compute.min_max(whole.cast(arrow.float64(), safe=False)).as_py()
    return any(end is not None and abs(end) >= EXACT for end in ends.values())


def _shortest(narrow: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Widen float32 to the decimal with the fewest digits that stands for it."""
    wide = narrow.astype(np.float64)
    usual = np.isfinite(wide) & (wide != 0)
    left = np.flatnonzero(usual)
    for digits in FLOAT32_DIGITS:
        exact = wide[left]
        places = digits - 1 - np.floor(np.log10(np.abs(exact)))
        # Powers of ten up to 22 are exact as float64, and so is the quotient's nearest float64.
        up, down = 10.0 ** np.clip(places, 0, 22), 10.0 ** np.clip(-places, 0, 22)
        short = np.round(exact * up / down) / up * down
        same = (short.astype(np.float32) == narrow[left]) & (np.abs(places) <= 22)
        wide[left[same]] = short[same]
        left = left[~same]
    return wide


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
