"""Data dictionary: what a row of the tables of levels, of events and of visits says."""

from __future__ import annotations

from schemas.column import Column
from schemas.dictionary.spine import SEGMENTS

CENTURY_DAYS = 36525.0

SIDES = ("left", "right", "both", "midline")

LEVELS = (
    Column(
        name="level", kind="category", known_at="planned", levels=SEGMENTS, predictor=False,
        text="Motion segment that is operated on, named by its two vertebrae.",
    ),
    Column(
        name="side", kind="category", known_at="planned", levels=SIDES, predictor=False,
        text="Side from which the segment is operated on.",
    ),
)  # fmt: skip

EVENTS = (
    Column(
        name="event", kind="identifier", known_at="followup", predictor=False,
        text="What happened, in the registry's own words or as its codes are recoded.",
    ),
    Column(
        name="level", kind="category", known_at="followup", levels=SEGMENTS, predictor=False,
        text="Motion segment of the event; one row per segment.",
    ),
    Column(
        name="side", kind="category", known_at="followup", levels=SIDES, predictor=False, text="Side of the event.",
    ),
    Column(
        name="reason", kind="category", known_at="followup", levels=("recurrence", "other", "not_adjudicated"),
        predictor=False, text="Why it was operated on: a herniation that came back, another reason, or not settled.",
    ),
    Column(
        name="symptomatic", kind="flag", known_at="followup", predictor=False,
        text="There were symptoms that go with the event.",
    ),
    Column(
        name="proven_by_imaging", kind="flag", known_at="followup", predictor=False,
        text="Imaging has proven the event.",
    ),
    Column(
        name="relief_days", kind="number", known_at="followup", unit="days", hard=(0, CENTURY_DAYS), predictor=False,
        text="Days without the pain between the operation and its return.",
    ),
)  # fmt: skip

EVENT_WORDS: dict[str, str] = {
    "reherniation": "a disc herniation that came back with symptoms and that imaging has proven",
    "residual_herniation": "disc that was left behind",
    "revision_discectomy": "a repeat discectomy",
    "revision_decompression": "a repeat decompression",
    "reoperation": "a spine operation of no stated kind",
    "fusion": "a fusion",
    "other_fusion": "a fusion for another reason than a herniation that came back",
    "disc_arthroplasty": "a disc replacement",
    "wound_revision": "an operation on the wound",
    "haematoma_evacuation": "an operation for a haematoma",
    "dural_repair": "an operation for a leak of the dura",
    "implant_removal": "removal or revision of an implant",
    "infection": "an infection",
    "readmission": "a readmission",
    "pjk": "a proximal junctional kyphosis",
    "pseudarthrosis": "a fusion that failed",
    "death": "death from any cause",
}
"""Words for events that outcomes understand; a registry recodes its own to these."""

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

NEEDED: dict[str, str] = {"levels": "level", "events": "event"}
"""Column without which a row of a table says nothing, by the kind of its rows."""
