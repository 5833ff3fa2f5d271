"""Calibration curves by group, and sites as a funnel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from audit_world import HIDDEN_SITES, OUTCOME, SHIFT, SUBGROUPS, simulate
from scipy.special import expit, logit
from test_reports_report import REFERENCE

from pipelines.curves import compute_curves
from pipelines.groups.site_funnel import find_limits
from pipelines.intervals import Z
from pipelines.measures.revealing import PLACE, leave_out_revealing
from schemas.tables import CURVES


def curves_of(predictions: pd.DataFrame, *names: str, **settings: Any) -> dict[str, pd.DataFrame]:
    own = predictions[predictions["model"] == REFERENCE]
    return compute_curves(own, thresholds={}, subgroups=names or SUBGROUPS, **settings)


def make(groups: dict[str, tuple[int, int]], **columns: Any) -> pd.DataFrame:
    """Make predictions with the given number of events and non-events by site."""
    rng = np.random.default_rng(3)
    y = np.concatenate([np.repeat([1.0, 0.0], pair) for pair in groups.values()])
    site = np.repeat(list(groups), [sum(pair) for pair in groups.values()])
    n = y.size
    known = {
        "row_id": np.arange(n), "patient": np.arange(n), "outcome": OUTCOME, "dataset": "d", "validation": "external",
        "model": REFERENCE, "repeat": 0, "fold": 0, "imputation": 0, "y_true": y, "y_pred": math.nan,
        "y_prob": expit(rng.normal(-1, 1, n) + y), "scale": "probability", "weight": 1.0, "n_train": 0, "site": site,
    }  # fmt: skip
    return pd.DataFrame({**known, **columns})


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    return simulate()


@pytest.fixture(scope="module")
def curves(world: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return curves_of(world)


# --- curves by group


def test_the_curve_of_a_shifted_group_lies_where_the_shift_puts_it(curves: dict[str, pd.DataFrame]) -> None:
    table = curves["group_calibration"]
    assert tuple(table.columns) == CURVES["group_calibration"]
    for site, shift in (("A", SHIFT), ("B", 0.0)):
        own = table[(table["subgroup"] == "site") & (table["level"] == site)]
        truth = expit(logit(own["predicted"]) + shift)
        middle = slice(8, 32)
        assert np.abs(own["observed"] - truth)[middle].max() < 0.1
        assert ((own["lower"] <= truth) & (truth <= own["upper"]))[middle].mean() > 0.7
    assert (table["lower"] < table["observed"]).all()
    assert (table["observed"] < table["upper"]).all()


def test_hidden_groups_have_no_curve(curves: dict[str, pd.DataFrame]) -> None:
    table = curves["group_calibration"]
    shown = set(table.loc[table["subgroup"] == "site", "level"])
    assert shown == {"A", "B", "C"}
    assert set(table.loc[table["subgroup"] == "sex", "level"]) == {"female"}, "unknown is small, male hides it"


@pytest.mark.parametrize(("events", "others", "knots"), [(19, 200, 0), (20, 200, 3), (99, 99, 3), (100, 100, 4)])
def test_a_curve_needs_twenty_of_each_and_stays_simple_below_a_hundred(events: int, others: int, knots: int) -> None:
    table = curves_of(make({"own": (events, others), "rest": (60, 200)}), "site")["group_calibration"]
    assert set(table.loc[table["level"] == "own", "knots"]) == ({knots} if knots else set())


def test_no_end_of_a_curve_is_the_risk_of_a_patient_and_enough_lie_beyond(world: pd.DataFrame) -> None:
    data = make({"own": (25, 30), "rest": (60, 200)})
    table = curves_of(data, "site", suppress_below=8)["group_calibration"]
    own = table.loc[table["level"] == "own", "predicted"]
    risks = data.loc[data["site"] == "own", "y_prob"]
    assert (risks < own.min()).sum() >= 8
    assert (risks > own.max()).sum() >= 8
    assert not np.isin(own, risks).any()
    np.testing.assert_allclose(own.iloc[[0, -1]] * 1000, np.rint(own.iloc[[0, -1]] * 1000), atol=1e-9)


def test_operations_of_one_patient_do_not_count_as_many_beyond_the_end() -> None:
    data = make({"own": (60, 60), "rest": (60, 200)})
    lowest = data[data["site"] == "own"].nsmallest(10, "y_prob").index
    data.loc[lowest, "patient"] = -1
    table = curves_of(data, "site")["group_calibration"]
    own = table.loc[table["level"] == "own", "predicted"]
    beyond = data[(data["site"] == "own") & (data["y_prob"] < own.min())]
    assert beyond["patient"].nunique() >= 5


def test_doubled_weights_leave_the_curve_and_unequal_ones_move_it() -> None:
    data = make({"own": (120, 150), "rest": (60, 200)})
    plain, doubled, moved = (
        curves_of(data.assign(weight=weight), "site")["group_calibration"]
        for weight in (1.0, 0.7, np.where(data["y_true"] == 1, 2.5, 0.9))
    )
    np.testing.assert_allclose(plain["observed"], doubled["observed"], atol=1e-9)
    own = plain["level"] == "own"
    assert (moved.loc[own, "observed"] > plain.loc[own, "observed"]).all()


def test_first_repeat_is_shown_and_apparent_predictions_never() -> None:
    data = make({"own": (60, 90), "rest": (60, 200)}, validation="internal")
    both = pd.concat([data, data.assign(repeat=1, y_prob=0.5)])
    pd.testing.assert_frame_equal(
        curves_of(data, "site")["group_calibration"], curves_of(both, "site")["group_calibration"]
    )
    none = curves_of(data.assign(validation="apparent"), "site")
    assert none["group_calibration"].empty
    assert none["site_funnel"].empty


def test_without_subgroups_there_are_none_and_columns_stay() -> None:
    found = compute_curves(make({"own": (60, 90)}), thresholds={})
    assert {name: tuple(found[name].columns) for name in ("group_calibration", "site_funnel")} == {
        name: CURVES[name] for name in ("group_calibration", "site_funnel")
    }
    assert found["group_calibration"].empty


def test_attributes_that_would_count_a_few_patients_are_left_out(curves: dict[str, pd.DataFrame]) -> None:
    table = curves["group_calibration"]
    place = {"outcome": OUTCOME, "dataset": "development", "validation": "internal", "model": REFERENCE}
    revealing = pd.DataFrame([place | {"subgroup": "site"}], columns=list(PLACE))
    left = leave_out_revealing(table, revealing, table["subgroup"])
    assert set(left["subgroup"]) == {"sex", "age"}
    pd.testing.assert_frame_equal(leave_out_revealing(table, revealing.iloc[:0], table["subgroup"]), table)


# --- sites as a funnel


def test_sites_are_placed_by_their_own_sums() -> None:
    data = make({"one": (30, 60), "two": (45, 200)})
    table = curves_of(data, "site")["site_funnel"].set_index("level")
    assert tuple(curves_of(data, "site")["site_funnel"].columns) == CURVES["site_funnel"]
    rows = data[data["site"] == "one"]
    expected, variance = rows["y_prob"].sum(), (rows["y_prob"] * (1 - rows["y_prob"])).sum()
    own = table.loc["one"]
    assert own["expected"] == pytest.approx(expected)
    assert own["estimate"] == pytest.approx(30 / expected)
    assert own["precision"] == pytest.approx(expected / math.sqrt(variance))
    assert own["upper"] - 1 == pytest.approx(Z * math.sqrt(variance) / expected)
    assert (own["n"], own["events"]) == (90, 30)


def test_a_shifted_site_lies_above_and_hidden_ones_have_no_number(curves: dict[str, pd.DataFrame]) -> None:
    sites = curves["site_funnel"].query("part == 'site'").set_index("level")
    assert sites["position"].to_dict()["A"] == "above"
    hidden = sites.loc[list(HIDDEN_SITES)]
    assert set(hidden["status"]) == {"suppressed"}
    numbers = ["expected", "precision", "estimate", "lower", "upper", "n", "events"]
    assert hidden[numbers].isna().all(axis=None)
    limits = curves["site_funnel"].query("part == 'limit'")
    np.testing.assert_allclose(limits["upper"] - 1, Z / limits["precision"])
    assert limits["level"].isna().all()
    shown = sites.loc[["A", "B", "C"], "precision"]
    assert limits["precision"].min() == pytest.approx(shown.min() / 1.1)


def test_limits_hold_nineteen_of_twenty_sites_whose_risks_are_right() -> None:
    rng = np.random.default_rng(8)
    n_sites, size = 1500, 120
    p = expit(rng.normal(-1.2, 0.8, (n_sites, size)))
    ratio = (rng.random(p.shape) < p).sum(axis=1) / p.sum(axis=1)
    precision = p.sum(axis=1) / np.sqrt((p * (1 - p)).sum(axis=1))
    limits = np.array([find_limits(value) for value in precision])
    outside = np.mean((ratio < limits[:, 0]) | (ratio > limits[:, 1]))
    assert 0.03 < outside < 0.07


def test_sites_that_the_models_know_are_not_judged_internally() -> None:
    data = make({"one": (30, 60), "two": (45, 200)}, validation="internal", n_train=100)
    table = curves_of(data, "site", predictors={REFERENCE: {"site"}})["site_funnel"]
    assert set(table["status"]) == {"not informative"}
    assert table["position"].isna().all()
    outside = curves_of(data.assign(validation="external"), "site", predictors={REFERENCE: {"site"}})["site_funnel"]
    assert set(outside.loc[outside["part"] == "site", "status"]) == {"ok"}


def test_sites_with_few_events_are_not_assessed() -> None:
    table = curves_of(make({"one": (9, 60), "two": (45, 200)}), "site")["site_funnel"]
    assert table.set_index("level").loc["one", "status"] == "not assessable"
    assert "limit" not in set(table["part"]), "one site alone has no lines"
