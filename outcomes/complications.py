"""Complications of the operation and of the stay."""

from __future__ import annotations

from schemas.specs import EventOutcome

COMPLICATIONS = (
    EventOutcome(
        name="any_complication_30d", title="Any complication within 30 days", kind="event", desirable=False,
        horizon="30 days",
        any_of=(
            "surgical_site_infection_30d", "venous_thromboembolism_30d", "urinary_tract_infection_30d",
            "pneumonia_30d", "sepsis_30d", "myocardial_infarction_30d", "stroke_30d", "haematoma_30d", "death_30d",
        ),
        text="Transfusion is not counted: it includes blood given during the operation.",
        source="components after the ACS NSQIP definitions",
    ),
)  # fmt: skip
