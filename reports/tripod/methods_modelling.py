"""What a run says to the items on analysis, from the sample size to the data compared."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reports.measures import measures_of
from reports.run_folder import RunFolder
from reports.sections.curves import describe_acted
from reports.sections.methods import NO_PATIENTS
from reports.tables import (
    count_words,
    end,
    estimate_words,
    join_words,
    title_of,
)
from reports.tripod.approaches import list_approaches, list_designs
from reports.tripod.item import Found
from reports.tripod.measuring import list_certainty, list_comparing, list_measures
from reports.tripod.missing import list_missing, word_handling
from reports.tripod.sizing import list_sizes
from reports.tripod.telling import (
    count_analysed,
    developed_elsewhere,
    is_evaluation,
    is_long,
    label,
    list_main,
    list_outside,
    mid,
    name_data,
    name_model,
    rows_of,
    say_all,
    tidy,
    word_alike,
    word_data,
)

CALIBRATION = {
    "none": "Predicted risks were not recalibrated afterwards.",
    "logistic": "The last step of every model was a logistic recalibration of its risks, learned in each training part "
    "from the model's own inner held-out predictions.",
}
NO_IMBALANCE = (
    "No method against class imbalance was used: patients were neither resampled nor weighted by their outcome, since "
    "that distorts predicted risks and would call for a recalibration."
)
MOST_BUNDLES = 2
"""Hashes that a sentence can hold."""


def tell_10(run: RunFolder) -> Found:
    """Tell the sample-size criteria with their inputs, and how precise the results can be."""
    return Found(
        status="drafted",
        paragraphs=say_all(*list_sizes(run)),
        artefact="share/sample_size.csv",
        reason="Add how the number of patients came about.",
    )


def tell_11(run: RunFolder) -> Found:
    """Tell what became of missing predictors and unknown outcomes, and who was left out."""
    told = list_main(run)[:1] if is_long(run) else list_main(run)
    unknown = [(outcome.title, tidy(run, outcome.unknown_patients)) for outcome in list_main(run)]
    further = "Counts for the other outcomes stand in share/table1.csv and share/flow.csv." if is_long(run) else ""
    return Found(
        status="filled" if len(run.tables["table1"]) else "drafted",
        paragraphs=(
            *say_all(word_handling(run), *(text for outcome in told for text in list_missing(run, outcome)), further),
            *word_alike(run, unknown),
            *say_all(
                "" if not any(text for _, text in unknown) else "An unknown outcome was never taken for no event."
            ),
        ),
        artefact="share/table1.csv; share/flow.csv; run.json",
        reason="" if len(run.tables["table1"]) else "Add how many values of each predictor were missing.",
    )


def tell_12a(run: RunFolder) -> Found:
    """Tell for what each part of the data was used."""
    if found := developed_elsewhere(run):
        return found
    study = run.facts.study
    repeats = f", repeated {study.repeats} times with other folds" if study.repeats > 1 else ""
    together = ", and all operations of a patient were in the same fold" if run.names_patients else f". {NO_PATIENTS}"
    folds = (
        f"The development data were used for developing the models and for their internal validation, by nested "
        f"cross-validation: {study.outer_folds} outer folds{repeats}, and {study.inner_folds} inner folds in each "
        f"training part for tuning. Folds were stratified by the outcome{together}. Everything that is learned from "
        "data (imputation, positions of the knots, scaling, weights, settings) was learned from each training part "
        "alone. The final models were tuned and fitted on all of the development data. No part was set aside as a "
        f"single test set. The seed was {run.facts.seed}; every model had the same folds."
    )
    several = len(list_main(run)) > 1
    counts = "; ".join(
        f"{f'{mid(outcome.title)}, ' if several else ''}{count_analysed(run, outcome, run.facts.data[0].dataset)}"
        for outcome in list_main(run)
    )
    times = "once in every repeat" if study.repeats > 1 else "once"
    held = f"Each of those analysed was held out {times}: {counts}." if counts else ""
    outside = [
        f"The {word_data(data)} were used for nothing but the evaluation of the final models."
        for data in list_outside(run)
    ]
    return Found(
        status="filled",
        paragraphs=say_all(folds, held, *outside),
        artefact="study.toml; run.json; share/evaluation.csv",
    )


def tell_12b(run: RunFolder) -> Found:
    """Tell how predictors entered the models."""
    if found := developed_elsewhere(run):
        return found
    return Found(
        status="filled", paragraphs=say_all(*list_designs(run)), artefact="share/coefficients.csv; run.json"
    )  # fmt: skip


def tell_12c(run: RunFolder) -> Found:
    """Tell how each modelling approach was built, one paragraph for each."""
    if found := developed_elsewhere(run):
        return found
    study = run.facts.study
    squares = " (of a score the mean squared error)" if run.has_scores else ""
    shared = (
        f"All models had the same predictors, the same folds and the same imputed values. Settings were chosen in each "
        f"training part by the lowest log loss{squares} over {study.inner_folds} inner folds; for each model with "
        f"settings to search beyond one path the plan allowed {count_words(study.trials, 'trial')}, at most a third of "
        "them random and the others guided by the trials before (tree-structured Parzen estimator). "
        f"{CALIBRATION.get(study.calibration, '')}"
    )
    return Found(
        status="drafted",
        paragraphs=say_all(shared, *list_approaches(run)),
        artefact="share/tuning.csv; run.json; study.toml",
        reason="Add why these kinds of models were compared.",
    )


def tell_12e(run: RunFolder) -> Found:
    """Tell the measures, what the intervals are, and how models were compared."""
    if run.tables["evaluation"].empty:
        return Found(
            status="drafted",
            paragraphs=say_all(*list_comparing(run)),
            artefact="run.json",
            reason="No outcome was evaluated: say why.",
        )
    return Found(
        status="filled",
        paragraphs=say_all(*list_measures(run), *list_comparing(run), *list_certainty(run)),
        artefact="share/evaluation.csv; share/comparison.csv; share/procedures.csv; run.json",
    )


def tell_12f(run: RunFolder) -> Found:
    """Tell that no model was updated."""
    if not list_outside(run):
        return Found(status="not_applicable", reason="No model was evaluated on data other than the development data.")
    return Found(
        status="filled",
        paragraphs=say_all("No model was updated: the locked models were evaluated as they had been developed."),
        artefact="run.json",
    )


def tell_12g(run: RunFolder) -> Found:
    """Tell from which files the evaluated predictions came."""
    if not list_outside(run):
        return Found(status="not_applicable", reason="No model was evaluated on data other than the development data.")
    bundles = [
        f"{run.outcome_title(one.outcome)}, {name_model(run, one.model)}: {one.sha256}" for one in run.facts.bundles
    ]
    hashes = f"SHA-256 of each bundle: {'; '.join(bundles)}." if bundles else ""
    if len(bundles) > MOST_BUNDLES and not is_evaluation(run):
        hashes = "The SHA-256 of each bundle stands under Provenance."
    fitted = "" if is_evaluation(run) else ", fitted on all of the development data,"
    return Found(
        status="filled",
        paragraphs=say_all(
            f"Predictions were computed by the toolkit (spinerisk {run.facts.spinerisk}) from the final models{fitted} "
            "as they are kept in model bundles: preprocessing, coefficients or trees, and recalibration where there is "
            "one. Nothing was fitted, chosen or recalibrated on the evaluation data.",
            hashes,
        ),
        artefact="models/; run.json",
    )


def tell_13(run: RunFolder) -> Found:
    """Tell that nothing was done against class imbalance."""
    weights = (
        " Where patients had weights, these stood for patients of unknown outcome."
        if any("weight" in outcome.unknown_patients for outcome in run.outcomes)
        else ""
    )
    return Found(status="filled", paragraphs=say_all(NO_IMBALANCE + weights), artefact="run.json; study.toml")


def tell_14(run: RunFolder) -> Found:
    """Tell which groups were looked at, by which margin."""
    groups = [mid(run.predictor_title(name)) for name in run.facts.study.subgroups]
    if not groups:
        return Found(
            status="drafted",
            paragraphs=say_all("The study plan declared no groups, so performance was not looked at by group."),
            artefact="study.toml",
            reason="Add why no group was looked at.",
        )
    gaps = run.tables["gaps"]
    margins = gaps["margin"].dropna() if "margin" in gaps else pd.Series(dtype=float)
    pd_margin = pd.to_numeric(margins, errors="coerce").dropna()
    margin = f" of {pd_margin.iloc[0]:g}" if len(pd_margin) else ""
    known = [mid(run.predictor_title(name)) for name in run.facts.study.subgroups if name in run.facts.study.predictors]
    verb, role = ("was", "a predictor") if len(known) == 1 else ("were", "predictors")
    held = f" Of these, {join_words(known)} {verb} known to the models as {role}." if known else ""
    return Found(
        status="drafted",
        paragraphs=say_all(
            f"Performance was looked at by {join_words(groups)}, declared in the plan. By group it was asked whose "
            "outcome is known and how many predictor values are missing, and then whether calibration in the large "
            f"differs from that of all other patients by more than a margin{margin} set in the plan. Calibration and "
            "net benefit by group are the criterion; error rates at a threshold are shown as consequences and were not "
            f"made equal. Groups too small to judge are called not assessable.{held}"
        ),
        artefact="share/gaps.csv; share/ascertainment.csv; share/audit.html",
        reason="Add why these groups were chosen, which could not be looked at, and what would be unfair here.",
    )


def tell_15(run: RunFolder) -> Found:
    """Tell what the models give and where thresholds come from."""
    if found := developed_elsewhere(run):
        return found
    kinds = {measures_of(outcome.kind).has_events for outcome in run.outcomes}
    given = {
        frozenset({True}): "The models give a predicted risk, a probability, and no class.",
        frozenset({False}): "The models give a predicted score with its 90 % interval.",
    }.get(frozenset(kinds), "The models give a predicted risk, of a score its predicted value with a 90 % interval.")
    declared = list(list_thresholds(run))
    none = "No threshold probability was declared for any outcome, so no decision was studied." if not declared else ""
    return Found(
        status="drafted",
        paragraphs=say_all(given, *declared, none),
        artefact="study.toml; run.json",
        reason="Add where the thresholds come from and who agreed that the action is worth it there."
        if declared
        else "Add whether any threshold is meant for use.",
    )


def list_thresholds(run: RunFolder) -> Iterator[str]:
    """Yield the declared thresholds of each outcome with their action and who is acted on."""
    for outcome in run.outcomes:
        if outcome.thresholds and outcome.action:
            values = join_words(f"{100 * value:g} %" for value in outcome.thresholds)
            noun = "threshold probability" if len(outcome.thresholds) == 1 else "threshold probabilities"
            yield (
                f"{label(run, outcome)} The plan declared the {noun} {values} for this action among patients who were "
                f"operated on: {end(outcome.action)} Acted on are {describe_acted(outcome)}."
            )


def tell_16(run: RunFolder) -> Found:
    """Tell how unlike the evaluation data are to the development data."""
    outside = list_outside(run)
    if not outside:
        return Found(status="not_applicable", reason="There are no data but the development data.")
    return Found(
        status="drafted",
        paragraphs=say_all(
            "Outcomes and predictors had the same definitions in all datasets.",
            *(text for data in outside for text in _word_case_mix(run, data.dataset)),
        ),
        artefact="share/case_mix.csv; share/table1.csv",
        reason="Add how setting, eligibility and the way of recording differ between the datasets.",
    )


def _word_case_mix(run: RunFolder, dataset: str) -> Iterator[str]:
    reference = run.facts.study.reference
    for outcome in list_main(run):
        rows = rows_of(run, "case_mix", outcome=outcome.name, dataset=dataset)
        rows = (
            rows[rows["model"].isin((reference, ""))].assign(validation="", metric=rows["statistic"])
            if len(rows)
            else rows
        )
        parts = [
            f"{mid(title_of(str(row['statistic'])))} {estimate_words(row)}"
            for _, row in rows.iterrows()
            if row["status"] == "ok" and row["level"] in ("", "all")
        ]
        if parts:
            yield f"{label(run, outcome)} Case mix of the {name_data(run, dataset)}: {'; '.join(parts)}."
