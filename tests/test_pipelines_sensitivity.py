"""Other choices set beside the study's own: fixed order, no verdict, the whole pipeline fitted again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.variants import build_variants
from pipelines.result import StudyResult
from pipelines.run import run_study
from schemas.errors import StudyError
from schemas.registry import Registry
from schemas.study import Study, parse_study
from schemas.synthetic import simulate_registry
from schemas.tables import SENSITIVITY

TEXT = """
title = "Test"
definition = "lumbar"
seed = 3
outcomes = ["odi_mcid_12m", "any_complication_30d"]
predictors = ["age", "odi_0", "depression"]
models = ["elastic_net"]
unattainable = "{unattainable}"
[sensitivity.threshold_sets]
odi_mcid_12m = ["van_hooff2016_pass", "copay2008"]
[split]
outer_folds = 3
inner_folds = 2
[tuning]
trials = 1
"""


def plan(unattainable: str = "exclude", **changes: str) -> Study:
    text = TEXT.replace("{unattainable}", unattainable)
    for old, new in changes.items():
        text = text.replace(old, new)
    return parse_study(text, folder=Path())


@pytest.fixture(scope="module")
def registry() -> Registry:
    return simulate_registry("lumbar", n=900, seed=5)


@pytest.fixture(scope="module")
def result(registry: Registry) -> StudyResult:
    return run_study(plan(), registry)


def test_sets_stand_in_the_order_of_the_plan_and_the_own_one_first(result: StudyResult):
    table = result.sensitivity
    assert tuple(table.columns) == SENSITIVITY
    sets = table.query("analysis == 'threshold_set'")
    assert list(dict.fromkeys(sets["level"])) == ["scoap15_2_2", "van_hooff2016_pass", "copay2008"]
    assert set(sets.loc[sets["primary"].astype(bool), "level"]) == {"scoap15_2_2"}
    assert set(sets["model"]) == {"spline_logistic", "elastic_net"}
    assert set(table["outcome"]) == {"odi_mcid_12m"}


def test_the_own_row_says_what_the_evaluation_says(result: StudyResult):
    own = result.sensitivity.query("analysis == 'threshold_set' and primary and metric == 'c_statistic'")
    evaluation = result.evaluation.query(
        "outcome == 'odi_mcid_12m' and validation == 'internal' and subgroup == 'overall' and metric == 'c_statistic'"
    )
    merged = own.merge(evaluation, on="model", suffixes=("", "_evaluated"))
    assert len(merged) == 2
    for name in ("estimate", "lower", "upper", "n", "events"):
        np.testing.assert_array_equal(merged[name], merged[f"{name}_evaluated"])


def test_an_acceptable_state_is_another_outcome_than_a_change(result: StudyResult, registry: Registry):
    rates = result.sensitivity.query("metric == 'event_rate' and model == 'spline_logistic'").set_index("level")
    frame = registry.frame
    kept = frame[(frame["odi_0"] >= 15) & frame["odi_12m"].notna()]
    events = rates.loc["scoap15_2_2", "events"]
    reoperated = (kept["reoperation_days"] < 365) | (kept["death_days"] < 365)
    assert events == int(((kept["odi_0"] - kept["odi_12m"] >= 15) & ~reoperated).sum())
    everyone = frame[frame["odi_0"].notna() & frame["odi_12m"].notna()]
    gone = (everyone["reoperation_days"] < 365) | (everyone["death_days"] < 365)
    # every baseline can end in an acceptable state, so nobody is left out under that set
    assert rates.loc["van_hooff2016_pass", "events"] == int(((everyone["odi_12m"] <= 22) & ~gone).sum())


def test_the_unattainable_are_shown_both_ways(result: StudyResult, registry: Registry):
    table = result.sensitivity.query("analysis == 'unattainable' and metric == 'c_statistic'").set_index("level")
    assert list(table.index) == ["as_planned", "as_planned", "fail"]
    assert table.loc["fail", "model"] == "spline_logistic"
    assert table.loc["fail", "n"] > table.loc["as_planned", "n"].max()


def test_where_they_fail_the_same_predictions_are_looked_at_without_them(registry: Registry):
    table = run_study(plan("fail"), registry).sensitivity.query("analysis == 'unattainable'")
    assert list(dict.fromkeys(table["level"])) == ["as_planned", "attainable_only", "exclude"]
    n = table.query("metric == 'c_statistic' and model == 'spline_logistic'").set_index("level")["n"]
    assert n["attainable_only"] == n["exclude"] < n["as_planned"]


def test_without_the_plan_there_is_no_table(registry: Registry):
    text = TEXT.replace("{unattainable}", "exclude").replace('odi_mcid_12m = ["van_hooff2016_pass", "copay2008"]', "")
    quiet = parse_study(text.replace("[split]", "[sensitivity]\nunattainable = false\n[split]", 1).replace(
        "[sensitivity.threshold_sets]\n", ""
    ), folder=Path())  # fmt: skip
    result = run_study(quiet, registry)
    assert result.sensitivity.empty
    assert tuple(result.sensitivity.columns) == SENSITIVITY
    assert result.varied_predictions.empty


def test_adding_an_analysis_moves_no_number_of_the_result(result: StudyResult, registry: Registry):
    text = TEXT.replace("{unattainable}", "exclude").replace(', "copay2008"', "")
    again = run_study(parse_study(text, folder=Path()), registry)
    pd.testing.assert_frame_equal(again.evaluation, result.evaluation)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["van_hooff2016_pass", "copay2008"]', '["scoap15_2_2"]', "must not be the study's own, got 'scoap15_2_2'"),
        ('["van_hooff2016_pass", "copay2008"]', '["copay"]', "nearest is 'copay2008'"),
        ("odi_mcid_12m = [", "odi_mcid = [", "nearest is 'odi_mcid_12m'"),
        ("odi_mcid_12m = [", "any_complication_30d = [", "must be of kind threshold, got 'any_complication_30d'"),
    ],
)
def test_a_wrong_plan_is_refused(registry: Registry, old: str, new: str, message: str):
    with pytest.raises(StudyError, match=message.replace("(", "\\(")):
        build_variants(plan(**{old: new}), registry.definition, registry.columns)


def test_the_flagged_are_a_subgroup_of_threshold_outcomes_only(registry: Registry):
    quiet = plan("flag", **{'odi_mcid_12m = ["van_hooff2016_pass", "copay2008"]': ""})
    evaluation = run_study(quiet, registry).evaluation
    flagged = evaluation.query("subgroup == 'attainable' and metric == 'oe_ratio'")
    assert set(flagged["outcome"]) == {"odi_mcid_12m"}
    assert set(flagged["level"]) == {"yes", "no"}
