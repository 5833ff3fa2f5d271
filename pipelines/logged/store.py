"""MLflow's store: opened quietly, named without passwords, and left as it was found."""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import mlflow
from mlflow.entities import Metric, Param
from mlflow.exceptions import RestException
from sqlalchemy.exc import SQLAlchemyError

from schemas.errors import RunError

STORE = "mlflow"
"""Folder of the embedded store inside the run's folder."""
VARIABLE = "MLFLOW_TRACKING_URI"
EXPERIMENT = {"mlflow.experimentKind": "custom_model_development"}
"""Else MLflow's page asks, and meanwhile shows what belongs to language models."""
DATABASE = "mlflow.db"
PARAMS_AT_ONCE = 100
METRICS_AT_ONCE = 500

_QUIET_ENVIRONMENT = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # its own 7 make an unreachable server cost four minutes
    "MLFLOW_UV_AUTO_DETECT": "false",  # else it would copy the lock file of whatever folder it is called from
}
_QUIET_WARNINGS = (
    ".*Any type hint is inferred as AnyType",  # MLflow of itself, when it first loads its models' module
    ".*``noload`` loader strategy",  # MLflow 3.17 on SQLAlchemy 2.1
    ".*'str' dtypes are included by select_dtypes",  # MLflow 3.17 on pandas 3, of every table
)
_QUIET_LOGGERS = ("mlflow", "mlflow.store.db.utils", "alembic", "urllib3")
"""They tell of retries, migrations and failed statements, with the statement's values."""


@dataclass(frozen=True, kw_only=True)
class Store:
    """An open store.

    Attributes
    ----------
    client
        MLflow's own.
    experiment
        Identifier of the study's experiment.
    where
        What a person calls the store; no password.
    """

    client: Any
    experiment: str
    where: str

    def log_values(
        self,
        run_id: str,
        *,
        params: Mapping[str, str],
        metrics: Mapping[str, float],
        model_id: str | None = None,
    ) -> None:
        """Log parameters and metrics, as many at once as MLflow takes; the metrics also to a logged model."""
        now = time.time_ns() // 1_000_000
        settings = [Param(key, value) for key, value in params.items()]
        values = [Metric(key, value, now, 0, model_id=model_id) for key, value in metrics.items()]
        for part in _in_parts(settings, PARAMS_AT_ONCE):
            self.client.log_batch(run_id, params=part)
        for part in _in_parts(values, METRICS_AT_ONCE):
            self.client.log_batch(run_id, metrics=part)


def _in_parts(values: list[Any], size: int) -> Iterator[list[Any]]:
    remaining = iter(values)
    while part := list(islice(remaining, size)):
        yield part


def list_all(search: Callable[[str | None], Any]) -> Iterator[Any]:
    """Yield everything that a search of MLflow finds, page by page."""
    token: str | None = None
    while True:
        page = search(token)
        yield from page
        token = page.token
        if not token:
            return


@contextmanager
def open_store(folder: Path, uri: str | None, *, title: str) -> Iterator[Store]:
    """Open the store, and point MLflow back at where the environment says afterwards.

    Parameters
    ----------
    folder
        The run's folder, which holds the embedded store.
    uri
        Where to; else the environment's ``MLFLOW_TRACKING_URI``; else the embedded store.
    title
        Name of the experiment.

    Raises
    ------
    RunError
        If the store cannot be used, at once or later on.
    """
    environment = os.environ.get(VARIABLE)
    uri = uri or environment or None
    where = name_store(folder, uri)
    try:
        with _quiet():
            yield _open(folder, uri, title=title, where=where)
    # its text may quote the address with a password, or a statement with its values
    except mlflow.MlflowException as error:
        raise _unusable(where, _word(error)) from None
    except SQLAlchemyError as error:
        raise _unusable(where, type(error).__name__) from None
    except OSError as error:
        raise _unusable(where, error.strerror or type(error).__name__) from None
    finally:
        mlflow.set_tracking_uri(environment)  # it writes the variable too, or takes it away


def name_store(folder: Path, uri: str | None) -> str:
    """Return what a person calls a store, without the name and the password in its address.

    Examples
    --------
    >>> name_store(Path("run"), "https://user:secret@mlflow.example:5000/x")
    'mlflow.example:5000'
    """
    if uri is None:
        return str(folder / STORE)
    parts = urlsplit(uri)
    path = parts.path.removeprefix("/") if parts.scheme.startswith("sqlite") else parts.path
    return parts.netloc.rpartition("@")[2] or path


def _word(error: Any) -> str:
    """Return MLflow's code for an error; its client has none for a server that is not there or fails each time."""
    unanswered = error.error_code == "INTERNAL_ERROR" and not isinstance(error, RestException)
    return "no usable answer" if unanswered else str(error.error_code)


def _unusable(where: str, why: str) -> RunError:
    return RunError(f"the MLflow store must be usable, got {where}: {why}; see that it runs and has room")


def _open(folder: Path, uri: str | None, *, title: str, where: str) -> Store:
    location = None
    if uri is None:
        home = folder / STORE
        home.mkdir(exist_ok=True)
        uri, location = f"sqlite:///{home / DATABASE}", (home / "artifacts").as_uri()
    # MLflow's own registry asks the global address, not the client's
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    known = client.get_experiment_by_name(title)
    # MLflow holds on to a database that was open once, also where it was deleted since
    if location is not None and not (folder / STORE / DATABASE).is_file():
        raise RunError(f"the embedded store must not be deleted while it is open, got {where}; start anew, log again")
    if known is None:
        experiment = client.create_experiment(title, location, tags=EXPERIMENT)
        return Store(client=client, experiment=experiment, where=where)
    if known.lifecycle_stage != "active":
        raise RunError(
            f"the experiment must not be deleted, got {title!r} in {where}; restore it there, or remove it for good "
            "with mlflow gc"
        )
    if location is not None and known.artifact_location != location:
        raise RunError(
            f"the embedded store must stand where it was made, got {where} from another folder; delete it and log again"
        )
    return Store(client=client, experiment=str(known.experiment_id), where=where)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's progress bars, logs and known warnings off; put everything back after."""
    loggers = [logging.getLogger(name) for name in _QUIET_LOGGERS]
    levels = [logger.level for logger in loggers]
    quiet = {key: value for key, value in _QUIET_ENVIRONMENT.items() if key not in os.environ}
    os.environ.update(quiet)
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
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
