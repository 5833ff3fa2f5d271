"""Files whose first row is a patient's: told from headers before anything of it can be quoted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from schemas.errors import DataError
from schemas.identifying import is_identifying

DATA = re.compile(
    r"[+-]?\d+([.,]\d+)?(e[+-]?\d+)?"  # numbers
    r"|\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}([t ]\d{1,2}:\d{2}.*)?|\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"  # days and times
    r"|true|false|n/a|nan|null|[-?*.]",
    re.IGNORECASE,
)
"""What few headers look like."""

WHOLE = re.compile(r"\d{1,4}")
"""What some do: years, months, numbers of items."""

LEAST_INCREASING = 4
"""Of so many numbers those of a patient hardly ever increase from left to right."""

LOOKED_ROWS = 1000
NONE = pd.Series(dtype="str")
SHOWN_COLUMNS = 10
SEPARATORS = re.compile(r"[;,\t|]")


def refuse_headerless(headers: Sequence[str], columns: Sequence[pd.Series], name: str) -> None:
    """Refuse a table whose headers look like the first of its rows.

    Parameters
    ----------
    headers, columns
        Of a raw table (`schemas.raw`), stripped.
    name
        Of the file, for messages.

    Raises
    ------
    DataError
        Naming columns by their position, never by what stands there: if any header says who somebody is (an e-mail
        address, a telephone or national number, a postcode), or most of them look like data.

    Notes
    -----
    Data are numbers, days, times, truth values and signs for missing, and what stands among other values in its own
    column, as a site or a sex does. Whole numbers beside a header of letters are headers (years, months, numbers of
    items) if they count one by one, or if four or more increase from left to right. Half of the headers are enough if
    one is not just a short whole number. What no rule can tell from headers is a row of words that occur once.
    """
    texts = {at: _first_texts(column) for at, column in enumerate(columns) if isinstance(column.dtype, pd.StringDtype)}
    cells = list(headers)
    if len(cells) == 1 and SEPARATORS.search(cells[0]):
        # With a wrong separator all headers are one.
        cells, texts = [cell.strip() for cell in SEPARATORS.split(cells[0])], {}
    odd = [at for at, cell in enumerate(cells) if is_identifying(cell, texts.get(at, NONE).unique().tolist())]
    if not odd:
        data = _find_data(cells)
        odd = sorted({*data, *_find_repeated(cells, texts)})
        sure = not all(WHOLE.fullmatch(cells[position]) for position in data)
        if len(odd) * 2 < len(cells) + (0 if sure else 1):
            return
    shown = ", ".join(str(position + 1) for position in odd[:SHOWN_COLUMNS])
    more = ", ..." if len(odd) > SHOWN_COLUMNS else ""
    raise DataError(
        f"{name}: the first row must be headers; {len(odd)} of {len(cells)} look like numbers, days or addresses "
        f"(columns {shown}{more}), or like the values below them; put a row of headers on top"
    )


def _find_data(cells: Sequence[str]) -> list[int]:
    odd = [position for position, cell in enumerate(cells) if DATA.fullmatch(cell)]
    return [] if _is_count([cells[position] for position in odd], cells) else odd


def _is_count(numbers: Sequence[str], cells: Sequence[str]) -> bool:
    """Tell years, months and numbers of items: whole, increasing, and not alone."""
    if len(numbers) < 2 or not all(map(WHOLE.fullmatch, numbers)) or not any(map(_has_letter, cells)):
        return False
    steps = [int(right) - int(left) for left, right in pairwise(numbers)]
    return all(step == 1 for step in steps) or (len(numbers) >= LEAST_INCREASING and all(step > 0 for step in steps))


def _has_letter(cell: str) -> bool:
    return any(sign.isalpha() for sign in cell)


def _first_texts(column: pd.Series) -> pd.Series:
    return column.iloc[:LOOKED_ROWS].reset_index(drop=True)


def _find_repeated(cells: Sequence[str], texts: Mapping[int, pd.Series]) -> list[int]:
    """Return the positions of headers that stand among other values in their columns, of which `texts` are the first.

    A box that was ticked may hold its own header, and nothing else; files that were put under one another have the
    whole row of headers once more.
    """
    same = {at: column.eq(cells[at]).to_numpy(dtype=np.bool_) for at, column in texts.items()}
    stacked = sum(same.values(), np.zeros(1, dtype=np.intp)) * 2 > len(cells)
    return [at for at, rows in same.items() if (rows & ~stacked).any() and not texts[at].isin(["", cells[at]]).all()]
