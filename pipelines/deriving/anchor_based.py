"""Thresholds of a change score that an anchor question gives: cuts of the ROC curve, and predictive modelling."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from scipy.stats import rankdata

from pipelines.intervals import FloatArray

Criterion = Literal["youden", "corner"]

MAX_STEPS = 50
SETTLED = 1e-10
SEPARATED = 50.0
"""Slope in standard deviations of the change beyond which the groups do not overlap, and no slope is found."""
TIED = 1e-12


class Logistic(NamedTuple):
    """Log odds of having improved, ``intercept + slope * change``."""

    intercept: float
    slope: float


def find_roc_cut(change: FloatArray, improved: FloatArray, criterion: Criterion) -> float:
    """Find the cut of the change score that best separates the improved from the others.

    Parameters
    ----------
    change
        Positive where the patient got better, shape (n,), no NaN.
    improved
        1 or 0 by the anchor, shape (n,).
    criterion
        ``youden``: the highest sensitivity + specificity - 1; ``corner``: nearest to sensitivity = specificity = 1.

    Returns
    -------
    float
        Halfway between two observed changes; the smallest where several cuts are equally good. NaN where one group is
        empty or no cut separates better than chance.

    Notes
    -----
    Cuts that tie need not be neighbours, and what lies between them may separate no better than chance: so one of them
    is taken, and no mean.
    """
    values, where = np.unique(change, return_inverse=True)
    cases = np.bincount(where, weights=improved)
    others = np.bincount(where, weights=1 - improved)
    if values.size < 2 or not cases.sum() > 0 or not others.sum() > 0:
        return math.nan
    sensitivity = 1 - np.cumsum(cases)[:-1] / cases.sum()
    specificity = np.cumsum(others)[:-1] / others.sum()
    if not np.max(sensitivity + specificity) > 1 + TIED:
        return math.nan
    loss = -sensitivity - specificity if criterion == "youden" else np.hypot(1 - sensitivity, 1 - specificity)
    cuts = (values[:-1] + values[1:]) / 2
    return float(cuts[loss <= loss.min() + TIED].min())


def fit_change_model(change: FloatArray, improved: FloatArray) -> Logistic:
    """Fit the logistic regression of having improved on the change by Newton's method.

    Returns
    -------
    Logistic
        NaN where a group is empty, the change does not vary or it separates the groups completely.
    """
    nothing = Logistic(math.nan, math.nan)
    spread = float(change.std())
    if not (spread > 0 and 0 < improved.mean() < 1):
        return nothing
    centre = float(change.mean())
    design = np.column_stack([np.ones_like(change), (change - centre) / spread])
    beta = np.array([math.log(improved.mean() / (1 - improved.mean())), 0.0])
    for _ in range(MAX_STEPS):
        p = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (p * (1 - p))[:, None])
        if np.linalg.det(information) <= 0:
            return nothing
        step = np.linalg.solve(information, design.T @ (improved - p))
        beta = beta + step
        if abs(beta[1]) > SEPARATED:
            return nothing
        if np.abs(step).max() < SETTLED:
            return Logistic(float(beta[0] - beta[1] * centre / spread), float(beta[1] / spread))
    return nothing


def compute_log_odds(improved: FloatArray) -> float:
    """Compute the log odds of having improved; NaN where a group is empty."""
    share = float(improved.mean()) if improved.size else math.nan
    return math.log(share / (1 - share)) if 0 < share < 1 else math.nan


def compute_predictive(model: Logistic, log_odds: float) -> float:
    """Compute the change at which having improved is as likely as before the change was known.

    Notes
    -----
    ``(log odds of the share improved - intercept) / slope``, the change with a likelihood ratio of 1. NaN where more
    change does not go with having improved.

    References
    ----------
    Terluin B, Eekhout I, Terwee CB, de Vet HCW. J Clin Epidemiol 2015;68:1388-1396.
    """
    return (log_odds - model.intercept) / model.slope if model.slope > 0 else math.nan


def adjust_for_share(predictive: float, *, correlation: float, sd_change: float, log_odds: float) -> float:
    """Adjust the predictive threshold for the share of patients who improved, for an anchor without error.

    Parameters
    ----------
    predictive
        By `compute_predictive`.
    correlation
        Of the change with having improved (0 or 1).
    sd_change
        Standard deviation of the change.
    log_odds
        Of the share improved.

    Notes
    -----
    ``predictive - (0.090 + 0.103 * correlation) * sd_change * log_odds``. The constants were found by simulation, and
    hold where the anchor question is answered without error.

    References
    ----------
    Terluin B, Eekhout I, Terwee CB. J Clin Epidemiol 2017;83:90-100.
    """
    return predictive - (0.090 + 0.103 * correlation) * sd_change * log_odds


def adjust_for_reliability(
    predictive: float, *, correlation: float, sd_change: float, log_odds: float, anchor_reliability: float
) -> float:
    """Adjust the predictive threshold for the share improved and for the reliability of the anchor question.

    Notes
    -----
    ``predictive - (0.8 / anchor_reliability - 0.5) * sd_change * correlation * log_odds``; the rest as in
    `adjust_for_share`.

    References
    ----------
    Terluin B, Eekhout I, Terwee CB. J Clin Epidemiol 2022;148:48-53.
    """
    return predictive - (0.8 / anchor_reliability - 0.5) * sd_change * correlation * log_odds


def compute_correlation(first: FloatArray, second: FloatArray) -> float:
    """Compute Pearson's correlation; NaN where one of the two does not vary."""
    if first.size < 2:
        return math.nan
    centred, other = first - first.mean(), second - second.mean()
    scale = math.sqrt(float(centred @ centred) * float(other @ other))
    return float(centred @ other) / scale if scale > 0 else math.nan


def compute_grade_correlation(score: FloatArray, grade: FloatArray, improved: FloatArray) -> float:
    """Compute Spearman's correlation of a score with the answers to the anchor question, better answers counted up.

    Parameters
    ----------
    score
        Shape (n,), no NaN.
    grade
        Answers as numbers in order, shape (n,); whether high or low is good follows from who improved.
    improved
        1 or 0, shape (n,).
    """
    sign = math.copysign(1.0, compute_correlation(grade, improved))
    return sign * compute_correlation(rankdata(score), rankdata(grade))
