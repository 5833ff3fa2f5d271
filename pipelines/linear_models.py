"""Penalised logistic regression as a model: fitting, predicting, explaining, writing and reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipelines.penalised import LogisticPath, compute_logistic_path
from pipelines.risk import check_outcome, compute_risk

Array = npt.NDArray[np.float64]
Params = Mapping[str, float | int]

PENALTIES = tuple(float(value) for value in np.geomspace(1.0, 1e-5, 25))
"""Penalties on the scale of the mean log loss; at 1 all predictions are near the event rate, at 1e-5 near the
unpenalised fit."""
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


def compute_linear_contributions(fitted: LogisticFit, X: Array) -> tuple[Array, float]:
    """Return contributions (n, p) to the log-odds and the base.

    Notes
    -----
    ``coefficient * (x - mean)``; the design is centred at the training means, so its mean is 0 and the base is the
    intercept.
    """
    return X * fitted.coefficients, fitted.intercept


def write_logistic(fitted: LogisticFit, folder: Path) -> None:
    """Write intercept and coefficients as JSON; floats survive exactly."""
    values = {"intercept": fitted.intercept, "coefficients": fitted.coefficients.tolist()}
    (folder / FILE).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def read_logistic(folder: Path) -> LogisticFit:
    """Read what `write_logistic` wrote."""
    values = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return LogisticFit(intercept=values["intercept"], coefficients=np.array(values["coefficients"], dtype=np.float64))


def _fit(
    X: Array, y: Array, weights: Array, penalties: tuple[float, ...], *, l1_ratio: float
) -> tuple[LogisticFit, ...]:
    check_outcome(y, weights)
    return _split(compute_logistic_path(X, y, weights, penalties=penalties, l1_ratio=l1_ratio))


def _split(path: LogisticPath) -> tuple[LogisticFit, ...]:
    return tuple(
        LogisticFit(intercept=float(intercept), coefficients=coefficients)
        for intercept, coefficients in zip(path.intercepts, path.coefficients, strict=True)
    )
