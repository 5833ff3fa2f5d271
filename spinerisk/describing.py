"""What ``spinerisk describe`` says: the definition that a Methods section needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from outcomes.kinds.score import list_derived
from outcomes.kinds.wording import describe_unattainable, describe_unknown_patients, spell
from outcomes.outcome import Outcome
from outcomes.outcomes import build_outcome, known_instruments, known_outcomes, known_threshold_sets
from outcomes.threshold_rules import describe_threshold
from reports.reference.dictionary import list_facts
from schemas.column import Column
from schemas.definition import Definition, read_definition
from schemas.errors import InputError, StudyError, unknown_name
from schemas.specs import InstrumentSpec, ScoringSpec, ThresholdSetSpec
from schemas.study import Study, read_study
from schemas.validation import describe_range

Facts = dict[str, object]

SCORING_WORDS = {
    "sum": "sum, the mean of the answered items standing for the others",
    "mean": "mean of the answered items",
    "percent_of_maximum": "mean of the answered items in percent of the way from the lowest to the highest",
    "count": "sum, an unanswered item counting as the lowest",
}

CODED = ("direction", "purpose")
"""Keys of declarations whose values are names of ours, not words."""


def describe_entry(name: str, definition: str | None = None, study: str | None = None) -> Facts:
    """Return what there is to say of an outcome, an instrument, a threshold set or a column.

    Parameters
    ----------
    name
        Of the entry; outcomes come first where a name stands for several things.
    definition
        Registry whose own entries are known too; by default the study's, else lumbar.
    study
        TOML file of a study whose choices the outcome is described under; by default the toolkit's choices.

    Raises
    ------
    InputError
        If nothing has the name.
    """
    plan = read_study(study) if study else None
    known = _read_definition(definition, plan)
    names = dict.fromkeys([*known_outcomes(known), *(other for find, _ in FINDERS for other in find(known))])
    name = _match(name, names)
    if name in known_outcomes(known):
        return describe_outcome(name, known, plan)
    for find, describe in FINDERS:
        entries = find(known)
        if name in entries:
            return describe(entries[name], known)
    unknown = unknown_name("an outcome, instrument, threshold set or column", name, names)
    raise InputError(f"{unknown}; see `spinerisk list` of outcomes, instruments, threshold-sets or columns")


def _match(name: str, names: Collection[str]) -> str:
    """Return the known name that differs in capitals only, if there is one, else the name itself."""
    if name in names:
        return name
    alike = [known for known in names if known.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else name


def describe_outcome(name: str, definition: Definition, study: Study | None = None) -> Facts:
    """Return the definition of an outcome under the choices of a study.

    Notes
    -----
    An outcome that cannot be built as it is (a threshold whose scale nobody stated) says so under ``cannot_run``.
    """
    spec = known_outcomes(definition)[name]
    plan = study or Study(title="", definition=definition.name, outcomes=(name,), predictors=("age",), seed=0)
    try:
        outcome = build_outcome(name, plan, definition)
    except StudyError as error:
        return {
            "entry": "outcome",
            "name": name,
            "title": spec.title,
            "kind": spell(spec.kind),
            "cannot_run": str(error),
            "source": spec.source,
        }
    return {key: value for key, value in _outcome_facts(outcome, plan, definition).items() if value != ""}


def list_outcomes(definition: Definition) -> list[Facts]:
    """Return the definitions of all outcomes, each with the same keys."""
    made = [describe_outcome(name, definition) for name in known_outcomes(definition)]
    keys = list(dict.fromkeys(key for facts in made for key in facts))
    return [{key: facts.get(key, "") for key in keys} for facts in made]


def _read_definition(definition: str | None, study: Study | None) -> Definition:
    if definition is None and study is not None:
        return read_definition(study.definition, folder=study.folder)
    return read_definition(definition or "lumbar")


def _outcome_facts(outcome: Outcome, study: Study, definition: Definition) -> Facts:
    named = known_threshold_sets(definition).get(outcome.threshold_set)
    return {
        "entry": "outcome",
        "name": outcome.name,
        "title": outcome.title,
        "kind": spell(outcome.kind),
        "patient_outcome": "" if outcome.patient_outcome else "no",
        "unit": outcome.unit,
        "index_event": outcome.index_event,
        "window": outcome.horizon,
        "days_counted_from": outcome.clock,
        "rule": outcome.rule,
        "components": ", ".join(outcome.components),
        "desirable": "yes" if outcome.desirable else "no",
        "left_out": "; ".join(step.reason for step in (*outcome.eligible, *outcome.excluded)) or "nobody",
        "not_attainable": describe_unattainable(outcome, study),
        "unknown": outcome.unknown,
        "unknown_patients": describe_unknown_patients(outcome, study),
        "derived_thresholds": "; ".join(f"{one.name}: {one.rule}" for one in list_derived([outcome]).values()),
        "competing_events": outcome.competing or "none",
        "threshold_set": outcome.threshold_set,
        "population": named.population if named else "",
        "method": named.method if named else "",
        "certainty": named.certainty if named else "",
        "columns": ", ".join(outcome.needs),
        "used_if_recorded": ", ".join(outcome.optional),
        "published_c_statistic": _word_range(outcome),
        "source": outcome.source,
    }


def _word_range(outcome: Outcome) -> str:
    if outcome.published_c_statistic is None:
        return ""
    low, high = outcome.published_c_statistic
    return f"{low:g} to {high:g}"


def _instrument_facts(entry: InstrumentSpec, _: Definition) -> Facts:
    facts = {**entry.model_dump(exclude={"low", "high", "scoring"}), "range": describe_range((entry.low, entry.high))}
    if entry.scoring:
        facts["scored"] = _describe_scoring(entry.scoring)
    return {"entry": "instrument", **_word_facts(facts)}


def _describe_scoring(scoring: ScoringSpec) -> str:
    """Return how a registry's own instrument is made of its items, in words."""
    least = scoring.min_answered or len(scoring.items)
    turned = f"; turned round: {', '.join(scoring.reversed)}" if scoring.reversed else ""
    return (
        f"{SCORING_WORDS[scoring.rule]}; {len(scoring.items)} items from {scoring.low:g} to {scoring.high:g} "
        f"({', '.join(scoring.items)}){turned}; unknown with fewer than {least} answers"
    )


def _set_facts(entry: ThresholdSetSpec, definition: Definition) -> Facts:
    instruments = known_instruments(definition)
    rules = [describe_threshold(one, instruments[one.instrument]) for one in entry.thresholds]
    facts = entry.model_dump(exclude={"thresholds"})
    return {"entry": "threshold set", **_word_facts(facts), "rules": "; ".join(rules)}


def _column_facts(entry: Column, _: Definition) -> Facts:
    return {"entry": "column", **list_facts([entry])[0]}


def _word_facts(facts: Facts) -> Facts:
    """Leave out what is not stated, and put codes and answers into words."""
    stated = {key: value for key, value in facts.items() if value not in (None, "", ())}
    return {key: spell(str(value)) if key in CODED else _word(value) for key, value in stated.items()}


def _word(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


FINDERS: tuple[tuple[Callable[[Definition], Mapping[str, object]], Callable[..., Facts]], ...] = (
    (known_instruments, _instrument_facts),
    (known_threshold_sets, _set_facts),
    (Definition.columns_of, _column_facts),
)
"""Where a name is looked for after the outcomes, and what is said of what is found."""
