"""Draws of what is missing: the spread of a known joint distribution, inside the range, a row for itself alone."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import norm

from pipelines.filling.draws import Drawer, drawer_from_json, fit_drawer, resample_weights
from pipelines.filling.imputation import find_bounds
from pipelines.rubin import pool_estimates

Array = npt.NDArray[np.float64]
MEANS = np.array([0.0, 1.0, 2.0])
COVARIANCE = np.array([[1.0, 0.5, 0.3], [0.5, 1.0, 0.4], [0.3, 0.4, 1.0]])
NUMBERS = ((0,), (1,), (2,))


def normal_rows(n: int = 4000, *, missing: float = 0.2, seed: int = 1) -> Array:
    rng = np.random.default_rng(seed)
    rows = rng.multivariate_normal(MEANS, COVARIANCE, n)
    rows[rng.uniform(size=rows.shape) < missing] = np.nan
    return rows


def fit(rows: Array, blocks: Any = NUMBERS, whole: tuple[bool, ...] = (False,) * 3, seed: int = 1) -> Drawer:
    weights = np.ones(len(rows))
    low, high = find_bounds(rows, weights)
    return fit_drawer(rows, blocks, weights, whole=whole, low=low, high=high, seed=seed)


@pytest.fixture(scope="module")
def drawer() -> Drawer:
    return fit(normal_rows())


@pytest.mark.parametrize("missing", [0.0, 0.1, 0.3])
def test_regressions_and_residuals_are_those_of_the_joint_normal(missing: float) -> None:
    drawer = fit(normal_rows(8000, missing=missing))
    for j, regression in enumerate(drawer.regressions):
        others = [k for k in range(3) if k != j]
        slopes = np.linalg.solve(COVARIANCE[np.ix_(others, others)], COVARIANCE[others, j])
        np.testing.assert_allclose(regression.coefficients[0, others], slopes, atol=0.05)
        np.testing.assert_allclose(drawer.spreads[j] ** 2, 1 - COVARIANCE[j, others] @ slopes, atol=0.04)


def test_draws_of_one_predictor_spread_as_the_conditional_normal(drawer: Drawer) -> None:
    given = np.array([[np.nan, 1.5, 1.0]])
    slopes = np.linalg.solve(COVARIANCE[1:, 1:], COVARIANCE[1:, 0])
    mean, sd = slopes @ (given[0, 1:] - MEANS[1:]), np.sqrt(1 - COVARIANCE[0, 1:] @ slopes)
    drawn = np.sort(drawer.draw(given, 20)[:, 0, 0])
    # the 20 draws are the midpoints of equal parts of the distribution
    np.testing.assert_allclose(drawn, norm.ppf((np.arange(20) + 0.5) / 20, mean, sd), atol=0.12)


def test_draws_of_two_predictors_have_the_joint_distribution(drawer: Drawer) -> None:
    drawn = drawer.draw(np.array([[np.nan, np.nan, 3.0]]), 4000)[:, 0, :2]
    np.testing.assert_allclose(drawn.mean(axis=0), MEANS[:2] + COVARIANCE[:2, 2], atol=0.06)
    expected = COVARIANCE[:2, :2] - np.outer(COVARIANCE[:2, 2], COVARIANCE[2, :2])
    np.testing.assert_allclose(np.cov(drawn.T), expected, atol=0.1)


def test_an_imputation_has_the_joint_distribution(drawer: Drawer) -> None:
    rows = normal_rows(8000, missing=0.4, seed=5)
    filled = drawer.fill(rows, seed=9, labels=label(rows))
    assert np.isfinite(filled).all()
    np.testing.assert_allclose(filled.mean(axis=0), MEANS, atol=0.06)
    np.testing.assert_allclose(np.cov(filled.T), COVARIANCE, atol=0.08)
    np.testing.assert_array_equal(filled[~np.isnan(rows)], rows[~np.isnan(rows)])


def test_a_row_is_drawn_for_itself_alone(drawer: Drawer) -> None:
    rows = normal_rows(60, missing=0.4, seed=7)
    labels = label(rows)
    drawn, filled = drawer.draw(rows, 20), drawer.fill(rows, seed=2, labels=labels)
    order = np.random.default_rng(1).permutation(len(rows))
    np.testing.assert_array_equal(drawer.draw(rows[order], 20), drawn[:, order])
    np.testing.assert_array_equal(drawer.fill(rows[order], seed=2, labels=labels[order]), filled[order])
    for i in range(len(rows)):
        np.testing.assert_array_equal(drawer.draw(rows[[i]], 20)[:, 0], drawn[:, i])
        np.testing.assert_array_equal(drawer.fill(rows[[i]], seed=2, labels=labels[[i]])[0], filled[i])


def test_complete_rows_have_no_spread(drawer: Drawer) -> None:
    rows = normal_rows(20, missing=0)
    np.testing.assert_array_equal(drawer.draw(rows, 5), np.repeat(rows[None], 5, axis=0))
    np.testing.assert_array_equal(drawer.fill(rows, seed=1, labels=label(rows)), rows)


def test_imputations_by_another_seed_are_others(drawer: Drawer) -> None:
    rows = np.array([[np.nan, 1.0, 2.0]])
    drawn = [drawer.fill(rows, seed=seed, labels=label(rows))[0, 0] for seed in range(300)]
    assert len(set(drawn)) == 300
    np.testing.assert_allclose(np.std(drawn), drawer.spreads[0], rtol=0.1)


def test_patients_alike_in_all_that_is_known_are_told_apart_by_their_label(drawer: Drawer) -> None:
    rows = np.full((500, 3), np.nan)
    filled = drawer.fill(rows, seed=1, labels=label(rows))
    np.testing.assert_allclose(filled.mean(axis=0), MEANS, atol=0.15)
    assert np.unique(filled[:, 0]).size > 490


def test_the_order_of_the_training_rows_does_not_matter() -> None:
    rows = normal_rows(300)
    order = np.random.default_rng(2).permutation(len(rows))
    assert json.dumps(fit(rows).to_json()) == json.dumps(fit(rows[order]).to_json())
    weights = np.arange(1.0, 301.0)
    resampled = resample_weights(rows, weights, seed=3)
    np.testing.assert_array_equal(resample_weights(rows[order], weights[order], seed=3), resampled[order])
    assert (resampled / weights).sum() == 300


def label(rows: Array) -> npt.NDArray[np.uint64]:
    return np.arange(len(rows), dtype=np.uint64)


def whole_rows(n: int = 6000, seed: int = 4) -> tuple[Array, Array]:
    """A number, a flag whose probability depends on it, and a category of three levels whose last is never seen."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, n)
    flag = (rng.uniform(size=n) < 0.3 + 0.2 * x).astype(float)
    level = (rng.uniform(size=n) < 0.5 - 0.3 * x).astype(int)
    rows = np.column_stack([x, flag, np.eye(3)[level]])
    holes = rows.copy()
    holes[rng.uniform(size=n) < 0.3, 1] = np.nan
    holes[rng.uniform(size=n) < 0.3, 2:] = np.nan
    return rows, holes


def test_flags_and_levels_are_drawn_by_their_probabilities() -> None:
    _, holes = whole_rows()
    drawer = fit(holes, ((0,), (1,), (2, 3, 4)), (False, True, True))
    assert drawer.spreads[1:].tolist() == [0, 0, 0, 0]
    asked = np.array([[0.8, np.nan, 1, 0, 0], [0.0, 1, np.nan, np.nan, np.nan], [-0.8, np.nan, np.nan, np.nan, np.nan]])
    drawn = drawer.draw(asked, 2000)
    assert set(np.unique(drawn[:, :, 1:])) == {0.0, 1.0}
    np.testing.assert_array_equal(drawn[:, :, 2:].sum(axis=2), 1)
    assert (drawn[:, :, 4] == 0).all()
    np.testing.assert_allclose(drawn[:, 0, 1].mean(), 0.46, atol=0.04)
    np.testing.assert_allclose(drawn[:, 1, 3].mean(), 0.5, atol=0.04)
    np.testing.assert_allclose(drawn[:, 2, 1].mean(), 0.14, atol=0.04)
    np.testing.assert_allclose(drawn[:, 2, 3].mean(), 0.74, atol=0.04)


def test_numbers_stay_inside_the_training_range(drawer: Drawer) -> None:
    drawn = drawer.draw(np.array([[np.nan, 50.0, 50.0], [-50.0, np.nan, -50.0], [np.nan] * 3]), 100)
    np.testing.assert_allclose(drawn[:, 0, 0], drawer.high[0])
    np.testing.assert_allclose(drawn[:, 1, 1], drawer.low[1])
    assert (drawn[:, 2] >= drawer.low - 1e-12).all()
    assert (drawn[:, 2] <= drawer.high + 1e-12).all()


def test_what_was_never_observed_stays_at_zero() -> None:
    rows = np.column_stack([normal_rows(200, missing=0.1), np.full((200, 3), np.nan)])
    drawer = fit(rows, (*NUMBERS, (3,), (4, 5)), (False, False, False, False, True))
    assert (drawer.draw(rows, 3)[:, :, 3:] == 0).all()
    assert (drawer.fill(rows, seed=1, labels=label(rows))[:, 3:] == 0).all()


def test_json_round_trip_is_exact(drawer: Drawer) -> None:
    again = drawer_from_json(json.loads(json.dumps(drawer.to_json(), allow_nan=False)))
    rows = normal_rows(50, missing=0.5)
    np.testing.assert_array_equal(again.draw(rows, 20), drawer.draw(rows, 20))


def test_multiple_imputation_recovers_a_mean_with_the_right_error() -> None:
    """Rubin's interval covers: bootstrap, imputation and pooling together, missing at random given another column."""
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(60):
        x = rng.normal(size=150)
        y = 0.7 * x + rng.normal(size=150) * 0.7
        rows = np.column_stack([x, y])
        rows[rng.uniform(size=150) < 1 / (1 + np.exp(-x)) * 0.7, 1] = np.nan
        means, variances = _impute_means(rows)
        pooled = pool_estimates(means, variances, df_complete=149)
        covered += pooled.interval[0] <= 0 <= pooled.interval[1]
    assert covered >= 53


def _impute_means(rows: Array, m: int = 10) -> tuple[list[float], list[float]]:
    means, variances = [], []
    for k in range(m):
        weights = resample_weights(rows, np.ones(len(rows)), seed=k)
        low, high = find_bounds(rows, np.ones(len(rows)))
        drawer = fit_drawer(rows, ((0,), (1,)), weights, whole=(False, False), low=low, high=high, seed=k)
        y = drawer.fill(rows, seed=k, labels=label(rows))[:, 1]
        means.append(float(y.mean()))
        variances.append(float(y.var(ddof=1) / len(y)))
    return means, variances
