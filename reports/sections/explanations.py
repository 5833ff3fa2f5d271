"""What moved the predictions. Contributions to a model's output, never causes."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import draw_key, pens_of, render_svg
from reports.figures.explanation import SCALE_WORDS, TOP, draw_contribution, draw_ranking
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.participants import mark_of
from reports.tables import distinct, format_count, format_number, join_words, number_cell, records, rows_where
from reports.views import make_slug, models_in

SHOWN = 6
ATTRIBUTION = (
    "Contributions of tree models are path-dependent (Lundberg 2020), those of logistic models in closed form."
)


def build_explanations(run: RunFolder) -> list[Block]:
    """Build ranked predictors with rank intervals, and contribution by value, for every outcome."""
    blocks: list[Block] = [
        Text(
            text="A contribution is what a predictor's value adds to a model's prediction for a patient, relative to "
            "the model's average; contributions and average add up to the prediction. It is a contribution to the "
            "model's prediction, not a cause, and no advice on what to change. Predictors that go together share "
            "contributions in ways that differ between models. All are computed on held-out operations; rank intervals "
            "are the extremes over the outer folds."
        )
    ]
    for outcome in run.outcomes:
        frame = rows_where(run.tables["explanations"], outcome=outcome.name)
        if frame.empty:
            continue
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"explanations-{outcome.name}"))
        blocks.append(_draw_rankings(run, outcome, frame))
        blocks += [_tabulate_ranking(run, outcome, m, rows_where(frame, model=m)) for m in models_in(run, frame)]
        blocks.append(_draw_contributions(run, outcome, frame, distinct(_first_model(run, frame)["scale"])[0]))
    if len(blocks) == 1:
        return [Text(text="No explanation was computed for any outcome of this run.")]
    return blocks


def _first_model(run: RunFolder, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the reference, or of the first model that has any: its scale is drawn by value."""
    return rows_where(frame, model=models_in(run, frame)[0])


def _word_not_drawn(run: RunFolder, frame: pd.DataFrame, scale: str) -> str:
    others = _titles(run, frame[frame["scale"] != scale])
    return f" Not drawn, since on another scale: {join_words(others)} (share/contributions.csv)." if others else ""


def _draw_rankings(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Figure:
    name = make_slug("ranking", outcome.name)
    models = models_in(run, frame)
    shown = frame["predictor"].nunique()
    draw = partial(_draw_ranking_panels, run=run, frame=frame, models=models)
    return Figure(
        name=name,
        caption=f"Predictors by mean absolute contribution to the model's prediction, with the extremes over folds; at "
        f"the right the range of ranks. {outcome.title}. {_word_scales(run, frame)} {ATTRIBUTION} Not causes.",
        description=_describe_rankings(run, frame, models),
        svg=render_svg(
            draw, name=name, height_mm=(19 + 3.7 * min(TOP, shown)) * math.ceil(len(models) / 2) + 4, mark=mark_of(run)
        ),
    )


def _word_scales(run: RunFolder, frame: pd.DataFrame) -> str:
    parts = [
        f"{SCALE_WORDS.get(scale, scale)} for {join_words(_titles(run, rows_where(frame, scale=scale)))}"
        for scale in distinct(frame["scale"])
    ]
    return f"Scale: {'; '.join(parts)}."


def _titles(run: RunFolder, frame: pd.DataFrame) -> list[str]:
    return [run.model_title(model) for model in models_in(run, frame)]


def _draw_ranking_panels(canvas: Canvas, *, run: RunFolder, frame: pd.DataFrame, models: tuple[str, ...]) -> None:
    pens = pens_of([model.name for model in run.facts.models], run.facts.study.reference)
    titles = {name: run.predictor_title(name) for name in distinct(frame["predictor"])}
    for k, model in enumerate(models):
        ax = canvas.add_subplot(math.ceil(len(models) / 2), 2, k + 1)
        rows = rows_where(frame, model=model)
        draw_ranking(rows, ax, pen=pens[model], title=run.model_title(model), titles=titles)


def _describe_rankings(run: RunFolder, frame: pd.DataFrame, models: tuple[str, ...]) -> str:
    parts = []
    for model in models:
        first = rows_where(frame, model=model).sort_values("rank").head(3)
        words = join_words(
            f"{run.predictor_title(row['predictor'])} (ranks {_word_ranks(row)})" for row in records(first)
        )
        parts.append(f"{run.model_title(model)}: {words}")
    return f"Dot plots of ranked predictors. First three with the range of ranks over folds: {'; '.join(parts)}."


def _word_ranks(row: dict[str, Any]) -> str:
    return f"{row['rank_lower']:.0f} to {row['rank_upper']:.0f}"


def _tabulate_ranking(run: RunFolder, outcome: OutcomeFacts, model: str, frame: pd.DataFrame) -> Table:
    scale = SCALE_WORDS.get(str(frame["scale"].iloc[0]), str(frame["scale"].iloc[0]))
    rows = tuple(
        (
            Cell(text=run.predictor_title(row["predictor"])),
            number_cell(f"{row['rank']:.0f}", detail=_word_ranks(row)),
            number_cell(
                format_number(row["mean_absolute_contribution"], 3),
                detail=f"{format_number(row['lower'], 3)} to {format_number(row['upper'], 3)}",
            ),
        )
        for row in records(frame.sort_values("rank"))
    )
    return Table(
        name=make_slug("ranking-table", outcome.name, model),
        caption=f"Contribution of every predictor to the prediction of {run.model_title(model)}, on the {scale} scale. "
        f"{outcome.title}.",
        columns=("Predictor", "Rank", "Mean absolute contribution"),
        rows=rows,
        notes=(
            f"n = {format_count(frame['n'].iloc[0])} held-out operations. Ranges: the extremes over the outer folds. "
            f"{ATTRIBUTION} Not causes.",
        ),
        folded=True,
        file="explanations.csv",
    )


def _draw_contributions(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame, scale: str) -> Figure:
    ranked = rows_where(frame, scale=scale)
    models = models_in(run, ranked)
    leading = rows_where(ranked, model=models[0]).sort_values("rank").head(SHOWN)
    predictors = distinct(leading["predictor"])
    name = make_slug("contribution", outcome.name, scale)
    rows = rows_where(run.tables["contributions"], outcome=outcome.name, scale=scale)
    draw = partial(_draw_contribution_panels, run=run, frame=rows, models=models, predictors=predictors)
    others = f"; thin lines: {join_words(_titles(run, ranked)[1:])}" if len(models) > 1 else ""
    words = SCALE_WORDS.get(scale, scale)
    return Figure(
        name=name,
        caption=f"Mean contribution to the model's prediction by value of the predictor, on the {words} scale. Heavy: "
        f"{run.model_title(models[0])}{others}. {outcome.title}. {ATTRIBUTION} Groups of fewer than 10 operations are "
        f"left out. Not causes.{_word_not_drawn(run, frame, scale)}",
        description=_describe_contributions(run, rows, models[0], predictors, words),
        svg=render_svg(
            draw,
            name=name,
            height_mm=10 + 4 * math.ceil(len(models) / 3) + 44 * math.ceil(len(predictors) / 3),
            mark=mark_of(run),
        ),
    )


def _draw_contribution_panels(
    canvas: Canvas, *, run: RunFolder, frame: pd.DataFrame, models: tuple[str, ...], predictors: tuple[str, ...]
) -> None:
    every = pens_of([model.name for model in run.facts.models], run.facts.study.reference)
    pens = {model: every[model] for model in models}
    words = frame.assign(level=[run.level_title(p, v) for p, v in zip(frame["predictor"], frame["level"], strict=True)])
    first = None
    for k, predictor in enumerate(predictors):
        ax = canvas.add_subplot(math.ceil(len(predictors) / 3), 3, k + 1, sharey=first)
        first = first or ax
        part = rows_where(words, predictor=predictor)
        draw_contribution(part, ax, title=run.predictor_title(predictor), pens=pens, emphasised=models[0])
        if k % 3 == 0:
            ax.set_ylabel("Mean contribution")
    if len(models) > 1:
        draw_key(canvas, [run.model_title(model) for model in models], list(pens.values()))


def _describe_contributions(
    run: RunFolder, frame: pd.DataFrame, model: str, predictors: tuple[str, ...], scale: str
) -> str:
    shown = frame[(frame["model"] == model) & (frame["status"] == "ok")]
    parts = []
    for predictor in predictors:
        values = rows_where(shown, predictor=predictor)["mean_contribution"]
        if len(values):
            low, high = format_number(values.min(), 2), format_number(values.max(), 2)
            parts.append(f"{run.predictor_title(predictor)} from {low} to {high}")
    return f"Mean contribution by value on the {scale} scale, {run.model_title(model)}: {'; '.join(parts)}."
