"""The answers of a comparison in one table: a row for each outcome."""

from __future__ import annotations

from reports.blocks import Cell, Table
from reports.measures import measures_of
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.verdict import format_interval_of, format_loss, gain_cell, primary_verdict
from reports.tables import (
    EMPTY,
    count_cell,
    estimate_cell,
    first_row,
    number_cell,
    rows_where,
    suppression_note,
    title_of,
    whole_sample,
)

DESCRIBED = "described only"
REFERENCE_AND_GAIN = {
    False: "Reference: its c-statistic. Gain: the reference's log loss minus the rival's, above 0 where the rival is "
    "better, with its 95 % interval",
    True: "Reference: its c-statistic, of a score its mean absolute error (MAE). Gain: the reference's loss minus the "
    "rival's, above 0 where the rival is better, with its 95 % interval; the loss is the log loss, of a score "
    "the mean squared error",
}
"""What the columns of the answers are, without and with scores among the outcomes."""


def tabulate_answers(run: RunFolder) -> Table:
    """Build the table: counts, how well the reference predicts, what the rival gains, and the verdict."""
    rows = tuple(_list_cells(run, outcome) for outcome in run.outcomes)
    hidden = any(cell.style == "suppressed" for row in rows for cell in row)
    return Table(
        name="answers",
        caption=f"The answers, internal validation. Reference: {run.model_title(run.facts.study.reference)}.",
        columns=("Outcome", "n", "Events", "Reference", "Rival", "Gain of the rival", "Margin", "Verdict"),
        rows=rows,
        notes=(
            f"{REFERENCE_AND_GAIN[run.has_scores]}.",
            *((suppression_note(run.facts.study.suppress_below),) if hidden else ()),
        ),
    )


def _list_cells(run: RunFolder, outcome: OutcomeFacts) -> tuple[Cell, ...]:
    evaluation = rows_where(whole_sample(run.tables["evaluation"]), outcome=outcome.name, validation="internal")
    metric = "c_statistic" if measures_of(outcome.kind).has_events else "mae"
    row = first_row(evaluation, model=run.facts.study.reference, metric=metric)
    reference = estimate_cell(row)
    if row is not None and reference.style == "number":
        reference = number_cell(f"{title_of(metric)} {reference.text}", detail=reference.detail)
    counts = (
        (EMPTY, EMPTY)
        if row is None
        else tuple(count_cell(row[name], status=str(row["status"])) for name in ("n", "events"))
    )
    return (Cell(text=outcome.title), *counts, reference, *_list_verdict(run, outcome))


def _list_verdict(run: RunFolder, outcome: OutcomeFacts) -> tuple[Cell, ...]:
    verdict = primary_verdict(run, outcome.name)
    if verdict is None:
        said = DESCRIBED if outcome.from_score else "no rival"
        return (EMPTY, EMPTY, EMPTY, Cell(text=said, style="muted"))
    return (
        Cell(text=run.model_title(str(verdict["model"]))),
        gain_cell(verdict, format_interval_of(verdict)),
        number_cell(format_loss(verdict["margin"], verdict)),
        Cell(text=str(verdict["verdict"])),
    )
