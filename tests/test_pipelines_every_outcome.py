"""Every outcome of the toolkit runs on a simulated registry, or is among the few of which it is said why it cannot."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcome import Outcome
from outcomes.outcomes import OUTCOMES, build_outcome
from pipelines.checks import reason_to_skip
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
    predictors = ", ".join(f'"{column}"' for column in dict.fromkeys((*PREDICTORS, *further)))
    text = f"""
        title = "does it run"
        definition = "{cohort}"
        seed = 5
        outcomes = ["{name}"]
        predictors = [{predictors}]
        models = []
        [split]
        outer_folds = 2
        inner_folds = 2
        [sensitivity]
        unattainable = false
        unadjudicated = false
        deltas = [0.0]
        """
    return parse_study(text, folder=Path())


@cache
def registry(cohort: str, n: int) -> Registry:
    return simulate_registry(cohort, n=n, seed=11)


def build(name: str, cohort: str, *, n: int) -> Outcome | None:
    """Return the outcome if the cohort's registry has the columns that it needs."""
    held = registry(cohort, n)
    try:
        outcome = build_outcome(name, plan(name, cohort), held.definition, held.columns)
        build_cohort(held, outcome, plan(name, cohort))
    except StudyError:
        return None
    return outcome


def count(cohort: Cohort) -> int:
    """Number of the rarer of events and non-events; of a score, of the known ones."""
    return cohort.n if cohort.outcome.score else min(cohort.events, cohort.n - cohort.events)


@cache
def choose(name: str) -> tuple[str, int, Outcome] | None:
    """Return the first registry in which the outcome has enough events, its size and the outcome."""
    possible = [(cohort, outcome) for cohort in COHORTS for outcome in [build(name, cohort, n=USUAL)] if outcome]
    for n in (USUAL, MANY):
        for cohort, outcome in possible:
            study = plan(name, cohort)
            made = build_cohort(registry(cohort, n), outcome, study)
            if count(made) >= LEAST_EVENTS and not reason_to_skip(made, study):
                return cohort, n, outcome
    return None


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


def test_every_outcome_has_its_columns_in_a_simulated_registry() -> None:
    absent = {name for name in OUTCOMES if not any(build(name, cohort, n=FEW) for cohort in COHORTS)}
    assert absent == set(CANNOT)


def test_what_cannot_run_is_an_outcome_with_a_reason() -> None:
    assert set(CANNOT) <= set(OUTCOMES)
    assert all(reason.strip() for reason in CANNOT.values())
