"""Model bundles in MLflow: copied as they are beside the name of the module that reads them, so nothing is pickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
from mlflow.entities import LoggedModelOutput
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, Schema

from pipelines.logged.run_files import BUNDLE_FILE
from pipelines.logged.store import Store

LOADER = "pipelines.mlflow_model"
_COLUMN_TYPES = {"number": "double", "flag": "double", "category": "string"}
_BESIDE = ("imputed", "outside_range")
"""What `pipelines.bundles.artifact.LoadedModel.predict` returns beside the row's name and what is predicted."""


def log_bundle(
    store: Store, bundle: Path, *, run_id: str, tags: Mapping[str, str], params: Mapping[str, str], version: str
) -> str:
    """Log a model bundle to a nested run.

    Parameters
    ----------
    store
        Where to.
    bundle
        Folder of the bundle.
    run_id
        The nested run.
    tags, params
        Those of the nested run: MLflow lists models apart from runs.
    version
        Of the toolkit, which is all that the model needs.

    Returns
    -------
    str
        Identifier of the logged model.
    """
    client = store.client
    logged = client.create_logged_model(
        store.experiment, name="model", source_run_id=run_id, tags=dict(tags), params=dict(params)
    )
    model_id = str(logged.model_id)
    described = Model(
        artifact_path=logged.artifact_location,
        run_id=run_id,
        model_uuid=model_id,
        model_id=model_id,
        signature=build_signature(bundle),
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        mlflow.pyfunc.save_model(
            str(path),
            loader_module=LOADER,
            data_path=str(bundle),
            mlflow_model=described,
            # given, because MLflow would otherwise import the model in a child process to find out
            pip_requirements=[f"spinerisk=={version}"],
        )
        client.log_model_artifacts(model_id, str(path))
    client.finalize_logged_model(model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])
    return model_id


def build_signature(bundle: Path) -> ModelSignature:
    """Return predictors in, what is predicted out; a predictor may be missing, and is then imputed."""
    written = json.loads((bundle / BUNDLE_FILE).read_text(encoding="utf-8"))
    predicted = dict.fromkeys(written["check"]["predicted"], "double")
    returned = {"row_id": "string", **predicted, **dict.fromkeys((*_BESIDE, *written["remarks"]), "string")}
    asked = {entry["name"]: entry["kind"] for entry in (*written["population"]["columns"], *written["predictors"])}
    columns = [ColSpec(_COLUMN_TYPES[kind], name, required=False) for name, kind in asked.items()]
    return ModelSignature(
        inputs=Schema(columns), outputs=Schema([ColSpec(kind, name) for name, kind in returned.items()])
    )
