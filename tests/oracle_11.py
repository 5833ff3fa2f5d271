"""Oracle 11, Rubin's rules: every leaf computed by our own code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from pipelines.rubin import Pooled, pool_estimates

ORACLE = json.loads((Path(__file__).parent / "oracles" / "11_rubin.json").read_text(encoding="utf-8"))
WITHOUT: dict[str, str] = {}


def compute_leaves() -> dict[str, object]:
    """Return our number for each leaf of the oracle."""
    inputs = ORACLE["inputs"]
    slope, auc, nhanes = inputs["slope"], inputs["auc"], inputs["nhanes"]
    of_slope = pool_estimates(slope["estimates"], slope["variances"], df_complete=slope["n"] - slope["k"])
    c = np.array(auc["auc"])
    of_auc = pool_estimates(logit(c), (np.array(auc["se"]) / (c * (1 - c))) ** 2)
    terms = [
        pool_estimates(estimates, variances, df_complete=nhanes["n"] - nhanes["k"])
        for estimates, variances in zip(
            nhanes["estimates_rows_terms_cols_imputations"], nhanes["variances"], strict=True
        )
    ]
    return {
        **{f"slope/{name}": value for name, value in describe(of_slope).items()},
        **{f"auc_logit/{name}": value for name, value in describe(of_auc).items()},
        "auc_logit/back_auc": float(expit(of_auc.estimate)),
        "auc_logit/back_ci95": expit(of_auc.interval).tolist(),
        "nhanes/qbar": [one.estimate for one in terms],
        "nhanes/ubar": [one.within for one in terms],
        "nhanes/b": [one.between for one in terms],
        "nhanes/t": [one.total for one in terms],
        "nhanes/df": [one.df for one in terms],
        "nhanes/fmi": [one.fraction_missing for one in terms],
        "nhanes/riv": [one.relative_increase for one in terms],
        "nhanes/lambda": [one.share_missing for one in terms],
        "nhanes/se": [one.standard_error for one in terms],
        "nhanes/t_stat": [one.t_statistic for one in terms],
        "nhanes/p": [one.p_value for one in terms],
        "nhanes/lo": [one.interval[0] for one in terms],
        "nhanes/hi": [one.interval[1] for one in terms],
    }


def describe(pooled: Pooled) -> dict[str, object]:
    """Return the leaves of a scalar by the oracle's names."""
    return {
        "m": pooled.m,
        "qbar": pooled.estimate,
        "ubar": pooled.within,
        "b": pooled.between,
        "total_var": pooled.total,
        "se": pooled.standard_error,
        "riv": pooled.relative_increase,
        "fmi": pooled.fraction_missing,
        "lambda": pooled.share_missing,
        "df_barnard_rubin": pooled.df,
        "df_old_rubin": pooled.df_rubin,
        "ci95_t": list(pooled.interval),
    }
