"""Data dictionary: how one score becomes a column before the operation and one at each visit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.column import Column


@dataclass(frozen=True, kw_only=True)
class Score:
    """One number that is asked for before the operation and at every visit, or at the visits only.

    Attributes
    ----------
    name
        Stem of the columns: ``odi`` becomes ``odi_0``, ``odi_3m`` and so on.
    text
        One line without a full stop; the time is added.
    before
        Whether it makes sense before the operation; a satisfaction with the result does not.
    text_before
        The line before the operation where the same question means something else then; blank where it does not.
    """

    name: str
    text: str
    unit: str
    hard: tuple[float, float]
    cohorts: tuple[str, ...]
    plausible: tuple[float, float] | None = None
    source: str = ""
    before: bool = True
    text_before: str = ""


def number_items(stem: str, *numbers: int) -> tuple[str, ...]:
    """Return the stems of numbered items: ``odi_q01`` and so on."""
    return tuple(f"{stem}_q{number:02d}" for number in numbers)


VISITS = (
    ("6w", "6 weeks"),
    ("3m", "3 months"),
    ("6m", "6 months"),
    ("12m", "12 months"),
    ("24m", "24 months"),
    ("60m", "60 months"),
)
"""Ending of the column's name, and when the score was taken, counted from the operation."""


def make_baseline(score: Score) -> Column:
    """Return the column of a score before the operation."""
    return Column(
        name=f"{score.name}_0",
        kind="number",
        known_at="preop",
        text=f"{score.text_before or score.text}; before the operation.",
        unit=score.unit,
        hard=score.hard,
        plausible=score.plausible,
        cohorts=score.cohorts,
        source=score.source,
    )


def make_follow_up(score: Score, ending: str, when: str) -> Column:
    """Return the column of a score at a visit."""
    return Column(
        name=f"{score.name}_{ending}",
        kind="number",
        known_at="followup",
        text=f"{score.text}; {when} after the operation.",
        unit=score.unit,
        hard=score.hard,
        plausible=score.plausible,
        cohorts=score.cohorts,
        source=score.source,
    )


def make_baselines(scores: Iterable[Score]) -> tuple[Column, ...]:
    """Return the columns before the operation of the scores that have one."""
    return tuple(make_baseline(score) for score in scores if score.before)


def make_follow_ups(scores: Iterable[Score]) -> tuple[Column, ...]:
    """Return the columns of the scores at every visit."""
    return tuple(make_follow_up(score, *visit) for score in scores for visit in VISITS)
