"""The kind ``score``: the follow-up score itself, from which the probability of any threshold is derived."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from outcomes.kinds import before_visit
from outcomes.kinds.before_visit import EarlierEvent, find_earlier_events
from outcomes.kinds.context import Context, is_known, require_levels, values_of
from outcomes.kinds.threshold import describe_source, find_published, resolve_threshold
from outcomes.kinds.wording import join_rule
from outcomes.outcome import BoolArray, Criterion, DerivedThreshold, FloatArray, Outcome, Score
from outcomes.threshold_rules import describe_rule, describe_threshold
from schemas.errors import StudyError, unknown_name
from schemas.specs import InstrumentSpec, ScoreOutcome

AS_RECORDED = "a score has no failure: patients who {words} before the visit have the score that was recorded, if any"


DERIVED = "derived from the predicted score"
APART = (
    ", as the score was recorded: not to be compared with an outcome of kind threshold, in which patients who {words} "
    "before the visit have failed"
)


def build_score_outcome(spec: ScoreOutcome, context: Context) -> Outcome:
    """Build the outcome "the score at follow-up".

    Parameters
    ----------
    spec
        Declaration of kind ``score``.
    context
        What its names stand for, and the study's choices for the unattainable, the reoperated and the dead.

    Raises
    ------
    StudyError
        If a name is unknown, a set has no threshold for the instrument, or its threshold is estimated from the data.

    Notes
    -----
    A missing baseline excludes where thresholds of change are derived; a missing follow-up score is an unknown outcome.
    The choice ``fail`` has no meaning for a score. Of the reoperated it stays as recorded, so that a threshold derived
    from it is another one than the outcome of kind ``threshold``, in which they failed. The dead have no score, and
    leave, counted: nobody can stand for them. ``exclude`` and ``weight`` hold, for the score and for every threshold
    that is derived from it.
    """
    if spec.instrument not in context.instruments:
        raise StudyError(unknown_name(f"the instrument of {spec.name}", spec.instrument, context.instruments))
    instrument = context.instruments[spec.instrument]
    events = find_earlier_events(context, (spec.follow_up,))
    used = tuple(_take_choice(event) for event in events if not _has_no_meaning(event))
    derived = tuple(_derive(spec, context, events))
    beside = before_visit.list_columns(context, used)
    occurred = partial(_take_score, follow_up=spec.follow_up, events=used)
    of_change = any(one.threshold.needs_baseline for one in derived)
    recorded = Criterion(reason=f"{spec.baseline} not recorded", keep=partial(is_known, name=spec.baseline))
    unknown = " or ".join((
        f"{spec.follow_up} not recorded",
        *(f"{event.word} before the visit" for event in used if event.choice == "weight"),
    ))  # fmt: skip
    return Outcome(
        name=spec.name,
        title=spec.title,
        kind="score",
        desirable=spec.desirable,
        horizon=spec.horizon,
        needs=(spec.baseline, spec.follow_up, *spec.among),
        optional=beside,
        revealing=(spec.follow_up, *beside),
        occurred=occurred,
        eligible=(*require_levels(spec), *((recorded,) if of_change else ())),
        excluded=tuple(before_visit.list_exclusions(used)),
        observed=(Criterion(reason=f"{unknown}: outcome unknown", keep=partial(_is_known_score, occurred=occurred)),),
        score=Score(instrument=instrument, baseline=spec.baseline, follow_up=spec.follow_up, derived=derived),
        rule=join_rule(spec, _describe_score(spec, instrument), _describe_events(events), before_visit.describe(used)),
        unknown=unknown,
        unit=spec.unit,
        clock=spec.clock,
        patient_outcome=spec.patient_outcome,
        doubts=before_visit.list_doubts(used, context),
        source=spec.source or instrument.source,
    )


def list_derived(outcomes: Iterable[Outcome]) -> dict[str, DerivedThreshold]:
    """Return the thresholds that are derived from predicted scores, by the name of their results."""
    return {derived.name: derived for outcome in outcomes if outcome.score for derived in outcome.score.derived}


def _derive(spec: ScoreOutcome, context: Context, events: tuple[EarlierEvent, ...]) -> Iterator[DerivedThreshold]:
    for name in spec.threshold_sets:
        instrument, threshold, named_set = resolve_threshold(spec.name, spec.instrument, name, context)
        rule = describe_threshold(threshold, instrument)
        if threshold.learned:
            raise StudyError(
                f"the threshold sets of {spec.name} must be fixed beforehand, got {name!r} ({rule}), which is "
                "estimated from the data; take it out, or make an outcome of kind threshold of it"
            )
        yield DerivedThreshold(
            name=f"{spec.name}__{name}",
            title=f"{spec.title}: {describe_rule(threshold)}",
            threshold_set=name,
            rule=f"{rule} ({describe_source(threshold, named_set)}); {DERIVED}{_compare(events)}",
            desirable=not threshold.for_the_worse,
            threshold=threshold,
            attainable_only=context.study.unattainable == "exclude",
            published_c_statistic=find_published(instrument, named_set),
        )


def _describe_score(spec: ScoreOutcome, instrument: InstrumentSpec) -> str:
    better = "higher" if instrument.direction == "higher_is_better" else "lower"
    range_words = f"{instrument.low:g} to {instrument.high:g}, {better} is better"
    return f"{instrument.title} as recorded in {spec.follow_up}, {range_words}"


def _has_no_meaning(event: EarlierEvent) -> bool:
    return event.choice == "fail" and event.word != "died"


def _take_choice(event: EarlierEvent) -> EarlierEvent:
    """Return what a score makes of an event: of the dead, for whom there is none, no failure either."""
    return replace(event, choice="exclude") if event.choice == "fail" else event


def _describe_events(events: tuple[EarlierEvent, ...]) -> str:
    """Say what becomes of the choice ``fail``, which a score cannot follow."""
    words = " or ".join(before_visit.PAST[event.word] for event in events if _has_no_meaning(event))
    return AS_RECORDED.format(words=words) if words else ""


def _compare(events: tuple[EarlierEvent, ...]) -> str:
    words = " or ".join(before_visit.PAST[event.word] for event in events if event.choice == "fail")
    return APART.format(words=words) if words else ""


def _take_score(frame: pd.DataFrame, *, follow_up: str, events: tuple[EarlierEvent, ...]) -> FloatArray:
    return before_visit.fail(values_of(frame, follow_up), frame, events, failure=np.nan)


def _is_known_score(frame: pd.DataFrame, *, occurred: Callable[[pd.DataFrame], FloatArray]) -> BoolArray:
    return np.isfinite(occurred(frame))
