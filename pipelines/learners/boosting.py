"""Gradient boosting by XGBoost and LightGBM through their native boosters: one fit gives a path of tree counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import xgboost

from pipelines.learners.blunting import blunt_values
from pipelines.risk import check_outcome, check_score, compute_risk

Array = npt.NDArray[np.float64]
Params = Mapping[str, float | int]

TREE_COUNTS = (25, 50, 100, 150, 200, 300, 400)
BINS = 64
"""Bins per predictor: as good as 256 on registry data, and half the time."""
XGBOOST_FILE = "xgboost.ubj"
LIGHTGBM_FILE = "lightgbm.txt"


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What is boosted.

    Parameters
    ----------
    xgboost, lightgbm
        The libraries' names of the loss.
    check
        Refuses training rows that nothing can be learned from.
    respond
        From the trees' sum to the prediction.
    row_weight
        Weight of a row of weight 1. The squared error has a curvature of 1 per row, the log loss of 1/4 at most: with
        a quarter of the weight, penalties and least sums of weights mean the same in both.
    """

    xgboost: str
    lightgbm: str
    check: Callable[[Array, Array], None]
    respond: Callable[[Array], Array]
    row_weight: float


def _keep(points: Array) -> Array:
    return points


RISK = Objective(
    xgboost="binary:logistic", lightgbm="binary", check=check_outcome, respond=compute_risk, row_weight=1.0
)
SCORE = Objective(xgboost="reg:squarederror", lightgbm="regression", check=check_score, respond=_keep, row_weight=0.25)


@dataclass(frozen=True, kw_only=True, eq=False)
class XGBoostFit:
    """The first `trees` trees of a booster."""

    booster: xgboost.Booster
    trees: int
    objective: Objective

    def output(self, X: Array) -> Array:
        """Return log-odds or points, shape (n,), in the library's single precision."""
        margins = self.booster.predict(_matrix(X), output_margin=True, iteration_range=(0, self.trees))
        return np.asarray(margins, dtype=np.float64)

    def predict(self, X: Array) -> Array:
        """Return predicted risks or scores, shape (n,)."""
        return self.objective.respond(self.output(X))


@dataclass(frozen=True, kw_only=True, eq=False)
class LightGBMFit:
    """The first `trees` trees of a booster."""

    booster: lightgbm.Booster
    trees: int
    objective: Objective

    def output(self, X: Array) -> Array:
        """Return log-odds or points, shape (n,)."""
        margins = self.booster.predict(X, raw_score=True, num_iteration=self.trees, num_threads=1)
        return np.asarray(margins, dtype=np.float64)

    def predict(self, X: Array) -> Array:
        """Return predicted risks or scores, shape (n,)."""
        return self.objective.respond(self.output(X))


def fit_xgboost_path(
    X: Array, y: Array, weights: Array, params: Params, seed: int, *, objective: Objective
) -> tuple[XGBoostFit, ...]:
    """Boost once and return one model per entry of `TREE_COUNTS`."""
    booster = _train_xgboost(X, y, weights, params, seed, objective=objective, trees=TREE_COUNTS[-1])
    return tuple(XGBoostFit(booster=booster, trees=trees, objective=objective) for trees in TREE_COUNTS)


def fit_xgboost(X: Array, y: Array, weights: Array, params: Params, seed: int, *, objective: Objective) -> XGBoostFit:
    """Boost ``params["trees"]`` trees."""
    trees = int(params["trees"])
    booster = _train_xgboost(X, y, weights, params, seed, objective=objective, trees=trees)
    return XGBoostFit(booster=booster, trees=trees, objective=objective)


def compute_xgboost_contributions(fitted: XGBoostFit, X: Array) -> tuple[Array, Array]:
    """Return the library's exact path-dependent contributions (n, p) to the output, and the base (n,)."""
    parts = fitted.booster.predict(_matrix(X), pred_contribs=True, iteration_range=(0, fitted.trees))
    parts = parts.astype(np.float64)
    return parts[:, :-1], parts[:, -1]


def write_xgboost(fitted: XGBoostFit, folder: Path) -> None:
    """Write the trees in use in the library's own format (UBJSON)."""
    fitted.booster[: fitted.trees].save_model(folder / XGBOOST_FILE)


def read_xgboost(folder: Path, *, objective: Objective) -> XGBoostFit:
    """Read what `write_xgboost` wrote."""
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(folder / XGBOOST_FILE)
    return XGBoostFit(booster=booster, trees=booster.num_boosted_rounds(), objective=objective)


def fit_lightgbm_path(
    X: Array, y: Array, weights: Array, params: Params, seed: int, *, objective: Objective
) -> tuple[LightGBMFit, ...]:
    """Boost once and return one model per entry of `TREE_COUNTS`."""
    booster = _train_lightgbm(X, y, weights, params, seed, objective=objective, trees=TREE_COUNTS[-1])
    return tuple(LightGBMFit(booster=booster, trees=trees, objective=objective) for trees in TREE_COUNTS)


def fit_lightgbm(X: Array, y: Array, weights: Array, params: Params, seed: int, *, objective: Objective) -> LightGBMFit:
    """Boost ``params["trees"]`` trees."""
    trees = int(params["trees"])
    booster = _train_lightgbm(X, y, weights, params, seed, objective=objective, trees=trees)
    return LightGBMFit(booster=booster, trees=trees, objective=objective)


def compute_lightgbm_contributions(fitted: LightGBMFit, X: Array) -> tuple[Array, Array]:
    """Return the library's exact path-dependent contributions (n, p) to the output, and the base (n,)."""
    parts = np.asarray(fitted.booster.predict(X, pred_contrib=True, num_iteration=fitted.trees, num_threads=1))
    return parts[:, :-1], parts[:, -1]


def write_lightgbm(fitted: LightGBMFit, folder: Path) -> None:
    """Write the trees in use in the library's own text format, without the range of each column.

    The format keeps each column's lowest and highest training values, which are single patients' values and which no
    prediction needs.
    """
    text = fitted.booster.model_to_string(num_iteration=fitted.trees)
    blanked = re.sub(r"^feature_infos=.*$", _without_ranges, text, flags=re.MULTILINE)
    (folder / LIGHTGBM_FILE).write_text(blanked, encoding="utf-8")


def read_lightgbm(folder: Path, *, objective: Objective) -> LightGBMFit:
    """Read what `write_lightgbm` wrote."""
    booster = lightgbm.Booster(model_str=(folder / LIGHTGBM_FILE).read_text(encoding="utf-8"))
    return LightGBMFit(booster=booster, trees=booster.current_iteration(), objective=objective)


def _without_ranges(line: re.Match[str]) -> str:
    name, _, infos = line[0].partition("=")
    return f"{name}=" + " ".join("none" for _ in infos.split())


def _train_xgboost(
    X: Array, y: Array, weights: Array, params: Params, seed: int, *, objective: Objective, trees: int
) -> xgboost.Booster:
    objective.check(y, weights)
    settings: dict[str, Any] = {
        "objective": objective.xgboost,
        "tree_method": "hist",
        "max_bin": BINS,
        "nthread": 1,
        "seed": seed % 2**31,
        # Given, not estimated: it is stored with the model and must not depend on the library's own start.
        "base_score": float(np.average(y, weights=weights)),
        "learning_rate": params["learning_rate"],
        "max_depth": int(params["max_depth"]),
        "min_child_weight": params["min_child_weight"],
        "subsample": params["subsample"],
        "colsample_bytree": params["colsample_bytree"],
        "reg_lambda": params["reg_lambda"],
        "verbosity": 0,
    }
    # It splits at training values, which stand in the model then: so at numbers that are no patient's.
    blunted = blunt_values(X)
    data = xgboost.QuantileDMatrix(blunted, y, weight=weights * objective.row_weight, max_bin=BINS, nthread=1)
    return xgboost.train(settings, data, num_boost_round=trees)


def _train_lightgbm(
    X: Array, y: Array, weights: Array, params: Params, seed: int, *, objective: Objective, trees: int
) -> lightgbm.Booster:
    objective.check(y, weights)
    settings: dict[str, Any] = {
        "objective": objective.lightgbm,
        "max_bin": BINS - 1,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed % 2**31,
        "verbosity": -1,
        "learning_rate": params["learning_rate"],
        "num_leaves": int(params["num_leaves"]),
        # In a small training part a leaf of the searched size would leave a tree without a split.
        "min_data_in_leaf": max(1, min(int(params["min_child_samples"]), len(y) // 10)),
        "bagging_fraction": params["subsample"],
        "bagging_freq": 1,
        "feature_fraction": params["colsample_bytree"],
        "lambda_l2": params["reg_lambda"],
    }
    data = lightgbm.Dataset(X, y, weight=weights * objective.row_weight, params=settings)
    return lightgbm.train(settings, data, num_boost_round=trees)


def _matrix(X: Array) -> xgboost.DMatrix:
    return xgboost.DMatrix(X, nthread=1)
