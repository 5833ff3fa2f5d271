"""Calibration curve of a predicted follow-up score: the observed score on a spline of the predicted one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.intervals import FloatArray, IntArray, Z
from pipelines.measures.calibration_curve import compute_robust_covariance
from pipelines.splines import compute_knots, compute_rcs_basis

LARGEST_CONDITION = 1e12


@dataclass(frozen=True, kw_only=True)
class ScoreCurve:
    """A fitted curve: `knots` in points (empty: a straight line), `coefficients` (k,), their `covariance` (k, k)."""

    knots: FloatArray
    coefficients: FloatArray
    covariance: FloatArray


def choose_n_knots(n: int) -> int:
    """Return 3 knots below 100 patients, 4 below 200, else 5: as many as the curve of risks has by its events."""
    return 3 if n < 100 else 4 if n < 200 else 5


def fit_score_curve(
    y: FloatArray, predicted: FloatArray, weights: FloatArray, *, patient: IntArray, n_knots: int | None = None
) -> ScoreCurve | None:
    """Fit the observed score by weighted least squares on a restricted cubic spline of the predicted one.

    Parameters
    ----------
    y, predicted, weights
        Observed and predicted scores in points, and weights, shape (n,).
    patient
        Patient of each row as a code from 0, shape (n,): rows of one patient count together in the covariance.
    n_knots
        Number of knots; by default `choose_n_knots` of the patients.

    Returns
    -------
    ScoreCurve or None
        None with fewer patients than terms, or where all scores are predicted the same.

    Notes
    -----
    The covariance is the sandwich of row influences summed by patient, times g / (g - 1): scores need not spread
    alike, and near the ends of their range do not. Where terms repeat one another, fewer knots are tried.
    """
    if np.ptp(predicted) == 0:
        return None
    for n in range(n_knots or choose_n_knots(np.unique(patient).size), 1, -1):
        knots = compute_knots(predicted, n) if n > 2 else np.empty(0)
        curve = _fit(compute_design(predicted, knots), y, weights, patient, knots)
        if curve is not None:
            return curve
    return None


def compute_design(predicted: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the constant and the spline terms, shape (n, 1 + terms)."""
    return np.column_stack([np.ones_like(predicted), compute_rcs_basis(predicted, knots)])


def _fit(
    design: FloatArray, y: FloatArray, weights: FloatArray, patient: IntArray, knots: FloatArray
) -> ScoreCurve | None:
    information = (design * weights[:, None]).T @ design
    scale = 1 / np.sqrt(np.diag(information))
    enough = np.unique(patient).size > design.shape[1]
    if not (enough and np.linalg.cond(information * np.outer(scale, scale)) < LARGEST_CONDITION):
        return None
    coefficients = np.asarray(np.linalg.solve(information, design.T @ (weights * y)), dtype=np.float64)
    scores = design * (weights * (y - design @ coefficients))[:, None]
    influence = np.asarray(np.linalg.solve(information, scores.T).T, dtype=np.float64)
    return ScoreCurve(knots=knots, coefficients=coefficients, covariance=compute_robust_covariance(influence, patient))


def predict_score_curve(curve: ScoreCurve, predicted: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the observed score at `predicted` with its pointwise 95 % band, each of shape (m,)."""
    design = compute_design(predicted, curve.knots)
    centre = design @ curve.coefficients
    half = Z * np.sqrt(np.einsum("ij,jk,ik->i", design, curve.covariance, design))
    return centre, centre - half, centre + half
