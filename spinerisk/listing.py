"""What ``spinerisk list`` shows: the tables of the toolkit, row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from outcomes.kinds.wording import spell
from outcomes.outcomes import known_instruments, known_outcomes, known_threshold_sets
from pipelines.beside.published import PUBLISHED_MODELS
from pipelines.beside.simple_models import SIMPLE_MODELS
from pipelines.metrics import METRICS
from pipelines.models import MODELS
from pipelines.splits import SPLITS
from reports.files import write_at_once
from reports.reference.dictionary import list_facts, render_dictionary, render_dictionary_markdown
from reports.reference.metrics_page import list_metric_facts, render_metrics_html, render_metrics_markdown
from reports.reference.outcomes_page import render_outcomes_html, render_outcomes_markdown
from schemas.columns import COLUMNS
from schemas.definition import Definition, read_definition
from schemas.derivations import DERIVATIONS
from schemas.errors import InputError, unknown_name
from schemas.rules import RULES
from schemas.sources import SOURCES
from schemas.validation import describe_range
from spinerisk.describing import list_outcomes

Rows = list[dict[str, object]]


def list_table(table: str, definition: str | None) -> Rows:
    """Return the entries of a table, with those that a registry definition adds; of columns, the definition's only.

    Raises
    ------
    InputError
        If the table is unknown.
    """
    if table not in TABLES:
        raise InputError(unknown_name("the table to list", table, TABLES))
    if table == "columns" and not definition:
        return list_facts(COLUMNS.values())
    return TABLES[table](read_definition(definition or "lumbar"))


def write_table(table: str, path: Path, definition: str | None) -> Path:
    """Write a table of the toolkit to a file: CSV, and of outcomes, columns and metrics also a page for people.

    Parameters
    ----------
    table
        Name of the table.
    path
        Its ending says which kind of file it is: ``.csv`` in UTF-8, outcomes with their whole definitions; ``.html``
        for a page that needs no network, ``.md`` for the page of the documentation.
    definition
        Built-in name or TOML file of a registry, whose own entries are written too; columns of it only.

    Returns
    -------
    Path
        The file, replaced at once or left as it was.

    Raises
    ------
    InputError
        If the table is unknown, the file is of another kind, or the definition cannot be read.
    RunError
        If the file cannot be written.
    """
    path = Path(path)
    pages = PAGES.get(table, {}) | {".csv": lambda known: _write_csv(_list_whole(table, known))}
    if table not in TABLES:
        raise InputError(unknown_name("the table to list", table, TABLES))
    if path.suffix.lower() not in pages:
        raise InputError(
            f"the file of {table} must end in {' or '.join(pages)}, got {str(path)!r}; give it such an ending"
        )
    write_at_once(path, pages[path.suffix.lower()](definition))
    return path


def _list_whole(table: str, definition: str | None) -> Rows:
    """Return what stands in the file of a table: of outcomes and metrics more than on the terminal."""
    if table == "outcomes":
        return _describe_outcomes(definition)
    return list_metric_facts() if table == "metrics" else list_table(table, definition)


def _describe_outcomes(definition: str | None) -> Rows:
    return list_outcomes(read_definition(definition or "lumbar"))


def _render_columns(render: Callable[..., str], definition: str | None) -> str:
    if definition is None:
        return render(COLUMNS.values(), title="All columns of the data dictionary")
    known = read_definition(definition)
    return render(known.columns_of().values(), title=known.title)


def _write_csv(rows: Rows) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _outcomes(definition: Definition) -> Rows:
    return [
        {"name": spec.name, "title": spec.title, "kind": spell(spec.kind), "window": spec.horizon}
        for spec in known_outcomes(definition).values()
    ]


def _models(definition: Definition) -> Rows:
    own: Rows = [{"name": model.name, "title": model.title, "text": model.text} for model in MODELS.values()]
    own += [{"name": simple.name, "title": simple.title, "text": simple.text} for simple in SIMPLE_MODELS.values()]
    own += [{"name": each.name, "title": each.title, "text": each.text} for each in PUBLISHED_MODELS.values()]
    return own + [
        {"name": spec.name, "title": spec.title, "text": f"published comparator for {spec.outcome}; {spec.source}"}
        for spec in definition.comparators
    ]


def _metrics(_: Definition) -> Rows:
    return [
        {"name": metric.name, "title": metric.title, "best": metric.best, "text": metric.text}
        for metric in METRICS.values()
    ]


def _instruments(definition: Definition) -> Rows:
    return [
        {
            "name": spec.name, "title": spec.title, "range": describe_range((spec.low, spec.high)),
            "direction": spell(spec.direction), "source": spec.source,
        }
        for spec in known_instruments(definition).values()
    ]  # fmt: skip


def _threshold_sets(definition: Definition) -> Rows:
    return [
        {
            "name": spec.name, "title": spec.title, "purpose": spell(spec.purpose),
            "population": spec.population, "certainty": spec.certainty, "disputed": "yes" if spec.disputed else "no",
            "source": spec.source,
        }
        for spec in known_threshold_sets(definition).values()
    ]  # fmt: skip


def _columns(definition: Definition) -> Rows:
    return list_facts(definition.columns_of().values())


def _sources(_: Definition) -> Rows:
    return [{"name": source.name, "title": source.title} for source in SOURCES.values()]


def _derivations(_: Definition) -> Rows:
    return [
        {
            "name": entry.name, "needs": ", ".join(entry.needs), "text": entry.text,
            "must_agree": "yes" if entry.binding else "no", "source": entry.source,
        }
        for entry in DERIVATIONS.values()
    ]  # fmt: skip


def _rules(_: Definition) -> Rows:
    return [{"name": rule.name, "columns": ", ".join(rule.columns), "text": rule.text} for rule in RULES.values()]


def _splits(_: Definition) -> Rows:
    return [{"name": split.name, "title": split.title, "text": split.text} for split in SPLITS.values()]


PAGES: dict[str, dict[str, Callable[[str | None], str]]] = {
    "outcomes": {
        ".html": lambda definition: render_outcomes_html(_describe_outcomes(definition)),
        ".md": lambda definition: render_outcomes_markdown(_describe_outcomes(definition)),
    },
    "columns": {
        ".html": lambda definition: _render_columns(render_dictionary, definition),
        ".md": lambda definition: _render_columns(render_dictionary_markdown, definition),
    },
    "metrics": {".html": lambda _: render_metrics_html(), ".md": lambda _: render_metrics_markdown()},
}
"""What makes the page of a table, by its ending."""

TABLES: dict[str, Callable[[Definition], Rows]] = {
    "outcomes": _outcomes,
    "models": _models,
    "metrics": _metrics,
    "instruments": _instruments,
    "threshold-sets": _threshold_sets,
    "columns": _columns,
    "splits": _splits,
    "sources": _sources,
    "derivations": _derivations,
    "rules": _rules,
}
