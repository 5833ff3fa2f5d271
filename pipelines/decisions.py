"""The decisions that a study declares: at which threshold probabilities, and who is acted on."""

from __future__ import annotations

from collections.abc import Mapping

from outcomes.kinds.score import list_derived
from outcomes.outcome import Outcome
from schemas.study import Study


def list_thresholds(study: Study) -> dict[str, tuple[float, ...]]:
    """Return the declared threshold probabilities by outcome."""
    return {name: plan.values for name, plan in study.threshold_probabilities.items()}


def list_acting_below(study: Study, outcomes: Mapping[str, Outcome]) -> frozenset[str]:
    """Return the outcomes whose action is for patients below the threshold; see `schemas.study.DecisionPlan`.

    Parameters
    ----------
    study
        The plan.
    outcomes
        The study's outcomes by name; thresholds that are derived from their scores are outcomes too.
    """
    wanted = {name: outcome.desirable for name, outcome in outcomes.items()}
    wanted |= {name: derived.desirable for name, derived in list_derived(outcomes.values()).items()}
    plans = study.threshold_probabilities
    return frozenset(name for name, plan in plans.items() if plan.acts_below(desirable=wanted.get(name, False)))
