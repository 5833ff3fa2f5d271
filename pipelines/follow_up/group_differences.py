"""How two groups of patients differ in what is known of both: the standardised difference, small numbers hidden."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.intervals import BoolArray, FloatArray, IntArray, Z
from pipelines.suppression import find_small, find_suppressed

Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The second group against the first one in a number, or in a level of a category.

    `n` is how many of each group have a value, shape (2,); `first` and `second` are means, or percentages of a level;
    `difference` is standardised, second minus first, with its 95 % interval. What is missing is NaN, and `status` says
    why.
    """

    n: IntArray
    status: str
    level: str = ""
    first: float = math.nan
    second: float = math.nan
    difference: float = math.nan
    lower: float = math.nan
    upper: float = math.nan


def compare_number(values: FloatArray, group: Codes, suppress_below: int) -> Difference:
    """Compare the means of a number; they are rounded, so that no patient's value can be had from two tables.

    Parameters
    ----------
    values
        NaN where missing, shape (n,).
    group
        0 or 1, or another code for patients of neither, shape (n,).
    suppress_below
        Fewest values of a group from which its mean may be shown.

    Notes
    -----
    ``(mean_1 - mean_0) / sqrt((s_1^2 + s_0^2) / 2)``.
    """
    known = np.isfinite(values)
    code, part = group[known], values[known]
    n = np.bincount(code, minlength=3)[:2]
    if n.min() < max(2, suppress_below):
        return Difference(n=n, status="suppressed" if n.min() else "not assessable")
    centre = part.mean()  # sums of squares lose no digits about the mean
    means = np.bincount(code, part - centre, minlength=3)[:2] / n
    variances = (np.bincount(code, (part - centre) ** 2, minlength=3)[:2] - n * means**2) / (n - 1)
    digits = 2 if np.sqrt(variances.max()) < 1 else 1
    first, second = (round(float(mean + centre), digits) for mean in means)
    return _standardise(means, variances, n, level="", first=first, second=second)


def compare_levels(codes: Codes, levels: Sequence[str], group: Codes, suppress_below: int) -> Iterator[Difference]:
    """Compare the shares of each level of a category; of two levels the second one says it all.

    Parameters
    ----------
    codes
        Position of each patient's level, -1 where missing, shape (n,).
    levels
        Names of the levels.
    group
        0 or 1, or 2 for patients of neither, shape (n,).
    suppress_below
        Counts from 1 to one less are not shown, nor what would give them away.

    Notes
    -----
    ``(p_1 - p_0) / sqrt((p_1 (1 - p_1) + p_0 (1 - p_0)) / 2)``.
    """
    known = codes >= 0
    counts = np.bincount(group[known] * len(levels) + codes[known], minlength=3 * len(levels))
    counts = counts.reshape(3, len(levels))[:2]
    n = counts.sum(axis=1)
    hidden = find_suppressed(np.column_stack([counts.sum(axis=0), *counts]), suppress_below)
    few: BoolArray = find_small(n, suppress_below)
    numbered = list(enumerate(levels))
    for i, level in numbered[1:] if len(levels) == 2 else numbered:
        if hidden[i] or few.any():
            yield Difference(n=n, status="suppressed", level=level)
            continue
        share = counts[:, i] / np.where(n > 0, n, np.nan)
        first, second = (100 * float(part) for part in share)
        yield _standardise(share, share * (1 - share), n, level=level, first=first, second=second)


def _standardise(
    means: FloatArray, variances: FloatArray, n: IntArray, *, level: str, first: float, second: float
) -> Difference:
    """Return the standardised difference and its interval; 0 where both groups are alike."""
    pooled = float(np.sqrt(variances.mean()))
    gap = float(means[1] - means[0])
    difference = gap / pooled if pooled else (math.nan if gap else 0.0)
    if not math.isfinite(difference):
        return Difference(n=n, status="not assessable", level=level)
    half = Z * float(np.sqrt(n.sum() / n.prod() + difference**2 / (2 * n.sum())))
    return Difference(
        n=n, status="ok", level=level, first=first, second=second, difference=difference, lower=difference - half,
        upper=difference + half,
    )  # fmt: skip
