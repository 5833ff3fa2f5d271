"""One entry of the data dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["number", "flag", "category", "identifier", "date"]
KnownAt = Literal["preop", "planned", "intraop", "discharge", "followup"]

KINDS: tuple[str, ...] = get_args(Kind)
KNOWN_AT: tuple[str, ...] = get_args(KnownAt)
"""Times of knowledge in order: a model used at one of them may see that time and earlier ones only."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One variable of a registry.

    Parameters
    ----------
    name
        Canonical name, snake_case, with the unit where there is one.
    kind
        ``number`` and ``flag`` (0, 1) are held as float64 with NaN for unknown, ``category`` and
        ``identifier`` as strings, ``date`` as timestamps. Unknown is always missing, never 0.
    known_at
        When the value is known; a predictor must be known by the time of the prediction.
    text
        One line for the printed dictionary.
    unit
        Unit of a number, or None.
    hard
        Lowest and highest possible value; a row outside is quarantined. Required for numbers.
    plausible
        Range outside which a value is warned of and kept.
    levels
        Admissible levels of a category, in order of display.
    predictor
        False for what no model may use even if known in time: identifiers, other models' predictions.
    cohorts
        Built-in definitions that have the column; empty for a registry's own column.
    source
        Where the definition comes from.
    """

    name: str
    kind: Kind
    known_at: KnownAt
    text: str
    unit: str | None = None
    hard: tuple[float, float] | None = None
    plausible: tuple[float, float] | None = None
    levels: tuple[str, ...] = ()
    predictor: bool = True
    cohorts: tuple[str, ...] = ()
    source: str = ""

    def known_by(self, time: str) -> bool:
        """Tell whether the value is known at `time`, one of `KNOWN_AT`."""
        return KNOWN_AT.index(self.known_at) <= KNOWN_AT.index(time)
