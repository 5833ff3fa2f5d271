"""What is refused or skipped before anything is fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from outcomes.outcome import Outcome
from pipelines.beside.comparators import check_comparators
from pipelines.follow_up.followed import compute_followed
from pipelines.learners.separation import find_separating
from pipelines.models import MODELS
from pipelines.predictands import predictand_of
from pipelines.preprocess import Missing
from pipelines.size_criteria import list_candidates
from pipelines.splits import SPLITS
from schemas.errors import StudyError, unknown_name
from schemas.registry import Registry
from schemas.study import Study

LEAST_FOLLOWED = 0.10
"""Probability of still being followed at a horizon, below which nothing is said of it."""

LEAST_PER_FOLD = 10
"""Patients with a known follow-up score that an outer fold must be able to hold."""

LEAST_PER_PARAMETER = 10
"""Events, or non-events where they are fewer, per candidate parameter, below which Firth's method is run as well."""

FIRTH = "firth_logistic"
FEW = 5
"""A predictor with a level of fewer patients is not named as one that tells the outcome."""


def check_study(study: Study, registry: Registry, outcomes: Mapping[str, Outcome]) -> None:
    """Refuse what does not exist (model, split, comparator), a learner as the reference, a score without its baseline.

    Raises
    ------
    StudyError
        With the nearest known name, or with the predictor that is needed.
    """
    for name in study.all_models:
        if name not in MODELS:
            raise StudyError(unknown_name("a model of the study", name, MODELS))
    if MODELS[study.reference].family != "regression":
        known = [name for name, model in MODELS.items() if model.family == "regression"]
        raise StudyError(
            f"the reference must be a regression model ({', '.join(known)}), got {study.reference!r}, which is machine "
            "learning; name it under `models`, so that the reference is what it has to beat"
        )
    if study.split.name not in SPLITS:
        raise StudyError(unknown_name("the split of the study", study.split.name, SPLITS))
    check_comparators(study, registry, outcomes)
    for name, outcome in outcomes.items():
        _check_score(name, outcome, study, registry)


def _check_score(name: str, outcome: Outcome, study: Study, registry: Registry) -> None:
    """Refuse a score whose baseline is no predictor though thresholds ask for it, or that has a comparator."""
    score = outcome.score
    if score is None:
        return
    of_change = [one.threshold_set for one in score.derived if one.threshold.needs_baseline]
    if of_change and score.baseline not in study.predictors:
        raise StudyError(
            f"the predictors must have {score.baseline!r}, as {name} derives the thresholds {', '.join(of_change)} "
            "from the change since then; add it, or declare the outcome without these threshold_sets"
        )
    for spec in registry.definition.comparators:
        if spec.name in study.comparators and spec.outcome == name:
            raise StudyError(
                f"a comparator must be of an outcome that occurs or not, got {spec.name!r} of the score {name}; take "
                "it out of the study"
            )


def reason_to_skip(cohort: Cohort, study: Study) -> str:
    """Return why an outcome cannot be analysed, or an empty text.

    Notes
    -----
    Each outer fold must be able to hold an event and a non-event, counted by patient, and their number must be one
    that may be shown; an outcome by a horizon must have a tenth of its patients still followed there. Of a score each
    outer fold must be able to hold ten patients, and not all scores may be the same.
    """
    if cohort.outcome.score:
        return _reason_to_skip_score(cohort, study)
    needed = max(study.split.outer_folds, study.suppress_below)
    for value, word in ((1.0, "events"), (0.0, "non-events")):
        if len(set(cohort.patient[cohort.y_counted == value])) < needed:
            return (
                f"patients with {word} must be at least the {study.split.outer_folds} outer folds, and "
                f"{study.suppress_below} so that they may be counted, got fewer"
            )
    followed = compute_followed(cohort)
    if followed < LEAST_FOLLOWED * (1 - 1e-9):
        return (
            f"at least {LEAST_FOLLOWED:.0%} of patients must be followed to the horizon, events apart, got "
            f"{followed:.1%}; choose a shorter horizon"
        )
    return ""


def _reason_to_skip_score(cohort: Cohort, study: Study) -> str:
    known = cohort.counted
    needed = LEAST_PER_FOLD * study.split.outer_folds
    if len(set(cohort.patient[known])) < needed:
        return (
            f"patients with a known score must be at least {needed}, {LEAST_PER_FOLD} for each of the "
            f"{study.split.outer_folds} outer folds, got fewer"
        )
    if np.ptp(cohort.y[known]) == 0:
        return "the scores must differ between patients, got the same in all"
    return ""


def needs_firth(cohort: Cohort, *, missing: Missing = "chained") -> str:
    """Return why Firth's method is run beside the reference for an outcome, or an empty text.

    Parameters
    ----------
    cohort
        The patients of one outcome, all of them: the answer is the same in every fold.
    missing
        What the study makes of missing predictors: indicators are parameters too.

    Notes
    -----
    Either the events, or the non-events where they are fewer, are below `LEAST_PER_PARAMETER` per candidate parameter
    (`pipelines.size_criteria.list_candidates`); or the unpenalised fit of that design shows that predictors separate
    the outcome. It is a sensitivity analysis: the reference stays what it is in every fold. A score has none.
    """
    if cohort.outcome.score:
        return ""
    candidates = list_candidates(cohort, missing=missing)
    names = candidates.predictors
    informative = predictand_of(cohort.outcome).count_informative(cohort.y_counted)
    ratio = informative / max(1, len(names))
    reasons = []
    if ratio < LEAST_PER_PARAMETER:
        reasons.append(
            f"there are {ratio:.1f} events (or non-events, which are fewer) per candidate parameter, {len(names)} of "
            f"these, and {LEAST_PER_PARAMETER} are the least"
        )
    # With fewer patients than parameters anything separates, and no predictor is to be named for it.
    separating = find_separating(candidates.X, cohort.y[cohort.counted], names) if ratio > 1 else ()
    if separating:
        told = " and ".join(dict.fromkeys(_name_unless_few(cohort, name) for name in separating))
        reasons.append(f"in some patients the outcome can be told for certain from {told}")
    return "; ".join(reasons)


def _name_unless_few(cohort: Cohort, name: str) -> str:
    """Return a predictor's name, or words for one with a level of so few patients that their outcome would be told."""
    if cohort.columns[name].kind == "number":
        return name
    levels = pd.Series(cohort.X[name].to_numpy()[cohort.counted])
    patients = pd.Series(cohort.patient[cohort.counted]).groupby(levels).nunique()
    return "a predictor with a level of few patients" if (patients < FEW).any() else name


def models_for(study: Study, reason: str) -> tuple[str, ...]:
    """Return the models that are fitted for an outcome: the study's, and Firth's method where there is a reason."""
    if not reason or FIRTH in study.all_models:
        return study.all_models
    return (*study.all_models, FIRTH)


def describe_constant(cohort: Cohort) -> Iterator[str]:
    """Yield what to say of predictors that are the same in all patients, or recorded in none: they take no part."""
    for name in cohort.columns:
        values = cohort.X[name]
        if not values.notna().any():
            yield f"predictor {name} is recorded in no patient of {cohort.outcome.name}; it takes no part"
        elif values.nunique() == 1:
            yield f"predictor {name} is the same wherever it is recorded in {cohort.outcome.name}; it takes no part"
