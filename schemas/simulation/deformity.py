"""The simulated registry of adult spinal deformity."""

from __future__ import annotations

from schemas.simulation.aftermath import (
    draw_complications,
    draw_deficits,
    draw_injuries,
    draw_leg_strength,
    draw_opioids,
    draw_work,
    everyone,
    follow_leg_strength,
    make_refill,
)
from schemas.simulation.common import (
    COMPONENTS,
    MISSING,
    death_hazard,
    differ,
    draw_characteristics,
    draw_course,
    draw_duration,
    missing_together,
)
from schemas.simulation.questionnaires import (
    DEFORMITY_FORMS,
    SRS_FORMS,
    draw_forms_after,
    draw_forms_before,
    miss_forms,
)
from schemas.simulation.specs import (
    Category,
    Draw,
    Flag,
    FollowUp,
    Hazard,
    Improvement,
    Number,
    Reoperation,
    Risk,
    Sum,
    SyntheticCohort,
    bend,
    level,
    linear,
    log,
)
from schemas.simulation.srs_items import draw_srs_items
from schemas.simulation.structure import draw_fusion, draw_imaging, draw_junction, draw_levels

_PREDICTORS: tuple[Draw, ...] = (
    *draw_characteristics(mean_age=61, sd_age=13, female_log_odds=1.4),
    Category(
        name="deformity_type",
        levels={
            "degenerative_scoliosis": Sum(0.6, (linear("age", 0.03, 61),)),
            "idiopathic_scoliosis": Sum(0.0, (linear("age", -0.06, 61),)),
            "sagittal_imbalance": Sum(0.0, (linear("previous_spine_surgery", 0.9),)),
        },
    ),
    draw_duration(),
    Flag(name="osteoporosis", log_odds=Sum(-1.7, (linear("age", 0.05, 61), level("sex", "female", 0.7)))),
    Number(
        name="coronal_cobb_deg", sd=13, low=0, high=110, step=1,
        mean=Sum(
            34, (level("deformity_type", "idiopathic_scoliosis", 16),
                 level("deformity_type", "sagittal_imbalance", -18)),
        ),
    ),
    Number(name="pelvic_incidence_deg", mean=Sum(56), sd=10, low=35, high=85, step=1),
    Number(
        name="lumbar_lordosis_deg", sd=14, low=-20, high=90, step=1,
        mean=Sum(
            42, (linear("pelvic_incidence_deg", 0.4, 56), linear("age", -0.25, 61),
                 level("deformity_type", "sagittal_imbalance", -16), linear("_severity", -2)),
        ),
    ),
    Number(
        name="pi_ll_mismatch_deg", sd=0, low=-70, high=120, step=1,
        mean=Sum(0, (linear("pelvic_incidence_deg", 1), linear("lumbar_lordosis_deg", -1))),
    ),
    Number(
        name="pelvic_tilt_deg", sd=7, low=0, high=60, step=1,
        mean=Sum(22, (linear("pi_ll_mismatch_deg", 0.3, 15), linear("pelvic_incidence_deg", 0.2, 56))),
    ),
    Number(
        name="sva_mm", sd=42, low=-80, high=250, step=1,
        mean=Sum(45, (linear("pi_ll_mismatch_deg", 1.4, 15), bend("age", 0.8, 60, 5))),
    ),
    Flag(name="motor_deficit", log_odds=Sum(-1.8, (linear("_severity", 0.3),))),
    Number(
        name="n_levels_planned", mean=Sum(9.5, (linear("coronal_cobb_deg", 0.06, 34),)), sd=3, low=3, high=18, step=1,
    ),
    Category(name="planned_approach", levels={"anterior": Sum(-3.5), "posterior": Sum(1.2), "combined": Sum(0.0)}),
    Flag(
        name="planned_osteotomy",
        log_odds=Sum(-2.2, (linear("pi_ll_mismatch_deg", 0.04, 15), linear("previous_spine_surgery", 0.7))),
    ),
    Flag(name="planned_pelvic_fixation", log_odds=Sum(0.3, (linear("n_levels_planned", 0.3, 9),))),
    Number(
        name="odi_0", sd=12, low=4, high=96, step=2,
        mean=Sum(
            43, (linear("_severity", 8), linear("sva_mm", 0.05, 50), linear("depression", 4),
                 level("opioid_use", "daily", 4), level("deformity_type", "idiopathic_scoliosis", -6)),
        ),
    ),
    Number(
        name="srs22r_total_0", sd=0.35, low=1, high=5, step=0.01,
        mean=Sum(2.8, (linear("odi_0", -0.02, 45), linear("_severity", -0.15), linear("depression", -0.2))),
    ),
    Number(name="nrs_back_0", mean=Sum(6.8, (linear("_severity", 0.9),)), sd=1.7, low=0, high=10, step=1),
    Number(name="nrs_leg_0", mean=Sum(4.0, (linear("_severity", 0.9),)), sd=2.6, low=0, high=10, step=1),
    Number(
        name="eq5d_index_0", sd=0.18, low=-0.594, high=1, step=0.001,
        mean=Sum(0.4, (linear("_severity", -0.1), linear("odi_0", -0.008, 45))),
    ),
    Number(
        name="eq_vas_0", sd=17, low=0, high=100, step=1,
        mean=Sum(53, (linear("_severity", -4), linear("odi_0", -0.3, 45), linear("_health", -3))),
    ),
    Number(name="proximal_junctional_angle_deg_0", mean=Sum(5), sd=4, low=-10, high=25, step=1),
    *draw_leg_strength(),
    *draw_forms_before(DEFORMITY_FORMS),
    *draw_forms_before(SRS_FORMS),
)  # fmt: skip

_ODI = FollowUp(
    score="odi", scale=8.2, step=2, low=0, high=100, loading=0.85,
    visits={"6w": 12.0, "3m": 8.0, "6m": 4.0, "12m": 1.0, "24m": 0.0, "60m": 1.0},
    mean=Sum(
        23.5,
        (
            linear("odi_0", 0.46, 45), level("smoking", "current", 3.5), linear("depression", 5.0),
            linear("previous_spine_surgery", 4.5), log("symptom_duration_months", 1.0, 11),
            level("opioid_use", "daily", 5.0), linear("bmi", 0.35, 27), bend("age", 0.25, 66, 5),
            linear("sva_mm", -0.02, 50), level("deformity_type", "idiopathic_scoliosis", -2.0),
            *differ(
                risk=1.4, yearly=-0.25, varying=linear("odi_0", 0.06, 43), changing=linear("depression", -0.4, 0.2),
            ),
        ),
    ),
)  # fmt: skip
"""True nulls: sex, hypertension, education, motor deficit, the Cobb angle, pelvic parameters and the plan."""

_BACK = FollowUp(
    score="nrs_back",
    scale=1.3,
    step=1,
    low=0,
    high=10,
    loading=0.65,
    visits={"3m": 0.3, "12m": 0.0, "24m": 0.0},
    mean=Sum(
        3.2,
        (
            linear("nrs_back_0", 0.4, 7),
            linear("depression", 0.6),
            level("opioid_use", "daily", 0.6),
            *differ(risk=0.2, yearly=-0.03),
        ),
    ),
)
_LEG = FollowUp(
    score="nrs_leg",
    scale=1.4,
    step=1,
    low=0,
    high=10,
    loading=0.55,
    visits={"3m": 0.0, "12m": 0.0, "24m": 0.0},
    mean=Sum(
        2.2,
        (
            linear("nrs_leg_0", 0.3, 4),
            linear("depression", 0.5),
            linear("previous_spine_surgery", 0.5),
            *differ(risk=0.2, yearly=-0.03),
        ),
    ),
)
_SRS = FollowUp(
    score="srs22r_total", scale=0.27, step=0.01, low=1, high=5, loading=-0.75,
    visits={"3m": -0.2, "12m": 0.0, "24m": 0.0},
    mean=Sum(
        3.55, (linear("srs22r_total_0", 0.5, 2.8), linear("depression", -0.2), linear("previous_spine_surgery", -0.15),
               *differ(risk=-0.04, yearly=0.008)),
    ),
)  # fmt: skip
_EQ5D = FollowUp(
    score="eq5d_index", scale=0.11, step=0.001, low=-0.594, high=1, loading=-0.7,
    visits={"3m": -0.06, "12m": 0.0, "24m": 0.0},
    mean=Sum(
        0.64, (linear("eq5d_index_0", 0.3, 0.4), linear("depression", -0.08), *differ(risk=-0.015, yearly=0.003)),
    ),
)  # fmt: skip

_COMPLICATION = Sum(
    -2.5,
    (
        linear("age", 0.022, 61), level("asa_class", "2", 0.15), level("asa_class", "3", 0.6),
        level("asa_class", "4", 1.1), linear("bmi", 0.04, 27), linear("diabetes", 0.35),
        level("smoking", "current", 0.3), linear("planned_osteotomy", 0.7), linear("planned_pelvic_fixation", 0.3),
        linear("n_levels_planned", 0.07, 9), linear("osteoporosis", 0.2), level("planned_approach", "combined", 0.3),
        *differ(
            risk=0.12, yearly=-0.03, varying=linear("age", 0.004, 61),
            changing=linear("planned_osteotomy", -0.04, 0.15),
        ),
    ),
)  # fmt: skip

_REOPERATION = Reoperation(
    further=Hazard(
        column="reoperation_days",
        log_yearly=Sum(
            -2.75,
            (
                linear("_complication", 0.7), linear("_recovery", 0.4), linear("planned_osteotomy", 0.4),
                linear("n_levels_planned", 0.04, 9), linear("osteoporosis", 0.2), linear("_site_risk", 0.1),
            ),
        ),
    ),
    shape=0.6,
    returns={"surgical_site_infection_30d": 0.3, "haematoma_30d": 0.5},
)  # fmt: skip

_PJK = Flag(
    name="pjk",
    log_odds=Sum(
        -1.3, (linear("age", 0.02, 61), linear("osteoporosis", 0.5), linear("planned_pelvic_fixation", 0.4),
               linear("sva_mm", 0.004, 50), linear("bmi", 0.02, 27)),
    ),
)  # fmt: skip

_TRANSFUSION = Flag(
    name="transfusion_30d",
    log_odds=Sum(
        -0.5, (linear("planned_osteotomy", 0.9), linear("n_levels_planned", 0.12, 9), linear("age", 0.02, 61),
               level("sex", "female", 0.3), level("planned_approach", "combined", 0.3)),
    ),
)  # fmt: skip
_REFILL = make_refill(-1.6, linear("planned_osteotomy", 0.2))
_PSEUDARTHROSIS = Flag(
    name="pseudarthrosis",
    log_odds=Sum(
        -2.3, (level("smoking", "current", 0.6), linear("n_levels_planned", 0.06, 9), linear("bmi", 0.03, 27),
               linear("previous_spine_surgery", 0.3), linear("osteoporosis", 0.2)),
    ),
)  # fmt: skip

DEFORMITY = SyntheticCohort(
    name="deformity",
    predictors=_PREDICTORS,
    complication=_COMPLICATION,
    components={
        **COMPONENTS, "surgical_site_infection_30d": 0.24, "venous_thromboembolism_30d": 0.11, "haematoma_30d": 0.1,
        "pneumonia_30d": 0.14,
    },
    death=death_hazard(-5.0),
    reoperation=_REOPERATION,
    later={"24m": (_PJK,)},
    scores=(_ODI, _BACK, _LEG, _SRS, _EQ5D),
    improvements=(
        Improvement(outcome="odi_mcid_24m", score="odi", visit="24m", points=15),
        Improvement(outcome="odi_mcid_12m", score="odi", visit="12m", points=15),
        Improvement(outcome="srs22r_total_mcid_24m", score="srs22r_total", visit="24m", points=0.77, more=True),
        Improvement(outcome="eq5d_mcid_24m", score="eq5d_index", visit="24m", points=0.11, more=True),
    ),
    course=draw_course(
        log_minutes=Sum(5.6, (linear("n_levels_planned", 0.03, 9), linear("planned_osteotomy", 0.25))),
        log_blood_ml=Sum(6.7, (linear("n_levels_planned", 0.05, 9), linear("planned_osteotomy", 0.4))),
        log_nights=Sum(1.9, (linear("n_levels_planned", 0.02, 9), linear("planned_osteotomy", 0.15))),
        log_odds_tear=Sum(-3.6, (linear("planned_osteotomy", 0.6),)),
    ),
    aftermath=(
        *draw_forms_after(DEFORMITY_FORMS),
        *draw_forms_after(SRS_FORMS),
        *draw_srs_items("24m"),
        *draw_complications(transfusion=_TRANSFUSION, ventilated=-2.3, fused=everyone),
        *draw_injuries(nerve_root=-4.6, vascular=-5.8, cauda_equina=-5.8),
        *draw_deficits(-1.8, linear("planned_osteotomy", 0.6), linear("age", 0.02, 61)),
        *follow_leg_strength(),
        *draw_opioids(_REFILL),
        *draw_work(4.5, linear("planned_osteotomy", 0.2)),
        *draw_levels(same=0.8, adjacent=0.8, fused=everyone),
        *draw_junction(),
        *draw_fusion(
            _PSEUDARTHROSIS, fused=everyone,
            implants=Sum(-1.7, (linear("n_levels_planned", 0.05, 9), linear("planned_osteotomy", 0.4))),
            neighbours=Sum(-1.0, (linear("age", 0.02, 61),)),
        ),
        *draw_imaging("pjk_days", "pseudarthrosis_days"),
    ),
    risks=(
        Risk(outcome="opioid_refill_180d", flag=_REFILL), Risk(outcome="transfusion_30d", flag=_TRANSFUSION),
        Risk(outcome="pseudarthrosis_all_fused", flag=_PSEUDARTHROSIS), Risk(outcome="pjk", flag=_PJK),
    ),
    missing=(*missing_together({
        **MISSING, "coronal_cobb_deg": 0.05, "osteoporosis": 0.06, "odi_0": 0.03, "srs22r_total_0": 0.05,
        "pelvic_incidence_deg lumbar_lordosis_deg pi_ll_mismatch_deg pelvic_tilt_deg sva_mm": 0.1,
        "nrs_back_0": 0.03, "nrs_leg_0": 0.03, "proximal_junctional_angle_deg_0": 0.06,
        "lems_0": 0.05,
    }), miss_forms(DEFORMITY_FORMS, SRS_FORMS)),
)  # fmt: skip
