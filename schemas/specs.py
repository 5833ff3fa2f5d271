"""What a registry definition or a study may declare of its own: instruments, thresholds, outcomes, comparators.

These are the words of the TOML files only; the floor above turns them into things that compute. The parts lie in
``declared/``.
"""

from __future__ import annotations

from schemas.declared.comparators import ComparatorSpec
from schemas.declared.instruments import InstrumentSpec, ScoringSpec
from schemas.declared.outcomes import (
    OUTCOME_KINDS,
    RECURRENCE_COLUMNS,
    CompositeOutcome,
    EventOutcome,
    HorizonOutcome,
    LevelOutcome,
    MissingRule,
    OutcomeSpec,
    RecurrenceOutcome,
    ReliefPlan,
    ScoreOutcome,
    ThresholdOutcome,
)
from schemas.declared.population import PopulationRule, PopulationStep
from schemas.declared.spec import CERTAINTY_WORDS, Certainty, Direction, Name, Spec
from schemas.declared.thresholds import (
    BaselineBand,
    Purpose,
    ThresholdKind,
    ThresholdRule,
    ThresholdSetSpec,
    ThresholdSpec,
)

__all__ = [
    "CERTAINTY_WORDS",
    "OUTCOME_KINDS",
    "RECURRENCE_COLUMNS",
    "BaselineBand",
    "Certainty",
    "ComparatorSpec",
    "CompositeOutcome",
    "Direction",
    "EventOutcome",
    "HorizonOutcome",
    "InstrumentSpec",
    "LevelOutcome",
    "MissingRule",
    "Name",
    "OutcomeSpec",
    "PopulationRule",
    "PopulationStep",
    "Purpose",
    "RecurrenceOutcome",
    "ReliefPlan",
    "ScoreOutcome",
    "ScoringSpec",
    "Spec",
    "ThresholdKind",
    "ThresholdOutcome",
    "ThresholdRule",
    "ThresholdSetSpec",
    "ThresholdSpec",
]
