"""A last step of a model: its risks put right by what happened to patients whom it had not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from pipelines.intervals import FloatArray
from pipelines.measures.calibration import compute_logit, fit_calibration_slope
from pipelines.measures.overall import compute_event_rates


@dataclass(frozen=True, kw_only=True)
class Calibrator:
    """Logistic recalibration: the risk p becomes ``expit(intercept + slope * logit(p))``.

    Risks keep their order, since the slope is never below 0; with a slope of 0 everyone gets the same risk.
    """

    intercept: float
    slope: float

    def apply(self, p: FloatArray) -> FloatArray:
        """Return the recalibrated risks, in (0, 1), shape (n,)."""
        return np.asarray(expit(self.intercept + self.slope * compute_logit(p)))

    def apply_to_log_odds(self, log_odds: FloatArray) -> FloatArray:
        """Return the recalibrated log-odds, shape (n,)."""
        return self.intercept + self.slope * log_odds

    def to_json(self) -> dict[str, float]:
        """Return a JSON-ready dict; floats survive the round trip exactly."""
        return {"intercept": self.intercept, "slope": self.slope}


def calibrator_from_json(values: Mapping[str, Any]) -> Calibrator:
    """Build a calibrator from what `Calibrator.to_json` returned."""
    return Calibrator(intercept=float(values["intercept"]), slope=float(values["slope"]))


def fit_calibrator(y: FloatArray, p: FloatArray, weights: FloatArray) -> Calibrator:
    """Fit a calibrator on risks of patients whom the model had not seen.

    Parameters
    ----------
    y, p, weights
        Events (0 or 1, both present), held-out risks and weights, shape (n,).

    Returns
    -------
    Calibrator

    Notes
    -----
    Maximum likelihood of ``logit P(y = 1) = a + b logit(p)``. Where risks have nothing to do with the outcome (b not
    above 0), are all the same, or separate it, so that b has no estimate, everyone gets the event rate or, of the
    last, the risks stay as they are: nothing can be learned of how extreme they should be.

    References
    ----------
    Cox DR. Biometrika 1958;45:562-565. Platt's scaling on the log-odds.
    """
    fit = fit_calibration_slope(y, p, weights)
    if fit is not None and fit.coefficients[1] > 0:
        return Calibrator(intercept=float(fit.coefficients[0]), slope=float(fit.coefficients[1]))
    if fit is None and np.unique(p).size > 1:
        return Calibrator(intercept=0.0, slope=1.0)
    rate = compute_event_rates(y, weights, np.zeros(y.size, dtype=np.int64))[:1]
    return Calibrator(intercept=float(compute_logit(rate)[0]), slope=0.0)
