"""Who was studied: flow, faults in the data, and characteristics."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import DOUBLE_COLUMN_MM, SINGLE_COLUMN_MM, render_svg
from reports.figures.flow import compute_height, draw_flow, has_weight_zero
from reports.names import columns_in_words, name_in_words
from reports.run_facts import OutcomeFacts, PredictorFacts
from reports.run_folder import RunFolder
from reports.sections.elsewhere import tabulate_shift
from reports.tables import (
    HIDDEN,
    count_cell,
    distinct,
    first_row,
    format_count,
    format_number,
    join_words,
    number_cell,
    records,
    rows_where,
    suppression_note,
)
from reports.views import make_slug

SYNTHETIC_MARK = "Synthetic data"
LINE_MM = 3.1
ANALYSED = "analysed"
"""Reason of the last step of every flow; only there are events counted, and the status is theirs."""
GROUPS = (("all", "All"), ("event", "Event"), ("no_event", "No event"))
LEGEND = (
    "Numbers are mean (standard deviation), then median (quartiles); categories are count (percent of those recorded, "
    "or of all where the number of missing values is not shown)."
)
"""How the cells of a table of characteristics are read."""


def build_participants(run: RunFolder) -> list[Block]:
    """Build the flow of participants for every outcome, and what was refused for faults."""
    blocks: list[Block] = [
        Text(
            text="One row of the file is one operation. Rows that break a rule of the data dictionary are quarantined "
            "with their reasons, never corrected and never lost; everyone who is left out later is counted here."
        )
    ]
    for outcome in run.facts.outcomes:
        frame = rows_where(run.tables["flow"], outcome=outcome.name)
        if frame.empty:
            continue
        frame = frame.assign(reason=[_word_reason(run, str(reason)) for reason in frame["reason"]])
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"flow-{outcome.name}"))
        blocks += [_draw_flows(run, outcome, frame), _tabulate_flow(run, outcome, frame)]
    blocks.append(Text(text="Faults in the data", kind="subsection", anchor="faults"))
    blocks.append(_tell_faults(run))
    return blocks


def _word_reason(run: RunFolder, reason: str) -> str:
    """Return why patients were left out with titles in the place of columns; a unit has no place inside a sentence."""
    titles = {one.name: one.title or name_in_words(one.name, None) for one in run.facts.predictors if "_" in one.name}
    return run.in_words(columns_in_words(reason, titles))


def mark_of(run: RunFolder) -> str:
    """Return what is printed inside every figure of the run."""
    return SYNTHETIC_MARK if run.synthetic else ""


def _draw_flows(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Figure:
    name = make_slug("flow", outcome.name)
    datasets = distinct(frame["dataset"])
    lines = max(compute_height(rows_where(frame, dataset=dataset)) for dataset in datasets)
    draw = partial(_draw_columns, frame=frame, datasets=datasets)
    dashed = " The dashed box: not left out, but kept with weight 0." if _has_weight_zero(frame) else ""
    return Figure(
        name=name,
        caption=f"Flow of participants, {outcome.title}.{dashed}",
        description=" ".join(_describe_flow(rows_where(frame, dataset=dataset)) for dataset in datasets),
        svg=render_svg(
            draw,
            name=name,
            height_mm=lines * LINE_MM + 6,
            width_mm=SINGLE_COLUMN_MM if len(datasets) == 1 else DOUBLE_COLUMN_MM,
            mark=mark_of(run),
        ),
    )


def _has_weight_zero(frame: pd.DataFrame) -> bool:
    return any(has_weight_zero(row) for row in records(frame))


def _draw_columns(canvas: Canvas, *, frame: pd.DataFrame, datasets: tuple[str, ...]) -> None:
    for k, dataset in enumerate(datasets):
        ax = canvas.add_subplot(1, len(datasets), k + 1)
        draw_flow(rows_where(frame, dataset=dataset), ax, title=dataset)


def _describe_flow(frame: pd.DataFrame) -> str:
    rows = records(frame.sort_values("step"))
    steps = [row for row in rows[1:] if row["excluded"] != 0]
    left_out = join_words(_word_step(row) for row in steps if not has_weight_zero(row))
    unknown = join_words(_word_step(row) for row in steps if has_weight_zero(row))
    return (
        f"{rows[0]['dataset']}: {format_count(rows[0]['remaining'])} rows read; left out: {left_out or 'none'}; "
        f"{f'not left out: {unknown}; ' if unknown else ''}analysed {format_count(rows[-1]['remaining']) or HIDDEN}."
    )


def _word_step(row: dict[str, Any]) -> str:
    return f"{row['reason']} {HIDDEN if row['status'] == 'suppressed' else format_count(row['excluded'])}"


def _tabulate_flow(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Table:
    left_out = "Left out, or weight 0" if _has_weight_zero(frame) else "Left out"
    return Table(
        name=make_slug("flow-table", outcome.name),
        caption=f"Flow of participants in numbers, {outcome.title}.",
        columns=("Data", "Step", left_out, "Remaining", "Events"),
        rows=tuple(_flow_row(row) for row in records(frame)),
        notes=_suppression_notes(run, frame),
        folded=True,
        file="flow.csv",
    )


def _flow_row(row: dict[str, Any]) -> tuple[Cell, ...]:
    status = str(row["status"])
    step = "ok" if row["reason"] == ANALYSED else status
    return (
        Cell(text=str(row["dataset"])),
        Cell(text=str(row["reason"])),
        count_cell(row["excluded"], status=step),
        # Between two hidden steps the remaining number is missing, though the step itself is shown.
        count_cell(row["remaining"], status="suppressed" if math.isnan(row["remaining"]) else step),
        count_cell(row["events"], status=status),
    )


def _suppression_notes(run: RunFolder, frame: pd.DataFrame) -> tuple[str, ...]:
    hidden = (frame["status"] == "suppressed").any()
    return (suppression_note(run.facts.study.suppress_below),) if hidden else ()


def _tell_faults(run: RunFolder) -> Table | Text:
    """Tabulate the faults, or say that there were none."""
    totals = "; ".join(
        f"{data.dataset}: {format_count(data.n_read)} rows read, {format_count(data.n_quarantined)} quarantined"
        for data in run.facts.data
    )
    if any(data.faults for data in run.facts.data):
        return _tabulate_faults(run, totals)
    broken = any(data.n_quarantined for data in run.facts.data)
    words = (
        "The run does not say which rules the rows broke" if broken else "No row broke a rule of the data dictionary"
    )
    return Text(text=f"{words} ({totals}).")


def _tabulate_faults(run: RunFolder, totals: str) -> Table:
    rows = [
        (
            Cell(text=data.dataset),
            Cell(text=fault.column),
            Cell(text=fault.rule),
            number_cell(format_count(fault.count)),
        )
        for data in run.facts.data
        for fault in data.faults
    ]
    return Table(
        name="faults",
        caption="Rows quarantined, by column and rule.",
        columns=("Data", "Column", "Rule", "Rows"),
        rows=tuple(rows),
        notes=(f"{totals}. A row may break more than one rule.",),
    )


def build_characteristics(run: RunFolder) -> list[Block]:
    """Build the table of characteristics for every outcome and dataset."""
    blocks: list[Block] = [
        Text(
            text=f"{LEGEND} Missing values are counted; what was made of them stands in the methods notes.",
            explains=True,
        )
    ]
    for outcome in run.outcomes:
        frame = rows_where(run.tables["table1"], outcome=outcome.name)
        if frame.empty:
            continue
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"characteristics-{outcome.name}"))
        blocks += [
            _tabulate_characteristics(run, outcome, dataset, rows_where(frame, dataset=dataset))
            for dataset in distinct(frame["dataset"])
        ]
        blocks += tabulate_shift(run, outcome)
    return blocks


def _tabulate_characteristics(run: RunFolder, outcome: OutcomeFacts, dataset: str, frame: pd.DataFrame) -> Table:
    # A follow-up score has no groups with and without an event.
    groups = tuple(group for group, _ in GROUPS if first_row(frame, group=group) is not None)
    heads = tuple(
        f"{title} (n = {format_count(row['n'])})"
        for group, title in GROUPS
        if (row := first_row(frame, group=group)) is not None
    )
    rows = [row for predictor in run.facts.predictors for row in _describe_predictor(run, predictor, frame, groups)]
    return Table(
        name=make_slug("characteristics", outcome.name, dataset),
        caption=f"Characteristics of the operations analysed for {outcome.title}, {dataset} data.",
        columns=("", *heads),
        rows=tuple(rows),
        notes=_suppression_notes(run, frame),
    )


def _describe_predictor(
    run: RunFolder, predictor: PredictorFacts, frame: pd.DataFrame, groups: tuple[str, ...]
) -> Iterator[tuple[Cell, ...]]:
    part = rows_where(frame, predictor=predictor.name)
    if part.empty:
        return
    title = run.predictor_title(predictor.name)
    levels = [level for level in distinct(part["level"]) if level]
    if levels:
        yield (Cell(text=title, style="group"), *(Cell(text="") for _ in groups))
        for level in _shown_levels(predictor, levels):
            name = Cell(text=run.level_title(predictor.name, level), style="indent")
            yield (name, *(_share_cell(rows_where(part, group=group, level=level)) for group in groups))
    else:
        yield (Cell(text=title, style="group"), *(_number_cell(rows_where(part, group=group)) for group in groups))
    if _has_missing(part):
        name = Cell(text="missing", style="indent")
        yield (name, *(_missing_cell(rows_where(part, group=group)) for group in groups))


def _shown_levels(predictor: PredictorFacts, levels: list[str]) -> list[str]:
    """Leave out the "no" of a flag: it says nothing that the "yes" does not."""
    if predictor.kind == "flag":
        return [level for level in levels if level not in ("0", "0.0")] or levels
    return levels


def _has_missing(part: pd.DataFrame) -> bool:
    rows = rows_where(part, statistic="missing")
    return bool(((rows["value"] > 0) | (rows["status"] == "suppressed")).any())


def _value(part: pd.DataFrame, statistic: str) -> float:
    row = first_row(part, statistic=statistic)
    return float("nan") if row is None else float(row["value"])


def _share_cell(part: pd.DataFrame) -> Cell:
    if (part["status"] == "suppressed").any():
        return count_cell(None, status="suppressed")
    percent = format_number(_value(part, "percent"), 1)
    count = format_count(_value(part, "count"))
    return number_cell(f"{count} ({percent} %)" if percent else count)


def _missing_cell(part: pd.DataFrame) -> Cell:
    row = first_row(part, statistic="missing")
    status = "ok" if row is None else str(row["status"])
    return count_cell(_value(part, "missing"), status=status)


def _number_cell(part: pd.DataFrame) -> Cell:
    digits = 1 if _value(part, "sd") >= 1 else 2
    values = {name: format_number(_value(part, name), digits) for name in ("mean", "sd", "median", "q1", "q3")}
    if not values["mean"]:
        return number_cell("")
    middle = f"{values['median']} ({values['q1']} to {values['q3']})"
    return number_cell(f"{values['mean']} ({values['sd']})", detail=middle)
