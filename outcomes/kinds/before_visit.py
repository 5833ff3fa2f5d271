"""What a reoperation or a death before the visit of a score makes of its outcome."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from outcomes.kinds.context import Context, values_of
from outcomes.outcome import BoolArray, Criterion, FloatArray
from schemas.columns import COLUMNS
from schemas.visits import TARGETS

ENDING = re.compile(r"_([a-z0-9]+)$")

AFTER = re.compile(r"(\d+)([dwmy])")
DAYS = {"d": 1.0, "w": 7.0, "m": 365.25 / 12, "y": 365.25}
"""Days of the unit that an ending counts in, for visits that a registry adds: ``18m``."""

EARLIER_EVENTS = {"reoperated": ("reoperation_days", "reoperated"), "died": ("death_days", "died")}
"""Key of the study: column with the days to the event, and the word for the patient."""


@dataclass(frozen=True, kw_only=True)
class EarlierEvent:
    """An event that may come before a visit, and what the study makes of it."""

    column: str
    word: str
    choice: str
    visits: tuple[str, ...]

    def happened(self, frame: pd.DataFrame) -> BoolArray:
        """Mark patients to whom it happened before the visit's day, shape (n,); not recorded means no."""
        return np.asarray(values_of(frame, self.column) < find_visit_days(frame, self.visits))


def find_earlier_events(context: Context, visits: tuple[str, ...]) -> tuple[EarlierEvent, ...]:
    """Return the events that the data record and the study gives a meaning to.

    Notes
    -----
    Without data (``context.columns`` is None) all of them: that is the definition. A visit of which neither its name
    nor a column tells the day has nothing before it.
    """
    if all(_target(visit) is None for visit in visits) and not list_day_columns(context, visits):
        return ()
    return tuple(
        EarlierEvent(column=column, word=word, choice=getattr(context.study, key), visits=visits)
        for key, (column, word) in EARLIER_EVENTS.items()
        if getattr(context.study, key) != "as_scored" and (context.columns is None or column in context.columns)
    )


def list_day_columns(context: Context, visits: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns with the recorded days of the visits, as far as the data have them."""
    named = [f"visit_days_{_ending(visit)}" for visit in visits if _ending(visit)]
    known = COLUMNS if context.columns is None else context.columns
    return tuple(name for name in named if name in known)


def find_visit_days(frame: pd.DataFrame, visits: tuple[str, ...]) -> FloatArray:
    """Return the day of the visit whose score counts, shape (n,).

    Notes
    -----
    Of several visits the last known one; of a patient without any, the last that was due. The day is the recorded one
    (``visit_days_12m``), else the one that the visit stands for.
    """
    days = np.full(len(frame), np.nan)
    for visit in visits:
        own = _days_of(frame, visit)
        known = frame[visit].notna().to_numpy() if visit in frame else np.zeros(len(frame), dtype=np.bool_)
        days = np.where(known | (visit == visits[-1]) & np.isnan(days), own, days)
    return days


def fail(occurred: FloatArray, frame: pd.DataFrame, events: tuple[EarlierEvent, ...], *, failure: float) -> FloatArray:
    """Apply the choices ``weight`` and ``fail``: unknown, or failed also without a score; shape (n,).

    Notes
    -----
    To whom both happened, and one is a failure, has failed: what is known of a patient stays known.
    """
    for choice, value in (("weight", np.nan), ("fail", failure)):
        for event in events:
            if event.choice == choice:
                occurred = np.where(event.happened(frame), value, occurred)
    return occurred


def list_exclusions(events: tuple[EarlierEvent, ...]) -> Iterator[Criterion]:
    """Yield a step for each choice ``exclude``."""
    for event in events:
        if event.choice == "exclude":
            yield Criterion(
                reason=f"{event.word} before the visit: left out by choice of the study",
                keep=partial(_spared, event=event),
            )


def describe(events: tuple[EarlierEvent, ...]) -> str:
    """Return the choices in words."""
    words = {
        "fail": "who {word} before the visit counts as a failure",
        "exclude": "who {word} before the visit is left out",
        "weight": "who {word} before the visit counts as unknown",
    }
    made = {"reoperated": "was reoperated", "died": "died"}
    return "; ".join(words[event.choice].format(word=made[event.word]) for event in events)


def _spared(frame: pd.DataFrame, *, event: EarlierEvent) -> BoolArray:
    return ~event.happened(frame)


def _ending(visit: str) -> str:
    found = ENDING.search(visit)
    return found.group(1) if found else ""


def _target(visit: str) -> float | None:
    """Return the day that the visit of a column stands for, or None where its name does not say."""
    ending = _ending(visit)
    if ending in TARGETS:
        return float(TARGETS[ending])
    counted = AFTER.fullmatch(ending)
    return round(int(counted.group(1)) * DAYS[counted.group(2)]) if counted else None


def _days_of(frame: pd.DataFrame, visit: str) -> FloatArray:
    target = _target(visit)
    planned = np.full(len(frame), np.nan if target is None else target)
    column = f"visit_days_{_ending(visit)}"
    if column not in frame:
        return planned
    own = values_of(frame, column)
    return np.where(np.isnan(own), planned, own)
