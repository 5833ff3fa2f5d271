"""From a declaration to an outcome: the builder of each kind, and what every kind says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from outcomes.kinds.composite import build_composite_outcome
from outcomes.kinds.context import Context
from outcomes.kinds.event import build_event_outcome
from outcomes.kinds.event_by_horizon import build_horizon_outcome
from outcomes.kinds.level import build_level_outcome
from outcomes.kinds.recurrence import build_recurrence_outcome
from outcomes.kinds.score import build_score_outcome
from outcomes.kinds.threshold import build_threshold_outcome
from outcomes.kinds.told_later import heed_later_columns
from outcomes.outcome import Outcome
from schemas.specs import OutcomeSpec

BUILDERS: dict[str, Callable[[Any, Context], Outcome]] = {
    "threshold": build_threshold_outcome,
    "score": build_score_outcome,
    "event": build_event_outcome,
    "event_by_horizon": build_horizon_outcome,
    "level": build_level_outcome,
    "composite": build_composite_outcome,
    "recurrence": build_recurrence_outcome,
}
"""What makes an `Outcome` of a declaration, by its kind."""


def build_declared(spec: OutcomeSpec, context: Context) -> Outcome:
    """Build the outcome of a declaration: what its kind makes of it, and what every kind says of itself."""
    built = heed_later_columns(BUILDERS[spec.kind](spec, context), spec, context)
    return replace(
        built,
        unit=spec.unit,
        clock=spec.clock,
        patient_outcome=spec.patient_outcome,
        published_c_statistic=spec.published_c_statistic or built.published_c_statistic,
    )
