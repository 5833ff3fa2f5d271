"""What the toolkit computes of the oracle of penalised logistic regression, leaf by leaf."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from oracle_readers import Array, read_birthwt, read_kyphosis

from pipelines.learners.penalised import compute_logistic_path

ORACLE = Path(__file__).parent / "oracles" / "08_glmnet.json"
WITHOUT: dict[str, str] = {}


def compute_leaves() -> dict[str, object]:
    """Return our numbers by the path of the leaf."""
    expected = json.loads(ORACLE.read_text())["expected"]
    found: dict[str, object] = {}
    for name, read in {"birthwt": read_birthwt, "kyphosis": read_kyphosis}.items():
        frame, y = read()
        for case in expected[name]:
            if case != "terms":
                asked = expected[name][case]
                l1_ratio, penalty = asked["alpha"]["value"], asked["lambda"]["value"]
                fit = _fit(frame, y, penalty=penalty, l1_ratio=l1_ratio, standardise=asked["standardize"])
                found |= {f"{name}/{case}/{leaf}": value for leaf, value in fit.items()}
    return found


def _fit(frame: pd.DataFrame, y: Array, *, penalty: float, l1_ratio: float, standardise: bool) -> dict[str, object]:
    X = frame.to_numpy(np.float64)
    mean, scale = X.mean(axis=0), X.std(axis=0) if standardise else np.ones(X.shape[1])
    Z = (X - mean) / scale
    path = compute_logistic_path(Z, y, np.ones(len(y)), penalties=(penalty,), l1_ratio=l1_ratio)
    b = path.coefficients[0]
    log_odds = path.intercepts[0] + Z @ b
    loss = np.mean(np.logaddexp(0.0, log_odds) - y * log_odds)
    return {
        "alpha": l1_ratio,
        "lambda": penalty,
        "intercept": path.intercepts[0] - b @ (mean / scale),
        "coef": b / scale,
        "objective": loss + penalty * ((1 - l1_ratio) / 2 * b @ b + l1_ratio * np.abs(b).sum()),
        "nonzero": np.count_nonzero(b),
    }
