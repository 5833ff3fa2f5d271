"""Optimism: the exact oracle, closed forms, and the truth on fresh patients."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from oracle_05 import develop, read_birthwt, read_indices

from pipelines.measures.calibration import fit_logistic
from pipelines.measures.discrimination import compute_c_statistic
from pipelines.refitting.optimism import (
    RISK_MEASURES,
    compute_brier_without_information,
    compute_leave_one_out_c,
    compute_leave_one_out_loss,
    compute_log_loss_without_information,
    compute_optimism,
    shift_interval,
    tabulate_optimism,
    weigh_c_statistic,
    weigh_loss,
)
from pipelines.refitting.refitted import Developed, Refitted, match_developed
from schemas.tables import EVALUATION, OPTIMISM


@pytest.fixture(scope="module")
def birthwt() -> Developed:
    return develop(*read_birthwt(), read_indices())


@pytest.mark.parametrize(
    ("metric", "corrected"),
    [
        ("c_statistic", 0.692808268062344),
        ("brier_score", 0.200193051439101),
        ("scaled_brier", 0.0630086960703979),
        ("log_loss", 0.590043805281333),
        ("calibration_slope", 0.734373632236454),
    ],
)
def test_corrected_values_of_supplied_resamples_are_exact(birthwt: Developed, metric: str, corrected: float):
    found = compute_optimism(RISK_MEASURES[metric], birthwt)
    assert found.corrected == pytest.approx(corrected, abs=1e-6)


def test_632_plus_of_supplied_resamples_is_exact(birthwt: Developed):
    y, p, weights = birthwt.y, birthwt.p, birthwt.weights
    outside = compute_leave_one_out_loss((birthwt.predicted - y) ** 2, birthwt.counts, weights)
    apparent = RISK_MEASURES["brier_score"](y, p, weights)
    found = weigh_loss(apparent, outside, compute_brier_without_information(y, p, weights))
    assert found.estimate == pytest.approx(0.205044254544784, abs=1e-7)
    c = weigh_c_statistic(RISK_MEASURES["c_statistic"](y, p, weights), compute_leave_one_out_c(birthwt))
    assert c.estimate == pytest.approx(0.68886593568457, abs=1e-7)
    assert c.no_information == 0.5


def test_no_information_is_the_mean_over_all_pairs():
    rng = np.random.default_rng(0)
    y, p = (rng.random(40) < 0.3).astype(float), rng.uniform(0.05, 0.95, 40)
    weights = rng.integers(1, 4, 40)
    rows = np.repeat(np.arange(40), weights)
    every_y, every_p = np.meshgrid(y[rows], p[rows])
    brier = np.mean((every_p - every_y) ** 2)
    loss = -np.mean(every_y * np.log(every_p) + (1 - every_y) * np.log(1 - every_p))
    assert compute_brier_without_information(y, p, weights.astype(float)) == pytest.approx(brier, abs=1e-12)
    assert compute_log_loss_without_information(y, p, weights.astype(float)) == pytest.approx(loss, abs=1e-12)


@pytest.mark.parametrize("metric", ["c_statistic", "brier_score", "scaled_brier", "log_loss", "calibration_slope"])
def test_counts_are_repeated_rows(birthwt: Developed, metric: str):
    measure = RISK_MEASURES[metric]
    p, count = birthwt.predicted[3], birthwt.counts[3]
    rows = np.repeat(np.arange(birthwt.n), count)
    whole = measure(birthwt.y[rows], p[rows], np.ones(rows.size))
    assert measure(birthwt.y, p, count.astype(float)) == pytest.approx(whole, abs=1e-9)


def test_632_plus_weighs_from_the_usual_share_to_everything():
    assert weigh_loss(0.1, 0.1, 0.25).weight == pytest.approx(0.632)
    assert weigh_loss(0.0, 0.25, 0.25).estimate == pytest.approx(0.25)
    beyond = weigh_loss(0.0, 0.4, 0.25)
    assert (beyond.overfitting, beyond.estimate) == (1.0, pytest.approx(0.25))
    assert math.isnan(weigh_loss(0.1, math.nan, 0.25).estimate)


def test_patients_in_every_resample_are_left_out():
    losses = np.array([[0.1, 0.5], [0.3, 0.7]])
    counts = np.array([[0, 1], [2, 1]], dtype=np.uint8)
    assert compute_leave_one_out_loss(losses, counts, np.ones(2)) == 0.1
    assert math.isnan(compute_leave_one_out_loss(losses, counts + np.uint8(1), np.ones(2)))


def test_interval_is_that_of_the_refits_shifted(birthwt: Developed):
    assert all(math.isnan(end) for end in shift_interval(compute_optimism(compute_c_statistic, birthwt)))
    design, y = read_birthwt()
    rows = np.random.default_rng(2).integers(0, y.size, size=(120, y.size))
    found = compute_optimism(compute_c_statistic, develop(design, y, rows))
    lower, upper = shift_interval(found)
    assert lower < found.corrected < upper
    assert upper - lower == pytest.approx(np.ptp(np.percentile(found.in_resample, [2.5, 97.5])))


def make_tables(birthwt: Developed) -> tuple[pd.DataFrame, dict[tuple[str, str], Refitted], pd.DataFrame]:
    order = np.random.default_rng(1).permutation(birthwt.n)
    base = pd.DataFrame(
        {
            "row_id": birthwt.row_id, "patient": birthwt.patient, "outcome": "low", "dataset": "development",
            "validation": "apparent", "repeat": 0, "fold": -1, "imputation": 0, "y_true": birthwt.y,
            "y_prob": birthwt.p, "y_pred": np.nan, "scale": "probability", "weight": 1.0,
        }
    ).iloc[order]  # fmt: skip
    predictions = pd.concat([base.assign(model=name) for name in ("logistic", "forest")], ignore_index=True)
    refits = Refitted(
        tuning="repeated", row_id=birthwt.row_id, resample=np.arange(50), predicted=birthwt.predicted,
        counts=birthwt.counts, n_resamples=52,
    )  # fmt: skip
    row = dict.fromkeys(EVALUATION, np.nan) | {
        "outcome": "low", "dataset": "development", "validation": "internal", "subgroup": "overall", "level": "all",
        "status": "ok",
    }  # fmt: skip
    evaluation = pd.DataFrame(
        [
            row | {"model": "forest", "metric": "c_statistic", "estimate": 0.61},
            row | {"model": "logistic", "metric": "c_statistic", "estimate": 0.66},
            row | {"model": "logistic", "metric": "net_benefit", "threshold_probability": 0.3, "estimate": 0.05},
        ]
    )
    return predictions, {("low", "logistic"): refits}, evaluation


def test_table_sets_all_four_side_by_side(birthwt: Developed):
    predictions, refitted, evaluation = make_tables(birthwt)
    table = tabulate_optimism(
        predictions, refitted, evaluation, regression=["logistic"], thresholds={"low": (0.3,)}, suppress_below=5
    )
    assert list(table.columns) == list(OPTIMISM)
    assert table["metric"].tolist() == [*RISK_MEASURES, "net_benefit"] * 2
    by_key = table.set_index(["model", "metric"])
    c = by_key.loc[("logistic", "c_statistic")]
    assert c["apparent"] - c["optimism"] == pytest.approx(c["corrected"])
    assert c["corrected"] == pytest.approx(0.692808268062344, abs=1e-6)
    assert c["point_632_plus"] == pytest.approx(0.68886593568457, abs=1e-7)
    assert (c["cross_validated"], c["n_resamples"], c["n_failed"], c["n"], c["events"]) == (0.66, 52, 2, 189, 59)
    benefit = by_key.loc[("logistic", "net_benefit")]
    assert (benefit["threshold_probability"], benefit["cross_validated"]) == (0.3, 0.05)
    forest = by_key.loc[("forest", "c_statistic")]
    assert (forest["cross_validated"], forest["n_resamples"]) == (0.61, 0)
    assert math.isnan(forest["corrected"])
    assert math.isnan(forest["point_632_plus"])


def test_models_that_are_no_regression_are_not_corrected(birthwt: Developed):
    predictions, refitted, evaluation = make_tables(birthwt)
    table = tabulate_optimism(predictions, refitted, evaluation, regression=[], thresholds={}).set_index(
        ["model", "metric"]
    )
    row = table.loc[("logistic", "c_statistic")]
    assert math.isnan(row["corrected"])
    assert row["point_632_plus"] == pytest.approx(0.68886593568457, abs=1e-7)


def test_few_events_are_hidden(birthwt: Developed):
    predictions, refitted, evaluation = make_tables(birthwt)
    few = predictions.assign(y_true=np.where(predictions["row_id"].isin(["1", "2", "3"]), 1.0, 0.0))
    table = tabulate_optimism(few, refitted, evaluation, regression=["logistic"], thresholds={"low": (0.3,)})
    assert set(table["status"]) == {"suppressed"}
    numbers = ["apparent", "corrected", "point_632_plus", "cross_validated", "n", "events"]
    assert table[numbers].isna().all(axis=None)


def test_a_threshold_that_few_reach_is_hidden(birthwt: Developed):
    predictions, refitted, evaluation = make_tables(birthwt)
    high = float(np.sort(birthwt.p)[-3])
    table = tabulate_optimism(predictions, refitted, evaluation, regression=["logistic"], thresholds={"low": (high,)})
    shown = table[table["model"] == "logistic"].set_index("metric")["status"]
    assert (shown["net_benefit"], shown["c_statistic"]) == ("suppressed", "ok")


def test_rows_are_matched_by_name_and_those_of_the_first_imputation_count(birthwt: Developed):
    """A refit has one draw of what is missing, and so has the model that it is compared with."""
    predictions, refitted, _ = make_tables(birthwt)
    own = predictions[predictions["model"] == "logistic"]
    twice = pd.concat([own.assign(y_prob=own["y_prob"] / 2, imputation=1), own])
    found = match_developed(twice, refitted["low", "logistic"])
    order = pd.Index(birthwt.row_id).get_indexer(pd.Index(found.row_id))
    np.testing.assert_allclose(found.p, birthwt.p[order], atol=1e-12)
    np.testing.assert_array_equal(found.predicted, birthwt.predicted[:, order])


def draw_world(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Twelve predictors, of which two matter."""
    X = rng.normal(size=(n, 12))
    risk = 1 / (1 + np.exp(-(-0.5 + 0.7 * X[:, 0] + 0.5 * X[:, 1])))
    return np.column_stack([np.ones(n), X]), (rng.random(n) < risk).astype(float)


@pytest.mark.slow
def test_corrected_is_near_the_truth_and_apparent_is_not():
    rng = np.random.default_rng(8)
    fresh_design, fresh = draw_world(rng, 20_000)
    found = []
    for _ in range(24):
        design, y = draw_world(rng, 120)
        developed = develop(design, y, rng.integers(0, y.size, size=(60, y.size)))
        optimism = compute_optimism(compute_c_statistic, developed)
        scale = np.abs(design).max(axis=0)
        fit = fit_logistic(design / scale, y, np.ones(y.size))
        truth = compute_c_statistic(fresh, fresh_design @ (fit.coefficients / scale))
        found.append((optimism.apparent - truth, optimism.corrected - truth))
    apparent, corrected = np.mean(found, axis=0)
    assert apparent > 0.07
    assert abs(corrected) < 0.02
