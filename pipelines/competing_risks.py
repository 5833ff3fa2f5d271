"""Cumulative incidence with censoring and competing events, and how long patients were followed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.censoring import fit_censoring
from pipelines.intervals import Estimate, FloatArray, IntArray, Z, compute_standard_error
from pipelines.suppression import BoolArray, find_small
from schemas.tables import FOLLOWED, INCIDENCE

GRID = 24
"""The incidence is told at this many days, the last one the horizon."""
DIGITS = 4
"""Decimals of a told incidence: more would tell the events between two days that are not shown."""
CAUSES = {1: "event", 2: "competing"}
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


def compute_followed(cohort: Cohort) -> float:
    """Return the probability of being followed to the horizon, events apart (Kaplan-Meier); 1 without a horizon."""
    follow_up = cohort.outcome.follow_up
    if follow_up is None or cohort.time_days is None or cohort.cause is None or not len(cohort.time_days):
        return 1.0
    censoring = fit_censoring(cohort.time_days, cohort.cause > 0)
    return float(censoring.still_followed_before(np.array([float(follow_up.horizon_days)]))[0])


def compute_incidence(cohort: Cohort, *, dataset: str, suppress_below: int) -> pd.DataFrame:
    """Compute the cumulative incidence of an outcome by a horizon and of what competes, at a grid of days.

    Parameters
    ----------
    cohort
        The patients of one outcome.
    dataset
        Name of the dataset.
    suppress_below
        Counts from 1 to one less are not shown, nor what could be computed back to them.

    Returns
    -------
    DataFrame
        The columns of `schemas.tables.INCIDENCE`; no rows where the outcome is not one by a horizon.

    Notes
    -----
    A day is shown only where the patients since the day shown before, with the event and without it, are none or not
    few; the horizon is kept, and days before it are given up for it.
    """
    follow_up, time, cause = cohort.outcome.follow_up, cohort.time_days, cohort.cause
    if follow_up is None or time is None or cause is None or not len(time):
        return pd.DataFrame(columns=list(INCIDENCE))
    days = np.unique(np.ceil(np.linspace(0, follow_up.horizon_days, GRID + 1)[1:]))
    shown = _find_shown_days(time, cause, days, suppress_below)
    patient = np.unique(cohort.patient.astype(str), return_inverse=True)[1].astype(np.int64)
    found = {of: compute_aalen_johansen(time, cause, of=of) for of in CAUSES}
    naive = compute_aalen_johansen(time, np.where(cause == 1, 1, 0))
    parts = [_trace(found[of], patient, days).assign(cause=CAUSES[of], shown=shown[of]) for of in CAUSES]
    parts.append(_trace(naive, patient, days).assign(cause=CAUSES[1], shown=shown[2], method="one_minus_kaplan_meier"))
    at_risk = np.array([int(((time > day) | ((time == day) & (cause == 0))).sum()) for day in days])
    table = pd.concat([part.assign(at_risk=at_risk) for part in parts], ignore_index=True)
    hidden = ~table["shown"]
    told = ["estimate", "lower", "upper", "at_risk", "n", "events"]
    table = table.astype(dict.fromkeys(told[3:], "Int64"))
    table[told] = table[told].mask(hidden)
    table = table.assign(outcome=cohort.outcome.name, dataset=dataset, status=np.where(hidden, "suppressed", "ok"))
    return table[list(INCIDENCE)]


def _trace(found: Incidence, patient: IntArray, days: FloatArray) -> pd.DataFrame:
    errors = [compute_standard_error(found.linearise(day), patient, ddof=0) for day in days]
    told = [compute_cloglog_wald(found.at(day), error) for day, error in zip(days, errors, strict=True)]
    figures = {name: [round(getattr(one, name), DIGITS) for one in told] for name in ("estimate", "lower", "upper")}
    return pd.DataFrame(
        {
            "method": "aalen_johansen",
            "day": days.astype(np.int64),
            **figures,
            "n": patient.size,
            "events": [found.count(day) for day in days],
        }
    )


def _find_shown_days(time: FloatArray, cause: IntArray, days: FloatArray, suppress_below: int) -> dict[int, BoolArray]:
    """Tell for each cause which days may be shown: the first one against all others, the second one within these."""
    event, competing = (np.searchsorted(np.sort(time[cause == of]), days, side="right") for of in CAUSES)
    left = np.searchsorted(np.sort(time[cause == 0]), days, side="left")
    still = len(time) - event - competing - left
    all_days = np.ones(days.size, dtype=bool)
    first = _thin(np.column_stack([event, competing + left]), still, all_days, suppress_below)
    second = _thin(np.column_stack([competing, left]), still, first, suppress_below)
    return {1: first, 2: second}


def _thin(counts: IntArray, still: IntArray, allowed: BoolArray, suppress_below: int) -> BoolArray:
    """Keep days between which no count is small; the last one is kept, if it can be, before those in front of it."""
    shown = np.zeros(len(counts), dtype=bool)
    last = np.zeros(counts.shape[1], dtype=np.int64)
    kept: list[int] = []
    for i in np.flatnonzero(allowed & ~find_small(still, suppress_below)):
        if not find_small(counts[i] - last, suppress_below).any():
            kept.append(int(i))
            last = counts[i]
    end = len(counts) - 1
    while kept and kept[-1] != end and allowed[end] and not find_small(still[end], suppress_below):
        kept.pop()
        before = counts[kept[-1]] if kept else 0 * last
        if not find_small(counts[end] - before, suppress_below).any():
            kept.append(end)
    shown[kept] = True
    return shown


def describe_follow_up(cohort: Cohort, *, dataset: str, suppress_below: int) -> pd.DataFrame:
    """Describe how long the patients of an outcome by a horizon were followed, as `schemas.tables.FOLLOWED`.

    Notes
    -----
    The median is that of the time to the end of follow-up, with events of any cause as ends of that (reverse
    Kaplan-Meier); missing where more than half are followed longer than anybody was.
    """
    follow_up, time, cause = cohort.outcome.follow_up, cohort.time_days, cohort.cause
    if follow_up is None or time is None or cause is None or not len(time):
        return pd.DataFrame(columns=list(FOLLOWED))
    horizon = follow_up.horizon_days
    lost = int(((cause == 0) & (time < horizon)).sum())
    # the cohort's own rule: who was followed to the day of the horizon was followed long enough
    at_risk = int(((time > horizon) | ((time == horizon) & (cause == 0))).sum())
    others = len(time) - lost - at_risk
    few = bool(find_small(np.array([lost, at_risk, others]), suppress_below).any())
    values = {
        "median_days": fit_censoring(time, cause > 0).median_days,
        "at_risk_at_horizon": float(at_risk),
        "percent_censored_before_horizon": 100.0 * lost / len(time),
    }
    unended = bool(find_small(np.array([len(time), int((cause == 0).sum())]), suppress_below).any())
    hidden = np.array([unended, few, few])
    median = values["median_days"]
    status = np.where(hidden, "suppressed", np.where(np.isnan([median, 0, 0]), "not assessable", "ok"))
    table = pd.DataFrame({"statistic": list(values), "value": list(values.values()), "status": status})
    table = table.assign(outcome=cohort.outcome.name, dataset=dataset, n=len(time))
    return table.assign(value=table["value"].mask(hidden))[list(FOLLOWED)]
