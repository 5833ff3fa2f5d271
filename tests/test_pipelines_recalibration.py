from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from pipelines.measures.calibration import compute_logit, fit_calibration_in_the_large, fit_calibration_slope
from pipelines.recalibration import Calibrator, calibrator_from_json, fit_calibrator


def draw(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1, 1.2, n)
    y = (rng.random(n) < expit(logit)).astype(float)
    return y, expit(1.8 * logit + 0.7), rng.uniform(0.5, 2.0, n)


def test_known_miscalibration_is_undone() -> None:
    y, p, weights = draw(200_000, 3)
    calibrator = fit_calibrator(y, p, np.ones_like(weights))
    assert calibrator.slope == pytest.approx(1 / 1.8, abs=0.01)
    assert calibrator.intercept == pytest.approx(-0.7 / 1.8, abs=0.02)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_it_was_fitted_on_is_calibrated_afterwards(seed: int) -> None:
    y, p, weights = draw(400, seed)
    after = fit_calibrator(y, p, weights).apply(p)
    shift, both = (fit(y, after, weights) for fit in (fit_calibration_in_the_large, fit_calibration_slope))
    assert shift is not None
    assert both is not None
    assert shift.coefficients[0] == pytest.approx(0, abs=1e-6)
    assert both.coefficients[1] == pytest.approx(1, abs=1e-6)


def test_risks_that_rank_backwards_become_the_event_rate() -> None:
    y, p, weights = draw(2000, 8)
    calibrator = fit_calibrator(y, 1 - p, weights)
    assert calibrator.slope == 0
    assert calibrator.apply(p) == pytest.approx(np.full(p.size, np.average(y, weights=weights)))


def test_one_risk_for_everyone_becomes_the_event_rate() -> None:
    y, p, weights = draw(500, 9)
    after = fit_calibrator(y, np.full_like(p, 0.9), weights).apply(p)
    assert after == pytest.approx(np.full(p.size, np.average(y, weights=weights)))


def test_risks_that_separate_the_outcome_stay_as_they_are() -> None:
    y = np.array([0.0] * 20 + [1.0] * 20)
    p = np.linspace(0.1, 0.9, 40)
    assert fit_calibrator(y, p, np.ones(40)).apply(p) == pytest.approx(p)


def test_log_odds_and_risks_are_recalibrated_alike_and_json_keeps_every_bit() -> None:
    calibrator = Calibrator(intercept=0.1 + 0.2, slope=1 / 3)
    p = np.array([0.01, 0.4, 0.99])
    assert expit(calibrator.apply_to_log_odds(compute_logit(p))) == pytest.approx(calibrator.apply(p), abs=1e-15)
    assert calibrator_from_json(calibrator.to_json()) == calibrator
