"""Simulated registries against published figures, row by row: near enough, and as the documentation says?

``python tests/test_schemas_synthetic_published.py`` writes the table into docs/synthetic.md again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from schemas.simulation.draw import draw_cohort
from schemas.synthetic import COHORTS

DRAWN = 100_000
SEED = 2026
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


@cache
def draw(cohort: str) -> pd.DataFrame:
    """Draw a large registry with the usual switches."""
    return pd.DataFrame(draw_cohort(COHORTS[cohort], n=DRAWN, seed=SEED).values)


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
USUAL = "general knowledge, not verified"


def among_ldh(drawn: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
    return among("diagnosis", LDH, drawn)


def among_ddd(drawn: Callable[[pd.DataFrame], float]) -> Callable[[pd.DataFrame], float]:
    return among("diagnosis", "disc_degeneration", drawn)


LUMBAR = (
    Row(what="age, disc herniation, years", published="47 (SD 14)", source=BERG, low=45, high=49,
        drawn=among_ldh(mean("age"))),
    Row(what="men, disc herniation, %", published="57", source=BERG, low=52, high=62,
        drawn=among_ldh(lambda frame: percent(frame["sex"] == "male"))),
    Row(what="age, disc degeneration, years", published="45.3 (SD 9.9)", source=NORDIC, low=41, high=49,
        drawn=among_ddd(mean("age"))),
    Row(what="women, disc degeneration, %", published="56", source=NORDIC, low=49, high=61,
        drawn=among_ddd(lambda frame: percent(frame["sex"] == "female"))),
    Row(what="BMI, kg/m2", published="26.2 (disc degeneration)", source=NORDIC, low=25.5, high=27.5, drawn=mean("bmi")),
    Row(what="BMI, standard deviation", published="3.9 (disc degeneration)", source=NORDIC, low=3.5, high=4.5,
        drawn=spread("bmi")),
    Row(what="current smokers, %", published="15 (8 SE to 27 DK, NO)", source=NORDIC, low=8, high=27,
        drawn=lambda frame: percent(frame["smoking"] == "current")),
    Row(what="ODI before, disc degeneration", published="43 (SD 14.2)", source=NORDIC, low=40, high=46,
        drawn=among_ddd(mean("odi_0"))),
    Row(what="leg pain before, disc degeneration", published="4.3 (SD 3.0)", source=NORDIC, low=3.8, high=4.8,
        drawn=among_ddd(mean("nrs_leg_0"))),
    Row(what="back pain before, disc degeneration", published="6.3 (SD 2.2)", source=NORDIC, low=5.8, high=6.8,
        drawn=among_ddd(mean("nrs_back_0"))),
    Row(what="EQ-5D before, disc degeneration", published="0.32 (SD 0.32)", source=NORDIC, low=0.27, high=0.42,
        drawn=among_ddd(mean("eq5d_index_0")), digits=2),
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
    Row(what="reherniation by 24 months, disc herniation, %", published="5 to 15; 11.2; 5.7",
        source="reviews; Ren 2024; Zhu 2023", low=5, high=15, drawn=among_ldh(incidence("reherniation_days", 730))),
    Row(what="reoperation by 1 year, disc herniation, %", published="7.4", source="Korea, n = 18 590", low=4.5, high=9,
        drawn=among_ldh(incidence("reoperation_days", 365))),
    Row(what="reoperation by 2 years, disc herniation, %", published="9", source="Korea, n = 18 590", low=7, high=12,
        drawn=among_ldh(incidence("reoperation_days", 730))),
    Row(what="reoperation by 2 years, stenosis, %", published="5; 6.2", source="Sweden; Korea", low=4, high=8,
        drawn=among("diagnosis", "stenosis", incidence("reoperation_days", 730))),
    Row(what="dural tear, disc herniation, %", published="2", source=NORSPINE, low=1.5, high=3,
        drawn=among_ldh(share("dural_tear"))),
    Row(what="dural tear, all, %", published="5.8 (4.4 to 7.3)", source="Alshameeri 2021, pooled", low=3, high=7.3,
        drawn=share("dural_tear")),
    Row(what="dural tear, odds ratio of an operation before", published="2.28", source="Alshameeri 2021, pooled",
        low=1.8, high=2.8, drawn=odds_ratio("dural_tear", "previous_spine_surgery", 1.0), digits=2),
    Row(what="wound infection, no fusion, %", published="1.4 (no instruments)", source=ZHOU, low=1, high=2.5,
        drawn=among("planned_fusion", 0.0, share("surgical_site_infection_30d"))),
    Row(what="wound infection, fusion, %", published="4.4 (instruments)", source=ZHOU, low=3.5, high=6,
        drawn=among("planned_fusion", 1.0, share("surgical_site_infection_30d"))),
    Row(what="wound infection, all, %", published="2.7", source=ZHOU, low=2, high=3.4,
        drawn=share("surgical_site_infection_30d")),
    Row(what="vein thrombosis or lung embolism, %", published="0.7 and 0.5", source=NSQIP, low=0.7, high=1.6,
        drawn=share("venous_thromboembolism_30d")),
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
    Row(what="readmission within 30 days, fusion, %", published="4.5", source="Goyal 2019, NSQIP", low=3.5, high=6,
        drawn=among("planned_fusion", 1.0, share("readmission_30d"))),
    Row(what="not discharged home, fusion, %", published="12.6", source="Goyal 2019, NSQIP", low=10, high=16,
        drawn=among("planned_fusion", 1.0, lambda frame: percent(frame["discharge_destination"] != "home"))),
    Row(what="no answer at 12 months, %", published="31, 30, 24 NO; 25 SE; 12 DK", source="Nordic registers", low=22,
        high=32, drawn=unanswered("odi_12m", 365)),
)  # fmt: skip

CERVICAL = (
    Row(what="wound infection, %", published="3.4", source=ZHOU, low=2.4, high=4.2,
        drawn=share("surgical_site_infection_30d")),
    Row(what="wound infection, anterior, %", published="2.3 (anterior, any region)", source=ZHOU, low=1.2, high=3.2,
        drawn=among("planned_approach", "anterior", share("surgical_site_infection_30d"))),
    Row(what="wound infection, posterior, %", published="5.0 (posterior, any region)", source=ZHOU, low=4, high=6.5,
        drawn=among("planned_approach", "posterior", share("surgical_site_infection_30d"))),
    Row(what="C5 palsy, %", published="about 5", source="Shou 2015, Muthu 2025", low=3.5, high=6,
        drawn=share("c5_palsy")),
    Row(what="C5 palsy, anterior, %", published="3 to 7.5", source="Shou 2015, Muthu 2025", low=3, high=7.5,
        drawn=among("planned_approach", "anterior", share("c5_palsy"))),
    Row(what="C5 palsy, posterior, %", published="5 to 11", source="Shou 2015, Muthu 2025", low=5, high=11,
        drawn=among("planned_approach", "posterior", share("c5_palsy"))),
    Row(what="no answer at 12 months, %", published="23 (583 of 757)", source="AOSpine, Merali 2019", low=18, high=30,
        drawn=unanswered("ndi_12m", 365)),
    Row(what="no answer at 24 months, %", published="29 (539 of 757)", source="AOSpine, Merali 2019", low=22, high=34,
        drawn=unanswered("ndi_24m", 730)),
    Row(what="urinary tract infection, %", published="1 to 2", source=USUAL, low=1, high=2.4,
        drawn=share("urinary_tract_infection_30d")),
    Row(what="not discharged home, %", published="12.6 (cervical and lumbar fusion)", source="Goyal 2019, NSQIP", low=6,
        high=16, drawn=lambda frame: percent(frame["discharge_destination"] != "home")),
    Row(what="readmission within 30 days, %", published="4.5 (cervical and lumbar fusion)", source="Goyal 2019, NSQIP",
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
            f"| {row.what} | {work_out(cohort, row):.{row.digits}f} | {row.published} | {row.source} |" for row in rows
        ]
    return "\n".join([*parts, "", END])


@pytest.mark.parametrize(("cohort", "row"), ROWS, ids=[f"{cohort}-{row.what}" for cohort, row in ROWS])
def test_what_is_drawn_is_near_what_was_published(cohort: str, row: Row) -> None:
    assert row.low <= work_out(cohort, row) <= row.high


def test_the_documentation_says_what_is_drawn() -> None:
    assert render_tables() in PAGE.read_text(encoding="utf-8"), "run python tests/test_schemas_synthetic_published.py"


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
