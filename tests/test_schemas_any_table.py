"""Whatever the table: a registry or a list of faults, every row accounted for, no value told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from schemas.columns import COLUMNS
from schemas.definition import parse_definition
from schemas.errors import InputError
from schemas.registry import Registry, read_registry

MARK = "qzjx"
"""In every text of a cell, in no name, rule or word of ours."""
NUMBER = 918273.645
"""Impossible in every column, and in no range or count of ours."""

KNOWN = [
    "patient",
    "operation",
    "operation_date",
    "site",
    "year",
    "age",
    "sex",
    "bmi",
    "smoking",
    "odi_0",
    "nrs_leg_12m",
]
HEADERS = st.one_of(
    st.sampled_from(KNOWN),
    st.sampled_from(sorted(COLUMNS)),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=12).filter(lambda text: MARK not in text),
)
TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=10).map(lambda text: MARK + text)
PLAUSIBLE = st.sampled_from(["1", "0", "61", "female", "male", "2020-02-03", "no", "", "  ", "never", "current"])
AGES = timedelta(days=10**6)
DAYS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))
CELLS = {
    "texts": st.one_of(TEXTS, PLAUSIBLE, st.none()),
    "numbers": st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.integers(0, 100), st.just(NUMBER)),
    "whole numbers": st.integers(-(2**63), 2**63 - 1),
    "flags": st.booleans(),
    "dates": st.one_of(st.dates(), st.datetimes(), st.none()),
    "huge numbers": st.one_of(st.integers(10**300, 10**320), st.integers(), st.floats(), st.none()),
    "anything": st.one_of(
        st.integers(-(10**320), 10**320), st.complex_numbers(), st.timedeltas(), TEXTS, PLAUSIBLE,
        st.none(), st.booleans(), st.floats(), st.integers(), st.dates(), st.datetimes(),
        st.decimals(), st.binary(max_size=4), st.lists(st.integers(), max_size=2), st.just(pd.NaT), st.just(pd.NA),
    ),
}  # fmt: skip


TYPED: dict[str, tuple[st.SearchStrategy[object], Callable[[list[object]], object]]] = {
    "Int64": (st.none() | st.integers(-(2**63), 2**63 - 1), lambda cells: pd.array(cells, dtype="Int64")),
    "boolean": (st.none() | st.booleans(), lambda cells: pd.array(cells, dtype="boolean")),
    "string[python]": (st.none() | TEXTS, lambda cells: pd.array(cells, dtype="string[python]")),
    "category": (
        st.none() | st.one_of(st.integers(0, 9), PLAUSIBLE, TEXTS),
        lambda cells: pd.Series(cells, dtype=object).astype("category"),
    ),
    "category of numbers": (st.none() | st.integers(0, 200), pd.Categorical),
    "zone": (
        st.none() | DAYS,
        lambda cells: pd.to_datetime(pd.Series(cells, dtype="datetime64[us]")).dt.tz_localize("UTC"),
    ),
    "timedelta": (st.none() | st.timedeltas(-AGES, AGES), lambda cells: pd.Series(cells, dtype="timedelta64[us]")),
    "period": (st.none() | DAYS.map(lambda day: day.isoformat()), lambda cells: pd.PeriodIndex(cells, freq="D")),
    "complex": (st.none() | st.complex_numbers(), lambda cells: pd.Series(cells, dtype="complex128")),
}
"""Columns with a type of their own: what a cell may be, and what makes a column of cells."""


def draw_column(draw: st.DrawFn, n: int) -> pd.Series:
    kind = draw(st.sampled_from([*CELLS, *TYPED]))
    if kind in CELLS:
        return pd.Series(draw(st.lists(CELLS[kind], min_size=n, max_size=n)), dtype=object)
    cells, make = TYPED[kind]
    return pd.Series(make(draw(st.lists(cells, min_size=n, max_size=n))))


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    n = draw(st.integers(0, 6))
    headers = draw(st.lists(HEADERS, max_size=6))
    columns = [draw_column(draw, n) for _ in headers]
    frame = pd.DataFrame(dict(enumerate(columns)), index=range(n))
    frame = frame.infer_objects() if draw(st.booleans()) else frame
    return frame.set_axis(headers, axis=1)


def told(registry: Registry) -> str:
    """Return all that may be shown of a registry to anyone."""
    return "\n".join([repr(registry), *registry.warnings, registry.faults.to_csv(), registry.tables.to_csv()])


def check_nothing_lost(registry: Registry, n: int) -> None:
    assert registry.n_read == n == len(registry.frame) + len(registry.quarantine)
    kept = [*registry.frame["row_id"], *registry.quarantine["row_id"]]
    assert sorted(kept, key=int) == [str(number + 1) for number in range(n)]
    assert (registry.quarantine["reasons"] != "").all()


OPTIONAL = parse_definition('name = "any"\ntitle = "Any"\nbase = "lumbar"\n')


@given(tables())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_table_is_a_registry_or_a_list_of_faults(frame: pd.DataFrame) -> None:
    for definition in ("lumbar", OPTIONAL):
        try:
            registry = read_registry(frame, definition)
        except InputError as error:
            shown = str(error)
        else:
            check_nothing_lost(registry, len(frame))
            shown = told(registry)
        assert MARK not in shown
        assert str(NUMBER) not in shown


@given(st.lists(st.lists(st.one_of(TEXTS, PLAUSIBLE), min_size=4, max_size=4), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_and_a_frame_agree(tmp_path: Path, rows: list[list[str]]) -> None:
    frame = pd.DataFrame(rows, columns=["patient", "age", "sex", "odi_0"])
    path = tmp_path / "any.parquet"
    frame.to_parquet(path)
    found = []
    for data in (frame, path):
        try:
            registry = read_registry(data, "lumbar")
        except InputError as error:
            found.append(str(error).replace("any.parquet", "data frame"))
        else:
            check_nothing_lost(registry, len(frame))
            found.append(registry.fingerprint)
    assert found[0] == found[1]


MARKED = st.one_of(
    TEXTS,
    PLAUSIBLE.filter(bool),
    st.integers(1900, 99999).map(str),
    st.dates().map(str),
    st.floats(0, 300).map(lambda number: f"{number:.1f}"),
    st.just(f"{MARK}@nordmann.no"),
    st.just("010190-1234"),
    st.just("01019040034"),
    st.just("+47 912 34 567"),
)


@given(
    st.integers(2, 6).flatmap(lambda n: st.lists(st.lists(MARKED, min_size=n, max_size=n), min_size=1, max_size=5)),
    st.sampled_from([".csv", ".xlsx"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_without_headers_is_refused_and_nothing_of_it_told(
    tmp_path: Path, rows: list[list[str]], suffix: str
) -> None:
    path = tmp_path / f"any{suffix}"
    table = pd.DataFrame(rows).map(lambda cell: ILLEGAL_CHARACTERS_RE.sub("", cell))
    if suffix == ".csv":
        table.to_csv(path, index=False, header=False, encoding="utf-8")
    else:
        table.to_excel(path, index=False, header=False)
    for definition in ("lumbar", OPTIONAL):
        with pytest.raises(InputError) as caught:
            read_registry(path, definition)
        assert MARK not in str(caught.value)
        assert not [cell for cell in ("010190-1234", "01019040034", "912 34") if cell in str(caught.value)]


@pytest.mark.parametrize(
    "cell",
    [
        datetime(1, 1, 1),
        date(9999, 12, 31),
        Decimal("NaN"),
        b"\xff",
        [1],
        {"a": 1},
        10**30,
        10**309,
        10**5000,
        float("inf"),
        complex(1, 2),
    ],
    ids=lambda cell: type(cell).__name__,
)
def test_odd_cells_are_faults_of_their_row(cell: object) -> None:
    frame = pd.DataFrame({"patient": ["a", "b"], "age": pd.Series([cell, 61], dtype=object), "sex": ["male"] * 2})
    registry = read_registry(frame, "lumbar")
    check_nothing_lost(registry, 2)
    missing = isinstance(cell, Decimal)
    assert len(registry.quarantine) == (0 if missing else 1)
