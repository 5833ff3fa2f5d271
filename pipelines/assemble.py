"""From the folds' results to the tables of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from outcomes.cohort import Cohort
from pipelines.ascertainment import describe_ascertainment
from pipelines.characteristics import describe_characteristics
from pipelines.explain import summarise_explanations
from pipelines.fit import FittedPipeline
from pipelines.folds import FoldResult, FoldTask, add_arm
from pipelines.follow_up.followed import compute_incidence, describe_follow_up
from pipelines.follow_up.observation import fit_observation
from pipelines.follow_up.respondents import compare_respondents
from pipelines.predictions import build_comparator_predictions, build_predictions
from pipelines.suppression import find_small, find_suppressed
from pipelines.tuning import Tuned
from schemas.specs import ComparatorSpec
from schemas.study import Study
from schemas.tables import (
    ASCERTAINMENT,
    CONTRIBUTION,
    EXPLANATION,
    FLOW,
    FOLLOWED,
    INCIDENCE,
    PREDICTIONS,
    RESPONSE,
    TABLE1,
    TUNING,
)

Results = Sequence[tuple[FoldTask, FoldResult]]
Models = dict[tuple[str, str], FittedPipeline]


def join_predictions(results: Results) -> pd.DataFrame:
    """Join the predictions of the folds as they are; without rows where there are none."""
    tables = [result.predictions for _, result in results]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(PREDICTIONS))


def assemble_predictions(
    study: Study, cohorts: Mapping[str, Cohort], comparators: Iterable[ComparatorSpec], results: Results
) -> pd.DataFrame:
    """Join the predictions of all folds, internal and apparent, and set published predictions beside them."""
    joined = join_predictions(results)
    beside = [_beside(study, joined, cohort, comparators) for cohort in cohorts.values()]
    internal = [table[table["validation"] != "apparent"] for table in beside]
    return pd.concat([joined, *internal], ignore_index=True)


def predict_outside(
    study: Study,
    cohorts: Mapping[str, Cohort],
    comparators: Iterable[ComparatorSpec],
    results: Results,
    *,
    simple: Mapping[str, Mapping[str, Cohort]],
    dataset: str,
    validation: str,
) -> pd.DataFrame:
    """Apply the final models, unchanged, to the cohorts of another dataset.

    Parameters
    ----------
    study, comparators
        The plan, and what it sets beside the models.
    cohorts, simple
        Patients of the dataset by outcome, and those of the simple comparators by outcome and comparator.
    results
        The folds' results; the final fits are used.
    dataset, validation
        Name of the dataset, and how it validates.

    Notes
    -----
    Weights for unknown outcomes are fitted on that dataset: they describe its own follow-up, not the model.
    """
    tables = [
        _predict_cohort(cohorts[task.outcome], result, simple.get(task.outcome, {}), task.imputation)
        for task, result in results
        if task.is_final
    ]
    joined = pd.concat(tables, ignore_index=True).assign(dataset=dataset, validation=validation)
    beside = [_beside(study, joined, cohort, comparators) for cohort in cohorts.values()]
    return pd.concat([joined, *beside], ignore_index=True)


def _predict_cohort(cohort: Cohort, final: FoldResult, simple: Mapping[str, Cohort], imputation: int) -> pd.DataFrame:
    rows = np.arange(len(cohort.y))
    preprocessor = next(iter(final.pipelines.values())).preprocessor
    weights = fit_observation(cohort, rows, preprocessor).weigh(cohort, rows)
    encoded = preprocessor.encode(cohort.X)
    pipelines = {**add_arm(final.pipelines), **final.simple}
    predicted = {name: pipeline.predict_encoded(encoded) for name, pipeline in add_arm(final.pipelines).items()}
    predicted |= {name: pipeline.predict(simple[name].X) for name, pipeline in final.simple.items() if name in simple}
    tables = [
        build_predictions(
            cohort, rows, model=name, predicted=values, forecast=pipelines[name].forecast, weights=weights,
            n_train=pipelines[name].n_train, imputation=imputation,
        )
        for name, values in predicted.items()
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def assemble_models(results: Results) -> tuple[Models, dict[tuple[str, str], tuple[FittedPipeline, ...]]]:
    """Return the final models by outcome and model, and those of the further imputations, where there are any."""
    finals = [(task, result) for task, result in results if task.is_final]
    models = {
        (task.outcome, name): pipeline
        for task, result in finals
        if task.imputation == 0
        for name, pipeline in result.pipelines.items()
    }
    further = {
        (outcome, name): tuple(
            result.pipelines[name] for task, result in finals if task.outcome == outcome and task.imputation
        )
        for outcome, name in models
    }
    return models, further


def assemble_flow(cohorts: Mapping[str, Mapping[str, Cohort]], *, suppress_below: int) -> pd.DataFrame:
    """Join the participants' flow of every outcome and dataset, small counts suppressed."""
    tables = [
        _suppress_flow(cohort.flow.assign(dataset=dataset), suppress_below)
        for dataset, by_outcome in cohorts.items()
        for cohort in by_outcome.values()
    ]
    return pd.concat(tables, ignore_index=True)[list(FLOW)]


def assemble_table1(cohorts: Mapping[str, Mapping[str, Cohort]], *, suppress_below: int) -> pd.DataFrame:
    """Join the characteristics of every outcome and dataset."""
    return _of_each_cohort(describe_characteristics, cohorts, TABLE1, suppress_below)


def assemble_response(cohorts: Mapping[str, Mapping[str, Cohort]], *, suppress_below: int) -> pd.DataFrame:
    """Compare patients of known and of unknown outcome, in every outcome and dataset."""
    return _of_each_cohort(compare_respondents, cohorts, RESPONSE, suppress_below)


def assemble_incidence(cohorts: Mapping[str, Mapping[str, Cohort]], *, suppress_below: int) -> pd.DataFrame:
    """Join the cumulative incidences of the outcomes by a horizon, in every dataset."""
    return _of_each_cohort(compute_incidence, cohorts, INCIDENCE, suppress_below)


def assemble_ascertainment(cohorts: Mapping[str, Mapping[str, Cohort]], *, suppress_below: int) -> pd.DataFrame:
    """Say of whom the outcome is known, and how much of the predictors, by subgroup, in every dataset."""
    return _of_each_cohort(describe_ascertainment, cohorts, ASCERTAINMENT, suppress_below)


def assemble_followed(cohorts: Mapping[str, Mapping[str, Cohort]], *, suppress_below: int) -> pd.DataFrame:
    """Say how long patients were followed for the outcomes by a horizon, in every dataset."""
    return _of_each_cohort(describe_follow_up, cohorts, FOLLOWED, suppress_below)


def _of_each_cohort(
    describe: Callable[..., pd.DataFrame],
    cohorts: Mapping[str, Mapping[str, Cohort]],
    columns: tuple[str, ...],
    suppress_below: int,
) -> pd.DataFrame:
    tables = [
        describe(cohort, dataset=dataset, suppress_below=suppress_below)
        for dataset, by_outcome in cohorts.items()
        for cohort in by_outcome.values()
    ]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True)[list(columns)] if filled else pd.DataFrame(columns=list(columns))


def assemble_tuning(results: Results) -> pd.DataFrame:
    """List the settings chosen in each fold and for the final model, and of the arm which learner it was."""
    rows = [
        {
            "outcome": task.outcome, "model": model, "validation": task.validation, "repeat": task.repeat,
            "fold": task.fold, "imputation": task.imputation, "parameter": parameter, "value": value,
            "choice": tuned.learner, "inner_loss": tuned.inner_loss, "trials": tuned.trials,
            "late_gain": tuned.late_gain,
        }
        for task, result in results
        for model, tuned in result.tuned.items()
        for parameter, value in _list_settings(tuned)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(TUNING))


def _list_settings(tuned: Tuned) -> list[tuple[str, float]]:
    if tuned.learner:
        return [("learner", np.nan)]
    return [(parameter, float(value)) for parameter, value in tuned.params.items()]


def assemble_explanations(
    study: Study, cohorts: Mapping[str, Cohort], results: Results
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Summarise the contributions over held-out rows: by predictor, and by value of the predictor."""
    summaries, shapes = [], []
    for name, cohort in cohorts.items():
        fitted = (model for task, result in results if task.outcome == name for model in result.explained)
        for model in dict.fromkeys((*study.all_models, *fitted)):
            parts = [
                (explained.fold, explained.explanation, explained.X)
                for task, result in results
                if task.outcome == name and (explained := result.explained.get(model))
            ]
            summary, shape = summarise_explanations(
                parts, outcome=name, model=model, columns=cohort.columns, suppress_below=study.suppress_below
            )
            summaries.append(summary)
            shapes.append(shape)
    explanations = pd.concat(summaries, ignore_index=True)[list(EXPLANATION)]
    return explanations, pd.concat(shapes, ignore_index=True)[list(CONTRIBUTION)]


def assemble_row_explanations(results: Results) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the contributions of each explained row by outcome and model: patient rows, for the private folder."""
    tables: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for task, result in results:
        for model, explained in result.explained.items():
            explanation = explained.explanation
            table = pd.DataFrame(explanation.values, columns=list(explanation.names))
            table.insert(0, "base", explanation.base)
            table.insert(0, "fold", explained.fold)
            table.insert(0, "row_id", explained.row_id.astype(str))
            tables.setdefault((task.outcome, model), []).append(table)
    return {key: pd.concat(parts, ignore_index=True) for key, parts in tables.items()}


def _beside(
    study: Study, predictions: pd.DataFrame, cohort: Cohort, comparators: Iterable[ComparatorSpec]
) -> pd.DataFrame:
    own = predictions[
        (predictions["outcome"] == cohort.outcome.name) & (predictions["model"] == study.reference)
    ].reset_index(drop=True)
    scales = {spec.name: spec.scale for spec in comparators}
    return build_comparator_predictions(own, cohort, scales=scales)


def _suppress_flow(flow: pd.DataFrame, suppress_below: int) -> pd.DataFrame:
    """Blank small numbers of excluded patients and of events, and what would give them away by subtraction."""
    steps = flow.index[flow["step"].between(2, flow["step"].max() - 1)]
    hidden = steps[find_suppressed(flow.loc[steps, ["excluded"]].to_numpy(dtype=np.int64), suppress_below)]
    small = flow.index.isin(hidden)
    # Who remains at a step in between would give a hidden number away as well.
    between = (flow.index >= hidden.min()) & (flow.index <= hidden.max()) if len(hidden) else small
    known = flow[["remaining", "events"]].fillna(0).to_numpy(dtype=np.int64)
    few = find_small(np.column_stack([known[:, 1], known[:, 0] - known[:, 1]]), suppress_below).any(axis=1)
    few_events = few & flow["events"].notna().to_numpy()
    return flow.assign(
        excluded=flow["excluded"].astype("float64").mask(small),
        remaining=flow["remaining"].astype("float64").mask(between | find_small(known[:, 0], suppress_below)),
        events=flow["events"].mask(few_events),
        status=flow["status"].mask(small | few_events, "suppressed"),
    )
