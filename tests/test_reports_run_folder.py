"""A run's folder as its reader sees it: what older runs lack, what an evaluation says, what the authors wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_reports_report import write_run

from reports.run_folder import ADDED_LATER, NUMBERS, read_run_folder
from schemas.errors import RunError
from schemas.tables import CURVES, SHARE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


def change_record(folder: Path, **values: object) -> None:
    path = folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


def remove_added(folder: Path) -> None:
    for name in ADDED_LATER:
        place = folder / "share" / "curves" if name in CURVES else folder / "share"
        (place / f"{name}.csv").unlink(missing_ok=True)


def test_an_older_run_lacks_what_was_added_later_and_is_read_all_the_same(folder: Path) -> None:
    remove_added(folder)
    run = read_run_folder(folder)
    for name in ADDED_LATER:
        columns = (SHARE | CURVES)[name]
        assert run.tables[name].empty
        assert tuple(run.tables[name].columns) == columns
        kinds = run.tables[name].dtypes
        assert all((kinds[column] == "float64") == (column in NUMBERS) for column in columns)


def test_any_other_table_that_lacks_is_missed(folder: Path) -> None:
    (folder / "share" / "case_mix.csv").unlink()
    with pytest.raises(RunError, match="a run's folder must hold a readable case_mix"):
        read_run_folder(folder)


def test_a_run_says_nothing_of_its_kind_before_there_were_two(folder: Path) -> None:
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for key in ("kind", "developed", "bundles"):
        record.pop(key, None)
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    facts = read_run_folder(folder).facts
    assert (facts.kind, facts.developed, facts.bundles) == ("development", None, ())


def test_an_evaluation_says_where_its_models_come_from(folder: Path) -> None:
    data = {"dataset": "development", "source": "old.csv", "fingerprint": "f00", "n_valid": 900, "synthetic": False}
    change_record(
        folder,
        kind="evaluation",
        developed={"title": "the first study", "study_sha256": "abc", "data": [data]},
        bundles=[{"outcome": "died", "model": "elastic_net", "sha256": "123"}],
    )
    facts = read_run_folder(folder).facts
    assert facts.kind == "evaluation"
    assert facts.developed is not None
    assert (facts.developed.title, facts.developed.data[0].n_valid) == ("the first study", 900)
    assert [(one.outcome, one.model, one.sha256) for one in facts.bundles] == [("died", "elastic_net", "123")]


def test_a_kind_that_nobody_knows_is_refused(folder: Path) -> None:
    change_record(folder, kind="rehearsal")
    with pytest.raises(RunError, match="kind: Input should be 'development' or 'evaluation'"):
        read_run_folder(folder)


def test_what_the_authors_wrote_is_read_where_they_wrote_it(folder: Path) -> None:
    assert read_run_folder(folder).answers_text == ""
    (folder / "tripod.toml").write_text('registration = "none \u2013 yet"\n', encoding="utf-8")
    assert read_run_folder(folder).answers_text == 'registration = "none \u2013 yet"\n'
