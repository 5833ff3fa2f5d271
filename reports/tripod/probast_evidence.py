"""What a run has to show to the questions of PROBAST+AI: facts and counts of its tables, and no judgement."""

from __future__ import annotations

from collections.abc import Sequence

from reports.run_folder import RunFolder
from reports.sections.methods import NO_PATIENTS
from reports.sections.participants import ANALYSED
from reports.tables import (
    count_words,
    distinct,
    end,
    first_row,
    format_count,
    format_number,
    join_words,
    rows_where,
    whole_sample,
    words_of,
)
from reports.tripod.front import name_outcome
from reports.tripod.telling import (
    is_evaluation,
    list_main,
    list_outside,
    list_views,
    mid,
    name_data,
    tidy,
    word_counts,
    word_data,
    word_view,
)

MOST = 4
"""Entries of a list that a cell of a table can hold; of more the rest is counted."""
HIDDEN = "a suppressed number"
UNKNOWN = "Patients of unknown outcome are never taken for free of the event."
KNOWN = {
    "preop": "before the operation",
    "planned": "when the operation is planned",
    "intraop": "at the end of the operation",
    "discharge": "at discharge",
}
LEARNED = {
    "development": "Everything that is learned from data is learned from training parts alone.",
    "evaluation": "Everything that was learned from data came with the models; nothing was learned here.",
}
SHOWN = (
    "c_statistic", "calibration_in_the_large", "calibration_slope", "oe_ratio", "ici", "brier_score", "mae",
    "mean_difference", "score_slope", "interval_coverage",
)  # fmt: skip
"""Measures named as evidence: discrimination, calibration and overall performance."""
SHARED_PATIENTS = ("also among those of", "cannot be checked")
"""By these words the run says whether patients stand in two datasets."""
TELLS_OUTCOME = "alone separates"
"""By these words the run says that a predictor tells the outcome."""


def word_exclusions(run: RunFolder) -> str:
    """Say how many of the rows read were analysed, by outcome and dataset."""
    parts = []
    for outcome in list_main(run):
        frame = rows_where(run.tables["flow"], outcome=outcome.name)
        for dataset in distinct(frame["dataset"]):
            steps = rows_where(frame, dataset=dataset).sort_values("step")
            last = first_row(steps, reason=ANALYSED)
            if last is not None:
                analysed = format_count(last["remaining"]) or HIDDEN
                read = format_count(steps["remaining"].iloc[0])
                parts.append(f"{mid(outcome.title)}, {analysed} of {read} in the {name_data(run, dataset)}")
    if not parts:
        return "No outcome was analysed."
    return f"Rows analysed of rows read: {_list_some(parts, 'share/flow.csv')}."


def word_recording(run: RunFolder) -> str:
    """Say how many rows were set aside, and which values were found odd."""
    parts = [
        f"{format_count(data.n_quarantined)} of {format_count(data.n_read)} rows of the {word_data(data)}"
        for data in run.facts.data
    ]
    here = tuple(f"{data.dataset}: " for data in run.facts.data)
    odd = [note for note in run.facts.notes if "plausible" in note and note.startswith(here)]
    some = f" Values outside the plausible ranges: {count_words(len(odd), 'note')} of the run." if odd else ""
    return f"Set aside by the rules of the definition: {join_words(parts) or 'none'}.{some}"


def word_preparation(run: RunFolder) -> str:
    """Say that there is one way of preparation, and where it is learned."""
    return (
        "One definition is applied to every row and one way of preparation to every patient, without a branch for any "
        f"group. {LEARNED[run.facts.kind]}"
    )


def word_predictors(run: RunFolder) -> str:
    """Say what is known of how predictors were recorded."""
    count = count_words(len(run.facts.predictors), "predictor")
    return f"The definition says when each of the {count} is known, not who wrote it down and when."


def word_predict_at(run: RunFolder) -> str:
    """Say when the prediction is made, and that later predictors are refused."""
    at = run.facts.study.predict_at
    known = [KNOWN.get(name, name) for name in distinct(predictor.known_at for predictor in run.facts.predictors)]
    return (
        f"The prediction is made {KNOWN.get(at, f'at {at}')}, and a predictor known later is refused. Those used are "
        f"known: {join_words(known)}."
    )


def word_outcome(run: RunFolder) -> str:
    """Name the outcomes, and what the run has to say of predictors that tell them."""
    names = _list_some([name_outcome(outcome) for outcome in list_main(run)], "run.json")
    warned = [_sentence(run, text) for text in run.facts.warnings if TELLS_OUTCOME in text]
    guard = "" if is_evaluation(run) else "A predictor that an outcome is made of is refused. "
    return f"Outcomes: {names or 'none'}. {guard}{' '.join(warned)}".strip()


def word_followed(run: RunFolder) -> str:
    """Say of how many patients the outcome is unknown, and where this stands by group."""
    rows = rows_where(run.tables["unknown_outcomes"], assumption="known_only", status="ok")
    rows = rows[rows["outcome"].isin([outcome.name for outcome in list_main(run)])]
    parts = [
        f"{mid(run.outcome_title(str(row['outcome'])))}, {format_count(row['n_unknown'])} of {format_count(row['n'])} "
        f"in the {name_data(run, str(row['dataset']))}"
        for _, row in rows.drop_duplicates(["outcome", "dataset"]).iterrows()
    ]
    unknown = f"Patients of unknown outcome: {_list_some(parts, 'share/unknown_outcomes.csv')}. " if parts else ""
    groups = join_words(mid(run.predictor_title(name)) for name in run.facts.study.subgroups)
    by = f"By {groups} it stands in share/ascertainment.csv." if groups else "No groups were declared to look at."
    return unknown + by


def word_horizon(run: RunFolder) -> str:
    """Say how long patients were followed, of outcomes with a clock."""
    rows = rows_where(run.tables["followed"], statistic="median_days", status="ok")
    parts = [
        f"{mid(run.outcome_title(str(row['outcome'])))}, {format_count(row['value'])} days in the "
        f"{name_data(run, str(row['dataset']))}"
        for _, row in rows.iterrows()
    ]
    followed = f" Median follow-up: {_list_some(parts, 'share/followed.csv')}." if parts else ""
    return f"{UNKNOWN}{followed}"


def word_censoring(run: RunFolder) -> str:
    """Say what becomes of patients who were not followed to the horizon."""
    fates = distinct(outcome.unknown_patients for outcome in run.outcomes if outcome.unknown_patients)
    return " ".join((UNKNOWN, *(_sentence(run, text) for text in fates)))


def word_size(run: RunFolder) -> str:
    """Say whether the criteria of sample size for a development are met."""
    return _word_criteria(run, "development")


def word_validation_size(run: RunFolder) -> str:
    """Say how many events every validation rests on, and whether the criteria for it are met."""
    parts = []
    for outcome in list_main(run):
        for view in list_views(run, outcome):
            rows = view.select(whole_sample(run.tables["evaluation"]))
            row = first_row(rows, model=run.facts.study.reference)
            if row is not None:
                counts = word_counts(run, outcome, row["n"], row["events"])
                parts.append(f"{mid(outcome.title)}, {counts}, {word_view(view)}")
    sizes = f"Patients: {_list_some(parts, 'share/evaluation.csv')}. " if parts else ""
    return f"{sizes}{_word_criteria(run, 'validation')}"


def word_imbalance(run: RunFolder) -> str:
    """Say that nothing was balanced."""
    return "No resampling or weighting is used against a rare outcome; the toolkit offers none."


def word_overfitting(run: RunFolder) -> str:
    """Say how the folds were made, and whether optimism was estimated."""
    frame = run.tables["optimism"]
    made = frame[(frame["n_resamples"] > 0) & frame["optimism"].notna()] if len(frame) else frame
    counted = count_words(len(distinct(made["outcome"])), "outcome")
    optimism = f" Optimism was estimated by the bootstrap for {counted}." if len(made) else ""
    return f"{word_folds(run)}{optimism}"


def word_apparent(run: RunFolder) -> str:
    """Say on whom the models were evaluated."""
    names = join_words(word_data(data) for data in list_outside(run))
    if is_evaluation(run):
        return f"Fixed models were applied unchanged to the {names}; nothing was fitted to these data."
    further = f", and of the fixed models on the {names}" if names else ""
    return (
        f"The results are those of patients held out of every training part{further}. Apparent performance is never "
        "shown alone."
    )


def word_folds(run: RunFolder) -> str:
    """Say how the folds were made, and that the whole chain is repeated in each."""
    study = run.facts.study
    if is_evaluation(run):
        return "There was no resampling: the models were not developed here."
    repeats = f", repeated {study.repeats} times" if study.repeats > 1 else ""
    recalibrated = study.calibration != "none"
    chain = "preparation, tuning, fitting and recalibration" if recalibrated else "preparation, tuning and fitting"
    return (
        f"Nested cross-validation with {study.outer_folds} outer folds{repeats} and {study.inner_folds} inner folds: "
        f"{chain} were repeated in every training part as one chain."
    )


def word_filled(run: RunFolder) -> str:
    """Say how missing predictors were filled in, and what became of unknown outcomes."""
    return f"Missing predictors were filled in without the outcome, learned in training parts. {word_censoring(run)}"


def word_locked(run: RunFolder) -> str:
    """Say by what missing predictors of those who were predicted were filled in."""
    words = "Missing predictors of those who were predicted were filled in by what"
    if is_evaluation(run):
        return f"{words} the development had learned, never with their outcomes. {word_censoring(run)}"
    return f"{words} the training part had learned, never with their outcomes. {UNKNOWN}"


def word_leaks(run: RunFolder) -> str:
    """Say what keeps those who are predicted apart from those who were learned from."""
    found = " ".join(_sentence(run, text) for text in _list_shared(run))
    if is_evaluation(run):
        return f"The models were fixed before these data were read. {found}".strip()
    together = "All operations of a patient stand in one fold" if run.names_patients else NO_PATIENTS
    return (
        f"{together}. Everything is learned in training parts. A predictor that alone nearly tells the outcome is "
        f"refused. {found}"
    ).strip()


def _list_shared(run: RunFolder) -> list[str]:
    told = (*run.facts.warnings, *run.facts.notes)
    return [text for text in told if any(words in text for words in SHARED_PATIENTS)]


def warns_of_nothing(run: RunFolder) -> bool:
    """Tell that the run has no warning about this, whatever it has recorded."""
    return False


def warns_of_recording(run: RunFolder) -> bool:
    """Tell whether rows broke rules and were set aside."""
    return any(data.n_quarantined for data in run.facts.data)


def warns_of_outcome(run: RunFolder) -> bool:
    """Tell whether a predictor alone tells an outcome."""
    return any(TELLS_OUTCOME in text for text in run.facts.warnings)


def warns_of_size(run: RunFolder) -> bool:
    """Tell whether a criterion of sample size for the development is not met."""
    return len(rows_where(run.tables["sample_size"], purpose="development", met="False")) > 0


def warns_of_validation_size(run: RunFolder) -> bool:
    """Tell whether a criterion of sample size for a validation is not met."""
    return len(rows_where(run.tables["sample_size"], purpose="validation", met="False")) > 0


def warns_of_leaks(run: RunFolder) -> bool:
    """Tell whether patients may stand on both sides: in two datasets, or in two folds."""
    return bool(_list_shared(run)) or not (is_evaluation(run) or run.names_patients)


def word_measures(run: RunFolder) -> str:
    """Name the measures that were made, and where thresholds were declared."""
    frame = rows_where(whole_sample(run.tables["evaluation"]), status="ok")
    made = join_words(words_of(name) for name in distinct(frame["metric"]) if name in SHOWN)
    declared = [
        f"{mid(outcome.title)} at {join_words(format_number(value, 2) for value in outcome.thresholds)}"
        for outcome in run.outcomes
        if outcome.thresholds
    ]
    benefit = (
        f"Net benefit at the declared thresholds: {_list_some(declared, 'share/evaluation.csv')}."
        if declared
        else "No threshold was declared, so net benefit was not computed."
    )
    return f"Measured: {made or 'nothing'}. {benefit}"


def _word_criteria(run: RunFolder, purpose: str) -> str:
    rows = rows_where(run.tables["sample_size"], purpose=purpose)
    rows = rows[rows["met"] != ""]
    if rows.empty:
        return f"No criterion of sample size for {purpose} was computed."
    short = rows_where(rows, met="False")
    if short.empty:
        return f"The criteria of sample size for {purpose} are met (share/sample_size.csv)."
    titles = [mid(run.outcome_title(name)) for name in distinct(short["outcome"])]
    return f"Below the criteria of sample size for {purpose}: {_list_some(titles, 'share/sample_size.csv')}."


def _list_some(parts: Sequence[str], file: str) -> str:
    """Join entries; of many the first, and where the others stand."""
    rest = f"; {len(parts) - MOST} more in {file}" if len(parts) > MOST else ""
    return "; ".join(parts[:MOST]) + rest


def _sentence(run: RunFolder, text: str) -> str:
    words = end(tidy(run, text))
    return words[:1].upper() + words[1:]
