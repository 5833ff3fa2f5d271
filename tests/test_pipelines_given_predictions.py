from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.special import expit

from pipelines.given_predictions import (
    bootstrap_predictions,
    compare_predictions,
    evaluate_acting,
    evaluate_predictions,
)
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
    assert first.attrs == {"n_unknown": 0, "n_without_weight": 0, "notes": ()}
    assert second.attrs == {"n_unknown": 30, "n_without_weight": 2, "notes": ()}
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
        ([0, 1, 2, 1], P, {}, "y_true must be 0, 1 or missing, got 1 other value; look at positions 2"),
        (Y, P, {"weights": [1, 1, -1, 1]}, "weights must be 0 or more and finite, got 1 other value"),
        (Y, P, {"groups": ["x", None, "y", "z"]}, "groups must be a patient for every row, got 1 other value"),
        (
            Y,
            P,
            {"thresholds": [0.2, 1.0]},
            "thresholds must be probabilities above 0 and below 1, got 1; drop the ends",
        ),
        (Y, P, {"thresholds": [10]}, "above 0 and below 1, got 10; divide percentages by 100"),
        (Y, P, {"thresholds": [0, 10]}, "got 0, 10; drop the ends, and divide percentages by 100"),
        (Y, P, {"thresholds": [-0.1]}, "got -0.1; choose others"),
        ([], {"a": [], "b": []}, {}, "y_true must have a row for every operation, got none"),
        (
            pd.Series(Y),
            {**P, "b": pd.Series(P["b"], index=[3, 2, 1, 0])},
            {},
            r"y_prob of 'b' must have the index of y_true, in the same order, got a Series .*reindex it, or give both "
            r"as arrays \(to_numpy\)",
        ),
        (
            Y,
            {"a": pd.Series(P["a"]), "b": pd.Series(P["b"], index=[3, 2, 1, 0])},
            {},
            "y_prob of 'b' must have the index of y_prob of 'a'",
        ),
        (pd.Series(Y), P, {"weights": pd.Series([1] * 4, index=list("abcd"))}, "weights must have the index of y_true"),
        (pd.Series(Y), P, {"groups": pd.Series([1] * 4, index=list("abcd"))}, "groups must have the index of y_true"),
        (Y, P, {"thresholds": 0.2}, r"thresholds must be a list of numbers, such as \[0.1, 0.2\]"),
    ],
)
def test_unusable_input_is_refused(y: Any, p: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare_predictions(y, p, **{"reference": "a", **more})


@pytest.mark.parametrize("function", [evaluate_predictions, bootstrap_predictions])
def test_series_of_different_patients_are_not_paired_by_position(function: Any) -> None:
    y = pd.Series(Y, index=list("abcd"))
    with pytest.raises(InputError, match="y_prob must have the index of y_true, in the same order"):
        function(y, pd.Series(P["a"], index=list("dcba")))
    with pytest.raises(InputError, match="y_true must have a row for every operation, got none"):
        function([], [])


def test_series_of_one_index_arrays_and_lists_are_the_same() -> None:
    y, risks = simulate(60)
    index = np.random.default_rng(1).permutation(60)
    plain = evaluate_predictions(y, risks["old"])
    as_series = [pd.Series(values, index=index) for values in (y, risks["old"])]
    pd.testing.assert_frame_equal(plain, evaluate_predictions(*as_series))
    pd.testing.assert_frame_equal(plain, evaluate_predictions(as_series[0], list(risks["old"])))


def test_thresholds_are_put_in_order_and_taken_once() -> None:
    y, risks = simulate()
    found = evaluate_predictions(y, risks["old"], thresholds=[0.3, 0.1, 0.3])
    pd.testing.assert_frame_equal(found, evaluate_predictions(y, risks["old"], thresholds=[0.1, 0.3]))


def spread(n: int, events: int) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.float64]]]:
    """So many events among n, and the risks of two models that know a little of them."""
    rng = np.random.default_rng(5)
    y = np.zeros(n)
    y[:events] = 1
    return y, {name: expit(0.7 * y - 1 + rng.normal(0, 1, n)) for name in ("a", "b")}


@pytest.mark.parametrize(
    ("n", "events", "notes", "slope"),
    [
        (200, 9, ("fewer than 10 events: read no calibration from these",), "not assessable"),
        (200, 10, ("fewer than 20 events: do not read the calibration slope from these",), "ok"),
        (200, 20, (), "ok"),
        (200, 191, ("fewer than 10 non-events: read no calibration from these",), "not assessable"),
        (
            15,
            8,
            tuple(f"fewer than 10 {name}: read no calibration from these" for name in ("events", "non-events")),
            "not assessable",
        ),
    ],
)
def test_few_events_bear_no_calibration(n: int, events: int, notes: tuple[str, ...], slope: str) -> None:
    y, risks = spread(n, events)
    compared = compare_predictions(y, risks, reference="a")
    assert compared.attrs["notes"] == notes
    assert set(compared[compared["metric"].str.startswith("calibration_slope")]["status"]) == {slope}
    for table in (compared, evaluate_predictions(y, risks["a"]), bootstrap_predictions(y, risks["a"], n_resamples=100)):
        rows = table[table["metric"].isin(["calibration_slope", "calibration_intercept"])]
        assert set(rows["status"]) == {slope}
        assert rows["estimate"].isna().all() == (slope != "ok")
        assert (table[table["metric"] == "brier_score"]["status"] == "ok").all()
        assert table.attrs["notes"] == notes


@pytest.mark.parametrize(("events", "limits"), [(0, (0.0, 0.0095122)), (400, (0.9904878, 1.0))])
def test_without_any_event_the_rate_has_the_interval_of_wilson(events: int, limits: tuple[float, float]) -> None:
    """The limit is z^2 / (n + z^2), with z^2 = 3.841459 and n = 400."""
    y, risks = spread(400, events)
    table = evaluate_predictions(y, risks["a"])
    rate = table.set_index("metric").loc["event_rate"]
    assert (rate["status"], rate["estimate"]) == ("ok", events / 400)
    assert (rate["lower"], rate["upper"]) == pytest.approx(limits, abs=1e-6)
    name = "non-events" if events else "events"
    assert f"no {name}: discrimination and calibration cannot be assessed" in table.attrs["notes"]
    assert table.set_index("metric").loc["c_statistic", "status"] == "not assessable"
    half = evaluate_predictions(y, risks["a"], groups=np.arange(400) // 2).set_index("metric").loc["event_rate"]
    assert half["upper"] - half["lower"] == pytest.approx(3.841459 / (200 + 3.841459), abs=1e-7)


def test_intervals_say_what_they_allow_for() -> None:
    y, risks = simulate()
    weights = np.where(np.arange(400) % 2, 1.0, 3.0)
    settings: tuple[dict[str, Any], ...] = (
        {},
        {"weights": weights},
        {"weights": weights, "groups": np.arange(400) // 2},
    )
    plain, weighted, grouped = (
        evaluate_predictions(y, risks["old"], **more).set_index("metric")["interval_kind"] for more in settings
    )
    for metric in ("brier_score", "event_rate"):
        assert "by patient" not in plain[metric] + weighted[metric]
        assert "robust to weights" in weighted[metric]
        assert "cluster-robust by patient" in grouped[metric]
    assert plain["event_rate"] == "Wilson"
    assert weighted["brier_score"] == "Wald, robust to weights"
    assert plain["c_statistic"] == "DeLong, logit scale"
    assert weighted["c_statistic"] == "patient bootstrap, percentile"


def test_acting_on_everyone_and_on_nobody_has_a_closed_form() -> None:
    y, _ = simulate()
    weights = np.where(np.arange(400) % 2, 1.0, 3.0)
    table = evaluate_acting(y, thresholds=[0.4, 0.1], weights=weights)
    assert tuple(table.columns) == EVALUATION
    found = table.set_index(["model", "threshold_probability"])
    rate = float(np.average(y, weights=weights))
    for t in (0.1, 0.4):
        row = found.loc[("treat_all", t)]
        assert row["estimate"] == pytest.approx(rate - (1 - rate) * t / (1 - t), abs=1e-12)
        assert row["lower"] < row["estimate"] < row["upper"]
        assert found.loc[("treat_none", t), "estimate"] == 0
    assert set(evaluate_acting([1.0] * 3 + [0.0] * 50, thresholds=[0.1])["status"]) == {"suppressed"}
