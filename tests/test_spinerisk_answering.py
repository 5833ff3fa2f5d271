"""The author's file on disk: found beside a study, drafted once, kept with a run, never lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_reports_report import write_run

from reports.run_folder import read_run_folder
from schemas.errors import InputError, RunError
from spinerisk.answering import check_answers, find_answers, gather_answers, keep_answers, write_draft
from spinerisk.exit_codes import DONE, UNUSABLE_INPUT

ETHICS = '[items.17]\ntext = "Approved."\n'
FUNDING = '[items.18a]\ntext = "None."\n'


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return write_run(tmp_path / "knee")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_answers_are_found_beside_the_study(tmp_path: Path) -> None:
    study = write(tmp_path / "knee.toml", "")
    assert find_answers(study) is None
    beside = write(tmp_path / "knee.tripod.toml", ETHICS)
    assert find_answers(study) == beside
    assert check_answers(beside) == ETHICS


def test_unreadable_answers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"answers must be a readable TOML file, got .*No such file"):
        check_answers(tmp_path / "absent.tripod.toml")
    (tmp_path / "latin.toml").write_bytes(b'title = "\xe9"')
    with pytest.raises(InputError, match="must be text in UTF-8"):
        check_answers(tmp_path / "latin.toml")
    with pytest.raises(InputError, match=r"wrong\.toml must hold answers that can be used"):
        check_answers(write(tmp_path / "wrong.toml", "[items.99]"))


def test_answers_go_into_a_run_and_from_there_into_its_documents(run_dir: Path, tmp_path: Path) -> None:
    kept = keep_answers(run_dir, write(tmp_path / "mine.toml", ETHICS))
    assert kept == run_dir / "tripod.toml"
    assert read_run_folder(run_dir).answers_text == ETHICS


def test_answers_that_a_run_holds_are_not_lost(run_dir: Path, tmp_path: Path) -> None:
    keep_answers(run_dir, write(tmp_path / "mine.toml", ETHICS))
    with pytest.raises(InputError, match=r"no answer must be lost, but .*tripod\.toml' answers items\.17"):
        keep_answers(run_dir, write(tmp_path / "other.toml", FUNDING))
    assert (run_dir / "tripod.toml").read_text(encoding="utf-8") == ETHICS
    keep_answers(run_dir, write(tmp_path / "both.toml", ETHICS.replace("Approved", "Waived") + FUNDING))
    assert "Waived" in (run_dir / "tripod.toml").read_text(encoding="utf-8")


def test_answers_to_what_the_run_has_filled_are_not_kept(run_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"items\.13: is filled"):
        keep_answers(run_dir, write(tmp_path / "mine.toml", '[items.13]\ntext = "x"'))
    assert not (run_dir / "tripod.toml").exists()


def test_a_new_run_takes_the_answers_beside_the_study_or_those_of_the_run_before(run_dir: Path, tmp_path: Path) -> None:
    study = write(tmp_path / "plan.toml", "")
    assert gather_answers(study, run_dir) == ""
    write(run_dir / "tripod.toml", ETHICS)
    assert gather_answers(study, run_dir) == ETHICS
    write(tmp_path / "plan.tripod.toml", FUNDING)
    with pytest.raises(InputError, match="no answer must be lost"):
        gather_answers(study, run_dir)
    write(tmp_path / "plan.tripod.toml", ETHICS + FUNDING)
    assert gather_answers(study, run_dir) == ETHICS + FUNDING


def test_a_draft_never_replaces_a_file(run_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "mine.tripod.toml"
    path, standing = write_draft(run_dir, out)
    assert path == out
    assert standing.startswith("Of 52 subitems")
    assert check_answers(out).startswith("# Answers to the points of TRIPOD+AI")
    with pytest.raises(InputError, match="must not replace a file"):
        write_draft(run_dir, out)
    with pytest.raises(InputError, match="into a TOML file"):
        write_draft(run_dir, tmp_path / "mine.txt")
    with pytest.raises(RunError, match=r"must hold a readable run\.json"):
        write_draft(tmp_path / "no_run", tmp_path / "other.toml")
    write(tmp_path / "file", "")
    with pytest.raises(RunError, match="must be writable"):
        write_draft(run_dir, tmp_path / "file" / "mine.toml")


def spinerisk(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spinerisk", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300, check=False)


@pytest.mark.slow
def test_the_commands_draft_and_keep(run_dir: Path, tmp_path: Path) -> None:
    drafted = spinerisk("tripod", run_dir, "--json", cwd=tmp_path)
    assert json.loads(drafted.stdout)["written_to"] == "knee.tripod.toml"
    again = spinerisk("tripod", run_dir, cwd=tmp_path)
    assert again.returncode == UNUSABLE_INPUT
    assert "must not replace a file" in again.stderr
    draft = tmp_path / "knee.tripod.toml"
    text = draft.read_text(encoding="utf-8").replace('[items.17]\ntext = """\n"""', ETHICS)
    write(draft, text)
    done = spinerisk("report", run_dir, "--only", "report", "--format", "html", "--answers", draft, cwd=tmp_path)
    assert done.returncode == DONE, done.stderr
    assert (run_dir / "tripod.toml").read_text(encoding="utf-8") == text
    assert "Approved." in (run_dir / "share" / "report.html").read_text(encoding="utf-8")
    absent = spinerisk("report", run_dir, "--answers", tmp_path / "absent.toml", cwd=tmp_path)
    assert absent.returncode == UNUSABLE_INPUT
