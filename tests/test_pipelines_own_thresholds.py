"""Thresholds from one's own data: closed forms, simulated truth, published figures, what is not said."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm

from pipelines.deriving.anchor_based import (
    adjust_for_reliability,
    adjust_for_share,
    compute_grade_correlation,
    compute_log_odds,
    compute_predictive,
    find_roc_cut,
    fit_change_model,
)
from pipelines.deriving.change_scores import ChangeScores, split_thirds
from pipelines.deriving.measurement_error import (
    Z90,
    compute_cronbach_alpha,
    compute_detectable_change,
    compute_repeatability,
    compute_sem,
)
from pipelines.deriving.own_thresholds import CREDIBLE, IN_THIRDS, METHODS, SMALLEST_GROUP, compute_own_thresholds
from pipelines.intervals import Z
from schemas.tables import OWN_THRESHOLDS

FloatArray = npt.NDArray[np.float64]

TRUE_MIC = 12.0
SD_TRUE_CHANGE, SD_ERROR, SD_ANCHOR = 15.0, 4.0, 10.0
ANCHOR_RELIABILITY = SD_TRUE_CHANGE**2 / (SD_TRUE_CHANGE**2 + SD_ANCHOR**2)


def simulate(n: int, *, share: float, seed: int = 1, sd_anchor: float = SD_ANCHOR, **more: Any) -> ChangeScores:
    """Patients whose true change must exceed `TRUE_MIC` by their own, erring judgement to count as improved."""
    rng = np.random.default_rng(seed)
    mean = TRUE_MIC + norm.ppf(share) * math.hypot(SD_TRUE_CHANGE, sd_anchor)
    change, true = rng.normal(mean, SD_TRUE_CHANGE, n), rng.normal(50, 12, n)
    judged = change + rng.normal(0, sd_anchor, n)
    return ChangeScores(
        patient=np.arange(n), lower_is_better=True, baseline=true + rng.normal(0, SD_ERROR, n),
        repeat=true + rng.normal(0, SD_ERROR, n), follow_up=true - change + rng.normal(0, SD_ERROR, n),
        improved=(judged > TRUE_MIC).astype(float), grade=-np.round(judged / 10), **more,
    )  # fmt: skip


def estimate(scores: ChangeScores, method: str) -> float:
    return METHODS[method].estimate(scores)


def pick(table: pd.DataFrame, method: str, level: str = "") -> pd.Series:
    (row,) = [row for _, row in table.iterrows() if row["method"] == method and row["level"] == level]
    return row


# measurement error


def test_published_figures_of_the_mjoa_agree():
    """Tetreault 2015: half a standard deviation 1.36 and standard error 1.21 imply the SD and the reliability."""
    sd = 2 * 1.36
    assert 1 - (1.21 / sd) ** 2 == pytest.approx(0.80, abs=0.005)
    assert compute_sem(sd, 0.80) == pytest.approx(1.21, abs=0.01)


def test_detectable_changes_are_fixed_multiples():
    assert compute_detectable_change(1.0) == pytest.approx(2.772, abs=5e-4)
    assert compute_detectable_change(1.0, Z90) == pytest.approx(2.326, abs=5e-4)
    assert compute_detectable_change(1.0) / compute_detectable_change(1.0, Z90) == pytest.approx(Z / Z90)


def test_a_perfect_score_has_no_error_and_one_that_is_all_error_has_its_sd():
    assert compute_sem(3.0, 1.0) == 0
    assert compute_sem(3.0, 0.0) == 3.0


def test_a_pure_shift_is_error_of_measurement():
    first = np.array([10.0, 20, 30, 50])
    found = compute_repeatability(first, first + 6)
    assert found.sem == pytest.approx(6 / math.sqrt(2))
    assert found.reliability == pytest.approx(first.var(ddof=1) / (first.var(ddof=1) + 18))


def test_without_a_shift_the_error_is_the_sd_of_the_differences_over_root_two():
    difference = np.array([3.0, -3, 1, -1, 0, 0])
    first = np.array([10.0, 60, 30, 40, 20, 70])
    assert compute_repeatability(first, first + difference).sem == pytest.approx(difference.std(ddof=1) / math.sqrt(2))


def test_reliability_of_two_judges_of_shrout_and_fleiss():
    """ICC(A,1) of the first two judges of the classical table, worked out by hand from its mean squares."""
    first, second = np.array([9.0, 6, 8, 7, 10, 6]), np.array([2.0, 1, 4, 1, 5, 2])
    msr, msc, mse = 4.6833, 80.0833, 0.6833
    expected = (msr - mse) / (msr + mse + 2 * (msc - mse) / 6)
    assert compute_repeatability(first, second).reliability == pytest.approx(expected, abs=1e-4)


def test_reliability_comes_out_as_it_went_in():
    scores = simulate(200_000, share=0.5)
    assert estimate(scores, "reliability_repeat") == pytest.approx(144 / (144 + 16), abs=0.003)
    assert estimate(scores, "sem_repeat") == pytest.approx(SD_ERROR, abs=0.03)
    given_it = replace(scores, reliability=0.9)
    assert estimate(given_it, "sem_reliability") == pytest.approx(SD_ERROR, abs=0.03)
    assert estimate(given_it, "mdc95_reliability") == pytest.approx(2.772 * SD_ERROR, abs=0.1)


def test_alpha_of_parallel_items_is_spearman_brown():
    rng = np.random.default_rng(3)
    items = rng.normal(0, 1, (100_000, 1)) + rng.normal(0, 1, (100_000, 10))
    assert compute_cronbach_alpha(items) == pytest.approx(10 * 0.5 / (1 + 9 * 0.5), abs=0.002)


def test_alpha_at_its_ends():
    one, two = np.array([1.0, -1, 1, -1]), np.array([1.0, 1, -1, -1])
    assert compute_cronbach_alpha(np.column_stack([one, one, one])) == pytest.approx(1)
    assert compute_cronbach_alpha(np.column_stack([one, two])) == pytest.approx(0)
    assert math.isnan(compute_cronbach_alpha(one[:, None]))
    assert math.isnan(compute_cronbach_alpha(np.column_stack([one, -one])))


# anchor


def separated(change: FloatArray, improved: FloatArray, cut: float) -> tuple[float, float]:
    return float((change[improved == 1] >= cut).mean()), float((change[improved == 0] < cut).mean())


@given(st.lists(st.tuples(st.integers(-4, 8), st.booleans()), min_size=4, max_size=40))
def test_no_cut_separates_better(rows: list[tuple[int, bool]]):
    change, improved = np.array([row[0] for row in rows], float), np.array([row[1] for row in rows], float)
    cut = find_roc_cut(change, improved, "youden")
    if 0 < improved.mean() < 1:
        best = max(sum(separated(change, improved, c)) for c in np.arange(-4.5, 9.5))
        assert math.isnan(cut) == (best <= 1 + 1e-9)
        if best > 1 + 1e-9:
            cuts = [c for c in np.arange(-4.5, 9.5) if sum(separated(change, improved, c)) > best - 1e-9]
            # the smallest of the best, and one of them itself: not what lies between two that are no neighbours
            assert sum(separated(change, improved, cut)) == pytest.approx(best)
            assert (change < cut).sum() == (change < min(cuts)).sum()
    else:
        assert math.isnan(cut)


def test_cuts_that_tie_are_not_averaged():
    """Cuts of 0.5 and 2.5 have the Youden index 0.5, their mean has 0."""
    change, improved = np.array([0.0, 1, 1, 2, 2, 3]), np.array([0.0, 1, 1, 0, 0, 1])
    change = np.concatenate([change, [0.0, 3.0]])
    improved = np.concatenate([improved, [0.0, 1.0]])
    index = {cut: sum(separated(change, improved, cut)) - 1 for cut in (0.5, 1.5, 2.5)}
    assert index == {0.5: 0.5, 1.5: 0.0, 2.5: 0.5}
    assert find_roc_cut(change, improved, "youden") == 0.5


def test_the_two_criteria_may_disagree():
    change = np.array([0.0] * 50 + [1] * 30 + [2] * 20 + [0] * 2 + [1] * 28 + [2] * 70)
    improved = np.repeat([0.0, 1.0], 100)
    assert find_roc_cut(change, improved, "youden") == 1.5
    assert find_roc_cut(change, improved, "corner") == 1.5
    skewed = np.array([0.0] * 50 + [1] * 50 + [2] * 0 + [0] * 2 + [1] * 50 + [2] * 48)
    assert sum(separated(skewed, improved, 0.5)) == pytest.approx(sum(separated(skewed, improved, 1.5)))
    assert find_roc_cut(skewed, improved, "youden") == 0.5
    assert find_roc_cut(skewed, improved, "corner") == 0.5


def test_regression_agrees_with_statsmodels():
    scores = simulate(500, share=0.4)
    found = fit_change_model(scores.change, scores.got_better)
    fitted = sm.Logit(scores.got_better, sm.add_constant(scores.change)).fit(disp=0)
    np.testing.assert_allclose(found, fitted.params, rtol=1e-6)


def test_at_the_predictive_threshold_the_risk_is_the_share():
    scores = simulate(500, share=0.35)
    model, share = fit_change_model(scores.change, scores.got_better), scores.got_better.mean()
    at = compute_predictive(model, compute_log_odds(scores.got_better))
    assert 1 / (1 + math.exp(-model.intercept - model.slope * at)) == pytest.approx(share)


def test_groups_that_do_not_overlap_have_no_predictive_threshold():
    change = np.array([1.0, 2, 3, 10, 11, 12])
    improved = np.array([0.0, 0, 0, 1, 1, 1])
    assert math.isnan(fit_change_model(change, improved).slope)
    assert find_roc_cut(change, improved, "youden") == 6.5
    assert math.isnan(fit_change_model(change, np.ones(6)).slope)
    assert math.isnan(compute_predictive(fit_change_model(change, 1 - improved), 0.0))


def test_adjustments_as_published():
    numbers = {"correlation": 0.5, "sd_change": 10.0, "log_odds": math.log(7 / 3)}
    assert adjust_for_share(15.0, **numbers) == pytest.approx(15 - 0.1415 * 10 * 0.847298, abs=1e-5)
    reliable = adjust_for_reliability(15.0, anchor_reliability=0.8, **numbers)
    assert reliable == pytest.approx(15 - 0.5 * 0.5 * 10 * 0.847298, abs=1e-5)
    half = {**numbers, "log_odds": 0.0}
    assert adjust_for_share(15.0, **half) == adjust_for_reliability(15.0, anchor_reliability=0.3, **half) == 15


def expect_predictive(share: float) -> float:
    """The threshold of endless data: the logistic line nearest to the true risks, by quadrature over the change."""
    spread = math.hypot(SD_TRUE_CHANGE, SD_ANCHOR)
    mean = TRUE_MIC + norm.ppf(share) * spread
    variance = SD_TRUE_CHANGE**2 + 2 * SD_ERROR**2
    z = np.linspace(-7, 7, 2001)
    weights = norm.pdf(z) / norm.pdf(z).sum()
    observed = mean + z * math.sqrt(variance)
    judged = mean + SD_TRUE_CHANGE**2 / variance * (observed - mean)
    risk = norm.cdf((judged - TRUE_MIC) / math.sqrt(spread**2 - SD_TRUE_CHANGE**4 / variance))

    def loss(line: FloatArray) -> float:
        eta = line[0] + line[1] * z
        return float(weights @ (np.logaddexp(0, eta) - risk * eta))

    intercept, slope = minimize(loss, np.array([0.0, 1.0]), tol=1e-12).x
    return mean + math.sqrt(variance) * (math.log(share / (1 - share)) - intercept) / slope


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_only_the_adjusted_threshold_recovers_the_truth(share: float):
    scores = simulate(100_000, share=share, anchor_reliability=ANCHOR_RELIABILITY)
    expected = expect_predictive(share)
    assert estimate(scores, "predictive") == pytest.approx(expected, abs=0.2)
    assert estimate(scores, "roc_youden") == pytest.approx(expected, abs=1.5)
    # its constants were fitted to simulations: an approximation, within 4 % of the standard deviation of the change
    assert estimate(scores, "predictive_adjusted_2022") == pytest.approx(TRUE_MIC, abs=0.04 * scores.sd_change)
    if share != 0.5:
        assert abs(expected - TRUE_MIC) > 4
        assert abs(estimate(scores, "predictive_adjusted_2017") - TRUE_MIC) > 2


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_the_older_adjustment_recovers_the_truth_where_the_anchor_is_answered_without_error(share: float):
    scores = simulate(100_000, share=share, sd_anchor=0.001)
    assert estimate(scores, "predictive_adjusted_2017") == pytest.approx(TRUE_MIC, abs=0.04 * scores.sd_change)
    if share != 0.5:
        assert abs(estimate(scores, "predictive") - TRUE_MIC) > 1.5


def test_answers_count_up_whichever_way_they_are_numbered():
    score, grade = np.array([1.0, 4, 6, 9]), np.array([5.0, 3, 3, 1])
    improved = np.array([0.0, 0, 0, 1])
    found = compute_grade_correlation(score, grade, improved)
    assert found == pytest.approx(np.sqrt(0.9))
    assert compute_grade_correlation(score, 8 - grade, improved) == pytest.approx(found)


def test_thirds_of_the_baseline_slide_where_nothing_does():
    scores = simulate(60_000, share=0.5)
    spread = {}
    for by in ("baseline", "repeat"):
        found = {level: estimate(scores.take(rows), "predictive") for level, rows in split_thirds(scores, by).items()}
        spread[by] = found["worst"] - found["best"]
    assert spread["baseline"] > 1.5
    assert abs(spread["repeat"]) < 0.6


def test_thirds_keep_ties_together_and_leave_out_the_unknown():
    scores = ChangeScores(patient=np.arange(7), baseline=np.array([1.0, 1, 1, 2, 3, 3, np.nan]), lower_is_better=False)
    thirds = split_thirds(scores, "baseline")
    assert [np.flatnonzero(rows).tolist() for rows in thirds.values()] == [[0, 1, 2], [3], [4, 5]]
    turned = split_thirds(replace(scores, lower_is_better=True), "baseline")
    assert np.flatnonzero(turned["worst"]).tolist() == [4, 5]
    assert split_thirds(replace(scores, baseline=np.full(7, np.nan)), "baseline") == {}


# the table


@pytest.fixture(scope="module")
def scores() -> ChangeScores:
    made = simulate(600, share=0.45, reliability=0.9, anchor_reliability=ANCHOR_RELIABILITY)
    least = np.where((made.improved == 1) & (made.change < 25), 1.0, np.nan)
    items = np.round(made.baseline[:, None] / 20 + np.random.default_rng(5).normal(0, 1, (600, 4)))
    return replace(made, minimal=least, items=items)


@pytest.fixture(scope="module")
def table(scores: ChangeScores) -> pd.DataFrame:
    return compute_own_thresholds(scores, seed=1, names=("test",), n_resamples=300)


def test_every_method_has_a_row_with_its_interval(table: pd.DataFrame):
    assert tuple(table.columns) == OWN_THRESHOLDS
    whole = table[table["group"] == "overall"]
    assert whole["method"].tolist() == list(METHODS)
    assert set(table["status"]) == {"ok"}
    assert (table["lower"] < table["upper"]).all()
    assert ((table["lower"] <= table["estimate"] + 1e-9) & (table["estimate"] <= table["upper"] + 1e-9)).mean() > 0.95
    thirds = table[table["group"] == "third"]
    assert thirds["level"].unique().tolist() == ["worst", "middle", "best"]
    assert set(thirds["method"]) == set(IN_THIRDS)
    assert thirds.loc[thirds["method"] == "roc_youden", "n"].sum() == 600


def test_interval_of_half_a_standard_deviation_has_its_asymptotic_width():
    rng = np.random.default_rng(2)
    scores = ChangeScores(patient=np.arange(800), baseline=rng.normal(0, 10, 800), lower_is_better=True)
    row = pick(compute_own_thresholds(scores, seed=1), "half_sd")
    expected = 2 * Z * estimate(scores, "half_sd") / math.sqrt(2 * 800)
    assert row["upper"] - row["lower"] == pytest.approx(expected, rel=0.12)


def test_interval_covers_the_truth():
    covered = 0
    for seed in range(40):
        scores = ChangeScores(
            patient=np.arange(150), baseline=np.random.default_rng(seed).normal(0, 10, 150), lower_is_better=True
        )
        row = pick(compute_own_thresholds(scores, seed=seed, n_resamples=200), "half_sd")
        covered += row["lower"] <= 5 <= row["upper"]
    assert 33 <= covered <= 40


def test_operations_of_one_patient_are_drawn_together():
    rng = np.random.default_rng(4)
    once = ChangeScores(patient=np.arange(300), baseline=rng.normal(0, 10, 300), lower_is_better=True)
    twice = once.take(np.repeat(np.arange(300), 2))
    narrow, wide = (
        pick(compute_own_thresholds(one, seed=1, n_resamples=300), "half_sd")
        for one in (replace(twice, patient=np.arange(600)), twice)
    )
    alone = pick(compute_own_thresholds(once, seed=1, n_resamples=300), "half_sd")
    assert wide["n"] == 600
    assert wide["upper"] - wide["lower"] == pytest.approx(alone["upper"] - alone["lower"], rel=0.01)
    assert narrow["upper"] - narrow["lower"] < 0.85 * (wide["upper"] - wide["lower"])


def test_order_of_rows_does_not_count(scores: ChangeScores, table: pd.DataFrame):
    mixed = scores.take(np.random.default_rng(9).permutation(600))
    pd.testing.assert_frame_equal(
        compute_own_thresholds(mixed, seed=1, names=("test",), n_resamples=300), table, check_exact=True
    )


def test_scale_and_origin_and_direction(scores: ChangeScores, table: pd.DataFrame):
    def moved(change: Any) -> ChangeScores:
        return replace(
            scores, baseline=change(scores.baseline), repeat=change(scores.repeat), follow_up=change(scores.follow_up)
        )

    of_points = table["method"].isin([m.name for m in METHODS.values() if m.role != "support"]).to_numpy()
    kinds = {
        "doubled": (moved(lambda x: 2 * x), 2),
        "shifted": (moved(lambda x: x + 7), 1),
        "turned": (replace(moved(lambda x: -x), lower_is_better=False), 1),
    }
    for made, factor in kinds.values():
        other = compute_own_thresholds(made, seed=1, names=("test",), n_resamples=20)
        np.testing.assert_allclose(other["estimate"][of_points], factor * table["estimate"][of_points], rtol=1e-6)


def test_seed_moves_intervals_only(scores: ChangeScores, table: pd.DataFrame):
    other = compute_own_thresholds(scores, seed=2, names=("test",), n_resamples=300)
    pd.testing.assert_series_equal(other["estimate"], table["estimate"])
    assert not other["lower"].equals(table["lower"])


def test_what_was_not_asked_for_is_not_said():
    scores = ChangeScores(patient=np.arange(80), baseline=np.arange(80.0), lower_is_better=True)
    found = compute_own_thresholds(scores, seed=1, n_resamples=20)
    assert found["method"].tolist() == ["half_sd", "sd_baseline"]
    both = compute_own_thresholds(replace(scores, follow_up=np.arange(80.0) ** 0.5), seed=1, n_resamples=20)
    assert both["method"].tolist() == ["half_sd", "sd_baseline", "sd_change"]


def test_unknown_values_leave_only_what_needs_them(scores: ChangeScores):
    gone = scores.follow_up.copy()
    gone[:100] = np.nan
    found = compute_own_thresholds(replace(scores, follow_up=gone), seed=1, n_resamples=20)
    assert pick(found, "half_sd")["n"] == 600
    assert pick(found, "roc_youden")["n"] == 500


def test_too_few_on_one_side_is_not_assessable(scores: ChangeScores):
    few = np.where(np.cumsum(scores.improved) <= SMALLEST_GROUP - 1, scores.improved, 0)
    row = pick(compute_own_thresholds(replace(scores, improved=few), seed=1, n_resamples=20), "predictive")
    assert (row["status"], row["events"]) == ("not assessable", SMALLEST_GROUP - 1)
    assert np.isnan(row[["estimate", "lower", "upper"]].astype(float)).all()
    enough = np.where(np.cumsum(scores.improved) <= SMALLEST_GROUP, scores.improved, 0)
    assert (
        pick(compute_own_thresholds(replace(scores, improved=enough), seed=1, n_resamples=20), "c_statistic")["status"]
        == "ok"
    )


def test_few_patients_are_hidden_with_their_count(scores: ChangeScores):
    few = np.where(np.cumsum(scores.improved) <= 3, scores.improved, 0)
    found = compute_own_thresholds(replace(scores, improved=few), seed=1, n_resamples=20)
    anchored = found[found["basis"].eq("anchor") & found["method"].ne("mean_change")]
    whole = anchored[anchored["group"] == "overall"]
    assert set(whole["status"]) == {"suppressed"}
    assert whole[["estimate", "lower", "upper", "n", "events"]].isna().all(axis=None)
    assert pick(found, "half_sd")["status"] == "ok"


def test_a_hidden_third_is_never_alone(scores: ChangeScores):
    worst = split_thirds(scores, "repeat")["worst"]
    improved = scores.improved.copy()
    improved[worst] = 0
    improved[np.flatnonzero(worst)[:2]] = 1
    found = compute_own_thresholds(replace(scores, improved=improved), seed=1, n_resamples=20)
    thirds = found[(found["group"] == "third") & (found["method"] == "predictive")]
    assert (thirds["status"] == "suppressed").sum() == 2
    assert pick(found, "predictive", "worst")["status"] == "suppressed"


def test_an_anchor_about_something_else_is_not_credible(scores: ChangeScores):
    rng = np.random.default_rng(6)
    noise = replace(scores, improved=rng.integers(0, 2, 600).astype(float), grade=rng.integers(1, 8, 600).astype(float))
    found = compute_own_thresholds(noise, seed=1, n_resamples=20)
    assert abs(pick(found, "correlation_answers")["estimate"]) < CREDIBLE
    assert pick(found, "roc_corner")["status"] == "not credible"
    assert math.isfinite(pick(found, "roc_corner")["estimate"])
    assert pick(found, "half_sd")["status"] == "ok"
    assert pick(found, "c_statistic")["status"] == "ok"
