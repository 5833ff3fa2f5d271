"""Days and years between the dates of a row; what would be negative is unknown, as one of the dates must be wrong."""

from __future__ import annotations

import pandas as pd


def compute_days(start: pd.Series, end: pd.Series) -> pd.Series:
    """Return whole days from `start` to `end`, shape (n,), float64; of times of day only the date counts.

    Examples
    --------
    >>> compute_days(pd.Series(pd.to_datetime(["2024-02-28"])), pd.Series(pd.to_datetime(["2024-03-01"]))).tolist()
    [2.0]
    """
    days: pd.Series = (end.dt.normalize() - start.dt.normalize()).dt.days.astype("float64")
    return days.where(days >= 0)


def compute_age(birth: pd.Series, day: pd.Series) -> pd.Series:
    """Return completed years, shape (n,), float64; who was born on 29 February is a year older on 1 March.

    Examples
    --------
    >>> born = pd.Series(pd.to_datetime(["1960-02-29", "1960-02-29"]))
    >>> compute_age(born, pd.Series(pd.to_datetime(["2023-02-28", "2023-03-01"]))).tolist()
    [62.0, 63.0]
    """
    before = day.dt.month * 100 + day.dt.day < birth.dt.month * 100 + birth.dt.day
    years: pd.Series = (day.dt.year - birth.dt.year - before).astype("float64")
    return years.where(years >= 0)


def compute_year(day: pd.Series) -> pd.Series:
    """Return the calendar year, shape (n,), float64."""
    year: pd.Series = day.dt.year.astype("float64")
    return year
