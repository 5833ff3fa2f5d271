from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcomes import build_outcomes
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
    # splines of 2 terms for two numbers (fewer than 100 events), flags, and dummies of the classes
    assert given["candidate_parameters"] == rows["value"]["candidate_parameters"]
    assert list(table.columns) == list(SAMPLE_SIZE)


def test_parameters_are_spline_terms_and_dummies() -> None:
    study = parse_study(PLAN.replace('"asa_class", ', ""), folder=Path())
    cohort = cohorts_of(study, simulate_registry("lumbar", n=400, seed=3))["any_complication_30d"]
    dummies = sum(cohort.X[name].nunique() - 1 for name in ("sex", "smoking"))
    assert count_parameters(cohort) == 2 * 2 + dummies, "two numbers of three knots, levels that occur less one"


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
    assert any("validating on later" in text for text in told)
    assert json.dumps(told)


def test_few_events_in_a_validation_are_not_shown(study: Study) -> None:
    registry = simulate_registry("lumbar", n=30, seed=5)
    small = cohorts_of(study, registry)["any_complication_30d"]
    assert 0 < small.events < 5, "the case that is meant"
    table = tabulate_sample_size(study, {"later": {"any_complication_30d": small}}, suppress_below=5)
    assert list(table["status"]) == ["suppressed"]
    assert table[["needed", "needed_events", "actual_events", "value"]].isna().all(axis=None)
    (told,) = list_shortfalls(table)
    assert "too few to say more" in told
