"""What columns known after the operation say of who is counted: left out, asked of some only, ruled out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from outcomes.kinds.context import Context
from outcomes.kinds.wording import spell
from outcomes.outcome import BoolArray, Criterion, FloatArray, Outcome
from schemas.specs import OutcomeSpec

Levels = tuple[str | float, ...]


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Patients who have one of the levels of a column; without the column nobody has."""

    column: str
    levels: Levels

    def of(self, frame: pd.DataFrame) -> BoolArray:
        """Mark who has one, shape (n,)."""
        if self.column not in frame:
            return np.zeros(len(frame), dtype=np.bool_)
        return frame[self.column].isin(self.levels).to_numpy(dtype=np.bool_)

    def others(self, frame: pd.DataFrame) -> BoolArray:
        """Mark who has none, shape (n,)."""
        return ~self.of(frame)


@dataclass(frozen=True, kw_only=True)
class RuledOut:
    """An outcome that is 0 where it is not recorded and can no longer have happened."""

    recorded: Callable[[pd.DataFrame], FloatArray]
    by: tuple[Marks, ...]
    decided: Callable[[pd.DataFrame], BoolArray] | None

    def occurred(self, frame: pd.DataFrame) -> FloatArray:
        """1, 0 or NaN, shape (n,)."""
        y = self.recorded(frame)
        return np.where(np.isnan(y) & self._is_ruled_out(frame), 0.0, y)

    def is_settled(self, frame: pd.DataFrame) -> BoolArray:
        """Mark who is decided by what rules it out, or was so before, shape (n,)."""
        ruled_out = self._is_ruled_out(frame)
        return ruled_out if self.decided is None else ruled_out | self.decided(frame)

    def _is_ruled_out(self, frame: pd.DataFrame) -> BoolArray:
        return np.asarray(np.all([marks.of(frame) for marks in self.by], axis=0))

    def is_known(self, frame: pd.DataFrame) -> BoolArray:
        """Whether the outcome is known, shape (n,)."""
        return np.isfinite(self.occurred(frame))


def heed_later_columns(outcome: Outcome, spec: OutcomeSpec, context: Context) -> Outcome:
    """Return the outcome with what the declaration says of columns known after the operation.

    Notes
    -----
    Without data (``context.columns`` is None) all the columns are heeded: that is the definition.
    """
    here = [name for name in spec.later_columns() if context.columns is None or name in context.columns]
    if not spec.later_columns():
        return outcome
    changed = replace(
        outcome,
        optional=tuple(dict.fromkeys((*outcome.optional, *here))),
        revealing=tuple(dict.fromkeys((*outcome.revealing, *here))),
        excluded=(*outcome.excluded, *_list_steps(spec, here)),
        rule="; ".join((outcome.rule, *_describe(spec, here), *_list_doubts(spec, here))),
        doubts=(*outcome.doubts, *_list_doubts(spec, here)),
    )
    if not _rules_out(spec, here):
        return changed
    by = _find(spec.ruled_out_by, here)
    ruled_out = RuledOut(recorded=outcome.occurred, by=by, decided=outcome.settled)
    observed = tuple(replace(step, keep=ruled_out.is_known) for step in outcome.observed)
    return replace(changed, occurred=ruled_out.occurred, observed=observed, settled=ruled_out.is_settled)


def _find(named: Mapping[str, Levels], here: list[str]) -> tuple[Marks, ...]:
    return tuple(Marks(column=name, levels=levels) for name, levels in named.items() if name in here)


def _rules_out(spec: OutcomeSpec, here: list[str]) -> bool:
    """Tell whether the data have all the columns by which the outcome may be ruled out: all of them must say so."""
    return bool(spec.ruled_out_by) and set(spec.ruled_out_by) <= set(here)


def _list_steps(spec: OutcomeSpec, here: list[str]) -> Iterator[Criterion]:
    for marks in _find(spec.leaves_out_by, here):
        yield Criterion(reason=f"{_say(marks.column, marks.levels)}: left out by definition", keep=marks.others)
    for marks in _find(spec.only_with, here):
        yield Criterion(
            reason=f"not {_say(marks.column, marks.levels)}, or not recorded: left out by definition", keep=marks.of
        )


def _describe(spec: OutcomeSpec, here: list[str]) -> Iterator[str]:
    for name, levels in spec.leaves_out_by.items():
        if name in here:
            yield f"{_say(name, levels)} leaves the patient out"
    for name, levels in spec.only_with.items():
        if name in here:
            yield f"only patients with {_say(name, levels)} belong"
    if _rules_out(spec, here):
        yield f"not recorded counts as no where {' and '.join(_say(*named) for named in spec.ruled_out_by.items())}"


def _list_doubts(spec: OutcomeSpec, here: list[str]) -> Iterator[str]:
    for name in spec.only_with:
        if name not in here:
            yield f"in doubt: the data have no column {name}, so that what was not seen may count as no"


def _say(name: str, levels: Levels) -> str:
    words = [spell(level) if isinstance(level, str) else {1.0: "yes", 0.0: "no"}.get(level, f"{level:g}")
             for level in levels]  # fmt: skip
    return f"{spell(name)}: {' or '.join(words)}"
