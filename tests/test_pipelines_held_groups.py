"""Groups that a model knows: inside cross-validation their mean prediction is held at their mean outcome."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.special import expit

from pipelines.conclude import _list_predictors
from pipelines.evaluate import build_groups, evaluate_fold_predictions
from pipelines.groups.group_gaps import GAP_METRICS, Split, compute_gap
from pipelines.groups.held_groups import UNKNOWN, find_held, is_held, mark_missing
from pipelines.measures.calibration import fit_calibration_in_the_large, fit_logistic
from pipelines.run import run_study
from pipelines.subgroups import ANY, HALF_WIDTH, INTERNALLY, POOLED, audit_subgroups
from schemas.study import parse_study
from schemas.synthetic import simulate_registry

Floats = npt.NDArray[np.float64]

MODEL = "lr"
KNOWN = {MODEL: ("sex", "age")}
HELD = ["calibration_in_the_large", "log_oe_ratio"]
PLAN = """
title = "groups that the models know"
definition = "lumbar"
seed = 7
outcomes = ["odi_mcid_12m"]
predictors = ["age", "sex", "smoking", "odi_0"]
models = []
comparators = ["baseline_score", "asa_class"]
subgroups = ["sex", "site", "odi_0"]
bands = {odi_0 = [45]}
unattainable = "flag"
[split]
outer_folds = 3
inner_folds = 2
[bootstrap]
resamples = 0
"""


def simulate_cohort(rng: np.random.Generator, n: int = 1000) -> tuple[Floats, Floats]:
    """Simulate predictors, sex the first of them, and the event; the log-odds are linear in them."""
    X = np.column_stack([rng.random(n) < 0.4, rng.normal(size=(n, 3))]).astype(float)
    return X, (rng.random(n) < true_risk(X)).astype(float)


def true_risk(X: Floats) -> Floats:
    return np.asarray(expit(-1.3 + X @ np.array([0.5, 0.5, 0.3, 0.2])))


def predict(X: Floats, y: Floats, new: Floats) -> Floats:
    fit = fit_logistic(add_intercept(X), y, np.ones_like(y))
    assert fit is not None
    return np.asarray(expit(add_intercept(new) @ fit.coefficients))


def add_intercept(X: Floats) -> Floats:
    return np.column_stack([np.ones(len(X)), X])


def predict_by_fold(X: Floats, y: Floats, fold: npt.NDArray[np.int64]) -> Floats:
    p = np.empty_like(y)
    for code in np.unique(fold):
        p[fold == code] = predict(X[fold != code], y[fold != code], X[fold == code])
    return p


def stratify(rng: np.random.Generator, y: Floats, n_folds: int = 5) -> npt.NDArray[np.int64]:
    """Draw folds with the same share of events in each."""
    shuffled = rng.permutation(y.size)
    fold = np.empty(y.size, dtype=np.int64)
    fold[shuffled[np.argsort(y[shuffled], kind="stable")]] = np.arange(y.size) % n_folds
    return fold


def make_table(y: Floats, p: Floats, fold: npt.NDArray[np.int64] | int, **columns: Any) -> pd.DataFrame:
    folded = not isinstance(fold, int)
    return pd.DataFrame(
        {
            "row_id": np.arange(y.size), "patient": np.arange(y.size), "outcome": "death_90d", "model": MODEL,
            "dataset": "development" if folded else "north", "validation": "internal" if folded else "external",
            "repeat": 0, "fold": fold, "imputation": 0, "y_true": y, "y_prob": p, "y_pred": math.nan,
            "scale": "probability", "weight": 1.0, "n_train": 100, **columns,
        }
    )  # fmt: skip


def measure_gap(y: Floats, p: Floats, group: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return the gap in calibration in the large and the standard error that goes with it."""
    (built,) = build_groups(make_table(y, p, 0), thresholds={}, seed=1)
    gap = compute_gap(GAP_METRICS["calibration_in_the_large"], Split(sample=built.sample, rows=group))
    assert gap is not None
    return gap.estimate, gap.standard_error


def find_true_gap(X: Floats, y: Floats, used: slice, rng: np.random.Generator) -> float:
    """Return the gap of the developed model in new patients, whose risks are known."""
    new, _ = simulate_cohort(rng, 4000)
    risk, p = true_risk(new), predict(X[:, used], y, new[:, used])
    fits = [
        fit_calibration_in_the_large(risk[rows], p[rows], np.ones(rows.sum()))
        for rows in (new[:, 0] == 1, new[:, 0] == 0)
    ]
    assert fits[0] is not None
    assert fits[1] is not None
    return float(fits[0].coefficients[0] - fits[1].coefficients[0])


def compare_with_truth(used: slice, *, by_site: bool = False, n: int = 80) -> dict[str, float]:
    """Compare the gap between the sexes over the folds with that of the developed model in new patients."""
    rng = np.random.default_rng(4)
    found = []
    for _ in range(n):
        X, y = simulate_cohort(rng)
        fold = rng.choice(6, y.size, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05]) if by_site else stratify(rng, y)
        own, error = measure_gap(y, predict_by_fold(X[:, used], y, fold), X[:, 0] == 1)
        found.append((own, error, find_true_gap(X, y, used, rng)))
    gaps, errors, true_gaps = np.array(found).T
    return {
        "sd": float(gaps.std()), "error": float(errors.mean()), "true_sd": float(true_gaps.std()),
        "correlation": float(np.corrcoef(gaps, true_gaps)[0, 1]),
    }  # fmt: skip


# --- the truth


def test_folds_hold_the_gap_of_a_group_that_the_model_knows() -> None:
    found = compare_with_truth(slice(None))
    assert found["true_sd"] > 0.1  # what the developed model is off in truth
    assert found["sd"] < 0.1 * found["error"]
    assert abs(found["correlation"]) < 0.3


def test_folds_do_not_hold_the_gap_of_a_group_that_the_model_does_not_know() -> None:
    found = compare_with_truth(slice(1, None))
    assert found["sd"] == pytest.approx(found["error"], rel=0.25)


def test_sites_left_out_in_turn_hold_the_gap_over_all_of_them_nearly_as_much() -> None:
    found = compare_with_truth(slice(None), by_site=True)
    assert found["sd"] < 0.5 * found["error"]
    assert abs(found["correlation"]) < 0.3


# --- what is said of it


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    """Return cross-validated predictions of a model that knows the sex; the ward is no predictor and far off."""
    rng = np.random.default_rng(8)
    X, y = simulate_cohort(rng, 3000)
    ward = rng.choice(["east", "north", "west"], y.size, p=[0.3, 0.3, 0.4])
    y = np.where((ward == "east") & (rng.random(y.size) < 0.3), 1.0, y)
    fold = stratify(rng, y)
    sex = np.where(X[:, 0] == 1, "female", "male")
    return make_table(y, predict_by_fold(X, y, fold), fold, ward=ward, sex=sex)


def audit(data: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    settings: dict[str, Any] = {"subgroups": ("sex", "ward"), "margin": 0.2, "seed": 1, "predictors": KNOWN}
    return audit_subgroups(data, **(settings | changes))


def evaluate(data: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    settings: dict[str, Any] = {
        "thresholds": {"death_90d": (0.2,)}, "threshold_sets": {}, "subgroups": ("sex", "ward"), "seed": 1,
        "predictors": KNOWN,
    }  # fmt: skip
    table = evaluate_fold_predictions(data, **(settings | changes))
    return table[table["subgroup"] != "overall"]


def test_a_gap_that_is_held_has_no_interval_no_test_and_no_verdict(predictions: pd.DataFrame) -> None:
    table = audit(predictions)
    held = table[(table["subgroup"] == "sex") & table["metric"].isin(HELD)]
    assert set(held["level"]) == {"female", "male", ANY}
    assert set(held["status"]) == {"not informative"}
    assert held[["lower", "upper", "largest_compatible", "p_value", "p_adjusted"]].isna().all(axis=None)
    assert held["estimate"].abs().max() < 0.02
    primary = held[held["metric"] == HELD[0]]
    assert set(primary["conclusion"]) == {INTERNALLY}
    assert set(primary["margin"]) == {0.2}
    joint = table[(table["metric"] == "calibration_intercept_and_slope") & (table["subgroup"] == "sex")]
    assert joint["status"].tolist() == ["not informative"]
    assert joint["p_value"].isna().all()


def test_slope_and_discrimination_of_a_group_that_the_model_knows_stay(predictions: pd.DataFrame) -> None:
    plain = audit(predictions, predictors=None)
    for table in (audit(predictions), plain):
        rest = table[(table["subgroup"] == "sex") & table["metric"].isin(["calibration_slope", "c_statistic"])]
        assert set(rest["status"]) == {"ok"}
        assert rest.loc[rest["level"] != ANY, "lower"].notna().all()
    before, after = (
        table[table["metric"] == "calibration_slope"].drop(columns=["p_adjusted"])
        for table in (plain, audit(predictions))
    )
    pd.testing.assert_frame_equal(before, after)


def test_an_attribute_that_is_no_predictor_stays_as_it_is(predictions: pd.DataFrame) -> None:
    table, plain = audit(predictions), audit(predictions, predictors=None)
    before, after = (
        one[one["subgroup"] == "ward"].drop(columns=["p_adjusted", "adjustment"]) for one in (plain, table)
    )
    pd.testing.assert_frame_equal(before, after)
    east = table[(table["level"] == "east") & (table["metric"] == HELD[0])].iloc[0]
    assert east["conclusion"] == "outside"
    # one test is left to adjust over the attributes
    tested = table[(table["level"] == ANY) & (table["metric"] == HELD[0]) & (table["subgroup"] == "ward")].iloc[0]
    assert tested["adjustment"] == "none: one test"
    assert tested["p_adjusted"] == tested["p_value"]


def test_precision_counts_events_and_a_pooled_group_says_that_it_is_held(predictions: pd.DataFrame) -> None:
    few = predictions["ward"].where(predictions.index >= 12, "ship")
    few = few.where(predictions.index % 2 == 0, few + " 2").where(predictions.index >= 12, "ship")
    table = audit(predictions.assign(ward=few), predictors={MODEL: ("ward",)}, suppress_below=1)
    assert set(table.loc[table["metric"] == HALF_WIDTH, "status"]) == {"ok"}
    pooled = table[table["metric"] == POOLED]
    assert pooled["level"].tolist() == ["ship"]
    assert pooled["status"].tolist() == ["not informative"]
    assert pooled["lower"].isna().all()


def test_evaluation_by_group_says_the_same(predictions: pd.DataFrame) -> None:
    table, plain = evaluate(predictions), evaluate(predictions, predictors=None)
    held = (table["subgroup"] == "sex") & table["metric"].isin(["oe_ratio", "calibration_in_the_large"])
    assert set(table.loc[held, "status"]) == {"not informative"}
    assert table.loc[held, ["lower", "upper"]].isna().all(axis=None)
    assert table.loc[held & (table["metric"] == "oe_ratio"), "estimate"].to_numpy() == pytest.approx(1, abs=0.01)
    pd.testing.assert_frame_equal(table[~held], plain[~held])
    assert {"calibration_slope", "c_statistic", "brier_score", "sensitivity"} <= set(
        table.loc[~held & (table["subgroup"] == "sex") & (table["status"] == "ok"), "metric"]
    )


@pytest.mark.parametrize("validation", ["temporal", "external"])
def test_data_that_no_model_saw_tell(predictions: pd.DataFrame, validation: str) -> None:
    new = predictions.assign(validation=validation, dataset="north", fold=-1)
    assert "not informative" not in set(audit(new)["status"]) | set(evaluate(new)["status"])


def test_predictions_that_were_not_fitted_in_the_folds_tell(predictions: pd.DataFrame) -> None:
    given = predictions.assign(n_train=0)
    assert "not informative" not in set(audit(given)["status"]) | set(evaluate(given)["status"])
    assert "not informative" not in set(audit(predictions, predictors={"other": ("sex",)})["status"])


def test_hidden_and_sparse_groups_stay_what_they_are(predictions: pd.DataFrame) -> None:
    ill = predictions["y_true"] == 1
    seven = predictions["sex"].mask(ill & (ill.cumsum() <= 7) | ~ill & ((~ill).cumsum() <= 30), "other")
    for levels, status in (
        (seven, "not assessable"),
        (predictions["sex"].where(predictions.index > 2, "other"), "suppressed"),
    ):
        table = audit(predictions.assign(sex=levels))
        own = table[(table["metric"] == HELD[0]) & (table["level"] == "other")]
        assert own["status"].tolist() == [status]
        assert own["estimate"].isna().all()


def test_a_mean_difference_of_a_known_group_is_held_too(predictions: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    score = rng.normal(40, 10, len(predictions))
    data = predictions.assign(
        y_true=score, y_prob=math.nan, y_pred=score + rng.normal(0, 5, len(score)), scale="points"
    )
    table, evaluated = audit(data), evaluate(data)
    assert set(table.loc[(table["metric"] == "mean_difference") & (table["subgroup"] == "sex"), "status"]) == {
        "not informative"
    }
    own = evaluated[evaluated["subgroup"] == "sex"].set_index("metric")["status"]
    assert set(own["mean_difference"]) == {"not informative"}
    assert set(own["mae"]) == {"ok"}


def test_a_site_that_was_left_out_is_not_held(predictions: pd.DataFrame) -> None:
    (built,) = build_groups(predictions.assign(validation="internal-external"), thresholds={}, seed=1)
    known = ("sex", "site")
    assert [is_held(built.sample, name, known) for name in ("sex", "site", "ward")] == [True, False, False]
    (built,) = build_groups(predictions, thresholds={}, seed=1)
    assert [is_held(built.sample, name, known) for name in ("sex", "site", "ward")] == [True, True, False]


@pytest.fixture(scope="module")
def filled() -> pd.DataFrame:
    """Return predictions of a model in which a missing sex is filled in; those without it do worse than it says."""
    rng = np.random.default_rng(21)
    X, y = simulate_cohort(rng, 6000)
    gone = rng.random(y.size) < 0.15
    y = np.where(gone & (rng.random(y.size) < 0.2), 1.0, y)
    given = X.copy()
    given[gone, 0] = X[~gone, 0].mean()
    fold = stratify(rng, y)
    sex = np.where(gone, None, np.where(X[:, 0] == 1, "female", "male"))
    return make_table(y, predict_by_fold(given, y, fold), fold, ward="one", sex=sex)


def test_patients_without_a_value_that_is_filled_in_are_judged(filled: pd.DataFrame) -> None:
    own = audit(filled, subgroups=("sex",)).query("metric == 'calibration_in_the_large'").set_index("level")
    assert own.loc[["female", "male"], "conclusion"].eq(INTERNALLY).all()
    for level in (UNKNOWN, ANY):
        assert own.loc[level, "conclusion"] == "outside"
        assert own.loc[level, "status"] == "ok"
        assert own.loc[level, "p_value"] < 0.001
    assert own.loc[ANY, "estimate"] == own.loc[UNKNOWN, "estimate"]
    assert "1 df" in own.loc[ANY, "test"]
    assert own.loc[UNKNOWN, "adjustment"] == "none: one test"
    told = evaluate(filled, subgroups=("sex",)).query("metric == 'oe_ratio'").set_index("level")
    assert told["status"].to_dict() == {"female": "not informative", "male": "not informative", UNKNOWN: "ok"}
    assert told.loc[UNKNOWN, "lower"] > 1


def test_a_model_that_sees_what_is_missing_holds_it_too(filled: pd.DataFrame) -> None:
    seen = {MODEL: ("sex", mark_missing("sex"))}
    own = audit(filled, subgroups=("sex",), predictors=seen).query("metric == 'calibration_in_the_large'")
    assert set(own["conclusion"]) == {INTERNALLY}
    told = evaluate(filled, subgroups=("sex",), predictors=seen).query("metric == 'oe_ratio'")
    assert set(told["status"]) == {"not informative"}


def test_a_few_patients_without_a_value_stay_hidden(filled: pd.DataFrame) -> None:
    few = filled[filled["sex"].notna() | (filled["sex"].isna().cumsum() <= 3)]
    own = audit(few, subgroups=("sex",)).query("metric == 'calibration_in_the_large'").set_index("level")
    assert own.loc[UNKNOWN, "status"] == "suppressed"
    assert np.isnan(own.loc[UNKNOWN, "estimate"])
    assert own.loc[ANY, "status"] == "not informative"


def test_one_recorded_group_beside_the_unknown_is_not_held(filled: pd.DataFrame) -> None:
    (built,) = build_groups(filled, thresholds={}, seed=1)
    assert find_held(built.sample, "sex", {"female", UNKNOWN}, KNOWN[MODEL]) == set()
    assert find_held(built.sample, "sex", {"female", "male", UNKNOWN}, KNOWN[MODEL]) == {"female", "male"}
    assert find_held(built.sample, "ward", {"one", "two"}, KNOWN[MODEL]) == set()


@pytest.mark.parametrize(
    ("missing", "seeing"),
    [("chained", {"lightgbm"}), ("indicators", {"spline_logistic", "lightgbm", "baseline_score"}), ("multiple", set()),
     ("native", {"spline_logistic", "lightgbm", "baseline_score"})],
)  # fmt: skip
def test_which_models_see_what_is_missing_follows_the_study(missing: str, seeing: set[str]) -> None:
    study = parse_study(PLAN.replace("models = []", f'models = ["lightgbm"]\nmissing = "{missing}"'), folder=Path())
    alone = {"development": {"o": {"baseline_score": SimpleNamespace(X=pd.DataFrame({"odi_0": [1.0]}))}}}
    prepared: Any = SimpleNamespace(simple=alone, outcomes={})
    models = pd.DataFrame({"model": ["spline_logistic", "lightgbm", "baseline_score"]})
    known = _list_predictors(study, prepared, models)
    assert {name for name, own in known.items() if mark_missing("odi_0") in own} == seeing
    assert known["baseline_score"] <= {"odi_0", mark_missing("odi_0")}


def test_a_study_hands_on_what_each_model_knows() -> None:
    result = run_study(parse_study(PLAN, folder=Path()), simulate_registry("lumbar", n=500, seed=2))
    held = result.evaluation.query("status == 'not informative' and subgroup != 'overall' and validation == 'internal'")
    known = {str(model): set(rows["subgroup"]) for model, rows in held.groupby("model")}
    assert {"sex", "odi_0"} <= known["spline_logistic"]
    assert "site" not in known["spline_logistic"]
    assert "sex" not in known["baseline_score"]
    assert "odi_0" in known["baseline_score"]
    assert "asa_class" not in known
    assert set(held["metric"]) == {"oe_ratio", "calibration_in_the_large"}
    judged = result.gaps.query("conclusion == @INTERNALLY")
    assert {"sex", "odi_0"} <= set(judged["subgroup"]) <= {"sex", "odi_0", "attainable"}
