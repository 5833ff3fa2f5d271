"""Outcomes defined in other ways, for sensitivity analyses: fixed in the study, in a fixed order, never a result."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from outcomes.building import build_declared
from outcomes.kinds.recurrence import UNADJUDICATED_WORDS
from outcomes.outcome import Outcome, Variant
from outcomes.outcomes import build_outcome, build_outcomes, known_outcomes, make_context
from schemas.definition import Definition
from schemas.errors import StudyError, unknown_name
from schemas.specs import RecurrenceOutcome
from schemas.study import Study

UNATTAINABLE_WORDS = {
    "fail": "patients whose baseline leaves no room for the threshold have not reached it",
    "exclude": "patients whose baseline leaves no room for the threshold are left out",
}
UNADJUDICATED_LEVELS = {"competes": "competing", "event": "event"}
"""Names of the two choices in the table of sensitivity analyses."""


def build_variants(study: Study, definition: Definition, columns: Collection[str] | None = None) -> tuple[Variant, ...]:
    """Build what the study's sensitivity analyses ask for.

    Parameters
    ----------
    study
        Which outcomes, and its ``[sensitivity]``.
    definition
        Of the registry.
    columns
        Those of the data, where there are any yet.

    Returns
    -------
    tuple of Variant
        By outcome in the study's order; of each the threshold sets in the order given, then the unattainable, then the
        unadjudicated.

    Raises
    ------
    StudyError
        If an outcome or a set is unknown, of the wrong kind, or the study's own.
    """
    primary = build_outcomes(study, definition, columns)
    for name in study.sensitivity.threshold_sets:
        if name not in primary:
            raise StudyError(unknown_name("an outcome under [sensitivity.threshold_sets]", name, primary))
    return tuple(
        variant
        for outcome in primary.values()
        for variant in (
            *_under_other_sets(outcome, study, definition, columns),
            *_with_the_unattainable(outcome, study, definition, columns),
            *_with_the_unadjudicated(outcome, study, definition, columns),
        )
    )


def _under_other_sets(
    outcome: Outcome, study: Study, definition: Definition, columns: Collection[str] | None
) -> Iterator[Variant]:
    for name in study.sensitivity.threshold_sets.get(outcome.name, ()):
        if name == outcome.threshold_set:
            raise StudyError(
                f"a set under [sensitivity.threshold_sets] must not be the study's own, got {name!r} for "
                f"{outcome.name}; leave it out, the result itself stands first in the table"
            )
        chosen = study.model_copy(update={"threshold_sets": {**study.threshold_sets, outcome.name: name}})
        try:
            other = build_outcome(outcome.name, chosen, definition, columns)
        except StudyError as error:
            raise StudyError(_say_where(error)) from None
        yield _vary(outcome, other, analysis="threshold_set", level=name, text=other.rule, reference_only=False)


def _say_where(error: StudyError) -> str:
    """Return what is wrong with a set of a sensitivity analysis: it stands in another table of the study."""
    said = str(error).replace(" under [threshold_sets]", " under [sensitivity.threshold_sets]")
    return said if "[sensitivity.threshold_sets]" in said else f"under [sensitivity.threshold_sets]: {said}"


def _with_the_unattainable(
    outcome: Outcome, study: Study, definition: Definition, columns: Collection[str] | None
) -> Iterator[Variant]:
    if outcome.attainable is None or not study.sensitivity.unattainable:
        return
    level = "fail" if study.unattainable == "exclude" else "exclude"
    other = build_outcome(outcome.name, study.model_copy(update={"unattainable": level}), definition, columns)
    text = UNATTAINABLE_WORDS[level]
    yield _vary(outcome, other, analysis="unattainable", level=level, text=text, reference_only=True)


def _with_the_unadjudicated(
    outcome: Outcome, study: Study, definition: Definition, columns: Collection[str] | None
) -> Iterator[Variant]:
    """Yield the outcome under the other choice for events that are not adjudicated: with itself that is both ways."""
    spec = known_outcomes(definition)[outcome.name]
    if not isinstance(spec, RecurrenceOutcome) or not study.sensitivity.unadjudicated:
        return
    choice = "event" if spec.unadjudicated == "competes" else "competes"
    level, text = UNADJUDICATED_LEVELS[choice], UNADJUDICATED_WORDS[choice]
    # The columns of its times have the name of the declaration: the frame of the outcome itself must not be read.
    named = spec.model_copy(update={"name": f"{spec.name}__{level}", "unadjudicated": choice})
    other = build_declared(named, make_context(study, definition, columns))
    yield _vary(outcome, other, analysis="unadjudicated", level=level, text=text, reference_only=True)


def _vary(base: Outcome, other: Outcome, *, analysis: str, level: str, text: str, reference_only: bool) -> Variant:
    named = replace(other, name=f"{base.name}__{level}")
    return Variant(
        base=base.name, outcome=named, analysis=analysis, level=level, text=text, reference_only=reference_only
    )
