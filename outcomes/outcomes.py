"""All outcomes by name, and those that a study names, built under its choices.

The entries lie in ``entries/``; the threshold set of each is a default.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from outcomes.building import build_declared
from outcomes.entries.combined import COMBINED
from outcomes.entries.complications import COMPLICATIONS
from outcomes.entries.deformity import DEFORMITY
from outcomes.entries.nerves import NERVES
from outcomes.entries.reherniation import REHERNIATION
from outcomes.entries.reoperation import REOPERATION
from outcomes.entries.scores_at_follow_up import SCORES_AT_FOLLOW_UP
from outcomes.entries.scores_cervical import SCORES_CERVICAL
from outcomes.entries.scores_deformity import SCORES_DEFORMITY
from outcomes.entries.scores_generic import SCORES_GENERIC
from outcomes.entries.scores_lumbar import SCORES_LUMBAR
from outcomes.entries.utilisation import UTILISATION
from outcomes.instruments import join_instruments
from outcomes.kinds.context import Context
from outcomes.kinds.score import list_derived
from outcomes.outcome import Outcome
from outcomes.thresholds import THRESHOLD_SETS
from schemas.definition import Definition
from schemas.errors import DefinitionError, StudyError, unknown_name
from schemas.specs import InstrumentSpec, OutcomeSpec, ScoreOutcome, ThresholdOutcome, ThresholdSetSpec
from schemas.study import Study

FAMILIES: dict[str, tuple[OutcomeSpec, ...]] = {
    "Scores of the low back": SCORES_LUMBAR,
    "Scores of the neck": SCORES_CERVICAL,
    "Scores of scoliosis and adult deformity": SCORES_DEFORMITY,
    "Scores of no one region, and ratings of the change itself": SCORES_GENERIC,
    "The scores at follow-up themselves": SCORES_AT_FOLLOW_UP,
    "Several scores together": COMBINED,
    "Recurrence of a disc herniation": REHERNIATION,
    "Reoperation, readmission and death by a day": REOPERATION,
    "Complications": COMPLICATIONS,
    "Nerves and throat": NERVES,
    "Use of care": UTILISATION,
    "The construct and neighbouring segments": DEFORMITY,
}
"""The entries by what they are about: the sections of the printed list."""
ENTRIES: tuple[OutcomeSpec, ...] = tuple(spec for family in FAMILIES.values() for spec in family)

OUTCOMES: dict[str, OutcomeSpec] = {spec.name: spec for spec in ENTRIES}


def known_outcomes(definition: Definition) -> dict[str, OutcomeSpec]:
    """Built-in outcomes and those that the registry's definition declares; its own win."""
    return {**OUTCOMES, **{spec.name: spec for spec in definition.outcomes}}


def known_instruments(definition: Definition) -> dict[str, InstrumentSpec]:
    """Built-in instruments and the registry's own."""
    return join_instruments(definition.instruments)


def known_threshold_sets(definition: Definition) -> dict[str, ThresholdSetSpec]:
    """Built-in threshold sets and the registry's own.

    Raises
    ------
    DefinitionError
        If an own one has a threshold of an instrument that nobody knows.
    """
    instruments = known_instruments(definition)
    unknown = [
        f"  threshold_sets.{spec.name}: {unknown_name('the instrument of a threshold', one.instrument, instruments)}"
        for spec in definition.threshold_sets
        for one in spec.thresholds
        if one.instrument not in instruments
    ]
    if unknown:
        raise DefinitionError("a threshold set must be of known instruments:\n" + "\n".join(unknown))
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
    built = {name: build_outcome(name, study, definition, columns) for name in study.outcomes}
    # A decision may be about a threshold that is derived from a score: that is a result like any other.
    results = {
        "threshold_sets": study.outcomes,
        "derived_thresholds": study.outcomes,
        "sample_size": study.outcomes,
        "threshold_probabilities": (*built, *list_derived(built.values())),
    }
    for key, known in results.items():
        for name in getattr(study, key):
            if name not in known:
                raise StudyError(unknown_name(f"an outcome under [{key}]", name, known))
    return built


def build_outcome(
    name: str,
    study: Study,
    definition: Definition,
    columns: Collection[str] | None = None,
    within: tuple[str, ...] = (),
) -> Outcome:
    """Build one outcome under the choices of a study; see `build_outcomes`. `within`: what it is a component of."""
    specs = known_outcomes(definition)
    if name not in specs:
        thing = f"a component of {within[-1]}" if within else "an outcome"
        raise StudyError(unknown_name(thing, name, specs))
    if name in within:
        raise StudyError(f"an outcome must not be made of itself, got {' of '.join((*within, name))}; leave one out")
    context = make_context(study, definition, columns, within=(*within, name))
    spec = specs[name]
    chosen = study.threshold_sets.get(name)
    if chosen and not isinstance(spec, ThresholdOutcome):
        raise StudyError(f"an outcome under [threshold_sets] must be of kind threshold, got {name!r}; leave it out")
    if chosen:
        spec = spec.model_copy(update={"threshold_set": chosen})
    derived = study.derived_thresholds.get(name)
    if derived is not None and not isinstance(spec, ScoreOutcome):
        raise StudyError(f"an outcome under [derived_thresholds] must be of kind score, got {name!r}; leave it out")
    if derived is not None:
        spec = spec.model_copy(update={"threshold_sets": derived})
    return build_declared(spec, context)


def make_context(
    study: Study, definition: Definition, columns: Collection[str] | None = None, *, within: tuple[str, ...] = ()
) -> Context:
    """Return what the builders of outcomes may look at."""
    return Context(
        study=study,
        instruments=known_instruments(definition),
        threshold_sets=known_threshold_sets(definition),
        columns=columns,
        build=partial(build_outcome, study=study, definition=definition, columns=columns, within=within),
    )
