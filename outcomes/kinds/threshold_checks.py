"""What a threshold must be for its instrument: of its scale, its direction and its range, else refused by name."""

from __future__ import annotations

from collections.abc import Iterator

from outcomes.threshold_rules import describe_rule
from schemas.errors import StudyError
from schemas.specs import InstrumentSpec, ThresholdOutcome, ThresholdRule, ThresholdSetSpec, ThresholdSpec

WORDS = {"higher_is_better": "higher is better", "lower_is_better": "lower is better"}


def fit_to_instrument(
    threshold: ThresholdSpec, instrument: InstrumentSpec, named_set: ThresholdSetSpec
) -> ThresholdSpec:
    """Return the threshold in the instrument's own units.

    Parameters
    ----------
    threshold
        Of the set, perhaps stated on another scale.
    instrument
        Whose score it is a threshold of.
    named_set
        For the messages.

    Raises
    ------
    StudyError
        If the scale of the values is not known, the instrument points the other way than the source's, or nobody or
        everybody could meet the threshold.
    """
    where = f"the threshold of {instrument.name} in the set {named_set.name}"
    if threshold.direction and threshold.direction != instrument.direction:
        raise StudyError(
            f"{where} must be of an instrument where {WORDS[threshold.direction]}, got {instrument.name!r}, where "
            f"{WORDS[instrument.direction]}; name another set, or bring the score into the direction of the source"
        )
    own = threshold
    if threshold.scale is not None:
        own = threshold.model_copy(update={**_rescale(threshold, _factor(threshold, instrument, where)), "scale": None})
    for fault in _faults(own, instrument):
        raise StudyError(f"{where} must be {fault}; name another set, or check the scale of both")
    return own


def check_news(spec: ThresholdOutcome, threshold: ThresholdSpec, named_set: ThresholdSetSpec) -> None:
    """Refuse a set that marks bad news for a desirable outcome, and the reverse.

    Raises
    ------
    StudyError
        If the outcome and the set do not go together, or the set needs a baseline that the outcome does not have.
    """
    if threshold.for_the_worse == spec.desirable:
        asked, got = ("an improvement or a good state", "a worsening or a failure")
        if not spec.desirable:
            asked, got = got, asked
        raise StudyError(
            f"the threshold set of {spec.name} must mark {asked}, as desirable = {str(spec.desirable).lower()}, got "
            f"{named_set.name!r}, which marks {got}; name another set under [threshold_sets]"
        )
    if threshold.needs_baseline and spec.baseline is None:
        raise StudyError(
            f"the baseline of {spec.name} must be given, as the set {named_set.name!r} asks for more than a final "
            f"score ({describe_rule(threshold)}); name the column of the score before the operation"
        )


def _factor(threshold: ThresholdSpec, instrument: InstrumentSpec, where: str) -> float:
    """Return by how much the values are multiplied to be in the instrument's units."""
    if threshold.scale == "unknown":
        raise StudyError(
            f'{where} must be of a known scale, got scale = "unknown": the source as read does not say of how many '
            f"points ({describe_rule(threshold)}); look it up, and declare a set of your own under "
            "[threshold_sets.<name>] of the registry's definition with these values and the scale, such as scale = 50 "
            f"or scale = {instrument.high - instrument.low:g}"
        )
    assert isinstance(threshold.scale, float | int), "the declaration was checked"
    if instrument.low != 0:
        raise StudyError(
            f"{where} must be in the instrument's own units, got scale = {threshold.scale:g} for a score that starts "
            f"at {instrument.low:g}; convert the values, and leave scale out"
        )
    return instrument.high / threshold.scale


def _rescale(rule: ThresholdRule, factor: float) -> dict[str, object]:
    """Return the keys of a rule that hold points, multiplied; per cents, slopes and standard deviations stay."""
    if rule.parts:
        return {"parts": tuple(part.model_copy(update=_rescale(part, factor)) for part in rule.parts)}
    if rule.bands:
        moved = {"up_to": factor, "value": factor}
        bands = [
            band.model_copy(update={key: getattr(band, key) * by for key, by in moved.items()}) for band in rule.bands
        ]
        return {"bands": tuple(bands)}
    if rule.intercept is not None:
        return {"intercept": rule.intercept * factor}
    if rule.value is None or rule.kind in ("percent_change", "sd_of_baseline", "sd_of_follow_up"):
        return {}
    return {"value": rule.value * factor}


def _faults(rule: ThresholdRule, instrument: InstrumentSpec) -> Iterator[str]:
    """Yield what the values must be and are not."""
    for part in rule.parts:
        yield from _faults(part, instrument)
    low, high = instrument.low, instrument.high
    span = f"the {high - low:g} points from {low:g} to {high:g}"
    value = rule.value or 0.0
    if rule.kind in ("absolute_change", "worsening") and value > high - low:
        yield f"a change within {span}, got {value:g}"
    if rule.kind == "percent_change" and value > 100 and instrument.direction == "lower_is_better" and low >= 0:
        yield f"at most 100 per cent of the baseline, got {value:g}"
    if rule.kind in ("final_score", "crossing") and not low <= value <= high:
        yield f"a score from {low:g} to {high:g}, got {value:g}"
    if rule.kind in ("final_score", "crossing") and value == _no_news(rule, instrument):
        yield f"a score that some reach and others do not, got {value:g}"
    yield from _faults_by_baseline(rule, instrument, span)


def _no_news(rule: ThresholdRule, instrument: InstrumentSpec) -> float:
    """Return the score that everybody has or betters, or of a strict rule the one that nobody betters."""
    low_is_best = instrument.direction == "lower_is_better"
    return instrument.low if low_is_best == rule.strict else instrument.high


def _faults_by_baseline(rule: ThresholdRule, instrument: InstrumentSpec, span: str) -> Iterator[str]:
    for band in rule.bands:
        if band.value > instrument.high - instrument.low:
            yield f"a change within {span}, got {band.value:g}"
        if not instrument.low <= band.up_to <= instrument.high:
            yield f"made of bands that end from {instrument.low:g} to {instrument.high:g}, got {band.up_to:g}"
    if rule.kind == "sliding":
        ends = [(rule.intercept or 0.0) + (rule.slope or 0.0) * score for score in (instrument.low, instrument.high)]
        if max(ends) <= 0 or min(ends) > instrument.high - instrument.low:
            yield f"a change within {span} for some baseline, got {ends[0]:g} to {ends[1]:g}"
