"""What a reoperation or a death before the visit of a score makes of its outcome."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from outcomes.kinds.context import Context, values_of
from outcomes.kinds.wording import spell
from outcomes.outcome import NEXT_OPERATION, NEXT_OPERATION_NEEDS, BoolArray, Criterion, FloatArray
from schemas.columns import COLUMNS
from schemas.visits import TARGETS

ENDING = re.compile(r"_([a-z0-9]+)$")

AFTER = re.compile(r"(\d+)([dwmy])")
DAYS = {"d": 1.0, "w": 7.0, "m": 365.25 / 12, "y": 365.25}
"""Days of the unit that an ending counts in, for visits that a registry adds: ``18m``."""

EARLIER_EVENTS = {"reoperated": ("reoperation_days", "reoperated"), "died": ("death_days", "died")}
"""Key of the study: column with the days to the event, and the word for the patient."""

REOPERATIONS = ("same_level_reoperation_days", "adjacent_reoperation_days", "other_level_reoperation_days")
"""Columns of which the first day is that of a reoperation, where the data have no column of all reoperations."""

UNRECORDED = "unrecorded"
"""In the place of the study's choice, where the data cannot say to whom it happened."""

DEPARTURE = "although the study"
"""In every doubt that tells of a departure from the plan; what follows is the choice that could not be kept."""

PLANNED = {
    "fail": "counts them as failures",
    "exclude": "leaves them out",
    "weight": "counts them as of unknown outcome",
}
"""What the study makes of patients to whom an event happened, by its choice."""

PLURAL = {"reoperated": "reoperations", "died": "deaths"}
PAST = {"reoperated": "were reoperated", "died": "died"}
"""What is said of patients to whom it happened."""


@dataclass(frozen=True, kw_only=True)
class EarlierEvent:
    """An event that may come before a visit, and what the study makes of it.

    `columns` are those with the days to it, of which the first day counts; without any, `choice` is ``unrecorded``.
    """

    columns: tuple[str, ...]
    word: str
    choice: str
    visits: tuple[str, ...]

    def happened(self, frame: pd.DataFrame) -> BoolArray:
        """Mark patients to whom it happened before the visit's day, shape (n,); not recorded means no."""
        visit = find_visit_days(frame, self.visits)
        own = [values_of(frame, column) for column in self.columns if column in frame]
        return np.asarray(np.any([days < visit for days in own], axis=0) if own else np.zeros(len(frame), np.bool_))


def find_earlier_events(context: Context, visits: tuple[str, ...]) -> tuple[EarlierEvent, ...]:
    """Return the events that the study gives a meaning to, those that the data do not record among them.

    Notes
    -----
    Without data (``context.columns`` is None) all of them: that is the definition. A visit of which neither its name
    nor a column tells the day has nothing before it. Reoperations are those of ``reoperation_days``; where the data
    have no such column, the first of those at the level, next to it or elsewhere; where they have none of these
    either, the next operation of the same patient among their own rows.
    """
    if all(_target(visit) is None for visit in visits) and not list_day_columns(context, visits):
        return ()
    return tuple(
        EarlierEvent(columns=columns, word=word, choice=choice if columns else UNRECORDED, visits=visits)
        for key, (column, word) in EARLIER_EVENTS.items()
        if (choice := getattr(context.study, key)) != "as_scored"
        for columns in [_find_columns(context, column)]
    )


def _find_columns(context: Context, column: str) -> tuple[str, ...]:
    """Return the columns that tell the days to an event, the best source that the data have."""
    have = context.columns
    if have is None or column in have:
        return (column,)
    if column == "death_days":
        return ()
    if some := tuple(name for name in REOPERATIONS if name in have):
        return some
    return (NEXT_OPERATION,) if set(NEXT_OPERATION_NEEDS) <= set(have) else ()


def list_day_columns(context: Context, visits: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns with the recorded days of the visits, as far as the data have them."""
    named = [f"visit_days_{_ending(visit)}" for visit in visits if _ending(visit)]
    known = COLUMNS if context.columns is None else context.columns
    return tuple(name for name in named if name in known)


def list_columns(context: Context, events: tuple[EarlierEvent, ...]) -> tuple[str, ...]:
    """Return the columns that the events are read from, and those with the days of their visits."""
    used = tuple(event for event in events if event.columns)
    days = list_day_columns(context, used[0].visits) if used else ()
    return (*(column for event in used for column in event.columns), *days)


def find_visit_days(frame: pd.DataFrame, visits: tuple[str, ...]) -> FloatArray:
    """Return the day of the last visit that was due, shape (n,), whether or not it was answered.

    Notes
    -----
    The outcome is asked for until then: who answered at 3 months, was reoperated on day 200 and did not answer at 12
    months had the reoperation before the last visit. The day is the recorded one (``visit_days_12m``), else the one
    that the visit stands for.
    """
    days = np.full(len(frame), np.nan)
    for visit in visits:
        own = _days_of(frame, visit)
        days = np.where(np.isnan(own), days, own)
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


def find_settled(events: tuple[EarlierEvent, ...]) -> Callable[[pd.DataFrame], BoolArray] | None:
    """Return what marks the patients whose outcome such an event decides without an answer; None without any."""
    failures = tuple(event for event in events if event.choice == "fail")
    return partial(_have_failed, events=failures) if failures else None


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
        "fail": "patients who {word} before the visit count as failures",
        "exclude": "patients who {word} before the visit are left out",
        "weight": "patients who {word} before the visit count as of unknown outcome",
    }
    return "; ".join(
        _describe_unrecorded(event)
        if event.choice == UNRECORDED
        else words[event.choice].format(word=PAST[event.word]) + _describe_source(event)
        for event in events
    )


def list_doubts(events: tuple[EarlierEvent, ...], context: Context) -> tuple[str, ...]:
    """Return what a reader of the results must know of such events.

    Notes
    -----
    Among complete cases, known failures need no answer and all others do: failures are over-represented.
    """
    unrecorded = [
        f"{_describe_unrecorded(event)}, {DEPARTURE} {PLANNED[getattr(context.study, key)]}"
        for event in events
        for key, (_, word) in EARLIER_EVENTS.items()
        if event.choice == UNRECORDED and event.word == word
    ]
    failed = [PAST[event.word] for event in events if event.choice == "fail"]
    if failed and context.study.non_response == "complete_cases":
        unrecorded.append(
            f"patients who {' or '.join(failed)} before the visit are failures also without an answer, while all "
            "others need one: among complete cases failures are over-represented"
        )
    return tuple(unrecorded)


def _describe_unrecorded(event: EarlierEvent) -> str:
    """Say what becomes of patients of whom the data cannot tell it: the reoperated can answer, the dead cannot."""
    known = f"the data do not record {PLURAL[event.word]}, so that"
    if event.word == "reoperated":
        return f"{known} patients who were reoperated before the visit keep what was recorded at the visit"
    earlier = " unless an earlier visit was answered" if len(event.visits) > 1 else ""
    return f"{known} patients who died before the visit count as of unknown outcome{earlier}"


def _describe_source(event: EarlierEvent) -> str:
    """Say where a reoperation is read from, where it is not from the column of all of them."""
    if event.columns == (NEXT_OPERATION,):
        return " (reoperations are taken from the next operation of the same patient in the data)"
    if set(event.columns) & set(REOPERATIONS):
        return f" (the first of {', '.join(map(spell, event.columns))})"
    return ""


def _have_failed(frame: pd.DataFrame, *, events: tuple[EarlierEvent, ...]) -> BoolArray:
    return np.asarray(np.any([event.happened(frame) for event in events], axis=0))


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
