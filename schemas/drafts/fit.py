"""How the values of a column become those of a dictionary column: missing codes, codes, unit, format; or why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from schemas.column import Column
from schemas.drafts.codes import (
    AMBIGUOUS_NUMBERS,
    FLAG_TABLES,
    MISSING_DATES,
    MISSING_NUMBERS,
    SEX_NUMBERS,
    UNIT_WORDS,
    Recode,
    find_flag_scheme,
    find_level_scheme,
    is_missing_text,
    level_words,
)
from schemas.drafts.values import MOSTLY, Profile, common_codes, find_marks, shown_codes
from schemas.toml_text import write_value
from schemas.units import convert_unit, known_units
from schemas.wording import split_words

HALF = 0.5
"""Where more than half of the values fit the dictionary's unit and many do not, units may be mixed."""
ENOUGH = 20
"""From so many values on, their middle and their largest one say something about the unit."""

TYPICAL: dict[str, tuple[float, float]] = {
    "height_cm": (150, 185), "weight_kg": (55, 110), "albumin_g_dl": (3, 5.2), "creatinine_mg_dl": (0.4, 2),
    "haematocrit_percent": (25, 55), "bmi": (20, 38),
}  # fmt: skip
"""Where the median of any registry lies, in the dictionary's unit."""

SCALE = (0, 100)
RAW_OF_50 = 50
SHORT_SCALE = 10
SUBSTANCES = {"urea": "bun", "haemoglobin": "haemoglobin"}
"""Word in the name of a column, where it is not that of the unit."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How a header is read as a column.

    Attributes
    ----------
    keys
        Keys of the column's table in the definition.
    checks
        Why somebody must look at it; empty where it needs nobody.
    hints
        Lines that are written as comments: what is left for somebody to fill in.
    misfit
        Why it cannot be read as this column; blank where it can.
    n_known
        Rows that hold a possible value.
    """

    keys: Mapping[str, Any] = field(default_factory=dict)
    checks: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    misfit: str = ""
    n_known: int = 0


Choices = Sequence[tuple[str, str]]


def fit_values(profile: Profile, column: Column, header: str, choices: Choices = ()) -> Fit:
    """Find how the texts of a column are values of a dictionary column.

    Parameters
    ----------
    profile
        The texts of the file.
    column
        The dictionary column that the header may mean.
    header
        The header, which may name a unit.
    choices
        Codes and labels of a REDCap dictionary; empty without one.

    Returns
    -------
    Fit
        With a `misfit` where more than one in ten values could not be read, or nobody but a person can say how.
    """
    if not profile.n_present:
        return _with_marks(Fit(checks=("it holds no value in this file",)), profile, column)
    if choices and column.kind in ("category", "flag"):
        return _with_marks(_fit_choices(profile, column, choices), profile, column)
    return _with_marks(FITTERS[column.kind](profile, column, header), profile, column)


def _with_marks(fit: Fit, profile: Profile, column: Column) -> Fit:
    """Add the texts that mean missing, as far as the file has them and no code is called so."""
    recode = fit.keys.get("recode", {})
    marks = [text for text in profile.missing_texts if _is_mark(text, profile, column) and text not in recode]
    if fit.misfit or not marks:
        return fit
    missing = (*marks, *(code for code in fit.keys.get("missing", ()) if code not in marks))
    told = f"{_listed(marks)} taken as missing"
    return replace(fit, keys={"missing": missing, **_without(fit.keys, "missing")}, checks=(*fit.checks, told))


def _is_mark(text: str, profile: Profile, column: Column) -> bool:
    return is_missing_text(text, column) or (text in profile.marks and text not in column.levels)


def _without(keys: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if key != name}


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(repr(text) for text in texts)


def _fit_identifier(profile: Profile, column: Column, _header: str) -> Fit:
    if column.name == "operation" and (profile.present > 1).any():
        count = int(profile.present[profile.present > 1].sum())
        return Fit(misfit=f"{count} of {profile.n_present} values stand in more than one row; each operation must once")
    return Fit()


def _fit_date(profile: Profile, column: Column, _header: str) -> Fit:
    formats = profile.date_formats
    if not formats:
        return Fit(misfit="dates are due, and the values have none of the known formats")
    if len(formats) > 1:
        told = "day and month may be either way round in every value"
        return Fit(misfit=told, hints=_either("date_format", [write_value(shape) for shape in formats]))
    (shape,) = formats
    marks = {day: pd.Timestamp(day).strftime(shape) for day in MISSING_DATES if day < "2262"}
    marks |= {day: _write_far_day(day, shape) for day in MISSING_DATES if day >= "2262"}
    missing = tuple(text for text in marks.values() if text in profile.present.index)
    keys: dict[str, Any] = {"missing": missing} if missing else {}
    checks = (f"{_listed(missing)} taken as missing",) if missing else ()
    if shape.startswith("%Y-%m-%d"):
        return Fit(keys=keys, checks=checks)
    return Fit(keys=keys | {"date_format": shape}, checks=(*checks, f"the days look like {shape}"))


def _write_far_day(day: str, shape: str) -> str:
    year, month, number = day.split("-")
    return shape.replace("%Y", year).replace("%m", month).replace("%d", number).replace("%y", year[2:])


def _fit_flag(profile: Profile, column: Column, _header: str) -> Fit:
    texts = set(profile.present.index)
    plain = texts - set(MISSING_NUMBERS)
    missing = tuple(sorted(texts & set(MISSING_NUMBERS)))
    keys: dict[str, Any] = {"missing": missing} if missing else {}
    checks = (f"{_listed(missing)} taken as missing",) if missing else ()
    if plain == {"1"} and len(missing) == 1:
        table = f'recode = {{ "1" = 1, "{missing[0]}" = 0 }}'
        told = f"the codes are 1 and {missing[0]}, which is either not ticked or not answered"
        return Fit(misfit=told, hints=(f"# {table} if it is not ticked, or", f"missing = {write_value(missing)}"))
    if plain == {"1"} and profile.n_rows >= ENOUGH:
        checks = (*checks, "only 1 stands in it: if a blank means no, this must be said in the export")
    if {text.casefold() for text in plain} <= {"0", "1", "yes", "no", "true", "false"} and plain:
        return Fit(keys=keys, checks=checks)
    scheme = find_flag_scheme(plain)
    if scheme:
        return Fit(keys=keys | {"recode": scheme}, checks=(*checks, "codes of yes and no"))
    if plain and plain <= {"1", "2"}:
        return Fit(
            keys=keys,
            misfit="the codes are 1 and 2, and registries differ in which of them is yes",
            hints=_either("recode", FLAG_TABLES),
        )
    return _left_to_fill(profile, column, '0 or 1, such as "a" = 1')


def _fit_category(profile: Profile, column: Column, _header: str) -> Fit:
    texts = set(profile.present.index)
    missing = tuple(sorted((texts & set(MISSING_NUMBERS)) - set(column.levels)))
    plain = texts - set(missing)
    both = AMBIGUOUS_NUMBERS.get(column.name)
    if both and plain and plain <= both[0] and "0" in plain:
        told = "the codes are 0 and 1, and registries differ in which is which"
        return Fit(misfit=told, hints=_either("recode", both[1]))
    if missing and plain and all(text.casefold() in level_words(column) for text in plain):
        keys: dict[str, Any] = {"missing": missing}
        checks: tuple[str, ...] = (f"{_listed(missing)} taken as missing",)
    else:
        keys, checks, plain = {}, (), texts
    if profile.share(_marks(profile, list(column.levels) + list(missing if keys else ()))) > 1 - 1e-9:
        return Fit(keys=keys, checks=checks)
    if column.name == "sex" and missing and texts - set(missing) <= set(SEX_NUMBERS):
        keys, checks, plain = {"missing": missing}, (f"{_listed(missing)} taken as missing",), texts - set(missing)
    common = {text for text in common_codes(profile) if text in plain}
    scheme = find_level_scheme(common, plain, column)
    if scheme is None or profile.share(_marks(profile, [*scheme, *keys.get("missing", ())])) < MOSTLY:
        return _left_to_fill(profile, column, f"one of: {', '.join(column.levels)}")
    told = "codes by ISO/IEC 5218" if set(scheme) <= {"1", "2"} and column.name == "sex" else "words for its levels"
    return Fit(keys=keys | {"recode": scheme}, checks=(*checks, told))


def _left_to_fill(profile: Profile, column: Column, rule: str) -> Fit:
    """Draft the table of codes for somebody to fill in; codes of few rows are counted only."""
    if len(profile.present) > 3 * len(common_codes(profile)) + 20:
        return Fit(misfit=f"{len(profile.present)} different texts, too many for a {column.kind}")
    shown, n_hidden = shown_codes(profile, level_words(column))
    marks = [text for text in find_marks(profile) if text not in column.levels]
    more = [f"# and {n_hidden} code(s) of few rows, or texts that could be somebody's, are not shown"] * bool(n_hidden)
    missing = [f"missing = {write_value(marks)}"] * bool(marks)
    codes = [text for text in shown if text not in marks]
    hints = (*missing, f"recode = {write_value(dict.fromkeys(codes, '...'))}", f"# on the right {rule}", *more)
    return Fit(misfit="nobody but the registry knows what its codes mean", hints=hints)


def _either(key: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return the lines of a key that may have several values: the first to be taken, the others behind a sign."""
    return (f"{key} = {values[0]}", *(f"# or {key} = {value}" for value in values[1:]))


def _marks(profile: Profile, texts: Sequence[str]) -> pd.Series:
    return pd.Series(profile.present.index.isin(texts), index=profile.present.index)


def _fit_choices(profile: Profile, column: Column, choices: Choices) -> Fit:
    """Recode by a dictionary of the project: codes of a raw export, or its labels."""
    texts = list(profile.present.index)
    by_code = profile.share(_marks(profile, [code for code, _ in choices]))
    by_label = profile.share(_marks(profile, [label for _, label in choices]))
    said = [(code if by_code >= by_label else label, label) for code, label in choices]
    missing = tuple(text for text, label in said if is_missing_text(label, column))
    meaning = {text: _meaning(label, column) for text, label in said if text not in missing}
    recode: Recode = {text: level for text, level in meaning.items() if level is not None}
    keys: dict[str, Any] = {"missing": missing} if missing else {}
    unknown = [text for text, level in meaning.items() if level is None]
    if unknown or not recode or max(by_code, by_label) < MOSTLY:
        table = {text: "..." if level is None else level for text, level in meaning.items()}
        said_so = [f"# {text} is {label}" for text, label in said if label != text and text in meaning]
        levels = "0 or 1" if column.kind == "flag" else ", ".join(column.levels)
        why = "the REDCap dictionary has choices that are no levels" if unknown else "the choices are not in the export"
        hints = (f"recode = {write_value(table)}", *said_so, f"# on the right one of: {levels}")
        return Fit(keys=keys, misfit=why, hints=hints)
    plain = all(_native(text, column) == level for text, level in recode.items() if text in texts)
    return Fit(keys=keys if plain else keys | {"recode": recode}, checks=("codes of the REDCap dictionary",))


def _native(text: str, column: Column) -> object:
    if column.kind == "category":
        return text if text in column.levels else None
    return {"1": 1, "0": 0, "yes": 1, "no": 0, "true": 1, "false": 0}.get(text.casefold())


def _meaning(label: str, column: Column) -> str | int | None:
    """Return the level, or 0 or 1, that the label of a choice means; None where it is not known."""
    if column.kind == "category":
        return level_words(column).get(label.casefold())
    scheme = find_flag_scheme([label]) or {}
    found = scheme.get(label, {"1": 1, "0": 0}.get(label))
    return int(found) if found is not None else None


def _fit_number(profile: Profile, column: Column, header: str) -> Fit:
    numbers = profile.numbers
    if profile.share(numbers.notna()) < MOSTLY:
        count = int(profile.present[numbers.isna()].sum())
        return Fit(misfit=f"numbers are due, and {count} of {profile.n_present} values are texts")
    units = _rank_units(profile, column, header)
    if not units:
        low, high = column.hard or (-np.inf, np.inf)
        own = compute_share(profile, column, column.unit)
        count = profile.n_present - round(own * profile.n_present)
        return Fit(misfit=f"{count} of {profile.n_present} values are outside {low:g} to {high:g}")
    if len(units) > 1:
        written = [write_value(unit) for unit in units if unit is not None]
        return Fit(misfit="the values may be in more than one unit", hints=_either("unit_in_file", written))
    (unit,) = units
    own = compute_share(profile, column, column.unit)
    if unit != column.unit and not _names_unit(header, unit) and HALF <= own < MOSTLY:
        above = profile.n_present - round(own * profile.n_present)
        mixed = f"{above} of {profile.n_present} values can be no {column.unit}; is it {unit}, or are units mixed"
        return Fit(misfit=mixed, hints=(f"unit_in_file = {write_value(unit)}",))
    missing = _missing_numbers(profile, column, unit)
    keys: dict[str, Any] = {"missing": missing} if missing else {}
    checks = (f"{_listed(missing)} taken as missing",) if missing else ()
    if unit != column.unit:
        keys["unit_in_file"] = unit
        checks = (*checks, f"the size of the values speaks for {unit}, not for {column.unit}")
    return Fit(keys=keys, checks=(*checks, *_doubtful_code(profile, column, missing)))


def compute_share(profile: Profile, column: Column, unit: str | None) -> float:
    """Return the share of the present rows that hold a possible number if the file's unit is `unit`."""
    inside = _inside(profile, column, unit)
    return profile.share(inside | profile.numbers.index.isin(_missing_numbers(profile, column, unit)))


def _inside(profile: Profile, column: Column, unit: str | None) -> pd.Series:
    low, high = column.hard or (-np.inf, np.inf)
    return convert_unit(profile.numbers, unit, column.unit).between(low, high)


def _missing_numbers(profile: Profile, column: Column, unit: str | None) -> tuple[str, ...]:
    """Return the codes for missing that the file has and that cannot be values."""
    outside = ~_inside(profile, column, unit)
    return tuple(text for text in profile.numbers.index[outside] if text in MISSING_NUMBERS)


def _rank_units(profile: Profile, column: Column, header: str) -> tuple[str | None, ...]:
    """Return the unit of the file; two if it may be either, none if nothing fits."""
    if column.unit is None:
        return (None,) if compute_share(profile, column, None) >= MOSTLY else ()
    possible = [unit for unit in units_of(column) if compute_share(profile, column, unit) >= MOSTLY]
    said = [unit for unit in possible if _names_unit(header, unit)]
    if len(said) == 1:
        return (said[0],)
    middles = {unit: _quantile(profile, column, unit, 0.5) for unit in possible}
    low, high = TYPICAL.get(column.name) or column.plausible or column.hard or (-np.inf, np.inf)
    if profile.n_present < ENOUGH or (column.unit in possible and low <= middles[column.unit] <= high):
        own = (column.unit,) if column.unit in possible else ()
        return _scaled(profile, column) or own or tuple(possible)
    fitting = [unit for unit in possible if low <= middles[unit] <= high]
    return tuple(fitting) or ((column.unit,) if column.unit in possible else ())


def _names_unit(header: str, unit: str | None) -> bool:
    return not set(UNIT_WORDS.get(unit or "", ())).isdisjoint(split_words(header))


def units_of(column: Column) -> tuple[str, ...]:
    """Return the units in which a file may hold a column, its own first, none twice under another name.

    A unit that names a substance is one of that substance only, and raw points are those of a questionnaire.
    """
    fitting = [unit for unit in known_units(column.unit) if _is_of(unit, column)]
    by_size = {convert_unit(100.0, unit, column.unit): unit for unit in reversed(fitting)}
    return tuple(unit for unit in fitting if by_size[convert_unit(100.0, unit, column.unit)] == unit)


def _is_of(unit: str, column: Column) -> bool:
    if unit == column.unit:
        return True
    if unit == "points_of_50":
        return column.hard == SCALE
    if unit == "points_of_45":
        return False
    _, _, substance = unit.partition(" ")
    return not substance or SUBSTANCES.get(substance, substance) in column.name


def _scaled(profile: Profile, column: Column) -> tuple[str, ...]:
    """Return the unit of a score of 0 to 100 that is at most 50, 10 or 1 in every row of many."""
    if column.hard != SCALE or profile.n_present < ENOUGH:
        return ()
    largest = _quantile(profile, column, column.unit, 1)
    if "cm_of_10" in known_units(column.unit) and largest <= SHORT_SCALE:
        return ("cm_of_10",) if profile.n_present >= 2 * ENOUGH else ()
    if column.unit != "percent":
        return ()
    if largest <= 1:
        return ("fraction",)
    return ("points_of_50",) if largest <= RAW_OF_50 and profile.n_present >= 2 * ENOUGH else ()


def _quantile(profile: Profile, column: Column, unit: str | None, level: float) -> float:
    inside = _inside(profile, column, unit)
    values = convert_unit(profile.numbers[inside], unit, column.unit).to_numpy()
    counted = np.repeat(values, profile.present[inside].to_numpy())
    return float(np.quantile(counted, level)) if len(counted) else np.nan


def _doubtful_code(profile: Profile, column: Column, missing: Sequence[str]) -> tuple[str, ...]:
    """Tell of a code for missing that may be a value: it stands in many rows, far above everything else."""
    told = []
    for code in ("99", "999"):
        if code in profile.numbers.index and code not in missing and int(profile.present[code]) >= ENOUGH:
            others = profile.numbers.drop(code)
            if not others.empty and others.max() < 0.8 * float(code):
                told.append(f'{code} stands far above the other values; if it means missing, add missing = ["{code}"]')
    return tuple(told)


FITTERS: dict[str, Callable[[Profile, Column, str], Fit]] = {
    "number": _fit_number,
    "flag": _fit_flag,
    "category": _fit_category,
    "identifier": _fit_identifier,
    "date": _fit_date,
}
"""How the values of each kind of column are looked at."""
