"""The words of a definition that several kinds of outcome share."""

from __future__ import annotations

from schemas.specs import OutcomeSpec

DECISION = "a decision of doctors, not an outcome of a patient"

CLOCKS = {"operation": "", "discharge": "days are counted from the discharge, not from the operation"}


def join_rule(spec: OutcomeSpec, *parts: str) -> str:
    """Return the rule of an outcome: what its kind says, from when days are counted, and the declaration's own text."""
    decision = "" if spec.patient_outcome else DECISION
    return "; ".join(filter(None, (*parts, CLOCKS[spec.clock], decision, spec.text)))


def spell(name: str) -> str:
    """Return the name of a column as words."""
    return name.replace("_", " ")
