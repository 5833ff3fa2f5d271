"""Short forms in which the outcomes from scores are written."""

from __future__ import annotations

from schemas.specs import ThresholdOutcome

VISITS = {
    "6w": "6 weeks",
    "3m": "3 months",
    "6m": "6 months",
    "12m": "12 months",
    "24m": "24 months",
    "60m": "60 months",
}
"""Ending of a visit's columns, and the horizon in words."""


NO_DEFAULT = "no default: the published thresholds are each of other patients, so the study names its set"


def reach(
    name: str,
    title: str,
    instrument: str,
    visit: str,
    threshold_set: str | None,
    *,
    desirable: bool = True,
    text: str = "",
) -> ThresholdOutcome:
    """Return the outcome "the score reached the set's threshold by the visit"; `name` and `title` without the visit."""
    return ThresholdOutcome(
        name=f"{name}_{visit}",
        title=f"{title} at {VISITS[visit]}",
        kind="threshold",
        desirable=desirable,
        horizon=VISITS[visit],
        instrument=instrument,
        baseline=f"{instrument}_0",
        follow_up=f"{instrument}_{visit}",
        threshold_set=threshold_set,
        text=text,
    )


def avoid(name: str, title: str, instrument: str, visit: str, threshold_set: str) -> ThresholdOutcome:
    """Return the same of bad news: a worsening or a failure."""
    return reach(name, title, instrument, visit, threshold_set, desirable=False)


def choose(name: str, title: str, instrument: str, visit: str) -> ThresholdOutcome:
    """Return the same without a set: the study must name one."""
    return reach(name, title, instrument, visit, None, text=NO_DEFAULT)


def rate(name: str, title: str, instrument: str, visit: str, threshold_set: str) -> ThresholdOutcome:
    """Return the same of a rating that is asked for at follow-up only, and so has no baseline."""
    return reach(name, title, instrument, visit, threshold_set).model_copy(update={"baseline": None})


def reach_last(name: str, title: str, instrument: str, visits: tuple[str, ...], threshold_set: str) -> ThresholdOutcome:
    """Return the outcome "at the last visit at which the score is known"; `visits` in the order of time."""
    first, last = VISITS[visits[0]], VISITS[visits[-1]]
    return ThresholdOutcome(
        name=name,
        title=f"{title} at the last visit from {first} to {last}",
        kind="threshold",
        desirable=True,
        horizon=f"the last visit from {first} to {last}",
        instrument=instrument,
        baseline=f"{instrument}_0",
        follow_up=tuple(f"{instrument}_{visit}" for visit in visits),
        threshold_set=threshold_set,
        text="mixes horizons: who came last when is itself an outcome",
    )
