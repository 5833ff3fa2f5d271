"""Yes, no and unknown: how several of them make one."""

from __future__ import annotations

from typing import Literal

import numpy as np

from outcomes.outcome import FloatArray
from schemas.specs import MissingRule

Joined = Literal["any_of", "all_of"]

UNDECIDED: dict[tuple[Joined, MissingRule], str] = {
    ("any_of", "logic"): "no component recorded as an event and at least one not recorded",
    ("all_of", "logic"): "no component recorded as absent and at least one not recorded",
    ("any_of", "all_needed"): "at least one component not recorded",
    ("all_of", "all_needed"): "at least one component not recorded",
    ("any_of", "known_only"): "no component recorded at all",
    ("all_of", "known_only"): "no component recorded at all",
}
"""When the outcome is unknown, in words."""

DECIDED: dict[MissingRule, str] = {
    "logic": "",
    "all_needed": "all components are needed",
    "known_only": "a component that is not recorded is left out of account",
}
"""What a missing rule adds to the definition, in words."""


def combine(values: FloatArray, joined: Joined, missing: MissingRule) -> FloatArray:
    """Combine components of 1, 0 and NaN (unknown).

    Parameters
    ----------
    values
        One column per component, shape (n, k) or (..., k), k at least 1.
    joined
        Whether one component is enough or all are needed.
    missing
        ``logic``: unknown only where the unknown components could change the result; ``all_needed``: unknown where any
        is; ``known_only``: the known ones decide, unknown where there is none.

    Returns
    -------
    ndarray of float, shape (n,), or that of `values` without its last axis

    Examples
    --------
    >>> combine(np.array([[1, np.nan], [0, np.nan]]), "any_of", "logic")
    array([ 1., nan])
    """
    if joined == "all_of":
        # Not all occurred where any did not occur; the three rules are the same on both sides.
        return 1 - combine(1 - values, "any_of", missing)
    some, known = (values == 1).any(axis=-1), np.isfinite(values)
    decided = {
        "logic": some | known.all(axis=-1),
        "all_needed": known.all(axis=-1),
        "known_only": known.any(axis=-1),
    }[missing]
    return np.where(decided, some.astype(np.float64), np.nan)
