"""The whole way, on the synthetic registry: known truth, leaks, determinism, tables that agree with one another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.cohort import build_cohort
from pipelines.alarms import find_alarms
from pipelines.measures.discrimination import compute_c_statistic
from pipelines.predictions import DEVELOPMENT
from pipelines.prepare import name_validation
from pipelines.result import StudyResult
from pipelines.run import run_study
from pipelines.run_folder import replacing, write_run
from schemas.column import KNOWN_AT
from schemas.errors import StudyError
from schemas.registry import Registry
from schemas.study import Study, parse_study
from schemas.synthetic import simulate_registry
from schemas.tables import CURVES, PREDICTIONS, SHARE

PLAN = """
title = "a small study"
definition = "lumbar"
seed = 7
outcomes = ["odi_mcid_12m", "reherniation_24m"]
predictors = ["age", "sex", "smoking", "bmi", "depression", "previous_spine_surgery", "odi_0", "nrs_leg_0"]
models = ["elastic_net", "lightgbm"]
subgroups = ["sex", "site"]
[split]
outer_folds = 3
repeats = 2
inner_folds = 2
[bootstrap]
resamples = 0
[tuning]
trials = 2
[threshold_probabilities.reherniation_24m]
values = [0.05, 0.1]
action = "an additional visit"
"""

TRUTH = """
title = "does the spline logistic model find the truth"
definition = "lumbar"
seed = 11
outcomes = ["odi_mcid_12m", "any_complication_30d"]
predict_at = "planned"
predictors = ["age", "bmi", "smoking", "asa_class", "diabetes", "depression", "opioid_use", "symptom_duration_months",
  "previous_spine_surgery", "diagnosis", "planned_fusion", "n_levels_planned", "odi_0"]
models = []
reoperated = "as_scored" # the truth is that of the score alone
died = "as_scored"
[split]
outer_folds = 2
inner_folds = 3
"""


def plan(text: str = PLAN, **swaps: str) -> Study:
    for old, new in swaps.items():
        assert old in text
        text = text.replace(old, new)
    return parse_study(text, folder=Path())


@pytest.fixture(scope="module")
def registry() -> Registry:
    return simulate_registry("lumbar", n=500, seed=2)


@pytest.fixture(scope="module")
def result(registry: Registry) -> StudyResult:
    later = simulate_registry("lumbar", n=300, seed=3)
    return run_study(plan(), registry, validate_on={"elsewhere": later})


def internal(result: StudyResult) -> pd.DataFrame:
    return result.predictions[result.predictions["validation"] == "internal"]


def test_tables_have_the_columns_of_the_contract(result: StudyResult):
    assert list(result.predictions)[: len(PREDICTIONS)] == list(PREDICTIONS)
    for name, columns in SHARE.items():
        assert list(getattr(result, name)) == list(columns), name
    for name, columns in CURVES.items():
        assert list(result.curves[name]) == list(columns), name


def test_every_row_is_predicted_once_per_model_and_repeat(result: StudyResult):
    predictions = internal(result)
    keys = ["outcome", "model", "repeat", "row_id"]
    assert not predictions.duplicated(keys).any()
    counts = predictions.groupby(["outcome", "model", "repeat"]).size().unstack([1, 2])
    assert (counts.nunique(axis=1) == 1).all()


def test_all_models_have_the_same_folds(result: StudyResult):
    folds = internal(result).pivot_table(index=["outcome", "repeat", "row_id"], columns="model", values="fold")
    assert (folds.nunique(axis=1) == 1).all()


def test_a_patient_is_in_one_fold_only(result: StudyResult):
    predictions = internal(result)
    assert (predictions.groupby(["outcome", "repeat", "patient"])["fold"].nunique() == 1).all()


def test_risks_are_probabilities_and_the_censored_weigh_nothing(result: StudyResult):
    predictions = result.predictions
    assert predictions["y_prob"].between(0, 1, inclusive="neither").all()
    unknown = predictions["y_true"].isna()
    assert unknown.any()
    assert (predictions.loc[unknown, "weight"] == 0).all()
    assert (predictions.loc[~unknown, "weight"] >= 1).all()


def test_the_flow_ends_with_the_numbers_of_the_evaluation(result: StudyResult):
    last = result.flow[result.flow["reason"] == "analysed"].set_index(["outcome", "dataset"])
    overall = result.evaluation.query("subgroup == 'overall' and metric == 'brier_score' and model == 'elastic_net'")
    for row in overall.itertuples():
        assert row.n == last.loc[(row.outcome, row.dataset), "remaining"]
        assert row.events == last.loc[(row.outcome, row.dataset), "events"]


def test_internal_calibration_in_the_large_is_not_informative(result: StudyResult):
    rows = result.evaluation.query("validation == 'internal' and subgroup == 'overall'")
    fixed = rows[rows["metric"].isin(["oe_ratio", "calibration_in_the_large"])]
    assert (fixed["status"] == "not informative").all()
    assert fixed["lower"].isna().all()


def test_every_overall_estimate_has_an_interval_or_says_why_not(result: StudyResult):
    rows = result.evaluation.query("subgroup == 'overall' and status == 'ok'")
    reasoned = rows["interval_kind"].str.startswith("none: ") | (rows["metric"] == "ici_null")
    bare = rows[rows["lower"].isna() & ~reasoned]
    assert bare.empty, bare[["model", "metric", "interval_kind"]]


def test_final_models_predict_as_the_table_of_validation_says(result: StudyResult):
    outside = result.predictions.query("dataset == 'elsewhere' and outcome == 'odi_mcid_12m' and model == 'lightgbm'")
    later = result.datasets[1].registry.frame.set_index("row_id").loc[outside["row_id"]]
    pipeline = result.models["odi_mcid_12m", "lightgbm"]
    predictors = list(result.study.predictors)
    np.testing.assert_array_equal(pipeline.predict(later[predictors]), outside["y_prob"])


def test_the_same_study_gives_the_same_tables(registry: Registry, result: StudyResult):
    later = simulate_registry("lumbar", n=300, seed=3)
    again = run_study(plan(), registry, validate_on={"elsewhere": later})
    for name in SHARE:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(result, name), check_exact=True)


def test_adding_a_model_does_not_move_the_others(registry: Registry, result: StudyResult):
    fewer = run_study(plan(PLAN.replace('"elastic_net", ', "")), registry)
    columns = ["outcome", "model", "repeat", "fold", "row_id", "y_prob"]
    old, new = (
        internal(r).query("model != 'elastic_net'")[columns].sort_values(columns).reset_index(drop=True)
        for r in (result, fewer)
    )
    pd.testing.assert_frame_equal(old, new, check_exact=True)


def test_what_is_known_later_moves_no_prediction(registry: Registry, result: StudyResult):
    later = [c.name for c in registry.columns.values() if KNOWN_AT.index(c.known_at) > 0]
    needed = {name for outcome in result.outcomes.values() for name in (*outcome.needs, *outcome.optional)}
    rng = np.random.default_rng(0)
    frame = registry.frame.copy()
    scrambled = [name for name in later if name not in needed]
    assert len(scrambled) > 10
    for name in scrambled:
        frame[name] = frame[name].to_numpy()[rng.permutation(len(frame))]
    again = run_study(plan(), replace(registry, frame=frame))
    np.testing.assert_array_equal(internal(again)["y_prob"], internal(result)["y_prob"])


def test_one_outcome_with_too_few_events_is_skipped_and_said(registry: Registry):
    frame = registry.frame.copy()
    frame["reherniation_days"] = np.nan
    result = run_study(plan(), replace(registry, frame=frame))
    assert list(result.skipped) == ["reherniation_24m"]
    assert result.needs_person
    assert any(
        "reherniation_24m was skipped: patients with events must be at least the 3" in w for w in result.warnings
    )
    assert set(result.evaluation["outcome"]) == {"odi_mcid_12m"}


def test_a_planted_leak_is_refused_by_name(registry: Registry):
    frame = registry.frame.copy()
    frame["bmi"] = np.where(frame["reherniation_days"].notna(), 40.0, 25.0)
    with pytest.raises(StudyError, match=r"no predictor alone must separate reherniation_24m[\s\S]*bmi: a c-statistic"):
        run_study(plan(), replace(registry, frame=frame))


def test_a_predictor_recorded_only_with_the_event_is_refused(registry: Registry):
    frame = registry.frame.copy()
    frame["bmi"] = np.where(frame["reherniation_days"].notna(), 27.0, np.nan)
    with pytest.raises(StudyError, match=r"must separate reherniation_24m[\s\S]*bmi: a c-statistic"):
        run_study(plan(), replace(registry, frame=frame))


def test_discrimination_too_good_to_be_true_raises_an_alarm(result: StudyResult, registry: Registry):
    own = (result.evaluation["metric"] == "c_statistic") & (result.evaluation["model"] == "lightgbm")
    own &= (result.evaluation["outcome"] == "odi_mcid_12m") & (result.evaluation["validation"] == "internal")
    cohort = build_cohort(registry, result.outcomes["odi_mcid_12m"], result.study)
    cohorts = {dataset.name: {"odi_mcid_12m": cohort} for dataset in result.datasets}
    for estimate, expected in ((0.86, 1), (0.84, 0)):
        evaluation = result.evaluation.assign(estimate=result.evaluation["estimate"].mask(own, estimate))
        said = find_alarms(result.datasets, {}, cohorts, evaluation)
        assert sum(w.startswith("lightgbm reach a c-statistic above 0.85 for odi_mcid_12m") for w in said) == expected


def test_the_same_data_are_no_validation(registry: Registry):
    with pytest.raises(StudyError, match="must be other data than those of development, got the same in 'again'"):
        run_study(plan(), registry, validate_on={"again": registry})


def test_validation_that_cannot_be_had_or_is_not_of_new_patients_is_said(registry: Registry, result: StudyResult):
    assert any("patients of elsewhere are also among those of development" in w for w in result.warnings)
    later = simulate_registry("lumbar", n=60, seed=4)
    frame = later.frame.assign(odi_12m=np.nan, patient="other " + later.frame["patient"])
    said = run_study(plan(), registry, validate_on={"later": replace(later, frame=frame)}).warnings
    assert any(w.startswith("odi_mcid_12m cannot be assessed on later") for w in said)
    assert not any("are also among" in w for w in said)


def test_an_unknown_split_and_comparator_are_refused(registry: Registry):
    with pytest.raises(StudyError, match="the split of the study must be a known name, got 'holdout'"):
        run_study(plan(PLAN.replace("[split]", '[split]\nname = "holdout"')), registry)
    with pytest.raises(StudyError, match="a comparator of the study must be a known name"):
        run_study(plan(PLAN.replace("[split]", 'comparators = ["swespine"]\n[split]', 1)), registry)


def test_a_learner_cannot_be_the_reference(registry: Registry):
    text = PLAN.replace("[split]", 'reference = "lightgbm"\n[split]', 1)
    with pytest.raises(StudyError, match=r"must be a regression model \(.*\), got 'lightgbm'"):
        run_study(plan(text), registry)


def test_later_years_under_the_same_definition_are_temporal(registry: Registry):
    later = replace(registry, frame=registry.frame.assign(year=registry.frame["year"] + 100))
    assert name_validation(registry, later) == "temporal"
    assert name_validation(registry, registry) == "external"


def test_a_run_that_fails_leaves_nothing(tmp_path: Path, result: StudyResult):
    out = tmp_path / "run"

    def fail() -> None:
        with replacing(out) as folder:
            write_run(result, folder)
            raise StudyError("stop here")

    with pytest.raises(StudyError, match="stop here"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_run(tmp_path: Path, result: StudyResult):
    with replacing(tmp_path / "run") as folder:
        write_run(result, folder)
    run = tmp_path / "run"
    assert sorted(path.name for path in run.iterdir()) == [
        "definition.toml", "models", "private", "run.json", "share", "study.toml",
    ]  # fmt: skip
    assert (run / "study.toml").read_text() == result.study.text
    stored = pd.read_parquet(run / "private" / "predictions.parquet")
    pd.testing.assert_frame_equal(stored, result.predictions, check_dtype=False)
    bundles = {path.parent.name for path in (run / "models").glob("*/*/bundle.json")}
    assert bundles == {"spline_logistic", "elastic_net", "lightgbm", "firth_logistic"}, "Firth, as events are few"
    told = json.loads((run / "run.json").read_text())["outcomes"][0]["threshold_set_text"]
    assert "lumbar fusion, n = 1,965" in told
    assert "seen in the source" in told


@pytest.mark.slow
def test_two_workers_give_the_same_bytes(registry: Registry, tmp_path: Path):
    written = []
    for workers in (1, 2):
        with replacing(tmp_path / str(workers)) as folder:
            write_run(run_study(plan(), registry, workers=workers), folder)
        written.append({p.name: p.read_bytes() for p in (tmp_path / str(workers) / "share").rglob("*.csv")})
    assert written[0] == written[1]
    assert len(written[0]) == len(SHARE) + len(CURVES)


@pytest.mark.slow
def test_the_synthetic_registry_gives_back_its_truth():
    fresh = simulate_registry("lumbar", n=20_000, seed=12)
    result = run_study(plan(TRUTH), simulate_registry("lumbar", n=10_000, seed=11), validate_on={"fresh": fresh})
    assert fresh.truth is not None
    truth = fresh.truth.set_index("row_id")
    for outcome in result.study.outcomes:
        rows = result.predictions.query("dataset == 'fresh' and outcome == @outcome and weight > 0")
        of_truth = compute_c_statistic(rows["y_true"].to_numpy(), truth.loc[rows["row_id"], outcome].to_numpy())
        found = result.evaluation.query("dataset == 'fresh' and outcome == @outcome and subgroup == 'overall'")
        value = found.set_index("metric")["estimate"]
        assert abs(value["calibration_in_the_large"]) < 0.1
        assert abs(value["calibration_slope"] - 1) < 0.15
        assert abs(value["c_statistic"] - of_truth) < 0.02


@pytest.mark.slow
def test_permuted_outcomes_are_not_predicted():
    registry = simulate_registry("lumbar", n=6_000, seed=21)
    frame = registry.frame.copy()
    flags = [c for c in frame if c.endswith("_30d")]
    order = np.random.default_rng(4).permutation(len(frame))
    frame[flags] = frame[flags].to_numpy()[order]
    study = plan(
        PLAN.replace('["odi_mcid_12m", "reherniation_24m"]', '["any_complication_30d"]')
        .replace("repeats = 2", "repeats = 1")
        .replace("reherniation_24m", "any_complication_30d")
        .replace('"elastic_net", "lightgbm"', '"elastic_net", "random_forest", "xgboost", "lightgbm"')
    )
    result = run_study(study, replace(registry, frame=frame), workers=2)
    found = result.evaluation.query("validation == 'internal' and subgroup == 'overall' and metric == 'c_statistic'")
    assert len(found) == 6, "five models and the machine-learning arm"
    assert (found["estimate"] - 0.5).abs().max() < 0.05, found[["model", "estimate"]]


def test_development_is_a_reserved_name(registry: Registry):
    with pytest.raises(StudyError, match=f"must not be called '{DEVELOPMENT}'"):
        run_study(plan(), registry, validate_on={DEVELOPMENT: registry})
