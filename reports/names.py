"""Readable names of predictors and their levels, for axes and tables; the dictionary's text stays the definition."""

from __future__ import annotations

import re
from collections.abc import Mapping

ACRONYMS = frozenset(
    {
        "asa",
        "bmi",
        "copd",
        "eq",
        "jss",
        "koos",
        "hoos",
        "mfi5",
        "mjoa",
        "ndi",
        "nrs",
        "odi",
        "oks",
        "pi",
        "ll",
        "srs",
        "srs22r",
        "sva",
        "vas",
    }
)
SPELLED = {"eq5d": "EQ-5D"}
"""Names that are written with more than capitals."""
TIMED = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)*_(?:0|\d+[dwmy])\b")
"""A column of a visit, which a text of the run may name."""
TIMES = {
    "0": "at baseline",
    "3m": "at 3 months",
    "6m": "at 6 months",
    "12m": "at 12 months",
    "24m": "at 24 months",
    "30d": "within 30 days",
}
UNIT_SUFFIXES = {"deg": "degrees", "mm": "mm", "cm": "cm", "kg": "kg", "ml": "mL", "months": "months", "days": "days"}
FLAG_LEVELS = {"0": "no", "1": "yes", "0.0": "no", "1.0": "yes"}


def name_in_words(name: str, unit: str | None) -> str:
    """Return a column's name as a title with its unit.

    Examples
    --------
    >>> name_in_words("odi_0", "percent")
    'ODI at baseline (percent)'
    >>> name_in_words("symptom_duration_months", "months")
    'Symptom duration (months)'
    """
    parts = name.split("_")
    if len(parts) > 1 and unit and UNIT_SUFFIXES.get(parts[-1]) == unit:
        parts = parts[:-1]
    time = TIMES.get(parts[-1], "") if len(parts) > 1 else ""
    words = " ".join(_spell(part) for part in (parts[:-1] if time else parts))
    words = words[:1].upper() + words[1:]
    return " ".join(part for part in (words, time, f"({unit.replace('_', ' ')})" if unit else "") if part)


def _spell(part: str) -> str:
    return part.upper() if part in ACRONYMS else SPELLED.get(part, part)


def columns_in_words(text: str, titles: Mapping[str, str]) -> str:
    """Return a text of the run with titles in the place of the columns of visits that it names.

    Examples
    --------
    >>> columns_in_words("oks_0 not recorded", {})
    'OKS at baseline not recorded'
    """
    return TIMED.sub(lambda found: titles.get(found[0]) or name_in_words(found[0], None), text)


def level_in_words(level: str, *, kind: str = "category") -> str:
    """Return a level as text: flags as no and yes, underscores as spaces."""
    if kind == "flag":
        return FLAG_LEVELS.get(level, level)
    return level.replace("_", " ")
