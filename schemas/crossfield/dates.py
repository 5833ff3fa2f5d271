"""Rules: the order of dates and days, and what they say of age, stay and death."""

from __future__ import annotations

from functools import partial

import pandas as pd

from schemas.crossfield.implication import is_above, is_known, must_be_no, must_be_yes
from schemas.derived.durations import compute_age
from schemas.dictionary.events import COUNTED_DAYS, PRESENT_BEFORE, TIMES
from schemas.rule import Rule

DAYS_OF_EARLY_EVENTS = 30.0
NO_EVENTS = ("death_days", "follow_up_days", "discharge_days")
EVENTS = (
    *(column.name for column in TIMES if column.name not in NO_EVENTS),
    "return_to_work_days",
    *(f"{stem}_days" for stem in COUNTED_DAYS),
)
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


def _if_in_few(broken: pd.Series, dead: pd.Series) -> pd.Series:
    """Mark nobody if most of the dead are followed beyond death: then it is the end of the registry's data."""
    return broken & (2 * broken.sum() <= dead.sum())


def _followed_after_death(rows: pd.DataFrame) -> pd.Series:
    dead = rows["follow_up_days"].notna() & rows["death_days"].notna()
    return _if_in_few(_after_death(rows, "follow_up_days"), dead)


def _seen_after_death(rows: pd.DataFrame) -> pd.Series:
    dead = rows["last_seen_date"].notna() & rows["death_date"].notna()
    return _if_in_few(_is_earlier(rows, "death_date", "last_seen_date", by=1), dead)


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


def _outlived_stay(rows: pd.DataFrame, days: str) -> pd.Series:
    """Mark who died in hospital by the destination, and more than a day later by `days`."""
    return rows["discharge_destination"].eq("died") & (rows[days] > rows["length_of_stay_days"] + 1)


def _followed_after_stay(rows: pd.DataFrame) -> pd.Series:
    dead = rows["discharge_destination"].eq("died")
    known = dead & rows["follow_up_days"].notna() & rows["length_of_stay_days"].notna()
    return _if_in_few(_outlived_stay(rows, "follow_up_days"), known)


def _is_a_night_or_more(nights: pd.Series) -> pd.Series:
    return nights >= 1


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
    Rule(
        name="last_seen_date_not_after_death_date", columns=("last_seen_date", "death_date"),
        text="must not be more than a day after death_date", broken=_seen_after_death,
    ),
    _not_before("return_to_work_date", "operation_date"),
)  # fmt: skip

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
        name="death_of_who_died_in_hospital",
        columns=("discharge_destination", "death_days", "length_of_stay_days"),
        text="must not be died where death_days is more than a day beyond length_of_stay_days",
        broken=partial(_outlived_stay, days="death_days"),
    ),
    Rule(
        name="follow_up_of_who_died_in_hospital",
        columns=("discharge_destination", "follow_up_days", "length_of_stay_days"),
        text="must not be died where follow_up_days is more than a day beyond length_of_stay_days",
        broken=_followed_after_stay,
    ),
    must_be_no("same_day_discharge", "length_of_stay_days", "1 or more", _is_a_night_or_more),
    must_be_no("reoperation_30d", "reoperation_days", "more than 30", partial(is_above, least=DAYS_OF_EARLY_EVENTS)),
    *(must_be_yes(f"{stem}_90d", f"{stem}_30d", "1") for stem in ("death", "readmission", "reoperation")),
    must_be_yes("sepsis_30d", "septic_shock_30d", "1"),
    must_be_yes("return_to_work", "return_to_work_days", "given", is_known),
)  # fmt: skip
