"""What a registry definition or a study may declare of its own: instruments, thresholds, outcomes, comparators.

These are the words of the TOML files only; the floor above turns them into things that compute. The parts lie in
``declared/``.
"""

from __future__ import annotations

from schemas.declared.comparators import ComparatorSpec
from schemas.declared.instruments import InstrumentSpec
from schemas.declared.outcomes import (
    OUTCOME_KINDS,
    CompositeOutcome,
    EventOutcome,
    HorizonOutcome,
    LevelOutcome,
    OutcomeSpec,
    RecurrenceOutcome,
    ScoreOutcome,
    ThresholdOutcome,
)
from schemas.declared.spec import Certainty, Direction, Name, Spec
from schemas.declared.thresholds import Purpose, ThresholdKind, ThresholdSetSpec, ThresholdSpec

__all__ = [
    "OUTCOME_KINDS",
    "Certainty",
    "ComparatorSpec",
    "CompositeOutcome",
    "Direction",
    "EventOutcome",
    "HorizonOutcome",
    "InstrumentSpec",
    "LevelOutcome",
    "Name",
    "OutcomeSpec",
    "Purpose",
    "RecurrenceOutcome",
    "ScoreOutcome",
    "Spec",
    "ThresholdKind",
    "ThresholdOutcome",
    "ThresholdSetSpec",
    "ThresholdSpec",
]
