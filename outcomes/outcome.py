"""An outcome: what is predicted, for whom, and what counts as unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One counted step of the participants' flow: rows where `keep` is False leave, for `reason`."""

    reason: str
    keep: Callable[[pd.DataFrame], BoolArray]


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """What inverse probability of censoring weights are fitted from.

    `time_days` is the day of the first event of any cause or of the end of follow-up, whichever is earlier;
    `ended_by_event` is True where it was an event. `horizon_days` is the day until which the outcome is asked for.
    """

    time_days: Callable[[pd.DataFrame], FloatArray]
    ended_by_event: Callable[[pd.DataFrame], BoolArray]
    horizon_days: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A binary outcome of surgery at a fixed horizon, as pure functions of a registry's frame.

    Parameters
    ----------
    name, title
        Identifier and what a reader sees.
    kind
        ``threshold`` (a patient-reported score reached a threshold), ``event``, or ``event_by_horizon``.
    desirable
        Whether a high probability is good news.
    horizon
        Until when, in words, counted from the operation.
    needs
        Columns that must be in the registry.
    revealing
        Those of them that tell the outcome, and so can never be predictors, whenever they are known.
    eligible
        Steps that decide who belongs, counted in order; known at the time of the prediction.
    observed
        Steps that name why the outcome is unknown, counted in order after `eligible`.
    occurred
        Frame to 1 (occurred), 0 (did not) or NaN (unknown), shape (n,).
    follow_up
        Present where patients unknown by the horizon are weighted instead of left out; the weights are fitted in
        each training fold.
    threshold_set, threshold_text
        Name and words of the threshold, for the ``threshold`` kind.
    source
        Where the definition comes from.
    """

    name: str
    title: str
    kind: Literal["threshold", "event", "event_by_horizon"]
    desirable: bool
    horizon: str
    needs: tuple[str, ...]
    revealing: tuple[str, ...]
    occurred: Callable[[pd.DataFrame], FloatArray]
    eligible: tuple[Criterion, ...] = ()
    observed: tuple[Criterion, ...] = ()
    follow_up: FollowUp | None = None
    threshold_set: str = ""
    threshold_text: str = ""
    source: str = ""
