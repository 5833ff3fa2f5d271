"""The leakage guard: a predictor must be known when the prediction is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.column import Column
from schemas.derivations import DERIVATIONS
from schemas.errors import StudyError, suggest

PREDICTOR_KINDS = ("number", "flag", "category")


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
    faults = [fault for name in predictors if (fault := _fault(name, columns, predict_at))]
    faults += [fault for name in predictors if (fault := _fault_of_making(name, revealing))]
    if faults:
        raise StudyError(
            f"every predictor must be in the data and known {_when(predict_at)}:\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nremove these predictors from the study, or state another predict_at"
        )


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
