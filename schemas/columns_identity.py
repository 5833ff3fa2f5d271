"""Data dictionary: who, where and when. None of these is a predictor."""

from __future__ import annotations

from schemas.column import Column

ALL = ("lumbar", "cervical", "deformity")

IDENTITY = (
    Column(
        name="patient", kind="identifier", known_at="preop", predictor=False, cohorts=ALL,
        text="Pseudonym of the patient; the same in every operation of one person, who stays in one fold.",
    ),
    Column(
        name="operation", kind="identifier", known_at="preop", predictor=False, cohorts=ALL,
        text="Identifier of the index operation in the registry.",
    ),
    Column(
        name="site", kind="identifier", known_at="preop", predictor=False, cohorts=ALL,
        text="Hospital or unit; used to split and to report, never to predict.",
    ),
    Column(
        name="surgeon", kind="identifier", known_at="preop", predictor=False, cohorts=ALL,
        text="Pseudonym of the operating surgeon.",
    ),
    Column(
        name="operation_date", kind="date", known_at="preop", predictor=False, cohorts=ALL,
        text="Day of the index operation.",
    ),
    Column(
        name="year", kind="number", known_at="preop", unit="year", hard=(1980, 2100), plausible=(2000, 2030),
        predictor=False, cohorts=ALL,
        text="Calendar year of the operation; a model cannot extend it to years that it has not seen.",
    ),
)  # fmt: skip
