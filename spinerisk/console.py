"""What a person or a machine reads on the terminal. Results go to standard output, progress to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console as RichConsole
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pipelines.result import StudyResult
    from schemas.registry import Registry

Tell = Callable[[int, int, str], None]
SHOWN = {
    "c_statistic": 3, "calibration_slope": 2, "log_loss_difference": 4, "mae": 2, "score_slope": 2,
    "interval_coverage": 3, "mae_difference": 3,
}  # fmt: skip
"""Measures on the terminal, and their decimals."""
KEYS = ("outcome", "dataset", "validation", "model")
BAR = (
    TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"),
    TimeRemainingColumn(),
)  # fmt: skip
PIPE_WIDTH = 240
REPORT = Path("share") / "report.html"


class Console:
    """Writes results as tables, as one JSON document, or not at all."""

    def __init__(self, *, quiet: bool, as_json: bool) -> None:
        self._quiet = quiet
        self._as_json = as_json
        # A pipe has no width of its own: wide enough there that no name is folded. Texts are never read as markup.
        width = None if sys.stdout.isatty() else PIPE_WIDTH
        self._out = RichConsole(highlight=False, markup=False, emoji=False, width=width)
        self._err = RichConsole(stderr=True, highlight=False, markup=False, emoji=False)

    @contextmanager
    def progress(self) -> Iterator[Tell]:
        """Show how far a study is: a bar with the time left on a terminal, else a line a step; nothing when quiet."""
        if self._quiet or self._as_json:
            yield _tell_nobody
        elif not self._err.is_terminal:
            yield lambda done, total, text: self._err.print(f"{done} of {total} steps done: {text}", soft_wrap=True)
        else:
            with Progress(*BAR, console=self._err, transient=True) as bar:
                task = bar.add_task("preparing", total=None)
                yield lambda done, total, text: bar.update(task, completed=done, total=total, description=text)

    def show_rows(self, rows: Sequence[Mapping[Any, Any]], *, title: str) -> None:
        """Show entries as a table."""
        if self._as_json:
            self._print_json(list(rows))
        elif not self._quiet:
            self._out.print(_table(rows, title))

    def show_facts(self, facts: dict[str, Any]) -> None:
        """Show named facts, one a line."""
        if self._as_json:
            self._print_json(facts)
        elif not self._quiet:
            for name, value in facts.items():
                self._out.print(f"{name.replace('_', ' ')}: {value}", soft_wrap=True)

    def show_check(self, facts: dict[str, Any]) -> None:
        """Show the result of a validation."""
        if self._as_json:
            self._print_json(facts)
            return
        if self._quiet:
            return
        apart = ("title", "tables", "faults", "notes")
        self.show_facts({name: value for name, value in facts.items() if name not in apart and value is not None})
        if len(facts["tables"]) > 1:
            rows = [{name: value for name, value in row.items() if name != "sha256"} for row in facts["tables"]]
            self._out.print(_table(rows, "tables"))
        if facts["faults"]:
            self._out.print(_table(facts["faults"], "faults"))
        self._lines("note", facts["notes"])

    def show_draft(self, rows: Sequence[Mapping[str, object]], facts: dict[str, Any]) -> None:
        """Show what a drafted definition proposes for each header, and what is left to a person."""
        if self._as_json:
            self._print_json({"headers": list(rows), **facts})
            return
        if self._quiet:
            return
        self._out.print(_table(rows, "headers"))
        self.show_facts({name: value for name, value in facts.items() if name != "notes"})
        self._lines("note", facts["notes"])

    def show_thresholds(
        self,
        rows: Sequence[Mapping[str, object]],
        files: Mapping[str, str],
        *,
        notes: Sequence[str],
        warnings: Sequence[str],
    ) -> None:
        """Show thresholds derived from data, what to know of them, and where they were written."""
        if self._as_json:
            self._print_json({"thresholds": list(rows), "notes": list(notes), "warnings": list(warnings), **files})
            return
        if self._quiet:
            return
        self._out.print(_table(rows, "thresholds"))
        self._lines("note", notes)
        self._lines("warning", warnings)
        self.show_facts(dict(files))

    def show_evaluation(
        self,
        tables: Mapping[str, Sequence[Mapping[str, object]]],
        records: Sequence[Mapping[str, object]],
        *,
        notes: Sequence[str],
        out: Path | None,
    ) -> None:
        """Show what was said of predictions: tables by title for a person, all records for a machine.

        Headers are shown as they are: they are names of the user's own columns and models.
        """
        written = {} if out is None else {"written_to": str(out)}
        if self._as_json:
            self._print_json({"evaluation": list(records), "notes": list(notes), **written})
            return
        if self._quiet:
            return
        for title, rows in tables.items():
            self._out.print(_table(rows, title, word=str))
        self._lines("note", notes)
        self.show_facts(written)

    def show_audit(self, tables: Mapping[str, Sequence[Mapping[str, object]]], facts: Mapping[str, object]) -> None:
        """Show what is concluded of every group, by outcome and data, and where the audit was written."""
        if self._as_json:
            self._print_json({"conclusions": tables, **facts})
            return
        if self._quiet:
            return
        for title, rows in tables.items():
            self._out.print(_table(rows, title))
        self.show_facts(dict(facts))

    def warn_of_faults(self, registry: Registry) -> None:
        """Say on standard error which rows were left out of a prediction, and why; never a value."""
        if self._quiet:
            return
        for fault in registry.faults.to_dict("records"):
            self._err.print(
                f"not predicted: {fault['count']} row(s), {fault['column']} {fault['rule']}: row {fault['rows']}",
                soft_wrap=True,
            )

    def show_result(self, result: StudyResult, out: Path, *, warnings: Sequence[str]) -> None:
        """Show the models of each outcome side by side, what needs a person, and where the report is."""
        rows = summarise_result(result)
        report = out / REPORT
        if self._as_json:
            self._print_json({"results": rows, "warnings": list(warnings), "report": str(report)})
            return
        if self._quiet:
            return
        synthetic = " (synthetic data)" if result.datasets[0].registry.synthetic else ""
        self._out.print(Text(result.study.title + synthetic, style="bold"), soft_wrap=True)
        for title, part in _by_group(rows):
            self._out.print()
            self._out.print(_table(part, title))
        self._out.print("\nIntervals are 95 %. Log loss and mae: difference to the reference; below 0 is better.")
        self._lines("warning", warnings)
        self._out.print(f"report: {report}", soft_wrap=True)

    def _lines(self, word: str, texts: Sequence[str]) -> None:
        for text in texts:
            self._out.print(f"{word}: {text}", soft_wrap=True)

    def _print_json(self, document: Any) -> None:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def _tell_nobody(done: int, total: int, text: str) -> None:
    """Show nothing."""


def open_console(*, quiet: bool, as_json: bool) -> Console:
    """Open the terminal in the mode the user asked for."""
    return Console(quiet=quiet, as_json=as_json)


def summarise_result(result: StudyResult) -> list[dict[str, Any]]:
    """Return one row per outcome, dataset and model: c-statistic, calibration slope, difference in log loss.

    Of a score the mean absolute error, the slope, the coverage of the intervals, and the difference in the error.
    """
    evaluation = result.evaluation
    shown = evaluation[(evaluation["subgroup"] == "overall") & (evaluation["validation"] != "apparent")]
    rows = []
    for key, part in shown.groupby(list(KEYS), sort=False):
        own = dict(zip(KEYS, key, strict=True))
        by_metric = part[part["threshold_probability"].isna()].set_index("metric")
        rows.append(
            {
                **own,
                "n": _count(by_metric, "n"),
                **_measure(result.comparison, by_metric, own),
            }
        )
    return rows


def _measure(comparison: pd.DataFrame, by_metric: pd.DataFrame, own: dict[str, Any]) -> dict[str, Any]:
    """Return what is shown of one model: of a score other measures, and no events, as there are none."""
    if "mae" in by_metric.index:
        measured = {name: _interval(by_metric, name) for name in ("mae", "score_slope", "interval_coverage")}
        return {**measured, "mae_difference": _difference(comparison, own, "mae")}
    measured = {name: _interval(by_metric, name) for name in ("c_statistic", "calibration_slope")}
    events = {"events": _count(by_metric, "events")}
    return {**events, **measured, "log_loss_difference": _difference(comparison, own, "log_loss")}


def _by_group(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Group rows by outcome, dataset and validation; what they share becomes the title."""
    for (outcome, dataset, validation), part in groupby(rows, key=itemgetter("outcome", "dataset", "validation")):
        group = list(part)
        counts = {
            name: max((row[name] for row in group if row[name] is not None), default="suppressed")
            for name in ("n", "events")
            if name in group[0]
        }
        words = ", ".join(f"{name} {count}" for name, count in counts.items())
        title = f"{outcome}, {dataset}, {validation} validation: {words}"
        yield (
            title,
            [
                {"model": row["model"]} | {name: _words(row[name], d) for name, d in SHOWN.items() if name in row}
                for row in group
            ],
        )


def _difference(comparison: pd.DataFrame, own: dict[str, Any], metric: str) -> dict[str, Any] | None:
    at = comparison["metric"] == metric
    for name, value in own.items():
        at &= comparison[name] == value
    return _interval(comparison[at].set_index("metric"), metric)


def _interval(by_metric: pd.DataFrame, metric: str) -> dict[str, Any] | None:
    """Return estimate, interval and status of a metric; None where there is no such row."""
    if metric not in by_metric.index:
        return None
    row = by_metric.loc[metric]
    numbers = {name: None if pd.isna(row[name]) else float(row[name]) for name in ("estimate", "lower", "upper")}
    return {**numbers, "status": str(row["status"])}


def _words(found: dict[str, Any] | None, digits: int) -> str:
    """Round an estimate and its interval for a person; the status where there is none."""
    if found is None:
        return ""
    if found["status"] != "ok" or found["lower"] is None:
        return str(found["status"])
    return f"{found['estimate']:.{digits}f} ({found['lower']:.{digits}f} to {found['upper']:.{digits}f})"


def _count(by_metric: pd.DataFrame, name: str) -> int | None:
    value = by_metric[name].dropna().max()
    return None if pd.isna(value) else int(value)


def _space(name: str) -> str:
    return name.replace("_", " ")


def _table(rows: Sequence[Mapping[Any, Any]], title: str, *, word: Callable[[str], str] = _space) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for position, name in enumerate(rows[0] if rows else []):
        table.add_column(word(name), overflow="fold", no_wrap=position == 0)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    return table
