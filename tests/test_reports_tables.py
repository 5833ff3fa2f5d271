"""Rounding, intervals, names and suppression: the smallest parts of a report."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from reports.figures.canvas import pens_of, spread
from reports.names import columns_in_words, level_in_words, name_in_words
from reports.tables import (
    count_cell,
    count_words,
    describe_intervals,
    estimate_cell,
    estimate_words,
    format_count,
    format_interval,
    format_number,
    format_width,
    join_words,
    rows_where,
    status_text,
)
from schemas.tables import STATUSES

ROW = {
    "metric": "c_statistic", "validation": "internal", "estimate": 0.7123, "lower": 0.69, "upper": 0.7346,
    "interval_kind": "DeLong, logit scale", "interval_target": "this fixed model", "status": "ok",
}  # fmt: skip


def make_row(**changes: object) -> pd.Series:
    return pd.Series({**ROW, **changes})


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.71249, 3, "0.712"),
        (-0.0021, 4, "\u22120.0021"),
        (-0.00004, 3, "0.000"),
        (-0.0006, 3, "\u22120.001"),
        (12.0, 0, "12"),
        (math.nan, 3, ""),
    ],
)
def test_numbers_are_rounded_with_a_true_minus_and_no_negative_zero(value: float, digits: int, text: str) -> None:
    assert format_number(value, digits) == text


def test_counts_have_thin_spaces_and_missing_is_empty() -> None:
    assert [format_count(value) for value in (0.0, 999.0, 1812.0, 1234567.0, math.nan, None)] == [
        "0", "999", "1\u202f812", "1\u202f234\u202f567", "", "",
    ]  # fmt: skip


def test_interval_needs_both_limits() -> None:
    assert format_interval(-0.0061, 0.0018, 3) == "\u22120.006 to 0.002"
    assert format_interval(math.nan, 0.0018, 3) == ""


def test_estimate_stands_over_its_interval() -> None:
    cell = estimate_cell(make_row())
    assert (cell.text, cell.detail, cell.style) == ("0.712", "0.690 to 0.735", "number")
    assert estimate_words(make_row()) == "0.712 (95 % CI 0.690 to 0.735)"


def test_a_measure_without_an_entry_is_printed_all_the_same() -> None:
    assert estimate_cell(make_row(metric="some_new_measure", estimate=0.5)).text == "0.500"


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "ok"])
def test_what_is_not_ok_never_prints_its_number(status: str) -> None:
    cell = estimate_cell(make_row(status=status, estimate=0.777, lower=0.666, upper=0.888))
    assert not any(sign.isdigit() for sign in cell.text + cell.detail)
    assert cell.text.startswith(status)


def test_not_informative_says_where() -> None:
    assert status_text("not informative", "internal") == "not informative internally"
    assert status_text("not informative", "temporal") == "not informative"


def test_suppressed_count_shows_no_number() -> None:
    cell = count_cell(3.0, status="suppressed")
    assert (cell.text, cell.style) == ("suppressed", "suppressed")


def test_one_is_singular() -> None:
    assert [count_words(count, "trial") for count in (1, 2, 1200)] == ["1 trial", "2 trials", "1\u202f200 trials"]


def test_ici_stands_without_its_interval() -> None:
    row = make_row(metric="ici", estimate=0.002, lower=0.003, upper=0.005)
    assert estimate_words(row) == "0.002"
    assert describe_intervals(row.to_frame().T) == ""


def test_intervals_are_described_once_for_each_kind() -> None:
    rows = [make_row(), make_row(metric="brier_score"), make_row(metric="log_loss", interval_kind="Wald")]
    assert describe_intervals(pd.DataFrame(rows)) == (
        "95 % intervals: c-statistic and Brier score: DeLong, logit scale; log loss: Wald. They are about this fixed "
        "model."
    )
    apart = [make_row(), make_row(metric="log_loss", interval_kind="Wald", interval_target="the procedure")]
    assert describe_intervals(pd.DataFrame(apart)) == (
        "95 % intervals: c-statistic: DeLong, logit scale, about this fixed model; log loss: Wald, about the procedure."
    )
    assert describe_intervals(pd.DataFrame([make_row(status="suppressed")])) == ""


def test_words_are_joined() -> None:
    assert [join_words(words) for words in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_rows_where_takes_every_condition() -> None:
    frame = pd.DataFrame({"a": ["x", "x", "y"], "b": [1.0, 2.0, 1.0]})
    assert rows_where(frame, a="x", b=1.0).index.tolist() == [0]


@pytest.mark.parametrize(
    ("name", "unit", "title"),
    [
        ("age", "years", "Age (years)"),
        ("odi_0", "percent", "ODI at baseline (percent)"),
        ("nrs_leg_12m", "points", "NRS leg at 12 months (points)"),
        ("pelvic_tilt_deg", "degrees", "Pelvic tilt (degrees)"),
        ("asa_class", None, "ASA class"),
        ("oks_0", None, "OKS at baseline"),
        ("oks_6m", None, "OKS at 6 months"),
        ("eq_vas_0", None, "EQ VAS at baseline"),
        ("eq5d_self_care_0", None, "EQ-5D self care at baseline"),
    ],
)
def test_names_are_put_into_words(name: str, unit: str | None, title: str) -> None:
    assert name_in_words(name, unit) == title


def test_columns_of_visits_inside_a_text_get_their_titles() -> None:
    text = "oks_0 not recorded, or odi_12m; kept with weight 0"
    assert columns_in_words(text, {}) == "OKS at baseline not recorded, or ODI at 12 months; kept with weight 0"
    assert columns_in_words(text, {"oks_0": "Knee score"}).startswith("Knee score not recorded")


def test_half_widths_are_never_rounded_to_nothing() -> None:
    shown = [format_width(value) for value in (0.05, 0.0324, 0.01, 0.00623, 0.00334, 0.0004, 0.0, np.nan)]
    assert shown == ["0.05", "0.03", "0.01", "0.006", "0.003", "0.0004", "0.00", ""]


def test_levels_are_put_into_words() -> None:
    assert level_in_words("1", kind="flag") == "yes"
    assert level_in_words("1", kind="category") == "1"
    assert level_in_words("disc_herniation") == "disc herniation"


def test_labels_are_moved_apart_as_little_as_possible() -> None:
    placed = spread([1.0, 0.0, 0.05, 0.1], 0.2)
    np.testing.assert_allclose(placed, [1.0, -0.15, 0.05, 0.25])
    assert spread([3.0, 1.0], 0.5) == [3.0, 1.0]


def test_every_model_has_a_pen_of_its_own_and_the_reference_is_ink() -> None:
    pens = pens_of(["a", "b", "c", "ref", "d", "e", "f"], "ref")
    assert len({(pen.color, pen.line) for pen in pens.values()}) == 7
    assert len({pen.marker for pen in pens.values()}) == 7
    assert pens["ref"].line == "-"
