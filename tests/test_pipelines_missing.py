"""Every way to handle missing predictors, from the study to the bundle, on the simulated registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcomes import build_outcomes
from pipelines.bundles.artifact import load_model
from pipelines.bundles.members import Member, predict_members
from pipelines.explain import explain
from pipelines.fit import fit_pipeline, prepare_training
from pipelines.models import MODELS
from pipelines.preprocess import fit_preprocessor
from pipelines.result import StudyResult
from pipelines.run import run_study
from pipelines.run_folder import write_run
from schemas.registry import Registry
from schemas.study import Study, parse_study
from schemas.synthetic import simulate_registry

WAYS = ("chained", "multiple", "indicators", "native")
PLAN = """
title = "what is made of missing predictors"
definition = "lumbar"
seed = 7
outcomes = ["odi_mcid_12m"]
predictors = ["age", "sex", "smoking", "bmi", "asa_class", "odi_0", "nrs_leg_0"]
models = ["random_forest", "xgboost", "lightgbm"]
missing = "{missing}"
imputations = 3
calibration = "logistic"
[bootstrap]
resamples = 0
[split]
outer_folds = 2
inner_folds = 2
[tuning]
trials = 2
"""


def plan(missing: str) -> Study:
    return parse_study(PLAN.format(missing=missing), folder=Path())


@pytest.fixture(scope="module")
def registry() -> Registry:
    return simulate_registry("lumbar", n=300, seed=2)


@pytest.fixture(scope="module")
def cohort(registry: Registry) -> Cohort:
    study = plan("native")
    return build_cohort(registry, build_outcomes(study, registry.definition, registry.columns)["odi_mcid_12m"], study)


@pytest.mark.parametrize("name", ["spline_logistic", "random_forest", "xgboost", "lightgbm"])
@pytest.mark.parametrize("missing", WAYS)
def test_a_training_part_is_fitted_and_explained(name: str, missing: Any, cohort: Cohort) -> None:
    rows = np.arange(len(cohort.y))
    training = prepare_training(cohort, rows, n_knots=3, inner_folds=2, seed=1, missing=missing)
    pipeline = fit_pipeline(MODELS[name], training, trials=1, seed=1)
    predicted = pipeline.predict(cohort.X)
    assert ((predicted > 0) & (predicted < 1)).all()
    for i in range(5):
        assert pipeline.predict(cohort.X.iloc[[i]])[0] == predicted[i]
    pre = pipeline.preprocessor
    # refuses contributions that do not add up, gaps included
    explained = explain(pipeline.form, pipeline.model.design, pipeline.fitted, pre, pre.encode(cohort.X))
    assert explained.names == pre.predictors
    design = pre.design(pipeline.model.design, pre.encode(cohort.X))
    takes_gaps = missing == "native" and name in ("xgboost", "lightgbm")
    assert np.isnan(design).any() == takes_gaps
    has_indicators = missing in ("indicators", "native") and not takes_gaps
    names = pre.design_names(pipeline.model.design)
    assert any(name.endswith("(missing)") for name in names) == has_indicators


def test_gaps_are_left_to_trees_only_where_the_models_saw_them(cohort: Cohort) -> None:
    """Where the baseline of the score is missing, so is the outcome: no model has seen such a patient."""
    training = prepare_training(cohort, np.arange(len(cohort.y)), n_knots=3, inner_folds=2, seed=1, missing="native")
    assert cohort.X["odi_0"].isna().sum() == cohort.X.loc[~cohort.counted, "odi_0"].isna().sum()
    for learned in (training.learned, *(inner for inner, _, _ in training.inner)):
        assert "odi_0" not in learned.preprocessor.lacking
    assert "bmi" in training.learned.preprocessor.lacking


def test_imputations_are_fitted_on_other_draws(cohort: Cohort) -> None:
    rows = np.arange(len(cohort.y))
    parts = [prepare_training(cohort, rows, n_knots=3, inner_folds=2, seed=seed, missing="multiple") for seed in (1, 2)]
    first, second = (part.part.encoded for part in parts)
    assert not np.array_equal(first, second)
    known = cohort.X[cohort.counted].notna().all(axis=1).to_numpy()
    np.testing.assert_array_equal(first[known], second[known])


@pytest.mark.parametrize(("hidden", "least", "most"), [("odi_0", 0.86, 0.94), ("bmi", 0.86, 0.98), ("sex", 0.86, 1.0)])
def test_the_risk_of_the_true_value_lies_in_the_range(hidden: str, least: float, most: float) -> None:
    frame = simulate_registry("lumbar", n=2000, seed=5).frame
    columns = simulate_registry("lumbar", n=5, seed=5).columns
    X = frame[["age", "sex", "smoking", "bmi", "asa_class", "odi_0", "nrs_leg_0", "nrs_back_0"]]
    y = (frame["odi_12m"] < 22).to_numpy(dtype=np.float64)
    known = (frame["odi_12m"].notna() & (np.arange(2000) < 1000)).to_numpy()
    pre = fit_preprocessor(X.iloc[:1000], columns, n_knots=4)
    model = MODELS["spline_logistic"]
    design = pre.design(model.design, pre.encode(X[known]))
    fit = model.risk.fit(design, y[known], np.ones(int(known.sum())), {"penalty": 1e-3}, 1)
    member = Member(model=model, fitted=fit, preprocessor=pre)
    complete = X.iloc[1000:].dropna()
    true = member.predict(complete)["y_prob"]
    lost = complete.assign(**{hidden: complete[hidden].mask(complete[hidden].notna())})
    predicted = predict_members([member], lost)
    inside = (predicted["y_prob_low"] <= true + 1e-9) & (true <= predicted["y_prob_high"] + 1e-9)
    assert least <= inside.mean() <= most
    assert np.isnan(predict_members([member], complete)["y_prob_low"]).all()


def run(registry: Registry, missing: str, workers: int) -> StudyResult:
    later = simulate_registry("lumbar", n=150, seed=3)
    return run_study(plan(missing), registry, validate_on={"later": later}, workers=workers)


@pytest.mark.slow
@pytest.mark.parametrize("missing", WAYS)
def test_a_study_runs_to_its_bundles_with_the_same_bytes(missing: str, registry: Registry, tmp_path: Path) -> None:
    results = {workers: run(registry, missing, workers) for workers in (1, 2)}
    for workers, result in results.items():
        (tmp_path / str(workers)).mkdir()
        write_run(result, tmp_path / str(workers))
    for path in sorted((tmp_path / "1").rglob("*")):
        if path.is_file() and path.name != "run.json":
            assert path.read_bytes() == (tmp_path / "2" / path.relative_to(tmp_path / "1")).read_bytes(), path.name
    result = results[1]
    imputations = range(3) if missing == "multiple" else range(1)
    counts = result.predictions.groupby(["dataset", "validation", "model", "imputation"]).size().unstack("imputation")
    assert list(counts) == list(imputations)
    assert (counts.nunique(axis=1) == 1).all()
    rows = result.evaluation.query("subgroup == 'overall' and metric == 'brier_score'")
    assert rows["lower"].notna().all()
    assert rows["interval_kind"].str.contains("Rubin").all() == (missing == "multiple")
    asked = simulate_registry("lumbar", n=60, seed=4).frame
    for model in ("spline_logistic", "random_forest", "xgboost", "lightgbm"):
        loaded = load_model(tmp_path / "1" / "models" / "odi_mcid_12m" / model)
        assert len(loaded.members) == len(imputations)
        assert loaded.preprocessor.missing == missing
        predicted = loaded.predict(asked)
        shown = predicted["y_prob"].notna() & (predicted["imputed"] != "")
        assert shown.any()
        assert (predicted.loc[shown, "y_prob_low"] <= predicted.loc[shown, "y_prob_high"]).all()
        assert predicted.loc[predicted["imputed"] == "", ["y_prob_low", "y_prob_high"]].isna().all(axis=None)


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["chained", "indicators", "native"])
def test_the_bundle_predicts_what_was_evaluated(missing: str, registry: Registry, tmp_path: Path) -> None:
    result = run(registry, missing, 1)
    write_run(result, tmp_path)
    outside = result.predictions[result.predictions["dataset"] == "later"]
    later = result.datasets[1].registry
    for model in ("spline_logistic", "xgboost"):
        own = outside[outside["model"] == model].set_index("row_id")["y_prob"]
        predicted = load_model(tmp_path / "models" / "odi_mcid_12m" / model).predict(later).set_index("row_id")
        common = own.index[predicted.loc[own.index, "y_prob"].notna()]
        assert len(common) > 50
        pd.testing.assert_series_equal(predicted.loc[common, "y_prob"], own[common], check_names=False, rtol=1e-12)
