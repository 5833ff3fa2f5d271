import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from oracle_17 import read_tree
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier

from pipelines.explain import Explanation, compute_forest_contributions, explain, shap, summarise_explanations
from pipelines.models import MODELS, Model
from pipelines.preprocess import fit_preprocessor
from schemas.column import Column
from schemas.errors import ExplanationError
from schemas.tables import CONTRIBUTION, EXPLANATION

Array = npt.NDArray[np.float64]
ORACLES = Path(__file__).parent / "oracles"
EXPECTED = json.loads((ORACLES / "17_shap.json").read_text())["expected"]
EVERY = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
COLUMNS = {
    "age": Column(name="age", kind="number", known_at="preop", text="age", unit="years", hard=(0, 120)),
    "odi_0": Column(name="odi_0", kind="number", known_at="preop", text="score", hard=(0, 100)),
    "smoker": Column(name="smoker", kind="flag", known_at="preop", text="smokes"),
    "asa": Column(name="asa", kind="category", known_at="preop", text="class", levels=("1", "2", "3", "4")),
}


def check(leaf: dict[str, Any], got: Any) -> None:
    np.testing.assert_allclose(got, leaf["value"], rtol=0, atol=leaf["abs_tol"])


def patients(n: int = 400) -> tuple[pd.DataFrame, Array]:
    rng = np.random.default_rng(12)
    X = pd.DataFrame(
        {
            "age": rng.normal(60, 10, n).round(),
            "odi_0": rng.uniform(10, 90, n).round(),
            "smoker": (rng.uniform(size=n) < 0.3).astype(float),
            "asa": pd.array(rng.choice(["1", "2", "3"], n, p=[0.3, 0.5, 0.2]), dtype="str"),
        }
    )
    eta = -1 + 0.15 * (X["age"] - 60) + X["smoker"] + (X["asa"] == "3")
    y = (rng.uniform(size=n) < expit(eta)).astype(float).to_numpy()
    X.loc[rng.uniform(size=n) < 0.1, "age"] = np.nan
    X.loc[rng.uniform(size=n) < 0.1, "asa"] = np.nan
    return X, y


def settings(model: Model) -> dict[str, float | int]:
    params: dict[str, float | int] = {p.name: int(p.low) if p.integer else p.low for p in model.space}
    return {**params, str(model.path_name): model.path_values[-3]} if model.path_name else params


def test_interventional_contributions_are_those_of_the_oracle() -> None:
    tree, frame = read_tree()
    described = {
        "children_left": tree.left,
        "children_right": tree.right,
        "children_default": tree.left,
        "features": tree.feature,
        "thresholds": tree.threshold,
        "values": tree.value[:, None],
        "node_sample_weight": tree.cover,
    }
    X = frame.to_numpy(np.float64)
    explainer = shap.TreeExplainer({"trees": [described]}, data=X[:60], feature_perturbation="interventional")
    check(EXPECTED["tree_base_interventional"], np.sum(explainer.expected_value))
    check(EXPECTED["tree_interventional"], explainer.shap_values(X[100:105]))


def test_forest_contributions_are_those_of_scikit_learns_forest() -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(300, 4))
    y = (rng.uniform(size=300) < expit(X[:, 0])).astype(int)
    params = {"min_samples_leaf": 10, "max_features": 0.5, "max_samples": 0.5}
    (fit,) = MODELS["random_forest"].risk.fit_path(X, y.astype(float), np.ones(300), params, 1)
    theirs = RandomForestClassifier(
        n_estimators=len(fit.trees), min_samples_leaf=10, max_features=0.5, max_samples=150, random_state=1
    ).fit(X, y, sample_weight=np.ones(300))
    explainer = shap.TreeExplainer(theirs, feature_perturbation="tree_path_dependent")
    values, base = compute_forest_contributions(fit, X[:50])  # type: ignore[arg-type]
    np.testing.assert_allclose(values, explainer.shap_values(X[:50])[:, :, 1], atol=1e-9)
    assert base == pytest.approx(explainer.expected_value[1])


@pytest.mark.parametrize("kind", ["risk", "score"])
@EVERY
def test_contributions_add_up_to_the_prediction(model: Model, kind: str) -> None:
    X, y = patients()
    form = {"risk": model.risk, "score": model.score}[kind]
    y = {"risk": y, "score": 30 + 25 * y + np.random.default_rng(3).normal(size=len(y))}[kind]
    pre = fit_preprocessor(X, COLUMNS, n_knots=4)
    encoded = pre.encode(X)
    design = pre.design(model.design, encoded)
    fit = form.fit(design, y, np.ones(len(y)), settings(model), 1)
    explanation = explain(form, model.design, fit, pre, encoded)
    assert explanation.names == ("age", "odi_0", "smoker", "asa")
    assert explanation.values.shape == (len(X), 4)
    assert explanation.base.shape == (len(X),)
    assert explanation.scale == form.scale
    output = explanation.base + explanation.values.sum(axis=1)
    predicted = expit(output) if form.scale == "log_odds" else output
    np.testing.assert_allclose(predicted, fit.predict(design), atol=1e-5 if kind == "risk" else 1e-4)
    assert np.abs(explanation.values[:, 0]).mean() > np.abs(explanation.values[:, 1]).mean()


@EVERY
def test_contributions_that_do_not_add_up_are_refused(model: Model) -> None:
    X, y = patients(150)
    pre = fit_preprocessor(X, COLUMNS, n_knots=3)
    encoded = pre.encode(X)
    form = model.risk
    fit = form.fit(pre.design(model.design, encoded), y, np.ones(len(y)), settings(model), 1)
    own = form.contributions or compute_forest_contributions
    wrong = replace(form, contributions=lambda fitted, X: (own(fitted, X)[0] * 1.01, own(fitted, X)[1]))
    with pytest.raises(ExplanationError, match=r"must add up to the model's output within .* rows off"):
        explain(wrong, model.design, fit, pre, encoded)
    empty = replace(form, contributions=lambda fitted, X: (own(fitted, X)[0] * np.nan, 0.0))
    with pytest.raises(ExplanationError, match="150 of 150 rows"):
        explain(empty, model.design, fit, pre, encoded)


def made_up(seed: int, n: int = 200) -> tuple[Explanation, pd.DataFrame]:
    X, _ = patients(n)
    rng = np.random.default_rng(seed)
    age = X["age"].fillna(60.0).to_numpy()
    values = np.column_stack([0.1 * (age - 60), rng.normal(size=n) * 0.01, X["smoker"], np.zeros(n)])
    names = ("age", "odi_0", "smoker", "asa")
    return Explanation(values=values, base=np.zeros(n), names=names, scale="log_odds"), X


def summarise() -> tuple[pd.DataFrame, pd.DataFrame, list[tuple[int, Explanation, pd.DataFrame]]]:
    parts = [(fold, *made_up(fold, 150 + 50 * fold)) for fold in range(3)]
    return *summarise_explanations(parts, outcome="o", model="m", columns=COLUMNS, suppress_below=5), parts


def test_summary_ranks_predictors_with_their_extremes() -> None:
    summary, _, parts = summarise()
    assert tuple(summary.columns) == EXPLANATION
    assert summary["predictor"].tolist() == ["age", "smoker", "odi_0", "asa"]
    assert summary["rank"].tolist() == [1, 2, 3, 4]
    by_fold = [np.abs(explanation.values[:, 0]).mean() for _, explanation, _ in parts]
    pooled = np.abs(np.concatenate([explanation.values[:, 0] for _, explanation, _ in parts])).mean()
    age = summary.iloc[0]
    assert (age["lower"], age["upper"]) == pytest.approx((min(by_fold), max(by_fold)))
    assert age["mean_absolute_contribution"] == pytest.approx(pooled)
    assert (summary["rank_lower"] <= summary["rank"]).all()
    assert (summary["rank"] <= summary["rank_upper"]).all()
    assert summary["n"].tolist() == [600] * 4


def test_contributions_by_value_follow_the_predictor() -> None:
    _, cells, _ = summarise()
    assert tuple(cells.columns) == CONTRIBUTION
    age = cells[(cells["predictor"] == "age") & (cells["level"] == "")]
    assert len(age) == 10
    np.testing.assert_allclose(age["mean_contribution"], 0.1 * (age["value"] - 60))
    smoker = cells[cells["predictor"] == "smoker"].set_index("level")
    assert smoker["mean_contribution"].to_dict() == {"0": 0.0, "1": 1.0}
    assert smoker["value"].isna().all()
    assert cells[cells["predictor"] == "asa"]["level"].tolist() == ["1", "2", "3", "missing"]
    assert cells.groupby("predictor")["n"].sum().tolist() == [600] * 4


def test_small_cells_are_suppressed() -> None:
    explanation, X = made_up(1)
    X["asa"] = X["asa"].fillna("2")
    X.loc[:3, "asa"] = "4"
    _, cells = summarise_explanations([(0, explanation, X)], outcome="o", model="m", columns=COLUMNS, suppress_below=5)
    asa = cells[cells["predictor"] == "asa"].set_index("level")
    assert asa.loc["4", "status"] == "suppressed"
    assert asa.loc["4", ["value", "mean_contribution", "n"]].isna().all()
    # The total is public, so that a single hidden count would follow by subtraction.
    assert (asa["status"] == "suppressed").sum() == 2


def test_numbers_with_few_values_or_none_have_fewer_cells() -> None:
    explanation, X = made_up(1)
    X["age"] = np.where(np.arange(200) < 100, 40.0, 70.0)
    X["odi_0"] = np.nan
    _, cells = summarise_explanations([(0, explanation, X)], outcome="o", model="m", columns=COLUMNS, suppress_below=5)
    assert cells.loc[cells["predictor"] == "age", "value"].tolist() == [40.0, 70.0]
    assert cells.loc[cells["predictor"] == "odi_0", "level"].tolist() == ["missing"]


def test_no_part_gives_empty_tables() -> None:
    summary, cells = summarise_explanations([], outcome="o", model="m", columns=COLUMNS, suppress_below=5)
    assert (summary.empty, cells.empty) == (True, True)
    assert tuple(summary.columns) == EXPLANATION
    assert tuple(cells.columns) == CONTRIBUTION
