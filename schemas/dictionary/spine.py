"""Data dictionary: symptoms, signs, diagnosis and the levels of the spine."""

from __future__ import annotations

from schemas.dictionary.common import ALL, BACK, LUMBAR, NECK, TRUNK, category, flag, number

SEGMENTS: tuple[str, ...] = (
    "c0_1", "c1_2", "c2_3", "c3_4", "c4_5", "c5_6", "c6_7", "c7_t1",
    "t1_2", "t2_3", "t3_4", "t4_5", "t5_6", "t6_7", "t7_8", "t8_9", "t9_10", "t10_11", "t11_12", "t12_l1",
    "l1_2", "l2_3", "l3_4", "l4_5", "l5_s1", "s1_ilium",
)  # fmt: skip
"""Motion segments from the head down; a level of the spine is one of these everywhere."""

VERTEBRAE: tuple[str, ...] = (
    "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7",
    "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t10", "t11", "t12",
    "l1", "l2", "l3", "l4", "l5", "s1", "ilium",
)  # fmt: skip
"""Vertebrae from the head down, for the ends of a fusion."""

DURATIONS = ("under_3_months", "3_to_12_months", "12_to_24_months", "over_24_months")
"""Classes in which registries ask for the length of symptoms."""

SYMPTOMS = (
    number(
        "symptom_duration_months", "months", (0, 600), "Time since the symptoms that led to the operation began.",
        plausible=(0, 360),
    ),
    flag("previous_spine_surgery", "Any earlier operation on the spine."),
    flag("same_level_surgery", "An earlier operation at a level that is operated on now."),
    flag("motor_deficit", "Weakness of a limb on examination, MRC grade 4 or less."),
    flag("urgent_operation", "Urgent or emergency operation; 0 is elective."),
)  # fmt: skip

PAIN_REGIONS = (("back", "Back", BACK), ("leg", "Leg", BACK), ("neck", "Neck", NECK), ("arm", "Arm", NECK))
"""Region of pain in the column's name, in words, and the cohorts that ask for it."""

DURATIONS_BY_REGION = tuple(
    number(
        f"{region}_pain_duration_months", "months", (0, 600), f"{word} pain: time since it began.",
        plausible=(0, 360), cohorts=cohorts,
    )
    for region, word, cohorts in PAIN_REGIONS
) + tuple(
    category(
        f"{region}_pain_duration_class", DURATIONS, f"{word} pain: time since it began, where the registry asks for a "
        "class.", cohorts=cohorts,
    )
    for region, word, cohorts in PAIN_REGIONS
)  # fmt: skip

HISTORY = (
    category("symptom_duration_class", DURATIONS, "Time since the symptoms began, where the registry asks for a "
             "class."),
    category("urgency", ("elective", "urgent", "emergency"), "Urgency of the operation in three classes.",
             source="ACS NSQIP participant use file"),
    number("n_previous_operations", "operations", (0, 20), "Number of earlier operations on the spine.",
           plausible=(0, 10)),
    flag("previous_fusion", "An earlier fusion of the spine."),
    flag("revision", "The operation revises an earlier one, instead of being the first.", cohorts=ALL),
)  # fmt: skip

SIGNS = (
    number("mrc_grade", "MRC grade", (0, 5), "Weakest key muscle on the scale of the Medical Research Council."),
    flag("sensory_deficit", "Loss of feeling on examination."),
    flag("bladder_dysfunction", "Disturbed bladder or bowel from the spine."),
    flag("radiculopathy", "Pain or deficit of a nerve root."),
    flag("neurogenic_claudication", "Leg pain or weakness on walking that ends on sitting.", cohorts=BACK),
    flag("straight_leg_raise", "Raising the straight leg hurts below the knee.", cohorts=LUMBAR),
    flag("spasticity", "Raised tone of the limbs.", cohorts=NECK),
    flag("hyperreflexia", "Brisk reflexes.", cohorts=NECK),
    flag("babinski_sign", "Babinski sign on either side.", cohorts=NECK),
    category("mjoa_variant", ("benzel18", "jpn17", "other"), "Which version of the myelopathy score the registry "
             "holds; only Benzel's has 18 points.", cohorts=NECK, predictor=False,
             source="Benzel 1991, J Spinal Disord 4:286"),
    number("walking_distance_m", "m", (0, 50000), "Distance that the patient can walk before stopping.",
           plausible=(0, 5000)),
)  # fmt: skip

TESTS = (
    number("grip_strength_kg", "kg", (0, 90), "Grip strength of the stronger hand.", plausible=(2, 70), cohorts=NECK),
    number("grip_maa_step", "fraction", (0, 1), "Mean accuracy of the grip while following a step.", cohorts=NECK,
           source="Hoffman 2015, J Clin Neurosci 22:1444"),
    number("grip_maa_sine", "fraction", (0, 1), "Mean accuracy of the grip while following a sine wave.",
           cohorts=NECK, source="Hoffman 2015, J Clin Neurosci 22:1444"),
    number("neck_arom_deg", "degrees", (0, 300), "Active motion of the neck, bending forward and back.",
           plausible=(20, 160), cohorts=NECK, source="Liew 2020, Sci Rep 10:16782"),
    number("neck_flexor_endurance_s", "seconds", (0, 1200), "Endurance of the neck's flexors.", plausible=(0, 300),
           cohorts=NECK, source="Liew 2020, Sci Rep 10:16782"),
    number("neck_extensor_endurance_s", "seconds", (0, 3600), "Endurance of the neck's extensors.",
           plausible=(0, 900), cohorts=NECK, source="Liew 2020, Sci Rep 10:16782"),
)  # fmt: skip

LUMBAR_DIAGNOSIS = (
    category(
        "diagnosis", ("disc_herniation", "stenosis", "spondylolisthesis", "disc_degeneration"),
        "Main lumbar diagnosis at the decision to operate.", cohorts=LUMBAR,
    ),
    flag("cauda_equina", "Cauda equina syndrome.", cohorts=LUMBAR),
)  # fmt: skip

CERVICAL_DIAGNOSIS = (
    category(
        "cervical_diagnosis", ("radiculopathy", "myelopathy", "myeloradiculopathy"),
        "Main cervical diagnosis at the decision to operate.", cohorts=NECK,
    ),
    flag("gait_impairment", "Unsteady or spastic gait from myelopathy.", cohorts=NECK),
    flag("hoffmann_sign", "Hoffmann sign on either side.", cohorts=NECK),
    flag("hand_clumsiness", "Clumsy hands from myelopathy.", cohorts=NECK),
)  # fmt: skip

PATHOLOGY = (
    category(
        "deformity_type", ("degenerative_scoliosis", "idiopathic_scoliosis", "sagittal_imbalance"),
        "Main type of the adult spinal deformity.", cohorts=TRUNK,
    ),
    category(
        "pathology",
        (
            "disc_herniation", "stenosis", "degenerative_spondylolisthesis", "isthmic_spondylolisthesis",
            "disc_degeneration", "deformity", "myelopathy", "radiculopathy", "ossified_ligament", "trauma", "tumour",
            "infection", "other",
        ),
        "Main diagnosis in finer classes, for registries of several regions of the spine.",
    ),
)  # fmt: skip

SPINE = SYMPTOMS + LUMBAR_DIAGNOSIS + CERVICAL_DIAGNOSIS + PATHOLOGY + HISTORY + DURATIONS_BY_REGION + SIGNS + TESTS
