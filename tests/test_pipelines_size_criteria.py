from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from unknown_worlds import BY_SEVERITY, HORIZON, HorizonWorld, make_cohort, take

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcomes import build_outcomes
from pipelines.checks import needs_firth
from pipelines.follow_up.censoring import fit_censoring
from pipelines.sample_size import compute_development_size
from pipelines.size_criteria import count_parameters, list_shortfalls, tabulate_sample_size
from schemas.registry import Registry
from schemas.study import Study, parse_study
from schemas.synthetic import simulate_registry
from schemas.tables import SAMPLE_SIZE

PLAN = """
title = "sizes"
definition = "lumbar"
seed = 7
outcomes = ["any_complication_30d", "odi_12m_score"]
predictors = ["age", "sex", "smoking", "asa_class", "odi_0"]
non_response = "complete_cases"
[sample_size.any_complication_30d]
c_statistic = 0.72
[threshold_probabilities.any_complication_30d]
values = [0.1, 0.2]
action = "closer follow-up"
"""


def cohorts_of(study: Study, registry: Registry) -> dict[str, Cohort]:
    outcomes = build_outcomes(study, registry.definition, registry.columns)
    return {name: build_cohort(registry, outcome, study) for name, outcome in outcomes.items()}


@pytest.fixture(scope="module")
def study() -> Study:
    return parse_study(PLAN, folder=Path())


@pytest.fixture(scope="module")
def table(study: Study) -> pd.DataFrame:
    development = cohorts_of(study, simulate_registry("lumbar", n=400, seed=3))
    later = cohorts_of(study, simulate_registry("lumbar", n=300, seed=4))
    return tabulate_sample_size(study, {"development": development, "later": later}, suppress_below=5)


def select(table: pd.DataFrame, **values: str) -> pd.DataFrame:
    return table[(table[list(values)] == pd.Series(values)).all(axis=1)].set_index("criterion")


def test_development_is_held_against_the_published_formulas(table: pd.DataFrame) -> None:
    rows = select(table, outcome="any_complication_30d", dataset="development", purpose="development")
    given = rows["value"]
    size = compute_development_size(
        r_squared=given["expected_r_squared"],
        parameters=int(given["candidate_parameters"]),
        event_rate=given["event_rate"],
    )
    assert rows.loc["shrinkage", "needed"] == size.shrinkage
    assert given["expected_c_statistic"] == pytest.approx(0.72)
    assert not rows.loc["shrinkage", "met"]
    # by hand: 2 spline terms of age and of the score (fewer than 100 events), 1 dummy of two sexes, 2 of three kinds of
    # smokers, 3 of four classes
    assert given["candidate_parameters"] == 2 + 2 + 1 + 2 + 3
    assert list(table.columns) == list(SAMPLE_SIZE)


def test_parameters_are_spline_terms_and_dummies() -> None:
    study = parse_study(PLAN.replace('"asa_class", ', ""), folder=Path())
    cohort = cohorts_of(study, simulate_registry("lumbar", n=400, seed=3))["any_complication_30d"]
    dummies = sum(cohort.X[name].nunique() - 1 for name in ("sex", "smoking"))
    assert count_parameters(cohort, missing="chained") == 2 * 2 + dummies, (
        "two numbers of three knots, levels that occur less one"
    )


def test_validation_asks_for_intervals_and_for_a_hundred(table: pd.DataFrame) -> None:
    rows = select(table, outcome="any_complication_30d", dataset="later", purpose="validation")
    named = ["oe_ratio", "calibration_slope", "c_statistic", "least"]
    assert list(rows.index) == [*named, "standardised_net_benefit", "standardised_net_benefit"]
    assert not rows.loc["least", "met"]


def test_a_score_has_patients_per_parameter_only(table: pd.DataFrame) -> None:
    rows = select(table, outcome="odi_12m_score")
    assert list(rows.index) == ["candidate_parameters", "patients_per_parameter"]
    assert rows["met"].isna().all()


def test_shortfalls_are_told_in_words(table: pd.DataFrame) -> None:
    told = list_shortfalls(table)
    assert any(text.startswith("any_complication_30d: developing a regression model asks for ") for text in told)
    assert all(text.endswith("risks unstable") == ("developing" in text) for text in told)
    assert any(
        "validating on later" in text and text.endswith(": estimates of performance are imprecise") for text in told
    )


def test_few_events_in_a_validation_are_not_shown(study: Study) -> None:
    registry = simulate_registry("lumbar", n=30, seed=5)
    small = cohorts_of(study, registry)["any_complication_30d"]
    assert 0 < small.events < 5, "the case that is meant"
    table = tabulate_sample_size(study, {"later": {"any_complication_30d": small}}, suppress_below=5)
    assert list(table["status"]) == ["suppressed"]
    assert table[["needed", "needed_events", "actual_events", "value"]].isna().all(axis=None)
    (told,) = list_shortfalls(table)
    assert "too few to say more" in told


@pytest.mark.parametrize("missing", ["indicators", "native"])
def test_indicators_are_parameters_in_the_table_and_for_firth_alike(missing: str) -> None:
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"severity": rng.normal(size=400), "smoker": (rng.random(400) < 0.4).astype(float)})
    X.loc[rng.choice(400, 60, replace=False), "severity"] = np.nan
    X.loc[:3, "smoker"] = np.nan
    y = (np.arange(400) < 20).astype(float)
    cohort = make_cohort(X, rng.permutation(y), truth=y)
    # two columns of a spline of three knots, and smoking; of the four without smoking nothing is learned
    assert [count_parameters(cohort, missing=how) for how in ("chained", "multiple", missing)] == [3, 3, 4]
    assert "per candidate parameter, 4 of these" in needs_firth(cohort, missing=missing)  # type: ignore[arg-type]
    # absence that nobody of known outcome has is no parameter
    unknown = replace(cohort, y=np.where(X["severity"].isna(), np.nan, cohort.y))
    assert count_parameters(unknown, missing=missing) == 3  # type: ignore[arg-type]


def horizon_rows(cohort: Cohort, dataset: str) -> pd.DataFrame:
    study = parse_study(PLAN, folder=Path())
    return tabulate_sample_size(study, {dataset: {"outcome": cohort}}, suppress_below=5).set_index("criterion")


@pytest.mark.parametrize("world", [HorizonWorld(), HorizonWorld(entry=None)])
def test_event_rate_by_a_horizon_is_that_of_everybody(world: HorizonWorld) -> None:
    cohort = world.draw(20_000, np.random.default_rng(2))
    truth = float(cohort.basis["truth"].mean())
    rows = horizon_rows(cohort, "development")
    assert rows.loc["event_rate", "value"].iloc[0] == pytest.approx(truth, abs=0.01)
    assert cohort.events / cohort.n > truth + 0.03, "events over patients of known outcome is too high"
    assert "cumulative incidence" in rows.loc["event_rate", "text"].iloc[0]
    overall = rows.loc["overall_risk"]
    assert overall["needed"] == pytest.approx((1.96 / 0.05) ** 2 * truth * (1 - truth), rel=0.05)
    assert set(rows["actual"]) == {cohort.n}


def test_precision_by_a_horizon_is_of_equally_weighted_patients() -> None:
    """The half-width of the event rate, against the spread of weighted rates; a hundred events are a hundred seen."""
    rates = []
    for seed in range(300):
        cohort = BY_SEVERITY.draw(600, np.random.default_rng([4, seed]))
        rates.append(horizon_rate(cohort))
    rows = horizon_rows(cohort, "later")
    half = float(rows.loc["event_rate", "value"])
    # Kish's number is near, and on the safe side: the weights are estimated, which makes them better
    assert 1.96 * np.std(rates) == pytest.approx(half, rel=0.2)
    assert rows.loc["effective_n", "value"] < cohort.n
    share = min(cohort.events, cohort.n - cohort.events) / cohort.n
    assert rows.loc["least", "needed"] == math.ceil(100 / share)
    assert rows.loc["least", "met"] == (min(cohort.events, cohort.n - cohort.events) >= 100)


def horizon_rate(cohort: Cohort) -> float:
    assert cohort.time_days is not None
    assert cohort.cause is not None
    weights = fit_censoring(cohort.time_days, cohort.cause > 0).weights(
        cohort.y, cohort.time_days, horizon_days=HORIZON
    )
    return float(np.average(np.nan_to_num(cohort.y), weights=weights))


def test_few_lost_patients_cannot_be_counted() -> None:
    rng = np.random.default_rng(3)
    cohort = HorizonWorld(entry=None).draw(2000, rng)
    assert cohort.cause is not None
    assert cohort.time_days is not None
    kept = np.flatnonzero((cohort.cause > 0) | (cohort.time_days > HORIZON))
    lost = np.flatnonzero(np.isnan(cohort.y))[:3]
    rows = np.append(kept, lost)
    few = take(cohort, rows)
    assert few.n == len(few.y) - 3
    assert "effective_n" not in horizon_rows(few, "later").index


@pytest.mark.parametrize("threshold", [0.1, 0.3])
def test_acting_below_is_acting_above_on_not_having_the_event(threshold: float) -> None:
    rng = np.random.default_rng(5)
    X = pd.DataFrame({"severity": rng.normal(size=500), "smoker": (rng.random(500) < 0.4).astype(float)})
    y = (rng.random(500) < 0.8).astype(float)
    needed = []
    for act, at, events in (("below", 1 - threshold, y), ("at_or_above", threshold, 1 - y)):
        values = f'[threshold_probabilities.outcome]\nvalues = [{at:.2f}]\naction = "more visits"\nact = "{act}"\n'
        study = parse_study(PLAN + values, folder=Path())
        cohort = make_cohort(X, events, truth=events)
        table = tabulate_sample_size(study, {"later": {"outcome": cohort}}, suppress_below=5)
        needed.append(int(table.set_index("criterion").loc["standardised_net_benefit", "needed"]))
    assert needed[0] == pytest.approx(needed[1], abs=1)
