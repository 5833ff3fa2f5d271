"""Worlds in which outcomes are unknown, and what leaving out, calling event-free or weighting makes of them.

Each world has a closed form, or a large sample, for what the naive ways do; the weighted one must meet the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcome import FollowUp, Outcome
from outcomes.outcomes import build_outcome
from outcomes.three_valued import combine
from pipelines.evaluate import build_groups
from pipelines.fit import fit_pipeline, prepare_training
from pipelines.follow_up.observation import fit_observation
from pipelines.follow_up.unknown_outcomes import shift_unknown_outcomes
from pipelines.metrics import METRICS
from pipelines.models import MODELS
from pipelines.preprocess import Preprocessor, fit_preprocessor
from schemas.column import Column
from schemas.simulation.lumbar import LUMBAR
from schemas.study import parse_study
from schemas.synthetic import simulate_registry

Floats = npt.NDArray[np.float64]

HORIZON = 730
WAYS = ("event-free", "left out", "weighted")
AS_ANSWERS = "all as answers"
"""The way that takes what an event settled, or a part told, for answers, and weights all that is known alike."""
SEVERITIES = np.array([-1.2, -0.6, 0.0, 0.6, 1.2])
COLUMNS = {
    "severity": Column(name="severity", kind="number", unit="", known_at="preop", text="x1"),
    "smoker": Column(name="smoker", kind="flag", unit="", known_at="preop", text="x2"),
}


# ---- worlds with a closed form ----


@dataclass(frozen=True, kw_only=True)
class HorizonWorld:
    """Competing hazards, entry spread evenly over the days before the data end, and losses at a constant hazard.

    Severity x1 has five equally likely values, smoking x2 is 1 in 0.3. `informative` multiplies the hazard of loss by
    exp(informative * x1), so that follow-up depends on the patient. `entry` are the fewest and most days from an
    operation to the end of the data; None where the data do not end.
    """

    ways: tuple[str, ...] = WAYS
    informative: float = 0.0
    entry: tuple[float, float] | None = (365.0, 1460.0)

    def hazards(self, x1: Floats, x2: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the daily hazards of the event, of death and of loss."""
        return (
            2.5e-4 * np.exp(0.7 * x1 + 0.5 * x2),
            1e-4 * np.exp(0.5 * x1),
            4e-4 * np.exp(self.informative * x1),
        )

    def draw(self, n: int, rng: np.random.Generator) -> Cohort:
        """Draw a cohort and its true risks (column ``truth`` of its basis)."""
        x1 = rng.choice(SEVERITIES, size=n)
        x2 = (rng.random(n) < 0.3).astype(np.float64)
        own, other, loss = self.hazards(x1, x2)
        end = rng.uniform(*self.entry, n) if self.entry else np.full(n, np.inf)
        lost = np.minimum(rng.exponential(1 / loss), end)
        times = np.stack([lost, rng.exponential(1 / own), rng.exponential(1 / other)])
        cause = times.argmin(axis=0)
        day = times.min(axis=0)
        y = np.where((cause == 1) & (day <= HORIZON), 1.0, np.where((day <= HORIZON) & (cause == 0), np.nan, 0.0))
        X = pd.DataFrame({"severity": x1, "smoker": x2})
        return make_cohort(X, y, truth=self.risk(x1, x2), time=day, cause=cause)

    def risk(self, x1: Floats, x2: Floats) -> Floats:
        """Return the probability of the event by the horizon, before death."""
        own, other, _ = self.hazards(x1, x2)
        return own / (own + other) * -np.expm1(-(own + other) * HORIZON)

    def theory(self) -> dict[str, dict[str, float]]:
        """Return the limits of event rate and calibration in the large, by way; integrals over days, sums over X."""
        x1, x2, share = _list_groups()
        own, other, loss = (hazard[:, None] for hazard in self.hazards(x1, x2))
        days = (np.arange(73_000) + 0.5) * (HORIZON / 73_000)
        seen = np.exp(-(own + other + loss) * days) * self._data_reach(days) * (HORIZON / 73_000)
        events, deaths = (own * seen).sum(axis=1), (other * seen).sum(axis=1)
        to_end = np.exp(-(own + other + loss) * HORIZON)[:, 0] * self._data_reach(np.array([float(HORIZON)]))
        known = events + deaths + to_end
        risk = self.risk(x1, x2)
        return {
            "event-free": _limits(risk, events, np.ones_like(risk), share),
            "left out": _limits(risk, events, known, share),
            "weighted": _limits(risk, risk, np.ones_like(risk), share),
        }

    def _data_reach(self, days: Floats) -> Floats:
        """Return the probability that the data reach each day."""
        if self.entry is None:
            return np.ones_like(days)
        return np.clip((self.entry[1] - days) / (self.entry[1] - self.entry[0]), 0, 1)


BY_SEVERITY = HorizonWorld(informative=1.0, entry=None)


@dataclass(frozen=True, kw_only=True)
class AnswerWorld:
    """A yes or no a year later; who answers depends on the same predictors as the outcome."""

    ways: tuple[str, ...] = WAYS

    def draw(self, n: int, rng: np.random.Generator) -> Cohort:
        """Draw a cohort and its true risks (column ``truth`` of its basis)."""
        x1 = rng.choice(SEVERITIES, size=n)
        x2 = (rng.random(n) < 0.3).astype(np.float64)
        risk = self.risk(x1, x2)
        y = (rng.random(n) < risk).astype(np.float64)
        y[rng.random(n) >= self.answers(x1, x2)] = np.nan
        return make_cohort(pd.DataFrame({"severity": x1, "smoker": x2}), y, truth=risk)

    def risk(self, x1: Floats, x2: Floats) -> Floats:
        """Return the probability of the outcome."""
        return expit(0.4 - 0.8 * x1 - 0.6 * x2)

    def answers(self, x1: Floats, x2: Floats) -> Floats:
        """Return the probability of an answer, about 0.7."""
        return expit(1.2 - 0.7 * x1 - 0.8 * x2)

    def theory(self) -> dict[str, dict[str, float]]:
        """Return the limits of event rate and calibration in the large, by way."""
        x1, x2, share = _list_groups()
        risk, answers = self.risk(x1, x2), self.answers(x1, x2)
        one = np.ones_like(risk)
        return {
            "event-free": _limits(risk, risk * answers, one, share),
            "left out": _limits(risk, risk * answers, answers, share),
            "weighted": _limits(risk, risk, one, share),
        }


def _list_groups() -> tuple[Floats, Floats, Floats]:
    """Return severity, smoking and share of every kind of patient."""
    x1, x2 = (grid.ravel() for grid in np.meshgrid(SEVERITIES, [0.0, 1.0], indexing="ij"))
    return x1, x2, np.where(x2 == 1, 0.3, 0.7) / SEVERITIES.size


@dataclass(frozen=True, kw_only=True)
class SettledWorld:
    """Success a year later; a reoperation before counts as a failure, also without the answer that the others need."""

    ways: tuple[str, ...] = (*WAYS, AS_ANSWERS)

    def draw(self, n: int, rng: np.random.Generator) -> Cohort:
        """Draw a cohort and its true risks (column ``truth`` of its basis)."""
        x1 = rng.choice(SEVERITIES, size=n)
        x2 = (rng.random(n) < 0.3).astype(np.float64)
        reoperated, answers = rng.random(n) < self.reoperations(x1, x2), rng.random(n) < self.answers(x1, x2)
        y = np.where(reoperated, 0.0, (rng.random(n) < self.successes(x1, x2)).astype(np.float64))
        y[~answers & ~reoperated] = np.nan
        return make_cohort(pd.DataFrame({"severity": x1, "smoker": x2}), y, truth=self.risk(x1, x2), settled=reoperated)

    def reoperations(self, x1: Floats, x2: Floats) -> Floats:
        """Return the probability of a reoperation, about 0.08."""
        return expit(-2.7 + 0.6 * x1 + 0.5 * x2)

    def successes(self, x1: Floats, x2: Floats) -> Floats:
        """Return the probability of success without one, about 0.7."""
        return expit(1.1 - 0.6 * x1 - 0.4 * x2)

    def answers(self, x1: Floats, x2: Floats) -> Floats:
        """Return the probability of an answer, about 0.7, whether or not there was a reoperation."""
        return expit(1.2 - 0.7 * x1 - 0.8 * x2)

    def risk(self, x1: Floats, x2: Floats) -> Floats:
        """Return the probability of success."""
        return (1 - self.reoperations(x1, x2)) * self.successes(x1, x2)

    def theory(self) -> dict[str, dict[str, float]]:
        """Return the limits of event rate and calibration in the large, by way."""
        x1, x2, share = _list_groups()
        risk, answers, reoperated = self.risk(x1, x2), self.answers(x1, x2), self.reoperations(x1, x2)
        one, known = np.ones_like(risk), reoperated + (1 - reoperated) * answers
        return {
            "event-free": _limits(risk, risk * answers, one, share),
            "left out": _limits(risk, risk * answers, known, share),
            "weighted": _limits(risk, risk, one, share),
            AS_ANSWERS: _limits(risk, risk * answers / known, one, share),
        }


@dataclass(frozen=True, kw_only=True)
class PartsWorld:
    """Any of two complications, each recorded in about 7 of 10; one that occurred is enough to know that any did."""

    ways: tuple[str, ...] = (*WAYS, AS_ANSWERS)

    def draw(self, n: int, rng: np.random.Generator) -> Cohort:
        """Draw a cohort and its true risks (column ``truth`` of its basis)."""
        x1 = rng.choice(SEVERITIES, size=n)
        x2 = (rng.random(n) < 0.3).astype(np.float64)
        occurred = rng.random((n, 2)) < self.part(x1, x2)[:, None]
        recorded = rng.random((n, 2)) < self.records(x1, x2)[:, None]
        y = combine(np.where(recorded, occurred, np.nan), "any_of", "logic")
        return make_cohort(
            pd.DataFrame({"severity": x1, "smoker": x2}), y, truth=self.risk(x1, x2), answered=recorded.all(axis=1)
        )

    def part(self, x1: Floats, x2: Floats) -> Floats:
        """Return the probability of each complication, about 0.3."""
        return expit(-1.0 + 0.5 * x1 + 0.4 * x2)

    def records(self, x1: Floats, x2: Floats) -> Floats:
        """Return the probability that each one is recorded, about 0.7."""
        return expit(1.0 - 0.5 * x1 - 0.3 * x2)

    def risk(self, x1: Floats, x2: Floats) -> Floats:
        """Return the probability of any complication."""
        return 1 - (1 - self.part(x1, x2)) ** 2

    def theory(self) -> dict[str, dict[str, float]]:
        """Return the limits of event rate and calibration in the large, by way."""
        x1, x2, share = _list_groups()
        risk, both = self.risk(x1, x2), self.records(x1, x2) ** 2
        seen = 1 - (1 - self.part(x1, x2) * self.records(x1, x2)) ** 2
        known, one = seen + (1 - risk) * both, np.ones_like(risk)
        return {
            "event-free": _limits(risk, seen, one, share),
            "left out": _limits(risk, risk * both, both, share),
            "weighted": _limits(risk, risk, one, share),
            AS_ANSWERS: _limits(risk, seen / known, one, share),
        }


def _limits(risk: Floats, events: Floats, known: Floats, share: Floats) -> dict[str, float]:
    """Return the event rate among the known, and the calibration in the large of the true risk among them."""
    rate = float((share * events).sum() / (share * known).sum())

    def gap(a: float) -> float:
        return float((share * (events - known * expit(logit(risk) + a))).sum())

    return {"event_rate": rate, "calibration_in_the_large": float(brentq(gap, -5, 5, xtol=1e-12))}


def make_cohort(
    X: pd.DataFrame,
    y: Floats,
    *,
    truth: Floats,
    time: Any = None,
    cause: Any = None,
    settled: Any = None,
    answered: Any = None,
) -> Cohort:
    """Return a cohort of an outcome of no registry; by a horizon where there are times."""
    timed = time is not None
    outcome = Outcome(
        name="outcome", title="outcome", kind="event_by_horizon" if timed else "event", desirable=False, horizon="",
        needs=(), revealing=(), occurred=lambda frame: y,
        follow_up=FollowUp(time_days=lambda f: time, cause=lambda f: cause, horizon_days=HORIZON) if timed else None,
    )  # fmt: skip
    identity = np.arange(len(y)).astype(str).astype(object)
    empty = pd.DataFrame(index=range(len(y)))
    return Cohort(
        outcome=outcome, X=X, y=y, row_id=identity, patient=identity, site=identity, year=identity, subgroups=empty,
        comparators=empty, time_days=time, cause=cause, censoring="kaplan_meier", columns=COLUMNS, flow=empty,
        attainable=None, basis=pd.DataFrame({"truth": truth}), settled=settled, answered=answered,
    )  # fmt: skip


# ---- what the project makes of them ----


def code_as(cohort: Cohort, way: str) -> tuple[Cohort, npt.NDArray[np.int64]]:
    """Return the cohort as one of `WAYS`, or `AS_ANSWERS`, takes it, and the rows that it keeps."""
    rows = np.arange(len(cohort.y))
    if way == "weighted":
        return cohort, rows
    if way == AS_ANSWERS:
        return replace(cohort, settled=None, answered=None), rows
    untimed = replace(cohort, outcome=replace(cohort.outcome, follow_up=None))
    if way == "left out":
        return untimed, rows[cohort.counted]
    return replace(untimed, y=np.nan_to_num(cohort.y), settled=None, answered=None), rows


def weigh(cohort: Cohort, preprocessor: Preprocessor, way: str) -> tuple[Cohort, npt.NDArray[np.int64], Floats]:
    """Return the cohort as `way` takes it, the rows that it keeps and their weights."""
    coded, rows = code_as(cohort, way)
    return coded, rows, fit_observation(coded, rows, preprocessor).weigh(coded, rows)


def estimate(cohort: Cohort, preprocessor: Preprocessor, way: str) -> dict[str, float]:
    """Return event rate, calibration of the true risk and its interval, by the project's own weights and metrics."""
    coded, rows, weights = weigh(cohort, preprocessor, way)
    predictions = make_predictions(coded, rows, coded.basis["truth"].to_numpy(), weights)
    (group,) = build_groups(predictions, thresholds={}, seed=1)
    calibration = METRICS["calibration_in_the_large"].compute(group.sample)[0]
    found = {
        "calibration_in_the_large": calibration.estimate,
        "calibration_lower": calibration.lower,
        "calibration_upper": calibration.upper,
        "event_rate": float(np.average(np.nan_to_num(coded.y[rows]), weights=weights)),
    }
    if way == "weighted":
        table = shift_unknown_outcomes(predictions, reference="model", deltas=(0.0,), suppress_below=5)
        rate = table[table["metric"] == "event_rate"].set_index("assumption")
        found |= {f"event_rate_{end}": float(rate.loc["weighted", end]) for end in ("lower", "upper")}
        found["event_rate_shifted_by_0"] = float(rate.loc["shifted", "estimate"])
    return found


def make_predictions(cohort: Cohort, rows: npt.NDArray[np.int64], p: Floats, weights: Floats) -> pd.DataFrame:
    """Return a predictions table of one model."""
    return pd.DataFrame(
        {
            "row_id": cohort.row_id[rows].astype(str), "patient": cohort.patient[rows].astype(str),
            "outcome": cohort.outcome.name, "model": "model", "dataset": "external", "validation": "external",
            "repeat": 0, "fold": 0, "imputation": 0, "y_true": cohort.y[rows], "y_prob": p[rows], "y_pred": np.nan,
            "scale": "probability", "weight": weights, "n_train": 1,
        }
    )  # fmt: skip


def run_world(
    world: HorizonWorld | AnswerWorld | SettledWorld | PartsWorld,
    *,
    replications: int,
    n: int,
    seed: int,
    censoring: str = "kaplan_meier",
) -> pd.DataFrame:
    """Return one row per replication and way."""
    rows: list[dict[str, Any]] = []
    for i in range(replications):
        cohort = replace(world.draw(n, np.random.default_rng([seed, i])), censoring=censoring)
        preprocessor = fit_preprocessor(cohort.X, cohort.columns, n_knots=3)
        rows += [{"way": way, **estimate(cohort, preprocessor, way)} for way in world.ways]
    return pd.DataFrame(rows)


def summarise(found: pd.DataFrame, theory: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Return bias against the truth and against theory with Monte Carlo errors, and coverage of the intervals."""
    truth = theory["weighted"]
    rows = []
    for metric, short in (("event_rate", "event_rate"), ("calibration_in_the_large", "calibration")):
        for way, part in found.groupby("way", sort=False):
            error = float(part[metric].std() / np.sqrt(len(part)))
            lower, upper = part.get(f"{short}_lower"), part.get(f"{short}_upper")
            covered = (
                np.nan
                if lower is None or upper is None or lower.isna().all()
                else float(((lower <= truth[metric]) & (upper >= truth[metric])).mean())
            )
            rows.append(
                {
                    "metric": metric, "way": way, "bias": part[metric].mean() - truth[metric], "error": error,
                    "theory": theory[str(way)][metric] - truth[metric], "coverage": covered,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


# ---- the simulated lumbar registry ----

STUDY = """
title = "Unknown outcomes"
definition = "lumbar"
seed = 1
outcomes = ["odi_mcid_12m", "reherniation_24m"]
predictors = ["age", "sex", "bmi", "smoking", "education", "previous_spine_surgery", "diagnosis", "odi_0"]
reoperated = "as_scored"
died = "as_scored"
unattainable = "fail"
"""


def run_registry(*, replications: int, n: int, seed: int) -> pd.DataFrame:
    """Return each replication's event rates, by way and outcome, minus the mean true risk of the same patients.

    Notes
    -----
    Patients answer by age, smoking, sex, education and previous surgery, and are lost by chance. One registry is
    simulated and dealt into blocks of `n` operations (in its own order, that of the years, late blocks would have
    nobody who is followed to the horizon). ``left out, true risk`` is what leaving patients out comes to by theory
    where outcomes are unknown by predictors, ``missed`` what calling the censored event-free does.
    """
    study = parse_study(STUDY, folder=Path())
    registry = simulate_registry(
        "lumbar", n=replications * n, seed=seed, missing="none", sites="alike", drift="none"
    )  # fmt: skip
    assert registry.truth is not None
    truth = registry.truth.set_index(registry.truth["row_id"].astype(str))
    rows: list[dict[str, Any]] = []
    for name in study.outcomes:
        cohort = build_cohort(registry, build_outcome(name, study, registry.definition, registry.columns), study)
        risk = truth[name].loc[cohort.row_id.astype(str)].to_numpy(dtype=np.float64)
        rows += [
            {"outcome": name, **_compare_with_truth(take(cohort, block), risk[block])}
            for block in np.array_split(np.random.default_rng(seed).permutation(len(risk)), replications)
        ]
    return pd.DataFrame(rows)


def take(cohort: Cohort, rows: npt.NDArray[np.int64]) -> Cohort:
    """Return some rows of a cohort."""
    frames = {
        name: getattr(cohort, name).iloc[rows].reset_index(drop=True)
        for name in ("X", "subgroups", "comparators", "basis")
    }
    arrays = {
        name: None if getattr(cohort, name) is None else getattr(cohort, name)[rows]
        for name in (
            "y",
            "row_id",
            "patient",
            "site",
            "year",
            "time_days",
            "cause",
            "attainable",
            "settled",
            "answered",
        )
    }
    return replace(cohort, **frames, **arrays)


def _compare_with_truth(cohort: Cohort, risk: Floats) -> dict[str, float]:
    preprocessor = fit_preprocessor(cohort.X, cohort.columns, n_knots=3)
    found: dict[str, float] = {}
    for way in WAYS:
        coded, rows, weights = weigh(cohort, preprocessor, way)
        found[way] = float(np.average(np.nan_to_num(coded.y[rows]), weights=weights) - risk.mean())
        found[f"{way}, true risk"] = float(np.average(risk[rows], weights=weights) - risk.mean())
    found["missed"] = _expect_missed(cohort, risk)
    return found


def _expect_missed(cohort: Cohort, risk: Floats) -> float:
    """Return the expected share of patients whose event comes after their follow-up and by the horizon.

    Notes
    -----
    Of a patient followed event-free to day c: ``1 - ((1 - risk) ^ (1 - A(c) / A(H)))``, A the generator's hazard over
    time. Competing events, 2 percent, are left aside.
    """
    if cohort.time_days is None or LUMBAR.first_event is None:
        return float("nan")
    spent = LUMBAR.first_event.event.spent
    left = 1 - spent(cohort.time_days) / spent(np.array([float(HORIZON)]))
    return float(np.where(np.isnan(cohort.y), 1 - (1 - risk) ** np.clip(left, 0, 1), 0.0).mean())


def run_models(
    world: HorizonWorld, *, replications: int, n: int, seed: int, ways: tuple[str, ...] = WAYS
) -> pd.DataFrame:
    """Fit the reference model on what each way keeps; return its predictions for everyone, minus the true risks."""
    rows: list[dict[str, Any]] = []
    for i in range(replications):
        cohort = world.draw(n, np.random.default_rng([seed, i]))
        truth = cohort.basis["truth"].to_numpy()
        for way in ways:
            coded, kept = code_as(cohort, way)
            training = prepare_training(coded, kept, n_knots=3, inner_folds=2, seed=1)
            fitted = fit_pipeline(MODELS["spline_logistic"], training, trials=1, seed=1)
            p = fitted.predict(cohort.X)
            rows.append(
                {"way": way, "mean_risk": p.mean() - truth.mean(), "log_odds": float(np.mean(logit(p) - logit(truth)))}
            )
    return pd.DataFrame(rows)
