"""Calibration by subgroup, with small cells suppressed."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports.blocks import Block, Cell, Figure, Table, Text
from reports.canvas import pens_of, render_svg
from reports.figures_forest import draw_levels
from reports.measures import measures_of
from reports.run_folder import RunFolder
from reports.sections_participants import mark_of
from reports.tables import (
    OVERALL,
    PLANNED,
    count_cell,
    describe_intervals,
    distinct,
    estimate_cell,
    estimate_words,
    first_row,
    format_count,
    rows_where,
    suppression_note,
    title_of,
)
from reports.views import View, make_slug, models_in, views_of


def build_subgroups(run: RunFolder) -> list[Block]:
    """Build the subgroup table of every model and the forest plot of the reference, for every view."""
    study = run.facts.study
    if not study.subgroups and study.unattainable != "flag":
        return [Text(text="The study declares no subgroup.")]
    blocks: list[Block] = [
        Text(
            text=f"Subgroups are {PLANNED}; operations without a recorded value form a level of their "
            f"own. Levels with fewer than {study.suppress_below} patients, events or patients without the event are "
            "suppressed, and so are levels from which such a one could be found by subtraction. With too few events "
            "or patients without the event an estimate is not assessable. Every interval is unadjusted for the number "
            "of subgroups; a wide interval is no evidence of equal performance. The c-statistic differs between "
            "levels also where risks are merely more alike."
        )
    ]
    for outcome in run.outcomes:
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"subgroups-{outcome.name}"))
        for view in views_of(run, outcome):
            blocks.append(Text(text=view.short_title, kind="heading", anchor=f"subgroups-{view.slug}"))
            blocks += _build_view(run, view)
    return blocks


def _build_view(run: RunFolder, view: View) -> list[Block]:
    frame = view.select(run.tables["evaluation"])
    frame = frame[~frame["subgroup"].isin(OVERALL)]
    blocks: list[Block] = []
    reference = rows_where(frame, model=run.facts.study.reference)
    if not reference.empty:
        blocks.append(_draw_forest(run, view, reference))
    blocks += [_tabulate(run, view, model, rows_where(frame, model=model)) for model in models_in(run, frame)]
    return blocks


def _tabulate(run: RunFolder, view: View, model: str, frame: pd.DataFrame) -> Table:
    below = run.facts.study.suppress_below
    chosen = measures_of(view.outcome.kind)
    measures = tuple(metric for metric in (*chosen.subgroup, *chosen.subgroup_also) if metric in set(frame["metric"]))
    counts = ("n", "Events") if chosen.has_events else ("n",)
    rows: list[tuple[Cell, ...]] = []
    for subgroup in distinct(frame["subgroup"]):
        part = rows_where(frame, subgroup=subgroup)
        rows.append(
            (Cell(text=run.predictor_title(subgroup), style="group"), *[Cell(text="")] * (len(counts) + len(measures)))
        )
        rows += [
            _level_row(run, rows_where(part, level=level), counts, measures)
            for level in run.order_levels(subgroup, distinct(part["level"]))
        ]
    notes = [describe_intervals(frame[frame["metric"].isin(measures)])]
    if (frame["status"] == "suppressed").any():
        notes.append(suppression_note(below))
    return Table(
        name=make_slug("subgroups", view.slug, model),
        caption=f"Calibration by subgroup, {run.model_title(model)}. {view.title}.",
        columns=("Level", *counts, *(title_of(metric) for metric in measures)),
        rows=tuple(rows),
        notes=tuple(note for note in notes if note),
        folded=model != run.facts.study.reference,
    )


def _level_row(
    run: RunFolder, rows: pd.DataFrame, counts: tuple[str, ...], measures: tuple[str, ...]
) -> tuple[Cell, ...]:
    first = rows.iloc[0]
    status = "suppressed" if (rows["status"] == "suppressed").any() else "ok"
    return (
        Cell(text=run.level_title(str(first["subgroup"]), str(first["level"])), style="indent"),
        *(count_cell(first[name.lower()], status=status) for name in counts),
        *(estimate_cell(first_row(rows, metric=metric)) for metric in measures),
    )


def _draw_forest(run: RunFolder, view: View, frame: pd.DataFrame) -> Figure:
    name = make_slug("subgroup-forest", view.slug)
    levels = _list_levels(run, frame)
    chosen = measures_of(view.outcome.kind)
    draw = partial(_draw_panels, run=run, frame=frame, levels=levels, measures=chosen.subgroup)
    counted = "operations / events" if chosen.has_events else "operations"
    return Figure(
        name=name,
        caption=f"Calibration by subgroup, {run.model_title(run.facts.study.reference)} (the reference), with 95 % "
        f"intervals. {view.title}. The vertical line is perfect calibration; in brackets {counted}.",
        description=_describe_levels(run, frame, levels, chosen.subgroup[0]),
        svg=render_svg(draw, name=name, height_mm=16 + 4.4 * len(levels), mark=mark_of(run)),
    )


def _list_levels(run: RunFolder, frame: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """List subgroup and level in order, each subgroup headed by a row without a level."""
    return tuple(
        (subgroup, level)
        for subgroup in distinct(frame["subgroup"])
        for level in ("", *run.order_levels(subgroup, distinct(rows_where(frame, subgroup=subgroup)["level"])))
    )


def _draw_panels(
    canvas: Canvas,
    *,
    run: RunFolder,
    frame: pd.DataFrame,
    levels: tuple[tuple[str, str], ...],
    measures: tuple[str, ...],
) -> None:
    pen = pens_of([run.facts.study.reference], run.facts.study.reference)[run.facts.study.reference]
    for k, metric in enumerate(measures):
        ax = canvas.add_subplot(1, len(measures), k + 1)
        draw_levels(frame, ax, metric=metric, levels=levels, pen=pen)
        labels = [_label_level(run, frame, subgroup, level) for subgroup, level in levels]
        ax.set_yticks(range(len(levels)), labels if k == 0 else [""] * len(levels))
        for tick, (_, level) in zip(ax.get_yticklabels(), levels, strict=True):
            tick.set_fontweight("normal" if level else "bold")


def _label_level(run: RunFolder, frame: pd.DataFrame, subgroup: str, level: str) -> str:
    if not level:
        return run.predictor_title(subgroup)
    rows = rows_where(frame, subgroup=subgroup, level=level)
    words = run.level_title(subgroup, level)
    if (rows["status"] == "suppressed").any():
        return words
    counts = (format_count(rows[name].iloc[0]) for name in ("n", "events"))
    return f"{words} ({' / '.join(filter(None, counts))})"


def _describe_levels(run: RunFolder, frame: pd.DataFrame, levels: tuple[tuple[str, str], ...], metric: str) -> str:
    parts = [
        f"{run.predictor_title(subgroup)} {run.level_title(subgroup, level)} "
        f"{estimate_words(first_row(frame, subgroup=subgroup, level=level, metric=metric))}"
        for subgroup, level in levels
        if level
    ]
    what = "Observed over expected events" if metric == "oe_ratio" else title_of(metric)
    return f"Forest plot by subgroup. {what}: {'; '.join(parts)}."
