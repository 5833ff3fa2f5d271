"""The EQ-5D-3L index by the time trade-off values of the United Kingdom."""

from __future__ import annotations

import numpy as np
import pandas as pd

SOME = (0.069, 0.104, 0.036, 0.123, 0.071)
EXTREME = (0.314, 0.214, 0.094, 0.386, 0.236)
ANY_PROBLEM = 0.081
ANY_EXTREME = 0.269
"""Losses of Dolan 1997, Med Care 35:1095: mobility, self-care, usual activities, pain or discomfort, anxiety."""

THREE_LEVELS = "3l"
TARIFF = "united_kingdom_1997"
"""What ``eq5d_value_set`` is where the index is that of Dolan 1997, which is of three levels."""


def compute_eq5d_index(
    mobility: pd.Series,
    self_care: pd.Series,
    activity: pd.Series,
    discomfort: pd.Series,
    anxiety: pd.Series,
    *,
    eq5d_version: pd.Series | None = None,
    eq5d_value_set: pd.Series | None = None,
) -> pd.Series:
    """Return the index, shape (n,), -0.594 to 1; unknown where any answer is, and unless it is said to be this one.

    Parameters
    ----------
    mobility, self_care, activity, discomfort, anxiety
        Levels 1 (no problem), 2 (some) and 3 (extreme).
    eq5d_version
        ``3l`` or ``5l``, where it is recorded.
    eq5d_value_set
        Name of the value set behind the file's own index, where it is recorded.

    Returns
    -------
    Series
        Each row by itself: known where the version is 3l, or is not recorded and the value set is `TARIFF`, and no
        level is above 3. Level 3 of the EQ-5D-5L is another answer, and a row of it need not have a level above.

    Examples
    --------
    >>> levels = [pd.Series([1.0, 2.0, 3.0])] * 5
    >>> compute_eq5d_index(*levels, eq5d_version=pd.Series(["3l"] * 3)).round(3).tolist()
    [1.0, 0.516, -0.594]
    """
    profile = pd.concat([mobility, self_care, activity, discomfort, anxiety], axis=1)
    levels = profile.to_numpy(dtype=np.float64)
    index = 1 - ANY_PROBLEM * (levels > 1).any(axis=1) - ANY_EXTREME * (levels == 3).any(axis=1)
    index = index - (levels == 2) @ np.array(SOME) - (levels == 3) @ np.array(EXTREME)
    made = pd.Series(index, index=profile.index).where(np.isfinite(levels).all(axis=1) & (levels <= 3).all(axis=1))
    return made.where(_is_of_three_levels(profile.index, eq5d_version, eq5d_value_set))


def _is_of_three_levels(index: pd.Index, version: pd.Series | None, value_set: pd.Series | None) -> pd.Series:
    nowhere = pd.Series(np.zeros(len(index), dtype=np.bool_), index=index)
    three = nowhere if version is None else version.eq(THREE_LEVELS).fillna(value=False).astype("bool")
    silent = ~nowhere if version is None else version.isna()
    by_value_set = nowhere if value_set is None else value_set.eq(TARIFF).fillna(value=False).astype("bool")
    return three | (silent & by_value_set)
