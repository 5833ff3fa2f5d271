"""Rules: scores in one unit and one version, after no death; made for every visit of the dictionary."""

from __future__ import annotations

from functools import partial

import pandas as pd

from schemas.derived.scores import ENDINGS
from schemas.dictionary.proms import VISITS
from schemas.dictionary.scores import INSTRUMENT_SCORES
from schemas.rule import Rule
from schemas.visits import TARGETS

HIGHEST_OF_TEN = 10.0
HIGHEST_OF_HUNDRED = 100.0
BENZEL = "benzel18"
MYELOPATHY = ("mjoa", "mjoa_ue_motor", "mjoa_le_motor", "mjoa_ue_sensory", "mjoa_sphincter")
PAINS = tuple(score.name for score in INSTRUMENT_SCORES if score.name.startswith("nrs_"))
PERCENTAGES = ("odi", "ndi")


def _is_above_ten_in_part(rows: pd.DataFrame, name: str) -> pd.Series:
    """Mark values above 10 where others are 10 or less: some may be in mm, and 8 mm cannot be told from 8 of 10."""
    values = rows[name]
    above = values.gt(HIGHEST_OF_TEN) & values.le(HIGHEST_OF_HUNDRED)
    return above & bool(values.between(0, HIGHEST_OF_TEN).any())


def _is_fraction(rows: pd.DataFrame, name: str) -> pd.Series:
    """Mark what lies between 0 and 1: the lowest percentage above 0 is 2."""
    return rows[name].gt(0) & rows[name].lt(1)


def _is_of_other_version(rows: pd.DataFrame, name: str) -> pd.Series:
    other = rows["mjoa_variant"].notna() & rows["mjoa_variant"].ne(BENZEL)
    return rows[name].notna() & other


def _is_answered_by_the_dead(rows: pd.DataFrame, name: str, least: float) -> pd.Series:
    return rows[name].notna() & (rows["death_days"] < least)


def _one_unit(name: str) -> Rule:
    return Rule(
        name=f"{name}_in_one_unit",
        columns=(name,),
        text="must be in one unit, points from 0 to 10; the values up to 10 in other rows may be in mm as well",
        broken=partial(_is_above_ten_in_part, name=name),
    )


def _in_percent(name: str) -> Rule:
    return Rule(
        name=f"{name}_in_percent",
        columns=(name,),
        text="must be in percent, and no percentage lies between 0 and 1; it seems to be a fraction",
        broken=partial(_is_fraction, name=name),
    )


def _of_benzel(name: str) -> Rule:
    return Rule(
        name=f"{name}_of_benzel",
        columns=(name, "mjoa_variant"),
        text="must be blank where mjoa_variant is not benzel18",
        broken=partial(_is_of_other_version, name=name),
    )


def _in_life(stem: str, ending: str) -> Rule:
    least = TARGETS[ending] / 2
    return Rule(
        name=f"{stem}_{ending}_in_life",
        columns=(f"{stem}_{ending}", "death_days"),
        text=f"must be blank where death_days is below {least:g}",
        broken=partial(_is_answered_by_the_dead, name=f"{stem}_{ending}", least=least),
    )


UNITS_OF_SCORES = (
    *(_one_unit(f"{stem}_{ending}") for stem in PAINS for ending in ENDINGS),
    *(_in_percent(f"{stem}_{ending}") for stem in PERCENTAGES for ending in ENDINGS),
)
VERSIONS = tuple(_of_benzel(f"{stem}_{ending}") for stem in MYELOPATHY for ending in ENDINGS)
LIFE = tuple(_in_life(score.name, ending) for score in INSTRUMENT_SCORES for ending, _ in VISITS)
"""A score of the dead, half the time to the visit earlier or more, is another patient's."""
