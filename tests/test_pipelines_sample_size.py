from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from pipelines import sample_size as s


def test_published_example_of_the_development_criteria() -> None:
    size = s.compute_development_size(r_squared=0.288, parameters=24, event_rate=0.174)
    assert (size.shrinkage, size.optimism, size.overall_risk, size.needed) == (623, 662, 221, 662)


@pytest.mark.parametrize(("c_statistic", "rate"), [(0.6, 0.05), (0.72, 0.3), (0.89, 0.174)])
def test_r_squared_and_c_statistic_are_each_others_inverse(c_statistic: float, rate: float) -> None:
    r_squared = s.compute_r_squared(c_statistic, rate)
    assert s.find_c_statistic(r_squared, rate) == pytest.approx(c_statistic, abs=1e-9)


def test_r_squared_is_that_of_simulated_patients() -> None:
    rng = np.random.default_rng(5)
    y = rng.random(400_000) < 0.2
    distance = np.sqrt(2) * 0.6744897501960817  # a c-statistic of 0.75
    p = expit(np.log(0.2 / 0.8) - distance**2 / 2 + distance * (rng.normal(size=y.size) + distance * y))
    gain = np.mean(np.where(y, np.log(p), np.log1p(-p))) - (0.2 * np.log(0.2) + 0.8 * np.log(0.8))
    assert s.compute_r_squared(0.75, 0.2) == pytest.approx(1 - np.exp(-2 * gain), abs=0.003)


def test_expected_width_of_the_slope_is_found_in_simulated_validations() -> None:
    """The half-width that is foretold is 1.96 times the spread of the slope in perfectly calibrated samples."""
    rng = np.random.default_rng(6)
    nodes, shares = s.place_binormal(0.72, 0.3)
    n, slopes = 800, []
    for _ in range(400):
        logit = rng.choice(nodes, size=n, p=shares)
        y = rng.random(n) < expit(logit)
        b = np.array([0.0, 1.0])
        X = np.column_stack([np.ones(n), logit])
        for _ in range(6):
            p = expit(X @ b)
            b = b + np.linalg.solve((X * (p * (1 - p))[:, None]).T @ X, X.T @ (y - p))
        slopes.append(b[1])
    expected = np.sqrt(s.compute_slope_variance(s.compute_information(nodes, shares)) / n)
    assert np.std(slopes) == pytest.approx(expected, rel=0.12)


def test_nodes_stand_for_the_event_rate() -> None:
    nodes, shares = s.place_binormal(0.8, 0.1)
    assert float(np.sum(shares * expit(nodes))) == pytest.approx(0.1, abs=1e-10)


def test_patients_for_the_c_statistic_are_the_fewest() -> None:
    n = s.compute_patients_for_c(c_statistic=0.8, event_rate=0.018, width=0.1)
    assert n == 4252
    error = s.compute_c_error(n - 1, c_statistic=0.8, event_rate=0.018)
    assert 2 * 1.96 * error > 0.1
