"""The simulated registries: is the truth true, and do the data look like a registry's."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import kstest

from schemas.columns import COLUMNS
from schemas.definition import read_definition
from schemas.errors import InputError
from schemas.readers import read_table
from schemas.registry import read_registry
from schemas.simulation.draw import ORDERED, VISIT_DAYS, compute_truth, daily_hazard, draw_cohort
from schemas.simulation.people import SITES
from schemas.simulation.scenario import Scenario
from schemas.simulation.specs import FollowUp, Hazard, Number, Sum
from schemas.synthetic import COHORTS, simulate_registry, write_synthetic

FloatArray = npt.NDArray[np.float64]

N = 40_000
OUTCOMES = [
    ("lumbar", "odi_mcid_12m", (0.65, 0.75), (0.73, 0.79)),
    ("lumbar", "leg_pain_mcid_12m", (0.70, 0.77), (0.70, 0.78)),
    ("lumbar", "reherniation_24m", (0.06, 0.08), (0.66, 0.71)),
    ("lumbar", "any_complication_30d", (0.06, 0.08), (0.66, 0.70)),
    ("cervical", "ndi_mcid_12m", (0.55, 0.70), (0.72, 0.77)),
    ("cervical", "any_complication_30d", (0.06, 0.09), (0.66, 0.72)),
    ("deformity", "odi_mcid_24m", (0.50, 0.65), (0.71, 0.77)),
    ("deformity", "any_complication_30d", (0.14, 0.20), (0.65, 0.70)),
]
"""Cohort, outcome, zone of the event rate and of the c-statistic of the true risk."""

UNDEFINED = ("joa_cervical_recovery_rate_", "joa_lumbar_recovery_rate_", "planned_fusion_technique")
"""Columns that mean nothing in some patients: a rate of a gain that was not possible, a fusion that is not planned."""

IDS = [f"{cohort}-{outcome}" for cohort, outcome, *_ in OUTCOMES]
CHANGES = {
    "odi_mcid_12m": ("odi_0", "odi_12m", 15),
    "leg_pain_mcid_12m": ("nrs_leg_0", "nrs_leg_12m", 2),
    "ndi_mcid_12m": ("ndi_0", "ndi_12m", 15),
    "odi_mcid_24m": ("odi_0", "odi_24m", 15),
}
COMPONENTS = [
    "surgical_site_infection_30d", "venous_thromboembolism_30d", "urinary_tract_infection_30d", "pneumonia_30d",
    "sepsis_30d", "myocardial_infarction_30d", "stroke_30d", "haematoma_30d", "death_30d",
]  # fmt: skip


@cache
def drawn(cohort: str) -> SimpleNamespace:
    made = draw_cohort(COHORTS[cohort], n=N, seed=20260101)
    return SimpleNamespace(frame=pd.DataFrame(made.values), truth=made.truth)


def observed(frame: pd.DataFrame, outcome: str) -> FloatArray:
    """1, 0 or NaN per row, from the visible columns only."""
    if outcome in CHANGES:
        before, after, points = CHANGES[outcome]
        change = frame[before] - frame[after]
        return np.where(change.isna(), np.nan, change >= points)
    if outcome == "reherniation_24m":
        followed = (frame["follow_up_days"] >= 730) | frame["death_days"].notna()
        return np.where(followed, frame["reherniation_days"].between(14, 730), np.nan)
    flags = frame[COMPONENTS]
    return np.where(flags.isna().any(axis=1), np.nan, (flags == 1).any(axis=1))


def known(cohort: str, outcome: str) -> tuple[FloatArray, FloatArray]:
    """True risk and outcome of the rows in which it is known and possible."""
    data = drawn(cohort)
    y, risk = observed(data.frame, outcome), data.truth[outcome]
    kept = np.isfinite(y) & (risk > 0)
    return risk[kept], y[kept]


@pytest.mark.parametrize(("cohort", "outcome", "rates", "_c"), OUTCOMES, ids=IDS)
def test_events_follow_the_true_risk_in_each_tenth(cohort: str, outcome: str, rates: tuple, _c: tuple) -> None:
    risk, y = known(cohort, outcome)
    assert len(y) > N / 2
    for rows in np.array_split(np.argsort(risk), 10):
        error = np.sqrt((risk[rows] * (1 - risk[rows])).sum())
        assert abs(y[rows].sum() - risk[rows].sum()) < 4 * error
    assert rates[0] < y.mean() < rates[1]


@pytest.mark.parametrize(("cohort", "outcome", "_rates", "_c"), OUTCOMES, ids=IDS)
def test_the_calibration_slope_of_the_truth_is_one(cohort: str, outcome: str, _rates: tuple, _c: tuple) -> None:
    risk, y = known(cohort, outcome)
    design = np.column_stack([np.ones(len(risk)), logit(risk)])
    beta = np.array([0.0, 1.0])
    for _ in range(20):
        p = expit(design @ beta)
        information = design.T @ (design * (p * (1 - p))[:, None])
        beta = beta + np.linalg.solve(information, design.T @ (y - p))
    error = np.sqrt(np.linalg.inv(information)[1, 1])
    assert abs(beta[1] - 1) < 4 * error


@pytest.mark.parametrize(("cohort", "outcome", "_rates", "zone"), OUTCOMES, ids=IDS)
def test_the_true_risk_discriminates_as_published_models_do(
    cohort: str, outcome: str, _rates: tuple, zone: tuple
) -> None:
    risk, y = known(cohort, outcome)
    ranks = pd.Series(risk).rank().to_numpy()
    events = y.sum()
    c = (ranks[y == 1].sum() - events * (events + 1) / 2) / (events * (len(y) - events))
    assert zone[0] < c < zone[1]


@pytest.mark.parametrize(("cohort", "outcome"), [("lumbar", "odi_mcid_12m"), ("deformity", "odi_mcid_24m")])
def test_a_risk_of_zero_is_an_unattainable_threshold(cohort: str, outcome: str) -> None:
    data = drawn(cohort)
    impossible = data.truth[outcome] == 0
    assert impossible.any()
    before, _, points = CHANGES[outcome]
    assert (data.frame.loc[impossible, before].dropna() < points).all()
    assert np.nansum(observed(data.frame, outcome)[impossible]) == 0


def one_patient(n: int, **changed: float) -> dict[str, npt.NDArray]:
    """The same lumbar patient `n` times, with hidden recoveries of their own."""
    values = {
        name: np.repeat(held[:1], n) for name, held in drawn("lumbar").frame.items() for held in [held.to_numpy()]
    }
    values |= {name: np.full(n, value) for name, value in changed.items()}
    values["_recovery"] = np.random.default_rng(3).standard_normal(n)
    return values


HIDDEN = ("_site_risk", "_site_effect", "_drift_case_mix", "_drift_risk", "_drift_effects")
COMPLETE = {
    **dict.fromkeys(HIDDEN, 0.0),
    "bmi": 31.0, "depression": 1.0, "previous_spine_surgery": 0.0, "symptom_duration_months": 24.0,
    "age": 71.0, "modic_change": 0.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "baseline", "points"),
    [("odi_mcid_12m", odi, 15) for odi in (16, 18, 30, 44, 90)] + [("leg_pain_mcid_12m", nrs, 2) for nrs in (2, 3, 7)],
)
def test_the_truth_counts_rounding_and_clipping(outcome: str, baseline: float, points: float) -> None:
    before, after, _ = CHANGES[outcome]
    values = one_patient(N, **COMPLETE, **{before: float(baseline)})
    truth = compute_truth(COHORTS["lumbar"], values)[outcome]
    score = next(s for s in COHORTS["lumbar"].scores if after.startswith(f"{s.score}_"))
    scores = score.draw(values, "12m", np.random.default_rng(4))
    frequency = (baseline - scores >= points).mean()
    assert np.ptp(truth) == 0
    assert abs(frequency - truth[0]) < 4 * np.sqrt(truth[0] * (1 - truth[0]) / N)


def test_the_risk_of_improving_is_exactly_logistic() -> None:
    """From an even ODI an improvement of 15 needs 16, that is a raw score below ODI - 15."""
    values = {**one_patient(41, **COMPLETE), "odi_0": np.arange(16.0, 98.0, 2.0)}
    odi = COHORTS["lumbar"].scores[0]
    expected = (values["odi_0"] - 15 - odi.centre(values, "12m")) / odi.scale
    log_odds = logit(compute_truth(COHORTS["lumbar"], values)["odi_mcid_12m"])
    np.testing.assert_allclose(log_odds, expected, rtol=1e-10)
    np.testing.assert_allclose(np.diff(log_odds, n=2), 0, atol=1e-10)


@pytest.mark.parametrize("loading", [0.0, 0.85, -0.7])
def test_shared_recovery_leaves_the_noise_logistic(loading: float) -> None:
    score = FollowUp(
        score="odi", mean=Sum(50), visits={"12m": 0.0}, scale=3, step=0, low=-1e9, high=1e9, loading=loading
    )
    values = one_patient(N)
    raw = score.draw(values, "12m", np.random.default_rng(5))
    assert kstest((raw - 50) / 3, "logistic").pvalue > 0.001
    assert abs(np.corrcoef(raw, values["_recovery"])[0, 1] - loading) < 0.03


def test_the_cumulative_incidence_is_its_integral() -> None:
    spec = COHORTS["lumbar"]
    assert spec.first_event is not None
    values = one_patient(1, **COMPLETE)
    event, fusion, death = (
        daily_hazard(hazard, values)[0] for hazard in (spec.first_event.event, *spec.first_event.competing, spec.death)
    )
    days = np.arange(730_000) / 1000 + 0.0005
    by_disease = np.select([days < 365], [1.5], 0.5)
    by_death = np.where(days < 30, 2.0, 1.0)
    rate = (event + fusion) * by_disease + death * by_death
    survival = np.exp(-np.cumsum(rate / 1000) + rate / 2000)
    # Until the end of day 13 a herniation is one that was never gone: it ends the risk and is no event.
    incidence = (event * by_disease * survival / 1000)[days > 13].sum()
    assert compute_truth(spec, values)["reherniation_24m"][0] == pytest.approx(incidence, rel=1e-8)


def test_a_hazard_that_changes_its_pace_is_followed_and_inverted() -> None:
    hazard = Hazard(column="x", log_yearly=Sum(0), pace=((0, 2.0), (10, 0.5), (30, 1.0)))
    days = np.array([0.0, 5.0, 10.0, 20.0, 30.0, 100.0])
    np.testing.assert_allclose(hazard.spent(days), [0, 10, 20, 25, 30, 100])
    np.testing.assert_allclose(hazard.reached(hazard.spent(days)), days)
    even = Hazard(column="x", log_yearly=Sum(0))
    np.testing.assert_array_equal(even.reached(days), days)
    np.testing.assert_array_equal(even.spent(days), days)


def test_reherniation_becomes_rarer_as_years_go_by() -> None:
    frame = drawn("lumbar").frame
    at_risk = np.array([(frame["follow_up_days"] >= 365 * year).sum() for year in range(5)])
    seen = np.array([frame["reherniation_days"].between(365 * year + 1, 365 * (year + 1)).sum() for year in range(5)])
    rate = seen / at_risk
    assert rate[0] > 2 * rate[1] > 4 * rate[2]


@pytest.mark.parametrize("cohort", COHORTS)
def test_a_death_within_30_days_is_rarer_than_a_complication(cohort: str) -> None:
    """Else the risk of any complication would not be what it is said to be."""
    spec = COHORTS[cohort]
    data = drawn(cohort)
    complete = {name: held.to_numpy() for name, held in data.frame.items()}
    assert not any(term.column in HIDDEN for term in spec.death.log_yearly.terms)
    early = -np.expm1(-spec.death.spent(np.array(30.0)) * daily_hazard(spec.death, complete))
    assert (early < data.truth["any_complication_30d"]).all()


@pytest.mark.parametrize("cohort", COHORTS)
def test_complications_agree_with_one_another(cohort: str) -> None:
    frame = drawn(cohort).frame
    flags = frame[COMPONENTS]
    unknown = flags.isna()
    assert (unknown.any(axis=1) == unknown.all(axis=1)).all()
    assert 0.025 < unknown.all(axis=1).mean() < 0.035
    died = frame["death_30d"] == 1
    assert died.any()
    assert (frame.loc[died, "death_days"] <= 30).all()
    assert (flags.loc[died, COMPONENTS[:-1]] == 1).any(axis=1).all()
    assert (flags.sum() > 0).all()


@pytest.mark.parametrize("cohort", COHORTS)
def test_follow_up_is_possible(cohort: str) -> None:
    frame = drawn(cohort).frame
    followed = frame["follow_up_days"]
    assert followed.notna().all()
    assert (followed >= 1).all()
    assert ((frame["death_days"] == followed) | frame["death_days"].isna()).all()
    for visit, day in VISIT_DAYS.items():
        visited = [name for name in frame if name.endswith(f"_{visit}") and not name.startswith(UNDEFINED)]
        answered = frame[visited].notna()
        assert (answered.any(axis=1) == answered.all(axis=1)).all()
        assert (followed[answered.any(axis=1)] >= day).all()
    ends = frame["operation_date"] + pd.to_timedelta(followed, unit="D")
    assert ends.max() <= pd.Timestamp("2025-06-30")


def test_only_the_first_event_is_recorded() -> None:
    frame = drawn("lumbar").frame
    both = frame["reherniation_days"].notna() & frame["other_fusion_days"].notna()
    assert not both.any()
    for name in ("reherniation_days", "other_fusion_days"):
        assert (frame[name].dropna() <= frame.loc[frame[name].notna(), "follow_up_days"]).all()
        assert frame[name].min() >= 1
    censored = (frame["follow_up_days"] < 730) & frame["death_days"].isna()
    assert 0.15 < censored.mean() < 0.30


@pytest.mark.parametrize("cohort", COHORTS)
def test_some_patients_come_twice(cohort: str) -> None:
    frame = drawn(cohort).frame
    second = frame["patient"].duplicated()
    assert second.sum() == int(0.04 * N)
    assert frame["operation"].is_unique
    assert frame["operation_date"].is_monotonic_increasing
    pairs = frame[~second].merge(frame[second], on="patient", suffixes=("", "_again"))
    gap = (pairs["operation_date_again"] - pairs["operation_date"]).dt.days
    assert len(pairs) == second.sum()
    assert (gap >= 90).all()
    assert (pairs["age_again"] >= pairs["age"]).all()
    assert (pairs["previous_spine_surgery_again"] == 1).all()
    assert (pairs["follow_up_days"] <= gap).all()
    assert pairs["death_days"].isna().all()
    for name in ("site", "sex", "smoking"):
        assert (pairs[name] == pairs[f"{name}_again"]).all()


def test_sites_and_years_have_their_sizes_and_case_mix() -> None:
    frame = drawn("lumbar").frame
    assert set(frame["year"]) == set(range(2016, 2024))
    assert (frame["operation_date"].dt.year == frame["year"]).all()
    sizes = frame["site"].value_counts(normalize=True)
    assert set(sizes.index) == {site.name for site in SITES}
    assert sizes.max() > 4 * sizes.min()
    assert frame["surgeon"].str.startswith(tuple(f"{site.name}-" for site in SITES)).all()
    assert np.ptp(frame.groupby("site")["age"].mean()) > 3
    assert frame["age"][frame["year"] >= 2022].mean() - frame["age"][frame["year"] <= 2017].mean() > 0.7


@pytest.mark.parametrize("by", ["site", "year"])
@pytest.mark.parametrize(("cohort", "outcome"), [row[:2] for row in OUTCOMES], ids=IDS)
def test_the_truth_holds_in_each_site_and_each_year(cohort: str, outcome: str, by: str) -> None:
    data = drawn(cohort)
    y, risk = observed(data.frame, outcome), data.truth[outcome]
    for rows in data.frame.groupby(by).indices.values():
        rows = rows[np.isfinite(y[rows])]
        error = np.sqrt((risk[rows] * (1 - risk[rows])).sum())
        assert len(rows) > 300
        assert abs((y[rows] - risk[rows]).sum()) < 4 * error


def test_effects_of_sites_average_out() -> None:
    """A model that cannot see the site is then right on average, also for each kind of patient."""
    share = np.array([site.share for site in SITES])
    columns = {name: np.array([getattr(site, name) for site in SITES]) for name in ("mix", "risk", "effect")}
    assert share.sum() == pytest.approx(1)
    for name in ("risk", "effect"):
        assert abs(share @ columns[name]) < 0.02
        assert share @ columns[name] ** 2 == pytest.approx(1, abs=0.05)
    mix = columns["mix"] - share @ columns["mix"]
    for one, other in ((mix, columns["risk"]), (mix, columns["effect"]), (columns["risk"], columns["effect"])):
        assert abs(share @ (one * other)) < 0.05


def site_models(scenario: Scenario) -> pd.DataFrame:
    """Intercept and slope of the true log-odds on the baseline ODI in each site, other predictors fixed."""
    spec = COHORTS["lumbar"]
    rows = []
    for site in SITES:
        values = {**one_patient(31, **COMPLETE), "odi_0": np.arange(30.0, 92.0, 2.0)}
        values["_site_risk"] = np.full(31, site.risk * scenario.sites_differ_in("risk"))
        values["_site_effect"] = np.full(31, site.effect * scenario.sites_differ_in("effects"))
        log_odds = logit(compute_truth(spec, values)["odi_mcid_12m"])
        rows.append((log_odds[8], np.diff(log_odds).mean() / 2))
    return pd.DataFrame(rows, columns=["at_46", "slope"])


def test_sites_differ_in_risk_and_in_the_strength_of_a_predictor_as_they_are_told_to() -> None:
    spread = {sites: np.ptp(site_models(Scenario(sites=sites)), axis=0) for sites in ("case_mix", "risk", "effects")}
    scale = COHORTS["lumbar"].scores[0].scale
    np.testing.assert_allclose(spread["case_mix"], 0, atol=1e-12)
    np.testing.assert_allclose(spread["risk"], [1.4 * 2.8 / scale, 0], atol=1e-12)
    np.testing.assert_allclose(spread["effects"], [1.4 * 2.8 / scale, 0.06 * 2.8 / scale], atol=1e-12)


def mean_truth(outcome: str = "odi_mcid_12m", by: str = "site", **scenario: str) -> FloatArray:
    """Spread over sites or years of the true risk that the case mix does not explain."""
    made = draw_cohort(COHORTS["lumbar"], n=20_000, seed=5, scenario=Scenario(**scenario))
    drift = "none" if scenario["drift"] == "none" else "case_mix"
    plain = draw_cohort(COHORTS["lumbar"], n=20_000, seed=5, scenario=Scenario(sites="case_mix", drift=drift))
    added = pd.Series(made.truth[outcome] - plain.truth[outcome])
    return np.ptp(added.groupby(made.values[by]).mean())


def test_the_switches_of_sites_and_years_do_what_they_say() -> None:
    frames = {
        sites: pd.DataFrame(draw_cohort(COHORTS["lumbar"], n=20_000, seed=5, scenario=Scenario(sites=sites)).values)
        for sites in ("alike", "case_mix")
    }
    ages = {sites: np.ptp(frame.groupby("site")["age"].mean()) for sites, frame in frames.items()}
    assert ages["alike"] < 1.6 < 3 < ages["case_mix"]
    assert mean_truth(sites="case_mix", drift="none") == 0
    assert mean_truth(sites="risk", drift="none") > 0.05
    assert mean_truth(sites="case_mix", drift="risk", by="year") > 0.03
    assert mean_truth("any_complication_30d", sites="risk", drift="none") > 0.01


def test_a_switch_moves_no_other_number() -> None:
    usual = pd.DataFrame(draw_cohort(COHORTS["lumbar"], n=3_000, seed=5).values)
    for changed in ({"missing": "none"}, {"missing": "not_at_random"}, {"response": "complete"},
                    {"response": "not_at_random"}):  # fmt: skip
        other = pd.DataFrame(draw_cohort(COHORTS["lumbar"], n=3_000, seed=5, scenario=Scenario(**changed)).values)
        # The last images are those of the last visit that the patient came to, which the switch is about.
        for name in usual.columns.drop("last_imaging_days"):
            both = usual[name].notna() & other[name].notna()
            pd.testing.assert_series_equal(usual.loc[both, name], other.loc[both, name], check_exact=True)


@pytest.mark.parametrize("cohort", COHORTS)
def test_nothing_is_missing_where_nothing_shall_be(cohort: str) -> None:
    scenario = Scenario(missing="none", response="complete")
    frame = pd.DataFrame(draw_cohort(COHORTS[cohort], n=3_000, seed=5, scenario=scenario).values)
    preop = [name for name in frame if COLUMNS[name].known_by("planned") and not name.startswith(UNDEFINED)]
    assert frame[[*preop, *COMPONENTS]].notna().all(axis=None)
    for visit, day in VISIT_DAYS.items():
        reached = frame["follow_up_days"] >= day
        visited = [name for name in frame if name.endswith(f"_{visit}") and not name.startswith(UNDEFINED)]
        scores = frame[visited]
        assert scores[reached].notna().all(axis=None)
        assert scores[~reached].isna().all(axis=None)


def slope_on_value(hidden: FloatArray, value: FloatArray, known: FloatArray) -> float:
    """Standard score of the value's coefficient in a linear model of being hidden, beside what is known."""
    design = np.column_stack([np.ones(len(value)), known, value])
    beta, residual, *_ = np.linalg.lstsq(design, hidden, rcond=None)
    error = np.sqrt(residual[0] / len(value) * np.linalg.inv(design.T @ design)[-1, -1])
    return float(beta[-1] / error)


def test_at_random_and_not_at_random_are_what_they_are_called() -> None:
    """Whether a value is hidden goes with the value itself, given what is known, in one case only."""
    n = 20_000
    full = pd.DataFrame(
        draw_cohort(COHORTS["lumbar"], n=n, seed=5, scenario=Scenario(missing="none", response="complete")).values
    )
    at_site = pd.get_dummies(full["site"]).to_numpy(dtype=float)[:, 1:]
    known = np.column_stack([
        full["age"], full["age"] ** 2, at_site, full["smoking"] == "current", full["sex"] == "male",
        full["education"] == "primary", full["previous_spine_surgery"], full["odi_0"], full["depression"], full["bmi"],
        full["symptom_duration_months"], full["opioid_use"] == "daily", full["diagnosis"] == "disc_herniation",
    ]).astype(float)  # fmt: skip
    for how, low, high in (("at_random", -4, 4), ("not_at_random", 8, np.inf)):
        made = pd.DataFrame(
            draw_cohort(COHORTS["lumbar"], n=n, seed=5, scenario=Scenario(missing=how, response=how)).values
        )
        reached = full["odi_12m"].notna().to_numpy()
        asked = made["odi_12m"].isna().to_numpy(dtype=float)
        z = slope_on_value(asked[reached], full["odi_12m"].to_numpy()[reached], known[reached])
        assert low < z < high
        others = np.column_stack([full["age"], at_site])
        z = slope_on_value(made["odi_0"].isna().to_numpy(dtype=float), full["odi_0"].to_numpy(), others)
        assert low < z < high


def test_complications_are_unknown_as_answers_are_missing() -> None:
    """By what is known of the patient, or also by the course; never where all is complete."""
    spec = COHORTS["lumbar"]
    full = pd.DataFrame(draw_cohort(spec, n=N, seed=5, scenario=Scenario(missing="none", response="complete")).values)
    occurred = (full[COMPONENTS] == 1).any(axis=1).to_numpy(dtype=float)
    known = np.column_stack([
        full["age"], full["smoking"] == "current", full["sex"] == "male", full["education"] == "primary",
        full["previous_spine_surgery"],
    ]).astype(float)  # fmt: skip
    for how, low, high in (("at_random", -4, 4), ("not_at_random", 8, np.inf)):
        made = pd.DataFrame(draw_cohort(spec, n=N, seed=5, scenario=Scenario(missing="none", response=how)).values)
        unknown = made["death_30d"].isna()
        smokers = full["smoking"] == "current"
        assert unknown[smokers].mean() > 1.4 * unknown[~smokers].mean()
        assert 0.025 < unknown.mean() < 0.035
        assert low < slope_on_value(unknown.to_numpy(dtype=float), occurred, known) < high
        assert made.loc[unknown, "readmission_30d"].isna().all()
    assert full[COMPONENTS].notna().all(axis=None)


@pytest.mark.parametrize(("name", "order"), [
    ("opioid_use", ("not_used", "intermittent", "daily")), ("asa_class", ("1", "2", "3", "4")),
    ("education", ("primary", "secondary", "tertiary")),
])  # fmt: skip
def test_a_higher_level_is_missing_more_often_where_missing_is_not_at_random(name: str, order: tuple[str, ...]) -> None:
    shares = missing_by_level(name)
    assert shares["not_at_random"][list(order)].is_monotonic_increasing
    assert shares["not_at_random"][order[-1]] > 1.5 * shares["not_at_random"][order[0]]
    assert shares["at_random"][order[-1]] < 1.5 * shares["at_random"][order[0]]


def test_a_level_without_an_order_does_not_hide_itself() -> None:
    shares = missing_by_level("employment")
    pd.testing.assert_series_equal(shares["not_at_random"], shares["at_random"], check_exact=True)


def missing_by_level(name: str) -> dict[str, pd.Series]:
    """Share of rows in which a category is missing per level that it would have, as the scenario has it."""
    level = pd.DataFrame(draw_cohort(COHORTS["lumbar"], n=N, seed=5, scenario=Scenario(missing="none")).values)[name]
    hidden = {
        how: pd.Series(draw_cohort(COHORTS["lumbar"], n=N, seed=5, scenario=Scenario(missing=how)).values[name]).isna()
        for how in ("at_random", "not_at_random")
    }
    return {how: flags.groupby(level.to_numpy()).mean() for how, flags in hidden.items()}


def test_ordered_categories_are_categories_that_may_be_missing() -> None:
    hidden = {missing.columns[0] for spec in COHORTS.values() for missing in spec.missing}
    assert hidden >= ORDERED
    assert all(COLUMNS[name].levels for name in ORDERED)
    assert {name for name in hidden if COLUMNS[name].levels} == ORDERED | {"employment"}


def test_sites_that_are_alike_fill_in_their_forms_alike() -> None:
    def spread(sites: str) -> float:
        made = draw_cohort(COHORTS["lumbar"], n=N, seed=5, scenario=Scenario(sites=sites)).values
        missing = pd.DataFrame({name: pd.Series(made[name]).isna() for name in ("opioid_use", "bmi", "eq_vas_0")})
        return float(np.ptp(missing.mean(axis=1).groupby(made["site"]).mean()))

    assert spread("alike") < 0.015 < 0.05 < spread("case_mix")


def test_some_go_back_to_theatre_within_30_days() -> None:
    frame = pd.DataFrame(draw_cohort(COHORTS["lumbar"], n=N, seed=5, scenario=Scenario(response="complete")).values)
    early = frame["reoperation_days"] <= 30
    assert 0.3 < early[frame["surgical_site_infection_30d"] == 1].mean() < 0.45
    assert 0.6 < early[frame["haematoma_30d"] == 1].mean() < 0.8
    assert early[(frame[COMPONENTS] == 0).all(axis=1)].mean() < 0.01


def test_unknown_switches_are_refused() -> None:
    with pytest.raises(InputError, match="response must be a known name, got 'random'; nearest is 'at_random'; known"):
        simulate_registry("lumbar", n=10, seed=1, response="random")
    with pytest.raises(InputError, match="sites must be a known name, got 'same'"):
        simulate_registry("lumbar", n=10, seed=1, sites="same")


@pytest.mark.parametrize("cohort", COHORTS)
def test_columns_of_one_row_agree(cohort: str) -> None:
    frame = drawn(cohort).frame
    bmi = frame["weight_kg"] / (frame["height_cm"] / 100) ** 2
    assert (bmi - frame["bmi"]).abs().max() < 0.05
    assert (frame["bmi"].isna() == frame["height_cm"].isna()).all()
    stay = (frame["discharge_date"] - frame["operation_date"]).dt.days
    assert (stay == frame["length_of_stay_days"]).all()
    dead = frame["death_days"].notna()
    assert (stay[dead] <= frame.loc[dead, "death_days"]).all()
    assert ((frame["discharge_destination"] == "died") == (frame["death_days"] <= stay)).all()
    assert frame.loc[frame["discharge_destination"] == "died", "readmission_30d"].isna().all()
    asked = frame["death_30d"].notna() & (frame["discharge_destination"] != "died")
    assert (frame["readmission_30d"].notna() == asked).all()
    operated = frame["reoperation_days"].notna()
    assert (frame.loc[operated, "reoperation_days"] <= frame.loc[operated, "follow_up_days"]).all()


def test_a_second_operation_in_the_registry_is_a_reoperation() -> None:
    frame = drawn("lumbar").frame
    again = frame.loc[frame["patient"].duplicated(), "patient"]
    first = frame[frame["patient"].isin(again) & ~frame["patient"].duplicated()]
    ended = first[first["reoperation_days"] == first["follow_up_days"]]
    assert len(ended) > 0.5 * len(first)
    fused = frame["other_fusion_days"].notna()
    assert (frame.loc[fused, "reoperation_days"] <= frame.loc[fused, "other_fusion_days"]).all()


@pytest.mark.parametrize("scenario", [
    {"missing": "none", "response": "complete"}, {"missing": "not_at_random", "response": "not_at_random"},
    {"sites": "alike", "drift": "none"},
])  # fmt: skip
@pytest.mark.parametrize("cohort", COHORTS)
def test_every_scenario_gives_a_registry_without_faults(cohort: str, scenario: dict[str, str]) -> None:
    registry = simulate_registry(cohort, n=3_000, seed=4, **scenario)
    assert registry.faults.empty
    assert len(registry.frame) == 3_000
    assert registry.truth is not None
    assert (registry.truth["row_id"].to_numpy() == registry.frame["row_id"].to_numpy()).all()


@pytest.mark.parametrize("cohort", COHORTS)
def test_values_are_missing_as_in_a_registry(cohort: str) -> None:
    frame = drawn(cohort).frame
    preop = [name for name in frame if COLUMNS[name].known_by("planned") and not name.startswith(UNDEFINED)]
    share = frame[preop].isna().mean()
    assert (share[["patient", "site", "operation_date", "year", "age", "sex", "smoking"]] == 0).all()
    missing = share[share > 0]
    assert len(missing) >= 12
    assert missing.between(0.02, 0.13).all()
    old = frame["age"] > 65
    assert frame["bmi"].isna()[old].mean() > frame["bmi"].isna()[~old].mean()
    by_site = frame["opioid_use"].isna().groupby(frame["site"]).mean()
    assert by_site.max() > 1.5 * by_site.min()


@pytest.mark.parametrize("cohort", COHORTS)
def test_younger_patients_and_smokers_answer_less_often(cohort: str) -> None:
    frame = drawn(cohort).frame
    lost = frame["eq5d_index_12m"].isna()
    assert 0.22 < lost.mean() < 0.30
    assert lost[frame["age"] < 50].mean() > lost[frame["age"] > 65].mean() + 0.05
    assert lost[frame["smoking"] == "current"].mean() > lost[frame["smoking"] == "never"].mean() + 0.05


@pytest.mark.parametrize(
    ("cohort", "after"), [("lumbar", "odi_12m"), ("cervical", "ndi_12m"), ("deformity", "odi_24m")]
)
def test_a_leak_would_show(cohort: str, after: str) -> None:
    frame = drawn(cohort).frame
    any_complication = pd.Series(observed(frame, "any_complication_30d"))
    for name in ("operative_minutes", "length_of_stay_days"):
        assert frame[name].corr(frame[after], method="spearman") > 0.2
        assert frame[name].corr(any_complication, method="spearman") > 0.15


@pytest.mark.parametrize("cohort", COHORTS)
def test_a_simulated_registry_is_valid_and_says_that_it_is_simulated(cohort: str) -> None:
    registry = simulate_registry(cohort, n=500, seed=7)
    assert registry.synthetic
    assert registry.definition.synthetic
    assert registry.definition.title.startswith("Synthetic")
    assert registry.source == f"synthetic {cohort} registry"
    assert registry.n_read == len(registry.frame) == 500
    assert registry.faults.empty
    assert registry.quarantine.empty
    assert list(registry.frame.columns[:2]) == ["row_id", "patient"]
    assert set(registry.columns) <= set(read_definition(cohort).columns_of())
    assert registry.truth is not None
    assert list(registry.truth["row_id"]) == list(registry.frame["row_id"])
    risks = registry.truth.drop(columns="row_id")
    assert registry.truth.columns[0] == "row_id"
    assert set(risks) >= {outcome for name, outcome, *_ in OUTCOMES if name == cohort}
    assert risks.stack().dropna().between(0, 1).all()


@pytest.mark.parametrize("cohort", COHORTS)
def test_values_stay_within_their_ranges(cohort: str) -> None:
    for name, held in drawn(cohort).frame.items():
        column = COLUMNS[str(name)]
        assert cohort in column.cohorts
        if column.hard:
            assert held.dropna().between(*column.hard).all(), name
        if column.levels:
            assert set(held.dropna()) <= set(column.levels), name


def test_the_same_seed_gives_the_same_registry() -> None:
    one, same, other = (simulate_registry("lumbar", n=200, seed=seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(one.frame, same.frame, check_exact=True)
    assert one.truth is not None
    assert same.truth is not None
    pd.testing.assert_frame_equal(one.truth, same.truth, check_exact=True)
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_a_further_column_moves_no_other() -> None:
    spec = COHORTS["lumbar"]
    extra = Number(name="frailty_mfi5", mean=Sum(1), sd=1, low=0, high=5, step=1)
    before = draw_cohort(spec, n=300, seed=8)
    after = draw_cohort(replace(spec, predictors=(extra, *spec.predictors)), n=300, seed=8)
    assert set(after.values) == {*before.values, "frailty_mfi5"}
    pd.testing.assert_frame_equal(
        pd.DataFrame(before.values), pd.DataFrame(after.values)[list(before.values)], check_exact=True
    )


@pytest.mark.parametrize("cohort", COHORTS)
def test_what_is_written_is_read_back(cohort: str, tmp_path: Path) -> None:
    registry = simulate_registry(cohort, n=300, seed=9)
    path = write_synthetic(registry, tmp_path / "data")
    again = read_registry(path, tmp_path / "data" / f"{cohort}_definition.toml")
    pd.testing.assert_frame_equal(again.frame, registry.frame, check_exact=True)
    assert again.synthetic
    assert again.fingerprint == registry.fingerprint
    assert again.definition.sha256 == registry.definition.sha256
    assert path.name == f"{cohort}.csv"
    texts = read_table(path, registry.definition.file).table
    assert "row_id" not in texts
    assert not texts.map(lambda text: text.endswith(".0") or text.lower() == "nan").any(axis=None)
    truth = pd.read_csv(tmp_path / "data" / f"{cohort}_truth.csv", dtype={"row_id": "str"})
    pd.testing.assert_frame_equal(truth, registry.truth)


def test_a_handful_of_patients_can_be_simulated() -> None:
    assert len(simulate_registry("lumbar", n=1, seed=0).frame) == 1
    assert len(simulate_registry("deformity", n=30, seed=0).frame) == 30


def test_unknown_cohorts_and_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="a simulated cohort must be a known name, got 'lumber'; nearest is 'lumbar'"):
        simulate_registry("lumber", seed=1)
    with pytest.raises(InputError, match="n must be 1 or more, got 0; state the number of operations"):
        simulate_registry("lumbar", n=0, seed=1)
    with pytest.raises(InputError, match="the seed must be 0 or more, got -1; choose another"):
        simulate_registry("lumbar", seed=-1)


def test_real_data_are_not_written_as_simulated(tmp_path: Path) -> None:
    registry = replace(simulate_registry("lumbar", n=20, seed=1), truth=None, source="ours.csv")
    with pytest.raises(InputError, match=r"the registry must be simulated, got 'ours\.csv'"):
        write_synthetic(registry, tmp_path)
