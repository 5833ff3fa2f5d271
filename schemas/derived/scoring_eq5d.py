"""The EQ-5D-3L index by the time trade-off values of the United Kingdom."""

from __future__ import annotations

import numpy as np
import pandas as pd

SOME = (0.069, 0.104, 0.036, 0.123, 0.071)
EXTREME = (0.314, 0.214, 0.094, 0.386, 0.236)
ANY_PROBLEM = 0.081
ANY_EXTREME = 0.269
"""Losses of Dolan 1997, Med Care 35:1095: mobility, self-care, usual activities, pain or discomfort, anxiety."""

FIVE_LEVELS = "5l"
STRAY_SHARE = 0.01
"""With a larger share of answers above 3 among the profiles, the questionnaire is the one with five levels."""


def compute_eq5d_index(
    mobility: pd.Series,
    self_care: pd.Series,
    activity: pd.Series,
    discomfort: pd.Series,
    anxiety: pd.Series,
    *,
    eq5d_version: pd.Series | None = None,
) -> pd.Series:
    """Return the index, shape (n,), -0.594 to 1; unknown where any answer is.

    Parameters
    ----------
    mobility, self_care, activity, discomfort, anxiety
        Levels 1 (no problem), 2 (some) and 3 (extreme).
    eq5d_version
        ``3l`` or ``5l``, where it is recorded.

    Returns
    -------
    Series
        Unknown where the version is 5l or a level is above 3, and throughout where more than one profile in a hundred
        has such a level: that is the EQ-5D-5L, whose level 3 is another answer.

    Examples
    --------
    >>> levels = [pd.Series([1.0, 2.0, 3.0])] * 5
    >>> compute_eq5d_index(*levels).round(3).tolist()
    [1.0, 0.516, -0.594]
    """
    profile = pd.concat([mobility, self_care, activity, discomfort, anxiety], axis=1)
    levels = profile.to_numpy(dtype=np.float64)
    index = 1 - ANY_PROBLEM * (levels > 1).any(axis=1) - ANY_EXTREME * (levels == 3).any(axis=1)
    index = index - (levels == 2) @ np.array(SOME) - (levels == 3) @ np.array(EXTREME)
    complete, above = ~np.isnan(levels).any(axis=1), (levels > 3).any(axis=1)
    usable = complete & ~above & (above.sum() <= STRAY_SHARE * max(int(complete.sum()), 1))
    made = pd.Series(index, index=profile.index).where(usable)
    return made if eq5d_version is None else made.where(eq5d_version.ne(FIVE_LEVELS) | eq5d_version.isna())
