"""Before anything is fitted: the cohorts of every dataset, what is skipped, and what else is asked of the outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits

from outcomes.cohort import Cohort, build_cohort
from outcomes.guard import check_derived_thresholds
from outcomes.outcome import Outcome, Variant
from outcomes.outcomes import build_outcomes, known_threshold_sets
from outcomes.variants import build_variants
from pipelines.beside.comparators import Beside, list_comparators, set_beside
from pipelines.checks import check_study, describe_constant, models_for, needs_firth, reason_to_skip
from pipelines.leaks import refuse_leaks
from pipelines.predictions import DEVELOPMENT
from pipelines.result import Dataset
from schemas.errors import StudyError
from schemas.registry import Registry
from schemas.specs import ComparatorSpec
from schemas.study import Study


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Cohorts of every dataset by outcome, and what is skipped; development comes first.

    `variants` are the sensitivity analyses that are run, on development only, and `varied` their cohorts by name;
    `omitted` says of planned ones why they are not. `models` are fitted, by outcome: those of the study, and Firth's
    method where there is a reason. `comparators` are what the study sets beside them; the cohorts carry those that are
    not fitted, and `simple` has, by dataset, outcome and comparator, the cohorts of those that are. `remarks` are what
    a reader must know of either.
    """

    datasets: tuple[Dataset, ...]
    outcomes: Mapping[str, Outcome]
    everyone: Mapping[str, Mapping[str, Cohort]]
    skipped: Mapping[str, str]
    variants: tuple[Variant, ...]
    varied: Mapping[str, Cohort]
    omitted: tuple[str, ...]
    models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    comparators: tuple[ComparatorSpec, ...] = ()
    simple: Mapping[str, Mapping[str, Mapping[str, Cohort]]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def cohorts(self) -> dict[str, dict[str, Cohort]]:
        """The cohorts that are not skipped, by dataset and outcome."""
        return {dataset.name: self.analysed(dataset.name) for dataset in self.datasets}

    def analysed(self, dataset: str) -> dict[str, Cohort]:
        """Return the cohorts of a dataset that are not skipped."""
        return {name: cohort for name, cohort in self.everyone[dataset].items() if name not in self.skipped}


def name_validation(development: Registry, other: Registry) -> str:
    """Return ``temporal`` where the other data follow in time under the same definition, else ``external``.

    Notes
    -----
    Temporal means that every operation of the other data falls in a later calendar year than all of development's.
    """
    same = development.definition.sha256 == other.definition.sha256
    if not same or "year" not in development.frame or "year" not in other.frame:
        return "external"
    return "temporal" if other.frame["year"].min() > development.frame["year"].max() else "external"


def prepare_study(study: Study, registry: Registry, validate_on: Mapping[str, Registry]) -> Prepared:
    """Build and check every cohort of a study, before anything is fitted.

    Parameters
    ----------
    study
        The plan.
    registry
        The data to develop on.
    validate_on
        Further registries by name.

    Raises
    ------
    StudyError
        If the study names what does not exist, a predictor leaks, or every outcome has fewer events than folds.
    """
    outcomes = build_outcomes(study, registry.definition, registry.columns)
    check_study(study, registry, outcomes)
    if DEVELOPMENT in validate_on:
        raise StudyError(f"a dataset to validate on must not be called {DEVELOPMENT!r}; rename it")
    for name, other in validate_on.items():
        if other.fingerprint == registry.fingerprint:
            raise StudyError(
                f"data to validate on must be other data than those of development, got the same in {name!r}"
            )
    datasets = (
        Dataset(name=DEVELOPMENT, registry=registry),
        *(
            Dataset(name=name, registry=other, validation=name_validation(registry, other))
            for name, other in validate_on.items()
        ),
    )
    variants = build_variants(study, registry.definition, registry.columns)
    _check_sets(datasets, outcomes, variants)
    everyone = {dataset.name: _build_cohorts(dataset, outcomes, study) for dataset in datasets}
    cohorts = everyone[DEVELOPMENT]
    skipped = {name: reason for name, cohort in cohorts.items() if (reason := reason_to_skip(cohort, study))}
    if len(skipped) == len(cohorts):
        reasons = "\n".join(f"  {name}: {reason}" for name, reason in skipped.items())
        raise StudyError(f"at least one outcome must have enough events, none has:\n{reasons}")
    analysed = {name: cohort for name, cohort in cohorts.items() if name not in skipped}
    for cohort in analysed.values():
        refuse_leaks(cohort)
    picked, varied, omitted = _pick_variants(study, datasets[0], variants, analysed)
    # One thread, as in the fits: more are slower here, and would change the order of sums.
    with threadpool_limits(limits=1):
        firth = {name: needs_firth(cohort, missing=study.missing) for name, cohort in analysed.items()}
    beside = {dataset.name: _set_beside(dataset, everyone[dataset.name], analysed, study) for dataset in datasets}
    return Prepared(
        datasets=datasets,
        outcomes=outcomes,
        everyone={
            dataset: {**cohorts, **{name: one.cohort for name, one in beside[dataset].items()}}
            for dataset, cohorts in everyone.items()
        },
        skipped=skipped,
        variants=picked,
        varied=varied,
        omitted=omitted,
        models={name: models_for(study, reason) for name, reason in firth.items()},
        comparators=list_comparators(study, registry.definition),
        simple={dataset: {name: one.fitted for name, one in own.items()} for dataset, own in beside.items()},
        remarks=(*_list_remarks(study, analysed, firth, beside), *_list_unchecked(datasets)),
    )


def _set_beside(
    dataset: Dataset, cohorts: Mapping[str, Cohort], analysed: Mapping[str, Cohort], study: Study
) -> dict[str, Beside]:
    try:
        return {name: set_beside(cohorts[name], dataset.registry, study) for name in analysed}
    except StudyError as error:
        raise StudyError(f"{dataset.registry.source}: {error}") from None


def _list_remarks(
    study: Study,
    analysed: Mapping[str, Cohort],
    firth: Mapping[str, str],
    beside: Mapping[str, Mapping[str, Beside]],
) -> tuple[str, ...]:
    return (
        *(note for cohort in analysed.values() for note in describe_constant(cohort)),
        *(
            f"{name}: {reason}; Firth's logistic regression stands beside the reference as a sensitivity analysis, and "
            f"{study.reference} stays the reference in every fold"
            for name, reason in firth.items()
            if reason
        ),
        *(f"{dataset}: {note}" for dataset, own in beside.items() for one in own.values() for note in one.notes),
    )


def _list_unchecked(datasets: tuple[Dataset, ...]) -> Iterator[str]:
    """Yield the datasets of which nobody can tell whether their patients are also among those of development."""
    development = datasets[0]
    for other in datasets[1:]:
        without = [one.name for one in (development, other) if "patient" not in one.registry.columns]
        if without:
            yield (
                f"{other.name}: whether its patients are also among those of development cannot be checked, as "
                f"{' and '.join(without)} have no column patient; make sure of it where the data were taken from"
            )


def _check_sets(datasets: tuple[Dataset, ...], outcomes: Mapping[str, Outcome], variants: tuple[Variant, ...]) -> None:
    """Refuse threshold sets, the study's own or another, that were derived from the data that are analysed."""
    check_derived_thresholds(
        [*outcomes.values(), *(replace(variant.outcome, name=variant.base) for variant in variants)],
        known_threshold_sets(datasets[0].registry.definition),
        {dataset.name: dataset.registry.fingerprint for dataset in datasets},
    )


def _pick_variants(
    study: Study, development: Dataset, asked: tuple[Variant, ...], analysed: Mapping[str, Cohort]
) -> tuple[tuple[Variant, ...], dict[str, Cohort], tuple[str, ...]]:
    """Return the sensitivity analyses that can be fitted, with their cohorts, and why a planned one cannot."""
    possible = [variant for variant in asked if variant.base in analysed]
    varied = _build_cohorts(development, {variant.outcome.name: variant.outcome for variant in possible}, study)
    reasons = {
        variant.outcome.name: _reason_to_omit(variant, analysed[variant.base], varied[variant.outcome.name], study)
        for variant in possible
    }
    kept = tuple(variant for variant in possible if not reasons[variant.outcome.name])
    notes = tuple(
        f"{variant.base} under {variant.level} was not fitted: {reasons[variant.outcome.name]}"
        for variant in possible
        if variant.analysis == "threshold_set" and reasons[variant.outcome.name]
    )
    return kept, {one.outcome.name: varied[one.outcome.name] for one in kept}, notes


def _reason_to_omit(variant: Variant, own: Cohort, other: Cohort, study: Study) -> str:
    """Return why a sensitivity analysis is not fitted, or an empty text.

    Notes
    -----
    Where fewer patients than may be counted could not have reached a threshold, both ways are not set side by side:
    the difference would count them.
    """
    if not _differ(own, other):
        return "it gives every patient the same outcome as the study's own choice"
    if variant.analysis == "unattainable" and _few_unattainable(own, other, study.suppress_below):
        return "too few patients could not have reached the threshold"
    return reason_to_skip(other, study)


def _differ(own: Cohort, other: Cohort) -> bool:
    same_rows = np.array_equal(own.row_id, other.row_id)
    return not (same_rows and np.array_equal(own.y, other.y, equal_nan=True))


def _few_unattainable(own: Cohort, other: Cohort, suppress_below: int) -> bool:
    counts = [0 if cohort.attainable is None else int((~cohort.attainable).sum()) for cohort in (own, other)]
    return max(counts) < suppress_below


def keep_unknown(study: Study, prepared: Prepared) -> Mapping[str, Mapping[str, Cohort]]:
    """Return the cohorts with their patients of unknown outcome, whom an analysis of complete cases leaves out."""
    cohorts = prepared.cohorts
    if study.non_response == "weight":
        return cohorts
    weighted = study.model_copy(update={"non_response": "weight"})
    return {
        dataset.name: _build_cohorts(
            dataset, {name: prepared.outcomes[name] for name in cohorts[dataset.name]}, weighted
        )
        for dataset in prepared.datasets
    }


def _build_cohorts(dataset: Dataset, outcomes: Mapping[str, Outcome], study: Study) -> dict[str, Cohort]:
    try:
        return {name: build_cohort(dataset.registry, outcome, study) for name, outcome in outcomes.items()}
    except StudyError as error:
        raise StudyError(f"{dataset.registry.source}: {error}") from None
