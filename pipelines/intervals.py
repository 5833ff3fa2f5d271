"""What every statistic gives back, and the intervals around it. The patient is always the unit that is drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from pipelines.seeds import child_seed

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
CountArray = npt.NDArray[np.uint8]

Z = 1.959963984540054
"""Half-width of a 95 % interval in standard errors."""


class Linear(NamedTuple):
    """An estimate and each row's influence on it, shape (n,): summing the influences gives the first-order error."""

    estimate: float
    influence: FloatArray


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One number with its 95 % interval; missing numbers are NaN and `status` says why."""

    estimate: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    interval_kind: str = ""
    status: str = "ok"
    threshold_probability: float = math.nan

    def without_interval(self, status: str) -> Estimate:
        """Return the estimate alone, with another status."""
        return replace(self, lower=math.nan, upper=math.nan, interval_kind="", status=status)


NOT_ASSESSABLE = Estimate(status="not assessable")


def explain_absence(reason: str) -> str:
    """Return the words for an interval that is not given, or a value that is not assessable."""
    return f"none: {reason}"


def compute_standard_error(influence: FloatArray, patient: IntArray, *, ddof: int = 1) -> float:
    """Compute the cluster-robust standard error of an estimate from its influences.

    Parameters
    ----------
    influence
        Influence of each row, shape (n,).
    patient
        Patient of each row as a code from 0, shape (n,); codes need not all occur.
    ddof
        1 for the usual small-sample factor g / (g - 1), 0 for none.

    Returns
    -------
    float
        NaN with fewer than two patients.

    Notes
    -----
    The influences are summed by patient first, so that repeated operations and repeats of cross-validation count once:
    ``sqrt(g / (g - ddof) * sum_over_patients(influence)**2)``, with g patients. With one row per patient and the mean
    as the estimate this is ``sd / sqrt(n)``.
    """
    present = np.bincount(patient) > 0
    n_patients = int(present.sum())
    if n_patients < 2:
        return math.nan
    by_patient = np.bincount(patient, weights=influence)
    return float(np.sqrt(n_patients / (n_patients - ddof) * np.sum(by_patient**2)))


def compute_wald(
    estimate: float, standard_error: float, *, kind: str, lowest: float = -math.inf, highest: float = math.inf
) -> Estimate:
    """Return ``estimate -/+ Z se``, from `lowest` to `highest`; without a standard error the estimate stands alone."""
    if not math.isfinite(standard_error):
        return Estimate(estimate=estimate)
    half = Z * standard_error
    lower, upper = (min(max(end, lowest), highest) for end in (estimate - half, estimate + half))
    return Estimate(estimate=estimate, lower=lower, upper=upper, interval_kind=kind)


def compute_log_wald(estimate: float, log_standard_error: float, *, kind: str) -> Estimate:
    """Return ``estimate * exp(-/+ Z se)`` for a positive ratio whose standard error is that of its logarithm."""
    if not math.isfinite(log_standard_error):
        return Estimate(estimate=estimate)
    factor = math.exp(Z * log_standard_error)
    return Estimate(estimate=estimate, lower=estimate / factor, upper=estimate * factor, interval_kind=kind)


def compute_logit_wald(estimate: float, standard_error: float, *, kind: str) -> Estimate:
    """Return the Wald interval on the logit scale for an estimate strictly between 0 and 1, turned back."""
    centre = math.log(estimate / (1 - estimate))
    half = Z * standard_error / (estimate * (1 - estimate))
    lower, upper = (1 / (1 + math.exp(-x)) for x in (centre - half, centre + half))
    return Estimate(estimate=estimate, lower=lower, upper=upper, interval_kind=kind)


def compute_wilson(share: float, n: float, *, kind: str) -> Estimate:
    """Return Wilson's interval of a share, which never collapses and never leaves 0 to 1.

    Parameters
    ----------
    share
        In [0, 1].
    n
        How many the share is of; where they weigh unequally or patients repeat, the effective number.
    kind
        Words for the interval.

    Notes
    -----
    ``(p + z^2 / 2n -/+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)``.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927;22:209-212.

    Examples
    --------
    >>> found = compute_wilson(0.15, 100, kind="Wilson")
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.0931, 0.2328)
    """
    middle, spread = share + Z**2 / (2 * n), Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    whole = 1 + Z**2 / n
    lower, upper = max((middle - spread) / whole, 0.0), min((middle + spread) / whole, 1.0)
    return Estimate(estimate=share, lower=min(lower, share), upper=max(upper, share), interval_kind=kind)


def compute_percentile(estimate: float, draws: FloatArray, *, kind: str) -> Estimate:
    """Return the percentile interval; draws that could not be computed (NaN) are left out and counted in words."""
    usable = draws[np.isfinite(draws)]
    failed = draws.size - usable.size
    if usable.size < draws.size / 2:
        return Estimate(estimate=estimate)
    lower, upper = np.percentile(usable, [2.5, 97.5])
    words = f"{kind}; {failed} of {draws.size} resamples left out" if failed else kind
    return Estimate(estimate=estimate, lower=float(lower), upper=float(upper), interval_kind=words)


def compute_newcombe(c_statistic: float, events: int, non_events: int) -> tuple[float, float]:
    """Compute Newcombe's interval for a c-statistic (method 5), which needs no variance and never collapses.

    Notes
    -----
    Both limits solve ``|c - t| = Z sqrt(V(t))`` with the Hanley-McNeil form
    ``V(t) = t (1 - t) [1 + m (1 - t) / (2 - t) + m t / (1 + t)] / (events * non_events)`` and
    ``m = (events + non_events) / 2 - 1``.

    References
    ----------
    Newcombe RG. Stat Med 2006;25:559-573.
    """

    def gap(t: float) -> float:
        m = (events + non_events) / 2 - 1
        variance = t * (1 - t) * (1 + m * (1 - t) / (2 - t) + m * t / (1 + t)) / (events * non_events)
        return abs(c_statistic - t) - Z * math.sqrt(variance)

    tiny = 1e-12
    inside = min(max(c_statistic, tiny), 1 - tiny)  # at 0 and 1 the gap is 0 as well, and no limit
    lower = 0.0 if inside == tiny else float(brentq(gap, tiny, inside))
    upper = 1.0 if inside == 1 - tiny else float(brentq(gap, inside, 1 - tiny))
    return lower, upper


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Random numbers of one analysis, named after outcome, data set and validation and never after a model.

    Every model of the analysis meets the same resamples, so differences are paired and adding a model moves nothing.
    """

    seed: int
    names: tuple[str, ...] = ()
    n_resamples: int = 1000
    n_small: int = 200
    """Resamples and simulations of the calibration index, each of which refits a curve."""
    _counts: dict[int, CountArray]

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the generator of a named purpose."""
        return np.random.default_rng(child_seed(self.seed, *self.names, purpose))

    def patient_counts(self, n_patients: int) -> CountArray:
        """How often each patient is drawn, shape (n_resamples, n_patients); kept for the next model.

        The counts fit a byte: the chance that any patient is drawn more than 255 times is nil.
        """
        if n_patients not in self._counts:
            self._counts[n_patients] = self._draw_patients(n_patients)
        return self._counts[n_patients]

    def _draw_patients(self, n_patients: int) -> CountArray:
        rng = self.rng("patients")
        counts = np.empty((self.n_resamples, n_patients), dtype=np.uint8)
        for row in counts:
            row[:] = np.bincount(rng.integers(0, n_patients, size=n_patients), minlength=n_patients)
        return counts


def create_draws(seed: int, *names: str, n_resamples: int = 1000, n_small: int = 200) -> Draws:
    """Return the random numbers of the analysis called `names`."""
    return Draws(seed=seed, names=names, n_resamples=n_resamples, n_small=n_small, _counts={})
