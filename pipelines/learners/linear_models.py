"""Penalised logistic and linear regression as models: fitting, predicting, explaining, writing and reading."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pipelines.learners.firth import compute_firth
from pipelines.learners.penalised import PenaltyPath, compute_linear_path, compute_logistic_path
from pipelines.risk import check_outcome, check_score, compute_risk

Array = npt.NDArray[np.float64]
Params = Mapping[str, float | int]
Fit = TypeVar("Fit")

PENALTIES = tuple(float(value) for value in np.geomspace(1.0, 1e-5, 25))
"""Penalties on the scale of the mean log loss; at 1 all predictions are near the event rate (the mean score), at 1e-5
near the unpenalised fit."""
FILE = "coefficients.json"


@dataclass(frozen=True, kw_only=True, eq=False)
class LogisticFit:
    """A logistic regression on a standardised design: intercept and coefficients, shape (p,)."""

    intercept: float
    coefficients: Array

    def output(self, X: Array) -> Array:
        """Return log-odds, shape (n,); summed row by row, so that a row gives the same alone or among others."""
        log_odds: Array = self.intercept + np.einsum("ij,j->i", np.ascontiguousarray(X), self.coefficients)
        return log_odds

    def predict(self, X: Array) -> Array:
        """Return predicted risks, shape (n,)."""
        return compute_risk(self.output(X))


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearFit:
    """A linear regression on a standardised design: intercept and coefficients, shape (p,), in points."""

    intercept: float
    coefficients: Array

    def output(self, X: Array) -> Array:
        """Return points, shape (n,); summed row by row, so that a row gives the same alone or among others."""
        points: Array = self.intercept + np.einsum("ij,j->i", np.ascontiguousarray(X), self.coefficients)
        return points

    def predict(self, X: Array) -> Array:
        """Return predicted scores, shape (n,), as they are: the range is the instrument's, not the model's."""
        return self.output(X)


def fit_ridge_path(X: Array, y: Array, weights: Array, params: Params, seed: int) -> tuple[LogisticFit, ...]:
    """Fit ridge logistic regressions, one per penalty of `PENALTIES`; nothing in it is random."""
    return _fit(X, y, weights, PENALTIES, l1_ratio=0.0)


def fit_ridge(X: Array, y: Array, weights: Array, params: Params, seed: int) -> LogisticFit:
    """Fit a ridge logistic regression with ``params["penalty"]``."""
    return _fit(X, y, weights, (params["penalty"],), l1_ratio=0.0)[0]


def fit_elastic_net_path(X: Array, y: Array, weights: Array, params: Params, seed: int) -> tuple[LogisticFit, ...]:
    """Fit elastic nets with ``params["l1_ratio"]``, one per penalty of `PENALTIES`; nothing in it is random."""
    return _fit(X, y, weights, PENALTIES, l1_ratio=params["l1_ratio"])


def fit_elastic_net(X: Array, y: Array, weights: Array, params: Params, seed: int) -> LogisticFit:
    """Fit an elastic net with ``params["penalty"]`` and ``params["l1_ratio"]``."""
    return _fit(X, y, weights, (params["penalty"],), l1_ratio=params["l1_ratio"])[0]


def fit_firth(X: Array, y: Array, weights: Array, params: Params, seed: int) -> LogisticFit:
    """Fit Firth's logistic regression with the intercept put right (FLIC): its mean risk is the event rate."""
    fit = compute_firth(X, y, weights)
    return LogisticFit(intercept=fit.flic_intercept, coefficients=fit.coefficients)


def fit_firth_path(X: Array, y: Array, weights: Array, params: Params, seed: int) -> tuple[LogisticFit]:
    """Fit Firth's logistic regression, which has no settings: one fit."""
    return (fit_firth(X, y, weights, params, seed),)


def fit_least_squares(X: Array, y: Array, weights: Array, params: Params, seed: int) -> LinearFit:
    """Fit a linear regression by least squares; of columns that make each other up the shortest coefficients.

    Notes
    -----
    Of a normal outcome the modified score of Firth is the score itself, so that this is its counterpart for a score.
    """
    check_score(y, weights)
    root = np.sqrt(weights)
    design = np.column_stack([np.ones(len(y)), X])
    found = np.linalg.lstsq(design * root[:, None], y * root, rcond=1e-10)[0]
    return LinearFit(intercept=float(found[0]), coefficients=found[1:])


def fit_least_squares_path(X: Array, y: Array, weights: Array, params: Params, seed: int) -> tuple[LinearFit]:
    """Fit a linear regression by least squares, which has no settings: one fit."""
    return (fit_least_squares(X, y, weights, params, seed),)


def fit_linear_ridge_path(X: Array, y: Array, weights: Array, params: Params, seed: int) -> tuple[LinearFit, ...]:
    """Fit ridge linear regressions of a score, one per penalty of `PENALTIES`; nothing in it is random."""
    return _fit_linear(X, y, weights, PENALTIES, l1_ratio=0.0)


def fit_linear_ridge(X: Array, y: Array, weights: Array, params: Params, seed: int) -> LinearFit:
    """Fit a ridge linear regression of a score with ``params["penalty"]``."""
    return _fit_linear(X, y, weights, (params["penalty"],), l1_ratio=0.0)[0]


def fit_linear_net_path(X: Array, y: Array, weights: Array, params: Params, seed: int) -> tuple[LinearFit, ...]:
    """Fit linear elastic nets of a score with ``params["l1_ratio"]``, one per penalty of `PENALTIES`."""
    return _fit_linear(X, y, weights, PENALTIES, l1_ratio=params["l1_ratio"])


def fit_linear_net(X: Array, y: Array, weights: Array, params: Params, seed: int) -> LinearFit:
    """Fit a linear elastic net of a score with ``params["penalty"]`` and ``params["l1_ratio"]``."""
    return _fit_linear(X, y, weights, (params["penalty"],), l1_ratio=params["l1_ratio"])[0]


def compute_linear_contributions(fitted: LogisticFit | LinearFit, X: Array) -> tuple[Array, float]:
    """Return contributions (n, p) to the log-odds, or to the points, and the base.

    Notes
    -----
    ``coefficient * (x - mean)``; the design is centred at the training means, so its mean is 0 and the base is the
    intercept.
    """
    return X * fitted.coefficients, fitted.intercept


def write_coefficients(fitted: LogisticFit | LinearFit, folder: Path) -> None:
    """Write intercept and coefficients as JSON; floats survive exactly."""
    values = {"intercept": fitted.intercept, "coefficients": fitted.coefficients.tolist()}
    (folder / FILE).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def read_logistic(folder: Path) -> LogisticFit:
    """Read a logistic regression that `write_coefficients` wrote."""
    return LogisticFit(**_read(folder))


def read_linear(folder: Path) -> LinearFit:
    """Read a linear regression that `write_coefficients` wrote."""
    return LinearFit(**_read(folder))


def _read(folder: Path) -> dict[str, Any]:
    values = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return {"intercept": values["intercept"], "coefficients": np.array(values["coefficients"], dtype=np.float64)}


def _fit(
    X: Array, y: Array, weights: Array, penalties: tuple[float, ...], *, l1_ratio: float
) -> tuple[LogisticFit, ...]:
    check_outcome(y, weights)
    return _split(compute_logistic_path(X, y, weights, penalties=penalties, l1_ratio=l1_ratio), LogisticFit)


def _fit_linear(
    X: Array, y: Array, weights: Array, penalties: tuple[float, ...], *, l1_ratio: float
) -> tuple[LinearFit, ...]:
    check_score(y, weights)
    return _split(compute_linear_path(X, y, weights, penalties=penalties, l1_ratio=l1_ratio), LinearFit)


def _split(path: PenaltyPath, make: Callable[..., Fit]) -> tuple[Fit, ...]:
    return tuple(
        make(intercept=float(intercept), coefficients=coefficients)
        for intercept, coefficients in zip(path.intercepts, path.coefficients, strict=True)
    )
