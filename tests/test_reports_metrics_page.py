"""The methods page: it stands in the documentation as written today, and tells of intervals what the code does."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from given_samples import make_sample

from pipelines.intervals import Estimate
from pipelines.measures.bootstrap import COMPARED
from pipelines.measures.metric import Metric
from pipelines.measures.sample import Sample
from pipelines.metrics import METRICS
from reports.reference.metrics_page import COLUMNS, SUBJECTS, render_metrics_html, render_metrics_markdown
from schemas.errors import InputError
from spinerisk.listing import write_table

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
MEANT = {
    "Wald": "Wald", "DeLong": "DeLong's on the logit scale", "patient bootstrap": "percentiles of 1,000 resamples",
    "Newcombe": "Newcombe's", "Wilson": "Wilson",
    "logit scale": "logit scale", "log scale": "log scale",
    "effective number": "effective number of patients", "none: the same prediction": "None where everyone",
    "none: every event ranks": "where every event ranks above", "none: fewer than 10 events": "none with fewer than 10",
}  # fmt: skip
"""What stands in the tables of a run, and the words of the page that must go with it."""
of_risks = pytest.mark.parametrize(
    "metric", [metric for metric in METRICS.values() if not metric.in_points], ids=lambda metric: metric.name
)


def list_samples() -> dict[str, Sample]:
    rng = np.random.default_rng(3)
    p = rng.uniform(0.05, 0.95, 400)
    y = (rng.uniform(size=400) < p).astype(np.float64)
    fixed = make_sample(y, p, thresholds=(0.3, 0.6))
    return {
        "fixed": fixed,
        "weighted": make_sample(y, p, weights=rng.uniform(1, 3, 400), thresholds=(0.3, 0.6)),
        "several rows": make_sample(y, p, patient=np.arange(400) // 2, thresholds=(0.3, 0.6)),
        "folded": replace(fixed, fold=np.arange(400) % 5, folded=True, fitted_by_fold=True, validation="internal"),
        "few": make_sample([1, 0, 1, 0, 0, 0, 1, 0], [0.6, 0.5, 0.4, 0.3, 0.6, 0.2, 0.7, 0.1], thresholds=(0.35,)),
        "told apart": make_sample(np.repeat([0, 1], 20), np.repeat([0.3, 0.7], 20), thresholds=(0.5,)),
        "all alike": make_sample(np.tile([0, 1], 20), np.full(40, 0.5), thresholds=(0.4,)),
    }


SAMPLES = list_samples()


def sum_up(metric: Metric, name: str) -> tuple[Estimate, ...]:
    return metric.compute(SAMPLES[name])


def test_the_page_is_the_one_that_is_written_today() -> None:
    assert PAGE.read_text("utf-8") == render_metrics_markdown(), "run `spinerisk list metrics --out docs/metrics.md`"


def test_every_measure_stands_once_under_its_subject() -> None:
    parts = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    titles = {title: part for part in parts for title, _ in SUBJECTS.values() if part.startswith(f"{title}\n")}
    assert len(titles) == len(SUBJECTS)
    for metric in METRICS.values():
        (title,) = [title for title, part in titles.items() if f"\n### {metric.title}\n\n`{metric.name}` " in part]
        assert title == SUBJECTS[metric.subject][0]


@of_risks
@pytest.mark.parametrize("name", list(SAMPLES))
def test_the_interval_that_is_told_of_is_the_one_that_is_made(metric: Metric, name: str) -> None:
    kinds = [found.interval_kind for found in sum_up(metric, name) if found.interval_kind and found.status == "ok"]
    for kind in kinds:
        if not metric.has_interval or kind == "none: no variation between patients":
            continue
        meant = [words for said, words in MEANT.items() if re.search(rf"\b{said}|^{said}", kind)]
        assert meant, f"what the page calls {kind!r} is not stated here"
        assert all(words in metric.interval for words in meant), (kind, metric.interval)


@of_risks
def test_a_measure_has_an_interval_where_the_page_says_so(metric: Metric) -> None:
    both_limits = [np.isfinite([found.lower, found.upper]).all() for found in sum_up(metric, "fixed")]
    assert all(both_limits) == metric.has_interval


@of_risks
def test_a_measure_is_not_assessable_only_where_the_page_says_so(metric: Metric) -> None:
    absent = [name for name in SAMPLES for found in sum_up(metric, name) if found.status == "not assessable"]
    assert not absent or metric.not_assessable


def test_folds_count_one_by_one_where_the_page_says_so() -> None:
    folded = SAMPLES["folded"]
    # risks of a fold moved together: nobody changes place within a fold
    moved = folded.with_risk(np.clip(folded.p / 2 + 0.1 * folded.fold, 0.01, 0.99))
    ranking = [metric for metric in METRICS.values() if metric.for_scores and metric.best == "higher"]
    for metric in ranking:
        (before,), (after,) = metric.compute(folded), metric.compute(moved)
        assert (abs(before.estimate - after.estimate) < 1e-12) == metric.within_folds, metric.name
    assert [metric.name for metric in METRICS.values() if metric.within_folds] == ["c_statistic"]


@of_risks
def test_differences_have_an_interval_where_the_page_says_so(metric: Metric) -> None:
    if metric.compare is None:
        assert metric.name not in COMPARED
        return
    fixed = SAMPLES["fixed"]
    found = metric.compare(fixed, fixed.with_risk(np.where(fixed.p > 0.5, fixed.p - 0.3, fixed.p)))
    assert all(np.isfinite([one.lower, one.upper]).all() == (metric.name in COMPARED) for one in found)


def test_measures_are_written_as_table_and_as_pages(tmp_path: Path) -> None:
    with write_table("metrics", tmp_path / "metrics.csv", None).open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(METRICS)
    assert set(rows["ici"]) == set(COLUMNS)
    usual, below = rows["net_benefit"]["formula"].split("; ")
    assert usual == "TP / n - FP / n * t / (1 - t), positive: p >= t"
    assert below == "acting below t: TN / n - FN / n * (1 - t) / t"
    assert rows["net_benefit"]["by threshold"] == "yes"
    assert rows["c_statistic"]["reference"].startswith("Hanley JA, McNeil BJ.")
    assert rows["calibration_slope"]["in a group"] == "from 20 events and as many non-events on"
    assert rows["ici"]["interval"] == "none: none is known that covers near perfect calibration"
    assert write_table("metrics", tmp_path / "metrics.md", None).read_text("utf-8") == render_metrics_markdown()
    page = write_table("metrics", tmp_path / "metrics.html", None).read_text(encoding="utf-8")
    assert page == render_metrics_html()
    assert all(f'id="{metric.name}"' in page for metric in METRICS.values())


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the file of metrics must end in .html or .md or .csv, got '.*docx'"):
        write_table("metrics", tmp_path / "metrics.docx", None)
