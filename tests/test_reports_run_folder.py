"""A run's folder as its reader sees it: what older runs lack, what an evaluation says, what the authors wrote."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from test_reports_report import write_run

from pipelines.provenance import compute_code_sha256, read_own_version
from reports.blocks import Table, Text
from reports.documents import DOCUMENTS
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


def test_the_hash_of_the_facts_is_that_of_the_file(folder: Path) -> None:
    first = read_run_folder(folder).facts_sha256
    assert first == hashlib.sha256((folder / "run.json").read_bytes()).hexdigest()
    change_record(folder, platform="\u00e9lan")
    second = read_run_folder(folder).facts_sha256
    assert second == hashlib.sha256((folder / "run.json").read_bytes()).hexdigest()
    assert first != second


def written_by(folder: Path, **values: object) -> list[list[str]]:
    """Return what each document of a run that says this of its version tells of it, all in its first section."""
    change_record(folder, **values)
    run = read_run_folder(folder)
    told = []
    for one in DOCUMENTS.values():
        texts = [block for block in one.build(run).blocks if isinstance(block, Text)]
        second = [block.kind for block in texts].index("section", 1)
        assert not any("The tables were written" in block.text for block in texts[second:])
        told.append([block.text for block in texts[:second] if "The tables were written" in block.text])
    return told


def test_documents_say_which_version_wrote_the_tables_where_it_is_another(folder: Path) -> None:
    version, code = read_own_version(), compute_code_sha256()
    assert written_by(folder, spinerisk=version, code_sha256=code) == [[], [], []]
    rendered = f"this document was rendered from them by spinerisk {version} (code {code[:12]})."
    wrote = "The tables were written, and small counts left out of them, by spinerisk"
    other = written_by(folder, spinerisk=version, code_sha256="e" * 64)
    assert other == [[f"{wrote} {version} (code {'e' * 12}); {rendered}"]] * 3
    older = written_by(folder, spinerisk="0.0.9", code_sha256=None)
    assert older == [[f"{wrote} 0.0.9 (code not recorded); {rendered}"]] * 3


def test_every_table_with_a_suppressed_cell_says_why_once(folder: Path) -> None:
    run = read_run_folder(folder)
    frame = run.tables["procedures"]
    tables = run.tables | {"procedures": frame.assign(status="suppressed")}
    for one in DOCUMENTS.values():
        found = [block for block in one.build(replace(run, tables=tables)).blocks if isinstance(block, Table)]
        marked = [table for table in found if any(cell.style == "suppressed" for row in table.rows for cell in row)]
        assert marked
        assert all(sum("Suppressed:" in note for note in table.notes) == 1 for table in marked)


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
