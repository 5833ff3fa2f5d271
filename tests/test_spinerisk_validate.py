"""``spinerisk validate``: from a run and a file to a folder with documents, without a patient outside ``private/``."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.run import run_study
from pipelines.run_folder import write_run
from reports.blocks import Text
from reports.comparison import COMPARISON
from reports.documents import DOCUMENTS
from reports.run_folder import read_run_folder
from schemas.registry import read_registry
from schemas.study import parse_study
from schemas.synthetic import simulate_registry, write_synthetic
from spinerisk.cli import app

pytestmark = pytest.mark.slow

PLAN = """
title = "locked before"
definition = "lumbar"
seed = 5
outcomes = ["any_complication_30d"]
predictors = ["age", "sex", "odi_0"]
models = ["elastic_net"]
subgroups = ["sex"]
[split]
outer_folds = 2
inner_folds = 2
[bootstrap]
resamples = 0
[tuning]
trials = 2
[threshold_probabilities.any_complication_30d]
values = [0.1]
action = "closer follow-up"
"""
NAME, AGE = "QX-UNMISTAKABLE-77", "61.2379"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run, its data, and a later file in which one patient is unmistakable."""
    folder = tmp_path_factory.mktemp("validate")
    first = write_synthetic(simulate_registry("lumbar", n=400, seed=21), folder / "first")
    registry = read_registry(first, first.with_name("lumbar_definition.toml"))
    (folder / "run").mkdir()
    write_run(run_study(parse_study(PLAN, folder=Path()), registry), folder / "run")
    source = write_synthetic(simulate_registry("lumbar", n=400, seed=22), folder / "second")
    table = pd.read_csv(source, dtype=str, keep_default_na=False)
    table.loc[7, ["patient", "age"]] = [NAME, AGE]
    table.loc[11, "age"] = "-4"
    table.to_csv(folder / "later.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def evaluated(place: Path) -> tuple[Path, int, str]:
    out = place / "evaluation"
    done = CliRunner().invoke(app, ["validate", str(place / "run"), str(place / "later.csv"), "--out", str(out)])
    return out, done.exit_code, done.output


def test_the_folder_has_all_documents_and_says_that_a_row_was_quarantined(evaluated: tuple[Path, int, str]) -> None:
    out, code, printed = evaluated
    assert code == 3
    assert "any_complication_30d: locked models on later" in printed
    assert "documents and tables are in share/" in " ".join(printed.split())
    for name in DOCUMENTS:
        for form in ("html", "pdf", "docx"):
            assert (out / "share" / f"{name}.{form}").stat().st_size > 0
    run = read_run_folder(out)
    assert run.facts.kind == "evaluation"
    assert run.facts.developed is not None
    assert run.facts.developed.title == "locked before"
    (data,) = run.facts.data
    assert (data.dataset, data.validation, data.n_read, data.n_quarantined) == ("later", "external", 400, 1)


def test_documents_are_about_the_evaluation(evaluated: tuple[Path, int, str]) -> None:
    run = read_run_folder(evaluated[0])
    report = COMPARISON.build(run)
    texts = [text.text for text in report.texts()]
    assert texts[1].startswith("An evaluation of locked models.")
    elsewhere = "nothing was fitted here. See the documents of the study \u201clocked before\u201d."
    for name in ("stability", "optimism", "sensitivity", "tuning", "explanations"):
        (sentence,) = COMPARISON.sections[name].build(run)
        assert isinstance(sentence, Text)
        assert sentence.text.endswith(elsewhere)
    assert not any("a study asks for" in text.lower() or "name models under" in text.lower() for text in texts)
    names = {table.name for table in report.tables()}
    assert {"developed", "bundles", "shift-any-complication-30d-later"} <= names
    sections = [text.anchor for text in report.texts() if text.kind == "section"]
    assert sections == list(COMPARISON.sections)


def read_parts(path: Path) -> Iterator[bytes]:
    """Yield what a file holds; of a Word file its parts."""
    if path.suffix != ".docx":
        yield path.read_bytes()
        return
    with zipfile.ZipFile(path) as archive:
        yield from (archive.read(name) for name in archive.namelist())


def test_no_value_of_a_patient_leaves_the_private_folder(evaluated: tuple[Path, int, str]) -> None:
    out, _, printed = evaluated
    private = pd.read_parquet(out / "private" / "predictions.parquet")
    assert NAME in set(private["patient"])
    shared = [path for path in out.rglob("*") if path.is_file() and not path.is_relative_to(out / "private")]
    assert len(shared) > 30
    for path in shared:
        for part in read_parts(path):
            assert NAME.encode() not in part, path.name
            assert AGE.encode() not in part, path.name
    assert NAME not in printed


def test_a_bundle_of_the_run_is_a_target_too(place: Path) -> None:
    out = place / "one"
    bundle = place / "run" / "models" / "any_complication_30d" / "elastic_net"
    arguments = [
        "validate",
        str(bundle),
        str(place / "later.csv"),
        "--out",
        str(out),
        "--subgroup",
        "asa_class",
        "--json",
    ]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 3, done.output
    run = read_run_folder(out)
    assert [(model.name, model.role) for model in run.facts.models] == [("elastic_net", "reference")]
    assert run.facts.study.subgroups == ("asa_class",)
    assert set(run.tables["gaps"]["subgroup"]) == {"asa_class"}
    assert json.loads(done.stdout)["written_to"] == str(out)


def test_by_default_the_folder_is_named_after_both(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    done = CliRunner().invoke(app, ["validate", "run", "later.csv", "--quiet"])
    assert done.exit_code == 3, done.stderr
    assert (place / "runs" / "run_on_later" / "run.json").is_file()


def test_what_cannot_be_used_is_said_and_nothing_is_written(place: Path, tmp_path: Path) -> None:
    run, later = place / "run", place / "later.csv"
    cases = {
        "a finished run must be given": (tmp_path, later),
        "data to validate on must be other data than those of development": (run, place / "first" / "lumbar.csv"),
        "the data must be a readable file": (run, place / "nowhere.csv"),
    }
    for message, (target, data) in cases.items():
        out = tmp_path / "out"
        done = CliRunner().invoke(app, ["validate", str(target), str(data), "--out", str(out)])
        assert done.exit_code == 2, message
        assert message in " ".join(done.stderr.split())
        assert not out.exists()
        assert not list(tmp_path.glob(".out*"))


def test_the_run_itself_is_never_overwritten(place: Path) -> None:
    arguments = ["validate", str(place / "run"), str(place / "later.csv"), "--out", str(place / "run")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "must be new, empty or an earlier evaluation" in " ".join(done.stderr.split())
    assert (place / "run" / "models").is_dir()
