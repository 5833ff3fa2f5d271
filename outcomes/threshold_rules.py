"""What it takes to reach a threshold: from the scores before and after to reached or not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from outcomes.outcome import BoolArray, FloatArray
from schemas.specs import InstrumentSpec, ThresholdSpec

ROUNDING = 1e-9
"""Slack for thresholds met exactly: 0.30 - 0.20 must count as a change of 0.1."""


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
