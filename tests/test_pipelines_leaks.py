"""Predictors that tell the outcome are refused by name; honest ones pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from outcome_builds import make_study

from outcomes.cohort import Cohort, build_cohort
from outcomes.guard import check_predictors
from outcomes.outcomes import build_outcomes
from pipelines.alarms import find_alarms, find_doubts
from pipelines.leaks import describe_separation, find_separating, refuse_leaks
from pipelines.result import Dataset
from schemas.columns import COLUMNS
from schemas.errors import StudyError
from schemas.synthetic import simulate_registry

REGISTRY = simulate_registry("lumbar", n=400, seed=2, missing="none")


DATASET = Dataset(name="development", registry=REGISTRY)


def make_evaluation(outcome: str) -> pd.DataFrame:
    row = {"outcome": outcome, "metric": "c_statistic", "validation": "internal", "subgroup": "overall", "model": "m"}
    return pd.DataFrame([row])


def cohort_of(x: np.ndarray, y: np.ndarray) -> Cohort:
    study = make_study(outcomes=("any_complication_30d",), predictors=("bmi",), non_response="complete_cases")
    outcome = build_outcomes(study, REGISTRY.definition, REGISTRY.columns)["any_complication_30d"]
    cohort = build_cohort(REGISTRY, outcome, study)
    keep = slice(0, len(y))
    return replace(cohort, X=cohort.X.iloc[keep].assign(bmi=x), y=y.astype(np.float64), answered=None, settled=None)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_predictor_that_separates_is_refused_in_either_direction(sign: int):
    y = np.repeat([0.0, 1.0], [80, 20])
    with pytest.raises(StudyError, match=r"bmi: a c-statistic of 1.00\nlook at when .* then remove it from"):
        refuse_leaks(cohort_of(30 + sign * y, y))


def test_the_limit_is_the_c_statistic_itself():
    # 10 events and 90 others: of the 900 pairs, 900 * (1 - c) are turned round
    y = np.repeat([0.0, 1.0], [90, 10])
    ranks = np.arange(100, dtype=np.float64)
    just_below = ranks.copy()
    just_below[-1] = 44.5  # below 45 of the 90 others: c = 1 - 45 / 900 = 0.95
    refuse_leaks(cohort_of(just_below, y))
    above = ranks.copy()
    above[-1] = 45.5
    with pytest.raises(StudyError, match=r"bmi: a c-statistic of 0\.95"):
        refuse_leaks(cohort_of(above, y))


def test_few_events_are_told_and_not_refused():
    y = np.repeat([0.0, 1.0], [80, 5])
    cohort = cohort_of(30 + y, y)
    refuse_leaks(cohort)
    assert list(describe_separation(cohort)) == [
        "predictor bmi alone separates any_complication_30d with a c-statistic of 1.00, in fewer than 10 patients with "
        "or without the event; check that it is known when the prediction is made and not made from the outcome"
    ]


def test_being_recorded_only_with_the_event_is_a_leak():
    y = np.repeat([0.0, 1.0], [80, 20])
    x = np.where(y == 1, 27.0, np.nan)
    assert [one.predictor for one in find_separating(cohort_of(x, y))] == ["bmi"]


def test_a_constant_predictor_and_few_values_say_nothing():
    y = np.repeat([0.0, 1.0], [80, 20])
    assert not list(find_separating(cohort_of(np.full(100, 27.0), y)))
    few = np.where(np.arange(100) < 60, np.nan, 30 + y)
    assert not [one for one in find_separating(cohort_of(few, y)) if one.value == 1.0]


def test_a_predictor_computed_from_the_outcome_is_refused_by_name():
    columns = {name: COLUMNS[name] for name in ("age", "srs22r_total_0", "odi_0")}
    with pytest.raises(StudyError, match="srs22r_total_0: leaks, it is computed from srs22r_q01_0, of which"):
        check_predictors(["age", "srs22r_total_0"], columns, predict_at="preop", revealing=("srs22r_q01_0",))
    check_predictors(["age", "odi_0"], columns, predict_at="preop", revealing=("srs22r_q01_0",))


def test_a_result_above_the_published_range_is_doubted_and_above_the_limit_alarming():
    y = np.repeat([0.0, 1.0], [80, 20])
    cohort = cohort_of(np.arange(100.0), y)
    outcome = replace(cohort.outcome, published_c_statistic=(0.60, 0.72))
    cohorts = {outcome.name: replace(cohort, outcome=outcome)}
    evaluation = make_evaluation(outcome.name)
    said = {value: find_doubts(evaluation.assign(estimate=value), cohorts) for value in (0.71, 0.75, 0.9)}
    assert said[0.71] == said[0.9] == ()
    assert said[0.75][0].startswith("m reach a c-statistic above 0.72 for any_complication_30d; honest published")
    mortality = {outcome.name: replace(cohort, outcome=replace(outcome, published_c_statistic=(0.80, 0.92)))}
    for value, alarms in ((0.9, 0), (0.93, 1)):
        found = find_alarms([DATASET], {}, {"development": mortality}, evaluation.assign(estimate=value))
        assert sum("more than honest models" in alarm for alarm in found) == alarms


def test_the_thresholds_derived_from_a_score_are_doubted_like_outcomes():
    study = make_study(outcomes=("odi_12m_score",), predictors=("odi_0", "bmi"), derived_thresholds={
        "odi_12m_score": ("copay2008", "van_hooff2016_pass")
    })  # fmt: skip
    outcome = build_outcomes(study, REGISTRY.definition, REGISTRY.columns)["odi_12m_score"]
    cohorts = {outcome.name: build_cohort(REGISTRY, outcome, study)}
    # a change reaches what changes reach, an acceptable state what acceptable states do
    for name, low, high in (("copay2008", 0.65, 0.82), ("van_hooff2016_pass", 0.62, 0.74)):
        evaluation = make_evaluation(f"odi_12m_score__{name}")
        said = find_doubts(evaluation.assign(estimate=high + 0.01), cohorts)
        assert len(said) == 1
        assert f"above {high:g} for odi_12m_score__{name}; honest" in said[0]
        assert f"between {low:g} and {high:g}" in said[0]
        assert not find_doubts(evaluation.assign(estimate=high - 0.01), cohorts)
        found = find_alarms([DATASET], {}, {"development": cohorts}, evaluation.assign(estimate=0.86))
        assert [f"0.85 for odi_12m_score__{name}" in alarm for alarm in found] == [True]


def test_a_score_is_judged_by_ranks_and_not_by_few_patients():
    study = make_study(outcomes=("odi_12m_score",), predictors=("bmi",), non_response="complete_cases")
    outcome = build_outcomes(study, REGISTRY.definition, REGISTRY.columns)["odi_12m_score"]
    cohort = build_cohort(REGISTRY, outcome, study)
    told = replace(cohort, X=cohort.X.assign(bmi=np.exp(-cohort.y / 10)))
    with pytest.raises(StudyError, match=r"odi_12m_score by more than .*\n  bmi: a rank correlation of 1\.00\nlook at"):
        refuse_leaks(told)
    few = replace(told, X=told.X.iloc[:49], y=told.y[:49])
    assert not list(find_separating(few))


def test_an_outcome_that_is_known_already_is_refused():
    columns = {name: COLUMNS[name] for name in ("age", "dural_tear")}
    check_predictors(["age"], columns, predict_at="preop", revealing=("dural_tear",))
    with pytest.raises(StudyError, match="must still be to come when it is predicted, at discharge"):
        check_predictors(["age"], columns, predict_at="discharge", revealing=("dural_tear",))
