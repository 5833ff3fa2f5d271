"""The section of the verdict, from small hand-made tables."""

from __future__ import annotations

import math
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas

from reports.blocks import Block, Figure, Table, Text
from reports.canvas import pens_of
from reports.figures_verdict import draw_procedures
from reports.run_folder import RunFacts, RunFolder
from reports.sections_models import build_models
from reports.sections_summary import build_summary
from reports.sections_verdict import NOTHING, build_verdict, margin_of, primary_verdict
from reports.views import views_of
from schemas.tables import CURVES, SHARE

ARM, REFERENCE = "machine_learning", "spline_logistic"
MODELS = (
    (REFERENCE, "Logistic regression", "reference"),
    ("random_forest", "Random forest", "candidate"),
    ("xgboost", "XGBoost", "candidate"),
    (ARM, "Machine learning", "arm"),
)
TEXT = (
    "No worthwhile gain: machine learning would lower the log loss by at most 0.0012 (upper end of the 95 % interval), "
    "less than the margin of 0.0031."
)


def make_facts(kind: str = "threshold") -> dict[str, Any]:
    return {
        "spinerisk": "0.1.0", "seed": 1, "models": [{"name": n, "title": t, "role": r} for n, t, r in MODELS],
        "study": {
            "title": "t", "sha256": "a", "reference": REFERENCE, "margin_relative_log_loss": 0.005,
            "predictors": ["age"], "predict_at": "preop", "missing": "chained", "outer_folds": 5, "repeats": 5,
            "inner_folds": 5, "trials": 50, "suppress_below": 5,
        },
        "definition": {"name": "d", "title": "d", "sha256": "b", "synthetic": True},
        "data": [], "predictors": [],
        "outcomes": [
            {"name": "o", "title": "Improved at 12 months", "kind": kind, "desirable": True, "horizon": "12 months"}
        ],
    }  # fmt: skip


def make_procedure(model: str = ARM, metric: str = "log_loss", **changes: Any) -> dict[str, Any]:
    return {
        "outcome": "o", "model": model, "reference": REFERENCE, "metric": metric, "threshold_probability": math.nan,
        "n_folds": 25.0, "estimate": 0.0012, "standard_error": 0.0012, "lower": -0.0012, "upper": 0.0036,
        "interval_kind": "Nadeau-Bengio", "rope": 0.0031, "p_worse": 0.06, "p_equivalent": 0.938, "p_better": 0.002,
        "n": 900.0, "events": 540.0, "status": "ok",
    } | changes  # fmt: skip


def make_verdict(model: str = ARM, **changes: Any) -> dict[str, Any]:
    primary = model == ARM
    return {
        "outcome": "o", "model": model, "reference": REFERENCE, "role": "primary" if primary else "described",
        "verdict": "no worthwhile gain" if primary else "", "text": TEXT if primary else "Described only.",
        "metric": "log_loss", "gain": -0.0012, "lower": -0.0036, "upper": 0.0012, "margin": 0.0031, "p_worse": 0.06,
        "p_equivalent": 0.938, "p_better": 0.002, "bootstrap_lower": -0.0031, "bootstrap_upper": 0.0008,
        "trials": 50.0, "late_gain": 0.0002, "detectable_gain": 0.0064, "power_at_margin": 0.05,
        "power_at_twice_margin": 0.782, "n": 900.0, "events": 540.0, "status": "ok",
    } | changes  # fmt: skip


def make_difference(model: str = ARM, **changes: Any) -> dict[str, Any]:
    return {
        "outcome": "o", "model": model, "reference": REFERENCE, "dataset": "later", "validation": "temporal",
        "metric": "log_loss", "estimate": 0.0021, "lower": -0.0007, "upper": 0.0049, "interval_kind": "paired Wald",
        "interval_target": "this fixed model", "n": 400.0, "events": 230.0, "status": "ok",
    } | changes  # fmt: skip


def make_loss(dataset: str, validation: str, loss: float) -> dict[str, Any]:
    return {
        "outcome": "o", "model": REFERENCE, "dataset": dataset, "validation": validation, "subgroup": "overall",
        "level": "all", "metric": "log_loss", "estimate": loss, "status": "ok", "n": 900.0, "events": 540.0,
    }  # fmt: skip


def make_run(kind: str = "threshold", **rows: list[dict[str, Any]]) -> RunFolder:
    given: dict[str, list[dict[str, Any]]] = {
        "verdicts": [make_verdict("random_forest"), make_verdict()],
        "procedures": [make_procedure("random_forest"), make_procedure()],
        "evaluation": [make_loss("development", "internal", 0.64), make_loss("later", "temporal", 0.5)],
    } | rows
    columns = SHARE | CURVES
    tables = {name: pd.DataFrame(given.get(name, []), columns=list(columns[name])) for name in columns}
    for frame in tables.values():
        for one in ("interval_kind", "interval_target", "verdict", "text"):
            if one in frame:
                frame[one] = frame[one].astype(object).where(frame[one].notna(), "")
    return RunFolder(facts=RunFacts.model_validate(make_facts(kind)), study_text="", tables=tables)


def texts_of(blocks: list[Block]) -> list[str]:
    return [block.text for block in blocks if isinstance(block, Text)]


def table_of(blocks: list[Block], name: str) -> Table:
    return next(block for block in blocks if isinstance(block, Table) and block.name == name)


def row_of(table: Table, heading: str) -> dict[str, tuple[str, str]]:
    row = next(row for row in table.rows if row[0].text == heading)
    return {column: (cell.text, cell.detail) for column, cell in zip(table.columns, row, strict=True)}


def test_question_reference_margin_and_verdict_come_first() -> None:
    texts = texts_of(build_verdict(make_run()))
    assert "the reference (Logistic regression)" in texts[0]
    assert "0.5 % of the reference's loss" in texts[0]
    assert texts[1:3] == ["Improved at 12 months", TEXT]
    assert isinstance(build_verdict(make_run())[3], Text)


def test_no_worthwhile_gain_is_an_ordinary_result_that_favours_the_logistic_model() -> None:
    blocks = build_verdict(make_run())
    assert any("By default we recommend Logistic regression:" in text for text in texts_of(blocks))
    assert not [block for block in blocks if isinstance(block, Text) and block.kind == "warning"]
    assert not any(word in " ".join(texts_of(blocks)).lower() for word in ("fail", "unfortunately", "only found"))


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("better", "is a clinical judgement"),
        ("practically equivalent", "By default we recommend Logistic regression"),
        ("worse", "By default we recommend Logistic regression"),
        ("undecided", "the default stays Logistic regression: a worthwhile gain was neither shown nor ruled out"),
        ("budget-limited", "This run is no argument against Machine learning. Repeat it with more trials"),
    ],
)
def test_every_verdict_has_its_advice(verdict: str, words: str) -> None:
    texts = texts_of(build_verdict(make_run(verdicts=[make_verdict(verdict=verdict)])))
    assert any(words in text for text in texts)


def test_what_the_study_could_have_found_is_said() -> None:
    words = " ".join(texts_of(build_verdict(make_run())))
    assert "a true gain of 0.0064 would have been called better in 80 % of such studies" in words
    assert "one of twice the margin in 78 %, and one exactly at the margin (0.0031)" in words
    assert "where better would be wrong, in 5 %" in words


def test_table_of_verdicts_has_everything_and_the_rival_stands_first() -> None:
    table = table_of(build_verdict(make_run()), "verdict-o")
    assert [row[0].text for row in table.rows] == ["Machine learning", "Random forest"]
    row = row_of(table, "Machine learning")
    assert row["Verdict"][0] == "no worthwhile gain"
    assert row["Gain"] == ("\u22120.0012", "\u22120.0036 to 0.0012")
    assert (row["n"][0], row["Events"][0], row["Margin"][0], row["Trials"][0]) == ("900", "540", "0.0031", "50")
    assert [row[name][0] for name in ("P worse", "P equivalent", "P better")] == ["0.06", "0.94", "< 0.01"]
    assert row["Bootstrap"][0] == "\u22120.0031 to 0.0008"
    assert row_of(table, "Random forest")["Verdict"][0] == "described"


def test_table_of_procedures_has_every_measure_with_its_interval() -> None:
    rows = [
        make_procedure(),
        make_procedure(metric="c_statistic", estimate=-0.004, lower=-0.01, upper=0.002, rope=0.01),
    ]
    rows.append(make_procedure(metric="net_benefit", threshold_probability=0.15))
    rows.append(make_procedure(metric="net_benefit", threshold_probability=0.9, status="suppressed"))
    table = table_of(build_verdict(make_run(procedures=rows)), "procedures-o")
    assert [row[0].text for row in table.rows] == [
        "Machine learning", "Log loss", "c-statistic", "Net benefit at 0.15", "Net benefit at 0.90",
    ]  # fmt: skip
    assert row_of(table, "c-statistic")["Difference"] == ("\u22120.004", "\u22120.010 to 0.002")
    assert row_of(table, "c-statistic")["Equivalent"][0] == "\u00b1 0.010"
    assert row_of(table, "Log loss")["Folds"][0] == "25"
    assert row_of(table, "Net benefit at 0.90")["Difference"][0] == "suppressed"


def test_hidden_counts_are_not_printed() -> None:
    hidden = make_verdict(
        status="suppressed", verdict="not assessable", text="Not assessable: a count is too small to be shown.",
        **dict.fromkeys(("gain", "lower", "upper", "margin", "n", "events", "p_better", "bootstrap_lower"), 31337.0),
    )  # fmt: skip
    hidden |= dict.fromkeys(("margin", "p_worse", "p_equivalent", "p_better", "bootstrap_lower"), math.nan)
    blocks = build_verdict(make_run(verdicts=[hidden], procedures=[]))
    table = table_of(blocks, "verdict-o")
    row = row_of(table, "Machine learning")
    assert row["n"][0] == row["Events"][0] == "hidden \u2020"
    assert row["Gain"][0] == "suppressed"
    assert "31337" not in str(blocks)
    assert any("Hidden: fewer than 5" in note for note in table.notes)
    assert "Not assessable: a count is too small to be shown." in texts_of(blocks)
    assert not [block for block in blocks if isinstance(block, Figure)]


def test_fixed_models_on_other_data_stand_beside_the_margin() -> None:
    rows = [make_difference(), make_difference(validation="internal", dataset="development", estimate=9.0)]
    table = table_of(build_verdict(make_run(comparison=rows)), "verdict-elsewhere-o")
    row = row_of(table, "Temporal validation on later")
    assert row["Gain"] == ("\u22120.0021", "\u22120.0049 to 0.0007")
    assert row["Margin"][0] == "0.0025"
    assert (row["n"][0], row["Events"][0]) == ("400", "230")
    assert len(table.rows) == 1


def test_without_other_data_there_is_no_table_of_them() -> None:
    names = [block.name for block in build_verdict(make_run()) if isinstance(block, Table)]
    assert names == ["verdict-o", "procedures-o"]


def test_study_without_a_rival_says_how_to_ask() -> None:
    assert texts_of(build_verdict(make_run(verdicts=[], procedures=[]))) == [NOTHING]


def test_score_is_judged_by_its_squared_error() -> None:
    changes = {"metric": "mean_squared_error", "events": math.nan}
    verdict = make_verdict(gain=2.41, lower=-1.0, upper=5.8, margin=1.2, **changes)
    procedure = make_procedure(rope=1.2, estimate=-2.41, lower=-5.8, upper=1.0, **changes)
    blocks = build_verdict(make_run("score", verdicts=[verdict], procedures=[procedure]))
    table = table_of(blocks, "verdict-o")
    assert table.caption.startswith("Gain in mean squared error over Logistic regression")
    assert row_of(table, "Machine learning")["Gain"] == ("2.4", "\u22121.0 to 5.8")
    assert row_of(table_of(blocks, "procedures-o"), "Mean squared error")["Equivalent"][0] == "\u00b1 1.2"


def test_forest_plot_is_described_in_numbers_and_marked() -> None:
    (figure,) = [block for block in build_verdict(make_run()) if isinstance(block, Figure)]
    assert "Machine learning 0.0012 (95 % interval \u22120.0012 to 0.0036)" in figure.description
    assert "Synthetic data" in figure.svg


def test_region_of_equivalence_is_drawn_around_zero() -> None:
    frame = make_run().tables["procedures"]
    ax = Canvas().add_subplot()
    models = ("random_forest", ARM)
    with mpl.rc_context({"axes.unicode_minus": True}):
        draw_procedures(frame, ax, metric="log_loss", models=models, pens=pens_of([REFERENCE, *models], REFERENCE))
    (band,) = ax.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((-0.0031, 0.0031))
    drawn = [list(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    assert [-0.0012, 0.0036] in drawn
    assert ax.get_xlabel() == "Difference in log loss"


def test_margin_is_the_verdicts_own_inside_the_folds_and_a_share_elsewhere() -> None:
    run = make_run()
    internal, temporal = views_of(run, run.outcomes[0])
    assert margin_of(run, internal) == 0.0031
    assert margin_of(run, temporal) == pytest.approx(0.0025)
    bare = make_run(verdicts=[])
    assert margin_of(bare, internal) == pytest.approx(0.0032)
    assert primary_verdict(bare, "o") is None


def test_summary_repeats_the_verdict_and_reads_no_interval_itself() -> None:
    words = texts_of(build_summary(make_run()))
    assert f"Verdict. {TEXT}" in words
    assert "does machine learning (the best learner of each training part) predict better than" in words[0]
    assert not any("Verdict." in text for text in texts_of(build_summary(make_run(verdicts=[]))))


def test_arm_is_listed_among_the_models_with_its_role_in_words() -> None:
    table = table_of(build_models(make_run()), "models")
    assert row_of(table, "Machine learning")["Role"][0] == "rival, one of the candidates in each fold"
