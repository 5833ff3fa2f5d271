"""The comparison report as a whole: what comes first, nothing empty, nothing recommended without an action."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from test_reports_report import OUTCOMES, REFERENCE, write_run
from test_reports_texts_in_figures import make_refits

from reports.blocks import Block, Figure, Report, Table, Text
from reports.comparison import COMPARISON
from reports.run_folder import RunFolder, read_run_folder
from reports.sections.curves import AMONG_OPERATED, build_calibration, build_decisions
from reports.sections.methods import build_tuning
from reports.sections.subgroup_pointer import NONE, build_subgroup_pointer

SCORE = "odi_improved_12m"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return read_run_folder(write_run(tmp_path_factory.mktemp("comparison")))


@pytest.fixture(scope="module")
def report(run: RunFolder) -> Report:
    return COMPARISON.build(run)


def with_study(run: RunFolder, **changes: Any) -> RunFolder:
    study = run.facts.study.model_copy(update=changes)
    return replace(run, facts=run.facts.model_copy(update={"study": study}))


def without_rival(run: RunFolder) -> RunFolder:
    kept = {
        name: frame[frame["model"] == REFERENCE] if "model" in frame else frame for name, frame in run.tables.items()
    }
    models = tuple(model for model in run.facts.models if model.name == REFERENCE)
    return replace(run, facts=run.facts.model_copy(update={"models": models}), tables=kept)


def without_subgroups(run: RunFolder) -> RunFolder:
    evaluation = run.tables["evaluation"]
    whole = evaluation[evaluation["subgroup"] == "overall"]
    return replace(with_study(run, subgroups=()), tables=run.tables | {"evaluation": whole})


def with_a_score(run: RunFolder) -> RunFolder:
    """Return the run with its first outcome as a score: it has no curves of risk and no events."""
    outcomes = tuple(
        one.model_copy(update={"kind": "score", "events": None} if one.name == SCORE else {})
        for one in run.facts.outcomes
    )
    tables = {
        name: frame[frame["outcome"] != SCORE] if name in ("calibration", "risk_distribution", "decision") else frame
        for name, frame in run.tables.items()
    }
    renamed = {"c_statistic": "r_squared", "log_loss": "mae", "brier_score": "rmse", "calibration_slope": "score_slope"}
    evaluation = tables["evaluation"]
    own = evaluation["outcome"] == SCORE
    metric = evaluation["metric"].where(~own, evaluation["metric"].replace(renamed))
    tables["evaluation"] = evaluation.assign(metric=metric, events=evaluation["events"].mask(own))
    return replace(run, facts=run.facts.model_copy(update={"outcomes": outcomes}), tables=tables)


def with_all_skipped(run: RunFolder) -> RunFolder:
    outcomes = tuple(
        one.model_copy(update={"status": "skipped", "reason": "too few events"}) for one in run.facts.outcomes
    )
    empty = {name: frame.iloc[:0] for name, frame in run.tables.items()}
    return replace(run, facts=run.facts.model_copy(update={"outcomes": outcomes}), tables=empty)


CASES: dict[str, Callable[[RunFolder], RunFolder]] = {
    "as it is": lambda run: run,
    "without a rival": without_rival,
    "without subgroups": without_subgroups,
    "with refits": lambda run: replace(run, tables=run.tables | make_refits(run)),
    "with a score": with_a_score,
    "with all outcomes skipped": with_all_skipped,
}
"""The fabricated run has no sites left out, and one skipped outcome, in every case."""


def find_empty(report: Report) -> list[str]:
    """Return the headings beneath which nothing stands before the next heading of their level or above."""
    levels = {"section": 2, "subsection": 3, "heading": 4}
    found: list[str] = []
    waiting: list[tuple[int, str]] = []
    for block in [*report.blocks, Text(text="end", kind="section")]:
        level = levels.get(block.kind, 0) if isinstance(block, Text) else 0
        if level and isinstance(block, Text):
            found += [title for depth, title in waiting if depth >= level]
            waiting = [(depth, title) for depth, title in waiting if depth < level]
            waiting.append((level, block.text))
        else:
            waiting = []
    return found


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_no_heading_stands_over_nothing_and_no_table_is_empty(run: RunFolder, case: str) -> None:
    made = COMPARISON.build(CASES[case](run))
    assert find_empty(made) == []
    assert [table.name for table in made.tables() if not table.rows] == []
    assert not [text for text in made.texts() if not text.text.strip()]
    said = "\n".join(text.text for text in made.texts())
    assert not re.search(r"\bnan\b|\bNone\b|\(\)|  |\.\.", said.replace(run.study_text, ""))


def test_the_check_itself_sees_an_empty_heading() -> None:
    blocks: list[Block] = [
        Text(text="a", kind="section"), Text(text="b", kind="subsection"), Text(text="c", kind="section"),
        Text(text="words"),
    ]  # fmt: skip
    assert find_empty(Report(title="t", blocks=tuple(blocks), provenance=())) == ["a", "b"]


def test_question_reference_margin_and_answers_come_first(report: Report) -> None:
    first = report.blocks[1:5]
    assert [type(block) for block in first] == [Text, Text, Table, Text]
    texts = [block.text for block in report.blocks[1:3] if isinstance(block, Text)]
    assert "better than the reference (Logistic regression, splines), by enough to be worth it?" in texts[0]
    assert "0.5 % of the reference's loss is worth having" in texts[1]
    assert isinstance(report.blocks[3], Table)
    assert [row[0].text for row in report.blocks[3].rows] == [
        "Improvement of disability at 12 months", "Reoperation within 24 months",
    ]  # fmt: skip
    sections = [text.anchor for text in report.texts() if text.kind == "section"]
    assert sections[:2] == ["summary", "verdict"]


@pytest.mark.slow
def test_no_word_praises_a_model_or_calls_an_association_an_effect(report: Report) -> None:
    words = [text.text for text in report.texts() if text.kind != "code"]
    words += [part for figure in report.figures() for part in (figure.caption, figure.description)]
    words += [part for table in report.tables() for part in (table.caption, *table.columns, *table.notes)]
    said = "\n".join(words)
    assert not re.search(r"\b(excellent|superior|outperform\w*|significant\w*|accuracy|F1|best model)\b", said.replace(
        "not by significance", ""))  # fmt: skip
    assert "section 18" not in said


def test_every_figure_says_its_main_numbers(report: Report) -> None:
    poor = [figure.name for figure in report.figures() if len(re.findall(r"\d+(?:\.\d+)?", figure.description)) < 3]
    assert poor == []


def test_all_models_stand_in_one_panel_before_each_has_its_own(run: RunFolder) -> None:
    names = [block.name for block in build_calibration(run) if isinstance(block, Figure)]
    assert names[:2] == [
        "calibration-overlaid-odi-improved-12m-internal-development",
        "calibration-odi-improved-12m-internal-development",
    ]  # fmt: skip
    overlaid = next(block for block in build_calibration(run) if isinstance(block, Figure))
    assert (
        "Elastic net: slope 0.97 (95 % CI 0.88 to 1.06), observed 0.19 where 0.15 is predicted" in overlaid.description
    )


def test_what_is_derived_from_a_score_has_the_one_panel_only(run: RunFolder) -> None:
    outcomes = tuple(one.model_copy(update={"from_score": "other"}) for one in run.facts.outcomes)
    derived = replace(run, facts=run.facts.model_copy(update={"outcomes": outcomes}))
    names = [block.name for block in build_calibration(derived) if isinstance(block, Figure)]
    assert names
    assert all(name.startswith("calibration-overlaid") for name in names)


def test_without_an_action_no_curve_is_drawn_and_nothing_recommended(run: RunFolder) -> None:
    said = [block.text for block in build_decisions(run) if isinstance(block, Text)]
    assert said[-1].startswith("No action is declared for: Improvement of disability at 12 months. Without an action")
    assert sum(AMONG_OPERATED in text for text in said) == 1
    outcomes = tuple(one.model_copy(update={"thresholds": (), "action": None}) for one in run.facts.outcomes)
    (only,) = build_decisions(replace(run, facts=run.facts.model_copy(update={"outcomes": outcomes})))
    assert isinstance(only, Text)
    assert "nothing is recommended" in only.text


def test_decision_curves_end_inside_0_and_1(run: RunFolder) -> None:
    decision = run.tables["decision"]
    ends = decision.groupby(["outcome", "dataset", "validation", "model"], as_index=False).first()
    beyond = pd.concat([decision, *(ends.assign(threshold_probability=t, net_benefit=9.0) for t in (0.0, 1.0))])
    drawn, before = (
        [
            block
            for block in build_decisions(replace(run, tables=run.tables | {"decision": frame}))
            if isinstance(block, Figure)
        ]
        for frame in (beyond, decision)
    )
    assert [figure.svg for figure in drawn] == [figure.svg for figure in before]
    assert "from 0.01 to 0.20" in drawn[0].description


def test_settings_are_printed_as_a_range_and_those_of_every_fold_are_closed(run: RunFolder) -> None:
    tables = [block for block in build_tuning(run) if isinstance(block, Table)]
    assert [(table.name.split("-odi")[0], table.folded) for table in tables[:2]] == [
        ("tuning-chosen", False), ("tuning", True),
    ]  # fmt: skip
    frame = run.tables["tuning"]
    own = frame[(frame["outcome"] == SCORE) & (frame["model"] == "elastic_net") & (frame["parameter"] == "penalty")]
    folds = own.loc[own["fold"] >= 0, "value"]
    row = next(row for row in tables[0].rows[4:] if row[0].text == "penalty")
    assert row[1].text == f"{folds.min():.3g} to {folds.max():.3g}"


def test_gaps_of_the_reference_are_counted_by_conclusion(run: RunFolder) -> None:
    base = {
        "model": REFERENCE,
        "metric": "calibration_in_the_large",
        "against": "rest",
        "outcome": next(iter(OUTCOMES)),
    }
    rows = [
        base | {"level": level, "conclusion": conclusion}
        for level, conclusion in (("a", "equivalent"), ("b", "outside"), ("c", "equivalent"), ("(any)", "outside"))
    ]
    rows.append(base | {"level": "d", "conclusion": "outside", "model": "xgboost"})
    gaps = pd.DataFrame(rows).reindex(columns=run.tables["gaps"].columns)
    first, second = build_subgroup_pointer(replace(run, tables=run.tables | {"gaps": gaps}))
    assert isinstance(first, Text)
    assert isinstance(second, Text)
    assert second.text.startswith("3 gaps of the reference in calibration in the large")
    assert second.text.endswith("equivalent within the margin 2, outside the margin 1.")
    (none,) = build_subgroup_pointer(with_study(run, subgroups=()))
    assert isinstance(none, Text)
    assert none.text == NONE
