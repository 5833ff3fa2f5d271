"""The kind ``composite``: other outcomes together, any, all, or the first that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from outcomes.kinds.belonging import any_of, join_steps
from outcomes.kinds.context import Context, require_levels
from outcomes.kinds.wording import join_rule
from outcomes.outcome import BoolArray, Criterion, FloatArray, Outcome
from outcomes.three_valued import DECIDED, Joined, combine
from schemas.errors import StudyError
from schemas.registry import Registry
from schemas.specs import CompositeOutcome, PopulationRule

LOGIC: dict[Joined, str] = {
    "any_of": "one component that occurred decides, also where others are unknown",
    "all_of": "one component that did not occur decides, also where others are unknown",
}
FIRST_KNOWN = "the first that is known decides, in this order"


@dataclass(frozen=True, kw_only=True)
class Composite:
    """The components, and how they make one result.

    `strict` says that only who belongs to all components belongs at all; else a component that a patient does not
    belong to is unknown, and others may stand for it.
    """

    spec: CompositeOutcome
    parts: tuple[Outcome, ...]

    @property
    def strict(self) -> bool:
        """Whether a patient must belong to every component."""
        return not self.spec.first_known and self.spec.missing != "known_only"

    def occurred(self, frame: pd.DataFrame) -> FloatArray:
        """1, 0 or NaN, shape (n,)."""
        values = self._values(frame)
        if self.spec.first_known:
            return np.where(np.isfinite(values).any(axis=1), _take(values, _first(np.isfinite(values))), np.nan)
        return combine(values, "any_of" if self.spec.any_of else "all_of", self.spec.missing)

    def is_known(self, frame: pd.DataFrame) -> BoolArray:
        """Whether the outcome is known, shape (n,)."""
        return np.isfinite(self.occurred(frame))

    def is_answered(self, frame: pd.DataFrame) -> BoolArray:
        """Whether the outcome would be known whatever it was, shape (n,).

        Notes
        -----
        Every component is answered or settled by an event, or leaves the patient out; where others may stand for a
        component, one of them. A component that is known only because it occurred does not count as answered.
        """
        belongs, kept = self._belongs(frame), self._kept(frame)
        enough = np.column_stack([_is_enough(part, frame) for part in self.parts])
        if self.strict:
            return np.asarray((enough | ~kept).all(axis=1))
        return np.asarray((enough & belongs & kept).any(axis=1))

    def is_settled(self, frame: pd.DataFrame) -> BoolArray:
        """Whether events decide, without an answer, and whatever the answers would be; shape (n,)."""
        values, belongs = self._values(frame), self._belongs(frame)
        settled = np.column_stack([part.settled(frame) if part.settled else ~_all(frame) for part in self.parts])
        settled &= np.isfinite(values)
        if self.spec.first_known:
            return np.asarray(_take(settled, _first(belongs)), dtype=np.bool_)
        every = settled.any(axis=1) & (settled | ~belongs).all(axis=1)
        if self.spec.missing == "all_needed":
            return np.asarray(every)
        decisive = 1.0 if self.spec.any_of else 0.0
        return np.asarray(every | (settled & (values == decisive)).any(axis=1))

    def belongs(self, frame: pd.DataFrame) -> BoolArray:
        """Whether the patient belongs to any component, shape (n,)."""
        return np.asarray(self._belongs(frame).any(axis=1))

    def is_kept(self, frame: pd.DataFrame) -> BoolArray:
        """Whether the patient stays: known in spite of components that leave them out, or left out by none."""
        return np.asarray(self.is_known(frame) | self._kept(frame).all(axis=1))

    def has_room(self, frame: pd.DataFrame) -> BoolArray:
        """Whether the result could be reached from the baseline at all, shape (n,).

        Notes
        -----
        Of *any* it is enough that one component can be reached, of *all* none may be out of reach; of the first known,
        the one that decides counts. A component without a threshold can always be reached.
        """
        room = np.column_stack([part.attainable(frame) if part.attainable else _all(frame) for part in self.parts])
        if self.spec.first_known:
            known, belongs = np.isfinite(self._values(frame)), self._belongs(frame)
            decides = np.where(known.any(axis=1), _first(known), _first(belongs))
            return np.asarray(_take(room, decides), dtype=np.bool_)
        if self.spec.any_of:
            return np.asarray((room & self._belongs(frame)).any(axis=1))
        return np.asarray((room | ~self._belongs(frame)).all(axis=1))

    def _values(self, frame: pd.DataFrame) -> FloatArray:
        """Return each component's result, unknown where the patient does not belong or is left out, shape (n, k)."""
        values = np.column_stack([part.occurred(frame) for part in self.parts])
        return np.where(self._belongs(frame) & self._kept(frame), values, np.nan)

    def _belongs(self, frame: pd.DataFrame) -> BoolArray:
        return np.column_stack([_fulfils(frame, list_own_steps(part)) for part in self.parts])

    def _kept(self, frame: pd.DataFrame) -> BoolArray:
        return np.column_stack([_fulfils(frame, part.excluded) for part in self.parts])


def build_composite_outcome(spec: CompositeOutcome, context: Context) -> Outcome:
    """Build an outcome of others.

    Raises
    ------
    StudyError
        If a component is unknown, is a score, or two of them are made of tables in ways that do not go together.

    Notes
    -----
    Who belongs: of *any* and *all*, who belongs to every component; of the first known, and with the rule
    ``known_only``, who belongs to one at least, and the others are unknown in that patient. What leaves a patient out
    of a component after the operation makes that component unknown: the patient leaves only if the others do not
    decide. An event by a horizon is unknown where follow-up ended before it; a composite has no clock of its own, so
    that such patients are weighted as any of unknown outcome are.

    A component that occurred decides *any* although others are unknown, so that the composite is known more often where
    it occurred. Only patients of whom it would be known whatever it was carry weight (`Outcome.answered`): with all
    components answered, or settled by an event such as a reoperation. An event by a horizon counts as answered where
    the patient was followed to the horizon, or where follow-up ended with an event, as it does with death: the dead
    are then known a little more often than others, by the share lost between their death and the horizon.
    """
    parts = tuple(map(context.build, spec.components))
    for part in parts:
        if part.score is not None:
            raise StudyError(
                f"the components of {spec.name} must be yes or no, got the score {part.name!r}; name an outcome of "
                "kind threshold"
            )
    return _compose(spec, _find_usable(spec, parts, context), context)


def list_own_steps(part: Outcome) -> tuple[Criterion, ...]:
    """Return who belongs to a component, whether or not its threshold can be reached: that is asked of the whole."""
    return tuple(step for step in part.eligible if not _asks_for_room(step, part))


def _asks_for_room(step: Criterion, part: Outcome) -> bool:
    # Equal, not identical: a method of one object is bound anew each time that it is named.
    return step.keep == part.attainable


def _find_usable(spec: CompositeOutcome, parts: tuple[Outcome, ...], context: Context) -> tuple[Outcome, ...]:
    """Return the components whose columns the data have, where others may stand for those that are absent."""
    if not spec.first_known or context.columns is None:
        return parts
    return tuple(part for part in parts if set(part.needs) <= set(context.columns)) or parts


def _compose(spec: CompositeOutcome, parts: tuple[Outcome, ...], context: Context) -> Outcome:
    made = Composite(spec=spec, parts=parts)
    needs = dict.fromkeys(name for part in parts for name in part.needs)
    optional = dict.fromkeys(name for part in parts for name in part.optional if name not in needs)
    room = made.has_room if any(part.attainable for part in parts) else None
    unknown = _describe_unknown(spec)
    return Outcome(
        name=spec.name,
        title=spec.title,
        kind="composite",
        desirable=spec.desirable,
        horizon=spec.horizon,
        needs=tuple(dict.fromkeys((*needs, *spec.among))),
        optional=tuple(optional),
        revealing=tuple(dict.fromkeys(name for part in parts for name in part.revealing)),
        occurred=made.occurred,
        prepare=_join_preparations(spec, parts),
        eligible=(*require_levels(spec), *_find_steps(made, room)),
        settled=made.is_settled if any(part.settled for part in parts) else None,
        answered=made.is_answered,
        excluded=_list_exclusions(made),
        observed=(Criterion(reason=f"{unknown}: outcome unknown", keep=made.is_known),),
        attainable=room,
        learn=_learn(spec, parts, context),
        threshold_set="; ".join(dict.fromkeys(part.threshold_set for part in parts if part.threshold_set)),
        rule=_describe(spec, parts),
        unknown=f"{unknown} ({_list_unknown(parts)})",
        competing="; ".join(dict.fromkeys(part.competing for part in parts if part.competing)),
        components=tuple(part.name for part in parts),
        doubts=tuple(dict.fromkeys(doubt for part in parts for doubt in part.doubts)),
        source=spec.source,
    )


def _find_steps(made: Composite, room: Callable[[pd.DataFrame], BoolArray] | None) -> tuple[Criterion, ...]:
    """Return who belongs, each step once, and last whether there is room where the study leaves out who has none."""
    if made.strict:
        by_reason = {step.reason: step for part in made.parts for step in list_own_steps(part)}
        steps = list(by_reason.values())
    else:
        rule = any_of([join_steps(list_own_steps(part)) for part in made.parts])
        steps = [Criterion(reason="belongs to none of the components", keep=made.belongs, rule=rule)]
    asked = any(_asks_for_room(step, part) for part in made.parts for step in part.eligible)
    if room is not None and asked:
        reason = f"threshold not attainable: {_describe_room(made.spec)}"
        steps.append(Criterion(reason=reason, keep=room, rule=_find_room(made)))
    return tuple(steps)


def _find_room(made: Composite) -> PopulationRule | None:
    """Return who has room as data, or None.

    Before the operation nobody knows which component will be the first that is known: one with room is enough.
    """
    together = [join_steps([*list_own_steps(part), *_list_room(part)]) for part in made.parts]
    if not made.spec.all_of:
        return any_of(together)
    if not made.strict:
        return None
    return join_steps([step for part in made.parts for step in _list_room(part)])


def _list_room(part: Outcome) -> list[Criterion]:
    """Return the step of a component that asks for room, if it has one."""
    return [step for step in part.eligible if _asks_for_room(step, part)]


def _describe_room(spec: CompositeOutcome) -> str:
    if spec.any_of:
        return "no component can be reached from the baseline"
    if spec.all_of:
        return "a component cannot be reached from the baseline"
    return "the component that decides cannot be reached from the baseline"


def _list_exclusions(made: Composite) -> tuple[Criterion, ...]:
    reasons = dict.fromkeys(step.reason for part in made.parts for step in part.excluded)
    if not reasons:
        return ()
    return (Criterion(reason=f"{' or '.join(reasons)}, and the other components do not decide", keep=made.is_kept),)


def _learn(
    spec: CompositeOutcome, parts: tuple[Outcome, ...], context: Context
) -> Callable[[pd.DataFrame], Outcome] | None:
    if not any(part.learn for part in parts):
        return None
    return partial(_learn_parts, spec=spec, parts=parts, context=context)


def _learn_parts(
    frame: pd.DataFrame, *, spec: CompositeOutcome, parts: tuple[Outcome, ...], context: Context
) -> Outcome:
    learned = tuple(part.learn(frame) if part.learn else part for part in parts)
    return replace(_compose(spec, learned, context), learn=None)


def _join_preparations(spec: CompositeOutcome, parts: Sequence[Outcome]) -> Callable[[Registry], pd.DataFrame] | None:
    preparing = {part.name: part.prepare for part in parts if part.prepare}
    if not preparing:
        return None
    return partial(_prepare, name=spec.name, preparations=tuple(preparing.values()))


def _prepare(
    registry: Registry, *, name: str, preparations: tuple[Callable[[Registry], pd.DataFrame], ...]
) -> pd.DataFrame:
    """Return the registry's frame with the columns that each component makes."""
    frame = preparations[0](registry)
    for prepare in preparations[1:]:
        other = prepare(registry)
        shared = [str(column) for column in other if column in frame and not other[column].equals(frame[column])]
        if shared:
            raise StudyError(
                f"the components of {name} must be made of tables in one way, {', '.join(shared)} come out in two; "
                "leave one of the components out"
            )
        frame = frame.join(other[[column for column in other if column not in frame]])
    return frame


def _describe(spec: CompositeOutcome, parts: Sequence[Outcome]) -> str:
    how = "any of" if spec.any_of else "all of" if spec.all_of else "the first known of"
    listed = "; ".join(f"({number}) {part.title} [{part.name}: {part.rule}]" for number, part in enumerate(parts, 1))
    rule = FIRST_KNOWN if spec.first_known else DECIDED[spec.missing] or LOGIC["any_of" if spec.any_of else "all_of"]
    censored = "an event by a horizon is unknown where follow-up ended before" if _has_clock(parts) else ""
    return join_rule(spec, f"{how} {listed}", rule, censored)


def _has_clock(parts: Sequence[Outcome]) -> bool:
    return any(part.follow_up is not None for part in parts)


def _describe_unknown(spec: CompositeOutcome) -> str:
    if spec.first_known or spec.missing == "known_only":
        return "all components unknown"
    if spec.missing == "all_needed":
        return "at least one component unknown"
    return f"no component known {'to have' if spec.any_of else 'not to have'} occurred and at least one unknown"


def _list_unknown(parts: Sequence[Outcome]) -> str:
    """Return what counts as unknown in each component, those alike together."""
    by_words: dict[str, list[str]] = {}
    for part in parts:
        by_words.setdefault(part.unknown, []).append(part.name)
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in by_words.items())


def _is_enough(part: Outcome, frame: pd.DataFrame) -> BoolArray:
    """Mark patients of whom a component is answered, or settled by an event, shape (n,)."""
    known = np.isfinite(part.occurred(frame))
    answered = known & part.answered(frame) if part.answered else known
    return answered | part.settled(frame) if part.settled else answered


def _fulfils(frame: pd.DataFrame, steps: Sequence[Criterion]) -> BoolArray:
    fulfilled = _all(frame)
    for step in steps:
        fulfilled &= step.keep(frame)
    return fulfilled


def _all(frame: pd.DataFrame) -> BoolArray:
    return np.ones(len(frame), dtype=np.bool_)


def _first(marked: BoolArray) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the position of the first mark in each row, 0 where there is none, shape (n,)."""
    return np.asarray(marked.argmax(axis=1))


def _take(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return of each row the value at its position, shape (n,)."""
    return np.asarray(values[np.arange(len(values)), positions])
