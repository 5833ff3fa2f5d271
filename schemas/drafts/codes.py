"""Codes that mean the same in every registry: marks for missing, yes and no, the sexes, words for levels.

Nothing here comes from a file. A whole scheme is written into a draft, whichever of its codes the file has, so that a
draft does not say what few patients have.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache

from schemas.column import Column
from schemas.dictionary.spine import SEGMENTS
from schemas.plans import Code

MISSING_TEXTS = frozenset(
    {
        "null", "na", "n/a", "#n/a", "n.a.", "nan", "<na>", "nd", "n/d", "unknown", "unk", "not known", "not recorded",
        "not available", "missing", "no data", "not stated", "not specified", "?", "??", ".", "-", "--", "*", "ukjent",
        "mangler", "okänd", "saknas", "ukendt", "unbekannt", "keine angabe", "k.a.", "onbekend", "inconnu",
        "desconocido", "sconosciuto", "tuntematon",
    }
)  # fmt: skip
"""Texts, in small letters, that mean missing wherever no level is called so."""

MISSING_NUMBERS = (
    "-1", "-8", "-9", "-77", "-88", "-99", "-888", "-999", "-9999", "-99999", "8", "9", "77", "88", "98", "99", "777",
    "888", "998", "999", "9999", "99999",
)  # fmt: skip
"""Numbers that mean missing where they cannot be a value."""

MISSING_DATES = ("1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "2999-12-31", "9999-12-31")
"""Days that mean missing: the first or the last that a program knows."""

YES_NO: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("yes",), ("no",)),
    (("y",), ("n",)),
    (("true",), ("false",)),
    (("t",), ("f",)),
    (("checked",), ("unchecked",)),
    (("present",), ("absent",)),
    (("positive",), ("negative",)),
    (("ja",), ("nei",)),
    (("ja",), ("nej",)),
    (("ja",), ("nein",)),
    (("ja",), ("nee",)),
    (("j",), ("n",)),
    (("oui",), ("non",)),
    (("o",), ("n",)),
    (("si", "sí", "sì"), ("no",)),
    (("s",), ("n",)),
    (("kyllä",), ("ei",)),
    (("tak",), ("nie",)),
    (("sim",), ("não", "nao")),
)
"""Texts for yes and for no, in small letters, one pair per language."""

LEVEL_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "sex": {
        "female": (
            "f", "w", "k", "woman", "women", "kvinne", "kvinna", "kvinde", "frau", "weiblich", "vrouw", "femme",
            "mujer", "femenino", "donna", "femmina",
        ),
        "male": (
            "m", "man", "men", "mann", "mand", "männlich", "homme", "hombre", "masculino", "uomo", "maschio",
        ),
    },
    "smoking": {
        "never": ("never smoked", "never smoker", "non-smoker", "nonsmoker", "non smoker"),
        "former": ("ex", "ex-smoker", "ex smoker", "former smoker", "previous", "past", "quit", "stopped"),
        "current": ("current smoker", "smoker", "active", "active smoker", "daily"),
    },
    "asa_class": {
        "1": ("i", "asa 1", "asa i", "asa1", "1-no disturb", "asa 1 - no disturb"),
        "2": ("ii", "asa 2", "asa ii", "asa2", "2-mild disturb"),
        "3": ("iii", "asa 3", "asa iii", "asa3", "3-severe disturb"),
        "4": ("iv", "asa 4", "asa iv", "asa4", "4-life threat"),
        "5": ("v", "asa 5", "asa v", "asa5", "5-moribund"),
    },
    "education": {
        "no_schooling": ("no school", "none", "never at school", "no formal education", "illiterate"),
        "primary": ("primary school", "elementary", "elementary school", "compulsory school"),
        "secondary": ("secondary school", "high school", "upper secondary"),
        "tertiary": ("university", "college", "higher education", "higher"),
    },
    "employment": {
        "working": ("employed", "at work", "work", "full time", "full-time", "part time", "part-time", "student"),
        "sick_leave": ("sick leave", "sick-leave", "on sick leave", "sicklisted"),
        "unemployed": ("not working", "jobless"),
        "retired": ("retirement", "pensioner", "old age pension"),
        "disability": ("disabled", "disability pension", "disability benefit"),
    },
    "opioid_use": {
        "not_used": ("none", "never", "no", "not used"),
        "intermittent": ("sometimes", "occasional", "occasionally", "as needed", "weekly"),
        "daily": ("every day", "regular", "regularly"),
    },
    "diagnosis": {
        "disc_herniation": ("disc herniation", "disk herniation", "lumbar disc herniation", "ldh", "prolapse"),
        "stenosis": ("spinal stenosis", "lumbar spinal stenosis", "lumbar stenosis", "lss"),
        "spondylolisthesis": ("degenerative spondylolisthesis", "listhesis"),
        "disc_degeneration": ("degenerative disc disease", "disc degeneration", "ddd"),
    },
    "planned_procedure": {
        "discectomy": ("microdiscectomy", "diskectomy", "microdiskectomy"),
        "decompression": ("laminectomy", "laminotomy"),
        "fusion": ("arthrodesis", "spondylodesis"),
        "decompression_fusion": ("decompression and fusion", "decompression with fusion", "decompression + fusion"),
    },
    "cervical_diagnosis": {
        "radiculopathy": ("cervical radiculopathy",),
        "myelopathy": ("cervical myelopathy", "dcm", "csm"),
        "myeloradiculopathy": ("cervical myeloradiculopathy",),
    },
    "discharge_destination": {
        "home": ("own home", "home without services", "home with services"),
        "rehabilitation": ("rehab", "rehabilitation facility", "inpatient rehabilitation"),
        "nursing_home": ("nursing home",),
        "skilled_care": (
            "skilled care", "skilled care, not home", "skilled nursing facility", "skilled nursing", "snf",
        ),
        "unskilled_facility": (
            "unskilled facility", "unskilled facility not home", "unskilled facility, not home", "unskilled care",
        ),
        "senior_community": ("senior community", "multi-level senior community", "retirement community"),
        "acute_care_hospital": ("acute care hospital", "separate acute care", "acute hospital", "another hospital"),
        "against_advice": ("against medical advice", "against medical advice (ama)", "ama"),
        "died": ("dead", "expired", "deceased", "death"),
    },
    "satisfaction": {
        "satisfied": ("very satisfied", "somewhat satisfied"),
        "uncertain": ("neutral", "neither"),
        "dissatisfied": ("very dissatisfied", "somewhat dissatisfied", "unsatisfied"),
    },
}  # fmt: skip
"""Words, in small letters, that mean a level, by the column's name, without its visit where it has one.

The level's own name always means it. Levels that the dictionary does not have are passed over.
"""

SEX_NUMBERS = {"1": "male", "2": "female"}
"""ISO/IEC 5218."""

AMBIGUOUS_NUMBERS: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "sex": (frozenset({"0", "1"}), ('{ "0" = "female", "1" = "male" }', '{ "0" = "male", "1" = "female" }')),
}
"""Codes that registries use in both ways: column, codes, and the two tables."""

UNIT_WORDS: dict[str, tuple[str, ...]] = {
    "inches": ("in", "inch", "inches", "tommer", "tum"), "feet": ("ft", "feet"),
    "pounds": ("lb", "lbs", "pound", "pounds", "pund"),
    "stones": ("st", "stone", "stones"), "cm": ("cm",), "kg": ("kg",), "mm_of_100": ("mm",), "cm_of_10": ("cm",),
    "mm": ("mm",),
    "days": ("days", "day"), "weeks": ("weeks", "wks", "uker", "wochen"), "months": ("months", "mths", "monate"),
    "years": ("years", "yrs", "jahre"), "hours": ("hours", "hrs", "hr"), "minutes": ("minutes", "min", "mins"),
    "seconds": ("seconds", "secs"), "fraction": ("fraction",), "g/l": ("gl", "gpl"),
    "umol/l creatinine": ("umol", "umoll"), "mmol/mol hba1c": ("mmolmol",), "g/dl": ("gdl",), "mg/dl": ("mgdl",),
}  # fmt: skip
"""Words in a header that name a unit."""

STYLES: tuple[Callable[[str], str], ...] = (str, str.upper, str.capitalize, str.title)
"""How a word may be written."""

FLAG_TABLES = ('{ "1" = 1, "2" = 0 }', '{ "1" = 0, "2" = 1 }')
"""The two ways in which registries use 1 and 2 for yes and no."""

MOST_WORDS = 5
"""More words for yes and no than any scheme has."""

Recode = dict[str, Code]


def is_missing_text(text: str, column: Column | None = None) -> bool:
    """Tell whether a text means missing in every registry, and is no level or word of `column`."""
    folded = text.casefold()
    return folded in MISSING_TEXTS and (column is None or folded not in level_words(column))


def level_words(column: Column) -> dict[str, str]:
    """Return the level that each word, in small letters, means in a category."""
    stem = column.name.rpartition("_")[0]
    listed = LEVEL_WORDS.get(column.name) or LEVEL_WORDS.get(stem, {})
    words = {word: level for level, said in listed.items() for word in said}
    own = {spelling: level for level in column.levels for spelling in (level, level.replace("_", " "))}
    known = {word: level for word, level in (words | own).items() if level in column.levels}
    return {word.casefold(): level for word, level in known.items()}


def find_flag_scheme(texts: Collection[str]) -> Recode | None:
    """Return the whole scheme of yes and no of which `texts` are codes, written as they are; None without one."""
    if not texts or len(texts) > MOST_WORDS:
        return None
    return next((dict(scheme) for scheme in _flag_schemes() if set(texts) <= set(scheme)), None)


def find_level_scheme(common: Collection[str], texts: Collection[str], column: Column) -> Recode | None:
    """Return the words for the levels of a category as the file writes them; None where a common text is unknown.

    Parameters
    ----------
    common
        Texts that stand in enough rows to be shown; each becomes a code.
    texts
        All texts of the column, for the style in which they are written.
    column
        The category.

    Returns
    -------
    dict or None
        For levels without a common text every word that may mean it, so that it does not show which of them few
        patients have.
    """
    if column.name == "sex" and set(texts) <= set(SEX_NUMBERS):
        return dict(SEX_NUMBERS)
    words = level_words(column)
    met: Recode = {text: words[text.casefold()] for text in sorted(common) if text.casefold() in words}
    if len(met) < len(common) or not any(text.casefold() in words for text in texts):
        return None
    style = STYLES[_style(texts)]
    others = {style(word): level for word, level in words.items() if level not in met.values()}
    return met | others


def _style(texts: Collection[str]) -> int:
    return next((at for at, style in enumerate(STYLES) if all(style(text.lower()) == text for text in texts)), 0)


def find_segment_scheme(texts: Collection[str]) -> Recode | None:
    """Return the whole scheme of motion segments of which `texts` are codes: L4/5, L4-L5, l4l5; None without one."""
    for between in ("/", "-", " ", "_", "", " - ", " / "):
        for twice in (False, True):
            plain = {_write_segment(segment, between, twice=twice): segment for segment in SEGMENTS}
            for style in (str.upper, str.lower):
                scheme: Recode = {style(text): segment for text, segment in plain.items()}
                if texts and set(texts) <= set(scheme):
                    return scheme
    return None


def _write_segment(segment: str, between: str, *, twice: bool) -> str:
    upper, _, lower = segment.partition("_")
    letter = upper[0] if twice and lower.isdigit() else ""
    return f"{upper}{between}{letter}{lower}"


@cache
def _flag_schemes() -> list[Recode]:
    """Return every pair in every style; what needs no codes, as it is understood anyway, first."""
    return [
        {**{style(word): 1 for word in yes}, **{style(word): 0 for word in no}}
        for yes, no in YES_NO
        for style in STYLES
    ]
