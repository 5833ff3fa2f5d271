"""What a table holds, as one number: equal for the same content, whatever kind of file held it."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd


def compute_fingerprint(*tables: pd.DataFrame) -> str:
    """Return the SHA-256 of the columns of tables in order, in hex.

    Parameters
    ----------
    tables
        Data frames of float64, datetime64 and text columns; the index does not count.

    Returns
    -------
    str
        64 hexadecimal digits: that of headers, lengths and values; missing is a value of its own.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [61.0, None]})
    >>> compute_fingerprint(table) == compute_fingerprint(table.set_axis([7, 8]))
    True
    """
    digest = hashlib.sha256()
    for table in tables:
        digest.update(json.dumps([len(table), [str(header) for header in table.columns]]).encode())
        for position in range(table.shape[1]):
            for part in _parts(table.iloc[:, position]):
                digest.update(part)
    return digest.hexdigest()


def _parts(column: pd.Series) -> tuple[bytes, ...]:
    """Return the bytes of a column; of texts, each is written once and then counted by its number."""
    if pd.api.types.is_float_dtype(column.dtype):
        values = column.to_numpy(dtype="<f8")
        # One kind of NaN and of zero, as there are many to the bit.
        return (np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8").tobytes(),)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return (column.astype("datetime64[us]").to_numpy().astype("<i8").tobytes(),)
    codes, texts = pd.factorize(column)
    return (json.dumps([str(text) for text in texts]).encode(), codes.astype("<i8").tobytes())
