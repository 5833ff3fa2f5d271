"""Outcomes, declared: one class per kind, each with the keys that its kind has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.declared.spec import Name, Spec

Clock = Literal["operation", "discharge"]
MissingRule = Literal["logic", "all_needed", "known_only"]
Names = Annotated[tuple[Name, ...], Field(min_length=1)]
Levels = dict[Name, tuple[str | float, ...]]


class OutcomeSpec(Spec):
    """What every kind of outcome says of itself.

    `among` restricts who belongs, by column: levels of a category or flag (``{ employment = ["employed"] }``); others
    leave, counted. `clock` is what the days of the window are counted from. `patient_outcome` is False for a decision
    of doctors, which is no result of surgery. `published_c_statistic` is the range that honest published models of
    such an outcome reach; a result above it is doubted.

    Three keys name levels of columns that are known after the operation and used where the data have them:
    `leaves_out_by` takes patients out (died in hospital), `only_with` keeps those alone that have the level (insured,
    so that everything is seen) and is a doubt in the rule where the column is absent, and `ruled_out_by` makes the
    outcome 0 where it is not recorded and all these columns say that it can no longer happen (died in hospital).
    """

    name: Name
    title: str
    kind: str
    desirable: bool
    horizon: str
    unit: Literal["operation", "patient", "operated level"] = "operation"
    clock: Clock = "operation"
    among: Levels = Field(default_factory=dict)
    leaves_out_by: Levels = Field(default_factory=dict)
    only_with: Levels = Field(default_factory=dict)
    ruled_out_by: Levels = Field(default_factory=dict)
    patient_outcome: bool = True
    published_c_statistic: tuple[float, float] | None = None
    text: str = ""
    source: str = ""

    def columns(self) -> tuple[str, ...]:
        """Return the columns of the registry that the declaration names."""
        return tuple(dict.fromkeys((*self._own_columns(), *self.among, *self.later_columns())))

    def later_columns(self) -> tuple[str, ...]:
        """Return those known after the operation that say who is counted, used where the data have them."""
        return tuple(dict.fromkeys((*self.leaves_out_by, *self.only_with, *self.ruled_out_by)))

    def levels(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        """Yield each column of a category and its levels that the declaration names."""
        for named in (self.among, self.leaves_out_by, self.only_with, self.ruled_out_by):
            for name, levels in named.items():
                yield name, tuple(level for level in levels if isinstance(level, str))

    def _own_columns(self) -> Iterable[str]:
        return ()


class ThresholdOutcome(OutcomeSpec):
    """A score has reached a threshold.

    `follow_up` names one column, or several visits in the order of time of which the last known one is taken.
    `baseline` may be left out where the threshold needs none, as of a rating that is asked for at follow-up only.
    `threshold_set` is a default; without one the study must name its own, as published ones are of other patients.
    """

    kind: Literal["threshold"]
    instrument: Name
    baseline: Name | None = None
    follow_up: Name | Names
    threshold_set: Name | None = None

    @property
    def visits(self) -> tuple[str, ...]:
        """Columns of the score at follow-up, in the order of time."""
        return (self.follow_up,) if isinstance(self.follow_up, str) else self.follow_up

    def _own_columns(self) -> Iterable[str]:
        return self.visits if self.baseline is None else (self.baseline, *self.visits)


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
    if none is). `present_before` names, per flag, another one that says that it was there at the time of the operation
    already, which is no event. `followed` is a flag that says that the patient was under observation for the whole
    window: without it no event recorded is unknown. Columns of these two are used where the data have them.
    `precluded_by` says in words what makes the event impossible.
    """

    kind: Literal["event"]
    any_of: tuple[Name, ...] = ()
    all_of: tuple[Name, ...] = ()
    missing: MissingRule = "logic"
    present_before: dict[Name, Name] = Field(default_factory=dict)
    followed: Name | None = None
    precluded_by: str = ""

    @model_validator(mode="after")
    def _one_rule(self) -> EventOutcome:
        if bool(self.any_of) == bool(self.all_of):
            raise ValueError("an outcome of kind event must have any_of or all_of, one of the two")
        for name in self.present_before:
            if name not in self.flags:
                raise ValueError(f"present_before must be of a flag of the outcome, got {name!r}")
        return self

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags that it is made of."""
        return self.any_of or self.all_of

    def _own_columns(self) -> Iterable[str]:
        return (*self.flags, *self.present_before.values(), *((self.followed,) if self.followed else ()))


class HorizonOutcome(OutcomeSpec):
    """An event by a day, with censoring and competing events.

    `time` is the column with the days from the operation to the first event (missing: none recorded), or several, of
    which the first event counts; `competing` are those of events that preclude it, `followed_until` the last day known
    to be followed, and `horizon_days` the horizon. Where the clock is ``discharge`` and the days of the file are
    counted from the operation, `since` is the column with the days from the operation to the discharge. Patients
    followed for less than the horizon without any event are unknown, and are weighted; so are all whose end of
    follow-up is not recorded, with an event or without. An event before `not_before_days` is not yet one: it counts on
    that day if the patient was followed as long, and else follow-up ends without it.
    """

    kind: Literal["event_by_horizon"]
    time: Name | Names
    competing: tuple[Name, ...] = ()
    followed_until: Name
    horizon_days: Annotated[int, Field(gt=0)]
    since: Name | None = None
    not_before_days: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _can_be_an_event(self) -> HorizonOutcome:
        if self.not_before_days > self.horizon_days:
            raise ValueError(f"not_before_days must be at most horizon_days, got {self.not_before_days}")
        return self

    @model_validator(mode="after")
    def _clock_has_a_start(self) -> HorizonOutcome:
        if self.since and self.clock != "discharge":
            raise ValueError('since must go with clock = "discharge", which it says when it was')
        return self

    @property
    def events(self) -> tuple[str, ...]:
        """Columns of the event, one or several."""
        return (self.time,) if isinstance(self.time, str) else self.time

    def _own_columns(self) -> Iterable[str]:
        return (*self.events, *self.competing, self.followed_until, *filter(None, (self.since,)))


class LevelOutcome(OutcomeSpec):
    """A column has reached a level: one of `counts` (a category), `at_least`, `more_than` or `at_most` (a number).

    With `minus`, a column known before the operation, the number is the change since then. `leaves_out` are levels
    that make the outcome meaningless (died before discharge); those patients leave, counted. `cutoffs` gives another
    number per level of the column `cutoff_by`, to be reached or, as `cutoff_rule` says, to be passed; it needs a
    `cutoff_source`, as a cut-off that is estimated from the same data would make another outcome in each fold.
    `answered` says that the column is an answer of the patient at a visit: then a reoperation or a death before it is
    what the study's `reoperated` and `died` make of it. `precluded_by` is as in `EventOutcome`.
    """

    kind: Literal["level"]
    column: Name
    counts: tuple[str, ...] = ()
    leaves_out: tuple[str, ...] = ()
    at_least: float | None = None
    more_than: float | None = None
    at_most: float | None = None
    minus: Name | None = None
    cutoff_by: Name | None = None
    cutoffs: dict[str, float] = Field(default_factory=dict)
    cutoff_rule: Literal["at_least", "more_than"] = "at_least"
    cutoff_source: str = ""
    answered: bool = False
    precluded_by: str = ""

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
        if self.counts and self.minus:
            raise ValueError("minus must be left out where counts is given: levels of a category have no difference")
        if set(self.counts) & set(self.leaves_out):
            raise ValueError("leaves_out must not name a level that counts")
        return self

    def levels(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        """Yield each column of a category and its levels that the declaration names."""
        yield from super().levels()
        yield self.column, (*self.counts, *self.leaves_out)
        if self.cutoff_by:
            yield self.cutoff_by, tuple(self.cutoffs)

    def _own_columns(self) -> Iterable[str]:
        return (self.column, *((self.minus,) if self.minus else ()), *((self.cutoff_by,) if self.cutoff_by else ()))


class CompositeOutcome(OutcomeSpec):
    """Made of other outcomes: any of them, all of them, or the first that is known (from either instrument).

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
        if self.first_known and self.missing != "logic":
            raise ValueError("missing must be left out where first_known is given, which is a rule of its own")
        if self.name in self.components:
            raise ValueError("an outcome of kind composite must not be a component of itself")
        return self

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the outcomes that it is made of."""
        return (*self.any_of, *self.all_of, *self.first_known)


class ReliefPlan(Spec):
    """Relief that a score shows: it fell by `fall_percent` of its baseline at a visit before the recurrence."""

    baseline: Name
    visits: Names
    fall_percent: Annotated[float, Field(gt=0, le=100)] = 60


class RecurrenceOutcome(OutcomeSpec):
    """A disc herniation that came back at an operated level, by a day, with censoring and competing events.

    `proof` says what proves it: symptoms and imaging, or as a proxy an operation at the level. `time` is the column of
    its days where it is not the usual one of the proof. `side` is seen from the operated side. `relief_days` and
    `relief` ask for relief before it; without that it is a residual herniation, another outcome (`herniation`). Where
    the days of relief are not recorded the event is not adjudicated, or with `relief_unknown` ``by_day`` its own day
    stands for them. A recorded relief of 0 days is none, whatever `relief_days` is.
    `unadjudicated` says what an event is of which the data do not tell whether it counts. `other_events` are words of
    the registry's table of events that have no bearing on it.
    """

    kind: Literal["recurrence"]
    horizon_days: Annotated[int, Field(gt=0)]
    herniation: Literal["recurrent", "residual"] = "recurrent"
    proof: Literal["imaging", "reoperation"] = "imaging"
    time: Name | None = None
    side: Literal["same", "other", "any"] = "any"
    relief_days: Annotated[int, Field(ge=0)] = 0
    relief_unknown: Literal["unadjudicated", "by_day"] = "unadjudicated"
    relief: ReliefPlan | None = None
    unadjudicated: Literal["competes", "event"] = "competes"
    competing: tuple[Name, ...] = ("other_fusion_days", "death_days")
    followed_until: Name = "follow_up_days"
    other_events: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _residual_is_early(self) -> RecurrenceOutcome:
        if self.herniation == "residual" and not (self.relief_days or self.relief):
            raise ValueError("a residual herniation must have relief_days or relief, without which it cannot be told")
        return self

    @property
    def event(self) -> str:
        """Column with the days to the event."""
        usual = {"imaging": "reherniation_days", "reoperation": "same_level_reoperation_days"}
        return self.time or usual[self.proof]

    @property
    def needs_relief_days(self) -> bool:
        """Whether the days of relief must be recorded for the outcome to be told."""
        timed = self.herniation == "recurrent" and self.proof == "imaging" and self.relief_days > 0
        return timed and self.relief_unknown == "unadjudicated"

    def needed_columns(self) -> tuple[str, ...]:
        """Return the columns without which the outcome cannot be made of one row per operation."""
        return (
            self.event,
            *self.competing,
            *(("recurrence_level_side",) if self.side != "any" else ()),
            *(("pain_free_days",) if self.needs_relief_days else ()),
            *((self.relief.baseline, *self.relief.visits) if self.relief else ()),
            self.followed_until,
        )

    def _own_columns(self) -> Iterable[str]:
        """Yield what the declaration itself names; what else is needed may come from tables of levels and events."""
        if self.time:
            yield self.time
        if "competing" in self.model_fields_set:
            yield from self.competing
        if self.relief:
            yield from (self.relief.baseline, *self.relief.visits)
        yield self.followed_until


RECURRENCE_COLUMNS = (
    "recurrence_level_side", "pain_free_days", "residual_herniation", "level_fusion_days", "fusion_reason",
)  # fmt: skip
"""Columns that tell more of a recurrence, used where the data have them."""


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
