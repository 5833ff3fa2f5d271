"""The two models of the Swedish spine registry's dialogue support for lumbar disc herniation, at one year."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from pipelines.beside.published_model import PublishedModel
from pipelines.beside.published_recoding import (
    band,
    code_duration,
    code_levels,
    combine_any,
    keep_inside,
    read_number,
)

Array = npt.NDArray[np.float64]

SOURCE = (
    "Fritzell, Mesterton & Hagg 2022, Eur Spine J 31:889, doi 10.1007/s00586-021-07065-y; coefficients as in the "
    "tool's public repository, alex-berman/swespine-prediction-tool"
)


@dataclass(frozen=True, kw_only=True)
class Equation:
    """A linear predictor: constant, slopes of numbers and of yes (1), and one term per class counted from 0."""

    constant: float = 0.0
    slopes: Mapping[str, float]
    classes: Mapping[str, tuple[float, ...]]

    def compute(self, inputs: Mapping[str, Array]) -> Array:
        """Return the linear predictor, shape (n,); NaN where an input is unknown."""
        total: Array = np.asarray(self.constant + sum(slope * inputs[name] for name, slope in self.slopes.items()))
        for name, terms in self.classes.items():
            known = np.isfinite(inputs[name])
            positions = np.where(known, inputs[name], 0).astype(np.int64)
            total = total + np.where(known, np.asarray(terms)[positions], np.nan)
        return total


LEG_PAIN_THRESHOLDS = (1.10661659309414, 2.24957715814063, 2.87950171782969, 3.35447893227348)
"""Between the five answers on leg pain: gone, much better, somewhat better, unchanged, worse."""

LEG_PAIN = Equation(
    slopes={
        "AgeAtSurgery": 0.00175642679228849,
        "ODI": 0.0048294958769394,
        "NRSBackPain": 0.0501844968950709,
        "EQ5DIndex": 0.0733927998212026,
        "HasOtherIllness": 0.248611473517048,
        "HasSickPension": 0.125545023646184,
        "IsPreviouslyOperated": 0.306047253912472,
        "HasAgePension": 0.0657911876691256,
        "IsSmoker": 0.153059371562946,
        "IsUnemployed": 0.29495161374871,
    },
    classes={
        "DurationBackPain": (0.0, -0.12175099573692, -0.056684498281569, 0.0501009642711496, 0.0948873389324492),
        "DurationLegPain": (0.0, 0.53408496722642, 0.632123404368568, 0.894972652416364, 0.940214620362459),
        "AbilityWalking": (0.0, 0.0986657365936654, 0.114228110540825, 0.117428097119534),
    },
)

SATISFACTION = Equation(
    constant=2.62984,
    slopes={
        "AgeAtSurgery": -0.00135,
        "EQ5DIndex": -0.02402,
        "ODI": -0.00201,
        "NRSBackPain": -0.10706,
        "Female": -0.09044,
        "IsPreviouslyOperated": -0.55391,
        "IsSmoker": -0.41269,
        "IsUnemployed": -0.60218,
        "HasAgePension": -0.20986,
        "HasSickPension": -0.26903,
        "HasOtherIllness": -0.36066,
    },
    classes={
        "AbilityWalking": (0.0, -0.08214, -0.09474, 0.0296),
        "DurationBackPain": (0.0, 0.60621, 0.39161, -0.01405, 0.04897),
        "DurationLegPain": (0.0, -0.33736, -0.35186, -0.52956, -0.69438),
    },
)


def compute_leg_pain_answers(inputs: Mapping[str, Array]) -> Array:
    """Return the probability of each of the five answers on leg pain, shape (n, 5): an ordered probit."""
    worse = LEG_PAIN.compute(inputs)
    below = norm.cdf(np.array(LEG_PAIN_THRESHOLDS) - worse[:, None])
    n = len(worse)
    return np.diff(np.column_stack([np.zeros(n), below, np.ones(n)]), axis=1)


def predict_leg_pain(inputs: Mapping[str, Array]) -> Array:
    """Return the probability that leg pain is gone or much better, shape (n,)."""
    return np.asarray(norm.cdf(LEG_PAIN_THRESHOLDS[1] - LEG_PAIN.compute(inputs)))


def predict_satisfaction(inputs: Mapping[str, Array]) -> Array:
    """Return the probability of being satisfied, shape (n,)."""
    return np.asarray(expit(SATISFACTION.compute(inputs)))


WALKING_M = (100.0, 500.0, 1000.0)
"""Upper ends of the classes of walking distance; the end itself belongs to the class below it."""
EQ5D_RANGE = (-0.594, 1.0)
"""Of the value set of the United Kingdom, which the model takes; an index outside is of another set."""

EMPLOYMENT = ("working", "sick_leave", "unemployed", "retired", "disability")
OTHER_ILLNESS = ("heart_disease", "neurological_disease", "cancer", "copd", "rheumatoid_arthritis", "diabetes")
"""Yes where any is; the registry asks for heart and neurological disease, cancer, and others that impair walking or
hurt."""


def _code(column: str, codes: Mapping[str, float]) -> Callable[[pd.DataFrame], Array]:
    return lambda frame: code_levels(frame, column, codes)


def _is(column: str, level: str, levels: tuple[str, ...]) -> Callable[[pd.DataFrame], Array]:
    return _code(column, {one: float(one == level) for one in levels})


INPUTS: dict[str, Callable[[pd.DataFrame], Array]] = {
    "AgeAtSurgery": lambda frame: read_number(frame, "age"),
    "Female": _code("sex", {"female": 1.0, "male": 0.0}),
    "ODI": lambda frame: read_number(frame, "odi_0"),
    "NRSBackPain": lambda frame: read_number(frame, "nrs_back_0"),
    "EQ5DIndex": lambda frame: keep_inside(read_number(frame, "eq5d_index_0"), *EQ5D_RANGE),
    "AbilityWalking": lambda frame: band(read_number(frame, "walking_distance_m"), WALKING_M),
    "DurationLegPain": lambda frame: code_duration(frame, "leg"),
    "DurationBackPain": lambda frame: code_duration(frame, "back"),
    "IsSmoker": _is("smoking", "current", ("never", "former", "current")),
    "IsPreviouslyOperated": lambda frame: read_number(frame, "previous_spine_surgery"),
    "IsUnemployed": _is("employment", "unemployed", EMPLOYMENT),
    "HasSickPension": _is("employment", "disability", EMPLOYMENT),
    "HasAgePension": _is("employment", "retired", EMPLOYMENT),
    "HasOtherIllness": lambda frame: combine_any(frame, OTHER_ILLNESS),
}
"""Each input of the models, made of our columns."""

NEEDS = (
    ("age",), ("odi_0",), ("nrs_back_0",), ("eq5d_index_0",), ("walking_distance_m",),
    ("leg_pain_duration_class", "leg_pain_duration_months"), ("back_pain_duration_class", "back_pain_duration_months"),
    ("nrs_leg_0",), ("smoking",), ("previous_spine_surgery",), ("employment",), *((name,) for name in OTHER_ILLNESS),
)  # fmt: skip


def encode_leg_pain(frame: pd.DataFrame) -> dict[str, Array]:
    """Return the inputs of the model of leg pain, which does not ask for sex."""
    return {name: make(frame) for name, make in INPUTS.items() if name != "Female"}


def encode_satisfaction(frame: pd.DataFrame) -> dict[str, Array]:
    """Return the inputs of the model of satisfaction."""
    return {name: make(frame) for name, make in INPUTS.items()}


SWESPINE = (
    PublishedModel(
        name="swespine_leg_pain",
        title="Swespine, leg pain",
        text="Leg pain gone or much better one year after surgery for lumbar disc herniation; ordered probit.",
        source=SOURCE,
        horizon="12 months",
        outcomes=("leg_pain_much_better_12m",),
        related=("leg_pain_success_12m", "leg_pain_mcid_12m", "leg_pain_scb_12m", "gpe_success_12m"),
        needs=NEEDS,
        encode=encode_leg_pain,
        predict=predict_leg_pain,
    ),
    PublishedModel(
        name="swespine_satisfaction",
        title="Swespine, satisfaction",
        text="Satisfied with the result one year after surgery for lumbar disc herniation; logistic regression.",
        source=SOURCE,
        horizon="12 months",
        outcomes=("satisfied_12m",),
        related=("nass_satisfied_12m", "nass_met_expectations_12m", "gpe_success_12m"),
        needs=(*NEEDS, ("sex",)),
        encode=encode_satisfaction,
        predict=predict_satisfaction,
    ),
)
