"""Recurrence of a disc herniation at the operated level."""

from __future__ import annotations

from schemas.specs import HorizonOutcome

REHERNIATION = (
    HorizonOutcome(
        name="reherniation_24m", title="Reherniation at the operated level within 24 months", kind="event_by_horizon",
        desirable=False, horizon="24 months", time="reherniation_days",
        competing=("other_fusion_days", "death_days"), followed_until="follow_up_days", horizon_days=730,
        text="Symptomatic and proven by imaging, first event; death and fusion for another reason compete.",
        source="recurrent lumbar disc herniation, radiological and clinical",
    ),
)  # fmt: skip
