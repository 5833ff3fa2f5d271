"""Case mix: whether other patients are other patients, site by site and dataset by dataset."""

from __future__ import annotations

import pandas as pd

from reports.blocks import Cell, Table
from reports.measures import CASE_MIX
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.tables import (
    count_cell,
    describe_intervals,
    distinct,
    estimate_cell,
    first_row,
    rows_where,
    suppression_note,
)
from reports.views import make_slug

STATISTICS = {measure.name: measure.title for measure in CASE_MIX}


def tabulate_case_mix(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Table:
    """Build the table of one outcome: sites and datasets, told apart by predictors and by predicted risks."""
    rows = [
        _case_mix_row(run, dataset, level, rows_where(frame, dataset=dataset, level=level))
        for dataset in distinct(frame["dataset"])
        for level in distinct(rows_where(frame, dataset=dataset)["level"])
    ]
    notes = [
        "A c-statistic of 0.5 means that the predictors cannot tell these patients from the others (a site from the "
        "other sites, a dataset from development); the further above, the more the results here are about other "
        "patients. The linear predictor is the logit of the predicted risk, of a score the prediction itself: where "
        "its standard deviation is smaller, patients are more alike and a c-statistic is lower for that alone.",
        describe_intervals(frame.assign(metric=frame["statistic"], interval_target="")),
    ]
    if (frame["status"] == "suppressed").any():
        notes.append(suppression_note(run.facts.study.suppress_below))
    reference = run.model_title(run.facts.study.reference)
    return Table(
        name=make_slug("case-mix", outcome.name),
        caption=f"Case mix. {outcome.title}, predictions of the reference, {reference}.",
        columns=("Patients", "n", *STATISTICS.values()),
        rows=tuple(rows),
        notes=tuple(note for note in notes if note),
        folded=len(rows) > 12,
        file="case_mix.csv",
    )


def _case_mix_row(run: RunFolder, dataset: str, level: str, rows: pd.DataFrame) -> tuple[Cell, ...]:
    name = f"{dataset}, all" if level == "all" else level
    own = rows[rows["model"].isin(("", run.facts.study.reference))]
    hidden = bool((own["status"] == "suppressed").any())
    cells = [estimate_cell(_as_estimate(first_row(own, statistic=statistic))) for statistic in STATISTICS]
    count = own["n"].iloc[0] if not own.empty else float("nan")
    return (Cell(text=name), count_cell(count, status="suppressed" if hidden else "ok"), *cells)


def _as_estimate(row: pd.Series | None) -> pd.Series | None:
    if row is None:
        return None
    named = row.copy()
    named["metric"], named["validation"] = row["statistic"], ""
    return named
