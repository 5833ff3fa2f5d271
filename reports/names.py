"""Readable names of predictors and their levels, for axes and tables; the dictionary's text stays the definition."""

from __future__ import annotations

ACRONYMS = frozenset(
    {
        "asa",
        "bmi",
        "copd",
        "eq",
        "eq5d",
        "jss",
        "koos",
        "hoos",
        "mfi5",
        "mjoa",
        "ndi",
        "nrs",
        "odi",
        "pi",
        "ll",
        "srs",
        "srs22r",
        "sva",
    }
)
TIMES = {"0": "at baseline", "3m": "at 3 months", "12m": "at 12 months", "24m": "at 24 months", "30d": "within 30 days"}
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
    return part.upper() if part in ACRONYMS else part


def level_in_words(level: str, *, kind: str = "category") -> str:
    """Return a level as text: flags as no and yes, underscores as spaces."""
    if kind == "flag":
        return FLAG_LEVELS.get(level, level)
    return level.replace("_", " ")
