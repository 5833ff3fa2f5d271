from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.special import expit

from pipelines.comparison import compare_fold_predictions
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.intervals import create_draws
from schemas.tables import COMPARISON

ORACLES = Path(__file__).parent / "oracles"
SETTINGS: dict[str, Any] = {"thresholds": {"ssi": (0.105, 0.255)}, "threshold_sets": {"ssi": "set"}, "seed": 3}


def tabulate(y: npt.ArrayLike, risks: dict[str, npt.ArrayLike], **columns: Any) -> pd.DataFrame:
    """A predictions table of several models on the same patients."""
    n = len(np.asarray(y))
    known: dict[str, Any] = {
        "row_id": np.arange(n).astype(str), "patient": np.arange(n).astype(str), "outcome": "ssi",
        "dataset": "later", "validation": "temporal", "repeat": 0, "fold": -1, "imputation": 0,
        "y_true": np.asarray(y, dtype=float), "y_pred": math.nan, "scale": "probability", "weight": 1.0,
        "n_train": 500, "site": "s", "year": "2020",
    }  # fmt: skip
    return pd.concat(
        [pd.DataFrame({**known, "model": name, "y_prob": p, **columns}) for name, p in risks.items()],
        ignore_index=True,
    )


def read_sim_val() -> pd.DataFrame:
    data = pd.read_csv(ORACLES / "data" / "sim_val.csv")
    return tabulate(data["y"], {"second": data["p2"], "first": data["p1"]})


def simulate_folds(n: int = 300, *, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.normal(-1, 1.2, n)
    y = (rng.random(n) < expit(truth)).astype(float)
    risks = {name: expit(truth + rng.normal(0, spread, n)) for name, spread in (("ref", 0.3), ("a", 1.0), ("b", 0.3))}
    return tabulate(y, risks, validation="internal", fold=np.arange(n) % 5, dataset="development")


def of_model(table: pd.DataFrame, model: str) -> pd.DataFrame:
    return table[table["model"] == model].set_index("metric")


def test_fixed_predictions_agree_with_r() -> None:
    got = of_model(compare_fold_predictions(read_sim_val(), reference="second", **SETTINGS), "first")
    delong = json.loads((ORACLES / "01_delong.json").read_text())["expected"]["sim_val"]["paired_p1_vs_p2"]
    row = got.loc["c_statistic"]
    assert row["interval_kind"] == "paired DeLong"
    assert row["estimate"] == pytest.approx(delong["auc_diff"]["value"], abs=1e-10)
    np.testing.assert_allclose([row["lower"], row["upper"]], delong["ci95_diff"]["value"], rtol=0, atol=1e-9)
    curves = json.loads((ORACLES / "04_decision_curve.json").read_text())["expected"]["sim_val"]
    benefit = got.loc["net_benefit"].set_index("threshold_probability")
    for threshold in SETTINGS["thresholds"]["ssi"]:
        at = curves["thresholds"]["value"].index(threshold)
        row = benefit.loc[threshold]
        assert row["estimate"] == pytest.approx(curves["diff_nb_1_minus_2"]["value"][at], abs=1e-10)
        half = 1.959963984540054 * curves["diff_nb_se_paired"]["value"][at]
        assert row["upper"] - row["estimate"] == pytest.approx(half, abs=1e-9)


def test_columns_are_those_of_the_contract() -> None:
    table = compare_fold_predictions(simulate_folds(), reference="ref", **SETTINGS)
    assert tuple(table.columns) == COMPARISON
    assert set(table["model"]) == {"a", "b"}
    assert set(table["reference"]) == {"ref"}
    assert set(table["threshold_set"]) == {"set"}
    assert set(table["interval_target"]) == {"the procedure, conditional on the fitted fold models"}


def test_differences_are_those_of_the_evaluation() -> None:
    data = simulate_folds()
    table = of_model(compare_fold_predictions(data, reference="ref", **SETTINGS), "a")
    evaluation = evaluate_fold_predictions(data, subgroups=(), **SETTINGS)
    ours, theirs = (of_model(evaluation, name) for name in ("a", "ref"))
    for metric in ("c_statistic", "brier_score", "scaled_brier", "log_loss", "calibration_slope", "ici"):
        difference = ours.loc[metric, "estimate"] - theirs.loc[metric, "estimate"]
        assert table.loc[metric, "estimate"] == pytest.approx(difference, abs=1e-12)
    compared = table[table["status"] == "ok"].drop(index=["calibration_slope", "ici"])
    assert set(compared["interval_kind"]) == {"paired patient bootstrap, percentile"}
    assert not table.reset_index().duplicated(["metric", "threshold_probability"]).any()
    described = table.loc[["calibration_slope", "ici"]]
    assert set(described["interval_kind"]) == {"described only"}
    assert described[["lower", "upper"]].isna().all(axis=None)


def test_paired_interval_of_a_mean_is_that_of_the_differences() -> None:
    data = read_sim_val()
    got = of_model(compare_fold_predictions(data, reference="second", **SETTINGS), "first").loc["brier_score"]
    wide = data.pivot_table(index="row_id", columns="model", values=["y_prob", "y_true"], sort=False)
    losses = (wide["y_prob"] - wide["y_true"]) ** 2
    difference = losses["first"] - losses["second"]
    assert got["estimate"] == pytest.approx(difference.mean(), abs=1e-12)
    half = 1.959963984540054 * difference.std() / math.sqrt(len(difference))
    assert got["upper"] - got["lower"] == pytest.approx(2 * half, abs=1e-12)


def test_fold_predictions_are_compared_by_resamples_of_the_same_patients() -> None:
    """Resample by resample, by hand: all rows of a patient, in both repeats and of both models, go together."""
    first, second = simulate_folds(150, seed=1), simulate_folds(150, seed=1)
    second["y_prob"] = expit(np.log(second["y_prob"] / (1 - second["y_prob"])) + np.tile(np.linspace(-1, 1, 150), 3))
    data = pd.concat([first, second.assign(repeat=1)], ignore_index=True)
    data["patient"] = (data["row_id"].astype(int) // 2).astype(str).str.zfill(3)
    got = of_model(compare_fold_predictions(data, reference="ref", **SETTINGS), "a")
    counts = create_draws(SETTINGS["seed"], "ssi", "development", "internal").patient_counts(75)
    wide = data.pivot_table(index=["repeat", "row_id", "y_true"], columns="model", values="y_prob").reset_index()
    code = wide["row_id"].astype(int).to_numpy() // 2

    def lose(p: pd.Series) -> pd.Series:
        return -(wide["y_true"] * np.log(p) + (1 - wide["y_true"]) * np.log(1 - p))

    def benefit(p: pd.Series) -> pd.Series:
        return (p >= 0.255) * (wide["y_true"] - (1 - wide["y_true"]) * 0.255 / 0.745)

    benefits = got.loc["net_benefit"].set_index("threshold_probability")
    for row, by_row in (
        (got.loc["log_loss"], lose(wide["a"]) - lose(wide["ref"])),
        (benefits.loc[0.255], benefit(wide["a"]) - benefit(wide["ref"])),
    ):
        assert row["estimate"] == pytest.approx(by_row.mean(), abs=1e-12)
        drawn = np.array([np.average(by_row, weights=count[code]) for count in counts])
        np.testing.assert_allclose([row["lower"], row["upper"]], np.percentile(drawn, [2.5, 97.5]), atol=1e-12)


def test_a_repeat_that_says_the_same_narrows_no_interval() -> None:
    single = simulate_folds()
    double = pd.concat([single, single.assign(repeat=1)], ignore_index=True)
    numbers = [
        of_model(compare_fold_predictions(data, reference="ref", **SETTINGS), "a")[["estimate", "lower", "upper"]]
        for data in (single, double)
    ]
    np.testing.assert_allclose(numbers[0].astype(float), numbers[1].astype(float), atol=1e-9)


def test_few_events_are_said_beside_the_interval() -> None:
    data = simulate_folds(120)
    kept = data["row_id"].astype(int) < 9
    table = compare_fold_predictions(data.assign(y_true=kept.astype(float)), reference="ref", **SETTINGS)
    row = of_model(table, "a").loc["log_loss"]
    assert row["interval_kind"].startswith("paired patient bootstrap, percentile; fewer than 10 events or non-events")


def test_a_model_against_itself_differs_by_nothing() -> None:
    data = simulate_folds()
    copy = data[data["model"] == "ref"].assign(model="copy")
    got = of_model(compare_fold_predictions(pd.concat([data, copy]), reference="ref", **SETTINGS), "copy")
    got = got[got["status"] == "ok"]
    assert (got["estimate"] == 0).all()
    tested = got.drop(index=["calibration_slope", "ici"])
    assert (tested[["lower", "upper"]] == 0).all(axis=None)


def test_reference_and_model_change_places() -> None:
    data = simulate_folds()
    data = data[data["model"] != "b"]
    first = of_model(compare_fold_predictions(data, reference="ref", **SETTINGS), "a")
    second = of_model(compare_fold_predictions(data, reference="a", **SETTINGS), "ref")
    np.testing.assert_allclose(first["estimate"], -second["estimate"], atol=1e-15)
    np.testing.assert_allclose(first["lower"], -second["upper"], atol=1e-12)


def test_adding_a_model_leaves_the_rows_of_the_others() -> None:
    data = simulate_folds()
    first = compare_fold_predictions(data[data["model"] != "b"], reference="ref", **SETTINGS)
    second = compare_fold_predictions(data, reference="ref", **SETTINGS)
    rest = second[second["model"] == "a"].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, rest, check_exact=True)


def test_a_score_is_compared_by_the_c_statistic_alone_on_the_rows_it_has() -> None:
    data = simulate_folds()
    score = data[data["model"] == "a"].assign(model="score", scale="score", y_pred=data["y_prob"], y_prob=np.nan)
    score = score.assign(weight=np.where(np.arange(len(score)) < 60, 0.0, 1.0))
    got = of_model(compare_fold_predictions(pd.concat([data, score]), reference="ref", **SETTINGS), "score")
    assert got.loc["c_statistic", "status"] == "ok"
    assert set(got.drop(index="c_statistic")["status"]) == {"not assessable"}
    assert set(got["n"]) == {240}
    later = data[data["row_id"].astype(int) >= 60]
    expected = of_model(compare_fold_predictions(later, reference="ref", **SETTINGS), "a").loc["c_statistic"]
    assert got.loc["c_statistic", "estimate"] == expected["estimate"]


def test_analyses_without_the_reference_give_no_rows() -> None:
    table = compare_fold_predictions(simulate_folds(), reference="absent", **SETTINGS)
    assert table.empty
    assert tuple(table.columns) == COMPARISON


def test_tiny_sample_is_hidden() -> None:
    data = simulate_folds(60).assign(y_true=lambda rows: (rows["row_id"].astype(int) < 3).astype(float))
    table = compare_fold_predictions(data, reference="ref", **SETTINGS)
    assert set(table["status"]) == {"suppressed"}
    assert table[["n", "events", "estimate", "lower", "upper"]].isna().all(axis=None)


@pytest.mark.slow
@pytest.mark.parametrize("validation", ["temporal", "internal"])
def test_paired_intervals_cover_the_true_difference(validation: str) -> None:
    n_studies, n, covered = 300, 400, np.zeros(2)
    rng = np.random.default_rng(1)
    truth = rng.normal(-1, 1.2, 2_000_000)
    shifted = expit(truth), expit(truth * 0.5)
    brier = [np.mean(expit(truth) * (1 - p) ** 2 + (1 - expit(truth)) * p**2) for p in shifted]
    loss = [-np.mean(expit(truth) * np.log(p) + (1 - expit(truth)) * np.log1p(-p)) for p in shifted]
    for _ in range(n_studies):
        x = rng.normal(-1, 1.2, n)
        y = (rng.random(n) < expit(x)).astype(float)
        data = tabulate(y, {"ref": expit(x), "weak": expit(x * 0.5)}, validation=validation, fold=np.arange(n) % 5)
        got = of_model(compare_fold_predictions(data, reference="ref", **SETTINGS), "weak")
        for i, (metric, (best, weak)) in enumerate({"brier_score": brier, "log_loss": loss}.items()):
            covered[i] += got.loc[metric, "lower"] < weak - best < got.loc[metric, "upper"]
    np.testing.assert_allclose(covered / n_studies, 0.95, atol=4 * math.sqrt(0.95 * 0.05 / n_studies))


def test_apparent_performance_is_not_compared() -> None:
    data = simulate_folds()
    apparent = data.assign(validation="apparent")
    assert compare_fold_predictions(apparent, reference="ref", **SETTINGS).empty
