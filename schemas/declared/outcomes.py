"""Outcomes, declared: one class per kind, each with the keys that its kind has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.declared.spec import Name, Spec

Clock = Literal["operation", "discharge"]
MissingRule = Literal["logic", "all_needed", "known_only"]
Names = Annotated[tuple[Name, ...], Field(min_length=1)]


class OutcomeSpec(Spec):
    """What every kind of outcome says of itself.

    `among` restricts who belongs, by column: levels of a category or flag (``{ employment = ["employed"] }``); others
    leave, counted. `clock` is what the days of the window are counted from. `patient_outcome` is False for a decision
    of doctors, which is no result of surgery. `published_c_statistic` is the range that honest published models of
    such an outcome reach; a result above it is doubted.
    """

    name: Name
    title: str
    kind: str
    desirable: bool
    horizon: str
    unit: Literal["operation", "patient", "operated level"] = "operation"
    clock: Clock = "operation"
    among: dict[Name, tuple[str | float, ...]] = Field(default_factory=dict)
    patient_outcome: bool = True
    published_c_statistic: tuple[float, float] | None = None
    text: str = ""
    source: str = ""

    def columns(self) -> tuple[str, ...]:
        """Return the columns of the registry that the declaration names."""
        return tuple(dict.fromkeys((*self._own_columns(), *self.among)))

    def _own_columns(self) -> Iterable[str]:
        return ()


class ThresholdOutcome(OutcomeSpec):
    """A score has reached a threshold.

    `follow_up` names one column, or several visits in the order of time of which the last known one is taken.
    """

    kind: Literal["threshold"]
    instrument: Name
    baseline: Name
    follow_up: Name | Names
    threshold_set: Name

    @property
    def visits(self) -> tuple[str, ...]:
        """Columns of the score at follow-up, in the order of time."""
        return (self.follow_up,) if isinstance(self.follow_up, str) else self.follow_up

    def _own_columns(self) -> Iterable[str]:
        return (self.baseline, *self.visits)


class ScoreOutcome(OutcomeSpec):
    """The score at follow-up itself, from which the probability of each set of `threshold_sets` is derived."""

    kind: Literal["score"]
    instrument: Name
    baseline: Name
    follow_up: Name
    threshold_sets: tuple[Name, ...] = ()

    def _own_columns(self) -> Iterable[str]:
        return (self.baseline, self.follow_up)


class EventOutcome(OutcomeSpec):
    """Flags within a fixed window: any of them, or all of them.

    `missing` says what a flag that is not recorded makes of the outcome: ``logic`` (any: 1 if one is 1, 0 if all are 0,
    else unknown; all: the reverse), ``all_needed`` (unknown if any is), ``known_only`` (those recorded decide; unknown
    if none is).
    """

    kind: Literal["event"]
    any_of: tuple[Name, ...] = ()
    all_of: tuple[Name, ...] = ()
    missing: MissingRule = "logic"

    @model_validator(mode="after")
    def _one_rule(self) -> EventOutcome:
        if bool(self.any_of) == bool(self.all_of):
            raise ValueError("an outcome of kind event must have any_of or all_of, one of the two")
        return self

    def _own_columns(self) -> Iterable[str]:
        return (*self.any_of, *self.all_of)


class HorizonOutcome(OutcomeSpec):
    """An event by a day, with censoring and competing events.

    `time` is the column with the days from operation to the first event (missing: none recorded), `competing` those of
    events that preclude it, `followed_until` the last day known to be followed, and `horizon_days` the horizon.
    Patients followed for less than that without any event are unknown, and are weighted.
    """

    kind: Literal["event_by_horizon"]
    time: Name
    competing: tuple[Name, ...] = ()
    followed_until: Name
    horizon_days: Annotated[int, Field(gt=0)]

    def _own_columns(self) -> Iterable[str]:
        return (self.time, *self.competing, self.followed_until)


class LevelOutcome(OutcomeSpec):
    """A column has reached a level: one of `counts` (a category), `at_least`, `more_than` or `at_most` (a number).

    `leaves_out` are levels that make the outcome meaningless (died before discharge); those patients leave, counted.
    `cutoffs` gives another `at_least` per level of the column `cutoff_by`; it needs a `cutoff_source`, as a cut-off
    that is estimated from the same data would make another outcome in each fold.
    """

    kind: Literal["level"]
    column: Name
    counts: tuple[str, ...] = ()
    leaves_out: tuple[str, ...] = ()
    at_least: float | None = None
    more_than: float | None = None
    at_most: float | None = None
    cutoff_by: Name | None = None
    cutoffs: dict[str, float] = Field(default_factory=dict)
    cutoff_source: str = ""

    @model_validator(mode="after")
    def _one_rule(self) -> LevelOutcome:
        numbers = (self.at_least, self.more_than, self.at_most)
        rules = [bool(self.counts), *(number is not None for number in numbers), bool(self.cutoffs)]
        if sum(rules) != 1:
            raise ValueError(
                "an outcome of kind level must have exactly one of counts, at_least, more_than, at_most and cutoffs"
            )
        if self.cutoffs and not (self.cutoff_by and self.cutoff_source):
            raise ValueError("cutoffs must come with cutoff_by and cutoff_source")
        return self

    def _own_columns(self) -> Iterable[str]:
        return (self.column, self.cutoff_by) if self.cutoff_by else (self.column,)


class CompositeOutcome(OutcomeSpec):
    """Made of other outcomes: any of them, all of them, or the first that is known (one label from either instrument).

    `missing` is as in `EventOutcome`.
    """

    kind: Literal["composite"]
    any_of: tuple[Name, ...] = ()
    all_of: tuple[Name, ...] = ()
    first_known: tuple[Name, ...] = ()
    missing: MissingRule = "logic"

    @model_validator(mode="after")
    def _one_rule(self) -> CompositeOutcome:
        if sum(map(bool, (self.any_of, self.all_of, self.first_known))) != 1:
            raise ValueError("an outcome of kind composite must have exactly one of any_of, all_of and first_known")
        return self

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the outcomes that it is made of."""
        return (*self.any_of, *self.all_of, *self.first_known)


class RecurrenceOutcome(OutcomeSpec):
    """A disc herniation that came back at an operated level, by a day, with censoring and competing events."""

    kind: Literal["recurrence"]
    horizon_days: Annotated[int, Field(gt=0)]
    proof: Literal["imaging", "reoperation"] = "imaging"
    side: Literal["same", "other", "any"] = "any"
    relief_days: Annotated[int, Field(ge=0)] = 0
    followed_until: Name = "follow_up_days"


OUTCOME_KINDS: dict[str, type[OutcomeSpec]] = {
    "threshold": ThresholdOutcome,
    "score": ScoreOutcome,
    "event": EventOutcome,
    "event_by_horizon": HorizonOutcome,
    "level": LevelOutcome,
    "composite": CompositeOutcome,
    "recurrence": RecurrenceOutcome,
}
"""Class of a declared outcome by its ``kind``."""
