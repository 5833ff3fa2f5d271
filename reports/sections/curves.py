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
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.overlays import draw_overlaid
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

PANELS = 4
PANEL_MM = 62.0
SCORE_PANEL_MM = 52.0
LIMITS = (0.1, 0.2, 0.3, 0.4, 0.6, 1.0)
"""Ends of the axes: a rare outcome would lie in a corner of 0 to 1."""
LEFT_OUT = "internal-external"
NOT_ANALYSED = "No outcome was analysed."
ENOUGH = 200
"""Events, and non-events, from which a flexible curve is to be trusted."""

OPTING_OUT = (
    " Net benefit is here that of opting out: the share of patients who are acted on and turn out to be without the "
    "outcome, minus the share of those who are acted on and have it, weighted by (1 \u2212 t) / t at the threshold t."
)
"""Of actions for patients below the threshold."""
NO_ACTION = (
    "Without an action there is no decision that a curve could inform: none is drawn, and nothing is recommended. "
    "A threshold must come from a decision about patients who were operated on, not from the results. The curves stand "
    "as numbers, described only, in share/curves/decision.csv."
)
AMONG_OPERATED = "after surgery, among patients who were operated on; it says nothing about not operating"


def build_calibration(run: RunFolder) -> list[Block]:
    """Build the calibration of every view: all curves in one panel, then each model with its band and its risks.

    Notes
    -----
    Thresholds that are derived from a score, and sites that were left out, have the one panel only.
    """
    if not run.outcomes:
        return [Text(text=NOT_ANALYSED)]
    blocks: list[Block] = [
        Text(
            text="Calibration is whether as many patients have the outcome as was predicted, over the whole range of "
            "predictions. All models stand in one panel first; then each of them with its pointwise 95 % band and, "
            "beneath, the distribution of its predicted risks among operations with the event (upwards) and without "
            "(downwards). Of a predicted score both axes are points."
        )
    ]
    for outcome in run.outcomes:
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"calibration-{outcome.name}"))
        views = views_of(run, outcome)
        for view in views:
            blocks.append(Text(text=view.short_title, kind="heading", anchor=f"calibration-{view.slug}"))
            blocks += _build_view(run, view)
        if not views:
            blocks.append(Text(text="No performance was computed, so there is no curve.", kind="note"))
    return blocks


def _build_view(run: RunFolder, view: View) -> list[Block]:
    risks = measures_of(view.outcome.kind).has_events
    curves = view.select(run.tables["calibration" if risks else "score_calibration"])
    if not models_in(run, curves):
        of = "" if risks else " of the score"
        return [Text(text=f"{view.short_title}: no calibration curve{of} was assessable.", kind="note")]
    limits = _choose_limits(run, view, curves)
    overlaid = draw_overlaid(run, view, curves, limits=limits, caution=_word_caution(curves, limits, risks=risks))
    if view.outcome.from_score or view.validation == LEFT_OUT:
        return [overlaid]
    return [overlaid, _draw_each(run, view, curves) if risks else _draw_each_score(run, view, curves)]


def _choose_limits(run: RunFolder, view: View, curves: pd.DataFrame) -> tuple[float, float]:
    if measures_of(view.outcome.kind).has_events:
        return 0.0, choose_limit(curves, view.select(run.tables["risk_distribution"]))
    ends = curves[["predicted", "lower", "upper"]]
    return float(ends.min().min()), float(ends.max().max())


def _word_caution(curves: pd.DataFrame, limits: tuple[float, float], *, risks: bool) -> str:
    """Say where the axes of risks end, and whether few events make the shape uncertain."""
    if not risks:
        return ""
    n, events = curves["n"].iloc[0], curves["events"].iloc[0]
    axes = "" if limits[1] == 1.0 else f" The axes end at {limits[1]:g}, not at 1."
    few = min(events, n - events) < ENOUGH
    return f"{axes}{f' Fewer than {ENOUGH} events or non-events: read the shape with caution.' if few else ''}"


def _draw_each(run: RunFolder, view: View, curves: pd.DataFrame) -> Figure:
    """Draw one panel per model: its curve and band, and its risks."""
    name = make_slug("calibration", view.slug)
    models = models_in(run, curves)
    axes = _word_caution(curves, _choose_limits(run, view, curves), risks=True)
    return Figure(
        name=name,
        caption=f"Calibration curves with 95 % bands, and the distribution of predicted risks: up with the event, down "
        f"without, in percent of each. {view.title}.{axes}",
        description=_describe_curves(run, view, models),
        svg=render_svg(
            partial(_draw_panels, run=run, view=view, models=models),
            name=name,
            height_mm=PANEL_MM * math.ceil(len(models) / PANELS) + 2,
            mark=mark_of(run),
        ),
    )


def _draw_each_score(run: RunFolder, view: View, curves: pd.DataFrame) -> Figure:
    """Draw the curves of a predicted score; each threshold that is derived from it has a view of its own."""
    name = make_slug("calibration", view.slug)
    models = models_in(run, curves)
    slopes = [
        f"{run.model_title(model)} {estimate_words(first_row(_rows_of(run, view), model=model, metric='score_slope'))}"
        for model in models
    ]
    return Figure(
        name=name,
        caption=f"Calibration curves of the predicted score, in points, with 95 % bands. {view.title}.",
        description=f"Calibration curves of {count_words(len(models), 'model')}. Slopes of the observed on the "
        f"predicted score: {'; '.join(slopes)}.",
        svg=render_svg(
            partial(_draw_score_panels, run=run, view=view, models=models),
            name=name,
            height_mm=SCORE_PANEL_MM * math.ceil(len(models) / PANELS) + 2,
            mark=mark_of(run),
        ),
    )


def _draw_score_panels(canvas: Canvas, *, run: RunFolder, view: View, models: tuple[str, ...]) -> None:
    curves = view.select(run.tables["score_calibration"])
    pens = pens_of([model.name for model in run.facts.models], run.facts.study.reference)
    limits = _choose_limits(run, view, curves)
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
            limits=limits,
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
        _label_measure(rows, "calibration_in_the_large", "in the large", 2).replace(" (", "\n("),
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
    others = [outcome for outcome in run.outcomes if outcome not in declared]
    if not declared:
        return [Text(text=f"The study declares no threshold probability and no action for any outcome. {NO_ACTION}")]
    blocks: list[Block] = [
        Text(
            text="Net benefit weighs patients who are rightly chosen for an action against those wrongly chosen, at "
            "the exchange rate that the threshold probability states. The action and its thresholds are "
            f"{PLANNED}. Every risk here is a risk {AMONG_OPERATED}."
        )
    ]
    for outcome in declared:
        blocks += _build_decision(run, outcome)
    if others:
        titles = join_words(outcome.title for outcome in others)
        blocks.append(Text(text=f"No action is declared for: {titles}. {NO_ACTION}", kind="note"))
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
        curves = _inside(view.select(run.tables["decision"]))
        if models_in(run, curves):
            blocks.append(_draw_decision(run, view, curves))
        rows = rows_where(_rows_of(run, view), metric="net_benefit")
        if not models_in(run, curves) and rows.empty:
            blocks.append(Text(text=f"{view.short_title}: no net benefit was assessable.", kind="note"))
        if not rows.empty:
            blocks.append(_tabulate_net_benefit(run, view, rows))
        shown = _rows_of(run, view)
        shown = shown[shown["metric"].isin(AT_THRESHOLDS)]
        if not shown.empty:
            blocks.append(_tabulate_classification(run, view, shown))
    return blocks


def _inside(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the points strictly between 0 and 1: at the ends the exchange rate is nothing, or beyond all bounds."""
    return curves[curves["threshold_probability"].between(0, 1, inclusive="neither")]


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
        f"{side_of(view.outcome)} the threshold. Vertical lines and markers: declared thresholds. Read "
        f"{AMONG_OPERATED}.",
        description=f"Net benefit of {count_words(len(models), 'model')}, of the action for everyone and for no one, "
        f"at threshold probabilities from {low} to {high}. {_describe_declared(run, view)}",
        svg=render_svg(draw, name=name, height_mm=74, mark=mark_of(run)),
    )


def _draw_decision_panel(canvas: Canvas, *, run: RunFolder, curves: pd.DataFrame, models: tuple[str, ...]) -> None:
    reference = run.facts.study.reference
    pens = pens_of([model.name for model in run.facts.models], reference)
    titles = {name: run.model_title(name) for name in models}
    draw_decision_curves(curves, canvas.add_subplot(), reference=reference, titles=titles, pens=pens)


def _describe_declared(run: RunFolder, view: View) -> str:
    rows = rows_where(_rows_of(run, view), metric="net_benefit")
    parts = []
    for model in models_in(run, rows):
        own = [
            f"{estimate_words(row)} at {format_number(row['threshold_probability'], 2)}"
            for _, row in rows_where(rows, model=model).iterrows()
        ]
        parts.append(f"{run.model_title(model)} {join_words(own)}")
    return f"Net benefit: {'; '.join(parts)}." if parts else ""


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
        file="evaluation.csv",
    )


def _classification_rows(run: RunFolder, rows: pd.DataFrame) -> Iterator[tuple[Cell, ...]]:
    for threshold in sorted(rows["threshold_probability"].dropna().unique()):
        part = rows_where(rows, threshold_probability=threshold)
        title = Cell(text=f"At {format_number(threshold, 2)}", style="group")
        yield (title, *[Cell(text="")] * len(AT_THRESHOLDS))
        for model in models_in(run, part):
            found = [first_row(part, model=model, metric=metric) for metric in AT_THRESHOLDS]
            yield (Cell(text=run.model_title(model), style="indent"), *(estimate_cell(row) for row in found))
