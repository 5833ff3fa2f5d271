"""The command line as its user meets it: messages, exit codes, nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.synthetic import simulate_registry, write_synthetic

STUDY = """
title = "a small study"
definition = "lumbar_definition.toml"
data = "lumbar.csv"
seed = 1
outcomes = ["odi_mcid_12m"]
predictors = ["age", "sex", "odi_0"]
models = ["elastic_net"]
[split]
outer_folds = 3
inner_folds = 2
[tuning]
trials = 2
"""


def spinerisk(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spinerisk", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    write_synthetic(simulate_registry("lumbar", n=300, seed=5), folder)
    (folder / "study.toml").write_text(STUDY)
    return folder


def refused(folder: Path, tmp_path: Path, *swaps: tuple[str, str], data: Path | None = None) -> str:
    """Run a study with a fault and return what it says, having checked how it ended."""
    text = STUDY
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    study = folder / f"{tmp_path.name}.toml"
    study.write_text(text)
    out = tmp_path / "out"
    done = spinerisk("run", study, "--out", out, *(["--data", data] if data else []))
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) in ([], [data])
    return " ".join(done.stderr.split())


def test_help_lists_every_command():
    done = spinerisk("--help")
    assert done.returncode == 0
    for command in ("demo", "check", "run", "report", "predict", "list"):
        assert command in done.stdout


@pytest.mark.parametrize(
    "table", ["outcomes", "models", "metrics", "instruments", "threshold-sets", "columns", "splits"]
)
def test_every_table_is_listed_for_machines(table: str):
    done = spinerisk("list", table, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert len({row["name"] for row in rows}) == len(rows) > 0


def test_an_unknown_table_names_the_nearest():
    done = spinerisk("list", "outcome")
    assert done.returncode == 2
    assert "nearest is 'outcomes'" in done.stderr


def test_a_wrong_flag_is_refused():
    assert spinerisk("run", "study.toml", "--dta", "x").returncode == 2


def test_a_missing_file(folder: Path, tmp_path: Path):
    assert "No such file" in refused(folder, tmp_path, data=Path("/nowhere/registry.csv"))


def test_a_missing_study(tmp_path: Path):
    done = spinerisk("run", tmp_path / "absent.toml")
    assert done.returncode == 2
    assert "must be a readable TOML file" in done.stderr


def test_an_empty_file(folder: Path, tmp_path: Path):
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "empty" in refused(folder, tmp_path, data=empty)


def test_a_wrong_column_name_offers_the_nearest(folder: Path, tmp_path: Path):
    renamed = tmp_path / "renamed.csv"
    renamed.write_text((folder / "lumbar.csv").read_text().replace(",age,", ",agee,", 1))
    said = refused(folder, tmp_path, data=renamed)
    assert "'age'" in said
    assert "'agee'" in said


def test_a_text_where_a_number_must_be(folder: Path, tmp_path: Path):
    lines = (folder / "lumbar.csv").read_text().splitlines()
    at = lines[0].split(",").index("odi_0")
    rows = [line.split(",") for line in lines[1:]]
    broken = tmp_path / "texts.csv"
    broken.write_text("\n".join([lines[0], *(",".join([*r[:at], "unmistakable", *r[at + 1 :]]) for r in rows)]) + "\n")
    said = refused(folder, tmp_path, data=broken)
    assert "odi_0" in said
    assert "number" in said
    assert "unmistakable" not in said


def test_an_unknown_outcome(folder: Path, tmp_path: Path):
    assert "nearest is 'odi_mcid_12m'" in refused(folder, tmp_path, ('"odi_mcid_12m"', '"odi_mcid_12"'))


def test_an_unknown_model(folder: Path, tmp_path: Path):
    assert "nearest is 'elastic_net'" in refused(folder, tmp_path, ('"elastic_net"', '"elasticnet"'))


def test_a_leaking_predictor(folder: Path, tmp_path: Path):
    assert "length_of_stay_days: leaks" in refused(folder, tmp_path, ('"age"', '"length_of_stay_days"'))


def test_a_typo_in_a_key(folder: Path, tmp_path: Path):
    assert "nearest is 'trials'" in refused(folder, tmp_path, ("trials = 2", "trails = 2"))


def test_no_toml(folder: Path, tmp_path: Path):
    assert "must be TOML" in refused(folder, tmp_path, ("seed = 1", "seed = = 1"))


def test_fewer_events_than_folds_in_every_outcome(folder: Path, tmp_path: Path):
    few = tmp_path / "few.csv"
    few.write_text("\n".join((folder / "lumbar.csv").read_text().splitlines()[:5]) + "\n")
    assert "at least the 3 outer folds" in refused(folder, tmp_path, data=few)


def test_an_output_folder_with_something_else_is_left_alone(folder: Path, tmp_path: Path):
    (tmp_path / "letter.txt").write_text("keep me")
    done = spinerisk("run", folder / "study.toml", "--out", tmp_path)
    assert done.returncode == 2
    assert "which holds something else" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_check_keeps_faulty_rows_apart(folder: Path, tmp_path: Path):
    lines = (folder / "lumbar.csv").read_text().splitlines()
    at = lines[0].split(",").index("age")
    row = lines[1].split(",")
    faulty = tmp_path / "faulty.csv"
    faulty.write_text("\n".join([lines[0], ",".join([*row[:at], "431", *row[at + 1 :]]), *lines[2:]]) + "\n")
    definition = folder / "lumbar_definition.toml"
    done = spinerisk("check", faulty, "--definition", definition, "--out", tmp_path / "out", "--json")
    assert done.returncode == 3, done.stderr
    facts = json.loads(done.stdout)
    assert facts["rows_valid"] + facts["rows_quarantined"] == facts["rows_read"] == 300
    assert [(fault["column"], fault["count"], fault["rows"]) for fault in facts["faults"]] == [("age", 1, "1")]
    assert "431" not in done.stdout + done.stderr
    assert (tmp_path / "out" / "private" / "quarantine.parquet").is_file()


def test_check_of_a_clean_file_is_done(folder: Path):
    done = spinerisk("check", folder / "lumbar.csv", "--definition", folder / "lumbar_definition.toml")
    assert done.returncode == 0, done.stderr
    assert "rows valid: 300" in done.stdout


def test_quiet_says_nothing(folder: Path):
    done = spinerisk("check", folder / "lumbar.csv", "--definition", folder / "lumbar_definition.toml", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
