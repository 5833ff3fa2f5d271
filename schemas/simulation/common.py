"""What simulated patients of all cohorts have in common."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from schemas.simulation.specs import (
    Category,
    Computed,
    Draw,
    Flag,
    FloatArray,
    Hazard,
    Missing,
    Number,
    Sum,
    Term,
    Values,
    bend,
    level,
    linear,
)

BoolArray = npt.NDArray[np.bool_]

CERTAIN = 40.0
"""Log-odds of what must happen: the probability is 1 in double precision."""


def _weigh(values: Values) -> FloatArray:
    """Weight of a body mass index at a height, to the kilogram's tenth, as scales show it."""
    return np.asarray(np.round(values["bmi"] * (values["height_cm"] / 100) ** 2, 1))


_HEALTH: tuple[Draw, ...] = (
    Number(
        name="bmi", mean=Sum(3.275, (linear("_health", 0.05), linear("_drift_case_mix", 0.003))), sd=0.145, low=17,
        high=50, step=0.1, scale="log", stays=True,
    ),
    Number(
        name="height_cm", mean=Sum(165, (level("sex", "male", 13),)), sd=6.5, low=140, high=205, step=1, stays=True,
    ),
    Computed(name="weight_kg", value=_weigh, stays=True),
    Category(
        name="smoking", stays=True,
        levels={
            "never": Sum(0.6),
            "former": Sum(0.0, (linear("_age_first", 0.015, 57),)),
            "current": Sum(
                -0.4, (linear("_age_first", -0.03, 57), linear("_mix", 0.25), linear("_health", 0.2),
                       linear("_drift_case_mix", -0.06)),
            ),
        },
    ),
    Category(
        name="education", stays=True,
        levels={
            "primary": Sum(-0.3, (linear("_age_first", 0.02, 57),)),
            "secondary": Sum(0.4),
            "tertiary": Sum(0.0, (linear("_mix", -0.3),)),
        },
    ),
    Category(
        name="employment",
        levels={
            "working": Sum(0.0),
            "sick_leave": Sum(-0.7, (linear("_severity", 0.3),)),
            "unemployed": Sum(-2.2, (linear("_mix", 0.3),)),
            "retired": Sum(0.3, (linear("age", 0.25, 64),)),
            "disability": Sum(-1.6, (linear("_health", 0.5),)),
        },
    ),
    Flag(
        name="diabetes", log_odds=Sum(-2.4, (linear("_age_first", 0.025, 57), linear("_health", 0.6))),
        stays=True,
    ),
    Flag(name="hypertension", log_odds=Sum(-0.8, (linear("_age_first", 0.06, 57), linear("_health", 0.5)))),
    Flag(name="depression", log_odds=Sum(-1.6, (linear("_health", 0.5), linear("_mix", 0.2))), stays=True),
    Category(
        name="asa_class",
        levels={
            "1": Sum(0.3, (linear("age", -0.05, 57), linear("_health", -0.8))),
            "2": Sum(1.4),
            "3": Sum(0.0, (linear("age", 0.035, 57), linear("_health", 0.9), linear("_drift_case_mix", 0.04))),
            "4": Sum(-4.0, (linear("age", 0.05, 57), linear("_health", 1.3))),
        },
    ),
    Category(
        name="opioid_use",
        levels={
            "not_used": Sum(0.6),
            "intermittent": Sum(-0.3, (linear("_severity", 0.3),)),
            "daily": Sum(-1.0, (linear("_severity", 0.6), linear("_health", 0.3))),
        },
    ),
    Flag(
        name="previous_spine_surgery",
        log_odds=Sum(-1.5, (linear("_second", CERTAIN), linear("_health", 0.25), linear("_mix", 0.2))),
    ),
)  # fmt: skip


def draw_characteristics(*, mean_age: float, sd_age: float, female_log_odds: float) -> tuple[Draw, ...]:
    """Return the draws of the patient: they come first in every cohort."""
    return (
        Number(
            name="_age_first", mean=Sum(mean_age, (linear("_mix", 3.0), linear("_drift_case_mix", 0.25))), sd=sd_age,
            low=18, high=90, step=0, stays=True,
        ),
        Number(
            name="age", mean=Sum(0, (linear("_age_first", 1), linear("_years_since_first", 1))), sd=0, low=18,
            high=95, step=1,
        ),
        Number(name="_health", mean=Sum(0, (linear("_mix", 0.3),)), sd=1, low=-4, high=4, step=0, stays=True),
        Number(name="_severity", mean=Sum(0, (linear("_mix", 0.15),)), sd=1, low=-4, high=4, step=0),
        Category(name="sex", levels={"female": Sum(female_log_odds), "male": Sum(0)}, stays=True),
        *_HEALTH,
    )  # fmt: skip


def draw_duration(*terms: Term) -> Number:
    """Return the draw of the months with symptoms, longer by `terms` on the logarithm; it comes after the diagnosis."""
    return Number(
        name="symptom_duration_months", mean=Sum(2.4, (linear("age", 0.012, 57), *terms)), sd=1.0, low=0, high=240,
        step=1, scale="log",
    )  # fmt: skip


def death_hazard(log_yearly: float) -> Hazard:
    """Return the hazard of death, at `log_yearly` for a patient of 57 in ASA class 1 or 2, twice that for 30 days."""
    terms = (linear("age", 0.05, 57), level("asa_class", "3", 0.8), level("asa_class", "4", 1.5))
    return Hazard(column="death_days", log_yearly=Sum(log_yearly, terms), pace=((0, 2.0), (30, 1.0)))


def differ(
    *, risk: float, yearly: float, varying: Term | None = None, changing: Term | None = None
) -> tuple[Term, ...]:
    """Return the terms by which sites and years differ.

    Parameters
    ----------
    risk
        What one standard deviation between sites adds.
    yearly
        What each year adds.
    varying
        What one standard deviation between sites adds to the effect of a predictor.
    changing
        What each year adds to the effect of a predictor.
    """
    terms = (linear("_site_risk", risk), linear("_drift_risk", yearly))
    by_site = () if varying is None else (replace(varying, by="_site_effect"),)
    by_year = () if changing is None else (replace(changing, by="_drift_effects"),)
    return (*terms, *by_site, *by_year)


def draw_course(
    *, log_minutes: Sum, log_blood_ml: Sum, log_nights: Sum, log_odds_tear: Sum, not_home: tuple[Term, ...] = ()
) -> tuple[Draw, ...]:
    """Return what is known during and after the operation; it depends on the course that follows."""
    signs = (linear("_recovery", 0.15), linear("_complication", 0.35))
    nights = (*log_nights.terms, linear("_recovery", 0.25), linear("_complication", 0.7), bend("age", 0.012, 65, 5))
    return (
        Number(
            name="operative_minutes", mean=Sum(log_minutes.intercept, (*log_minutes.terms, *signs)), sd=0.3, low=15,
            high=900, step=1, scale="log",
        ),
        Number(
            name="blood_loss_ml", mean=Sum(log_blood_ml.intercept, (*log_blood_ml.terms, *signs)), sd=0.6, low=0,
            high=6000, step=10, scale="log",
        ),
        Flag(
            name="dural_tear",
            log_odds=Sum(
                log_odds_tear.intercept,
                (
                    *log_odds_tear.terms, linear("age", -0.005, 57), linear("previous_spine_surgery", 0.8),
                    linear("diabetes", 0.15), linear("_recovery", 0.3), linear("_complication", 0.5),
                ),
            ),
        ),
        Number(
            name="_nights", mean=Sum(log_nights.intercept, nights), sd=0.45, low=0, high=60, step=1,
            scale="log",
        ),
        Computed(name="length_of_stay_days", value=lambda values: np.fmin(values["_nights"], values["death_days"])),
        Category(
            name="_destination",
            levels={
                "home": Sum(0),
                "rehabilitation": Sum(
                    -3.7,
                    (
                        bend("age", 0.07, 60, 5), linear("length_of_stay_days", 0.12, 3), linear("_recovery", 0.3),
                        *not_home,
                    ),
                ),
                "nursing_home": Sum(-5.0, (bend("age", 0.11, 65, 5), linear("length_of_stay_days", 0.15, 3))),
            },
        ),
        Computed(
            name="discharge_destination",
            value=lambda values: np.where(died_in_hospital(values), "died", values["_destination"]).astype(object),
        ),
        Computed(
            name="discharge_date",
            value=lambda values: values["operation_date"] + values["length_of_stay_days"].astype("timedelta64[D]"),
        ),
        Flag(name="_readmission", log_odds=Sum(-3.85, (linear("_complication", 2.95), linear("_recovery", 0.2)))),
        Computed(
            name="readmission_30d",
            value=_readmit,
        ),
    )  # fmt: skip


def _readmit(values: Values) -> FloatArray:
    """Return who came back within 30 days of the operation: nobody who is still there; unknown if they died there."""
    back = np.where(values["length_of_stay_days"] < 30, values["_readmission"], 0.0)
    return np.where(died_in_hospital(values), np.nan, back)


def died_in_hospital(values: Values) -> BoolArray:
    """Mark those who did not leave the hospital alive, shape (n,)."""
    return np.asarray(values["death_days"] <= values["length_of_stay_days"])


def missing_together(shares: dict[str, float]) -> tuple[Missing, ...]:
    """Return one `Missing` per entry; a key may name several columns, separated by spaces."""
    return tuple(Missing(columns=tuple(names.split()), share=share) for names, share in shares.items())


COMPONENTS = {
    "surgical_site_infection_30d": 0.34,
    "urinary_tract_infection_30d": 0.22,
    "venous_thromboembolism_30d": 0.15,
    "pneumonia_30d": 0.1,
    "haematoma_30d": 0.06,
    "sepsis_30d": 0.07,
    "myocardial_infarction_30d": 0.03,
    "stroke_30d": 0.016,
}
"""Share of each component as the leading one among patients with any complication; death is among them always."""

MISSING = {
    "bmi height_cm weight_kg": 0.04,
    "education": 0.08,
    "employment": 0.06,
    "asa_class": 0.03,
    "opioid_use": 0.09,
    "symptom_duration_months": 0.11,
    "depression": 0.05,
    "eq5d_index_0": 0.07,
    "eq_vas_0": 0.09,
}
"""Share of patients in whom each predictor is not recorded."""
