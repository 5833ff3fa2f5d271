"""Indices of comorbidity and frailty; an index is known only if no unknown condition could change it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

Weights = tuple[Mapping[str, float], ...]
"""Groups of conditions with their weights; of a group only the heaviest condition that is present counts."""

CHARLSON_1987: Weights = (
    {"prior_mi": 1},
    {"heart_failure": 1},
    {"peripheral_vascular_disease": 1},
    {"cerebrovascular_disease": 1},
    {"dementia": 1},
    {"copd": 1},
    {"connective_tissue_disease": 1},
    {"peptic_ulcer": 1},
    {"mild_liver_disease": 1, "severe_liver_disease": 3},
    {"diabetes": 1, "diabetes_complicated": 2},
    {"hemiplegia": 2},
    {"moderate_severe_kidney_disease": 2},
    {"cancer": 2, "metastatic_cancer": 6},
    {"leukaemia": 2},
    {"lymphoma": 2},
    {"aids": 6},
)

QUAN_2011: Weights = (
    {"heart_failure": 2},
    {"dementia": 2},
    {"copd": 1},
    {"connective_tissue_disease": 1},
    {"mild_liver_disease": 2, "severe_liver_disease": 4},
    {"diabetes_complicated": 1},
    {"hemiplegia": 2},
    {"moderate_severe_kidney_disease": 1},
    # one item: any malignancy with leukaemia and lymphoma, and metastasis as its severer form
    {"cancer": 2, "leukaemia": 2, "lymphoma": 2, "metastatic_cancer": 6},
    {"aids": 4},
)
"""Five conditions of 1987 have the weight 0 and are not asked for."""


def list_conditions(weights: Weights) -> tuple[str, ...]:
    """Return the conditions of an index, in the order in which `compute_weighted_index` takes them."""
    return tuple(condition for group in weights for condition in group)


def compute_weighted_index(weights: Weights, *flags: pd.Series) -> pd.Series:
    """Sum the weights of the conditions that are present, the severer of paired ones only.

    Parameters
    ----------
    weights
        Groups of conditions.
    flags
        1, 0 or missing, each of shape (n,), in the order of `list_conditions`.

    Returns
    -------
    Series
        Shape (n,), float64; missing where the index with all unknown conditions absent differs from the one with all
        of them present.
    """
    given = dict(zip(list_conditions(weights), flags, strict=True))
    low = _weigh(weights, {name: flag.eq(1) for name, flag in given.items()})
    high = _weigh(weights, {name: flag.ne(0) for name, flag in given.items()})
    return low.where(low.eq(high))


def _weigh(weights: Weights, present: Mapping[str, pd.Series]) -> pd.Series:
    heaviest = [
        pd.concat([present[name] * float(weight) for name, weight in group.items()], axis=1).max(axis=1)
        for group in weights
    ]
    return pd.concat(heaviest, axis=1).sum(axis=1)


def compute_charlson_with_age(age: pd.Series, *flags: pd.Series) -> pd.Series:
    """Add to the index of 1987 a point per decade from 50 years on, at most 4; missing where the age is.

    Examples
    --------
    >>> healthy = [pd.Series([0.0, 0.0])] * len(list_conditions(CHARLSON_1987))
    >>> compute_charlson_with_age(pd.Series([49.0, 75.0]), *healthy).tolist()
    [0.0, 3.0]
    """
    points = (age // 10 - 4).clip(0, 4)
    return compute_weighted_index(CHARLSON_1987, *flags) + points


def compute_mfi5(
    heart_failure: pd.Series,
    diabetes: pd.Series,
    copd: pd.Series,
    hypertension: pd.Series,
    functional_status: pd.Series,
) -> pd.Series:
    """Count the five deficits of the modified frailty index; missing where any of them is."""
    dependent = functional_status.ne("independent").astype("float64").where(functional_status.notna())
    return heart_failure + diabetes + copd + hypertension + dependent


def compute_any(*flags: pd.Series) -> pd.Series:
    """Return 1 where one at least is present, 0 where all are known to be absent, else missing.

    Examples
    --------
    >>> compute_any(pd.Series([1, 0, 0]), pd.Series([None, 0, None])).tolist()
    [1.0, 0.0, nan]
    """
    table = pd.concat(list(flags), axis=1)
    present = table.eq(1).any(axis=1)
    return present.astype("float64").where(present | table.eq(0).all(axis=1))
