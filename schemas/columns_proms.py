"""Data dictionary: patient-reported and clinician-rated scores, at baseline and at each visit."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.column import Column
from schemas.columns_identity import ALL


@dataclass(frozen=True, kw_only=True)
class Score:
    """One score that is asked for before the operation and at every visit."""

    name: str
    text: str
    unit: str
    hard: tuple[float, float]
    cohorts: tuple[str, ...]
    plausible: tuple[float, float] | None = None
    source: str = ""


VISITS = (("3m", "3 months"), ("12m", "12 months"), ("24m", "24 months"))
"""Ending of the column's name, and when the score was taken, counted from the operation."""

BACK = ("lumbar", "deformity")
NECK = ("cervical",)

SCORES = (
    Score(
        name="odi", unit="percent", hard=(0, 100), cohorts=BACK, source="Fairbank 2000, Spine 25:2940",
        text="Oswestry Disability Index, 0 to 100 percent (not the raw 0 to 50), lower is better",
    ),
    Score(
        name="ndi", unit="percent", hard=(0, 100), cohorts=NECK,
        source="Vernon and Mior 1991, J Manipulative Physiol Ther 14:409",
        text="Neck Disability Index, 0 to 100 percent (not the raw 0 to 50), lower is better",
    ),
    Score(
        name="nrs_back", unit="points_of_10", hard=(0, 10), cohorts=BACK, source="Jensen 1986, Pain 27:117",
        text="Back pain, numeric rating scale 0 to 10, lower is better",
    ),
    Score(
        name="nrs_leg", unit="points_of_10", hard=(0, 10), cohorts=BACK, source="Jensen 1986, Pain 27:117",
        text="Leg pain, numeric rating scale 0 to 10, lower is better",
    ),
    Score(
        name="nrs_neck", unit="points_of_10", hard=(0, 10), cohorts=NECK, source="Jensen 1986, Pain 27:117",
        text="Neck pain, numeric rating scale 0 to 10, lower is better",
    ),
    Score(
        name="nrs_arm", unit="points_of_10", hard=(0, 10), cohorts=NECK, source="Jensen 1986, Pain 27:117",
        text="Arm pain, numeric rating scale 0 to 10, lower is better",
    ),
    Score(
        name="mjoa", unit="points_of_18", hard=(0, 18), cohorts=NECK, source="Benzel 1991, J Spinal Disord 4:286",
        text="Modified Japanese Orthopaedic Association score, 18-point version, higher is better",
    ),
    Score(
        name="srs22r_total", unit="points_of_5", hard=(1, 5), cohorts=("deformity",), source="Asher 2003, Spine 28:63",
        text="SRS-22r total score, mean of the answered items, higher is better",
    ),
    Score(
        name="eq5d_index", unit="utility", hard=(-1, 1), plausible=(-0.594, 1), cohorts=ALL,
        source="Dolan 1997, Med Care 35:1095",
        text="EQ-5D index, 1 is full health; plausible range of the EQ-5D-3L with the United Kingdom value set",
    ),
    Score(
        name="eq_vas", unit="points_of_100", hard=(0, 100), cohorts=ALL,
        source="EuroQol Group 1990, Health Policy 16:199",
        text="EQ visual analogue scale, 0 to 100, higher is better",
    ),
)  # fmt: skip


def _baseline(score: Score) -> Column:
    return Column(
        name=f"{score.name}_0",
        kind="number",
        known_at="preop",
        text=f"{score.text}; before the operation.",
        unit=score.unit,
        hard=score.hard,
        plausible=score.plausible,
        cohorts=score.cohorts,
        source=score.source,
    )


def _follow_up(score: Score, ending: str, when: str) -> Column:
    return Column(
        name=f"{score.name}_{ending}",
        kind="number",
        known_at="followup",
        text=f"{score.text}; {when} after the operation.",
        unit=score.unit,
        hard=score.hard,
        plausible=score.plausible,
        cohorts=score.cohorts,
        source=score.source,
    )


BASELINE_SCORES = tuple(_baseline(score) for score in SCORES)
FOLLOW_UP_SCORES = tuple(_follow_up(score, *visit) for score in SCORES for visit in VISITS)

SATISFACTION = (
    Column(
        name="satisfaction_12m", kind="category", known_at="followup",
        levels=("satisfied", "uncertain", "dissatisfied"), cohorts=ALL,
        text="Satisfaction with the result 12 months after the operation.",
    ),
)  # fmt: skip

PROMS = BASELINE_SCORES + FOLLOW_UP_SCORES + SATISFACTION
