"""Named sets of thresholds, declared."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.declared.spec import Certainty, Direction, Name, Spec

ThresholdKind = Literal[
    "absolute_change", "percent_change", "final_score", "by_baseline", "sliding", "crossing", "sd_of_baseline",
    "sd_of_follow_up", "worsening", "any_of", "all_of", "none_of",
]  # fmt: skip
Purpose = Literal[
    "minimal_important", "substantial_benefit", "acceptable_state", "success", "failure", "worsening",
    "measurement_error",
]  # fmt: skip

FOR_THE_WORSE = ("failure", "worsening")
"""Purposes of a set that marks bad news; its outcome is not desirable."""

KEYS: dict[str, tuple[str, ...]] = {
    "by_baseline": ("bands",),
    "sliding": ("intercept", "slope"),
    "any_of": ("parts",),
    "all_of": ("parts",),
    "none_of": ("parts",),
}
"""What a kind is made of; all others are made of a `value`."""

LEAST_PARTS = {"any_of": 2, "all_of": 2, "none_of": 1}


class BaselineBand(Spec):
    """The improvement that is asked of baselines up to and including `up_to`, above the band before."""

    up_to: float
    value: Annotated[float, Field(gt=0)]


class ThresholdRule(Spec):
    """What must be reached, in the units of the score.

    ``absolute_change``
        An improvement by `value`.
    ``percent_change``
        An improvement by `value` per cent of the baseline.
    ``final_score``
        The score `value` or better, whatever the baseline.
    ``by_baseline``
        An improvement that depends on the baseline's band in `bands`; from beyond the last there is none to reach.
    ``sliding``
        An improvement by `intercept` plus `slope` times the baseline.
    ``crossing``
        From a baseline worse than `value` to that score or better. A good state that is lost is a failure to reach it;
        where both scores are so good it cannot be judged.
    ``sd_of_baseline``, ``sd_of_follow_up``
        An improvement by `value` standard deviations of the scores of the training rows.
    ``worsening``
        A change for the worse by `value`; 0 and `strict` for any.
    ``any_of``, ``all_of``, ``none_of``
        Made of other rules, `parts`; the last is a failure, an improvement that was not reached.

    With `strict` a value that is only just met does not count.
    """

    kind: ThresholdKind
    value: float | None = None
    strict: bool = False
    bands: tuple[BaselineBand, ...] = ()
    intercept: float | None = None
    slope: float | None = None
    parts: tuple[ThresholdRule, ...] = ()

    @property
    def for_the_worse(self) -> bool:
        """Whether meeting the rule is bad news."""
        return self.kind in ("worsening", "none_of") or any(part.for_the_worse for part in self.parts)

    @property
    def needs_baseline(self) -> bool:
        """Whether the score before the operation is part of the rule."""
        return self.kind != "final_score" if not self.parts else any(part.needs_baseline for part in self.parts)

    @property
    def learned(self) -> bool:
        """Whether a part of the rule is estimated from the training rows."""
        return self.kind in ("sd_of_baseline", "sd_of_follow_up") or any(part.learned for part in self.parts)

    @property
    def crosses(self) -> bool:
        """Whether a part of the rule cannot be judged where the score was good before and is after."""
        return self.kind == "crossing" or any(part.crosses for part in self.parts)

    @model_validator(mode="after")
    def _has_its_keys(self) -> ThresholdRule:
        needed = KEYS.get(self.kind, ("value",))
        given = [
            key for key in ("value", "bands", "intercept", "slope", "parts") if getattr(self, key) not in (None, ())
        ]
        if set(given) != set(needed):
            raise ValueError(
                f"a threshold of kind {self.kind} must have {' and '.join(needed)} and nothing else of its kind, got "
                f"{' and '.join(given) or 'none'}"
            )
        if self.parts and self.strict:
            raise ValueError(f"strict must stand in the parts of {self.kind}, not beside them")
        return self

    @model_validator(mode="after")
    def _has_a_sensible_value(self) -> ThresholdRule:
        if self.value is None or self.kind in ("final_score", "crossing"):
            return self
        if self.value < 0 or (self.value == 0 and not (self.kind == "worsening" and self.strict)):
            also = "; for any change for the worse, 0 with strict = true" if self.kind == "worsening" else ""
            raise ValueError(f"the value of a threshold of kind {self.kind} must be above 0, got {self.value:g}{also}")
        return self

    @model_validator(mode="after")
    def _rises_over_bands(self) -> ThresholdRule:
        if any(a.up_to >= b.up_to for a, b in pairwise(self.bands)):
            raise ValueError("the bands of a threshold must be in increasing order of up_to")
        return self

    @model_validator(mode="after")
    def _has_parts_that_go_together(self) -> ThresholdRule:
        if len(self.parts) < LEAST_PARTS.get(self.kind, 0):
            raise ValueError(f"a threshold of kind {self.kind} must have at least {LEAST_PARTS[self.kind]} parts")
        if any(part.kind == "none_of" for part in self.parts):
            raise ValueError("a part of a threshold must not be none_of; make it the whole threshold")
        news = {part.for_the_worse for part in self.parts}
        if len(news) > 1 or (self.kind == "none_of" and True in news):
            raise ValueError(f"the parts of {self.kind} must not mix improvement and worsening; declare two thresholds")
        return self


class ThresholdSpec(ThresholdRule):
    """The threshold of one instrument inside a named set.

    `scale` is the width of the scale on which the values are given where that is not the instrument's own: 50 for 7.5
    points of an NDI out of 50. ``"unknown"`` says that the source does not tell; nothing can be computed until somebody
    does. `direction` is the way that the instrument must point for the value to mean what the source says.
    `certainty` is given where it differs from the set's.
    """

    instrument: Name
    scale: Annotated[float, Field(gt=0)] | Literal["unknown"] | None = None
    direction: Direction | None = None
    certainty: Certainty | None = None


class ThresholdSetSpec(Spec):
    """A named, sourced set of thresholds, one per instrument.

    `disputed` marks a set where other published figures for the same instruments differ widely; `dispute` says how.
    `derived_from` is the fingerprint of the data that the values were estimated from, where they are no published ones.
    """

    name: Name
    title: str
    thresholds: Annotated[tuple[ThresholdSpec, ...], Field(min_length=1)]
    purpose: Purpose = "minimal_important"
    population: str = ""
    method: str = ""
    text: str = ""
    source: str = ""
    certainty: Certainty = "set by the toolkit"
    disputed: bool = False
    dispute: str = ""
    derived_from: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""

    @model_validator(mode="after")
    def _one_per_instrument(self) -> ThresholdSetSpec:
        named = [threshold.instrument for threshold in self.thresholds]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(
                f"a set must have one threshold per instrument, got two of {', '.join(twice)}; join them by any_of or "
                "all_of, or make two sets"
            )
        return self

    @model_validator(mode="after")
    def _purpose_is_that_of_the_rules(self) -> ThresholdSetSpec:
        for threshold in self.thresholds:
            if threshold.for_the_worse != (self.purpose in FOR_THE_WORSE):
                what = "worsening or failure" if threshold.for_the_worse else "an improvement or a good state"
                raise ValueError(
                    f"the purpose of a set must fit its thresholds, got {self.purpose!r} for {threshold.instrument}, "
                    f"which is of kind {threshold.kind}: {what}"
                )
        return self

    @model_validator(mode="after")
    def _says_what_is_disputed(self) -> ThresholdSetSpec:
        if self.disputed != bool(self.dispute.strip()):
            raise ValueError("disputed and dispute must come together: whether, and a few words on how")
        return self
