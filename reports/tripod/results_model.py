"""What a run says to the items on the model and its performance."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pipelines.models import MODELS
from reports.run_facts import OutcomeFacts
from reports.run_folder import RunFolder
from reports.tables import (
    count_words,
    digits_of,
    distinct,
    estimate_words,
    first_row,
    format_interval,
    format_number,
    join_words,
    rows_where,
)
from reports.tripod.item import Found
from reports.tripod.performance import (
    name_measure,
    word_comparison,
    word_elsewhere,
    word_groups,
    word_optimism,
    word_stability,
    word_view_results,
)
from reports.tripod.telling import (
    begin,
    developed_elsewhere,
    find_rival,
    is_evaluation,
    label,
    list_compared,
    list_main,
    list_views,
    name_model,
    rows_of,
    say_all,
    word_view,
)

SITE_MEASURES = {
    True: ("c_statistic", "calibration_slope", "oe_ratio"),
    False: ("mae", "score_slope", "mean_difference"),
}
SITE_DIFFERENCE = {True: "log_loss", False: "mae"}


def tell_22(run: RunFolder) -> Found:
    """Tell the model: coefficients and formula where it is a regression, and the bundle with its hash."""
    if found := developed_elsewhere(run):
        return found
    reference = run.facts.study.reference
    paragraphs = [text for outcome in list_main(run) for text in _word_model(run, outcome, reference)]
    return Found(
        status="drafted",
        paragraphs=say_all(*paragraphs, _word_others(run)),
        artefact="share/coefficients.csv; models/; run.json",
        reason="Add on which terms others may use the model.",
    )


def _word_model(run: RunFolder, outcome: OutcomeFacts, reference: str) -> Iterator[str]:
    rows = rows_of(run, "coefficients", outcome=outcome.name, model=reference)
    title = name_model(run, reference)
    bundle = f"models/{outcome.name}/{reference}"
    if rows.empty:
        kept = f"{bundle}{_word_hash(run, outcome, reference)}"
        yield f"{label(run, outcome)} The final reference model, {title}, is kept in {kept}."
        return
    several = rows["imputation"].nunique()
    draws = (
        f" There are {several} sets of coefficients, one for each imputation; a prediction is the mean of theirs."
        if several > 1
        else ""
    )
    formula = first_row(rows, term="intercept")
    yield (
        f"{label(run, outcome)} The final reference model, {title}, is written out in the table of coefficients, in "
        f"the predictors' own units, for the horizon {outcome.horizon}. A prediction is computed as "
        f"{_word_formula(formula)}.{draws} The same model is kept in {bundle}{_word_hash(run, outcome, reference)}."
    )


def _word_formula(row: pd.Series | None) -> str:
    """Return the formula, as the row of the intercept has it, in words that can stand without the row."""
    text = "" if row is None else str(row["formula"])
    return text.replace("sum of this and of", "sum of the intercept and of").rstrip(".") or "the table says"


def _word_hash(run: RunFolder, outcome: OutcomeFacts, model: str) -> str:
    found = next((one for one in run.facts.bundles if (one.outcome, one.model) == (outcome.name, model)), None)
    return f" (SHA-256 {found.sha256})" if found else ""


def _word_others(run: RunFolder) -> str:
    """Say where the models are kept that cannot be written down."""
    others = [
        name_model(run, model.name)
        for model in run.facts.models
        if model.role == "candidate" and model.name in MODELS and MODELS[model.name].family == "machine_learning"
    ]
    if not others:
        return ""
    kept = "is kept as a model bundle" if len(others) == 1 else "are kept as model bundles"
    return (
        f"{begin(join_words(others))} cannot be written out as a formula and {kept} under models/, with the hashes of "
        "its files."
    )


def tell_23a(run: RunFolder) -> Found:
    """Tell the performance of the reference and its rival, the verdict, and the groups."""
    if not any(list_views(run, outcome) for outcome in run.outcomes):
        return Found(status="drafted", artefact="share/evaluation.csv", reason="No outcome was evaluated: say why.")
    paragraphs = [text for outcome in run.outcomes for text in _word_outcome(run, outcome)]
    return Found(
        status="filled",
        paragraphs=say_all(*paragraphs, word_elsewhere(run)),
        artefact="share/evaluation.csv; share/comparison.csv; share/verdicts.csv; share/optimism.csv; share/gaps.csv; "
        "share/curves/",
    )


def _word_outcome(run: RunFolder, outcome: OutcomeFacts) -> Iterator[str]:
    views = list_views(run, outcome)
    if not views:
        return
    yield from (word_view_results(run, view) for view in views)
    lead = label(run, outcome)
    further = [word_comparison(run, outcome)]
    if not outcome.from_score:
        further += [word_optimism(run, outcome), word_stability(run, outcome)]
        further += [word_groups(run, view) for view in views]
    yield from (f"{lead} {text}" for text in further if text)


def tell_23b(run: RunFolder) -> Found:
    """Tell how performance differs between sites: left out in turn, else each as a group."""
    paragraphs = [text for outcome in list_main(run) for text in _word_sites(run, outcome)]
    if paragraphs:
        return Found(status="filled", paragraphs=say_all(*paragraphs), artefact="share/sites.csv; share/meta.csv")
    paragraphs = [text for outcome in list_main(run) for text in _word_each_site(run, outcome)]
    if paragraphs:
        return Found(status="filled", paragraphs=say_all(*paragraphs), artefact="share/evaluation.csv; share/gaps.csv")
    return Found(
        status="drafted",
        paragraphs=say_all("Performance by site was not estimated."),
        artefact="share/sites.csv; share/meta.csv",
        reason="Add whether performance differed between sites, or why this could not be studied.",
    )


def _word_each_site(run: RunFolder, outcome: OutcomeFacts) -> Iterator[str]:
    """Yield the reference's discrimination, of a score its error, in each site as a group."""
    metric = "c_statistic" if outcome.kind != "score" else "mae"
    for view in list_views(run, outcome):
        rows = rows_where(view.select(run.tables["evaluation"]), model=run.facts.study.reference, subgroup="site")
        own = rows_where(rows, metric=metric)
        parts = [f"{row['level']} {estimate_words(row)}" for _, row in own.iterrows()]
        if parts:
            yield (
                f"{label(run, outcome)} The reference's {name_measure(metric)} by site, {word_view(view)}: "
                f"{'; '.join(parts)}."
            )


def _word_sites(run: RunFolder, outcome: OutcomeFacts) -> Iterator[str]:
    meta = rows_of(run, "meta", outcome=outcome.name, validation="internal-external")
    if meta.empty:
        return
    has_events = outcome.kind != "score"
    own = rows_where(meta, reference="")
    rival = find_rival(run, outcome)
    models = [name for name in list_compared(run, outcome, own["model"]) if name in (run.facts.study.reference, rival)]
    for name in models:
        rows = rows_where(own, model=name)
        parts = [
            _word_summary(row, metric)
            for metric in SITE_MEASURES[has_events]
            if (row := first_row(rows, metric=metric)) is not None
        ]
        if parts:
            yield f"{label(run, outcome)} Over sites left out in turn, {name_model(run, name)} had {'; '.join(parts)}."
    yield from _word_difference(run, outcome, meta, SITE_DIFFERENCE[has_events])


def _word_summary(row: pd.Series, metric: str) -> str:
    if row["status"] != "ok":
        return f"{name_measure(metric)} {row['status']}"
    digits = digits_of(metric)
    interval = format_interval(float(row["lower"]), float(row["upper"]), digits)
    new = format_interval(float(row["prediction_lower"]), float(row["prediction_upper"]), digits)
    tau = format_number(float(row["tau"]), max(digits, 2))
    scale = {"logit": " on the log-odds", "log": " on the logarithm"}.get(str(row["scale"]), "")
    return (
        f"{name_measure(metric)} {format_number(float(row['estimate']), digits)} (95 % CI {interval}) over "
        f"{count_words(int(row['n_sites']), 'site')}{f', in a new site {new}' if new else ''}, tau {tau}{scale}"
    )


def _word_difference(run: RunFolder, outcome: OutcomeFacts, meta: pd.DataFrame, metric: str) -> Iterator[str]:
    compared = meta[(meta["reference"] != "") & (meta["metric"] == metric) & (meta["status"] == "ok")]
    for name in list_compared(run, outcome, ("", *distinct(compared["model"]))):
        row = first_row(compared, model=name)
        if row is not None:
            yield (
                f"{label(run, outcome)} Difference of {name_model(run, name)} from the reference over sites: "
                f"{_word_summary(row, metric)}."
            )


def tell_24(run: RunFolder) -> Found:
    """Tell that there is no updated model."""
    if is_evaluation(run):
        return Found(
            status="not_applicable", reason="No model was updated; the locked models were evaluated unchanged."
        )
    return Found(status="not_applicable", reason="No model was updated.")
