"""Simulated registries against published figures, row by row: near enough, and as the documentation says?

``python tests/test_schemas_synthetic_published.py`` writes the table into docs/synthetic.md again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from schemas.simulation.draw import draw_cohort
from schemas.simulation.scenario import Scenario
from schemas.synthetic import COHORTS

DRAWN = 100_000
SEED = 2026
FAR = 0.25
PAGE = Path(__file__).resolve().parents[1] / "docs" / "synthetic.md"
BEGIN = "<!-- drawn against published: begin -->"
END = "<!-- drawn against published: end -->"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure: what was published, the range that is near enough, and how it is worked out of what was drawn."""

    what: str
    published: str
    source: str
    low: float
    high: float
    drawn: Callable[[pd.DataFrame], float]
    digits: int = 1
    span: tuple[float, float] | None = None
    """The lowest and the highest of what was published, where they are not the numbers outside brackets."""

    def is_far(self, value: float) -> bool:
        """Tell whether a value is more than a quarter below or above all that was published."""
        stated = [float(number) for number in re.findall(r"[-+]?\d+\.?\d*", re.sub(r"\(.*?\)", "", self.published))]
        ends = [factor * end for end in self.span or stated for factor in (1 - FAR, 1 + FAR)]
        return bool(ends) and not min(ends) <= value <= max(ends)


@cache
def draw(cohort: str) -> pd.DataFrame:
    """Draw a large registry with the usual switches."""
    return pd.DataFrame(draw_cohort(COHORTS[cohort], n=DRAWN, seed=SEED).values)


@cache
def draw_answers(cohort: str) -> pd.DataFrame:
    """Draw the same patients, in whom all who are followed answer."""
    answering = Scenario(response="complete")
    return pd.DataFrame(draw_cohort(COHORTS[cohort], n=DRAWN, seed=SEED, scenario=answering).values)


def percent(flags: pd.Series) -> float:
    return float(100 * flags.mean())


def share(column: str) -> Callable[[pd.DataFrame], float]:
    return lambda frame: percent(frame[column])


def mean(column: str) -> Callable[[pd.DataFrame], float]:
    return lambda frame: float(frame[column].mean())


def spread(column: str) -> Callable[[pd.DataFrame], float]:
    return lambda frame: float(frame[column].std())


def improvement(before: str, after: str) -> Callable[[pd.DataFrame], float]:
    return lambda frame: float((frame[after] - frame[before]).mean())


def reached(before: str, after: str, points: float) -> Callable[[pd.DataFrame], float]:
    return lambda frame: percent((frame[before] - frame[after]).dropna() >= points)


def among(column: str, level: object, drawn: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
    return lambda frame: drawn(frame[frame[column] == level])


def unanswered(column: str, day: int) -> Callable[[pd.DataFrame], float]:
    """Share without the score among operations that are old enough for the visit."""

    def compute(frame: pd.DataFrame) -> float:
        old_enough = (pd.Timestamp("2025-06-30") - frame["operation_date"]).dt.days >= day
        return percent(frame.loc[old_enough, column].isna())

    return compute


def incidence(column: str, day: int) -> Callable[[pd.DataFrame], float]:
    """Aalen-Johansen estimate by a day; death and a fusion for another reason compete."""

    def compute(frame: pd.DataFrame) -> float:
        times = frame[[name for name in (column, "other_fusion_days", "death_days") if name in frame]]
        first = times.min(axis=1).fillna(np.inf)
        last = np.minimum(first, frame["follow_up_days"])
        days = np.arange(1, day + 1)
        at_risk = len(frame) - np.searchsorted(np.sort(last.to_numpy()), days, side="left")
        own = np.bincount(frame.loc[frame[column] == first, column].astype(int), minlength=day + 1)[1 : day + 1]
        every = np.bincount(first[first <= day].astype(int), minlength=day + 1)[1 : day + 1]
        alive = np.cumprod(1 - every / np.maximum(at_risk, 1))
        return float(100 * (np.concatenate([[1.0], alive[:-1]]) * own / np.maximum(at_risk, 1)).sum())

    return compute


def back_at_work(frame: pd.DataFrame) -> float:
    """Share back at work by 3 months of those who had work and were followed for as long."""
    employed = frame[frame["employment"].isin(["working", "sick_leave"]) & (frame["follow_up_days"] >= 91)]
    return percent(employed["return_to_work_days"] <= 91)


def weaker(visit: str) -> Callable[[pd.DataFrame], float]:
    """Share whose legs have lost a point or more."""
    return lambda frame: percent((frame[f"lems_{visit}"] - frame["lems_0"]).dropna() < 0)


def any_of(*columns: str) -> Callable[[pd.DataFrame], float]:
    """Share with any of the events among those in whom all of them are known."""

    def compute(frame: pd.DataFrame) -> float:
        flags = frame[list(columns)].dropna()
        return percent((flags == 1).any(axis=1))

    return compute


def better_by_share(before: str, after: str, share: float) -> Callable[[pd.DataFrame], float]:
    """Share of those with any complaint who have lost at least a share of it."""

    def compute(frame: pd.DataFrame) -> float:
        scores = frame.loc[frame[before] > 0, [before, after]].dropna()
        return percent(scores[before] - scores[after] >= share * scores[before])

    return compute


def gain(before: str, after: str, points: float) -> Callable[[pd.DataFrame], float]:
    return lambda frame: percent((frame[after] - frame[before]).dropna() >= points)


def more_with(flag: str, column: str) -> Callable[[pd.DataFrame], float]:
    """Mean of a column where the flag is 1 less that where it is not."""
    return lambda frame: float(frame.loc[frame[flag] == 1, column].mean() - frame.loc[frame[flag] != 1, column].mean())


def with_recurrence(drawn: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
    return lambda frame: drawn(frame.assign(recurred=(frame["reherniation_days"] <= 730).astype(float)))


def with_silence(drawn: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
    """Work out a figure from a flag `silent`: reached the visit of 12 months, and did not answer."""

    def compute(frame: pd.DataFrame) -> float:
        reached = frame[frame["follow_up_days"] >= 365]
        return drawn(reached.assign(silent=reached["odi_12m"].isna().astype(float)))

    return compute


def more_silent(column: str, level: object) -> Callable[[pd.DataFrame], float]:
    """Percentage with a level among those who did not answer less that among those who did."""

    def compute(frame: pd.DataFrame) -> float:
        known = frame[frame[column].notna()]
        return more_with("silent", "has")(known.assign(has=100.0 * (known[column] == level)))

    return with_silence(compute)


def odds_ratio(column: str, other: str, level: object) -> Callable[[pd.DataFrame], float]:
    def compute(frame: pd.DataFrame) -> float:
        one, rest = (frame.loc[rows, column].mean() for rows in (frame[other] == level, frame[other] != level))
        return float(one / (1 - one) / (rest / (1 - rest)))

    return compute


LDH = "disc_herniation"
NORSPINE = "NORspine, Werner 2017"
BERG = "NORspine, Berg 2024"
NORDIC = "Nordic pool, Andersen 2019"
ZHOU = "Zhou 2020, pooled"
NSQIP = "ACS NSQIP"
STAARTJES = "Staartjes 2019, one surgeon, n = 422"
RISKS = "meta-analysis (PMC4718239)"
ZHAO = "Zhao 2024, meta-analysis"
USUAL = "general knowledge, not verified"


def among_ldh(drawn: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
    return among("diagnosis", LDH, drawn)


def among_ddd(drawn: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
    return among("diagnosis", "disc_degeneration", drawn)


def among_narrow(drawn: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
    return lambda frame: drawn(frame[frame["diagnosis"].isin(["stenosis", "spondylolisthesis"])])


def posterior_fusion(drawn: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
    return among("planned_approach", "posterior", among("planned_fusion", 1.0, drawn))


def anterior_fusion(drawn: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
    return among("planned_approach", "anterior", among("planned_fusion", 1.0, drawn))


def with_myelopathy(drawn: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
    return lambda frame: drawn(frame[frame["cervical_diagnosis"] != "radiculopathy"])


def answers_not_given(frame: pd.DataFrame) -> float:
    """ODI at 12 months of those who did not answer, as it would have been, less that of those who did."""
    return more_with("silent", "would")(
        frame.assign(silent=frame["odi_12m"].isna().astype(float), would=draw_answers("lumbar")["odi_12m"])
    )


COMPLICATIONS = (*COHORTS["lumbar"].components, "death_30d")
KOREA = "Korea, n = 18 590"
ALSHAMEERI = "Alshameeri 2021, pooled"
NARROW = "NSQIP, n = 253 (stenosis, spondylolisthesis)"
GOYAL = "Goyal 2019, NSQIP"
RESPONDERS = "Nordic registers"
SICCOLI = "Siccoli 2019, one centre"
CLAIMS = "claims, n = 5315 (2010; 2015)"
QOD = "Quality Outcomes Database, n = 4694"
PHILLIPS = "Phillips 2013"
KONG = "Kong 2016, pooled, any time"
FRAILTY = "NSQIP, mFI-5 0, 1, 2"
LENKE = "Scoli-RISK-1"

LUMBAR = (
    Row(what="age, disc herniation, years", published="47 (SD 14)", source=BERG, low=45, high=49,
        drawn=among_ldh(mean("age"))),
    Row(what="age, disc herniation, standard deviation", published="14", source=BERG, low=11.5, high=15,
        drawn=among_ldh(spread("age"))),
    Row(what="men, disc herniation, %", published="57", source=BERG, low=52, high=62,
        drawn=among_ldh(lambda frame: percent(frame["sex"] == "male"))),
    Row(what="age, disc degeneration, years", published="45.3 (SD 9.9)", source=NORDIC, low=41, high=49,
        drawn=among_ddd(mean("age"))),
    Row(what="age, disc degeneration, standard deviation", published="9.9", source=NORDIC, low=8.5, high=11.5,
        drawn=among_ddd(spread("age"))),
    Row(what="women, disc degeneration, %", published="56", source=NORDIC, low=49, high=61,
        drawn=among_ddd(lambda frame: percent(frame["sex"] == "female"))),
    Row(what="BMI, kg/m2", published="26.2 (disc degeneration)", source=NORDIC, low=25.5, high=27.5, drawn=mean("bmi")),
    Row(what="BMI, standard deviation", published="3.9 (disc degeneration)", source=NORDIC, low=3.5, high=4.5,
        drawn=spread("bmi")),
    Row(what="current smokers, %", published="15 (8 SE to 27 DK, NO)", source=NORDIC, low=8, high=27, span=(8, 27),
        drawn=lambda frame: percent(frame["smoking"] == "current")),
    Row(what="current smokers, disc degeneration, %", published="15 (8 SE to 27 DK, NO)", source=NORDIC, low=11,
        high=20, span=(8, 27), drawn=among_ddd(lambda frame: percent(frame["smoking"] == "current"))),
    Row(what="symptoms for more than 12 months, disc degeneration, %", published="63 (leg), 88 (back)", source=NORDIC,
        low=60, high=88, drawn=among_ddd(lambda frame: percent(frame["symptom_duration_months"].dropna() > 12))),
    Row(what="ODI before, disc degeneration", published="43 (SD 14.2)", source=NORDIC, low=40, high=46,
        drawn=among_ddd(mean("odi_0"))),
    Row(what="leg pain before, disc degeneration", published="4.3 (SD 3.0)", source=NORDIC, low=3.8, high=4.8,
        drawn=among_ddd(mean("nrs_leg_0"))),
    Row(what="back pain before, disc degeneration", published="6.3 (SD 2.2)", source=NORDIC, low=5.8, high=6.8,
        drawn=among_ddd(mean("nrs_back_0"))),
    Row(what="standard deviation of ODI, disc degeneration", published="14.2", source=NORDIC, low=12.5, high=16,
        drawn=among_ddd(spread("odi_0"))),
    Row(what="standard deviation of leg pain, disc degeneration", published="3.0", source=NORDIC, low=2.6, high=3.3,
        drawn=among_ddd(spread("nrs_leg_0"))),
    Row(what="standard deviation of back pain, disc degeneration", published="2.2", source=NORDIC, low=1.8, high=2.5,
        drawn=among_ddd(spread("nrs_back_0"))),
    Row(what="EQ-5D before, disc degeneration", published="0.32 (SD 0.32)", source=NORDIC, low=0.27, high=0.42,
        drawn=among_ddd(mean("eq5d_index_0")), digits=2),
    Row(what="standard deviation of EQ-5D, disc degeneration", published="0.32", source=NORDIC, low=0.24, high=0.36,
        drawn=among_ddd(spread("eq5d_index_0")), digits=2),
    Row(what="operated on before at the level, disc herniation, %", published="13", source=NORSPINE, low=11, high=15,
        drawn=among_ldh(share("same_level_surgery"))),
    Row(what="ODI, change at 12 months, disc herniation", published="-28.7", source=NORSPINE, low=-31, high=-26,
        drawn=among_ldh(improvement("odi_0", "odi_12m"))),
    Row(what="back pain, change at 12 months, disc herniation", published="-3.2", source=NORSPINE, low=-3.6, high=-2.8,
        drawn=among_ldh(improvement("nrs_back_0", "nrs_back_12m"))),
    Row(what="leg pain, change at 12 months, disc herniation", published="-4.4", source=NORSPINE, low=-4.8, high=-4.0,
        drawn=among_ldh(improvement("nrs_leg_0", "nrs_leg_12m"))),
    Row(what="EQ-5D, change at 12 months, disc herniation", published="+0.45", source=NORSPINE, low=0.38, high=0.5,
        drawn=among_ldh(improvement("eq5d_index_0", "eq5d_index_12m")), digits=2),
    Row(what="ODI better by 22 at 12 months, disc herniation, %", published="67", source=BERG, low=62, high=72,
        drawn=among_ldh(reached("odi_0", "odi_12m", 22))),
    Row(what="back pain better by 2, disc herniation, %", published="73", source=BERG, low=68, high=78,
        drawn=among_ldh(reached("nrs_back_0", "nrs_back_12m", 2))),
    Row(what="leg pain better by 4, disc herniation, %", published="69", source=BERG, low=64, high=74,
        drawn=among_ldh(reached("nrs_leg_0", "nrs_leg_12m", 4))),
    Row(what="leg pain better by 30 %, disc herniation, %", published="80", source=STAARTJES, low=75, high=86,
        drawn=among_ldh(better_by_share("nrs_leg_0", "nrs_leg_12m", 0.3))),
    Row(what="back pain better by 30 %, disc herniation, %", published="52", source=STAARTJES, low=52, high=73,
        drawn=among_ldh(better_by_share("nrs_back_0", "nrs_back_12m", 0.3))),
    Row(what="ODI better by 30 %, disc herniation, %", published="80", source=STAARTJES, low=75, high=87,
        drawn=among_ldh(better_by_share("odi_0", "odi_12m", 0.3))),
    Row(what="reherniation by 24 months, disc herniation, %", published="5 to 15; 11.2; 10.7; 5.7",
        source="reviews; Ren 2024; L5-S1 endoscopy 2025; Zhu 2023", low=5, high=15,
        drawn=among_ldh(incidence("reherniation_days", 730))),
    Row(what="reherniation by 5 years, disc herniation, %", published="5 to 15; 3 to 18 (with symptoms)",
        source="reviews", low=8, high=18, drawn=among_ldh(incidence("reherniation_days", 1826))),
    Row(what="months to reherniation, mean of those seen, disc herniation", published="10.3 (SD 11.1)",
        source="Ren 2024", low=8, high=15, drawn=among_ldh(lambda frame: frame["reherniation_days"].mean() / 30.44)),
    Row(what="reherniation, odds ratio of smoking", published="1.99 (1.53 to 2.58)", source=RISKS, low=1.53, high=2.58,
        drawn=among_ldh(with_recurrence(odds_ratio("recurred", "smoking", "current"))), digits=2),
    Row(what="reherniation, odds ratio of diabetes", published="1.19 (1.06 to 1.32)", source=RISKS, low=1, high=1.5,
        drawn=among_ldh(with_recurrence(odds_ratio("recurred", "diabetes", 1.0))), digits=2),
    Row(what="reherniation, odds ratio of Modic changes", published="2.48", source=ZHAO, low=1.4, high=2.7,
        drawn=among_ldh(with_recurrence(odds_ratio("recurred", "modic_change", 1.0))), digits=2),
    Row(what="reherniation, BMI higher by, kg/m2", published="1.16; no difference", source=f"{ZHAO}; {RISKS}", low=0,
        high=1.3, span=(0, 1.16), drawn=among_ldh(with_recurrence(more_with("recurred", "bmi"))), digits=2),
    Row(what="unplanned operation within 30 days, stenosis and spondylolisthesis, %", published="3.6", source=NARROW,
        low=1.4, high=4.5, drawn=among_narrow(incidence("reoperation_days", 30))),
    Row(what="reoperation by 1 year, disc herniation, %", published="7.4", source=KOREA, low=5.5, high=9,
        drawn=among_ldh(incidence("reoperation_days", 365))),
    Row(what="reoperation by 2 years, disc herniation, %", published="9", source=KOREA, low=7.5, high=11,
        drawn=among_ldh(incidence("reoperation_days", 730))),
    Row(what="reoperation by 5 years, disc herniation, %", published="13.4", source=KOREA, low=11, high=15.5,
        drawn=among_ldh(incidence("reoperation_days", 1826))),
    Row(what="reoperation by 1 year, stenosis, %", published="2", source="Sweden, n = 9664", low=2, high=5.5,
        drawn=among("diagnosis", "stenosis", incidence("reoperation_days", 365))),
    Row(what="reoperation by 2 years, stenosis, %", published="5; 6.2", source="Sweden; Korea", low=4.5, high=7.5,
        drawn=among("diagnosis", "stenosis", incidence("reoperation_days", 730))),
    Row(what="reoperation by 4 years, stenosis, %", published="10.7", source="Medicare, n = 31 543", low=6.5,
        high=11.5, drawn=among("diagnosis", "stenosis", incidence("reoperation_days", 1461))),
    Row(what="reoperation by 5 years, stenosis, %", published="8; 10.8", source="Sweden; Korea", low=8, high=10.8,
        drawn=among("diagnosis", "stenosis", incidence("reoperation_days", 1826))),
    Row(what="any complication, disc herniation, %", published="3 (2 of them dural tears)", source=NORSPINE, low=2,
        high=4, drawn=among_ldh(any_of(*COMPLICATIONS))),
    Row(what="haematoma, disc herniation, %", published="0.4", source=NORSPINE, low=0.2, high=0.6,
        drawn=among_ldh(share("haematoma_30d")), digits=2),
    Row(what="pneumonia or myocardial infarction, disc herniation, %", published="0.1 (heart and lungs)",
        source=NORSPINE, low=0.1, high=0.8, drawn=among_ldh(any_of("pneumonia_30d", "myocardial_infarction_30d")),
        digits=2),
    Row(what="any complication, stenosis and spondylolisthesis, %", published="16.6 (8.9 of them transfusions)",
        source=NARROW, low=7, high=12, span=(7.7, 16.6), drawn=among_narrow(any_of(*COMPLICATIONS))),
    Row(what="dural tear, disc herniation, %", published="2", source=NORSPINE, low=1.5, high=3,
        drawn=among_ldh(share("dural_tear"))),
    Row(what="dural tear, spondylolisthesis, %", published="10.5", source="SPORT, n = 389", low=7, high=12,
        drawn=among("diagnosis", "spondylolisthesis", share("dural_tear"))),
    Row(what="dural tear, all, %", published="5.8 (4.4 to 7.3); 14.5; 2.8 to 3.5",
        source=f"{ALSHAMEERI}; one centre; claims", low=4, high=7.3, drawn=share("dural_tear")),
    Row(what="dural tear, odds ratio of an operation before", published="2.28", source=ALSHAMEERI, low=1.8, high=2.8,
        drawn=odds_ratio("dural_tear", "previous_spine_surgery", 1.0), digits=2),
    Row(what="dural tear, odds ratio of stenosis", published="2.03", source=ALSHAMEERI, low=1.6, high=2.4,
        drawn=odds_ratio("dural_tear", "diagnosis", "stenosis"), digits=2),
    Row(what="dural tear, odds ratio of diabetes", published="1.40", source=ALSHAMEERI, low=1.2, high=1.6,
        drawn=odds_ratio("dural_tear", "diabetes", 1.0), digits=2),
    Row(what="dural tear, older by, years", published="3.0", source=ALSHAMEERI, low=2, high=4.5,
        drawn=more_with("dural_tear", "age")),
    Row(what="wound infection, no fusion, %", published="1.4 (no instruments)", source=ZHOU, low=1, high=2.5,
        drawn=among("planned_fusion", 0.0, share("surgical_site_infection_30d"))),
    Row(what="wound infection, fusion, %", published="4.4 (instruments)", source=ZHOU, low=3.5, high=6,
        drawn=among("planned_fusion", 1.0, share("surgical_site_infection_30d"))),
    Row(what="wound infection, all, %", published="2.7", source=ZHOU, low=2, high=3.4,
        drawn=share("surgical_site_infection_30d")),
    Row(what="vein thrombosis or lung embolism, %", published="0.7 and 0.5", source=NSQIP, low=0.7, high=1.6,
        span=(0.7, 1.2), drawn=share("venous_thromboembolism_30d")),
    Row(what="urinary tract infection, %", published="1 to 2", source=USUAL, low=1, high=2.1,
        drawn=share("urinary_tract_infection_30d")),
    Row(what="pneumonia, %", published="0.4 to 1", source=USUAL, low=0.4, high=1, drawn=share("pneumonia_30d"),
        digits=2),
    Row(what="sepsis, %", published="0.3 to 1", source=USUAL, low=0.3, high=1, drawn=share("sepsis_30d"), digits=2),
    Row(what="myocardial infarction, %", published="0.1 to 0.4", source=USUAL, low=0.1, high=0.4,
        drawn=share("myocardial_infarction_30d"), digits=2),
    Row(what="stroke, %", published="0.1 to 0.2", source=USUAL, low=0.1, high=0.2, drawn=share("stroke_30d"), digits=2),
    Row(what="death within 30 days, %", published="0.13 (in hospital)", source="Poorman 2018", low=0.05, high=0.25,
        drawn=share("death_30d"), digits=2),
    Row(what="death within 30 days, fusion, %", published="0.105 (simple), 0.321 (complex); 0.2 (all in hospital)",
        source="Poorman 2018; NIS", low=0.08, high=0.32, drawn=among("planned_fusion", 1.0, share("death_30d")),
        digits=2),
    Row(what="readmission within 30 days, fusion, %", published="4.5", source=GOYAL, low=3.5, high=6,
        drawn=among("planned_fusion", 1.0, share("readmission_30d"))),
    Row(what="readmission within 30 days, stenosis and spondylolisthesis, %", published="5.9", source=NARROW, low=3,
        high=7, drawn=among_narrow(share("readmission_30d"))),
    Row(what="any complication or readmission, fusion, %", published="11.5 (major)", source="California, Shah 2021",
        low=9, high=16, drawn=among("planned_fusion", 1.0, any_of(*COMPLICATIONS, "readmission_30d"))),
    Row(what="ODI better by 30 % at 6 weeks, stenosis, %", published="63", source=SICCOLI, low=50, high=76,
        drawn=among("diagnosis", "stenosis", better_by_share("odi_0", "odi_6w", 0.3))),
    Row(what="leg pain better by 30 % at 6 weeks, stenosis, %", published="76", source=SICCOLI, low=58, high=86,
        drawn=among("diagnosis", "stenosis", better_by_share("nrs_leg_0", "nrs_leg_6w", 0.3))),
    Row(what="back pain better by 30 % at 6 weeks, stenosis, %", published="61", source=SICCOLI, low=50, high=76,
        drawn=among("diagnosis", "stenosis", better_by_share("nrs_back_0", "nrs_back_6w", 0.3))),
    Row(what="superficial wound infection, %", published="1.4", source=ZHOU, low=0.8, high=1.8,
        drawn=share("superficial_ssi_30d")),
    Row(what="deep or organ-space infection, %", published="1.7", source=ZHOU, low=1, high=2.1,
        drawn=any_of("deep_ssi_30d", "organ_space_ssi_30d")),
    Row(what="vein thrombosis, %", published="0.7", source=f"{NSQIP}, n = 43 777", low=0.5, high=1,
        drawn=share("deep_vein_thrombosis_30d"), digits=2),
    Row(what="lung embolism, %", published="0.5", source=f"{NSQIP}, n = 43 777", low=0.3, high=0.8,
        drawn=share("pulmonary_embolism_30d"), digits=2),
    Row(what="transfusion, stenosis and spondylolisthesis, %", published="8.9", source=NARROW, low=6, high=11.5,
        drawn=among_narrow(share("transfusion_30d"))),
    Row(what="injury of a nerve root, disc herniation, %", published="0.3", source=NORSPINE, low=0.15, high=0.5,
        drawn=among_ldh(share("nerve_root_injury")), digits=2),
    Row(what="opioids after 90 to 180 days, disc herniation, %", published="23 (27; 17)", source=CLAIMS, low=17,
        high=27, drawn=among_ldh(share("opioid_refill_180d"))),
    Row(what="back at work by 3 months, %", published="82", source=QOD, low=75, high=88, drawn=back_at_work),
    Row(what="fusion not healed after 12 months, %", published="11", source=PHILLIPS, low=8, high=14,
        drawn=share("pseudarthrosis")),
    Row(what="not discharged home, fusion, %", published="12.6", source=GOYAL, low=10, high=16,
        drawn=among("planned_fusion", 1.0, lambda frame: percent(frame["discharge_destination"] != "home"))),
    Row(what="no answer at 12 months, %", published="31, 30, 24 NO; 25 SE; 12 DK", source="Nordic registers", low=22,
        high=32, drawn=unanswered("odi_12m", 365)),
    Row(what="no answer less answer, age, years", published="younger", source=RESPONDERS, low=-8, high=-2,
        drawn=with_silence(more_with("silent", "age"))),
    Row(what="no answer less answer, current smokers, percentage points", published="more", source=RESPONDERS, low=3,
        high=20, drawn=more_silent("smoking", "current")),
    Row(what="no answer less answer, men, percentage points", published="more", source=RESPONDERS, low=1, high=10,
        drawn=more_silent("sex", "male")),
    Row(what="no answer less answer, operated on before, percentage points", published="more", source=RESPONDERS,
        low=1, high=10, drawn=more_silent("previous_spine_surgery", 1.0)),
    Row(what="no answer less answer, primary education only, percentage points", published="more", source=RESPONDERS,
        low=0.2, high=10, drawn=more_silent("education", "primary")),
    Row(what="no answer less answer, ODI at 12 months had all answered", published="small", source=RESPONDERS, low=-3,
        high=3, drawn=answers_not_given),
)  # fmt: skip

CERVICAL = (
    Row(what="wound infection, %", published="3.4", source=ZHOU, low=2.4, high=4.2,
        drawn=share("surgical_site_infection_30d")),
    Row(what="wound infection, anterior, %", published="2.3 (anterior, any region)", source=ZHOU, low=1.2, high=3.2,
        drawn=among("planned_approach", "anterior", share("surgical_site_infection_30d"))),
    Row(what="wound infection, posterior, %", published="5.0 (posterior, any region)", source=ZHOU, low=4, high=6.5,
        drawn=among("planned_approach", "posterior", share("surgical_site_infection_30d"))),
    Row(what="wound infection, posterior fusion, %", published="2.9", source="NSQIP", low=2.9, high=6.5,
        drawn=posterior_fusion(share("surgical_site_infection_30d"))),
    Row(what="wound infection, anterior fusion, %", published="0.3 to 1", source=USUAL, low=0.3, high=3,
        drawn=anterior_fusion(share("surgical_site_infection_30d"))),
    Row(what="any complication or readmission, posterior fusion, %", published="18.8", source="California, n = 6822",
        low=15.5, high=21, drawn=posterior_fusion(any_of(*COMPLICATIONS, "readmission_30d"))),
    Row(what="mJOA before, myelopathy", published="12 to 14", source=USUAL, low=12, high=14,
        drawn=with_myelopathy(mean("mjoa_0"))),
    Row(what="mJOA below 12 before, myelopathy, %", published="20 to 35", source=USUAL, low=20, high=35,
        drawn=with_myelopathy(lambda frame: percent(frame["mjoa_0"].dropna() < 12))),
    Row(what="mJOA, change at 12 months, myelopathy", published="+2 to +3", source=USUAL, low=2, high=3,
        drawn=with_myelopathy(improvement("mjoa_0", "mjoa_12m"))),
    Row(what="mJOA better by 2, myelopathy, %", published="55 to 75", source=USUAL, low=55, high=75,
        drawn=with_myelopathy(gain("mjoa_0", "mjoa_12m", 2))),
    Row(what="mJOA worse at 12 months, myelopathy, %", published="10 to 15", source=USUAL, low=5, high=15,
        drawn=with_myelopathy(lambda frame: 100 - gain("mjoa_0", "mjoa_12m", 0)(frame))),
    Row(what="C5 palsy, %", published="about 5", source="Shou 2015, Muthu 2025", low=3.5, high=6,
        drawn=share("c5_palsy")),
    Row(what="C5 palsy, anterior, %", published="3 to 7.5", source="Shou 2015, Muthu 2025", low=3, high=7.5,
        drawn=among("planned_approach", "anterior", share("c5_palsy"))),
    Row(what="C5 palsy, posterior, %", published="5 to 11", source="Shou 2015, Muthu 2025", low=5, high=11,
        drawn=among("planned_approach", "posterior", share("c5_palsy"))),
    Row(what="C5 palsy, front and back, %", published="16", source="Shou 2015, Muthu 2025", low=12, high=20,
        drawn=among("planned_approach", "combined", share("c5_palsy"))),
    Row(what="no answer at 12 months, %", published="23 (583 of 757)", source="AOSpine, Merali 2019", low=18, high=30,
        drawn=unanswered("ndi_12m", 365)),
    Row(what="no answer at 24 months, %", published="29 (539 of 757)", source="AOSpine, Merali 2019", low=22, high=34,
        drawn=unanswered("ndi_24m", 730)),
    Row(what="fusion not healed after 12 months, 1 level, %", published="3.7 (anterior, plate)",
        source="Shriver 2015", low=2.5, high=6, drawn=among("n_levels_planned", 1.0, share("pseudarthrosis"))),
    Row(what="fusion not healed after 12 months, 2 levels, %", published="5 to 12", source=USUAL, low=5, high=12,
        drawn=among("n_levels_planned", 2.0, share("pseudarthrosis"))),
    Row(what="fusion not healed after 12 months, 3 levels, %", published="15 to 30", source=USUAL, low=12, high=30,
        drawn=among("n_levels_planned", 3.0, share("pseudarthrosis"))),
    Row(what="neighbouring segment worn on images, fusion, 24 months, %", published="28.3", source=KONG, low=15,
        high=30, drawn=share("adjacent_degeneration")),
    Row(what="neighbouring segment with symptoms, fusion, 24 months, %", published="13.3", source=KONG, low=7, high=15,
        drawn=share("adjacent_disease")),
    Row(what="neighbouring segment operated on, fusion, 5 years, %", published="5.8", source=KONG, low=3, high=8,
        drawn=among("planned_fusion", 1.0, incidence("adjacent_reoperation_days", 1826))),
    Row(what="urinary tract infection, %", published="1 to 2", source=USUAL, low=1, high=2.4,
        drawn=share("urinary_tract_infection_30d")),
    Row(what="not discharged home, %", published="12.6 (cervical and lumbar fusion)", source=GOYAL, low=6,
        high=16, drawn=lambda frame: percent(frame["discharge_destination"] != "home")),
    Row(what="readmission within 30 days, %", published="4.5 (cervical and lumbar fusion)", source=GOYAL,
        low=3.5, high=6, drawn=share("readmission_30d")),
)  # fmt: skip

DEFORMITY = (
    Row(what="wound infection, %", published="3 to 6", source=USUAL, low=3, high=6,
        drawn=share("surgical_site_infection_30d")),
    Row(what="vein thrombosis or lung embolism, %", published="1 to 3", source=USUAL, low=1, high=3,
        drawn=share("venous_thromboembolism_30d")),
    Row(what="urinary tract infection, %", published="2.0, 4.4, 7.4 by frailty", source="NSQIP, mFI-5 0, 1, 2", low=2,
        high=7.4, drawn=share("urinary_tract_infection_30d")),
    Row(what="pneumonia, %", published="1.6, 3.5, 4.3 by frailty", source="NSQIP, mFI-5 0, 1, 2", low=1.6, high=4.3,
        drawn=share("pneumonia_30d")),
    Row(what="more than 48 hours on a ventilator, %", published="0.9, 3.1, 4.3 by frailty", source=FRAILTY, low=0.9,
        high=4.3, drawn=share("ventilator_over_48h_30d")),
    Row(what="legs weaker at 6 weeks, %", published="17.1", source=LENKE, low=13, high=21, drawn=weaker("6w")),
    Row(what="legs weaker at 6 months, %", published="9.9", source=LENKE, low=7, high=13, drawn=weaker("6m")),
    Row(what="legs weaker at 24 months, %", published="10.0", source=LENKE, low=7, high=13, drawn=weaker("24m")),
    Row(what="fusion not healed after 12 months, %", published="10 to 25", source=USUAL, low=10, high=25,
        drawn=share("pseudarthrosis")),
    Row(what="proximal junctional kyphosis, %", published="20 to 40", source="Kim 2022", low=20, high=40,
        drawn=share("pjk")),
    Row(what="reoperation by 1 year, three-column osteotomy, %", published="17.6", source="adult deformity", low=13,
        high=21, drawn=among("planned_osteotomy", 1.0, incidence("reoperation_days", 365))),
    Row(what="no answer at 24 months, %", published="22.9", source="Scoli-RISK-1", low=18, high=34,
        drawn=unanswered("odi_24m", 730)),
)  # fmt: skip

TABLES = {"lumbar": LUMBAR, "cervical": CERVICAL, "deformity": DEFORMITY}


ROWS = [(cohort, row) for cohort, rows in TABLES.items() for row in rows]


@cache
def work_out(cohort: str, row: Row) -> float:
    return row.drawn(draw(cohort))


def render_tables() -> str:
    parts = [BEGIN]
    for cohort, rows in TABLES.items():
        parts += ["", f"### {cohort.capitalize()}", "", "| | drawn | published | source |", "|---|---|---|---|"]
        parts += [
            f"| {row.what} | {value:.{row.digits}f}{mark} | {row.published} | {row.source} |"
            for row in rows
            for value in [work_out(cohort, row)]
            for mark in [" *" if row.is_far(value) else ""]
        ]
    return "\n".join([*parts, "", END])


@pytest.mark.parametrize(("cohort", "row"), ROWS, ids=[f"{cohort}-{row.what}" for cohort, row in ROWS])
def test_what_is_drawn_is_near_what_was_published(cohort: str, row: Row) -> None:
    assert row.low <= work_out(cohort, row) <= row.high


def test_the_documentation_says_what_is_drawn() -> None:
    assert render_tables() in PAGE.read_text(encoding="utf-8"), "run python tests/test_schemas_synthetic_published.py"


@pytest.mark.parametrize(("published", "value", "far"), [
    ("5 to 15; 11.2; 5.7", 3.8, False), ("5 to 15; 11.2; 5.7", 3.7, True), ("5 to 15", 18.7, False),
    ("10.3 (SD 11.1)", 12.9, True), ("-28.7", -22, False), ("-28.7", -21, True), ("younger", -5, False),
])  # fmt: skip
def test_what_is_far_from_all_published_figures_is_marked(published: str, value: float, *, far: bool) -> None:
    row = Row(what="", published=published, source="", low=0, high=0, drawn=percent)
    assert row.is_far(value) == far


def test_the_incidence_is_the_share_where_nobody_is_lost() -> None:
    frame = pd.DataFrame({
        "reherniation_days": [10, 300, np.nan, np.nan], "death_days": [np.nan, np.nan, 20, np.nan],
        "follow_up_days": [900, 900, 20, 900],
    })  # fmt: skip
    assert incidence("reherniation_days", 730)(frame) == pytest.approx(50)
    assert incidence("reherniation_days", 100)(frame) == pytest.approx(25)
    frame["follow_up_days"] = [900, 900, 20, 100]
    assert incidence("reherniation_days", 730)(frame) == pytest.approx(100 * (1 / 4 + 1 / 2))


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(before + render_tables() + after, encoding="utf-8")
