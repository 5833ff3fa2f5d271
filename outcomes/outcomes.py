"""All outcomes by name, and how a declaration becomes an `Outcome`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from outcomes.build import Context
from outcomes.complications import COMPLICATIONS
from outcomes.event_outcomes import build_event_outcome
from outcomes.horizon_outcomes import build_horizon_outcome
from outcomes.instruments import INSTRUMENTS
from outcomes.outcome import Outcome
from outcomes.patient_reported import PATIENT_REPORTED
from outcomes.reherniation import REHERNIATION
from outcomes.threshold_outcomes import build_threshold_outcome
from outcomes.thresholds import THRESHOLD_SETS
from schemas.definition import Definition
from schemas.errors import StudyError, unknown_name
from schemas.specs import InstrumentSpec, OutcomeSpec, ThresholdOutcome, ThresholdSetSpec
from schemas.study import Study

ENTRIES: tuple[OutcomeSpec, ...] = (*PATIENT_REPORTED, *REHERNIATION, *COMPLICATIONS)

OUTCOMES: dict[str, OutcomeSpec] = {spec.name: spec for spec in ENTRIES}

BUILDERS: dict[str, Callable[[Any, Context], Outcome]] = {
    "threshold": build_threshold_outcome,
    "event": build_event_outcome,
    "event_by_horizon": build_horizon_outcome,
}
"""What makes an `Outcome` of a declaration, by its kind."""


def known_outcomes(definition: Definition) -> dict[str, OutcomeSpec]:
    """Built-in outcomes and those that the registry's definition declares; its own win."""
    return {**OUTCOMES, **{spec.name: spec for spec in definition.outcomes}}


def known_instruments(definition: Definition) -> dict[str, InstrumentSpec]:
    """Built-in instruments and the registry's own."""
    return {**INSTRUMENTS, **{spec.name: spec for spec in definition.instruments}}


def known_threshold_sets(definition: Definition) -> dict[str, ThresholdSetSpec]:
    """Built-in threshold sets and the registry's own."""
    return {**THRESHOLD_SETS, **{spec.name: spec for spec in definition.threshold_sets}}


def build_outcomes(study: Study, definition: Definition, columns: Collection[str] | None = None) -> dict[str, Outcome]:
    """Build the outcomes that a study names, in its order.

    Parameters
    ----------
    study
        Which outcomes, and the choices that shape them.
    definition
        Of the registry, whose own entries are known too.
    columns
        Those of the data, where there are any yet: optional columns are used where they are among them.

    Raises
    ------
    StudyError
        If an outcome, or an outcome under a table of the study, is unknown.
    """
    specs = known_outcomes(definition)
    for name in study.outcomes:
        if name not in specs:
            raise StudyError(unknown_name("an outcome of the study", name, specs))
    for key in ("threshold_sets", "threshold_probabilities"):
        for name in getattr(study, key):
            if name not in study.outcomes:
                raise StudyError(unknown_name(f"an outcome under [{key}]", name, study.outcomes))
    return {name: build_outcome(name, study, definition, columns) for name in study.outcomes}


def build_outcome(name: str, study: Study, definition: Definition, columns: Collection[str] | None = None) -> Outcome:
    """Build one outcome under the choices of a study; see `build_outcomes`."""
    specs = known_outcomes(definition)
    if name not in specs:
        raise StudyError(unknown_name("an outcome", name, specs))
    context = Context(
        study=study,
        instruments=known_instruments(definition),
        threshold_sets=known_threshold_sets(definition),
        columns=columns,
        build=partial(build_outcome, study=study, definition=definition, columns=columns),
    )
    spec = specs[name]
    chosen = study.threshold_sets.get(name)
    if chosen and not isinstance(spec, ThresholdOutcome):
        raise StudyError(f"an outcome under [threshold_sets] must be of kind threshold, got {name!r}; leave it out")
    if chosen:
        spec = spec.model_copy(update={"threshold_set": chosen})
    return BUILDERS[spec.kind](spec, context)
