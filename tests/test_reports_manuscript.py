"""The manuscript: every item in its place once, author places open, tables and figures once, the abstract's numbers."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from test_reports_manuscript_items import change, change_outcome, evaluation_of, many_of, only, score_of, without_rival
from test_reports_report import HIDDEN, OUTCOMES, REFERENCE, write_run

from reports.blocks import Figure, Report, Text
from reports.comparison import COMPARISON
from reports.run_folder import RunFolder, read_run_folder
from reports.sections.verdict import ADVICE, SAME
from reports.tripod.abstract import HEADINGS, MEANINGS, tell_2
from reports.tripod.answers import merge
from reports.tripod.exhibits import EXHIBITS
from reports.tripod.items import ITEMS
from reports.tripod.manuscript import LABELS, SECTIONS, TRIPOD, build_part, build_title

PARTS = ("introduction", "methods", "open-science", "patient-and-public-involvement", "results", "discussion")
ANSWERS = """
title = "Our own title"
authors = ["A. Author", "B. Author"]
[items.3a]
text = "Why we did it."
[items.9a]
add = "They were chosen from the literature."
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return read_run_folder(write_run(tmp_path_factory.mktemp("manuscript") / "run"))


@pytest.fixture(scope="module")
def report(run: RunFolder) -> Report:
    return TRIPOD.build(run)


@pytest.fixture(scope="module")
def evaluated(run: RunFolder) -> Report:
    return TRIPOD.build(evaluation_of(run))


def words_of(report: Report) -> str:
    """Return every text of a report: paragraphs, cells, captions, notes and descriptions."""
    parts = [text.text for text in report.texts()]
    for table in report.tables():
        parts += [table.caption, *table.columns, *table.notes]
        parts += [part for row in table.rows for cell in row for part in (cell.text, cell.detail)]
    return "\n".join([*parts, *(part for figure in report.figures() for part in (figure.caption, figure.description))])


def drawn_in(figure: Figure) -> str:
    return re.sub(r"<[^>]+>", " ", figure.svg)


def test_sections_stand_in_the_order_of_a_paper(report: Report) -> None:
    anchors = [text.anchor for text in report.texts() if text.kind == "section"]
    assert anchors == ["title-page", "abstract", *PARTS, "checklist", "probast", "provenance"] == list(SECTIONS)


@pytest.mark.parametrize("kind", ["report", "evaluated"])
def test_every_item_that_applies_stands_once(run: RunFolder, kind: str, request: pytest.FixtureRequest) -> None:
    built: Report = request.getfixturevalue(kind)
    told = merge(evaluation_of(run) if kind == "evaluated" else run)
    expected = [f"item-{one.name}" for one in told if one.status != "not_applicable"]
    found = [text.anchor for text in built.texts() if text.anchor.startswith("item-")]
    assert found == expected
    anchors = Counter(text.anchor for text in built.texts() if text.anchor)
    assert max(anchors.values()) == 1


def test_manuscript_and_checklist_say_the_same(run: RunFolder, report: Report) -> None:
    paragraphs = [text.text for text in report.texts() if text.kind == "paragraph"]
    for told in merge(run):
        if told.item.part not in ("Title", "Abstract"):
            for text in told.paragraphs:
                assert paragraphs.count(text) == 1, (told.name, text)


def test_what_only_the_author_can_say_stays_open(run: RunFolder, report: Report) -> None:
    places = [text.text for text in report.texts() if text.kind == "author"]
    for told in merge(run):
        if told.status == "author":
            assert places.count(told.item.question) == 1, told.name
        elif told.status == "drafted" and told.name != "2":
            assert any(text in places for text in (told.reason, told.item.question)), told.name
    assert {"Authors: their names as they shall be printed.", "Affiliations: of each author."} <= set(places)


def test_an_answer_closes_its_place_and_an_addition_follows_the_draft(run: RunFolder) -> None:
    answered = replace(run, answers_text=ANSWERS)
    blocks = [*build_title(answered), *build_part(answered, "Introduction"), *build_part(answered, "Methods")]
    texts = [block for block in blocks if isinstance(block, Text)]
    paragraphs = [text.text for text in texts if text.kind == "paragraph"]
    assert {"Our own title", "Why we did it.", "Authors: A. Author; B. Author."} <= set(paragraphs)
    at = paragraphs.index("They were chosen from the literature.")
    assert paragraphs[at - 1].startswith("The study plan named 7 candidate predictors")
    places = [text.text for text in texts if text.kind == "author"]
    assert ITEMS["3a"].question not in places
    assert not [text for text in places if text.startswith("Authors")]


def test_tables_and_figures_stand_once(report: Report, evaluated: Report) -> None:
    for built in (report, evaluated):
        names = Counter(block.name for block in (*built.tables(), *built.figures()))
        assert max(names.values()) == 1


def test_the_key_tables_and_figures_are_there(report: Report) -> None:
    names = {block.name for block in (*report.tables(), *report.figures())}
    assert {
        "candidate-predictors", "headline-measures", "flow-odi-improved-12m", "flow-reoperation-24m",
        "characteristics-odi-improved-12m-development", "performance-odi-improved-12m-internal-development",
        "performance-odi-improved-12m-temporal-north-2023", "tripod-checklist", "data", "provenance",
        "manuscript-calibration-odi-improved-12m-internal-development",
        "manuscript-decision-reoperation-24m-temporal-north-2023", "verdict-forest-odi-improved-12m",
        "groups-odi-improved-12m-internal-development",
    } <= names  # fmt: skip
    assert "manuscript-decision-odi-improved-12m-internal-development" not in names
    assert set(EXHIBITS) <= set(ITEMS)
    assert set(LABELS) <= set(ITEMS)


@pytest.mark.slow
def test_figures_that_share_a_name_with_another_document_are_the_same(run: RunFolder, report: Report) -> None:
    elsewhere = {figure.name: figure.svg for figure in COMPARISON.build(run).figures()}
    shared = [figure for figure in report.figures() if figure.name in elsewhere]
    assert len(shared) >= 4
    for figure in shared:
        assert figure.svg == elsewhere[figure.name], figure.name


def test_curves_show_the_reference_and_its_rival_alone(report: Report) -> None:
    figure = next(one for one in report.figures() if one.name.startswith("manuscript-calibration-odi"))
    assert "XGBoost" in drawn_in(figure)
    assert "Random forest" not in drawn_in(figure)
    assert "XGBoost 0.97" in figure.description


@pytest.mark.parametrize("kind", ["report", "evaluated"])
def test_nothing_hidden_is_shown(kind: str, request: pytest.FixtureRequest) -> None:
    built: Report = request.getfixturevalue(kind)
    text = words_of(built).replace("\u202f", "").replace(",", "")
    assert str(int(HIDDEN)) not in text
    assert not [figure.name for figure in built.figures() if str(int(HIDDEN)) in drawn_in(figure)]
    assert "suppressed" in text


def test_nobody_is_told_of_paths_or_dates(report: Report) -> None:
    text = words_of(report)
    assert not re.search(r"/tmp|/home|\b20\d\d-\d\d-\d\d\b", text)
    assert "nan" not in re.findall(r"\b\w+\b", text)


@pytest.mark.slow
def test_the_same_run_gives_the_same_document(run: RunFolder, report: Report) -> None:
    assert TRIPOD.build(run) == report


def test_an_evaluation_shows_no_model_and_no_verdict(evaluated: Report) -> None:
    names = {block.name for block in (*evaluated.tables(), *evaluated.figures())}
    assert not [name for name in names if name.startswith(("coefficients", "verdict", "bundles-x"))]
    assert "Verdict" not in words_of(evaluated)
    text = words_of(evaluated)
    assert "the models were developed in the study \u201cThe first study\u201d" in text
    assert "item-12c" not in {one.anchor for one in evaluated.texts()}
    assert "item-12f" in {one.anchor for one in evaluated.texts()}


def abstract_of(run: RunFolder) -> dict[str, str]:
    """Return the paragraphs of the abstract by their headings."""
    parts = [text.split(": ", 1) for text in tell_2(run).paragraphs]
    found = [part[0] for part in parts]
    assert found == [name for name in HEADINGS if name in found]
    return {part[0]: part[1] for part in parts}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_abstract_has_the_numbers_of_the_tables(run: RunFolder, outcome: str) -> None:
    told = abstract_of(only(run, outcome))
    rows = run.tables["evaluation"]
    for dataset in ("development", "north_2023"):
        own = rows[
            (rows["outcome"] == outcome) & (rows["model"] == REFERENCE) & (rows["dataset"] == dataset)
            & (rows["metric"] == "c_statistic") & (rows["subgroup"] == "overall")
        ].iloc[0]  # fmt: skip
        n, events = (f"{own[name]:,.0f}".replace(",", "\u202f") for name in ("n", "events"))
        told_c = f"{own['estimate']:.3f} (95 % CI {own['lower']:.3f} to {own['upper']:.3f})"
        assert (
            f"({n} operations, {events} with the event), the reference had a c-statistic of {told_c}" in told["Results"]
        )
    assert "Verdict on XGBoost: undecided (gain in log loss over the outer folds 0.0019" in told["Results"]
    assert told["Predictors"].startswith("Age, BMI, ODI at baseline, symptom duration, sex, smoking and diabetes")


@pytest.mark.parametrize("verdict", [*ADVICE, *SAME, "not assessable"])
def test_every_verdict_has_its_conclusion(run: RunFolder, verdict: str) -> None:
    frame = run.tables["verdicts"].copy()
    frame.loc[frame["role"] == "primary", "verdict"] = verdict
    told = abstract_of(change(only(run, "odi_improved_12m"), tables={"verdicts": frame}))
    conclusion = told["Conclusions"]
    assert verdict in MEANINGS
    assert "XGBoost" in conclusion
    assert "Logistic regression, splines" in conclusion
    assert not re.search(r"unfortunately|failed|only\b|despite|however", conclusion, re.IGNORECASE)


def test_no_worthwhile_gain_reads_as_an_answer(run: RunFolder) -> None:
    frame = run.tables["verdicts"].copy()
    frame.loc[frame["role"] == "primary", "verdict"] = "no worthwhile gain"
    told = abstract_of(change(run, tables={"verdicts": frame}))
    assert told["Conclusions"].count("XGBoost brought no gain") == 1
    assert "improvement of disability at 12 months and reoperation within 24 months" in told["Conclusions"]
    assert "the simpler model serves" in told["Conclusions"]


def test_abstracts_of_other_studies(run: RunFolder) -> None:
    assert "rival" not in " ".join(abstract_of(without_rival(run)).values())
    evaluation = abstract_of(evaluation_of(run))
    assert "Conclusions" not in evaluation
    assert "applied unchanged" in evaluation["Methods"]
    assert "to evaluate" in evaluation["Objective"].casefold()
    score = abstract_of(score_of(run))
    assert "the reference had a mean absolute error of 11.33" in score["Results"]
    many = change_outcome(many_of(run), "derived", from_score=None)
    six = change(many, outcomes=tuple(one.model_copy(update={"title": f"Outcome {k}", "status": "run"})
                                      for k, one in enumerate([*many.facts.outcomes] * 2)))  # fmt: skip
    assert "further outcomes" in abstract_of(six)["Results"]


@pytest.mark.slow
def test_a_long_study_shows_the_first_outcomes_at_length(run: RunFolder) -> None:
    names = ["odi_improved_12m", "reoperation_24m", "third"]
    third = run.facts.outcomes[0].model_copy(update={"name": "third", "title": "A third outcome"})
    tables = {
        name: pd.concat([frame, frame[frame["outcome"] == names[0]].assign(outcome="third")])
        for name, frame in run.tables.items()
        if "outcome" in frame
    }
    built = TRIPOD.build(change(run, outcomes=(*run.facts.outcomes[:2], third), tables=tables))
    found = {block.name for block in (*built.tables(), *built.figures())}
    assert "performance-third-internal-development" in found
    assert not {name for name in found if "third" in name and not name.startswith("performance")}
    assert "The study has many outcomes" in words_of(built)


def test_the_checklist_stands_beside_the_manuscript(tmp_path: Path) -> None:
    run = read_run_folder(write_run(tmp_path / "run"))
    files = TRIPOD.list_further(run)
    assert set(files) == {"tripod.csv", "checklist.docx"}
    assert files["tripod.csv"].count(b"\n") > 52


def test_the_abstract_tells_the_rival_and_net_benefit(run: RunFolder) -> None:
    told = abstract_of(only(run, "reoperation_24m"))["Results"]
    assert "XGBoost had a c-statistic of " in told
    assert re.search(r"Net benefit was \S+ \(95 % CI [^)]+\) for [Ll]ogistic regression[a-z, ]* and ", told)
    assert " for XGBoost at the threshold 5 %; " in told
    assert " for XGBoost at the threshold 10 %" in told
    assert "Net benefit was" not in abstract_of(only(run, "odi_improved_12m"))["Results"]
    assert "Net benefit was" not in abstract_of(many_of(run))["Results"]


def test_many_predictors_entered_the_models(run: RunFolder) -> None:
    study = run.facts.study.model_copy(update={"predictors": tuple(f"p{k}" for k in range(40))})
    text = abstract_of(change(run, study=study))["Predictors"]
    assert text == "40 predictors, listed in the methods, all of which entered the models."
