"""Whom a study acts on: acting below t is the usual decision about not having the event, in every table alike."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from given_samples import estimate_at, make_sample
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_05 import develop, read_birthwt, read_indices
from outcome_builds import make_study
from scipy.special import expit

from outcomes.outcomes import build_outcomes
from pipelines.by_site.sites import tabulate_sites
from pipelines.comparison import compare_fold_predictions
from pipelines.curves import compute_curves
from pipelines.decisions import list_acting_below, list_thresholds
from pipelines.evaluate import build_groups, evaluate_fold_predictions
from pipelines.intervals import Z
from pipelines.measures.bootstrap import BY_THRESHOLD, observe_measures, resample_measures
from pipelines.measures.utility import (
    compute_benefits,
    compute_threshold_grid,
    linearise_interventions_avoided,
    linearise_net_benefit,
)
from pipelines.metrics import METRICS
from pipelines.procedures import compare_procedures
from pipelines.refitting.optimism import tabulate_optimism
from pipelines.refitting.refitted import Refitted
from schemas.definition import read_definition
from schemas.study import DecisionPlan, MarginPlan
from schemas.tables import EVALUATION

Floats = npt.NDArray[np.float64]

OF_ACTION = ("net_benefit", "standardised_net_benefit", "interventions_avoided", "share_acted_on")
OF_SIDES = ("sensitivity", "specificity", "ppv", "npv")
THRESHOLDS = (0.55, 0.7)
BELOW: dict[str, Any] = {"thresholds": {"success": THRESHOLDS}, "acts_below": {"success"}}
MIRRORED: dict[str, Any] = {"thresholds": {"success": tuple(1 - t for t in THRESHOLDS)}}


def simulate(n: int = 900, **columns: Any) -> pd.DataFrame:
    """Two models of a frequent outcome in two repeats, patients with several operations and unequal weights."""
    rng = np.random.default_rng(5)
    truth = rng.normal(0.7, 1.1, n)
    y = (rng.random(n) < expit(truth)).astype(float)
    weights = np.where(rng.random(n) < 0.4, 1.0, 1.6)
    position = np.arange(n)
    known = {
        "row_id": position.astype(str), "patient": (position // 2).astype(str), "outcome": "success",
        "dataset": "development", "validation": "internal", "imputation": 0, "y_true": y, "y_pred": math.nan,
        "scale": "probability", "weight": weights, "n_train": 720, "site": (position % 4).astype(str), "year": "2020",
        "sex": np.where(position % 3, "m", "f"),
    }  # fmt: skip
    parts = [
        pd.DataFrame(
            {
                **known,
                "model": model,
                "repeat": repeat,
                "fold": (position + repeat) % 5,
                "y_prob": expit(truth + rng.normal(0, noise, n)),
                **columns,
            }
        )
        for model, noise in (("ref", 0.3), ("rival", 0.8))
        for repeat in range(2)
    ]
    return pd.concat(parts, ignore_index=True)


def mirror(table: pd.DataFrame) -> pd.DataFrame:
    """The same predictions, of not having the event."""
    return table.assign(y_true=1 - table["y_true"], y_prob=1 - table["y_prob"])


def agree(below: pd.DataFrame, mirrored: pd.DataFrame, metrics: tuple[str, ...], keys: list[str]) -> None:
    """Compare rows at t with those of the mirrored table at 1 - t."""
    parts = (table[table["metric"].isin(metrics)] for table in (below, mirrored))
    first, second = (
        rows.assign(at=(rows["threshold_probability"] - k).abs().round(9))
        .set_index([*keys, "metric", "at"])
        .sort_index()
        for k, rows in enumerate(parts)
    )
    assert len(first) > 0
    assert (first["status"] == "ok").any()
    assert first.index.equals(second.index)
    assert first["status"].equals(second["status"])
    columns = ["estimate", "lower", "upper"]
    np.testing.assert_allclose(first[columns].to_numpy(), second[columns].to_numpy(), rtol=0, atol=1e-9)


def test_opting_out_has_the_published_form() -> None:
    y, p = np.array([1.0, 1.0, 1.0, 0.0, 0.0]), np.array([0.9, 0.7, 0.4, 0.3, 0.8])
    got = linearise_net_benefit(y, p, 0.7, np.ones(5), np.zeros(5, dtype=np.int64), acts_below=True).estimate
    true_negatives, false_negatives = 1, 1  # at 0.7 itself nobody is acted on
    assert got == pytest.approx(true_negatives / 5 - false_negatives / 5 * 0.3 / 0.7)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0.0, 1.0), st.floats(0.1, 5)), min_size=1, max_size=30),
    st.floats(0.01, 0.99),
)
def test_acting_at_or_above_is_what_it_was_to_the_bit(rows: list[tuple[int, float, float]], t: float) -> None:
    y, p, weights = np.array(rows, dtype=float).T
    expected = np.where(p >= t, y - (1 - y) * t / (1 - t), 0.0)
    assert compute_benefits(y, p, t).tobytes() == expected.tobytes()
    code = np.zeros(y.size, dtype=np.int64)
    spared = 100 * np.where(p < t, 1 - y - y * (1 - t) / t, 0.0)
    got = linearise_interventions_avoided(y, p, t, weights, code).estimate
    assert got == float(np.bincount(code, weights=weights * spared)[0] / np.bincount(code, weights=weights)[0])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0.1, 5)), min_size=1, max_size=30),
    st.floats(0.01, 0.99),
)
def test_acting_on_everyone_or_no_one_below_has_a_closed_form(rows: list[tuple[int, float]], t: float) -> None:
    y, weights = np.array(rows, dtype=float).T
    code = np.zeros(y.size, dtype=np.int64)
    everyone, no_one = (
        linearise_net_benefit(y, np.full_like(y, p), t, weights, code, acts_below=True).estimate for p in (0.0, 1.0)
    )
    rate = np.average(y, weights=weights)
    assert everyone == pytest.approx((1 - rate) - rate * (1 - t) / t, abs=1e-9)
    assert no_one == 0


def test_net_benefit_is_the_mean_utility_of_the_action() -> None:
    """An action that gains 1 where the outcome would be missed and costs the odds where it would be had anyway."""
    rng = np.random.default_rng(3)
    p = expit(rng.normal(1, 1, 40_000))
    y = (rng.random(p.size) < p).astype(float)
    t = 0.7
    utility = {
        name: np.where(acted, np.where(y == 1, -(1 - t) / t, 1.0), 0.0).mean()
        for name, acted in (("below", p < t), ("above", p >= t), ("all", p <= 1))
    }
    below, above = (
        estimate_at("net_benefit", make_sample(y, p, thresholds=(t,), acts_below=acts))[0, 0] for acts in (True, False)
    )
    assert below == pytest.approx(utility["below"], abs=1e-12)
    # true risks: acting on those below is the best that can be done, acting on the others does harm
    assert utility["below"] > max(0.0, utility["all"]) > 0 > utility["above"]
    assert above == pytest.approx(np.where(p >= t, y - (1 - y) * t / (1 - t), 0).mean(), abs=1e-12)


def test_interval_and_standardised_form_have_their_closed_forms() -> None:
    rng = np.random.default_rng(4)
    p = expit(rng.normal(1, 1, 500))
    y = (rng.random(p.size) < p).astype(float)
    t, n = 0.6, p.size
    sample = make_sample(y, p, thresholds=(t,), acts_below=True)
    ((value, lower, upper),) = estimate_at("net_benefit", sample)
    each = (p < t) * ((1 - y) - y * (1 - t) / t)
    assert (value, upper - lower) == pytest.approx((each.mean(), 2 * Z * each.std() / math.sqrt(n)))
    ((standardised, low, high),) = estimate_at("standardised_net_benefit", sample)
    others = 1 - y.mean()
    assert standardised == pytest.approx(each.mean() / others)
    # the published delta-method variance, of not having the event
    found, spared = np.mean(p[y == 0] < t), np.mean(p[y == 1] >= t)
    v = y.mean() / others * (1 - t) / t
    variance = (
        found * (1 - found) / others
        + v**2 * spared * (1 - spared) / y.mean()
        + v**2 * (1 - spared) ** 2 / (others * y.mean())
    ) / n
    assert high - low == pytest.approx(2 * Z * math.sqrt(variance))
    assert estimate_at("share_acted_on", sample)[0, 0] == pytest.approx(np.mean(p < t))
    everyone = (1 - y.mean()) - y.mean() * (1 - t) / t
    assert estimate_at("interventions_avoided", sample)[0, 0] == pytest.approx(
        100 * (each.mean() - everyone) / ((1 - t) / t)
    )


def test_sensitivity_and_the_like_stay_what_they_are() -> None:
    settings_of_both: dict[str, Any] = {"threshold_sets": {}, "subgroups": ["sex"], "seed": 1}
    table = simulate()
    below = evaluate_fold_predictions(table, **settings_of_both, **BELOW)
    usual = evaluate_fold_predictions(table, **settings_of_both, thresholds=BELOW["thresholds"])
    first, second = (found[~found["metric"].isin(OF_ACTION)].reset_index(drop=True) for found in (below, usual))
    pd.testing.assert_frame_equal(first, second)
    assert set(OF_SIDES) < set(first["metric"])


@pytest.mark.parametrize("validation", ["internal", "external"])
def test_evaluation_below_is_that_of_not_having_the_event(validation: str) -> None:
    table = simulate(validation=validation)
    table = table if validation == "internal" else table[table["repeat"] == 0]
    below = evaluate_fold_predictions(table, threshold_sets={}, subgroups=["sex"], seed=1, **BELOW)
    other = evaluate_fold_predictions(mirror(table), threshold_sets={}, subgroups=["sex"], seed=1, **MIRRORED)
    agree(below, other, OF_ACTION, ["model", "subgroup", "level"])


@pytest.mark.parametrize("validation", ["internal", "external"])
def test_comparison_below_is_that_of_not_having_the_event(validation: str) -> None:
    table = simulate(validation=validation)
    table = table if validation == "internal" else table[table["repeat"] == 0]
    # rows that one model lacks: the pairs are built anew
    table = table[(table["model"] == "ref") | (table["row_id"] != "7")]
    below, other = (
        compare_fold_predictions(rows, reference="ref", threshold_sets={}, seed=1, **keys)
        for rows, keys in ((table, BELOW), (mirror(table), MIRRORED))
    )
    agree(below, other, ("net_benefit",), ["model"])


def test_procedures_below_are_those_of_not_having_the_event() -> None:
    table = simulate()
    below, other = (
        compare_procedures(rows, reference="ref", margin=MarginPlan(), **keys)
        for rows, keys in ((table, BELOW), (mirror(table), MIRRORED))
    )
    agree(below, other, ("net_benefit",), ["model"])
    first, second = (found[found["metric"] == "net_benefit"]["p_better"].sort_values() for found in (below, other))
    np.testing.assert_allclose(first, second, atol=1e-9)


def test_sites_below_are_those_of_not_having_the_event() -> None:
    table = simulate(validation="internal-external", fold=0)
    table = table[table["repeat"] == 0].assign(fold=lambda rows: rows["site"].astype(int))
    below, other = (
        tabulate_sites(rows, reference="ref", seed=1, **keys)
        for rows, keys in ((table, BELOW), (mirror(table), MIRRORED))
    )
    agree(below, other, ("net_benefit",), ["model", "site", "reference"])


def test_optimism_below_is_that_of_not_having_the_event() -> None:
    developed = develop(*read_birthwt(), read_indices())
    own = pd.DataFrame(
        {
            "row_id": developed.row_id, "patient": developed.patient, "outcome": "success", "model": "m",
            "dataset": "development", "validation": "apparent", "repeat": 0, "fold": -1, "imputation": 0,
            "y_true": developed.y, "y_prob": developed.p, "y_pred": np.nan, "scale": "probability", "weight": 1.0,
        }
    )  # fmt: skip
    refits = Refitted(
        tuning="repeated", row_id=developed.row_id, resample=np.arange(50), predicted=developed.predicted,
        counts=developed.counts, n_resamples=52,
    )  # fmt: skip
    turned = replace(refits, predicted=1 - developed.predicted)
    evaluation = pd.DataFrame(columns=list(EVALUATION))
    keys: tuple[dict[str, Any], ...] = (
        {"thresholds": {"success": (0.3,)}, "acts_below": {"success"}}, {"thresholds": {"success": (0.7,)}},
    )  # fmt: skip
    below, other = (
        tabulate_optimism(rows, {("success", "m"): found}, evaluation, regression=["m"], **key).iloc[-1]
        for rows, found, key in ((own, refits, keys[0]), (mirror(own), turned, keys[1]))
    )
    assert (below["metric"], below["status"]) == ("net_benefit", "ok")
    for name in ("apparent", "optimism", "corrected"):
        assert below[name] == pytest.approx(other[name], abs=1e-9)
    assert below["apparent"] == pytest.approx(
        np.where(developed.p < 0.3, 1 - developed.y - developed.y * 0.7 / 0.3, 0.0).mean()
    )


def test_curve_below_is_that_of_not_having_the_event_and_knows_everyone() -> None:
    table = simulate()
    rate = np.average(table["y_true"], weights=table["weight"])
    below, other = (
        compute_curves(rows, **keys)["decision"] for rows, keys in ((table, BELOW), (mirror(table), MIRRORED))
    )
    first = below.assign(at=below["threshold_probability"].round(9)).set_index(["model", "at"]).sort_index()
    second = other.assign(at=(1 - other["threshold_probability"]).round(9)).set_index(["model", "at"]).sort_index()
    assert first.index.equals(second.index)
    for name in ("net_benefit", "lower", "upper", "declared"):
        np.testing.assert_allclose(first[name].astype(float), second[name].astype(float), atol=1e-9)
    t = below.loc[below["model"] == "treat_all", "threshold_probability"]
    everyone = below.loc[below["model"] == "treat_all", "net_benefit"]
    np.testing.assert_allclose(everyone, (1 - rate) - rate * (1 - t) / t, atol=1e-12)
    assert (below.loc[below["model"] == "treat_none", "net_benefit"] == 0).all()
    assert t.min() >= 1 - 2 * (1 - rate)
    assert t.max() == 0.99


def test_grid_below_goes_down_to_twice_the_share_without_the_event() -> None:
    grid = compute_threshold_grid(0.98, (0.97, 0.845), acts_below=True)
    np.testing.assert_allclose(grid, [0.845, 0.96, 0.97, 0.98, 0.99], atol=1e-15)
    assert compute_threshold_grid(0.1, (), acts_below=True).tolist() == (np.arange(1, 100) / 100).tolist()


def test_resamples_below_are_those_of_not_having_the_event() -> None:
    table = simulate()
    table = table[table["model"] == "ref"]
    (below,), (other,), (usual,) = (
        list(build_groups(rows, seed=1, **keys))
        for rows, keys in ((table, BELOW), (mirror(table), MIRRORED), (table, {"thresholds": BELOW["thresholds"]}))
    )
    counts = below.sample.draws.patient_counts(below.sample.n_patients)[:50]
    found = resample_measures(below.sample, BY_THRESHOLD, counts)
    turned = resample_measures(other.sample, OF_ACTION, counts)
    above = resample_measures(usual.sample, OF_SIDES, counts)
    for name in OF_ACTION:
        np.testing.assert_allclose(found[name], turned[name], atol=1e-9)
    for name in OF_SIDES:
        np.testing.assert_allclose(found[name], above[name], atol=1e-12)
    observed = observe_measures(below.sample, BY_THRESHOLD)
    for name in BY_THRESHOLD:
        np.testing.assert_allclose(
            observed[name], [value.estimate for value in METRICS[name].compute(below.sample)], atol=1e-12
        )


@pytest.mark.parametrize(("act", "of_wanted", "of_others"), [(None, True, False), ("below", True, True)])
def test_who_is_acted_on_follows_the_outcome_unless_declared(act: Any, *, of_wanted: bool, of_others: bool) -> None:
    plan = DecisionPlan(values=(0.5,), action="a visit", act=act)
    assert (plan.acts_below(desirable=True), plan.acts_below(desirable=False)) == (of_wanted, of_others)
    declared = DecisionPlan(values=(0.5,), action="a visit", act="at_or_above")
    assert not declared.acts_below(desirable=True)


def test_a_study_lists_the_outcomes_with_an_action_below() -> None:
    plan = DecisionPlan(values=(0.5,), action="a visit")
    derived = "odi_12m_score__scoap15_2_2"
    study = make_study(
        outcomes=("odi_mcid_12m", "reoperation_30d", "odi_12m_score"),
        derived_thresholds={"odi_12m_score": ("scoap15_2_2",)},
        threshold_probabilities={
            "odi_mcid_12m": plan, derived: plan, "reoperation_30d": plan.model_copy(update={"values": (0.1,)}),
        },
    )  # fmt: skip
    outcomes = build_outcomes(study, read_definition("lumbar"))
    assert list_acting_below(study, outcomes) == {"odi_mcid_12m", derived}
    assert list_thresholds(study)["reoperation_30d"] == (0.1,)
    turned = study.model_copy(
        update={"threshold_probabilities": {"odi_mcid_12m": plan.model_copy(update={"act": "at_or_above"})}}
    )
    assert not list_acting_below(turned, outcomes)
