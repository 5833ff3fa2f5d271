"""Case mix: 0.5 where nothing differs, a known distance where something does, and nothing about few patients."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcomes import build_outcomes
from pipelines.by_site.case_mix import Side, compute_membership, tabulate_case_mix
from pipelines.by_site.sites import tabulate_sites
from schemas.column import Column
from schemas.study import parse_study
from schemas.synthetic import simulate_registry
from schemas.tables import CASE_MIX

COLUMNS = {name: Column(name=name, kind="number", known_at="preop", text="A number.") for name in ("age", "bmi", "odi")}
TEXT = """
title = "Test"
definition = "lumbar"
seed = 3
outcomes = ["odi_mcid_12m"]
predictors = ["age", "odi_0", "depression", "sex"]
"""


def draw(n: int, shift: float, seed: int) -> Side:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=list(COLUMNS))
    X["age"] += shift
    return Side(X=X, patient=pd.Series([f"{seed}-{k}" for k in range(n)]), columns=COLUMNS)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_equal_patients_cannot_be_told_apart():
    found = [compute_membership(draw(60, 0, 2 * k), draw(200, 0, 2 * k + 1), rng=rng(k)) for k in range(40)]
    values = np.array([one.estimate for one in found])
    assert values.mean() == pytest.approx(0.5, abs=0.025)  # and not above, as on the model's own rows
    covered = [one.lower <= 0.5 <= one.upper for one in found]
    assert np.mean(covered) >= 0.75  # conditional on the fitted models: somewhat narrow


@pytest.mark.parametrize("shift", [0.5, 1.5])
def test_a_known_shift_of_one_predictor_is_found(shift: float):
    found = compute_membership(draw(1500, shift, 1), draw(3000, 0, 2), rng=rng())
    truth = norm.cdf(shift / math.sqrt(2))
    assert found.estimate == pytest.approx(truth, abs=0.02)
    assert found.lower < truth < found.upper


def test_large_sides_are_drawn_from_and_sides_may_share_patients():
    own, others = draw(6000, 0.8, 1), draw(7000, 0, 2)
    assert compute_membership(own, others, rng=rng()).estimate == pytest.approx(norm.cdf(0.8 / math.sqrt(2)), abs=0.02)
    both = Side(X=own.X, patient=pd.Series([f"{k // 2}" for k in range(6000)]), columns=COLUMNS)
    again = Side(X=others.X, patient=pd.Series([f"{k // 2}" for k in range(7000)]), columns=COLUMNS)
    found = compute_membership(both, again, rng=rng())
    assert found.lower < found.estimate < found.upper


def test_few_patients_are_not_assessed():
    assert compute_membership(draw(19, 0, 1), draw(200, 0, 2), rng=rng()).status == "not assessable"
    once = draw(60, 0, 1)
    repeated = Side(X=once.X, patient=pd.Series(["a", "b", "c"] * 20), columns=COLUMNS)
    assert compute_membership(repeated, draw(200, 0, 2), rng=rng()).status == "not assessable"


def test_missing_values_do_not_count():
    own, others = draw(500, 0, 1), draw(500, 0, 2)
    own.X.loc[::2, "bmi"] = math.nan
    assert compute_membership(own, others, rng=rng()).estimate == pytest.approx(0.5, abs=0.06)


@pytest.fixture(scope="module")
def cohorts() -> dict[str, dict[str, Cohort]]:
    study = parse_study(TEXT, folder=Path())
    made = {}
    for name, seed in (("development", 5), ("later", 6)):
        registry = simulate_registry("lumbar", n=700, seed=seed)
        outcomes = build_outcomes(study, registry.definition, registry.columns)
        made[name] = {key: build_cohort(registry, outcome, study) for key, outcome in outcomes.items()}
    return made


def predict(cohort: Cohort, dataset: str, validation: str, *, spread: float) -> pd.DataFrame:
    site = cohort.site.astype(str)
    logit = np.random.default_rng(1).normal(0.3, spread, len(site))
    return pd.DataFrame(
        {
            "row_id": cohort.row_id.astype(str), "patient": cohort.patient.astype(str), "outcome": "odi_mcid_12m",
            "model": "reference", "dataset": dataset, "validation": validation, "repeat": 0,
            "fold": pd.factorize(site, sort=True)[0], "imputation": 0, "y_true": cohort.y, "y_prob": expit(logit),
            "y_pred": np.nan, "y_low": np.nan, "y_high": np.nan, "scale": "probability",
            "weight": cohort.counted.astype(float), "n_train": 500, "site": site, "year": "",
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def predictions(cohorts: dict[str, dict[str, Cohort]]) -> pd.DataFrame:
    own, later = (cohorts[name]["odi_mcid_12m"] for name in ("development", "later"))
    parts = [predict(own, "development", kind, spread=0.8) for kind in ("internal", "internal-external", "apparent")]
    return pd.concat([*parts, predict(later, "later", "temporal", spread=1.2)], ignore_index=True)


def make_table(predictions: pd.DataFrame, cohorts: dict[str, dict[str, Cohort]]) -> pd.DataFrame:
    sites = tabulate_sites(predictions, reference="reference", thresholds={}, seed=1)
    return tabulate_case_mix(predictions, cohorts, sites, reference="reference", seed=1)


def test_datasets_and_sites_are_described(predictions: pd.DataFrame, cohorts: dict[str, dict[str, Cohort]]):
    table = make_table(predictions, cohorts)
    assert tuple(table.columns) == CASE_MIX
    kinds = table.groupby(["dataset", "level"])["statistic"].agg(list).to_dict()
    spread = ["sd_linear_predictor", "mean_linear_predictor"]
    assert kinds["development", "all"] == spread  # development is what the others are held against
    assert kinds["later", "all"] == ["membership_c_statistic", *spread]
    assert {level for dataset, level in kinds if dataset == "development"} == {"all", *(f"S{k}" for k in range(1, 9))}
    of = table.set_index(["dataset", "level", "statistic"])["estimate"]
    assert of["development", "all", "sd_linear_predictor"] == pytest.approx(0.8, abs=0.06)
    assert of["later", "all", "sd_linear_predictor"] == pytest.approx(1.2, abs=0.1)
    assert of["later", "all", "mean_linear_predictor"] == pytest.approx(0.3, abs=0.15)
    assert of["later", "all", "membership_c_statistic"] == pytest.approx(0.5, abs=0.07)  # the same simulation
    inside = table.dropna(subset=["lower"])
    assert ((inside["lower"] < inside["estimate"]) & (inside["estimate"] < inside["upper"])).all()


def test_the_order_of_rows_changes_nothing(predictions: pd.DataFrame, cohorts: dict[str, dict[str, Cohort]]):
    one = make_table(predictions, cohorts)
    two = make_table(predictions.sample(frac=1, random_state=0), cohorts)
    by = ["dataset", "level", "statistic"]
    pd.testing.assert_frame_equal(one.sort_values(by, ignore_index=True), two.sort_values(by, ignore_index=True))


def test_hidden_sites_stay_hidden(predictions: pd.DataFrame, cohorts: dict[str, dict[str, Cohort]]):
    few = predictions.copy()
    known = few[(few["site"] == "S8") & (few["weight"] > 0)]["row_id"].unique()
    few.loc[(few["site"] == "S8") & few["row_id"].isin(known[3:]), "weight"] = 0.0
    table = make_table(few, cohorts)
    hidden = table[table["status"] == "suppressed"]
    assert "S8" in set(hidden["level"])
    assert hidden["level"].nunique() == 2
    assert hidden[["estimate", "lower", "upper", "n"]].isna().all().all()
    assert not table[(table["level"] == "S8") & (table["status"] != "suppressed")].size
