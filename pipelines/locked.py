"""Validation of locked models: the bundles of a finished run, unchanged, on data that came later or from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcome import Outcome
from outcomes.outcomes import build_outcomes
from pipelines.bundles.artifact import LoadedModel
from pipelines.characteristics import compare_characteristics
from pipelines.conclude import conclude_elsewhere
from pipelines.follow_up.observation import fit_observation
from pipelines.locked_models import LockedModels, Models, read_locked
from pipelines.predictions import DEVELOPMENT, build_predictions
from pipelines.prepare import Prepared
from pipelines.result import Dataset
from pipelines.run_folder import (
    PRIVATE,
    RUN_JSON,
    mark_private,
    read_record,
    replacing,
    write_quarantines,
    write_record,
    write_share,
)
from pipelines.run_record import (
    count_patients,
    describe_dataset,
    describe_models,
    describe_outcomes,
    describe_plan,
    describe_tools,
)
from pipelines.size_criteria import tabulate_sample_size
from schemas.errors import RunError, StudyError
from schemas.registry import Registry
from schemas.study import Study

EXTERNAL = "external"
"""How the other data validate, whether they are of a later time or of another place."""


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What locked models gave on other data.

    Attributes
    ----------
    locked
        The models, their plan, and where they come from.
    dataset
        The data.
    outcomes
        What was predicted, by name.
    predictions
        The PREDICTIONS columns of `schemas.tables`. Private.
    tables, curves
        By name, with the columns of `schemas.tables`, as far as other data can have them. Those named in
        `pipelines.locked_models.KEPT` hold the rows of the development too.
    skipped
        Why, by outcome that cannot be assessed.
    remarks
        What a reader must know of it.
    """

    locked: LockedModels
    dataset: Dataset
    outcomes: Mapping[str, Outcome]
    predictions: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    curves: Mapping[str, pd.DataFrame]
    skipped: Mapping[str, str]
    remarks: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What needs a person: outcomes that cannot be assessed."""
        return tuple(f"{name} cannot be assessed: {reason}" for name, reason in self.skipped.items())


def validate_locked(
    target: Path, registry: Registry, *, dataset: str, subgroups: Sequence[str] | None = None
) -> Validation:
    """Evaluate the models of a finished run on other data, as they are: nothing is fitted, nothing recalibrated.

    Parameters
    ----------
    target
        Folder of the run, or of one model bundle in it.
    registry
        The data.
    dataset
        What they are called in the tables.
    subgroups
        Columns whose groups are audited; by default those of the plan.

    Raises
    ------
    StudyError
        If the data are those of the development, or an outcome's threshold was learned from those.
    RunError, BundleError
        If the run or a bundle cannot be used.

    Notes
    -----
    Outcomes are judged by the run's own plan. Weights for unknown outcomes are fitted on these data: they describe
    their follow-up, not the models.
    """
    locked = read_locked(target)
    study = locked.study if subgroups is None else locked.study.model_copy(update={"subgroups": _distinct(subgroups)})
    outcomes = build_outcomes(study, registry.definition, registry.columns)
    outcomes = {name: outcomes[name] for name in locked.models}
    _refuse_known(locked.models, outcomes, registry, dataset)
    prepared = _prepare(study, outcomes, Dataset(name=dataset, registry=registry, validation=EXTERNAL))
    cohorts = prepared.analysed(dataset)
    # one thread, as in a run: threads would change the order of sums
    with threadpool_limits(limits=1):
        parts = [_predict(cohort, locked.models[name], dataset) for name, cohort in cohorts.items()]
        predictions = pd.concat(parts, ignore_index=True)
        tables, curves = conclude_elsewhere(study, prepared, predictions)
        tables["sample_size"] = tabulate_sample_size(study, {dataset: cohorts}, suppress_below=study.suppress_below)
    tables |= {name: _join(tables[name], rows) for name, rows in locked.kept.items()}
    tables["shift"] = compare_characteristics(tables["table1"], development=DEVELOPMENT)
    return Validation(
        locked=replace(locked, study=study),
        dataset=prepared.datasets[0],
        outcomes=outcomes,
        predictions=predictions,
        tables=tables,
        curves=curves,
        skipped=prepared.skipped,
        remarks=(*_list_remarks(locked, study, registry), *locked.remarks),
    )


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _join(own: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    filled = [table for table in (own, kept) if len(table)]
    return pd.concat(filled, ignore_index=True)[list(own.columns)] if filled else own


def _prepare(study: Study, outcomes: Mapping[str, Outcome], dataset: Dataset) -> Prepared:
    everyone = {name: build_cohort(dataset.registry, outcome, study) for name, outcome in outcomes.items()}
    skipped = {name: reason for name, cohort in everyone.items() if (reason := _reason_to_skip(cohort))}
    if len(skipped) == len(everyone):
        reasons = "\n".join(f"  {name}: {reason}" for name, reason in skipped.items())
        raise StudyError(f"at least one outcome must be assessable, none is:\n{reasons}")
    return Prepared(
        datasets=(dataset,),
        outcomes=outcomes,
        everyone={dataset.name: everyone},
        skipped=skipped,
        variants=(),
        varied={},
        omitted=(),
    )


def _reason_to_skip(cohort: Cohort) -> str:
    if cohort.outcome.score:
        return "" if cohort.n >= 2 else "it must be known of two patients at least"
    return "" if 0 < cohort.events < cohort.n else "it must have patients with and without the outcome"


def describe_validation(found: Validation) -> dict[str, object]:
    """Return what ``run.json`` says of an evaluation: plan, data, bundles and versions; never a patient's value."""
    study, registry = found.locked.study, found.dataset.registry
    counts = count_patients(
        found.tables["flow"],
        found.tables["evaluation"],
        dataset=found.dataset.name,
        validation=EXTERNAL,
        reference=study.reference,
    )
    return {
        **describe_plan(study, registry),
        "kind": "evaluation",
        "developed": dict(found.locked.developed),
        "data": [describe_dataset(found.dataset)],
        "outcomes": list(
            describe_outcomes(
                found.outcomes,
                study=study,
                definition=registry.definition,
                counts=counts,
                skipped=found.skipped,
                weighted="in these data",
            )
        ),
        "models": describe_models(study, found.outcomes, found.predictions["model"].unique()),
        "bundles": [dict(one) for one in found.locked.bundles],
        **describe_tools(),
        "warnings": list(found.notes),
        "notes": list(found.remarks),
    }


def _list_remarks(locked: LockedModels, study: Study, registry: Registry) -> Iterator[str]:
    yield (
        "whether patients of these data are also among those of the development cannot be checked, as model bundles "
        "hold no patients: where they are, the results are not those of new patients; make sure of it where the data "
        "were taken from"
    )
    if "patient" not in registry.columns:
        yield "the data have no column patient: every operation counts as a patient of its own"
    made = any(model.card.get("synthetic") for own in locked.models.values() for model in own.values())
    if made and not registry.synthetic:
        yield "the models were developed on synthetic data: they are not meant for patients"
    if study.subgroups != locked.study.subgroups:
        planned = ", ".join(locked.study.subgroups) or "none"
        yield f"groups are those asked for at this evaluation; the plan of the development names {planned}"
    if len(locked.kept["table1"]):
        yield "characteristics of the development are those that its own run published; nobody was counted again"


def _refuse_known(models: Models, outcomes: Mapping[str, Outcome], registry: Registry, dataset: str) -> None:
    if dataset == DEVELOPMENT:
        raise StudyError(f"data to validate on must not be called {DEVELOPMENT!r}; rename the file")
    for name, own in models.items():
        if outcomes[name].learn is not None:
            raise StudyError(
                f"the threshold of {name} was learned from the data of the development, so that these data would give "
                "it another one; state the threshold in the plan and run it again"
            )
        if any(model.card["data_fingerprint"] == registry.fingerprint for model in own.values()):
            raise StudyError("data to validate on must be other data than those of development, got the same")


def _predict(cohort: Cohort, models: Mapping[str, LoadedModel], dataset: str) -> pd.DataFrame:
    rows = np.arange(len(cohort.y))
    weights = fit_observation(cohort, rows, next(iter(models.values())).preprocessor).weigh(cohort, rows)
    tables = [
        build_predictions(
            cohort,
            rows,
            model=name,
            # the mean over the imputations of the development, where it had several
            predicted=np.mean([one.respond(one.preprocessor.encode(cohort.X)) for one in model.members], axis=0),
            forecast=model.forecast,
            weights=weights,
            n_train=0,
            dataset=dataset,
            validation=EXTERNAL,
        )
        for name, model in models.items()
    ]
    return pd.concat(tables, ignore_index=True)


@contextmanager
def replacing_evaluation(folder: Path) -> Iterator[Path]:
    """Give a fresh folder to write into, and put it in the place of an earlier evaluation only when all went well.

    Raises
    ------
    RunError
        If `folder` holds anything else, a study's run with its models above all, or cannot be written.
    """
    if (folder / RUN_JSON).is_file() and read_record(folder).get("kind") != "evaluation":
        raise RunError(
            f"the output folder must be new, empty or an earlier evaluation, got {str(folder)!r}, which holds the run "
            "of a study; name another with --out"
        )
    with replacing(folder) as staging:
        yield staging


def write_validation(found: Validation, folder: Path) -> None:
    """Write an evaluation into an empty folder, as a study's run is written, but without models.

    Parameters
    ----------
    found
        What `validate_locked` returned.
    folder
        An existing, empty folder.

    Notes
    -----
    ``private/`` holds patient rows and is never sent anywhere; ``share/`` has small cells suppressed. Tables that only
    a development can have are there with their header alone.
    """
    registry = found.dataset.registry
    (folder / "study.toml").write_text(found.locked.study.text, encoding="utf-8")
    (folder / "definition.toml").write_text(registry.definition.text, encoding="utf-8")
    write_share(found.tables, found.curves, folder / "share")
    private = folder / PRIVATE
    mark_private(private)
    found.predictions.to_parquet(private / "predictions.parquet", index=False)
    write_quarantines([found.dataset], private)
    write_record(describe_validation(found), folder)
