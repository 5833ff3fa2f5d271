"""Rows that stand twice: against a plain comparison of rows, and what is a fault and what only a note."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.columns import COLUMNS
from schemas.duplicates import Duplicates, find_duplicates, find_repeats
from schemas.validation import DTYPES


def find(**given: list[object]) -> Duplicates:
    """Let the raw table be the typed one."""
    values = pd.DataFrame({name: pd.Series(held, dtype=DTYPES[COLUMNS[name].kind]) for name, held in given.items()})
    return find_duplicates(values, values, {name: COLUMNS[name] for name in values})


def faults_of(found: Duplicates) -> list[tuple[str, str, list[int]]]:
    return [(fault.column, fault.rule, fault.positions.tolist()) for fault in found.faults]


REPEAT = "must not repeat an earlier row, cell by cell"
SEVERAL = "must be one row per operation; the patient has others of the same day"


def test_the_first_of_equal_rows_is_kept() -> None:
    found = find(patient=["a", "b", "a", "a"], age=[60, 61, 60, 60], sex=[None, "male", None, None])
    assert faults_of(found) == [("patient", REPEAT, [2, 3])]
    assert found.notes == ()


def test_the_operation_names_a_row_too() -> None:
    assert faults_of(find(operation=["1", "1"], age=[60, 60])) == [("operation", REPEAT, [1])]


def test_equal_rows_of_nobody_are_counted_and_kept() -> None:
    found = find(age=[60, 60, 61, 60], sex=["male", "male", "male", "male"])
    assert found.faults == ()
    assert found.notes == (
        "2 rows are equal to an earlier one in every cell; kept, as the file names neither patients nor operations, "
        "and two people may be alike",
    )


def test_all_rows_of_a_patient_on_one_day_are_at_fault() -> None:
    found = find(
        patient=["a", "b", "a", "a", None, None],
        operation_date=["2020-01-01", "2020-01-01", "2020-01-01", "2020-02-01", "2020-03-01", "2020-03-01"],
        age=[60, 61, 59, 60, 50, 51],
    )
    assert faults_of(found) == [("operation_date", SEVERAL, [0, 2])]


def note_of(count: int) -> str:
    return (
        f"{count} rows are of a patient with another operation of the same day, of its own identifier and another "
        "level, side or procedure; kept, please check whether they are one"
    )


@pytest.mark.parametrize(
    "told_apart",
    [
        {"upper_level": ["l4_5", "c5_6"]},
        {"operated_side": ["left", "right"]},
        {"planned_procedure": ["discectomy", "fusion"], "upper_level": ["l4_5", "l4_5"]},
        {"cpt_code": ["63030", "63047"]},
    ],
    ids=lambda given: next(iter(given)),
)
def test_staged_operations_of_a_day_are_counted_and_kept(told_apart: dict[str, list[object]]) -> None:
    day: dict[str, list[object]] = {"patient": ["a", "a"], "operation_date": ["2020-01-01 08:00", "2020-01-01 14:00"]}
    apart = find(**day, operation=["1", "2"], age=[60, 60], **told_apart)
    assert apart.faults == ()
    assert apart.notes == (note_of(2),)
    without = find(**day, age=[60, 60], **told_apart)
    assert faults_of(without) == [("operation_date", SEVERAL, [0, 1])]
    unnamed = find(**day, operation=["1", None], age=[60, 60], **told_apart)
    assert faults_of(unnamed) == [("operation_date", SEVERAL, [0, 1])]
    one_name = find(**day, operation=["1", "1"], age=[60, 60], **told_apart)
    assert ("operation_date", SEVERAL, [0, 1]) in faults_of(one_name)


@pytest.mark.parametrize(
    "alike", [{}, {"upper_level": ["l4_5", "l4_5"]}, {"upper_level": ["l4_5", None]}, {"upper_level": [None, None]}]
)
def test_operations_of_a_day_that_nothing_tells_apart_are_at_fault(alike: dict[str, list[object]]) -> None:
    found = find(
        patient=["a", "a"], operation_date=["2020-01-01", "2020-01-01"], operation=["1", "2"], age=[60, 61], **alike
    )
    assert faults_of(found) == [("operation_date", SEVERAL, [0, 1])]
    assert found.notes == ()


def test_of_three_operations_of_a_day_two_alike_are_at_fault() -> None:
    found = find(
        patient=["b", "a", "a", "a", "a"],
        operation_date=["2020-01-01"] * 5,
        operation=["1", "2", "3", "4", "5"],
        upper_level=["l4_5", "l4_5", "c5_6", "l4_5", None],
        age=[60, 61, 62, 63, 64],
    )
    assert faults_of(found) == [("operation_date", SEVERAL, [1, 3, 4])]
    assert found.notes == (note_of(1),)


def test_zero_with_and_without_a_sign_is_one_number() -> None:
    table = pd.DataFrame({"a": [0.0, -0.0, 1.0], "b": pd.Series(["x", "x", "x"], dtype="str")})
    assert find_repeats(table).tolist() == [1]


def test_a_row_entered_twice_leaves_the_first_valid() -> None:
    found = find(patient=["a", "a"], operation_date=["2020-01-01", "2020-01-01"], age=[60, 60])
    assert faults_of(found) == [("patient", REPEAT, [1])]
    twice_and_another = find(patient=["a"] * 3, operation_date=["2020-01-01"] * 3, age=[60, 60, 61])
    assert faults_of(twice_and_another) == [("patient", REPEAT, [1]), ("operation_date", SEVERAL, [0, 2])]


def test_unknown_patients_and_days_are_no_duplicates() -> None:
    found = find(patient=["a", "a", None], operation_date=[None, None, "2020-01-01"], age=[60, 61, 60])
    assert found == Duplicates()


def test_a_patient_under_two_names_is_noted() -> None:
    found = find(
        patient=["a", "b", "c", "d", "e"],
        birth_date=["1960-01-01", "1960-01-01", "1960-01-01", None, None],
        sex=["male", "male", "female", "male", "male"],
        operation_date=["2020-01-01", "2020-01-01", "2020-01-01", "2020-05-01", "2020-05-01"],
    )
    assert found.faults == ()
    assert found.notes == (
        "2 patients have the birth date, sex and operation date of another one; kept, please check whether they are "
        "one person under two names",
    )


CELLS = st.sampled_from(["", "x", "y", "xy"])
NUMBERS = st.sampled_from([0.0, -0.0, 1.0, 1.5, float("nan")])
DAYS = st.sampled_from([None, "2020-01-01", "2020-01-02"])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(CELLS, NUMBERS, DAYS, CELLS), max_size=12))
def test_repeats_against_a_comparison_row_by_row(rows: list[tuple[str, float, str | None, str]]) -> None:
    table = pd.DataFrame(
        {
            "a": pd.Series([row[0] for row in rows], dtype="str"),
            "b": pd.Series([row[1] for row in rows], dtype="float64"),
            "c": pd.Series([row[2] for row in rows], dtype="datetime64[us]"),
            "d": pd.Series([row[3] for row in rows], dtype="str"),
        }
    )
    seen: list[tuple[str, float | None, str | None, str]] = []
    expected = []
    for i, (a, b, c, d) in enumerate(rows):
        row = (a, None if np.isnan(b) else b, c, d)
        if row in seen:
            expected.append(i)
        seen.append(row)
    assert find_repeats(table).tolist() == expected


@pytest.mark.parametrize("differing", [0, 7, 8, 20])
def test_one_cell_in_any_column_tells_rows_apart(differing: int) -> None:
    table = pd.DataFrame({f"c{i}": pd.Series(["same"] * 3, dtype="str") for i in range(21)})
    assert find_repeats(table).tolist() == [1, 2]
    table.loc[1, f"c{differing}"] = "other"
    assert find_repeats(table).tolist() == [2]


def test_cells_that_change_places_are_not_the_same_row() -> None:
    table = pd.DataFrame({f"c{i}": pd.Series(["x"] * 2, dtype="str") for i in range(20)})
    table.loc[0, "c0"] = "y"
    table.loc[1, "c9"] = "y"
    assert find_repeats(table).tolist() == []


def test_large_tables_are_found_through() -> None:
    n = 20_000
    rng = np.random.default_rng(1)
    table = pd.DataFrame({f"c{i}": rng.normal(size=n).round(2) for i in range(12)})
    table.iloc[n - 3] = table.iloc[5]
    table.iloc[n - 1] = table.iloc[5]
    assert find_repeats(table).tolist() == [n - 3, n - 1]


def test_a_table_without_rows_has_no_repeats() -> None:
    assert find_repeats(pd.DataFrame({"a": pd.Series([], dtype="str")})).tolist() == []
