"""Units in which a file may hold a number, and the factor to the unit of the dictionary."""

from __future__ import annotations

DAYS_PER_MONTH = 30.4375
"""Mean length of a month in the Julian year of 365.25 days."""

UNITS: dict[tuple[str, str], float] = {
    ("inches", "cm"): 2.54,
    ("feet", "cm"): 30.48,
    ("m", "cm"): 100.0,
    ("mm", "cm"): 0.1,
    ("cm", "mm"): 10.0,
    ("pounds", "kg"): 0.45359237,
    ("stones", "kg"): 6.35029318,
    ("g", "kg"): 0.001,
    ("weeks", "days"): 7.0,
    ("months", "days"): DAYS_PER_MONTH,
    ("years", "days"): 365.25,
    ("hours", "days"): 1 / 24,
    ("days", "months"): 1 / DAYS_PER_MONTH,
    ("weeks", "months"): 7 / DAYS_PER_MONTH,
    ("years", "months"): 12.0,
    ("days", "weeks"): 1 / 7,
    ("months", "weeks"): DAYS_PER_MONTH / 7,
    ("months", "years"): 1 / 12,
    ("days", "years"): 1 / 365.25,
    ("hours", "minutes"): 60.0,
    ("seconds", "minutes"): 1 / 60,
    ("minutes", "hours"): 1 / 60,
    ("l", "mL"): 1000.0,
    ("dl", "mL"): 100.0,
    ("g/l", "g/dl"): 0.1,
    ("g/dl", "g/l"): 10.0,
    ("fraction", "percent"): 100.0,
    ("points_of_50", "percent"): 2.0,
    ("mm_of_100", "points"): 0.1,
    ("mm_of_100", "points_of_10"): 0.1,
    ("cm_of_10", "points"): 1.0,
    ("cm_of_10", "points_of_10"): 1.0,
}
"""(unit in the file, unit of the dictionary): what a number of the file is multiplied with."""


def known_units(unit: str | None) -> tuple[str, ...]:
    """Return the units in which a file may hold a number whose dictionary unit is `unit`, that unit first."""
    if unit is None:
        return ()
    return (unit, *(given for given, wanted in UNITS if wanted == unit))


def compute_factor(given: str | None, wanted: str | None) -> float:
    """Return what numbers in the unit `given` are multiplied with to be in `wanted`; 1 without a unit of its own.

    Examples
    --------
    >>> compute_factor("inches", "cm")
    2.54
    """
    if given is None or wanted is None or given == wanted:
        return 1.0
    return UNITS[given, wanted]
