"""XGBoost keeps no training value: the same trees, the same predictions, thresholds between the patients."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipelines.learners.blunting import blunt_values
from pipelines.learners.boosting import (
    BINS,
    RISK,
    SCORE,
    compute_xgboost_contributions,
    fit_xgboost,
    read_xgboost,
    write_xgboost,
)

Array = npt.NDArray[np.float64]
PARAMS: dict[str, float | int] = {
    "learning_rate": 0.3, "max_depth": 6, "min_child_weight": 0.1, "subsample": 0.8, "colsample_bytree": 0.7,
    "reg_lambda": 1.0, "trees": 60,
}  # fmt: skip
CONTINUOUS = (0, 1, 2, 3)


def make_rows(n: int, *, missing: bool) -> tuple[Array, Array, Array]:
    """Continuous columns (positive, negative, both, with an outlier), a flag, whole numbers, a constant."""
    rng = np.random.default_rng(8)
    outlying = rng.normal(-3, 1, n)
    outlying[3] = 900.0
    X = np.column_stack([
        rng.normal(50, 10, n).clip(1), -rng.exponential(3, n), rng.normal(0, 2, n), outlying,
        rng.integers(0, 2, n), rng.integers(0, 11, n), np.full(n, 7.3),
    ])  # fmt: skip
    y = (rng.random(n) < 1 / (1 + np.exp(-(X[:, 2] + X[:, 4] - 0.02 * X[:, 0])))).astype(np.float64)
    if missing:
        # what is missing tells something, so that some splits part the missing from all others, below or above
        X[(rng.random(X.shape) < 0.3) & (y[:, None] > 0)] = np.nan
    return X, y, rng.uniform(0.5, 2, n)


def train_plainly(X: Array, y: Array, weights: Array, objective: str) -> xgboost.Booster:
    """Train as the library is used: on the values themselves."""
    asked: dict[str, Any] = {name: value for name, value in PARAMS.items() if name != "trees"}
    asked |= {"objective": objective, "tree_method": "hist", "max_bin": BINS, "nthread": 1, "seed": 4, "verbosity": 0}
    asked |= {"base_score": float(np.average(y, weights=weights))}
    weights = weights * (0.25 if objective == "reg:squarederror" else 1.0)
    data = xgboost.QuantileDMatrix(X, y, weight=weights, max_bin=BINS, nthread=1)
    return xgboost.train(asked, data, num_boost_round=int(PARAMS["trees"]))


def list_thresholds(booster: xgboost.Booster, column: int) -> npt.NDArray[np.float32]:
    table = booster.trees_to_dataframe()
    return table.loc[table["Feature"] == f"f{column}", "Split"].to_numpy(dtype=np.float32)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("objective", [RISK, SCORE])
@pytest.mark.parametrize("n", [40, 600])
def test_training_rows_get_the_predictions_of_the_plain_booster(n: int, objective: Any, missing: bool) -> None:
    X, y, weights = make_rows(n, missing=missing)
    plain = train_plainly(X, y, weights, objective.xgboost)
    fitted = fit_xgboost(X, y, weights, PARAMS, 4, objective=objective)
    assert len(plain.trees_to_dataframe()) == len(fitted.booster.trees_to_dataframe()) > 200
    matrix = xgboost.DMatrix(X, nthread=1)
    np.testing.assert_array_equal(fitted.output(X), plain.predict(matrix, output_margin=True))
    parts, base = compute_xgboost_contributions(fitted, X)
    np.testing.assert_array_equal(np.column_stack([parts, base]), plain.predict(matrix, pred_contribs=True))
    np.testing.assert_allclose(parts.sum(axis=1) + base, fitted.output(X), atol=1e-4)


@pytest.mark.parametrize("missing", [False, True])
def test_no_threshold_is_a_patients_value(missing: bool, tmp_path: Any) -> None:
    X, y, weights = make_rows(600, missing=missing)
    plain = train_plainly(X, y, weights, RISK.xgboost)
    fitted = fit_xgboost(X, y, weights, PARAMS, 4, objective=RISK)
    write_xgboost(fitted, tmp_path)
    booster = read_xgboost(tmp_path, objective=RISK).booster
    for column in CONTINUOUS:
        values = X[:, column].astype(np.float32)
        # with gaps, XGBoost also splits just below and above all values, at twice the outermost
        known = np.concatenate([values, 2 * values])
        assert np.isclose(list_thresholds(plain, column)[:, None], known, rtol=1e-6, atol=0).any(axis=1).mean() > 0.7
        found = list_thresholds(booster, column)
        assert len(found) > 20
        assert not np.isin(found, known).any(), column


def test_thresholds_have_no_more_digits_than_the_gap() -> None:
    X = np.array([[50.0], [61.23791], [61.81234], [90.5], [np.nan]])
    np.testing.assert_array_equal(blunt_values(X)[:, 0], np.float32([40.0, 55.0, 61.6, 80.0, np.nan]))
    flags = np.array([[0.0], [1.0], [1.0]])
    np.testing.assert_array_equal(blunt_values(flags)[:, 0], np.float32([0.0, 0.5, 0.5]))


columns = hnp.arrays(
    np.float32, st.integers(1, 30), elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False) | st.just(np.nan)
)


@settings(deadline=None)
@given(columns)
def test_each_value_moves_into_the_gap_below_it(column: npt.NDArray[np.float32]) -> None:
    blunted = blunt_values(column[:, None].astype(np.float64))[:, 0]
    np.testing.assert_array_equal(np.isnan(blunted), np.isnan(column))
    known = np.unique(column[~np.isnan(column)])
    pairs = {float(value): float(blunted[column == value][0]) for value in known}
    for value, moved in pairs.items():
        assert (blunted[column == value] == np.float32(moved)).all()
        assert moved <= value
        assert not (known < value).any() or moved > known[known < value].max()
    if known.size:
        first, last = (np.float32(pairs[float(known[at])]) for at in (0, -1))
        assert first - (abs(first) + np.float32(1e-5)) <= known[0]
        assert last + (abs(last) + np.float32(1e-5)) > known[-1]


def test_neighbours_in_single_precision_stay() -> None:
    near = np.float32(3.0)
    X = np.array([[near], [np.nextafter(near, np.float32(4))]], dtype=np.float64)
    assert blunt_values(X)[1, 0] == np.float32(X[1, 0])


def test_without_rows_or_values() -> None:
    assert blunt_values(np.empty((0, 3))).shape == (0, 3)
    assert np.isnan(blunt_values(np.full((2, 1), np.nan))).all()
