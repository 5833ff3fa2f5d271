"""Patients of unknown outcome: what they could change, and that those who stand for them do so without bias."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.special import expit, logit
from unknown_worlds import (
    AS_ANSWERS,
    BY_SEVERITY,
    AnswerWorld,
    HorizonWorld,
    PartsWorld,
    SettledWorld,
    make_cohort,
    make_predictions,
    run_models,
    run_registry,
    run_world,
    summarise,
)

from pipelines.follow_up.unknown_outcomes import shift_unknown_outcomes
from schemas.tables import UNKNOWN_OUTCOMES

Floats = npt.NDArray[np.float64]

REPLICATIONS = 200


def make_table(y: Floats, p: Floats, weights: Floats, **changes: Any) -> pd.DataFrame:
    cohort = make_cohort(pd.DataFrame(index=range(y.size)), y, truth=p)
    return make_predictions(cohort, np.arange(y.size), p, weights).assign(**changes)


def shift(table: pd.DataFrame, deltas: tuple[float, ...] = (-1.0, 0.0, 1.0), suppress_below: int = 5) -> pd.DataFrame:
    return shift_unknown_outcomes(table, reference="model", deltas=deltas, suppress_below=suppress_below)


def find(found: pd.DataFrame, assumption: str, metric: str, delta: float | None = None) -> pd.Series:
    rows = found[(found["assumption"] == assumption) & (found["metric"] == metric)]
    rows = rows if delta is None else rows[rows["delta"] == delta]
    assert len(rows) == 1
    return rows.iloc[0]


def draw(n: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Draw outcomes, risks and true weights where the patients of higher risk answer less often."""
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(-0.5, 1, n))
    answers = expit(1.0 - 0.8 * logit(p))
    y = np.where(rng.random(n) < answers, rng.random(n) < p, np.nan)
    return y, p, np.where(np.isfinite(y), 1 / answers, 0.0)


def test_shifts_by_hand() -> None:
    # 40 known, of whom 10 had the event; each stands for two, so the 40 unknown had 10 as well
    y = np.concatenate([np.ones(10), np.zeros(30), np.full(40, np.nan)])
    weights = np.concatenate([np.full(40, 2.0), np.zeros(40)])
    found = shift(make_table(y, np.full(80, 0.5), weights))
    assert list(found.columns) == list(UNKNOWN_OUTCOMES)
    assert find(found, "known_only", "event_rate")["estimate"] == pytest.approx(0.25)
    assert find(found, "weighted", "event_rate")["estimate"] == pytest.approx(0.25)
    for delta in (-1.0, 0.0, 1.0):
        unknown = expit(logit(0.25) + delta)
        rate = (10 + 40 * unknown) / 80
        assert find(found, "shifted", "event_rate", delta)["estimate"] == pytest.approx(rate)
        # every predicted risk is one half
        assert find(found, "shifted", "calibration_in_the_large", delta)["estimate"] == pytest.approx(logit(rate))
        assert find(found, "shifted", "oe_ratio", delta)["estimate"] == pytest.approx(2 * rate)
    assert (found["n"] == 80).all()
    assert (found["n_unknown"] == 40).all()
    of_weights = {
        name: find(found, "weighted", name)["estimate"] for name in ("mean_weight", "largest_weight", "effective_n")
    }
    assert of_weights == {"mean_weight": 2.0, "largest_weight": 2.0, "effective_n": 40.0}


def test_scores_by_hand() -> None:
    y = np.concatenate([np.full(20, 10.0), np.full(20, 30.0), np.full(10, np.nan)])
    weights = np.concatenate([np.full(20, 1.5), np.full(20, 1.0), np.zeros(10)])
    table = make_table(y, np.full(50, np.nan), weights, scale="points", y_pred=18.0)
    found = shift(table)
    assert find(found, "known_only", "mean_score")["estimate"] == pytest.approx(20)
    assert find(found, "weighted", "mean_score")["estimate"] == pytest.approx(18)
    # the first twenty stand for the ten: their mean is 10; the residuals are -8 and 12, weighted
    residuals = np.where(y[:40] == 10, -8.0, 12.0)
    sd = np.sqrt(np.cov(residuals, aweights=weights[:40]))
    for delta in (-1.0, 0.0, 1.0):
        mean = (20 * 10 + 20 * 30 + 10 * (10 + delta * sd)) / 50
        assert find(found, "shifted", "mean_score", delta)["estimate"] == pytest.approx(mean)
        assert find(found, "shifted", "calibration_in_the_large", delta)["estimate"] == pytest.approx(mean - 18)
    assert "oe_ratio" not in set(found["metric"])


def test_delta_0_is_the_weighted_analysis() -> None:
    cohort = HorizonWorld().draw(600, np.random.default_rng(1))
    from_world = run_world(HorizonWorld(), replications=1, n=600, seed=3)
    weighted = from_world[from_world["way"] == "weighted"].iloc[0]
    assert weighted["event_rate_shifted_by_0"] == pytest.approx(weighted["event_rate"], abs=1e-9)
    assert cohort.n < 600


@pytest.mark.parametrize("truncated", [False, True])
def test_delta_0_is_the_weighted_analysis_to_the_last_digit_whatever_the_weights(*, truncated: bool) -> None:
    y, p, weights = draw(500, 12)
    # weights need not add up to the number of patients, and the largest are cut off
    weights = np.minimum(weights, 1.4) if truncated else 1.15 * weights
    table = pd.concat([make_table(y, p, weights), make_table(y, p**1.1, weights * (1 + 0.2 * p)).assign(repeat=1)])
    found = shift(table, deltas=(0.0,))
    weighted, shifted = find(found, "weighted", "event_rate"), find(found, "shifted", "event_rate", 0.0)
    ends = ["estimate", "lower", "upper"]
    assert shifted["estimate"] == pytest.approx(weighted["estimate"], rel=1e-9)
    # the interval too, but for g / (g - 1), in which the patients of unknown outcome count under a shift
    np.testing.assert_allclose(shifted[ends].astype(float), weighted[ends].astype(float), rtol=2e-4)
    scores = table.assign(scale="points", y_pred=table["y_prob"] * 100, y_prob=np.nan, y_true=table["y_true"] * 90)
    found = shift(scores, deltas=(0.0,))
    weighted, shifted = find(found, "weighted", "mean_score"), find(found, "shifted", "mean_score", 0.0)
    assert shifted["estimate"] == pytest.approx(weighted["estimate"], rel=1e-9)
    # the interval too, but for g / (g - 1), in which the patients of unknown outcome count under a shift
    np.testing.assert_allclose(shifted[ends].astype(float), weighted[ends].astype(float), rtol=2e-4)


def test_who_is_known_only_because_of_an_event_keeps_it_under_every_shift() -> None:
    # 20 of 60 answered had the event, each stands for two; of the 60 others 10 are known to have had it
    y = np.concatenate([np.ones(20), np.zeros(40), np.ones(10), np.full(50, np.nan)])
    weights = np.concatenate([np.full(60, 2.0), np.zeros(60)])
    found = shift(make_table(y, np.full(120, 0.5), weights), deltas=(0.0, 1.0))
    assert find(found, "known_only", "event_rate")["estimate"] == pytest.approx(1 / 3)
    assert find(found, "weighted", "event_rate")["estimate"] == pytest.approx(1 / 3)
    # 40 events in all, 30 of them known: a fifth of the 50 others
    assert find(found, "shifted", "event_rate", 0.0)["estimate"] == pytest.approx(1 / 3)
    moved = (30 + 50 * expit(logit(0.2) + 1)) / 120
    assert find(found, "shifted", "event_rate", 1.0)["estimate"] == pytest.approx(moved)
    assert (found["n_unknown"] == 50).all()
    few = np.where(np.arange(120) < 117, y, 1.0)
    few[60:70] = np.nan
    assert (shift(make_table(few, np.full(120, 0.5), weights))["status"] == "suppressed").all()


def test_where_the_known_leave_the_unknown_no_possible_rate_no_shift_is_assessable() -> None:
    y = np.concatenate([np.ones(10), np.zeros(30), np.full(6, np.nan)])
    weights = np.concatenate([np.full(10, 1.0), np.full(30, 1.5), np.zeros(6)])
    found = shift(make_table(y, np.full(46, 0.3), weights), deltas=(0.0,))
    assert (found.loc[found["assumption"] == "shifted", "status"] == "not assessable").all()
    assert find(found, "weighted", "event_rate")["estimate"] == pytest.approx(10 / 55)


def test_only_differences_between_patients_matter() -> None:
    y, p, weights = draw(500, 1)
    found = shift(make_table(y, p, weights))
    moved = shift(make_table(y, expit(logit(p) + 0.7), weights))
    levels = found["metric"] == "event_rate"
    np.testing.assert_allclose(found[levels]["estimate"], moved[levels]["estimate"], atol=1e-9)
    np.testing.assert_allclose(found[levels]["upper"], moved[levels]["upper"], atol=1e-9)
    calibration = found["metric"] == "calibration_in_the_large"
    np.testing.assert_allclose(found[calibration]["estimate"], moved[calibration]["estimate"] + 0.7, atol=1e-9)


def test_rates_rise_with_the_shift_and_no_shift_of_nobody_matters() -> None:
    y, p, weights = draw(500, 2)
    found = shift(make_table(y, p, weights), deltas=(-2.0, -1.0, 0.0, 1.0, 2.0))
    for metric in ("event_rate", "calibration_in_the_large", "oe_ratio"):
        rows = found[(found["assumption"] == "shifted") & (found["metric"] == metric)]
        assert (np.diff(rows["estimate"]) > 0).all()
    known = np.isfinite(y)
    assert shift(make_table(y[known], p[known], weights[known])).empty


def test_standard_errors_agree_with_a_patient_bootstrap() -> None:
    y, p, weights = draw(400, 3)
    table = make_table(y, p, weights)
    found = shift(table, deltas=(0.0, 1.0))
    rng = np.random.default_rng(4)
    draws = []
    for _ in range(200):
        at = rng.integers(0, 400, 400)
        again = shift(make_table(y[at], p[at], weights[at]), deltas=(0.0, 1.0))
        draws.append(again["estimate"].to_numpy())
    spread = np.std(draws, axis=0, ddof=1)
    for i, row in found.iterrows():
        if row["metric"] == "event_rate":
            half = (logit(row["upper"]) - logit(row["lower"])) / 2 * row["estimate"] * (1 - row["estimate"])
        elif row["metric"] == "calibration_in_the_large":
            half = (row["upper"] - row["lower"]) / 2
        elif row["metric"] == "oe_ratio":
            half = np.log(row["upper"] / row["lower"]) / 2 * row["estimate"]
        else:
            continue
        # 200 resamples tell a standard error to 5 per cent
        assert half / 1.96 == pytest.approx(spread[i], rel=0.15)


def test_repeats_and_repeated_patients_count_once() -> None:
    y, p, weights = draw(300, 5)
    table = make_table(y, p, weights)
    twice = pd.concat([table, table.assign(repeat=1)])
    pd.testing.assert_frame_equal(shift(table), shift(twice))
    doubled = pd.concat([table, table.assign(row_id=table["row_id"] + "b")])
    ends = ["estimate", "lower", "upper"]
    own = ~shift(table)["metric"].isin(["effective_n"])
    np.testing.assert_allclose(shift(table)[own][ends], shift(doubled)[own][ends], rtol=1e-9)


def test_only_the_reference_outside_its_own_training_is_asked() -> None:
    y, p, weights = draw(300, 6)
    table = make_table(y, p, weights)
    others = pd.concat([table, table.assign(model="other"), table.assign(validation="apparent")])
    pd.testing.assert_frame_equal(shift(table), shift(others))


@pytest.mark.parametrize("few", ["unknown", "events"])
def test_few_patients_are_not_shown(few: str) -> None:
    y = np.concatenate(
        [np.ones(3 if few == "events" else 20), np.zeros(40), np.full(3 if few == "unknown" else 20, np.nan)]
    )
    weights = np.where(np.isfinite(y), 1.3, 0.0)
    found = shift(make_table(y, np.full(y.size, 0.3), weights))
    assert (found["status"] == "suppressed").all()
    assert found[["estimate", "lower", "upper", "n", "n_unknown"]].isna().all(axis=None)


def test_few_truncated_weights_are_not_counted_in_public() -> None:
    y, p, weights = draw(300, 7)
    weights = np.where(weights > 0, 1.4, 0.0)
    weights[np.flatnonzero(np.isfinite(y))[:3]] = 10.0
    found = shift(make_table(y, p, weights))
    assert find(found, "weighted", "percent_truncated")["status"] == "suppressed"
    assert np.isnan(find(found, "weighted", "percent_truncated")["estimate"])
    assert find(found, "weighted", "event_rate")["status"] == "ok"


def test_without_any_event_nothing_can_be_said() -> None:
    y = np.concatenate([np.zeros(40), np.full(20, np.nan)])
    found = shift(make_table(y, np.full(60, 0.1), np.where(np.isfinite(y), 1.5, 0.0)))
    of_rates = found[found["metric"].isin(["event_rate", "calibration_in_the_large", "oe_ratio"])]
    assert (of_rates["status"] == "not assessable").all()


def check_world(found: pd.DataFrame, theory: Any) -> None:
    """Both naive ways are biased by the amount of the theory; the weighted one is not, and its intervals cover."""
    assert found.groupby("way").size().eq(REPLICATIONS).all()
    for row in summarise(found, theory).to_dict("records"):
        limit = 3 if row["way"] == "weighted" else 3.5
        assert abs(row["bias"] - row["theory"]) < limit * row["error"], row
        if row["way"] == "weighted":
            # 200 intervals that cover 95 per cent do so between 90 and 99 per cent of the time
            assert 0.90 <= row["coverage"] <= 0.99, row
        elif abs(row["theory"]) > 0.01:
            assert abs(row["bias"]) > 5 * row["error"], row


@pytest.mark.slow
def test_an_event_by_a_horizon_with_losses_by_chance() -> None:
    world = HorizonWorld()
    theory = world.theory()
    assert theory["event-free"]["event_rate"] < theory["weighted"]["event_rate"] < theory["left out"]["event_rate"]
    check_world(run_world(world, replications=REPLICATIONS, n=1000, seed=1), theory)


@pytest.mark.slow
def test_an_event_by_a_horizon_with_losses_by_predictors() -> None:
    found = run_world(BY_SEVERITY, replications=REPLICATIONS, n=1000, seed=1, censoring="by_predictors")
    check_world(found, BY_SEVERITY.theory())


@pytest.mark.slow
def test_answers_that_depend_on_predictors() -> None:
    world = AnswerWorld()
    # the true risk is calibrated among those who answer: leaving the others out moves the rate, not the calibration
    assert world.theory()["left out"]["calibration_in_the_large"] == pytest.approx(0, abs=1e-9)
    check_world(run_world(world, replications=REPLICATIONS, n=1000, seed=1), world.theory())


@pytest.mark.slow
@pytest.mark.parametrize("world", [SettledWorld(), PartsWorld()], ids=["settled", "parts"])
def test_what_an_event_settles_or_a_part_tells_is_no_answer(world: SettledWorld | PartsWorld) -> None:
    theory = world.theory()
    # taken for answers, failures and events are over-represented, by two and nine points here
    assert abs(theory[AS_ANSWERS]["event_rate"] - theory["weighted"]["event_rate"]) > 0.02
    check_world(run_world(world, replications=REPLICATIONS, n=1000, seed=1), theory)


@pytest.mark.slow
def test_the_model_that_is_fitted_has_the_bias_of_its_data() -> None:
    world = HorizonWorld()
    rates = {way: limits["event_rate"] for way, limits in world.theory().items()}
    found = run_models(world, replications=REPLICATIONS, n=500, seed=1, ways=("event-free", "weighted")).groupby("way")
    bias, error = found["mean_risk"].mean(), found["mean_risk"].sem()
    # the mean fitted risk is the event rate of the data, whatever the penalty
    expected = rates["event-free"] - rates["weighted"]
    assert abs(bias["event-free"] - expected) < 3.5 * error["event-free"]
    assert abs(bias["weighted"]) < 3 * error["weighted"]
    assert abs(bias["event-free"]) > 5 * error["event-free"]


@pytest.mark.slow
def test_the_simulated_registry() -> None:
    found = run_registry(replications=REPLICATIONS, n=600, seed=1).groupby("outcome")
    bias, error = found.mean(), found.sem()
    for outcome in bias.index:
        assert abs(bias.loc[outcome, "weighted"]) < 3 * error.loc[outcome, "weighted"]
        # far less noise: the mean true risk of those who stand for all
        assert abs(bias.loc[outcome, "weighted, true risk"]) < 0.0006
    # responders alone, by theory: the mean true risk of those who answer
    theory = bias.loc["odi_mcid_12m", "left out, true risk"]
    assert theory < -3 * error.loc["odi_mcid_12m", "left out, true risk"]
    assert abs(bias.loc["odi_mcid_12m", "left out"] - theory) < 3.5 * error.loc["odi_mcid_12m", "left out"]
    # censored as event-free, by theory: the events after the end of follow-up
    missed = bias.loc["reherniation_24m", "missed"]
    assert abs(bias.loc["reherniation_24m", "event-free"] + missed) < 3.5 * error.loc["reherniation_24m", "event-free"]
    assert bias.loc["reherniation_24m", "event-free"] < -3 * error.loc["reherniation_24m", "event-free"]
    assert bias.loc["reherniation_24m", "left out"] > 5 * error.loc["reherniation_24m", "left out"]
