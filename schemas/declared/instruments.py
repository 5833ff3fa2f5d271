"""A patient-reported or clinician-rated instrument, declared."""

from __future__ import annotations

from math import isclose
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.declared.spec import Certainty, Direction, Name, Spec

Region = Literal["lumbar", "cervical", "spine", "upper_limb", "generic", "other"]
ScoringRule = Literal["sum", "mean", "percent_of_maximum", "count"]

ROUNDING = 1e-9


class ScoringSpec(Spec):
    """How a score is made of its items, which are the stems of columns: ``oks_pain`` of ``oks_pain_0``.

    `low` and `high` are the ends of an item, of all alike; `reversed` are those whose highest answer counts least.
    `rule` is one of

    - ``mean``: of the answered items;
    - ``sum``: of all items, the mean of the answered standing for the others;
    - ``percent_of_maximum``: the mean in percent of the way from `low` to `high`;
    - ``count``: the sum with an unanswered item as `low`, for lists in which only what is true is ticked.

    Below `min_answered` the score is unknown; by default all items are needed. `tolerance` is by how much a score that
    the file itself has may differ.
    """

    rule: ScoringRule
    items: Annotated[tuple[Name, ...], Field(min_length=1)]
    low: float
    high: float
    reversed: tuple[Name, ...] = ()
    min_answered: Annotated[int, Field(gt=0)] | None = None
    tolerance: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _consistent(self) -> ScoringSpec:
        if not self.low < self.high:
            raise ValueError("scoring must have low below high, the ends of one item")
        if len(set(self.items)) < len(self.items):
            raise ValueError("scoring must name each item once")
        if unknown := [item for item in self.reversed if item not in self.items]:
            raise ValueError(f"scoring must reverse its own items only, {', '.join(unknown)} is none of them")
        if self.needed > len(self.items):
            raise ValueError(f"scoring must have min_answered of at most {len(self.items)}, the number of items")
        return self

    @property
    def needed(self) -> int:
        """Number of answers below which the score is unknown."""
        return len(self.items) if self.min_answered is None else self.min_answered

    @property
    def ends(self) -> tuple[float, float]:
        """Lowest and highest score that the rule can give."""
        if self.rule == "percent_of_maximum":
            return 0.0, 100.0
        times = 1 if self.rule == "mean" else len(self.items)
        return times * self.low, times * self.high

    def describe(self) -> str:
        """Return the rule in words."""
        n, words = len(self.items), _WORDS[self.rule]
        turned = f", {len(self.reversed)} of them reversed" if self.reversed else ""
        answers = "all needed" if self.needed == n else f"{self.needed} answers at least"
        return f"{words.format(n=n, low=self.low, high=self.high)}{turned}; {answers}."


_WORDS: dict[str, str] = {
    "mean": "Mean of the answered of {n} items of {low:g} to {high:g}",
    "sum": "Sum of {n} items of {low:g} to {high:g}, the mean of the answered for the others",
    "percent_of_maximum": "Mean of the answered of {n} items in percent of the way from {low:g} to {high:g}",
    "count": "Sum of {n} items of {low:g} to {high:g}, an unanswered one as {low:g}",
}


class InstrumentSpec(Spec):
    """An instrument: the range and direction of its score, and how it is made of its items.

    `name` is the stem of the score's columns: ``odi`` of ``odi_0`` and ``odi_12m``. `items` counts the questions.
    `open_ends` names ends of the range that are the usual ones only, as of a T-score: beyond them a score is possible.
    `follow_up_only` marks ratings that make no sense before the operation: outcomes or anchors, never predictors.
    `scored` says in words how the score comes about, or why it is taken as scored; `missing` what unanswered items do.
    `scoring` is the arithmetic, for a registry's own. `text` names the variants that must not be mixed up.
    `checked` says that scale and direction of the data were looked at by a person: nothing is then made of values that
    look like another variant.
    """

    name: Name
    title: str
    low: float
    high: float
    open_ends: tuple[Literal["low", "high"], ...] = ()
    direction: Direction
    region: Region = "other"
    domain: str = ""
    rated_by: Literal["patient", "clinician", "derived"] = "patient"
    items: int | None = None
    follow_up_only: bool = False
    scored: str = ""
    missing: str = ""
    scoring: ScoringSpec | None = None
    checked: bool = False
    text: str = ""
    source: str = ""
    certainty: Certainty = "general knowledge"

    @model_validator(mode="after")
    def _ordered(self) -> InstrumentSpec:
        if not self.low < self.high:
            raise ValueError("low must be below high")
        return self

    @model_validator(mode="after")
    def _scored_within(self) -> InstrumentSpec:
        if self.scoring is None:
            return self
        low, high = self.scoring.ends
        if not (isclose(self.low, low, abs_tol=ROUNDING) and isclose(self.high, high, abs_tol=ROUNDING)):
            raise ValueError(
                f"low and high must be the ends of what scoring gives, {low:g} and {high:g}, got {self.low:g} and "
                f"{self.high:g}; correct them, or the items and their ends"
            )
        if self.items is not None and self.items != len(self.scoring.items):
            raise ValueError(f"items must be the number of items of scoring, {len(self.scoring.items)}")
        return self
