"""The data dictionary: every canonical column, joined from one tuple per family."""

from __future__ import annotations

from schemas.column import Column
from schemas.dictionary.comorbidity import HEALTH
from schemas.dictionary.course import COURSE
from schemas.dictionary.events import EVENTS
from schemas.dictionary.identity import IDENTITY
from schemas.dictionary.imaging import IMAGING
from schemas.dictionary.labs import LABS
from schemas.dictionary.patient import PATIENT
from schemas.dictionary.plan import PLANNED
from schemas.dictionary.proms import PROMS, SINGLE_ANSWERS
from schemas.dictionary.spine import SPINE

FAMILIES: dict[str, tuple[Column, ...]] = {
    "Identity and dates": IDENTITY,
    "Patient": PATIENT,
    "Health and mind": HEALTH,
    "Blood": LABS,
    "Symptoms, signs and diagnosis": SPINE,
    "Images": IMAGING,
    "Planned operation": PLANNED,
    "Scores": PROMS,
    "Single answers and images at visits": SINGLE_ANSWERS,
    "Operation and stay": COURSE,
    "Events": EVENTS,
}
"""Columns by family, in order of display; the families are those of the printed dictionary."""

ENTRIES: tuple[Column, ...] = tuple(column for family in FAMILIES.values() for column in family)

COLUMNS: dict[str, Column] = {column.name: column for column in ENTRIES}
"""Column by canonical name."""
