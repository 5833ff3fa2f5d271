"""Locked models on other data: the same numbers as in the run, nothing fitted, nothing accepted that was altered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.locked import describe_validation, validate_locked, write_validation
from pipelines.run import run_study
from pipelines.run_folder import write_run
from schemas.errors import BundleError, RunError, StudyError
from schemas.registry import Registry
from schemas.study import parse_study
from schemas.synthetic import simulate_registry
from schemas.tables import EVALUATION
from spinerisk.cli import app
from spinerisk.validating import list_notes, tabulate_validation

PLAN = """
title = "to be locked"
definition = "lumbar"
seed = 5
outcomes = ["any_complication_30d", "odi_12m_score"]
predictors = ["age", "sex", "asa_class", "odi_0"]
models = ["elastic_net"]
subgroups = ["sex"]
calibration = "logistic"
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


@pytest.fixture(scope="module")
def later() -> Registry:
    return simulate_registry("lumbar", n=500, seed=22)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, later: Registry) -> tuple[Path, pd.DataFrame]:
    study = parse_study(PLAN, folder=Path())
    result = run_study(study, simulate_registry("lumbar", n=500, seed=21), validate_on={"later": later})
    folder = tmp_path_factory.mktemp("locked") / "run"
    folder.mkdir()
    write_run(result, folder)
    return folder, result.evaluation


def test_locked_models_give_the_numbers_that_the_run_gave_on_these_data(
    run: tuple[Path, pd.DataFrame], later: Registry
) -> None:
    folder, evaluation = run
    found = validate_locked(folder, later, dataset="later").tables["evaluation"]
    assert list(found.columns) == list(EVALUATION)
    keys = ["outcome", "model", "subgroup", "level", "metric", "threshold_probability"]
    own = evaluation[(evaluation["dataset"] == "later") & evaluation["model"].isin(found["model"])]
    both = found.merge(own, on=keys, suffixes=("", "_run"), validate="one_to_one")
    assert len(both) == len(found) == len(own)
    for name in ("estimate", "n", "events"):
        pd.testing.assert_series_equal(both[name], both[f"{name}_run"], check_names=False, rtol=1e-9)


def test_what_is_written_can_be_traced_and_holds_no_patient(
    run: tuple[Path, pd.DataFrame], later: Registry, tmp_path: Path
) -> None:
    found = validate_locked(run[0], later, dataset="later")
    write_validation(found, tmp_path / "out")
    said = json.loads((tmp_path / "out" / "validation.json").read_text())
    assert said == json.loads(json.dumps(describe_validation(found)))
    assert said["data"]["fingerprint"] == later.fingerprint
    assert set(said["bundles"]["any_complication_30d"]) >= {"spline_logistic", "elastic_net"}
    for path in (tmp_path / "out" / "share").rglob("*.csv"):
        assert not {"patient", "row_id", "y_true"} & set(pd.read_csv(path, nrows=0).columns), path.name
    with pytest.raises(RunError, match="the output folder must be new or empty"):
        write_validation(found, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_write_that_failed_leaves_nothing_in_the_way(
    run: tuple[Path, pd.DataFrame], later: Registry, tmp_path: Path
) -> None:
    found = validate_locked(run[0], later, dataset="later")
    cannot_be_written = replace(found, tables={**found.tables, "no/such/folder": found.tables["flow"]})
    with pytest.raises(RunError, match="the output folder must be writable"):
        write_validation(cannot_be_written, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    write_validation(found, tmp_path / "out")
    assert (tmp_path / "out" / "validation.json").is_file()
    assert (tmp_path / "out" / "private").stat().st_mode & 0o777 == 0o700


def test_what_is_printed_has_titles_differences_and_shortfalls(run: tuple[Path, pd.DataFrame], later: Registry) -> None:
    found = validate_locked(run[0], later, dataset="later")
    tables = tabulate_validation(found)
    titles = list(tables)
    assert titles[0].startswith("any_complication_30d: locked models on later, n ")
    assert titles[1].startswith("any_complication_30d: model minus spline_logistic")
    assert "events" not in titles[2]
    measures = [row["measure"] for row in tables[titles[0]]]
    assert {"C-statistic (AUROC)", "Log loss", "Observed / expected events"} <= set(measures)
    (difference,) = tables[titles[1]]
    comparison = found.tables["comparison"]
    at = (comparison["metric"] == "log_loss") & (comparison["model"] == "elastic_net")
    assert difference["elastic_net"].startswith(f"{comparison[at]['estimate'].iloc[0]:.4f} (")
    notes = list_notes(found)
    assert any("validating on later asks for" in note for note in notes)
    assert notes[-1].startswith("there is no page: all numbers are tables in share/")


def test_that_patients_may_be_in_both_is_said_and_is_no_alarm(run: tuple[Path, pd.DataFrame], later: Registry) -> None:
    found = validate_locked(run[0], later, dataset="later")
    assert found.notes == ()
    (told,) = found.remarks
    assert "cannot be checked, as model bundles hold no patients" in told
    assert told in describe_validation(found)["notes"]  # type: ignore[operator]
    columns = {name: column for name, column in later.columns.items() if name != "patient"}
    other = validate_locked(run[0], replace(later, columns=columns), dataset="later")
    assert other.remarks[1] == "the data have no column patient: every operation counts as a patient of its own"


def test_the_development_data_are_refused(run: tuple[Path, pd.DataFrame]) -> None:
    with pytest.raises(StudyError, match="must be other data than those of development, got the same"):
        validate_locked(run[0], simulate_registry("lumbar", n=500, seed=21), dataset="again")


def test_an_altered_bundle_is_refused(run: tuple[Path, pd.DataFrame], later: Registry) -> None:
    file = run[0] / "models" / "any_complication_30d" / "elastic_net" / "preprocess.json"
    text = file.read_text()
    try:
        file.write_text(text.replace("1", "2", 1))
        with pytest.raises(BundleError, match="was altered"):
            validate_locked(run[0], later, dataset="later")
    finally:
        file.write_text(text)


def test_the_command_says_what_must_be_so(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a\n1\n")
    done = CliRunner().invoke(app, ["validate", str(tmp_path), str(tmp_path / "data.csv")])
    assert done.exit_code != 0
    assert isinstance(done.exception, RunError)
    assert "a finished run must be given" in str(done.exception)
