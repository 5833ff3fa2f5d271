"""Thresholds of a score from one's own data: the question by names of columns, and what answers it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from outcomes.outcomes import known_instruments
from pipelines.deriving.change_scores import ChangeScores
from pipelines.deriving.own_thresholds import compute_own_thresholds
from pipelines.intervals import FloatArray
from schemas.column import KNOWN_AT, Column
from schemas.errors import StudyError, suggest, unknown_name
from schemas.registry import Registry
from schemas.specs import InstrumentSpec


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which thresholds are asked for, by names of columns; what is empty is not known.

    Attributes
    ----------
    instrument
        Name of the instrument.
    baseline, follow_up, repeat
        Its score before the operation, after it, and measured again while nothing had changed.
    anchor, improved, minimal
        The question on change, its answers that count as improved, and those of them that are the least improvement.
    items
        Columns of the items before the operation.
    reliability, reliability_source, anchor_reliability
        Of the score, with its source, and of the anchor question.
    """

    instrument: str
    baseline: str = ""
    follow_up: str = ""
    repeat: str = ""
    anchor: str = ""
    improved: tuple[str, ...] = ()
    minimal: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    reliability: float | None = None
    reliability_source: str = ""
    anchor_reliability: float | None = None


@dataclass(frozen=True, kw_only=True)
class OwnThresholds:
    """What was derived from which data; `table` has the columns of `schemas.tables.OWN_THRESHOLDS`."""

    registry: Registry
    question: Question
    seed: int
    table: pd.DataFrame


def derive_thresholds(
    registry: Registry,
    *,
    instrument: str,
    baseline: str = "",
    follow_up: str = "",
    repeat: str = "",
    anchor: str = "",
    improved: str | Sequence[str | float] = (),
    minimal: str | Sequence[str | float] = (),
    items: str | Sequence[str] = (),
    reliability: float | None = None,
    reliability_source: str = "",
    anchor_reliability: float | None = None,
    seed: int,
) -> OwnThresholds:
    """Derive thresholds of a score from a registry, by the usual methods side by side.

    Parameters
    ----------
    registry
        Data other than those of the study that is to use the thresholds.
    instrument
        The score, such as ``odi``.
    baseline, follow_up, repeat
        Columns of the score before the operation (``<instrument>_0`` if not named), after it, and measured again while
        nothing had changed.
    anchor, improved, minimal
        Column of the question on change, asked at follow-up; its answers that count as improved; those of them that are
        the least improvement. Answers are a list, or a text with commas between them.
    items
        Columns of the items of the baseline, as a list or a text; found by their names if not named.
    reliability, reliability_source, anchor_reliability
        Of the score, with its source, and of the anchor question; above 0 and below 1, from elsewhere.
    seed
        Of the resampling; the same seed and data give the same numbers.

    Returns
    -------
    OwnThresholds

    Raises
    ------
    StudyError
        If the columns and answers do not fit one another or the data. No message carries a patient's value.
    """
    stated = Question(
        instrument=instrument, baseline=baseline, follow_up=follow_up, repeat=repeat, anchor=anchor,
        improved=_split(improved), minimal=_split(minimal), items=_split(items), reliability=reliability,
        reliability_source=reliability_source, anchor_reliability=anchor_reliability,
    )  # fmt: skip
    question = complete_question(registry, stated)
    names = (question.baseline, question.follow_up, question.anchor)
    table = compute_own_thresholds(build_scores(registry, question), seed=seed, names=names)
    return OwnThresholds(registry=registry, question=question, seed=seed, table=table)


def _split(given: str | Sequence[str | float]) -> tuple[str, ...]:
    """Return the parts of a text with commas between them, or of a list; 2.0 is the answer 2."""
    parts = given.split(",") if isinstance(given, str) else given
    words = (f"{part:g}" if isinstance(part, float) else str(part).strip() for part in parts)
    return tuple(word for word in words if word)


def complete_question(registry: Registry, stated: Question) -> Question:
    """Return the question with what follows from the data: ``<instrument>_0`` as the baseline, and its items.

    Raises
    ------
    StudyError
        If its parts do not fit one another.
    """
    for name, value in (("reliability", stated.reliability), ("anchor_reliability", stated.anchor_reliability)):
        if value is not None and not 0 < value < 1:
            raise StudyError(f"{name} must be above 0 and below 1, got {value:g}; state it as published, such as 0.9")
    for name, other in (("anchor", "follow_up"), ("anchor", "improved"), ("improved", "anchor"), ("minimal", "anchor")):
        if getattr(stated, name) and not getattr(stated, other):
            raise StudyError(f"{name} must come with {other}; state both, or neither")
    baseline = stated.baseline or f"{stated.instrument}_0"
    return replace(stated, baseline=baseline, items=stated.items or _find_items(registry, baseline))


def _find_items(registry: Registry, baseline: str) -> tuple[str, ...]:
    """Return the columns of the items of a score, such as ``odi_q01_0`` of ``odi_0``; at least two, or none."""
    stem, _, ending = baseline.rpartition("_")
    pattern = re.compile(rf"{re.escape(stem)}_q\d+_{re.escape(ending)}")
    found = tuple(name for name in registry.columns if pattern.fullmatch(name) and registry.frame[name].notna().any())
    return found if len(found) > 1 else ()


@dataclass(frozen=True, kw_only=True)
class _Anchor:
    """Who improved, the answers as numbers where they are in order, and who improved least; each of shape (n,)."""

    improved: FloatArray | None = None
    grade: FloatArray | None = None
    minimal: FloatArray | None = None


def build_scores(registry: Registry, question: Question) -> ChangeScores:
    """Take the columns of a question from the registry.

    Raises
    ------
    StudyError
        If a name is unknown, a column is of another kind or instrument or known at another time, or an answer is no
        answer of the anchor question. No message carries a patient's value.
    """
    instruments = known_instruments(registry.definition)
    if question.instrument not in instruments:
        raise StudyError(unknown_name("the instrument", question.instrument, instruments))
    instrument = instruments[question.instrument]
    names = [question.baseline, question.follow_up, question.repeat]
    read = partial(_read_score, registry, instrument=instrument, instruments=instruments)
    baseline = read("baseline", question.baseline)
    follow_up = read("follow-up", question.follow_up) if question.follow_up else None
    repeat = read("repeat", question.repeat) if question.repeat else None
    twice = [name for name in names if name and names.count(name) > 1]
    if twice:
        raise StudyError(f"the scores must be different columns, got {twice[0]!r} twice; name another one")
    items = [_read_number(registry, "item", name) for name in question.items]
    anchor = _read_anchor(registry, question) if question.anchor else _Anchor()
    return ChangeScores(
        patient=np.unique(registry.frame["patient"].to_numpy(dtype=object), return_inverse=True)[1].astype(np.int64),
        baseline=baseline,
        follow_up=follow_up,
        repeat=repeat,
        lower_is_better=instrument.direction == "lower_is_better",
        items=np.column_stack(items) if items else None,
        reliability=question.reliability,
        anchor_reliability=question.anchor_reliability if question.anchor else None,
        improved=anchor.improved,
        grade=anchor.grade,
        minimal=anchor.minimal,
    )


def _find_column(registry: Registry, thing: str, name: str) -> Column:
    if name not in registry.columns:
        near = suggest(name, registry.columns)
        raise StudyError(f"the column of the {thing} must be in the data, got {name!r}{near}; see `spinerisk check`")
    return registry.columns[name]


def _read_number(registry: Registry, thing: str, name: str) -> FloatArray:
    column = _find_column(registry, thing, name)
    if column.kind != "number":
        raise StudyError(
            f"the column of the {thing} must hold numbers, got {name!r} of kind {column.kind}; name another one"
        )
    return registry.frame[name].to_numpy(dtype=np.float64)


def _read_score(
    registry: Registry,
    thing: str,
    name: str,
    *,
    instrument: InstrumentSpec,
    instruments: Mapping[str, InstrumentSpec],
) -> FloatArray:
    """Return the scores of a column that belongs to the instrument and to the time it is asked for."""
    values = _read_number(registry, thing, name)
    stems = sorted((stem for stem in instruments if name.startswith(f"{stem}_")), key=len)
    if stems and stems[-1] != instrument.name:
        raise StudyError(
            f"the {thing} must be a score of {instrument.name!r}, got {name!r} of {stems[-1]!r}; name a column of "
            "that instrument, or the other instrument"
        )
    known_at = registry.columns[name].known_at
    asked = {"baseline": ("preop", "planned"), "follow-up": ("followup",)}.get(thing, KNOWN_AT)
    if known_at not in asked:
        when = "before the operation" if thing == "baseline" else "at follow-up only"
        raise StudyError(
            f"the {thing} must be known {when}, got {name!r}, known at {known_at}; name another column, or correct "
            "known_at in the definition"
        )
    outside = int(((values < instrument.low) | (values > instrument.high)).sum())
    if outside:
        raise StudyError(
            f"the {thing} must lie within the range of {instrument.title}, {instrument.low:g} to {instrument.high:g}, "
            f"{outside} values of {name!r} do not; convert the column in the definition, or name another instrument"
        )
    return values


def _read_anchor(registry: Registry, question: Question) -> _Anchor:
    column = _find_column(registry, "anchor", question.anchor)
    if column.kind not in ("number", "flag", "category") or column.known_at != "followup":
        raise StudyError(
            f"the anchor must be a question asked at follow-up, got {question.anchor!r}, of kind {column.kind}, known "
            f"at {column.known_at}; name another column, or correct known_at in the definition"
        )
    values = registry.frame[question.anchor]
    known = values.notna().to_numpy(dtype=np.bool_)
    better = values.isin(_parse_answers(question.improved, "improved", column)).to_numpy(dtype=np.bool_)
    least = values.isin(_parse_answers(question.minimal, "minimal", column)).to_numpy(dtype=np.bool_)
    return _Anchor(
        improved=np.where(known, better.astype(np.float64), np.nan),
        grade=values.to_numpy(dtype=np.float64) if column.kind == "number" else None,
        minimal=np.where(least, 1.0, np.nan) if question.minimal else None,
    )


def _parse_answers(answers: tuple[str, ...], option: str, column: Column) -> list[str] | list[float]:
    """Return the answers, each a possible value of the anchor question."""
    if column.kind == "category":
        unknown = [answer for answer in answers if answer not in column.levels]
        if unknown:
            raise StudyError(unknown_name(f"an answer under {option}", unknown[0], column.levels))
        return list(answers)
    low, high = column.hard or (0.0, 1.0)
    for answer in answers:
        if not re.fullmatch(r"-?\d+(\.\d+)?", answer) or not low <= float(answer) <= high:
            raise StudyError(
                f"an answer under {option} must be a number from {low:g} to {high:g}, got {answer!r}; separate answers "
                "by commas, such as 1,2"
            )
    return [float(answer) for answer in answers]
