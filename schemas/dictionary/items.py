"""Data dictionary: single answers of questionnaires, and images at visits, which have a column per visit too.

The wording of the items is not repeated here: the questionnaires belong to others.
"""

from __future__ import annotations

from schemas.dictionary.common import ALL, BACK, NECK, TRUNK
from schemas.dictionary.questionnaires import JAPANESE_PARTS, QUESTIONNAIRES
from schemas.dictionary.visits import Score
from schemas.sources_of_scores import (
    ASHER,
    EUROQOL,
    FAIRBANK,
    MANNION,
    VERNON,
)

SATISFACTION_ITEMS = (21, 22)
"""Items of the SRS-22r on the treatment: before the operation that is the care so far, later the operation."""

ITEMS = (
    *(
        Score(name=f"odi_q{item:02d}", unit="points_of_5", hard=(0, 5), cohorts=BACK, source=FAIRBANK,
              text=f"Oswestry Disability Index, section {item}, 0 to 5")
        for item in range(1, 11)
    ),
    *(
        Score(name=f"ndi_q{item:02d}", unit="points_of_5", hard=(0, 5), cohorts=NECK, source=VERNON,
              text=f"Neck Disability Index, section {item}, 0 to 5")
        for item in range(1, 11)
    ),
    *(
        Score(name=f"srs22r_q{item:02d}", unit="points_of_5", hard=(1, 5), cohorts=TRUNK, source=ASHER,
              text=f"SRS-22r, item {item}, 1 to 5 with 5 as the best answer",
              text_before=f"SRS-22r, item {item}, on the care so far, 1 to 5 with 5 as the best answer"
              if item in SATISFACTION_ITEMS else "")
        for item in range(1, 23)
    ),
    *(
        Score(name=f"comi_item_{item}", unit=unit, hard=hard, cohorts=ALL, source=MANNION,
              text=f"Core Outcome Measures Index, item on {words}")
        for item, words, unit, hard in (
            ("axial_pain", "back or neck pain, 0 to 10", "points_of_10", (0, 10)),
            ("limb_pain", "leg or arm pain, 0 to 10", "points_of_10", (0, 10)),
            ("function", "function, 1 best to 5", "option", (1, 5)),
            ("wellbeing", "well-being, 1 best to 5", "option", (1, 5)),
            ("qol", "quality of life, 1 best to 5", "option", (1, 5)),
            ("social", "social life, 1 best to 5", "option", (1, 5)),
            ("work", "work, 1 best to 5", "option", (1, 5)),
        )
    ),
    *(
        Score(name=f"eq5d_{item}", unit="level", hard=(1, 5), cohorts=ALL, source=EUROQOL,
              text=f"EQ-5D {words}, 1 no problem to 3 or 5 by version")
        for item, words in (
            ("mobility", "mobility"), ("self_care", "self-care"), ("activity", "usual activities"),
            ("discomfort", "pain or discomfort"), ("anxiety", "anxiety or depression"),
        )
    ),
    *JAPANESE_PARTS,
    *QUESTIONNAIRES,
)  # fmt: skip

ANGLE = "degrees"

IMAGES_AT_VISITS = (
    Score(name="proximal_junctional_angle_deg", unit=ANGLE, hard=(-60, 120), plausible=(-20, 60), cohorts=TRUNK,
          source="Glattes 2005, Spine 30:1643",
          text="Kyphosis from the upper instrumented vertebra to two above it"),
    Score(name="coronal_cobb_deg", unit=ANGLE, hard=(0, 150), plausible=(0, 110), cohorts=TRUNK, before=False,
          text="Largest coronal Cobb angle"),
    Score(name="sva_mm", unit="mm", hard=(-150, 400), plausible=(-80, 250), cohorts=TRUNK, before=False,
          text="Sagittal vertical axis, positive in front of the sacrum"),
    Score(name="lumbar_lordosis_deg", unit=ANGLE, hard=(-40, 110), plausible=(-20, 100), cohorts=TRUNK, before=False,
          text="Lumbar lordosis, L1 to S1"),
    Score(name="pi_ll_mismatch_deg", unit=ANGLE, hard=(-70, 120), plausible=(-40, 70), cohorts=TRUNK, before=False,
          text="Pelvic incidence minus lumbar lordosis"),
    Score(name="pelvic_tilt_deg", unit=ANGLE, hard=(-20, 70), plausible=(0, 60), cohorts=TRUNK, before=False,
          text="Pelvic tilt"),
    Score(name="thoracic_kyphosis_deg", unit=ANGLE, hard=(-40, 140), plausible=(-20, 120), cohorts=TRUNK,
          before=False, text="Thoracic kyphosis, T4 to T12"),
    Score(name="tpa_deg", unit=ANGLE, hard=(-30, 90), plausible=(-5, 60), cohorts=TRUNK, before=False,
          text="T1 pelvic angle"),
    Score(name="c2c7_lordosis_deg", unit=ANGLE, hard=(-90, 90), plausible=(-50, 60), cohorts=NECK, before=False,
          text="Lordosis from C2 to C7"),
    Score(name="c2c7_sva_mm", unit="mm", hard=(-100, 200), plausible=(-20, 90), cohorts=NECK, before=False,
          text="Distance of the plumb line of C2 in front of C7"),
    Score(name="t1_slope_deg", unit=ANGLE, hard=(-30, 90), plausible=(0, 60), cohorts=NECK, before=False,
          text="Slope of the upper endplate of T1"),
)  # fmt: skip
"""Measures on images; those without a column ``_0`` have one under their plain name before the operation."""
