"""All outcomes by name, and how a declaration becomes an `Outcome`."""

from __future__ import annotations

from outcomes.complications import COMPLICATIONS, build_any_of_outcome
from outcomes.instruments import INSTRUMENTS
from outcomes.outcome import Outcome
from outcomes.patient_reported import PATIENT_REPORTED, build_threshold_outcome
from outcomes.reherniation import REHERNIATION, build_event_by_horizon_outcome
from outcomes.thresholds import THRESHOLD_SETS
from schemas.definition import Definition
from schemas.errors import StudyError, unknown_name
from schemas.specs import InstrumentSpec, OutcomeSpec, ThresholdSetSpec
from schemas.study import Study

OUTCOMES: dict[str, OutcomeSpec] = {spec.name: spec for spec in (*PATIENT_REPORTED, *REHERNIATION, *COMPLICATIONS)}


def known_outcomes(definition: Definition) -> dict[str, OutcomeSpec]:
    """Built-in outcomes and those that the registry's definition declares; its own win."""
    return {**OUTCOMES, **{spec.name: spec for spec in definition.outcomes}}


def known_instruments(definition: Definition) -> dict[str, InstrumentSpec]:
    """Built-in instruments and the registry's own."""
    return {**INSTRUMENTS, **{spec.name: spec for spec in definition.instruments}}


def known_threshold_sets(definition: Definition) -> dict[str, ThresholdSetSpec]:
    """Built-in threshold sets and the registry's own."""
    return {**THRESHOLD_SETS, **{spec.name: spec for spec in definition.threshold_sets}}


def build_outcomes(study: Study, definition: Definition) -> dict[str, Outcome]:
    """Build the outcomes that a study names, in its order.

    Raises
    ------
    StudyError
        If an outcome, or an outcome under ``threshold_sets`` or ``threshold_probabilities``, is unknown.
    """
    specs = known_outcomes(definition)
    for name in study.outcomes:
        if name not in specs:
            raise StudyError(unknown_name("an outcome of the study", name, specs))
    for key in ("threshold_sets", "threshold_probabilities"):
        for name in getattr(study, key):
            if name not in study.outcomes:
                raise StudyError(unknown_name(f"an outcome under [{key}]", name, study.outcomes))
    return {name: _build(specs[name], study, definition) for name in study.outcomes}


def _build(spec: OutcomeSpec, study: Study, definition: Definition) -> Outcome:
    if spec.kind == "threshold":
        chosen = study.threshold_sets.get(spec.name, spec.threshold_set)
        return build_threshold_outcome(
            spec.model_copy(update={"threshold_set": chosen}),
            instruments=known_instruments(definition),
            threshold_sets=known_threshold_sets(definition),
            unattainable=study.unattainable,
        )
    if spec.name in study.threshold_sets:
        raise StudyError(
            f"an outcome under [threshold_sets] must be of kind threshold, got {spec.name!r}; leave it out"
        )
    if spec.kind == "event":
        return build_any_of_outcome(spec)
    return build_event_by_horizon_outcome(spec)
