"""The kind ``event_by_horizon``: an event by a day, with censoring and competing events."""

from __future__ import annotations

import re

from outcomes.kinds.context import Context, require_levels
from outcomes.kinds.event_clock import EventClock
from outcomes.kinds.wording import join_rule, spell
from outcomes.outcome import Criterion, Outcome
from schemas.columns import COLUMNS
from schemas.specs import HorizonOutcome

AROUND = re.compile(r"^Days from the operation to |: days from the operation to the first one|; missing means.*$|\.$")
"""What the dictionary says around an event when it describes the column of its days."""

FIRST = "only the first event counts"
TIES = f"{FIRST}, and on the same day it counts before a competing one"


def build_horizon_outcome(spec: HorizonOutcome, context: Context) -> Outcome:
    """Build the outcome "the event came first, by the horizon".

    Notes
    -----
    Patients followed for less than the horizon without any event are unknown, never event-free: they stay in the
    cohort with weight 0 and are stood for by those followed longer (inverse probability of censoring). So do patients
    whose end of follow-up is not recorded, with an event or without, as lost on day 0 (`EventClock`), counted.
    """
    clock = EventClock(
        events=spec.events,
        competing=spec.competing,
        followed_until=spec.followed_until,
        horizon_days=spec.horizon_days,
        since=spec.since,
        not_before_days=spec.not_before_days,
    )
    untimed = describe_untimed(spec.followed_until, spec.since)
    return Outcome(
        name=spec.name,
        title=spec.title,
        kind="event_by_horizon",
        desirable=spec.desirable,
        horizon=spec.horizon,
        needs=(*clock.columns, *spec.among),
        revealing=clock.columns,
        occurred=clock.occurred,
        eligible=require_levels(spec),
        observed=(Criterion(reason=f"{untimed}: outcome unknown", keep=clock.is_timed),),
        answered=clock.is_answered,
        follow_up=clock.follow_up,
        rule=join_rule(spec, describe_event(spec), _describe_too_early(spec), TIES if spec.competing else FIRST),
        unknown=f"{describe_lost(spec.horizon_days)}; {untimed}",
        competing=", ".join(map(name_event, spec.competing)),
        source=spec.source,
    )


def describe_event(spec: HorizonOutcome) -> str:
    """Return the event and its horizon in words: what the dictionary says of the columns."""
    events = ", or ".join(map(name_event, spec.events))
    return f"{events}, by day {spec.horizon_days} after the {spec.clock}"


def describe_lost(horizon_days: int) -> str:
    """Return whose outcome is unknown for want of follow-up."""
    return f"no event, and followed for less than {horizon_days} days"


def describe_untimed(followed_until: str, since: str | None = None) -> str:
    """Return of whom no time is known, in words."""
    start = f" or {spell(since)}" if since else ""
    return f"{spell(followed_until)}{start} not recorded, with an event or without"


def _describe_too_early(spec: HorizonOutcome) -> str:
    if not spec.not_before_days:
        return ""
    day = spec.not_before_days
    return f"one before day {day} counts on that day, if {spell(spec.followed_until)} is not before it, and else not"


def name_event(name: str) -> str:
    """Return the event behind a column of days in words: the dictionary's, else the name.

    Examples
    --------
    >>> name_event("death_days")
    'death from any cause'
    """
    if name not in COLUMNS:
        return spell(name.removesuffix("_days"))
    return AROUND.sub("", COLUMNS[name].text)
