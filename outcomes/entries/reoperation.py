"""Reoperation, readmission and death by a day, from recorded days and with censoring."""

from __future__ import annotations

from schemas.specs import EventOutcome, HorizonOutcome

DEATH = ("death_days",)
RECORDED = "death: who died without the event counts as recorded"
REGISTRY = "reoperation after spine surgery, as registries count it"

REOPERATION = (
    EventOutcome(
        name="reoperation_30d", title="Unplanned reoperation within 30 days", kind="event", desirable=False,
        horizon="30 days", any_of=("reoperation_30d",), precluded_by=RECORDED,
        text="return to the operating theatre for any reason, as the registry says", source=REGISTRY,
    ),
    EventOutcome(
        name="reoperation_90d", title="Unplanned reoperation within 90 days", kind="event", desirable=False,
        horizon="90 days", any_of=("reoperation_90d",), precluded_by=RECORDED,
        text="return to the operating theatre for any reason, as the registry says; counted from the operation",
        source=REGISTRY,
    ),
    HorizonOutcome(
        name="reoperation_12m", title="Unplanned reoperation within 12 months", kind="event_by_horizon",
        desirable=False, horizon="12 months", time="reoperation_days", competing=DEATH,
        followed_until="follow_up_days", horizon_days=365, source=REGISTRY,
    ),
    HorizonOutcome(
        name="reoperation_24m", title="Unplanned reoperation within 24 months", kind="event_by_horizon",
        desirable=False, horizon="24 months", time="reoperation_days", competing=DEATH,
        followed_until="follow_up_days", horizon_days=730, source=REGISTRY,
    ),
    HorizonOutcome(
        name="reoperation_60m", title="Unplanned reoperation within 5 years", kind="event_by_horizon",
        desirable=False, horizon="60 months", time="reoperation_days", competing=DEATH,
        followed_until="follow_up_days", horizon_days=1826, source=REGISTRY,
    ),
    HorizonOutcome(
        name="same_level_reoperation_24m", title="Reoperation at an operated level within 24 months",
        kind="event_by_horizon", desirable=False, horizon="24 months", time="same_level_reoperation_days",
        competing=DEATH, followed_until="follow_up_days", horizon_days=730, source=REGISTRY,
    ),
    HorizonOutcome(
        name="adjacent_reoperation_24m", title="Reoperation next to the operated levels within 24 months",
        kind="event_by_horizon", desirable=False, horizon="24 months", time="adjacent_reoperation_days",
        competing=DEATH, followed_until="follow_up_days", horizon_days=730, source=REGISTRY,
    ),
    HorizonOutcome(
        name="adjacent_reoperation_60m", title="Reoperation next to the operated levels within 5 years",
        kind="event_by_horizon", desirable=False, horizon="60 months", time="adjacent_reoperation_days",
        competing=DEATH, followed_until="follow_up_days", horizon_days=1826, source=REGISTRY,
    ),
    HorizonOutcome(
        name="other_level_reoperation_24m", title="Reoperation at a level further away within 24 months",
        kind="event_by_horizon", desirable=False, horizon="24 months", time="other_level_reoperation_days",
        competing=DEATH, followed_until="follow_up_days", horizon_days=730, source=REGISTRY,
    ),
    HorizonOutcome(
        name="readmission_90d_dated", title="Unplanned readmission within 90 days of the discharge, by its day",
        kind="event_by_horizon", desirable=False, horizon="90 days", clock="discharge", since="length_of_stay_days",
        time="readmission_days", competing=DEATH, followed_until="follow_up_days", horizon_days=90,
        text="Who died in hospital cannot be readmitted: the death competes.",
        source="readmission, counted from the discharge as claims data do",
    ),
    HorizonOutcome(
        name="death_12m", title="Death within 12 months", kind="event_by_horizon", desirable=False,
        horizon="12 months", time="death_days", followed_until="follow_up_days", horizon_days=365,
        source="death from any cause",
    ),
)  # fmt: skip
