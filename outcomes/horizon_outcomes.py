"""The kind ``event_by_horizon``: an event by a day, with censoring and competing events."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from outcomes.build import Context, require_levels
from outcomes.follow_up import EventClock
from outcomes.outcome import BoolArray, Criterion, FollowUp, Outcome
from schemas.specs import HorizonOutcome


def build_horizon_outcome(spec: HorizonOutcome, context: Context) -> Outcome:
    """Build the outcome "the event came first, by the horizon".

    Notes
    -----
    Patients followed for less than the horizon without any event are unknown, never event-free: they stay in the
    cohort with weight 0 and are stood for by those followed longer (inverse probability of censoring). Patients
    whose follow-up time is not recorded and who had no event are excluded and counted.
    """
    clock = EventClock(
        time=spec.time,
        competing=spec.competing,
        followed_until=spec.followed_until,
        horizon_days=spec.horizon_days,
    )
    columns = (clock.time, *clock.competing, clock.followed_until)
    return Outcome(
        name=spec.name,
        title=spec.title,
        kind="event_by_horizon",
        desirable=spec.desirable,
        horizon=spec.horizon,
        needs=(*columns, *spec.among),
        revealing=columns,
        occurred=clock.occurred,
        eligible=require_levels(spec),
        observed=(
            Criterion(
                reason=f"no event and {clock.followed_until} not recorded: outcome unknown",
                keep=partial(_timed, clock=clock),
            ),
        ),
        follow_up=FollowUp(time_days=clock.time_days, cause=clock.cause, horizon_days=clock.horizon_days),
        rule=spec.text,
        unknown=f"no event, and followed for less than {clock.horizon_days} days",
        competing=", ".join(name.removesuffix("_days").replace("_", " ") for name in clock.competing),
        unit=spec.unit,
        clock=spec.clock,
        source=spec.source,
    )


def _timed(frame: pd.DataFrame, *, clock: EventClock) -> BoolArray:
    return np.isfinite(clock.time_days(frame))
