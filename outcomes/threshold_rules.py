"""What it takes to reach a threshold: from the scores before and after to reached or not."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from outcomes.outcome import BoolArray, FloatArray
from outcomes.three_valued import Joined, combine
from schemas.errors import StudyError
from schemas.specs import InstrumentSpec, ThresholdRule, ThresholdSpec

ROUNDING = 1e-9
"""Slack for thresholds met exactly: 0.30 - 0.20 must count as a change of 0.1."""


def reached(
    baseline: FloatArray, follow_up: FloatArray, *, instrument: InstrumentSpec, threshold: ThresholdRule
) -> FloatArray:
    """Tell whether each patient reached the threshold.

    Parameters
    ----------
    baseline, follow_up
        Scores before and after the operation in the instrument's units, shape (n,), or any two shapes that broadcast:
        (n, 1) against (n, m) asks of m possible scores each.
    instrument, threshold
        Direction and range of the score; what must be reached, in the units of the score.

    Returns
    -------
    ndarray of float, shape (n,), or that of both broadcast
        1 reached, 0 not reached, NaN where a score that the rule needs is missing or where it cannot be judged: a
        score that was good before and is good after has crossed nothing. Of a worsening or a failure 1 is the bad news.

    Raises
    ------
    StudyError
        If the threshold must be learned first; see `settle`.

    Notes
    -----
    A baseline for which there is no threshold (`attainable` is False) has not reached it.
    """
    known = np.isfinite(follow_up)
    known = known & (np.isfinite(baseline) if threshold.needs_baseline else np.ones_like(baseline, dtype=np.bool_))
    return np.where(known, _judge(threshold, baseline, follow_up, instrument), np.nan)


def attainable(baseline: FloatArray, *, instrument: InstrumentSpec, threshold: ThresholdRule) -> BoolArray:
    """Tell whether the baseline leaves room for the threshold, shape as `baseline`.

    Notes
    -----
    Of an improvement or a good state: whether the best possible score would reach it. Of a worsening: whether the worst
    one would. Of a failure: whether it could be avoided; where not even the best score would do, failing says nothing.
    An end of the range that is only the usual one (`InstrumentSpec.open_ends`) excludes nobody. Nor does a crossing:
    who is beyond it before can lose the good state, which counts, or keep it, which cannot be judged.
    """
    low = -np.inf if "low" in instrument.open_ends else instrument.low
    high = np.inf if "high" in instrument.open_ends else instrument.high
    best, worst = (low, high) if instrument.direction == "lower_is_better" else (high, low)
    if threshold.kind == "none_of":
        parts = [attainable(baseline, instrument=instrument, threshold=part) for part in threshold.parts]
        return np.asarray(reduce(np.logical_or, parts))
    extreme = worst if threshold.for_the_worse else best
    return np.asarray(_judge(threshold, baseline, np.full_like(baseline, extreme), instrument) != 0)


def improvement(baseline: FloatArray, follow_up: FloatArray, instrument: InstrumentSpec) -> FloatArray:
    """Return the change in the instrument's units, positive where the patient got better."""
    change = follow_up - baseline
    return -change if instrument.direction == "lower_is_better" else change


def settle(threshold: ThresholdSpec, baseline: FloatArray, follow_up: FloatArray) -> ThresholdSpec:
    """Return the threshold with what must be learned, learned from these scores.

    Parameters
    ----------
    threshold
        A threshold, the same again where nothing of it is learned.
    baseline, follow_up
        Scores of the training rows, shape (n,); unknown is NaN.

    Raises
    ------
    StudyError
        If the scores do not vary.
    """
    if not threshold.learned:
        return threshold
    update = _settle_keys(threshold, baseline, follow_up)
    return threshold.model_copy(update=update)


def _settle_keys(rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray) -> dict[str, object]:
    if rule.parts:
        parts = [part.model_copy(update=_settle_keys(part, baseline, follow_up)) for part in rule.parts]
        return {"parts": tuple(parts)}
    if not rule.learned:
        return {}
    scores = baseline if rule.kind == "sd_of_baseline" else follow_up
    known = scores[np.isfinite(scores)]
    sd = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
    if sd <= 0:
        raise StudyError(
            f"a threshold of kind {rule.kind} must be learned from scores that vary, got {len(known)} known scores of "
            "one value or none; name a set with a fixed threshold under [threshold_sets]"
        )
    return {"kind": "absolute_change", "value": _value(rule) * sd}


def describe_threshold(threshold: ThresholdRule, instrument: InstrumentSpec) -> str:
    """Return the threshold in words, for a report."""
    return f"{instrument.title}: {describe_rule(threshold)}"


def describe_rule(rule: ThresholdRule) -> str:
    """Return a rule in words, without the instrument."""
    least = "more than" if rule.strict else "at least"
    value = 0.0 if rule.value is None else rule.value
    match rule.kind:
        case "absolute_change":
            return f"improvement of {least} {_points(value)}"
        case "percent_change":
            return f"improvement of {least} {value:g} per cent of the baseline"
        case "final_score":
            return f"final score {_or_better(rule)}"
        case "crossing":
            before = "was not" if rule.strict else "was worse"
            return f"final score {_or_better(rule)} from a baseline that {before}; not judged where both are so good"
        case "worsening":
            return "any change for the worse" if value == 0 else f"change for the worse of {least} {_points(value)}"
        case "sd_of_baseline" | "sd_of_follow_up":
            when = "baseline" if rule.kind == "sd_of_baseline" else "follow-up"
            return f"improvement of {least} {value:g} standard deviations of the {when} scores of the training rows"
        case "sliding":
            return f"improvement of {least} {rule.intercept or 0:g} plus {rule.slope or 0:g} times the baseline"
        case "by_baseline":
            bands = ", ".join(f"{_points(band.value)} from a baseline up to {band.up_to:g}" for band in rule.bands)
            return f"improvement of {least} {bands}; none to reach from above that"
    return _describe_parts(rule)


def _describe_parts(rule: ThresholdRule) -> str:
    parts = [describe_rule(part) for part in rule.parts]
    if rule.kind == "none_of":
        return f"not reached: {', nor '.join(parts)}"
    return (", or " if rule.kind == "any_of" else ", and ").join(parts)


def _or_better(rule: ThresholdRule) -> str:
    value = f"{rule.value or 0:g}"
    return f"better than {value}" if rule.strict else f"of {value} or better"


def _points(value: float) -> str:
    return f"{value:g} point" if value == 1 else f"{value:g} points"


def _value(rule: ThresholdRule) -> float:
    assert rule.value is not None, "the declaration was checked"
    return rule.value


def _judge(rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, instrument: InstrumentSpec) -> FloatArray:
    """Return 1, 0 or NaN (cannot be judged) of scores that are known."""
    if rule.learned and not rule.parts:
        raise StudyError(
            f"a threshold of kind {rule.kind} must be learned from the training rows first, got one that is not; "
            "name a set with a fixed threshold where none can be learned"
        )
    return np.asarray(_JUDGED[rule.kind](rule, baseline, follow_up, instrument), dtype=np.float64)


def _at_least(amount: FloatArray, needed: FloatArray | float, rule: ThresholdRule) -> BoolArray:
    """Compare with slack for rounding; of a strict rule the amount itself is not enough."""
    return np.asarray(amount > needed + ROUNDING if rule.strict else amount >= needed - ROUNDING)


def _absolute(rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, of: InstrumentSpec) -> BoolArray:
    return _at_least(improvement(baseline, follow_up, of), _value(rule), rule)


def _percent(rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, of: InstrumentSpec) -> BoolArray:
    return _by_needed(rule, baseline, follow_up, of, _value(rule) / 100 * np.abs(baseline))


def _sliding(rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, of: InstrumentSpec) -> BoolArray:
    needed = (rule.intercept or 0.0) + (rule.slope or 0.0) * baseline
    return _by_needed(rule, baseline, follow_up, of, needed)


def _by_baseline(rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, of: InstrumentSpec) -> BoolArray:
    values = np.array([*(band.value for band in rule.bands), np.inf])
    edges = np.array([band.up_to for band in rule.bands]) + ROUNDING
    return _by_needed(rule, baseline, follow_up, of, values[np.searchsorted(edges, baseline)])


def _by_needed(
    rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, of: InstrumentSpec, needed: FloatArray
) -> BoolArray:
    gain = improvement(baseline, follow_up, of)
    # A fall of 30 per cent from 0 is no improvement: the baseline must leave something to improve.
    return (gain > ROUNDING) & np.isfinite(needed) & _at_least(gain, needed, rule)


def _final(rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, of: InstrumentSpec) -> BoolArray:
    better_by = improvement(np.full_like(follow_up, _value(rule)), follow_up, of)
    return np.asarray(_at_least(better_by, 0.0, rule) & np.ones_like(baseline, dtype=np.bool_))


def _crossing(rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, of: InstrumentSpec) -> FloatArray:
    after, before = _final(rule, baseline, follow_up, of), _final(rule, follow_up, baseline, of)
    return np.where(after & before, np.nan, after.astype(np.float64))


def _worse(rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, of: InstrumentSpec) -> BoolArray:
    return _at_least(-improvement(baseline, follow_up, of), _value(rule), rule)


def _any_of(rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, of: InstrumentSpec) -> FloatArray:
    return _combine(rule, baseline, follow_up, of, "any_of")


def _all_of(rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, of: InstrumentSpec) -> FloatArray:
    return _combine(rule, baseline, follow_up, of, "all_of")


def _none_of(rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, of: InstrumentSpec) -> FloatArray:
    return 1 - _combine(rule, baseline, follow_up, of, "any_of")


def _combine(
    rule: ThresholdRule, baseline: FloatArray, follow_up: FloatArray, of: InstrumentSpec, joined: Joined
) -> FloatArray:
    parts = [_judge(part, baseline, follow_up, of) for part in rule.parts]
    return combine(np.stack(parts, axis=-1), joined, "logic")


_JUDGED: dict[str, Callable[[ThresholdRule, FloatArray, FloatArray, InstrumentSpec], BoolArray | FloatArray]] = {
    "absolute_change": _absolute,
    "percent_change": _percent,
    "final_score": _final,
    "by_baseline": _by_baseline,
    "sliding": _sliding,
    "crossing": _crossing,
    "worsening": _worse,
    "any_of": _any_of,
    "all_of": _all_of,
    "none_of": _none_of,
}
