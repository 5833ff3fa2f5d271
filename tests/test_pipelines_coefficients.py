"""Coefficients that are written out: a risk computed by hand from the table is the model's."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcomes import build_outcomes
from pipelines.bundles.members import Member, predict_members
from pipelines.coefficients import HIDDEN, list_coefficients
from pipelines.fit import FittedPipeline, choose_knots, fit_pipeline, prepare_training
from pipelines.models import MODELS
from pipelines.recalibration import Calibrator
from schemas.column import Column
from schemas.study import parse_study
from schemas.synthetic import simulate_registry
from schemas.tables import COEFFICIENTS

PLAN = """
title = "by hand"
definition = "lumbar"
seed = 5
outcomes = ["odi_mcid_12m", "odi_12m_score"]
predictors = ["age", "sex", "bmi", "smoking", "depression", "odi_0", "nrs_leg_0", "asa_class"]
models = []
"""
REGRESSIONS = ("spline_logistic", "elastic_net", "spline_elastic_net", "firth_logistic")
Key = tuple[str, str]


@pytest.fixture(scope="module")
def cohorts() -> dict[str, Cohort]:
    registry = simulate_registry("lumbar", n=700, seed=4)
    study = parse_study(PLAN, folder=Path())
    built = build_outcomes(study, registry.definition, registry.columns)
    return {name: build_cohort(registry, outcome, study) for name, outcome in built.items()}


@pytest.fixture(scope="module")
def fitted(cohorts: dict[str, Cohort]) -> dict[Key, FittedPipeline]:
    made = {}
    for name, cohort in cohorts.items():
        rows = np.arange(len(cohort.y))
        training = prepare_training(cohort, rows, n_knots=choose_knots(cohort), inner_folds=2, seed=1)
        for model in (*REGRESSIONS, "lightgbm"):
            made[name, model] = fit_pipeline(MODELS[model], training, trials=2, seed=1)
    return made


@pytest.fixture(scope="module")
def table(fitted: dict[Key, FittedPipeline], cohorts: dict[str, Cohort]) -> pd.DataFrame:
    return list_coefficients(fitted, cohorts["odi_mcid_12m"].columns)


def pos(value: float) -> float:
    return max(value, 0.0)


def term(row: pd.Series, patient: pd.Series) -> float:
    """The value of a term, from what stands in the row of the table and nothing else."""
    value = patient[row["predictor"]] if row["predictor"] else 1.0
    match row["term"]:
        case "intercept":
            return 1.0
        case "yes":
            return float(value)
        case "reference level":
            return 0.0
        case "level":
            return float(value == row["level"])
        case "not recorded":
            return float(pd.isna(value))
        case "value":
            return float(value)
    knots = {f"t{j}": float(text) for j, text in enumerate(row["knots"].split("; "), start=1)}
    return float(eval(row["formula"].replace("^", "**"), {"pos": pos, "x": float(value), **knots}))


def by_hand(table: pd.DataFrame, key: Key, X: pd.DataFrame) -> list[float]:
    """Of several imputations the mean of what each gives."""
    rows = table[(table["outcome"] == key[0]) & (table["model"] == key[1])]
    each = [predict_alone(member, X) for _, member in rows.groupby("imputation")]
    return [math.fsum(values) / len(each) for values in zip(*each, strict=True)]


def predict_alone(rows: pd.DataFrame, X: pd.DataFrame) -> list[float]:
    formula = rows.loc[rows["term"] == "intercept", "formula"].item()
    sums = [math.fsum(row["coefficient"] * term(row, x) for _, row in rows.iterrows()) for _, x in X.iterrows()]
    if "risk" in formula:
        return [1 / (1 + math.exp(-one)) for one in sums]
    low, high = map(float, re.findall(r"within (\S+) to (\S+)", formula)[0])
    return [min(max(one, low), high) for one in sums]


def complete(cohort: Cohort) -> pd.DataFrame:
    return cohort.X[cohort.X.notna().all(axis=1)].iloc[:40]


@pytest.mark.parametrize("outcome", ["odi_mcid_12m", "odi_12m_score"])
@pytest.mark.parametrize("model", REGRESSIONS)
def test_a_prediction_by_hand_is_the_models(
    outcome: str, model: str, table: pd.DataFrame, fitted: dict[Key, FittedPipeline], cohorts: dict[str, Cohort]
) -> None:
    X = complete(cohorts[outcome])
    expected = fitted[outcome, model].predict(X)
    np.testing.assert_allclose(by_hand(table, (outcome, model), X), expected, rtol=0, atol=1e-9)


def test_a_recalibration_is_multiplied_in(fitted: dict[Key, FittedPipeline], cohorts: dict[str, Cohort]) -> None:
    key = ("odi_mcid_12m", "spline_logistic")
    pipeline = replace(fitted[key], calibrator=Calibrator(intercept=0.2, slope=1.3))
    X = complete(cohorts[key[0]])
    table = list_coefficients({key: pipeline}, cohorts[key[0]].columns)
    np.testing.assert_allclose(by_hand(table, key, X), pipeline.predict(X), rtol=0, atol=1e-9)


@pytest.mark.parametrize("outcome", ["odi_mcid_12m", "odi_12m_score"])
def test_of_several_imputations_the_mean_of_the_predictions_by_hand_is_the_bundles(
    outcome: str, cohorts: dict[str, Cohort]
) -> None:
    cohort, key = cohorts[outcome], (outcome, "spline_logistic")
    model, rows = MODELS["spline_logistic"], np.arange(len(cohort.y))
    first, *others = (
        fit_pipeline(
            model,
            prepare_training(cohort, rows, n_knots=4, inner_folds=2, seed=k, missing="multiple"),
            trials=1,
            seed=k,
        )
        for k in range(3)
    )
    table = list_coefficients({key: first}, cohort.columns, further={key: tuple(others)})
    assert table["imputation"].value_counts().to_dict() == dict.fromkeys(range(3), len(table) // 3)
    members = [
        Member(
            model=model, fitted=one.fitted, preprocessor=one.preprocessor, forecast=one.forecast,
            calibrator=one.calibrator,
        )
        for one in (first, *others)
    ]  # fmt: skip
    X = complete(cohort)
    expected = predict_members(members, X)["y_pred" if first.forecast else "y_prob"]
    np.testing.assert_allclose(by_hand(table, key, X), expected, rtol=0, atol=1e-9)
    assert np.abs(by_hand(table[table["imputation"] == 0], key, X) - expected).max() > 1e-6
    alone = list_coefficients({key: first}, cohort.columns)
    pd.testing.assert_frame_equal(alone, table[table["imputation"] == 0])


def test_the_table_survives_as_text(
    tmp_path: Path, table: pd.DataFrame, fitted: dict[Key, FittedPipeline], cohorts: dict[str, Cohort]
) -> None:
    table.to_csv(tmp_path / "coefficients.csv", index=False)
    again = pd.read_csv(tmp_path / "coefficients.csv", keep_default_na=False)
    key = ("odi_mcid_12m", "spline_logistic")
    X = complete(cohorts[key[0]])
    again["coefficient"] = again["coefficient"].astype(float)
    np.testing.assert_allclose(by_hand(again, key, X), fitted[key].predict(X), rtol=0, atol=1e-9)


def test_every_regression_is_written_out_and_nothing_else(table: pd.DataFrame) -> None:
    assert list(table) == list(COEFFICIENTS)
    assert set(table["model"]) == set(REGRESSIONS)
    assert not table.isna().any().any()
    own = table[(table["outcome"] == "odi_mcid_12m") & (table["model"] == "spline_logistic")]
    assert set(own["predictor"]) == {
        "",
        "age",
        "sex",
        "bmi",
        "smoking",
        "depression",
        "odi_0",
        "nrs_leg_0",
        "asa_class",
    }
    assert set(own.loc[own["predictor"] == "age", "unit"]) == {"years"}
    assert own.loc[own["term"] == "reference level", "level"].tolist() == ["female", "never", "1"]


def test_a_constant_predictor_has_no_coefficient(cohorts: dict[str, Cohort]) -> None:
    cohort = cohorts["odi_mcid_12m"]
    same = replace(cohort, X=cohort.X.assign(depression=1.0, bmi=27.0))
    rows = np.arange(len(cohort.y))
    training = prepare_training(same, rows, n_knots=4, inner_folds=2, seed=1)
    models = {("odi_mcid_12m", name): fit_pipeline(MODELS[name], training, trials=2, seed=1) for name in REGRESSIONS}
    table = list_coefficients(models, cohort.columns)
    assert (table.loc[table["predictor"].isin(["depression", "bmi"]), "coefficient"] == 0).all()


def test_levels_that_few_patients_had_are_not_named(cohorts: dict[str, Cohort]) -> None:
    cohort = cohorts["odi_mcid_12m"]
    own = Column(name="ward", kind="category", known_at="preop", text="Ward.")
    ward = pd.Series(["east", "west"] * len(cohort.X)).iloc[: len(cohort.X)].set_axis(cohort.X.index)
    ward.iloc[:3] = "of one man"
    made = replace(cohort, X=cohort.X.assign(ward=ward), columns={**cohort.columns, "ward": own})
    training = prepare_training(made, np.arange(len(cohort.y)), n_knots=4, inner_folds=2, seed=1)
    models = {("odi_mcid_12m", "elastic_net"): fit_pipeline(MODELS["elastic_net"], training, trials=1, seed=1)}
    table = list_coefficients(models, made.columns)
    levels = table.loc[table["predictor"] == "ward", "level"].tolist()
    assert levels == ["east", HIDDEN, "west"]


def with_a_shown_prediction(table: pd.DataFrame, X: pd.DataFrame) -> pd.DataFrame:
    for _, row in table[table["coefficient"].isna()].iterrows():
        hidden = row["level"] or float(row["formula"].startswith("1 if yes"))
        X = X[X[row["predictor"]] != hidden]
    return X


@pytest.mark.parametrize("rare", ["1", "4"])
def test_a_level_of_which_all_had_the_event_has_no_coefficient(rare: str, cohorts: dict[str, Cohort]) -> None:
    key, cohort = ("odi_mcid_12m", "spline_logistic"), cohorts["odi_mcid_12m"]
    rng = np.random.default_rng(1)
    asa = pd.Series(rng.choice([level for level in "1234" if level != rare], len(cohort.X)), index=cohort.X.index)
    asa[np.flatnonzero(cohort.counted & (cohort.y == 1))[:6]] = rare
    made = replace(cohort, X=cohort.X.assign(asa_class=asa.astype("str")))
    training = prepare_training(made, np.flatnonzero(made.counted), n_knots=4, inner_folds=2, seed=1)
    models = {key: fit_pipeline(MODELS[key[1]], training, trials=1, seed=1)}
    table = list_coefficients(models, cohort.columns, cohorts={key[0]: made})
    own = table[table["predictor"] == "asa_class"].set_index("level")
    hidden = own.index[own["coefficient"].isna()]
    assert rare in hidden
    assert len(hidden.drop("5", errors="ignore")) == 2, "one alone would follow from the total"
    assert own.index[own["term"] == "reference level"].difference(hidden).size == 1
    X = with_a_shown_prediction(table, complete(made))
    assert len(X) > 5
    np.testing.assert_allclose(by_hand(table.fillna(0), key, X), models[key].predict(X), rtol=0, atol=1e-9)


@pytest.mark.parametrize("rare", [0.0, 1.0])
def test_a_flag_of_which_few_had_the_event_has_no_coefficient(rare: float, cohorts: dict[str, Cohort]) -> None:
    key, cohort = ("odi_mcid_12m", "spline_logistic"), cohorts["odi_mcid_12m"]
    few = np.flatnonzero(cohort.counted & (cohort.y == 1))[:6]
    depression = np.full(len(cohort.X), 1 - rare)
    depression[few] = rare
    made = replace(cohort, X=cohort.X.assign(depression=depression))
    training = prepare_training(made, np.flatnonzero(made.counted), n_knots=4, inner_folds=2, seed=1)
    models = {key: fit_pipeline(MODELS[key[1]], training, trials=1, seed=1)}
    table = list_coefficients(models, cohort.columns, cohorts={key[0]: made})
    assert table.loc[table["predictor"] == "depression", "coefficient"].isna().all()
    X = with_a_shown_prediction(table, complete(made))
    assert len(X) > 5
    np.testing.assert_allclose(by_hand(table.fillna(0), key, X), models[key].predict(X), rtol=0, atol=1e-9)


def test_no_model_gives_no_rows() -> None:
    table = list_coefficients({}, {})
    assert table.empty
    assert list(table) == list(COEFFICIENTS)
