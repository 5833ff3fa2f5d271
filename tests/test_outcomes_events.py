"""Events within a window and by a horizon: unknown is never zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from outcome_builds import build

from outcomes.event_outcomes import any_of, describe_any_of
from outcomes.follow_up import EventClock
from outcomes.outcomes import OUTCOMES

CLOCK = EventClock(time="event", competing=("death",), followed_until="followed", horizon_days=730)
NA = np.nan


def clocked(*rows: tuple[float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["event", "death", "followed"])


@pytest.mark.parametrize(
    ("flags", "expected"),
    [((1, NA), 1), ((1, 0), 1), ((0, 0), 0), ((0, NA), NA), ((NA, NA), NA)],
)
def test_any_of_is_three_valued(flags: tuple[float, float], expected: float):
    got = any_of(pd.DataFrame([flags], columns=["a", "b"]), ("a", "b"))
    np.testing.assert_array_equal(got, [expected])


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((100, NA, 800), 1),  # event, then followed on
        ((730, NA, 730), 1),  # event on the last day
        ((731, NA, 900), 0),  # event after the horizon
        ((NA, NA, 730), 0),  # followed to the horizon
        ((NA, NA, 729), NA),  # lost the day before
        ((NA, 200, 200), 0),  # died first: the event can no longer happen
        ((300, 200, 300), 0),  # recorded after a competing event
        ((200, 200, 200), 1),  # the same day: the event is taken to come first
        ((NA, 800, 800), 0),  # died after the horizon
        ((100, NA, NA), 1),  # an event is itself proof of follow-up
        ((NA, NA, NA), NA),
    ],
)
def test_event_by_horizon(row: tuple[float, float, float], expected: float):
    np.testing.assert_array_equal(CLOCK.occurred(clocked(row)), [expected])


def test_time_is_the_first_event_or_the_end_of_follow_up():
    frame = clocked((100, 50, 800), (NA, NA, 400))
    np.testing.assert_array_equal(CLOCK.time_days(frame), [50, 400])
    np.testing.assert_array_equal(CLOCK.cause(frame), [2, 0])


def test_short_follow_up_without_event_is_kept_for_weighting_and_untimed_is_excluded():
    outcome = build(OUTCOMES["reherniation_24m"])
    frame = pd.DataFrame(
        {
            "reherniation_days": [NA, NA], "other_fusion_days": [NA, NA], "death_days": [NA, NA],
            "follow_up_days": [100.0, NA],
        }
    )  # fmt: skip
    assert outcome.observed[0].keep(frame).tolist() == [True, False]
    assert np.isnan(outcome.occurred(frame)).all()


def test_the_components_of_a_composite_are_printed():
    text = describe_any_of(OUTCOMES["any_complication_30d"])
    assert text.startswith("any of surgical site infection 30d, venous thromboembolism 30d")
    assert "Transfusion is not counted" in text
