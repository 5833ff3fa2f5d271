"""The data dictionary: every canonical column, joined from one tuple per family."""

from __future__ import annotations

from schemas.column import Column
from schemas.columns_course import COURSE
from schemas.columns_identity import IDENTITY
from schemas.columns_patient import CHARACTERISTICS, COMORBIDITY
from schemas.columns_proms import PROMS
from schemas.columns_spine import SPINE

ENTRIES: tuple[Column, ...] = IDENTITY + CHARACTERISTICS + COMORBIDITY + SPINE + PROMS + COURSE

COLUMNS: dict[str, Column] = {column.name: column for column in ENTRIES}
"""Column by canonical name, in order of display: identity, patient, spine, scores, course."""
