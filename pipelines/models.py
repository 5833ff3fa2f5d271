"""The table of models. A new model is one entry; tuning, folds, evaluation, explanation and bundles follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from pipelines.learners import boosting, forest, linear_models

Array = npt.NDArray[np.float64]
Params = Mapping[str, float | int]


class Fitted(Protocol):
    """A fitted model: design matrix in, predicted risks or scores out."""

    def predict(self, X: Array) -> Array:
        """Return predicted risks in (0, 1), or scores in points, shape (n,), for a design matrix of shape (n, p)."""
        ...

    def output(self, X: Array) -> Array:
        """Return what is explained, shape (n,): log-odds, the probability before it is kept off 0 and 1, or points."""
        ...


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A setting that is searched between two bounds, on the log scale if `log`."""

    name: str
    low: float
    high: float
    log: bool = False
    integer: bool = False


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a model is fitted, taken apart and kept for one kind of outcome: a risk, or a score.

    Parameters
    ----------
    text
        One sentence for the report.
    scale
        Scale on which its contributions add up.
    fit_path
        Called with X (n, p), y (n,), weights (n,), settings and seed; returns one fit per path value, or one.
    fit
        The same for one model; the settings include the path's chosen value.
    contributions
        Contributions (n, p) and base of a fit for the rows of a design matrix; None for a sum of trees that the
        explaining module takes apart.
    tolerance
        Largest gap between base plus contributions and the output, relative to the output above 1; set by the
        precision of the library.
    write, read
        Write a fit into a folder and read it again, without pickles.
    """

    text: str
    scale: Literal["log_odds", "probability", "points"]
    fit_path: Callable[[Array, Array, Array, Params, int], tuple[Fitted, ...]]
    fit: Callable[[Array, Array, Array, Params, int], Fitted]
    contributions: Callable[[Any, Array], tuple[Array, Array | float]] | None
    tolerance: float
    write: Callable[[Any, Path], None]
    read: Callable[[Path], Fitted]


@dataclass(frozen=True, kw_only=True)
class Model:
    """One entry of the table of models.

    Parameters
    ----------
    name, title
        Name in a study, and heading.
    design
        Design matrix that it takes: ``splines``, ``linear``, ``trees``, or ``boosting``, which may have gaps.
    family
        Whether it counts as regression or as machine learning, whose best learner is compared with the reference.
    space
        Settings to search; empty where there is only the path.
    path_name, path_values
        Setting whose values are all fitted in one go; None and empty where there is none.
    risk, score
        Its form for outcomes that occur or not, and for a score, tuned on log loss and on the mean squared error; the
        settings have the same meaning and the same bounds in both.
    library
        Library whose code computes the prediction, so that its version must match; None where it is our own.
    """

    name: str
    title: str
    design: Literal["splines", "linear", "trees", "boosting"]
    family: Literal["regression", "machine_learning"]
    space: tuple[Parameter, ...]
    path_name: str | None
    path_values: tuple[float, ...]
    risk: Form
    score: Form
    library: str | None = None

    @property
    def text(self) -> str:
        """One sentence for a list."""
        return self.risk.text


BOOSTING_SPACE = (
    Parameter(name="learning_rate", low=0.02, high=0.3, log=True),
    Parameter(name="subsample", low=0.5, high=1.0),
    Parameter(name="colsample_bytree", low=0.3, high=1.0),
    Parameter(name="reg_lambda", low=0.1, high=30.0, log=True),
)

ELASTIC_NET = Model(
    name="elastic_net",
    title="Elastic net",
    design="linear",
    family="regression",
    space=(Parameter(name="l1_ratio", low=0.05, high=1.0),),
    path_name="penalty",
    path_values=linear_models.PENALTIES,
    risk=Form(
        text="Logistic regression with straight lines and a penalty that can leave predictors out.",
        scale="log_odds",
        fit_path=linear_models.fit_elastic_net_path,
        fit=linear_models.fit_elastic_net,
        contributions=linear_models.compute_linear_contributions,
        tolerance=1e-9,
        write=linear_models.write_coefficients,
        read=linear_models.read_logistic,
    ),
    score=Form(
        text="Of a score: linear regression with the same penalty.",
        scale="points",
        fit_path=linear_models.fit_linear_net_path,
        fit=linear_models.fit_linear_net,
        contributions=linear_models.compute_linear_contributions,
        tolerance=1e-9,
        write=linear_models.write_coefficients,
        read=linear_models.read_linear,
    ),
)

SPLINE_ELASTIC_NET = replace(
    ELASTIC_NET,
    name="spline_elastic_net",
    title="Elastic net with splines",
    design="splines",
    risk=replace(
        ELASTIC_NET.risk,
        text="Logistic regression with restricted cubic splines and a penalty that can leave their terms out.",
    ),
    score=replace(ELASTIC_NET.score, text="Of a score: linear regression with the same splines and penalty."),
)

FIRTH = Model(
    name="firth_logistic",
    title="Logistic regression by Firth's method",
    design="linear",
    family="regression",
    space=(),
    path_name=None,
    path_values=(),
    risk=Form(
        text="Logistic regression with straight lines by Firth's penalised likelihood, which stays finite where "
        "predictors separate the outcome; the intercept is refitted so that the mean risk is the event rate (FLIC).",
        scale="log_odds",
        fit_path=linear_models.fit_firth_path,
        fit=linear_models.fit_firth,
        contributions=linear_models.compute_linear_contributions,
        tolerance=1e-9,
        write=linear_models.write_coefficients,
        read=linear_models.read_logistic,
    ),
    score=Form(
        text="Of a score: linear regression by least squares, which Firth's method leaves as it is.",
        scale="points",
        fit_path=linear_models.fit_least_squares_path,
        fit=linear_models.fit_least_squares,
        contributions=linear_models.compute_linear_contributions,
        tolerance=1e-9,
        write=linear_models.write_coefficients,
        read=linear_models.read_linear,
    ),
)

ENTRIES = (
    Model(
        name="spline_logistic",
        title="Logistic regression with splines",
        design="splines",
        family="regression",
        space=(),
        path_name="penalty",
        path_values=linear_models.PENALTIES,
        risk=Form(
            text="Ridge logistic regression; numbers enter as restricted cubic splines.",
            scale="log_odds",
            fit_path=linear_models.fit_ridge_path,
            fit=linear_models.fit_ridge,
            contributions=linear_models.compute_linear_contributions,
            tolerance=1e-9,
            write=linear_models.write_coefficients,
            read=linear_models.read_logistic,
        ),
        score=Form(
            text="Of a score: ridge linear regression with the same splines.",
            scale="points",
            fit_path=linear_models.fit_linear_ridge_path,
            fit=linear_models.fit_linear_ridge,
            contributions=linear_models.compute_linear_contributions,
            tolerance=1e-9,
            write=linear_models.write_coefficients,
            read=linear_models.read_linear,
        ),
    ),
    ELASTIC_NET,
    SPLINE_ELASTIC_NET,
    FIRTH,
    Model(
        name="random_forest",
        title="Random forest",
        design="trees",
        family="machine_learning",
        space=(
            Parameter(name="min_samples_leaf", low=20, high=100, log=True, integer=True),
            Parameter(name="max_features", low=0.1, high=1.0, log=True),
            Parameter(name="max_samples", low=0.2, high=0.7),
        ),
        path_name=None,
        path_values=(),
        risk=Form(
            text=f"Mean event rate over the leaves of {forest.TREES} trees, each grown on at most "
            f"{forest.MOST_ROWS} rows (scikit-learn).",
            scale="probability",
            fit_path=partial(forest.fit_forest_path, kind=forest.RISK),
            fit=partial(forest.fit_forest, kind=forest.RISK),
            contributions=None,
            tolerance=1e-8,
            write=forest.write_forest,
            read=partial(forest.read_forest, kind=forest.RISK),
        ),
        score=Form(
            text="Of a score: mean score over the leaves of as many trees, split by squared error.",
            scale="points",
            fit_path=partial(forest.fit_forest_path, kind=forest.SCORE),
            fit=partial(forest.fit_forest, kind=forest.SCORE),
            contributions=None,
            tolerance=1e-8,
            write=forest.write_forest,
            read=partial(forest.read_forest, kind=forest.SCORE),
        ),
    ),
    Model(
        name="xgboost",
        title="XGBoost",
        design="boosting",
        family="machine_learning",
        space=(
            *BOOSTING_SPACE,
            Parameter(name="max_depth", low=1, high=6, integer=True),
            Parameter(name="min_child_weight", low=1.0, high=50.0, log=True),
        ),
        path_name="trees",
        path_values=boosting.TREE_COUNTS,
        risk=Form(
            text="Gradient-boosted trees (XGBoost) on the log-odds.",
            scale="log_odds",
            fit_path=partial(boosting.fit_xgboost_path, objective=boosting.RISK),
            fit=partial(boosting.fit_xgboost, objective=boosting.RISK),
            contributions=boosting.compute_xgboost_contributions,
            tolerance=1e-4,
            write=boosting.write_xgboost,
            read=partial(boosting.read_xgboost, objective=boosting.RISK),
        ),
        score=Form(
            text="Of a score: the same, on its points, by squared error.",
            scale="points",
            fit_path=partial(boosting.fit_xgboost_path, objective=boosting.SCORE),
            fit=partial(boosting.fit_xgboost, objective=boosting.SCORE),
            contributions=boosting.compute_xgboost_contributions,
            tolerance=1e-4,
            write=boosting.write_xgboost,
            read=partial(boosting.read_xgboost, objective=boosting.SCORE),
        ),
        library="xgboost",
    ),
    Model(
        name="lightgbm",
        title="LightGBM",
        design="boosting",
        family="machine_learning",
        space=(
            *BOOSTING_SPACE,
            Parameter(name="num_leaves", low=4, high=31, log=True, integer=True),
            Parameter(name="min_child_samples", low=20, high=100, log=True, integer=True),
        ),
        path_name="trees",
        path_values=boosting.TREE_COUNTS,
        risk=Form(
            text="Gradient-boosted trees (LightGBM) on the log-odds.",
            scale="log_odds",
            fit_path=partial(boosting.fit_lightgbm_path, objective=boosting.RISK),
            fit=partial(boosting.fit_lightgbm, objective=boosting.RISK),
            contributions=boosting.compute_lightgbm_contributions,
            tolerance=1e-8,
            write=boosting.write_lightgbm,
            read=partial(boosting.read_lightgbm, objective=boosting.RISK),
        ),
        score=Form(
            text="Of a score: the same, on its points, by squared error.",
            scale="points",
            fit_path=partial(boosting.fit_lightgbm_path, objective=boosting.SCORE),
            fit=partial(boosting.fit_lightgbm, objective=boosting.SCORE),
            contributions=boosting.compute_lightgbm_contributions,
            tolerance=1e-8,
            write=boosting.write_lightgbm,
            read=partial(boosting.read_lightgbm, objective=boosting.SCORE),
        ),
        library="lightgbm",
    ),
)

MODELS: dict[str, Model] = {model.name: model for model in ENTRIES}

MACHINE_LEARNING = "machine_learning"
"""Name of the machine-learning arm: in every training part the learner with the lowest inner loss there, so that
choosing the best of several is inside the validation."""


def list_learners(models: Iterable[str]) -> tuple[str, ...]:
    """Return which of the models are machine learning, in their order."""
    return tuple(name for name in models if MODELS[name].family == "machine_learning")


def has_arm(models: Iterable[str]) -> bool:
    """Tell whether there is a choice between learners; a single learner is its own arm."""
    return len(list_learners(models)) > 1


def list_titles() -> dict[str, str]:
    """Return the title of every model by name, the machine-learning arm among them."""
    return {name: model.title for name, model in MODELS.items()} | {MACHINE_LEARNING: "Machine learning"}


def find_rival(models: Iterable[str], reference: str) -> str | None:
    """Return what the verdict is about: the arm, the only learner, else the first other model; None without any."""
    models = tuple(models)
    if has_arm(models):
        return MACHINE_LEARNING
    others = [name for name in models if name != reference]
    return next((name for name in others if MODELS[name].family == "machine_learning"), next(iter(others), None))
