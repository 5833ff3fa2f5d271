"""The section of the verdict, from small hand-made tables."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas

from reports.blocks import Block, Figure, Table, Text
from reports.figures.canvas import pens_of
from reports.figures.verdict import draw_procedures
from reports.run_facts import RunFacts
from reports.run_folder import RunFolder
from reports.sections.models import build_models
from reports.sections.summary import build_summary, list_departures
from reports.sections.verdict import NOTHING, build_verdict, margin_of, primary_verdict
from reports.views import make_slug, views_of
from schemas.tables import CURVES, SHARE

ARM, REFERENCE = "machine_learning", "spline_logistic"
MODELS = (
    (REFERENCE, "Logistic regression", "reference"),
    ("random_forest", "Random forest", "candidate"),
    ("xgboost", "XGBoost", "candidate"),
    (ARM, "Machine learning", "arm"),
)
TEXT = (
    "No worthwhile gain: machine learning lowers the log loss by no more than 0.0012 at the upper end of the 95 % "
    "interval, less than the margin of 0.0031."
)


def make_facts(kind: str = "threshold") -> dict[str, Any]:
    return {
        "spinerisk": "0.1.0", "seed": 1, "models": [{"name": n, "title": t, "role": r} for n, t, r in MODELS],
        "study": {
            "title": "t", "sha256": "a", "reference": REFERENCE, "margin_relative_log_loss": 0.005,
            "rule": {"probability": 0.975, "least_trials": 60, "flat": 0.002, "least_for_flat": 20},
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


def make_shortfall(dataset: str = "development", purpose: str = "development", **changes: Any) -> dict[str, Any]:
    return {
        "outcome": "o", "dataset": dataset, "purpose": purpose, "criterion": "shrinkage",
        "text": "expected shrinkage of 0.9", "needed": 1330.0, "actual": 602.0, "met": "False", "status": "ok",
    } | changes  # fmt: skip


def make_run(kind: str = "threshold", **rows: list[dict[str, Any]]) -> RunFolder:
    given: dict[str, list[dict[str, Any]]] = {
        "verdicts": [make_verdict("random_forest"), make_verdict()],
        "procedures": [make_procedure("random_forest"), make_procedure()],
        "evaluation": [make_loss("development", "internal", 0.64), make_loss("later", "temporal", 0.5)],
    } | rows
    columns = SHARE | CURVES
    tables = {name: pd.DataFrame(given.get(name, []), columns=list(columns[name])) for name in columns}
    for frame in tables.values():
        for one in ("interval_kind", "interval_target", "verdict", "text", "met"):
            if one in frame:
                frame[one] = frame[one].astype(object).where(frame[one].notna(), "")
    return RunFolder(facts=RunFacts.model_validate(make_facts(kind)), study_text="", tables=tables)


def make_score_run() -> RunFolder:
    """A score with a verdict, and a threshold that is derived from it."""
    squares = {"metric": "mean_squared_error", "events": math.nan}
    verdict = make_verdict(**squares, gain=2.41, lower=-1.0, upper=5.8, margin=1.2, bootstrap_lower=math.nan)
    derived = [make_verdict(name, outcome="o__x", role="described", verdict="") for name in ("random_forest", ARM)]
    procedures = [make_procedure(**squares), make_procedure(outcome="o__x")]
    run = make_run("score", verdicts=[verdict, *derived], procedures=procedures)
    score = run.facts.outcomes[0].model_copy(update={"title": "Disability at 12 months"})
    threshold = score.model_copy(
        update={"name": "o__x", "kind": "threshold", "title": "Disability below 22", "from_score": "o"}
    )
    return replace(run, facts=run.facts.model_copy(update={"outcomes": (score, threshold)}))


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
    assert texts[2:4] == ["Improved at 12 months", TEXT]
    assert isinstance(build_verdict(make_run())[4], Text)


def test_rule_is_printed_with_the_numbers_of_the_study() -> None:
    rule = texts_of(build_verdict(make_run()))[1]
    assert "if the probability of a gain above the margin is over 97.5 %" in rule
    assert "fewer than 60 trials in an outer fold, unless there were at least 20, the second half of which" in rule
    assert "less than 0.2 % on average" in rule


def test_run_that_does_not_hold_the_rule_prints_none() -> None:
    run = make_run()
    study = run.facts.study.model_copy(update={"rule": None})
    texts = texts_of(build_verdict(replace(run, facts=run.facts.model_copy(update={"study": study}))))
    assert texts[1] == "Improved at 12 months"


def test_no_worthwhile_gain_is_an_ordinary_result_that_favours_the_logistic_model() -> None:
    blocks = build_verdict(make_run())
    assert any("By default we recommend Logistic regression." in text for text in texts_of(blocks))
    assert not [block for block in blocks if isinstance(block, Text) and block.kind == "warning"]
    assert not any(word in " ".join(texts_of(blocks)).lower() for word in ("fail", "unfortunately", "only found"))


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("better", "is a clinical judgement"),
        ("practically equivalent", "By default we recommend Logistic regression"),
        ("worse", "By default we recommend Logistic regression"),
        (
            "undecided",
            "the default stays Logistic regression: a gain worth having was neither shown nor ruled out. That is no",
        ),
        ("budget-limited", "This run is no argument against Machine learning. Repeat it with more trials"),
    ],
)
def test_every_verdict_has_its_advice(verdict: str, words: str) -> None:
    texts = texts_of(build_verdict(make_run(verdicts=[make_verdict(verdict=verdict)])))
    assert any(words in text for text in texts)


def test_what_the_study_could_have_found_is_said() -> None:
    words = " ".join(texts_of(build_verdict(make_run())))
    assert "a true gain of about 0.0064 would have been called better in about 80 % of such studies" in words
    assert "and one of twice the margin in about 78 %" in words
    assert "1.35 to 1.8 times too large in simulation, so that the true power at small gains is lower" in words
    assert "exactly at the margin (0.0031), where better would be wrong, better in no more than about 5 %" in words
    (power,) = (text for text in texts_of(build_verdict(make_run())) if "could have found" in text)
    assert not re.search(r"(?<!about )\b\d+ %", power)


def test_power_has_no_words_where_the_two_never_differed() -> None:
    same = make_verdict(gain=0.0, lower=0.0, upper=0.0, verdict="practically equivalent", detectable_gain=0.0031)
    assert "could have found" not in " ".join(texts_of(build_verdict(make_run(verdicts=[same]))))


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
    assert row["n"][0] == row["Events"][0] == "suppressed"
    assert row["Gain"][0] == "suppressed"
    assert "31337" not in str(blocks)
    assert any("Suppressed: fewer than 5" in note for note in table.notes)
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
    assert names == ["verdict-o", "procedures-o", "procedures-described-o"]


def test_tables_of_all_measures_are_closed_since_the_forest_shows_them() -> None:
    blocks = build_verdict(make_run())
    folded = {block.name: block.folded for block in blocks if isinstance(block, Table)}
    assert folded == {"verdict-o": False, "procedures-o": True, "procedures-described-o": True}
    assert [row[0].text for row in table_of(blocks, "procedures-o").rows] == ["Machine learning", "Log loss"]
    described = table_of(blocks, "procedures-described-o")
    assert [row[0].text for row in described.rows] == ["Random forest", "Log loss"]


def test_threshold_that_is_derived_from_a_score_is_described() -> None:
    blocks = build_verdict(make_score_run())
    said = "Described only: this threshold is derived from the prediction of Disability at 12 months, to which"
    assert any(f"Disability below 22. {said}" in text for text in texts_of(blocks))
    assert table_of(blocks, make_slug("verdict", "o__x")).folded
    assert [block.name for block in blocks if isinstance(block, Figure)] == ["verdict-forest-o"]
    assert not any("has no model beside the reference" in text for text in texts_of(blocks))
    summary = texts_of(build_summary(make_score_run()))
    assert sum(text.startswith("Verdict. ") for text in summary) == 1
    assert any(text.startswith(said) for text in summary)
    assert any("One rival per outcome gets a verdict, thresholds derived from a score none." in t for t in summary)


def test_answers_stand_in_one_table_at_the_beginning() -> None:
    blocks = build_summary(make_score_run())
    table = next(block for block in blocks if isinstance(block, Table))
    assert blocks.index(table) == 2
    assert "0.5 % of the reference's loss is worth having" in texts_of(blocks)[1]
    row = row_of(table, "Disability at 12 months")
    assert row["Rival"][0] == "Machine learning"
    assert row["Gain of the rival"] == ("2.4", "\u22121.0 to 5.8")
    assert (row["Margin"][0], row["Verdict"][0]) == ("1.2", "no worthwhile gain")
    assert row_of(table, "Disability below 22")["Verdict"][0] == "described only"


def test_a_hidden_answer_is_hidden_in_the_first_table_too() -> None:
    hidden = make_verdict(status="suppressed", verdict="not assessable", text="Not assessable.", gain=31337.0)
    loss = make_loss("development", "internal", 0.64) | {"metric": "c_statistic", "status": "suppressed", "n": 31337.0}
    hidden |= dict.fromkeys(("lower", "upper", "margin"), math.nan)
    blocks = build_summary(make_run(verdicts=[hidden], procedures=[], evaluation=[loss]))
    table = table_of(blocks, "answers")
    assert "31337" not in str(table)
    assert row_of(table, "Improved at 12 months")["n"][0] == "suppressed"
    assert "Suppressed: fewer than 5" in table.notes[-1]


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
    assert row_of(table, "Machine learning")["Bootstrap"] == ("not given", "")
    assert any(note.startswith("Bootstrap: not given for the mean squared error.") for note in table.notes)
    assert row_of(table, "Machine learning")["Margin"][0] == "1.2"
    assert [block.name for block in blocks if isinstance(block, Table)] == ["verdict-o"]


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


def test_summary_gives_the_verdict_then_the_shortfall_then_the_numbers() -> None:
    blocks = build_summary(make_run(sample_size=[make_shortfall(), make_shortfall(met="True", needed=9.0)]))
    own = [block for block in blocks if isinstance(block, Text)]
    at = next(k for k, block in enumerate(own) if block.text == "Improved at 12 months")
    verdict, shortfall, numbers = own[at + 1 : at + 4]
    assert verdict.text == f"Verdict. {TEXT}"
    assert shortfall.kind == "warning"
    assert shortfall.text.startswith("Below the sample-size criteria in the development data: 602 operations where 1")
    assert numbers.text.startswith("Internal validation")
    assert own[-1].text.startswith("Nothing but the sample size: no row was quarantined")
    enough = build_summary(make_run(sample_size=[make_shortfall(met="True"), make_shortfall(met="")]))
    assert not [block for block in enough if isinstance(block, Text) and block.kind == "warning"]


def test_notes_are_sentences_with_titles_and_repeat_no_shortfall() -> None:
    short = (
        "o: developing a regression model asks for 1330 patients by the criteria of Riley et al. (expected shrinkage "
        "of 0.9; optimism of 0.05), there are 602: estimates are imprecise, and predicted risks unstable"
    )
    notes = (short, "o: few events, and spline_logistic stays the reference", "later: 4 values were kept")
    run = make_run(sample_size=[make_shortfall(), make_shortfall(criterion="optimism", text="optimism of 0.05")])
    given = replace(run, facts=run.facts.model_copy(update={"notes": notes}))
    texts = texts_of(build_summary(given))
    assert texts[texts.index("Also worth knowing") + 1 :] == [
        "Improved at 12 months: few events, and Logistic regression stays the reference.", "Later: 4 values were kept.",
    ]  # fmt: skip
    nothing_else = replace(run, facts=run.facts.model_copy(update={"notes": (short,)}))
    assert "Also worth knowing" not in texts_of(build_summary(nothing_else))


def test_a_departure_from_the_plan_needs_a_person_and_is_no_mere_note() -> None:
    departure = "o: the data do not record deaths: who died has what was answered, although the study says 'fail'"
    run = make_run()
    given = replace(run, facts=run.facts.model_copy(update={"notes": (departure, "later: 4 values were kept")}))
    blocks = [block for block in build_summary(given) if isinstance(block, Text)]
    (warning,) = (block.text for block in blocks if block.kind == "warning")
    assert warning == (
        "This departs from the study plan. Improved at 12 months: the data do not record deaths: who died has what was "
        "answered, although the study says 'fail'."
    )
    assert not any(block.text.startswith("Nothing") for block in blocks)
    assert [block.text for block in blocks if block.kind == "bullet"] == ["Later: 4 values were kept."]
    assert list(list_departures(given)) == [warning.removeprefix("This departs from the study plan. ")]


def test_shortfall_of_an_outcome_that_was_not_run_stays_a_note() -> None:
    note = "p: validating on later asks for 100 events and 100 non-events at least, there are too few to say more"
    run = make_run(sample_size=[make_shortfall(outcome="p", text="100 events and 100 non-events")])
    given = replace(run, facts=run.facts.model_copy(update={"notes": (note,)}))
    assert texts_of(build_summary(given))[-1].startswith("P: validating on later asks for 100 events")


def test_summary_repeats_the_verdict_and_reads_no_interval_itself() -> None:
    words = texts_of(build_summary(make_run()))
    assert f"Verdict. {TEXT}" in words
    assert "does machine learning (the best learner of each training part) predict better than" in words[0]
    assert not any("Verdict." in text for text in texts_of(build_summary(make_run(verdicts=[]))))


def test_power_is_told_once_and_with_its_reservations() -> None:
    power = "A study like this one would have called a true gain of 0.0033 better in about 80 % of runs."
    verdict = make_verdict(text=f"{TEXT} {power}", detectable_gain=0.0033)
    run = make_run(verdicts=[verdict])
    assert f"Verdict. {TEXT}" in texts_of(build_summary(run))
    own = texts_of(build_verdict(run))
    assert TEXT in own
    assert not any("A study like this one" in text for text in (*own, *texts_of(build_summary(run))))
    assert sum("rest on a heuristic standard error" in text for text in own) == 1


def test_arm_is_listed_among_the_models_with_its_role_in_words() -> None:
    table = table_of(build_models(make_run()), "models")
    assert row_of(table, "Machine learning")["Role"][0] == "rival, one of the candidates in each fold"
