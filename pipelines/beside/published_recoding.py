"""From our columns to the codes of other people's models; what is unknown stays unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]

DURATION_CODES = {"under_3_months": 1.0, "3_to_12_months": 2.0, "12_to_24_months": 3.0, "over_24_months": 4.0}


def read_number(frame: pd.DataFrame, name: str) -> Array:
    """Return a number or a flag (0, 1) as it is, shape (n,)."""
    return np.asarray(frame[name].to_numpy(dtype=np.float64))


def keep_inside(values: Array, low: float, high: float) -> Array:
    """Return the values from `low` to `high`, and NaN for the others."""
    return np.where((values >= low) & (values <= high), values, np.nan)


def code_levels(frame: pd.DataFrame, name: str, codes: Mapping[str, float]) -> Array:
    """Return the code of each level, shape (n,); NaN for a level without a code."""
    return np.asarray(frame[name].astype("object").map(codes).to_numpy(dtype=np.float64))


def band(values: Array, upper: Sequence[float]) -> Array:
    """Return the number of the class, from 0, shape (n,); an upper end belongs to the class that it ends.

    Examples
    --------
    >>> band(np.array([0.0, 100.0, 101.0, 5000.0]), [100.0, 500.0]).tolist()
    [0.0, 0.0, 1.0, 2.0]
    """
    return np.where(np.isnan(values), np.nan, np.searchsorted(np.asarray(upper), values, side="left"))


def combine_any(frame: pd.DataFrame, names: Sequence[str]) -> Array:
    """Return 1 where any flag is 1, 0 where all are 0, and else NaN, shape (n,)."""
    flags = frame[list(names)].to_numpy(dtype=np.float64)
    all_absent = (flags == 0).all(axis=1)
    return np.where((flags == 1).any(axis=1), 1.0, np.where(all_absent, 0.0, np.nan))


def code_duration(frame: pd.DataFrame, region: str) -> Array:
    """Return how long a pain has lasted: 0 no pain, 1 under 3 months, 2 to 12, 3 to 24 months, 4 longer.

    Notes
    -----
    The registry's class where there is one, else the months: below 3, 3 to 12, above 12 to 24, above 24. A duration
    that is recorded says that there is pain; without one a pain score of 0 says that there is none, and else it is
    unknown.
    """
    n = len(frame)
    by_class, by_months = (f"{region}_pain_duration_class", f"{region}_pain_duration_months")
    classes = code_levels(frame, by_class, DURATION_CODES) if by_class in frame else np.full(n, np.nan)
    months = read_number(frame, by_months) if by_months in frame else np.full(n, np.nan)
    late = 2 + band(months, (12.0, 24.0))
    of_months = np.where(months < 3, 1.0, late)
    duration = np.where(np.isfinite(classes), classes, of_months)
    return np.where(np.isnan(duration) & (read_number(frame, f"nrs_{region}_0") == 0), 0.0, duration)
