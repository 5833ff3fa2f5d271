"""What a registry definition or a study may declare of its own: instruments, thresholds, outcomes, comparators.

These are the words of the TOML files only; the floor above turns them into things that compute.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
ThresholdKind = Literal["absolute_change", "percent_change", "final_score"]
Direction = Literal["higher_is_better", "lower_is_better"]


NEEDED_KEYS = {
    "threshold": ("instrument", "baseline", "follow_up", "threshold_set"),
    "event": ("any_of",),
    "event_by_horizon": ("time", "followed_until", "horizon_days"),
}
"""Keys that each kind of outcome must have."""


class Spec(BaseModel):
    """Base of everything read from TOML: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InstrumentSpec(Spec):
    """A patient-reported outcome instrument."""

    name: Name
    title: str
    low: float
    high: float
    direction: Direction
    items: int | None = None
    text: str = ""
    source: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> InstrumentSpec:
        if not self.low < self.high:
            raise ValueError("low must be below high")
        return self


class ThresholdSpec(Spec):
    """The threshold of one instrument inside a named set.

    `value` is an improvement in the instrument's own units (``absolute_change``), a percentage of the baseline
    (``percent_change``), or the score to be reached (``final_score``).
    """

    instrument: Name
    kind: ThresholdKind
    value: Annotated[float, Field(gt=0)]


class ThresholdSetSpec(Spec):
    """A named, sourced set of thresholds."""

    name: Name
    title: str
    thresholds: Annotated[tuple[ThresholdSpec, ...], Field(min_length=1)]
    population: str = ""
    method: str = ""
    source: str = ""


class OutcomeSpec(Spec):
    """An outcome, declared.

    ``threshold``: a patient-reported score has reached a threshold; `instrument`, `baseline`, `follow_up` and
    `threshold_set` are needed.
    ``event``: `any_of` names flag columns; unknown where none is 1 and any is unknown.
    ``event_by_horizon``: `time` is the column with the days from operation to the first event (missing: none
    recorded), `competing` those of events that preclude it, `followed_until` the last day known to be followed, and
    `horizon_days` the horizon. Patients followed for less than that without any event are unknown, and are weighted.
    """

    name: Name
    title: str
    kind: Literal["threshold", "event", "event_by_horizon"]
    desirable: bool
    horizon: str
    instrument: str | None = None
    baseline: str | None = None
    follow_up: str | None = None
    threshold_set: str | None = None
    any_of: tuple[str, ...] = ()
    time: str | None = None
    competing: tuple[str, ...] = ()
    followed_until: str | None = None
    horizon_days: Annotated[int, Field(gt=0)] | None = None
    text: str = ""
    source: str = ""

    @model_validator(mode="after")
    def _complete(self) -> OutcomeSpec:
        lacking = [key for key in NEEDED_KEYS[self.kind] if not getattr(self, key)]
        if lacking:
            raise ValueError(f"an outcome of kind {self.kind} must have {', '.join(lacking)}")
        return self


class ComparatorSpec(Spec):
    """A published prediction that the file itself carries, made of its columns: sum of `plus` minus sum of `minus`.

    ``score`` ranks patients only; ``probability`` is a risk in [0, 1] and is evaluated like any model.
    Higher must mean that the outcome is more likely.
    """

    name: Name
    title: str
    outcome: str
    plus: Annotated[tuple[str, ...], Field(min_length=1)]
    minus: tuple[str, ...] = ()
    scale: Literal["score", "probability"] = "score"
    source: str = ""
