"""Logging to a real MLflow server on PostgreSQL: what it gets, and what is left when it dies or its disk fills up."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import sqlalchemy
from logged_run import (
    AGE,
    LEARNER,
    OUTCOME,
    PATIENT,
    REGISTERED,
    TITLE,
    assert_no_patient,
    assert_whole_and_once,
    runs_of,
    write_logged_run,
)
from test_schemas_readers_database import find_programs, free_port

from pipelines.run import run_study
from pipelines.run_folder import replacing, write_run
from pipelines.tracking import approve_model, log_run
from schemas.errors import RunError
from schemas.study import parse_study
from schemas.synthetic import simulate_registry

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*``noload`` loader strategy")]

PASSWORD = "zebra_password"
UNUSABLE = r"store must be usable, got 127\.0\.0\.1:\d+: no usable answer; see that it runs and has room"
REAL_TITLE = "A real run on a real server"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start PostgreSQL and return the address of an empty database."""
    programs = find_programs()
    if programs is None:
        pytest.skip("needs PostgreSQL (initdb and pg_ctl)")
    # A socket's path must be short, and another user must be able to reach it.
    made = subprocess.run(["mktemp", "-d", "/tmp/pg.XXXXXX"], capture_output=True, text=True, check=True)
    home = Path(made.stdout[:-1])
    (home / "password").write_text(PASSWORD, encoding="utf-8")
    as_user = []
    if os.getuid() == 0:  # the server refuses to be root's
        for path in (home, home / "password"):
            shutil.chown(path, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    port = free_port()

    def run(program: str, *options: str) -> None:
        command = [*as_user, str(programs / program), "-D", str(home / "data"), *options]
        # Not captured: the server would keep the pipe open.
        subprocess.run(command, cwd="/", check=True, stdout=subprocess.DEVNULL)

    run("initdb", "-U", "mlflow", "--auth=scram-sha-256", f"--pwfile={home / 'password'}", "--no-sync", "-E", "UTF8")
    settings = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off"
    run("pg_ctl", "-w", "-l", str(home / "log"), "-o", settings, "start")
    try:
        yield f"postgresql+pg8000://mlflow:{PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(home)


@dataclass
class Server:
    """A real MLflow server on loopback, which can be killed, started again, and left without room on its disk."""

    home: Path
    database: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def guarded(self) -> str:
        """The address with a name and a password, as a server behind a login has it."""
        return f"http://user:{PASSWORD}@127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        stores = ["--backend-store-uri", self.database, "--artifacts-destination", str(self.home / "artifacts")]
        environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
        environment.pop("MLFLOW_TRACKING_URI", None)
        with (self.home / "log.txt").open("a") as log:
            self.process = subprocess.Popen(
                [*command, "--workers", "1", *stores],
                cwd=self.home,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait()

    def wait(self) -> None:
        for _ in range(480):
            assert self.process is not None
            assert self.process.poll() is None, (self.home / "log.txt").read_text()
            try:
                with urllib.request.urlopen(f"{self.address}/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.25)
        raise AssertionError(f"the server did not start: {(self.home / 'log.txt').read_text()}")

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=20)

    def limit_files(self, size: int) -> None:
        """Let no process of the server write a file beyond a size, as when its disk is full."""
        assert self.process is not None
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and _group_of(int(entry.name)) == self.process.pid:
                _, hard = resource.prlimit(int(entry.name), resource.RLIMIT_FSIZE)
                resource.prlimit(int(entry.name), resource.RLIMIT_FSIZE, (size, hard))


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return -1


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(home=tmp_path_factory.mktemp("server"), database=database)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture(autouse=True)
def few_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a server that is dead for good."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


def write_run_called(folder: Path, title: str) -> Path:
    """Write the fabricated run as one of another study, so that tests on one server do not meet."""
    write_logged_run(folder)
    for name in ("run.json", "study.toml"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace(TITLE, title))
    return folder


def test_a_server_that_dies_between_two_models_gets_everything_later_and_once(server: Server, tmp_path: Path) -> None:
    folder = write_logged_run(tmp_path / "a run")

    def die(done: int, total: int, text: str) -> None:
        if done == 1:
            server.kill()

    with pytest.raises(RunError, match=UNUSABLE) as caught:
        log_run(folder, tracking_uri=server.guarded, progress=die)
    assert PASSWORD not in str(caught.value)
    server.start()
    parent, nested = runs_of(server.address)
    assert (parent.info.status, len(nested)) == ("RUNNING", 1), "nobody could tell it"

    logged = log_run(folder, tracking_uri=server.guarded)
    assert (logged.state, logged.where) == ("logged anew", f"127.0.0.1:{server.port}")
    assert_whole_and_once(server.address, logged.run_id)
    assert log_run(folder, tracking_uri=server.address).state == "there already"
    assert not (folder / "mlflow").exists()
    assert parent.info.artifact_uri.startswith("mlflow-artifacts:")

    approved = approve_model(folder, f"{OUTCOME}/{LEARNER}", by="A. Surgeon", tracking_uri=server.address)
    client = mlflow.MlflowClient(tracking_uri=server.address)
    version = client.get_model_version_by_alias(REGISTERED, "approved")
    assert approved.approved == (REGISTERED, str(version.version))
    assert version.tags["approved_by"] == "A. Surgeon"
    assert_no_patient(server.home)


def test_a_server_whose_disk_fills_up_gets_everything_later_and_once(server: Server, tmp_path: Path) -> None:
    folder = write_run_called(tmp_path / "a run", "A full disk")

    def fill_up(done: int, total: int, text: str) -> None:
        if done == 1:
            server.limit_files(100)

    try:
        with pytest.raises(RunError, match=UNUSABLE):
            log_run(folder, tracking_uri=server.guarded, progress=fill_up)
    finally:
        server.limit_files(resource.RLIM_INFINITY)
    parent, nested = runs_of(server.address, "A full disk")
    assert len(nested) == 2
    assert parent.info.status in {"FAILED", "RUNNING"}, "a server without room may not even take this down"
    logged = log_run(folder, tracking_uri=server.address)
    assert logged.state == "logged anew"
    assert_whole_and_once(server.address, logged.run_id, title="A full disk", registered=f"a-full-disk.{OUTCOME}")


def test_models_of_a_real_run_are_served_from_the_registry(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = parse_study(
        f'title = "{REAL_TITLE}"\ndefinition = "lumbar"\nseed = 1\noutcomes = ["odi_mcid_12m"]\n'
        'predictors = ["age", "sex", "odi_0"]\nmodels = ["xgboost"]\n'
        "[split]\nouter_folds = 2\ninner_folds = 2\n[tuning]\ntrials = 1\n[bootstrap]\nresamples = 0\n",
        folder=Path(),
    )
    registry = simulate_registry("lumbar", n=200, seed=1)
    result = run_study(study, registry)
    with replacing(tmp_path / "run") as staging:
        write_run(result, staging)
    logged = log_run(tmp_path / "run", tracking_uri=server.address)
    parent, nested = runs_of(server.address, REAL_TITLE)
    assert parent.data.tags["verdict.odi_mcid_12m"] == nested["xgboost"].data.tags["verdict"]
    # Firth's regression stands beside the reference of itself, as there are few events per parameter
    assert set(nested) == {"spline_logistic", "firth_logistic", "xgboost"}
    hashes = {
        (one["outcome"], one["model"]): one["sha256"]
        for one in json.loads((tmp_path / "run/run.json").read_text())["bundles"]
    }
    for model, run in nested.items():
        assert run.data.tags["bundle_sha256"] == hashes["odi_mcid_12m", model]
    client = mlflow.MlflowClient(tracking_uri=server.address)
    (source,) = nested["xgboost"].outputs.model_outputs
    candidate = client.get_model_version_by_alias("a-real-run-on-a-real-server.odi_mcid_12m", "candidate")
    assert candidate.source == f"models:/{source.model_id}"
    evaluation = pd.read_csv(tmp_path / "run/share/evaluation.csv")
    shown = evaluation.query("model == 'xgboost' and validation == 'internal' and subgroup == 'overall'")
    for metric in ("c_statistic", "log_loss", "brier_score"):
        row = shown[shown["metric"] == metric].iloc[0]
        assert parent.data.metrics[f"odi_mcid_12m/xgboost.internal.{metric}"] == pytest.approx(row["estimate"])

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address)
    model = mlflow.pyfunc.load_model("models:/a-real-run-on-a-real-server.odi_mcid_12m@candidate")
    patients = registry.frame[["age", "sex", "odi_0"]].head(20)
    expected = result.models["odi_mcid_12m", "xgboost"].predict(patients)
    np.testing.assert_array_equal(model.predict(patients)["y_prob"], expected)
    assert client.get_run(logged.run_id).info.status == "FINISHED"

    rows = registry.frame["operation"].head(50) if "operation" in registry.frame else registry.frame["patient"].head(50)
    stored = b"".join(path.read_bytes() for path in server.home.rglob("*") if path.is_file())
    assert not [name for name in rows if f'"{name}"'.encode() in stored]


def test_nothing_of_a_patient_is_in_the_database(server: Server, database: str, tmp_path: Path) -> None:
    """Runs last, over what all the tests before have logged."""
    logged = log_run(write_run_called(tmp_path / "a run", "Privacy"), tracking_uri=server.address)
    assert logged.state == "logged"
    engine = sqlalchemy.create_engine(database)
    with engine.connect() as connection:
        names = sqlalchemy.inspect(engine).get_table_names()
        cells = {
            name: [str(cell) for row in connection.execute(sqlalchemy.text(f'SELECT * FROM "{name}"')) for cell in row]
            for name in names
        }
    engine.dispose()
    assert {"runs", "model_versions", "params", "metrics", "datasets"} <= {
        name for name, found in cells.items() if found
    }
    for name, found in cells.items():
        assert not [cell for cell in found if PATIENT in cell or str(AGE) in cell or PASSWORD in cell], name
    assert_no_patient(server.home / "artifacts")
