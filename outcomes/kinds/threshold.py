"""The kind ``threshold``: a score has reached the threshold of a named set by a visit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import NoReturn

import numpy as np
import pandas as pd

from outcomes.kinds import before_visit
from outcomes.kinds.before_visit import EarlierEvent, find_earlier_events
from outcomes.kinds.context import Context, is_known, require_levels, values_of
from outcomes.kinds.threshold_checks import check_news, fit_to_instrument
from outcomes.kinds.wording import join_rule
from outcomes.outcome import BoolArray, Criterion, FloatArray, Outcome
from outcomes.threshold_rules import attainable, describe_threshold, reached, settle
from schemas.errors import StudyError, unknown_name
from schemas.specs import (
    CERTAINTY_WORDS,
    InstrumentSpec,
    PopulationRule,
    ThresholdOutcome,
    ThresholdSetSpec,
    ThresholdSpec,
)

CHANGES = ("minimal_important", "substantial_benefit", "success")
GLOBAL_RATINGS = ("comi_back", "comi_neck", "gpe", "pgic", "nass_satisfaction")
PUBLISHED_CHANGE = (0.65, 0.82)
PUBLISHED_STATE = (0.62, 0.74)
"""C-statistics that honest published models of large registries reach: of a change of disability or pain, and of an
acceptable state, a global rating or the COMI (Berg 2024, Abbott 2025, NORspine 2025, Halicka 2023, Norwich 2024)."""


@dataclass(frozen=True, kw_only=True)
class Reaching:
    """A threshold with the columns and the instrument that it is asked of, and what comes before the visit."""

    instrument: InstrumentSpec
    threshold: ThresholdSpec
    baseline: str | None
    visits: tuple[str, ...]
    events: tuple[EarlierEvent, ...]
    desirable: bool

    def happened(self, frame: pd.DataFrame) -> FloatArray:
        """Return 1 reached, 0 not reached, NaN unknown, shape (n,)."""
        before, after = self.baselines(frame), take_last_known(frame, self.visits)
        threshold = settle(self.threshold, before, after)
        scored = reached(before, after, instrument=self.instrument, threshold=threshold)
        return before_visit.fail(scored, frame, self.events, failure=0.0 if self.desirable else 1.0)

    def has_room(self, frame: pd.DataFrame) -> BoolArray:
        """Mark patients whose baseline leaves room for the threshold, shape (n,)."""
        before = self.baselines(frame)
        threshold = self.threshold
        if threshold.learned:
            threshold = settle(threshold, before, take_last_known(frame, self.visits))
        return attainable(before, instrument=self.instrument, threshold=threshold)

    @property
    def room(self) -> PopulationRule | None:
        """The same as data; None without a baseline, or while the threshold is to be learned."""
        if self.baseline is None or self.threshold.learned:
            return None
        return PopulationRule(kind="room", column=self.baseline, instrument=self.instrument, threshold=self.threshold)

    def is_judged(self, frame: pd.DataFrame) -> BoolArray:
        """Mark patients but those whose scores are both recorded and who cannot be judged by them, shape (n,)."""
        recorded = np.isfinite(self.baselines(frame)) & np.isfinite(take_last_known(frame, self.visits))
        return np.asarray(self.is_decided(frame) | ~recorded)

    def is_decided(self, frame: pd.DataFrame) -> BoolArray:
        """Mark patients of known outcome, shape (n,)."""
        return np.isfinite(self.happened(frame))

    def baselines(self, frame: pd.DataFrame) -> FloatArray:
        """Return the scores before the operation, shape (n,); of a threshold that needs none, zeros."""
        return np.zeros(len(frame)) if self.baseline is None else values_of(frame, self.baseline)

    def settled(self, frame: pd.DataFrame) -> Reaching:
        """Return the same with its threshold learned from these rows."""
        threshold = settle(self.threshold, self.baselines(frame), take_last_known(frame, self.visits))
        return replace(self, threshold=threshold)


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
        If a name is unknown, the set has no threshold for the instrument, or the two do not go together.

    Notes
    -----
    A missing baseline excludes where the threshold needs one, and else is not looked at; a missing follow-up score is
    an unknown outcome, unless the patient failed before. Who cannot be judged by the rule (both scores beyond what must
    be crossed) leaves, counted. A
    threshold that is learned is learned again in each training part; who could not have reached it is decided once,
    from all patients, as they cannot come and go between the parts.
    """
    set_name = spec.threshold_set or _refuse_to_choose(spec, context)
    instrument, threshold, named_set = resolve_threshold(spec.name, spec.instrument, set_name, context)
    check_news(spec, threshold, named_set)
    reaching = Reaching(
        instrument=instrument,
        threshold=threshold,
        baseline=spec.baseline if threshold.needs_baseline else None,
        visits=spec.visits,
        events=find_earlier_events(context, spec.visits),
        desirable=spec.desirable,
    )
    exclude = context.study.unattainable == "exclude"
    beside = before_visit.list_columns(context, reaching.events)
    doubts = before_visit.list_doubts(reaching.events, context)
    outcome = replace(_describe_outcome(spec, reaching, named_set, beside, exclude=exclude), doubts=doubts)
    if not threshold.learned:
        return outcome
    return replace(outcome, learn=partial(_learn, outcome=outcome, reaching=reaching))


def list_covering_sets(spec: ThresholdOutcome, context: Context) -> tuple[str, ...]:
    """Return the names of the sets that an outcome can be made of, in the order of the table.

    Parameters
    ----------
    spec
        Declaration of kind ``threshold``.
    context
        Which instruments and sets there are.

    Returns
    -------
    tuple of str
        Sets that cover the instrument, fit it and mark the news that the outcome is of; of a final score, of a success
        and of a measurement error too, which are other questions than a minimal important difference.
    """
    return tuple(name for name in context.threshold_sets if _can_use(spec, name, context))


def _can_use(spec: ThresholdOutcome, set_name: str, context: Context) -> bool:
    try:
        _, threshold, named_set = resolve_threshold(spec.name, spec.instrument, set_name, context)
        check_news(spec, threshold, named_set)
    except StudyError:
        return False
    return True


def _refuse_to_choose(spec: ThresholdOutcome, context: Context) -> NoReturn:
    choices = [f"{name} ({context.threshold_sets[name].population})" for name in list_covering_sets(spec, context)]
    raise StudyError(
        f"the threshold set of {spec.name} must be named by the study, got none; there is no default, as the published "
        f"ones are each of other patients: name one under [threshold_sets]: {'; '.join(choices) or 'one of your own'}"
    )


def resolve_threshold(
    name: str, instrument: str, set_name: str, context: Context
) -> tuple[InstrumentSpec, ThresholdSpec, ThresholdSetSpec]:
    """Find what the names of the outcome `name` stand for.

    Returns
    -------
    tuple
        The instrument, its threshold in the instrument's own units, and the named set.

    Raises
    ------
    StudyError
        If one is unknown, the set does not cover the instrument, or its threshold does not fit it.
    """
    if instrument not in context.instruments:
        raise StudyError(unknown_name(f"the instrument of {name}", instrument, context.instruments))
    if set_name not in context.threshold_sets:
        raise StudyError(unknown_name(f"the threshold set of {name}", set_name, context.threshold_sets))
    named_set, found = context.threshold_sets[set_name], context.instruments[instrument]
    for threshold in named_set.thresholds:
        if threshold.instrument == instrument:
            return found, fit_to_instrument(threshold, found, named_set), named_set
    covered = ", ".join(threshold.instrument for threshold in named_set.thresholds)
    raise StudyError(
        f"the threshold set of {name} must cover {instrument!r}, got {named_set.name!r}, which covers {covered}; name "
        "another set under [threshold_sets]"
    )


def describe_source(threshold: ThresholdSpec, named_set: ThresholdSetSpec) -> str:
    """Return the name of the set, its source, and how sure the figure is, for a report."""
    return f"{named_set.name}: {named_set.source}; {CERTAINTY_WORDS[threshold.certainty or named_set.certainty]}"


def take_last_known(frame: pd.DataFrame, visits: tuple[str, ...]) -> FloatArray:
    """Return the score of the last visit at which it is known, shape (n,)."""
    last = np.full(len(frame), np.nan)
    for visit in visits:
        own = values_of(frame, visit)
        last = np.where(np.isnan(own), last, own)
    return last


def _describe_outcome(
    spec: ThresholdOutcome,
    reaching: Reaching,
    named_set: ThresholdSetSpec,
    beside: tuple[str, ...],
    *,
    exclude: bool,
) -> Outcome:
    events = reaching.events
    before = () if reaching.baseline is None else (reaching.baseline,)
    rule = describe_threshold(reaching.threshold, reaching.instrument)
    unknown = _describe_unknown(spec.visits, events)
    return Outcome(
        name=spec.name,
        title=spec.title,
        kind="threshold",
        desirable=spec.desirable,
        horizon=spec.horizon,
        needs=(*before, *spec.visits, *spec.among),
        optional=beside,
        revealing=(*spec.visits, *beside),
        occurred=reaching.happened,
        eligible=(*require_levels(spec), *_require_baseline(reaching, rule, exclude=exclude)),
        settled=before_visit.find_settled(events),
        excluded=(*before_visit.list_exclusions(events), *_require_judgement(reaching)),
        observed=(Criterion(reason=f"{unknown}: outcome unknown", keep=reaching.is_decided),),
        attainable=reaching.has_room if reaching.baseline else None,
        threshold_set=named_set.name,
        rule=join_rule(
            spec,
            f"{rule} ({describe_source(reaching.threshold, named_set)})",
            "" if len(spec.visits) == 1 else f"the last known of {', '.join(spec.visits)}",
            before_visit.describe(events),
        ),
        unknown=unknown,
        published_c_statistic=find_published(reaching.instrument, named_set),
        source=spec.source or named_set.source,
    )


def find_published(instrument: InstrumentSpec, named_set: ThresholdSetSpec) -> tuple[float, float] | None:
    """Return the range of c-statistics that honest published models of such a threshold reach, or None."""
    if named_set.purpose == "acceptable_state" or instrument.name in GLOBAL_RATINGS:
        return PUBLISHED_STATE
    return PUBLISHED_CHANGE if named_set.purpose in CHANGES else None


def _require_baseline(reaching: Reaching, rule: str, *, exclude: bool) -> Iterator[Criterion]:
    baseline = reaching.baseline
    if baseline is None:
        return
    recorded = PopulationRule(kind="recorded", column=baseline)
    yield Criterion(reason=f"{baseline} not recorded", keep=partial(is_known, name=baseline), rule=recorded)
    if exclude:
        reason = f"threshold not attainable from {baseline} ({rule})"
        yield Criterion(reason=reason, keep=reaching.has_room, rule=reaching.room)


def _require_judgement(reaching: Reaching) -> Iterator[Criterion]:
    if reaching.threshold.crosses:
        what = " and ".join((reaching.baseline or "", *reaching.visits[-1:]))
        yield Criterion(reason=f"cannot be judged: {what} are both beyond the threshold", keep=reaching.is_judged)


def _describe_unknown(visits: tuple[str, ...], events: tuple[EarlierEvent, ...]) -> str:
    which = visits[0] if len(visits) == 1 else f"none of {', '.join(visits)}"
    earlier = [f"{event.word} before the visit" for event in events if event.choice == "weight"]
    return " or ".join((f"{which} not recorded" if len(visits) == 1 else f"{which} recorded", *earlier))


def _learn(frame: pd.DataFrame, *, outcome: Outcome, reaching: Reaching) -> Outcome:
    """Return the outcome with its threshold learned from the training rows."""
    settled = reaching.settled(frame)
    here = describe_threshold(settled.threshold, settled.instrument)
    return replace(
        outcome,
        occurred=settled.happened,
        attainable=settled.has_room if settled.baseline else None,
        eligible=tuple(
            replace(step, keep=settled.has_room, rule=settled.room) if step.keep == outcome.attainable else step
            for step in outcome.eligible
        ),
        observed=tuple(replace(criterion, keep=settled.is_decided) for criterion in outcome.observed),
        rule=f"{outcome.rule}; learned: {here}",
    )
