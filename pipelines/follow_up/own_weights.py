"""Weights of patients from elsewhere: how many are lost among them is their own, and is not learned from others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from outcomes.cohort import Cohort
from pipelines.follow_up.censoring import CensoringByPredictors, fit_censoring
from pipelines.follow_up.hazards import HazardFit
from pipelines.follow_up.observation import (
    Answered,
    Censored,
    CensoredByPredictors,
    Observation,
    fit_observation,
)
from pipelines.intervals import BoolArray, FloatArray, IntArray
from pipelines.learners.linear_models import LogisticFit
from pipelines.preprocess import Preprocessor

LEAST_PER_PREDICTOR = 10
"""Patients of unknown outcome, and of known, per predictor, below which others say who is lost."""


def fit_own_observation(
    cohort: Cohort, rows: IntArray, preprocessor: Preprocessor, *, others: Observation
) -> Observation:
    """Fit what makes the weights of a site on that site's rows, with the help of others where these are few.

    Parameters
    ----------
    cohort
        The patients of one outcome.
    rows
        Positions of the site's rows, shape (n,).
    preprocessor, others
        Fitted on the other sites.

    Notes
    -----
    With the weights of other sites, a site that loses fewer patients than these would seem to have fewer events than it
    has, and one that loses more to have more. Where `can_tell_who_is_lost` says no, the coefficients are those of the
    others, and the level (the intercept, or the baseline hazard of the end of follow-up) is the site's: as many are
    lost as are lost there.
    """
    if can_tell_who_is_lost(cohort, rows):
        return fit_observation(cohort, rows, preprocessor)
    if cohort.outcome.follow_up:
        return _shift_hazard(cohort, rows, preprocessor, others)
    return _shift_intercept(cohort, rows, preprocessor, others)


def can_tell_who_is_lost(cohort: Cohort, rows: IntArray) -> bool:
    """Tell whether the rows by themselves can say which patients are of unknown outcome.

    Notes
    -----
    `LEAST_PER_PREDICTOR` patients of unknown outcome and as many of known, by answer; of the censoring by predictors as
    many ends of follow-up without an event. Kaplan-Meier's curve needs none, and neither does a site whose patients are
    all known.
    """
    if cohort.outcome.follow_up:
        assert cohort.cause is not None
        counts = [int((cohort.cause[rows] == 0).sum())]
        if cohort.censoring == "kaplan_meier":
            return True
    else:
        answered = cohort.counted[_find_asked(cohort, rows)]
        counts = [int((~answered).sum()), int(answered.sum())]
    return min(counts) == 0 or min(counts) >= LEAST_PER_PREDICTOR * cohort.X.shape[1]


def _find_asked(cohort: Cohort, rows: IntArray) -> IntArray:
    """Return the rows whose outcome needs an answer."""
    return rows if cohort.settled is None else rows[~cohort.settled[rows]]


def _shift_intercept(cohort: Cohort, rows: IntArray, preprocessor: Preprocessor, others: Observation) -> Answered:
    """Return the response model of others with the intercept that gives the site's own share of answers."""
    asked = _find_asked(cohort, rows)
    X = preprocessor.design("splines", preprocessor.encode(cohort.X.iloc[asked]))
    model = LogisticFit(intercept=0.0, coefficients=np.zeros(X.shape[1]))
    if isinstance(others, Answered):
        model = others.model
    share = float(cohort.counted[asked].mean())
    log_odds = model.output(X)

    def gap(by: float) -> float:
        return float(expit(log_odds + by).mean()) - share

    ends = logit(share) - np.array([log_odds.max(), log_odds.min()]) + np.array([-1e-6, 1e-6])
    by = float(brentq(gap, *ends, xtol=1e-12))
    return Answered(preprocessor=preprocessor, model=replace(model, intercept=model.intercept + by))


def _shift_hazard(
    cohort: Cohort, rows: IntArray, preprocessor: Preprocessor, others: Observation
) -> Censored | CensoredByPredictors:
    """Return the censoring model of others with the site's own baseline hazard; of none Kaplan-Meier's curve."""
    assert cohort.outcome.follow_up
    assert cohort.time_days is not None
    assert cohort.cause is not None
    time, ended, horizon = cohort.time_days[rows], cohort.cause[rows] > 0, cohort.outcome.follow_up.horizon_days
    if not isinstance(others, CensoredByPredictors):
        return Censored(model=fit_censoring(time, ended), horizon_days=horizon)
    X = preprocessor.design("splines", preprocessor.encode(cohort.X.iloc[rows]))
    fit = _fit_baseline(others.model.fit, X, time, ended)
    model = CensoringByPredictors(fit=fit)
    return CensoredByPredictors(preprocessor=preprocessor, model=model, horizon_days=horizon)


def _fit_baseline(fit: HazardFit, X: FloatArray, time: FloatArray, ended_by_event: BoolArray) -> HazardFit:
    """Return the fit with the cumulative hazard of these patients, after Breslow, its coefficients as they are.

    Notes
    -----
    On the same day events come before ends of follow-up.
    """
    code = 2 * np.unique(time, return_inverse=True)[1] + ~ended_by_event
    order = np.argsort(code, kind="stable")
    at_risk = np.cumsum(np.exp(np.einsum("ij,j->i", X, fit.coefficients))[order][::-1])[::-1]
    lost = ~ended_by_event[order]
    first = np.searchsorted(code[order], code[order][lost], side="left")
    return replace(fit, days=time[order][lost], cumulative_hazard=np.cumsum(1.0 / at_risk[first]))
