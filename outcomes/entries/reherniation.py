"""Recurrence of a disc herniation at the operated level, and disc that was left behind."""

from __future__ import annotations

from schemas.specs import EventOutcome, OutcomeSpec, RecurrenceOutcome

CLINICAL = "recurrent lumbar disc herniation, radiological and clinical"
PROXY = "recurrent lumbar disc herniation, reoperation as a proxy"

RELIEF_DAYS = 14
"""Less is a herniation that was never gone. Where relief is not recorded the day of the herniation stands for it."""

REHERNIATION: tuple[OutcomeSpec, ...] = (
    RecurrenceOutcome(
        name="reherniation_24m", title="Reherniation at the operated level within 24 months", kind="recurrence",
        desirable=False, horizon="24 months", horizon_days=730, relief_days=RELIEF_DAYS, relief_unknown="by_day",
        source=CLINICAL,
    ),
    RecurrenceOutcome(
        name="reherniation_12m", title="Reherniation at the operated level within 12 months", kind="recurrence",
        desirable=False, horizon="12 months", horizon_days=365, relief_days=RELIEF_DAYS, relief_unknown="by_day",
        source=CLINICAL,
    ),
    RecurrenceOutcome(
        name="reherniation_60m", title="Reherniation at the operated level within 5 years", kind="recurrence",
        desirable=False, horizon="60 months", horizon_days=1826, relief_days=RELIEF_DAYS, relief_unknown="by_day",
        source=CLINICAL,
    ),
    RecurrenceOutcome(
        name="reherniation_strict_24m", kind="recurrence",
        title="Reherniation at the operated level and side after 90 days of relief, within 24 months",
        desirable=False, horizon="24 months", horizon_days=730, side="same", relief_days=90, source=CLINICAL,
    ),
    RecurrenceOutcome(
        name="reherniation_reoperated_24m", kind="recurrence",
        title="Reoperation for reherniation within 24 months (proxy)", desirable=False, horizon="24 months",
        horizon_days=730, proof="reoperation", relief_days=30, source=PROXY,
        text="An operation before day 30 is taken for a residual herniation or a complication, not for a recurrence.",
    ),
    RecurrenceOutcome(
        name="residual_herniation_6w", title="Residual herniation within 6 weeks", kind="recurrence",
        herniation="residual",
        desirable=False, horizon="6 weeks", horizon_days=42, relief_days=42, source="residual lumbar disc herniation",
    ),
    EventOutcome(
        name="residual_herniation", title="Residual herniation, as the registry says", kind="event", desirable=False,
        horizon="first weeks", any_of=("residual_herniation",),
        text="Disc left behind: no interval without pain after the operation.",
        source="residual lumbar disc herniation",
    ),
)  # fmt: skip
"""Entries; their definitions are argued in docs/reherniation.md."""
