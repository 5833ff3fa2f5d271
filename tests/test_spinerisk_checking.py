"""What a check writes: the page for everybody, patients' rows for their owner only."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from schemas.errors import RunError
from schemas.registry import Registry, read_registry
from spinerisk.checking import describe_check, write_check

VISITS = pd.DataFrame({"row_id": ["3"], "reasons": ["odi: must be within 0 to 100"], "odi": ["431"]})


@pytest.fixture
def registry() -> Registry:
    table = pd.DataFrame({"patient": list("abcd"), "age": [61, 432.5, 50, 40], "sex": ["female", "male", "male", "x"]})
    tables = pd.DataFrame(
        {"table": ["operations", "visits"], "file": ["a.csv", "b.csv"], "sha256": ["0", "1"], "n_read": [4, 9],
         "n_valid": [2, 8], "n_quarantined": [2, 1]}
    )  # fmt: skip
    return replace(read_registry(table, "lumbar"), tables=tables, further_quarantine={"visits": VISITS})


def test_page_facts_and_faults_are_written(registry: Registry, tmp_path: Path):
    page = write_check(registry, tmp_path / "out")
    assert page == tmp_path / "out" / "data_quality.html"
    assert sorted(path.name for path in page.parent.iterdir()) == [
        "data_quality.html", "data_quality.json", "faults.csv", "private",
    ]  # fmt: skip
    facts = json.loads((page.parent / "data_quality.json").read_text(encoding="utf-8"))
    assert facts["facts"]["rows_read"] == 4
    assert facts["tables"]["tables"]["n_quarantined"] == [2, 1]
    assert pd.read_csv(page.parent / "faults.csv")["rows"].astype(str).tolist() == ["2", "4"]


def test_no_value_of_a_patient_leaves_the_private_folder(registry: Registry, tmp_path: Path):
    page = write_check(registry, tmp_path)
    for path in page.parent.glob("*.*"):
        assert "432.5" not in path.read_text(encoding="utf-8"), path.name


def test_quarantine_of_every_table_is_private(registry: Registry, tmp_path: Path):
    write_check(registry, tmp_path)
    private = tmp_path / "private"
    files = {path.name: path for path in private.iterdir()}
    assert sorted(files) == [".gitignore", "README.txt", "quarantine.parquet", "quarantine_visits.parquet"]
    assert {stat.S_IMODE(path.stat().st_mode) for name, path in files.items() if "quarantine" in name} == {0o600}
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert pd.read_parquet(files["quarantine.parquet"])["age"].tolist() == ["432.5", "40"]
    pd.testing.assert_frame_equal(pd.read_parquet(files["quarantine_visits.parquet"]), VISITS)


def test_a_second_check_replaces_the_first(registry: Registry, tmp_path: Path):
    first = write_check(registry, tmp_path).read_bytes()
    assert write_check(registry, tmp_path).read_bytes() == first


def test_quarantine_of_tables_that_are_gone_is_removed(registry: Registry, tmp_path: Path):
    write_check(registry, tmp_path)
    note = tmp_path / "private" / "quarantine.txt"
    note.write_text("a person's own", encoding="utf-8")
    write_check(replace(registry, further_quarantine={}), tmp_path)
    kept = sorted(path.name for path in note.parent.glob("quarantine*"))
    assert kept == ["quarantine.parquet", "quarantine.txt"]


def test_faults_show_the_first_rows_and_the_quarantine_all(tmp_path: Path):
    table = pd.DataFrame(
        {"patient": [f"p{row}" for row in range(40)], "age": [400.0] * 25 + [60.0] * 15, "sex": ["male"] * 40}
    )
    write_check(read_registry(table, "lumbar"), tmp_path)
    fault = pd.read_csv(tmp_path / "faults.csv").iloc[0]
    assert fault["count"] == 25
    assert fault["rows"] == ", ".join(map(str, range(1, 21))) + ", ..."
    kept = pd.read_parquet(tmp_path / "private" / "quarantine.parquet")["row_id"]
    assert kept.tolist() == [str(row) for row in range(1, 26)]


def test_counts_are_told_by_table(registry: Registry):
    facts = describe_check(registry, None)
    assert facts["written_to"] is None
    tables = facts["tables"]
    assert isinstance(tables, list)
    assert [(table["table"], table["n_read"], table["n_quarantined"]) for table in tables] == [
        ("operations", 4, 2), ("visits", 9, 1),
    ]  # fmt: skip


def test_a_file_in_the_place_of_the_folder_is_named(registry: Registry, tmp_path: Path):
    (tmp_path / "out").write_text("a letter")
    with pytest.raises(RunError, match=r"the output folder must be writable, got .*out'"):
        write_check(registry, tmp_path / "out")
