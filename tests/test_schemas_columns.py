"""Laws of the data dictionary and of the built-in definitions."""

import re
from collections import Counter

import pytest

from schemas.column import KINDS, KNOWN_AT, Column
from schemas.columns import COLUMNS, ENTRIES
from schemas.columns_course import COURSE, DISCHARGE, EVENTS_30D, INTRAOPERATIVE, TIMES
from schemas.columns_identity import IDENTITY
from schemas.columns_patient import CHARACTERISTICS, COMORBIDITY
from schemas.columns_proms import BASELINE_SCORES, FOLLOW_UP_SCORES, PROMS, SCORES, VISITS
from schemas.columns_spine import SPINE
from schemas.definition import BUILT_IN, read_definition


def test_names_are_unique_and_well_formed() -> None:
    assert [name for name, count in Counter(column.name for column in ENTRIES).items() if count > 1] == []
    assert [name for name in COLUMNS if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)] == []
    assert list(COLUMNS) == [column.name for column in ENTRIES]


def test_every_family_is_joined() -> None:
    families = (IDENTITY, CHARACTERISTICS, COMORBIDITY, SPINE, PROMS, COURSE)
    assert sum(len(family) for family in families) == len(COLUMNS)


@pytest.mark.parametrize("column", ENTRIES, ids=lambda column: column.name)
def test_each_entry_keeps_the_laws(column: Column) -> None:
    assert column.kind in KINDS
    assert column.known_at in KNOWN_AT
    assert column.text.endswith(".")
    assert "\n" not in column.text
    assert column.cohorts
    assert set(column.cohorts) <= set(BUILT_IN)
    assert (column.kind == "number") == (column.hard is not None) == (column.unit is not None)
    assert (column.kind == "category") == bool(column.levels)
    assert len(set(column.levels)) == len(column.levels)
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in column.levels)
    assert not {"none", "na", "nan", "null"} & set(column.levels), "read as missing by other programs"
    if column.hard is not None:
        low, high = column.plausible or column.hard
        assert column.hard[0] <= low < high <= column.hard[1]
    if column.kind in ("identifier", "date"):
        assert not column.predictor


def test_nothing_from_the_operation_on_is_known_before_it() -> None:
    later = (INTRAOPERATIVE, DISCHARGE, EVENTS_30D, TIMES, FOLLOW_UP_SCORES)
    assert {column.known_at for column in INTRAOPERATIVE} == {"intraop"}
    assert {column.known_at for column in DISCHARGE} == {"discharge"}
    assert {column.known_at for family in later[2:] for column in family} == {"followup"}
    assert not any(column.known_by("planned") for family in later for column in family)
    assert all(column.known_by("planned") for column in (*CHARACTERISTICS, *COMORBIDITY, *SPINE, *BASELINE_SCORES))


def test_a_plan_is_known_later_than_the_patient() -> None:
    planned = {name for name, column in COLUMNS.items() if column.known_at == "planned"}
    assert {"planned_procedure", "planned_fusion", "n_levels_planned"} <= planned
    assert not COLUMNS["planned_procedure"].known_by("preop")
    assert all("planned" in name for name in planned)


def test_every_score_has_a_baseline_and_each_visit() -> None:
    for score in SCORES:
        for ending in ("0", *(visit for visit, _ in VISITS)):
            column = COLUMNS[f"{score.name}_{ending}"]
            assert (column.hard, column.unit, column.cohorts) == (score.hard, score.unit, score.cohorts)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_definition_knows_the_columns_of_its_cohort(name: str) -> None:
    definition = read_definition(name)
    expected = {column.name for column in ENTRIES if name in column.cohorts}
    assert set(definition.columns_of()) == expected
    assert set(definition.required) == {"patient", "age", "sex"}
    assert not definition.synthetic
    assert all(source.header == canonical for canonical, source in definition.sources.items())
