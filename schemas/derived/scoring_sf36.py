"""Version 1 of the SF-36: its eight scales from the printed options, and the two summaries from the scales.

The RAND-36 asks the same questions and scores two of the scales in another way; the second version has other options
and other norms. Neither may be put through what stands here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.derived.scoring import compute_mean

FloatArray = npt.NDArray[np.float64]

VERSION = "v1"
"""Level of ``sf36_version`` that may have summaries."""

PAIN_OPTIONS = (6.0, 5.4, 4.2, 3.1, 2.2, 1.0)
"""Points of the six options of the first question on pain."""
HINDRANCE_ALONE = (6.0, 4.75, 3.5, 2.25, 1.0)
"""Points of the five options of the second one where the first is unanswered."""
HEALTH_OPTIONS = (5.0, 4.4, 3.4, 2.0, 1.0)
"""Points of the five options of item 1."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A scale: its items in the order of the questionnaire, the ends of an item and how many answers it needs.

    `turned` are items whose printed options run from best to worst.
    """

    items: tuple[int, ...]
    low: float
    high: float
    min_answered: int
    turned: tuple[int, ...] = ()


SCALES: dict[str, Scale] = {
    "pf": Scale(items=tuple(range(3, 13)), low=1, high=3, min_answered=5),
    "rp": Scale(items=(13, 14, 15, 16), low=1, high=2, min_answered=2),
    "bp": Scale(items=(21, 22), low=1, high=6, min_answered=1),
    "gh": Scale(items=(1, 33, 34, 35, 36), low=1, high=5, min_answered=3, turned=(34, 36)),
    "vt": Scale(items=(23, 27, 29, 31), low=1, high=6, min_answered=2, turned=(23, 27)),
    "sf": Scale(items=(20, 32), low=1, high=5, min_answered=1, turned=(20,)),
    "re": Scale(items=(17, 18, 19), low=1, high=2, min_answered=2),
    "mh": Scale(items=(24, 25, 26, 28, 30), low=1, high=6, min_answered=3, turned=(26, 30)),
}  # fmt: skip
"""Scales by name, in the order of the norms below. Item 2, the change of health, belongs to none."""

OPTIONS: dict[int, int] = {
    **dict.fromkeys(range(1, 37), 6), **dict.fromkeys((1, 2, 20, 22, 32, *range(33, 37)), 5),
    **dict.fromkeys(range(3, 13), 3), **dict.fromkeys(range(13, 20), 2),
}  # fmt: skip
"""Number of printed options of each item."""

MEAN = np.array([84.52404, 81.19907, 75.49196, 72.21316, 61.05453, 83.59753, 81.29467, 74.84212])
SD = np.array([22.89490, 33.79729, 23.55879, 20.16964, 20.86942, 22.37642, 33.02717, 18.01189])
PHYSICAL = np.array([0.42402, 0.35119, 0.31754, 0.24954, 0.02877, -0.00753, -0.19206, -0.22069])
MENTAL = np.array([-0.22999, -0.12329, -0.09731, -0.01571, 0.23534, 0.26876, 0.43407, 0.48581])
"""Norms of the United States of 1990 and the weights of both summaries, scales in the order of `SCALES`."""


def compute_sf36_scale(*items: pd.Series, scale: str) -> pd.Series:
    """Return a scale from 0 to 100, shape (n,), higher is better.

    Parameters
    ----------
    items
        Printed options of the scale's items, in the order of ``SCALES[scale].items``.
    scale
        pf, rp, bp, gh, vt, sf, re or mh.

    Returns
    -------
    Series
        Mean of the answered items; unknown where fewer than half of them are answered.

    Examples
    --------
    >>> compute_sf36_scale(pd.Series([1.0, 6.0]), pd.Series([1.0, None]), scale="bp").tolist()
    [100.0, 0.0]
    """
    plan = SCALES[scale]
    if scale == "bp":
        points: tuple[pd.Series, ...] = _recode_pain(*items)
    else:
        points = tuple(_recode(item, number, plan) for item, number in zip(items, plan.items, strict=True))
    return 100 * (compute_mean(*points, min_answered=plan.min_answered) - plan.low) / (plan.high - plan.low)


def _recode(item: pd.Series, number: int, plan: Scale) -> pd.Series:
    if number == 1:
        return _look_up(item, HEALTH_OPTIONS)
    return plan.low + plan.high - item if number in plan.turned else item


def _look_up(item: pd.Series, points: tuple[float, ...]) -> pd.Series:
    table = {float(option): value for option, value in enumerate(points, start=1)}
    return item.map(table).astype("float64")


def _recode_pain(pain: pd.Series, hindrance: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the points of the two items on pain; each depends on what was answered to the other."""
    first = _look_up(pain, PAIN_OPTIONS)
    second = (6 - hindrance).mask(hindrance.eq(1) & pain.eq(1), 6.0)
    second = second.mask(pain.isna(), _look_up(hindrance, HINDRANCE_ALONE))
    return first, second.fillna(first)


def compute_sf36_summary(*scales: pd.Series, weights: FloatArray) -> pd.Series:
    """Return a summary with mean 50 and SD 10 in the United States of 1990, shape (n,), higher is better.

    Parameters
    ----------
    scales
        The eight scales in the order of `SCALES`, and last the version of the questionnaire of each row.
    weights
        `PHYSICAL` or `MENTAL`.

    Returns
    -------
    Series
        Unknown where a scale is, or where the version is not ``v1``: scales of the RAND-36 and of the second version
        have other meanings and norms.
    """
    *given, version = scales
    table = pd.concat(given, axis=1)
    z = (table.to_numpy(dtype=np.float64) - MEAN) / SD
    return pd.Series(50 + 10 * (z @ weights), index=table.index).where(version.eq(VERSION).fillna(value=False))
