"""What stands beside the models: a registry's own published predictions, published equations, simple comparators."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcome import Outcome
from outcomes.outcomes import known_outcomes
from pipelines.beside.published import PUBLISHED_MODELS
from pipelines.beside.simple_models import SIMPLE_MODELS, SimpleModel
from pipelines.suppression import find_small
from schemas.column import Column
from schemas.definition import Definition
from schemas.errors import StudyError, unknown_name
from schemas.registry import Registry
from schemas.specs import ComparatorSpec, OutcomeSpec
from schemas.study import Study

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A cohort with the predictions that are not fitted, the cohorts of those that are, and what is said of both.

    `fitted` holds, by comparator, the same patients with the comparator's own column as the only predictor.
    """

    cohort: Cohort
    fitted: Mapping[str, Cohort]
    notes: tuple[str, ...]


def list_comparators(study: Study, definition: Definition) -> tuple[ComparatorSpec, ...]:
    """Return everything that the study sets beside its models, the registry's own first.

    Notes
    -----
    A name that the definition declares is the definition's.
    """
    own = {spec.name: spec for spec in definition.comparators}
    return (
        *(own[name] for name in study.comparators if name in own),
        *(_describe(name, study) for name in study.comparators if name not in own),
    )


def check_comparators(study: Study, registry: Registry, outcomes: Mapping[str, Outcome]) -> None:
    """Refuse a comparator that is unknown, whose columns the data lack, or that stands beside no outcome of the study.

    Raises
    ------
    StudyError
        With the nearest known name, the columns, or the outcomes that it can stand beside.
    """
    own = [spec.name for spec in registry.definition.comparators]
    for name in study.comparators:
        if name in own:
            continue
        if name in PUBLISHED_MODELS:
            _check_published(name, registry, outcomes)
        elif name in SIMPLE_MODELS:
            _check_simple(SIMPLE_MODELS[name], registry, outcomes)
        else:
            known = [*own, *PUBLISHED_MODELS, *SIMPLE_MODELS]
            raise StudyError(unknown_name("a comparator of the study", name, known))


def set_beside(cohort: Cohort, registry: Registry, study: Study) -> Beside:
    """Set what the study names beside the models of one outcome.

    Parameters
    ----------
    cohort
        The patients of one outcome of `registry`.
    registry, study
        What the cohort was built from.

    Returns
    -------
    Beside

    Raises
    ------
    StudyError
        If a comparator's column is not known by the time of the prediction, or tells the outcome.

    Notes
    -----
    The columns need not be predictors of the study; what they must be is checked as of these.
    """
    plain, simple = _find_published(cohort, registry, study), _find_simple(cohort, registry, study)
    wanted = dict.fromkeys([*(c for own in plain.values() for c in own), *(c for c, _ in simple.values())])
    if not wanted:
        return Beside(cohort=cohort, fitted={}, notes=())
    wide = _widen(cohort, tuple(wanted), registry, study)
    made = {name: PUBLISHED_MODELS[name].compute(wide.X[list(own)]) for name, own in plain.items()}
    made |= {
        name: _rank(wide.X[column], cohort.outcome) for name, (column, entry) in simple.items() if not entry.fitted
    }
    fitted = {
        name: _narrow(cohort, wide.X[[column]], registry.columns)
        for name, (column, entry) in simple.items()
        if entry.fitted
    }
    beside = cohort.comparators.assign(**made)
    notes = (*_describe_gaps(made, plain, cohort, study), *_describe_related(plain, cohort))
    return Beside(cohort=replace(cohort, comparators=beside), fitted=fitted, notes=notes)


def _describe(name: str, study: Study) -> ComparatorSpec:
    if name in PUBLISHED_MODELS:
        model = PUBLISHED_MODELS[name]
        return ComparatorSpec(
            name=name, title=model.title, outcome=study.outcomes[0], plus=model.columns, scale="probability",
            source=f"{model.text} {model.source}",
        )  # fmt: skip
    entry = SIMPLE_MODELS[name]
    return ComparatorSpec(
        name=name, title=entry.title, outcome=study.outcomes[0], plus=(entry.column or "baseline",),
        scale="probability" if entry.fitted else "score", source=f"{entry.text} {entry.source}".strip(),
    )  # fmt: skip


def _check_published(name: str, registry: Registry, outcomes: Mapping[str, Outcome]) -> None:
    model = PUBLISHED_MODELS[name]
    possible = (*model.outcomes, *model.related)
    if not any(_occurs(outcomes, other) for other in possible):
        raise StudyError(
            f"the comparator {name} must stand beside an outcome that it predicts, {', '.join(possible)}, got none of "
            "them in the study; take it out, or give the registry's own outcome the first of these names"
        )
    absent = model.find_absent(registry.columns)
    if absent:
        lines = "\n".join(f"  {words}" for words in absent)
        raise StudyError(
            f"the comparator {name} must have the columns of its equation in the data, these are absent:\n{lines}\n"
            "map them in the definition, or take the comparator out; nothing is assumed in their place"
        )


def _occurs(outcomes: Mapping[str, Outcome], name: str) -> bool:
    return name in outcomes and outcomes[name].score is None


def _check_simple(entry: SimpleModel, registry: Registry, outcomes: Mapping[str, Outcome]) -> None:
    specs = known_outcomes(registry.definition)
    served = [name for name, outcome in outcomes.items() if entry.serves(outcome, specs[name])]
    if not served:
        rule = "that has a score before the operation" if entry.fitted else "that occurs or not"
        raise StudyError(
            f"the comparator {entry.name} must stand beside an outcome {rule}, got none in the study; take it out"
        )
    columns = dict.fromkeys(column for name in served if (column := entry.find_column(specs[name])))
    absent = [column for column in columns if column not in registry.columns]
    if absent:
        raise StudyError(
            f"the comparator {entry.name} must have its column in the data, {', '.join(absent)} is not; map it in the "
            "definition, or take the comparator out"
        )


def _find_published(cohort: Cohort, registry: Registry, study: Study) -> dict[str, tuple[str, ...]]:
    """Return the published equations of an outcome with those of their columns that the data have."""
    declared = {spec.name for spec in registry.definition.comparators}
    found = {}
    for name in study.comparators:
        model = PUBLISHED_MODELS.get(name)
        if model is None or name in declared or cohort.outcome.score:
            continue
        if cohort.outcome.name in (*model.outcomes, *model.related):
            absent = model.find_absent(registry.columns)
            if absent:
                raise StudyError(
                    f"the comparator {name} must have its columns in the data, absent: {', '.join(absent)}"
                )
            found[name] = tuple(column for column in model.columns if column in registry.columns)
    return found


def _find_simple(cohort: Cohort, registry: Registry, study: Study) -> dict[str, tuple[str, SimpleModel]]:
    """Return the simple comparators of an outcome with their columns."""
    declared = {spec.name for spec in registry.definition.comparators}
    spec = _find_spec(cohort, registry)
    found = {}
    for name in study.comparators:
        entry = SIMPLE_MODELS.get(name)
        if entry is None or name in declared or spec is None or not entry.serves(cohort.outcome, spec):
            continue
        column = entry.find_column(spec)
        if column not in registry.columns:
            raise StudyError(f"the comparator {name} must have its column in the data, {column} is absent")
        found[name] = (str(column), entry)
    return found


def _find_spec(cohort: Cohort, registry: Registry) -> OutcomeSpec | None:
    return known_outcomes(registry.definition).get(cohort.outcome.name)


def _widen(cohort: Cohort, columns: tuple[str, ...], registry: Registry, study: Study) -> Cohort:
    """Return the same patients with these columns as predictors, guarded like predictors."""
    own = study.model_copy(update={"predictors": columns, "subgroups": (), "comparators": ()})
    try:
        wide = build_cohort(registry, cohort.outcome, own)
    except StudyError as error:
        raise StudyError(f"of the comparators, {error}") from None
    assert np.array_equal(wide.row_id, cohort.row_id)
    return wide


def _narrow(cohort: Cohort, X: pd.DataFrame, columns: Mapping[str, Column]) -> Cohort:
    return replace(cohort, X=X, columns={str(name): columns[str(name)] for name in X})


def _rank(values: pd.Series, outcome: Outcome) -> Array:
    """Return the index so that a higher one means that the outcome is likelier; one that is not recorded is the median.

    Notes
    -----
    So that the index is compared on the same patients as the models, and that nobody can count by subtraction whose
    index is not recorded.
    """
    index = np.asarray(pd.to_numeric(values.astype("object")).to_numpy(dtype=np.float64))
    known = np.isfinite(index)
    index = np.where(known, index, np.median(index[known]) if known.any() else 0.0)
    return -index if outcome.desirable else index


def _describe_gaps(
    made: Mapping[str, Array], published: Collection[str], cohort: Cohort, study: Study
) -> Iterator[str]:
    """Yield for how many patients a published equation has no prediction; they are left out of it, never given 0."""
    for name in published:
        known = np.isfinite(made[name][cohort.counted])
        counts = np.array([np.sum(~known), np.sum(known)])
        if not counts[0]:
            continue
        few = bool(find_small(counts, study.suppress_below).any())
        count = "some" if few else f"{counts[0]} of {counts.sum()}"
        yield f"{name} has no prediction for {count} patients of {cohort.outcome.name}, of whom it lacks an input"


def _describe_related(plain: Mapping[str, tuple[str, ...]], cohort: Cohort) -> Iterator[str]:
    for name in plain:
        if cohort.outcome.name in PUBLISHED_MODELS[name].related:
            yield (
                f"{name} was made for another definition than that of {cohort.outcome.name} ("
                f"{PUBLISHED_MODELS[name].text.split(';')[0].rstrip('.')}); its ranking can be compared, its "
                "calibration not"
            )
