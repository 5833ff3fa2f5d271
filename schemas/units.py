"""Units in which a file may hold a number, and how it is brought to the unit of the dictionary.

Where a conversion depends on the substance, the unit in the file names it: ``umol/l creatinine``.
"""

from __future__ import annotations

import math
from typing import TypeVar

import pandas as pd

Numbers = TypeVar("Numbers", float, pd.Series)
Factors = dict[tuple[str, str], float]

DAYS_PER_MONTH = 30.4375
"""Mean length of a month in the Julian year of 365.25 days."""

BODY: Factors = {
    ("inches", "cm"): 2.54,  # exact, international yard and pound agreement of 1959
    ("feet", "cm"): 30.48,
    ("m", "cm"): 100.0,
    ("mm", "cm"): 0.1,
    ("km", "m"): 1000.0,
    ("feet", "m"): 0.3048,
    ("yards", "m"): 0.9144,
    ("m", "km"): 0.001,
    ("miles", "km"): 1.609344,
    ("newtons", "kg"): 1 / 9.80665,  # of a grip, by standard gravity
    ("pounds", "kg"): 0.45359237,  # exact, international yard and pound agreement of 1959
    ("ounces", "kg"): 0.45359237 / 16,
    ("stones", "kg"): 6.35029318,
    ("g", "kg"): 0.001,
}

IMAGING: Factors = {
    ("cm", "mm"): 10.0,
    ("inches", "mm"): 25.4,
    ("m", "mm"): 1000.0,
    ("cm2", "mm2"): 100.0,
    ("radians", "degrees"): 180 / math.pi,
    ("mm2/s", "um2/ms"): 1000.0,
}

TIME: Factors = {
    ("hours", "days"): 1 / 24,
    ("weeks", "days"): 7.0,
    ("months", "days"): DAYS_PER_MONTH,
    ("years", "days"): 365.25,
    ("days", "weeks"): 1 / 7,
    ("months", "weeks"): DAYS_PER_MONTH / 7,
    ("years", "weeks"): 365.25 / 7,
    ("days", "months"): 1 / DAYS_PER_MONTH,
    ("weeks", "months"): 7 / DAYS_PER_MONTH,
    ("years", "months"): 12.0,
    ("days", "years"): 1 / 365.25,
    ("weeks", "years"): 7 / 365.25,
    ("months", "years"): 1 / 12,
    ("seconds", "minutes"): 1 / 60,
    ("hours", "minutes"): 60.0,
    ("seconds", "hours"): 1 / 3600,
    ("minutes", "hours"): 1 / 60,
    ("ms", "seconds"): 0.001,
    ("minutes", "seconds"): 60.0,
}

AMOUNT: Factors = {
    ("l", "mL"): 1000.0,
    ("dl", "mL"): 100.0,
    ("cl", "mL"): 10.0,
    ("g", "mg"): 1000.0,
    ("ug", "mg"): 0.001,
}

LABORATORY: Factors = {
    ("g/l", "g/dl"): 0.1,
    ("g/dl", "g/l"): 10.0,
    # haemoglobin as its monomer, 16.114 g/mmol
    ("mmol/l haemoglobin", "g/dl"): 1.6114,
    # albumin, 66.5 g/mmol
    ("umol/l albumin", "g/dl"): 0.00665,
    # 113.12 g/mol: 1 mg/dl is 88.4 umol/l; Young 1987, Ann Intern Med 106:114
    ("umol/l creatinine", "mg/dl"): 1 / 88.4,
    ("mmol/l creatinine", "mg/dl"): 1000 / 88.4,
    # 584.66 g/mol: 1 mg/dl is 17.1 umol/l; Young 1987
    ("umol/l bilirubin", "mg/dl"): 1 / 17.1,
    # urea carries two nitrogen atoms, 28.01 of its 60.06 g/mol: 1 mmol/l is 2.8 mg/dl of urea nitrogen
    ("mmol/l urea", "mg/dl"): 2.8,
    ("mg/dl urea", "mg/dl"): 28.01 / 60.06,
    # glucose, 180.16 g/mol
    ("mmol/l glucose", "mg/dl"): 18.016,
    ("mg/dl", "mg/l"): 10.0,
    ("mg/l", "mg/dl"): 0.1,
    # 25-hydroxyvitamin D, 400.64 g/mol
    ("nmol/l vitamin_d", "ng/ml"): 0.40064,
    # IFCC (mmol/mol) to NGSP (percent), the master equation of Hoelzel 2004, Clin Chem 50:166; see OFFSETS
    ("mmol/mol hba1c", "percent"): 0.09148,
    ("meq/l", "mmol/l"): 1.0,  # ions of one charge: sodium, potassium
    ("1e9/l", "1e3/ul"): 1.0,
    ("1e6/l", "1e3/ul"): 0.001,
    ("per_ul", "1e3/ul"): 0.001,
    ("ukat/l", "U/l"): 60.0,  # exact: 1 katal is 1 mol/s, 1 unit 1 umol/min
    ("nkat/l", "U/l"): 0.06,
}

SCORES: Factors = {
    ("fraction", "percent"): 100.0,
    ("percent", "fraction"): 0.01,
    ("percent", "ratio"): 0.01,
    ("points_of_50", "percent"): 2.0,  # raw ODI or NDI, all ten items answered
    ("points_of_45", "percent"): 100 / 45,  # raw ODI or NDI of nine items answered
    ("mm_of_100", "points"): 0.1,
    ("mm_of_100", "points_of_10"): 0.1,
    ("mm_of_100", "points_of_100"): 1.0,
    ("cm_of_10", "mm_of_100"): 10.0,
    ("cm_of_10", "points"): 1.0,
    ("cm_of_10", "points_of_10"): 1.0,
    ("cm_of_10", "points_of_100"): 10.0,
    ("points_of_100", "points_of_10"): 0.1,
    ("points_of_10", "points_of_100"): 10.0,
    ("percent", "points_of_10"): 0.1,
    ("percent", "points_of_100"): 1.0,
    ("fraction", "points_of_100"): 100.0,
    ("points_of_110", "points_of_5"): 1 / 22,  # raw SRS-22r, 22 to 110, all items answered
    ("fraction", "points_of_5"): 5.0,  # mFI-5 as a share of its five items
    ("percent", "points_of_24"): 0.24,
    ("percent", "points_of_30"): 0.3,
}

UNITS: Factors = {**BODY, **IMAGING, **TIME, **AMOUNT, **LABORATORY, **SCORES}
"""(unit in the file, unit of the dictionary): what a number of the file is multiplied with."""

OFFSETS: Factors = {
    ("mmol/mol hba1c", "percent"): 2.152,  # Hoelzel 2004
}
"""(unit in the file, unit of the dictionary): what is added after that; nothing for the other units."""


def known_units(unit: str | None) -> tuple[str, ...]:
    """Return the units in which a file may hold a number whose dictionary unit is `unit`, that unit first."""
    if unit is None:
        return ()
    return (unit, *(given for given, wanted in UNITS if wanted == unit))


def convert_unit(numbers: Numbers, given: str | None, wanted: str | None) -> Numbers:
    """Return numbers of the unit `given` in the unit `wanted`; as they are without a unit of their own.

    Examples
    --------
    >>> convert_unit(10.0, "inches", "cm")
    25.4
    >>> round(convert_unit(48.0, "mmol/mol hba1c", "percent"), 2)
    6.54
    """
    if given is None or wanted is None or given == wanted:
        return numbers
    return numbers * UNITS[given, wanted] + OFFSETS.get((given, wanted), 0.0)
