"""Outcomes from scores that are not of one region, and from ratings of the change itself."""

from __future__ import annotations

from outcomes.entries.scores_common import avoid, choose, rate, reach, reach_last

PCS, MCS = "Physical health improved (SF-36 PCS)", "Mental health improved (SF-36 MCS)"
EQ5D = "Quality of life improved (EQ-5D)"
FIRST_YEAR = ("6w", "3m", "6m", "12m")
PROMIS = (
    ("promis_pf", "Physical function improved (PROMIS)"),
    ("promis_pi", "Pain interference improved (PROMIS)"),
    ("promis_pain_intensity", "Pain intensity improved (PROMIS)"),
)  # fmt: skip

SCORES = (
    *(choose("eq5d_mcid", EQ5D, "eq5d_index", visit) for visit in ("3m", "12m", "24m")),
    reach("eq5d_success", "Success (EQ-5D)", "eq5d_index", "12m", "norspine_success_ldh_v2013"),
    avoid("eq5d_worse", "Quality of life worse than before (EQ-5D)", "eq5d_index", "12m", "any_worsening"),
    choose("eq_vas_mcid", "Health improved (EQ VAS)", "eq_vas", "12m"),
    *(choose("sf36_pcs_mcid", PCS, "sf36_pcs", visit) for visit in ("12m", "24m")),
    *(choose("sf36_mcs_mcid", MCS, "sf36_mcs", visit) for visit in ("12m", "24m")),
    reach("sf36_pcs_scb", "Physical health substantially improved (SF-36 PCS)", "sf36_pcs", "12m", "glassman2008_scb"),
    choose("sf12_pcs_mcid", "Physical health improved (SF-12 PCS)", "sf12_pcs", "12m"),
    choose("sf12_mcs_mcid", "Mental health improved (SF-12 MCS)", "sf12_mcs", "12m"),
    *(choose("sf6d_mcid", "Utility improved (SF-6D)", "sf6d", visit) for visit in ("6m", "12m", "24m")),
    reach("promis_pf_mcid", PROMIS[0][1], "promis_pf", "12m", "hung2018_promis_anchor_8"),
    reach("promis_pi_mcid", PROMIS[1][1], "promis_pi", "12m", "hung2018_promis_anchor_8"),
    *(reach_last(f"{name}_half_sd_last_12m", title, name, FIRST_YEAR, "karhade2021_half_sd") for name, title in PROMIS),
    choose("hads_a_mcid", "Anxiety improved (HADS)", "hads_a", "12m"),
    choose("hads_d_mcid", "Depression improved (HADS)", "hads_d", "12m"),
)

RATINGS = (
    *(rate("pgic_responder", "Much improved (PGIC)", "pgic", visit, "suzuki2020_responder")
      for visit in ("3m", "12m", "24m")),
    *(rate("gpe_success", "Much better or recovered (GPE)", "gpe", visit, "norspine_gpe_success")
      for visit in ("3m", "12m", "24m")),
    *(rate("nass_satisfied", "Satisfied (NASS)", "nass_satisfaction", visit, "nass_satisfied")
      for visit in ("3m", "12m", "24m")),
    rate("nass_met_expectations", "Expectations met (NASS)", "nass_satisfaction", "12m", "nass_met_expectations"),
)  # fmt: skip

SCORES_GENERIC = (*SCORES, *RATINGS)
