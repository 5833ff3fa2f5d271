"""The first page: the question, the answer in intervals, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from outcomes.kinds.before_visit import DEPARTURE
from reports.blocks import Block, Text
from reports.measures import measures_of
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.answers import tabulate_answers
from reports.sections.elsewhere import introduce_evaluation, is_evaluation
from reports.sections.sample_size import list_shortfalls
from reports.sections.verdict import primary_verdict, word_derived, word_share
from reports.sections.verdict_words import drop_power
from reports.tables import (
    PLANNED,
    count_words,
    distinct,
    end,
    estimate_words,
    first_row,
    format_count,
    join_words,
    rows_where,
    whole_sample,
)
from reports.views import View, views_of


def build_summary(run: RunFolder) -> list[Block]:
    """Build the summary: question, one paragraph per outcome, and what needs a person."""
    blocks: list[Block] = [*introduce_evaluation(run), Text(text=_describe_question(run))]
    if not run.tables["verdicts"].empty:
        blocks += [Text(text=_word_margin(run)), tabulate_answers(run)]
    if note := multiplicity_note(run):
        blocks.append(Text(text=note))
    for outcome in run.outcomes:
        blocks.append(Text(text=outcome.title, kind="subsection", anchor=f"summary-{outcome.name}"))
        blocks += _describe_outcome(run, outcome)
    blocks.append(Text(text="What needs a person", kind="subsection", anchor="needs-a-person"))
    is_short = any(True for outcome in run.outcomes for _ in list_shortfalls(run, outcome))
    nothing = "Nothing but the sample size" if is_short else "Nothing"
    blocks += [Text(text=text, kind="warning") for text in _list_concerns(run)] or [
        Text(text=f"{nothing}: no row was quarantined, no outcome was skipped and no guard warned.")
    ]
    if notes := list(_list_notes(run)):
        blocks.append(Text(text="Also worth knowing", kind="heading", anchor="also-worth-knowing"))
        blocks += [Text(text=note, kind="bullet") for note in notes]
    return blocks


def _begin(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _describe_question(run: RunFolder) -> str:
    study = run.facts.study
    times = {"preop": "before the operation", "planned": "when the operation is planned"}
    known = times.get(study.predict_at, f"at {study.predict_at}")
    question = (
        "How well can the outcome of the operation be predicted from "
        f"{count_words(len(study.predictors), 'predictor')} known {known}"
    )
    rival = "" if is_evaluation(run) else _name_rival(run)
    versus = f" predict better than the reference ({run.model_title(study.reference)}), by enough to be worth it"
    return f"{question}, and does {rival}{versus}?" if rival else f"{question}?"


def _word_margin(run: RunFolder) -> str:
    squares = " (of a score in the mean squared error)" if run.has_scores else ""
    return (
        f"The margin: a gain in log loss{squares} of more than {word_share(run)} of the "
        f"reference's loss is worth having; it is {PLANNED}. That there is no such gain is an answer like any other."
    )


def _name_rival(run: RunFolder) -> str:
    """Name what the verdicts are about; where there is no verdict, the models beside the reference."""
    arm = next((model for model in run.facts.models if model.role == "arm"), None)
    if arm is not None:
        return "machine learning (the best learner of each training part)"
    primary = distinct(rows_where(run.tables["verdicts"], role="primary")["model"])
    candidates = tuple(model.name for model in run.facts.models if model.role == "candidate")
    titles = [run.model_title(name) for name in primary or candidates]
    return f"any of {join_words(titles)}" if len(titles) > 1 else join_words(titles)


def _describe_outcome(run: RunFolder, outcome: OutcomeFacts) -> Iterator[Text]:
    """Yield the verdict, what to hold against it, and the numbers."""
    verdict = primary_verdict(run, outcome.name)
    derived = "" if is_evaluation(run) else word_derived(run, outcome)
    if answer := derived if verdict is None else f"Verdict. {drop_power(str(verdict['text']))}":
        yield Text(text=answer)
    yield from (Text(text=text, kind="warning") for text in list_shortfalls(run, outcome))
    for view in views_of(run, outcome):
        rows = view.select(whole_sample(run.tables["evaluation"]))
        reference = rows_where(rows, model=run.facts.study.reference)
        if not reference.empty:
            describe = _describe_reference if measures_of(outcome.kind).has_events else _describe_score
            yield Text(text=describe(run, view, reference))


def _describe_reference(run: RunFolder, view: View, rows: pd.DataFrame) -> str:
    counts = rows.iloc[0]
    c_statistic = estimate_words(first_row(rows, metric="c_statistic"))
    slope = estimate_words(first_row(rows, metric="calibration_slope"))
    direction = "wanted" if view.outcome.desirable else "unwanted"
    who = _word_counts(counts["n"], counts["events"], run.facts.study.suppress_below)
    ratio = first_row(rows, metric="oe_ratio")
    observed = "" if ratio is None or ratio["status"] != "ok" else f", observed over expected {estimate_words(ratio)}"
    defined = _word_rule(view)
    return (
        f"{view.short_title}: {who} ({direction}), window {view.outcome.horizon}. The reference, "
        f"{run.model_title(run.facts.study.reference)}, had a c-statistic of {c_statistic} and a calibration slope of "
        f"{slope}{observed}.{defined}"
    )


def _describe_score(run: RunFolder, view: View, rows: pd.DataFrame) -> str:
    below = run.facts.study.suppress_below
    counted = format_count(rows.iloc[0]["n"])
    who = f"{counted} operations" if counted else f"fewer than {below} operations"
    better = "higher" if view.outcome.desirable else "lower"
    words = {name: estimate_words(first_row(rows, metric=name)) for name in ("mae", "r_squared", "interval_coverage")}
    defined = _word_rule(view)
    return (
        f"{view.short_title}: {who} ({better} is better), window {view.outcome.horizon}. The reference, "
        f"{run.model_title(run.facts.study.reference)}, predicted the score with a mean absolute error of "
        f"{words['mae']} points and explained {words['r_squared']} of its variance; its 90 % intervals held "
        f"{words['interval_coverage']} of the scores.{defined}"
    )


def _word_counts(n: float | None, events: float | None, below: int) -> str:
    """Name operations and events; a missing count is hidden because it, or what it leaves, is small."""
    if not format_count(n):
        return f"fewer than {below} operations, or fewer than {below} with or without the event"
    if not format_count(events):
        return f"{format_count(n)} operations, fewer than {below} with or without the event"
    return f"{format_count(n)} operations, {format_count(events)} with the event"


def multiplicity_note(run: RunFolder) -> str:
    """Say that several comparisons are made, or nothing where there is one only."""
    models = sum(model.role not in ("reference", "arm") for model in run.facts.models)
    if models * len(run.outcomes) <= 1:
        return ""
    derived = any(outcome.from_score for outcome in run.outcomes)
    given = f"One rival per outcome gets a verdict{', thresholds derived from a score none' if derived else ''}."
    if is_evaluation(run):
        given = "None gets a verdict."
    return (
        f"Compared with the reference: {count_words(models, 'model')} on {count_words(len(run.outcomes), 'outcome')}. "
        f"{given} The intervals are not adjusted for the number of comparisons."
    )


def _word_rule(view: View) -> str:
    """Define an outcome once; the title of a derived threshold says it, and the definitions follow the summary."""
    outcome = view.outcome
    is_told = view.validation == "internal" and outcome.rule and not outcome.from_score
    return f" Defined as: {end(outcome.rule or '')}" if is_told else ""


def _list_notes(run: RunFolder) -> Iterator[str]:
    """List the notes as sentences, but for the shortfalls of the sample size, which stand with their outcomes."""
    frame = run.tables["sample_size"]
    short = frame[(frame["met"] == "False") & frame["outcome"].isin([outcome.name for outcome in run.outcomes])]
    said = [
        (f"{outcome}: ", "; ".join(rows["text"]))
        for (outcome, _, _), rows in short.groupby(["outcome", "dataset", "purpose"], sort=False)
    ]
    for note in run.facts.notes:
        if DEPARTURE not in note and not any(note.startswith(name) and criteria in note for name, criteria in said):
            yield end(_begin(run.in_words(note)))


def list_departures(run: RunFolder) -> Iterator[str]:
    """Yield where the analysis departs from the study plan because the data cannot carry what it asks for.

    Each departure is told once, with all the outcomes that it is about; those of the same outcomes are one sentence.
    """
    titles: dict[str, list[str]] = {}
    for note in run.facts.notes:
        if DEPARTURE in note:
            name, _, text = note.partition(": ")
            titles.setdefault(text, []).append(run.outcome_title(name))
    texts: dict[tuple[str, ...], list[str]] = {}
    for text, alike in titles.items():
        texts.setdefault(tuple(alike), []).append(run.in_words(text))
    for names, (first, *others) in texts.items():
        told = (text.replace("the data do not record", "nor do they record", 1) for text in others)
        yield end(_begin(f"{join_words(names)}: {'; '.join((first, *told))}"))


def _list_concerns(run: RunFolder) -> Iterator[str]:
    """List warnings, departures from the plan, skipped outcomes and quarantined rows, each once."""
    yield from (_begin(run.in_words(warning)) for warning in run.facts.warnings)
    yield from (f"This departs from the study plan. {departure}" for departure in list_departures(run))
    told = " ".join(run.facts.warnings)
    for outcome in run.skipped:
        if outcome.name not in told:
            counts = _word_counts(outcome.n, outcome.events, run.facts.study.suppress_below)
            yield f"{outcome.title} was skipped ({counts}): {end(outcome.reason or 'no reason was recorded')}"
    for data in run.facts.data:
        if data.n_quarantined and "quarantine" not in told:
            yield (
                f"{format_count(data.n_quarantined)} of {format_count(data.n_read)} rows of {data.dataset} were "
                "quarantined for faults; they are kept, with the reasons, in the run's private folder."
            )
