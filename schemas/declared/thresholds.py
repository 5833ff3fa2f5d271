"""Named sets of thresholds, declared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.declared.spec import Certainty, Name, Spec

ThresholdKind = Literal["absolute_change", "percent_change", "final_score"]
Purpose = Literal[
    "minimal_important", "substantial_benefit", "acceptable_state", "success", "failure", "worsening",
    "measurement_error",
]  # fmt: skip


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
    purpose: Purpose = "minimal_important"
    population: str = ""
    method: str = ""
    source: str = ""
    certainty: Certainty = "set by the toolkit"
