"""What is refused or skipped before anything is fitted."""

from __future__ import annotations

import numpy as np

from outcomes.cohort import Cohort
from pipelines.models import MODELS
from pipelines.splits import SPLITS
from schemas.errors import StudyError, unknown_name
from schemas.registry import Registry
from schemas.study import Study

LEAST_AT_RISK = 0.10
"""Share of patients that must still be followed at a horizon."""


def check_study(study: Study, registry: Registry) -> None:
    """Refuse a study that names a model, a split or a comparator that does not exist.

    Raises
    ------
    StudyError
        With the nearest known name.
    """
    for name in study.all_models:
        if name not in MODELS:
            raise StudyError(unknown_name("a model of the study", name, MODELS))
    if study.split.name not in SPLITS:
        raise StudyError(unknown_name("the split of the study", study.split.name, SPLITS))
    known = [spec.name for spec in registry.definition.comparators]
    for name in study.comparators:
        if name not in known:
            raise StudyError(unknown_name("a comparator of the study", name, known))


def reason_to_skip(cohort: Cohort, study: Study) -> str:
    """Return why an outcome cannot be analysed, or an empty text.

    Notes
    -----
    Each outer fold must be able to hold an event and a non-event, counted by patient, and their number must be one
    that may be shown; an outcome by a horizon must have a tenth of its patients still followed there.
    """
    needed = max(study.split.outer_folds, study.suppress_below)
    for value, word in ((1.0, "events"), (0.0, "non-events")):
        if len(set(cohort.patient[cohort.y == value])) < needed:
            return (
                f"patients with {word} must be at least the {study.split.outer_folds} outer folds, and "
                f"{study.suppress_below} so that they may be counted, got fewer"
            )
    follow_up = cohort.outcome.follow_up
    if follow_up and cohort.time_days is not None:
        at_risk = float(np.mean(cohort.time_days >= follow_up.horizon_days))
        if at_risk < LEAST_AT_RISK:
            return (
                f"at least {LEAST_AT_RISK:.0%} of patients must still be followed at {follow_up.horizon_days} days, "
                f"got {at_risk:.1%}; choose a shorter horizon"
            )
    return ""
