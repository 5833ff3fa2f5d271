"""What happened after the operation, as ACS NSQIP participant use files say it; unknown is never "no".

In these files -99 has three meanings. In a measurement it is missing. In the day of a complication, a readmission or a
return to theatre it says that there was none by day 30. In the day or the year of death it says that the patient
lived.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from schemas.participant_file.labels import COMPLICATIONS, COMPOSITES, NO_COMPLICATION, Complication
from schemas.participant_file.texts import (
    NOT_OCCURRED,
    BoolArray,
    Flag,
    FloatArray,
    Part,
    PufTable,
    any_of,
    count_rows,
    flag_texts,
    fold,
    is_missing,
    with_faults,
)

LAST_DAY = 30
VISITS = (1, 2, 3, 4, 5)
"""Readmissions of a participant use file."""


@dataclass(frozen=True, kw_only=True)
class Return:
    """Headers of what the file says besides of an unplanned reoperation."""

    day: str
    related: str


RETURNS = {
    "REOPERATION1": Return(day="RETORPODAYS", related="RETORRELATED"),
    "REOPERATION2": Return(day="RETOR2PODAYS", related="RETOR2RELATED"),
    "REOPERATION3": Return(day="RETOR3PODAYS", related="RETOR3RELATED"),
}
"""Unplanned reoperations; the third has neither day nor reason in most years."""

CLOCK = (
    "column 'readmission_30d': the 30 days are counted from the operation, not from discharge: a patient who stays 20 "
    "days is at risk for 10"
)


def read_complications(puf: PufTable) -> Part:
    """Return each complication and its day, what was present before the operation taken out, and the composites."""
    columns: dict[str, pd.Series] = {}
    notes: list[str] = []
    flags: dict[str, FloatArray] = {}
    for entry in COMPLICATIONS:
        if puf.has(entry.header):
            flag, told = _complication(puf, entry)
            days, told_of_days = _days(puf, entry, flag)
            columns |= {entry.header: flag.texts, **days}
            notes += told + told_of_days
            flags[entry.header] = flag.values
    return Part(columns=columns | _composites(flags, columns, len(puf.table)), notes=tuple(notes))


def _composites(flags: Mapping[str, FloatArray], columns: Mapping[str, pd.Series], n: int) -> dict[str, pd.Series]:
    """Combine components; one that the file lacks is unknown, so that none of them is 0 for want of it."""
    made: dict[str, pd.Series] = {}
    for composite in COMPOSITES:
        if any(header in flags for header in composite.headers):
            values = [flags.get(header, np.full(n, np.nan)) for header in composite.headers]
            made[composite.name] = flag_texts(any_of(values))
        days = [columns[f"D{header}"].to_numpy() for header in composite.headers if f"D{header}" in columns]
        if composite.days and days:
            made[composite.days] = pd.Series(np.fmin.reduce(days))
    return made


def _complication(puf: PufTable, entry: Complication) -> tuple[Flag, list[str]]:
    flag = puf.flag(entry.header, frozenset(entry.labels), NO_COMPLICATION)
    if entry.patos is None or not puf.has(entry.patos):
        return flag, []
    taken = (flag.values == 1) & (puf.flag(entry.patos).values == 1)
    told = (
        f"column {entry.name!r}: in {count_rows(taken)} the complication was present at the time of surgery and is not "
        "counted as an event"
    )
    return flag.without(taken), [told] if taken.any() else []


def _days(puf: PufTable, entry: Complication, flag: Flag) -> tuple[dict[str, pd.Series], list[str]]:
    """Return the day of an event, missing where there was none: -99 says so, and no other day can."""
    if not puf.has(entry.day):
        return {}, []
    days = puf.coded(entry.day).numbers()
    kept = pd.Series(np.where(flag.values == 1, days, np.nan))
    return {entry.day: kept}, _stray(puf, entry, ~np.isnan(days) & (flag.values == 0))


def _stray(puf: PufTable, entry: Complication, stray: BoolArray) -> list[str]:
    """Tell of days without a complication; one that was present at the time of surgery has a day and is no event."""
    if entry.patos is not None and puf.has(entry.patos):
        stray = stray & (puf.flag(entry.patos).values != 1)
    told = f"column {entry.name!r}: {count_rows(stray)} with a day and no complication; the day is dropped"
    return [told] if stray.any() else []


def read_discharge(puf: PufTable) -> Part:
    """Return the stay, whether it lasted beyond day 30, and whether the patient went home."""
    columns: dict[str, pd.Series] = {}
    if puf.has("DOPTODIS"):
        columns["DOPTODIS"] = puf.numbers("DOPTODIS")
    if puf.present(("STILLINHOSP", "DOPTODIS")):
        still = puf.flag("STILLINHOSP")
        columns["in_hospital_30d"] = with_faults(flag_texts(in_hospital(puf)), [still])
    against = (puf.flag("STILLINHOSP").values == 1) & (puf.coded("DOPTODIS").numbers() < LAST_DAY)
    told = (
        f"column 'in_hospital_30d': {count_rows(against)} discharged before day {LAST_DAY} and still in hospital on "
        "that day; the discharge counts, so they are 0"
    )
    return Part(columns=columns, notes=(told,) if against.any() else ())


def in_hospital(puf: PufTable) -> FloatArray:
    """Return whether the patient was in hospital from the operation to day 30: 1, 0 or NaN, shape (n,).

    A known day of discharge decides; what the file says of day 30 counts where there is none, since it may also mean
    that the patient was there again.
    """
    still, stay = puf.flag("STILLINHOSP").values, puf.coded("DOPTODIS").numbers()
    return np.where(np.isnan(stay), still, np.where(stay >= LAST_DAY, 1.0, 0.0))


def read_death(puf: PufTable) -> Part:
    """Return death within 30 days: -99 and NULL say that the patient lived, a blank cell says nothing.

    Where the day of death says nothing, the year of death does if it says that there was none; a year leaves the day
    open, so that death within 30 days is unknown.
    """
    if not puf.present(("DOPERTOD", "YRDEATH")):
        return Part()
    coded, year = puf.coded("DOPERTOD"), puf.coded("YRDEATH")
    days = coded.numbers()
    lived = coded.among(NOT_OCCURRED) | (days > LAST_DAY) | (coded.mark(is_missing) & year.among(NOT_OCCURRED))
    died = _died_by_day_30(puf)
    against = lived & (_destination(puf) == "expired") & (in_hospital(puf) == 0)
    values = np.where(died, 1.0, np.where(lived & ~against, 0.0, np.nan))
    told = f"column 'death_30d': {count_rows(against)} discharged dead before day 30 without a day of death; unknown"
    columns = {"death_30d": flag_texts(values)}
    if puf.has("DOPERTOD"):
        columns["DOPERTOD"] = pd.Series(np.where(died, days, np.nan))
    return Part(columns=columns, notes=(told,) if against.any() else ())


def _died_by_day_30(puf: PufTable) -> BoolArray:
    days = puf.coded("DOPERTOD").numbers()
    return (days >= 0) & (days <= LAST_DAY)


def _destination(puf: PufTable) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    coded = puf.coded("DISCHDEST")
    return np.array([fold(text) for text in coded.unique])[coded.codes]


def read_readmission(puf: PufTable) -> Part:
    """Return unplanned readmission within 30 days of the operation and the day of the first.

    Notes
    -----
    Who was still in hospital on day 30 could not be readmitted. That is neither a readmission nor the freedom from it
    that the outcome asks for, so it is unknown and counted. A death by day 30 competes with a readmission: who died
    in hospital before that day was not readmitted and is 0, as is who died at home where the file says so.
    """
    slots = [k for k in VISITS if puf.present((f"READMISSION{k}", f"UNPLANNEDREADMISSION{k}"))]
    if not slots:
        return Part()
    unplanned = {k: puf.flag(f"UNPLANNEDREADMISSION{k}") for k in slots}
    states = [_readmitted(puf, k, unplanned[k]) for k in slots]
    related = [puf.flag(f"READMRELATED{k}") for k in slots]
    values = any_of(states)
    expired = _destination(puf) == "expired"
    died = expired & (_died_by_day_30(puf) | (in_hospital(puf) == 0))
    first = np.isnan(values) & died
    values = np.where(first, 0.0, values)
    never = ((in_hospital(puf) == 1) | expired) & ~died & ~(values == 1)
    said = [*unplanned.values(), *(puf.flag(f"READMISSION{k}") for k in slots)]
    texts = with_faults(flag_texts(np.where(never, np.nan, values)), said)
    told = (
        f"column 'readmission_30d': {count_rows(never)} of patients who were in hospital until day 30 and could not be "
        "readmitted; unknown, not 0"
    )
    days = _first_day([(unplanned[k].values, puf.coded(f"READMPODAYS{k}").numbers()) for k in slots])
    of_them = np.where(never, np.nan, np.where(first, 0.0, _any_related(states, related)))
    related_texts = with_faults(flag_texts(of_them), related)
    return Part(
        columns={"readmission_30d": texts, "readmission_related_30d": related_texts, "readmission_days": days},
        notes=(CLOCK, told) if never.any() else (CLOCK,),
    )


def _readmitted(puf: PufTable, k: int, unplanned: Flag) -> FloatArray:
    """Return whether the k-th readmission was an unplanned one.

    Whether it was planned is only asked of those who were readmitted: NULL means 0 where there was no readmission.
    """
    any_kind = puf.flag(f"READMISSION{k}")
    day = puf.coded(f"READMPODAYS{k}")
    none = (any_kind.values == 0) | (np.isnan(any_kind.values) & day.among(NOT_OCCURRED))
    if k > 1:
        none |= np.isnan(any_kind.values) & np.isnan(day.numbers())
    return np.where(np.isnan(unplanned.values) & none & ~any_kind.faulty, 0.0, unplanned.values)


def read_reoperation(puf: PufTable) -> Part:
    """Return unplanned reoperation within 30 days and the day of the first.

    Notes
    -----
    RETURNOR is older and wider than the unplanned reoperations: its "No" excludes them, its "Yes" does not name one.
    """
    slots = puf.present(tuple(RETURNS))
    if not slots and not puf.has("RETURNOR"):
        return Part()
    flags = {header: puf.flag(header) for header in slots}
    first = puf.flag("REOPERATION1").values
    states = [first if header == "REOPERATION1" else np.nan_to_num(flag.values) for header, flag in flags.items()]
    values = any_of([first, *states])
    excluded = np.isnan(values) & (puf.flag("RETURNOR").values == 0)
    values = np.where(excluded, 0.0, values)
    columns = {"reoperation_30d": with_faults(flag_texts(values), list(flags.values()))}
    if not slots:
        return Part(columns=columns)
    related = [puf.flag(RETURNS[header].related) for header in slots]
    days = [(flag.values, puf.coded(RETURNS[header].day).numbers()) for header, flag in flags.items()]
    of_them = np.where(excluded, 0.0, _any_related(states, related))
    columns["reoperation_related_30d"] = with_faults(flag_texts(of_them), related)
    columns["return_to_theatre_days"] = _first_day(days)
    return Part(columns=columns)


def _any_related(states: list[FloatArray], related: list[Flag]) -> FloatArray:
    """Return whether any of these events had to do with the operation; that is asked of events only."""
    return any_of([np.where(state == 1, flag.values, state) for state, flag in zip(states, related, strict=True)])


def _first_day(events: list[tuple[FloatArray, FloatArray]]) -> pd.Series:
    """Return the earliest day of those events that occurred, missing where none did."""
    days = np.stack([np.where(occurred == 1, day, np.inf) for occurred, day in events])
    earliest = np.fmin.reduce(days)
    return pd.Series(np.where(np.isfinite(earliest), earliest, np.nan))


def read_transfusion(puf: PufTable) -> Part:
    """Return the units of red cells: -99 says none, unless the same row has a transfusion."""
    if not puf.has("BLEED_UNITS_TOT"):
        return Part()
    coded = puf.coded("BLEED_UNITS_TOT")
    entry = next(entry for entry in COMPLICATIONS if entry.header == "OTHBLEED")
    given = puf.flag(entry.header, frozenset(entry.labels), NO_COMPLICATION).values == 1
    none = coded.among(NOT_OCCURRED) & ~given
    return Part(columns={"BLEED_UNITS_TOT": pd.Series(np.where(none, 0.0, coded.numbers()))})
