"""The kind ``level``: a column has reached a level, or a number has reached or changed by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from outcomes.kinds import before_visit
from outcomes.kinds.before_visit import EarlierEvent, find_earlier_events
from outcomes.kinds.context import Context, is_known, require_levels, values_of
from outcomes.kinds.wording import join_rule, spell
from outcomes.outcome import BoolArray, Criterion, FloatArray, Outcome
from outcomes.threshold_rules import ROUNDING
from schemas.specs import LevelOutcome, PopulationRule


@dataclass(frozen=True, kw_only=True)
class CutOffs:
    """The number that each group must reach, or pass: fixed before the study, never estimated from its data."""

    column: str
    values: Mapping[str, float]

    def of(self, frame: pd.DataFrame) -> FloatArray:
        """Return each patient's own, NaN without one; shape (n,)."""
        groups = frame[self.column]
        if pd.api.types.is_float_dtype(groups):
            groups = groups.map("{:g}".format)
        return np.asarray(groups.map(dict(self.values)).to_numpy(dtype=np.float64))

    def has(self, frame: pd.DataFrame) -> BoolArray:
        """Whether there is one for the patient, shape (n,)."""
        return np.isfinite(self.of(frame))


@dataclass(frozen=True, kw_only=True)
class Level:
    """When the level is reached, as the declaration says."""

    spec: LevelOutcome
    cutoffs: CutOffs | None
    events: tuple[EarlierEvent, ...]

    def occurred(self, frame: pd.DataFrame) -> FloatArray:
        """1, 0 or NaN, shape (n,)."""
        reached = self._of_category(frame) if self.spec.counts else self._of_number(frame)
        failure = 0.0 if self.spec.desirable else 1.0
        return before_visit.fail(reached, frame, self.events, failure=failure)

    def is_decided(self, frame: pd.DataFrame) -> BoolArray:
        """Whether the outcome is known, shape (n,)."""
        return np.isfinite(self.occurred(frame))

    def has_meaning(self, frame: pd.DataFrame) -> BoolArray:
        """Whether the level is none that leaves the patient out, shape (n,)."""
        return ~frame[self.spec.column].isin(self.spec.leaves_out).to_numpy(dtype=np.bool_)

    def _of_category(self, frame: pd.DataFrame) -> FloatArray:
        column = frame[self.spec.column]
        known = column.notna().to_numpy() & self.has_meaning(frame)
        return np.where(known, column.isin(self.spec.counts).to_numpy(dtype=np.float64), np.nan)

    def _of_number(self, frame: pd.DataFrame) -> FloatArray:
        value = values_of(frame, self.spec.column)
        if self.spec.minus:
            value = value - values_of(frame, self.spec.minus)
        above, limit = self._above(value, frame)
        return np.where(np.isfinite(value) & np.isfinite(limit), above.astype(np.float64), np.nan)

    def _above(self, value: FloatArray, frame: pd.DataFrame) -> tuple[BoolArray, FloatArray]:
        """Return whether the number is on the side that counts, and its limit; met exactly is met, despite rounding."""
        spec = self.spec
        if self.cutoffs:
            limit = self.cutoffs.of(frame)
            passed = value > limit + ROUNDING if spec.cutoff_rule == "more_than" else value >= limit - ROUNDING
            return passed, limit
        if spec.at_most is not None:
            return value <= spec.at_most + ROUNDING, np.full_like(value, spec.at_most)
        if spec.more_than is not None:
            return value > spec.more_than + ROUNDING, np.full_like(value, spec.more_than)
        assert spec.at_least is not None
        return value >= spec.at_least - ROUNDING, np.full_like(value, spec.at_least)


def build_level_outcome(spec: LevelOutcome, context: Context) -> Outcome:
    """Build the outcome "the column has reached the level".

    Notes
    -----
    Patients of a group without a cut-off leave, counted, since no number can be said for them; so do those without the
    value before, where a change is asked for. A level that leaves the patient out is another thing than one that is not
    recorded: that is an unknown outcome.
    """
    cutoffs = CutOffs(column=spec.cutoff_by, values=spec.cutoffs) if spec.cutoff_by and spec.cutoffs else None
    events = find_earlier_events(context, (spec.column,)) if spec.answered else ()
    level = Level(spec=spec, cutoffs=cutoffs, events=events)
    later = before_visit.list_columns(context, events)
    before = tuple(filter(None, (spec.minus, spec.cutoff_by)))
    unknown = f"{spell(spec.column)} not recorded"
    return Outcome(
        name=spec.name,
        title=spec.title,
        kind="level",
        desirable=spec.desirable,
        horizon=spec.horizon,
        needs=(spec.column, *before, *spec.among),
        optional=later,
        revealing=(spec.column, *later),
        occurred=level.occurred,
        eligible=(*require_levels(spec), *_find_steps(spec, cutoffs)),
        settled=before_visit.find_settled(events),
        excluded=(*_leave_out(level), *before_visit.list_exclusions(events)),
        observed=(Criterion(reason=f"{unknown}: outcome unknown", keep=level.is_decided),),
        rule=join_rule(spec, *_describe(spec), before_visit.describe(events)),
        unknown=unknown,
        competing=spec.precluded_by,
        doubts=before_visit.list_doubts(events, context),
        source=spec.source,
    )


def _find_steps(spec: LevelOutcome, cutoffs: CutOffs | None) -> tuple[Criterion, ...]:
    """Return who cannot be judged, by what is known before the operation."""
    steps = []
    if spec.minus:
        recorded = PopulationRule(kind="recorded", column=spec.minus)
        steps.append(
            Criterion(reason=f"{spec.minus} not recorded", keep=partial(is_known, name=spec.minus), rule=recorded)
        )
    if cutoffs:
        steps.append(Criterion(reason=f"no cut-off for the {spell(cutoffs.column)}, or not recorded", keep=cutoffs.has))
    return tuple(steps)


def _leave_out(level: Level) -> tuple[Criterion, ...]:
    spec = level.spec
    if not spec.leaves_out:
        return ()
    levels = " or ".join(map(spell, spec.leaves_out))
    return (Criterion(reason=f"{spell(spec.column)} is {levels}: left out by definition", keep=level.has_meaning),)


def _describe(spec: LevelOutcome) -> tuple[str, ...]:
    what = spell(spec.column)
    if spec.minus:
        what = f"{what} minus {spell(spec.minus)}"
    if spec.counts:
        rule = f"{what} is {' or '.join(map(spell, spec.counts))}"
    elif spec.cutoffs:
        sign = {"at_least": "at least", "more_than": "more than"}[spec.cutoff_rule]
        each = ", ".join(f"{number:g} ({spell(group)})" for group, number in spec.cutoffs.items())
        rule = f"{what} is {sign} {each} by {spell(spec.cutoff_by or '')}; cut-offs from {spec.cutoff_source}"
    else:
        numbers = {"at least": spec.at_least, "more than": spec.more_than, "at most": spec.at_most}
        rule = "".join(f"{what} is {sign} {number:g}" for sign, number in numbers.items() if number is not None)
    left_out = f"{' or '.join(map(spell, spec.leaves_out))} leaves the patient out" if spec.leaves_out else ""
    return rule, left_out
