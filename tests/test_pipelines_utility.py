from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from given_samples import estimate_at, make_sample
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.intervals import Z, compute_standard_error
from pipelines.measures.classification import compute_effective_n, count_effective_patients, linearise_share
from pipelines.measures.utility import compute_benefits, compute_threshold_grid, linearise_net_benefit
from pipelines.metrics import METRICS

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


@pytest.mark.parametrize("model", ["model1", "model2"])
def test_standardised_net_benefit_and_interventions_avoided_agree_with_r(model: str) -> None:
    y, risks = read_sim_val()
    sample = make_sample(y, risks[model], thresholds=EXPECTED["thresholds"]["value"])
    standardised = estimate_at("standardised_net_benefit", sample)
    check(EXPECTED[model]["snb"], standardised[:, 0])
    check(EXPECTED[model]["se_snb"], (standardised[:, 2] - standardised[:, 1]) / (2 * Z))
    check(EXPECTED[model]["interventions_avoided_per_100"], estimate_at("interventions_avoided", sample)[:, 0])


def test_acting_on_nobody_or_everybody_has_no_interval() -> None:
    y = np.repeat([1.0, 0.0], [20, 60])
    nobody, everyone = (make_sample(y, np.full(80, p), thresholds=(0.3,)) for p in (0.1, 0.9))
    (benefit,) = METRICS["net_benefit"].compute(nobody)
    assert (benefit.estimate, benefit.interval_kind) == (0.0, "none: no variation between patients")
    (avoided,) = METRICS["interventions_avoided"].compute(everyone)
    assert (avoided.estimate, avoided.interval_kind) == (0.0, "none: no variation between patients")
    (share,) = METRICS["share_acted_on"].compute(everyone)
    assert 0.95 < share.lower < share.estimate == share.upper == 1.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 3)), min_size=1, max_size=25))
def test_share_with_whole_number_weights_is_that_of_repeated_rows(rows: list[tuple[bool, bool, int]]) -> None:
    part, whole, weights = (np.array(column) for column in zip(*rows, strict=True))
    code = np.zeros(len(rows), dtype=np.int64)
    got = linearise_share(part, whole, weights.astype(float), code)
    repeated = np.repeat(part[whole], weights[whole])
    if repeated.size == 0:
        assert np.isnan(got.estimate)
        return
    assert got.estimate == pytest.approx(repeated.mean(), abs=1e-12)
    assert got.influence.sum() == pytest.approx(0, abs=1e-9)
    assert not got.influence[~whole].any()


def test_effective_number_of_patients() -> None:
    everyone, patient = np.ones(4, dtype=bool), np.array([0, 0, 1, 2])
    assert count_effective_patients(everyone, np.ones(4), np.arange(4)) == 4
    assert count_effective_patients(everyone, np.ones(4), patient) == pytest.approx(16 / 6)
    assert compute_effective_n(0.5, 0.0, 7.0) == 7
    assert compute_effective_n(0.5, 0.001, 7.0) == 7
