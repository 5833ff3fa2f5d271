from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.intervals import Z, compute_standard_error
from pipelines.utility import compute_benefits, compute_threshold_grid, linearise_net_benefit

Floats = npt.NDArray[np.float64]

ORACLES = Path(__file__).parent / "oracles"
EXPECTED = json.loads((ORACLES / "04_decision_curve.json").read_text())["expected"]["sim_val"]


def check(leaf: dict[str, Any], got: Any) -> None:
    np.testing.assert_allclose(got, leaf["value"], rtol=0, atol=leaf["abs_tol"])


def read_sim_val() -> tuple[Floats, dict[str, Floats]]:
    data = pd.read_csv(ORACLES / "data" / "sim_val.csv")
    return data["y"].to_numpy(dtype=float), {"model1": data["p1"].to_numpy(), "model2": data["p2"].to_numpy()}


def trace(y: Floats, p: Floats) -> tuple[Floats, Floats]:
    curve = [
        linearise_net_benefit(y, p, t, np.ones_like(y), np.zeros(y.size, dtype=np.int64))
        for t in EXPECTED["thresholds"]["value"]
    ]
    errors = [compute_standard_error(linear.influence, np.arange(y.size), ddof=0) for linear in curve]
    return np.array([linear.estimate for linear in curve]), np.array(errors)


@pytest.mark.parametrize("model", ["model1", "model2"])
def test_net_benefit_agrees_with_r(model: str) -> None:
    y, risks = read_sim_val()
    benefit, error = trace(y, risks[model])
    check(EXPECTED[model]["nb"], benefit)
    check(EXPECTED[model]["se_nb"], error)
    check(EXPECTED[model]["lo"], benefit - Z * error)
    check(EXPECTED[model]["hi"], benefit + Z * error)


def test_paired_difference_agrees_with_r() -> None:
    y, risks = read_sim_val()
    for i, threshold in enumerate(EXPECTED["thresholds"]["value"]):
        difference = compute_benefits(y, risks["model1"], threshold) - compute_benefits(y, risks["model2"], threshold)
        assert difference.mean() == pytest.approx(EXPECTED["diff_nb_1_minus_2"]["value"][i], abs=1e-10)


def test_treating_all_agrees_with_r() -> None:
    y, _ = read_sim_val()
    check(EXPECTED["treat_all_nb"], trace(y, np.ones_like(y))[0])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0.1, 5)), min_size=1, max_size=30),
    st.floats(0.01, 0.99),
)
def test_treating_all_has_a_closed_form(rows: list[tuple[int, float]], threshold: float) -> None:
    y, weights = np.array(rows, dtype=float).T
    got = linearise_net_benefit(y, np.ones_like(y), threshold, weights, np.zeros(y.size, dtype=np.int64)).estimate
    rate = np.average(y, weights=weights)
    assert got == pytest.approx(rate - (1 - rate) * threshold / (1 - threshold), abs=1e-9)


def test_risk_at_the_threshold_is_acted_on() -> None:
    assert compute_benefits(np.array([1.0]), np.array([0.3]), 0.3).tolist() == [1.0]


def test_grid_ends_at_twice_the_event_rate_and_keeps_declared_thresholds() -> None:
    grid = compute_threshold_grid(0.02, (0.03, 0.155, 0.6))
    np.testing.assert_allclose(grid, [0.01, 0.02, 0.03, 0.04, 0.155, 0.6], atol=1e-15)
    assert {0.03, 0.155, 0.6} <= set(grid.tolist())
    assert compute_threshold_grid(0.9, ()).tolist() == (np.arange(1, 100) / 100).tolist()
