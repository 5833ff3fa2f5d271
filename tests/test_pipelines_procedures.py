from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import oracle_12
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import ttest_1samp
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from pipelines.procedures import ALIKE, CORRECTED, compare_procedures, correct_differences
from schemas.study import MarginPlan
from schemas.tables import PROCEDURES

MARGIN = MarginPlan()
SETTINGS: dict[str, Any] = {"reference": "ref", "margin": MARGIN, "thresholds": {"ssi": (0.2, 0.5)}}


def tabulate(y: npt.ArrayLike, risks: dict[str, npt.ArrayLike], **columns: Any) -> pd.DataFrame:
    n = len(np.asarray(y))
    names = np.arange(n).astype(str)
    known: dict[str, Any] = {
        "row_id": names, "patient": names, "outcome": "ssi", "dataset": "development", "validation": "internal",
        "repeat": 0, "fold": np.arange(n) % 5, "imputation": 0, "y_true": np.asarray(y, dtype=float),
        "y_pred": math.nan, "scale": "probability", "weight": 1.0, "n_train": n - n // 5,
    }  # fmt: skip
    return pd.concat(
        [pd.DataFrame({**known, "model": name, "y_prob": p, **columns}) for name, p in risks.items()],
        ignore_index=True,
    )


def simulate(n: int = 400, *, seed: int = 0, repeats: int = 1, imputations: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.normal(-1, 1.2, n)
    y = (rng.random(n) < expit(truth)).astype(float)
    tables = []
    for repeat in range(repeats):
        fold = rng.permutation(n) % 5
        for imputation in range(imputations):
            risks = {name: expit(truth + rng.normal(0, s, n)) for name, s in (("ref", 0.3), ("a", 0.8), ("b", 0.3))}
            tables.append(tabulate(y, risks, repeat=repeat, imputation=imputation, fold=fold))
    return pd.concat(tables, ignore_index=True)


def of_model(table: pd.DataFrame, model: str) -> pd.DataFrame:
    return table[table["model"] == model].set_index("metric")


def by_hand(data: pd.DataFrame, model: str, score: Any) -> npt.NDArray[np.float64]:
    """Differences by repeat and fold, model minus reference, by another library."""
    found = []
    for _, rows in data.groupby(["repeat", "fold"]):
        by_model = {name: rows[rows["model"] == name] for name in (model, "ref")}
        values = {name: score(own["y_true"], own["y_prob"]) for name, own in by_model.items()}
        found.append(values[model] - values["ref"])
    return np.array(found)


@pytest.mark.parametrize("path", sorted(oracle_12.compute_leaves()))
def test_corrected_test_agrees_with_r(path: str) -> None:
    expected = json.loads(oracle_12.ORACLE.read_text())["expected"]
    name, leaf = path.split("/")
    np.testing.assert_allclose(
        oracle_12.compute_leaves()[path], expected[name][leaf]["value"], rtol=0, atol=expected[name][leaf]["abs_tol"]
    )


def test_without_overlap_it_is_the_ordinary_paired_test() -> None:
    differences = np.random.default_rng(1).normal(0.1, 1, 12)
    found = correct_differences(differences, n_test=0, n_train=90)
    plain = ttest_1samp(differences, 0)
    assert found is not None
    assert found.t_statistic == pytest.approx(plain.statistic)
    assert found.p_value == pytest.approx(plain.pvalue)
    assert found.interval() == pytest.approx(tuple(plain.confidence_interval()))


def test_columns_are_those_of_the_contract() -> None:
    table = compare_procedures(simulate(), **SETTINGS)
    assert tuple(table.columns) == PROCEDURES
    assert set(table["model"]) == {"a", "b"}
    assert table["metric"].tolist()[:5] == ["log_loss", "c_statistic", "brier_score", "net_benefit", "net_benefit"]
    assert set(table["interval_kind"]) == {CORRECTED}
    total = table[["p_worse", "p_equivalent", "p_better"]].sum(axis=1)
    np.testing.assert_allclose(total, 1, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("metric", "score"),
    [("log_loss", log_loss), ("c_statistic", roc_auc_score), ("brier_score", brier_score_loss)],
)
def test_differences_are_those_of_the_folds(metric: str, score: Any) -> None:
    data = simulate(repeats=3)
    row = of_model(compare_procedures(data, **SETTINGS), "a").loc[metric]
    differences = by_hand(data, "a", score)
    assert row["n_folds"] == differences.size == 15
    assert row["estimate"] == pytest.approx(differences.mean(), abs=1e-12)
    error = math.sqrt((1 / 15 + 80 / 320) * differences.var(ddof=1))
    assert row["standard_error"] == pytest.approx(error, abs=1e-12)
    assert row["estimate"] - row["lower"] == pytest.approx(2.1447866879 * error, abs=1e-10)


def test_net_benefit_stands_at_each_declared_threshold() -> None:
    data = simulate()
    table = of_model(compare_procedures(data, **SETTINGS), "a").loc["net_benefit"].set_index("threshold_probability")
    for threshold in (0.2, 0.5):
        odds = threshold / (1 - threshold)
        differences = by_hand(data, "a", lambda y, p, t=threshold, w=odds: float(np.mean((p >= t) * (y - (1 - y) * w))))
        assert table.loc[threshold, "estimate"] == pytest.approx(differences.mean(), abs=1e-12)
        assert table.loc[threshold, "rope"] == 0.002


def test_margins_are_relative_to_the_reference_where_the_study_says_so() -> None:
    data = simulate()
    table = of_model(compare_procedures(data, **SETTINGS), "a")
    own = data[data["model"] == "ref"]
    assert table.loc["log_loss", "rope"] == pytest.approx(0.005 * log_loss(own["y_true"], own["y_prob"]))
    assert table.loc["brier_score", "rope"] == pytest.approx(0.005 * brier_score_loss(own["y_true"], own["y_prob"]))
    assert table.loc["c_statistic", "rope"] == 0.01


def test_better_means_better_whichever_way_the_measure_goes() -> None:
    """The noisy model is worse in every measure: a higher loss, a lower c-statistic."""
    table = of_model(compare_procedures(simulate(3000), **SETTINGS), "a")
    assert table.loc["log_loss", "estimate"] > 0
    assert table.loc["c_statistic", "estimate"] < 0
    assert (table["p_worse"] > table["p_better"]).all()
    assert table.loc["log_loss", "p_worse"] > 0.95


def test_a_model_beside_itself_is_equivalent_and_divides_nothing_by_zero() -> None:
    data = simulate()
    same = data[data["model"] == "ref"].assign(model="arm")
    table = compare_procedures(pd.concat([data, same]), **SETTINGS)
    own = of_model(table, "arm")
    assert (own[["estimate", "standard_error", "lower", "upper"]] == 0).all(axis=None)
    assert (own["p_equivalent"] == 1).all()
    assert (own[["p_worse", "p_better"]] == 0).all(axis=None)
    assert set(own["interval_kind"]) == {ALIKE}
    assert set(own["status"]) == {"ok"}


def test_a_difference_without_variance_lies_where_it_is() -> None:
    found = correct_differences(np.full(5, 0.3), n_test=20, n_train=80)
    assert found is not None
    assert found.interval() == (0.3, 0.3)
    assert found.probabilities(0.1) == (0.0, 0.0, 1.0)
    assert found.probabilities(0.5) == (0.0, 1.0, 0.0)
    assert math.isnan(found.t_statistic)


def test_imputations_of_a_fold_are_averaged_and_are_no_folds() -> None:
    data = simulate(imputations=4)
    table = of_model(compare_procedures(data, **SETTINGS), "a")
    parts = np.array([by_hand(own, "a", log_loss) for _, own in data.groupby("imputation")])
    differences = parts.mean(axis=0)
    assert table.loc["log_loss", "n_folds"] == 5
    assert table.loc["log_loss", "n"] == 400
    assert table.loc["log_loss", "estimate"] == pytest.approx(differences.mean(), abs=1e-12)
    error = math.sqrt((1 / 5 + 80 / 320) * differences.var(ddof=1))
    assert table.loc["log_loss", "standard_error"] == pytest.approx(error, abs=1e-12)


def test_copies_of_an_imputation_change_nothing() -> None:
    data = simulate(repeats=2)
    copies = pd.concat([data.assign(imputation=k) for k in range(3)])
    pd.testing.assert_frame_equal(compare_procedures(data, **SETTINGS), compare_procedures(copies, **SETTINGS))


def test_weights_are_repeated_rows_inside_a_fold() -> None:
    data = simulate()
    weight = np.where(data["row_id"].astype(int) % 3 == 0, 2.0, 1.0)
    twice = pd.concat([data, data[weight == 2].assign(row_id=lambda t: t["row_id"] + "again")])
    measured = ["estimate", "rope"]
    left = compare_procedures(data.assign(weight=weight), **SETTINGS)[measured]
    pd.testing.assert_frame_equal(left, compare_procedures(twice, **SETTINGS)[measured])


def test_order_of_rows_and_other_models_change_nothing() -> None:
    data = simulate(repeats=2)
    table = compare_procedures(data, **SETTINGS)
    shuffled = compare_procedures(data.sample(frac=1, random_state=4), **SETTINGS)
    keys = ["model", "metric", "threshold_probability"]
    pd.testing.assert_frame_equal(
        table.sort_values(keys).reset_index(drop=True), shuffled.sort_values(keys).reset_index(drop=True)
    )
    alone = compare_procedures(data[data["model"] != "b"], **SETTINGS)
    pd.testing.assert_frame_equal(table[table["model"] == "a"].reset_index(drop=True), alone)


def test_folds_of_unequal_size_count_alike_and_share_their_mean_size() -> None:
    data = simulate()
    fold = np.minimum(data["row_id"].astype(int) // 60, 4)
    uneven = data.assign(fold=fold, n_train=400 - fold.map(fold[data["model"] == "ref"].value_counts()))
    row = of_model(compare_procedures(uneven, **SETTINGS), "a").loc["log_loss"]
    differences = by_hand(uneven, "a", log_loss)
    assert row["estimate"] == pytest.approx(differences.mean(), abs=1e-12)
    assert row["standard_error"] == pytest.approx(math.sqrt((1 / 5 + 80 / 320) * differences.var(ddof=1)), abs=1e-12)


def test_only_internal_validation_and_common_rows_are_compared() -> None:
    data = simulate()
    beside = pd.concat([data, data.assign(validation="temporal"), data.assign(validation="apparent")])
    pd.testing.assert_frame_equal(compare_procedures(beside, **SETTINGS), compare_procedures(data, **SETTINGS))
    lacking = data[(data["model"] != "a") | (data["row_id"].astype(int) >= 40)]
    common = data[data["row_id"].astype(int) >= 40]
    left, right = (of_model(compare_procedures(t, **SETTINGS), "a") for t in (lacking, common))
    assert left.loc["log_loss", "estimate"] == pytest.approx(right.loc["log_loss", "estimate"], abs=1e-12)
    assert left.loc["log_loss", "n"] == 360


def test_unknown_outcomes_are_left_out() -> None:
    data = simulate()
    unknown = data["row_id"].astype(int) < 30
    hidden = data.assign(y_true=data["y_true"].mask(unknown), weight=data["weight"].mask(unknown, 0.0))
    pd.testing.assert_frame_equal(
        compare_procedures(hidden, **SETTINGS), compare_procedures(data[~unknown], **SETTINGS)
    )


def test_a_fold_without_events_has_no_c_statistic() -> None:
    data = simulate(2000)
    data.loc[data["fold"] == 0, "y_true"] = 0.0
    table = of_model(compare_procedures(data, **SETTINGS), "a")
    assert table.loc["c_statistic", "n_folds"] == 4
    assert table.loc["log_loss", "n_folds"] == 5


def test_a_score_that_only_ranks_is_compared_by_the_c_statistic_alone() -> None:
    data = simulate()
    score = data[data["model"] == "b"].assign(model="score", scale="score", n_train=0)
    score = score.assign(y_pred=score["y_prob"], y_prob=math.nan)
    table = of_model(compare_procedures(pd.concat([data, score]), **SETTINGS), "score")
    assert table.loc["c_statistic", "status"] == "ok"
    assert set(table.drop("c_statistic")["status"]) == {"not assessable"}
    same = of_model(compare_procedures(data, **SETTINGS), "b")
    assert table.loc["c_statistic", "estimate"] == same.loc["c_statistic", "estimate"]


def test_a_follow_up_score_is_compared_by_its_squared_error() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(40, 15, 300)
    data = tabulate(y, {"ref": math.nan, "a": math.nan}, scale="points")
    data["y_pred"] = np.concatenate([y + rng.normal(0, 10, 300), y + rng.normal(0, 12, 300)])
    table = compare_procedures(data, **SETTINGS)
    (row,) = table.to_dict("records")
    assert row["metric"] == "mean_squared_error"
    errors = (data["y_pred"] - data["y_true"]) ** 2
    means = errors.groupby([data["model"], data["fold"]]).mean()
    assert row["estimate"] == pytest.approx((means["a"] - means["ref"]).mean())
    assert row["rope"] == pytest.approx(0.005 * means["ref"].mean())
    assert pd.isna(row["events"])


def test_small_counts_are_suppressed() -> None:
    data = simulate()
    few = data.assign(y_true=(data["row_id"].astype(int) < 3).astype(float))
    table = compare_procedures(few, **SETTINGS)
    assert set(table["status"]) == {"suppressed"}
    assert (
        table[["estimate", "lower", "upper", "standard_error", "rope", "p_better", "n", "events"]].isna().all(axis=None)
    )


def test_a_threshold_that_few_pass_is_suppressed() -> None:
    data = simulate()
    third = float(data.loc[data["model"] == "ref", "y_prob"].nlargest(3).iloc[-1])
    table = compare_procedures(data, **(SETTINGS | {"thresholds": {"ssi": (third,)}}))
    assert set(table.loc[table["metric"] == "net_benefit", "status"]) == {"suppressed"}
    assert set(table.loc[table["metric"] != "net_benefit", "status"]) == {"ok"}


def test_one_fold_is_not_assessable() -> None:
    table = compare_procedures(simulate().assign(fold=0), **SETTINGS)
    assert set(table["status"]) == {"not assessable"}
    assert set(table["n_folds"]) == {1}


def test_outcome_without_the_reference_has_no_rows() -> None:
    data = simulate()
    table = compare_procedures(data[data["model"] != "ref"], **SETTINGS)
    assert table.empty
    assert tuple(table.columns) == PROCEDURES


def test_oracle_files_are_there() -> None:
    assert (Path(__file__).parent / "oracles" / "R" / "12_cv_comparison.R").is_file()
