"""Whether there were enough patients, in sentences: the criteria with their inputs, and the expected precision."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.sample_size import DIGITS, EFFECTIVE, HALF_WIDTH, WHOLE
from reports.tables import distinct, format_count, format_number, format_width, join_words, rows_where
from reports.tripod.telling import is_evaluation, label, list_main, name_data, units, word_counts


def list_sizes(run: RunFolder) -> Iterator[str]:
    """Yield for each outcome and dataset the criteria with their inputs, then the precision that the data allow."""
    frame = run.tables["sample_size"]
    for outcome in list_main(run):
        own = rows_where(frame, outcome=outcome.name)
        for dataset in distinct(own["dataset"]):
            yield from _word_size(run, outcome, rows_where(own, dataset=dataset))


def _word_size(run: RunFolder, outcome: OutcomeFacts, rows: pd.DataFrame) -> Iterator[str]:
    """Yield the criteria with what went into them, then the precision that the data allow."""
    inputs = rows[(rows["purpose"] == "development") & (rows["met"] == "")]
    criteria = rows[rows["met"] != ""]
    place = name_data(run, str(rows["dataset"].iloc[0]))
    used = "; ".join(_word_input(row) for _, row in inputs.iterrows())
    held = "; ".join(_word_criterion(row, units(outcome)) for _, row in criteria.iterrows())
    if len(criteria):
        made = f", computed from these: {used}" if used else ""
        when = "Before any evaluation" if is_evaluation(run) else "Before any modelling"
        yield (
            f"{label(run, outcome)} {when}, the size of the {place} was held against the criteria of "
            f"Riley and colleagues{made}. {_word_actual(run, outcome, criteria.iloc[0])} Needed were: {held}."
        )
    elif used:
        yield f"{label(run, outcome)} Published criteria for the sample size do not cover a score. Known were: {used}."
    yield _word_precision(run, outcome, rows_where(rows, purpose="precision"))


def _word_actual(run: RunFolder, outcome: OutcomeFacts, row: pd.Series) -> str:
    events = None if row["status"] == "suppressed" else row["actual_events"]
    return f"There were {word_counts(run, outcome, row['actual'], events)}."


def _word_input(row: pd.Series) -> str:
    name, value = str(row["criterion"]), float(row["value"])
    return f"{row['text']} {format_count(value) if name in WHOLE else format_number(value, DIGITS.get(name, 2))}"


def _word_criterion(row: pd.Series, counted: str) -> str:
    met = "met" if row["met"] == "True" else "not met"
    if not format_count(row["needed"]):
        return f"{row['text']} ({met})"
    events = f", {format_count(row['needed_events'])} with the event," if format_count(row["needed_events"]) else ""
    return f"{format_count(row['needed'])} {counted}{events} for {row['text']} ({met})"


def _word_precision(run: RunFolder, outcome: OutcomeFacts, rows: pd.DataFrame) -> str:
    widths = [
        f"{format_width(float(row['value']))} for {str(row['text']).removeprefix(HALF_WIDTH)}"
        for _, row in rows.iterrows()
        if row["criterion"] != EFFECTIVE and not math.isnan(row["value"])
    ]
    if not widths:
        return ""
    return (
        f"{label(run, outcome)} With so many {units(outcome)}, 95 % intervals were expected to reach to either side by "
        f"about {join_words(widths)}, if the model is as good as assumed and well calibrated."
    )
