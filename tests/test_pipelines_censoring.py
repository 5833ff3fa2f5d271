"""Inverse probability of censoring weights, against hand computation and a known generator."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.follow_up.censoring import describe_weights, fit_censoring, fit_censoring_by_predictors


def test_kaplan_meier_of_censoring_by_hand():
    # Day 1: an event; day 2: lost (of 4 at risk); day 3: an event and a loss (2 at risk after the event); day 4: lost.
    model = fit_censoring(np.array([1.0, 2, 3, 3, 4]), np.array([True, False, True, False, False]))
    np.testing.assert_allclose(model.probability, [1, 3 / 4, 3 / 4 * 1 / 2, 0])
    np.testing.assert_allclose(
        model.still_followed_before(np.array([0.5, 2.0, 2.5, 3.0, 4.0])), [1, 1, 3 / 4, 3 / 4, 3 / 8]
    )


def test_weights_are_zero_for_the_censored_and_inverse_for_the_rest():
    time = np.array([1.0, 2, 3, 3, 4])
    model = fit_censoring(time, np.array([True, False, True, False, False]))
    y = np.array([1.0, np.nan, 0.0, np.nan, 0.0])
    np.testing.assert_allclose(model.weights(y, time, horizon_days=4), [1, 0, 4 / 3, 0, 8 / 3])


def test_without_censoring_all_weights_are_one():
    time, ended = np.array([5.0, 6, 10, 10]), np.array([True, True, False, False])
    weights = fit_censoring(time, ended).weights(np.array([1.0, 1, 0, 0]), time, horizon_days=10)
    np.testing.assert_array_equal(weights, np.ones(4))


def test_the_weighted_event_rate_recovers_the_truth_where_the_naive_ones_do_not():
    rng = np.random.default_rng(1)
    n, horizon = 40_000, 730
    event, lost = rng.exponential(3000, n), rng.exponential(900, n)
    time, ended = np.minimum(event, lost), event <= lost
    y = np.where(ended & (time <= horizon), 1.0, np.where(time >= horizon, 0.0, np.nan))
    weights = fit_censoring(time, ended).weights(y, time, horizon_days=horizon)
    truth = 1 - np.exp(-horizon / 3000)
    weighted = np.average(np.nan_to_num(y), weights=weights)
    dropped = np.nanmean(y)
    assert abs(weighted - truth) < 0.008
    assert abs(dropped - truth) > 0.02
    assert abs(np.nan_to_num(y).mean() - truth) > 0.02


def test_median_follow_up_is_reverse_kaplan_meier() -> None:
    # still followed 3/4 after day 2, 3/8 after day 3
    model = fit_censoring(np.array([1.0, 2, 3, 3, 4]), np.array([True, False, True, False, False]))
    assert model.median_days == 3
    assert np.isnan(fit_censoring(np.array([1.0, 2, 3]), np.array([False, True, True])).median_days)


def test_follow_up_by_a_constant_predictor_is_breslow_of_all() -> None:
    time = np.array([1.0, 2, 3, 3, 4])
    model = fit_censoring_by_predictors(np.zeros((5, 1)), time, np.array([True, False, True, False, False]))
    assert model is not None
    y = np.array([1.0, np.nan, 0.0, np.nan, 0.0])
    weights = model.weights(np.zeros((5, 1)), y, time, horizon_days=4)
    # day 2: 1 of 4; day 3: 1 of the 2 who are left after that day's event
    np.testing.assert_allclose(weights, [1, 0, np.exp(1 / 4), 0, np.exp(1 / 4 + 1 / 2)])


def test_nobody_lost_needs_no_model() -> None:
    assert fit_censoring_by_predictors(np.zeros((3, 1)), np.array([1.0, 2, 3]), np.ones(3, dtype=bool)) is None


def test_weights_in_words() -> None:
    found = describe_weights(np.array([0.0, 1, 1, 2, 10, 10]))
    assert found == {
        "mean_weight": 4.8, "largest_weight": 10.0, "effective_n": pytest.approx(24**2 / 206), "percent_truncated": 40.0
    }  # fmt: skip
    assert np.isnan(describe_weights(np.zeros(3))["effective_n"])
