"""The simulated lumbar registry: disc herniation, stenosis, spondylolisthesis and disc degeneration."""

from __future__ import annotations

from schemas.simulation.aftermath import (
    draw_complications,
    draw_deficits,
    draw_injuries,
    draw_opioids,
    draw_work,
    has,
    make_refill,
)
from schemas.simulation.common import (
    CERTAIN,
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
    LUMBAR_FORMS,
    draw_forms_after,
    draw_forms_before,
    draw_recovery_rates,
    miss_forms,
)
from schemas.simulation.specs import (
    Category,
    Draw,
    FirstEvent,
    Flag,
    FollowUp,
    Given,
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
from schemas.simulation.structure import LEAST_RELIEF_DAYS, draw_fusion, draw_herniation, draw_imaging, draw_levels

_PREDICTORS: tuple[Draw, ...] = (
    *draw_characteristics(mean_age=55, sd_age=15, female_log_odds=0.0),
    Category(
        name="diagnosis",
        levels={
            "disc_herniation": Sum(0.4, (linear("age", -0.06, 55), level("sex", "male", 0.2))),
            "stenosis": Sum(0.2, (linear("age", 0.05, 55),)),
            "spondylolisthesis": Sum(-0.3, (linear("age", 0.02, 55), level("sex", "male", -0.5))),
            "disc_degeneration": Sum(
                0.0, (linear("age", 0.02, 55), bend("age", -0.14, 43, 5), level("sex", "male", -0.15),
                       level("smoking", "current", -0.7)),
            ),
        },
    ),
    draw_duration(level("diagnosis", "disc_degeneration", 1.0)),
    Flag(
        name="same_level_surgery",
        log_odds=Sum(-CERTAIN, (linear("previous_spine_surgery", CERTAIN + 0.4),)),
    ),
    Flag(name="motor_deficit", log_odds=Sum(-1.1, (level("diagnosis", "disc_herniation", 0.4),))),
    Flag(
        name="modic_change",
        log_odds=Sum(-0.7, (linear("age", 0.01, 55), level("diagnosis", "disc_degeneration", 1))),
    ),
    Category(
        name="planned_procedure",
        levels={
            "discectomy": Sum(-3.0, (level("diagnosis", "disc_herniation", 5.5),)),
            "decompression": Sum(
                0.0, (level("diagnosis", "stenosis", 2.2), level("diagnosis", "disc_degeneration", -2.5)),
            ),
            "fusion": Sum(-1.0, (level("diagnosis", "disc_degeneration", 2.0),)),
            "decompression_fusion": Sum(
                -0.4, (level("diagnosis", "spondylolisthesis", 1.4), linear("previous_spine_surgery", 0.4)),
            ),
        },
    ),
    Flag(
        name="planned_fusion",
        log_odds=Sum(
            -40, (level("planned_procedure", "fusion", 80), level("planned_procedure", "decompression_fusion", 80)),
        ),
    ),
    Number(
        name="n_levels_planned", mean=Sum(0.9, (bend("age", 0.02, 55, 5), level("diagnosis", "stenosis", 0.4))), sd=0.6,
        low=1, high=6, step=1,
    ),
    Number(
        name="odi_0", sd=13, low=4, high=96, step=2,
        mean=Sum(
            43, (linear("_severity", 8), level("opioid_use", "daily", 4), linear("motor_deficit", 3),
                 level("diagnosis", "disc_herniation", 3), level("diagnosis", "disc_degeneration", -1),
                 linear("depression", 3)),
        ),
    ),
    Number(
        name="nrs_back_0", sd=1.9, low=0, high=10, step=1,
        mean=Sum(
            5.6, (linear("_severity", 1.0), level("diagnosis", "disc_degeneration", 0.8),
                  level("diagnosis", "disc_herniation", 0.6)),
        ),
    ),
    Number(
        name="nrs_leg_0", sd=1.8, wider=(level("diagnosis", "disc_degeneration", 1.5),), low=0, high=10, step=1,
        mean=Sum(
            6.2, (linear("_severity", 0.9), level("diagnosis", "disc_herniation", 0.7),
                  level("diagnosis", "disc_degeneration", -1.9)),
        ),
    ),
    Number(
        name="eq5d_index_0", sd=0.18, low=-0.594, high=1, step=0.001,
        mean=Sum(0.36, (linear("_severity", -0.12), linear("odi_0", -0.008, 44), linear("depression", -0.06))),
    ),
    Number(
        name="eq_vas_0", sd=17, low=0, high=100, step=1,
        mean=Sum(49, (linear("_severity", -4), linear("odi_0", -0.3, 44), linear("_health", -3))),
    ),
    Given(
        drawn=Category(
            name="planned_fusion_technique",
            levels={"posterolateral": Sum(0.0), "plif": Sum(-0.2), "tlif": Sum(0.2), "alif": Sum(-1.0)},
        ),
        where=has("planned_fusion", 1.0),
    ),
    *draw_forms_before(LUMBAR_FORMS),
)  # fmt: skip

_SLOWER = (
    level("smoking", "current", 3.2), linear("depression", 5.0), linear("previous_spine_surgery", 5.0),
    log("symptom_duration_months", 2.2, 11), level("opioid_use", "intermittent", 1.5),
    level("opioid_use", "daily", 5.0), linear("bmi", 0.25, 27), bend("age", 0.22, 63, 5),
)  # fmt: skip
"""What goes with more disability after the operation, in points of the ODI. True nulls: sex, hypertension, education,
motor deficit, the number of levels and the planned procedure."""

_ODI = FollowUp(
    score="odi", scale=8.4, step=2, low=0, high=100, loading=0.85,
    visits={"6w": 5.0, "3m": 1.5, "6m": 0.5, "12m": 0.0, "24m": 0.5, "60m": 1.5},
    mean=Sum(
        16.6,
        (
            linear("odi_0", 0.46, 44), *_SLOWER, level("diagnosis", "disc_herniation", -4.5),
            level("diagnosis", "stenosis", 2.5), level("diagnosis", "spondylolisthesis", 1.0),
            level("diagnosis", "disc_degeneration", 4.0),
            *differ(
                risk=1.4, yearly=-0.25, varying=linear("odi_0", 0.06, 46), changing=linear("depression", -0.4, 0.2),
            ),
        ),
    ),
)  # fmt: skip
_LEG = FollowUp(
    score="nrs_leg", scale=1.55, step=1, low=0, high=10, loading=0.6,
    visits={"6w": -0.1, "3m": -0.2, "6m": -0.1, "12m": 0.0, "24m": 0.1, "60m": 0.3},
    mean=Sum(
        2.4,
        (
            linear("nrs_leg_0", 0.38, 6), level("smoking", "current", 0.4), linear("depression", 0.55),
            linear("previous_spine_surgery", 0.8), log("symptom_duration_months", 0.35, 11),
            level("opioid_use", "daily", 0.6), linear("bmi", 0.03, 27), bend("age", 0.03, 60, 5),
            level("diagnosis", "disc_herniation", -1.1), level("diagnosis", "stenosis", 0.4),
            level("diagnosis", "disc_degeneration", 0.6),
            *differ(
                risk=0.25, yearly=-0.04, varying=linear("nrs_leg_0", 0.05, 6.4),
                changing=linear("depression", -0.05, 0.2),
            ),
        ),
    ),
)  # fmt: skip
_BACK = FollowUp(
    score="nrs_back", scale=1.4, step=1, low=0, high=10, loading=0.65,
    visits={"6w": 0.1, "3m": -0.1, "6m": 0.0, "12m": 0.0, "24m": 0.1, "60m": 0.3},
    mean=Sum(
        2.85,
        (
            linear("nrs_back_0", 0.5, 6), level("smoking", "current", 0.4), linear("depression", 0.6),
            linear("previous_spine_surgery", 0.7), log("symptom_duration_months", 0.25, 11),
            level("opioid_use", "daily", 0.5), linear("bmi", 0.03, 27), level("diagnosis", "disc_herniation", -0.25),
            *differ(risk=0.2, yearly=-0.04),
        ),
    ),
)  # fmt: skip
_EQ5D = FollowUp(
    score="eq5d_index", scale=0.11, step=0.001, low=-0.594, high=1, loading=-0.7,
    visits={"3m": -0.02, "12m": 0.0, "24m": 0.0},
    mean=Sum(
        0.74,
        (
            linear("eq5d_index_0", 0.2, 0.36), linear("depression", -0.08), linear("previous_spine_surgery", -0.07),
            level("smoking", "current", -0.05), log("symptom_duration_months", -0.03, 11),
            level("diagnosis", "disc_herniation", 0.06), *differ(risk=-0.015, yearly=0.003),
        ),
    ),
)  # fmt: skip

_COMPLICATION = Sum(
    -3.43,
    (
        linear("age", 0.015, 57), level("asa_class", "2", 0.15), level("asa_class", "3", 0.55),
        level("asa_class", "4", 1.0), linear("bmi", 0.035, 27), linear("diabetes", 0.4),
        level("smoking", "current", 0.35), linear("planned_fusion", 0.95), linear("n_levels_planned", 0.2, 1),
        linear("previous_spine_surgery", 0.25), level("diagnosis", "disc_herniation", -0.3),
        *differ(
            risk=0.12, yearly=-0.03, varying=linear("age", 0.004, 57), changing=linear("planned_fusion", -0.04, 0.2),
        ),
    ),
)  # fmt: skip

_PACE = ((0, 1.5), (365, 0.5), (730, 0.15))
"""The disease comes back most in the first year, and less after the second one."""

_REHERNIATION = FirstEvent(
    horizons={"reherniation_24m": 730, "reherniation_12m": 365, "reherniation_60m": 1826},
    from_day=LEAST_RELIEF_DAYS,
    event=Hazard(
        column="reherniation_days", pace=_PACE,
        log_yearly=Sum(
            -3.4,
            (
                level("smoking", "current", 0.65), linear("bmi", 0.03, 27), linear("diabetes", 0.2),
                linear("modic_change", 0.45), linear("previous_spine_surgery", 0.3), linear("age", -0.008, 55),
                level("diagnosis", "stenosis", -0.8), level("diagnosis", "spondylolisthesis", -1.0),
                level("diagnosis", "disc_degeneration", -0.5), linear("planned_fusion", -0.3),
                *differ(
                    risk=0.15, yearly=-0.02, varying=level("smoking", "current", 0.2),
                    changing=linear("modic_change", -0.03, 0.3),
                ),
            ),
        ),
    ),
    competing=(
        Hazard(
            column="other_fusion_days", pace=_PACE,
            log_yearly=Sum(
                -5.7,
                (
                    level("diagnosis", "spondylolisthesis", 0.6), linear("previous_spine_surgery", 0.4),
                    linear("planned_fusion", -0.5),
                ),
            ),
        ),
    ),
)  # fmt: skip

_REOPERATION = Reoperation(
    further=Hazard(
        column="reoperation_days",
        log_yearly=Sum(
            -6.6,
            (
                linear("_complication", 1.0), linear("_recovery", 0.4), level("diagnosis", "disc_herniation", 1.1),
                linear("previous_spine_surgery", 0.3), linear("_site_risk", 0.1),
            ),
        ),
    ),
    shape=0.6,
    follows={"reherniation_days": 0.45, "other_fusion_days": 1.0},
    returns={"surgical_site_infection_30d": 0.3, "haematoma_30d": 0.6},
)  # fmt: skip

_FUSED = has("planned_fusion", 1.0)
_TRANSFUSION = Flag(
    name="transfusion_30d",
    log_odds=Sum(
        -4.4, (linear("planned_fusion", 2.6), linear("n_levels_planned", 0.4, 1), linear("age", 0.02, 57),
               level("asa_class", "3", 0.4), level("asa_class", "4", 0.8), level("sex", "female", 0.3)),
    ),
)  # fmt: skip
_DEFICITS = draw_deficits(-4.3, linear("_complication", 0.8), linear("dural_tear", 0.8))
_REFILL = make_refill(-2.3, linear("planned_fusion", 0.4))
_PSEUDARTHROSIS = Flag(
    name="pseudarthrosis",
    log_odds=Sum(
        -2.5, (level("smoking", "current", 0.7), linear("n_levels_planned", 0.3, 1), linear("diabetes", 0.3),
               linear("previous_spine_surgery", 0.3)),
    ),
)  # fmt: skip

LUMBAR = SyntheticCohort(
    name="lumbar",
    predictors=_PREDICTORS,
    complication=_COMPLICATION,
    components={
        **COMPONENTS, "surgical_site_infection_30d": 0.315, "haematoma_30d": 0.09, "venous_thromboembolism_30d": 0.14,
    },
    death=death_hazard(-5.3),
    first_event=_REHERNIATION,
    reoperation=_REOPERATION,
    scores=(_ODI, _LEG, _BACK, _EQ5D),
    improvements=(
        Improvement(outcome="odi_mcid_12m", score="odi", visit="12m", points=15),
        Improvement(outcome="leg_pain_mcid_12m", score="nrs_leg", visit="12m", points=2),
        Improvement(outcome="back_pain_mcid_12m", score="nrs_back", visit="12m", points=2),
        Improvement(outcome="odi_mcid_3m", score="odi", visit="3m", points=15),
        Improvement(outcome="odi_mcid_24m", score="odi", visit="24m", points=15),
        Improvement(outcome="leg_pain_mcid_24m", score="nrs_leg", visit="24m", points=2),
        Improvement(outcome="back_pain_mcid_24m", score="nrs_back", visit="24m", points=2),
        Improvement(outcome="odi_success_12m", score="odi", visit="12m", points=22),
        Improvement(outcome="leg_pain_success_12m", score="nrs_leg", visit="12m", points=4),
        Improvement(outcome="eq5d_mcid_12m", score="eq5d_index", visit="12m", points=0.11, more=True),
    ),
    course=draw_course(
        log_minutes=Sum(4.2, (linear("planned_fusion", 0.7), linear("n_levels_planned", 0.12, 1))),
        log_blood_ml=Sum(4.4, (linear("planned_fusion", 1.0), linear("n_levels_planned", 0.25, 1))),
        log_nights=Sum(0.6, (linear("planned_fusion", 0.7), linear("n_levels_planned", 0.08, 1))),
        log_odds_tear=Sum(-4.2, (level("diagnosis", "stenosis", 1.3), level("diagnosis", "spondylolisthesis", 1.4))),
        not_home=(linear("planned_fusion", 0.8),),
    ),
    aftermath=(
        *draw_forms_after(LUMBAR_FORMS),
        *draw_recovery_rates("joa_lumbar", 29),
        *draw_complications(transfusion=_TRANSFUSION, ventilated=-3.6, fused=_FUSED),
        *draw_injuries(nerve_root=-5.9, vascular=-6.9, cauda_equina=-6.2),
        *_DEFICITS,
        *draw_opioids(_REFILL),
        *draw_work(3.6, linear("planned_fusion", 0.45), level("diagnosis", "disc_herniation", -0.2)),
        *draw_levels(same=0.9, adjacent=0.5, fused=_FUSED),
        *draw_herniation(),
        *draw_fusion(
            _PSEUDARTHROSIS, fused=_FUSED, implants=Sum(-3.2, (level("smoking", "current", 0.4),)),
            neighbours=Sum(-1.6, (linear("age", 0.02, 60), linear("n_levels_planned", 0.2, 1))),
        ),
        *draw_imaging("pseudarthrosis_days"),
    ),
    risks=(
        Risk(outcome="opioid_refill_180d", flag=_REFILL), Risk(outcome="transfusion_30d", flag=_TRANSFUSION),
        Risk(outcome="pseudarthrosis", flag=_PSEUDARTHROSIS, among=_FUSED),
    ),
    missing=(
        *missing_together({
            **MISSING, "same_level_surgery": 0.04, "motor_deficit": 0.03, "modic_change": 0.1, "odi_0": 0.03,
            "nrs_back_0": 0.03, "nrs_leg_0": 0.03,
        }),
        miss_forms(LUMBAR_FORMS),
    ),
)  # fmt: skip
