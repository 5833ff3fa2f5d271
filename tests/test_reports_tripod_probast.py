"""PROBAST+AI: what stands behind an answer, of every question, and never an answer."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest
from test_reports_report import HIDDEN
from test_reports_tripod import change, change_study, evaluation, inside, run

from reports.blocks import Table, Text
from reports.run_folder import RunFolder
from reports.tables import format_count
from reports.tripod.probast import build_probast_blocks

__all__ = ["evaluation", "inside", "run"]

SHARED = ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "3.4"]


def tables_of(run: RunFolder) -> dict[str, Table]:
    return {block.name: block for block in build_probast_blocks(run) if isinstance(block, Table)}


def words_of(run: RunFolder) -> str:
    texts = [block.text for block in build_probast_blocks(run) if isinstance(block, Text)]
    cells = [
        f"{cell.text} {cell.detail}".strip() for table in tables_of(run).values() for row in table.rows for cell in row
    ]
    return " ".join((*texts, *cells))


def evidence(run: RunFolder, part: str, name: str) -> str:
    return next(row[2].text for row in tables_of(run)[f"probast-{part}"].rows if row[0].text == name)


def test_all_questions_stand_in_both_parts(run: RunFolder) -> None:
    tables = tables_of(run)
    assert [row[0].text for row in tables["probast-development"].rows] == [*SHARED, *(f"4.{k}" for k in range(1, 6))]
    assert [row[0].text for row in tables["probast-evaluation"].rows] == [*SHARED, *(f"4.{k}" for k in range(1, 8))]
    assert all(cell.text for table in tables.values() for row in table.rows for cell in row)


def test_no_question_is_answered(run: RunFolder, inside: RunFolder, evaluation: RunFolder) -> None:
    for one in (run, inside, evaluation):
        words = words_of(one).replace(" Nothing here says that a risk of bias is low or high.", "")
        assert not re.search(r"\b(low|high|unclear) (risk|concern)|\b(probably )?(yes|no)\b[.,]", words, re.IGNORECASE)
        assert str(int(HIDDEN)) not in words.replace("\u202f", "")
        assert not re.search(r"\.\.|  |\bNone\b|\bnan\b", words)


def test_an_internal_evaluation_has_a_row_for_each_question(inside: RunFolder) -> None:
    tables = tables_of(inside)
    rows = tables["probast-evaluation"].rows
    assert [row[0].text for row in rows] == [*SHARED, *(f"4.{k}" for k in range(1, 8))]
    assert rows[: len(SHARED)] == tables["probast-development"].rows[: len(SHARED)]
    assert f"{format_count(1812)} of {format_count(2000)}" in evidence(inside, "evaluation", "1.3")
    assert "its patients are those of the development" in words_of(inside)


def test_outside_data_are_not_called_internal(run: RunFolder, evaluation: RunFolder) -> None:
    for one in (run, evaluation):
        assert "its patients are those of the development" not in words_of(one)


def test_models_developed_elsewhere_have_no_development(evaluation: RunFolder) -> None:
    assert list(tables_of(evaluation)) == ["probast-evaluation"]
    assert "developed elsewhere (\u201cThe first study\u201d)" in words_of(evaluation)
    assert "no resampling: the models were not developed here" in evidence(evaluation, "evaluation", "4.6")
    assert "had learned, never with their outcomes" in evidence(evaluation, "evaluation", "4.3")


def test_evidence_is_that_of_the_data_in_question(run: RunFolder) -> None:
    development, outside = (evidence(run, part, "1.3") for part in ("development", "evaluation"))
    assert f"{format_count(1812)} of {format_count(2000)} in the development data" in development
    assert "north_2023" not in development
    assert f"{format_count(598)} of {format_count(700)} in the data for temporal validation (north_2023)" in outside
    assert "the development data" not in outside
    assert "1 note" in evidence(run, "development", "2.1")
    assert "note" not in evidence(run, "evaluation", "2.1")


def test_evidence_follows_the_plan(run: RunFolder) -> None:
    assert "5 outer folds and 5 inner folds" in evidence(run, "development", "4.5")
    repeated = change_study(run, repeats=5)
    assert "5 outer folds, repeated 5 times and 5 inner folds" in evidence(repeated, "evaluation", "4.6")
    assert "reoperation within 24 months at 0.05 and 0.10" in evidence(run, "evaluation", "4.7")
    bare = tuple(outcome.model_copy(update={"thresholds": ()}) for outcome in run.facts.outcomes)
    assert "No threshold was declared" in evidence(change(run, outcomes=bare), "evaluation", "4.7")
    assert "164 with the event" in evidence(run, "evaluation", "4.2")
    assert "Apparent performance is never shown alone" in evidence(run, "evaluation", "4.1")
    assert "811 days in the development data" in evidence(run, "development", "3.4")


@pytest.mark.parametrize(("met", "words"), [("False", "Below the criteria"), ("True", "are met")])
def test_criteria_of_sample_size_are_told(run: RunFolder, met: str, words: str) -> None:
    row = run.tables["sample_size"].reindex([0]).assign(
        outcome="reoperation_24m", dataset="development", purpose="development", text="x", met=met, status="ok"
    )  # fmt: skip
    one = replace(run, tables=run.tables | {"sample_size": row})
    assert words in evidence(one, "development", "4.1")
    assert "No criterion of sample size for validation was computed." in evidence(one, "evaluation", "4.2")


def test_shared_patients_are_told(run: RunFolder) -> None:
    warned = change(run, warnings=("patients of north_2023 are also among those of development: remove them",))
    assert "Patients of north_2023 are also among those" in evidence(warned, "evaluation", "4.5")


def test_long_lists_are_cut_and_say_where_the_rest_stands(run: RunFolder) -> None:
    flow = run.tables["flow"]
    base = run.facts.outcomes[0]
    outcomes = tuple(base.model_copy(update={"name": f"o{k}", "title": f"Outcome {k}"}) for k in range(9))
    rows = flow[flow["outcome"] == base.name]
    frames = [rows.assign(outcome=outcome.name) for outcome in outcomes]
    many = replace(change(run, outcomes=outcomes), tables=run.tables | {"flow": pd.concat(frames)})
    assert "5 more in share/flow.csv" in evidence(many, "development", "1.3")


def optimism_of(run: RunFolder, **values: object) -> RunFolder:
    """Return the run with one row of optimism for its first outcome."""
    row = run.tables["optimism"].reindex([0]).assign(
        outcome="reoperation_24m", model="spline_logistic", metric="c_statistic", apparent=0.7, status="ok", **values
    )  # fmt: skip
    return replace(run, tables=run.tables | {"optimism": row})


def test_optimism_is_claimed_only_where_models_were_developed_again(run: RunFolder) -> None:
    never = optimism_of(run, n_resamples=0.0, optimism=float("nan"))
    failed = optimism_of(run, n_resamples=50.0, optimism=float("nan"))
    made = optimism_of(run, n_resamples=50.0, optimism=0.02)
    assert "Optimism" not in evidence(never, "development", "4.5")
    assert "Optimism" not in evidence(failed, "development", "4.5")
    assert "Optimism was estimated by the bootstrap for 1 outcome." in evidence(made, "development", "4.5")


@pytest.mark.parametrize(("calibration", "told"), [("none", False), ("logistic", True)])
def test_recalibration_is_repeated_only_where_there_is_one(run: RunFolder, calibration: str, *, told: bool) -> None:
    one = change_study(run, calibration=calibration)
    for part, name in (("development", "4.5"), ("evaluation", "4.6")):
        assert ("recalibration were repeated" in evidence(one, part, name)) == told
        assert "were repeated in every training part as one chain" in evidence(one, part, name)


def label_of(run: RunFolder, part: str, name: str) -> str:
    return next(row[1].detail for row in tables_of(run)[f"probast-{part}"].rows if row[0].text == name)


def test_folds_of_data_without_patients_are_not_called_guarded(inside: RunFolder) -> None:
    assert label_of(inside, "evaluation", "4.5") == "guarded by the toolkit"
    assert "All operations of a patient stand in one fold." in evidence(inside, "evaluation", "4.5")
    nameless = change(inside, data=(inside.facts.data[0].model_copy(update={"patients_known": False}),))
    assert label_of(nameless, "evaluation", "4.5") == "the run warns"
    assert "two operations of one person may stand in different folds." in evidence(nameless, "evaluation", "4.5")


def test_what_is_recorded_is_a_warning_only_where_something_is_warned_of(run: RunFolder) -> None:
    clean = tuple(data.model_copy(update={"n_quarantined": 0}) for data in run.facts.data)
    assert label_of(run, "development", "2.1") == "the run warns"
    assert label_of(change(run, data=clean), "development", "2.1") == "recorded by the run"
    for name in ("1.3", "3.1", "3.2", "3.4", "4.1"):
        assert label_of(run, "development", name) == "recorded by the run"
    short = run.tables["sample_size"].reindex([0]).assign(
        outcome="reoperation_24m", dataset="development", purpose="development", text="x", met="False", status="ok"
    )  # fmt: skip
    assert label_of(replace(run, tables=run.tables | {"sample_size": short}), "development", "4.1") == "the run warns"
    told = change(run, warnings=("the predictor pain alone separates the outcome",))
    assert label_of(told, "development", "3.1") == "the run warns"
