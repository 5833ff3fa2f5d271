"""Cohorts: every exclusion counted, every leak refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from outcomes.cohort import build_cohort, build_subgroups
from outcomes.guard import check_predictors
from outcomes.outcomes import build_outcomes
from schemas.columns import COLUMNS
from schemas.errors import StudyError
from schemas.registry import Registry
from schemas.study import Study, parse_study
from schemas.synthetic import simulate_registry

PLAN = """
title = "a study"
definition = "lumbar"
seed = 1
outcomes = ["odi_mcid_12m", "reherniation_24m"]
predictors = ["age", "sex", "odi_0"]
"""


def plan(extra: str = "", **swaps: str) -> Study:
    text = PLAN
    for old, new in swaps.items():
        text = text.replace(old, new)
    return parse_study(text + extra, folder=Path())


@pytest.fixture(scope="module")
def registry() -> Registry:
    return simulate_registry("lumbar", n=800, seed=3)


@pytest.mark.parametrize("name", ["odi_mcid_12m", "reherniation_24m"])
def test_the_flow_adds_up(registry: Registry, name: str):
    study = plan()
    cohort = build_cohort(registry, build_outcomes(study, registry.definition)[name], study)
    flow = cohort.flow
    assert flow["remaining"].iloc[0] == registry.n_read
    remaining, excluded = flow["remaining"].to_numpy(), flow["excluded"].to_numpy()
    np.testing.assert_array_equal(remaining[:-1] - excluded[1:], remaining[1:])
    assert flow["remaining"].iloc[-1] == cohort.n
    assert flow["events"].iloc[-1] == cohort.events == np.nansum(cohort.y)


def test_the_censored_stay_in_the_cohort_as_unknown(registry: Registry):
    study = plan()
    cohort = build_cohort(registry, build_outcomes(study, registry.definition)["reherniation_24m"], study)
    frame = registry.frame
    no_event = frame[["reherniation_days", "other_fusion_days", "death_days"]].isna().all(axis=1)
    censored = no_event & (frame["follow_up_days"] < 730)
    assert np.isnan(cohort.y).sum() == censored.sum() > 0
    assert len(cohort.y) == len(frame)


@pytest.mark.parametrize(
    ("predictor", "known"),
    [("operative_minutes", "intraop"), ("length_of_stay_days", "discharge"), ("odi_12m", "followup"),
     ("planned_procedure", "planned")],
)  # fmt: skip
def test_a_predictor_known_later_is_refused_by_name(predictor: str, known: str):
    with pytest.raises(StudyError, match=rf"{predictor}: leaks, it is known only .*\({known}\)"):
        check_predictors(["age", predictor], COLUMNS, predict_at="preop")


def test_the_plan_of_the_operation_is_allowed_when_the_study_predicts_then():
    check_predictors(["age", "planned_procedure"], COLUMNS, predict_at="planned")


def test_all_refused_predictors_are_named_at_once():
    with pytest.raises(StudyError) as caught:
        check_predictors(["odi_12m", "site", "agee", "operation_date"], COLUMNS, predict_at="preop")
    text = str(caught.value)
    assert "odi_12m: leaks" in text
    assert "site: a column of kind identifier" in text
    assert "agee: is not a column of the data; nearest is 'age'" in text
    assert "operation_date: a column of kind date" in text


def test_subgroups_have_bands_and_an_unknown_level(registry: Registry):
    study = plan('subgroups = ["sex", "age", "depression", "site"]\nbands = {age = [50, 65]}\n')
    groups = build_subgroups(registry.frame, study, registry.columns)
    age = registry.frame["age"]
    expected = np.where(
        age.isna(), "unknown", np.where(age < 50, "under 50", np.where(age < 65, "50 to under 65", "65 and over"))
    )
    assert groups["age"].tolist() == expected.tolist()
    missing = registry.frame["depression"].isna()
    assert missing.any()
    assert (groups.loc[missing, "depression"] == "unknown").all()
    assert set(groups["site"]) == set(registry.frame["site"].dropna())


def test_a_number_without_cut_points_is_refused_as_a_subgroup(registry: Registry):
    with pytest.raises(StudyError, match=r"got 'age' of kind number; give its cut points under \[bands\]"):
        build_subgroups(registry.frame, plan('subgroups = ["age"]\n'), registry.columns)


def test_an_unknown_outcome_is_refused_with_the_nearest(registry: Registry):
    study = plan(odi_mcid_12m="odi_mcid_12")
    with pytest.raises(StudyError, match="got 'odi_mcid_12'; nearest is 'odi_mcid_12m'"):
        build_outcomes(study, registry.definition)


def test_an_outcome_whose_column_is_absent_is_refused(registry: Registry):
    study = plan(odi_mcid_12m="ndi_mcid_12m")
    outcome = build_outcomes(study, registry.definition)["ndi_mcid_12m"]
    with pytest.raises(StudyError, match="ndi_0: is not a column of the data"):
        build_cohort(registry, outcome, study)


def test_what_the_outcome_is_made_of_is_never_a_predictor(registry: Registry):
    study = parse_study(
        'title = "a"\ndefinition = "lumbar"\nseed = 1\noutcomes = ["any_complication_30d"]\npredictors = ["age"]\n',
        folder=Path(),
    )
    outcome = build_outcomes(study, registry.definition)["any_complication_30d"]
    with pytest.raises(StudyError, match="pneumonia_30d: leaks, the outcome is made of it"):
        check_predictors(["pneumonia_30d"], COLUMNS, predict_at="discharge", revealing=outcome.revealing)
