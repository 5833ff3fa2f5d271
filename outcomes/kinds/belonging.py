"""Who belongs to the population of an outcome, told from rules that are data: in a bundle as in the cohort."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from outcomes.kinds.context import values_of
from outcomes.outcome import BoolArray, Criterion, Outcome
from outcomes.threshold_rules import attainable
from schemas.specs import PopulationRule, PopulationStep


def fulfils(rule: PopulationRule, frame: pd.DataFrame) -> BoolArray:
    """Mark the patients who fulfil a rule, shape (n,); who is not recorded does not.

    Parameters
    ----------
    rule
        Its columns must be in the frame.
    frame
        One row per patient.
    """
    return _FULFILLED[rule.kind](rule, frame)


def list_reasons(steps: Sequence[PopulationStep], frame: pd.DataFrame) -> list[str]:
    """Return for each patient the first reason why they do not belong, empty for who does."""
    reasons = np.full(len(frame), "", dtype=object)
    for step in steps:
        reasons[(reasons == "") & ~fulfils(step.rule, frame)] = step.reason
    return [str(reason) for reason in reasons]


def find_kinds(steps: Sequence[PopulationStep]) -> dict[str, str]:
    """Return the columns that the rules read: ``category`` where a level is text, else ``number``."""
    kinds: dict[str, str] = {}
    for rule in _flatten(step.rule for step in steps):
        if rule.column is not None:
            text = any(isinstance(level, str) for level in rule.levels)
            kinds[rule.column] = "category" if text else kinds.get(rule.column, "number")
    return kinds


def _flatten(rules: Iterable[PopulationRule]) -> Iterator[PopulationRule]:
    for rule in rules:
        yield rule
        yield from _flatten(rule.parts)


def list_population(outcome: Outcome, columns: Collection[str]) -> tuple[PopulationStep, ...]:
    """Return who belongs to an outcome, as far as it is data.

    Parameters
    ----------
    outcome
        Whose steps are taken; a threshold that is learned must be learned.
    columns
        Those known when the prediction is made; rules of others say nothing of a patient to come.
    """
    return tuple(
        PopulationStep(reason=step.reason, rule=step.rule)
        for step in outcome.eligible
        if step.rule is not None and set(step.rule.columns) <= set(columns)
    )


def join_steps(steps: Sequence[Criterion]) -> PopulationRule | None:
    """Return the rule of all steps together, or None where one of them is no data."""
    rules = [step.rule for step in steps]
    known = tuple(rule for rule in rules if rule is not None)
    return PopulationRule(kind="all_of", parts=known) if len(known) == len(rules) else None


def any_of(rules: Sequence[PopulationRule | None]) -> PopulationRule | None:
    """Return the rule that one of the rules is fulfilled, or None where one of them is no data."""
    known = tuple(rule for rule in rules if rule is not None)
    return PopulationRule(kind="any_of", parts=known) if len(known) == len(rules) else None


def _of_levels(rule: PopulationRule, frame: pd.DataFrame) -> BoolArray:
    assert rule.column is not None, "the rule was checked"
    return frame[rule.column].isin(rule.levels).to_numpy(dtype=np.bool_)


def _is_recorded(rule: PopulationRule, frame: pd.DataFrame) -> BoolArray:
    assert rule.column is not None, "the rule was checked"
    return frame[rule.column].notna().to_numpy(dtype=np.bool_)


def _has_room(rule: PopulationRule, frame: pd.DataFrame) -> BoolArray:
    assert rule.column is not None, "the rule was checked"
    assert rule.instrument is not None, "the rule was checked"
    assert rule.threshold is not None, "the rule was checked"
    return attainable(values_of(frame, rule.column), instrument=rule.instrument, threshold=rule.threshold)


def _all(rule: PopulationRule, frame: pd.DataFrame) -> BoolArray:
    return np.asarray(np.all([*_each(rule, frame), np.ones(len(frame), dtype=np.bool_)], axis=0))


def _any(rule: PopulationRule, frame: pd.DataFrame) -> BoolArray:
    return np.asarray(np.any([*_each(rule, frame), np.zeros(len(frame), dtype=np.bool_)], axis=0))


def _none(rule: PopulationRule, frame: pd.DataFrame) -> BoolArray:
    return ~_any(rule, frame)


def _each(rule: PopulationRule, frame: pd.DataFrame) -> list[BoolArray]:
    return [fulfils(part, frame) for part in rule.parts]


_FULFILLED: dict[str, Callable[[PopulationRule, pd.DataFrame], BoolArray]] = {
    "levels": _of_levels,
    "recorded": _is_recorded,
    "room": _has_room,
    "all_of": _all,
    "any_of": _any,
    "none_of": _none,
}
