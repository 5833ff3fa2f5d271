"""Laws of every table: what each entry must be, so that a new entry is tested before anyone writes a test for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

import pytest
from outcome_builds import build, make_context

from outcomes.building import BUILDERS
from outcomes.instruments import INSTRUMENTS
from outcomes.kinds.threshold import list_covering_sets
from outcomes.kinds.threshold_checks import fit_to_instrument
from outcomes.outcomes import OUTCOMES
from outcomes.thresholds import THRESHOLD_SETS
from pipelines.beside.published import PUBLISHED_MODELS
from pipelines.beside.simple_models import SIMPLE_MODELS
from pipelines.measures.metric import Best, Metric, Subject
from pipelines.measures.references import REFERENCES
from pipelines.metrics import METRICS
from pipelines.models import MODELS, Model
from pipelines.preprocess import DESIGNS
from pipelines.splits import SPLITS, Split
from reports.audit.page import SECTIONS as AUDIT_SECTIONS
from reports.comparison import SECTIONS
from schemas.column import KINDS, KNOWN_AT, Column
from schemas.columns import COLUMNS, ENTRIES
from schemas.definition import BUILT_IN
from schemas.specs import OUTCOME_KINDS, InstrumentSpec, OutcomeSpec, ThresholdOutcome, ThresholdSetSpec

TABLES: dict[str, Mapping[str, Any]] = {
    "COLUMNS": COLUMNS,
    "INSTRUMENTS": INSTRUMENTS,
    "THRESHOLD_SETS": THRESHOLD_SETS,
    "OUTCOMES": OUTCOMES,
    "MODELS": MODELS,
    "PUBLISHED_MODELS": PUBLISHED_MODELS,
    "SIMPLE_MODELS": SIMPLE_MODELS,
    "METRICS": METRICS,
    "SPLITS": SPLITS,
    "SECTIONS": SECTIONS,
    "AUDIT_SECTIONS": AUDIT_SECTIONS,
}
SOURCED = ("INSTRUMENTS", "THRESHOLD_SETS")
SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
EXPLAINING_SCALES = {"risk": ("log_odds", "probability"), "score": ("points",)}

each_entry = pytest.mark.parametrize(
    ("table", "name"), [(table, name) for table, entries in TABLES.items() for name in entries]
)


def each(table: Mapping[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("entry", table.values(), ids=list(table))


@pytest.mark.parametrize("table", TABLES)
def test_table_is_a_plain_dict_with_entries(table: str) -> None:
    assert type(TABLES[table]) is dict
    assert TABLES[table]


def test_every_kind_of_outcome_has_a_builder_and_every_builder_a_kind() -> None:
    assert BUILDERS.keys() == OUTCOME_KINDS.keys()


def test_no_column_stands_twice() -> None:
    # a dict made of entries keeps the last of two with one name, in silence
    assert len(ENTRIES) == len(COLUMNS)


@each_entry
def test_entry_stands_under_its_own_name(table: str, name: str) -> None:
    assert TABLES[table][name].name == name
    assert SNAKE_CASE.fullmatch(name), "names are snake_case"
    assert len(name) <= 60


@each_entry
def test_entry_can_be_shown(table: str, name: str) -> None:
    entry = TABLES[table][name]
    shown = entry.text if table == "COLUMNS" else entry.title
    assert shown.strip() == shown
    assert len(shown) >= 3
    assert not shown[0].islower()


@pytest.mark.parametrize("table", TABLES)
def test_titles_tell_entries_apart(table: str) -> None:
    titles = [getattr(entry, "title", name) for name, entry in TABLES[table].items()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(("table", "name"), [(table, name) for table in SOURCED for name in TABLES[table]])
def test_entry_names_its_source(table: str, name: str) -> None:
    assert re.search(r"\b(19|20)\d\d\b", TABLES[table][name].source), "a source has an author and a year"


@each(COLUMNS)
def test_column_is_whole(entry: Column) -> None:
    assert entry.kind in KINDS
    assert entry.known_at in KNOWN_AT
    assert entry.text.endswith(".")
    assert set(entry.cohorts) <= set(BUILT_IN)
    assert entry.cohorts
    assert not (entry.predictor and entry.kind in ("identifier", "date"))


@each(COLUMNS)
def test_column_has_what_its_kind_needs(entry: Column) -> None:
    assert bool(entry.levels) == (entry.kind == "category")
    assert len(set(entry.levels)) == len(entry.levels)
    assert entry.kind != "category" or len(entry.levels) >= 2
    assert (entry.hard is not None) == (entry.kind == "number")
    assert (entry.unit is not None) == (entry.kind == "number")


@each({name: column for name, column in COLUMNS.items() if column.hard})
def test_plausible_range_lies_inside_the_possible_one(entry: Column) -> None:
    low, high = entry.hard or (0.0, 0.0)
    inner_low, inner_high = entry.plausible or (low, high)
    assert low <= inner_low < inner_high <= high
    assert low < high


@each(INSTRUMENTS)
def test_instrument_and_its_columns_agree(entry: InstrumentSpec) -> None:
    columns = [column for name, column in COLUMNS.items() if re.fullmatch(rf"{entry.name}_(0|\d+m)", name)]
    assert columns, "an instrument has columns in the dictionary"
    for column in columns:
        low, high = column.hard  # wider where value sets differ by country
        assert low <= entry.low < entry.high <= high, column.name
        assert column.known_at == ("preop" if column.name.endswith("_0") else "followup"), column.name


@each(THRESHOLD_SETS)
def test_thresholds_are_within_their_instruments(entry: ThresholdSetSpec) -> None:
    named = [threshold.instrument for threshold in entry.thresholds]
    assert len(set(named)) == len(named)
    assert set(named) <= set(INSTRUMENTS)
    for threshold in entry.thresholds:
        # what a threshold must be for its instrument is refused by name; a scale that nobody knows is one such thing
        known = threshold.model_copy(update={"scale": None}) if threshold.scale == "unknown" else threshold
        assert fit_to_instrument(known, INSTRUMENTS[threshold.instrument], entry).instrument == threshold.instrument
    assert entry.population
    assert entry.method


@each(OUTCOMES)
def test_outcome_is_made_of_known_things(entry: OutcomeSpec) -> None:
    assert entry.horizon
    assert entry.kind in BUILDERS
    assert set(entry.columns()) <= set(COLUMNS)
    assert set(getattr(entry, "components", ())) <= set(OUTCOMES)
    assert entry.source or entry.text or isinstance(entry, ThresholdOutcome)


def name_a_set(entry: OutcomeSpec) -> OutcomeSpec:
    """Return the outcome with a threshold set, where the study must name one: the first that it may."""
    if not isinstance(entry, ThresholdOutcome) or entry.threshold_set:
        return entry
    return entry.model_copy(update={"threshold_set": list_covering_sets(entry, make_context())[0]})


@pytest.mark.parametrize("name", OUTCOMES)
def test_outcome_is_built_and_says_what_it_is(name: str) -> None:
    outcome = build(name_a_set(OUTCOMES[name]))
    assert outcome.rule
    assert outcome.unknown
    assert outcome.revealing
    for column in (*outcome.needs, *outcome.optional):
        known = column not in COLUMNS or COLUMNS[column].known_by("planned")
        assert (column in outcome.revealing) != known, f"{column}: what is known later reveals, and only that"


@each({name: entry for name, entry in OUTCOMES.items() if entry.kind == "threshold"})
def test_threshold_outcome_finds_its_threshold(entry: ThresholdOutcome) -> None:
    assert entry.instrument in INSTRUMENTS
    # without a default there must be sets to choose from
    sets = (entry.threshold_set,) if entry.threshold_set else list_covering_sets(entry, make_context())
    assert sets
    for name in sets:
        assert entry.instrument in {threshold.instrument for threshold in THRESHOLD_SETS[name].thresholds}
    assert all(name.startswith(f"{entry.instrument}_") for name in (*filter(None, (entry.baseline,)), *entry.visits))


@each(MODELS)
def test_model_is_whole(entry: Model) -> None:
    assert entry.text
    assert entry.design in DESIGNS
    for kind, scales in EXPLAINING_SCALES.items():
        form = getattr(entry, kind)
        assert form.text.endswith(".")
        assert form.scale in scales
        assert form.tolerance > 0
    names = [parameter.name for parameter in entry.space]
    assert len({*names, entry.path_name}) == len(names) + 1
    assert bool(entry.path_values) == (entry.path_name is not None)
    assert len(set(entry.path_values)) == len(entry.path_values)
    for parameter in entry.space:
        assert parameter.low < parameter.high
        assert parameter.low > 0 or not parameter.log
        assert not parameter.integer or (parameter.low == int(parameter.low) and parameter.high == int(parameter.high))


@each(METRICS)
def test_metric_is_whole(entry: Metric) -> None:
    assert entry.text.endswith(".")
    assert entry.best in get_args(Best)
    assert callable(entry.compute)
    assert entry.compare is None or callable(entry.compare)
    assert entry.formula
    assert entry.subject in get_args(Subject)
    assert not entry.reference or entry.reference in REFERENCES
    assert entry.digits in range(5)


@each(SPLITS)
def test_split_is_whole(entry: Split) -> None:
    assert entry.text.endswith(".")
    assert callable(entry.make)
