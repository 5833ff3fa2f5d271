"""Optimism and stability in the report: nothing apparent alone, nothing hidden shown, words that a clinician reads."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas

from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import REFERENCE_PEN
from reports.figures.stability import draw_instabilities, draw_instability
from reports.run_facts import RunFacts
from reports.run_folder import RunFolder
from reports.sections.optimism import build_optimism
from reports.sections.stability import RANGE, build_stability, choose_limits
from schemas.tables import EVALUATION, INSTABILITY_CURVE, OPTIMISM, STABILITY

FACTS: dict[str, Any] = {
    "spinerisk": "1", "seed": 1, "data": (), "predictors": (), "definition": {"name": "d", "title": "d", "sha256": ""},
    "study": {
        "title": "t", "sha256": "", "reference": "spline_logistic", "margin_relative_log_loss": 0.005,
        "predictors": ("age",), "predict_at": "preop", "missing": "chained", "outer_folds": 5, "repeats": 1,
        "inner_folds": 5, "trials": 50, "suppress_below": 5,
    },
    "outcomes": (
        {"name": "low", "title": "Improvement", "kind": "event", "desirable": True, "horizon": "12 months"},
        {"name": "odi", "title": "Score", "kind": "score", "desirable": False, "horizon": "12 months"},
    ),
    "models": (
        {"name": "spline_logistic", "title": "Logistic regression", "role": "reference"},
        {"name": "lightgbm", "title": "LightGBM", "role": "candidate"},
    ),
}  # fmt: skip
HIDDEN_VALUE = 0.98765
ROW = {"outcome": "low", "threshold_probability": np.nan, "tuning": "repeated", "status": "ok", "n": 368.0}


def make_run(**tables: list[dict[str, Any]]) -> RunFolder:
    columns = {"optimism": OPTIMISM, "stability": STABILITY, "instability": INSTABILITY_CURVE, "evaluation": EVALUATION}
    frames = {name: pd.DataFrame(tables.get(name, []), columns=list(own)) for name, own in columns.items()}
    return RunFolder(facts=RunFacts.model_validate(FACTS), study_text="", tables=frames)


def optimism(model: str, metric: str, **values: Any) -> dict[str, Any]:
    usual = {
        "apparent": 0.7617, "optimism": 0.0528, "corrected": 0.7089, "lower": 0.66, "upper": 0.76,
        "interval_kind": "location-shifted bootstrap", "point_632_plus": 0.7076, "cross_validated": 0.6678,
        "n_resamples": 200.0, "n_failed": 3.0, "events": 246.0,
    }  # fmt: skip
    return {**ROW, **usual, "model": model, "metric": metric, **values}


NONE = {
    "optimism": np.nan, "corrected": np.nan, "lower": np.nan, "upper": np.nan, "interval_kind": "",
    "point_632_plus": np.nan, "n_resamples": 0.0, "n_failed": 0.0, "tuning": "",
}  # fmt: skip


def stability(model: str, metric: str, estimate: float, **values: Any) -> dict[str, Any]:
    usual = {"model": model, "metric": metric, "estimate": estimate, "n_resamples": 20.0, "n_failed": 1.0}
    return {**ROW, **usual, **values}


def curve(model: str, **values: Any) -> list[dict[str, Any]]:
    grid = np.linspace(0.05, 0.55, 6)
    return [
        {
            "outcome": "low", "model": model, "dataset": "development", "validation": "apparent", "predicted": x,
            "middle": x + 0.01, "lower": 0.7 * x, "upper": 1.04 * x, "tuning": "repeated", "n": 12.0, "status": "ok",
            **values,
        }
        for x in grid
    ]  # fmt: skip


def tables_of(blocks: list[Block]) -> list[Table]:
    return [block for block in blocks if isinstance(block, Table)]


def words_of(blocks: list[Block]) -> str:
    said = [block.text for block in blocks if isinstance(block, Text)]
    for block in blocks:
        if isinstance(block, Figure):
            said += [block.caption, block.description]
    for table in tables_of(blocks):
        said += [table.caption, *table.columns, *table.notes]
        said += [f"{cell.text} {cell.detail}" for row in table.rows for cell in row]
    return "\n".join(said)


def row_of(table: Table, heading: str) -> tuple[Cell, ...]:
    return next(row for row in table.rows if row[0].text == heading)


@pytest.mark.parametrize("build", [build_optimism, build_stability])
def test_an_empty_table_says_why_and_how_to_ask(build: Any):
    (block,) = build(make_run())
    assert isinstance(block, Text)
    assert "[bootstrap]" in block.text


def test_apparent_stands_beside_what_corrects_it():
    run = make_run(
        optimism=[
            optimism("spline_logistic", "c_statistic"),
            optimism("lightgbm", "c_statistic", **NONE),
            optimism("lightgbm", "log_loss", **NONE, cross_validated=np.nan),
        ]
    )
    blocks = build_optimism(run)
    table, further = tables_of(blocks)
    (first,) = (row for row in table.rows if row[0].style == "indent")
    other, alone = (row for row in further.rows if row[0].style == "indent")
    assert (table.folded, further.folded) == (False, True)
    assert [cell.text for cell in first[1:]] == ["0.762", "0.053", "0.709", "0.708", "0.668", "200", "3"]
    assert first[3].detail == "0.660 to 0.760"
    assert [other[1].text, other[3].text, other[5].text] == ["0.762", "–", "0.668"]
    assert alone[1].text == "–"
    assert table.rows[0][0].text == "Logistic regression (n = 368, 246 events)"
    said = words_of(blocks)
    assert "location-shifted bootstrap" in said
    assert "no regression the optimism is not subtracted" in said
    assert "not drawn again" in said


def test_without_refits_only_what_there_is_stands_in_the_table():
    blocks = build_optimism(make_run(optimism=[optimism("spline_logistic", "c_statistic", **NONE)]))
    (table,) = tables_of(blocks)
    assert table.columns == ("Measure", "Apparent", "Cross-validated")
    assert [cell.text for cell in table.rows[1]] == ["c-statistic", "0.762", "0.668"]
    assert table.rows[0][0].text == "Logistic regression (n = 368, 246 events)"
    assert {len(row) for row in table.rows} == {3}
    said = words_of(blocks)
    assert "The optimism was not asked for" in said
    assert "corrected" not in said
    assert ".632+" not in said


def test_refits_that_all_failed_were_asked_for():
    failed = optimism("spline_logistic", "c_statistic", **{**NONE, "n_failed": 200.0})
    (table,) = tables_of(build_optimism(make_run(optimism=[failed])))
    assert table.columns[-2:] == ("Refits", "Failed")


def test_thresholds_and_fixed_tuning_are_named():
    run = make_run(optimism=[optimism("spline_logistic", "net_benefit", threshold_probability=0.125, tuning="fixed")])
    (table,) = tables_of(build_optimism(run))
    assert row_of(table, "Net benefit at 12.5 %")
    assert "Tuning held fixed" in words_of(build_optimism(run))


def test_hidden_optimism_is_not_shown():
    hidden = dict.fromkeys(("apparent", "optimism", "corrected", "lower", "upper", "cross_validated"), HIDDEN_VALUE)
    row = optimism("spline_logistic", "c_statistic", **hidden, n=np.nan, events=np.nan, status="suppressed")
    said = words_of(build_optimism(make_run(optimism=[row])))
    assert "0.98" not in said
    assert "suppressed" in said
    assert "fewer than 5" in said


def make_stability() -> RunFolder:
    rows = [
        stability(model, metric, value)
        for model, factor in (("spline_logistic", 1.0), ("lightgbm", 2.0))
        for metric, value in (
            ("mean_mape", 0.05 * factor), ("p95_mape", 0.09 * factor), ("mean_width", 0.2 * factor),
            ("c_statistic", 0.93),
        )
    ]  # fmt: skip
    rows.append(stability("lightgbm", "classification_instability", 0.145, threshold_probability=0.3))
    evaluation = {
        "outcome": "low", "model": "lightgbm", "dataset": "development", "validation": "internal",
        "subgroup": "overall", "level": "all", "metric": "c_statistic", "estimate": 0.645, "lower": 0.6,
        "upper": 0.69, "status": "ok", "n": 368.0, "events": 246.0,
    }  # fmt: skip
    return make_run(
        stability=rows, instability=[*curve("spline_logistic"), *curve("lightgbm")], evaluation=[evaluation]
    )


def test_stability_stands_beside_the_cross_validated_c_statistic():
    blocks = build_stability(make_stability())
    (table,) = tables_of(blocks)
    cells = [cell.text for cell in row_of(table, "LightGBM")]
    assert cells == ["LightGBM", "368", "20", "1", "0.100", "0.180", "0.400", "14.5 %", "0.645"]
    assert row_of(table, "LightGBM")[-1].detail == "0.600 to 0.690"
    assert "Other side of 30 %" in table.columns
    said = words_of(blocks)
    assert "0.930" not in said
    assert RANGE in said
    assert "Fewer than 100 refits" in said


def test_instability_is_drawn_and_described():
    _, figure = [block for block in build_stability(make_stability()) if isinstance(block, Figure)]
    assert figure.svg.startswith("<?xml") or "<svg" in figure.svg
    assert "Logistic regression: widest near 0.55, from 0.39 to 0.57" in figure.description
    assert re.search(r"at least 10 patients", figure.caption)


def test_discrimination_and_stability_are_drawn_side_by_side():
    beside, _ = [block for block in build_stability(make_stability()) if isinstance(block, Figure)]
    assert beside.name == "stability-beside-low"
    assert "LightGBM 0.645 (95 % CI 0.600 to 0.690) and 0.100" in beside.description
    assert "Logistic regression not available and 0.050" in beside.description
    frame = make_stability().tables["stability"]
    ax = Canvas().add_subplot()
    draw_instabilities(frame, ax, models=("lightgbm",), pens={"lightgbm": REFERENCE_PEN})
    mean, span, high = ax.lines
    assert mean.get_xydata().tolist() == [[0.1, 0.0]]
    assert span.get_xydata().tolist() == [[0.1, 0.0], [0.18, 0.0]]
    assert high.get_xydata().tolist() == [[0.18, 0.0]]
    assert ax.get_xlim()[0] == 0


def test_few_patients_have_no_plot_and_no_number():
    row = stability("spline_logistic", "mean_mape", HIDDEN_VALUE, n=np.nan, status="suppressed")
    hidden = curve("spline_logistic", status="suppressed", predicted=np.nan, n=np.nan)[:1]
    blocks = build_stability(make_run(stability=[row], instability=hidden))
    said = words_of(blocks)
    assert "0.98" not in said
    assert "Too few patients for an instability plot" in said
    assert not [block for block in blocks if isinstance(block, Figure)]


def test_scores_are_in_points():
    rows = [stability("spline_logistic", "mean_mape", 3.21, outcome="odi")]
    points = {"outcome": "odi", "predicted": 40.0, "middle": 41.0, "lower": 30.0, "upper": 52.0}
    blocks = build_stability(make_run(stability=rows, instability=curve("spline_logistic", **points)))
    (table,) = tables_of(blocks)
    assert row_of(table, "Logistic regression")[4].text == "3.2"
    assert "RMSE, cross-validated" in table.columns
    assert "in points" in words_of(blocks)
    frame = pd.DataFrame(curve("spline_logistic", **points))
    assert choose_limits(frame, risks=False) == (30.0, 52.0)


def test_drawing_shows_the_range_and_leaves_out_what_is_hidden():
    frame = pd.DataFrame([*curve("lightgbm"), *curve("lightgbm", status="suppressed", upper=0.99)])
    ax = Canvas().add_subplot()
    draw_instability(frame, ax, pen=REFERENCE_PEN, title="T", limits=(0.0, 0.6), words="predicted risk")
    middle = ax.lines[1]
    np.testing.assert_allclose(middle.get_ydata(), np.linspace(0.05, 0.55, 6) + 0.01)
    (band,) = ax.collections
    assert band.get_paths()[0].vertices[:, 1].max() == pytest.approx(1.04 * 0.55)
    assert (ax.get_xlabel(), ax.get_xlim()) == ("Predicted risk", (0.0, 0.6))


def test_limits_are_the_least_that_hold_every_range():
    frame = pd.DataFrame(curve("lightgbm"))
    assert choose_limits(frame, risks=True) == (0.0, 0.6)
    assert choose_limits(frame.assign(upper=0.61), risks=True) == (0.0, 1.0)


def test_nothing_hangs_on_the_order_of_the_rows():
    run = make_stability()
    turned = replace(run, tables={name: frame.iloc[::-1] for name, frame in run.tables.items()})
    assert words_of(build_stability(turned)) == words_of(build_stability(run))
