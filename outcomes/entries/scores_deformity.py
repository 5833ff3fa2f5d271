"""Outcomes from scores of scoliosis and adult deformity."""

from __future__ import annotations

from outcomes.entries.scores_common import avoid, reach

TITLES = {
    "total": "SRS-22r total improved",
    "subscore": "SRS-22r subscore improved",
    "function": "SRS-22r function improved",
    "pain": "SRS-22r pain improved",
    "self_image": "SRS-22r self-image improved",
}

SCORES_DEFORMITY = (
    *(
        reach(f"srs22r_{scale}_mcid", title, f"srs22r_{scale}", visit, "asls2018_srs22r")
        for visit in ("12m", "24m")
        for scale, title in TITLES.items()
    ),
    reach("srs22r_mental_health_mcid", "SRS-22r mental health improved", "srs22r_mental_health", "24m",
          "bago2009_anchor"),
    reach("srs22r_total_scb", "SRS-22r total substantially improved", "srs22r_total", "24m", "asls2018_srs22r_scb"),
    reach("srs22r_subscore_scb", "SRS-22r subscore substantially improved", "srs22r_subscore", "24m",
          "asls2018_srs22r_scb"),
    reach("srs22r_subscore_pass", "SRS-22r subscore in an acceptable state", "srs22r_subscore", "24m",
          "mannion2020_pass"),
    reach("back_pain_pass", "Back pain in an acceptable state", "nrs_back", "24m", "mannion2020_pass"),
    avoid("srs22r_subscore_worse", "SRS-22r subscore worse than before", "srs22r_subscore", "24m", "any_worsening"),
)  # fmt: skip
