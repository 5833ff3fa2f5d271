"""Columns of the simulated registries as they were before others were added, and what was in them.

The hashes are SHA-256 of the columns as CSV, 300 operations, seed 1; a new column must not change one of them.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.registry import Registry

IN_ALL = """
    age asa_class blood_loss_ml bmi death_30d death_days depression diabetes discharge_date
    discharge_destination dural_tear education employment eq5d_index_0 eq5d_index_12m eq5d_index_24m
    eq5d_index_3m eq_vas_0 follow_up_days haematoma_30d height_cm hypertension length_of_stay_days
    motor_deficit myocardial_infarction_30d n_levels_planned operation operation_date
    operative_minutes opioid_use patient pneumonia_30d previous_spine_surgery readmission_30d
    reoperation_days sepsis_30d sex site smoking stroke_30d surgeon surgical_site_infection_30d
    symptom_duration_months urinary_tract_infection_30d venous_thromboembolism_30d weight_kg year
"""

OWN = {
    "lumbar": """
    diagnosis modic_change nrs_back_0 nrs_back_12m nrs_back_24m nrs_back_3m nrs_leg_0 nrs_leg_12m
    nrs_leg_24m nrs_leg_3m odi_0 odi_12m odi_24m odi_3m other_fusion_days planned_fusion
    planned_procedure reherniation_days same_level_surgery
""",
    "cervical": """
    c5_palsy cervical_diagnosis cord_signal_change gait_impairment hand_clumsiness hoffmann_sign
    mjoa_0 mjoa_12m mjoa_24m mjoa_3m ndi_0 ndi_12m ndi_24m ndi_3m nrs_arm_0 nrs_arm_12m nrs_arm_24m
    nrs_arm_3m nrs_neck_0 nrs_neck_12m nrs_neck_24m nrs_neck_3m planned_approach planned_fusion
""",
    "deformity": """
    coronal_cobb_deg deformity_type lumbar_lordosis_deg nrs_back_0 nrs_back_12m nrs_back_24m
    nrs_back_3m nrs_leg_0 nrs_leg_12m nrs_leg_24m nrs_leg_3m odi_0 odi_12m odi_24m odi_3m
    osteoporosis pelvic_incidence_deg pelvic_tilt_deg pi_ll_mismatch_deg pjk planned_approach
    planned_osteotomy planned_pelvic_fixation srs22r_total_0 srs22r_total_12m srs22r_total_24m
    srs22r_total_3m sva_mm
""",
}

FIRST_COLUMNS = {cohort: sorted([*IN_ALL.split(), *own.split()]) for cohort, own in OWN.items()}

FIRST_TRUTHS = {
    "lumbar": ["odi_mcid_12m", "leg_pain_mcid_12m", "reherniation_24m", "any_complication_30d"],
    "cervical": ["ndi_mcid_12m", "any_complication_30d"],
    "deformity": ["odi_mcid_24m", "any_complication_30d"],
}

SCENARIOS: dict[str, dict[str, str]] = {
    "usual": {},
    "not_at_random": {"missing": "not_at_random", "response": "not_at_random"},
    "complete": {"missing": "none", "response": "complete"},
    "alike": {"sites": "alike", "drift": "none"},
}

HASHES = {
    ("lumbar", "usual"): (
        "92b546dab85a0f6fe2742821df33d821d84eccc5bc5e2d7f8fe4b0c84b885c7d",
        "e42633677a65d2e6d0a3ac14c207b5b7795c7dc4e2963cc13cacab3a4530afce",
    ),
    ("lumbar", "not_at_random"): (
        "c4f742df8f1a275b336695d5461b884131234682f1e83f46d6ec4cb520814bc9",
        "e42633677a65d2e6d0a3ac14c207b5b7795c7dc4e2963cc13cacab3a4530afce",
    ),
    ("lumbar", "complete"): (
        "287dd7edd64682ff5bdff279076da8e71c31f90d7ed5f74d290e0df86b63fdd9",
        "e42633677a65d2e6d0a3ac14c207b5b7795c7dc4e2963cc13cacab3a4530afce",
    ),
    ("lumbar", "alike"): (
        "03db52f01dc5a4a9efba27364e780454be117b4273b2f9cacb95dd438d6e96e6",
        "ed65eca588b5d1736c6c7ba2cc37c73250c5d29cd84259a929bde0b8ecaffb10",
    ),
    ("cervical", "usual"): (
        "45515dbdbb32672e88c430c3b90184430b061df40d2839092be81de0706f9fa2",
        "73e59413ea15589895dc40d58797de61f498053a6315cd9bd8b911155d4c50c5",
    ),
    ("cervical", "not_at_random"): (
        "58c690890410a6a1692af025237614f989b9683fd6b98c228b85b6ca1a95012e",
        "73e59413ea15589895dc40d58797de61f498053a6315cd9bd8b911155d4c50c5",
    ),
    ("cervical", "complete"): (
        "98c40718c97693096eebe42aeb6013d15ce2a589e89681f2435cf277ffe32f7f",
        "73e59413ea15589895dc40d58797de61f498053a6315cd9bd8b911155d4c50c5",
    ),
    ("cervical", "alike"): (
        "77d0ce544419e205528e4a3d2e493147165c1988b907a526d31d70d6c2557b34",
        "e30fd6cdf4f46e3c359c949343f1d8d3cd2eb07e172f5ef0975d415276c92eaa",
    ),
    ("deformity", "usual"): (
        "1fb0c8581ef0887a04464f87b41eb18a8c71b4067eabdd184ba6d148fd1353e0",
        "b1d46f2cc8506a508995bf701d5fd230f50109398e482df9b0645b00c9530822",
    ),
    ("deformity", "not_at_random"): (
        "b6e628ad196ca379c116b2dffc31aeb334a1090b46976df9cf0e11269230831e",
        "b1d46f2cc8506a508995bf701d5fd230f50109398e482df9b0645b00c9530822",
    ),
    ("deformity", "complete"): (
        "7a1ae9c0a97709001c4ae8e15fbad0747f7f3ef4ffd605515c27db3d74986016",
        "b1d46f2cc8506a508995bf701d5fd230f50109398e482df9b0645b00c9530822",
    ),
    ("deformity", "alike"): (
        "4f7214b406d0f0afbb56c1a3198d76359b51a2d2630a32cfb05ef006a5933c20",
        "1197eda8cf503767b9cf6b27e5253e174c8b94524ef72cd335f32941b4361870",
    ),
}
"""Of the columns and of the true risks, rounded to 9 digits, by cohort and scenario."""


def keep_first_columns(registry: Registry) -> Registry:
    """Return a simulated registry with its first columns only: for tests that count columns."""
    known = {"row_id", *(name for names in FIRST_COLUMNS.values() for name in names)}
    frame = registry.frame[[name for name in registry.frame if name in known]]
    columns = {name: column for name, column in registry.columns.items() if name in known}
    return replace(registry, frame=frame, columns=columns)
