"""Data dictionary: what a row of the tables of levels, of events and of visits says."""

from __future__ import annotations

from schemas.column import Column
from schemas.dictionary.spine import SEGMENTS

CENTURY_DAYS = 36525.0

LEVELS = (
    Column(
        name="level", kind="category", known_at="planned", levels=SEGMENTS, predictor=False,
        text="Motion segment that is operated on, named by its two vertebrae.",
    ),
    Column(
        name="side", kind="category", known_at="planned", levels=("left", "right", "both", "midline"), predictor=False,
        text="Side from which the segment is operated on.",
    ),
)  # fmt: skip

EVENTS = (
    Column(
        name="event", kind="identifier", known_at="followup", predictor=False,
        text="What happened, in the registry's own words or as its codes are recoded.",
    ),
)  # fmt: skip

VISIT_DATE = Column(
    name="visit_date", kind="date", known_at="followup", predictor=False, text="Day of the visit.",
)  # fmt: skip
VISIT_DAYS = Column(
    name="visit_days", kind="number", known_at="followup", unit="days", hard=(-CENTURY_DAYS, CENTURY_DAYS),
    predictor=False, text="Days from the operation to the visit.",
)  # fmt: skip
VISIT_LABEL = Column(
    name="visit_label", kind="identifier", known_at="followup", predictor=False, text="Name of the visit.",
)  # fmt: skip
EVENT_DATE = Column(
    name="event_date", kind="date", known_at="followup", predictor=False, text="Day of the event.",
)  # fmt: skip
EVENT_DAYS = Column(
    name="event_days", kind="number", known_at="followup", unit="days", hard=(-CENTURY_DAYS, CENTURY_DAYS),
    predictor=False, text="Days from the operation to the event.",
)  # fmt: skip

LONG: dict[str, tuple[Column, ...]] = {"visits": (), "levels": LEVELS, "events": EVENTS}
"""Columns that a table has beside the registry's own, by the kind of its rows."""

NEEDED = ("level", "event")
"""Without these a row of its table says nothing."""
