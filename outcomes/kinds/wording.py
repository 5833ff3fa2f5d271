"""The words of a definition that several kinds of outcome share."""

from __future__ import annotations

from outcomes.outcome import DerivedThreshold, Outcome
from schemas.specs import OutcomeSpec
from schemas.study import Study

DECISION = "a decision of doctors, not an outcome of a patient"

CLOCKS = {"operation": "", "discharge": "days are counted from the discharge, not from the operation"}

NO_ROOM = "patients whose baseline leaves no room for the threshold"
UNATTAINABLE = {
    "exclude": f"{NO_ROOM} are left out, counted",
    "fail": f"{NO_ROOM} stay, as not having reached it",
    "flag": f"{NO_ROOM} stay, as not having reached it, and are a subgroup of their own",
}
CENSORING = {"kaplan_meier": "by Kaplan-Meier", "by_predictors": "from the study's predictors"}
IN_FOLDS = "in each training fold"
"""Where a study estimates its weights."""


def join_rule(spec: OutcomeSpec, *parts: str) -> str:
    """Return the rule of an outcome: what its kind says, from when days are counted, and the declaration's own text."""
    decision = "" if spec.patient_outcome else DECISION
    return "; ".join(filter(None, (*parts, CLOCKS[spec.clock], decision, spec.text)))


def describe_unknown_patients(outcome: Outcome, study: Study, *, where: str = IN_FOLDS) -> str:
    """Return what becomes of patients of unknown outcome under the choices of a study, in words.

    Parameters
    ----------
    outcome, study
        What is predicted, and the plan.
    where
        On which data the weights are estimated.

    Notes
    -----
    Who was followed for too short is weighted for whatever the study says of non-response.
    """
    if outcome.follow_up:
        return (
            f"patients followed for less than {outcome.follow_up.horizon_days} days without any event keep weight 0; "
            "the others stand for them, weighted by the inverse probability of having been followed, estimated "
            f"{CENSORING[study.censoring]} {where}; patients whose end of follow-up is not recorded "
            "count as lost on day 0, with an event or without"
        )
    if study.non_response == "weight":
        return (
            "patients of unknown outcome keep weight 0; the others stand for them, weighted by the inverse probability "
            f"of being known, estimated from the study's predictors {where}"
        )
    return "patients of unknown outcome are left out, counted, which is right only if they are like the others"


def describe_unattainable(outcome: Outcome, study: Study) -> str:
    """Return what becomes of patients who could not have reached a threshold, in words; empty without a baseline."""
    return UNATTAINABLE[study.unattainable] if outcome.attainable else ""


def describe_derived_unattainable(derived: DerivedThreshold) -> str:
    """Return the same of a threshold that is derived from a score, which keeps all its patients."""
    if not derived.threshold.needs_baseline:
        return ""
    left_out = f"{NO_ROOM} are left out of it, not of the score"
    return left_out if derived.attainable_only else UNATTAINABLE["fail"]


def spell(name: str) -> str:
    """Return the name of a column as words.

    Examples
    --------
    >>> spell("death_30d"), spell("visit_days")
    ('death within 30 days', 'visit days')
    """
    stem = name.removesuffix("_30d").replace("_", " ")
    return f"{stem} within 30 days" if name.endswith("_30d") else stem
