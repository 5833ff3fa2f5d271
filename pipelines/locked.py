"""Validation of locked models: the bundles of a finished run, unchanged, on data that came later or from elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcome import Outcome
from outcomes.outcomes import build_outcomes
from pipelines.assemble import assemble_ascertainment, assemble_flow, assemble_response, assemble_table1
from pipelines.bundles.artifact import LoadedModel, load_model
from pipelines.comparison import compare_fold_predictions
from pipelines.curves import compute_curves
from pipelines.decisions import list_acting_below, list_thresholds
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.follow_up.observation import fit_observation
from pipelines.predictions import build_predictions
from pipelines.provenance import compute_code_sha256, read_own_version, read_versions
from pipelines.run_folder import replacing
from pipelines.size_criteria import tabulate_sample_size
from pipelines.subgroups import audit_subgroups
from schemas.errors import RunError, StudyError
from schemas.registry import Registry
from schemas.study import Study, read_study

MODELS_FOLDER = "models"
BUNDLE = "bundle.json"


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What locked models gave on other data.

    Attributes
    ----------
    study, registry, dataset
        The plan of the run, the data, and what they are called.
    predictions
        The PREDICTIONS columns of `schemas.tables`. Private.
    tables, curves
        By name, with the columns of `schemas.tables`.
    bundles
        SHA-256 of each bundle's ``bundle.json``, which itself names the hashes of all its files, by outcome and model.
    notes
        What needs a person: outcomes that cannot be assessed.
    remarks
        What a reader must know of every such validation.
    """

    study: Study
    registry: Registry
    dataset: str
    predictions: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    curves: Mapping[str, pd.DataFrame]
    bundles: Mapping[str, Mapping[str, str]]
    notes: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def read_locked(run: Path) -> tuple[Study, dict[str, dict[str, LoadedModel]]]:
    """Read the plan and the model bundles of a finished run, each proven to be as it was written.

    Returns
    -------
    Study, dict
        The plan, and the models by outcome and name, the reference first.

    Raises
    ------
    RunError
        If the folder holds no models.
    BundleError
        If a bundle is not as it was written.
    """
    study = read_study(run / "study.toml")
    models: dict[str, dict[str, LoadedModel]] = {}
    for outcome in study.outcomes:
        folders = {path.parent.name: path.parent for path in (run / MODELS_FOLDER / outcome).glob(f"*/{BUNDLE}")}
        order = [name for name in study.all_models if name in folders]
        order += sorted(folders.keys() - set(order))
        if order:
            models[outcome] = {name: load_model(folders[name]) for name in order}
    if not models:
        raise RunError(f"a run must hold model bundles to be validated, got none in {str(run / MODELS_FOLDER)!r}")
    return study, models


def validate_locked(run: Path, registry: Registry, *, dataset: str) -> Validation:
    """Evaluate the models of a finished run on other data, as they are: nothing is fitted, nothing recalibrated.

    Parameters
    ----------
    run
        Folder of the run.
    registry
        The data.
    dataset
        What they are called in the tables.

    Raises
    ------
    StudyError
        If the data are those of the development, or an outcome's threshold was learned from those.
    RunError, BundleError
        If the run or a bundle cannot be used.

    Notes
    -----
    Outcomes are judged by the run's own plan. Weights for unknown outcomes are fitted on these data: they describe
    their follow-up, not the models. Validation is called external, whether the data are of a later time or of another
    place.
    """
    study, models = read_locked(run)
    outcomes = build_outcomes(study, registry.definition, registry.columns)
    _refuse_known(models, outcomes, registry)
    everyone = {name: build_cohort(registry, outcomes[name], study) for name in models}
    cohorts = {name: cohort for name, cohort in everyone.items() if _can_be_judged(cohort)}
    notes = [f"{name} cannot be assessed: it must have patients with and without the outcome" for name in everyone]
    if not cohorts:
        raise StudyError(f"at least one outcome must be assessable, none is:\n  {'; '.join(notes)}")
    # one thread, as in a run: threads would change the order of sums
    with threadpool_limits(limits=1):
        predictions = pd.concat([_predict(cohorts[name], models[name], dataset) for name in cohorts], ignore_index=True)
        acts_below = list_acting_below(study, outcomes)
        tables = _tabulate(study, {dataset: cohorts}, predictions, acts_below=acts_below)
        curves = compute_curves(
            predictions,
            thresholds=list_thresholds(study),
            acts_below=acts_below,
            suppress_below=study.suppress_below,
        )
    return Validation(
        study=study,
        registry=registry,
        dataset=dataset,
        predictions=predictions,
        tables=tables,
        curves=curves,
        bundles={outcome: dict(_hash_bundles(run, outcome, own)) for outcome, own in models.items()},
        notes=tuple(note for name, note in zip(everyone, notes, strict=True) if name not in cohorts),
        remarks=tuple(_list_remarks(registry)),
    )


def describe_validation(found: Validation) -> dict[str, object]:
    """Return what can be traced of a validation: plan, data, bundles and versions; never a patient's value."""
    return {
        "spinerisk": read_own_version(),
        "study": {"title": found.study.title, "sha256": found.study.sha256},
        "data": {
            "dataset": found.dataset,
            "source": found.registry.source,
            "fingerprint": found.registry.fingerprint,
            "n_read": found.registry.n_read,
            "n_quarantined": len(found.registry.quarantine),
            "synthetic": found.registry.synthetic,
        },
        "bundles": {outcome: dict(own) for outcome, own in found.bundles.items()},
        "versions": read_versions(),
        "code_sha256": compute_code_sha256(),
        "notes": [*found.notes, *found.remarks],
    }


def _list_remarks(registry: Registry) -> Iterator[str]:
    yield (
        "whether patients of these data are also among those of the development cannot be checked, as model bundles "
        "hold no patients: where they are, the results are not those of new patients; make sure of it where the data "
        "were taken from"
    )
    if "patient" not in registry.columns:
        yield "the data have no column patient: every operation counts as a patient of its own"


def _refuse_known(
    models: Mapping[str, Mapping[str, LoadedModel]], outcomes: Mapping[str, Outcome], registry: Registry
) -> None:
    for name, own in models.items():
        if outcomes[name].learn is not None:
            raise StudyError(
                f"the threshold of {name} was learned from the data of the development, so that these data would give "
                "it another one; state the threshold in the plan and run it again"
            )
        if any(model.card["data_fingerprint"] == registry.fingerprint for model in own.values()):
            raise StudyError("data to validate on must be other data than those of development, got the same")


def _can_be_judged(cohort: Cohort) -> bool:
    return cohort.n >= 2 if cohort.outcome.score else 0 < cohort.events < cohort.n


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
            validation="external",
        )
        for name, model in models.items()
    ]
    return pd.concat(tables, ignore_index=True)


def _tabulate(
    study: Study,
    cohorts: Mapping[str, Mapping[str, Cohort]],
    predictions: pd.DataFrame,
    *,
    acts_below: frozenset[str],
) -> dict[str, pd.DataFrame]:
    thresholds, small = list_thresholds(study), study.suppress_below
    return {
        "evaluation": evaluate_fold_predictions(
            predictions,
            thresholds=thresholds,
            acts_below=acts_below,
            threshold_sets={},
            subgroups=study.subgroups,
            seed=study.seed,
            suppress_below=small,
        ),
        "comparison": compare_fold_predictions(
            predictions,
            reference=study.reference,
            thresholds=thresholds,
            acts_below=acts_below,
            threshold_sets={},
            seed=study.seed,
            suppress_below=small,
        ),
        "gaps": audit_subgroups(
            predictions, subgroups=study.subgroups, margin=study.audit.margin, seed=study.seed, suppress_below=small
        ),
        "sample_size": tabulate_sample_size(study, cohorts, suppress_below=small),
        "flow": assemble_flow(cohorts, suppress_below=small),
        "table1": assemble_table1(cohorts, suppress_below=small),
        "response": assemble_response(cohorts, suppress_below=small),
        "ascertainment": assemble_ascertainment(cohorts, suppress_below=small),
    }


def _hash_bundles(run: Path, outcome: str, models: Mapping[str, LoadedModel]) -> Iterator[tuple[str, str]]:
    for name in models:
        bundle = run / MODELS_FOLDER / outcome / name / BUNDLE
        yield name, hashlib.sha256(bundle.read_bytes()).hexdigest()


def write_validation(found: Validation, folder: Path) -> None:
    """Write the tables for sharing, the patients' predictions apart from them, and what they can be traced to.

    The folder is put in its place when all of it is written, so that a write that failed leaves nothing behind.

    Raises
    ------
    RunError
        If the folder is not empty or cannot be written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise RunError(f"the output folder must be new or empty, got {str(folder)!r}; name another with --out")
    with replacing(folder) as staging:
        try:
            _write_into(staging, found)
        except OSError as error:
            raise RunError(f"the output folder must be writable, got {str(folder)!r}: {error.strerror}") from None


def _write_into(folder: Path, found: Validation) -> None:
    (folder / "share" / "curves").mkdir(parents=True)
    (folder / "private").mkdir(mode=0o700)
    for name, table in found.tables.items():
        table.to_csv(folder / "share" / f"{name}.csv", index=False, lineterminator="\n")
    for name, table in found.curves.items():
        table.to_csv(folder / "share" / "curves" / f"{name}.csv", index=False, lineterminator="\n")
    found.predictions.to_parquet(folder / "private" / "predictions.parquet", index=False)
    text = json.dumps(describe_validation(found), indent=1, ensure_ascii=False) + "\n"
    (folder / "validation.json").write_text(text, encoding="utf-8")
