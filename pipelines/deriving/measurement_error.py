"""How far a score strays when nothing has changed: reliability, standard error of measurement, detectable change."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipelines.intervals import FloatArray, Z

Z90 = 1.6448536269514722
"""Half-width of a 90 % interval in standard errors."""


@dataclass(frozen=True, kw_only=True)
class Repeatability:
    """Two measurements of patients who did not change: the ICC for absolute agreement, and the standard error."""

    reliability: float
    sem: float


def compute_sem(sd: float, reliability: float) -> float:
    """Compute the standard error of measurement, ``sd * sqrt(1 - reliability)``, in the units of the score.

    Examples
    --------
    >>> round(compute_sem(2.72, 0.80), 2)
    1.22
    """
    return sd * math.sqrt(1 - reliability) if reliability <= 1 else math.nan


def compute_detectable_change(sem: float, z: float = Z) -> float:
    """Compute the smallest change of one patient that is not measurement error, ``z * sqrt(2) * sem``.

    Parameters
    ----------
    sem
        Standard error of measurement.
    z
        `Z` for 95 % (MDC95), `Z90` for 90 % (MDC90).
    """
    return z * math.sqrt(2) * sem


def compute_repeatability(first: FloatArray, second: FloatArray) -> Repeatability:
    """Compute reliability and standard error of measurement from a repeat measurement.

    Parameters
    ----------
    first, second
        Scores of the same patients at two times between which nothing should have changed, shape (n,), no NaN.

    Returns
    -------
    Repeatability
        NaN with fewer than two patients, or without any variance.

    Notes
    -----
    Two-way analysis of variance with k = 2 times: ``MSR`` between patients, ``MSC`` between times, ``MSE`` the rest.
    The reliability is the ICC for absolute agreement of a single measurement,
    ``(MSR - MSE) / (MSR + MSE + 2 (MSC - MSE) / n)``; the standard error takes the shift between the times along,
    ``sqrt(MSE + (MSC - MSE) / n)``, and no longer depends on how different the patients are. A difference between the
    times below what chance gives counts as none.

    References
    ----------
    McGraw KO, Wong SP. Psychol Methods 1996;1:30-46, case ICC(A,1).
    """
    n = first.size
    if n < 2:
        return Repeatability(reliability=math.nan, sem=math.nan)
    scores = np.column_stack([first, second])
    of_patients, of_times, grand = scores.mean(axis=1), scores.mean(axis=0), scores.mean()
    between = 2 * np.sum((of_patients - grand) ** 2) / (n - 1)
    times = n * np.sum((of_times - grand) ** 2)
    error = np.sum((scores - of_patients[:, None] - of_times + grand) ** 2) / (n - 1)
    shift = max(float(times - error) / n, 0.0)
    total = between + error + 2 * shift
    reliability = float((between - error) / total) if total > 0 else math.nan
    return Repeatability(reliability=reliability, sem=math.sqrt(error + shift))


def compute_cronbach_alpha(items: FloatArray) -> float:
    """Compute Cronbach's alpha of the items of a score.

    Parameters
    ----------
    items
        Shape (n, k) with k >= 2, no NaN, all items in the same direction.

    Returns
    -------
    float
        At most 1; NaN with fewer than two patients, fewer than two items, or where the sum does not vary.

    Notes
    -----
    ``k / (k - 1) * (1 - sum of the items' variances / variance of their sum)``. It says how well the items hang
    together on one day, and nothing of how stable the score is from day to day.
    """
    n, k = items.shape
    if n < 2 or k < 2:
        return math.nan
    of_sum = float(items.sum(axis=1).var(ddof=1))
    return float(k / (k - 1) * (1 - items.var(axis=0, ddof=1).sum() / of_sum)) if of_sum > 0 else math.nan
