"""Who belongs to the population of an outcome, as data: what a model bundle needs to know whom it was made for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.declared.instruments import InstrumentSpec
from schemas.declared.spec import Name, Spec
from schemas.declared.thresholds import ThresholdSpec

Belonging = Literal["levels", "recorded", "room", "all_of", "any_of", "none_of"]

KEYS: dict[Belonging, tuple[str, ...]] = {
    "levels": ("column", "levels"),
    "recorded": ("column",),
    "room": ("column", "instrument", "threshold"),
}
"""What a kind is made of; the others are made of `parts`."""


class PopulationRule(Spec):
    """Who belongs, by what is known before the operation.

    ``levels``
        Whose `column` has one of the `levels`.
    ``recorded``
        Whose `column` is recorded.
    ``room``
        Whose baseline, `column`, leaves room for the `threshold` of the `instrument`.
    ``all_of``, ``any_of``, ``none_of``
        Made of other rules, `parts`; all of no parts are all patients.
    """

    kind: Belonging
    column: Name | None = None
    levels: tuple[str | float, ...] = ()
    instrument: InstrumentSpec | None = None
    threshold: ThresholdSpec | None = None
    parts: tuple[PopulationRule, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the rule reads, each once."""
        own = () if self.column is None else (self.column,)
        return tuple(dict.fromkeys((*own, *(name for part in self.parts for name in part.columns))))

    @model_validator(mode="after")
    def _has_its_keys(self) -> PopulationRule:
        needed = KEYS.get(self.kind, ("parts",))
        keys = ("column", "levels", "instrument", "threshold", "parts")
        given = [key for key in keys if getattr(self, key) not in (None, ())]
        if set(given) - {"parts"} != set(needed) - {"parts"} or ("parts" in given and "parts" not in needed):
            raise ValueError(f"a rule of kind {self.kind} must have {' and '.join(needed)}, got {' and '.join(given)}")
        return self


class PopulationStep(Spec):
    """One rule of a population, and what is said of a patient who does not fulfil it."""

    reason: Annotated[str, Field(min_length=1)]
    rule: PopulationRule
