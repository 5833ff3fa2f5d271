"""Every outcome of the toolkit runs on a simulated registry, or is among the few of which it is said why it cannot.

Each outcome is a study of its own, so that one that fails has a name: one study of many takes as long.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from outcome_builds import find_set

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcome import Outcome
from outcomes.outcomes import OUTCOMES, build_outcome
from pipelines.checks import reason_to_skip
from pipelines.measures.discrimination import compute_c_statistic
from pipelines.result import StudyResult
from pipelines.run import run_study
from schemas.errors import StudyError
from schemas.registry import Registry
from schemas.study import Study, parse_study
from schemas.synthetic import COHORTS, simulate_registry

FEW, USUAL, MANY = 100, 1_500, 12_000
"""Operations of the registries: to look at the columns, to run, and to run where events are rare."""

LEAST_EVENTS = 10
"""Events and non-events, at least, of what runs: both halves of both folds must be able to hold one."""

CANNOT: dict[str, str] = {
    "surgery_performed": "the simulated registries hold operations; nobody in them was a candidate only",
}
"""Outcomes that no simulated registry can have, and why."""

PREDICTORS = ("age", "sex", "smoking", "previous_spine_surgery")


def plan(name: str, cohort: str, further: tuple[str, ...] = ()) -> Study:
    chosen = find_set(OUTCOMES[name])
    named_set = f'threshold_sets = {{ {name} = "{chosen}" }}' if chosen else ""
    predictors = ", ".join(f'"{column}"' for column in dict.fromkeys((*PREDICTORS, *further)))
    text = f"""
        title = "does it run"
        definition = "{cohort}"
        seed = 5
        outcomes = ["{name}"]
        predictors = [{predictors}]
        models = []
        {named_set}
        [split]
        outer_folds = 2
        inner_folds = 2
        [bootstrap]
        resamples = 2
        [sensitivity]
        unattainable = false
        unadjudicated = false
        deltas = [0.0]
        """
    return parse_study(text, folder=Path())


@cache
def registry(cohort: str, n: int) -> Registry:
    return simulate_registry(cohort, n=n, seed=11)


@cache
def build(name: str, cohort: str, *, n: int) -> Outcome | None:
    """Return the outcome if the cohort's registry has the columns that it needs."""
    held = registry(cohort, n)
    try:
        outcome = build_outcome(name, plan(name, cohort), held.definition, held.columns)
    except StudyError:
        return None
    return outcome if set(outcome.needs) <= set(held.columns) else None


def count(cohort: Cohort) -> int:
    """Number of the rarer of events and non-events; of a score, of the known ones."""
    return cohort.n if cohort.outcome.score else min(cohort.events, cohort.n - cohort.events)


@cache
def choose(name: str) -> tuple[str, int, Outcome] | None:
    """Return the first registry in which the outcome has enough events, its size and the outcome."""
    for n in (USUAL, MANY):
        for cohort in COHORTS:
            outcome = build(name, cohort, n=USUAL)
            if outcome is not None and can_run(name, cohort, outcome, n=n):
                return cohort, n, outcome
    return None


def can_run(name: str, cohort: str, outcome: Outcome, *, n: int) -> bool:
    study = plan(name, cohort)
    made = build_cohort(registry(cohort, n), outcome, study)
    return count(made) >= LEAST_EVENTS and not reason_to_skip(made, study)


def run(name: str) -> StudyResult:
    chosen = choose(name)
    assert chosen, f"no simulated registry has the columns of {name} and enough events"
    cohort, n, outcome = chosen
    baseline = (outcome.score.baseline,) if outcome.score else ()
    return run_study(plan(name, cohort, baseline), registry(cohort, n))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in OUTCOMES if name not in CANNOT])
def test_every_outcome_runs(name: str) -> None:
    result = run(name)
    assert not result.skipped
    of_score = bool(result.outcomes[name].score)
    main = result.evaluation[
        (result.evaluation["outcome"] == name)
        & (result.evaluation["model"] == result.study.reference)
        & (result.evaluation["metric"] == ("r_squared" if of_score else "c_statistic"))
        & (result.evaluation["validation"] == "internal")
        & (result.evaluation["subgroup"] == "overall")
    ]  # fmt: skip
    assert len(main) == 1
    assert main["status"].tolist() == ["ok"]
    estimate, lower, upper = main[["estimate", "lower", "upper"]].to_numpy(dtype=np.float64)[0]
    assert lower <= estimate <= upper
    assert lower < upper
    assert upper <= 1
    assert of_score or lower >= 0
    assert lower < find_best_c_statistic(name, result)


def find_best_c_statistic(name: str, result: StudyResult) -> float:
    """Return what the true risks reach on the patients of the study, infinity where the simulation has none."""
    chosen = choose(name)
    assert chosen
    truth = registry(*chosen[:2]).truth
    assert truth is not None
    if name not in truth:
        return math.inf
    internal = result.predictions["validation"].eq("internal") & result.predictions["outcome"].eq(name)
    rows = result.predictions[internal & (result.predictions["weight"] > 0)]
    risks = truth.set_index("row_id")[name].loc[rows["row_id"]].to_numpy(dtype=np.float64)
    return compute_c_statistic(rows["y_true"].to_numpy(), risks, rows["weight"].to_numpy())


@pytest.mark.parametrize("cohort", COHORTS)
def test_the_simulation_knows_the_true_risk_of_some_outcomes(cohort: str) -> None:
    truth = registry(cohort, FEW).truth
    assert truth is not None
    assert len(set(truth) & set(OUTCOMES)) >= 3
    assert set(truth) <= {"row_id", *OUTCOMES}


def test_every_outcome_has_its_columns_in_a_simulated_registry() -> None:
    absent = {name for name in OUTCOMES if not any(build(name, cohort, n=FEW) for cohort in COHORTS)}
    assert absent == set(CANNOT)


def test_what_cannot_run_is_an_outcome_with_a_reason() -> None:
    assert set(CANNOT) <= set(OUTCOMES)
    assert all(reason.strip() for reason in CANNOT.values())
