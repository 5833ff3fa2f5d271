from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_02 import read_pima, read_sim_val
from scipy.special import expit, logit

from pipelines.intervals import Z, compute_log_wald, compute_standard_error
from pipelines.measures.calibration import (
    compute_oe_standard_error,
    fit_calibration_in_the_large,
    fit_calibration_slope,
    fit_logistic,
    linearise_oe_ratio,
)
from pipelines.measures.calibration_curve import (
    bootstrap_ici,
    choose_n_knots,
    compute_ici,
    compute_robust_covariance,
    compute_weighted_quantile,
    fit_calibration_curve,
    predict_curve,
    simulate_null_ici,
)
from pipelines.measures.overall import linearise_brier_score, linearise_log_loss, linearise_scaled_brier

Floats = npt.NDArray[np.float64]

ORACLES = Path(__file__).parent / "oracles"
PERFORMANCE = json.loads((ORACLES / "02_performance.json").read_text())["expected"]
CURVES = json.loads((ORACLES / "03_calibration_curves.json").read_text())["expected"]
SUBGROUPS = json.loads((ORACLES / "15_subgroups.json").read_text())["expected"]["sim_val"]["per_group"]


def check(leaf: dict[str, Any], got: Any) -> None:
    np.testing.assert_allclose(got, leaf["value"], rtol=0, atol=leaf["abs_tol"])


READERS = {"sim_val": read_sim_val, "pima_te": read_pima}


@pytest.fixture(params=["sim_val_p1", "sim_val_p2", "pima_te_p1", "pima_te_p2"])
def case(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Floats, Floats]:
    data, _, name = request.param.rpartition("_")
    return PERFORMANCE[request.param], *READERS[data](name)


def ones(y: Floats) -> Floats:
    return np.ones_like(y)


def codes(y: Floats) -> npt.NDArray[np.int64]:
    return np.zeros(y.size, dtype=np.int64)


def test_overall_measures_agree_with_r(case: tuple[dict[str, Any], Floats, Floats]) -> None:
    expected, y, p = case
    patient = np.arange(y.size)
    brier, influence = linearise_brier_score(y, p, ones(y), codes(y))
    check(expected["brier"], brier)
    check(expected["brier_se_iid"], compute_standard_error(influence, patient))
    null = np.full_like(y, y.mean())
    check(expected["scaled_brier_ipa"], linearise_scaled_brier(y, p, null, ones(y), codes(y)).estimate)
    check(expected["log_loss_mean"], linearise_log_loss(y, p, ones(y), codes(y)).estimate)


def test_oe_ratio_and_the_interval_from_totals_agree_with_r(case: tuple[dict[str, Any], Floats, Floats]) -> None:
    expected, y, p = case
    ratio, _ = linearise_oe_ratio(y, p, ones(y), codes(y))
    error = compute_oe_standard_error(int(y.sum()), y.size)
    interval = compute_log_wald(ratio, error, kind="")
    check(expected["oe_ratio"], ratio)
    check(expected["oe_log_se"], error)
    check(expected["oe_ci95_log"], [interval.lower, interval.upper])


def test_calibration_in_the_large_agrees_with_r(case: tuple[dict[str, Any], Floats, Floats]) -> None:
    expected, y, p = case
    fit = fit_calibration_in_the_large(y, p, ones(y))
    assert fit is not None
    (value,), error = fit.coefficients, math.sqrt(fit.covariance[0, 0])
    check(expected["citl_intercept"], value)
    check(expected["citl_se"], error)
    check(expected["citl_ci95_wald"], [value - Z * error, value + Z * error])


def test_joint_intercept_and_slope_agree_with_r(case: tuple[dict[str, Any], Floats, Floats]) -> None:
    expected, y, p = case
    fit = fit_calibration_slope(y, p, ones(y))
    assert fit is not None
    intercept, slope = fit.coefficients
    errors = np.sqrt(np.diag(fit.covariance))
    check(expected["cal_intercept_joint"], intercept)
    check(expected["cal_intercept_joint_se"], errors[0])
    check(expected["cal_slope"], slope)
    check(expected["cal_slope_se"], errors[1])
    check(expected["cal_slope_ci95_wald"], [slope - Z * errors[1], slope + Z * errors[1]])


@pytest.mark.parametrize("level", ["A", "B", "C"])
def test_calibration_within_a_subgroup_agrees_with_r(level: str) -> None:
    data = pd.read_csv(ORACLES / "data" / "sim_val.csv").query("group == @level")
    y, p = data["y"].to_numpy(dtype=float), data["p1"].to_numpy(dtype=float)
    large, slope = fit_calibration_in_the_large(y, p, ones(y)), fit_calibration_slope(y, p, ones(y))
    assert large is not None
    assert slope is not None
    check(SUBGROUPS[level]["citl"], large.coefficients[0])
    check(SUBGROUPS[level]["citl_se"], math.sqrt(large.covariance[0, 0]))
    check(SUBGROUPS[level]["slope"], slope.coefficients[1])
    check(SUBGROUPS[level]["slope_se"], math.sqrt(slope.covariance[1, 1]))


@pytest.mark.parametrize("knots", [3, 5])
@pytest.mark.parametrize("data", ["sim_val", "pima_te"])
def test_flexible_curve_agrees_with_r(data: str, knots: int) -> None:
    y, p = READERS[data]("p1")
    expected = CURVES[f"{data}_p1"][f"rcs_logit_{knots}knots"]
    curve = fit_calibration_curve(y, p, ones(y), n_knots=knots)
    assert curve is not None
    observed, lower, upper = predict_curve(
        curve, np.array(CURVES[f"{data}_p1"]["grid_p"]["value"]), curve.fit.covariance
    )
    check(expected["knots_logit"], curve.knots)
    check(expected["grid_fit"], observed)
    check(expected["grid_lo95"], lower)
    check(expected["grid_hi95"], upper)
    check(expected["ici"], compute_ici(curve, p, ones(y)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 4)), min_size=1, max_size=20),
    st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]),
)
def test_quantile_of_weighted_values_is_that_of_repeated_rows(rows: list[tuple[int, int]], share: float) -> None:
    values, weights = np.array(rows, dtype=float).T
    expected = np.quantile(np.repeat(values, weights.astype(int)), share)
    assert compute_weighted_quantile(values, weights, share) == pytest.approx(expected, abs=1e-9)


def test_quantile_does_not_depend_on_the_scale_of_fractional_weights() -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=50), rng.uniform(0.5, 2, 50)
    whole = [compute_weighted_quantile(values, weights * factor, 0.9) for factor in (1.0, 0.01, 100.3)]
    np.testing.assert_allclose(whole, whole[0], rtol=1e-12)
    assert compute_weighted_quantile(values, weights, 1.0) == pytest.approx(values.max())


def test_weighted_fit_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(1)
    n = 400
    design = sm.add_constant(rng.normal(size=(n, 2)))
    offset, weights = rng.normal(size=n), rng.uniform(0.5, 3, n)
    y = (rng.random(n) < expit(design @ [-0.5, 1.0, 0.0] + offset)).astype(float)
    fit = fit_logistic(design, y, weights, offset=offset)
    assert fit is not None
    model = sm.GLM(y, design, family=sm.families.Binomial(), offset=offset, freq_weights=weights)
    plain = model.fit(tol=1e-13)
    np.testing.assert_allclose(fit.coefficients, plain.params, rtol=1e-8)
    np.testing.assert_allclose(fit.covariance / weights.mean(), plain.cov_params(), rtol=1e-8)


def test_sandwich_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(1)
    n = 400
    p, patient = expit(rng.normal(-1, 1, n)), rng.integers(0, 150, n)
    y = (rng.random(n) < p).astype(float)
    fit = fit_calibration_slope(y, p, ones(y))
    assert fit is not None
    expected = sm.GLM(y, sm.add_constant(logit(p)), family=sm.families.Binomial()).fit(
        tol=1e-13, cov_type="cluster", cov_kwds={"groups": patient}
    )
    # statsmodels multiplies by (n - 1) / (n - k) on top of g / (g - 1)
    ours = compute_robust_covariance(fit.influence, patient) * (n - 1) / (n - 2)
    np.testing.assert_allclose(ours, expected.cov_params(), rtol=1e-6)
    assert compute_standard_error(fit.influence[:, 1], patient) ** 2 * (n - 1) / (n - 2) == pytest.approx(ours[1, 1])


def test_separated_data_have_no_fit() -> None:
    p = np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9])
    y = (p > 0.5).astype(float)
    assert fit_calibration_slope(y, p, ones(y)) is None
    assert fit_calibration_in_the_large(np.zeros(6), p, ones(y)) is None


def test_one_distinct_risk_has_no_slope_and_a_flat_curve() -> None:
    y = np.array([0.0, 1.0] * 20 + [0.0] * 10)
    p = np.full(50, 0.25)
    assert fit_calibration_slope(y, p, ones(y)) is None
    curve = fit_calibration_curve(y, p, ones(y))
    assert curve is not None
    assert compute_ici(curve, p, ones(y)) == pytest.approx(0.4 - 0.25)


def test_few_distinct_risks_make_a_straight_line() -> None:
    rng = np.random.default_rng(3)
    p = rng.choice([0.2, 0.6], 300)
    y = (rng.random(300) < p).astype(float)
    curve = fit_calibration_curve(y, p, ones(y))
    assert curve is not None
    assert curve.knots.size == 0
    observed, *_ = predict_curve(curve, np.array([0.2, 0.6]), curve.fit.covariance)
    np.testing.assert_allclose(observed, [y[p == 0.2].mean(), y[p == 0.6].mean()], atol=1e-9)


@pytest.mark.parametrize(("events", "knots"), [(99, 3), (100, 4), (199, 4), (200, 5)])
def test_number_of_knots_follows_the_smaller_class(events: int, knots: int) -> None:
    y = np.repeat([1.0, 0.0], [events, 1000])
    assert choose_n_knots(y, ones(y)) == knots
    assert choose_n_knots(1 - y, ones(y)) == knots


@pytest.mark.parametrize(("events", "knots"), [(99, 3), (100, 4), (199, 4), (200, 5)])
def test_weights_that_are_no_whole_numbers_add_no_patients(events: int, knots: int) -> None:
    y = np.repeat([1.0, 0.0], [events, 1000])
    for factor in (0.3, 1.7, 1 / 3):
        assert choose_n_knots(y, np.full_like(y, factor)) == knots
    # inverse probabilities: half of the events stand for two and a half, so that fewer than all are left
    weights = np.where(np.arange(y.size) % 2 == 0, 1.0, 2.5)
    assert choose_n_knots(y, weights) <= knots
    effective = weights[y == 1].sum() ** 2 / (weights[y == 1] ** 2).sum()
    assert choose_n_knots(y, weights) == (3 if round(effective) < 100 else 4)


def test_whole_number_weights_are_repeated_rows_to_the_number_of_knots() -> None:
    y = np.repeat([1.0, 0.0], [60, 1000])
    weights = np.where(np.arange(y.size) % 2 == 0, 1.0, 3.0)
    assert choose_n_knots(y, weights) == choose_n_knots(np.repeat(y, weights.astype(int)), np.ones(2120)) == 4
    assert choose_n_knots(np.zeros(50), np.full(50, 1.2)) == 3


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_whole_number_weights_are_repeated_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.95, 120)
    y = (rng.random(120) < p).astype(float)
    weights = rng.integers(1, 4, 120)
    y2, p2, w = np.repeat(y, weights), np.repeat(p, weights), weights.astype(float)
    single, double = fit_calibration_curve(y, p, w), fit_calibration_curve(y2, p2, ones(y2))
    assert single is not None
    assert double is not None
    assert compute_ici(single, p, w) == pytest.approx(compute_ici(double, p2, ones(y2)), rel=1e-6)
    for fit in (fit_calibration_in_the_large, fit_calibration_slope):
        first, second = fit(y, p, w), fit(y2, p2, ones(y2))
        assert first is not None
        assert second is not None
        np.testing.assert_allclose(first.coefficients, second.coefficients, rtol=1e-8)


def test_risks_of_zero_and_one_are_clipped_for_the_logit_only() -> None:
    y, p = np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0, 0.5])
    assert linearise_brier_score(y, p, ones(y), codes(y)).estimate == (0 + 0 + 1 + 0.25) / 4
    expected = -(2 * math.log(1 - 1e-6) + math.log(1e-6) + math.log(0.5)) / 4
    assert linearise_log_loss(y, p, ones(y), codes(y)).estimate == pytest.approx(expected, rel=1e-12)


def refit_ici(y: Floats, p: Floats, knots: int) -> float:
    curve = fit_calibration_curve(y, p, ones(y), n_knots=knots)
    assert curve is not None
    return compute_ici(curve, p, ones(y))


def test_bootstrap_of_the_index_refits_the_curve() -> None:
    y, p = read_sim_val("p2")  # two decimals: the knots of a resample are those of the sample
    p = np.clip(p, 0.15, 0.2)
    curve = fit_calibration_curve(y, p, ones(y), n_knots=3)
    assert curve is not None
    rng = np.random.default_rng(2)
    counts = np.stack([np.bincount(rng.integers(0, y.size, y.size), minlength=y.size) for _ in range(5)])
    got = bootstrap_ici(curve, y, p, ones(y), patient=np.arange(y.size), counts=counts.astype(np.uint8))
    for drawn, value in zip(counts, got, strict=True):
        design = np.column_stack([curve.design])
        fit = fit_logistic(design, y, drawn.astype(float) + 1e-12)
        assert fit is not None
        expected = np.average(np.abs(p - expit(design @ fit.coefficients)), weights=drawn)
        # groups of rows stand for rows above 500
        assert value == pytest.approx(expected, abs=2e-3)


def test_null_of_the_index_is_what_perfectly_calibrated_outcomes_give() -> None:
    rng = np.random.default_rng(8)
    p = expit(rng.normal(-1, 1, 400))
    y = (rng.random(400) < p).astype(float)
    curve = fit_calibration_curve(y, p, ones(y), n_knots=3)
    assert curve is not None
    null = simulate_null_ici(curve, p, ones(y), rng=np.random.default_rng(0), n_draws=200)
    slow = [refit_ici((rng.random(400) < p).astype(float), p, 3) for _ in range(200)]
    error = math.hypot(np.std(null), np.std(slow)) / math.sqrt(200)
    assert abs(null.mean() - np.mean(slow)) < 4 * error
    assert null.min() > 0


@pytest.mark.slow
def test_intervals_cover_under_perfect_calibration() -> None:
    rng = np.random.default_rng(11)
    n_studies, covered = 1000, np.zeros(3)
    for _ in range(n_studies):
        p = expit(rng.normal(-1.5, 1, 400))
        y = (rng.random(400) < p).astype(float)
        large, slope = fit_calibration_in_the_large(y, p, ones(y)), fit_calibration_slope(y, p, ones(y))
        assert large is not None
        assert slope is not None
        ratio, influence = linearise_oe_ratio(y, p, ones(y), codes(y))
        error = compute_standard_error(influence, np.arange(400))
        covered += [
            abs(large.coefficients[0]) < Z * math.sqrt(large.covariance[0, 0]),
            abs(slope.coefficients[1] - 1) < Z * math.sqrt(slope.covariance[1, 1]),
            abs(math.log(ratio)) < Z * error,
        ]
    # four binomial standard errors around 95 %
    np.testing.assert_allclose(covered / n_studies, 0.95, atol=4 * math.sqrt(0.95 * 0.05 / n_studies))


def test_logit_of_the_curve_is_the_identity_for_calibrated_risks() -> None:
    rng = np.random.default_rng(4)
    p = expit(rng.normal(-1, 1.2, 200_000))
    y = (rng.random(p.size) < p).astype(float)
    curve = fit_calibration_curve(y, p, ones(y))
    assert curve is not None
    at = np.array([0.05, 0.2, 0.5, 0.8])
    observed, *_ = predict_curve(curve, at, curve.fit.covariance)
    np.testing.assert_allclose(logit(observed), logit(at), atol=0.06)
