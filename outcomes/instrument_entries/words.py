"""Words that many instruments share; how a score is made of its items is said where it is computed."""

from __future__ import annotations

from schemas.derived.scores import ITEM_SCORES
from schemas.specs import Certainty, Direction

LOWER: Direction = "lower_is_better"
HIGHER: Direction = "higher_is_better"

SEEN: Certainty = "seen in the source"
UNSURE: Certainty = "general knowledge"

SINGLE = "Taken as scored: one question."
TAKEN = "Taken as scored."
NOT_PUBLIC = "The arithmetic is not public."
LICENSED = "the arithmetic is licensed or not public."
ALL_NEEDED = "All items are needed."

_TEXTS = {score.name: score.text for score in ITEM_SCORES}


def scored_as(name: str) -> str:
    """Return how the score is made of its items, as its derivation says it."""
    return _TEXTS[name]
