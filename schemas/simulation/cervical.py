"""The simulated cervical registry: radiculopathy and degenerative myelopathy."""

from __future__ import annotations

from schemas.simulation.aftermath import (
    answered,
    draw_complications,
    draw_deficits,
    draw_injuries,
    draw_opioids,
    draw_work,
    has,
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
    CERVICAL_FORMS,
    draw_forms_after,
    draw_forms_before,
    draw_recovery_rates,
    miss_forms,
)
from schemas.simulation.specs import (
    Category,
    Draw,
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
from schemas.simulation.structure import draw_fusion, draw_imaging, draw_levels


def _with_myelopathy(name: str, *, without: float, added: float) -> Flag:
    """Return a sign that is rare in pure radiculopathy."""
    terms = (
        level("cervical_diagnosis", "myelopathy", added), level("cervical_diagnosis", "myeloradiculopathy", added),
        linear("_severity", 0.3),
    )  # fmt: skip
    return Flag(name=name, log_odds=Sum(without, terms))


_PREDICTORS: tuple[Draw, ...] = (
    *draw_characteristics(mean_age=56, sd_age=12, female_log_odds=0.0),
    Category(
        name="cervical_diagnosis",
        levels={
            "radiculopathy": Sum(0.5, (linear("age", -0.05, 56),)),
            "myelopathy": Sum(0.0, (linear("age", 0.04, 56),)),
            "myeloradiculopathy": Sum(-0.9),
        },
    ),
    draw_duration(),
    _with_myelopathy("gait_impairment", without=-4.0, added=4.2),
    _with_myelopathy("hoffmann_sign", without=-2.8, added=3.2),
    _with_myelopathy("hand_clumsiness", without=-3.0, added=3.2),
    _with_myelopathy("cord_signal_change", without=-4.0, added=4.4),
    _with_myelopathy("motor_deficit", without=-0.9, added=0.4),
    Number(
        name="n_levels_planned", sd=0.7, low=1, high=6, step=1,
        mean=Sum(1.3, (bend("age", 0.03, 50, 5), level("cervical_diagnosis", "myelopathy", 0.6))),
    ),
    Category(
        name="planned_approach",
        levels={
            "anterior": Sum(2.2),
            "posterior": Sum(0.9, (linear("n_levels_planned", 0.8, 2),)),
            "combined": Sum(-2.5, (linear("n_levels_planned", 0.8, 2),)),
        },
    ),
    Flag(
        name="planned_fusion",
        log_odds=Sum(1.6, (level("planned_approach", "posterior", -1.2), level("planned_approach", "combined", 40))),
    ),
    Number(
        name="ndi_0", sd=12, low=4, high=96, step=2,
        mean=Sum(
            42, (linear("_severity", 8), level("opioid_use", "daily", 5), linear("depression", 4),
                 level("cervical_diagnosis", "myelopathy", -4)),
        ),
    ),
    Number(
        name="nrs_neck_0", sd=2.0, low=0, high=10, step=1,
        mean=Sum(5.6, (linear("_severity", 1.0), level("cervical_diagnosis", "myelopathy", -1.2))),
    ),
    Number(
        name="nrs_arm_0", sd=2.0, low=0, high=10, step=1,
        mean=Sum(6.0, (linear("_severity", 0.8), level("cervical_diagnosis", "myelopathy", -2.2))),
    ),
    Number(
        name="mjoa_0", sd=1.2, low=2, high=18, step=1, wider=(linear("gait_impairment", 0.6),),
        mean=Sum(
            17.0, (linear("_severity", -0.5), linear("gait_impairment", -2.6), linear("hand_clumsiness", -1.6),
                   linear("motor_deficit", -0.8), level("cervical_diagnosis", "myelopathy", -1.4),
                   level("cervical_diagnosis", "myeloradiculopathy", -1.4)),
        ),
    ),
    Number(
        name="eq5d_index_0", sd=0.18, low=-0.594, high=1, step=0.001,
        mean=Sum(0.44, (linear("_severity", -0.1), linear("ndi_0", -0.007, 42), linear("gait_impairment", -0.1))),
    ),
    Number(
        name="eq_vas_0", sd=17, low=0, high=100, step=1,
        mean=Sum(55, (linear("_severity", -4), linear("ndi_0", -0.3, 42), linear("_health", -3))),
    ),
    *draw_forms_before(CERVICAL_FORMS),
)  # fmt: skip

_NDI = FollowUp(
    score="ndi", scale=7.8, step=2, low=0, high=100, loading=0.85,
    visits={"6w": 5.0, "3m": 2.0, "6m": 0.8, "12m": 0.0, "24m": 0.5, "60m": 1.0},
    mean=Sum(
        16.5,
        (
            linear("ndi_0", 0.5, 42), level("smoking", "current", 3.0), linear("depression", 5.0),
            linear("previous_spine_surgery", 4.0), log("symptom_duration_months", 2.4, 11),
            level("opioid_use", "intermittent", 1.5), level("opioid_use", "daily", 5.0), bend("age", 0.2, 63, 5),
            linear("gait_impairment", 3.0), level("cervical_diagnosis", "myelopathy", 2.0),
            *differ(
                risk=1.3, yearly=-0.2, varying=linear("ndi_0", 0.06, 42), changing=linear("depression", -0.4, 0.2),
            ),
        ),
    ),
)  # fmt: skip
"""True nulls: sex, body mass index, hypertension, education, Hoffmann's sign, the approach and the number of levels."""

_NECK = FollowUp(
    score="nrs_neck", scale=1.3, step=1, low=0, high=10, loading=0.65, visits={"3m": 0.0, "12m": 0.0, "24m": 0.1},
    mean=Sum(
        2.5, (linear("nrs_neck_0", 0.45, 5), linear("depression", 0.6), log("symptom_duration_months", 0.3, 11),
              *differ(risk=0.2, yearly=-0.03)),
    ),
)  # fmt: skip
_ARM = FollowUp(
    score="nrs_arm", scale=1.3, step=1, low=0, high=10, loading=0.6, visits={"3m": -0.1, "12m": 0.0, "24m": 0.1},
    mean=Sum(
        2.0, (linear("nrs_arm_0", 0.35, 5), linear("depression", 0.5), log("symptom_duration_months", 0.3, 11),
              *differ(risk=0.2, yearly=-0.03)),
    ),
)  # fmt: skip
_MJOA = FollowUp(
    score="mjoa", scale=1.05, step=1, low=0, high=18, loading=-0.6,
    visits={"3m": -0.2, "6m": 0.0, "12m": 0.0, "24m": 0.0, "60m": -0.2},
    mean=Sum(
        17.1,
        (
            linear("mjoa_0", 0.5, 15), bend("age", -0.03, 60, 5), level("smoking", "current", -0.4),
            log("symptom_duration_months", -0.2, 11), linear("gait_impairment", -0.4), *differ(risk=-0.1, yearly=0.02),
        ),
    ),
)  # fmt: skip
_EQ5D = FollowUp(
    score="eq5d_index", scale=0.11, step=0.001, low=-0.594, high=1, loading=-0.7,
    visits={"3m": -0.02, "12m": 0.0, "24m": 0.0},
    mean=Sum(
        0.7, (linear("eq5d_index_0", 0.3, 0.4), linear("depression", -0.08), linear("gait_impairment", -0.05),
              *differ(risk=-0.015, yearly=0.003)),
    ),
)  # fmt: skip

_COMPLICATION = Sum(
    -3.5,
    (
        linear("age", 0.016, 57), level("asa_class", "2", 0.2), level("asa_class", "3", 0.65),
        level("asa_class", "4", 1.2), linear("bmi", 0.03, 27), linear("diabetes", 0.4),
        level("smoking", "current", 0.3), level("planned_approach", "posterior", 1.05),
        level("planned_approach", "combined", 1.5), linear("n_levels_planned", 0.2, 1), linear("gait_impairment", 0.3),
        *differ(
            risk=0.12, yearly=-0.03, varying=linear("age", 0.004, 57),
            changing=level("planned_approach", "posterior", -0.04),
        ),
    ),
)  # fmt: skip

_REOPERATION = Reoperation(
    further=Hazard(
        column="reoperation_days",
        log_yearly=Sum(
            -4.0,
            (
                linear("_complication", 1.0), linear("_recovery", 0.4), linear("n_levels_planned", 0.15, 2),
                level("smoking", "current", 0.3), linear("_site_risk", 0.1),
            ),
        ),
    ),
    shape=0.6,
    returns={"surgical_site_infection_30d": 0.3, "haematoma_30d": 0.8},
)  # fmt: skip

_C5_PALSY = Flag(
    name="c5_palsy",
    log_odds=Sum(
        -3.35, (level("planned_approach", "posterior", 0.8), level("planned_approach", "combined", 1.5),
                linear("n_levels_planned", 0.15, 2), linear("age", 0.01, 57)),
    ),
)  # fmt: skip

_FUSED = has("planned_fusion", 1.0)
_TRANSFUSION = Flag(
    name="transfusion_30d",
    log_odds=Sum(
        -5.2, (level("planned_approach", "posterior", 1.6), level("planned_approach", "combined", 2.6),
               linear("n_levels_planned", 0.4, 1), linear("age", 0.02, 57), level("asa_class", "3", 0.4),
               level("asa_class", "4", 0.8)),
    ),
)  # fmt: skip
_REFILL = make_refill(-2.3, linear("gait_impairment", 0.2))
_PSEUDARTHROSIS = Flag(
    name="pseudarthrosis",
    log_odds=Sum(
        -3.4, (level("smoking", "current", 0.6), linear("n_levels_planned", 0.75, 1), linear("diabetes", 0.2)),
    ),
)  # fmt: skip
_SWALLOWING = (
    level("planned_approach", "anterior", 1.8), level("planned_approach", "combined", 2.0),
    linear("n_levels_planned", 0.25, 1),
)  # fmt: skip
_DYSPHAGIA = Flag(name="dysphagia_3m", log_odds=Sum(-3.8, (*_SWALLOWING, level("sex", "female", 0.3))))
_VOICE = Flag(name="voice_problem_3m", log_odds=Sum(-4.4, _SWALLOWING))

CERVICAL = SyntheticCohort(
    name="cervical",
    predictors=_PREDICTORS,
    complication=_COMPLICATION,
    components={
        **COMPONENTS, "surgical_site_infection_30d": 0.25, "urinary_tract_infection_30d": 0.17, "haematoma_30d": 0.1,
    },
    death=death_hazard(-5.1),
    reoperation=_REOPERATION,
    later={"3m": (_C5_PALSY,)},
    scores=(_NDI, _NECK, _ARM, _MJOA, _EQ5D),
    improvements=(
        Improvement(outcome="ndi_mcid_12m", score="ndi", visit="12m", points=15),
        Improvement(outcome="ndi_mcid_3m", score="ndi", visit="3m", points=15),
        Improvement(outcome="ndi_mcid_24m", score="ndi", visit="24m", points=15),
        Improvement(outcome="neck_pain_mcid_12m", score="nrs_neck", visit="12m", points=2.5),
        Improvement(outcome="arm_pain_mcid_12m", score="nrs_arm", visit="12m", points=2.5),
        Improvement(outcome="eq5d_mcid_12m", score="eq5d_index", visit="12m", points=0.11, more=True),
    ),
    course=draw_course(
        log_minutes=Sum(4.4, (linear("n_levels_planned", 0.2, 1), level("planned_approach", "combined", 0.6))),
        log_blood_ml=Sum(3.9, (linear("n_levels_planned", 0.25, 1), level("planned_approach", "posterior", 0.9))),
        log_nights=Sum(0.5, (linear("n_levels_planned", 0.1, 1), level("planned_approach", "posterior", 0.5))),
        log_odds_tear=Sum(-5.2, (level("planned_approach", "posterior", 0.7),)),
        not_home=(linear("gait_impairment", 1.4), level("planned_approach", "posterior", 1.1)),
    ),
    aftermath=(
        *draw_forms_after(CERVICAL_FORMS),
        *draw_recovery_rates("joa_cervical", 17),
        *draw_complications(transfusion=_TRANSFUSION, ventilated=-3.4, fused=_FUSED),
        *draw_injuries(nerve_root=-6.0, vascular=-6.9),
        *draw_deficits(-4.4, linear("_complication", 0.6), linear("gait_impairment", 0.4), with_palsy=True),
        Given(drawn=_DYSPHAGIA, where=answered("3m")),
        Given(drawn=_VOICE, where=answered("3m")),
        *draw_opioids(_REFILL),
        *draw_work(3.8, linear("gait_impairment", 0.4), level("planned_approach", "posterior", 0.3)),
        *draw_levels(same=0.3, adjacent=0.5, fused=_FUSED),
        *draw_fusion(
            _PSEUDARTHROSIS, fused=_FUSED, rods=False, implants=Sum(-3.6, (level("smoking", "current", 0.4),)),
            neighbours=Sum(-1.4, (linear("age", 0.02, 57), linear("n_levels_planned", 0.15, 1))),
        ),
        *draw_imaging("pseudarthrosis_days"),
    ),
    risks=(
        Risk(outcome="opioid_refill_180d", flag=_REFILL), Risk(outcome="transfusion_30d", flag=_TRANSFUSION),
        Risk(outcome="pseudarthrosis", flag=_PSEUDARTHROSIS, among=_FUSED), Risk(outcome="c5_palsy", flag=_C5_PALSY),
        Risk(outcome="dysphagia_3m", flag=_DYSPHAGIA), Risk(outcome="voice_problem_3m", flag=_VOICE),
    ),
    missing=(
        *missing_together({
            **MISSING, "hoffmann_sign": 0.08, "cord_signal_change": 0.1, "ndi_0": 0.03, "nrs_neck_0": 0.03,
            "nrs_arm_0": 0.03, "mjoa_0": 0.06,
        }),
        miss_forms(CERVICAL_FORMS),
    ),
)  # fmt: skip
