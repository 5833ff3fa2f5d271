"""Every number of the oracle on internal-external validation that the toolkit computes too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from pipelines.by_site.meta import IDENTITY, LOG, LOGIT, Scale, compute_interval, compute_spread, summarise
from pipelines.by_site.sites import tabulate_sites
from pipelines.measures.calibration import compute_oe_standard_error, fit_logistic

DATA = Path(__file__).parent / "oracles" / "data" / "sim_val.csv"
WITHOUT: dict[str, str] = {}
"""Leaves without a counterpart: none."""
NAMES = {
    "auc": "c_statistic",
    "citl": "calibration_in_the_large",
    "slope": "calibration_slope",
    "oe": "oe_ratio",
    "brier": "brier_score",
}
POOLED = {
    "pooled_auc_logit": ("c_statistic", LOGIT),
    "pooled_slope": ("calibration_slope", IDENTITY),
    "pooled_citl": ("calibration_in_the_large", IDENTITY),
}


def predict_left_out() -> pd.DataFrame:
    """Return the predictions of an unpenalised logistic model in every site that it was not fitted on."""
    data = pd.read_csv(DATA)
    X = np.column_stack([np.ones(len(data)), data[["x1", "x2", "x3", "x4"]]])
    y, site = data["y"].to_numpy(dtype=np.float64), data["site"].to_numpy()
    risk = np.empty(len(data))
    for left_out in np.unique(site):
        others = site != left_out
        fit = fit_logistic(X[others], y[others], np.ones(int(others.sum())))
        assert fit is not None
        risk[~others] = expit(X[~others] @ fit.coefficients)
    rows = np.arange(len(data)).astype(str)
    return pd.DataFrame(
        {
            "row_id": rows, "patient": rows, "outcome": "event", "model": "logistic", "dataset": "development",
            "validation": "internal-external", "repeat": 0, "fold": site, "imputation": 0, "y_true": y, "y_prob": risk,
            "y_pred": np.nan, "y_low": np.nan, "y_high": np.nan, "scale": "probability", "weight": 1.0,
            "n_train": 1000, "site": site.astype(str), "year": "",
        }
    )  # fmt: skip


def compute_leaves() -> dict[str, object]:
    """Return our number for every leaf that has a counterpart, by its path inside ``expected``.

    Notes
    -----
    The oracle's error of log(O:E) takes the expected events as fixed and known; the tables of the toolkit do not.
    """
    table = tabulate_sites(predict_left_out(), reference="logistic", thresholds={}, seed=1)
    estimate = table.pivot(index="site", columns="metric", values="estimate")
    error = table.pivot(index="site", columns="metric", values="standard_error")
    counts = table.drop_duplicates("site").set_index("site")[["n", "events"]].astype(int)
    leaves: dict[str, object] = {f"per_site/{name}": counts[name].tolist() for name in ("n", "events")}
    leaves |= {f"per_site/{leaf}": estimate[name].tolist() for leaf, name in NAMES.items()}
    c = estimate["c_statistic"]
    of_totals = [compute_oe_standard_error(events, n) for n, events in zip(counts["n"], counts["events"], strict=True)]
    leaves |= {
        "per_site/auc_se": (error["c_statistic"] * c * (1 - c)).tolist(),
        "per_site/citl_se": error["calibration_in_the_large"].tolist(),
        "per_site/slope_se": error["calibration_slope"].tolist(),
        "per_site/oe_log_se": of_totals,
    }
    for leaf, (name, scale) in POOLED.items():
        leaves |= _pool(leaf, [scale.forth(v) for v in estimate[name]], error[name].to_numpy(), scale)
    leaves |= _pool("pooled_log_oe", [LOG.forth(v) for v in estimate["oe_ratio"]], np.array(of_totals), LOG)
    return leaves | _fit_everyone()


def _pool(leaf: str, values: list[float], error: np.ndarray, scale: Scale) -> dict[str, object]:
    found = summarise(values, error**2)
    spread = compute_spread(found.tau2, found.hksj_error)
    return {
        f"{leaf}/mu": found.estimate,
        f"{leaf}/se_hksj": found.hksj_error,
        f"{leaf}/tau2": found.tau2,
        f"{leaf}/ci95": [
            scale.back(v) for v in compute_interval(found.estimate, found.hksj_error, df=found.n_sites - 1)
        ],
        f"{leaf}/pi95_t_k_minus_2": [
            scale.back(v) for v in compute_interval(found.estimate, spread, df=found.n_sites - 2)
        ],
        f"{leaf}/mu_back": scale.back(found.estimate),
    }


def _fit_everyone() -> dict[str, object]:
    data = pd.read_csv(DATA)
    X = np.column_stack([np.ones(len(data)), data[["x1", "x2", "x3", "x4"]]])
    fit = fit_logistic(X, data["y"].to_numpy(dtype=np.float64), np.ones(len(data)))
    assert fit is not None
    return {
        "full_model_coef": fit.coefficients.tolist(),
        "full_model_se": np.sqrt(np.diag(fit.covariance)).tolist(),
    }
