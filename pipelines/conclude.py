"""From the predictions to everything that is said of the models: the only file that knows which tables there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from outcomes.cohort import ATTAINABLE
from outcomes.kinds.score import list_derived
from outcomes.outcome import Outcome
from pipelines.assemble import (
    assemble_ascertainment,
    assemble_flow,
    assemble_followed,
    assemble_incidence,
    assemble_response,
    assemble_table1,
)
from pipelines.by_site.case_mix import tabulate_case_mix
from pipelines.by_site.site_summary import summarise_sites
from pipelines.by_site.sites import INTERNAL_EXTERNAL, tabulate_sites
from pipelines.characteristics import compare_characteristics
from pipelines.comparison import compare_fold_predictions
from pipelines.curves import SITE, compute_curves
from pipelines.decisions import list_acting_below, list_thresholds
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.follow_up.unknown_outcomes import shift_unknown_outcomes
from pipelines.groups.held_groups import mark_missing
from pipelines.measures.revealing import (
    drop_revealing,
    find_revealing,
    hide_revealing,
    leave_out_revealing,
)
from pipelines.models import MODELS, find_rival, list_titles
from pipelines.predictions import DEVELOPMENT
from pipelines.prepare import Prepared, keep_unknown
from pipelines.procedures import compare_procedures
from pipelines.refitting.optimism import tabulate_optimism
from pipelines.refitting.refitted import Refitted
from pipelines.refitting.stability import tabulate_stability, trace_instability
from pipelines.rubin import evaluate_imputed
from pipelines.sensitivity import tabulate_sensitivity
from pipelines.subgroups import audit_subgroups
from pipelines.verdicts import reach_verdicts
from schemas.study import Study
from schemas.tables import SITES

Refits = Mapping[tuple[str, str], Refitted]


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """Everything that was predicted: by the models, under other choices, and by the refits; and how they were tuned."""

    predictions: pd.DataFrame
    varied: pd.DataFrame
    refits: Refits
    tuning: pd.DataFrame


def conclude(
    study: Study, prepared: Prepared, predicted: Predicted
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return the tables of a study and its curves by name, all functions of the predictions and of the cohorts.

    Notes
    -----
    A model whose number of patients, beside the reference's, would count a few is suppressed in the evaluation and in
    the comparison, and takes no part in anything else.
    """
    performance, revealing = _evaluate(study, prepared, predicted)
    shown = replace(predicted, predictions=drop_revealing(predicted.predictions, revealing))
    audit = _audit(study, prepared, shown)
    tables = {
        **performance,
        **_compare(study, prepared, shown, performance["comparison"]),
        **_resample(study, prepared, shown, performance["evaluation"]),
        **audit,
        "gaps": hide_revealing(audit["gaps"], revealing),
        **_describe(study, prepared, shown),
    }
    return tables, _trace(study, prepared, shown, revealing)


def conclude_elsewhere(
    study: Study, prepared: Prepared, predictions: pd.DataFrame
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return what can be said of models that were not developed here: the tables of a study that need no development.

    Parameters
    ----------
    study
        The plan; its reference is among the models that predicted.
    prepared
        The cohorts of the other data, and of no development.
    predictions
        The PREDICTIONS columns of `schemas.tables`; every model predicts every patient.
    """
    predicted = Predicted(predictions=predictions, varied=predictions.iloc[:0], refits={}, tuning=pd.DataFrame())
    performance, revealing = _evaluate(study, prepared, predicted)
    tables = {
        **performance,
        **_audit_groups(study, prepared, predictions),
        "case_mix": _describe_case_mix(study, prepared, predictions, pd.DataFrame(columns=list(SITES))),
        **_describe_participants(study, prepared),
        "unknown_outcomes": _shift_unknown(study, predictions),
    }
    return tables, _trace(study, prepared, predicted, revealing)


def _trace(study: Study, prepared: Prepared, predicted: Predicted, revealing: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the curves by name."""
    small = study.suppress_below
    curves = compute_curves(
        predicted.predictions,
        thresholds=list_thresholds(study),
        acts_below=list_acting_below(study, prepared.outcomes),
        subgroups=study.subgroups,
        predictors=_list_predictors(study, prepared, predicted.predictions),
        suppress_below=small,
    )
    by_group, sites = curves["group_calibration"], curves["site_funnel"]
    curves["group_calibration"] = leave_out_revealing(by_group, revealing, by_group["subgroup"])
    curves["site_funnel"] = leave_out_revealing(sites, revealing, sites["model"].map(lambda _: SITE))
    return curves | {"instability": trace_instability(predicted.predictions, predicted.refits, suppress_below=small)}


def _list_subgroups(study: Study, predictions: pd.DataFrame) -> tuple[str, ...]:
    return (*study.subgroups, *([ATTAINABLE] if ATTAINABLE in predictions else []))


def _list_predictors(study: Study, prepared: Prepared, predictions: pd.DataFrame) -> dict[str, frozenset[str]]:
    """Return the predictors by model: of the study's own, and of comparators that are fitted on one column.

    Notes
    -----
    Who could have reached a threshold is read off the score before the operation, as a band is off its number. Which
    predictors are missing, models see with indicators and in gaps; trees also in conditional means, since no recorded
    flag or level lies between 0 and 1. Draws look like what is recorded.
    """
    alone: dict[str, set[str]] = {}
    for simple in prepared.simple.get(DEVELOPMENT, {}).values():
        for name, cohort in simple.items():
            alone.setdefault(name, set()).update(str(column) for column in cohort.X)
    scores = {name for outcome in prepared.outcomes.values() if outcome.attainable for name in outcome.needs}
    found = {str(name): alone.get(str(name), set(study.predictors)) for name in predictions["model"].unique()}
    known = {name: own | {ATTAINABLE} if own & scores else own for name, own in found.items()}
    smooth = {name for name, model in MODELS.items() if model.design in ("splines", "linear")} | set(alone)
    return {
        name: frozenset(
            own | {mark_missing(one) for one in own}
            if study.missing in ("indicators", "native") or (study.missing == "chained" and name not in smooth)
            else own
        )
        for name, own in known.items()
    }


def _name_sets(outcomes: Mapping[str, Outcome]) -> dict[str, str]:
    named = {name: outcome.threshold_set for name, outcome in outcomes.items()}
    return named | {name: one.threshold_set for name, one in list_derived(outcomes.values()).items()}


def _evaluate(study: Study, prepared: Prepared, predicted: Predicted) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Evaluate every model, compare it with the reference patient by patient, and say whose counts reveal others."""
    predictions = predicted.predictions
    thresholds, named_sets = list_thresholds(study), _name_sets(prepared.outcomes)
    acts_below = list_acting_below(study, prepared.outcomes)
    subgroups = _list_subgroups(study, predictions)
    predictors = _list_predictors(study, prepared, predictions)

    def evaluate(rows: pd.DataFrame) -> pd.DataFrame:
        return evaluate_fold_predictions(
            rows,
            thresholds=thresholds,
            acts_below=acts_below,
            threshold_sets=named_sets,
            subgroups=subgroups,
            predictors=predictors,
            seed=study.seed,
            suppress_below=study.suppress_below,
        )

    def compare(rows: pd.DataFrame) -> pd.DataFrame:
        return compare_fold_predictions(
            rows,
            reference=study.reference,
            thresholds=thresholds,
            acts_below=acts_below,
            threshold_sets=named_sets,
            seed=study.seed,
            suppress_below=study.suppress_below,
        )

    evaluation = evaluate_imputed(predictions, evaluate)
    # Outcomes without a threshold know nobody who could not have reached it.
    evaluation = evaluation[(evaluation["subgroup"] != ATTAINABLE) | (evaluation["level"] != "unknown")]
    revealing = find_revealing(evaluation, reference=study.reference, suppress_below=study.suppress_below)
    tables = {
        "evaluation": hide_revealing(evaluation.reset_index(drop=True), revealing),
        "comparison": hide_revealing(evaluate_imputed(predictions, compare), revealing),
    }
    return tables, revealing


def _compare(
    study: Study, prepared: Prepared, predicted: Predicted, comparison: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Compare the procedures over the outer folds, and reach the verdicts."""
    procedures = compare_procedures(
        predicted.predictions,
        reference=study.reference,
        margin=study.margin,
        thresholds=list_thresholds(study),
        acts_below=list_acting_below(study, prepared.outcomes),
        suppress_below=study.suppress_below,
    )
    rival = find_rival(study.all_models, study.reference)
    verdicts = reach_verdicts(
        procedures,
        comparison,
        predicted.tuning,
        study=study,
        # only the study's own outcomes: what is derived from a score is described
        rivals=dict.fromkeys(prepared.outcomes, rival) if rival else {},
        titles=list_titles(),
    )
    return {"procedures": procedures, "verdicts": verdicts}


def _resample(
    study: Study, prepared: Prepared, predicted: Predicted, evaluation: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Say how optimistic and how stable the developed models are."""
    thresholds, small = list_thresholds(study), study.suppress_below
    optimism = tabulate_optimism(
        predicted.predictions,
        predicted.refits,
        evaluation,
        regression=[name for name, model in MODELS.items() if model.family == "regression"],
        thresholds=thresholds,
        acts_below=list_acting_below(study, prepared.outcomes),
        suppress_below=small,
    )
    stability = tabulate_stability(predicted.predictions, predicted.refits, thresholds=thresholds, suppress_below=small)
    return {"optimism": optimism, "stability": stability}


def _audit(study: Study, prepared: Prepared, predicted: Predicted) -> dict[str, pd.DataFrame]:
    """Audit the groups and the sites."""
    predictions = predicted.predictions
    sites = tabulate_sites(
        predictions,
        reference=study.reference,
        thresholds=list_thresholds(study),
        acts_below=list_acting_below(study, prepared.outcomes),
        seed=study.seed,
        suppress_below=study.suppress_below,
        sites_shown="site" in study.subgroups,
    )
    return {
        **_audit_groups(study, prepared, predictions),
        "sites": sites,
        "meta": summarise_sites(sites, margin=study.margin, calibration_margin=study.audit.margin),
        "case_mix": _describe_case_mix(study, prepared, predictions, sites),
    }


def _audit_groups(study: Study, prepared: Prepared, predictions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {
        "gaps": audit_subgroups(
            predictions[predictions["validation"] != INTERNAL_EXTERNAL],
            subgroups=_list_subgroups(study, predictions),
            margin=study.audit.margin,
            seed=study.seed,
            predictors=_list_predictors(study, prepared, predictions),
            suppress_below=study.suppress_below,
        ),
        "ascertainment": assemble_ascertainment(keep_unknown(study, prepared), suppress_below=study.suppress_below),
    }


def _describe_case_mix(
    study: Study, prepared: Prepared, predictions: pd.DataFrame, sites: pd.DataFrame
) -> pd.DataFrame:
    return tabulate_case_mix(
        predictions,
        prepared.cohorts,
        sites,
        reference=study.reference,
        seed=study.seed,
        suppress_below=study.suppress_below,
    )


def _describe(study: Study, prepared: Prepared, predicted: Predicted) -> dict[str, pd.DataFrame]:
    """Describe the participants, those of unknown outcome, and what other choices would have given."""
    predictions = predicted.predictions
    return {
        **_describe_participants(study, prepared),
        "unknown_outcomes": _shift_unknown(study, predictions),
        "sensitivity": tabulate_sensitivity(
            predictions[predictions["validation"] == "internal"],
            predicted.varied,
            outcomes=prepared.outcomes,
            variants=prepared.variants,
            cohorts=prepared.cohorts[DEVELOPMENT],
            dataset=DEVELOPMENT,
            seed=study.seed,
            suppress_below=study.suppress_below,
        ),
    }


def _describe_participants(study: Study, prepared: Prepared) -> dict[str, pd.DataFrame]:
    cohorts, small = prepared.cohorts, study.suppress_below
    table1 = assemble_table1(cohorts, suppress_below=small)
    return {
        "flow": assemble_flow(prepared.everyone, suppress_below=small),
        "table1": table1,
        "shift": compare_characteristics(table1, development=DEVELOPMENT),
        "response": assemble_response(keep_unknown(study, prepared), suppress_below=small),
        "incidence": assemble_incidence(cohorts, suppress_below=small),
        "followed": assemble_followed(cohorts, suppress_below=small),
    }


def _shift_unknown(study: Study, predictions: pd.DataFrame) -> pd.DataFrame:
    return shift_unknown_outcomes(
        predictions[predictions["validation"] != INTERNAL_EXTERNAL],
        reference=study.reference,
        deltas=study.sensitivity.deltas,
        suppress_below=study.suppress_below,
    )
