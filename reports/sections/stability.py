"""Stability: what one patient's prediction would have been, had the model been developed on another sample."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import DOUBLE_COLUMN_MM, SINGLE_COLUMN_MM, label_rows, pens_of, render_svg
from reports.figures.forest import draw_estimates
from reports.figures.stability import draw_instabilities, draw_instability
from reports.measures import measures_of
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.participants import mark_of
from reports.tables import (
    EMPTY,
    HIDDEN,
    count_cell,
    distinct,
    end,
    estimate_cell,
    estimate_words,
    first_row,
    format_count,
    format_number,
    join_words,
    number_cell,
    rows_where,
    suppression_note,
    whole_sample,
    words_of,
)
from reports.views import make_slug, models_in

RANGE = "range if the model had been developed on another sample of this size"
BESIDE = {True: "c_statistic", False: "rmse"}
"""What stands beside the stability of risks, and of scores."""
PANELS = 3
PANEL_MM = 62.0
LIMITS = (0.1, 0.2, 0.3, 0.4, 0.6, 1.0)
TITLES = {
    "mean_mape": "Mean MAPE",
    "p95_mape": "MAPE, 95th percentile",
    "mean_width": "Mean width of the range",
}
FIXED = (
    "Tuning held fixed for all models alike: what the choice of settings adds is left out, which understates "
    "instability."
)


def build_stability(run: RunFolder) -> list[Block]:
    """Build per outcome the instability plots and the summary beside the c-statistic."""
    frame = run.tables["stability"]
    if frame.empty:
        return [
            Text(
                text="No model was refitted for its stability. A study asks for it with stability = true in "
                "[bootstrap]; it costs the time of so many fits."
            )
        ]
    blocks: list[Block] = [
        Text(
            text="The models below were developed again on resamples of the patients, and each refit predicted all. "
            f"How far the predictions for one patient lie apart is the {RANGE}; it is no interval of the outcome's "
            "probability. Models with the same c-statistic can differ much in it, and where the range is wide, the "
            "number for one patient is less certain than the performance on average suggests."
        )
    ]
    for outcome in run.outcomes:
        own = rows_where(frame, outcome=outcome.name)
        if own.empty:
            continue
        curves = rows_where(run.tables["instability"], outcome=outcome.name)
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"stability-{outcome.name}"))
        if rows_where(own, status="ok")["model"].nunique() > 1:
            blocks.append(_draw_beside(run, outcome, own))
        blocks.append(_tabulate(run, outcome, own))
        blocks += _draw(run, outcome, curves)
    return blocks


def _tabulate(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Table:
    risks = measures_of(outcome.kind).has_events
    moved = rows_where(frame, metric="classification_instability")
    thresholds = sorted(set(moved["threshold_probability"].dropna()))
    beside = BESIDE[risks]
    return Table(
        name=make_slug("stability", outcome.name),
        caption=f"How predictions move between models developed on resamples. {outcome.title}.",
        columns=(
            "Model",
            "n",
            "Refits",
            "Failed",
            *TITLES.values(),
            *(f"Other side of {_word_percent(threshold)}" for threshold in thresholds),
            "c-statistic, cross-validated" if risks else "RMSE, cross-validated",
        ),
        rows=tuple(
            _list_cells(run, outcome, rows_where(frame, model=model), thresholds, beside)
            for model in models_in(run, frame)
        ),
        notes=tuple(_list_notes(run, frame, unit="" if risks else " in points")),
    )


def _list_cells(
    run: RunFolder, outcome: OutcomeFacts, rows: pd.DataFrame, thresholds: list[float], beside: str
) -> tuple[Cell, ...]:
    model, first = str(rows["model"].iloc[0]), rows.iloc[0]
    digits = 3 if measures_of(outcome.kind).has_events else 1
    evaluation = rows_where(whole_sample(run.tables["evaluation"]), outcome=outcome.name, model=model)
    return (
        Cell(text=run.model_title(model)),
        count_cell(first["n"], status=str(first["status"])),
        number_cell(format_count(first["n_resamples"])),
        number_cell(format_count(first["n_failed"])),
        *(_value_cell(first_row(rows, metric=name), 1.0, digits) for name in TITLES),
        *(
            _value_cell(first_row(rows, metric="classification_instability", threshold_probability=t), 100.0, 1, " %")
            for t in thresholds
        ),
        estimate_cell(first_row(evaluation, validation="internal", metric=beside)),
    )


def _value_cell(row: pd.Series | None, scale: float, digits: int, unit: str = "") -> Cell:
    if row is None:
        return EMPTY
    if row["status"] == "suppressed":
        return Cell(text=HIDDEN, style="suppressed")
    if row["status"] != "ok":
        return Cell(text=str(row["status"]), style="muted")
    return number_cell(f"{format_number(scale * float(row['estimate']), digits)}{unit}")


def _list_notes(run: RunFolder, frame: pd.DataFrame, *, unit: str) -> Iterator[str]:
    yield (
        f"MAPE: mean absolute difference{unit} between a patient's prediction and those of the refits. Range: from the "
        f"2.5 to the 97.5 percentile of the refits' predictions for a patient, the {RANGE}. All models of the table "
        "are refitted on the same resamples. These are descriptions of the refits that were made; the cross-validated "
        "measure has its 95 % interval."
    )
    if (frame["metric"] == "classification_instability").any():
        yield "Other side: share of refits that put a patient on the other side of a declared threshold, on average."
    if (frame["n_resamples"] < 100).any():
        yield "Fewer than 100 refits tell a 95 % range roughly, and rather too narrow."
    if "fixed" in set(frame["tuning"]):
        yield FIXED
    if (frame["status"] == "suppressed").any():
        yield suppression_note(run.facts.study.suppress_below)


def _word_percent(threshold: float) -> str:
    return f"{format_number(100 * threshold, 1).removesuffix('.0')} %"


def _draw_beside(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Figure:
    """Draw discrimination, of a score the error, and how far predictions move, side by side."""
    name = make_slug("stability-beside", outcome.name)
    models = models_in(run, frame)
    risks = measures_of(outcome.kind).has_events
    beside = "c-statistic" if risks else "RMSE"
    digits = 3 if risks else 1
    shown = rows_where(frame, status="ok", metric="mean_mape")
    words = [
        f"{run.model_title(model)} {estimate_words(_find_beside(run, outcome, model))} and "
        f"{format_number(float(row['estimate']), digits)}"
        for model in models
        if (row := first_row(shown, model=model)) is not None
    ]
    return Figure(
        name=name,
        caption=f"Stability beside discrimination. {outcome.title}. Left: cross-validated {beside} with its 95 % "
        "interval. Right: mean absolute difference between a patient's prediction and those of the refits; the marker "
        "is its mean over patients, the bar at the end of the dotted line its 95th percentile. Models alike on the "
        "left can differ on the right.",
        description=f"{beside} and mean absolute difference between refits: {'; '.join(words) or 'none'}.",
        svg=render_svg(
            partial(_draw_two, run=run, outcome=outcome, frame=frame, models=models),
            name=name,
            height_mm=19 + 6 * len(models),
            mark=mark_of(run),
        ),
    )


def _find_beside(run: RunFolder, outcome: OutcomeFacts, model: str) -> pd.Series | None:
    evaluation = rows_where(whole_sample(run.tables["evaluation"]), outcome=outcome.name, validation="internal")
    return first_row(evaluation, model=model, metric=BESIDE[measures_of(outcome.kind).has_events])


def _draw_two(
    canvas: Canvas, *, run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame, models: tuple[str, ...]
) -> None:
    pens = pens_of([model.name for model in run.facts.models], run.facts.study.reference)
    risks = measures_of(outcome.kind).has_events
    evaluation = rows_where(whole_sample(run.tables["evaluation"]), outcome=outcome.name, validation="internal")
    left, right = canvas.subplots(1, 2)
    measure = BESIDE[risks]
    draw_estimates(
        evaluation, left, metric=measure, models=models, pens=pens, title=f"Cross-validated {words_of(measure)}"
    )
    draw_instabilities(frame, right, models=models, pens=pens)
    right.set_xlabel(f"Difference between refits, {'risk' if risks else 'points'}")
    label_rows(left, [run.model_title(model) for model in models])
    label_rows(right, [""] * len(models))


def _draw(run: RunFolder, outcome: OutcomeFacts, curves: pd.DataFrame) -> list[Block]:
    shown = curves[curves["status"] == "ok"]
    models = models_in(run, shown)
    if not models:
        return [Text(text="Too few patients for an instability plot: a point must stand for at least 10.", kind="note")]
    name = make_slug("instability", outcome.name)
    fixed = f" {end(FIXED)}" if "fixed" in distinct(shown["tuning"]) else ""
    return [
        Figure(
            name=name,
            caption=f"Instability. {outcome.title}. Horizontal: the model's own prediction. Vertical: what the models "
            f"developed on resamples predict for the same patients, the middle and the {RANGE} (2.5 to 97.5 "
            "percentile of all of a model's refits). Each point of a line stands for at least 10 patients of similar "
            f"prediction.{fixed}",
            description=_describe(run, shown, models),
            svg=render_svg(
                partial(_draw_panels, run=run, outcome=outcome, frame=shown, models=models),
                name=name,
                height_mm=PANEL_MM * math.ceil(len(models) / PANELS) + 2,
                width_mm=SINGLE_COLUMN_MM if len(models) == 1 else DOUBLE_COLUMN_MM,
                mark=mark_of(run),
            ),
        )
    ]


def _draw_panels(
    canvas: Canvas, *, run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame, models: tuple[str, ...]
) -> None:
    pens = pens_of([model.name for model in run.facts.models], run.facts.study.reference)
    risks = measures_of(outcome.kind).has_events
    for k, model in enumerate(models):
        ax = canvas.add_subplot(math.ceil(len(models) / PANELS), min(PANELS, len(models)), k + 1)
        draw_instability(
            rows_where(frame, model=model), ax, pen=pens[model], title=run.model_title(model),
            limits=choose_limits(frame, risks=risks), words="predicted risk" if risks else "predicted score",
        )  # fmt: skip
        if k % PANELS:
            ax.set_ylabel("")


def choose_limits(frame: pd.DataFrame, *, risks: bool) -> tuple[float, float]:
    """Return the ends of both axes: of risks from 0 to the least of `LIMITS` beyond every range, of scores as found."""
    highest = float(frame[["predicted", "upper"]].to_numpy().max())
    if risks:
        return 0.0, next((limit for limit in LIMITS if highest <= limit), 1.0)
    return float(frame[["predicted", "lower"]].to_numpy().min()), highest


def _describe(run: RunFolder, frame: pd.DataFrame, models: tuple[str, ...]) -> str:
    parts = []
    for model in models:
        rows = rows_where(frame, model=model)
        widest = rows.iloc[int((rows["upper"] - rows["lower"]).to_numpy().argmax())]
        near, low, high = (format_number(float(widest[name]), 2) for name in ("predicted", "lower", "upper"))
        parts.append(f"{run.model_title(model)}: widest near {near}, from {low} to {high}")
    return f"Instability plots. {join_words(parts)}."
