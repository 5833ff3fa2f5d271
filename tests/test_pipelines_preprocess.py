import inspect
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.filling.draws import fit_drawer
from pipelines.filling.imputation import fit_imputer
from pipelines.preprocess import (
    DESIGNS,
    LEAST_MISSING,
    Preprocessor,
    fit_inner_preprocessor,
    fit_preprocessor,
    preprocessor_from_json,
)
from schemas.column import Column
from schemas.errors import InputError, StudyError

LEVELS = ("none", "mild", "severe")
WAYS = pytest.mark.parametrize("missing", ["chained", "multiple", "indicators", "native"])


def column(name: str, kind: str, levels: tuple[str, ...] = ()) -> Column:
    hard = (-1e6, 1e6) if kind == "number" else None
    return Column(name=name, kind=kind, known_at="preop", text="made up", levels=levels, hard=hard)  # type: ignore[arg-type]


COLUMNS = {
    c.name: c
    for c in (
        column("age", "number"),
        column("odi_0", "number"),
        column("smoker", "flag"),
        column("pain", "category", LEVELS),
    )
}


def patients(n: int = 400, seed: int = 1, missing: float = 0.1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.normal(60, 10, n)
    severity = rng.normal(size=n)
    X = pd.DataFrame(
        {
            "age": age,
            "odi_0": 40 + 0.5 * (age - 60) + 8 * severity + rng.normal(0, 2, n),
            "smoker": (rng.uniform(size=n) < 0.3).astype(float),
            "pain": pd.array(np.array(LEVELS)[np.digitize(severity, [-0.5, 0.7])], dtype="str"),
        }
    )
    for name in X.columns:
        X.loc[rng.uniform(size=n) < missing, name] = np.nan
    return X


def fitted(X: pd.DataFrame | None = None, n_knots: int = 4) -> tuple[pd.DataFrame, Preprocessor]:
    X = patients() if X is None else X
    return X, fit_preprocessor(X, {name: COLUMNS[name] for name in X.columns}, n_knots=n_knots)


def test_observed_values_pass_through_and_every_level_has_a_column() -> None:
    X, pre = fitted(patients(missing=0))
    encoded = pre.encode(X)
    assert pre.encoded_names == ("age", "odi_0", "smoker", "pain=none", "pain=mild", "pain=severe")
    assert pre.encoded_predictor == ("age", "odi_0", "smoker", "pain", "pain", "pain")
    np.testing.assert_array_equal(encoded[:, 0], X["age"])
    for j, level in enumerate(LEVELS):
        np.testing.assert_array_equal(encoded[:, 3 + j], (X["pain"] == level).astype(float))


def test_nothing_that_learns_here_can_see_an_outcome() -> None:
    # `counted` says which rows models are fitted on (outcome known, whatever it is), never what happened to them
    learned_from = ["X", "columns", "n_knots", "weights", "missing", "seed", "counted"]
    for fit in (fit_preprocessor, fit_inner_preprocessor):
        assert list(inspect.signature(fit).parameters) == learned_from
    assert list(inspect.signature(fit_imputer).parameters) == ["encoded", "blocks", "weights"]
    drawn_from = ["encoded", "blocks", "weights", "whole", "low", "high", "seed"]
    assert list(inspect.signature(fit_drawer).parameters) == drawn_from


@WAYS
def test_a_row_is_the_same_alone_or_among_others_to_the_last_bit(missing: Any) -> None:
    X = patients()
    pre = fit_preprocessor(X, COLUMNS, n_knots=4, missing=missing, seed=8)
    encoded = pre.encode(X)
    shuffled = np.random.default_rng(3).permutation(len(X))
    np.testing.assert_array_equal(pre.encode(X.iloc[shuffled]), encoded[shuffled])
    for i in range(25):
        np.testing.assert_array_equal(pre.encode(X.iloc[[i]])[0], encoded[i])


def test_a_linear_relation_is_recovered() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, 2000))
    full = pd.DataFrame({"age": a, "odi_0": b, "c": 1 + 2 * a - b})
    holes = full.copy()
    lost = rng.uniform(size=2000) < 0.2
    holes.loc[lost, "c"] = np.nan
    columns = {name: column(name, "number") for name in full}
    pre = fit_preprocessor(holes, columns, n_knots=3)
    inside = lost & full["c"].between(*pre.ranges["c"]).to_numpy()
    np.testing.assert_allclose(pre.encode(holes)[inside, 2], full["c"][inside], atol=0.02)


def test_imputation_is_the_fixed_point_of_the_regressions() -> None:
    # Two numbers with gaps: the fitted regression must be least squares of the observed rows on the completed other.
    X = patients(800)[["age", "odi_0"]].dropna(how="all").reset_index(drop=True)
    _, pre = fitted(X)
    done = pre.encode(X)
    seen = X["odi_0"].notna().to_numpy()
    slope, intercept = np.polyfit(done[seen, 0], X["odi_0"][seen], 1)
    expected = np.clip(intercept + slope * done[~seen, 0], *pre.ranges["odi_0"])
    np.testing.assert_allclose(done[~seen, 1], expected, atol=0.05)


def test_imputed_values_stay_possible() -> None:
    X, pre = fitted(patients(missing=0.4))
    encoded = pre.encode(X)
    assert not np.isnan(encoded).any()
    np.testing.assert_allclose(encoded[:, 3:].sum(axis=1), 1, atol=1e-12)
    assert encoded[:, 2:].min() >= 0
    assert encoded[:, 2:].max() <= 1
    for j, name in enumerate(["age", "odi_0"]):
        low, high = pre.ranges[name]
        imputed = encoded[X[name].isna(), j]
        assert imputed.min() >= low
        assert imputed.max() <= high


def test_a_predictor_complete_in_training_may_be_missing_later() -> None:
    X, pre = fitted(patients(missing=0))
    later = X.head(5).copy()
    later["odi_0"] = np.nan
    error = np.abs(pre.encode(later)[:, 1] - X["odi_0"].head(5))
    assert (error < X["odi_0"].std() * 2).all()
    assert pre.encode(later)[:, 1].std() > 0
    assert pre.imputed(later).to_numpy().sum() == 5


def test_a_wholly_missing_column_is_zero_throughout() -> None:
    X = patients().assign(age=np.nan)
    _, pre = fitted(X)
    assert (pre.encode(X)[:, 0] == 0).all()
    for name in ("splines", "linear"):
        design = pre.design(name, pre.encode(X))
        assert (design[:, np.array(pre.design_predictor(name)) == "age"] == 0).all()


def test_a_level_unseen_in_training_has_an_inert_column() -> None:
    X = patients(missing=0)
    X.loc[X["pain"] == "severe", "pain"] = "mild"
    _, pre = fitted(X)
    later = X.head(1).assign(pain=pd.array(["severe"], dtype="str"))
    assert pre.encode(later)[0, 5] == 1
    design = pre.design("linear", pre.encode(later))
    assert design[0, -1] == 0
    assert not pre.imputed(later)["pain"].any()


def test_undeclared_levels_come_from_training_and_others_count_as_missing() -> None:
    X = patients(missing=0)[["age", "pain"]]
    columns = {"age": COLUMNS["age"], "pain": column("pain", "category")}
    pre = fit_preprocessor(X, columns, n_knots=3)
    assert pre.levels["pain"] == ("mild", "none", "severe")
    later = X.head(2).assign(pain=pd.array(["new", "mild"], dtype="str"))
    assert pre.imputed(later)["pain"].tolist() == [True, False]
    assert not np.isnan(pre.encode(later)).any()


@pytest.mark.parametrize("name", ["splines", "linear"])
def test_logistic_designs_are_standardised_on_training_rows(name: str) -> None:
    X, pre = fitted()
    design = pre.design(name, pre.encode(X))
    assert design.shape[1] == len(pre.design_predictor(name))
    np.testing.assert_allclose(design.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(design.std(axis=0), 1, atol=1e-10)


def test_designs_have_the_columns_they_say() -> None:
    X, pre = fitted(n_knots=5)
    encoded = pre.encode(X)
    assert pre.design_predictor("splines") == ("age",) * 4 + ("odi_0",) * 4 + ("smoker", "pain", "pain")
    assert pre.design_predictor("linear") == ("age", "odi_0", "smoker", "pain", "pain")
    assert pre.design_predictor("trees") == pre.encoded_predictor
    assert pre.design("trees", encoded) is encoded


def test_weights_are_repeated_rows() -> None:
    X = patients(150, missing=0.15)
    counts = np.random.default_rng(8).integers(1, 4, len(X))
    columns = COLUMNS
    weighted = fit_preprocessor(X, columns, n_knots=3, weights=counts.astype(float))
    repeated = fit_preprocessor(X.loc[X.index.repeat(counts)], columns, n_knots=3)
    np.testing.assert_allclose(weighted.encode(X), repeated.encode(X), rtol=1e-8)
    linear = [pre.design("linear", pre.encode(X)) for pre in (weighted, repeated)]
    np.testing.assert_allclose(*linear, atol=1e-8)


def test_what_is_imputed_and_what_is_unusual_is_told() -> None:
    _, pre = fitted()
    low, high = pre.ranges["age"]
    asked = pd.DataFrame(
        {
            "age": [low, high + 1, np.nan],
            "odi_0": [40.0, np.nan, 1e5],
            "smoker": [1.0, np.nan, 0.0],
            "pain": pd.array(["mild", "none", None], dtype="str"),
        },
        index=[7, 8, 9],
    )
    assert pre.imputed(asked).loc[8].tolist() == [False, True, True, False]
    assert pre.imputed(asked).loc[9].tolist() == [True, False, False, True]
    outside = pre.outside_range(asked)
    assert outside["age"].tolist() == [False, True, False]
    assert outside["odi_0"].tolist() == [False, False, True]
    assert not outside[["smoker", "pain"]].to_numpy().any()


@WAYS
def test_json_round_trip_is_exact(missing: Any) -> None:
    X = patients()
    pre = fit_preprocessor(X, COLUMNS, n_knots=4, missing=missing, seed=3)
    again = preprocessor_from_json(json.loads(json.dumps(pre.to_json(), allow_nan=False)))
    later = patients(200, seed=9, missing=0.3)
    np.testing.assert_array_equal(again.encode(later), pre.encode(later))
    np.testing.assert_array_equal(again.draw(later), pre.draw(later))
    for name in DESIGNS:
        np.testing.assert_array_equal(again.design(name, again.encode(X)), pre.design(name, pre.encode(X)))
    pd.testing.assert_frame_equal(again.outside_range(later), pre.outside_range(later))


def test_held_out_rows_move_nothing() -> None:
    _, pre = fitted()
    before = json.dumps(pre.to_json())
    pre.encode(patients(100, seed=4))
    assert json.dumps(pre.to_json()) == before


def test_unusable_predictors_are_refused() -> None:
    frame = pd.DataFrame({"site": ["a", "b"]})
    with pytest.raises(StudyError, match="predictor must be a number, a flag or a category, got 'site'"):
        fit_preprocessor(frame, {"site": column("site", "identifier")}, n_knots=3)
    with pytest.raises(StudyError, match="at least one predictor and one training row"):
        fit_preprocessor(pd.DataFrame(index=[0]), {}, n_knots=3)
    empty = pd.DataFrame({"pain": pd.array([None], dtype="str")})
    with pytest.raises(StudyError, match="'pain' must have declared levels or a training row"):
        fit_preprocessor(empty, {"pain": column("pain", "category")}, n_knots=3)


def test_unknown_design_is_refused() -> None:
    X, pre = fitted()
    with pytest.raises(InputError, match="design must be a known name, got 'spline'; nearest is 'splines'"):
        pre.design("spline", pre.encode(X))


def test_inner_preprocessing_is_the_same_without_the_draws() -> None:
    X, pre = fitted()
    inner = fit_inner_preprocessor(X, COLUMNS, n_knots=4)
    np.testing.assert_array_equal(inner.encode(X), pre.encode(X))
    assert inner.drawer is None
    with pytest.raises(InputError, match="draws must have been learned in training"):
        inner.draw(X)


def test_the_seed_moves_draws_and_nothing_else() -> None:
    X = patients()
    first, second = (fit_preprocessor(X, COLUMNS, n_knots=4, seed=seed) for seed in (1, 2))
    np.testing.assert_array_equal(first.encode(X), second.encode(X))
    assert not np.array_equal(first.draw(X), second.draw(X))


@pytest.mark.parametrize("missing", ["indicators", "native"])
def test_indicators_are_of_what_was_missing_in_training(missing: Any) -> None:
    X = patients()
    X["odi_0"] = X["odi_0"].fillna(40.0)
    pre = fit_preprocessor(X, COLUMNS, n_knots=4, missing=missing)
    assert pre.lacking == ("age", "smoker", "pain")
    later = patients(60, seed=2, missing=0.5)
    design = pre.design("trees", pre.encode(later))
    np.testing.assert_array_equal(design[:, 6:], later[["age", "smoker", "pain"]].isna())
    for name in ("splines", "linear", "trees"):
        design = pre.design(name, pre.encode(later))
        assert design.shape == (60, len(pre.design_names(name)))
        assert len(pre.design_predictor(name)) == design.shape[1]
        assert pre.design_names(name)[-3:] == ("age (missing)", "smoker (missing)", "pain (missing)")
        assert pre.design_predictor(name)[-3:] == ("age", "smoker", "pain")
        assert np.isfinite(design).all()
    linear = pre.design("linear", pre.encode(X))
    np.testing.assert_allclose(linear.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(linear.std(axis=0), 1, atol=1e-10)


def test_values_under_indicators_are_the_chained_ones() -> None:
    X, chained = fitted()
    pre = fit_preprocessor(X, COLUMNS, n_knots=4, missing="indicators")
    np.testing.assert_array_equal(pre.encode(X)[:, :6], chained.encode(X))
    assert chained.design_names("splines")[:4] == ("age", "age'", "age''", "odi_0")
    assert chained.design_names("linear") == ("age", "odi_0", "smoker", "pain=mild", "pain=severe")


def test_trees_get_gaps_only_where_training_had_them() -> None:
    X = patients()
    X["odi_0"] = X["odi_0"].fillna(40.0)
    pre = fit_preprocessor(X, COLUMNS, n_knots=4, missing="native")
    later = patients(60, seed=2, missing=0.5)
    design = pre.design("boosting", pre.encode(later))
    assert pre.design_names("boosting") == pre.encoded_names
    assert np.isfinite(design[:, 1]).all()
    for predictor, first in (("age", 0), ("smoker", 2), ("pain", 3), ("pain", 5)):
        np.testing.assert_array_equal(np.isnan(design[:, first]), later[predictor].isna())
    known = later["age"].notna()
    np.testing.assert_array_equal(design[known, 0], later.loc[known, "age"])
    # a draw stands in the gap
    assert np.isfinite(pre.design("boosting", pre.draw(later)[0])).all()


def test_what_absence_means_is_learned_from_rows_that_models_see() -> None:
    X = patients(missing=0)
    X.loc[:50, "age"] = np.nan
    X.loc[60 : 60 + LEAST_MISSING - 1, "odi_0"] = np.nan
    X.loc[70 : 70 + LEAST_MISSING - 2, "smoker"] = np.nan
    seen = np.arange(len(X)) > 50
    assert fit_preprocessor(X, COLUMNS, n_knots=4, missing="native").lacking == ("age", "odi_0")
    assert fit_preprocessor(X, COLUMNS, n_knots=4, missing="native", counted=seen).lacking == ("odi_0",)


def test_imputations_differ_in_what_is_missing_only() -> None:
    X = patients()
    fits = [fit_preprocessor(X, COLUMNS, n_knots=4, missing="multiple", seed=seed) for seed in range(2)]
    first, second = (pre.encode(X) for pre in fits)
    known = X.notna().to_numpy()[:, [0, 1, 2, 3, 3, 3]]
    np.testing.assert_array_equal(first[known], second[known])
    assert np.mean(first[~known][:, None] == second[~known][:, None]) < 0.6
    assert fits[0].ranges == fits[1].ranges
