"""What a run says to the items on data: sources, participants, preparation, outcome, predictors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pandas as pd

from reports.figures.flow import has_weight_zero
from reports.run_facts import DatasetFacts, OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.participants import ANALYSED
from reports.tables import (
    HIDDEN,
    count_words,
    distinct,
    end,
    first_row,
    format_count,
    format_interval,
    format_number,
    join_words,
    records,
    rows_where,
)
from reports.tripod.item import Found
from reports.tripod.telling import (
    begin,
    developed_elsewhere,
    group_alike,
    is_evaluation,
    label,
    list_main,
    mid,
    name_data,
    name_origin,
    rows_of,
    say_all,
    tidy,
    units,
    word_alike,
    word_data,
    word_plan,
)
from schemas.columns import FAMILIES

FEW_LEVELS = 12
"""Groups of one attribute that a sentence can hold."""
SHORT_HASH = 12
TIMES = {"preop": "before the operation", "planned": "when the operation is planned", "intraop": "during the operation",
         "discharge": "at discharge"}  # fmt: skip
PLANNED_COLUMNS = frozenset(column.name for column in FAMILIES["Planned operation"])
IMPLAUSIBLE = re.compile(
    r"column '(\w+)': ((?:all but )?fewer than \d+|\d+)(?: of (\d+))? values outside the plausible range of ([^;]+)"
)


def tell_5a(run: RunFolder) -> Found:
    """Tell where each dataset came from."""
    sources = [_word_source(data) for data in run.facts.data]
    definition = f"They were read by the registry definition \u201c{run.facts.definition.title}\u201d."
    origin = f"No model was developed on them: {name_origin(run)}{word_plan(run)}." if is_evaluation(run) else ""
    simulated = "All records are simulated; they stand for no patient." if run.synthetic else ""
    return Found(
        status="drafted",
        paragraphs=say_all(" ".join([*sources, definition, origin, simulated])),
        artefact="run.json",
        reason="Add which registry or trial this is, why it was chosen, and whom it represents.",
    )


def _word_source(data: DatasetFacts) -> str:
    words = word_data(data)
    return (
        f"The {words} came from {end(data.source)[:-1]} (SHA-256 of the content beginning "
        f"{data.fingerprint[:SHORT_HASH]}): {count_words(data.n_read, 'row')} read, of which "
        f"{format_count(data.n_valid)} passed the checks."
    )


def tell_5b(run: RunFolder) -> Found:
    """Tell how long was followed; a run's tables hold no dates."""
    pairs = ((mid(outcome.title), outcome.horizon) for outcome in list_main(run))
    windows = "; ".join(f"{horizon} for {join_words(titles)}" for horizon, titles in group_alike(pairs))
    if len(list_main(run)) == 1:
        windows = list_main(run)[0].horizon
    asked = f"The horizon was {windows}." if windows else ""
    return Found(
        status="drafted",
        paragraphs=say_all(asked, *_word_followed(run)),
        artefact="share/followed.csv; run.json",
        reason="Add the first and last dates of inclusion and the end of follow-up: a run keeps no dates.",
    )


def _word_followed(run: RunFolder) -> Iterator[str]:
    frame = run.tables["followed"]
    for outcome in list_main(run):
        own = rows_where(frame, outcome=outcome.name)
        for dataset in distinct(own["dataset"]):
            parts = list(_list_followed(rows_where(own, dataset=dataset), units(outcome)))
            if parts:
                place = f" in the {name_data(run, dataset)}" if own["dataset"].nunique() > 1 else ""
                yield f"{label(run, outcome)} {begin(join_words(parts))}{place}."


def _list_followed(rows: pd.DataFrame, counted: str) -> Iterator[str]:
    words = {
        "median_days": ("the median follow-up was {} days (reverse Kaplan-Meier)", 0),
        "at_risk_at_horizon": (f"{{}} {counted} were still followed at the horizon", 0),
        "percent_censored_before_horizon": ("{} % were lost to follow-up before it", 1),
    }
    for name, (text, digits) in words.items():
        row = first_row(rows, statistic=name, status="ok")
        if row is not None and format_number(float(row["value"]), digits):
            value = float(row["value"])
            yield text.format(format_number(value, digits) if digits else format_count(value))


def tell_6b(run: RunFolder) -> Found:
    """Tell which rules left operations out, as the flow has them."""
    pairs = [(outcome.title, _word_rules(run, outcome)) for outcome in list_main(run)]
    return Found(
        status="drafted",
        paragraphs=word_alike(run, pairs),
        artefact="share/flow.csv",
        reason="Add the clinical criteria by which patients came into the registry and into this study.",
    )


def _word_rules(run: RunFolder, outcome: OutcomeFacts) -> str:
    rows = records(rows_where(run.tables["flow"], outcome=outcome.name).sort_values("step"))
    rules = distinct(
        tidy(run, str(row["reason"])).replace(":", ",")
        for row in rows
        if row["step"] > 0 and row["reason"] != ANALYSED and not _is_fault(row) and not has_weight_zero(row)
    )
    counted = units(outcome)
    if not rules:
        return f"all {counted} of the registry whose rows passed the checks were eligible"
    return (
        f"{counted} were eligible whose rows passed the checks of the data. Left out, in this order, were those with "
        f"one of these reasons: {'; '.join(rules)}"
    )


def _is_fault(row: dict[str, object]) -> bool:
    return str(row["reason"]).startswith("quarantined")


def tell_6c(run: RunFolder) -> Found:
    """Tell what the predictors say of the operation, and that all were operated on."""
    planned = [run.predictor_title(name) for name in run.facts.study.predictors if name in PLANNED_COLUMNS]
    told = f"Of the planned operation the models knew: {'; '.join(planned)}." if planned else ""
    operated = (
        "Every patient was operated on: a predicted risk is one after surgery and says nothing about not operating."
        if all(outcome.index_event == "the operation" for outcome in run.facts.outcomes)
        else ""
    )
    return Found(
        status="drafted",
        paragraphs=say_all(f"{told} {operated}"),
        artefact="run.json; share/table1.csv",
        reason="Add which operations and further treatments there were and how differences between them were handled.",
    )


def tell_7(run: RunFolder) -> Found:
    """Tell how the data were checked and what was set aside, and how much was missing in each group."""
    checks = (
        "Every row was held against the data dictionary: codes and units, dates, possible ranges, rules between "
        "columns, and rows that occur twice. A row that broke a rule was set aside with its reason and never mended. "
        "The same checks and the same steps applied to every row, whatever the group of the patient."
    )
    return Found(
        status="drafted",
        paragraphs=say_all(checks, *(_word_faults(data) for data in run.facts.data), _word_implausible(run),
                           *_word_missing_by_group(run)),
        artefact="run.json; share/ascertainment.csv",
        reason="Add what was done to the data before the toolkit read them.",
    )  # fmt: skip


def _word_faults(data: DatasetFacts) -> str:
    reasons = [f"{fault.column.replace('_', ' ')}, {fault.rule} ({format_count(fault.count)})" for fault in data.faults]
    why = f": {'; '.join(reasons)}" if reasons else ""
    words = word_data(data)
    if not data.n_quarantined:
        return f"Of the {words}, no row was set aside."
    return f"Of the {words}, {count_words(data.n_quarantined, 'row')} of {format_count(data.n_read)} set aside{why}."


def _word_implausible(run: RunFolder) -> str:
    """Say which values lie outside what is plausible and were kept, as the run's notes have them."""
    parts = [
        f"{run.predictor_title(found[1])}, {found[2]}{f' of {found[3]}' if found[3] else ''} outside {found[4]}"
        for note in run.facts.notes
        if (found := IMPLAUSIBLE.search(note))
    ]
    return f"Values that are unlikely but possible were kept: {'; '.join(parts)}." if parts else ""


def _word_missing_by_group(run: RunFolder) -> Iterator[str]:
    for outcome in list_main(run)[:1]:
        for place, text in _list_groups(run, outcome, _word_percent_missing):
            yield f"Predictor values missing in the {place}, in per cent of all of a group: {text}."


def _word_percent_missing(row: pd.Series) -> str:
    return f"{format_number(float(row['percent_predictors_missing']), 1)} %"


def _list_groups(run: RunFolder, outcome: OutcomeFacts, word: Callable[[pd.Series], str]) -> Iterator[tuple[str, str]]:
    """Yield by dataset what is said of each group of the declared attributes with few groups, or that it is hidden."""
    frame = rows_of(run, "ascertainment", outcome=outcome.name)
    for dataset in distinct(frame["dataset"]) if len(frame) else ():
        own = rows_where(frame, dataset=dataset)
        told = [
            _word_levels(run, rows, word)
            for subgroup in distinct(own["subgroup"])
            if subgroup != "site" and len(rows := rows_where(own, subgroup=subgroup)) <= FEW_LEVELS
        ]
        if told:
            yield name_data(run, dataset), "; ".join(told)


def _word_levels(run: RunFolder, rows: pd.DataFrame, word: Callable[[pd.Series], str]) -> str:
    subgroup = str(rows["subgroup"].iloc[0])
    title = mid(run.predictor_title(subgroup)).partition(" (")[0]
    found = [(level, first_row(rows, level=level)) for level in run.order_levels(subgroup, distinct(rows["level"]))]
    levels = [
        f"{run.level_title(subgroup, level)} {word(row) if row['status'] == 'ok' else HIDDEN}"
        for level, row in found
        if row is not None
    ]
    return f"{title}: {', '.join(levels)}"


def tell_8a(run: RunFolder) -> Found:
    """Tell what the outcomes are, what became of unknown ones, and whether they are known alike in all groups."""
    main = list_main(run)
    room = [(outcome.title, outcome.not_attainable) for outcome in main]
    competing = [
        (outcome.title, f"competing with the outcome: {outcome.competing}") for outcome in main if outcome.competing
    ]
    return Found(
        status="drafted",
        paragraphs=(
            *say_all(*(_define(run, outcome) for outcome in main), _word_derived(run)),
            *word_alike(run, room), *word_alike(run, competing),
            *say_all(*_word_known_by_group(run), *(_word_skipped(outcome) for outcome in run.skipped)),
        ),
        artefact="run.json; share/ascertainment.csv",
        reason="Add why this outcome matters to patients, who recorded it and how.",
    )  # fmt: skip


def _define(run: RunFolder, outcome: OutcomeFacts) -> str:
    is_only = len(list_main(run)) == 1
    lead = f"The outcome was {mid(outcome.title)}, {_word_wanted(outcome)}" if is_only else ""
    lead = lead or f"{outcome.title} was {_word_wanted(outcome)}"
    rule = f" Definition: {end(tidy(run, outcome.rule))}" if outcome.rule else ""
    source = f" Source: {end(outcome.source)}" if outcome.source and outcome.source not in (outcome.rule or "") else ""
    unknown = f" It was unknown in these cases: {end(tidy(run, outcome.unknown))}" if outcome.unknown else ""
    return f"{lead}, with the horizon {outcome.horizon}.{rule}{source}{unknown}"


def _word_wanted(outcome: OutcomeFacts) -> str:
    if outcome.kind == "score":
        return f"a follow-up score, {'higher' if outcome.desirable else 'lower'} being better"
    return "a wanted outcome" if outcome.desirable else "an unwanted outcome"


def _word_derived(run: RunFolder) -> str:
    """Say which probabilities follow from a predicted score."""
    parts = [
        f"{outcome.title}{f' (threshold: {outcome.threshold_set})' if outcome.threshold_set else ''}"
        for outcome in run.outcomes
        if outcome.from_score
    ]
    if not parts:
        return ""
    return (
        f"From the predicted score these probabilities were derived, without a model of their own: {'; '.join(parts)}."
    )


def _word_known_by_group(run: RunFolder) -> Iterator[str]:
    for outcome in list_main(run):
        for place, text in _list_groups(run, outcome, _word_known):
            yield f"{label(run, outcome)} Known outcome by group in the {place}: {text}."


def _word_known(row: pd.Series) -> str:
    interval = format_interval(float(row["lower"]), float(row["upper"]), 1)
    percent = format_number(float(row["percent_known"]), 1)
    return f"{format_count(row['n_known'])} of {format_count(row['n'])} ({percent} %, 95 % CI {interval})"


def _word_skipped(outcome: OutcomeFacts) -> str:
    return f"{outcome.title} was planned too but not analysed: {end(outcome.reason or 'no reason was recorded')}"


def tell_9a(run: RunFolder) -> Found:
    """Tell the candidate predictors and that none was chosen by its association with the outcome."""
    if found := developed_elsewhere(run):
        return found
    titles = [mid(run.predictor_title(name)) for name in run.facts.study.predictors]
    return Found(
        status="drafted",
        paragraphs=say_all(
            f"The study plan named {count_words(len(titles), 'candidate predictor')}: {join_words(titles)}. All of "
            "them entered every model that was developed. No predictor was chosen or dropped before modelling by its "
            "association with the outcome."
        ),
        artefact="study.toml; run.json",
        reason="Add why these predictors were chosen (literature, earlier models, availability).",
    )


def tell_9b(run: RunFolder) -> Found:
    """Tell when the predictors are known; their definitions stand in a table of the manuscript."""
    when = TIMES.get(run.facts.study.predict_at, f"at {run.facts.study.predict_at}")
    return Found(
        status="drafted",
        paragraphs=say_all(
            f"Predictions are made {when}; the plan refuses a predictor that is known only later. The table of "
            "predictors has the kind, unit and definition of each, and when it is known."
        ),
        artefact="run.json",
        reason="Add how and by whom predictors were measured, and whether the outcome was unknown at that time.",
    )
