"""Outcomes from scores of the low back."""

from __future__ import annotations

from outcomes.entries.scores_common import avoid, reach, reach_last

ODI, BACK, LEG = "Disability improved (ODI)", "Back pain improved", "Leg pain improved"
WINDOW = ("3m", "12m", "24m")

IMPROVED = (
    reach("odi_mcid", ODI, "odi", "12m", "scoap15_2_2"),
    reach("leg_pain_mcid", LEG, "nrs_leg", "12m", "scoap15_2_2"),
    reach("back_pain_mcid", BACK, "nrs_back", "12m", "scoap15_2_2"),
    reach("odi_mcid", ODI, "odi", "24m", "scoap15_2_2"),
    reach("leg_pain_mcid", LEG, "nrs_leg", "24m", "scoap15_2_2"),
    reach("back_pain_mcid", BACK, "nrs_back", "24m", "scoap15_2_2"),
    reach("odi_30pct", ODI, "odi", "6w", "staartjes2019_30pct"),
    reach("leg_pain_30pct", LEG, "nrs_leg", "6w", "staartjes2019_30pct"),
    reach("back_pain_30pct", BACK, "nrs_back", "6w", "staartjes2019_30pct"),
    reach("odi_mcid", ODI, "odi", "3m", "scoap15_2_2"),
    reach("leg_pain_mcid", LEG, "nrs_leg", "3m", "scoap15_2_2"),
    reach("back_pain_mcid", BACK, "nrs_back", "3m", "scoap15_2_2"),
    reach("odi_mcid", ODI, "odi", "60m", "scoap15_2_2"),
    reach("back_pain_vas_mcid", "Back pain improved (visual scale)", "vas_back", "12m", "ostelo2008_points"),
    reach("leg_pain_vas_half_sd", "Leg pain improved (visual scale)", "vas_leg", "12m", "half_sd_baseline"),
    reach("rmdq_mcid", "Disability improved (RMDQ)", "rmdq", "12m", "ostelo2008_points"),
    reach("comi_back_mcid", "Back problem improved (COMI)", "comi_back", "3m", "mannion2009_comi"),
    reach("comi_back_mcid", "Back problem improved (COMI)", "comi_back", "12m", "mannion2009_comi"),
    reach("comi_back_mcid", "Back problem improved (COMI)", "comi_back", "24m", "mannion2009_comi"),
)  # fmt: skip

LAST = (
    reach_last("comi_back_mcid_last_24m", "Back problem improved (COMI)", "comi_back", WINDOW, "halicka2023"),
    reach_last("back_pain_mcid_last_24m", BACK, "nrs_back", WINDOW, "halicka2023"),
    reach_last("leg_pain_mcid_last_24m", LEG, "nrs_leg", WINDOW, "halicka2023"),
)

BEYOND = (
    reach("odi_scb", "Disability substantially improved (ODI)", "odi", "12m", "glassman2008_scb"),
    reach("odi_scb", "Disability substantially improved (ODI)", "odi", "24m", "glassman2008_scb"),
    reach("leg_pain_scb", "Leg pain substantially improved", "nrs_leg", "12m", "glassman2008_scb"),
    reach("back_pain_scb", "Back pain substantially improved", "nrs_back", "12m", "glassman2008_scb"),
    reach("odi_success", "Success (ODI)", "odi", "12m", "norspine_berg2024"),
    reach("leg_pain_success", "Success (leg pain)", "nrs_leg", "12m", "norspine_berg2024"),
    reach("back_pain_success", "Success (back pain)", "nrs_back", "12m", "norspine_berg2024"),
    reach("odi_good", "Good result (ODI)", "odi", "6m", "berjano2021_good"),
    reach("odi_excellent", "Excellent result (ODI)", "odi", "6m", "berjano2021_excellent"),
    reach("sf36_pcs_excellent", "Excellent result (SF-36 physical summary)", "sf36_pcs", "6m",
          "berjano2021_excellent"),
    reach("comi_back_excellent", "Excellent result (COMI)", "comi_back", "6m", "berjano2021_excellent"),
    reach("odi_pass", "Disability in an acceptable state (ODI)", "odi", "12m", "van_hooff2016_pass"),
    reach("odi_pass", "Disability in an acceptable state (ODI)", "odi", "24m", "van_hooff2016_pass"),
    reach("back_pain_vas_pass", "Back pain in an acceptable state (visual scale)", "vas_back", "12m", "norwich_pass"),
    reach("leg_pain_vas_pass", "Leg pain in an acceptable state (visual scale)", "vas_leg", "12m", "norwich_pass"),
    reach("odi_improved_or_pass", "Disability improved or in an acceptable state (ODI)", "odi", "12m",
          "odi_15_or_pass22"),
    *(reach(f"joabpeq_{domain}_effective", f"JOABPEQ {words} improved", f"joabpeq_{domain}", visit,
            "joabpeq_effective")
      for visit in ("12m", "24m")
      for domain, words in (("pain", "low back pain"), ("function", "lumbar function"), ("walking", "walking ability"),
                            ("social", "social life"), ("mental", "mental health"))),
)  # fmt: skip

BAD_NEWS = (
    avoid("odi_failure", "Failure (ODI)", "odi", "12m", "werner2017_failure"),
    avoid("odi_worse", "Disability worse than before (ODI)", "odi", "12m", "any_worsening"),
    avoid("leg_pain_worse", "Leg pain worse than before", "nrs_leg", "12m", "any_worsening"),
    avoid("back_pain_worse", "Back pain worse than before", "nrs_back", "12m", "any_worsening"),
    avoid("comi_back_worse", "Back problem worse than before (COMI)", "comi_back", "12m", "mannion2009_comi_worse"),
)

SCORES_LUMBAR = (*IMPROVED, *LAST, *BEYOND, *BAD_NEWS)
