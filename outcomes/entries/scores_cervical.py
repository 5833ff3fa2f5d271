"""Outcomes from scores of the neck."""

from __future__ import annotations

from outcomes.entries.scores_common import avoid, choose, reach

NDI, NECK, ARM = "Neck disability improved (NDI)", "Neck pain improved", "Arm pain improved"
MJOA = "Myelopathy improved (mJOA)"

SCORES_CERVICAL = (
    reach("ndi_mcid", NDI, "ndi", "12m", "qod2025_csm"),
    reach("ndi_mcid", NDI, "ndi", "3m", "qod2025_csm"),
    reach("ndi_mcid", NDI, "ndi", "24m", "qod2025_csm"),
    reach("ndi_pass", "Neck disability in an acceptable state (NDI)", "ndi", "12m", "ndi_pass10"),
    avoid("ndi_worse", "Neck disability worse than before (NDI)", "ndi", "12m", "any_worsening"),
    *(reach("neck_pain_mcid", NECK, "nrs_neck", visit, "carreon2010_cervical") for visit in ("3m", "12m", "24m")),
    *(reach("arm_pain_mcid", ARM, "nrs_arm", visit, "carreon2010_cervical") for visit in ("3m", "12m", "24m")),
    reach("neck_pain_vas_half_sd", "Neck pain improved (visual scale)", "vas_neck", "12m", "half_sd_baseline"),
    reach("arm_pain_vas_half_sd", "Arm pain improved (visual scale)", "vas_arm", "12m", "half_sd_baseline"),
    *(reach("mjoa_mcid", MJOA, "mjoa", visit, "tetreault2015_mjoa") for visit in ("6m", "12m", "24m")),
    reach("mjoa_minimal_impairment", "Minimal impairment (mJOA)", "mjoa", "12m", "tetreault2015_minimal_impairment"),
    avoid("mjoa_worse", "Myelopathy worse than before (mJOA)", "mjoa", "12m", "khan2021_worsening"),
    reach("joa_cervical_half_sd", "Myelopathy improved (JOA of the neck)", "joa_cervical", "12m", "half_sd_baseline"),
    reach("comi_neck_mcid", "Neck problem improved (COMI)", "comi_neck", "12m", "mannion2009_comi"),
    reach("comi_neck_mcid", "Neck problem improved (COMI)", "comi_neck", "24m", "mannion2009_comi"),
    avoid("comi_neck_worse", "Neck problem worse than before (COMI)", "comi_neck", "12m", "mannion2009_comi_worse"),
    choose("dash_mcid", "Arm function improved (DASH)", "dash", "12m"),
    choose("quickdash_mcid", "Arm function improved (QuickDASH)", "quickdash", "12m"),
)
