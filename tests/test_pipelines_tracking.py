"""Logging to MLflow: what arrives in the store, and above all what never does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from pipelines.bundles.artifact import load_model, write_bundle
from pipelines.models import MODELS
from pipelines.preprocess import fit_preprocessor
from pipelines.run import run_study
from pipelines.run_folder import replacing, write_run
from pipelines.tracking import log_run
from schemas.columns import COLUMNS
from schemas.errors import RunError
from schemas.study import parse_study
from schemas.synthetic import simulate_registry
from schemas.tables import COMPARISON, EVALUATION, TUNING

ROOT = Path(__file__).resolve().parents[1]
PATIENT = "PATIENT-VALUE-7f3d19c2"
OUTCOME = "odi_mcid_12m"
MODEL_NAMES = ("spline_logistic", "xgboost")
TITLE = "A fabricated study"


def write_csv(path: Path, columns: tuple[str, ...], rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=list(columns)).to_csv(path, index=False)


def evaluation_row(model: str, metric: str, estimate: float, **more: object) -> dict[str, object]:
    row = {"outcome": OUTCOME, "model": model, "dataset": "development", "validation": "internal", "metric": metric}
    row |= {"subgroup": "overall", "level": "all"}
    limits = {"estimate": estimate, "lower": estimate - 0.05, "upper": estimate + 0.05}
    return row | limits | {"n": 1500, "events": 900, "status": "ok"} | more


def evaluation_rows(model: str) -> list[dict[str, object]]:
    return [
        evaluation_row(model, "c_statistic", 0.71),
        evaluation_row(model, "c_statistic", 0.68, dataset="later_years", validation="temporal"),
        evaluation_row(model, "net_benefit", 0.30, threshold_probability=0.5),
        evaluation_row(model, "c_statistic", 0.99, subgroup="sex", level="female"),
        evaluation_row(model, "calibration_slope", np.nan, status="not assessable"),
        evaluation_row(model, "brier_score", 0.2, status="suppressed"),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a finished run's folder without bundles, and with one unmistakable value in each private file."""
    folder = tmp_path / "a run"
    write_csv(
        folder / "share/evaluation.csv", EVALUATION, [row for model in MODEL_NAMES for row in evaluation_rows(model)]
    )
    write_csv(folder / "share/comparison.csv", COMPARISON, [])
    chosen = {"outcome": OUTCOME, "model": "xgboost", "parameter": "max_depth"}
    folds = [{"repeat": 1, "fold": 0, "value": 7}, {"repeat": 0, "fold": -1, "value": 3}]
    write_csv(folder / "share/tuning.csv", TUNING, [chosen | fold for fold in folds])
    (folder / "share/report.html").write_text("<html></html>")
    (folder / "share/figures").mkdir()
    (folder / "share/figures/calibration.svg").write_text("<svg/>")
    (folder / "study.toml").write_text('title = "A fabricated study"\n')
    (folder / "definition.toml").write_text('name = "lumbar"\n')
    (folder / "run.json").write_text(json.dumps(record()))
    (folder / "private").mkdir()
    pd.DataFrame({"patient": [PATIENT], "y_prob": [0.123456789]}).to_parquet(folder / "private/predictions.parquet")
    (folder / "private/notes.txt").write_text(PATIENT)
    return folder


def record() -> dict[str, object]:
    return {
        "format": 1,
        "spinerisk": "0.1.0",
        "seed": 7,
        "study": {"title": TITLE, "sha256": "s" * 64, "predictors": ["age", "sex"], "outer_folds": 5},
        "definition": {"name": "lumbar", "title": "Lumbar", "sha256": "d" * 64, "synthetic": True},
        "data": [
            {"dataset": "development", "source": "lumbar.csv", "fingerprint": "f" * 64, "synthetic": True},
            {"dataset": "later_years", "source": "later.csv", "fingerprint": "e" * 64, "synthetic": True},
        ],
        "outcomes": [
            {"name": OUTCOME, "kind": "threshold", "horizon": "12 months", "threshold_set": "set_a", "status": "run"},
            {"name": "reoperation_90d", "kind": "event", "horizon": "90 days", "status": "skipped"},
        ],
        "models": [{"name": "spline_logistic", "role": "reference"}, {"name": "xgboost", "role": "candidate"}],
        "code_sha256": "c" * 64,
    }


def runs_of(uri: str) -> tuple[mlflow.entities.Run, dict[str, mlflow.entities.Run]]:
    """Return the parent run and its nested runs by model, read back through MLflow's own client."""
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(TITLE)
    runs = client.search_runs([experiment.experiment_id])
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert len(parents) == 1
    nested = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parents[0].info.run_id]
    assert len(nested) == len(runs) - 1
    return parents[0], {run.data.tags["model"]: run for run in nested}


def assert_no_patient(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert PATIENT.encode() not in path.read_bytes(), path
        assert path.suffix != ".parquet", path


pytestmark = pytest.mark.filterwarnings("ignore:.*``noload`` loader strategy")


def test_embedded_store_holds_study_and_models(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(folder.parent)
    parent_id = log_run(folder)
    assert capfd.readouterr().err == ""
    parent, nested = runs_of(f"sqlite:///{folder}/mlflow/mlflow.db")

    assert parent.info.run_id == parent_id
    assert parent.info.status == "FINISHED"
    assert parent.data.params == {"predictors": "age, sex", "outer_folds": "5", "seed": "7"}
    assert parent.data.tags["fingerprint.later_years"] == "e" * 64
    assert parent.data.tags["skipped_outcomes"] == "reoperation_90d"
    datasets = {entry.dataset.name: entry.dataset.digest for entry in parent.inputs.dataset_inputs}
    assert datasets == {"lumbar.csv": "f" * 36, "later.csv": "e" * 36}

    assert set(nested) == set(MODEL_NAMES)
    assert nested["xgboost"].data.params == {"max_depth": "3"}
    assert nested["xgboost"].data.tags["role"] == "candidate"
    assert nested["spline_logistic"].data.tags["outcome"] == OUTCOME
    artifacts = folder / "mlflow/artifacts" / parent_id / "artifacts"
    logged = {str(path.relative_to(artifacts)) for path in artifacts.rglob("*") if path.is_file()}
    assert {"study.toml", "run.json", "share/evaluation.csv", "share/report.html"} <= logged
    assert "share/figures/calibration.svg" in logged
    assert_no_patient(folder / "mlflow")
    assert sorted(path.name for path in folder.parent.iterdir()) == ["a run"]


def test_metrics_are_the_whole_groups_estimates(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    log_run(folder)
    _, nested = runs_of(f"sqlite:///{folder}/mlflow/mlflow.db")
    metrics = nested["xgboost"].data.metrics
    assert metrics == pytest.approx(
        {
            "internal.c_statistic": 0.71,
            "internal.c_statistic.lower": 0.66,
            "internal.c_statistic.upper": 0.76,
            "temporal.later_years.c_statistic": 0.68,
            "temporal.later_years.c_statistic.lower": 0.63,
            "temporal.later_years.c_statistic.upper": 0.73,
            "internal.net_benefit.at_0.5": 0.30,
            "internal.net_benefit.at_0.5.lower": 0.25,
            "internal.net_benefit.at_0.5.upper": 0.35,
        }
    )


@pytest.fixture
def bundle(folder: Path) -> Path:
    """Put a real model bundle of two predictors into the run, and return where it is."""
    rng = np.random.default_rng(np.random.SeedSequence([20261121]))
    X = pd.DataFrame({"age": rng.normal(60, 12, 300), "sex": rng.choice(["female", "male"], 300)})
    X.loc[::17, "age"] = np.nan
    y = (rng.uniform(size=300) < 0.4).astype(float)
    preprocessor = fit_preprocessor(X, {name: COLUMNS[name] for name in X}, n_knots=3)
    model, weights = MODELS["spline_logistic"], np.ones(300)
    design = preprocessor.design(model.design, preprocessor.encode(X))
    bundle = folder / "models" / OUTCOME / model.name
    write_bundle(
        bundle,
        model_name=model.name,
        fitted=model.risk.fit(design, y, weights, {model.path_name: model.path_values[0]}, 1),
        preprocessor=preprocessor,
        card={"outcome": {"name": OUTCOME}},
        definition_text='name = "two"\ntitle = "Two columns"\nbase = "lumbar"\n',
    )
    return bundle


def test_a_logged_model_predicts_what_its_bundle_predicts(
    folder: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    log_run(folder)
    uri = f"sqlite:///{folder}/mlflow/mlflow.db"
    _, nested = runs_of(uri)
    assert not nested["xgboost"].outputs or not nested["xgboost"].outputs.model_outputs
    (output,) = nested["spline_logistic"].outputs.model_outputs
    logged = mlflow.MlflowClient(tracking_uri=uri).get_logged_model(output.model_id)
    home = Path(urllib.request.url2pathname(urllib.parse.urlsplit(logged.artifact_location).path))
    assert "internal.c_statistic" in {metric.key for metric in logged.metrics}
    assert "spinerisk==0.1.0" in (home / "requirements.txt").read_text().split()
    assert not [path for path in home.rglob("*") if path.suffix in {".pkl", ".pickle"}]

    model = mlflow.pyfunc.load_model(str(home))
    signature = {
        entry["name"]: (entry["type"], entry["required"]) for entry in model.metadata.signature.inputs.to_dict()
    }
    assert signature == {"age": ("double", False), "sex": ("string", False)}
    patients = pd.DataFrame({"age": [45.0, np.nan, 80.0], "sex": ["female", "male", None]})
    expected = load_model(bundle).predict(patients.astype({"sex": "str"}))
    pd.testing.assert_frame_equal(model.predict(patients), expected)


def test_environment_names_the_store_and_is_left_as_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{tmp_path}/other.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.chdir(tmp_path)
    log_run(folder)
    assert os.environ["MLFLOW_TRACKING_URI"] == uri
    assert not (folder / "mlflow").exists()
    assert set(runs_of(uri)[1]) == set(MODEL_NAMES)


def test_a_link_into_private_is_refused(folder: Path) -> None:
    (folder / "share/rows.txt").symlink_to(folder / "private/notes.txt")
    with pytest.raises(RunError, match=r"outside private/ and be no link, got share/rows\.txt"):
        log_run(folder)
    assert not (folder / "mlflow").exists()


def test_a_private_folder_that_is_shared_is_refused(folder: Path) -> None:
    (folder / "models/private").mkdir(parents=True)
    with pytest.raises(RunError, match=r"outside private/ and be no link, got models/private"):
        log_run(folder)


def test_an_unfinished_run_is_refused(folder: Path) -> None:
    (folder / "share/evaluation.csv").unlink()
    with pytest.raises(RunError, match=r"must have a readable share/evaluation\.csv"):
        log_run(folder)
    (folder / "run.json").unlink()
    with pytest.raises(RunError, match=r"must hold a finished run, got .* without a readable run\.json"):
        log_run(folder)


def test_an_unreachable_server_is_named_without_its_password(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(RunError, match=r"store must be usable, got 127\.0\.0\.1: ") as caught:
        log_run(folder, tracking_uri=f"http://user:secret@127.0.0.1:{free_port()}")
    assert "secret" not in str(caught.value)


def test_usage_reports_are_off_before_mlflow_starts() -> None:
    code = (
        "import pipelines.tracking, threading\n"
        "from mlflow.telemetry import get_telemetry_client\n"
        "print(get_telemetry_client(), threading.active_count())"
    )
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}  # no CI variable, which would switch it off as well
    done = subprocess.run([sys.executable, "-c", code], env=kept, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "1"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path) -> tuple[str, Path]:
    """Start a real MLflow server on loopback and return its address and its folder."""
    home = tmp_path / "server"
    home.mkdir()
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    stores = ["--backend-store-uri", f"sqlite:///{home}/server.db", "--artifacts-destination", str(home / "artifacts")]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    environment.pop("MLFLOW_TRACKING_URI", None)
    with (home / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [*command, *stores], cwd=home, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(f"{address}/health", process, home / "log.txt")
        yield address, home
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=20)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"the server did not start: {log.read_text()}")


@pytest.mark.slow
def test_a_real_server_gets_runs_metrics_and_artifacts(server: tuple[str, Path], folder: Path) -> None:
    address, home = server
    parent_id = log_run(folder, tracking_uri=address)
    parent, nested = runs_of(address)
    assert parent.info.run_id == parent_id
    assert set(nested) == set(MODEL_NAMES)
    assert nested["xgboost"].data.metrics["internal.c_statistic"] == pytest.approx(0.71)
    client = mlflow.MlflowClient(tracking_uri=address)
    assert "share/evaluation.csv" in {entry.path for entry in client.list_artifacts(parent_id, "share")}
    assert parent.info.artifact_uri.startswith("mlflow-artifacts:")
    assert not (folder / "mlflow").exists()
    assert any((home / "artifacts").rglob("evaluation.csv"))
    assert_no_patient(home)


@pytest.mark.slow
def test_a_real_server_serves_the_models_of_a_real_run(server: tuple[str, Path], tmp_path: Path) -> None:
    address, home = server
    study = parse_study(
        f'title = "{TITLE}"\ndefinition = "lumbar"\nseed = 1\noutcomes = ["odi_mcid_12m"]\n'
        'predictors = ["age", "sex", "odi_0"]\nmodels = ["xgboost"]\n'
        "[split]\nouter_folds = 2\ninner_folds = 2\n[tuning]\ntrials = 1\n[bootstrap]\nresamples = 0\n",
        folder=Path(),
    )
    registry = simulate_registry("lumbar", n=200, seed=1)
    result = run_study(study, registry)
    with replacing(tmp_path / "run") as staging:
        write_run(result, staging)
    log_run(tmp_path / "run", tracking_uri=address)
    _, nested = runs_of(address)
    # Firth's regression stands beside the reference of itself, as there are few events per parameter
    assert set(nested) == {"spline_logistic", "firth_logistic", "xgboost"}
    (output,) = nested["xgboost"].outputs.model_outputs
    logged = mlflow.MlflowClient(tracking_uri=address).get_logged_model(output.model_id)
    fetched = mlflow.artifacts.download_artifacts(
        artifact_uri=logged.artifact_location, dst_path=str(tmp_path / "fetched"), tracking_uri=address
    )
    patients = registry.frame[["age", "sex", "odi_0"]].head(20)
    expected = result.models["odi_mcid_12m", "xgboost"].predict(patients)
    np.testing.assert_array_equal(mlflow.pyfunc.load_model(fetched).predict(patients)["y_prob"], expected)
    rows = registry.frame["operation"].head(50) if "operation" in registry.frame else registry.frame["patient"].head(50)
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert not [name for name in rows if f'"{name}"'.encode() in stored]
