"""What the toolkit computes of the oracle of Firth's regression, leaf by leaf."""

from __future__ import annotations

import numpy as np
import pandas as pd
from oracle_readers import SHARED, Array, read_birthwt, read_endometrial, read_kyphosis
from scipy.special import expit

from pipelines.learners.firth import compute_firth, compute_firth_profile

HAS_ENDOMETRIAL = (SHARED / "endometrial.csv").exists()
"""It is in no package of data sets that the tests have."""

WITHOUT = {} if HAS_ENDOMETRIAL else {"endometrial/*": "the data are not at hand"}


def compute_leaves() -> dict[str, object]:
    """Return our numbers by the path of the leaf."""
    cases = {"kyphosis": read_kyphosis, "birthwt": read_birthwt}
    if HAS_ENDOMETRIAL:
        cases["endometrial"] = read_endometrial
    found: dict[str, object] = {}
    for name, read in cases.items():
        frame, y = read()
        found |= {f"{name}/{leaf}": value for leaf, value in _compute_case(frame, y).items()}
    return found


def _compute_case(frame: pd.DataFrame, y: Array) -> dict[str, object]:
    X, weights = frame.to_numpy(np.float64), np.ones(len(y))
    fit, profile = compute_firth(X, y, weights), compute_firth_profile(X, y, weights)
    log_odds = X @ fit.coefficients
    return {
        "coef": [fit.intercept, *fit.coefficients],
        "se_wald": fit.standard_errors,
        "penalised_loglik": fit.log_likelihood,
        "profile_ci95_lower": profile.lower,
        "profile_ci95_upper": profile.upper,
        "profile_lrt_chi2": profile.chi_squared,
        "profile_lrt_p": profile.p_value,
        "mean_pred_firth": expit(fit.intercept + log_odds).mean(),
        "observed_rate": y.mean(),
        "flic_intercept": fit.flic_intercept,
        "mean_pred_flic": expit(fit.flic_intercept + log_odds).mean(),
    }
