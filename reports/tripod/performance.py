"""How well the reference and its rival predicted, in sentences: overall, decisions, refits, groups, comparison."""

from __future__ import annotations

import pandas as pd

from reports.measures import measures_of
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.subgroup_words import ANY, CONCLUSIONS
from reports.sections.verdict import primary_verdict, word_derived
from reports.sections.verdict_words import drop_power
from reports.tables import (
    digits_of,
    distinct,
    end,
    estimate_words,
    first_row,
    format_number,
    join_words,
    rows_where,
    whole_sample,
    words_of,
)
from reports.tripod.telling import (
    begin,
    count_analysed,
    find_rival,
    is_evaluation,
    list_compared,
    list_outside,
    mid,
    name_model,
    rows_of,
    units,
    word_view,
)
from reports.views import View

TOLD = {
    True: ("c_statistic", "calibration_slope", "oe_ratio", "calibration_in_the_large", "brier_score", "scaled_brier"),
    False: ("mae", "rmse", "r_squared", "score_slope", "mean_difference", "interval_coverage"),
}
"""Measures that are told in sentences, of events and of scores."""
COMPARED = {True: {"log_loss": "below 0", "c_statistic": "above 0"}, False: {"mae": "below 0", "rmse": "below 0"}}
"""Measures whose difference to the reference is told, and on which side of 0 it is better."""
VOWELS = ("a", "e", "i", "o", "u", "I", "R²", "O:E")
"""How measures begin that follow "an"."""
WORDS = {
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "oe_ratio": "ratio of observed to expected events",
    "score_slope": "slope",
    "mean_difference": "mean difference between observed and predicted",
    "interval_coverage": "coverage of the 90 % interval",
}
"""Measures whose titles are too short for a sentence."""
STATIC = ("calibration_in_the_large", "oe_ratio", "mean_difference")
NOT_INFORMATIVE = (
    "The level of the predictions ({measures}) is not informative internally, since folds that are stratified by "
    "the outcome hold it near its ideal value."
)
DESCRIBED = "Their intervals come from resampling patients and speak of the models as they were fitted."
DECIDER = (
    " They describe only. What decides is the gain over the outer folds in the verdict, with the corrected interval of "
    "Nadeau and Bengio; a gain is the reference's loss minus the rival's, so that its sign is the opposite of that of "
    "a difference."
)
NO_RIVAL = "No model was set beside the reference, so nothing was compared."


def name_measure(metric: str) -> str:
    """Return how a measure is called inside a sentence."""
    return WORDS.get(metric, words_of(metric))


def word_view_results(run: RunFolder, view: View) -> str:
    """Return what is said of one outcome on one dataset: each model compared, the differences, and decisions."""
    rows = view.select(whole_sample(run.tables["evaluation"]))
    models = list_compared(run, view.outcome, rows["model"])
    where = word_view(view)
    several = len(run.outcomes) > 1
    lead = f"{view.outcome.title}, {where}" if several else begin(where)
    counts = count_analysed(run, view.outcome, view.dataset)
    told = [_word_model(run, view, name, rows_where(rows, model=name)) for name in models]
    first, others = "".join(told[:1]), " ".join(begin(text) for text in told[1:])
    parts = (
        f"{lead} ({counts}){':' if several else ','} {first}",
        others,
        _word_uninformative(view, rows),
        _word_differences(run, view, models),
        _word_decisions(run, view, models, rows),
    )
    return " ".join(part for part in parts if part)


def _word_model(run: RunFolder, view: View, name: str, rows: pd.DataFrame) -> str:
    found = [(metric, first_row(rows, metric=metric)) for metric in TOLD[measures_of(view.outcome.kind).has_events]]
    parts = [
        word_estimate(metric, row) for metric, row in found if row is not None and row["status"] != "not informative"
    ]
    parts += _word_ici(*(first_row(rows, metric=metric) for metric in ("ici", "ici_null")))
    title = name_model(run, name)
    if name == run.facts.study.reference:
        title = f"the reference, {title},"
    elif name == find_rival(run, view.outcome):
        title = f"the rival, {title},"
    return f"{title} had {join_words(parts)}." if parts else ""


def word_estimate(metric: str, row: pd.Series) -> str:
    """Return ``"a c-statistic of 0.693 (95 % CI 0.656 to 0.728)"``, or that there is none."""
    name = name_measure(metric)
    article = "an" if name.startswith(VOWELS) else "a"
    of = "of" if row["status"] == "ok" else "that was"
    return f"{article} {name} {of} {estimate_words(row)}"


def _word_ici(ici: pd.Series | None, null: pd.Series | None) -> list[str]:
    """Return the ICI with its mean under true risks; it has no interval."""
    if ici is None or ici["status"] != "ok":
        return []
    beside = ""
    if null is not None and null["status"] == "ok":
        beside = f" ({format_number(float(null['estimate']), 3)} would be expected under perfect calibration)"
    return [f"an ICI of {format_number(float(ici['estimate']), 3)}{beside}"]


def _word_uninformative(view: View, rows: pd.DataFrame) -> str:
    found = rows[rows["metric"].isin(STATIC) & (rows["status"] == "not informative")]
    if found.empty or view.validation != "internal":
        return ""
    measures = join_words(name_measure(name) for name in distinct(found["metric"]))
    return NOT_INFORMATIVE.format(measures=measures)


def _word_differences(run: RunFolder, view: View, models: tuple[str, ...]) -> str:
    frame = view.select(run.tables["comparison"])
    parts = []
    for name in models[1:]:
        rows = rows_where(frame, model=name)
        told = [
            f"{estimate_words(row)} in {name_measure(metric)} ({better} is better)"
            for metric, better in COMPARED[measures_of(view.outcome.kind).has_events].items()
            if (row := first_row(rows, metric=metric)) is not None
        ]
        if told:
            parts.append(f"for {name_model(run, name)}, {join_words(told)}")
    if not parts:
        return ""
    words = f"Differences from the reference on the same {units(view.outcome)} were, {'; '.join(parts)}."
    return f"{words} {DESCRIBED}{_word_decider(run, view)}"


def _word_decider(run: RunFolder, view: View) -> str:
    """Say, beside differences inside the folds, that another interval of the same difference decides."""
    verdict = None if is_evaluation(run) else primary_verdict(run, view.outcome.name)
    return DECIDER if verdict is not None and view.validation == "internal" else ""


def _word_decisions(run: RunFolder, view: View, models: tuple[str, ...], rows: pd.DataFrame) -> str:
    benefit = rows_where(rows, metric="net_benefit")
    if benefit.empty or not view.outcome.action:
        return ""
    parts = []
    for name in models:
        own = rows_where(benefit, model=name).sort_values("threshold_probability")
        told = [f"{estimate_words(row)} at {100 * row['threshold_probability']:g} %" for _, row in own.iterrows()]
        if told:
            parts.append(f"for {name_model(run, name)}, {join_words(told)}")
    return f"Net benefit at the declared thresholds was, {'; '.join(parts)}." if parts else ""


def word_comparison(run: RunFolder, outcome: OutcomeFacts) -> str:
    """Return the verdict as the run has it, or why there is none."""
    if is_evaluation(run):
        return ""
    verdict = primary_verdict(run, outcome.name)
    if verdict is not None:
        return f"Verdict. {drop_power(str(verdict['text']))}"
    return word_derived(run, outcome) or NO_RIVAL


def word_optimism(run: RunFolder, outcome: OutcomeFacts) -> str:
    """Return apparent, optimism, corrected and cross-validated c-statistic of the reference together."""
    metric = "c_statistic" if measures_of(outcome.kind).has_events else "r_squared"
    rows = rows_of(run, "optimism", outcome=outcome.name, model=run.facts.study.reference)
    row = first_row(rows, metric=metric, status="ok") if len(rows) else None
    if row is None or pd.isna(row["corrected"]):
        return ""
    names = ("apparent", "optimism", "corrected", "cross_validated")
    apparent, optimism, corrected, held = (format_number(float(row[name]), digits_of(metric)) for name in names)
    beside = f", against {held} in the nested cross-validation" if held else ""
    return (
        f"The optimism of the reference's {name_measure(metric)}, estimated from {int(row['n_resamples'])} refits, was "
        f"{optimism}: apparent {apparent}, corrected {corrected}{beside}."
    )


def word_stability(run: RunFolder, outcome: OutcomeFacts) -> str:
    """Return how far predictions for one patient lie apart between models developed on resamples."""
    rows = rows_of(run, "stability", outcome=outcome.name, metric="mean_mape", status="ok")
    models = list_compared(run, outcome, rows["model"]) if len(rows) else ()
    digits = 3 if measures_of(outcome.kind).has_events else 1
    parts = [
        f"{format_number(float(row['estimate']), digits)} for {name_model(run, name)}"
        for name in models
        if (row := first_row(rows, model=name)) is not None
    ]
    if not parts:
        return ""
    return (
        "Between models developed on resamples, the prediction for one patient differed from the model's own on "
        f"average by {join_words(parts)}."
    )


def word_groups(run: RunFolder, view: View) -> str:
    """Return by conclusion which groups differ in calibration from all other patients, for the reference."""
    frame = view.select(run.tables["gaps"])
    rows = rows_where(frame, model=run.facts.study.reference, against="rest")
    rows = rows[(rows["conclusion"] != "") & (rows["subgroup"] != "site") & (rows["level"] != ANY)]
    if rows.empty:
        return ""
    parts = [
        f"{CONCLUSIONS.get(name, name)}, {_name_groups(run, rows_where(rows, conclusion=name))}"
        for name in distinct(rows["conclusion"])
    ]
    known = [
        mid(run.predictor_title(name)) for name in distinct(rows["subgroup"]) if name in run.facts.study.predictors
    ]
    why = (
        f" Predictors of the models are {join_words(known)}: of their recorded groups the level of risk is not "
        "informative internally."
        if known and view.validation == "internal"
        else ""
    )
    lead = f"Calibration in the large of the reference by group, {word_view(view)}, by the margin of the plan"
    return f"{lead}: {'; '.join(parts)}.{why}"


def _name_groups(run: RunFolder, rows: pd.DataFrame) -> str:
    """Return ``"sex (female, male) and age (under 50)"``."""
    parts = []
    for subgroup in distinct(rows["subgroup"]):
        levels = run.order_levels(subgroup, distinct(rows_where(rows, subgroup=subgroup)["level"]))
        title = mid(run.predictor_title(subgroup)).partition(" (")[0]
        parts.append(f"{title} ({', '.join(run.level_title(subgroup, level) for level in levels)})")
    return join_words(parts)


def word_elsewhere(run: RunFolder) -> str:
    """Say where the detail stands."""
    outside = "" if list_outside(run) else " No data but the development data were there to evaluate the models on."
    return end(f"The other models, all measures and all curves stand in the comparison report.{outside}")
