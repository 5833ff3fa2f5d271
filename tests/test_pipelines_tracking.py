"""Logging to MLflow's embedded store: what arrives, that it arrives once, and above all what never does."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from logged_run import (
    ARM,
    LEARNER,
    MODEL_NAMES,
    OUTCOME,
    REFERENCE,
    REGISTERED,
    TITLE,
    assert_no_patient,
    assert_whole_and_once,
    runs_of,
    write_logged_run,
)
from test_schemas_readers_database import free_port

from pipelines.bundles.artifact import load_model
from pipelines.logged.card import NOTE_LENGTH, shorten, write_card, write_note
from pipelines.logged.naming import list_main_metrics, list_params, tag_model
from pipelines.logged.registry import make_slug
from pipelines.logged.run_files import read_run_files
from pipelines.tracking import Logged, approve_model, log_run
from schemas.errors import InputError, RunError
from schemas.tables import VERDICTS

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.filterwarnings("ignore:.*``noload`` loader strategy")


def uri_of(folder: Path) -> str:
    return f"sqlite:///{folder}/mlflow/mlflow.db"


def client_of(folder: Path) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(tracking_uri=uri_of(folder), registry_uri=uri_of(folder))


@pytest.fixture(autouse=True)
def no_server_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_logged_run(tmp_path / "a run")


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with MLflow's tables and nothing in them, which takes seconds to make."""
    database = tmp_path_factory.mktemp("empty") / "mlflow.db"
    mlflow.MlflowClient(tracking_uri=f"sqlite:///{database}").search_experiments()
    return database


@pytest.fixture
def ready(folder: Path, empty_database: Path) -> Path:
    """Return a run whose embedded store has its tables already."""
    (folder / "mlflow").mkdir()
    shutil.copy(empty_database, folder / "mlflow")
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Logged]:
    """Return a run that was logged into its own folder, and what logging said; not to be changed."""
    folder = write_logged_run(tmp_path_factory.mktemp("logged") / "a run")
    return folder, log_run(folder)


def test_embedded_store_holds_study_and_models(whole: tuple[Path, Logged]) -> None:
    folder, logged = whole
    assert (logged.state, logged.where, logged.synthetic) == ("logged", str(folder / "mlflow"), True)
    assert_whole_and_once(uri_of(folder), logged.run_id)
    parent, nested = runs_of(uri_of(folder))
    assert parent.data.tags["fingerprint.later__1_"] == "e" * 64
    assert parent.data.tags["skipped_outcomes"] == "reoperation_90d"
    assert parent.data.tags[f"verdict.{OUTCOME}"] == "undecided"
    assert parent.data.tags["synthetic"] == "true"
    assert parent.info.run_name == f"{TITLE} ({parent.data.tags['run_sha256'][:8]})"
    datasets = {entry.dataset.name: entry.dataset for entry in parent.inputs.dataset_inputs}
    assert {name: one.digest for name, one in datasets.items()} == {"lumbar.csv": "f" * 36, "later (1).csv": "e" * 36}
    assert {(one.schema or "", one.profile or "") for one in datasets.values()} == {("", "")}

    verdicts = {model: run.data.tags["verdict"] for model, run in nested.items()}
    assert verdicts == {REFERENCE: "reference", LEARNER: "described only", ARM: "undecided"}
    assert {model: run.data.tags["role"] for model, run in nested.items()} == {
        REFERENCE: "reference",
        LEARNER: "candidate",
        ARM: "arm",
    }
    for tags in (run.data.tags for run in (parent, *nested.values())):
        assert (tags["study"], tags["study_sha256"]) == (TITLE, "s" * 64)
        assert (tags["definition_sha256"], tags["code_sha256"]) == ("d" * 64, "c" * 64)
    assert nested[LEARNER].data.params == {"l1_ratio": "0.3"}
    assert nested[ARM].data.params == {"learner": LEARNER}


def test_artifacts_are_what_may_be_shared(whole: tuple[Path, Logged]) -> None:
    folder, logged = whole
    artifacts = folder / "mlflow/artifacts" / logged.run_id / "artifacts"
    found = {str(path.relative_to(artifacts)) for path in artifacts.rglob("*") if path.is_file()}
    shared = {str(path.relative_to(folder)) for path in (folder / "share").rglob("*") if path.is_file()}
    tables = {"verdicts.json", "comparison.json", "gaps.json"}
    assert found == shared | tables | {"study.toml", "definition.toml", "run.json"}
    assert_no_patient(folder / "mlflow")
    assert sorted(path.name for path in folder.parent.iterdir()) == ["a run"]
    # where the run lay is nobody's business: it may name a person
    written = list((folder / "mlflow/artifacts/models").rglob("MLmodel"))
    assert len(written) == 2
    for path in written:
        assert "artifact_path" in path.read_text().splitlines()[0]
        assert str(folder) not in "".join(path.read_text().splitlines(keepends=True)[1:])
        assert str(ROOT) not in path.read_text()


def test_parent_has_the_main_measures_under_names_that_every_run_of_the_study_has(whole: tuple[Path, Logged]) -> None:
    folder, _ = whole
    parent, _ = runs_of(uri_of(folder))
    expected = {f"{OUTCOME}/n": 1500, f"{OUTCOME}/events": 900}
    for model in MODEL_NAMES:
        for name, value in (("internal", 0.71), ("temporal.later__1_", 0.68)):
            at = f"{OUTCOME}/{model}.{name}.c_statistic"
            expected |= {at: value, f"{at}.lower": value - 0.05, f"{at}.upper": value + 0.05}
    for model, gain in ((LEARNER, 0.002), (ARM, 0.004)):
        at = f"{OUTCOME}/{model}.gain"
        expected |= {at: gain, f"{at}.lower": gain - 0.01, f"{at}.upper": gain + 0.01}
    assert parent.data.metrics == pytest.approx(expected)
    assert parent.data.params == {
        "predictors": "age, sex",
        "outer_folds": "5",
        "internal_external": "false",
        "rule.probability": "0.95",
        "seed": "7",
        "definition": "lumbar",
        "spinerisk": "0.1.0",
        "code_sha256": "c" * 64,
        "data.development": f"lumbar.csv {'f' * 64}",
        "data.later__1_": f"later (1).csv {'e' * 64}",
        "outcomes": f"{OUTCOME}, reoperation_90d",
        "models": ", ".join(MODEL_NAMES),
        f"{OUTCOME}/rule": "Oswestry Disability Index: improvement of at least 15 points",
    }


def test_metrics_are_the_whole_groups_estimates(whole: tuple[Path, Logged]) -> None:
    folder, _ = whole
    _, nested = runs_of(uri_of(folder))
    values = {
        "apparent.c_statistic": 0.80,
        "internal.c_statistic": 0.71,
        "temporal.later__1_.c_statistic": 0.68,
        "internal.net_benefit.at_0.5": 0.30,
    }
    limits = {f"{name}.lower": value - 0.05 for name, value in values.items()}
    limits |= {f"{name}.upper": value + 0.05 for name, value in values.items()}
    assert nested[LEARNER].data.metrics == pytest.approx(values | limits)


def test_tables_hold_intervals_counts_and_what_cannot_be_shown(whole: tuple[Path, Logged]) -> None:
    folder, logged = whole
    _, nested = runs_of(uri_of(folder))
    path = folder / "mlflow/artifacts" / nested[LEARNER].info.run_id / "artifacts/evaluation.json"
    written = json.loads(path.read_text())
    table = pd.DataFrame(written["data"], columns=written["columns"])
    assert list(table)[:4] == ["metric", "estimate", "lower", "upper"]
    first = table.iloc[0]
    assert first[["metric", "validation", "n", "events", "status"]].tolist() == [
        "c_statistic", "internal", 1500, 900, "ok",
    ]  # fmt: skip
    assert first[["estimate", "lower", "upper"]].tolist() == pytest.approx([0.71, 0.66, 0.76])
    assert table["subgroup"].tolist()[-1] == "sex", "the whole group stands before its parts"
    hidden = table[table["status"] == "suppressed"]
    assert len(hidden) == 1
    assert hidden[["estimate", "lower", "upper", "n", "events"]].isna().all(axis=None)
    for run in (logged.run_id, nested[LEARNER].info.run_id):
        shown = json.loads(client_of(folder).get_run(run).data.tags["mlflow.loggedArtifacts"])
        names = {"verdicts.json", "comparison.json", "gaps.json"} if run == logged.run_id else {"evaluation.json"}
        assert {one["path"] for one in shown if one["type"] == "table"} == names


def test_registry_has_one_version_per_bundle_with_hashes_and_card(whole: tuple[Path, Logged]) -> None:
    folder, _ = whole
    client = client_of(folder)
    candidate = client.get_model_version_by_alias(REGISTERED, "candidate")
    assert (
        candidate.tags.items()
        >= {
            "study": TITLE,
            "outcome": OUTCOME,
            "model": LEARNER,
            "role": "candidate",
            "verdict": "described only",
            "c_statistic": "0.710 (0.660 to 0.760)",
            "fingerprint": "f" * 64,
            "study_sha256": "s" * 64,
            "synthetic": "true",
        }.items()
    )
    assert candidate.description.startswith("## Elastic net: Disability improved / at 12 months\n")
    assert "of which the primary verdict is: Undecided" in candidate.description
    assert "`approved` is set by a person only" in client.get_registered_model(REGISTERED).description
    with pytest.raises(mlflow.MlflowException, match="alias approved not found"):
        client.get_model_version_by_alias(REGISTERED, "approved")


def test_a_logged_model_predicts_what_its_bundle_predicts(
    whole: tuple[Path, Logged], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = whole
    client = client_of(folder)
    _, nested = runs_of(uri_of(folder))
    assert not nested[ARM].outputs or not nested[ARM].outputs.model_outputs
    (output,) = nested[REFERENCE].outputs.model_outputs
    version = client.get_model_version_by_alias(REGISTERED, "reference")
    assert version.source == f"models:/{output.model_id}"
    logged = client.get_logged_model(output.model_id)
    assert logged.status == "READY"
    assert "internal.c_statistic" in {metric.key for metric in logged.metrics}
    home = Path(urllib.request.url2pathname(urllib.parse.urlsplit(logged.artifact_location).path))
    assert "spinerisk==0.1.0" in (home / "requirements.txt").read_text().split()

    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri_of(folder))
    model = mlflow.pyfunc.load_model(f"models:/{REGISTERED}@reference")
    signature = {
        entry["name"]: (entry["type"], entry["required"]) for entry in model.metadata.signature.inputs.to_dict()
    }
    assert signature == {"age": ("double", False), "sex": ("string", False)}
    patients = pd.DataFrame({"age": [45.0, np.nan, 80.0], "sex": ["female", "male", None]})
    expected = load_model(folder / "models" / OUTCOME / REFERENCE).predict(patients.astype({"sex": "str"}))
    pd.testing.assert_frame_equal(model.predict(patients), expected)


# --- cards and names


def test_a_card_says_what_it_is_for_how_it_did_and_where_it_ends(folder: Path) -> None:
    card = write_card(read_run_files(folder), outcome=OUTCOME, model=REFERENCE)
    for words in (
        "This is not a medical device.",
        "(horizon: 12 months)",
        "Predicted before the operation.",
        "Predictors: age, sex.",
        "Lumbar, lumbar.csv: n 1500, events 900. Synthetic: no real patients.",
        "rows read (0 out, 1600 left); died (suppressed); analysed (0 out, 1500 left)",
        "| internal | c-statistic | 0.710 (0.660 to 0.760) | 1500 | 900 |",
        "| internal | Calibration slope | not assessable | 1500 | 900 |",
        "| internal | Brier score | suppressed |  |  |",
        "| temporal (later (1)) | c-statistic | 0.680 (0.630 to 0.730) | 1500 | 900 |",
        "This is the reference that the other models are compared with.",
        "is an association, not an effect",
        "It was validated on later (1) as well",
        "made from synthetic data and is not meant for patients",
        "f" * 64,
    ):
        assert words in card, words
    assert "0.800" not in card, "apparent performance is no performance"
    assert "0.990" not in card, "a card is of the whole group"


def test_a_long_card_is_cut_between_lines_and_says_where_the_rest_is() -> None:
    text = "\n".join(f"line {i} {'x' * 90}" for i in range(100))
    short = shorten(text, file="model_card.md")
    assert len(short) <= NOTE_LENGTH
    body, _, rest = short.partition("\n\n…")
    assert text.startswith(f"{body}\n")
    assert rest == "the rest is in `model_card.md`, an artifact of the run."
    assert shorten("short", file="model_card.md") == "short"


def test_the_note_of_the_parent_begins_with_the_verdicts(folder: Path) -> None:
    note = write_note(read_run_files(folder))
    assert note.startswith(
        "**Made from synthetic data: no real patients.**\n\n**Disability improved / at 12 months.** "
    )
    assert "Undecided: it may be better or worse. (n 1500, events 900)" in note
    assert "Described only" not in note


@pytest.mark.parametrize(
    ("title", "slug"),
    [("Après l’opération: 12 Months?", "apres-loperation-12-months"), ("脊椎", ""), ("a" * 300, "a" * 100)],
)
def test_a_title_becomes_one_word(title: str, slug: str) -> None:
    assert make_slug(title) == slug


def test_two_runs_of_a_study_have_the_same_names(folder: Path) -> None:
    first = read_run_files(folder)
    evaluation = pd.read_csv(folder / "share/evaluation.csv")
    evaluation[["estimate", "lower", "upper"]] += 0.01
    evaluation.to_csv(folder / "share/evaluation.csv", index=False)
    second = read_run_files(folder)
    assert first.sha256 != second.sha256
    assert set(list_main_metrics(first)) == set(list_main_metrics(second))
    assert set(list_params(first)) == set(list_params(second))


def test_an_older_run_without_verdicts_is_logged_as_far_as_it_goes(ready: Path) -> None:
    folder = ready
    for name in ("verdicts", "gaps", "flow"):
        (folder / "share" / f"{name}.csv").unlink()
    logged = log_run(folder)
    assert set(client_of(folder).get_registered_model(REGISTERED).aliases) == {"reference"}
    artifacts = {one.path for one in client_of(folder).list_artifacts(logged.run_id)}
    assert "comparison.json" in artifacts
    assert not artifacts & {"verdicts.json", "gaps.json"}


# --- once


def test_the_same_run_is_logged_once(ready: Path) -> None:
    folder = ready
    first = log_run(folder)
    second = log_run(folder)
    assert (second.state, second.run_id) == ("there already", first.run_id)
    assert_whole_and_once(uri_of(folder), first.run_id)

    (folder / "share/report.html").write_text("<html>answered</html>")
    (folder / "tripod.toml").write_text("[answers]\n")
    third = log_run(folder)
    assert (third.state, third.run_id) == ("documents renewed", first.run_id)
    assert log_run(folder).state == "there already"
    assert_whole_and_once(uri_of(folder), first.run_id)
    artifacts = folder / "mlflow/artifacts" / first.run_id / "artifacts"
    assert (artifacts / "share/report.html").read_text() == "<html>answered</html>"
    assert (artifacts / "tripod.toml").is_file()


def break_off(done: int, total: int, text: str) -> None:
    assert total == 3
    if done == 2:
        raise KeyboardInterrupt


def test_what_broke_off_is_logged_whole_and_once(ready: Path) -> None:
    folder = ready
    with pytest.raises(KeyboardInterrupt):
        log_run(folder, progress=break_off)
    parent, nested = runs_of(uri_of(folder))
    assert parent.info.status == "FAILED"
    assert len(nested) == 2
    assert len(client_of(folder).search_model_versions("")) == 2
    assert not client_of(folder).get_registered_model(REGISTERED).aliases, "aliases are set when all is there"
    logged = log_run(folder)
    assert logged.state == "logged anew"
    assert logged.run_id != parent.info.run_id
    assert_whole_and_once(uri_of(folder), logged.run_id)
    assert log_run(folder).state == "there already"


def test_what_a_server_wrote_twice_is_there_once(ready: Path) -> None:
    """MLflow asks again where an answer was lost, and then a run, a model or a version may be there twice."""

    def ask_again(done: int, total: int, text: str) -> None:
        if done == 2:
            client = client_of(ready)
            for run in client.search_runs([client.get_experiment_by_name(TITLE).experiment_id]):
                client.create_run(run.info.experiment_id, tags=run.data.tags)
            for model in client.search_logged_models([run.info.experiment_id]):
                client.create_logged_model(run.info.experiment_id, source_run_id=run.info.run_id, tags=model.tags)
            for version in client.search_model_versions(""):
                client.create_model_version(REGISTERED, version.source, version.run_id, tags=version.tags)

    logged = log_run(ready, progress=ask_again)
    assert logged.state == "logged"
    assert_whole_and_once(uri_of(ready), logged.run_id)


def test_another_run_of_the_study_leaves_the_first_one_alone(
    folder: Path, empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(empty_database, tmp_path / "both.db")
    uri = f"sqlite:///{tmp_path}/both.db"
    monkeypatch.chdir(tmp_path)
    os.chdir(tmp_path)
    first = log_run(folder, tracking_uri=uri)
    other = tmp_path / "another run"
    shutil.copytree(folder, other)
    (other / "run.json").write_text((other / "run.json").read_text().replace('"seed": 7', '"seed": 8'))
    with pytest.raises(KeyboardInterrupt):
        log_run(other, tracking_uri=uri, progress=break_off)
    second = log_run(other, tracking_uri=uri)
    assert (second.state, log_run(folder, tracking_uri=uri).state) == ("logged anew", "there already")
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    versions = {str(one.version): one.tags for one in client.search_model_versions("")}
    assert len(versions) == 4
    ours = client.get_run(second.run_id).data.tags["run_sha256"]
    for alias in ("reference", "candidate"):
        newest = client.get_model_version_by_alias(REGISTERED, alias)
        assert newest.tags["run_sha256"] == ours
    assert client.get_run(first.run_id).info.status == "FINISHED"

    (other / "share/verdicts.csv").write_text(",".join(VERDICTS) + "\n")
    third = log_run(other, tracking_uri=uri)
    aliases = client.get_registered_model(REGISTERED).aliases
    assert set(aliases) == {"reference"}, "this run has no primary verdict"
    newest = client.get_model_version_by_alias(REGISTERED, "reference")
    assert newest.tags["run_sha256"] == client.get_run(third.run_id).data.tags["run_sha256"]


def test_one_process_at_a_time(folder: Path) -> None:
    with (folder / "run.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(RunError, match=r"must be logged by one process at a time, got .* another one is logging"):
            log_run(folder)
    assert not (folder / "mlflow").exists()


def test_a_copy_that_is_logged_meanwhile_wins(ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "a copy"
    shutil.copytree(ready, copy, ignore=shutil.ignore_patterns("mlflow"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri_of(ready))
    monkeypatch.chdir(tmp_path)
    winners = []

    def log_copy(done: int, total: int, text: str) -> None:
        if done == 2:
            winners.append(log_run(copy))

    with pytest.raises(
        RunError, match=r"by one process at a time, got another one that logs a copy of it to .*mlflow.db"
    ):
        log_run(ready, progress=log_copy)
    assert winners[0].state == "logged anew"
    assert_whole_and_once(uri_of(ready), winners[0].run_id)


def test_a_full_disk_loses_nothing(ready: Path) -> None:
    folder = ready
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_up(done: int, total: int, text: str) -> None:
        if done == 1:
            size = (folder / "mlflow/mlflow.db").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

    try:
        with pytest.raises(RunError, match=r"store must be usable, got .*/a run/mlflow: \w+; see that it .* has room"):
            log_run(folder, progress=fill_up)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    logged = log_run(folder)
    assert logged.state == "logged anew"
    assert_whole_and_once(uri_of(folder), logged.run_id)
    assert_no_patient(folder / "mlflow")


# --- a person's approval


def test_only_a_person_approves(ready: Path) -> None:
    folder = ready
    with pytest.raises(InputError, match="an approval must name a person, got nobody; give --approved-by NAME"):
        approve_model(folder, f"{OUTCOME}/{LEARNER}", by=" ")
    with pytest.raises(InputError, match=f"a model of the run must be a known name, got '{OUTCOME}/{ARM}'"):
        approve_model(folder, f"{OUTCOME}/{ARM}", by="A. Surgeon")
    client = client_of(folder)
    assert not client.search_registered_models()

    first = approve_model(folder, f"{OUTCOME}/{LEARNER}", by="A. Surgeon")
    assert (first.state, first.synthetic) == ("logged", True)
    version = client.get_model_version_by_alias(REGISTERED, "approved")
    assert first.approved == (REGISTERED, str(version.version))
    assert (version.tags["model"], version.tags["approved_by"]) == (LEARNER, "A. Surgeon")
    assert version.tags["approved_at"].endswith("Z")

    second = approve_model(folder, f"{OUTCOME}/{REFERENCE}", by="B. Surgeon")
    assert second.state == "there already"
    now = client.get_model_version_by_alias(REGISTERED, "approved")
    assert (now.tags["model"], now.tags["approved_by"]) == (REFERENCE, "B. Surgeon")
    earlier = client.get_model_version(REGISTERED, version.version)
    assert (earlier.tags["approved_by"], earlier.tags["approval_replaced_by"]) == ("A. Surgeon", str(now.version))


# --- what cannot be logged, and where


def test_environment_names_the_store_and_is_left_as_it_was(
    folder: Path,
    empty_database: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    shutil.copy(empty_database, tmp_path / "other.db")
    uri = f"sqlite:///{tmp_path}/other.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.chdir(tmp_path)
    assert log_run(folder).where == f"{tmp_path}/other.db"
    assert os.environ["MLFLOW_TRACKING_URI"] == uri
    assert not (folder / "mlflow").exists()
    assert set(runs_of(uri)[1]) == set(MODEL_NAMES)
    assert capfd.readouterr().err == ""


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


def test_a_bundle_that_was_changed_is_refused(folder: Path) -> None:
    path = folder / "models" / OUTCOME / LEARNER / "bundle.json"
    whole = hashlib.sha256(path.read_bytes()).hexdigest()
    written = json.loads((folder / "run.json").read_text())
    bundles = [{"outcome": OUTCOME, "model": LEARNER, "sha256": whole}]
    (folder / "run.json").write_text(json.dumps(written | {"bundles": bundles}))
    run = read_run_files(folder)
    assert tag_model(run, outcome=OUTCOME, model=LEARNER)["bundle_sha256"] == whole
    path.write_text(path.read_text() + " ")
    with pytest.raises(
        RunError, match=f"must be as the run made it, got models/{OUTCOME}/{LEARNER}, which was changed"
    ):
        log_run(folder)


def test_an_evaluation_of_locked_models_is_logged_without_models_of_its_own(ready: Path) -> None:
    shutil.rmtree(ready / "models")
    (ready / "share/verdicts.csv").write_text(",".join(VERDICTS) + "\n")
    evaluation = pd.read_csv(ready / "share/evaluation.csv")
    evaluation.assign(dataset="later", validation="external").to_csv(ready / "share/evaluation.csv", index=False)
    written = json.loads((ready / "run.json").read_text())
    data = written["data"]
    bundles = [{"outcome": OUTCOME, "model": LEARNER, "sha256": "b" * 64}]
    changed = {"kind": "evaluation", "developed": {"data": data[:1]}, "bundles": bundles}
    changed["data"] = [data[1] | {"dataset": "later"}]
    (ready / "run.json").write_text(json.dumps(written | changed))
    log_run(ready)
    parent, nested = runs_of(uri_of(ready))
    assert parent.info.run_name.startswith(f"{TITLE} on later (")
    assert (
        "**Locked models, evaluated as they are on other data: later (1).csv.**"
        in parent.data.tags["mlflow.note.content"]
    )
    assert parent.data.metrics[f"{OUTCOME}/{LEARNER}.external.later.c_statistic"] == pytest.approx(0.68)
    tags = nested[LEARNER].data.tags
    assert (tags["run_kind"], tags["bundle_sha256"], tags["verdict"]) == ("evaluation", "b" * 64, "none")
    assert not client_of(ready).search_registered_models()


def test_a_store_that_was_moved_or_deleted_is_told_apart(folder: Path, tmp_path: Path) -> None:
    log_run(folder)
    moved = tmp_path / "moved"
    folder.rename(moved)
    with pytest.raises(RunError, match=r"embedded store must stand where it was made, got .*; delete it and log again"):
        log_run(moved)
    moved.rename(folder)
    client = client_of(folder)
    client.delete_experiment(client.get_experiment_by_name(TITLE).experiment_id)
    with pytest.raises(
        RunError, match=r"the experiment must not be deleted, got 'A fabricated study.*restore it there"
    ):
        log_run(folder)
    shutil.rmtree(folder / "mlflow")
    with pytest.raises(RunError, match=r"must not be deleted while it is open, got .*; start anew, log again"):
        log_run(folder)


def test_a_file_that_is_no_database_is_named_without_its_password(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_text("no database" * 100)
    with pytest.raises(RunError, match=r"store must be usable, got .*/bad\.db: DatabaseError; see that it runs"):
        log_run(folder, tracking_uri=f"sqlite:///{tmp_path}/bad.db")


def test_an_unreachable_server_is_named_without_its_password(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(RunError, match=r"store must be usable, got 127\.0\.0\.1:\d+: no usable answer; ") as caught:
        log_run(folder, tracking_uri=f"http://user:secret@127.0.0.1:{free_port()}")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_usage_reports_are_off_before_mlflow_starts() -> None:
    code = (
        "import pipelines.tracking, threading\n"
        "from mlflow.telemetry import get_telemetry_client\n"
        "print(get_telemetry_client(), threading.active_count())"
    )
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}  # no CI variable, which would switch it off as well
    done = subprocess.run([sys.executable, "-c", code], env=kept, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "1"]
