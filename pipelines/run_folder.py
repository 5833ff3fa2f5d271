"""Write a study's result as a folder: what may be shared, what stays private, and the model bundles."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from outcomes.cohort import build_cohort
from outcomes.kinds.belonging import list_population
from pipelines.bundles.artifact import write_bundle
from pipelines.predictions import DEVELOPMENT
from pipelines.result import Dataset, StudyResult
from pipelines.run_record import (
    Counts,
    count_patients,
    describe_dataset,
    describe_models,
    describe_outcome,
    describe_outcomes,
    describe_plan,
    describe_tools,
    find_role,
    list_bundles,
)
from schemas.errors import RunError
from schemas.specs import PopulationStep
from schemas.tables import CURVES, RUN_FORMAT, SHARE

RUN_JSON = "run.json"
ANSWERS = "tripod.toml"
"""What the authors say of the study; it is theirs, and outlives the run that it stands in."""
PRIVATE = "private"
"""Folder of patients' rows inside whatever holds them."""
RUN_ENTRIES = {RUN_JSON, "study.toml", "definition.toml", ANSWERS, "share", PRIVATE, "models", "mlflow"}
"""What a run's folder holds; anything else in it is somebody's own."""
PRIVATE_NOTE = """\
Patients' rows: predictions, explanations, rows at fault, copies of data.

This folder stays on this machine: only its owner can open it, git does not take it, and it is never logged and never
sent anywhere. Do not share it, do not copy it to where others can read it, and delete it when it is no longer needed.
What is meant for others stands beside it.
"""
"""Tells whoever opens such a folder what it is."""

BEFORE = "planned"
"""What is known by then may say who belongs to the population of a model, even where it is no predictor."""


def check_output(folder: Path) -> None:
    """Refuse a folder that holds anything but an earlier run, or that is being worked in.

    Raises
    ------
    RunError
        If something would be lost by putting a run in its place.
    """
    if Path.cwd().is_relative_to(folder.resolve()):
        raise RunError(
            f"the output folder must not hold the working folder, got {str(folder)!r}; name another with --out"
        )
    if folder.exists() and not _is_replaceable(folder):
        raise RunError(
            f"the output folder must be new, empty or an earlier run, got {str(folder)!r}, which holds something else; "
            "name another with --out"
        )


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give a fresh folder beside `folder` to write into, and put it in its place only when all went well.

    Parameters
    ----------
    folder
        Where the run shall stand. An earlier run there is replaced, but for what its authors say of it (`ANSWERS`);
        anything else is refused.

    Raises
    ------
    RunError
        If `folder` holds something that is not a run, or cannot be written.
    """
    check_output(folder)
    folder = folder.resolve()
    staging = folder.parent / f".{folder.name}.partial"
    shutil.rmtree(staging, ignore_errors=True)
    try:
        staging.mkdir(parents=True)
    except OSError as error:
        raise RunError(f"the output folder must be writable, got {str(folder)!r}: {error.strerror}") from None
    if (folder / ANSWERS).is_file():
        shutil.copy2(folder / ANSWERS, staging / ANSWERS)
    try:
        yield staging
        _swap(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _is_replaceable(folder: Path) -> bool:
    """Tell whether the folder is empty, or an earlier run and nothing else."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    if not names:
        return True
    try:
        record = json.loads((folder / RUN_JSON).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("format") == RUN_FORMAT and names <= RUN_ENTRIES


def write_run(result: StudyResult, folder: Path) -> None:
    """Write every table, model and the provenance of a result into an empty folder.

    Parameters
    ----------
    result
        What `pipelines.run.run_study` returned.
    folder
        An existing, empty folder.

    Notes
    -----
    ``private/`` holds patient rows and is never sent anywhere; ``share/`` has small cells suppressed.
    """
    definition = result.datasets[0].registry.definition
    (folder / "study.toml").write_text(result.study.text, encoding="utf-8")
    (folder / "definition.toml").write_text(definition.text, encoding="utf-8")
    write_share({name: getattr(result, name) for name in SHARE}, result.curves, folder / "share")
    _write_private(result, folder / PRIVATE)
    populations = {name: _list_population(result, name) for name, _ in result.models}
    for (outcome, model), pipeline in result.models.items():
        write_bundle(
            folder / "models" / outcome / model,
            model_name=model,
            fitted=pipeline.fitted,
            preprocessor=pipeline.preprocessor,
            forecast=pipeline.forecast,
            calibrator=pipeline.calibrator,
            further=result.further_models[outcome, model],
            population=populations[outcome],
            card=_card(result, outcome, model),
            definition_text=definition.text,
        )
    write_record(describe_run(result, bundles=list(list_bundles(folder, result.models))), folder)


def describe_run(result: StudyResult, *, bundles: Sequence[Mapping[str, str]] = ()) -> dict[str, object]:
    """Return what ``run.json`` says: plan, data, outcomes, versions, warnings; never a patient's value.

    Parameters
    ----------
    result
        What `pipelines.run.run_study` returned.
    bundles
        What `pipelines.run_record.list_bundles` found where they were written.
    """
    study, registry = result.study, result.datasets[0].registry
    return {
        **describe_plan(study, registry),
        "kind": "development",
        "data": [describe_dataset(dataset) for dataset in result.datasets],
        "outcomes": list(
            describe_outcomes(
                result.outcomes,
                study=study,
                definition=registry.definition,
                counts=_count(result),
                skipped=result.skipped,
            )
        ),
        "models": describe_models(study, result.outcomes, _list_fitted(result), comparators=result.comparators),
        "bundles": list(bundles),
        **describe_tools(),
        "warnings": list(result.warnings),
        "notes": list(result.notes),
    }


def _count(result: StudyResult) -> Counts:
    return count_patients(
        result.flow, result.evaluation, dataset=DEVELOPMENT, validation="internal", reference=result.study.reference
    )


def _list_fitted(result: StudyResult) -> tuple[str, ...]:
    return tuple(dict.fromkeys(model for _, model in result.models))


def _swap(staging: Path, folder: Path) -> None:
    earlier = folder.parent / f".{folder.name}.earlier"
    shutil.rmtree(earlier, ignore_errors=True)
    if folder.exists():
        folder.rename(earlier)
    staging.rename(folder)
    shutil.rmtree(earlier, ignore_errors=True)


def write_share(tables: Mapping[str, pd.DataFrame], curves: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write every table of `schemas.tables` as CSV, header only where there is none."""
    (folder / "curves").mkdir(parents=True)
    for known, found, place in ((SHARE, tables, folder), (CURVES, curves, folder / "curves")):
        for name, columns in known.items():
            table = found.get(name, pd.DataFrame(columns=list(columns)))
            table[list(columns)].to_csv(place / f"{name}.csv", index=False, lineterminator="\n")


def read_record(folder: Path) -> Mapping[str, Any]:
    """Return ``run.json``; nothing where it is not there.

    Raises
    ------
    RunError
        If it is there and cannot be read.
    """
    path = folder / RUN_JSON
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise RunError(f"{str(path)!r} must be readable JSON; restore it, or run the study again") from None
    return record if isinstance(record, dict) else {}


def write_record(record: Mapping[str, object], folder: Path) -> None:
    """Write ``run.json``."""
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (folder / RUN_JSON).write_text(text, encoding="utf-8")


def _write_private(result: StudyResult, folder: Path) -> None:
    mark_private(folder)
    (folder / "explanations").mkdir()
    result.predictions.to_parquet(folder / "predictions.parquet", index=False)
    if len(result.varied_predictions):
        result.varied_predictions.to_parquet(folder / "sensitivity_predictions.parquet", index=False)
    for (outcome, model), table in result.row_explanations.items():
        table.to_parquet(folder / "explanations" / f"{outcome}__{model}.parquet", index=False)
    for (outcome, model), table in result.instability.items():
        (folder / "instability").mkdir(exist_ok=True)
        table.to_parquet(folder / "instability" / f"{outcome}__{model}.parquet", index=False)
    write_quarantines(result.datasets, folder)


def mark_private(folder: Path) -> None:
    """Make a folder for patients' rows, or mark one that is there: for its owner only, with a note, unseen by git."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # an older one may be open to others
    folder.chmod(0o700)
    (folder / "README.txt").write_text(PRIVATE_NOTE, encoding="utf-8")
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def write_quarantines(datasets: Iterable[Dataset], folder: Path) -> None:
    """Write the faulty rows of every dataset: patients' rows, for the private folder."""
    for name, parts in _list_quarantines(datasets).items():
        pd.concat(parts, ignore_index=True).to_parquet(folder / f"{name}.parquet", index=False)


def _list_quarantines(datasets: Iterable[Dataset]) -> dict[str, list[pd.DataFrame]]:
    """Return the faulty rows of every dataset by the name of their file: the operations, then further tables."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for dataset in datasets:
        further = dataset.registry.further_quarantine
        files = {"quarantine": dataset.registry.quarantine} | {f"quarantine_{name}": t for name, t in further.items()}
        for name, rows in files.items():
            parts.setdefault(name, []).append(rows.astype("str").assign(dataset=dataset.name))
    return parts


def _list_population(result: StudyResult, name: str) -> tuple[PopulationStep, ...]:
    """Return who belongs to an outcome, by what is known when it is predicted; a threshold learned from everybody."""
    study, registry = result.study, result.datasets[0].registry
    outcome = result.outcomes[name]
    if outcome.learn is not None:
        outcome = outcome.learn(build_cohort(registry, outcome, study).basis)
    known = [
        column.name
        for column in registry.columns.values()
        if column.known_by(BEFORE) or column.known_by(study.predict_at)
    ]
    return list_population(outcome, known)


def _card(result: StudyResult, outcome: str, model: str) -> dict[str, object]:
    """Return what a model bundle says of itself."""
    described = describe_outcome(
        result.outcomes[outcome],
        study=result.study,
        definition=result.datasets[0].registry.definition,
        counts=_count(result),
        skipped=result.skipped,
    )
    return {
        "outcome": {key: described[key] for key in ("name", "title", "horizon", "desirable", "rule")},
        "n": described["n"],
        "events": described["events"],
        "seed": result.study.seed,
        "predict_at": result.study.predict_at,
        "study_sha256": result.study.sha256,
        "data_fingerprint": result.datasets[0].registry.fingerprint,
        "synthetic": result.datasets[0].registry.synthetic,
        "role": find_role(result.study, model),
        "settings": dict(result.models[outcome, model].tuned.params),
    }
