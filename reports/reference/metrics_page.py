"""The printed list of metrics: the facts of each as rows, as a page in Markdown and as a page in HTML."""

from __future__ import annotations

from pipelines.measures.metric import Metric
from pipelines.measures.references import REFERENCES
from pipelines.metrics import METRICS
from reports.blocks import Report, Table, Text
from reports.render.html import render_html
from reports.tables import plain_rows

TITLE = "Metrics"
DIRECTIONS = {"higher": "higher is better", "lower": "lower is better", "none": "describes only"}
INTRODUCTION = (
    "Every number that is said of a model, with its formula: y is the outcome (1 or 0, or a follow-up score), p the "
    "prediction, n the number of patients, t a declared threshold probability. All of them take weights: with the "
    "inverse probability of a known outcome they are of everyone, and with censored outcomes they are the measures at "
    "the horizon.",
    "In cross-validation the c-statistic is the mean over folds; every other metric is taken on all out-of-fold "
    "predictions of a repeat and averaged over repeats. Where a metric has no interval, none is known that covers. "
    "Fewer than ten events or non-events, or a model that predicts the same for everyone, leave some of them not "
    "assessable; the table of a run says so.",
)
COLUMNS = ("name", "title", "formula", "direction", "needs", "by subgroup", "by threshold", "interval", "reference")


def list_metric_facts() -> list[dict[str, object]]:
    """Return the facts of each metric as a row of plain texts; the reference in full."""
    return [
        {
            **dict(zip(COLUMNS, _describe(metric), strict=True)),
            "reference": REFERENCES.get(metric.reference, ""),
            "text": metric.text,
        }
        for metric in METRICS.values()
    ]


def _describe(metric: Metric) -> tuple[str, ...]:
    return (
        metric.name,
        metric.title,
        metric.formula,
        DIRECTIONS.get(metric.best, f"{metric.best} is best"),
        metric.needs,
        _say_least(metric),
        "yes" if metric.by_threshold else "no",
        "95 %" if metric.has_interval else "none",
        metric.reference,
    )


def _say_least(metric: Metric) -> str:
    """Say whether, and from how many patients on, a metric is given by subgroup."""
    least = metric.least_in_subgroup
    if least is None:
        return "no"
    return f"from {least} {'scores' if metric.in_points else 'events and non-events'}" if least else "yes"


def render_metrics_markdown() -> str:
    """Return the page of the metrics in Markdown, as it stands in the documentation."""
    lines = [f"# {TITLE}", ""]
    for text in INTRODUCTION:
        lines += [text, ""]
    lines += ["`spinerisk list metrics --out metrics.md` writes this page.", ""]
    lines += _tabulate(COLUMNS, [(f"`{name}`", *rest) for name, *rest in map(_describe, METRICS.values())])
    lines += ["", "## What each says", ""]
    lines += [f"- `{metric.name}`: {metric.text}" for metric in METRICS.values()]
    lines += ["", "## References", ""]
    lines += [f"- {name}: {text}" for name, text in _list_references()]
    return "\n".join(lines) + "\n"


def _tabulate(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    cells = [tuple(cell.replace("|", "\\|") for cell in row) for row in (columns, *rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], "|---" * len(columns) + "|", *lines[1:]]


def _list_references() -> list[tuple[str, str]]:
    cited = {metric.reference for metric in METRICS.values()}
    return [(name, text) for name, text in REFERENCES.items() if name in cited]


def render_metrics_html() -> str:
    """Return the page of the metrics in HTML, which needs no network."""
    metrics = METRICS.values()
    return render_html(
        Report(
            title=TITLE,
            kicker="Spinerisk",
            blocks=(
                *(Text(text=text) for text in INTRODUCTION),
                Text(text="What each is", kind="section", anchor="metrics"),
                _table("metrics", "Metrics.", COLUMNS, [_describe(metric) for metric in metrics]),
                Text(text="What each says", kind="section", anchor="meaning"),
                _table("meaning", "In words.", ("name", "text"), [(metric.name, metric.text) for metric in metrics]),
                Text(text="References", kind="section", anchor="references"),
                _table("references", "References.", ("name", "reference"), _list_references()),
            ),
            provenance=(),
        )
    )


def _table(
    name: str, caption: str, columns: tuple[str, ...], rows: list[tuple[str, ...]] | list[tuple[str, str]]
) -> Table:
    return Table(name=name, caption=caption, columns=columns, rows=plain_rows(rows))
