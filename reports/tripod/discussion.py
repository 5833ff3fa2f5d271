"""Limitations that the run itself knows of, and what its models do with poor input."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reports.measures import measures_of
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.summary import list_departures, multiplicity_note
from reports.tables import (
    count_words,
    distinct,
    end,
    first_row,
    format_count,
    format_number,
    join_words,
    rows_where,
)
from reports.tripod.item import Found
from reports.tripod.telling import list_main, list_outside, mid, name_data, name_units, tidy, word_data

ENOUGH = 200
"""Events, and patients without the event, from which a flexible calibration curve is to be trusted."""
GENERAL = (
    "All patients were operated on: the predicted risks are risks after surgery and say nothing about not operating. "
    "Contributions of predictors are associations and not causes."
)
FILLED = (
    "A missing predictor is replaced by its conditional mean given all others (one of yes or no by the probability of "
    "yes, a category by the probabilities of its levels), by regressions that were learned in the development without "
    "the outcome. The prediction is given with the range of predictions that the missing "
    "values could lead to (the middle 90 per cent), and the predictors that were missing are named beside it."
)
FLAGGED = (
    " Whether a predictor was recorded is itself an input, so that the model leans on recording habits: where these "
    "differ or change, it has to be evaluated anew."
)
IN_USE = {
    "chained": FILLED,
    "indicators": FILLED + FLAGGED,
    "native": "XGBoost and LightGBM take a missing predictor as a gap, which is handled as it was in the development. "
    f"For the other models: {FILLED[0].lower()}{FILLED[1:]}{FLAGGED}",
    "multiple": "The model consists of several, fitted to as many imputations. Each of them fills in missing "
    "predictors by its own draws, the prediction is the mean of theirs, and the middle 90 per cent of theirs stand "
    "beside it.",
}
GUARDS = (
    "A file that lacks the column of a predictor is refused, and so is a value that the predictor cannot have. A "
    "number outside the range that was seen in the development is used as it stands, and the predictor is named "
    "beside the prediction, which is then an extrapolation. For a patient who could not have belonged to the "
    "population of the development, as far as this is known before use, no prediction is given but the reason why."
)


def tell_26(run: RunFolder) -> Found:
    """Draft the limitations from the run's warnings and tables."""
    told = (
        _word_synthetic(run),
        _word_warnings(run),
        _word_departures(run),
        _word_skipped(run),
        _word_outside(run),
        _word_patients(run),
        _word_size(run),
        _word_few(run),
        _word_unknown(run),
        _word_missing(run),
        _word_stability(run),
        _word_groups(run),
        _word_sites(run),
        _word_budget(run),
        multiplicity_note(run),
        GENERAL,
    )
    return Found(
        status="drafted",
        paragraphs=tuple(words for words in told if words),
        artefact="run.json; share/sample_size.csv; share/table1.csv; share/unknown_outcomes.csv; share/stability.csv; "
        "share/gaps.csv; share/sites.csv; share/verdicts.csv",
        reason="Add what no table shows: who never enters the registry, how outcomes and predictors were recorded, and "
        "which way each limit may have moved the results.",
    )


def tell_27a(run: RunFolder) -> Found:
    """Draft what the deployed model does with missing, impossible and unusual input."""
    return Found(
        status="drafted",
        paragraphs=(IN_USE[run.facts.study.missing], GUARDS),
        artefact="study.toml; models/",
        reason="Say who checks the input where the model is used, and from when on no prediction should be shown.",
    )


def list_few(run: RunFolder) -> Iterator[OutcomeFacts]:
    """Yield the outcomes with fewer than `ENOUGH` events, or patients without; a score has no events to be few."""
    for outcome in run.outcomes:
        if not measures_of(outcome.kind).has_events:
            continue
        n, events = outcome.n, outcome.events
        if n is None or events is None or min(events, n - events) < ENOUGH:
            yield outcome


def _word_synthetic(run: RunFolder) -> str:
    return "Data were simulated: no result says anything about patients." if run.synthetic else ""


def _word_warnings(run: RunFolder) -> str:
    warnings = [end(tidy(run, warning)) for warning in run.facts.warnings]
    return f"The run warned: {' '.join(warning[:1].upper() + warning[1:] for warning in warnings)}" if warnings else ""


def _word_departures(run: RunFolder) -> str:
    """Say what the plan asked for and the data could not give."""
    departures = tuple(list_departures(run))
    lead = "The analysis departs from the study plan where the data could not give what the plan asks for."
    return " ".join((lead, *departures)) if departures else ""


def _word_skipped(run: RunFolder) -> str:
    told = " ".join(run.facts.warnings)
    left = [outcome for outcome in run.skipped if outcome.name not in told]
    parts = [f"{mid(outcome.title)} ({(outcome.reason or 'no reason was recorded').rstrip('. ')})" for outcome in left]
    return f"Planned, but not analysed: {'; '.join(parts)}." if parts else ""


def _word_outside(run: RunFolder) -> str:
    names = join_words(word_data(data) for data in list_outside(run))
    if not names:
        return (
            "There were no outside data: validation was internal, and how the models perform in other hospitals and "
            "later years is not known."
        )
    if run.facts.kind == "evaluation":
        return f"The evaluation rests on the {names} alone; elsewhere performance may differ."
    return f"Outside the development data the models were evaluated on the {names} only."


def _word_patients(run: RunFolder) -> str:
    """Say which data name no patients, and what then cannot be kept apart."""
    nameless = [data for data in run.facts.data if not data.patients_known]
    if not nameless:
        return ""
    apart = "" if run.names_patients else ", and two operations of one person may stand in different folds"
    return (
        f"No patient number is in the {join_words(word_data(data) for data in nameless)}: each row was taken as a "
        f"patient{apart}. Intervals take two operations of one person for those of two people."
    )


def _word_size(run: RunFolder) -> str:
    """Name the outcomes with fewer patients than the criteria of sample size ask for, by dataset."""
    short = rows_where(run.tables["sample_size"], met="False")
    told = []
    for dataset in distinct(short["dataset"]):
        rows = rows_where(short, dataset=dataset)
        parts = [
            _word_shortfall(outcome, own)
            for outcome in run.outcomes
            if not (own := rows_where(rows, outcome=outcome.name)).empty
        ]
        told.append(f"in the {name_data(run, dataset)}, {join_words(parts)}")
    if not told:
        return ""
    unstable = " and predicted risks unstable" if "development" in set(short["purpose"]) else ""
    return (
        f"There were fewer {name_units(run)} than the criteria of sample size ask for: {'; '.join(told)}. Estimates "
        f"are imprecise{unstable}; the results are exploratory."
    )


def _word_shortfall(outcome: OutcomeFacts, rows: pd.DataFrame) -> str:
    needed, actual = format_count(rows["needed"].max()), format_count(rows["actual"].iloc[0])
    counts = f"{actual} where {needed} are asked for" if needed and actual else "too few with or without the event"
    return f"{mid(outcome.title)} ({counts})"


def _word_few(run: RunFolder) -> str:
    parts = [
        f"{mid(outcome.title)} ({_word_events(outcome, run.facts.study.suppress_below)})" for outcome in list_few(run)
    ]
    if not parts:
        return ""
    return (
        f"Fewer than {ENOUGH} {name_units(run)} with or without the event: {join_words(parts)}. Calibration curves and "
        "results by group are uncertain there."
    )


def _word_events(outcome: OutcomeFacts, below: int) -> str:
    if outcome.n is None or outcome.events is None:
        return f"a count is suppressed, as fewer than {below} could be found from it"
    return f"{format_count(outcome.events)} events among {format_count(outcome.n)}"


def _word_unknown(run: RunFolder) -> str:
    rows = rows_where(run.tables["unknown_outcomes"], assumption="known_only", status="ok")
    # patients of a derived threshold are those of its score
    main = [outcome.name for outcome in list_main(run)]
    rows = rows[(rows["n_unknown"] > 0) & rows["outcome"].isin(main)].drop_duplicates(["outcome", "dataset"])
    parts = [
        f"{mid(run.outcome_title(str(row['outcome'])))}, {format_count(row['n_unknown'])} of {format_count(row['n'])} "
        f"{name_units(run)} in the {name_data(run, str(row['dataset']))}"
        for _, row in rows.iterrows()
    ]
    if not parts:
        return ""
    return (
        f"The outcome of some {name_units(run)} is not known: {'; '.join(parts)}. That those of known outcome can "
        "stand for them is an assumption that the data cannot prove."
    )


def _word_missing(run: RunFolder) -> str:
    """Say of each dataset, by the outcome with most patients there, which predictors have gaps."""
    frame = rows_where(run.tables["table1"], group="all", statistic="missing").sort_values(
        ["n", "outcome"], ascending=[False, True], kind="stable"
    )
    parts = []
    for dataset in distinct(data.dataset for data in run.facts.data):
        rows = rows_where(frame, dataset=dataset)
        if not rows.empty:
            largest = rows_where(rows, outcome=str(rows["outcome"].iloc[0]))
            parts.append(_word_gaps(run, largest, f"in the {name_data(run, dataset)}"))
    told = [part for part in parts if part]
    if not told:
        return ""
    return (
        f"Predictors were not always recorded: {'; '.join(told)}. Filling them in assumes that patients alike in all "
        "that is recorded are alike in what is not."
    )


def _word_gaps(run: RunFolder, rows: pd.DataFrame, where: str) -> str:
    """Name how many predictors have missing values, and the one with the most; hidden counts are not named."""
    gaps = rows[(rows["value"] > 0) | (rows["status"] == "suppressed")]
    if gaps.empty:
        return ""
    words = f"{where}, {len(gaps)} of {count_words(len(rows), 'predictor')} had missing values"
    shown = gaps[gaps["status"] == "ok"].sort_values(["value", "predictor"], ascending=[False, True])
    if shown.empty:
        return words
    most = shown.iloc[0]
    title = mid(run.predictor_title(str(most["predictor"])))
    return f"{words}, most of all {title} ({format_count(most['value'])} of {format_count(most['n'])} values)"


def _word_stability(run: RunFolder) -> str:
    if run.facts.kind == "evaluation":
        return ""
    rows = rows_where(run.tables["stability"], model=run.facts.study.reference, metric="mean_width", status="ok")
    if rows.empty:
        return "How far predictions would move with another sample was not examined."
    parts = [
        f"{format_number(float(row['estimate']), digits)} for {mid(outcome.title)}"
        for outcome in run.outcomes
        for digits in (3 if measures_of(outcome.kind).has_events else 1,)
        if (row := first_row(rows, outcome=outcome.name)) is not None
    ]
    return (
        "Predictions for one patient are less certain than average performance suggests: had the reference been "
        "developed on other samples of this size, its predictions for a patient would have ranged over (mean width of "
        f"the 95 % range) {join_words(parts)}."
    )


def _word_groups(run: RunFolder) -> str:
    if not run.facts.study.subgroups:
        return "No groups were declared, so nothing is known of performance by group."
    rows = rows_where(
        run.tables["gaps"], model=run.facts.study.reference, metric="calibration_in_the_large",
        conclusion="not assessable",
    )  # fmt: skip
    groups = rows[~rows["level"].isin(("", "(any)"))]
    names = []
    for name in distinct(groups["subgroup"]):
        levels = distinct(rows_where(groups, subgroup=name)["level"])
        names.append(f"{mid(run.predictor_title(name))} ({', '.join(run.level_title(name, one) for one in levels)})")
    return f"There were too few patients to assess calibration in these groups: {join_words(names)}." if names else ""


def _word_sites(run: RunFolder) -> str:
    if not run.tables["sites"].empty or run.facts.kind == "evaluation":
        return ""
    return "How performance differs between sites that the models have not seen was not examined."


def _word_budget(run: RunFolder) -> str:
    rows = rows_where(run.tables["verdicts"], role="primary", verdict="budget-limited")
    titles = [mid(run.outcome_title(name)) for name in distinct(rows["outcome"])]
    if not titles:
        return ""
    return f"The search of the rival was too small for a verdict against it: {join_words(titles)}."
