"""Outcomes from scores: has a score reached its threshold by a visit, and the score itself."""

from __future__ import annotations

from schemas.specs import ThresholdOutcome

PATIENT_REPORTED = (
    ThresholdOutcome(
        name="odi_mcid_12m", title="Disability improved (ODI) at 12 months", kind="threshold", desirable=True,
        horizon="12 months", instrument="odi", baseline="odi_0", follow_up="odi_12m", threshold_set="scoap15_2_2",
    ),
    ThresholdOutcome(
        name="leg_pain_mcid_12m", title="Leg pain improved at 12 months", kind="threshold", desirable=True,
        horizon="12 months", instrument="nrs_leg", baseline="nrs_leg_0", follow_up="nrs_leg_12m",
        threshold_set="scoap15_2_2",
    ),
    ThresholdOutcome(
        name="back_pain_mcid_12m", title="Back pain improved at 12 months", kind="threshold", desirable=True,
        horizon="12 months", instrument="nrs_back", baseline="nrs_back_0", follow_up="nrs_back_12m",
        threshold_set="scoap15_2_2",
    ),
    ThresholdOutcome(
        name="ndi_mcid_12m", title="Neck disability improved (NDI) at 12 months", kind="threshold", desirable=True,
        horizon="12 months", instrument="ndi", baseline="ndi_0", follow_up="ndi_12m", threshold_set="young2009",
    ),
    ThresholdOutcome(
        name="odi_mcid_24m", title="Disability improved (ODI) at 24 months", kind="threshold", desirable=True,
        horizon="24 months", instrument="odi", baseline="odi_0", follow_up="odi_24m", threshold_set="scoap15_2_2",
    ),
)  # fmt: skip
