"""The leakage guard: a predictor must be known when the prediction is made, and a label not be made of its own data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from outcomes.outcome import Outcome
from schemas.column import Column
from schemas.derivations import DERIVATIONS
from schemas.errors import StudyError, suggest
from schemas.quarantine import FAULTS
from schemas.registry import Registry
from schemas.specs import ThresholdSetSpec

PREDICTOR_KINDS = ("number", "flag", "category")

LABELLED = ("flag", "category")
LABEL_RULES = (
    "must be 0 or 1", "must be one of the codes", "must be one of the levels", "must be one of its levels",
    "must be a label",
)  # fmt: skip
"""How the rule begins that an unknown label of a flag or a category breaks."""


def check_predictors(
    predictors: Sequence[str], columns: Mapping[str, Column], *, predict_at: str, revealing: Sequence[str] = ()
) -> None:
    """Refuse predictors that are absent, that no model may use, that are known only later, or that tell the outcome.

    Parameters
    ----------
    predictors
        Names from the study.
    columns
        The registry's columns.
    predict_at
        When the prediction is made, one of `schemas.column.KNOWN_AT`.
    revealing
        Columns that the outcome is made of.

    Raises
    ------
    StudyError
        Naming every refused predictor with its reason.
    """
    known = [name for name in revealing if name in columns and columns[name].known_by(predict_at)]
    if known:
        raise StudyError(
            f"an outcome must still be to come when it is predicted, {_when(predict_at)}, but {', '.join(known)}, of "
            "which it is made, is known by then; state an earlier predict_at or leave the outcome out"
        )
    faults = [fault for name in predictors if (fault := _fault(name, columns, predict_at))]
    faults += [fault for name in predictors if (fault := _fault_of_making(name, revealing))]
    if faults:
        raise StudyError(
            f"every predictor must be in the data and known {_when(predict_at)}:\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nremove these predictors from the study, or state another predict_at"
        )


def check_outcome_labels(registry: Registry, outcome: Outcome) -> None:
    """Refuse an outcome whose own columns hold a label that nobody knows.

    Parameters
    ----------
    registry
        The data and their faults.
    outcome
        What is predicted.

    Raises
    ------
    StudyError
        Naming each such column, its rule and the rows, never the label.

    Notes
    -----
    The rows with such a label are in quarantine already. For a predictor that is a counted loss; of an outcome it is
    a loss that the outcome itself may have brought about: an event that is spelt in a new way must not vanish. A column
    that the definition derives stands for those that it is derived from.
    """
    made_of = set(outcome.revealing)
    made_of |= {part for name in made_of & set(registry.definition.derive) for part in _ingredients(name)}
    labelled = {name for name in made_of if name in registry.columns and registry.columns[name].kind in LABELLED}
    lines = [
        f"  {name}: {rule}; {'1 row does' if count == 1 else f'{count} rows do'} not ({_rows(rows)})"
        for name, rule, count, rows in registry.faults[list(FAULTS)].itertuples(index=False)
        if name in labelled and str(rule).startswith(LABEL_RULES)
    ]
    if lines:
        raise StudyError(
            f"the outcome {outcome.name} must be made of columns whose labels are all known:\n"
            + "\n".join(lines)
            + "\nrecode these labels under [columns] in the definition, or list them as missing there"
        )


def _rows(numbers: str) -> str:
    return f"rows {numbers}" if "," in numbers else f"row {numbers}"


def check_derived_thresholds(
    outcomes: Iterable[Outcome], threshold_sets: Mapping[str, ThresholdSetSpec], fingerprints: Mapping[str, str]
) -> None:
    """Refuse thresholds that were derived from the very data whose outcomes they are to label.

    Parameters
    ----------
    outcomes
        Those of the study, and its variants under the name of the outcome that they vary.
    threshold_sets
        All that are known, by name.
    fingerprints
        Of the data of the study, by the name of the dataset.

    Raises
    ------
    StudyError
        Naming every outcome with such a set.

    Notes
    -----
    Fingerprints are compared, not patients: that two files share some of their patients is not noticed, nor that
    the same data were read again with another column.
    """
    names = {fingerprint: dataset for dataset, fingerprint in fingerprints.items()}
    used = dict.fromkeys((outcome.name, name) for outcome in outcomes for name in _threshold_sets_of(outcome))
    faults = [
        f"{outcome}: {name}, derived from the data of {names[threshold_sets[name].derived_from]}"
        for outcome, name in used
        if name in threshold_sets and threshold_sets[name].derived_from in names
    ]
    if faults:
        raise StudyError(
            "a threshold must be derived from other data than those that it labels:\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nderive it from other data, such as an earlier period, or declare a threshold of kind sd_of_baseline, "
            "which is learned in each training part alone"
        )


def _threshold_sets_of(outcome: Outcome) -> list[str]:
    derived = outcome.score.derived if outcome.score else ()
    # A composite has the sets of its components.
    own = outcome.threshold_set.split("; ")
    return list(dict.fromkeys([*own, *(threshold.threshold_set for threshold in derived)]))


def _fault(name: str, columns: Mapping[str, Column], predict_at: str) -> str:
    """Return why the predictor is refused, or an empty string."""
    column = columns.get(name)
    if column is None:
        usable = [c.name for c in columns.values() if c.predictor and c.kind in PREDICTOR_KINDS]
        return f"{name}: is not a column of the data{suggest(name, usable)}"
    if not column.known_by(predict_at):
        return f"{name}: leaks, it is known only {_when(column.known_at)} ({column.text})"
    if column.kind not in PREDICTOR_KINDS:
        return f"{name}: a column of kind {column.kind} cannot be a predictor"
    if not column.predictor:
        return f"{name}: is declared not to be a predictor ({column.text})"
    return ""


def _fault_of_making(name: str, revealing: Sequence[str]) -> str:
    """Return how a predictor and the outcome are made of the same, or an empty string."""
    if name in revealing:
        return f"{name}: leaks, the outcome is made of it"
    shared = sorted(_ingredients(name) & set(revealing))
    return f"{name}: leaks, it is computed from {', '.join(shared)}, of which the outcome is made" if shared else ""


def _ingredients(name: str) -> set[str]:
    """Return everything that a column of the dictionary is computed from, directly or not."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        entry = DERIVATIONS.get(waiting.pop())
        new = set(entry.needs) - found if entry else set()
        found |= new
        waiting += new
    return found


def _when(known_at: str) -> str:
    words = {
        "preop": "before the operation (preop)",
        "planned": "when the operation is planned (planned)",
        "intraop": "during the operation (intraop)",
        "discharge": "at discharge (discharge)",
        "followup": "at follow-up (followup)",
    }
    return words[known_at]
