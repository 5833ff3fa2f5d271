"""What ``spinerisk list`` shows: the tables of the toolkit, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from outcomes.outcomes import known_instruments, known_outcomes, known_threshold_sets
from pipelines.metrics import METRICS
from pipelines.models import MODELS
from pipelines.splits import SPLITS
from schemas.column import Column
from schemas.columns import COLUMNS
from schemas.definition import Definition, read_definition
from schemas.errors import InputError, unknown_name
from schemas.validation import describe_range

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
        return _describe_columns(COLUMNS.values())
    return TABLES[table](read_definition(definition or "lumbar"))


def _outcomes(definition: Definition) -> Rows:
    return [
        {
            "name": spec.name, "title": spec.title, "kind": spec.kind, "horizon": spec.horizon,
            "desirable": spec.desirable, "threshold_set": spec.threshold_set or "",
        }
        for spec in known_outcomes(definition).values()
    ]  # fmt: skip


def _models(definition: Definition) -> Rows:
    own: Rows = [{"name": model.name, "title": model.title, "text": model.text} for model in MODELS.values()]
    return own + [
        {"name": spec.name, "title": spec.title, "text": f"published comparator for {spec.outcome}; {spec.source}"}
        for spec in definition.comparators
    ]


def _metrics(_: Definition) -> Rows:
    return [{"name": metric.name, "title": metric.title, "text": metric.text} for metric in METRICS.values()]


def _instruments(definition: Definition) -> Rows:
    return [
        {
            "name": spec.name, "title": spec.title, "range": describe_range((spec.low, spec.high)),
            "direction": spec.direction.replace("_", " "), "source": spec.source,
        }
        for spec in known_instruments(definition).values()
    ]  # fmt: skip


def _threshold_sets(definition: Definition) -> Rows:
    return [
        {
            "name": spec.name, "title": spec.title, "population": spec.population, "method": spec.method,
            "source": spec.source,
        }
        for spec in known_threshold_sets(definition).values()
    ]  # fmt: skip


def _columns(definition: Definition) -> Rows:
    return _describe_columns(definition.columns_of().values())


def _describe_columns(columns: Iterable[Column]) -> Rows:
    return [
        {
            "name": column.name, "kind": column.kind, "levels": ", ".join(column.levels),
            "range": describe_range(column.hard) if column.hard else "", "unit": column.unit or "",
            "known_at": column.known_at, "text": column.text,
        }
        for column in columns
    ]  # fmt: skip


def _splits(_: Definition) -> Rows:
    return [{"name": split.name, "title": split.title, "text": split.text} for split in SPLITS.values()]


TABLES: dict[str, Callable[[Definition], Rows]] = {
    "outcomes": _outcomes,
    "models": _models,
    "metrics": _metrics,
    "instruments": _instruments,
    "threshold-sets": _threshold_sets,
    "columns": _columns,
    "splits": _splits,
}
