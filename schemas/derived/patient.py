"""Derivations: the patient, indices of comorbidity, the stay and what came later."""

from __future__ import annotations

from functools import partial

import pandas as pd

from schemas.derivation import Derivation
from schemas.derived.comorbidity import (
    CHARLSON_1987,
    QUAN_2011,
    compute_any,
    compute_charlson_with_age,
    compute_mfi5,
    compute_weighted_index,
    list_conditions,
)
from schemas.derived.durations import compute_age, compute_days, compute_year


def compute_bmi(weight_kg: pd.Series, height_cm: pd.Series) -> pd.Series:
    """Return kg/m2, shape (n,).

    Examples
    --------
    >>> compute_bmi(pd.Series([81.0]), pd.Series([180.0])).tolist()
    [25.0]
    """
    metres = height_cm.where(height_cm > 0) / 100
    return weight_kg / metres**2


def compute_diabetes(treatment: pd.Series) -> pd.Series:
    """Return 1 for any drug for diabetes and 0 for none (diet alone is not told from health), shape (n,)."""
    return treatment.ne("no_diabetes").astype("float64").where(treatment.notna())


PATIENT = (
    Derivation(
        name="year", needs=("operation_date",), compute=compute_year, binding=True,
        text="Calendar year of the operation.",
    ),
    Derivation(
        name="age", needs=("birth_date", "operation_date"), compute=compute_age, tolerance=1,
        text="Completed years on the day of the operation.",
    ),
    Derivation(
        name="bmi", needs=("weight_kg", "height_cm"), compute=compute_bmi, tolerance=1, share=0.03, binding=True,
        text="Weight in kg by the square of the height in m.",
    ),
    Derivation(
        name="diabetes", needs=("diabetes_treatment",), compute=compute_diabetes,
        text="Any drug for diabetes.",
    ),
)  # fmt: skip

INDICES = (
    Derivation(
        name="charlson_index", needs=list_conditions(CHARLSON_1987),
        compute=partial(compute_weighted_index, CHARLSON_1987),
        text="Weights of 1987, of paired conditions the severer only.",
        source="Charlson 1987, J Chronic Dis 40:373",
    ),
    Derivation(
        name="charlson_index_quan", needs=list_conditions(QUAN_2011),
        compute=partial(compute_weighted_index, QUAN_2011),
        text="Weights of 2011, of paired conditions the severer only.",
        source="Quan 2011, Am J Epidemiol 173:676",
    ),
    Derivation(
        name="charlson_index_age", needs=("age", *list_conditions(CHARLSON_1987)), compute=compute_charlson_with_age,
        text="Weights of 1987, and a point per decade of age from 50 years on, at most 4.",
        source="Charlson 1994, J Clin Epidemiol 47:1245",
    ),
    Derivation(
        name="frailty_mfi5", needs=("heart_failure", "diabetes", "copd", "hypertension", "functional_status"),
        compute=compute_mfi5, text="Number of the four diseases, and one more where function is not independent.",
        source="Subramaniam 2018, J Am Coll Surg 226:173",
    ),
)  # fmt: skip

STAY = (
    Derivation(
        name="admission_to_operation_days", needs=("admission_date", "operation_date"), compute=compute_days,
        tolerance=1, binding=True, text="Days from admission to the operation.",
    ),
    Derivation(
        name="length_of_stay_days", needs=("operation_date", "discharge_date"), compute=compute_days,
        tolerance=1, binding=True, text="Days from the operation to discharge.",
    ),
    Derivation(
        name="total_stay_days", needs=("admission_date", "discharge_date"), compute=compute_days,
        tolerance=1, binding=True, text="Days from admission to discharge.",
    ),
)  # fmt: skip

LATER = (
    Derivation(
        name="surgical_site_infection_30d", binding=True, compute=compute_any,
        needs=("superficial_ssi_30d", "deep_ssi_30d", "organ_space_ssi_30d"), text="Any of the three kinds.",
    ),
    Derivation(
        name="venous_thromboembolism_30d", binding=True, compute=compute_any,
        needs=("deep_vein_thrombosis_30d", "pulmonary_embolism_30d"), text="Any of the two.",
    ),
    Derivation(
        name="death_days", needs=("operation_date", "death_date"), compute=compute_days, tolerance=1, binding=True,
        text="Days from the operation to death.",
    ),
    Derivation(
        name="follow_up_days", needs=("operation_date", "last_seen_date"), compute=compute_days, tolerance=1,
        binding=True, text="Days from the operation to the day on which the patient was last seen.",
    ),
)  # fmt: skip
