"""The structured abstract, with the run's numbers in place; background and meaning are the author's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from reports.measures import measures_of
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.verdict import primary_verdict, word_share
from reports.tables import (
    count_words,
    end,
    estimate_words,
    first_row,
    format_count,
    format_interval,
    format_number,
    join_words,
    rows_where,
    whole_sample,
)
from reports.tripod.front import name_outcome, word_outcomes
from reports.tripod.item import Found
from reports.tripod.methods_data import TIMES
from reports.tripod.performance import name_measure, word_estimate
from reports.tripod.telling import (
    begin,
    count_analysed,
    find_rival,
    is_evaluation,
    is_long,
    list_compared,
    list_main,
    list_outside,
    list_views,
    mid,
    name_model,
    name_origin,
    say_all,
    word_data,
    word_view,
)
from reports.views import View

HEADINGS = ("Objective", "Data", "Outcome", "Methods", "Results", "Predictors", "Conclusions")
"""Of the paragraphs, in order; each begins with its heading and a colon."""
BACKGROUND = "Background: what is decided in this condition, and why a predicted risk would help."
MEANING = (
    "Conclusions, further: what the results mean for patients and for practice, in no more than the numbers allow."
)
REGISTRATION = "Registration: where, and under which number; or that the study was not registered."
MOST_NAMED = 25
"""Predictors that an abstract can name."""
MOST_TOLD = 4
"""Outcomes whose results an abstract tells one by one."""
TOLD: dict[bool, tuple[str, ...]] = {True: ("c_statistic", "calibration_slope"), False: ("mae", "r_squared")}
SQUARES_DIGITS, LOSS_DIGITS = 1, 4
SAME_THRESHOLD = 1e-9
"""Thresholds closer than this are the same, read from two files."""
MEANINGS = {
    "better": "{rival} predicted {outcome} better than {reference}, by more than the margin of the plan. Whether that "
    "is worth a model that is harder to write down and to check is a clinical judgement",
    "no worthwhile gain": "{rival} brought no gain over {reference} that is worth having by the margin of the plan: "
    "for {outcome} the simpler model serves",
    "practically equivalent": "{rival} and {reference} predicted {outcome} equally well for all that matters by the "
    "margin of the plan: the simpler model serves",
    "worse": "{rival} predicted {outcome} worse than {reference}",
    "undecided": "whether {rival} predicts {outcome} better than {reference} by enough to be worth it stayed "
    "undecided: a worthwhile gain was neither shown nor ruled out",
    "budget-limited": "the search for {rival} was too short for a verdict on {outcome}; until it is longer, "
    "{reference} stays the model of choice",
    "not assessable": "whether {rival} predicts {outcome} better than {reference} could not be assessed",
}
"""What a verdict says, without weighing it."""


def tell_2(run: RunFolder) -> Found:
    """Tell the abstract: what was done to whom, with which numbers; what it means is left to the author."""
    told = dict(zip(HEADINGS, _list_parts(run), strict=True))
    return Found(
        status="drafted",
        paragraphs=say_all(*(f"{heading}: {begin(text)}" for heading, text in told.items() if text.strip())),
        artefact="share/evaluation.csv; share/comparison.csv; share/verdicts.csv; run.json",
        reason="Add background and registration, and let the conclusion say what the results mean for patients.",
    )


def _list_parts(run: RunFolder) -> Iterator[str]:
    """Yield what stands under each of the headings."""
    yield _word_objective(run)
    yield _word_data(run)
    yield _word_outcome(run)
    yield _word_methods(run)
    yield _word_results(run)
    yield _word_predictors(run)
    yield _word_conclusions(run)


def _word_objective(run: RunFolder) -> str:
    outcomes = word_outcomes(run)
    if is_evaluation(run):
        return f"to evaluate models predicting {outcomes} on data on which they were not developed; {name_origin(run)}."
    outside = " and to evaluate them on further data" if list_outside(run) else ""
    rival = next((find_rival(run, outcome) for outcome in run.outcomes if find_rival(run, outcome)), "")
    reference = name_model(run, run.facts.study.reference)
    question = (
        f", and to find whether {name_model(run, rival)} predicts better than {reference} by enough to be worth it"
        if rival
        else ""
    )
    return f"to develop and internally validate models predicting {outcomes}{outside}{question}."


def _word_data(run: RunFolder) -> str:
    sources = [f"{word_data(data)}, {count_words(data.n_read, 'row')} read" for data in run.facts.data]
    simulated = " All records are simulated." if run.synthetic else ""
    return f"{end(run.facts.definition.title)} {begin('; '.join(sources))}.{simulated}"


def _word_outcome(run: RunFolder) -> str:
    """Name the outcomes; the methods define them."""
    return join_words(name_outcome(outcome) for outcome in list_main(run))


def _word_methods(run: RunFolder) -> str:
    study = run.facts.study
    reference = name_model(run, study.reference)
    when = TIMES.get(study.predict_at, f"at {study.predict_at}")
    measures = "Discrimination, calibration and, at declared thresholds, net benefit were measured with 95 % intervals."
    if is_evaluation(run):
        return (
            f"the locked models were applied unchanged; nothing was fitted or recalibrated. They use "
            f"{count_words(len(study.predictors), 'predictor')} known {when}. {measures}"
        )
    others = [name_model(run, model.name) for model in run.facts.models if model.role == "candidate"]
    compared = f" and {join_words(others)}" if others else ""
    verb = "were" if others else "was"
    repeats = f", repeated {study.repeats} times," if study.repeats > 1 else ""
    margin = f" The margin of a worthwhile gain was {word_share(run)} of the reference's log loss." if others else ""
    return (
        f"{reference} (the reference){compared} {verb} developed from "
        f"{count_words(len(study.predictors), 'predictor')} known {when}, tuned and validated internally by nested "
        f"cross-validation ({study.outer_folds} outer folds{repeats} and {study.inner_folds} inner folds). "
        f"{measures}{margin}"
    )


def _word_results(run: RunFolder) -> str:
    told = [text for outcome in list_main(run)[:MOST_TOLD] for text in _word_one(run, outcome)]
    others = len(list_main(run)) - MOST_TOLD
    if others > 0:
        told.append(f"The results have {count_words(others, 'further outcome')}.")
    return " ".join(told) or "no outcome was analysed."


def _word_one(run: RunFolder, outcome: OutcomeFacts) -> Iterator[str]:
    """Yield by dataset patients, events and the reference; inside the folds the verdict, elsewhere the difference."""
    several = len(list_main(run)) > 1
    verdict = None if is_evaluation(run) else primary_verdict(run, outcome.name)
    for view in list_views(run, outcome):
        lead = f"{outcome.title}, {word_view(view)}" if several else begin(word_view(view))
        decided = verdict is not None and view.validation == "internal"
        yield f"{lead} ({count_analysed(run, outcome, view.dataset)}), {_word_reference(run, view)}."
        yield _word_rival(run, view)
        yield "" if is_long(run) else _word_benefit(run, view)
        yield "" if decided else _word_difference(run, view)
        yield _word_verdict(run, verdict) if decided and verdict is not None else ""


def _word_reference(run: RunFolder, view: View) -> str:
    rows = rows_where(view.select(whole_sample(run.tables["evaluation"])), model=run.facts.study.reference)
    metrics = TOLD[measures_of(view.outcome.kind).has_events]
    if view.validation != "internal" and "oe_ratio" in set(rows["metric"]):
        metrics += ("oe_ratio",)
    parts = _list_estimates(rows, metrics)
    return f"the reference had {join_words(parts)}" if parts else "the reference was not assessable"


def _list_estimates(rows: pd.DataFrame, metrics: Iterable[str]) -> list[str]:
    return [word_estimate(metric, row) for metric in metrics if (row := first_row(rows, metric=metric)) is not None]


def _word_rival(run: RunFolder, view: View) -> str:
    """Return what is told of the rival: as much as of the reference, in a long study the first measure."""
    rival = find_rival(run, view.outcome)
    metrics = TOLD[measures_of(view.outcome.kind).has_events][: 1 if is_long(run) else None]
    rows = rows_where(view.select(whole_sample(run.tables["evaluation"])), model=rival)
    parts = _list_estimates(rows, metrics) if rival else []
    return f"{begin(name_model(run, rival))} had {join_words(parts)}." if parts else ""


def _word_benefit(run: RunFolder, view: View) -> str:
    """Return the net benefit of the reference and its rival at the declared thresholds."""
    rows = rows_where(view.select(whole_sample(run.tables["evaluation"])), metric="net_benefit", status="ok")
    if not (view.outcome.thresholds and view.outcome.action) or rows.empty:
        return ""
    names = (run.facts.study.reference, find_rival(run, view.outcome))
    parts = []
    for threshold in view.outcome.thresholds:
        at = rows[(rows["threshold_probability"] - threshold).abs() < SAME_THRESHOLD]
        found = [(name, first_row(at, model=name)) for name in names if name]
        told = [f"{estimate_words(row)} for {name_model(run, name)}" for name, row in found if row is not None]
        if told:
            parts.append(f"{join_words(told)} at the threshold {100 * threshold:g} %")
    return f"Net benefit was {'; '.join(parts)}." if parts else ""


def _word_difference(run: RunFolder, view: View) -> str:
    frame = view.select(run.tables["comparison"])
    metric = "log_loss" if measures_of(view.outcome.kind).has_events else "mae"
    models = list_compared(run, view.outcome, (run.facts.study.reference, *frame["model"]))[1:]
    parts = [
        f"{name_model(run, name)} {estimate_words(row)}"
        for name in models
        if (row := first_row(frame, model=name, metric=metric)) is not None
    ]
    words = f"Difference in {name_measure(metric)} from the reference (below 0 is better):"
    return f"{words} {'; '.join(parts)}." if parts else ""


def _word_verdict(run: RunFolder, verdict: pd.Series) -> str:
    name = str(verdict["verdict"])
    if verdict["status"] != "ok":
        return f"Verdict on {name_model(run, str(verdict['model']))}: {name or verdict['status']}."
    metric = str(verdict["metric"])
    digits = LOSS_DIGITS if metric == "log_loss" else SQUARES_DIGITS
    gain, margin = (format_number(float(verdict[column]), digits) for column in ("gain", "margin"))
    interval = format_interval(float(verdict["lower"]), float(verdict["upper"]), digits)
    return (
        f"Verdict on {name_model(run, str(verdict['model']))}: {name} (gain in {metric.replace('_', ' ')} over the "
        f"outer folds {gain}, 95 % interval {interval}, margin {margin})."
    )


def _word_predictors(run: RunFolder) -> str:
    names = run.facts.study.predictors
    if len(names) > MOST_NAMED:
        return f"{format_count(len(names))} predictors, listed in the methods, all of which entered the models."
    return f"{join_words(mid(run.predictor_title(name)).partition(' (')[0] for name in names)}."


def _word_conclusions(run: RunFolder) -> str:
    """Say what the verdicts say; an evaluation has none, and its meaning is the author's alone."""
    outcomes = () if is_evaluation(run) else list_main(run)
    found = [(outcome, primary_verdict(run, outcome.name)) for outcome in outcomes]
    alike: dict[tuple[str, str, str], list[str]] = {}
    for outcome, verdict in found:
        if verdict is not None:
            key = (str(verdict["verdict"]), str(verdict["model"]), str(verdict["reference"]))
            alike.setdefault(key, []).append(mid(outcome.title))
    texts = [
        MEANINGS.get(verdict, "").format(
            rival=name_model(run, rival), reference=name_model(run, reference), outcome=join_words(titles)
        )
        for (verdict, rival, reference), titles in alike.items()
    ]
    return " ".join(end(begin(text)) for text in texts if text)
