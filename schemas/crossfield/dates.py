"""Rules: the order of dates and days, and what they say of age, stay and death."""

from __future__ import annotations

from functools import partial

import pandas as pd

from schemas.derived.durations import compute_age
from schemas.dictionary.events import COUNTED_DAYS, PRESENT_BEFORE, TIMES
from schemas.rule import Rule

DAYS_OF_EARLY_EVENTS = 30.0
NO_EVENTS = ("death_days", "follow_up_days", "discharge_days")
EVENTS = (*(column.name for column in TIMES if column.name not in NO_EVENTS), "return_to_work_days")
"""Days of what cannot happen to the dead."""

AGE_TOLERANCE = 1.0


def _is_earlier(rows: pd.DataFrame, day: str, other: str, by: int = 0) -> pd.Series:
    """Mark where `day` is more than `by` days before `other`."""
    earlier: pd.Series = rows[day].dt.normalize() < rows[other].dt.normalize() - pd.Timedelta(days=by)
    return earlier


def _not_before(day: str, other: str, by: int = 0) -> Rule:
    return Rule(
        name=f"{day}_not_before_{other}",
        columns=(day, other),
        text=f"must not be {'more than a day ' if by else ''}before {other}",
        broken=partial(_is_earlier, day=day, other=other, by=by),
    )


def _not_after(day: str, other: str) -> Rule:
    return Rule(
        name=f"{day}_not_after_{other}",
        columns=(day, other),
        text=f"must not be after {other}",
        broken=partial(_is_earlier, day=other, other=day),
    )


def _other_age(rows: pd.DataFrame) -> pd.Series:
    completed = compute_age(rows["birth_date"], rows["operation_date"])
    broken = (rows["age"] - completed).abs() > AGE_TOLERANCE
    if "age_top_coded" in rows:
        return broken & ~(rows["age_top_coded"].eq(1) & (completed > rows["age"]))
    return broken


def _after_death(rows: pd.DataFrame, days: str, by: int = 0) -> pd.Series:
    return rows[days] > rows["death_days"] + by


def _followed_after_death(rows: pd.DataFrame) -> pd.Series:
    """Mark follow-up beyond death, unless most of the dead have it: then it is the end of the registry's data."""
    broken = _after_death(rows, "follow_up_days")
    known = rows["follow_up_days"].notna() & rows["death_days"].notna()
    return broken & (2 * broken.sum() <= known.sum())


def _event_within_life(days: str) -> Rule:
    return Rule(
        name=f"{days}_within_life",
        columns=(days, "death_days"),
        text="must be at most death_days",
        broken=partial(_after_death, days=days),
    )


def _other_early_death(rows: pd.DataFrame) -> pd.Series:
    early, days = rows["death_30d"], rows["death_days"]
    return (early.eq(1) & (days > DAYS_OF_EARLY_EVENTS)) | (early.eq(0) & (days <= DAYS_OF_EARLY_EVENTS))


def _missed_early_event(rows: pd.DataFrame, stem: str) -> pd.Series:
    """Mark an event by day 30 that is denied; one that was there at the operation may have a day and be no event."""
    missed = rows[f"{stem}_30d"].eq(0) & (rows[f"{stem}_days"] <= DAYS_OF_EARLY_EVENTS)
    return missed & rows[f"{stem}_patos"].ne(1) if f"{stem}_patos" in rows else missed


def _early_event(stem: str) -> Rule:
    return Rule(
        name=f"{stem}_30d_by_{stem}_days",
        columns=(f"{stem}_30d", f"{stem}_days"),
        further=(f"{stem}_patos",) if stem in PRESENT_BEFORE else (),
        text=f"must be 1 where {stem}_days is at most 30",
        broken=partial(_missed_early_event, stem=stem),
    )


def _readmitted_before_discharge(rows: pd.DataFrame) -> pd.Series:
    return rows["readmission_30d"].eq(1) & (rows["length_of_stay_days"] > DAYS_OF_EARLY_EVENTS)


def _readmitted_dead(rows: pd.DataFrame) -> pd.Series:
    return rows["readmission_30d"].eq(1) & rows["discharge_destination"].eq("died")


def _died_unnoticed(rows: pd.DataFrame) -> pd.Series:
    in_time = rows["length_of_stay_days"] <= DAYS_OF_EARLY_EVENTS
    return rows["death_30d"].eq(0) & rows["discharge_destination"].eq("died") & in_time


def _stayed_on_the_day(rows: pd.DataFrame) -> pd.Series:
    return rows["same_day_discharge"].eq(1) & (rows["length_of_stay_days"] > 1)


ORDER = (
    _not_after("birth_date", "operation_date"),
    _not_after("admission_date", "operation_date"),
    _not_after("baseline_date", "operation_date"),
    _not_before("discharge_date", "operation_date"),
    _not_before("discharge_date", "admission_date"),
    _not_before("death_date", "operation_date"),
    # what is written on the day after a death in hospital is no contradiction
    _not_before("death_date", "discharge_date", by=1),
    _not_before("last_seen_date", "operation_date"),
    _not_before("return_to_work_date", "operation_date"),
)

DAYS = (
    Rule(
        name="age_of_dates", columns=("age", "birth_date", "operation_date"), further=("age_top_coded",),
        text="must be the age at operation_date by birth_date, within a year", broken=_other_age,
    ),
    *(_event_within_life(days) for days in EVENTS),
    Rule(
        name="follow_up_within_life", columns=("follow_up_days", "death_days"), text="must be at most death_days",
        broken=_followed_after_death,
    ),
    Rule(
        name="stay_within_life", columns=("length_of_stay_days", "death_days"),
        text="must be at most a day more than death_days",
        broken=partial(_after_death, days="length_of_stay_days", by=1),
    ),
    Rule(
        name="early_death_by_days", columns=("death_30d", "death_days"),
        text="must be 1 where death_days is at most 30, and 0 where it is more", broken=_other_early_death,
    ),
    Rule(
        name="early_death_by_destination",
        columns=("death_30d", "discharge_destination", "length_of_stay_days"),
        text="must be 1 where discharge_destination is died after at most 30 days", broken=_died_unnoticed,
    ),
    *(_early_event(stem) for stem in ("reoperation", "readmission", *COUNTED_DAYS)),
    Rule(
        name="readmission_after_discharge", columns=("readmission_30d", "length_of_stay_days"),
        text="must be 0 where length_of_stay_days is more than 30", broken=_readmitted_before_discharge,
    ),
    Rule(
        name="readmission_of_the_living", columns=("readmission_30d", "discharge_destination"),
        text="must be 0 where discharge_destination is died", broken=_readmitted_dead,
    ),
    Rule(
        name="same_day_by_stay", columns=("same_day_discharge", "length_of_stay_days"),
        text="must be 0 where length_of_stay_days is more than 1", broken=_stayed_on_the_day,
    ),
)  # fmt: skip
