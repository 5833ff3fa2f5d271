"""What the toolkit computes of the recalibration oracle, leaf by leaf."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.measures.calibration import compute_logit, fit_calibration_in_the_large, fit_calibration_slope
from pipelines.recalibration import Calibrator, fit_calibrator

ORACLES = Path(__file__).parent / "oracles"
SHARED = Path(__file__).parents[2] / "shared" / "oracles" / "data"

WITHOUT = {
    "*/temperature": "no temperature scaling is offered: one slope cannot repair the calibration in the large",
    "*/p_first5_temperature": "no temperature scaling is offered",
    "*/brier_temperature": "no temperature scaling is offered",
    "*/lrt_*": "no locked model is updated, so no rung of updating is tested",
    "isotonic_*": "no isotonic calibrator is offered: it needs more patients than spine registries have",
    "venn_abers_*": "no Venn-Abers predictor is offered",
    "conformal_*": "no conformal label sets are offered for risks",
}


def compute_leaves() -> dict[str, object]:
    """Return our numbers by the path of the leaf."""
    simulated = pd.read_csv(ORACLES / "data" / "sim_val.csv")
    found = _update("update_sim_p1", simulated["y"], simulated["p1"])
    found |= _update("update_sim_p2", simulated["y"], simulated["p2"])
    if (SHARED / "pima_te.csv").is_file():
        pima = pd.read_csv(SHARED / "pima_te.csv")
        found |= _update("update_pima_p1", pima["type"], pima["p1"])
    return found


def _update(name: str, outcome: pd.Series, risk: pd.Series) -> dict[str, object]:
    y, p = outcome.to_numpy(dtype=np.float64), risk.to_numpy(dtype=np.float64)
    weights = np.ones_like(y)
    shift = fit_calibration_in_the_large(y, p, weights)
    both = fit_calibration_slope(y, p, weights)
    assert shift is not None
    assert both is not None
    rungs = {
        "original": p,
        "intercept_only": Calibrator(intercept=float(shift.coefficients[0]), slope=1.0).apply(p),
        "logistic": fit_calibrator(y, p, weights).apply(p),
    }
    found: dict[str, object] = {
        f"{name}/intercept_only_delta": shift.coefficients[0],
        f"{name}/logistic_intercept": both.coefficients[0],
        f"{name}/logistic_slope": both.coefficients[1],
    }
    for rung, own in rungs.items():
        found[f"{name}/brier_{rung}"] = np.mean((own - y) ** 2)
        found[f"{name}/loglik_{rung}"] = np.sum(y * np.log(own) + (1 - y) * np.log1p(-own))
        if rung != "original":
            found[f"{name}/p_first5_{rung}"] = own[:5]
    assert np.allclose(compute_logit(rungs["intercept_only"]) - compute_logit(p), shift.coefficients[0])
    return found
