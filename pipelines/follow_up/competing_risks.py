"""Cumulative incidence with censoring and competing events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.intervals import Estimate, FloatArray, IntArray, Z

KIND = "Wald, complementary log-log scale, cluster-robust by patient"


@dataclass(frozen=True, kw_only=True)
class Incidence:
    """Aalen and Johansen's estimate of one cause.

    Attributes
    ----------
    days
        Distinct days on which follow-up ended, shape (k,).
    estimate
        Cumulative incidence up to and including each day, shape (k,).
    at_risk
        Weighted number of patients at risk on each day, shape (k,).
    events, all_events
        Weighted numbers of events of the cause, and of any cause, on each day, shape (k,).
    free
        Probability that nothing has happened before each day, shape (k,).
    """

    days: FloatArray
    estimate: FloatArray
    at_risk: FloatArray
    events: FloatArray
    all_events: FloatArray
    free: FloatArray
    _time: FloatArray
    _cause: IntArray
    _weights: FloatArray
    _of: int

    def at(self, day: float) -> float:
        """Return the cumulative incidence by a day."""
        return float(np.concatenate([[0.0], self.estimate])[self._steps(day)])

    def linearise(self, day: float) -> FloatArray:
        """Return each row's influence on the cumulative incidence by a day, shape (n,).

        Notes
        -----
        The derivative with respect to the row's weight, times the weight (infinitesimal jackknife). With one row per
        patient the root of the sum of squares is the standard error of R's ``survfit``.
        """
        k = self._steps(day)
        first, hazard = self.events / self.at_risk, self.all_events / self.at_risk
        left = np.maximum(self.at_risk - self.all_events, 1e-300)
        spent = np.cumsum(self.all_events / (self.at_risk * left))
        rise = self.free * first
        own = np.concatenate([[0.0], np.cumsum(rise / self.at_risk)])
        pulled = np.concatenate([[0.0], np.cumsum(rise * np.concatenate([[0.0], spent[:-1]]))])
        at = np.searchsorted(self.days, self._time)
        upto = np.minimum(at + 1, k)
        later = np.where(at < k, self.at(day) - self.estimate[at], 0.0)
        any_event, of_cause = (self._cause > 0) & (at < k), (self._cause == self._of) & (at < k)
        gone = np.where(any_event & (hazard[at] < 1), 1.0 / left[at], 0.0)
        influence = np.where(of_cause, self.free[at] / self.at_risk[at], 0.0) - own[upto]
        influence -= later * (gone - np.where(hazard[at] < 1, spent[at], 0.0)) - pulled[upto]
        return np.asarray(self._weights * influence)

    def compute_variance(self, day: float) -> float:
        """Return Aalen's variance of the cumulative incidence by a day, as R's ``cmprsk`` has it.

        References
        ----------
        Aalen O. Ann Stat 1978;6:534-545. Marubini E, Valsecchi MG. Analysing survival data from clinical trials. 1995.
        """
        k = self._steps(day)
        n, d, others = self.at_risk[:k], self.events[:k], (self.all_events - self.events)[:k]
        after = self.free[:k] * (1 - self.all_events[:k] / n)
        later = np.divide(self.at(day) - self.estimate[:k], after, out=np.zeros(k), where=after > 0)
        spread = (self.free[:k] / n) ** 2
        ties, other_ties = (_finite(counts, n) for counts in (d, others))
        return float((spread * (d * ties * (1 - later) ** 2 + others * other_ties * later**2)).sum())

    def count(self, day: float) -> int:
        """Return the number of rows with the cause by a day."""
        return int(((self._time <= day) & (self._cause == self._of)).sum())

    def _steps(self, day: float) -> int:
        return int(np.searchsorted(self.days, day, side="right"))


def _finite(events: FloatArray, at_risk: FloatArray) -> FloatArray:
    """Return the correction for several events on one day, ``1 - (d - 1) / (n - 1)``."""
    return np.asarray(1 - np.maximum(events - 1, 0) / np.maximum(at_risk - 1, 1))


def compute_aalen_johansen(
    time: FloatArray, cause: IntArray, *, of: int = 1, weights: FloatArray | None = None
) -> Incidence:
    """Compute the cumulative incidence of one cause among several.

    Parameters
    ----------
    time
        Day of the first event of any cause or of the end of follow-up, shape (n,).
    cause
        0 the end of follow-up, else the cause, shape (n,).
    of
        The cause of interest.
    weights
        Weight of each row, shape (n,).

    Returns
    -------
    Incidence

    Notes
    -----
    ``sum over days of S(day-) d_cause / n``, S the probability that no event of any cause has happened. Events of a day
    come before ends of follow-up. Where there is one cause only this is 1 minus Kaplan-Meier; 1 minus Kaplan-Meier of
    one cause with the other ones taken as ends of follow-up is never lower than this, and wrong.

    Examples
    --------
    >>> import numpy as np
    >>> found = compute_aalen_johansen(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 0, 1]))
    >>> found.at(3.0), found.at(4.0)
    (0.25, 0.75)
    """
    weights = np.ones_like(time) if weights is None else weights
    days, at = np.unique(time, return_inverse=True)
    ended, events, all_events = (
        np.bincount(at, weights=weights * part, minlength=days.size).astype(np.float64)
        for part in (np.ones_like(time), cause == of, cause > 0)
    )
    at_risk = np.asarray(np.cumsum(ended[::-1])[::-1], dtype=np.float64)
    free = np.concatenate([[1.0], np.cumprod(1 - all_events / at_risk)[:-1]])
    return Incidence(
        days=days, estimate=np.cumsum(free * events / at_risk), at_risk=at_risk, events=events, all_events=all_events,
        free=free, _time=time, _cause=cause, _weights=weights, _of=of,
    )  # fmt: skip


def compute_cloglog_wald(estimate: float, standard_error: float, *, kind: str = KIND) -> Estimate:
    """Return the Wald interval on the scale ``log(-log(1 - p))``, turned back; none at 0, at 1 or without an error."""
    if not (0 < estimate < 1 and np.isfinite(standard_error)):
        return Estimate(estimate=estimate)
    spent = -np.log1p(-estimate)
    half = Z * standard_error / ((1 - estimate) * spent)
    lower, upper = (float(-np.expm1(-spent * np.exp(by))) for by in (-half, half))
    return Estimate(estimate=estimate, lower=lower, upper=upper, interval_kind=kind)


def linearise_censoring(values: FloatArray, time: FloatArray, cause: IntArray, horizon: float) -> FloatArray:
    """Return what each row's own end of follow-up moves in a weighted sum, through the estimate of the weights.

    Parameters
    ----------
    values
        Each row's part of the sum, its weight (Kaplan-Meier, not truncated) included; 0 where unknown, shape (n,).
    time, cause
        As in `compute_aalen_johansen`, shape (n,).
    horizon
        The day until which the weights reach.

    Returns
    -------
    ndarray
        Shape (n,): to be added to `values` before their variance is taken.

    References
    ----------
    Blanche P, Dartigues JF, Jacqmin-Gadda H. Stat Med 2013;32:5381-5397.
    """
    order = np.lexsort((cause == 0, time))
    upto = np.minimum(time, horizon)[order]
    lost = (cause == 0)[order] & (time[order] < horizon)
    at_risk = np.arange(len(time), 0, -1, dtype=np.float64)
    # of a day's events none is stood for by a loss of that day
    needs = np.cumsum(values[order][np.argsort(upto, kind="stable")])
    later = needs[-1] - np.concatenate([[0.0], needs])[np.searchsorted(np.sort(upto), time[order], side="right")]
    own = np.where(lost, later / at_risk, 0.0)
    moved = np.empty_like(own)
    moved[order] = own - np.cumsum(own / at_risk)
    return moved
