"""The section on sample size, from small made-up tables."""

from __future__ import annotations

from typing import Any

import pandas as pd
from test_reports_report import make_facts

from reports.blocks import Table, Text
from reports.run_facts import RunFacts
from reports.run_folder import RunFolder
from reports.sections.sample_size import build_sample_size, list_shortfalls
from schemas.tables import SAMPLE_SIZE

OUTCOME = "odi_improved_12m"


def make_run(rows: list[dict[str, Any]]) -> RunFolder:
    base = {"outcome": OUTCOME, "actual": 400.0, "actual_events": 90.0, "met": "", "status": "ok"}
    frame = pd.DataFrame([base | row for row in rows], columns=list(SAMPLE_SIZE))
    facts = RunFacts.model_validate(make_facts())
    return RunFolder(facts=facts, study_text="", tables={"sample_size": frame})


def criterion(dataset: str, purpose: str) -> dict[str, Any]:
    return {"dataset": dataset, "purpose": purpose, "criterion": "c", "text": "enough", "needed": 900.0, "met": "False"}


def test_a_small_validation_says_nothing_of_the_stability_of_the_model() -> None:
    run = make_run([criterion("development", "development"), criterion("later", "validation")])
    (outcome,) = [one for one in run.outcomes if one.name == OUTCOME]
    first, second = list_shortfalls(run, outcome)
    assert "in the development data: 400 operations where 900 are asked for" in first
    assert "Estimates are imprecise and predicted risks unstable; the results are exploratory." in first
    assert "in the data of later: " in second
    assert "Estimates of performance are imprecise; the results are exploratory." in second
    assert "unstable" not in second


def test_criteria_and_precision_count_the_same_thing() -> None:
    half = "half-width of the interval of the event rate"
    narrow = {
        "purpose": "precision",
        "criterion": "event_rate",
        "text": half,
        "value": 0.0033,
        "dataset": "development",
    }
    blocks = build_sample_size(make_run([criterion("development", "development"), narrow]))
    (table,) = (block for block in blocks if isinstance(block, Table))
    assert table.columns[:4] == ("Criterion", "Operations needed", "With the event", "Operations")
    told = [block.text for block in blocks if isinstance(block, Text)]
    assert not any("patients" in text for text in told)
    assert "by about 0.003 for the event rate, if" in told[-1]


def test_what_weighted_patients_are_worth_is_said_with_the_precision() -> None:
    half = "half-width of the interval of the c-statistic"
    rows = [{"purpose": "precision", "criterion": "c_statistic", "text": half, "value": 0.05, "dataset": "later"}]
    worth = {"purpose": "precision", "criterion": "effective_n", "text": "worth", "value": 311.0, "dataset": "later"}
    for further, words in (([], "of later, 95 %"), ([worth], "say as much as 311 of equal weight), 95 %")):
        told = [block.text for block in build_sample_size(make_run([*further, *rows])) if isinstance(block, Text)]
        assert "With 400 operations of known outcome and 90 events in the data of later" in told[-1]
        assert words in told[-1]
        assert "about 0.05 for the c-statistic, if" in told[-1]
