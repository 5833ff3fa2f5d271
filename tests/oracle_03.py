"""What the toolkit computes of the oracle of flexible calibration curves, leaf by leaf."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from oracle_02 import read_case

from pipelines.measures.calibration_curve import (
    compute_distance_quantile,
    compute_ici,
    fit_calibration_curve,
    predict_curve,
)

ORACLE = Path(__file__).parent / "oracles" / "03_calibration_curves.json"

SPLINE = "the toolkit's curve is the spline; a local regression is not bounded by 0 and 1"
WITHOUT = {
    "*/loess_*": SPLINE,
    "*/lowess_*": SPLINE,
    "*/lrt_nonlinearity_vs_linear_chi2": "no test of the curve's shape is offered",
}
"""Leaves without a counterpart, and why."""


def compute_leaves() -> dict[str, object]:
    """Return our numbers by the path of the leaf."""
    expected = json.loads(ORACLE.read_text(encoding="utf-8"))["expected"]
    found: dict[str, object] = {}
    for case in ("pima_te_p1", "sim_val_p1"):
        _, p = read_case(case)
        found[f"{case}/grid_p"] = np.quantile(p, np.linspace(0.05, 0.95, 10))
        for knots in (3, 5):
            grid = np.array(expected[case]["grid_p"]["value"])
            traced = _trace(case, knots, grid)
            found |= {f"{case}/rcs_logit_{knots}knots/{leaf}": value for leaf, value in traced.items()}
    return found


def _trace(case: str, knots: int, grid: np.ndarray) -> dict[str, object]:
    y, p = read_case(case)
    weights = np.ones_like(y)
    curve = fit_calibration_curve(y, p, weights, n_knots=knots)
    assert curve is not None
    observed, lower, upper = predict_curve(curve, grid, curve.fit.covariance)
    return {
        "knots_logit": curve.knots,
        "grid_fit": observed,
        "grid_lo95": lower,
        "grid_hi95": upper,
        "ici": compute_ici(curve, p, weights),
        "e50": compute_distance_quantile(curve, p, weights, 0.5),
        "e90": compute_distance_quantile(curve, p, weights, 0.9),
        "emax": compute_distance_quantile(curve, p, weights, 1.0),
    }
