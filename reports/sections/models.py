"""The models compared: their measures, and the paired differences to the reference."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import label_rows, pens_of, render_svg
from reports.figures.forest import draw_differences
from reports.measures import NULL_OF, MeasureSet, measures_of
from reports.run_folder import RunFolder
from reports.sections.participants import mark_of
from reports.sections.summary import multiplicity_note
from reports.sections.verdict import margin_of, word_share
from reports.tables import (
    EMPTY,
    PLANNED,
    count_cell,
    describe_intervals,
    estimate_cell,
    estimate_words,
    first_row,
    format_number,
    rows_where,
    title_of,
    whole_sample,
    words_of,
)
from reports.views import View, make_slug, models_in, views_of

NATIVE = ", but for the boosted trees, which are given the gaps"
ROLES = {
    "arm": "rival, one of the candidates in each fold",
    "comparator": "beside the models, no candidate",
    "sensitivity": "sensitivity analysis of the reference",
}
"""Roles that need words."""


def build_models(run: RunFolder) -> list[Block]:
    """Build the performance tables, the differences and their forest plots for every view."""
    blocks: list[Block] = [_tabulate_models(run)]
    for outcome in run.outcomes:
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"models-{outcome.name}"))
        views = views_of(run, outcome)
        for view in views:
            blocks.append(Text(text=view.short_title, kind="heading", anchor=f"models-{view.slug}"))
            blocks += _build_view(run, view)
        if not views:
            blocks.append(Text(text="No performance was computed.", kind="note"))
    return blocks


def _tabulate_models(run: RunFolder) -> Table:
    rows = tuple(
        (Cell(text=model.title), Cell(text=ROLES.get(model.role, model.role)), Cell(text=model.text or "\u2013"))
        for model in run.facts.models
    )
    return Table(
        name="models",
        caption="Models. All are fitted on the same folds and the same predictors, and missing values are treated alike"
        f"{NATIVE if run.facts.study.missing == 'native' else ''}.",
        columns=("Model", "Role", "What it is"),
        rows=rows,
    )


def _build_view(run: RunFolder, view: View) -> list[Block]:
    rows = view.select(whole_sample(run.tables["evaluation"]))
    differences = view.select(run.tables["comparison"])
    chosen = measures_of(view.outcome.kind)
    blocks: list[Block] = [
        _tabulate_measures(run, view, rows, chosen.overall, "overall", chosen.overall_title),
        replace(
            _tabulate_measures(run, view, rows, chosen.calibration, "calibration", chosen.calibration_title),
            folded=_is_beside(view),
            file="evaluation.csv",
        ),
    ]
    if rows["metric"].isin(chosen.further).any():
        further = _tabulate_measures(run, view, rows, chosen.further, "further", "Further measures, described only")
        blocks.append(replace(further, folded=True, file="evaluation.csv"))
    if differences.empty:
        return blocks
    drawn = not (_is_beside(view) or _is_drawn_with_verdict(run, view))
    table = replace(_tabulate_differences(run, view, differences), folded=not drawn, file="comparison.csv")
    return [*blocks, _draw_forest(run, view, differences), table] if drawn else [*blocks, table]


def _is_beside(view: View) -> bool:
    """Tell whether a view is told elsewhere: sites that were left out, and what is derived from a score."""
    return view.validation == "internal-external" or view.outcome.from_score is not None


def _is_drawn_with_verdict(run: RunFolder, view: View) -> bool:
    """Tell whether the forest of the verdict shows the same differences, over the folds."""
    procedures = rows_where(run.tables["procedures"], outcome=view.outcome.name, status="ok")
    return view.validation == "internal" and not procedures.empty


def _tabulate_measures(
    run: RunFolder, view: View, rows: pd.DataFrame, measures: tuple[str, ...], name: str, caption: str
) -> Table:
    shown = rows[rows["metric"].isin(measures)]
    nulls = [NULL_OF[metric] for metric in measures if metric in NULL_OF]
    notes = [describe_intervals(shown), *_notes_of(view, measures)]
    return Table(
        name=make_slug("performance", name, view.slug),
        caption=f"{caption}. {view.title}.",
        columns=(
            "Model",
            *_name_counts(view),
            *(title_of(m) for m in measures),
            *(title_of(metric) for metric in nulls),
        ),
        rows=tuple(_measure_row(run, view, rows_where(rows, model=m), measures) for m in models_in(run, rows)),
        notes=tuple(note for note in notes if note),
    )


def _name_counts(view: View) -> tuple[str, ...]:
    return ("n", "Events") if measures_of(view.outcome.kind).has_events else ("n",)


def _measure_row(run: RunFolder, view: View, rows: pd.DataFrame, measures: tuple[str, ...]) -> tuple[Cell, ...]:
    counts = rows.iloc[0]
    status = "suppressed" if (rows["status"] == "suppressed").all() else "ok"
    return (
        Cell(text=run.model_title(str(counts["model"]))),
        *(count_cell(counts[name.lower()], status=status) for name in _name_counts(view)),
        *(estimate_cell(first_row(rows, metric=metric)) for metric in measures),
        *(_null_cell(first_row(rows, metric=NULL_OF[metric])) for metric in measures if metric in NULL_OF),
    )


def _null_cell(row: pd.Series | None) -> Cell:
    """Return the mean under perfect calibration, with the 95th percentile beneath."""
    if row is None or row["status"] != "ok":
        return EMPTY
    highest = format_number(float(row["upper"]), 3)
    return estimate_cell(row, detail=f"95th pct {highest}" if highest else "")


def _notes_of(view: View, measures: tuple[str, ...]) -> list[str]:
    notes = []
    if "ici" in measures:
        notes.append(
            "The ICI stands without an interval: percentiles of a bootstrap claim no coverage and may exclude the "
            "estimate. It is above 0 even under perfect calibration; the last column is its mean, and 95th "
            "percentile, if the predicted risks were true."
        )
    if "oe_ratio" in measures and view.validation == "internal":
        notes.append(
            "Inside stratified cross-validation O:E and calibration in the large are near 1 and 0 by construction: "
            "they are not informative internally and earn no credit."
        )
    if "mean_difference" in measures and view.validation == "internal":
        notes.append(
            "Inside stratified cross-validation the mean difference is near 0 by construction: it is not informative "
            "internally and earns no credit."
        )
    return notes


def _tabulate_differences(run: RunFolder, view: View, frame: pd.DataFrame) -> Table:
    chosen = measures_of(view.outcome.kind)
    metrics = tuple(m for m in (*chosen.differences, *chosen.also) if m in set(frame["metric"]))
    margin = margin_of(run, view)
    notes = [
        f"Model minus reference, on the same operations. {chosen.direction}",
        describe_intervals(frame[frame["metric"].isin(metrics)]),
    ]
    if margin is not None:
        notes.append(f"Margin {PLANNED}: {word_share(run)} of the reference's log loss, {format_number(margin, 4)}.")
    notes.append(multiplicity_note(run))
    return Table(
        name=make_slug("differences", view.slug),
        caption=f"Differences from the reference, {run.model_title(run.facts.study.reference)}. {view.title}.",
        columns=("Model", *(title_of(metric) for metric in metrics)),
        rows=tuple(
            (
                Cell(text=run.model_title(model)),
                *(estimate_cell(first_row(frame, model=model, metric=m)) for m in metrics),
            )
            for model in models_in(run, frame)
        ),
        notes=tuple(note for note in notes if note),
    )


def _draw_forest(run: RunFolder, view: View, frame: pd.DataFrame) -> Figure:
    name = make_slug("forest", view.slug)
    chosen = measures_of(view.outcome.kind)
    shown = frame[frame["metric"].isin(chosen.differences)]
    models = models_in(run, shown)
    draw = partial(_draw_panels, run=run, view=view, frame=shown, models=models)
    return Figure(
        name=name,
        caption=f"Paired differences from the reference with 95 % intervals. {view.title}.{_word_margin(chosen)}",
        description=_describe_differences(run, shown, models, chosen.differences[0]),
        svg=render_svg(draw, name=name, height_mm=22 + 6 * len(models), mark=mark_of(run)),
    )


def _draw_panels(canvas: Canvas, *, run: RunFolder, view: View, frame: pd.DataFrame, models: tuple[str, ...]) -> None:
    reference = run.facts.study.reference
    pens = pens_of([model.name for model in run.facts.models], reference)
    metrics = [metric for metric in measures_of(view.outcome.kind).differences if metric in set(frame["metric"])]
    for k, metric in enumerate(metrics):
        ax = canvas.add_subplot(1, len(metrics), k + 1)
        margin = margin_of(run, view) if metric == "log_loss" else None
        draw_differences(frame, ax, metric=metric, models=models, pens=pens, margin=margin)
        label_rows(ax, [run.model_title(m) if k == 0 else "" for m in models])


def _word_margin(chosen: MeasureSet) -> str:
    if "log_loss" not in chosen.differences:
        return " The margin of a score is one of its mean squared error: see the verdict."
    return f" The dashed line in the panel of log loss is the margin {PLANNED}; a gain worth having lies to its left."


def _describe_differences(run: RunFolder, frame: pd.DataFrame, models: tuple[str, ...], metric: str) -> str:
    parts = [
        f"{run.model_title(model)} {estimate_words(first_row(frame, model=model, metric=metric))}"
        for model in models
        if first_row(frame, model=model, metric=metric) is not None
    ]
    return f"Forest plot. Differences in {words_of(metric)}: {'; '.join(parts)}."
