"""Reherniation per operated level and side: little histories with the answer that a surgeon would give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from outcome_builds import build, make_study

from outcomes.cohort import build_cohort
from outcomes.outcome import Outcome
from outcomes.outcomes import OUTCOMES, build_outcomes
from outcomes.variants import build_variants
from pipelines.fit import prepare_training
from pipelines.folds import FoldTask, Plan, work_fold
from pipelines.follow_up.censoring import fit_censoring, fit_censoring_by_predictors
from schemas.columns import COLUMNS
from schemas.definition import Definition, parse_definition, read_definition
from schemas.errors import DataError, StudyError
from schemas.registry import Registry, read_registry
from schemas.specs import RECURRENCE_COLUMNS, RecurrenceOutcome, ReliefPlan
from schemas.study import Study
from schemas.synthetic import simulate_registry

NA = np.nan
SAME, OTHER_SIDE, OTHER_LEVEL = "same_level_same_side", "same_level_other_side", "other_level"

NUMBERS = (
    "reherniation_days", "other_fusion_days", "death_days", "follow_up_days", "same_level_reoperation_days",
    "pain_free_days", "residual_herniation", "level_fusion_days",
)  # fmt: skip


def spec(**keys: Any) -> RecurrenceOutcome:
    given = {"name": "recurrence", "title": "Recurrence", "kind": "recurrence", "desirable": False, "horizon": "x"}
    return RecurrenceOutcome.model_validate({**given, "horizon_days": 730, **keys})


def wide(*rows: dict[str, Any]) -> pd.DataFrame:
    """Operations with the columns that the rows name, followed for 800 days unless they say otherwise."""
    frame = pd.DataFrame([{"follow_up_days": 800.0, **row} for row in rows])
    made = frame.reindex(columns=[*NUMBERS, "recurrence_level_side", "fusion_reason"])
    texts = ["recurrence_level_side", "fusion_reason"]
    return made.astype(dict.fromkeys(NUMBERS, "float64")).astype(dict.fromkeys(texts, "str"))


def label(outcome: Outcome, *rows: dict[str, Any]) -> list[float]:
    return outcome.occurred(wide(*rows)).tolist()


# Definition, history, recurred (1), did not (0) or unknown.
HISTORIES = {
    "recurred": ({}, {"reherniation_days": 100}, 1),
    "recurred on the last day": ({}, {"reherniation_days": 730}, 1),
    "recurred after the horizon": ({}, {"reherniation_days": 731}, 0),
    "followed to the horizon": ({}, {"follow_up_days": 730}, 0),
    "lost the day before": ({}, {"follow_up_days": 729}, NA),
    "nothing known": ({}, {"follow_up_days": NA}, NA),
    "end of follow-up not recorded": ({}, {"reherniation_days": 100, "follow_up_days": NA}, NA),
    "end of follow-up not recorded, died": ({}, {"death_days": 100, "follow_up_days": NA}, NA),
    "also beyond the end of follow-up": ({}, {"reherniation_days": 500, "follow_up_days": 400}, 1),
    "a late event proves that there was none before": ({}, {"reherniation_days": 900, "follow_up_days": 400}, 0),
    "died first": ({}, {"reherniation_days": 300, "death_days": 200, "follow_up_days": 300}, 0),
    "died before it, soon": ({}, {"death_days": 20, "follow_up_days": 20}, 0),
    "died on the same day": ({}, {"reherniation_days": 200, "death_days": 200}, 1),
    "fused for another reason first": ({}, {"reherniation_days": 300, "other_fusion_days": 200}, 0),
    "fused on the same day": ({}, {"reherniation_days": 200, "other_fusion_days": 200}, 1),
    "fused for recurrence": ({}, {"level_fusion_days": 200, "fusion_reason": "recurrence", "follow_up_days": 300}, 1),
    "fused for another reason": ({}, {"level_fusion_days": 200, "fusion_reason": "other", "follow_up_days": 300}, 0),
    "fused, not adjudicated": ({}, {"level_fusion_days": 200, "fusion_reason": "not_adjudicated"}, 0),
    "fused, no reason": ({}, {"level_fusion_days": 200, "follow_up_days": 300}, 0),
    "fused, no reason, as event": ({"unadjudicated": "event"}, {"level_fusion_days": 200}, 1),
    "fused, not adjudicated, as event": (
        {"unadjudicated": "event"}, {"level_fusion_days": 200, "fusion_reason": "not_adjudicated"}, 1,
    ),
    "recurred, then fused for whatever reason": ({}, {"reherniation_days": 100, "level_fusion_days": 200}, 1),
    "fusion of unknown day": ({}, {"fusion_reason": "other"}, NA),
    "recurrence of unknown day": ({}, {"recurrence_level_side": SAME}, NA),
    "left behind": ({}, {"residual_herniation": 1, "follow_up_days": 300}, 0),
    "left behind, and operated on for it": ({}, {"residual_herniation": 1, "reherniation_days": 14}, 0),
    "not left behind": ({}, {"residual_herniation": 0, "reherniation_days": 14}, 1),
    "another level": ({}, {"reherniation_days": 100, "recurrence_level_side": OTHER_LEVEL, "follow_up_days": 100}, NA),
    "another level, what came later is not recorded": (
        {}, {"reherniation_days": 100, "recurrence_level_side": OTHER_LEVEL}, NA,
    ),
    "another level after the horizon": ({}, {"reherniation_days": 750, "recurrence_level_side": OTHER_LEVEL}, 0),
    "another level, then fused for recurrence": (
        {},
        {"reherniation_days": 100, "recurrence_level_side": OTHER_LEVEL, "level_fusion_days": 400,
         "fusion_reason": "recurrence"},
        NA,
    ),
    "fused for recurrence, then another level": (
        {},
        {"reherniation_days": 100, "recurrence_level_side": OTHER_LEVEL, "level_fusion_days": 90,
         "fusion_reason": "recurrence"},
        1,
    ),
    "another level, then died": (
        {}, {"reherniation_days": 100, "recurrence_level_side": OTHER_LEVEL, "death_days": 600, "follow_up_days": 600},
        NA,
    ),
    "died on the day of another level": (
        {}, {"reherniation_days": 100, "recurrence_level_side": OTHER_LEVEL, "death_days": 100}, 0,
    ),
    "same side": ({"side": "same"}, {"reherniation_days": 100, "recurrence_level_side": SAME}, 1),
    "other side": ({"side": "same"}, {"reherniation_days": 100, "recurrence_level_side": OTHER_SIDE}, NA),
    "any side": ({}, {"reherniation_days": 100, "recurrence_level_side": OTHER_SIDE}, 1),
    "other side asked for": ({"side": "other"}, {"reherniation_days": 100, "recurrence_level_side": OTHER_SIDE}, 1),
    "side not recorded": ({"side": "same"}, {"reherniation_days": 100}, 0),
    "side not recorded, as event": ({"side": "same", "unadjudicated": "event"}, {"reherniation_days": 100}, 1),
    "relief long enough": ({"relief_days": 90}, {"reherniation_days": 200, "pain_free_days": 90}, 1),
    "relief too short": ({"relief_days": 90}, {"reherniation_days": 200, "pain_free_days": 89}, 0),
    "too early for relief": ({"relief_days": 90}, {"reherniation_days": 89}, 0),
    "relief not recorded": ({"relief_days": 90}, {"reherniation_days": 90}, 0),
    "relief not recorded, as event": ({"relief_days": 90, "unadjudicated": "event"}, {"reherniation_days": 90}, 1),
    "too early, as event": ({"relief_days": 90, "unadjudicated": "event"}, {"reherniation_days": 89}, 0),
    "no relief asked for": ({}, {"reherniation_days": 5, "pain_free_days": 1}, 1),
    "a relief of no day is none": ({}, {"reherniation_days": 5, "pain_free_days": 0}, 0),
    "also where it comes late": ({}, {"reherniation_days": 300, "pain_free_days": 0}, 0),
    "by its day": ({"relief_days": 14, "relief_unknown": "by_day"}, {"reherniation_days": 14}, 1),
    "by its day, too early": ({"relief_days": 14, "relief_unknown": "by_day"}, {"reherniation_days": 13}, 0),
    "a record goes before the day": (
        {"relief_days": 14, "relief_unknown": "by_day"}, {"reherniation_days": 200, "pain_free_days": 13}, 0,
    ),
    "relief, other level": (
        {"relief_days": 90},
        {"reherniation_days": 200, "pain_free_days": 150, "recurrence_level_side": OTHER_LEVEL},
        NA,
    ),
    "proxy": ({"proof": "reoperation"}, {"same_level_reoperation_days": 100}, 1),
    "proxy, no operation": ({"proof": "reoperation"}, {"reherniation_days": 100}, 0),
    "proxy, fused for another reason": (
        {"proof": "reoperation"}, {"same_level_reoperation_days": 100, "other_fusion_days": 100}, 0,
    ),
    "proxy, that fusion's reason": (
        {"proof": "reoperation"},
        {"same_level_reoperation_days": 100, "level_fusion_days": 100, "fusion_reason": "recurrence"},
        1,
    ),
    "proxy, fused without a reason": (
        {"proof": "reoperation"}, {"same_level_reoperation_days": 100, "level_fusion_days": 100}, 0,
    ),
    "proxy, early: what came later is not recorded": (
        {"proof": "reoperation", "relief_days": 30}, {"same_level_reoperation_days": 29}, NA,
    ),
    "proxy, early, then died": (
        {"proof": "reoperation", "relief_days": 30}, {"same_level_reoperation_days": 10, "death_days": 600}, NA,
    ),
    "proxy, early, residual": (
        {"proof": "reoperation", "relief_days": 30}, {"same_level_reoperation_days": 10, "residual_herniation": 1}, 0,
    ),
    "proxy, late enough": ({"proof": "reoperation", "relief_days": 30}, {"same_level_reoperation_days": 30}, 1),
    "proxy, on the day of the operation": ({"proof": "reoperation"}, {"same_level_reoperation_days": 0}, 0),
    "residual: flagged": ({"herniation": "residual", "relief_days": 42}, {"residual_herniation": 1}, 1),
    "residual: without relief": ({"herniation": "residual", "relief_days": 42}, {"reherniation_days": 20}, 1),
    "residual: relief": (
        {"herniation": "residual", "relief_days": 14}, {"reherniation_days": 40, "pain_free_days": 30}, 0,
    ),
    "residual: lost": ({"herniation": "residual", "relief_days": 42, "horizon_days": 42}, {"follow_up_days": 41}, NA),
}  # fmt: skip


@pytest.mark.parametrize("history", HISTORIES)
def test_a_little_history_has_the_label_that_the_definition_gives(history: str):
    keys, row, expected = HISTORIES[history]
    np.testing.assert_array_equal(label(build(spec(**keys)), row), [expected])


def test_time_and_cause_are_those_of_what_came_first():
    outcome = build(spec(relief_days=14))
    frame = wide(
        {"reherniation_days": 200, "pain_free_days": 100},
        {"reherniation_days": 200, "pain_free_days": 10},
        {"death_days": 50, "follow_up_days": 50},
        {"follow_up_days": 400},
        {"reherniation_days": 200, "pain_free_days": 100, "level_fusion_days": 100, "fusion_reason": "other"},
    )
    follow_up = outcome.follow_up
    assert follow_up.time_days(frame).tolist() == [200, 200, 50, 400, 100]
    assert follow_up.cause(frame).tolist() == [1, 2, 2, 0, 2]


@pytest.mark.parametrize(
    ("visits", "expected"),
    [
        ({"nrs_leg_0": 8, "nrs_leg_3m": 3}, 1),  # fell by 62.5 % before it came back
        ({"nrs_leg_0": 8, "nrs_leg_3m": 4}, 0),  # fell by half only: never gone
        ({"nrs_leg_0": 8, "nrs_leg_3m": 4, "nrs_leg_12m": 1}, 0),  # better after the recurrence, which says nothing
        ({"nrs_leg_0": 8}, 0),  # not recorded: not adjudicated, which competes
        ({"nrs_leg_0": 0, "nrs_leg_3m": 0}, 0),  # no pain to begin with: nothing can fall
        ({"nrs_leg_0": 8, "nrs_leg_3m": 3, "visit_days_3m": 210}, 0),  # the visit was after the recurrence
    ],
)
def test_relief_may_be_asked_of_a_score_before_the_recurrence(visits: dict[str, float], expected: float):
    relief = ReliefPlan(baseline="nrs_leg_0", visits=("nrs_leg_3m", "nrs_leg_12m"))
    names = ["nrs_leg_0", "nrs_leg_3m", "nrs_leg_12m", "visit_days_3m"]
    frame = wide({"reherniation_days": 200}).join(pd.DataFrame([visits], dtype="float64").reindex(columns=names))
    outcome = build(spec(relief=relief))
    assert outcome.occurred(frame).tolist() == [expected]
    assert "nrs_leg_0" not in outcome.revealing  # known before the operation
    assert "nrs_leg_3m" in outcome.revealing


def test_the_relief_of_a_score_not_recorded_is_not_adjudicated():
    relief = ReliefPlan(baseline="nrs_leg_0", visits=("nrs_leg_3m",))
    frame = wide({"reherniation_days": 200}).assign(nrs_leg_0=8.0, nrs_leg_3m=NA)
    assert build(spec(relief=relief, unadjudicated="event")).occurred(frame).tolist() == [1]


def test_a_residual_herniation_without_a_rule_for_relief_is_refused():
    with pytest.raises(ValueError, match="a residual herniation must have relief_days or relief"):
        spec(herniation="residual")


# The same histories as tables: levels (row of the operation, level, side) and events.

HEAD = """
name = "long"
title = "Long"
base = "lumbar"
[columns.operation]
header = "operation"
[columns.follow_up_days]
[columns.death_days]
[tables.operations]
file = "operations.csv"
[tables.levels]
file = "levels.csv"
rows = "levels"
key = ["operation"]
count = "n_levels_planned"
[tables.events]
file = "events.csv"
rows = "events"
key = ["operation"]
days = "days"
"""
FIRST = """
first = { reherniation_days = ["reherniation", "RH"], level_fusion_days = ["fusion"], reoperation_days = [
  "reherniation", "RH", "fusion", "reoperation", "revision_discectomy", "disc_arthroplasty"] }
"""
EVENT_COLUMNS = ("level", "side", "reason", "symptomatic", "proven_by_imaging", "relief_days")


def definition(first: str = FIRST, more: str = "") -> Definition:
    return parse_definition(HEAD + first + more)


def long(
    tmp_path: Any,
    levels: list[tuple[int, str, str]],
    events: list[dict[str, Any]],
    n: int = 2,
    followed: float = 800,
    plan: Definition | None = None,
) -> Registry:
    """Read an export of three tables: operations 1 to n, their operated levels, and events."""
    operations = pd.DataFrame({
        "operation": range(1, n + 1), "patient": range(1, n + 1), "age": 50, "sex": "female",
        "follow_up_days": followed, "death_days": "",
    })  # fmt: skip
    asked = {name for event in events for name in event}
    columns = ["operation", "event", "days", "level", *(name for name in EVENT_COLUMNS[1:] if name in asked)]
    operations.to_csv(tmp_path / "operations.csv", index=False)
    pd.DataFrame(levels, columns=["operation", "level", "side"]).to_csv(tmp_path / "levels.csv", index=False)
    rows = pd.DataFrame([{"operation": 1, **event} for event in events]).reindex(columns=columns)
    rows.to_csv(tmp_path / "events.csv", index=False)
    return read_registry(tmp_path, plan or definition())


def tabled(registry: Registry, **keys: Any) -> list[float]:
    outcome = build(spec(**keys), registry.columns)
    return outcome.occurred(outcome.prepare(registry)).tolist()


LEFT = [(1, "l4_5", "left"), (2, "l5_s1", "left")]
HERE = {"event": "reherniation", "days": 100, "level": "l4_5", "side": "left"}

# Definition, events of an operation at L4/5 from the left (another patient's is at L5/S1), label.
TABLED = {
    "recurred": ({}, [HERE], 1),
    "in the registry's own word": ({}, [{**HERE, "event": "RH"}], 1),
    "at a level that was not operated": ({}, [{**HERE, "level": "l3_4"}], 0),
    "at the level of somebody else": ({}, [{**HERE, "level": "l5_s1"}], 0),
    "elsewhere first": ({}, [{**HERE, "level": "l3_4", "days": 50}, HERE], 1),
    "late after elsewhere": ({}, [{**HERE, "level": "l3_4"}, {**HERE, "days": 740}], 0),
    "level not recorded": ({}, [{**HERE, "level": None}], 0),
    "level not recorded, as event": ({"unadjudicated": "event"}, [{**HERE, "level": None}], 1),
    "same side": ({"side": "same"}, [HERE], 1),
    "other side": ({"side": "same"}, [{**HERE, "side": "right"}], 0),
    "other side, then the same": ({"side": "same"}, [{**HERE, "side": "right"}, {**HERE, "days": 300}], 1),
    "both sides hold the same": ({"side": "same"}, [{**HERE, "side": "both"}], 1),
    "both sides hold the other": ({"side": "other"}, [{**HERE, "side": "both"}], 1),
    "the midline holds both": ({"side": "same"}, [{**HERE, "side": "midline"}], 1),
    "side not recorded": ({"side": "same"}, [{**HERE, "side": None}, {**HERE, "days": 400}], 0),
    "side not recorded, as event": ({"side": "same", "unadjudicated": "event"}, [{**HERE, "side": None}, HERE], 1),
    "without symptoms": ({}, [{**HERE, "symptomatic": 0, "proven_by_imaging": 1}], 0),
    "not proven": ({}, [{**HERE, "symptomatic": 1, "proven_by_imaging": 0}], 0),
    "symptoms and images": ({}, [{**HERE, "symptomatic": 1, "proven_by_imaging": 1}], 1),
    "images not recorded": ({}, [{**HERE, "symptomatic": 1, "proven_by_imaging": None}], 0),
    "images not recorded, as event": (
        {"unadjudicated": "event"}, [{**HERE, "symptomatic": 1, "proven_by_imaging": None}, HERE], 1,
    ),
    "relief": ({"relief_days": 30}, [{**HERE, "relief_days": 60}], 1),
    "no relief: left behind, which competes": (
        {"relief_days": 30}, [{**HERE, "relief_days": 10}, {**HERE, "days": 300, "relief_days": 100}], 0,
    ),
    "event before the interval of relief": (
        {"relief_days": 30}, [{**HERE, "days": 20, "relief_days": None}, {**HERE, "relief_days": 60}], 0,
    ),
    "fused for recurrence": ({}, [{**HERE, "event": "fusion", "reason": "recurrence"}], 1),
    "fused for another reason": (
        {}, [{**HERE, "event": "fusion", "reason": "other"}, {**HERE, "days": 200, "reason": None}], 0,
    ),
    "fused elsewhere for another reason": (
        {}, [{**HERE, "event": "fusion", "reason": "other", "level": "l3_4"}, {**HERE, "days": 200}], 1,
    ),
    "fused, not adjudicated": (
        {}, [{**HERE, "event": "fusion", "reason": "not_adjudicated"}, {**HERE, "days": 200}], 0,
    ),
    "fused, not adjudicated, as event": (
        {"unadjudicated": "event"}, [{**HERE, "event": "fusion", "reason": "not_adjudicated"}], 1,
    ),
    "disc replaced for another reason": (
        {}, [{**HERE, "event": "disc_arthroplasty", "reason": "other"}, {**HERE, "days": 200}], 0,
    ),
    "fusion as part of the operation itself": (
        {}, [{**HERE, "event": "fusion", "days": 0, "reason": "other"}, {**HERE, "days": 200}], 1,
    ),
    "operated on for a haematoma, then recurred": (
        {}, [{**HERE, "event": "reoperation", "days": 1}, {**HERE, "days": 200}], 1,
    ),
    "an operation alone does not prove it": ({}, [{**HERE, "event": "reoperation"}], 0),
    "but is the proxy": ({"proof": "reoperation"}, [{**HERE, "event": "reoperation"}], 1),
    "operated on for recurrence": ({}, [{**HERE, "event": "reoperation", "reason": "recurrence"}], 1),
    "a proxy with another reason": (
        {"proof": "reoperation"}, [{**HERE, "event": "revision_discectomy", "reason": "other"}], 0,
    ),
    "a repeat discectomy without a reason": ({}, [{**HERE, "event": "revision_discectomy"}], 0),
    "as the proxy": ({"proof": "reoperation"}, [{**HERE, "event": "revision_discectomy"}], 1),
    "a wound washed out, then the proxy": (
        {"proof": "reoperation", "relief_days": 30},
        [{**HERE, "event": "reoperation", "days": 10}, {**HERE, "event": "reoperation", "days": 200}], 1,
    ),
    "a wound washed out, then nothing": (
        {"proof": "reoperation", "relief_days": 30}, [{**HERE, "event": "reoperation", "days": 10}], 0,
    ),
    "an early repeat discectomy is for what was left behind": (
        {"proof": "reoperation", "relief_days": 30},
        [{**HERE, "event": "revision_discectomy", "days": 10}, {**HERE, "event": "reoperation", "days": 200}], 0,
    ),
    "imaging alone is no proxy": ({"proof": "reoperation"}, [HERE], 0),
    "not an event of the disc": ({}, [{**HERE, "event": "infection"}, {**HERE, "event": "readmission", "days": 9}], 0),
}  # fmt: skip


def columns_of(events: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(name for event in events for name in event)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[frozenset[str], Registry]:
    """One registry per set of columns: each history is the operation of its number, at L4/5 on the left."""
    made = {}
    for columns in {columns_of(events) for _, events, _ in TABLED.values()}:
        rows = [
            {**event, "operation": number}
            for number, (_, events, _) in enumerate(TABLED.values(), start=1)
            for event in events
            if columns_of(events) == columns
        ]
        operated = [(number, "l4_5", "left") for number in range(1, len(TABLED) + 1)]
        operated.append((len(TABLED) + 1, "l5_s1", "left"))
        made[columns] = long(tmp_path_factory.mktemp("told"), operated, rows, n=len(TABLED) + 1)
    return made


@pytest.mark.parametrize("history", TABLED)
def test_tables_of_levels_and_events_tell_the_same_rules(told: dict[frozenset[str], Registry], history: str):
    keys, events, expected = TABLED[history]
    registry = told[columns_of(events)]
    assert registry.quarantine.empty
    assert tabled(registry, **keys)[list(TABLED).index(history)] == expected


@pytest.mark.parametrize(
    ("levels", "side", "asked", "expected"),
    [
        (["left", "right"], "right", "same", 1),  # both sides operated on, in two rows
        (["left", "right"], "right", "other", 0),
        (["both"], "right", "same", 1),
        (["both"], None, "same", 1),  # wherever it is, that side was operated on
        (["midline"], "left", "same", 1),
        ([None], "left", "same", 0),  # the operated side is unknown: not adjudicated, which competes
        (["right"], "left", "other", 1),
    ],
)
def test_the_operated_side_is_that_of_all_its_rows(tmp_path: Any, levels: Any, side: Any, asked: str, expected: int):
    operated = [(1, "l4_5", one) for one in levels] + [(2, "l4_5", "left")]
    assert tabled(long(tmp_path, operated, [{**HERE, "side": side}, {**HERE, "operation": 2}]), side=asked) == [
        expected,
        float(asked == "same"),
    ]


def test_an_operation_whose_levels_are_not_all_known_may_have_been_at_the_level(tmp_path: Any):
    """Operation 1 has a faulty level beside L4/5, operation 2 has none."""
    events = [{**HERE, "level": "l3_4"}, {**HERE, "operation": 2}]
    registry = long(tmp_path, [(1, "l4_5", "left"), (1, "c9_10", "left"), (3, "l4_5", "left")], events, n=3)
    assert tabled(registry, unadjudicated="event") == [1, 1, 0]
    assert tabled(registry) == [0, 0, 0]


def test_a_word_for_an_event_that_nobody_knows_is_refused_without_the_word(tmp_path: Any):
    registry = long(tmp_path, LEFT, [HERE, {**HERE, "event": "Mr Smith fell", "operation": 2}])
    with pytest.raises(DataError, match=r"1 rows have 1 unknown kind \(operation of the first one: row 2\)") as caught:
        tabled(registry)
    assert "Smith" not in str(caught.value)
    assert tabled(registry, other_events=["Mr Smith fell"]) == [1, 0]


def test_an_unknown_level_of_a_reason_is_quarantined_with_its_operation(tmp_path: Any):
    registry = long(
        tmp_path, LEFT, [{**HERE, "event": "fusion", "reason": "perhaps"}, {**HERE, "operation": 2, "level": "l5_s1"}]
    )
    assert registry.quarantine["row_id"].tolist() == ["1"]
    assert tabled(registry) == [1]


def test_a_kind_of_event_that_no_column_counts_is_refused(tmp_path: Any):
    plan = definition('first = { reherniation_days = ["reherniation"] }\n')
    registry = long(tmp_path, LEFT, [HERE, {**HERE, "event": "fusion"}], plan=plan)
    with pytest.raises(DataError, match=r"otherwise a faulty one goes unnoticed; fusion is not counted: add it to"):
        tabled(registry)


def test_what_the_definition_asks_for_must_be_in_the_table(tmp_path: Any):
    registry = long(tmp_path, LEFT, [{name: value for name, value in HERE.items() if name != "side"}])
    with pytest.raises(StudyError, match="in the table of events, side is not among them"):
        tabled(registry, side="same")
    with pytest.raises(StudyError, match="in the table of events, relief_days is not among them"):
        tabled(registry, relief_days=14)


def test_no_event_at_all_is_no_recurrence_where_followed(tmp_path: Any):
    far = {**HERE, "operation": 99}  # of no known operation: in quarantine
    assert tabled(long(tmp_path, LEFT, [far])) == [0, 0]
    assert np.isnan(tabled(long(tmp_path, LEFT, [far], followed=100))).all()


def test_a_column_of_the_operations_goes_before_the_tables(tmp_path: Any):
    """The operations themselves say when it was: the tables are not asked."""
    registry = long(tmp_path, LEFT, [HERE])
    frame = registry.frame.assign(reherniation_days=[NA, 300.0], other_fusion_days=NA)
    sources = {name: at for name, at in registry.definition.sources.items() if name != "reherniation_days"}
    stated = replace(registry, frame=frame, definition=replace(registry.definition, sources=sources))
    stated.columns["other_fusion_days"] = stated.columns["death_days"]
    assert tabled(registry) == [1, 0]
    assert tabled(stated) == [0, 1]


# Both shapes of data, and what must not matter.


def draw_patients(n: int) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Draw herniations and fusions at L4/5 of operations at L4/5 from the left, as columns and as rows of events."""
    rng = np.random.default_rng(11)
    rows, events = [], []
    for operation in range(1, n + 1):
        herniated, fused = (int(rng.integers(1, 900)) if rng.random() < 0.5 else None for _ in range(2))
        reason = [None, "recurrence", "other", "not_adjudicated"][rng.integers(4)] if fused else None
        side = ["left", None][rng.integers(2)] if herniated else None
        relief = int(rng.integers(0, herniated)) if herniated and rng.random() < 0.7 else None
        rows.append({
            "reherniation_days": herniated, "pain_free_days": relief, "level_fusion_days": fused,
            "fusion_reason": reason, "recurrence_level_side": SAME if side else None, "follow_up_days": 700,
        })  # fmt: skip
        at = {"operation": operation, "level": "l4_5", "side": side, "relief_days": relief}
        events += [{**at, "event": "reherniation", "days": herniated}] if herniated else []
        events += [{**at, "event": "fusion", "days": fused, "reason": reason}] if fused else []
    return wide(*rows), events


@pytest.fixture(scope="module")
def both_ways(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Registry]:
    columns, events = draw_patients(400)
    operated = [(number, "l4_5", "left") for number in range(1, 401)]
    return columns, long(tmp_path_factory.mktemp("both"), operated, events, n=400, followed=700)


@pytest.mark.parametrize("unadjudicated", ["competes", "event"])
@pytest.mark.parametrize("relief_days", [0, 90])
@pytest.mark.parametrize("side", ["any", "same"])
@pytest.mark.parametrize("horizon_days", [365, 730])
def test_columns_and_tables_of_the_same_patients_agree(
    both_ways: tuple[pd.DataFrame, Registry], unadjudicated: str, relief_days: int, side: str, horizon_days: int
):
    columns, registry = both_ways
    outcome = build(spec(unadjudicated=unadjudicated, relief_days=relief_days, side=side, horizon_days=horizon_days))
    tables = outcome.prepare(registry)
    y = outcome.occurred(columns)
    assert set(y[np.isfinite(y)]) == {0, 1}
    np.testing.assert_array_equal(outcome.occurred(tables), y)
    np.testing.assert_array_equal(outcome.follow_up.time_days(tables), outcome.follow_up.time_days(columns))
    np.testing.assert_array_equal(outcome.follow_up.cause(tables), outcome.follow_up.cause(columns))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return simulate_registry("lumbar", n=700, seed=5)


def test_the_order_of_rows_and_of_events_changes_nothing(tmp_path: Any):
    events = [HERE, {**HERE, "days": 50, "level": "l3_4"}, {**HERE, "days": 700, "operation": 2, "level": "l5_s1"}]
    expected = tabled(long(tmp_path, LEFT, events))
    assert tabled(long(tmp_path, LEFT[::-1], events[::-1])) == expected == [1, 1]


def test_the_order_of_operations_changes_nothing(registry: Registry):
    outcome = build(OUTCOMES["reherniation_strict_24m"])
    names = [*outcome.needs, *outcome.optional]
    frame = registry.frame.reindex(columns=names)
    texts = ["recurrence_level_side", "fusion_reason"]
    frame = frame.astype(dict.fromkeys(texts, "str")).astype({n: "float64" for n in names if n not in texts})
    order = np.random.default_rng(1).permutation(len(frame))
    np.testing.assert_array_equal(outcome.occurred(frame)[order], outcome.occurred(frame.iloc[order]))


@pytest.mark.parametrize(
    "later",
    [
        {**HERE, "days": 400}, {**HERE, "event": "fusion", "days": 101, "reason": "other"},
        {**HERE, "event": "reoperation", "days": 100}, {**HERE, "level": "l2_3", "days": 3},
        {**HERE, "level": "l2_3", "event": "fusion", "days": 4, "reason": "other"},
    ],
)  # fmt: skip
def test_later_events_and_events_elsewhere_change_nothing(tmp_path: Any, later: dict[str, Any]):
    outcome = build(spec())
    first = long(tmp_path, LEFT, [{**HERE, "reason": None}])
    alone = outcome.prepare(first)
    both = outcome.prepare(long(tmp_path, LEFT, [{**HERE, "reason": None}, later]))
    for function in (outcome.occurred, outcome.follow_up.time_days, outcome.follow_up.cause):
        np.testing.assert_array_equal(function(alone), function(both))


# Not adjudicated: a sensitivity both ways.


def test_both_ways_of_what_is_not_adjudicated_are_offered():
    name = "reherniation_24m"
    study = make_study(outcomes=(name,))
    (variant,) = build_variants(study, read_definition("lumbar"))
    assert (variant.base, variant.analysis, variant.level) == (name, "unadjudicated", "event")
    assert variant.reference_only
    assert variant.outcome.name == "reherniation_24m__event"
    base = OUTCOMES[name]
    frame = wide({"level_fusion_days": 200}, {"reherniation_days": 100})
    assert build(base).occurred(frame).tolist() == [0, 1]
    assert variant.outcome.occurred(frame).tolist() == [1, 1]
    assert "is the outcome" in variant.text
    own = replace(read_definition("lumbar"), outcomes=(base.model_copy(update={"unadjudicated": "event"}),))
    (back,) = build_variants(study, own)
    assert (back.level, back.outcome.occurred(frame).tolist()) == ("competing", [0, 1])
    assert "precludes the outcome" in back.text


def test_a_variant_is_told_by_times_of_its_own(tmp_path: Any):
    """Its columns of days must not be taken for those of the outcome itself."""
    registry = long(tmp_path, LEFT, [{**HERE, "event": "fusion", "reason": "not_adjudicated"}])
    (variant,) = build_variants(make_study(outcomes=("reherniation_24m",)), registry.definition, registry.columns)
    both = variant.outcome.prepare(replace(registry, frame=build(OUTCOMES["reherniation_24m"]).prepare(registry)))
    assert variant.outcome.occurred(both).tolist() == [1, 0]
    assert build(OUTCOMES["reherniation_24m"]).occurred(both).tolist() == [0, 0]


# Unknown for want of a time: whoever the patient is.


@pytest.mark.parametrize("by_predictors", [False, True])
def test_ends_of_follow_up_missing_by_chance_leave_the_rate_as_it_is(registry: Registry, by_predictors: bool):
    """To keep those with an event alone would give r / (r + (1 - r)(1 - m)): more by half of a missing half."""
    rng = np.random.default_rng(3)
    n, rate = 4_000, 0.3
    occurred, lost = rng.random(n) < rate, rng.random(n) < 0.5
    frame = wide(*({"reherniation_days": 100.0 if y else NA} for y in occurred))
    frame["follow_up_days"] = frame["follow_up_days"].mask(lost)
    outcome = build(spec())
    time, y = outcome.follow_up.time_days(frame), outcome.occurred(frame)
    ended = outcome.follow_up.cause(frame) > 0
    assert np.isfinite(time).all()
    assert (time[lost] == 0).all()
    assert np.isnan(y[lost]).all()
    if by_predictors:
        X = rng.standard_normal((n, 1))
        weights = fit_censoring_by_predictors(X, time, ended).weights(X, y, time, horizon_days=730)
    else:
        weights = fit_censoring(time, ended).weights(y, time, horizon_days=730)
    estimate = np.nansum(weights * y) / n
    assert estimate == pytest.approx(rate, abs=4 * np.sqrt(2 * rate * (1 - rate) / n))
    assert rate / (rate + (1 - rate) / 2) > estimate + 0.1


def test_each_reason_for_not_knowing_is_counted_on_its_own(registry: Registry):
    frame = registry.frame.assign(level_fusion_days=NA, fusion_reason=pd.Series(pd.NA, registry.frame.index, "str"))
    frame.loc[frame.index[:5], "follow_up_days"] = NA
    frame.loc[frame.index[5:8], ["reherniation_days", "level_fusion_days"]] = NA
    frame.loc[frame.index[5:8], "fusion_reason"] = "recurrence"
    study = make_study_of("reherniation_24m")
    outcome = build(OUTCOMES["reherniation_24m"], registry.columns)
    cohort = build_cohort(replace(registry, frame=frame), outcome, study)
    steps = cohort.flow.set_index("reason")["excluded"]
    assert steps[steps.index.str.startswith("an event that bears on it is recorded without its day")].tolist() == [3]
    assert steps[steps.index.str.startswith("follow up days not recorded, with an event or without")].tolist() == [5]
    (short,) = steps[steps.index.str.startswith("followed for less than the horizon without an event")]
    assert short == np.isnan(cohort.y).sum() - 8
    assert len(cohort.y) == len(frame)
    assert np.isnan(cohort.y[:8]).all()
    assert cohort.time_days[:8].tolist() == [0] * 8


# What a Methods section reads, and what a study is told.


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "reherniation_24m",
            [
                "by day 730 after the operation",
                "other levels do not count",
                "precludes the outcome",
                "after 14 days or more of relief",
                "the day of the herniation stands for it",
            ],
        ),
        ("reherniation_strict_24m", ["on the operated side", "after 90 days or more of relief"]),
        ("reherniation_reoperated_24m", ["as a proxy", "30 days after the operation or later"]),
        ("residual_herniation_6w", ["residual herniation", "without 42 days or more of relief"]),
    ],
)
def test_the_definition_is_said_in_words(name: str, words: list[str]):
    outcome = build(OUTCOMES[name])
    for word in (*words, "only the first event counts", "on the same day it counts before a competing one"):
        assert word in outcome.rule
    assert outcome.competing.startswith("death, fusion or disc replacement at the level for another reason")
    assert "followed for less than" in outcome.unknown


def test_columns_that_are_lacking_are_named(registry: Registry):
    without = replace(registry, columns={name: at for name, at in registry.columns.items() if name != "death_days"})
    study = make_study_of("reherniation_24m")
    with pytest.raises(StudyError, match=r"or tables of levels and of events .*\n  death_days: is not a column"):
        build_cohort(without, build(OUTCOMES["reherniation_24m"], without.columns), study)


@pytest.mark.parametrize("name", ["reherniation_12m", "reherniation_24m", "reherniation_60m"])
def test_no_herniation_is_a_recurrence_and_left_behind_at_once(name: str):
    frame = wide(
        {"reherniation_days": 5, "pain_free_days": 0}, {"reherniation_days": 13}, {"reherniation_days": 40},
        {"reherniation_days": 40, "pain_free_days": 0}, {"reherniation_days": 40, "pain_free_days": 20},
    )  # fmt: skip
    assert build(OUTCOMES[name]).occurred(frame).tolist() == [0, 0, 1, 0, 1]
    assert "pain_free_days" not in OUTCOMES[name].needed_columns()
    assert build(OUTCOMES["residual_herniation_6w"]).occurred(frame).tolist()[:2] == [1, 1]


@pytest.mark.parametrize("name", [name for name, entry in OUTCOMES.items() if entry.kind == "recurrence"])
def test_columns_of_the_operations_are_in_the_dictionary(name: str):
    assert {*OUTCOMES[name].needed_columns(), *RECURRENCE_COLUMNS} <= set(COLUMNS)


def test_a_definition_must_know_only_what_its_declaration_names():
    assert spec().columns() == ("follow_up_days",)
    assert spec(time="own_days", competing=["own_death_days"]).columns() == (
        "own_days", "own_death_days", "follow_up_days",
    )  # fmt: skip


def test_the_times_made_of_tables_reveal_the_outcome():
    outcome = build(OUTCOMES["reherniation_24m"])
    assert {"_reherniation_24m_event", "_reherniation_24m_competing"} < set(outcome.revealing)
    assert not any(name.startswith("_") for name in (*outcome.needs, *outcome.optional))


# Weights: the same in fitting, tuning and evaluation.


def make_study_of(name: str) -> Study:
    return make_study(outcomes=(name,), predictors=("age", "sex", "bmi"), models=())


def still_followed(time: np.ndarray, ended: np.ndarray, day: float) -> float:
    """G(day-) of Kaplan and Meier, by its definition: the product over the days of loss before `day`."""
    probability = 1.0
    for lost in sorted({t for t, e in zip(time, ended, strict=True) if not e and t < day}):
        at_risk = int((time > lost).sum() + ((time == lost) & ~ended).sum())
        probability *= 1 - int(((time == lost) & ~ended).sum()) / at_risk
    return probability


def expected_weights(time: np.ndarray, ended: np.ndarray, rows: np.ndarray, train: np.ndarray, y: np.ndarray) -> Any:
    made = [
        1 / max(still_followed(time[train], ended[train], min(time[row], 730)), 0.1) if np.isfinite(y[row]) else 0.0
        for row in rows
    ]
    return np.array(made)


def test_fitting_tuning_and_evaluation_use_the_same_weights(registry: Registry):
    """Lost patients are no rows of a fit, but who stands for them is weighted alike in all three places."""
    study = make_study_of("reherniation_24m")
    outcome = build_outcomes(study, registry.definition, registry.columns)["reherniation_24m"]
    cohort = build_cohort(registry, outcome, study)
    assert len(cohort.y) == len(registry.frame)  # lost ones stay
    rows = np.arange(len(cohort.y))
    train, test = rows[rows % 3 != 0], rows[rows % 3 == 0]
    ended = cohort.cause > 0
    assert np.isnan(cohort.y[train]).any()
    assert np.isnan(cohort.y[test]).any()
    training = prepare_training(cohort, train, n_knots=3, inner_folds=3, seed=1)

    known = train[np.isfinite(cohort.y[train])]
    fitted = expected_weights(cohort.time_days, ended, known, train, cohort.y)
    np.testing.assert_allclose(training.part.weights, fitted / fitted.mean(), rtol=1e-12)
    assert np.ptp(fitted) > 0

    for learned, inner_train, inner_held in training.inner:
        for part in (inner_train, inner_held):
            assert part.weights.mean() == pytest.approx(1)
            assert np.isfinite(part.y).all()
        assert type(learned.observation) is type(training.learned.observation)

    task = FoldTask(outcome=outcome.name, models=(study.reference,), repeat=0, fold=0, train=train, test=test,
                    explained=False)  # fmt: skip
    quick = study.model_copy(update={"tuning": study.tuning.model_copy(update={"trials": 1})})
    predictions = work_fold(Plan(study=quick, cohorts={outcome.name: cohort}), task).predictions
    evaluated = predictions.set_index("row_id")["weight"].reindex(cohort.row_id[test]).fillna(0).to_numpy()
    np.testing.assert_allclose(evaluated, expected_weights(cohort.time_days, ended, test, train, cohort.y), rtol=1e-12)


def aalen_johansen(time: np.ndarray, cause: np.ndarray, horizon: float) -> float:
    """Cumulative incidence of cause 1 by its definition: the sum of P(free before t) times the hazard at t."""
    free, incidence = 1.0, 0.0
    for day in sorted({t for t, c in zip(time, cause, strict=True) if c > 0 and t <= horizon}):
        at_risk = (time >= day).sum()
        incidence += free * ((time == day) & (cause == 1)).sum() / at_risk
        free *= 1 - ((time == day) & (cause > 0)).sum() / at_risk
    return float(incidence)


@pytest.mark.parametrize("name", ["reherniation_24m", "reherniation_12m"])
def test_the_weighted_share_of_events_is_the_cumulative_incidence(registry: Registry, name: str):
    """Counting the lost as free of it, or leaving them out, is not."""
    study = make_study_of(name)
    outcome = build_outcomes(study, registry.definition, registry.columns)[name]
    cohort = build_cohort(registry, outcome, study)
    rows = np.arange(len(cohort.y))
    training = prepare_training(cohort, rows, n_knots=3, inner_folds=3, seed=1)
    weights = training.learned.observation.weigh(cohort, rows)
    incidence = aalen_johansen(cohort.time_days, cohort.cause, outcome.follow_up.horizon_days)
    assert np.nansum(weights * cohort.y) / len(rows) == pytest.approx(incidence, rel=1e-10)
    assert np.nan_to_num(cohort.y).mean() < incidence < np.nanmean(cohort.y)
