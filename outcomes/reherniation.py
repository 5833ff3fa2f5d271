"""Recurrence of a disc herniation at the operated level, by a horizon, with censoring and competing events."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from outcomes.follow_up import EventClock
from outcomes.outcome import BoolArray, Criterion, FollowUp, Outcome
from schemas.specs import OutcomeSpec

REHERNIATION = (
    OutcomeSpec(
        name="reherniation_24m", title="Reherniation at the operated level within 24 months", kind="event_by_horizon",
        desirable=False, horizon="24 months", time="reherniation_days",
        competing=("other_fusion_days", "death_days"), followed_until="follow_up_days", horizon_days=730,
        text="Symptomatic and proven by imaging, first event; death and fusion for another reason compete.",
        source="recurrent lumbar disc herniation, radiological and clinical",
    ),
)  # fmt: skip


def build_event_by_horizon_outcome(spec: OutcomeSpec) -> Outcome:
    """Build the outcome "the event came first, by the horizon".

    Notes
    -----
    Patients followed for less than the horizon without any event are unknown, never event-free: they stay in the
    cohort with weight 0 and are stood for by those followed longer (inverse probability of censoring). Patients
    whose follow-up time is not recorded and who had no event are excluded and counted.
    """
    clock = EventClock(
        time=str(spec.time),
        competing=spec.competing,
        followed_until=str(spec.followed_until),
        horizon_days=int(spec.horizon_days or 0),
    )
    columns = (clock.time, *clock.competing, clock.followed_until)
    return Outcome(
        name=spec.name,
        title=spec.title,
        kind="event_by_horizon",
        desirable=spec.desirable,
        horizon=spec.horizon,
        needs=columns,
        revealing=columns,
        occurred=clock.occurred,
        observed=(
            Criterion(
                reason=f"no event and {clock.followed_until} not recorded: outcome unknown",
                keep=partial(_timed, clock=clock),
            ),
        ),
        follow_up=FollowUp(
            time_days=clock.time_days, ended_by_event=clock.ended_by_event, horizon_days=clock.horizon_days
        ),
        threshold_text=spec.text,
        source=spec.source,
    )


def _timed(frame: pd.DataFrame, *, clock: EventClock) -> BoolArray:
    return np.isfinite(clock.time_days(frame))
