"""Every number of the oracle on random-effects summaries that the toolkit computes too."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
from scipy.stats import chi2

from pipelines.by_site.meta import IDENTITY, LOG, LOGIT, Scale, compute_interval, compute_spread, pool, summarise

ORACLE = Path(__file__).parent / "oracles" / "10_meta.json"

WITHOUT = {
    "*/I2_DL_from_Q": "the toolkit's heterogeneity is by REML alone; this one belongs to DerSimonian-Laird",
    "*/tau2_DL": "no DerSimonian-Laird estimate: REML alone",
    "*/tau2_PM": "no Paule-Mandel estimate: REML alone",
    "*/mu_DL": "no DerSimonian-Laird estimate: REML alone",
    "*/se_DL": "no DerSimonian-Laird estimate: REML alone",
    "*/ci95_DL_HKSJ": "no DerSimonian-Laird estimate: REML alone",
}
"""Leaves without a counterpart, and why."""


def compute_leaves() -> dict[str, object]:
    """Return our number for every leaf that has a counterpart, by its path inside ``expected``."""
    inputs = json.loads(ORACLE.read_text(encoding="utf-8"))["inputs"]
    pairs = list(zip(inputs["site_auc"]["auc"], inputs["site_auc"]["se_auc"], strict=True))
    logit = np.array([LOGIT.forth(value) for value, _ in pairs])
    variance = np.array([LOGIT.error(value, error) for value, error in pairs]) ** 2
    given: dict[str, tuple[np.ndarray, np.ndarray, Scale]] = {"site_auc_logit": (logit, variance, LOGIT)}
    for leaf, name, scale in (
        ("bcg_log_rr", "bcg", LOG),
        ("site_slope", "site_slope", IDENTITY),
        ("homogeneous_tau2_zero", "homogeneous", IDENTITY),
    ):
        given[leaf] = (np.array(inputs[name]["yi"]), np.array(inputs[name]["vi"]), scale)
    return {
        f"{name}/{leaf}": value
        for name, (y, v, scale) in given.items()
        for leaf, value in _summarise(y, v, scale).items()
    }


def _summarise(y: np.ndarray, v: np.ndarray, scale: Scale) -> dict[str, object]:
    found, fixed = summarise(y, v), pool(y, v, 0.0)
    k, mu = found.n_sites, found.estimate
    wald, hksj = (compute_spread(found.tau2, error) for error in (found.wald_error, found.hksj_error))
    interval = compute_interval(mu, found.hksj_error, df=k - 1)
    prediction = compute_interval(mu, hksj, df=k - 2)
    return {
        "k": k,
        "fixed_mu": fixed.estimate,
        "fixed_se": fixed.standard_error,
        "Q": fixed.q,
        "Q_df": k - 1,
        "Q_p": float(chi2.sf(fixed.q, k - 1)),
        "I2_REML": found.i_squared,
        "tau2_REML": found.tau2,
        "tau2_REML_Qprofile_ci95": [found.tau2_lower, found.tau2_upper],
        "mu_REML": mu,
        "se_REML_wald": found.wald_error,
        "ci95_REML_wald": compute_interval(mu, found.wald_error, df=math.inf),
        "se_REML_HKSJ": found.hksj_error,
        "ci95_REML_HKSJ": interval,
        "pi95_REML_wald_se_t_k_minus_2": compute_interval(mu, wald, df=k - 2),
        "pi95_REML_HKSJ_se_t_k_minus_2": prediction,
        "pi95_metafor_knha_t_k_minus_1": compute_interval(mu, hksj, df=k - 1),
        "back_mu": scale.back(mu),
        "back_ci95_HKSJ": [scale.back(end) for end in interval],
        "back_pi95_HKSJ_k_minus_2": [scale.back(end) for end in prediction],
    }
