"""Curves of predicted scores, and what is said at declared thresholds, from a run made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas
from test_reports_report import write_run

from reports.blocks import Figure, Table, Text
from reports.figures.canvas import REFERENCE_PEN
from reports.figures.scores import draw_score_calibration
from reports.measures import AT_THRESHOLDS
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder, read_run_folder
from reports.sections.curves import build_calibration, build_decisions

KEY = {"outcome": "odi_12m_score", "dataset": "development", "validation": "internal"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return read_run_folder(write_run(tmp_path_factory.mktemp("curves")))


def make_score_curve(model: str) -> pd.DataFrame:
    x = np.linspace(10, 60, 20)
    own = {"predicted": x, "observed": 5 + 0.8 * x, "lower": 2 + 0.8 * x, "upper": 8 + 0.8 * x, "knots": 5, "n": 900}
    return pd.DataFrame({**KEY, "model": model, **own})


def row(metric: str, **changes: Any) -> dict[str, Any]:
    base = {
        "subgroup": "overall", "level": "all", "metric": metric, "estimate": 0.5, "lower": 0.4, "upper": 0.6,
        "interval_kind": "Wilson", "interval_target": "this fixed model", "status": "ok", "n": 900.0, "events": np.nan,
        "threshold_probability": np.nan, "threshold_set": "",
    }  # fmt: skip
    return {**KEY, **base, **changes}


def of_scores(run: RunFolder, curves: pd.DataFrame) -> RunFolder:
    facts = {"title": "Disability", "desirable": False, "horizon": "12 months", "kind": "score"}
    outcome = OutcomeFacts.model_validate(facts | {"name": KEY["outcome"]})
    reference = run.facts.study.reference
    evaluation = pd.DataFrame([row(name, model=reference) for name in ("score_slope", "mean_difference", "mae")])
    tables = run.tables | {"evaluation": evaluation, "score_calibration": curves}
    return replace(run, facts=run.facts.model_copy(update={"outcomes": (outcome,)}), tables=tables)


def test_a_predicted_score_has_a_curve_in_points(run: RunFolder) -> None:
    blocks = build_calibration(of_scores(run, make_score_curve(run.facts.study.reference)))
    overlaid, figure = [block for block in blocks if isinstance(block, Figure)]
    assert "observed against predicted score" in overlaid.caption
    assert figure.caption.startswith("Calibration curves of the predicted score, in points")
    assert "0.50 (95 % CI 0.40 to 0.60)" in figure.description
    assert "Predicted score" in figure.svg
    assert "slope 0.50 (0.40 to 0.60)" in figure.svg


def test_a_score_without_a_curve_says_so(run: RunFolder) -> None:
    blocks = build_calibration(of_scores(run, make_score_curve("x").iloc[:0]))
    assert not [block for block in blocks if isinstance(block, Figure)]
    notes = [block.text for block in blocks if isinstance(block, Text) and block.kind == "note"]
    assert notes == ["Internal validation (nested cross-validation): no calibration curve of the score was assessable."]


def test_curve_of_a_score_is_drawn_with_band_and_diagonal() -> None:
    frame = make_score_curve("reference")
    ax = Canvas().add_subplot()
    draw_score_calibration(frame, ax, pen=REFERENCE_PEN, title="Logistic", labels="slope 0.8", limits=(0.0, 70.0))
    diagonal, curve = ax.lines
    assert diagonal.get_xydata().tolist() == [[0, 0], [70, 70]]
    np.testing.assert_allclose(curve.get_xydata(), frame[["predicted", "observed"]])
    assert len(ax.collections) == 1
    assert ax.get_xlim() == ax.get_ylim() == (0.0, 70.0)


def test_who_is_acted_upon_stands_at_every_declared_threshold(run: RunFolder) -> None:
    declared = next(outcome for outcome in run.facts.outcomes if outcome.thresholds and outcome.action)
    reference = run.facts.study.reference
    rows = [
        row(metric, model=reference, outcome=declared.name, threshold_probability=t, events=90.0)
        for metric in AT_THRESHOLDS
        for t in declared.thresholds
    ]
    rows[0] |= {"status": "suppressed", "estimate": np.nan, "lower": np.nan, "upper": np.nan}
    evaluation = pd.concat([run.tables["evaluation"], pd.DataFrame(rows)], ignore_index=True)
    blocks = build_decisions(replace(run, tables=run.tables | {"evaluation": evaluation}))
    (table,) = [b for b in blocks if isinstance(b, Table) and b.caption.startswith("Who is acted upon")]
    assert table.folded
    assert table.columns[1:4] == ("Sensitivity", "Specificity", "Positive predictive value")
    heads = [cells[0].text for cells in table.rows]
    assert heads[::2] == [f"At {t:.2f}" for t in sorted(declared.thresholds)]
    first = table.rows[1]
    assert first[1].style == "suppressed"
    assert (first[2].text, first[2].detail) == ("0.500", "0.400 to 0.600")
    assert "Wilson" in table.notes[0]


def test_without_measures_at_thresholds_there_is_no_such_table(run: RunFolder) -> None:
    captions = [block.caption for block in build_decisions(run) if isinstance(block, Table)]
    assert captions
    assert not any(caption.startswith("Who is acted upon") for caption in captions)


def test_an_action_below_says_who_is_acted_on(run: RunFolder) -> None:
    declared = next(outcome for outcome in run.facts.outcomes if outcome.thresholds and outcome.action)
    turned = declared.model_copy(update={"acts_below": True, "thresholds": (0.7, 0.805), "desirable": True})
    said = {}
    for outcome in (declared, turned):
        facts = run.facts.model_copy(update={"outcomes": (outcome,)})
        blocks = build_decisions(replace(run, facts=facts))
        texts = [block.text for block in blocks if isinstance(block, Text)]
        captions = [block.caption for block in blocks if isinstance(block, Figure | Table)]
        said[outcome.acts_below] = "\n".join([*texts, *captions])
    who = "patients whose predicted probability is below 70 %, or below 80.5 %"
    assert f"Action below the threshold: {declared.action}." in said[True]
    assert f"Acted on are {who}. Net benefit is here that of opting out" in said[True]
    assert "Acted on are patients whose predicted probability is below the threshold." in said[True]
    assert f"Net benefit at the declared threshold probabilities: action for {who}." in said[True]
    assert "at or above" not in said[True]
    assert "patients whose predicted probability is at or above 5 %, or at or above 10 %" in said[False]
    assert "opting out" not in said[False]
