"""Rules: scores in one unit; made for every visit of the dictionary."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.derived.scores import ENDINGS
from schemas.dictionary.scores import INSTRUMENT_SCORES
from schemas.rule import Rule

Mask = npt.NDArray[np.bool_]

HIGHEST_OF_TEN = 10.0
HIGHEST_OF_HUNDRED = 100.0
TENS = tuple(score.name for score in INSTRUMENT_SCORES if score.name.startswith("nrs_"))
MILLIMETRES = tuple(score.name for score in INSTRUMENT_SCORES if score.unit == "mm_of_100")
PERCENTAGES = ("odi", "ndi")

LEAST_ANSWERS = 20
SHARE_UP_TO_TEN = 0.95
MIDDLE_IN_CM = 3.0
MIDDLE_ELSEWHERE = 30.0
"""A site or a year is in cm where it has so many answers, such a share of them up to 10, half of them at least from 3
on, and more than half of all other answers above 30. Answers in mm that are low for want of pain lie at 0 to 2."""


def _is_above_ten_in_part(rows: pd.DataFrame, name: str) -> pd.Series:
    """Mark values above 10 where others are 10 or less: some may be in mm, and 8 mm cannot be told from 8 of 10."""
    values = rows[name]
    above = values.gt(HIGHEST_OF_TEN) & values.le(HIGHEST_OF_HUNDRED)
    return above & bool(values.between(0, HIGHEST_OF_TEN).any())


def _is_fraction(rows: pd.DataFrame, name: str) -> pd.Series:
    """Mark what lies between 0 and 1: the lowest percentage above 0 is 2."""
    return rows[name].gt(0) & rows[name].lt(1)


def _is_in_cm(rows: pd.DataFrame, name: str) -> pd.Series:
    """Mark the answers of the sites, and those of the years, that are in cm while the others are in mm."""
    values = rows[name].to_numpy()
    known = (values >= 0) & (values <= HIGHEST_OF_HUNDRED)
    broken = np.zeros(len(rows), dtype=np.bool_)
    few = np.count_nonzero(known & (values <= HIGHEST_OF_TEN)) < LEAST_ANSWERS
    if not few and (known & (values > MIDDLE_ELSEWHERE)).any():
        for group in _list_groups(rows):
            broken |= _find_groups_in_cm(values, known, group)
    return pd.Series(broken, index=rows.index)


def _list_groups(rows: pd.DataFrame) -> list[npt.NDArray[np.intp]]:
    """Return site and year of each row as numbers, 0 where it is unknown."""
    groups = [rows[name] for name in ("site", "year") if name in rows]
    if "year" not in rows and "operation_date" in rows:
        groups.append(rows["operation_date"].dt.year)
    return [pd.factorize(group)[0] + 1 for group in groups]


def _find_groups_in_cm(values: npt.NDArray[np.float64], known: Mask, group: npt.NDArray[np.intp]) -> Mask:
    size = int(group.max(initial=0)) + 1
    count, up_to_ten, from_three = (
        np.bincount(group[rows], minlength=size)
        for rows in (known, known & (values <= HIGHEST_OF_TEN), known & (values >= MIDDLE_IN_CM))
    )
    in_cm = (count >= LEAST_ANSWERS) & (up_to_ten >= SHARE_UP_TO_TEN * count) & (2 * from_three >= count)
    in_cm[0] = False
    elsewhere = known & ~in_cm[group]
    n_above = np.count_nonzero(elsewhere & (values > MIDDLE_ELSEWHERE))
    if 2 * n_above <= np.count_nonzero(elsewhere):
        return np.zeros(len(values), dtype=np.bool_)
    return known & in_cm[group]


def _of_ten(name: str) -> Rule:
    return Rule(
        name=f"{name}_in_one_unit",
        columns=(name,),
        text="must be in one unit, points from 0 to 10; the values up to 10 in other rows may be in mm as well",
        broken=partial(_is_above_ten_in_part, name=name),
    )


def _in_mm(name: str) -> Rule:
    return Rule(
        name=f"{name}_in_one_unit",
        columns=(name,),
        further=("site", "year", "operation_date"),
        text="must be in one unit, mm from 0 to 100; those of the site or the year seem to be in cm",
        broken=partial(_is_in_cm, name=name),
    )


def _in_percent(name: str) -> Rule:
    return Rule(
        name=f"{name}_in_percent",
        columns=(name,),
        text="must be in percent, and no percentage lies between 0 and 1; it seems to be a fraction",
        broken=partial(_is_fraction, name=name),
    )


UNITS_OF_SCORES = (
    *(_of_ten(f"{stem}_{ending}") for stem in TENS for ending in ENDINGS),
    *(_in_mm(f"{stem}_{ending}") for stem in MILLIMETRES for ending in ENDINGS),
    *(_in_percent(f"{stem}_{ending}") for stem in PERCENTAGES for ending in ENDINGS),
)
