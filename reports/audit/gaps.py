"""Gaps of every group to all other patients: a forest plot with the margin, and all that was estimated and tested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports.audit import words
from reports.audit.rows import find_primary, is_shown_only, select_gaps
from reports.audit.scope import Analysis, list_analyses, list_levels
from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import pens_of, render_svg
from reports.figures.forest import draw_gaps
from reports.run_folder import RunFolder
from reports.sections.participants import mark_of
from reports.sections.subgroup_tables import (
    drop_empty_columns,
    group_rows,
    note_hidden,
    tabulate_precision,
    tabulate_tests,
)
from reports.sections.subgroup_words import ANY, CONCLUSIONS, GAP_TITLES, NOT_FAIR
from reports.sections.subgroup_words import GAPS as GAP_WORDS
from reports.tables import (
    EMPTY,
    distinct,
    estimate_cell,
    estimate_words,
    first_row,
    format_number,
    number_cell,
    rows_where,
)
from reports.views import make_slug

LISTED = (
    "calibration_in_the_large",
    "log_oe_ratio",
    "calibration_slope",
    "c_statistic",
    "mean_difference",
    "score_slope",
)
HALF_MM, ROW_MM = 22.0, 4.4
Levels = tuple[tuple[str, str], ...]


def build_gaps(run: RunFolder) -> list[Block]:
    """Build the gaps of every analysis."""
    blocks: list[Block] = []
    for analysis in list_analyses(run):
        gaps = select_gaps(run, analysis)
        if gaps.empty:
            continue
        blocks.append(Text(text=analysis.view.title, kind="subsection", anchor=f"gaps-{analysis.view.slug}"))
        blocks += _draw(run, analysis, gaps)
        for model in (*analysis.models, *analysis.others):
            blocks += _build_model(run, analysis, model)
    if not blocks:
        return [Text(text=words.NO_GROUPS)]
    first, _, _ = GAP_WORDS.partition(" Where one large")
    return [Text(text=f"{first} {words.GAPS}"), Text(text=NOT_FAIR, kind="note"), *blocks]


def _build_model(run: RunFolder, analysis: Analysis, model: str) -> Iterator[Table]:
    own = rows_where(analysis.view.select(run.tables["gaps"]), model=model)
    against = own[own["against"] == "rest"]
    if against.empty:
        return
    folded = model in analysis.others
    yield replace(_tabulate(run, analysis, model, against), folded=folded, file="audit.csv")
    for table in (tabulate_tests(run, analysis.view, model, own), tabulate_precision(run, analysis.view, model, own)):
        if table is not None and model == run.facts.study.reference:
            yield table


def _tabulate(run: RunFolder, analysis: Analysis, model: str, frame: pd.DataFrame) -> Table:
    listed = tuple(name for name in LISTED if name in set(frame["metric"]))
    primary = find_primary(frame)

    def fill(rows: pd.DataFrame) -> tuple[Cell, ...]:
        row = first_row(rows, metric=primary)
        return (
            *(_gap_cell(first_row(rows, metric=name), primary) for name in listed),
            _conclude(row),
            _compatible(row),
        )

    shown = frame[frame["status"] == "ok"]
    kinds = "; ".join(distinct(shown.loc[shown["level"] != ANY, "interval_kind"]))
    largest = distinct(shown.loc[(shown["level"] == ANY) & (shown["interval_kind"] != ""), "interval_kind"])[:1]
    notes = (
        f"Group minus all others, 95 % intervals: {kinds}." if kinds else "",
        *(f"Largest gap: without its sign, interval {kind}." for kind in largest),
        note_hidden(run, frame),
    )
    whole = Table(
        name=make_slug("gaps", analysis.view.slug, model),
        caption=f"Gaps to all other patients, {run.model_title(model)}. {analysis.view.title}.",
        columns=("Group", *(GAP_TITLES[name] for name in listed), "Conclusion", "Largest compatible gap"),
        rows=group_rows(run, frame[frame["metric"].isin(listed)], fill),
        notes=tuple(note for note in notes if note),
    )
    return drop_empty_columns(whole)


def _gap_cell(row: pd.Series | None, primary: str) -> Cell:
    """Return a gap printed as the measure that it is of; of all groups together the primary one alone."""
    if row is None or (row["level"] == ANY and row["metric"] != primary):
        return EMPTY
    printed = {"log_oe_ratio": "oe_ratio"}.get(str(row["metric"]), row["metric"])
    return estimate_cell(pd.Series({**row.to_dict(), "metric": printed}))


def _conclude(row: pd.Series | None) -> Cell:
    if row is None:
        return EMPTY
    if row["status"] == "suppressed":
        return Cell(text="suppressed", style="suppressed")
    title = CONCLUSIONS.get(str(row["conclusion"]))
    if title is None:
        return EMPTY
    bounds = (float(row["lower"]), float(row["upper"]))
    return Cell(text=title, detail=words.SHOWN if is_shown_only(str(row["conclusion"]), *bounds) else "")


def _compatible(row: pd.Series | None) -> Cell:
    shown = row is not None and row["status"] == "ok"
    return number_cell(format_number(float(row["largest_compatible"]), 2) if row is not None and shown else "")


def _draw(run: RunFolder, analysis: Analysis, gaps: pd.DataFrame) -> Iterator[Figure]:
    """Yield the forest of the printed models side by side, where anything can be drawn."""
    primary = find_primary(gaps)
    own = gaps[(gaps["metric"] == primary) & gaps["model"].isin(analysis.models)]
    if not (own["status"] == "ok").any():
        return
    levels = _head_levels(list_levels(run, own))
    margins = own["margin"].dropna()
    margin = float(margins.iloc[0]) if len(margins) else None
    band = "" if margin is None else f" The shaded band is the margin of {margin:g}."
    name = make_slug("group-gaps", analysis.view.slug)
    yield Figure(
        name=name,
        caption=f"Gaps in calibration to all other patients, with 95 % intervals, unadjusted. {analysis.view.title}."
        f"{band}",
        description=_describe(run, analysis, own, levels, primary),
        svg=render_svg(
            partial(_draw_panels, run=run, analysis=analysis, own=own, levels=levels, margin=margin),
            name=name,
            height_mm=HALF_MM + ROW_MM * len(levels),
            mark=mark_of(run),
        ),
    )


def _head_levels(levels: Levels) -> Levels:
    """Put before the groups of each attribute a row that is its heading."""
    names = dict.fromkeys(name for name, _ in levels)
    return tuple(row for name in names for row in ((name, ""), *(pair for pair in levels if pair[0] == name)))


def _draw_panels(
    canvas: Canvas, *, run: RunFolder, analysis: Analysis, own: pd.DataFrame, levels: Levels, margin: float | None
) -> None:
    pens = pens_of([model.name for model in run.facts.models], run.facts.study.reference)
    primary = find_primary(own)
    for k, model in enumerate(analysis.models):
        ax = canvas.add_subplot(1, len(analysis.models), k + 1)
        frame = rows_where(own, model=model)
        draw_gaps(frame, ax, metric=primary, levels=levels, pen=pens[model], margin=margin)
        ax.set_title(run.model_title(model))
        labels = [run.level_title(name, level) if level else run.predictor_title(name) for name, level in levels]
        ax.set_yticks(range(len(labels)), labels if k == 0 else [""] * len(labels))
        for tick, (_, level) in zip(ax.get_yticklabels(), levels, strict=True):
            tick.set_fontweight("normal" if level else "bold")


def _describe(run: RunFolder, analysis: Analysis, own: pd.DataFrame, levels: Levels, primary: str) -> str:
    parts = (
        f"{run.model_title(model)}: "
        + "; ".join(
            f"{run.predictor_title(name)} {run.level_title(name, level)} "
            f"{estimate_words(first_row(own, model=model, subgroup=name, level=level))}"
            for name, level in levels
            if level
        )
        for model in analysis.models
    )
    return f"Forest plot of gaps. {GAP_TITLES[primary]}. {'. '.join(parts)}."
