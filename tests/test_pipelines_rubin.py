"""Rubin's rules against the oracle, and the pooling of evaluations against what is known of them."""

from __future__ import annotations

from functools import partial

import numpy as np
import oracle_11
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import t as student

from pipelines.comparison import compare_fold_predictions
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.intervals import Z, compute_logit_wald, compute_wilson
from pipelines.rubin import describe_pooling, evaluate_imputed, pool_estimates, pool_imputations, pool_shares
from schemas.errors import InputError
from schemas.tables import EVALUATION

LEAVES = oracle_11.compute_leaves()


@pytest.mark.parametrize("path", LEAVES)
def test_every_leaf_of_the_oracle(path: str) -> None:
    leaf = oracle_11.ORACLE["expected"]
    for part in path.split("/"):
        leaf = leaf[part]
    np.testing.assert_allclose(LEAVES[path], leaf["value"], rtol=0, atol=leaf["abs_tol"])


def test_no_leaf_is_left_out() -> None:
    expected = oracle_11.ORACLE["expected"]
    assert {f"{group}/{leaf}" for group, leaves in expected.items() for leaf in leaves} == set(LEAVES)


def test_imputations_that_agree_add_nothing() -> None:
    pooled = pool_estimates([2.0] * 5, [0.04] * 5, df_complete=1e9)
    np.testing.assert_allclose(pooled.interval, [2 - Z * 0.2, 2 + Z * 0.2], rtol=1e-6)
    assert pooled.share_missing == 0
    assert pooled.fraction_missing < 1e-6


def test_fewer_than_two_imputations_are_refused() -> None:
    with pytest.raises(InputError, match="a variance for each of at least 2 estimates, got 1 and 1"):
        pool_estimates([1.0], [1.0])
    with pytest.raises(InputError, match="got 2 and 1"):
        pool_estimates([1.0, 2.0], [1.0])


def table(metric: str, estimate: float, lower: float, upper: float, **other: object) -> pd.DataFrame:
    row = {
        "outcome": "o", "model": "m", "dataset": "d", "validation": "internal", "subgroup": "overall", "level": "all",
        "metric": metric, "threshold_probability": np.nan, "threshold_set": "", "estimate": estimate, "lower": lower,
        "upper": upper, "interval_kind": "Wald", "interval_target": "", "n": 400, "events": 100, "status": "ok",
    }  # fmt: skip
    return pd.DataFrame([row | other], columns=list(EVALUATION)).astype({"n": "Int64", "events": "Int64"})


def wald(metric: str, estimate: float, error: float) -> pd.DataFrame:
    return table(metric, estimate, estimate - Z * error, estimate + Z * error)


def test_a_measure_is_pooled_as_it_is() -> None:
    (row,) = pool_imputations([wald("calibration_slope", q, 0.08) for q in (0.9, 1.0, 1.1)]).itertuples()
    expected = pool_estimates([0.9, 1.0, 1.1], [0.0064] * 3, df_complete=398)
    np.testing.assert_allclose([row.lower, row.estimate, row.upper], [expected.interval[0], 1, expected.interval[1]])
    assert row.interval_kind == "Wald; pooled over 3 imputations by Rubin's rules"
    assert (row.n, row.events) == (400, 100)


def test_the_c_statistic_is_pooled_on_the_logit_and_the_ratio_on_the_log_scale() -> None:
    c, errors = np.array([0.70, 0.72, 0.76]), np.array([0.10, 0.11, 0.12])
    tables = [
        table("c_statistic", q, expit(logit(q) - Z * e), expit(logit(q) + Z * e))
        for q, e in zip(c, errors, strict=True)
    ]
    (row,) = pool_imputations(tables).itertuples()
    expected = pool_estimates(logit(c), errors**2, df_complete=399)
    np.testing.assert_allclose([row.estimate, row.lower, row.upper], expit([expected.estimate, *expected.interval]))
    tables = [table("oe_ratio", q, q * np.exp(-Z * e), q * np.exp(Z * e)) for q, e in zip(c, errors, strict=True)]
    (row,) = pool_imputations(tables).itertuples()
    expected = pool_estimates(np.log(c), errors**2, df_complete=399)
    np.testing.assert_allclose([row.estimate, row.lower, row.upper], np.exp([expected.estimate, *expected.interval]))


@pytest.mark.parametrize("metric", ["event_rate", "average_precision"])
def test_rates_are_pooled_on_the_logit(metric: str) -> None:
    q, errors = np.array([0.02, 0.03, 0.05]), np.array([0.012, 0.013, 0.015])
    found = [compute_logit_wald(*pair, kind="Wald, logit scale") for pair in zip(q, errors, strict=True)]
    (row,) = pool_imputations([table(metric, one.estimate, one.lower, one.upper) for one in found]).itertuples()
    expected = pool_estimates(logit(q), (errors / (q * (1 - q))) ** 2, df_complete=399)
    np.testing.assert_allclose([row.estimate, row.lower, row.upper], expit([expected.estimate, *expected.interval]))
    assert 0 < row.lower < row.upper < 1


def wilson(metric: str, share: float, n: float, kind: str = "Wilson") -> pd.DataFrame:
    found = compute_wilson(share, n, kind=kind)
    return table(metric, share, found.lower, found.upper, interval_kind=kind)


@pytest.mark.parametrize("metric", ["sensitivity", "specificity", "ppv", "npv", "share_acted_on"])
def test_shares_that_agree_have_wilsons_interval_of_one(metric: str) -> None:
    for share, n in ((0.85, 61.3), (0.5, 20), (0.02, 250.5)):
        one = wilson(metric, share, n, kind="Wilson, effective number of patients").iloc[0]
        (row,) = pool_imputations([wilson(metric, share, n, kind=one["interval_kind"])] * 4).itertuples()
        np.testing.assert_allclose([row.estimate, row.lower, row.upper], [share, one["lower"], one["upper"]])
        assert row.interval_kind == "Wilson, effective number of patients; pooled over 4 imputations by Rubin's rules"


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_shares_of_0_or_1_in_every_imputation_have_the_widest_of_their_intervals(share: float) -> None:
    """By the normal approximation 30 of 30 had 0.943 to 1.057, and none of 30 the same about 0."""
    (row,) = pool_imputations([wilson("sensitivity", share, n) for n in (30, 30, 20, 40)]).itertuples()
    beyond = Z**2 / (20 + Z**2)
    np.testing.assert_allclose([row.lower, row.upper], [0, beyond] if share == 0 else [1 - beyond, 1], atol=1e-12)
    assert row.interval_kind == "Wilson; the widest of 4 imputations, which give the same 0 or 1"
    assert row.n == 400


def solve_wilson(share: float, n: float, increase: float, quantile: float) -> tuple[float, float]:
    """The interval as Lott and Reiter write it."""
    a = quantile**2 / n * (1 + increase)
    middle = (2 * share + a) / (2 * (1 + a))
    spread = np.sqrt(middle**2 - share**2 / (1 + a))
    return middle - spread, middle + spread


@pytest.mark.parametrize(
    ("counts", "n"),
    [
        ([29, 30, 28, 30, 29], 30), ([11, 12, 12, 10, 12], 12), ([1, 0, 2, 0, 1], 30), ([19] + [20] * 19, 20),
        ([392, 388, 395, 390, 391], 400),
    ],
)  # fmt: skip
def test_shares_near_0_or_1_stay_inside_and_are_those_of_the_closed_form(counts: list[int], n: int) -> None:
    """By the normal approximation the first three ended at 1.08, at 1.19 and at -0.08."""
    (row,) = pool_imputations([wilson("npv", count / n, n) for count in counts]).itertuples()
    shares = np.array(counts) / n
    pooled = pool_estimates(shares, shares * (1 - shares) / n)
    quantile = student.ppf(0.975, pooled.df_rubin)
    expected = solve_wilson(shares.mean(), n, pooled.relative_increase, quantile)
    np.testing.assert_allclose([row.lower, row.upper], expected, rtol=0, atol=0.6 / n)
    assert 0 <= row.lower < row.estimate < row.upper <= 1
    np.testing.assert_allclose((row.lower, row.upper), pool_shares(shares, np.full(len(counts), n))[1])


@pytest.mark.parametrize(("truth", "n"), [(0.95, 40), (0.9, 40), (0.98, 100), (0.5, 60)])
def test_intervals_of_imputed_shares_cover(truth: float, n: int) -> None:
    """Three in ten answers are lost and drawn again, ten times, by the Bayesian rule."""
    rng = np.random.default_rng(1)
    yes, lost = rng.random((400, n)) < truth, rng.random((400, n)) < 0.3
    kept, no = (yes & ~lost).sum(axis=1), (~yes & ~lost).sum(axis=1)
    drawn = [kept + rng.binomial(lost.sum(axis=1), rng.beta(kept + 0.5, no + 0.5)) for _ in range(10)]
    intervals = np.array([pool_shares(shares, np.full(10, n))[1] for shares in np.transpose(drawn) / n])
    covered = (intervals[:, 0] <= truth) & (truth <= intervals[:, 1])
    assert 0.92 <= covered.mean() <= 0.98
    assert ((intervals >= 0) & (intervals <= 1)).all()


@pytest.mark.parametrize(
    ("metric", "estimate", "lowest", "highest"),
    [
        ("c_statistic", 1.0, 0.0, 1.0), ("scaled_brier", 0.95, -np.inf, 1.0), ("net_benefit", 0.98, -np.inf, 1.0),
        ("interval_coverage", 0.97, 0.0, 1.0), ("log_loss", 0.03, 0.0, np.inf), ("brier_score", 0.01, 0.0, 1.0),
    ],
)  # fmt: skip
def test_limits_stay_in_the_range_of_the_measure(metric: str, estimate: float, lowest: float, highest: float) -> None:
    lower, upper = max(estimate - Z * 0.1, lowest), min(estimate + Z * 0.1, highest)
    (row,) = pool_imputations([table(metric, estimate, lower, upper)] * 3).itertuples()
    assert lowest <= row.lower < estimate
    assert estimate <= row.upper <= highest


def test_a_difference_of_shares_of_one_stays_between_minus_1_and_1() -> None:
    tables = [wald("c_statistic", q, 0.3).assign(reference="r") for q in (-0.9, -0.4, -0.6)]
    (row,) = pool_imputations(tables).itertuples()
    assert row.lower == -1


def test_a_difference_in_the_c_statistic_is_pooled_as_it_is() -> None:
    tables = [wald("c_statistic", q, 0.02).assign(reference="r") for q in (-0.01, 0.0, 0.02)]
    (row,) = pool_imputations(tables).itertuples()
    expected = pool_estimates([-0.01, 0.0, 0.02], [0.0004] * 3, df_complete=399)
    np.testing.assert_allclose([row.lower, row.upper], expected.interval)


def test_an_interval_that_ends_at_the_end_of_the_scale_gives_its_other_half() -> None:
    tables = [table("brier_score", 0.02, 0.0, 0.02 + Z * 0.02)] * 3
    pooled = describe_pooling(tables).iloc[0]
    np.testing.assert_allclose(pooled["upper"], 0.02 + Z * 0.02, rtol=0.01)
    assert pooled["lower"] == 0
    tables = [table("c_statistic", 0.9, expit(logit(0.9) - Z * 0.5), 1.0)] * 3
    pooled = describe_pooling(tables).iloc[0]
    np.testing.assert_allclose(pooled["lower"], expit(logit(0.9) - Z * 0.5), rtol=0.01)


def test_what_has_no_interval_is_averaged() -> None:
    tables = [table("ici_null", q, np.nan, 2 * q, interval_kind="95th percentile") for q in (0.02, 0.04)]
    (row,) = pool_imputations(tables).itertuples()
    np.testing.assert_allclose([row.estimate, row.upper], [0.03, 0.06])
    assert np.isnan(row.lower)
    assert row.interval_kind == "95th percentile"


def test_an_interval_that_one_imputation_lacks_is_not_made_up() -> None:
    tables = [wald("calibration_slope", 1.0, 0.1), wald("calibration_slope", 0.9, np.nan)]
    (row,) = pool_imputations(tables).itertuples()
    np.testing.assert_allclose(row.estimate, 0.95)
    assert np.isnan(row.lower)
    assert row.interval_kind == "none: 1 of 2 imputations gave none"


@pytest.mark.parametrize("status", ["suppressed", "not assessable", "not informative"])
def test_one_imputation_is_enough_to_hide_a_row(status: str) -> None:
    gone = np.nan if status != "not informative" else 0.5
    tables = [wald("calibration_slope", 1.0, 0.1), table("calibration_slope", gone, np.nan, np.nan, status=status)]
    (row,) = pool_imputations(tables).itertuples()
    assert row.status == status
    assert np.isnan(row.lower)
    assert np.isnan(row.estimate) == (status != "not informative")
    assert pd.isna(row.n) == (status == "suppressed")


def test_rows_that_stand_twice_are_refused() -> None:
    twice = pd.concat([wald("brier_score", 0.1, 0.01)] * 2)
    with pytest.raises(InputError, match="each imputation must have one row"):
        pool_imputations([twice, twice])


def predictions(n: int = 300, m: int = 5, noise: float = 0.5) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    eta = rng.normal(-0.5, 1, n)
    y = (rng.uniform(size=n) < expit(eta)).astype(float)
    tables = [
        pd.DataFrame(
            {
                "row_id": [str(i) for i in range(n)], "patient": [str(i) for i in range(n)], "outcome": "o",
                "model": model, "dataset": "given", "validation": "external", "repeat": 0, "fold": 0, "imputation": k,
                "y_true": y, "y_prob": expit(eta * strength + noise * rng.normal(size=n)), "y_pred": np.nan,
                "y_low": np.nan, "y_high": np.nan, "scale": "probability", "weight": 1.0, "n_train": 100,
            }
        )
        for k in range(m)
        for model, strength in (("reference", 1.0), ("other", 0.6))
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def pick(table: pd.DataFrame, metric: str, model: str) -> pd.DataFrame:
    return table[(table["metric"] == metric) & (table["model"] == model)]


def test_evaluations_of_each_imputation_are_pooled() -> None:
    table = predictions()
    evaluate = partial(evaluate_fold_predictions, thresholds={"o": [0.2, 0.4]}, threshold_sets={}, subgroups=(), seed=1)
    pooled = evaluate_imputed(table, evaluate)
    alone = [evaluate(rows) for _, rows in table.groupby("imputation")]
    assert list(pooled) == list(alone[0])
    assert len(pooled) == len(alone[0])
    for metric, to in (("c_statistic", logit), ("oe_ratio", np.log), ("brier_score", np.array)):
        own = pd.concat([pick(one, metric, "other") for one in alone])
        (got,) = pick(pooled, metric, "other").itertuples()
        np.testing.assert_allclose(to(got.estimate), np.mean(to(own["estimate"].to_numpy())))
        assert got.upper - got.lower > (own["upper"] - own["lower"]).mean()
    benefit = pooled[(pooled["metric"] == "net_benefit") & (pooled["model"] == "other")]
    assert benefit["threshold_probability"].tolist() == [0.2, 0.4]
    shuffled = table.sample(frac=1, random_state=3)
    again = evaluate_imputed(shuffled, evaluate).sort_values(list(EVALUATION[:9]), ignore_index=True)
    pd.testing.assert_frame_equal(again, pooled.sort_values(list(EVALUATION[:9]), ignore_index=True))


def test_one_imputation_is_evaluated_as_it_is() -> None:
    table = predictions(m=1)
    evaluate = partial(evaluate_fold_predictions, thresholds={}, threshold_sets={}, subgroups=(), seed=1)
    pd.testing.assert_frame_equal(evaluate_imputed(table, evaluate), evaluate(table))


def test_imputations_that_are_the_same_give_the_evaluation_of_one() -> None:
    one = predictions(m=1)
    same = pd.concat([one.assign(imputation=k) for k in range(4)], ignore_index=True)
    evaluate = partial(evaluate_fold_predictions, thresholds={}, threshold_sets={}, subgroups=(), seed=1)
    pooled, alone = evaluate_imputed(same, evaluate), evaluate(one)
    np.testing.assert_allclose(pooled["estimate"], alone["estimate"])
    wald_rows = alone["interval_kind"].str.startswith("Wald")
    np.testing.assert_allclose(pooled.loc[wald_rows, "upper"], alone.loc[wald_rows, "upper"], rtol=0.01, atol=0.002)


def test_comparisons_are_pooled_by_the_same_function() -> None:
    compare = partial(
        compare_fold_predictions, reference="reference", thresholds={}, threshold_sets={}, seed=1, suppress_below=5
    )
    table = predictions()
    pooled = evaluate_imputed(table, compare)
    row = pooled[pooled["metric"] == "c_statistic"].iloc[0]
    alone = [compare(rows) for _, rows in table.groupby("imputation")]
    np.testing.assert_allclose(
        row["estimate"], np.mean([one.loc[one["metric"] == "c_statistic", "estimate"].iloc[0] for one in alone])
    )
    assert row["lower"] < row["estimate"] < row["upper"]
