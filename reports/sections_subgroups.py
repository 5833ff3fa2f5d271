"""Calibration by subgroup, with small cells suppressed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports import subgroup_words as words
from reports.blocks import Block, Cell, Figure, Table, Text
from reports.canvas import pens_of, render_svg
from reports.figures_forest import draw_gaps, draw_levels
from reports.measures import measures_of
from reports.run_folder import RunFolder
from reports.sections_participants import mark_of
from reports.subgroup_tables import (
    group_rows,
    tabulate_ascertainment,
    tabulate_gaps,
    tabulate_precision,
    tabulate_tests,
    tabulate_thresholds,
)
from reports.tables import (
    OVERALL,
    PLANNED,
    count_cell,
    describe_intervals,
    digits_of,
    distinct,
    estimate_cell,
    estimate_words,
    first_row,
    format_count,
    format_interval,
    format_number,
    join_words,
    rows_where,
    suppression_note,
    title_of,
)
from reports.views import View, make_slug, models_in, views_of


def build_subgroups(run: RunFolder) -> list[Block]:
    """Build what is known of each group, then calibration by group and the gaps of every model, for every view."""
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
        ),
        *_explain_audit(run),
    ]
    for outcome in run.outcomes:
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"subgroups-{outcome.name}"))
        known = run.tables["ascertainment"]
        datasets = distinct(rows_where(known, outcome=outcome.name)["dataset"])
        tables = (tabulate_ascertainment(run, outcome, dataset) for dataset in datasets)
        blocks += [table for table in tables if table is not None]
        for view in views_of(run, outcome):
            blocks.append(Text(text=view.short_title, kind="heading", anchor=f"subgroups-{view.slug}"))
            blocks += _build_view(run, view)
    return blocks


def _explain_audit(run: RunFolder) -> list[Block]:
    """Say what the audit is about, how it concludes, and what no audit can show."""
    gaps = run.tables["gaps"]
    if gaps.empty:
        return [Text(text=words.EMPTY), Text(text=words.LABEL_BIAS)]
    margins = gaps["margin"].dropna()
    judged = words.CONCLUDING.format(margin=f"{margins.iloc[0]:g}") if len(margins) else ""
    used = [run.predictor_title(name) for name in run.facts.study.subgroups if name in run.facts.study.predictors]
    among = f"Predictors of the models themselves are {join_words(used)}." if used else ""
    texts = (
        (words.LABEL_BIAS, words.PROCEDURE),
        (words.GAPS, among, judged),
        (words.MULTIPLICITY, words.NOT_FAIR),
        (words.IMPOSSIBLE,),
    )
    return [Text(text=" ".join(part for part in parts if part)) for parts in texts]


def _build_view(run: RunFolder, view: View) -> list[Block]:
    frame = view.select(run.tables["evaluation"])
    frame = frame[~frame["subgroup"].isin(OVERALL)]
    gaps = view.select(run.tables["gaps"])
    blocks: list[Block] = []
    reference = rows_where(frame, model=run.facts.study.reference)
    if not reference.empty:
        blocks.append(_draw_forest(run, view, reference))
    own = rows_where(gaps, model=run.facts.study.reference)
    if not own.empty:
        blocks += _draw_gap_forest(run, view, own)
    for model in models_in(run, frame):
        blocks += _build_model(run, view, model, rows_where(frame, model=model), rows_where(gaps, model=model))
    return blocks


def _build_model(run: RunFolder, view: View, model: str, frame: pd.DataFrame, gaps: pd.DataFrame) -> list[Block]:
    blocks: list[Block] = [_tabulate(run, view, model, frame)]
    if not gaps.empty:
        blocks.append(tabulate_gaps(run, view, model, gaps))
        more = (tabulate_tests(run, view, model, gaps), tabulate_precision(run, view, model, gaps))
        blocks += [table for table in more if table is not None]
    blocks += tabulate_thresholds(run, view, model, frame)
    return blocks


def _draw_gap_forest(run: RunFolder, view: View, gaps: pd.DataFrame) -> list[Block]:
    metric = next((name for name in words.GAP_TITLES if name in set(gaps["metric"])), "")
    frame = gaps[(gaps["against"] == "rest") & (gaps["level"] != words.ANY) & (gaps["metric"] == metric)]
    if not (frame["status"] == "ok").any():
        return []
    name = make_slug("subgroup-gap-forest", view.slug)
    levels = _list_levels(run, frame)
    margins = frame["margin"].dropna()
    margin = float(margins.iloc[0]) if len(margins) else None
    said = [_word_largest(run, row) for row in _largest_gaps(gaps, metric)]
    shaded = f" The shaded band is the margin of {margin:g} that the plan sets." if margin is not None else ""
    figure = Figure(
        name=name,
        caption=f"{words.GAP_TITLES[metric]} of each group to all other patients, "
        f"{run.model_title(run.facts.study.reference)} (the reference), with 95 % intervals, unadjusted. "
        f"{view.title}.{shaded}",
        description=_describe_gaps(run, frame, levels, metric),
        svg=render_svg(
            partial(_draw_gap_panel, run=run, frame=frame, levels=levels, metric=metric, margin=margin),
            name=name,
            height_mm=16 + 4.4 * len(levels),
            mark=mark_of(run),
        ),
    )
    return [*([Text(text=" ".join(said))] if said else []), figure]


def _largest_gaps(gaps: pd.DataFrame, metric: str) -> Iterator[pd.Series]:
    rows = gaps[(gaps["level"] == words.ANY) & (gaps["metric"] == metric) & gaps["estimate"].notna()]
    return (row for _, row in rows.iterrows())


def _word_largest(run: RunFolder, row: pd.Series) -> str:
    digits = digits_of(str(row["metric"]))
    value = format_number(float(row["estimate"]), digits)
    interval = format_interval(float(row["lower"]), float(row["upper"]), digits)
    conclusion = words.CONCLUSIONS.get(str(row["conclusion"]), "")
    said = (
        f"{run.predictor_title(str(row['subgroup']))}: largest gap {value} (95 % CI for all groups at once {interval})"
    )
    return f"{said}, {conclusion}." if conclusion else f"{said}."


def _draw_gap_panel(
    canvas: Canvas,
    *,
    run: RunFolder,
    frame: pd.DataFrame,
    levels: tuple[tuple[str, str], ...],
    metric: str,
    margin: float | None,
) -> None:
    pen = pens_of([run.facts.study.reference], run.facts.study.reference)[run.facts.study.reference]
    ax = canvas.add_subplot(1, 1, 1)
    draw_gaps(frame, ax, metric=metric, levels=levels, pen=pen, margin=margin)
    ax.set_yticks(range(len(levels)), [_label_level(run, frame, subgroup, level) for subgroup, level in levels])
    for tick, (_, level) in zip(ax.get_yticklabels(), levels, strict=True):
        tick.set_fontweight("normal" if level else "bold")


def _describe_gaps(run: RunFolder, frame: pd.DataFrame, levels: tuple[tuple[str, str], ...], metric: str) -> str:
    parts = [
        f"{run.predictor_title(subgroup)} {run.level_title(subgroup, level)} "
        f"{estimate_words(first_row(frame, subgroup=subgroup, level=level))}"
        for subgroup, level in levels
        if level
    ]
    return f"Forest plot. {words.GAP_TITLES[metric]}: {'; '.join(parts)}."


def _tabulate(run: RunFolder, view: View, model: str, frame: pd.DataFrame) -> Table:
    below = run.facts.study.suppress_below
    chosen = measures_of(view.outcome.kind)
    measures = tuple(metric for metric in (*chosen.subgroup, *chosen.subgroup_also) if metric in set(frame["metric"]))
    counts = ("n", "Events") if chosen.has_events else ("n",)
    notes = [describe_intervals(frame[frame["metric"].isin(measures)])]
    if (frame["status"] == "suppressed").any():
        notes.append(suppression_note(below))
    return Table(
        name=make_slug("subgroups", view.slug, model),
        caption=f"Calibration by subgroup, {run.model_title(model)}. {view.title}.",
        columns=("Level", *counts, *(title_of(metric) for metric in measures)),
        rows=group_rows(run, frame, partial(_level_cells, counts=counts, measures=measures)),
        notes=tuple(note for note in notes if note),
        folded=model != run.facts.study.reference,
    )


def _level_cells(rows: pd.DataFrame, *, counts: tuple[str, ...], measures: tuple[str, ...]) -> tuple[Cell, ...]:
    first = rows.iloc[0]
    shown = rows[rows["metric"].isin(measures)]
    status = "suppressed" if (shown["status"] == "suppressed").any() else "ok"
    return (
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
    title = run.level_title(subgroup, level)
    if rows["n"].isna().any() or (rows["status"] == "suppressed").all():
        return title
    counts = (format_count(rows[name].iloc[0]) for name in ("n", "events"))
    return f"{title} ({' / '.join(filter(None, counts))})"


def _describe_levels(run: RunFolder, frame: pd.DataFrame, levels: tuple[tuple[str, str], ...], metric: str) -> str:
    parts = [
        f"{run.predictor_title(subgroup)} {run.level_title(subgroup, level)} "
        f"{estimate_words(first_row(frame, subgroup=subgroup, level=level, metric=metric))}"
        for subgroup, level in levels
        if level
    ]
    what = "Observed over expected events" if metric == "oe_ratio" else title_of(metric)
    return f"Forest plot by subgroup. {what}: {'; '.join(parts)}."
