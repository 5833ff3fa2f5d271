"""The kind ``recurrence``: a disc herniation that came back at an operated level, by a day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.kinds.context import Context, require_levels, values_of
from outcomes.kinds.event_by_horizon import TIES, describe_lost, describe_untimed
from outcomes.kinds.event_clock import EventClock
from outcomes.kinds.recurrence_rows import list_column_rows, list_table_rows, tells_in_tables
from outcomes.kinds.recurrence_rules import TIMES, find_times
from outcomes.kinds.wording import join_rule, spell
from outcomes.outcome import BoolArray, Criterion, FloatArray, FollowUp, IntArray, Outcome
from schemas.errors import StudyError, suggest
from schemas.registry import Registry
from schemas.specs import RECURRENCE_COLUMNS, RecurrenceOutcome

UNDATED = "an event that bears on it is recorded without its day"

UNADJUDICATED_WORDS = {
    "competes": "an event of which the data do not tell whether it counts precludes the outcome",
    "event": "an event of which the data do not tell whether it counts is the outcome",
}

PROOFS = {
    "imaging": "a herniation with symptoms that imaging has proven, or an operation for one",
    "reoperation": "as a proxy, a repeat discectomy, an operation of no stated kind, or a fusion for a recurrence",
}
SIDES = {"any": "on either side", "same": "on the operated side", "other": "on another side than the operated one"}


@dataclass(frozen=True, kw_only=True)
class RecurrenceClock:
    """Times of an outcome, as functions of the operations' frame.

    The times stand in columns of their own where `prepare` has made them of a registry; else they are made of the
    columns of the frame.
    """

    spec: RecurrenceOutcome

    @property
    def made(self) -> tuple[str, ...]:
        """Names of the columns of the times, which no registry has."""
        return tuple(f"_{self.spec.name}_{time}" for time in TIMES)

    @property
    def clock(self) -> EventClock:
        """What reads the times."""
        event, competing, followed, _ = self.made
        return EventClock(
            events=(event,), competing=(competing,), followed_until=followed, horizon_days=self.spec.horizon_days
        )

    def prepare(self, registry: Registry) -> pd.DataFrame:
        """Return the frame of a registry with the times, made of its tables or of its columns.

        Raises
        ------
        StudyError
            If neither can tell the outcome.
        DataError
            If the table of events has a kind of event that nobody knows.
        """
        if tells_in_tables(registry, self.spec):
            rows = list_table_rows(registry, self.spec)
        else:
            _require_columns(self.spec, registry.columns)
            rows = list_column_rows(registry.frame, self.spec)
        return pd.concat([registry.frame, self._name(find_times(rows, registry.frame, self.spec))], axis=1)

    def occurred(self, frame: pd.DataFrame) -> FloatArray:
        """1, 0 or NaN (unknown), shape (n,)."""
        return self.clock.occurred(self._timed(frame))

    def time_days(self, frame: pd.DataFrame) -> FloatArray:
        """Day of the first event of any cause or of the end of follow-up, shape (n,)."""
        return self.clock.time_days(self._timed(frame))

    def cause(self, frame: pd.DataFrame) -> IntArray:
        """What ended follow-up: 0 nothing, 1 the outcome, 2 what precludes it; shape (n,)."""
        return self.clock.cause(self._timed(frame))

    def is_timed(self, frame: pd.DataFrame) -> BoolArray:
        """Mark patients with a known end of follow-up, shape (n,)."""
        return self.clock.is_timed(self._timed(frame))

    def is_dated(self, frame: pd.DataFrame) -> BoolArray:
        """Mark patients of whom no event that bears on the outcome lacks its day, shape (n,)."""
        return np.asarray(values_of(self._timed(frame), self.made[3]) != 1)

    def is_answered(self, frame: pd.DataFrame) -> BoolArray:
        """Mark patients followed to the horizon, or until an event with which follow-up ended, shape (n,)."""
        return self.clock.is_answered(self._timed(frame))

    def _timed(self, frame: pd.DataFrame) -> pd.DataFrame:
        if self.made[0] in frame:
            return frame
        return self._name(find_times(list_column_rows(frame, self.spec), frame, self.spec))

    def _name(self, times: pd.DataFrame) -> pd.DataFrame:
        return times.rename(columns=dict(zip(TIMES, self.made, strict=True)))


def build_recurrence_outcome(spec: RecurrenceOutcome, context: Context) -> Outcome:
    """Build the outcome "the outcome came first, by the horizon".

    Notes
    -----
    Judged per event at each operated level and side (`outcomes.kinds.recurrence_rules`); the patient has it from the
    first one that counts. Censoring is as in `outcomes.kinds.event_by_horizon.build_horizon_outcome`.
    """
    clock = RecurrenceClock(spec=spec)
    # Of data it is known only with the tables whether the columns are needed: `prepare` says it.
    needed = spec.needed_columns() if context.columns is None else (spec.followed_until,)
    further = tuple(name for name in (*spec.needed_columns(), *RECURRENCE_COLUMNS) if name not in needed)
    known_before = (spec.relief.baseline,) if spec.relief else ()
    return Outcome(
        name=spec.name,
        title=spec.title,
        kind="recurrence",
        desirable=spec.desirable,
        horizon=spec.horizon,
        needs=(*needed, *spec.among),
        optional=tuple(dict.fromkeys(further)),
        revealing=(*(name for name in (*needed, *further) if name not in known_before), *clock.made),
        occurred=clock.occurred,
        prepare=clock.prepare,
        eligible=require_levels(spec),
        observed=(
            Criterion(reason=f"{UNDATED}: outcome unknown", keep=clock.is_dated),
            Criterion(reason=f"{describe_untimed(spec.followed_until)}: outcome unknown", keep=clock.is_timed),
        ),
        answered=clock.is_answered,
        follow_up=FollowUp(time_days=clock.time_days, cause=clock.cause, horizon_days=spec.horizon_days),
        rule=join_rule(
            spec, _describe_label(spec), *_describe_relief(spec), UNADJUDICATED_WORDS[spec.unadjudicated], TIES
        ),
        unknown=f"{describe_lost(spec.horizon_days)}; {describe_untimed(spec.followed_until)}; {UNDATED}",
        competing=_describe_competing(spec),
        source=spec.source,
    )


def _require_columns(spec: RecurrenceOutcome, columns: Collection[str]) -> None:
    absent = [name for name in dict.fromkeys(spec.needed_columns()) if name not in columns]
    if absent:
        lines = "\n".join(f"  {name}: is not a column of the data{suggest(name, columns)}" for name in absent)
        raise StudyError(
            f"the outcome {spec.name} must have its columns in the data, or tables of levels and of events that both "
            f"name the level:\n{lines}"
        )


def _describe_label(spec: RecurrenceOutcome) -> str:
    what = "" if spec.herniation == "recurrent" else "residual herniation: "
    column = f" ({spell(spec.event)})" if spec.time else ""
    return (
        f"{what}{PROOFS[spec.proof]}{column}, at an operated level {SIDES[spec.side]}, by day {spec.horizon_days} "
        "after the operation; other levels do not count"
    )


def _describe_relief(spec: RecurrenceOutcome) -> tuple[str, ...]:
    before = "after" if spec.herniation == "recurrent" else "without"
    days = {
        "imaging": f"{before} {spec.relief_days} days or more of relief",
        "reoperation": f"{spec.relief_days} days after the operation or later",
    }
    told = [days[spec.proof]] if spec.relief_days else []
    if spec.relief_unknown == "by_day" and spec.proof == "imaging" and spec.relief_days:
        told.append("where the relief is not recorded the day of the herniation stands for it")
    if spec.relief:
        visits = ", ".join(map(spell, spec.relief.visits))
        told.append(
            f"{before} a fall of {spell(spec.relief.baseline)} by {spec.relief.fall_percent:g} % at an earlier visit "
            f"({visits})"
        )
    return tuple(told)


def _describe_competing(spec: RecurrenceOutcome) -> str:
    other = {"recurrent": "residual herniation", "residual": "a herniation after relief"}[spec.herniation]
    further = [
        spell(name.removesuffix("_days"))
        for name in spec.competing
        if name not in ("other_fusion_days", "death_days")
    ]  # fmt: skip
    death = ["death"] if "death_days" in spec.competing else []
    return ", ".join([*death, "fusion or disc replacement at the level for another reason", other, *further])
