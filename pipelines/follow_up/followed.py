"""How long the patients of an outcome by a horizon were followed, and its cumulative incidence until then."""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.follow_up.censoring import fit_censoring
from pipelines.follow_up.competing_risks import Incidence, compute_aalen_johansen, compute_cloglog_wald
from pipelines.intervals import BoolArray, FloatArray, IntArray, compute_standard_error
from pipelines.suppression import find_small
from schemas.tables import FOLLOWED, INCIDENCE

GRID = 24
"""The incidence is told at this many days, the last one the horizon."""
DIGITS = 4
"""Decimals of a told incidence: more would tell the events between two days that are not shown."""
CAUSES = {1: "event", 2: "competing"}


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
