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
    none was recorded, which says nothing beyond `followed_until`. Events before `not_before_days` are not yet events.

    Notes
    -----
    Where the end of follow-up is not recorded nothing is known, whether or not an event is: the patient is lost on day
    0. To keep those with an event and drop the others would choose patients by their outcome: of a rate r, with a share
    m of ends missing by chance, r / (r + (1 - r)(1 - m)) would be left, and weights by Kaplan-Meier give the same.
    """

    events: tuple[str, ...]
    competing: tuple[str, ...]
    followed_until: str
    horizon_days: int
    since: str | None = None
    not_before_days: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are read."""
        return (*self.events, *self.competing, self.followed_until, *((self.since,) if self.since else ()))

    @property
    def follow_up(self) -> FollowUp:
        """What weights are fitted from."""
        return FollowUp(time_days=self.time_days, cause=self.cause, horizon_days=self.horizon_days)

    def own_event(self, frame: pd.DataFrame) -> FloatArray:
        """Day of the first event of interest, infinite where none is recorded; shape (n,).

        One before `not_before_days` is counted from that day, where the patient was followed until then.
        """
        day = self._first(frame, self.events)
        early = day < self.not_before_days
        lasting = self._followed(frame) >= self.not_before_days
        return np.where(early, np.where(lasting, float(self.not_before_days), np.inf), day)

    def first_event(self, frame: pd.DataFrame) -> FloatArray:
        """Day of the first event of any cause, infinite where none is recorded; shape (n,)."""
        return np.minimum(self.own_event(frame), self._first(frame, self.competing))

    def time_days(self, frame: pd.DataFrame) -> FloatArray:
        """Day of the first event of any cause or of the end of follow-up, whichever is earlier; shape (n,).

        0 where the end of follow-up is not recorded.
        """
        first, followed = self.first_event(frame), self._followed(frame)
        # An event is itself proof of follow-up until its day, also where the recorded end is earlier.
        return np.where(self.is_timed(frame), np.where(np.isfinite(first), first, followed), 0.0)

    def cause(self, frame: pd.DataFrame) -> IntArray:
        """What ended follow-up: 0 nothing that was recorded, 1 the event, 2 a competing one; shape (n,).

        On the same day the event of interest is taken to come before a competing one.
        """
        first = self.first_event(frame)
        happened = np.isfinite(first) & self.is_timed(frame)
        return np.where(happened, np.where(self.own_event(frame) <= first, 1, 2), 0)

    def occurred(self, frame: pd.DataFrame) -> FloatArray:
        """1 if the event came first and by the horizon, 0 if it is known that it did not, NaN if unknown.

        On the same day the event of interest is taken to come before a competing one.
        """
        own, first, time = self.own_event(frame), self.first_event(frame), self.time_days(frame)
        event = np.isfinite(own) & (own <= first) & (own <= self.horizon_days)
        clear = (first <= self.horizon_days) | (time >= self.horizon_days)
        known = np.where(event, 1.0, np.where(clear, 0.0, np.nan))
        return np.where(self.is_timed(frame), known, np.nan)

    def is_timed(self, frame: pd.DataFrame) -> BoolArray:
        """Mark patients with a known end of follow-up, shape (n,); of the others nothing is known."""
        return np.isfinite(self._followed(frame))

    def _followed(self, frame: pd.DataFrame) -> FloatArray:
        return self._count(values_of(frame, self.followed_until), frame)

    def is_answered(self, frame: pd.DataFrame) -> BoolArray:
        """Mark patients followed to the horizon, or until an event with which follow-up ended (death), shape (n,).

        An event is known from its day on, and so more often than its absence: among patients of whom it is asked
        without a clock, in a composite, those followed beyond the event but not to the horizon stand for nobody.
        """
        first, followed = self.first_event(frame), self._followed(frame)
        return np.asarray((followed >= self.horizon_days) | (followed <= first) & np.isfinite(first))

    def _first(self, frame: pd.DataFrame, names: Sequence[str]) -> FloatArray:
        none = np.full(len(frame), np.inf)
        days = [self._count(values_of(frame, name), frame) for name in names]
        return np.asarray(np.fmin.reduce([none, *days]))

    def _count(self, days: FloatArray, frame: pd.DataFrame) -> FloatArray:
        """Return days from the start of the clock; where that is unknown, so are they."""
        return days - values_of(frame, self.since) if self.since else days
