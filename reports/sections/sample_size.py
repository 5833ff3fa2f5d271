"""Whether there are enough patients, by criteria that stand before any modelling, and how precise the result can be."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reports.blocks import Block, Cell, Table, Text
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.tables import (
    count_cell,
    distinct,
    first_row,
    format_count,
    format_number,
    format_width,
    join_words,
    number_cell,
    rows_where,
    suppression_note,
)
from reports.views import make_slug

HALF_WIDTH = "half-width of the interval of "
IMPRECISE = "Estimates of performance are imprecise"
"""Of a validation: how many patients it has says nothing of the model, which was made elsewhere."""
EFFECTIVE = "effective_n"
DEVELOPMENT = "development"
WHOLE = ("candidate_parameters",)
DIGITS = {"event_rate": 3, "expected_r_squared": 3, "expected_c_statistic": 3, "events_per_parameter": 1,
          "patients_per_parameter": 1, "expected_error": 3}  # fmt: skip


def build_sample_size(run: RunFolder) -> list[Block]:
    """Build the criteria and the precision that the data allow, per outcome and dataset."""
    frame = run.tables["sample_size"]
    if frame.empty:
        return [Text(text="No outcome was analysed.")]
    blocks: list[Block] = [
        Text(
            text="The criteria are those of Riley and colleagues: the fewest operations with which a regression model "
            "is expected to shrink little, to be little optimistic, and to know the overall risk. They are minima, "
            "and minima for regression: methods that search for interactions and shapes need many times more. They "
            "were computed from the number of candidate parameters and the event rate, not from any result."
        )
    ]
    for outcome in run.outcomes:
        own = rows_where(frame, outcome=outcome.name)
        if own.empty:
            continue
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"sample-size-{outcome.name}"))
        for dataset in distinct(own["dataset"]):
            blocks += _build_dataset(run, outcome, dataset, rows_where(own, dataset=dataset))
    return blocks


def list_shortfalls(run: RunFolder, outcome: OutcomeFacts) -> Iterator[str]:
    """Yield one sentence per dataset on which an outcome has fewer patients than the criteria ask for."""
    rows = rows_where(run.tables["sample_size"], outcome=outcome.name, met="False")
    for dataset in distinct(rows["dataset"]):
        own = rows_where(rows, dataset=dataset)
        needed, actual = own["needed"].max(), own["actual"].iloc[0]
        counts = (
            f"{format_count(actual)} {outcome.unit}s where {format_count(needed)} are asked for"
            if needed == needed
            else f"too few {outcome.unit}s with or without the event"
        )
        developed = "development" in set(own["purpose"])
        so = "Estimates are imprecise and predicted risks unstable" if developed else IMPRECISE
        yield (
            f"Below the sample-size criteria in the {_name(dataset)}: {counts} "
            f"({join_words(distinct(own['text']))}). {so}; the results are exploratory."
        )


def _build_dataset(run: RunFolder, outcome: OutcomeFacts, dataset: str, frame: pd.DataFrame) -> Iterator[Block]:
    criteria = frame[frame["met"] != ""]
    if not criteria.empty:
        yield _tabulate_criteria(run, outcome, dataset, criteria)
    inputs = frame[(frame["purpose"] == "development") & (frame["met"] == "")]
    if not inputs.empty:
        yield Text(text="Used: " + "; ".join(_word_input(row) for _, row in inputs.iterrows()) + ".", kind="note")
    precision = rows_where(frame, purpose="precision")
    if not precision.empty:
        count = precision["actual_events"].iloc[0]
        events = f" and {format_count(count)} events" if count == count else ""
        widths = join_words(
            f"{format_width(float(row['value']))} for {str(row['text']).removeprefix(HALF_WIDTH)}"
            for _, row in precision[precision["criterion"] != EFFECTIVE].iterrows()
        )
        known = f"{format_count(precision['actual'].iloc[0])} {outcome.unit}s of known outcome"
        yield Text(
            text=f"With {known}{events} in the {_name(dataset)}{_word_effective(precision)}, 95 % intervals "
            f"should reach to either side by about {widths}, if the model is as good as assumed and well calibrated."
        )


def _name(dataset: str) -> str:
    """Return ``"development data"``, or ``"data of north_2023"``."""
    return "development data" if dataset == DEVELOPMENT else f"data of {dataset}"


def _word_effective(precision: pd.DataFrame) -> str:
    """Return how many of equal weight those of known outcome are worth, where their weights differ."""
    row = first_row(precision, criterion=EFFECTIVE)
    if row is None:
        return ""
    return f" (which are weighted, and say as much as {format_count(row['value'])} of equal weight)"


def _word_input(row: pd.Series) -> str:
    name, value = str(row["criterion"]), float(row["value"])
    number = format_count(value) if name in WHOLE else format_number(value, DIGITS.get(name, 2))
    return f"{row['text']} {number}"


def _tabulate_criteria(run: RunFolder, outcome: OutcomeFacts, dataset: str, frame: pd.DataFrame) -> Table:
    purpose = "Development" if frame["purpose"].iloc[0] == "development" else f"Validation on {dataset}"
    unit = f"{outcome.unit[:1].upper()}{outcome.unit[1:]}s"
    hidden = (frame["status"] == "suppressed").any()
    return Table(
        name=make_slug("sample-size", outcome.name, dataset),
        caption=f"Sample size. {purpose}: {outcome.title}.",
        columns=("Criterion", f"{unit} needed", "With the event", unit, "With the event", "Met"),
        rows=tuple(_list_cells(row) for _, row in frame.iterrows()),
        notes=(suppression_note(run.facts.study.suppress_below),) if hidden else (),
    )


def _list_cells(row: pd.Series) -> tuple[Cell, ...]:
    status = str(row["status"])
    return (
        Cell(text=str(row["text"])),
        number_cell(format_count(row["needed"])),
        number_cell(format_count(row["needed_events"])),
        number_cell(format_count(row["actual"])),
        count_cell(row["actual_events"], status=status),
        Cell(text="yes" if row["met"] == "True" else "no"),
    )
