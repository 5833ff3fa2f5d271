"""The runs of MLflow: a parent for the study and a nested one for each outcome and model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag

from pipelines.logged.bundles import log_bundle
from pipelines.logged.card import CARD_FILE, shorten, write_card, write_note
from pipelines.logged.naming import (
    NOTE_TAG,
    PARENT_TAG,
    arrange,
    list_main_metrics,
    list_metrics,
    list_params,
    list_settings,
    name_parent,
    tag_model,
    tag_study,
)
from pipelines.logged.once import WHOLE, name_version
from pipelines.logged.registry import register
from pipelines.logged.run_files import ANSWERS, PLAN_FILES, SHARED, RunFiles
from pipelines.logged.store import Store

Tell = Callable[[int, int, str], None]
TABLES = ("verdicts", "comparison", "gaps")
"""Tables of the whole study that MLflow's page shows as such."""
DIGEST_LENGTH = 36
"""Characters that MLflow keeps of a data set's fingerprint; the whole of it is in its source and in a tag."""


@dataclass(frozen=True, kw_only=True)
class Nested:
    """What was logged of one outcome and model.

    Attributes
    ----------
    run_id
        Identifier of the nested run.
    model_id
        Identifier of the logged model; None where there is no bundle.
    version
        Registered name and number of its version.
    """

    run_id: str
    model_id: str | None = None
    version: tuple[str, str] | None = None

    @property
    def identifiers(self) -> tuple[str, ...]:
        """By which all of it is found."""
        models = (self.model_id,) if self.model_id else ()
        versions = (name_version(*self.version),) if self.version else ()
        return (self.run_id, *models, *versions)


def start_parent(store: Store, run: RunFiles) -> str:
    """Create the run of the study, with the tags by which it is found again; return its identifier."""
    return _start(store, name_parent(run), tag_study(run) | {NOTE_TAG: write_note(run)})


def end_parent(store: Store, run_id: str) -> None:
    """Say that everything was logged."""
    store.client.set_terminated(run_id, WHOLE)


def give_up_parent(store: Store, run_id: str) -> None:
    """Mark a run to which not everything was logged, where the store can still be told: nobody shall wait for it."""
    with suppress(mlflow.MlflowException, OSError):
        store.client.set_terminated(run_id, "FAILED")


def _start(store: Store, name: str, tags: Mapping[str, str]) -> str:
    return str(store.client.create_run(store.experiment, run_name=name, tags=dict(tags)).info.run_id)


def log_study(store: Store, run: RunFiles, run_id: str) -> None:
    """Log what is of the whole study: the plan, the data by name and fingerprint, main measures, tables, documents."""
    store.log_values(run_id, params=list_params(run), metrics=list_main_metrics(run))
    store.client.log_inputs(run_id, datasets=[_name_data(data) for data in run.record["data"]])
    log_files(store, run, run_id)
    for name in TABLES:
        if len(run.tables[name]):
            store.client.log_table(run_id, arrange(run.tables[name], table=name), f"{name}.json")


def log_files(store: Store, run: RunFiles, run_id: str) -> None:
    """Log the files of the run, as they lie in its folder, so that what the documents say of their place is true."""
    for path in (run.folder / name for name in (*PLAN_FILES, ANSWERS)):
        if path.is_file():
            store.client.log_artifact(run_id, str(path))
    store.client.log_artifacts(run_id, str(run.folder / SHARED), SHARED)


def _name_data(data: Mapping[str, Any]) -> DatasetInput:
    """Return the data's name and fingerprint in MLflow's form; no row of it, and no column."""
    named = Dataset(
        name=data["source"],
        digest=data["fingerprint"][:DIGEST_LENGTH],
        source_type="code",
        source=json.dumps({"tags": {"fingerprint": data["fingerprint"]}}),
    )
    return DatasetInput(named, tags=[InputTag("mlflow.data.context", data["dataset"])])


def log_models(store: Store, run: RunFiles, parent: str, progress: Tell) -> Iterator[tuple[tuple[str, str], Nested]]:
    """Log every outcome and model, and yield what was logged of each."""
    pairs = run.list_pairs()
    for done, (outcome, model) in enumerate(pairs):
        progress(done, len(pairs), f"{outcome} {model}")
        yield (outcome, model), _log_model(store, run, parent, outcome=outcome, model=model)


def _log_model(store: Store, run: RunFiles, parent: str, *, outcome: str, model: str) -> Nested:
    tags = tag_model(run, outcome=outcome, model=model)
    settings = list_settings(run.rows("tuning", outcome=outcome, model=model))
    evaluation = run.rows("evaluation", outcome=outcome, model=model)
    run_id = _start(store, f"{outcome} {model}", tags | {PARENT_TAG: parent})
    nested = _log_bundle(store, run, run_id, tags=tags, settings=settings)
    # after the model, so that they are the model's as well
    store.log_values(run_id, params=settings, metrics=list_metrics(evaluation), model_id=nested.model_id)
    rows = arrange(evaluation.drop(columns=["outcome", "model"]), table="evaluation")
    store.client.log_table(run_id, rows, "evaluation.json")
    store.client.set_terminated(run_id, WHOLE)
    return nested


def _log_bundle(
    store: Store, run: RunFiles, run_id: str, *, tags: Mapping[str, str], settings: Mapping[str, str]
) -> Nested:
    """Log the bundle and its card, and register it; published models and the arm have none."""
    outcome, model = tags["outcome"], tags["model"]
    bundle = run.find_bundle(outcome, model)
    if bundle is None:
        return Nested(run_id=run_id)
    card = write_card(run, outcome=outcome, model=model)
    store.client.log_text(run_id, card, CARD_FILE)
    store.client.set_tag(run_id, NOTE_TAG, shorten(card, file=CARD_FILE))
    model_id = log_bundle(store, bundle, run_id=run_id, tags=tags, params=settings, version=run.record["spinerisk"])
    version = register(store, run, run_id=run_id, model_id=model_id, tags=tags, card=card)
    return Nested(run_id=run_id, model_id=model_id, version=version)
