"""The scores at follow-up themselves.

The probability of a few threshold sets is derived from each, in this order; a study may name others.
"""

from __future__ import annotations

from outcomes.entries.scores_common import VISITS
from schemas.specs import ScoreOutcome


def _score(instrument: str, title: str, visit: str, *sets: str, higher: bool = False) -> ScoreOutcome:
    return ScoreOutcome(
        name=f"{instrument}_{visit}_score",
        title=f"{title}, score at {VISITS[visit]}",
        kind="score",
        desirable=higher,
        horizon=VISITS[visit],
        instrument=instrument,
        baseline=f"{instrument}_0",
        follow_up=f"{instrument}_{visit}",
        threshold_sets=sets,
        text="the score itself is modelled, and no cut-off is chosen before",
    )


ODI_SETS = ("scoap15_2_2", "van_hooff2016_pass", "any_worsening")
PAIN_SETS = ("scoap15_2_2", "ostelo2008_30pct", "any_worsening")
NDI_SETS = ("qod2025_csm", "young2009_advised", "ndi_pass10", "any_worsening")
NECK_SETS = ("carreon2010_cervical", "qod2025_csm", "any_worsening")
MJOA_SETS = ("tetreault2015_mjoa", "tetreault2015_minimal_impairment", "khan2021_worsening")
EQ5D_SETS = ("walters2005", "norspine_success_ldh_v2013", "any_worsening")
COMI_SETS = ("mannion2009_comi", "mannion2009_comi_group", "mannion2009_comi_worse")
SRS_SETS = ("asls2018_srs22r", "asls2018_srs22r_scb")

LUMBAR = (
    *(_score("odi", "Disability (ODI)", visit, *ODI_SETS) for visit in ("3m", "12m", "24m")),
    *(_score("nrs_back", "Back pain", visit, *PAIN_SETS) for visit in ("12m", "24m")),
    *(_score("nrs_leg", "Leg pain", visit, *PAIN_SETS) for visit in ("12m", "24m")),
    _score("vas_back", "Back pain (visual scale)", "24m", "ostelo2008_points", "norwich_pass"),
    _score("vas_leg", "Leg pain (visual scale)", "24m", "norwich_pass"),
    *(_score("comi_back", "Back problem (COMI)", visit, *COMI_SETS) for visit in ("12m", "24m")),
    _score("rmdq", "Disability (RMDQ)", "12m", "ostelo2008_points", "ostelo2008_30pct"),
    _score("joa_lumbar", "Low back (JOA)", "12m", higher=True),
    *(_score(f"joabpeq_{domain}", f"JOABPEQ {words}", "24m", "joabpeq_effective", higher=True)
      for domain, words in (("pain", "low back pain"), ("function", "lumbar function"), ("walking", "walking ability"),
                            ("social", "social life"), ("mental", "mental health"))),
)  # fmt: skip

CERVICAL = (
    *(_score("ndi", "Neck disability (NDI)", visit, *NDI_SETS) for visit in ("12m", "24m")),
    _score("nrs_neck", "Neck pain", "12m", *NECK_SETS),
    _score("nrs_arm", "Arm pain", "12m", *NECK_SETS),
    _score("vas_neck", "Neck pain (visual scale)", "12m"),
    *(_score("mjoa", "Myelopathy (mJOA)", visit, *MJOA_SETS, higher=True) for visit in ("12m", "24m")),
    _score("joa_cervical", "Myelopathy (JOA of the neck)", "12m", higher=True),
    _score("comi_neck", "Neck problem (COMI)", "12m", *COMI_SETS),
    _score("dash", "Arm function (DASH)", "12m", "franchignoni2014"),
    _score("quickdash", "Arm function (QuickDASH)", "12m", "franchignoni2014"),
)  # fmt: skip

DEFORMITY = (
    *(_score("srs22r_total", "SRS-22r total", visit, *SRS_SETS, "bago2009_anchor", higher=True)
      for visit in ("12m", "24m")),
    *(_score("srs22r_subscore", "SRS-22r subscore", visit, *SRS_SETS, "mannion2020_pass", higher=True)
      for visit in ("12m", "24m")),
    _score("srs22r_function", "SRS-22r function", "24m", *SRS_SETS, "bago2009_anchor", higher=True),
    _score("srs22r_pain", "SRS-22r pain", "24m", "asls2018_srs22r", "bago2009_anchor", higher=True),
    _score("srs22r_self_image", "SRS-22r self-image", "24m", *SRS_SETS, "bago2009_anchor", higher=True),
    _score("srs22r_mental_health", "SRS-22r mental health", "24m", "bago2009_anchor", higher=True),
)  # fmt: skip

GENERIC = (
    _score("eq5d_index", "Quality of life (EQ-5D)", "12m", *EQ5D_SETS, higher=True),
    _score("eq5d_index", "Quality of life (EQ-5D)", "24m", *EQ5D_SETS, higher=True),
    _score("eq_vas", "Health (EQ VAS)", "12m", "pickard2007_eq_vas_7", "pickard2007_eq_vas_12", higher=True),
    _score("sf36_pcs", "Physical health (SF-36 PCS)", "12m", "aospine2018", "copay2008", "glassman2008_scb",
           higher=True),
    _score("sf36_mcs", "Mental health (SF-36 MCS)", "12m", "aospine2018", "auffinger2013", higher=True),
    _score("sf12_pcs", "Physical health (SF-12 PCS)", "12m", "parker2011_tlif", "parker2013_acdf", higher=True),
    _score("sf12_mcs", "Mental health (SF-12 MCS)", "12m", "parker2011_tlif", "parker2013_acdf", higher=True),
    _score("sf6d", "Utility (SF-6D)", "12m", "merali2019_sf6d", "walters2005", higher=True),
    _score("promis_pf", "Physical function (PROMIS)", "12m", "hung2018_promis_distribution_5",
           "hung2018_promis_anchor_8", higher=True),
    _score("promis_pi", "Pain interference (PROMIS)", "12m", "hung2018_promis_distribution_5",
           "hung2018_promis_anchor_8"),
    _score("promis_pain_intensity", "Pain intensity (PROMIS)", "12m"),
    _score("hads_a", "Anxiety (HADS)", "12m", "puhan2008_hads"),
    _score("hads_d", "Depression (HADS)", "12m", "puhan2008_hads"),
)  # fmt: skip

SCORES_AT_FOLLOW_UP = (*LUMBAR, *CERVICAL, *DEFORMITY, *GENERIC)
