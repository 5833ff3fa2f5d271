"""Random-effects summaries: the oracle of metafor, a known spread of sites, and few or odd sites."""

from __future__ import annotations

import json
import math
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import oracle_10
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.by_site.meta import IDENTITY, LOG, LOGIT, SCALES, Scale, fit_reml, pool, summarise
from schemas.errors import InputError

EXPECTED = json.loads((Path(__file__).parent / "oracles" / "10_meta.json").read_text(encoding="utf-8"))["expected"]
LEAVES = {f"{group}/{leaf}": value for group, leaves in EXPECTED.items() for leaf, value in leaves.items()}


@pytest.fixture(scope="module")
def ours() -> dict[str, object]:
    return oracle_10.compute_leaves()


@pytest.mark.parametrize("leaf", LEAVES)
def test_oracle(leaf: str, ours: dict[str, object]):
    if any(fnmatch(leaf, pattern) for pattern in oracle_10.WITHOUT):
        assert leaf not in ours
        return
    np.testing.assert_allclose(ours[leaf], LEAVES[leaf]["value"], rtol=0, atol=LEAVES[leaf]["abs_tol"])


def test_the_larger_error_is_taken_so_that_alike_sites_give_no_false_certainty():
    alike = summarise([0.50, 0.52, 0.49, 0.51, 0.50], [0.01, 0.02, 0.015, 0.01, 0.02])
    assert alike.tau == 0
    assert alike.hksj_error < 0.1 * alike.wald_error == pytest.approx(0.1 * alike.standard_error)
    assert "Wald" in alike.describe()
    apart = summarise([0.1, 0.9, 0.2, 0.8, 0.5], [0.01] * 5)
    assert apart.standard_error == apart.hksj_error >= apart.wald_error


@pytest.mark.parametrize(
    ("k", "words", "summary", "prediction"),
    [
        (0, "no site with a standard error: no summary over sites", False, False),
        (1, "one site with a standard error: no summary over sites", False, False),
        (2, "no prediction interval from fewer than 3 sites", True, False),
        (4, "a prediction interval from 4 sites is hardly informative", True, True),
        (5, "REML", True, True),
    ],
)
def test_few_sites_are_answered_in_words(k: int, words: str, summary: bool, prediction: bool):
    found = summarise(np.linspace(0.5, 0.9, k), np.full(k, 0.01))
    assert words in found.describe()
    assert found.n_sites == k
    assert found.is_assessable == summary == math.isfinite(found.interval[0])
    assert math.isfinite(found.prediction_interval[0]) == prediction
    assert math.isfinite(found.compute_probability(0.6, 0.8)) == prediction


def test_a_site_without_an_error_is_left_out_and_counted():
    with_odd = summarise([0.5, 0.6, 0.7, 1.0, math.nan, math.inf], [0.01, 0.02, 0.01, 0.0, 0.01, 0.01])
    plain = summarise([0.5, 0.6, 0.7], [0.01, 0.02, 0.01])
    assert with_odd.estimate == plain.estimate
    assert with_odd.n_left_out == 3
    assert "3 without a standard error left out" in with_odd.describe()


def test_as_many_variances_as_estimates():
    with pytest.raises(InputError, match=r"variances must be as many as estimates \(2\), got 1"):
        summarise([0.1, 0.2], [0.1])


def test_one_known_spread_is_found_and_a_new_site_lies_where_it_is_said():
    rng = np.random.default_rng(4)
    k, tau, n_worlds = 30, 0.3, 300
    spreads, inside, covered, said = [], 0, 0, 0.0
    for _ in range(n_worlds):
        v = rng.uniform(0.01, 0.1, k)
        found = summarise(rng.normal(1.0, tau, k) + rng.normal(0, np.sqrt(v)), v)
        new = rng.normal(1.0, tau)
        spreads.append(found.tau2)
        covered += found.interval[0] <= 1.0 <= found.interval[1]
        inside += found.prediction_interval[0] <= new <= found.prediction_interval[1]
        said += found.compute_probability(0.7, 1.3)
    assert np.mean(spreads) == pytest.approx(tau**2, abs=0.01)  # REML is all but unbiased
    assert covered / n_worlds == pytest.approx(0.95, abs=0.03)
    # the estimated spread is taken as known: 0.94 with 30 sites, 0.92 with 15 over thousands of worlds
    assert inside / n_worlds == pytest.approx(0.94, abs=0.04)
    assert said / n_worlds == pytest.approx(0.6827, abs=0.05)  # one standard deviation on either side


@given(
    st.lists(st.tuples(st.floats(-2, 2), st.floats(0.001, 1.0)), min_size=3, max_size=12),
    st.floats(-5, 5),
    st.floats(0.1, 10),
)
def test_moving_and_stretching_the_scale_moves_and_stretches_the_answer(
    sites: list[tuple[float, float]], shift: float, factor: float
):
    y, v = (np.array(values) for values in zip(*sites, strict=True))
    found, moved = summarise(y, v), summarise(shift + factor * y, factor**2 * v)
    assert moved.tau2 == pytest.approx(factor**2 * found.tau2, rel=1e-4, abs=1e-6 * factor**2)
    assert moved.estimate == pytest.approx(shift + factor * found.estimate, rel=1e-4, abs=1e-4)
    np.testing.assert_allclose(summarise(y[::-1], v[::-1]).interval, found.interval, rtol=1e-6, atol=1e-9)


def test_the_restricted_likelihood_has_its_maximum_there():
    rng = np.random.default_rng(1)
    for _ in range(20):
        v = rng.uniform(0.01, 0.2, 8)
        y = rng.normal(0, 0.4, 8) + rng.normal(0, np.sqrt(v))
        tau2 = fit_reml(y, v)

        def likelihood(at: float, y: np.ndarray = y, v: np.ndarray = v) -> float:
            w = 1 / (v + at)
            return float(np.log(w).sum() - np.log(w.sum()) - pool(y, v, at).q)

        others = np.linspace(0, 4 * tau2 + 0.2, 4001)
        assert likelihood(tau2) >= max(likelihood(at) for at in others) - 1e-9


@pytest.mark.parametrize("scale", SCALES.values(), ids=list(SCALES))
def test_scales_go_forth_and_back(scale: Scale):
    for value in (0.2, 0.5, 0.9):
        assert scale.back(scale.forth(value)) == pytest.approx(value)
        step = 1e-6
        slope = (scale.forth(value + step) - scale.forth(value - step)) / (2 * step)
        assert scale.error(value, 0.1) == pytest.approx(0.1 * slope, rel=1e-6)


def test_what_has_no_place_on_a_scale_is_missing():
    assert all(math.isnan(LOGIT.forth(value)) and math.isnan(LOGIT.error(value, 0.1)) for value in (0.0, 1.0))
    assert math.isnan(LOG.forth(0.0))
    assert math.isnan(LOG.error(0.0, 0.1))
    assert IDENTITY.forth(0.0) == 0.0
