"""Rules: scores of one version, and after no death; made for every visit of the dictionary."""

from __future__ import annotations

from functools import partial

import pandas as pd

from schemas.derived.scores import ENDINGS
from schemas.dictionary.items import ITEMS
from schemas.dictionary.proms import VISITS
from schemas.dictionary.scores import INSTRUMENT_SCORES
from schemas.rule import Rule
from schemas.visits import WINDOWS

BENZEL = "benzel18"
MYELOPATHY = ("mjoa", "mjoa_ue_motor", "mjoa_le_motor", "mjoa_ue_sensory", "mjoa_sphincter")
HEALTH = tuple(item.name for item in ITEMS if item.name.startswith("eq5d_"))
THREE_LEVELS = "3l"


def _is_of_other_version(rows: pd.DataFrame, name: str) -> pd.Series:
    other = rows["mjoa_variant"].notna() & rows["mjoa_variant"].ne(BENZEL)
    return rows[name].notna() & other


def _is_above_three(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name].gt(3) & rows["eq5d_version"].eq(THREE_LEVELS)


def _is_answered_by_the_dead(rows: pd.DataFrame, name: str, days: str, first: float) -> pd.Series:
    """Mark a score after death; a visit of unknown day may be of the first day of its window."""
    visit = rows[days].fillna(first) if days in rows else first
    return rows[name].notna() & (rows["death_days"] < visit)


def _of_benzel(name: str) -> Rule:
    return Rule(
        name=f"{name}_of_benzel",
        columns=(name, "mjoa_variant"),
        text="must be blank where mjoa_variant is not benzel18",
        broken=partial(_is_of_other_version, name=name),
    )


def _of_three_levels(name: str) -> Rule:
    return Rule(
        name=f"{name}_of_three_levels",
        columns=(name, "eq5d_version"),
        text="must be at most 3 where eq5d_version is 3l",
        broken=partial(_is_above_three, name=name),
    )


def _in_life(stem: str, ending: str) -> Rule:
    name, days, first = f"{stem}_{ending}", f"visit_days_{ending}", float(WINDOWS[ending][0])
    return Rule(
        name=f"{name}_in_life",
        columns=(name, "death_days"),
        further=(days,),
        text=f"must be blank where death_days is below {days}, or below {first:g} where that is unknown",
        broken=partial(_is_answered_by_the_dead, name=name, days=days, first=first),
    )


VERSIONS = (
    *(_of_benzel(f"{stem}_{ending}") for stem in MYELOPATHY for ending in ENDINGS),
    *(_of_three_levels(f"{stem}_{ending}") for stem in HEALTH for ending in ENDINGS),
)
LIFE = tuple(_in_life(score.name, ending) for score in INSTRUMENT_SCORES for ending, _ in VISITS)
"""A score of the dead is another patient's, or of another day."""
