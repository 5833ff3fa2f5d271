"""Whether a study is large enough for what it sets out to do: a table before modelling, and its shortfalls in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.fit import choose_knots
from pipelines.follow_up.censoring import describe_weights, fit_censoring
from pipelines.follow_up.competing_risks import compute_aalen_johansen
from pipelines.intervals import FloatArray
from pipelines.predictions import DEVELOPMENT
from pipelines.preprocess import Missing, fit_inner_preprocessor
from pipelines.sample_size import (
    UNKNOWN_SHARE,
    Z,
    compute_c_error,
    compute_development_size,
    compute_information,
    compute_mape,
    compute_max_r_squared,
    compute_patients_for_c,
    compute_patients_for_net_benefit,
    compute_patients_for_oe,
    compute_patients_for_slope,
    compute_r_squared,
    compute_slope_variance,
    find_c_statistic,
    place_binormal,
)
from pipelines.suppression import find_small
from schemas.study import DecisionPlan, Study
from schemas.tables import SAMPLE_SIZE

LEAST = 100
"""Events, and non-events, below which no validation is to be relied upon whatever the formulas say."""
OE_WIDTH = 0.2
SLOPE_WIDTH = 0.2
C_WIDTH = 0.1
NET_BENEFIT_WIDTH = 0.2
"""Widths of the 95 % intervals that an external validation is planned for."""
MOST_PARAMETERS = 30
"""The formula of the expected error of risks was made for at most so many parameters."""

Row = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Candidate parameters: the predictor of each, and their values in the patients of known outcome, shape (n, p)."""

    predictors: tuple[str, ...]
    X: FloatArray


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the patients of known outcome stand for: the event rate, in words too, and how many of equal weight."""

    event_rate: float
    text: str
    effective_n: float


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What is expected of a model before it is made, and where that comes from; `known` is who is there to see it."""

    known: Known
    event_rate: float
    c_statistic: float
    r_squared: float
    text: str


def tabulate_sample_size(
    study: Study, cohorts: Mapping[str, Mapping[str, Cohort]], *, suppress_below: int
) -> pd.DataFrame:
    """Hold every outcome and dataset against the published criteria.

    Parameters
    ----------
    study
        The plan; its ``sample_size`` says what an earlier study lets one expect.
    cohorts
        By dataset, development first, and outcome.
    suppress_below
        Counts from 1 to one less are not shown.

    Returns
    -------
    DataFrame
        The SAMPLE_SIZE columns.

    Notes
    -----
    Candidate parameters are the columns of the reference's design, see `list_candidates`. What is not known of a
    model's performance is assumed: a Cox-Snell R-squared of 15 per cent of the largest possible. The event rate is that
    of the patients of known outcome; of an outcome by a horizon the cumulative incidence until then, as patients with
    the event are known more often than others. Patients are those of known outcome; how precise they are is said by
    the number of equally weighted ones. A follow-up score has no such criteria here.
    """
    rows: list[Row] = []
    for dataset, by_outcome in cohorts.items():
        for name, cohort in by_outcome.items():
            key = {"outcome": name, "dataset": dataset} | _count(cohort, suppress_below)
            hidden = key["status"] == "suppressed"
            rows += [key | row for row in _list_rows(study, cohort, dataset, hidden=hidden)]
    table = pd.DataFrame(rows, columns=list(SAMPLE_SIZE))
    return table.astype(dict.fromkeys(("needed", "needed_events", "actual", "actual_events"), "Int64"))


def list_shortfalls(table: pd.DataFrame) -> tuple[str, ...]:
    """Say in words which outcomes have fewer patients than the criteria ask for."""
    short = table[(table["met"] == False)]  # noqa: E712
    return tuple(
        _word_shortfall(str(outcome), str(dataset), str(purpose), rows)
        for (outcome, dataset, purpose), rows in short.groupby(["outcome", "dataset", "purpose"], sort=False)
    )


def list_candidates(cohort: Cohort, *, missing: Missing) -> Candidates:
    """List the candidate parameters of an outcome: the columns of the reference's design that vary.

    Parameters
    ----------
    cohort
        The patients of one outcome, all of them.
    missing
        What the study makes of missing predictors: indicators are parameters too. One imputation of several has the
        parameters of the chained regressions.

    Notes
    -----
    Columns count that vary among the patients of known outcome: nothing is learned from others.
    """
    preprocessor = fit_inner_preprocessor(
        cohort.X,
        cohort.columns,
        n_knots=choose_knots(cohort),
        missing="chained" if missing == "multiple" else missing,
        counted=cohort.counted,
    )
    X = preprocessor.design("splines", preprocessor.encode(cohort.X[cohort.counted]))
    varies = np.ptp(X, axis=0) > 0 if len(X) else np.zeros(X.shape[1], dtype=np.bool_)
    predictors = zip(preprocessor.design_predictor("splines"), varies, strict=True)
    return Candidates(predictors=tuple(name for name, one in predictors if one), X=X[:, varies])


def count_parameters(cohort: Cohort, *, missing: Missing) -> int:
    """Count the candidate parameters, see `list_candidates`; 1 where nothing varies."""
    return max(1, len(list_candidates(cohort, missing=missing).predictors))


def _word_shortfall(outcome: str, dataset: str, purpose: str, rows: pd.DataFrame) -> str:
    developing = purpose == "development"
    what = "developing a regression model" if developing else f"validating on {dataset}"
    needed = rows["needed"].max()
    if pd.isna(needed):
        return (
            f"{outcome}: {what} asks for {LEAST} events and {LEAST} non-events at least, there are too few to say more"
        )
    so = (
        "estimates are imprecise, and predicted risks unstable"
        if developing
        else "estimates of performance are imprecise"
    )
    return (
        f"{outcome}: {what} asks for {int(needed)} patients by the criteria of Riley et al. "
        f"({'; '.join(str(text) for text in rows['text'])}), there are {int(rows['actual'].iloc[0])}: {so}"
    )


def _count(cohort: Cohort, suppress_below: int) -> Row:
    if cohort.outcome.score:
        return {"actual": cohort.n, "actual_events": pd.NA, "status": "ok"}
    small = bool(find_small(np.array([cohort.events, cohort.n - cohort.events]), suppress_below).any())
    return {
        "actual": cohort.n,
        "actual_events": pd.NA if small else cohort.events,
        "status": "suppressed" if small else "ok",
    }


def _list_rows(study: Study, cohort: Cohort, dataset: str, *, hidden: bool) -> Iterator[Row]:
    if cohort.outcome.score:
        if dataset == DEVELOPMENT:
            yield from _describe_score(cohort, study.missing)
        return
    if hidden or not 0 < cohort.events < cohort.n:
        status = "suppressed" if hidden else "not assessable"
        text = f"{LEAST} events and {LEAST} non-events"
        purpose = "development" if dataset == DEVELOPMENT else "validation"
        yield {"purpose": purpose, "criterion": "least", "text": text, "met": False, "status": status}
        return
    expected = _expect(study, cohort)
    if dataset == DEVELOPMENT:
        yield from _judge_development(cohort, expected, count_parameters(cohort, missing=study.missing))
    else:
        decision = study.threshold_probabilities.get(cohort.outcome.name)
        yield from _judge_validation(cohort, expected, decision)
    yield from _foresee(cohort, expected)


def _describe_score(cohort: Cohort, missing: Missing) -> Iterator[Row]:
    parameters = count_parameters(cohort, missing=missing)
    yield _input("candidate_parameters", "candidate parameters of the reference", parameters)
    yield _input("patients_per_parameter", "patients per candidate parameter", cohort.n / parameters)


def _describe_known(cohort: Cohort, suppress_below: int) -> Known:
    """Return the event rate and the effective number of patients; by a horizon after Aalen and Johansen, and Kish.

    Notes
    -----
    Four digits of the rate, and whole patients, none at all where few are lost: nobody is to be counted from them.
    """
    follow_up, time, cause = cohort.outcome.follow_up, cohort.time_days, cohort.cause
    if follow_up is None or time is None or cause is None or cohort.counted.all():
        return Known(event_rate=cohort.events / cohort.n, text="event rate", effective_n=cohort.n)
    rate = compute_aalen_johansen(time, cause).at(follow_up.horizon_days)
    weights = fit_censoring(time, cause > 0).weights(cohort.y, time, horizon_days=follow_up.horizon_days)
    few = find_small(np.array([len(cohort.y) - cohort.n]), suppress_below).any()
    return Known(
        event_rate=float(f"{rate:.4g}"),
        text="event rate (cumulative incidence by the horizon, whoever is lost before it)",
        effective_n=cohort.n if few else round(describe_weights(weights)["effective_n"]),
    )


def _expect(study: Study, cohort: Cohort) -> Expected:
    known = _describe_known(cohort, study.suppress_below)
    rate = known.event_rate
    given = study.sample_size.get(cohort.outcome.name)
    if given and given.r_squared:
        text = "expected Cox-Snell R-squared (study plan)"
        c_statistic = given.c_statistic or find_c_statistic(given.r_squared, rate)
        return Expected(known=known, event_rate=rate, c_statistic=c_statistic, r_squared=given.r_squared, text=text)
    if given and given.c_statistic:
        r_squared = compute_r_squared(given.c_statistic, rate)
        text = "expected Cox-Snell R-squared (from the c-statistic in the study plan)"
        return Expected(known=known, event_rate=rate, c_statistic=given.c_statistic, r_squared=r_squared, text=text)
    r_squared = UNKNOWN_SHARE * compute_max_r_squared(rate)
    text = f"expected Cox-Snell R-squared (assumed: {UNKNOWN_SHARE:.0%} of the largest possible)"
    return Expected(
        known=known, event_rate=rate, c_statistic=find_c_statistic(r_squared, rate), r_squared=r_squared, text=text
    )


def _judge_development(cohort: Cohort, expected: Expected, parameters: int) -> Iterator[Row]:
    size = compute_development_size(r_squared=expected.r_squared, parameters=parameters, event_rate=expected.event_rate)
    yield _input("candidate_parameters", "candidate parameters of the reference", parameters)
    yield _input("event_rate", expected.known.text, expected.event_rate)
    yield _input("expected_r_squared", expected.text, expected.r_squared)
    yield _input("expected_c_statistic", "c-statistic that goes with it", expected.c_statistic)
    fewer = min(cohort.events, cohort.n - cohort.events)
    yield _input("events_per_parameter", "events or non-events, the fewer, per candidate parameter", fewer / parameters)
    if parameters <= MOST_PARAMETERS:
        error = compute_mape(cohort.n, parameters, expected.event_rate)
        yield _input("expected_error", "expected mean absolute error of a predicted risk", error)
    for name, text, needed in (
        ("shrinkage", "expected shrinkage of 0.9", size.shrinkage),
        ("optimism", "optimism of R-squared at most 0.05", size.optimism),
        ("overall_risk", "overall risk within 0.05", size.overall_risk),
    ):
        yield _criterion("development", name, text, needed, cohort, expected)


def _judge_validation(cohort: Cohort, expected: Expected, decision: DecisionPlan | None) -> Iterator[Row]:
    rate, c_statistic = expected.event_rate, expected.c_statistic
    # the hundred are to be seen: among patients of known outcome, whatever share of all of them that is
    seen = cohort.events / cohort.n
    nodes, shares = place_binormal(c_statistic, rate)
    information = compute_information(nodes, shares)
    needs = [
        (
            "oe_ratio",
            f"O:E with an interval of width {OE_WIDTH:g}",
            compute_patients_for_oe(event_rate=rate, width=OE_WIDTH),
        ),
        (
            "calibration_slope",
            f"calibration slope with an interval of width {SLOPE_WIDTH:g}",
            compute_patients_for_slope(information, width=SLOPE_WIDTH),
        ),
        (
            "c_statistic",
            f"c-statistic with an interval of width {C_WIDTH:g}",
            compute_patients_for_c(c_statistic=c_statistic, event_rate=rate, width=C_WIDTH),
        ),
        ("least", f"{LEAST} events and {LEAST} non-events", math.ceil(LEAST / min(seen, 1 - seen))),
    ]
    if decision:
        below = decision.acts_below(desirable=cohort.outcome.desirable)
        needs += [
            (
                "standardised_net_benefit",
                f"standardised net benefit at {threshold:g} with an interval of width {NET_BENEFIT_WIDTH:g}",
                _count_for_net_benefit(nodes, shares, rate, threshold, acts_below=below),
            )
            for threshold in decision.values
        ]
    for name, text, needed in needs:
        yield _criterion("validation", name, text, needed, cohort, expected)


def _count_for_net_benefit(
    nodes: FloatArray, shares: FloatArray, event_rate: float, threshold: float, *, acts_below: bool
) -> int:
    """Return the patients for one threshold; acting below it is acting at 1 minus it on not having the event."""
    risk = 1 / (1 + np.exp(-nodes))
    above = risk >= threshold
    sensitivity = float(np.sum((shares * risk)[above]) / event_rate)
    specificity = float(np.sum((shares * (1 - risk))[~above]) / (1 - event_rate))
    if acts_below:
        sensitivity, specificity, event_rate, threshold = specificity, sensitivity, 1 - event_rate, 1 - threshold
    return compute_patients_for_net_benefit(
        sensitivity=sensitivity, specificity=specificity, event_rate=event_rate, threshold=threshold,
        width=NET_BENEFIT_WIDTH,
    )  # fmt: skip


def _foresee(cohort: Cohort, expected: Expected) -> Iterator[Row]:
    """Yield how wide the intervals will be: half-widths around a well calibrated model of the expected c-statistic."""
    n, rate = expected.known.effective_n, expected.event_rate
    if n != cohort.n:
        text = "patients of equal weight who would say as much as those of known outcome do"
        yield {"purpose": "precision", "criterion": "effective_n", "text": text, "value": float(n)}
    information = compute_information(*place_binormal(expected.c_statistic, rate))
    for name, text, error in (
        (
            "c_statistic",
            "half-width of the interval of the c-statistic",
            compute_c_error(n, c_statistic=expected.c_statistic, event_rate=rate),
        ),
        (
            "calibration_slope",
            "half-width of the interval of the calibration slope",
            math.sqrt(compute_slope_variance(information) / n),
        ),
        (
            "calibration_in_the_large",
            "half-width of the interval of calibration in the large",
            math.sqrt(1 / (n * information[0])),
        ),
        ("event_rate", "half-width of the interval of the event rate", math.sqrt(rate * (1 - rate) / n)),
    ):
        yield {"purpose": "precision", "criterion": name, "text": text, "value": Z * error}


def _input(criterion: str, text: str, value: float) -> Row:
    return {"purpose": "development", "criterion": criterion, "text": text, "value": float(value)}


def _criterion(purpose: str, name: str, text: str, needed: int, cohort: Cohort, expected: Expected) -> Row:
    return {
        "purpose": purpose,
        "criterion": name,
        "text": text,
        "needed": needed,
        "needed_events": math.ceil(needed * expected.event_rate),
        "met": cohort.n >= needed,
    }
