"""An outcome: what is predicted, for whom, and what counts as unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.registry import Registry
from schemas.specs import InstrumentSpec, PopulationRule, ThresholdSpec

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

NEXT_OPERATION = "_next_operation_days"
"""Column with the days to the next operation of the same patient among the rows; made where an outcome reads it."""
NEXT_OPERATION_NEEDS = ("patient", "operation_date")


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One counted step of the participants' flow: rows where `keep` is False leave, for `reason`.

    `rule` says the same as data, where it can be said so and is known before the operation: model bundles carry it.
    """

    reason: str
    keep: Callable[[pd.DataFrame], BoolArray]
    rule: PopulationRule | None = None


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """What inverse probability of censoring weights are fitted from.

    `time_days` is the day of the first event of any cause or of the end of follow-up, whichever is earlier; `cause`
    says what ended it: 0 the end of follow-up, 1 the event, 2 a competing one. `horizon_days` is the day until which
    the outcome is asked for.
    """

    time_days: Callable[[pd.DataFrame], FloatArray]
    cause: Callable[[pd.DataFrame], IntArray]
    horizon_days: int


@dataclass(frozen=True, kw_only=True)
class DerivedThreshold:
    """A threshold whose probability is derived from the predicted distribution of a score.

    `name` is that of an outcome of its own in the results. With `attainable_only` patients who could not have reached
    the threshold from their baseline are left out of that outcome.
    """

    name: str
    title: str
    threshold_set: str
    rule: str
    desirable: bool
    threshold: ThresholdSpec
    attainable_only: bool = True
    published_c_statistic: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Score:
    """The score behind an outcome of kind ``score``: its instrument, baseline and follow-up, and what is derived."""

    instrument: InstrumentSpec
    baseline: str
    follow_up: str
    derived: tuple[DerivedThreshold, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An outcome of surgery at a fixed horizon, as pure functions of a registry's frame.

    Parameters
    ----------
    name, title
        Identifier and what a reader sees.
    kind
        A key of `schemas.specs.OUTCOME_KINDS`. All are binary but ``score``.
    desirable
        Whether a high probability is good news; of a score, whether a high value is.
    horizon
        Until when, in words.
    needs
        Columns that must be in the registry.
    optional
        Columns that are used where the registry has them.
    revealing
        Those of all these that tell the outcome, and so can never be predictors, whenever they are known.
    occurred
        Frame to 1 (occurred), 0 (did not) or NaN (unknown), shape (n,); of a score, to its value.
    prepare
        Where columns are made of a registry's long tables: registry to its frame with these columns.
    eligible
        Steps that decide who belongs, counted in order; known at the time of the prediction.
    observed
        Steps that name why the outcome is unknown, counted in order after `eligible`. What they leave out is weighted
        instead where the study says so, and then counted as kept with weight 0.
    settled
        Frame to whether the outcome is decided by an event, whether or not anybody answers, shape (n,); None where no
        event does. Such patients stand for themselves alone.
    answered
        Frame to whether all that the outcome is made of is recorded, so that it would be known whatever it was, shape
        (n,); None where that is the same as known. Who is known only because of an event stands for nobody, also not
        for themselves: they are known because of it.
    excluded
        Steps after the operation that take patients out by the study's explicit choice, counted in order.
    attainable
        Frame to whether the threshold can be reached from the baseline at all, shape (n,).
    learn
        Where the threshold is estimated from the data: training rows to the outcome with its threshold set.
    follow_up
        Present where patients unknown by the horizon are weighted instead of left out; the weights are fitted in
        each training fold.
    score
        Of kind ``score``, else None.
    threshold_set
        Name of the set, where there is one.
    rule
        What counts as the outcome, in words.
    unknown
        What counts as unknown, in words.
    competing
        Events that preclude it, in words.
    unit, index_event, clock
        What is counted, from which event, and from when the days are counted.
    patient_outcome
        False for a decision of doctors.
    components
        Columns or outcomes that it is made of, where there are several; printed with every result.
    doubts
        What a reader of the results must know of how the data tell the outcome.
    published_c_statistic
        Range that honest published models of such an outcome reach, or None.
    source
        Where the definition comes from.
    """

    name: str
    title: str
    kind: str
    desirable: bool
    horizon: str
    needs: tuple[str, ...]
    revealing: tuple[str, ...]
    occurred: Callable[[pd.DataFrame], FloatArray]
    optional: tuple[str, ...] = ()
    prepare: Callable[[Registry], pd.DataFrame] | None = None
    eligible: tuple[Criterion, ...] = ()
    observed: tuple[Criterion, ...] = ()
    settled: Callable[[pd.DataFrame], BoolArray] | None = None
    answered: Callable[[pd.DataFrame], BoolArray] | None = None
    excluded: tuple[Criterion, ...] = ()
    attainable: Callable[[pd.DataFrame], BoolArray] | None = None
    learn: Callable[[pd.DataFrame], Outcome] | None = None
    follow_up: FollowUp | None = None
    score: Score | None = None
    threshold_set: str = ""
    rule: str = ""
    unknown: str = ""
    competing: str = ""
    unit: str = "operation"
    index_event: str = "the operation"
    clock: str = "operation"
    patient_outcome: bool = True
    components: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    published_c_statistic: tuple[float, float] | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """An outcome defined in another way, for a sensitivity analysis: never a result of its own.

    Attributes
    ----------
    base
        Name of the study's outcome.
    outcome
        The other definition; its name is that of the base, two underscores, and `level`.
    analysis
        ``threshold_set``, ``unattainable`` or ``unadjudicated``.
    level
        Which of the choices.
    text
        The choice in words.
    reference_only
        Whether only the study's reference is fitted again.
    """

    base: str
    outcome: Outcome = field(repr=False)
    analysis: str
    level: str
    text: str
    reference_only: bool
