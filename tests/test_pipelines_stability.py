"""Stability: the exact oracle, what must be 0, and what may not be told."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from oracle_05 import develop, read_birthwt, read_indices

from pipelines.refitting.refitted import Developed, Refitted, match_developed
from pipelines.refitting.stability import (
    LEAST_IN_GROUP,
    compute_classification_instability,
    compute_instability,
    compute_weighted_quantile,
    list_patients,
    split_neighbours,
    tabulate_stability,
    trace_instability,
)
from schemas.tables import INSTABILITY_CURVE, STABILITY


@pytest.fixture(scope="module")
def birthwt() -> Developed:
    return develop(*read_birthwt(), read_indices())


def make_tables(developed: Developed, **changes: object) -> tuple[pd.DataFrame, dict[tuple[str, str], Refitted]]:
    predictions = pd.DataFrame(
        {
            "row_id": developed.row_id, "patient": developed.patient, "outcome": "low", "model": "logistic",
            "dataset": "development", "validation": "apparent", "repeat": 0, "fold": -1, "imputation": 0,
            "y_true": developed.y, "y_prob": developed.p, "y_pred": np.nan, "scale": "probability", "weight": 1.0,
        }
    )  # fmt: skip
    values = {
        "tuning": "repeated", "row_id": developed.row_id, "resample": np.arange(50),
        "predicted": developed.predicted, "counts": developed.counts, "n_resamples": 50,
    }  # fmt: skip
    return predictions, {("low", "logistic"): Refitted(**(values | changes))}


def test_supplied_resamples_are_exact(birthwt: Developed):
    found = compute_instability(birthwt.p, birthwt.predicted)
    assert found.mape.mean() == pytest.approx(0.0771780179694491, abs=1e-7)
    assert found.mape.max() == pytest.approx(0.202265822337372, abs=1e-6)
    np.testing.assert_allclose([found.low[0], found.high[0]], [0.0799294414915831, 0.68320285674286], atol=1e-6)
    moved = compute_classification_instability(birthwt.p, birthwt.predicted, 0.3)
    assert moved.mean() == pytest.approx(0.157037037037037, abs=1e-9)


def test_refits_that_agree_are_stable():
    p = np.linspace(0.1, 0.9, 50)
    found = compute_instability(p, np.tile(p, (20, 1)))
    assert found.mape.max() == found.width.max() == 0
    assert compute_classification_instability(p, np.tile(p, (20, 1)), 0.5).max() == 0


def test_weighted_quantile_is_the_usual_one_with_equal_weights():
    values = np.random.default_rng(0).normal(size=31)
    for share in (0.0, 0.3, 0.95, 1.0):
        found = compute_weighted_quantile(values, np.full(31, 2.5), share)
        assert found == pytest.approx(np.quantile(values, share), abs=1e-12)
    assert compute_weighted_quantile(np.array([3.0]), np.array([1.0]), 0.95) == 3.0


def test_summary_stands_beside_the_c_statistic(birthwt: Developed):
    table = tabulate_stability(*make_tables(birthwt), thresholds={"low": (0.3,)})
    assert list(table.columns) == list(STABILITY)
    values = table.set_index("metric")["estimate"]
    assert values["mean_mape"] == pytest.approx(0.0771780179694491, abs=1e-7)
    assert values["classification_instability"] == pytest.approx(0.157037037037037, abs=1e-9)
    assert values["c_statistic"] == pytest.approx(0.746153846153846, abs=1e-7)
    assert set(table["n"]) == {189}
    assert set(table["n_resamples"]) == {50}


def test_models_are_summarised_over_the_same_resamples(birthwt: Developed):
    predictions, refitted = make_tables(birthwt)
    few = Refitted(
        tuning="repeated", row_id=birthwt.row_id, resample=np.array([0, 2, 3]),
        predicted=birthwt.predicted[[0, 2, 3]], counts=birthwt.counts[[0, 2, 3]], n_resamples=4,
    )  # fmt: skip
    both = pd.concat([predictions, predictions.assign(model="forest")], ignore_index=True)
    table = tabulate_stability(both, refitted | {("low", "forest"): few}, thresholds={})
    by_model = table.groupby("model")[["n_resamples", "n_failed"]].first()
    assert by_model.loc["logistic"].tolist() == [4, 0]
    assert by_model.loc["forest"].tolist() == [4, 1]
    own = table[(table["model"] == "logistic") & (table["metric"] == "mean_mape")]["estimate"].item()
    assert own == pytest.approx(compute_instability(birthwt.p, birthwt.predicted[:4]).mape.mean())


def test_models_that_were_not_refitted_have_no_rows(birthwt: Developed):
    predictions, _ = make_tables(birthwt)
    assert tabulate_stability(predictions, {}, thresholds={}).empty
    assert trace_instability(predictions, {}).empty
    assert list_patients(predictions, {}) == {}


def test_refits_that_all_failed_are_said_to_have(birthwt: Developed):
    none = {"resample": np.empty(0, dtype=int), "predicted": np.empty((0, 189)), "counts": np.empty((0, 189), np.uint8)}
    predictions, refitted = make_tables(birthwt, **none)
    table = tabulate_stability(predictions, refitted, thresholds={"low": (0.3,)}).set_index("metric")
    assert table.loc["mean_mape", "status"] == "not assessable"
    assert set(table["n_failed"]) == {50}
    assert trace_instability(predictions, refitted)["status"].tolist() == ["not assessable"]
    assert list_patients(predictions, refitted) == {}


def test_no_point_of_the_curve_is_a_single_patient(birthwt: Developed):
    curve = trace_instability(*make_tables(birthwt))
    assert list(curve.columns) == list(INSTABILITY_CURVE)
    assert curve["n"].min() >= LEAST_IN_GROUP
    assert curve["n"].sum() == 189
    assert (np.diff(curve["predicted"]) > 0).all()
    assert ((curve["lower"] <= curve["middle"]) & (curve["middle"] <= curve["upper"])).all()
    assert trace_instability(*make_tables(birthwt), suppress_below=30)["n"].min() >= 30


def test_groups_hold_patients_and_not_operations(birthwt: Developed):
    predictions, refitted = make_tables(birthwt)
    order = np.argsort(birthwt.p)
    patient = np.empty(189, dtype=object)
    patient[order] = [f"p{k // 2}" for k in range(189)]
    developed = match_developed(predictions.assign(patient=patient), refitted["low", "logistic"])
    groups = split_neighbours(developed, 10)
    assert min(len(set(developed.patient[group])) for group in groups) >= 10
    assert len(groups) < 189 // 10
    assert split_neighbours(developed, 96) == []


def test_too_few_patients_are_hidden(birthwt: Developed):
    predictions, refitted = make_tables(birthwt)
    few = predictions.assign(y_true=np.where(predictions["row_id"].isin(["1", "2"]), 1.0, 0.0))
    table = tabulate_stability(few, refitted, thresholds={"low": (0.3,)})
    assert set(table["status"]) == {"suppressed"}
    assert table[["estimate", "n"]].isna().all(axis=None)
    curve = trace_instability(few, refitted)
    assert curve["status"].tolist() == ["suppressed"]
    assert curve[["predicted", "lower", "upper", "n"]].isna().all(axis=None)


def test_ranges_of_patients_are_listed_by_operation(birthwt: Developed):
    predictions, refitted = make_tables(birthwt)
    shuffled = predictions.sample(frac=1.0, random_state=3)
    (table,) = list_patients(shuffled, refitted).values()
    assert list(table.columns) == ["row_id", "p", "mape", "low", "high"]
    first = table.set_index("row_id").loc["0"]
    np.testing.assert_allclose(
        first.to_numpy(dtype=float)[1:], [0.130997450837433, 0.0799294414915831, 0.68320285674286], atol=1e-6
    )


def test_a_score_has_neither_thresholds_nor_c_statistic(birthwt: Developed):
    predictions, refitted = make_tables(birthwt)
    scores = predictions.assign(scale="points", y_prob=np.nan, y_pred=100 * birthwt.p, y_true=np.linspace(0, 100, 189))
    table = tabulate_stability(scores, refitted, thresholds={})
    assert table["metric"].tolist() == ["mean_mape", "p95_mape", "mean_width"]
    assert not math.isnan(table["estimate"].iloc[0])
