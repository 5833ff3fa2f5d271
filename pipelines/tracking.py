"""Logs a finished run's folder to MLflow: what may be shared and the model bundles, never a patient's row."""

from __future__ import annotations

import json
import logging
import math
import os
import warnings
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from pipelines.predictions import DEVELOPMENT, FINAL_FOLD
from schemas.errors import RunError
from schemas.tables import RUN_FORMAT

# MLflow decides at its import whether to send usage reports; nothing may leave the machine unasked.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import mlflow

LOADER = Path(__file__).with_name("mlflow_model.py")
STORE = "mlflow"
"""Folder of the embedded store inside the run's folder."""
PRIVATE = "private"
OVERALL = "overall"
ROOT_FILES = ("study.toml", "definition.toml", "run.json")

_COLUMN_TYPES = {"number": "double", "flag": "double", "category": "string"}
_BESIDE = ("imputed", "outside_range")
"""What `pipelines.bundles.artifact.LoadedModel.predict` returns beside the row's name and what is predicted."""
_QUIET_ENVIRONMENT = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # its own 7 make an unreachable server cost four minutes
}
_QUIET_WARNINGS = (
    ".*An input example was not provided",  # an example would be a patient's row
    ".*Any type hint is inferred as AnyType",  # MLflow of itself, when it first loads its models' module
    ".*``noload`` loader strategy",  # MLflow 3.17 on SQLAlchemy 2.1
)


def log_run(folder: str | Path, *, tracking_uri: str | None = None) -> str:
    """Log a finished run: one parent run for the study, one nested run for each outcome and model.

    Parameters
    ----------
    folder
        The run's folder. Its ``share/`` part, study, definition and model bundles are logged; ``private/`` never.
    tracking_uri
        Where to; else the environment's ``MLFLOW_TRACKING_URI``; else the embedded store ``mlflow/`` in the folder.

    Returns
    -------
    str
        Identifier of the parent run.

    Raises
    ------
    RunError
        If the folder is no finished run, a path to be logged leads into ``private/``, or the store cannot be used.

    Notes
    -----
    Metrics are named ``<validation>.<metric>`` on the development data and ``<validation>.<dataset>.<metric>`` on any
    other, with ``.lower`` and ``.upper`` for the interval; suppressed and unassessable ones are left out.
    """
    folder = Path(folder).resolve()
    record = _read_record(folder)
    evaluation, tuning = (_read_share(folder, name) for name in ("evaluation", "tuning"))
    _refuse_private(folder)
    uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or None
    title = record["study"]["title"]
    with (
        _quiet(),
        _store(folder, uri, title) as experiment,
        mlflow.start_run(experiment_id=experiment, run_name=title, tags=_study_tags(record)) as parent,
    ):
        _log_study(folder, record)
        for outcome, model in _pairs(evaluation):
            tags = _model_tags(record, outcome=outcome, model=model)
            with mlflow.start_run(experiment_id=experiment, run_name=f"{outcome} {model}", nested=True, tags=tags):
                mlflow.log_params(_settings(_rows_of(tuning, outcome=outcome, model=model)))
                # the model first: MLflow would look up every metric again that the run already has
                model_id = _log_bundle(folder / "models" / outcome / model, record["spinerisk"])
                metrics = _metrics(_rows_of(evaluation, outcome=outcome, model=model))
                mlflow.log_metrics(metrics, model_id=model_id)
    return str(parent.info.run_id)


def _read_record(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise RunError(
            f"the folder must hold a finished run, got {str(folder)!r} without a readable run.json"
        ) from None
    if not isinstance(record, dict) or record.get("format") != RUN_FORMAT:
        raise RunError(f"{path} must have format {RUN_FORMAT}; run the study again with this version")
    return record


def _read_share(folder: Path, name: str) -> pd.DataFrame:
    path = folder / "share" / f"{name}.csv"
    try:
        return pd.read_csv(path, dtype={"outcome": str, "model": str, "dataset": str})
    except (OSError, ValueError):
        raise RunError(f"a finished run must have a readable {path.relative_to(folder)}; run the study again") from None


def _logged_paths(folder: Path) -> Iterator[Path]:
    """Yield everything that would be logged, file by file."""
    yield from (folder / name for name in ROOT_FILES)
    for part in ("share", "models"):
        yield from (folder / part).rglob("*")


def _refuse_private(folder: Path) -> None:
    """Stop before anything is logged if a path, followed through its links, is a patient's data."""
    private = (folder / PRIVATE).resolve()
    for path in _logged_paths(folder):
        if path.is_symlink() or path.resolve().is_relative_to(private) or path.name == PRIVATE:
            raise RunError(f"what is logged must lie outside private/ and be no link, got {path.relative_to(folder)}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's progress bars, notes on migration and known warnings off; put everything back after."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "mlflow.store.db.utils", "alembic")]
    levels = [logger.level for logger in loggers]
    quiet = {key: value for key, value in _QUIET_ENVIRONMENT.items() if key not in os.environ}
    os.environ.update(quiet)
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for message in _QUIET_WARNINGS:
                warnings.filterwarnings("ignore", message=message)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for key in quiet:
            os.environ.pop(key, None)


@contextmanager
def _store(folder: Path, uri: str | None, experiment: str) -> Iterator[str]:
    """Point MLflow at the store, yield the experiment's identifier, and point back at where the environment says."""
    environment = os.environ.get("MLFLOW_TRACKING_URI")
    try:
        yield _open_experiment(folder, uri, experiment)
    except mlflow.MlflowException as error:
        where = urlsplit(uri).hostname if uri else str(folder / STORE)
        raise RunError(
            f"the MLflow store must be usable, got {where}: {error.error_code}; check MLFLOW_TRACKING_URI"
        ) from error
    finally:
        mlflow.set_tracking_uri(environment)  # it writes the variable too, or takes it away


def _open_experiment(folder: Path, uri: str | None, name: str) -> str:
    """Return the experiment's identifier; in the embedded store its artifacts lie in the run's folder."""
    location = None
    if uri is None:
        home = folder / STORE
        home.mkdir(exist_ok=True)
        uri, location = f"sqlite:///{home / 'mlflow.db'}", (home / "artifacts").as_uri()
    mlflow.set_tracking_uri(uri)
    known = mlflow.get_experiment_by_name(name)
    return str(known.experiment_id if known else mlflow.create_experiment(name, artifact_location=location))


def _pairs(evaluation: pd.DataFrame) -> Iterable[tuple[str, str]]:
    return evaluation[["outcome", "model"]].drop_duplicates().itertuples(index=False, name=None)


def _rows_of(frame: pd.DataFrame, *, outcome: str, model: str) -> pd.DataFrame:
    return frame[(frame["outcome"] == outcome) & (frame["model"] == model)]


def _log_study(folder: Path, record: Mapping[str, Any]) -> None:
    plan = {key: value for key, value in record["study"].items() if key not in ("title", "sha256")}
    mlflow.log_params({**{key: _text(value) for key, value in plan.items()}, "seed": record["seed"]})
    for data in record["data"]:
        mlflow.log_input(_dataset(data), context=data["dataset"])
    for name in ROOT_FILES:
        mlflow.log_artifact(str(folder / name))
    mlflow.log_artifacts(str(folder / "share"), "share")


def _dataset(data: Mapping[str, Any]) -> Any:
    """Return the data's name and fingerprint in MLflow's form; no row of it."""
    source = mlflow.data.code_dataset_source.CodeDatasetSource(tags={"fingerprint": data["fingerprint"]})
    return mlflow.data.meta_dataset.MetaDataset(source, name=data["source"], digest=data["fingerprint"][:36])


def _study_tags(record: Mapping[str, Any]) -> dict[str, str]:
    skipped = [outcome["name"] for outcome in record["outcomes"] if outcome["status"] != "run"]
    return {
        "study": record["study"]["title"],
        "study_sha256": record["study"]["sha256"],
        "definition": record["definition"]["name"],
        "definition_sha256": record["definition"]["sha256"],
        "synthetic": str(any(data["synthetic"] for data in record["data"])).lower(),
        "spinerisk": record["spinerisk"],
        "code_sha256": record["code_sha256"],
        "skipped_outcomes": ", ".join(skipped),
        **{f"fingerprint.{data['dataset']}": data["fingerprint"] for data in record["data"]},
    }


def _model_tags(record: Mapping[str, Any], *, outcome: str, model: str) -> dict[str, str]:
    outcomes = {entry["name"]: entry for entry in record["outcomes"]}
    roles = {entry["name"]: entry["role"] for entry in record["models"]}
    kept = ("kind", "horizon", "threshold_set")
    described = {key: str(outcomes[outcome].get(key) or "") for key in kept} if outcome in outcomes else {}
    return {
        "study": record["study"]["title"],
        "outcome": outcome,
        "model": model,
        "role": roles.get(model, ""),
        **described,
    }


def _metrics(rows: pd.DataFrame) -> dict[str, float]:
    """Return estimates and limits of the whole group (no subgroup) under one name each."""
    whole = rows[(rows["subgroup"] == OVERALL) & (rows["status"] == "ok")]
    values: dict[str, float] = {}
    for row in whole.to_dict("records"):
        name = _metric_name(row)
        values |= {name: row["estimate"], f"{name}.lower": row["lower"], f"{name}.upper": row["upper"]}
    return {name: float(value) for name, value in values.items() if math.isfinite(value)}


def _metric_name(row: Mapping[Hashable, Any]) -> str:
    where = [row["validation"]] if row["dataset"] == DEVELOPMENT else [row["validation"], row["dataset"]]
    at = row["threshold_probability"]
    return ".".join([*where, row["metric"]]) + (f".at_{at:g}" if math.isfinite(at) else "")


def _settings(rows: pd.DataFrame) -> dict[str, str]:
    """Return the settings of the final model."""
    final = rows[(rows["repeat"] == 0) & (rows["fold"] == FINAL_FOLD)]
    return {row["parameter"]: f"{row['value']:.10g}" for row in final.to_dict("records")}


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _log_bundle(bundle: Path, version: str) -> str | None:
    """Log a model bundle as it is and return its identifier; published comparators have none."""
    if not bundle.is_dir():
        return None
    logged = mlflow.pyfunc.log_model(
        name="model",
        python_model=str(LOADER),
        artifacts={"bundle": str(bundle)},
        signature=_signature(bundle),
        # given, because MLflow would otherwise import the model in a child process to find out
        pip_requirements=[f"spinerisk=={version}"],
    )
    return str(logged.model_id)


def _signature(bundle: Path) -> Any:
    """Return predictors in, what is predicted out; a predictor may be missing, and is then imputed."""
    written = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    predicted = dict.fromkeys(written["check"]["predicted"], "double")
    returned = {"row_id": "string", **predicted, **dict.fromkeys((*_BESIDE, *written["remarks"]), "string")}
    asked = {entry["name"]: entry["kind"] for entry in (*written["population"]["columns"], *written["predictors"])}
    columns = [mlflow.types.ColSpec(_COLUMN_TYPES[kind], name, required=False) for name, kind in asked.items()]
    return mlflow.models.ModelSignature(
        inputs=mlflow.types.Schema(columns),
        outputs=mlflow.types.Schema([mlflow.types.ColSpec(kind, name) for name, kind in returned.items()]),
    )
