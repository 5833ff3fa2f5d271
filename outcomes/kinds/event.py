"""The kind ``event``: any or all of several recorded flags within a fixed window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.kinds.context import Context, require_levels, values_of
from outcomes.kinds.wording import join_rule, spell
from outcomes.outcome import BoolArray, Criterion, FloatArray, Outcome
from outcomes.three_valued import DECIDED, UNDECIDED, Joined, combine
from schemas.specs import EventOutcome, MissingRule


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What the outcome is made of, and how.

    `before` names, per flag, the one that says that it was there at the time of the operation; `followed` the one that
    says that the whole window was observed, where there is one.
    """

    names: tuple[str, ...]
    joined: Joined
    missing: MissingRule
    before: Mapping[str, str]
    followed: str | None

    @property
    def optional(self) -> tuple[str, ...]:
        """Columns that are used where the data have them."""
        return (*self.before.values(), *((self.followed,) if self.followed else ()))

    def occurred(self, frame: pd.DataFrame) -> FloatArray:
        """1, 0 or NaN, shape (n,)."""
        values = np.column_stack([self._value(frame, name) for name in self.names])
        combined = combine(values, self.joined, self.missing)
        if self.followed is None or self.followed not in frame:
            return combined
        unseen = (combined == 0) & (values_of(frame, self.followed) != 1)
        return np.where(unseen, np.nan, combined)

    def is_known(self, frame: pd.DataFrame) -> BoolArray:
        """Whether the outcome is known, shape (n,)."""
        return np.isfinite(self.occurred(frame))

    def is_answered(self, frame: pd.DataFrame) -> BoolArray:
        """Whether the outcome would be known whatever it was, shape (n,).

        Every flag is recorded, or one of them where the others are left out of account; and the window was observed.
        """
        known = np.column_stack([np.isfinite(values_of(frame, name)) for name in self.names])
        enough = known.any(axis=1) if self.missing == "known_only" else known.all(axis=1)
        if self.followed is None or self.followed not in frame:
            return np.asarray(enough)
        return np.asarray(enough & (values_of(frame, self.followed) == 1))

    def _value(self, frame: pd.DataFrame, name: str) -> FloatArray:
        """Return a flag, 0 where what it tells was there before the operation."""
        value, before = values_of(frame, name), self.before.get(name)
        if before is None or before not in frame:
            return value
        return np.where((value == 1) & (values_of(frame, before) == 1), 0.0, value)


def build_event_outcome(spec: EventOutcome, context: Context) -> Outcome:
    """Build the outcome "any of the named flags is 1", or "all of them are".

    Notes
    -----
    The default rule is three-valued logic: of *any*, 1 where one component is 1, even if others are unknown; 0 where
    all are known to be 0; else unknown, counted. The components are printed with every result. A flag that tells what
    was there at the time of the operation is no event; where nobody said whether it was, the event counts.

    By that rule an event is known more often than its absence. So only patients of whom all is recorded, and the window
    observed, carry weight (`Outcome.answered`).
    """
    flags = _find_flags(spec, context)
    unknown = _describe_unknown(flags)
    return Outcome(
        name=spec.name,
        title=spec.title,
        kind="event",
        desirable=spec.desirable,
        horizon=spec.horizon,
        needs=(*flags.names, *spec.among),
        optional=flags.optional,
        revealing=(*flags.names, *flags.optional),
        occurred=flags.occurred,
        eligible=require_levels(spec),
        observed=(Criterion(reason=f"{unknown}: outcome unknown", keep=flags.is_known),),
        answered=flags.is_answered,
        rule=join_rule(spec, *_describe(flags)),
        unknown=unknown,
        competing=spec.precluded_by,
        components=flags.names if len(flags.names) > 1 else (),
        source=spec.source,
    )


def _find_flags(spec: EventOutcome, context: Context) -> Flags:
    """Return the flags, of those that may be absent the ones that the data have; all where there are no data yet."""
    have = context.columns
    return Flags(
        names=spec.flags,
        joined="any_of" if spec.any_of else "all_of",
        missing=spec.missing,
        before={name: flag for name, flag in spec.present_before.items() if have is None or flag in have},
        followed=spec.followed if have is None or spec.followed in have else None,
    )


def _describe(flags: Flags) -> tuple[str, ...]:
    components = ", ".join(map(spell, flags.names))
    several = {"any_of": f"any of {components}", "all_of": f"all of {components}"}[flags.joined]
    before = "what was there at the time of the operation is no event"
    return (
        several if len(flags.names) > 1 else f"{components} is recorded as yes",
        DECIDED[flags.missing] if len(flags.names) > 1 else "",
        f"{before} ({', '.join(map(spell, flags.before.values()))})" if flags.before else "",
    )


def _describe_unknown(flags: Flags) -> str:
    several = len(flags.names) > 1
    words = UNDECIDED[flags.joined, flags.missing] if several else f"{spell(flags.names[0])} not recorded"
    return f"{words}, or no event and not {spell(flags.followed)}" if flags.followed else words
