"""Data dictionary: short ways to write an entry, and the cohorts that entries belong to."""

from __future__ import annotations

from schemas.column import Column, KnownAt

ALL = ("lumbar", "cervical", "deformity")
LUMBAR = ("lumbar",)
NECK = ("cervical",)
TRUNK = ("deformity",)
BACK = ("lumbar", "deformity")

Range = tuple[float, float]


def number(
    name: str,
    unit: str,
    hard: Range,
    text: str,
    *,
    plausible: Range | None = None,
    at: KnownAt = "preop",
    cohorts: tuple[str, ...] = ALL,
    source: str = "",
    predictor: bool = True,
) -> Column:
    """Make the entry of a number; `hard` is what is possible, `plausible` what passes without a warning."""
    return Column(
        name=name, kind="number", known_at=at, text=text, unit=unit, hard=hard, plausible=plausible, cohorts=cohorts,
        source=source, predictor=predictor,
    )  # fmt: skip


def flag(
    name: str,
    text: str,
    *,
    at: KnownAt = "preop",
    cohorts: tuple[str, ...] = ALL,
    source: str = "",
    predictor: bool = True,
) -> Column:
    """Make the entry of a yes (1) or no (0); the text says what yes means."""
    return Column(
        name=name, kind="flag", known_at=at, text=text, cohorts=cohorts, source=source, predictor=predictor
    )  # fmt: skip


def category(
    name: str,
    levels: tuple[str, ...],
    text: str,
    *,
    at: KnownAt = "preop",
    cohorts: tuple[str, ...] = ALL,
    source: str = "",
    predictor: bool = True,
) -> Column:
    """Make the entry of a category; `levels` stand in order of display."""
    return Column(
        name=name, kind="category", known_at=at, text=text, levels=levels, cohorts=cohorts, source=source,
        predictor=predictor,
    )  # fmt: skip


def identifier(name: str, text: str, *, at: KnownAt = "preop", cohorts: tuple[str, ...] = ALL) -> Column:
    """Make the entry of a name or code that is kept as text and never predicts."""
    return Column(name=name, kind="identifier", known_at=at, text=text, cohorts=cohorts, predictor=False)


def date(name: str, text: str, *, at: KnownAt = "preop", cohorts: tuple[str, ...] = ALL) -> Column:
    """Make the entry of a day, which never predicts."""
    return Column(name=name, kind="date", known_at=at, text=text, cohorts=cohorts, predictor=False)
