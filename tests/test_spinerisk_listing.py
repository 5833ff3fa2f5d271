"""The printed list of metrics: on the terminal, as a table and as a page, and as it stands in the documentation."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipelines.metrics import METRICS
from reports.reference.metrics_page import COLUMNS, render_metrics_markdown
from schemas.errors import InputError
from spinerisk.listing import list_table, write_table

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"


def test_the_page_has_every_metric_as_it_is() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == render_metrics_markdown(), "run `spinerisk list metrics --out docs/metrics.md`"
    for name, metric in METRICS.items():
        assert f"| `{name}` | {metric.title} |" in written


def test_the_list_says_which_way_is_better() -> None:
    rows = list_table("metrics", None)
    assert [row["name"] for row in rows] == list(METRICS)
    assert {row["name"]: row["best"] for row in rows}["calibration_slope"] == "1"


def test_metrics_are_written_as_table_and_as_pages(tmp_path: Path) -> None:
    with write_table("metrics", tmp_path / "metrics.csv", None).open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(METRICS)
    assert set(rows["ici"]) == {*COLUMNS, "text"}
    usual, below = rows["net_benefit"]["formula"].split("; ")
    assert usual == "TP / n - FP / n * t / (1 - t), positive: p >= t"
    assert below == "acting below t: TN / n - FN / n * (1 - t) / t"
    assert rows["net_benefit"]["by threshold"] == "yes"
    assert rows["c_statistic"]["reference"].startswith("Hanley JA, McNeil BJ.")
    page = write_table("metrics", tmp_path / "metrics.html", None).read_text(encoding="utf-8")
    for metric in METRICS.values():
        assert metric.name in page
    assert "mean(|p - c(p)|)" in page
    assert write_table("metrics", tmp_path / "metrics.md", None).read_text(encoding="utf-8") == PAGE.read_text("utf-8")


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the file of metrics must end in one of .html, .md, .csv, got '.*docx'"):
        write_table("metrics", tmp_path / "metrics.docx", None)
