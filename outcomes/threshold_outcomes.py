"""The kind ``threshold``: a score has reached the threshold of a named set by a visit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from outcomes import before_visit
from outcomes.before_visit import EarlierEvent, find_earlier_events
from outcomes.build import Context, is_known, require_levels, values_of
from outcomes.outcome import BoolArray, Criterion, FloatArray, Outcome
from outcomes.threshold_rules import attainable, describe_threshold, reached
from schemas.errors import StudyError, unknown_name
from schemas.specs import InstrumentSpec, ThresholdOutcome, ThresholdSetSpec, ThresholdSpec


def build_threshold_outcome(spec: ThresholdOutcome, context: Context) -> Outcome:
    """Build the outcome "the score reached the threshold of the named set".

    Parameters
    ----------
    spec
        Declaration of kind ``threshold``.
    context
        What its names stand for, and the study's choices for the unattainable, the reoperated and the dead.

    Raises
    ------
    StudyError
        If a name is unknown or the set has no threshold for the instrument.

    Notes
    -----
    A missing baseline excludes; a missing follow-up score is an unknown outcome, unless the patient failed before.
    """
    instrument, threshold, named_set = resolve_threshold(spec.name, spec.instrument, spec.threshold_set, context)
    visits, baseline = spec.visits, spec.baseline
    events = find_earlier_events(context, visits)
    room = partial(_has_room, baseline=baseline, instrument=instrument, threshold=threshold)
    rule = describe_threshold(threshold, instrument)
    recorded = Criterion(reason=f"{baseline} not recorded", keep=partial(is_known, name=baseline))
    eligible = [*require_levels(spec), recorded]
    if context.study.unattainable == "exclude":
        eligible.append(Criterion(reason=f"threshold not attainable from {baseline} ({rule})", keep=room))
    occurred = partial(
        _occurred, baseline=baseline, visits=visits, instrument=instrument, threshold=threshold, events=events,
        failure=0.0 if spec.desirable else 1.0,
    )  # fmt: skip
    which = visits[0] if len(visits) == 1 else f"none of {', '.join(visits)}"
    return Outcome(
        name=spec.name,
        title=spec.title,
        kind="threshold",
        desirable=spec.desirable,
        horizon=spec.horizon,
        needs=(baseline, *visits, *spec.among),
        optional=tuple(event.column for event in events),
        revealing=(*visits, *(event.column for event in events)),
        occurred=occurred,
        eligible=tuple(eligible),
        excluded=tuple(before_visit.list_exclusions(events)),
        observed=(
            Criterion(reason=f"{which} not recorded: outcome unknown", keep=partial(_is_decided, occurred=occurred)),
        ),
        attainable=room,
        threshold_set=named_set.name,
        rule="; ".join(filter(None, (
            f"{rule} ({named_set.name}: {named_set.source})",
            "" if len(visits) == 1 else f"the last known of {', '.join(visits)}",
            before_visit.describe(events),
            spec.text,
        ))),
        unknown=f"{which} not recorded",
        unit=spec.unit,
        clock=spec.clock,
        source=spec.source or named_set.source,
    )  # fmt: skip


def resolve_threshold(
    name: str, instrument: str, set_name: str, context: Context
) -> tuple[InstrumentSpec, ThresholdSpec, ThresholdSetSpec]:
    """Find what the names of the outcome `name` stand for.

    Raises
    ------
    StudyError
        If one is unknown, or the set does not cover the instrument.
    """
    if instrument not in context.instruments:
        raise StudyError(unknown_name(f"the instrument of {name}", instrument, context.instruments))
    if set_name not in context.threshold_sets:
        raise StudyError(unknown_name(f"the threshold set of {name}", set_name, context.threshold_sets))
    named_set = context.threshold_sets[set_name]
    for threshold in named_set.thresholds:
        if threshold.instrument == instrument:
            return context.instruments[instrument], threshold, named_set
    covered = ", ".join(threshold.instrument for threshold in named_set.thresholds)
    raise StudyError(
        f"the threshold set of {name} must cover {instrument!r}, got {named_set.name!r}, which covers {covered}; name "
        "another set under [threshold_sets]"
    )


def take_last_known(frame: pd.DataFrame, visits: tuple[str, ...]) -> FloatArray:
    """Return the score of the last visit at which it is known, shape (n,)."""
    last = np.full(len(frame), np.nan)
    for visit in visits:
        own = values_of(frame, visit)
        last = np.where(np.isnan(own), last, own)
    return last


def _occurred(
    frame: pd.DataFrame,
    *,
    baseline: str,
    visits: tuple[str, ...],
    instrument: InstrumentSpec,
    threshold: ThresholdSpec,
    events: tuple[EarlierEvent, ...],
    failure: float,
) -> FloatArray:
    scored = reached(
        values_of(frame, baseline), take_last_known(frame, visits), instrument=instrument, threshold=threshold
    )
    return before_visit.fail(scored, frame, events, failure=failure)


def _has_room(frame: pd.DataFrame, *, baseline: str, instrument: InstrumentSpec, threshold: ThresholdSpec) -> BoolArray:
    return attainable(values_of(frame, baseline), instrument=instrument, threshold=threshold)


def _is_decided(frame: pd.DataFrame, *, occurred: Callable[[pd.DataFrame], FloatArray]) -> BoolArray:
    return np.isfinite(occurred(frame))
