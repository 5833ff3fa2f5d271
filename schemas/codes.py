"""Texts that stand for one thing: 1.0, which some program made of 1, is 1, whatever kind of file held it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

INTEGRAL = {".": r"^([+-]?\d+)\.0+$", ",": r"^([+-]?\d+),0+$"}
"""A whole number that some program wrote with decimals, by decimal sign: the code 1 exported as 1.0."""

NUMBER = {
    ".": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?",
    ",": r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?",
}
"""What a number looks like, by decimal sign; "nan", "inf" and thousands separators do not."""

LONGEST = 1000
"""Texts with more signs are no numbers that anybody measured, and Python refuses to read the longest."""


def without_decimals(texts: pd.Series, decimal: str) -> pd.Series:
    """Return texts with whole numbers written without decimals; all others as they are.

    Examples
    --------
    >>> without_decimals(pd.Series(["11.0", "011", "1.5", "P1.0"], dtype="str"), ".").tolist()
    ['11', '011', '1.5', 'P1.0']
    """
    return texts.str.replace(INTEGRAL[decimal], r"\1", regex=True)


def read_numbers(texts: pd.Series, decimal: str) -> pd.Series:
    """Return texts as float64, NaN where they are no numbers."""
    plain = texts.where((texts.str.len() <= LONGEST) & texts.str.fullmatch(NUMBER[decimal]))
    if decimal == ",":
        plain = plain.str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(plain).astype("float64")
    return numbers.where(np.isfinite(numbers))


def match_codes(texts: pd.Series, codes: Iterable[str], decimal: str, *, as_numbers: bool = True) -> pd.Series:
    """Return each text as the code that it stands for; texts that stand for none without decimals.

    Parameters
    ----------
    texts
        Stripped texts, shape (n,).
    codes
        What a definition lists.
    decimal
        Decimal sign of the file.
    as_numbers
        Whether numbers of one value are one code (-99 and -99.00, 1 and 01); else only a whole number with and without
        decimals is, as of identifiers, of which 007 is not 7.

    Returns
    -------
    Series
        Shape (n,). A text that is a code is that code, whatever others have its value; of codes of one value the first
        is taken.

    Examples
    --------
    >>> match_codes(pd.Series(["-99", "1.0", "x"], dtype="str"), ["-99.0", "1"], ".").tolist()
    ['-99.0', '1', 'x']
    """
    known = pd.Series(list(dict.fromkeys(codes)), dtype="str")
    plain = without_decimals(texts, decimal)
    if known.empty:
        return plain
    made = _first_alike(plain, without_decimals(known, decimal), known)
    values = read_numbers(known, decimal) if as_numbers else pd.Series(dtype="float64")
    if values.notna().any():
        made = made.fillna(_first_alike(read_numbers(plain, decimal), values, known))
    return made.mask(texts.isin(known), texts).fillna(plain)


def _first_alike(given: pd.Series, alike: pd.Series, codes: pd.Series) -> pd.Series:
    """Return the first code whose likeness is given, missing where there is none."""
    by_likeness = pd.Series(codes.to_numpy(), index=pd.Index(alike))
    return given.map(by_likeness[by_likeness.index.notna() & ~by_likeness.index.duplicated()]).astype("str")
