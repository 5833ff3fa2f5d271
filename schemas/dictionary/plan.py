"""Data dictionary: the operation as booked, before it was done. What was done in the end is known at discharge."""

from __future__ import annotations

from schemas.dictionary.common import ALL, LUMBAR, NECK, TRUNK, category, flag, number
from schemas.dictionary.spine import SEGMENTS, VERTEBRAE

PLAN = (
    category(
        "planned_procedure", ("discectomy", "decompression", "fusion", "decompression_fusion"),
        "Lumbar operation as booked, before it was done; a final code is known at discharge only.", at="planned",
        cohorts=LUMBAR,
    ),
    category(
        "planned_approach", ("anterior", "posterior", "combined"),
        "Side of the neck or trunk from which the operation is planned.", at="planned",
        cohorts=("cervical", "deformity"),
    ),
    flag("planned_osteotomy", "A three-column osteotomy is planned.", at="planned", cohorts=TRUNK),
    flag("planned_pelvic_fixation", "Fixation to the pelvis is planned.", at="planned", cohorts=TRUNK),
    flag("planned_fusion", "A fusion is planned, with or without instruments.", at="planned",
         cohorts=("lumbar", "cervical")),
    number("n_levels_planned", "levels", (1, 25), "Number of motion segments to be operated on, as planned.",
           plausible=(1, 18), at="planned"),
)  # fmt: skip

TECHNIQUE = (
    category("planned_fusion_technique", ("posterolateral", "plif", "tlif", "alif", "llif", "other"),
             "Planned technique of a lumbar fusion; missing where none is planned.", at="planned", cohorts=LUMBAR),
    category(
        "planned_cervical_procedure",
        (
            "anterior_fusion", "disc_arthroplasty", "corpectomy", "foraminotomy", "laminectomy", "laminoplasty",
            "posterior_fusion", "combined",
        ),
        "Operation on the neck as planned.", at="planned", cohorts=NECK,
    ),
    category("planned_access", ("open", "minimally_invasive", "endoscopic"), "Planned access.", at="planned"),
    flag("planned_robot", "A robot is planned to be used.", at="planned"),
    flag("planned_instruments", "Screws, rods, plates or cages are planned.", at="planned"),
    flag("planned_interbody", "An interbody cage or graft is planned.", at="planned"),
    category("planned_graft", ("local_bone", "iliac_crest", "allograft", "synthetic", "bmp"), "Planned bone graft; "
             "missing where none is planned.", at="planned"),
    number("bmp_mg", "mg", (0, 200), "Bone morphogenetic protein, planned dose; 0 is none.", plausible=(0, 80),
           at="planned"),
    flag("planned_outpatient", "Planned as an operation without a night in hospital.", at="planned"),
    flag("planned_staged", "A second stage is planned.", at="planned"),
    number("n_fused_levels_planned", "levels", (0, 25), "Number of motion segments to be fused, as planned.",
           plausible=(0, 18), at="planned"),
)  # fmt: skip

ENDS = (
    category("upper_level", SEGMENTS, "Highest motion segment of the planned operation.", at="planned"),
    category("lower_level", SEGMENTS, "Lowest motion segment of the planned operation.", at="planned"),
    category("operated_side", ("left", "right", "both", "midline"), "Planned side of the operation.", at="planned"),
    category("upper_vertebra", VERTEBRAE, "Upper instrumented vertebra, as planned.", at="planned"),
    category("lower_vertebra", VERTEBRAE, "Lower instrumented vertebra, as planned.", at="planned"),
    category("uiv_anchor", ("screw", "hook", "other"), "Planned anchor at the upper instrumented vertebra.",
             at="planned", cohorts=TRUNK, source="Scheer 2016, Spine 41:E1328"),
    category("liv_region", ("thoracic", "upper_lumbar", "lower_lumbar", "sacrum", "sacroiliac"),
             "Planned region of the lower end of the fusion.", at="planned", cohorts=TRUNK,
             source="Scheer 2016, Spine 41:E1328"),
    category("end_vertebra", ("c7", "t1", "other"), "Planned lower end of a posterior cervical fusion.",
             at="planned", cohorts=NECK, source="Chen 2024, BMC Musculoskelet Disord 25:1"),
    number("n_rods", "rods", (0, 8), "Planned number of rods.", plausible=(2, 5), at="planned", cohorts=ALL),
)  # fmt: skip

PLANNED = PLAN + TECHNIQUE + ENDS
