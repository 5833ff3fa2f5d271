"""Other choices set beside the study's own: fixed order, no verdict, the whole pipeline fitted again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.outcomes import known_threshold_sets
from outcomes.variants import build_variants
from pipelines.prepare import prepare_study
from pipelines.result import StudyResult
from pipelines.run import run_study
from schemas.definition import parse_definition
from schemas.errors import DefinitionError, StudyError
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
outer_folds = 2
inner_folds = 2
[bootstrap]
resamples = 0
[tuning]
trials = 1
"""


SETS = 'odi_mcid_12m = ["van_hooff2016_pass", "copay2008"]'


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


@pytest.fixture(scope="module")
def flagged(registry: Registry) -> StudyResult:
    """The unattainable stay, as not having reached it, and are a subgroup."""
    return run_study(plan("flag", **{SETS: "", '"elastic_net"': ""}), registry)


@pytest.fixture(scope="module")
def quiet(registry: Registry) -> StudyResult:
    """No analysis but the study's own."""
    return run_study(
        plan(**{SETS: "", "[sensitivity.threshold_sets]": "[sensitivity]\nunattainable = false"}), registry
    )


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


def test_the_own_row_is_that_of_the_evaluation_with_several_imputations_too():
    text = TEXT.replace('"copay2008"', "").replace('["elastic_net"]', '[]\nmissing = "multiple"\nimputations = 3')
    study = parse_study(text.replace("{unattainable}", "exclude"), folder=Path())
    result = run_study(study, simulate_registry("lumbar", n=400, seed=5))
    own = result.sensitivity.query("analysis == 'threshold_set' and primary")
    evaluation = result.evaluation.query(
        "outcome == 'odi_mcid_12m' and validation == 'internal' and subgroup == 'overall'"
    )
    merged = own.merge(evaluation, on=["model", "metric"], suffixes=("", "_evaluated"))
    assert set(merged["metric"]) == {
        "event_rate", "c_statistic", "calibration_in_the_large", "calibration_slope", "scaled_brier", "log_loss",
    }  # fmt: skip
    pooled = merged["interval_kind"].str.contains("pooled over 3 imputations by Rubin's rules")
    assert (pooled | (merged["metric"] == "calibration_in_the_large")).all()
    for name in ("estimate", "lower", "upper", "interval_kind", "n", "events", "status"):
        np.testing.assert_array_equal(merged[name], merged[f"{name}_evaluated"], err_msg=name)
    assert set(result.coefficients["imputation"]) == {0, 1, 2}


def test_an_acceptable_state_is_another_outcome_than_a_change(result: StudyResult, registry: Registry):
    rates = result.sensitivity.query("metric == 'event_rate' and model == 'spline_logistic'").set_index("level")
    frame = registry.frame
    kept = frame[(frame["odi_0"] >= 15) & frame["odi_12m"].notna()]
    events = rates.loc["scoap15_2_2", "events"]
    reoperated = (kept["reoperation_days"] < 365) | (kept["death_days"] < 365)
    assert events == int(((kept["odi_0"] - kept["odi_12m"] >= 15) & ~reoperated).sum())
    everyone = frame[frame["odi_12m"].notna()]
    gone = (everyone["reoperation_days"] < 365) | (everyone["death_days"] < 365)
    # an acceptable state asks for no baseline, so nobody is left out for the want of it or of room
    assert rates.loc["van_hooff2016_pass", "events"] == int(((everyone["odi_12m"] <= 22) & ~gone).sum())


def test_the_unattainable_are_shown_both_ways(result: StudyResult, registry: Registry):
    table = result.sensitivity.query("analysis == 'unattainable' and metric == 'c_statistic'").set_index("level")
    assert list(table.index) == ["as_planned", "as_planned", "fail"]
    assert table.loc["fail", "model"] == "spline_logistic"
    assert table.loc["fail", "n"] > table.loc["as_planned", "n"].max()


@pytest.mark.slow
def test_where_they_stay_the_same_predictions_are_looked_at_without_them(flagged: StudyResult):
    table = flagged.sensitivity.query("analysis == 'unattainable'")
    assert list(dict.fromkeys(table["level"])) == ["as_planned", "attainable_only", "exclude"]
    n = table.query("metric == 'c_statistic' and model == 'spline_logistic'").set_index("level")["n"]
    assert n["attainable_only"] == n["exclude"] < n["as_planned"]


@pytest.mark.slow
def test_the_flagged_are_a_subgroup_of_threshold_outcomes_only(flagged: StudyResult):
    rows = flagged.evaluation.query("subgroup == 'attainable' and metric == 'oe_ratio'")
    assert set(rows["outcome"]) == {"odi_mcid_12m"}
    assert set(rows["level"]) == {"yes", "no"}


@pytest.mark.slow
def test_without_the_plan_there_is_no_table(quiet: StudyResult):
    assert quiet.sensitivity.empty
    assert tuple(quiet.sensitivity.columns) == SENSITIVITY
    assert quiet.varied_predictions.empty


@pytest.mark.slow
def test_other_analyses_move_no_number_of_the_result(result: StudyResult, quiet: StudyResult):
    pd.testing.assert_frame_equal(quiet.evaluation, result.evaluation)


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


@pytest.mark.parametrize("name", ["copay", "young2009", "tetreault2015", "solberg2013_failure"])
def test_a_wrong_set_is_said_to_stand_where_it_stands(registry: Registry, name: str):
    with pytest.raises(StudyError, match=r"\[sensitivity\.threshold_sets\]") as caught:
        build_variants(plan(copay2008=name), registry.definition, registry.columns)
    assert " under [threshold_sets]" not in str(caught.value)


def test_a_set_made_of_the_same_data_is_named_once_for_each_outcome(registry: Registry):
    """Also where variants of the outcome are made by the same set."""
    own = f"""
[threshold_sets.own_half]
title = "Own"
derived_from = "{registry.fingerprint}"
[[threshold_sets.own_half.thresholds]]
instrument = "odi"
kind = "absolute_change"
value = 9
"""
    definition = parse_definition(registry.definition.text + own)
    text = plan().text.replace("seed = 3", 'seed = 3\nthreshold_sets = { odi_mcid_12m = "own_half" }')
    with pytest.raises(StudyError) as caught:
        prepare_study(parse_study(text, folder=Path()), replace(registry, definition=definition), {})
    said = str(caught.value)
    assert said.count("odi_mcid_12m: own_half, derived from the data of development") == 1
    assert "__" not in said


def test_a_misspelt_instrument_of_an_own_set_is_refused_with_the_nearest():
    own = """
name = "own"
title = "Own"
base = "lumbar"
[instruments.walk]
title = "Walking"
low = 0
high = 20
direction = "higher_is_better"
[threshold_sets.four]
title = "Four points"
[[threshold_sets.four.thresholds]]
instrument = "wlak"
kind = "absolute_change"
value = 4
"""
    with pytest.raises(DefinitionError, match=r"threshold_sets\.four: .* got 'wlak'; nearest is 'walk'"):
        known_threshold_sets(parse_definition(own))
    assert "four" in known_threshold_sets(parse_definition(own.replace("wlak", "walk")))


def test_a_threshold_learned_in_each_fold_has_its_rows_and_one_that_changes_nothing_is_told(registry: Registry):
    sets = '["half_sd_baseline", "scoap15_again"]'
    own = parse_definition(
        'name = "lumbar"\ntitle = "L"\nbase = "lumbar"\n[threshold_sets.scoap15_again]\ntitle = "Again"\n'
        'thresholds = [{ instrument = "odi", kind = "absolute_change", value = 15 }]\n'
    )
    result = run_study(
        plan(**{'["van_hooff2016_pass", "copay2008"]': sets, 'models = ["elastic_net"]': "models = []"}),
        replace(registry, definition=own),
    )
    table = result.sensitivity.query("analysis == 'threshold_set' and metric == 'c_statistic'")
    assert list(table["level"]) == ["scoap15_2_2", "half_sd_baseline"]
    assert (table["n"] > 100).all()
    assert set(result.varied_predictions["outcome"]) >= {"odi_mcid_12m__half_sd_baseline"}
    assert "odi_mcid_12m under scoap15_again was not fitted: it gives every patient the same outcome" in " ".join(
        result.notes
    )
