"""Data dictionary: symptoms, signs, diagnosis, alignment and the planned operation."""

from __future__ import annotations

from schemas.column import Column
from schemas.columns_identity import ALL

SYMPTOMS = (
    Column(
        name="symptom_duration_months", kind="number", known_at="preop", unit="months", hard=(0, 600),
        plausible=(0, 360), cohorts=ALL, text="Time since the symptoms that led to the operation began.",
    ),
    Column(
        name="previous_spine_surgery", kind="flag", known_at="preop", cohorts=ALL,
        text="Any earlier operation on the spine.",
    ),
    Column(
        name="same_level_surgery", kind="flag", known_at="preop", cohorts=ALL,
        text="An earlier operation at a level that is operated on now.",
    ),
    Column(
        name="motor_deficit", kind="flag", known_at="preop", cohorts=ALL,
        text="Weakness of a limb on examination, MRC grade 4 or less.",
    ),
    Column(
        name="urgent_operation", kind="flag", known_at="preop", cohorts=ALL,
        text="Urgent or emergency operation; 0 is elective.",
    ),
)  # fmt: skip

LUMBAR = (
    Column(
        name="diagnosis", kind="category", known_at="preop",
        levels=("disc_herniation", "stenosis", "spondylolisthesis", "disc_degeneration"), cohorts=("lumbar",),
        text="Main lumbar diagnosis at the decision to operate.",
    ),
    Column(
        name="cauda_equina", kind="flag", known_at="preop", cohorts=("lumbar",), text="Cauda equina syndrome.",
    ),
    Column(
        name="modic_change", kind="flag", known_at="preop", cohorts=("lumbar",),
        text="Modic change of any type at an operated level, on magnetic resonance imaging.",
    ),
    Column(
        name="planned_procedure", kind="category", known_at="planned",
        levels=("discectomy", "decompression", "fusion", "decompression_fusion"), cohorts=("lumbar",),
        text="Lumbar operation as booked, before it was done; a final code is known at discharge only.",
    ),
)  # fmt: skip

CERVICAL = (
    Column(
        name="cervical_diagnosis", kind="category", known_at="preop",
        levels=("radiculopathy", "myelopathy", "myeloradiculopathy"), cohorts=("cervical",),
        text="Main cervical diagnosis at the decision to operate.",
    ),
    Column(
        name="gait_impairment", kind="flag", known_at="preop", cohorts=("cervical",),
        text="Unsteady or spastic gait from myelopathy.",
    ),
    Column(
        name="hoffmann_sign", kind="flag", known_at="preop", cohorts=("cervical",),
        text="Hoffmann sign on either side.",
    ),
    Column(
        name="hand_clumsiness", kind="flag", known_at="preop", cohorts=("cervical",),
        text="Clumsy hands from myelopathy.",
    ),
    Column(
        name="cord_signal_change", kind="flag", known_at="preop", cohorts=("cervical",),
        text="Bright signal in the spinal cord on T2-weighted magnetic resonance imaging.",
    ),
    Column(
        name="planned_approach", kind="category", known_at="planned", levels=("anterior", "posterior", "combined"),
        cohorts=("cervical", "deformity"), text="Side of the neck or trunk from which the operation is planned.",
    ),
)  # fmt: skip

DEFORMITY = (
    Column(
        name="deformity_type", kind="category", known_at="preop",
        levels=("degenerative_scoliosis", "idiopathic_scoliosis", "sagittal_imbalance"), cohorts=("deformity",),
        text="Main type of the adult spinal deformity.",
    ),
    Column(
        name="coronal_cobb_deg", kind="number", known_at="preop", unit="degrees", hard=(0, 150), plausible=(0, 110),
        cohorts=("deformity",), text="Largest coronal Cobb angle before the operation.",
    ),
    Column(
        name="sva_mm", kind="number", known_at="preop", unit="mm", hard=(-150, 400), plausible=(-80, 250),
        cohorts=("deformity",), text="Sagittal vertical axis before the operation, positive in front of the sacrum.",
    ),
    Column(
        name="pelvic_incidence_deg", kind="number", known_at="preop", unit="degrees", hard=(20, 100),
        plausible=(35, 85), cohorts=("deformity",), text="Pelvic incidence.",
    ),
    Column(
        name="lumbar_lordosis_deg", kind="number", known_at="preop", unit="degrees", hard=(-40, 110),
        plausible=(-20, 100), cohorts=("deformity",), text="Lumbar lordosis before the operation, L1 to S1.",
    ),
    Column(
        name="pi_ll_mismatch_deg", kind="number", known_at="preop", unit="degrees", hard=(-70, 120),
        plausible=(-40, 70), cohorts=("deformity",),
        text="Pelvic incidence minus lumbar lordosis before the operation.",
        source="Schwab 2012, Spine 37:1077",
    ),
    Column(
        name="pelvic_tilt_deg", kind="number", known_at="preop", unit="degrees", hard=(-20, 70), plausible=(0, 60),
        cohorts=("deformity",), text="Pelvic tilt before the operation.",
    ),
    Column(
        name="planned_osteotomy", kind="flag", known_at="planned", cohorts=("deformity",),
        text="A three-column osteotomy is planned.",
    ),
    Column(
        name="planned_pelvic_fixation", kind="flag", known_at="planned", cohorts=("deformity",),
        text="Fixation to the pelvis is planned.",
    ),
)  # fmt: skip

PLAN = (
    Column(
        name="planned_fusion", kind="flag", known_at="planned", cohorts=("lumbar", "cervical"),
        text="A fusion is planned, with or without instruments.",
    ),
    Column(
        name="n_levels_planned", kind="number", known_at="planned", unit="levels", hard=(1, 25), plausible=(1, 18),
        cohorts=ALL, text="Number of motion segments to be operated on, as planned.",
    ),
)  # fmt: skip

SPINE = SYMPTOMS + LUMBAR + CERVICAL + DEFORMITY + PLAN
