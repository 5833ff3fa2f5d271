"""Rubin's rules against the oracle, and the pooling of evaluations against what is known of them."""

from __future__ import annotations

from functools import partial

import numpy as np
import oracle_11
import pandas as pd
import pytest
from scipy.special import expit, logit

from pipelines.comparison import compare_fold_predictions
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.intervals import Z
from pipelines.rubin import describe_pooling, evaluate_imputed, pool_estimates, pool_imputations
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
