"""Outcomes from patient-reported scores: has a score reached its threshold by a visit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from outcomes.outcome import BoolArray, Criterion, FloatArray, Outcome
from schemas.errors import StudyError, unknown_name
from schemas.specs import InstrumentSpec, OutcomeSpec, ThresholdSetSpec, ThresholdSpec

ROUNDING = 1e-9
"""Slack for thresholds met exactly: 0.30 - 0.20 must count as a change of 0.1."""

PATIENT_REPORTED = (
    OutcomeSpec(
        name="odi_mcid_12m", title="Disability improved (ODI) at 12 months", kind="threshold", desirable=True,
        horizon="12 months", instrument="odi", baseline="odi_0", follow_up="odi_12m", threshold_set="scoap15_2_2",
    ),
    OutcomeSpec(
        name="leg_pain_mcid_12m", title="Leg pain improved at 12 months", kind="threshold", desirable=True,
        horizon="12 months", instrument="nrs_leg", baseline="nrs_leg_0", follow_up="nrs_leg_12m",
        threshold_set="scoap15_2_2",
    ),
    OutcomeSpec(
        name="back_pain_mcid_12m", title="Back pain improved at 12 months", kind="threshold", desirable=True,
        horizon="12 months", instrument="nrs_back", baseline="nrs_back_0", follow_up="nrs_back_12m",
        threshold_set="scoap15_2_2",
    ),
    OutcomeSpec(
        name="ndi_mcid_12m", title="Neck disability improved (NDI) at 12 months", kind="threshold", desirable=True,
        horizon="12 months", instrument="ndi", baseline="ndi_0", follow_up="ndi_12m", threshold_set="young2009",
    ),
    OutcomeSpec(
        name="odi_mcid_24m", title="Disability improved (ODI) at 24 months", kind="threshold", desirable=True,
        horizon="24 months", instrument="odi", baseline="odi_0", follow_up="odi_24m", threshold_set="scoap15_2_2",
    ),
)  # fmt: skip


def build_threshold_outcome(
    spec: OutcomeSpec,
    *,
    instruments: Mapping[str, InstrumentSpec],
    threshold_sets: Mapping[str, ThresholdSetSpec],
    unattainable: str,
) -> Outcome:
    """Build the outcome "the score reached the threshold of the named set".

    Parameters
    ----------
    spec
        Declaration of kind ``threshold``.
    instruments, threshold_sets
        What the names in `spec` refer to.
    unattainable
        ``exclude``: patients whose baseline leaves no room for the threshold are excluded and counted.
        ``fail``: they stay, and cannot have reached it.

    Raises
    ------
    StudyError
        If a name is unknown or the set has no threshold for the instrument.

    Notes
    -----
    A missing baseline excludes; a missing follow-up score is an unknown outcome, counted as such.
    """
    instrument, threshold, named_set = _resolve(spec, instruments, threshold_sets)
    baseline, follow_up = str(spec.baseline), str(spec.follow_up)
    room = partial(_has_room, baseline=baseline, instrument=instrument, threshold=threshold)
    occurred = partial(_occurred, baseline=baseline, follow_up=follow_up, instrument=instrument, threshold=threshold)
    eligible = [Criterion(reason=f"{baseline} not recorded", keep=partial(_known, name=baseline))]
    if unattainable == "exclude":
        reason = f"threshold not attainable from {baseline} ({describe_threshold(threshold, instrument)})"
        eligible.append(Criterion(reason=reason, keep=room))
    return Outcome(
        name=spec.name,
        title=spec.title,
        kind="threshold",
        desirable=spec.desirable,
        horizon=spec.horizon,
        needs=(baseline, follow_up),
        revealing=(follow_up,),
        occurred=occurred,
        eligible=tuple(eligible),
        observed=(
            Criterion(reason=f"{follow_up} not recorded: outcome unknown", keep=partial(_known, name=follow_up)),
        ),
        threshold_set=named_set.name,
        threshold_text=f"{describe_threshold(threshold, instrument)} ({named_set.name}: {named_set.source})",
        source=spec.source or named_set.source,
    )


def reached(
    baseline: FloatArray, follow_up: FloatArray, *, instrument: InstrumentSpec, threshold: ThresholdSpec
) -> FloatArray:
    """Tell whether each patient reached the threshold.

    Parameters
    ----------
    baseline, follow_up
        Scores before and after the operation, shape (n,), in the instrument's units.
    instrument, threshold
        Direction and range of the score; what must be reached.

    Returns
    -------
    ndarray of float, shape (n,)
        1 reached, 0 not reached, NaN where a score is missing.
    """
    met = _MET[threshold.kind](baseline, follow_up, instrument, threshold.value)
    known = np.isfinite(baseline) & np.isfinite(follow_up)
    return np.where(known, met.astype(np.float64), np.nan)


def attainable(baseline: FloatArray, *, instrument: InstrumentSpec, threshold: ThresholdSpec) -> BoolArray:
    """Tell whether the threshold could be reached from the baseline at all, even with the best possible score."""
    best = instrument.low if instrument.direction == "lower_is_better" else instrument.high
    return _MET[threshold.kind](baseline, np.full_like(baseline, best), instrument, threshold.value)


def improvement(baseline: FloatArray, follow_up: FloatArray, instrument: InstrumentSpec) -> FloatArray:
    """Return the change in the instrument's units, positive where the patient got better."""
    change = follow_up - baseline
    return -change if instrument.direction == "lower_is_better" else change


def describe_threshold(threshold: ThresholdSpec, instrument: InstrumentSpec) -> str:
    """Return the threshold in words, for a report."""
    words = {
        "absolute_change": "improvement of at least {value:g} points",
        "percent_change": "improvement of at least {value:g} per cent of the baseline",
        "final_score": "final score of {value:g} or better",
    }
    return f"{instrument.title}: {words[threshold.kind].format(value=threshold.value)}"


def _absolute(baseline: FloatArray, follow_up: FloatArray, instrument: InstrumentSpec, value: float) -> BoolArray:
    return improvement(baseline, follow_up, instrument) >= value - ROUNDING


def _percent(baseline: FloatArray, follow_up: FloatArray, instrument: InstrumentSpec, value: float) -> BoolArray:
    gain = improvement(baseline, follow_up, instrument)
    # A fall of 30 per cent from 0 is no improvement: the baseline must leave something to improve.
    return (gain > 0) & (gain >= value / 100 * np.abs(baseline) - ROUNDING)


def _final(baseline: FloatArray, follow_up: FloatArray, instrument: InstrumentSpec, value: float) -> BoolArray:
    if instrument.direction == "lower_is_better":
        return follow_up <= value + ROUNDING
    return follow_up >= value - ROUNDING


_MET: dict[str, Callable[[FloatArray, FloatArray, InstrumentSpec, float], BoolArray]] = {
    "absolute_change": _absolute,
    "percent_change": _percent,
    "final_score": _final,
}


def _resolve(
    spec: OutcomeSpec, instruments: Mapping[str, InstrumentSpec], threshold_sets: Mapping[str, ThresholdSetSpec]
) -> tuple[InstrumentSpec, ThresholdSpec, ThresholdSetSpec]:
    """Find what the names of `spec` stand for, or say which one is unknown."""
    instrument, set_name = str(spec.instrument), str(spec.threshold_set)
    if instrument not in instruments:
        raise StudyError(unknown_name(f"the instrument of {spec.name}", instrument, instruments))
    if set_name not in threshold_sets:
        raise StudyError(unknown_name(f"the threshold set of {spec.name}", set_name, threshold_sets))
    named_set = threshold_sets[set_name]
    for threshold in named_set.thresholds:
        if threshold.instrument == instrument:
            return instruments[instrument], threshold, named_set
    covered = ", ".join(threshold.instrument for threshold in named_set.thresholds)
    raise StudyError(
        f"the threshold set of {spec.name} must cover {instrument!r}, got {named_set.name!r}, "
        f"which covers {covered}; name another set under [threshold_sets]"
    )


def _occurred(
    frame: pd.DataFrame, *, baseline: str, follow_up: str, instrument: InstrumentSpec, threshold: ThresholdSpec
) -> FloatArray:
    before, after = _values(frame, baseline), _values(frame, follow_up)
    return reached(before, after, instrument=instrument, threshold=threshold)


def _has_room(frame: pd.DataFrame, *, baseline: str, instrument: InstrumentSpec, threshold: ThresholdSpec) -> BoolArray:
    return attainable(_values(frame, baseline), instrument=instrument, threshold=threshold)


def _values(frame: pd.DataFrame, name: str) -> FloatArray:
    return frame[name].to_numpy(dtype=np.float64)


def _known(frame: pd.DataFrame, *, name: str) -> BoolArray:
    return np.isfinite(_values(frame, name))
