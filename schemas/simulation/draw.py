"""From the specification of a simulated cohort to its columns and to the true risk of each outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from schemas.columns import COLUMNS
from schemas.simulation.people import child_rng, draw_people
from schemas.simulation.scenario import Scenario
from schemas.simulation.specs import (
    Draw,
    FirstEvent,
    FloatArray,
    Hazard,
    Improvement,
    Missing,
    Reoperation,
    Risk,
    Sum,
    SyntheticCohort,
    Values,
    blank,
    level,
    linear,
)

DAYS_PER_YEAR = 365.25
VISIT_DAYS = {"6w": 42, "3m": 90, "6m": 183, "12m": 365, "24m": 730, "60m": 1826}
SETTLED_DAYS = 30
"""Nobody is lost in the days in which complications are counted."""

LOST_PER_YEAR = 0.06
_RESPONSE_TERMS = (
    linear("age", 0.02, 57), level("smoking", "current", -0.6), level("sex", "male", -0.2),
    level("education", "primary", -0.25), linear("previous_spine_surgery", -0.25),
)  # fmt: skip
RESPONSE = {
    "at_random": Sum(1.83, _RESPONSE_TERMS),
    "not_at_random": Sum(1.93, (*_RESPONSE_TERMS, linear("_recovery", -0.8))),
}
"""Log-odds of answering a visit's questionnaires: the young, smokers, men, the less educated and those operated on
before answer less often (NORspine, Swespine, DaneSpine); not at random, those who do badly do so too."""

HIDDEN_BY_VALUE = 0.8
"""Log-odds of a missing predictor per standard deviation of its own value, where it is missing not at random."""

ORDERED = frozenset({"education", "asa_class", "opioid_use"})
"""Categories of which one can say higher: in the order of the dictionary's levels. No other one hides by its value."""

UNKNOWN_COMPLICATIONS = {"at_random": -3.8, "not_at_random": -4.17}
"""Log-odds that the complications of a patient who is as likely to answer as any are not recorded: 3 percent in all."""

BAD_COURSE = (linear("_complication", 0.8),)
"""Not at random, the complications are unknown more often where there was one."""

RECORDED_WITH_THEM = ("clavien_dindo",)
"""What is asked for of the first 30 days without saying so in its name."""

FURTHER_COMPONENT = 0.4
"""Probability of each further component, as a multiple of its share among the leading ones."""

USUAL = Scenario()

Rng = Callable[[str], np.random.Generator]
Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Columns as a registry would hold them, and the true risk per outcome from the complete predictors."""

    values: Columns
    truth: dict[str, FloatArray]


def draw_cohort(spec: SyntheticCohort, *, n: int, seed: int, scenario: Scenario = USUAL) -> Drawn:
    """Draw `n` operations of a cohort, with their outcomes, then hide what a registry would not know.

    The scenario moves no random number: what is hidden in one is there, unchanged, in another.
    """

    def rng(name: str) -> np.random.Generator:
        return child_rng(seed, spec.name, name)

    people = draw_people(spec.name, n=n, seed=seed, scenario=scenario)
    values: Columns = dict(people.values)
    _draw_columns(spec.predictors, values, people.first, rng)
    truth = compute_truth(spec, values)
    values["_recovery"] = rng("_recovery").standard_normal(n)
    _draw_complication_and_death(spec, values, rng)
    _draw_components(spec.components, values, rng)
    _draw_first_event(spec.first_event, values, rng)
    _draw_reoperation(spec.reoperation, values, rng)
    _draw_columns(spec.course, values, people.first, rng)
    _draw_visits(spec, values, scenario, rng)
    _draw_columns(spec.aftermath, values, people.first, rng)
    _hide_complications(values, scenario, rng)
    for missing in spec.missing:
        _hide_predictors(missing, values, scenario, rng)
    return Drawn(values={name: held for name, held in values.items() if not name.startswith("_")}, truth=truth)


def compute_truth(spec: SyntheticCohort, values: Values) -> dict[str, FloatArray]:
    """Return the true risk of each outcome, shape (n,), in [0, 1]."""
    truth = {outcome.outcome: _improvement_risk(outcome, spec, values) for outcome in spec.improvements}
    if spec.first_event:
        too_early = compute_early_risk(spec, values)
        truth |= {
            outcome: _first_event_risk(spec.first_event, spec.death, values, horizon_days) - too_early
            for outcome, horizon_days in spec.first_event.horizons.items()
        }
    truth["any_complication_30d"] = expit(spec.complication.value(values))
    return truth | {risk.outcome: _flag_risk(risk, values) for risk in spec.risks}


def compute_early_risk(spec: SyntheticCohort, values: Values) -> FloatArray:
    """Return the risk of a first event before the day from which it is one, shape (n,)."""
    first = spec.first_event
    if first is None or first.from_day < 2:
        return np.zeros(len(values["patient"]))
    # Days are rounded up: an event on the day before is one of the time until the end of that day.
    return _first_event_risk(first, spec.death, values, first.from_day - 1)


def _flag_risk(risk: Risk, values: Values) -> FloatArray:
    """Probability of a flag, NaN where it has no meaning."""
    probability = expit(risk.flag.log_odds.value(values))
    return probability if risk.among is None else np.where(risk.among(values), probability, np.nan)


def _improvement_risk(outcome: Improvement, spec: SyntheticCohort, values: Values) -> FloatArray:
    """Probability that the rounded score is at most the highest grid value `reach` that is enough.

    Notes
    -----
    The raw score is centre + scale * logistic; rounded it is at most `reach` where raw < reach + step / 2, hence
    P = expit((reach + step / 2 - centre) / scale). Clipping changes nothing unless `reach` is below the scale: P = 0.
    Where more is better it is at least the lowest grid value that is enough, P = expit((centre - reach + step / 2) /
    scale), and 0 above the scale.
    """
    score = next(score for score in spec.scores if score.score == outcome.score)
    if outcome.more:
        needed = np.round((values[f"{outcome.score}_0"] + outcome.points) / score.step, 6)
        reach = np.ceil(needed) * score.step
        risk = expit((score.centre(values, outcome.visit) - reach + score.step / 2) / score.scale)
        return np.where(reach > score.high + score.step / 4, 0.0, risk)
    reach = np.floor((values[f"{outcome.score}_0"] - outcome.points) / score.step) * score.step
    risk = expit((reach + score.step / 2 - score.centre(values, outcome.visit)) / score.scale)
    return np.where(reach < score.low, 0.0, risk)


def _first_event_risk(first: FirstEvent, death: Hazard, values: Values, horizon_days: int) -> FloatArray:
    """Cumulative incidence of hazards that are constant in pieces.

    Notes
    -----
    In each piece of d days, in which the event has hazard h and all causes have H together, the incidence grows by
    S * h / H * (1 - exp(-H * d)), S the probability that nothing has happened before; then S shrinks by exp(-H * d).
    """
    hazards = (first.event, *first.competing, death)
    daily = [daily_hazard(hazard, values) for hazard in hazards]
    within = {day for hazard in hazards for day, _ in hazard.pace if day < horizon_days}
    days = np.array([*sorted(within), horizon_days], dtype=np.float64)
    incidence, nothing_yet = np.zeros(len(daily[0])), np.ones(len(daily[0]))
    for start, end in pairwise(days):
        parts = [h * np.diff(hazard.spent(np.array([start, end])))[0] for h, hazard in zip(daily, hazards, strict=True)]
        total = np.sum(parts, axis=0)
        incidence += nothing_yet * parts[0] / total * -np.expm1(-total)
        nothing_yet *= np.exp(-total)
    return incidence


def daily_hazard(hazard: Hazard, values: Values) -> FloatArray:
    """Return the events per day where the pace is 1, shape (n,)."""
    return np.asarray(np.exp(hazard.log_yearly.value(values)) / DAYS_PER_YEAR)


def _draw_columns(draws: tuple[Draw, ...], values: Columns, first: npt.NDArray[np.intp], rng: Rng) -> None:
    for draw in draws:
        drawn = draw.draw(values, rng(draw.name))
        values[draw.name] = drawn[first] if draw.stays else drawn


def _draw_complication_and_death(spec: SyntheticCohort, values: Columns, rng: Rng) -> None:
    """Draw any complication, death and the end of follow-up.

    Notes
    -----
    A death within 30 days is a complication, yet the risk of any complication stays exactly its log-odds: the uniform
    number u of the death time, where it means a death by day 30 (u < q), is also the complication's; else that
    is uniform on (q, 1). It is uniform on (0, 1) in all, and q is below every complication risk.
    """
    n = len(values["patient"])
    hazard = daily_hazard(spec.death, values)
    u = rng("death").random(n)
    death = np.ceil(spec.death.reached(-np.log1p(-u) / hazard))
    # A patient who is operated on again was alive until then.
    second = values["_days_to_second"]
    death[np.isfinite(second) & (death <= second)] = np.inf
    early = -np.expm1(-hazard * spec.death.spent(np.array(SETTLED_DAYS)))
    v = np.where(u < early, u, early + (1 - early) * rng("complication").random(n))
    values["_complication"] = (v < expit(spec.complication.value(values))).astype(np.float64)
    followed = _draw_follow_up(values, death, rng)
    values["death_days"] = np.where(death <= followed, death, np.nan)
    values["follow_up_days"] = followed


def _draw_follow_up(values: Values, death: FloatArray, rng: Rng) -> FloatArray:
    """Last day known: death, a second operation (a case of its own), loss at random, or the end of the data."""
    lost = SETTLED_DAYS + rng("follow_up_days").exponential(DAYS_PER_YEAR / LOST_PER_YEAR, len(death))
    ends = np.minimum(values["_days_to_cut"], values["_days_to_second"])
    return np.floor(np.minimum(np.minimum(lost, ends), death))


def _draw_components(components: Mapping[str, float], values: Columns, rng: Rng) -> None:
    """One leading component for each patient with a complication, sometimes further ones."""
    occurred = values["_complication"] == 1
    n = len(occurred)
    shares = np.array(list(components.values())) / sum(components.values())
    leading = rng("leading component").choice(len(shares), size=n, p=shares)
    for i, name in enumerate(components):
        further = rng(name).random(n) < FURTHER_COMPONENT * shares[i]
        values[name] = (occurred & ((leading == i) | further)).astype(np.float64)
    values["death_30d"] = (values["death_days"] <= SETTLED_DAYS).astype(np.float64)


def _hide_complications(values: Columns, scenario: Scenario, rng: Rng) -> None:
    """Make all that is asked for of the first 30 days unknown together, in the patients who answer least."""
    if scenario.response == "complete":
        return
    terms = RESPONSE[scenario.response].terms
    log_odds = UNKNOWN_COMPLICATIONS[scenario.response] - Sum(0.0, terms).value(values)
    if scenario.response == "not_at_random":
        log_odds = log_odds + Sum(0.0, BAD_COURSE).value(values)
    unknown = rng("unknown complications").random(len(log_odds)) < expit(log_odds)
    for name in list(values):
        if name.endswith("_30d") or name in RECORDED_WITH_THEM:
            values[name] = blank(values[name], unknown)


def _draw_first_event(first: FirstEvent | None, values: Columns, rng: Rng) -> None:
    """Times of the causes that compete; only the first one happens, and only what follow-up reaches is recorded."""
    if first is None:
        return
    hazards = (first.event, *first.competing)
    times = np.array([h.reached(rng(h.column).exponential(1 / daily_hazard(h, values))) for h in hazards])
    earliest = times.argmin(axis=0)
    for i, hazard in enumerate(hazards):
        day = np.ceil(times[i])
        happened = (earliest == i) & (day <= values["follow_up_days"])
        values[hazard.column] = np.where(happened, day, np.nan)


def _draw_reoperation(reoperation: Reoperation, values: Columns, rng: Rng) -> None:
    """First of: further disease, what another event comes to, and the second operation in the registry itself."""
    name = reoperation.further.column
    yearly = np.exp(reoperation.further.log_yearly.value(values))
    years = (rng(name).exponential(1.0, len(yearly)) / yearly) ** (1 / reoperation.shape)
    days = np.minimum(np.ceil(DAYS_PER_YEAR * years), values["_days_to_second"])
    for earlier, share in reoperation.follows.items():
        led = rng(f"{name} after {earlier}").random(len(days)) < share
        days = np.where(led, np.fmin(days, values[earlier]), days)
    for complication, share in reoperation.returns.items():
        own = rng(f"{name} after {complication}")
        led = (own.random(len(days)) < share) & (values[complication] == 1)
        days = np.where(led, np.minimum(days, own.integers(1, SETTLED_DAYS + 1, len(days))), days)
    values[name] = np.where(days <= values["follow_up_days"], days, np.nan)


def _draw_visits(spec: SyntheticCohort, values: Columns, scenario: Scenario, rng: Rng) -> None:
    """Scores, and flags that are asked for with them."""
    answered = {visit: _answered(visit, values, scenario, rng) for visit in VISIT_DAYS}
    values |= {f"_answered_{visit}": known for visit, known in answered.items()}
    for score in spec.scores:
        for visit in score.visits:
            name = f"{score.score}_{visit}"
            values[name] = np.where(answered[visit], score.draw(values, visit, rng(name)), np.nan)
    for visit, flags in spec.later.items():
        for flag in flags:
            values[f"_{flag.name}"] = flag.draw(values, rng(flag.name))
            values[flag.name] = np.where(answered[visit], values[f"_{flag.name}"], np.nan)


def _answered(visit: str, values: Values, scenario: Scenario, rng: Rng) -> npt.NDArray[np.bool_]:
    reached = values["follow_up_days"] >= VISIT_DAYS[visit]
    if scenario.response == "complete":
        return np.asarray(reached)
    probability = expit(RESPONSE[scenario.response].value(values))
    return np.asarray(reached & (rng(f"answered {visit}").random(len(probability)) < probability))


def _hide_predictors(missing: Missing, values: Columns, scenario: Scenario, rng: Rng) -> None:
    """Make columns missing together, by age and site, which are always known, and perhaps by the first one's value.

    A category whose levels have no order says nothing of whether it is missing.
    """
    if scenario.missing == "none":
        return
    log_odds = logit(missing.share) + 0.015 * (values["age"] - 57) + values["_untidy"]
    if scenario.missing == "not_at_random":
        log_odds = log_odds + HIDDEN_BY_VALUE * _standardise(missing.columns[0], values)
    hidden = rng(f"missing {missing.columns[0]}").random(len(log_odds)) < expit(log_odds)
    for name in missing.columns:
        values[name] = blank(values[name], hidden)


def _standardise(name: str, values: Values) -> FloatArray:
    """Return standard scores, of levels by their place in the dictionary; 0 where they have no order."""
    held = values[name]
    if held.dtype == object and name not in ORDERED:
        return np.zeros(len(held))
    if held.dtype == object:
        places = {level: place for place, level in enumerate(COLUMNS[name].levels)}
        held = np.array([places[level] for level in held], dtype=np.float64)
    return np.asarray((held - held.mean()) / max(held.std(), 1e-9))
