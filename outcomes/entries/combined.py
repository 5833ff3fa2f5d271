"""Outcomes of several scores together, and of whichever score a registry has."""

from __future__ import annotations

from schemas.specs import CompositeOutcome

COMBINED = (
    CompositeOutcome(
        name="function_and_pain_mcid_12m", title="Disability, back and leg pain all improved at 12 months",
        kind="composite", desirable=True, horizon="12 months",
        all_of=("odi_mcid_12m", "back_pain_mcid_12m", "leg_pain_mcid_12m"),
        text="stricter than any of its parts, and unknown more often",
    ),
    CompositeOutcome(
        name="any_pain_mcid_12m", title="Back or leg pain improved at 12 months", kind="composite", desirable=True,
        horizon="12 months", any_of=("back_pain_mcid_12m", "leg_pain_mcid_12m"),
        text="more lenient than any of its parts",
    ),
    CompositeOutcome(
        name="excellent_6m", title="Excellent result at 6 months (ODI, SF-36 PCS and COMI)", kind="composite",
        desirable=True, horizon="6 months",
        all_of=("odi_excellent_6m", "sf36_pcs_excellent_6m", "comi_back_excellent_6m"),
        source="Berjano 2021, J Pers Med 11:1377",
    ),
    CompositeOutcome(
        name="function_mcid_12m", title="Function improved at 12 months (ODI, else COMI)", kind="composite",
        desirable=True, horizon="12 months", first_known=("odi_mcid_12m", "comi_back_mcid_12m"),
        text="each site asks one of the two; they are not the same scale, so look at the results by site too",
        source="Staartjes 2022, Eur Spine J 31:2629",
    ),
)  # fmt: skip
