"""Figures: what the artists hold is what the tables say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from reports.figures.canvas import PENS, REFERENCE_PEN, pens_of, render_svg
from reports.figures.explanation import draw_contribution, draw_ranking
from reports.figures.flow import draw_flow
from reports.figures.forest import draw_differences, draw_levels
from reports.figures.risk import draw_calibration, draw_decision_curves, draw_risk_distribution
from reports.sections.curves import choose_limit

PEN = REFERENCE_PEN


@pytest.fixture
def ax() -> Axes:
    return Canvas().add_subplot()


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_calibration_curve_is_the_table_with_the_identity_line(ax: Axes) -> None:
    frame = pd.DataFrame({"predicted": [0.4, 0.2], "observed": [0.5, 0.1], "lower": [0.4, 0.0], "upper": [0.6, 0.2]})
    draw_calibration(frame, ax, pen=PEN, title="XGBoost", labels="slope 0.97")
    identity, curve = ax.lines
    np.testing.assert_array_equal(identity.get_xydata(), [[0, 0], [1, 1]])
    np.testing.assert_array_equal(curve.get_xydata(), [[0.2, 0.1], [0.4, 0.5]])
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 1), (0, 1))
    assert words(ax) == ["slope 0.97"]


def test_risks_point_up_with_the_event_and_down_without(ax: Axes) -> None:
    frame = pd.DataFrame(
        {"group": ["event", "no_event", "event"], "bin_low": [0.0, 0.0, 0.05], "bin_high": [0.05, 0.05, 0.1],
         "percent": [60.0, 40.0, 99.0], "status": ["ok", "ok", "suppressed"]}
    )  # fmt: skip
    draw_risk_distribution(frame, ax)
    assert [patch.get_height() for patch in ax.patches] == [60.0, -40.0]
    assert ax.get_xlim() == (0, 1)


def test_differences_stand_at_their_estimate_with_the_margin_on_the_side_of_a_gain(ax: Axes) -> None:
    frame = pd.DataFrame(
        {"model": ["a", "b"], "metric": "log_loss", "estimate": [-0.002, 0.5], "lower": [-0.006, 0.4],
         "upper": [0.002, 0.6], "status": ["ok", "not assessable"]}
    )  # fmt: skip
    draw_differences(
        frame, ax, metric="log_loss", models=("a", "b"), pens=pens_of(["ref", "a", "b"], "ref"), margin=0.003
    )
    zero, margin, interval, point = ax.lines
    assert zero.get_xdata()[0] == 0
    assert margin.get_xdata()[0] == -0.003
    np.testing.assert_array_equal(interval.get_xydata(), [[-0.006, 0], [0.002, 0]])
    np.testing.assert_array_equal(point.get_xydata(), [[-0.002, 0]])
    assert words(ax) == ["not assessable"]
    assert ax.get_title(loc="left") == "margin: dashed line"
    assert ax.yaxis_inverted()


def test_suppressed_level_is_a_word_and_no_mark(ax: Axes) -> None:
    frame = pd.DataFrame(
        {"subgroup": "sex", "level": ["female", "male"], "metric": "oe_ratio", "estimate": [1.1, 3.0],
         "lower": [0.9, 3.0], "upper": [1.3, 3.0], "status": ["ok", "suppressed"]}
    )  # fmt: skip
    draw_levels(frame, ax, metric="oe_ratio", levels=(("sex", ""), ("sex", "female"), ("sex", "male")), pen=PEN)
    neutral, interval, point = ax.lines
    assert neutral.get_xdata()[0] == 1
    np.testing.assert_array_equal(interval.get_xydata(), [[0.9, 1], [1.3, 1]])
    np.testing.assert_array_equal(point.get_xydata(), [[1.1, 1]])
    assert words(ax) == ["suppressed"]
    assert ax.get_xscale() == "log"


def make_decision_frame() -> pd.DataFrame:
    t = np.array([0.05, 0.1, 0.2])
    curves = {
        "treat_all": [0.05, 0.0, -0.2],
        "treat_none": [0, 0, 0],
        "ref": [0.06, 0.03, 0.01],
        "a": [0.05, 0.02, 0.0],
    }
    return pd.concat(
        pd.DataFrame(
            {"model": name, "threshold_probability": t, "net_benefit": values, "lower": np.subtract(values, 0.01),
             "upper": np.add(values, 0.01), "declared": ["False", "True", "False"]}
        )
        for name, values in curves.items()
    )  # fmt: skip


def test_decision_curves_are_the_table_and_named_where_they_end(ax: Axes) -> None:
    frame = make_decision_frame()
    titles = {"ref": "Logistic", "a": "XGBoost"}
    draw_decision_curves(frame, ax, reference="ref", titles=titles, pens=pens_of(list(titles), "ref"))
    everyone, no_one, reference, marked, other, _, declared = ax.lines
    np.testing.assert_allclose(everyone.get_ydata(), [0.05, 0.0, -0.2])
    np.testing.assert_allclose(no_one.get_ydata(), 0)
    drawn = reference.get_xydata()
    np.testing.assert_allclose(drawn[~np.isnan(drawn[:, 1])], [[0.05, 0.06], [0.1, 0.03], [0.2, 0.01]])
    assert np.isnan(drawn[:, 1]).sum() == 2  # no line over thresholds that have no point
    assert reference.get_linewidth() > other.get_linewidth()
    assert declared.get_xdata()[0] == 0.1
    np.testing.assert_allclose(marked.get_xydata(), [[0.1, 0.03]])
    assert set(words(ax)) == {"everyone", "no one", "Logistic", "XGBoost"}


def test_decision_curves_end_with_the_models_and_show_everyone_where_he_is_better(ax: Axes) -> None:
    frame = make_decision_frame()
    last = frame["threshold_probability"] == 0.2
    frame.loc[frame["model"] == "treat_all", "net_benefit"] = [0.01, 0.08, 0.7]
    frame = frame[~(last & ~frame["model"].isin(["treat_all", "treat_none"]))]
    titles = {"ref": "Logistic", "a": "XGBoost"}
    draw_decision_curves(frame, ax, reference="ref", titles=titles, pens=pens_of(list(titles), "ref"))
    assert ax.get_xlim() == (0.05, 0.1)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.01, 0.08])
    assert 0.08 < ax.get_ylim()[1] < 0.1


def test_ranking_starts_with_the_first_and_prints_the_ranks(ax: Axes) -> None:
    frame = pd.DataFrame(
        {"predictor": ["bmi", "age"], "rank": [2, 1], "mean_absolute_contribution": [0.2, 0.5], "lower": [0.1, 0.4],
         "upper": [0.3, 0.6], "rank_lower": [1, 1], "rank_upper": [3, 2], "scale": "log_odds"}
    )  # fmt: skip
    draw_ranking(frame, ax, pen=PEN, title="XGBoost", titles={"age": "Age (years)"})
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [0.5, 0.2])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Age (years)", "bmi"]
    assert words(ax) == ["1\u20132", "1\u20133", "ranks"]
    assert "log-odds" in ax.get_xlabel()


def test_contribution_of_a_number_is_a_line_with_missing_apart(ax: Axes) -> None:
    frame = pd.DataFrame(
        {"model": "ref", "value": [60.0, 40.0, np.nan, 80.0], "level": ["", "", "missing", ""],
         "mean_contribution": [0.1, -0.2, 0.05, 9.0], "status": ["ok", "ok", "ok", "suppressed"]}
    )  # fmt: skip
    draw_contribution(frame, ax, title="Age", pens={"ref": PEN}, emphasised="ref")
    _, line, missing = ax.lines
    np.testing.assert_array_equal(line.get_xydata(), [[40, -0.2], [60, 0.1]])
    assert missing.get_ydata() == [0.05]
    assert missing.get_xdata()[0] > 80
    assert words(ax) == ["missing"]


def test_contribution_of_a_category_is_points_beside_each_other(ax: Axes) -> None:
    frame = pd.DataFrame(
        {"model": ["ref", "ref", "a", "a"], "value": np.nan, "level": ["no", "yes"] * 2,
         "mean_contribution": [-0.1, 0.1, -0.2, 0.2], "status": "ok"}
    )  # fmt: skip
    draw_contribution(frame, ax, title="Diabetes", pens={"ref": PEN, "a": PENS[0]}, emphasised="ref")
    _, reference, other = ax.lines
    np.testing.assert_array_equal(reference.get_ydata(), [-0.1, 0.1])
    assert all(a < b for a, b in zip(reference.get_xdata(), other.get_xdata(), strict=True))
    assert reference.get_markersize() > other.get_markersize()


def test_flow_prints_counts_and_hides_suppressed_ones(ax: Axes) -> None:
    frame = pd.DataFrame(
        {"step": [0, 1, 2, 3], "reason": ["rows read", "too young", "no follow-up", "analysed"],
         "excluded": [0, 3, 97, 0], "remaining": [1000, 997, 900, 900], "events": [np.nan, np.nan, np.nan, 90],
         "status": ["ok", "suppressed", "ok", "ok"]}
    )  # fmt: skip
    draw_flow(frame, ax, title="development")
    assert [text for text in words(ax) if text] == [
        "Rows read\nn = 1\u202f000", "too young: suppressed", "no follow-up: 97", "Analysed\nn = 900, events 90",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("remaining", "text"), [(900, "Analysed\nn = 900, events suppressed"), (np.nan, "Analysed\nn = suppressed")]
)
def test_flow_hides_the_events_of_those_analysed(ax: Axes, remaining: float, text: str) -> None:
    frame = pd.DataFrame(
        {"step": [0, 1], "reason": ["rows read", "analysed"], "excluded": [0, 0], "remaining": [900, remaining],
         "events": np.nan, "status": ["ok", "suppressed"]}
    )  # fmt: skip
    draw_flow(frame, ax, title="development")
    assert words(ax)[-1] == text


def test_flow_dashes_the_box_of_those_kept_with_weight_zero(ax: Axes) -> None:
    frame = pd.DataFrame(
        {"step": [0, 1, 2, 3],
         "reason": ["rows read", "too young", "followed for less: unknown, kept with weight 0", "analysed"],
         "excluded": [0, 30, 70, 0], "remaining": [1000, 970, 900, 900], "events": [np.nan, np.nan, np.nan, 90],
         "status": "ok"}
    )  # fmt: skip
    draw_flow(frame, ax, title="development")
    lines = {text.get_text().split()[0]: box.get_linestyle() for text in ax.texts if (box := text.get_bbox_patch())}
    assert lines == {"Rows": "solid", "too": "-", "followed": "--", "Analysed": "solid"}


def draw_text(canvas: Canvas) -> None:
    canvas.add_subplot().text(0.5, 0.5, "<script> & $x$ \u8c61")


def test_svg_is_escaped_text_without_math_date_or_maker() -> None:
    svg = render_svg(draw_text, name="a", height_mm=40, mark="Synthetic data")
    assert "&lt;script&gt; &amp; $x$ \u8c61" in svg
    assert "Synthetic data" in svg
    assert "matplotlib" not in svg.lower()
    assert "date" not in svg.replace("Synthetic data", "").lower()


def test_svg_is_the_same_again_and_its_names_differ_from_figure_to_figure() -> None:
    again = [render_svg(draw_text, name="a", height_mm=40) for _ in range(2)]
    other = render_svg(draw_text, name="b", height_mm=40)
    assert again[0] == again[1]
    assert again[0] != other


@pytest.mark.parametrize(("highest", "limit"), [(0.15, 0.2), (0.35, 0.4), (0.6, 0.6), (0.61, 1.0), (1.0, 1.0)])
def test_calibration_axes_end_beyond_everything_that_is_shown(highest: float, limit: float) -> None:
    curves = pd.DataFrame({"predicted": [0.1], "upper": [highest]})
    risks = pd.DataFrame({"bin_high": [0.1, 0.95], "percent": [100.0, 1.0], "status": ["ok", "suppressed"]})
    assert choose_limit(curves, risks) == limit
