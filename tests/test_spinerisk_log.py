"""``spinerisk log`` as its user meets it: what it says, its exit codes, and a run whose logging failed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from logged_run import LEARNER, OUTCOME, REGISTERED, assert_whole_and_once, write_logged_run
from test_schemas_readers_database import free_port

from spinerisk.running import log_finished

pytestmark = pytest.mark.filterwarnings("ignore:.*``noload`` loader strategy")
SECRET = "zebra_secret"


def log(*arguments: str | Path, uri: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    environment |= {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"} | ({"MLFLOW_TRACKING_URI": uri} if uri else {})
    command = [sys.executable, "-m", "spinerisk", "log", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_logged_run(tmp_path / "a run")


@pytest.mark.slow
def test_a_run_is_logged_once_and_a_person_may_approve(folder: Path) -> None:
    done = log(folder, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    first = json.loads(done.stdout)
    assert first == {"state": "logged", "store": str(folder / "mlflow"), "run": first["run"]}
    assert_whole_and_once(f"sqlite:///{folder}/mlflow/mlflow.db", first["run"])

    done = log(folder)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "state: there already, nothing to do", f"store: {folder}/mlflow", f"run: {first['run']}",
    ]  # fmt: skip

    done = log(folder, "--approve", f"{OUTCOME}/{LEARNER}", "--approved-by", "A. Surgeon")
    assert done.returncode == 3, "what was made from synthetic data needs a person"
    *_, approved, warning = done.stdout.splitlines()
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow/mlflow.db")
    version = client.get_model_version_by_alias(REGISTERED, "approved")
    assert approved == f"approved: {REGISTERED} version {version.version}"
    assert warning.startswith("warning: it was made from synthetic data and is not meant for patients")


@pytest.mark.slow
def test_what_cannot_be_used_is_said_in_a_line_without_a_password(folder: Path, tmp_path: Path) -> None:
    address = f"http://user:{SECRET}@127.0.0.1:{free_port()}"
    for done in (log(folder, "--to", address), log(folder, uri=address)):
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert "store must be usable, got 127.0.0.1:" in done.stderr
        assert SECRET not in done.stderr
    assert not (folder / "mlflow").exists()
    for arguments, message in (
        (("--approve", f"{OUTCOME}/{LEARNER}"), "an approval must name a person, got nobody"),
        (("--approved-by", "A. Surgeon"), "who approves must say what, got --approved-by alone"),
    ):
        done = log(folder, *arguments)
        assert (done.returncode, done.stderr.startswith(f"error: {message}")) == (2, True)
    done = log(tmp_path / "nothing")
    assert done.returncode == 2
    assert "must hold a finished run" in done.stderr


def test_a_run_that_could_not_be_logged_says_how_to_send_it_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://user:{SECRET}@127.0.0.1:{free_port()}")
    (warning,) = log_finished(folder)
    assert warning.startswith(f"the run is complete in {folder} but could not be logged to MLflow: ")
    assert warning.endswith(f"; when that is mended, send it with: spinerisk log '{folder}'")
    assert SECRET not in warning
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert log_finished(folder) == ()
