"""Small cells: which counts may be shown. A hidden count must not follow from the shown ones and their total."""

from __future__ import annotations

import numpy as np

from pipelines.intervals import BoolArray, IntArray


def find_small(counts: IntArray, suppress_below: int) -> BoolArray:
    """Tell which counts are from 1 to ``suppress_below - 1``; 0 is no patient and may be shown."""
    return np.asarray((counts > 0) & (counts < suppress_below))


def find_suppressed(counts: IntArray, suppress_below: int) -> BoolArray:
    """Tell which levels of one variable must be hidden.

    Parameters
    ----------
    counts
        Shape (levels, kinds): patients, events, non-events, or any further kind of count; the first ranks the levels.
        The totals over the levels are taken to be public.
    suppress_below
        Smallest count that may be shown.

    Returns
    -------
    ndarray of bool, shape (levels,)

    Notes
    -----
    A level with a small count is hidden. While one level only is hidden, or the hidden levels together still have a
    small count, a total minus the shown levels would give it away: then the smallest shown level is hidden too.

    Examples
    --------
    >>> import numpy as np
    >>> find_suppressed(np.array([[30, 9], [3, 1], [12, 6]]), 5).tolist()
    [False, True, True]
    """
    counts = np.asarray(counts)
    hidden: BoolArray = np.asarray(find_small(counts, suppress_below).any(axis=1))
    while hidden.any() and _gives_away(counts, hidden, suppress_below):
        shown = np.flatnonzero(~hidden & (counts.sum(axis=1) > 0))
        if shown.size == 0:
            break
        hidden[shown[np.argmin(counts[shown, 0])]] = True
    return hidden


def _gives_away(counts: IntArray, hidden: BoolArray, suppress_below: int) -> bool:
    together = counts[hidden].sum(axis=0)
    return bool(hidden.sum() == 1 or find_small(together, suppress_below).any())
