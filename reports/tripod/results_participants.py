"""What a run says to the items on participants: flow, characteristics, and how many each analysis rests on."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reports.figures.flow import has_weight_zero
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.participants import ANALYSED
from reports.tables import (
    count_words,
    distinct,
    estimate_words,
    first_row,
    format_interval,
    format_number,
    records,
    rows_where,
    whole_sample,
)
from reports.tripod.item import Found
from reports.tripod.missing import word_step
from reports.tripod.telling import (
    count_analysed,
    is_evaluation,
    label,
    list_main,
    list_outside,
    list_views,
    mid,
    name_data,
    rows_of,
    say_all,
    units,
    word_counts,
    word_view,
)

MOST_UNLIKE = 3
"""How many predictors are named in which patients of known and of unknown outcome differ most."""

WEIGHTED = ", weighted for patients of unknown outcome"


def tell_20a(run: RunFolder) -> Found:
    """Tell who came in, who was left out and who was analysed, with the event and without."""
    frame = run.tables["flow"]
    paragraphs = [
        _word_flow(run, outcome, rows_where(frame, outcome=outcome.name, dataset=dataset))
        for outcome in run.facts.outcomes
        if not outcome.from_score
        for dataset in distinct(rows_where(frame, outcome=outcome.name)["dataset"])
    ]
    if not paragraphs:
        reason = "Add how patients came in and who was left out."
        return Found(status="drafted", artefact="share/flow.csv", reason=reason)
    return Found(
        status="filled",
        paragraphs=say_all(*paragraphs, *_word_rates(run)),
        artefact="share/flow.csv; share/evaluation.csv; share/followed.csv",
    )


def _word_flow(run: RunFolder, outcome: OutcomeFacts, rows: pd.DataFrame) -> str:
    steps = records(rows.sort_values("step"))
    between = [row for row in steps[1:] if row["reason"] != ANALYSED and row["excluded"] != 0]
    out = "; ".join(word_step(run, row) for row in between if not has_weight_zero(row))
    zero = "; ".join(word_step(run, row) for row in between if has_weight_zero(row))
    last = steps[-1]
    hidden = last["status"] == "suppressed"
    lead = f"{outcome.title}:" if len(run.facts.outcomes) > 1 else ""
    analysed = word_counts(run, outcome, last["remaining"], None if hidden else last["events"])
    skipped = outcome.status != "run"
    ended = "none was analysed, since the outcome was skipped" if skipped else f"analysed were {analysed}"
    return (
        f"{lead} Of {count_words(int(steps[0]['remaining']), 'row')} read from the "
        f"{name_data(run, str(steps[0]['dataset']))}, {f'left out were: {out}' if out else 'none was left out'}"
        f"{f'; kept with weight 0: {zero}' if zero else ''}; {ended}."
    )


def _word_rates(run: RunFolder) -> Iterator[str]:
    """Yield the event rate of each outcome with its interval, where the evaluation has it."""
    for outcome in list_main(run):
        for view in list_views(run, outcome):
            rows = view.select(whole_sample(run.tables["evaluation"]))
            row = first_row(rows, model=run.facts.study.reference, metric="event_rate")
            if row is not None and row["status"] == "ok":
                place = f" in the {name_data(run, view.dataset)}" if len(run.facts.data) > 1 else ""
                weights = WEIGHTED if "weight" in outcome.unknown_patients else ""
                yield f"{label(run, outcome)} The event rate{place} was {estimate_words(row)}{weights}."


def tell_20b(run: RunFolder) -> Found:
    """Tell that the characteristics stand in Table 1, and how known and unknown outcomes differ."""
    if run.tables["table1"].empty:
        return Found(
            status="drafted", artefact="share/table1.csv", reason="Add the characteristics of the patients."
        )  # fmt: skip
    groups = "overall and by whether the event occurred" if _has_groups(run) else "overall"
    return Found(
        status="drafted",
        paragraphs=say_all(
            f"The table of characteristics shows the patients analysed, {groups}, with what was missing of each "
            "predictor.",
            *_word_response(run),
        ),
        artefact="share/table1.csv; share/response.csv; share/followed.csv",
        reason="Add key dates and the treatments received, which the tables of a run do not hold.",
    )


def _has_groups(run: RunFolder) -> bool:
    return bool((run.tables["table1"]["group"] == "event").any())


def _word_response(run: RunFolder) -> Iterator[str]:
    """Yield in which predictors patients of known and of unknown outcome differ most."""
    for outcome in list_main(run):
        frame = rows_of(run, "response", outcome=outcome.name)
        for dataset in distinct(frame["dataset"]) if len(frame) else ():
            rows = rows_where(frame, dataset=dataset)
            parts = _list_most_unlike(run, rows)
            if parts:
                place = f" in the {name_data(run, dataset)}" if len(run.facts.data) > 1 else ""
                yield (
                    f"{label(run, outcome)} Patients of known outcome{place} differed most from those of unknown "
                    f"outcome in: {'; '.join(parts)}."
                )


def _list_most_unlike(run: RunFolder, rows: pd.DataFrame) -> list[str]:
    """Return the largest differences in words; of one without an interval nobody can say how sure it is."""
    shown = rows_where(rows, status="ok").dropna(subset=["difference", "lower", "upper"])
    order = shown["difference"].abs().sort_values(ascending=False, kind="stable").index[:MOST_UNLIKE]
    return [_word_difference(run, shown.loc[place]) for place in order]


def _word_difference(run: RunFolder, row: pd.Series) -> str:
    predictor, level = str(row["predictor"]), str(row["level"])
    title = mid(run.predictor_title(predictor)) + (f", {run.level_title(predictor, level)}" if level else "")
    interval = format_interval(float(row["lower"]), float(row["upper"]), 2)
    unit = " %" if level else ""
    known, unknown = (f"{format_number(float(row[name]), 1)}{unit}" for name in ("known", "unknown"))
    difference = format_number(float(row["difference"]), 2)
    return f"{title} ({known} against {unknown}; standardised difference {difference}, 95 % CI {interval})"


def tell_20c(run: RunFolder) -> Found:
    """Tell that the evaluation data stand beside the development data."""
    if not list_outside(run):
        return Found(status="not_applicable", reason="There are no data but the development data.")
    shifts = run.tables["shift"]
    if shifts.empty:
        return Found(
            status="drafted",
            paragraphs=say_all(*_word_each(run)),
            artefact="share/table1.csv; share/case_mix.csv",
            reason="Add how predictors and outcome are distributed in the development data beside these.",
        )
    return Found(
        status="filled",
        paragraphs=say_all(
            "The table of predictors in the evaluation data against the development has both and their standardised "
            "differences.",
            *_word_shifts(run, shifts),
            *_word_each(run),
        ),
        artefact="share/shift.csv; share/table1.csv; share/case_mix.csv",
    )


def _word_shifts(run: RunFolder, shifts: pd.DataFrame) -> Iterator[str]:
    """Yield by outcome and dataset the predictors that differ most from the development."""
    for outcome in list_main(run):
        own = rows_where(shifts, outcome=outcome.name)
        for dataset in distinct(own["dataset"]):
            rows = rows_where(own, dataset=dataset)
            parts = _list_most_unlike(run, rows.rename(columns={"value": "known", "developed": "unknown"}))
            if parts:
                yield (
                    f"{label(run, outcome)} The {name_data(run, dataset)} differed most from the development data in: "
                    f"{'; '.join(parts)}."
                )


def _word_each(run: RunFolder) -> Iterator[str]:
    """Yield patients and events of each outcome in each dataset."""
    for outcome in list_main(run):
        rows = rows_of(run, "table1", outcome=outcome.name, group="all")
        known = {view.dataset for view in list_views(run, outcome)}
        parts = [
            f"{name_data(run, dataset)}, {count_analysed(run, outcome, dataset)}"
            for dataset in (distinct(rows["dataset"]) if len(rows) else ())
            if dataset in known
        ]
        if parts:
            yield f"{label(run, outcome)} Analysed were: {'; '.join(parts)}."


def tell_21(run: RunFolder) -> Found:
    """Tell on how many patients and events each analysis rests."""
    paragraphs = [text for outcome in run.outcomes for text in _word_analyses(run, outcome)]
    if not paragraphs:
        return Found(status="drafted", artefact="run.json", reason="No outcome was analysed: say why.")
    return Found(
        status="filled",
        paragraphs=say_all(*paragraphs),
        artefact="share/evaluation.csv; share/optimism.csv; share/sites.csv; run.json",
    )


def _word_analyses(run: RunFolder, outcome: OutcomeFacts) -> Iterator[str]:
    parts = [
        f"{word_view(view)}, {count_analysed(run, outcome, view.dataset)}"
        for view in list_views(run, outcome)
        if view.validation != "internal"
    ]
    if is_evaluation(run):
        if parts:
            yield f"{label(run, outcome)} Evaluated were: {'; '.join(parts)}."
        return
    study = run.facts.study
    counted = count_analysed(run, outcome, run.facts.data[0].dataset)
    if outcome.from_score:
        yield f"{label(run, outcome)} Derived from the score: {'; '.join([counted, *parts])}."
        return
    held = f"; further, {'; '.join(parts)}" if parts else ""
    yield (
        f"{label(run, outcome)} Development of the final models, their tuning, and internal validation over "
        f"{study.outer_folds} outer folds{f' and {study.repeats} repeats' if study.repeats > 1 else ''}: {counted}"
        f"{held}.{_word_refits(run, outcome)}{_word_left_out(run, outcome)}"
    )


def _word_refits(run: RunFolder, outcome: OutcomeFacts) -> str:
    rows = rows_of(run, "optimism", outcome=outcome.name, model=run.facts.study.reference)
    rows = rows[rows["n_resamples"] > 0] if len(rows) else rows
    if rows.empty:
        return ""
    row = rows.iloc[0]
    failed = int(row["n_failed"]) if pd.notna(row["n_failed"]) else 0
    return (
        f" The reference was developed again on "
        f"{count_words(int(row['n_resamples']), 'resample')} of these {units(outcome)}, of which "
        f"{failed or 'none'} failed."
    )


def _word_left_out(run: RunFolder, outcome: OutcomeFacts) -> str:
    sites = distinct(rows_of(run, "sites", outcome=outcome.name, reference="").get("site", ()))
    return f" Left out in turn: {count_words(len(sites), 'site')} or groups of sites." if sites else ""
