"""Calibration curves and decision curves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import pens_of, render_svg
from reports.figures.risk import draw_calibration, draw_decision_curves, draw_risk_distribution
from reports.figures.scores import draw_score_calibration
from reports.measures import AT_THRESHOLDS, measures_of
from reports.run_folder import OutcomeFacts, RunFolder
from reports.sections.participants import mark_of
from reports.tables import (
    PLANNED,
    count_words,
    describe_intervals,
    end,
    estimate_cell,
    estimate_words,
    first_row,
    format_interval,
    format_number,
    join_words,
    rows_where,
    title_of,
    whole_sample,
)
from reports.views import View, make_slug, models_in, views_of

PANELS = 3
PANEL_MM = 72.0
SCORE_PANEL_MM = 58.0
LIMITS = (0.2, 0.4, 0.6, 1.0)
"""Ends of the axes: a rare outcome would lie in a corner of 0 to 1."""
ENOUGH = 200
"""Events, and non-events, from which a flexible curve is to be trusted."""

OPTING_OUT = (
    " Net benefit is here that of opting out: the share of patients who are acted on and turn out to be without the "
    "outcome, minus the share of those who are acted on and have it, weighted by (1 \u2212 t) / t at the threshold t."
)
"""Of actions for patients below the threshold."""
AMONG_OPERATED = "after surgery, among patients who were operated on; it says nothing about not operating"


def build_calibration(run: RunFolder) -> list[Block]:
    """Build one figure of calibration curves per view, with the distribution of risk beneath each."""
    blocks: list[Block] = [
        Text(
            text="Each panel shows one model: the observed proportion of events against predicted risk as a flexible "
            "curve with its pointwise 95 % band; on the dashed line the two are equal. Beneath, on the same axis, how "
            "predicted risks are distributed among operations with the event (upwards) and without (downwards). Of a "
            "predicted score both axes are points."
        )
    ]
    for outcome in run.outcomes:
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"calibration-{outcome.name}"))
        for view in views_of(run, outcome):
            blocks.append(Text(text=view.short_title, kind="heading", anchor=f"calibration-{view.slug}"))
            blocks += _build_view(run, view)
    return blocks


def _build_view(run: RunFolder, view: View) -> list[Block]:
    if not measures_of(view.outcome.kind).has_events:
        return _build_score_view(run, view)
    curves = view.select(run.tables["calibration"])
    models = models_in(run, curves)
    if not models:
        return [Text(text=f"{view.short_title}: no calibration curve was assessable.", kind="note")]
    name = make_slug("calibration", view.slug)
    n, events = curves["n"].iloc[0], curves["events"].iloc[0]
    few = min(events, n - events) < ENOUGH
    limit = choose_limit(curves, view.select(run.tables["risk_distribution"]))
    axes = "" if limit == 1.0 else f" The axes end at {limit:g}, not at 1."
    caution = f" Fewer than {ENOUGH} events or non-events: read the shape of the curves with caution." if few else ""
    rows = math.ceil(len(models) / PANELS)
    figure = Figure(
        name=name,
        caption=f"Calibration curves. {view.title}. Curves are drawn from the 1st to the 99th percentile of predicted "
        f"risk.{axes}{caution}",
        description=_describe_curves(run, view, models),
        svg=render_svg(
            partial(_draw_panels, run=run, view=view, models=models),
            name=name,
            height_mm=PANEL_MM * rows + 2,
            mark=mark_of(run),
        ),
    )
    return [figure]


def _build_score_view(run: RunFolder, view: View) -> list[Block]:
    """Build the curves of a predicted score; each threshold that is derived from it has a view of its own."""
    curves = view.select(run.tables["score_calibration"])
    models = models_in(run, curves)
    if not models:
        return [Text(text=f"{view.short_title}: no calibration curve of the score was assessable.", kind="note")]
    name = make_slug("calibration", view.slug)
    slopes = [
        f"{run.model_title(model)} {estimate_words(first_row(_rows_of(run, view), model=model, metric='score_slope'))}"
        for model in models
    ]
    figure = Figure(
        name=name,
        caption=f"Calibration curves of the predicted score, in points. {view.title}. Curves are drawn from the 1st to "
        "the 99th percentile of the predicted score, with a pointwise 95 % band.",
        description=f"Calibration curves of {count_words(len(models), 'model')}. Slopes of the observed on the "
        f"predicted score: {'; '.join(slopes)}.",
        svg=render_svg(
            partial(_draw_score_panels, run=run, view=view, models=models),
            name=name,
            height_mm=SCORE_PANEL_MM * math.ceil(len(models) / PANELS) + 2,
            mark=mark_of(run),
        ),
    )
    return [figure]


def _draw_score_panels(canvas: Canvas, *, run: RunFolder, view: View, models: tuple[str, ...]) -> None:
    curves = view.select(run.tables["score_calibration"])
    pens = pens_of([model.name for model in run.facts.models], run.facts.study.reference)
    ends = curves[["predicted", "lower", "upper"]]
    grid = canvas.add_gridspec(math.ceil(len(models) / PANELS), PANELS)
    for k, model in enumerate(models):
        rows = rows_where(_rows_of(run, view), model=model)
        lines = [
            _label_measure(rows, "score_slope", "slope", 2),
            _label_measure(rows, "mean_difference", "observed \u2212 predicted", 1),
        ]
        ax = canvas.add_subplot(grid[k // PANELS, k % PANELS])
        draw_score_calibration(
            rows_where(curves, model=model),
            ax,
            pen=pens[model],
            title=run.model_title(model),
            labels="\n".join(line for line in lines if line),
            limits=(float(ends.min().min()), float(ends.max().max())),
        )
        if k % PANELS:
            ax.set_ylabel("")


def _rows_of(run: RunFolder, view: View) -> pd.DataFrame:
    return view.select(whole_sample(run.tables["evaluation"]))


def choose_limit(curves: pd.DataFrame, risks: pd.DataFrame) -> float:
    """Return the end of the axes of calibration: the least of `LIMITS` beyond every curve, band and shown risk."""
    shown = risks[(risks["status"] == "ok") & (risks["percent"] > 0)]
    highest = max(curves["predicted"].max(), curves["upper"].max(), shown["bin_high"].max() if len(shown) else 0.0)
    return next((limit for limit in LIMITS if highest <= limit), 1.0)


def _draw_panels(canvas: Canvas, *, run: RunFolder, view: View, models: tuple[str, ...]) -> None:
    curves, risks = (view.select(run.tables[name]) for name in ("calibration", "risk_distribution"))
    pens = pens_of([model.name for model in run.facts.models], run.facts.study.reference)
    limit = choose_limit(curves, risks)
    n_rows = math.ceil(len(models) / PANELS)
    grid = canvas.add_gridspec(2 * n_rows, PANELS, height_ratios=[4, 1.15] * n_rows)
    for k, model in enumerate(models):
        row, column = 2 * (k // PANELS), k % PANELS
        upper = canvas.add_subplot(grid[row, column])
        lower = canvas.add_subplot(grid[row + 1, column])
        draw_calibration(
            rows_where(curves, model=model),
            upper,
            pen=pens[model],
            title=run.model_title(model),
            labels=_label_curve(run, view, model),
            limit=limit,
        )
        draw_risk_distribution(rows_where(risks, model=model), lower, limit=limit)
        if column:
            upper.set_ylabel("")


def _label_curve(run: RunFolder, view: View, model: str) -> str:
    rows = rows_where(_rows_of(run, view), model=model)
    lines = [
        _label_measure(rows, "calibration_slope", "slope", 2),
        _label_measure(rows, "calibration_in_the_large", "in the large", 2),
        _label_ici(rows),
    ]
    return "\n".join(line for line in lines if line)


def _label_measure(rows: pd.DataFrame, metric: str, word: str, digits: int) -> str:
    row = first_row(rows, metric=metric)
    if row is None or row["status"] != "ok":
        return ""
    return f"{word} {format_number(row['estimate'], digits)} ({format_interval(row['lower'], row['upper'], digits)})"


def _label_ici(rows: pd.DataFrame) -> str:
    found, null = first_row(rows, metric="ici"), first_row(rows, metric="ici_null")
    if found is None or found["status"] != "ok":
        return ""
    expected = "" if null is None or null["status"] != "ok" else f", {format_number(null['estimate'], 3)} if perfect"
    return f"ICI {format_number(found['estimate'], 3)}{expected}"


def _describe_curves(run: RunFolder, view: View, models: tuple[str, ...]) -> str:
    rows = _rows_of(run, view)
    parts = [
        f"{run.model_title(model)} {estimate_words(first_row(rows, model=model, metric='calibration_slope'))}"
        for model in models
    ]
    return f"Calibration curves of {count_words(len(models), 'model')}. Calibration slopes: {'; '.join(parts)}."


def build_decisions(run: RunFolder) -> list[Block]:
    """Build decision curves and net benefit for outcomes whose thresholds and action were declared."""
    declared = [outcome for outcome in run.outcomes if outcome.thresholds and outcome.action]
    if not declared:
        return [
            Text(
                text="The study declares no threshold probability and no action for any outcome, so no decision curve "
                "is drawn: a threshold must come from a decision, not from the results."
            )
        ]
    blocks: list[Block] = [
        Text(
            text="Net benefit weighs patients who are rightly chosen for an action against those wrongly chosen, at "
            "the exchange rate that the threshold probability states. The action and its thresholds are "
            f"{PLANNED}. Every risk here is a risk {AMONG_OPERATED}."
        )
    ]
    for outcome in declared:
        blocks += _build_decision(run, outcome)
    return blocks


def _build_decision(run: RunFolder, outcome: OutcomeFacts) -> list[Block]:
    values = join_words(format_number(value, 2) for value in outcome.thresholds)
    side = side_of(outcome)
    blocks: list[Block] = [
        Text(text=outcome.title, kind="subsection", anchor=f"decisions-{outcome.name}"),
        Text(
            text=f"Action {side} the threshold: {end(outcome.action or '')} "
            f"Declared threshold probabilities: {values}. Acted on are {describe_acted(outcome)}."
            f"{OPTING_OUT if outcome.acts_below else ''}"
        ),
    ]
    for view in views_of(run, outcome):
        blocks.append(Text(text=view.short_title, kind="heading", anchor=f"decisions-{view.slug}"))
        curves = view.select(run.tables["decision"])
        if not curves.empty:
            blocks.append(_draw_decision(run, view, curves))
        rows = rows_where(_rows_of(run, view), metric="net_benefit")
        if not rows.empty:
            blocks.append(_tabulate_net_benefit(run, view, rows))
        shown = _rows_of(run, view)
        shown = shown[shown["metric"].isin(AT_THRESHOLDS)]
        if not shown.empty:
            blocks.append(_tabulate_classification(run, view, shown))
    return blocks


def side_of(outcome: OutcomeFacts) -> str:
    """Return on which side of a threshold patients are acted on, in words."""
    return "below" if outcome.acts_below else "at or above"


def describe_acted(outcome: OutcomeFacts) -> str:
    """Return who is acted on at the declared thresholds, in words."""
    side = side_of(outcome)
    values = [f"{side} {100 * value:g} %" for value in outcome.thresholds]
    return f"patients whose predicted probability is {', or '.join(values)}"


def _draw_decision(run: RunFolder, view: View, curves: pd.DataFrame) -> Figure:
    name = make_slug("decision", view.slug)
    models = models_in(run, curves)
    draw = partial(_draw_decision_panel, run=run, curves=curves, models=models)
    ends = curves["threshold_probability"].min(), curves["threshold_probability"].max()
    low, high = (format_number(value, 2) for value in ends)
    return Figure(
        name=name,
        caption=f"Decision curves. {view.title}. The heavy line with its 95 % band is the reference; the grey lines "
        "are the same action for everyone and for no one. Acted on are patients whose predicted probability is "
        f"{side_of(view.outcome)} the threshold. Vertical lines: declared thresholds. Read {AMONG_OPERATED}.",
        description=f"Net benefit of {count_words(len(models), 'model')}, of the action for everyone and for no one, "
        f"at threshold probabilities from {low} to {high}. {_describe_declared(run, view)}",
        svg=render_svg(draw, name=name, height_mm=82, mark=mark_of(run)),
    )


def _draw_decision_panel(canvas: Canvas, *, run: RunFolder, curves: pd.DataFrame, models: tuple[str, ...]) -> None:
    reference = run.facts.study.reference
    pens = pens_of([model.name for model in run.facts.models], reference)
    titles = {name: run.model_title(name) for name in models}
    draw_decision_curves(curves, canvas.add_subplot(), reference=reference, titles=titles, pens=pens)


def _describe_declared(run: RunFolder, view: View) -> str:
    rows = rows_where(_rows_of(run, view), metric="net_benefit", model=run.facts.study.reference)
    parts = [f"{estimate_words(row)} at {format_number(row['threshold_probability'], 2)}" for _, row in rows.iterrows()]
    return f"Net benefit of the reference: {'; '.join(parts)}." if parts else ""


def _tabulate_net_benefit(run: RunFolder, view: View, rows: pd.DataFrame) -> Table:
    thresholds = sorted(rows["threshold_probability"].dropna().unique())
    return Table(
        name=make_slug("net-benefit", view.slug),
        caption=f"Net benefit at the declared threshold probabilities: action for {describe_acted(view.outcome)}. "
        f"{view.title}.",
        columns=("Model", *(f"at {format_number(threshold, 2)}" for threshold in thresholds)),
        rows=tuple(
            (
                Cell(text=run.model_title(model)),
                *(estimate_cell(first_row(rows, model=model, threshold_probability=t)) for t in thresholds),
            )
            for model in models_in(run, rows)
        ),
        notes=tuple(
            note
            for note in (
                describe_intervals(rows),
                "Intervals show the uncertainty of the sample; the choice between strategies is by the higher net "
                "benefit, not by significance (Vickers 2023).",
                f"Read {AMONG_OPERATED}.",
            )
            if note
        ),
    )


def _tabulate_classification(run: RunFolder, view: View, rows: pd.DataFrame) -> Table:
    """Say who is acted on and whom the thresholds tell apart, rightly or wrongly: at declared thresholds only."""
    return Table(
        name=make_slug("thresholds", view.slug),
        caption=f"Who is acted upon at the declared threshold probabilities. {view.title}.",
        columns=("Model", *(title_of(metric) for metric in AT_THRESHOLDS)),
        rows=tuple(_classification_rows(run, rows)),
        notes=tuple(
            note
            for note in (
                describe_intervals(rows),
                "These follow from the threshold, which was chosen before; none was searched for here. Predictive "
                "values move with the event rate. Sensitivity, specificity and predictive values take a predicted "
                "probability at or above the threshold for a positive, whoever is acted on; the share acted on is of "
                f"patients {side_of(view.outcome)} the threshold.",
            )
            if note
        ),
        folded=True,
    )


def _classification_rows(run: RunFolder, rows: pd.DataFrame) -> Iterator[tuple[Cell, ...]]:
    for threshold in sorted(rows["threshold_probability"].dropna().unique()):
        part = rows_where(rows, threshold_probability=threshold)
        title = Cell(text=f"At {format_number(threshold, 2)}", style="group")
        yield (title, *[Cell(text="")] * len(AT_THRESHOLDS))
        for model in models_in(run, part):
            found = [first_row(part, model=model, metric=metric) for metric in AT_THRESHOLDS]
            yield (Cell(text=run.model_title(model), style="indent"), *(estimate_cell(row) for row in found))
