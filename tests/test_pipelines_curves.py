from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit

from pipelines.curves import compute_curves
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.intervals import Z
from pipelines.measures.score_curve import compute_design, fit_score_curve, predict_score_curve
from schemas.tables import CURVES

THRESHOLDS = {"ssi": (0.1, 0.255)}


def simulate_predictions(n: int = 400, **columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    truth = rng.normal(-1, 1.2, n)
    known = {
        "row_id": np.arange(n).astype(str), "patient": np.arange(n).astype(str), "outcome": "ssi", "model": "a",
        "dataset": "development", "validation": "internal", "repeat": 0, "fold": np.arange(n) % 5, "imputation": 0,
        "y_true": (rng.random(n) < expit(truth)).astype(float), "y_prob": expit(truth + rng.normal(0, 0.3, n)),
        "y_pred": math.nan, "scale": "probability", "weight": 1.0, "n_train": 320, "site": "s", "year": "2020",
    }  # fmt: skip
    return pd.DataFrame({**known, **columns})


def test_columns_are_those_of_the_contract() -> None:
    curves = compute_curves(simulate_predictions(), thresholds=THRESHOLDS)
    ours = {name: columns for name, columns in CURVES.items() if name != "instability"}  # made of refitted models
    assert {name: tuple(table.columns) for name, table in curves.items()} == ours
    empty = compute_curves(simulate_predictions().iloc[:0], thresholds=THRESHOLDS)
    assert {name: tuple(table.columns) for name, table in empty.items()} == ours


def test_calibration_curve_stays_within_the_middle_of_the_risks() -> None:
    data = simulate_predictions()
    curve = compute_curves(data, thresholds={})["calibration"]
    low, high = data["y_prob"].quantile([0.01, 0.99])
    assert len(curve) == 100
    assert curve["predicted"].iloc[[0, -1]].tolist() == pytest.approx([low, high], abs=0.0005)
    assert curve["predicted"].iloc[[0, -1]].round(3).tolist() == curve["predicted"].iloc[[0, -1]].tolist()
    assert (curve["lower"] < curve["observed"]).all()
    assert (curve["observed"] < curve["upper"]).all()
    assert set(curve["knots"]) == {4}
    # the risks are true to within their noise
    assert (curve["observed"] - curve["predicted"]).abs().max() < 0.12


def test_calibration_curve_shows_the_first_repeat() -> None:
    data = simulate_predictions()
    other = data.assign(repeat=1, y_prob=0.5)
    first = compute_curves(data, thresholds={})["calibration"]
    both = compute_curves(pd.concat([other, data]), thresholds={})["calibration"]
    pd.testing.assert_frame_equal(first, both)


def test_repeated_patients_widen_the_band() -> None:
    data = simulate_predictions()
    twice = pd.concat([data, data.assign(row_id=data["row_id"] + "b")])
    single, double = (compute_curves(rows, thresholds={})["calibration"] for rows in (data, twice))
    width, naive = ((curve["upper"] - curve["lower"]).mean() for curve in (double, single))
    assert width == pytest.approx(naive, rel=0.2)


def test_roc_curve_has_the_area_of_the_evaluation() -> None:
    data = simulate_predictions()
    roc = compute_curves(data, thresholds={})["roc"]
    np.testing.assert_allclose(roc["false_positive_rate"], np.linspace(0, 1, 101), atol=1e-15)
    assert roc["sensitivity"].is_monotonic_increasing
    evaluation = evaluate_fold_predictions(data, thresholds={}, threshold_sets={}, subgroups=(), seed=1)
    c_statistic = evaluation.set_index("metric").loc["c_statistic", "estimate"]
    assert np.trapezoid(roc["sensitivity"], roc["false_positive_rate"]) == pytest.approx(c_statistic, abs=0.01)


def test_decision_curve_has_declared_thresholds_and_the_two_defaults() -> None:
    data = simulate_predictions(3000)
    rate = data["y_true"].mean()
    curve = compute_curves(data, thresholds=THRESHOLDS)["decision"]
    assert set(curve["model"]) == {"a", "treat_all", "treat_none"}
    declared = curve[curve["declared"]]
    assert sorted(set(declared["threshold_probability"])) == [0.1, 0.255]
    assert curve["threshold_probability"].max() <= min(2 * rate, 0.99)
    everyone = curve[curve["model"] == "treat_all"]
    t = everyone["threshold_probability"]
    np.testing.assert_allclose(everyone["net_benefit"], rate - (1 - rate) * t / (1 - t), atol=1e-12)
    assert (curve.loc[curve["model"] == "treat_none", "net_benefit"] == 0).all()
    evaluation = evaluate_fold_predictions(data, thresholds=THRESHOLDS, threshold_sets={}, subgroups=(), seed=1)
    benefit = evaluation[evaluation["metric"] == "net_benefit"]
    ours = declared[declared["model"] == "a"]
    np.testing.assert_allclose(
        ours[["net_benefit", "lower", "upper"]], benefit[["estimate", "lower", "upper"]], atol=1e-12
    )


def test_decision_curve_leaves_out_thresholds_that_single_out_few() -> None:
    data = simulate_predictions(300)
    curve = compute_curves(data, thresholds=THRESHOLDS)["decision"]
    shown = curve.loc[curve["model"] == "a", "threshold_probability"]
    y, p = data["y_true"], data["y_prob"]
    every = np.arange(1, 60) / 100
    few = [
        t
        for t in every
        if any(0 < n < 5 for a in (p >= t, p < t) for n in ((a & (y == 1)).sum(), (a & (y == 0)).sum()))
    ]
    assert few
    assert not set(np.round(few, 2)) & set(shown.round(2))


def test_risk_distribution_counts_patients_once() -> None:
    data = simulate_predictions(4000)
    twice = pd.concat([data, data.assign(repeat=1)])
    table = compute_curves(twice, thresholds={})["risk_distribution"]
    events = data[data["y_true"] == 1]["y_prob"]
    shown = table[(table["group"] == "event") & (table["status"] == "ok")]
    for row in shown.itertuples():
        inside = ((events >= row.bin_low) & (events < row.bin_high)).sum()
        assert row.count == inside
        assert row.percent == pytest.approx(100 * inside / len(events))
    assert len(table) == 40


def test_small_bins_are_hidden_and_cannot_be_computed_back() -> None:
    p = np.repeat([0.02, 0.12, 0.22, 0.32], [50, 20, 3, 50])
    data = simulate_predictions(123, y_true=np.repeat([0.0, 1.0], [73, 50]), y_prob=p)
    table = compute_curves(data, thresholds={})["risk_distribution"]
    without = table[(table["group"] == "no_event") & (table["count"] != 0).fillna(True)]
    assert without["status"].tolist() == ["ok", "suppressed", "suppressed"]
    assert without.loc[without["status"] == "suppressed", ["count", "percent"]].isna().all(axis=None)


def test_a_score_has_a_roc_curve_alone() -> None:
    data = simulate_predictions()
    score = data.assign(model="score", scale="score", y_pred=data["y_prob"], y_prob=np.nan)
    curves = compute_curves(pd.concat([data, score]), thresholds=THRESHOLDS)
    models = {name: set(table["model"]) for name, table in curves.items()}
    assert models["roc"] == {"a", "score"}
    assert models["calibration"] == models["risk_distribution"] == {"a"}


@pytest.mark.parametrize("events", [0, 3])
def test_tiny_samples_give_no_curve(events: int) -> None:
    data = simulate_predictions(60, y_true=np.repeat([1.0, 0.0], [events, 60 - events]))
    curves = compute_curves(data, thresholds=THRESHOLDS)
    assert all(curves[name].empty for name in ("calibration", "roc", "decision"))


def test_one_distinct_risk_gives_one_point() -> None:
    curve = compute_curves(simulate_predictions(y_prob=0.3), thresholds={})["calibration"]
    assert len(curve) == 1
    assert curve["knots"].tolist() == [0]


# --- the curve of a predicted score


def simulate_scores(n: int = 500, **columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    mean = rng.normal(40, 12, n)
    data = simulate_predictions(n, y_true=30 + 0.5 * (mean - 40) + rng.normal(0, 5, n), y_prob=math.nan)
    return data.assign(y_pred=mean, scale="points", **columns)


def test_curve_of_a_score_shows_how_observed_depends_on_predicted() -> None:
    data = simulate_scores()
    curves = compute_curves(data, thresholds={})
    curve = curves["score_calibration"]
    assert len(curve) == 100
    assert set(curve["knots"]) == {5}
    assert set(curve["n"]) == {500}
    low, high = data["y_pred"].quantile([0.01, 0.99])
    assert curve["predicted"].iloc[[0, -1]].tolist() == pytest.approx([low, high], abs=0.0005)
    truth = 30 + 0.5 * (curve["predicted"] - 40)
    error = (curve["upper"] - curve["lower"]) / (2 * Z)
    assert ((curve["observed"] - truth).abs() < 3 * error).all()
    assert all(curves[name].empty for name in ("calibration", "roc", "decision", "risk_distribution"))


def test_curve_of_a_score_and_its_band_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(5)
    n = 300
    patient = rng.integers(0, 120, n)
    x = rng.normal(40, 12, n)
    y = 10 + 0.02 * (x - 30) ** 2 + rng.normal(0, 6, 120)[patient] + rng.normal(0, 4, n)
    weights = rng.uniform(0.5, 2, n)
    curve = fit_score_curve(y, x, weights, patient=patient)
    assert curve is not None
    theirs = sm.WLS(y, compute_design(x, curve.knots), weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": patient, "use_correction": False}
    )
    g = np.unique(patient).size
    grid = np.array([20.0, 40.0, 70.0])
    design = compute_design(grid, curve.knots)
    centre = design @ theirs.params
    half = Z * np.sqrt(np.diag(design @ theirs.cov_params() @ design.T) * g / (g - 1))
    for ours, expected in zip(predict_score_curve(curve, grid), (centre, centre - half, centre + half), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_copies_of_patients_leave_the_band_of_a_score() -> None:
    data = simulate_scores()
    twice = pd.concat([data, data.assign(row_id=data["row_id"] + "b")])
    first, second = (compute_curves(rows, thresholds={})["score_calibration"] for rows in (data, twice))
    np.testing.assert_allclose(first[["observed", "lower", "upper"]], second[["observed", "lower", "upper"]], rtol=1e-3)


def test_one_predicted_score_or_few_patients_give_no_curve() -> None:
    assert compute_curves(simulate_scores().assign(y_pred=30.0), thresholds={})["score_calibration"].empty
    assert compute_curves(simulate_scores(4), thresholds={})["score_calibration"].empty
    two = simulate_scores().assign(y_pred=np.where(np.arange(500) % 2, 30.0, 50.0))
    assert set(compute_curves(two, thresholds={})["score_calibration"]["knots"]) == {0}
