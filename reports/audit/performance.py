"""What is known of the groups, and how well risks predict in each of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from reports.audit import words
from reports.audit.scope import Analysis, by_group, list_analyses
from reports.blocks import Block, Cell, Table, Text
from reports.measures import measures_of
from reports.run_folder import RunFolder
from reports.sections.subgroup_tables import (
    drop_empty_columns,
    group_rows,
    note_hidden,
    tabulate_ascertainment,
    tabulate_thresholds,
)
from reports.tables import (
    count_cell,
    describe_intervals,
    distinct,
    estimate_cell,
    first_row,
    rows_where,
    title_of,
)
from reports.views import make_slug

CALIBRATION = ("event_rate", "mean_risk", "oe_ratio", "calibration_in_the_large", "calibration_slope")
DISCRIMINATION = ("c_statistic", "brier_score", "scaled_brier")
SCORES = ("mean_difference", "score_slope", "mae", "interval_coverage")
TITLES = {"event_rate": "Observed risk"}


def build_known(run: RunFolder) -> list[Block]:
    """Build what is known of each group, before any model."""
    blocks: list[Block] = []
    for outcome in run.outcomes:
        datasets = distinct(rows_where(run.tables["ascertainment"], outcome=outcome.name)["dataset"])
        found = [tabulate_ascertainment(run, outcome, dataset) for dataset in datasets]
        blocks += [table for table in found if table is not None]
    return [Text(text=words.FIRST), *blocks] if blocks else [Text(text=words.NO_GROUPS)]


def build_performance(run: RunFolder) -> list[Block]:
    """Build the measures of every group, of the reference and the rival; those of the other models closed."""
    blocks: list[Block] = []
    for analysis in list_analyses(run):
        frame = by_group(analysis.view.select(run.tables["evaluation"]))
        if frame.empty:
            continue
        blocks.append(Text(text=analysis.view.title, kind="subsection", anchor=f"performance-{analysis.view.slug}"))
        for model in (*analysis.models, *analysis.others):
            blocks += _build_model(run, analysis, model, rows_where(frame, model=model))
    return [Text(text=_explain(run)), *blocks] if blocks else [Text(text=words.NO_GROUPS)]


def _explain(run: RunFolder) -> str:
    """Say what the measures are; of observed and predicted risk only where both stand in the tables."""
    measures = set(by_group(run.tables["evaluation"])["metric"])
    return f"{words.RISKS} {words.PERFORMANCE}" if {"event_rate", "mean_risk"} <= measures else words.PERFORMANCE


def _build_model(run: RunFolder, analysis: Analysis, model: str, frame: pd.DataFrame) -> Iterator[Table]:
    folded = model in analysis.others
    view = analysis.view
    if not measures_of(view.outcome.kind).has_events:
        yield _tabulate(run, analysis, model, frame, SCORES, folded=folded)
        return
    yield _tabulate(run, analysis, model, frame, CALIBRATION, folded=folded)
    yield _tabulate(run, analysis, model, frame, DISCRIMINATION, folded=folded)
    for table in tabulate_thresholds(run, view, model, frame):
        yield replace(table, folded=folded, file="audit.csv")


def _tabulate(
    run: RunFolder, analysis: Analysis, model: str, frame: pd.DataFrame, metrics: tuple[str, ...], *, folded: bool
) -> Table:
    shown = frame[frame["metric"].isin(metrics)]
    listed = tuple(name for name in metrics if name in set(shown["metric"]))
    counts = ("n", "Events") if measures_of(analysis.view.outcome.kind).has_events else ("n",)

    def fill(rows: pd.DataFrame) -> tuple[Cell, ...]:
        hidden = "suppressed" if (rows["status"] == "suppressed").any() else "ok"
        return (
            *(count_cell(rows[name.lower()].iloc[0], status=hidden) for name in counts),
            *(estimate_cell(first_row(rows, metric=name)) for name in listed),
        )

    what = "Calibration" if metrics is CALIBRATION else "Performance"
    notes = (
        describe_intervals(shown),
        note_hidden(run, shown),
    )
    whole = Table(
        name=make_slug("audit", what, analysis.view.slug, model),
        caption=f"{what} by group, {run.model_title(model)}. {analysis.view.title}.",
        columns=("Group", *counts, *(TITLES.get(name, title_of(name)) for name in listed)),
        rows=group_rows(run, shown, fill),
        notes=tuple(note for note in notes if note),
        folded=folded,
        file="audit.csv",
    )
    return drop_empty_columns(whole)
