"""The verdict: whether the rival predicts better than the reference, by enough to be worth it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pandas as pd
from matplotlib.figure import Figure as Canvas

from reports.blocks import Block, Cell, Figure, Table, Text
from reports.figures.canvas import label_rows, pens_of, render_svg
from reports.figures.verdict import draw_procedures
from reports.run_facts import OutcomeFacts, RuleFacts
from reports.run_folder import RunFolder
from reports.sections.methods import word_learners
from reports.sections.participants import mark_of
from reports.sections.verdict_words import ADVICE, SAME, drop_power
from reports.tables import (
    EMPTY,
    PLANNED,
    count_cell,
    count_words,
    digits_of,
    first_row,
    format_interval,
    format_number,
    number_cell,
    rows_where,
    suppression_note,
    title_of,
    whole_sample,
    words_of,
)
from reports.views import View, make_slug, models_in, views_of

PROBABILITIES = ("p_worse", "p_equivalent", "p_better")
SQUARES = "mean_squared_error"
DRAWN = ("log_loss", "c_statistic", "brier_score", SQUARES)
TITLES = {SQUARES: "Mean squared error"}
"""Measures that stand here only."""
SIMULATED = "1.35 to 1.8 times"
"""By how much the standard error of the gain was too large in the toolkit's simulations (``benchmarks/README.md``)."""
NOTHING = (
    "The study has no model beside the reference, so there is nothing to decide. Name models under `models` in the "
    "study to compare them."
)
NO_RIVAL = "The study has no model beside the reference, so there is no verdict. What else was fitted is described."


def build_verdict(run: RunFolder) -> list[Block]:
    """Build question, verdict, recommendation, tables and forest plot of each outcome."""
    frame = run.tables["verdicts"]
    if frame.empty:
        return [Text(text=NOTHING)]
    blocks: list[Block] = [Text(text=_word_question(run))]
    if rule := run.facts.study.rule:
        blocks.append(Text(text=_word_rule(rule), kind="note"))
    told = [(outcome, rows_where(frame, outcome=outcome.name)) for outcome in run.outcomes]
    told = [(outcome, own) for outcome, own in told if not own.empty]
    for outcome, own in told:
        if not outcome.from_score:
            blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"verdict-{outcome.name}"))
            blocks += _build_outcome(run, outcome, own)
    derived = [(outcome, own) for outcome, own in told if outcome.from_score]
    return [*blocks, *_build_derived(run, derived)] if derived else blocks


def _build_derived(run: RunFolder, derived: list[tuple[OutcomeFacts, pd.DataFrame]]) -> Iterator[Block]:
    """Yield what is described of the thresholds that are derived from scores, all together."""
    yield Text(text="Thresholds derived from a predicted score", kind="subsection", anchor="verdict-derived")
    for outcome, _ in derived:
        yield Text(text=f"{outcome.title}. {word_derived(run, outcome)}", kind="bullet")
    for outcome, own in derived:
        yield _tabulate_verdicts(run, outcome, own)
        yield from _list_procedures(run, outcome, rows_where(run.tables["procedures"], outcome=outcome.name), rival="")


def primary_verdict(run: RunFolder, outcome: str) -> pd.Series | None:
    """Return the one verdict of an outcome, or None where the study has no rival of the reference."""
    return first_row(run.tables["verdicts"], outcome=outcome, role="primary")


def margin_of(run: RunFolder, view: View) -> float | None:
    """Return the study's margin on the scale of the log loss: inside the folds the verdict's own.

    Elsewhere it is the stated share of the reference's loss on those data.
    """
    verdict = primary_verdict(run, view.outcome.name)
    if view.validation == "internal" and verdict is not None:
        found = verdict["metric"] == "log_loss" and not math.isnan(verdict["margin"])
        return float(verdict["margin"]) if found else None
    rows = view.select(whole_sample(run.tables["evaluation"]))
    row = first_row(rows, model=run.facts.study.reference, metric="log_loss")
    if row is None or row["status"] != "ok":
        return None
    return run.facts.study.margin_relative_log_loss * float(row["estimate"])


def word_share(run: RunFolder) -> str:
    """Return the margin as a share of the reference's loss: ``"0.5 %"``."""
    return f"{format_number(100 * run.facts.study.margin_relative_log_loss, 1)} %"


def word_derived(run: RunFolder, outcome: OutcomeFacts) -> str:
    """Say of a threshold that is derived from a score that it has no verdict; nothing of another outcome."""
    if not outcome.from_score:
        return ""
    return (
        f"Described only: this threshold is derived from the prediction of {run.outcome_title(outcome.from_score)}, "
        "to which the verdict belongs."
    )


def _word_question(run: RunFolder) -> str:
    loss = f"the log loss{' (of a score the mean squared error)' if run.has_scores else ''}"
    return (
        f"The question: does a rival predict better than the reference ({run.model_title(run.facts.study.reference)}) "
        f"by enough to be worth it? It is decided by one measure, {loss}, on the same outer folds. A gain is the "
        "reference's loss minus the rival's. Worth it is a gain above the margin, "
        f"{word_share(run)} of the reference's loss; margin and rule are {PLANNED}. Not to find such a gain is an "
        "ordinary result, and an answer to the question."
    )


def _word_rule(rule: RuleFacts) -> str:
    """Print the rule with its numbers, as the run used them."""
    sure = f"{100 * rule.probability:.4g} %"
    return (
        f"The rule, the first that holds: better, if the probability of a gain above the margin is over {sure}; worse, "
        "if that of a rise above the margin is; practically equivalent, if that of a difference within the margin is; "
        "no worthwhile gain, if the 95 % interval of the gain ends below the margin; else undecided. All but better "
        "are budget-limited where the rival was not searched enough: with fewer than "
        f"{count_words(rule.least_trials, 'trial')} in an outer fold, unless there were at least "
        f"{rule.least_for_flat}, the second half of which lowered the inner loss by less than "
        f"{100 * rule.flat:.3g} % on average. For better the reference must have been searched enough."
    )


def _build_outcome(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Iterator[Block]:
    verdict = first_row(frame, role="primary")
    procedures = rows_where(run.tables["procedures"], outcome=outcome.name)
    if verdict is None:
        yield Text(text=NO_RIVAL)
    else:
        yield Text(text=drop_power(str(verdict["text"])))
        learners = word_learners(run, outcome, str(verdict["model"]))
        told = (_advise(run, verdict), learners, _word_power(verdict))
        yield from (Text(text=text) for text in told if text)
    if (procedures["status"] == "ok").any():
        yield _draw_forest(run, outcome, procedures)
    yield _tabulate_verdicts(run, outcome, frame)
    yield from _list_procedures(run, outcome, procedures, rival="" if verdict is None else str(verdict["model"]))
    if verdict is not None:
        elsewhere = _list_elsewhere(run, outcome, str(verdict["model"]))
        if elsewhere:
            yield _tabulate_elsewhere(run, outcome, verdict, elsewhere)


def _advise(run: RunFolder, verdict: pd.Series) -> str:
    name = str(verdict["verdict"])
    words = ADVICE.get(SAME.get(name, name), "")
    reference, rival = (run.model_title(str(verdict[column])) for column in ("reference", "model"))
    return words.format(reference=reference, rival=rival)


def _word_power(verdict: pd.Series) -> str:
    """Say about what gain the study could have found; nothing where the two never differed."""
    if verdict["status"] != "ok" or verdict["lower"] == verdict["upper"]:
        return ""
    detectable, margin = (format_loss(verdict[name], verdict) for name in ("detectable_gain", "margin"))
    wrong, twice = (_percent(verdict[name]) for name in ("power_at_margin", "power_at_twice_margin"))
    return (
        f"What this study could have found, roughly: a true gain of about {detectable} would have been called better "
        f"in about 80 % of such studies, and one of twice the margin in about {twice}. These figures rest on a "
        f"heuristic standard error, which was {SIMULATED} too large in simulation, so that the true power at small "
        f"gains is lower. The rule aims at calling a gain exactly at the margin ({margin}), where better would be "
        f"wrong, better in no more than about {wrong} of studies; in the same simulation it did so in fewer."
    )


def _tabulate_verdicts(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Table:
    metric = _word_measure(str(frame["metric"].iloc[0]))
    notes = [
        "Gain: the reference's loss minus the model's; above 0 the model is better. Its interval is the 95 % one over "
        "the outer folds (Nadeau and Bengio), which allows for training folds that overlap.",
        "Probabilities that the model is worse by more than the margin, within it, and better by more than it "
        "(Bayesian correlated t-test, flat prior).",
        _note_bootstrap(str(frame["metric"].iloc[0])),
    ]
    if (frame["role"] == "primary").any():
        notes.append(
            "One model, named by the plan, gets a verdict; the others are described: none is picked for its result."
        )
    if (frame["status"] == "suppressed").any():
        notes.append(suppression_note(run.facts.study.suppress_below))
    order = sorted(models_in(run, frame), key=lambda name: first_row(frame, model=name, role="primary") is None)
    return Table(
        name=make_slug("verdict", outcome.name),
        caption=f"Gain in {metric} over {run.model_title(str(frame['reference'].iloc[0]))}, and the verdict. "
        f"{outcome.title}, internal validation.",
        columns=(
            "Model", "Verdict", "n", "Events", "Gain", "Margin", "P worse", "P equivalent", "P better", "Bootstrap",
            "Trials",
        ),
        rows=tuple(_verdict_row(run, rows_where(frame, model=name).iloc[0]) for name in order),
        notes=tuple(notes),
        folded=bool(outcome.from_score),
    )  # fmt: skip


def _note_bootstrap(metric: str) -> str:
    if metric == SQUARES:
        return (
            "Bootstrap: not given for the mean squared error. The paired bootstrap intervals of the other measures of "
            "a score stand with the differences between the models."
        )
    return (
        "Bootstrap: 95 % interval of the gain over resamples of patients; it speaks of the models as they were fitted "
        "in the folds."
    )


def _bootstrap_cell(row: pd.Series) -> Cell:
    if row["metric"] == SQUARES:
        return Cell(text="not given", style="muted")
    return number_cell(format_interval(row["bootstrap_lower"], row["bootstrap_upper"], _digits(row)))


def _verdict_row(run: RunFolder, row: pd.Series) -> tuple[Cell, ...]:
    status = str(row["status"])
    interval = format_interval_of(row)
    return (
        Cell(text=run.model_title(str(row["model"]))),
        Cell(text=str(row["verdict"])) if row["role"] == "primary" else Cell(text="described", style="muted"),
        count_cell(row["n"], status=status),
        count_cell(row["events"], status=status),
        gain_cell(row, interval),
        number_cell(format_loss(row["margin"], row)),
        *(number_cell(_format_probability(row[name])) for name in PROBABILITIES),
        _bootstrap_cell(row),
        number_cell(format_number(row["trials"], 0)),
    )


def gain_cell(row: pd.Series, interval: str) -> Cell:
    """Return a gain with its interval beneath, or in words why there is none."""
    status = str(row["status"])
    if status != "ok":
        return Cell(text=status, style="suppressed" if status == "suppressed" else "muted")
    return number_cell(format_loss(row["gain"], row), detail=interval)


def _list_procedures(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame, *, rival: str) -> Iterator[Table]:
    """Yield the table of the rival and that of the models that are described, both closed: the forest plot shows them.

    Of a score there is one measure only, and the table of the verdict has it.
    """
    if set(frame["metric"]) == {SQUARES}:
        return
    own, others = frame[frame["model"] == rival], frame[frame["model"] != rival]
    if not own.empty:
        yield replace(_tabulate_procedures(run, outcome, own), folded=True, file="procedures.csv")
    if not others.empty:
        described = _tabulate_procedures(run, outcome, others)
        name = make_slug("procedures-described", outcome.name)
        caption = f"{described.caption} Models that are described."
        yield replace(described, name=name, caption=caption, folded=True, file="procedures.csv")


def _tabulate_procedures(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for model in models_in(run, frame):
        rows.append((Cell(text=run.model_title(model), style="group"), *[Cell(text="")] * 6))
        rows += [_procedure_row(row) for _, row in rows_where(frame, model=model).iterrows()]
    notes = [
        "Difference: model minus reference, mean over the outer folds, with the 95 % interval of Nadeau and "
        "Bengio. Of log loss, Brier score and mean squared error lower is better, of c-statistic and net benefit "
        "higher.",
        "Equivalent: differences up to this size, on either side, do not matter by the study's plan. The probabilities "
        "are of a difference beyond it to the worse, inside it, and beyond it to the better.",
        "Only the first measure decides. Measures beside it are described, and no other test is made.",
    ]
    return Table(
        name=make_slug("procedures", outcome.name),
        caption=f"Differences between procedures over the outer folds. {outcome.title}.",
        columns=("Measure", "Folds", "Difference", "Equivalent", "P worse", "P equivalent", "P better"),
        rows=tuple(rows),
        notes=tuple(notes),
    )


def _procedure_row(row: pd.Series) -> tuple[Cell, ...]:
    heading = Cell(text=_title_at(row), style="indent")
    status = str(row["status"])
    if status != "ok":
        words = Cell(text=status, style="suppressed" if status == "suppressed" else "muted")
        return (heading, EMPTY, words, *[EMPTY] * 4)
    digits = _digits(row)
    interval = format_interval(row["lower"], row["upper"], digits)
    return (
        heading,
        number_cell(format_number(row["n_folds"], 0)),
        number_cell(format_number(row["estimate"], digits), detail=interval),
        number_cell(f"\u00b1 {format_number(row['rope'], digits)}"),
        *(number_cell(_format_probability(row[name])) for name in PROBABILITIES),
    )


def _title_at(row: pd.Series) -> str:
    """Name a measure, and the threshold at which it is taken."""
    metric, threshold = str(row["metric"]), float(row["threshold_probability"])
    title = TITLES.get(metric) or title_of(metric)
    return title if math.isnan(threshold) else f"{title} at {format_number(threshold, 2)}"


def _word_measure(metric: str) -> str:
    return TITLES[metric].lower() if metric in TITLES else words_of(metric)


def _draw_forest(run: RunFolder, outcome: OutcomeFacts, frame: pd.DataFrame) -> Figure:
    name = make_slug("verdict-forest", outcome.name)
    models = models_in(run, frame)
    metrics = tuple(metric for metric in DRAWN if metric in set(frame["metric"]))
    draw = partial(_draw_panels, run=run, frame=frame, models=models, metrics=metrics)
    described = [
        f"{run.model_title(str(row['model']))} {format_number(row['estimate'], _digits(row))} "
        f"(95 % interval {format_interval(row['lower'], row['upper'], _digits(row))})"
        for _, row in rows_where(frame, metric=metrics[0], status="ok").iterrows()
    ]
    return Figure(
        name=name,
        caption=f"Differences from {run.model_title(str(frame['reference'].iloc[0]))} over the outer folds with 95 % "
        f"intervals (Nadeau and Bengio). {outcome.title}. Grey: differences that do not matter by the study's plan. Of "
        "losses a model is better on the left of it, of the c-statistic on the right.",
        description=f"Forest plot. Differences in {_word_measure(metrics[0])}: {'; '.join(described) or 'none'}. "
        f"{len(models)} models.",
        svg=render_svg(draw, name=name, height_mm=19 + 6 * len(models), mark=mark_of(run)),
    )


def _draw_panels(
    canvas: Canvas, *, run: RunFolder, frame: pd.DataFrame, models: tuple[str, ...], metrics: tuple[str, ...]
) -> None:
    pens = pens_of([model.name for model in run.facts.models], run.facts.study.reference)
    for k, metric in enumerate(metrics):
        ax = canvas.add_subplot(1, len(metrics), k + 1)
        draw_procedures(frame, ax, metric=metric, models=models, pens=pens)
        label_rows(ax, [run.model_title(m) if k == 0 else "" for m in models])


def _list_elsewhere(run: RunFolder, outcome: OutcomeFacts, rival: str) -> list[tuple[View, pd.Series]]:
    """List the rival's difference in log loss on other data, where there are such."""
    views = [view for view in views_of(run, outcome) if view.validation not in ("internal", "internal-external")]
    found = [(view, first_row(view.select(run.tables["comparison"]), model=rival, metric="log_loss")) for view in views]
    return [(view, row) for view, row in found if row is not None]


def _tabulate_elsewhere(
    run: RunFolder, outcome: OutcomeFacts, verdict: pd.Series, rows: list[tuple[View, pd.Series]]
) -> Table:
    return Table(
        name=make_slug("verdict-elsewhere", outcome.name),
        caption=f"The fixed models on other data: gain in log loss of {run.model_title(str(verdict['model']))}. "
        f"{outcome.title}.",
        columns=("Data", "n", "Events", "Gain", "Margin"),
        rows=tuple(_elsewhere_row(run, view, row) for view, row in rows),
        notes=(
            "Gain: the reference's loss minus the rival's, with its paired 95 % interval. It is about the "
            "two final models as they stand; the verdict is about the procedures that made them and is not changed.",
            f"Margin: {word_share(run)} of the reference's loss on the same data.",
        ),
    )


def _elsewhere_row(run: RunFolder, view: View, row: pd.Series) -> tuple[Cell, ...]:
    status, margin = str(row["status"]), margin_of(run, view)
    digits = digits_of("log_loss")
    # a gain is the difference turned round
    turned = row.copy()
    turned["gain"], turned["lower"], turned["upper"] = -row["estimate"], -row["upper"], -row["lower"]
    turned["margin"] = math.nan
    return (
        Cell(text=view.short_title),
        count_cell(row["n"], status=status),
        count_cell(row["events"], status=status),
        gain_cell(turned, format_interval(turned["lower"], turned["upper"], digits)),
        EMPTY if margin is None else number_cell(format_number(margin, digits)),
    )


def _digits(row: pd.Series) -> int:
    """Return the decimals of a loss or its difference: as usual, or so many that the margin has two figures."""
    metric = str(row["metric"])
    margin = float(row["margin"] if "margin" in row else row["rope"])
    usual = 1 if metric in TITLES else digits_of(metric)
    return max(usual, 1 - math.floor(math.log10(margin))) if margin > 0 else usual


def format_interval_of(row: pd.Series) -> str:
    """Return the interval of a gain, or of a difference of losses, with the decimals of the verdict in `row`."""
    return format_interval(row["lower"], row["upper"], _digits(row))


def format_loss(value: float, row: pd.Series) -> str:
    """Return a loss, or a difference of losses, with the decimals of the verdict in `row`."""
    return format_number(float(value), _digits(row))


def _format_probability(value: float) -> str:
    """Return a probability with two decimals that never rounds to certainty."""
    if 0 < value < 0.005:
        return "< 0.01"
    return "> 0.99" if 0.995 < value < 1 else format_number(value, 2)


def _percent(value: float) -> str:
    return f"{format_number(100 * value, 0)} %"
