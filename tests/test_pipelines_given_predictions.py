from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.special import expit

from pipelines.given_predictions import compare_predictions, evaluate_predictions
from schemas.errors import InputError
from schemas.tables import EVALUATION, STATUSES

ORACLES = Path(__file__).parent / "oracles"


def simulate(n: int = 400, *, seed: int = 0) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.float64]]]:
    """Outcomes, and the risks of three models of growing noise."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(-1, 1.2, n)
    y = (rng.random(n) < expit(truth)).astype(float)
    return y, {name: expit(truth + rng.normal(0, s, n)) for name, s in (("old", 0.8), ("new", 0.3), ("third", 1.5))}


def test_columns_are_those_of_the_contract_whatever_is_asked() -> None:
    y, risks = simulate()
    for table in (
        compare_predictions(y, risks, reference="old"),
        compare_predictions(y, risks, reference="old", thresholds=[0.2], groups=np.arange(400) // 2),
        compare_predictions(y[:6], {name: p[:6] for name, p in risks.items()}, reference="new"),
        evaluate_predictions(y, risks["old"], thresholds=[0.2]),
    ):
        assert tuple(table.columns) == EVALUATION
        assert set(table["status"]) <= set(STATUSES)
        assert table["n"].dtype == table["events"].dtype == "Int64"


def test_rows_of_each_model_are_those_of_its_own_evaluation() -> None:
    y, risks = simulate()
    table = compare_predictions(y, risks, reference="old", thresholds=[0.2, 0.4])
    for name, p in risks.items():
        own = table[(table["model"] == name) & ~table["metric"].str.endswith("_difference")].reset_index(drop=True)
        alone = evaluate_predictions(y, p, thresholds=[0.2, 0.4]).assign(model=name)
        pd.testing.assert_frame_equal(own, alone, check_exact=True)


def test_differences_follow_the_models_and_agree_with_r() -> None:
    data = pd.read_csv(ORACLES / "data" / "sim_val.csv")
    thresholds = (0.105, 0.255)
    table = compare_predictions(
        data["y"], {"second": data["p2"], "first": data["p1"]}, reference="second", thresholds=thresholds
    )
    found = table[table["metric"].str.endswith("_difference")]
    assert found.index.min() > table.index[~table["metric"].str.endswith("_difference")].max()
    assert set(found["model"]) == {"first"}
    assert set(found["interval_target"]) == {"this fixed model"}
    assert set(found["n"]) == {1200}
    got = found.set_index("metric")
    delong = json.loads((ORACLES / "01_delong.json").read_text())["expected"]["sim_val"]["paired_p1_vs_p2"]
    row = got.loc["c_statistic_difference"]
    assert row["interval_kind"] == "paired DeLong"
    assert row["estimate"] == pytest.approx(delong["auc_diff"]["value"], abs=1e-10)
    np.testing.assert_allclose([row["lower"], row["upper"]], delong["ci95_diff"]["value"], rtol=0, atol=1e-9)
    curves = json.loads((ORACLES / "04_decision_curve.json").read_text())["expected"]["sim_val"]
    benefits = got.loc["net_benefit_difference"].set_index("threshold_probability")
    for threshold in thresholds:
        at = curves["thresholds"]["value"].index(threshold)
        row = benefits.loc[threshold]
        assert row["estimate"] == pytest.approx(curves["diff_nb_1_minus_2"]["value"][at], abs=1e-10)
        half = 1.959963984540054 * curves["diff_nb_se_paired"]["value"][at]
        assert row["upper"] - row["estimate"] == pytest.approx(half, abs=1e-9)
    squares = (data["p1"] - data["y"]) ** 2 - (data["p2"] - data["y"]) ** 2
    row = got.loc["brier_score_difference"]
    assert row["estimate"] == pytest.approx(squares.mean(), abs=1e-12)
    assert row["upper"] - row["lower"] == pytest.approx(2 * 1.959963984540054 * squares.sem(), abs=1e-12)


def test_a_further_model_and_its_place_move_nothing_of_the_others() -> None:
    y, risks = simulate()
    two = {name: risks[name] for name in ("old", "new")}
    groups = np.arange(400) // 2
    first = compare_predictions(y, two, reference="old", groups=groups)
    second = compare_predictions(y, dict(reversed(risks.items())), reference="old", groups=groups)
    key = ["model", "metric"]
    kept = second[second["model"].isin(two)].set_index(key).sort_index()
    pd.testing.assert_frame_equal(first.set_index(key).sort_index(), kept, check_exact=True)


def test_order_of_the_rows_does_not_matter() -> None:
    y, risks = simulate(200)
    risks = {name: np.round(p, 2) for name, p in risks.items()}
    weights, groups = np.random.default_rng(2).choice([1.0, 2.0], 200), np.arange(200) // 3
    rows = np.random.default_rng(1).permutation(200)
    shuffled = {name: p[rows] for name, p in risks.items()}
    first = compare_predictions(y, risks, reference="old", weights=weights, groups=groups)
    second = compare_predictions(y[rows], shuffled, reference="old", weights=weights[rows], groups=groups[rows])
    numbers = ["estimate", "lower", "upper"]
    pd.testing.assert_frame_equal(first.drop(columns=numbers), second.drop(columns=numbers))
    np.testing.assert_allclose(first[numbers].astype(float), second[numbers].astype(float), atol=1e-12)


def test_repeated_patients_are_taken_together() -> None:
    y, risks = simulate(200)
    single = compare_predictions(y, risks, reference="old").set_index(["model", "metric"])
    double = compare_predictions(
        np.tile(y, 2), {name: np.tile(p, 2) for name, p in risks.items()}, reference="old",
        groups=np.tile(np.arange(200), 2),
    ).set_index(["model", "metric"])  # fmt: skip
    key = ("new", "log_loss_difference")
    assert double.loc[key, "interval_kind"] == "paired Wald, cluster-robust by patient"
    numbers = ["estimate", "lower", "upper"]
    np.testing.assert_allclose(single.loc[key, numbers].astype(float), double.loc[key, numbers].astype(float))
    kind = double.loc[("new", "c_statistic_difference"), "interval_kind"]
    assert kind == "paired patient bootstrap, percentile"


def test_a_model_against_itself_differs_by_nothing() -> None:
    y, risks = simulate()
    table = compare_predictions(y, {"a": risks["old"], "b": risks["old"]}, reference="a", thresholds=[0.2])
    found = table[table["metric"].str.endswith("_difference")]
    assert (found["estimate"] == 0).all()


def test_unknown_outcomes_are_left_out_and_counted() -> None:
    y, risks = simulate()
    longer = np.concatenate([y, np.full(30, np.nan), [1.0, 0.0]])
    weights = np.concatenate([np.ones(430), [0.0, 0.0]])
    more = {name: np.concatenate([p, np.full(32, 0.5)]) for name, p in risks.items()}
    first, second = (
        compare_predictions(outcome, given, reference="old", weights=w, thresholds=[0.2])
        for outcome, given, w in ((y, risks, None), (longer, more, weights))
    )
    pd.testing.assert_frame_equal(first, second)
    assert first.attrs == {"n_unknown": 0, "n_without_weight": 0}
    assert second.attrs == {"n_unknown": 30, "n_without_weight": 2}
    assert evaluate_predictions(longer, more["old"]).attrs["n_unknown"] == 30


def test_small_counts_are_hidden_in_the_differences_too() -> None:
    y, risks = simulate(60)
    y[:] = np.arange(60) < 3
    table = compare_predictions(y, risks, reference="old", thresholds=[0.2])
    assert set(table["status"]) == {"suppressed"}
    assert table[["n", "events", "estimate", "lower", "upper"]].isna().all(axis=None)


Y = [0, 1, 0, 1]
P = {"a": [0.1, 0.2, 0.3, 0.4], "b": [0.2, 0.3, 0.1, 0.5]}


@pytest.mark.parametrize(
    ("y", "p", "more", "message"),
    [
        (Y, P, {"reference": "A"}, "the reference must be a known name, got 'A'; nearest is 'a'; known: a, b"),
        (Y, {"a": P["a"]}, {}, "y_prob must hold two models or more, got 1; evaluate_predictions evaluates one"),
        (Y, P["a"], {}, "y_prob must be a dict of risks by name of the model"),
        (
            Y,
            {**P, "b": [0.1, 0.2]},
            {},
            r"y_prob of 'b' must be as long as y_true \(4\), got 2; give one value per row",
        ),
        (
            Y,
            {**P, "b": [0.1, np.nan, 0.2, 1.2]},
            {},
            r"y_prob of 'b' must be a probability in \[0, 1\], got 2 other values; look at positions 1, 3 \(from 0\)",
        ),
        (Y, {**P, "b": ["low", "high", "low", "low"]}, {}, "y_prob of 'b' must be a one-dimensional list of numbers"),
        (Y, {**P, "b": [P["a"]]}, {}, "y_prob of 'b' must be as long as y_true|one-dimensional list of numbers, got 2"),
        ([0, 1, 2, 1], P, {}, "y_true must be 0, 1 or missing, got 1 other values; look at positions 2"),
        (Y, P, {"weights": [1, 1, -1, 1]}, "weights must be 0 or more and finite, got 1 other values"),
        (Y, P, {"groups": ["x", None, "y", "z"]}, "groups must be a patient for every row, got 1 other values"),
        (Y, P, {"thresholds": [0.2, 1.0]}, r"thresholds must be probabilities in \(0, 1\), got \[1.0\]"),
        (Y, P, {"thresholds": 0.2}, r"thresholds must be a list of numbers, such as \[0.1, 0.2\]"),
    ],
)
def test_unusable_input_is_refused(y: Any, p: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare_predictions(y, p, **{"reference": "a", **more})
