"""From the raw columns of a file to typed values: missing codes, recoding, units, dates.

A cell that cannot be converted becomes missing and is noted as a fault; whether a converted value is possible
(range, levels) is checked afterwards, in `schemas.validation`. Texts are looked at once per unique text, and numbers of
a typed file are not written out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.codes import match_codes, read_numbers
from schemas.fault import Fault
from schemas.mapping import SourceColumn
from schemas.plans import FilePlan
from schemas.raw import as_text
from schemas.units import convert_unit

ISO_DATE = r"^(\d{4}-\d{2}-\d{2})(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
DATES = (pd.Timestamp("1900-01-02"), pd.Timestamp("2100-12-31"))
"""Dates outside are codes for missing, or slips."""

FLAG_TEXTS = {"1": 1.0, "yes": 1.0, "true": 1.0, "0": 0.0, "no": 0.0, "false": 0.0}


@dataclass(frozen=True, kw_only=True)
class Converted:
    """Values of a column, missing where blank, coded as missing, or faulty.

    `present` marks the rows that hold something: neither blank nor a code for missing.
    """

    values: pd.Series
    present: npt.NDArray[np.bool_]
    fault: Fault | None


def convert_column(raw: pd.Series, source: SourceColumn, plan: FilePlan) -> Converted:
    """Convert one raw column.

    Parameters
    ----------
    raw
        Column of a raw table (`schemas.raw`), shape (n,).
    source
        What the column is, and its codes and unit in the file.
    plan
        The file's missing codes and decimal sign.

    Returns
    -------
    Converted
        float64 (number, flag: 0 and 1), str (category, identifier) or datetime64 (date), shape (n,).
    """
    kind = source.column.kind
    if kind == "number" and pd.api.types.is_float_dtype(raw.dtype):
        return _finish(*_convert_numbers(raw, source, plan), source)
    if kind == "date" and pd.api.types.is_datetime64_any_dtype(raw.dtype):
        days = raw.dt.normalize()
        present = days.notna() & ~days.isin(_read_dates(_missing(source, plan), source))
        return _finish(_within_dates(days.where(present)), present, _date_rule(source), source)
    if kind == "identifier" and not source.recode and not len(_missing(source, plan)):
        texts = as_text(raw, plan.decimal)
        present = texts.ne("")
        return _finish(texts.where(present), present, "must be a text", source)
    codes, unique = pd.factorize(raw)
    # Missing has the number -1: it is the last one, blank.
    texts = pd.Series([*as_text(pd.Series(unique), plan.decimal), ""], dtype="str")
    values, present, rule = _convert_texts(texts, source, plan)
    return _finish(_spread(values, codes, raw.index), _spread(present, codes, raw.index), rule, source)


def _finish(values: pd.Series, present: pd.Series, rule: str, source: SourceColumn) -> Converted:
    held = present.to_numpy(dtype=np.bool_)
    faulty = np.flatnonzero(held & values.isna().to_numpy())
    fault = Fault(column=source.column.name, rule=rule, positions=faulty) if len(faulty) else None
    return Converted(values=values.rename(source.column.name), present=held, fault=fault)


def _spread(unique: pd.Series, codes: npt.NDArray[np.intp], index: pd.Index) -> pd.Series:
    """Put the values of the unique texts where the texts stand."""
    return unique.take(codes).set_axis(index)


def _convert_numbers(raw: pd.Series, source: SourceColumn, plan: FilePlan) -> tuple[pd.Series, pd.Series, str]:
    """Convert numbers of a typed file; codes are compared as numbers."""
    present = raw.notna() & ~raw.isin(_numbers_of(_missing(source, plan), plan))
    values = _to_unit(raw.where(present), source)
    for code, number in source.recode.items():
        for given in _numbers_of(pd.Series([code], dtype="str"), plan):
            values = values.mask(raw.eq(given) & present, float(number))
    return values.where(np.isfinite(values)), present, _number_rule(plan)


def _missing(source: SourceColumn, plan: FilePlan) -> pd.Series:
    return pd.Series([*plan.missing, *source.missing], dtype="str")


def _numbers_of(codes: pd.Series, plan: FilePlan) -> list[float]:
    return read_numbers(codes, plan.decimal).dropna().tolist()


def _convert_texts(texts: pd.Series, source: SourceColumn, plan: FilePlan) -> tuple[pd.Series, pd.Series, str]:
    kind, missing = source.column.kind, _missing(source, plan)
    codes = [*missing, *source.recode, *source.column.levels]
    matched = match_codes(texts, codes, plan.decimal, as_numbers=kind != "identifier")
    texts = matched if kind != "identifier" else texts.where(~matched.isin(codes), matched)
    present = ~texts.isin(["", *missing])
    if kind == "date":
        present &= ~_read_dates(texts, source).isin(_read_dates(missing, source).dropna())
    values, rule = CONVERTERS[kind](texts.where(present), source, plan)
    return values, present, rule


def _number(texts: pd.Series, source: SourceColumn, plan: FilePlan) -> tuple[pd.Series, str]:
    listed = texts.isin(list(source.recode))
    numbers = _to_unit(read_numbers(texts.where(~listed), plan.decimal), source)
    recoded = texts.where(listed).map(source.recode).astype("float64") if source.recode else numbers
    return numbers.where(~listed, recoded), _number_rule(plan)


def _to_unit(numbers: pd.Series, source: SourceColumn) -> pd.Series:
    return convert_unit(numbers, source.unit_in_file, source.column.unit)


def _number_rule(plan: FilePlan) -> str:
    return "must be a number" + (f" with the decimal sign {plan.decimal!r}" if plan.decimal != "." else "")


def _flag(texts: pd.Series, source: SourceColumn, _plan: FilePlan) -> tuple[pd.Series, str]:
    """Where the definition lists codes only those count: 0 may mean anything in a file where 2 is no."""
    if source.recode:
        codes = ", ".join(source.recode)
        return texts.map(source.recode).astype("float64"), f"must be one of the codes {codes}"
    return texts.str.lower().map(FLAG_TEXTS).astype("float64"), "must be 0 or 1, no or yes, false or true"


def _category(texts: pd.Series, source: SourceColumn, _plan: FilePlan) -> tuple[pd.Series, str]:
    return _recoded(texts, source), "must be one of its levels"


def _identifier(texts: pd.Series, source: SourceColumn, _plan: FilePlan) -> tuple[pd.Series, str]:
    return _recoded(texts, source), "must be a text"


def _recoded(texts: pd.Series, source: SourceColumn) -> pd.Series:
    if not source.recode:
        return texts.astype("str")
    return texts.map(source.recode).astype("str").where(texts.isin(list(source.recode)), texts)


def _date(texts: pd.Series, source: SourceColumn, _plan: FilePlan) -> tuple[pd.Series, str]:
    return _within_dates(_read_dates(texts, source)), _date_rule(source)


def _read_dates(texts: pd.Series, source: SourceColumn) -> pd.Series:
    """Read the definition's format; typed files (Excel, Parquet) come as year-month-day in any case."""
    iso = texts.str.extract(ISO_DATE, expand=False)
    dates = pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce")
    if source.date_format:
        dates = pd.to_datetime(texts.where(iso.isna()), format=source.date_format, errors="coerce").fillna(dates)
    return dates.astype("datetime64[us]")


def _within_dates(dates: pd.Series) -> pd.Series:
    return dates.where(dates.between(*DATES))


def _date_rule(source: SourceColumn) -> str:
    low, high = DATES
    shape = f"like {pd.Timestamp(2024, 12, 31).strftime(source.date_format or '%Y-%m-%d')}"
    return f"must be a date {shape} from {low.year} to {high.year}"


CONVERTERS: dict[str, Callable[[pd.Series, SourceColumn, FilePlan], tuple[pd.Series, str]]] = {
    "number": _number,
    "flag": _flag,
    "category": _category,
    "identifier": _identifier,
    "date": _date,
}
"""How the texts of each kind of column become values, and the rule that the others break."""
