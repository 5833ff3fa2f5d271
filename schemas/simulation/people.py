"""Simulated operations before any clinical value: who, where, when, and seeds by name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.simulation.scenario import Scenario

FIRST_DAY = np.datetime64("2016-01-01")
LAST_DAY = np.datetime64("2023-12-31")
MIDDLE = np.datetime64("2020-01-01")
DATA_CUT = np.datetime64("2025-06-30")
"""Nobody is followed for longer: operations from July 2023 on have less than 24 months."""

SECOND_OPERATIONS = 0.04
LEAST_GAP_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class Site:
    """A hospital, the same one in every registry that is simulated.

    Attributes
    ----------
    name
        Its name.
    share
        Share of the operations.
    mix
        Case mix: older and sicker if positive.
    risk
        Standard score of its risk for the same patient: worse if positive.
    effect
        Standard score of how strong its predictors are.
    untidy
        Carelessness with forms, in log-odds of a missing value.
    surgeons
        Number of surgeons.

    Notes
    -----
    Weighted by `share`, risk and effect have mean 0 and variance 1 and are not correlated with each other or with the
    case mix, so that a model that cannot see the hospital is right on average.
    """

    name: str
    share: float
    mix: float
    risk: float
    effect: float
    untidy: float
    surgeons: int


SITES = (
    Site(name="S1", share=0.24, mix=0.2, risk=-0.4, effect=-0.8, untidy=-0.3, surgeons=6),
    Site(name="S2", share=0.18, mix=-0.5, risk=1.2, effect=0.8, untidy=0.0, surgeons=5),
    Site(name="S3", share=0.15, mix=0.0, risk=0.8, effect=-1.6, untidy=0.5, surgeons=4),
    Site(name="S4", share=0.13, mix=1.0, risk=0.8, effect=1.2, untidy=0.2, surgeons=4),
    Site(name="S5", share=0.11, mix=-1.0, risk=-1.2, effect=0.8, untidy=-0.4, surgeons=3),
    Site(name="S6", share=0.09, mix=0.4, risk=-1.6, effect=0.0, untidy=0.8, surgeons=3),
    Site(name="S7", share=0.06, mix=-0.3, risk=0.0, effect=0.0, untidy=0.0, surgeons=2),
    Site(name="S8", share=0.04, mix=0.6, risk=-1.6, effect=1.2, untidy=-0.2, surgeons=2),
)


@dataclass(frozen=True, kw_only=True)
class People:
    """The rows to be filled: `values` by column and `first`, the row of each patient's first operation."""

    values: dict[str, npt.NDArray[Any]]
    first: npt.NDArray[np.intp]


def child_rng(seed: int, *names: str) -> np.random.Generator:
    """Return the generator of a named step, so that adding a column does not move another one."""
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence([seed, int.from_bytes(digest[:8], "big")]))


def draw_people(cohort: str, *, n: int, seed: int, scenario: Scenario) -> People:
    """Draw `n` operations in order of their date, about 4 percent of them second operations of a patient."""
    n_second = int(SECOND_OPERATIONS * n)
    dates = np.sort(_first_dates(n - n_second, child_rng(seed, cohort, "operation_date")))
    again, later = _second_dates(dates, n_second, child_rng(seed, cohort, "second operation"))
    patient = np.concatenate([np.arange(len(dates)), again])
    date = np.concatenate([dates, later])
    order = np.lexsort((patient, date))
    patient, date = patient[order], date[order]
    _, first, number = np.unique(patient, return_index=True, return_inverse=True)
    first_row = first[number]
    values = (
        _identifiers(number, date)
        | _timing(date, first_row)
        | _places(cohort, first_row, seed, scenario)
        | _drift(date, scenario)
    )
    return People(values=values, first=first_row)


def _first_dates(n: int, rng: np.random.Generator) -> npt.NDArray[np.datetime64]:
    """Days that become denser over the years, as registries grow: by the last one to 1.8 times the first one."""
    low, high = 1.0, 1.8
    elapsed = (np.sqrt(low**2 + rng.random(n) * (high**2 - low**2)) - low) / (high - low)
    days = np.floor(elapsed * ((LAST_DAY - FIRST_DAY).astype(np.int64) + 1)).astype(np.int64)
    return np.asarray(FIRST_DAY + days)


def _second_dates(
    dates: npt.NDArray[np.datetime64], n: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.datetime64]]:
    """Pick patients at random who have time for a second operation, and its day, which tends to come early."""
    room = (LAST_DAY - dates).astype(np.int64) - LEAST_GAP_DAYS
    eligible = np.flatnonzero(room > 0)
    again = rng.choice(eligible, size=min(n, len(eligible)), replace=False)
    gap = LEAST_GAP_DAYS + np.floor(rng.random(len(again)) ** 1.2 * room[again]).astype(np.int64)
    return again, np.asarray(dates[again] + gap)


def _identifiers(number: npt.NDArray[np.intp], date: npt.NDArray[np.datetime64]) -> dict[str, npt.NDArray[Any]]:
    year = date.astype("datetime64[Y]").astype(np.int64) + 1970
    return {
        "patient": np.array([f"P{i + 1:06d}" for i in number], dtype=object),
        "operation": np.array([f"O{i + 1:06d}" for i in range(len(number))], dtype=object),
        "operation_date": date,
        "year": year.astype(np.float64),
    }


def _timing(date: npt.NDArray[np.datetime64], first_row: npt.NDArray[np.intp]) -> dict[str, npt.NDArray[Any]]:
    since = (date - date[first_row]).astype(np.float64)
    to_second = np.full(len(date), np.inf)
    to_second[first_row[since > 0]] = since[since > 0]
    return {
        "_years_since_first": since / 365.25,
        "_second": (since > 0).astype(np.float64),
        "_days_to_second": to_second,
        "_days_to_cut": (DATA_CUT - date).astype(np.float64),
    }


def _places(cohort: str, first_row: npt.NDArray[np.intp], seed: int, scenario: Scenario) -> dict[str, npt.NDArray[Any]]:
    """Sites and surgeons; a patient returns to the same site."""
    n = len(first_row)
    shares = _of_sites("share")
    at = child_rng(seed, cohort, "site").choice(len(SITES), size=n, p=shares / shares.sum())[first_row]
    which = (child_rng(seed, cohort, "surgeon").random(n) * _of_sites("surgeons")[at]).astype(np.intp)
    surgeons = np.array([[f"{site.name}-{i + 1}" for i in range(10)] for site in SITES], dtype=object)
    return {
        "site": np.array([site.name for site in SITES], dtype=object)[at],
        "surgeon": surgeons[at, which],
        "_mix": _of_sites("mix")[at] * scenario.sites_differ_in("case_mix"),
        "_site_risk": _of_sites("risk")[at] * scenario.sites_differ_in("risk"),
        "_site_effect": _of_sites("effect")[at] * scenario.sites_differ_in("effects"),
        "_untidy": _of_sites("untidy")[at] * scenario.sites_differ_in("case_mix"),
    }


def _of_sites(what: str) -> npt.NDArray[np.float64]:
    return np.array([getattr(site, what) for site in SITES], dtype=np.float64)


def _drift(date: npt.NDArray[np.datetime64], scenario: Scenario) -> dict[str, npt.NDArray[Any]]:
    """Years since the middle of the registry, or 0 for what does not change."""
    years = (date - MIDDLE).astype(np.float64) / 365.25
    return {f"_drift_{what}": years * scenario.years_differ_in(what) for what in ("case_mix", "risk", "effects")}
