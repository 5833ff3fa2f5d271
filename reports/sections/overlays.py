"""Calibration of all models in one panel, and their slopes with intervals beside it."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports.blocks import Figure
from reports.figures.canvas import label_rows, pens_of, render_svg
from reports.figures.forest import draw_estimates, draw_swatches
from reports.figures.overlay import draw_overlay
from reports.measures import measures_of
from reports.run_folder import RunFolder
from reports.sections.participants import mark_of
from reports.tables import (
    count_words,
    estimate_words,
    first_row,
    format_number,
    title_of,
    whole_sample,
    words_of,
)
from reports.views import View, make_slug, models_in

SLOPES = {True: "calibration_slope", False: "score_slope"}
LEAST_MM, ROW_MM = 74.0, 7.0
WORDS = {True: ("predicted risk", "Predicted risk", "Observed proportion"),
         False: ("predicted score", "Predicted score", "Mean observed score")}  # fmt: skip
"""Of outcomes that occur or not, and of scores: in a sentence, and on both axes."""


def draw_overlaid(
    run: RunFolder, view: View, curves: pd.DataFrame, *, limits: tuple[float, float], caution: str
) -> Figure:
    """Draw the calibration curves of a view over each other.

    Parameters
    ----------
    run, view
        What it is about.
    curves
        The curves of the view.
    limits
        Ends of both axes.
    caution
        What stands at the end of the caption, beginning with a space, or an empty text.
    """
    name = make_slug("calibration-overlaid", view.slug)
    models = models_in(run, curves)
    risks = measures_of(view.outcome.kind).has_events
    return Figure(
        name=name,
        caption=f"Calibration of all models. {view.title}. Left: observed against {WORDS[risks][0]} as flexible "
        f"curves, the grey band is the pointwise 95 % interval of the reference, "
        f"{run.model_title(run.facts.study.reference)}; on the dashed line both are equal. Right: "
        f"{words_of(SLOPES[risks])} with its 95 % interval, 1 on the line; below 1 the predictions are too extreme. "
        f"Curves are drawn from the 1st to the 99th percentile of the {WORDS[risks][0]}.{caution}",
        description=_describe(run, view, curves, models),
        svg=render_svg(
            partial(_draw, run=run, view=view, curves=curves, models=models, limits=limits),
            name=name,
            height_mm=max(LEAST_MM, ROW_MM * len(models) + 16),
            mark=mark_of(run),
        ),
    )


def _draw(
    canvas: Canvas,
    *,
    run: RunFolder,
    view: View,
    curves: pd.DataFrame,
    models: tuple[str, ...],
    limits: tuple[float, float],
) -> None:
    reference = run.facts.study.reference
    every = pens_of([model.name for model in run.facts.models], reference)
    pens = {model: every[model] for model in models}
    risks = measures_of(view.outcome.kind).has_events
    left, key, right = canvas.subplots(1, 3, width_ratios=(5, 0.45, 2.6))
    draw_overlay(curves, left, reference=reference, pens=pens, limits=limits)
    left.set(xlabel=WORDS[risks][1], ylabel=WORDS[risks][2])
    draw_swatches(key, models=models, pens=pens)
    label_rows(key, [run.model_title(model) for model in models])
    rows = view.select(whole_sample(run.tables["evaluation"]))
    draw_estimates(rows, right, metric=SLOPES[risks], models=models, pens=pens)
    label_rows(right, [""] * len(models))


def _describe(run: RunFolder, view: View, curves: pd.DataFrame, models: tuple[str, ...]) -> str:
    """Say of each model its slope, and where its curve begins and ends."""
    risks = measures_of(view.outcome.kind).has_events
    rows = view.select(whole_sample(run.tables["evaluation"]))
    digits = 2 if risks else 1
    parts = []
    for model in models:
        curve = curves[curves["model"] == model].sort_values("predicted")
        ends = [_word_point(point, digits) for point in (curve.iloc[0], curve.iloc[-1])]
        slope = estimate_words(first_row(rows, model=model, metric=SLOPES[risks]))
        parts.append(f"{run.model_title(model)}: slope {slope}, observed {ends[0]} and {ends[1]}")
    return (
        f"Calibration curves of {count_words(len(models), 'model')} in one panel, {title_of(SLOPES[risks])} beside it. "
        f"{'; '.join(parts)}."
    )


def _word_point(point: pd.Series, digits: int) -> str:
    observed, predicted = (format_number(float(point[name]), digits) for name in ("observed", "predicted"))
    return f"{observed} where {predicted} is predicted"
