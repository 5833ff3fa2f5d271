"""The fits of a study, listed: final fits, outer folds, sites left out, and the sensitivity analyses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from outcomes.cohort import Cohort
from pipelines.by_site.site_folds import list_site_tasks, reason_to_skip_sites
from pipelines.folds import FoldTask
from pipelines.follow_up.own_weights import LEAST_PER_PREDICTOR, can_tell_who_is_lost
from pipelines.predictands import predictand_of
from pipelines.predictions import FINAL_FOLD
from pipelines.prepare import Prepared
from pipelines.splits import SPLITS
from schemas.study import Study


def list_tasks(study: Study, prepared: Prepared) -> list[FoldTask]:
    """List all fits, the final ones first, since they take longest.

    Notes
    -----
    With multiple imputation every fit is made once per imputation.
    """
    cohorts = prepared.analysed(prepared.datasets[0].name)
    tasks = [_final(name, cohort, prepared.models[name]) for name, cohort in cohorts.items()]
    for name, cohort in cohorts.items():
        tasks += _outer_folds(study, name, cohort, prepared.models[name], explained=True)
        if study.internal_external and not reason_to_skip_sites(study, cohort):
            tasks += list_site_tasks(study, name, cohort)
    for variant in prepared.variants:
        models = (study.reference,) if variant.reference_only else study.all_models
        name = variant.outcome.name
        tasks += _outer_folds(study, name, prepared.varied[name], models, explained=False)
    draws = study.imputations if study.missing == "multiple" else 1
    return [replace(task, imputation=draw) for task in tasks for draw in range(draws)]


def list_skipped_sites(study: Study, prepared: Prepared) -> Iterator[str]:
    """Yield why an outcome has no internal-external validation though the study asks for it."""
    development = prepared.datasets[0]
    if study.internal_external and "site" not in development.registry.columns:
        yield (
            "no site is left out in turn, though the study asks for it: the data have no column site; name the column "
            "that tells the sites apart in the registry's definition, or take internal_external out of the study"
        )
        return
    for name, cohort in prepared.analysed(development.name).items():
        reason = reason_to_skip_sites(study, cohort)
        if reason:
            yield f"{name}: no site is left out in turn, though the study asks for it: {reason}"


def list_borrowed_weights(study: Study, prepared: Prepared) -> Iterator[str]:
    """Yield of how many sites that are left out the other sites have to say which patients are of unknown outcome."""
    for name, cohort in prepared.analysed(prepared.datasets[0].name).items():
        if study.internal_external is None or reason_to_skip_sites(study, cohort):
            continue
        tasks = list_site_tasks(study, name, cohort)
        borrowed = sum(not can_tell_who_is_lost(cohort, task.test) for task in tasks)
        if borrowed:
            yield (
                f"{name}: {borrowed} of {len(tasks)} sites (or groups of sites) that are left out have fewer than "
                f"{LEAST_PER_PREDICTOR} patients of known, or of unknown, outcome per predictor: the weights of their "
                "patients take the share of unknown outcomes from the site, and who is likely to be unknown from the "
                "other sites"
            )


def _final(name: str, cohort: Cohort, models: tuple[str, ...]) -> FoldTask:
    return FoldTask(
        outcome=name,
        models=models,
        repeat=0,
        fold=FINAL_FOLD,
        train=np.arange(len(cohort.y)),
        test=np.empty(0, dtype=np.int64),
    )


def _outer_folds(
    study: Study, name: str, cohort: Cohort, models: tuple[str, ...], *, explained: bool
) -> Iterator[FoldTask]:
    make = SPLITS[study.split.name].make
    strata = predictand_of(cohort.outcome).strata(cohort.y_counted)
    for fold in make(strata, cohort.patient, plan=study.split, seed=study.seed, outcome=name):
        yield FoldTask(
            outcome=name,
            models=models,
            repeat=fold.repeat,
            fold=fold.fold,
            train=fold.train,
            test=fold.test,
            explained=explained,
        )
