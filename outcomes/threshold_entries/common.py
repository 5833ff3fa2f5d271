"""Short forms in which the entries are written, and where published figures disagree."""

from __future__ import annotations

from typing import Any

from schemas.specs import Certainty, Direction, ThresholdRule, ThresholdSetSpec, ThresholdSpec

SEEN: Certainty = "seen in the source"
QUOTED: Certainty = "quoted by others"
GENERAL: Certainty = "general knowledge"
TOOLKIT: Certainty = "set by the toolkit"

DISPUTES = {
    "odi": "ODI: 8 to 22 points, 18 to 37 per cent, or a final score from 18 to 31",
    "nrs_back": "back pain: 1.2 to 2.7 points, 30 to 41 per cent, or a final score of 3",
    "nrs_leg": "leg pain: 1.6 to 4 points, 30 to 39 per cent, or a final score of 3",
    "ndi": "NDI: 7.5 to 20 with the scale not always stated, 30 per cent, or a final score of 10 or 14",
    "eq5d_index": "EQ-5D: 0.074 to 0.46, a factor of six, and value sets differ",
    "mjoa": "mJOA: 2 points for all, 1 to 3 by severity, or a final score of 16",
}
"""Instruments whose published thresholds differ widely, and how."""


def make_set(*thresholds: ThresholdSpec, **words: Any) -> ThresholdSetSpec:
    """Return a set; it says of its own accord which of its instruments are disputed."""
    named = {threshold.instrument for threshold in thresholds}
    dispute = "; ".join(text for instrument, text in DISPUTES.items() if instrument in named)
    return ThresholdSetSpec(thresholds=thresholds, disputed=bool(dispute), dispute=dispute, **words)


def change(instrument: str, value: float, **more: Any) -> ThresholdSpec:
    """Return an improvement in points."""
    return ThresholdSpec(instrument=instrument, kind="absolute_change", value=value, **more)


def percent(instrument: str, value: float, **more: Any) -> ThresholdSpec:
    """Return an improvement in per cent of the baseline."""
    return ThresholdSpec(instrument=instrument, kind="percent_change", value=value, **more)


def at_most(instrument: str, value: float, **more: Any) -> ThresholdSpec:
    """Return a final score of an instrument where lower is better."""
    return _final(instrument, value, "lower_is_better", **more)


def at_least(instrument: str, value: float, **more: Any) -> ThresholdSpec:
    """Return a final score of an instrument where higher is better."""
    return _final(instrument, value, "higher_is_better", **more)


def either(instrument: str, *parts: ThresholdRule, **more: Any) -> ThresholdSpec:
    """Return any of several rules of one instrument."""
    return ThresholdSpec(instrument=instrument, kind="any_of", parts=parts, **more)


def rule(kind: str, value: float) -> ThresholdRule:
    """Return a part of a threshold."""
    return ThresholdRule.model_validate({"kind": kind, "value": value})


def failed(instrument: str, part: ThresholdRule) -> ThresholdSpec:
    """Return the failure to reach an improvement."""
    return ThresholdSpec(instrument=instrument, kind="none_of", parts=(part,))


def worse(instrument: str, value: float = 0, **more: Any) -> ThresholdSpec:
    """Return a change for the worse by some points; without a value any."""
    return ThresholdSpec(instrument=instrument, kind="worsening", value=value, strict=value == 0, **more)


def _final(instrument: str, value: float, direction: Direction, **more: Any) -> ThresholdSpec:
    return ThresholdSpec(instrument=instrument, kind="final_score", value=value, direction=direction, **more)
