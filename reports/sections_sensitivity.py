"""What other choices would have given: a table in a fixed order, without a verdict."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reports.blocks import Block, Cell, Table, Text
from reports.run_folder import OutcomeFacts, RunFolder
from reports.tables import (
    PLANNED,
    count_cell,
    describe_intervals,
    distinct,
    end,
    estimate_cell,
    first_row,
    rows_where,
    suppression_note,
    title_of,
)
from reports.views import make_slug, models_in

MEASURES = ("event_rate", "c_statistic", "calibration_slope", "scaled_brier")
TITLES = {
    "threshold_set": "Another threshold",
    "unattainable": "Patients who could not have reached the threshold",
    "unadjudicated": "Events that were not adjudicated",
}
OWN = "the study's own"


def build_sensitivity(run: RunFolder) -> list[Block]:
    """Build one table per outcome and analysis."""
    frame = run.tables["sensitivity"]
    if frame.empty:
        return [Text(text="The study asks for no sensitivity analysis that would differ from its own.")]
    blocks: list[Block] = [
        Text(
            text=f"Each row is an outcome of its own: the choice was {PLANNED}, the whole pipeline was fitted again, "
            "and the order is that of the plan. Measures of different outcomes are not better or worse than each "
            "other: a threshold that more patients reach, or of which the baseline tells more, has another "
            "c-statistic. The study's own analysis stays the result."
        )
    ]
    for outcome in run.outcomes:
        own = rows_where(frame, outcome=outcome.name)
        blocks += [_tabulate(run, outcome, name, rows_where(own, analysis=name)) for name in distinct(own["analysis"])]
    return blocks


def _tabulate(run: RunFolder, outcome: OutcomeFacts, analysis: str, frame: pd.DataFrame) -> Table:
    rows = [row for level in distinct(frame["level"]) for row in _list_rows(run, rows_where(frame, level=level))]
    notes = [describe_intervals(frame[frame["metric"].isin(MEASURES)].assign(interval_target=""))]
    if (frame["status"] == "suppressed").any():
        notes.append(suppression_note(run.facts.study.suppress_below))
    return Table(
        name=make_slug("sensitivity", outcome.name, analysis),
        caption=f"{TITLES[analysis]}, {outcome.title}. Internal validation.",
        columns=("Choice", "n", "Events", *(title_of(metric) for metric in MEASURES)),
        rows=tuple(rows),
        notes=tuple(note for note in notes if note),
    )


def _list_rows(run: RunFolder, frame: pd.DataFrame) -> Iterator[tuple[Cell, ...]]:
    first = frame.iloc[0]
    mark = f" ({OWN})" if str(first["primary"]) == "True" else ""
    words = f"{str(first['level']).replace('_', ' ')}{mark}: {end(str(first['text']))}"
    yield (Cell(text=words, style="group"), *[Cell(text="")] * (2 + len(MEASURES)))
    for model in models_in(run, frame):
        rows = rows_where(frame, model=model)
        rate = first_row(rows, metric="event_rate")
        counted = rows.iloc[0] if rate is None else rate
        yield (
            Cell(text=run.model_title(model), style="indent"),
            count_cell(counted["n"], status=str(counted["status"])),
            count_cell(counted["events"], status=str(counted["status"])),
            *(estimate_cell(first_row(rows, metric=metric)) for metric in MEASURES),
        )
