"""The same result gives the same bytes: run twice, rendered twice, and rendered elsewhere from what is on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from pipelines.locked import replacing_evaluation, validate_locked, write_validation
from pipelines.run import run_study
from pipelines.run_folder import ANSWERS, replacing, write_run
from reports.documents import DOCUMENTS
from reports.render.formats import FORMATS
from reports.run_folder import read_run_folder
from reports.tripod.answer_draft import draft_answers
from reports.writing import write_documents
from schemas.study import parse_study
from schemas.synthetic import simulate_registry

pytestmark = pytest.mark.slow

PLAN = """
title = "Twice the same"
definition = "lumbar"
seed = 11
outcomes = ["odi_mcid_12m", "any_complication_30d", "odi_12m_score"]
predictors = ["age", "sex", "bmi", "asa_class", "odi_0"]
models = ["xgboost", "lightgbm"]
subgroups = ["sex", "site"]
[split]
outer_folds = 2
inner_folds = 2
[tuning]
trials = 2
[bootstrap]
resamples = 0
[sensitivity.threshold_sets]
odi_mcid_12m = ["ostelo2008_30pct"]
[threshold_probabilities.any_complication_30d]
values = [0.1]
action = "closer follow-up"
"""
KINDS = ("run", "evaluation")
RENDER = "import sys; from pathlib import Path; from reports.writing import write_documents as w; w(Path(sys.argv[1]))"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return what one worker made and what two made: a run with answers, and its models on other data."""
    place = tmp_path_factory.mktemp("same_bytes")
    registry, later = (simulate_registry("lumbar", n=n, seed=n) for n in (600, 400))
    for workers in (1, 2):
        run = place / str(workers) / "run"
        with replacing(run) as folder:
            write_run(run_study(parse_study(PLAN, folder=Path()), registry, workers=workers), folder)
            (folder / ANSWERS).write_text(draft_answers(read_run_folder(folder)), encoding="utf-8")
            write_documents(folder)
        with replacing_evaluation(place / str(workers) / "evaluation") as folder:
            write_validation(validate_locked(run, later, dataset="later"), folder)
            write_documents(folder)
    return place / "1", place / "2"


def list_files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its path there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def list_differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Return the files that only one has, or that are not the same in both."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def remove_documents(folder: Path) -> set[str]:
    """Delete everything that rendering writes, and return what is left."""
    facts = read_run_folder(folder)
    further = {name for document in DOCUMENTS.values() for name in document.list_further(facts)}
    names = further | {f"{document}.{form}" for document in DOCUMENTS for form in FORMATS}
    for path in (*(folder / "share" / name for name in names), *(folder / "share" / "figures").iterdir()):
        path.unlink()
    return set(list_files(folder))


def test_the_same_study_gives_the_same_files_whatever_the_number_of_workers(runs: tuple[Path, Path]) -> None:
    one, two = (list_files(folder) for folder in runs)
    assert list_differing(one, two) == []
    shared = {"run.json", "share/report.pdf", "share/audit.docx", "share/tripod.csv", "share/comparison.html"}
    assert {f"{kind}/{name}" for kind in KINDS for name in shared} <= set(one)
    assert any(name.endswith("xgboost.ubj") for name in one)
    assert any("/private/" in name and name.endswith(".parquet") for name in one)


@pytest.mark.parametrize("kind", KINDS)
def test_another_process_elsewhere_renders_the_same_files_from_disk(
    runs: tuple[Path, Path], tmp_path: Path, kind: str
) -> None:
    copy = copytree(runs[0] / kind, tmp_path / "another place" / "renamed")
    kept = remove_documents(copy)
    assert not [name for name in kept if name.endswith((".html", ".pdf", ".docx", ".svg"))]
    unlike = {"PYTHONHASHSEED": "77", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "86400"}
    subprocess.run([sys.executable, "-c", RENDER, str(copy)], check=True, cwd=tmp_path, env=os.environ | unlike)
    assert list_differing(list_files(copy), list_files(runs[0] / kind)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_rendering_over_what_stands_there_changes_nothing(runs: tuple[Path, Path], kind: str) -> None:
    before = list_files(runs[1])
    written = write_documents(runs[1] / kind)
    assert len(written) > len(DOCUMENTS) * len(FORMATS)
    assert list_differing(before, list_files(runs[1])) == []
