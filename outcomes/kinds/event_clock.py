"""What was observed when: first events, competing events and the end of follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.kinds.context import values_of
from outcomes.outcome import BoolArray, FloatArray, FollowUp, IntArray


@dataclass(frozen=True, kw_only=True)
class EventClock:
    """Columns, in days from the operation, that time an event, what competes with it, and the end of follow-up.

    `events` are the columns of the event, of which the first one counts. `since` is a column with the days to a later
    start of the clock (the discharge); all others are then counted from there. A missing day of an event means that
    none was recorded, which says nothing beyond `followed_until`.
    """

    events: tuple[str, ...]
    competing: tuple[str, ...]
    followed_until: str
    horizon_days: int
    since: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are read."""
        return (*self.events, *self.competing, self.followed_until, *((self.since,) if self.since else ()))

    @property
    def follow_up(self) -> FollowUp:
        """What weights are fitted from."""
        return FollowUp(time_days=self.time_days, cause=self.cause, horizon_days=self.horizon_days)

    def own_event(self, frame: pd.DataFrame) -> FloatArray:
        """Day of the first event of interest, infinite where none is recorded; shape (n,)."""
        return self._first(frame, self.events)

    def first_event(self, frame: pd.DataFrame) -> FloatArray:
        """Day of the first event of any cause, infinite where none is recorded; shape (n,)."""
        return self._first(frame, (*self.events, *self.competing))

    def time_days(self, frame: pd.DataFrame) -> FloatArray:
        """Day of the first event of any cause or of the end of follow-up, whichever is earlier; NaN if unknown."""
        first = self.first_event(frame)
        followed = self._count(values_of(frame, self.followed_until), frame)
        # An event is itself proof of follow-up, also where the end of follow-up was not recorded.
        return np.where(np.isfinite(first), first, followed)

    def cause(self, frame: pd.DataFrame) -> IntArray:
        """What ended follow-up: 0 nothing that was recorded, 1 the event, 2 a competing one; shape (n,).

        On the same day the event of interest is taken to come before a competing one.
        """
        first = self.first_event(frame)
        return np.where(np.isfinite(first), np.where(self.own_event(frame) <= first, 1, 2), 0)

    def occurred(self, frame: pd.DataFrame) -> FloatArray:
        """1 if the event came first and by the horizon, 0 if it is known that it did not, NaN if unknown.

        On the same day the event of interest is taken to come before a competing one.
        """
        own, first, time = self.own_event(frame), self.first_event(frame), self.time_days(frame)
        event = np.isfinite(own) & (own <= first) & (own <= self.horizon_days)
        clear = (first <= self.horizon_days) | (time >= self.horizon_days)
        return np.where(event, 1.0, np.where(clear, 0.0, np.nan))

    def is_timed(self, frame: pd.DataFrame) -> BoolArray:
        """Mark patients with an event or a known end of follow-up, shape (n,); of the others nothing is known."""
        return np.isfinite(self.time_days(frame))

    def _first(self, frame: pd.DataFrame, names: Sequence[str]) -> FloatArray:
        days = np.column_stack([self._count(values_of(frame, name), frame) for name in names])
        return np.asarray(np.where(np.isnan(days), np.inf, days).min(axis=1))

    def _count(self, days: FloatArray, frame: pd.DataFrame) -> FloatArray:
        """Return days from the start of the clock; where that is unknown, so are they."""
        return days - values_of(frame, self.since) if self.since else days
