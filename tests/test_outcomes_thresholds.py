"""Threshold rules against tables by hand and their laws; the named sets, and the page that shows them."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from outcomes.instruments import INSTRUMENTS
from outcomes.kinds.threshold_checks import fit_to_instrument
from outcomes.threshold_entries.common import DISPUTES
from outcomes.threshold_rules import attainable, describe_rule, describe_threshold, improvement, reached, settle
from outcomes.thresholds import ENTRIES, THRESHOLD_SETS
from schemas.definition import parse_definition
from schemas.errors import DefinitionError, StudyError
from schemas.specs import CERTAINTY_WORDS, Certainty, InstrumentSpec, ThresholdRule, ThresholdSetSpec, ThresholdSpec

ODI = INSTRUMENTS["odi"]
MJOA = INSTRUMENTS["mjoa"]
PAGE = Path(__file__).parents[1] / "docs" / "thresholds.md"
MARKS = ("<!-- sets: made of the code, see tests/test_outcomes_thresholds.py -->", "<!-- end of sets -->")
SEVERITY = [{"up_to": 11, "value": 3}, {"up_to": 14, "value": 2}, {"up_to": 17, "value": 1}]
WHOLE = st.integers(0, 100).map(float)
MJOA_SCORES = st.integers(0, 18).map(float)


def rule(kind: str, value: float | None = None, **keys: Any) -> ThresholdRule:
    return ThresholdRule.model_validate({"kind": kind, "value": value, **keys})


def spec(instrument: str, kind: str, value: float | None = None, **keys: Any) -> ThresholdSpec:
    return ThresholdSpec.model_validate({"instrument": instrument, "kind": kind, "value": value, **keys})


def met(threshold: ThresholdRule, before: float, after: float, instrument: InstrumentSpec = ODI) -> bool:
    return bool(reached(np.array([before]), np.array([after]), instrument=instrument, threshold=threshold)[0] == 1)


def has_room(threshold: ThresholdRule, before: float, instrument: InstrumentSpec = ODI) -> bool:
    return bool(attainable(np.array([before]), instrument=instrument, threshold=threshold)[0])


def named(name: str, instrument: str) -> ThresholdSpec:
    return next(one for one in THRESHOLD_SETS[name].thresholds if one.instrument == instrument)


IMPROVEMENTS = st.one_of(
    st.builds(rule, st.sampled_from(["absolute_change", "percent_change"]), st.integers(1, 60), strict=st.booleans()),
    st.builds(rule, st.sampled_from(["final_score", "crossing"]), st.integers(1, 99), strict=st.booleans()),
    st.builds(rule, st.just("sliding"), intercept=st.integers(0, 20), slope=st.sampled_from([0.1, 0.25, 0.5])),
    st.builds(rule, st.just("by_baseline"), bands=st.just([{"up_to": 40, "value": 8}, {"up_to": 90, "value": 15}])),
)
JOINED = st.builds(rule, st.sampled_from(["any_of", "all_of"]), parts=st.lists(IMPROVEMENTS, min_size=2, max_size=3))
GOOD_NEWS = st.one_of(IMPROVEMENTS, JOINED)
FAILURES = st.builds(rule, st.just("none_of"), parts=st.lists(IMPROVEMENTS, min_size=1, max_size=3))
WORSENINGS = st.builds(rule, st.just("worsening"), st.integers(1, 60), strict=st.booleans())


@pytest.mark.parametrize(
    ("threshold", "pairs"),
    [
        (rule("absolute_change", 15), {(40, 25): 1, (40, 26): 0, (40, 55): 0, (10, 0): 0}),
        (rule("absolute_change", 12.7, strict=True), {(40, 27): 1, (40, 27.3): 0, (40, 28): 0}),
        (rule("percent_change", 30), {(50, 35): 1, (50, 36): 0, (0, 0): 0, (10, 7): 1}),
        (rule("percent_change", 30, strict=True), {(50, 35): 0, (50, 34): 1}),
        (rule("final_score", 22), {(24, 22): 1, (80, 23): 0, (10, 22): 1}),
        (rule("final_score", 31.3, strict=True), {(80, 31.3): 0, (80, 31.2): 1}),
        (rule("crossing", 22), {(30, 22): 1, (22, 10): 0, (30, 23): 0}),
        (rule("sliding", intercept=2, slope=0.25), {(40, 28): 1, (40, 29): 0, (8, 4): 1, (8, 5): 0}),
        (rule("worsening", 5), {(40, 45): 1, (40, 44): 0, (40, 20): 0}),
        (rule("worsening", 0, strict=True), {(40, 41): 1, (40, 40): 0, (40, 39): 0}),
        (rule("none_of", parts=[rule("absolute_change", 13)]), {(40, 27): 0, (40, 28): 1, (40, 60): 1}),
        (
            rule("any_of", parts=[rule("absolute_change", 10), rule("percent_change", 30)]),
            {(20, 14): 1, (80, 70): 1, (80, 71): 0, (20, 15): 0},
        ),
        (
            rule("all_of", parts=[rule("absolute_change", 10), rule("percent_change", 30)]),
            {(20, 14): 0, (80, 70): 0, (80, 56): 1, (20, 10): 1},
        ),
        (
            rule("any_of", parts=[rule("absolute_change", 15), rule("final_score", 22)]),
            {(24, 22): 1, (50, 35): 1, (50, 36): 0, (15, 20): 1},
        ),
    ],
    ids=lambda made: made.kind if isinstance(made, ThresholdRule) else "",
)
def test_rules_of_a_score_where_lower_is_better(threshold: ThresholdRule, pairs: dict[tuple[float, float], int]):
    assert {pair: int(met(threshold, *pair)) for pair in pairs} == pairs


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(8, 11, True), (8, 10, False), (11, 14, True), (11, 13, False), (12, 14, True), (12, 13, False), (14, 16, True),
     (15, 16, True), (15, 15, False), (17, 18, True), (18, 18, False)],
)  # fmt: skip
def test_myelopathy_asks_three_two_or_one_point_by_severity(before: float, after: float, expected: bool):
    assert met(named("tetreault2015_mjoa", "mjoa"), before, after, MJOA) == expected


@pytest.mark.parametrize(("before", "expected"), [(0, True), (11, True), (17, True), (18, False)])
def test_no_deficit_leaves_nothing_to_reach(before: float, expected: bool):
    assert has_room(named("tetreault2015_mjoa", "mjoa"), before, MJOA) == expected


def test_from_17_points_the_most_is_one():
    assert not has_room(spec("mjoa", "absolute_change", 2), 17, MJOA)
    assert has_room(spec("mjoa", "absolute_change", 1), 17, MJOA)


def test_22_points_cannot_be_gained_from_20():
    berg = named("norspine_berg2024", "odi")
    assert not has_room(berg, 20)
    assert not met(berg, 20, 0)
    assert has_room(berg, 22)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(40, 60, True), (40, 59, False), (75, 90, True), (89, 90, True), (75, 89, False), (90, 100, False),
     (95, 95, False), (90, 89, False), (100, 0, False)],
)  # fmt: skip
def test_joabpeq_asks_20_points_or_90_from_below(before: float, after: float, expected: bool):
    threshold, instrument = named("joabpeq_effective", "joabpeq_pain"), INSTRUMENTS["joabpeq_pain"]
    got = reached(np.array([before]), np.array([after]), instrument=instrument, threshold=threshold)
    if before >= 90 and after >= 90:
        assert np.isnan(got).all()
    else:
        assert got.tolist() == [expected]
    assert has_room(threshold, before, instrument)


@pytest.mark.parametrize(
    ("before", "after", "expected"), [(18, 17, True), (18, 18, False), (0, 0, False), (12, 15, False)]
)
def test_any_worsening_is_any(before: float, after: float, expected: bool):
    assert met(named("khan2021_worsening", "mjoa"), before, after, MJOA) == expected
    assert has_room(named("khan2021_worsening", "mjoa"), before, MJOA) == (before > 0)


def test_a_failure_is_open_only_where_success_was():
    failure = named("werner2017_failure", "odi")
    assert [has_room(failure, before) for before in (12, 13, 60)] == [False, True, True]
    assert met(failure, 12, 0)


def test_an_unknown_score_is_an_unknown_result():
    for threshold in (rule("absolute_change", 22), rule("none_of", parts=[rule("absolute_change", 13)])):
        got = reached(np.array([np.nan, 40.0]), np.array([10.0, np.nan]), instrument=ODI, threshold=threshold)
        assert np.isnan(got).all()


def test_a_final_score_asks_for_no_baseline():
    before, after = np.array([np.nan, np.nan, 40.0]), np.array([10.0, 30.0, np.nan])
    np.testing.assert_array_equal(
        reached(before, after, instrument=ODI, threshold=rule("final_score", 22)), [1, 0, np.nan]
    )


@pytest.mark.parametrize("name", ["sf36_pcs", "sf12_mcs", "promis_pf"])
def test_an_end_of_the_range_that_is_only_the_usual_one_excludes_nobody(name: str):
    """Of a T-score of 60, 19.4 per cent more are 71.6: beyond the usual 70, and possible."""
    scores = np.array([50.0, 59.0, 69.0, 70.0])
    for kind, value in (("percent_change", 19.4), ("absolute_change", 8)):
        assert attainable(scores, instrument=INSTRUMENTS[name], threshold=rule(kind, value)).all()
    firm = INSTRUMENTS[name].model_copy(update={"open_ends": ()})
    assert attainable(scores, instrument=firm, threshold=rule("percent_change", 19.4)).sum() <= 2
    bands = rule("by_baseline", bands=[{"up_to": 40, "value": 5}])
    assert not attainable(scores, instrument=INSTRUMENTS[name], threshold=bands).any()


def test_a_utility_of_another_value_set_may_be_worse_than_the_lowest_of_this_one():
    below = np.array([-0.594])
    assert attainable(below, instrument=INSTRUMENTS["eq5d_index"], threshold=rule("worsening", 0, strict=True)).all()
    assert not attainable(np.array([1.0]), instrument=INSTRUMENTS["eq5d_index"], threshold=rule("absolute_change", 0.1))


@given(threshold=st.one_of(GOOD_NEWS, FAILURES, WORSENINGS), scores=st.lists(st.tuples(WHOLE, WHOLE), min_size=1))
def test_many_possible_scores_are_asked_at_once(threshold: ThresholdRule, scores: list[tuple[float, float]]):
    before, after = (np.array(column) for column in zip(*scores, strict=True))
    both = reached(before[:, None], after[None, :], instrument=ODI, threshold=threshold)
    assert both.shape == (len(scores), len(scores))
    np.testing.assert_array_equal(np.diag(both), reached(before, after, instrument=ODI, threshold=threshold))


@given(threshold=GOOD_NEWS, before=WHOLE, after=WHOLE, better=WHOLE)
def test_a_better_score_never_loses_the_threshold(threshold: ThresholdRule, before: float, after: float, better: float):
    assume(better < after)
    assert met(threshold, before, better) >= met(threshold, before, after)


@given(threshold=st.one_of(FAILURES, WORSENINGS), before=WHOLE, after=WHOLE, better=WHOLE)
def test_a_better_score_never_gains_bad_news(threshold: ThresholdRule, before: float, after: float, better: float):
    assume(better < after)
    assert met(threshold, before, better) <= met(threshold, before, after)


@given(threshold=st.one_of(GOOD_NEWS, WORSENINGS), before=WHOLE, after=WHOLE)
def test_nobody_reaches_what_was_not_attainable(threshold: ThresholdRule, before: float, after: float):
    if met(threshold, before, after):
        assert has_room(threshold, before)


@given(threshold=FAILURES, before=WHOLE, after=WHOLE)
def test_nobody_avoids_a_failure_that_was_certain(threshold: ThresholdRule, before: float, after: float):
    if not met(threshold, before, after):
        assert has_room(threshold, before)


@given(
    kind=st.sampled_from(["absolute_change", "final_score", "crossing", "worsening"]), value=st.integers(1, 99),
    strict=st.booleans(), before=WHOLE, after=WHOLE,
)  # fmt: skip
def test_a_mirrored_instrument_gives_the_same(kind: str, value: int, strict: bool, before: float, after: float):
    mirrored = ODI.model_copy(update={"direction": "higher_is_better"})
    own, other = rule(kind, value, strict=strict), rule(kind, value, strict=strict)
    if kind in ("final_score", "crossing"):
        other = rule(kind, 100 - value, strict=strict)
    assert met(own, before, after) == met(other, 100 - before, 100 - after, mirrored)
    assert has_room(own, before) == has_room(other, 100 - before, mirrored)


@given(
    kind=st.sampled_from(["absolute_change", "final_score", "worsening"]), value=st.integers(1, 60), before=WHOLE,
    after=WHOLE,
)  # fmt: skip
def test_strict_differs_only_where_the_value_is_just_met(kind: str, value: int, before: float, after: float):
    just = {"absolute_change": before - after, "final_score": after, "worsening": after - before}[kind] == value
    strict, plain = (met(rule(kind, value, strict=strict), before, after) for strict in (True, False))
    assert (strict != plain) == just
    assert plain >= strict


@given(parts=st.lists(IMPROVEMENTS, min_size=2, max_size=4), before=WHOLE, after=WHOLE)
def test_joined_rules_are_the_logic_of_their_parts(parts: list[ThresholdRule], before: float, after: float):
    """With what cannot be judged: the result is known where both ways of judging it would give the same."""
    given = np.array([before]), np.array([after])
    single = [float(reached(*given, instrument=ODI, threshold=part)[0]) for part in parts]
    ways = [[(1.0 - fill if np.isnan(one) else one) for one in single] for fill in (0.0, 1.0)]
    for kind, join in (("any_of", max), ("all_of", min), ("none_of", lambda ones: 1 - max(ones))):
        made = reached(*given, instrument=ODI, threshold=rule(kind, parts=parts))[0]
        first, second = (join(way) for way in ways)
        np.testing.assert_array_equal(made, first if first == second else np.nan)


@given(after=WHOLE, value=st.integers(1, 100))
def test_nothing_is_left_to_improve_from_zero_in_per_cent(after: float, value: int):
    assert not met(rule("percent_change", value), 0, after)
    assert not has_room(rule("percent_change", value), 0)


@given(before=MJOA_SCORES, after=MJOA_SCORES)
def test_a_stratum_asks_what_its_own_value_asks(before: float, after: float):
    assume(before < 18)
    value = 3 if before < 12 else 2 if before < 15 else 1
    assert met(rule("by_baseline", bands=SEVERITY), before, after, MJOA) == met(
        rule("absolute_change", value), before, after, MJOA
    )


@given(before=WHOLE, after=WHOLE, value=st.integers(1, 60))
def test_sliding_covers_points_and_per_cents(before: float, after: float, value: int):
    flat, share = rule("sliding", intercept=value, slope=0), rule("sliding", intercept=0, slope=value / 100)
    assert met(flat, before, after) == met(rule("absolute_change", value), before, after)
    assert met(share, before, after) == met(rule("percent_change", value), before, after)


def test_rounding_neither_loses_nor_gives_a_change_met_exactly():
    nrs = INSTRUMENTS["nrs_leg"]
    assert met(rule("absolute_change", 0.1), 0.3, 0.2, nrs)
    assert not met(rule("absolute_change", 0.1, strict=True), 0.3, 0.2, nrs)
    assert not met(rule("worsening", 0, strict=True), 0.1 + 0.2, 0.3, nrs)


@given(before=WHOLE, after=WHOLE)
def test_improvement_of_a_mirrored_instrument_is_the_same(before: float, after: float):
    mirrored = ODI.model_copy(update={"direction": "higher_is_better"})
    got = improvement(100 - np.array([before]), 100 - np.array([after]), mirrored)
    np.testing.assert_array_equal(got, improvement(np.array([before]), np.array([after]), ODI))


def test_half_a_standard_deviation_is_learned_from_the_scores_given():
    before, after = np.array([10.0, 20.0, 30.0, np.nan]), np.array([0.0, 4.0, np.nan, 8.0])
    # 10, 20, 30 have a standard deviation of 10; 0, 4, 8 one of 4
    assert settle(spec("odi", "sd_of_baseline", 0.5), before, after).value == pytest.approx(5)
    assert settle(spec("odi", "sd_of_follow_up", 0.5), before, after).value == pytest.approx(2)
    joined = spec("odi", "any_of", parts=[rule("sd_of_baseline", 1), rule("final_score", 22)])
    got = settle(joined, before, after)
    assert [(part.kind, part.value) for part in got.parts] == [("absolute_change", 10), ("final_score", 22)]
    fixed = spec("odi", "absolute_change", 15)
    assert settle(fixed, before, after) is fixed


@pytest.mark.parametrize("before", [[], [5.0], [5.0, 5.0], [np.nan, 5.0]])
def test_scores_that_do_not_vary_teach_nothing(before: list[float]):
    with pytest.raises(StudyError, match=r"must be learned from scores that vary, got \d known scores of one value"):
        settle(spec("odi", "sd_of_baseline", 0.5), np.array(before), np.array(before))


def test_a_threshold_that_is_not_learned_yet_is_no_threshold():
    with pytest.raises(StudyError, match="sd_of_baseline must be learned from the training rows first"):
        met(rule("sd_of_baseline", 0.5), 40, 20)


@pytest.mark.parametrize(
    ("threshold", "words"),
    [
        (rule("absolute_change", 1), "improvement of at least 1 point"),
        (rule("absolute_change", 12.7, strict=True), "improvement of more than 12.7 points"),
        (rule("final_score", 3.5, strict=True), "final score better than 3.5"),
        (rule("none_of", parts=[rule("absolute_change", 13), rule("percent_change", 33)]),
         "not reached: improvement of at least 13 points, nor improvement of at least 33 per cent of the baseline"),
        (rule("worsening", 0, strict=True), "any change for the worse"),
        (rule("worsening", 0.3), "change for the worse of at least 0.3 points"),
        (rule("by_baseline", bands=SEVERITY[1:]), "improvement of at least 2 points from a baseline up to 14, 1 point "
         "from a baseline up to 17; none to reach from above that"),
        (rule("sliding", intercept=2, slope=0.3), "improvement of at least 2 plus 0.3 times the baseline"),
        (rule("sd_of_baseline", 0.5), "improvement of at least 0.5 standard deviations of the baseline scores of the "
         "training rows"),
        (rule("crossing", 90), "final score of 90 or better from a baseline that was worse; not judged where both are "
         "so good"),
        (rule("any_of", parts=[rule("absolute_change", 15), rule("final_score", 22)]),
         "improvement of at least 15 points, or final score of 22 or better"),
    ],
    ids=lambda made: made.kind if isinstance(made, ThresholdRule) else "",
)  # fmt: skip
def test_a_rule_is_said_in_words(threshold: ThresholdRule, words: str):
    assert describe_rule(threshold) == words
    assert describe_threshold(threshold, ODI) == f"Oswestry Disability Index: {words}"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"kind": "absolute_change"}, "absolute_change must have value and nothing else of its kind, got none"),
        ({"kind": "absolute_change", "value": 0}, "of a threshold of kind absolute_change must be above 0, got 0"),
        ({"kind": "percent_change", "value": -3}, "must be above 0, got -3"),
        ({"kind": "worsening", "value": 0}, "for any change for the worse, 0 with strict = true"),
        ({"kind": "worsening", "value": -1, "strict": True}, "must be above 0, got -1"),
        ({"kind": "absolute_change", "value": 5, "slope": 1}, "absolute_change must have value and nothing else"),
        ({"kind": "sliding", "slope": 1}, "sliding must have intercept and slope and nothing else"),
        ({"kind": "by_baseline", "bands": [{"up_to": 14, "value": 1}, {"up_to": 11, "value": 2}]}, "increasing order"),
        ({"kind": "any_of", "parts": [{"kind": "final_score", "value": 3}]}, "any_of must have at least 2 parts"),
        ({"kind": "none_of", "value": 13}, "none_of must have parts and nothing else"),
        ({"kind": "none_of", "strict": True, "parts": [{"kind": "final_score", "value": 3}]}, "strict must stand in"),
        ({"kind": "all_of", "parts": [{"kind": "final_score", "value": 3}, {"kind": "worsening", "value": 3}]},
         "must not mix improvement and worsening"),
        ({"kind": "none_of", "parts": [{"kind": "worsening", "value": 3}]}, "must not mix improvement and worsening"),
        ({"kind": "any_of", "parts": [{"kind": "final_score", "value": 3},
          {"kind": "none_of", "parts": [{"kind": "final_score", "value": 3}]}]}, "must not be none_of"),
        ({"kind": "percentage", "value": 30}, "Input should be 'absolute_change'"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_when_it_is_declared(keys: dict[str, Any], message: str):
    with pytest.raises(ValidationError, match=message):
        ThresholdSpec.model_validate({"instrument": "odi", **keys})


def make_set(*thresholds: ThresholdSpec, **keys: Any) -> ThresholdSetSpec:
    return ThresholdSetSpec(name="own", title="Own", thresholds=thresholds, **keys)


@pytest.mark.parametrize(
    ("thresholds", "keys", "message"),
    [
        ([spec("odi", "absolute_change", 10), spec("odi", "percent_change", 30)], {}, "got two of odi; join them"),
        ([spec("odi", "worsening", 5)], {}, "got 'minimal_important' for odi, which is of kind worsening"),
        ([spec("odi", "final_score", 22)], {"purpose": "failure"}, "got 'failure' for odi, which is of kind final"),
        ([spec("odi", "final_score", 22)], {"disputed": True}, "disputed and dispute must come together"),
    ],
)  # fmt: skip
def test_a_set_that_contradicts_itself_is_refused(thresholds: list[ThresholdSpec], keys: dict[str, Any], message: str):
    with pytest.raises(ValidationError, match=message):
        make_set(*thresholds, **keys)


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        (spec("odi", "absolute_change", 101), "must be a change within the 100 points from 0 to 100, got 101"),
        (spec("odi", "percent_change", 101), "must be at most 100 per cent of the baseline, got 101"),
        (spec("odi", "final_score", 122), "must be a score from 0 to 100, got 122"),
        (spec("odi", "final_score", 100), "must be a score that some reach and others do not, got 100"),
        (spec("odi", "final_score", 0, strict=True), "must be a score that some reach and others do not, got 0"),
        (spec("odi", "by_baseline", bands=[{"up_to": 40, "value": 110}]), "got 110"),
        (spec("odi", "by_baseline", bands=[{"up_to": 140, "value": 10}]), "bands that end from 0 to 100, got 140"),
        (spec("odi", "sliding", intercept=-2, slope=0), "for some baseline, got -2 to -2"),
        (spec("odi", "any_of", parts=[rule("final_score", 22), rule("absolute_change", 300)]), "got 300"),
        (spec("odi", "final_score", 22, direction="higher_is_better"),
         "must be of an instrument where higher is better, got 'odi', where lower is better"),
        (spec("odi", "absolute_change", 7.5, scale="unknown"), r"must be of a known scale.*scale = 50 or scale = 100"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_instrument_is_refused(threshold: ThresholdSpec, message: str):
    purpose = "worsening" if threshold.for_the_worse else "success"
    with pytest.raises(StudyError, match=message) as caught:
        fit_to_instrument(threshold, ODI, make_set(threshold, purpose=purpose))
    assert str(caught.value).startswith("the threshold of odi in the set own must be ")


def test_a_scale_that_is_stated_is_brought_to_the_instruments_own():
    thresholds = [
        (spec("odi", "absolute_change", 7.5, scale=50), rule("absolute_change", 15)),
        (spec("odi", "percent_change", 30, scale=50), rule("percent_change", 30)),
        (spec("odi", "sliding", intercept=2, slope=0.3, scale=50), rule("sliding", intercept=4, slope=0.3)),
        (spec("odi", "by_baseline", bands=[{"up_to": 20, "value": 5}], scale=50),
         rule("by_baseline", bands=[{"up_to": 40, "value": 10}])),
        (spec("odi", "any_of", parts=[rule("final_score", 7), rule("percent_change", 30)], scale=50),
         rule("any_of", parts=[rule("final_score", 14), rule("percent_change", 30)])),
    ]  # fmt: skip
    for threshold, expected in thresholds:
        assert describe_rule(fit_to_instrument(threshold, ODI, make_set(threshold))) == describe_rule(expected)


def test_a_scale_means_nothing_where_the_score_does_not_start_at_zero():
    threshold = spec("srs22r_total", "absolute_change", 10, scale=110)
    with pytest.raises(
        StudyError, match="must be in the instrument's own units, got scale = 110 for a score that starts"
    ):
        fit_to_instrument(threshold, INSTRUMENTS["srs22r_total"], make_set(threshold))


DEFINITION = """
name = "own"
title = "Own"
base = "cervical"

[threshold_sets.ndi_own]
title = "Own"
thresholds = [
  { instrument = "ndi", kind = "absolute_change", value = 7.5, scale = 50 },
  { instrument = "mjoa", kind = "by_baseline", bands = [{ up_to = 11, value = 3 }, { up_to = 17, value = 1 }] },
  { instrument = "nrs_neck", kind = "any_of", parts = [
    { kind = "absolute_change", value = 2, strict = true },
    { kind = "final_score", value = 3 },
  ] },
]
"""


def test_a_registry_declares_every_kind_in_toml():
    declared = parse_definition(DEFINITION).threshold_sets[0].thresholds
    assert [one.kind for one in declared] == ["absolute_change", "by_baseline", "any_of"]
    assert declared[2].parts[0].strict


def test_a_fault_in_toml_is_named():
    with pytest.raises(
        DefinitionError, match=r"threshold_sets.ndi_own.thresholds.2: a threshold of kind any_of must have"
    ):
        parse_definition(DEFINITION.replace('    { kind = "final_score", value = 3 },\n', ""))


def test_no_set_stands_twice():
    # a dict made of entries keeps the last of two with one name, in silence
    assert len(ENTRIES) == len(THRESHOLD_SETS)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_disputed_instrument_is_marked(entry: ThresholdSetSpec):
    instruments = {threshold.instrument for threshold in entry.thresholds}
    assert entry.disputed == bool(instruments & {"odi", "nrs_back", "nrs_leg", "ndi", "eq5d_index", "mjoa"})
    assert all(text in entry.dispute for name, text in DISPUTES.items() if name in instruments)


PUBLISHED = {
    ("copay2008", "odi"): 12.8, ("copay2008", "sf36_pcs"): 4.9, ("scoap15_2_2", "odi"): 15,
    ("norspine_berg2024", "nrs_leg"): 4, ("norspine_success_ldh_v2013", "eq5d_index"): 0.30,
    ("parker2011_tlif", "eq5d_index"): 0.46, ("parker2013_acdf", "eq5d_index"): 0.24, ("walters2005", "sf6d"): 0.041,
    ("walters2005", "eq5d_index"): 0.074, ("qod2025_csm", "eq5d_index"): 0.11, ("glassman2008_scb", "odi"): 18.8,
    ("glassman2008_scb_percent", "odi"): 36.8, ("glassman2008_scb_final", "sf36_pcs"): 35.1,
    ("carreon2010_cervical", "ndi"): 7.5, ("auffinger2013", "sf36_mcs"): 5.73, ("mannion2009_comi", "comi_back"): 2.2,
    ("mannion2009_comi_worse", "comi_back"): 0.3, ("mannion2020_pass", "srs22r_subscore"): 3.5,
    ("asls2018_srs22r", "srs22r_self_image"): 1.17, ("bago2009_roc", "srs22r_self_image"): 1.6,
    ("franchignoni2014", "quickdash"): 15.91, ("yoshida2019_odi", "odi"): 11, ("parai2020_sdc", "nrs_leg"): 3.7,
    ("van_hooff2016_pass", "odi"): 22, ("tetreault2015_minimal_impairment", "mjoa"): 16,
    ("aospine2018", "sf36_mcs"): 4, ("suzuki2020_responder", "pgic"): 2, ("young2009_advised", "ndi"): 10,
    ("hung2018_promis_anchor_7", "promis_pf"): 7, ("hung2018_promis_anchor_8", "promis_pi"): 8,
    ("hung2018_promis_distribution_3", "promis_pi"): 3, ("hung2018_promis_distribution_5", "promis_pf"): 5,
}  # fmt: skip


@pytest.mark.parametrize(("where", "value"), PUBLISHED.items(), ids=lambda made: str(made))
def test_published_figures_stand_as_printed(where: tuple[str, str], value: float):
    assert named(*where).value == value


def test_figures_that_the_source_does_not_have_are_not_said_to_be_seen():
    assert named("ostelo2008_30pct", "nrs_leg").certainty == "set by the toolkit"
    assert named("auffinger2013", "vas_neck").scale == "unknown"


def test_every_certainty_has_its_words():
    assert tuple(CERTAINTY_WORDS) == get_args(Certainty)


def test_ten_of_fifty_are_twenty_per_cent():
    advised = THRESHOLD_SETS["young2009_advised"]
    assert fit_to_instrument(advised.thresholds[0], INSTRUMENTS["ndi"], advised).value == 20


def describe_thresholds(entry: ThresholdSetSpec) -> str:
    """Return what a set asks, instruments of one rule together."""
    said = [(_said(threshold), threshold.instrument) for threshold in entry.thresholds]
    return "; ".join(
        f"{', '.join(name for _, name in group)}: {words}" for words, group in groupby(said, key=lambda pair: pair[0])
    )


def _said(threshold: ThresholdSpec) -> str:
    scale = ""
    if threshold.scale is not None:
        scale = " (scale unknown)" if threshold.scale == "unknown" else f" (of {threshold.scale:g})"
    certainty = f" ({threshold.certainty})" if threshold.certainty else ""
    return describe_rule(threshold) + scale + certainty


def render_table() -> str:
    """Return the table of the sets as it stands in docs/thresholds.md; paste it between the marks after a change."""
    rows = [
        f"| `{entry.name}` | {describe_thresholds(entry)} | {entry.purpose.replace('_', ' ')} | {entry.population} | "
        f"{' '.join(filter(None, (entry.method + '.', entry.text)))} | {entry.source} | {entry.certainty} |"
        for entry in ENTRIES
    ]
    head = "| set | threshold | purpose | population | method | source | figure |"
    disputed = "\n".join(f"- {text}" for text in DISPUTES.values())
    words = "Published figures lie far apart for these, whose sets are marked as `disputed`:"
    return "\n".join((head, "|---|---|---|---|---|---|---|", *rows, "", words, "", disputed))


def test_the_page_shows_the_sets_as_they_are():
    page = PAGE.read_text(encoding="utf-8")
    assert page.partition(MARKS[0])[2].partition(MARKS[1])[0].strip() == render_table()


def test_the_page_shows_every_kind_that_can_be_declared():
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    blocks = [block for block in blocks if not block.startswith("# in a study")]
    kinds = set(re.findall(r'kind = "(\w+)"', "\n".join(blocks)))
    assert kinds >= {
        "absolute_change", "percent_change", "final_score", "by_baseline", "sliding", "crossing", "sd_of_baseline",
        "sd_of_follow_up", "worsening", "any_of", "all_of", "none_of",
    }  # fmt: skip
    for block in blocks:
        parse_definition('name = "own"\ntitle = "Own"\nbase = "lumbar"\n' + block)
