"""The command line as its user meets it: messages, exit codes, nothing half-written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
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
[bootstrap]
resamples = 0
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


def test_help_says_that_every_table_can_be_written():
    said = " ".join(spinerisk("list", "--help").stdout.replace("│", " ").split())
    assert "Write any of these tables to a file (.csv)" in said
    assert "Of columns:" not in said


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


@pytest.fixture(scope="module")
def finished(folder: Path) -> tuple[Path, dict[str, object]]:
    """A small study run from its file, with a second dataset, and what it printed as JSON."""
    later = folder / "later"
    write_synthetic(simulate_registry("lumbar", n=200, seed=6), later)
    (folder / "run.toml").write_text(STUDY.replace('["odi_mcid_12m"]', '["odi_mcid_12m", "reherniation_24m"]'))
    out = folder / "run out [a]"
    done = spinerisk(
        "run", folder / "run.toml", "--out", out, "--json", "--workers", "1",
        "--validate-on", f"{later / 'lumbar.csv'}={later / 'lumbar_definition.toml'}",
    )  # fmt: skip
    assert done.returncode == 3, done.stderr  # the simulated patients of both have the same names
    return out, json.loads(done.stdout)


@pytest.mark.slow
def test_a_run_tells_a_machine_numbers(finished: tuple[Path, dict[str, object]]):
    out, said = finished
    rows = {(row["outcome"], row["validation"], row["model"]): row for row in said["results"]}
    assert {key[1] for key in rows} == {"internal", "external"}
    own = rows["odi_mcid_12m", "internal", "elastic_net"]["c_statistic"]
    assert own["lower"] < own["estimate"] < own["upper"]
    assert said["report"] == str(out / "share" / "report.html")


@pytest.mark.slow
def test_a_run_leaves_a_whole_folder(finished: tuple[Path, dict[str, object]]):
    out, _ = finished
    names = sorted(path.name for path in out.iterdir())
    assert names == ["definition.toml", "mlflow", "models", "private", "run.json", "share", "study.toml"]
    assert (out / "mlflow" / "mlflow.db").is_file()
    assert list((out / "share" / "figures").glob("*.svg"))
    assert (out / "private").stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_the_report_is_the_same_when_written_again(finished: tuple[Path, dict[str, object]]):
    out, _ = finished
    before = (out / "share" / "report.html").read_bytes()
    done = spinerisk("report", out)
    assert done.returncode == 0, done.stderr
    assert (out / "share" / "report.html").read_bytes() == before


@pytest.mark.slow
def test_a_saved_model_predicts_a_file(finished: tuple[Path, dict[str, object]], tmp_path: Path):
    out, _ = finished
    risks = tmp_path / "risks.csv"
    done = spinerisk(
        "predict", out / "models" / "odi_mcid_12m" / "elastic_net", out.parent / "lumbar.csv", "--out", risks
    )
    assert done.returncode == 0, done.stderr
    assert len(risks.read_text().splitlines()) == 301


@pytest.mark.slow
def test_a_run_is_repeated_from_its_own_folder(finished: tuple[Path, dict[str, object]], tmp_path: Path):
    out, _ = finished
    data = out.parent / "lumbar.csv"
    done = spinerisk(
        "run", out / "study.toml", "--data", data, "--out", tmp_path / "again", "--workers", "1", "--quiet"
    )
    assert done.returncode == 0, done.stderr
    first, again = (folder / "share" / "tuning.csv" for folder in (out, tmp_path / "again"))
    assert first.read_bytes() == again.read_bytes()


@pytest.mark.slow
def test_an_earlier_run_with_a_stranger_in_it_is_left_alone(finished: tuple[Path, dict[str, object]]):
    out, _ = finished
    (out / "thesis.docx").write_text("keep me")
    done = spinerisk("run", out / "study.toml", "--data", out.parent / "lumbar.csv", "--out", out)
    (out / "thesis.docx").unlink()
    assert done.returncode == 2
    assert "which holds something else" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0, 1])
def test_an_interrupt_leaves_nothing(folder: Path, tmp_path: Path, delay: int):
    (folder / "long.toml").write_text(STUDY.replace("trials = 2", "trials = 200"))
    command = [
        sys.executable,
        "-m",
        "spinerisk",
        "run",
        folder / "long.toml",
        "--out",
        tmp_path / "out",
        "--workers",
        "2",
    ]
    # a terminal sends the interrupt to the whole group: to the workers too, which still import just then
    with subprocess.Popen(
        list(map(str, command)), stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        assert running.stderr is not None
        running.stderr.readline()  # "0 of 4 steps done"
        time.sleep(delay)
        os.killpg(running.pid, signal.SIGINT)
        said = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    assert "interrupted; nothing was written" in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_dead_server_loses_nothing(folder: Path, tmp_path: Path):
    command = [
        sys.executable,
        "-m",
        "spinerisk",
        "run",
        folder / "study.toml",
        "--out",
        tmp_path / "out",
        "--workers",
        "1",
    ]
    environment = {**os.environ, "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env=environment, timeout=300, check=False
    )
    assert done.returncode == 3, done.stderr
    assert "could not be logged to MLflow" in done.stdout
    assert (tmp_path / "out" / "share" / "report.html").is_file()
