"""The 52 subitems of TRIPOD+AI: each is told once, and nothing of the author's is done by the toolkit."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_reports_report import HIDDEN, NUMBERS, OUTCOMES, write_run

from reports.blocks import Text
from reports.run_folder import RunFolder, read_run_folder
from reports.tables import format_count
from reports.tripod.answers import Told, merge
from reports.tripod.checklist import COLUMNS, build_checklist, render_csv, word_standing
from reports.tripod.discussion import IN_USE
from reports.tripod.front import draft_title
from reports.tripod.items import ITEMS
from schemas.study import Study

# the numbering, who applies and who fills, copied from the published list and the toolkit's specification
NAMES = (
    "1", "2", "3a", "3b", "3c", "4", "5a", "5b", "6a", "6b", "6c", "7", "8a", "8b", "8c", "9a", "9b", "9c", "10",
    "11", "12a", "12b", "12c", "12d", "12e", "12f", "12g", "13", "14", "15", "16", "17", "18a", "18b", "18c", "18d",
    "18e", "18f", "19", "20a", "20b", "20c", "21", "22", "23a", "23b", "24", "25", "26", "27a", "27b", "27c",
)  # fmt: skip
DEVELOPMENT_ONLY = {"9a", "12a", "12b", "12c", "15", "22", "27a", "27b"}
EVALUATION_ONLY = {"12f", "12g", "20c", "24"}
AUTHORS = {"3a", "3b", "3c", "8b", "8c", "9c", "17", "18a", "18b", "18c", "18d", "18e", "19", "25", "27b", "27c"}
FILLED = {"5b", "11", "12a", "12b", "12d", "12e", "12f", "12g", "13", "20a", "20b", "20c", "21", "23a", "23b", "24"}
FILLED_OR_DRAFTED = {"7", "10", "12c", "15", "16", "22"}
PARTS = (
    "Title", "Abstract", "Introduction", "Methods", "Open science", "Patient and public involvement", "Results",
    "Discussion",
)  # fmt: skip
DEVELOPED = {"title": "The first study", "study_sha256": "e" * 64, "data": [{"fingerprint": "f" * 64}]}
EVALUATION: dict[str, Any] = {
    "kind": "evaluation",
    "developed": DEVELOPED,
    "bundles": [{"outcome": "odi_improved_12m", "model": "spline_logistic", "sha256": "9" * 64}],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return read_run_folder(write_run(tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="module")
def inside(run: RunFolder) -> RunFolder:
    """A development without further data."""
    return change(run, data=run.facts.data[:1])


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = write_run(tmp_path_factory.mktemp("evaluation"), **EVALUATION)
    run = read_run_folder(folder)
    return change(run, data=tuple(data for data in run.facts.data if data.validation))


@pytest.fixture(scope="module", params=["run", "inside", "evaluation"])
def told(request: pytest.FixtureRequest) -> tuple[Told, ...]:
    """All that is told of each kind of run."""
    return merge(request.getfixturevalue(request.param))


def change(run: RunFolder, **facts: Any) -> RunFolder:
    return replace(run, facts=run.facts.model_copy(update=facts))


def change_study(run: RunFolder, **settings: Any) -> RunFolder:
    return change(run, study=run.facts.study.model_copy(update=settings))


def tell(run: RunFolder, text: str, name: str) -> Told:
    return merge(replace(run, answers_text=text), items=[ITEMS[name]])[0]


def test_the_items_are_the_52_in_order() -> None:
    assert list(ITEMS) == list(NAMES)
    assert all(item.name == name for name, item in ITEMS.items())
    assert list(dict.fromkeys(item.part for item in ITEMS.values())) == list(PARTS)


def test_who_fills_and_to_what_items_apply_follows_the_specification() -> None:
    by_fill = {fill: {i.name for i in ITEMS.values() if i.fill == fill} for fill in ("A", "AP", "P", "M")}
    assert by_fill["M"] == AUTHORS
    assert by_fill["A"] == FILLED
    assert by_fill["AP"] == FILLED_OR_DRAFTED
    assert [len(names) for names in by_fill.values()] == [16, 6, 14, 16]
    assert {i.name for i in ITEMS.values() if i.applies == "D"} == DEVELOPMENT_ONLY
    assert {i.name for i in ITEMS.values() if i.applies == "E"} == EVALUATION_ONLY


def test_only_items_of_the_author_are_not_told_by_the_run() -> None:
    assert {item.name for item in ITEMS.values() if item.tell is None} == AUTHORS
    assert all(item.tell.__name__ == f"tell_{item.name}" for item in ITEMS.values() if item.tell)


@pytest.mark.parametrize("item", ITEMS.values(), ids=list(ITEMS))
def test_topics_and_questions_are_sentences_of_their_own(item: Any) -> None:
    assert item.topic[0].isupper()
    assert not item.topic.endswith(".")
    assert item.heading
    assert bool(item.question) or item.fill == "A"
    if item.question:
        assert item.question[0].isupper()
        assert item.question.endswith(("?", "."))


def test_each_subitem_is_told_once_with_a_status(told: tuple[Told, ...]) -> None:
    assert [one.name for one in told] == list(NAMES)
    assert {one.status for one in told} <= {"filled", "drafted", "author", "not_applicable"}
    for one in told:
        assert bool(one.where) == (one.status != "not_applicable")
        assert one.artefact or one.status == "author"
        assert bool(one.paragraphs) == (one.status in ("filled", "drafted")) or one.status == "drafted"
        assert one.reason or one.status != "not_applicable"


def test_nothing_of_the_author_is_done_by_the_toolkit(told: tuple[Told, ...]) -> None:
    for one in told:
        if one.name in AUTHORS:
            assert one.status in ("author", "not_applicable")
            assert not one.paragraphs
            assert not one.blocks
        assert one.status != "answered"
        if one.item.fill == "P":
            assert one.status != "filled"


def test_texts_are_sentences(told: tuple[Told, ...]) -> None:
    for one in told:
        for text in (*one.paragraphs, one.reason):
            assert not text or text.endswith((".", "?")), (one.name, text)
            assert not re.search(r"\.\.|  |(?<=[a-z:] )None\b|\bnan\b|\(\)| ,| \.", text), (one.name, text)


def test_what_is_hidden_in_the_tables_is_never_told(told: tuple[Told, ...]) -> None:
    texts = [text for one in told for text in (*one.paragraphs, one.reason)]
    assert str(int(HIDDEN)) not in " ".join(texts).replace("\u202f", "").replace(",", "")


def test_the_hidden_is_neither_in_the_checklist_nor_in_the_csv(run: RunFolder) -> None:
    cells = [cell.text + cell.detail for table in build_checklist(run).tables() for row in table.rows for cell in row]
    found = " ".join((*cells, render_csv(run).decode()))
    assert str(int(HIDDEN)) not in found.replace("\u202f", "").replace(",", "")


def test_an_inside_development_answers_nothing_of_an_evaluation(inside: RunFolder) -> None:
    told = {one.name: one for one in merge(inside)}
    for name in (*EVALUATION_ONLY, "16"):
        assert told[name].status == "not_applicable"
        assert told[name].where == ""
    assert told["20c"].reason == "There are no data beside those of the development on which the models were evaluated."
    assert told["24"].reason == "No model was updated: what was evaluated is what was developed here."
    assert {name for name, one in told.items() if one.status == "not_applicable"} == {*EVALUATION_ONLY, "16"}


def test_further_data_make_a_development_an_evaluation_too(run: RunFolder) -> None:
    told = {one.name: one.status for one in merge(run)}
    assert {told[name] for name in ("12g", "16", "20c")} <= {"filled", "drafted"}
    assert told["12f"] == told["24"] == "not_applicable"


def test_an_evaluation_names_where_the_models_were_developed(evaluation: RunFolder) -> None:
    told = {one.name: one for one in merge(evaluation)}
    closed = {name for name, one in told.items() if one.status == "not_applicable"}
    assert closed >= DEVELOPMENT_ONLY
    for name in DEVELOPMENT_ONLY:
        assert "\u201cThe first study\u201d" in told[name].reason
        assert "e" * 64 in told[name].reason
    assert told["12g"].status in ("filled", "drafted")


def test_the_drafted_title_names_design_outcomes_and_population(run: RunFolder, evaluation: RunFolder) -> None:
    assert draft_title(run) == (
        "Development with internal and temporal validation of multivariable models predicting improvement of "
        "disability at 12 months and reoperation within 24 months: Lumbar"
    )
    assert draft_title(evaluation).startswith("Temporal validation of multivariable models predicting")
    renamed = tuple(o.model_copy(update={"title": "ODI reached", "horizon": "6 months"}) for o in run.facts.outcomes)
    assert "predicting ODI reached (6 months) and" in draft_title(change(run, outcomes=renamed))
    many = tuple(o.model_copy(update={"status": "run"}) for o in (*run.facts.outcomes, run.facts.outcomes[0]))
    assert "predicting 4 outcomes: Lumbar" in draft_title(change(run, outcomes=many))
    assert "predicting no outcome: Lumbar" in draft_title(change(run, outcomes=()))


def test_objectives_say_what_the_plan_says(run: RunFolder, inside: RunFolder, evaluation: RunFolder) -> None:
    texts = {name: " ".join(tell(one, "", "4").paragraphs) for name, one in
             {"run": run, "inside": inside, "evaluation": evaluation}.items()}  # fmt: skip
    assert "from 7 predictors known before the operation" in texts["run"]
    assert "to evaluate the fixed models on the data for temporal validation (north_2023)" in texts["run"]
    assert "whether XGBoost predicts better than the reference" in texts["run"]
    assert "by more than a margin of 0.5 % in log loss" in texts["run"]
    assert "evaluate" not in texts["inside"]
    assert "applied unchanged" in texts["evaluation"]
    assert "to develop" not in texts["evaluation"]
    without = replace(run, tables=run.tables | {"verdicts": run.tables["verdicts"].iloc[:0]})
    assert len(tell(without, "", "4").paragraphs) == 1


def test_code_is_told_by_version_hash_and_seed(run: RunFolder) -> None:
    told = tell(run, "", "18f")
    text = " ".join(told.paragraphs)
    for words in ("spinerisk, version 0.1.0", "c" * 64, "a" * 64, "b" * 64, "seed 20240517", "numpy 2.4.0"):
        assert words in text
    bare = change(run, code_sha256=None, versions={}, platform="")
    assert "SHA-256 c" not in " ".join(tell(bare, "", "18f").paragraphs)


def test_the_protocol_stays_the_authors_though_the_plan_has_a_hash(run: RunFolder) -> None:
    told = tell(run, "", "18c")
    assert told.status == "author"
    assert not told.paragraphs
    assert "a" * 64 in told.reason
    assert "not that it was written before the results" in told.reason


def test_limitations_hold_what_the_run_warns_of(run: RunFolder, inside: RunFolder) -> None:
    text = " ".join(tell(run, "", "26").paragraphs)
    assert "Data were simulated" in text
    assert "The run warned: 10 of 2000 rows of development were quarantined." in text
    assert "Planned, but not analysed: death within 30 days (fewer events than folds)." in text
    assert f"reoperation within 24 months (164 events among {format_count(1930)})" in text
    assert "improvement of disability at 12 months (1" not in text.partition("Fewer than 200")[2].partition(".")[0]
    assert f"178 of {format_count(1990)} operations in the development data" in text
    assert f"4 of 7 predictors had missing values, most of all age (years) (41 of {format_count(1930)} values)" in text
    assert "How far predictions would move with another sample was not examined." in text
    assert "no outside data" not in text
    assert "There were no outside data" in " ".join(tell(inside, "", "26").paragraphs)


def test_limitations_name_what_else_the_tables_warn_of(run: RunFolder) -> None:
    size = run.tables["sample_size"]
    outcome = "reoperation_24m"
    short = size.reindex([0]).assign(
        outcome=outcome, dataset="development", purpose="development", criterion="shrinkage", text="little shrinkage",
        needed=4000.0, actual=1930.0, met="False", status="ok",
    )  # fmt: skip
    stable = run.tables["stability"].reindex([0]).assign(
        outcome=outcome, model="spline_logistic", metric="mean_width", estimate=0.1234, n_resamples=200.0, n=1930.0,
        status="ok",
    )  # fmt: skip
    gap = run.tables["gaps"].reindex([0]).assign(
        outcome=outcome, model="spline_logistic", subgroup="smoking", level="current", status="ok",
        metric="calibration_in_the_large", conclusion="not assessable",
    )  # fmt: skip
    verdicts = run.tables["verdicts"].assign(verdict="budget-limited")
    tables = run.tables | {"sample_size": short, "stability": stable, "gaps": gap, "verdicts": verdicts}
    text = " ".join(tell(replace(run, tables=tables), "", "26").paragraphs)
    asked = f"reoperation within 24 months ({format_count(1930)} where {format_count(4000)} are asked for)"
    assert f"in the development data, {asked}. Estimates are imprecise and predicted risks unstable" in text
    assert "0.123 for reoperation within 24 months" in text
    assert "too few patients to assess calibration in these groups: smoking (current)." in text
    assert "The search of the rival was too small for a verdict against it: improvement" in text
    assert "No groups were declared" in " ".join(tell(change_study(run, subgroups=()), "", "26").paragraphs)


def test_hidden_counts_of_events_are_said_to_be_hidden(run: RunFolder) -> None:
    outcomes = tuple(outcome.model_copy(update={"events": None}) for outcome in run.facts.outcomes)
    text = " ".join(tell(change(run, outcomes=outcomes), "", "26").paragraphs)
    assert "a count is suppressed, as fewer than 5 could be found from it" in text


def test_every_way_with_missing_predictors_has_its_words(run: RunFolder) -> None:
    ways = Study.model_fields["missing"].annotation.__args__
    assert set(IN_USE) == set(ways)
    for way in ways:
        text = " ".join(tell(change_study(run, missing=way), "", "27a").paragraphs)
        assert "outside the range that was seen in the development" in text
        assert "no prediction is given" in text


def test_the_standing_counts_and_claims_nothing(run: RunFolder) -> None:
    told = merge(run)
    words = word_standing(told)
    counts = Counter(one.status for one in told)
    assert words.startswith(f"Of 52 subitems: {counts['filled']} filled, {counts['drafted']} drafted, 16 author")
    assert "16 author needed, 0 answered and" in words
    assert words.endswith("nothing is claimed of the report as a whole.")


def test_a_complete_checklist_claims_no_low_risk_of_bias(run: RunFolder) -> None:
    lines = [f'[items.{told.name}]\n{"text" if told.item.tell is None else "add"} = "Done."'
             for told in merge(run) if told.is_open]  # fmt: skip
    told = merge(replace(run, answers_text="\n".join(lines)))
    assert not any(one.is_open for one in told)
    words = word_standing(told)
    assert "None is open." in words
    assert words.endswith("not that the study is at low risk of bias.")


def test_the_checklist_shows_each_item_and_what_is_left(run: RunFolder) -> None:
    report = build_checklist(run)
    assert report.banner.startswith("Synthetic data")
    (table,) = report.tables()
    rows = {row[0].text: row for row in table.rows if row[0].style != "group"}
    assert list(rows) == list(NAMES)
    assert [row[0].text for row in table.rows if row[0].style == "group"] == list(PARTS)
    assert rows["17"][2].text == "author needed"
    assert rows["17"][4].text == ITEMS["17"].question
    assert rows["12c"][3].text == "Methods: Models"
    assert rows["13"][3].detail == tell(run, "", "13").artefact
    assert rows["19"][3].text == "Patient and public involvement"
    assert rows["24"][2].text == "not applicable"
    assert rows["24"][3].text == "\u2013"
    texts = [block.text for block in report.blocks if isinstance(block, Text)]
    assert any(text == word_standing(merge(run)) for text in texts)


def test_the_csv_has_one_row_per_subitem_and_the_same_bytes(run: RunFolder) -> None:
    content = render_csv(run)
    assert content == render_csv(run)
    assert b"\r" not in content
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert COLUMNS[0] == "item"
    assert [row["item"] for row in rows] == list(NAMES)
    told = {one.name: one for one in merge(run)}
    for row in rows:
        one = told[row["item"]]
        assert (row["status"], row["where"], row["artefact"], row["reason"]) == (
            one.status, one.where, one.artefact, one.reason
        )  # fmt: skip
        assert row["text"].split("\n\n") == (list(one.paragraphs) or [""])
        assert bool(row["author_question"]) == (one.is_open and bool(one.item.question))


def test_automatic_items_say_what_the_tables_say(run: RunFolder) -> None:
    text = {one.name: " ".join(one.paragraphs) for one in merge(run)}
    flow = run.tables["flow"]
    for outcome in OUTCOMES:
        steps = flow[(flow["outcome"] == outcome) & (flow["dataset"] == "development")]
        last = steps[steps["reason"] == "analysed"].iloc[0]
        for name in ("20a", "21"):
            assert format_count(last["remaining"]) in text[name], name
            assert format_count(last["events"]) in text[name], name
    study = run.facts.study
    assert f"{study.outer_folds} outer" in text["12a"]
    assert f"{study.inner_folds} inner" in text["12a"]
    for name in NUMBERS:
        assert run.predictor_title(name).lower() in text["9a"].lower()
    assert "0.712" in text["23a"]


def test_a_run_folder_keeps_the_answers_it_holds(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    (folder / "tripod.toml").write_text('[items.17]\ntext = "Approved."\n', encoding="utf-8")
    told = {one.name: one for one in merge(read_run_folder(folder))}
    assert told["17"].status == "answered"
    assert told["17"].paragraphs == ("Approved.",)
