"""What was observed when: first events, competing events and the end of follow-up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.outcome import FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class EventClock:
    """Columns, in days from the operation, that time an event, what competes with it, and the end of follow-up.

    A missing day of an event means that none was recorded, which says nothing beyond `followed_until`.
    """

    time: str
    competing: tuple[str, ...]
    followed_until: str
    horizon_days: int

    def first_event(self, frame: pd.DataFrame) -> FloatArray:
        """Day of the first event of any cause, infinite where none is recorded; shape (n,)."""
        days = frame[[self.time, *self.competing]].to_numpy(dtype=np.float64)
        return np.asarray(np.where(np.isnan(days), np.inf, days).min(axis=1))

    def time_days(self, frame: pd.DataFrame) -> FloatArray:
        """Day of the first event of any cause or of the end of follow-up, whichever is earlier; NaN if unknown."""
        first = self.first_event(frame)
        followed = frame[self.followed_until].to_numpy(dtype=np.float64)
        # An event is itself proof of follow-up, also where the end of follow-up was not recorded.
        return np.where(np.isfinite(first), first, followed)

    def cause(self, frame: pd.DataFrame) -> IntArray:
        """What ended follow-up: 0 nothing that was recorded, 1 the event, 2 a competing one; shape (n,).

        On the same day the event of interest is taken to come before a competing one.
        """
        first = self.first_event(frame)
        own = frame[self.time].to_numpy(dtype=np.float64)
        return np.where(np.isfinite(first), np.where(own <= first, 1, 2), 0)

    def occurred(self, frame: pd.DataFrame) -> FloatArray:
        """1 if the event came first and by the horizon, 0 if it is known that it did not, NaN if unknown.

        On the same day the event of interest is taken to come before a competing one.
        """
        own = frame[self.time].to_numpy(dtype=np.float64)
        first = self.first_event(frame)
        time = self.time_days(frame)
        event = np.isfinite(own) & (own <= first) & (own <= self.horizon_days)
        clear = (first <= self.horizon_days) | (time >= self.horizon_days)
        return np.where(event, 1.0, np.where(clear, 0.0, np.nan))
