"""What was missing and what became of it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reports.figures.flow import has_weight_zero
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.sections.participants import ANALYSED
from reports.tables import HIDDEN, count_words, format_count, records, rows_where
from reports.tripod.telling import (
    count_analysed,
    is_evaluation,
    label,
    mid,
    name_data,
    rows_of,
    tidy,
    units,
)

FILLED = (
    "Missing predictors were imputed by chained regressions that were learned from each training part and never saw "
    "the outcome; the same ones serve in later use."
)
MISSING = {
    "chained": FILLED,
    "indicators": f"{FILLED} For every predictor that was missing in training a further column said whether it was "
    "recorded.",
    "native": "Missing predictors were given to the boosted trees as gaps. For the other models they were imputed by "
    "chained regressions that were learned from each training part and never saw the outcome, and a further column "
    "said whether each was recorded, so that no model knew more than another.",
    "multiple": "Missing predictors were drawn {imputations} by chained regressions that were learned from each "
    "training part and never saw the outcome. Everything was repeated for each draw, and measures of performance and "
    "their differences were pooled by Rubin's rules.",
}
LOCKED = (
    "Missing predictors were filled by the imputation that each locked model carries, which was learned from its "
    "development data; nothing was learned from these data."
)
FOR_MISSING = ("not recorded", "not known", "unknown", "no follow-up", "missing")
"""Words of the flow's reasons that are about missing values."""


def word_handling(run: RunFolder) -> str:
    """Return what was made of missing predictors."""
    if is_evaluation(run):
        return LOCKED
    study = run.facts.study
    return MISSING.get(study.missing, "").format(imputations=count_words(study.imputations, "time"))


def list_missing(run: RunFolder, outcome: OutcomeFacts) -> Iterator[str]:
    """Yield by dataset which predictors were missing how often, and who was left out for which reason."""
    for dataset in [data.dataset for data in run.facts.data]:
        rows = rows_of(run, "table1", outcome=outcome.name, dataset=dataset, group="all", statistic="missing")
        if rows.empty:
            continue
        gaps = [
            f"{mid(run.predictor_title(str(row['predictor'])))}, {_word_hidden(row, 'value')}"
            for _, row in rows.iterrows()
            if row["status"] == "suppressed" or row["value"] > 0
        ]
        others = "all other predictors were complete" if len(gaps) < len(rows) else ""
        told = (
            f"the numbers of missing values were: {'; '.join(gaps)}; {others}".rstrip("; ")
            if gaps
            else "no predictor was missing"
        )
        counts = count_analysed(run, outcome, dataset)
        yield f"{label(run, outcome)} In the {name_data(run, dataset)} analysed ({counts}), {told}."
        yield _word_losses(run, outcome, dataset)


def _word_hidden(row: pd.Series, column: str) -> str:
    return HIDDEN if row["status"] == "suppressed" else format_count(row[column])


def _word_losses(run: RunFolder, outcome: OutcomeFacts, dataset: str) -> str:
    rows = records(rows_where(run.tables["flow"], outcome=outcome.name, dataset=dataset).sort_values("step"))
    steps = [row for row in rows if row["reason"] != ANALYSED and row["excluded"] != 0 and _is_for_missing(row)]
    words = {
        kept: "; ".join(word_step(run, row) for row in steps if has_weight_zero(row) is kept) for kept in (False, True)
    }
    out = (
        f"Left out for missing values, with the number of {units(outcome)}, were: {words[False]}."
        if words[False]
        else ""
    )
    zero = f" Kept, but with weight 0: {words[True]}." if words[True] else ""
    return f"{label(run, outcome)} {out}{zero}" if out or zero else ""


def _is_for_missing(row: dict[str, object]) -> bool:
    return has_weight_zero(row) or any(word in str(row["reason"]) for word in FOR_MISSING)


def word_step(run: RunFolder, row: dict[str, object]) -> str:
    """Return a step of the flow with the number it took, or that this is hidden."""
    text = tidy(run, str(row["reason"]).partition(": unknown, kept")[0])
    hidden = row["status"] == "suppressed"
    return f"{text} ({HIDDEN if hidden else format_count(float(str(row['excluded'])))})"
