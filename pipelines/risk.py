"""What all models share: predicted risks inside (0, 1), and the outcomes that they can learn from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from schemas.errors import StudyError

Array = npt.NDArray[np.float64]

RISK_LIMIT = 1e-6
"""Predicted risks stay at least this far from 0 and 1: no registry can tell a smaller risk, and its log must exist."""


def compute_risk(log_odds: Array) -> Array:
    """Return predicted risks from log-odds, shape (n,)."""
    return bound_risk(expit(log_odds))


def bound_risk(risk: Array) -> Array:
    """Keep predicted risks, shape (n,), inside ``[RISK_LIMIT, 1 - RISK_LIMIT]``."""
    return np.clip(risk, RISK_LIMIT, 1 - RISK_LIMIT)


def check_outcome(y: Array, weights: Array) -> None:
    """Refuse training rows without an event or without a non-event among those of positive weight.

    Raises
    ------
    StudyError
        If one of the two is absent: no model can be fitted, and none is pretended.
    """
    counted = y[weights > 0]
    events = int((counted == 1).sum())
    if not 0 < events < counted.size:
        raise StudyError(
            f"training rows must have events and non-events, got {events} events among {counted.size} rows; "
            "use fewer folds or an outcome that is less rare"
        )


def check_score(y: Array, weights: Array) -> None:
    """Refuse training rows whose score is the same in all rows of positive weight.

    Raises
    ------
    StudyError
        If it is: no model can be fitted, and none is pretended.
    """
    counted = y[weights > 0]
    if np.unique(counted).size < 2:
        raise StudyError(
            f"training rows must have different scores, got one score or none among {counted.size} rows; "
            "use fewer folds or another outcome"
        )
